"""Counts that are missing: every answer is that of the sum over all that they may have been."""

from itertools import product

import numpy as np
import pytest

from seqcompare import CountAutoregression
from seqcompare.models.markov.thinning import Thinning, log_proba
from seqcompare.models.markov.thinning_gaps import MISSING, _expect_transitions

NAN = np.nan
# so many that nothing that matters is beyond, of the small counts here
MOST = 14


def draw_counts(survival, rate, n, length, seed=0):
    rng = np.random.default_rng(seed)
    x = np.zeros((n, length + 50))
    for t in range(len(survival), length + 50):
        x[:, t] = rng.poisson(rate, size=n)
        for k, share in enumerate(survival, start=1):
            x[:, t] += rng.binomial(x[:, t - k].astype(int), share)
    return x[:, 50:]


def small(order, arrivals="free"):
    """Return a model of small counts, fitted to whole sequences."""
    x = draw_counts([0.3, 0.2][:order] or [0.0], 0.4, 20, 30)
    return CountAutoregression(order, arrivals=arrivals, missing="allow").fit(np.minimum(x, 2))


def joint(model, x):
    """Return the probability of a sequence without gaps."""
    return np.exp(Score.of(model, x))


class Score:
    """Log-probabilities of whole sequences, from the parameters alone."""

    @staticmethod
    def of(model, x):
        p = model.order
        logs = sum(float(model.start_.log_prob(c)) for c in x[:p])
        for t in range(p, len(x)):
            past = np.array([[x[t - k] for k in range(1, p + 1)]], dtype=np.int64).reshape(1, p)
            logs += log_proba(model.thinning_, np.array([x[t]]), past)[0]
        return logs


def total(model, x):
    """Sum over all that the missing counts of a sequence may have been."""
    gone = [t for t, c in enumerate(x) if np.isnan(c)]
    found = 0.0
    for values in product(range(MOST), repeat=len(gone)):
        whole = [0 if np.isnan(c) else int(c) for c in x]
        for t, value in zip(gone, values, strict=True):
            whole[t] = value
        found += joint(model, whole)
    return found


GAPS = [
    [2, NAN, 1, 0, 1],
    [NAN, 1, 0, 2],
    [NAN, NAN, 1],
    [1, 0, NAN, NAN, 2],
    [1, NAN, 2, NAN, 0],
]


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("x", GAPS, ids=str)
def test_likelihoods_are_sums_over_what_is_missing(order, x):
    model = small(order)
    steps = model.score_steps([x])[0]
    np.testing.assert_allclose(steps.sum(), np.log(total(model, x)), rtol=1e-6)
    assert (steps[np.isnan(x)] == 0).all()
    ahead = model.predict_next_distribution([x])[0]
    for count in range(4):
        expected = np.log(total(model, [*x, count])) - steps.sum()
        np.testing.assert_allclose(ahead[-1].log_prob(count), expected, rtol=1e-5)
    np.testing.assert_allclose(ahead.proba.sum(axis=-1) + ahead.tail, 1, rtol=1e-9)


@pytest.mark.parametrize("order", [1, 2])
def test_reading_step_by_step_answers_the_same(order):
    model = small(order, "poisson")
    x = [1, NAN, NAN, 0, 2, NAN, 1]
    ahead, state = model.predict_next_distribution([x])[0], model.start()
    steps = model.score_steps([x])[0]
    told = []
    for t, count in enumerate(x):
        found, state = model.step(state, count)
        told.append(found)
        np.testing.assert_allclose(found.mean, ahead[t].mean, rtol=1e-9)
    given = [found.log_prob(count) for found, count in zip(told[:-1], x[1:], strict=True)]
    np.testing.assert_allclose(given, steps[1:], rtol=1e-8)


