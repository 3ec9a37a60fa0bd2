"""One model of data that come in parts: larger than memory, or spread over machines."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, TypeVar

from sklearn.base import BaseEstimator, clone

from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.streamed import Parts
from seqcompare.data.totals import Totals
from seqcompare.models.hmm.model import HMM
from seqcompare.models.markov.autoregression import Autoregression
from seqcompare.models.markov.context_tree import ContextTree
from seqcompare.models.next_step import NextStep
from seqcompare.models.over_parts.contexts import fit_context_tree
from seqcompare.models.over_parts.frequencies import FREQUENCIES, fit_frequencies
from seqcompare.models.over_parts.hidden_states import fit_hidden_states
from seqcompare.models.over_parts.lags import fit_autoregression
from seqcompare.models.over_parts.logistic import fit_logistic_windows, fit_next_by_windows
from seqcompare.models.over_parts.reading import arguments
from seqcompare.models.over_parts.ridge import fit_ridge_windows
from seqcompare.models.windows.step_regressor import WindowStepRegressor
from seqcompare.models.windows.tagger import WindowTagger

M = TypeVar("M", bound=BaseEstimator)


def fit_parts(model: M, parts: Parts | Iterable[Any], *, client: Any = None) -> M:
    """Fit a model to data that come in parts, as if they were together.

    Of each part its sufficient statistics are computed, and only these are put together: counts of chains,
    taggers and context trees, products of lagged steps, what the states of a hidden Markov model are
    expected to do, gradients of logistic regression. No more than one part is in memory at a time. The result
    is that of ``model.fit`` on all of the data, but for the rounding of sums, whatever the parts are.

    Parameters
    ----------
    model : MarkovChain, MarkovTagger, ContextTree, Autoregression, HMM, WindowTagger, ...
        What is fitted, in place; `WindowStepRegressor` with `Ridge`, on numbers, `WindowTagger` with
        `LogisticRegression`, alone or in `NextStep`. A model of one's own needs a
        method ``merge(other)`` that returns what is fitted to the data of both.
    parts : Parts, or iterable of SequenceDataset, of sequences or of tuples (X, y)
        The data, whose sequences are whole: `seqcompare.datasets.read_parts`, or a list. A hidden Markov
        model and logistic regression go through them once an iteration.
    client : distributed.Client, optional
        A Dask cluster. The statistics of a part are computed by the worker that reads it, and statistics
        alone travel; they are added in the same order, so that the numbers are the same.

    Returns
    -------
    model
        It, fitted.

    Raises
    ------
    TypeError
        If the model cannot be fitted to parts.
    ValueError
        If the data are not what the model expects, or a setting of it needs all data at once.

    Notes
    -----
    What cannot be had from sums is taken from a sample of a million steps, whole sequences drawn at random by
    a fixed seed, and from all where there are no more: the points where EM starts and the units in which it
    measures (`HMM`; with ``init`` it starts from there), and which contexts a `ContextTree` may split, see
    `seqcompare.models.over_parts.contexts`.

    Examples
    --------
    >>> from seqcompare import MarkovChain, fit_parts
    >>> fit_parts(MarkovChain(order=1), [["abab", "ba"], ["abba"]]).n_contexts_
    2
    """
    total = Totals(parts, client)
    for kind, way in _WAYS.items():
        if isinstance(model, kind):
            way(model, total)
            return model
    if not hasattr(model, "merge"):
        ways = ", ".join(["MarkovChain", "MarkovTagger", *(kind.__name__ for kind in _WAYS)])
        more = "; its partial_fit learns from one part after another" if hasattr(model, "partial_fit") else ""
        raise TypeError(
            f"{type(model).__name__} cannot be fitted to parts: {ways} can, and what has merge{more}"
        )
    found = total(partial(_fitted, clone(model)), _merged)
    vars(model).update(vars(found))
    return model


#: What is more than fitting parts by themselves and merging these.
_WAYS: dict[type, Callable[[Any, Totals], None]] = {
    Autoregression: fit_autoregression,
    ContextTree: fit_context_tree,
    HMM: fit_hidden_states,
    NextStep: fit_next_by_windows,
    WindowStepRegressor: fit_ridge_windows,
    WindowTagger: fit_logistic_windows,
    **dict.fromkeys(FREQUENCIES, fit_frequencies),
}


def _fitted(model: BaseEstimator, part: SequenceDataset) -> BaseEstimator:
    return clone(model).fit(**arguments(part))


def _merged(first: Any, second: Any) -> Any:
    return first.merge(second)
