"""The models that a comparison fits to everything and keeps: made, summed up, and held to that sum later."""

from __future__ import annotations

import hashlib
import json
import warnings
from pathlib import Path

import pandas as pd

import seqcompare
from seqcompare.data.dataset import SequenceDataset
from seqcompare.experiments.answer import fit_model
from seqcompare.experiments.failing import FAILURES, in_words
from seqcompare.experiments.models import Candidate
from seqcompare.experiments.threads import one_thread
from seqcompare.families import Problem
from seqcompare.results.comparison import StoredComparison
from seqcompare.results.folder import CONFIG, FORECASTER, MODEL, read_config
from seqcompare.results.store import STORE, RunError, Store
from seqcompare.typing import FittedModel

__all__ = ["FORECASTER", "MODEL", "KeepingError", "check_sum", "fit_to_all", "keep_sum", "save_to"]

_SUM_OF = "sum of {}"


class KeepingError(Exception):
    """A model that could not be fitted to all data, or written; the comparison is complete without."""


def fit_to_all(candidate: Candidate, problem: Problem, dataset: SequenceDataset) -> FittedModel:
    """Return a candidate fitted to all data, with the first seed.

    Raises
    ------
    KeepingError
        If it cannot be fitted: it was to parts of the data, or it would not be named.
    """
    try:
        with one_thread(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the same that its trials gave, and these are kept
            model: FittedModel
            model, fitted = candidate.build(problem, 0)
            if not fitted:
                fit_model(model, dataset)
    except FAILURES as error:  # a complete run must not be lost by it
        raise KeepingError(_told(f"{candidate.label} could not be fitted to all data", error)) from error
    return model


def save_to(path: Path, model: FittedModel, label: str) -> None:
    """Write a fitted model.

    Raises
    ------
    KeepingError
        If it cannot be written; no file is left.
    """
    try:
        seqcompare.save(model, path)
    except FAILURES as error:  # whatever a model of the user's own cannot be taken apart for
        path.unlink(missing_ok=True)
        raise KeepingError(_told(f"{label} could not be saved to {path.name}", error)) from error


def _told(what: str, error: BaseException) -> str:
    return " ".join(f"{what} ({in_words(error)})".split())


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
