"""Whether comparisons on numbers and counts name the true family, over sets drawn from the tasks.

Each set is 40 sequences of 200 steps of a task; families compete as in `seqcompare.compare`, and the verdict
is noted, with its reach. Recurrent networks take a third of the time, and compete where they may decide:
where the family of the source is there with fewer parameters than any network, they could only be named if
they beat the truth. For autoregressions of order 1 to 6, whose last partial autocorrelation is .2 to .8, the
family alone competes, and it is the reach that counts. Backtests are left out, of which the verdict takes
nothing. What is done already is read from the file; sets are taken in turns, so that any beginning of the
file is balanced.

    nice -n 19 python benchmarks/number_verdicts.py [--sets 20] [--only NAME] [--out FILE] [--table]
                                                    [--share K/N]
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import warnings
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from seqcompare import Sequences
from seqcompare.data.dataset import SequenceDataset
from seqcompare.experiments.compare import plan_comparison, run_comparison
from seqcompare.experiments.comparison import Comparison
from seqcompare.results.folder import hold_folder
from seqcompare.results.store import STORE, Store
from seqcompare.tasks import (
    Counts,
    LinearSeries,
    LongMemory,
    NoisyState,
    Renewal,
    SwitchingAutoregression,
    ThresholdAutoregression,
    Volatility,
)

#: Families that have the rule of the source itself, or one that cannot be told from it at this size.
TASKS = {
    "LinearSeries(2)": (LinearSeries(2, coefficients=(1.6, -0.8)), {"markov"}),
    "Counts": (Counts(), {"markov"}),
    "NoisyState(64)": (NoisyState(64), {"hmm"}),
    "SwitchingAutoregression(32)": (SwitchingAutoregression(32), {"hmm"}),
    "ThresholdAutoregression": (ThresholdAutoregression(), {"window"}),
    "Volatility": (Volatility(), {"markov", "hmm", "window", "recurrent"}),
    "Renewal": (Renewal(), {"markov", "hmm", "window", "recurrent"}),
    "LongMemory": (LongMemory(), {"markov", "hmm", "window", "recurrent"}),
}
ORDERS = range(1, 7)


def coefficients_of(partial):
    """Return coefficients of an autoregression with these partial autocorrelations (Durbin and Levinson)."""
    lags = np.zeros(0)
    for last in partial:
        lags = np.append(lags - last * lags[::-1], last)
    return tuple(float(c) for c in lags)


def autoregression(order, seed):
    """Return a task of this order, whose last partial autocorrelation is .2 to .8."""
    rng = np.random.default_rng([order, seed])
    partial = rng.uniform(-0.7, 0.7, size=order)
    partial[-1] = rng.choice([-1, 1]) * rng.uniform(0.2, 0.8)
    return LinearSeries(order, coefficients=coefficients_of(partial))


def draw(task, seed):
    """Return a set as a user would bring it: steps alone, counts as counts."""
    X = task.sample(40, 200, random_state=10_000 + seed).X
    if task.name == "Counts":
        X = Sequences([np.asarray(x, dtype=float) for x in X], schema=[("count", "count")])
    return SequenceDataset(X, None, None, "next", f"{task.name}-{seed}")


def judge(dataset, models=None):
    """Compare, and return what the verdict says; the profile of the data is left out."""
    with tempfile.TemporaryDirectory() as place, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        folder = Path(place) / "run"
        planned = plan_comparison(dataset, models)
        with hold_folder(folder, planned.config, n_jobs=1, fresh=True):
            with Store(folder / STORE, answers=True) as store:
                store.keep_table("profile_facts", pd.DataFrame({"name": [], "value": []}))
            with patch("seqcompare.experiments.rounds.ahead_trials", return_value=()):
                run_comparison(planned, folder, n_jobs=1)
            verdict = Comparison(folder).verdict()
    return {"kind": verdict.kind, "family": verdict.family, "model": verdict.model, "reach": verdict.horizon}


def jobs(n_sets):
    """Yield (name, seed, dataset, models, what is right)."""
    for seed in range(n_sets):
        for name, (task, families) in TASKS.items():
            models = None if len(families) == 1 and "window" in families else ["markov", "hmm", "window"]
            yield name, seed, lambda task=task, seed=seed: draw(task, seed), models, sorted(families)
        for order in ORDERS:
            made = lambda order=order, seed=seed: draw(autoregression(order, seed), seed)  # noqa: E731
            yield f"reach of AR({order})", seed, made, ["markov"], order


def table(out):
    """Print a line a task: sets judged, sets right with an exact 95% interval, and what was named."""
    rows = pd.DataFrame([json.loads(line) for line in out.read_text().splitlines()])
    print("| sets of | right | named |\n|---|---|---|")
    order = [*TASKS, *(f"reach of AR({order})" for order in ORDERS)]
    for name in [task for task in order if task in set(rows["task"])]:
        part = rows[rows["task"] == name]
        named = part["reach" if "reach" in name else "model"].value_counts().head(3)
        words = "; ".join(f"{what} {n}" for what, n in named.items())
        print(f"| {name} | {share(part)} | {words} |")
    print(f"| all | {share(rows)} | |")


def share(rows):
    """Return how many are right, with an exact interval."""
    test = binomtest(int(rows["right"].sum()), len(rows))
    found = test.proportion_ci(method="exact")
    return f"{test.k} of {test.n} ({found.low:.2f} to {found.high:.2f})"


def main() -> None:
    """Judge what is not in the file yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=20)
    parser.add_argument("--only", default="")
    parser.add_argument("--out", type=Path, default=Path("reports/numbers/rows.jsonl"))
    parser.add_argument("--table", action="store_true", help="print what there is, and no more")
    parser.add_argument("--share", default="0/1", help="K/N: every Nth seed from K on, to run N side by side")
    options = parser.parse_args()
    share, n_shares = map(int, options.share.split("/"))
    if not options.table:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.touch()
        lines = [json.loads(line) for line in options.out.read_text().splitlines()]
        done = {(line["task"], line["seed"]) for line in lines}
        for name, seed, made, models, right in jobs(options.sets):
            if (name, seed) in done or options.only not in name or seed % n_shares != share:
                continue
            begin = time.process_time()
            found = judge(made(), models)
            ok = found["reach"] == right if isinstance(right, int) else found["family"] in right
            line = {"task": name, "seed": seed, "right": bool(ok and found["kind"] == "model"), **found}
            line["seconds"] = round(time.process_time() - begin, 1)
            with options.out.open("a") as file:
                file.write(json.dumps(line) + "\n")
            print(line, flush=True)
    table(options.out)


if __name__ == "__main__":
    main()
