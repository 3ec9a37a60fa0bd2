"""What a budget left out: which candidates, why, and which trials count then."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from seqcompare.results.untried import Untried

#: Side tables of a comparison: the trials that its results are made of, the candidates that were left out,
#: and what was spent. A run without limits has none of them.
COUNTED, LEFT_OUT, SPENT = "counted", "left_out", "spent"

#: Phases of trials: the choice of a candidate, and the race of candidates on parts of the data.
TUNING, RACE = "tuning", "race"

#: Why a candidate was left out. What was told apart is no gap in what was tried; failures are in no table.
OVER_TIME, OVER_MEMORY, TOLD_APART, FAILED = "over the budget", "over the memory", "told apart", "failed"


@dataclass(frozen=True)
class LeftOut:
    """A candidate that was not tried to the end.

    Parameters
    ----------
    entry, model : str
        The model, and its candidate.
    reason : {"over the budget", "over the memory", "told apart", "failed"}
        Why.
    part : int
        Of one in how many training items it was known by then; 0 where of none.
    """

    entry: str
    model: str
    reason: str
    part: int


@dataclass(frozen=True, eq=False)
class Spent:
    """What was spent on a comparison, and what was left out for that.

    Parameters
    ----------
    seconds : float or None
        The budget; None without one.
    spent : float
        Seconds until the last trial had ended, without those of `compiling`.
    memory : float
        Bytes that all trials at a time could have.
    left_out : tuple of LeftOut
        The candidates that were not tried to the end.
    n_candidates : dict of str to int
        How many there were of each model.
    skipped : str
        What of the whole procedure there was no time for.
    raced : dict of str to int
        The models whose candidates were chosen by one in so many of the items of training parts.
    compiling : float
        Seconds beyond half of the budget in which models were loaded, and compiled, as happens once.
    """

    seconds: float | None
    spent: float
    memory: float
    left_out: tuple[LeftOut, ...] = ()
    n_candidates: Mapping[str, int] = field(default_factory=dict)
    skipped: str = ""
    raced: Mapping[str, int] = field(default_factory=dict)
    compiling: float = 0.0

    @classmethod
    def of(
        cls,
        facts: pd.DataFrame,
        left_out: pd.DataFrame,
        grids: Mapping[str, Sequence[str]],
        chosen_by: pd.DataFrame,
    ) -> Spent:
        """Return what the side tables of a run say.

        Parameters
        ----------
        facts, left_out : DataFrame
            The tables `SPENT` and `LEFT_OUT`.
        grids : mapping of str to sequence of str
            The candidates of each model that there were before any was tried; others do not count.
        chosen_by : DataFrame
            What `choosing_rows` returns.
        """
        value = dict(zip(facts["name"], facts["value"], strict=True))
        seconds = float(value["budget_seconds"])
        race = chosen_by[chosen_by["axis"] == RACE]
        left = [LeftOut(*row) for row in left_out.itertuples(index=False, name=None)]
        return cls(
            None if np.isnan(seconds) else seconds,
            float(value["spent_seconds"]),
            float(value["memory_bytes"]),
            tuple(x for x in left if x.model in grids.get(x.entry, ())),
            {entry: len(labels) for entry, labels in grids.items()},
            value["skipped"] if isinstance(value["skipped"], str) else "",
            dict(zip(race["entry"], part_of_rows(race), strict=True)),
            # of runs of earlier versions nothing is known
            float(value.get("compiling_seconds", 0.0)),
        )

    @property
    def late(self) -> list[LeftOut]:
        """The candidates that there was no time for."""
        return [x for x in self.left_out if x.reason == OVER_TIME]

    @property
    def cut_short(self) -> bool:
        """Whether more time would have tried more."""
        return bool(self.skipped or self.late)

    @property
    def all_missing(self) -> list[LeftOut]:
        """The candidates that may be better than those that were tried."""
        return [x for x in self.left_out if x.reason != TOLD_APART]

    def missing(self, entry: str) -> list[LeftOut]:
        """Return those of one model."""
        return [x for x in self.all_missing if x.entry == entry]

    def not_tried(self, tested: Collection[str]) -> dict[str, str]:
        """Return the models of which nothing was tested, with the reason."""
        found = {}
        for entry in dict.fromkeys(x.entry for x in self.left_out):
            reasons = dict.fromkeys(x.reason for x in self.missing(entry))
            if entry not in tested:
                found[entry] = " and ".join(reasons) or OVER_TIME
        return found

    def untried(self, tested: Collection[str]) -> dict[str, Untried]:
        """Return the models whose best member may be among what was left out."""
        found = {}
        for entry in tested:
            missing = self.missing(entry)
            if missing:
                reasons = " and ".join(dict.fromkeys(x.reason for x in missing))
                n = self.n_candidates.get(entry, 0)
                found[entry] = Untried(
                    f"{len(missing)} of its {max(n, len(missing))} candidates were {reasons}"
                )
        return found


def choosing_rows(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that candidates are chosen by: of tuning, or of the largest part of a race.

    Parameters
    ----------
    frame : DataFrame
        Rows of trials: ``entry``, ``axis``, ``task_params``.
    """
    tuning = frame[frame["axis"] == TUNING]
    race = frame[(frame["axis"] == RACE) & ~frame["entry"].isin(tuning["entry"])]
    if race.empty:
        return tuning
    part = part_of_rows(race)
    largest = part.groupby(race["entry"]).transform("min")
    return pd.concat([tuning, race[part == largest]])


def part_of_rows(frame: pd.DataFrame) -> pd.Series:
    """Return of each trial of a race one in how many items it was fitted to."""
    return frame["task_params"].map(lambda text: int(json.loads(text).get("part", 1)))
