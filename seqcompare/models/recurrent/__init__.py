"""Recurrent networks: cells, network, training, estimators, diagnostics."""

from __future__ import annotations

from collections.abc import Sequence


def warm_up(cells: Sequence[str] = ("elman", "gru", "lstm"), dtypes: Sequence[str] = ("float32",)) -> float:
    """Compile, or load from disk, the time loops that training and predicting need.

    Call it once before worker processes start: they then load what it has compiled, and compilation is not
    taken for training time.

    Parameters
    ----------
    cells, dtypes : sequences of str
        Which cells, in which float types.

    Returns
    -------
    float
        Seconds that it took.
    """
    from seqcompare.models.recurrent.compilation import compile_cells

    return compile_cells(cells, dtypes)
