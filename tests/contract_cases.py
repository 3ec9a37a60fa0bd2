"""The estimators that are held to the contract, and data for each."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from seqcompare import (
    HMM,
    Autoregression,
    BayesClassifier,
    CountAutoregression,
    HMMTagger,
    LinearStateSpace,
    MarkovChain,
    MarkovTagger,
    NextStep,
    RNNClassifier,
    RNNRegressor,
    RNNTagger,
    SequenceScaler,
    SlidingWindow,
    WindowClassifier,
    WindowRegressor,
    WindowStepRegressor,
    WindowTagger,
)

# recurrent nets are held to equality: full batches, no early stop, float64
NET = {
    "hidden_size": 8,
    "learning_rate_init": 0.05,
    "max_iter": 60,
    "batch_size": 10_000,
    "early_stopping": False,
    "dtype": "float64",
    "random_state": 0,
}
SMALL_NET = NET | {"hidden_size": 4, "max_iter": 5}


@dataclass(frozen=True)
class Case:
    """An estimator, what it reads ("symbols", "real" or "counts"), and a grid of one of its parameters."""

    estimator: Any
    kind: str
    role: str
    grid: dict[str, list[Any]] = field(default_factory=dict)
    weighted: bool = True


CASES = {
    "markov": Case(MarkovChain(2), "symbols", "next", {"order": [0, 1]}),
    "markov additive": Case(MarkovChain(1, "additive"), "symbols", "next", {"alpha": [0.1, 1.0]}),
    "markov kneser-ney": Case(MarkovChain(2, "kneser-ney"), "symbols", "next", {"order": [0, 1]}),
    "hmm": Case(HMM(n_init=1, random_state=0), "symbols", "next", {"n_components": [1, 2]}, weighted=False),
    "hmm gaussian": Case(
        HMM(n_init=1, random_state=0), "real", "density", {"n_components": [1, 2]}, weighted=False
    ),
    "autoregression": Case(Autoregression(1), "real", "density", {"order": [0, 1]}),
    "autoregression with gaps": Case(
        Autoregression(2, missing="allow"), "real", "density", {"ridge": [0.1, 1.0]}
    ),
    "autoregression volatile": Case(
        Autoregression(1, volatility="arch"), "real", "density", {"volatility_lags": [1, 2]}
    ),
    "state space": Case(LinearStateSpace(2, tol=1e-6), "real", "density", {"n_components": [1, 2]}),
    "state space with gaps": Case(
        LinearStateSpace(missing="allow", tol=1e-6), "real", "density", {"n_components": [1, 2]}
    ),
    "local trend": Case(
        LinearStateSpace(structure="local trend"), "real", "density", {"structure": ["local level"]}
    ),
    "counts": Case(CountAutoregression(), "counts", "density", {"order": [0, 1]}),
    "counts free": Case(CountAutoregression(2, arrivals="free"), "counts", "density", {"order": [0, 1]}),
    "next markov": Case(NextStep(MarkovTagger()), "symbols", "next", {"estimator__order": [0, 1]}),
    "next window": Case(NextStep(WindowTagger(before=1)), "symbols", "next", {"estimator__before": [0, 1]}),
    "next net": Case(NextStep(RNNTagger(**SMALL_NET)), "symbols", "next", {"estimator__hidden_size": [2, 3]}),
    "next numbers": Case(
        NextStep(WindowStepRegressor(before=1)), "real", "density", {"estimator__before": [0, 1]}
    ),
    "next numbers scaled": Case(
        NextStep(WindowStepRegressor(), scale=WindowStepRegressor(before=1)),
        "real",
        "density",
        {"max_components": [1, 2]},
    ),
    "hmm tagger": Case(HMMTagger(random_state=0), "symbols", "step", {"decode": ["posterior", "filter"]}),
    "hmm tagger real": Case(
        HMMTagger(decode="filter", random_state=0), "real", "step", {"covariance_type": ["full"]}
    ),
    "hmm tagger latent": Case(
        HMMTagger(2, decode="filter", n_init=1, random_state=0), "symbols", "step", {"n_components": [1, 2]}
    ),
    "markov tagger": Case(MarkovTagger(2), "symbols", "step", {"order": [0, 1]}),
    "window tagger": Case(
        WindowTagger(LogisticRegression(), before=2), "symbols", "step", {"estimator__C": [0.1, 1.0]}
    ),
    "window tagger real": Case(WindowTagger(before=1), "real", "step", {"before": [0, 1]}),
    "window tagger ahead": Case(WindowTagger(before=1, after=1), "symbols", "step", {"after": [0, 1]}),
    "window tagger svm": Case(
        WindowTagger(LinearSVC(dual=False), before=1), "symbols", "step", {"before": [0, 1]}
    ),
    "net tagger": Case(RNNTagger(**SMALL_NET), "symbols", "step", {"hidden_size": [2, 3]}),
    "net tagger real": Case(RNNTagger("gru", **SMALL_NET), "real", "step", {"cell": ["elman", "jordan"]}),
    "net tagger both ways": Case(
        RNNTagger("elman", bidirectional=True, **SMALL_NET), "symbols", "step", {"n_layers": [1, 2]}
    ),
    "bayes": Case(
        BayesClassifier(MarkovChain()), "symbols", "sequence", {"estimator__order": [0, 1]}, weighted=False
    ),
    "bayes hmm": Case(
        BayesClassifier(HMM(n_init=1, random_state=0)),
        "real",
        "sequence",
        {"estimator__n_components": [1, 2]},
        weighted=False,
    ),
    "window classifier": Case(
        WindowClassifier(LogisticRegression(), width=3), "symbols", "sequence", {"width": [1, 2]}
    ),
    "window classifier real": Case(
        WindowClassifier(width=2, pooling="max"), "real", "sequence", {"pooling": ["mean", "last"]}
    ),
    "window classifier svm": Case(
        WindowClassifier(LinearSVC(dual=False)), "symbols", "sequence", {"estimator__C": [0.1, 1.0]}
    ),
    "net classifier": Case(RNNClassifier(**SMALL_NET), "symbols", "sequence", {"pooling": ["mean", "last"]}),
    "net classifier real": Case(RNNClassifier(**SMALL_NET), "real", "sequence", {"hidden_size": [2, 3]}),
    "window regressor": Case(WindowRegressor(width=3), "real", "value", {"width": [1, 2]}),
    "window regressor symbols": Case(
        WindowRegressor(width=2, pooling="mean"), "symbols", "value", {"pooling": ["max", "last"]}
    ),
    "net regressor": Case(RNNRegressor(**SMALL_NET), "real", "value", {"hidden_size": [2, 3]}),
    "window step regressor": Case(WindowStepRegressor(before=1), "real", "step-value", {"before": [0, 1]}),
    "window step regressor symbols": Case(
        WindowStepRegressor(before=1, after=1), "symbols", "step-value", {"before": [0, 1]}
    ),
    "window": Case(SlidingWindow(1, 1), "symbols", "transform", weighted=False),
    "window real": Case(SlidingWindow(2), "real", "transform", weighted=False),
    "scaler": Case(SequenceScaler(), "real", "transform", weighted=False),
}


def cases(*roles, keep=lambda case: True):
    chosen = {name: c for name, c in CASES.items() if (not roles or c.role in roles) and keep(c)}
    return pytest.mark.parametrize("case", [pytest.param(c, id=name) for name, c in chosen.items()])


def data_of(case, n=15, seed=0):
    """Return ragged sequences and what is to be learned of them, which is nearly learnable."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(3, 8, size=n)
    codes = [rng.integers(0, 3, size=length) for length in lengths]
    noise = [rng.normal(size=(length, 2)) for length in lengths]
    if case.kind == "symbols":
        X = [np.array(list("abc"))[c] for c in codes]
    elif case.kind == "counts":
        X = [c.astype(float) for c in codes]
    else:
        X = [e + c[:, None] for c, e in zip(codes, noise, strict=True)]
    y = {
        "step": [np.array(["no", "yes"])[(np.roll(c, 1) > 0).astype(int)] for c in codes],
        "step-value": [np.roll(c, 1) + e[:, 0] for c, e in zip(codes, noise, strict=True)],
        "sequence": np.array([["no", "yes"][int(i % 2)] for i in range(n)]),
        "value": np.array([float(c[-1]) for c in codes]) + rng.normal(size=n),
    }
    return X, y.get(case.role)


def fit(estimator, X, y, **kwargs):
    return estimator.fit(X, **kwargs) if y is None else estimator.fit(X, y, **kwargs)
