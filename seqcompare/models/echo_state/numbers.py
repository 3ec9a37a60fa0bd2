"""Numbers from echo state networks: for every step, or for every sequence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from sklearn.utils import Tags

from seqcompare.data.sequences import Sequences
from seqcompare.data.targets import (
    check_sequence_weights,
    check_step_numbers,
    check_step_weights,
)
from seqcompare.models.base import check_sequences
from seqcompare.models.bases import RegressorMixin
from seqcompare.models.echo_state.reservoir import POOLINGS, EchoState, Running
from seqcompare.models.recurrent.parameters import among
from seqcompare.models.recurrent.regressor import check_numbers
from seqcompare.models.recurrent.weighting import mean_and_scale
from seqcompare.models.step_regression import StepRegressor
from seqcompare.typing import Floats, Reals, SequencesLike, TargetsLike, WeightsLike


class _Learned:  # no dataclass, or it would be a parameter
    flat_: bool


@dataclass(eq=False, repr=False, kw_only=True)
class EchoStateStepRegressor(_Learned, EchoState, StepRegressor):
    """An echo state network that answers every step with a number, or several; `NextStep` makes it a density.

    Parameters
    ----------
    n_units, spectral_radius, leak, input_scaling, bias_scaling, n_connections, activation
        The network. For these and all below see `seqcompare.models.echo_state.reservoir.EchoState`.
    alpha, standardize, random_state
        The read-out, and the rest.

    Attributes
    ----------
    coef_, intercept_, alpha_, n_parameters_
        As in `seqcompare.models.echo_state.reservoir.EchoState`, with all that `fit` leaves behind.

    Examples
    --------
    >>> import numpy as np
    >>> from seqcompare import EchoStateStepRegressor
    >>> X = np.random.default_rng(0).normal(size=(20, 50))
    >>> model = EchoStateStepRegressor(30, input_scaling=0.3, random_state=0).fit(X, np.roll(X, 1, axis=1))
    >>> bool(model.score(X, np.roll(X, 1, axis=1)) > 0.9)
    True
    """

    def fit(self, X: SequencesLike, y: TargetsLike, sample_weight: WeightsLike | None = None) -> Self:
        """Draw the network and fit the read-out.

        Parameters
        ----------
        X : sequences
            The input, symbols or real-valued.
        y : one number a step, shape (T_i,) a sequence, or several, shape (T_i, m), in any container
            The targets.
        sample_weight : array of shape (n,), or one array of weights a sequence, optional
            Weights of sequences or of steps; a step of weight 0 is input only.

        Raises
        ------
        ValueError
            For input or parameters that are not as described.
        """
        sequences = check_sequences(self, X, reset=True, **self.reading)
        numbers = check_step_numbers(y, sequences)
        weights = check_step_weights(sample_weight, sequences)
        used = np.maximum.reduceat(weights, sequences.offsets[:-1]) > 0
        steps = np.repeat(used, sequences.lengths)
        sequences, numbers, weights = sequences.take(used), numbers[steps], weights[steps]
        self._prepare(sequences, np.maximum.reduceat(weights, sequences.offsets[:-1]))
        _learn_numbers(self, sequences, numbers, weights)
        return self

    def predict(self, X: SequencesLike) -> SequencesLike:
        """Return the number or numbers of every step, in X's container."""
        sequences = self._check(X)
        answers = self._outputs(sequences)
        return sequences.pack(answers[:, 0] if self.flat_ else answers)

    def step(self, state: Running, x: Any) -> tuple[Any, Running]:
        """Read one more step; return its number or numbers, and what to pass on.

        Parameters
        ----------
        state : state
            What `start` or the last call returned.
        x : symbol, number or array of shape (d,)
            The step.
        """
        outputs, state = self._read(state, x)
        return outputs[0] if self.flat_ else outputs, state


@dataclass(eq=False, repr=False, kw_only=True)
class EchoStateRegressor(RegressorMixin, _Learned, EchoState):
    """An echo state network that answers each sequence with one number or several.

    Parameters
    ----------
    pooling : {"last", "mean"}, default="last"
        What of the steps the answer is read from: the last one, or their mean.
    n_units, spectral_radius, leak, input_scaling, bias_scaling, n_connections, activation
        The network. For these and all below see `seqcompare.models.echo_state.reservoir.EchoState`.
    alpha, standardize, random_state
        The read-out, and the rest.

    Attributes
    ----------
    coef_, intercept_, alpha_, n_parameters_
        As in `seqcompare.models.echo_state.reservoir.EchoState`, with all that `fit` leaves behind.

    Examples
    --------
    >>> import numpy as np
    >>> from seqcompare import EchoStateRegressor
    >>> X = np.random.default_rng(0).normal(size=(50, 3, 1))
    >>> model = EchoStateRegressor(20, random_state=0).fit(X, X[:, 0, 0])
    >>> bool(model.score(X, X[:, 0, 0]) > 0.9)
    True
    """

    pooling: str = "last"

    def fit(self, X: SequencesLike, y: TargetsLike, sample_weight: WeightsLike | None = None) -> Self:
        """Draw the network and fit the read-out.

        Parameters
        ----------
        X : sequences
            The input, symbols or real-valued.
        y : array of shape (n,) or (n, n_outputs)
            The targets.
        sample_weight : array of shape (n,), optional
            Weights of sequences.

        Raises
        ------
        ValueError
            For input or parameters that are not as described.
        """
        sequences = check_sequences(self, X, reset=True, **self.reading)
        numbers = check_numbers(y, sequences)
        weights = check_sequence_weights(sample_weight, sequences)
        among("pooling", self.pooling, POOLINGS)
        self.pooling_ = self.pooling
        used = weights > 0
        sequences, weights = sequences.take(used), weights[used]
        self._prepare(sequences, weights)
        _learn_numbers(self, sequences, numbers[used], weights, pooling=self.pooling)
        return self

    def predict(self, X: SequencesLike) -> Reals:
        """Return the answers, shape (n,) or (n, n_outputs), as `y` had it."""
        answers = self._outputs(self._check(X), self.pooling_)
        return answers[:, 0] if self.flat_ else answers

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def _learn_numbers(
    model: Any, sequences: Sequences, numbers: Floats, weights: Floats, *, pooling: str = "none"
) -> None:
    """Fit a read-out to numbers in standard units, so that each counts alike, and undo them."""
    targets = numbers.reshape(len(numbers), -1)
    model.flat_ = numbers.ndim == 1
    mean, scale = mean_and_scale(targets, weights)
    model._learn(sequences, (targets - mean) / scale, weights, pooling=pooling)
    model.coef_, model.intercept_ = model.coef_ * scale, model.intercept_ * scale + mean
