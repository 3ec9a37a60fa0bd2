"""A number for every step from hidden states that emit the input and the number together."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from seqcompare.data.sequences import Sequences
from seqcompare.data.targets import check_step_numbers, check_step_weights
from seqcompare.models import kalman
from seqcompare.models.base import Reading, check_sequences
from seqcompare.models.distributions.base import Distribution, pack
from seqcompare.models.distributions.mixtures import NormalMixture
from seqcompare.models.hmm.gaussians import full_covariances
from seqcompare.models.hmm.linear_state_space import LinearStateSpace
from seqcompare.models.hmm.model import HMM
from seqcompare.models.hmm.online import Belief, first_belief, read_belief
from seqcompare.models.hmm.settings import check_choice
from seqcompare.models.step_regression import StepRegressor
from seqcompare.typing import Floats, RandomState, SequencesLike, TargetsLike, Values, WeightsLike

#: What the channel of the target is called among others.
_TARGET = "target"


class _Joint(StepRegressor):
    """A density of inputs and targets together; the targets are missing when it is asked."""

    decode: str
    missing: str
    density_: Any
    n_parameters_: int
    sums_missing = "allow"

    @property
    def causal(self) -> bool:
        """Whether the answer at step t uses no step after t: only with ``decode="filter"``."""
        return self.decode == "filter"

    @abstractmethod
    def _fit(self, joint: Sequences, weights: Floats) -> None:
        """Fit the density to inputs and targets, weighted by sequence."""

    @abstractmethod
    def _answer(self, X: Sequences) -> NormalMixture:
        """Return the distribution of the target at every step, end to end."""

    def fit(self, X: SequencesLike, y: TargetsLike, sample_weight: WeightsLike | None = None) -> Self:
        """Fit the density of inputs and targets together.

        Parameters
        ----------
        X : sequences
            The input.
        y : one number a step, in any container
            The targets.
        sample_weight : array of shape (n,), or one array of weights a sequence, optional
            Weights of sequences or of steps. The number of a step of weight 0 is taken for missing, and its
            input is still evidence of its neighbours; other weights count by their mean over the sequence,
            since the likelihood is of whole ones. A sequence without any weight is left out.

        Raises
        ------
        ValueError
            For input or parameters that are not as described.
        """
        check_choice("decode", self.decode, ("filter", "posterior"))
        check_choice("missing", self.missing, ("error", "allow"))
        sequences = check_sequences(self, X, reset=True, **self.reading)
        targets = check_step_numbers(y, sequences)
        if targets.ndim > 1:
            raise ValueError(f"y has {targets.shape[1]} numbers a step, expected one")
        weights = check_step_weights(sample_weight, sequences)
        counted = np.add.reduceat((weights > 0).astype(np.float64), sequences.offsets[:-1])
        whole = np.add.reduceat(weights, sequences.offsets[:-1]) / np.maximum(counted, 1)
        kept = np.flatnonzero(counted)
        joint = _beside(sequences, np.where(weights > 0, targets, np.nan))
        self._fit(joint.take(kept), whole[kept])
        self.n_parameters_ = self.density_.n_parameters_
        return self

    def predict(self, X: SequencesLike) -> SequencesLike:
        """Return the expected number of every step, in X's container."""
        sequences = self._check(X)
        return sequences.pack(self._answer(sequences).mean)

    def predict_distribution(self, X: SequencesLike) -> Distribution | list[Distribution]:
        """Return the distribution of the number of every step, in X's container.

        The shapes are those of `seqcompare.models.base.NumberDensity.predict_next_distribution`.
        """
        sequences = self._check(X)
        return pack(sequences, self._answer(sequences))

    @abstractmethod
    def step_distribution(self, state: Any, x: Any) -> tuple[Distribution, object]:
        """Read one more step; return the distribution of its number, and what to pass on.

        Parameters
        ----------
        state : state
            What `start` or the last call returned.
        x : symbol, number or array of shape (d,)
            The step.
        """

    def step(self, state: Any, x: Any) -> tuple[float, object]:
        """Read one more step; return its expected number, and what to pass on: see `step_distribution`."""
        found, state = self.step_distribution(state, x)
        return float(found.mean), state

    def _check_steps(self) -> None:
        check_is_fitted(self)
        if not self.causal:
            raise ValueError(f"decode={self.decode!r} needs the whole sequence; expected decode='filter'")


