"""The cells against their textbook equations, one number at a time."""

import numpy as np
import pytest

from seqcompare import RNNTagger
from seqcompare.models.recurrent.cells import CELLS


def squash(z):
    return 1 / (1 + np.exp(-z))


FUNCTIONS = {
    "tanh": np.tanh,
    "sigmoid": squash,
    "relu": lambda z: np.maximum(z, 0),
    "identity": lambda z: z,
}


def elman(w, x, f):
    h, outputs = np.zeros(len(w["recurrent"])), []
    for x_t in x:
        h = f(x_t @ w["input"] + w["bias"] + h @ w["recurrent"])
        outputs.append(h)
    return np.array(outputs)


def jordan(w, x, f):
    s, outputs = np.zeros(len(w["output_bias"])), []
    for x_t in x:
        h = f(x_t @ w["input"] + w["bias"] + s @ w["recurrent"])
        o = h @ w["output"] + w["output_bias"]
        outputs.append(o)
        s = 0.5 * s + np.exp(o) / np.exp(o).sum()
    return np.array(outputs)


def gru(w, x, f):
    H = len(w["recurrent"])
    U_r, U_z, U_n = np.split(w["recurrent"], 3, axis=1)
    h, outputs = np.zeros(H), []
    for x_t in x:
        a_r, a_z, a_n = np.split(x_t @ w["input"] + w["bias"], 3)
        r, z = squash(a_r + h @ U_r), squash(a_z + h @ U_z)
        n = f(a_n + r * (h @ U_n + w["recurrent_bias"]))
        h = (1 - z) * n + z * h
        outputs.append(h)
    return np.array(outputs)


def lstm(w, x, f):
    H = len(w["recurrent"])
    h, c, outputs = np.zeros(H), np.zeros(H), []
    for x_t in x:
        o, i, forget, g = np.split(x_t @ w["input"] + w["bias"] + h @ w["recurrent"], 4)
        c = squash(forget) * c + squash(i) * f(g)
        h = squash(o) * f(c)
        outputs.append(h)
    return np.array(outputs)


def mingru(w, x, f):
    h, outputs = 0.0, []
    for x_t in x:
        a_z, a_n = np.split(x_t @ w["input"] + w["bias"], 2)
        z = squash(a_z)
        h = (1 - z) * f(a_n) + z * h
        outputs.append(h)
    return np.array(outputs)


def lru(w, x, f):
    """With complex numbers, as the paper has it."""
    turn = np.exp(-np.exp(w["fading"]) + 1j * np.exp(w["turning"]))
    C = np.split(w["output"], 2)
    C = C[0] - 1j * C[1]
    h, outputs = 0.0, []
    for x_t in x:
        re, im, past = np.split(x_t @ w["input"] + w["bias"], 3)
        h = turn * h + np.sqrt(1 - abs(turn) ** 2) * (re + 1j * im)
        outputs.append(f((h @ C).real + past))
    return np.array(outputs)


EQUATIONS = {"elman": elman, "jordan": jordan, "gru": gru, "lstm": lstm, "mingru": mingru, "lru": lru}
CELL_ACTIVATIONS = [(name, activation) for name, cell in CELLS.items() for activation in cell.activations]


def fitted(cell, activation, X, dtype="float64", **parameters):
    """Return a tagger with random weights everywhere, biases included."""
    y = np.random.default_rng(0).integers(0, 3, np.shape(X)[:2])
    model = RNNTagger(
        cell, activation=activation, hidden_size=5, max_iter=1, dtype=dtype, random_state=0, **parameters
    ).fit(X, y)
    rng = np.random.default_rng(1)
    model.set_weights({name: w + 0.4 * rng.normal(size=w.shape) for name, w in model.get_weights().items()})
    return model


def by_hand(model, x):
    w = model.get_weights()
    own = {name.removeprefix("layer0.forward."): v for name, v in w.items() if name.startswith("layer0")}
    top = EQUATIONS[model.cell](own, x, FUNCTIONS[model.activation])
    z = top if model.cell == "jordan" else top @ w["readout.weight"] + w["readout.bias"]
    return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)


