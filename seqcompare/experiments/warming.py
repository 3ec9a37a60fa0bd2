"""Compiling before the trials: kinds of models are fitted to a little first, which is nobody's time."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import joblib
import numpy as np

from seqcompare import workers
from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.sequences import Sequences
from seqcompare.experiments.answer import asker, fit_model
from seqcompare.experiments.failing import FAILURES
from seqcompare.experiments.models import Candidate
from seqcompare.experiments.splits import cut
from seqcompare.families import Problem, is_known
from seqcompare.orphans import end_with
from seqcompare.registry import all_added, take_over
from seqcompare.typing import Record

Kind = tuple[Any, ...]

#: The size from which on candidates of a kind run the same kernels.
_ALIKE = 2
#: Sequences of the two samples that a kind is fitted to, in all and of each class: many and few may run other
#: kernels.
_MANY, _FEW = (40, 16), (4, 4)
_warm: set[Kind] = set()
# what the workers of this process have compiled
_shared: set[Kind] = set()


def warm_up_all(what: Iterable[tuple[Candidate, Problem, SequenceDataset]], n_jobs: int) -> None:
    """Warm up each kind of model in one of the workers, if there are any, and in this process if not.

    What one of them has compiled, the others find on disk. A kind that is in no family is left to its trials:
    what a user's own model does to its process, it does to a worker.

    Parameters
    ----------
    what : iterable of (Candidate, Problem, SequenceDataset)
        What is to run, on what, and what a little is taken of.
    n_jobs : int
        Workers, as joblib counts them.
    """
    kinds = {_kind(*each): each for each in what if is_known(each[0].spec)}
    cold = [each for kind, each in kinds.items() if kind not in _warm | _shared]
    if joblib.effective_n_jobs(n_jobs) == 1 or not workers.begun():
        for each in cold:
            warm_up(*each)
        return
    if not cold:
        return
    _shared.update(kinds)
    added = all_added()
    # a worker that dies of it will die of the trial, which says so; and what cannot travel is named there
    with suppress(Exception):
        workers.parallel(n_jobs, batch_size=1)(
            joblib.delayed(_warm_up_for)(candidate, problem, _a_little(data, *_MANY), added, os.getpid())
            for candidate, problem, data in cold
        )


def _warm_up_for(
    candidate: Candidate, problem: Problem, data: SequenceDataset, added: dict[str, Record], parent: int
) -> None:
    end_with(parent)
    take_over(added)
    warm_up(candidate, problem, data)


def warm_up(candidate: Candidate, problem: Problem, data: SequenceDataset) -> None:
    """Fit each kind of model to a little of the data, so that compilation counts as nobody's time.

    What goes wrong here goes wrong in the trial as well, which will say so.

    Parameters
    ----------
    candidate : Candidate
        What is to run; kinds that are warm already in this process are passed over.
    problem : Problem
        What it is to run on.
    data : SequenceDataset
        What a little is taken of.
    """
    key = _kind(candidate, problem, data)
    if key in _warm:
        return
    _warm.add(key)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # one epoch does not converge
        try:
            if candidate.spec.warm_up is not None:
                candidate.spec.warm_up(problem)
                return
            # as it is built for a trial: around gaps, or rounded, it may be another estimator
            model, fitted = candidate.build(problem, 0)
            if fitted:
                return
            if hasattr(model, "get_params"):
                brief = ("max_iter", "n_init")
                model.set_params(**{k: 1 for k in model.get_params() if k.split("__")[-1] in brief})
            fit_model(model, _a_little(data, *_FEW))
            small = _a_little(data, *_MANY)
            fit_model(model, small)
            asker(small)(model, small)
            if problem.role == "next" and problem.kind == "real" and hasattr(model, "forecast"):
                # as backtests ask, which are part of a test
                model.forecast(small.X, 2, random_state=0)
        except FAILURES:
            return


def _kind(candidate: Candidate, problem: Problem, data: SequenceDataset) -> Kind:
    weighted = f"{data.X.kind} {data.X.has_missing} {data.sample_weight is None}"
    # not by identity: what has travelled to a worker is another object there, trial by trial
    kind = (candidate.spec.name, candidate.spec.title, candidate.variant, problem.role, weighted)
    # orders 0 and 1, or a single state, run other kernels than larger ones
    return (*kind, candidate.capacity if candidate.capacity < _ALIKE else _ALIKE)


def _a_little(dataset: SequenceDataset, n: int, n_each: int) -> SequenceDataset:
    """Return the first steps of `n` sequences, and of `n_each` of every class where sequences have one."""
    which = np.arange(min(len(dataset), n))
    if dataset.role == "sequence":
        labels = np.asarray(dataset.y)
        which = np.unique(
            np.concatenate([which, *(np.flatnonzero(labels == c)[:n_each] for c in np.unique(labels))])
        )
    stop = np.minimum(dataset.X.lengths[which], 30)
    small = cut(dataset, np.column_stack([which, np.zeros_like(which), stop]))
    if isinstance(small.sample_weight, Sequences):
        small = replace(small, sample_weight=small.sample_weight.with_values(np.ones(small.X.n_steps)))
    return small
