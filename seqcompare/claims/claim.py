"""What a claim is: a sentence, the sweep that puts it to the test, and what must come out."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from seqcompare.results.statistics import ENOUGH, Interval, mean_interval
from seqcompare.typing import Params, Record

HOLDS, FAILS, UNDECIDED = "holds", "does not hold", "cannot tell"


@dataclass(frozen=True)
class Expectation:
    """What one model must score at one distance, were the claim true.

    Parameters
    ----------
    task : str
        Name of the task.
    model : str
        Label of the model.
    distance : int
        Steps between the input that matters and the output.
    at_least, at_most : float, optional
        Bound of the skill; one of them is given.
    """

    task: str
    model: str
    distance: int
    at_least: float | None = None
    at_most: float | None = None

    def __post_init__(self) -> None:
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("an expectation has either at_least or at_most")

    @property
    def bound(self) -> str:
        """The bound in words."""
        return f"at least {self.at_least:g}" if self.at_least is not None else f"at most {self.at_most:g}"

    def judge(self, frame: pd.DataFrame) -> Record:
        """Return what a sweep says of it: the skill with its interval over seeds, and an outcome.

        It holds if the whole interval keeps the bound, does not hold if the whole interval breaks it, and
        otherwise the data cannot tell. Nor can they where fewer than `ENOUGH` seeds have finished, since a
        few say nothing of the others, and the skill is NaN where none has; or where only a low skill
        decides and a trial was cut off by the clock, since it might have learned more.
        """
        asked = frame[(frame["task"] == self.task) & (frame["model"] == self.model)]
        here = asked[
            (asked["distance"] == self.distance) & (asked["status"] == "ok") & np.isfinite(asked["skill"])
        ]
        nothing = Interval(math.nan, math.nan, math.nan, 0, "range")
        skill = nothing if here.empty else mean_interval(here["skill"])
        if self.at_least is not None:
            reaches, stays_below = skill.low >= self.at_least, skill.high < self.at_least
        else:
            bound = float(self.at_most or 0)
            reaches, stays_below = skill.low > bound, skill.high <= bound
        reaches, stays_below = (skill.n >= ENOUGH and found for found in (reaches, stays_below))
        stays_below &= not (here["stop"] == "seconds").any()
        kept, broken = (stays_below, reaches) if self.at_least is None else (reaches, stays_below)
        return {
            "task": self.task,
            "distance": self.distance,
            "model": self.model,
            "family": asked["family"].iloc[0] if len(asked) else "",
            "expected skill": self.bound,
            "at_least": self.at_least,
            "at_most": self.at_most,
            "skill": skill.mean,
            "low": skill.low,
            "high": skill.high,
            "seeds": skill.n,
            "outcome": HOLDS if kept else FAILS if broken else UNDECIDED,
        }


@dataclass(frozen=True)
class Claim:
    """A sentence that textbooks write, and the experiment that decides on it.

    Parameters
    ----------
    name : str
        A short handle.
    statement : str
        The sentence.
    source : str
        Where something like it stands.
    suite : mapping
        The sweep, as `seqcompare.sweep` takes it.
    expectations : tuple of Expectation
        What comes out of the sweep if the claim is true; all of it must.
    note : str, default=""
        What to keep in mind when reading the outcome.
    """

    name: str
    statement: str
    source: str
    suite: Params
    expectations: tuple[Expectation, ...]
    note: str = ""

    def judge(self, frame: pd.DataFrame) -> tuple[str, pd.DataFrame]:
        """Return the outcome of the claim and, as its evidence, what came of each expectation.

        A claim holds if every expectation does, does not hold if one does not, and else is open.
        """
        evidence = pd.DataFrame([expectation.judge(frame) for expectation in self.expectations])
        outcomes = set(evidence["outcome"])
        outcome = HOLDS if outcomes == {HOLDS} else FAILS if FAILS in outcomes else UNDECIDED
        return outcome, evidence
