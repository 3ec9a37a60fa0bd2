"""What a profile was asked to do, and the tables that all roles share."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seqcompare.dependence.drift import NO_DRIFT, Drift
from seqcompare.dependence.gains import Loss

PER_STEP = ("next", "step", "step-value")
"""Roles with something to predict at every step."""

NUMBER_COLUMNS = ["channel", "part", "sources", "lags", "bits", "error", "p", "distance"]
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
    n_bins: int | None = None

    def __post_init__(self) -> None:
        for name, least in (("max_lag", 1), ("max_order", 0), ("n_folds", 2)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
                raise ValueError(f"{name} must be a whole number, {least} or more, got {value!r}")
        if not 0 < self.alpha < 1:
            raise ValueError(f"alpha must be between 0 and 1, got {self.alpha!r}")
        fewest = int(np.ceil(4 / self.alpha - 1e-9)) - 1
        if self.n_permutations < fewest:
            raise ValueError(
                f"n_permutations must be {fewest} or more for alpha = {self.alpha}, got {self.n_permutations}"
            )

    @property
    def share(self) -> float:
        """The false alarms that each of the two views may raise, lags and contexts."""
        return self.alpha / 2

    @property
    def context_share(self) -> float:
        """Those of contexts: what lags and lags together with the last step leave of all."""
        return self.alpha / 3

    @property
    def beyond_share(self) -> float:
        """Those of lags beyond the contexts that tell: asked only where contexts do."""
        return self.alpha / 4

    @property
    def number_share(self) -> float:
        """Those of numbers taken as numbers."""
        return self.alpha / 4


@dataclass(eq=False)
class Found:
    """What a role's profile found, before it is put into words.

    Parameters
    ----------
    lags, orders, entropy : DataFrame
        The tables of `Profile`.
    p_value : float
        Over all lags.
    reach, look_ahead, order : int or None
        How far back single steps and contexts tell, and how far ahead.
    period : int, float or None
        The clock.
    beyond_clock : int or None
        The largest lag that tells more than the clock does.
    beyond_clock_p : float
        The p-value over all lags of that.
    gain, gain_error : float
        Bits that the best context saves, and the standard error.
    drift : Drift
        A change of the source, if there is one.
    timescale : float
        Mean distance of what the past tells, where numbers say; NaN otherwise.
    kept : tuple of str
        What the null hypotheses keep.
    numbers : DataFrame
        What numbers tell as numbers.
    """

    lags: pd.DataFrame
    orders: pd.DataFrame
    entropy: pd.DataFrame
    p_value: float
    reach: int | None = None
    look_ahead: int | None = None
    order: int | None = None
    period: float | None = None
    beyond_clock: int | None = None
    beyond_clock_p: float = np.nan
    gain: float = np.nan
    gain_error: float = np.nan
    timescale: float = np.nan
    drift: Drift = NO_DRIFT
    kept: tuple[str, ...] = ()
    numbers: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=NUMBER_COLUMNS))


def told_lags(orders: pd.DataFrame, settings: Settings) -> NDArray[np.int64]:
    """Return the lags whose step tells more than those nearer than it, shape (n_told,).

    Whether any does is asked at the share of contexts. Once one does, a longer context is asked more of:
    an order that is too high would be the more likely error.
    """
    tested = orders.dropna(subset="p")
    lag, p = tested["lag"].to_numpy(), tested["p"].to_numpy()
    told = []
    for side in (lag >= 0, lag < 0):
        loose = lag[side & (p <= settings.context_share + 1e-9)]
        strict = lag[side & (p <= settings.beyond_share + 1e-9)]
        nearest = loose[np.abs(loose) == np.abs(loose).min()] if len(loose) else loose
        told.append(np.union1d(nearest, strict))
    return np.concatenate(told).astype(np.int64)


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
