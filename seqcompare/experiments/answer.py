"""What the harness asks of any model, whatever its role and whoever wrote it: to be fitted, and to answer."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.options import LABELLED_STEPS
from seqcompare.data.sequences import Sequences
from seqcompare.data.targets import check_step_weights
from seqcompare.experiments.broad import BroadGuess, broad_guess
from seqcompare.metrics import Answers, Metric
from seqcompare.models.in_parts import runs
from seqcompare.typing import Model, Values

#: Probabilities that are held at a time: 32 MiB of them.
MOST_PROBABILITIES = 2**22
_FEWEST_UNITS = 20
_IN_PARTS = {"next": "iter_next_proba", "step": "iter_proba"}

Rows = Values


def fit_model(model: Model, dataset: SequenceDataset) -> Any:
    """Fit `model`; the weights of the data go to every model whose ``fit`` takes them."""
    targets = () if dataset.role == "next" else (dataset.y,)
    if dataset.sample_weight is not None and takes_weights(model):
        return model.fit(dataset.X, *targets, sample_weight=dataset.sample_weight)
    return model.fit(dataset.X, *targets)


def takes_weights(model: Model) -> bool:
    """Whether ``model.fit`` has a parameter ``sample_weight``, and can do with it."""
    able = getattr(model, "takes_weights", True)
    return bool(able) and "sample_weight" in inspect.signature(model.fit).parameters


def predict_answer(model: Any, X: Sequences, role: str) -> tuple[Rows, Rows | None]:
    """Return what `model` answers, a row a step (or a sequence), and what the columns of it mean.

    Probabilities where the model has them, else labels; numbers for the roles ``value`` and ``step-value``.
    Models answer as they like: in a list of arrays, in one array, or in `Sequences`.

    Raises
    ------
    ValueError
        If there is not one row for each step, or sequence.
    """
    if role == "next":
        return _rows(model.predict_next_proba(X), X, stepwise=True), np.asarray(model.symbols_)
    stepwise = role in LABELLED_STEPS
    if role in ("value", "step-value") or not hasattr(model, "predict_proba"):
        return _rows(model.predict(X), X, stepwise=stepwise), None
    if not hasattr(model, "classes_"):
        raise ValueError(
            f"{type(model).__name__} has predict_proba, but no classes_ that say what its columns are"
        )
    return _rows(model.predict_proba(X), X, stepwise=stepwise), np.asarray(model.classes_)


def step_densities(model: Model, X: Sequences) -> Rows:
    """Return log p(step | steps before it) of every step in nats."""
    return _step_gains(model, X, np.arange(X.n_steps))


def _rows(answer: Any, X: Sequences, *, stepwise: bool) -> Rows:
    """Return an answer in any container as one array, a row a step or a sequence."""
    n = X.n_steps if stepwise else len(X)
    if isinstance(answer, Sequences):
        rows = answer.values
    elif not stepwise or (isinstance(answer, np.ndarray) and answer.dtype.kind != "O"):
        rows = np.asarray(answer)
        if stepwise and len(rows) != n and rows.ndim > 1 and rows.shape[0] * rows.shape[1] == n:
            rows = rows.reshape(n, *rows.shape[2:])
    else:
        parts = [np.asarray(part) for part in answer]
        lengths = [len(part) for part in parts]
        if lengths != X.lengths.tolist():
            wrong = next(
                (i for i, (a, b) in enumerate(zip(lengths, X.lengths, strict=False)) if a != b),
                min(len(lengths), len(X)),
            )
            came = lengths[wrong] if wrong < len(lengths) else "none"
            asked = int(X.lengths[wrong]) if wrong < len(X) else "no"
            raise ValueError(f"the answer to sequence {wrong} has {came} rows, expected {asked}, one a step")
        rows = np.concatenate(parts)
    if len(rows) != n:
        what = "step" if stepwise else "sequence"
        raise ValueError(f"the answer has {len(rows)} rows, expected {n}, one a {what}")
    return rows


def answer_blocks(model: Any, X: Sequences, role: str) -> Iterator[tuple[int, Rows, Rows | None]]:
    """Yield (first row, rows, names) of what `predict_answer` returns, a part of bearable size at a time.

    Densities that can answer in parts say so by ``iter_next_proba(X, n_rows)``, taggers by
    ``iter_proba(X, n_rows)``; others answer a few sequences at a time, where their alphabet is large.
    """
    names = getattr(model, "symbols_" if role == "next" else "classes_", None)
    n_columns = 1 if names is None or role in ("value", "step-value") else max(len(names), 1)
    n_rows = max(MOST_PROBABILITIES // n_columns, 1)
    if X.n_steps <= n_rows:
        yield 0, *predict_answer(model, X, role)
        return
    in_parts = getattr(model, _IN_PARTS.get(role, ""), None)
    if in_parts is None or names is None:
        found = (predict_answer(model, part, role) for part in runs(X, n_rows))
    else:
        found = ((rows, np.asarray(names)) for rows in in_parts(X, n_rows))
    first = 0
    for rows, columns in found:
        yield first, rows, columns
        first += len(rows)


def ask(
    model: Model,
    dataset: SequenceDataset,
    n_train: float,
    *,
    whole: bool = False,
    broad: BroadGuess | None = None,
) -> Answers:
    """Return what a fitted model answers to a data set.

    Probabilities are mixed with one uniform guess among all that was trained on, ``(n p + 1 / S) / (n + 1)``
    over the S - 1 known answers and one for all others: so no model costs infinitely many bits, and an answer
    that training never showed costs every model the same. Of densities of numbers none counts for less than a
    billionth of a broad guess.

    Parameters
    ----------
    model : estimator
        A fitted model of the data's role.
    dataset : SequenceDataset
        What it is asked.
    n_train : float
        Items that it was trained on, see `count_items`.
    whole : bool, default=False
        Whether to keep all probabilities, for metrics that are made of them.
    broad : BroadGuess, optional
        At numbers, as `broad_guess` makes it of the training data.

    Raises
    ------
    ValueError
        If an answer is not finite; the message names the first of these.
    """
    item, weight, truth = scored_items(dataset, first_steps=_is_density_of_numbers(dataset))
    owner = item if dataset.role in ("sequence", "value") else dataset.X.sequence_index[item]
    nothing = np.full(len(item), np.nan)
    if _is_density_of_numbers(dataset):
        nats = -_step_gains(model, dataset.X, item)
        if broad is not None:
            nats = np.minimum(nats, broad.most_nats(dataset.X.values[item]))
        bits = _finite(nats / np.log(2), item, dataset)
        return Answers(item, owner, weight, truth, nothing, bits, nothing)
    # row t of a density is about step t + 1
    place = item - 1 if dataset.role == "next" else item
    guess: list[Rows] = []
    bits, confidence, kept = nothing.copy(), nothing.copy(), []
    names: Rows | None = None
    for first, rows, names in answer_blocks(model, dataset.X, dataset.role):
        here = slice(*np.searchsorted(place, [first, first + len(rows)]))
        part = _finite(rows[place[here] - first], item[here], dataset)
        if names is None:
            guess.append(part)
            continue
        guess.append(names[part.argmax(axis=1)])
        given, n_answers = _given(part, names, truth[here]), len(names) + 1
        bits[here] = -np.log2((n_train * given + 1 / n_answers) / (n_train + 1))
        confidence[here] = part.max(axis=1)
        if whole:
            kept.append(part)
    answers = np.concatenate(guess)
    if dataset.role in ("value", "step-value"):
        answers = answers.astype(np.float64)
    proba = np.concatenate(kept) if kept else None
    return Answers(item, owner, weight, truth, answers, bits, confidence, names if kept else None, proba)


def asker(train: SequenceDataset) -> Callable[..., Answers]:
    """Return `ask` for models that were fitted to `train`, called with the model and what it is asked."""
    return partial(ask, n_train=count_items(train), broad=broad_guess(train))


def _given(rows: Rows, names: Rows, truth: Rows) -> Rows:
    """Return the probability given to what came; 0 where that was not known."""
    column = np.minimum(np.searchsorted(names, truth), len(names) - 1)
    return np.where(names[column] == truth, rows[np.arange(len(truth)), column], 0.0)


def _is_density_of_numbers(dataset: SequenceDataset) -> bool:
    return dataset.role == "next" and dataset.X.kind == "real"


def scored_items(
    dataset: SequenceDataset, *, first_steps: bool = False
) -> tuple[NDArray[np.int64], NDArray[np.float64], Rows]:
    """Return row, weight and truth of what is scored.

    For the role ``next`` that is all steps but the first ones, and these as well with `first_steps`.
    """
    X = dataset.X
    if dataset.role in ("sequence", "value"):
        weight = _sequence_weights(dataset)
        item = np.flatnonzero(weight > 0)
        truth = np.asarray(dataset.y)[item]
        return item, weight[item], truth.astype(np.float64) if dataset.role == "value" else truth
    steps = check_step_weights(dataset.sample_weight, X)
    if dataset.role == "next":
        steps = steps if first_steps else np.where(X.step_index > 0, steps, 0.0)
        truth = _symbols(X) if X.kind == "symbols" else np.full(X.n_steps, np.nan)
        if X.has_missing:  # nothing came that could be predicted
            steps = np.where(X.missing.all(axis=1), 0.0, steps)
    else:
        assert isinstance(dataset.y, Sequences)
        truth = dataset.y.values
    item = np.flatnonzero(steps > 0)
    if not len(item):
        raise ValueError(f"nothing of {dataset.name} is left to score: all weights are 0")
    return item, steps[item], truth[item]


def _symbols(X: Sequences) -> Rows:
    """Return the symbols as an array of one kind, whatever stands where one is missing."""
    values: Rows = X.values
    if not X.has_missing:
        return values
    return np.where(X.missing[:, 0], X.alphabet[0], values).astype(X.alphabet.dtype)


def count_items(dataset: SequenceDataset) -> float:
    """Return how many items count at all, whatever their weights: weights of another scale say the same."""
    return float(len(scored_items(dataset)[0]))


def units(
    dataset: SequenceDataset, item: NDArray[np.int64], n_parts: int = _FEWEST_UNITS
) -> NDArray[np.int64]:
    """Return the unit that each scored item belongs to, numbered from 0: what is drawn and averaged over.

    A unit is a group, where there are groups, or a sequence; where these are fewer than `n_parts`,
    sequences are cut into runs of equal length, from the first step on that counts.
    """
    if dataset.role in ("sequence", "value"):
        owner = item if dataset.groups is None else dataset.groups[item]
        return np.unique(owner, return_inverse=True)[1]
    owner = dataset.X.sequence_index[item]
    if dataset.groups is not None:
        owner = np.unique(dataset.groups, return_inverse=True)[1][owner]
    if len(np.unique(owner)) < n_parts:
        told, of = steps_told(dataset), dataset.X.sequence_index[item]
        run = np.maximum((dataset.X.n_steps - told.sum()) // n_parts, 1)
        place = item - np.cumsum(told)[of]
        owner = np.unique(np.column_stack([of, place // run]), axis=0, return_inverse=True)[1].ravel()
    return np.unique(owner, return_inverse=True)[1]


def steps_told(dataset: SequenceDataset) -> NDArray[np.int64]:
    """Return how many steps each sequence begins with that are read, and not asked about: of weight 0."""
    X = dataset.X
    counts = check_step_weights(dataset.sample_weight, X) > 0
    first = np.minimum.reduceat(np.where(counts, X.step_index, X.n_steps), X.offsets[:-1])
    return np.where(first < X.n_steps, first, 0)


def unit_sums(answers: Answers, unit: NDArray[np.int64], metric: Metric) -> NDArray[np.float64]:
    """Return weight, loss and bits summed over each unit, shape (n_units, 3)."""
    assert metric.loss is not None, f"{metric.name} is no mean over items"
    n = int(unit.max()) + 1
    w = answers.weight
    columns = [w, w * metric.loss(answers), w * answers.bits]
    return np.column_stack([np.bincount(unit, column, minlength=n) for column in columns])


def n_parameters(model: Model) -> float:
    """Return the free parameters of a fitted model, of a pipeline's last step; NaN if it does not say."""
    if hasattr(model, "steps"):
        return n_parameters(model.steps[-1][1])
    return float(getattr(model, "n_parameters_", math.nan))


