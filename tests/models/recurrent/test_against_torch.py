"""Linear recurrences against PyTorch's automatic gradients, where PyTorch is installed."""

import numpy as np
import pytest

from seqcompare import RNNTagger, Sequences
from seqcompare.models.recurrent.chunks import Examples, gradients

torch = pytest.importorskip("torch")

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(4, 12, 3)), RNG.integers(0, 3, (4, 12))


def mingru(w, x):
    z_x, n_x = (x @ w["input"] + w["bias"]).chunk(2, -1)
    z, n = torch.sigmoid(z_x), torch.tanh(n_x)
    h, outputs = torch.zeros_like(n[:, 0]), []
    for t in range(x.shape[1]):
        h = (1 - z[:, t]) * n[:, t] + z[:, t] * h
        outputs.append(h)
    return torch.stack(outputs, 1)


def lru(w, x):
    turn = torch.exp(torch.complex(-torch.exp(w["fading"]), torch.exp(w["turning"])))
    scale = torch.sqrt(1 - turn.abs() ** 2)
    re, im, past = (x @ w["input"] + w["bias"]).chunk(3, -1)
    entered = scale * torch.complex(re, im)
    h, outputs = torch.zeros_like(entered[:, 0]), []
    for t in range(x.shape[1]):
        h = turn * h + entered[:, t]
        outputs.append(torch.cat([h.real, h.imag], -1) @ w["output"])
    return torch.tanh(torch.stack(outputs, 1) + past)


@pytest.mark.parametrize(("dtype", "bound"), [("float64", 1e-9), ("float32", 1e-5)])
@pytest.mark.parametrize(("n_layers", "both"), [(1, False), (2, True)])
@pytest.mark.parametrize("layer", [mingru, lru])
def test_outputs_and_gradients_agree(layer, n_layers, both, dtype, bound):
    model = RNNTagger(
        layer.__name__, hidden_size=6, n_layers=n_layers, bidirectional=both, dtype=dtype, max_iter=2
    )
    model.set_params(random_state=0).fit(X, Y)
    weights = {name: torch.from_numpy(w).requires_grad_() for name, w in model.get_weights().items()}
    rows = torch.from_numpy(((X - model.input_mean_) / model.input_scale_).astype(dtype))
    for k in range(n_layers):
        read = []
        for direction in ("forward", "backward")[: 1 + both]:
            prefix = f"layer{k}.{direction}."
            own = {name.removeprefix(prefix): w for name, w in weights.items() if name.startswith(prefix)}
            turned = rows if direction == "forward" else rows.flip(1)
            out = layer(own, turned)
            read.append(out if direction == "forward" else out.flip(1))
        rows = torch.cat(read, -1)
    z = rows @ weights["readout.weight"] + weights["readout.bias"]
    torch.nn.functional.cross_entropy(z.reshape(-1, 3), torch.from_numpy(Y).reshape(-1)).backward()
    proba = torch.softmax(z, -1).detach().numpy()
    np.testing.assert_allclose(model.predict_proba(X), proba, rtol=bound)
    network, flat = model._network()
    examples = Examples(model._encode(Sequences(X)), np.arange(5) * 12, Y.ravel(), np.ones(48))
    (update,) = gradients(network, flat, examples, np.arange(4), None, (0.0, 0.0), RNG)
    for name, ours in network.views(update.gradient).items():
        theirs = weights[name].grad.numpy()
        assert np.abs(ours - theirs).max() <= bound * np.abs(theirs).max(), name
