"""A number for every step, and its density, from a recurrent network."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral
from typing import Any, Self

import numpy as np
from sklearn.utils import check_scalar

from seqcompare.data.resolution import least_scale
from seqcompare.data.targets import check_step_numbers, check_step_weights
from seqcompare.models.base import check_sequences
from seqcompare.models.distributions.base import Distribution, pack
from seqcompare.models.recurrent import heads, online
from seqcompare.models.recurrent.estimator import RecurrentNet
from seqcompare.models.recurrent.losses import LOSSES
from seqcompare.models.recurrent.net import Net
from seqcompare.models.recurrent.weighting import mean_and_scale, standardised
from seqcompare.models.step_regression import StepRegressor
from seqcompare.typing import Array, Floats, SequencesLike, TargetsLike, WeightsLike

OUTPUTS = ("gaussian", "mixture", "poisson")


class NetStepRegressor(Net, StepRegressor):
    """A network that answers every step with a density; not an estimator by itself."""

    output: str
    n_mix: int

    def fit(self, X: SequencesLike, y: TargetsLike, sample_weight: WeightsLike | None = None) -> Self:
        """Train the network.

        Parameters
        ----------
        X : sequences
            The input, symbols or real-valued.
        y : one number a step, shape (T_i,) a sequence, or several, shape (T_i, m), in any container
            The targets; counts for "poisson".
        sample_weight : array of shape (n,), or one array of weights a sequence, optional
            Weights of sequences or of steps; a step of weight 0 is input only.

        Raises
        ------
        ValueError
            For input or parameters that are not as described.
        """
        self._check_parameters()
        if self.output not in OUTPUTS:
            raise ValueError(f"output must be one of {', '.join(OUTPUTS)}, got {self.output!r}")
        check_scalar(self.n_mix, "n_mix", Integral, min_val=1)
        go_on = self.warm_start and hasattr(self, "weights_")
        sequences = check_sequences(self, X, reset=not go_on, mixed="numbers")
        numbers = check_step_numbers(y, sequences)
        weights = check_step_weights(sample_weight, sequences)
        if not weights.any():
            raise ValueError("no step is left to train on: all have weight 0")
        targets = numbers.reshape(len(numbers), -1)
        counts = self.output == "poisson"
        if counts:
            _check_counts(targets)
        if not go_on:
            self.n_targets_, self.flat_ = targets.shape[1], numbers.ndim == 1
            self.target_mean_, self.target_scale_ = np.zeros(self.n_targets_), np.ones(self.n_targets_)
            if self.standardize and not counts:
                self.target_mean_, self.target_scale_ = mean_and_scale(targets, weights)
            self.least_scale_ = np.zeros(self.n_targets_)
            if not counts:
                known = targets[weights > 0]
                self.least_scale_ = least_scale(known, known.std(axis=0))
                if self.standardize:
                    constant = (known == known[0]).all(axis=0)
                    self.target_scale_ = np.where(constant, self.least_scale_, self.target_scale_)
        if targets.shape[1] != self.n_targets_:
            raise ValueError(f"y has {targets.shape[1]} numbers a step, expected {self.n_targets_}")
        self._learn(
            sequences,
            standardised(targets, self.target_mean_, self.target_scale_, self.dtype, "row {} of y".format),
            weights,
            n_outputs=heads.n_outputs(self._link, self.n_targets_, self.n_mix),
            link=self._link,
            pooling="none",
            score=self._mean_log_density,
            go_on=go_on,
        )
        return self

    def predict(self, X: SequencesLike) -> SequencesLike:
        """Return the expected number or numbers of every step, in X's container."""
        sequences, z = self._outputs(X)
        mean = heads.expectation(self._fitted_link, z, self.target_mean_, self.target_scale_)
        return sequences.pack(mean[:, 0] if self.flat_ else mean)

    def predict_distribution(self, X: SequencesLike) -> Distribution | list[Distribution]:
        """Return the distribution of the number or numbers of every step, in X's container.

        The shapes are those of `seqcompare.models.base.NumberDensity.predict_next_distribution`.

        Raises
        ------
        ValueError
            For counts of several channels, which have no joint distribution here.
        """
        sequences, z = self._outputs(X)
        return pack(sequences, self._distribution(z))

    def _distribution(self, z: Array) -> Distribution:
        if self._fitted_link == "poisson" and self.n_targets_ != 1:
            raise ValueError(f"there is no joint distribution of {self.n_targets_} counts a step")
        scaling = self.target_mean_, self.target_scale_, self.least_scale_
        return heads.distribution(self._fitted_link, z, *scaling, flat=self.flat_)

    def _mean_log_density(self, z: Array, targets: Array, weights: Floats) -> float:
        return float(-np.average(LOSSES[self._link].look(z, targets)[0], weights=weights))

    @property
    def _link(self) -> str:
        """The kind of density: a mixture of one is a normal distribution."""
        return "gaussian" if self.output == "mixture" and self.n_mix == 1 else self.output

    @property
    def _fitted_link(self) -> str:
        return str(self.architecture_["link"])


