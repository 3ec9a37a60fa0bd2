"""Ragged sequences side by side, without padding: time-major, the longest sequence first."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from seqcompare.data.sequences import offsets_of
from seqcompare.typing import Ints


@dataclass(frozen=True, eq=False)
class Pack:
    """Where the steps of a batch lie: step 0 of all sequences, then step 1 of those that have one, and so on.

    As no sequence is longer than the one before it, those alive at a step are always the first ones, and a
    block of rows needs no mask.

    Parameters
    ----------
    lengths : ndarray of int64, shape (B,)
        Steps of each sequence, never growing.
    source : ndarray of int64, shape (N,)
        Which row of the unpacked steps each row of the pack is.
    sequence : ndarray of int64, shape (N,)
        The sequence (0 to B-1) of each row.
    offsets : ndarray of int64, shape (T + 1,)
        Rows of step t are ``offsets[t]:offsets[t + 1]``.
    """

    lengths: Ints
    source: Ints
    sequence: Ints
    offsets: Ints

    @property
    def n_rows(self) -> int:
        """Steps of all sequences together."""
        return len(self.source)

    @cached_property
    def last(self) -> Ints:
        """The row of each sequence's last step, shape (B,)."""
        return self.offsets[self.lengths - 1] + np.arange(len(self.lengths))

    @cached_property
    def step(self) -> Ints:
        """The step of each row, shape (N,)."""
        return np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))

    @cached_property
    def flip(self) -> Ints:
        """The row of the mirrored step of the same sequence, shape (N,): its own inverse."""
        return self.offsets[self.lengths[self.sequence] - 1 - self.step] + self.sequence

    @cached_property
    def previous(self) -> Ints | slice:
        """Rows of the state before each step, in an array that starts with the B initial states."""
        if self.lengths[0] == self.lengths[-1]:
            return slice(0, self.n_rows)
        before = len(self.lengths) + self.offsets[np.maximum(self.step - 1, 0)] + self.sequence
        return np.where(self.step == 0, self.sequence, before)

    @cached_property
    def by_sequence(self) -> tuple[Ints, Ints]:
        """Rows in the order of sequences and steps, and where each sequence starts in it."""
        return np.argsort(self.sequence, kind="stable"), offsets_of(self.lengths)[:-1]


def pack(offsets: Ints, chosen: Ints, start: int = 0, stop: int | None = None) -> Pack:
    """Pack the steps from `start` to `stop` of some sequences.

    Parameters
    ----------
    offsets : ndarray of int64, shape (n + 1,)
        Bounds of all sequences, as in `Sequences`.
    chosen : ndarray of int64, shape (B,)
        Sequences, the longest first (see `longest_first`); those that end before `start` are left out.
    start, stop : int
        Bounds of the steps; by default all.
    """
    lengths = offsets[chosen + 1] - offsets[chosen] - start
    alive = int(np.searchsorted(-lengths, 0))  # lengths never grow, so the living come first
    lengths, first = lengths[:alive], offsets[chosen[:alive]] + start
    if stop is not None:
        lengths = np.minimum(lengths, stop - start)
    longest = int(lengths[0])
    if lengths[-1] == longest:
        source = (first + np.arange(longest)[:, None]).ravel()
        sequence = (np.arange(alive) + np.zeros((longest, 1), dtype=np.int64)).ravel()
        return Pack(lengths, source, sequence, np.arange(longest + 1) * alive)
    steps = np.arange(longest)
    sizes = np.searchsorted(-lengths, -steps, side="left")  # sequences with more than t steps
    bounds = offsets_of(sizes)
    sequence = np.arange(bounds[-1]) - np.repeat(bounds[:-1], sizes)
    source = first[sequence] + np.repeat(steps, sizes)
    return Pack(lengths, source, sequence, bounds)


#: Where one step of one sequence lies.
ONE = pack(np.array([0, 1]), np.arange(1))


def longest_first(offsets: Ints, chosen: Ints) -> Ints:
    """Return `chosen` sorted by length, the longest first; equals keep their order."""
    lengths = offsets[chosen + 1] - offsets[chosen]
    return chosen[np.argsort(-lengths, kind="stable")]
