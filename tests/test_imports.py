"""Imports run one way: data, models, tasks and dependence, experiments, results, report."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import seqcompare

PACKAGE = Path(seqcompare.__file__).parent

# what each room may import of the others; itself and the leaves are always allowed
LEAVES = {
    "automaton_drawing",
    "command",
    "families",
    "kernel_cache",
    "metrics",
    "needs",
    "orphans",
    "quantities",
    "registry",
    "style",
    "threads",
    "typing",
    "user_text",
    "whole_file",
    "workers",
}
ALLOWED = {
    "__main__": {"cli"},
    "automaton_drawing": set(),
    "command": set(),
    "families": set(),
    "kernel_cache": set(),
    "metrics": set(),
    "needs": set(),
    "orphans": set(),
    "quantities": set(),
    "registry": set(),
    "style": set(),
    "threads": set(),
    "typing": set(),
    "user_text": set(),
    "whole_file": set(),
    "workers": set(),
    "data": set(),
    "datasets": {"data"},
    "models": {"data"},
    "tasks": {"models", "data"},
    "dependence": {"models", "data"},
    "results": set(),
    "report": {"results"},
    "testing": {"tasks", "models", "datasets", "data"},
    "experiments": {"tasks", "dependence", "models", "data", "report", "results"},
    "claims": {"experiments", "report", "tasks", "results"},
    "cli": {"claims", "experiments", "results", "report", "datasets", "data", "tasks", "dependence"},
}


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_rooms(path: Path) -> set[str]:
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        modules = []
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path} imports relatively"
            modules = [node.module]
            if node.module == "seqcompare":
                modules = [f"seqcompare.{alias.name}" for alias in node.names]
        rooms |= {m.split(".")[1] for m in modules if m.startswith("seqcompare.")}
    return rooms


FILES = [p for p in sorted(PACKAGE.rglob("*.py")) if p.parent != PACKAGE or p.name != "__init__.py"]


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_file_imports_only_what_its_room_may(path):
    home = room(path)
    known = {name for name in imported_rooms(path) if name in ALLOWED}
    assert known <= ALLOWED[home] | LEAVES | {home}


def modules_imported(path: Path, modules: set[str]) -> set[str]:
    """Return the modules that a file names anywhere: at its top, inside functions, or for annotations."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            whole = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in modules else str(node.module) for name in whole}
    return found & modules


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")


def test_no_imports_go_in_a_circle():
    paths = {module_name(path): path for path in FILES}
    left = {name: modules_imported(path, set(paths)) - {name} for name, path in paths.items()}
    # whatever imports nothing that is left is taken away, until what remains goes in circles
    while free := {name for name, imported in left.items() if not imported}:
        left = {name: imported - free for name, imported in left.items() if name not in free}
    assert not left


@pytest.mark.parametrize("name", seqcompare.__all__)
def test_every_public_name_can_be_imported(name):
    assert getattr(seqcompare, name) is not None


def test_the_table_of_homes_is_true():
    for name, module in seqcompare._HOME_OF.items():
        assert hasattr(importlib.import_module(module), name)


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("seqcompare", ["numpy", "sklearn", "pandas"]),
        ("seqcompare.cli", ["numpy", "sklearn", "pandas", "matplotlib", "numba", "scipy"]),
        ("seqcompare.datasets", ["sklearn", "scipy", "matplotlib", "numba"]),
        ("seqcompare.results.store", ["sklearn", "hmmlearn", "seqcompare.models"]),
        ("seqcompare.report.page", ["hmmlearn", "numba", "seqcompare.models"]),
    ],
)
def test_a_light_import_stays_light(module, absent):
    code = f"import sys, {module}; print([m for m in {absent!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
