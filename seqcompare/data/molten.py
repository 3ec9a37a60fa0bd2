"""Molten tables: a row for each channel of a step, its name in one column and its value in another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from seqcompare.data.look import Look
from seqcompare.data.source import DataError
from seqcompare.data.table import Table
from seqcompare.data.usual import USUAL, normal

# what programs call the two columns
_CHANNELS = (
    "variable variable_name var key measure measurement parameter param metric indicator signal "
    "indicator_code channel channel_name sensor sensor_name feature attribute analyte test_name lab_name "
    "itemid item_name"
)
_NUMBERS = "value values val result reading valuenum measurement_value obs_value amount"
_NAMES, _VALUES = frozenset(_CHANNELS.split()), frozenset(_NUMBERS.split())
_MOST = 100


def is_molten(looks: Mapping[str, Look]) -> bool:
    """Whether two columns have the usual names of channels and their values."""
    names = {normal(name) for name in looks}
    return bool(names & _NAMES) and bool(names & _VALUES)


def refuse_molten(table: Table, looks: Mapping[str, Look], used: Sequence[str | None], step: object) -> None:
    """Refuse a table that has a row for each channel of a step.

    Parameters
    ----------
    table : Table
        The table.
    looks : mapping of str to Look
        Its columns, looked at.
    used : sequence of str or None
        The columns of the sequence and the order; others say which channel a row is of.
    step : ndarray of int, shape (n_rows,), or None
        The step of each row, as sequence and order have it.

    Raises
    ------
    DataError
        If each step has each word of a column once; or most of them, and nothing else but numbers is left
        or the columns have the usual names.
    """
    keys = [name for name in used if name]
    for name, look in looks.items():
        told = normal(name) in _NAMES and any(normal(other) in _VALUES for other in looks)
        if name in keys or not 2 <= look.distinct <= _MOST or look.kind not in ("words", "whole"):
            continue
        steps = _steps(table, looks, name, told, step)
        if steps is None or (look.codes < 0).any():
            continue
        n_rows, n_steps = len(steps), len(np.unique(steps))
        if pd.Series(steps * (look.distinct + 1) + look.codes).duplicated().any() or n_steps == n_rows:
            continue
        whole = n_steps * look.distinct == n_rows
        rest = [other for other in looks if other not in (*keys, name)]
        numbers = len(rest) == 1 and looks[rest[0]].kind == "fraction"
        most = n_rows > 0.5 * n_steps * look.distinct and n_rows >= 1.5 * n_steps
        if (whole and step is not None) or (most and (told or (numbers and look.kind == "words"))):
            problem = _molten(table, name, look.distinct, keys, whole)
            # of several numbers beside it, it may as well name the sequences of a panel
            several = len(rest) > 1 and not told and used[0] is None
            raise problem.trying({"sequence": name}) if several else problem


def _steps(table: Table, looks: Mapping[str, Look], name: str, told: bool, step: object) -> np.ndarray | None:
    """Return the step of each row; where no order was found, by a column with the usual name of one."""
    if step is not None or not told:
        return None if step is None else np.asarray(step)
    orders = [other for other in looks if normal(other) in USUAL["order"] and other != name]
    if not orders:
        return None
    names = [other for other in looks if normal(other) in USUAL["sequence"]][:1] + orders[:1]
    return np.asarray(table.frame.groupby(names, dropna=False, sort=False).ngroup())


def _molten(table: Table, column: str, n_words: int, keys: list[str], whole: bool) -> DataError:
    each = f"each of the {n_words} values" if whole else f"most of the {n_words} values"
    return table.error(
        f"each step has {each} of this column once: the table has a row for "
        f"each channel; pivot it to one a step (pandas: df.pivot(index={keys}, columns={column!r}))",
        column=column,
    )
