"""What a fifth of all cells missing costs each family, beside what it costs an exact filter.

    python benchmarks/missing.py [--sources "AR(1)" "noisy state" ...]

Linear sources of numbers, 40 sequences to fit, 100 to test, of 200 steps. "Whole" and "holes" are bits a step
from step 50 on, of the steps that are there; "more" is what holes cost a family beyond what they cost the
exact filter, which is the Kalman filter of an autoregression or state space fitted to the same data.

Of sources that are not linear no such filter is known. There "more" is what it costs, asked with holes, that
the family was also fitted with holes, and not to the whole data.
"""

from __future__ import annotations

import argparse
import warnings

import numpy as np
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from seqcompare import (
    HMM,
    Autoregression,
    AutoregressiveHMM,
    CountAutoregression,
    Filled,
    LastValue,
    LinearStateSpace,
    NextStep,
    RNNStepRegressor,
    Sequences,
    WindowStepRegressor,
)
from seqcompare.tasks import (
    Counts,
    LinearSeries,
    LongMemory,
    NoisyState,
    SwitchingAutoregression,
    Volatility,
)

TASKS = {
    "AR(1)": LinearSeries(1),
    "AR(2)": LinearSeries(2, coefficients=(1.6, -0.8)),
    "noisy state": NoisyState(64),
    "long memory": LongMemory(),
}
NET = {"cell": "gru", "hidden_size": 8, "batch_size": 4, "learning_rate_init": 0.002, "alpha": 1.0}


def window(missing):
    """Return the density of a ridge regression on eight steps."""
    ridge = make_pipeline(StandardScaler(), Ridge())
    return NextStep(WindowStepRegressor(ridge, before=7, missing=missing))


def network(missing):
    """Return the density of a small GRU."""
    net = RNNStepRegressor(early_stopping=True, validation_fraction=0.2, random_state=0, **NET)
    return NextStep(Filled(net) if missing == "allow" else net)


def hidden_states(missing):
    """Return an HMM of eight states."""
    return HMM(8, n_init=1, missing="marginalize" if missing == "allow" else "error", random_state=0)


MODELS = {
    "exact filter": None,
    "Markov: autoregression of order 8": lambda missing: Autoregression(8, missing=missing),
    "HMM: state space of 2 numbers": lambda missing: LinearStateSpace(2, missing=missing),
    "HMM: 8 states": hidden_states,
    "window: ridge on 8 steps": window,
    "recurrent: GRU of 8": network,
    "reference: last value": lambda missing: NextStep(LastValue(missing=missing)),
}


#: Sources that are not linear, and the families that are made for them.
OTHERS = {
    "regimes": (
        SwitchingAutoregression(32),
        "HMM: autoregressive, 2 states",
        lambda missing: AutoregressiveHMM(2, missing=missing, random_state=0),
    ),
    "volatility": (
        Volatility(),
        "Markov: autoregression, GARCH",
        lambda missing: Autoregression(0, volatility="garch", missing=missing),
    ),
    "counts": (
        Counts(),
        "Markov: autoregression of counts",
        lambda missing: CountAutoregression(1, missing=missing),
    ),
}


def holes(X, seed):
    """Return sequences with a fifth of their steps missing."""
    values = X.values.astype(np.float64)
    values[np.random.default_rng(seed).random(len(values)) < 0.2] = np.nan
    return Sequences(values, X.offsets)


def cost(make, train, test):
    """Return bits a step on whole data, and on data with holes."""
    gappy, asked = holes(train, 0), holes(test, 1)
    late = test.step_index >= 50
    found = []
    for missing, fitted, given in (("error", train, test), ("allow", gappy, asked)):
        known = late & ~np.isnan(given.values)
        steps = make(missing).fit(fitted).score_steps(given).values
        found.append(-steps[known].mean() / np.log(2))
    return found


def cost_of_learning(make, train, test):
    """Return bits a step on data with holes, of what was fitted to whole data, and to data with holes."""
    gappy, asked = holes(train, 0), holes(test, 1)
    known = (test.step_index >= 50) & ~np.isnan(asked.values)
    found = []
    for missing, fitted in (("error", train), ("allow", gappy)):
        steps = make(missing).fit(fitted).set_params(missing="allow").score_steps(asked).values
        found.append(-steps[known].mean() / np.log(2))
    return found


def main():
    """Print a table for each source."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sources", nargs="*", default=[*TASKS, *OTHERS], help="which sources")
    asked = parser.parse_args().sources
    for title, (task, name, make) in OTHERS.items():
        if title not in asked:
            continue
        train, test = (task.sample(n, length=200, random_state=seed).X for n, seed in ((40, 0), (100, 1)))
        gappy, (least, found) = cost(make, train, test), cost_of_learning(make, train, test)
        print(
            f"{title:12s} {name:36s} whole {gappy[0]:.4f}  holes {gappy[1]:.4f}  more {found - least:+.4f}",
            flush=True,
        )
    for title, task in TASKS.items():
        if title not in asked:
            continue
        train, test = (task.sample(n, length=200, random_state=seed).X for n, seed in ((40, 0), (100, 1)))
        exact = (lambda m: LinearStateSpace(2, missing=m)) if title == "noisy state" else None
        order = {"AR(1)": 1, "AR(2)": 2}.get(title, 8)
        exact = exact or (lambda m, p=order: Autoregression(p, missing=m))
        least = cost(exact, train, test)
        for name, make in MODELS.items():
            whole, gappy = least if make is None else cost(make, train, test)
            more = (gappy - whole) - (least[1] - least[0])
            print(
                f"{title:12s} {name:36s} whole {whole:.4f}  holes {gappy:.4f}  more {more:+.4f}", flush=True
            )


if __name__ == "__main__":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        main()
