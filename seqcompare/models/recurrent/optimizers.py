"""Steps down a gradient, on one flat vector of weights."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqcompare.models.recurrent.kernels import compiled
from seqcompare.typing import Array, Reals, Record

Memory = Record


class Descent(NamedTuple):
    """How to step.

    Attributes
    ----------
    solver : "adam" (Kingma and Ba 2015) or "sgd" (with momentum)
    learning_rate : the size of a step
    momentum : what `sgd` keeps of its last step
    clip_norm : the longest gradient taken as it is; longer ones are shortened to it (Pascanu et al. 2013, "On
        the difficulty of training recurrent neural networks"); infinity for no limit
    decay : the share of a decayed weight that a step at learning rate 1 takes away, apart from the gradient
        (Loshchilov and Hutter 2019, "Decoupled weight decay regularization")
    """

    solver: str
    learning_rate: float
    momentum: float
    clip_norm: float
    decay: float


def fresh_memory(solver: str, weights: Array) -> Memory:
    """Return what the solver remembers between steps, at the start, in plain arrays."""
    names = {"adam": ("mean", "square"), "sgd": ("velocity",)}[solver]
    return {"step": 0, **{name: np.zeros_like(weights) for name in names}}


def descend(
    weights: Array, gradient: Array, memory: Memory, descent: Descent, decays: NDArray[np.bool_]
) -> float:
    """Make one step in place.

    Parameters
    ----------
    weights, gradient : ndarray, shape (n_parameters,)
        Where we are, and the way up.
    memory : dict
        As from `fresh_memory`.
    descent : Descent
        How to step.
    decays : ndarray of bool, shape (n_parameters,)
        The weights that decay: matrices, not biases.

    Returns
    -------
    float
        The gradient's norm before clipping. If it is not finite, nothing has been changed.
    """
    norm = float(np.sqrt(np.dot(gradient, gradient)))
    if not np.isfinite(norm):
        return norm
    scale = min(1.0, descent.clip_norm / norm) if norm > 0 else 1.0
    memory["step"] += 1
    if descent.decay:
        weights[decays] *= 1 - descent.learning_rate * descent.decay
    of = weights.dtype.type
    if descent.solver == "adam":
        step = memory["step"]
        rate = descent.learning_rate * np.sqrt(1 - 0.999**step) / (1 - 0.9**step)
        _adam(weights, gradient, memory["mean"], memory["square"], of(scale), of(rate))
    else:
        velocity = memory["velocity"]
        velocity *= of(descent.momentum)
        velocity -= of(descent.learning_rate * scale) * gradient
        weights += velocity
    return norm


@compiled
def _adam(w: Reals, gradient: Reals, mean: Reals, square: Reals, scale: Reals, rate: Reals) -> None:
    keep_mean, keep_square = w.dtype.type(0.9), w.dtype.type(0.999)
    new_mean, new_square = w.dtype.type(0.1), w.dtype.type(0.001)
    tiny = w.dtype.type(1e-8)
    for j in range(len(w)):
        g = gradient[j] * scale
        mean[j] = keep_mean * mean[j] + new_mean * g
        square[j] = keep_square * square[j] + new_square * g * g
        w[j] -= rate * mean[j] / (np.sqrt(square[j]) + tiny)
