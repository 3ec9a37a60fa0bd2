"""Echo state networks: states by reservoirpy, read-outs by scikit-learn and by hand, memory by theory."""

import numpy as np
import pytest
from reservoirpy.nodes import Reservoir
from sklearn.linear_model import Ridge

from seqcompare import (
    EchoStateClassifier,
    EchoStateRegressor,
    EchoStateStepRegressor,
    EchoStateTagger,
    NextStep,
    Sequences,
)
from seqcompare.models.echo_state import reservoir
from seqcompare.models.echo_state.readout import fit_ridge
from seqcompare.tasks import Copy, Echo

RNG = np.random.default_rng(5)
SERIES = [RNG.normal(3.0, 2.0, size=(n, 2)) for n in (40, 1, 25, 60)]
NUMBERS = [np.cumsum(x[:, 0]) * 0.1 + x[:, 1] for x in SERIES]


def dense(model):
    whole = np.zeros((len(model.bias_), len(model.bias_)))
    np.put_along_axis(whole, model.sources_, model.recurrent_weights_, axis=1)
    return whole


@pytest.mark.parametrize("leak", [1.0, 0.3, (0.1, 1.0)])
def test_states_are_those_of_reservoirpy(leak):
    model = EchoStateStepRegressor(30, leak=leak, random_state=0).fit(SERIES, NUMBERS)
    assert np.abs(np.linalg.eigvals(dense(model))).max() == pytest.approx(0.9)
    peer = Reservoir(W=dense(model), Win=model.input_weights_.T, bias=model.bias_, lr=model.leak_)
    for x, states in zip(SERIES, model.states(SERIES), strict=True):
        peer.reset() if peer.initialized else None
        np.testing.assert_allclose(
            states, peer.run((x - model.input_mean_) / model.input_scale_), rtol=1e-10, atol=1e-13
        )


def rows_of(model, X):
    """What the read-out sees: states and, in standard units, inputs."""
    given = [(x - model.input_mean_) / model.input_scale_ for x in X]
    return [np.hstack(pair) for pair in zip(model.states(X), given, strict=True)]


def test_the_read_out_is_ridge_regression_however_many_parts_there_are(monkeypatch):
    model = EchoStateStepRegressor(30, alpha=2.0, random_state=0)
    weights = [RNG.integers(0, 3, len(x)).astype(float) for x in SERIES]
    whole = model.fit(SERIES, NUMBERS, weights).predict(SERIES)
    rows, y, w = np.concatenate(rows_of(model, SERIES)), np.concatenate(NUMBERS), np.concatenate(weights)
    # of standardised targets, which leaves the answer of a linear rule as it is
    peer = Ridge(alpha=2.0).fit(rows, y, w)
    np.testing.assert_allclose(np.concatenate(whole), peer.predict(rows), rtol=1e-8, atol=1e-9)
    monkeypatch.setattr(reservoir, "_PART", 7 * rows.shape[1])
    for a, b in zip(model.fit(SERIES, NUMBERS, weights).predict(SERIES), whole, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-9)


def test_the_penalty_is_the_one_of_least_generalised_cross_validation_score():
    rows = RNG.normal(size=(60, 20)) * np.linspace(0.1, 3, 20)
    y = rows[:, :3].sum(axis=1, keepdims=True) + RNG.normal(size=(60, 1)) * 2
    found = fit_ridge([(rows[:25], y[:25], np.ones(25)), (rows[25:], y[25:], np.ones(35))], None)
    centred, target = rows - rows.mean(axis=0), y - y.mean(axis=0)
    squares = centred.T @ centred
    scores = {}
    for alpha in np.trace(squares) / 20 * 10.0 ** np.arange(-10, 4):
        hat = centred @ np.linalg.solve(squares + alpha * np.eye(20), centred.T) + 1 / 60
        scores[alpha] = (((np.eye(60) - hat) @ target) ** 2).sum() / (60 - np.trace(hat)) ** 2, np.trace(hat)
    best = min(scores, key=scores.get)
    assert found.alpha == pytest.approx(best)
    assert found.spent * 60 == pytest.approx(scores[best][1])


@pytest.mark.parametrize("pooling", ["last", "mean"])
def test_sequences_are_pooled_whole_however_many_parts_there_are(pooling, monkeypatch):
    y = np.array([1.0, -2.0, 0.5, 3.0])
    model = EchoStateRegressor(30, pooling=pooling, alpha=0.5, random_state=0)
    whole = model.fit(SERIES, y).predict(SERIES)
    rows = [row[-1] if pooling == "last" else row.mean(axis=0) for row in rows_of(model, SERIES)]
    np.testing.assert_allclose(whole, Ridge(alpha=0.5 * 1.0).fit(rows, y).predict(rows), rtol=1e-7)
    monkeypatch.setattr(reservoir, "_PART", 7 * 32)
    np.testing.assert_allclose(model.fit(SERIES, y).predict(SERIES), whole, rtol=1e-8)


