"""The models that a comparison fits to everything and keeps: made, summed up, and held to that sum later."""

from __future__ import annotations

import hashlib
import json
import warnings
from pathlib import Path

import pandas as pd

from seqcompare.data.dataset import SequenceDataset
from seqcompare.experiments.answer import fit_model
from seqcompare.experiments.models import Candidate
from seqcompare.experiments.threads import one_thread
from seqcompare.families import Problem
from seqcompare.results.comparison import StoredComparison
from seqcompare.results.folder import CONFIG, FORECASTER, MODEL, read_config
from seqcompare.results.store import STORE, RunError, Store
from seqcompare.typing import FittedModel

__all__ = ["FORECASTER", "MODEL", "check_sum", "fit_to_all", "keep_sum"]

_SUM_OF = "sum of {}"


def fit_to_all(candidate: Candidate, problem: Problem, dataset: SequenceDataset) -> FittedModel:
    """Return a candidate fitted to all data, with the first seed."""
    with one_thread(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the same that its trials gave, and these are kept
        model: FittedModel
        model, fitted = candidate.build(problem, 0)
        if not fitted:
            fit_model(model, dataset)
    return model


def keep_sum(found: StoredComparison, name: str) -> None:
    """Keep a checksum of a saved model and of how its data are read."""
    with Store(found.folder / STORE) as store:
        store.keep_table(_SUM_OF.format(name), pd.DataFrame({"sha256": [_sum(found.folder / name)]}))


def check_sum(found: StoredComparison, name: str) -> None:
    """Raise an error if a saved model, or how its data are read, is not what the run has kept.

    Raises
    ------
    RunError
        If the file of the model, or the part of ``config.json`` about data, was changed or replaced.
    """
    kept = found.side_table(_SUM_OF.format(name))
    # runs of before kept none
    if kept is not None and kept["sha256"].iloc[0] != _sum(found.folder / name):
        raise RunError(
            f"{found.folder / name}, or what {CONFIG} says of its data, is not what this run has saved; the "
            f"same comparison again writes both (seqcompare.load reads {name} as it is)"
        )


def _sum(path: Path) -> str:
    told = json.dumps(read_config(path.parent).get("data"), sort_keys=True).encode()
    return hashlib.sha256(path.read_bytes() + told).hexdigest()
