"""The winner that sees no more than it needs, tested as the others were."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from seqcompare.results.contest import CHANCE, Contest, loss_table, summary
from seqcompare.results.described import Config
from seqcompare.results.grids import paired_difference
from seqcompare.results.judgement import Judgement
from seqcompare.results.store import Sums

# What is likely as good as any stays so when it sees less.
_LIKELY = 0.5


@dataclass(frozen=True, eq=False)
class Shorter:
    """The winner that sees no more than its context curve says is enough, tested as the others were.

    Parameters
    ----------
    table : DataFrame
        Its row, as in the summary.
    behind, error : float
        How much more it loses than the winner, and the standard error of that.
    tolerance : float
        What is practically equal.
    holds : bool, default=True
        Whether the winner is still good enough when it sees no more than that.
    """

    table: pd.DataFrame
    behind: float
    error: float
    tolerance: float
    holds: bool = True

    @property
    def named(self) -> bool:
        """Whether it is named in place of the winner: it is not told apart, or practically as good."""
        error = self.error if np.isfinite(self.error) else 0.0
        return self.holds and bool(self.behind <= max(error, self.tolerance))

    @property
    def label(self) -> str:
        """What it is called."""
        return str(self.table["chosen"].iloc[0])

    def row(self) -> Config:
        """Return its row."""
        return {str(name): value for name, value in self.table.iloc[0].to_dict().items()}

    def into(self, answer: pd.DataFrame) -> pd.DataFrame:
        """Return the rows of an answer with what it is called, scores and costs, if it is named."""
        row = self.row()
        mine = (answer["entry"] == row["entry"]) & self.named
        own = ("score", "low", "high", "n_parameters", "predict_us_per_step")
        new = {"candidate": self.label, **{name: row[name] for name in own}}
        return answer.assign(**{name: answer[name].mask(mine, value) for name, value in new.items()})

    def frame(self) -> pd.DataFrame:
        """Return its row, with ``behind``, ``error`` and ``named``."""
        return self.table.assign(behind=self.behind, error_behind=self.error, named=self.named)


class Settled(NamedTuple):
    """Who is good enough.

    Attributes
    ----------
    shorter : Shorter or None
        The winner that sees no more than it needs.
    judgement : Judgement
        What the scores say, those of the shorter one in place of the winner's where it is named.
    contest : Contest
        The models that this is said of.
    """

    shorter: Shorter | None
    judgement: Judgement
    contest: Contest


def settle(
    contest: Contest,
    judged: Callable[[pd.DataFrame], Judgement],
    rows: pd.DataFrame,
    tests: pd.DataFrame,
    tuning: pd.DataFrame,
    sums: Mapping[str, Sums],
) -> Settled:
    """Return who is good enough, seeing no more than it needs: as such it is judged once more.

    Parameters
    ----------
    contest, rows, tests, tuning, sums
        As in `find_shorter`.
    judged : callable (losses) -> Judgement
        What the losses say.
    """
    first = judged(contest.losses)
    shorter = find_shorter(contest, first.winner, rows, tests, tuning, sums)
    if shorter is None or not shorter.named:
        return Settled(shorter, first, contest)
    mine, own = contest.losses["entry"] == first.winner, rows[rows["entry"] == first.winner]
    losses = pd.concat([contest.losses[~mine], loss_table(own, sums)], ignore_index=True)
    again = judged(losses)
    good, still = (found.good_enough.get(str(first.winner), 0.0) for found in (first, again))
    if (again.kind, again.winner) != (first.kind, first.winner) or still < min(good, _LIKELY):
        return Settled(replace(shorter, holds=False), first, contest)
    return Settled(shorter, again, replace(contest, losses=losses))


def find_shorter(
    contest: Contest,
    winner: str | None,
    rows: pd.DataFrame,
    tests: pd.DataFrame,
    tuning: pd.DataFrame,
    sums: Mapping[str, Sums],
) -> Shorter | None:
    """Return the winner that sees no more than its context curve says is enough.

    Parameters
    ----------
    contest : Contest
        The models on the test data.
    winner : str or None
        Who won it.
    rows : DataFrame
        Tests of what sees less.
    tests, tuning : DataFrame
        Rows of testing and of tuning.
    sums : mapping of str to ndarray of shape (m, 3)
        Weight, loss and bits of the units of each trial.

    Returns
    -------
    Shorter or None
        None where nothing of that kind was tested, or it did not end well.
    """
    rows = rows[rows["entry"] == winner]
    if winner is None or rows.empty or (rows["status"] != "ok").any():
        return None
    tests = pd.concat([tests[tests["entry"] == CHANCE], rows])
    alone = replace(contest, losses=loss_table(tests, sums))
    behind, error = paired_difference(alone.units[winner], contest.units[winner])
    table = summary(alone, tests, tuning)
    return Shorter(table[table["entry"] == winner], behind, error, contest.tolerance)
