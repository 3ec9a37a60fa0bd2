"""Whatever a file holds, it is read whole or refused in one line."""

from pathlib import Path

import numpy as np
import pytest

from seqcompare.data.readers import READERS
from seqcompare.datasets import DataError, read

CASES = sorted(path for path in (Path(__file__).parents[1] / "cases").iterdir() if path.name != "README.md")
SCRAPS = [b",", b"\n", b"", b"-", b"NA", b"\t", b'"', b"9" * 400, b"1e999", b"inf", b";", b"#", b" "]


def damaged(content: bytes, random: np.random.Generator) -> bytes:
    """Return a file of which lines are lost or doubled, cells swapped, and bytes replaced."""
    lines = content[:3000].split(b"\n")
    for _ in range(random.integers(1, 4)):
        i = random.integers(len(lines))
        change = random.integers(4)
        if change == 0:
            del lines[i]
        elif change == 1:
            lines.insert(i, lines[random.integers(len(lines))])
        elif lines[i]:
            at = random.integers(len(lines[i]))
            scrap = SCRAPS[random.integers(len(SCRAPS))]
            lines[i] = lines[i][:at] + scrap + lines[i][at + random.integers(3) :]
        lines = lines or [b""]
    return b"\n".join(lines)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_damaged_file_is_read_or_refused(path, tmp_path):
    random = np.random.default_rng(len(path.name))
    endings = [suffix for reader in READERS.values() for suffix in reader.suffixes[:1]]
    for i in range(4):
        ending = path.suffix if i < 3 else endings[random.integers(len(endings))]
        file = tmp_path / f"a{ending}"
        file.write_bytes(damaged(path.read_bytes(), random))
        data, refusal = None, ""
        try:
            data = read(file)
        except DataError as error:
            refusal = str(error)
        assert "\n" not in refusal
        assert refusal or data.X.n_steps > 0
