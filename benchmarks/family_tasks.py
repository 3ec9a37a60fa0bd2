"""Which model can do what: skill of each kind on six tasks, at one distance each.

Each is trained on 1,000 sequences (2,000 of eight pairs), networks for at most 300 epochs, and scored on 500
fresh ones. Skill is 0 for the best predictor without memory, and 1 for the optimum; shown is the mean of the
seeds, and in brackets the least and the best where they differ by .1 or more. A dash is a role that a model
does not have.

    python benchmarks/family_tasks.py [--seeds 3] [--out DIR]
"""

from __future__ import annotations

import argparse
import tempfile

import pandas as pd

import seqcompare

TASKS = [
    {"name": "Recall", "distances": [32]},
    {"name": "KeyedRecall", "distances": [8], "params": {"n_pairs": 8}, "n_train": 2000},
    {"name": "Copy", "distances": [8]},
    {"name": "Echo", "distances": [4]},
    {"name": "Brackets", "distances": [7]},
    {"name": "Adding", "distances": [8]},
]
# variant, size, and what the row is called: those of one name are one row, each for roles of its own
MODELS = [
    ("markov", 8, "Markov chain, order 8"),
    ("hmm", 8, "HMM, 8 states"),
    ("hmm-predictive", 8, "HMM, 8 states"),
    ("logistic", 16, "linear window, 16 steps"),
    ("ridge", 16, "linear window, 16 steps"),
    ("mlp", 16, "MLP window, 16 steps"),
    ("elman", 32, "Elman, 32 units"),
    ("gru", 32, "GRU, 32 units"),
    ("lstm", 32, "LSTM, 32 units"),
    ("mingru", 32, "minGRU, 32 units"),
    ("lru", 32, "LRU, 32 units"),
    ("echo-state", 200, "echo state, 200 units"),
    ("attention", 32, "attention, 32 numbers"),
]
# by likelihood alone no memory is found, so HMMs that say the next symbol are fitted to what is scored
ONLY = {"hmm": ["KeyedRecall", "Copy", "Echo"], "hmm-predictive": ["Recall", "Brackets"]}


def shown(skills: pd.Series) -> str:
    """Return the mean over seeds, and the range if it is wide."""
    low, mean, high = (f"{round(value, 2) + 0:.2f}" for value in (skills.min(), skills.mean(), skills.max()))
    return f"{mean} ({low} to {high})" if skills.max() - skills.min() >= 0.1 else mean


def main() -> None:
    """Run the sweep and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", default=None)
    args = parser.parse_args()
    suite = {
        "title": "Which model can do what",
        "seeds": args.seeds,
        "distances": [8],
        "n_train": 1000,
        "n_validation": 200,
        "n_test": 500,
        "epochs": 300,
        "max_seconds": 300,
        "tasks": TASKS,
        "models": [
            {"variant": name, "sizes": [size]} | ({"tasks": ONLY[name]} if name in ONLY else {})
            for name, size, _ in MODELS
        ],
    }
    with tempfile.TemporaryDirectory() as folder:
        frame = seqcompare.sweep(suite, args.out or folder).frame()
    frame["row"] = frame["variant"].map({name: row for name, _, row in MODELS})
    cells = frame.groupby(["row", "task"])["skill"].agg(shown).unstack(fill_value="-")
    distance = frame.groupby("task")["distance"].first()
    tasks = [task["name"] for task in TASKS]
    print("| model | " + " | ".join(f"{task} {distance[task]}" for task in tasks) + " |")
    print("|---" * (len(tasks) + 1) + "|")
    for row in dict.fromkeys(row for _, _, row in MODELS):
        print(f"| {row} | {' | '.join(cells.loc[row, tasks])} |")


if __name__ == "__main__":
    main()