def test_expected_transitions_are_those_of_all_sequences_together():
    survival, arrivals = np.array([0.4, 0.2]), np.array([0.5, 0.3, 0.2])
    x, size = [1, MISSING, 2, MISSING, MISSING, 1, 0, 1], 5
    start = np.full(size, 1 / size)
    states = np.indices((size, size)).reshape(2, -1).T.copy()
    model = Thinning(survival, np.append(arrivals, [0.0, 0.0]), 0.0, 0.0)
    past, following = np.repeat(states, size, axis=0), np.tile(np.arange(size), len(states))
    table = np.exp(log_proba(model, following, past)).reshape(len(states), size)
    expected, whole = np.zeros_like(table), 0.0
    by_hand = np.zeros_like(table)
    for values in product(range(size), repeat=3):
        full, left = [], list(values)
        for count in x:
            full.append(left.pop(0) if count == MISSING else count)
        p = start[full[1]]
        moves = [(full[t - 1] * size + full[t - 2], full[t]) for t in range(2, len(x))]
        for move in moves:
            p *= table[move]
        whole += p
        for move in moves:
            by_hand[move] += p
    reached = _expect_transitions(
        table, start, np.array(x), np.ones(len(x)), np.array([0, len(x)]), 2, expected
    )
    assert reached == pytest.approx(np.log(whole), rel=1e-9)
    np.testing.assert_allclose(expected, by_hand / whole, atol=1e-9)


@pytest.mark.parametrize(("order", "arrivals"), [(1, "poisson"), (1, "free"), (2, "poisson")])
def test_fitting_with_gaps_reaches_a_maximum_and_the_source(order, arrivals):
    survival = [0.5, 0.2][:order]
    x = draw_counts(survival, 1.0, 25, 80, seed=2)
    gappy = np.where(np.random.default_rng(3).random(x.shape) < 0.2, NAN, x)
    model = CountAutoregression(order, arrivals=arrivals, missing="allow").fit(gappy)
    np.testing.assert_allclose(model.survival_, survival, atol=0.12)
    assert float(model.arrivals_.mean) == pytest.approx(1.0, abs=0.25)
    # the start is left as it is: EM holds it for that of all counts that are known
    late = np.arange(80) >= order
    best = np.array(model.score_steps(list(gappy)))[:, late].sum()
    kept = model.thinning_
    for change in (-0.03, 0.03):
        for place in range(order):
            moved = kept.survival.copy()
            moved[place] = np.clip(moved[place] + change, 0, 1)
            model.thinning_ = kept._replace(survival=moved)
            assert np.array(model.score_steps(list(gappy)))[:, late].sum() < best


def test_without_gaps_nothing_changes():
    x = draw_counts([0.5], 1.0, 10, 30)
    for order in (0, 1):
        plain, ready = CountAutoregression(order).fit(x), CountAutoregression(order, missing="allow").fit(x)
        np.testing.assert_array_equal(plain.survival_, ready.survival_)
        np.testing.assert_array_equal(plain.score_steps(x), ready.score_steps(x))


def test_a_sequence_of_weight_0_is_not_summed_over():
    x, large = [1.0, NAN, 2, 1, 0, 1, 2], [90_000.0, NAN, 90_001.0]
    model = CountAutoregression(missing="allow")
    alone = model.fit([x]).score_steps([x])[0]
    np.testing.assert_allclose(model.fit([x, large], sample_weight=[1, 0]).score_steps([x])[0], alone)


def test_forecasts_go_on_from_what_the_missing_counts_may_have_been():
    model = small(2)
    X = [[2, NAN, 1, NAN], [NAN, NAN], [1, 1, 0]]
    far = model.forecast(X, 3, n_samples=4000, random_state=0)
    last = [each[-1].mean for each in model.predict_next_distribution(X)]
    np.testing.assert_allclose(far.mean[:, 0], last, rtol=1e-9)
    later = [model.predict_next_distribution([[*x, NAN]])[0][-1].mean for x in X]
    np.testing.assert_allclose(far.mean[:, 1], later, atol=0.03)


def test_what_cannot_be_is_named():
    with pytest.raises(ValueError, match="missing must be 'error' or 'allow'"):
        CountAutoregression(missing="drop").fit([[1, 2]])
    with pytest.raises(ValueError, match=r"X\[0\] contains .*NaN.* at step 1"):
        CountAutoregression().fit([[1, NAN]])
    for X in ([[NAN, NAN]], [[3, NAN]], [[3, NAN, NAN], [2, NAN]]):
        with pytest.raises(
            ValueError, match="no count to learn from: every step after the first 1 is missing"
        ):
            CountAutoregression(missing="allow").fit(X)
    with pytest.raises(ValueError, match="no count to learn from: every step is missing, or of weight 0"):
        CountAutoregression(0, missing="allow").fit([[NAN, NAN]])
    with pytest.raises(ValueError, match="counts up to 900 with missing ones are too many for order 2"):
        CountAutoregression(2, missing="allow").fit([[900.0, NAN, 3.0, 4.0]])
