import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.utils.estimator_checks import check_estimator

from seqcompare import HMM, Sequences
from seqcompare.tasks import Recall


def made(**options):
    return HMM.from_parameters(
        startprob=[0.6, 0.4],
        transmat=[[0.7, 0.3], [0.4, 0.6]],
        emissionprob=[[0.1, 0.4, 0.5], [0.6, 0.3, 0.1]],
        symbols=list("abc"),
        **options,
    )


def regimes(n_sequences, length, seed, d=16):
    """Two regimes that last d/(1 - 1/2) steps on average and shift the distribution of four symbols."""
    stay = 1 - 0.5 / d
    source = HMM.from_parameters(
        startprob=[0.5, 0.5],
        transmat=[[stay, 1 - stay], [1 - stay, stay]],
        emissionprob=[[0.4, 0.4, 0.1, 0.1], [0.1, 0.1, 0.4, 0.4]],
    )
    return source, source.sample(n_sequences, length, random_state=seed)


def noise(n=40, length=12, d=2, seed=0):
    return list(np.random.default_rng(seed).normal(size=(n, length, d)))


# the contract


@pytest.mark.parametrize(
    ("estimator", "n_checks"),
    [
        (HMM(random_state=0), 41),
        (HMM(emission="categorical", random_state=0), 41),
        # one check is about refusing negative values, another needs an estimator that refuses NaN
        (HMM(emission="poisson", random_state=0), 42),
        (HMM(missing="marginalize", random_state=0), 40),
    ],
    ids=["gaussian", "categorical", "poisson", "missing"],
)
def test_scikit_learns_checks(estimator, n_checks, monkeypatch):
    monkeypatch.setenv("SCIPY_ARRAY_API", "1")
    outcomes = check_estimator(estimator)
    assert [o["check_name"] for o in outcomes if o["status"] != "passed"] == []
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
    for answer in (lambda: model.predict_next_proba(X), lambda: model.initial_proba_):
        with pytest.raises(ValueError, match="this HMM has gaussian steps; predict_next"):
            answer()


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


# how it is fitted


def test_sticky_starts_find_regimes():
    source, X = regimes(200, 100, 0)
    _, held_out = regimes(300, 200, 1)
    model = HMM(2, n_init=4, random_state=0).fit(X)
    marginal = HMM(1).fit(X)
    gain = (model.score(held_out) - marginal.score(held_out)) / (
        source.score(held_out) - marginal.score(held_out)
    )
    assert gain > 0.95


def test_a_sticky_start_finds_a_latch():
    """A cue, two fillers, a query, and the cue again: three states can hold the cue."""
    task = Recall(distance=4, n_cues=2)
    model = HMM(3, n_init=1, random_state=0).fit(task.sample(300, None, 0).X)
    held_out = task.sample(300, None, 1)
    assert task.score(held_out, model.predict_next_proba(held_out.X)) > 0.95


@pytest.mark.parametrize(
    ("topology", "forbidden"),
    [
        ("left-right", np.tril(np.ones((3, 3)), -1)),
        ([[1, 1, 0], [0, 1, 1], [1, 0, 1]], np.array([[0, 0, 1], [1, 0, 0], [0, 1, 0]])),
    ],
)
def test_forbidden_transitions_stay_zero(topology, forbidden):
    _, X = regimes(20, 15, 0)
    model = HMM(3, topology=topology, random_state=0, tol=1e-4).fit(X)
    assert (model.transmat_[forbidden > 0] == 0).all()
    np.testing.assert_allclose(model.transmat_.sum(axis=1), 1.0)
    if topology == "left-right":
        assert model.startprob_.tolist() == [1, 0, 0]
        assert all((np.diff(path) >= 0).all() for path in model.predict(X))


@pytest.mark.parametrize("emission", ["categorical", "gaussian", "poisson"])
def test_left_right_finds_the_stages(emission):
    rng = np.random.default_rng(0)
    stages = [np.repeat([0, 1, 2], rng.integers(4, 9, 3)) for _ in range(40)]
    if emission == "gaussian":
        X = [4.0 * s[:, None] + rng.normal(size=(len(s), 2)) for s in stages]
    elif emission == "poisson":
        X = [rng.poisson(1 + 9 * s) for s in stages]
    else:
        X = [np.where(rng.random(len(s)) < 0.1, 3, s) for s in stages]
    model = HMM(3, emission, topology="left-right", random_state=0).fit(X)
    agreement = np.concatenate(model.predict(X)) == np.concatenate(stages)
    assert agreement.mean() > 0.95


