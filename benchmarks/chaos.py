"""What becomes of runs that are killed, of folders and files that are damaged, and of full disks.

Each part prints a row: what was done how often, and how often something was lost, a traceback was seen, a
process was left behind, or a folder could be neither gone on with nor begun afresh. ``--share`` makes less of
each part:

    python benchmarks/chaos.py --parts folders models kills workers phases twice full files threads cold
    python benchmarks/chaos.py --parts dask        # needs the extra
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from chaos_folders import folders, mutated
from chaos_runs import (
    call,
    finished,
    full,
    is_kept,
    kills,
    phases,
    results,
    twice,
    workers,
    works,
)
from sklearn.base import clone

import seqcompare

ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}


# ---------------------------------------------------------------------- model files


def models(n: int, seed: int = 4) -> dict[str, object]:
    """Damage files of models: each is loaded, or ends in one error that names it."""
    rng = random.Random(seed)
    wrong = 0
    with tempfile.TemporaryDirectory() as temporary:
        path, broken = Path(temporary) / "whole.skops", Path(temporary) / "broken.skops"
        for model in (
            seqcompare.MarkovChain(order=2),
            seqcompare.HMM(n_components=2, random_state=0),
            seqcompare.NextStep(seqcompare.WindowTagger(before=2)),
        ):
            seqcompare.save(model.fit(["ABCABA", "BACABC"] * 5), path)
            for _ in range(n // 3):
                broken.write_bytes(mutated(path.read_bytes(), rng))
                try:
                    seqcompare.load(broken)
                except ValueError as error:
                    wrong += str(broken) not in str(error)
                except BaseException as error:  # that nothing else escapes is what is measured
                    wrong += 1
                    print("models", type(error).__name__, str(error)[:200], file=sys.stderr)
    return {"done": 3 * (n // 3), "tracebacks": wrong}


# ---------------------------------------------------------------------- data files, threads, Dask


def files(n: int, seed: int = 5) -> dict[str, object]:
    """Read whole and damaged files of data by ``seqcompare inspect``: exit 0, or one line and exit 2."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "data"))
    from fuzz_files import Reading, warm
    from fuzz_files import files as drawn

    wrong = 0
    with tempfile.TemporaryDirectory() as temporary, Reading() as reading:
        warm(temporary)
        for name, content in drawn(n, seed):
            path = Path(temporary, name)
            path.write_bytes(content)
            found = reading.inspected(path)
            if found.fault or (found.code and name not in found.error):
                wrong += 1
                print("files", name, found.fault or found.error, content[:300], file=sys.stderr)
            path.unlink()
    return {"done": n, "tracebacks": wrong}


def threads(n: int, seed: int = 6) -> dict[str, object]:
    """Fit models of a class in eight threads at once: each answers as one that was fitted alone."""
    rng = np.random.default_rng(seed)
    wrong = 0
    for number in range(n):
        words = ["".join(rng.choice(list("AB"), 12)) for _ in range(8)]
        numbers = [rng.normal(size=(12, 1)) for _ in range(8)]
        model: Any = (
            seqcompare.MarkovChain(order=2),
            seqcompare.HMM(n_init=2, random_state=0),
            seqcompare.NextStep(seqcompare.WindowTagger(before=2)),
            seqcompare.NextStep(seqcompare.RNNTagger(hidden_size=4, max_iter=3, random_state=0)),
            seqcompare.Autoregression(2),
            seqcompare.LinearStateSpace(1, max_iter=20),
        )[number % 6]
        X: Any = words if number % 6 < 4 else numbers
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # so short a training does not converge
            alone = _scores(model, X)
            with ThreadPoolExecutor(8) as pool:
                at_once = list(pool.map(_scores, [model] * 8, [X] * 8))
        for scores in at_once:
            wrong += not np.allclose(scores, alone, rtol=1e-9, atol=1e-9)
    return {"done": 8 * n, "lost": wrong}


