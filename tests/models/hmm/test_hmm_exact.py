"""Hidden Markov models against all paths of states, published numbers and hmmlearn."""

import itertools
import warnings

import numpy as np
import pytest
from hmmlearn import _hmmc
from hmmlearn import hmm as peer
from scipy import stats

from seqcompare import HMM
from seqcompare.models.hmm import _hmmlearn
from seqcompare.models.hmm._hmmlearn import Steps
from seqcompare.models.hmm.fit import Recipe, make_engine, read_parameters, run_em
from seqcompare.models.hmm.recursions import Likelihood, expect_states, filter_states
from seqcompare.models.hmm.viterbi import best_path

EMISSIONS = [
    ("categorical", "diag"),
    ("poisson", "diag"),
    *[("gaussian", kind) for kind in ("spherical", "diag", "full", "tied")],
    *[("gmm", kind) for kind in ("spherical", "diag", "full", "tied")],
]
TOPOLOGIES = {
    "ergodic": np.ones((3, 3)),
    "left-right": np.triu(np.ones((3, 3))),
    "ring": np.array([[1, 1, 0], [0, 1, 1], [1, 0, 0]]),
}


def covariances(kind, shape, d, rng):
    """Random covariances; `shape` is what they are one of."""
    if kind == "spherical":
        return rng.uniform(0.5, 2.0, shape)
    if kind == "diag":
        return rng.uniform(0.5, 2.0, (*shape, d))
    root = rng.normal(size=(*shape, d, d))
    return root @ np.swapaxes(root, -1, -2) + 0.3 * np.eye(d)


def random_model(emission, kind, topology, seed, **options):
    rng = np.random.default_rng(seed)
    k, d, m = 3, 2, 2
    mask = TOPOLOGIES[topology]
    start = np.array([1.0, 0, 0]) if topology == "left-right" else rng.dirichlet(np.ones(k))
    trans = rng.dirichlet(np.ones(k), k) * mask
    parameters = {"startprob": start, "transmat": trans / trans.sum(1, keepdims=True)}
    if emission == "categorical":
        parameters["emissionprob"] = rng.dirichlet(np.ones(4), k)
    elif emission == "poisson":
        parameters["lambdas"] = rng.uniform(0.5, 6.0, (k, d))
    elif emission == "gaussian":
        parameters["means"] = rng.normal(size=(k, d))
        parameters["covars"] = covariances(kind, () if kind == "tied" else (k,), d, rng)
    else:
        parameters["weights"] = rng.dirichlet(np.ones(m), k)
        parameters["means"] = rng.normal(size=(k, m, d))
        parameters["covars"] = covariances(kind, (k,) if kind == "tied" else (k, m), d, rng)
    model = HMM.from_parameters(covariance_type=kind, **parameters, **options)
    return model, parameters


def density_of(emission, kind, parameters, state, x):
    """p(x | state) by scipy, of what is observed of x."""
    if emission == "categorical":
        return 1.0 if x == -1 else parameters["emissionprob"][state, x]
    seen = ~np.isnan(x)
    if not seen.any():
        return 1.0
    if emission == "poisson":
        return np.prod(stats.poisson.pmf(x[seen], parameters["lambdas"][state][seen]))

    def full(covars):
        if kind in ("full", "tied"):
            return covars
        return np.diag(covars) if kind == "diag" else covars * np.eye(len(x))

    def gauss(mean, cov):
        return stats.multivariate_normal(mean[seen], full(cov)[np.ix_(seen, seen)]).pdf(x[seen])

    means, covars = parameters["means"][state], parameters["covars"]
    if emission == "gaussian":
        return gauss(means, covars if kind == "tied" else covars[state])
    return sum(
        w * gauss(means[i], covars[state] if kind == "tied" else covars[state, i])
        for i, w in enumerate(parameters["weights"][state])
    )


