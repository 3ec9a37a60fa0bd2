"""Reading step by step: microseconds of processor time a step, beside answering for the whole prefix.

Run with ``python benchmarks/online.py``. Each model reads five sequences of 2,000 steps that it has not
seen, after one that compiles; the median is printed, and the same for ``predict_next_...`` of a prefix of 200
steps, which is what has to be called without `step`.
"""

from __future__ import annotations

import time
import warnings
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from seqcompare import (
    HMM,
    Autoregression,
    ContextTree,
    LinearStateSpace,
    MarkovChain,
    MarkovTagger,
    NextStep,
    RNNTagger,
    WindowStepRegressor,
    WindowTagger,
)

N_STEPS, RUNS, PREFIX = 2000, 5, 200


def seconds_a_step(model: Any, x: Any) -> float:
    """Return the time of a step of each of some new sequences, after one that compiles."""
    first = model.start()
    times = []
    for k in range(RUNS + 1):
        state, begin = first, time.process_time()
        for step in x[k * N_STEPS : (k + 1) * N_STEPS]:
            _, state = model.step(state, step)
        times.append(time.process_time() - begin)
    return float(np.median(times[1:])) / N_STEPS


def seconds_a_prefix(answer: Any, x: Any) -> float:
    """Return the time of answering after a prefix."""
    times = []
    for _ in range(20):
        begin = time.process_time()
        answer([x[:PREFIX]])
        times.append(time.process_time() - begin)
    return float(np.median(times))


def main() -> None:
    """Print the table."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    rng = np.random.default_rng(0)
    words = ["".join(rng.choice(list("abcd"), 500, p=[0.4, 0.3, 0.2, 0.1])) for _ in range(20)]
    numbers = [rng.normal(size=500).cumsum() * 0.1 + rng.normal(size=500) for _ in range(20)]
    n_new = N_STEPS * (RUNS + 1)
    word = "".join(rng.choice(list("abcd"), n_new, p=[0.4, 0.3, 0.2, 0.1]))
    number = rng.normal(size=n_new)
    labels = [[c == "a" for c in w] for w in words]
    net = RNNTagger("gru", hidden_size=32, max_iter=1, random_state=0)
    symbols = {
        "Markov chain of order 3": MarkovChain(3),
        "context tree of depth 20": ContextTree(20),
        "HMM of 8 states": HMM(8, n_init=1, max_iter=5, random_state=0),
        "window of 8": NextStep(WindowTagger(before=7)),
        "GRU of 32": NextStep(net),
    }
    for name, model in symbols.items():
        model.fit(words)
        print(
            f"{name:28} {seconds_a_step(model, word) * 1e6:8.1f} us a step, "
            f"{seconds_a_prefix(model.predict_next_proba, word) * 1e6:8.0f} us a prefix of {PREFIX}"
        )
    taggers = {"tagger of order 3": MarkovTagger(3), "tagging GRU of 32": net}
    for name, model in taggers.items():
        model.fit(words, labels)
        print(
            f"{name:28} {seconds_a_step(model, word) * 1e6:8.1f} us a step, "
            f"{seconds_a_prefix(model.predict_proba, word) * 1e6:8.0f} us a prefix of {PREFIX}"
        )
    of_numbers = {
        "autoregression of order 3": Autoregression(3),
        "linear state space of 2": LinearStateSpace(2, max_iter=20),
        "Gaussian HMM of 8 states": HMM(8, n_init=1, max_iter=5, random_state=0),
        "ridge window of 8": NextStep(WindowStepRegressor(before=7)),
    }
    for name, model in of_numbers.items():
        model.fit(numbers)
        print(
            f"{name:28} {seconds_a_step(model, number) * 1e6:8.1f} us a step, "
            f"{seconds_a_prefix(model.predict_next_distribution, number) * 1e6:8.0f} us a prefix of {PREFIX}"
        )


if __name__ == "__main__":
    main()
