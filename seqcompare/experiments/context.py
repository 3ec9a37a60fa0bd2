"""The context curve: what a model loses when it may see the last k steps only."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.options import STEPWISE
from seqcompare.data.sequences import Sequences, offsets_of
from seqcompare.experiments.answer import asker, fit_model, predict_answer, scored_items, unit_sums, units
from seqcompare.experiments.models import Candidate, reach_of
from seqcompare.experiments.splits import cut
from seqcompare.families import Problem
from seqcompare.metrics import Answers, Metric
from seqcompare.models.causality import is_causal
from seqcompare.results.grids import paired_difference
from seqcompare.typing import Floats, Model, Record

_MOST_POSITIONS = 1000
_MOST_STEPS = 300_000
_MOST_PAST = 200
_INFLUENCE_LAGS = (0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64)
_INFLUENCE_POSITIONS = 200
_FEWEST_GROUPS = 5
_FEWEST_STARTS = 40

Sums = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Curve:
    """What a model loses with each context.

    Parameters
    ----------
    control : {"limited", "truncated", "reordered", "ahead"}
        "limited": fitted anew to the last k steps; "truncated": shown the last k steps; "reordered": shown
        as many as are needed, those before the last k of them in random order; "ahead": fitted to (or shown)
        everything before and the next k steps.
    contexts : list of int
        The k that were tried, rising.
    sums : list of ndarray of shape (m, 3)
        Weight, loss and bits of the units, for each.
    tolerance : float
        What is practically equal, in units of the loss.
    """

    control: str
    contexts: list[int]
    sums: list[Sums]
    tolerance: float

    def needed(self) -> int:
        """Return the smallest context that is enough.

        It is within one standard error of the paired difference to the best, or practically equal to it. A
        single unit has no standard error: then it is practically equal.
        """
        best = self.sums[int(np.argmin([_loss(s) for s in self.sums]))]
        for k, sums in zip(self.contexts, self.sums, strict=True):
            behind, error = paired_difference(sums, best)
            if behind <= (max(error, self.tolerance) if np.isfinite(error) else self.tolerance):
                return k
        raise AssertionError("the best is never behind itself")

    def rows(self) -> list[Record]:
        """Return one record a context: loss, distance to the best, and its standard error."""
        best = self.sums[int(np.argmin([_loss(s) for s in self.sums]))]
        rows = []
        for k, sums in zip(self.contexts, self.sums, strict=True):
            behind, error = paired_difference(sums, best)
            rows.append(
                {"control": self.control, "context": k, "loss": _loss(sums), "behind": behind, "error": error}
            )
        return rows


def trace_context(
    candidate: Candidate,
    problem: Problem,
    model: Model,
    train: SequenceDataset,
    test: SequenceDataset,
    metric: Metric,
    seed: int,
) -> list[Curve]:
    """Return the context curves of a candidate, the one that its horizon is read from first.

    Contexts double from 1 until nothing more can be seen; then the smallest that is enough is found by
    bisection. Where a kind has models that see k steps (chains, windows) or the role is about whole
    sequences, each point is fitted anew. Else one model is fitted to the training sequences begun at random
    steps, so that it knows to answer without their beginning, and shown the last k steps (the controls are
    those of Khandelwal et al. 2018, "Sharp nearby, fuzzy far away"). In the same way a model that looks ahead
    is traced forwards.

    Only within the context that is enough is order looked into: beyond it nothing matters, and to put there
    what could not have come misleads a model that remembers, which says nothing of what it needs.

    Errors are those over the units of `answer.units`; where these are fewer than five groups, over the
    sequences: of two or three groups the error is itself hardly known.

    Parameters
    ----------
    candidate : Candidate
        What was chosen.
    problem : Problem
        What it was built for.
    model : estimator
        It, fitted to `train`.
    train, test : SequenceDataset
        The parts of one split.
    metric : Metric
        What models are compared by.
    seed : int
        Of what is drawn.
    """
    search = _Search(tolerance_of(test, metric))

    def refitted(limited: Candidate, train: SequenceDataset, test: SequenceDataset) -> Sums:
        again, _ = limited.build(problem, seed)
        fit_model(again, train)
        answers = asker(train)(again, test)
        return unit_sums(answers, curve_units(test, answers.item), metric)

    if train.role in ("sequence", "value"):
        shown = _Shown(model, test, asker(train), metric, seed)
        curve = search.find(
            "limited", lambda k: refitted(candidate, _last(train, k), _last(test, k)), shown.longest
        )
        curves = [curve, search.follow("truncated", shown.loss_of("truncated"), curve)]
        return [*curves, *search.within(shown, curve)]
    causal = is_causal(model)
    if candidate.spec.limit is not None:
        most = reach_of(candidate, problem, int(train.X.lengths.max()))
        curves = [search.find("limited", lambda k: refitted(candidate.limited(k), train, test), most)]
        if not causal and candidate.spec.limit_ahead is not None:

            def looking_ahead(k: int) -> Sums:
                return refitted(candidate.limited(k, ahead=True), train, test)

            curves.append(search.find("ahead", looking_ahead, most, 0))
        return curves
    anywhere, _ = candidate.build(problem, seed)
    fit_model(anywhere, _begun_anywhere(train, seed))
    shown = _Shown(anywhere, test, asker(train), metric, seed)
    curves = [search.find("truncated", shown.loss_of("truncated"), shown.longest)]
    if causal:
        curves += search.within(shown, curves[0])
    else:
        curves.append(search.find("ahead", shown.loss_of("ahead"), shown.longest, 0))
    return curves


def influence_by_lag(model: Model, test: SequenceDataset, seed: int) -> list[dict[str, float]]:
    """Return how much the answer changes when the step at a lag is replaced by one from elsewhere.

    Returns
    -------
    list of dict
        ``lag`` in steps before what is answered (for whole sequences, before the last step), and
        ``influence``: the mean total variation distance between the probabilities before and after (for
        numbers the mean absolute change); nothing for real-valued densities.
    """
    if test.role == "next" and test.X.kind == "real":
        return []
    rng = np.random.default_rng(seed)
    at = _positions(test, _INFLUENCE_POSITIONS, rng)
    # what is answered after reading the step `end`
    end = test.X.offsets[1:][at] - 1 if test.role in ("sequence", "value") else at
    end = end - 1 if test.role == "next" else end
    owner = test.X.sequence_index[end]
    start = np.maximum(test.X.offsets[owner], end - _MOST_PAST)
    windows = cut(
        replace(test, y=None, sample_weight=None, groups=None),
        np.column_stack([owner, start - test.X.offsets[owner], end + 1 - test.X.offsets[owner]]),
    ).X
    whole = _last_answers(model, windows, test.role)
    first = 1 if test.role == "next" else 0
    rows = []
    for lag in _INFLUENCE_LAGS:
        reached = np.flatnonzero(windows.lengths > lag)
        if len(reached) < 10:
            break
        changed = windows.take(reached)
        values = changed.values.copy()
        values[changed.offsets[1:] - 1 - lag] = test.X.values[rng.integers(test.X.n_steps, size=len(reached))]
        answers = _last_answers(model, changed.with_values(values), test.role)
        size = _change(whole[reached], answers)
        rows.append({"lag": float(lag + first), "influence": float(size.mean())})
    return rows


class _Shown:
    """A fitted model, shown parts of the test data."""

    def __init__(
        self,
        model: Model,
        test: SequenceDataset,
        ask: Callable[..., Answers],
        metric: Metric,
        seed: int,
    ) -> None:
        self._model, self._test, self._ask, self._seed = model, test, ask, seed
        self._metric = metric
        self._per_step = test.role in STEPWISE
        if not self._per_step:
            self.longest = int(test.X.lengths.max())
            return
        rng = np.random.default_rng(seed)
        most = int(np.clip(_MOST_STEPS / min(test.X.lengths.max(), 2 * _MOST_PAST), 100, _MOST_POSITIONS))
        self._at = _positions(test, most, rng)
        item, weight, _ = scored_items(test)
        self._weight = weight[np.searchsorted(item, self._at)]
        self._unit = curve_units(test, self._at)
        X = test.X
        self._owner = X.sequence_index[self._at]
        self._place = X.step_index[self._at]
        # steps before what is predicted, or up to and with what is labelled
        self.longest = int(min(self._place.max() + (0 if test.role == "next" else 1), _MOST_PAST))

    def loss_of(self, control: str, most: int = 0) -> Callable[[int], Sums]:
        """Return what gives the sums of the units for a context; "reordered" shows `most` steps."""
        if not self._per_step:
            if control == "reordered":
                return lambda k: self._sequence_sums(self._reordered_sequences(k, most))
            return lambda k: self._sequence_sums(_last(self._test, k))
        if control == "reordered":
            return lambda k: self._step_sums(*self._reordered(k, most))
        rows = {"truncated": self._truncated, "ahead": self._ahead}[control]
        return lambda k: self._step_sums(*rows(k))

    def _truncated(self, k: int) -> tuple[list[NDArray[np.int64]], NDArray[np.int64]]:
        """Return the rows shown for each position, and the place of the position in them."""
        X, seen = self._test.X, k if self._test.role == "next" else k - 1
        starts = np.maximum(self._place - seen, 0)
        base = X.offsets[self._owner]
        causal = is_causal(self._model)
        ends = self._place + 1 if causal else np.minimum(X.lengths[self._owner], self._place + _MOST_PAST)
        shown = [np.arange(b + s, b + e) for b, s, e in zip(base, starts, ends, strict=True)]
        return shown, self._place - starts

    def _ahead(self, k: int) -> tuple[list[NDArray[np.int64]], NDArray[np.int64]]:
        X = self._test.X
        base = X.offsets[self._owner]
        starts = np.maximum(self._place - _MOST_PAST, 0)
        ends = np.minimum(X.lengths[self._owner], self._place + k + 1)
        return [
            np.arange(b + s, b + e) for b, s, e in zip(base, starts, ends, strict=True)
        ], self._place - starts

    def _reordered(self, k: int, most: int) -> tuple[list[NDArray[np.int64]], NDArray[np.int64]]:
        """Return the last `most` steps of each position, those before the last k of them in random order."""
        rng = np.random.default_rng(self._seed)
        shown, places = self._truncated(most)
        # the step itself is shown beside those before it where it is what is predicted
        kept = k + 1 if self._test.role == "next" else k
        mixed = []
        for rows, place in zip(shown, places, strict=True):
            n_mixed = max(int(place) + 1 - kept, 0)
            mixed.append(np.concatenate([rng.permutation(rows[:n_mixed]), rows[n_mixed:]]))
        return mixed, places

    def _step_sums(self, shown: list[NDArray[np.int64]], place: NDArray[np.int64]) -> Sums:
        test, rows, offsets = self._test, np.concatenate(shown), offsets_of([len(s) for s in shown])
        weight = np.zeros(len(rows))
        weight[offsets[:-1] + place] = self._weight
        y = test.y.values[rows] if isinstance(test.y, Sequences) else None
        part = SequenceDataset(
            X=Sequences(test.X.values[rows], offsets),
            y=None if y is None else Sequences(y, offsets),
            sample_weight=Sequences(weight, offsets),
            role=test.role,
            name=test.name,
        )
        return unit_sums(self._ask(self._model, part), self._unit, self._metric)

    def _sequence_sums(self, part: SequenceDataset) -> Sums:
        answers = self._ask(self._model, part)
        return unit_sums(answers, curve_units(self._test, answers.item), self._metric)

    def _reordered_sequences(self, k: int, most: int) -> SequenceDataset:
        """Return the last `most` steps of the sequences, those before the last k of them in random order."""
        dataset = _last(self._test, most)
        rng = np.random.default_rng(self._seed)
        rows = np.arange(dataset.X.n_steps)
        for a, b in zip(dataset.X.offsets[:-1], dataset.X.offsets[1:], strict=True):
            if b - k > a:
                rows[a : b - k] = rng.permutation(rows[a : b - k])
        return replace(dataset, X=dataset.X.with_values(dataset.X.values[rows]))


@dataclass(frozen=True)
class _Search:
    """Draws curves with a tolerance."""

    tolerance: float

    def find(self, control: str, loss_of: Callable[[int], Sums], most: int, least: int = 1) -> Curve:
        """Return the curve at doubling contexts, and around the smallest that is enough."""
        found: dict[int, Sums] = {}
        for k in doubling(most, least):
            # what cannot learn from so little has no place on the curve
            with suppress(ValueError) if k < most else nullcontext():
                found[k] = loss_of(k)
        while True:
            curve = Curve(control, sorted(found), [found[k] for k in sorted(found)], self.tolerance)
            needed = curve.needed()
            below = max((k for k in found if k < needed), default=None)
            if below is None or needed - below == 1:
                return curve
            middle = (below + needed) // 2
            found[middle] = loss_of(middle)

    def within(self, shown: _Shown, curve: Curve) -> list[Curve]:
        """Return the curve of the order of the steps that are enough; none where that is one step."""
        most = curve.needed()
        if most < 2:
            return []
        loss_of = shown.loss_of("reordered", most)
        contexts = [k for k in curve.contexts if 0 < k < most] + [most]
        return [Curve("reordered", contexts, [loss_of(k) for k in contexts], self.tolerance)]

    def follow(self, control: str, loss_of: Callable[[int], Sums], other: Curve) -> Curve:
        """Return the curve at the contexts of another one."""
        return Curve(control, other.contexts, [loss_of(k) for k in other.contexts], self.tolerance)


def tolerance_of(test: SequenceDataset, metric: Metric) -> float:
    """Return what is practically equal, in units of the loss."""
    return metric.tolerance * (float(np.var(scored_items(test)[2])) if metric.relative else 1.0)


def _begun_anywhere(train: SequenceDataset, seed: int) -> SequenceDataset:
    """Return the training sequences, and parts of each from random steps on, no longer than any shown."""
    rng = np.random.default_rng(seed)
    lengths = train.X.lengths
    which = np.arange(len(train))
    pieces = [np.column_stack([which, np.zeros_like(which), lengths])]
    # of few beginnings a model would learn by heart what they are
    for _ in range(max(2, -(-_FEWEST_STARTS // len(train)))):
        start = rng.integers(0, np.maximum(lengths - 1, 1))
        pieces.append(np.column_stack([which, start, np.minimum(start + _MOST_PAST, lengths)]))
    return cut(train, np.vstack(pieces))


def doubling(most: int, least: int) -> list[int]:
    """Return contexts that double from `least`, 0 or 1, and the longest."""
    powers = [2**k for k in range((max(most, 1) - 1).bit_length())]
    return [*([0] if least == 0 else []), *powers, *([most] if most > 0 else [])]


def _last(dataset: SequenceDataset, k: int) -> SequenceDataset:
    """Return the last k steps of every sequence."""
    lengths = dataset.X.lengths
    return cut(dataset, np.column_stack([np.arange(len(dataset)), np.maximum(lengths - k, 0), lengths]))


def curve_units(dataset: SequenceDataset, item: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the unit of each item: as everywhere, but sequences in place of very few groups."""
    found = units(dataset, item)
    if found.max() + 1 >= _FEWEST_GROUPS:
        return found
    return units(replace(dataset, groups=None), item)


def _positions(dataset: SequenceDataset, most: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return some of the scored items, sorted."""
    item = scored_items(dataset)[0]
    return item if len(item) <= most else np.sort(rng.choice(item, most, replace=False))


def _last_answers(model: Model, windows: Sequences, role: str) -> Floats:
    """Return what is answered after the last step of each window."""
    rows, _ = predict_answer(model, windows, role)
    return rows if role in ("sequence", "value") else rows[windows.offsets[1:] - 1]


def _change(before: Floats, after: Floats) -> NDArray[np.float64]:
    """Return how far answers are from others: of probabilities, of numbers, or of labels alone."""
    if before.ndim == 2:
        return np.asarray(np.abs(after.astype(np.float64) - before.astype(np.float64)).sum(axis=1) / 2)
    if before.dtype.kind == "f":
        return np.asarray(np.abs(after.astype(np.float64) - before.astype(np.float64)))
    return np.asarray(after != before, dtype=np.float64)


def _loss(sums: Sums) -> float:
    return float(sums[:, 1].sum() / sums[:, 0].sum())
