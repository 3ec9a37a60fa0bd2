"""From a predicted number to a density: how far predictions are off, where they were not fitted."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize
from sklearn import config_context
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import ConvergenceWarning

from seqcompare.data.resolution import least_scale, no_narrower
from seqcompare.data.sequences import Sequences, offsets_of
from seqcompare.models.distributions.base import Distribution
from seqcompare.models.distributions.mixtures import MultivariateNormalMixture, NormalMixture
from seqcompare.models.markov.least_squares import find_level
from seqcompare.typing import Floats

N_FOLDS = 5
_MOST_ERRORS = 10_000  # that a mixture is fitted to
_LEAST_SHARE = 1e-6  # variance of a component, as a share of that of all errors


class Errors(NamedTuple):
    """How predictions are off: a mixture of normal ones, times a scale where there is a model of it."""

    weights: Floats
    """Of the components, shape (m,)."""
    means: Floats
    """Shape (m, d)."""
    covariances: Floats
    """Shape (m, d, d)."""
    unit: Floats
    """Spread of each channel's errors, in units of which scales are predicted, shape (d,)."""
    calibration: Floats
    """a and b in: log variance = a + b log of the predicted squared error; shape (2,)."""
    start_mean: Floats
    """Of a first step, shape (d,)."""
    start_covariance: Floats
    """Shape (d, d)."""

    least: Floats
    """Least variance of each channel, shape (d,); see `seqcompare.data.resolution`."""

    def around(self, mean: Floats, scale: Floats, *, flat: bool) -> Distribution:
        """Return the distributions about predictions of shape (..., d), with scales of shape (...)."""
        means = mean[..., np.newaxis, :] + scale[..., np.newaxis, np.newaxis] * self.means
        covariances = scale[..., np.newaxis, np.newaxis, np.newaxis] ** 2 * self.covariances
        if flat:
            variances = np.maximum(covariances[..., 0, 0], self.least)
            return NormalMixture(self.weights, means[..., 0], np.sqrt(variances))
        if self.calibration.any():
            covariances = no_narrower(covariances, self.least)
        return MultivariateNormalMixture(self.weights, means, covariances)

    def start(self, n: int, *, flat: bool) -> Distribution:
        """Return the distributions of `n` first steps, normal ones."""
        if flat:
            return NormalMixture.normal(np.full(n, self.start_mean[0]), np.sqrt(self.start_covariance[0, 0]))
        return MultivariateNormalMixture.normal(np.tile(self.start_mean, (n, 1)), self.start_covariance)


def shift(sequences: Sequences, weight: Floats) -> tuple[Sequences, Sequences, Sequences]:
    """Return all steps but the last of each sequence, all but the first, and the weights of the latter.

    Raises
    ------
    ValueError
        If no sequence has two steps, or all of the later ones have weight 0.
    """
    starts = np.zeros(sequences.n_steps, dtype=bool)
    starts[sequences.offsets[:-1]] = True
    if starts.all():
        raise ValueError(
            "every sequence has one step (1 feature(s)), so there is no next step to learn: "
            "at least one sequence of two steps is required"
        )
    ends = np.append(starts[1:], True)
    offsets = offsets_of(sequences.lengths[sequences.lengths > 1] - 1)
    X, y, w = (
        Sequences(values[rows], offsets)
        for values, rows in ((sequences.values, ~ends), (sequences.values, ~starts), (weight, ~starts))
    )
    if not w.values.any():
        raise ValueError("sample_weight is zero for every step but the first ones: no next step to learn")
    return X, y, w


def predict_held_out(
    regressor: BaseEstimator, X: Sequences, y: Sequences, weight: Sequences, *, weighted: bool
) -> Floats:
    """Return predictions of every step by models that were not fitted on it, shape of ``y.values``.

    Folds hold out whole sequences; of fewer sequences than folds, runs of steps, which are still seen from
    the steps around them.
    """
    whole = len(X) >= N_FOLDS
    runs = X.step_index * N_FOLDS // np.repeat(X.lengths, X.lengths)
    fold = X.sequence_index % N_FOLDS if whole else runs
    answer = np.zeros(y.values.shape)
    for k in np.unique(fold):
        out = fold == k
        if whole:
            chosen = np.arange(len(X)) % N_FOLDS
            train, test = chosen != k, chosen == k
            use = {"sample_weight": weight.take(train)} if weighted else {}
            if weighted and not weight.take(train).values.any():
                continue
            model = clone(regressor).fit(X.take(train), y.take(train), **use)
            answer[out] = Sequences(model.predict(X.take(test))).values.reshape(answer[out].shape)
            continue
        # a short series may leave nothing to train on
        kept = np.where(out, 0.0, weight.values)
        if not kept.any():
            continue
        model = clone(regressor).fit(X, y, sample_weight=X.with_values(kept))
        answer[out] = Sequences(model.predict(X)).values.reshape(answer.shape)[out]
    return answer


