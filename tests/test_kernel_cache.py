"""Where compiled kernels go when there is no place to write to."""

import os
import re
import subprocess
import sys
from pathlib import Path

import seqcompare
from seqcompare.kernel_cache import KERNELS, forget_edited, kernel_folders

PACKAGE = Path(seqcompare.__file__).parent
IMPORT_ALL = (
    "import os, seqcompare, seqcompare.dependence.contexts, seqcompare.models.hmm.recursions\n"
    "import seqcompare.models.markov.kernels, seqcompare.models.recurrent.kernels\n"
    "import seqcompare.models.machine.kernels\n"
    "print(seqcompare.__file__, os.environ['NUMBA_CACHE_DIR'], sep='\\n')"
)


def test_kernels_lie_where_they_are_said_to():
    compiled = re.compile("^ *@(njit|compiled)", re.MULTILINE)
    holders = {p.parent for p in PACKAGE.rglob("*.py") if compiled.search(p.read_text("utf-8"))}
    assert holders <= set(kernel_folders(PACKAGE))


def test_without_a_writable_cache_a_temporary_folder_serves_and_goes(tmp_path):
    """A copy of the package has a file where Numba would make a folder: not even root can write."""
    for source in PACKAGE.rglob("*.py"):
        copy = tmp_path / "seqcompare" / source.relative_to(PACKAGE)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(source.read_bytes())
        (copy.parent / "__pycache__").touch()
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME", "LOCALAPPDATA")
    }
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={
            **environment,
            "HOME": str(tmp_path / "seqcompare" / "__init__.py"),
            "PYTHONPATH": str(tmp_path),
        },
        check=False,
    )
    assert done.returncode == 0, done.stderr
    package, cache = map(Path, done.stdout.split())
    assert package == tmp_path / "seqcompare" / "__init__.py"
    assert cache.name.startswith("seqcompare-kernels-")
    assert not cache.exists()


def test_kernels_of_edited_modules_are_forgotten(tmp_path):
    folders = [tmp_path / KERNELS[0], tmp_path / KERNELS[-1] / "family"]
    for folder in folders:
        (folder / "__pycache__").mkdir(parents=True)
        (folder / "kernels.py").write_text("one = 1\n")
    kept = folders[-1] / "__pycache__" / "others.step.nbi"
    forget_edited(tmp_path)
    kept.touch()
    forget_edited(tmp_path)
    assert kept.exists()
    (tmp_path / KERNELS[0] / "kernels.py").write_text("two = 22\n")  # another file than that of the kernel
    forget_edited(tmp_path)
    assert not kept.exists()


def test_a_cache_that_was_chosen_is_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr("seqcompare.kernel_cache._writable", lambda folder: False)
    seqcompare.kernel_cache.find_kernel_cache()
    assert os.environ["NUMBA_CACHE_DIR"] == str(tmp_path)
