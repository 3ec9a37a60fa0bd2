"""How the steps of a window become columns of a design matrix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from seqcompare.models.alphabet import encode
from seqcompare.sequences import Sequences

PAD = "<pad>"


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
    """

    before: int
    after: int
    symbols: NDArray[Any] | None
    n_channels: int
    pairs: bool
    mark_edges: bool
    dtype: np.dtype[Any]

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
        first, second = self._pairs
        if self.symbols is not None:
            widths = self._widths
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
        return np.array([PAD in name for name in self.names()])

    @property
    def n_columns(self) -> int:
        """Columns of a row."""
        first, second = self._pairs
        if self.symbols is not None:
            widths = self._widths
            return int(widths.sum() + (widths[first] * widths[second]).sum())
        return len(self.base_lags) + len(first) * self.n_channels**2

    def names(self, channels: list[str] | None = None) -> list[str]:
        """Name every column: ``t-2=A``, ``t-2=<pad>``, ``t+1[0]``, ``t-1=A & t=B``, ``t-1[0] * t[0]``."""
        taps = ["t" if lag == 0 else f"t{-lag:+d}" for lag in self.lags]
        first, second = self._pairs
        if self.symbols is not None:
            values = [str(s) for s in self.symbols] + [PAD]
            of_tap = [
                [f"{tap}={value}" for value in values[:width]]
                for tap, width in zip(taps, self._widths, strict=True)
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

    def base(self, sequences: Sequences, steps: NDArray[np.int64] | None = None) -> NDArray[Any]:
        """Cut out the windows at `steps`.

        Parameters
        ----------
        sequences : Sequences
            n_steps steps.
        steps : ndarray of int, optional
            Positions in ``sequences.values``; by default all.

        Returns
        -------
        ndarray of shape (n_rows, n_taps) or (n_rows, n_taps * n_channels + n_marks)
            Codes of symbols: those of `symbols` by their position, then one for beyond the edge, then one for
            unknown. Or numbers: the taps, 0 beyond the edge, then one mark for each tap that can be there.
        """
        # neighbours share one gap, wide enough that no window reaches across it
        gap = max(self.before, self.after)
        starts = np.arange(sequences.n_steps) + (sequences.sequence_index + 1) * gap
        size = sequences.n_steps + (len(sequences) + 1) * gap
        places = starts if steps is None else starts[steps]
        if self.symbols is not None:
            pad = len(self.symbols)
            codes = encode(sequences.values, self.symbols)
            codes[codes == pad] = pad + 1
            line = np.full(size, pad, dtype=np.min_scalar_type(pad + 1))
            line[starts] = codes
            return sliding_window_view(line, len(self.lags))[places - self.before]
        line = np.zeros((size, self.n_channels), dtype=self.dtype)
        line[starts] = sequences.channels
        width = len(self.lags) * self.n_channels
        windows = sliding_window_view(line.reshape(-1), width)[:: self.n_channels]
        marked = self._marked_lags
        if not len(marked):
            return (
                windows[gap - self.before :][: sequences.n_steps]
                if _is_whole(sequences, steps)
                else windows[places - self.before]
            )
        rows = np.empty((len(places), width + len(marked)), dtype=self.dtype)
        rows[:, :width] = windows[places - self.before]
        chosen = slice(None) if steps is None else steps
        seen = sequences.step_index[chosen, None] - marked
        rows[:, width:] = (seen < 0) | (seen >= np.repeat(sequences.lengths, sequences.lengths)[chosen, None])
        return rows

    def expand(self, base: NDArray[Any]) -> Any:
        """Make rows of what `base` cut out, shape (n_rows, n_columns): CSR for symbols, else dense."""
        first, second = self._pairs
        if self.symbols is None:
            if not self.pairs:
                return base
            taps = base[:, : len(self.lags) * self.n_channels].reshape(len(base), -1, self.n_channels)
            products = taps[:, first, :, None] * taps[:, second, None, :]
            return np.concatenate([base, products.reshape(len(base), -1)], axis=1)
        widths = self._widths
        if self.pairs:
            wide = np.int64 if base.size else base.dtype
            left, right = base[:, first].astype(wide), base[:, second]
            sizes = widths[first] * widths[second]
            # a pair with a silent half is silent: it gets a code beyond its own columns
            both = np.where(
                (left < widths[first]) & (right < widths[second]), left * widths[second] + right, sizes
            )
            base, widths = np.concatenate([base, both], axis=1), np.concatenate([widths, sizes])
        return one_hot(base, widths, self.dtype)

    @property
    def _widths(self) -> NDArray[np.int64]:
        """Columns of each tap over symbols: the tap at lag 0 is never beyond the edge and needs no mark."""
        assert self.symbols is not None
        marked = (self.lags != 0) & self.mark_edges
        return len(self.symbols) + marked.astype(np.int64)

    @property
    def _marked_lags(self) -> NDArray[np.int64]:
        return self.lags[(self.lags != 0) & self.mark_edges]

    @property
    def _pairs(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The pairs of taps, the earlier one first; none if no pairs are wanted."""
        return np.triu_indices(len(self.lags) if self.pairs else 0, 1)


def one_hot(codes: NDArray[Any], widths: NDArray[np.int64], dtype: np.dtype[Any]) -> csr_matrix:
    """Write the one-hot of each column of `codes` side by side, directly in CSR.

    Parameters
    ----------
    codes : ndarray of int, shape (n_rows, n_codes)
        Each marks a column within its own block; a code at or beyond the block's width marks none.
    widths : ndarray of int, shape (n_codes,)
        Columns of each block.
    dtype : dtype
        Type of the ones.

    Returns
    -------
    csr_matrix of shape (n_rows, widths.sum())
    """
    n_rows, n_codes = codes.shape
    n_columns = int(widths.sum())
    index_type = np.int32 if max(codes.size, n_columns) <= np.iinfo(np.int32).max else np.int64
    starts = (np.cumsum(widths) - widths).astype(index_type)
    indices = np.add(codes, starts, out=np.empty(codes.shape, dtype=index_type), casting="unsafe")
    silent = codes >= widths
    if silent.any():
        kept = ~silent
        indices = indices[kept]
        indptr = np.concatenate([[0], np.cumsum(kept.sum(axis=1))]).astype(index_type)
    else:
        indices = indices.reshape(-1)
        indptr = np.arange(n_rows + 1, dtype=index_type) * index_type(n_codes)
    matrix = csr_matrix((np.ones(len(indices), dtype=dtype), indices, indptr), shape=(n_rows, n_columns))
    # true by construction; saying so saves every reader a pass over the indices
    matrix.has_sorted_indices = True
    matrix.has_canonical_format = True
    return matrix


def _is_whole(sequences: Sequences, steps: NDArray[np.int64] | None) -> bool:
    return len(sequences) == 1 and steps is None
