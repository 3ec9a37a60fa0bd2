"""Sparse rows as LIBSVM and SVMlight have them: a label, and the numbers of features with their values."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np

from seqcompare.data.contents import Contents
from seqcompare.data.readers import Reader
from seqcompare.data.sequences import Sequences
from seqcompare.data.source import DataError, check_memory, read_text

_NUMBER = r"[-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?"
_LINE = re.compile(rf"{_NUMBER}(?:\s+(?:qid:[0-9]+|[0-9]+:{_NUMBER}))+\s*(?:#.*)?")


def is_svmlight(head: str) -> bool:
    """Whether a text begins as sparse rows do."""
    lines = [line for line in head.split("\n")[:-1] if line.strip() and not line.startswith("#")]
    return len(lines) > 1 and all(map(_LINE.fullmatch, map(str.strip, lines)))


def read_svmlight(path: Path) -> Contents:
    """Read sparse rows: a row a sequence of its features by their numbers, 0 where none is given.

    Parameters
    ----------
    path : Path
        The file.

    Raises
    ------
    DataError
        If it has other lines, or the rows would take too much memory.
    """
    from sklearn.datasets import load_svmlight_file

    text = read_text(path)
    try:
        X, y = load_svmlight_file(io.BytesIO(text.encode()))
    except ValueError as error:
        raise DataError(f"these are no rows of a label and features, 1 1:0.5 2:1: {error}", path) from None
    check_memory(
        16 * X.shape[0] * X.shape[1], path, f"there are {X.shape[0]:,} rows of {X.shape[1]:,} features"
    )
    classes = y.astype(np.int64) if (y == np.floor(y)).all() and np.abs(y).max() < 2**53 else y
    notes = ("a row is a label and numbered features, which are its steps, 0 where one is not given",)
    return Contents(Sequences(list(X.toarray())), classes, notes=notes)


READER = Reader(
    "svmlight", (".svm", ".libsvm", ".svmlight"), read_svmlight, "LIBSVM or SVMlight, a row a sequence"
)
