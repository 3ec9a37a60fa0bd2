"""A comparison on a Dask cluster of this machine: the same tables, a killed worker, bytes shipped, speed-up.

Each way is run in turn with the others, and the quickest of its runs counts, since whatever else the machine
does is in all of them. The speed-up that seconds of the processor allow is beside that of the clock: all of
them, over those of this process and of the worker that was busiest. Bytes are those that Dask writes to
connections, in all processes, beside what trials would take that carry the data.

    python benchmarks/cluster.py [--repeats 2] [--sequences 200] [--length 300]      # needs the extra dask
"""

from __future__ import annotations

import argparse
import os
import signal
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
from distributed import Client, LocalCluster
from distributed.comm.tcp import TCP
from distributed.protocol.pickle import dumps

import seqcompare
from seqcompare.experiments.compare import plan_comparison
from seqcompare.results.store import COST_COLUMNS

MODELS = ["markov", "hmm"]
_sent = [0]


def draw(n_sequences, length):
    """Return sequences of four symbols, of which each tells of the next but one."""
    rng = np.random.default_rng(0)
    X = rng.integers(0, 4, (n_sequences, length))
    for t in range(2, length):
        X[:, t] = np.where(rng.random(n_sequences) < 0.6, X[:, t - 2], X[:, t])
    return list(X)


def count():
    """Count in this process what it writes to connections from now on."""
    write = TCP.write

    async def counted(self, *args, **options):
        n = await write(self, *args, **options)
        _sent[0] += n
        return n

    TCP.write = counted


def shipped():
    """Return the bytes that this process has written to connections."""
    return _sent[0]


def cpu(pid):
    """Return the seconds of the processor that a process has had."""
    spent = psutil.Process(pid).cpu_times()
    return spent.user + spent.system


def run(data, folder, cluster, client, n_jobs, kills=()):
    """Run the comparison on so many workers of a cluster; kill one whenever so many trials have ended."""
    pids = [worker.pid for worker in cluster.workers.values()]

    def kill(progress):
        if progress.done in kills:
            os.kill(list(cluster.workers.values())[progress.done % n_jobs].pid, signal.SIGKILL)

    where = {"backend": "dask", "scheduler": cluster.scheduler_address, "n_jobs": n_jobs}
    before, own = [cpu(pid) for pid in pids], time.process_time()
    sent, began = _sent[0] + sum(client.run(shipped).values()), time.monotonic()
    found = seqcompare.compare(data, MODELS, cv=3, out=folder, progress=kill, **where)
    record = {"wall s": time.monotonic() - began, "this process s": time.process_time() - own}
    if not kills:
        # who came in place of those killed has not counted
        each = [cpu(pid) - start for pid, start in zip(pids, before, strict=True)]
        record |= {"workers s": sum(each), "busiest s": max(each)}
        record["shipped MB"] = (_sent[0] + sum(client.run(shipped).values()) - sent) / 1e6
    return found, record


def main():
    """Run all ways, hold their tables against each other, and print a row for each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--sequences", type=int, default=200)
    parser.add_argument("--length", type=int, default=300)
    asked = parser.parse_args()
    data = draw(asked.sequences, asked.length)
    count()
    # those that lose workers come last, as others are not warm
    ways = {"2 workers": (2, ()), "1 worker": (1, ())}
    order = [*ways] * asked.repeats + ["2 workers, 2 killed"]
    ways["2 workers, 2 killed"] = (2, (5, 15))
    rows: dict[str, list[dict[str, float]]] = {way: [] for way in ways}
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0"}
    with (
        tempfile.TemporaryDirectory() as temporary,
        LocalCluster(**options) as cluster,
        Client(cluster) as client,
    ):
        client.run(count)
        base = Path(temporary)
        here = seqcompare.compare(data, MODELS, cv=3, out=base / "here", n_jobs=2).frame()
        carried = len(dumps(plan_comparison(seqcompare.datasets.read(data), MODELS, cv=3).source))
        for k, way in enumerate(order):
            n_jobs, kills = ways[way]
            found, record = run(data, base / str(k), cluster, client, n_jobs, kills)
            frames = (frame.drop(columns=list(COST_COLUMNS)) for frame in (found.frame(), here))
            pd.testing.assert_frame_equal(*frames, check_exact=True)
            rows[way].append(record)
            print(way, record, "load", os.getloadavg()[0], flush=True)
    best = {way: min(records, key=lambda record: record["wall s"]) for way, records in rows.items()}
    heads = ["wall s", "workers s", "busiest s", "this process s", "shipped MB"]
    print(
        f"\n{len(here)} trials, the same tables all; with each its data: {len(here) * carried / 1e6:.1f} MB"
    )
    print(f"| | {' | '.join(heads)} |\n|{'---|' * (len(heads) + 1)}")
    for way, record in best.items():
        print(f"| {way} | {' | '.join(f'{record[h]:.2f}' if h in record else '' for h in heads)} |")
    one, two = best["1 worker"], best["2 workers"]
    allowed = (one["workers s"] + one["this process s"]) / (two["busiest s"] + two["this process s"])
    print(f"\nspeed-up {one['wall s'] / two['wall s']:.2f}; of seconds of the processor {allowed:.2f}")


if __name__ == "__main__":
    main()
