"""What the harness costs beside the trials themselves.

Runs a small sweep in one process and in two workers, and compares its time with that inside the trials:

    python benchmarks/harness.py
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import seqcompare

SUITE = {
    "title": "Harness",
    "seeds": 3,
    "distances": [2, 4, 8, 16],
    "n_train": 500,
    "n_validation": 200,
    "n_test": 500,
    "epochs": 15,
    "max_seconds": 60,
    "tasks": [{"name": "Recall"}, {"name": "LagChain"}],
    "models": [
        {"variant": "markov", "ladder": [1, 4]},
        {"variant": "logistic", "ladder": [8]},
        {"variant": "lstm", "ladder": [32]},
    ],
}


def main() -> None:
    """Run the sweep with one process and with two, and print the shares."""
    print("n_jobs trials   wall s  in trials s  in fits s  overhead  parent's processor s (share of trials)")
    for n_jobs in (1, 2):
        with tempfile.TemporaryDirectory() as folder:
            # the first sweep starts the workers and compiles
            seqcompare.sweep(SUITE, Path(folder) / "warm", only="markov", n_jobs=n_jobs)
            start, busy = time.perf_counter(), time.process_time()
            run = seqcompare.sweep(SUITE, Path(folder) / "run", n_jobs=n_jobs)
            wall, busy = time.perf_counter() - start, time.process_time() - busy
            frame = run.frame()
        inside, fits = frame["trial_seconds"].sum(), frame["fit_seconds"].sum()
        # what the workers could have done in that time, less what they spent inside trials; on a machine that
        # does other things as well, only the parent's processor time means something for two workers
        overhead = n_jobs * wall / inside - 1
        line = f"{n_jobs:6} {len(frame):6} {wall:8.2f} {inside:12.2f} {fits:10.2f} {overhead:9.1%}"
        print(line + (f"  {busy:.2f} ({busy / inside:.1%})" if n_jobs > 1 else ""), flush=True)


if __name__ == "__main__":
    main()
