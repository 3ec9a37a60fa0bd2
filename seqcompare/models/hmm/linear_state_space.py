"""Linear state-space models: hidden states that are numbers."""

from __future__ import annotations

import warnings
from numbers import Integral, Real
from typing import Any, Literal

import numpy as np
from scipy.optimize import OptimizeResult, minimize
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state, check_scalar
from sklearn.utils.validation import check_is_fitted

from seqcompare.data.axes import refuse_lengths
from seqcompare.data.sequences import Sequences, offsets_of
from seqcompare.data.targets import check_sequence_weights
from seqcompare.models import kalman
from seqcompare.models.base import NumberDensity, Reading, check_lengths, check_sequences
from seqcompare.models.distributions.base import Distribution, pack
from seqcompare.models.distributions.mixtures import MultivariateNormalMixture, NormalMixture
from seqcompare.models.hmm.state_space_forms import Form, Stationary, Trend, rough_lags, standardise
from seqcompare.models.kalman import (
    LinearGaussian,
    filter_states,
    predict_states,
    score_steps,
    smooth_states,
)
from seqcompare.models.kalman_gradient import likelihood_and_gradient
from seqcompare.models.markov.lag_predictions import channels_of
from seqcompare.typing import Floats, RandomState, SequencesLike, TargetsLike, WeightsLike

# Iterations of each start, before the search goes on from the better one.
_TRIAL = 15


