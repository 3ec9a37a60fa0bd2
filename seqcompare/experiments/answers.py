"""What the harness asks of any model, whatever its role."""

from __future__ import annotations

import inspect
import math
from typing import Any

import numpy as np

from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.sequences import Sequences


def fit_model(model: Any, dataset: SequenceDataset) -> Any:
    """Fit `model`; the weights of the data go to every model whose ``fit`` takes them."""
    targets = () if dataset.role == "next" else (dataset.y,)
    if dataset.sample_weight is not None and takes_weights(model):
        return model.fit(dataset.X, *targets, sample_weight=dataset.sample_weight)
    return model.fit(dataset.X, *targets)


def takes_weights(model: Any) -> bool:
    """Whether ``model.fit`` has a parameter ``sample_weight``."""
    return "sample_weight" in inspect.signature(model.fit).parameters


def predict_answer(model: Any, X: Sequences, role: str) -> tuple[Any, Any]:
    """Return what `model` answers, as ``task.score`` reads it, and what the columns of it mean.

    Probabilities where the model has them, else labels; numbers for the role ``value``.
    """
    if role == "next":
        return model.predict_next_proba(X), model.symbols_
    if role == "value":
        return model.predict(X), None
    if hasattr(model, "predict_proba"):
        return model.predict_proba(X), model.classes_
    return model.predict(X), None


def n_parameters(model: Any) -> float:
    """Return the free parameters of a fitted model, of a pipeline's last step; NaN if it does not say."""
    if hasattr(model, "steps"):
        return n_parameters(model.steps[-1][1])
    return float(getattr(model, "n_parameters_", math.nan))


def training_end(model: Any) -> tuple[float, str]:
    """Return how many iterations training took (NaN if none), and why it ended.

    ``"budget"`` says that the iterations ran out: what the model could have learned with more is open.
    Of several parts, such as one density a class, the longest counts, and a budget that any has hit.
    """
    parts = _trained_parts(model)
    ends = [_end_of(part) for part in parts]
    iterations = [n for n, _ in ends if not math.isnan(n)]
    reasons = [reason for _, reason in ends if reason]
    worst = next((reason for reason in ("budget", "seconds") if reason in reasons), "")
    return max(iterations, default=math.nan), worst or (reasons[0] if reasons else "")


def learning_curve(model: Any) -> tuple[tuple[int, float, float], ...]:
    """Return (epoch, training loss, validation score) of each epoch, from 1; empty if there is none."""
    for part in _trained_parts(model):
        losses = getattr(part, "loss_curve_", None)
        if losses is not None:
            # without held-out data there are losses only
            scores = getattr(part, "validation_scores_", None) or [math.nan] * len(losses)
            return tuple(
                (epoch, float(loss), float(score))
                for epoch, (loss, score) in enumerate(zip(losses, scores, strict=True), start=1)
            )
    return ()


def _trained_parts(model: Any) -> list[Any]:
    """Return the estimators that were trained inside `model`: itself, or those that it wraps."""
    inner = getattr(model, "estimators_", None)
    if inner is None:
        inner = getattr(model, "estimator_", None)
    if inner is None and hasattr(model, "steps"):
        inner = model.steps[-1][1]
    if inner is None:
        return [model]
    if isinstance(inner, dict):
        inner = list(inner.values())
    parts = list(inner) if isinstance(inner, (list, tuple, np.ndarray)) else [inner]
    return [leaf for part in parts for leaf in _trained_parts(part)]


def _end_of(part: Any) -> tuple[float, str]:
    rounds = getattr(part, "n_iter_", None)
    n = math.nan if rounds is None else float(np.max(rounds))
    reason = getattr(part, "stop_reason_", None)
    if reason is not None:
        return n, {"max_iter": "budget", "max_seconds": "seconds"}.get(str(reason), str(reason))
    most = getattr(part, "max_iter", None)
    if rounds is None or most is None or most < 0:
        return n, ""
    return n, "budget" if n >= most else "tol"
