"""How trials travel to workers."""

from __future__ import annotations


def cannot_travel(error: Exception) -> ValueError:
    """Say that a trial, most likely a model of the user's in it, does not survive pickling."""
    lines = str(error.__cause__ or error).strip(" \n\"'").splitlines()
    return ValueError(
        f"a trial cannot be sent to a worker process ({lines[-1] if lines else error}): expected models and "
        "data that can be pickled and are importable there; with n_jobs=1 trials run in this process"
    )
