"""Attention against its equations, its gradients against central differences and PyTorch, where it is."""

from itertools import pairwise

import numpy as np
import pytest

from seqcompare.models.attention.architecture import AttentionArchitecture
from seqcompare.models.attention.kernels import _exp32
from seqcompare.models.attention.network import AttentionNetwork
from seqcompare.models.recurrent.answering import answer
from seqcompare.models.recurrent.chunks import Examples, gradients

LENGTHS = np.array([7, 2, 5])
OFFSETS = np.concatenate([[0], np.cumsum(LENGTHS)])


def make(pooling, *, causal=True, symbols=True, context=4, n_layers=2, link="softmax", dtype=np.float64):
    network = AttentionNetwork(
        AttentionArchitecture(4, n_layers, 2, context, causal, symbols, 3, 2, pooling, link)
    )
    rng = np.random.default_rng(0)
    n = OFFSETS[-1]
    n_items = n if pooling == "none" else len(LENGTHS)
    targets = rng.integers(0, 2, n_items) if link == "softmax" else rng.normal(size=(n_items, 2))
    weights = rng.uniform(0.5, 2, n_items)
    if pooling == "none":
        weights[::3] = 0
    x = rng.integers(0, 4, n) if symbols else rng.normal(size=(n, 3)).astype(dtype)  # 3 is unknown
    flat = network.initial(rng, 5, dtype)
    flat += (0.3 * rng.standard_normal(len(flat))).astype(dtype)
    return network, flat, Examples(x, OFFSETS, targets, weights)


def loss_and_gradient(network, flat, examples):
    batch = np.arange(len(LENGTHS))
    (update,) = gradients(network, flat, examples, batch, None, (0.0, 0.0), np.random.default_rng(0))
    return update.loss / update.weight, update.gradient


def by_hand(network, flat, x):
    """Return the outputs of one sequence, step by step and key by key."""
    a, w = network.architecture, network.views(flat)

    def scaled(row, gain):
        return row / np.sqrt((row**2).mean() + 1e-6) * gain

    entered = (
        np.vstack([w["enter.weight"], np.zeros(a.hidden_size)])[x] if a.symbols else x @ w["enter.weight"]
    )
    rows = list(entered + w["enter.bias"])
    width = a.hidden_size // a.n_heads
    for i in range(a.n_layers):
        own = {name.removeprefix(f"layer{i}."): v for name, v in w.items() if name.startswith(f"layer{i}.")}
        asked = [scaled(row, own["attend.gain"]) @ own["attend.weight"] + own["attend.bias"] for row in rows]
        new = []
        for t, row in enumerate(rows):
            found = []
            for head in range(a.n_heads):
                part = slice(head * width, (head + 1) * width)
                q, k, v = ([np.split(one, 3)[j][part] for one in asked] for j in range(3))
                last = t + 1 if a.causal else min(len(rows), t + a.context)
                keys = range(max(0, t - a.context + 1), last)
                energy = [
                    q[t] @ k[s] / np.sqrt(width) + own["distance"][head, s - t + a.context - 1] for s in keys
                ]
                share = np.exp(energy) / np.exp(energy).sum()
                found.append(sum(p * v[s] for p, s in zip(share, keys, strict=True)))
            row = row + np.concatenate(found) @ own["found.weight"] + own["found.bias"]
            inner = scaled(row, own["think.gain"]) @ own["think.weight"] + own["think.bias"]
            new.append(row + np.maximum(inner, 0) @ own["thought.weight"] + own["thought.bias"])
        rows = new
    return np.array([scaled(row, w["leave.gain"]) for row in rows]) @ w["readout.weight"] + w["readout.bias"]


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("symbols", [True, False])
@pytest.mark.parametrize("context", [1, 3, 20])
def test_outputs_are_those_of_the_equations(causal, symbols, context):
    network, flat, examples = make("none", causal=causal, symbols=symbols, context=context)
    z = answer(network, flat, examples.inputs, OFFSETS)
    for a, b in pairwise(OFFSETS):
        np.testing.assert_allclose(z[a:b], by_hand(network, flat, examples.inputs[a:b]), rtol=1e-10)


