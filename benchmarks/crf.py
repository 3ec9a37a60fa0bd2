"""The conditional random field beside CRFsuite and plain windows, on the stress of English words.

Run with ``python benchmarks/crf.py``; needs python-crfsuite, an extra of the tests. All fit the same four
fifths of `cmudict_stress`, one after the other, three times; medians of seconds, and bits and accuracy on the
last fifth, are printed.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np
import pycrfsuite
from sklearn.linear_model import LogisticRegression

from seqcompare import CRFTagger, Sequences, WindowTagger, datasets
from seqcompare.data.dataset import SequenceDataset

SIDES = (2, 4)
RUNS = 3


def items(x: np.ndarray, side: int) -> list[list[str]]:
    """Return CRFsuite's features: the letters around each step."""
    padded = ["<pad>"] * side + list(x) + ["<pad>"] * side
    return [[f"{k}={padded[t + k]}" for k in range(2 * side + 1)] + ["bias"] for t in range(len(x))]


def scored(model: object, test: SequenceDataset) -> tuple[float, float]:
    """Return bits a label and accuracy where labels count."""
    proba = Sequences(model.predict_proba(test.X)).values  # type: ignore[attr-defined]
    known = test.sample_weight.values > 0 if test.sample_weight is not None else slice(None)
    truth = np.searchsorted(model.classes_, test.y.values)[known]  # type: ignore[attr-defined]
    proba = proba[known]
    bits = -np.log2(proba[np.arange(len(truth)), truth]).mean()
    return float(bits), float((proba.argmax(axis=1) == truth).mean())


def seconds_of_crfsuite(train: SequenceDataset, side: int, iterations: int) -> float:
    """Return how long CRFsuite takes for so many iterations, its features made beforehand."""
    rows = [items(x, side) for x in train.X]
    labels = [[str(label) for label in y] for y in train.y]
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        trainer = pycrfsuite.Trainer(algorithm="lbfgs", verbose=False)
        for row, label in zip(rows, labels, strict=True):
            trainer.append(row, label)
        trainer.set_params({"c2": 0.5, "max_iterations": iterations, "epsilon": 1e-12, "delta": 1e-12})
        trainer.set_params({"feature.possible_transitions": True, "feature.possible_states": True})
        trainer.train(str(Path(folder) / "field"))
        return time.perf_counter() - start


def main() -> None:
    """Print the table."""
    data = datasets.load("cmudict_stress")
    test = np.random.default_rng(0).random(len(data)) < 0.2
    if data.groups is not None:
        groups = np.unique(data.groups)
        held = np.random.default_rng(0).choice(groups, len(groups) // 5, replace=False)
        test = np.isin(data.groups, held)
    train, rest = data.take(~test), data.take(test)
    few = train.take(np.arange(50))
    CRFTagger().fit(few.X, few.y, sample_weight=few.sample_weight)  # compiles
    for side in SIDES:
        window = WindowTagger(LogisticRegression(max_iter=300), side, side)
        window.fit(train.X, train.y, sample_weight=train.sample_weight)
        bits, right = scored(window, rest)
        print(f"-{side}..+{side}  window      bits {bits:.3f}  right {right:.3f}")
        ours, theirs = [], []
        for _ in range(RUNS):
            field = CRFTagger(side, side, decode="posterior")
            start = time.perf_counter()
            field.fit(train.X, train.y, sample_weight=train.sample_weight)
            ours.append(time.perf_counter() - start)
            theirs.append(seconds_of_crfsuite(train, side, field.n_iter_))
        bits, right = scored(field, rest)
        print(f"-{side}..+{side}  field       bits {bits:.3f}  right {right:.3f}  {field.n_iter_} iterations")
        ratio = np.median(ours) / np.median(theirs)
        print(f"          seconds {np.median(ours):.2f}, CRFsuite {np.median(theirs):.2f}: ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
