"""What the outputs mean: the loss, its gradient, and the answer they stand for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

Array = NDArray[Any]


class Loss(NamedTuple):
    """A kind of answer.

    Attributes
    ----------
    items : (outputs (n, K), targets) -> the loss of each item in nats (squares: halved), shape (n,)
    gradient : (outputs (n, K), targets) -> its gradient with respect to the outputs, shape (n, K)
    answer : outputs -> probabilities, or the numbers themselves
    """

    items: Callable[[Array, Array], Array]
    gradient: Callable[[Array, Array], Array]
    answer: Callable[[Array], Array]


def softmax(z: Array) -> Array:
    """Return the probabilities of classes that exclude each other, shape (n, K)."""
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    return p


def _softmax_items(z: Array, codes: Array) -> Array:
    top = z.max(axis=1)
    return np.log(np.exp(z - top[:, None]).sum(axis=1)) + top - z[np.arange(len(z)), codes]


def _softmax_gradient(z: Array, codes: Array) -> Array:
    d = softmax(z)
    d[np.arange(len(z)), codes] -= 1
    return d


def _sigmoid_items(z: Array, indicators: Array) -> Array:
    return (np.logaddexp(0, z) - z * indicators).mean(axis=1)


def _sigmoid_gradient(z: Array, indicators: Array) -> Array:
    return ((expit(z) - indicators) / z.shape[1]).astype(z.dtype)


def _square_items(z: Array, numbers: Array) -> Array:
    return ((z - numbers) ** 2).mean(axis=1) / 2


def _square_gradient(z: Array, numbers: Array) -> Array:
    return ((z - numbers) / z.shape[1]).astype(z.dtype)


LOSSES = {
    "softmax": Loss(_softmax_items, _softmax_gradient, softmax),
    "sigmoid": Loss(_sigmoid_items, _sigmoid_gradient, expit),
    "identity": Loss(_square_items, _square_gradient, lambda z: z),
}


def best_constant(link: str, targets: Array, weights: NDArray[np.float64], n_outputs: int) -> Array:
    """Return the outputs of the best predictor that ignores its input, shape (1, n_outputs)."""
    if link == "softmax":
        counts = np.bincount(targets, weights=weights, minlength=n_outputs)
        return np.log(np.maximum(counts / counts.sum(), 1e-12))[None]
    mean = np.average(targets, weights=weights, axis=0)
    if link == "sigmoid":
        mean = np.clip(mean, 1e-12, 1 - 1e-12)
        mean = np.log(mean) - np.log1p(-mean)
    return mean[None]
