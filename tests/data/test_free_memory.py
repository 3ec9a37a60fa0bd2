"""What is free is the least of what the machine, the container and the process have left."""

import subprocess
import sys

import pytest

from seqcompare.data import free_memory
from seqcompare.data.free_memory import free_memory as free


@pytest.fixture
def system(tmp_path, monkeypatch):
    (tmp_path / "meminfo").write_text("MemTotal: 99 kB\nMemAvailable:    1000000 kB\n")
    monkeypatch.setattr(free_memory, "_MACHINE", tmp_path / "meminfo")
    monkeypatch.setattr(free_memory, "_GROUPS", ((tmp_path, "memory.max", "memory.current"),))
    monkeypatch.setattr(free_memory, "_of_process", lambda: None)
    return tmp_path


def test_a_machine_says_what_is_available(system):
    assert free() == 1_000_000 * 1024
    (system / "meminfo").unlink()
    assert free() is None


@pytest.mark.parametrize(
    ("limit", "expected"), [("max", 1_000_000 * 1024), ("5000000", 2_300_000), ("2000000", 0)]
)
def test_a_container_has_less(system, limit, expected):
    (system / "memory.max").write_text(f"{limit}\n")
    (system / "memory.current").write_text("3000000\n")
    (system / "memory.stat").write_text("anon 5\ninactive_file 300000\nactive_file 7\n")
    assert free() == expected


@pytest.mark.skipif(sys.platform != "linux", reason="limits of a process are read from /proc")
def test_a_process_may_be_held_to_less():
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30));"
        "from seqcompare.data.free_memory import free_memory; print(free_memory())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 0 < int(done.stdout) < 2**30
