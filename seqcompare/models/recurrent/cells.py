"""The recurrent cells by name: an open list."""

from __future__ import annotations

import copyreg
from collections.abc import Callable
from typing import Any

from seqcompare.models.recurrent.cell import Cell
from seqcompare.models.recurrent.elman import ELMAN
from seqcompare.models.recurrent.gru import GRU
from seqcompare.models.recurrent.jordan import JORDAN
from seqcompare.models.recurrent.lru import LRU
from seqcompare.models.recurrent.lstm import LSTM
from seqcompare.models.recurrent.mingru import MINGRU
from seqcompare.registry import Registry

_SHIPPED = {cell.name: cell for cell in (ELMAN, JORDAN, MINGRU, LRU, GRU, LSTM)}
#: Every cell by its name.
CELLS: Registry[Cell] = Registry("cell", lambda: list(_SHIPPED.values()), "seqcompare.cells")


def cell_named(name: str) -> Cell:
    """Return one of the package's own cells."""
    return _SHIPPED[name]


def _taken_apart(cell: Cell) -> tuple[Callable[..., Cell], tuple[Any, ...]]:
    """Return what a pickle holds: a name of what some functions of these cells have none for.

    A cell of a user's is what it is made of: where it is read, its name may not be registered yet.
    """
    if _SHIPPED.get(cell.name) is cell:
        return cell_named, (cell.name,)
    return Cell, tuple(cell)


copyreg.pickle(Cell, _taken_apart)


def register_cell(cell: Cell, *, replace: bool = False) -> Cell:
    """Add a cell to those that ``cell=`` knows, and so a model to the recurrent family.

    Parameters
    ----------
    cell : Cell
        The cell, under its own name.
    replace : bool, default=False
        Whether to take the place of another one of this name.

    Returns
    -------
    Cell
        What was given.

    Raises
    ------
    ValueError
        If the name is taken.
    """
    return CELLS.register(cell, replace=replace)
