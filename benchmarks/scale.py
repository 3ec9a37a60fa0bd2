"""How time and memory grow with the data and with the models, beside what theory says, one thread.

    python benchmarks/scale.py [--out scale.jsonl] [--only hmm ...] [--cell 60] [--report]

A cell is one model on one size, in a process of its own. It fits, then scores: seconds of the processor,
which others on the machine hardly change, and how far resident memory rose above what it was just before, the
data already there. A series ends where its next cell would take too long or too much memory. Lines of `--out`
are not measured again. Last comes, for each series, the power of the size that time and memory grow with, its
95% interval, and what theory says; "above" is an interval that lies above that. Linux alone tells peaks of
memory.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

# what is too short or too small to tell a law from what everything costs
LEAST_SECONDS, LEAST_BYTES = 0.01, 2e6
# an interval may lie so far above what theory says: caches and allocators are no part of it
SLACK = 0.15


class Data(NamedTuple):
    """What a cell reads."""

    steps: int = 10**5
    length: int = 1000
    symbols: int = 8
    real: bool = False


class Series(NamedTuple):
    """One model along one axis.

    Attributes
    ----------
    model : name of `MODELS`
    axis : what grows: a field of `Data` or "sequences", or the model's size
    sizes : its values
    time, memory : the powers that theory says, of fitting
    data : everything else about the data
    """

    model: str
    axis: str
    sizes: tuple[float, ...]
    time: float
    memory: float
    data: Data = Data()


def draw(data: Data) -> Any:
    """Return sequences of which the present step tells some of the next."""
    from seqcompare import Sequences

    rng = np.random.default_rng(0)
    offsets = np.append(np.arange(0, data.steps, data.length), data.steps)
    if data.real:
        x = rng.standard_normal(data.steps)
        x[1:] += 0.8 * x[:-1]
        return Sequences(x, offsets)
    x = rng.integers(0, data.symbols, data.steps)
    stays = np.flatnonzero(rng.random(data.steps - 1) < 0.3) + 1
    x[stays] = (x[stays - 1] + 1) % data.symbols
    x[: data.symbols] = np.arange(data.symbols)  # so that each is there
    return Sequences(x, offsets)


def markov(size: int) -> Any:
    """Return a chain."""
    from seqcompare import MarkovChain

    return MarkovChain(size or 3)


def tree(size: int) -> Any:
    """Return a context tree."""
    from seqcompare import ContextTree

    return ContextTree(size or 8)


def hmm(size: int) -> Any:
    """Return a hidden Markov model, five iterations."""
    from seqcompare import HMM

    return HMM(size or 4, n_init=1, max_iter=5, tol=0.0, random_state=0)


def autoregression(size: int) -> Any:
    """Return an autoregression."""
    from seqcompare import Autoregression

    return Autoregression(size or 4)


def window(size: int) -> Any:
    """Return a logistic window, twenty iterations."""
    from sklearn.linear_model import LogisticRegression

    from seqcompare import NextStep, WindowTagger

    return NextStep(WindowTagger(LogisticRegression(max_iter=20), before=(size or 8) - 1))


def net(cell: str, size: int) -> Any:
    """Return a recurrent network, one epoch."""
    from seqcompare import NextStep, RNNTagger

    return NextStep(RNNTagger(cell, hidden_size=size or 16, max_iter=1, batch_size=32, random_state=0))


class Profiled:
    """The profile of data, as a model that has nothing to score."""

    def fit(self, X: Any) -> Profiled:
        """Make it."""
        import seqcompare

        seqcompare.profile(X)
        return self


class Hmmlearn:
    """hmmlearn's."""

    def fit(self, X: Any) -> Hmmlearn:
        """Fit five iterations."""
        from hmmlearn.hmm import CategoricalHMM

        self.model = CategoricalHMM(4, n_iter=5, tol=-np.inf, implementation="scaling", random_state=0)
        self.model.fit(X.values[:, None], X.lengths)
        return self

    def score_samples(self, X: Any) -> None:
        """Score."""
        self.model.score(X.values[:, None], X.lengths)


