"""Targets from elsewhere: their own memory kept, what ties them to the steps gone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_FEWEST_SEQUENCES = 8
_BLOCK = 8
_N_PIECES = 12
_SHORTEST_PIECE = 8


class Elsewhere:
    """Draws, for every target, another one from elsewhere in the data.

    With 8 sequences or more each gets the targets of another one of similar length, from the first on (and
    over again where the other is shorter). With fewer, all targets are moved along the data by a tenth of
    them or more, the last ones to the front (circular shifts: R. Quian Quiroga et al., "Performance of
    different synchronization measures in real data", 2002). The first is better where it can be had: no
    sequence is then paired with the end of one and the beginning of another.

    Parameters
    ----------
    sequence : ndarray of int64, shape (n_targets,)
        Which sequence each target is in, rising.
    in_step : bool, default=False
        Whether data go by a clock. Shifts by a multiple of its period would then keep what ties targets to
        the steps; so, with few sequences, targets are moved in pieces of about a twelfth of the data, each
        turned by a random number of steps.
    """

    def __init__(self, sequence: NDArray[np.int64], *, in_step: bool = False) -> None:
        self._in_step = in_step
        self._n = len(sequence)
        self._start = np.flatnonzero(np.diff(sequence, prepend=sequence[:1] - 1))
        self._length = np.diff(np.append(self._start, self._n))
        self._owner = np.repeat(np.arange(len(self._start)), self._length)
        self._place = np.arange(self._n) - self._start[self._owner]

    def draw(self, rng: np.random.Generator) -> NDArray[np.int64]:
        """Return where each target is taken from, shape (n_targets,)."""
        n_sequences = len(self._start)
        if n_sequences < _FEWEST_SEQUENCES:
            if self._in_step:
                return turn_pieces(self._start, self._n, rng)
            margin = max(1, self._n // 10)
            shift = int(rng.integers(margin, max(self._n - margin, margin) + 1))
            return np.roll(np.arange(self._n), shift)
        by_length = np.lexsort((rng.random(n_sequences), self._length))
        # in blocks of similar length, shuffled, everyone gets the one before
        n_blocks = n_sequences // _BLOCK
        block = np.arange(n_sequences) * n_blocks // n_sequences
        ring = by_length[np.lexsort((rng.random(n_sequences), block))]
        first = np.flatnonzero(np.diff(block, prepend=-1))
        before = np.roll(ring, 1)
        before[first] = ring[np.append(first[1:], n_sequences) - 1]
        partner = np.empty(n_sequences, dtype=np.int64)
        partner[ring] = before
        other = partner[self._owner]
        return self._start[other] + self._place % self._length[other]


def turn_pieces(starts: NDArray[np.int64], n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return where steps are taken from when pieces of the data are turned, each by itself.

    Parameters
    ----------
    starts : ndarray of int64, shape (n_sequences,)
        Where sequences begin; each is cut into up to a dozen pieces of eight steps or more.
    n : int
        Steps in all.
    rng : numpy Generator
        Of what is random.
    """
    ends = np.append(starts[1:], n)
    cuts = [
        start + (stop - start) * np.arange(pieces) // pieces
        for start, stop in zip(starts, ends, strict=True)
        for pieces in [max(1, min(_N_PIECES, (stop - start) // _SHORTEST_PIECE))]
    ]
    return turn(np.concatenate(cuts), n, rng)


def turn(starts: NDArray[np.int64], n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return where steps are taken from when each piece is turned by a random number of steps."""
    length = np.diff(np.append(starts, n))
    shift = (rng.random(len(starts)) * length).astype(np.int64)
    first = np.repeat(starts, length)
    turned: NDArray[np.int64] = (np.arange(n) - first + np.repeat(shift, length)) % np.repeat(length, length)
    return first + turned
