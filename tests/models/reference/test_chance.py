"""What there is to expect without memory: frequencies, means and mixtures."""

import numpy as np
import pytest
from scipy import stats
from sklearn.mixture import GaussianMixture

from seqcompare import HMM, SequenceDataset
from seqcompare.data.sequences import Sequences
from seqcompare.experiments.answer import ask, count_items, fit_model, unit_sums, units
from seqcompare.experiments.contestants import contestants_for, problem_of
from seqcompare.experiments.splits import cut, plan_splits
from seqcompare.metrics import METRICS
from seqcompare.models.reference.chance import (
    ChanceClassifier,
    ChanceDensity,
    ChanceNext,
    ChanceRegressor,
    ChanceTagger,
    chance_model,
)


def make(X, y=None, weight=None, role="next"):
    return SequenceDataset(Sequences(Sequences(X).values, Sequences(X).offsets), y, weight, role, "test")


def test_chance_answers_with_frequencies():
    X = make(["ab", "abc", "a"]).X
    tagger = ChanceTagger().fit(X, X.with_values(np.array(list("xxyxxz"))))
    np.testing.assert_allclose(tagger.predict_proba(X).values, np.tile([4 / 6, 1 / 6, 1 / 6], (6, 1)))
    assert tagger.predict(["ab"])[0].tolist() == ["x", "x"]
    classifier = ChanceClassifier().fit(X, ["m", "n", "n"])
    assert classifier.predict(["z"]).tolist() == ["n"]
    np.testing.assert_allclose(classifier.predict_proba(["z"]), [[1 / 3, 2 / 3]])
    assert ChanceRegressor().fit(X, [1.0, 2.0, 6.0]).predict(["q"]).tolist() == [3.0]
    symbols = ChanceNext().fit(X)
    np.testing.assert_allclose(symbols.predict_next_proba(X).values, np.tile([3 / 6, 2 / 6, 1 / 6], (6, 1)))


def test_there_is_chance_for_every_role():
    X = make(["ab", "ba"])
    found = [chance_model(d) for d in (X, make([[0.5, 1.5]]), make(["ab"], X.X, role="step"))]
    assert [type(model) for model in found] == [ChanceNext, ChanceDensity, ChanceTagger]


def test_frequencies_are_those_of_the_weights():
    X = make(["aab", "ab", "b"]).X
    steps = X.with_values(np.array([1.0, 0.0, 3.0, 1.0, 0.0, 0.0]))
    np.testing.assert_allclose(ChanceNext().fit(X, sample_weight=steps).frequencies_, [2 / 5, 3 / 5])
    tagger = ChanceTagger().fit(X, X.with_values(np.array(list("xyzxyz"))), steps)
    assert tagger.classes_.tolist() == ["x", "z"]
    np.testing.assert_allclose(tagger.frequencies_, [2 / 5, 3 / 5])
    classifier = ChanceClassifier().fit(X, ["m", "n", "o"], [3.0, 1.0, 0.0])
    assert classifier.classes_.tolist() == ["m", "n"]
    np.testing.assert_allclose(classifier.frequencies_, [3 / 4, 1 / 4])


def weighted(role, scale):
    rng = np.random.default_rng(0)
    X = Sequences(rng.normal(size=(40, 12)) if role == "real" else rng.integers(0, 2, (40, 12)))
    X = Sequences(X.values, X.offsets)
    weight = scale * rng.integers(0, 3, 40)
    if role in ("next", "real", "step"):
        weight = X.with_values(scale * rng.integers(0, 3, X.n_steps))
    targets = {
        "step": X.with_values(rng.integers(0, 3, X.n_steps)),
        "sequence": rng.integers(0, 3, 40),
        "value": rng.normal(size=40),
    }
    return make(X, targets.get(role), weight, "next" if role == "real" else role)


@pytest.mark.parametrize("role", ["next", "real", "step", "sequence", "value"])
def test_weights_of_another_scale_say_the_same(role):
    found = []
    for scale in (1.0, 1 / 512, 32.0, 1 / 480):
        data = weighted(role, scale)
        answers = ask(fit_model(chance_model(data), data), data, count_items(data))
        found.append(METRICS["mse"].loss(answers) if role == "value" else answers.bits)
    for other in found[1:]:
        np.testing.assert_allclose(other, found[0], rtol=1e-12)


def bimodal(rng, shape):
    return np.where(rng.random(shape) < 0.5, -2.0, 2.0) + rng.normal(0, 0.5, shape)


def skewed(rng, shape):
    return rng.exponential(size=shape)


def two_channels(rng, shape):
    return (
        rng.multivariate_normal([0, 0], [[1, 0.8], [0.8, 1]], shape) + rng.integers(0, 2, (*shape, 1)) * 3.0
    )


def three_values(rng, shape):
    """Return noise that is narrow beside its spread."""
    return rng.integers(0, 3, shape) + rng.normal(0, 0.03, shape)


def sticky_regimes(rng, shape):
    switch = rng.random(shape) < 0.05
    return 2.0 * (np.cumsum(switch, axis=1) % 2) + rng.normal(0, 1, shape)


