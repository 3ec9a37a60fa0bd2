"""What a run has written down of its families and metrics, so that it is read with no model at hand."""

from __future__ import annotations

from seqcompare.families import FAMILIES
from seqcompare.metrics import METRICS, Metric
from seqcompare.quantities import time_span
from seqcompare.typing import Record

#: The configuration of a run, or a part of it, as JSON holds it.
Config = Record

#: Roles of an answer a step, and those of them in which it is about the step itself.
STEPWISE, LABELLED = ("next", "step", "step-value"), ("step", "step-value")


def families_of(config: Config) -> list[Config]:
    """Return the families of a run, as `Family.describe` writes them, in the order in which they are shown.

    Parameters
    ----------
    config : mapping
        The configuration of the run. Of one made before families were written down, the registered ones
        are returned: name, title, colour, marker, and models with name and title.
    """
    if "families" in config:
        return [dict(family) for family in config["families"]]
    return [family.describe() for family in FAMILIES.values()]


def metrics_of(config: Config) -> dict[str, Metric]:
    """Return the metrics of a run by name: they can be said and compared by.

    Parameters
    ----------
    config : mapping
        The configuration of the run. Of one made before metrics were written down, the registered ones are
        returned.
    """
    if "metrics" in config:
        return {name: Metric.from_plain(plain) for name, plain in config["metrics"].items()}
    return dict(METRICS)


def predicted_channel(data: Config) -> str:
    """Return the channel that is predicted from all of them, as a run has written it down; else nothing."""
    return str(data.get("reading", {}).get("predict") or "")


def role_of_reach(data: Config) -> str:
    """Return the role by whose rule steps back are counted.

    What is predicted from the past alone is the next step, whether all of it or one channel.
    """
    past = predicted_channel(data) and data["reading"].get("known", "past") == "past"
    return "next" if past else str(data["role"])


def in_time(data: Config, n_steps: float) -> str:
    """Return how long so many steps take, in words: "about" where these are not evenly spaced.

    Nothing where the data have no times, or nobody knows their unit.
    """
    pace = data.get("pace") or {"unit": ""}
    if not pace["unit"] or not n_steps >= 1:
        return ""
    return f"{'' if pace['is_even'] else 'about '}{time_span(n_steps * pace['usual'], pace['unit'])}"


def metric_of(config: Config, name: str) -> Metric:
    """Return the metric of this name that a run knows.

    Raises
    ------
    ValueError
        If the run has not written it down, and none of this name is registered.
    """
    written = metrics_of(config)
    if name in written:
        return written[name]
    if name in METRICS:
        return METRICS[name]
    raise ValueError(f"the run has scores by {name!r}, of which it tells nothing; {METRICS.nearest(name)}")
