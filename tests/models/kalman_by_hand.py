"""The recursions of `seqcompare.models.kalman` by two other ways: the textbook's, and no recursion at all."""

import numpy as np
from scipy.stats import multivariate_normal

from seqcompare.models.kalman import linear_gaussian


def random_model(k, d, seed=0, noise=1.0):
    rng = np.random.default_rng(seed)
    transition = rng.normal(size=(k, k))
    transition *= 0.9 / np.abs(np.linalg.eigvals(transition)).max()

    def spd(n):
        root = rng.normal(size=(n, n))
        return root @ root.T / n + 0.1 * np.eye(n)

    return linear_gaussian(
        transition=transition,
        loading=rng.normal(size=(d, k)),
        offset=rng.normal(size=d),
        state_noise=spd(k),
        noise=noise * spd(d),
        start_mean=rng.normal(size=k),
        start_cov=spd(k),
    )


def with_gaps(x, share, seed=0):
    gone = np.random.default_rng(seed).random(x.shape) < share
    return np.where(gone, np.nan, x)


def textbook_filter(model, x):
    """Filter one sequence by the equations of the textbook, matrix inverse and all."""
    mean, cov = model.start_mean, model.start_cov
    log_density, means, covs = [], [], []
    for row in x:
        means.append(mean)
        covs.append(cov)
        known = ~np.isnan(row)
        loading = model.loading[known]
        expected = model.offset[known] + loading @ mean
        spread = loading @ cov @ loading.T + model.noise[np.ix_(known, known)]
        if known.any():
            log_density.append(multivariate_normal.logpdf(row[known], expected, spread))
            gain = cov @ loading.T @ np.linalg.inv(spread)
            mean = mean + gain @ (row[known] - expected)
            cov = cov - gain @ loading @ cov
        else:
            log_density.append(0.0)
        mean = model.transition @ mean
        cov = model.transition @ cov @ model.transition.T + model.state_noise
    return np.array(log_density), np.array(means), np.array(covs)


def joint(model, length):
    """Return mean and covariance of all states and steps of a sequence together, states first."""
    k, d = len(model.start_mean), len(model.offset)
    mean, cov = [model.start_mean], np.zeros((length * k, length * k))
    cov[:k, :k] = model.start_cov
    for t in range(1, length):
        now, last = slice(t * k, (t + 1) * k), slice((t - 1) * k, t * k)
        mean.append(model.transition @ mean[-1])
        cov[now, : t * k] = model.transition @ cov[last, : t * k]
        cov[: t * k, now] = cov[now, : t * k].T
        cov[now, now] = model.transition @ cov[last, last] @ model.transition.T + model.state_noise
    mean = np.concatenate(mean)
    loading = np.kron(np.eye(length), model.loading)
    steps = np.tile(model.offset, length) + loading @ mean
    spread = loading @ cov @ loading.T + np.kron(np.eye(length), model.noise)
    assert len(steps) == length * d
    return mean, cov, steps, spread, cov @ loading.T


def smooth_jointly(model, x):
    """Return mean and covariance of all states given all steps of one sequence."""
    mean, cov, steps, spread, cross = joint(model, len(x))
    known = ~np.isnan(x.ravel())
    weights = cross[:, known] @ np.linalg.inv(spread[np.ix_(known, known)])
    return mean + weights @ (x.ravel()[known] - steps[known]), cov - weights @ cross[:, known].T
