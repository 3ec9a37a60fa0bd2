"""States with durations of their own, held against all paths of states and ages."""

from itertools import product

import numpy as np
import pytest

from seqcompare import HMM, BayesClassifier, Sequences, load, save
from seqcompare.models.hmm.duration_recursions import Ages, expect_ages, typical_ages
from seqcompare.models.hmm.durations import (
    Lasted,
    negative_binomial,
    renew_free,
    renew_negative_binomial,
)
from seqcompare.models.hmm.recursions import Likelihood, expect_states
from seqcompare.tasks import Renewal

HAZARDS = np.array([[0.1, 0.4, 0.7], [0.0, 0.9, 0.5], [0.6, 0.2, 0.3]])
TRANS = np.array([[0, 0.7, 0.3], [0.5, 0, 0.5], [1, 0, 0]])
START = np.array([0.5, 0.2, 0.3])
EMISSIONS = np.array([[0.8, 0.1, 0.1], [0.2, 0.6, 0.2], [0.1, 0.3, 0.6]])


def by_hand(**more):
    return HMM.from_parameters(
        startprob=START, transmat=TRANS, emissionprob=EMISSIONS, hazards=HAZARDS, **more
    )


def all_paths(x):
    """Yield (states, ages, probability of these and x) by the definition, step for step."""
    sub_states = list(product(range(3), range(3)))
    ages = typical_ages(HAZARDS)
    for path in product(sub_states, repeat=len(x)):
        k, i = path[0]
        p = START[k] * ages[k, i] * EMISSIONS[k, x[0]]
        for (k, i), (j, older), symbol in zip(path, path[1:], x[1:], strict=False):
            if j != k:
                p *= HAZARDS[k, i] * TRANS[k, j] * (older == 0)
            else:
                p *= (1 - HAZARDS[k, i]) * (older == min(i + 1, 2))
            p *= EMISSIONS[j, symbol]
        if p > 0:
            yield path, p


X = [np.array(x) for x in ([0, 1, 1, 2], [2, 2, 0, 0], [1])]


def test_the_first_state_is_as_old_as_at_a_moment_picked_at_random():
    age, k = 0, 0
    rng, ages = np.random.default_rng(0), []
    for _ in range(100_000):
        ages.append(age)
        age = 0 if rng.random() < HAZARDS[k, age] else min(age + 1, 2)
    found = np.bincount(ages, minlength=3) / len(ages)
    assert typical_ages(HAZARDS)[k] == pytest.approx(found, abs=0.01)


@pytest.mark.parametrize("x", X, ids=str)
def test_answers_are_those_of_all_paths(x):
    model = by_hand()
    paths = list(all_paths(x))
    total = sum(p for _, p in paths)
    assert model.score_samples([x])[0] == pytest.approx(np.log(total), rel=1e-12)
    smoothed = np.zeros((len(x), 3))
    for path, p in paths:
        smoothed[np.arange(len(x)), [k for k, _ in path]] += p / total
    assert model.predict_proba([x])[0] == pytest.approx(smoothed, abs=1e-12)
    assert model.filter_proba([x])[0][-1] == pytest.approx(smoothed[-1], abs=1e-12)
    best, p = max(paths, key=lambda path: path[1])
    log_p, states = model.decode([x])
    assert log_p[0] == pytest.approx(np.log(p))
    assert states[0].tolist() == [k for k, _ in best]
    longer = [sum(q for _, q in all_paths([*x, symbol])) for symbol in range(3)]
    assert model.predict_next_proba([x])[0][-1] == pytest.approx(np.array(longer) / total)
    assert np.sum(model.score_steps([x])[0]) == pytest.approx(np.log(total))


def test_what_is_expected_is_that_of_the_chain_written_out():
    """Also where numbers run out of range, and with weights."""
    rng = np.random.default_rng(1)
    log = rng.normal(size=(30, 3)) * 3
    log[10:14, :2] = -2000.0
    log[14:17, 1:] = -2000.0
    offsets, weights = np.array([0, 8, 30]), np.repeat([0.5, 2.0], [8, 22])
    chain = Ages.running(START, TRANS, HAZARDS)
    # after two steps the second state is left at once, and so the third must be possible
    fit = Likelihood.from_log(log)
    found = expect_ages(chain, fit, offsets, weights)
    wide = Likelihood.from_log(np.repeat(log, 3, axis=1))
    flat = expect_states(*chain.flat, wide, offsets, weights)
    moves = flat.transitions.reshape(3, 3, 3, 3)
    assert found.log_likelihood == pytest.approx(flat.log_likelihood)
    assert found.posterior == pytest.approx(flat.posterior.reshape(-1, 3, 3).sum(axis=2), abs=1e-9)
    assert found.start == pytest.approx(flat.start.reshape(3, 3), abs=1e-9)
    assert found.transitions == pytest.approx(moves[..., 0].sum(axis=1), abs=1e-9)
    assert found.exits == pytest.approx(moves[..., 0].sum(axis=2), abs=1e-9)
    assert found.stays == pytest.approx(np.einsum("kikj->ki", moves[..., 1:]), abs=1e-9)


