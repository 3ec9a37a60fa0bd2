"""Names for what goes in and out of functions: arrays by what they hold, and sequences in any container.

A leaf of the package: imports nothing of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float64]
#: Of single or double precision, as networks have it.
Floats: TypeAlias = NDArray[np.floating[Any]]
IntArray: TypeAlias = NDArray[np.int64]
#: Codes of symbols, in as few bytes as their alphabet needs.
Codes: TypeAlias = NDArray[np.integer[Any]]
BoolArray: TypeAlias = NDArray[np.bool_]
#: Symbols, labels, groups or times: words, numbers or moments, which are compared and not calculated with.
Labels: TypeAlias = NDArray[Any]

#: What a row of results, a configuration or the parameters of an estimator are: plain values by name.
Plain: TypeAlias = dict[str, Any]
Params: TypeAlias = Mapping[str, Any]

#: The source of randomness, as scikit-learn's ``check_random_state`` takes it.
RandomState: TypeAlias = int | np.random.RandomState | np.random.Generator | None


class SequencesLike(Protocol):
    """Sequences in any container: what ``X`` may be, and what answers for every step come in.

    A list of arrays, lists or strings; an array of shape (n, T) or (n, T, d); or `Sequences`.
    """

    def __len__(self) -> int:
        """Return how many sequences there are."""

    def __getitem__(self, index: Any, /) -> Any:
        """Return one sequence, or some."""


#: A label or number for every sequence, or for every step in a container of sequences.
TargetsLike: TypeAlias = SequencesLike
#: A weight for every sequence, or for every step in a container of sequences.
WeightsLike: TypeAlias = SequencesLike
#: Values of a setting, in the order in which they are tried.
Values: TypeAlias = Sequence[Any]
