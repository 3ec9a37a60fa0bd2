"""Whatever a file holds, it is read whole or refused in one line, soon and in little memory."""

import pytest
from fuzz_files import files, inspected, warm


@pytest.fixture(scope="module")
def warmed(tmp_path_factory):
    warm(tmp_path_factory.mktemp("warm"))


@pytest.mark.parametrize("number", range(4))
def test_a_damaged_file_is_read_or_refused(number, tmp_path, warmed):
    faults = []
    for name, content in files(50, 100 + number):
        path = tmp_path / name
        path.write_bytes(content)
        found = inspected(path)
        if found.fault:
            faults.append((name, found.fault))
    assert not faults
