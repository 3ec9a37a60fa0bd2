"""How often the verdict of `compare` is right on data whose answer is known.

Six kinds of generated data, twenty sets of each (``--sets``). Every finished set is a line of the output
file, and a benchmark that was stopped goes on with those that are missing:

    python benchmarks/verdicts.py verdicts.csv
    python benchmarks/verdicts.py verdicts.csv --table
"""

from __future__ import annotations

import argparse
import csv
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import seqcompare
from seqcompare.data.sequences import Sequences
from seqcompare.tasks import Recall

COLUMNS = ["kind", "set", "right", "verdict", "entry", "model", "horizon", "look_ahead", "seconds", "said"]


def order_three(rng: np.random.Generator, n: int = 60, length: int = 60) -> seqcompare.SequenceDataset:
    """Return sequences of an order-3 source whose third lag is worth at least .05 bit."""
    while True:
        table = rng.beta(0.6, 0.6, size=8)
        if _third_lag(table) >= 0.05:
            break
    x = rng.integers(0, 2, size=(n, length + 50))
    for t in range(3, length + 50):
        x[:, t] = rng.random(n) < table[4 * x[:, t - 3] + 2 * x[:, t - 2] + x[:, t - 1]]
    return _next("order-3", x[:, 50:])


def even_process(rng: np.random.Generator, n: int = 60, length: int = 100) -> seqcompare.SequenceDataset:
    """Return runs of ones of even length between zeros: three states, no finite order."""
    x = np.zeros((n, length + 50), dtype=int)
    odd = np.zeros(n, dtype=bool)
    for t in range(length + 50):
        x[:, t] = odd | (rng.random(n) < 0.5)
        odd = (x[:, t] == 1) & ~odd
    return _next("even", x[:, 50:])


def recall(rng: np.random.Generator, n: int = 400) -> seqcompare.SequenceDataset:
    """Return streams in which a cue has to be kept for 40 steps."""
    return Recall(distance=40).sample(n, None, rng)


def noise(rng: np.random.Generator, n: int = 60, length: int = 60) -> seqcompare.SequenceDataset:
    """Return independent symbols of uneven frequency."""
    return _next("noise", rng.choice(4, size=(n, length), p=rng.dirichlet([2.0] * 4)))


def centred(rng: np.random.Generator, n: int = 60, length: int = 40) -> seqcompare.SequenceDataset:
    """Return labels that say whether the steps before and after are equal, a tenth of them wrong."""
    x = rng.integers(0, 4, size=(n, length))
    y = np.zeros_like(x)
    y[:, 1:-1] = x[:, :-2] == x[:, 2:]
    y = np.where(rng.random(x.shape) < 0.1, 1 - y, y)
    sequences = Sequences(x)
    labels = Sequences(Sequences(y).values, sequences.offsets)
    data = Sequences(sequences.values, sequences.offsets)
    return seqcompare.SequenceDataset(data, labels, None, "step", "centred")


def too_few(rng: np.random.Generator) -> seqcompare.SequenceDataset:
    """Return six short sequences of a weak order-3 source."""
    x = rng.integers(0, 2, size=(6, 12))
    for t in range(3, 12):
        x[:, t] = rng.random(6) < np.where(x[:, t - 3] == 1, 0.72, 0.28)
    return _next("few", x)


KINDS: dict[str, tuple[Callable[..., seqcompare.SequenceDataset], Callable[[object], bool]]] = {
    "order 3": (order_three, lambda v: v.model == "Markov order 3" and v.horizon == 3),
    "even process": (even_process, lambda v: v.model == "HMM 3 states"),
    "recall 40": (recall, lambda v: v.family == "recurrent" and v.horizon == 40),
    "noise": (noise, lambda v: v.kind == "chance"),
    "centred rule": (centred, lambda v: v.family == "window" and (v.horizon, v.look_ahead) == (1, 1)),
    "too few": (too_few, lambda v: v.kind == "cannot tell"),
}


def main() -> None:
    """Run what is missing, or print the table of what there is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--sets", type=int, default=20)
    parser.add_argument("--kinds", nargs="*", default=list(KINDS), choices=list(KINDS))
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--table", action="store_true")
    options = parser.parse_args()
    if options.table:
        print_table(options.out)
        return
    done = {(row["kind"], int(row["set"])) for row in read_rows(options.out)}
    for number in range(options.sets):
        for kind in options.kinds:
            if (kind, number) not in done:
                add_row(options.out, run_one(kind, number, options.jobs))


def run_one(kind: str, number: int, n_jobs: int) -> dict[str, object]:
    """Compare on one generated set, and hold the verdict against what is known."""
    make, is_right = KINDS[kind]
    data = make(np.random.default_rng([number, list(KINDS).index(kind)]))
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        verdict = seqcompare.compare(data, out=folder, n_jobs=n_jobs).verdict()
    return {
        "kind": kind,
        "set": number,
        "right": int(is_right(verdict)),
        "verdict": verdict.kind,
        "entry": verdict.entry,
        "model": verdict.model,
        "horizon": verdict.horizon,
        "look_ahead": verdict.look_ahead,
        "seconds": round(time.perf_counter() - start, 1),
        "said": verdict.sentences[0],
    }


def read_rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of the output file; none if it does not exist."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def add_row(path: Path, row: dict[str, object]) -> None:
    """Append a row to the output file, with the heads where it is new."""
    new = not path.exists()
    with path.open("a", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, COLUMNS)
        if new:
            writer.writeheader()
        writer.writerow(row)
    print(row, flush=True)


def print_table(path: Path) -> None:
    """Print the rates, and what was said of the sets that came out wrong."""
    rows = read_rows(path)
    print("| data | sets | right | mean seconds |\n|---|---|---|---|")
    for kind in KINDS:
        mine = [row for row in rows if row["kind"] == kind]
        if mine:
            right = sum(int(row["right"]) for row in mine)
            seconds = np.mean([float(row["seconds"]) for row in mine])
            print(f"| {kind} | {len(mine)} | {right} | {seconds:.0f} |")
    for row in rows:
        if row["right"] == "0":
            print(
                f"- {row['kind']}, set {row['set']}: {row['model']}, horizon {row['horizon']}. {row['said']}"
            )


def _next(name: str, x: np.ndarray) -> seqcompare.SequenceDataset:
    packed = Sequences(x)
    return seqcompare.SequenceDataset(Sequences(packed.values, packed.offsets), None, None, "next", name)


def _third_lag(table: np.ndarray) -> float:
    """Return how many bits the third step back is worth beyond the two between."""
    transition = np.zeros((8, 8))
    for state in range(8):
        for bit in (0, 1):
            transition[state, (2 * state + bit) % 8] += table[state] if bit else 1 - table[state]
    stationary = np.linalg.matrix_power(0.5 * np.eye(8) + 0.5 * transition, 4096)[0]

    def cost(p: np.ndarray, w: np.ndarray) -> float:
        p = np.clip(p, 1e-12, 1 - 1e-12)
        return float((w * -(p * np.log2(p) + (1 - p) * np.log2(1 - p))).sum())

    two = stationary[:4] + stationary[4:]
    merged = (stationary[:4] * table[:4] + stationary[4:] * table[4:]) / np.maximum(two, 1e-300)
    return cost(merged, two) - cost(table, stationary)


if __name__ == "__main__":
    main()
