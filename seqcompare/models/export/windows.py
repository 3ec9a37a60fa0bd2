"""Windows as rows of a graph, and what scikit-learn's estimators make of rows."""

from __future__ import annotations

import warnings
from functools import partial
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.svm import SVC, SVR

from seqcompare.models.export.graph import ML_OPSET, OPSET, Graph
from seqcompare.models.export.steps import Steps, shifted
from seqcompare.models.export.support_vectors import decided
from seqcompare.models.windows import online
from seqcompare.models.windows.layout import WindowLayout
from seqcompare.models.windows.standard import RBFSVM
from seqcompare.typing import Values

_INSTALL = "windows of this kind are written by the package skl2onnx: pip install 'seqcompare[onnx]'"


def windows(graph: Graph, layout: WindowLayout, steps: Steps) -> str:
    """Return the row of each step as `WindowLayout.expand` makes it, shape (n, T, n_columns)."""
    if layout.pairs:
        raise TypeError("windows with pairs=True are not written as ONNX: those without are")
    taps = shifted(graph, steps, layout.before, layout.after)
    marked = [bool(lag != 0 and layout.mark_edges) for lag in layout.lags]
    if layout.symbols is not None:
        n = len(layout.symbols)
        # codes of symbols, of what is none, and of what lies beyond the sequence
        beyond = np.eye(n + 2)[:, [*range(n), n + 1]]
        parts = [
            graph.op("Gather", graph.constant(beyond[:, : n + mark]), tap, axis=0)
            for tap, mark in zip(taps, marked, strict=True)
        ]
        return graph.op("Concat", *parts, axis=-1)
    if any(marked):
        places, length = graph.places(steps.read), graph.op("Squeeze", graph.length(steps.read, 1))
        lags = layout.lags[marked]
        there = graph.op("Sub", graph.unsqueezed(places, 1), graph.constant(lags))
        outside = graph.op(
            "Or",
            graph.op("Less", there, graph.constant(0)),
            graph.op("Not", graph.op("Less", there, length)),
        )
        shape = graph.op("Concat", graph.length(steps.read, 0), graph.constant([1, 1]), axis=0)
        taps.append(graph.op("Expand", graph.cast(outside), shape))
    return graph.op("Concat", *taps, axis=-1)


def of_window(graph: Graph, model: Any, steps: Steps) -> list[tuple[str, str, list[Any]]]:
    """Return the answer of a window model: what it is called, what in the graph it is, and its shape."""
    last = None
    if getattr(model, "temperature_", None) is not None:
        last = online.at_temperature(model.temperature_)
    elif getattr(model, "standardize", False):
        last = online.scaled(model.target_mean_, model.target_scale_)
    rows, pooling = windows(graph, model.window_.layout_, steps), getattr(model, "pooling_", None)
    if pooling == "last":
        rows = graph.op("Gather", rows, graph.constant(-1), axis=1)
    elif pooling in ("mean", "max"):
        rows = graph.op("ReduceMean" if pooling == "mean" else "ReduceMax", rows, axes=[1], keepdims=0)
    elif pooling is not None:
        raise TypeError(f"windows with pooling={pooling!r} are not written as ONNX: those with another are")
    name = "probabilities" if is_classifier(model.estimator_) else "numbers"
    return [(name, answered(graph, model, last, rows), ["n", None] if pooling else ["n", "T", None])]


def answered(graph: Graph, model: Any, last: Any, rows: str) -> str:
    """Return what a fitted window's estimator says of rows, shape (..., n_columns), in their shape.

    Parameters
    ----------
    graph : Graph
        Where it is added.
    model : WindowTagger, WindowStepRegressor, WindowClassifier or WindowRegressor
        A fitted one.
    last : callable, optional
        What it makes of decision values, or of standardised numbers; see `online.start`.
    rows : str
        What `windows` returned, or rows pooled.
    """
    estimator = model.estimator_
    if isinstance(estimator, RBFSVM) and estimator.exact_:
        estimator = estimator.estimator_
    of_classes = is_classifier(estimator)
    n_out = len(estimator.classes_) if of_classes else 1
    n_out -= n_out == 2
    if isinstance(estimator, (SVC, SVR)) and (last is not None or not of_classes):
        values = decided(graph, estimator, rows)
        return values if last is None else _answer(graph, last, values, n_out)
    layers = online.layers_of(estimator, last)
    if layers is None:
        if last is not None and of_classes:
            raise TypeError(f"a window of {type(estimator).__name__} is not written as ONNX")
        found = _converted(graph, estimator, rows)
        return found if last is None else _answer(graph, last, found, n_out)
    sums = graph.linear(rows, layers.weights[0], layers.biases[0])
    hidden = next(name for name, f in online.HIDDEN.items() if f is layers.hidden)
    operator = {"identity": "Identity", "logistic": "Sigmoid", "tanh": "Tanh", "relu": "Relu"}[hidden]
    for W, b in zip(layers.weights[1:], layers.biases[1:], strict=True):
        sums = graph.linear(graph.op(operator, sums), W, b)
    return _answer(graph, layers.answer, sums, layers.weights[-1].shape[1])


