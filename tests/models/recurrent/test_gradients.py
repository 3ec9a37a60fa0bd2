"""Every gradient against central differences, in float64, each group of weights by itself."""

import tracemalloc

import numpy as np
import pytest

from seqcompare.models.recurrent import chunks
from seqcompare.models.recurrent.architecture import Architecture
from seqcompare.models.recurrent.cells import CELLS
from seqcompare.models.recurrent.chunks import Examples, gradients
from seqcompare.models.recurrent.losses import LOSSES
from seqcompare.models.recurrent.network import Network

LENGTHS = np.array([5, 2, 4])
OFFSETS = np.concatenate([[0], np.cumsum(LENGTHS)])
DIRECTIONS = 3
CELL_ACTIVATIONS = [(name, activation) for name, cell in CELLS.items() for activation in cell.activations]


def make(cell, activation, pooling, link, *, symbols=True, embedding=0, n_layers=1, bidirectional=False):
    network = Network(
        Architecture(cell, activation, 4, n_layers, bidirectional, symbols, 3, embedding, 2, pooling, link)
    )
    rng = np.random.default_rng(0)
    n = OFFSETS[-1]
    n_items = n if pooling == "none" else len(LENGTHS)
    targets = {
        "softmax": rng.integers(0, 2, n_items),
        "sigmoid": rng.integers(0, 2, (n_items, 2)).astype(float),
        "identity": rng.normal(size=(n_items, 2)),
    }[link]
    weights = rng.uniform(0.5, 2, n_items)
    if pooling == "none":
        weights[::3] = 0
    x = rng.integers(0, 4, n) if symbols else rng.normal(size=(n, 3))  # 3 is the unknown symbol
    flat = network.initial(rng, 5, np.float64)
    flat += 0.3 * rng.standard_normal(len(flat))
    return network, flat, Examples(x, OFFSETS, targets, weights)


def loss_and_gradient(network, flat, examples, truncation=None):
    batch = np.arange(len(LENGTHS))
    parts = list(gradients(network, flat, examples, batch, truncation, (0.0, 0.0), np.random.default_rng(0)))
    weight = sum(p.weight for p in parts)
    gradient = sum(p.gradient * (p.weight / weight) for p in parts)
    return sum(p.loss for p in parts) / weight, gradient


def assert_gradient_is_right(network, flat, examples):
    """Compare slopes in random directions: no wrong gradient is at right angles to all of them."""
    _, gradient = loss_and_gradient(network, flat, examples)
    rng, step, largest = np.random.default_rng(1), 1e-5, 0.0
    # a wrong small gradient must not hide behind large ones
    for name in network.views(gradient):
        slopes, expected = [], []
        for _ in range(DIRECTIONS):
            direction = np.zeros_like(flat)
            network.views(direction)[name][...] = rng.standard_normal(network.views(flat)[name].shape)
            direction /= np.linalg.norm(direction)
            above, below = (
                loss_and_gradient(network, flat + way * step * direction, examples)[0] for way in (1, -1)
            )
            slopes.append(gradient @ direction)
            expected.append((above - below) / (2 * step))
        error = np.linalg.norm(np.subtract(slopes, expected))
        assert error <= 1e-6 * np.linalg.norm(expected) + 1e-9, name
        largest = max(largest, np.linalg.norm(expected))
    assert largest > 1e-3


@pytest.mark.parametrize("link", [name for name, loss in LOSSES.items() if not loss.density])
@pytest.mark.parametrize("pooling", ["none", "last", "mean", "attention"])
@pytest.mark.parametrize(("cell", "activation"), CELL_ACTIVATIONS)
def test_gradients_agree_with_central_differences(cell, activation, pooling, link):
    assert_gradient_is_right(*make(cell, activation, pooling, link))


@pytest.mark.parametrize("pooling", ["none", "last", "mean", "attention"])
@pytest.mark.parametrize("cell", CELLS)
def test_deep_bidirectional_gradients(cell, pooling):
    assert_gradient_is_right(
        *make(cell, "tanh", pooling, "softmax", symbols=False, n_layers=2, bidirectional=True)
    )


@pytest.mark.parametrize("cell", CELLS)
def test_embedding_gradients(cell):
    assert_gradient_is_right(*make(cell, "tanh", "none", "softmax", embedding=2, bidirectional=True))


@pytest.mark.parametrize("pooling", ["none", "last", "mean", "attention"])
def test_truncation_beyond_the_length_changes_nothing(pooling):
    network, flat, examples = make("lstm", "tanh", pooling, "softmax")
    whole = loss_and_gradient(network, flat, examples)
    cut = loss_and_gradient(network, flat, examples, truncation=5)
    assert cut[0] == whole[0]
    np.testing.assert_array_equal(cut[1], whole[1])


@pytest.mark.parametrize("symbols", [True, False])
@pytest.mark.parametrize("n_layers", [1, 2])
@pytest.mark.parametrize("cell", CELLS)
def test_long_batches_have_the_gradient_of_short_ones(cell, n_layers, symbols, monkeypatch):
    network, flat, examples = make(cell, "tanh", "none", "softmax", symbols=symbols, n_layers=n_layers)
    whole = loss_and_gradient(network, flat, examples)
    monkeypatch.setattr(chunks, "MOST_KEPT", OFFSETS[-1] - 1)
    monkeypatch.setattr(chunks, "ROWS_AT_ONCE", 6)  # two steps of three sequences
    long = loss_and_gradient(network, flat, examples)
    assert long[0] == pytest.approx(whole[0], rel=1e-13)
    np.testing.assert_allclose(long[1], whole[1], rtol=1e-10, atol=1e-15)


def test_memory_hardly_grows_with_long_sequences(monkeypatch):
    monkeypatch.setattr(chunks, "MOST_KEPT", 1000)
    monkeypatch.setattr(chunks, "ROWS_AT_ONCE", 500)
    network = Network(
        Architecture("lstm", "tanh", 16, 1, False, True, 4, 0, 4, "none", "softmax"), reuse=True
    )
    flat, n = network.initial(np.random.default_rng(0), 100, np.float32), 30_000
    x = np.random.default_rng(1).integers(0, 4, n)

    def go(n):
        examples, rng = Examples(x[:n], np.array([0, n]), x[:n], np.ones(n)), np.random.default_rng(0)
        list(gradients(network, flat, examples, np.arange(1), None, (0.0, 0.0), rng))

    go(2000)  # compiles
    tracemalloc.start()
    try:
        go(n)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # all that units and gates of one step are is a hundred numbers
    assert peak < 8 * n * 8


@pytest.mark.parametrize("pooling", ["none", "last", "mean", "attention"])
@pytest.mark.parametrize("cell", CELLS)
def test_truncation_keeps_the_loss_and_cuts_the_gradient(cell, pooling):
    network, flat, examples = make(cell, "tanh", pooling, "softmax")
    whole = loss_and_gradient(network, flat, examples)
    cut = loss_and_gradient(network, flat, examples, truncation=2)
    np.testing.assert_allclose(cut[0], whole[0], rtol=1e-12)  # the state is carried on
    readout = [name for name in network.shapes if name.startswith(("readout", "attention"))]
    for name in readout:  # what lies after the recurrence is not cut
        np.testing.assert_allclose(network.views(cut[1])[name], network.views(whole[1])[name], rtol=1e-10)
    own = "layer0.forward.input"
    assert not np.allclose(network.views(cut[1])[own], network.views(whole[1])[own])
