"""Whether a series of numbers wanders like a random walk, which is memory and no change of the source."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from seqcompare.dependence.ranks import normal_scores

Floats = NDArray[np.float64]

_MOST_STEPS = 3_000
_FEWEST_STEPS = 30
_N_PLACES = 60
_N_STEPS = 2
_NEARLY_A_LINE = 0.1


def unit_root_p_value(x: Floats, n_simulated: int, seed: int) -> float:
    """Return the chance of a series that is pulled back so strongly, were it a random walk.

    The augmented Dickey-Fuller test with a constant and a trend: differences are regressed on the level one
    step before and on earlier differences, as many as Schwarz's criterion chooses. Ranks take the place of
    numbers, so that wild ones are no evidence, and the two largest steps of the level are taken out, since a
    level that jumps looks like a random walk. All this is done to random walks as well, of which the
    distribution of the t-value is made: they drift as the series does, and their differences have the same
    regression on each other and the same residuals in the same order with random signs, so that they are as
    wild, or as uneven, as those of the series.

    Parameters
    ----------
    x : ndarray of shape (n_steps,)
        One series; missing numbers count as the one before.
    n_simulated, seed : int
        Random walks, and their seed.

    Returns
    -------
    float
        NaN where there is too little to tell. A large value, in a series that is not stationary, speaks for
        a random walk.

    References
    ----------
    S. E. Said and D. A. Dickey, "Testing for unit roots in autoregressive-moving average models of unknown
    order" (1984); C. W. J. Granger and J. Hallman, "Nonlinear transformations of integrated time series"
    (1991), for ranks; E. Zivot and D. W. K. Andrews, "Further evidence on the great crash, the oil-price
    shock, and the unit-root hypothesis" (1992), for steps; G. Cavaliere and A. M. R. Taylor, "Bootstrap unit
    root tests for time series with nonstationary volatility" (2008), for random signs.
    """
    present = np.flatnonzero(np.isfinite(x))
    if len(present) < _FEWEST_STEPS or np.ptp(x[present]) == 0:
        return float("nan")
    # of a long series every so-manyth step: a random walk stays one
    series = x[present][:: -(-len(present) // _MOST_STEPS)]
    change = np.diff(series)
    weights, residuals = _regress_changes(change)
    steps = _steps(len(series))

    def statistic(values: Floats) -> float:
        level = normal_scores(_without_line(values))
        for _ in range(_N_STEPS):
            level = _without_step(level, steps)
        return _t_value(level, len(weights))

    observed = statistic(series)
    rng = np.random.default_rng(seed)
    filtered = np.append(1.0, -weights)
    # the first differences have no residuals
    shocks = np.concatenate([residuals[: len(series) - len(residuals)], residuals])
    drift = change.mean() * np.arange(len(series))
    simulated = np.empty(n_simulated)
    for i in range(n_simulated):
        signed = shocks * rng.choice([-1.0, 1.0], len(shocks))
        simulated[i] = statistic(drift + np.cumsum(lfilter([1.0], filtered, signed)))
    return float((1 + np.sum(simulated <= observed)) / (1 + n_simulated))


def _without_line(values: Floats) -> Floats:
    """Return a series less a straight line if that is nearly all there is to it: of ranks it is a curve."""
    time = np.linspace(-1, 1, len(values))
    centred = values - values.mean()
    line = time * float(time @ centred) / float(time @ time)
    left = centred - line
    chosen = left if float(left @ left) < _NEARLY_A_LINE * float(centred @ centred) else centred
    return np.asarray(chosen)


def _regress_changes(change: Floats) -> tuple[Floats, Floats]:
    """Return the weights of earlier changes, as many as Schwarz's criterion chooses, and what they leave."""
    centred = change - change.mean()
    most = min(int(12 * (len(change) / 100) ** 0.25), len(change) // 5)
    taps = _lagged(centred, most)
    target = centred[most:]
    best = (np.zeros(0), centred)
    least = np.inf
    for order in range(most + 1):
        weights = np.linalg.lstsq(taps[:, :order], target, rcond=None)[0] if order else np.zeros(0)
        left = target - taps[:, :order] @ weights
        cost = len(target) * np.log(max(float(left @ left), 1e-300)) + order * np.log(len(target))
        if cost < least - 1e-9:
            least, best = cost, (weights, left)
    return best


def _lagged(x: Floats, most: int) -> Floats:
    """Return the steps 1 to `most` before each one that has so many, shape (n - most, most)."""
    n = len(x) - most
    columns = [x[most - lag : most - lag + n] for lag in range(1, most + 1)]
    return np.column_stack([np.zeros((n, 0)), *columns])


def _steps(n: int) -> Floats:
    """Return steps of the level at many places, less a line, each of length 1, shape (n, n_places)."""
    places = np.unique(np.linspace(0, n, _N_PLACES + 2).astype(int)[1:-1])
    steps = (np.arange(n)[:, None] >= places).astype(np.float64)
    line = np.linalg.qr(np.column_stack([np.ones(n), np.arange(n)]))[0]
    steps -= line @ (line.T @ steps)
    return np.asarray(steps / np.linalg.norm(steps, axis=0))


def _without_step(series: Floats, steps: Floats) -> Floats:
    size = steps.T @ series
    best = int(np.argmax(np.abs(size)))
    return np.asarray(series - size[best] * steps[:, best], dtype=np.float64)


def _t_value(series: Floats, order: int) -> float:
    change = np.diff(series)
    n = len(change) - order
    time = np.linspace(-1, 1, n)
    inputs = np.column_stack([series[order:-1], np.ones(n), time, _lagged(change, order)])
    products = inputs.T @ inputs
    inverse = np.linalg.pinv(products, hermitian=True)
    weights = inverse @ (inputs.T @ change[order:])
    left = change[order:] - inputs @ weights
    variance = float(left @ left) / max(1, n - inputs.shape[1]) * inverse[0, 0]
    return float(weights[0] / np.sqrt(max(variance, 1e-300)))
