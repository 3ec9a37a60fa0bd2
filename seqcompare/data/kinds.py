"""Symbols or measurements, and numbers that are not there."""

from __future__ import annotations

from collections.abc import Callable
from shlex import quote

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.input_checks import LARGEST
from seqcompare.data.options import Kind, Missing
from seqcompare.data.schema import ChannelKind
from seqcompare.data.sequences import Sequences
from seqcompare.data.source import DataError
from seqcompare.quantities import several

FailAt = Callable[[str, int | None, int], DataError]
"""Makes the error for a problem at a step and channel, counted from 0 over all sequences."""

# what else whole numbers may be, by what they were taken for
_OTHERWISE = {
    "symbols": "the kind 'real' reads them as measurements, 'count' as counts",
    "count": "the kind 'symbols' reads them as symbols, 'real' as measurements",
    "real": "the kind 'symbols' reads them as symbols",
}
_ANOTHER: dict[str, Kind] = {"symbols": "count", "count": "real", "real": "symbols"}

# every symbol takes the memory of the longest
LONGEST_SYMBOL = 1000


def otherwise(kind: ChannelKind, column: str | None = None) -> str:
    """Say how whole numbers taken for a kind are read as another; of a column, where there are several."""
    alone = "" if column is None else f" (this one alone: --kind {quote(f'{column}={_ANOTHER[kind]}')})"
    return f"{_OTHERWISE[kind]}{alone}"


def too_long(word: str) -> str:
    """Say that a word is no symbol."""
    return f"a symbol of {len(word)} characters: expected at most {LONGEST_SYMBOL}, got {word[:20]!r}..."


def as_kind(X: Sequences, kind: Kind | None, fail: FailAt) -> Sequences:
    """Read whole numbers as measurements or counts, or measurements that are whole numbers as symbols.

    Raises
    ------
    DataError
        If words are to be numbers, numbers with fractions symbols or counts, or negative ones counts.
    """
    if kind is None or kind == X.kind:
        return X
    if kind in ("real", "count"):
        if X.values.dtype.kind == "U":
            raise fail(f"expected numbers, got {X.values[0]!s:.40}", 0, 0).trying({"kind": None})
        numbers = X.with_values(X.values.astype(np.float64))
        if kind == "real":
            return numbers
        wrong = np.argwhere((numbers.channels < 0) | (numbers.channels != np.floor(numbers.channels)))
        if len(wrong):
            step, place = map(int, wrong[0])
            came = numbers.channels[step, place]
            wrong_count = fail(f"expected counts, which are whole numbers from 0, got {came:g}", step, place)
            raise wrong_count.trying({"kind": "real"})
        schema = [(channel.name, kind) for channel in numbers.schema]
        return Sequences(numbers, schema=schema)
    if X.n_channels > 1:
        raise fail(f"a symbol is one value, but a step has {X.n_channels}", None, 0)
    values = X.channels[:, 0]
    broken = np.flatnonzero(~are_whole(values))
    if broken.size:
        raise fail(f"expected symbols, got {values[broken[0]]:g}", int(broken[0]), 0).trying({"kind": "real"})
    return X.with_values(values.astype(np.int64))


