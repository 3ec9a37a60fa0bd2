"""The folder of a run: made, held by one process at a time, taken up again, and never overwritten unasked."""

from __future__ import annotations

import errno
import json
import os
import platform
import re
import shutil
import socket
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import cached_property, partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from seqcompare.command import kept_command
from seqcompare.results.described import Config
from seqcompare.results.form import fault_of
from seqcompare.results.helping import Helping
from seqcompare.results.spreadsheet import is_unsafe
from seqcompare.results.store import STORE, RunError, Store, check_format
from seqcompare.typing import Record
from seqcompare.whole_file import write_whole

MODEL, FORECASTER = "model.skops", "forecaster.skops"
CONFIG, INFLIGHT, LOCK = "config.json", "inflight", "lock"

_PACKAGES = ("seqcompare", "numpy", "scipy", "scikit-learn", "hmmlearn", "numba", "pandas", "joblib")
#: What a run writes, in the order in which it is taken away: until all else is gone, the folder is a run's.
_FILES = (
    *("report.html", "report.md", "answer.json", "model_card.md", MODEL, FORECASTER, "use_model.py"),
    *(f"{STORE}-wal", f"{STORE}-shm", STORE, CONFIG),
)
_FOLDERS = ("tables", "figures", INFLIGHT)

# what a process that was killed while it wrote has left
_DRAFT = re.compile(r".*\.\d+\.tmp")

# keys of settings that were called otherwise once
_RENAMED = {"ladder": "sizes", "ladders": "sizes"}

#: Whether a folder that another process works on is waited for.
PATIENT: ContextVar[bool] = ContextVar("PATIENT", default=False)
_LOOK_AGAIN = 0.5

# Windows locks bytes, and what is locked cannot be read: this one lies far behind what is written
_LOCKED_BYTE = 1 << 20


class StoredRun(Helping):
    """A run as it lies in its folder.

    Parameters
    ----------
    folder : path
        A folder that a sweep or a comparison has written.

    Attributes
    ----------
    folder : Path
        Where it lies.
    config : dict
        The settings, versions and machine of the run.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        self.config: Config = read_config(self.folder)

    def frame(self) -> pd.DataFrame:
        """Return the tidy table: one row a trial, columns as in `seqcompare.results.store.COLUMNS`."""
        return self._frame.copy()

    def curves(self) -> pd.DataFrame:
        """Return the learning curves: trial_id, epoch, train_loss, validation_score."""
        with self._store() as store:
            return store.curves()

    def side_table(self, name: str) -> pd.DataFrame | None:
        """Return a table that was kept beside the rows, such as "state_space"; None if there is none."""
        with self._store() as store:
            return store.side_table(name)

    @cached_property
    def _frame(self) -> pd.DataFrame:
        with self._store() as store:
            return store.frame()

    def _store(self) -> Store:
        return Store(self.folder / STORE, read_only=True)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} in {self.folder}>"


def open_run(folder: str | os.PathLike[str]) -> StoredRun:
    """Open the run in `folder` for reading; no model needs to be importable.

    Raises
    ------
    FileNotFoundError
        If `folder` holds no run.
    RunError
        If what it holds is damaged, or was written by a newer version of the package.
    """
    return StoredRun(folder)


class _Part(dict[str, Any]):
    """A part of a configuration; what it lacks is a fault of the file."""

    def __init__(self, path: Path, known: Mapping[str, Any]) -> None:
        super().__init__(known)
        self._path = path

    def __missing__(self, name: str) -> Any:
        raise RunError(f"{self._path} cannot be read as the configuration of a run: it lacks {name!r}")

    def __reduce__(self) -> tuple[type[_Part], tuple[Path, Record]]:
        return _Part, (self._path, dict(self))


def read_config(folder: Path) -> Config:
    """Return the configuration of the run in `folder`.

    Raises
    ------
    FileNotFoundError
        If `folder` holds no run: it has no ``config.json``.
    RunError
        If the file is damaged, or was written by a newer version of the package.
    """
    path = folder / CONFIG
    if not path.is_file():
        raise FileNotFoundError(f"{folder} holds no run: expected a file {CONFIG} in it")
    try:
        config = json.loads(path.read_text(encoding="utf-8"), object_hook=partial(_Part, path))
    except (ValueError, RecursionError) as error:
        raise RunError(f"{path} cannot be read as the configuration of a run: {error}") from None
    if not isinstance(config, dict):
        raise RunError(f"{path} cannot be read as the configuration of a run: it is no JSON object")
    check_format(path, config.get("format", 0))
    fault = fault_of(config)
    if fault:
        raise RunError(f"{path} cannot be read as the configuration of a run: {fault}")
    if isinstance(config.get("settings"), dict):
        config["settings"] = _renamed(config["settings"])
    return config


def _renamed(settings: object) -> object:
    """Return settings with the present names of keys, so that an older run can be gone on with."""
    if isinstance(settings, list):
        return [_renamed(each) for each in settings]
    if isinstance(settings, dict):
        return {_RENAMED.get(key, key): _renamed(value) for key, value in settings.items()}
    return settings


def write_config(folder: Path, config: Config) -> None:
    """Write the configuration of a run, whole or not at all."""
    text = json.dumps(config, indent=2, ensure_ascii=False)
    # names are kept as they are, but nobody who looks at the file is to be misled by them
    for character in {c for c in text if c != "\n" and is_unsafe(c)}:
        text = text.replace(character, f"\\u{ord(character):04x}")
    write_whole(folder / CONFIG, text + "\n")


def prepare_folder(folder: Path, config: Config, *, n_jobs: int, fresh: bool) -> None:
    """Make the folder of a run, or see that what it holds is the same run; see `hold_folder`."""
    with hold_folder(folder, config, n_jobs=n_jobs, fresh=fresh):
        pass


def check_jobs(n_jobs: int) -> None:
    """Raise ValueError if there are to be no jobs."""
    if n_jobs == 0:
        raise ValueError("the number of jobs is 0; expected 1 or more, or -1 for one a core")


@contextmanager
def hold_folder(folder: Path, config: Config, *, n_jobs: int, fresh: bool) -> Iterator[None]:
    """Make the folder of a run, or see that what it holds is the same run; no other process works on it.

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
    RunError
        If another process works on it, or what it holds cannot be read.
    ValueError
        If there are to be no jobs.
    """
    check_jobs(n_jobs)
    if folder.exists() and not folder.is_dir():
        raise FileExistsError(f"{folder} is a file; expected a folder for the run")
    if folder.exists() and not (folder / CONFIG).exists() and _strangers(folder):
        if not (folder / STORE).exists():
            raise FileExistsError(f"{folder} is not empty and holds no run; choose another folder")
        if not fresh:
            raise FileExistsError(
                f"{folder} holds a run that has lost its {CONFIG}; choose another folder, or throw that run "
                "away with fresh=True (--fresh)"
            )
    folder.mkdir(parents=True, exist_ok=True)
    if fresh and (folder / LOCK).is_dir():
        shutil.rmtree(folder / LOCK)
    with locked(folder):
        _prepare(folder, config, n_jobs, fresh)
        yield


def _strangers(folder: Path) -> bool:
    """Whether a folder without a run holds what no run has left there that was killed as it began."""
    return any(p.name != LOCK and not _DRAFT.fullmatch(p.name) for p in folder.iterdir())


def _prepare(folder: Path, config: Config, n_jobs: int, fresh: bool) -> None:
    session: Config = {
        "started": _now(),
        "n_jobs": n_jobs,
        "versions": _versions(),
        "machine": _machine(),
        **kept_command(),
    }
    if fresh:
        _clear(folder)
    for draft in folder.rglob("*.tmp"):
        if _DRAFT.fullmatch(draft.name):
            draft.unlink(missing_ok=True)
    if (folder / CONFIG).is_file():
        old = read_config(folder)
        if old.get("settings") != config["settings"]:
            raise FileExistsError(
                f"{folder} holds a run with other settings "
                f"({_difference(old.get('settings', {}), config['settings'])}); "
                "choose another folder, or throw that run away with fresh=True (--fresh)"
            )
        begun, mine = (str(v.get("seqcompare")) for v in (old["versions"], session["versions"]))
        if begun != mine:
            raise FileExistsError(
                f"{folder} holds a run of seqcompare {begun}, and this is {mine}, whose results may differ; "
                "read it as it is (seqcompare report), choose another folder, or throw that run away with "
                "fresh=True (--fresh)"
            )
        write_config(folder, {**old, "sessions": [*old["sessions"], session]})
        return
    kept = {name: session[name] for name in ("started", "versions", "machine")}
    write_config(folder, {**config, **kept, "sessions": [session]})


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder, which the system takes away when the process dies, however it dies.

    Raises
    ------
    RunError
        If another process holds it.
    """
    path = folder / LOCK
    handle = _acquire(path, folder)
    try:
        os.ftruncate(handle, 0)
        holder = f"process {os.getpid()} on {socket.gethostname()} since {_now()}"
        os.write(handle, f"{holder}\n".encode())
        yield
    finally:
        # away before it is let go: whoever opened it meanwhile sees that it is not the file any more
        with suppress(OSError):
            path.unlink()
        os.close(handle)
        with suppress(OSError):
            if os.name == "nt":  # where what is open cannot be taken away
                path.unlink()


