"""The parts of a sweep's report on cost: what models cost beside what they reach, and how cost grows."""

from __future__ import annotations

from functools import partial

import pandas as pd
from matplotlib.axes import Axes

from seqcompare.families import REFERENCE
from seqcompare.quantities import number
from seqcompare.quantities import skill as say_skill
from seqcompare.report.columns import writer_of
from seqcompare.report.figures import SWEEP, FigureSpec, cost, figures_of
from seqcompare.report.names import distinct
from seqcompare.report.parts import Figure, Panel, Section, Table
from seqcompare.report.sweep_tables import SweepView, at_shared_distances
from seqcompare.results.growth import scaling
from seqcompare.style import SeriesStyle

_SIZES = (
    ("capacity", "capacity", "capacity of the model"),
    ("length", "length", "length of a sequence (steps)"),
    ("alphabet", "symbols", "symbols of the alphabet"),
)
_COST_WORDS = {
    "fit_seconds": "time to fit",
    "fit_seconds_per_step": "time to fit, per training step",
    "predict_us_per_step": "time to predict, per step",
    "n_parameters": "parameters",
    "peak_memory_mb": "peak memory",
}


def cost_section(view: SweepView) -> Section:
    """Return what the models cost, beside what they reach."""
    swept = _measured(view)
    whole = swept.groupby(["model", "family"], sort=False).agg(
        n_trials=("trial_id", "size"),
        skill=("skill", "mean"),
        **{name: (name, "median") for name in cost.COSTS},
    )
    table = Table(
        "costs",
        "Cost of each model",
        "Medians over all trials of the sweep over distance; mean skill over the same trials, which for a "
        "model that has not run on every task and at every distance are fewer. Time is that of one thread, "
        "compilation left out.",
        whole.reset_index(),
        {
            "model": "model",
            "n_trials": "trials",
            "skill": "mean skill",
            "fit_seconds": "fit",
            "predict_us_per_step": "predict, a step",
            "n_parameters": "parameters",
            "peak_memory_mb": "peak memory",
        },
    )
    return Section("cost", "What it costs", (), (*figures_of(view, "cost").values(), table))


def _measured(view: SweepView) -> pd.DataFrame:
    return view.swept if len(view.swept) else view.rows


def _cost_figure(name: str, title: str, words: str, view: SweepView) -> Figure:
    """Return mean skill against a cost, a panel a task."""
    by = ["task", "model", "family", "variant", "capacity", "causal"]
    shared = pd.concat(
        [
            at_shared_distances(part, cost.competes(part))
            for _, part in _measured(view).groupby("task", sort=False)
        ]
    )
    means = shared.groupby(by, sort=False, dropna=False).agg(
        skill=("skill", "mean"),
        distances=("distance", lambda found: ", ".join(str(d) for d in sorted(set(found)))),
        **{name: (name, "median") for name in cost.COSTS},
    )
    means = means.reset_index()
    return Figure(
        name=f"cost_{name}",
        title=f"{title} against skill",
        caption=(
            "Mean skill and median cost over the distances of a task that all models shown have run at; "
            "they stand in the file of numbers, and a model that lacks one of them is left out. Ringed "
            "and named: no other model is both cheaper and better (the Pareto front). Hand-made "
            "machines, and models that look ahead (hollow), are shown but do not compete."
        ),
        alt=_alt_of_cost(means, name, words),
        panels=tuple(
            Panel(str(task), partial(_cost, part, cost_name=name, looks=view.looks))
            for task, part in means.groupby("task", sort=False)
        ),
        data=means[["task", "model", "family", "causal", "distances", name, "skill"]],
        y="skill",
        series=tuple((m, view.looks[m]) for m in dict.fromkeys(means["model"])),
    )


def _alt_of_cost(means: pd.DataFrame, name: str, words: str) -> str:
    """Say in words which models are on the front."""
    sentences = []
    for task, part in means[cost.competes(means)].groupby("task", sort=False):
        front = part[cost.pareto_front(part[name].where(part[name] > 0), part["skill"])].sort_values(name)
        listed = ", ".join(
            f"{model} ({writer_of(name, {})(float(spent))}, skill {say_skill(float(reached))})"
            for model, spent, reached in front[["model", name, "skill"]].to_numpy()
        )
        sentences.append(f"{task}: {listed}.")
    return f"Scatter of {words} against mean skill. On the front: " + " ".join(sentences)


