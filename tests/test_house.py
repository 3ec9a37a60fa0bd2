"""What keeps the house open: names of families stand with their families, and files stay small."""

import ast
from pathlib import Path

import pytest

import seqcompare
from seqcompare.families import FAMILIES, spec_names
from seqcompare.models.recurrent.cells import CELLS

PACKAGE = Path(seqcompare.__file__).parent
#: Where names may be said: beside the estimators, and in claims, which are about certain models.
AT_HOME = ("models", "claims")
#: Words that mean something else as well: the reference as such, and an interval that is exact.
OTHER_MEANINGS = {
    "families/family.py": {"reference"},
    "results/contest.py": {"exact"},
    "results/statistics.py": {"exact"},
}
FILES = sorted(PACKAGE.rglob("*.py"))


def quoted(path):
    """Return the strings in a file that are no docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings
    }


@pytest.mark.parametrize(
    "path",
    [p for p in FILES if p.relative_to(PACKAGE).parts[0] not in AT_HOME],
    ids=lambda p: str(p.relative_to(PACKAGE)),
)
def test_no_family_cell_or_model_is_named_away_from_home(path):
    names = {*FAMILIES, *spec_names(), *CELLS}
    allowed = OTHER_MEANINGS.get(str(path.relative_to(PACKAGE)), set())
    assert quoted(path) & names <= allowed


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_no_file_holds_more_than_400_lines(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


def test_a_family_is_named_in_its_own_folder_only():
    for family in FAMILIES.values():
        modules = {
            build.__module__ for spec in family.specs for build in [getattr(spec.build, "func", spec.build)]
        }
        assert len(modules) == 1
        (home,) = modules
        others = [p for p in (PACKAGE / "models").glob("*/family.py") if home.split(".")[2] != p.parent.name]
        mine = {spec.name for spec in family.specs} | {family.name}
        for path in others:
            assert not quoted(path) & mine, (path, family.name)