@dataclass(eq=False, repr=False)
class HMMStepRegressor(_Joint):
    """A number for every step by a hidden Markov model of inputs and numbers: HMM regression.

    Latent states emit x[t] and y[t] together, fitted by EM; in prediction y is summed out. Of real-valued
    input both are normal together in each state, so that a state is a linear regression of y on x, and the
    answer a mean of these by what the states are known to be (Gaussian mixture regression with memory). Of
    symbols, alone or beside numbers, y is independent of x given the state.

    Parameters
    ----------
    n_components : int, default=2
        Number of states.
    covariance_type : {"full", "diag", "spherical", "tied"}, default="full"
        Of real-valued input, the covariances of x and y; all but "full" and "tied" make y independent of x
        given the state.
    decode : {"filter", "posterior"}, default="filter"
        Whether states are known from the steps so far, which is causal, or from the whole sequence.
    n_init, max_iter, tol, min_covar, random_state
        As in `HMM`.
    missing : {"error", "allow"}, default="error"
        "allow" takes NaN in real-valued input as not observed, and sums over what it could be.

    Attributes
    ----------
    density_ : HMM
        The fitted model of inputs and numbers; the number is the last channel.
    n_parameters_ : int
        Free parameters.

    References
    ----------
    Fujinaga, Nakai, Shimodaira and Sagayama (2001), "Multiple-regression hidden Markov model". Calinon et
    al. (2010), "Learning and reproduction of gestures by imitation".

    Examples
    --------
    >>> import numpy as np
    >>> from seqcompare import HMMStepRegressor
    >>> regime = np.repeat([[1.0, -1.0]], 15, axis=1)
    >>> noise = np.random.default_rng(0).normal(size=(20, 30))
    >>> X, y = regime + noise, regime + noise / 2  # a step hardly shows its regime, many steps do
    >>> model = HMMStepRegressor(random_state=0).fit(X, y)
    >>> round(model.score(X, y), 2)
    0.97
    """

    n_components: int = 2
    covariance_type: Literal["full", "diag", "spherical", "tied"] = "full"
    decode: Literal["filter", "posterior"] = "filter"
    n_init: int = 4
    max_iter: int = 500
    tol: float = 1e-5
    min_covar: float = 1e-3
    missing: Literal["error", "allow"] = "error"
    random_state: RandomState = None

    @property
    def reading(self) -> Reading:
        """How input is read."""
        return {"allow_nan": self.missing == "allow", "mixed": "keep"}

    def _fit(self, joint: Sequences, weights: Floats) -> None:
        self.density_ = HMM(
            self.n_components,
            covariance_type="diag" if joint.kind == "mixed" else self.covariance_type,
            n_init=self.n_init,
            max_iter=self.max_iter,
            tol=self.tol,
            min_covar=self.min_covar,
            missing="marginalize",
            objective="likelihood",
            random_state=self.random_state,
        ).fit(joint, sample_weight=None if (weights == 1).all() else weights)

    def _answer(self, X: Sequences) -> NormalMixture:
        joint = _beside(X, np.full(X.n_steps, np.nan))
        known = self.density_.filter_proba if self.causal else self.density_.predict_proba
        return self._given(Sequences(known(joint)).values, _numbers_of(X))

    def _given(self, states: Values, x: Floats) -> NormalMixture:
        """Return the distributions of targets, given probabilities of states and numbers of the input."""
        means, covariances = self.density_.means_, full_covariances(self.density_)
        parts = [regression(means, c, x) for means, c in zip(means, covariances, strict=True)]
        mean, variance = (np.stack(part, axis=1) for part in zip(*parts, strict=True))
        return NormalMixture(states, mean, np.sqrt(variance))

    def start(self) -> Belief:
        """Return the state before the first step of a sequence, for `step`, if it is `causal`."""
        self._check_steps()
        return first_belief(self.density_)

    def step_distribution(self, state: Belief, x: Any) -> tuple[NormalMixture, Belief]:
        """Read one more step; return the distribution of its number, and what to pass on."""
        one = self._check([np.asarray(x)[np.newaxis]])
        now = read_belief(self.density_, state, _beside(one, np.full(1, np.nan))[0][0])
        answer = self._given(now[np.newaxis], _numbers_of(one))
        return answer[0], state._replace(ahead=now @ self.density_.transmat_)