def enumerate_paths(start, trans, b):
    """Likelihood, smoothed posterior, transition counts, best path and its probability, over all paths."""
    n_steps, k = b.shape
    total, posterior, pairs = 0.0, np.zeros((n_steps, k)), np.zeros((k, k))
    best = (-1.0, None)
    for path in itertools.product(range(k), repeat=n_steps):
        p = start[path[0]] * b[0, path[0]]
        for t in range(1, n_steps):
            p *= trans[path[t - 1], path[t]] * b[t, path[t]]
        total += p
        posterior[range(n_steps), path] += p
        for i, j in itertools.pairwise(path):
            pairs[i, j] += p
        best = max(best, (p, path))
    return total, posterior / total, pairs / total, best


def data_of(emission, missing, seed):
    rng = np.random.default_rng(seed)
    lengths = (1, 4, 6)
    if emission == "categorical":
        X = [rng.integers(0, 4, n) for n in lengths]
        if missing != "none":
            for x in X:
                x[rng.random(len(x)) < 0.4] = -1
        return X
    X = [
        rng.poisson(3.0, (n, 2)).astype(float) if emission == "poisson" else rng.normal(size=(n, 2))
        for n in lengths
    ]
    if missing == "steps":
        for x in X[1:]:
            x[rng.random(len(x)) < 0.4] = np.nan
    if missing == "channels":
        for x in X[1:]:
            x[rng.random(x.shape) < 0.4] = np.nan
    return X


@pytest.mark.parametrize("missing", ["none", "steps", "channels"])
@pytest.mark.parametrize("topology", TOPOLOGIES)
@pytest.mark.parametrize(("emission", "kind"), EMISSIONS)
def test_all_paths(emission, kind, topology, missing):
    options = {} if missing == "none" else {"missing": "marginalize"}
    if missing != "none" and emission == "categorical":
        options["missing_symbol"] = -1
    model, parameters = random_model(emission, kind, topology, 5, **options)
    X = data_of(emission, missing, 7)
    scores, smoothed, filtered = model.score_samples(X), model.predict_proba(X), model.filter_proba(X)
    (log_p, paths), decoded = model.decode(X), model.predict(X)
    start, trans = parameters["startprob"], parameters["transmat"]
    for i, x in enumerate(X):
        b = np.array([[density_of(emission, kind, parameters, k, step) for k in range(3)] for step in x])
        total, posterior, _, (top, path) = enumerate_paths(start, trans, b)
        assert scores[i] == pytest.approx(np.log(total), rel=1e-10)
        np.testing.assert_allclose(smoothed[i], posterior, rtol=1e-9, atol=1e-13)
        for t in range(len(x)):
            causal = enumerate_paths(start, trans, b[: t + 1])[1][-1]
            np.testing.assert_allclose(filtered[i][t], causal, rtol=1e-9, atol=1e-13)
        assert log_p[i] == pytest.approx(np.log(top), rel=1e-10)
        assert tuple(paths[i]) == tuple(decoded[i]) == path


@pytest.mark.parametrize("missing", ["none", "steps", "channels"])
@pytest.mark.parametrize(("emission", "kind"), EMISSIONS)
def test_em_climbs_with_missing_data(emission, kind, missing):
    """Exact EM never loses likelihood; an inexact E-step for missing data would."""
    symbol = {"missing_symbol": -1} if emission == "categorical" and missing != "none" else {}
    rng = np.random.default_rng(0)
    X = [x for seed in range(30) for x in data_of(emission, missing, seed)[1:]]
    model = HMM(
        2, emission, covariance_type=kind, n_init=2, tol=0, max_iter=25, min_covar=1e-6, random_state=0,
        missing="error" if missing == "none" else "marginalize", **symbol,
    )  # fmt: skip
    if emission != "categorical":
        X = [x + (rng.random() < 0.5) for x in X]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X)
    assert np.diff(model.loss_curve_).max() <= 1e-10
    # the last entry is the loss of the parameters before the last M-step
    prior = np.sum(1e-3 * np.log(model.emissionprob_)) if emission == "categorical" else 0.0
    n_steps = sum(map(len, X))
    assert -(model.score_samples(X).sum() + prior) / n_steps <= model.loss_curve_[-1] + 1e-10


