"""How often `seqcompare.profile` is right: alarms in noise, and what it finds where the answer is known.

``python benchmarks/dependence.py [N_SETS]`` prints the two tables of docs/profile.md (100 data sets of noise,
10 of each known source by default; some minutes).
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

import seqcompare
from seqcompare.tasks import Echo, LagChain, Recall, TemporalOrder

Rng = np.random.Generator


def flips(rng: Rng, n: int, length: int) -> list[np.ndarray]:
    """Return binary sequences that flip one step in ten: slow, and of order 1."""
    return list(np.cumsum(rng.random((n, length)) < 0.1, axis=1) % 2)


def third_order(rng: Rng) -> list[np.ndarray]:
    """Draw a random chain of order 3 over three symbols, and sequences from it."""
    table = rng.dirichlet(np.full(3, 0.7), size=(3, 3, 3)).cumsum(axis=-1)
    x = rng.integers(0, 3, (100, 100))
    for t in range(3, 100):
        x[:, t] = (rng.random((100, 1)) > table[x[:, t - 3], x[:, t - 2], x[:, t - 1]]).sum(axis=1)
    return list(x)


def parity(rng: Rng) -> list[np.ndarray]:
    """Return x[t] = x[t-1] xor x[t-4], flipped one time in ten."""
    x = rng.integers(0, 2, (100, 60))
    for t in range(4, 60):
        x[:, t] = x[:, t - 1] ^ x[:, t - 4] ^ (rng.random(100) < 0.1)
    return list(x)


NOISE: dict[str, Callable[[Rng], Any]] = {
    "four symbols, 40 x 60": lambda rng: list(rng.integers(0, 4, (40, 60))),
    "three symbols of unequal frequency, 1 x 1,000": lambda rng: [rng.choice(3, 1000, p=[0.7, 0.2, 0.1])],
    "labels, 40 x 40": lambda rng: (list(rng.integers(0, 4, (40, 40))), list(rng.integers(0, 2, (40, 40)))),
    "classes, 100 x 30": lambda rng: (list(rng.integers(0, 4, (100, 30))), rng.integers(0, 2, 100)),
    "real-valued, 20 x 100": lambda rng: list(rng.normal(size=(20, 100))),
    "slow input and labels without a tie, 15 x 80": lambda rng: (flips(rng, 15, 80), flips(rng, 15, 80)),
}

KNOWN: dict[str, Callable[[int], Any]] = {
    "order 3": lambda seed: third_order(np.random.default_rng(seed)),
    "parity of lags 1 and 4": lambda seed: parity(np.random.default_rng(seed)),
    "LagChain(5)": lambda seed: LagChain(distance=5).sample(200, 60, random_state=seed),
    "Recall(40)": lambda seed: Recall(distance=40).sample(300, None, random_state=seed),
    "Echo(-3)": lambda seed: Echo(distance=-3).sample(50, 60, random_state=seed),
    "Echo(6)": lambda seed: Echo(distance=6).sample(50, 60, random_state=seed),
    "TemporalOrder(2)": lambda seed: TemporalOrder(distance=2).sample(600, None, random_state=seed),
}


def main(n_sets: int = 100) -> None:
    """Print both tables."""
    print(
        f"alarms in noise, of {n_sets} data sets: single lags, contexts, either; lags against shuffled alone"
    )
    for name, make in NOISE.items():
        alarms = np.zeros(4)
        for seed in range(n_sets):
            found = seqcompare.profile(make(np.random.default_rng(seed)), max_lag=30, random_state=seed)
            lags = bool(found.lags["detected"].any())
            contexts = bool((found.orders["p"] <= found.alpha / 2).any())
            alarms += [lags, contexts, lags or contexts, found.p_value <= found.alpha / 2]
        print(f"{name:50s}", *(f"{share:6.1%}" for share in alarms / n_sets), flush=True)
    n_known = max(1, n_sets // 10)
    print(f"\nfound in known sources, of {n_known} data sets: reach, look-ahead and order, and how often")
    for name, sample in KNOWN.items():
        profiles = [seqcompare.profile(sample(s), max_lag=60, random_state=s) for s in range(n_known)]
        answers = (Counter(getattr(p, key) for p in profiles) for key in ("reach", "look_ahead", "order"))
        print(f"{name:25s}", *(dict(answer.most_common(3)) for answer in answers), flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
