"""Check what is published: built, looked at by twine, installed, and used where its user may not write.

Run with ``python tests/installed.py FOLDER``, where a fresh environment is built; its dependencies are those
of the environment that runs this. ``make installed`` does so. Where root runs it, it becomes an
ordinary user for the use.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).parents[1]
ANYBODY = 65534  # nobody's number on most systems

USE = """
import os, sys
from pathlib import Path
import numpy as np
import seqcompare

home = Path(seqcompare.__file__).parent
assert str(home).startswith(sys.argv[1]), home
assert seqcompare.__version__ == sys.argv[2], seqcompare.__version__
assert (home / "py.typed").is_file()
try:
    (home / "new").touch()
    raise SystemExit("the package can be written to, so that nothing is shown")
except OSError:
    pass
for name in seqcompare.datasets.DATASETS:
    assert len(seqcompare.datasets.load(name))
X = ["ab" * 8, "ba" * 8] * 5
for model in (seqcompare.MarkovChain(1), seqcompare.HMM(2, n_init=1, random_state=0)):
    assert model.fit(X).score(X) > -0.7
found = seqcompare.compare(X, seqcompare.MarkovChain(1), cv=2, n_jobs=2, out="run")
assert seqcompare.load_run("run").predict(["aba"])["answer"].tolist() == ["b", "a", "b"]
Path("more.txt").write_text("abab\\nbaba\\n")
"""

COMMANDS = (
    ("--version",),
    ("list", "suites"),
    ("predict", "run", "more.txt", "--out", "answers.csv"),
    ("profile", "more.txt", "--json"),
)


def version():
    """Return the version that the sources name."""
    text = (ROOT / "seqcompare" / "__init__.py").read_text(encoding="utf-8")
    return text.partition('__version__ = "')[2].partition('"')[0]


def lock(folder, who=0):
    """Take from everybody but `who`, in bits of a mode, the right to write in a folder."""
    for path in [folder, *folder.rglob("*")]:
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & ~0o222 | who)


def interpreter():
    """Return a Python of this version that the user can run: root's own may lie where others may not look."""
    minor = f"python3.{sys.version_info.minor}"
    for found in (getattr(sys, "_base_executable", sys.executable), shutil.which(minor, path=os.defpath)):
        path = Path(found or os.devnull).resolve()
        if os.geteuid() or all(folder.stat().st_mode & 0o001 for folder in path.parents):
            return found
    raise SystemExit(f"there is no {minor} that an ordinary user can run: nothing was tested")


def main():
    """Build, look, install and use."""
    folder = Path(sys.argv[1]).resolve()
    shutil.rmtree(folder, ignore_errors=True)
    built = folder / "dist"
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-d", built], cwd=ROOT, check=True)
    files = sorted(map(str, built.iterdir()))
    assert len(files) == 2, files
    subprocess.run([sys.executable, "-m", "twine", "check", "--strict", *files], check=True)
    environment, home = folder / "environment", folder / "home"
    subprocess.run([interpreter(), "-m", "venv", environment], check=True)
    own = environment / "bin" / "python"
    (packages,) = environment.glob("lib/python3*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    install = [own, "-m", "pip", "install", "--quiet", "--no-deps", "--force-reinstall", "--no-compile"]
    subprocess.run([*install, next(built.glob("*.whl"))], check=True)
    home.mkdir()
    home.chmod(0o777)
    who = {"user": ANYBODY, "group": ANYBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    variables = {"PATH": os.defpath, "HOME": str(home), "OMP_NUM_THREADS": "1", "MPLBACKEND": "agg"}
    use = {"cwd": home, "env": variables, "check": True, **who}
    lock(environment)
    try:
        subprocess.run([own, "-c", USE, str(environment), version()], **use)
        for command in COMMANDS:
            subprocess.run([environment / "bin" / "seqcompare", *command], **use)
    finally:
        lock(environment, 0o200)
    assert (home / "answers.csv").read_text().startswith("sequence,step,answer")
    sys.stdout.write(f"seqcompare {version()} is built, sound, and of use from {packages}\n")


if __name__ == "__main__":
    main()
