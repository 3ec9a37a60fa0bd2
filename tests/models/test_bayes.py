import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.utils.estimator_checks import check_estimator

from seqcompare import HMM, BayesClassifier, MarkovChain


def two_languages(n=30, seed=0):
    """Class 0 likes to repeat, class 1 to alternate; lengths differ."""
    rng = np.random.default_rng(seed)
    X, y = [], []
    for i in range(n):
        flips = rng.random(rng.integers(4, 15)) < (0.2, 0.8)[i % 2]
        X.append(np.cumsum(flips) % 2)
        y.append(("stay", "change")[i % 2])
    return X, np.array(y)


@pytest.mark.parametrize(
    "estimator",
    [
        BayesClassifier(),
        BayesClassifier(HMM(n_init=1, tol=1e-3, random_state=0)),
        BayesClassifier(HMM(emission="categorical", n_init=1, tol=1e-3, random_state=0)),
    ],
    ids=["markov", "gaussian", "categorical"],
)
def test_scikit_learns_checks(estimator, monkeypatch):
    monkeypatch.setenv("SCIPY_ARRAY_API", "1")
    outcomes = check_estimator(estimator)
    assert [o["check_name"] for o in outcomes if o["status"] != "passed"] == []
    assert len(outcomes) == 55


@pytest.mark.parametrize("estimator", [MarkovChain(order=1), HMM(2, random_state=0)], ids=["markov", "hmm"])
def test_bayes_rule(estimator):
    X, y = two_languages()
    model = BayesClassifier(estimator, priors=[0.9, 0.1]).fit(X, y)
    assert model.classes_.tolist() == ["change", "stay"]
    likelihood = np.exp([one.score_samples(X) for one in model.estimators_]).T * [0.9, 0.1]
    expected = likelihood / likelihood.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model.predict_proba(X), expected, rtol=1e-9)
    np.testing.assert_array_equal(model.predict(X), model.classes_[expected.argmax(axis=1)])
    assert model.score(X, y) > 0.8


def test_priors():
    X, y = two_languages(9)
    shares = {
        "empirical": [4 / 9, 5 / 9],
        "uniform": [1 / 2, 1 / 2],
    }
    for priors, share in shares.items():
        model = BayesClassifier(priors=priors).fit(X, y)
        np.testing.assert_allclose(np.exp(model.class_log_prior_), share)
    free = sum(one.n_parameters_ for one in model.estimators_)
    assert model.n_parameters_ == free
    assert BayesClassifier().fit(X, y).n_parameters_ == free + 1


def test_long_sequences_stay_in_range():
    X, y = two_languages()
    model = BayesClassifier().fit(X, y)
    log_proba = model.predict_log_proba([np.zeros(100_000, dtype=int), np.arange(100_000) % 2])
    assert np.isfinite(log_proba).all()
    np.testing.assert_allclose(np.exp(log_proba).sum(axis=1), 1.0)
    np.testing.assert_array_equal(log_proba.argmax(axis=1), [1, 0])


def test_classes_share_the_alphabet():
    """A symbol that only one class shows points to that class, and is not unknown to the other."""
    X, y = [list("abab"), list("ba"), list("abcb"), list("cc")], [0, 0, 1, 1]
    model = BayesClassifier(HMM(1, random_state=0)).fit(X, y)
    assert [one.symbols_.tolist() for one in model.estimators_] == [["a", "b", "c"]] * 2
    assert model.predict_proba([["c"]])[0, 1] > 0.99
    assert np.isfinite(model.predict_log_proba([["z"], ["a", "z"]])).all()


def test_impossible_everywhere_gives_the_priors():
    X, y = [[0, 1], [0, 1], [1, 0]], [0, 0, 1]
    model = BayesClassifier(MarkovChain(order=1, smoothing="none")).fit(X, y)
    np.testing.assert_allclose(model.predict_proba([[1, 1]])[0], [2 / 3, 1 / 3])


def test_missing_numbers_reach_the_densities():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], 15)
    X = [rng.normal(size=(8, 2)) + 2 * label for label in y]
    for x in X:
        x[rng.random(x.shape) < 0.3] = np.nan
    model = BayesClassifier(HMM(2, missing="marginalize", random_state=0)).fit(X, y)
    assert model.score(X, y) > 0.9
    with pytest.raises(ValueError, match="NaN"):
        BayesClassifier(HMM(2)).fit(X, y)


