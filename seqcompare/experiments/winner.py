"""The model to take home: the winner of a comparison, fitted to everything and saved."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import pandas as pd

import seqcompare
from seqcompare.data.dataset import SequenceDataset
from seqcompare.experiments.answers import fit_model
from seqcompare.experiments.ladder_common import Entry
from seqcompare.experiments.threads import one_thread
from seqcompare.experiments.zoo import ModelSpec
from seqcompare.results.comparison import StoredComparison
from seqcompare.results.folder import write_whole

MODEL, SNIPPET = "model.skops", "use_model.py"

_ANSWERS = {
    "next": (
        "proba = model.predict_next_proba(X)  # row t: of step t + 1, in the order of symbols_\n"
        "bits = -model.score_samples(X) / 0.6931  # bits that each sequence costs\n"
    ),
    "step": (
        "labels = model.predict(X)  # a label for every step\n"
        "proba = model.predict_proba(X)  # its probabilities, in the order of model.classes_\n"
    ),
    "sequence": (
        "classes = model.predict(X)  # a class for every sequence\n"
        "proba = model.predict_proba(X)  # its probabilities, in the order of model.classes_\n"
    ),
    "value": "values = model.predict(X)  # a number for every sequence\n",
}


def final_rung(entry: Entry, ladders: pd.DataFrame) -> ModelSpec:
    """Return the cheapest rung that is practically as good as the best; the first if there is no choice."""
    chosen = ladders[(ladders["entry"] == entry.name) & ladders["chosen"].astype(bool)]["model"]
    return next((rung for rung in entry.rungs if rung.label in set(chosen)), entry.rungs[0])


def keep_winner(found: StoredComparison, dataset: SequenceDataset, entries: Sequence[Entry]) -> None:
    """Fit the winner to all data; save it in the folder of the run, with a snippet that uses it."""
    judged = found.result.judgement
    entry = next((e for e in entries if e.name == judged.winner), None)
    if entry is None or entry.family == "reference":
        return
    spec = final_rung(entry, found.grids())
    with one_thread(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the same that its trials gave, and these are kept
        model, fitted = spec.build(dataset, 0)
        if not fitted:
            fit_model(model, dataset)
    seqcompare.save(model, found.folder / MODEL)
    snippet = (
        # names are the user's: as literals on one line they cannot become code
        f"# How to use {spec.label!r:.200}, fitted to all of {dataset.name!r:.200}.\n\n"
        "import seqcompare\n\n"
        f'model = seqcompare.load("{MODEL}")\n'
        f"X = {_example(dataset)}  # a list of sequences\n"
        f"{_ANSWERS[dataset.role]}"
        "# to fit it anew, as a part of a search or a pipeline of scikit-learn:\n"
        "# from sklearn.base import clone; clone(model).fit(X"
        f"{'' if dataset.role == 'next' else ', y'})\n"
    )
    write_whole(found.folder / SNIPPET, snippet)


def _example(dataset: SequenceDataset) -> str:
    """Return a short sequence of the data as Python."""
    return repr([dataset.X[0][:3].tolist()])
