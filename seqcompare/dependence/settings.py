"""What a profile was asked to do, and the tables that all roles share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seqcompare.dependence.gains import Loss
from seqcompare.dependence.information import Pairs, elsewhere, shuffled

_FEWEST_PAIRS = 30

ORDER_COLUMNS = ["lag", "bits", "gain", "gain_error", "test_information", "p", "recurring"]


@dataclass(frozen=True)
class Settings:
    """The parameters of `profile` that its parts need; see there."""

    max_lag: int
    max_order: int
    n_permutations: int
    n_folds: int
    alpha: float
    seed: int

    def __post_init__(self) -> None:
        for name, least in (("max_lag", 1), ("max_order", 0), ("n_folds", 2)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
                raise ValueError(f"{name} must be a whole number, {least} or more, got {value!r}")
        if not 0 < self.alpha < 1:
            raise ValueError(f"alpha must be between 0 and 1, got {self.alpha!r}")
        fewest = int(np.ceil(2 / self.alpha)) - 1
        if self.n_permutations < fewest:
            raise ValueError(
                f"n_permutations must be {fewest} or more for alpha = {self.alpha}, got {self.n_permutations}"
            )

    @property
    def share(self) -> float:
        """The false alarms that each of the two views may raise, lags and contexts."""
        return self.alpha / 2


Found = tuple[pd.DataFrame, float, pd.DataFrame, pd.DataFrame]
"""Lags, the p-value over all of them, orders, entropy."""


def lag_table(
    pairs: Pairs,
    lags: NDArray[np.int64],
    settings: Settings,
    notes: list[str],
    *,
    far: bool = False,
    groups: NDArray[np.int64] | None = None,
) -> tuple[pd.DataFrame, float]:
    """Return the table of lags and the p-value over all of them.

    Parameters
    ----------
    pairs : Pairs
        Steps and targets.
    lags : ndarray of int64, shape (n_lags,)
        The lags to examine, where there are pairs enough.
    settings : Settings
        Surrogates, level and seed.
    notes : list of str
        What limits the table is added here.
    far : bool, default=False
        Whether neighbouring targets have to do with each other, so that targets from elsewhere in the data
        are needed to tell what a lag itself contributes.
    groups : ndarray of int64, shape (n_targets,), optional
        Groups of targets that have one value each, for `shuffled`.
    """
    n_pairs = pairs.count(lags)
    enough = n_pairs >= _FEWEST_PAIRS
    if not enough.all():
        notes.append(
            f"Lags with fewer than {_FEWEST_PAIRS} pairs are not examined: "
            f"{int((~enough).sum())} of {len(lags)}; longer sequences, or more of them, would show them."
        )
    lags, n_pairs = lags[enough], n_pairs[enough]
    columns = {"lag": lags, "n_pairs": n_pairs}
    if not len(lags):
        empty = {name: np.zeros(0) for name in ("information", "band", "far_band")}
        return pd.DataFrame({**columns, **empty, "detected": np.zeros(0, dtype=bool)}), 1.0
    information = pairs.information(lags, pairs.target)
    chance = shuffled(pairs, lags, settings.n_permutations, settings.share, settings.seed, groups=groups)
    detected = information > chance.band
    far_band = np.full(len(lags), np.nan)
    if far:
        others = elsewhere(pairs, lags, settings.n_permutations, settings.share, settings.seed + 1)
        far_band = others.band - chance.mean
        detected &= information > others.band
    table = pd.DataFrame(
        {
            **columns,
            "information": information - chance.mean,
            "band": chance.band - chance.mean,
            "far_band": far_band,
            "detected": detected,
        }
    )
    return table, float(chance.p_values(information).min())


def loss_rows(lags: list[int], losses: list[Loss]) -> list[dict[str, float]]:
    """Return the cross-validated part of the table of orders: each loss against the one before it.

    The first loss is the one without any of the lags; there may be losses for the first lags only.
    """
    rows = []
    for lag, before, after in zip(lags, losses[:-1], losses[1:], strict=False):
        gain, error = after.gain_over(before)
        rows.append({"lag": lag, "bits": after.mean, "gain": gain, "gain_error": error})
    return rows


def order_table(rows: list[dict[str, float]]) -> pd.DataFrame:
    """Return the table of orders, sorted by lag; what was not computed is NaN."""
    table = pd.DataFrame(rows, columns=ORDER_COLUMNS).sort_values("lag", ignore_index=True)
    return table.astype({"lag": np.int64})
