"""What a hidden Markov model says of the steps to come."""

from __future__ import annotations

from collections.abc import Iterator
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp
from scipy.stats import poisson
from sklearn.utils import check_scalar
from sklearn.utils.validation import check_is_fitted

from seqcompare.data.sequences import Sequences
from seqcompare.models.distributions.base import Distribution, pack
from seqcompare.models.distributions.counts import CountDistribution
from seqcompare.models.distributions.mixtures import MultivariateNormalMixture, NormalMixture
from seqcompare.models.hmm.chains import chain_of
from seqcompare.models.hmm.gaussians import full_covariances
from seqcompare.models.hmm.parameters import Learned
from seqcompare.models.hmm.parts import forward
from seqcompare.typing import Floats, RandomState, SequencesLike

# Where the table of a Poisson distribution ends.
_NEGLIGIBLE = 1e-15


class StepPredictions(Learned):
    """The predictions of an `HMM`, which has the parameters and `_filter`."""

    _filter: Any
    _check: Any

    def score_samples(self, X: SequencesLike) -> NDArray[np.float64]:
        """Return the log-likelihood of each sequence in nats, shape (n,).

        Parameters
        ----------
        X : sequences
            What to score.
        """
        sequences = self._check(X)
        total = np.zeros(len(sequences))
        for part in forward(self, sequences):
            total[part.sequences] += part.filtered.log_likelihood
        return total

    def score_steps(self, X: SequencesLike) -> SequencesLike:
        """Return log p(x[t] | x[..t-1]) of every step in nats, shape (T_i,) a sequence, in X's container."""
        sequences = self._check(X)
        found = np.empty(sequences.n_steps)
        for part in forward(self, sequences):
            before = np.empty_like(part.filtered.now)
            before[1:] = part.filtered.ahead[:-1]
            before[part.offsets[:-1]] = self.startprob_
            if part.before is not None:
                before[0] = part.before
            # in logarithms: a step far from all states has a density that underflows
            log_b = part.fit.log_of(slice(None))
            found[part.steps] = logsumexp(log_b, b=before, axis=1) + part.fit.shift
        return sequences.pack(found)

    def predict_next_state_proba(self, X: SequencesLike) -> SequencesLike:
        """Return p(state at t+1 | steps 0..t), causal, shape (T_i, K) a sequence, in X's container."""
        filtered, sequences = self._filter(X)
        return sequences.pack(filtered.ahead)

    def predict_next_proba(self, X: SequencesLike) -> SequencesLike:
        """Return p(x[t+1] | x[..t]) for every step t, shape (T_i, n_symbols) a sequence, in X's container.

        Raises
        ------
        ValueError
            If the steps are not symbols; `predict_next_distribution` is for numbers.
        """
        check_is_fitted(self)
        if self.emission_ != "categorical":
            raise ValueError(
                "predict_next_proba gives probabilities of symbols, but this HMM has "
                f"{self.emission_} steps; predict_next gives their expectation"
            )
        filtered, sequences = self._filter(X)
        return sequences.pack(filtered.expect(self.emissionprob_))

    def iter_next_proba(self, X: SequencesLike, n_rows: int) -> Iterator[Floats]:
        """Yield what `predict_next_proba` returns, end to end, at most `n_rows` steps at a time.

        Parameters
        ----------
        X : sequences
            As there.
        n_rows : int
            Most steps of a part.

        Yields
        ------
        ndarray of shape (n_rows, n_symbols)
        """
        for part in forward(self, self._check(X), n_rows):
            yield part.filtered.expect(self.emissionprob_)

    def forecast_proba(
        self, X: SequencesLike, steps: int, n_samples: int | None = None, random_state: RandomState = None
    ) -> Floats:
        """Return the probabilities of the symbols at each of the `steps` steps after the end.

        Parameters
        ----------
        X : sequences of symbols
            What came so far.
        steps : int
            How many steps to look ahead.
        n_samples, random_state
            Not used: the probabilities are exact.

        Returns
        -------
        ndarray of shape (n, steps, n_symbols)
            In the order of ``symbols_``.
        """
        check_is_fitted(self)
        if self.emission_ != "categorical":
            raise ValueError(f"forecast_proba is for symbols, but this HMM has {self.emission_} steps")
        check_scalar(steps, "steps", Integral, min_val=1)
        return self._states_ahead(X, steps)[0] @ self.emissionprob_

    def _states_ahead(self, X: SequencesLike, steps: int) -> tuple[Floats, Sequences]:
        """Return the probabilities of the states at each of the steps after the end, shape (n, steps, K)."""
        filtered, sequences = self._filter(X)
        chain = chain_of(self)
        known = [chain.ahead(filtered.last(np.array(sequences.offsets)))]
        for _ in range(steps - 1):
            known.append(chain.ahead(known[-1]))
        return np.stack([chain.states(ahead) for ahead in known], axis=1), sequences

    def predict_next(self, X: SequencesLike) -> SequencesLike:
        """Return the most probable next symbol, or the expected next step, per step in X's container."""
        check_is_fitted(self)
        if self.emission_ == "mixed":
            self._check_numbers()
        filtered, sequences = self._filter(X)
        ahead = filtered.ahead
        if self.emission_ == "categorical":
            return sequences.pack(self.symbols_[np.argmax(ahead @ self.emissionprob_, axis=1)])
        if self.emission_ == "poisson":
            mean = self.lambdas_
        elif self.emission_ == "gmm":
            mean = np.einsum("km,kmd->kd", self.weights_, self.means_)
        else:
            mean = self.means_
        expected = ahead @ mean
        return sequences.pack(expected[:, 0] if sequences.values.ndim == 1 else expected)

    def predict_next_distribution(self, X: SequencesLike) -> Distribution | list[Distribution]:
        """Return the distribution of x[t+1] given x[..t] for every step t, a mixture over the states.

        See `seqcompare.models.base.NumberDensity.predict_next_distribution` for the shapes.

        Raises
        ------
        ValueError
            If the steps are symbols, or counts of several channels.
        """
        check_is_fitted(self)
        self._check_numbers()
        filtered, sequences = self._filter(X)
        return pack(sequences, self._mix(filtered.ahead, flat=sequences.values.ndim == 1))

    def forecast(
        self, X: SequencesLike, steps: int, n_samples: int | None = None, random_state: RandomState = None
    ) -> Distribution:
        """Return the distributions of the `steps` steps after the end of each sequence, batch (n, steps).

        Parameters
        ----------
        X : sequences of numbers
            What came so far.
        steps : int
            How many steps to look ahead.
        n_samples, random_state
            Not used: the distributions are exact.
        """
        check_is_fitted(self)
        self._check_numbers()
        check_scalar(steps, "steps", Integral, min_val=1)
        ahead, sequences = self._states_ahead(X, steps)
        return self._mix(ahead, flat=sequences.values.ndim == 1)

    def _check_numbers(self) -> None:
        if self.emission_ == "mixed":
            raise ValueError(
                "this HMM has symbols beside numbers, which have no next value of one kind: score_steps "
                "gives the density of each step, predict_next_state_proba the next state"
            )
        if self.emission_ == "categorical":
            raise ValueError(
                "predict_next_distribution is for numbers and counts, but this HMM has symbols: "
                "predict_next_proba gives their probabilities"
            )

    def _mix(self, states: Floats, *, flat: bool) -> Distribution:
        """Return the distributions of steps whose states have these probabilities, shape (..., K)."""
        if self.emission_ == "poisson":
            if self.lambdas_.shape[1] != 1:
                raise ValueError(f"there is no joint distribution of {self.lambdas_.shape[1]} counts a step")
            rates = self.lambdas_[:, 0]
            size = int(poisson.isf(_NEGLIGIBLE, rates.max())) + 2
            table = poisson.pmf(np.arange(size), rates[:, np.newaxis])
            tail = poisson.sf(size - 1, rates)
            return CountDistribution(states @ table, min(rates.max() / size, 0.5), states @ tail)
        means, covars = self.means_, full_covariances(self)
        if self.emission_ == "gmm":
            states = (states[..., np.newaxis] * self.weights_).reshape(*states.shape[:-1], -1)
            means = means.reshape(-1, means.shape[-1])
        if flat:
            return NormalMixture(states, means[:, 0], np.sqrt(covars[:, 0, 0]))
        return MultivariateNormalMixture(states, means, covars)
