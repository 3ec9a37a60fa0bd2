"""What the documentation shows must run, and what it links to must exist."""

import re
from pathlib import Path

import pytest

from seqcompare.datasets import read

ROOT = Path(__file__).parent.parent
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
    ROOT / "data" / "README.md",
]

# recipes run each by itself, from files of their own: see test_recipes.py
RECIPES = [ROOT / "docs" / name for name in ("extend.md", "extend-around.md", "pytorch.md")]


def blocks(page: Path) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def names(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page) and page not in RECIPES], ids=names)
def test_examples_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # a worker for each core would take longer to start than what is shown takes
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
    namespace = {"__name__": "__main__"}
    for code in blocks(page):
        exec(compile(code, names(page), "exec"), namespace)
    assert len(namespace) > 1


def test_the_data_of_the_first_commands_are_there():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r"^seqcompare (?:inspect|profile|compare) (\S+)(.*?)(?:  +#|$)", text, re.MULTILINE)
    assert len(commands) > 3
    for data, options in commands:
        assert not options
        assert len(read(ROOT / data if "/" in data else data)) > 1
    assert set(re.findall(r'seqcompare\.(?:compare|profile)\("([^"]+)"', text)) <= {
        data for data, _ in commands
    }


@pytest.mark.parametrize("page", PAGES, ids=names)
def test_links_lead_somewhere(page):
    targets = re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
    for target in targets:
        path, _, anchor = target.partition("#")
        if "://" in target:
            continue
        place = page.parent / path if path else page
        assert place.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", place.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in [heading.lower().replace(" ", "-") for heading in headings], target
