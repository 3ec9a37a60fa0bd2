"""A model that is held to the contract: what it is asked, and how its answers are read."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.base import clone

from seqcompare.data.sequences import Sequences
from seqcompare.testing.promises import Parts, expect, expect_same
from seqcompare.testing.samples import Steps, draw
from seqcompare.typing import SequencesLike, TargetsLike, Values

#: What an estimator can be asked, whatever its role.
METHODS = ("predict", "predict_proba", "score_samples", "predict_next_proba", "filter_proba", "transform")

#: The roles of an answer a step to targets a step.
PER_STEP = ("step", "step-value")

#: What sweeps and comparisons ask, by role: the one or the other of these is enough.
ASKED = {
    "next": ("predict_next_proba", "score_samples"),
    "step": ("predict", "predict_proba"),
    "step-value": ("predict",),
    "sequence": ("predict", "predict_proba"),
    "value": ("predict",),
    "transform": ("transform",),
}


@dataclass(frozen=True, eq=False)
class Model:
    """An estimator, and what it is held to the contract with.

    Parameters
    ----------
    estimator : estimator
        Not fitted.
    role : {"next", "step", "step-value", "sequence", "value", "transform"}
        What it predicts.
    steps : {"strings", "integers", "real", "counts", "mixed"}
        The steps that it is given.
    grid : mapping of str to sequence, optional
        Some of its parameters, for searches.
    full : bool, default=False
        Whether to ask for all that the estimators of the package promise, rather than for what sweeps and
        comparisons rely on.
    """

    estimator: Any
    role: str
    steps: Steps
    grid: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    full: bool = False

    @property
    def rtol(self) -> float:
        """How much two answers may differ that should be the same, relative to their size."""
        return 1e-12 if self.full else 1e-5

    @property
    def symbols(self) -> bool:
        """Whether steps are symbols."""
        return self.steps in ("strings", "integers")

    @property
    def per_step(self) -> bool:
        """Whether there is an answer for each step."""
        return self.role in ("next", *PER_STEP, "transform")

    def fresh(self) -> Any:
        """Return a copy that is not fitted, with a seed wherever one is taken and none is given."""
        made = clone(self.estimator, safe=False)
        if hasattr(made, "get_params"):
            open_ones = {key for key, value in made.get_params().items() if value is None}
            made.set_params(**{key: 0 for key in open_ones if key.split("__")[-1] == "random_state"})
        return made

    def data(self, n: int = 15, seed: int = 0) -> tuple[list[Values], Any]:
        """Return sequences and targets, see `draw`."""
        return draw(self.steps, self.role, n, seed)

    def given(self) -> tuple[Any, Any]:
        """Return sequences and targets in the form in which the package hands them out, and lists in full."""
        X, y = self.data()
        if self.full:
            return X, y
        return pack(X), pack(y) if self.role in PER_STEP else y

    def fitted(self) -> tuple[Any, Any]:
        """Return a copy that is fitted, and the sequences that it was fitted to."""
        X, y = self.given()
        return fit(self.fresh(), X, y), X

    @property
    def weighted(self) -> bool:
        """Whether ``fit`` takes weights."""
        return "sample_weight" in inspect.signature(self.estimator.fit).parameters

    def methods(self, model: Any) -> list[str]:
        """Return the methods that answer; of real-valued steps there is no distribution over symbols."""
        asked = METHODS if self.full else ASKED[self.role]
        real = getattr(model, "kind_", None if self.symbols else "real") == "real"
        return [m for m in asked if hasattr(model, m) and not (real and m == "predict_next_proba")]

    def answers(self, model: Any, X: SequencesLike) -> dict[str, Parts]:
        """Return what the model says of each sequence, by method, as lists with an array a sequence."""
        return {m: [np.asarray(part) for part in getattr(model, m)(X)] for m in self.methods(model)}

    def says_steps(self, method: str) -> bool:
        """Whether a method answers step by step."""
        if method == "score_samples":
            return False
        return self.per_step or method in ("predict_next_proba", "filter_proba")


def fit(model: Any, X: SequencesLike, y: TargetsLike | None, **more: Any) -> Any:
    """Fit a model, to targets where there are any."""
    return model.fit(X, **more) if y is None else model.fit(X, y, **more)


def pack(parts: Any) -> Sequences:
    """Return a list of arrays as `Sequences`."""
    return Sequences.from_concatenated(np.concatenate(parts), [len(part) for part in parts])


def expect_alike(ours: dict[str, Parts], others: dict[str, Parts], rtol: float) -> None:
    """Hold the answers of two models against each other.

    Searches and pipelines hand on the methods of scikit-learn only.
    """
    shared = ours.keys() & others.keys()
    expect(shared and shared in (ours.keys(), others.keys()), f"the methods {list(ours)}", list(others))
    for method in ours:
        if method in shared:
            expect_same(ours[method], others[method], f"the answer of {method}", rtol)
