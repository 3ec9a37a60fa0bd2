"""The recurrent cells by name."""

from __future__ import annotations

from seqcompare.models.recurrent.cell import Cell
from seqcompare.models.recurrent.elman import ELMAN
from seqcompare.models.recurrent.gru import GRU
from seqcompare.models.recurrent.jordan import JORDAN
from seqcompare.models.recurrent.lstm import LSTM

CELLS: dict[str, Cell] = {"elman": ELMAN, "jordan": JORDAN, "gru": GRU, "lstm": LSTM}
