"""The part of the report on real data about how far back it matters, and how early it can be said."""

from __future__ import annotations

from functools import partial

import pandas as pd

from seqcompare.quantities import bits
from seqcompare.report.columns import Writer
from seqcompare.report.comparison_view import ComparisonView
from seqcompare.report.figures import COMPARISON, FigureSpec, data, figures_of
from seqcompare.report.parts import Figure, Panel, Section
from seqcompare.report.profile import NO_LAG, lag_figure
from seqcompare.results.taught import LEARNING, TABLES, TAUGHT

# How a context was cut short -> what the caption says of it.
_CONTROL_WORDS = {
    "limited": "fitted to the last k steps only",
    "truncated": "fitted to everything and shown the last k steps",
    "shuffled": "shown everything, the steps before the last k in random order",
    "reordered": "shown as many as it needs, those before the last k of them in random order",
    "ahead": "shown no more than k steps after the one that it answers for",
}


def far_back_section(view: ComparisonView) -> Section | None:
    """Return how far back it matters: context curves, influence by lag, and the profile of the data."""
    parts = tuple(figures_of(view, "context").values())
    lags = view.run.side_table("lag_profile")
    unclear = lags is not None and len(lags) > 0 and lag_figure(lags) is None
    text = (NO_LAG,) if unclear else ()
    return Section("context", "How far back it matters", text, parts) if parts or text else None


def _context_figure(view: ComparisonView) -> Figure | None:
    contexts = view.named(view.run.contexts())
    if contexts.empty:
        return None
    keys = ["entry", "model", "family", "variant", "capacity", "control", "context"]
    points = contexts.groupby(keys, sort=False, dropna=False)
    means = points[["score", "low", "high"]].mean()
    # bisection asks each fold for other contexts, and the mean of some folds is no mean of all
    means = means[points["fold"].nunique() == contexts["fold"].nunique()].reset_index()
    if means.empty:
        return None
    draw = partial(
        data.context_curve, score_label=view.metric.axis, write=view.metric.say_figure, styles=view.looks
    )
    ways = [words for name, words in _CONTROL_WORDS.items() if name in set(means["control"])]
    return Figure(
        name="context_curve",
        title="The score with less and less context",
        caption=(
            f"The model is {'; or '.join(ways)}. Where a line is flat, more context does not help. "
            "Drawn are means over folds, where all have been scored. Bands: 1.96 standard errors of "
            "the paired difference to the best."
        ),
        alt=_ends("Score against context", means, "context", view.metric.say_figure),
        panels=tuple(
            Panel(str(entry), partial(draw, part)) for entry, part in means.groupby("entry", sort=False)
        ),
        data=means[["entry", "control", "context", "score", "low", "high"]],
        writers=view.scores,
        y="score",
        size=(4.8, 2.9),
        columns=2,
    )


def _early_figure(view: ComparisonView) -> Figure | None:
    early = view.named(view.run.early())
    if early.empty:
        return None
    contexts = view.named(view.run.contexts())
    # beside beginnings the endings that were fitted to as well, of whole sequences
    whole = (early["control"] == "first").any()
    last = contexts[(contexts["control"] == "limited") & contexts["entry"].isin(early["entry"])]
    both = pd.concat([early, last]) if whole else early
    keys = ["entry", "model", "family", "control", "context"]
    points = both.groupby(keys, sort=False)
    means = points[["score", "low", "high"]].mean()
    means = means[points["fold"].nunique() == both["fold"].nunique()].reset_index()
    if means.empty:
        return None
    draw = partial(
        data.context_curve, score_label=view.metric.axis, write=view.metric.say_figure, styles=view.looks
    )
    first = means[means["control"] != "limited"]
    if whole:
        caption = (
            "The model is fitted to, and asked about, the first k steps of sequences alone, and the last k. "
            "Where the line of the first k is flat, waiting longer does not help. Bands: 1.96 standard "
            "errors of the paired difference to the best."
        )
    else:
        caption = (
            "The score of answers at steps up to k, beyond those of the point before: how good they are by "
            "the time that so many steps have come. Bands: 1.96 standard errors."
        )
    return Figure(
        name="early_curve",
        title="How early it can be said",
        caption=f"{caption} Drawn are means over folds, where all have been scored.",
        alt=_ends("Score against first steps", first, "context", view.metric.say_figure),
        panels=tuple(
            Panel(str(entry), partial(draw, part)) for entry, part in means.groupby("entry", sort=False)
        ),
        data=means[["entry", "control", "context", "score", "low", "high"]],
        writers=view.scores,
        y="score",
        size=(4.8, 2.9),
        columns=2,
    )


def _taught_figure(view: ComparisonView) -> Figure | None:
    taught = view.run.side_table(TAUGHT)
    if taught is None or len(taught) < 3:
        return None
    tables, learning = (taught[taught["reader"] == reader] for reader in (TABLES, LEARNING))
    level = float(tables["score"].iloc[0])
    # what tables lose is the same however much was read
    points = pd.concat([learning, learning.assign(reader=TABLES, score=level, gain=0.0, low=0.0, high=0.0)])
    drawn = points.assign(model="context tree", control=points["reader"], context=points["back"])
    drawn = drawn.assign(low=level - points["high"], high=level - points["low"])
    return Figure(
        name="taught",
        title="What a sequence teaches while it is read",
        caption=(
            "Bits a step of context trees on the last test part: of one that knows what it was fitted to, "
            "and of one that goes on learning while it reads, from so many steps back. Where the latter is "
            "lower, sequences have habits of their own. Bands: 95% of the difference."
        ),
        alt=f"Bits a step: {level:.3f} of tables; learning "
        + ", ".join(f"{row.score:.3f} from {row.back:.0f} steps" for row in learning.itertuples())
        + ".",
        panels=(Panel("", partial(data.context_curve, drawn, score_label="bits a step")),),
        data=taught,
        writers=dict.fromkeys(("score", "gain", "low", "high"), view.metric.say_figure),
        y="score",
        size=(4.8, 2.9),
    )


def _influence_figure(view: ComparisonView) -> Figure | None:
    influence = view.named(view.run.influence())
    if influence.empty:
        return None
    return Figure(
        name="influence",
        title="Influence of each step back",
        caption=(
            "How much the answers of the fitted model change when the step that many steps back is "
            "replaced by another (0: no change)."
        ),
        alt=_ends("Influence against lag", influence, "lag", bits, "influence"),
        panels=(Panel("", partial(data.influence_by_lag, influence, styles=view.looks)),),
        data=influence[["model", "lag", "influence"]],
        y="influence",
        size=(4.8, 2.9),
    )


def _lag_figure(view: ComparisonView) -> Figure | None:
    lags = view.run.side_table("lag_profile")
    return None if lags is None or lags.empty else lag_figure(lags)


def _ends(title: str, frame: pd.DataFrame, x: str, write: Writer, y: str = "score") -> str:
    words = []
    for name, part in frame.groupby("entry", sort=False):
        rows = part.sort_values(x, kind="stable")
        first, last = rows.iloc[0], rows.iloc[-1]
        words.append(f"{name}: {write(first[y])} at {first[x]:g}, {write(last[y])} at {last[x]:g}")
    return f"{title}. " + "; ".join(words) + "."


FIGURES = tuple(
    FigureSpec(name, (COMPARISON,), make, "context")
    for name, make in (
        ("context_curve", _context_figure),
        ("early_curve", _early_figure),
        ("taught", _taught_figure),
        ("influence", _influence_figure),
        ("lag_profile", _lag_figure),
    )
)