def test_fixed_parameters_stay_and_others_move():
    _, X = regimes(30, 20, 0)
    trans = [[0.8, 0.2], [0.3, 0.7]]
    model = HMM(2, init={"transmat": trans}, fixed=["transmat"], random_state=0).fit(X)
    np.testing.assert_array_equal(model.transmat_, trans)
    assert model.n_parameters_ == 1 + 2 * 3
    free = HMM(2, init={"transmat": trans}, random_state=0).fit(X)
    assert np.abs(free.transmat_ - trans).max() > 0.01
    assert free.score(X) >= model.score(X)


def test_given_start_is_one_start():
    X = noise()
    init = {
        "startprob": [0.5, 0.5],
        "transmat": [[0.5, 0.5], [0.5, 0.5]],
        "means": [[-1.0, 0.0], [1.0, 0.0]],
        "covars": [[1.0, 1.0], [1.0, 1.0]],
    }
    model = HMM(2, init=init, n_init=5, tol=1e-3).fit(X)
    assert len(model.init_scores_) == 1


def test_fixed_gaussians_come_back_in_the_units_of_the_data():
    X = [1e6 + 1e3 * x for x in noise()]
    means, covars = [[1e6, 1e6], [1e6 + 500, 1e6]], [[9e5, 1e6], [1e6, 2e6]]
    model = HMM(2, init={"means": means, "covars": covars}, fixed=["means", "covars"], random_state=0).fit(X)
    np.testing.assert_allclose(model.means_, means, rtol=1e-12)
    np.testing.assert_allclose(model.covars_, covars, rtol=1e-12)
    assert -model.loss_curve_[-1] == pytest.approx(model.score(X), abs=1e-3)


def test_priors_are_pseudo_counts():
    """With one state the posterior modes are known in closed form."""
    X = [list("aab"), list("ab")]
    model = HMM(1, priors={"emissionprob": [[1.0, 4.0]]}).fit(X)
    np.testing.assert_allclose(model.emissionprob_, [[4 / 10, 6 / 10]])
    numbers = [np.array([1.0, 2.0, 3.0]), np.array([6.0])]
    model = HMM(1, priors={"means": (0.0, 4), "covars": (2.0, 3)}, min_covar=0).fit(numbers)
    mean = 12 / 8
    assert model.means_[0, 0] == pytest.approx(mean)
    scatter = np.sum((np.array([1, 2, 3, 6]) - mean) ** 2) + 4 * mean**2
    assert model.covars_[0, 0] == pytest.approx((scatter + 2.0 * 3) / (4 + 3))
    model = HMM(1, "poisson", priors={"lambdas": (10.0, 4)}).fit([[1, 2], [3, 2]])
    assert model.lambdas_[0, 0] == pytest.approx((8 + 40) / 8)


@pytest.mark.parametrize("kind", ["spherical", "diag", "full", "tied"])
@pytest.mark.parametrize("emission", ["gaussian", "gmm"])
def test_priors_and_the_objective_agree(emission, kind):
    """EM climbs log-likelihood plus log-prior, never down."""
    priors = {"means": (0.5, 3), "covars": (0.7, 5), "transmat": 2.0, "startprob": 1.0}
    if emission == "gmm":
        priors["weights"] = 1.5
    model = HMM(
        2, emission, covariance_type=kind, priors=priors, n_init=1, tol=0, max_iter=40, random_state=0
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(noise())
    assert np.diff(model.loss_curve_).max() <= 1e-11
    assert model.stop_reason_ in ("tol", "max_iter")


def test_all_starts_are_reported():
    model = HMM(2, n_init=5, random_state=0).fit(noise())
    assert len(model.init_scores_) == len(model.init_stop_reasons_) == 5
    assert -model.loss_curve_[-1] == pytest.approx(model.init_scores_.max())
    assert len(model.loss_curve_) == model.n_iter_


def test_running_out_of_iterations_is_said():
    with pytest.warns(ConvergenceWarning, match="after 3 iterations: max_iter"):
        model = HMM(2, max_iter=3, n_init=1, random_state=0).fit(noise())
    assert not model.converged_
    assert model.stop_reason_ == "max_iter"
    assert HMM(2, random_state=0).fit(noise()).converged_


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