def test_weather_of_wikipedia():
    """Walk, shop, clean: https://en.wikipedia.org/wiki/Viterbi_algorithm in an old revision."""
    model = HMM.from_parameters(
        startprob=[0.6, 0.4],
        transmat=[[0.7, 0.3], [0.4, 0.6]],
        emissionprob=[[0.1, 0.4, 0.5], [0.6, 0.3, 0.1]],
        symbols=["walk", "shop", "clean"],
    )
    X = [["walk", "shop", "clean"]]
    log_p, path = model.decode(X)
    assert np.exp(log_p[0]) == pytest.approx(0.01344, abs=1e-9)
    assert path[0].tolist() == [1, 0, 0]
    np.testing.assert_allclose(model.predict_proba(X)[0][:, 0], [0.23170, 0.62406, 0.86398], atol=1e-5)


def test_umbrellas_of_wikipedia():
    """https://en.wikipedia.org/wiki/Forward-backward_algorithm (Russell and Norvig's umbrella world)."""
    model = HMM.from_parameters(
        startprob=[0.5, 0.5], transmat=[[0.7, 0.3], [0.3, 0.7]], emissionprob=[[0.9, 0.1], [0.2, 0.8]]
    )
    X = [[0, 0, 1, 0, 0]]
    assert model.score_samples(X)[0] == pytest.approx(-3.3725, abs=1e-4)
    rain = model.predict_proba(X)[0][:, 0]
    np.testing.assert_allclose(rain, [0.8673, 0.8204, 0.3075, 0.8204, 0.8673], atol=1e-4)


def even_process(n_steps, rng):
    """Runs of 1 have even length: after each finished run, a fair coin says 0 or 11."""
    steps = [step for fair in rng.random(n_steps) < 0.5 for step in ((0,) if fair else (1, 1))]
    return np.array(steps[:n_steps])


def test_even_process_by_hand():
    half = 0.5
    model = HMM.from_parameters(
        startprob=[half, half, 0.0],
        transmat=[[half, half, 0], [0, 0, 1], [half, half, 0]],
        emissionprob=[[1, 0], [0, 1], [0, 1]],
    )
    X = [even_process(100_000, np.random.default_rng(1))]
    assert -model.score(X) / np.log(2) == pytest.approx(2 / 3, abs=2e-3)


def test_even_process_fitted():
    rng = np.random.default_rng(0)
    X, held_out = [even_process(200, rng) for _ in range(100)], [even_process(50_000, rng)]
    bits = {k: -HMM(k, n_init=8, random_state=0).fit(X).score(held_out) / np.log(2) for k in (2, 3)}
    assert bits[3] == pytest.approx(2 / 3, abs=5e-3)
    assert bits[2] == pytest.approx(0.874, abs=5e-3)


def peer_of(emission, kind, parameters, implementation):
    k = len(parameters["startprob"])
    make = {
        "categorical": lambda **a: peer.CategoricalHMM(k, **a),
        "poisson": lambda **a: peer.PoissonHMM(k, **a),
        "gaussian": lambda **a: peer.GaussianHMM(k, kind, covars_prior=0, **a),
        "gmm": lambda **a: peer.GMMHMM(k, 2, covariance_type=kind, **a),
    }[emission]
    model = make(implementation=implementation, init_params="", n_iter=1)
    for name, value in parameters.items():
        if name == "covars" and emission == "gaussian":
            model.n_features = parameters["means"].shape[1]
        setattr(model, f"{name}_", value)
    return model


