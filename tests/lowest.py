"""Run what matters most with the lowest versions that are supported, in an environment of their own.

Run with ``python tests/lowest.py FOLDER``, where environments are built, or ``make lowest``. The versions are
those of pyproject.toml, of what people install and not of the tools of tests. What is run is what depends on
versions: reading tables, estimators on scikit-learn and Numba, saved models and graphs, commands and a page.
Every other Python from 3.11 on that is found is tested with the newest versions, and those that are not found
are named.
"""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
CORE = (
    *("tests/data", "tests/models/markov", "tests/models/windows", "tests/results", "tests/test_offline.py"),
    *(f"tests/models/test_{part}.py" for part in ("online", "onnx", "output", "persistence")),
    *(f"tests/experiments/test_{part}.py" for part in ("explaining", "serving", "without_names")),
)
#: What old versions of others cannot do, and why.
BEYOND = {
    "tests/models/markov/test_markov.py::test_scikit_learns_checks": "fault of a check in scikit-learn 1.6",
    "tests/models/windows/test_window_tagger.py::test_decision_values_are_calibrated_on_whole_sequences": (
        "scikit-learn 1.6 has no temperature scaling to hold ours against"
    ),
    "tests/data/test_uneven.py::test_months_are_equal_and_units_are_those_of_people[times7-1 day]": (
        "pandas 2 has no dates before 1677"
    ),
    "tests/results/test_statistics.py::test_paired_bootstrap_agrees_with_scipy": (
        "scipy 1.13 has another name for the source of randomness"
    ),
    **{
        f"tests/models/test_persistence.py::test_fitted_searches[None-{cv}]": (
            "scikit-learn 1.6 keeps requests of metadata in searches, which are named in trusted"
        )
        for cv in ("3", "cv1", "cv2", "cv3", "cv4", "cv5")
    },
}
#: Extras that the tests need, and what else they need; ONNX 1.17 is older than the last two.
EXTRAS = ("archive", "excel", "onnx", "parquet")
NEEDED = ("pytest", "hypothesis", "nltk", "numpydoc", "statsmodels")
OF_OLD_ONNX = ("onnxruntime==1.20.1", "ml_dtypes<0.5", "protobuf<6")
LOWEST = "lowest"
OTHERS = ("3.12", "3.13", "3.14")


def requirements():
    """Return what the package and these extras need, each with its lowest version."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = project["optional-dependencies"]
    return [*project["dependencies"], *(each for extra in EXTRAS for each in optional[extra])]


def find(minor):
    """Return a Python of this version; None if none is found, or what is found is not one that runs."""
    of_pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    places = [shutil.which(f"python{minor}"), *of_pyenv.glob(f"{minor}.*/bin/python")]
    runs = (p for p in places if p and not subprocess.run([p, "-c", ""], capture_output=True).returncode)
    return next(runs, None)


def check(python, folder, needed):
    """Build an environment, and run the tests in it; return whether they pass."""
    subprocess.run([python, "-m", "venv", "--clear", folder], check=True)
    own = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    subprocess.run([own, "-m", "pip", "install", "--quiet", *needed, *NEEDED], check=True)
    subprocess.run([own, "-m", "pip", "install", "--quiet", "--no-deps", "-e", str(ROOT)], check=True)
    # what old versions do with newer ones of others is not ours to mend
    command = [own, "-m", "pytest", "-q", "-W", "ignore::DeprecationWarning", *CORE]
    if folder.name == LOWEST:
        command += [f"--deselect={test}" for test in BEYOND]
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


def main():
    """Test all that is found."""
    folder = Path(sys.argv[1])
    lowest = [requirement.replace(">=", "==") for requirement in requirements()]
    good = {LOWEST: check(sys.executable, folder / LOWEST, [*lowest, *OF_OLD_ONNX])}
    for minor in OTHERS:
        python = find(minor)
        if python is None:
            good[minor] = None
            continue
        newest = [requirement.partition(">")[0] for requirement in requirements()]
        good[minor] = check(python, folder / minor, [*newest, "onnxruntime"])
    for what, passed in good.items():
        words = {True: "passed", False: "failed", None: "was not found, and not tested"}[passed]
        sys.stdout.write(f"{what if what == LOWEST else f'Python {what}'} {words}\n")
    sys.exit(False in good.values())


if __name__ == "__main__":
    main()
