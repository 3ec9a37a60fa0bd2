"""The folder of a run: made, taken up again, or cleared, and never overwritten unasked."""

from __future__ import annotations

import os
import platform
import shutil
import time
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from seqcompare.results.store import CONFIG, STORE, read_config, write_config

INFLIGHT = "inflight"

_PACKAGES = ("seqcompare", "numpy", "scipy", "scikit-learn", "hmmlearn", "numba", "pandas", "joblib")
_FILES = (STORE, f"{STORE}-wal", f"{STORE}-shm", CONFIG, "report.html", "report.md")
_FOLDERS = ("tables", "figures", INFLIGHT)


def prepare_folder(folder: Path, config: Mapping[str, Any], *, n_jobs: int, fresh: bool) -> None:
    """Make the folder of a run, or see that what it holds is the same run.

    The versions of the packages and the machine are kept beside the settings, once for the run and
    once for each session that has worked on it.

    Parameters
    ----------
    folder : Path
        Where the run lies.
    config : mapping
        What is kept; two runs are the same if their ``"settings"`` are.
    n_jobs : int
        Kept with the session.
    fresh : bool
        Whether to throw away a run that is there.

    Raises
    ------
    FileExistsError
        If the folder holds something else than a run of the same settings.
    ValueError
        If there are to be no jobs.
    """
    if n_jobs == 0:
        raise ValueError("the number of jobs is 0; expected 1 or more, or -1 for one a core")
    session = {
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "n_jobs": n_jobs,
        "versions": _versions(),
        "machine": _machine(),
    }
    if folder.exists() and not folder.is_dir():
        raise FileExistsError(f"{folder} is a file; expected a folder for the run")
    if folder.exists() and any(folder.iterdir()) and not (folder / CONFIG).is_file():
        raise FileExistsError(f"{folder} is not empty and holds no run; choose another folder")
    if fresh:
        _clear(folder)
    if (folder / CONFIG).is_file():
        old = read_config(folder)
        if old.get("settings") != config["settings"]:
            raise FileExistsError(
                f"{folder} holds a run with other settings "
                f"({_difference(old.get('settings', {}), config['settings'])}); "
                "choose another folder, or throw that run away with fresh=True (--fresh)"
            )
        write_config(folder, {**old, "sessions": [*old["sessions"], session]})
        return
    folder.mkdir(parents=True, exist_ok=True)
    kept = {name: session[name] for name in ("started", "versions", "machine")}
    write_config(folder, {**config, **kept, "sessions": [session]})


def _clear(folder: Path) -> None:
    """Take away what a run has written, and nothing else."""
    for name in _FOLDERS:
        shutil.rmtree(folder / name, ignore_errors=True)
    for name in _FILES:
        (folder / name).unlink(missing_ok=True)


def _difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """Name the keys in which two settings differ."""
    keys = [key for key in {**old, **new} if old.get(key) != new.get(key)]
    return f"they differ in {', '.join(keys)}"


def _versions() -> dict[str, str]:
    return {"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}}


def _machine() -> dict[str, Any]:
    return {"system": platform.platform(), "processor": _processor(), "cores": os.cpu_count()}


def _processor() -> str:
    """Return the name of the processor as the system tells it."""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
