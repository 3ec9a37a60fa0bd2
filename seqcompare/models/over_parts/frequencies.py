"""What has no memory, over parts: frequencies of symbols, of labels and of classes."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from sklearn.base import clone

from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.targets import check_sequence_weights, check_step_weights
from seqcompare.data.totals import Totals
from seqcompare.models.over_parts.reading import arguments, union_of
from seqcompare.models.reference.chance import ChanceClassifier, ChanceNext, ChanceTagger
from seqcompare.typing import Floats, Labels

FREQUENCIES = (ChanceNext, ChanceTagger, ChanceClassifier)


def fit_frequencies(model: Any, total: Totals) -> None:
    """Count in one pass."""
    names, counts, learnt = total(partial(_count, clone(model)), _add)
    vars(model).update(learnt)
    setattr(model, _name(model), names)
    model.frequencies_ = counts / counts.sum()
    model.n_parameters_ = len(names) - 1


def _name(model: Any) -> str:
    return "symbols_" if isinstance(model, ChanceNext) else "classes_"


def _count(model: Any, part: SequenceDataset) -> tuple[Labels, Floats, dict[str, Any]]:
    """Return the names, their weights, and what else is learnt of the input."""
    model.fit(**arguments(part))
    if isinstance(model, ChanceClassifier):
        weight = check_sequence_weights(part.sample_weight, part.X).sum()
    else:
        weight = check_step_weights(part.sample_weight, part.X, steps_as_array=False).sum()
    learnt = {name: vars(model)[name] for name in ("kind_", "n_channels_")}
    return getattr(model, _name(model)), model.frequencies_ * weight, learnt


def _add(first: Any, second: Any) -> tuple[Labels, Floats, dict[str, Any]]:
    names = union_of([first[0], second[0]])
    counts = np.zeros(len(names))
    for own, n, _ in (first, second):
        counts[np.searchsorted(names, own)] += n
    return names, counts, first[2]
