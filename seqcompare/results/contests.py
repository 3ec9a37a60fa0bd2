"""Contestants of a comparison side by side: intervals, paired tests, and what is practically equal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from seqcompare.results.choice import TOLERANCE, paired_difference
from seqcompare.results.comparison_store import METRICS
from seqcompare.results.statistics import (
    ENOUGH,
    Interval,
    PairedTest,
    holm,
    paired_bootstrap,
    resampled_interval,
    resampled_test,
)

CHANCE = "chance"

# bits of real-valued steps come from densities and may be negative
_RANGES = {"accuracy": (0.0, 1.0), "label bits": (0.0, np.inf), "mse": (0.0, np.inf)}
_COSTS = ("n_parameters", "predict_us_per_step", "fit_seconds", "peak_memory_mb")


@dataclass(frozen=True, eq=False)
class Contest:
    """What the test parts of one comparison hold.

    Parameters
    ----------
    tests : DataFrame
        Rows of testing, one a contestant and fold.
    sums : mapping of str to ndarray of shape (m, 3)
        Weight, loss and bits of the units of each trial.
    test_fraction : float
        Steps tested over steps trained on, in a fold.
    """

    tests: pd.DataFrame
    sums: Mapping[str, NDArray[np.float64]]
    test_fraction: float

    @property
    def entries(self) -> list[str]:
        """The contestants that ended well in every fold."""
        folds = self.tests["seed"].nunique()
        ok = self.tests[self.tests["status"] == "ok"].groupby("entry", sort=False)["seed"].nunique()
        return [str(name) for name, n in ok.items() if n == folds]

    @property
    def metric(self) -> str:
        """What contestants are compared by."""
        return str(self.tests["metric"].iloc[0])

    @property
    def tolerance(self) -> float:
        """What is practically equal, in units of the loss."""
        scale = self.losses(CHANCE).mean() if self.metric == "mse" and CHANCE in self.entries else 1.0
        return float(TOLERANCE[self.metric] * scale)

    def losses(self, entry: str) -> NDArray[np.float64]:
        """Return the loss of a contestant in each fold: bits, share of wrong answers, or squared error."""
        return np.array([part[:, 1].sum() / part[:, 0].sum() for part in self._sums(entry)])

    def best(self) -> str | None:
        """Return the contestant of least mean loss; None if none has ended well."""
        entries = self.entries
        return min(entries, key=lambda e: float(self.losses(e).mean())) if entries else None

    def test(self, a: str, b: str) -> PairedTest:
        """Compare the losses of two contestants, a minus b.

        Across folds by Nadeau and Bengio's corrected t test; with one test part by the paired bootstrap over
        its units.
        """
        x, y = self.losses(a), self.losses(b)
        if len(x) > 1:
            return resampled_test(x, y, self.test_fraction)
        one, other = self._sums(a)[0], self._sums(b)[0]
        w = one[:, 0]
        found = paired_bootstrap(one[:, 1] / w, other[:, 1] / w, weights=w)
        if len(w) >= ENOUGH:
            return found
        # resampling a handful finds them far more alike than they are
        d = (one[:, 1] - other[:, 1]) / w
        span = replace(found.difference, low=float(d.min()), high=float(d.max()), kind="range")
        return replace(found, difference=span, p_value=np.nan)

    def regions(self, a: str, b: str, tolerance: float | None = None) -> tuple[float, float, float]:
        """Return the probabilities that a is worse than b, practically equal to it, and better.

        From the posterior of the correlated t test (Corani and Benavoli 2015, "A Bayesian approach for
        comparing cross-validated algorithms"); with one test part from that of the t test over its units.
        Folds are taken to vary no less than their own units say: a few may agree by luck.
        """
        margin = self.tolerance if tolerance is None else tolerance
        folds = [paired_difference(x, y) for x, y in zip(self._sums(a), self._sums(b), strict=True)]
        mean = float(np.mean([d for d, _ in folds]))
        within = [e**2 for _, e in folds if np.isfinite(e)]
        if len(folds) > 1:
            between = float(np.var([d for d, _ in folds], ddof=1))
            variance = max(between, float(np.mean(within)) if within else 0.0)
            error = float(np.sqrt((1 / len(folds) + self.test_fraction) * variance))
            freedom = len(folds) - 1
        else:
            error, freedom = folds[0][1], len(self._sums(a)[0]) - 1
        if error == 0:
            return float(mean > margin), float(abs(mean) <= margin), float(mean < -margin)
        if not np.isfinite(error):  # one unit says nothing of what others would do
            return 0.5, 0.0, 0.5
        posterior = stats.t(freedom, loc=mean, scale=error)
        worse, better = float(posterior.sf(margin)), float(posterior.cdf(-margin))
        return worse, max(0.0, 1 - worse - better), better

    def interval(self, entry: str) -> Interval:
        """Return the score of a contestant with its interval, which ends where scores do."""
        parts = self._sums(entry)
        losses = self.losses(entry)
        if self.metric == "accuracy" and np.ptp(losses) == 0 and losses[0] in (0.0, 1.0):
            # always right, or never: how often that may yet happen (Clopper and Pearson 1934)
            n = sum(len(part) for part in parts)
            exact = stats.binomtest(round(n * (1 - losses[0])), n).proportion_ci()
            return Interval(1 - float(losses[0]), float(exact.low), float(exact.high), n, "exact")
        if len(losses) > 1:
            found = resampled_interval(self._as_score(losses), self.test_fraction)
            # t intervals of few folds know nothing of what a score can be
            least, greatest = _RANGES.get(self.metric, (-np.inf, np.inf))
            return replace(found, low=max(found.low, least), high=min(found.high, greatest))
        part = parts[0]
        loss = self._as_score(part[:, 1] / part[:, 0])
        found = paired_bootstrap(loss, np.zeros(len(loss)), weights=part[:, 0]).difference
        if len(loss) >= ENOUGH:
            return found
        return replace(found, low=float(loss.min()), high=float(loss.max()), kind="range")

    def _as_score(self, losses: NDArray[np.float64]) -> NDArray[np.float64]:
        return 1 - losses if self.metric == "accuracy" else losses

    def _sums(self, entry: str) -> list[NDArray[np.float64]]:
        """Return weight, loss and bits of the units of each fold."""
        rows = self.tests[self.tests["entry"] == entry].sort_values("seed")
        return [self.sums[trial] for trial in rows["trial_id"]]


def summary(contest: Contest, tuning: pd.DataFrame) -> pd.DataFrame:
    """Return one row a contestant, the best first: scores with intervals, what was chosen, and what it cost.

    Parameters
    ----------
    contest : Contest
        Rows of testing.
    tuning : DataFrame
        Rows of tuning.

    Returns
    -------
    DataFrame
        entry, family, chosen (the rung that most folds chose), n_choices (different ones), causal, score,
        low, high, interval, the mean of every metric, the median costs, tuning_seconds (median over folds),
        n_folds, n_failed, error (the first; empty if there is none).
    """
    records = []
    tests = contest.tests
    for entry, rows in tests.groupby("entry", sort=False):
        ok = rows[rows["status"] == "ok"]
        failed = rows[rows["status"] != "ok"]
        spent = tuning[tuning["entry"] == entry].groupby("seed")["fit_seconds"].sum()
        labels = ok["model"] if len(ok) else rows["model"]
        record: dict[str, object] = {
            "entry": entry,
            "family": rows["family"].iloc[0],
            "chosen": labels.value_counts(sort=True).index[0],
            "n_choices": labels.nunique(),
            "causal": bool(rows["causal"].all()),
        }
        found = contest.interval(str(entry)) if entry in contest.entries else None
        record |= {
            "score": found.mean if found else np.nan,
            "low": found.low if found else np.nan,
            "high": found.high if found else np.nan,
            "interval": found.kind if found else "",
        }
        record |= {name: ok[name].mean() for name in METRICS if ok[name].notna().any()}
        record |= {name: ok[name].median() for name in _COSTS}
        record |= {
            "tuning_seconds": float(spent.median()) if len(spent) else 0.0,
            "n_folds": len(rows),
            "n_failed": len(failed),
            "error": str(failed["error"].iloc[0]) if len(failed) else "",
        }
        records.append(record)
    table = pd.DataFrame(records)
    return table.sort_values(
        "score", ascending=contest.metric != "accuracy", kind="stable", ignore_index=True
    )


def pairs(contest: Contest) -> pd.DataFrame:
    """Compare every contestant with the best one and with chance.

    Returns
    -------
    DataFrame
        a, b, difference of their losses (positive: a is worse) with its interval, p_value, p_adjusted (Holm
        over the table), and the probabilities that a is ``worse`` than b, ``equal`` within the tolerance, or
        ``better``; ``tolerance`` is that.
    """
    best = contest.best()
    entries = contest.entries
    asked = [(e, best) for e in entries if e != best]
    asked += [(e, CHANCE) for e in entries if CHANCE in entries and e not in (CHANCE, best)]
    records = []
    for a, b in dict.fromkeys(asked):
        assert b is not None
        test = contest.test(a, b)
        worse, equal, better = contest.regions(a, b)
        records.append(
            {
                "a": a,
                "b": b,
                "difference": test.difference.mean,
                "low": test.difference.low,
                "high": test.difference.high,
                "p_value": test.p_value,
                "worse": worse,
                "equal": equal,
                "better": better,
                "tolerance": contest.tolerance,
            }
        )
    columns = ["a", "b", "difference", "low", "high", "p_value", "worse", "equal", "better", "tolerance"]
    table = pd.DataFrame(records, columns=columns)
    table.insert(6, "p_adjusted", holm(table["p_value"]) if len(table) else [])
    return table
