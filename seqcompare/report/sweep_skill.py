"""The parts of a sweep's report on skill: over distance, over bits of memory, and how far models reach."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from seqcompare.quantities import skill as say_skill
from seqcompare.report.figures import SWEEP, VERDICT, FigureSpec, figures_of, skill
from seqcompare.report.figures.canvas import styles_of
from seqcompare.report.figures.cost import growth
from seqcompare.report.parts import Figure, Panel, Section, Table
from seqcompare.report.sweep_tables import SweepView, skill_by, smallest_solvers
from seqcompare.results.growth import apart_by_distance, capacity_needed
from seqcompare.style import SeriesStyle

MAP_HELP = (
    "Yellow is skill 1, dark blue is skill 0. Hatched: no model of that kind here can represent the task at "
    "that distance, whatever it learns. Orange frame: one can, but none learned it within its budget. Each "
    "cell is the size that was best on validation data, averaged over seeds."
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


def _headline(view: SweepView) -> Figure | None:
    """Return skill against distance of the best model of each family, a panel a task."""
    if view.swept.empty:
        return None
    best = view.by_family(view.swept, ["task", "distance"])
    looks = view.group_styles(best)
    return Figure(
        name="skill_by_distance",
        title="Skill against distance: the best model of each family",
        caption=(
            "Skill 1 is the best possible predictor, skill 0 one without memory. In each family the model "
            f"that did best on validation data stands for it. {intervals(view.swept)} Skill outside of 0 to "
            "1 is clipped."
        ),
        alt=_alt_of_skill(best, "distance"),
        panels=_panels_of(best, "distance", looks),
        data=best.rename(columns={"model": "best of"}).drop(columns="family"),
        y="skill",
        series=tuple(looks.items()),
    )


def distance_section(view: SweepView) -> Section:
    """Return everything about the distance: map, horizons, smallest solvers, every model."""
    figures = figures_of(view, "distance")
    solvers = smallest_solvers(view.swept)
    parts: list[Figure | Table] = [
        *(figures.pop(name) for name in ("skill_map", "horizons") if name in figures),
        *_horizon_table(view),
        Table(
            "smallest_solvers",
            "The smallest model that solves it",
            "For each task and distance the model of fewest parameters whose mean skill is at least 0.9; "
            "none where no model of this run gets there, empty where nothing was run.",
            solvers,
            {name: name if name == "task" else f"d = {name}".replace("-", "−") for name in solvers.columns},
        ),
        *_every_model(view, view.swept, "distance", "skill"),
        *figures.values(),
    ]
    text = (
        "The distance is the number of steps between the input that matters and the output it determines; a "
        "negative distance is a look-ahead. Only the steps that need the dependency are scored.",
    )
    return Section("distance", "How far back", text, tuple(parts))


def memory_section(view: SweepView) -> Section:
    """Return what more bits of memory ask of each family, at a fixed distance."""
    rows = apart_by_distance(view.memory)
    needed = _needed(view)
    figures = figures_of(view, "memory")
    parts: list[Figure | Table] = [
        *(figures.pop(name) for name in _OF_MEMORY if name in figures),
        Table(
            "capacity_needed",
            "Capacity needed, in numbers",
            "The smallest capacity tried whose mean skill is at least 0.9, and the smallest that "
            "theory says can do it. Empty: none that was tried, or theory is silent.",
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
        *_every_model(view, rows, "memory_bits", "memory"),
        *figures.values(),
    ]
    text = (
        "How much has to be carried, at a fixed distance. A hidden Markov model of K states holds log2(K) "
        "bits, a chain of order k pays a context for every history of k symbols, a recurrent network pays "
        "hidden units.",
    )
    return Section("memory", "How much to carry", text, tuple(parts))


def _memory_figure(view: SweepView) -> Figure:
    """Return skill against bits of the best model of each family, a panel a task."""
    points = view.memory[["task", "distance"]].drop_duplicates().to_numpy()
    at = ", ".join(f"{task} at distance {distance}" for task, distance in points)
    rows = apart_by_distance(view.memory)
    best = view.by_family(rows, ["task", "memory_bits"])
    looks = view.group_styles(best)
    return Figure(
        name="skill_by_memory",
        title="Skill against the bits to be carried: the best model of each family",
        caption=f"The distance is fixed: {at}. {intervals(rows)}",
        alt=_alt_of_skill(best, "memory_bits"),
        panels=_panels_of(best, "memory_bits", looks),
        data=best.rename(columns={"model": "best of"}).drop(columns="family"),
        y="skill",
        series=tuple(looks.items()),
    )


def _needed(view: SweepView) -> pd.DataFrame:
    needed = capacity_needed(apart_by_distance(view.memory))
    return needed.assign(kind=view.kind_names(needed))


def _capacity_figure(view: SweepView) -> Figure | None:
    """Return the capacity needed against bits, measured and by theory; none where nothing suffices."""
    needed = _needed(view)
    shown = needed.assign(model=needed["kind"])
    looks = view.kind_styles(shown)
    panels = tuple(
        Panel(f"{task}: {words}", partial(_capacity, part, y=column, words=words, looks=looks))
        for task, part in shown.groupby("task", sort=False)
        for column, words in (("measured", "measured"), ("by_theory", "by theory"))
        if part[column].notna().any()
    )
    if not panels:
        return None
    return Figure(
        name="capacity_needed",
        title="Capacity needed against the bits to be carried",
        caption=(
            "The smallest capacity tried that reaches mean skill 0.9, and the smallest that theory "
            "says can. Orders, states, taps and hidden units count differently: compare how lines rise, not "
            "how high they are. No mark: no capacity tried is enough, or theory is silent."
        ),
        alt="Lines of the capacity needed against bits of memory; the numbers follow in the table below.",
        panels=panels,
        data=shown[["task", "memory_bits", "model", "capacity_name", "measured", "by_theory"]],
        series=tuple(looks.items()),
        columns=2,
    )


def _distance_map(view: SweepView) -> Figure:
    return _map_figure(view.by_kind(view.swept, "distance"), "distance", "skill_map")


def _memory_map(view: SweepView) -> Figure:
    return _map_figure(
        view.by_kind(apart_by_distance(view.memory), "memory_bits"), "memory_bits", "memory_map"
    )


def _map_figure(kinds: pd.DataFrame, x: str, name: str) -> Figure:
    """Return the map of skill, a panel a task."""
    groups = int(kinds.groupby("task")["group"].nunique().max())
    return Figure(
        name=name,
        title="Cannot, did not, does: the map of skill",
        caption=MAP_HELP if x == "distance" else MAP_HELP.replace("distance", "number of bits"),
        alt="Maps of skill by kind of model; the numbers follow below, with what theory says of each cell.",
        panels=tuple(
            Panel(str(task), partial(skill.skill_map, part, x=x))
            for task, part in kinds.groupby("task", sort=False)
        ),
        data=kinds.drop(columns="family").rename(columns={"group": "kind of model"}),
        size=(4.1, 0.25 * groups + 0.95),
    )


def _horizon_figure(view: SweepView) -> Figure | None:
    """Return the horizons of the best of each family."""
    best = view.best_horizons()
    if best.empty:
        return None
    pairs = best[["group", "family"]].drop_duplicates().to_numpy()
    looks = {group: view.palette.style(family) for group, family in pairs}
    return Figure(
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
        panels=(Panel("", partial(skill.horizons, best, palette=view.palette)),),
        data=best[["task", "group", "last_above", "first_below", "low", "high", "interval", "horizon"]],
        series=tuple(looks.items()),
        size=(4.8, 0.16 * best["task"].nunique() * max(best["group"].nunique(), 2) + 0.9),
    )


def _horizon_table(view: SweepView) -> list[Table]:
    """Return the horizons of all models; nothing where nothing was ranked."""
    table = view.horizons
    if not table["best"].any():
        return []
    shown = table.assign(horizon=table["horizon"].map(_dash), reach=table.apply(_reach, axis=1))
    return [
        Table(
            "horizons",
            "Horizon of every model",
            "In steps. The bracket runs from the last distance above one half to the first below; ≥ stands "
            "where there is none below, and none where nothing can be said of the smallest. Interval: the "
            "same by the lower and by the upper bounds of the skills.",
            shown,
            {"task": "task", "model": "model", "horizon": "horizon", "reach": "interval", "n_seeds": "seeds"},
        )
    ]


def _every_model(view: SweepView, rows: pd.DataFrame, x: str, name: str) -> list[Figure]:
    """Return skill of every model, a figure a family."""
    looks = styles_of(rows, view.palette)
    figures = []
    for family, mine in rows.groupby("family", sort=False):
        table = skill_by(mine, ["task", x, "model", "family", "variant", "capacity"])
        figures.append(
            Figure(
                name=f"{name}_{''.join(c if c.isalnum() and c.isascii() else '_' for c in str(family))}",
                title=f"{view.palette.title(str(family))}: every model",
                caption=f"Darker is larger. {intervals(mine)}",
                alt=_alt_of_skill(table, x),
                panels=_panels_of(table, x, looks),
                data=table.drop(columns=["family", "variant", "capacity"]),
                y="skill",
                series=tuple((m, looks[m]) for m in dict.fromkeys(table["model"])),
            )
        )
    return figures


def _panels_of(table: pd.DataFrame, x: str, looks: dict[str, SeriesStyle]) -> tuple[Panel, ...]:
    """Return a panel of skill for each task."""
    return tuple(
        Panel(str(task), partial(_skill, part, x=x, looks=looks))
        for task, part in table.groupby("task", sort=False)
    )


def _alt_of_skill(table: pd.DataFrame, x: str) -> str:
    """Say in words where lines of skill begin and end."""
    sentences = []
    for task, part in table.groupby("task", sort=False):
        ends = part.sort_values(x, kind="stable").groupby("model", sort=False)["skill"].agg(["first", "last"])
        words = ", ".join(f"{m} from {say_skill(a)} to {say_skill(b)}" for m, a, b in ends.itertuples())
        low, high = part[x].min(), part[x].max()
        sentences.append(f"{task}, from {low:g} to {high:g}: {words}.")
    return "Skill against " + ("distance. " if x == "distance" else "bits of memory. ") + " ".join(sentences)


def _dash(words: str) -> str:
    """Write a bracket with the signs that print uses."""
    return words.replace(">= ", "≥ ").replace("-", "–")


def _reach(row: pd.Series) -> str:
    low, high = (float(row[name]) for name in ("low", "high"))
    if np.isnan(low) and np.isnan(high):
        return ""
    return f"{'below' if np.isnan(low) else f'{low:g}'} to {'below' if np.isnan(high) else f'{high:g}'}"


def _skill(frame: pd.DataFrame, ax: Axes, *, x: str, looks: dict[str, SeriesStyle]) -> Axes:
    return skill.skill_by_distance(frame, ax, styles=looks, x=x, label_lines=False)


def _capacity(frame: pd.DataFrame, ax: Axes, *, y: str, words: str, looks: dict[str, SeriesStyle]) -> Axes:
    return growth(
        frame,
        ax,
        x="memory_bits",
        y=y,
        x_label="memory (bits)",
        y_label=f"capacity, {words}",
        styles=looks,
        label_lines=False,
    )


_OF_MEMORY = {
    "skill_by_memory": _memory_figure,
    "memory_map": _memory_map,
    "capacity_needed": _capacity_figure,
}
FIGURES = (
    FigureSpec("skill_by_distance", (SWEEP,), _headline, VERDICT),
    FigureSpec("skill_map", (SWEEP,), _distance_map, "distance"),
    FigureSpec("horizons", (SWEEP,), _horizon_figure, "distance"),
    *(FigureSpec(name, (SWEEP,), make, "memory") for name, make in _OF_MEMORY.items()),
)
