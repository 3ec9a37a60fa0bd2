"""The part of a report that is in units of the data: what is predicted, how far off, what is left."""

from __future__ import annotations

from functools import partial

import pandas as pd

from seqcompare.families import REFERENCE
from seqcompare.quantities import number, percent, ratio
from seqcompare.report.comparison_view import ComparisonView
from seqcompare.report.figures import COMPARISON, FigureSpec, figures_of
from seqcompare.report.figures import numbers as draw
from seqcompare.report.names import distinct
from seqcompare.report.parts import Figure, Panel, Section, Table
from seqcompare.results.contest import CHANCE

ANCHOR = "numbers"

#: How a model that answers with a number alone gets a distribution.
_OF_ERRORS = (
    " A model that answers with a number alone has the distribution of its errors on a part of the training "
    "data that it was not fitted to."
)
_MOST_MODELS, _MOST_CHANNELS, _MOST_FORECASTERS = 3, 3, 12
_FROM = {"next": "from those before it", "step-value": "from the input"}
_SCORES = {
    "rmse": "RMSE",
    "mae": "MAE",
    "r2": "R²",
    "mase": "MASE",
    "crps": "CRPS",
    "coverage_50": "in 50%",
    "coverage_95": "in 95%",
}


def numbers_section(view: ComparisonView) -> Section | None:
    """Return what is said in units of the data; None where no numbers were predicted."""
    tables = view.run.result.numbers
    if not tables or tables["numbers_channels"].empty:
        return None
    several = tables["numbers_channels"]["channel"].nunique() > 1
    bits = tables["numbers_skill"]["gain"].notna().any()
    scores = _named(view, "numbers_channels")
    skill = _named(view, "numbers_skill")
    scaled = scores["mase"].notna().any()
    heads = {"entry": "contestant", **({"channel": "channel"} if several else {}), **_SCORES}
    parts: list[Figure | Table] = [
        *figures_of(view, ANCHOR).values(),
        Table(
            "numbers_channels",
            "Errors in units of the data",
            "RMSE is of the mean, MAE of the median; "
            + (
                "MASE is the MAE over that of the (seasonal) last value on the training part, "
                if scaled
                else ""
            )
            + "CRPS the absolute error of the whole distribution. The last columns are the share of steps "
            "within the central intervals of 50% and 95%." + ("" if scaled else _OF_ERRORS),
            scores,
            heads if scaled else {k: v for k, v in heads.items() if k != "mase"},
            view.scores,
        ),
        Table(
            "numbers_skill",
            "What means and densities are worth",
            "The share of the squared error of chance that the predicted mean saves, with its 95% interval"
            + (
                ", and the bits a step that the density saves. A density can know more than its mean: how "
                "far off the next step may be."
                if bits
                else "."
            ),
            skill,
            {
                "entry": "contestant",
                "mean_skill": "saved by the mean",
                "low": "low",
                "high": "high",
                **({"gain": "bits saved by the density"} if bits else {}),
            },
            dict.fromkeys(("low", "high"), percent),
        ),
    ]
    ahead = _named(view, "numbers_ahead")
    if len(ahead):
        parts.append(
            Table(
                "numbers_ahead",
                "Forecasts by the steps ahead",
                "From up to twelve points of each part that was tested. MASE is the absolute error of the "
                "median over that of the (seasonal) last value on the training part, one step ahead.",
                ahead,
                {
                    "entry": "contestant",
                    **({"channel": "channel"} if several else {}),
                    "ahead": "steps ahead",
                    "n": "forecasts",
                    **{name: _SCORES[name] for name in ("mase", "crps", "coverage_50", "coverage_95")},
                },
                view.scores,
            )
        )
    forecasters = _named(view, "forecasters").head(_MOST_FORECASTERS)
    if len(forecasters):
        parts.append(
            Table(
                "forecasters",
                "Who forecasts best",
                "The mean CRPS of all steps ahead from the same points, in units of the error of the "
                "(seasonal) last value one step ahead; how far it is behind the best, with the standard "
                "error of that over parts. Named is the model for the next step, unless the best is better "
                "by more than that error and a hundredth. Beside what was tested, three candidates of each "
                "model that did best one step ahead take part. The last column is what the rule comes to "
                "where each part is forecast by whom the other parts (along time those before it) name, and "
                "of the model for the next step its score on the same.",
                forecasters,
                {
                    "candidate": "candidate",
                    "n_parameters": "parameters",
                    "score": "CRPS",
                    "behind": "behind",
                    "error": "standard error",
                    "checked": "named beforehand",
                },
                dict.fromkeys(("score", "behind", "error"), ratio),
            )
        )
    return Section(ANCHOR, "What is predicted, in units of the data", (), tuple(parts))


