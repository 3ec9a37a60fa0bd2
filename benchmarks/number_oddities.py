"""Whether comparisons say anything false of numbers that are no textbook's: ties, constants, outliers.

Each set is small, and all families compete as in `seqcompare.compare`. Nothing may be said that the source
contradicts: where there is nothing to predict no model may win, where there is a dependence it may be missed
but not excluded, and no score is beyond what such numbers can cost, or below what the source itself costs.

    nice -n 19 python benchmarks/number_oddities.py [--only NAME] [--seed 0]
"""

from __future__ import annotations

import argparse
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np

from seqcompare import compare

N, T = 20, 50


def linear(rng, phi=0.9, shape=(N, T)):
    """Return an autoregression of order 1 with noise of variance 1, from its stationary start."""
    x = np.empty(shape)
    x[:, 0] = rng.normal(size=shape[0]) / np.sqrt(1 - phi**2)
    for t in range(1, shape[1]):
        x[:, t] = phi * x[:, t - 1] + rng.normal(size=shape[0])
    return x


def constant_channel(rng):
    """Return two channels, of which one never varies."""
    return np.stack([linear(rng), np.full((N, T), 21.5)], axis=2)


def constant_in_training(rng):
    """Return two channels, one of which varies in a single sequence, and so never in training for it."""
    other = np.full((N, T), 21.5)
    other[3] = rng.normal(40, 5, size=T).round(1)
    return np.stack([linear(rng), other], axis=2)


def nearly_constant(rng):
    """Return a display that shows the next decimal now and then, at random."""
    return 20 + 0.1 * (rng.random((N, T)) < 0.01)


def few_integers(rng):
    """Return whole numbers at random, as floats."""
    return rng.integers(0, 5, size=(N, T)).astype(float)


def rounded(rng):
    """Return an autoregression rounded to about its noise."""
    return linear(rng).round()


def two_values(rng):
    """Return a switch that stays as it is nine times in ten."""
    return (np.cumsum(rng.random((N, T)) < 0.1, axis=1) % 2).astype(float)


def heavy_tails(rng):
    """Return Cauchy noise."""
    return rng.standard_cauchy((N, T))


def outliers(rng):
    """Return normal noise, and a wrong reading of 1e6 now and then."""
    return np.where(rng.random((N, T)) < 0.01, 1e6, rng.normal(size=(N, T)))


def outliers_of_a_series(rng):
    """Return an autoregression with such readings."""
    return np.where(rng.random((N, T)) < 0.01, 1e6, linear(rng))


def trend(rng):
    """Return a slope of each sequence's own, and noise."""
    return rng.normal(size=(N, 1)) * np.arange(T) + rng.normal(size=(N, T))


def scales(rng):
    """Return three channels of very different units, one of which has a memory."""
    return np.stack([1e-6 * rng.normal(size=(N, T)), linear(rng), 1e9 * rng.normal(size=(N, T))], axis=2)


def short(rng):
    """Return noise of three steps a sequence."""
    return rng.normal(size=(4 * N, 3))


def rain(rng):
    """Return nothing at all half of the time, else any amount, at random."""
    return np.where(rng.random((N, T)) < 0.5, 0.0, rng.exponential(size=(N, T)))


#: Whether there is a dependence to be found, and the least bits a step that any model can come to.
OF_NOISE = 0.5 * np.log2(2 * np.pi * np.e)
SETS = {
    constant_channel: (True, OF_NOISE + np.log2(0.1) - 0.6),
    constant_in_training: (True, OF_NOISE + np.log2(0.1) - 0.6),
    nearly_constant: (False, np.log2(0.1) - 0.6),
    few_integers: (False, np.log2(5) - 0.6),
    rounded: (True, OF_NOISE - 0.6),
    two_values: (True, -0.6),
    heavy_tails: (False, np.log2(4 * np.pi) - 0.6),
    outliers: (False, OF_NOISE - 0.6),
    outliers_of_a_series: (True, OF_NOISE - 0.6),
    trend: (True, OF_NOISE - 0.6),
    scales: (True, 3 * OF_NOISE + np.log2(1e3) - 0.6),
    short: (False, OF_NOISE - 0.6),
    rain: (False, -np.inf),
}
MOST_BITS = 80.0


def judge(make, seed):
    """Return the verdict on a set, what is false of it, and the scores."""
    predictable, least = SETS[make]
    values = make(np.random.default_rng([seed, *make.__name__.encode()]))
    with tempfile.TemporaryDirectory() as place, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = compare(list(values), out=Path(place) / "run", budget=None, n_jobs=1)
        verdict, summary = found.verdict(), found.summary()
    scores = summary.set_index("entry")["score"]
    false = []
    if predictable and verdict.kind == "chance":
        false.append("a dependence is excluded")
    if not predictable and verdict.kind == "model":
        false.append("a model of noise wins")
    if not scores.between(least, MOST_BITS).all():
        false.append("a score is impossible")
    if summary["n_failed"].any():
        false.append(f"failures: {list(summary['error'][summary['n_failed'] > 0])}")
    return verdict, false, scores


def main() -> None:
    """Print a line a set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    for make in SETS:
        if options.only not in make.__name__:
            continue
        begin = time.process_time()
        verdict, false, scores = judge(make, options.seed)
        words = ", ".join(f"{entry} {score:.3f}" for entry, score in scores.items())
        print(f"{make.__name__}: {verdict.kind}, {verdict.model}; {'; '.join(false) or 'nothing false'}")
        print(f"    {words} ({time.process_time() - begin:.0f} s)", flush=True)


if __name__ == "__main__":
    main()
