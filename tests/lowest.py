"""Run what matters most with the lowest versions that are supported, in an environment of their own.

Run with ``python tests/lowest.py FOLDER``, where environments are built, or ``make lowest``. The versions are
those of pyproject.toml. Every other Python from 3.11 on that is found is tested with the newest versions, and
those that are not found are named.
"""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
#: Reading, models, what is written down, commands, and a page.
CORE = (
    *("tests/data", "tests/models/markov", "tests/models/windows", "tests/models/test_online.py"),
    *(
        "tests/experiments/test_without_names.py",
        "tests/experiments/test_serving.py",
        "tests/test_offline.py",
    ),
)
#: What old versions of others cannot do, and only in the tests.
BEYOND = {
    "tests/models/markov/test_markov.py::test_scikit_learns_checks": "fault of a check in scikit-learn 1.6",
    "tests/models/windows/test_window_tagger.py::test_decision_values_are_calibrated_on_whole_sequences": (
        "scikit-learn 1.6 has no temperature scaling to hold ours against"
    ),
    "tests/data/test_uneven.py::test_months_are_equal_and_units_are_those_of_people": (
        "pandas 2 has no dates before 1677"
    ),
}
NEEDED = (
    *("pytest", "hypothesis", "nltk", "numpydoc", "openpyxl", "pyarrow==18.0.0", "statsmodels"),
    *("onnx==1.17.0", "onnxruntime==1.20.1", "skl2onnx==1.18.0", "ml_dtypes<0.5", "protobuf<6"),
)
LOWEST = "lowest"
OTHERS = ("3.12", "3.13", "3.14")


def lowest():
    """Return the requirements of the package, each at its lowest version."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [re.sub(r">=", "==", requirement) for requirement in project["dependencies"]]


def check(python, folder, requirements):
    """Build an environment, and run the tests in it; return whether they pass."""
    subprocess.run([python, "-m", "venv", "--clear", folder], check=True)
    own = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    subprocess.run([own, "-m", "pip", "install", "--quiet", *requirements, *NEEDED], check=True)
    subprocess.run([own, "-m", "pip", "install", "--quiet", "--no-deps", "-e", str(ROOT)], check=True)
    # what old versions do with newer ones of others is not ours to mend
    command = [own, "-m", "pytest", "-q", "-W", "ignore::DeprecationWarning", *CORE]
    if folder.name == LOWEST:
        command += [f"--deselect={test}" for test in BEYOND]
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


def main():
    """Test all that is found."""
    folder = Path(sys.argv[1])
    good = [check(sys.executable, folder / LOWEST, lowest())]
    for minor in OTHERS:
        python = shutil.which(f"python{minor}")
        if python is None:
            sys.stdout.write(f"Python {minor} was not found, and not tested\n")
            continue
        newest = [requirement.partition(">")[0] for requirement in lowest()]
        good.append(check(python, folder / minor, [name.partition("=")[0] for name in newest]))
    sys.exit(not all(good))


if __name__ == "__main__":
    main()