class Encoded:
    """scikit-learn's OneHotEncoder and LogisticRegression on finished taps."""

    def fit(self, X: Any) -> Encoded:
        """Fit, twenty iterations."""
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import OneHotEncoder

        encoder = OneHotEncoder(handle_unknown="ignore")
        self.model = make_pipeline(encoder, LogisticRegression(max_iter=20)).fit(*self.taps(X))
        return self

    def taps(self, X: Any) -> tuple[Any, Any]:
        """Return the taps of each step with a next one, and that."""
        whole = X.values.reshape(len(X), -1)
        line = np.pad(whole, ((0, 0), (7, 0)), constant_values=-1)
        rows = np.lib.stride_tricks.sliding_window_view(line, 8, axis=1)[:, :-1]
        return rows.reshape(-1, 8), whole[:, 1:].ravel()

    def score_samples(self, X: Any) -> None:
        """Score."""
        rows, y = self.taps(X)
        places = np.searchsorted(self.model.classes_, y)
        self.model.predict_log_proba(rows)[np.arange(len(y)), places]


class Torch:
    """PyTorch's LSTM, one epoch in batches of 32 sequences."""

    def fit(self, X: Any) -> Torch:
        """Fit."""
        import torch

        torch.set_num_threads(1)
        x = torch.from_numpy(X.values.reshape(len(X), -1))
        embed, lstm, out = torch.nn.Embedding(8, 16), torch.nn.LSTM(16, 16), torch.nn.Linear(16, 8)
        self.model = lambda x: out(lstm(embed(x.T))[0])
        adam = torch.optim.Adam([p for part in (embed, lstm, out) for p in part.parameters()])
        for batch in x.split(32):
            loss = torch.nn.functional.cross_entropy(
                self.model(batch[:, :-1]).reshape(-1, 8), batch[:, 1:].T.reshape(-1)
            )
            adam.zero_grad()
            loss.backward()
            adam.step()
        return self

    def score_samples(self, X: Any) -> None:
        """Score."""
        import torch

        with torch.inference_mode():
            for batch in torch.from_numpy(X.values.reshape(len(X), -1)).split(32):
                self.model(batch).log_softmax(-1)


MODELS: dict[str, Callable[[int], Any]] = {
    "markov": markov,
    "context tree": tree,
    "hmm": hmm,
    "autoregression": autoregression,
    "logistic window": window,
    "lstm": partial(net, "lstm"),
    "gru": partial(net, "gru"),
    "profile": lambda size: Profiled(),
    "hmmlearn": lambda size: Hmmlearn(),
    "OneHotEncoder + LogisticRegression": lambda size: Encoded(),
    "PyTorch LSTM": lambda size: Torch(),
}
PEERS = list(MODELS)[-3:]
POWERS = (1e4, 1e5, 1e6, 1e7, 1e8)
REAL, SHORT, ONE = Data(real=True), Data(length=100), Data(length=10**9)
COUNTS, MANY = (1e2, 1e3, 1e4, 1e5, 1e6), Data(2 * 10**6)
ALPHABETS = (2, 10, 100, 1e3, 1e4, 1e5)

SERIES = (
    Series("markov", "steps", POWERS, 1, 1),
    Series("context tree", "steps", POWERS[:4], 1, 1),
    Series("hmm", "steps", POWERS, 1, 1),
    Series("hmmlearn", "steps", POWERS[:3], 1, 1),
    Series("autoregression", "steps", POWERS, 1, 1, REAL),
    Series("logistic window", "steps", POWERS, 1, 1),
    Series("OneHotEncoder + LogisticRegression", "steps", POWERS[:3], 1, 1),
    Series("lstm", "steps", POWERS[:4], 1, 1, SHORT),
    Series("lstm", "steps", POWERS[:3], 1, 1, ONE),
    Series("PyTorch LSTM", "steps", POWERS[:3], 1, 1, SHORT),
    Series("PyTorch LSTM", "steps", POWERS[:3], 1, 1, ONE),
    Series("gru", "steps", POWERS[:4], 1, 1, SHORT),
    Series("profile", "steps", POWERS[:4], 1, 1),
    *(Series(name, "sequences", COUNTS, 0, 0, MANY) for name in ("markov", "context tree", "hmm", "gru")),
    Series("hmmlearn", "sequences", COUNTS[:4], 0, 0, MANY),
    Series("autoregression", "sequences", COUNTS, 0, 0, MANY._replace(real=True)),
    Series("logistic window", "sequences", COUNTS, 0, 0, Data(10**5)),
    Series("profile", "sequences", COUNTS[:4], 0, 0, Data(10**5)),
    *(
        Series(name, "symbols", ALPHABETS, 1, 1, Data(2 * 10**5))
        for name in ("markov", "context tree", "hmm", "gru", "profile")
    ),
    Series("logistic window", "symbols", ALPHABETS, 2, 2, Data(2 * 10**4)),
    Series("markov", "order", (1, 2, 4, 8, 16), 1, 1, Data(10**6)),
    Series("context tree", "depth", (2, 4, 8, 16, 32), 1, 1, Data(10**6)),
    Series("autoregression", "order", (2, 4, 8, 16, 32, 64), 2, 1, Data(10**6, real=True)),
    Series("hmm", "states", (2, 4, 8, 16, 32, 64), 2, 1),
    Series("logistic window", "width", (2, 4, 8, 16, 32, 64), 1, 1),
    Series("lstm", "hidden", (8, 16, 32, 64, 128, 256), 2, 1, SHORT),
    Series("gru", "hidden", (8, 16, 32, 64, 128, 256), 2, 1, SHORT),
)


