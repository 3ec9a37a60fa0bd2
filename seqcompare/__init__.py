"""Sequence models compared: how far back dependencies reach, and which family captures them.

Names are imported when first used, so that a light import stays light.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from seqcompare.kernel_cache import find_kernel_cache

__version__ = "0.2.0"

_HOMES = {
    "seqcompare.data.sequences": ["Sequences"],
    "seqcompare.data.dataset": ["SequenceDataset"],
    "seqcompare.models.markov.chain": ["MarkovChain"],
    "seqcompare.models.markov.autoregression": ["Autoregression"],
    "seqcompare.models.markov.count_autoregression": ["CountAutoregression"],
    "seqcompare.models.markov.context_tree": ["ContextTree"],
    "seqcompare.models.markov.tagger": ["MarkovTagger"],
    "seqcompare.models.markov.order_selection": ["select_order"],
    "seqcompare.models.hmm.model": ["HMM"],
    "seqcompare.models.hmm.autoregressive": ["AutoregressiveHMM"],
    "seqcompare.models.hmm.classifier": ["HMMClassifier"],
    "seqcompare.models.hmm.crf": ["CRFTagger"],
    "seqcompare.models.hmm.linear_state_space": ["LinearStateSpace"],
    "seqcompare.models.hmm.step_regressor": ["HMMStepRegressor", "KalmanStepRegressor"],
    "seqcompare.models.hmm.tagger": ["HMMTagger"],
    "seqcompare.models.hmm.state_selection": ["select_n_components"],
    "seqcompare.models.bayes": ["BayesClassifier"],
    "seqcompare.models.next_step": ["NextStep"],
    "seqcompare.models.filled": ["Filled"],
    "seqcompare.models.missing_symbols": ["FilledNext"],
    "seqcompare.models.reference.last_value": ["LastValue"],
    "seqcompare.models.reference.minirocket": ["MiniRocketClassifier"],
    "seqcompare.models.reference.warped": ["DTWClassifier"],
    "seqcompare.models.windows.sliding_window": ["SlidingWindow"],
    "seqcompare.models.windows.models": ["WindowClassifier", "WindowRegressor"],
    "seqcompare.models.windows.step_regressor": ["WindowStepRegressor"],
    "seqcompare.models.windows.tagger": ["WindowTagger"],
    "seqcompare.models.scaler": ["SequenceScaler"],
    "seqcompare.models.attention.estimators": [
        "AttentionClassifier",
        "AttentionRegressor",
        "AttentionStepRegressor",
        "AttentionTagger",
    ],
    "seqcompare.models.echo_state.labels": ["EchoStateClassifier", "EchoStateTagger"],
    "seqcompare.models.echo_state.numbers": ["EchoStateRegressor", "EchoStateStepRegressor"],
    "seqcompare.models.pytorch.estimators": [
        "TorchClassifier",
        "TorchRegressor",
        "TorchStepRegressor",
        "TorchTagger",
    ],
    "seqcompare.models.recurrent.estimators": [
        "RNNClassifier",
        "RNNRegressor",
        "RNNStepRegressor",
        "RNNTagger",
    ],
    "seqcompare.models.machine.automaton": ["Automaton"],
    "seqcompare.models.machine.search": ["minimal_machine"],
    "seqcompare.models.over_parts.fitting": ["fit_parts"],
    "seqcompare.models.persistence": ["load", "save"],
    "seqcompare.models.export.to_onnx": ["to_onnx"],
    "seqcompare.experiments.scorers": ["cross_val_predict", "make_scorer"],
    "seqcompare.dependence": ["profile"],
    "seqcompare.experiments.compare": ["compare"],
    "seqcompare.experiments.comparison": ["Comparison"],
    "seqcompare.experiments.runs": ["load_run"],
    "seqcompare.experiments.sweep": ["Run", "sweep"],
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}
_ROOMS = ["claims", "datasets", "tasks"]

__all__ = ["__version__", *sorted(_HOME_OF), *_ROOMS]  # noqa: PLE0604, RUF100

# before any kernel is imported, in whichever way
find_kernel_cache()


def __getattr__(name: str) -> Any:
    if name in _HOME_OF:
        value = getattr(import_module(_HOME_OF[name]), name)
        globals()[name] = value
        return value
    if name in _ROOMS:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
