"""Why gated networks fall behind an Elman network where many bits have to be kept.

`LagChain`, `Echo` and `DelayedXor` at distance d ask for all of the last d symbols. Trained like in the full
sweep (32 units, 100 epochs, the weights that were best on held-out sequences), from different starts, by
seqcompare and by PyTorch:

    python benchmarks/recurrent_bits.py [--seeds 3]
"""

from __future__ import annotations

import argparse
import copy
from collections.abc import Callable

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from seqcompare import NextStep, RNNTagger, tasks
from seqcompare.tasks.base import Task

HIDDEN, EPOCHS, BATCH = 32, 100, 32
RATES = {"elman": 0.003, "gru": 0.01, "lstm": 0.01}
POINTS = (("LagChain", 16, 800), ("Echo", 32, 800), ("DelayedXor", 16, 600))
ROWS = (
    ("seqcompare", "elman", "orthogonal (default)"),
    ("seqcompare", "gru", "gates for 1 to T steps (default)"),
    ("seqcompare", "gru", "gates for a step"),
    ("seqcompare", "lstm", "gates for 1 to T steps (default)"),
    ("seqcompare", "lstm", "gates for a step"),
    ("PyTorch", "elman", "orthogonal"),
    ("PyTorch", "elman", "uniform (default)"),
    ("PyTorch", "gru", "uniform (default)"),
    ("PyTorch", "lstm", "uniform (default)"),
)


def skill_of_ours(task: Task, cell: str, start: str, n: int, seed: int) -> float:
    """Train an estimator of seqcompare and return its skill on fresh sequences."""
    train, test = samples(task, n, seed)
    timescale = 1 if start == "gates for a step" else "auto"
    net = RNNTagger(cell, hidden_size=HIDDEN, max_iter=EPOCHS, timescale=timescale, random_state=seed)
    model = NextStep(net) if task.role == "next" else net
    targets = () if train.y is None else (train.y,)
    model.fit(train.X, *targets, sample_weight=train.sample_weight)
    answer = model.predict_next_proba if task.role == "next" else model.predict_proba
    return skill(task, test, answer(test.X))


def skill_of_pytorch(task: Task, cell: str, start: str, n: int, seed: int) -> float:
    """Train PyTorch's layer with the same loss, step size and choice of weights; return its skill."""
    torch.manual_seed(seed)
    train, test = samples(task, n, seed)
    n_symbols = 1 + max(int(train.X.values.max()), 0)
    layer = {"elman": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}[cell](
        n_symbols, HIDDEN, batch_first=True
    )
    if start == "orthogonal":
        torch.nn.init.orthogonal_(layer.weight_hh_l0)
    readout = torch.nn.Linear(HIDDEN, n_symbols)
    net = torch.nn.ModuleList([layer, readout])

    def logits(x: torch.Tensor) -> torch.Tensor:
        return readout(layer(x)[0])

    x, y, w = (torch.from_numpy(a) for a in aligned(task, train, n_symbols))
    held_out = max(1, n // 10)
    best = (np.inf, copy.deepcopy(net.state_dict()))
    adam = torch.optim.Adam(net.parameters(), lr=RATES[cell])
    for _ in range(EPOCHS):
        for rows in (held_out + torch.randperm(n - held_out)).split(BATCH):
            adam.zero_grad()
            weighted_loss(logits(x[rows]), y[rows], w[rows]).backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            adam.step()
        with torch.inference_mode():
            loss = float(weighted_loss(logits(x[:held_out]), y[:held_out], w[:held_out]))
        if loss < best[0]:
            best = (loss, copy.deepcopy(net.state_dict()))
    net.load_state_dict(best[1])
    with torch.inference_mode():
        inputs = torch.from_numpy(one_hot(test.X, n_symbols))
        return skill(task, test, list(logits(inputs).softmax(-1).double().numpy()))


def weighted_loss(z: torch.Tensor, y: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
    """Return the cross-entropy a scored step."""
    losses = cross_entropy(z.reshape(-1, z.shape[-1]), y.reshape(-1), reduction="none")
    return (losses * w.reshape(-1)).sum() / w.sum()


def aligned(task: Task, data: object, n_symbols: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return inputs, the answers due at each of them, and the answers' weights."""
    x = one_hot(data.X, n_symbols)
    answers = np.stack(list(data.X if task.role == "next" else data.y)).astype(np.int64)
    weights = np.ones(answers.shape) if data.sample_weight is None else np.stack(list(data.sample_weight))
    weights = weights.astype(np.float32)
    return (x[:, :-1], answers[:, 1:], weights[:, 1:]) if task.role == "next" else (x, answers, weights)


def one_hot(sequences: object, n_symbols: int) -> np.ndarray:
    """Return codes of shape (n, T, n_symbols) of sequences of equal length."""
    return np.eye(n_symbols, dtype=np.float32)[np.stack(list(sequences)).astype(int)]


def samples(task: Task, n: int, seed: int) -> tuple[object, object]:
    """Return training and test data, the same for all rows of a seed."""
    return task.sample(n, random_state=seed), task.sample(1000, random_state=1_000_000 + seed)


def skill(task: Task, test: object, proba: object) -> float:
    """Return how far from chance to the optimum the answers are."""
    return (task.score(test, proba) - task.chance_score) / (task.optimal_score - task.chance_score)


def main() -> None:
    """Read the command line and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    seeds = range(parser.parse_args().seeds)
    torch.set_num_threads(1)
    trainers: dict[str, Callable[..., float]] = {"seqcompare": skill_of_ours, "PyTorch": skill_of_pytorch}
    print("| by | cell | start | " + " | ".join(f"{name} {d}" for name, d, _ in POINTS) + " |")
    print("|---" * (3 + len(POINTS)) + "|", flush=True)
    for by, cell, start in ROWS:
        print(f"| {by} | {cell} | {start} |", end="", flush=True)
        for name, distance, n in POINTS:
            task = getattr(tasks, name)(distance)
            skills = [trainers[by](task, cell, start, n, seed) for seed in seeds]
            print(" " + ", ".join(f"{s:.2f}" for s in skills) + " |", end="", flush=True)
        print(flush=True)


if __name__ == "__main__":
    main()
