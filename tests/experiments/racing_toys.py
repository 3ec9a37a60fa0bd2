"""Classifiers that are as good as they are told to be, and take as long."""

import time

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin


class Guess(ClassifierMixin, BaseEstimator):
    """Knows that the class is the last symbol, and is so sure of it."""

    def __init__(self, quality=0.9, seconds=0.0):
        self.quality = quality
        self.seconds = seconds

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.n_parameters_ = 3
        time.sleep(self.seconds)
        return self

    def predict_proba(self, X):
        last = np.array([x[-1] for x in X], dtype=int)
        p = np.full((len(last), 2), 1 - self.quality)
        p[np.arange(len(last)), last] = self.quality
        return np.clip(p, 0.001, 0.999)

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]
