"""Whether the rows of a table follow each other, though its columns are numbered like steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.look import Look, starts_of

# so many rows have to say it
_FEW_ROWS, _FEW_VALUES = 12, 8
# neighbouring rows of a series are so much alike; those of different sequences are not
_ALIKE = 0.6


def rows_go_on(looks: Mapping[str, Look], columns: Sequence[str], rest: Sequence[str]) -> bool:
    """Return whether a row continues the one above it, so that the columns are channels, or lags of one.

    Parameters
    ----------
    looks : mapping of str to Look
        The columns of the table.
    columns : sequence of str
        Those that are numbered, in their order.
    rest : sequence of str
        The others: where one has a block of rows for each of its values, as a class may, rows are alike
        within blocks for this reason alone.
    """
    numbers = [looks[name].numbers for name in columns]
    few = any(looks[name].distinct < _FEW_VALUES for name in columns)
    # rows that are sorted by few values are alike as well
    if few or len(looks[columns[0]].codes) < _FEW_ROWS or any(column is None for column in numbers):
        return False
    cells = np.column_stack([column for column in numbers if column is not None])
    if _lagged(cells):
        return True
    for name in rest:
        look = looks[name]
        if 1 < look.distinct == look.blocks <= len(cells) / 3:
            cells = cells - _means(cells, starts_of(look.codes))
    alike = [_correlation(column[1:], column[:-1]) for column in cells.T]
    return bool(np.nanmedian(alike) > max(_ALIKE, 4 / np.sqrt(len(cells))))


def _lagged(cells: NDArray[np.float64]) -> bool:
    """Whether each column holds the one beside it, a row later or earlier."""
    later = (cells[1:, 1:] == cells[:-1, :-1]) & (cells[1:, 1:] != cells[:-1, 1:])
    earlier = (cells[:-1, 1:] == cells[1:, :-1]) & (cells[:-1, 1:] != cells[1:, 1:])
    changed = cells[1:, 1:] != cells[:-1, 1:]
    return any(kind.sum() > 0.9 * max(int(changed.sum()), 1) for kind in (later, earlier))


def _means(cells: NDArray[np.float64], starts: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the means of the blocks, a row each row."""
    block = np.cumsum(starts) - 1
    sums = np.zeros((int(block[-1]) + 1, cells.shape[1]))
    np.add.at(sums, block, np.nan_to_num(cells))
    means: NDArray[np.float64] = sums[block] / np.bincount(block)[block, np.newaxis]
    return means


def _correlation(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    known = np.isfinite(a) & np.isfinite(b)
    if known.sum() < 3 or not np.ptp(a[known]) or not np.ptp(b[known]):
        return float("nan")
    return float(np.corrcoef(a[known], b[known])[0, 1])
