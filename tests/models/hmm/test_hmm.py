import pickle

import numpy as np
import pandas as pd
import pytest
from hmm_examples import noise, regimes
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.utils.estimator_checks import check_estimator

from seqcompare import HMM, Sequences


def made(**options):
    return HMM.from_parameters(
        startprob=[0.6, 0.4],
        transmat=[[0.7, 0.3], [0.4, 0.6]],
        emissionprob=[[0.1, 0.4, 0.5], [0.6, 0.3, 0.1]],
        symbols=list("abc"),
        **options,
    )


# the contract


@pytest.mark.parametrize(
    ("estimator", "n_checks"),
    [
        (HMM(random_state=0), 48),
        (HMM(emission="categorical", random_state=0), 48),
        # one check is about refusing negative values, another needs an estimator that refuses NaN
        (HMM(emission="poisson", random_state=0), 49),
        (HMM(missing="marginalize", random_state=0), 47),
    ],
    ids=["gaussian", "categorical", "poisson", "missing"],
)
def test_scikit_learns_checks(estimator, n_checks, monkeypatch):
    monkeypatch.setenv("SCIPY_ARRAY_API", "1")
    # where EM starts depends on the order of the rows, which this check changes; see test_prediction
    equivalence = "check_sample_weight_equivalence_on_dense_data"
    outcomes = check_estimator(estimator, expected_failed_checks={equivalence: "starts depend on order"})
    assert {o["check_name"] for o in outcomes if o["status"] != "passed"} <= {equivalence}
    assert len(outcomes) == n_checks


def test_constructor_only_stores_and_fit_changes_no_parameter():
    model = HMM(3, random_state=np.random.RandomState(0), n_init=2, priors={"transmat": 1.0})
    before = {name: repr(value) for name, value in model.get_params().items() if name != "random_state"}
    model.fit(noise())
    after = {name: repr(value) for name, value in model.get_params().items() if name != "random_state"}
    assert before == after


def test_symbols_of_any_kind():
    words = ["aabbab", "abab", "bbaa"]
    by_letter = HMM(random_state=0).fit(words)
    numbers = [[{"a": 7, "b": 1000}[c] for c in word] for word in words]
    by_number = HMM(random_state=0).fit(numbers)
    assert by_letter.symbols_.tolist() == ["a", "b"]
    assert by_number.symbols_.tolist() == [7, 1000]
    np.testing.assert_array_equal(by_letter.score_samples(words), by_number.score_samples(numbers))
    assert by_letter.predict_next(["ab"])[0].dtype.kind == "U"


@pytest.mark.parametrize("emission", ["gaussian", "gmm", "poisson"])
def test_integers_are_numbers_where_numbers_are_asked_for(emission):
    table = np.random.default_rng(0).poisson(4.0, (12, 8))
    model = HMM(2, emission, random_state=0).fit(table)
    scores = model.score_samples(table.astype(float))
    for same in (table, table.astype(object), list(table), Sequences(table)):
        np.testing.assert_array_equal(model.score_samples(same), scores)
    framed = HMM(2, emission, random_state=0).fit(pd.DataFrame(table))
    np.testing.assert_array_equal(framed.score_samples(pd.DataFrame(table)), scores)


def test_containers_come_back():
    model = made()
    listed = model.predict_proba(["ab", "cab"])
    assert [p.shape for p in listed] == [(2, 2), (3, 2)]
    table = HMM(random_state=0).fit(np.zeros((4, 5), dtype=int) + np.arange(5) % 2)
    assert table.predict(np.zeros((2, 5), dtype=int)).shape == (2, 5)
    assert isinstance(model.filter_proba(Sequences(np.array(list("abc")), [0, 1, 3])), Sequences)


def test_ragged_lists_in_grid_search_and_cross_validation():
    _, X = regimes(40, 30, 0)
    X = [x[: 10 + i % 20] for i, x in enumerate(X)]
    search = GridSearchCV(HMM(random_state=0, n_init=2), {"n_components": [1, 2]}, cv=3).fit(X)
    assert search.best_params_ == {"n_components": 2}
    scores = cross_validate(HMM(1), X, cv=3)["test_score"]
    assert search.best_score_ > scores.mean()


def test_pickle_and_clone():
    model = HMM(random_state=0).fit(["abab", "ba"])
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.score_samples(["ab"]), model.score_samples(["ab"]))
    with pytest.raises(NotFittedError):
        clone(made()).score_samples(["ab"])


