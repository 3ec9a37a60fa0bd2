import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.estimator_checks import check_estimator

from seqcompare import MarkovChain, MarkovTagger, NextStep, RNNTagger, WindowTagger
from seqcompare.models.base import Tagger

COINS = np.random.default_rng(0).integers(0, 2, (8, 30))


def small_rnn():
    return RNNTagger(cell="gru", hidden_size=4, max_iter=3, dtype="float64", random_state=0)


TAGGERS = {
    "markov": MarkovTagger(order=1),
    "window": WindowTagger(LogisticRegression(), before=1),
    "certain": WindowTagger(DecisionTreeClassifier(random_state=0), before=1),
    "rnn": small_rnn(),
}


@pytest.fixture(params=sorted(TAGGERS))
def tagger(request):
    return clone(TAGGERS[request.param])


def data(seed=0, n=40):
    rng = np.random.default_rng(seed)
    return ["".join(rng.choice(list("abc"), size=rng.integers(1, 9), p=[0.6, 0.3, 0.1])) for _ in range(n)]


def test_rows_are_distributions_that_add_up_to_the_likelihood(tagger):
    X = data()
    model = NextStep(tagger).fit(X)
    rows, scores = model.predict_next_proba(X), model.score_samples(X)
    for x, row, score in zip(X, rows, scores, strict=True):
        np.testing.assert_allclose(row.sum(axis=1), 1, rtol=1e-6)
        codes = np.searchsorted(model.symbols_, list(x))
        parts = [model.initial_proba_[codes[0]], *row[np.arange(len(x) - 1), codes[1:]]]
        np.testing.assert_allclose(np.log(parts).sum(), score, rtol=1e-12)
    assert np.isfinite(model.score_samples(data(seed=9))).all()


def test_predictions_use_no_later_step(tagger):
    model = NextStep(tagger).fit(data())
    x = "abcacba"
    whole = model.predict_next_proba([x])[0]
    for t in range(1, len(x)):
        np.testing.assert_allclose(model.predict_next_proba([x[:t]])[0], whole[:t], rtol=1e-12)


def test_the_tagger_learns_the_next_step_by_hand():
    X = ["aab", "b", "ba"]
    model = NextStep(MarkovTagger(order=0, smoothing="none")).fit(X)
    # firsts: a, b, b; after a: a, b; after b: a
    np.testing.assert_allclose(model.initial_proba_, [2 / 5, 3 / 5])
    assert model.n_transitions_ == 3
    rows = model.predict_next_proba(["ab"])[0]
    np.testing.assert_allclose(rows, [[0.5, 0.5], [(3 + 0.5) / 4, 0.5 / 4]])
    # what was never a symbol costs the least probability there can be
    np.testing.assert_allclose(model.score_samples(["az"]), np.log(2 / 5) + np.log(1 / (2 * 4)))
    np.testing.assert_allclose(model.score_samples(["z"]), np.log(1 / 8))


def test_step_weights_are_those_of_the_predicted_steps():
    X = [[0, 1, 0, 1, 1]]
    weights = [[0, 1, 0, 0, 2]]
    model = NextStep(MarkovTagger(order=0, smoothing="none")).fit(X, sample_weight=weights)
    # left are 0 -> 1 once and 1 -> 1 twice, and no first step
    assert model.n_transitions_ == 3
    np.testing.assert_allclose(model.initial_proba_, [0.5, 0.5])
    np.testing.assert_allclose(model.predict_next_proba([[0, 1]])[0][:, 1], (3 + 0.5) / 4)


def test_whole_weights_are_repetitions(tagger):
    if isinstance(tagger, RNNTagger):
        tagger.set_params(batch_size=1000, early_stopping=False)
    if isinstance(tagger, WindowTagger) and isinstance(tagger.estimator, LogisticRegression):
        tagger.set_params(estimator__tol=1e-10)
    X, rng = data(3, 12), np.random.default_rng(3)
    w = rng.integers(0, 3, size=len(X))
    weighted = NextStep(clone(tagger)).fit(X, sample_weight=w)
    repeated = NextStep(clone(tagger)).fit([x for x, k in zip(X, w, strict=True) for _ in range(k)])
    np.testing.assert_allclose(weighted.score_samples(X), repeated.score_samples(X), rtol=1e-5)


def test_a_given_alphabet():
    model = NextStep(MarkovTagger(), symbols=["a", "b", "z"]).fit(["ab", "ba"])
    assert model.predict_next_proba(["az"])[0].shape == (2, 3)
    assert np.isfinite(model.score_samples(["azb"])).all()
    with pytest.raises(ValueError, match="not among symbols"):
        model.fit(["abc"])


def test_symbols_that_are_never_targets_or_inputs():
    # c comes first only, d comes last only
    model = NextStep(WindowTagger(LogisticRegression())).fit(["cab", "cba", "bad"])
    assert list(model.symbols_) == ["a", "b", "c", "d"]
    rows = model.predict_next_proba(["cd"])[0]
    assert (rows > 0).all()
    assert np.isfinite(model.score_samples(["cc", "ddd"])).all()


