"""What the outputs mean: the loss, its gradient, and the answer they stand for."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from seqcompare.models.recurrent import heads
from seqcompare.typing import Array


class Loss(NamedTuple):
    """A kind of answer.

    Attributes
    ----------
    look : (outputs (n, K), targets) -> the loss of each item in nats (numbers: half squared errors), shape
        (n,), and its gradient with respect to the outputs, shape (n, K)
    answer : outputs -> probabilities, or the numbers themselves; of densities the outputs
    density : whether it is the loss of a density, which has no lower end
    guess : outputs -> what scores are made of: the code of a class, or the outputs
    solved : below how many times the fall that counts as progress it is so small that nothing is left to
        learn: of classes a thousandth nat, or their true ones at 99.9%
    """

    look: Callable[[Array, Array], tuple[Array, Array]]
    answer: Callable[[Array], Array]
    density: bool = False
    guess: Callable[[Array], Array] = lambda z: z
    solved: float = 1.0


def _shares(z: Array) -> tuple[Array, Array, Array]:
    """Return softmax, shifted outputs and the logarithm of their sum, all with the classes first.

    Sums along the first axis are several times faster where classes are few.
    """
    shifted = np.ascontiguousarray(z.T)
    shifted -= shifted.max(axis=0)
    shares = np.exp(shifted)
    total = shares.sum(axis=0)
    shares /= total
    return shares, shifted, np.log(total)


def softmax(z: Array) -> Array:
    """Return the probabilities of classes that exclude each other, shape (n, K)."""
    return np.ascontiguousarray(_shares(z)[0].T)


def _look_softmax(z: Array, codes: Array) -> tuple[Array, Array]:
    shares, shifted, log_total = _shares(z)
    each = np.arange(len(z))
    items = log_total - shifted[codes, each]
    shares[codes, each] -= 1
    return items, shares.T


def accuracy(guess: Array, truth: Array, weights: NDArray[np.float64]) -> float:
    """Return the share of items whose class, a code each, was guessed."""
    return float(np.average(guess == truth, weights=weights))


def _look_sigmoid(z: Array, indicators: Array) -> tuple[Array, Array]:
    items = (np.logaddexp(0, z) - z * indicators).mean(axis=1)
    return items, (expit(z) - indicators) / z.shape[1]


def _look_squares(z: Array, numbers: Array) -> tuple[Array, Array]:
    error = z - numbers
    return (error**2).mean(axis=1) / 2, error / z.shape[1]


LOSSES = {
    "softmax": Loss(_look_softmax, softmax, guess=lambda z: z.argmax(axis=1), solved=10.0),
    "sigmoid": Loss(_look_sigmoid, expit, solved=10.0),
    "identity": Loss(_look_squares, lambda z: z),
    "gaussian": Loss(heads.look_gaussian, lambda z: z, density=True),
    "mixture": Loss(heads.look_mixture, lambda z: z, density=True),
    "poisson": Loss(heads.look_poisson, lambda z: z, density=True),
}


def constant_losses(link: str, constant: Array, targets: Array) -> Array:
    """Return what answering every item with the same outputs, shape (1, n_outputs), loses on each."""
    if link == "softmax":
        _, shifted, log_total = _shares(constant)
        return (log_total - shifted[:, 0])[targets]
    items, _ = LOSSES[link].look(np.broadcast_to(constant, (len(targets), constant.shape[1])), targets)
    return items


def best_constant(link: str, targets: Array, weights: NDArray[np.float64], n_outputs: int) -> Array:
    """Return the outputs of the best predictor that ignores its input, shape (1, n_outputs)."""
    if link == "softmax":
        counts = np.bincount(targets, weights=weights, minlength=n_outputs)
        return np.log(np.maximum(counts / counts.sum(), 1e-12))[None]
    if LOSSES[link].density:
        return heads.constant(link, targets, weights, n_outputs)
    mean = np.average(targets, weights=weights, axis=0)
    if link == "sigmoid":
        mean = np.clip(mean, 1e-12, 1 - 1e-12)
        mean = np.log(mean) - np.log1p(-mean)
    return mean[None]
