"""Labels of whole sequences beside the yardsticks of the time series archive: warping, and MiniRocket.

Held out are the official test part where there is one, else a fifth.

    pip install '.[archive,aeon]'
    python benchmarks/archive.py [--only MiniRocket]
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from seqcompare import (
    DTWClassifier,
    EchoStateClassifier,
    MiniRocketClassifier,
    RNNClassifier,
    SequenceScaler,
    WindowClassifier,
    datasets,
)

MODELS: dict[str, Any] = {
    "segments, logistic": make_pipeline(
        SequenceScaler(), WindowClassifier(LogisticRegression(max_iter=2000), width=4, pooling="segments")
    ),
    "echo state, mean": EchoStateClassifier(pooling="mean", random_state=0),
    "echo state, leak .2": EchoStateClassifier(leak=0.2, random_state=0),
    "two-way LSTM, mean": RNNClassifier(bidirectional=True, pooling="mean", random_state=0),
    "nearest by warping (DTW)": DTWClassifier(),
    "MiniRocket": MiniRocketClassifier(random_state=0),
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
            if not label.startswith(args.only):
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
