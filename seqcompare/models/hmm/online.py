"""Hidden Markov models that read a sequence as it comes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from sklearn.utils.validation import check_is_fitted

from seqcompare.models.base import check_sequences
from seqcompare.models.hmm._hmmlearn import Engine
from seqcompare.models.hmm.chains import AgedStates, States, chain_of
from seqcompare.models.hmm.gaussians import full_covariances
from seqcompare.models.hmm.observations import read_steps
from seqcompare.models.hmm.recursions import Likelihood
from seqcompare.models.hmm.settings import fitted_engine
from seqcompare.models.online import keep_symbol, plain
from seqcompare.typing import Floats, Label


class Normals(NamedTuple):
    """Normal emissions, made ready for one step at a time: m states, or components of states.

    Attributes
    ----------
    means : ndarray of shape (m, d)
        Their means.
    whiten : ndarray of shape (m, d, d)
        What makes the distance from a mean one of the standard normal distribution.
    shift : ndarray of shape (m,)
        Logarithm of the density at the mean.
    weights : ndarray of shape (K, n_mix), or None
        Logarithms of the shares of components.
    scales : ndarray of shape (m,)
        Standard deviations of the first channel.
    """

    means: Floats
    whiten: Floats
    shift: Floats
    weights: Floats | None
    scales: Floats

    @classmethod
    def of(cls, model: Any) -> Normals:
        """Return those of a fitted model."""
        covariances = full_covariances(model)
        d = covariances.shape[-1]
        whiten = np.linalg.inv(np.linalg.cholesky(covariances))
        shift = np.log(np.diagonal(whiten, axis1=1, axis2=2)).sum(axis=1) - d / 2 * np.log(2 * np.pi)
        weights = None
        if model.emission_ == "gmm":
            with np.errstate(divide="ignore"):  # a component may have no share
                weights = np.log(model.weights_)
        scales = np.sqrt(covariances[:, 0, 0])
        return cls(model.means_.reshape(-1, d), whiten, shift, weights, scales)

    def likelihood(self, x: Floats) -> Likelihood:
        """Return how well one step, shape (d,), fits each state."""
        off = x - self.means
        z = off * self.whiten[:, 0] if len(x) == 1 else np.matmul(self.whiten, off[..., np.newaxis])[..., 0]
        logs = self.shift - (z * z).sum(axis=1) / 2
        if self.weights is not None:
            parts = logs.reshape(self.weights.shape) + self.weights
            most = parts.max(axis=1)
            logs = most + np.log(np.exp(parts - most[:, np.newaxis]).sum(axis=1))
        most = logs.max()
        return Likelihood(np.exp(logs - most)[np.newaxis], most[np.newaxis], (logs - most)[np.newaxis])


@njit(cache=True)
def _settle_normal(ahead: Floats, trans: Floats, normals: tuple[Floats, Floats, Floats], x: Floats) -> Floats:
    """Return p(state of the next step | x, and the steps before it); nothing where no state allows x."""
    means, whiten, shift = normals
    K, d = means.shape
    now, most, total = np.empty(K), -np.inf, 0.0
    for k in range(K):
        now[k] = shift[k]
        for i in range(d):
            z = 0.0
            for j in range(d):
                z += whiten[k, i, j] * (x[j] - means[k, j])
            now[k] -= z * z / 2
        most = max(most, now[k])
    for k in range(K):
        now[k] = ahead[k] * np.exp(now[k] - most)
        total += now[k]
    after = np.zeros(K if total > 0 else 0)
    for k in range(K):
        for j in range(len(after)):
            after[j] += now[k] / total * trans[k, j]
    return after


class Belief(NamedTuple):
    """What is known of the states before the next step.

    Attributes
    ----------
    ahead : ndarray of shape (K,), or (K, m)
        p(state of the next step | steps so far), and of how long it has lasted, if states know.
    engine : Engine
        What knows how well steps fit.
    likelihoods : dict of symbol to ndarray of shape (K,)
        How well a symbol fits each state; all beliefs of one start share it.
    chain : States or AgedStates
        How states follow each other.
    normals : Normals, optional
        Where steps are numbers.
    """

    ahead: Floats
    engine: Engine
    likelihoods: dict[Any, Floats]
    chain: States | AgedStates
    normals: Normals | None


def first_belief(model: Any) -> Belief:
    """Return what a fitted `HMM` or `HMMTagger` knows before the first step."""
    check_is_fitted(model)
    chain = chain_of(model)
    normals = Normals.of(model) if model.emission_ in ("gaussian", "gmm") else None
    return Belief(chain.start, fitted_engine(model), {}, chain, normals)


def settle(ahead: Floats, likelihood: Floats | Likelihood) -> Floats:
    """Return p(state | steps so far, this one included), in the shape of `ahead`.

    A step that no state allows is passed over as if it were missing.
    """
    relative = likelihood.relative[0] if isinstance(likelihood, Likelihood) else likelihood
    aged = ahead.ndim > relative.ndim
    now = ahead * (relative[:, np.newaxis] if aged else relative)
    total = now.sum()
    if total > 0:
        return now / total
    if isinstance(likelihood, Likelihood) and likelihood.log is not None:
        with np.errstate(divide="ignore"):
            logs = np.log(ahead) + (likelihood.log[0][:, np.newaxis] if aged else likelihood.log[0])
        if logs.max() > -np.inf:
            now = np.exp(logs - logs.max())
            return now / now.sum()
    return ahead


def read_on(model: Any, state: Belief, x: Label | Floats) -> Floats:
    """Return p(state of the next step | steps so far, x included) of a fitted `HMM`, in `ahead`'s shape."""
    normals, chain = state.normals, state.chain
    if normals is not None and normals.weights is None and isinstance(chain, States):
        step = np.array([x]) if isinstance(x, float) else np.asarray(x, dtype=np.float64).reshape(-1)
        if len(step) == model.n_channels_:
            after = _settle_normal(state.ahead, chain.trans, normals[:3], step)
            if len(after):
                return after
    return chain.ahead(read_belief(model, state, x))


def read_belief(model: Any, state: Belief, x: Label | Floats) -> Floats:
    """Return p(state | steps so far, x included) of a fitted `HMM` or `HMMTagger`, in `ahead`'s shape."""
    symbols = model.emission_ == "categorical"
    key = plain(x) if symbols else None
    likelihood = state.likelihoods.get(key)
    if state.normals is not None and np.shape(x) in ((), (model.n_channels_,)):
        values = np.asarray(x, dtype=np.float64).reshape(-1)
        if np.isfinite(values).all():
            return settle(state.ahead, state.normals.likelihood(values))
    if likelihood is None:
        steps = check_sequences(model, [np.asarray(x)[np.newaxis]], reset=False, **model.reading)
        found = state.engine.likelihood(read_steps(model, steps))
        if not symbols:
            return settle(state.ahead, found)
        likelihood = found.relative[0]
        keep_symbol(state.likelihoods, key, likelihood, len(model.symbols_))
    return settle(state.ahead, likelihood)
