"""Tables larger than memory: what a chain costs that counts a Parquet file part by part.

The file is written first, part by part as well. Chain and context tree then count it in a process of its own,
whose address space is limited; what is printed is its time, its peak of memory above that of the imports, and
what its model costs on data of the same source, beside the optimum.

    python benchmarks/parts.py [--steps 10000000] [--limit 4] [--models chain tree]
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet

import seqcompare
from seqcompare import ContextTree, MarkovChain

LENGTH, SYMBOLS, PART = 1_000, 4, 1_000_000
MODELS = {"chain": lambda: MarkovChain(order=3), "tree": lambda: ContextTree(depth=8)}


def source(n_steps, seed):
    """Return sequences of a chain of order 2, end to end, and what a step of them costs at best."""
    table = np.random.default_rng(0).dirichlet(np.full(SYMBOLS, 0.5), (SYMBOLS, SYMBOLS))
    rng = np.random.default_rng(seed)
    n = n_steps // LENGTH
    steps = np.empty((n, LENGTH), dtype=np.int8)
    steps[:, :2] = rng.integers(SYMBOLS, size=(n, 2))
    sums = table.cumsum(axis=-1)
    bits = np.zeros(n)
    for t in range(2, LENGTH):
        row = sums[steps[:, t - 2], steps[:, t - 1]]
        steps[:, t] = np.minimum((rng.random((n, 1)) > row).sum(axis=1), SYMBOLS - 1)
        bits -= np.log2(table[steps[:, t - 2], steps[:, t - 1], steps[:, t]])
    return steps, bits.mean() / (LENGTH - 2)


def write(path, n_steps):
    """Write a table of so many steps."""
    schema = pyarrow.schema([("id", pyarrow.int32()), ("page", pyarrow.int8())])
    with pyarrow.parquet.ParquetWriter(path, schema) as file:
        for k in range(n_steps // PART):
            steps, _ = source(PART, seed=k + 1)
            ids = np.repeat(np.arange(len(steps), dtype=np.int32) + k * len(steps), LENGTH)
            file.write_table(pyarrow.table({"id": ids, "page": steps.ravel()}, schema=schema))


def count(path, name, limit):
    """Count the table in parts, and print what that took."""
    resource.setrlimit(resource.RLIMIT_AS, (int(limit * 2**30),) * 2)
    model = MODELS[name]()
    model.fit([np.array([0, 1])])  # what is compiled and imported once
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    model, start = MODELS[name](), time.process_time()
    for part in seqcompare.datasets.read_parts(path, sequence="id", values="page", kind="symbols"):
        model.partial_fit(part.X)
    took = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    new, best = source(200_000, seed=0)
    bits = -model.score_samples(list(new.astype(np.int64))).sum() / np.log(2)
    first = -model.score_samples(list(new[:, :2].astype(np.int64))).sum() / np.log(2)
    cost = (bits - first) / (new.size - 2 * len(new))
    print(json.dumps({"seconds": took, "peak_mb": peak - before, "above_optimum": cost - best}))


def main():
    """Write the table, and count it with each model."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=10_000_000)
    parser.add_argument("--limit", type=float, default=4.0, help="address space of the process, in GiB")
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--count", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.count:
        count(*options.count, options.limit)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pages.parquet"
        write(path, options.steps)
        size = path.stat().st_size / 2**20
        print(f"{options.steps:,} steps, {size:.0f} MiB on disk, at most {options.limit:g} GiB")
        for name in options.models:
            command = [sys.executable, __file__, "--limit", str(options.limit), "--count", str(path), name]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                raise SystemExit(done.stderr.splitlines()[-1])
            found = json.loads(done.stdout)
            cells = [
                f"{found['seconds']:.1f} s",
                f"{found['peak_mb']:.0f} MB",
                f"{found['above_optimum']:.5f} bit",
            ]
            print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
