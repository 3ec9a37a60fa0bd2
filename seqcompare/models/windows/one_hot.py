"""Products with one-hot rows that are never made: a row is the places of its ones.

With weights W, a row of them a column, the product of a one-hot row and W is the sum of those rows of W that
its ones stand at. Of a vector a row, the product with all rows transposed adds that vector at each of them.

Behind the columns come two more places: one that every row is at, where W holds the intercepts, and one where
W is zero, for blocks that are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numba import njit

from seqcompare.data.sequences import Sequences
from seqcompare.models.windows.layout import WindowLayout
from seqcompare.typing import Array, Floats, Ints


class Places(NamedTuple):
    """Some one-hot rows.

    Attributes
    ----------
    of_ones : ndarray of unsigned int, shape (n_rows, n_blocks + 1)
        Where the one of each block stands, and that of the intercepts.
    """

    of_ones: Array

    def times(self, weights: Floats) -> Floats:
        """Return the product of the rows and `weights`, shape (n_rows, n_lines).

        Parameters
        ----------
        weights : ndarray of shape (n_columns + 2, n_lines)
            Of columns; intercepts; zeros.
        """
        product = np.empty((len(self.of_ones), weights.shape[1]))
        _gather(self.of_ones, weights, product)
        return product

    def add_transposed(self, answers: Floats, total: Floats) -> None:
        """Add the product of the rows, transposed, and `answers` to `total`, shape (n_columns + 2, n_lines).

        The last row is then what was said of blocks that are zero.
        """
        _scatter(self.of_ones, answers, total)


class OneHotRows(NamedTuple):
    """The one-hot rows of windows over symbols, from codes of which each step has one.

    Attributes
    ----------
    line : ndarray of int, shape (n_codes,)
        Codes of all steps, parted by gaps.
    starts : ndarray of int, shape (n_rows,)
        Where each window starts.
    widths : ndarray of int, shape (n_taps,)
        Columns of each tap.
    pairs : tuple of ndarray of int, shape (n_pairs,)
        The taps whose pairs have columns.
    n_columns : int
        Columns of a row.
    """

    line: Ints
    starts: Ints
    widths: Ints
    pairs: tuple[Ints, Ints]
    n_columns: int

    @classmethod
    def of(cls, layout: WindowLayout, sequences: Sequences, steps: Ints | None = None) -> OneHotRows:
        """Return the rows at `steps`, by default all."""
        line, starts = layout.line(sequences, steps)
        # one type for all alphabets, so that there is one kernel to compile
        return cls(line.astype(np.int32), starts, layout.widths, layout.pairs_of_taps, layout.n_columns)

    def tiles(self, size: int) -> Iterator[Places]:
        """Yield `size` rows at a time."""
        n_blocks = len(self.widths) + len(self.pairs[0])
        for a in range(0, len(self.starts), size):
            starts = self.starts[a : a + size]
            places = np.empty((len(starts), n_blocks + 1), dtype=np.uintp)
            _find_places(self.line, starts, self.widths, *self.pairs, self.n_columns, places)
            yield Places(places)


@njit(cache=True)
def _find_places(
    line: Array, starts: Array, widths: Array, first: Array, second: Array, n_columns: int, places: Array
) -> None:
    """Write the place of the one of each tap, then of each pair of taps, then of the intercepts."""
    n_taps, nowhere = len(widths), n_columns + 1
    for i in range(len(starts)):
        window = line[starts[i] : starts[i] + n_taps]
        column = 0
        for j in range(n_taps):
            places[i, j] = column + window[j] if window[j] < widths[j] else nowhere
            column += widths[j]
        for j in range(len(first)):
            left, right = window[first[j]], window[second[j]]
            heard = left < widths[first[j]] and right < widths[second[j]]
            places[i, n_taps + j] = column + left * widths[second[j]] + right if heard else nowhere
            column += widths[first[j]] * widths[second[j]]
        places[i, -1] = n_columns


# Places are unsigned: of such, Numba does not ask whether they count from the end.


@njit(cache=True)
def _gather(places: Array, weights: Array, product: Array) -> None:
    """Write the sum of those rows of `weights` that each row of `places` names."""
    n_rows, n_blocks = places.shape
    n_lines = weights.shape[1]
    # four lines at a time stay in registers
    whole = n_lines - n_lines % 4
    for i in range(n_rows):
        for k in range(0, whole, 4):
            a = b = c = d = 0.0
            for j in range(n_blocks):
                at = places[i, j]
                a += weights[at, k]
                b += weights[at, k + 1]
                c += weights[at, k + 2]
                d += weights[at, k + 3]
            product[i, k], product[i, k + 1], product[i, k + 2], product[i, k + 3] = a, b, c, d
        for k in range(whole, n_lines):
            a = 0.0
            for j in range(n_blocks):
                a += weights[places[i, j], k]
            product[i, k] = a


@njit(cache=True)
def _scatter(places: Array, answers: Array, total: Array) -> None:
    """Add each row of `answers` to those rows of `total` that the row of `places` names."""
    n_rows, n_blocks = places.shape
    n_lines = total.shape[1]
    for i in range(n_rows):
        if n_lines < 4:  # too few for a loop over them to be worth starting at each place
            for k in range(n_lines):
                a = answers[i, k]
                for j in range(n_blocks):
                    total[places[i, j], k] += a
        else:
            for j in range(n_blocks):
                at = places[i, j]
                for k in range(n_lines):
                    total[at, k] += answers[i, k]
