"""Frames in place of arrays, where a user has asked scikit-learn's `set_output` for them."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn import get_config

from seqcompare.typing import SequencesLike

#: What `transform` returns: as it came, or frames of a library.
Output: TypeAlias = Literal["default", "pandas", "polars"]
_OUTPUTS = ("default", "pandas", "polars")


class FramesOutput:
    """Adds `set_output` to a transformer of sequences.

    scikit-learn's own wraps one table. Here an array of shape (n, T) stays one table, and every other
    container becomes a list of tables, one a sequence.
    """

    def set_output(self, *, transform: Output | None = None) -> Any:
        """Choose the container of `transform` and `fit_transform`.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"}, optional
            "default" keeps the container of the input. With the name of a library an array of shape (n, T)
            that stays one becomes one frame, and anything else a list of frames, one a sequence with a row a
            step. None changes nothing.

        Returns
        -------
        object
            Itself.

        Raises
        ------
        ValueError
            If it is none of these.
        """
        if transform is not None:
            if transform not in _OUTPUTS:
                raise ValueError(f"transform must be one of {', '.join(_OUTPUTS)}, got {transform!r}")
            # the name that scikit-learn's `clone` copies
            self._sklearn_output_config = {"transform": transform}
        return self

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray[np.object_]:
        """Name the columns."""
        raise NotImplementedError

    def _step_names(self) -> NDArray[np.object_]:
        """Name the columns where a row is a step."""
        return self.get_feature_names_out()

    def _in_container(self, packed: SequencesLike, X: SequencesLike) -> SequencesLike:
        """Return `packed`, the answer for `X`, in the container that was chosen."""
        default = get_config()["transform_output"]
        library = getattr(self, "_sklearn_output_config", {}).get("transform", default)
        if library == "default":
            return packed
        if isinstance(packed, np.ndarray) and packed.ndim == 2:
            return _framed(library, packed, self.get_feature_names_out(), getattr(X, "index", None))
        parts = [np.asarray(part) for part in packed]
        names = self._step_names()
        return [_framed(library, part.reshape(len(part), -1), names) for part in parts]


def _framed(library: str, values: NDArray[Any], names: NDArray[np.object_], index: Any = None) -> Any:
    frames = import_module(library)
    if library == "polars":
        return frames.DataFrame(values, schema=list(names), orient="row")
    return frames.DataFrame(values, index=index, columns=names)