def _named(view: ComparisonView, name: str) -> pd.DataFrame:
    table = view.named(
        view.run.result.numbers.get(name, pd.DataFrame(columns=["entry", "family", "channel"]))
    )
    if "channel" not in table or table.empty:
        return table
    return table.assign(channel=table["channel"].astype(str).map(distinct(table["channel"].astype(str), 24)))


def _shown(view: ComparisonView) -> list[str]:
    """Return the contestants to look at: the one that is enough, the best, the next; chance never."""
    present = set(_named(view, "numbers_channels")["entry"]) if view.run.result.numbers else set()
    ranked = [str(entry) for entry in view.models["entry"] if entry in present]
    winner = view.winner
    first = [winner] if winner is not None and winner in present and winner != CHANCE else []
    return list(dict.fromkeys([*first, *ranked]))


def _unit(channel: str, several: bool) -> str:
    return channel if several or not channel.isdigit() else "value"


def _stretch_figure(view: ComparisonView) -> Figure | None:
    table, shown = _named(view, "numbers_stretch"), _shown(view)
    if table.empty or not shown:
        return None
    channels = list(dict.fromkeys(table["channel"]))[:_MOST_CHANNELS]
    several = len(channels) > 1
    summary = view.run.summary()
    naive = [e for e in view.named(summary[summary["family"] == REFERENCE])["entry"] if e in shown]
    entries = shown[:1] if several else list(dict.fromkeys([*shown[:1], *naive[:1]]))
    panels, parts = [], []
    for entry in entries:
        for channel in channels:
            part = table[(table["entry"] == entry) & (table["channel"] == channel)]
            if part.empty:
                continue
            words = _unit(channel, several)
            title = f"{entry}: {channel}" if several else entry
            panels.append(Panel(title, partial(draw.stretch, part, look=view.looks[entry], label=words)))
            parts.append(part)
    if not panels:
        return None
    data = pd.concat(parts)
    off = (data["truth"] - data["mean"]).abs().groupby(data["entry"], sort=False).mean()
    return Figure(
        name="number_forecasts",
        title="What was predicted, and what came",
        caption=(
            "The last steps of the longest sequence that was tested last, each predicted "
            f"{_FROM[view.run.config['data']['role']]} by a model that was fitted without them. Dots: what "
            "came; line: the predicted mean; bands: the central intervals of 50% and 95%."
        ),
        alt="Series with predictions. Mean absolute error in what is shown: "
        + ", ".join(f"{entry} {number(value)}" for entry, value in off.items())
        + ".",
        panels=tuple(panels),
        data=data.drop(columns=["family", "model"]),
        size=(7.2, 2.3),
        columns=1,
    )


def _pit_figure(view: ComparisonView) -> Figure | None:
    table, shown = _named(view, "numbers_pit"), _shown(view)[:_MOST_MODELS]
    table = table[table["entry"].isin(shown)] if len(table) else table
    if table.empty:
        return None
    channels = list(dict.fromkeys(table["channel"]))[:_MOST_CHANNELS]
    several = len(channels) > 1
    panels = tuple(
        Panel(f"{entry}: {channel}" if several else entry, partial(draw.pit, part, look=view.looks[entry]))
        for entry in (shown[:1] if several else shown)
        for channel in channels
        for part in [table[(table["entry"] == entry) & (table["channel"] == channel)]]
    )
    return Figure(
        name="number_pit",
        title="Where steps lay in their distributions",
        caption=(
            "Bars of equal height: distributions are right. A hump in the middle: they are too wide; horns "
            "at both ends: too narrow; a slope: their mean is off. The broken line is an even share."
        ),
        alt="Histograms of the probability integral transform; the numbers follow below.",
        panels=panels,
        data=table[["entry", "channel", "bin", "share"]],
        y="share",
        size=(2.9, 2.2),
    )


def _residual_figure(view: ComparisonView) -> Figure | None:
    table, shown = _named(view, "numbers_residuals"), _shown(view)[:1]
    table = table[table["entry"].isin(shown)] if len(table) else table
    table = table.dropna(subset=["correlation"]) if len(table) else table
    if table.empty:
        return None
    channels = list(dict.fromkeys(table["channel"]))[:_MOST_CHANNELS]
    words = {1: "residuals", 2: "squares of residuals"}
    panels = tuple(
        Panel(
            f"{channel}: {words[power]}" if len(channels) > 1 else words[power].capitalize(),
            partial(draw.autocorrelation, part, look=view.looks[shown[0]]),
        )
        for channel in channels
        for power in (1, 2)
        for part in [table[(table["channel"] == channel) & (table["power"] == power)]]
        if len(part)
    )
    return Figure(
        name="number_residuals",
        title=f"What {shown[0]} leaves",
        caption=(
            "Autocorrelation of residuals (as normal scores) and of their squares. Within the grey band "
            "single lags may be noise (95%). What stands out on the left is memory of the mean that was "
            "missed, on the right memory of the spread."
        ),
        alt="Autocorrelations by lag; the numbers follow below.",
        panels=panels,
        data=table[["entry", "channel", "power", "lag", "correlation", "band"]],
        writers={"band": ratio},
        y="correlation",
        size=(3.5, 2.2),
        columns=2,
    )


