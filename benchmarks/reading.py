"""Whole and damaged files of all formats, read by ``seqcompare inspect``: how each ends.

Each must end in exit 0, or in one line and exit 2, within 10 s and 1 GiB:

    python benchmarks/reading.py            # 2,000 files
    python benchmarks/reading.py 200 7      # so many, from another seed
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "data"))


def main(n: int = 2000, seed: int = 0) -> None:
    """Read n files and print how they ended."""
    from fuzz_files import Reading, files, warm

    codes: Counter[int] = Counter()
    seconds, memory, faults, tracebacks = 0.0, 0, [], 0
    with tempfile.TemporaryDirectory() as folder, Reading() as reading:
        warm(folder)
        for done, (name, content) in enumerate(files(n, seed)):
            if done % 100 == 99:
                print(f"{done + 1:,} of {n:,} files", flush=True)
            path = Path(folder, name)
            path.write_bytes(content)
            found = reading.inspected(path)
            codes[found.code] += 1
            seconds, memory = max(seconds, found.seconds), max(memory, found.memory)
            tracebacks += "Traceback" in found.error
            if found.fault:
                faults.append(name)
                print(f"{name}: {found.fault} {content[:300]!r}", flush=True)
            path.unlink()
    print("\n| files | exit 0 | exit 2, one line | slowest | most memory | tracebacks | faults |")
    print("|---|---|---|---|---|---|---|")
    print(f"| {n:,} | {codes[0]:,} | {codes[2]:,} | {seconds:.1f} s | {memory / 2**20:.0f} MiB "
          f"| {tracebacks} | {len(faults)} |")  # fmt: skip


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
