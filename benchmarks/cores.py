"""How much sooner a comparison ends on two workers than on one, and what a quick sweep takes beside its fits.

Each runs by the command line, report included, on a machine that does nothing else. The tables of both
comparisons must be equal but for costs. Overhead of the sweep is what workers have at their hands between
the first and the last trial and do not spend in trials.

    python benchmarks/cores.py --out FOLDER [--data digits] [--backend dask]
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

import pandas as pd

from seqcompare import load_run

_COMMAND = [sys.executable, "-c", "from seqcompare.cli import main; main()"]
#: Columns that say how long something took, or how much memory.
_COSTS = ["fit_seconds", "predict_us_per_step", "peak_memory_mb", "trial_seconds"]


def run(*words: str) -> dict[str, float]:
    """Run a command; return its seconds, by the clock and of the processors."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run([*_COMMAND, *words, "--quiet"], check=True, stdout=subprocess.DEVNULL, env=environment)
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic() - began
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": round(wall, 1), "of the processors": round(spent, 1)}


def table(folder: Path) -> pd.DataFrame:
    """Return the rows of a run without what they cost."""
    return load_run(folder).frame().drop(columns=_COSTS).sort_values("trial_id", ignore_index=True)


def main() -> None:
    """Run the comparison on one worker and on two, and the sweep on two; a line of JSON each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--data", default="digits")
    parser.add_argument("--backend", default="loky")
    options = parser.parse_args()
    took = {}
    for jobs in (2, 1):
        folder = options.out / f"{options.data}-{jobs}"
        how = ["--jobs", str(jobs), *(["--backend", options.backend] if jobs > 1 else [])]
        found = run("compare", options.data, "--budget", "none", "--out", str(folder), "--fresh", *how)
        took[jobs] = found["seconds"]
        print(json.dumps({"compare": options.data, "workers": jobs, **found}), flush=True)
    pd.testing.assert_frame_equal(*(table(options.out / f"{options.data}-{jobs}") for jobs in (1, 2)))
    print(json.dumps({"compare": options.data, "speed-up": round(took[1] / took[2], 2)}), flush=True)
    found = run("sweep", "quick", "--jobs", "2", "--out", str(options.out / "quick"), "--fresh")
    trials = load_run(options.out / "quick").frame()["trial_seconds"].sum()
    print(json.dumps({"sweep": "quick", **found, "in trials": round(float(trials), 1)}), flush=True)


if __name__ == "__main__":
    main()
