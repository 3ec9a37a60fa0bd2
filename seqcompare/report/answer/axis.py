"""The axis that scores are drawn on: zoomed to those that compete, with arrows to what lies beyond."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from seqcompare.metrics import Metric
from seqcompare.results.judgement import INFERIOR
from seqcompare.typing import Params

#: How many times as wide as without them the axis may be so as to show models that are worse for sure.
_STRETCH = 2.5
_MOST_TICKS = 5


@dataclass(frozen=True)
class Axis:
    """Where scores are drawn.

    Parameters
    ----------
    low, high : float
        Its ends.
    ticks : tuple of (float, str)
        Where ticks are, and what stands there.
    zone : (float, float) or None
        The scores that are as good as the best.
    """

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    zone: tuple[float, float] | None

    def place(self, value: float) -> float:
        """Return where `value` lies, 0 at the lower end and 1 at the upper; beyond, out of these."""
        return (value - self.low) / (self.high - self.low)


def zoomed(rows: Iterable[Params], metric: Metric, tolerance: float) -> Axis:
    """Return the axis on which the rows of an answer are told apart.

    Parameters
    ----------
    rows : iterable of mapping
        What the table has of each model; references have no say.
    metric : Metric
        What scores are by.
    tolerance : float
        What is practically equal, in units of the loss.
    """
    models = [row for row in rows if row["score"] is not None]
    if not models:
        return Axis(0.0, 1.0, (), None)
    scores = [float(one["score"]) for one in models]
    best = max(scores) if metric.greater_is_better else min(scores)
    zone = (best - tolerance, best) if metric.greater_is_better else (best, best + tolerance)
    ends = [*zone, *_ends([one for one in models if one["status"] != INFERIOR] or models)]
    low, high = min(ends), max(ends)
    width = max(high - low, 1e-9)
    # the worse ones are shown as far as that does not press the others together
    for worse in sorted(scores, key=lambda score: abs(score - best)):
        wider = (min(low, worse), max(high, worse))
        if wider[1] - wider[0] <= _STRETCH * width:
            low, high = wider
    margin = 0.04 * max(high - low, 1e-9)
    low, high = max(low - margin, metric.least - margin), min(high + margin, metric.greatest + margin)
    return Axis(low, high, _ticks(low, high, metric), zone)


def _ends(models: list[Params]) -> list[float]:
    found = [float(one[name]) for one in models for name in ("low", "high", "score") if one[name] is not None]
    return [end for end in found if math.isfinite(end)]


def _ticks(low: float, high: float, metric: Metric) -> tuple[tuple[float, str], ...]:
    """Return at most five round numbers, with no more digits than it takes."""
    rough = (high - low) / (_MOST_TICKS - 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(k * power for k in (1, 2, 2.5, 5, 10) if k * power >= rough)
    first = math.ceil(low / step - 1e-9)
    values = [k * step for k in range(first, math.floor(high / step + 1e-9) + 1)]
    in_percent = "percent" in metric.figure
    decimals = max(0, -math.floor(math.log10(step * (100 if in_percent else 1)) + 1e-9))
    decimals += step / power == 2.5
    words = [f"{100 * v if in_percent else v:.{decimals}f}{'%' if in_percent else ''}" for v in values]
    return tuple((v, w.replace("-", "−")) for v, w in zip(values, words, strict=True))
