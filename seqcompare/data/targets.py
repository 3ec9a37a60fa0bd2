"""Checks of what comes beside the sequences: labels and weights, a step or a sequence each."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.input_checks import LARGEST, check_finite, locate_step
from seqcompare.data.sequences import Sequences
from seqcompare.data.steps import narrow
from seqcompare.typing import TargetsLike, Values, WeightsLike


def check_step_labels(y: TargetsLike, sequences: Sequences) -> Values:
    """Return one label a step, end to end, shape (n_steps,).

    Raises
    ------
    ValueError
        If `y` has not one label for each step of each sequence, or labels that are not finite.
    """
    if y is None:
        raise ValueError("this tagger requires y to be passed, but the target y is None")
    if _is_flat(y, of_strings=False):
        raise ValueError(f"y must have labels for every step, one array a sequence; got shape ({len(y)},)")
    labels = _align_steps(y, sequences, "y", "labels")
    if labels.dtype.kind == "f":
        check_finite(sequences.with_values(labels), name="y")
        if np.any(labels != np.floor(labels)):
            i, t = locate_step(sequences, int(np.flatnonzero(labels != np.floor(labels))[0]))
            raise ValueError(
                f"labels must be symbols, but y[{i}] is {labels[sequences.offsets[i] + t]} at step {t}"
            )
    return labels


def check_step_numbers(y: TargetsLike, sequences: Sequences) -> NDArray[np.float64]:
    """Return one number a step, end to end, shape (n_steps,), or several, shape (n_steps, m).

    Raises
    ------
    ValueError
        If `y` has not a number for each step of each sequence, or one that is not finite.
    """
    if y is None:
        raise ValueError("this regressor requires y to be passed, but the target y is None")
    given = Sequences(y, name="y", numbers=True)
    check_same_lengths(given, sequences, "y", "numbers")
    if given.kind != "real":
        raise ValueError(f"y must be numbers, got {given.values[0].item()!r} for the first step")
    check_finite(given, name="y")
    return given.values.astype(np.float64)


def check_same_lengths(given: Sequences, sequences: Sequences, name: str, noun: str) -> None:
    """Raise ValueError unless both have the same sequences of the same lengths."""
    if len(given) != len(sequences):
        raise ValueError(f"{name} has {len(given)} sequences but X has {len(sequences)}")
    wrong = np.flatnonzero(given.lengths != sequences.lengths)
    if wrong.size:
        i = wrong[0]
        raise ValueError(
            f"{name}[{i}] has {given.lengths[i]} {noun} but X[{i}] has {sequences.lengths[i]} steps"
        )


def check_step_weights(
    sample_weight: WeightsLike | None, sequences: Sequences, *, steps_as_array: bool = True
) -> NDArray[np.float64]:
    """Return one weight a step, end to end, shape (n_steps,).

    Parameters
    ----------
    sample_weight : None, array of shape (n,), or one array of weights a sequence
        None weighs everything 1; one number a sequence weighs all its steps.
    sequences : Sequences
        What is weighed.
    steps_as_array : bool, default=True
        Whether weights per step may also come as one array of shape (n, T). Estimators whose X is such
        an array say no, as scikit-learn's checks demand: there, a list or `Sequences` is unmistakable.

    Raises
    ------
    ValueError
        If the shape fits neither sequences nor steps, a weight is negative or not finite, or all are zero.
    """
    if sample_weight is None:
        return np.ones(sequences.n_steps)
    if _is_flat(sample_weight, of_strings=True):
        return np.repeat(check_sequence_weights(sample_weight, sequences), sequences.lengths)
    if not steps_as_array and getattr(sample_weight, "ndim", 1) > 1:
        raise ValueError(
            f"sample_weight has shape {np.asarray(sample_weight).shape}, expected ({len(sequences)},) to "
            "weigh sequences; weights of steps are passed as a list of 1-D arrays or as Sequences"
        )
    weights = _align_steps(sample_weight, sequences, "sample_weight", "weights", numbers=True)
    if weights.dtype.kind != "f":
        raise ValueError(f"sample_weight must be numbers, got {weights[0].item()!r} for the first step")
    return _check_weights(weights.astype(np.float64))


def weighs_steps(sample_weight: WeightsLike) -> bool:
    """Whether weights are given for single steps, not one a sequence."""
    return not _is_flat(sample_weight, of_strings=True)


def check_sequence_weights(sample_weight: WeightsLike | None, sequences: Sequences) -> NDArray[np.float64]:
    """Return one weight a sequence, shape (n,); None weighs every sequence 1.

    Raises
    ------
    ValueError
        If there is not one weight a sequence, a weight is negative or not finite, or all are zero.
    """
    if sample_weight is None:
        return np.ones(len(sequences))
    try:
        weights = np.array(sample_weight, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"sample_weight must be numbers, one a sequence: {error}") from error
    if weights.shape != (len(sequences),):
        raise ValueError(
            f"sample_weight has shape {weights.shape}, expected ({len(sequences)},): one a sequence"
        )
    return _check_weights(weights)


def refuse_step_labels(y: object, instead: str, *, indicators: bool = False) -> None:
    """Refuse labels of steps where one of each sequence is due.

    Parameters
    ----------
    y : object
        What was given; what is no list of lists is left to other checks.
    instead : str
        What takes labels of steps.
    indicators : bool, default=False
        Whether lists of one length may be rows of an indicator matrix.

    Raises
    ------
    ValueError
        If `y` holds a list of labels for each sequence.
    """
    if not isinstance(y, list | tuple | Sequences):
        return
    lengths = {np.shape(labels)[:1] for labels in y if not isinstance(labels, str)}
    if () not in lengths and (len(lengths) > 1 or (not indicators and lengths - {(1,)})):
        raise ValueError(
            f"y[0] holds {len(y[0])} labels, one a step, and this takes one a sequence: for labels of steps "
            f"there is {instead}"
        )


def check_sequence_labels(y: TargetsLike, sequences: Sequences) -> Values:
    """Return one label or number a sequence, shape (n,).

    Raises
    ------
    ValueError
        If `y` is None, has not one entry a sequence, or an entry that is not finite.
    """
    # takes most of a second to import, and who reads a file says before that what it holds
    from sklearn.utils import assert_all_finite
    from sklearn.utils.validation import column_or_1d

    if y is None:
        raise ValueError("this estimator requires y to be passed, but the target y is None")
    targets = column_or_1d(y, warn=True)
    assert_all_finite(targets, input_name="y")
    real = targets.dtype.kind == "f"
    large = np.flatnonzero(np.abs(targets) > LARGEST) if real else np.empty(0, dtype=np.int64)
    if large.size:
        raise ValueError(
            f"y[{large[0]}] is {targets[large[0]]:g}: too large to compute with, expected at most {LARGEST:g}"
        )
    targets = narrow(targets, "y")
    if len(targets) != len(sequences):
        raise ValueError(f"y has {len(targets)} entries but X has {len(sequences)} sequences")
    return targets


def scored_steps(labels: Values, ignore_label: object) -> NDArray[np.bool_]:
    """Return which steps count, shape (n_steps,): those not labelled `ignore_label`."""
    if ignore_label is None:
        return np.ones(len(labels), dtype=bool)
    return np.asarray(labels != ignore_label)


def _is_flat(values: Any, *, of_strings: bool) -> bool:
    """Whether `values` holds single values, in place of a sequence of them for each sequence."""
    if not hasattr(values, "__iter__"):
        values = np.asarray(values)
    if isinstance(values, Sequences) or getattr(values, "ndim", 1) != 1:
        return False
    if isinstance(values, np.ndarray) and values.dtype.kind != "O":
        return True
    first = next(iter(values), None)
    return np.isscalar(first) and (of_strings or not isinstance(first, str))


def _align_steps(values: Any, sequences: Sequences, name: str, noun: str, *, numbers: bool = False) -> Values:
    given = Sequences(values, name=name, numbers=numbers)
    check_same_lengths(given, sequences, name, noun)
    if given.n_channels != 1:
        raise ValueError(f"{name} must have one of its {noun} a step, got {given.n_channels}")
    if given.kind == "symbols" and given.has_missing:
        i, t = locate_step(sequences, int(np.argmax(given.missing[:, 0])))
        raise ValueError(f"{name}[{i}] has none of its {noun} at step {t}")
    return given.channels[:, 0]


def _check_weights(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    if not np.isfinite(weights).all() or (weights < 0).any():
        raise ValueError("sample_weight must be finite and not negative")
    with np.errstate(over="ignore"):
        if weights.sum() > LARGEST:
            raise ValueError(f"sample_weight sums up to more than {LARGEST:g}, which cannot be counted with")
    if not weights.any():
        raise ValueError("sample_weight is zero everywhere: nothing is left to train on")
    return weights
