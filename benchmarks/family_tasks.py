"""Which model can do what: skill of each kind on six tasks, at one distance each.

Each is trained on 1,000 sequences, networks for at most 40 epochs, and scored on 500 fresh ones. Skill is 0
for the best predictor without memory, and 1 for the optimum. A dash is a role that a model does not have.

    python benchmarks/family_tasks.py [--seeds 1] [--out DIR]
"""

from __future__ import annotations

import argparse
import tempfile

import seqcompare

TASKS = [
    {"name": "Recall", "distances": [32]},
    {"name": "KeyedRecall", "distances": [4]},
    {"name": "Copy", "distances": [8]},
    {"name": "Echo", "distances": [4]},
    {"name": "Brackets", "distances": [7]},
    {"name": "Adding", "distances": [8]},
]
MODELS = {
    "markov": 8,
    "hmm": 8,
    "logistic": 16,
    "mlp": 16,
    "ridge": 16,
    "elman": 32,
    "gru": 32,
    "lstm": 32,
    "mingru": 32,
    "lru": 32,
    "echo-state": 200,
    "attention": 32,
}


def main() -> None:
    """Run the sweep and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--out", default=None)
    args = parser.parse_args()
    suite = {
        "title": "Which model can do what",
        "seeds": args.seeds,
        "distances": [8],
        "n_train": 1000,
        "n_validation": 200,
        "n_test": 500,
        "epochs": 40,
        "max_seconds": 300,
        "tasks": TASKS,
        "models": [{"variant": name, "sizes": [size]} for name, size in MODELS.items()],
    }
    with tempfile.TemporaryDirectory() as folder:
        frame = seqcompare.sweep(suite, args.out or folder, n_jobs=1).frame()
    skill = frame.pivot_table(index="model", columns="task", values="skill", sort=False)
    seconds = frame.pivot_table(index="model", values="fit_seconds", aggfunc="sum", sort=False)["fit_seconds"]
    distance = frame.groupby("task")["distance"].first()
    print("| model | " + " | ".join(f"{task} {distance[task]}" for task in skill.columns) + " | seconds |")
    print("|---" * (skill.shape[1] + 2) + "|")
    for model, row in skill.iterrows():
        cells = ["-" if value != value else f"{value:.2f}" for value in row]
        print(f"| {model} | {' | '.join(cells)} | {seconds[model]:.0f} |", flush=True)


if __name__ == "__main__":
    main()
