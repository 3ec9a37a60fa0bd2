"""Synthetic tasks whose dependency distance and optimum are known."""

from seqcompare.registry import Registry
from seqcompare.tasks.adding import Adding
from seqcompare.tasks.base import SymbolTask, Task
from seqcompare.tasks.brackets import Brackets
from seqcompare.tasks.copying import Copy
from seqcompare.tasks.counts import Counts
from seqcompare.tasks.density import DensityTask
from seqcompare.tasks.echo import DelayedXor, Echo
from seqcompare.tasks.hidden_regimes import HiddenRegimes
from seqcompare.tasks.keyed_recall import KeyedRecall
from seqcompare.tasks.lag_chain import LagChain
from seqcompare.tasks.linear_series import LinearSeries
from seqcompare.tasks.long_memory import LongMemory
from seqcompare.tasks.noisy_state import NoisyState
from seqcompare.tasks.recall import Recall
from seqcompare.tasks.renewal import Renewal
from seqcompare.tasks.switching import SwitchingAutoregression
from seqcompare.tasks.temporal_order import TemporalOrder
from seqcompare.tasks.threshold import ThresholdAutoregression
from seqcompare.tasks.volatility import Volatility

_BUILT_IN: tuple[type[Task], ...] = (
    Recall,
    Echo,
    DelayedXor,
    Copy,
    LagChain,
    HiddenRegimes,
    Brackets,
    TemporalOrder,
    Adding,
    KeyedRecall,
    LinearSeries,
    NoisyState,
    LongMemory,
    Volatility,
    ThresholdAutoregression,
    SwitchingAutoregression,
    Counts,
    Renewal,
)

#: Every task by its name, which is that of its class.
TASKS: Registry[type[Task]] = Registry(
    "task", lambda: _BUILT_IN, "seqcompare.tasks", name_of=lambda task: task.__name__
)


def register_task(task: type[Task], *, replace: bool = False) -> type[Task]:
    """Add the class of a task to those that suites and options know; it serves as a decorator.

    Parameters
    ----------
    task : type of Task
        The class, under its own name.
    replace : bool, default=False
        Whether to take the place of another one of this name.

    Returns
    -------
    type of Task
        What was given.

    Raises
    ------
    ValueError
        If the name is taken.
    """
    return TASKS.register(task, replace=replace)


__all__ = [
    "TASKS",
    "Adding",
    "Brackets",
    "Copy",
    "Counts",
    "DelayedXor",
    "DensityTask",
    "Echo",
    "HiddenRegimes",
    "KeyedRecall",
    "LagChain",
    "LinearSeries",
    "LongMemory",
    "NoisyState",
    "Recall",
    "Renewal",
    "SwitchingAutoregression",
    "SymbolTask",
    "Task",
    "TemporalOrder",
    "ThresholdAutoregression",
    "Volatility",
    "register_task",
]