def _check_counts(targets: Floats) -> None:
    wrong = (targets < 0) | (targets != np.floor(targets))
    if wrong.any():
        raise ValueError(f"output='poisson' is for counts 0, 1, 2, ..., but y holds {targets[wrong][0]:g}")


class SteppingStepRegressor(NetStepRegressor):
    """A network that answers every step with a density, also as they come; not an estimator by itself."""

    def start(self) -> online.Running:
        """Return the state before the first step of a sequence, for `step`; not if it is bidirectional."""
        _, flat = self._network()
        if not self.causal:
            raise ValueError("a bidirectional network cannot step: it needs the whole sequence")
        return online.start(self._made_of(self.architecture_), flat)

    def step(self, state: online.Running, x: Any) -> tuple[Any, online.Running]:
        """Read one more step; return its expected number or numbers, and what to pass on."""
        answer, state = self.step_distribution(state, x)
        return answer.mean, state

    def step_distribution(self, state: online.Running, x: Any) -> tuple[Distribution, online.Running]:
        """Read one more step; return the distribution of its number or numbers, and what to pass on.

        Parameters
        ----------
        state : state
            What `start` or the last call returned.
        x : symbol, number or array of shape (d,)
            The step.
        """
        z, state = online.read(self, state, x)
        return self._distribution(z[np.newaxis])[0], state


@dataclass(eq=False, repr=False, kw_only=True)
class RNNStepRegressor(RecurrentNet, SteppingStepRegressor):
    """A recurrent network that answers every step with the density of a number, or of several.

    It is trained by the likelihood of its density. Inside `NextStep` that is the density of the next step.

    Parameters
    ----------
    output : {"gaussian", "mixture", "poisson"}, default="gaussian"
        The density: a normal distribution, a mixture of them (Bishop 1994, "Mixture density networks"), or,
        of counts, a Poisson distribution. Channels are independent given a mixture's component.
    n_mix : int, default=3
        Components of "mixture".
    skip : bool, default=True
        Whether real-valued input also goes to the outputs directly, so that the network learns what a linear
        rule of the present step leaves over.
    cell, hidden_size, n_layers, bidirectional, activation, embedding_size, standardize
        What the network is made of. For these and all below see
        `seqcompare.models.recurrent.estimator.RecurrentNet`.
    dropout, recurrent_dropout, solver, learning_rate_init, momentum, alpha, clip_norm, batch_size
        How it is trained.
    max_iter, max_seconds, tol, early_stopping, validation_fraction, n_iter_no_change
        When training ends.
    truncation, timescale, warm_start, dtype, verbose, random_state
        The reach of gradients and gates, where `fit` starts, and the rest.

    Attributes
    ----------
    n_targets_ : int
        Numbers in an answer.
    target_mean_, target_scale_ : ndarray, shape (n_targets_,)
        What standard units of the targets are made with; 0 and 1 for counts.
    least_scale_ : ndarray, shape (n_targets_,)
        No density is narrower; see `seqcompare.data.resolution`.
    n_parameters_, n_iter_, stop_reason_, loss_curve_, validation_scores_
        As in `seqcompare.models.recurrent.net.Net`, with all that `fit` leaves behind. Losses
        are minus log-densities in standard units; scores are minus the loss.

    Examples
    --------
    >>> import numpy as np
    >>> from seqcompare import RNNStepRegressor
    >>> X = np.random.default_rng(0).normal(size=(40, 6))
    >>> y = np.cumsum(X, axis=1) / 2
    >>> model = RNNStepRegressor(cell="gru", hidden_size=8, random_state=0).fit(X, y)
    >>> model.predict_distribution(X).batch_shape
    (40, 6)
    """

    output: str = "gaussian"
    n_mix: int = 3
    skip: bool = True

    @property
    def causal(self) -> bool:
        """Whether the answer at step t uses no step after t: unless the network is bidirectional."""
        return self._reads_forwards()
