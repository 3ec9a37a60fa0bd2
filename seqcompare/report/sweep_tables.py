"""A sweep as its report sees it, and the small tables that figures are drawn from."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import cached_property

import numpy as np
import pandas as pd

from seqcompare.families import REFERENCE
from seqcompare.report.figures import SWEEP
from seqcompare.report.figures.canvas import styles_of
from seqcompare.report.names import distinct, palette_of
from seqcompare.results.folder import StoredRun
from seqcompare.results.groups import groups_of
from seqcompare.results.horizon import horizons
from seqcompare.results.skill import best_of, compare_models
from seqcompare.results.statistics import mean_interval
from seqcompare.style import SeriesStyle

AHEAD = " (looks ahead)"
LEARNED = 0.5
SOLVED = 0.9

#: How training ends before it is done: by the iterations allowed, or by the clock.
_CUT_SHORT = ("budget", "seconds")


class SweepView:
    """A sweep as its report sees it.

    Parameters
    ----------
    frame : DataFrame
        Rows of a sweep.
    config : mapping
        What the run says of its families; without, those that are registered are meant.
    stored : StoredRun, optional
        The run itself, where there is one.

    Attributes
    ----------
    palette : Palette
        How its families look.
    frame : DataFrame
        Its rows, with names that can be shown, families in their order; ``symbols`` is added: the size of
        the alphabet, where a task has one.
    """

    kind = SWEEP

    def __init__(
        self, frame: pd.DataFrame, config: Mapping[str, object], stored: StoredRun | None = None
    ) -> None:
        self._stored = stored
        frame = frame.assign(symbols=frame["task_params"].map(_parameters).map(_alphabet))
        self.palette, names = palette_of(config, frame["family"], frame["variant"])
        nameless = frame["variant"] == ""
        for column, limit in (("task", 36), ("model", 32), ("variant", 24)):
            frame[column] = frame[column].map(distinct(frame[column], limit))
        frame["family"] = frame["family"].map(names)
        # a model of the user's may be of no kind: families of such must not become one
        frame["variant"] = frame["variant"].mask(nameless, frame["family"])
        places = frame["family"].map({family: place for place, family in enumerate(self.palette)})
        self.frame: pd.DataFrame = frame.iloc[np.argsort(places, kind="stable")].reset_index(drop=True)

    @property
    def run(self) -> StoredRun:
        """The run as it is stored."""
        assert self._stored is not None, "there is no run behind these rows"
        return self._stored

    @cached_property
    def rows(self) -> pd.DataFrame:
        """The trials that ended well and have a skill."""
        ended_well = (self.frame["status"] == "ok") & np.isfinite(self.frame["skill"])
        rows: pd.DataFrame = self.frame.loc[ended_well]
        return rows

    @cached_property
    def swept(self) -> pd.DataFrame:
        """The `rows` over distance."""
        return self.rows[self.rows["axis"] == "distance"]

    @cached_property
    def farthest(self) -> pd.DataFrame:
        """The `swept` ones at the largest distance of each task."""
        swept = self.swept
        return swept[swept["distance"] == swept.groupby("task")["distance"].transform("max")]

    @cached_property
    def memory(self) -> pd.DataFrame:
        """The `rows` over bits of memory."""
        return self.rows[self.rows["axis"] == "memory"]

    @cached_property
    def horizons(self) -> pd.DataFrame:
        """How far each model reaches: failed trials end horizons, and are in nothing else."""
        return horizons(self.frame)

    @cached_property
    def comparisons(self) -> pd.DataFrame:
        """Paired comparisons of all models; see `seqcompare.results.skill.compare_models`."""
        return compare_models(self.rows)

    @cached_property
    def looks(self) -> dict[str, SeriesStyle]:
        """The style of each model."""
        return styles_of(self.rows, self.palette)

    def kind_names(self, rows: pd.DataFrame) -> pd.Series:
        """Return what the kind of model of each row is called; without one, as its family."""
        return rows["variant"].map(self.palette.model_title)

    def by_family(self, rows: pd.DataFrame, extra: list[str]) -> pd.DataFrame:
        """Return the skill of the best model of each family, chosen on validation data; as ``model``.

        Parameters
        ----------
        rows : DataFrame
            Finished trials.
        extra : list of str
            What else to group by: the task and what is swept.
        """
        return skill_by(self._best_and_machines(rows), [*extra, "model", "family"])

    def over_tasks(self) -> pd.DataFrame:
        """Return the skill of the best model of each family, as `by_family`, as its mean over all tasks.

        A distance counts for a family only where each task has it: else a line would follow the tasks that
        happen to go so far, and not the distance.
        """
        by = ["distance", "model", "family", "seed"]
        means = (
            self._best_and_machines(self.swept)
            .groupby(by, sort=False)
            .agg(
                skill=("skill", "mean"),
                n_tasks=("task", "nunique"),
                stop=("stop", _worst_stop),
            )
        )
        whole = means[means["n_tasks"] == self.swept["task"].nunique()].reset_index()
        return skill_by(whole.assign(can_represent=None), by[:-1])

    def by_kind(self, rows: pd.DataFrame, x: str) -> pd.DataFrame:
        """Return the rows of the map of skill: the best model of each kind, chosen on validation data.

        ``can_represent`` is that of all that were tried: False only if none of them can.

        Parameters
        ----------
        rows : DataFrame
            Finished trials.
        x : str
            What is swept.
        """
        learned = rows[rows["family"] != REFERENCE]
        best = best_of(learned, "variant")
        table = skill_by(best.assign(group=self.kind_names(best)), ["task", x, "family", "group"])
        keys = ["task", x, "group"]
        grid = {
            tuple(part.first(name) for name in keys): _agreed(part["can_represent"].tolist())
            for part in groups_of(learned.assign(group=self.kind_names(learned)), keys)
        }
        table["can_represent"] = [grid[key] for key in zip(*(table[name] for name in keys), strict=True)]
        return table

    def best_horizons(self) -> pd.DataFrame:
        """Return, of the `horizons`, the best of each family; its words as ``group``."""
        best = self.horizons[self.horizons["best"]]
        return best.assign(group=self._group_names(best))

    def group_styles(self, names: pd.DataFrame) -> dict[str, SeriesStyle]:
        """Return the style of each ``model`` that stands for a family; broken for those that look ahead."""
        pairs = names[["model", "family"]].drop_duplicates().itertuples(index=False, name=None)
        return {
            str(name): self.palette.style(family, line=int(str(name).endswith(AHEAD)))
            for name, family in pairs
        }

    def kind_styles(self, rows: pd.DataFrame) -> dict[str, SeriesStyle]:
        """Return the style of each ``model`` that stands for a kind of models."""
        kinds = rows[["model", "family", "variant"]].drop_duplicates().itertuples(index=False, name=None)
        return self.palette.model_styles((m, f, v, 0.0) for m, f, v in kinds)

    def _best_and_machines(self, rows: pd.DataFrame) -> pd.DataFrame:
        best = best_of(rows)
        machines = rows[rows["family"] == REFERENCE]
        title = self.palette.title(REFERENCE)
        return pd.concat([best.assign(model=self._group_names(best)), machines.assign(model=title)])

    def _group_names(self, rows: pd.DataFrame) -> list[str]:
        return [
            self.palette.title(family) + ("" if causal else AHEAD)
            for family, causal in zip(rows["family"], rows["causal"], strict=True)
        ]


def skill_by(rows: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Return mean skill with its interval for each group of finished trials.

    Returns
    -------
    DataFrame
        The columns `by`, and skill, low, high, n_seeds, can_represent (True if any model of the group can,
        False if none can, None where theory is silent), n_budget (seeds whose training ended with its
        budget) and n_seconds (seeds that the safety net of seconds cut off).
    """
    records = []
    for part in groups_of(rows, by, dropna=False):
        found = mean_interval(part["skill"])
        records.append(
            {
                **{name: part.first(name) for name in by},
                "skill": found.mean,
                "low": found.low,
                "high": found.high,
                "n_seeds": found.n,
                "can_represent": _agreed(part["can_represent"].tolist()),
                **{f"n_{reason}": int((part["stop"] == reason).sum()) for reason in _CUT_SHORT},
            }
        )
    columns = [
        *by,
        "skill",
        "low",
        "high",
        "n_seeds",
        "can_represent",
        *(f"n_{reason}" for reason in _CUT_SHORT),
    ]
    return pd.DataFrame(records, columns=columns)


