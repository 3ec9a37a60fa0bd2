"""How often `seqcompare.profile` is right on data whose answer is known.

Half of the kinds were looked at while the profile was made ("tuned"); the other half is only reported. For
each set it is noted whether the profile itself says that a dependence of this size is seen nine times in
ten. Every finished set is a line of the output file, and a benchmark that was stopped goes on with those
that are missing:

    python benchmarks/profiles.py profiles.csv --sets 40
    python benchmarks/profiles.py profiles.csv --table
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import seqcompare
from seqcompare.dependence import Profile
from seqcompare.dependence.power import planted_bits

Rng = np.random.Generator
Made = tuple[Any, float]
"""Data, and the bits that the farthest step adds; NaN where there is no such step."""

COLUMNS = ["half", "kind", "set", "right", "sure", "reach", "order", "period", "found", "seconds"]


def skewed(rng: Rng) -> Made:
    """Return independent symbols of uneven frequency."""
    return list(rng.choice(5, (40, 60), p=[0.5, 0.25, 0.15, 0.07, 0.03])), np.nan


def chain(
    order: int, n_symbols: int = 2, n: int = 80, length: int = 80, sparse: float = 0.8
) -> Callable[[Rng], Made]:
    """Return what draws a random chain and sequences of it; its last step adds .03 bit or more."""

    def make(rng: Rng) -> Made:
        while True:
            table = rng.dirichlet(np.full(n_symbols, sparse), size=(n_symbols,) * order)
            bits = _last_step(table)
            if bits >= 0.03:
                break
        limits = table.cumsum(axis=-1)
        x = rng.integers(0, n_symbols, (n, length + 50))
        for t in range(order, length + 50):
            past = tuple(x[:, t - order + i] for i in range(order))
            x[:, t] = np.minimum((rng.random((n, 1)) > limits[past]).sum(axis=1), n_symbols - 1)
        return list(x[:, 50:]), bits

    return make


def _last_step(table: np.ndarray) -> float:
    """Return what the earliest step of a chain's context adds to the others, in bits."""
    order, k = table.ndim - 1, table.shape[-1]
    p = np.full((k,) * order, k ** -float(order))
    for _ in range(500):
        p = np.moveaxis((p[..., None] * table).sum(axis=0), 0, 0)
    joint = p[..., None] * table
    shorter = joint.sum(axis=0)
    inner = shorter / shorter.sum(axis=-1, keepdims=True)
    return float((joint * np.log2(np.maximum(table, 1e-300) / np.maximum(inner, 1e-300))).sum())


def cycle(period: int, noise: float, n: int) -> Callable[[Rng], Made]:
    """Return what draws one series that goes round, a share of its steps replaced by noise."""

    def make(rng: Rng) -> Made:
        x = np.arange(n) % period
        return [np.where(rng.random(n) < noise, rng.integers(0, period, n), x)], np.nan

    return make


def sine(period: float) -> Callable[[Rng], Made]:
    """Return what draws a wave with as much noise."""
    return lambda rng: ([np.sin(2 * np.pi * np.arange(400) / period) + rng.normal(size=400) * 0.7], np.nan)


def golden(rng: Rng) -> Made:
    """Return bits of which no two ones follow each other."""
    x = np.zeros((40, 60), dtype=int)
    for t in range(1, 60):
        x[:, t] = (x[:, t - 1] == 0) & (rng.random(40) < 0.5)
    return list(x), 0.25


def even(rng: Rng) -> Made:
    """Return runs of ones of even length: no finite order."""
    x = np.zeros((60, 100), dtype=int)
    odd = np.zeros(60, dtype=bool)
    for t in range(100):
        x[:, t] = odd | (rng.random(60) < 0.5)
        odd = (x[:, t] == 1) & ~odd
    return list(x), np.nan