@pytest.mark.parametrize("implementation", ["scaling", "log"])
@pytest.mark.parametrize(("emission", "kind"), EMISSIONS)
def test_scores_of_hmmlearn(emission, kind, implementation):
    model, parameters = random_model(emission, kind, "ergodic", 3)
    X = model.sample(20, np.random.default_rng(0).integers(1, 60, 20), random_state=0)
    other = peer_of(emission, kind, parameters, implementation)
    flat, lengths = X.channels, X.lengths
    theirs, posterior = other.score_samples(flat, lengths)
    assert model.score_samples(X).sum() == pytest.approx(theirs, rel=1e-10)
    np.testing.assert_allclose(model.predict_proba(X).values, posterior, rtol=1e-7, atol=1e-11)
    log_p, path = other.decode(flat, lengths)
    ours, states = model.decode(X)
    assert ours.sum() == pytest.approx(log_p, rel=1e-10)
    np.testing.assert_array_equal(states.values, path)


@pytest.mark.parametrize(("emission", "kind"), [e for e in EMISSIONS if e[0] != "gmm"])
def test_iteration_of_hmmlearn(emission, kind):
    """One EM iteration from the same parameters, with hmmlearn's E-step and with ours."""
    model, parameters = random_model(emission, kind, "ring", 3)
    X = model.sample(40, 25, random_state=0)
    other = peer_of(emission, kind, parameters, "scaling").fit(X.channels, X.lengths)
    n_outputs = 4 if emission == "categorical" else 2
    mask = parameters["transmat"] > 0
    recipe = Recipe(emission, kind, 2, n_outputs, np.ones(3, dtype=bool), mask)
    values = X.values if emission == "categorical" else X.channels.astype(float)
    outcome = run_em(recipe, Steps(values, np.array(X.offsets)), parameters)
    assert outcome.score == pytest.approx(other.monitor_.history[-1], rel=1e-10)
    theirs = read_parameters(other, list(parameters), kind)
    for name, value in outcome.parameters.items():
        np.testing.assert_allclose(value, theirs[name], rtol=1e-8, atol=1e-12, err_msg=name)


def test_batches_change_nothing(monkeypatch):
    model, parameters = random_model("categorical", "diag", "ergodic", 1)
    X = model.sample(30, np.random.default_rng(0).integers(1, 20, 30), random_state=0)
    alone = np.concatenate([model.score_samples([x]) for x in X])
    np.testing.assert_array_equal(model.score_samples(X), alone)
    whole = make_engine(
        Recipe("categorical", "diag", 1, 4, np.ones(3, dtype=bool), np.ones((3, 3), dtype=bool)), parameters
    )
    steps = Steps(X.values, np.array(X.offsets))
    once = whole.expect(steps)
    monkeypatch.setattr(_hmmlearn, "_CHUNK", 100 * 3)
    thrice = whole.expect(steps)
    assert once[1] == pytest.approx(thrice[1], rel=1e-13)
    for name in ("start", "trans", "obs"):
        np.testing.assert_allclose(once[0][name], thrice[0][name], rtol=1e-12)


def test_out_of_the_range_of_floats():
    """Where scaling would underflow, the answers are those of logarithms."""
    rng = np.random.default_rng(0)
    start, trans = np.array([1.0, 0.0]), np.array([[0.5, 0.5], [0.0, 1.0]])
    log_b = np.log(rng.random((5, 2)))
    # at the first step only state 0 is possible, and there the step is 1e-400 as likely as in state 1
    log_b[0] = [-921.0, 0.0]
    fit = Likelihood.from_log(log_b)
    offsets = np.array([0, 5])
    b = np.exp(np.vstack([[0.0, -np.inf], log_b[1:]]))
    total, posterior, pairs, (top, path) = enumerate_paths(start, trans, b)
    found = expect_states(start, trans, fit, offsets)
    assert found.log_likelihood[0] == pytest.approx(np.log(total) - 921.0, rel=1e-12)
    np.testing.assert_allclose(found.posterior, posterior, atol=1e-12)
    np.testing.assert_allclose(found.transitions, pairs, atol=1e-12)
    np.testing.assert_allclose(found.start, posterior[0], atol=1e-12)
    scores, filtered = filter_states(start, trans, fit, offsets)
    assert scores[0] == pytest.approx(np.log(total) - 921.0, rel=1e-12)
    np.testing.assert_allclose(filtered[-1], posterior[-1], atol=1e-12)
    states, log_p = best_path(start, trans, fit, offsets)
    assert tuple(states) == path
    assert log_p[0] == pytest.approx(np.log(top) - 921.0, rel=1e-12)


