"""How often `seqcompare.profile` raises a false alarm, and whether its power statement is true.

Three parts, of which ``--parts`` names some:

- ``band``: the maximum over lags of rows of independent chi-squared numbers, no profile around it.
- ``lags``: six kinds of data without dependence at 1, 10, 40, 100 and 200 lags.
- ``whole``: the same six kinds, whole profiles, contexts included.
- ``power``: dependences of just the size that is said to be seen nine times in ten, or half of the time.

Every finished set is a line of the output file, and a benchmark that was stopped goes on with those that
are missing:

    python benchmarks/calibration.py calibration.csv --sets 400
    python benchmarks/calibration.py calibration.csv --table
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import brentq

import seqcompare
from seqcompare.dependence.information import NullBand
from seqcompare.dependence.power import planted_bits

Rng = np.random.Generator
COLUMNS = ["part", "kind", "lags", "set", "at_025", "at_05", "any", "seconds"]
LAGS = (1, 10, 40, 100, 200)
PARTS = ("band", "lags", "whole", "power")
_SLACK = 1e-9


def symbols(rng: Rng) -> Any:
    """Return one series of skewed symbols."""
    return [rng.choice(4, 600, p=[0.5, 0.3, 0.15, 0.05])]


def numbers(rng: Rng) -> Any:
    """Return one series of numbers."""
    return [rng.normal(size=600)]


def labels(rng: Rng) -> Any:
    """Return symbols, and labels a step that have nothing to do with them."""
    return list(rng.integers(0, 4, (8, 205))), list((rng.random((8, 205)) < 0.3).astype(int))


def rare_classes(rng: Rng) -> Any:
    """Return sequences of bits, one in twenty of a class of its own."""
    return list(rng.integers(0, 2, (200, 201))), rng.permutation(np.arange(200) < 10).astype(int)


def drift(rng: Rng) -> Any:
    """Return independent bits whose frequency rises along each sequence."""
    return list((rng.random((20, 205)) < np.linspace(0.3, 0.7, 205)).astype(int))


def periodic(rng: Rng) -> Any:
    """Return independent bits whose frequency goes by a clock of five steps."""
    return [(rng.random(600) < np.tile([0.9, 0.3, 0.6, 0.1, 0.5], 120)).astype(int)]


KINDS: dict[str, Callable[[Rng], Any]] = {
    "symbols": symbols,
    "numbers": numbers,
    "labels per step": labels,
    "rare classes": rare_classes,
    "drift by position": drift,
    "periodic noise": periodic,
}


def lag_p_value(found: seqcompare.dependence.Profile, kind: str) -> float:
    """Return the p-value that is to be uniform: beyond the clock, where there is one and nothing else."""
    if kind == "periodic noise":
        return found.beyond_clock_p if found.period is not None else 0.0
    return found.p_value


def run_band(n_lags: int, number: int) -> dict[str, Any]:
    """Judge one row of noise among surrogates."""
    rng = np.random.default_rng([number, n_lags])
    rows = rng.chisquare(2, (200, n_lags))
    p = NullBand(rows[0], rows[1:], 0.025).p_values.min()
    return {"at_025": int(p <= 0.025 + _SLACK), "at_05": int(p <= 0.05 + _SLACK), "any": ""}


def run_profile(kind: str, n_lags: int, number: int, *, whole: bool) -> dict[str, Any]:
    """Profile one set without dependence."""
    data = KINDS[kind](np.random.default_rng([number, n_lags, list(KINDS).index(kind)]))
    # labels are examined on both sides, and lag 0 is one more
    reach = {"labels per step": n_lags // 2, "rare classes": n_lags - 1}.get(kind, n_lags)
    options = {} if whole else {"max_order": 1}
    found = seqcompare.profile(data, max_lag=max(1, reach), random_state=number, mute=("copies",), **options)
    p = lag_p_value(found, kind)
    told = len(found.told) > 0 or found.reach is not None
    alarm = p <= 0.025 + _SLACK if kind == "periodic noise" else found.lags["detected"].any() or told
    return {"at_025": int(p <= 0.025 + _SLACK), "at_05": int(p <= 0.05 + _SLACK), "any": int(alarm)}


def _planted(kind: str, bits: float, lag: int, rng: Rng) -> Any:
    """Return data in which a share of targets repeats the step a lag before, so that it holds these bits."""
    shapes = {"symbols, 30 x 60": (30, 60), "symbols, 1 x 1,000": (1, 1000), "numbers, 1 x 600": (1, 600)}
    n, length = shapes.get(kind, (200, 30))
    p = np.array([0.5, 0.3, 0.2])
    if kind.startswith("numbers"):
        x: np.ndarray = rng.normal(size=(n, length))
        # in bins of equal frequency, as many as the profile makes
        from seqcompare.dependence.coding import bins_for

        p = np.full(bins_for(n * length), 1 / bins_for(n * length))
    else:
        x = rng.choice(3, (n, length), p=p)
    share = 0.0 if bits <= 0 else brentq(lambda q: planted_bits(p, q) - bits, 0, 1)
    copied = rng.random((n, length)) < share
    if kind.startswith("classes"):
        y = np.where(copied[:, 0], x[:, length - 1 - lag], rng.choice(3, n, p=p))
        return list(x), y
    for t in range(lag, length):
        x[:, t] = np.where(copied[:, t], x[:, t - lag], x[:, t])
    return list(x)


POWER = {
    "symbols, 30 x 60": 10,
    "symbols, 1 x 1,000": 3,
    "numbers, 1 x 600": 5,
    "classes, 200 x 30": 7,
}


def run_power(kind: str, number: int) -> dict[str, Any]:
    """Ask noise what would have been seen, plant as much, and look whether it is."""
    rng = np.random.default_rng([number, 77])
    lag = POWER[kind]
    options: dict[str, Any] = {"max_lag": 20, "max_order": 1, "random_state": number, "mute": ("copies",)}
    row = seqcompare.profile(_planted(kind, 0.0, lag, rng), **options).lags.set_index("lag").loc[lag]
    seen = {}
    for column, name in (("seen_half", "at_025"), ("seen_nine_in_ten", "at_05")):
        again = seqcompare.profile(_planted(kind, row[column], lag, rng), **options).lags.set_index("lag")
        seen[name] = int(again.loc[lag, "detected"])
    return {**seen, "any": ""}


def cells(parts: list[str]) -> Iterator[tuple[str, str, int]]:
    """Yield part, kind and number of lags of every cell."""
    if "whole" in parts:
        yield from (("whole", kind, 40) for kind in KINDS)
    if "lags" in parts:
        yield from (("lags", kind, n) for kind in KINDS for n in LAGS)
    if "band" in parts:
        yield from (("band", "chi-squared", n) for n in LAGS)
    if "power" in parts:
        yield from (("power", kind, lag) for kind, lag in POWER.items())


def run_one(part: str, kind: str, n_lags: int, number: int) -> dict[str, Any]:
    """Return the row of one set."""
    start = time.perf_counter()
    if part == "band":
        row = run_band(n_lags, number)
    elif part == "power":
        row = run_power(kind, number)
    else:
        row = run_profile(kind, n_lags, number, whole=part == "whole")
    seconds = round(time.perf_counter() - start, 3)
    return {"part": part, "kind": kind, "lags": n_lags, "set": number, **row, "seconds": seconds}


def print_table(path: Path) -> None:
    """Print the shares of alarms, and how many standard errors they are from the nominal ones."""
    table = pd.read_csv(path)
    for (part, kind, lags), rows in table.groupby(["part", "kind", "lags"], sort=False):
        n = len(rows)
        words = f"{part:6s} {kind:20s} {lags:4d} {n:5d} sets"
        exact = (0.5, 0.9) if part == "power" else (0.025, 0.05)
        for column, nominal in zip(("at_025", "at_05"), exact, strict=True):
            share = rows[column].mean()
            error = np.sqrt(nominal * (1 - nominal) / n)
            words += f"   {share:.3f} of {nominal} ({(share - nominal) / error:+.1f} se)"
        if part == "whole":
            words += f"   any alarm {rows['any'].mean():.3f}"
        print(words)


def main() -> None:
    """Run what is missing, or print the table of what there is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--sets", type=int, default=400)
    parser.add_argument("--parts", nargs="*", default=list(PARTS), choices=PARTS)
    parser.add_argument("--table", action="store_true")
    options = parser.parse_args()
    if options.table:
        print_table(options.out)
        return
    done = set()
    if options.out.exists():
        with options.out.open(encoding="utf-8", newline="") as lines:
            done = {(r["part"], r["kind"], int(r["lags"]), int(r["set"])) for r in csv.DictReader(lines)}
    with options.out.open("a", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, COLUMNS)
        if not done:
            writer.writeheader()
        for number in range(options.sets):
            for cell in cells(options.parts):
                if (*cell, number) not in done:
                    writer.writerow(run_one(*cell, number))
                    lines.flush()


if __name__ == "__main__":
    main()
