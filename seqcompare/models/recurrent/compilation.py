"""Compiling before it counts."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from seqcompare.models.recurrent.estimators import RNNTagger


def compile_cells(cells: Sequence[str], dtypes: Sequence[str]) -> float:
    """Train and use a tiny network of each kind; return the seconds that it took."""
    began = time.perf_counter()
    X = np.array([[0, 1, 0]] * 3)
    for dtype in dtypes:
        for cell in cells:
            RNNTagger(cell, hidden_size=2, max_iter=1, dtype=dtype, random_state=0).fit(X, X).predict(X)
    return time.perf_counter() - began
