"""NumPy's files: an array of sequences, or several arrays that are called X and y."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from seqcompare.data.containers import read_container
from seqcompare.data.contents import Contents
from seqcompare.data.readers import Reader
from seqcompare.data.source import DataError, check_file
from seqcompare.data.steps import read_steps
from seqcompare.typing import Values

_STEPS = ("X", "x", "data", "arr_0", "sequences", "values")
_TARGETS = ("y", "Y", "labels", "target", "targets", "arr_1")
_LENGTHS = ("lengths", "length", "seq_lengths")


def read_arrays(path: Path) -> Contents:
    """Read a ``.npy`` or ``.npz`` file without objects in it.

    An array of shape (n, T) or (n, T, d) holds n sequences; in an archive, ``X`` may come with ``lengths``,
    hmmlearn's form, and with ``y``.

    Raises
    ------
    DataError
        If the file is broken, holds Python's objects, or no array that could be the steps.
    """
    check_file(path)
    try:
        # opened here, since NumPy leaves a broken file open
        with path.open("rb") as file:
            loaded = np.load(file, allow_pickle=False)
            arrays = {"X": loaded} if isinstance(loaded, np.ndarray) else {n: loaded[n] for n in loaded.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"this is no readable file of NumPy: {_first(error)}", path) from None
    steps = next((name for name in _STEPS if name in arrays), None)
    if steps is None and len(arrays) == 1:
        steps = next(iter(arrays))
    if steps is None:
        raise DataError(f"expected an array X, got {', '.join(arrays) or 'none'}", path)
    lengths = next((arrays[name] for name in _LENGTHS if name in arrays), None)
    target = next((arrays[name] for name in _TARGETS if name in arrays and name != steps), None)
    return _contents(path, arrays[steps], target, lengths)


def _contents(path: Path, steps: Values, target: Values | None, lengths: Values | None) -> Contents:
    if lengths is not None:
        values, sizes = read_steps(steps, "X"), np.asarray(lengths)
        if sizes.ndim != 1 or sizes.dtype.kind not in "iu" or sizes.sum() != len(values):
            raise DataError(f"the lengths do not add up to the {len(values)} steps of X", path)
        parts = np.split(values, np.cumsum(sizes)[:-1])
        return read_container(parts if target is None else (parts, _per_sequence(target, sizes)))
    if steps.ndim == 1:
        return read_container([steps])
    return read_container(steps if target is None else (steps, target))


def _per_sequence(target: Values, sizes: Values) -> Values | list[Values]:
    """Return targets of steps, end to end, one array a sequence; others as they are."""
    return np.split(target, np.cumsum(sizes)[:-1]) if len(target) == sizes.sum() != len(sizes) else target


def _first(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


READER = Reader("numpy", (".npy", ".npz"), read_arrays, "NumPy's arrays: X (n, T) or (n, T, d), y, lengths")