def test_a_network_holds_as_many_numbers_as_it_has_units_and_no_more():
    x = [RNG.normal(size=100)]
    linear = EchoStateStepRegressor(
        20, activation="identity", spectral_radius=0.95, bias_scaling=0, random_state=3
    )
    capacity = linear.fit(x, x).memory_capacity()
    # White, Lee and Sompolinsky 2004: of a linear network by the covariance of its states, exactly
    step, enter, recalled = dense(linear), linear.input_weights_[0], []
    echoes = [enter]
    for _ in range(600):
        echoes.append(step @ echoes[-1])
    inverse = np.linalg.pinv(np.array(echoes).T @ np.array(echoes), rcond=1e-14)
    recalled = [e @ inverse @ e for e in echoes[:40]]
    np.testing.assert_allclose(capacity.by_delay[:12], recalled[:12], atol=0.02)
    assert 15 < capacity.total < 20.2
    squashed = EchoStateStepRegressor(20, input_scaling=1.0, random_state=3).fit(x, x).memory_capacity()
    assert 3 < squashed.total < capacity.total


def test_probabilities_are_honest_where_rows_are_few():
    """Of noise with more units than sequences, held-out bits stay near those of a guess."""
    X, y = RNG.normal(size=(240, 15, 3)), RNG.integers(0, 4, 240)
    model = EchoStateClassifier(200, random_state=0).fit(X[:120], y[:120])
    bits = -np.log2(model.predict_proba(X[120:])[np.arange(120), y[120:]]).mean()
    assert 1.9 < bits < 2.1
    assert model.score(X[:120], y[:120]) < 0.9


@pytest.mark.parametrize("task", [Echo(4), Copy(8)])
def test_a_network_that_was_drawn_recalls(task):
    train, test = task.sample(400, random_state=0), task.sample(200, random_state=1)
    model = EchoStateTagger(random_state=0).fit(train.X, train.y, train.sample_weight)
    assert task.score(test, model.predict_proba(test.X)) > 0.98


@pytest.mark.parametrize("kind", ["symbols", "numbers"])
def test_steps_are_answered_as_in_the_whole_sequence(kind):
    if kind == "symbols":
        X, y = ["abcab", "cab", "bacbc"], [[0, 1, 1, 0, 1], [1, 1, 0], [0, 0, 1, 0, 1]]
        model, ask = EchoStateTagger(15, random_state=0).fit(X, y), "predict_proba"
        x = ["a", "b", "?", "c"]
    else:
        model, ask = EchoStateStepRegressor(15, random_state=0).fit(SERIES, NUMBERS), "predict"
        x = SERIES[0]
    whole, state = getattr(model, ask)([x])[0], model.start()
    first = state
    for step, expected in zip(x, whole, strict=True):
        answer, state = model.step(state, step)
        np.testing.assert_allclose(answer, expected, rtol=1e-10)
    again, _ = model.step(first, x[0])
    np.testing.assert_allclose(again, whole[0], rtol=1e-10)


def test_a_density_of_numbers_knows_a_sine():
    t = np.arange(400)
    X = [np.sin(0.3 * t + phase) + 0.05 * RNG.normal(size=400) for phase in (0.0, 1.0, 2.0)]
    model = NextStep(EchoStateStepRegressor(50, random_state=0)).fit(X[:2])
    assert model.score([X[2]]) > 0.9  # the noise alone would give 1.58 nats a step, the marginal -1.07


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"n_units": 0}, "n_units must be a positive integer"),
        ({"leak": 0.0}, "leak must be a number in"),
        ({"leak": (0.1, 1.5)}, "leak must be a number in"),
        ({"spectral_radius": -1.0}, "spectral_radius must be a number"),
        ({"activation": "relu"}, "activation must be one of"),
        ({"alpha": "best"}, "alpha must be"),
        ({"activation": "identity", "spectral_radius": 400.0, "n_units": 30}, "grows beyond all bounds"),
    ],
)
def test_errors_name_what_was_expected(parameters, words):
    X = [np.linspace(0, 1, 300)]
    with pytest.raises(ValueError, match=words):
        EchoStateStepRegressor(**parameters, random_state=0).fit(X, X)


def test_what_weighs_nothing_is_as_good_as_absent():
    X = Sequences([*SERIES, SERIES[0] * 1e6])
    weights = [1.0, 1.0, 1.0, 1.0, 0.0]
    with_it = EchoStateStepRegressor(15, random_state=0).fit(X, [*NUMBERS, NUMBERS[0]], weights)
    without = EchoStateStepRegressor(15, random_state=0).fit(SERIES, NUMBERS)
    np.testing.assert_allclose(with_it.coef_, without.coef_, rtol=1e-9)


def test_probabilities_of_a_noisy_rule_are_those_of_the_rule():
    """Least squares answers with conditional probabilities, here .8 and .1 and .1."""
    x = RNG.integers(0, 3, size=(60, 100))
    noise = RNG.random(x.shape)
    y = np.where(noise < 0.8, x, (x + 1 + (noise < 0.9)) % 3)
    model = EchoStateTagger(30, random_state=0).fit(list(x), list(y))
    proba = model.predict_proba([[0, 1, 2, 0, 1, 2] * 10])[0]
    np.testing.assert_allclose(proba[3:6], [[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]], atol=0.05)