def test_sampling_follows_the_model(tagger):
    model = NextStep(tagger).fit(data())
    drawn = np.array(list(model.sample(3000, 3, random_state=0)))
    assert drawn.shape == (3000, 3)
    np.testing.assert_allclose(
        np.mean(drawn[:, :1] == model.symbols_, axis=0), model.initial_proba_, atol=0.03
    )
    begins = drawn[(drawn[:, 0] == "a") & (drawn[:, 1] == "b")]
    expected = model.predict_next_proba(["ab"])[0][1]
    np.testing.assert_allclose(np.mean(begins[:, 2:] == model.symbols_, axis=0), expected, atol=0.08)
    np.testing.assert_array_equal(drawn, list(model.sample(3000, 3, random_state=0)))


class Slow(Tagger):
    """A tagger that says nothing of how far it looks back."""

    ignore_label = None
    causal = True

    def fit(self, X, y):
        self.inner_ = MarkovTagger(order=1).fit(X, y)
        self.classes_ = self.inner_.classes_
        return self

    def predict_proba(self, X):
        return self.inner_.predict_proba(X)


def test_sampling_in_a_window_is_the_same_as_from_the_whole_past():
    X = data()
    short, whole = NextStep(MarkovTagger(order=1)).fit(X), NextStep(Slow()).fit(X)
    lengths = np.arange(1, 21)
    assert short.sample(20, lengths, random_state=1) == whole.sample(20, lengths, random_state=1)


def test_stepping_is_the_same_as_reading_the_whole_past():
    model = NextStep(small_rnn()).fit(data())
    drawn = model.sample(5, 6, random_state=2)
    model.estimator_.__class__ = type("NoSteps", (RNNTagger,), {"step_proba": property()})
    assert not hasattr(model.estimator_, "step_proba")
    assert drawn == model.sample(5, 6, random_state=2)


def test_agrees_with_a_markov_chain_away_from_the_start():
    # the chain counts x[0] too, so shorter contexts differ a little and the longest not at all
    x = np.random.default_rng(0).integers(0, 3, size=20_000)
    chain = MarkovChain(2, "none").fit([x])
    model = NextStep(MarkovTagger(order=1, smoothing="none")).fit([x])
    ours, theirs = model.predict_next_proba([x[:50]])[0][1:], chain.predict_next_proba([x[:50]])[0][1:]
    np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_parameters_are_counted_and_reachable():
    X = data()
    model = NextStep(MarkovTagger(order=0)).fit(X)
    assert model.n_parameters_ == 3 * 2 + 2
    assert np.isnan(NextStep(Slow()).fit(X).n_parameters_)
    search = GridSearchCV(NextStep(MarkovTagger()), {"estimator__order": [0, 4]}, cv=3).fit(X)
    assert search.best_params_ == {"estimator__order": 0}
    fitted = NextStep(small_rnn()).fit(X)
    assert fitted.n_iter_ == fitted.estimator_.n_iter_
    assert fitted.stop_reason_ == fitted.estimator_.stop_reason_
    assert not hasattr(model, "stop_reason_")


def test_a_search_may_choose_how_far_to_look_back():
    search = GridSearchCV(WindowTagger(), {"before": [0, 2]}, cv=2)
    model = NextStep(search).fit(["abbabbabbabb", "bbabbabbab"] * 2)
    assert model.estimator_.best_params_ == {"before": 2}
    # what an earlier fit of the search found is not asked
    search.set_params(param_grid={"after": [1]}).fit(["abab"] * 4, [[1, 0, 1, 0]] * 4)
    search.set_params(param_grid={"before": [0, 1]})
    assert np.isfinite(NextStep(search).fit(COINS).score(COINS))


@pytest.mark.parametrize(
    ("estimator", "X", "weight", "message"),
    [
        (WindowTagger(after=1), ["ab"], None, "causal"),
        (RNNTagger(bidirectional=True), ["ab"], None, "causal"),
        (make_pipeline(WindowTagger(after=1)), ["ab"], None, "causal"),
        (GridSearchCV(WindowTagger(), {"after": [0, 1]}, cv=2), COINS, None, "this GridSearchCV sees"),
        (object(), ["ab"], None, "estimator must be an estimator, got <object"),
        (MarkovTagger(), ["a", "b"], None, "at least one sequence of two steps"),
        (MarkovTagger(), [[0.5, 1.5]], None, "expected symbols"),
        (MarkovTagger(), ["ab"], [[1, 0]], "zero for every step but the first"),
        (Slow(), ["ab", "ba"], [1, 2], r"Slow\.fit takes none"),
    ],
)
def test_errors_say_what_is_wrong(estimator, X, weight, message):
    with pytest.raises(ValueError, match=message):
        NextStep(estimator).fit(X, sample_weight=weight)


@pytest.mark.parametrize("name", ["markov", "window"])
def test_scikit_learns_checks(name, monkeypatch):
    monkeypatch.setenv("SCIPY_ARRAY_API", "1")
    expected = {"check_sample_weight_equivalence_on_dense_data": "its data are not symbols"}
    results = check_estimator(NextStep(clone(TAGGERS[name])), expected_failed_checks=expected)
    assert len(results) == 48
    assert [r["check_name"] for r in results if r["status"] != "passed"] == list(expected)
