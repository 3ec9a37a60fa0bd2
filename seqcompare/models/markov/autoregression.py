"""Autoregressions: the Markov chain of numbers."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_random_state, check_scalar
from sklearn.utils.validation import check_is_fitted

from seqcompare.data.axes import refuse_lengths
from seqcompare.data.sequences import Sequences, offsets_of
from seqcompare.data.targets import check_step_weights
from seqcompare.models import kalman
from seqcompare.models.base import NumberDensity, Reading, check_lengths, check_sequences
from seqcompare.models.distributions.base import Distribution, pack
from seqcompare.models.distributions.lognormal import LogNormalMixture, take_logarithms
from seqcompare.models.distributions.mixtures import MultivariateNormalMixture, NormalMixture
from seqcompare.models.filling import check_missing
from seqcompare.models.markov.autoregression_order import choose_order
from seqcompare.models.markov.counts import check_order
from seqcompare.models.markov.lag_predictions import (
    draw_continuations,
    draw_sequences,
    forecast_exactly,
    log_densities,
    mean_log_variances,
    predict_rows,
)
from seqcompare.models.markov.lag_steps import first_errors, read_step
from seqcompare.models.markov.lags import Lags, as_state_space, long_run_mean, spectral_radius
from seqcompare.models.markov.least_squares import fit_lags
from seqcompare.models.markov.season import add_season, since_season
from seqcompare.models.markov.volatility import Volatility
from seqcompare.models.markov.volatility_fit import fit_both
from seqcompare.models.markov.volatility_gaps import Reader, first_reader, read_on
from seqcompare.typing import Floats, RandomState, SequencesLike, TargetsLike, WeightsLike

# Steps of the run over which the entropy of a changing variance is averaged.
_LONG_RUN = 200_000
# Continuations that are drawn where a forecast has no closed form.
_CONTINUATIONS = 200


class Autoregression(NumberDensity):
    """The next step is a linear function of the last `order` ones, plus normal noise.

    For steps of d numbers this is a vector autoregression. It is fitted by least squares on the steps with
    `order` steps before them. The likelihood is exact: the first steps have the stationary distribution.

    Parameters
    ----------
    order : int, "bic" or "aic", default=1
        Steps that a prediction looks back. "bic", "aic": of the orders from 0 to `max_order` that with the
        best BIC or AIC.
    season : int, optional
        Steps of a season. What is predicted from the last `order` ones is then x[t] - x[t - season], how a
        step differs from that of the season before; 1 takes changes from step to step.
    seasons : int, default=1
        Seasons of whose mean changes are taken, as far as half of the steps go: several for one that stays.
    log : bool, default=False
        Whether the rule is one of the logarithms of numbers above 0. Densities stay those of the numbers.
    max_order : int, optional
        The largest order that these try, fewer where there are less than eight steps for each; by default
        10 log10(n) of n steps.
    ridge : float, default=0.0
        Penalty on the squared coefficients, in units of a squared error and of the channels' spread.
    volatility : {"arch", "garch"}, optional
        Variance that follows from past squared errors ("garch": and from the last variance), fitted by
        likelihood; by default it is constant.
    volatility_lags : int, default=1
        Squared errors that it follows from.
    missing : {"error", "allow"}, default="error"
        "allow" takes NaN, in steps or channels, as not observed: fitted by EM (with a season, of the changes
        that are known), predicted and scored exactly. With `volatility` a missing square is what is expected.

    Attributes
    ----------
    order_ : int
        The order.
    coef_ : ndarray of shape (order, d, d), with s steps of seasons (order + s, d, d)
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
        order: int | Literal["bic", "aic"] = 1,
        *,
        season: int | None = None,
        seasons: int = 1,
        log: bool = False,
        max_order: int | None = None,
        ridge: float = 0.0,
        volatility: Literal["arch", "garch"] | None = None,
        volatility_lags: int = 1,
        missing: Literal["error", "allow"] = "error",
    ) -> None:
        self.order = order
        self.season = season
        self.seasons = seasons
        self.log = log
        self.max_order = max_order
        self.ridge = ridge
        self.volatility = volatility
        self.volatility_lags = volatility_lags
        self.missing = missing

    @property
    def reading(self) -> Reading:
        """Integers are numbers."""
        return {"numbers": True, "allow_nan": self.missing == "allow"}

    @property
    def sums_missing(self) -> str | None:
        """The ``missing`` with which a fitted model integrates exactly over missing numbers; None if none."""
        return "allow" if self.volatility is None else None

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
        sequences = self._logarithms(check_sequences(self, X, reset=True, **self.reading))
        if sample_weight is None:
            weight = np.broadcast_to(1.0, sequences.n_steps)  # no array, which takes as long as the sums
        else:
            weight = check_step_weights(sample_weight, sequences, steps_as_array=False)
            used = np.add.reduceat(weight, sequences.offsets[:-1]) > 0
            if not used.all():
                sequences, weight = sequences.take(used), weight[np.repeat(used, sequences.lengths)]
        if isinstance(self.order, str):
            self.order_ = choose_order(self, *self._changes(sequences, weight), self.max_order)
        else:
            self.order_ = int(self.order)
        self.volatility_: Volatility | None = None
        if self.volatility is None:
            lags, self.n_iter_ = self._fit_lags(sequences, weight)
        else:
            self.n_iter_, garch = 0, self.volatility == "garch"
            lags, self.volatility_ = fit_both(
                self._fit_lags, sequences, weight, garch=garch, n_lags=self.volatility_lags
            )
        self.lags_ = lags
        self.flat_ = sequences.values.ndim == 1
        return self

    def score_steps(self, X: SequencesLike) -> SequencesLike:
        """Return log p(x[t] | x[..t-1]) of every step in nats, shape (T_i,) a sequence, in X's container.

        Of a step with missing channels it is the density of the others, and 0 if all are missing.
        """
        sequences = self._read(X)
        found = log_densities(self.lags_, self.volatility_, sequences)
        return sequences.pack(found - np.nansum(sequences.channels, axis=1) if self.log else found)

    def predict_next_distribution(self, X: SequencesLike) -> Distribution | list[Distribution]:
        """Return the distribution of x[t+1] given x[..t] for every step t, normal ones, in X's container.

        See `seqcompare.models.base.NumberDensity.predict_next_distribution` for the shapes. Steps that are
        plain numbers get a `NormalMixture` of one component, vectors a `MultivariateNormalMixture`; with
        `log` these are of the logarithms, in a `LogNormalMixture`.
        """
        sequences = self._read(X)
        rows = predict_rows(self.lags_, self.volatility_, sequences)
        return pack(
            sequences, self._normal(rows.mean, rows.covariances[rows.which], flat=sequences.values.ndim == 1)
        )

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
        n_samples : int, optional
            With it the answer is a mixture of the predictions after so many continuations that are drawn, by
            default 200 of them with `volatility`; otherwise it is exact, and normal.
        random_state : int, RandomState or None
            The source of randomness of the continuations.
        """
        sequences = self._read(X)
        check_scalar(steps, "steps", Integral, min_val=1)
        if n_samples is None and self.volatility_ is None:
            mean, cov = forecast_exactly(self.lags_, sequences, steps)
            return self._normal(mean, cov, flat=sequences.values.ndim == 1)
        rng = check_random_state(random_state)
        drawn = _CONTINUATIONS if n_samples is None else n_samples
        mean, cov = draw_continuations(self.lags_, self.volatility_, sequences, steps, drawn, rng)
        if sequences.values.ndim == 1:
            return self._of_numbers(NormalMixture([1 / drawn], mean[..., 0], np.sqrt(cov[..., 0, 0])))
        return self._of_numbers(MultivariateNormalMixture([1 / drawn], mean, cov))

    def start(self) -> object:
        """Return the state before the first step of a sequence, for `step`."""
        check_is_fitted(self)
        if self.missing == "allow" and self.volatility_ is not None:
            return first_reader(self.lags_, self.volatility_)
        if self.missing == "allow":
            return kalman.start(as_state_space(self.lags_, max(len(self.coef_), 1)))
        return first_errors(self.lags_, self.volatility_)

    def step(self, state: Any, x: Any) -> tuple[Distribution, object]:
        """Read one more step; return the distribution of the next, and what to pass on.

        Parameters
        ----------
        state : state
            What `start` or the last call returned.
        x : number, or array of shape (d,)
            The step.
        """
        now = np.atleast_1d(np.asarray(x, dtype=np.float64))
        now = np.log(now) if self.log else now
        if isinstance(state, Reader):
            mean, cov, state = read_on(state, now)
        elif self.missing == "allow":
            d, state = len(now), kalman.step(state, now)
            mean, cov = state.model.offset + state.mean[:d], state.cov[:d, :d]
        else:
            mean, cov, state = read_step(state, now)
        return self._normal(mean, cov, flat=self.flat_), state

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
        kept = np.exp(kept) if self.log else kept
        return Sequences(kept[:, 0] if self.flat_ else kept, offsets_of(lengths))

    def entropy_rate(self, base: float | None = None) -> float:
        """Return the mean differential entropy of the next step in the long run, in nats a step.

        With `volatility` it is the average over 200,000 steps that are drawn, the same every time. With `log`
        the mean of the logarithms is added, in the long run, or where there is none that of training.

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
        nats += long_run_mean(self.lags_).sum() if self.log else 0.0
        return float(nats / np.log(np.e if base is None else base))

    @property
    def n_parameters_(self) -> int:
        """Coefficients, intercepts, the covariance, and for changing variances their weights."""
        check_is_fitted(self)
        p, d = self.order_, len(self.intercept_)
        n = p * d**2 + d + d * (d + 1) // 2
        if self.volatility_ is not None:
            n += d * (self.volatility_.shock.shape[1] + (self.volatility == "garch"))
        return n

    @property
    def coef_(self) -> Floats:
        """The matrix of each lag, shape (order, d, d), with s steps of seasons (order + s, d, d)."""
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

    def _read(self, X: SequencesLike) -> Sequences:
        return self._logarithms(self._check(X))

    def _logarithms(self, sequences: Sequences) -> Sequences:
        return take_logarithms(sequences) if self.log else sequences

    def _changes(self, sequences: Sequences, weight: Floats) -> tuple[Sequences, Floats]:
        """Return what the coefficients are fitted to, and its weights."""
        return since_season(sequences, self.season, self.seasons, weight)

    def _fit_lags(self, sequences: Sequences, weight: Floats) -> tuple[Lags, int]:
        changes, of_changes = self._changes(sequences, weight)
        lags, n_rounds = fit_lags(changes, of_changes, self.order_, self.ridge)
        if self.season is not None:
            n_changes = float(((of_changes > 0) & (changes.step_index >= self.order_)).sum())
            lags = add_season(lags, sequences, weight, self.season, self.seasons, n_changes)
        return lags, n_rounds

    def _normal(self, mean: Floats, cov: Floats, *, flat: bool) -> Distribution:
        if flat:
            return self._of_numbers(NormalMixture.normal(mean[..., 0], np.sqrt(cov[..., 0, 0])))
        return self._of_numbers(MultivariateNormalMixture.normal(mean, cov))

    def _of_numbers(self, found: NormalMixture | MultivariateNormalMixture) -> Distribution:
        return LogNormalMixture(found) if self.log else found

    def _check_parameters(self) -> None:
        if self.order != "bic" and self.order != "aic":
            check_order(self.order)
        if self.season is not None:
            check_scalar(self.season, "season", Integral, min_val=1)
        if self.max_order is not None:
            check_scalar(self.max_order, "max_order", Integral, min_val=0)
        check_scalar(self.seasons, "seasons", Integral, min_val=1)
        check_scalar(self.ridge, "ridge", Real, min_val=0)
        check_scalar(self.volatility_lags, "volatility_lags", Integral, min_val=1)
        if self.volatility not in (None, "arch", "garch"):
            raise ValueError(f"volatility must be None, 'arch' or 'garch', got {self.volatility!r}")
        check_missing(self.missing)
