"""The parameters of an HMM as points that may lie anywhere, and how a gradient is carried over to them.

Distributions are softmaxes of such points, variances and rates exponentials. What is impossible, of
probability 0, stays so: its logit is -inf, and its derivative 0.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.special import gammaln

from seqcompare.models.hmm._hmmlearn import count_codes
from seqcompare.models.hmm.fit import Recipe
from seqcompare.models.hmm.gaussians import log_density
from seqcompare.models.hmm.parameters import Parameters
from seqcompare.models.hmm.recursions import Likelihood
from seqcompare.typing import Floats, Labels

_DISTRIBUTIONS = ("startprob", "transmat", "emissionprob")
# How much more a state begins with its own symbol, in units of what else they differ by.
_OWN = 8.0


class Chart:
    """What all emissions share: the chain of states.

    Parameters
    ----------
    recipe : Recipe
        The kind of model.
    """

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe

    def point(self, parameters: Parameters) -> Parameters:
        """Return the point, by name, that `parameters` are at."""
        with np.errstate(divide="ignore"):
            return {
                name: np.log(value) if name != "means" else value.copy() for name, value in parameters.items()
            }

    def parameters(self, point: Parameters) -> Parameters:
        """Return the parameters at a point."""
        return {name: self._parameter(name, value) for name, value in point.items()}

    def pull_back(self, parameters: Parameters, by_parameter: Parameters) -> Parameters:
        """Return the derivatives by the point, given those by the parameters and by ``log b``."""
        found = {}
        for name, g in by_parameter.items():
            if name in _DISTRIBUTIONS:
                # by the parameter's logarithm first, where that exists
                p = parameters[name]
                by_log = p * g if name != "emissionprob" else g
                found[name] = by_log - p * by_log.sum(axis=-1, keepdims=True)
            else:
                found[name] = g
        return found

    def likelihood(self, parameters: Parameters, values: Labels) -> Likelihood:
        """Return how well observations fit each state."""
        raise NotImplementedError

    def by_emission(self, parameters: Parameters, values: Labels, d_log_b: Floats) -> Parameters:
        """Return the derivatives by the parameters of the emission, or by their logarithms."""
        raise NotImplementedError

    def about_the_same(
        self, values: Labels, weights: Floats, spread: float, rng: np.random.RandomState
    ) -> Parameters:
        """Return emissions that vary a little, by `spread`, about that of all steps together.

        Parameters
        ----------
        values : ndarray
            The steps.
        weights : ndarray of shape (n_steps,)
            How much each counts.
        spread : float
            The standard deviation of logarithms, or in units of a channel's spread.
        rng : RandomState
            Where chance comes from.
        """
        raise NotImplementedError

    @staticmethod
    def _parameter(name: str, value: Floats) -> Floats:
        if name in _DISTRIBUTIONS:
            p = np.exp(value - value.max(axis=-1, keepdims=True))
            return np.asarray(p / p.sum(axis=-1, keepdims=True))
        return value if name == "means" else np.exp(value)


class CategoricalChart(Chart):
    """Symbols."""

    def likelihood(self, parameters: Parameters, values: Labels) -> Likelihood:
        """Look the probabilities up; an unknown or missing symbol says nothing."""
        emissions = parameters["emissionprob"]
        table = np.vstack([emissions.T, np.ones((2, len(emissions)))])
        return Likelihood(np.take(table, values, axis=0), np.zeros(len(values)))

    def by_emission(self, parameters: Parameters, values: Labels, d_log_b: Floats) -> Parameters:
        """Add up by symbol: the derivative by ``log emissionprob``."""
        return {"emissionprob": count_codes(values, d_log_b, self.recipe.n_outputs)}

    def about_the_same(
        self, values: Labels, weights: Floats, spread: float, rng: np.random.RandomState
    ) -> Parameters:
        """Vary the frequencies of the symbols, those most that are to be predicted: each has its own state.

        In the others, which may be many steps, small differences would add up to a reason to change state.
        Left to chance two symbols would begin in one state and stay there.
        """
        n_symbols = self.recipe.n_outputs
        known = values < n_symbols
        counts = np.bincount(values[known], minlength=n_symbols) + 1.0
        weight = np.bincount(values[known], weights[known], minlength=n_symbols)
        wanted = weight / max(float(weight.sum()), 1e-300)
        width = spread * (0.1 + wanted / (wanted + counts / counts.sum()))
        n_states = len(self.recipe.mask)
        own = np.zeros((n_states, n_symbols))
        own[rng.permutation(n_states)[np.arange(n_symbols) % n_states], np.argsort(-wanted)] = _OWN
        logits = np.log(counts) + width * (own + rng.normal(size=own.shape))
        return {"emissionprob": self._parameter("emissionprob", logits)}


class PoissonChart(Chart):
    """Counts."""

    def likelihood(self, parameters: Parameters, values: Labels) -> Likelihood:
        """Return the likelihood of what is observed."""
        rates = parameters["lambdas"]
        gone = np.isnan(values)
        counts = np.where(gone, 0.0, values)
        log_p = counts @ np.log(rates).T - (~gone) @ rates.T
        return Likelihood.from_log(log_p - gammaln(counts + 1.0).sum(axis=1)[:, None])

    def by_emission(self, parameters: Parameters, values: Labels, d_log_b: Floats) -> Parameters:
        """Return the derivative by the logarithm of the rates."""
        gone = np.isnan(values)
        found = d_log_b.T @ np.where(gone, 0.0, values) - (d_log_b.T @ ~gone) * parameters["lambdas"]
        return {"lambdas": found}

    def about_the_same(
        self, values: Labels, weights: Floats, spread: float, rng: np.random.RandomState
    ) -> Parameters:
        """Vary the mean of each channel."""
        mean = np.maximum(np.nanmean(values, axis=0), 1e-3)
        return {"lambdas": mean * np.exp(rng.normal(scale=spread, size=(len(self.recipe.mask), len(mean))))}


class GaussianChart(Chart):
    """Numbers, the channels independent given the state."""

    def likelihood(self, parameters: Parameters, values: Labels) -> Likelihood:
        """Return the likelihood of what is observed."""
        return Likelihood.from_log(log_density(values, parameters["means"], self._variances(parameters)))

    def by_emission(self, parameters: Parameters, values: Labels, d_log_b: Floats) -> Parameters:
        """Return the derivatives by the means and by the logarithm of the variances."""
        means, variances = parameters["means"], self._variances(parameters)
        seen = ~np.isnan(values)
        x = np.where(seen, values, 0.0)
        n, first, second = d_log_b.T @ seen, d_log_b.T @ x, d_log_b.T @ x**2
        by_mean = (first - n * means) / variances
        squares = second - 2 * means * first + n * means**2
        by_log = (squares / variances - n) / 2
        spherical = self.recipe.covariance_type == "spherical"
        return {"means": by_mean, "covars": by_log.sum(axis=1) if spherical else by_log}

    def about_the_same(
        self, values: Labels, weights: Floats, spread: float, rng: np.random.RandomState
    ) -> Parameters:
        """Vary the mean of each channel, which are in units of their spread."""
        n_states, d = len(self.recipe.mask), values.shape[1]
        means = np.nanmean(values, axis=0) + rng.normal(scale=spread, size=(n_states, d))
        variances = np.tile(np.maximum(np.nanvar(values, axis=0), self.recipe.min_covar), (n_states, 1))
        spherical = self.recipe.covariance_type == "spherical"
        return {"means": means, "covars": variances.mean(axis=1) if spherical else variances}

    def parameters(self, point: Parameters) -> Parameters:
        """Return the parameters at a point, no variance below the floor."""
        found = super().parameters(point)
        spherical = self.recipe.covariance_type == "spherical"
        floor = np.max(self.recipe.min_covar) if spherical else self.recipe.min_covar
        return found | {"covars": np.maximum(found["covars"], floor)}

    def _variances(self, parameters: Mapping[str, Floats]) -> Floats:
        variances = parameters["covars"]
        if self.recipe.covariance_type == "spherical":
            return np.repeat(variances[:, None], self.recipe.n_outputs, axis=1)
        return variances


def chart_of(recipe: Recipe) -> Chart:
    """Return the chart for the kind of model.

    Raises
    ------
    ValueError
        If there is none.
    """
    if recipe.emission == "categorical":
        return CategoricalChart(recipe)
    if recipe.emission == "poisson":
        return PoissonChart(recipe)
    if recipe.emission == "gaussian" and recipe.covariance_type in ("diag", "spherical"):
        return GaussianChart(recipe)
    raise ValueError(
        "objective='prediction', which weights of single steps ask for, takes emissions 'categorical', "
        "'poisson', and 'gaussian' with covariance_type 'diag' or 'spherical'; "
        f"got {recipe.emission!r}, {recipe.covariance_type!r}"
    )
