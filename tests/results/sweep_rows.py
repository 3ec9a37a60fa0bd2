"""Rows of made-up sweeps."""

import math

import pandas as pd

from seqcompare.results.store import COLUMNS, to_frame

DEFAULTS = {
    "axis": "distance",
    "task": "Recall",
    "task_params": "{}",
    "distance": 4,
    "memory_bits": 1.0,
    "role": "next",
    "metric": "accuracy",
    "greater_is_better": True,
    "model": "Markov order 4",
    "family": "markov",
    "variant": "markov",
    "capacity": 4.0,
    "capacity_name": "order",
    "causal": True,
    "seed": 0,
    "n_train": 100,
    "n_test": 100,
    "length_asked": 0,
    "length": 20.0,
    "score": 1.0,
    "validation_score": 1.0,
    "chance": 0.5,
    "optimal": 1.0,
    "skill": 1.0,
    "score_error": 0.01,
    "can_represent": True,
    "fit_seconds": 1.0,
    "predict_us_per_step": 1.0,
    "n_parameters": 10.0,
    "peak_memory_mb": 1.0,
    "trial_seconds": 1.0,
    "n_iter": math.nan,
    "stop": "",
    "warnings": "",
    "status": "ok",
    "error": "",
}


def row(**values):
    """Return a row: `DEFAULTS` with some values changed; the distance asked and the id follow."""
    full = {**DEFAULTS, **values}
    full["distance_asked"] = full["distance"]
    full["task_params"] = values.get("task_params", f'{{"distance": {full["distance"]}}}')
    full["trial_id"] = "/".join(
        str(full[name]) for name in ("axis", "task", "task_params", "length_asked", "model", "seed")
    )
    return full


def frame_of(rows) -> pd.DataFrame:
    """Return rows as a sweep's frame."""
    return to_frame([tuple(r[name] for name in COLUMNS) for r in rows])
