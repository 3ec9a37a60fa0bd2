"""How the steps of a window become columns of a design matrix."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from seqcompare.data.sequences import Sequences
from seqcompare.models.alphabet import encode
from seqcompare.models.filling import Expected, Filling
from seqcompare.typing import Floats, Integers, Ints, Labels, Values

PAD = "<pad>"

# rows whose columns are written at a time
_PIECE = 8192


@dataclass(frozen=True)
class WindowLayout:
    """The taps of a window and the columns that they fill.

    A window becomes a row in two stages. `base` cuts it out: codes of symbols, one a tap, or numbers.
    `expand` makes the row: the one-hot of the codes, or the numbers themselves, with the products of pairs of
    taps where those are wanted. Between the two, one lag can be shuffled without touching any other.

    Parameters
    ----------
    before, after : int
        Steps seen before and after step t.
    symbols : ndarray or None
        The sorted alphabet; None for real-valued steps.
    n_channels : int
        Numbers in a real-valued step.
    pairs : bool
        Whether each pair of taps has columns of its own.
    mark_edges : bool
        Whether a tap beyond the ends of its sequence is marked; if not, it is all zero.
    dtype : dtype
        Type of the rows.
    filling : Filling, optional
        What stands in for missing numbers; then a step has as many marks as channels behind these, 1 where
        the number is missing.
    """

    before: int
    after: int
    symbols: Labels | None
    n_channels: int
    pairs: bool
    mark_edges: bool
    dtype: np.dtype[np.generic]
    filling: Filling | None = None

    @property
    def lags(self) -> NDArray[np.int64]:
        """How many steps back each tap looks, from `before` down to ``-after``."""
        return np.arange(self.before, -self.after - 1, -1)

    @property
    def base_lags(self) -> NDArray[np.int64]:
        """The lag that each column of `base` belongs to."""
        if self.symbols is not None:
            return self.lags
        return np.concatenate([np.repeat(self.lags, self.n_channels), self._marked_lags])

    @property
    def column_lags(self) -> NDArray[np.int64]:
        """The two lags of each column of a row, shape (n_columns, 2): twice the same but in pairs."""
        first, second = self.pairs_of_taps
        if self.symbols is not None:
            widths = self.widths
            alone = np.repeat(self.lags, widths)
            sizes = widths[first] * widths[second]
        else:
            alone = self.base_lags
            sizes = np.full(len(first), self.n_channels**2)
        both = np.repeat(np.stack([self.lags[first], self.lags[second]], axis=1), sizes, axis=0)
        return np.concatenate([np.stack([alone, alone], axis=1), both])

    @property
    def edge_columns(self) -> NDArray[np.bool_]:
        """Which columns of a row mark the edges of sequences rather than carry steps, shape (n_columns,)."""
        first, second = self.pairs_of_taps
        if self.symbols is None:
            marks = len(self._marked_lags)
            values, products = len(self.lags) * self.n_channels, len(first) * self.n_channels**2
            return np.repeat([False, True, False], [values, marks, products])
        of_tap = [np.arange(width) == len(self.symbols) for width in self.widths]
        of_pair = [(of_tap[i][:, None] | of_tap[j]).ravel() for i, j in zip(first, second, strict=True)]
        return np.concatenate(of_tap + of_pair)

    @property
    def n_columns(self) -> int:
        """Columns of a row."""
        first, second = self.pairs_of_taps
        if self.symbols is not None:
            widths = self.widths
            return int(widths.sum() + (widths[first] * widths[second]).sum())
        return len(self.base_lags) + len(first) * self.n_channels**2

    def names(self, channels: list[str] | None = None) -> list[str]:
        """Name every column: ``t-2=A``, ``t-2=<pad>``, ``t+1[0]``, ``t-1=A & t=B``, ``t-1[0] * t[0]``."""
        taps = ["t" if lag == 0 else f"t{-lag:+d}" for lag in self.lags]
        first, second = self.pairs_of_taps
        if self.symbols is not None:
            values = [str(s) for s in self.symbols] + [PAD]
            of_tap = [
                [f"{tap}={value}" for value in values[:width]]
                for tap, width in zip(taps, self.widths, strict=True)
            ]
            marks, sign = [], "&"
        else:
            alone = self.n_channels == 1 and channels is None
            inner = [""] if alone else [f"[{c}]" for c in channels or range(self.n_channels)]
            of_tap = [[tap + channel for channel in inner] for tap in taps]
            marks, sign = [f"t{-lag:+d}={PAD}" for lag in self._marked_lags], "*"
        singles = [name for names in of_tap for name in names]
        both = [
            f"{a} {sign} {b}"
            for i, j in zip(first, second, strict=True)
            for a in of_tap[i]
            for b in of_tap[j]
        ]
        return singles + marks + both

    def base(
        self,
        sequences: Sequences,
        steps: NDArray[np.int64] | None = None,
        expected: Expected | None = None,
    ) -> Values:
        """Cut out the windows at `steps`.

        Parameters
        ----------
        sequences : Sequences
            n_steps steps.
        steps : ndarray of int, optional
            Positions in ``sequences.values``; by default all.
        expected : Expected, optional
            What is expected of missing numbers, if it is known; by default `filling` says.

        Returns
        -------
        ndarray of shape (n_rows, n_taps) or (n_rows, n_taps * n_channels + n_marks)
            Codes of symbols: those of `symbols` by their position, then one for beyond the edge, then one for
            unknown. Or numbers: the taps, 0 beyond the edge, then one mark for each tap that can be there.
            In place of missing ones stands what is expected, given the steps up to the last of the window.
        """
        return next(self.pieces(sequences, steps, expected=expected))

    def pieces(
        self,
        sequences: Sequences,
        steps: NDArray[np.int64] | None = None,
        size: int | None = None,
        expected: Expected | None = None,
    ) -> Iterator[Values]:
        """Yield what `base` returns, `size` rows at a time; by default all at once."""
        gone = sequences.missing
        if self.filling is not None:
            expected = self.filling.expect(sequences) if expected is None else expected
            sequences = _marked(sequences, expected, gone)
        line, starts = self.line(sequences, steps)
        channels = 1 if self.symbols is not None else self.n_channels
        windows = sliding_window_view(line, len(self.lags) * channels)[::channels]
        whole = len(sequences) == 1 and steps is None
        if whole:
            # the windows of one whole sequence are a view of it
            windows = windows[starts[0] :]
        edges = self._edges(sequences, steps)
        n_rows = sequences.n_steps if steps is None else len(steps)
        for a in range(0, n_rows, size or n_rows):
            part = slice(a, min(a + (size or n_rows), n_rows))
            piece = windows[part if whole else starts[part]]
            if expected is not None:
                at = np.arange(part.start, part.stop) if steps is None else steps[part]
                piece = self._seen_from(np.array(piece), at, sequences, expected, gone)
            yield piece if edges is None else np.concatenate([piece, edges(part)], axis=1)

    def _seen_from(
        self, rows: Floats, at: Ints, sequences: Sequences, expected: Expected, gone: NDArray[np.bool_]
    ) -> Floats:
        """Put in place of missing numbers what is expected of them from the last step of each window.

        Parameters
        ----------
        rows : ndarray of shape (n_rows, n_taps * n_channels)
            Windows, written to.
        at : ndarray of int, shape (n_rows,)
            The steps that they are around.
        sequences : Sequences
            All steps.
        expected : Expected
            What is expected.
        gone : ndarray of bool, shape (n_steps, n_channels / 2)
            What is missing.
        """
        d, kept = gone.shape[1], expected.past.shape[1]
        ends = sequences.offsets[1:][sequences.sequence_index[at]]
        place, length = sequences.step_index[at], sequences.lengths[sequences.sequence_index[at]]
        last = np.minimum(at + self.after, ends - 1)
        for tap, lag in enumerate(self.lags):
            there = np.flatnonzero((place - lag >= 0) & (place - lag < length))
            there = there[gone[at[there] - lag].any(axis=1)]
            step = at[there] - lag
            back = np.minimum(last[there] - step, kept - 1)
            columns = slice(tap * self.n_channels, tap * self.n_channels + d)
            seen_from = expected.past[step + back, back]
            rows[there, columns] = np.where(gone[step], seen_from, rows[there, columns])
        return rows

    def line(
        self, sequences: Sequences, steps: NDArray[np.int64] | None = None
    ) -> tuple[Values, NDArray[np.int64]]:
        """Return all steps in one line, and where in it the windows at `steps` start.

        Sequences are parted by gaps that no window reaches across: code ``n_symbols``, or 0. A symbol that is
        unknown has the code ``n_symbols + 1``. Of numbers there are ``n_channels`` to a place.
        """
        gap = max(self.before, self.after)
        places = sequences.sequence_index + 1
        places *= gap
        places += np.arange(sequences.n_steps)
        line = self._line(sequences, places, sequences.n_steps + (len(sequences) + 1) * gap)
        places -= self.before
        return line, places if steps is None else places[steps]

    def _line(self, sequences: Sequences, places: NDArray[np.int64], size: int) -> Values:
        """Return all steps at their places in one line of `size` steps, filled up with what is no step."""
        if self.symbols is None:
            line = np.zeros((size, self.n_channels), dtype=self.dtype)
            line[places] = sequences.channels
            return line.reshape(-1)
        pad = len(self.symbols)
        codes = encode(sequences.values, self.symbols)
        codes[codes == pad] = pad + 1
        line = np.full(size, pad, dtype=np.min_scalar_type(pad + 1))
        line[places] = codes
        return line

    def _edges(
        self, sequences: Sequences, steps: NDArray[np.int64] | None
    ) -> Callable[[slice], Values] | None:
        """Return what gives the marks of a slice of rows over numbers; None if there are none."""
        marked = self._marked_lags
        if self.symbols is not None or not len(marked):
            return None
        chosen = slice(None) if steps is None else steps
        at = sequences.step_index[chosen]
        lengths = np.repeat(sequences.lengths, sequences.lengths)[chosen]

        def edges(part: slice) -> Floats:
            seen = at[part, None] - marked
            return ((seen < 0) | (seen >= lengths[part, None])).astype(self.dtype)

        return edges

    def expand(self, base: Labels) -> Any:
        """Make rows of what `base` cut out, shape (n_rows, n_columns): CSR for symbols, else dense."""
        first, second = self.pairs_of_taps
        if self.symbols is not None:
            widths = self._all_widths
            indices = np.empty((len(base), len(widths)), dtype=index_type(base.shape[0], widths))
            # a piece at a time, so that what is only passing through stays in the cache
            full = [
                write_places(self._paired(base[a : a + _PIECE]), widths, indices[a : a + _PIECE])
                for a in range(0, len(base), _PIECE)
            ]
            return one_hot(indices, int(widths.sum()), self.dtype, full=all(full))
        if not self.pairs:
            return base
        taps = base[:, : len(self.lags) * self.n_channels].reshape(len(base), -1, self.n_channels)
        products = taps[:, first, :, None] * taps[:, second, None, :]
        return np.concatenate([base, products.reshape(len(base), -1)], axis=1)

    def _paired(self, codes: Integers) -> Integers:
        """Add a code for each pair of taps, if pairs are wanted."""
        if not self.pairs:
            return codes
        first, second = self.pairs_of_taps
        sizes = self.widths[second]
        left, right = codes[:, first].astype(np.int64), codes[:, second]
        # a pair with a silent half is silent: its code is beyond the columns of the pair
        heard = (left < self.widths[first]) & (right < sizes)
        both = np.where(heard, left * sizes + right, self.widths[first] * sizes)
        return np.concatenate([codes, both], axis=1)

    @property
    def _all_widths(self) -> NDArray[np.int64]:
        """Columns of each tap over symbols, and then of each pair."""
        first, second = self.pairs_of_taps
        return np.concatenate([self.widths, self.widths[first] * self.widths[second]])

    @property
    def widths(self) -> NDArray[np.int64]:
        """Columns of each tap over symbols: the tap at lag 0 is never beyond the edge and needs no mark."""
        assert self.symbols is not None
        marked = (self.lags != 0) & self.mark_edges
        return len(self.symbols) + marked.astype(np.int64)

    @property
    def _marked_lags(self) -> NDArray[np.int64]:
        return self.lags[(self.lags != 0) & self.mark_edges]

    @property
    def pairs_of_taps(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The pairs of taps, the earlier one first; none if no pairs are wanted."""
        return np.triu_indices(len(self.lags) if self.pairs else 0, 1)


