"""A comparison as its report sees it: a name and a style for each contestant, in every figure alike."""

from __future__ import annotations

import pandas as pd

from seqcompare.report.columns import loss_writers, score_writers
from seqcompare.report.figures import COMPARISON
from seqcompare.report.names import names_of, palette_of
from seqcompare.results.comparison import StoredComparison
from seqcompare.results.contest import CHANCE
from seqcompare.results.described import metrics_of


class ComparisonView:
    """A comparison as its report sees it.

    Parameters
    ----------
    run : StoredComparison
        The comparison.

    Attributes
    ----------
    palette : Palette
        How its families look.
    summary : DataFrame
        Its summary, with names that can be shown; ``model`` is the contestant.
    metric : Metric
        What contestants are compared by.
    headings : dict of str to str
        What each metric of the run is called.
    scores, losses : dict of str to callable (float) -> str
        How scores by it are written, and differences of its loss, by column.
    looks : dict of str to SeriesStyle
        The style of each contestant, by the name that is shown.
    chance : float or None
        The score of chance.
    winner : str or None
        The contestant that is enough, by the name that is shown; None where the data cannot tell.
    forecaster : str or None
        The contestant that is named to forecast several steps by; None where nobody forecasts.
    """

    kind = COMPARISON

    def __init__(self, run: StoredComparison) -> None:
        table = run.summary()
        self.run = run
        self._names = names_of(run.config, table["entry"], 24)
        self.palette, self._families = palette_of(run.config, table["family"])
        self.metric = run.result.metric
        metrics = metrics_of(run.config)
        self.scores, self.losses = score_writers(self.metric, metrics), loss_writers(self.metric)
        self.headings = {name: metric.label for name, metric in metrics.items()}
        self.summary = self.named(table)
        by_causal = self.summary.sort_values("causal", ascending=False, kind="stable")
        self.looks = self.palette.entry_styles(
            by_causal[["model", "family"]].itertuples(index=False, name=None)
        )
        level = self.summary.loc[table["entry"] == CHANCE, "score"]
        self.chance = float(level.iloc[0]) if len(level) else None
        judged = run.result.judgement
        decided = judged.kind in {"model", "chance"} and judged.winner is not None
        self.winner = self._names[str(judged.winner)] if decided else None
        forecaster = run.result.forecaster
        self.forecaster = None if forecaster is None else self._names[forecaster.entry]

    def named(self, frame: pd.DataFrame, columns: tuple[str, ...] = ("entry",)) -> pd.DataFrame:
        """Return `frame` with the names that are shown; ``entry`` is ``model`` as well.

        Parameters
        ----------
        frame : DataFrame
            A table of the comparison.
        columns : tuple of str
            Those that hold contestants.
        """
        # of what was not tested in time the head of the model is all that there is
        known = {column: frame[column].map(self._names).fillna(frame[column]) for column in columns}
        if "entry" in known:
            known["model"] = known["entry"]
        if "family" in frame:
            known["family"] = frame["family"].map(self._families)
        return frame.assign(**known)

    @property
    def score_words(self) -> str:
        """What the metric is called on an axis, with its direction."""
        return self.metric.axis + ("" if self.metric.greater_is_better else " (less is better)")

    @property
    def models(self) -> pd.DataFrame:
        """The rows of `summary` that are models: all but chance."""
        return self.summary[self.summary["entry"] != self._names.get(CHANCE)]
