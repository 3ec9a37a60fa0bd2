"""NumPy's files: an array of sequences, or several arrays that are called X and y."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from seqcompare.data.containers import read_container
from seqcompare.data.contents import Contents
from seqcompare.data.layout import channels_first
from seqcompare.data.packed import BROKEN, declared_size
from seqcompare.data.readers import Reader
from seqcompare.data.source import DataError, check_file, check_memory
from seqcompare.data.steps import read_steps
from seqcompare.typing import Values

_STEPS = ("X", "x", "data", "arr_0", "sequences", "values")
_TARGETS = ("y", "Y", "labels", "target", "targets", "arr_1")
# steps are copied while they are read
_GROWTH = 4
_LENGTHS = ("lengths", "length", "seq_lengths")


def read_arrays(path: Path) -> Contents | pd.DataFrame:
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
        size = declared_size(path, "zip") if zipfile.is_zipfile(path) else path.stat().st_size
        check_memory(_GROWTH * size, path, f"the arrays have {size:,} bytes")
        # opened here, since NumPy leaves a broken file open
        with path.open("rb") as file:
            loaded = np.load(file, allow_pickle=False)
            arrays = {"X": loaded} if isinstance(loaded, np.ndarray) else {n: loaded[n] for n in loaded.files}
    except DataError:
        raise
    except (ValueError, OSError, EOFError, MemoryError, *BROKEN) as error:
        raise DataError(f"this is no readable file of NumPy: {_first(error)}", path) from None
    parts = _parts(arrays)
    if parts is not None:
        return parts
    steps = next((name for name in _STEPS if name in arrays), None)
    if steps is None and len(arrays) == 1:
        steps = next(iter(arrays))
    if steps is None:
        raise DataError(f"expected an array X, got {', '.join(arrays) or 'none'}", path)
    lengths = next((arrays[name] for name in _LENGTHS if name in arrays), None)
    target = next((arrays[name] for name in _TARGETS if name in arrays and name != steps), None)
    return _contents(path, arrays[steps], target, lengths)


def _parts(arrays: dict[str, Values]) -> Contents | None:
    """Return arrays that are called ``X_train`` and ``X_test``, with their ``y``, as one data set."""
    named = {name.lower(): array for name, array in arrays.items()}
    for form in ("{0}_{1}", "{1}_{0}", "{0}{1}"):
        X, y = ([named.get(form.format(part, of)) for of in ("train", "test")] for part in ("x", "y"))
        if X[0] is not None and X[1] is not None:
            target = None if y[0] is None or y[1] is None else np.concatenate([y[0], y[1]])
            both = read_container([*X[0], *X[1]] if target is None else ([*X[0], *X[1]], target))
            return replace(both, test=np.repeat([False, True], [len(X[0]), len(X[1])]))
    return None


def _contents(
    path: Path, steps: Values, target: Values | None, lengths: Values | None
) -> Contents | pd.DataFrame:
    if steps.dtype.names is not None and steps.ndim == 1 and target is None and lengths is None:
        # a record of named fields is a row of a table
        return pd.DataFrame({name: steps[name] for name in steps.dtype.names})
    if lengths is not None:
        values, sizes = read_steps(steps, "X"), np.asarray(lengths)
        if sizes.ndim != 1 or sizes.dtype.kind not in "iu" or sizes.sum() != len(values):
            raise DataError(f"the lengths do not add up to the {len(values)} steps of X", path)
        parts = np.split(values, np.cumsum(sizes)[:-1])
        return read_container(parts if target is None else (parts, _per_sequence(target, sizes)))
    if steps.ndim == 1:
        return read_container([steps])
    found = read_container(steps if target is None else (steps, target))
    if steps.ndim == 3 and channels_first(steps.shape):
        n, second, third = steps.shape
        note = (
            f"read as {n} sequences of {second} steps of {third} channels: were the second axis that of the "
        )
        return replace(found, notes=(note + "channels, it would have to be the last",))
    return found


def _per_sequence(target: Values, sizes: Values) -> Values | list[Values]:
    """Return targets of steps, end to end, one array a sequence; others as they are."""
    return np.split(target, np.cumsum(sizes)[:-1]) if len(target) == sizes.sum() != len(sizes) else target


def _first(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


READER = Reader("numpy", (".npy", ".npz"), read_arrays, "NumPy's arrays: X (n, T) or (n, T, d), y, lengths")
