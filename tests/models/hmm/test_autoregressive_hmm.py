"""HMMs whose states are rules: every path of states by hand, sources whose optimum is known, single rules."""

from itertools import product

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from seqcompare import HMM, Autoregression, AutoregressiveHMM, Sequences
from seqcompare.tasks import SwitchingAutoregression


def draw(d, lengths, seed=0):
    """Return ragged sequences of two vector rules that take turns."""
    rng = np.random.default_rng(seed)
    rules = [0.8 * np.eye(d), -0.5 * np.eye(d) + 0.2]
    out = []
    for n in lengths:
        x, k = rng.normal(size=(n, d)), rng.integers(2)
        for t in range(1, n):
            k = 1 - k if rng.random() < 0.1 else k
            x[t] += rules[k] @ x[t - 1] + k
        out.append(x[:, 0] if d == 1 else x)
    return out


def rows(x):
    return np.reshape(x, (len(x), -1))


def by_hand(model, data, x):
    """Return the joint density of each path of states, as {path: density}, from the parameters alone."""
    p, x = model.order, rows(x)
    one = Autoregression(p).fit(data)
    first = np.exp(Sequences(one.score_steps([x if x.shape[1] > 1 else x[:, 0]])).values)
    found = {}
    for path in product(range(model.n_components), repeat=len(x)):
        density = model.startprob_[path[0]]
        for t, k in enumerate(path):
            if t:
                density *= model.transmat_[path[t - 1], k]
            if t < p:
                density *= first[t]
                continue
            mean = model.intercept_[k] + sum(model.coef_[k, j] @ x[t - 1 - j] for j in range(p))
            density *= multivariate_normal(mean, model.covars_[k]).pdf(x[t])
        found[path] = density
    return found


