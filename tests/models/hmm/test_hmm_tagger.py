import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.model_selection import cross_validate
from sklearn.utils.estimator_checks import estimator_checks_generator

from seqcompare import HMMTagger, Sequences

NO_COUNTS = {"startprob": 0.0, "transmat": 0.0, "emissionprob": 0.0}


def echo(n_sequences, length, d, seed=0):
    """y[t] = x[t-d] for random bits; the first d steps weigh 0."""
    X = np.random.default_rng(seed).integers(0, 2, (n_sequences, length))
    y, weight = np.zeros_like(X), np.ones(X.shape)
    y[:, d:], weight[:, :d] = X[:, : length - d], 0
    return X, y, weight


def weather(seed=0, n=30):
    """Two labels that last, seen through three noisy symbols, with sequences of different lengths."""
    rng = np.random.default_rng(seed)
    y = [np.cumsum(rng.random(length) < 0.2) % 2 for length in rng.integers(3, 25, n)]
    X = [np.where(rng.random(len(labels)) < 0.7, labels, rng.integers(0, 3, len(labels))) for labels in y]
    return X, y


def test_checks_that_need_no_data():
    for estimator in (HMMTagger(), HMMTagger(3, decode="filter")):
        names = []
        for checked, check in estimator_checks_generator(estimator):
            name = check.func.__name__
            if name in (
                "check_no_attributes_set_in_init",
                "check_get_params_invariance",
                "check_set_params",
                "check_parameters_default_constructible",
                "check_estimator_cloneable",
            ):
                check(checked)
                names.append(name)
        assert len(names) == 5


def test_labels_as_states_are_counted():
    X, y = weather()
    tagger = HMMTagger(priors=NO_COUNTS).fit(X, y)
    trans, emit, start = np.zeros((2, 2)), np.zeros((2, 3)), np.zeros(2)
    for x, labels in zip(X, y, strict=True):
        start[labels[0]] += 1
        for a, b in itertools.pairwise(labels):
            trans[a, b] += 1
        for a, b in zip(labels, x, strict=True):
            emit[a, b] += 1
    np.testing.assert_allclose(tagger.startprob_, start / start.sum())
    np.testing.assert_allclose(tagger.transmat_, trans / trans.sum(axis=1, keepdims=True))
    np.testing.assert_allclose(tagger.emissionprob_, emit / emit.sum(axis=1, keepdims=True))
    assert tagger.converged_
    assert tagger.n_parameters_ == 1 + 2 + 4


@pytest.mark.parametrize("kind", ["spherical", "diag", "full", "tied"])
def test_labelled_gaussians_are_moments(kind):
    rng = np.random.default_rng(1)
    y = [rng.integers(0, 2, 30) for _ in range(10)]
    X = [rng.normal(size=(30, 2)) + 2 * labels[:, None] for labels in y]
    tagger = HMMTagger(covariance_type=kind, min_covar=0).fit(X, y)
    steps, labels = np.concatenate(X), np.concatenate(y)
    parts = [steps[labels == c] for c in (0, 1)]
    np.testing.assert_allclose(tagger.means_, [p.mean(axis=0) for p in parts], rtol=1e-8)
    covars = np.array([np.cov(p.T, bias=True) for p in parts])
    if kind == "tied":
        covars = np.average(covars, axis=0, weights=[len(p) for p in parts])
    elif kind != "full":
        covars = np.array([np.diag(c) for c in covars])
        covars = covars.mean(axis=1) if kind == "spherical" else covars
    # spherical variances are fitted in one unit for all channels, and are the same
    np.testing.assert_allclose(tagger.covars_, covars, rtol=1e-6)