@dataclass(eq=False, repr=False)
class KalmanStepRegressor(_Joint):
    """A number for every step by a linear state-space model of inputs and numbers: Kalman regression.

    A hidden vector that moves linearly shows itself in x[t] and y[t] with noise (`LinearStateSpace`). It is
    fitted to both by maximum likelihood; in prediction y is missing, and the Kalman filter, or smoother,
    gives its conditional distribution exactly.

    Parameters
    ----------
    n_components : int, default=2
        Numbers in the state.
    decode : {"filter", "posterior"}, default="filter"
        Whether the state is known from the steps so far, which is causal, or from the whole sequence.
    missing : {"error", "allow"}, default="error"
        "allow" takes NaN in the input as not observed; the answer stays exact.
    max_iter, tol
        As in `LinearStateSpace`.

    Attributes
    ----------
    density_ : LinearStateSpace
        The fitted model of inputs and numbers; the number is the last channel.
    n_parameters_ : int
        Free parameters.

    References
    ----------
    Durbin and Koopman (2012), Time series analysis by state space methods.

    Examples
    --------
    >>> import numpy as np
    >>> from seqcompare import KalmanStepRegressor
    >>> noise = np.random.default_rng(0).normal(size=(2, 10, 40))
    >>> y = np.cumsum(noise[0], axis=1) / 3
    >>> X = y + noise[1]  # seen with noise
    >>> model = KalmanStepRegressor(1).fit(X, y)
    >>> np.mean((model.predict(X) - y) ** 2) < np.mean((X - y) ** 2) / 2
    np.True_
    """

    n_components: int = 2
    decode: Literal["filter", "posterior"] = "filter"
    missing: Literal["error", "allow"] = "error"
    max_iter: int = 500
    tol: float = 1e-9

    @property
    def reading(self) -> Reading:
        """Integers are numbers, and symbols beside numbers become such."""
        return {"numbers": True, "allow_nan": self.missing == "allow", "mixed": "numbers"}

    def _fit(self, joint: Sequences, weights: Floats) -> None:
        if joint.kind == "mixed":
            raise ValueError("KalmanStepRegressor is for steps that are numbers, but X holds symbols")
        with warnings.catch_warnings():
            # how likely inputs are says little of the targets: not quite converged is good enough
            warnings.filterwarnings("ignore", message="the search ended after")
            model = LinearStateSpace(self.n_components, missing="allow", max_iter=self.max_iter, tol=self.tol)
            self.density_ = model.fit(joint, sample_weight=None if (weights == 1).all() else weights)

    def _answer(self, X: Sequences) -> NormalMixture:
        joint = _beside(X, np.full(X.n_steps, np.nan))
        mean, cov = (self.density_.filter if self.causal else self.density_.smooth)(joint)
        return self._given(Sequences(mean).values, cov.values, _numbers_of(X))

    def _given(self, mean: Values, cov: Floats, x: Floats) -> NormalMixture:
        """Return the distributions of targets, given those of states and the numbers of the input.

        y = c + H z + e, where the noise e goes with that of the input: e = B (x - c - H z) + u.
        """
        machine = self.density_.machine_
        answer, variance = np.empty(len(x)), np.empty(len(x))
        for rows, seen in _patterns(x):
            slope, left = _slope(machine.noise, seen)
            loading = machine.loading[-1] - slope @ machine.loading[:-1][seen]
            off = x[rows][:, seen] - machine.offset[:-1][seen]
            answer[rows] = machine.offset[-1] + off @ slope + mean[rows] @ loading
            variance[rows] = left + np.einsum("i,tij,j->t", loading, cov[rows], loading)
        return NormalMixture.normal(answer, np.sqrt(np.maximum(variance, 1e-300)))

    def start(self) -> kalman.Online:
        """Return the state before the first step of a sequence, for `step`, if it is `causal`."""
        self._check_steps()
        return kalman.start(self.density_.machine_)

    def step_distribution(self, state: kalman.Online, x: Any) -> tuple[NormalMixture, kalman.Online]:
        """Read one more step; return the distribution of its number, and what to pass on."""
        one = _numbers_of(self._check([np.asarray(x)[np.newaxis]]))
        after = kalman.step(state, np.append(one[0], np.nan))
        model = state.model
        seen = ~np.isnan(one[0])
        # of what was foreseen of the input and the target together, the regression on the input
        mean = model.offset + model.loading @ state.mean
        cov = model.loading @ state.cov @ model.loading.T + model.noise
        answer, variance = regression(mean, cov, np.where(seen, one, np.nan))
        return NormalMixture.normal(answer[0], np.sqrt(np.maximum(variance[0], 1e-300))), after


