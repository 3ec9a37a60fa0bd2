"""What the cells of a column of text are: whole numbers, numbers with fractions, or words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seqcompare.data.clothes import Clothes, SeveralUnits, undress
from seqcompare.data.source import missing_marks

# what programs and people write for "no number"; in a column of words only the empty cell is missing
_NAMES = (
    "na n/a #n/a #na n.a. n.a n.d. nd <na> (na) nan -nan #nan 1.#qnan -1.#ind 1.#ind null (null) #null! "
    "nul nil none \\n nat missing (missing) unknown undefined void tbd #div/0! #value! #ref! #name? #num! "
    "#error!"
)
_NO_NUMBER = frozenset(_NAMES.split()) | {"", "not available", "no data", "not applicable", "not recorded"}
# nothing but signs is no number, whichever they are
_SIGNS_ALONE = re.compile(r"[-–—−_.?*~#/:+ ]+")
# what stands for "no number" where it lies far from all others: all nines, and the ends of types of numbers
_NINES = re.compile(r"-9|-?9{2,}(?:\.9+)?")
_ENDS = frozenset(
    [
        -32768.0,
        32767.0,
        65535.0,
        -2147483648.0,
        2147483647.0,
        4294967295.0,
        1e20,
        1e30,
        -1e30,
        1e34,
        -1e34,
        1e31,
    ]
) | {-1e31, 1e35, 1e36, 1e37, 9.96921e36, 9.969209968386869e36, -9e33}
_FEW = 1000
_NUMBER = re.compile(
    r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?|[+-]?inf(?:inity)?", re.IGNORECASE
)
_WHOLE = re.compile(r"[+-]?[0-9]+")
_LEADING_ZERO = re.compile(r"[+-]?0[0-9]+")
_FRACTION = re.compile(r"[+-]?[0-9]*\.[0-9]+")
_COMMA_OR_NONE = re.compile(r"[+-]?(?:[0-9]+(?:,[0-9]+)?|,[0-9]+)")
_THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")
_MARKED = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)*")


@dataclass(frozen=True)
class Spelling:
    """How a column is written, where that leaves a choice of how to read it.

    Parameters
    ----------
    mixed : (int, int) or None
        A row with a number and one with a word, if there are both.
    twins : (str, str) or None
        Two spellings of one number that look like two codes: ``7`` and ``007``, ``1.1`` and ``1.10``.
    decimal_comma : bool
        Whether the numbers are written ``0,94``.
    unclear : int or None
        A row whose cell may be a number with separators or a word, as ``2,896``, if all cells may be.
    not_available : str or None
        A cell such as ``NA`` among words.
    clothes : Clothes or None
        What the numbers wear: a unit, a currency, separators of thousands.
    marks : tuple of str
        What stands for a number that is not there, other than the empty cell.
    blanks : bool
        Whether cells hold nothing but white space, which is a symbol if symbols are asked for.
    units : tuple of str
        Several units that the numbers have.
    """

    mixed: tuple[int, int] | None = None
    twins: tuple[str, str] | None = None
    decimal_comma: bool = False
    unclear: int | None = None
    not_available: str | None = None
    clothes: Clothes | None = None
    marks: tuple[str, ...] = ()
    blanks: bool = False
    units: tuple[str, ...] = ()


def type_cells(cells: Sequence[str], delimiter: str, column: str | None = None) -> tuple[pd.Series, Spelling]:
    """Return stripped cells as whole numbers, floats or words, and what about them is open to doubt.

    Parameters
    ----------
    cells : sequence of str
        What is written; an empty cell is missing.
    delimiter : str
        What separates the file's cells: between commas, a comma is no decimal one.
    column : str, optional
        The column's name, where it has marks of missing values of its own.
    """
    # each spelling is looked at once, however many rows have it
    codes, found = pd.factorize(np.array(cells, dtype=object))
    spellings = [str(cell) for cell in found]
    told = missing_marks(column)
    usual = "" not in told
    missing = np.array(
        [cell == "" or cell in told or (usual and stands_for_nothing(cell)) for cell in spellings]
    )
    numbers = _parse(spellings, missing)
    is_word = np.isnan(numbers) & ~missing
    if is_word.any() and delimiter != "," and _has_decimal_commas(spellings, missing):
        numbers = _parse([cell.replace(",", ".") for cell in spellings], missing)
        return pd.Series(numbers[codes]), Spelling(decimal_comma=True)
    if is_word.any() and not missing.all():
        dressed = undress(
            [cell for cell, gone in zip(spellings, missing, strict=True) if not gone],
            decimal_commas=delimiter != ",",
        )
        if isinstance(dressed, SeveralUnits):
            return as_words(cells), Spelling(units=dressed.units)
        if dressed is not None:
            bare, clothes = dressed
            found_numbers = np.full(len(spellings), np.nan)
            found_numbers[~missing] = np.array(bare, dtype=np.float64)
            marks = _marks(spellings, missing)
            return pd.Series(found_numbers[codes]), Spelling(clothes=clothes, marks=marks)
    if is_word.any() or missing.all():
        spelling = Spelling(
            mixed=_number_and_word(codes, ~is_word & ~missing, is_word),
            unclear=_first_with_comma(codes, spellings, missing),
            not_available=next((c for c, gone in zip(spellings, missing, strict=True) if gone and c), None),
        )
        return as_words(["" if cell in told else cell for cell in cells] if told else cells), spelling
    if all(gone or _WHOLE.fullmatch(cell) for cell, gone in zip(spellings, missing, strict=True)):
        try:
            whole = np.array([0 if m else int(c) for c, m in zip(spellings, missing, strict=True)], np.int64)
        except (OverflowError, ValueError):
            # too large for a number: a name made of digits
            return as_words(cells), Spelling()
        far = _sentinels(whole.astype(np.float64), missing) if usual else np.zeros_like(missing)
        marks = _marks(spellings, missing | far)
        gone = missing | far
        integers = pd.arrays.IntegerArray(whole[codes], gone[codes])
        return pd.Series(integers), Spelling(twins=_twins(spellings, whole, gone), marks=marks)
    far = _sentinels(numbers, missing) if usual else np.zeros_like(missing)
    numbers = np.where(far, np.nan, numbers)
    gone = missing | far
    return pd.Series(numbers[codes]), Spelling(
        twins=_twins(spellings, numbers, gone), marks=_marks(spellings, gone)
    )


def _marks(spellings: list[str], missing: NDArray[np.bool_]) -> tuple[str, ...]:
    return tuple(cell for cell, gone in zip(spellings, missing, strict=True) if gone and cell)


def stands_for_nothing(cell: str) -> bool:
    """Whether a cell among numbers or dates stands for "there is none"."""
    return cell.lower() in _NO_NUMBER or _SIGNS_ALONE.fullmatch(cell) is not None


def _sentinels(numbers: NDArray[np.float64], missing: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which distinct numbers are marks such as -999: they stand far apart from all others."""
    far = np.zeros(len(numbers), dtype=bool)
    # only what is smallest or largest can stand apart; a mark may hide another
    for _ in range(3):
        left = np.flatnonzero(~missing & ~far)
        if len(left) < 4:
            break
        place = left[np.argsort(numbers[left], kind="stable")]
        ends = [
            i
            for i, rest in ((place[0], place[1:]), (place[-1], place[:-1]))
            if _is_mark(numbers[i], numbers[rest])
        ]
        if not ends:
            break
        far[ends] = True
    return far


