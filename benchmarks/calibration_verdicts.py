"""How often the tests and intervals behind a verdict are wrong, on simulated tables of losses.

Models are fitted: y is a coin, each of six features is y times an effect plus noise, and a model knows one
feature, whose effect it estimates on the training part. All features are equally good, so that

- `alike` holds the first feature against the last (every fold has the same candidate),
- `choice` holds the one that does best on the training part against the last (folds choose differently),
- `chance` holds a feature without effect against the frequencies, and `power` one with effect.

Series are autoregressive differences of loss. Every cell is of 10,000 tables (``--tables``):

    python benchmarks/calibration_verdicts.py calibration.csv
    python benchmarks/calibration_verdicts.py calibration.csv --table
"""

from __future__ import annotations

import argparse
import csv
import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from seqcompare.results.inference import Estimate, fold_inflation, over_time, over_units

Cell = dict[str, object]

UNITS = (10, 20, 50, 200, 2000)
#: 1 is an official split: as many units as are tested, and four times as many to train on.
FOLDS = (1, 3, 5, 10)
QUESTIONS = ("alike", "choice", "chance", "power")
EFFECT = 0.5
STEPS = (200, 500, 1000, 2000)
STICKINESS = (0.0, 0.3, 0.6, 0.9, 0.98)
COLUMNS = ["data", "n", "folds", "metric", "question", "rejected", "covered", "tables"]
_AT_A_TIME = 2_000_000


def cells() -> Iterator[Cell]:
    """Yield what is to be simulated."""
    for n, folds, metric, question in itertools.product(UNITS, FOLDS, ("accuracy", "bits"), QUESTIONS):
        if not (folds == 1 and question == "choice"):  # there is one choice, and the same test part for both
            yield {"data": "units", "n": n, "folds": folds, "metric": metric, "question": question}
    for n, rho, question in itertools.product(STEPS, STICKINESS, ("alike", "power")):
        yield {"data": f"series, {rho:g}", "n": n, "folds": "", "metric": "bits", "question": question}


