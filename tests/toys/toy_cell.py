"""A cell of one's own: a simple recurrent network under another name, whose theory nobody knows."""

from seqcompare.models.recurrent.cells import register_cell
from seqcompare.models.recurrent.elman import ELMAN

TOY_CELL = ELMAN._replace(name="toycell", title="Toy cell", storage=None, learning_rate=1e-2)

register_cell(TOY_CELL)