def _acquire(path: Path, folder: Path) -> int:
    told = False
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            _lock(handle)
        except OSError as error:
            os.close(handle)
            if error.errno not in (errno.EACCES, errno.EAGAIN, errno.EDEADLK):
                raise
            with suppress(OSError):
                holder = path.read_text(encoding="utf-8", errors="replace").strip() or "another process"
                if not PATIENT.get():
                    raise RunError(
                        f"{folder} is being worked on by {holder}; wait for its end, or choose another "
                        "folder (--wait does the first)"
                    ) from None
                if not told:
                    warnings.warn(f"waiting for {holder}, which works on {folder}", stacklevel=2)
                    told = True
                time.sleep(_LOOK_AGAIN)
            continue  # it has ended this moment, or may have
        with suppress(OSError):
            if os.path.samestat(os.fstat(handle), os.stat(path)):
                return handle
        os.close(handle)


def _lock(handle: int) -> None:
    """Lock an open file at once, or raise the error of the system."""
    try:
        import fcntl
    except ImportError:
        import msvcrt

        os.lseek(handle, _LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]  # of Windows
        os.lseek(handle, 0, os.SEEK_SET)
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        # some network file systems know no locks: better unguarded than not at all
        if error.errno not in (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS):
            raise


def _clear(folder: Path) -> None:
    """Take away what a run has written, and nothing else."""
    for name in (*_FOLDERS, *_FILES):
        path = folder / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _difference(old: Mapping[str, object], new: Mapping[str, object]) -> str:
    """Name the keys in which two settings differ."""
    keys = [key for key in {**old, **new} if old.get(key) != new.get(key)]
    return f"they differ in {', '.join(keys)}"


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S%z")


def _versions() -> dict[str, str]:
    return {"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}}


def _machine() -> dict[str, str | int | None]:
    return {"system": platform.platform(), "processor": _processor(), "cores": os.cpu_count()}


def _processor() -> str:
    """Return the name of the processor as the system tells it."""
    with suppress(OSError):  # of systems that have no such file, or show it to nobody
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
