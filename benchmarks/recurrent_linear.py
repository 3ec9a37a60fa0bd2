"""What linear recurrences learn beside a GRU: skill on eight tasks, the mean over seeds.

Each is trained on 1,000 sequences with 32 hidden units for at most 60 epochs and scored on 500 fresh ones.
Skill is 0 for chance and 1 for the optimum. Seconds are of processor time, of all fits of a row together.

    python benchmarks/recurrent_linear.py [--seeds 2]
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from seqcompare import NextStep, RNNClassifier, RNNRegressor, RNNTagger, tasks

CASES = [
    tasks.Recall(32),
    tasks.Echo(4),
    tasks.DelayedXor(4),
    tasks.Copy(8),
    tasks.LagChain(4),
    tasks.Brackets(7),
    tasks.TemporalOrder(8),
    tasks.Adding(8),
]
ROWS = [
    ("gru", 1, "tanh"),
    ("mingru", 1, "tanh"),
    ("mingru", 2, "tanh"),
    ("mingru", 2, "identity"),
    ("lru", 1, "tanh"),
    ("lru", 2, "tanh"),
    ("lru", 1, "identity"),
]


def skill(cell: str, n_layers: int, activation: str, task: tasks.Task, seed: int) -> tuple[float, float]:
    """Train once; return the skill, and the seconds that it took."""
    train, test = task.sample(1000, random_state=seed), task.sample(500, random_state=10**6 + seed)
    kind = {"value": RNNRegressor, "sequence": RNNClassifier}.get(task.role, RNNTagger)
    net = kind(cell, n_layers=n_layers, activation=activation, max_iter=60, random_state=seed)
    model = NextStep(net) if task.role == "next" else net
    targets = () if train.y is None else (train.y,)
    weights = {} if train.sample_weight is None else {"sample_weight": train.sample_weight}
    began = time.process_time()
    model.fit(train.X, *targets, **weights)
    seconds = time.process_time() - began
    ask = {"next": "predict_next_proba", "value": "predict"}.get(task.role, "predict_proba")
    score = task.score(test, getattr(model, ask)(test.X))
    return (score - task.chance_score) / (task.optimal_score - task.chance_score), seconds


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=2)
    args = parser.parse_args()
    names = [f"{task.name} {task.distance}" for task in CASES]
    print(f"| cell | layers | f | {' | '.join(names)} | seconds |")
    print("|---" * (len(CASES) + 4) + "|", flush=True)
    for cell, n_layers, activation in ROWS:
        found = np.array(
            [[skill(cell, n_layers, activation, task, seed) for seed in range(args.seeds)] for task in CASES]
        )
        skills = " | ".join(f"{mean:.2f}" for mean in found[..., 0].mean(axis=1))
        total = found[..., 1].sum()
        print(f"| {cell} | {n_layers} | {activation} | {skills} | {total:.0f} |", flush=True)


if __name__ == "__main__":
    main()