def test_parameters_set_after_fit_wait_for_the_next_fit():
    X = noise()
    model = HMM(2, random_state=0).fit(X)
    before = model.score_samples(X)
    model.set_params(n_components=3, covariance_type="full", emission="categorical")
    np.testing.assert_array_equal(model.score_samples(X), before)


@pytest.mark.parametrize("emission", ["categorical", "gaussian", "gmm", "poisson"])
def test_workers_change_nothing(emission):
    rng = np.random.default_rng(0)
    X = [rng.integers(0, 4, 15) for _ in range(12)]
    X = X if emission in ("categorical", "poisson") else [x + rng.normal(size=15) for x in X]
    fits = [HMM(2, emission, n_init=3, n_jobs=n, random_state=5).fit(X) for n in (None, 2)]
    np.testing.assert_array_equal(fits[0].init_scores_, fits[1].init_scores_)
    np.testing.assert_array_equal(fits[0].transmat_, fits[1].transmat_)
    np.testing.assert_array_equal(fits[0].score_samples(X), fits[1].score_samples(X))


# what it answers


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text("abcz", min_size=1, max_size=9), min_size=1, max_size=4), st.data())
def test_next_step_is_causal(X, data):
    """Rows sum to 1, and what follows a prefix does not depend on how the sequence goes on."""
    model = made()
    rows = model.predict_next_proba(X)
    filtered = model.filter_proba(X)
    cuts = [data.draw(st.integers(1, len(x))) for x in X]
    shorter = model.predict_next_proba([x[:cut] for x, cut in zip(X, cuts, strict=True)])
    for row, short, seen, cut in zip(rows, shorter, filtered, cuts, strict=True):
        np.testing.assert_allclose(row.sum(axis=1), 1.0, rtol=1e-12)
        np.testing.assert_allclose(short, row[:cut], rtol=1e-12)
        np.testing.assert_allclose(seen.sum(axis=1), 1.0, rtol=1e-12)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text("abc", min_size=1, max_size=9), min_size=1, max_size=4))
def test_log_likelihood_is_the_sum_of_its_steps(X):
    model = made()
    for x, score, rows in zip(X, model.score_samples(X), model.predict_next_proba(X), strict=True):
        codes = np.searchsorted(model.symbols_, list(x))
        steps = np.log(model.initial_proba_[codes[0]])
        steps += np.log(rows[np.arange(len(x) - 1), codes[1:]]).sum()
        assert score == pytest.approx(steps, rel=1e-12)


def test_score_is_the_mean_a_step():
    model = made()
    X = ["abc", "a"]
    assert model.score(X) == pytest.approx(model.score_samples(X).sum() / 4)


def test_next_state_and_step_of_numbers():
    model = HMM.from_parameters(
        startprob=[1, 0], transmat=[[0, 1], [1, 0]], means=[[0.0], [5.0]], covars=[[1.0], [1.0]]
    )
    X = [np.array([0.0, 5.0, 0.0])]
    np.testing.assert_allclose(model.predict_next_state_proba(X)[0], [[0, 1], [1, 0], [0, 1]], atol=1e-12)
    np.testing.assert_allclose(model.predict_next(X)[0], [5.0, 0.0, 5.0], atol=1e-12)
    with pytest.raises(ValueError, match="this HMM has gaussian steps; predict_next"):
        model.predict_next_proba(X)
    assert not hasattr(model, "initial_proba_")


@pytest.mark.parametrize("emission", ["categorical", "gaussian", "gmm", "poisson"])
def test_samples_have_the_likelihood_they_should(emission):
    """The mean log-likelihood of its own samples is higher under a model than under another."""
    pair = []
    for shift in (0.0, 0.6):
        parameters = {
            "categorical": {"emissionprob": [[0.9 - shift, 0.1 + shift], [0.2, 0.8]]},
            "gaussian": {"means": [[0.0 + shift], [3.0]], "covars": [[1.0], [1.0 + shift]]},
            "gmm": {
                "weights": [[0.5, 0.5], [0.9, 0.1]],
                "means": [[[0.0], [4.0 + shift]], [[-3.0], [9.0]]],
                "covars": [[[1.0], [0.5]], [[1.0], [1.0 + shift]]],
            },
            "poisson": {"lambdas": [[1.0 + shift], [6.0]]},
        }[emission]
        pair.append(
            HMM.from_parameters(startprob=[0.5, 0.5], transmat=[[0.9, 0.1], [0.2, 0.8]], **parameters)
        )
    for own, other in (pair, pair[::-1]):
        X = own.sample(300, 20, random_state=0)
        gaps = own.score_samples(X) - other.score_samples(X)
        assert gaps.mean() > 3 * gaps.std() / np.sqrt(len(gaps))