def test_workers_change_nothing():
    X, y = two_languages()
    fits = [BayesClassifier(HMM(2, n_init=2, random_state=0), n_jobs=n).fit(X, y) for n in (None, 2)]
    np.testing.assert_array_equal(fits[0].predict_log_proba(X), fits[1].predict_log_proba(X))


def test_grid_search_reaches_the_density():
    X, y = two_languages(60)
    search = GridSearchCV(BayesClassifier(MarkovChain()), {"estimator__order": [0, 1]}, cv=3).fit(X, y)
    assert search.best_params_ == {"estimator__order": 1}
    assert cross_validate(BayesClassifier(MarkovChain()), X, y, cv=3)["test_score"].mean() > 0.8


@pytest.mark.parametrize(
    ("priors", "message"),
    [
        ("equal", "priors must be 'empirical', 'uniform' or an array"),
        ([0.5, 0.4], "add up to 1"),
        ([1.0], r"priors has shape \(1,\), expected \(2,\)"),
    ],
)
def test_wrong_priors(priors, message):
    X, y = two_languages()
    with pytest.raises(ValueError, match=message):
        BayesClassifier(priors=priors).fit(X, y)


def test_one_class_is_the_answer_and_errors_name_the_class():
    one = BayesClassifier().fit([[0, 1], [1, 0]], ["a", "a"])
    assert one.predict([[1, 1]]).tolist() == ["a"]
    np.testing.assert_array_equal(one.predict_proba([[1, 1]]), [[1.0]])
    init = {"emissionprob": [[1.0, 0.0]]}
    with pytest.raises(ValueError, match="class b: X has likelihood zero"):
        BayesClassifier(HMM(1, init=init, fixed=["emissionprob"])).fit([[0, 0], [0, 1]], ["a", "b"])


def test_japanese_vowels():
    from seqcompare.datasets import load

    data = load("japanese_vowels")
    train, test = data.take(~data.test), data.take(data.test)
    model = BayesClassifier(HMM(3, n_init=2, random_state=0)).fit(train.X, train.y)
    assert model.score(test.X, test.y) >= 0.95


def languages_of_integers():
    rng = np.random.default_rng(0)
    X = rng.integers(0, 3, (30, 6))
    X[:15] = np.minimum(X[:15], 1)
    return X, np.repeat([0, 1], 15)


@pytest.mark.parametrize("density", [MarkovChain(), HMM(emission="categorical", random_state=0)], ids=repr)
def test_whole_number_floats_are_symbols_to_densities_of_symbols(density):
    X, y = languages_of_integers()
    of_integers, of_floats = BayesClassifier(density).fit(X, y), BayesClassifier(density).fit(X * 1.0, y)
    expected = of_integers.predict_proba(X)
    for model in (of_integers, of_floats):
        for given in (X, X * 1.0, list(X), X.astype(object)):
            np.testing.assert_allclose(model.predict_proba(given), expected)
    assert all(one.symbols_.tolist() == [0, 1, 2] for one in of_floats.estimators_)


@pytest.mark.parametrize("emission", ["poisson", "gaussian"])
def test_integers_and_floats_are_one_to_densities_of_numbers(emission):
    X, y = languages_of_integers()
    model = BayesClassifier(HMM(emission=emission, random_state=0)).fit(X, y)
    np.testing.assert_allclose(model.predict_proba(X), model.predict_proba(X * 1.0))
    assert model.kind_ == "real"


def test_an_automatic_emission_reads_at_prediction_what_it_found_in_fit():
    X, y = languages_of_integers()
    symbols = BayesClassifier(HMM(random_state=0)).fit(X, y)
    np.testing.assert_allclose(symbols.predict_proba(X * 1.0), symbols.predict_proba(X))
    fitted = HMM(random_state=0).fit([[0.5, 1.5], [2.5]])
    assert BayesClassifier(fitted).fit(X, y).kind_ == "symbols"  # the prototype's own fit does not count


def test_labels_from_a_table_are_strings():
    X, y = two_languages()
    model = BayesClassifier().fit(X, y.astype(object))
    assert model.classes_.dtype.kind == "U"
    assert model.score(X, y) > 0.8
