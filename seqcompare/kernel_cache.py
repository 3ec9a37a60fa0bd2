"""Where compiled kernels are kept if neither the package nor the user's cache can be written to."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from pathlib import Path

VARIABLE = "NUMBA_CACHE_DIR"
#: Folders of the package whose modules hold compiled kernels.
KERNELS = ("dependence", "models", "models/hmm", "models/machine", "models/markov", "models/recurrent")


def find_kernel_cache() -> None:
    """See that Numba finds a place for compiled kernels, without which it refuses to compile them.

    It looks for a writable ``__pycache__`` beside each module, and then in the user's cache. Where neither
    can be written to, as in many containers, a temporary folder serves until the process ends; its workers
    share it. Set ``NUMBA_CACHE_DIR`` to keep the kernels.
    """
    package = Path(__file__).parent
    if os.environ.get(VARIABLE) or all(_writable(package / part / "__pycache__") for part in KERNELS):
        return
    if _writable(_users_cache() / "numba"):
        return
    # kernels are loaded as code: nobody else may write here
    folder = tempfile.mkdtemp(prefix="seqcompare-kernels-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ[VARIABLE] = folder


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
