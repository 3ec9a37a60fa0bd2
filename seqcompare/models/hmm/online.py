"""Hidden Markov models that read a sequence as it comes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from sklearn.utils.validation import check_is_fitted

from seqcompare.models.base import check_sequences
from seqcompare.models.hmm._hmmlearn import Engine
from seqcompare.models.hmm.chains import chain_of
from seqcompare.models.hmm.observations import read_steps
from seqcompare.models.hmm.recursions import Likelihood
from seqcompare.models.hmm.settings import fitted_engine
from seqcompare.models.online import plain
from seqcompare.typing import Floats, Label


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
    """

    ahead: Floats
    engine: Engine
    likelihoods: dict[Any, Floats]


def first_belief(model: Any) -> Belief:
    """Return what a fitted `HMM` or `HMMTagger` knows before the first step."""
    check_is_fitted(model)
    return Belief(chain_of(model).start, fitted_engine(model), {})


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


def read_belief(model: Any, state: Belief, x: Label | Floats) -> Floats:
    """Return p(state | steps so far, x included) of a fitted `HMM` or `HMMTagger`, in `ahead`'s shape."""
    symbols = model.emission_ == "categorical"
    key = plain(x) if symbols else None
    likelihood = state.likelihoods.get(key)
    if not symbols and np.shape(x) in ((), (model.n_channels_,)) and model.emission_ in ("gaussian", "gmm"):
        values = np.asarray(x, dtype=np.float64).reshape(1, -1)
        if np.isfinite(values).all():
            return settle(state.ahead, state.engine.likelihood(values))
    if likelihood is None:
        steps = check_sequences(model, [np.asarray(x)[np.newaxis]], reset=False, **model.reading)
        found = state.engine.likelihood(read_steps(model, steps))
        if not symbols:
            return settle(state.ahead, found)
        likelihood = state.likelihoods[key] = found.relative[0]
    return settle(state.ahead, likelihood)
