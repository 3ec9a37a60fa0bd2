"""Strangers' models pass the suite, and what is wrong with them is said."""

import subprocess
import sys

import pytest
import strangers
from sklearn.base import BaseEstimator

from seqcompare import HMM, BayesClassifier, MarkovChain, MarkovTagger, SlidingWindow, WindowRegressor
from seqcompare.testing import (
    Model,
    check_classifier,
    check_density,
    check_regressor,
    check_tagger,
    yield_checks,
)


@pytest.mark.parametrize(
    ("check", "estimator"),
    [
        (check_tagger, strangers.ListTagger()),
        (check_tagger, strangers.LabelTagger()),
        (check_tagger, strangers.Plain()),
        (check_tagger, strangers.HonestSeer()),
        (check_density, strangers.Frequencies()),
        (check_density, strangers.Normal()),
        (check_classifier, strangers.Lengths()),
        (check_regressor, strangers.Mean()),
        (check_tagger, MarkovTagger()),
        (check_density, MarkovChain()),
        (check_density, HMM(n_init=1)),
        (check_classifier, BayesClassifier()),
        (check_regressor, WindowRegressor()),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_a_model_that_keeps_its_promises_passes(check, estimator):
    passed = check(estimator)
    assert passed[:2] == ["can_be_asked", "answers_fit_the_sequences"]
    assert len(passed) >= 7


@pytest.mark.parametrize(
    ("estimator", "promise", "message"),
    [
        (strangers.Mute(), "can_be_asked", "expected a method predict or predict_proba for the role step"),
        (strangers.Forgetful(), "can_be_asked", "expected fit to return the model itself, got None"),
        (strangers.OneRow(), "answers_fit_the_sequences", r"expected \d rows of predict_proba for X\[0\]"),
        (
            strangers.Odds(),
            "answers_fit_the_sequences",
            r"expected probabilities that add up to 1 in .* 2\.0",
        ),
        (strangers.Changing(), "fitting_changes_no_parameter", "expected the parameters as before fit"),
        (
            strangers.Random(),
            "a_copy_answers_alike",
            r"in the answer of predict_proba for X\[0\] at 0, 0, got",
        ),
        (strangers.Greedy(), "answers_do_not_depend_on_the_batch", r"for X\[0\] at 0, 0, got"),
        (strangers.Seer(), "a_causal_answer_does_not_know_the_future", "of the first two steps"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseEstimator) else None,
)
def test_a_broken_promise_is_named(estimator, promise, message):
    words = rf"^{type(estimator).__name__} breaks the promise '{promise}' \(.*\): .*{message}"
    with pytest.raises(AssertionError, match=words):
        check_tagger(estimator)


def test_an_error_of_the_model_is_a_broken_promise():
    message = r"'unknown_symbols_get_a_finite_answer' .* expected no error, got KeyError: 'z'"
    with pytest.raises(AssertionError, match=message) as found:
        check_tagger(strangers.Strict(), expected_failures={"answers_fit_the_sequences": "counts"})
    assert isinstance(found.value.__cause__, KeyError)


def test_a_model_that_reads_nothing_says_what_was_tried():
    message = r"Nowhere cannot be fitted .*; strings: TypeError: no sequences, please; integers: .*; real: "
    with pytest.raises(AssertionError, match=message):
        check_tagger(strangers.Nowhere())


def test_what_may_fail_is_named():
    excused = {"a_causal_answer_does_not_know_the_future": "it reads backwards"}
    assert excused.keys().isdisjoint(check_tagger(strangers.Seer(), expected_failures=excused))
    with pytest.raises(ValueError, match="there is no check 'flies'; there are can_be_asked, "):
        check_tagger(strangers.ListTagger(), expected_failures={"flies": "not yet"})


def test_full_asks_for_more():
    subject = Model(strangers.ListTagger(), "step", "strings", full=True)
    names = [check.name for check in yield_checks(subject)]
    assert "errors_name_the_sequence_and_the_step" in names
    assert set(names) > {check.name for check in yield_checks(Model(subject.estimator, "step", "strings"))}
    with pytest.raises(AssertionError, match=r"parameters_are_counted.*expected n_parameters_"):
        check_tagger(strangers.ListTagger(), full=True)


def test_steps_may_be_chosen():
    assert check_tagger(strangers.LabelTagger(), steps="integers")
    with pytest.raises(AssertionError, match="can_be_asked"):
        check_tagger(strangers.LabelTagger(), steps="strings")


def test_what_predicts_nothing_is_asked_less():
    names = [check.name for check in yield_checks(Model(SlidingWindow(1), "transform", "real", full=True))]
    assert "parameters_are_counted" not in names
    assert "answers_come_in_the_container_that_came_in" in names


def test_pytest_is_not_needed():
    code = "import sys; sys.modules['pytest'] = None; import seqcompare.testing as t; print(len(t.__all__))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) > 10
