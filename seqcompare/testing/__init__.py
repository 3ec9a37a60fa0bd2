"""The contract suite: checks that hold models, families, tasks, readers and metrics to what is promised.

Each check has a name, and raises AssertionError with a message that says which promise was broken, what was
expected and what came. The package's own are held to the same checks.
"""

from seqcompare.testing.families import OneFamily
from seqcompare.testing.metrics import OneMetric
from seqcompare.testing.promises import Check, Promise
from seqcompare.testing.readers import Reading
from seqcompare.testing.subjects import Model
from seqcompare.testing.suite import (
    check_classifier,
    check_density,
    check_family,
    check_metric,
    check_reader,
    check_regressor,
    check_tagger,
    check_task,
    yield_checks,
)
from seqcompare.testing.tasks import OneTask

__all__ = [
    "Check",
    "Model",
    "OneFamily",
    "OneMetric",
    "OneTask",
    "Promise",
    "Reading",
    "check_classifier",
    "check_density",
    "check_family",
    "check_metric",
    "check_reader",
    "check_regressor",
    "check_tagger",
    "check_task",
    "yield_checks",
]
