"""What a run keeps of what it was asked: families, metrics and data in plain values."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np

from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.pace import pace_of
from seqcompare.data.sequences import Sequences
from seqcompare.experiments.contestants import left_out
from seqcompare.experiments.splits import Plan
from seqcompare.experiments.tested import count_independent, tested_in_time
from seqcompare.families import FAMILIES, Family
from seqcompare.metrics import METRICS, Metric
from seqcompare.results.store import FORMAT
from seqcompare.typing import Record, Values


def described(own: Iterable[Family], metrics: Iterable[str | Metric]) -> Record:
    """Return what a run keeps so that its report can be drawn with no model importable.

    Parameters
    ----------
    own : iterable of Family
        Families of the run that nobody registered.
    metrics : iterable of str or Metric
        What its scores are; names that nobody registered are left to their tasks.
    """
    families = {family.name: family for family in [*FAMILIES.values(), *own]}
    known = [METRICS.get(m) if isinstance(m, str) else m for m in metrics]
    return {
        "format": FORMAT,
        "families": [family.describe() for family in families.values()],
        "metrics": {metric.name: metric.describe() for metric in known if metric is not None},
    }


def describe_data(dataset: SequenceDataset, plan: Plan) -> Record:
    """Return what the verdict and the report need to know of the data."""
    X = dataset.X
    n_symbols = len(X.present()) if X.kind == "symbols" else 0
    return {
        "name": dataset.name,
        "role": dataset.role,
        "kind": X.kind,
        "n_sequences": len(dataset),
        "n_independent": count_independent(dataset, plan),
        "in_groups": dataset.groups is not None,
        "n_steps": X.n_steps,
        "shortest": int(X.lengths.min()),
        "longest": int(X.lengths.max()),
        "n_channels": X.n_channels,
        "n_symbols": n_symbols,
        "pace": _pace(dataset),
        "reading": dict(dataset.reading),
        "notes": [*dataset.notes, *filter(None, [left_out(dataset), plan.note])],
        "splits": plan.words,
        "split_kind": plan.kind,
        "n_splits": len(plan.splits),
        "in_time": tested_in_time(dataset, plan),
        "test_fraction": plan.test_fraction,
        "classes": _class_counts(dataset),
        "uniform_bits": float(np.log2(n_symbols)) if dataset.role == "next" and n_symbols else None,
    }


def _pace(dataset: SequenceDataset) -> Record | None:
    """Return how far apart steps are, if that is known."""
    pace = pace_of(dataset)
    if pace is None:
        return None
    return {"usual": pace.usual, "unit": pace.unit, "is_even": pace.is_even, "words": pace.words}


def _class_counts(dataset: SequenceDataset) -> dict[str, int]:
    """Return how often each class is to be predicted; empty for numbers and real-valued steps."""
    if dataset.role in ("value", "step-value") or (dataset.role == "next" and dataset.X.kind == "real"):
        return {}
    if dataset.role == "sequence":
        labels = np.asarray(dataset.y)
    else:
        labels = dataset.X.values if dataset.role == "next" else dataset.y.values  # type: ignore[union-attr]  # per role
        counted = np.ones(len(labels), dtype=bool)
        if isinstance(dataset.sample_weight, Sequences):
            counted = dataset.sample_weight.values > 0
        if dataset.role == "next" and dataset.X.has_missing:
            counted = counted & ~dataset.X.missing[:, 0]
        labels = labels[counted]
    names, counts = np.unique(labels, return_counts=True)
    return {str(name): int(n) for name, n in zip(names, counts, strict=True)}


def fingerprint(dataset: SequenceDataset) -> Record:
    """Return what tells one data set from another."""
    digest = hashlib.sha256()
    for part in (dataset.X, dataset.y, dataset.sample_weight, dataset.groups, dataset.test):
        if part is None:
            continue
        arrays: list[Values] = [np.asarray(part)] if not isinstance(part, Sequences) else []
        if isinstance(part, Sequences):
            several = part.kind == "mixed"
            channels = [part.channel(i) for i in range(part.n_channels)] if several else [part]
            arrays = [*(channel.values for channel in channels), part.offsets]
        for array in arrays:
            plain = array.astype(str) if array.dtype.kind == "O" else array
            digest.update(np.ascontiguousarray(plain).tobytes())
    return {"name": dataset.name, "role": dataset.role, "sha256": digest.hexdigest()}