def copy(lag: int, share: float = 0.35, n_symbols: int = 4) -> Callable[[Rng], Made]:
    """Return what draws symbols of which a share repeats the one a lag before."""

    def make(rng: Rng) -> Made:
        x = rng.integers(0, n_symbols, (100, lag + 70))
        for t in range(lag, lag + 70):
            x[:, t] = np.where(rng.random(100) < share, x[:, t - lag], x[:, t])
        return list(x), planted_bits(np.full(n_symbols, 1 / n_symbols), share)

    return make


def xor(*lags: int) -> Callable[[Rng], Made]:
    """Return what draws the parity of some steps, a tenth of it wrong."""

    def make(rng: Rng) -> Made:
        x = rng.integers(0, 2, (100, 80))
        for t in range(max(lags), 80):
            x[:, t] = np.bitwise_xor.reduce([x[:, t - lag] for lag in lags]) ^ (rng.random(100) < 0.1)
        return list(x), 0.53

    return make


def returned(rng: Rng) -> Made:
    """Return sequences that end in a random symbol or, one class, in that they began with."""
    x = rng.integers(0, 4, (300, 15))
    y = rng.integers(0, 2, 300)
    x[:, -1] = np.where(y == 1, x[:, 0], rng.integers(0, 4, 300))
    return (list(x), y), np.nan


def counts(rng: Rng) -> Made:
    """Return classes that differ in how often symbols occur, in no order."""
    y = rng.integers(0, 2, 200)
    return ([rng.choice(3, 25, p=[0.5, 0.3, 0.2] if c else [0.3, 0.3, 0.4]) for c in y], y), np.nan


def place(rng: Rng) -> Made:
    """Return classes that are told by one step, the fifth before the last, nine times in ten."""
    x = rng.integers(0, 2, (200, 20))
    return (list(x), np.where(rng.random(200) < 0.1, 1 - x[:, -6], x[:, -6])), 0.53


def rising(rng: Rng) -> Made:
    """Return independent bits whose frequency rises along each sequence."""
    return list((rng.random((60, 60)) < np.linspace(0.2, 0.8, 60)).astype(int)), np.nan


def changing(rng: Rng) -> Made:
    """Return one series of independent bits whose frequency changes on the way."""
    return [
        (rng.random(2000) < np.where(np.arange(2000) < rng.integers(600, 1400), 0.3, 0.7)).astype(int)
    ], np.nan


def slow(rng: Rng) -> Made:
    """Return one slow series whose source stays the same: memory, and no drift."""
    return [np.cumsum(rng.random(2000) < 0.1) % 2], 0.53


def duplicates(rng: Rng) -> Made:
    """Return fifty sequences, four copies of each, 5% of the steps changed, and random classes."""
    x = np.repeat(rng.integers(0, 4, (50, 40)), 4, axis=0)
    x = np.where(rng.random(x.shape) < 0.05, rng.integers(0, 4, x.shape), x)
    return (list(x[rng.permutation(200)]), rng.integers(0, 2, 200)), np.nan


def rare(rng: Rng) -> Made:
    """Return random classes, 95 to 5."""
    return (list(rng.integers(0, 3, (300, 40))), (rng.random(300) < 0.05).astype(int)), np.nan


def wrong_labels(rng: Rng) -> Made:
    """Return labels that repeat the symbol three steps before, a fifth of them replaced."""
    x = rng.integers(0, 3, (50, 50))
    y = np.where(rng.random(x.shape) < 0.2, rng.integers(0, 3, x.shape), np.roll(x, 3, axis=1))
    return (list(x), list(y)), planted_bits(np.full(3, 1 / 3), 0.8)


def slipping(rng: Rng) -> Made:
    """Return a cycle of seven that jumps a step ahead now and then: memory, and no clock."""
    return [np.cumsum(np.where(rng.random(1200) < 0.03, 2, 1)) % 7], np.nan


def many_words(rng: Rng) -> Made:
    """Return symbols of very uneven frequency, of which half repeat the one three steps before."""
    x = np.minimum(rng.zipf(1.6, (60, 60)), 200)
    for t in range(3, 60):
        x[:, t] = np.where(rng.random(60) < 0.5, x[:, t - 3], x[:, t])
    return list(x), np.nan