def simulate(cell: Cell, n_tables: int, rng: np.random.Generator, effect: float = EFFECT) -> Cell:
    """Return a cell with the rate of rejection and the coverage of the interval.

    Rejection is two-sided at .05, and one-sided at .05 against chance. What is to be covered is the expected
    difference after training on parts of that size: its mean over all tables.
    """
    n = int(str(cell["n"]))
    at_a_time = max(1, min(n_tables, _AT_A_TIME // (8 * n)))
    found: list[Estimate] = []
    rest = n_tables
    while rest > 0:
        size = min(rest, at_a_time)
        found.append(
            _of_series(cell, size, rng) if cell["folds"] == "" else _of_units(cell, size, rng, effect)
        )
        rest -= size
    means = np.concatenate([np.atleast_1d(e.mean) for e in found])
    truth = 0.0 if cell["question"] in ("alike", "choice") else float(means.mean())
    against_chance = cell["question"] in ("chance", "power") and cell["folds"] != ""
    p = np.concatenate([np.atleast_1d(e.p_above() if against_chance else e.p_value()) for e in found])
    # no interval is printed where it is bounded: what is past the range of the metric cannot be missed
    bounds = [np.broadcast_arrays(*e.interval(), e.mean)[:2] for e in found]
    covered = np.concatenate([np.atleast_1d((low <= truth) & (truth <= high)) for low, high in bounds])
    rates = {"rejected": float((p < 0.05).mean()), "covered": float(covered.mean())}
    return {**cell, **rates, "tables": n_tables}


def _of_units(cell: Cell, size: int, rng: np.random.Generator, effect: float) -> Estimate:
    """Return the estimates of some tables of units; positive where the first model loses less."""
    n, folds = int(str(cell["n"])), int(str(cell["folds"]))
    bits, question = cell["metric"] == "bits", cell["question"]
    effect = 0.0 if question == "chance" else effect
    total = 5 * n if folds == 1 else n
    y = np.where(np.arange(total) % 2 == 0, 1.0, -1.0)  # stratified: both classes everywhere
    x = rng.normal(size=(size, 6 if question == "choice" else 2, total)) + effect * y
    # whole blocks of two, so that every fold has both classes where it can
    fold = np.repeat(np.arange(total), 2)[:total] % folds if folds > 1 else np.r_[np.zeros(n), np.ones(4 * n)]
    a, b = np.empty((size, n)), np.empty((size, n))
    for k in range(max(folds, 1)) if folds > 1 else (0,):
        test = fold == k
        mu = (x * y)[..., ~test].mean(axis=-1)
        losses = _losses(x, y, mu, int((~test).sum()), bits)
        # whoever is best on the training part, and the one that is never among those
        first = losses[:, :5, ~test].mean(axis=-1).argmin(axis=1) if question == "choice" else 0
        here = test[:n] if folds > 1 else slice(None)
        a[:, here] = losses[np.arange(size), first][:, test]
        b[:, here] = losses[:, -1][:, test]
    if question in ("chance", "power"):
        tested = y[:n]
        share = max((tested > 0).mean(), (tested < 0).mean())
        entropy = -np.log2(np.where(tested > 0, (tested > 0).mean(), (tested < 0).mean()))
        b = np.broadcast_to(entropy if bits else (tested < 0).astype(float), a.shape)
        assert share >= 0.5
    differ = question == "choice"
    inflation = fold_inflation([range(folds)] if differ else [[0] * folds], 1 / max(folds - 1, 1))
    return over_units(b - a, bounded=not bits, inflation=inflation, folds=folds)


def _losses(x: np.ndarray, y: np.ndarray, mu: np.ndarray, n_train: int, bits: bool) -> np.ndarray:
    """Return what a feature loses by its estimated effect, mixed with one uniform guess as in `compare`."""
    score = 2 * mu[..., None] * x
    if not bits:
        return np.asarray(score * y <= 0, dtype=float)
    given = 1 / (1 + np.exp(-np.clip(score * y, -50, 50)))
    return np.asarray(-np.log2((n_train * given + 1 / 3) / (n_train + 1)))


def _of_series(cell: Cell, size: int, rng: np.random.Generator) -> Estimate:
    n, rho = int(str(cell["n"])), float(str(cell["data"]).split()[-1])
    x = rng.normal(size=(size, n))
    for t in range(1, n):
        x[:, t] = rho * x[:, t - 1] + np.sqrt(1 - rho**2) * x[:, t]
    # as far off as a test that knew the variance would find in 90 of 100
    shift = 3.24 * np.sqrt((1 + rho) / (1 - rho) / n) if cell["question"] == "power" else 0.0
    return over_time(x + shift)


def main() -> None:
    """Run what is missing, or print the table of what there is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--tables", type=int, default=10_000)
    parser.add_argument("--table", action="store_true")
    parser.add_argument(
        "--effect", type=float, default=EFFECT, help="of each feature, in its standard deviations"
    )
    options = parser.parse_args()
    rows = list(csv.DictReader(options.out.open(encoding="utf-8"))) if options.out.exists() else []
    if options.table:
        print_table(rows)
        return
    done = {tuple(row[name] for name in COLUMNS[:5]) for row in rows}
    with options.out.open("a", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, COLUMNS)
        if not rows:
            writer.writeheader()
        for number, cell in enumerate(cells()):
            if tuple(str(cell[name]) for name in COLUMNS[:5]) not in done:
                rng = np.random.default_rng(number)
                writer.writerow(simulate(cell, options.tables, rng, options.effect))
                lines.flush()


def print_table(rows: list[dict[str, str]]) -> None:
    """Print a line a number of units, a column a kind of split."""
    for data, metric, question in dict.fromkeys((r["data"], r["metric"], r["question"]) for r in rows):
        mine = [r for r in rows if (r["data"], r["metric"], r["question"]) == (data, metric, question)]
        for n in dict.fromkeys(r["n"] for r in mine):
            rates = " | ".join(
                f"{float(r['rejected']):.3f} / {float(r['covered']):.3f}" for r in mine if r["n"] == n
            )
            print(f"| {data}, {metric}, {question} | {n} | {rates} |")


if __name__ == "__main__":
    main()
