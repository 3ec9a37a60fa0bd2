"""How much memory is free: to the machine, and to what holds this process to less."""

from __future__ import annotations

import re
from pathlib import Path

_MACHINE = Path("/proc/meminfo")
# of a container, in both versions of control groups: the limit, what is used, and what is told of it
_GROUPS = (
    (Path("/sys/fs/cgroup"), "memory.max", "memory.current"),
    (Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes", "memory.usage_in_bytes"),
)


def free_memory() -> int | None:
    """Return the bytes that this process may still take, as far as the system tells; None if it does not."""
    found = [_of_machine(), *(_of_group(*group) for group in _GROUPS), _of_process()]
    told = [free for free in found if free is not None]
    return max(min(told), 0) if told else None


def _of_machine() -> int | None:
    try:
        # what other systems call free leaves out what caches would give back
        known = re.search(r"MemAvailable:\s+([0-9]+) kB", _MACHINE.read_text("ascii"))
    except OSError:
        return None
    return int(known[1]) * 2**10 if known else None


def _of_group(folder: Path, most: str, used: str) -> int | None:
    """Return what a container has left, with the cached files that it would give back."""
    try:
        limit, taken = (folder / most).read_text("ascii").strip(), int((folder / used).read_text("ascii"))
        cached = re.search(
            r"^(?:total_)?inactive_file ([0-9]+)", (folder / "memory.stat").read_text("ascii"), re.M
        )
    except (OSError, ValueError):
        return None
    # "max" is no limit, and the first version writes a number that is beyond any memory
    return int(limit) - taken + int(cached[1] if cached else 0) if limit.isdecimal() else None


def _of_process() -> int | None:
    """Return what is left of the address space (``ulimit -v``)."""
    try:
        import resource

        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    except (ImportError, OSError):
        return None
    return None if limit == resource.RLIM_INFINITY else limit - pages * resource.getpagesize()