def autoregression(
    *weights: float, n: int = 40, length: int = 200, channels: int = 1
) -> Callable[[Rng], Made]:
    """Return what draws an autoregression in the last of some channels, the others being noise."""

    def make(rng: Rng) -> Made:
        x = rng.normal(size=(n, length + 200, channels))
        for t in range(len(weights), length + 200):
            x[:, t, -1] += sum(w * x[:, t - 1 - k, -1] for k, w in enumerate(weights))
        return list(x[:, 200:] if channels > 1 else x[:, 200:, 0]), np.nan

    return make


def across(rng: Rng) -> Made:
    """Return three channels of which the first follows the second at a distance of three."""
    x = rng.normal(size=(20, 100, 3))
    x[:, 3:, 0] = 0.8 * x[:, :-3, 1] + 0.6 * x[:, 3:, 0]
    return list(x), np.nan


def volatile(rng: Rng) -> Made:
    """Return numbers whose spread follows their squares, and whose level does not."""
    x, variance = np.zeros((40, 200)), np.ones(40)
    for t in range(200):
        x[:, t] = np.sqrt(variance) * rng.normal(size=40)
        variance = 0.1 + 0.2 * x[:, t] ** 2 + 0.7 * variance
    return list(x), np.nan


def threshold(rng: Rng) -> Made:
    """Return numbers that a curve tells and a straight line hardly does."""
    x = np.zeros((40, 150))
    for t in range(1, 150):
        x[:, t] = np.abs(x[:, t - 1]) - 0.8 + 0.5 * rng.normal(size=40)
    return list(x), np.nan


def hidden(n_states: int, dwell: float) -> Callable[[Rng], Made]:
    """Return what draws symbols of a hidden state that stays for long: each tells a little of the next."""

    def make(rng: Rng) -> Made:
        state = np.zeros((60, 150), dtype=int)
        state[:, 0] = rng.integers(0, n_states, 60)
        for t in range(1, 150):
            other = (state[:, t - 1] + rng.integers(1, n_states, 60)) % n_states
            state[:, t] = np.where(rng.random(60) < 1 / dwell, other, state[:, t - 1])
        p = np.array([[0.5, 0.3, 0.2], [0.2, 0.3, 0.5], [0.3, 0.5, 0.2]])[:n_states]
        return list((rng.random((60, 150, 1)) > p.cumsum(axis=1)[state]).sum(axis=2)), np.nan

    return make


def sticky(rng: Rng) -> Made:
    """Return a chain of order 2 that stays where it is for long, and has no memory beyond that."""
    x = rng.integers(0, 2, (60, 150))
    for t in range(2, 150):
        stays = np.where(x[:, t - 1] == x[:, t - 2], 0.95, 0.75)
        x[:, t] = np.where(rng.random(60) < stays, x[:, t - 1], 1 - x[:, t - 1])
    return list(x), np.nan


def trend(rng: Rng) -> Made:
    """Return numbers that rise along each sequence, and do not depend on each other."""
    return list(np.linspace(0, 3, 60) + rng.normal(size=(40, 60))), np.nan


def parts(*names: str) -> Callable[[Profile], bool]:
    """Return what is right if these parts of numbers tell, and no others."""
    return lambda found: tuple(found.numbers["part"]) == names


def silent(found: Profile) -> bool:
    """Nothing is found."""
    return found.reach is None and found.order is None


def reaches(reach: int, order: int | None = -1) -> Callable[[Profile], bool]:
    """Return what is right if the reach, and the order unless it is -1, are these."""
    return lambda found: found.reach == reach and (order == -1 or found.order == order)


def turns(period: float) -> Callable[[Profile], bool]:
    """Return what is right if the past tells, by this clock."""
    return lambda f: f.reach is not None and f.period is not None and abs(f.period - period) < 0.02 * period