@pytest.mark.parametrize("n_states", [1, 2, 4, 24, 25])
@pytest.mark.parametrize("tied", [False, True])
def test_most_probable_paths_are_hmmlearns_ties_and_all(n_states, tied):
    rng = np.random.default_rng(n_states)
    start, trans = rng.dirichlet(np.ones(n_states)), rng.dirichlet(np.ones(n_states), n_states)
    lengths = [1, 2, 300, 40]
    log_b = np.log(rng.random((sum(lengths), n_states)))
    if tied:  # the second half of the states are twins of the first
        twin = np.arange(n_states) % (n_states // 2 + 1)
        start, trans, log_b = start[twin], trans[twin][:, twin], log_b[:, twin]
    offsets = np.cumsum([0, *lengths])
    path, log_p = best_path(start, trans, Likelihood(np.exp(log_b), np.zeros(len(log_b)), log_b), offsets)
    for s, (a, z) in enumerate(itertools.pairwise(offsets)):
        theirs, states = _hmmc.viterbi(start, trans, log_b[a:z])
        np.testing.assert_array_equal(path[a:z], states)
        assert log_p[s] == pytest.approx(theirs, rel=1e-13)


def test_impossible_steps_are_passed_over():
    model = HMM.from_parameters(startprob=[1, 0], transmat=[[0, 1], [1, 0]], emissionprob=[[1, 0], [0, 1]])
    X = [[0, 1, 1, 1, 0], [0, 1, 0, 1, 0]]
    assert model.score_samples(X).tolist() == [-np.inf, 0.0]
    alternating = np.eye(2)[[0, 1, 0, 1, 0]]
    for answer in (model.predict_proba(X), model.filter_proba(X)):
        np.testing.assert_array_equal(answer[0], alternating)
        np.testing.assert_array_equal(answer[1], alternating)
    assert model.predict(X)[0].tolist() == [0, 1, 0, 1, 0]
    assert model.decode(X)[0].tolist() == [-np.inf, 0.0]


@pytest.mark.parametrize("n_possible", [1, 4, 5, 40])
def test_few_states_that_are_possible(n_possible):
    """A step that rules out most of many states, after one that rules out none and one that is missing."""
    rng = np.random.default_rng(n_possible)
    n_states, offsets = 40, np.array([0, 30, 31, 75])
    start, trans = rng.dirichlet(np.ones(n_states)), rng.dirichlet(np.ones(n_states), n_states)
    b = np.ones((75, n_states))
    for t in np.flatnonzero(rng.random(75) < 0.8):
        b[t] = 0
        b[t, rng.permutation(n_states)[:n_possible]] = rng.random(n_possible)
    log_likelihood, alpha = filter_states(start, trans, Likelihood(b, np.zeros(75)), offsets)
    for s, (first, end) in enumerate(itertools.pairwise(offsets)):
        expected, state = 0.0, start
        for t in range(first, end):
            joint = (state if t == first else state @ trans) * b[t]
            expected, state = expected + np.log(joint.sum()), joint / joint.sum()
            np.testing.assert_allclose(alpha[t], state, rtol=1e-12)
        np.testing.assert_allclose(log_likelihood[s], expected, rtol=1e-12)