def are_whole(values: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Return which numbers can become 64-bit integers without a change."""
    return np.asarray((values == np.floor(values)) & (np.abs(values) < 2.0**63))


def check_finite(X: Sequences, missing: Missing | None, notes: list[str], fail: FailAt) -> None:
    """Refuse infinite numbers always, missing ones if so asked, and missing symbols unless these are kept.

    Raises
    ------
    DataError
        For the first bad value; the message says where it is.
    """
    for i, channel in enumerate(X.schema):
        column = X.channel(i)
        gone = np.flatnonzero(column.missing[:, 0])
        of = "" if X.n_channels == 1 else f" of {channel.name!r}"
        if column.kind == "symbols":
            if gone.size and missing != "keep":
                raise fail("there is no value; 'keep' for missing ones lets it pass", int(gone[0]), i).trying(
                    {"missing": "keep"}
                )
            if gone.size:
                notes.append(f"{several(len(gone), 'symbol')}{of} missing")
            continue
        infinite = np.flatnonzero(np.isinf(column.values))
        if infinite.size:
            step = int(infinite[0])
            found = fail(f"expected a finite number, got {column.values[step]}", step, i)
            raise found.trying({"marks": ["inf", "-inf"]}, {"marks": ["Inf", "-Inf"]})
        large = np.flatnonzero(np.abs(column.values) > np.float64(LARGEST))
        if large.size:
            step = int(large[0])
            raise fail(f"expected a number of at most {LARGEST:g}, got {column.values[step]:g}", step, i)
        if gone.size and missing == "error":
            none = fail("there is no number (NaN); 'keep' for missing ones lets it pass", int(gone[0]), i)
            raise none.trying({"missing": "keep"})
        if gone.size:
            notes.append(f"{several(len(gone), 'number')}{of} missing (NaN)")


def are_many(known: NDArray[np.number]) -> bool:
    """Whether whole numbers, none missing, are so many different ones that they hardly repeat."""
    n_different = len(np.unique(known))
    return n_different > 9 and len(known) < 3 * n_different


#: Numbers of questionnaires for "no answer", apart from the answers; below 0 they may be any small one.
_NO_ANSWER = (7, 8, 9, 66, 77, 88, *range(95, 100), 666, 777, 888, *range(995, 1000))


def no_answers(values: NDArray[np.float64]) -> list[int]:
    """Return the numbers that stand apart from all others as marks of missing answers do: 99 beside 1 to 5.

    Parameters
    ----------
    values : ndarray of shape (n_steps,)
        Whole numbers; NaN where one is missing.
    """
    distinct = np.unique(values[~np.isnan(values)])
    below = distinct[distinct < 0]
    marks = below if len(below) < 4 and np.isin(-below, (*range(1, 10), *_NO_ANSWER)).all() else below[:0]
    rest = distinct[len(marks) :]
    for first in np.flatnonzero(np.isin(rest, _NO_ANSWER)):
        known, high = rest[:first], rest[first:]
        if len(known) < 3 or not np.isin(high, _NO_ANSWER).all():
            continue
        gap = high[0] - known[-1]
        if gap > 2 * np.diff(known).max() and gap > 0.4 * np.ptp(known):
            rest, marks = known, np.append(marks, high)
            break
    # numbers far from each other are no scale of answers, and say nothing of what is far from them
    return marks.astype(int).tolist() if len(rest) > 2 and np.ptp(rest) < 4 * len(rest) else []


def judge_whole(values: NDArray[np.float64], starts: NDArray[np.bool_]) -> tuple[str, str]:
    """Return whether whole numbers in a file are "symbols", "count" or "real", and why.

    Parameters
    ----------
    values : ndarray of shape (n_steps,)
        Whole numbers in the order of steps; NaN where one is missing.
    starts : ndarray of bool, shape (n_steps,)
        Where sequences start.
    """
    known = values[~np.isnan(values)]
    distinct = np.unique(known)
    numbers = "count" if len(known) and known.min() >= 0 else "real"
    if len(distinct) <= 2:
        return "symbols", f"{len(distinct)} different ones"
    repeats = len(known) / len(distinct)
    if are_many(known):
        return numbers, f"{len(distinct)} different ones, which hardly repeat"
    span = distinct[-1] - distinct[0] + 1
    dense = len(distinct) / span
    steps = np.abs(np.diff(values))[~starts[1:]]
    steps = steps[~np.isnan(steps)]
    # neighbours of a measurement are nearer to each other than any two of its values
    apart = float(np.abs(known - np.roll(known, len(known) // 2 or 1)).mean())
    smooth = len(steps) > 9 and float(steps.mean()) < 0.4 * apart and dense > 0.2
    gaps = np.diff(distinct)
    if len(distinct) > 20 and np.ptp(np.quantile(gaps, [0.1, 0.75])) <= 2:
        # a sensor of few bits leaves the same gap everywhere
        dense = max(dense, len(distinct) * float(np.median(gaps)) / span)
    if _is_counted(known, dense):
        return "count", f"{len(distinct)} different ones, the rarer the larger"
    # hardly any code is below zero
    signed = float(np.mean(known < 0)) > 0.05
    if len(distinct) > 20 and (smooth or dense > 0.5 or repeats < 5 or signed):
        return numbers, f"{len(distinct)} different ones" + (
            " that change little by little" if smooth else ""
        )
    if len(distinct) > 6 and smooth and dense > 0.5 and np.mean(steps <= 1) < 0.95:
        return numbers, f"{len(distinct)} different ones that change little by little"
    return "symbols", f"{len(distinct)} different ones, which repeat"


def _is_counted(known: NDArray[np.float64], dense: float) -> bool:
    """Whether whole numbers are spread as counts are: from 0 or 1 on, the most often one of the first."""
    if not len(known) or not 0 <= known.min() <= 1 or known.max() > 1000:
        return False
    # the largest counts are far apart
    usual = np.unique(known[known <= np.quantile(known, 0.8)])
    if max(dense, len(usual) / (usual[-1] - usual[0] + 1)) < 0.8:
        return False
    often = np.bincount(known.astype(np.int64))[int(known.min()) :]
    top = int(np.argmax(often))
    # symbols are as often as they like; these fall, but for chance, from the commonest on
    rises = np.diff(often[top:]) > 2.5 * np.sqrt(often[top:-1] + 1)
    rare = often[-len(often) // 3 :].max() < often[top] / 4
    return len(often) > 7 and top < len(often) / 2 and not rises.any() and bool(rare)