def gains(draw):
    """Return the bits a step by which each HMM of the grid is better than chance on new data."""
    X = draw(np.random.default_rng(0), (60, 60))
    data = make(list(X))
    split = plan_splits(data, 3).splits[0]
    train, test = cut(data, split.train), cut(data, split.test)

    def bits(model):
        answers = ask(fit_model(model, train), test, count_items(train))
        sums = unit_sums(answers, units(test, answers.item), METRICS["bits"])
        return sums[:, 1].sum() / sums[:, 0].sum()

    chance = bits(chance_model(data))
    problem = problem_of(data, 0.8, 600.0)
    entered = contestants_for(data, ["hmm"], problem)[1:]
    some = [c for e in entered for c in e.candidates if c.variant == "hmm" and c.capacity in (2, 4, 8)]
    assert len(some) == 3
    return [chance - bits(candidate.build(problem, 0)[0]) for candidate in some]


@pytest.mark.parametrize("draw", [bimodal, skewed, two_channels, three_values])
def test_no_hmm_beats_chance_where_steps_are_independent(draw):
    assert max(gains(draw)) < 0.01


def test_hmms_beat_chance_where_regimes_last():
    assert min(gains(sticky_regimes)) > 0.1


def test_a_mixture_is_as_good_as_scikit_learns():
    rng = np.random.default_rng(0)
    x = np.where(rng.random(3000) < 0.3, rng.normal(-1, 0.4, 3000), rng.normal(3, 1.0, 3000))
    model = ChanceDensity().fit([x[:1000], x[1000:]])
    theirs = GaussianMixture(2, tol=1e-7, max_iter=500, random_state=0).fit(x[:, None])
    assert model.mixture_.n_mix == 2
    assert model.n_parameters_ == 5
    assert model.score_samples([x])[0] / 3000 == pytest.approx(theirs.score(x[:, None]), abs=1e-4)
    np.testing.assert_allclose(model.score_steps([x])[0], theirs.score_samples(x[:, None]), atol=0.002)


def test_units_of_measurement_and_order_of_steps_change_no_mixture():
    x = skewed(np.random.default_rng(0), 200)
    found = [ChanceDensity().fit([s]).score_samples([s])[0] for s in (x, 1000 * x - 7, 1e-6 * x)]
    np.testing.assert_allclose(found[1:], found[0] - 200 * np.log([1000, 1e-6]), rtol=1e-6)


@pytest.mark.parametrize(
    "X", [[np.ones(50)], [np.tile([1.0, 2.0, 5.0], 30)], [[0.5], [1.5]], [np.ones((30, 2)), np.zeros((5, 2))]]
)
def test_few_steps_and_few_distinct_ones_have_a_mixture(X):
    scores = ChanceDensity().fit(X).score_samples(X)
    assert np.isfinite(scores).all()


def test_many_steps_are_represented_by_some_and_weights_by_draws():
    rng = np.random.default_rng(0)
    x = rng.normal(size=30_000)
    found = ChanceDensity().fit([x])
    assert found.score_samples([x])[0] / 30_000 == pytest.approx(stats.norm.logpdf(x).mean(), abs=1e-3)
    # what has no weight is not there; what has thrice the weight is there thrice as often
    weight = np.where(x > 1, 0.0, np.where(x > 0, 3.0, 1.0))
    steps = ChanceDensity().fit([x], sample_weight=[weight]).mixture_.sample(1, 20_000, 0).values
    assert np.mean(steps > 1.2) < 0.01
    share = 3 * np.mean((x > 0) & (x < 1)) / (3 * np.mean((x > 0) & (x < 1)) + np.mean(x < 0))
    assert np.mean(steps > 0) == pytest.approx(share, abs=0.02)


def test_missing_steps_are_refused_as_hmms_do():
    for model in (ChanceDensity(), HMM()):
        with pytest.raises(ValueError, match="contains NaN at step 1"):
            model.fit([[0.0, np.nan, 1.0]])


def test_missing_values_tell_chance_nothing():
    rng = np.random.default_rng(0)
    X = Sequences(rng.normal(size=(30, 20, 2)))
    values = X.values.copy()
    values[rng.random(values.shape) < 0.2] = np.nan
    values[7] = np.nan
    data = make(Sequences(values, X.offsets))
    model = chance_model(data).fit(data.X)
    answers = ask(model, data, 1.0)
    # a step of which nothing is known is not scored
    assert answers.item.tolist() == np.flatnonzero(~np.isnan(values).all(axis=1)).tolist()
    bits = np.full(len(values), np.nan)
    bits[answers.item] = answers.bits
    full = chance_model(make(X)).fit(X)
    seen = ~np.isnan(values).any(axis=1)
    whole = -Sequences(full.score_steps(X)).values / np.log(2)
    np.testing.assert_allclose(bits[seen].mean(), whole[seen].mean(), atol=0.05)


@pytest.mark.parametrize(("n", "length"), [(16, 20), (8, 12), (2, 300), (1, 600)])
def test_slow_series_are_no_mixture(n, length):
    def draw(rng):
        noise = rng.normal(size=(n, length, 1))
        noise[:, 0] /= np.sqrt(1 - 0.98**2)
        for t in range(1, length):
            noise[:, t] += 0.98 * noise[:, t - 1]
        return list(noise)

    for seed in range(4):
        chance = ChanceDensity().fit(draw(np.random.default_rng(seed)))
        steps = np.concatenate(draw(np.random.default_rng(seed)))
        single = HMM(1, "gaussian", random_state=0).fit([step[np.newaxis] for step in steps])
        new = draw(np.random.default_rng(100 + seed))
        told = sum(single.score_samples([step[np.newaxis] for step in np.concatenate(new)]))
        assert chance.score_samples(new).sum() > told - 0.02 * n * length