def warns(code: str) -> Callable[[Profile], bool]:
    """Return what is right if a check has this code."""
    return lambda found: any(finding.code == code for finding in found.checks)


@dataclass(frozen=True)
class Kind:
    """Data with a known answer: how they are made, when a profile is right, whether they were looked at."""

    make: Callable[[Rng], Made]
    right: Callable[[Profile], bool]
    tuned: bool


KINDS = {
    "skewed noise": Kind(skewed, silent, True),
    "order 1": Kind(chain(1, 3), reaches(1, 1), True),
    "order 2": Kind(chain(2), reaches(2, 2), False),
    "order 3": Kind(chain(3), reaches(3, 3), True),
    "order 4": Kind(chain(4, n=200), reaches(4, 4), False),
    "20 symbols, little data": Kind(chain(1, 20, n=20, length=40), reaches(1, 1), False),
    "noisy cycle of 3": Kind(cycle(3, 0.1, 300), turns(3), True),
    "noisy cycle of 7": Kind(cycle(7, 0.4, 500), turns(7), False),
    "noisy sine of 12": Kind(sine(12), turns(12), True),
    "noisy sine of 17.3": Kind(sine(17.3), turns(17.3), False),
    "golden mean": Kind(golden, reaches(1, 1), True),
    "even process": Kind(even, lambda f: f.order is not None and f.order >= 4, False),
    "copy at 7": Kind(copy(7), reaches(7), True),
    "copy at 52": Kind(copy(52), reaches(52), True),
    "copy at 100": Kind(copy(100), reaches(100), False),
    "parity of the last 4": Kind(xor(1, 2, 3, 4), reaches(4, 4), False),
    "xor of 1 and 26": Kind(xor(1, 26), reaches(26), True),
    "class by return": Kind(returned, lambda f: f.order is None or f.order <= 1, False),
    "class by counts": Kind(counts, lambda f: f.order == 0, False),
    "class by place": Kind(place, lambda f: f.reach == 5, False),
    "drift by position": Kind(rising, silent, True),
    "change of the source": Kind(changing, lambda f: silent(f) and warns("drift")(f), False),
    "slow, no change": Kind(slow, lambda f: f.reach == 1 == f.order and not f.drift, False),
    "duplicates": Kind(duplicates, warns("copies"), True),
    "classes 95:5": Kind(rare, lambda f: silent(f) and warns("classes")(f), False),
    "label noise": Kind(wrong_labels, reaches(3, 3), False),
    "cycle of 7 that slips": Kind(slipping, lambda f: f.period is None and f.reach == 1, True),
    "copy at 3, 200 symbols": Kind(many_words, reaches(3), True),
    "AR(2), 40 x 200": Kind(autoregression(1.6, -0.8), reaches(2, 2), True),
    "AR(3), 1 x 1,500": Kind(autoregression(0.4, -0.2, 0.3, n=1, length=1500), reaches(3, 3), False),
    "AR(1) in one of 12": Kind(
        autoregression(0.9, n=20, length=100, channels=12),
        lambda f: f.reach == 1 and f.numbers["channel"].tolist() == [11] and abs(f.gain - 1.2) < 0.25,
        True,
    ),
    "channel to channel at 3": Kind(
        across, lambda f: f.reach == 3 and f.numbers["sources"].tolist() == [[1]], False
    ),
    "volatility": Kind(volatile, parts("spread"), True),
    "curve of the last step": Kind(
        threshold, lambda f: f.reach == 1 and "shape" in f.numbers["part"].tolist(), False
    ),
    "random walk": Kind(
        lambda rng: ([rng.normal(size=1000).cumsum()], np.nan), lambda f: f.reach == 1 and not f.drift, True
    ),
    "numbers, level jumps": Kind(
        lambda rng: ([np.where(np.arange(500) < 200, 0, 1.5) + rng.normal(size=500)], np.nan),
        lambda f: silent(f) and warns("drift")(f),
        False,
    ),
    # none of the far steps tells much by itself; the filter of two states gains up to about 40 steps
    "hidden, 2 states of 50": Kind(hidden(2, 50), lambda f: f.reach is not None and f.reach >= 15, True),
    "hidden, 3 states of 30": Kind(hidden(3, 30), lambda f: f.reach is not None and f.reach >= 10, False),
    "order 2 that lingers": Kind(sticky, reaches(2, 2), False),
    "numbers, trend by position": Kind(trend, lambda f: silent(f) and f.period is None, True),
    "order 2, 20 symbols": Kind(chain(2, 20, 50, 200, 0.1), reaches(2, 2), True),
    "order 1, 300 symbols": Kind(chain(1, 300, 30, 100, 0.01), reaches(1, 1), True),
    "order 3, 9 symbols": Kind(chain(3, 9, 60, 200, 0.15), reaches(3, 3), False),
    "order 2, 35 symbols": Kind(chain(2, 35, 50, 300, 0.07), reaches(2, 2), False),
    "copy at 8, 30 symbols": Kind(copy(8, 0.35, 30), reaches(8), True),
    "copy at 11, 50 symbols": Kind(copy(11, 0.4, 50), reaches(11), False),
}


