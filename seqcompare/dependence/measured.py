"""What was measured for a profile, before it is put in words."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from seqcompare.data.dataset import Role
from seqcompare.dependence.checks import Finding


@dataclass(frozen=True, eq=False)
class Measured:
    """The numbers and tables of a profile; `Profile` says what each is."""

    name: str
    role: Role
    n_sequences: int
    n_steps: int
    n_channels: int
    alpha: float
    p_value: float
    reach: int | None
    look_ahead: int | None
    order: int | None
    told: tuple[int, ...]
    period: float | None
    beyond_clock: int | None
    beyond_clock_p: float
    timescale: float
    gain: float
    gain_error: float
    drift: str
    kept: tuple[str, ...]
    lags: pd.DataFrame
    orders: pd.DataFrame
    entropy: pd.DataFrame
    numbers: pd.DataFrame
    checks: tuple[Finding, ...]
    notes: tuple[str, ...]

    def frame(self) -> pd.DataFrame:
        """Return `lags` and `orders` side by side, one row a lag."""
        return self.lags.merge(self.orders, on="lag", how="outer").sort_values("lag", ignore_index=True)
