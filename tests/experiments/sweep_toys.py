"""A task and models that cost next to nothing, for tests of the harness."""

import os
import signal
import time
import warnings
from dataclasses import dataclass

import numpy as np
from sklearn.base import BaseEstimator

from seqcompare import SequenceDataset, Sequences


@dataclass(frozen=True)
class Parrot:
    """y[t] = x[t - distance] over two symbols; an odd distance is moved up."""

    distance: int
    n_symbols: int = 2

    name = "Parrot"
    role = "step"
    metric = "accuracy"
    greater_is_better = True
    optimal_score = 1.0
    natural_length = 30

    @property
    def chance_score(self):
        return 1 / self.n_symbols

    @property
    def memory_bits(self):
        return self.distance * np.log2(self.n_symbols)

    @classmethod
    def legal_distance(cls, distance):
        return distance + distance % 2

    def sample(self, n_sequences, length=None, random_state=None):
        rng = np.random.default_rng(random_state)
        length = length or self.natural_length
        x = rng.integers(self.n_symbols, size=(n_sequences, length))
        y = np.roll(x, self.distance, axis=1)
        weights = np.broadcast_to(np.arange(length) >= self.distance, x.shape).astype(float)
        offsets = np.arange(n_sequences + 1) * length
        return SequenceDataset(
            Sequences(x.ravel(), offsets),
            Sequences(y.ravel(), offsets),
            Sequences(weights.ravel(), offsets),
            "step",
            self.name,
        )

    def outcomes(self, dataset, outputs, symbols=None):
        labels = np.asarray(symbols)[Sequences(outputs).values.argmax(axis=1)]
        return (labels == dataset.y.values)[dataset.sample_weight.values > 0].astype(float)

    def can_represent(self, family, capacity, **details):
        return capacity >= self.distance

    def exact_model(self):
        return None


class Lag(BaseEstimator):
    """Counts p(y[t] | x[t - lag])."""

    causal = True

    def __init__(self, lag=2, pause=0.0, random_state=None):
        self.lag = lag
        self.pause = pause
        self.random_state = random_state

    def _shifted(self, X):
        return np.concatenate([np.roll(x, self.lag) for x in X])

    def fit(self, X, y, sample_weight=None):
        time.sleep(self.pause)
        self.classes_ = np.unique(y.values)
        # a start that depends on the seed, so that wrong seeds show in the tables
        start = np.random.default_rng(self.random_state).random((len(self.classes_),) * 2)
        np.add.at(start, (self._shifted(X), y.values), sample_weight.values)
        self.table_ = start / start.sum(axis=1, keepdims=True)
        self.n_parameters_ = self.table_.size
        self.loss_curve_ = [float(start[0, 0]), float(start[0, 1])]
        self.n_iter_ = 2
        return self

    def predict_proba(self, X):
        return X.pack(self.table_[self._shifted(X)])


class Faulty(Lag):
    def fit(self, X, y, sample_weight=None):
        raise RuntimeError("the wheels came off")


class Talkative(Lag):
    def fit(self, X, y, sample_weight=None):
        warnings.warn("mind the gap", UserWarning, stacklevel=1)
        return super().fit(X, y, sample_weight)


class Poison(Lag):
    """Kills the process that fits it."""

    def fit(self, X, y, sample_weight=None):
        os.kill(os.getpid(), signal.SIGKILL)


def light_suite(**changes):
    suite = {
        "title": "Light",
        "seeds": 3,
        "distances": [2, 4],
        "n_train": 20,
        "n_validation": 10,
        "n_test": 20,
        "epochs": 5,
        "max_seconds": 5,
        "tasks": [{"class": "sweep_toys:Parrot"}],
        "models": [
            {"class": "sweep_toys:Lag", "name": "lag 2", "params": {"lag": 2}, "family": "lags"},
            {"class": "sweep_toys:Lag", "name": "lag 4", "params": {"lag": 4}, "family": "lags"},
        ],
    }
    return {**suite, **changes}
