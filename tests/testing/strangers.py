"""Models as a user of scikit-learn would write them, good ones and bad ones."""

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression


class ListTagger(BaseEstimator):
    """Answers with a list of (T_i, K) arrays."""

    def fit(self, X, y):
        self.counts_ = {}
        self.classes_ = np.unique(np.concatenate([np.asarray(labels) for labels in y]))
        for x, labels in zip(X, y, strict=True):
            for symbol, label in zip(x, labels, strict=True):
                row = self.counts_.setdefault(str(symbol), [1.0] * len(self.classes_))
                row[int(np.searchsorted(self.classes_, label))] += 1
        return self

    def predict_proba(self, X):
        same = [1.0] * len(self.classes_)
        rows = [np.array([self.counts_.get(str(symbol), same) for symbol in x]) for x in X]
        return [row / row.sum(axis=1, keepdims=True) for row in rows]


class LabelTagger(BaseEstimator):
    """Has predict alone."""

    def __init__(self, C=1.0):
        self.C = C

    def fit(self, X, y):
        steps = np.concatenate([np.asarray(x) for x in X]).reshape(-1, 1)
        self.model_ = LogisticRegression(C=self.C).fit(
            steps, np.concatenate([np.asarray(part) for part in y])
        )
        return self

    def predict(self, X):
        return [self.model_.predict(np.asarray(x).reshape(-1, 1)) for x in X]


class Frequencies(BaseEstimator):
    """A density that knows how often each symbol comes."""

    def fit(self, X, y=None):
        steps = np.concatenate([np.asarray(x) for x in X])
        self.symbols_, counts = np.unique(steps, return_counts=True)
        self.initial_proba_ = counts / counts.sum()
        return self

    def predict_next_proba(self, X):
        return [np.tile(self.initial_proba_, (len(x), 1)) for x in X]


class Normal(BaseEstimator):
    """A density of numbers: one Gaussian."""

    def fit(self, X, y=None):
        steps = np.concatenate([np.asarray(x, dtype=float) for x in X])
        self.mean_, self.std_ = steps.mean(axis=0), steps.std(axis=0)
        return self

    def score_samples(self, X):
        z = [(np.asarray(x) - self.mean_) / self.std_ for x in X]
        return np.array([-0.5 * (v**2 + np.log(2 * np.pi * self.std_**2)).sum() for v in z])


class Lengths(BaseEstimator):
    """Classes by length."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.model_ = LogisticRegression().fit([[len(x)] for x in X], y)
        return self

    def predict(self, X):
        return self.model_.predict([[len(x)] for x in X])


class Mean(BaseEstimator):
    """Always the mean."""

    def fit(self, X, y):
        self.mean_ = float(np.mean(y))
        return self

    def predict(self, X):
        return np.full(len(X), self.mean_)


class Plain:
    """No scikit-learn in it: fit and predict."""

    def fit(self, X, y):
        labels, counts = np.unique(np.concatenate([np.asarray(part) for part in y]), return_counts=True)
        self.most_ = labels[counts.argmax()]
        return self

    def predict(self, X):
        return [np.full(len(x), self.most_) for x in X]


class Seer(ListTagger):
    """Looks ahead, and does not say so."""

    def predict_proba(self, X):
        return [row[::-1] for row in super().predict_proba(X)]


class HonestSeer(Seer):
    causal = False


class OneRow(ListTagger):
    def predict_proba(self, X):
        return [row[:-1] for row in super().predict_proba(X)]


class Odds(ListTagger):
    def predict_proba(self, X):
        return [2 * row for row in super().predict_proba(X)]


class Strict(ListTagger):
    def predict_proba(self, X):
        return [np.array([self.counts_[str(symbol)] for symbol in x]) / 100 for x in X]


class Greedy(ListTagger):
    """Depends on what else is asked."""

    def predict_proba(self, X):
        return [row if len(X) > 1 else row[:, ::-1] for row in super().predict_proba(X)]


class Changing(LabelTagger):
    def fit(self, X, y):
        self.C = 2.0
        return super().fit(X, y)


class Forgetful(ListTagger):
    def fit(self, X, y):
        super().fit(X, y)


class Random(ListTagger):
    def fit(self, X, y):
        super().fit(X, y)
        self.counts_ = {key: list(np.random.default_rng().random(2)) for key in self.counts_}
        return self


class Mute(BaseEstimator):
    def fit(self, X, y):
        return self


class Nowhere(BaseEstimator):
    def fit(self, X, y):
        raise TypeError("no sequences, please")