def key(series: Series) -> str:
    """Return what a series is called in files and tables."""
    whole = ", one sequence" if series.data.length >= 10**9 else ""
    return f"{series.model}, {series.axis}{whole}"


def data_of(series: Series, size: int) -> Data:
    """Return the data of a cell."""
    data = series.data
    if series.axis == "sequences":
        return data._replace(length=max(data.steps // size, 1))
    if series.axis in Data._fields:
        data = data._replace(**{series.axis: size})
    return data


def resident(field: str) -> float:
    """Return a figure of this process, in bytes: VmRSS, resident memory, or VmHWM, its peak."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return float(next(line for line in lines if line.startswith(field)).split()[1]) * 1024


def measure(work: Callable[[], Any]) -> tuple[float, float]:
    """Return the processor's seconds for something, and how far resident memory rises meanwhile, in bytes."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before, start = resident("VmRSS"), time.process_time()
    work()
    seconds = time.process_time() - start
    return seconds, max(resident("VmHWM") - before, 0.0)


def run_cell(series: Series, size: int) -> None:
    """Print what one cell takes, a line of JSON a phase."""
    warnings.simplefilter("ignore")
    setting = 0 if series.axis in (*Data._fields, "sequences") else size
    data = data_of(series, size)
    # of the same alphabet, up to a size: large ones have kernels of their own
    known = min(data.symbols, 1000)
    small = draw(data._replace(steps=max(400, 2 * known), length=100, symbols=known))
    warm = MODELS[series.model](min(setting, 8)).fit(small)  # compiles, imports
    phases = ["fit", "score"] if hasattr(warm, "score_samples") else ["fit"]
    if len(phases) == 2:
        warm.score_samples(small)
    X, model = draw(data), MODELS[series.model](setting)
    for phase in phases:
        work = partial(model.fit if phase == "fit" else model.score_samples, X)
        try:
            seconds, peak = measure(work)
        except ValueError as error:
            print(json.dumps({"phase": phase, "refused": str(error)}), flush=True)
            return
        for _ in range(2 if seconds < 1 else 0):
            seconds = min(seconds, measure(work)[0])
        print(
            json.dumps({"phase": phase, "steps": data.steps, "seconds": seconds, "bytes": peak}), flush=True
        )


def free() -> float:
    """Return how many bytes may be taken: four fifths of what is free now."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    return 0.8 * 1024 * float(next(line for line in lines if line.startswith("MemAvailable")).split()[1])


def forecast(done: list[dict[str, Any]], size: int, power: float, what: str) -> float:
    """Return what a larger cell of a series will take at most, by its last one and by theory."""
    known = [row for row in done if row.get(what)]
    if not known:
        return 0.0
    last = max(row["size"] for row in known)
    return max(row[what] for row in known if row["size"] == last) * (size / last) ** max(power, 0.3)


def walk(series: Series, rows: list[dict[str, Any]], out: Path, most: float) -> None:
    """Measure the cells of a series that are not known yet."""
    done = [row for row in rows if row["series"] == key(series)]
    for size in map(int, series.sizes):
        if any(row["size"] == size for row in done):
            continue
        if forecast(done, size, series.time, "seconds") > most:
            found = [{"phase": "fit", "left_out": f"over {most:.0f} s"}]
        elif forecast(done, size, series.memory, "bytes") > free():
            found = [{"phase": "fit", "left_out": "over the memory there is"}]
        else:
            found = in_child(series, size, 100 * most)
        new = [{"series": key(series), "size": size, **row} for row in found]
        with out.open("a") as file:
            file.writelines(json.dumps(row) + "\n" for row in new)
        for row in new:
            print(line_of(row), flush=True)
        done += new
        rows += new
        if any("seconds" not in row for row in new):
            return


def in_child(series: Series, size: int, most: float) -> list[dict[str, Any]]:
    """Return the rows of a cell, measured in a process of its own."""
    command = [sys.executable, __file__, "--child", str(SERIES.index(series)), str(size)]
    try:
        child = subprocess.run(command, capture_output=True, text=True, timeout=most)
    except subprocess.TimeoutExpired:
        return [{"phase": "fit", "failed": f"over {most:.0f} s"}]
    found = [json.loads(line) for line in child.stdout.splitlines()]
    if child.returncode:
        last = (child.stderr.splitlines() or ["killed"])[-1]
        found.append({"phase": "fit", "failed": f"exit {child.returncode}: {last}"})
    return found


def line_of(row: dict[str, Any]) -> str:
    """Return what a terminal shows of a row."""
    head = f"{row['series']:45} {row['size']:>11,} {row['phase']:6}"
    if "seconds" not in row:
        return f"{head} " + ", ".join(
            f"{k}: {v}" for k, v in row.items() if k not in ("series", "size", "phase")
        )
    share = row["bytes"] / (8 * row["steps"])
    return f"{head} {row['seconds']:9.3f} s {row['bytes'] / 1e6:9.1f} MB {share:7.1f} x 8 bytes a step"


def law(sizes: list[float], values: list[float]) -> tuple[float, float, float] | None:
    """Return the slope of values over sizes in logarithms, and the ends of its 95% interval."""
    if len(sizes) < 3:
        return None
    fit = stats.linregress(np.log(sizes), np.log(values))
    half = fit.stderr * stats.t.ppf(0.975, len(sizes) - 2)
    return fit.slope, fit.slope - half, fit.slope + half


def report(rows: list[dict[str, Any]]) -> None:
    """Print a line a series and phase."""
    print(
        "| what | sizes | time grows with | theory | memory grows with | theory | largest: s, MB "
        "| x 8 bytes a step |"
    )
    print("|---|---|---|--:|---|--:|--:|--:|")
    for series in SERIES:
        for phase in ("fit", "score"):
            of = [r for r in rows if r["series"] == key(series) and r["phase"] == phase]
            seen = [r for r in of if "seconds" in r]
            if not seen:
                continue
            cells = []
            for what, least, power in (
                ("seconds", LEAST_SECONDS, series.time),
                ("bytes", LEAST_BYTES, series.memory),
            ):
                used = [r for r in seen if r[what] >= least]
                found = law([r["size"] for r in used], [r[what] for r in used])
                if found is None:
                    cells += ["too small to tell", f"{power:g}"]
                    continue
                slope, low, high = found
                flag = " **above**" if low > power + SLACK and series.model not in PEERS else ""
                cells += [f"{slope:.2f} ({low:.2f} to {high:.2f}){flag}", f"{power:g}"]
            last = seen[-1]
            reach = f"{seen[0]['size']:,} to {last['size']:,}"
            left = [r for r in of if "seconds" not in r]
            if left:
                reach += "; beyond, " + next(
                    str(v) for k, v in left[0].items() if k not in ("series", "size", "phase")
                )
            cells += [
                f"{last['seconds']:.2f}, {last['bytes'] / 1e6:.0f}",
                f"{last['bytes'] / 8 / last['steps']:.1f}",
            ]
            print(f"| {key(series)}: {phase} | {reach} | {' | '.join(cells)} |")


def main() -> None:
    """Measure what is not known yet, and report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--out", type=Path, default=Path("scale.jsonl"), help="lines of JSON, one a measurement"
    )
    parser.add_argument("--only", nargs="+", default=[""], help="beginnings of names of series")
    parser.add_argument("--cell", type=float, default=25.0, help="seconds a cell may be forecast to take")
    parser.add_argument("--report", action="store_true", help="measure nothing")
    parser.add_argument("--child", nargs=2, type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        run_cell(SERIES[options.child[0]], options.child[1])
        return
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    rows = [json.loads(line) for line in options.out.read_text().splitlines()] if options.out.exists() else []
    for series in SERIES:
        if not options.report and key(series).startswith(tuple(options.only)):
            walk(series, rows, options.out, options.cell)
    print(f"\n{platform.processor() or platform.machine()}, Python {platform.python_version()}, one thread\n")
    report([row for row in rows if row["series"].startswith(tuple(options.only))])


if __name__ == "__main__":
    main()
