"""What the rows of a comparison say of numbers in their own units: scores, skill of the mean, residuals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from seqcompare.metrics import Metric
from seqcompare.results.contest import CHANCE, Contest
from seqcompare.results.store import Details

SCORES = ["rmse", "mae", "r2", "mase", "crps", "coverage_50", "coverage_95"]
QUANTILES = ["q2.5", "q25", "q75", "q97.5"]

#: The tables that there are where numbers were predicted.
COLUMNS: dict[str, list[str]] = {
    "channels": ["entry", "family", "channel", *SCORES],
    "pit": ["entry", "family", "channel", "bin", "share"],
    "residuals": ["entry", "family", "channel", "power", "lag", "correlation", "band"],
    "stretch": ["entry", "family", "channel", "step", "truth", "mean", *QUANTILES],
    "skill": ["entry", "family", "mean_skill", "low", "high", "gain"],
    "ahead": ["entry", "family", "channel", "ahead", "n", "mase", "crps", "coverage_50", "coverage_95"],
    "fan": ["entry", "family", "channel", "step", "truth", "mean", *QUANTILES],
}

INFLUENCE = ["entry", "model", "family", "channel", "lag", "mean", "spread"]

#: A test trial: contestant, family, fold, and what was kept of its predictions.
Trial = tuple[str, str, int, Mapping[str, Any]]


@dataclass(frozen=True, eq=False)
class Numbers:
    """Tables of a comparison in which numbers were predicted; empty where none were.

    Parameters
    ----------
    trials : list of (entry, family, fold, details)
        Of all contestants in all folds; ``details`` is what `forecast_details` keeps.
    contest : Contest
        The models by the bits of their densities.
    """

    trials: list[Trial]
    contest: Contest

    @classmethod
    def of(cls, tests: pd.DataFrame, details: Mapping[str, Details], contest: Contest) -> Numbers:
        """Return what test trials have kept."""
        rows = tests[["entry", "family", "seed", "trial_id"]].itertuples(index=False, name=None)
        kept = [(e, f, int(fold), details[t].get("forecast") or {}) for e, f, fold, t in rows]
        return cls([trial for trial in kept if trial[3]], contest)

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return every table, by name."""
        made = (
            *(self.channels, self.pit, self.residuals, self.stretch, self.skill),
            *(self.ahead, self.fan),
        )
        return {f"numbers_{name}": make() for name, make in zip(COLUMNS, made, strict=True)}

    def channels(self) -> pd.DataFrame:
        """Return the scores of each channel in its units, means over folds by their steps."""
        records = [
            {"entry": entry, "family": family, **record}
            for entry, family, _, kept in self.trials
            for record in kept["channels"]
        ]
        rows = []
        table = pd.DataFrame(records, columns=["entry", "family", "channel", "weight", *SCORES])
        for key, part in table.groupby(["entry", "family", "channel"], sort=False):
            weight = part["weight"].to_numpy(np.float64)
            mean = {name: _mean(part[name].to_numpy(np.float64), weight) for name in SCORES}
            # a mean of squares, not of roots
            mean["rmse"] = float(np.sqrt(_mean(part["rmse"].to_numpy(np.float64) ** 2, weight)))
            rows.append((*key, *(mean[name] for name in SCORES)))
        return pd.DataFrame(rows, columns=COLUMNS["channels"])

    def pit(self) -> pd.DataFrame:
        """Return the share of steps in each of 20 bins of predicted probability: even, if all is well."""
        table = self._summed("pit", ["channel", "bin"])
        total = table.groupby(["entry", "channel"])["sum"].transform("sum")
        return table.assign(share=table["sum"] / total)[COLUMNS["pit"]]

    def residuals(self) -> pd.DataFrame:
        """Return autocorrelations of normal scores and of their squares; ``band`` is what noise reaches.

        A residual is the normal quantile of the probability of no more than what came. With power 1 what is
        left of it says that the mean has more memory than the model, with power 2 that the spread has. The
        band holds 95% of single lags without memory (Bartlett).
        """
        table = self._summed("residuals", ["channel", "power", "lag"])
        if table.empty:
            return pd.DataFrame(columns=COLUMNS["residuals"])
        scale = table[table["lag"] == 0].set_index(["entry", "channel", "power"])["sum"]
        keys = pd.MultiIndex.from_frame(table[["entry", "channel", "power"]])
        whole = scale.reindex(keys).to_numpy()
        with np.errstate(invalid="ignore", divide="ignore"):
            correlation = table["sum"].to_numpy() / whole
        n_steps = sum(self._n_steps().values())
        made = table.assign(correlation=correlation, band=1.96 / np.sqrt(max(n_steps, 1.0)))
        return made[made["lag"] > 0].reset_index(drop=True)[COLUMNS["residuals"]]

    def stretch(self) -> pd.DataFrame:
        """Return the last steps of the longest sequence that was tested last, with what was predicted."""
        last = max((fold for _, _, fold, _ in self.trials), default=0)
        rows = [(e, f, *row) for e, f, fold, kept in self.trials if fold == last for row in kept["stretch"]]
        return pd.DataFrame(rows, columns=COLUMNS["stretch"])

    def ahead(self) -> pd.DataFrame:
        """Return the scores of forecasts by the steps ahead, means over all points that they started from."""
        records = [(e, f, *row) for e, f, _, kept in self.trials for row in kept.get("ahead", [])]
        table = pd.DataFrame(records, columns=COLUMNS["ahead"])
        rows = []
        for key, part in table.groupby(COLUMNS["ahead"][:4], sort=False):
            weight = part["n"].to_numpy(np.float64)
            scores = [_mean(part[name].to_numpy(np.float64), weight) for name in COLUMNS["ahead"][5:]]
            rows.append((*key, int(weight.sum()), *scores))
        return pd.DataFrame(rows, columns=COLUMNS["ahead"])

    def fan(self) -> pd.DataFrame:
        """Return the last forecast of the longest sequence that was tested last; ``step`` counts from it."""
        last = max((fold for _, _, fold, _ in self.trials), default=0)
        rows = [
            (e, f, *row) for e, f, fold, kept in self.trials if fold == last for row in kept.get("fan", [])
        ]
        return pd.DataFrame(rows, columns=COLUMNS["fan"])

    def skill(self) -> pd.DataFrame:
        """Return what means and densities gain over chance, told apart.

        ``mean_skill`` is the share of the squared error of chance that the predicted mean saves, with its 95%
        interval; ``gain`` is the bits a step that the density saves, where models are compared by them.
        """
        losses = self._squares()
        squared = self._contest(losses)
        families = {entry: family for entry, family, _, _ in self.trials}
        rows = []
        for entry in squared.entries if CHANCE in squared.parts else ():
            whole = squared.mean_loss(CHANCE)
            if entry == CHANCE or entry not in self.contest.parts or not whole > 0:
                continue
            share = 1 - squared.mean_loss(entry) / whole
            # a ratio of means: its error is that of the mean of what it leaves
            left = np.where(losses["entry"] == CHANCE, (1 - share) * losses["loss"], losses["loss"])
            off = self._contest(losses.assign(loss=left)).difference(CHANCE, entry)
            low, high = (share + float(end) / whole for end in off.interval())
            saved = self.contest.mean_loss(CHANCE) - self.contest.mean_loss(entry)
            gain = float("nan") if self.contest.metric.relative else saved
            rows.append((entry, families[entry], share, low, high, gain))
        return pd.DataFrame(rows, columns=COLUMNS["skill"])

    def _contest(self, losses: pd.DataFrame) -> Contest:
        mine = self.contest
        return Contest(losses, _SQUARED, mine.test_fraction, mine.copies, mine.ordered)

    def _squares(self) -> pd.DataFrame:
        parts = []
        for entry, _, fold, kept in self.trials:
            sums = np.asarray(kept["squares"], dtype=np.float64).reshape(-1, 2)
            known = np.flatnonzero(sums[:, 0] > 0)
            columns = {"fold": fold, "unit": known, "weight": sums[known, 0], "loss": sums[known, 1]}
            parts.append(pd.DataFrame({"entry": entry, **columns}))
        empty = pd.DataFrame(columns=["entry", "fold", "unit", "weight", "loss"])
        return pd.concat(parts, ignore_index=True) if parts else empty

    def _n_steps(self) -> dict[int, float]:
        """Return the weight of what was predicted in each fold, by whichever contestant came first."""
        found: dict[int, float] = {}
        for _, _, fold, kept in self.trials:
            found.setdefault(fold, float(kept["channels"][0]["weight"]))
        return found

    def _summed(self, name: str, keys: list[str]) -> pd.DataFrame:
        records = [(e, f, *row) for e, f, _, kept in self.trials for row in kept[name]]
        table = pd.DataFrame(records, columns=["entry", "family", *keys, "sum"])
        return table.groupby(["entry", "family", *keys], sort=False)["sum"].sum().reset_index()


def influence_table(contexts: pd.DataFrame, details: Mapping[str, Details]) -> pd.DataFrame:
    """Return how much predictions change with each number in the past, the mean over folds.

    Parameters
    ----------
    contexts : DataFrame
        Rows of the trials that contexts were traced in.
    details : mapping of str to dict
        The details of each trial.
    """
    records = [
        {"entry": entry, "model": model, "family": family, **point}
        for entry, model, family, trial in contexts[["entry", "model", "family", "trial_id"]].to_numpy()
        for point in details[trial].get("number_influence", [])
    ]
    keys = INFLUENCE[:5]
    table = pd.DataFrame(records, columns=INFLUENCE)
    return table.groupby(keys, sort=False)[["mean", "spread"]].mean().reset_index()


#: Squared errors, in units of the variance of each channel: not of one that a user asks for.
_SQUARED = Metric("squared error", "", False, "numbers", roles=("next",), least=0.0)


def _mean(values: Any, weight: Any) -> float:
    known = np.isfinite(values)
    return float(np.average(values[known], weights=weight[known])) if known.any() else float("nan")
