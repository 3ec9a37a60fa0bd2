"""Whatever a file holds, it is read whole or refused in one line, soon and in little memory."""

import pytest
from fuzz_files import Reading, files

from seqcompare.datasets import DataError, read


@pytest.mark.parametrize("number", range(4))
def test_a_damaged_file_is_read_or_refused(number, tmp_path):
    for name, content in files(50, 100 + number):
        path = tmp_path / name
        path.write_bytes(content)
        data, refusal = None, ""
        try:
            data = read(path)
        except DataError as error:
            refusal = str(error)
        assert "\n" not in refusal
        assert refusal or data.X.n_steps > 0


def test_the_command_line_ends_soon_and_in_little_memory(tmp_path):
    # what is refused takes no kernel that would have to be compiled
    with Reading() as reading:
        for name, content in (("a.csv", b"id,t\n1"), ("a.ts", b"@data\n1,\xb2\n"), ("a.npy", b"\x93NUMPY")):
            path = tmp_path / name
            path.write_bytes(content)
            found = reading.inspected(path)
            assert found.code == 2
            assert not found.fault
