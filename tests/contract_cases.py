"""The estimators that are held to the contract."""

from importlib.util import find_spec

import own_modules
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from seqcompare import (
    HMM,
    AttentionClassifier,
    AttentionRegressor,
    AttentionStepRegressor,
    AttentionTagger,
    Autoregression,
    AutoregressiveHMM,
    BayesClassifier,
    ContextTree,
    CountAutoregression,
    CRFTagger,
    DTWClassifier,
    EchoStateClassifier,
    EchoStateRegressor,
    EchoStateStepRegressor,
    EchoStateTagger,
    Filled,
    FilledNext,
    HMMClassifier,
    HMMStepRegressor,
    HMMTagger,
    KalmanStepRegressor,
    LastValue,
    LinearStateSpace,
    MarkovChain,
    MarkovTagger,
    MiniRocketClassifier,
    NextStep,
    RNNClassifier,
    RNNRegressor,
    RNNStepRegressor,
    RNNTagger,
    SequenceScaler,
    SlidingWindow,
    TorchClassifier,
    TorchRegressor,
    TorchStepRegressor,
    TorchTagger,
    WindowClassifier,
    WindowRegressor,
    WindowStepRegressor,
    WindowTagger,
)
from seqcompare.testing import Model

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
ATTENTION = NET | {"n_layers": 1, "n_heads": 2, "learning_rate_init": 0.01}
MODULE = {name: value for name, value in NET.items() if name != "hidden_size"} | {"max_iter": 5}
SMALL_ATTENTION = ATTENTION | {"hidden_size": 4, "max_iter": 5}


def case(estimator, steps, role, grid=None):
    return Model(estimator, role, steps, grid or {}, full=True)


