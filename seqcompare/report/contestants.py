"""The contestants of a comparison as people see them: a name and a style for each, in every figure alike."""

from __future__ import annotations

import pandas as pd

from seqcompare import style
from seqcompare.report.names import distinct
from seqcompare.results.comparison import StoredComparison
from seqcompare.results.contest import CHANCE

SCORES = {
    "bits": "bits per symbol (less is better)",
    "label bits": "bits per label (less is better)",
    "accuracy": "accuracy",
    "mse": "mean squared error",
}
LOSSES = {
    "bits": "bits per symbol",
    "label bits": "bits per label",
    "accuracy": "the share of wrong answers",
    "mse": "the mean squared error",
}


class Contestants:
    """The contestants of a comparison.

    Parameters
    ----------
    run : StoredComparison
        The comparison.

    Attributes
    ----------
    summary : DataFrame
        Its summary, with names that can be shown; ``model`` is the contestant.
    metric : str
        What they are compared by.
    looks : dict of str to SeriesStyle
        The style of each contestant, by the name that is shown.
    chance : float or None
        The score of chance.
    winner : str or None
        The contestant that is enough, by the name that is shown; None where the data cannot tell.
    """

    def __init__(self, run: StoredComparison) -> None:
        table = run.summary()
        self._names = distinct(table["entry"], 24)
        self.metric = run.result.metric.name
        self.summary = self.named(table)
        by_causal = self.summary.sort_values("causal", ascending=False, kind="stable")
        self.looks = style.contestant_styles(
            by_causal[["model", "family"]].itertuples(index=False, name=None)
        )
        level = self.summary.loc[table["entry"] == CHANCE, "score"]
        self.chance = float(level.iloc[0]) if len(level) else None
        judged = run.result.judgement
        decided = judged.kind in {"model", "chance"} and judged.winner is not None
        self.winner = self._names[judged.winner] if decided else None

    def named(self, frame: pd.DataFrame, columns: tuple[str, ...] = ("entry",)) -> pd.DataFrame:
        """Return `frame` with contestants by the names that are shown; ``entry`` is ``model`` as well."""
        known = {column: frame[column].map(self._names) for column in columns}
        return frame.assign(**known, **({"model": known["entry"]} if "entry" in known else {}))

    @property
    def score_words(self) -> str:
        """What the metric is called on an axis."""
        return SCORES.get(self.metric, self.metric)

    @property
    def loss_words(self) -> str:
        """What contestants lose by, in a sentence."""
        return LOSSES.get(self.metric, self.metric)

    @property
    def models(self) -> pd.DataFrame:
        """The rows of `summary` that are models: all but chance."""
        return self.summary[self.summary["entry"] != self._names.get(CHANCE)]
