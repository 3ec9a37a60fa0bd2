"""Kinds of data whose answer is known, for `verdicts.py`.

What is expected of each, and which half of them is reported, is declared here before anything is run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from seqcompare import SequenceDataset
from seqcompare.data.sequences import Sequences

Rng = np.random.Generator
Make = Callable[[Rng, int], SequenceDataset]


@dataclass(frozen=True)
class Kind:
    """A kind of data, and what there is to be said of it.

    Parameters
    ----------
    role : str
        What is predicted.
    make : callable (rng, n) -> SequenceDataset
        Draws a set: n sequences, or steps of one series.
    large, small : int
        The n at which the answer can be known, and at which it cannot.
    models : tuple of str
        Who competes: such as can do it, and such as cannot.
    part : {"report", "tune"}
        Which half of the kinds it is in.
    expected : {"model", "chance", "cannot tell"}
        The verdict.
    entry : str
        The reference that is enough, where one is.
    reach : int or None
        How far back it goes; None where it fades or there is none.
    ahead : int or None
        How far ahead.
    able : tuple of str
        The models that are as good as any.
    """

    role: str
    make: Make
    large: int
    small: int
    models: tuple[str, ...]
    part: str
    expected: str = "model"
    entry: str = "chance"
    reach: int | None = None
    ahead: int | None = None
    able: tuple[str, ...] = ()


def _pack(x: Any, y: Any = None, role: str = "next") -> SequenceDataset:
    """Return rows and their targets as data; labels of steps come as an array of the same shape."""
    X = Sequences(x)
    X = Sequences(X.values, X.offsets)
    if role in ("step", "step-value"):
        y = X.with_values(np.concatenate(list(y)))
    return SequenceDataset(X, y, None, role, "made")


def _flip(rng: Rng, bits: np.ndarray, share: float) -> np.ndarray:
    return np.where(rng.random(bits.shape) < share, 1 - bits, bits)


# --- next step, symbols


def sticky(rng: Rng, n: int) -> SequenceDataset:
    """Return bits that repeat the last one in 7 of 10 cases."""
    return _pack(np.cumsum(rng.random((n, 50)) < 0.3, axis=1) % 2)


def order_two(rng: Rng, n: int) -> SequenceDataset:
    """Return bits that are, 8 times in 10, whether the last two differ."""
    x = rng.integers(0, 2, (n, 60))
    for t in range(2, 60):
        x[:, t] = _flip(rng, x[:, t - 1] ^ x[:, t - 2], 0.2)
    return _pack(x)


def copy_four(rng: Rng, n: int) -> SequenceDataset:
    """Return bits of which half repeat the fourth last."""
    x = rng.integers(0, 2, (n, 60))
    for t in range(4, 60):
        x[:, t] = np.where(rng.random(n) < 0.5, x[:, t - 4], x[:, t])
    return _pack(x)


def too_far(rng: Rng, n: int) -> SequenceDataset:
    """Return bits of which half repeat the 30th last: further than any model that is entered sees."""
    x = rng.integers(0, 2, (n, 90))
    for t in range(30, 90):
        x[:, t] = np.where(rng.random(n) < 0.6, x[:, t - 30], x[:, t])
    return _pack(x)


def coin(rng: Rng, n: int) -> SequenceDataset:
    """Return fair bits."""
    return _pack(rng.integers(0, 2, (n, 60)))


def dice(rng: Rng, n: int) -> SequenceDataset:
    """Return independent symbols of uneven frequency."""
    return _pack(rng.choice(4, size=(n, 60), p=rng.dirichlet([2.0] * 4)))


def even_process(rng: Rng, n: int) -> SequenceDataset:
    """Return runs of ones of even length between zeros: two states, no finite order."""
    x = np.zeros((n, 150), dtype=int)
    odd = np.zeros(n, dtype=bool)
    for t in range(150):
        x[:, t] = odd | (rng.random(n) < 0.5)
        odd = (x[:, t] == 1) & ~odd
    return _pack(x[:, 50:])


def drift_by_position(rng: Rng, n: int) -> SequenceDataset:
    """Return independent bits whose frequency rises along each sequence."""
    return _pack((rng.random((n, 60)) < np.linspace(0.15, 0.85, 60)).astype(int))


def season(rng: Rng, n: int) -> SequenceDataset:
    """Return one series of independent bits whose frequency goes by a clock of five steps."""
    return _pack([(rng.random(n) < np.resize([0.9, 0.3, 0.6, 0.1, 0.5], n)).astype(int)])


def drift_of_late(rng: Rng, n: int) -> SequenceDataset:
    """Return one series of independent bits whose frequency comes and goes over 1,200 steps."""
    p = 0.5 + 0.35 * np.sin(2 * np.pi * (np.arange(n) / 1200 + rng.random()))
    return _pack([(rng.random(n) < p).astype(int)])


def long_sticky(rng: Rng, n: int) -> SequenceDataset:
    """Return one series of bits that repeat the last one in 65 of 100 cases."""
    return _pack([np.cumsum(rng.random(n) < 0.35) % 2])


# --- next step, numbers


def autoregression(rng: Rng, n: int) -> SequenceDataset:
    """Return numbers that go on with half of the last one."""
    x = rng.normal(size=(n, 60))
    for t in range(1, 60):
        x[:, t] += 0.6 * x[:, t - 1]
    return _pack(list(x))


def white(rng: Rng, n: int) -> SequenceDataset:
    """Return independent numbers."""
    return _pack(list(rng.normal(size=(n, 60))))


# --- a label a step


def centred(rng: Rng, n: int) -> SequenceDataset:
    """Return labels that say whether the steps before and after are equal, a tenth of them wrong."""
    x = rng.integers(0, 2, (n, 40))
    y = rng.integers(0, 2, x.shape)
    y[:, 1:-1] = x[:, :-2] == x[:, 2:]
    return _pack(x, _flip(rng, y, 0.1), "step")


def six_back(rng: Rng, n: int) -> SequenceDataset:
    """Return labels that are the step six before, a tenth of them wrong."""
    stream = rng.integers(0, 2, (n, 46))
    return _pack(stream[:, 6:], _flip(rng, stream[:, :-6], 0.1), "step")


def noisy_labels(rng: Rng, n: int) -> SequenceDataset:
    """Return labels that are the step before, three tenths of them wrong."""
    stream = rng.integers(0, 2, (n, 41))
    return _pack(stream[:, 1:], _flip(rng, stream[:, :-1], 0.3), "step")


def present(rng: Rng, n: int) -> SequenceDataset:
    """Return labels that are the step itself, a fifth of them wrong."""
    x = rng.integers(0, 3, (n, 30))
    return _pack(x, np.where(rng.random(x.shape) < 0.2, rng.integers(0, 3, x.shape), x), "step")


def coin_labels(rng: Rng, n: int) -> SequenceDataset:
    """Return labels that have nothing to do with the steps."""
    x = rng.integers(0, 3, (n, 40))
    return _pack(x, rng.integers(0, 2, x.shape), "step")


def labels_by_position(rng: Rng, n: int) -> SequenceDataset:
    """Return labels that go by their position, and steps that do not."""
    x = rng.integers(0, 3, (n, 40))
    return _pack(x, (rng.random(x.shape) < np.linspace(0.1, 0.9, 40)).astype(int), "step")


# --- a class a sequence


def coin_classes(rng: Rng, n: int) -> SequenceDataset:
    """Return sequences of bits and coin flips for classes."""
    return _pack(rng.integers(0, 2, (n, 12)), rng.integers(0, 2, n), "sequence")


def separable(rng: Rng, n: int) -> SequenceDataset:
    """Return noise around 2 or -2, by class."""
    y = np.arange(n) % 2
    return _pack(list((4 * y - 2)[:, None] + 0.5 * rng.normal(size=(n, 10))), y, "sequence")


def early_bump(rng: Rng, n: int) -> SequenceDataset:
    """Return noise, of which one class has a bump in the first third."""
    y = np.arange(n) % 2
    at = rng.integers(3, 12, n)
    bump = np.exp(-0.5 * ((np.arange(40) - at[:, None]) / 2) ** 2)
    return _pack(list(3 * bump * y[:, None] + rng.normal(size=(n, 40))), y, "sequence")


def third_last(rng: Rng, n: int) -> SequenceDataset:
    """Return bits, and as classes the third last, a tenth of them wrong."""
    x = rng.integers(0, 2, (n, 12))
    return _pack(x, _flip(rng, x[:, -3], 0.1), "sequence")


def composition(rng: Rng, n: int) -> SequenceDataset:
    """Return bits that are ones more often in one class."""
    y = np.arange(n) % 2
    return _pack((rng.random((n, 30)) < (0.35 + 0.3 * y)[:, None]).astype(int), y, "sequence")


# --- a number a sequence


def last_three(rng: Rng, n: int) -> SequenceDataset:
    """Return numbers, and the mean of the last three with noise."""
    x = rng.normal(size=(n, 20))
    return _pack(list(x), x[:, -3:].mean(axis=1) + 0.3 * rng.normal(size=n), "value")


def last_one(rng: Rng, n: int) -> SequenceDataset:
    """Return numbers, and the last one with as much noise."""
    x = rng.normal(size=(n, 20))
    return _pack(list(x), x[:, -1] + rng.normal(size=n), "value")


def mean_of_all(rng: Rng, n: int) -> SequenceDataset:
    """Return numbers, and their mean with noise."""
    x = rng.normal(size=(n, 12))
    return _pack(list(x), np.sqrt(12) * x.mean(axis=1) + 0.5 * rng.normal(size=n), "value")


def nothing_of_value(rng: Rng, n: int) -> SequenceDataset:
    """Return numbers, and others that have nothing to do with them."""
    return _pack(list(rng.normal(size=(n, 12))), rng.normal(size=n), "value")


LINEAR, CHAIN = ("logistic",), ("markov",)
POSITION, SEASON, RECENT = "frequencies by position", "frequencies by season", "recent frequencies"

KINDS: dict[str, Kind] = {
    "order 1": Kind("next", sticky, 40, 3, CHAIN, "tune", reach=1),
    "order 2": Kind("next", order_two, 60, 3, CHAIN, "report", reach=2),
    "copy from lag 4": Kind("next", copy_four, 120, 5, CHAIN, "report", reach=4),
    "copy from lag 30, beyond all": Kind("next", too_far, 120, 5, CHAIN, "tune", "cannot tell"),
    "coin": Kind("next", coin, 120, 6, CHAIN, "report", "chance"),
    "dice": Kind("next", dice, 120, 6, CHAIN, "tune", "chance"),
    "even process": Kind("next", even_process, 60, 3, ("markov", "hmm"), "tune", able=("HMM",)),
    "drift by position": Kind("next", drift_by_position, 160, 6, CHAIN, "report", "chance", POSITION),
    "season": Kind("next", season, 2500, 120, CHAIN, "report", "chance", SEASON),
    "drift of late": Kind("next", drift_of_late, 3000, 200, CHAIN, "tune", "chance", RECENT),
    "one sticky series": Kind("next", long_sticky, 2500, 60, CHAIN, "report", reach=1),
    "autoregression": Kind("next", autoregression, 40, 2, ("autoregression",), "report", reach=1),
    "white numbers": Kind("next", white, 120, 5, ("autoregression",), "tune", "chance"),
    "centred rule": Kind(
        "step", centred, 80, 4, ("logistic-pairs", "logistic-pairs-centred"), "tune", reach=1, ahead=1
    ),
    "label six back": Kind("step", six_back, 60, 3, LINEAR, "report", reach=6),
    "label noise of 30%": Kind("step", noisy_labels, 100, 4, LINEAR, "tune", reach=1),
    "present step": Kind("step", present, 60, 3, LINEAR, "report", reach=0),
    "coin labels": Kind("step", coin_labels, 150, 5, LINEAR, "report", "chance"),
    "labels by position": Kind("step", labels_by_position, 80, 5, LINEAR, "tune", "chance", POSITION),
    "coin classes": Kind("sequence", coin_classes, 2000, 20, LINEAR, "report", "chance"),
    "separable": Kind("sequence", separable, 40, 6, LINEAR, "tune"),
    "early bump": Kind("sequence", early_bump, 200, 10, LINEAR, "report"),
    "third last step": Kind("sequence", third_last, 200, 10, LINEAR, "tune", reach=3),
    "composition": Kind("sequence", composition, 150, 8, CHAIN, "report"),
    "mean of the last three": Kind("value", last_three, 200, 10, ("ridge",), "report", reach=3),
    "last step": Kind("value", last_one, 200, 10, ("ridge",), "tune", reach=1),
    "mean of all": Kind("value", mean_of_all, 200, 10, ("ridge",), "tune"),
    "nothing of value": Kind("value", nothing_of_value, 1000, 15, ("ridge",), "tune", "chance"),
}
