"""What is published is whole: the reference, docstrings and their sections, wheel and source distribution."""

import doctest
import importlib
import inspect
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from numpydoc.validate import validate
from test_imports import ALLOWED, LEAVES

ROOT = Path(__file__).parent.parent

# modules whose names are public; those without a list of names are told here
PUBLIC = {
    "seqcompare": None,
    "seqcompare.claims": None,
    "seqcompare.datasets": None,
    "seqcompare.dependence": None,
    "seqcompare.families": ["Budget", "FAMILIES", "Family", "ModelSpec", "Problem", "register"],
    "seqcompare.metrics": None,
    "seqcompare.needs": ["Needs", "Traits"],
    "seqcompare.registry": ["Registry"],
    "seqcompare.tasks": None,
    "seqcompare.testing": None,
}

# what a docstring must not lack, by numpydoc's codes: a summary of one line that ends in a full stop and
# begins in upper case (SS), known sections in their order (GL), parameters that exist, with a type (PR)
EVERYWHERE = ["GL03", "GL05", "GL06", "GL07", "GL08", "GL10", "SS01", "SS03", "SS04", "SS06", "PR02", "PR10"]

# of classes and functions, all parameters and what is returned as well; methods may say so in a sentence
AT_THE_TOP = [*EVERYWHERE, "PR01", "RT01", "RT02", "RT03", "YD01", "SS02"]


def public():
    """Yield (module, name, what it is) of everything public but rooms and the version."""
    for module, names in PUBLIC.items():
        home = importlib.import_module(module)
        for name in names or home.__all__:
            thing = getattr(home, name)
            if not inspect.ismodule(thing) and name != "__version__":
                yield module, name, thing


def documented():
    """Return the docstrings to look at, by their import path, with the codes that hold for each."""
    found = {}
    for _, _, thing in public():
        if not (inspect.isclass(thing) or inspect.isfunction(thing)):
            continue
        path = f"{thing.__module__}.{thing.__qualname__}"
        # parameters are told once: those of an abstract class by the class that it is made of
        elsewhere = inspect.isabstract(thing) or "; see `" in (thing.__doc__ or "")
        found[path] = EVERYWHERE if elsewhere else AT_THE_TOP
        if inspect.isclass(thing):
            for name, member in vars(thing).items():
                shown = inspect.isfunction(member) or isinstance(member, (property, classmethod))
                # what does as its parent has it may leave the words to it
                inherited = member.__doc__ is None and any(hasattr(base, name) for base in thing.__bases__)
                if shown and not name.startswith("_") and not inherited:
                    found[f"{path}.{name}"] = EVERYWHERE
    return found


def reference():
    """Return the names that the page has, with the module that each is looked for in."""
    text = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    module, names = "seqcompare", set()
    for line in text.splitlines():
        current = re.match(r"\.\. currentmodule:: (\S+)", line)
        entry = re.match(r"   ([\w.]+)$", line)
        if current:
            module = current[1]
        elif entry:
            names.add(f"{module}.{entry[1]}")
    return names


def test_the_reference_is_complete():
    names = reference()
    # a name that stands in two modules is shown once
    shown = {id(look_up(name)) for name in names}
    missing = [f"{module}.{name}" for module, name, thing in public() if id(thing) not in shown]
    assert missing == []


def look_up(path):
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def test_the_reference_shows_nothing_twice():
    names = sorted(reference())
    things = {}
    for name in names:
        things.setdefault(id(look_up(name)), []).append(name)
    assert [same for same in things.values() if len(same) > 1] == []


@pytest.mark.parametrize("path", sorted(documented()))
def test_a_public_docstring_has_its_sections(path):
    codes = documented()[path]
    assert [error for error in validate(path)["errors"] if error[0] in codes] == []


@pytest.mark.parametrize(
    "thing", [pytest.param(t, id=f"{m}.{n}") for m, n, t in public() if ">>>" in (inspect.getdoc(t) or "")]
)
def test_an_example_in_a_docstring_runs(thing, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = doctest.DocTestFinder(recurse=False).find(thing, thing.__name__)
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    assert found
    for example in found:
        said = []
        runner.run(example, out=said.append)
        assert not said, "".join(said)


def test_the_page_on_the_architecture_has_the_table_of_the_imports():
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \|.*\| ?([^|]*) \|$", text, re.MULTILINE)
    table = {room: set(re.findall(r"`(\w+)`", imports)) for room, imports in rows}
    assert table == {room: allowed for room, allowed in ALLOWED.items() if room not in LEAVES}
    assert all(f"`{leaf}`" in text for leaf in LEAVES)


@pytest.fixture(scope="module")
def distribution(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    return folder


def test_the_wheel_holds_the_package_and_the_data_and_nothing_else(distribution):
    (path,) = distribution.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    assert {name.split("/")[0].partition("-")[0] for name in names} == {"seqcompare"}
    package = {
        str(p.relative_to(ROOT))
        for p in (ROOT / "seqcompare").rglob("*")
        if p.suffix in (".py", ".pyi", ".toml", ".typed")
    }
    assert package <= set(names)
    data = {f"seqcompare/_data/{p.name}" for p in (ROOT / "data").iterdir() if p.is_file()}
    assert data <= set(names)
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not [name for name in names if "__pycache__" in name or "/tests/" in name]


def test_the_source_distribution_can_be_tested_and_documented(distribution):
    (path,) = distribution.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "Makefile", "pyproject.toml"} <= names
    assert {"docs/conf.py", "docs/extend.md", "docs/_templates/autosummary/class.rst"} <= names
    assert {"tests/test_published.py", "tests/conftest.py", "data/README.md"} <= names
    assert not [name for name in names if re.match(r"docs/(_build|generated)|reports|\.venv", name)]
