"""The parts of a sweep's report: distance, memory, cost, growth, learning, ranks."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from seqcompare import style
from seqcompare.report import views
from seqcompare.report.figures import canvas, cost, distance
from seqcompare.report.parts import Figure, Panel, Section, Table
from seqcompare.results.growth import apart_by_distance, capacity_needed
from seqcompare.results.horizon import horizons
from seqcompare.style import SeriesStyle

MAP_HELP = (
    "Yellow is skill 1, dark blue is skill 0. Hatched: no model of that kind here can represent the task at "
    "that distance, whatever it learns. Orange frame: one can, but none learned it within its budget. Each "
    "cell is the rung of the ladder that was best on validation data, averaged over seeds."
)


def intervals(rows: pd.DataFrame) -> str:
    """Say what the bands of a figure are."""
    n = int(rows["seed"].nunique())
    if n >= 10:
        return f"Bands are 95% t intervals over {n} seeds."
    return (
        f"Bands are the range over {n} seeds: too few for an interval."
        if n > 1
        else "One seed: no intervals."
    )


def headline(rows: pd.DataFrame) -> Figure:
    """Return skill against distance of the best model of each family, a panel a task."""
    best = views.by_family(rows, ["task", "distance"])
    looks = views.group_styles(best)
    return Figure(
        name="skill_by_distance",
        title="Skill against distance: the best model of each family",
        caption=(
            "Skill 1 is the best possible predictor, skill 0 one without memory. In each family the model "
            f"that did best on validation data stands for it. {intervals(rows)} Skill outside of 0 to 1 is "
            "clipped."
        ),
        alt=alt_of_skill(best, "distance"),
        panels=panels_of(best, "distance", looks),
        data=best.rename(columns={"model": "best of"}).drop(columns="family"),
        series=tuple(looks.items()),
    )


def distance_section(frame: pd.DataFrame) -> Section:
    """Return everything about the distance: map, horizons, smallest solvers, every model.

    Parameters
    ----------
    frame : DataFrame
        Rows of a sweep over distance; failed ones end horizons, and are in nothing else.
    """
    rows = views.finished(frame)
    kinds = views.by_kind(rows, "distance")
    solvers = views.smallest_solvers(rows)
    parts: list[Figure | Table] = [
        map_figure(kinds, "distance", "skill_map"),
        *horizon_parts(frame),
        Table(
            "smallest_solvers",
            "The smallest model that solves it",
            "For each task and distance the model of fewest parameters whose mean skill is at least 0.9; "
            "none where no model of this run gets there, empty where nothing was run.",
            solvers,
            {name: name if name == "task" else f"d = {name}".replace("-", "−") for name in solvers.columns},
        ),
        *every_model(rows, "distance", "skill"),
    ]
    text = (
        "The distance is the number of steps between the input that matters and the output it determines; a "
        "negative distance is a look-ahead. Only the steps that need the dependency are scored.",
    )
    return Section("distance", "How far back", text, tuple(parts))


def memory_section(rows: pd.DataFrame) -> Section:
    """Return what more bits of memory ask of each family, at a fixed distance."""
    at = ", ".join(f"{t} at distance {d}" for t, d in rows[["task", "distance"]].drop_duplicates().to_numpy())
    rows = apart_by_distance(rows)
    best = views.by_family(rows, ["task", "memory_bits"])
    looks = views.group_styles(best)
    needed = capacity_needed(rows)
    needed["kind"] = views.kind_names(needed)
    parts: list[Figure | Table] = [
        Figure(
            name="skill_by_memory",
            title="Skill against the bits to be carried: the best model of each family",
            caption=f"The distance is fixed: {at}. {intervals(rows)}",
            alt=alt_of_skill(best, "memory_bits"),
            panels=panels_of(best, "memory_bits", looks),
            data=best.rename(columns={"model": "best of"}).drop(columns="family"),
            series=tuple(looks.items()),
        ),
        map_figure(views.by_kind(rows, "memory_bits"), "memory_bits", "memory_map"),
        *_capacity_figure(needed),
        Table(
            "capacity_needed",
            "Capacity needed, in numbers",
            "The smallest capacity on the ladder whose mean skill is at least 0.9, and the smallest that "
            "theory says can do it. Empty: none on the ladder, or theory is silent.",
            needed,
            {
                "task": "task",
                "memory_bits": "bits",
                "kind": "kind of model",
                "capacity_name": "capacity counts",
                "measured": "measured",
                "by_theory": "by theory",
                "largest_tried": "largest tried",
                "exact_skill": "skill of the hand-made machine",
            },
        ),
        *every_model(rows, "memory_bits", "memory"),
    ]
    text = (
        "How much has to be carried, at a fixed distance. A hidden Markov model of K states holds log2(K) "
        "bits, a chain of order k pays a context for every history of k symbols, a recurrent network pays "
        "hidden units.",
    )
    return Section("memory", "How much to carry", text, tuple(parts))


def _capacity_figure(needed: pd.DataFrame) -> list[Figure]:
    """Return the capacity needed against bits, measured and by theory; none where nothing suffices."""
    shown = needed.assign(model=needed["kind"])
    kinds = shown[["model", "family", "variant"]].drop_duplicates()
    looks = style.model_styles((m, f, v, 0.0) for m, f, v in kinds.itertuples(index=False, name=None))
    panels = tuple(
        Panel(f"{task}: {words}", partial(_capacity, part, y=column, words=words, looks=looks))
        for task, part in shown.groupby("task", sort=False)
        for column, words in (("measured", "measured"), ("by_theory", "by theory"))
        if part[column].notna().any()
    )
    if not panels:
        return []
    figure = Figure(
        name="capacity_needed",
        title="Capacity needed against the bits to be carried",
        caption=(
            "The smallest capacity on the ladder that reaches mean skill 0.9, and the smallest that theory "
            "says can. Orders, states, taps and hidden units count differently: compare how lines rise, not "
            "how high they are. No mark: no capacity tried is enough, or theory is silent."
        ),
        alt="Lines of the capacity needed against bits of memory; the numbers follow in the table below.",
        panels=panels,
        data=shown[["task", "memory_bits", "model", "capacity_name", "measured", "by_theory"]],
        series=tuple(looks.items()),
        columns=2,
    )
    return [figure]


def cost_section(rows: pd.DataFrame) -> Section:
    """Return what the models cost, beside what they reach."""
    looks = canvas.styles_of(rows)
    by = ["task", "model", "family", "variant", "capacity", "causal"]
    swept = rows[rows["axis"] == "distance"] if (rows["axis"] == "distance").any() else rows
    shared = pd.concat(
        [
            views.at_shared_distances(part, cost.competes(part))
            for _, part in swept.groupby("task", sort=False)
        ]
    )
    means = shared.groupby(by, sort=False, dropna=False).agg(
        skill=("skill", "mean"),
        distances=("distance", lambda found: ", ".join(str(d) for d in sorted(set(found)))),
        **{name: (name, "median") for name in cost.COSTS},
    )
    means = means.reset_index()
    figures = [
        Figure(
            name=f"cost_{name}",
            title=f"{title} against skill",
            caption=(
                "Mean skill and median cost over the distances of a task that all models shown have run at; "
                "they stand in the file of numbers, and a model that lacks one of them is left out. Ringed "
                "and named: no other model is both cheaper and better (the Pareto front). Hand-made "
                "machines, and models that look ahead (hollow), are shown but do not compete."
            ),
            alt=alt_of_cost(means, name, words),
            panels=tuple(
                Panel(str(task), partial(_cost, part, cost_name=name, looks=looks))
                for task, part in means.groupby("task", sort=False)
            ),
            data=means[["task", "model", "family", "causal", "distances", name, "skill"]],
            series=tuple((m, looks[m]) for m in dict.fromkeys(means["model"])),
        )
        for name, title, words in (
            ("fit_seconds", "Time to fit", "seconds to fit"),
            ("n_parameters", "Parameters", "parameters"),
        )
    ]
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
            "fit_seconds": "fit (s)",
            "predict_us_per_step": "predict (µs/step)",
            "n_parameters": "parameters",
            "peak_memory_mb": "peak memory (MB)",
        },
    )
    return Section("cost", "What it costs", (), (*figures, table))


def map_figure(kinds: pd.DataFrame, x: str, name: str) -> Figure:
    """Return the map of skill, a panel a task."""
    groups = int(kinds.groupby("task")["group"].nunique().max())
    return Figure(
        name=name,
        title="Cannot, did not, does: the map of skill",
        caption=MAP_HELP if x == "distance" else MAP_HELP.replace("distance", "number of bits"),
        alt="Maps of skill by kind of model; the numbers follow below, with what theory says of each cell.",
        panels=tuple(
            Panel(str(task), partial(_map, part, x=x)) for task, part in kinds.groupby("task", sort=False)
        ),
        data=kinds.drop(columns="family").rename(columns={"group": "kind of model"}),
        size=(4.1, 0.25 * groups + 0.95),
    )


def horizon_parts(frame: pd.DataFrame) -> Iterable[Figure | Table]:
    """Return the horizons of the best of each family as a figure, and those of all models as a table.

    Parameters
    ----------
    frame : DataFrame
        Rows of a sweep over distance, failed ones among them.
    """
    table = horizons(frame)
    best = views.best_horizons(table)
    if best.empty:
        return
    looks = {g: style.family_style(f) for g, f in best[["group", "family"]].drop_duplicates().to_numpy()}
    yield Figure(
        name="horizons",
        title="Horizons: how far the best model of each family reaches",
        caption=(
            "The mark is the largest distance at which, and at every smaller one, mean skill is above one "
            "half; the line runs to the first distance where it is not. An arrow: above one half at every "
            "distance swept. A tick at the left edge: below it at the smallest. A question mark: from the "
            "mark on, or from the smallest distance on, nothing can be said, since no trial has finished "
            "there or optimal and chance are too close."
        ),
        alt="; ".join(f"{r.task}, {r.group}: {r.horizon}" for r in best.itertuples()),
        panels=(Panel("", partial(_horizons, best)),),
        data=best[["task", "group", "last_above", "first_below", "low", "high", "interval", "horizon"]],
        series=tuple(looks.items()),
        size=(6.0, 0.16 * best["task"].nunique() * max(best["group"].nunique(), 2) + 0.9),
    )
    shown = table.assign(horizon=table["horizon"].map(dash), reach=table.apply(_reach, axis=1))
    yield Table(
        "horizons",
        "Horizon of every model",
        "In steps. The bracket runs from the last distance above one half to the first below; ≥ stands where "
        "there is none below, and none where nothing can be said of the smallest. Interval: the "
        "same by the lower and by the upper bounds of the skills.",
        shown,
        {"task": "task", "model": "model", "horizon": "horizon", "reach": "interval", "n_seeds": "seeds"},
    )


def every_model(rows: pd.DataFrame, x: str, name: str) -> list[Figure]:
    """Return skill of every model, a figure a family."""
    looks = canvas.styles_of(rows)
    figures = []
    for family, mine in rows.groupby("family", sort=False):
        table = views.skill_by(mine, ["task", x, "model", "family", "variant", "capacity"])
        figures.append(
            Figure(
                name=f"{name}_{''.join(c if c.isalnum() and c.isascii() else '_' for c in str(family))}",
                title=f"{style.family_name(str(family))}: every model",
                caption=f"Darker is larger. {intervals(mine)}",
                alt=alt_of_skill(table, x),
                panels=panels_of(table, x, looks),
                data=table.drop(columns=["family", "variant", "capacity"]),
                series=tuple((m, looks[m]) for m in dict.fromkeys(table["model"])),
            )
        )
    return figures


def panels_of(table: pd.DataFrame, x: str, looks: dict[str, SeriesStyle]) -> tuple[Panel, ...]:
    """Return a panel of skill for each task."""
    return tuple(
        Panel(str(task), partial(_skill, part, x=x, looks=looks))
        for task, part in table.groupby("task", sort=False)
    )


def alt_of_skill(table: pd.DataFrame, x: str) -> str:
    """Say in words where lines of skill begin and end."""
    sentences = []
    for task, part in table.groupby("task", sort=False):
        ends = part.sort_values(x, kind="stable").groupby("model", sort=False)["skill"].agg(["first", "last"])
        words = ", ".join(f"{m} from {a:.2f} to {b:.2f}" for m, a, b in ends.itertuples())
        low, high = part[x].min(), part[x].max()
        sentences.append(f"{task}, from {low:g} to {high:g}: {words}.")
    return "Skill against " + ("distance. " if x == "distance" else "bits of memory. ") + " ".join(sentences)


def alt_of_cost(means: pd.DataFrame, name: str, words: str) -> str:
    """Say in words which models are on the front."""
    sentences = []
    for task, part in means[cost.competes(means)].groupby("task", sort=False):
        front = part[cost.pareto_front(part[name].where(part[name] > 0), part["skill"])].sort_values(name)
        listed = ", ".join(
            f"{r.model} ({getattr(r, name):.3g}, skill {r.skill:.2f})" for r in front.itertuples()
        )
        sentences.append(f"{task}: {listed}.")
    return f"Scatter of {words} against mean skill. On the front: " + " ".join(sentences)


def dash(words: str) -> str:
    """Write a bracket with the signs that print uses."""
    return words.replace(">= ", "≥ ").replace("-", "–")


def _reach(row: pd.Series) -> str:
    low, high = (float(row[name]) for name in ("low", "high"))
    if np.isnan(low) and np.isnan(high):
        return ""
    return f"{'below' if np.isnan(low) else f'{low:g}'} to {'below' if np.isnan(high) else f'{high:g}'}"


def _skill(frame: pd.DataFrame, ax: Axes, *, x: str, looks: dict[str, SeriesStyle]) -> Axes:
    return distance.skill_by_distance(frame, ax, styles=looks, x=x, label_lines=False)


def _map(frame: pd.DataFrame, ax: Axes, *, x: str) -> Axes:
    return distance.skill_map(frame, ax, x=x)


def _horizons(frame: pd.DataFrame, ax: Axes) -> Axes:
    return distance.horizons(frame, ax)


def _cost(frame: pd.DataFrame, ax: Axes, *, cost_name: str, looks: dict[str, SeriesStyle]) -> Axes:
    return cost.cost_against_score(frame, ax, cost=cost_name, score_label="mean skill", styles=looks)


def _capacity(frame: pd.DataFrame, ax: Axes, *, y: str, words: str, looks: dict[str, SeriesStyle]) -> Axes:
    return cost.growth(
        frame,
        ax,
        x="memory_bits",
        y=y,
        x_label="memory (bits)",
        y_label=f"capacity, {words}",
        styles=looks,
        label_lines=False,
    )
