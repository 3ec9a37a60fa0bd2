"""Compiles and imports what trials need before their clocks start."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from seqcompare.experiments.answers import fit_model, predict_answer
from seqcompare.experiments.zoo import Budget, ModelSpec

_SEQUENCES = 40
_seen: set[tuple[str, str]] = set()
_warm: set[tuple[str, str, str]] = set()


def warm_up(models: Iterable[tuple[ModelSpec, Any]]) -> None:
    """Fit each kind of model of the zoo once on a little data, for one epoch.

    Kernels are compiled, or loaded from where an earlier process has left them, so that neither counts as
    time of fitting; and when the parent has done it, its workers need not all compile the same. What goes
    wrong here goes wrong in the trial as well, which will say so.

    Parameters
    ----------
    models : iterable of (ModelSpec, task)
        What is to run; kinds that are warm already in this process are passed over.
    """
    for spec, task in models:
        if spec.source is not None:
            continue
        if (spec.variant, task.name) in _seen:
            continue
        _seen.add((spec.variant, task.name))
        data = task.sample(_SEQUENCES, None, 0)
        # what decides which kernels run
        key = (spec.variant, task.role, f"{data.X.kind} {data.sample_weight is None}")
        if key in _warm:
            continue
        _warm.add(key)
        brief = replace(spec, budget=Budget(1, 1, spec.budget.max_seconds))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # one epoch does not converge
            try:
                model, fitted = brief.build(task, 0)
                if not fitted:
                    fit_model(model, data)
                predict_answer(model, data.X, task.role)
            except Exception:
                continue
