"""What a verdict is made of, and the sentences with the numbers behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from seqcompare.results.judgement import Judgement


@dataclass(frozen=True, eq=False)
class Findings:
    """What a verdict is made of; every frame is a table of the run.

    Parameters
    ----------
    data : mapping
        What is known of the data: role, counts, classes, how they were split.
    metric : str
        What contestants are compared by.
    tolerance : float
        What is practically equal, in units of the loss.
    judgement : Judgement
        Who is good enough.
    summary, pairs, ladders, contexts : DataFrame
        The tables of these names.
    profile : mapping of str to str
        Facts found before any model was chosen; empty where there is none.
    failures : DataFrame
        The rungs that failed while tuning, as `seqcompare.results.choice.failed_rungs` returns them.
    """

    data: Mapping[str, Any]
    metric: str
    tolerance: float
    judgement: Judgement
    summary: pd.DataFrame
    pairs: pd.DataFrame
    ladders: pd.DataFrame
    contexts: pd.DataFrame
    profile: Mapping[str, str]
    failures: pd.DataFrame

    def row(self, entry: str) -> dict[Any, Any]:
        """Return the row of a contestant in the summary."""
        return self.summary[self.summary["entry"] == entry].to_dict("records")[0]


class Writer:
    """Collects sentences with the numbers behind them."""

    def __init__(self) -> None:
        self.sentences: list[str] = []
        self.evidence: list[tuple[int, str, str, str, Any]] = []

    def say(self, sentence: str, *evidence: tuple[str, str, str, Any]) -> None:
        """Add a sentence; each number behind it is a table, row, column and value."""
        self.sentences.append(sentence)
        self.evidence += [(len(self.sentences), *number) for number in evidence]
