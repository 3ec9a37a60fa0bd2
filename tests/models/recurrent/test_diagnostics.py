import matplotlib
import numpy as np
import pytest

from seqcompare import RNNClassifier, RNNRegressor, RNNTagger
from seqcompare.models.recurrent.cells import CELLS
from seqcompare.models.recurrent.diagnostics import (
    gate_trace,
    gradient_by_lag,
    jacobian_spectrum,
    single_unit,
)

matplotlib.use("agg")

RNG = np.random.default_rng(0)
X = [RNG.integers(0, 3, size) for size in (6, 3, 8)]
Y = [np.arange(len(x)) % 2 for x in X]


def tagger(cell, **parameters):
    model = RNNTagger(cell, hidden_size=4, max_iter=2, dtype="float64", random_state=0, **parameters)
    return model.fit(X, Y)


def loss_from(model, x, label, state, start, end):
    """Return the loss at step `end`, going on from `state` before step `start`."""
    for t in range(start, end + 1):
        proba, state = model.step_proba([x[t]], state)
    return -np.log(proba[0, label])


@pytest.mark.parametrize("cell", CELLS)
def test_gradients_by_lag_agree_with_central_differences(cell):
    model = tagger(cell, n_layers=2)
    norms = gradient_by_lag(model, X, Y).norms
    assert norms.shape == (8, 3)
    order = [2, 0, 1]  # the longest first
    for column, i in enumerate(order):
        x, label, end = X[i], Y[i][-1], len(X[i]) - 1
        assert np.isnan(norms[end + 1 :, column]).all()
        state = None
        for t in range(end):
            _, state = model.step_proba([x[t]], state)
            squares = 0.0
            for parts in state:
                for part in parts:
                    for j in range(part.shape[1]):
                        values = []
                        for step in (1e-6, -1e-6):
                            part[0, j] += step
                            values.append(loss_from(model, x, label, state, t + 1, end))
                            part[0, j] -= step
                        squares += ((values[0] - values[1]) / 2e-6) ** 2
            assert norms[end - t, column] == pytest.approx(np.sqrt(squares), rel=1e-5, abs=1e-9)


def test_gradient_by_lag_of_a_linear_unit_is_a_power():
    model = RNNRegressor("elman", activation="identity", hidden_size=1, max_iter=1, dtype="float64").fit(
        np.random.default_rng(0).normal(size=(5, 12, 1)), np.arange(5.0)
    )
    for w in (0.5, 1.0, 1.5):
        model.set_weights({"layer0.forward.recurrent": [[w]]})
        norms = gradient_by_lag(model, np.ones((1, 12, 1)), [3.0]).norms[:, 0]
        np.testing.assert_allclose(norms / norms[0], w ** np.arange(12), rtol=1e-12)


def test_gradient_by_lag_takes_the_last_step_that_counts():
    model = tagger("gru")
    weights = [np.arange(len(x)) == 1 for x in X]
    result = gradient_by_lag(model, X, Y, sample_weight=weights)
    assert result.norms.shape == (2, 3)
    table = result.frame()
    assert table["lag"].tolist() == [0, 1]
    assert table["n_losses"].tolist() == [3, 3]
    assert (table["low"] <= table["median"]).all()
    assert result.plot().get_yscale() == "log"


def test_gradient_by_lag_refuses_what_has_no_lag():
    with pytest.raises(ValueError, match="reads forwards only"):
        gradient_by_lag(tagger("lstm", bidirectional=True), X, Y)
    pooled = RNNClassifier(pooling="mean", max_iter=1).fit(X, [0, 1, 0])
    with pytest.raises(ValueError, match="answers of single steps"):
        gradient_by_lag(pooled, X, [0, 1, 0])


