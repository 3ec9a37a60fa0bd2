"""The contestants for real data: each family's ladder of capacities, by the data's role and size."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.sequences import Sequences
from seqcompare.experiments.chance import chance_model
from seqcompare.experiments.ladder_common import Entry, Extent
from seqcompare.experiments.ladder_sequences import sequence_entries, value_entries
from seqcompare.experiments.ladder_steps import next_entries, step_entries
from seqcompare.experiments.zoo import Budget, ModelSpec

CHANCE = "chance"

#: The families that do without missing values.
_MISSING = {"hmm"}

_MAKERS = {"next": next_entries, "step": step_entries, "sequence": sequence_entries, "value": value_entries}


def build_ladders(
    dataset: SequenceDataset,
    models: Sequence[str] | Mapping[str, Any] | None = None,
    *,
    train_share: float = 0.8,
    max_seconds: float = 600.0,
) -> list[Entry]:
    """Return the contestants for a data set, chance first.

    Parameters
    ----------
    dataset : SequenceDataset
        The data.
    models : sequence of str or mapping, optional
        Names or patterns of entries and families, or labels -> estimators of the user's, fitted or not; a
        mapping to None asks for the entry of that name. By default all that have an answer for the role.
    train_share : float, default=0.8
        Share of the data that is trained on.
    max_seconds : float, default=600.0
        Safety net of one training.

    Raises
    ------
    ValueError
        If a name matches nothing; the message lists the entries.
    """
    extent = extent_of(dataset, train_share)
    budget = Budget(extent.epochs, 200, max_seconds)
    chance = Entry(
        CHANCE,
        "reference",
        (ModelSpec(CHANCE, "reference", CHANCE, 0.0, "", budget, {}, chance_model(dataset)),),
    )
    standard = [
        entry
        for entry in _MAKERS[extent.role](extent, budget)
        if entry.rungs and (not extent.missing or entry.family in _MISSING)
    ]
    if not standard and not isinstance(models, Mapping):
        raise ValueError(
            "X has missing values (NaN), which only HMMs can do without, and these have no answer for the "
            f"role {dataset.role}: fill them in first, or give estimators of your own"
        )
    if models is None:
        return [chance, *standard]
    if isinstance(models, str):
        models = [models]
    chosen: list[Entry] = []
    for name in models:
        source = models[name] if isinstance(models, Mapping) else None
        if source is not None and name == CHANCE:
            raise ValueError(f"models: {CHANCE!r} is the name of the reference; give your model another")
        if source is not None:
            chosen.append(
                Entry(name, "yours", (ModelSpec(name, "yours", name, None, "", budget, {}, source),))
            )
            continue
        hits = [
            e
            for e in standard
            if any(fnmatch.fnmatchcase(n.lower(), name.lower()) for n in (e.name, e.family))
        ]
        if not hits:
            known = ", ".join(dict.fromkeys(n for e in standard for n in (e.family, e.name)))
            among = "the role " + dataset.role + (", with missing values" if extent.missing else "")
            raise ValueError(f"models: {name!r} matches nothing for {among}; there are {known}")
        chosen += [e for e in hits if e not in chosen]
    return [chance, *chosen]


def extent_of(dataset: SequenceDataset, train_share: float) -> Extent:
    """Return what the ladders depend on, for a training part of this share."""
    X = dataset.X
    n_scored = X.n_steps if dataset.role in ("next", "step") else len(X)
    if dataset.role == "next":
        n_classes = len(np.unique(X.values)) if X.kind == "symbols" else 0
    elif dataset.role == "value":
        n_classes = 0
    else:
        labels = dataset.y.values if dataset.role == "step" else dataset.y  # type: ignore[union-attr]  # per role
        n_classes = len(np.unique(np.asarray(labels)))
    return Extent(
        role=dataset.role,
        kind=X.kind,
        n_train=max(1, int(len(X) * train_share)),
        n_steps=max(1, int(X.n_steps * train_share)),
        n_scored=max(1, int(n_scored * train_share)),
        longest=int(X.lengths.max()),
        n_symbols=len(np.unique(X.values)) if X.kind == "symbols" else 0,
        n_channels=X.n_channels,
        n_classes=n_classes,
        missing=has_missing(X),
    )


def has_missing(X: Sequences) -> bool:
    """Whether any measurement of `X` is missing."""
    return X.kind == "real" and bool(np.isnan(X.values).any())


def left_out(dataset: SequenceDataset) -> str:
    """Return a sentence on the families that cannot take part in these data; empty if all can."""
    if not has_missing(dataset.X):
        return ""
    return (
        "Values are missing: HMMs do without them, by summing over what they might have been; Markov chains, "
        "windows and recurrent networks take no missing values, and were left out."
    )
