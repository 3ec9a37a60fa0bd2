"""Logistic regression on windows over parts: every step of L-BFGS adds up the gradients of the parts."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from sklearn.base import clone

from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.sequences import Sequences
from seqcompare.data.targets import check_step_labels, check_step_weights, scored_steps
from seqcompare.data.totals import Totals
from seqcompare.models.alphabet import choose_alphabet, encode, find_symbols
from seqcompare.models.base import check_sequences
from seqcompare.models.next_numbers import shift
from seqcompare.models.next_step import NextStep
from seqcompare.models.over_parts.reading import kind_of, read_alike, union_of, weighed_steps
from seqcompare.models.windows.fit import count_parameters
from seqcompare.models.windows.indicators import is_indicator
from seqcompare.models.windows.logistic import descend, is_plain, loss_and_gradient, rows_of
from seqcompare.models.windows.tagger import WindowTagger
from seqcompare.typing import Floats, Ints, Labels

_Total: TypeAlias = Callable[..., Any]


class _Seen(NamedTuple):
    """What is learnt of the input and the labels in one pass."""

    weight: float
    labels: list[Labels]
    symbols: list[Labels]
    kinds: list[tuple[str, int, bool]]
    first: list[Sequences]


class _Firsts(NamedTuple):
    """What `NextStep` counts itself: first steps and what comes after others."""

    symbols: list[Labels]
    counts: list[Floats]
    n_transitions: float


def fit_logistic_windows(model: WindowTagger, total: Totals | _Total) -> None:
    """Fit in one pass for the classes and symbols, and one for each step of the optimizer.

    Raises
    ------
    ValueError
        If the inner classifier is another, or the labels are of one class or several a step.
    """
    inner = model.inner
    if not is_plain(inner):
        raise ValueError(
            "over parts, windows are labelled by LogisticRegression with its own solver and penalty, "
            f"got {inner!r}"
        )
    if model.missing != "error":
        raise ValueError("windows over parts take missing='error'")
    seen: _Seen = total(partial(_look_at, clone(model)))
    kind, n_channels, _ = read_alike(seen.kinds)
    classes = union_of([labels for labels in seen.labels if len(labels)] or seen.labels[:1])
    if len(classes) < 2:
        raise ValueError(f"windows over parts need two labels or more, got {classes.tolist()}")
    model.kind_, model.n_channels_, model.classes_ = kind, n_channels, classes
    symbols = union_of(seen.symbols) if kind == "symbols" else None
    model.window_ = model._new_window(symbols).fit(seen.first[0])
    model.estimator_ = descend(
        clone(inner),
        classes,
        model.window_.n_features_out_,
        seen.weight,
        lambda lines: total(partial(_loss_and_gradient, model, lines)),
    )
    model.temperature_, model.dense_ = None, kind != "symbols"
    model.n_parameters_ = count_parameters(model.estimator_)


def fit_next_by_windows(model: NextStep, total: Totals) -> None:
    """Fit `NextStep` of a logistic window; as `fit_logistic_windows`, with a pass more for first steps.

    Raises
    ------
    ValueError
        As there, and for other models of steps.
    """
    tagger = clone(model.estimator)
    if not isinstance(tagger, WindowTagger):
        raise ValueError(
            f"over parts, NextStep takes WindowTagger with LogisticRegression, got {type(tagger).__name__}"
        )
    if tagger.after:
        raise ValueError("NextStep needs a window without steps after the one it is at: after=0")
    found: _Firsts = total(partial(_count_firsts, clone(model)))
    symbols = union_of(found.symbols)
    counts = np.zeros(len(symbols))
    for some, of_part in zip(found.symbols, found.counts, strict=True):
        counts[np.searchsorted(symbols, some)] += of_part
    fit_logistic_windows(tagger, lambda statistic: total(partial(_of_next_steps, clone(model), statistic)))
    model.kind_, model.n_channels_, model.symbols_ = tagger.kind_, tagger.n_channels_, symbols
    model.initial_proba_ = (counts + 1) / (counts.sum() + len(counts))
    model.n_transitions_, model.estimator_ = found.n_transitions, tagger


def _read(model: WindowTagger, part: SequenceDataset) -> tuple[Sequences, Ints, Labels, Floats]:
    """Return the input, the steps that count, and their labels and weights."""
    if part.y is None:
        raise ValueError("the parts have no targets: expected a label for every step")
    if is_indicator(part.y):
        raise ValueError("windows over parts take one label a step, got several")
    sequences = check_sequences(model, part.X, reset=True, **model.reading)
    counts = part.sample_weight is None or any(np.any(w) for w in part.sample_weight)
    weight = check_step_weights(part.sample_weight, sequences) if counts else np.zeros(sequences.n_steps)
    labels = check_step_labels(part.y, sequences)
    steps = np.flatnonzero(weight * scored_steps(labels, model.ignore_label))
    return sequences, steps, labels[steps], weight[steps]


def _look_at(model: WindowTagger, part: SequenceDataset) -> _Seen:
    sequences, _, labels, weight = _read(model, part)
    symbols = choose_alphabet(sequences.values, None) if sequences.kind == "symbols" else np.zeros(0)
    classes = find_symbols(labels) if len(labels) else labels
    return _Seen(float(weight.sum()), [classes], [symbols], [kind_of(sequences)], [sequences.take([0])])


def _loss_and_gradient(model: WindowTagger, lines: Floats, part: SequenceDataset) -> tuple[float, Floats]:
    """Return the summed loss of a part, and its gradient, shape of `lines`."""
    sequences, steps, labels, weight = _read(clone(model), part)
    codes = np.searchsorted(model.classes_, labels).astype(np.int32)
    return loss_and_gradient(lines, rows_of(model.window_.layout_, sequences, steps), codes, weight)


def _count_firsts(model: NextStep, part: SequenceDataset) -> _Firsts:
    sequences, weight = weighed_steps(model, model.reading, part)
    symbols, first = choose_alphabet(sequences.values, model.symbols), sequences.offsets[:-1]
    codes = encode(sequences.values[first], symbols)
    counts = np.bincount(codes, weight[first], minlength=len(symbols)).astype(np.float64)
    return _Firsts([symbols], [counts], float(weight.sum() - weight[first].sum()))


def _of_next_steps(
    model: NextStep, statistic: Callable[[SequenceDataset], Any], part: SequenceDataset
) -> Any:
    """Return a statistic of the steps as labels of those before them."""
    sequences, weight = weighed_steps(model, model.reading, part)
    # where no second step counts, the part only shows its symbols
    nothing = sequences, sequences, sequences.with_values(np.zeros(sequences.n_steps))
    X, y, w = shift(sequences, weight) if np.delete(weight, sequences.offsets[:-1]).any() else nothing
    return statistic(SequenceDataset(X, y, w, "step", part.name))
