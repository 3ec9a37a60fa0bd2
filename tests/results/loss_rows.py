"""Rows of made-up comparisons, and losses of their units."""

import numpy as np
import pandas as pd


def rows(labels, folds=1, parameters=None, axis="tuning", metric="bits"):
    records = [
        {
            "trial_id": f"{label}/{fold}",
            "entry": label,
            "axis": axis,
            "model": label,
            "family": "reference" if label == "chance" else "f",
            "variant": "v",
            "capacity": place,
            "capacity_name": "order",
            "causal": True,
            "seed": fold,
            "status": "ok",
            "metric": metric,
            "n_parameters": float(parameters[place] if parameters else place),
            "predict_us_per_step": 1.0,
            "fit_seconds": 0.5,
            "peak_memory_mb": 1.0,
            "bits": np.nan,
        }
        for fold in range(folds)
        for place, label in enumerate(labels)
    ]
    return pd.DataFrame(records)


def units(losses):
    losses = np.asarray(losses, dtype=float)
    return np.column_stack([np.ones(len(losses)), losses, losses])