CASES = {
    "markov": case(MarkovChain(2), "strings", "next", {"order": [0, 1]}),
    "markov additive": case(MarkovChain(1, "additive"), "strings", "next", {"alpha": [0.1, 1.0]}),
    "markov kneser-ney": case(MarkovChain(2, "kneser-ney"), "strings", "next", {"order": [0, 1]}),
    "context tree": case(ContextTree(4), "strings", "next", {"depth": [0, 1]}),
    "context tree learning": case(ContextTree(3, update=True), "strings", "next", {"blend": [False, True]}),
    "hmm": case(HMM(n_init=1, random_state=0), "strings", "next", {"n_components": [1, 2]}),
    "hmm with durations": case(
        HMM(durations="free", max_duration=4, n_init=1, random_state=0),
        "strings",
        "next",
        {"n_components": [1, 2]},
    ),
    "hmm with durations of numbers": case(
        HMM(durations="negative-binomial", max_duration=4, n_init=1, tol=1e-3, random_state=0),
        "real",
        "next",
        {"n_components": [1, 2]},
    ),
    "hmm gaussian": case(HMM(n_init=1, random_state=0), "real", "next", {"n_components": [1, 2]}),
    "autoregression": case(Autoregression(1), "real", "next", {"order": [0, 1]}),
    "autoregression with gaps": case(
        Autoregression(2, missing="allow"), "real", "next", {"ridge": [0.1, 1.0]}
    ),
    "autoregression of a season": case(
        Autoregression("bic", season=2), "real", "next", {"max_order": [0, 1]}
    ),
    "autoregression volatile": case(
        Autoregression(1, volatility="arch"), "real", "next", {"volatility_lags": [1, 2]}
    ),
    "autoregression volatile with gaps": case(
        Autoregression(1, volatility="garch", missing="allow"), "real", "next", {"order": [0, 1]}
    ),
    "state space": case(LinearStateSpace(2, tol=1e-6), "real", "next", {"n_components": [1, 2]}),
    "state space with gaps": case(
        LinearStateSpace(missing="allow", tol=1e-6), "real", "next", {"n_components": [1, 2]}
    ),
    "local trend": case(
        LinearStateSpace(structure="local trend"), "real", "next", {"structure": ["local level"]}
    ),
    "hmm autoregressive": case(
        AutoregressiveHMM(n_init=1, random_state=0), "real", "next", {"n_components": [1, 2]}
    ),
    "hmm autoregressive with gaps": case(
        AutoregressiveHMM(n_init=1, missing="allow", random_state=0), "real", "next", {"n_components": [1, 2]}
    ),
    "counts": case(CountAutoregression(), "counts", "next", {"order": [0, 1]}),
    "counts free": case(CountAutoregression(2, arrivals="free"), "counts", "next", {"order": [0, 1]}),
    "counts with gaps": case(
        CountAutoregression(missing="allow"), "counts", "next", {"arrivals": ["poisson", "free"]}
    ),
    "next markov": case(NextStep(MarkovTagger()), "strings", "next", {"estimator__order": [0, 1]}),
    "next window": case(NextStep(WindowTagger(before=1)), "strings", "next", {"estimator__before": [0, 1]}),
    "next net": case(NextStep(RNNTagger(**SMALL_NET)), "strings", "next", {"estimator__hidden_size": [2, 3]}),
    "next numbers": case(
        NextStep(WindowStepRegressor(before=1)), "real", "next", {"estimator__before": [0, 1]}
    ),
    "next net of numbers": case(
        NextStep(RNNStepRegressor(**SMALL_NET)), "real", "next", {"estimator__hidden_size": [2, 3]}
    ),
    "last value": case(NextStep(LastValue()), "real", "next", {"estimator__period": [1, 2]}),
    "next numbers scaled": case(
        NextStep(WindowStepRegressor(), scale=WindowStepRegressor(before=1)),
        "real",
        "next",
        {"max_components": [1, 2]},
    ),
    "next numbers with gaps": case(
        NextStep(WindowStepRegressor(before=2, missing="allow")),
        "real",
        "next",
        {"estimator__before": [0, 1]},
    ),
    "next net with gaps": case(
        NextStep(Filled(RNNStepRegressor(**SMALL_NET))),
        "real",
        "next",
        {"estimator__estimator__hidden_size": [2, 3]},
    ),
    "last value with gaps": case(
        NextStep(LastValue(missing="allow")), "real", "next", {"estimator__period": [1, 2]}
    ),
    "markov with gaps": case(FilledNext(MarkovChain(1)), "strings", "next", {"estimator__order": [0, 1]}),
    "hmm tagger": case(HMMTagger(random_state=0), "strings", "step", {"decode": ["posterior", "filter"]}),
    "hmm tagger real": case(
        HMMTagger(decode="filter", random_state=0), "real", "step", {"covariance_type": ["full"]}
    ),
    "hmm tagger latent": case(
        HMMTagger(2, decode="filter", n_init=1, random_state=0), "strings", "step", {"n_components": [1, 2]}
    ),
    "hmm tagger mixed": case(HMMTagger(decode="filter", random_state=0), "mixed", "step", {"n_init": [1]}),
    "hmm tagger mixed latent": case(
        HMMTagger(2, decode="filter", n_init=1, random_state=0), "mixed", "step", {"n_components": [1, 2]}
    ),
    "crf mixed": case(CRFTagger(decode="filter"), "mixed", "step", {"before": [0, 1]}),
    "window tagger mixed": case(WindowTagger(before=1), "mixed", "step", {"before": [0, 1]}),
    "net tagger mixed": case(RNNTagger("gru", **SMALL_NET), "mixed", "step", {"hidden_size": [2, 3]}),
    "markov tagger mixed": case(MarkovTagger(1), "mixed", "step", {"order": [0, 1]}),
    "bayes mixed": case(BayesClassifier(MarkovChain()), "mixed", "sequence", {"estimator__order": [0, 1]}),
    "bayes hmm mixed": case(
        BayesClassifier(HMM(n_init=1, random_state=0)),
        "mixed",
        "sequence",
        {"estimator__n_components": [1, 2]},
    ),
    "window classifier mixed": case(WindowClassifier(width=2), "mixed", "sequence", {"width": [1, 2]}),
    "net classifier mixed": case(RNNClassifier(**SMALL_NET), "mixed", "sequence", {"hidden_size": [2, 3]}),
    "window regressor mixed": case(WindowRegressor(width=2), "mixed", "value", {"width": [1, 2]}),
    "crf": case(CRFTagger(1), "strings", "step", {"C": [0.1, 1.0]}),
    "crf filtered": case(CRFTagger(decode="filter"), "real", "step", {"before": [0, 1]}),
    "markov tagger": case(MarkovTagger(2), "strings", "step", {"order": [0, 1]}),
    "window tagger": case(
        WindowTagger(LogisticRegression(), before=2), "strings", "step", {"estimator__C": [0.1, 1.0]}
    ),
    "window tagger real": case(WindowTagger(before=1), "real", "step", {"before": [0, 1]}),
    "window tagger ahead": case(WindowTagger(before=1, after=1), "strings", "step", {"after": [0, 1]}),
    "window tagger svm": case(
        WindowTagger(LinearSVC(dual=False), before=1), "strings", "step", {"before": [0, 1]}
    ),
    "net tagger": case(RNNTagger(**SMALL_NET), "strings", "step", {"hidden_size": [2, 3]}),
    "net tagger real": case(RNNTagger("gru", **SMALL_NET), "real", "step", {"cell": ["elman", "jordan"]}),
    "net tagger linear": case(RNNTagger("lru", **SMALL_NET), "real", "step", {"cell": ["mingru"]}),
    "net tagger both ways": case(
        RNNTagger("elman", bidirectional=True, **SMALL_NET), "strings", "step", {"n_layers": [1, 2]}
    ),
    "attention tagger": case(AttentionTagger(**SMALL_ATTENTION), "strings", "step", {"n_layers": [1, 2]}),
    "attention tagger both ways": case(
        AttentionTagger(causal=False, **SMALL_ATTENTION), "real", "step", {"context": [2, 3]}
    ),
    "next attention": case(
        NextStep(AttentionTagger(**SMALL_ATTENTION)), "strings", "next", {"estimator__n_layers": [1, 2]}
    ),
    "attention classifier": case(
        AttentionClassifier(**ATTENTION), "real", "sequence", {"pooling": ["last", "mean"]}
    ),
    "attention regressor": case(AttentionRegressor(**ATTENTION), "real", "value", {"n_heads": [1, 2]}),
    "attention step regressor": case(
        AttentionStepRegressor(**SMALL_ATTENTION), "real", "step-value", {"n_layers": [1, 2]}
    ),
    "next attention of numbers": case(
        NextStep(AttentionStepRegressor(**SMALL_ATTENTION)), "real", "next", {"estimator__n_heads": [1, 2]}
    ),
    "echo state tagger": case(EchoStateTagger(20, random_state=0), "strings", "step", {"n_units": [5, 10]}),
    "echo state tagger mixed": case(
        EchoStateTagger(20, random_state=0), "mixed", "step", {"leak": [0.3, 1.0]}
    ),
    "next echo state": case(
        NextStep(EchoStateTagger(20, random_state=0)), "strings", "next", {"estimator__n_units": [5, 10]}
    ),
    "next echo state of numbers": case(
        NextStep(EchoStateStepRegressor(10, random_state=0)), "real", "next", {"estimator__alpha": [0.1, 1.0]}
    ),
    "echo state step regressor": case(
        EchoStateStepRegressor(10, random_state=0), "real", "step-value", {"n_units": [5, 10]}
    ),
    "echo state classifier": case(
        EchoStateClassifier(20, random_state=0), "real", "sequence", {"pooling": ["last", "mean"]}
    ),
    "echo state classifier of symbols": case(
        EchoStateClassifier(20, pooling="mean", random_state=0), "strings", "sequence", {"leak": [0.3, 1.0]}
    ),
    "echo state regressor": case(
        EchoStateRegressor(10, random_state=0), "real", "value", {"pooling": ["last", "mean"]}
    ),
    "warping": case(DTWClassifier(), "real", "sequence", {"window": [2, 5]}),
    "bayes": case(BayesClassifier(MarkovChain()), "strings", "sequence", {"estimator__order": [0, 1]}),
    "bayes hmm": case(
        BayesClassifier(HMM(n_init=1, random_state=0)),
        "real",
        "sequence",
        {"estimator__n_components": [1, 2]},
    ),
    "hmm classifier": case(
        HMMClassifier(2, n_init=1, tol=0.01, random_state=0),
        "strings",
        "sequence",
        {"n_components": [1, 2]},
    ),
    "window classifier": case(
        WindowClassifier(LogisticRegression(), width=3), "strings", "sequence", {"width": [1, 2]}
    ),
    "window classifier real": case(
        WindowClassifier(width=2, pooling="max"), "real", "sequence", {"pooling": ["mean", "last"]}
    ),
    "window classifier svm": case(
        WindowClassifier(LinearSVC(dual=False)), "strings", "sequence", {"estimator__C": [0.1, 1.0]}
    ),
    "net classifier": case(RNNClassifier(**SMALL_NET), "strings", "sequence", {"pooling": ["mean", "last"]}),
    "net classifier real": case(RNNClassifier(**SMALL_NET), "real", "sequence", {"hidden_size": [2, 3]}),
    "window regressor": case(WindowRegressor(width=3), "real", "value", {"width": [1, 2]}),
    "window regressor symbols": case(
        WindowRegressor(width=2, pooling="mean"), "strings", "value", {"pooling": ["max", "last"]}
    ),
    "net regressor": case(RNNRegressor(**SMALL_NET), "real", "value", {"hidden_size": [2, 3]}),
    "window step regressor": case(WindowStepRegressor(before=1), "real", "step-value", {"before": [0, 1]}),
    "window step regressor symbols": case(
        WindowStepRegressor(before=1, after=1), "strings", "step-value", {"before": [0, 1]}
    ),
    "net step regressor": case(RNNStepRegressor(**SMALL_NET), "real", "step-value", {"hidden_size": [2, 3]}),
    "net step regressor mixture": case(
        RNNStepRegressor(output="mixture", **SMALL_NET), "real", "step-value", {"n_mix": [1, 2]}
    ),
    "window tagger with gaps": case(
        WindowTagger(before=1, missing="allow"), "real", "step", {"before": [0, 1]}
    ),
    "window regressor with gaps": case(
        WindowRegressor(width=2, missing="allow"), "real", "value", {"width": [1, 2]}
    ),
    "net classifier with gaps": case(
        Filled(RNNClassifier(**SMALL_NET)), "real", "sequence", {"estimator__hidden_size": [2, 3]}
    ),
    "window classifier with gaps": case(
        Filled(WindowClassifier(width=2)), "strings", "sequence", {"estimator__width": [1, 2]}
    ),
    "window step regressor with gaps": case(
        WindowStepRegressor(before=1, missing="allow"), "real", "step-value", {"before": [0, 1]}
    ),
    "window with gaps": case(SlidingWindow(1, 1, missing="allow"), "real", "transform"),
    "hmm step regressor": case(
        HMMStepRegressor(n_init=1, random_state=0), "real", "step-value", {"n_components": [1, 2]}
    ),
    "hmm step regressor symbols": case(
        HMMStepRegressor(decode="posterior", n_init=1, random_state=0),
        "strings",
        "step-value",
        {"n_components": [1, 2]},
    ),
    "hmm step regressor mixed": case(
        HMMStepRegressor(n_init=1, random_state=0), "mixed", "step-value", {"n_components": [1, 2]}
    ),
    "kalman step regressor": case(
        KalmanStepRegressor(1, tol=1e-6), "real", "step-value", {"n_components": [1, 2]}
    ),
    "kalman step regressor ahead": case(
        KalmanStepRegressor(1, decode="posterior", missing="allow", tol=1e-6),
        "real",
        "step-value",
        {"n_components": [1, 2]},
    ),
    "window": case(SlidingWindow(1, 1), "strings", "transform"),
    "window real": case(SlidingWindow(2), "real", "transform"),
    "scaler": case(SequenceScaler(), "real", "transform"),
}

