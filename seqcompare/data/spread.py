"""Whether numbers vary in proportion to their size, so that their logarithms are even."""

from __future__ import annotations

import numpy as np

from seqcompare.data.sequences import Sequences

_SHORTEST_BLOCK, _FEWEST_BLOCKS = 8, 5
#: What the spread goes with, as a power of the level: halfway between not at all and in proportion.
_LEAST_POWER, _ERRORS = 0.5, 2.0


def grows_with_level(X: Sequences, season: int = 1) -> bool:
    """Return whether all numbers are above 0, and their changes grow with them.

    The logarithm of the changes' spread in blocks is held against that of the level there, as in a
    spread-versus-level plot (Tukey 1977, "Exploratory data analysis", chapter 4).

    Parameters
    ----------
    X : Sequences of numbers
        Missing values are passed over.
    season : int, default=1
        Steps of a season: a block has whole ones.

    Returns
    -------
    bool
        True if in every channel the slope is above one half, and above two of its standard errors.
    """
    x = X.channels.astype(np.float64)
    if not ((x > 0) | np.isnan(x)).all():
        return False
    size = season * -(-_SHORTEST_BLOCK // season)
    starts = [
        a
        for first, n in zip(X.offsets[:-1], X.lengths, strict=True)
        for a in range(first, first + n - size + 1, size)
    ]
    if len(starts) < _FEWEST_BLOCKS:
        return False
    block = x[np.add.outer(starts, np.arange(size))]
    known = np.isfinite(block).sum(axis=1) > size // 2
    known &= np.isfinite(np.diff(block, axis=1)).sum(axis=1) > size // 4
    return all(_slope_is_steep(block[known[:, c], :, c]) for c in range(x.shape[1]))


def _slope_is_steep(block: np.ndarray) -> bool:
    """Whether the spread of changes in blocks, shape (n, size), goes with the level."""
    if len(block) < _FEWEST_BLOCKS:
        return False
    level, spread = np.nanmean(block, axis=1), np.sqrt(np.nanmean(np.diff(block, axis=1) ** 2, axis=1))
    kept = spread > 0
    level, spread = np.log(level[kept]), np.log(spread[kept])
    off = level - level.mean() if len(level) else level
    if len(level) < _FEWEST_BLOCKS or not (off**2).sum() > 0:
        return False
    slope = (off @ spread) / (off @ off)
    left = spread - spread.mean() - slope * off
    error = np.sqrt(left @ left / (len(level) - 2) / (off @ off))
    return bool(slope > max(_LEAST_POWER, _ERRORS * error))
