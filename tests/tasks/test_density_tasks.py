"""Tasks on numbers and counts: each optimum in two ways, each density against one without recursion."""

from itertools import product
from math import comb

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.linalg import toeplitz
from scipy.stats import multivariate_normal, norm, poisson

from seqcompare import Autoregression, CountAutoregression, LinearStateSpace, MarkovChain, Sequences
from seqcompare.tasks import (
    Counts,
    LinearSeries,
    LongMemory,
    NoisyState,
    Renewal,
    SwitchingAutoregression,
    ThresholdAutoregression,
    Volatility,
)

TASKS = [
    LinearSeries(3),
    LinearSeries(2, coefficients=(1.6, -0.8)),
    NoisyState(8),
    LongMemory(20),
    Volatility(4),
    ThresholdAutoregression(2),
    SwitchingAutoregression(8),
    Counts(2),
]
each = pytest.mark.parametrize("task", TASKS, ids=repr)

NORMAL = np.log2(2 * np.pi * np.e) / 2


def gap(task, dataset):
    """Return by how many standard errors the long-run average is off the formula."""
    each = task.outcomes(dataset, task.optimal_proba(dataset.X)).reshape(len(dataset), -1).mean(axis=1)
    return abs(each.mean() - task.optimal_score) / (each.std() / np.sqrt(len(each)))


@pytest.mark.parametrize(
    ("task", "optimum", "chance"),
    [
        (LinearSeries(1), 2.047, 3.726),
        (LinearSeries(2, coefficients=(1.6, -0.8)), 2.047, 3.910),
        (LongMemory(), 2.0482, 2.572),
        (Volatility(), 1.9849, 2.0385),
        (ThresholdAutoregression(), 1.047, 1.740),
        (SwitchingAutoregression(8), 2.408, 3.245),
        (SwitchingAutoregression(32), 2.199, 3.245),
        (SwitchingAutoregression(128), 2.101, 3.245),
        (Counts(), 1.969, 3.180),
        (Counts(survival=0.6, arrivals=2.0), 2.861, 3.180),
        (Renewal(), 0.2322, 1.0),
    ],
    ids=repr,
)
def test_optimum_and_chance_have_the_values_that_were_computed_elsewhere(task, optimum, chance):
    assert task.optimal_score == pytest.approx(optimum, abs=1.1e-3)
    assert task.chance_score == pytest.approx(chance, abs=6e-4)


@each
def test_the_formula_is_the_average_of_the_exact_predictor(task):
    assert gap(task, task.sample(3000, random_state=11)) < 4.5


@each
def test_densities_come_in_any_container(task):
    dataset = task.sample(20, random_state=0)
    whole = task.optimal_log_density(dataset.X)
    assert isinstance(whole, Sequences)
    score = task.score(dataset, whole)
    assert task.score(dataset, whole.values) == score
    assert task.score(dataset, list(whole)) == score
    array = task.optimal_log_density(np.stack(list(dataset.X)))
    assert array.shape == (20, task.natural_length)
    assert task.score(dataset, array) == score
    ragged = [x[: 10 + 3 * i] for i, x in enumerate(dataset.X)]
    for full, part in zip(whole, task.optimal_log_density(ragged), strict=True):
        np.testing.assert_allclose(full[: len(part)], part, rtol=1e-10, atol=1e-12)


@each
def test_chance_is_the_best_without_memory(task):
    """The entropy of the marginal, from a histogram of many draws: at most what bins blur."""
    x = task.sample(3000, random_state=1).X.values
    if task.name == "Counts":
        shares = np.bincount(x) / len(x)
        found = -(shares[shares > 0] @ np.log2(shares[shares > 0]))
    else:
        shares, edges = np.histogram(x, bins=400)
        shares = shares[shares > 0] / len(x)
        found = -(shares @ np.log2(shares)) + np.log2(edges[1] - edges[0])
    assert found == pytest.approx(task.chance_score, abs=0.02)


@each
def test_wrong_outputs_raise(task):
    dataset = task.sample(5, random_state=0)
    good = task.optimal_log_density(dataset.X).values
    with pytest.raises(ValueError, match="one number a step as score_steps gives them"):
        task.score(dataset, np.stack([good, good], axis=1))
    with pytest.raises(ValueError, match="must be numbers below infinity"):
        task.score(dataset, good * np.nan)
    with pytest.raises(ValueError, match=f"expected outputs for {len(good)} steps"):
        task.score(dataset, good[1:])
    assert task.score(dataset, np.full(len(good), -np.inf)) == pytest.approx(12 * np.log2(10))
    with pytest.raises(ValueError, match=r"is made of numbers|got symbols|strings"):
        task.optimal_log_density(["ab", "b"])


