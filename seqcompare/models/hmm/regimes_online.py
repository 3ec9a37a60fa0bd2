"""What autoregressive HMMs expect next, of whole sequences and of those that are read as they come."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from seqcompare.data.sequences import Sequences
from seqcompare.models.distributions.base import Distribution
from seqcompare.models.distributions.mixtures import MultivariateNormalMixture, NormalMixture
from seqcompare.models.hmm.online import settle
from seqcompare.models.hmm.recursions import Likelihood, filter_states
from seqcompare.models.hmm.regime_gaps import Lagged, Rules, no_steps, read_one
from seqcompare.models.hmm.regimes import Regimes
from seqcompare.models.markov.lag_predictions import channels_of
from seqcompare.typing import Floats


class Known(NamedTuple):
    """What is known of a sequence that is read step by step.

    Attributes
    ----------
    ahead : ndarray of shape (K,)
        p(state of the next step | steps so far).
    steps : ndarray of shape (m,) or (m, d)
        The last steps, as many as rules look back.
    """

    ahead: Floats
    steps: Floats


class Unsure(NamedTuple):
    """The same of a sequence some steps of which may be missing.

    Attributes
    ----------
    weights : ndarray of shape (K, K)
        Probabilities of the last state (row) and the next (column) together.
    lagged : Lagged
        What is known of the last steps.
    n_steps : int
        How many steps there were.
    rules : Rules
        What the states say.
    """

    weights: Floats
    lagged: Lagged
    n_steps: int
    rules: Rules


def mixtures_ahead(regimes: Regimes, sequences: Sequences, *, pairs: bool) -> Distribution:
    """Return the distributions of the step after each, batch (n_steps,).

    Parameters
    ----------
    regimes : Regimes
        The parameters.
    sequences : Sequences
        What was seen.
    pairs : bool
        Whether steps may be missing: the components are then pairs of the last state and the next.
    """
    fit, offsets = regimes.likelihood(sequences), np.array(sequences.offsets)
    _, now = filter_states(regimes.startprob, regimes.transmat, fit, offsets)
    if not pairs:
        means, covariances = regimes.ahead(channels_of(sequences), sequences.step_index)
        return _mixture(now @ regimes.transmat, means, covariances, flat=sequences.values.ndim == 1)
    order = regimes.coef.shape[1]
    _, lagged = regimes.read_gaps(sequences)
    means, covariances = regimes.rules().ahead(lagged, np.minimum(sequences.step_index + 1, order))
    weights = now[:, :, np.newaxis] * regimes.transmat
    return _of_pairs(weights, means, covariances, flat=sequences.values.ndim == 1)


def states_after(model: Any, sequences: Sequences) -> list[Known] | list[Unsure]:
    """Return what a fitted `AutoregressiveHMM` knows after each sequence."""
    regimes, last = model.regimes_, sequences.offsets[1:] - 1
    fit, offsets = regimes.likelihood(sequences), np.array(sequences.offsets)
    _, now = filter_states(regimes.startprob, regimes.transmat, fit, offsets)
    if model.missing == "error":
        order = regimes.coef.shape[1]
        kept = [x[max(len(x) - order, 0) :] for x in sequences]
        return [Known(now[row] @ regimes.transmat, x) for row, x in zip(last, kept, strict=True)]
    rules, lagged = regimes.rules(), regimes.read_gaps(sequences)[1]
    return [
        Unsure(
            now[row][:, np.newaxis] * regimes.transmat,
            Lagged(lagged.mean[row], lagged.cov[row]),
            int(length),
            rules,
        )
        for row, length in zip(last, sequences.lengths, strict=True)
    ]


def first_known(model: Any) -> Known | Unsure:
    """Return what a fitted `AutoregressiveHMM` knows before the first step."""
    if model.missing == "error":
        return Known(model.startprob_, np.empty((0,) if model.flat_ else (0, model.n_channels_)))
    rules, n_states = model.regimes_.rules(), len(model.startprob_)
    return Unsure(np.tile(model.startprob_ / n_states, (n_states, 1)), no_steps(rules), 0, rules)


def read_on(model: Any, state: Known | Unsure, x: float | Floats) -> tuple[Distribution, Known | Unsure]:
    """Read one more step; return the distribution of the next one, and what is known then."""
    regimes, order = model.regimes_, model.coef_.shape[1]
    if isinstance(state, Known):
        steps = np.concatenate([state.steps, np.asarray(x, dtype=np.float64)[np.newaxis]])
        sequences = model._check([steps])
        fit = regimes.likelihood(sequences)
        of_this = Likelihood(fit.relative[-1:], fit.shift[-1:], fit.log_of(slice(-1, None)))
        ahead = settle(state.ahead, of_this) @ regimes.transmat
        means, covariances = regimes.ahead(channels_of(sequences), sequences.step_index)
        found = _mixture(ahead, means[-1], covariances[-1], flat=model.flat_)
        return found, Known(ahead, steps[max(len(steps) - order, 0) :])
    now = channels_of(model._check([np.asarray(x, dtype=np.float64)[np.newaxis]]))[0]
    log, lagged = read_one(state.weights, state.lagged, state.rules, min(state.n_steps, order), now)
    belief = settle(state.weights.sum(axis=0), Likelihood.from_log(log[np.newaxis]))
    weights, n_steps = belief[:, np.newaxis] * regimes.transmat, state.n_steps + 1
    means, covariances = state.rules.ahead(lagged, min(n_steps, order))
    return _of_pairs(weights, means, covariances, flat=model.flat_), Unsure(
        weights, lagged, n_steps, state.rules
    )


def _of_pairs(weights: Floats, means: Floats, covariances: Floats, *, flat: bool) -> Distribution:
    """Return mixtures whose components are pairs of states, shapes (..., K, K), (..., K, K, d) and so on."""
    batch, d = weights.shape[:-2], means.shape[-1]
    return _mixture(
        weights.reshape(*batch, -1),
        means.reshape(*batch, -1, d),
        covariances.reshape(*batch, -1, d, d),
        flat=flat,
    )


def _mixture(weights: Floats, means: Floats, covariances: Floats, *, flat: bool) -> Distribution:
    if flat:
        return NormalMixture(weights, means[..., 0], np.sqrt(covariances[..., 0, 0]))
    return MultivariateNormalMixture(weights, means, covariances)