def training_end(model: Model) -> tuple[float, str]:
    """Return how many iterations training took (NaN if none), and why it ended.

    ``"budget"`` says that the iterations ran out: what the model could have learned with more is open.
    Of several parts, such as one density a class, the longest counts, and a budget that any has hit.
    """
    parts = _trained_parts(model)
    ends = [_end_of(part) for part in parts]
    iterations = [n for n, _ in ends if not math.isnan(n)]
    reasons = [reason for _, reason in ends if reason]
    worst = next((reason for reason in ("budget", "seconds") if reason in reasons), "")
    return max(iterations, default=math.nan), worst or (reasons[0] if reasons else "")


def learning_curve(model: Model) -> tuple[tuple[int, float, float], ...]:
    """Return (epoch, training loss, validation score) of each epoch, from 1; empty if there is none."""
    for part in _trained_parts(model):
        losses = getattr(part, "loss_curve_", None)
        if losses is not None:
            # without held-out data there are losses only
            scores = getattr(part, "validation_scores_", None) or [math.nan] * len(losses)
            return tuple(
                (epoch, float(loss), float(score))
                for epoch, (loss, score) in enumerate(zip(losses, scores, strict=True), start=1)
            )
    return ()


def _trained_parts(model: Model) -> list[Any]:
    """Return the estimators that were trained inside `model`: itself, or those that it wraps."""
    inner = getattr(model, "estimators_", None)
    if inner is None:
        inner = getattr(model, "estimator_", None)
    if inner is None and hasattr(model, "steps"):
        inner = model.steps[-1][1]
    if inner is None:
        return [model]
    if isinstance(inner, dict):
        inner = list(inner.values())
    parts = list(inner) if isinstance(inner, (list, tuple, np.ndarray)) else [inner]
    return [leaf for part in parts for leaf in _trained_parts(part)]