def _scores(model: Any, X: Any) -> Any:
    return clone(model).fit(X).score_samples(X)


COLD = """
import seqcompare
model = seqcompare.MarkovChain(order=2).fit(["ABBABA", "BABAAB"])
print(repr(float(model.score(["ABAB"]))))
"""


def cold(n: int) -> dict[str, object]:
    """Let processes begin at once where no kernel is compiled: all compile or load them, and answer alike."""
    with tempfile.TemporaryDirectory() as cache:
        environment = {**ENVIRONMENT, "NUMBA_CACHE_DIR": cache}
        begun = [
            subprocess.Popen(
                [sys.executable, "-c", COLD],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env=environment,
            )
            for _ in range(n)
        ]
        ended = [(*process.communicate(), process.returncode) for process in begun]
    for _, said, code in ended:
        if code:
            print("cold", code, said[-300:], file=sys.stderr)
    return {
        "done": n,
        "lost": len({out for out, _, _ in ended}) - 1,
        "tracebacks": sum(c != 0 for *_, c in ended),
    }


def dask(n: int, seed: int = 7) -> dict[str, object]:
    """Kill workers of Dask in the middle of a sweep, which goes on with others."""
    from distributed import LocalCluster

    rng = random.Random(seed)
    done = lost = tracebacks = run = 0
    with (
        tempfile.TemporaryDirectory() as temporary,
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
    ):
        base = Path(temporary)
        work = works(base)["sweep"]
        where = ("--backend", "dask", "--scheduler", cluster.scheduler_address)
        alone = base / "alone"
        call(*work.into(alone))
        while done < n:
            folder, run = base / f"run {run}", run + 1
            words = [sys.executable, "-m", "seqcompare", *map(str, work.into(folder)), *where]
            process = subprocess.Popen(
                words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT
            )
            before: dict[str, float] = {}
            while process.poll() is None and done < n:
                if len(finished(folder)) > len(before):
                    before = finished(folder)
                    pids = [worker.pid for worker in cluster.workers.values() if worker.pid]
                    with suppress(ProcessLookupError):
                        os.kill(rng.choice(pids), signal.SIGKILL)
                        done += 1
                    time.sleep(rng.uniform(3, 6))
                time.sleep(0.05)
            said, code = process.communicate()[1], process.returncode
            if "Traceback" in said or code != 0:
                tracebacks += 1
                print("dask", code, said[-2000:], file=sys.stderr)
            lost += not is_kept(before, folder) or not results(folder).equals(results(alone))
    return {"done": done, "lost": lost, "tracebacks": tracebacks}


#: What is done, and how often at a share of 1.
PARTS: dict[str, tuple[Callable[[int], dict[str, object]], int]] = {
    "folders": (folders, 200),
    "models": (models, 1002),
    "kills": (kills, 60),
    "workers": (workers, 60),
    "phases": (phases, 120),
    "twice": (twice, 8),
    "full": (full, 20),
    "files": (files, 2000),
    "threads": (threads, 60),
    "cold": (cold, 8),
    "dask": (dask, 10),
}
HEADS = ("done", "lost", "tracebacks", "orphans", "locked")


def main() -> None:
    """Run the parts, and print a row for each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--parts", nargs="*", choices=PARTS, default=[name for name in PARTS if name != "dask"]
    )
    parser.add_argument("--share", type=float, default=1.0, help="of how often each is done")
    asked = parser.parse_args()
    print(f"| what | {' | '.join(HEADS)} | seconds |\n|{'---|' * (len(HEADS) + 2)}")
    for name in asked.parts:
        part, often = PARTS[name]
        begun = time.monotonic()
        found = part(max(1, round(often * asked.share)))
        cells = [str(found.get(head, "")) for head in HEADS]
        print(f"| {name} | {' | '.join(cells)} | {time.monotonic() - begun:.0f} |", flush=True)


if __name__ == "__main__":
    main()