def lasted(seed):
    rng = np.random.default_rng(seed)
    return Lasted(*rng.gamma(1.0, 20.0, size=(3, 2, 5)), np.array(0.01))


def test_free_hazards_are_the_best():
    found = lasted(0)
    best = np.full((2, 5), 0.5)
    for _ in range(30):
        best = renew_free(found, best)
    top = found.gain(best)
    for k, i in product(range(2), range(5)):
        for change in (1e-3, -1e-3):
            other = best.copy()
            other[k, i] += change
            assert (found.gain(other) <= top + 1e-9).all()


def test_negative_binomials_are_as_good_as_any_near():
    found = lasted(1)
    best = np.full((2, 5), 0.5)
    for _ in range(10):
        best = renew_negative_binomial(found, best)
    top = found.gain(best)
    for least in (1, 2, 3, 4, 5):
        for shape, rate in product((0.1, 0.3, 1.0, 3.0, 10.0), (0.05, 0.2, 0.4, 0.6, 0.8, 0.95)):
            tried = np.tile(negative_binomial(least, shape, rate, 5), (2, 1))
            assert (found.gain(tried) <= top + 0.05).all()


def test_hazards_are_those_of_the_distribution():
    from scipy.stats import nbinom

    hazards = negative_binomial(3, 2.5, 0.4, 12)
    durations = np.arange(1, 13) - 3
    expected = nbinom.pmf(durations, 2.5, 0.4) / nbinom.sf(durations - 1, 2.5, 0.4)
    assert hazards == pytest.approx(expected, abs=2e-4)


@pytest.mark.parametrize("durations", ["free", "negative-binomial"])
def test_em_climbs_and_the_same_call_gives_the_same_model(durations):
    X = by_hand().sample(30, 25, random_state=0)
    settings = {"max_duration": 5, "n_init": 1, "max_iter": 20, "tol": 0, "random_state": 3}
    first, again = (HMM(3, durations=durations, **settings) for _ in range(2))
    for model in (first, again):
        with pytest.warns(UserWarning, match="EM stopped"):
            model.fit(X)
    assert (np.diff(first.loss_curve_) < 1e-9).all()
    assert np.array_equal(first.hazards_, again.hazards_)
    assert np.diag(first.transmat_).tolist() == [0, 0, 0]
    numbers = {"free": 5, "negative-binomial": 3}[durations]
    assert first.n_parameters_ == 2 + 3 * 1 + 3 * 2 + 3 * numbers


@pytest.mark.parametrize("seed", range(3))
def test_renewal_is_learnt(seed):
    """Within .01 bit of the optimum, where a chain of states is .24 above."""
    task = Renewal()
    train, test = task.sample(40, random_state=seed), task.sample(200, random_state=100 + seed)
    model = HMM(2, durations="free", n_init=1, random_state=seed).fit(train.X)
    score = task.score(test, model.predict_next_proba(test.X), model.symbols_)
    assert score < task.optimal_score + 0.01
    assert model.mean_durations_ == pytest.approx(10, abs=0.2)
    plain = HMM(2, n_init=1, random_state=seed).fit(train.X)
    assert task.score(test, plain.predict_next_proba(test.X), plain.symbols_) > 0.45


def test_durations_of_numbers_are_learnt():
    source = HMM.from_parameters(
        startprob=[0.5, 0.5],
        transmat=[[0, 1], [1, 0]],
        means=[[0.0], [2.0]],
        covars=[[1.0], [1.0]],
        hazards=[negative_binomial(4, 1.5, 0.6, 12), negative_binomial(1, 1.0, 0.3, 12)],
    )
    train, test = (source.sample(n, 200, random_state=n) for n in (60, 61))
    losses = {}
    for durations in ("geometric", "negative-binomial", "free"):
        model = HMM(2, durations=durations, max_duration=12, n_init=1, random_state=0).fit(train)
        losses[durations] = -model.score(test)
    best = -source.score(test)
    assert best - 0.01 < losses["negative-binomial"] < best + 0.003
    assert losses["free"] < best + 0.006
    assert losses["geometric"] > best + 0.02
    ahead = model.forecast([test[0]], 3)
    assert ahead.mean[0, 0] == pytest.approx(model.predict_next([test[0]])[0][-1])


