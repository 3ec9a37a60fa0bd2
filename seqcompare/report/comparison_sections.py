"""The parts of the report on real data: who is good enough, how far back it matters, right and wrong."""

from __future__ import annotations

from functools import partial

import pandas as pd

from seqcompare.report.comparison_view import ComparisonView
from seqcompare.report.figures import COMPARISON, FigureSpec, cost, data, figures_of, learning
from seqcompare.report.names import distinct
from seqcompare.report.parts import Figure, Panel, Section, Table
from seqcompare.results.comparison import TEST
from seqcompare.results.numbers import SCORES

MOST_LABELS = 60
# Answers in a bin of confidence below which the share of right ones is noise.
FEWEST_ANSWERS = 10


def _contest_figure(view: ComparisonView) -> Figure:
    """Return the scores of all contestants with their intervals."""
    summary, say = view.summary, view.metric.say_figure
    draw = partial(
        data.contest,
        score_label=view.score_words,
        chance=view.chance,
        write=view.metric.say_figure,
        winner=view.winner,
        styles=view.looks,
    )
    alt = ", ".join(
        f"{r['model']} {say(r['score'])} [{say(r['low'])}, {say(r['high'])}]"
        for r in summary.to_dict("records")
    )
    enough = "Ringed: the cheapest that is good enough. " if view.winner is not None else ""
    return Figure(
        name="contest",
        title="Scores on test data",
        caption=(
            f"The best is on top; bars are 95% intervals. {enough}Each contestant was tuned on validation "
            "data of its own. The broken line is chance: a predictor that knows only how often each answer "
            "occurs."
        ),
        alt=f"Scores ({view.score_words}) with intervals: {alt}.",
        panels=(Panel("", partial(draw, summary)),),
        data=summary[["model", "family", "chosen", "score", "low", "high"]],
        writers=view.scores,
        size=(4.8, 0.27 * max(len(summary), 1) + 0.9),
    )


def good_enough_section(view: ComparisonView) -> Section:
    """Return the contestants as a table, the paired tests, and what scores cost."""
    summary, numbers = view.summary, bool(view.run.result.numbers)
    wanted = {
        "entry": "contestant",
        "family": "family",
        "chosen": "chosen candidate",
        "n_choices": "candidates chosen",
        "causal": "causal",
        "score": view.score_words,
        "low": "low",
        "high": "high",
        # those of numbers have a table of their own
        **{name: words for name, words in view.headings.items() if not numbers or name not in SCORES},
        "n_parameters": "parameters",
        "fit_seconds": "fit",
        "predict_us_per_step": "predict, a step",
        "tuning_seconds": "tuning",
        "n_failed": "failed folds",
    }
    # what is the same for all says nothing: nobody failed, all are causal, every fold chose alike
    silent = {
        name
        for name, value in (("n_failed", 0), ("causal", True), ("n_choices", 1))
        if (summary[name] == value).all()
    }
    # nor does what repeats the contestant
    silent |= {"family"} if summary["family"].nunique() == len(summary) else set()
    present = {
        k: v
        for k, v in wanted.items()
        if k in summary and (k == "score" or k != view.metric.name.split()[-1]) and k not in silent
    }
    caption = "The best first."
    if "n_choices" not in silent:
        caption += " The candidate is the one that most folds chose; costs are medians over folds."
    if "causal" not in silent:
        caption += " A model that is not causal sees steps after the one it answers for."
    figures = figures_of(view, "enough")
    parts: list[Figure | Table] = [
        Table("summary", "Contestants", caption, summary, present, view.scores),
        Table(
            "pairs",
            "Paired comparisons",
            f"Difference of the loss ({view.metric.loss_label}) on the same test data (positive: the first "
            "is worse), its 95% interval, p after Holm's correction, and the probabilities that the first is "
            "worse, practically equal, or better.",
            view.named(view.run.pairs(), ("a", "b")),
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
            view.losses,
        ),
        *(figures.pop(name) for name in ("cost",) if name in figures),
        Table(
            "grids",
            "Ladders of capacity",
            f"The loss ({view.metric.loss_label}) of every candidate on validation data, all folds together, "
            "and the one that the verdict names: the cheapest that is practically as good as the best.",
            view.run.grids().assign(entry=view.named(view.run.grids()[["entry"]])["entry"]),
            {
                "entry": "contestant",
                "model": "candidate",
                "loss": "validation loss",
                "n_parameters": "parameters",
                "chosen": "named",
            },
            view.losses,
        ),
        *figures.values(),
    ]
    return Section("enough", "Who is good enough", (), tuple(parts))


def _cost_figure(view: ComparisonView) -> Figure:
    models = view.models
    up = view.metric.greater_is_better
    names = ("n_parameters", "fit_seconds", "predict_us_per_step")
    draw = partial(
        cost.cost_against_score,
        models,
        score="score",
        score_label=view.metric.axis,
        write=view.metric.say_figure,
        greater_is_better=up,
        styles=view.looks,
    )
    panels = tuple(Panel("", partial(draw, cost=name)) for name in names)
    front = models[cost.pareto_front(models["n_parameters"], models["score"], greater_is_better=up)]
    chance = (
        "" if view.chance is None else f" Chance, not drawn, comes to {view.metric.say_figure(view.chance)}."
    )
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
        writers=view.scores,
        y="score",
        series=tuple((m, view.looks[m]) for m in models["model"]),
        size=(3.6, 2.7),
    )