def _is_mark(number: float, rest: NDArray[np.float64]) -> bool:
    """Whether a number is one that stands for none, and far from the others, shape (n,), in order."""
    low, high = float(rest[0]), float(rest[-1])
    known = _NINES.fullmatch(f"{number:.10g}") is not None or number in _ENDS
    if number < 0 <= low:
        # the one negative number among many that are not is no measurement
        small = -number < 100
        return (known and (not small or high < -9 * number)) or (number % 100 == 0 and len(rest) >= 20)
    if not known or -99 < number < 100:
        return False
    gap = low - number if number < low else number - high
    # codes of such a size, or measurements that reach there, are no reason to doubt the number
    return gap > 3 * max(high - low, abs(low), abs(high), 1.0) or (number < 0 and gap > 1.5 * (high - low))


def as_words(cells: Sequence[str]) -> pd.Series:
    """Return cells as they are written, None where one is empty."""
    return pd.Series([cell or None for cell in cells], dtype=object)


def _parse(spellings: list[str], missing: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the numbers, NaN where there is none."""
    if len(spellings) > _FEW:
        text = pd.Series(spellings, dtype=object).where(~missing)
        return np.asarray(pd.to_numeric(text, errors="coerce"), dtype=np.float64)
    # for few, setting up a Series costs more than all else
    found = np.full(len(spellings), np.nan)
    for i, (cell, gone) in enumerate(zip(spellings, missing, strict=True)):
        if not gone and _NUMBER.fullmatch(cell):
            found[i] = float(cell)
    return found


def _has_decimal_commas(spellings: list[str], missing: NDArray[np.bool_]) -> bool:
    written = [cell for cell, gone in zip(spellings, missing, strict=True) if not gone]
    commas = [cell for cell in written if "," in cell]
    return (
        bool(commas)
        and all(_COMMA_OR_NONE.fullmatch(cell) for cell in written)
        and not all(_THOUSANDS.fullmatch(cell) for cell in commas)
    )


def _number_and_word(
    codes: NDArray[np.int64], is_number: NDArray[np.bool_], is_word: NDArray[np.bool_]
) -> tuple[int, int] | None:
    if not is_number.any():
        return None
    return int(is_number[codes].argmax()), int(is_word[codes].argmax())


def _first_with_comma(
    codes: NDArray[np.int64], spellings: list[str], missing: NDArray[np.bool_]
) -> int | None:
    """Return the first row with a comma if all cells are made of digits, points and commas."""
    commas = np.array(["," in cell for cell in spellings])
    if not commas.any() or not all(
        m or _MARKED.fullmatch(c) for c, m in zip(spellings, missing, strict=True)
    ):
        return None
    return int(commas[codes].argmax())


def _twins(
    spellings: list[str], numbers: NDArray[np.int64] | NDArray[np.float64], missing: NDArray[np.bool_]
) -> tuple[str, str] | None:
    """Return two spellings that a program would not write for one number."""
    if len(np.unique(numbers[~missing])) == int((~missing).sum()):
        return None
    known: dict[float, str] = {}
    whole = numbers.dtype.kind == "i"
    for cell, number, gone in zip(spellings, numbers.tolist(), missing, strict=True):
        if gone:
            continue
        other = known.setdefault(number, cell)
        if other == cell:
            continue
        if whole and (_LEADING_ZERO.fullmatch(cell) or _LEADING_ZERO.fullmatch(other)):
            return other, cell
        # 1.0 and 1.00 are the same measurement; further digits that a float cannot hold are no code
        fractions = _FRACTION.fullmatch(cell) and _FRACTION.fullmatch(other) and number % 1
        if not whole and fractions and cell.rstrip("0") == other.rstrip("0"):
            return other, cell
    return None