def run_one(name: str, number: int) -> dict[str, object]:
    """Profile one generated set, and hold it against what is known."""
    kind = KINDS[name]
    data, bits = kind.make(np.random.default_rng([number, list(KINDS).index(name)]))
    start = time.perf_counter()
    found = seqcompare.profile(data, random_state=number)
    seconds = round(time.perf_counter() - start, 2)
    nine = np.nan
    if np.isfinite(bits):
        # a step that adds so much is where the reach ends; the nearest ten lags are alike
        nine = found.facts()["least_seen"] if name[:4] != "copy" else found.lags["seen_nine_in_ten"].max()
    return {
        "half": "tuned" if kind.tuned else "reported",
        "kind": name,
        "set": number,
        "right": int(kind.right(found)),
        "sure": "" if not np.isfinite(bits) else int(nine <= bits),
        "reach": found.reach,
        "order": found.order,
        "period": found.period,
        "found": " ".join(finding.code for finding in found.checks),
        "seconds": seconds,
    }


def print_table(path: Path) -> None:
    """Print how often each kind was right, and how often where nine in ten was said."""
    table = pd.read_csv(path)
    for (half, kind), rows in table.groupby(["half", "kind"], sort=False):
        sure = rows[rows["sure"] == 1]
        words = f"{half:9s} {kind:26s} right {rows['right'].sum():3d} of {len(rows):3d}"
        if rows["sure"].notna().any():
            words += f"; where nine in ten is said {sure['right'].sum():3d} of {len(sure):3d}"
        print(f"{words}; reach, order, period {_most_often(rows)}; {rows['seconds'].median():.2f} s")


def _most_often(rows: pd.DataFrame) -> str:
    answers = rows[["reach", "order", "period"]].astype(object).where(rows.notna(), "-")
    found = answers.astype(str).agg("/".join, axis=1).value_counts()
    return ", ".join(f"{answer} ({n})" for answer, n in found.head(3).items())


def main() -> None:
    """Run what is missing, or print the table of what there is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--sets", type=int, default=40)
    parser.add_argument("--kinds", nargs="*", default=list(KINDS), choices=list(KINDS))
    parser.add_argument("--table", action="store_true")
    options = parser.parse_args()
    if options.table:
        print_table(options.out)
        return
    done = set()
    if options.out.exists():
        done = {(row["kind"], int(row["set"])) for row in csv.DictReader(options.out.open(encoding="utf-8"))}
    with options.out.open("a", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, COLUMNS)
        if not done:
            writer.writeheader()
        for number in range(options.sets):
            for kind in options.kinds:
                if (kind, number) not in done:
                    writer.writerow(run_one(kind, number))
                    lines.flush()


if __name__ == "__main__":
    main()
