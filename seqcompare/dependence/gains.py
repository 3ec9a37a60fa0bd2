"""What each further step of context is worth, in bits, on sequences that were not counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp

from seqcompare.data.sequences import Sequences, offsets_of
from seqcompare.dependence.question import MANY_SEQUENCES
from seqcompare.models.markov.chain import MarkovChain
from seqcompare.models.markov.tagger import MarkovTagger
from seqcompare.typing import Ints, Labels, Values

_N_PIECES = 40
_SHORTEST_PIECE = 20
_BATCH = 50_000
"""Steps whose predictions are held at a time."""

Folds = list[tuple[NDArray[np.int64], NDArray[np.int64]]]


@dataclass(frozen=True, eq=False)
class Loss:
    """What predictions cost.

    Parameters
    ----------
    bits : ndarray of shape (n,)
        Bits that each sequence costs, summed over what is scored in it.
    size : ndarray of shape (n,)
        What is scored in each sequence.
    """

    bits: NDArray[np.float64]
    size: NDArray[np.float64]

    @property
    def mean(self) -> float:
        """Bits a prediction."""
        return float(self.bits.sum() / self.size.sum())

    def grouped(self, groups: Labels | None) -> Loss:
        """Return the loss with sequences of one group, shape (n,), added up: they are not independent."""
        if groups is None:
            return self
        index = np.unique(groups, return_inverse=True)[1]
        return Loss(*(np.bincount(index, x).astype(np.float64) for x in (self.bits, self.size)))

    def gain_over(self, other: Loss) -> tuple[float, float]:
        """Return how many bits a prediction cost less than in `other`, and the standard error of that.

        The error is that of a ratio over sequences, so steps of one sequence need not be independent.
        """
        saved = other.bits - self.bits
        gain = saved.sum() / self.size.sum()
        residual = saved - gain * self.size
        n = len(saved)
        error = np.sqrt(n / (n - 1) * (residual**2).sum()) / self.size.sum() if n > 1 else np.nan
        return float(gain), float(error)


def make_folds(
    n_sequences: int, n_folds: int, seed: int, *, groups: Labels | None = None, classes: Labels | None = None
) -> Folds:
    """Return train and test sequences of each fold: none where there are fewer than two to divide.

    Parameters
    ----------
    n_sequences, n_folds, seed : int
        How many sequences, into how many folds, with which randomness.
    groups : ndarray of shape (n_sequences,), optional
        Groups stay whole.
    classes : ndarray of shape (n_sequences,), optional
        Without groups, every fold gets its share of each class.
    """
    rng = np.random.default_rng(seed)
    labels = np.arange(n_sequences) if groups is None else np.unique(groups, return_inverse=True)[1]
    n_groups = int(labels.max()) + 1
    if n_groups < 2:
        return []
    chance = rng.random(n_groups)
    dealt = np.lexsort((chance,) if groups is not None or classes is None else (chance, classes))
    fold_of_group = np.empty(n_groups, dtype=int)
    fold_of_group[dealt] = np.arange(n_groups) % n_folds
    return _folds(fold_of_group[labels])


def blocked_folds(n_pieces: int, n_folds: int) -> Folds:
    """Return folds of neighbouring pieces."""
    return _folds(np.arange(n_pieces) * n_folds // n_pieces) if n_pieces > 1 else []


def _folds(fold_of: Ints) -> Folds:
    return [(np.flatnonzero(fold_of != f), np.flatnonzero(fold_of == f)) for f in np.unique(fold_of)]


def units(X: Sequences, groups: Labels | None, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the fold of each step, and the unit whose losses are taken together, shape (n_steps,) each.

    Units are sequences or groups, or, of few sequences without groups, contiguous pieces of them.

    Parameters
    ----------
    X : Sequences
        For the bounds.
    groups : ndarray of shape (n,) or None
        Sequences that stay in one fold.
    seed : int
        Of the folds.
    """
    apart = len(X) >= MANY_SEQUENCES or (groups is not None and len(np.unique(groups)) > 1)
    if apart:
        unit = X.sequence_index
        if groups is not None:
            unit = np.unique(groups, return_inverse=True)[1][unit].astype(np.int64)
        parts = make_folds(int(unit.max()) + 1, 5, seed)
    else:
        bounds = cut(X.offsets, _N_PIECES, _SHORTEST_PIECE)
        unit = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
        parts = blocked_folds(len(bounds) - 1, 5)
    of_unit = np.zeros(int(unit.max()) + 1, dtype=np.int64)
    for number, (_, test) in enumerate(parts):
        of_unit[test] = number
    return of_unit[unit], unit


