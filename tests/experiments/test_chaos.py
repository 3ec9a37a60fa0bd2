"""A twentieth of `benchmarks/chaos.py`: what was damaged is refused in one line that names it, or works."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from chaos import PARTS


@pytest.mark.parametrize("part", ["models", "threads", "folders", "phases", "twice", "full"])
def test_nothing_is_lost_and_nothing_escapes(part):
    work, often = PARTS[part]
    share = max(often // 20, 1)
    found = work(share)
    assert found.pop("done") >= share - 2
    assert not any(found.values()), found
