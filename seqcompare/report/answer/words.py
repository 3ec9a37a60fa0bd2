"""Cells of an answer: a number or a span, written once for every form."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping

import pandas as pd

from seqcompare import quantities as say
from seqcompare.metrics import Metric


def reach_span(row: Mapping[Hashable, float]) -> str:
    """Return the interval of a reach in steps; empty where there is none."""
    low, high = row.get("reach_low", math.nan), row.get("reach_high", math.nan)
    if missing(low) or missing(high) or low == high:
        return ""
    return f"{say.count(low)}–{say.count(high)}"


def written(value: float | None, write: Callable[[float], str]) -> str:
    """Return a number as `write` has it, and a dash where there is none."""
    return say.NOTHING if value is None or missing(value) else str(write(float(value)))


def span_of(low: float | None, high: float | None, write: Callable[[float], str], between: str = "–") -> str:
    """Return an interval; empty where there is none."""
    if low is None or high is None or missing(low) or missing(high):
        return ""
    a, b = write(float(low)), write(float(high))
    if a.endswith("%") and b.endswith("%"):
        a = a.removesuffix("%")
    # a dash between numbers that have signs reads as one more of them
    return f"{a}{' to ' if a.startswith('−') or b.startswith('−') else between}{b}"


def missing(value: object) -> bool:
    """Whether a cell of a table is empty."""
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))


def margin_words(metric: Metric, loss: float) -> str:
    """Return a difference of losses in few words."""
    unit = unit_of(metric)
    return f"{metric.say_gain(loss).removeprefix('+')}{f' {unit}' if unit else ''}"


def unit_of(metric: Metric) -> str:
    """Return the unit of a difference; none where it is what the heading calls the metric."""
    return "" if metric.difference_unit in (metric.unit, metric.label) else metric.difference_unit


def capital(text: str) -> str:
    """Return a text that begins with a capital letter."""
    return text[:1].upper() + text[1:]


def lower_first(text: str) -> str:
    """Return a text that begins with a small letter."""
    return text[:1].lower() + text[1:]
