"""The columns of a sweep: one trial is one row."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

#: Column -> (SQLite type, meaning). The order is that of every table made from a run.
COLUMNS: dict[str, tuple[str, str]] = {
    "trial_id": ("TEXT", "the coordinates of the trial, in words; unique within a run"),
    "axis": ("TEXT", "what is swept: distance, memory, length or alphabet"),
    "task": ("TEXT", "name of the task"),
    "task_params": ("TEXT", "all parameters of the task, as JSON"),
    "distance": ("INTEGER", "steps between the input that matters and the output it determines"),
    "distance_asked": ("INTEGER", "the distance before it was moved up to one that the task can have"),
    "memory_bits": ("REAL", "bits to be carried across the distance"),
    "role": ("TEXT", "what is predicted: next, step, sequence or value"),
    "metric": ("TEXT", "accuracy, bits (per scored symbol) or mse"),
    "greater_is_better": ("BOOLEAN", "whether a larger score is a better one"),
    "model": ("TEXT", "label of the model"),
    "family": ("TEXT", "markov, hmm, window, recurrent; reference for hand-made machines"),
    "variant": ("TEXT", "the kind of model within its family"),
    "capacity": ("REAL", "the family's own size"),
    "capacity_name": ("TEXT", "what the capacity counts: order, states, width, hidden units"),
    "causal": ("BOOLEAN", "whether the answer at a step uses no later step"),
    "seed": ("INTEGER", "index of the repetition"),
    "n_train": ("INTEGER", "training sequences"),
    "n_test": ("INTEGER", "test sequences"),
    "length_asked": ("INTEGER", "steps of every sequence; 0 where the task chose"),
    "length": ("REAL", "mean steps of a test sequence"),
    "score": ("REAL", "on the test data, in the task's metric"),
    "validation_score": ("REAL", "on the validation data; the only one that models are chosen by"),
    "chance": ("REAL", "score of the best predictor without memory"),
    "optimal": ("REAL", "score of the exact Bayes predictor"),
    "skill": ("REAL", "(score - chance) / (optimal - chance)"),
    "score_error": ("REAL", "standard error of the score over the test answers, as if independent"),
    "can_represent": ("BOOLEAN", "what theory says of this model here; empty where that is open"),
    "fit_seconds": ("REAL", "wall time of fit, one thread, no compilation"),
    "predict_us_per_step": ("REAL", "microseconds of prediction per step of the test data"),
    "n_parameters": ("REAL", "free parameters of the fitted model"),
    "peak_memory_mb": ("REAL", "highest resident memory during fit and prediction above that before"),
    "trial_seconds": ("REAL", "wall time of the whole trial, data and scoring included"),
    "n_iter": ("REAL", "epochs or EM iterations made"),
    "stop": ("TEXT", "why training ended; budget where the budget of epochs ran out"),
    "warnings": ("TEXT", "distinct warnings given during the trial"),
    "status": ("TEXT", "ok or error"),
    "error": ("TEXT", "what went wrong, in words"),
}

#: Columns that differ between two runs of one trial: how long it took and how much room.
COST_COLUMNS = ("fit_seconds", "predict_us_per_step", "peak_memory_mb", "trial_seconds")

CURVE_COLUMNS = ("trial_id", "epoch", "train_loss", "validation_score")


def blank() -> dict[str, Any]:
    """Return a row of which nothing is known: numbers that were not measured are NaN, or 0 if whole."""
    unknown = {"INTEGER": 0, "REAL": math.nan, "TEXT": "", "BOOLEAN": None}
    row = {name: unknown[kind] for name, (kind, _) in COLUMNS.items()}
    return {**row, "causal": True, "status": "ok"}


_NUMBERS = {"INTEGER": "int64", "REAL": "float64"}


def to_frame(rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    """Return rows in the order of `COLUMNS` as a data frame with fixed dtypes.

    ``can_represent`` holds True, False or None; what a failed trial has not reached is NaN.
    """
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    for name, (kind, _) in COLUMNS.items():
        if kind == "BOOLEAN":
            frame[name] = pd.Series(
                [None if pd.isna(v) else bool(v) for v in frame[name]], dtype="object", index=frame.index
            )
        else:
            frame[name] = frame[name].astype(np.dtype(_NUMBERS[kind]) if kind in _NUMBERS else str)
    for name in ("greater_is_better", "causal"):
        frame[name] = frame[name].astype(bool)
    return frame
