"""Whatever a parameter is set to, an estimator works or says which parameter is wrong."""

import inspect
import warnings

import numpy as np
import pytest
from contract_cases import CASES

from seqcompare import (
    HMM,
    BayesClassifier,
    MarkovChain,
    MarkovTagger,
    NextStep,
    RNNTagger,
    SlidingWindow,
    WindowTagger,
)
from seqcompare.models.constraints import InvalidParameterError, check_parameters

NONSENSE = {
    "an object": object(),
    "a word": "nonsense",
    "a number": -7,
    "a huge number": 2**40,
    "no number": float("nan"),
    "a list": [],
}
# one case of each class
ONE_EACH = {type(case.estimator): case for case in reversed(CASES.values())}


@pytest.mark.parametrize("kind", ONE_EACH, ids=lambda kind: kind.__name__)
def test_nonsense_is_named(kind):
    case = ONE_EACH[kind]
    X, y = case.data()
    X, y = X[:6], None if y is None else y[:6]
    wrong = []
    for name in inspect.signature(kind).parameters:
        for what, value in NONSENSE.items():
            model = case.fresh()
            if hasattr(model, "max_iter"):
                model.max_iter = 1
            if getattr(model, name) is value:
                continue
            setattr(model, name, value)
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", UserWarning)  # a net that has not converged, say
                    model.fit(X) if case.role in ("next", "transform") else model.fit(X, y)
            except (ValueError, TypeError) as error:
                if name not in str(error):
                    wrong.append(f"{name}={what}: {type(error).__name__}: {error}")
            except Exception as error:
                wrong.append(f"{name}={what}: {type(error).__name__}: {error}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (HMM(init=1), "init must be a mapping or None, got 1"),
        (SlidingWindow(dtype=1), "dtype must be a type of numbers with fractions, got 1"),
        (WindowTagger(mark_edges="x"), "mark_edges must be True or False, got 'x'"),
        (BayesClassifier(5), "estimator must be an estimator or None, got 5"),
        (NextStep(MarkovChain), "estimator must be an estimator, got <class"),
        (HMM(n_jobs=2**40), "n_jobs must be at most 2,147,483,647, got 1099511627776"),
        (RNNTagger(embedding_size=2**40), "embedding_size must be at most 10,000, got 1099511627776"),
        (MarkovChain(order=True), "order must be a whole number, got True"),
    ],
)
def test_what_is_expected_is_said(model, said):
    with pytest.raises(InvalidParameterError) as refused:
        check_parameters(model)
    assert str(refused.value).startswith(said)


def test_a_long_order_is_bounded_by_the_sequences():
    X = ["ABBAB", "ABA"]
    short, long = (MarkovChain(order=order).fit(X) for order in (50, 10**9))
    np.testing.assert_allclose(long.score_samples(["ABBBA"]), short.score_samples(["ABBBA"]), rtol=1e-12)
    short, long = (MarkovTagger(order=order).fit(X, ["uvvuv", "uvu"]) for order in (50, 10**9))
    np.testing.assert_allclose(
        long.predict_proba(["ABBBA"])[0], short.predict_proba(["ABBBA"])[0], rtol=1e-12
    )


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.steps == "real"])
@pytest.mark.parametrize("value", [1e308, -1e308])
def test_huge_values_are_refused_by_name_and_leak_no_warning(name, value):
    case = CASES[name]
    X, y = case.data()
    X = [np.array(x, dtype=float) for x in X]
    X[1].flat[1] = value
    with pytest.raises(ValueError, match=r"^X\[1\] at step \d is -?1e\+308: too large|has an outlier"):
        case.fresh().fit(X) if case.role in ("next", "transform") else case.fresh().fit(X, y)


def test_weights_whose_sum_overflows_are_refused():
    for weights in ([1e308, 1e308], [np.full(4, 1e154), np.full(4, 1e154)]):
        with pytest.raises(ValueError, match="sample_weight sums up to more than"):
            MarkovChain().fit(["ABBA", "ABAB"], sample_weight=weights)