class Slope(NamedTuple):
    """The regression of the last channel on others."""

    slope: Floats
    """Shape (m,)."""
    left: float
    """Variance that it leaves."""


def _slope(covariance: Floats, seen: NDArray[np.bool_]) -> Slope:
    """Return the regression of the last channel on those of the others that are seen."""
    inner, cross = covariance[:-1, :-1][np.ix_(seen, seen)], covariance[-1, :-1][seen]
    slope: Floats = np.asarray(np.linalg.solve(inner, cross) if seen.any() else np.zeros(0), np.float64)
    return Slope(slope, max(float(covariance[-1, -1] - slope @ cross), 1e-300))


def regression(mean: Floats, covariance: Floats, x: Floats) -> tuple[Floats, Floats]:
    """Return mean and variance of the last of jointly normal channels, given the others.

    Parameters
    ----------
    mean, covariance : ndarray of shape (d,) and (d, d)
        Of all.
    x : ndarray of shape (n, d - 1)
        The others, NaN where missing.

    Returns
    -------
    mean, variance : ndarray of shape (n,)
    """
    answer, variance = np.empty(len(x)), np.empty(len(x))
    for rows, seen in _patterns(x):
        slope, variance[rows] = _slope(covariance, seen)
        answer[rows] = mean[-1] + (x[rows][:, seen] - mean[:-1][seen]) @ slope
    return answer, variance


def _patterns(x: Floats) -> list[tuple[NDArray[np.int64], NDArray[np.bool_]]]:
    """Return rows with the channels that are seen in them, pattern by pattern."""
    seen = ~np.isnan(x)
    if seen.all():
        return [(np.arange(len(x)), np.ones(x.shape[1], dtype=bool))]
    patterns, which = np.unique(seen, axis=0, return_inverse=True)
    return [(np.flatnonzero(which.ravel() == i), pattern) for i, pattern in enumerate(patterns)]


def _numbers_of(X: Sequences) -> Floats:
    """Return the channels of the input that are numbers, shape (n_steps, m)."""
    if X.kind == "real":
        return X.channels.astype(np.float64)
    numbers = [i for i, channel in enumerate(X.schema) if channel.kind != "symbols"]
    columns = [X.channel(i).values.astype(np.float64) for i in numbers]
    return np.column_stack(columns) if columns else np.empty((X.n_steps, 0))


def _beside(X: Sequences, targets: Floats) -> Sequences:
    """Return inputs and targets as channels of one step, the target last."""
    if X.kind == "real":
        return Sequences(np.column_stack([X.channels.astype(np.float64), targets]), X.offsets)
    columns: dict[str, Any] = {
        f"{i}": X.channel(i).values if X.kind == "mixed" else X.values for i in range(X.n_channels)
    }
    kinds: dict[str, Any] = {
        f"{i}": "symbols" if channel.kind == "symbols" else "real" for i, channel in enumerate(X.schema)
    }
    return Sequences.from_columns({**columns, _TARGET: targets}, X.lengths, kinds={**kinds, _TARGET: "real"})
