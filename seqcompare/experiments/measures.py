"""What an answer to real data is worth: losses, scores, confusion and calibration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score

from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.sequences import Sequences
from seqcompare.data.targets import check_step_weights
from seqcompare.experiments.answers import predict_answer

_METRICS = {"next": "bits", "step": "accuracy", "sequence": "accuracy", "value": "mse"}

#: Share of one label from which on the share of right answers hides what models know of the others.
_LOPSIDED = 0.75
_FEWEST_UNITS = 20
_N_BINS = 10
_MOST_CLASSES = 64


@dataclass(frozen=True, eq=False)
class Answers:
    """What was answered to the scored items of a data set: steps, or sequences.

    Parameters
    ----------
    item : ndarray of int64, shape (m,)
        Row of each scored item: a step of ``X`` end to end, or a sequence. For the role ``next`` the step
        that is predicted.
    weight : ndarray of shape (m,)
        What each counts.
    truth : ndarray of shape (m,)
        What came.
    guess : ndarray of shape (m,)
        The answer; for real-valued steps NaN, since only their density is known.
    bits : ndarray of shape (m,)
        Minus log2 of the probability of the truth; NaN without probabilities.
    confidence : ndarray of shape (m,)
        The largest probability; NaN without.
    """

    item: NDArray[np.int64]
    weight: NDArray[np.float64]
    truth: NDArray[Any]
    guess: NDArray[Any]
    bits: NDArray[np.float64]
    confidence: NDArray[np.float64]

    def losses(self, metric: str) -> NDArray[np.float64]:
        """Return what each item costs by a metric of `metric_of`; smaller is better."""
        if metric == "mse":
            return (self.guess - self.truth) ** 2
        if metric == "accuracy":
            return (self.guess != self.truth).astype(np.float64)
        if np.isnan(self.bits).any():
            raise ValueError(
                "the model gives no probabilities, which are what contestants are compared by where one "
                f"label makes up more than {_LOPSIDED:.0%} of all"
            )
        return self.bits

    def pick(self, rows: NDArray[Any]) -> Answers:
        """Return the answers at `rows`."""
        return Answers(
            *(
                getattr(self, name)[rows]
                for name in ("item", "weight", "truth", "guess", "bits", "confidence")
            )
        )


def metric_of(dataset: SequenceDataset) -> str:
    """Return what models are compared by on all of a data set.

    Symbols and real-valued steps by bits, numbers by squared error, labels and classes by the share of right
    answers; where one of them makes up more than three quarters, by the bits of a label, since whoever always
    says that one is hard to beat by answers alone.
    """
    if dataset.role in ("step", "sequence"):
        _, weight, truth = scored_items(dataset)
        shares = np.bincount(np.unique(truth, return_inverse=True)[1], weight) / weight.sum()
        if shares.max() > _LOPSIDED:
            return "label bits"
    return _METRICS[dataset.role]


def ask(model: Any, dataset: SequenceDataset, n_train: float) -> Answers:
    """Return what a fitted model answers to a data set.

    Probabilities are mixed with one uniform guess among all that was trained on, ``(n p + 1 / S) / (n + 1)``
    over the S - 1 known answers and one for all others: so no model costs infinitely many bits, and an answer
    that training never showed costs every model the same.

    Parameters
    ----------
    model : estimator
        A fitted model of the data's role.
    dataset : SequenceDataset
        What it is asked.
    n_train : float
        Items that it was trained on, see `count_items`.

    Raises
    ------
    ValueError
        If an answer is not finite; the message names the first of these.
    """
    if dataset.role == "value":
        truth = np.asarray(dataset.y, dtype=np.float64)
        nothing = np.full(len(truth), np.nan)
        weight = _sequence_weights(dataset)
        item = np.flatnonzero(weight > 0)
        guess = _finite(np.asarray(model.predict(dataset.X), dtype=np.float64)[item], item, dataset)
        return Answers(item, weight[item], truth[item], guess, nothing[item], nothing[item])
    if dataset.role == "next" and dataset.X.kind == "real":
        return _densities(model, dataset)
    item, weight, truth = scored_items(dataset)
    answer, names = predict_answer(model, dataset.X, dataset.role)
    rows = answer.values if isinstance(answer, Sequences) else np.asarray(answer)
    # row t of a density is about step t + 1
    rows = rows[item - 1] if dataset.role == "next" else rows[item]
    if names is None:
        nothing = np.full(len(item), np.nan)
        return Answers(item, weight, truth, rows, nothing, nothing)
    rows = _finite(rows, item, dataset)
    names = np.asarray(names)
    guess = names[rows.argmax(axis=1)]
    column = np.minimum(np.searchsorted(names, truth), len(names) - 1)
    known = names[column] == truth
    given = np.where(known, rows[np.arange(len(truth)), column], 0.0)
    n_answers = len(names) + 1
    bits = -np.log2((n_train * given + 1 / n_answers) / (n_train + 1))
    return Answers(item, weight, truth, guess, bits, rows.max(axis=1))


def scored_items(dataset: SequenceDataset) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[Any]]:
    """Return row, weight and truth of what is scored; for the role ``next`` all steps but the first ones."""
    X = dataset.X
    if dataset.role in ("sequence", "value"):
        weight = _sequence_weights(dataset)
        item = np.flatnonzero(weight > 0)
        return item, weight[item], np.asarray(dataset.y)[item]
    steps = check_step_weights(dataset.sample_weight, X)
    if dataset.role == "next":
        steps = np.where(X.step_index > 0, steps, 0.0)
        truth = X.values
    else:
        assert isinstance(dataset.y, Sequences)
        truth = dataset.y.values
    item = np.flatnonzero(steps > 0)
    if not len(item):
        raise ValueError(f"nothing of {dataset.name} is left to score: all weights are 0")
    return item, steps[item], truth[item]


def count_items(dataset: SequenceDataset) -> float:
    """Return how many items count at all, whatever their weights: weights of another scale say the same."""
    return float(len(scored_items(dataset)[0]))


def units(
    dataset: SequenceDataset, item: NDArray[np.int64], n_parts: int = _FEWEST_UNITS
) -> NDArray[np.int64]:
    """Return the unit that each scored item belongs to, numbered from 0: what is drawn and averaged over.

    A unit is a group, where there are groups, or a sequence; where these are fewer than `n_parts`,
    sequences are cut into runs of equal length.
    """
    if dataset.role in ("sequence", "value"):
        owner = item if dataset.groups is None else dataset.groups[item]
        return np.unique(owner, return_inverse=True)[1]
    owner = dataset.X.sequence_index[item]
    if dataset.groups is not None:
        owner = np.unique(dataset.groups, return_inverse=True)[1][owner]
    if len(np.unique(owner)) < n_parts:
        run = np.maximum(dataset.X.n_steps // n_parts, 1)
        owner = np.unique(
            np.column_stack([dataset.X.sequence_index[item], item // run]), axis=0, return_inverse=True
        )[1].ravel()
    return np.unique(owner, return_inverse=True)[1]


def unit_sums(answers: Answers, unit: NDArray[np.int64], metric: str) -> NDArray[np.float64]:
    """Return weight, loss and bits summed over each unit, shape (n_units, 3)."""
    n = int(unit.max()) + 1
    w = answers.weight
    columns = [w, w * answers.losses(metric), w * answers.bits]
    return np.column_stack([np.bincount(unit, column, minlength=n) for column in columns])


def score_of(sums: NDArray[np.float64], metric: str) -> float:
    """Return the score that `unit_sums` add up to: bits, accuracy or mean squared error."""
    loss = float(sums[:, 1].sum() / sums[:, 0].sum())
    return 1 - loss if metric == "accuracy" else loss


def metrics_of(answers: Answers, role: str) -> dict[str, float]:
    """Return every score of the role: bits, accuracy and macro-F1, or squared error and R2."""
    w, truth, guess = answers.weight, answers.truth, answers.guess
    if role == "value":
        error = float(np.average((guess - truth) ** 2, weights=w))
        spread = float(np.average((truth - np.average(truth, weights=w)) ** 2, weights=w))
        return {"mse": error, "r2": 1 - error / spread if spread > 0 else float("nan")}
    found = {"bits": float(np.average(answers.bits, weights=w))}
    if guess.dtype.kind == "f" and np.isnan(guess).all():
        return found
    found["accuracy"] = float(np.average(guess == truth, weights=w))
    if role != "next":
        labels = np.unique(truth)
        found["macro_f1"] = float(
            f1_score(truth, guess, labels=labels, average="macro", sample_weight=w, zero_division=0.0)
        )
    return found


def confusion_of(answers: Answers) -> list[tuple[str, str, float]]:
    """Return (true, predicted, weight) of every pair that occurs; empty for very many classes."""
    classes = np.unique(np.concatenate([answers.truth.astype(str), answers.guess.astype(str)]))
    if len(classes) > _MOST_CLASSES:
        return []
    pairs = np.column_stack([np.searchsorted(classes, v.astype(str)) for v in (answers.truth, answers.guess)])
    found, place = np.unique(pairs, axis=0, return_inverse=True)
    weight = np.bincount(place.ravel(), answers.weight)
    return [(str(classes[a]), str(classes[b]), float(w)) for (a, b), w in zip(found, weight, strict=True)]


def calibration_of(answers: Answers) -> list[tuple[int, float, float, float]]:
    """Return (bin, weight, summed confidence, summed hits) of ten bins of confidence."""
    sure = answers.confidence
    if np.isnan(sure).any():
        return []
    bins = np.minimum((sure * _N_BINS).astype(int), _N_BINS - 1)
    w = answers.weight
    hit = answers.guess == answers.truth
    sums = [np.bincount(bins, v, minlength=_N_BINS) for v in (w, w * sure, w * hit)]
    return [(b, *(float(s[b]) for s in sums)) for b in range(_N_BINS) if sums[0][b] > 0]  # type: ignore[misc]


def _sequence_weights(dataset: SequenceDataset) -> NDArray[np.float64]:
    if dataset.sample_weight is None:
        return np.ones(len(dataset))
    return np.asarray(dataset.sample_weight, dtype=np.float64)


def _densities(model: Any, dataset: SequenceDataset) -> Answers:
    """Return the bits of each step that counts, given those before it; the first steps are among them."""
    weight = check_step_weights(dataset.sample_weight, dataset.X)
    item = np.flatnonzero(weight > 0)
    if hasattr(model, "score_steps"):
        nats = Sequences(model.score_steps(dataset.X)).values[item]
    else:
        nats = _density_gains(model, dataset.X, item)
    nothing = np.full(len(item), np.nan)
    bits = _finite(-nats / np.log(2), item, dataset)
    return Answers(item, weight[item], nothing, nothing, bits, nothing)


def _density_gains(model: Any, X: Sequences, item: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return log p(step | steps before it) of some steps from the densities of what ends there or before."""
    owner, place = X.sequence_index[item], X.step_index[item]
    found = []
    starts = np.flatnonzero(np.diff(owner, prepend=-1))
    for first, mine in zip(starts, np.split(place, starts[1:]), strict=True):
        sequence = X[owner[first]]
        ends = np.union1d(mine, mine + 1)
        ends = ends[ends > 0]
        upto = np.zeros(len(sequence) + 1)
        upto[ends] = model.score_samples(Sequences([sequence[:end] for end in ends]))
        found.append(upto[mine + 1] - upto[mine])
    return np.concatenate(found)


def _finite(answer: NDArray[Any], item: NDArray[np.int64], dataset: SequenceDataset) -> NDArray[Any]:
    """Return the answers to scored items; refuse such as no score can be made of."""
    finite = np.isfinite(answer)
    wrong = np.flatnonzero(~finite.all(axis=tuple(range(1, answer.ndim))))
    if len(wrong):
        first = item[wrong[0]]
        where = f"sequence {first}"
        if dataset.role in ("next", "step"):
            where = f"sequence {dataset.X.sequence_index[first]}, step {dataset.X.step_index[first]}"
        raise ValueError(
            f"answers must be finite, but the one to {where} of what was asked has {answer[~finite][0]} "
            f"({len(wrong)} of {len(answer)} answers are not finite)"
        )
    return answer