def test_sample_lengths_and_transitions():
    model = HMM.from_parameters(
        startprob=[0, 1, 0], transmat=[[0, 1, 0], [0, 0, 1], [1, 0, 0]], emissionprob=np.eye(3)
    )
    X = model.sample(3, [4, 1, 6], random_state=0)
    assert [x.tolist() for x in X] == [[1, 2, 0, 1], [1], [1, 2, 0, 1, 2, 0]]


def test_criteria():
    model, X = made(), ["abc", "ca"]
    log_likelihood = model.score_samples(X).sum()
    assert model.n_parameters_ == 1 + 2 + 2 * 2
    assert model.aic(X) == pytest.approx(2 * 7 - 2 * log_likelihood)
    assert model.bic(X) == pytest.approx(7 * np.log(5) - 2 * log_likelihood)


@pytest.mark.parametrize(
    ("emission", "kind", "n_parameters"),
    [
        ("gaussian", "spherical", 2 + 6 + 6 + 3),
        ("gaussian", "diag", 2 + 6 + 6 + 6),
        ("gaussian", "full", 2 + 6 + 6 + 9),
        ("gaussian", "tied", 2 + 6 + 6 + 3),
        ("gmm", "diag", 2 + 6 + 3 + 12 + 12),
        ("gmm", "tied", 2 + 6 + 3 + 12 + 9),
        ("poisson", "diag", 2 + 6 + 6),
    ],
)
def test_free_parameters(emission, kind, n_parameters):
    X = [np.floor(np.abs(4 * x)) for x in noise()]
    model = HMM(3, emission, covariance_type=kind, n_init=1, random_state=0, tol=1e-2).fit(X)
    assert model.n_parameters_ == n_parameters


# missing data


def test_missing_symbols_are_no_symbols():
    X = [list("aab?b"), list("?ba")]
    model = HMM(2, missing="marginalize", missing_symbol="?", random_state=0).fit(X)
    assert model.symbols_.tolist() == ["a", "b"]
    rows = model.predict_next_proba(["?"])
    np.testing.assert_allclose(rows[0][0], model.startprob_ @ model.transmat_ @ model.emissionprob_)
    assert model.score_samples(["?"])[0] == pytest.approx(0.0, abs=1e-12)
    model.set_params(missing="error")
    with pytest.raises(ValueError, match="missing symbol '\\?': expected missing='marginalize'"):
        model.score_samples(["a?"])


def test_missing_channels_cost_little():
    """Regimes are recovered though every third number is gone, and sequences stay comparable."""
    rng = np.random.default_rng(0)
    states = np.repeat(rng.integers(0, 2, (30, 5)), 8, axis=1)
    X = 3.0 * states[..., None] + rng.normal(size=(*states.shape, 2))
    X[rng.random(X.shape) < 1 / 3] = np.nan
    with pytest.raises(ValueError, match=r"X\[0\] contains NaN at step"):
        HMM(2).fit(X)
    model = HMM(2, missing="marginalize", random_state=0).fit(X)
    agreement = (model.predict(X) == states).mean()
    assert max(agreement, 1 - agreement) > 0.95
    np.testing.assert_allclose(np.sort(model.means_[:, 0]), [0, 3], atol=0.2)


# scores of steps


def test_steps_add_up_to_their_sequence():
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(n, 2)) for n in (1, 7, 20)]
    X[1][3] = 400.0  # its density is far below what a float holds
    model = HMM(3, random_state=0).fit([rng.normal(size=(50, 2)) + 3 * (i % 2) for i in range(4)])
    steps = model.score_steps(X)
    assert [s.shape for s in steps] == [(1,), (7,), (20,)]
    np.testing.assert_allclose([s.sum() for s in steps], model.score_samples(X))
    assert steps[1][3] < -1000


def test_steps_have_the_probability_that_was_predicted():
    model = made()
    word = "abacbbc"
    proba = np.vstack([model.initial_proba_, model.predict_next_proba([word])[0][:-1]])
    expected = np.log(proba[np.arange(7), ["abc".index(c) for c in word]])
    np.testing.assert_allclose(model.score_steps([word])[0], expected)


def test_a_step_that_is_ruled_out_is_passed_over():
    model = HMM.from_parameters(startprob=[1, 0], transmat=[[0, 1], [1, 0]], emissionprob=[[1, 0], [0, 1]])
    assert model.score_steps([[0, 1, 1, 1]])[0].tolist() == [0, 0, -np.inf, 0]
