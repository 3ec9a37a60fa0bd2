"""Models held against each other on one table of losses: intervals, paired tests, and who is good enough."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from seqcompare.metrics import Metric
from seqcompare.results.grids import paired_difference
from seqcompare.results.statistics import (
    ENOUGH,
    Interval,
    PairedTest,
    holm,
    paired_bootstrap,
    resampled_interval,
    resampled_test,
)
from seqcompare.results.store import Sums, metric_columns

#: What the others are measured against.
CHANCE = "chance"

#: Probability from which on a difference, or none, counts as settled.
SURE = 0.95
LIKELY = 0.5

#: Bits of information that data must be able to show, before "nothing was found" means "there is nothing".
SHOWN = 0.05

LOSSES = ["entry", "fold", "unit", "weight", "loss"]
PAIRS = ["a", "b", "difference", "low", "high", "p_value", "p_adjusted", "worse", "equal", "better"]
_COSTS = ("n_parameters", "predict_us_per_step", "fit_seconds", "peak_memory_mb")


@dataclass(frozen=True)
class Judgement:
    """What the test scores say.

    Parameters
    ----------
    kind : {"model", "chance", "cannot tell", "nothing"}
        A model is worth having; the frequencies of the answers are as good; the data cannot tell which of
        both; or nothing has ended well.
    best : str or None
        The model of least mean loss.
    winner : str or None
        The cheapest that is more likely than not as good as the best, and better than chance: fewest
        parameters, then fewest microseconds a step. Chance where that is so.
    worse : dict of str to float
        Probability that each model is worse than the best by more than the tolerance.
    unsettled : tuple of str
        Models cheaper than the winner of which it is open whether they would do.
    beats_chance : float
        The probability that the best model beats chance by more than the tolerance.
    """

    kind: str
    best: str | None
    winner: str | None
    worse: dict[str, float]
    unsettled: tuple[str, ...]
    beats_chance: float


def judge(
    losses: pd.DataFrame,
    costs: pd.DataFrame,
    metric: Metric,
    test_fraction: float,
    *,
    least_seen: float = 0.0,
    most_seen: float = 0.0,
) -> Judgement:
    """Return who is the cheapest that is good enough, as far as the losses can tell.

    Parameters
    ----------
    losses : DataFrame
        One row a model, fold and unit, as `Contest` describes it.
    costs : DataFrame
        What each model costs: ``entry``, ``n_parameters``, ``predict_us_per_step``.
    metric : Metric
        What the losses are by.
    test_fraction : float
        Steps tested over steps trained on, in a fold.
    least_seen : float, default=0.0
        Bits of information at one lag that the data could have shown. Where that is more than `SHOWN`, models
        that do not beat chance prove nothing: they had too little to learn from.
    most_seen : float, default=0.0
        Bits of information that were detected at one lag. Where that is more than `SHOWN`, models that do not
        beat chance have missed something.
    """
    contest = Contest(losses, metric, test_fraction)
    best = contest.best
    if best is None:
        return Judgement("nothing", None, None, {}, (), 0.0)
    worse = {e: 0.0 if e == best else contest.regions(e, best)[0] for e in contest.entries}
    ordered = costs[costs["entry"].isin(worse)].sort_values(
        ["n_parameters", "predict_us_per_step"], kind="stable", na_position="last"
    )
    by_cost = [str(e) for e in ordered["entry"]]
    models = [e for e in by_cost if e != CHANCE]
    # practically equal to the best is not enough for a model that is practically equal to chance as well
    ahead = {e for e in models if CHANCE not in worse or contest.regions(e, CHANCE)[2] >= LIKELY}
    enough = [e for e in models if worse[e] < LIKELY and e in ahead] or [best]
    winner, kind, beats = enough[0], "model", 1.0
    if CHANCE in worse:
        # the best model speaks for all: among many that learned nothing some swing far by luck
        leader = min(models, key=contest.mean_loss, default=None)
        beats = 0.0 if leader is None else contest.regions(leader, CHANCE)[2]
        # the best of several beats chance by luck more often than any one of them (Bonferroni)
        if beats < 1 - (1 - SURE) / max(len(models), 1):
            nothing = beats <= 1 - SURE and max(least_seen, most_seen) <= SHOWN
            kind = "chance" if nothing else "cannot tell"
            winner = CHANCE if nothing or best == CHANCE else winner
    cheaper = models[: models.index(winner)] if winner in models else []
    unsettled = tuple(e for e in cheaper if worse[e] < SURE and e in ahead)
    return Judgement(kind, best, winner, worse, unsettled, beats)


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
    names = ["seed", "status", "trial_id"]
    parts = []
    for fold, status, trial in tests[names].itertuples(index=False, name=None):
        part = sums[trial][:, :2] if status == "ok" else nothing
        parts.append(
            pd.DataFrame(
                {"fold": fold, "unit": np.arange(len(part)), "weight": part[:, 0], "loss": part[:, 1]}
            )
        )
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
        loss (NaN).
    metric : Metric
        What the losses are by.
    test_fraction : float
        Steps tested over steps trained on, in a fold.
    """

    losses: pd.DataFrame
    metric: Metric
    test_fraction: float

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
        """Return the mean over folds of the loss of a model."""
        return float(self.fold_losses(entry).mean())

    def test(self, a: str, b: str) -> PairedTest:
        """Compare the losses of two models, a minus b.

        Across folds by Nadeau and Bengio's corrected t test; with one test part by the paired bootstrap over
        its units.
        """
        x, y = self.fold_losses(a), self.fold_losses(b)
        if len(x) > 1:
            return resampled_test(x, y, self.test_fraction)
        one, other = self.parts[a][0], self.parts[b][0]
        w = one[:, 0]
        found = paired_bootstrap(one[:, 1] / w, other[:, 1] / w, weights=w)
        if len(w) >= ENOUGH:
            return found
        # resampling a handful finds them far more alike than they are
        d = (one[:, 1] - other[:, 1]) / w
        span = replace(found.difference, low=float(d.min()), high=float(d.max()), kind="range")
        return replace(found, difference=span, p_value=np.nan)

    def regions(self, a: str, b: str) -> tuple[float, float, float]:
        """Return the probabilities that a is worse than b, practically equal to it, and better.

        From the posterior of the correlated t test (Corani and Benavoli 2015, "A Bayesian approach for
        comparing cross-validated algorithms"); with one test part from that of the t test over its units.
        Folds are taken to vary no less than their own units say: a few may agree by luck.
        """
        margin = self.tolerance
        folds = [paired_difference(x, y) for x, y in zip(self.parts[a], self.parts[b], strict=True)]
        mean = float(np.mean([d for d, _ in folds]))
        within = [e**2 for _, e in folds if np.isfinite(e)]
        if len(folds) > 1:
            between = float(np.var([d for d, _ in folds], ddof=1))
            variance = max(between, float(np.mean(within)) if within else 0.0)
            error = float(np.sqrt((1 / len(folds) + self.test_fraction) * variance))
            freedom = len(folds) - 1
        else:
            error, freedom = folds[0][1], len(self.parts[a][0]) - 1
        if error == 0:
            return float(mean > margin), float(abs(mean) <= margin), float(mean < -margin)
        if not np.isfinite(error):  # one unit says nothing of what others would do
            return 0.5, 0.0, 0.5
        worse = float(stats.t.sf(margin, freedom, loc=mean, scale=error))
        better = float(stats.t.cdf(-margin, freedom, loc=mean, scale=error))
        return worse, max(0.0, 1 - worse - better), better

    def interval(self, entry: str) -> Interval:
        """Return the score of a model with its interval, which ends where scores do."""
        metric, parts, losses = self.metric, self.parts[entry], self.fold_losses(entry)
        share = (metric.least, metric.greatest) == (0.0, 1.0)
        if share and np.ptp(losses) == 0 and losses[0] in (0.0, 1.0):
            # always right, or never: how often that may yet happen (Clopper and Pearson 1934)
            n, mean = sum(len(part) for part in parts), float(metric.as_score(losses[0]))
            exact = stats.binomtest(round(n * mean), n).proportion_ci()
            return Interval(mean, float(exact.low), float(exact.high), n, "exact")
        if len(losses) > 1:
            found = resampled_interval(metric.as_score(losses), self.test_fraction)
            # t intervals of few folds know nothing of what a score can be
            return replace(found, low=max(found.low, metric.least), high=min(found.high, metric.greatest))
        part = parts[0]
        score = metric.as_score(part[:, 1] / part[:, 0])
        found = paired_bootstrap(score, np.zeros(len(score)), weights=part[:, 0]).difference
        if len(score) >= ENOUGH:
            return found
        return replace(found, low=float(score.min()), high=float(score.max()), kind="range")


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
        record |= {name: ok[name].median() for name in _COSTS}
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
        test = contest.test(a, b)
        worse, equal, better = contest.regions(a, b)
        span = (test.difference.mean, test.difference.low, test.difference.high)
        records.append((a, b, *span, test.p_value, np.nan, worse, equal, better))
    table = pd.DataFrame(records, columns=PAIRS)
    table["p_adjusted"] = holm(table["p_value"])
    return table.assign(tolerance=contest.tolerance)
