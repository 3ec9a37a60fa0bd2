"""What linear recurrences and echo state networks learn beside a GRU: skill on tasks, the mean over seeds.

Each is trained on 1,000 sequences, with 32 hidden units for at most 60 epochs, or with 200 units that are
drawn, and scored on 500 fresh ones. Skill is 0 for chance and 1 for the optimum. Seconds are of processor
time, of all fits of a row together.

    python benchmarks/recurrent_linear.py [--seeds 2] [--only echo]
"""

from __future__ import annotations

import argparse
import time

import numpy as np

import seqcompare
from seqcompare import NextStep, tasks

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


def recurrent(cell: str, n_layers: int, activation: str = "tanh") -> tuple[str, dict[str, object]]:
    """Return a recurrent network: the beginning of its classes' names, and parameters."""
    return "RNN", {"cell": cell, "n_layers": n_layers, "activation": activation, "max_iter": 60}


LONG = {"spectral_radius": 0.99, "input_scaling": 0.3}
ROWS = {
    "gru, 1 layer": recurrent("gru", 1),
    "mingru, 1 layer": recurrent("mingru", 1),
    "mingru, 2 layers": recurrent("mingru", 2),
    "mingru, 2 layers, identity": recurrent("mingru", 2, "identity"),
    "lru, 1 layer": recurrent("lru", 1),
    "lru, 2 layers": recurrent("lru", 2),
    "lru, 1 layer, identity": recurrent("lru", 1, "identity"),
    "echo state": ("EchoState", {}),
    "echo state, radius .99, input .3": ("EchoState", LONG),
    "echo state, leak .2": ("EchoState", {"leak": 0.2}),
    "echo state, radius .99, input .3, leak .1-1": ("EchoState", LONG | {"leak": (0.1, 1.0)}),
    "echo state, the same of 1,000 units": ("EchoState", LONG | {"leak": (0.1, 1.0), "n_units": 1000}),
}


def skill(row: str, task: tasks.Task, seed: int) -> tuple[float, float]:
    """Train once; return the skill, and the seconds that it took."""
    train, test = task.sample(1000, random_state=seed), task.sample(500, random_state=10**6 + seed)
    kind = {"value": "Regressor", "sequence": "Classifier"}.get(task.role, "Tagger")
    prefix, parameters = ROWS[row]
    net = getattr(seqcompare, prefix + kind)(**parameters, random_state=seed)
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
    parser.add_argument("--only", default="", help="how the rows begin that are wanted")
    args = parser.parse_args()
    names = [f"{task.name} {task.distance}" for task in CASES]
    print(f"| network | {' | '.join(names)} | seconds |")
    print("|---" * (len(CASES) + 2) + "|", flush=True)
    for row in (row for row in ROWS if row.startswith(args.only)):
        found = np.array([[skill(row, task, seed) for seed in range(args.seeds)] for task in CASES])
        skills = " | ".join(f"{mean:.2f}" for mean in found[..., 0].mean(axis=1))
        print(f"| {row} | {skills} | {found[..., 1].sum():.0f} |", flush=True)


if __name__ == "__main__":
    main()