def joint_log_density(x, spread):
    """Return the log-density of each step given those before it, from densities of all prefixes."""
    whole = [
        np.atleast_1d(multivariate_normal.logpdf(x[:, : t + 1], np.zeros(t + 1), spread[: t + 1, : t + 1]))
        for t in range(x.shape[1])
    ]
    return np.diff(np.stack([np.zeros(len(x)), *whole]), axis=0).T


def impulse_autocovariance(lags, length):
    response = np.zeros(3000)
    response[0] = 1
    for t in range(1, len(response)):
        past = response[max(t - len(lags), 0) : t][::-1]
        response[t] = past @ np.asarray(lags)[: len(past)]
    return np.array([response[k:] @ response[: len(response) - k] for k in range(length)])


@pytest.mark.parametrize(
    ("task", "autocovariance"),
    [
        (LinearSeries(3, strength=-0.8), impulse_autocovariance([0, 0, -0.8], 12)),
        (LinearSeries(2, coefficients=(1.6, -0.8)), impulse_autocovariance([1.6, -0.8], 12)),
        (NoisyState(8), np.exp(-np.arange(12) / 8) + 4 * np.eye(12)[0]),
    ],
    ids=repr,
)
def test_normal_sources_are_as_likely_as_their_joint_distribution_says(task, autocovariance):
    x = np.stack(list(task.sample(6, length=12, random_state=0).X))
    expected = joint_log_density(x, toeplitz(autocovariance))
    np.testing.assert_allclose(task.optimal_log_density(x), expected, rtol=1e-8)


def test_long_memory_has_the_spectrum_of_fractional_noise():
    task = LongMemory(10, d_frac=0.3)

    def covariance(k):
        # the spectral density |2 sin(w/2)|^(-2d) / 2 pi, integrated; its pole is taken out by w = v^3
        return quad(
            lambda v: 3 * v**2 * (2 * np.sin(v**3 / 2)) ** -0.6 * np.cos(k * v**3) / np.pi,
            0,
            np.pi ** (1 / 3),
            limit=500,
        )[0]

    spread = toeplitz([covariance(k) for k in range(12)])
    x = np.stack(list(task.sample(6, length=12, random_state=0).X))
    np.testing.assert_allclose(task.optimal_log_density(x), joint_log_density(x, spread), rtol=1e-6)
    left = [np.linalg.det(spread[: k + 1, : k + 1]) / np.linalg.det(spread[:k, :k]) for k in (1, 4, 11)]
    found = [task.score_within(k) for k in (1, 4, 11)]
    np.testing.assert_allclose(found, NORMAL + np.log2(left) / 2, rtol=1e-8)


def test_a_short_reach_costs_what_theory_says():
    task = LinearSeries(2, coefficients=(1.6, -0.8))
    assert task.score_within(0) == pytest.approx(task.chance_score)
    assert task.score_within(1) == pytest.approx(2.784, abs=5e-4)
    assert task.score_within(2) == pytest.approx(task.optimal_score)
    assert task.score_within(9) == pytest.approx(task.optimal_score)
    long = LongMemory()
    for reach, excess in ((8, 0.0142), (32, 0.0036), (128, 0.0009)):
        assert long.score_within(reach) - NORMAL == pytest.approx(excess, abs=1e-4)


def test_the_filter_settles_at_the_closed_form():
    task = NoisyState(64)
    late = task._variances(3000)[-1]
    assert NORMAL + np.log2(late) / 2 == pytest.approx(task.limit_score, abs=1e-12)
    assert task.limit_score < task.optimal_score < task.limit_score + 1e-4
    gains = [NoisyState(d).chance_score - NoisyState(d).limit_score for d in (4, 16, 64)]
    np.testing.assert_allclose(gains, [0.030, 0.071, 0.108], atol=6e-4)


def test_volatility_has_no_mean_and_a_variance_that_goes_on():
    task = Volatility()
    x = np.stack(list(task.sample(4000, random_state=3).X))
    assert abs(np.corrcoef(x[:, 100], x[:, 101])[0, 1]) < 0.05
    assert np.corrcoef(x[:, 100] ** 2, x[:, 101] ** 2)[0, 1] > 0.08
    assert x.var() == pytest.approx(1, abs=0.03)
    variance, e = np.ones(40_000), 0.0
    total = []
    rng = np.random.default_rng(5)
    for t in range(400):
        variance = 0.05 + 0.1 * e**2 + 0.85 * variance
        e = np.sqrt(variance) * rng.normal(size=len(variance))
        if t >= 200:
            total.append((NORMAL + np.log2(variance) / 2).mean())
    assert np.mean(total) == pytest.approx(task.optimal_score, abs=1e-3)


