"""Names for what goes in and out of functions: arrays by what they hold, and sequences in any container.

A leaf of the package: imports nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
#: Of single or double precision, as networks have it.
Reals: TypeAlias = NDArray[np.floating[Any]]
Ints: TypeAlias = NDArray[np.int64]
#: Codes of symbols, in as few bytes as their alphabet needs.
Integers: TypeAlias = NDArray[np.integer[Any]]
Bools: TypeAlias = NDArray[np.bool_]
#: An array of whichever type compiled code is given.
Array: TypeAlias = NDArray[Any]
#: Steps, symbols, labels or times: an array of whatever type.
Values: TypeAlias = NDArray[Any]
#: Symbols, labels, classes or groups, which are words or numbers, and are compared and not calculated with.
Labels: TypeAlias = NDArray[Any]

#: One symbol, label or class.
Label: TypeAlias = str | int | float | bool

#: What a row of results, a configuration or the parameters of an estimator are: plain values by name.
Record: TypeAlias = dict[str, Any]
Params: TypeAlias = Mapping[str, Any]

#: The source of randomness, as scikit-learn's ``check_random_state`` takes it.
RandomState: TypeAlias = int | np.random.RandomState | np.random.Generator | None


class Model(Protocol):
    """Anything that can be fitted, as scikit-learn has it; what else it has is found by asking it."""

    @property
    def fit(self) -> Callable[..., Any]:
        """Fit it, and return it."""


class FittedModel(Model, Protocol):
    """A fitted model of whatever role: what it has of these, and beyond them, its class says.

    What depends on the container that comes in is Any, as is whatever else there may be.
    """

    symbols_: Labels
    classes_: Labels
    n_parameters_: int

    def __getattr__(self, name: str, /) -> Any:
        """Return what only some models have."""

    def get_params(self, deep: bool = True) -> Record:
        """Return its parameters by name."""

    def score(self, X: SequencesLike, y: Any = None) -> float:
        """Return how well it answers: more is better."""

    def score_samples(self, X: SequencesLike) -> Floats:
        """Return the log-likelihood of each sequence, of a density."""

    def predict(self, X: SequencesLike) -> Any:
        """Return its answers."""

    def predict_proba(self, X: SequencesLike) -> Any:
        """Return the probability of each class."""

    def predict_next_proba(self, X: SequencesLike) -> Any:
        """Return the probability of each symbol at the next step, of a density."""

    def predict_next_distribution(self, X: SequencesLike) -> Any:
        """Return the distributions of the next numbers, of a density."""

    def start(self) -> object:
        """Return the state before the first step of a sequence."""

    def step(self, state: Any, x: Any, /) -> tuple[Any, object]:
        """Read one more step; return the answer, and the state after it."""


class SequencesLike(Protocol):
    """Sequences in any container: what ``X`` may be, and what answers for every step come in.

    A list of arrays, lists or strings; an array of shape (n, T) or (n, T, d); or `Sequences`.
    """

    def __len__(self) -> int:
        """Return how many sequences there are."""

    def __iter__(self) -> Iterator[Any]:
        """Return each sequence in its turn."""

    def __getitem__(self, index: Any, /) -> Any:
        """Return one sequence, or some."""


#: A label or number for every sequence, or for every step in a container of sequences.
TargetsLike: TypeAlias = SequencesLike
#: A weight for every sequence, or for every step in a container of sequences.
WeightsLike: TypeAlias = SequencesLike
#: Values of a setting, in the order in which they are tried.
Choices: TypeAlias = Sequence[Any]