def smallest_solvers(rows: pd.DataFrame, x: str = "distance") -> pd.DataFrame:
    """Return, for each task and distance, the model of fewest parameters whose mean skill is at least 0.9."""
    learned = rows[rows["family"] != REFERENCE]
    means = learned.groupby(["task", x, "model"], sort=False)[["skill", "n_parameters"]].mean().reset_index()
    records = []
    for task, part in means.groupby("task", sort=False):
        record: dict[str, object] = {"task": task}
        for value in sorted(means[x].unique()):
            here = part[part[x] == value]
            solved = here[here["skill"] >= SOLVED].sort_values("n_parameters", kind="stable")
            none = "none" if len(here) else ""
            record[f"{value:g}"] = solved["model"].iloc[0] if len(solved) else none
        records.append(record)
    return pd.DataFrame(records)


def at_shared_distances(rows: pd.DataFrame, counted: pd.Series) -> pd.DataFrame:
    """Return the rows of one task from which models can be compared by their means.

    These are the rows at the distances that most models have finished trials at (all of them, where any
    distance has all), of the models that have some at each.

    Parameters
    ----------
    rows : DataFrame
        Finished trials.
    counted : Series of bool
        Rows of the models that have a say in what the distances are; all have where none is counted.
    """
    n_models = (rows[counted] if counted.any() else rows).groupby("distance")["model"].nunique()
    here = rows[rows["distance"].isin(n_models.index[n_models == n_models.max()])]
    n_distances = here.groupby("model")["distance"].transform("nunique")
    return here[n_distances == here["distance"].nunique()]


def _worst_stop(reasons: pd.Series) -> str:
    return next((reason for reason in _CUT_SHORT if reasons.eq(reason).any()), "")


def _agreed(answers: list[object]) -> bool | None:
    if any(answer is True for answer in answers):
        return True
    return False if answers and all(answer is False for answer in answers) else None


def _alphabet(found: dict[str, object]) -> float:
    sizes = [found[name] for name in ("n_symbols", "n_fillers", "n_types") if name in found]
    return float(str(sizes[0])) if sizes else math.nan


def _parameters(text: object) -> dict[str, object]:
    try:
        found = json.loads(str(text))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
