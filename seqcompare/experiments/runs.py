"""Runs, opened again."""

from __future__ import annotations

import os
from pathlib import Path

from seqcompare.experiments.comparison import Comparison
from seqcompare.experiments.sweep import Run
from seqcompare.results.folder import read_config
from seqcompare.results.store import RunError


def load_run(folder: str | os.PathLike[str]) -> Comparison | Run:
    """Return the run that a folder holds; nothing of it is run, and no model is loaded.

    Parameters
    ----------
    folder : path
        What `seqcompare.compare` or `seqcompare.sweep` has written.

    Returns
    -------
    Comparison or Run
        What `compare` or `sweep` had returned.

    Raises
    ------
    FileNotFoundError
        If `folder` holds no run.
    RunError
        If what it holds is damaged, of another kind, or was written by a newer version of the package.

    Examples
    --------
    >>> from seqcompare import load_run
    >>> found = load_run("reports/visits")  # doctest: +SKIP
    >>> found.predict("new-visits.csv")  # doctest: +SKIP
    """
    kind = read_config(Path(folder)).get("kind", "sweep")
    if kind not in ("comparison", "sweep"):
        raise RunError(f"{folder} holds a run of kind {kind!r}; expected a comparison or a sweep")
    return Comparison(folder) if kind == "comparison" else Run(folder)
