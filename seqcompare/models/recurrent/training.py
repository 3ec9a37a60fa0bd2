"""The training loop: batches, steps, when to stop, and which weights to keep."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.sequences import Sequences
from seqcompare.models.recurrent.answering import answers
from seqcompare.models.recurrent.chunks import ROWS_AT_ONCE, Examples, Update, gradients
from seqcompare.models.recurrent.flat import FlatNetwork
from seqcompare.models.recurrent.losses import LOSSES, best_constant, constant_losses
from seqcompare.models.recurrent.optimizers import Descent, Memory, descend
from seqcompare.typing import Array, Ints

EXPLODED = 1e3  # times the loss of a constant answer


class Schedule(NamedTuple):
    """How long to train, and on what at once.

    Attributes
    ----------
    batch_size : sequences a step
    max_iter : epochs at most
    max_seconds : seconds at most; infinity for no limit
    tol : what counts as progress, in the loss's units (nats; for numbers half squared errors)
    patience : epochs without progress before training stops
    truncation : steps that gradients reach back; None for all
    dropout : rates for inputs and outputs, and for recurrent weights
    """

    batch_size: int
    max_iter: int
    max_seconds: float
    tol: float
    patience: int
    truncation: int | None
    dropout: tuple[float, float]


class Epoch(NamedTuple):
    """What one pass over the training data came to; the validation figures are None without held-out data."""

    train_loss: float
    validation_loss: float | None
    validation_score: float | None


class Outcome(NamedTuple):
    """What training came to.

    Attributes
    ----------
    weights : the weights to keep
    epochs : what each epoch came to
    best : the epoch that `weights` are from, counted from 1
    stop_reason : "solved" (nothing is left to learn), "patience", "max_iter", "max_seconds" or "diverged"
    """

    weights: Array
    epochs: list[Epoch]
    best: int
    stop_reason: str


def train(
    network: FlatNetwork,
    flat: Array,
    memory: Memory,
    examples: Examples,
    held_out: Ints | None,
    descent: Descent,
    schedule: Schedule,
    rng: np.random.Generator,
    score: Callable[[Array, Array, NDArray[np.float64]], float],
    report: Callable[[int, Epoch], None],
) -> Outcome:
    """Fit the weights to examples.

    Progress is a fall of the loss (on the held-out sequences, if there are any) by more than `tol`. Training
    does not stop for lack of it while the loss cannot be told from that of the best constant answer: networks
    have been seen to stay there for 40 epochs before they find a long dependency.

    Parameters
    ----------
    network : Network
        The network.
    flat : ndarray, shape (n_parameters,)
        The weights to start from; not changed.
    memory : dict
        What the solver remembers; changed in place.
    examples : Examples
        All examples.
    held_out : ndarray of int64, or None
        Sequences that are not trained on. With them the best weights are returned, else the last ones.
    descent, schedule : Descent, Schedule
        How to step, and how long.
    rng : numpy.random.Generator
        Draws batches and dropout.
    score : callable
        (guesses, targets, weights) -> score, for the held-out sequences; a guess is as `Loss` has it.
    report : callable
        (epoch, its figures) -> None, called after each.
    """
    began = time.perf_counter()
    n = len(examples.offsets) - 1
    chosen = np.arange(n) if held_out is None else np.setdiff1d(np.arange(n), held_out)
    watch = _Watch(network, examples, chosen, held_out, score)
    decays = np.repeat(
        [len(shape) > 1 for shape in network.shapes.values()],
        [int(np.prod(shape)) for shape in network.shapes.values()],
    )
    flat = flat.copy()
    best, best_epoch, best_loss = flat.copy(), 0, np.inf
    mark, waited = np.inf, 0
    epochs: list[Epoch] = []
    for epoch in range(1, schedule.max_iter + 1):
        loss, weight, reason = 0.0, 0.0, ""
        order = chosen if schedule.batch_size >= len(chosen) else rng.permutation(chosen)
        for update in _epoch(network, flat, examples, order, schedule, rng):
            norm = descend(flat, update.gradient, memory, descent, decays)
            loss, weight = loss + update.loss, weight + update.weight
            if not np.isfinite(norm) or not update.loss < watch.limit * update.weight:
                return Outcome(best, epochs, best_epoch, "diverged")
            if time.perf_counter() - began > schedule.max_seconds:
                reason = "max_seconds"
                break
        figures = watch.look(flat, loss / weight)
        seen = figures.train_loss if figures.validation_loss is None else figures.validation_loss
        if not seen < watch.limit:
            return Outcome(best, epochs, best_epoch, "diverged")
        epochs.append(figures)
        report(epoch, figures)
        if seen < mark - schedule.tol:  # slow but steady progress counts as well
            mark, waited = seen, 0
        else:
            waited += 1
        if seen < best_loss:
            best, best_epoch, best_loss = flat.copy(), epoch, seen
        if not reason and best_loss < watch.solved_below(schedule.tol):
            reason = "solved"
        if not reason and waited >= schedule.patience and not watch.at_chance(best_loss):
            reason = "patience"
        if reason:
            break
    if held_out is None:
        best, best_epoch = flat, len(epochs)
    return Outcome(best, epochs, best_epoch, reason or "max_iter")


def _epoch(
    network: FlatNetwork,
    flat: Array,
    examples: Examples,
    order: Ints,
    schedule: Schedule,
    rng: np.random.Generator,
) -> Iterator[Update]:
    for first in range(0, len(order), schedule.batch_size):
        batch = order[first : first + schedule.batch_size]
        yield from gradients(network, flat, examples, batch, schedule.truncation, schedule.dropout, rng)


class _Watch:
    """The held-out sequences, and what a constant answer would lose."""

    def __init__(
        self,
        network: FlatNetwork,
        examples: Examples,
        chosen: Ints,
        held_out: Ints | None,
        score: Callable[[Array, Array, NDArray[np.float64]], float],
    ) -> None:
        self.network, self.score = network, score
        link, n_outputs = network.architecture.link, network.architecture.n_outputs
        self.loss = LOSSES[link]
        self.per_step = network.architecture.pooling == "none"
        targets, weights = examples.targets, examples.weights
        if held_out is not None:
            weights = weights * self._items(examples, chosen)
        constant = best_constant(link, targets, weights, n_outputs)
        # in parts, so that no number an item is held
        parts = [slice(first, first + ROWS_AT_ONCE) for first in range(0, len(targets), ROWS_AT_ONCE)]
        lost = sum(constant_losses(link, constant, targets[part]) @ weights[part] for part in parts)
        self.constant = float(lost / weights.sum())
        self.limit = EXPLODED * max(self.constant, 1.0)
        self.held_out = None if held_out is None else self._part(examples, held_out)
        if self.held_out is not None:
            _, targets, self.weights = self.held_out
            self.constant_items = constant_losses(link, constant, targets)
            self.best_items = self.constant_items

    def _part(
        self, examples: Examples, chosen: Ints
    ) -> tuple[tuple[Array, Ints], Array, NDArray[np.float64]]:
        """Return the inputs of some sequences, and the targets and weights of their items that count."""
        steps = Sequences(examples.inputs, examples.offsets).take(chosen)
        items = self._items(examples, chosen) if self.per_step else chosen
        return (steps.values, steps.offsets), examples.targets[items], examples.weights[items]

    def _items(self, examples: Examples, chosen: Ints) -> NDArray[np.bool_]:
        """Return which items belong to some sequences."""
        among = np.zeros(len(examples.offsets) - 1, dtype=bool)
        among[chosen] = True
        return np.repeat(among, np.diff(examples.offsets)) if self.per_step else among

    def look(self, flat: Array, train_loss: float) -> Epoch:
        """Return the figures of an epoch."""
        if self.held_out is None:
            return Epoch(train_loss, None, None)
        (inputs, offsets), targets, weights = self.held_out
        found: list[tuple[Ints, Array, Array]] = []
        for places, z in answers(self.network, flat, inputs, offsets):
            found.append((places, self.loss.look(z, targets[places])[0], self.loss.guess(z)))
        places, items, guess = (np.concatenate(parts) for parts in zip(*found, strict=True))
        back = np.argsort(places)
        items, guess = items[back], guess[back]
        loss = float(np.average(items, weights=weights))
        if loss < np.average(self.best_items, weights=weights):
            self.best_items = items
        return Epoch(train_loss, loss, self.score(guess, targets, weights))

    def solved_below(self, tol: float) -> float:
        """Return the loss below which nothing is left to learn.

        What is rare costs little, and is to be learned all the same: beyond `tol` itself that is no more than
        a hundredth of what a constant answer loses.
        """
        if self.loss.density:
            return -np.inf
        return max(tol, min(self.loss.solved * tol, 0.01 * self.constant))

    def at_chance(self, best_loss: float) -> bool:
        """Whether the best loss so far could be that of a constant answer.

        On held-out items: within three standard errors of their difference. On training data, where the loss
        falls by memorising as well: within 2 percent.
        """
        if self.held_out is None:
            return best_loss > self.constant - 0.02 * (1.0 if self.loss.density else self.constant)
        gain = self.constant_items - self.best_items
        mean = np.average(gain, weights=self.weights)
        spread = np.average((gain - mean) ** 2, weights=self.weights)
        effective = self.weights.sum() ** 2 / (self.weights**2).sum()
        return bool(mean <= 3 * np.sqrt(spread / effective))
