"""Memory of one training epoch against the length of the sequence, with and without truncation.

python benchmarks/recurrent_memory.py
"""

from __future__ import annotations

import time
import tracemalloc

import numpy as np

from seqcompare import RNNTagger
from seqcompare.models.recurrent import warm_up


def peak(length: int, truncation: int | None) -> tuple[float, float, float]:
    """Return megabytes of the data, of training beyond its input, and seconds."""
    X = np.random.default_rng(0).integers(0, 4, (1, length))
    y = np.roll(X, 1, axis=1)
    model = RNNTagger(max_iter=1, truncation=truncation, random_state=0)
    tracemalloc.start()
    began = time.perf_counter()
    model.fit(X, y)
    seconds = time.perf_counter() - began
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return X.nbytes / 1e6, most / 1e6, seconds


def main() -> None:
    """Print the table."""
    warm_up(["lstm"])
    print("| steps | truncation | input MB | peak of fit MB | bytes a step | seconds |")
    print("|---|---|---|---|---|---|")
    for truncation in (100, None):
        for length in (1_000, 10_000, 100_000):
            data, most, seconds = peak(length, truncation)
            share = f"{most * 1e6 / length:.0f}"
            print(f"| {length} | {truncation} | {data:.2f} | {most:.2f} | {share} | {seconds:.2f} |")


if __name__ == "__main__":
    main()