def _end_of(part: Any) -> tuple[float, str]:
    rounds = getattr(part, "n_iter_", None)
    n = math.nan if rounds is None else float(np.max(rounds))
    reason = getattr(part, "stop_reason_", None)
    if reason is not None:
        return n, {"max_iter": "budget", "max_seconds": "seconds"}.get(str(reason), str(reason))
    most = getattr(part, "max_iter", None)
    if rounds is None or most is None or most < 0:
        return n, ""
    return n, "budget" if n >= most else "tol"


def _sequence_weights(dataset: SequenceDataset) -> NDArray[np.float64]:
    if dataset.sample_weight is None:
        return np.ones(len(dataset))
    return np.asarray(dataset.sample_weight, dtype=np.float64)


def _step_gains(model: Any, X: Sequences, item: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return log p(step | steps before it) in nats of some steps, the first ones of sequences among them."""
    if hasattr(model, "score_steps"):
        return _rows(model.score_steps(X), X, stepwise=True)[item]
    # from the densities of what ends there or before
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


def _finite(answer: Rows, item: NDArray[np.int64], dataset: SequenceDataset) -> Rows:
    """Return the answers to scored items; refuse such as no score can be made of."""
    if answer.dtype.kind not in "fc":
        return answer
    finite = np.isfinite(answer)
    wrong = np.flatnonzero(~finite.all(axis=tuple(range(1, answer.ndim))))
    if len(wrong):
        first = item[wrong[0]]
        where = f"sequence {first}"
        if dataset.role not in ("sequence", "value"):
            where = f"sequence {dataset.X.sequence_index[first]}, step {dataset.X.step_index[first]}"
        raise ValueError(
            f"answers must be finite, but the one to {where} of what was asked has {answer[~finite][0]} "
            f"({len(wrong)} of {len(answer)} answers are not finite)"
        )
    return answer