def _converted(graph: Graph, estimator: Any, rows: str) -> str:
    """Return what skl2onnx makes of an estimator: probabilities, or numbers."""
    try:
        from skl2onnx import convert_sklearn
        from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType
    except ImportError as error:
        raise ImportError(_INSTALL) from error
    # scikit-learn's trees compare numbers of single precision
    single = hasattr(estimator, "tree_") or hasattr(estimator, "estimators_")
    options: dict[str, Any] = {"zipmap": False} if is_classifier(estimator) else {}
    kind = FloatTensorType if single else DoubleTensorType
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # attributes that it reads are going
            made = convert_sklearn(
                estimator,
                initial_types=[("rows", kind([None, estimator.n_features_in_]))],
                target_opset={"": OPSET, "ai.onnx.ml": ML_OPSET},
                options={id(estimator): options} if options else None,
            )
    except Exception as error:  # of many kinds
        raise TypeError(
            f"a window of {type(estimator).__name__} is not written as ONNX: skl2onnx says {error}"
        ) from error
    flat = graph.op("Reshape", rows, graph.constant([-1, estimator.n_features_in_]))
    given = graph.cast(flat, np.float32 if single else np.float64)
    found = graph.cast(graph.add(made.graph, given, made.graph.output[-1].name))
    before = graph.op("Slice", graph.op("Shape", rows), *(graph.constant([at]) for at in (0, -1, 0)))
    return graph.op("Reshape", found, graph.op("Concat", before, graph.constant([-1]), axis=0))


def _answer(graph: Graph, answer: Any, z: str, n_out: int) -> str:
    if isinstance(answer, partial):
        if answer.func is online.as_scaled:
            mean, scale = (np.asarray(value, dtype=np.float64) for value in answer.args)
            return graph.op("Add", graph.op("Mul", z, graph.constant(scale)), graph.constant(mean))
        (temperature,) = answer.args
        weights = np.eye(n_out) if n_out > 1 else np.array([[0.0, 1.0]])
        return graph.op("Softmax", graph.linear(z, weights / temperature), axis=-1)
    if answer is online.as_pair:
        p = graph.op("Sigmoid", z)
        return graph.op("Concat", graph.op("Sub", graph.constant(1.0), p), p, axis=-1)
    return graph.op("Softmax", z, axis=-1) if answer is online.as_shares else z


def check_windows(made: Any, model: Any) -> None:
    """Hold a graph against the model, on a few steps: what estimators compute was read off their attributes.

    Raises
    ------
    TypeError
        If they differ.
    """
    from onnx.reference import ReferenceEvaluator

    layout, rng = model.window_.layout_, np.random.default_rng(0)
    given: Values
    shape = (2, layout.before + layout.after + 3)
    if layout.symbols is None:
        X = rng.normal(size=(*shape, layout.n_channels))
        name, given = "steps", X
    else:
        name, given = "codes", rng.integers(0, len(layout.symbols), shape)
        X = layout.symbols[given]
    run: Any = ReferenceEvaluator(made).run
    # one sequence at a time: the Gather of older references fails for cuts of several
    found = np.concatenate([run(None, {name: each[np.newaxis]})[0] for each in given])
    ask = model.predict_proba if is_classifier(model.estimator_) else model.predict
    # not as an array, which might have to be of another length
    expected = np.asarray(ask(list(X)))
    if not np.allclose(found.reshape(expected.shape), expected, rtol=1e-5, atol=1e-6):
        raise TypeError(
            f"a window of {type(model.estimator_).__name__} is not written as ONNX: its graph differs from it"
        )
