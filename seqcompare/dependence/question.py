"""What is asked of data: symbols of steps, targets at some of them, and what null hypotheses keep."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.sequences import Sequences, offsets_of
from seqcompare.dependence.coding import Coded, code_steps, code_symbols
from seqcompare.dependence.contexts import extend
from seqcompare.typing import Labels

MANY_SEQUENCES = 20
"""From here on positions can be told from lags: each has steps of several sequences."""


@dataclass(frozen=True, eq=False)
class Question:
    """Symbols, and targets at some of the steps.

    Parameters
    ----------
    X : Sequences
        Steps as symbols, for contexts.
    raw : Sequences
        The same as they came: symbols or numbers.
    coded, labels : Coded
        Symbols of all steps, and of what is predicted at each.
    own : bool
        Whether targets are the steps themselves.
    scored : ndarray of bool, shape (n_steps,)
        Which predictions count.
    index : ndarray of int64, shape (n_steps,)
        Where each step is in the whole data.
    """

    X: Sequences
    raw: Sequences
    coded: Coded
    labels: Coded
    own: bool
    scored: NDArray[np.bool_]
    index: NDArray[np.int64]

    @property
    def in_series(self) -> bool:
        """Whether surrogates can be new series: targets are the steps themselves, and all of them."""
        return self.own and bool(self.scored.all())

    @property
    def at(self) -> NDArray[np.int64]:
        """The steps at which something is predicted."""
        return np.flatnonzero(self.scored)

    @property
    def after(self) -> NDArray[np.int64]:
        """Steps of the same sequence after each step."""
        return np.repeat(self.X.lengths, self.X.lengths) - 1 - self.X.step_index

    def take(self, rows: NDArray[np.int64], offsets: NDArray[np.int64]) -> Question:
        """Return the question at these steps, in sequences with these bounds."""
        return Question(
            Sequences(self.X.values[rows], offsets),
            Sequences(self.raw.values[rows], offsets),
            replace(self.coded, codes=self.coded.codes[rows]),
            replace(self.labels, codes=self.labels.codes[rows]),
            self.own,
            self.scored[rows],
            self.index[rows],
        )

    def reversed(self) -> Question:
        """Return the same with time running backwards."""
        ends = np.repeat(self.X.offsets[:-1] + self.X.offsets[1:] - 1, self.X.lengths)
        return self.take(ends - np.arange(self.X.n_steps), self.X.offsets)

    def part(self, most: int, seed: int) -> Question:
        """Return the question at `most` targets at most: of sequences drawn at random, the last cut short."""
        if int(self.scored.sum()) <= most:
            return self
        order = np.random.default_rng(seed).permutation(len(self.X))
        size = np.add.reduceat(self.scored, self.X.offsets[:-1], dtype=np.int64)[order]
        n = int(np.searchsorted(np.cumsum(size), most)) + 1
        chosen = np.sort(order[:n])
        starts, lengths = self.X.offsets[chosen], self.X.lengths[chosen]
        cut = int(np.flatnonzero(chosen == order[n - 1])[0])
        wanted = most - int(size[: n - 1].sum())
        here = self.scored[starts[cut] : starts[cut] + lengths[cut]]
        lengths[cut] = int(np.searchsorted(np.cumsum(here), wanted)) + 1
        offsets = offsets_of(lengths)
        rows = np.arange(offsets[-1]) + np.repeat(starts - offsets[:-1], lengths)
        return self.take(rows, offsets)

    def groups_of(self, dataset: SequenceDataset) -> Labels | None:
        """Return the groups of the sequences, of the data that the question is a part of."""
        if dataset.groups is None:
            return None
        first = self.index[self.X.offsets[:-1]]
        return np.asarray(dataset.groups[np.searchsorted(dataset.X.offsets, first, side="right") - 1])

    def context(self, lags: list[int], at: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return numbers for the contexts of targets: the steps at these lags together."""
        found = np.zeros(len(at), dtype=np.int64)
        before, after = self.X.step_index[at], self.after[at]
        for lag in lags:
            room = after if lag < 0 else before
            found = extend(found, self.coded.codes, at, room, lag, self.coded.n_symbols)
        return found


def ask(dataset: SequenceDataset, X: Sequences, coded: Coded) -> Question:
    """Return what is asked by a data set of the role ``next`` or ``step``.

    Parameters
    ----------
    dataset : SequenceDataset
        The data.
    X, coded : Sequences, Coded
        Its steps as symbols, in sequences and end to end.
    """
    weight = np.ones(X.n_steps)
    if isinstance(dataset.sample_weight, Sequences):
        weight = dataset.sample_weight.values
    elif dataset.sample_weight is not None:
        weight = np.repeat(dataset.sample_weight, X.lengths)
    labels = coded
    if isinstance(dataset.y, Sequences):
        labels = _code_labels(dataset.y)
    own = not isinstance(dataset.y, Sequences)
    return Question(X, dataset.X, coded, labels, own, weight > 0, np.arange(X.n_steps))


def _code_labels(y: Sequences) -> Coded:
    # labels that are numbers have far too many values to be symbols
    return code_symbols(y.values) if y.kind == "symbols" else code_steps(y, None, 0)