def answers_section(view: ComparisonView) -> Section | None:
    """Return where the contestants are right and wrong: confusion, calibration and scores per class."""
    parts = tuple(figures_of(view, "answers").values())
    return Section("answers", "Right and wrong", (), parts) if parts else None


def _confusion_figure(view: ComparisonView) -> Figure | None:
    confusion = view.named(view.run.confusion())
    labels = confusion["true"].nunique() if len(confusion) else 0
    known_to = set(confusion["entry"])
    picked = [entry for entry in view.models["entry"] if entry in known_to][:4]
    if not picked or labels > MOST_LABELS:
        return None
    names = distinct(pd.concat([confusion["true"], confusion["predicted"]]).astype(str), 16)
    named = confusion.assign(
        true=confusion["true"].astype(str).map(names),
        predicted=confusion["predicted"].astype(str).map(names),
    )
    side = min(max(0.27 * labels + 1.3, 3.4), 6.4)
    return Figure(
        name="confusion",
        title="Confusion: what was said in place of what",
        caption=(
            "A row is a true class; the colour is the share of it that was given each label, the "
            "number how often. The best contestants, all test data together."
        ),
        alt="Confusion matrices of " + ", ".join(picked) + "; the counts follow below.",
        panels=tuple(
            Panel(entry, partial(data.confusion, named[named["entry"] == entry])) for entry in picked
        ),
        data=named[["entry", "true", "predicted", "count"]],
        size=(side, side + 0.2),
        columns=2,
    )


def _calibration_figure(view: ComparisonView) -> Figure | None:
    calibration = view.named(view.run.calibration())
    calibration = calibration[calibration["entry"].isin(view.models["entry"][:5])]
    enough = calibration[calibration["count"] >= FEWEST_ANSWERS]
    if enough.empty:
        return None
    return Figure(
        name="calibration",
        title="Calibration: how sure, and how often right",
        caption=(
            "On the diagonal a model is right as often as it says; below it, it is too sure of "
            f"itself. Answers are put together by tenths of probability; tenths of fewer than "
            f"{FEWEST_ANSWERS} answers are not drawn."
        ),
        alt="Lines of how often an answer was right against the probability given to it.",
        panels=(Panel("", partial(data.calibration, enough, styles=view.looks)),),
        data=calibration[["model", "confidence", "accuracy", "count"]],
        y="accuracy",
        size=(4.8, 3.4),
    )


def _class_figure(view: ComparisonView) -> Figure | None:
    scores = view.named(view.run.class_scores())
    order = list(view.models["entry"])
    scores = scores[scores["entry"].isin(order[:4])]
    if scores.empty or scores["label"].nunique() > MOST_LABELS:
        return None
    best = scores.sort_values("entry", key=lambda e: e.map(order.index), kind="stable")
    named = best.assign(label=best["label"].astype(str).map(distinct(best["label"].astype(str), 24)))
    return Figure(
        name="class_scores",
        title="Scores of each class",
        caption="F1, the harmonic mean of precision and recall; in brackets the test examples.",
        alt="F1 of each class and contestant; the numbers follow below.",
        panels=(Panel("", partial(data.class_scores, named, styles=view.looks)),),
        data=named[["model", "label", "precision", "recall", "f1", "support"]],
        series=tuple((m, view.looks[m]) for m in dict.fromkeys(named["model"])),
        size=(4.8, min(0.3 * scores["label"].nunique() + 0.9, 9)),
    )


def curves_section(view: ComparisonView) -> Section | None:
    """Return the learning curves of the models that were tested."""
    parts = tuple(figures_of(view, "learning").values())
    return Section("learning", "How they learned", (), parts) if parts else None


def _learning_curves(view: ComparisonView) -> Figure | None:
    frame = view.run.frame()
    tested = frame.loc[frame["axis"] == TEST, ["trial_id", "entry", "family"]]
    joined = view.named(view.run.curves().merge(tested, on="trial_id"))
    if joined.empty:
        return None
    measures = (("train_loss", "training loss"), ("validation_score", "validation score"))
    draw = partial(learning.learning_curves, styles=view.looks, label_lines=False)
    # losses of one family mean nothing beside those of another: each has panels of its own
    panels = [
        Panel(
            f"{view.palette.title(str(family))}: {words}",
            partial(draw, part[part[column].notna()], value=column, label=words),
        )
        for family, part in joined.groupby("family", sort=False)
        for column, words in measures
        if part[column].notna().any()
    ]
    if not panels:
        return None
    return Figure(
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
        series=tuple((m, view.looks[m]) for m in view.looks if m in set(joined["model"])),
        size=(3.6, 2.5),
    )


FIGURES = tuple(
    FigureSpec(name, (COMPARISON,), make, section)
    for name, section, make in (
        ("contest", "enough", _contest_figure),
        ("cost", "enough", _cost_figure),
        ("confusion", "answers", _confusion_figure),
        ("calibration", "answers", _calibration_figure),
        ("class_scores", "answers", _class_figure),
        # sweeps have learning curves as well, in files of the same name
        ("learning_curves_of_folds", "learning", _learning_curves),
    )
)