@pytest.mark.parametrize(("cell", "activation"), CELL_ACTIVATIONS)
def test_real_valued_steps(cell, activation):
    X = np.random.default_rng(2).normal(size=(4, 7, 3))
    model = fitted(cell, activation, X)
    scaled = (X - X.reshape(-1, 3).mean(axis=0)) / X.reshape(-1, 3).std(axis=0)
    for x, proba in zip(scaled, model.predict_proba(X), strict=True):
        np.testing.assert_allclose(proba, by_hand(model, x), rtol=1e-11)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("embedding_size", ["auto", 2])
def test_symbols_and_unknown_ones(cell, embedding_size):
    X = np.random.default_rng(2).integers(0, 4, (4, 7))
    model = fitted(cell, "tanh", X, embedding_size=embedding_size)
    rows = np.vstack([np.eye(4), np.zeros(4)])  # what is unknown adds nothing
    if embedding_size == 2:
        rows = rows @ model.get_weights()["embedding"]
    x = np.array([0, 3, 9, 1, -5, 2, 2])
    expected = by_hand(model, rows[np.where((x < 0) | (x > 3), 4, x)])
    np.testing.assert_allclose(model.predict_proba([x])[0], expected, rtol=1e-11)


@pytest.mark.parametrize("cell", CELLS)
def test_float32_is_close(cell):
    X = np.random.default_rng(2).integers(0, 4, (4, 30))
    model = fitted(cell, "tanh", X, dtype="float32")
    assert model.predict_proba(X).dtype == np.float32
    np.testing.assert_allclose(model.predict_proba(X)[0], by_hand(model, np.eye(4)[X[0]]), rtol=2e-5)


def test_lstm_biases_keep_for_the_length_of_the_training_sequences():
    X, y = np.zeros((5, 40), int), np.zeros((5, 40), int)
    weights = RNNTagger(max_iter=1, learning_rate_init=1e-12, random_state=0).fit(X, y).get_weights()
    o, i, f, g = np.split(weights["layer0.forward.bias"], 4)
    assert f.min() >= 0
    assert f.max() <= np.log(39) + 1e-6
    np.testing.assert_allclose(i, -f, rtol=1e-5)
    np.testing.assert_allclose([o, g], 0, atol=1e-6)


@pytest.mark.parametrize(
    ("parameters", "longest"), [({}, 40), ({"truncation": 9}, 9), ({"truncation": 9, "timescale": 25}, 25)]
)
def test_gates_remember_for_as_long_as_gradients_reach_unless_told(parameters, longest):
    X, y = np.zeros((5, 40), int), np.zeros((5, 40), int)
    model = RNNTagger(
        "gru", hidden_size=200, max_iter=1, learning_rate_init=1e-12, random_state=0, **parameters
    ).fit(X, y)
    _, update, _ = np.split(model.get_weights()["layer0.forward.bias"], 3)
    steps = np.exp(update) + 1
    assert 0.95 * longest < steps.max() <= longest + 1e-3


def test_linear_units_fade_within_the_length_of_the_training_sequences():
    X, y = np.zeros((5, 40), int), np.zeros((5, 40), int)
    model = RNNTagger("lru", hidden_size=200, max_iter=1, learning_rate_init=1e-12, random_state=0).fit(X, y)
    weights = model.get_weights()
    steps, angle = np.exp(-weights["layer0.forward.fading"]), np.exp(weights["layer0.forward.turning"])
    assert (steps.min() >= 1, 37 < steps.max() <= 39 + 1e-3) == (True, True)
    assert (angle.min() < 0.1, 3 < angle.max() <= np.pi) == (True, True)


@pytest.mark.parametrize("cell", ["mingru", "lru"])
def test_units_that_do_not_see_each_other_have_no_weights_to_drop(cell):
    with pytest.raises(ValueError, match=f"cell='{cell}' has no weights between its units to drop"):
        RNNTagger(cell, recurrent_dropout=0.1).fit([[0, 1]], [[0, 1]])


@pytest.mark.parametrize("cell", ["elman", "gru", "lstm"])
def test_recurrent_weights_start_orthogonal(cell):
    X, y = np.zeros((5, 4), int), np.zeros((5, 4), int)
    weights = RNNTagger(cell, max_iter=1, learning_rate_init=1e-12, random_state=0).fit(X, y).get_weights()
    W = weights["layer0.forward.recurrent"]
    for block in np.split(W, W.shape[1] // 32, axis=1):
        np.testing.assert_allclose(block @ block.T, np.eye(32), atol=1e-5)
