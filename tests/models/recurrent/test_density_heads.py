"""Densities as outputs: losses and answers by SciPy, gradients by differences, a known source."""

import numpy as np
import pytest
from scipy.stats import norm, poisson

from seqcompare import NextStep, RNNStepRegressor
from seqcompare.models.recurrent import heads
from seqcompare.models.recurrent.architecture import Architecture
from seqcompare.models.recurrent.chunks import Examples, gradients
from seqcompare.models.recurrent.losses import LOSSES
from seqcompare.models.recurrent.network import Network
from seqcompare.tasks import NoisyState

HEADS = ("gaussian", "mixture", "poisson")


def outputs(link, d, rng, n=7):
    targets = rng.poisson(2.0, (n, d)).astype(float) if link == "poisson" else rng.normal(size=(n, d))
    return rng.normal(size=(n, heads.n_outputs(link, d, 3))), targets


@pytest.mark.parametrize("d", [1, 2])
def test_losses_are_minus_log_densities(d):
    rng = np.random.default_rng(0)
    z, y = outputs("gaussian", d, rng)
    expected = norm(z[:, :d], np.exp(z[:, d:])).logpdf(y).sum(axis=1)
    np.testing.assert_allclose(-LOSSES["gaussian"].look(z, y)[0], expected, rtol=1e-12)
    z, y = outputs("poisson", d, rng)
    expected = poisson(np.exp(z)).logpmf(y).sum(axis=1)
    np.testing.assert_allclose(-LOSSES["poisson"].look(z, y)[0], expected, rtol=1e-12)
    z, y = outputs("mixture", d, rng)
    logits, means, scales = z[:, :3], z[:, 3 : 3 + 3 * d], np.exp(z[:, 3 + 3 * d :])
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    parts = norm(means, scales).pdf(np.tile(y, 3)).reshape(len(y), 3, d).prod(axis=2)
    expected = np.log((shares * parts).sum(axis=1))
    np.testing.assert_allclose(-LOSSES["mixture"].look(z, y)[0], expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("link", "d"), [("gaussian", 1), ("gaussian", 2), ("mixture", 1), ("mixture", 2), ("poisson", 1)]
)
def test_what_outputs_stand_for_has_the_density_of_the_loss(link, d):
    z, y = outputs(link, d, np.random.default_rng(1))
    found = heads.distribution(link, z, np.zeros(d), np.ones(d), np.zeros(d), flat=d == 1)
    np.testing.assert_allclose(
        -found.log_prob(y[:, 0] if d == 1 else y), LOSSES[link].look(z, y)[0], rtol=1e-9
    )
    mean = heads.expectation(link, z, np.zeros(d), np.ones(d))
    np.testing.assert_allclose(found.mean.reshape(mean.shape), mean, rtol=1e-9)


@pytest.mark.parametrize("skip", [False, True])
@pytest.mark.parametrize("cell", ["elman", "jordan", "gru", "lstm"])
@pytest.mark.parametrize("link", HEADS)
def test_gradients_agree_with_central_differences(link, cell, skip):
    rng = np.random.default_rng(0)
    offsets = np.array([0, 5, 7, 11])
    _, y = outputs(link, 2, rng, 11)
    size = heads.n_outputs(link, 2, 3)
    network = Network(Architecture(cell, "tanh", 3, 1, False, False, 2, 0, size, "none", link, skip))
    flat = network.initial(rng, 5, np.float64)
    flat += 0.2 * rng.standard_normal(len(flat))
    weights = rng.uniform(0.5, 2, 11)
    weights[::3] = 0
    examples = Examples(rng.normal(size=(11, 2)), offsets, y, weights)

    def look(at):
        (update,) = gradients(network, at, examples, np.arange(3), None, (0.0, 0.0), rng)
        return update

    slope = look(flat).gradient
    numeric = np.empty_like(flat)
    for j in range(len(flat)):
        up, down = flat.copy(), flat.copy()
        up[j] += 1e-5
        down[j] -= 1e-5
        above, below = look(up), look(down)
        numeric[j] = (above.loss - below.loss) / above.weight / 2e-5
    assert np.linalg.norm(numeric) > 1e-3
    assert np.linalg.norm(slope - numeric) <= 1e-6 * np.linalg.norm(numeric)


SMALL = {"cell": "gru", "hidden_size": 4, "max_iter": 30, "dtype": "float64", "random_state": 0}


@pytest.mark.parametrize("output", HEADS)
def test_a_density_inside_next_step_is_that_of_the_next_step(output):
    rng = np.random.default_rng(0)
    X = [rng.poisson(2.0, n).astype(float) for n in (30, 20, 25)]
    model = NextStep(RNNStepRegressor(output=output, **SMALL)).fit(X)
    for x, ahead, steps in zip(X, model.predict_next_distribution(X), model.score_steps(X), strict=True):
        np.testing.assert_allclose(ahead[:-1].log_prob(x[1:]), steps[1:], rtol=1e-9)
    assert np.isfinite(model.score_samples([[9.0, 0.0, 7.0]])).all()
    assert model.sample(3, 5, random_state=0).lengths.tolist() == [5, 5, 5]
    if output == "poisson":  # probabilities, not densities
        first = np.exp([steps[0] for steps in model.score_steps([[float(k)] for k in range(60)])])
        assert first.sum() == pytest.approx(1, abs=1e-9)


def test_vectors_get_a_joint_density():
    X = list(np.random.default_rng(0).normal(size=(6, 20, 2)))
    model = NextStep(RNNStepRegressor(output="mixture", n_mix=2, **SMALL)).fit(X)
    ahead = model.predict_next_distribution(X)[0]
    assert ahead.event_shape == (2,)
    np.testing.assert_allclose(ahead[:-1].log_prob(X[0][1:]), model.score_steps(X)[0][1:], rtol=1e-9)


def test_a_fading_state_is_followed():
    task = NoisyState(64)
    test = task.sample(200, length=200, random_state=7)
    net = RNNStepRegressor(
        cell="gru",
        hidden_size=16,
        early_stopping=True,
        validation_fraction=0.2,
        batch_size=8,
        random_state=0,
    )
    model = NextStep(net).fit(task.sample(40, length=200, random_state=8).X)
    best = task.score(test, task.optimal_proba(test.X))
    assert task.score(test, model.score_steps(test.X)) - best < 0.02


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"output": "normal"}, "output must be one of gaussian, mixture, poisson, got 'normal'"),
        ({"n_mix": 0}, "n_mix == 0, must be >= 1"),
        ({"output": "poisson"}, "is for counts 0, 1, 2, ..., but y holds 0.5"),
    ],
)
def test_what_cannot_be_is_named(change, words):
    with pytest.raises(ValueError, match=words):
        RNNStepRegressor(**change).fit([[0.0, 1.0]], [[0.5, 1.0]])