def _marked(sequences: Sequences, expected: Expected, gone: NDArray[np.bool_]) -> Sequences:
    """Return steps without gaps, each with its marks behind it."""
    x = np.where(gone, expected.past[:, 0], sequences.channels)
    return Sequences(np.concatenate([x, gone], axis=1), sequences.offsets)


def index_type(n_rows: int, widths: NDArray[np.int64]) -> type[np.signedinteger[Any]]:
    """Return the smallest type that scipy's indices can have for so many rows and columns."""
    largest = max(n_rows * len(widths), int(widths.sum()))
    return np.int32 if largest <= np.iinfo(np.int32).max else np.int64


def write_places(codes: Integers, widths: NDArray[np.int64], places: Integers) -> bool:
    """Write the column of each code, its blocks side by side, into `places`; -1 for a code beyond its block.

    Returns whether there was no such code.

    Parameters
    ----------
    codes : ndarray of int, shape (n_rows, n_blocks)
        Each marks a column within its own block.
    widths : ndarray of int, shape (n_blocks,)
        Columns of each block.
    places : ndarray of int, shape (n_rows, n_blocks)
        Written to.
    """
    starts = (np.cumsum(widths) - widths).astype(places.dtype)
    np.add(codes, starts, out=places, casting="unsafe")
    silent = codes >= widths.astype(codes.dtype)
    full = not silent.any()
    if not full:
        places[silent] = -1
    return full


def one_hot(places: Integers, n_columns: int, dtype: np.dtype[np.generic], *, full: bool) -> csr_matrix:
    """Return the matrix with a 1 at each place of each row, those of -1 left out.

    Parameters
    ----------
    places : ndarray of int, shape (n_rows, n_blocks)
        Columns, rising along each row.
    n_columns : int
        Columns of the matrix.
    dtype : dtype
        Type of the ones.
    full : bool
        Whether no place is -1.
    """
    n_rows, n_blocks = places.shape
    if full:
        indices = places.reshape(-1)
        indptr = np.arange(n_rows + 1, dtype=places.dtype) * places.dtype.type(n_blocks)
    else:
        kept = places >= 0
        indices = places[kept]
        indptr = np.concatenate([[0], np.cumsum(kept.sum(axis=1))]).astype(places.dtype)
    matrix = csr_matrix((np.ones(len(indices), dtype=dtype), indices, indptr), shape=(n_rows, n_columns))
    # true by construction; saying so saves every reader a pass over the indices
    matrix.has_sorted_indices = True
    matrix.has_canonical_format = True
    return matrix
