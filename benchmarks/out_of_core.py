"""Data larger than memory: a chain, a context tree and a profile of Parquet files, a process each.

The files are written first, one after the other, from a source of order 2 whose entropy is known. A process
may not use more address space than the limit; libraries reserve much of it that they never touch, so that the
peak of resident memory is printed beside. The counts of the chain are held against counts by NumPy.

    python benchmarks/out_of_core.py [--steps 10000000] [--symbols 4 64] [--limit 4]
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
from seqcompare import ContextTree, MarkovChain, Sequences

LENGTH, FILE = 1_000, 5_000_000
WHAT = ("chain", "tree", "profile")


def source(n_symbols):
    """Return p(x[t] | x[t-2], x[t-1]): where it goes on is told by both, among few."""
    return np.random.default_rng(0).dirichlet(np.full(n_symbols, 4 / n_symbols), (n_symbols, n_symbols))


def draw(table, n_sequences, seed):
    """Return sequences of the source, shape (n_sequences, LENGTH), and what a step costs at best, in bits."""
    n_symbols, rng = len(table), np.random.default_rng(seed)
    steps = np.empty((n_sequences, LENGTH), dtype=np.int8)
    steps[:, :2] = rng.integers(n_symbols, size=(n_sequences, 2))
    sums, bits = table.cumsum(axis=-1), 0.0
    for t in range(2, LENGTH):
        before = steps[:, t - 2], steps[:, t - 1]
        row = sums[before]
        steps[:, t] = np.minimum((rng.random((n_sequences, 1)) > row).sum(axis=1), n_symbols - 1)
        bits -= np.log2(np.maximum(table[(*before, steps[:, t])], 1e-300)).sum()
    return steps, bits / steps[:, 2:].size


def write(folder, n_steps, n_symbols):
    """Write the files, of at most FILE steps; return how often each symbol followed each pair."""
    table, first, counts = source(n_symbols), 0, np.zeros(n_symbols**3, dtype=np.int64)
    for k, start in enumerate(range(0, n_steps, FILE)):
        n = min(FILE, n_steps - start) // LENGTH
        steps, _ = draw(table, n, seed=k + 1)
        ids = np.repeat(np.arange(first, first + n, dtype=np.int32), LENGTH)
        found = pyarrow.table({"id": ids, "page": steps.ravel()})
        pyarrow.parquet.write_table(found, folder / f"{k:04}.parquet", row_group_size=1_000_000)
        wide, first = steps.astype(np.int32), first + n
        triple = (wide[:, :-2] * n_symbols + wide[:, 1:-1]) * n_symbols + wide[:, 2:]
        counts += np.bincount(triple.ravel(), minlength=n_symbols**3)
    return counts


def measure(folder, what, n_symbols, limit):
    """Do one of the three, and print what it took and what came of it."""
    warm = [np.random.default_rng(0).integers(0, 2, 50) for _ in range(30)]
    # what is compiled and imported once
    MarkovChain(2).fit(warm), ContextTree(4).fit(warm), seqcompare.profile(warm)
    resource.setrlimit(resource.RLIMIT_AS, (int(limit * 2**30),) * 2)
    before, start, found = peak(), time.perf_counter(), {}
    parts = seqcompare.datasets.read_parts(folder, sequence="id", values="page", kind="symbols")
    if what == "profile":
        profile = seqcompare.profile(parts)
        found = {"said": f"reach {profile.reach}, order {profile.order}"}
    else:
        model = MarkovChain(2) if what == "chain" else ContextTree(8)
        seqcompare.fit_parts(model, parts)
    found["seconds"] = time.perf_counter() - start
    found |= {"peak_mb": peak(), "start_mb": before}
    if what != "profile":
        new, best = draw(source(n_symbols), 200, seed=0)
        X = Sequences(list(new.astype(np.int64)))
        bits = -np.concatenate([x[2:] for x in model.score_steps(X)]).mean() / np.log(2)
        found["above"] = bits - best
    if what == "chain":
        codes, counts = model.counts_.nodes(3), model.counts_
        pairs = counts.spread(np.arange(counts.nodes(2).stop - counts.nodes(2).start), 2)
        first = counts.spread(np.arange(n_symbols + 1), 1)[pairs]
        second = counts.code[counts.nodes(2)][pairs]
        third, n = counts.code[codes], counts.count[codes]
        inside = (first < n_symbols) & (second < n_symbols) & (third < n_symbols)
        key = ((first * n_symbols + second) * n_symbols + third)[inside]
        by_numpy = np.load(folder.parent / "counts.npy")
        ours = np.bincount(key, n[inside], minlength=len(by_numpy))
        found["said"] = "counts as by NumPy" if np.array_equal(ours, by_numpy) else "COUNTS DIFFER"
    print(json.dumps(found))


def peak():
    """Return the largest resident memory so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main():
    """Write the files, and measure each of the three."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=10_000_000)
    parser.add_argument("--symbols", type=int, nargs="+", default=[4, 64])
    parser.add_argument("--limit", type=float, default=4.0, help="address space of each process, in GiB")
    parser.add_argument("--what", nargs="+", choices=WHAT, default=list(WHAT))
    parser.add_argument("--measure", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        folder, what, n_symbols = options.measure
        measure(Path(folder), what, int(n_symbols), options.limit)
        return
    print("| symbols | steps | | seconds | steps a second | peak MB (at the start) | above optimum | |")
    print("|---|---|---|---|---|---|---|---|")
    for n_symbols in options.symbols:
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place, "files")
            folder.mkdir()
            np.save(Path(place, "counts.npy"), write(folder, options.steps, n_symbols))
            for what in options.what:
                command = [sys.executable, __file__, "--limit", str(options.limit)]
                command += ["--measure", str(folder), what, str(n_symbols)]
                done = subprocess.run(command, capture_output=True, text=True)
                if done.returncode:
                    raise SystemExit(done.stderr.splitlines()[-1])
                found = json.loads(done.stdout.splitlines()[-1])
                memory = f"{found['peak_mb']:.0f} ({found['start_mb']:.0f})"
                above = f"{found['above']:.5f} bit" if "above" in found else ""
                print(
                    f"| {n_symbols} | {options.steps:,} | {what} | {found['seconds']:.1f} | "
                    f"{options.steps / found['seconds']:,.0f} | {memory} "
                    f"| {above} | {found.get('said', '')} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
