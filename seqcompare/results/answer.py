"""The answer of a comparison: one row a model, with its status, how sure that is, and what it costs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from seqcompare.metrics import Metric
from seqcompare.results.contest import CHANCE, Contest
from seqcompare.results.described import Config, in_time, role_of_reach
from seqcompare.results.forecaster import Forecaster
from seqcompare.results.helping import Helping
from seqcompare.results.judgement import NOT_TRIED, Judgement
from seqcompare.results.reach import reach_of
from seqcompare.results.verdict import Verdict

COLUMNS = [
    *("entry", "family", "status", "candidate", "score", "low", "high", "simpler", "gain", "gain_low"),
    *("gain_high", "p_good_enough", "reach", "reach_low", "reach_high", "reach_time", "n_parameters"),
    *("predict_us_per_step", "fit_seconds"),
]


@dataclass(frozen=True, eq=False)
class Answer(Helping):
    """What a comparison says of every model.

    Parameters
    ----------
    verdict : Verdict
        The same in sentences.
    judgement : Judgement
        What it is made of.
    metric : Metric
        What models were compared by.
    table : DataFrame
        What `frame` returns a copy of.
    forecaster : Forecaster or None
        Who is named to forecast several steps of numbers by.
    """

    verdict: Verdict
    judgement: Judgement
    metric: Metric
    table: pd.DataFrame
    forecaster: Forecaster | None

    def frame(self) -> pd.DataFrame:
        """Return one row a model, chance and other references first, then from the cheapest to the dearest.

        Returns
        -------
        DataFrame
            entry, family, status and candidate (the one that is named, and fitted in the end); score with
            ``low`` and ``high`` (95%); ``gain`` over the next ``simpler`` row in units of the loss, with
            ``gain_low`` and ``gain_high`` (95%); ``p_good_enough``, the probability that no other is better
            by more than the tolerance; ``reach`` in steps with ``reach_low`` and ``reach_high``
            (95%; NaN where it was not looked into), and in words how long that is (``reach_time``, empty
            where no times are known); n_parameters, predict_us_per_step, fit_seconds.
        """
        return self.table.copy()

    def __str__(self) -> str:
        return str(self.verdict)


def answer_table(
    judgement: Judgement,
    contest: Contest,
    costs: pd.DataFrame,
    grids: pd.DataFrame,
    contexts: pd.DataFrame,
    data: Config,
) -> pd.DataFrame:
    """Return the rows of an answer.

    Parameters
    ----------
    judgement : Judgement
        Who is what.
    contest : Contest
        The losses.
    costs : DataFrame
        The summary, with the costs of the candidate that is named.
    grids, contexts : DataFrame
        The tables of these names.
    data : mapping
        What the run has written down of the data.
    """
    references = {entry: place for place, entry in enumerate(judgement.references or (CHANCE,))}
    by_cost = costs.assign(first=costs["entry"].map(references)).sort_values(
        ["first", "n_parameters", "predict_us_per_step"],
        kind="stable",
        na_position="last",
    )
    named = grids[grids["chosen"].astype(bool)].set_index("entry")["model"]
    records: list[dict[str, object]] = []
    simpler: str | None = None
    for row in by_cost.to_dict("records"):
        entry = str(row["entry"])
        record = {name: row[name] for name in ("entry", "family", "score", "low", "high")}
        record |= {name: row[name] for name in ("n_parameters", "predict_us_per_step", "fit_seconds")}
        record |= {"simpler": None, "gain": np.nan, "gain_low": np.nan, "gain_high": np.nan}
        if simpler is not None and entry in contest.parts:
            gain = contest.difference(simpler, entry)
            low, high = gain.interval()
            record |= {"simpler": simpler, "gain": float(gain.mean)}
            record |= {"gain_low": float(low), "gain_high": float(high)}
        found = reach_of(contexts, entry, role_of_reach(data))
        records.append(
            {
                **record,
                "status": judgement.status.get(entry, NOT_TRIED),
                "candidate": named.get(entry, row["chosen"]),
                "p_good_enough": judgement.good_enough.get(entry, np.nan),
                "reach": np.nan if found is None else found.steps,
                "reach_time": "" if found is None else in_time(data, found.steps),
                "reach_low": np.nan if found is None else found.steps - found.context + found.low,
                "reach_high": np.nan if found is None else found.steps - found.context + found.high,
            }
        )
        simpler = entry if entry in contest.parts else simpler
    known = {str(record["entry"]) for record in records}
    records += [{"entry": e, "status": s} for e, s in judgement.status.items() if e not in known]
    return pd.DataFrame(records, columns=COLUMNS)