def find_errors(
    off: Floats, weight: Floats, predicted: Floats | None, first: Floats, most_components: int
) -> Errors:
    """Fit the distribution of errors.

    Parameters
    ----------
    off : ndarray of shape (n, d)
        Errors of predictions of steps that the predictor was not fitted on.
    weight : ndarray of shape (n,)
        Their weights.
    predicted : ndarray of shape (n,), optional
        Predicted squared errors in units of their mean, held out as well.
    first : ndarray of shape (n_steps, d)
        All steps: a first step is taken to be like any.
    most_components : int
        The number of components is the one of 1..this with the best BIC.
    """
    used = weight > 0
    off, weight = off[used], weight[used]
    least = least_scale(first, np.nanstd(first, axis=0)) ** 2
    unit = np.sqrt(np.maximum(np.average(off**2, axis=0, weights=weight), least))
    scale = np.ones(len(off))
    calibration = np.zeros(2)
    if predicted is not None:
        calibration = _calibrate(off / unit, weight, predicted[used])
        scale = _scale(calibration, predicted[used])
    plain = off / scale[:, np.newaxis]
    weights, means, covariances = _fit_mixture(plain, weight, most_components, least)
    if np.isnan(first).any():
        level = find_level(first, np.ones(len(first)))
        mean, spread = level.mean, level.covariance
    else:
        mean, spread = first.mean(axis=0), np.cov(first.T, bias=True).reshape(first.shape[1], -1)
    start = no_narrower(spread + _LEAST_SHARE * np.diag(unit**2), least)
    covariances = no_narrower(covariances, least)
    return Errors(weights, means, covariances, unit, calibration, mean, start, least)


def scales_of(errors: Errors, predicted: Floats) -> Floats:
    """Return the scales that go with predicted squared errors, shape (n,)."""
    return _scale(errors.calibration, predicted)


def _scale(calibration: Floats, predicted: Floats) -> Floats:
    return np.exp((calibration[0] + calibration[1] * np.log(np.maximum(predicted, 1e-6))) / 2)


def _calibrate(off: Floats, weight: Floats, predicted: Floats) -> Floats:
    """Shrink the predicted log-variance by two numbers, found by the likelihood of normal errors."""
    log = np.log(np.maximum(predicted, 1e-6))
    squares, d = (off**2).sum(axis=1), off.shape[1]

    def loss(theta: Floats) -> float:
        variance = theta[0] + theta[1] * log
        return float(np.average(d * variance + squares * np.exp(-variance), weights=weight))

    return np.asarray(minimize(loss, [0.0, 0.5], method="Nelder-Mead", options={"xatol": 1e-4}).x)


def _fit_mixture(off: Floats, weight: Floats, most: int, floor: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the mixture of 1..`most` normal distributions with the best BIC."""
    mean = np.average(off, axis=0, weights=weight)
    centred = off - mean
    variance = np.average(centred**2, axis=0, weights=weight)
    cov = (centred * weight[:, None]).T @ centred / weight.sum()
    cov += np.diag(np.maximum(_LEAST_SHARE * variance, np.where(variance > 0, 0.0, floor)))
    best = (np.ones(1), mean[np.newaxis], cov[np.newaxis])
    if most == 1 or len(off) < 50:
        return best
    unit = np.sqrt(np.diag(cov))
    rows = centred / unit
    if (weight != weight[0]).any() or len(rows) > _MOST_ERRORS:
        # the library's mixtures take no weights: rows are taken as often as they weigh
        n = min(len(rows), _MOST_ERRORS)
        place = (np.arange(n) + 0.5) / n * weight.sum()
        rows = rows[np.minimum(np.searchsorted(np.cumsum(weight), place), len(rows) - 1)]
    from sklearn.mixture import GaussianMixture  # slow to import

    least = np.inf
    for m in range(1, most + 1):
        mixture = GaussianMixture(m, reg_covar=_LEAST_SHARE, tol=1e-4, max_iter=100, random_state=0)
        # its start is not made for other arrays than NumPy's; not quite converged is good enough for errors
        with config_context(array_api_dispatch=False), warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            bic = mixture.fit(rows).bic(rows)
        if bic < least:
            least = bic
            if m > 1:
                covariances = mixture.covariances_ * np.outer(unit, unit)
                best = (mixture.weights_, mixture.means_ * unit + mean, covariances)
    return best
