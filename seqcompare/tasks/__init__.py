"""Synthetic tasks whose dependency distance and optimum are known."""

from seqcompare.tasks.adding import Adding
from seqcompare.tasks.base import SymbolTask, Task
from seqcompare.tasks.brackets import Brackets
from seqcompare.tasks.copying import Copy
from seqcompare.tasks.echo import DelayedXor, Echo
from seqcompare.tasks.hidden_regimes import HiddenRegimes
from seqcompare.tasks.lag_chain import LagChain
from seqcompare.tasks.recall import Recall
from seqcompare.tasks.temporal_order import TemporalOrder

TASKS: dict[str, type[Task]] = {
    task.__name__: task
    for task in (
        Recall,
        Echo,
        DelayedXor,
        Copy,
        LagChain,
        HiddenRegimes,
        Brackets,
        TemporalOrder,
        Adding,
    )
}
"""Every task by its name."""

__all__ = ["TASKS", "SymbolTask", "Task", *sorted(TASKS)]  # noqa: PLE0604, RUF100
