"""Metrics: what an answer is worth, and the open list of those there are.

A leaf of the package: imports no room of it.
"""

from __future__ import annotations

from typing import Any

from seqcompare.metrics.forecasts import Forecast
from seqcompare.metrics.metric import Answers, Metric
from seqcompare.metrics.standard import built_in
from seqcompare.registry import Registry

__all__ = ["METRICS", "Answers", "Forecast", "Metric", "find_metrics", "register_metric"]

#: Every metric by its name.
METRICS: Registry[Metric] = Registry("metric", built_in, "seqcompare.metrics")


def register_metric(metric: Metric, *, replace: bool = False) -> Metric:
    """Add a metric to those that ``metric=`` and ``--metric`` know.

    Parameters
    ----------
    metric : Metric
        The metric.
    replace : bool, default=False
        Whether to take the place of another one of this name; without, that is a ValueError.

    Returns
    -------
    Metric
        The metric, so that one can write ``METRIC = register_metric(Metric(...))``.
    """
    return METRICS.register(metric, replace=replace)


def find_metrics(given: Any, role: str | None = None) -> list[Metric]:
    """Return the metrics that a user asks for.

    Parameters
    ----------
    given : None, str, Metric, callable (truth, answer) -> float, or a list of these
        Names may be ``module:NAME`` as well.
    role : str, optional
        What is predicted, where that is known.

    Returns
    -------
    list of Metric
        The metrics, in the order in which they are asked for.

    Raises
    ------
    ValueError
        If there is no such metric, or it is not for the role.
    """
    if given is None:
        return []
    found = []
    for each in [given] if isinstance(given, str) or callable(given) or isinstance(given, Metric) else given:
        metric = _find_metric(each)
        if role is not None and role not in metric.roles:
            able = ", ".join(m.name for m in METRICS.values() if role in m.roles)
            raise ValueError(f"metric {metric.name!r} is not for the role {role!r}; there are {able}")
        found.append(metric)
    return found


def _find_metric(given: Any) -> Metric:
    if isinstance(given, Metric):
        return given
    if isinstance(given, str) and ":" in given:
        from importlib import import_module

        module, _, name = given.partition(":")
        return _find_metric(getattr(import_module(module), name))
    if isinstance(given, str):
        if given not in METRICS:
            raise ValueError(f"metric: there is no {given!r}; {METRICS.nearest(given)}")
        return METRICS[given]
    if callable(given):
        return Metric.of(given, roles=("next", "step", "sequence", "value", "step-value"))
    raise ValueError(f"metric must be a name, a Metric or a function of truth and answer, got {given!r}")