def loss_by_unit(bits: NDArray[np.float64], unit: NDArray[np.int64]) -> Loss:
    """Return the loss of predictions that cost so many bits, shape (n,) as their units, added up by unit."""
    index = np.unique(unit, return_inverse=True)[1]
    return Loss(np.bincount(index, bits).astype(np.float64), np.bincount(index).astype(np.float64))


def cut(offsets: NDArray[np.int64], n_pieces: int, shortest: int) -> NDArray[np.int64]:
    """Return the bounds of contiguous pieces of the sequences.

    Parameters
    ----------
    offsets : ndarray of int64, shape (n + 1,)
        Bounds of the sequences.
    n_pieces : int
        How many pieces there should be, all sequences together.
    shortest : int
        No sequence is cut into pieces shorter than this.
    """
    lengths = np.diff(offsets)
    wanted = np.ceil(lengths / offsets[-1] * n_pieces).astype(int)
    pieces = np.maximum(np.minimum(lengths // shortest, wanted), 1)
    parts = [np.full(k, n // k) + (np.arange(k) < n % k) for n, k in zip(lengths, pieces, strict=True)]
    return offsets_of(np.concatenate(parts))


def next_losses(X: Sequences, weight: NDArray[np.float64], folds: Folds, orders: range) -> Iterator[Loss]:
    """Yield the loss of a backoff chain of each order at predicting each next step.

    Parameters
    ----------
    X : Sequences
        Symbols.
    weight : ndarray of shape (n_steps,)
        Weight of the prediction of each step.
    folds : list of (train, test)
        Sequences counted, and predicted.
    orders : range
        Steps of context.
    """
    X = Sequences(X.values, X.offsets)

    def probability(order: int, train: Ints, test: Ints) -> NDArray[np.float64]:
        chain = MarkovChain(order).fit(X.take(train), sample_weight=X.with_values(weight).take(train))
        unseen = 1 / (chain.counts_.total + len(chain.symbols_) + 1)
        steps = X.take(test)
        # of each step alone: rows of all symbols would be as many numbers as steps times symbols
        proba = np.exp(Sequences(chain.score_steps(steps)).values)
        return np.where(np.isin(steps.values, chain.symbols_), proba, unseen)

    return _losses(X, weight, folds, orders, probability)


def step_losses(
    X: Sequences, y: NDArray[np.int64], weight: NDArray[np.float64], folds: Folds, orders: range
) -> Iterator[Loss]:
    """Yield the loss of a backoff tagger of each order at the label of each step.

    Parameters
    ----------
    X : Sequences
        Symbols.
    y : ndarray of int64, shape (n_steps,)
        Labels.
    weight : ndarray of shape (n_steps,)
        Weight of the prediction of each label.
    folds : list of (train, test)
        Sequences counted, and predicted.
    orders : range
        Steps of context before the one that is labelled; -1 is for the labels alone.
    """
    X = Sequences(X.values, X.offsets)

    def probability(order: int, train: Ints, test: Ints) -> NDArray[np.float64]:
        labels, weights = X.with_values(y), X.with_values(weight)
        # without any context every step looks the same
        inputs = X if order >= 0 else X.with_values(np.zeros_like(X.values))
        tagger = MarkovTagger(max(order, 0)).fit(
            inputs.take(train), labels.take(train), sample_weight=weights.take(train)
        )
        unseen = 1 / (tagger.counts_.total + len(tagger.classes_) + 1)
        rows = []
        for batch in _batches(X.lengths[test]):
            proba = Sequences(tagger.predict_proba(inputs.take(test[batch]))).values
            rows.append(_pick(proba, tagger.classes_, labels.take(test[batch]).values, unseen))
        return np.concatenate(rows)

    return _losses(X, weight, folds, orders, probability)


def class_losses(X: Sequences, y: NDArray[np.int64], folds: Folds, orders: range) -> Iterator[Loss]:
    """Yield the loss of classes told by a chain of each order for each class, and Bayes' rule.

    Chains take steps for independent given their context and so are too sure of themselves; their
    log-likelihoods are scaled by one number, found on the other folds, so that the loss is in honest bits.

    Parameters
    ----------
    X : Sequences
        Symbols.
    y : ndarray of int64, shape (n,)
        Classes, numbered from 0; each occurs in every training part.
    folds : list of (train, test)
        Sequences counted, and predicted.
    orders : range
        Steps of context; order 0 is a bag of symbols, and -1 is for the classes' frequencies alone.
    """
    n, n_classes = len(X), int(y.max()) + 1
    prior = np.zeros((n, n_classes))
    fold_of = np.zeros(n, dtype=int)
    for f, (train, test) in enumerate(folds):
        counts = np.bincount(y[train], minlength=n_classes)
        prior[test] = np.log((counts + 0.5) / (counts + 0.5).sum())
        fold_of[test] = f
    for order in orders:
        likelihood = np.zeros((n, n_classes))
        for train, test in folds if order >= 0 else []:
            part = np.full((len(test), n_classes), np.inf)
            for c in np.unique(y[train]):
                chain = MarkovChain(order).fit(X.take(train[y[train] == c]))
                part[:, c] = chain.score_samples(X.take(test))
            # a class that was never counted is as unlikely as the least likely one
            likelihood[test] = np.where(np.isinf(part), part.min(axis=1, keepdims=True), part)
        bits = np.empty(n)
        for f in range(len(folds)):
            here = fold_of == f
            rest = ~here if len(folds) > 1 else here
            scale = _find_scale(prior[rest], likelihood[rest], y[rest]) if order >= 0 else 0.0
            bits[here] = _class_bits(scale, prior[here], likelihood[here], y[here])
        yield Loss(bits, np.ones(n))


def _losses(
    X: Sequences,
    weight: NDArray[np.float64],
    folds: Folds,
    orders: range,
    probability: Callable[[int, Values, Values], NDArray[np.float64]],
) -> Iterator[Loss]:
    size = np.add.reduceat(weight, X.offsets[:-1])
    for order in orders:
        bits = np.zeros(len(X))
        for train, test in folds:
            rows = X.take(test)
            cost = -np.log2(probability(order, train, test)) * X.with_values(weight).take(test).values
            bits[test] = np.add.reduceat(cost, rows.offsets[:-1])
        yield Loss(bits, size)


def _pick(proba: NDArray[np.float64], names: Labels, truth: Labels, unseen: float) -> NDArray[np.float64]:
    """Return each row's probability of the truth, and `unseen` for what no row is about."""
    column = np.minimum(np.searchsorted(names, truth), len(names) - 1)
    return np.where(names[column] == truth, proba[np.arange(len(truth)), column], unseen)


def _batches(lengths: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    part = np.cumsum(lengths) // _BATCH
    return np.split(np.arange(len(lengths)), np.flatnonzero(np.diff(part)) + 1)


def _class_bits(
    scale: float, prior: NDArray[np.float64], likelihood: NDArray[np.float64], y: NDArray[np.int64]
) -> NDArray[np.float64]:
    joint = prior + scale * likelihood
    bits: NDArray[np.float64] = (logsumexp(joint, axis=1) - joint[np.arange(len(y)), y]) / np.log(2)
    return bits


def _find_scale(prior: NDArray[np.float64], likelihood: NDArray[np.float64], y: NDArray[np.int64]) -> float:
    # the logarithm is bounded: a scale of 0 would be "no information", one above 1 a chain that is too shy
    best = minimize_scalar(
        lambda log_scale: _class_bits(np.exp(log_scale), prior, likelihood, y).mean(),
        bounds=(np.log(1e-4), np.log(4.0)),
        method="bounded",
    )
    return float(np.exp(best.x))
