"""Columns that keep the books of a table, and are nothing that steps hold."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seqcompare.data.look import Look, even, starts_of
from seqcompare.data.midnight import days_passed
from seqcompare.data.table import UNNAMED
from seqcompare.data.usual import normal

# of programs that tell who has written a row
_KEPT_BY = re.compile(
    r"(?:creat|updat|modif|chang|enter|insert|edit|sign)(?:e?d|ied)?[_ ]?by(?:[_ ]\w+)?", re.IGNORECASE
)


def bookkeeping(
    look: Look, looks: Mapping[str, Look], sequence: str | None, order_column: str | None
) -> str | None:
    """Return why a column only keeps the books, and is nothing that steps hold; None if it may be."""
    n_rows = len(look.codes)
    if look.distinct == 0:
        return "it is empty"
    if look.kind == "moments" and not _lasts(look, looks, sequence):
        return "it holds dates or times"
    if look.kind == "moments":
        return None
    if n_rows < 3 or look.kind == "other":
        return None
    if look.name.startswith(UNNAMED) and look.kind != "fraction" and look.every_row_its_own:
        numbered = look.kind == "whole" and look.rises(np.zeros(n_rows, dtype=bool), strictly=True)
        return "it numbers the rows" if numbered else "it names every row"
    if _KEPT_BY.fullmatch(look.name.strip()) and look.kind == "words":
        return "by its name it tells who kept the books"
    if look.kind == "words":
        if look.every_row_its_own and n_rows > 9:
            return "it names every row"
        if look.distinct == 1 and len(looks) > 2:
            return "all its cells are the same"
        return "it names the steps, in every sequence alike" if _names_steps(look, looks, sequence) else None
    nowhere = np.zeros(n_rows, dtype=bool)
    numbers = look.numbers
    assert numbers is not None
    if look.distinct == 1 and len(looks) > 2 and not (look.codes < 0).any():
        return "all its cells are the same"
    several = sequence is not None and looks[sequence].distinct > 1
    if look.kind == "fraction" and not look.is_clock:
        if several and n_rows > 9 and look.rises(nowhere, strictly=True):
            return "it is a clock that runs through the file: it goes up from row to row, in all sequences"
        return _copy_of_order(look, looks, sequence, order_column)
    if look.rises(nowhere, strictly=True) or _falls(numbers):
        if look.is_clock:
            return "it is a clock that runs through the file"
        if even(numbers, 0.99):
            return "it numbers the rows"
        if several or order_column:
            return "it goes one way through the whole file, as serial numbers do"
    elif look.distinct > 2 and several and look.rises(nowhere, strictly=False) and even(numbers, 0.5):
        return "it never goes back in the whole file, as a count of blocks or a calendar does"
    elif normal(look.name) in ("year", "month", "day", "hour", "week") and look.rises(
        nowhere, strictly=False
    ):
        return "it is part of a calendar that runs through the file"
    reason = _copy_of_order(look, looks, sequence, order_column)
    if reason is None and _counts_alike(look, looks, sequence):
        reason = "it counts, in every sequence alike"
    if reason is None and look.is_clock and sequence is not None and _goes_one_way(look, looks[sequence]):
        reason = "it is a clock, which goes one way in each sequence"
    return reason


def _goes_one_way(look: Look, sequence: Look) -> bool:
    """Whether numbers go one way in each sequence, and change in nearly all of them."""
    rank = np.argsort(sequence.codes, kind="stable")
    numbers, within = np.asarray(look.numbers)[rank], ~starts_of(sequence.codes[rank])[1:]
    steps = np.diff(numbers)[within]
    return bool(steps.any()) and any(bool((way * steps >= 0).all()) for way in (1, -1))


def _lasts(look: Look, looks: Mapping[str, Look], sequence: str | None) -> bool:
    """Whether times go up and down as what lasts for a while does, and say nothing of when."""
    if not look.is_time_of_day or look.numbers is None or look.distinct < 3:
        return False
    codes = looks[sequence].codes if sequence else np.zeros(len(look.codes), dtype=np.int64)
    return days_passed(look.numbers, codes) is None


def _falls(numbers: NDArray[np.float64]) -> bool:
    return bool(np.isfinite(numbers).all() and (np.diff(numbers) < 0).all())


def _copy_of_order(
    look: Look, looks: Mapping[str, Look], sequence: str | None, order_column: str | None
) -> str | None:
    """Return the reason if a column is the order once more, in other units."""
    codes = looks[sequence].codes if sequence else np.zeros(len(look.codes), dtype=np.int64)
    rank = np.argsort(codes, kind="stable")
    starts = starts_of(codes[rank])
    numbers = look.numbers
    assert numbers is not None
    own = np.diff(numbers[rank])[~starts[1:]]
    if len(own) < 4 or not np.isfinite(own).all() or own[0] == 0:
        return None
    # rounding leaves some of it
    tolerance = 1e-4 * np.abs(own).max()
    order = looks[order_column].numbers if order_column else None
    if order is not None:
        other = np.diff(order[rank])[~starts[1:]]
        if np.isfinite(other).all() and other[0] != 0:
            scaled = other * (own[0] / other[0])
            if np.allclose(own, scaled, rtol=0, atol=tolerance) and len(np.unique(own > 0)) <= 2:
                return f"it says the same as column {order_column!r}"
    if np.allclose(own, own[0], rtol=0, atol=tolerance) and bool(order_column or len(own) > 9):
        return "it counts the steps"
    return None


def _names_steps(look: Look, looks: Mapping[str, Look], sequence: str | None) -> bool:
    """Whether the first steps of all sequences have the same word, the second another, and so on."""
    if sequence is None or look.distinct < 3 or (look.codes < 0).any():
        return False
    places = pd.Series(looks[sequence].codes).groupby(looks[sequence].codes).cumcount().to_numpy()
    n_sequences = int((places == 0).sum())
    return n_sequences > 2 and bool((look.codes == places).all()) and look.distinct <= len(places) / 3


def _counts_alike(look: Look, looks: Mapping[str, Look], sequence: str | None) -> bool:
    """Whether whole numbers count up, or from the first on again, by places that all sequences have alike."""
    if sequence is None or look.kind != "whole" or look.distinct < 3 or (look.codes < 0).any():
        return False
    codes, numbers = looks[sequence].codes, look.numbers
    assert numbers is not None
    rank = np.argsort(codes, kind="stable")
    steps, within = np.diff(numbers[rank]), ~starts_of(codes[rank])[1:]
    if not np.isin(steps[within], (0, 1)).all():
        again = numbers[rank][1:][within] == numbers.min()
        if not (np.isin(steps[within], (0, 1)) | again).all():
            return False
    places = pd.Series(codes).groupby(codes).cumcount()
    of_place = pd.Series(numbers).groupby(places).agg(["nunique", "size"])
    n_sequences = int(of_place["size"].iloc[0])
    return (
        n_sequences > 2
        and bool((of_place["nunique"] == 1).all())
        and bool((of_place["size"] > 1).mean() > 0.9)
    )


def changes(look: Look, looks: Mapping[str, Look], sequence: str | None) -> bool:
    """Whether a column changes within a sequence; one that is written on few rows, from one to another."""
    if not sequence:
        return look.distinct > 1
    written = look.codes >= 0
    rows = written if written.sum() <= 0.5 * len(written) else np.ones(len(written), dtype=bool)
    codes, own = looks[sequence].codes[rows], look.codes[rows]
    first = np.full(looks[sequence].distinct + 2, -2)
    first[codes[::-1]] = own[::-1]
    return bool((own != first[codes]).any())