def test_what_is_drawn_lasts_as_said_and_steps_agree_with_whole_sequences():
    model = by_hand()
    x = model.sample(1, 60_000, random_state=0)
    path = HMM.from_parameters(
        startprob=START, transmat=TRANS, emissionprob=np.eye(3), hazards=HAZARDS
    ).sample(1, 60_000, random_state=0)
    changes = np.flatnonzero(np.diff(path.values)) + 1
    lengths, kind = np.diff(changes), path.values[changes[:-1]]
    assert [lengths[kind == k].mean() for k in range(3)] == pytest.approx(model.mean_durations_, rel=0.03)
    ones = [(lengths[kind == 1] == n).mean() for n in (1, 2)]
    assert ones == pytest.approx(model.duration_proba_[1, :2], abs=0.02)
    state, rows = model.start(), []
    for symbol in x.values[:20].tolist():
        row, state = model.step(state, symbol)
        rows.append(row)
    assert np.array(rows) == pytest.approx(model.predict_next_proba([x.values[:20]])[0])


def test_impossible_and_unknown_steps_have_answers():
    model = HMM.from_parameters(
        startprob=[1, 0], transmat=[[0, 1], [1, 0]], emissionprob=np.eye(2), hazards=[[0, 1], [0.5, 0.5]]
    )
    assert model.score_samples([[0, 1, 0, 1]])[0] == -np.inf  # the first lasts two steps, always
    assert np.isfinite(model.predict_next_proba([[0, 1, 0, 0, 7]])[0]).all()
    assert np.isfinite(model.score_samples([[0, 0, 1, 7, 1, 0, 0]])).all()


def test_what_goes_left_to_right_ends_in_a_state_that_is_never_left(tmp_path):
    X = ["aabbcc", "abbbcccc", "aaabcc", "aabbbbcccccc"] * 3
    model = HMM(3, topology="left-right", durations="free", max_duration=4, n_init=1, random_state=0).fit(X)
    assert model.transmat_ == pytest.approx(np.array([[0, 1, 0], [0, 0, 1], [0, 0, 1]]), abs=1e-3)
    # of the last state nothing tells how long it would last
    assert model.n_parameters_ == 0 + 1 + 3 * 2 + 2 * 4
    save(model, tmp_path / "model.skops")
    assert np.array_equal(load(tmp_path / "model.skops").score_samples(X), model.score_samples(X))
    classes = BayesClassifier(model).fit(["aabbcc", "ccbbaa"] * 4, [0, 1] * 4)
    assert classes.predict(["aaabbcc", "cccba"]).tolist() == [0, 1]
    assert isinstance(model.sample(2, 5, random_state=0), Sequences)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"durations": "normal"}, "durations must be one of 'geometric'"),
        ({"durations": 3}, "durations must be one of 'geometric'"),
        ({"durations": "free", "max_duration": 0}, "max_duration must be an integer >= 1, got 0"),
        ({"durations": "free", "max_duration": 2.5}, "max_duration must be an integer"),
        ({"durations": "free", "max_duration": 1}, "max_duration must be at least 2"),
        ({"durations": "free", "objective": "prediction"}, "does not go with objective='prediction'"),
        (
            {"durations": "free", "init": {"transmat": np.full((2, 2), 0.5)}},
            "with durations='free' allows none",
        ),
        ({"durations": "free", "init": {"hazards": np.ones((2, 3))}}, r"hazards has shape \(2, 3\)"),
        ({"durations": "free", "init": {"hazards": np.full((2, 20), 2.0)}}, "hazards must be probabilities"),
        ({"init": {"hazards": np.ones((2, 20))}}, "init names 'hazards', but"),
        ({"durations": "free", "priors": {"hazards": -1}}, r"priors\['hazards'\]"),
    ],
)
def test_nonsense_is_refused(parameters, message):
    with pytest.raises(ValueError, match=message):
        HMM(2, **parameters).fit(["abab", "ba"])


def test_weights_of_steps_do_not_go_with_durations():
    model = HMM(2, durations="free", n_init=1, random_state=0)
    with pytest.raises(ValueError, match="one number a sequence"):
        model.fit(["abab"], sample_weight=[[0, 1, 0, 1]])
    assert not model.takes_weights
    twice = model.fit(["abab", "aabb"] * 4, sample_weight=[1.0, 2.0] * 4).score_samples(["abba"])
    assert np.isfinite(twice).all()
    with pytest.raises(ValueError, match="of a state to itself"):
        HMM.from_parameters(
            startprob=[0.5, 0.5], transmat=np.full((2, 2), 0.5), emissionprob=np.eye(2), hazards=HAZARDS[:2]
        )
