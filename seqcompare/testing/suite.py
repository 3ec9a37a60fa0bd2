"""The front door: one function for each thing that can be held to the contract."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from seqcompare.families import Family
from seqcompare.metrics import Metric
from seqcompare.testing import densities, families, metrics, models, package, readers, tasks
from seqcompare.testing.families import OneFamily, checks_of_models
from seqcompare.testing.metrics import OneMetric
from seqcompare.testing.promises import Check, expect, run
from seqcompare.testing.readers import Reading
from seqcompare.testing.samples import Steps
from seqcompare.testing.subjects import PER_STEP, Model, fit, pack
from seqcompare.testing.tasks import OneTask

Excused = Mapping[str, str] | None

Subject = Model | OneFamily | OneTask | Reading | OneMetric


def yield_checks(subject: Subject) -> Iterator[Check]:
    """Yield the checks of a subject; each has a name, and runs when it is called.

    Parameters
    ----------
    subject : Model, OneFamily, OneTask, Reading or OneMetric
        Who is held to the contract.

    Yields
    ------
    Check
        In the order in which they are best read: what others rest on comes first.

    Examples
    --------
    >>> from seqcompare import MarkovTagger
    >>> from seqcompare.testing import Model, yield_checks
    >>> checks = list(yield_checks(Model(MarkovTagger(), "step", "strings")))
    >>> checks[0].name
    'can_be_asked'
    >>> checks[0]()
    """
    if isinstance(subject, Model):
        promises = models.PROMISES + densities.PROMISES + (package.PROMISES if subject.full else ())
        owner = type(subject.estimator).__name__
    elif isinstance(subject, OneFamily):
        promises, owner = families.PROMISES, f"the family {subject.family.name}"
    elif isinstance(subject, OneTask):
        promises, owner = tasks.PROMISES, repr(subject.task)
    elif isinstance(subject, Reading):
        promises, owner = readers.PROMISES, f"the reader {getattr(subject.reader, 'name', subject.reader)}"
    else:
        promises, owner = metrics.PROMISES, f"the metric {subject.metric.name}"
    for each in promises:
        if each.when(subject):
            yield Check(each, subject, owner)
    if isinstance(subject, OneFamily):
        yield from checks_of_models(subject)


def check_tagger(
    estimator: Model, *, steps: Steps | None = None, full: bool = False, expected_failures: Excused = None
) -> list[str]:
    """Hold a model of a label per step to the contract.

    ``fit(X, y)`` gets `Sequences` of steps and of labels. ``predict``, or ``predict_proba`` with
    ``classes_``, answers with a list of an array a sequence, with an array, or with `Sequences`.

    Parameters
    ----------
    estimator : estimator
        Not fitted; it is copied.
    steps : {"strings", "integers", "real", "counts", "mixed"}, optional
        The steps that it is given; by default the first of these that it can be fitted to.
    full : bool, default=False
        Whether to ask for all that the estimators of the package promise, rather than for what sweeps and
        comparisons rely on.
    expected_failures : mapping of str to str, optional
        Names of checks that may fail, and why.

    Returns
    -------
    list of str
        The names of the checks that passed.

    Raises
    ------
    AssertionError
        If a promise is broken: which, what was expected and what came.

    Examples
    --------
    >>> from seqcompare import MarkovTagger
    >>> from seqcompare.testing import check_tagger
    >>> len(check_tagger(MarkovTagger()))
    11
    """
    return _check_model(estimator, "step", steps, full, expected_failures)


def check_density(
    estimator: Model, *, steps: Steps | None = None, full: bool = False, expected_failures: Excused = None
) -> list[str]:
    """Hold a model of the next step to the contract.

    Of symbols, ``predict_next_proba`` gives p(x[t+1] | x[..t]) for each step, in the order of ``symbols_``;
    of numbers and counts, ``score_samples`` gives the log-likelihood of each sequence in nats, and
    ``predict_next_distribution`` and ``forecast``, where there are any, the distributions it is made of.

    Parameters
    ----------
    estimator, steps, full, expected_failures
        As for `check_tagger`.

    Returns
    -------
    list of str
        The names of the checks that passed.

    Raises
    ------
    AssertionError
        If a promise is broken: which, what was expected and what came.
    """
    return _check_model(estimator, "next", steps, full, expected_failures)


def check_classifier(
    estimator: Model, *, steps: Steps | None = None, full: bool = False, expected_failures: Excused = None
) -> list[str]:
    """Hold a model of a label per sequence to the contract.

    ``predict``, or ``predict_proba`` with ``classes_``, has an answer for each sequence.

    Parameters
    ----------
    estimator, steps, full, expected_failures
        As for `check_tagger`.

    Returns
    -------
    list of str
        The names of the checks that passed.

    Raises
    ------
    AssertionError
        If a promise is broken: which, what was expected and what came.
    """
    return _check_model(estimator, "sequence", steps, full, expected_failures)


def check_regressor(
    estimator: Model, *, steps: Steps | None = None, full: bool = False, expected_failures: Excused = None
) -> list[str]:
    """Hold a model of a number per sequence to the contract.

    ``predict`` has a finite number for each sequence.

    Parameters
    ----------
    estimator, steps, full, expected_failures
        As for `check_tagger`.

    Returns
    -------
    list of str
        The names of the checks that passed.

    Raises
    ------
    AssertionError
        If a promise is broken: which, what was expected and what came.
    """
    return _check_model(estimator, "value", steps, full, expected_failures)


def check_family(family: Family, *, expected_failures: Excused = None) -> list[str]:
    """Hold a family to the contract, and the first model that each of its kinds builds.

    Parameters
    ----------
    family : Family
        Registered or not.
    expected_failures : mapping of str to str, optional
        Names of checks that may fail, and why.

    Returns
    -------
    list of str
        The names of the checks that passed.

    Raises
    ------
    AssertionError
        If a promise is broken: which, what was expected and what came.
    """
    expect(isinstance(family, Family), "a seqcompare.families.Family", repr(family))
    return run(yield_checks(OneFamily(family)), expected_failures)


def check_task(task: Any, *, expected_failures: Excused = None) -> list[str]:
    """Hold a task to the contract: the same data for the same seed, an exact optimum, no way around it.

    Parameters
    ----------
    task : Task
        A task at one distance.
    expected_failures : mapping of str to str, optional
        Names of checks that may fail, and why.

    Returns
    -------
    list of str
        The names of the checks that passed.

    Raises
    ------
    AssertionError
        If a promise is broken: which, what was expected and what came.

    Examples
    --------
    >>> from seqcompare.tasks import Echo
    >>> from seqcompare.testing import check_task
    >>> "position_is_uninformative" in check_task(Echo(3))
    True
    """
    return run(yield_checks(OneTask(task)), expected_failures)


def check_reader(
    reader: Any, path: str | os.PathLike[str], *, expected_failures: Excused = None, **options: Any
) -> list[str]:
    """Hold a reader of a file format to the contract, by a file that it reads.

    Parameters
    ----------
    reader : Reader
        With ``name``, ``suffixes`` and ``read(path, **options)``, which returns whatever
        `seqcompare.datasets.read` makes a data set of.
    path : str or path
        A file of its format.
    expected_failures : mapping of str to str, optional
        Names of checks that may fail, and why.
    **options
        What ``read`` is given beside the path.

    Returns
    -------
    list of str
        The names of the checks that passed.

    Raises
    ------
    AssertionError
        If a promise is broken: which, what was expected and what came.
    """
    return run(yield_checks(Reading(reader, Path(path), options)), expected_failures)


def check_metric(metric: Metric, *, expected_failures: Excused = None) -> list[str]:
    """Hold a metric to the contract: right answers win, and a score can be said in words.

    Parameters
    ----------
    metric : Metric
        Registered or not.
    expected_failures : mapping of str to str, optional
        Names of checks that may fail, and why.

    Returns
    -------
    list of str
        The names of the checks that passed.

    Raises
    ------
    AssertionError
        If a promise is broken: which, what was expected and what came.

    Examples
    --------
    >>> from seqcompare.metrics import METRICS
    >>> from seqcompare.testing import check_metric
    >>> len(check_metric(METRICS["auroc"]))
    5
    """
    expect(isinstance(metric, Metric), "a seqcompare.metrics.Metric", repr(metric))
    return run(yield_checks(OneMetric(metric)), expected_failures)


def _check_model(estimator: Model, role: str, steps: Steps | None, full: bool, excused: Excused) -> list[str]:
    reads = steps or _find_steps(estimator, role)
    return run(yield_checks(Model(estimator, role, reads, full=full)), excused)


def _find_steps(estimator: Model, role: str) -> Steps:
    """Return the first kind of steps that a model can be fitted to; AssertionError if there is none."""
    problems = []
    kinds: tuple[Steps, ...] = ("strings", "integers", "real", "counts")
    for steps in kinds:
        subject = Model(estimator, role, steps)
        X, y = subject.data()
        try:
            fit(subject.fresh(), pack(X), pack(y) if role in PER_STEP else y)
        except Exception as error:  # whatever a stranger's fit raises
            problems.append(f"{steps}: {type(error).__name__}: {error}")
        else:
            return steps
    raise AssertionError(
        f"{type(estimator).__name__} cannot be fitted to sequences of any kind; {'; '.join(problems)}"
    )
