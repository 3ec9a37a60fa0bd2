"""Synthetic tasks whose dependency distance and optimum are known."""

from seqcompare.tasks.base import SymbolTask, Task
from seqcompare.tasks.lag_chain import LagChain
from seqcompare.tasks.recall import Recall
from seqcompare.tasks.temporal_order import TemporalOrder

TASKS: dict[str, type[Task]] = {task.__name__: task for task in (Recall, LagChain, TemporalOrder)}
"""Every task by its name."""

__all__ = ["TASKS", "LagChain", "Recall", "SymbolTask", "Task", "TemporalOrder"]
