"""What stands in for missing numbers: what a linear prediction expects, given the steps that are seen.

An autoregression is fitted to the training steps by EM, and the Kalman filter says what it expects of a
missing number from all steps up to the present one. So a number may look different from later on, when the
steps behind it have told more about it; no answer uses what came after the step that it is for.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.sequences import Sequences
from seqcompare.models import kalman
from seqcompare.models.markov.lags import Lags, as_state_space
from seqcompare.models.markov.least_squares import fit_lags
from seqcompare.typing import Floats, Ints

Missing = Literal["error", "allow"]

# Channels up to which one autoregression is fitted to all of them; beyond, each has its own.
_TOGETHER = 6
# Numbers that a filter's state may hold, and the most lags of an autoregression.
_STATE, _MOST_LAGS = 14, 4
# Steps that it is learned from, and rounds of EM: it has few parameters.
_ENOUGH_STEPS, _ROUNDS = 4_000, 6
# Steps that are filtered at a time.
_AT_A_TIME = 50_000


class Filling(NamedTuple):
    """Autoregressions that expect missing numbers, one of all channels, or one for each."""

    rules: tuple[Lags, ...]
    """What they are."""
    kept: int
    """Steps after which what is expected of a missing number changes no more."""

    def expect(self, sequences: Sequences) -> Expected:
        """Return what is expected at each step, given the steps up to it."""
        x = sequences.channels.astype(np.float64)
        d, offsets = x.shape[1], np.array(sequences.offsets)
        past, ahead, ratio = np.empty((len(x), self.kept, d)), np.empty_like(x), np.empty(len(x))
        shares = np.zeros(len(x))
        for place, lags in enumerate(self.rules):
            mine = slice(None) if len(self.rules) == 1 else slice(place, place + 1)
            width = len(lags.intercept)
            machine = as_state_space(lags, self.kept + 1)
            fresh = np.diag(lags.covariance)
            for rows, bounds in _runs(offsets):
                mean, cov = kalman.predict_states(machine, np.ascontiguousarray(x[rows, mine]), bounds)
                # the state after a step: the next one, this one, the one before, ...
                taps = mean[:, : (self.kept + 1) * width].reshape(len(mean), self.kept + 1, width)
                taps = taps + machine.offset
                ahead[rows, mine], past[rows, :, mine] = taps[:, 0], taps[:, 1:]
                spread = np.diagonal(cov[:, :width, :width], axis1=1, axis2=2) / fresh
                shares[rows] += spread.sum(axis=1)
        ratio = shares / d
        return Expected(past, ahead, np.maximum(ratio, 1e-12))

    def start(self) -> tuple[kalman.Online, ...]:
        """Return what is known before the first step of a sequence."""
        return tuple(kalman.start(as_state_space(rule, self.kept + 1)) for rule in self.rules)

    def step(self, known: tuple[kalman.Online, ...], x: Floats) -> tuple[Expected, tuple[kalman.Online, ...]]:
        """Read one more step, shape (d,); return what is expected then, one row, and what is known.

        Parameters
        ----------
        known : tuple of Online
            What `start` or the last call returned.
        x : ndarray of shape (d,)
            The step, NaN where missing.
        """
        after, taps, variance, first = [], [], 0.0, 0
        for rule, online in zip(self.rules, known, strict=True):
            width = len(rule.intercept)
            online = kalman.step(online, x[first : first + width])
            size = (self.kept + 1) * width
            taps.append(online.mean[:size].reshape(self.kept + 1, width) + online.model.offset)
            variance += float((np.diag(online.cov)[:width] / np.diag(rule.covariance)).sum())
            after.append(online)
            first += width
        every = np.concatenate(taps, axis=1)
        ratio = np.maximum([variance / len(x)], 1e-12)
        return Expected(every[np.newaxis, 1:], every[:1], ratio), tuple(after)


class Expected(NamedTuple):
    """What is expected, given the steps up to each."""

    past: Floats
    """Of the step itself, the one before, ..., shape (n_steps, kept, d); what was seen, where it was."""
    ahead: Floats
    """Of the next step, shape (n_steps, d)."""
    variance: Floats
    """Of the next step, as a multiple of what it is with nothing missing, averaged over channels."""


def learn_filling(sequences: Sequences, weight: NDArray[np.float64] | None = None) -> Filling:
    """Fit what is expected of missing numbers.

    Parameters
    ----------
    sequences : Sequences
        Numbers, NaN where missing.
    weight : ndarray of shape (n_steps,), optional
        Nothing is learned from sequences without any.

    Raises
    ------
    ValueError
        If a channel has no value at all.
    """
    if weight is not None:
        used = np.add.reduceat(weight, sequences.offsets[:-1]) > 0
        sequences = sequences.take(used) if used.any() and not used.all() else sequences
    x = sequences.channels.astype(np.float64)
    empty = np.flatnonzero(np.isnan(x).all(axis=0))
    if empty.size:
        raise ValueError(f"channel {empty[0]} has no value at all: every step of it is missing")
    few = sequences.take(np.arange(max(1, int(np.searchsorted(sequences.offsets[1:], _ENOUGH_STEPS)))))
    if not np.isnan(few.channels).all(axis=0).any():
        sequences = few
    d = sequences.n_channels
    together = d <= _TOGETHER
    width = d if together else 1
    order = min(max(1, 6 // width), _MOST_LAGS, int(sequences.lengths.max()) - 1)
    kept = max(_STATE // width - 1, order, 1)
    groups = [slice(None)] if together else [slice(c, c + 1) for c in range(d)]
    x = sequences.channels.astype(np.float64)
    return Filling(tuple(_fit(x[:, part], sequences.offsets, order) for part in groups), kept)


def _fit(x: Floats, offsets: Ints, order: int) -> Lags:
    steps = Sequences(np.ascontiguousarray(x), offsets)
    lags, _ = fit_lags(steps, np.ones(len(x)), order, rounds=_ROUNDS)
    return lags


def _runs(offsets: Ints) -> list[tuple[slice, NDArray[np.int64]]]:
    """Return runs of whole sequences of bearable size: their rows, and where sequences begin in them."""
    run = offsets[:-1] // _AT_A_TIME
    first = np.flatnonzero(np.diff(run, prepend=-1))
    last = np.append(first[1:], len(offsets) - 1)
    return [
        (slice(int(offsets[a]), int(offsets[b])), offsets[a : b + 1] - offsets[a])
        for a, b in zip(first, last, strict=True)
    ]


def check_missing(missing: object) -> None:
    """Raise ValueError for what is no way with missing values."""
    if missing not in ("error", "allow"):
        raise ValueError(f"missing must be 'error' or 'allow', got {missing!r}")
