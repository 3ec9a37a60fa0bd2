"""Autoregressions: the Markov chain of numbers."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import Tags, check_random_state, check_scalar
from sklearn.utils.validation import check_is_fitted

from seqcompare.data.axes import refuse_lengths
from seqcompare.data.sequences import Sequences, offsets_of
from seqcompare.data.targets import check_step_weights
from seqcompare.models import kalman
from seqcompare.models.base import NumberDensity, Reading, check_lengths, check_sequences
from seqcompare.models.distributions.base import Distribution, pack
from seqcompare.models.distributions.mixtures import MultivariateNormalMixture, NormalMixture
from seqcompare.models.markov.counts import check_order
from seqcompare.models.markov.lag_predictions import (
    channels_of,
    draw_continuations,
    draw_sequences,
    errors_of,
    forecast_exactly,
    log_densities,
    mean_log_variances,
    predict_rows,
)
from seqcompare.models.markov.lag_steps import first_errors, read_step
from seqcompare.models.markov.lags import (
    Lags,
    as_state_space,
    find_predictors,
    predict_ahead,
    spectral_radius,
)
from seqcompare.models.markov.least_squares import find_level, fit_lags
from seqcompare.models.markov.volatility import Volatility, find_variances, fit_volatility
from seqcompare.typing import Floats, RandomState, SequencesLike, TargetsLike, WeightsLike

# Steps of the run over which the entropy of a changing variance is averaged.
_LONG_RUN = 200_000
# Continuations that are drawn where a forecast has no closed form.
_CONTINUATIONS = 200
# Times that the mean is fitted again with the variances that were found.
_REWEIGHTINGS = 2


class Autoregression(NumberDensity):
    """The next step is a linear function of the last `order` ones, plus normal noise.

    For steps of d numbers this is a vector autoregression. It is fitted by least squares on the steps with
    `order` steps before them. The likelihood is exact: the first steps have the stationary distribution.

    Parameters
    ----------
    order : int, default=1
        Steps that a prediction looks back.
    ridge : float, default=0.0
        Penalty on the squared coefficients, in units of a squared error and of the channels' spread.
    volatility : {"arch", "garch"}, optional
        Variance that follows from past squared errors ("garch": and from the last variance), fitted by
        likelihood; by default it is constant.
    volatility_lags : int, default=1
        Squared errors that it follows from.
    missing : {"error", "allow"}, default="error"
        "allow" takes NaN, in whole steps or single channels, as not observed: fitted by EM, and predicted
        and scored exactly. Not with `volatility`.

    Attributes
    ----------
    coef_ : ndarray of shape (order, d, d)
        The matrix of each lag, from 1 on: ``coef_[k - 1][i, j]`` is what channel j, k steps ago, adds to i.
    intercept_ : ndarray of shape (d,)
        The constant.
    covariance_ : ndarray of shape (d, d)
        Covariance of what is new in a step; with `volatility` its mean in the long run.
    spectral_radius_ : float
        Largest modulus among the roots. Below 1 the series forgets its start; at 1 it wanders.
    volatility_ : Volatility or None
        How the variance follows; see `seqcompare.models.markov.volatility`.
    n_iter_ : int
        Rounds of EM; 0 where nothing was missing.
    n_parameters_ : int
        Free parameters.

    Notes
    -----
    Where there is no stationary distribution, the start is stated: the steps before it are taken for
    independent normal ones, with mean and covariance of the training steps. With `volatility` the first
    `order` steps, and the first variance, are those of the long run.

    What is new in a step is never taken to vary less than its rounding (`seqcompare.data.resolution`), or
    than a billionth of the channel's variance.

    References
    ----------
    Hamilton (1994), Time series analysis, chapters 5, 11 and 21.

    Examples
    --------
    >>> from seqcompare import Autoregression
    >>> model = Autoregression(1).fit([[1.0, 0.5, 0.25, 0.2, 0.0, 0.1, 0.0]])
    >>> model.forecast([[2.0]], steps=2).mean.shape
    (1, 2)
    """

    def __init__(
        self,
        order: int = 1,
        *,
        ridge: float = 0.0,
        volatility: Literal["arch", "garch"] | None = None,
        volatility_lags: int = 1,
        missing: Literal["error", "allow"] = "error",
    ) -> None:
        self.order = order
        self.ridge = ridge
        self.volatility = volatility
        self.volatility_lags = volatility_lags
        self.missing = missing

    @property
    def reading(self) -> Reading:
        """Integers are numbers."""
        return {"numbers": True, "allow_nan": self.missing == "allow"}

    def fit(
        self, X: SequencesLike, y: TargetsLike | None = None, sample_weight: WeightsLike | None = None
    ) -> Autoregression:
        """Fit the coefficients and what is left.

        Parameters
        ----------
        X : sequences of numbers
            The training data.
        y : ignored
            For scikit-learn's tools.
        sample_weight : array of shape (n,), or one array of weights a sequence, optional
            Weights of sequences, or of the predictions of single steps.

        Raises
        ------
        ValueError
            If a parameter is impossible, or no step has `order` steps before it.
        """
        refuse_lengths(X, y)
        self._check_parameters()
        sequences = check_sequences(self, X, reset=True, **self.reading)
        if sample_weight is None:
            weight = np.broadcast_to(1.0, sequences.n_steps)  # no array, which takes as long as the sums
        else:
            weight = check_step_weights(sample_weight, sequences, steps_as_array=False)
            used = np.add.reduceat(weight, sequences.offsets[:-1]) > 0
            if not used.all():
                sequences, weight = sequences.take(used), weight[np.repeat(used, sequences.lengths)]
        lags, self.n_iter_ = fit_lags(sequences, weight, self.order, self.ridge)
        self.volatility_: Volatility | None = None
        if self.volatility is not None:
            lags = self._fit_volatility(sequences, weight, lags)
        self.lags_ = lags
        self.flat_ = sequences.values.ndim == 1
        return self

    def score_steps(self, X: SequencesLike) -> SequencesLike:
        """Return log p(x[t] | x[..t-1]) of every step in nats, shape (T_i,) a sequence, in X's container.

        Of a step with missing channels it is the density of the others, and 0 if all are missing.
        """
        sequences = self._check(X)
        return sequences.pack(log_densities(self.lags_, self.volatility_, sequences))

    def predict_next_distribution(self, X: SequencesLike) -> Distribution | list[Distribution]:
        """Return the distribution of x[t+1] given x[..t] for every step t, normal ones, in X's container.

        See `seqcompare.models.base.NumberDensity.predict_next_distribution` for the shapes. Steps that are
        plain numbers get a `NormalMixture` of one component, vectors a `MultivariateNormalMixture`.
        """
        sequences = self._check(X)
        rows = predict_rows(self.lags_, self.volatility_, sequences)
        return pack(sequences, self._normal(rows.mean, rows.covariances[rows.which], sequences))

    def forecast(
        self, X: SequencesLike, steps: int, n_samples: int | None = None, random_state: RandomState = None
    ) -> Any:
        """Return the distributions of the `steps` steps after the end of each sequence, batch (n, steps).

        Parameters
        ----------
        X : sequences of numbers
            What came so far.
        steps : int
            How many steps to look ahead.
        n_samples : int, optional
            With it the answer is a mixture of the predictions after so many continuations that are drawn, by
            default 200 of them with `volatility`; otherwise it is exact, and normal.
        random_state : int, RandomState or None
            The source of randomness of the continuations.
        """
        sequences = self._check(X)
        check_scalar(steps, "steps", Integral, min_val=1)
        if n_samples is None and self.volatility_ is None:
            mean, cov = forecast_exactly(self.lags_, sequences, steps)
            return self._normal(mean, cov, sequences)
        rng = check_random_state(random_state)
        drawn = _CONTINUATIONS if n_samples is None else n_samples
        mean, cov = draw_continuations(self.lags_, self.volatility_, sequences, steps, drawn, rng)
        if sequences.values.ndim == 1:
            return NormalMixture([1 / drawn], mean[..., 0], np.sqrt(cov[..., 0, 0]))
        return MultivariateNormalMixture([1 / drawn], mean, cov)

    def start(self) -> Any:
        """Return the state before the first step of a sequence, for `step`."""
        check_is_fitted(self)
        if self.missing == "allow":
            return kalman.start(as_state_space(self.lags_, max(int(self.order), 1)))
        return first_errors(self.lags_, self.volatility_)

    def step(self, state: Any, x: Any) -> tuple[Distribution, Any]:
        """Read one more step; return the distribution of the next, and what to pass on.

        Parameters
        ----------
        state : state
            What `start` or the last call returned.
        x : number, or array of shape (d,)
            The step.
        """
        now = np.atleast_1d(np.asarray(x, dtype=np.float64))
        if self.missing == "allow":
            d, state = len(now), kalman.step(state, now)
            mean, cov = state.model.offset + state.mean[:d], state.cov[:d, :d]
        else:
            mean, cov, state = read_step(state, now)
        if self.flat_:
            return NormalMixture.normal(mean[0], np.sqrt(cov[0, 0])), state
        return MultivariateNormalMixture.normal(mean, cov), state

    def sample(
        self, n_sequences: int = 1, length: ArrayLike = 10, random_state: RandomState = None
    ) -> Sequences:
        """Draw sequences from the model.

        Parameters
        ----------
        n_sequences : int
            How many.
        length : int or array of int, shape (n_sequences,)
            Steps of each.
        random_state : int, RandomState or None
            The source of randomness.

        Returns
        -------
        Sequences
            Numbers, of as many channels as the model was fitted on.
        """
        check_is_fitted(self)
        lengths = check_lengths(n_sequences, length)
        noise = check_random_state(random_state).normal(
            size=(lengths.max(), len(lengths), len(self.intercept_))
        )
        drawn = draw_sequences(self.lags_, self.volatility_, noise)
        kept = drawn[np.arange(lengths.max()) < lengths[:, np.newaxis]]
        return Sequences(kept[:, 0] if self.flat_ else kept, offsets_of(lengths))

    def entropy_rate(self, base: float | None = None) -> float:
        """Return the mean differential entropy of the next step in the long run, in nats a step.

        With `volatility` it is the average over 200,000 steps that are drawn, the same every time.

        Parameters
        ----------
        base : float, optional
            The base of the logarithm: 2 for bits; by default nats.
        """
        check_is_fitted(self)
        d = len(self.intercept_)
        if self.volatility_ is None:
            log_det = np.linalg.slogdet(self.covariance_)[1]
        else:
            log_det = np.linalg.slogdet(self.volatility_.correlation)[1]
            log_det += mean_log_variances(self.volatility_, _LONG_RUN).sum()
        nats = (d * np.log(2 * np.pi * np.e) + log_det) / 2
        return float(nats / np.log(np.e if base is None else base))

    @property
    def n_parameters_(self) -> int:
        """Coefficients, intercepts, the covariance, and for changing variances their weights."""
        check_is_fitted(self)
        p, d, _ = self.coef_.shape
        n = p * d**2 + d + d * (d + 1) // 2
        if self.volatility_ is not None:
            n += d * (self.volatility_.shock.shape[1] + (self.volatility == "garch"))
        return n

    @property
    def coef_(self) -> Floats:
        """The matrix of each lag, shape (order, d, d)."""
        return self.lags_.coef

    @property
    def intercept_(self) -> Floats:
        """The constant, shape (d,)."""
        return self.lags_.intercept

    @property
    def covariance_(self) -> Floats:
        """Covariance of what is new in a step, shape (d, d)."""
        return self.lags_.covariance

    @property
    def spectral_radius_(self) -> float:
        """Largest modulus among the roots."""
        return spectral_radius(self.lags_.coef)

    def _fit_volatility(self, sequences: Sequences, weight: Floats, lags: Lags) -> Lags:
        """Fit the variances to the errors, then the means once more with weights that fit the variances."""
        x, offsets = channels_of(sequences), np.array(sequences.offsets)
        counted = np.where(sequences.step_index >= self.order, weight, 0)
        least = find_level(x, weight).least
        for left in range(_REWEIGHTINGS, -1, -1):
            ahead, _ = predict_ahead(find_predictors(lags), x, sequences.step_index)
            errors = errors_of(x, ahead, sequences)
            if self.order == 0:  # the first step has a full prediction
                errors[offsets[:-1]] = x[offsets[:-1]] - lags.intercept
            rule = fit_volatility(
                errors,
                counted,
                offsets,
                self.order,
                garch=self.volatility == "garch",
                n_lags=self.volatility_lags,
                least=least,
            )
            if left and len(rule.level) == 1:
                variance = find_variances(rule, errors, offsets, self.order)[0][:, 0]
                lags, _ = fit_lags(sequences, weight / variance, self.order, self.ridge)
        self.volatility_ = rule
        scale = np.sqrt(rule.long_run)
        return lags._replace(covariance=rule.correlation * np.outer(scale, scale))

    def _normal(self, mean: Floats, cov: Floats, sequences: Sequences) -> Distribution:
        if sequences.values.ndim == 1:
            return NormalMixture.normal(mean[..., 0], np.sqrt(cov[..., 0, 0]))
        return MultivariateNormalMixture.normal(mean, cov)

    def _check_parameters(self) -> None:
        check_order(self.order)
        check_scalar(self.ridge, "ridge", Real, min_val=0)
        check_scalar(self.volatility_lags, "volatility_lags", Integral, min_val=1)
        if self.volatility not in (None, "arch", "garch"):
            raise ValueError(f"volatility must be None, 'arch' or 'garch', got {self.volatility!r}")
        if self.missing not in ("error", "allow"):
            raise ValueError(f"missing must be 'error' or 'allow', got {self.missing!r}")
        if self.volatility is not None and self.missing == "allow":
            raise ValueError("missing='allow' needs a constant variance: give volatility=None")

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.missing == "allow"
        return tags
