"""One channel is predicted, the others are inputs: a series becomes steps with a target each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.options import Known
from seqcompare.data.sequences import Sequences, offsets_of
from seqcompare.data.source import WrongUseError
from seqcompare.typing import Values

#: What the own past of the channel that is predicted is called where the others are known at its time.
_BEFORE = "{} (step before)"


@dataclass(frozen=True)
class OneChannel:
    """Which channel is predicted, and what is known then.

    Parameters
    ----------
    name : str
        The channel.
    known : {"past", "present"}
        "past": all channels up to the step before; "present": of the others the same step as well.
    """

    name: str
    known: Known = "past"

    def __post_init__(self) -> None:
        if self.known not in get_args(Known):
            raise WrongUseError(f"known must be one of {', '.join(get_args(Known))}, got {self.known!r}")

    def of(self, dataset: SequenceDataset) -> SequenceDataset:
        """Return the data with what is known of each step but the first, and the channel as its target.

        The role is ``step-value``, or ``step`` where the channel holds symbols. A sequence of one step is
        left out. A step at which the channel is missing is neither trained on nor scored.

        Raises
        ------
        WrongUseError
            If there is no such channel, or no other one, or the data have a target already.
        """
        if dataset.y is not None:
            raise WrongUseError(
                f"predict {self.name!r} makes a channel the target, but the data have a target already: say "
                "that it is none (target '')"
            )
        place = self._place(dataset.X)
        if dataset.X.lengths.max() < 2:
            raise WrongUseError("every sequence has one step: nothing comes before what is predicted")
        kept = dataset.take(np.flatnonzero(dataset.X.lengths > 1))
        own = kept.X.channel(place)
        X, rows = self._shifted(kept.X, place)
        offsets = X.offsets
        y, missing = own.values[rows], own.missing[rows, 0]
        weights = kept.sample_weight
        steps = np.ones(len(rows))
        if isinstance(weights, Sequences):
            steps, weights = weights.values[rows], None
        # the first step is read where the others are known at it, but nothing came before it
        steps = np.where(kept.X.step_index[rows] > 0, steps, 0.0)
        if missing.all():
            raise WrongUseError(f"channel {self.name!r} is missing at every step but the first ones")
        if missing.any():
            y = np.where(missing, y[~missing][0], y)
        if missing.any() or not (steps == 1).all():
            weights = Sequences(np.where(missing, 0.0, steps), offsets)
        numbers = own.kind != "symbols"
        note = f"channel {self.name!r} is predicted from all channels up to the step before"
        if self.known == "present":
            note += ", and from the others at the step itself"
        else:
            note += " (which is lag 0 of a profile)"
        return replace(
            kept,
            X=X,
            y=Sequences(y.astype(np.float64) if numbers else y, offsets),
            sample_weight=weights,
            role="step-value" if numbers else "step",
            notes=(*kept.notes, f"{note}, so the role is {'step-value' if numbers else 'step'}"),
        )

    def asked(self, dataset: SequenceDataset) -> SequenceDataset:
        """Return what a model that was fitted to such data is asked about new ones.

        From the past alone the step after the last one is asked about, too.
        """
        place = self._place(dataset.X)
        if self.known == "past":
            return dataset
        return replace(dataset, X=self._shifted(dataset.X, place)[0])

    def _place(self, X: Sequences) -> int:
        names = [channel.name for channel in X.schema]
        if self.name not in names:
            raise WrongUseError(f"there is no channel {self.name!r} to predict; there are {', '.join(names)}")
        if len(names) == 1:
            raise WrongUseError(
                f"{self.name!r} is the only channel: the role next predicts it from its own past, without "
                "predict"
            )
        return names.index(self.name)

    def _shifted(self, X: Sequences, place: int) -> tuple[Sequences, NDArray[np.int64]]:
        """Return what is known of steps, and which steps these are."""
        if self.known == "past":
            rows = np.flatnonzero(X.step_index > 0)
            return X.cut(offsets_of(X.lengths - 1), rows - 1), rows
        rows = np.arange(X.n_steps)
        # nothing came before a first step, and its own value is known at the next one at the latest
        before = np.where(X.step_index > 0, rows - 1, rows)
        columns: dict[str, Values] = {}
        kinds: dict[str, Any] = {}
        for i, channel in enumerate(X.schema):
            name = _BEFORE.format(channel.name) if i == place else channel.name
            columns[name] = X.channel(i).values[before if i == place else rows]
            kinds[name] = channel.kind
        return Sequences.from_columns(columns, X.lengths, kinds=kinds, times=X.times), rows
