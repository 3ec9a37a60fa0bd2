"""The parts of the report on real data: who is good enough, how far back it matters, right and wrong."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from seqcompare.report.figures import canvas, cost, data, learning
from seqcompare.report.names import distinct
from seqcompare.report.parts import Figure, Panel, Section, Table
from seqcompare.results.stored_comparison import TEST, StoredComparison
from seqcompare.style import SeriesStyle

SCORES = {"bits": "bits per symbol (less is better)", "accuracy": "accuracy", "mse": "mean squared error"}
MOST_LABELS = 60


def score_words(metric: str) -> str:
    """Return what a metric is called on an axis."""
    return SCORES.get(metric, metric)


def contest_figure(summary: pd.DataFrame, metric: str) -> Figure:
    """Return the scores of all contestants with their intervals."""
    shown = summary.rename(columns={"entry": "model"})
    chance = shown.loc[shown["model"] == "chance", "score"]
    level = float(chance.iloc[0]) if len(chance) else None
    draw = partial(data.contest, score_label=score_words(metric), chance=level)
    alt = ", ".join(f"{r.model} {r.score:.4g} [{r.low:.4g}, {r.high:.4g}]" for r in shown.itertuples())
    return Figure(
        name="contest",
        title="Scores on test data",
        caption=(
            "The best is on top; bars are 95% intervals. Each contestant was tuned on its own validation "
            "data. The broken line is chance: a predictor that knows only how often each answer occurs."
        ),
        alt=f"Scores ({score_words(metric)}) with intervals: {alt}.",
        panels=(Panel("", _over(draw, shown)),),
        data=shown[["model", "family", "chosen", "score", "low", "high"]],
        size=(6.2, 0.27 * max(len(shown), 1) + 1.1),
    )


def good_enough_section(run: StoredComparison, summary: pd.DataFrame, metric: str) -> Section:
    """Return the contestants as a table, the paired tests, and what scores cost."""
    wanted = {
        "entry": "contestant",
        "family": "family",
        "chosen": "chosen rung",
        "causal": "causal",
        "score": score_words(metric),
        "low": "low",
        "high": "high",
        "bits": "bits",
        "accuracy": "accuracy",
        "macro_f1": "macro F1",
        "mse": "MSE",
        "r2": "R²",
        "n_parameters": "parameters",
        "fit_seconds": "fit (s)",
        "predict_us_per_step": "predict (µs/step)",
        "tuning_seconds": "tuning (s)",
        "n_failed": "failed folds",
    }
    present = {k: v for k, v in wanted.items() if k in summary and (k == "score" or k != metric)}
    parts: list[Figure | Table] = [
        Table(
            "summary",
            "Contestants",
            "The best first. A model that is not causal sees steps after the one it answers for.",
            summary,
            present,
        ),
        Table(
            "pairs",
            "Paired comparisons",
            "Difference of losses on the same test data (positive: the first is worse), its 95% interval, p "
            "after Holm's correction, and the probabilities that the first is worse, practically equal, or "
            "better.",
            run.pairs(),
            {
                "a": "contestant",
                "b": "against",
                "difference": "difference",
                "low": "low",
                "high": "high",
                "p_adjusted": "p",
                "worse": "worse",
                "equal": "equal",
                "better": "better",
            },
        ),
        _cost_figure(summary, metric),
        Table(
            "ladders",
            "Ladders of capacity",
            "The loss of every rung on validation data, and the one that was chosen.",
            run.ladders(),
            {
                "entry": "contestant",
                "model": "rung",
                "loss": "validation loss",
                "n_parameters": "parameters",
                "chosen": "chosen",
            },
        ),
    ]
    return Section("enough", "Who is good enough", (), tuple(parts))


def _cost_figure(summary: pd.DataFrame, metric: str) -> Figure:
    shown = summary.rename(columns={"entry": "model"})
    up = metric == "accuracy"
    names = ("n_parameters", "fit_seconds", "predict_us_per_step")
    looks = canvas.styles_of(shown)
    panels = tuple(
        Panel(
            "",
            _over(
                partial(
                    cost.cost_against_score,
                    cost=name,
                    score="score",
                    score_label=score_words(metric).partition(" (")[0],
                    greater_is_better=up,
                    styles=looks,
                ),
                shown,
            ),
        )
        for name in names
    )
    front = shown[cost.pareto_front(shown["n_parameters"], shown["score"], greater_is_better=up)]
    return Figure(
        name="cost",
        title="Cost against score",
        caption="Ringed and named: no other contestant is both cheaper and better (the Pareto front).",
        alt=(
            "Scatter of parameters, time to fit and time to predict against the score. On the front of "
            "parameters: "
        )
        + ", ".join(map(str, front["model"])),
        panels=panels,
        data=shown[["model", "family", "score", *names]],
        series=tuple((m, looks[m]) for m in shown["model"]),
        size=(3.6, 2.7),
    )


def far_back_section(run: StoredComparison, metric: str) -> Section | None:
    """Return how far back it matters: context curves, influence by lag, and the profile of the data."""
    parts: list[Figure | Table] = []
    contexts = run.contexts()
    if len(contexts):
        keys = ["entry", "model", "family", "variant", "capacity", "control", "context"]
        means = (
            contexts.groupby(keys, sort=False, dropna=False)[["score", "low", "high"]].mean().reset_index()
        )
        means["model"] = means["entry"]
        draw = partial(data.context_curve, score_label=score_words(metric).partition(" (")[0])
        parts.append(
            Figure(
                name="context_curve",
                title="The score with less and less context",
                caption=(
                    "The model is fitted to the last k steps only; or fitted to everything and shown the "
                    "last k; or shown everything, with the steps before the last k in random order. Where "
                    "the lines are flat, more past does not help. Bands: 1.96 standard errors of the paired "
                    "difference to the best."
                ),
                alt=_ends("Score against context", means, "context", "score"),
                panels=tuple(
                    Panel(str(entry), _over(draw, part)) for entry, part in means.groupby("entry", sort=False)
                ),
                data=means[["entry", "control", "context", "score", "low", "high"]],
                size=(5.2, 3.0),
                columns=2,
            )
        )
    influence = run.influence()
    if len(influence):
        shown = influence.assign(model=influence["entry"])
        parts.append(
            Figure(
                name="influence",
                title="Influence of each step back",
                caption=(
                    "How much the answers of the fitted model change when the step at that lag is replaced."
                ),
                alt=_ends("Influence against lag", shown, "lag", "influence"),
                panels=(Panel("", _over(data.influence_by_lag, shown)),),
                data=shown[["model", "lag", "influence"]],
                size=(5.6, 3.0),
            )
        )
    lags = run.side_table("lag_profile")
    if lags is not None and len(lags):
        parts.append(lag_figure(lags))
    return Section("context", "How far back it matters", (), tuple(parts)) if parts else None


def lag_figure(lags: pd.DataFrame) -> Figure:
    """Return the information at each lag, before any model."""
    seen = lags.dropna(subset="information").copy()
    bands = [name for name in ("band", "far_band") if name in seen]
    seen["band"] = seen[bands].max(axis=1)
    above = seen[seen["information"] > seen["band"]]["lag"]
    return Figure(
        name="lag_profile",
        title="What single steps tell, before any model",
        caption=(
            "Mutual information between one step and the target that many steps later, less its mean in "
            "shuffled data. Filled: more than the maximum over all lags in shuffled data, and more than "
            "targets from elsewhere give. A dependence on several steps together can escape this view."
        ),
        alt="Information against lag; detected at lags " + (", ".join(f"{v:g}" for v in above) or "none"),
        panels=(Panel("", _over(data.lag_profile, seen)),),
        data=lags,
        size=(6.2, 2.8),
    )


def answers_section(run: StoredComparison, summary: pd.DataFrame) -> Section | None:
    """Return where the contestants are right and wrong: confusion, calibration and scores per class."""
    parts: list[Figure | Table] = []
    order = [entry for entry in summary["entry"] if entry != "chance"]
    confusion = run.confusion()
    labels = confusion["true"].nunique() if len(confusion) else 0
    if 0 < labels <= MOST_LABELS:
        names = distinct(pd.concat([confusion["true"], confusion["predicted"]]).astype(str), 16)
        shown = confusion.assign(
            true=confusion["true"].astype(str).map(names),
            predicted=confusion["predicted"].astype(str).map(names),
        )
        picked = [entry for entry in order if entry in set(shown["entry"])][:4]
        side = min(max(0.27 * labels + 1.3, 2.6), 6.4)
        parts.append(
            Figure(
                name="confusion",
                title="Confusion: what was said in place of what",
                caption=(
                    "A row is a true class; the colour is the share of it that was given each label, the "
                    "number how often. The best contestants, all folds together."
                ),
                alt="Confusion matrices of " + ", ".join(picked) + "; the counts follow below.",
                panels=tuple(
                    Panel(entry, _over(data.confusion, shown[shown["entry"] == entry])) for entry in picked
                ),
                data=shown[["entry", "true", "predicted", "count"]],
                size=(side, side + 0.2),
                columns=2,
            )
        )
    parts += _class_parts(run, order)
    return Section("answers", "Right and wrong", (), tuple(parts)) if parts else None


def _class_parts(run: StoredComparison, order: list[str]) -> list[Figure | Table]:
    parts: list[Figure | Table] = []
    calibration = run.calibration()
    calibration = calibration[calibration["entry"].isin(order[:5])] if len(calibration) else calibration
    if len(calibration):
        parts.append(
            Figure(
                name="calibration",
                title="Calibration: how sure, and how often right",
                caption=(
                    "On the diagonal a model is right as often as it says; below it, it is too sure of "
                    "itself."
                ),
                alt="Lines of how often an answer was right against the probability given to it.",
                panels=(Panel("", _over(data.calibration, calibration)),),
                data=calibration[["model", "confidence", "accuracy", "count"]],
                size=(5.2, 3.4),
            )
        )
    scores = run.class_scores()
    if len(scores) and scores["label"].nunique() <= MOST_LABELS:
        best = scores[scores["entry"].isin(order[:4])]
        named = best.assign(label=best["label"].astype(str).map(distinct(best["label"].astype(str), 24)))
        looks = canvas.styles_of(named)
        parts.append(
            Figure(
                name="class_scores",
                title="Scores of each class",
                caption="F1, the harmonic mean of precision and recall; in brackets the test examples.",
                alt="F1 of each class and contestant; the numbers follow below.",
                panels=(Panel("", _over(data.class_scores, named)),),
                data=named[["model", "label", "precision", "recall", "f1", "support"]],
                series=tuple((m, looks[m]) for m in dict.fromkeys(named["model"])),
                size=(5.6, min(0.22 * scores["label"].nunique() + 1.1, 9)),
            )
        )
    return parts


def curves_section(run: StoredComparison, frame: pd.DataFrame) -> Section | None:
    """Return the learning curves of the models that were tested."""
    tested = frame.loc[frame["axis"] == TEST, ["trial_id", "entry", "family", "variant", "capacity"]]
    joined = run.curves().merge(tested, on="trial_id").rename(columns={"entry": "model"})
    if joined.empty:
        return None
    looks = canvas.styles_of(joined)
    panels = [
        Panel(words, _over(_curve_of(column, words, looks), joined[joined[column].notna()]))
        for column, words in (("train_loss", "training loss"), ("validation_score", "validation score"))
        if joined[column].notna().any()
    ]
    figure = Figure(
        name="learning_curves",
        title="Learning curves",
        caption=(
            "A line a fold. A training loss that goes on falling while the validation score turns is "
            "over-fitting."
        ),
        alt="Lines of training loss and validation score against the epoch; the numbers follow below.",
        panels=tuple(panels),
        data=joined[["model", "trial_id", "epoch", "train_loss", "validation_score"]],
        series=tuple(looks.items()),
        size=(4.2, 2.7),
        columns=2,
    )
    return Section("learning", "How they learned", (), (figure,))


def _curve_of(column: str, words: str, looks: dict[str, SeriesStyle]) -> Any:
    return partial(learning.learning_curves, value=column, label=words, styles=looks, label_lines=False)


def _over(draw: Any, frame: pd.DataFrame) -> Any:
    """Return a function of axes that draws `frame`."""

    def into(ax: Axes) -> Axes:
        axes: Axes = draw(frame, ax)
        return axes

    return into


def _ends(title: str, frame: pd.DataFrame, x: str, y: str) -> str:
    words = []
    for name, part in frame.groupby("entry", sort=False):
        rows = part.sort_values(x, kind="stable")
        first, last = rows.iloc[0], rows.iloc[-1]
        words.append(f"{name}: {first[y]:.3g} at {first[x]:g}, {last[y]:.3g} at {last[x]:g}")
    return f"{title}. " + "; ".join(words) + "."