def growth_section(view: SweepView) -> Section | None:
    """Return how cost and state space grow with capacity, length and alphabet, as far as they were swept."""
    parts: list[Figure | Table] = [*figures_of(view, "growth").values()]
    table = _exponents(view)
    if len(table):
        parts.append(
            Table(
                "scaling",
                "Fitted exponents",
                "Cost = constant times size to the power of the exponent, fitted on logarithms for each "
                "task; the median, least and greatest exponent over tasks. 1 is proportional growth, 2 "
                "quadratic.",
                table,
                {
                    "against": "against",
                    "cost": "cost",
                    "model": "model",
                    "n_tasks": "tasks",
                    "exponent": "exponent",
                    "least": "least",
                    "greatest": "greatest",
                },
            )
        )
    return Section("growth", "How cost grows", (), tuple(parts)) if parts else None


def _state_space(view: SweepView) -> Figure | None:
    table = view.run.side_table("state_space")
    if table is None or table.empty:
        return None
    table = table.assign(task=table["task"].map(distinct(table["task"], 36)))
    return Figure(
        name="state_space",
        title="The state space of a Markov chain",
        caption=(
            "Contexts of k symbols: possible, seen in the training data, and supported by it (at least 5 "
            "counts). Where the supported ones fall away from the possible ones, a chain of that order runs "
            "out of data."
        ),
        alt=" ".join(_state_words(str(task), part) for task, part in table.groupby("task", sort=False)),
        panels=tuple(
            Panel(str(task), partial(cost.state_space, part))
            for task, part in table.groupby("task", sort=False)
        ),
        data=table,
        size=(3.6, 2.5),
    )


def _state_words(task: str, part: pd.DataFrame) -> str:
    last = part.sort_values("order").iloc[-1]
    return (
        f"{task}, order {last['order']:g}: {number(last['possible'])} contexts possible, "
        f"{number(last['seen'])} seen, {number(last['supported'])} supported."
    )


def _growth_figure(axis: str, x: str, words: str, view: SweepView) -> Figure | None:
    if axis == "capacity":
        far = view.farthest[view.farthest["family"] != REFERENCE]
        mine = far.assign(model=view.kind_names(far))
        several = mine.groupby("model")["capacity"].transform("nunique") > 1
        mine = mine[several]
        looks = view.kind_styles(mine)
    else:
        mine = view.rows[(view.rows["axis"] == axis) & (view.rows["family"] != REFERENCE)]
        looks = view.looks
    mine = mine[mine[x].notna()]
    if mine.empty or mine[x].nunique() < 2:
        return None
    means = mine.groupby(["model", "family", x], sort=False)[["fit_seconds", "n_parameters"]].median()
    means = means.reset_index()
    panels = tuple(
        Panel(title, partial(_growth, means, x=x, y=y, words=words, looks=looks))
        for y, title in (("n_parameters", "Parameters"), ("fit_seconds", "Time to fit"))
    )
    where = "at the largest distance of each task " if axis == "capacity" else ""
    return Figure(
        name=f"growth_{axis}",
        title=f"Growth with the {words.partition(' (')[0]}",
        caption=f"Medians over tasks and seeds {where}on logarithmic axes: a straight line is a power law.",
        alt=f"Lines of parameters and of the time to fit against the {words}; the numbers follow below.",
        panels=panels,
        data=means,
        series=tuple((m, looks[m]) for m in dict.fromkeys(means["model"])),
        size=(4.2, 2.7),
        columns=2,
    )


def _exponents(view: SweepView) -> pd.DataFrame:
    table = scaling(view.rows)
    table["cost"] = table["cost"].map(lambda name: _COST_WORDS.get(name, name))
    table["model"] = table["model"].map(view.palette.model_title)
    found = table.groupby(["against", "cost", "model"], sort=False)["exponent"]
    return found.agg(n_tasks="size", exponent="median", least="min", greatest="max").reset_index()


def _growth(
    frame: pd.DataFrame, ax: Axes, *, x: str, y: str, words: str, looks: dict[str, SeriesStyle]
) -> Axes:
    return cost.growth(frame, ax, x=x, y=y, x_label=words, styles=looks, label_lines=False)


def _cost(frame: pd.DataFrame, ax: Axes, *, cost_name: str, looks: dict[str, SeriesStyle]) -> Axes:
    return cost.cost_against_score(frame, ax, cost=cost_name, score_label="mean skill", styles=looks)


FIGURES = (
    *(
        FigureSpec(f"cost_{name}", (SWEEP,), partial(_cost_figure, name, title, words), "cost")
        for name, title, words in (
            ("fit_seconds", "Time to fit", "seconds to fit"),
            ("n_parameters", "Parameters", "parameters"),
        )
    ),
    FigureSpec("state_space", (SWEEP,), _state_space, "growth"),
    *(
        FigureSpec(f"growth_{axis}", (SWEEP,), partial(_growth_figure, axis, x, words), "growth")
        for axis, x, words in _SIZES
    ),
)