@pytest.mark.parametrize(("d", "order", "n_states"), [(1, 1, 2), (1, 2, 3), (2, 1, 2), (2, 2, 2), (1, 0, 2)])
def test_every_answer_is_that_of_all_paths_together(d, order, n_states):
    data = draw(d, [60, 35, 80, 51])
    model = AutoregressiveHMM(n_states, order, n_init=1, max_iter=500, random_state=1).fit(data)
    x = data[1][:7]
    paths = by_hand(model, data, x)
    total = sum(paths.values())
    assert model.score_samples([x])[0] == pytest.approx(np.log(total), rel=1e-10)
    assert model.score_samples([x])[0] == pytest.approx(model.score_steps([x])[0].sum(), rel=1e-12)
    smoothed = np.zeros((7, n_states))
    for path, density in paths.items():
        smoothed[np.arange(7), path] += density / total
    np.testing.assert_allclose(model.predict_proba([x])[0], smoothed, rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(model.filter_proba([x])[0][-1], smoothed[-1], rtol=1e-8, atol=1e-12)
    best = max(paths, key=paths.get)
    if order <= 1:  # with more, the states of the first steps are worth the same either way round
        assert tuple(model.predict([x])[0]) == best
    assert model.decode([x])[0][0] == pytest.approx(np.log(paths[best]), rel=1e-10)


@pytest.mark.parametrize("d", [1, 2])
def test_predictions_are_the_densities_of_the_steps_that_come(d):
    X = draw(d, [50, 3, 80, 1])
    model = AutoregressiveHMM(2, 2, random_state=0).fit(X)
    for x, ahead, steps in zip(X, model.predict_next_distribution(X), model.score_steps(X), strict=True):
        np.testing.assert_allclose(ahead[:-1].log_prob(x[1:]), steps[1:], rtol=1e-9)
    forecast = model.forecast(X, 3, n_samples=40, random_state=0)
    last = [each[-1] for each in model.predict_next_distribution(X)]
    np.testing.assert_allclose(forecast.mean[:, 0], [each.mean for each in last], rtol=1e-9)
    assert forecast.batch_shape == (4, 3)


def test_one_state_is_the_autoregression():
    X = draw(2, [50, 31, 80])
    one, plain = AutoregressiveHMM(1, 2).fit(X), Autoregression(2).fit(X)
    np.testing.assert_allclose(one.coef_[0], plain.coef_, rtol=1e-8)
    np.testing.assert_allclose(one.score_samples(X), plain.score_samples(X), rtol=1e-8)


def test_without_lags_it_is_the_gaussian_hmm():
    x = np.concatenate([np.random.default_rng(i).normal(4 * (i % 2), 1, size=30) for i in range(10)])
    ours = AutoregressiveHMM(2, 0, tol=1e-10, random_state=0).fit([x])
    other = HMM(2, tol=1e-10, random_state=0).fit([x])
    assert ours.score_samples([x])[0] == pytest.approx(other.score_samples([x])[0], rel=1e-6)


def test_em_never_loses_and_weights_count_as_copies():
    X = draw(1, [40, 60, 50])
    weighted = AutoregressiveHMM(2, random_state=0).fit(X, sample_weight=[2, 1, 0])
    copied = AutoregressiveHMM(2, random_state=0).fit([X[0], X[0], X[1]])
    assert (np.diff(weighted.loss_curve_) < 1e-9).all()
    np.testing.assert_allclose(weighted.coef_, copied.coef_, rtol=1e-6)
    np.testing.assert_allclose(weighted.transmat_, copied.transmat_, rtol=1e-6)


def test_weights_are_shares_however_little():
    rng = np.random.default_rng(0)
    X = [rng.normal(size=n) + 4 * rng.integers(0, 2, n) for n in rng.integers(5, 30, 20)]
    model = AutoregressiveHMM(2, max_iter=30, tol=1e-3, random_state=0)
    plain = model.fit(X).score_samples(X)
    for weight in (1e-4, 1e-60):
        little = model.fit(X, sample_weight=np.full(20, weight)).score_samples(X)
        np.testing.assert_allclose(little, plain, rtol=1e-9)


def test_no_state_shrinks_to_a_point():
    x = np.random.default_rng(0).normal(size=200)
    x[50:60] = 1.0
    model = AutoregressiveHMM(3, random_state=0).fit([x])
    single = AutoregressiveHMM(1).fit([x]).covars_[0, 0, 0]
    assert model.covars_.min() >= 0.999e-3 * single
    assert np.isfinite(model.score_samples([x])).all()


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_regimes_that_switch_are_found(seed):
    task = SwitchingAutoregression(32)
    test = task.sample(200, random_state=100 + seed)
    best = task.score(test, task.optimal_proba(test.X))
    model = AutoregressiveHMM(2, random_state=seed).fit(task.sample(40, length=200, random_state=seed).X)
    assert task.score(test, model.score_steps(test.X)) - best < 0.005
    np.testing.assert_allclose(np.sort(model.coef_.ravel()), [-0.9, 0.9], atol=0.05)
    assert np.diag(model.transmat_).min() > 0.9


def test_what_it_draws_has_its_own_parameters():
    model = AutoregressiveHMM(2, random_state=0).fit(draw(2, [300, 300]))
    drawn = model.sample(30, np.arange(371, 401), random_state=0)
    assert drawn.lengths.tolist() == list(range(371, 401))
    again = AutoregressiveHMM(2, random_state=0).fit(drawn)
    order = [0, 1] if abs(again.coef_[0] - model.coef_[0]).max() < 0.2 else [1, 0]
    np.testing.assert_allclose(again.coef_[order], model.coef_, atol=0.06)
    np.testing.assert_allclose(again.transmat_[np.ix_(order, order)], model.transmat_, atol=0.04)
    per_step = model.score(drawn)
    assert again.score(drawn) == pytest.approx(per_step, abs=0.01)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"order": -1}, "order must be a whole number of steps"),
        ({"n_components": 0}, "n_components == 0, must be >= 1"),
        ({"min_covar": 0.0}, "min_covar == 0.0, must be > 0"),
        ({"order": 9}, "an autoregression of order 9 needs a sequence of at least 10 steps"),
    ],
)
def test_what_cannot_be_is_named(change, words):
    with pytest.raises(ValueError, match=words):
        AutoregressiveHMM(**change).fit([[0.0, 1.0, 3.0, 2.0]])
