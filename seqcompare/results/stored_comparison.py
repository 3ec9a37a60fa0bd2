"""A comparison as it lies in its folder, with every table that follows from it; reading it needs no model."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seqcompare.results.choice import cheapest, compare_rungs, failed_rungs, validation_tolerance
from seqcompare.results.comparison_store import ComparisonStore
from seqcompare.results.contests import Contest, pairs, summary
from seqcompare.results.findings import Findings
from seqcompare.results.judgement import Judgement, judge
from seqcompare.results.store import STORE, StoredRun
from seqcompare.results.verdict import Verdict, write_verdict

TUNING, TEST, CONTEXT = "tuning", "test", "context"

CONTEXT_COLUMNS = [
    *("entry", "model", "family", "variant", "capacity", "fold", "control", "context"),
    *("score", "low", "high", "loss", "behind", "error", "needed"),
]


class StoredComparison(StoredRun):
    """A comparison as it lies in its folder.

    Parameters
    ----------
    folder : path
        A folder that `seqcompare.compare` has written.
    """

    def frame(self) -> pd.DataFrame:
        """Return one row a trial; ``axis`` says what it was for: "tuning", "test" or "context"."""
        return self._read[0].copy()

    def summary(self) -> pd.DataFrame:
        """Return one row a contestant, the best first; see `seqcompare.results.contests.summary`."""
        return summary(self.contest, self._phase(TUNING))

    def pairs(self) -> pd.DataFrame:
        """Return paired tests against the best and chance; see `seqcompare.results.contests.pairs`."""
        return pairs(self.contest)

    def ladders(self) -> pd.DataFrame:
        """Return how every rung did on validation data, all folds together.

        Returns
        -------
        DataFrame
            entry, and the columns of `seqcompare.results.choice.compare_rungs`; ``chosen`` marks the rung
            that is named, and fitted in the end: the cheapest that is practically as good as the best.
        """
        tables = []
        for entry, rows in self._phase(TUNING).groupby("entry", sort=False):
            table = compare_rungs(rows, self._read[2])
            if table.empty:
                continue
            chosen = cheapest(table, validation_tolerance(rows, self._read[2]))
            table.insert(0, "entry", entry)
            table["chosen"] = table["model"] == chosen
            tables.append(table)
        if not tables:
            columns = ["entry", "model", "loss", "n_parameters", "predict_us_per_step", "chosen"]
            return pd.DataFrame(columns=columns)
        return pd.concat(tables, ignore_index=True)

    def failures(self) -> pd.DataFrame:
        """Return the rungs that failed while tuning; see `seqcompare.results.choice.failed_rungs`."""
        return failed_rungs(self._phase(TUNING))

    def contexts(self) -> pd.DataFrame:
        """Return the context curves, one row a contestant, fold, control and context.

        Returns
        -------
        DataFrame
            Contestant and rung; ``control`` as in `seqcompare.experiments.context.Curve`;
            ``context`` in steps; ``score`` with ``low`` and ``high``, 1.96 standard errors of the paired
            difference to the best context around it; ``loss``, how far it is ``behind`` the best and the
            standard ``error`` of that; ``needed``, the smallest context within one such error.
        """
        sign = -1.0 if self.contest.metric == "accuracy" else 1.0
        records = []
        for row in self._phase(CONTEXT).to_dict("records"):
            details = self._read[1][row["trial_id"]]
            for point in details.get("curves", []):
                score = 1 - point["loss"] if sign < 0 else point["loss"]
                records.append(
                    {
                        **{n: row[n] for n in ("entry", "model", "family", "variant", "capacity")},
                        "fold": row["seed"],
                        **point,
                        "score": score,
                        "low": score - 1.96 * point["error"],
                        "high": score + 1.96 * point["error"],
                        "needed": details["needed"][point["control"]],
                    }
                )
        return pd.DataFrame(records, columns=CONTEXT_COLUMNS)

    def influence(self) -> pd.DataFrame:
        """Return how much answers change when the step at a lag is replaced, the mean over folds."""
        records = []
        for row in self._phase(CONTEXT).to_dict("records"):
            names = ("entry", "model", "family", "variant", "capacity")
            for point in self._read[1][row["trial_id"]].get("influence", []):
                records.append({**{n: row[n] for n in names}, **point})
        columns = ["entry", "model", "family", "variant", "capacity", "lag", "influence"]
        table = pd.DataFrame(records, columns=columns)
        return table.groupby(columns[:-1], sort=False, dropna=False)["influence"].mean().reset_index()

    def confusion(self) -> pd.DataFrame:
        """Return how often each class was given each label, all folds together."""
        return self._summed("confusion", ["true", "predicted"], ["count"])

    def calibration(self) -> pd.DataFrame:
        """Return how sure each contestant was and how often it was right, by ten bins of confidence."""
        table = self._summed("calibration", ["bin"], ["count", "confidence", "accuracy"])
        for name in ("confidence", "accuracy"):
            table[name] = table[name] / table["count"]
        return table

    def class_scores(self) -> pd.DataFrame:
        """Return precision, recall, F1 and support of each class: entry, label, and these."""
        records = []
        for (entry, family), part in self.confusion().groupby(["entry", "family"], sort=False):
            hits = part[part["true"] == part["predicted"]].set_index("true")["count"]
            support = part.groupby("true")["count"].sum()
            given = part.groupby("predicted")["count"].sum()
            for label in support.index:
                hit = float(hits.get(label, 0.0))
                recall = hit / float(support[label])
                precision = hit / float(given[label]) if label in given.index else 0.0
                f1 = 2 * precision * recall / (precision + recall) if hit else 0.0
                records.append((entry, entry, family, label, precision, recall, f1, float(support[label])))
        columns = ["entry", "model", "family", "label", "precision", "recall", "f1", "support"]
        return pd.DataFrame(records, columns=columns)

    def judgement(self) -> Judgement:
        """Return who is good enough."""
        costs = self.summary().set_index("entry")
        ladders = self.ladders()
        named = ladders[ladders["chosen"].astype(bool)].set_index("entry")
        costs.update(named[["n_parameters", "predict_us_per_step"]])
        seen = (float(self._facts().get(name, 0.0)) for name in ("least_seen", "most_seen"))
        return judge(self.contest, costs.reset_index(), *seen)

    def verdict(self) -> Verdict:
        """Return the answer in sentences, with the numbers behind them."""
        contest = self.contest
        return write_verdict(
            Findings(
                data=self.config["data"],
                metric=contest.metric,
                tolerance=contest.tolerance,
                judgement=self.judgement(),
                summary=self.summary(),
                pairs=self.pairs(),
                ladders=self.ladders(),
                contexts=self.contexts(),
                profile=self._facts(),
                failures=self.failures(),
            )
        )

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return every table of the comparison, by name."""
        classes = self.config["data"]["classes"]
        lags = self.side_table("lag_profile")
        tables = {
            "summary": self.summary(),
            "pairs": self.pairs(),
            "ladders": self.ladders(),
            "failures": self.failures(),
            "contexts": self.contexts(),
            "influence": self.influence(),
            "confusion": self.confusion(),
            "calibration": self.calibration(),
            "class_scores": self.class_scores(),
            "classes": pd.DataFrame({"label": list(classes), "count": list(classes.values())}),
            "evidence": self.verdict().evidence,
            "curves": self.curves(),
            "trials": self.frame(),
        }
        return tables if lags is None else {**tables, "lag_profile": lags}

    @cached_property
    def contest(self) -> Contest:
        """The test scores of all contestants."""
        return Contest(self._phase(TEST), self._read[2], float(self.config["data"]["test_fraction"]))

    @cached_property
    def _read(self) -> tuple[pd.DataFrame, dict[str, dict[str, Any]], dict[str, NDArray[np.float64]]]:
        with ComparisonStore(Path(self.folder) / STORE, read_only=True) as store:
            frame = store.frame()
            return frame, store.details(), store.sums(frame["trial_id"])

    def _phase(self, phase: str) -> pd.DataFrame:
        frame = self._read[0]
        return frame[frame["axis"] == phase]

    def _facts(self) -> dict[str, str]:
        """Return what was found before any model was chosen; empty where nothing was kept yet."""
        facts = self.side_table("profile_facts")
        if facts is None:
            return {}
        known = facts.dropna()
        return dict(zip(known["name"], known["value"].astype(str), strict=True))

    def _summed(self, name: str, keys: list[str], values: list[str]) -> pd.DataFrame:
        """Return a table that every test trial has, its values added up over folds."""
        records = [
            (row.entry, row.entry, row.family, *point)
            for row in self._phase(TEST).itertuples(index=False)
            for point in self._read[1][str(row.trial_id)].get(name, [])
        ]
        names = ["entry", "model", "family"]
        table = pd.DataFrame(records, columns=[*names, *keys, *values])
        return table.groupby([*names, *keys], sort=False)[values].sum().reset_index()
