"""Sound families, tasks, metrics and readers pass the suite, and what is wrong with others is said."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
import strangers

from seqcompare import SequenceDataset, Sequences
from seqcompare.data.source import DataError, read_text
from seqcompare.families import FAMILIES, Family, ModelSpec
from seqcompare.metrics import METRICS, Metric
from seqcompare.tasks import Adding, Echo
from seqcompare.testing import (
    OneFamily,
    OneMetric,
    check_family,
    check_metric,
    check_reader,
    check_task,
    yield_checks,
)

# of the models that families build, what is quick to ask: the estimators themselves are asked for all of it
QUICK = ("can_be_asked", "answers_fit_the_sequences")


def package_checks():
    found = []
    for family in FAMILIES.values():
        for check in yield_checks(OneFamily(family)):
            if not check.about or check.promise.name in QUICK:
                found.append(pytest.param(check, id=f"{family.name}-{check.name}"))
    return found


@pytest.mark.parametrize("check", package_checks())
def test_the_families_of_the_package_keep_the_contract(check):
    check()


def build(problem, **settings):
    return strangers.ListTagger() if problem.role == "step" else None


SPEC = ModelSpec("lists", "lists", build, kinds=("symbols",))
FAMILY = Family("lists", "lists", "#123456", "o", (SPEC,))


def test_a_family_is_held_to_the_contract_with_its_models():
    passed = check_family(FAMILY)
    assert "models_can_be_built" in passed
    assert "lists, step of symbols: answers_fit_the_sequences" in passed


def with_spec(**changes):
    return replace(FAMILY, models=(replace(SPEC, **changes),))


@pytest.mark.parametrize(
    ("family", "message"),
    [
        (
            replace(FAMILY, colour="red"),
            "a_family_can_be_drawn.* expected a colour such as #0072B2, got 'red'",
        ),
        (replace(FAMILY, marker="?"), "expected a marker of matplotlib's, got"),
        (replace(FAMILY, models=(SPEC, SPEC)), r"expected a name for each kind, got \['lists', 'lists'\]"),
        (with_spec(grid={"a": [1, 2]}, label="lists"), "expected a label for each setting of lists"),
        (with_spec(build=lambda problem: None), "expected lists to build a model for some role"),
        (with_spec(limit="depth"), "expected limit of lists to be a parameter of none, got 'depth'"),
        (with_spec(cost=lambda problem, settings: -1.0), r"expected seconds of lists.cost, got -1\.0"),
        (with_spec(skip=lambda problem: None), "expected a reason of lists.skip"),
        (replace(FAMILY, can_represent=lambda n, t: "yes"), "theory_has_an_answer.*got 'yes'"),
        (with_spec(build=lambda problem: strangers.Odds()), "lists of the family lists breaks the promise"),
    ],
)
def test_what_is_wrong_with_a_family_is_said(family, message):
    with pytest.raises(AssertionError, match=message):
        check_family(family)


@pytest.mark.parametrize(
    "check",
    [
        pytest.param(check, id=f"{name}-{check.name}")
        for name, metric in METRICS.items()
        for check in yield_checks(OneMetric(metric))
    ],
)
def test_the_metrics_of_the_package_keep_the_contract(check):
    check()


def test_a_function_of_scikit_learn_is_a_metric_that_passes():
    from sklearn.metrics import matthews_corrcoef

    assert "right_answers_win" in check_metric(Metric.of(matthews_corrcoef))


ACCURACY = METRICS["accuracy"]


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        (replace(ACCURACY, roles=("steps",)), r"expected roles of next, .*got \['steps'\]"),
        (replace(ACCURACY, loss=None), "expected a loss or a score, got neither"),
        (replace(ACCURACY, loss=lambda a: 1 - ACCURACY.loss(a)), "right_answers_win.*expected the score of"),
        (replace(ACCURACY, score=lambda a: 100 * np.mean(a.guess == a.truth)), "a score between 0.0 and 1.0"),
        (
            replace(ACCURACY, score=lambda a: a.weight @ (a.guess == a.truth) / 400),
            "with twice the weights, got",
        ),
        (
            replace(ACCURACY, loss=lambda a: np.ones(1), score=ACCURACY.score_of),
            "a loss for each of 120 items",
        ),
        (replace(ACCURACY, words="{valu}"), "a_metric_can_be_said_and_kept.*KeyError"),
    ],
)
def test_what_is_wrong_with_a_metric_is_said(metric, message):
    with pytest.raises(AssertionError, match=message):
        check_metric(metric)


@dataclass(frozen=True)
class Moody(Echo):
    """Other data whatever the seed."""

    def sample(self, n_sequences, length=None, random_state=None):
        return super().sample(n_sequences, length, None)


@dataclass(frozen=True)
class Modest(Echo):
    """Says that less can be had than can be."""

    optimal_score = 0.9


@dataclass(frozen=True)
class Telling(Adding):
    """Says that sequences are longer than they are."""

    natural_length = 100


@pytest.mark.parametrize(
    ("task", "message"),
    [
        (Moody(3), "expected the same data from the same seed, got other data"),
        (Modest(3), "the_optimum_scores_as_announced.*expected a score of the optimum of 0.9, .*got 1.0"),
        (
            Telling(3),
            "natural_length_is_the_mean_length.*expected a mean length of 100, give or take .*, got 1",
        ),
    ],
)
def test_what_is_wrong_with_a_task_is_said(task, message):
    asked = {"an_asked_length_is_kept": "the optimum is wrong there as well"}
    with pytest.raises(AssertionError, match=message):
        check_task(task, expected_failures=asked)


@dataclass(frozen=True)
class Lines:
    """A reader of labels and letters: "up: abba" is a line."""

    name: str = "lines"
    suffixes: tuple[str, ...] = (".lines",)
    role: Any = "sequence"

    def read(self, path, reverse=False):
        steps, labels = [], []
        for number, line in enumerate(read_text(path).splitlines(), start=1):
            label, mark, letters = line.partition(": ")
            if not mark or not letters:
                raise DataError(f"expected a label and letters, got {line!r}", path, number)
            steps.append(letters[::-1] if reverse else letters)
            labels.append(label)
        y = None if self.role == "next" else np.array(labels)
        return SequenceDataset(Sequences(steps), y, None, self.role, path.stem)


class Silent(Lines):
    """Reads what is broken as far as it goes."""

    def read(self, path):
        return (
            super().read(path)
            if path.exists()
            else SequenceDataset(Sequences(["ab"]), None, None, "next", "x")
        )


class Vague(Lines):
    def read(self, path):
        try:
            return super().read(path)
        except DataError:
            raise RuntimeError("this cannot be read") from None


class Half(Lines):
    def read(self, path):
        data = super().read(path)
        return replace(data, y=data.y[:-1])


@pytest.fixture
def lines(tmp_path):
    path = tmp_path / "data.lines"
    path.write_text("up: abba\ndown: aab\nup: b\n", encoding="utf-8")
    return path


class Bare(Lines):
    """Returns the sequences and their targets, and leaves the rest to reading."""

    def read(self, path):
        data = super().read(path)
        return list(data.X), data.y


def test_a_reader_may_leave_the_rest_to_reading(lines):
    assert len(check_reader(Bare(), lines)) == 4


def test_a_reader_passes_with_its_options(lines):
    assert check_reader(Lines(), lines, reverse=True) == check_reader(Lines(role="next"), str(lines))


@pytest.mark.parametrize(
    ("reader", "message"),
    [
        (Lines(suffixes=("Lines",)), "expected a suffix in lower case that begins with a dot, got 'Lines'"),
        (Lines(suffixes=(".csv",)), r"expected a file that ends in one of \.csv, got data\.lines"),
        (Half(), "data_and_targets_fit.* expected 3 targets, one a sequence, got 2"),
        (Lines(role="step"), "expected Sequences in y, got ndarray"),
        (Silent(), "a_bad_file_is_refused.*expected ValueError or OSError that says '.', got no error"),
        (Vague(), "a_bad_file_is_refused.*got RuntimeError: this cannot be read"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_wrong_with_a_reader_is_said(reader, message, lines):
    with pytest.raises(AssertionError, match=message):
        check_reader(reader, lines)
