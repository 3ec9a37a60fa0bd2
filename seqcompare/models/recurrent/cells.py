"""The recurrent cells by name: an open list."""

from __future__ import annotations

import copyreg
from collections.abc import Callable

from seqcompare.models.recurrent.cell import Cell
from seqcompare.models.recurrent.elman import ELMAN
from seqcompare.models.recurrent.gru import GRU
from seqcompare.models.recurrent.jordan import JORDAN
from seqcompare.models.recurrent.lru import LRU
from seqcompare.models.recurrent.lstm import LSTM
from seqcompare.models.recurrent.mingru import MINGRU
from seqcompare.registry import Registry

#: Every cell by its name.
CELLS: Registry[Cell] = Registry("cell", lambda: [ELMAN, JORDAN, MINGRU, LRU, GRU, LSTM], "seqcompare.cells")


def cell_named(name: str) -> Cell:
    """Return a cell by its name."""
    return CELLS[name]


def _by_name(cell: Cell) -> tuple[Callable[[str], Cell], tuple[str]]:
    return cell_named, (cell.name,)


# networks and their states may be pickled, though cells are made of functions that have no name
copyreg.pickle(Cell, _by_name)


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