def test_threshold_densities_are_true_to_the_rule():
    task = ThresholdAutoregression(2)
    x = task.sample(1, length=30, random_state=0).X[0]
    mean = np.sign(x[:-2]) - 0.6 * x[:-2]
    np.testing.assert_allclose(
        task.optimal_log_density([x])[0][2:], norm.logpdf(x[2:], mean, 0.5), rtol=1e-10
    )
    total, _ = quad(lambda v: np.exp(task.optimal_log_density([[float(v)]])[0][0]), -5, 5, limit=200)
    assert total == pytest.approx(1, abs=1e-8)


def test_switching_is_a_sum_over_all_regimes():
    task = SwitchingAutoregression(5)
    x = np.stack(list(task.sample(4, length=7, random_state=0).X))
    total = np.zeros(len(x))
    for signs in product((1, -1), repeat=7):
        changes = np.count_nonzero(np.diff(signs))
        share = 0.5 * 0.2**changes * 0.8 ** (6 - changes)
        steps = norm.pdf(x[:, 1:], 0.9 * np.array(signs[1:]) * x[:, :-1]).prod(axis=1)
        total += share * norm.pdf(x[:, 0], scale=np.sqrt(1 / 0.19)) * steps
    np.testing.assert_allclose(task.optimal_log_density(x).sum(axis=1), np.log(total), rtol=1e-10)


def test_counts_survive_and_arrive():
    task = Counts(survival=0.7, arrivals=1.5)
    table = task.transitions(6, 40)
    np.testing.assert_allclose(table.sum(axis=1), 1)
    by_hand = sum(comb(4, k) * 0.7**k * 0.3 ** (4 - k) * poisson.pmf(3 - k, 1.5) for k in range(4))
    assert table[4, 3] == pytest.approx(by_hand)
    # what rests is Poisson
    size = 60
    rest = poisson.pmf(np.arange(size), task.mean)
    np.testing.assert_allclose(rest @ task.transitions(size, size), rest, atol=1e-10)
    x = task.sample(10, random_state=0).X
    assert x.values.dtype == np.int64
    assert task.score(task.sample(10, random_state=0), task.optimal_proba(x)) < task.chance_score
    with pytest.raises(ValueError, match="negative or not whole"):
        task.optimal_proba([[0.5, 1.0]])


def test_renewal_is_its_own_machine():
    task = Renewal(6, spread=2)
    x = task.sample(200, length=40, random_state=0).X
    machine = task.exact_model()
    np.testing.assert_allclose(task.optimal_proba(x).values, machine.predict_next_proba(x).values, atol=1e-10)
    runs = [np.diff(np.flatnonzero(np.diff(row))) for row in task.sample(200, random_state=1).X]
    lengths, counts = np.unique(np.concatenate(runs), return_counts=True)
    assert lengths.tolist() == [4, 5, 6]
    assert counts.min() / counts.max() > 0.9
    with pytest.raises(ValueError, match="as durations allow"):
        task.optimal_proba([[0, 0, 1, 0]])
    # the order-1 chain sees a change every 10 steps
    one = MarkovChain(1).fit(Renewal().sample(400, random_state=0).X)
    assert one.entropy_rate(2) == pytest.approx(0.4690, abs=0.003)


@pytest.mark.parametrize(
    ("task", "model", "bits"),
    [
        (LinearSeries(1), Autoregression(1), 0.002),
        (LinearSeries(2, coefficients=(1.6, -0.8)), Autoregression(2), 0.002),
        (NoisyState(16), LinearStateSpace(1), 0.004),
        (Volatility(), Autoregression(0, volatility="garch"), 0.004),
        (Counts(), CountAutoregression(), 0.002),
    ],
    ids=repr,
)
def test_the_right_model_reaches_the_optimum(task, model, bits):
    train, test = task.sample(40, random_state=1), task.sample(400, random_state=2)
    model.fit(train.X)
    excess = task.score(test, model.score_steps(test.X)) - task.score(test, task.optimal_proba(test.X))
    assert 0 < excess < bits


def test_theory_says_who_can():
    series = LinearSeries(4)
    assert series.can_represent("markov", 4) is True
    assert series.can_represent("markov", 3) is False
    assert series.can_represent("window", 4, variant="ridge") is True
    assert series.can_represent("hmm", 8) is None
    threshold = ThresholdAutoregression(2)
    assert threshold.can_represent("window", 2, variant="boosting") is True
    assert threshold.can_represent("window", 2, variant="ridge") is False
    assert threshold.can_represent("window", 1, variant="boosting") is False
    assert NoisyState(8).can_represent("window", 100) is None
    renewal = Renewal()
    assert renewal.can_represent("markov", 12) is True
    assert renewal.can_represent("markov", 11) is False
    assert renewal.can_represent("hmm", 24) is True
    assert renewal.can_represent("window", 12, variant="logistic") is True
    assert renewal.can_represent("window", 11, variant="logistic") is False
