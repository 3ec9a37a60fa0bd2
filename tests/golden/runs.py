"""Small runs whose numbers must not change: a sweep over every model, and a comparison of every role.

`python tests/golden/runs.py FOLDER` makes them, or those whose names follow. Those kept beside this file
were made by commit c306f21.
"""

import sys
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

import seqcompare
from seqcompare.families import FAMILIES, find_spec, register, with_models
from seqcompare.results.comparison import StoredComparison

SUITE = {
    "title": "Golden",
    "seeds": 1,
    "distances": [2],
    "n_train": 40,
    "n_validation": 20,
    "n_test": 30,
    "epochs": 3,
    "em_iterations": 10,
    "max_seconds": 600,
    "tasks": [
        {"name": "Recall"},
        {"name": "Echo"},
        {"name": "TemporalOrder"},
        {"name": "Adding"},
        {"name": "LagChain"},
    ],
    "models": [
        {"variant": "markov", "sizes": [1, 2]},
        {"variant": "hmm", "sizes": [2]},
        {"variant": "hmm-sticky", "sizes": [2]},
        {"variant": "logistic", "sizes": [2, 4]},
        {"variant": "ridge", "sizes": [4]},
        {"variant": "linear-svm", "sizes": [4]},
        {"variant": "rbf-svm", "sizes": [4]},
        {"variant": "mlp", "sizes": [4]},
        {"variant": "logistic-centred", "sizes": [5]},
        {"variant": "elman", "sizes": [8]},
        {"variant": "jordan", "sizes": [8]},
        {"variant": "gru", "sizes": [8]},
        {"variant": "lstm", "sizes": [8]},
        {"variant": "bilstm", "sizes": [8]},
        {"variant": "exact"},
    ],
    "sweeps": [
        {
            "axis": "memory",
            "task": "Recall",
            "parameter": "n_cues",
            "values": [2, 4],
            "distance": 2,
            "models": ["markov"],
            "sizes": {"markov": [2]},
        }
    ],
}


def data(name):
    """Return data of a role, made from a fixed seed."""
    rng = np.random.default_rng(0)
    n, length = 24, 12
    symbols = rng.integers(3, size=(n, length))
    symbols[:, 2:] = np.where(rng.random((n, length - 2)) < 0.7, symbols[:, :-2], symbols[:, 2:])
    numbers = rng.normal(size=(n, length, 2))
    if name == "next":
        return [np.array(list("abc"))[row] for row in symbols]
    if name == "next-real":
        walk = np.cumsum(rng.normal(size=(n, length)), axis=1)
        return list(walk)
    if name == "step":
        return list(symbols), [np.roll(row, 1) for row in symbols]
    if name == "sequence":
        return list(symbols), np.array(["up", "down"])[(symbols[:, 0] == symbols[:, -1]).astype(int)]
    if name == "sequence-real":
        classes = np.arange(n) % 2
        return list(numbers + classes[:, None, None]), classes.astype(str)
    assert name == "value"
    return list(numbers), numbers[:, -1, 0] + 0.5 * numbers[:, -2, 1]


ROLES = ("next", "next-real", "step", "sequence", "sequence-real", "value")
SAVED = ("markov", "hmm", "gru")


def sweep(folder):
    return seqcompare.sweep(SUITE, folder, n_jobs=1)


#: What contestants and models are called now.
ENTRIES = {"Markov tagger": "Markov chain", "Markov chains": "Markov chain", "HMMs": "HMM"}
LABELS = {
    "centred window 5": "logistic window -2..+2",
    "centred window 9": "logistic window -4..+4",
    "mean of GRU 32": "GRU 32, mean",
}


def renamed(frame, role):
    frame = frame.copy()
    pooled = ", mean" if role.startswith("sequence") else ""
    names = {m: m.replace("two-way ", "Bi") + pooled for m in frame["model"] if m.startswith("two-way")}
    frame["model"] = frame["model"].replace({**LABELS, **names})
    if "entry" in frame:
        frame["entry"] = frame["entry"].replace(ENTRIES)
    return frame


@contextmanager
def grids_of_then(role):
    """Hold the grids of comparisons to the candidates that there were."""
    stored = StoredComparison(Path(__file__).parent / f"compare-{role}").frame()
    labels = set(renamed(stored, role)["model"])

    def of_then(spec):
        def grid(problem):
            return [s for s in spec.settings(problem) if spec.label_of(s) in labels]

        return replace(spec, grid=grid, refine=None)

    now = list(FAMILIES.values())
    for family in now:
        register(with_models(family, [of_then(spec) for spec in family.specs]), replace=True)
    try:
        yield
    finally:
        for family in now:
            register(family, replace=True)


def compare(name, folder):
    with grids_of_then(name):
        # of numbers, there was no other model of the next step
        models = [find_spec("hmm")[1]] if name == "next-real" else None
        # and a fifth of each training part chose
        return seqcompare.compare(data(name), models, cv=2, inner_cv=1, out=folder, n_jobs=1)


def model(name):
    made = {
        "markov": lambda: seqcompare.MarkovChain(order=2),
        "hmm": lambda: seqcompare.HMM(2, random_state=0, max_iter=5, n_init=1),
        "gru": lambda: seqcompare.NextStep(
            seqcompare.RNNTagger(cell="gru", hidden_size=4, max_iter=2, random_state=0)
        ),
    }
    return made[name]().fit(data("next"))


if __name__ == "__main__":
    import warnings

    warnings.simplefilter("ignore")
    out, asked = Path(sys.argv[1]), sys.argv[2:]
    if not asked or "sweep" in asked:
        sweep(out / "sweep")
    for role in ROLES:
        if not asked or role in asked:
            compare(role, out / f"compare-{role}")
    for name in SAVED if not asked else ():
        (out / "models").mkdir(exist_ok=True, parents=True)
        seqcompare.save(model(name), out / "models" / f"{name}.skops")