def brute(tagger, x, n_classes):
    """p(y[t] | x), p(y[t] | x[..t]) and the best path's labels, over all paths."""
    k = len(tagger.startprob_)
    b = tagger.emissionprob_[:, x].T

    def posterior(n_steps):
        totals, best = np.zeros((n_steps, k)), (-1.0, ())
        for path in itertools.product(range(k), repeat=n_steps):
            p = tagger.startprob_[path[0]] * b[0, path[0]]
            for t in range(1, n_steps):
                p *= tagger.transmat_[path[t - 1], path[t]] * b[t, path[t]]
            totals[range(n_steps), path] += p
            best = max(best, (p, path))
        return totals / totals.sum(axis=1, keepdims=True) @ tagger.labelprob_, best[1]

    smoothed, path = posterior(len(x))
    filtered = np.array([posterior(t + 1)[0][-1] for t in range(len(x))])
    return smoothed, filtered, tagger.labelprob_.argmax(axis=1)[list(path)]


@pytest.mark.parametrize("n_components", [None, 3])
def test_all_paths(n_components):
    X, y = weather()
    tagger = HMMTagger(n_components, random_state=0).fit(X, y)
    short = [x[:5] for x in X[:6]]
    for decode, pick in (("viterbi", 0), ("posterior", 0), ("filter", 1)):
        tagger.decode = decode
        for x, proba, labels in zip(short, tagger.predict_proba(short), tagger.predict(short), strict=True):
            answers = brute(tagger, x, 2)
            np.testing.assert_allclose(proba, answers[pick], rtol=1e-9)
            expected = answers[2] if decode == "viterbi" else answers[pick].argmax(axis=1)
            np.testing.assert_array_equal(labels, expected)


def test_only_the_filter_is_causal():
    assert HMMTagger(decode="filter").causal
    assert not HMMTagger(decode="viterbi").causal
    assert not HMMTagger(decode="posterior").causal


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=2, max_size=9), st.data())
def test_filter_uses_no_later_step(x, data):
    X, y = weather()
    tagger = HMMTagger(2, decode="filter", random_state=0, tol=1e-3).fit(X, y)
    cut = data.draw(st.integers(1, len(x)))
    np.testing.assert_allclose(
        tagger.predict_proba([x[:cut]])[0], tagger.predict_proba([x])[0][:cut], rtol=1e-12
    )


def test_latent_states_carry_what_labels_do_not_show():
    X, y, weight = echo(200, 30, 1)
    by_labels = HMMTagger(decode="filter").fit(X, y, weight)
    latent = HMMTagger(4, decode="filter", n_init=6, random_state=0).fit(X, y, weight)
    X, y, weight = echo(100, 30, 1, seed=1)
    assert by_labels.score(X, y, weight) < 0.6
    assert latent.score(X, y, weight) == 1.0


@pytest.mark.parametrize("n_components", [None, 3])
def test_weight_zero_and_ignore_label_are_the_same(n_components):
    X, y = weather()
    rng = np.random.default_rng(0)
    kept = [rng.random(len(labels)) < 0.7 for labels in y]
    hidden = [np.where(k, labels, -1) for k, labels in zip(kept, y, strict=True)]
    by_weight = HMMTagger(n_components, random_state=0).fit(X, y, [k.astype(float) for k in kept])
    by_label = HMMTagger(n_components, ignore_label=-1, random_state=0).fit(X, hidden)
    assert by_label.classes_.tolist() == [0, 1]
    np.testing.assert_array_equal(by_weight.transmat_, by_label.transmat_)
    for a, b in zip(by_weight.predict_proba(X), by_label.predict_proba(X), strict=True):
        np.testing.assert_array_equal(a, b)
    everything = HMMTagger(n_components, random_state=0).fit(X, y)
    assert by_label.score(X, y) > everything.score(X, y) - 0.03
    # scored are the labelled steps alone
    share = np.mean(np.concatenate(by_label.predict(X)) == np.concatenate(hidden), where=np.concatenate(kept))
    assert by_label.score(X, hidden) == pytest.approx(share)


def test_labels_of_hidden_steps_do_not_matter():
    X, y = weather()
    weight = [np.arange(len(labels)) % 3 != 0 for labels in y]
    other = [np.where(w, labels, 1 - labels) for w, labels in zip(weight, y, strict=True)]
    fits = [HMMTagger(3, random_state=0).fit(X, labels, weight) for labels in (y, other)]
    np.testing.assert_array_equal(fits[0].transmat_, fits[1].transmat_)


