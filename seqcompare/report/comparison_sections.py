"""The parts of the report on real data: who is good enough, how far back it matters, right and wrong."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from seqcompare import style
from seqcompare.report.contestants import Contestants
from seqcompare.report.figures import cost, data, learning
from seqcompare.report.lags import NO_LAG, lag_figure
from seqcompare.report.names import distinct, shown
from seqcompare.report.parts import Figure, Panel, Section, Table
from seqcompare.results.comparison import TEST, StoredComparison
from seqcompare.style import SeriesStyle

MOST_LABELS = 60
# Answers in a bin of confidence below which the share of right ones is noise.
FEWEST_ANSWERS = 10
# How a context was cut short -> what the caption says of it.
_CONTROL_WORDS = {
    "limited": "fitted to the last k steps only",
    "truncated": "fitted to everything and shown the last k steps",
    "shuffled": "shown everything, the steps before the last k in random order",
    "ahead": "shown no more than k steps after the one that it answers for",
}


def contest_figure(known: Contestants) -> Figure:
    """Return the scores of all contestants with their intervals."""
    summary = known.summary
    draw = partial(
        data.contest,
        score_label=known.score_words,
        chance=known.chance,
        winner=known.winner,
        styles=known.looks,
    )
    alt = ", ".join(
        f"{r['model']} {data.score_text(r['score'])} "
        f"[{data.score_text(r['low'])}, {data.score_text(r['high'])}]"
        for r in summary.to_dict("records")
    )
    enough = "Ringed: the cheapest that is good enough. " if known.winner is not None else ""
    return Figure(
        name="contest",
        title="Scores on test data",
        caption=(
            f"The best is on top; bars are 95% intervals. {enough}Each contestant was tuned on validation "
            "data of its own. The broken line is chance: a predictor that knows only how often each answer "
            "occurs."
        ),
        alt=f"Scores ({known.score_words}) with intervals: {alt}.",
        panels=(Panel("", _over(draw, summary)),),
        data=summary[["model", "family", "chosen", "score", "low", "high"]],
        size=(4.8, 0.27 * max(len(summary), 1) + 0.9),
    )


def good_enough_section(run: StoredComparison, known: Contestants) -> Section:
    """Return the contestants as a table, the paired tests, and what scores cost."""
    summary, metric = known.summary, known.metric
    wanted = {
        "entry": "contestant",
        "family": "family",
        "chosen": "chosen rung",
        "n_choices": "rungs chosen",
        "causal": "causal",
        "score": known.score_words,
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
    # what is the same for all says nothing: nobody failed, all are causal, every fold chose alike
    silent = {
        name
        for name, value in (("n_failed", 0), ("causal", True), ("n_choices", 1))
        if (summary[name] == value).all()
    }
    present = {
        k: v
        for k, v in wanted.items()
        if k in summary and (k == "score" or k != metric.split()[-1]) and k not in silent
    }
    caption = "The best first."
    if "n_choices" not in silent:
        caption += " The rung is the one that most folds chose; costs are medians over folds."
    if "causal" not in silent:
        caption += " A model that is not causal sees steps after the one it answers for."
    parts: list[Figure | Table] = [
        Table("summary", "Contestants", caption, summary, present),
        Table(
            "pairs",
            "Paired comparisons",
            f"Difference of the loss ({known.loss_words}) on the same test data (positive: the first is "
            "worse), its 95% interval, p after Holm's correction, and the probabilities that the first is "
            "worse, practically equal, or better.",
            known.named(run.pairs(), ("a", "b")),
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
        _cost_figure(known),
        Table(
            "grids",
            "Ladders of capacity",
            f"The loss ({known.loss_words}) of every rung on validation data, all folds together, and the "
            "one that the verdict names: the cheapest that is practically as good as the best.",
            run.grids().assign(entry=known.named(run.grids()[["entry"]])["entry"]),
            {
                "entry": "contestant",
                "model": "rung",
                "loss": "validation loss",
                "n_parameters": "parameters",
                "chosen": "named",
            },
        ),
    ]
    return Section("enough", "Who is good enough", (), tuple(parts))


def _cost_figure(known: Contestants) -> Figure:
    models = known.models
    up = known.metric == "accuracy"
    names = ("n_parameters", "fit_seconds", "predict_us_per_step")
    words = known.score_words.partition(" (")[0]
    panels = tuple(
        Panel(
            "",
            _over(
                partial(
                    cost.cost_against_score,
                    cost=name,
                    score="score",
                    score_label=words,
                    greater_is_better=up,
                    styles=known.looks,
                ),
                models,
            ),
        )
        for name in names
    )
    front = models[cost.pareto_front(models["n_parameters"], models["score"], greater_is_better=up)]
    chance = "" if known.chance is None else f" Chance, not drawn, comes to {data.score_text(known.chance)}."
    return Figure(
        name="cost",
        title="Cost against score",
        caption=(
            f"{'Up' if up else 'Down'} is better, left is cheaper. Ringed and named: no other contestant is "
            f"both cheaper and better (the Pareto front).{chance}"
        ),
        alt=(
            "Scatter of parameters, time to fit and time to predict against the score. On the front of "
            "parameters: "
        )
        + ", ".join(map(str, front["model"])),
        panels=panels,
        data=models[["model", "family", "score", *names]],
        series=tuple((m, known.looks[m]) for m in models["model"]),
        size=(3.6, 2.7),
    )


def far_back_section(run: StoredComparison, known: Contestants) -> Section | None:
    """Return how far back it matters: context curves, influence by lag, and the profile of the data."""
    parts: list[Figure | Table] = []
    contexts = known.named(run.contexts())
    if len(contexts):
        keys = ["entry", "model", "family", "variant", "capacity", "control", "context"]
        points = contexts.groupby(keys, sort=False, dropna=False)
        means = points[["score", "low", "high"]].mean()
        # bisection asks each fold for other contexts, and the mean of some folds is no mean of all
        means = means[points["fold"].nunique() == contexts["fold"].nunique()].reset_index()
    if len(contexts) and len(means):
        draw = partial(
            data.context_curve, score_label=known.score_words.partition(" (")[0], styles=known.looks
        )
        ways = [words for name, words in _CONTROL_WORDS.items() if name in set(means["control"])]
        parts.append(
            Figure(
                name="context_curve",
                title="The score with less and less context",
                caption=(
                    f"The model is {'; or '.join(ways)}. Where a line is flat, more context does not help. "
                    "Drawn are means over folds, where all have been scored. Bands: 1.96 standard errors of "
                    "the paired difference to the best."
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
    influence = known.named(run.influence())
    if len(influence):
        parts.append(
            Figure(
                name="influence",
                title="Influence of each step back",
                caption=(
                    "How much the answers of the fitted model change when the step that many steps back is "
                    "replaced by another (0: no change)."
                ),
                alt=_ends("Influence against lag", influence, "lag", "influence"),
                panels=(Panel("", _over(partial(data.influence_by_lag, styles=known.looks), influence)),),
                data=influence[["model", "lag", "influence"]],
                size=(5.6, 3.0),
            )
        )
    lags = run.side_table("lag_profile")
    text: tuple[str, ...] = ()
    if lags is not None and len(lags):
        figure = lag_figure(lags)
        if figure is None:
            text = (NO_LAG,)
        else:
            parts.append(figure)
    return Section("context", "How far back it matters", text, tuple(parts)) if parts or text else None


def answers_section(run: StoredComparison, known: Contestants) -> Section | None:
    """Return where the contestants are right and wrong: confusion, calibration and scores per class."""
    parts: list[Figure | Table] = []
    order = list(known.models["entry"])
    confusion = known.named(run.confusion())
    labels = confusion["true"].nunique() if len(confusion) else 0
    known_to = set(confusion["entry"])
    picked = [entry for entry in order if entry in known_to][:4]
    if picked and labels <= MOST_LABELS:
        names = distinct(pd.concat([confusion["true"], confusion["predicted"]]).astype(str), 16)
        named = confusion.assign(
            true=confusion["true"].astype(str).map(names),
            predicted=confusion["predicted"].astype(str).map(names),
        )
        side = min(max(0.27 * labels + 1.3, 3.4), 6.4)
        parts.append(
            Figure(
                name="confusion",
                title="Confusion: what was said in place of what",
                caption=(
                    "A row is a true class; the colour is the share of it that was given each label, the "
                    "number how often. The best contestants, all test data together."
                ),
                alt="Confusion matrices of " + ", ".join(picked) + "; the counts follow below.",
                panels=tuple(
                    Panel(entry, _over(data.confusion, named[named["entry"] == entry])) for entry in picked
                ),
                data=named[["entry", "true", "predicted", "count"]],
                size=(side, side + 0.2),
                columns=2,
            )
        )
    parts += _class_parts(run, known, order)
    return Section("answers", "Right and wrong", (), tuple(parts)) if parts else None


def _class_parts(run: StoredComparison, known: Contestants, order: list[str]) -> list[Figure | Table]:
    parts: list[Figure | Table] = []
    calibration = known.named(run.calibration())
    calibration = calibration[calibration["entry"].isin(order[:5])]
    enough = calibration[calibration["count"] >= FEWEST_ANSWERS]
    if len(enough):
        draw = partial(data.calibration, styles=known.looks)
        parts.append(
            Figure(
                name="calibration",
                title="Calibration: how sure, and how often right",
                caption=(
                    "On the diagonal a model is right as often as it says; below it, it is too sure of "
                    f"itself. Answers are put together by tenths of probability; tenths of fewer than "
                    f"{FEWEST_ANSWERS} answers are not drawn."
                ),
                alt="Lines of how often an answer was right against the probability given to it.",
                panels=(Panel("", _over(draw, enough)),),
                data=calibration[["model", "confidence", "accuracy", "count"]],
                size=(5.2, 3.4),
            )
        )
    scores = known.named(run.class_scores())
    scores = scores[scores["entry"].isin(order[:4])]
    if len(scores) and scores["label"].nunique() <= MOST_LABELS:
        best = scores.sort_values("entry", key=lambda e: e.map(order.index), kind="stable")
        named = best.assign(label=best["label"].astype(str).map(distinct(best["label"].astype(str), 24)))
        draw = partial(data.class_scores, styles=known.looks)
        parts.append(
            Figure(
                name="class_scores",
                title="Scores of each class",
                caption="F1, the harmonic mean of precision and recall; in brackets the test examples.",
                alt="F1 of each class and contestant; the numbers follow below.",
                panels=(Panel("", _over(draw, named)),),
                data=named[["model", "label", "precision", "recall", "f1", "support"]],
                series=tuple((m, known.looks[m]) for m in dict.fromkeys(named["model"])),
                size=(5.2, min(0.3 * scores["label"].nunique() + 0.9, 9)),
            )
        )
    return parts


def curves_section(run: StoredComparison, known: Contestants) -> Section | None:
    """Return the learning curves of the models that were tested."""
    frame = run.frame()
    tested = frame.loc[frame["axis"] == TEST, ["trial_id", "entry", "family"]]
    joined = known.named(run.curves().merge(tested, on="trial_id"))
    if joined.empty:
        return None
    measures = (("train_loss", "training loss"), ("validation_score", "validation score"))
    # losses of one family mean nothing beside those of another: each has panels of its own
    panels = [
        Panel(
            f"{style.family_name(shown(family, 24))}: {words}",
            _over(_curve_of(column, words, known.looks), part[part[column].notna()]),
        )
        for family, part in joined.groupby("family", sort=False)
        for column, words in measures
        if part[column].notna().any()
    ]
    if not panels:
        return None
    figure = Figure(
        name="learning_curves",
        title="Learning curves",
        caption=(
            "A line a fold, an epoch a pass through the training data. A training loss that goes on falling "
            "while the validation score gets worse is over-fitting. Losses are those that each family is "
            "fitted by: they do not compare between families."
        ),
        alt="Lines of training loss and validation score against the epoch; the numbers follow below.",
        panels=tuple(panels),
        data=joined[["model", "trial_id", "epoch", "train_loss", "validation_score"]],
        series=tuple((m, known.looks[m]) for m in known.looks if m in set(joined["model"])),
        size=(3.6, 2.5),
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
