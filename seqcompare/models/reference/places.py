"""What frequencies do that go by the place of a step: its position in the sequence, or in a season."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.special import logsumexp
from sklearn.utils.validation import check_is_fitted

from seqcompare.data.sequences import Sequences
from seqcompare.data.targets import check_step_labels, check_step_weights
from seqcompare.models.base import Reading, Tagger, check_sequences
from seqcompare.models.bases import BaseEstimator
from seqcompare.typing import SequencesLike, TargetsLike, Values, WeightsLike

Place = Literal["position", "season"]
Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

#: Places that are averaged over (standard deviation), and how many steps the overall frequencies count for.
WIDTHS = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
PRIORS = (0.5, 2.0, 8.0, 32.0, 128.0)
PARTS = 5
_ROUNDS = 5


class PlacedNext(BaseEstimator):
    """Expects every symbol with the frequency that it has at that place, whatever came before.

    Frequencies of a place are averaged over its neighbours and with the overall ones; how much is chosen by
    leaving out fifths of the sequences. Where a season has its beginning is learned, and in a sequence whose
    beginning is not known it is found from what was read so far, by Bayes' rule: so a series that was cut
    anywhere is no harder.

    Parameters
    ----------
    place : {"position", "season"}, default="position"
        What a place is: the number of the step in its sequence, or that modulo the period.
    period : int, default=1
        Steps of a season.
    aligned : bool, default=True
        Whether seasons begin with the sequences.
    """

    def __init__(self, place: Place = "position", period: int = 1, aligned: bool = True) -> None:
        self.place = place
        self.period = period
        self.aligned = aligned

    def fit(
        self, X: SequencesLike, y: TargetsLike | None = None, sample_weight: WeightsLike | None = None
    ) -> PlacedNext:
        """Count the symbols of each place, weighted."""
        sequences = check_sequences(self, X, reset=True, symbols=True)
        weights = check_step_weights(sample_weight, sequences, steps_as_array=False)
        self.symbols_, code = np.unique(sequences.values, return_inverse=True)
        n_places = int(sequences.lengths.max()) if self.place == "position" else self.period
        start = np.zeros(len(sequences), dtype=np.int64)
        place = _places(sequences, start, n_places)
        counts = _count(sequences.sequence_index, place, code, weights, (len(sequences), n_places))
        if self.place == "season" and not self.aligned:
            start = _align(sequences, code, weights, n_places, len(self.symbols_))
            place = _places(sequences, start, n_places)
            counts = _count(sequences.sequence_index, place, code, weights, (len(sequences), n_places))
        self.table_ = _smooth(counts, place, code, weights, sequences.sequence_index, self.place == "season")
        began = np.bincount(start, minlength=n_places) if self.place == "season" else np.ones(1)
        self.start_ = (began + 1) / (began + 1).sum()
        self.n_parameters_ = n_places * (len(self.symbols_) - 1)
        return self

    def predict_next_proba(self, X: SequencesLike) -> SequencesLike:
        """Return the frequencies of the next place after every step."""
        sequences = self._read(X)
        rows = np.empty((sequences.n_steps, len(self.symbols_)))
        for i in range(len(sequences)):
            rows[sequences.offsets[i] : sequences.offsets[i + 1]] = self._answer(sequences[i])
        return sequences.pack(rows)

    def iter_next_proba(self, X: SequencesLike, n_rows: int) -> Iterator[Floats]:
        """Yield the frequencies after every step, a sequence at a time, at most `n_rows` steps of it."""
        sequences = self._read(X)
        for i in range(len(sequences)):
            rows = self._answer(sequences[i])
            yield from (rows[a : a + n_rows] for a in range(0, len(rows), n_rows))

    def _read(self, X: SequencesLike) -> Sequences:
        check_is_fitted(self)
        return check_sequences(self, X, reset=False, symbols=True)

    def _answer(self, sequence: Values) -> Floats:
        """Return the answers after the steps of one sequence."""
        after = np.arange(1, len(sequence) + 1)
        if self.place == "position":
            return np.asarray(self.table_[np.minimum(after, len(self.table_) - 1)])
        code = np.searchsorted(self.symbols_, sequence)
        known = self.symbols_[np.minimum(code, len(self.symbols_) - 1)] == sequence
        phase = np.arange(self.period)
        # row t, column p: what the step costs if the sequence began in phase p; a new symbol tells nothing
        seen = np.log(
            self.table_[(after[:, None] - 1 + phase) % self.period, np.where(known, code, 0)[:, None]]
        )
        belief = np.log(self.start_) + np.cumsum(np.where(known[:, None], seen, 0.0), axis=0)
        belief = np.exp(belief - logsumexp(belief, axis=1, keepdims=True))
        return np.asarray(
            np.take_along_axis(belief, (phase - after[:, None]) % self.period, axis=1) @ self.table_
        )


class PlacedTagger(Tagger):
    """Answers every step with the frequencies of the labels at that place.

    Parameters
    ----------
    place, period
        As of `PlacedNext`; seasons begin with the sequences.
    """

    ignore_label = None
    causal = True

    def __init__(self, place: Place = "position", period: int = 1) -> None:
        self.place = place
        self.period = period

    @property
    def reading(self) -> Reading:
        """A missing value is no matter to frequencies of labels."""
        return {"allow_nan": True, "allow_none": True, "mixed": "keep"}

    def fit(self, X: SequencesLike, y: TargetsLike, sample_weight: WeightsLike | None = None) -> PlacedTagger:
        """Count the labels of each place, weighted."""
        sequences = check_sequences(self, X, reset=True, **self.reading)
        weights = check_step_weights(sample_weight, sequences)
        labels = check_step_labels(y, sequences)
        self.classes_ = np.unique(labels[weights > 0])
        weights = np.where(np.isin(labels, self.classes_), weights, 0.0)
        code = np.minimum(np.searchsorted(self.classes_, labels), len(self.classes_) - 1)
        n_places = int(sequences.lengths.max()) if self.place == "position" else self.period
        place = _places(sequences, np.zeros(len(sequences), dtype=np.int64), n_places)
        counts = _count(sequences.sequence_index, place, code, weights, (len(sequences), n_places))
        self.table_ = _smooth(counts, place, code, weights, sequences.sequence_index, self.place == "season")
        self.n_parameters_ = n_places * (len(self.classes_) - 1)
        return self

    def predict_proba(self, X: SequencesLike) -> SequencesLike:
        """Return the frequencies at every step."""
        sequences = self._check(X)
        place = sequences.step_index
        limit = place % self.period if self.place == "season" else np.minimum(place, len(self.table_) - 1)
        return sequences.pack(self.table_[limit])


def _places(sequences: Sequences, start: Codes, n_places: int) -> Codes:
    """Return the place of every step."""
    return np.asarray((sequences.step_index + start[sequences.sequence_index]) % n_places)


def _count(owner: Codes, place: Codes, code: Codes, weights: Floats, shape: tuple[int, int]) -> Floats:
    """Return how often each symbol came at each place, of each fifth of the sequences."""
    n_sequences, n_places = shape
    n_codes = int(code.max()) + 1
    cell = (part_of(owner, n_sequences) * n_places + place) * n_codes + code
    found = np.bincount(cell, weights, minlength=PARTS * n_places * n_codes)
    return np.asarray(found.reshape(PARTS, n_places, n_codes))


def part_of(owner: Codes, n_sequences: int) -> Codes:
    """Return the fifth of the sequences that each step is in; of few sequences, of their steps."""
    if n_sequences >= PARTS:
        return np.asarray(owner % PARTS)
    return np.asarray(np.arange(len(owner)) * PARTS // len(owner))


def _smooth(counts: Floats, place: Codes, code: Codes, weights: Floats, owner: Codes, wraps: bool) -> Floats:
    """Return the frequencies of each place, averaged as does best on fifths that are left out."""
    n_places = counts.shape[1]
    part = part_of(owner, int(owner.max()) + 1)
    here = [np.flatnonzero(part == k) for k in range(PARTS)]
    whole = counts.sum(axis=0)
    widths = [w for w in WIDTHS if w == 0 or 4 * w < n_places]
    loss = np.zeros((len(widths), len(PRIORS)))
    for i, width in enumerate(widths):
        # averaging is linear: what is left without a part is the whole less that part
        near = np.array([_near(each, width, wraps) for each in counts])
        total = near.sum(axis=0)
        for k, at in enumerate(here):
            rest = total - near[k]
            came, size = rest[place[at], code[at]], rest.sum(axis=1)[place[at]]
            overall = _overall(whole - counts[k])[code[at]]
            for j, prior in enumerate(PRIORS):
                loss[i, j] -= float((weights[at] * np.log((came + prior * overall) / (size + prior))).sum())
    best, chosen = np.unravel_index(np.argmin(loss), loss.shape)
    return _average(whole, widths[best], PRIORS[chosen], wraps)


def _average(counts: Floats, width: float, prior: float, wraps: bool) -> Floats:
    """Return frequencies of each place with those of its neighbours, and with the overall ones."""
    table = _near(counts, width, wraps) + prior * _overall(counts)
    return np.asarray(table / table.sum(axis=1, keepdims=True))


def _near(counts: Floats, width: float, wraps: bool) -> Floats:
    """Return the counts of each place and its neighbours, as many steps as are averaged over."""
    if not width:
        return counts
    near = gaussian_filter1d(counts, width, axis=0, mode="wrap" if wraps else "constant")
    return np.asarray(near * 2 * np.sqrt(np.pi) * width)


def _overall(counts: Floats) -> Floats:
    """Return the frequencies whatever the place."""
    overall = counts.sum(axis=0) + 1 / counts.shape[1]
    return np.asarray(overall / overall.sum())


def _align(sequences: Sequences, code: Codes, weights: Floats, period: int, n_codes: int) -> Codes:
    """Return the phase that each sequence begins with, so that all go by one clock; the first by 0."""
    n = len(sequences)
    cell = (sequences.sequence_index * period + sequences.step_index % period) * n_codes + code
    mine = np.bincount(cell, weights, minlength=n * period * n_codes).reshape(n, period, n_codes)
    start = np.zeros(n, dtype=np.int64)
    shifted = (np.arange(period)[:, None] + np.arange(period)) % period
    # the longest first: what is already laid to the clock decides where the next one goes
    order = np.argsort(-sequences.lengths, kind="stable")
    total = np.zeros((period, n_codes))
    for turn in range(_ROUNDS if n > 1 else 1):
        before = start.copy()
        for i in order:
            if turn:
                total -= np.roll(mine[i], start[i], axis=0)
            if total.any():
                table = np.log(_average(total, 0.0, 1.0, wraps=True))
                start[i] = int(np.argmax([(mine[i] * table[shifted[p]]).sum() for p in range(period)]))
            total += np.roll(mine[i], start[i], axis=0)
        if turn and (start == before).all():
            break
    return np.asarray((start - start[0]) % period)