@pytest.mark.parametrize("cell", ["lstm", "gru", "mingru"])
def test_gates_explain_the_states(cell):
    model = tagger(cell)
    trace = gate_trace(model, X[2])
    gates, states = trace.gates, trace.states
    if cell == "lstm":
        before = np.vstack([np.zeros(4), states["cell"][:-1]])
        np.testing.assert_allclose(
            gates["forget"] * before + gates["input"] * gates["candidate"], states["cell"], rtol=1e-12
        )
        np.testing.assert_allclose(gates["output"] * np.tanh(states["cell"]), states["hidden"], rtol=1e-12)
    else:
        before = np.vstack([np.zeros(4), states["hidden"][:-1]])
        mixed = (1 - gates["update"]) * gates["candidate"] + gates["update"] * before
        np.testing.assert_allclose(mixed, states["hidden"], rtol=1e-12)
    _, state = model.step_proba([X[2][0]])
    np.testing.assert_allclose(states["hidden"][0], state[0][0][0], rtol=1e-12)
    table = trace.frame()
    assert len(table) == (len(gates) + len(states)) * 8 * 4
    assert len(trace.plot()) == len(gates) + len(states)


def test_gate_trace_of_the_direction_that_reads_backwards():
    model = tagger("lstm", bidirectional=True)
    trace = gate_trace(model, X[2], backward=True)
    mirrored = {
        name.replace("backward", "forward"): w
        for name, w in model.get_weights().items()
        if "backward" in name
    }
    forwards = tagger("lstm")
    forwards.set_weights(mirrored)
    np.testing.assert_allclose(
        trace.states["hidden"][::-1], gate_trace(forwards, X[2][::-1]).states["hidden"], rtol=1e-12
    )
    with pytest.raises(ValueError, match="there is no layer 1"):
        gate_trace(model, X[2], layer=1)


@pytest.mark.parametrize("cell", CELLS)
def test_jacobians_agree_with_central_differences(cell):
    model = tagger(cell, n_layers=2)
    x = X[2]
    result = jacobian_spectrum(model, [x], max_steps=5)
    _, state = model.step_proba([x[0]])

    def after(state):
        return np.concatenate([part[0] for parts in model.step_proba([x[1]], state)[1] for part in parts])

    columns = []
    for parts in state:
        for part in parts:
            for j in range(part.shape[1]):
                part[0, j] += 1e-6
                above = after(state)
                part[0, j] -= 2e-6
                columns.append((above - after(state)) / 2e-6)
                part[0, j] += 1e-6
    J = np.array(columns).T
    assert result.singular_values.shape == (5, len(J))
    np.testing.assert_allclose(result.singular_values[1], np.linalg.svd(J, compute_uv=False), atol=1e-7)
    radius = np.abs(np.linalg.eigvals(J)).max()
    assert result.frame()["spectral_radius"][1] == pytest.approx(radius, abs=1e-6)
    assert result.plot().get_xlabel() == "real part"


def test_orthogonal_linear_network_keeps_every_length():
    rng = np.random.default_rng(1)
    model = RNNRegressor(
        "elman", activation="identity", hidden_size=6, max_iter=1, learning_rate_init=1e-12, dtype="float64"
    ).fit(rng.normal(size=(5, 4, 2)), np.arange(5.0))
    np.testing.assert_allclose(jacobian_spectrum(model, rng.normal(size=(1, 4, 2))).singular_values, 1)


def test_linear_unit_vanishes_or_explodes_exactly():
    result = single_unit((0.5, -0.9, 1.0, 1.5), activation="identity", n_steps=30)
    np.testing.assert_allclose(result.gradients, result.weights[:, None] ** np.arange(30), rtol=1e-12)


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu", "identity"])
def test_single_unit_agrees_with_central_differences(activation):
    above, below = (
        single_unit((0.7, 1.3), activation=activation, n_steps=8, impulse=0.8 + step).states
        for step in (1e-6, -1e-6)
    )
    result = single_unit((0.7, 1.3), activation=activation, n_steps=8, impulse=0.8)
    np.testing.assert_allclose(result.gradients, (above - below) / 2e-6, rtol=1e-7, atol=1e-9)


def test_tanh_unit_fades_by_the_product_of_its_slopes():
    w = 1.2
    result = single_unit((w,), n_steps=10)
    slopes = 1 - result.states[0] ** 2
    np.testing.assert_allclose(
        result.gradients[0], slopes[0] * np.cumprod([1, *(w * slopes[1:])]), rtol=1e-12
    )
    assert set(result.frame().columns) == {"weight", "step", "state", "gradient"}
    assert len(result.plot().lines) == 1
    with pytest.raises(ValueError, match="activation must be one of"):
        single_unit(activation="softplus")
