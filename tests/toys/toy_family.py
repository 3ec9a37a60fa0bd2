"""A family of one's own: it answers with what came most often after the last k symbols, and nothing else."""

import numpy as np
from sklearn.base import BaseEstimator

from seqcompare.families import Family, ModelSpec, register


class Parrot(BaseEstimator):
    """Labels a step by the label that the last `memory` symbols had most often."""

    causal = True

    def __init__(self, memory=1):
        self.memory = memory

    def fit(self, X, y):
        self.classes_ = np.unique(np.concatenate([np.asarray(labels) for labels in y]))
        self.seen_ = {}
        for x, labels in zip(X, y, strict=True):
            for context, label in zip(self._contexts(x), np.asarray(labels).tolist(), strict=True):
                counts = self.seen_.setdefault(context, {})
                counts[label] = counts.get(label, 0) + 1
        self.n_parameters_ = len(self.seen_)
        return self

    def predict_proba(self, X):
        # a list of arrays, as anyone would write it
        return [np.array([self._proba(context) for context in self._contexts(x)]) for x in X]

    def predict(self, X):
        return [self.classes_[proba.argmax(axis=1)] for proba in self.predict_proba(X)]

    def _contexts(self, x):
        x = np.asarray(x).tolist()
        return [str(x[max(t - self.memory + 1, 0) : t + 1]) for t in range(len(x))]

    def _proba(self, context):
        counts = self.seen_.get(context, {})
        weights = np.array([counts.get(label, 0) + 0.1 for label in self.classes_.tolist()])
        return weights / weights.sum()


def _build(problem, memory):
    return Parrot(memory) if problem.role == "step" else None


def _theory(needs, traits):
    return 0 <= needs.distance < traits.capacity


PARROT = ModelSpec(
    "parrot",
    "Parrot",
    _build,
    {"memory": [1, 2, 4]},
    capacity_name="symbols",
    limit="memory",
    cost=lambda problem, settings: 1e-6 * problem.n_steps,
    can_represent=_theory,
    kinds=("symbols",),
)

FAMILY = Family("toys", "Toy family", "#7B4FA3", "P", (PARROT,))

register(FAMILY)
