"""Whether comparisons of ten million steps end within their budget, and with the answer that is known.

Three sources whose answer is known: a chain of order 2 over four symbols, an autoregression of order 2, and
labels that the last three symbols decide, a tenth of which is noise. Each is written as Parquet and compared
by the command line, report included. Beside the answer stand the seconds by the clock, those of the
processors, and the most memory that a process took.

    python benchmarks/long_compare.py --out FOLDER [--only SOURCE] [--steps 10000000] [--budget 10m]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.signal import lfilter

LENGTH = 1_000
_COMMAND = [sys.executable, "-c", "from seqcompare.cli import main; main()", "compare"]


def chain(n_sequences: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return steps of a chain of order 2, (n_sequences, LENGTH)."""
    rows = rng.dirichlet(np.full(4, 0.5), 16).cumsum(axis=1)
    x = rng.integers(0, 4, (n_sequences, LENGTH))
    for t in range(2, LENGTH):
        u = rng.random((n_sequences, 1))
        x[:, t] = (u > rows[4 * x[:, t - 2] + x[:, t - 1], :-1]).sum(axis=1)
    return {"x": np.array(list("abcd"))[x]}


def autoregression(n_sequences: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return steps of an autoregression of order 2, (n_sequences, LENGTH)."""
    noise = rng.normal(size=(n_sequences, LENGTH + 100))
    return {"x": lfilter([1.0], [1.0, -0.5, -0.3], noise, axis=1)[:, 100:]}


def labels(n_sequences: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return symbols and labels that the symbols 0, 1 and 2 steps back decide, (n_sequences, LENGTH) each."""
    table = rng.integers(0, 3, 64)
    x = rng.integers(0, 4, (n_sequences, LENGTH + 2))
    y = table[16 * x[:, :-2] + 4 * x[:, 1:-1] + x[:, 2:]]
    y = np.where(rng.random(y.shape) < 0.1, rng.integers(0, 3, y.shape), y)
    return {"x": np.array(list("abcd"))[x[:, 2:]], "y": np.array(["no", "so", "yes"])[y]}


SOURCES = {"chain": chain, "autoregression": autoregression, "labels": labels}


def compare(name: str, n_steps: int, budget: str, folder: Path) -> dict[str, object]:
    """Write a source to a file, compare it, and return what is said of it and what that took."""
    columns = SOURCES[name](n_steps // LENGTH, np.random.default_rng(0))
    ids = np.repeat(np.arange(n_steps // LENGTH), LENGTH)
    path, out = folder / f"{name}.parquet", folder / f"{name}-{n_steps}-{budget}"
    folder.mkdir(parents=True, exist_ok=True)
    pd.DataFrame({"id": ids, **{c: v.ravel() for c, v in columns.items()}}).to_parquet(path)
    reading = ["--sequence", "id", "--values", "x", *(["--target", "y"] if "y" in columns else [])]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    command = [*_COMMAND, str(path), *reading, "--budget", budget, "--out", str(out), "--fresh", "--quiet"]
    ended = subprocess.run(command, check=False, env={**os.environ, "OMP_NUM_THREADS": "1"})
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic() - began
    found = {} if ended.returncode else json.loads((out / "answer.json").read_text(encoding="utf-8"))
    return {
        "source": name,
        "steps": n_steps,
        "budget": budget,
        "ended": ended.returncode,
        "seconds": round(wall),
        "of the processors": round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime),
        "MB": round(after.ru_maxrss / 1024),
        **{tile["label"]: f"{tile['value']} ({tile['note']})" for tile in found.get("tiles", [])},
    }


def main() -> None:
    """Compare each source, a line of JSON each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", choices=list(SOURCES))
    parser.add_argument("--steps", type=int, default=10_000_000)
    parser.add_argument("--budget", default="10m")
    options = parser.parse_args()
    for name in [options.only] if options.only else SOURCES:
        print(json.dumps(compare(name, options.steps, options.budget, options.out)), flush=True)


if __name__ == "__main__":
    main()
