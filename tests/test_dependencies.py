"""What the package rests on stands in the documentation, with its licence."""

import re
import tomllib
from importlib.metadata import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PAGE = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
TABLE = dict(re.findall(r"^\| ([\w-]+) \| [^|]* \| ([^|]+) \|", PAGE, re.MULTILINE))
FREE = re.compile(r"BSD|MIT|Apache|PSF|Python Software Foundation|HPND|Matplotlib", re.IGNORECASE)


def names():
    optional = PROJECT["optional-dependencies"]
    every = [
        *PROJECT["dependencies"],
        *(n for k in ("dask", "excel", "onnx", "parquet") for n in optional[k]),
    ]
    return [re.match(r"[\w-]+", requirement)[0] for requirement in every]


def licence(name):
    """Return what a package says of its licence."""
    said = metadata(name)
    words = [said.get("License-Expression") or ""]
    words += [value for key, value in said.items() if key == "Classifier" and value.startswith("License ::")]
    words += (said.get("License") or "").splitlines()[:1]
    return " ".join(words)


def test_the_page_has_all_of_them_with_their_lowest_versions():
    assert [name for name in TABLE if name != "package"] == sorted(names())
    for requirement in PROJECT["dependencies"]:
        name, _, lowest = requirement.partition(">=")
        assert f"| {name} | {lowest} |" in PAGE, name


@pytest.mark.parametrize("name", sorted(set(names()) - {"skops"}))  # which says nothing
def test_licences_are_those_that_packages_name(name):
    word = TABLE[name].split()[0].partition("-")[0]
    assert word.lower() in licence(name).lower(), (TABLE[name], licence(name))
    assert FREE.search(TABLE[name])
