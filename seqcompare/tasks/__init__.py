"""Synthetic tasks whose dependency distance and optimum are known."""

from seqcompare.tasks.adding import Adding
from seqcompare.tasks.base import SymbolTask, Task
from seqcompare.tasks.brackets import Brackets
from seqcompare.tasks.copying import Copy
from seqcompare.tasks.counts import Counts
from seqcompare.tasks.density import DensityTask
from seqcompare.tasks.echo import DelayedXor, Echo
from seqcompare.tasks.hidden_regimes import HiddenRegimes
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
        LinearSeries,
        NoisyState,
        LongMemory,
        Volatility,
        ThresholdAutoregression,
        SwitchingAutoregression,
        Counts,
        Renewal,
    )
}
"""Every task by its name."""

__all__ = ["TASKS", "DensityTask", "SymbolTask", "Task", *sorted(TASKS)]  # noqa: PLE0604, RUF100
