"""How the columns of tables are written: one quantity has one format, on whatever table it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from seqcompare import quantities as say
from seqcompare.metrics import Metric

Writer = Callable[[float], str]


def _microseconds(value: float) -> str:
    return say.duration(value / 1e6)


_TWO = partial(say.decimals, n=2)

#: Column -> how its numbers are written, wherever it stands. What is not here has four digits.
_COLUMNS: dict[str, Writer] = {
    **dict.fromkeys(("skill", "exact_skill", "skill of the hand-made machine"), say.skill),
    **dict.fromkeys(("rank", "exponent", "least", "greatest", "effect_size"), _TWO),
    **dict.fromkeys(("fit_seconds", "tuning_seconds", "trial_seconds"), say.duration),
    "fit_seconds_per_step": say.duration,
    "predict_us_per_step": _microseconds,
    "peak_memory_mb": say.size,
    **dict.fromkeys(("p", "p_lag", "p_adjusted"), say.p_value),
    **dict.fromkeys(("worse", "equal", "better", "good_enough", "confidence"), say.probability),
    **dict.fromkeys(("accuracy", "balanced_accuracy", "coverage_50", "coverage_95"), say.percent),
    **dict.fromkeys(("mean_skill", "share", "share_of_steps", "recurring"), say.percent),
    **dict.fromkeys(("bits", "information", "test_information", "beyond", "band", "far_band"), say.bits),
    **dict.fromkeys(("gain", "gain_error", "uniform_bits", "label bits"), partial(say.decimals, n=3)),
    **dict.fromkeys(("seen_half", "seen_nine_in_ten", "least_seen", "most_seen", "influence"), say.bits),
    **dict.fromkeys(("f1", "macro_f1", "span_f1", "auroc", "brier", "precision", "recall"), say.ratio),
    **dict.fromkeys(("r2", "mase", "correlation", "gradient", "checked"), say.ratio),
}
#: What a comparison scores, by column: as its metric says it, or differences of its loss.
_SCORES = ("score", "low", "high", "chance", "optimal", "at_most")


#: Columns of figures whose names are not what they are called.
_HEADS = {
    "n_budget": "ended by the budget",
    "n_seconds": "cut off by the clock",
    "n_iter": "epochs",
    "n_parameters": "parameters",
    "fit_seconds": "time to fit",
    "predict_us_per_step": "time to predict, a step",
    "predict_us": "time to predict, a step",
}
#: How training ended, in words.
ENDINGS = {"tol": "converged", "budget": "budget used up", "seconds": "cut off by the clock"}


def head_of(column: str) -> str:
    """Return what a column of the numbers of a figure is called."""
    return _HEADS.get(column, column.replace("_", " "))


def writer_of(column: str, own: Mapping[str, Writer], beside: Iterable[str] = ()) -> Writer:
    """Return how a column is written: as its table says, or else as everywhere.

    Parameters
    ----------
    column : str
        Its name.
    own : mapping of str to callable (float) -> str
        What the table says.
    beside : iterable of str
        All columns of the table: the ends of an interval are written as the skill that they are of.
    """
    if column in own:
        return own[column]
    if column in ("low", "high") and "skill" in beside:
        return say.skill
    return _COLUMNS.get(column, say.number)


def score_writers(metric: Metric, others: Mapping[str, Metric]) -> dict[str, Writer]:
    """Return how scores by a metric, the ends of their intervals, and other metrics' columns are written."""
    beside: dict[str, Writer] = {name: other.say_figure for name, other in others.items()}
    return {**beside, **dict.fromkeys(_SCORES, metric.say_figure)}


def loss_writers(metric: Metric) -> dict[str, Writer]:
    """Return how losses by a metric and differences of them are written."""
    return {**dict.fromkeys(("difference", "low", "high"), metric.say_gain), "loss": metric.say_figure}