#: Modules of PyTorch: where it is, they are cases as all others.
MODULES = {
    "module tagger": case(
        TorchTagger(own_modules.recurrent, **MODULE), "strings", "step", {"alpha": [0.0, 0.1]}
    ),
    "module tagger both ways": case(
        TorchTagger(own_modules.recurrent, module_params={"bidirectional": True}, causal=False, **MODULE),
        "real",
        "step",
        {"module_params": [{"size": 2, "bidirectional": True}, {"kind": "LSTM", "bidirectional": True}]},
    ),
    "module tagger of codes": case(
        TorchTagger(own_modules.recurrent, module_params={"codes": True}, symbols_as="codes", **MODULE),
        "strings",
        "step",
        {"class_weight": [None, "balanced"]},
    ),
    "next module": case(
        NextStep(TorchTagger(own_modules.recurrent, **MODULE)),
        "strings",
        "next",
        {"estimator__module_params": [{"size": 2}, {"size": 3}]},
    ),
    "module step regressor": case(
        TorchStepRegressor(own_modules.recurrent, **MODULE), "real", "step-value", {"alpha": [0.0, 0.1]}
    ),
    "next module of numbers": case(
        NextStep(TorchStepRegressor(own_modules.recurrent, **MODULE)),
        "real",
        "next",
        {"estimator__alpha": [0.0, 0.1]},
    ),
    "module classifier": case(
        TorchClassifier(own_modules.pooled, **MODULE), "strings", "sequence", {"module_params": [{"size": 2}]}
    ),
    "module regressor": case(
        TorchRegressor(own_modules.pooled, **MODULE), "real", "value", {"module_params": [{"size": 2}]}
    ),
}
KERNELS = {
    "kernels": case(
        MiniRocketClassifier(n_kernels=84, random_state=0), "real", "sequence", {"n_kernels": [84, 168]}
    )
}
if find_spec("torch"):
    CASES |= MODULES
if find_spec("aeon"):
    CASES |= KERNELS


def cases(*roles):
    chosen = {name: case for name, case in CASES.items() if case.role in roles}
    return pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in chosen.items()])