def _influence_figure(view: ComparisonView) -> Figure | None:
    table, shown = _named(view, "numbers_influence"), _shown(view)[:1]
    table = table[table["entry"].isin(shown)] if len(table) else table
    if table.empty:
        return None
    several = table["channel"].nunique() > 1
    unit = "standard deviations" if several else "units of the data"
    kinds = (("mean", "Expected next step", f"change ({unit})"), ("spread", "Its width", "change (log)"))
    panels = tuple(
        Panel(title, partial(draw.influence, table, value=value, label=label, look=view.looks[shown[0]]))
        for value, title, label in kinds
        if draw.contrast(table[value])
    )
    if not panels:
        return None
    top = table.iloc[int(table["mean"].argmax())]
    return Figure(
        name="number_influence",
        title=f"Which number in the past matters to {shown[0]}",
        caption=(
            "How much the prediction changes, on average, when one number that many steps back is replaced "
            "by one from elsewhere in the data."
        ),
        alt=f"Change of the prediction by lag; most at lag {int(top['lag'])} of {top['channel']}.",
        panels=panels,
        data=table[["entry", "channel", "lag", "mean", "spread"]],
        size=(3.6, 2.4),
        columns=2,
    )


def _fan_figure(view: ComparisonView) -> Figure | None:
    table, shown = _named(view, "numbers_fan"), _shown(view)
    if table.empty or not shown:
        return None
    present = [entry for entry in shown if entry in set(table["entry"])]
    naive = set(view.named(view.run.summary().query("family == @REFERENCE"))["entry"])
    first = [entry for entry in present if entry == view.forecaster]
    entries = list(dict.fromkeys([*first, *present[:2], *[e for e in present if e in naive][:1]]))
    channel = table["channel"].iloc[0]
    several = table["channel"].nunique() > 1
    part = table[table["entry"].isin(entries) & (table["channel"] == channel)]
    panels = tuple(
        Panel(
            entry,
            partial(
                draw.fan, part[part["entry"] == entry], look=view.looks[entry], label=_unit(channel, several)
            ),
        )
        for entry in entries
    )
    if not panels:
        return None
    return Figure(
        name="number_fan",
        title="The last forecast",
        caption=(
            "From one point of the longest sequence that was tested last, by models that were fitted without "
            "what comes after it. Dots: what came; line: the mean; bands: the central intervals of 50% and "
            "95% of each step by itself."
        ),
        alt=f"Forecasts of {', '.join(entries)}; the numbers follow below.",
        panels=panels,
        data=part[["entry", "channel", "step", "truth", "mean", "q2.5", "q25", "q75", "q97.5"]],
        size=(7.2, 2.3),
        columns=1,
    )


def _ahead_figure(view: ComparisonView) -> Figure | None:
    table, shown = _named(view, "numbers_ahead"), _shown(view)
    table = table[table["entry"].isin(shown)] if len(table) else table
    if table.empty or table["ahead"].nunique() < 2:
        return None
    # a mean over channels of what has no unit
    score, label = ("mase", "MASE") if table["mase"].notna().any() else ("crps", "CRPS")
    scores = ((score, label), ("coverage_95", "share in the 95% interval"))
    shares = [name for name, _ in scores]
    data = table.groupby(["entry", "ahead"], sort=False)[shares].mean().reset_index()
    looks = {entry: view.looks[entry] for entry in data["entry"].unique()}
    return Figure(
        name="number_ahead",
        title="How far ahead forecasts hold",
        caption=(
            "Forecasts from up to twelve points of each part that was tested, by the steps ahead: the "
            "absolute error of the median in units of that of the (seasonal) last value on the training "
            "part, one step ahead; and how many steps came within their intervals of 95% (the broken line)."
        ),
        alt="Errors and coverage by steps ahead; the numbers follow below.",
        panels=tuple(
            Panel(name, partial(draw.errors_ahead, data, looks=looks, score=column, label=name))
            for column, name in scores
        ),
        data=data,
        series=tuple((entry, look) for entry, look in looks.items()),
        size=(3.5, 2.4),
        columns=2,
    )


FIGURES = tuple(
    FigureSpec(name, (COMPARISON,), make, ANCHOR)
    for name, make in (
        ("number_forecasts", _stretch_figure),
        ("number_fan", _fan_figure),
        ("number_ahead", _ahead_figure),
        ("number_pit", _pit_figure),
        ("number_residuals", _residual_figure),
        ("number_influence", _influence_figure),
    )
)
