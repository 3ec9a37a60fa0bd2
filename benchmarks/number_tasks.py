"""How far the right models are from the optimum on the tasks on numbers and counts.

Each line is a model on a task: the mean over seeds of its bits a step over the exact optimum, on 400 fresh
sequences of 200 steps, fitted to 40 sequences of 200 steps and to 40 of 2,000.

    python benchmarks/number_tasks.py [--seeds 3] [--only NAME] [--short]
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import Ridge

from seqcompare import (
    Autoregression,
    AutoregressiveHMM,
    CountAutoregression,
    LinearStateSpace,
    MarkovChain,
    NextStep,
    RNNStepRegressor,
    WindowStepRegressor,
    select_order,
)
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


def by_bic(X):
    """Return the autoregression whose order has the least BIC."""
    return Autoregression(select_order(X, range(17), "bic", cv=2).best_order).fit(X)


def window(estimator, width):
    """Return how to fit a density on windows."""
    return lambda X: NextStep(WindowStepRegressor(estimator, before=width - 1)).fit(X)


def network(X):
    """Return the density of a small network, as comparisons enter it."""
    net = RNNStepRegressor(
        cell="gru",
        hidden_size=16,
        early_stopping=True,
        validation_fraction=0.2,
        batch_size=4,
        learning_rate_init=0.002,
        alpha=1.0,
        random_state=0,
    )
    return NextStep(net).fit(X)


def garch(X):
    """Return noise whose variance follows from past squares."""
    return Autoregression(0, volatility="garch").fit(X)


CASES = [
    (LinearSeries(1), "autoregression, order by BIC", by_bic),
    (LinearSeries(2, coefficients=(1.6, -0.8)), "autoregression, order by BIC", by_bic),
    (NoisyState(64), "linear state space, 1", lambda X: LinearStateSpace(1).fit(X)),
    *((task, "GRU 16, one normal", network) for task in (NoisyState(64), LongMemory(), Volatility())),
    (NoisyState(64), "ridge on 32", window(Ridge(), 32)),
    (NoisyState(64), "autoregression, order by BIC", by_bic),
    (LongMemory(), "linear state space, 2", lambda X: LinearStateSpace(2).fit(X)),
    (LongMemory(), "linear state space, 3", lambda X: LinearStateSpace(3).fit(X)),
    (LongMemory(), "ridge on 32", window(Ridge(), 32)),
    (LongMemory(), "autoregression, order by BIC", by_bic),
    (Volatility(), "constant mean, GARCH", garch),
    (
        ThresholdAutoregression(),
        "gradient boosting on 1",
        window(GradientBoostingRegressor(random_state=0), 1),
    ),
    (
        SwitchingAutoregression(32),
        "autoregressive HMM, 2 states",
        lambda X: AutoregressiveHMM(2, random_state=0).fit(X),
    ),
    (Counts(), "thinning, Poisson arrivals", lambda X: CountAutoregression().fit(X)),
    (Counts(), "thinning, free arrivals", lambda X: CountAutoregression(arrivals="free").fit(X)),
    (
        Counts(survival=0.6, arrivals=2.0),
        "thinning, Poisson arrivals",
        lambda X: CountAutoregression().fit(X),
    ),
    (Renewal(), "Markov chain of order 12", lambda X: MarkovChain(12).fit(X)),
]


def excess(task, fit, length, seed):
    """Return the bits over the optimum, and the seconds of the fit."""
    train = task.sample(40, length=length, random_state=seed)
    test = task.sample(400, length=200, random_state=1000 + seed)
    begin = time.process_time()
    model = fit(train.X)
    seconds = time.process_time() - begin
    best = task.score(test, task.optimal_proba(test.X))
    said = model.predict_next_proba(test.X) if task.name == "Renewal" else model.score_steps(test.X)
    return task.score(test, said) - best, seconds


def main() -> None:
    """Print a line a model and task."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", default="")
    parser.add_argument("--short", action="store_true", help="40 x 200 alone")
    options = parser.parse_args()
    print(f"{'task':26} {'model':32} {'40 x 200':>9} {'seconds':>8} {'40 x 2,000':>11} {'seconds':>8}")
    for task, name, fit in CASES:
        if options.only not in task.name:
            continue
        line = f"{task.name:26} {name:32}"
        for length, width in ((200, 9), (2000, 11))[: 1 if options.short else 2]:
            found = np.array([excess(task, fit, length, seed) for seed in range(options.seeds)])
            line += f" {found[:, 0].mean():{width}.4f} {found[:, 1].mean():8.2f}"
        print(line, flush=True)


if __name__ == "__main__":
    main()
