"""Input whose axes were probably meant otherwise: said aloud, or refused with the right call."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from seqcompare.data.layout import FAR_MORE, MANY, channels_first
from seqcompare.data.readers import reader_of

# what has no index to look at; of a hundred thousand sequences every look counts
_BARE = (np.ndarray, list, str)


def check_axes(X: Any) -> None:
    """Warn of a frame with a row a step, and of (n, channels, T); refuse names of files and feature dicts.

    Parameters
    ----------
    X : anything
        What was given to ``fit``.

    Raises
    ------
    ValueError
        For a list of names of files, or of dicts of features, and for a table of numbers and words.

    Warns
    -----
    UserWarning
        Where rows are probably steps, or the second axis channels, or an index goes back in time.
    """
    if hasattr(X, "columns") and len(getattr(X, "shape", ())) == 2:
        _warn_of_frame(X)
    elif isinstance(X, np.ndarray) and X.ndim == 3:
        n, second, third = X.shape
        if channels_first(X.shape):
            warnings.warn(
                f"X of shape {X.shape} is read as {n} sequences of {second} steps of {third} channels; if "
                "the second axis is that of channels, give X.transpose(0, 2, 1)",
                stacklevel=4,
            )
    elif isinstance(X, (list, tuple)) and len(X):
        _check_list(X)


def _warn_of_frame(X: Any) -> None:
    n_rows, n_columns = X.shape
    names = [str(name) for name in X.columns]
    if len({dtype.kind in "biuf" for dtype in X.dtypes if hasattr(dtype, "kind")}) > 1:
        raise ValueError(
            f"X is a table with columns of numbers and of words ({', '.join(names[:3])}), and each row would "
            "be a sequence; of a table with a row a step make sequences first (Sequences.from_frame, or "
            "datasets.read)"
        )
    # columns that count, such as t0, t1, ..., are steps
    counted = len({re.sub(r"[0-9]+", "", name) for name in names}) == 1 and len(names) > 1
    if n_rows >= FAR_MORE * n_columns and n_rows >= MANY and not counted:
        first = ", ".join(names[:3])
        warnings.warn(
            f"each of the {n_rows} rows of X is read as a sequence, of {n_columns} step(s) ({first}); of a "
            "table with a row a step make sequences first (Sequences.from_frame, or datasets.read)",
            stacklevel=5,
        )


def _check_list(X: list[Any] | tuple[Any, ...]) -> None:
    first = X[0]
    if hasattr(first, "__fspath__") or (isinstance(first, str) and all(map(_names_file, X))):
        raise ValueError(
            f"X is a list of names of files, such as {str(first)!r}: read them first, datasets.read(X).X"
        )
    inner = first[0] if isinstance(first, (list, tuple)) and len(first) else first
    if isinstance(inner, dict):
        raise ValueError(
            f"X holds dicts of features, such as {inner!r:.60}: steps of named channels come in by "
            "Sequences.from_columns({name: values, ...}, lengths)"
        )
    for i, x in enumerate(X):
        if type(x) in _BARE:
            continue
        index: Any = getattr(x, "index", None)
        if (
            getattr(getattr(index, "dtype", None), "kind", "") in ("m", "M")
            and not index.is_monotonic_increasing
        ):
            warnings.warn(
                f"the steps of X[{i}] are read in the order of its rows, but its index goes back in time: "
                "sort_index() first",
                stacklevel=5,
            )
            return


def _names_file(word: object) -> bool:
    """Whether a text ends as a name of a file does."""
    return isinstance(word, str) and "." in word[-8:] and reader_of(Path(word)) is not None


def refuse_lengths(X: Any, y: Any) -> None:
    """Raise ValueError where `y` is hmmlearn's lengths: whole numbers that add up to the rows of `X`.

    Any other `y` is ignored, as scikit-learn has it.
    """
    if isinstance(y, str) or not (hasattr(X, "__len__") and hasattr(y, "__len__") and len(y)):
        return
    # lists of labels may be of any lengths, and make no array
    lengths = np.empty(0) if np.ndim(next(iter(y))) else np.asarray(y)
    if lengths.dtype.kind not in "iu" or len(lengths) == len(X) or not len(lengths):
        return
    if lengths.sum() == len(X) and (lengths > 0).all():
        raise ValueError(
            f"y holds {len(lengths)} lengths that add up to the {len(X)} rows of X, hmmlearn's form: give "
            "Sequences.from_concatenated(X, lengths) as X"
        )
