"""The report on several runs: what they have in common, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeAlias

import pandas as pd
from matplotlib.axes import Axes

from seqcompare.quantities import skill as say_skill
from seqcompare.report.appendix import flat
from seqcompare.report.figures import COMPARISON, data, skill
from seqcompare.report.names import all_families, distinct, palette_of, shown
from seqcompare.report.parts import Figure, Panel, Report, Section, Table
from seqcompare.report.sweep_tables import SweepView
from seqcompare.results.comparison import StoredComparison
from seqcompare.results.folder import StoredRun
from seqcompare.style import LINES, Palette, SeriesStyle

#: What is said, the sections, and how families look.
_Found: TypeAlias = tuple[tuple[str, ...], list[Section], Palette]


def side_by_side(runs: Sequence[StoredRun]) -> Report:
    """Return the report on several runs of one kind."""
    names = _run_names(runs)
    if runs[0].config.get("kind") == COMPARISON:
        scores, sections, palette = _compared(runs, names)
    else:
        scores, sections, palette = _swept(runs, names)
    return Report(
        title=" and ".join(names),
        question=f"What {len(runs)} runs found, side by side.",
        verdict=scores,
        headline=None,
        sections=(*sections, _settings(runs, names)),
        palette=palette,
    )


def _run_names(runs: Sequence[StoredRun]) -> list[str]:
    places = distinct([str(place) for place in range(len(runs))])
    by_folder = [shown(run.folder.name, 40) or "run" for run in runs]
    again = len(set(by_folder)) < len(by_folder)
    return [f"{name} ({int(places[str(k)]) + 1})" if again else name for k, name in enumerate(by_folder)]


def _swept(runs: Sequence[StoredRun], names: list[str]) -> _Found:
    together = all_families(run.config for run in runs)
    views = {name: SweepView(run.frame(), together, run) for run, name in zip(runs, names, strict=True)}
    both = pd.concat([view.swept.assign(run=name) for name, view in views.items()], ignore_index=True)
    palette, _ = palette_of(together, both["family"])
    means = both.groupby(["task", "distance", "model", "family", "run"], sort=False)["skill"].mean()
    table = means.unstack("run").reindex(columns=names).reset_index()
    headings = {"task": "task", "distance": "d", "model": "model", **{name: name for name in names}}
    if len(names) == 2:
        table["difference"] = table[names[1]] - table[names[0]]
        headings["difference"] = "difference"
    found = pd.concat([view.horizons.assign(run=name) for name, view in views.items()], ignore_index=True)
    found["horizon"] = found["horizon"].str.replace(">= ", "≥ ").str.replace("-", "–")
    wide = found.pivot(index=["task", "model"], columns="run", values="horizon")
    order = dict.fromkeys(zip(found["task"], found["model"], strict=True))
    wide = wide.reindex(index=list(order), columns=names).fillna("").reset_index()
    parts = (
        _skill_figure(views, palette),
        Table(
            "horizons",
            "Horizons",
            "In steps, for every model and for the best of each family; empty where a run has none.",
            wide,
            {"task": "task", "model": "model", **{name: name for name in names}},
        ),
        Table(
            "skills",
            "Mean skill",
            "Over seeds. A difference is of means, untested: the runs may have had other data and other "
            "seeds.",
            table,
            headings,
            {**dict.fromkeys(names, say_skill), "difference": _signed},
        ),
    )
    shared = table[names].notna().all(axis=1)
    said = [f"{int(shared.sum())} of {len(table)} combinations of task, distance and model are in all runs."]
    if len(names) == 2 and shared.any():
        change = table.loc[shared, "difference"]
        said.append(
            f"There the mean skill of {names[1]} is on average {change.mean():+.2f} above that of "
            f"{names[0]}; the changes run from {change.min():+.2f} to {change.max():+.2f}."
        )
    return tuple(said), [Section("skill", "Skill against distance", (), parts)], palette


def _signed(value: float) -> str:
    return say_skill(value) if value < 0 else f"+{say_skill(value)}"


def _skill_figure(views: Mapping[str, SweepView], palette: Palette) -> Figure:
    names = list(views)
    tables = [
        view.by_family(view.swept, ["task", "distance"]).assign(run=name) for name, view in views.items()
    ]
    best = pd.concat(tables, ignore_index=True)
    best["model"] = best["model"] + ", " + best["run"]
    looks = {}
    for model, family, run in best[["model", "family", "run"]].drop_duplicates().itertuples(index=False):
        # the first run is drawn as everywhere; the others by their lines
        line = LINES[names.index(str(run)) % len(LINES)]
        looks[str(model)] = replace(palette.style(str(family)), line=line)
    return Figure(
        name="skill_by_distance",
        title="Skill against distance: the best model of each family",
        caption="The colour is the family, the line the run.",
        alt="Lines of skill against distance for each family and run; the numbers follow below.",
        panels=tuple(
            Panel(str(task), partial(_skill, part, looks=looks))
            for task, part in best.groupby("task", sort=False)
        ),
        data=best.drop(columns="family"),
        series=tuple(looks.items()),
        y="skill",
    )


def _skill(frame: pd.DataFrame, ax: Axes, *, looks: dict[str, SeriesStyle]) -> Axes:
    return skill.skill_by_distance(frame, ax, styles=looks, label_lines=False)


def _compared(runs: Sequence[StoredRun], names: list[str]) -> _Found:
    tables, said = [], []
    for run, name in zip(runs, names, strict=True):
        stored = StoredComparison(run.folder)
        tables.append(stored.summary().assign(run=name, metric=stored.result.metric.name))
        said += [f"{name}: {shown(sentence, 600)}" for sentence in stored.verdict().sentences[:2]]
    both = pd.concat(tables, ignore_index=True)
    both["entry"] = both["entry"].map(distinct(both["entry"], 32))
    palette, shown_families = palette_of(all_families(run.config for run in runs), both["family"])
    both["family"] = both["family"].map(shown_families)
    panels = tuple(
        Panel(str(run), partial(_contest, part.rename(columns={"entry": "model"}), palette=palette))
        for run, part in both.groupby("run", sort=False)
    )
    figure = Figure(
        name="contest",
        title="Scores on test data",
        caption="The best on top; bars are 95% intervals.",
        alt="Scores of each contestant in each run; the numbers follow below.",
        panels=panels,
        data=both[["run", "entry", "family", "chosen", "metric", "score", "low", "high"]],
        size=(4.8, 0.27 * both.groupby("run").size().max() + 1.2),
        columns=2,
    )
    headings = {
        "entry": "contestant",
        "run": "run",
        "chosen": "chosen candidate",
        "metric": "metric",
        "score": "score",
        "low": "low",
        "high": "high",
        "n_parameters": "parameters",
        "fit_seconds": "fit",
    }
    rows = both.sort_values("entry", kind="stable")
    table = Table("summary", "Contestants", "Of all runs.", rows, headings)
    return tuple(said), [Section("scores", "Scores", (), (figure, table))], palette


def _contest(frame: pd.DataFrame, ax: Axes, *, palette: Palette) -> Axes:
    looks = palette.entry_styles((str(m), str(f)) for m, f in frame[["model", "family"]].to_numpy())
    return data.contest(frame, ax, score_label=str(frame["metric"].iloc[0]), styles=looks)


def _settings(runs: Sequence[StoredRun], names: list[str]) -> Section:
    columns = [
        dict(flat({k: run.config.get(k, {}) for k in ("settings", "versions", "machine")})) for run in runs
    ]
    keys = list(dict.fromkeys(key for column in columns for key in column))
    table = pd.DataFrame({"key": keys})
    for name, column in zip(names, columns, strict=True):
        table[name] = [column.get(key, "") for key in keys]
    differing = table[names].nunique(axis=1) > 1
    return Section(
        "settings",
        "In what the runs differ",
        (f"{int(differing.sum())} of {len(table)} settings and versions differ.",),
        (
            Table(
                "differences",
                "Settings and versions that differ",
                "Everything else is the same.",
                table[differing],
                {name: name for name in table.columns},
            ),
        ),
    )
