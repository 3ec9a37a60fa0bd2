"""Models held against each other on one table of losses: means, paired differences and intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from seqcompare.metrics import Metric
from seqcompare.results.grids import check_same_units
from seqcompare.results.inference import Estimate, fold_inflation, over_time, over_units
from seqcompare.results.statistics import Interval, holm
from seqcompare.results.store import Sums, metric_columns

#: What the others are measured against.
CHANCE = "chance"

LOSSES = ["entry", "fold", "unit", "weight", "loss"]
PAIRS = ["a", "b", "difference", "low", "high", "p_value", "p_adjusted", "worse", "equal", "better"]
_COSTS = ("n_parameters", "predict_us_per_step", "fit_seconds", "peak_memory_mb")


def loss_table(tests: pd.DataFrame, sums: Mapping[str, Sums]) -> pd.DataFrame:
    """Return the losses of all models as one table.

    Parameters
    ----------
    tests : DataFrame
        Rows of testing, one a model and fold.
    sums : mapping of str to ndarray of shape (m, 3)
        Weight, loss and bits of the units of each trial.

    Returns
    -------
    DataFrame
        What `Contest` is made of.
    """
    nothing = np.full((1, 2), np.nan)
    names = ["seed", "status", "trial_id", "model"]
    parts = []
    for fold, status, trial, model in tests[names].itertuples(index=False, name=None):
        part = sums[trial][:, :2] if status == "ok" else nothing
        columns = {"fold": fold, "unit": np.arange(len(part)), "weight": part[:, 0], "loss": part[:, 1]}
        parts.append(pd.DataFrame({**columns, "model": model}))
    lengths = np.array([len(part) for part in parts], dtype=int)
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=LOSSES[1:], dtype=float)
    table.insert(0, "entry", np.repeat(tests["entry"].to_numpy(dtype=object), lengths))
    return table


@dataclass(frozen=True, eq=False)
class Contest:
    """Models on the same test data.

    Parameters
    ----------
    losses : DataFrame
        One row a model, fold and unit (what is tested as one: a sequence, a group, a block): ``entry``,
        ``fold``, ``unit``, ``weight`` (what the items of the unit count together) and ``loss`` (what they
        cost together: the sum of weight times loss). A model that failed in a fold has a row there without a
        loss (NaN). Where there is a column ``model``, it is the candidate that the fold chose.
    metric : Metric
        What the losses are by.
    test_fraction : float
        Steps tested over steps trained on, in a fold.
    copies : int, default=1
        How often the same units are there, since folds were drawn repeatedly.
    ordered : bool, default=False
        Whether units are stretches of time that follow each other, and not independent.
    """

    losses: pd.DataFrame
    metric: Metric
    test_fraction: float
    copies: int = 1
    ordered: bool = False
    _known: dict[tuple[str, str], Estimate] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def parts(self) -> dict[str, list[Sums]]:
        """Weight and loss of the units of each fold, of each model that ended well in every fold."""
        entry, names = pd.factorize(self.losses["entry"])
        fold, folds = pd.factorize(self.losses["fold"])
        # by hand, since grouping takes most of the time where thousands of tables are judged
        order = np.lexsort((self.losses["unit"].to_numpy(), self.losses["fold"].to_numpy(), entry))
        part = (entry * len(folds) + fold)[order]
        starts = np.flatnonzero(np.diff(part, prepend=-1))
        numbers = self.losses[["weight", "loss"]].to_numpy(np.float64)[order]
        found: dict[str, list[Sums]] = {str(name): [] for name in names}
        for start, rows in zip(starts, np.split(numbers, starts[1:]), strict=False):
            found[str(names[entry[order[start]]])].append(rows)
        ended_well = {
            name: len(parts) == len(folds) and not any(np.isnan(rows[:, 1]).any() for rows in parts)
            for name, parts in found.items()
        }
        return {name: parts for name, parts in found.items() if ended_well[name]}

    @property
    def entries(self) -> list[str]:
        """The models that ended well in every fold."""
        return list(self.parts)

    @cached_property
    def units(self) -> dict[str, Sums]:
        """Weight and loss of the units of all folds together, of each model that ended well."""
        return {name: np.vstack(parts) for name, parts in self.parts.items()}

    @cached_property
    def choices(self) -> dict[str, list[object]]:
        """The candidate that each fold chose, of each model; where it is not known, the same."""
        if "model" not in self.losses:
            return {name: [name] * len(parts) for name, parts in self.parts.items()}
        first = self.losses.drop_duplicates(["entry", "fold"])
        return {str(name): list(rows["model"]) for name, rows in first.groupby("entry", sort=False)}

    @cached_property
    def tolerance(self) -> float:
        """What is practically equal, in units of the loss."""
        relative = self.metric.relative and CHANCE in self.parts
        return float(self.metric.tolerance * (self.mean_loss(CHANCE) if relative else 1.0))

    @cached_property
    def best(self) -> str | None:
        """The model of least mean loss; None if none has ended well."""
        return min(self.entries, key=self.mean_loss, default=None)

    def fold_losses(self, entry: str) -> NDArray[np.float64]:
        """Return the mean loss of a model in each fold."""
        return np.array([part[:, 1].sum() / part[:, 0].sum() for part in self.parts[entry]])

    def mean_loss(self, entry: str) -> float:
        """Return the loss of a model, the mean over all items of all folds."""
        whole = self.units[entry]
        return float(whole[:, 1].sum() / whole[:, 0].sum())

    def difference(self, a: str, b: str) -> Estimate:
        """Return what is known of the loss of `a` minus that of `b`."""
        if (a, b) not in self._known:
            self._known[a, b] = self._difference(a, b, self._scale)
        return self._known[a, b]

    def most(self, a: str, b: str, confidence: float) -> float:
        """Return the bound that the loss of `a` minus that of `b` is below with this confidence.

        Unlike those of `difference`, the pseudo-units of units of many items are off by one item each, not by
        as much as so many independent items are: two items a bit off among all that came, whatever units they
        were put into. Who is to be better has to be it by more than units of that size lie apart by chance;
        that nobody is better would take far more units than there are items to tell.
        """
        return float(self._difference(a, b, self._scale**2 / self._of_one).upper(confidence))

    def _difference(self, a: str, b: str, scale: float) -> Estimate:
        x, y = self.units[a], self.units[b]
        check_same_units(x, y)
        return self._estimate(x[:, 1] - y[:, 1], x[:, 0], a, b, scale=scale)

    def regions(self, a: str, b: str) -> tuple[float, float, float]:
        """Return the probabilities that a is worse than b, practically equal to it, and better.

        From the distribution of the error of the difference, all values being equally likely before.
        """
        found, margin = self.difference(a, b), self.tolerance
        worse, better = 1 - float(found.p_above(margin)), 1 - float(found.p_below(-margin))
        return worse, max(0.0, 1 - worse - better), better

    def interval(self, entry: str) -> Interval:
        """Return the score of a model with its interval, which ends where scores do."""
        metric, whole = self.metric, self.units[entry]
        mean, n = self.mean_loss(entry), len(whole) // self.copies
        score = float(metric.as_score(mean))
        share = (metric.least, metric.greatest) == (0.0, 1.0)
        if share and np.isclose(mean, round(mean), rtol=0, atol=1e-12) and not self.ordered:
            # always right, or never: how often that may yet happen (Clopper and Pearson 1934)
            exact = stats.binomtest(round(n * score), n).proportion_ci()
            return Interval(score, float(exact.low), float(exact.high), n, "exact")
        ends = np.sort(metric.as_score(np.array(self._estimate(whole[:, 1], whole[:, 0], entry).interval())))
        if not np.isfinite(ends).all():  # too few to say how far off it may be
            scores = metric.as_score(whole[:, 1] / whole[:, 0])
            return Interval(score, float(scores.min()), float(scores.max()), n, "range")
        # an interval made of errors alone knows nothing of what a score can be
        low, high = np.clip(ends, metric.least, metric.greatest)
        return Interval(score, float(low), float(high), n, "t")

    def _estimate(
        self,
        sums: NDArray[np.float64],
        weights: NDArray[np.float64],
        *entries: str,
        scale: float | None = None,
    ) -> Estimate:
        inflation = fold_inflation([self.choices[e] for e in entries], self.test_fraction)
        if self.ordered:
            return over_time(sums, weights, inflation=inflation)
        bounded = bool(np.isfinite([self.metric.least, self.metric.greatest]).all())
        return over_units(
            sums,
            weights,
            scale=self._scale if scale is None else scale,
            bounded=bounded,
            inflation=inflation,
            copies=self.copies,
            folds=max(len(self.choices[e]) for e in entries),
        )

    @cached_property
    def _scale(self) -> float:
        """How far units lie apart by nature: a bit or an answer an item, less where many make a unit."""
        weights = next(iter(self.units.values()))[:, 0]
        return float(self._of_one / np.sqrt(max(weights.mean(), 1.0)))

    @cached_property
    def _of_one(self) -> float:
        """How far items lie apart by nature."""
        return self.mean_loss(CHANCE) if self.metric.relative and CHANCE in self.parts else 1.0


def summary(contest: Contest, tests: pd.DataFrame, tuning: pd.DataFrame) -> pd.DataFrame:
    """Return one row a model, the best first: scores with intervals, what was chosen, and what it cost.

    Parameters
    ----------
    contest : Contest
        The models on the test data.
    tests, tuning : DataFrame
        Rows of testing and of tuning.

    Returns
    -------
    DataFrame
        entry, family, chosen (the candidate that most folds chose), n_choices (different ones), causal,
        score, low, high, interval, the mean of every metric, the median costs, tuning_seconds (median over
        folds), n_folds, n_failed, error (the first; empty if there is none).
    """
    metrics = metric_columns(tests)
    records = []
    for entry, rows in tests.groupby("entry", sort=False):
        ok = rows[rows["status"] == "ok"]
        failed = rows[rows["status"] != "ok"]
        spent = tuning[tuning["entry"] == entry].groupby("seed")["fit_seconds"].sum()
        labels = ok["model"] if len(ok) else rows["model"]
        found = contest.interval(str(entry)) if entry in contest.parts else None
        record: dict[str, object] = {
            "entry": entry,
            "family": rows["family"].iloc[0],
            "chosen": labels.value_counts(sort=True).index[0],
            "n_choices": labels.nunique(),
            "causal": bool(rows["causal"].all()),
            "score": found.mean if found else np.nan,
            "low": found.low if found else np.nan,
            "high": found.high if found else np.nan,
            "interval": found.kind if found else "",
        }
        record |= {name: ok[name].mean() for name in metrics if ok[name].notna().any()}
        # pandas 2 warns of the median of nothing
        record |= {name: ok[name].median() if ok[name].notna().any() else np.nan for name in _COSTS}
        record |= {
            "tuning_seconds": float(spent.median()) if len(spent) else 0.0,
            "n_folds": len(rows),
            "n_failed": len(failed),
            "error": str(failed["error"].iloc[0]) if len(failed) else "",
        }
        records.append(record)
    table = pd.DataFrame(records)
    ascending = not contest.metric.greater_is_better
    return table.sort_values("score", ascending=ascending, kind="stable", ignore_index=True)


def pairs(contest: Contest) -> pd.DataFrame:
    """Compare every model with the best one and with chance.

    Returns
    -------
    DataFrame
        a, b, difference of their losses (positive: a is worse) with its interval, p_value, p_adjusted (Holm
        over the table), and the probabilities that a is ``worse`` than b, ``equal`` within the tolerance, or
        ``better``; ``tolerance`` is that.
    """
    best, entries = contest.best, contest.entries
    asked = [(e, best) for e in entries if best is not None and e != best]
    asked += [(e, CHANCE) for e in entries if CHANCE in entries and e not in (CHANCE, best)]
    records = []
    for a, b in dict.fromkeys(asked):
        found = contest.difference(a, b)
        span = (float(found.mean), *map(float, found.interval()))
        records.append((a, b, *span, float(found.p_value()), np.nan, *contest.regions(a, b)))
    table = pd.DataFrame(records, columns=PAIRS)
    table["p_adjusted"] = holm(table["p_value"])
    return table.assign(tolerance=contest.tolerance)