@pytest.mark.parametrize("pooling", ["none", "last", "mean", "attention"])
@pytest.mark.parametrize(("causal", "symbols"), [(True, True), (False, False)])
def test_gradients_agree_with_central_differences(pooling, causal, symbols):
    link = "identity" if pooling == "mean" else "softmax"
    network, flat, examples = make(pooling, causal=causal, symbols=symbols, link=link)
    _, gradient = loss_and_gradient(network, flat, examples)
    numeric, step = np.empty_like(flat), 1e-5
    for j in range(len(flat)):
        moved = flat.copy()
        moved[j] += step
        above, _ = loss_and_gradient(network, moved, examples)
        moved[j] -= 2 * step
        below, _ = loss_and_gradient(network, moved, examples)
        numeric[j] = (above - below) / (2 * step)
    for name, view in network.views(gradient).items():
        expected = network.views(numeric)[name]
        assert np.linalg.norm(view - expected) <= 1e-5 * np.linalg.norm(expected) + 1e-8, name


def test_blocks_of_long_sequences_meet():
    network = AttentionNetwork(AttentionArchitecture(4, 1, 2, 50, True, True, 3, 2, "none", "softmax"))
    rng = np.random.default_rng(0)
    x = rng.integers(0, 3, 150)
    flat = network.initial(rng, 150, np.float64) + 0.3 * rng.standard_normal(network.n_parameters)
    z = answer(network, flat, x, np.array([0, 150]))
    np.testing.assert_allclose(z, by_hand(network, flat, x), rtol=1e-9)


def test_float32_is_close_and_its_exponential_as_well():
    network, flat, examples = make("none", symbols=False)
    exact = loss_and_gradient(network, flat, examples)
    rough = loss_and_gradient(
        network, flat.astype(np.float32), examples._replace(inputs=examples.inputs.astype(np.float32))
    )
    np.testing.assert_allclose(rough[0], exact[0], rtol=1e-5)
    assert np.abs(rough[1] - exact[1]).max() <= 1e-5 * np.abs(exact[1]).max()
    for x in np.linspace(-86, 0, 200, dtype=np.float32):
        np.testing.assert_allclose(_exp32(x), np.exp(np.float64(x)), rtol=5e-7)
    assert _exp32(np.float32(-1e4)) < 2e-38


def test_gradients_agree_with_those_of_pytorch():
    torch = pytest.importorskip("torch")
    network, flat, examples = make("none", symbols=False, context=7)
    a = network.architecture
    w = {name: torch.from_numpy(v.copy()).requires_grad_() for name, v in network.views(flat).items()}

    def scaled(rows, gain):
        return torch.nn.functional.rms_norm(rows, rows.shape[-1:], gain, 1e-6)

    losses = []
    for first, last in pairwise(OFFSETS):
        rows = torch.from_numpy(examples.inputs[first:last]) @ w["enter.weight"] + w["enter.bias"]
        n = last - first
        place = torch.arange(n)[None] - torch.arange(n)[:, None] + a.context - 1
        for i in range(a.n_layers):
            own = {k.removeprefix(f"layer{i}."): v for k, v in w.items() if k.startswith(f"layer{i}.")}
            asked = scaled(rows, own["attend.gain"]) @ own["attend.weight"] + own["attend.bias"]
            q, k, v = (part.reshape(n, a.n_heads, -1).transpose(0, 1) for part in asked.chunk(3, -1))
            shift = own["distance"][:, place.clamp(0, a.context - 1)]
            shift = shift.masked_fill(place >= a.context, -torch.inf)
            found = torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=shift)
            rows = rows + found.transpose(0, 1).reshape(n, -1) @ own["found.weight"] + own["found.bias"]
            inner = scaled(rows, own["think.gain"]) @ own["think.weight"] + own["think.bias"]
            rows = rows + torch.relu(inner) @ own["thought.weight"] + own["thought.bias"]
        z = scaled(rows, w["leave.gain"]) @ w["readout.weight"] + w["readout.bias"]
        items = torch.nn.functional.cross_entropy(
            z, torch.from_numpy(examples.targets[first:last]), reduction="none"
        )
        losses.append((items * torch.from_numpy(examples.weights[first:last])).sum())
    loss = sum(losses) / examples.weights.sum()
    loss.backward()
    value, gradient = loss_and_gradient(network, flat, examples)
    np.testing.assert_allclose(value, loss.item(), rtol=1e-10)
    for name, ours in network.views(gradient).items():
        theirs = w[name].grad.numpy()
        assert np.abs(ours - theirs).max() <= 1e-9 * max(np.abs(theirs).max(), 1e-3), name
