"""Where compiled kernels are kept if neither the package nor the user's cache can be written to."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from seqcompare.whole_file import write_whole

VARIABLE = "NUMBA_CACHE_DIR"
# which modules the kernels in the caches were compiled from
_SEEN = "kernels.txt"
#: Folders of the package in and below which modules hold compiled kernels.
KERNELS = ("dependence", "models")


def find_kernel_cache() -> None:
    """See that Numba finds a place for compiled kernels, without which it refuses to compile them.

    It looks for a writable ``__pycache__`` beside each module, and then in the user's cache. Where neither
    can be written to, as in many containers, a temporary folder serves until the process ends; its workers
    share it. Set ``NUMBA_CACHE_DIR`` to keep the kernels.
    """
    package = Path(__file__).parent
    forget_edited(package)
    folders = kernel_folders(package)
    if os.environ.get(VARIABLE) or all(_writable(folder / "__pycache__") for folder in folders):
        return
    if _writable(_users_cache() / "numba"):
        return
    # kernels are loaded as code: nobody else may write here
    folder = tempfile.mkdtemp(prefix="seqcompare-kernels-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ[VARIABLE] = folder


def forget_edited(package: Path) -> None:
    """Throw away kernels beside the modules of a package if a module with kernels is another one by now.

    Numba itself sees only whether the file of a kernel was edited, and not those of the kernels it calls.

    Parameters
    ----------
    package : Path
        Where the folders of `KERNELS` lie.
    """
    folders = kernel_folders(package)
    sources = [path for folder in folders for path in sorted(folder.glob("*.py"))]
    with suppress(OSError):  # what cannot be written to is not edited either
        seen = "\n".join(f"{path.name} {path.stat().st_mtime_ns} {path.stat().st_size}" for path in sources)
        told = package / "__pycache__" / _SEEN
        if told.exists() and told.read_text(encoding="utf-8") == seen:
            return
        for folder in folders:
            for index in (folder / "__pycache__").glob("*.nbi"):
                index.unlink(missing_ok=True)
        told.parent.mkdir(exist_ok=True)
        write_whole(told, seen)


def kernel_folders(package: Path) -> list[Path]:
    """Return `KERNELS` of a package, and the folders of modules below them."""
    return sorted({path.parent for part in KERNELS for path in (package / part).rglob("*.py")})


def _writable(folder: Path) -> bool:
    """Whether files can be made in `folder`; permissions alone do not tell, least of all to root."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return False
    return True


def _users_cache() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", tempfile.gettempdir()))
    home = Path(os.path.expanduser("~"))
    if sys.platform == "darwin":
        return home / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
