"""What is learned from: sequences, what to predict of them, and which predictions count."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seqcompare.data.options import Role
from seqcompare.data.sequences import Sequences
from seqcompare.quantities import several
from seqcompare.typing import Values
from seqcompare.user_text import visible

PerSequence = Values
Target = Sequences | PerSequence | None

__all__ = ["PerSequence", "Role", "SequenceDataset", "Target"]


@dataclass(frozen=True)
class ColumnUse:
    """What a column of a table is for, and why.

    Parameters
    ----------
    column : str
        Its name.
    use : str
        "sequence", "order", "value", "target", "group" or "not used".
    reason : str
        Why.
    """

    column: str
    use: str
    reason: str


@dataclass(frozen=True, eq=False, repr=False)
class SequenceDataset:
    """Sequences with their targets.

    Parameters
    ----------
    X : Sequences
        The input, n sequences.
    y : Sequences, ndarray or None
        For the role ``next`` None (the targets are the steps of `X` themselves), for ``step`` a label and
        for ``step-value`` a number per step, for ``sequence`` a label and for ``value`` a number per
        sequence, shape (n,) or (n, m).
    sample_weight : Sequences, ndarray of shape (n,), or None
        0 where a step (of `y`; for ``next``, of `X`) or a sequence is neither trained on nor scored.
    role : {"next", "step", "step-value", "sequence", "value"}
        What is predicted.
    name : str
        What people call it.
    groups : ndarray of shape (n,), optional
        Sequences of one group (a person, a device) belong on one side of every split.
    test : ndarray of bool, shape (n,), optional
        The official test part, where the source defines one.
    notes : tuple of str
        What was guessed or decided when the data were read, a sentence each.
    columns : tuple of ColumnUse
        What the columns of a table are for, and why.
    ids : ndarray of shape (n,), optional
        What the source calls the sequences.
    reading : mapping of str to object
        With what other data are read as these were, without targets: options of `seqcompare.datasets.read`,
        and of tables the kinds of channels and the columns of the steps.
    """

    X: Sequences
    y: Target
    sample_weight: Target
    role: Role
    name: str
    groups: PerSequence | None = None
    test: NDArray[np.bool_] | None = None
    notes: tuple[str, ...] = ()
    columns: tuple[ColumnUse, ...] = ()
    ids: PerSequence | None = None
    reading: Mapping[str, object] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.X)

    def __repr__(self) -> str:
        return f"<SequenceDataset {self.name!r}: {', '.join(self._facts().values())}>"

    def _repr_html_(self) -> str:
        rows = [("name", self.name), *self._facts().items(), *(("note", note) for note in self.notes)]
        cells = "".join(
            f'<tr><th scope="row">{html.escape(k)}</th><td>{html.escape(v)}</td></tr>' for k, v in rows
        )
        return visible(f"<table><caption>A data set of sequences</caption><tbody>{cells}</tbody></table>")

    def _facts(self) -> dict[str, str]:
        """Return what it is in a few words, by what each says."""
        facts = {
            "sequences": str(self.X).strip("<>").removeprefix("Sequences: "),
            "role": f"role {self.role}",
        }
        if self.y is not None and self.role in ("step", "sequence"):
            labels = self.y.values if isinstance(self.y, Sequences) else np.asarray(self.y)
            if labels.ndim == 1:
                facts["targets"] = several(len(np.unique(labels.astype(str))), "class")
        if self.groups is not None:
            facts["groups"] = f"{len(np.unique(np.asarray(self.groups).astype(str)))} groups"
        if self.test is not None:
            facts["test part"] = f"{int(np.sum(self.test))} in the official test part"
        return facts

    def take(self, indices: ArrayLike) -> SequenceDataset:
        """Return the dataset of the sequences at `indices`, in that order; a boolean mask works as well."""
        chosen = np.arange(len(self))[np.asarray(indices)]

        def of(values: Target) -> Target:
            if values is None:
                return None
            return values.take(chosen) if isinstance(values, Sequences) else values[chosen]

        def entries(values: PerSequence | None) -> PerSequence | None:
            return None if values is None else values[chosen]

        return replace(
            self,
            X=self.X.take(chosen),
            y=of(self.y),
            sample_weight=of(self.sample_weight),
            groups=entries(self.groups),
            test=entries(self.test),
            ids=entries(self.ids),
        )

    def without_names(self) -> SequenceDataset:
        """Return the same with sequences and groups numbered, in the order of what the source calls them."""
        if self.groups is None:
            return replace(self, ids=None)
        names = np.asarray(self.groups)
        _, groups = np.unique(names.astype(str) if names.dtype.kind == "O" else names, return_inverse=True)
        return replace(self, ids=None, groups=groups)


def with_test(train: SequenceDataset, test: SequenceDataset) -> SequenceDataset:
    """Return both as one data set, of which the second is the official test part.

    Raises
    ------
    ValueError
        If they differ in what is predicted, in kinds of channels, or in kinds of targets.
    """
    if train.role != test.role:
        raise ValueError(f"the role is {train.role}, but that of the test part {test.role}")
    X = train.X.followed_by(test.X)

    def joined(first: Target, second: Target, what: str) -> Target:
        if what == "weights" and train.role == "step-value" and (first is None) != (second is None):
            # of one part no number is missing: all of its steps count
            first = train.X.with_values(np.ones(train.X.n_steps)) if first is None else first
            second = test.X.with_values(np.ones(test.X.n_steps)) if second is None else second
        if first is None or second is None:
            if (first is None) != (second is None):
                raise ValueError(f"only one of both parts has {what}")
            return None
        if isinstance(first, Sequences) and isinstance(second, Sequences):
            return first.followed_by(second)
        found = [np.asarray(part) for part in (first, second)]
        if (found[0].dtype.kind == "U") != (found[1].dtype.kind == "U"):
            raise ValueError(f"the {what} are words in one part and numbers in the other")
        return np.concatenate(found)

    def names(first: PerSequence | None, second: PerSequence | None) -> PerSequence | None:
        if first is None or second is None:
            return None
        return np.concatenate([first.astype(str), second.astype(str)])

    return replace(
        train,
        X=X,
        y=joined(train.y, test.y, "targets"),
        sample_weight=joined(train.sample_weight, test.sample_weight, "weights"),
        groups=names(train.groups, test.groups),
        ids=names(train.ids, test.ids),
        test=np.repeat([False, True], [len(train), len(test)]),
        notes=(*train.notes, f"{test.name} is the official test part"),
    )
