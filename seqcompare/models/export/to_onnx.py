"""Fitted models as ONNX files, which programs without Python run."""

from __future__ import annotations

import json
import os
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from seqcompare.models.alphabet import encode
from seqcompare.models.bayes import BayesClassifier
from seqcompare.models.hmm.model import HMM
from seqcompare.models.hmm.tagger import HMMTagger
from seqcompare.models.next_step import NextStep
from seqcompare.models.pytorch.estimator import TorchNet
from seqcompare.models.recurrent.net import Net
from seqcompare.models.recurrent.step_regressor import NetStepRegressor
from seqcompare.models.windows.models import WindowClassifier, WindowRegressor
from seqcompare.models.windows.step_regressor import WindowStepRegressor
from seqcompare.models.windows.tagger import WindowTagger
from seqcompare.whole_file import write_whole

_WINDOWS = (WindowTagger, WindowStepRegressor, WindowClassifier, WindowRegressor)
_INSTALL = "writing ONNX needs the package onnx: pip install 'seqcompare[onnx]'"


def to_onnx(model: Any, path: str | os.PathLike[str] | None = None) -> Any:
    """Return a fitted model as an ONNX graph, and write it to a file.

    The input is ``codes``, int64 of shape (n, T), the places of symbols in ``model.symbols_`` and anything
    else for what is none of them; or ``steps``, numbers of shape (n, T, d). All sequences of a call have one
    length. The answer is ``probabilities`` of labels or of the next symbol, shape (n, T, K), of a sequence
    (n, K); ``numbers``; or, of hidden Markov models of numbers, ``states``, the probabilities of the next
    state, with their ``means`` and ``covariances``. Symbols, labels and the class are in the metadata, as
    JSON.

    Parameters
    ----------
    model : estimator
        A fitted one.
    path : path, optional
        Where to write it.

    Returns
    -------
    onnx.ModelProto
        The graph.

    Raises
    ------
    ImportError
        If onnx is not installed.
    TypeError
        If there is no graph for such a model; the message says for which there is.
    """
    try:
        from seqcompare.models.export.graph import Graph
    except ImportError as error:
        raise ImportError(_INSTALL) from error
    check_is_fitted(model)
    graph = Graph(
        np.float32 if getattr(getattr(model, "weights_", None), "dtype", "") == "float32" else float
    )
    made = _written(model, graph)
    if path is not None:
        write_whole(Path(path), made.SerializeToString())
    return made


def _written(model: Any, graph: Any) -> Any:
    from seqcompare.models.export.steps import steps_of
    from seqcompare.models.export.windows import check_windows

    if hasattr(model, "encoding_") or getattr(model, "missing", "error") != "error":
        raise TypeError("models of mixed channels, or of missing steps, are not written as ONNX")
    symbols = _symbols_of(model)
    steps = steps_of(graph, 0 if symbols is None else len(symbols), int(getattr(model, "n_channels_", 1)))
    answers = _answers_of(model, graph, steps, symbols)
    facts = {
        "model": type(model).__name__,
        "symbols": None if symbols is None else symbols.tolist(),
        "classes": model.classes_.tolist() if hasattr(model, "classes_") else None,
        "seqcompare": version("seqcompare"),
    }
    name, dtype, shape = steps.given
    metadata = {key: json.dumps(value) for key, value in facts.items() if value is not None}
    made = graph.model((name, dtype or graph.dtype, shape), answers, metadata)
    if isinstance(model, _WINDOWS):
        check_windows(made, model)
    return made


def _symbols_of(model: Any) -> Any:
    if isinstance(model, _WINDOWS):
        return model.window_.layout_.symbols
    if isinstance(model, BayesClassifier):
        return _symbols_of(model.estimators_[0])
    if getattr(model, "kind_", "symbols") != "symbols" or getattr(model, "emission_", "") == "gaussian":
        return None
    return getattr(model, "symbols_", None)


