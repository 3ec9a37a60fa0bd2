"""Labels of whole sequences beside the yardsticks of the time series archive: warping, and MiniRocket.

Held out are the official test part where there is one, else a fifth. Sequences of several lengths are
stretched to that of the longest for MiniRocket, which takes one length only.

    python benchmarks/archive.py                        # all but MiniRocket
    python benchmarks/archive.py --only MiniRocket      # with aeon, in an environment of its own: it asks for
                                                        # older versions of pandas and Numba than seqcompare
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from seqcompare import (
    DTWClassifier,
    EchoStateClassifier,
    RNNClassifier,
    SequenceScaler,
    WindowClassifier,
    datasets,
)


class MiniRocket(ClassifierMixin, BaseEstimator):
    """MiniRocket of aeon with its own linear read-out, on sequences that are stretched to one length."""

    def __init__(self, random_state: int = 0) -> None:
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> MiniRocket:
        """Fit to sequences of real-valued steps."""
        from aeon.classification.convolution_based import MiniRocketClassifier

        self.length_ = max(9, *map(len, X))
        self.model_ = MiniRocketClassifier(random_state=self.random_state).fit(self._stretched(X), y)
        self.classes_ = self.model_.classes_
        return self

    def predict(self, X: Any) -> Any:
        """Return a label a sequence."""
        return self.model_.predict(self._stretched(X))

    def _stretched(self, X: Any) -> Any:
        places = [np.linspace(0, len(x) - 1, self.length_) for x in X]
        return np.stack(
            [
                [np.interp(place, np.arange(len(x)), channel) for channel in np.reshape(x, (len(x), -1)).T]
                for x, place in zip(X, places, strict=True)
            ]
        )


MODELS: dict[str, Any] = {
    "segments, logistic": make_pipeline(
        SequenceScaler(), WindowClassifier(LogisticRegression(max_iter=2000), width=4, pooling="segments")
    ),
    "echo state, mean": EchoStateClassifier(pooling="mean", random_state=0),
    "echo state, leak .2": EchoStateClassifier(leak=0.2, random_state=0),
    "two-way LSTM, mean": RNNClassifier(bidirectional=True, pooling="mean", random_state=0),
    "nearest by warping (DTW)": DTWClassifier(),
    "MiniRocket": MiniRocket(),
}


def main() -> None:
    """Print a row a data set and model."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="")
    args = parser.parse_args()
    print("| data | model | accuracy | bits | seconds |\n|---|---|---|---|---|")
    for name in ("japanese_vowels", "digits"):
        data = datasets.load(name)
        X, y = [np.asarray(x, dtype=float) for x in data.X], np.asarray(data.y)
        test = np.random.default_rng(0).random(len(y)) < 0.2
        if name == "japanese_vowels":
            test = np.arange(len(y)) >= 270
        parts = [[x for x, out in zip(X, test, strict=True) if out == wanted] for wanted in (False, True)]
        for label, model in MODELS.items():
            if not label.startswith(args.only) or (label == "MiniRocket" and not args.only):
                continue
            began = time.process_time()
            fitted = model.fit(parts[0], y[~test])
            right = float(np.mean(fitted.predict(parts[1]) == y[test]))
            bits = "-"
            if hasattr(fitted, "predict_proba"):
                codes = np.searchsorted(fitted.classes_, y[test])
                proba = fitted.predict_proba(parts[1])[np.arange(len(codes)), codes]
                bits = f"{-np.log2(proba).mean():.3f}"
            seconds = time.process_time() - began
            print(f"| {name} | {label} | {right:.4f} | {bits} | {seconds:.1f} |", flush=True)


if __name__ == "__main__":
    main()
