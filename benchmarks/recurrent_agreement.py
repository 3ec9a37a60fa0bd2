"""Outputs and gradients against PyTorch's with the same weights: largest difference over largest value.

python benchmarks/recurrent_agreement.py
"""

from __future__ import annotations

import sys
from itertools import product

import numpy as np
import torch

from seqcompare import RNNTagger
from seqcompare.models.recurrent.chunks import Examples, gradients
from seqcompare.models.recurrent.threads import one_thread

BOUNDS = {"float32": 1e-5, "float64": 1e-9}
T, N = 40, 8


def relative(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Return the largest difference, in units of the largest value."""
    return float(np.abs(ours - theirs).max() / np.abs(theirs).max())


def compare(
    cell: str, activation: str, n_layers: int, bidirectional: bool, dtype: str
) -> tuple[float, float]:
    """Return the differences of outputs and of gradients."""
    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 5, (N, T)), rng.integers(0, 3, (N, T))
    model = RNNTagger(
        cell,
        activation=activation,
        hidden_size=16,
        n_layers=n_layers,
        bidirectional=bidirectional,
        dtype=dtype,
        max_iter=2,
        random_state=0,
    ).fit(X, y)
    state = {name: torch.from_numpy(w) for name, w in model.to_torch_state_dict().items()}
    kind = {"elman": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}[cell]
    options = {"nonlinearity": activation} if cell == "elman" else {}
    net = torch.nn.ModuleDict(
        {
            "rnn": kind(5, 16, n_layers, bidirectional=bidirectional, batch_first=True, **options),
            "readout": torch.nn.Linear(16 * (1 + bidirectional), 3),
        }
    ).to(getattr(torch, dtype))
    net.load_state_dict(state)
    one_hot = torch.from_numpy(np.eye(5, dtype=dtype)[X])
    z = net["readout"](net["rnn"](one_hot)[0])
    proba = torch.softmax(z, -1).detach().numpy()
    torch.nn.functional.cross_entropy(z.reshape(-1, 3), torch.from_numpy(y).reshape(-1)).backward()

    examples = Examples(X.ravel(), np.arange(N + 1) * T, y.ravel(), np.ones(N * T))
    network, flat = model._network()
    with one_thread():
        (update,) = gradients(network, flat, examples, np.arange(N), None, (0.0, 0.0), rng)
    outputs = relative(model.predict_proba(X), proba)
    model.weights_ = update.gradient  # the gradient goes through the same change of layout as the weights
    ours = model.to_torch_state_dict()
    theirs = {name: p.grad.numpy() for name, p in net.named_parameters()}
    # our single bias is PyTorch's first one; the second belongs to the GRU's candidate alone
    names = [n for n in theirs if "bias_hh" not in n]
    worst = max(relative(ours[n], theirs[n]) for n in names)
    if cell == "gru":
        hidden = [n for n in theirs if "bias_hh" in n]
        worst = max([worst, *(relative(ours[n][32:], theirs[n][32:]) for n in hidden)])
    return outputs, worst


def main() -> int:
    """Print the table; return 1 if a difference is out of bounds."""
    torch.set_num_threads(1)
    failed = False
    print("| cell | activation | layers | directions | dtype | outputs | gradients |")
    print("|---|---|---|---|---|---|---|")
    kinds = [("elman", "tanh"), ("elman", "relu"), ("gru", "tanh"), ("lstm", "tanh")]
    for (cell, activation), n_layers, both, dtype in product(kinds, (1, 2), (False, True), BOUNDS):
        differences = compare(cell, activation, n_layers, both, dtype)
        failed |= max(differences) > BOUNDS[dtype]
        numbers = " | ".join(f"{d:.1e}" for d in differences)
        print(f"| {cell} | {activation} | {n_layers} | {1 + both} | {dtype} | {numbers} |")
    print("out of bounds" if failed else f"all within {BOUNDS}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