def _answers_of(model: Any, graph: Any, steps: Any, symbols: Any) -> list[tuple[str, str, list[Any]]]:
    from seqcompare.models.export import classes, contexts, hidden_states, networks, windows

    if isinstance(model, HMM):
        states = graph.linear(hidden_states.filtered(graph, model, steps), model.transmat_)
        if model.emission_ == "categorical":
            return _per_step("probabilities", graph.linear(states, model.emissionprob_))
        facts = {"means": model.means_, "covariances": hidden_states.covariances(model)}
        stays = [(k, graph.op("Identity", graph.constant(v)), list(v.shape)) for k, v in facts.items()]
        return [*_per_step("states", states), *stays]
    if isinstance(model, HMMTagger) and model.causal:
        now = hidden_states.filtered(graph, model, steps)
        return _per_step("probabilities", graph.linear(now, model.labelprob_))
    if isinstance(model, Net) and not isinstance(model, (NetStepRegressor, TorchNet)):
        return _of_network(model, graph, networks.outputs_of(graph, model, steps))
    if isinstance(model, BayesClassifier) and symbols is not None:
        logs = []
        for one in model.estimators_:
            ((_, ahead, _),) = _answers_of(one, graph, steps, symbols)
            logs.append(classes.log_probability(graph, ahead, one.initial_proba_, one.unknown_proba_, steps))
        return [("probabilities", classes.chosen(graph, logs, model.class_log_prior_), ["n", None])]
    n_back = getattr(model, "_looks_back", None)
    if symbols is not None and n_back is not None:
        n_answers = len(model.classes_) if hasattr(model, "classes_") else len(symbols)
        if contexts.n_in_table(len(symbols), max(n_back, 1), n_answers) <= contexts.MOST_NUMBERS:
            found = contexts.looked_up(graph, model, symbols, max(n_back, 1), steps)
            return _per_step("probabilities", found)
    if isinstance(model, NextStep) and symbols is not None and hasattr(model.estimator_, "classes_"):
        ((_, inner, _),) = _answers_of(model.estimator_, graph, steps, _symbols_of(model.estimator_))
        return _per_step("probabilities", _next_of(model, graph, inner))
    if isinstance(model, _WINDOWS):
        return windows.of_window(graph, model, steps)
    raise TypeError(
        f"this {type(model).__name__} is not written as ONNX: networks, hidden Markov models of symbols and "
        "of one Gaussian a state (HMMTagger with decode='filter'), windows, chains and other models of "
        "symbols with few contexts, and Bayes' rule over such densities of symbols, are"
    )


def _per_step(name: str, result: str) -> list[tuple[str, str, list[Any]]]:
    return [(name, result, ["n", "T", None])]


def _of_network(model: Any, graph: Any, z: str) -> list[tuple[str, str, list[Any]]]:
    link, pooled = model.architecture_["link"], model.architecture_["pooling"] != "none"
    shape = ["n", None] if pooled else ["n", "T", None]
    if link == "identity" and pooled:
        scale, mean = graph.constant(model.target_scale_), graph.constant(model.target_mean_)
        return [("numbers", graph.op("Add", graph.op("Mul", z, scale), mean), shape)]
    operators = {"softmax": ("Softmax", {"axis": -1}), "sigmoid": ("Sigmoid", {})}
    operator, how = operators[link]
    return [("probabilities", graph.op(operator, z, **how), shape)]


def _next_of(model: Any, graph: Any, answer: str) -> str:
    """Return the distribution of the next symbol, given the tagger's, as `NextStep` has it."""
    n, size = model.n_transitions_, len(model.symbols_)
    place = np.zeros((len(model.estimator_.classes_), size))
    place[np.arange(len(place)), encode(model.estimator_.classes_, model.symbols_)] = n / (n + 1)
    shares = graph.op("Div", answer, graph.sum(answer, -1))
    return str(graph.linear(shares, place, np.full(size, 1 / size / (n + 1))))