def test_weights_of_sequences_are_repetitions():
    X, y = weather(n=8)
    weight = np.array([2.0, 1, 1, 3, 0, 1, 1, 2])
    twice = np.repeat(np.arange(8), weight.astype(int))
    weighed = HMMTagger().fit(X, y, weight)
    repeated = HMMTagger().fit([X[i] for i in twice], [y[i] for i in twice])
    for name in ("startprob_", "transmat_", "emissionprob_"):
        np.testing.assert_allclose(getattr(weighed, name), getattr(repeated, name), rtol=1e-12)


def test_containers_and_string_labels():
    tagger = HMMTagger(random_state=0).fit(["aabb", "bba"], [["x", "x", "y", "y"], ["y", "y", "x"]])
    assert tagger.predict(["ab"])[0].tolist() == ["x", "y"]
    X, y, _ = echo(5, 6, 0)
    table = HMMTagger().fit(X, y)
    assert table.predict(X).shape == (5, 6)
    assert table.predict_log_proba(X).shape == (5, 6, 2)
    assert isinstance(table.predict(Sequences(X)), np.ndarray)
    assert isinstance(table.predict_proba(Sequences(X.ravel(), [0, 10, 30])), Sequences)


def test_cross_validation_of_ragged_lists():
    X, y = weather()
    assert cross_validate(HMMTagger(), X, y, cv=3)["test_score"].mean() > 0.75


def test_mixtures_and_missing_numbers():
    rng = np.random.default_rng(0)
    y = [np.repeat(rng.integers(0, 2, 5), 6) for _ in range(20)]
    X = [
        3.0 * labels[:, None] + rng.choice([-1, 1], (30, 2)) + 0.3 * rng.normal(size=(30, 2)) for labels in y
    ]
    for x in X:
        x[rng.random(x.shape) < 0.2] = np.nan
    tagger = HMMTagger(emission="gmm", missing="marginalize", random_state=0).fit(X, y)
    assert tagger.score(X, y) > 0.95


def test_clone_forgets_and_workers_change_nothing():
    X, y = weather()
    tagger = HMMTagger(3, n_init=3, n_jobs=2, random_state=0).fit(X, y)
    assert not hasattr(clone(tagger), "classes_")
    alone = HMMTagger(3, n_init=3, random_state=0).fit(X, y)
    np.testing.assert_array_equal(tagger.init_scores_, alone.init_scores_)


def test_nothing_labelled_is_refused():
    with pytest.raises(ValueError, match="no step is labelled"):
        HMMTagger(ignore_label=0).fit(["ab"], [[0, 0]])
    with pytest.raises(ValueError, match="decode must be one of 'viterbi', 'posterior', 'filter'"):
        HMMTagger(decode="map").fit(["ab"], [[0, 1]])
    with pytest.raises(ValueError, match="n_components must be an integer >= 1, got 0"):
        HMMTagger(0).fit(["ab"], [[0, 1]])


@pytest.mark.parametrize("emission", ["categorical", "gaussian"])
def test_the_scale_of_weights_does_not_stop_em(emission):
    X, y = weather()
    rng = np.random.default_rng(0)
    if emission == "gaussian":
        X = [30 * rng.normal(x, 0.5) for x in X]
    priors = NO_COUNTS if emission == "categorical" else {"startprob": 0.0, "transmat": 0.0}
    tagger = HMMTagger(3, emission, n_init=1, priors=priors, random_state=0)
    weights = rng.uniform(0.5, 1.5, len(X))
    whole, small = (clone(tagger).fit(X, y, sample_weight=scale * weights) for scale in (1.0, 1e-2))
    assert whole.stop_reason_ == small.stop_reason_ == "tol"
    assert whole.n_iter_ > 10
    assert small.n_iter_ == pytest.approx(whole.n_iter_, rel=0.25)
    assert small.loss_curve_[-1] == pytest.approx(whole.loss_curve_[-1], rel=0.02)
    # in nats a step, of x and its label
    plain = clone(tagger).fit(X, y)
    assert whole.loss_curve_[-1] == pytest.approx(plain.loss_curve_[-1], rel=0.05)
