import numpy as np
import pytest

from seqcompare import RNNClassifier, RNNTagger

RNG = np.random.default_rng(0)
SIGNALS = [RNG.normal(3, 5, (size, 2)) for size in (6, 3, 8)]
LABELS = [np.arange(len(x)) % 3 for x in SIGNALS]


def squash(z):
    return 1 / (1 + np.exp(-z))


def torch_layer(cell, state, x, end):
    """Run PyTorch's documented equations over one sequence."""
    W_i, W_h = state[f"rnn.weight_ih{end}"], state[f"rnn.weight_hh{end}"]
    b_i, b_h = state[f"rnn.bias_ih{end}"], state[f"rnn.bias_hh{end}"]
    H = W_h.shape[1]
    h, c, outputs = np.zeros(H), np.zeros(H), []
    for x_t in x:
        a, b = W_i @ x_t + b_i, W_h @ h + b_h
        if cell == "elman":
            h = np.tanh(a + b)
        elif cell == "gru":
            r, z = squash(a[:H] + b[:H]), squash(a[H : 2 * H] + b[H : 2 * H])
            h = (1 - z) * np.tanh(a[2 * H :] + r * b[2 * H :]) + z * h
        else:
            i, f, g, o = np.split(a + b, 4)
            c = squash(f) * c + squash(i) * np.tanh(g)
            h = squash(o) * np.tanh(c)
        outputs.append(h)
    return np.array(outputs)


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("n_layers", [1, 2])
@pytest.mark.parametrize("cell", ["elman", "gru", "lstm"])
def test_the_state_dict_means_the_same_in_pytorch(cell, n_layers, bidirectional):
    model = RNNTagger(
        cell,
        hidden_size=4,
        n_layers=n_layers,
        bidirectional=bidirectional,
        max_iter=2,
        dtype="float64",
        random_state=0,
    ).fit(SIGNALS, LABELS)
    weights = {name: w + 0.3 * RNG.normal(size=w.shape) for name, w in model.get_weights().items()}
    model.set_weights(weights)
    state = model.to_torch_state_dict()
    rows = SIGNALS[2]  # as they are: the standardisation is in the weights
    for layer in range(n_layers):
        directions = [torch_layer(cell, state, rows, f"_l{layer}")]
        if bidirectional:
            directions.append(torch_layer(cell, state, rows[::-1], f"_l{layer}_reverse")[::-1])
        rows = np.concatenate(directions, axis=1)
    z = rows @ state["readout.weight"].T + state["readout.bias"]
    expected = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model.predict_proba(SIGNALS)[2], expected, rtol=1e-10)


def test_embedding_and_attention_are_named():
    X = ["abcdef", "fedcba", "aabbcc"]
    model = RNNClassifier(hidden_size=3, pooling="attention", max_iter=1, random_state=0).fit(X, [0, 1, 0])
    state = model.to_torch_state_dict()
    assert state["embedding.weight"].shape == (6, 3)
    assert state["rnn.weight_ih_l0"].shape == (12, 3)
    assert {"attention.weight", "attention.bias", "attention.vector"} <= set(state)


def test_weights_go_out_and_in():
    model = RNNTagger("gru", max_iter=1, random_state=0).fit(SIGNALS, LABELS)
    other = RNNTagger("gru", max_iter=1, random_state=1).fit(SIGNALS, LABELS)
    weights = model.get_weights()
    assert sum(w.size for w in weights.values()) == model.n_parameters_
    other.set_weights(weights)
    for a, b in zip(model.predict_proba(SIGNALS), other.predict_proba(SIGNALS), strict=True):
        np.testing.assert_array_equal(a, b)
    weights["readout.bias"][:] = 100  # a copy: the model does not change with it
    assert model.get_weights()["readout.bias"].max() < 100


def test_wrong_weights_change_nothing():
    model = RNNTagger("gru", max_iter=1, random_state=0).fit(SIGNALS, LABELS)
    before = model.weights_.copy()
    good = {"readout.bias": np.ones(3)}
    for bad, message in [
        ({"readout.bais": np.ones(3)}, "there are no weights 'readout.bais'"),
        ({"readout.weight": np.ones((3, 32))}, "expected"),
        ({"readout.weight": np.full((32, 3), np.nan)}, "not finite"),
    ]:
        with pytest.raises(ValueError, match=message):
            model.set_weights(good | bad)
        np.testing.assert_array_equal(model.weights_, before)


def test_pytorch_has_no_jordan_network():
    model = RNNTagger("jordan", max_iter=1).fit(SIGNALS, LABELS)
    with pytest.raises(ValueError, match="PyTorch has no cell 'jordan'"):
        model.to_torch_state_dict()
