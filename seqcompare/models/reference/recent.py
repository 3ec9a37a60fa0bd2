"""What frequencies do that are counted as one reads, and forgotten: the reference of a source that drifts."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter
from sklearn.utils.validation import check_is_fitted

from seqcompare.data.targets import check_step_weights
from seqcompare.models.base import check_sequences
from seqcompare.models.bases import BaseEstimator
from seqcompare.typing import SequencesLike, TargetsLike, Values, WeightsLike

Floats = NDArray[np.float64]

#: Steps after which a step counts for half; the last forgets nothing.
HALF_LIVES = (20.0, 50.0, 100.0, 200.0, 500.0, np.inf)
#: Steps that a symbol counts for at least.
_LEAST = 0.01
_AT_A_TIME = 4096


class RecentNext(BaseEstimator):
    """Expects every symbol with the frequency that it had of late, in no order.

    In each of six frequencies a step counts for half after 20, 50, 100, 200 or 500 steps, or for ever; they
    are mixed by what each has cost so far (a Bayesian mixture). Counting begins where the training part ends,
    as what is asked about is taken to come after that.

    Attributes
    ----------
    counts_ : ndarray of shape (n_half_lives, n_symbols)
        What is remembered of the training part at its end, the mean over its sequences.
    """

    def fit(
        self, X: SequencesLike, y: TargetsLike | None = None, sample_weight: WeightsLike | None = None
    ) -> RecentNext:
        """Count the symbols, weighted."""
        sequences = check_sequences(self, X, reset=True, symbols=True)
        weights = check_step_weights(sample_weight, sequences, steps_as_array=False)
        self.symbols_, code = np.unique(sequences.values, return_inverse=True)
        n = len(self.symbols_)
        left = sequences.lengths[sequences.sequence_index] - 1 - sequences.step_index
        counts = [np.bincount(code, weights * 0.5 ** (left / h), minlength=n) for h in HALF_LIVES]
        # a symbol that was long forgotten is still one that may come
        self.counts_ = np.array(counts) / len(sequences) + _LEAST
        self.n_parameters_ = n - 1
        return self

    def predict_next_proba(self, X: SequencesLike) -> SequencesLike:
        """Return the frequencies after every step."""
        check_is_fitted(self)
        sequences = check_sequences(self, X, reset=False, symbols=True)
        return sequences.pack(np.concatenate(list(self.iter_next_proba(sequences, _AT_A_TIME))))

    def iter_next_proba(self, X: SequencesLike, n_rows: int) -> Iterator[Floats]:
        """Yield the frequencies after every step, at most `n_rows` steps of a sequence at a time."""
        check_is_fitted(self)
        sequences = check_sequences(self, X, reset=False, symbols=True)
        for sequence in sequences:
            yield from self._answer(np.asarray(sequence), min(n_rows, _AT_A_TIME))

    def _answer(self, sequence: Values, n_rows: int) -> Iterator[Floats]:
        """Yield the answers after the steps of one sequence."""
        n = len(self.symbols_)
        column = np.minimum(np.searchsorted(self.symbols_, sequence), n - 1)
        known = self.symbols_[column] == sequence
        keep = 0.5 ** (1 / np.array(HALF_LIVES))
        counts, cost = self.counts_.copy(), np.zeros(len(keep))
        latest = counts / counts.sum(axis=1, keepdims=True)
        for a in range(0, len(sequence), n_rows):
            here = slice(a, a + n_rows)
            m = len(column[here])
            came = np.zeros((m, n))
            came[known[here], column[here][known[here]]] = 1.0
            expected = np.empty((len(keep), m, n))
            for k, share in enumerate(keep):
                # what is remembered decays, and what came is added
                found, _ = lfilter([1.0], [1.0, -share], came, axis=0, zi=share * counts[k][None])
                counts[k] = found[-1]
                found = found + _LEAST
                expected[k] = found / found.sum(axis=1, keepdims=True)
            # what each expected of each of these steps, before it was read
            before = np.concatenate([latest[:, None], expected[:, :-1]], axis=1)
            given = before[:, np.arange(m), column[here]]
            costs = cost[:, None] + np.cumsum(np.where(known[here], -np.log(given), 0.0), axis=1)
            cost, latest = costs[:, -1], expected[:, -1]
            belief = np.exp(costs.min(axis=0) - costs)
            yield np.einsum("km,kms->ms", belief / belief.sum(axis=0), expected)
