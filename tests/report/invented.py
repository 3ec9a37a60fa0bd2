"""A run as a sweep would leave it, with invented but plausible numbers."""

import json

import numpy as np
from described import FAMILIES
from hostile import HOSTILE

from seqcompare.results.folder import write_config
from seqcompare.results.store import COLUMNS, Store

MODELS = [
    # label, family, variant, capacity, its name, reach in steps
    ("Markov 1", "markov", "markov", 1, "order", 1),
    ("Markov 4", "markov", "markov", 4, "order", 4),
    ("Markov 8", "markov", "markov", 8, "order", 7),
    ("HMM 4", "hmm", "hmm", 4, "states", 3),
    ("HMM 8", "hmm", "hmm", 8, "states", 6),
    ("Logistic 4", "window", "logistic", 4, "width", 4),
    ("Logistic 16", "window", "logistic", 16, "width", 16),
    ("MLP 16", "window", "mlp", 16, "width", 16),
    ("Elman 32", "recurrent", "elman", 32, "hidden units", 14),
    ("GRU 32", "recurrent", "gru", 32, "hidden units", 48),
    ("LSTM 32", "recurrent", "lstm", 32, "hidden units", 64),
    ("exact machine", "reference", "exact", 4, "states", 10**6),
]
TASKS = [
    # name, role, metric, greater, chance, optimal
    ("recall", "next", "accuracy", True, 0.5, 1.0),
    ("echo", "step", "accuracy", True, 0.5, 1.0),
    ("lag-chain", "next", "bits", False, 2.0, 0.63),
    ("temporal-order", "sequence", "accuracy", True, 0.75, 1.0),
]
CONFIG = {
    "kind": "sweep",
    "title": "An invented sweep",
    "families": FAMILIES,
    "settings": {"seeds": 3, "tasks": [{"name": "recall"}, {"name": "echo"}]},
    "versions": {"python": "3.11.2", "numpy": "2.2.0"},
    "machine": {"cpu": "a processor", "cores": 2},
    "sessions": [{"started": "2026-01-01T00:00:00+0000", "n_jobs": 2}],
}


def trial_rows(models=MODELS, tasks=TASKS, distances=(2, 4, 8, 16, 32), seeds=3):
    """Yield (row, curve) for every trial."""
    for task, role, metric, greater, chance, optimal in tasks:
        for distance in distances if task != "echo" else (-2, 0, *distances):
            for label, family, variant, capacity, unit, reach in models:
                for seed in range(seeds):
                    rng = np.random.default_rng([distance + 10, seed, len(label), capacity, len(task)])
                    skill = 1 / (1 + (max(distance, 0.1) / (reach * 1.4)) ** 6) + rng.normal(0, 0.02)
                    score = chance + skill * (optimal - chance)
                    row = dict.fromkeys(COLUMNS)
                    row |= {
                        "trial_id": f"{task} d={distance} {label} seed {seed}",
                        "axis": "distance",
                        "task": task,
                        "task_params": json.dumps({"distance": distance}),
                        "distance": distance,
                        "distance_asked": distance,
                        "memory_bits": 1.0,
                        "length_asked": 0,
                        "warnings": "",
                        "role": role,
                        "metric": metric,
                        "greater_is_better": greater,
                        "model": label,
                        "family": family,
                        "variant": variant,
                        "capacity": capacity,
                        "capacity_name": unit,
                        "causal": variant != "bilstm",
                        "seed": seed,
                        "n_train": 2000,
                        "n_test": 500,
                        "length": 40.0,
                        "score": score,
                        "validation_score": score + rng.normal(0, 0.01),
                        "chance": chance,
                        "optimal": optimal,
                        "skill": skill,
                        "score_error": 0.005,
                        "can_represent": None
                        if family == "hmm"
                        else distance <= reach or family == "recurrent",
                        "fit_seconds": 0.02
                        * capacity
                        * (20 if family == "recurrent" else 1)
                        * rng.uniform(0.8, 1.2),
                        "predict_us_per_step": 0.1 * capacity,
                        "n_parameters": capacity**2 * 4,
                        "peak_memory_mb": 1.0 + capacity,
                        "trial_seconds": 0.1 * capacity,
                        "n_iter": 30,
                        "stop": "budget" if variant == "elman" and distance > 8 else "",
                        "status": "ok",
                        "error": "",
                    }
                    curve = []
                    if family == "recurrent":
                        curve = [
                            (e, float(0.7 * np.exp(-e / 8)), float(score * (1 - np.exp(-e / 6))))
                            for e in range(1, 31)
                        ]
                    yield row, curve


def write_run(folder, rows, config=CONFIG):
    """Leave `rows` in `folder` as a sweep does."""
    folder.mkdir(parents=True, exist_ok=True)
    write_config(folder, config)
    with Store(folder / "store.sqlite") as store:
        for position, (row, curve) in enumerate(rows):
            store.add(position, row, curve)
    return folder


def hostile_rows():
    """Yield trials in which everything a user can name has a hostile name."""
    for number, name in enumerate(HOSTILE):
        # every name stands for a task, a model and its kind; a family has a figure of its own, so there are
        # five
        model = (name, HOSTILE[number // 4], name, 4, name, 4)
        rows = trial_rows([model], [(name, *TASKS[number % len(TASKS)][1:])], (2, 8), seeds=1)
        for row, curve in rows:
            row |= {"stop": name, "warnings": name, "task_params": json.dumps({"distance": 2, name: name})}
            if number % 5 == 4 and row["distance"] == 8:
                row |= {"status": "error", "error": name, "score": None, "skill": None}
            yield row, curve