class LinearStateSpace(NumberDensity):
    """A hidden state of numbers that moves linearly, and steps that show it with noise.

    z[t] = F z[t-1] + N(0, Q) and x[t] = c + H z[t] + N(0, R): where a hidden Markov model has one state of a
    few, this has a vector. It is fitted by maximum likelihood, by its exact gradient.

    Parameters
    ----------
    n_components : int, default=1
        Numbers in the state. The local models have their own: one a channel for the level, one for its slope.
    structure : {"free", "local level", "local trend"}, default="free"
        "free": any F with a stationary distribution, where sequences begin. "local level": a random walk seen
        with noise in each channel; "local trend": one whose increments are a random walk, too.
    initialization : {"marginal", "diffuse"}, default="marginal"
        Where a local level begins: like a step of the training data, in mean and variance; or anywhere, as
        textbooks have it (a million times that variance), so that the first step sets it and the density of
        the first step says nothing. A slope begins likewise. Not for "free".
    missing : {"error", "allow"}, default="error"
        "allow" takes NaN, in whole steps or single channels, as not observed; everything stays exact.
    max_iter : int, default=500
        Most iterations of the search (L-BFGS).
    tol : float, default=1e-9
        The search ends once an iteration gains less than this share of the log-likelihood.

    Attributes
    ----------
    transition_, loading_ : ndarray of shape (k, k) and (d, k)
        F and H.
    offset_ : ndarray of shape (d,)
        c; of local models the mean of the training data, which levels are counted from.
    state_covariance_, noise_covariance_ : ndarray of shape (k, k) and (d, d)
        Q and R. The states of "free" are scaled to a stationary covariance of 1.
    log_likelihood_ : float
        Of the training data, in nats.
    spectral_radius_ : float
        Largest modulus among the eigenvalues of F.
    init_scores_ : ndarray of shape (n_starts,)
        What each start came to in 15 iterations, in nats a step. The two are not random: memories of all
        lengths, and the states that carry most of the future in an autoregression.
    n_iter_ : int
        Iterations from there on, from the better one.
    stop_reason_ : {"tol", "max_iter"}
        Why the search ended.
    n_parameters_ : int
        Free parameters that matter to the distribution of the steps.

    References
    ----------
    Durbin and Koopman (2012), Time series analysis by state space methods.

    Examples
    --------
    >>> from seqcompare import LinearStateSpace
    >>> model = LinearStateSpace(structure="local level").fit([[1.0, 1.2, 0.9, 2.1, 2.0, 2.2, 1.9, 3.1, 3.0]])
    >>> model.forecast([[3.0, 3.1]], steps=3).mean.shape
    (1, 3)
    """

    sums_missing = "allow"

    def __init__(
        self,
        n_components: int = 1,
        *,
        structure: Literal["free", "local level", "local trend"] = "free",
        initialization: Literal["marginal", "diffuse"] = "marginal",
        missing: Literal["error", "allow"] = "error",
        max_iter: int = 500,
        tol: float = 1e-9,
    ) -> None:
        self.n_components = n_components
        self.structure = structure
        self.initialization = initialization
        self.missing = missing
        self.max_iter = max_iter
        self.tol = tol

    @property
    def reading(self) -> Reading:
        """Integers are numbers."""
        return {"numbers": True, "allow_nan": self.missing == "allow"}

    @property
    def takes_weights(self) -> bool:
        """Whether `fit` can take weights of single steps: it is fitted to whole sequences."""
        return False

    def fit(
        self, X: SequencesLike, y: TargetsLike | None = None, sample_weight: WeightsLike | None = None
    ) -> LinearStateSpace:
        """Fit the parameters by maximum likelihood.

        Parameters
        ----------
        X : sequences of numbers
            The training data.
        y : ignored
            For scikit-learn's tools.
        sample_weight : array of shape (n,), optional
            Weights of sequences. (A step by itself cannot be left out of what the state is known from.)

        Raises
        ------
        ValueError
            If a parameter is impossible.

        Warns
        -----
        ConvergenceWarning
            If the search ended for another reason than `tol`.
        """
        refuse_lengths(X, y)
        self._check_parameters()
        sequences = check_sequences(self, X, reset=True, **self.reading)
        weight = check_sequence_weights(sample_weight, sequences)
        if not weight.all():
            sequences, weight = sequences.take(weight > 0), weight[weight > 0]
        steps = np.repeat(weight, sequences.lengths)
        x, centre, unit, least = standardise(channels_of(sequences), steps)
        offsets, total = np.array(sequences.offsets), float(steps.sum())
        form = self._form(sequences.n_channels)

        def loss(theta: Floats) -> tuple[float, Floats]:
            model = _with_floor(form.build(theta), least)
            nats, slope = likelihood_and_gradient(model, x, offsets, weight)
            return -nats / total, -form.pull(theta, slope) / total

        lags = rough_lags(x, sequences, steps)
        starts = form.starts(lags, float(sequences.lengths.mean()))
        tried = [self._search(loss, point, form.bounds, min(_TRIAL, self.max_iter)) for point in starts]
        self.init_scores_ = np.array([-result.fun for result in tried])
        best = self._search(loss, tried[int(np.argmax(self.init_scores_))].x, form.bounds, self.max_iter)
        self.n_iter_ = int(best.nit)
        self.stop_reason_ = "max_iter" if best.nit >= self.max_iter else "tol"
        if self.stop_reason_ != "tol":
            warnings.warn(
                f"the search ended after max_iter={self.max_iter} iterations", ConvergenceWarning, 2
            )
        self.machine_ = form.in_units(_with_floor(form.build(best.x), least), centre, unit)
        self.log_likelihood_ = float(
            -best.fun * total - (~np.isnan(x) * steps[:, None]).sum(axis=0) @ np.log(unit)
        )
        self.flat_ = sequences.values.ndim == 1
        self.n_parameters_ = form.n_parameters
        return self

    def score_steps(self, X: SequencesLike) -> SequencesLike:
        """Return log p(x[t] | x[..t-1]) of every step in nats, shape (T_i,) a sequence, in X's container.

        Of a step with missing channels it is the density of the others, and 0 if all are missing.
        """
        sequences = self._check(X)
        return sequences.pack(score_steps(self.machine_, channels_of(sequences), np.array(sequences.offsets)))

    def predict_next_distribution(self, X: SequencesLike) -> Distribution | list[Distribution]:
        """Return the distribution of x[t+1] given x[..t] for every step t, normal ones, in X's container.

        See `seqcompare.models.base.NumberDensity.predict_next_distribution` for the shapes.
        """
        sequences = self._check(X)
        mean, cov = predict_states(self.machine_, channels_of(sequences), np.array(sequences.offsets))
        return pack(sequences, self._shown(mean, cov, flat=sequences.values.ndim == 1))

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
            Not used: the distributions are exact, and normal.
        """
        sequences = self._check(X)
        check_scalar(steps, "steps", Integral, min_val=1)
        model, last = self.machine_, sequences.offsets[1:] - 1
        mean, cov = predict_states(model, channels_of(sequences), np.array(sequences.offsets))
        means, covs = [mean[last]], [cov[last]]
        for _ in range(steps - 1):
            means.append(means[-1] @ model.transition.T)
            covs.append(model.transition @ covs[-1] @ model.transition.T + model.state_noise)
        return self._shown(np.stack(means, axis=1), np.stack(covs, axis=1), flat=sequences.values.ndim == 1)

    def start(self) -> kalman.Online:
        """Return the state before the first step of a sequence, for `step`."""
        check_is_fitted(self)
        return kalman.start(self.machine_)

    def step(self, state: kalman.Online, x: float | Floats) -> tuple[Distribution, kalman.Online]:
        """Read one more step, NaN where it is missing; return the distribution of the next, and a state."""
        state = kalman.step(state, np.array(x, dtype=np.float64, ndmin=1))
        return self._shown(state.mean, state.cov, flat=np.ndim(x) == 0), state

    def filter(self, X: SequencesLike) -> tuple[Any, Any]:
        """Return what is known of the state at each step from the steps up to it.

        Parameters
        ----------
        X : sequences of numbers
            What came.

        Returns
        -------
        mean : one vector a step, shape (T_i, k) a sequence, in X's container
        covariance : one matrix a step, shape (T_i, k, k) a sequence, in X's container
        """
        sequences = self._check(X)
        x = channels_of(sequences)
        # alone, a step's smoother knows what came before it and the step itself
        seen = filter_states(self.machine_, x, np.array(sequences.offsets))
        mean, cov = np.empty_like(seen.mean), np.empty_like(seen.cov)
        known = ~np.isnan(x)
        for pattern in np.unique(known, axis=0):
            rows = np.flatnonzero((known == pattern).all(axis=1))
            loading = self.machine_.loading[pattern]
            off = x[rows][:, pattern] - self.machine_.offset[pattern] - seen.mean[rows] @ loading.T
            shown = seen.cov[rows] @ loading.T
            spread = loading @ shown + self.machine_.noise[np.ix_(pattern, pattern)]
            gain = np.swapaxes(np.linalg.solve(spread, np.swapaxes(shown, 1, 2)), 1, 2)
            mean[rows] = seen.mean[rows] + (gain @ off[:, :, np.newaxis])[..., 0]
            cov[rows] = seen.cov[rows] - gain @ np.swapaxes(shown, 1, 2)
        return sequences.pack(mean), sequences.pack(cov)

    def smooth(self, X: SequencesLike) -> tuple[Any, Any]:
        """Return what is known of the state at each step from the whole sequence; see `filter`."""
        sequences = self._check(X)
        x, offsets = channels_of(sequences), np.array(sequences.offsets)
        found = smooth_states(self.machine_, x, offsets, filter_states(self.machine_, x, offsets))
        return sequences.pack(found.mean), sequences.pack(found.cov)

    def sample(self, n_sequences: int = 1, length: int = 10, random_state: RandomState = None) -> Sequences:
        """Draw sequences from the model.

        Parameters
        ----------
        n_sequences : int
            How many.
        length : int or array of int, shape (n_sequences,)
            Steps of each.
        random_state : int, RandomState or None
            The source of randomness.
        """
        check_is_fitted(self)
        lengths = check_lengths(n_sequences, length)
        rng = check_random_state(random_state)
        model, n = self.machine_, len(lengths)
        d, k = model.loading.shape
        roots = [_root(matrix) for matrix in (model.start_cov, model.state_noise, model.noise)]
        x = np.empty((n, int(lengths.max()), d))
        state = model.start_mean + rng.normal(size=(n, k)) @ roots[0].T
        for t in range(x.shape[1]):
            x[:, t] = model.offset + state @ model.loading.T + rng.normal(size=(n, d)) @ roots[2].T
            state = state @ model.transition.T + rng.normal(size=(n, k)) @ roots[1].T
        kept = x[np.arange(x.shape[1]) < lengths[:, np.newaxis]]
        return Sequences(kept[:, 0] if self.flat_ else kept, offsets_of(lengths))

    def entropy_rate(self, base: float | None = None) -> float:
        """Return the differential entropy of the next step in the long run, in nats a step.

        Parameters
        ----------
        base : float, optional
            The base of the logarithm: 2 for bits; by default nats.
        """
        check_is_fitted(self)
        model, cov = self.machine_, self.machine_.start_cov
        log_det, last = 0.0, np.inf
        while abs(log_det - last) > 1e-13:  # until the filter has settled
            spread = model.loading @ cov @ model.loading.T + model.noise
            log_det, last = float(np.linalg.slogdet(spread)[1]), log_det
            gain = np.linalg.solve(spread, model.loading @ cov)
            cov = (
                model.transition @ (cov - cov @ model.loading.T @ gain) @ model.transition.T
                + model.state_noise
            )
        nats = (len(model.offset) * np.log(2 * np.pi * np.e) + log_det) / 2
        return float(nats / np.log(np.e if base is None else base))

    @property
    def transition_(self) -> Floats:
        """F, shape (k, k)."""
        return self.machine_.transition

    @property
    def loading_(self) -> Floats:
        """H, shape (d, k)."""
        return self.machine_.loading

    @property
    def offset_(self) -> Floats:
        """The constant c, shape (d,)."""
        return self.machine_.offset

    @property
    def state_covariance_(self) -> Floats:
        """Q, shape (k, k)."""
        return self.machine_.state_noise

    @property
    def noise_covariance_(self) -> Floats:
        """R, shape (d, d)."""
        return self.machine_.noise

    @property
    def spectral_radius_(self) -> float:
        """Largest modulus among the eigenvalues of F."""
        return float(np.abs(np.linalg.eigvals(self.machine_.transition)).max())

    def _form(self, n_channels: int) -> Form:
        if self.structure == "free":
            return Stationary(self.n_components, n_channels)
        slope, diffuse = self.structure == "local trend", self.initialization == "diffuse"
        return Trend(n_channels, slope=slope, diffuse=diffuse)

    def _search(self, loss: Any, start: Floats, bounds: Any, max_iter: int) -> OptimizeResult:
        return minimize(
            loss,
            start,
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            options={"maxiter": max_iter, "ftol": self.tol, "gtol": 1e-7, "maxls": 40},
        )

    def _shown(self, mean: Floats, cov: Floats, *, flat: bool) -> Distribution:
        """Return the distributions of steps, given those of their states."""
        model = self.machine_
        steps = model.offset + mean @ model.loading.T
        spread = model.loading @ cov @ model.loading.T + model.noise
        if flat:
            return NormalMixture.normal(steps[..., 0], np.sqrt(spread[..., 0, 0]))
        return MultivariateNormalMixture.normal(steps, spread)

    def _check_parameters(self) -> None:
        check_scalar(self.n_components, "n_components", Integral, min_val=1)
        check_scalar(self.max_iter, "max_iter", Integral, min_val=1)
        check_scalar(self.tol, "tol", Real, min_val=0)
        for name, choices in (
            ("structure", ("free", "local level", "local trend")),
            ("initialization", ("marginal", "diffuse")),
            ("missing", ("error", "allow")),
        ):
            if getattr(self, name) not in choices:
                raise ValueError(f"{name} must be one of {', '.join(choices)}, got {getattr(self, name)!r}")


def _with_floor(model: LinearGaussian, least: Floats) -> LinearGaussian:
    return model._replace(noise=model.noise + np.diag(least))


def _root(matrix: Floats) -> Floats:
    values, vectors = np.linalg.eigh(matrix)
    return vectors * np.sqrt(np.maximum(values, 0))
