"""What a long sequence teaches while it is read, beside what tables learnt from other data know of it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.sequences import Sequences, offsets_of
from seqcompare.experiments.planned import PlannedComparison
from seqcompare.experiments.spending import Spending
from seqcompare.experiments.splits import cut
from seqcompare.experiments.threads import one_thread
from seqcompare.families import Problem
from seqcompare.models.markov.context_tree import ContextTree
from seqcompare.results.inference import Estimate, over_time
from seqcompare.results.store import Store
from seqcompare.results.taught import COLUMNS, LEARNING, TABLES, TAUGHT
from seqcompare.typing import Floats, Record

#: Steps that a reader learns from, before those that it is asked about.
_BACK = (100, 1_000, 10_000)
_DEPTH = 16
# Steps of the sequence that a step is in, on average: shorter ones can teach little.
_LONG = 300
# Steps that are fitted to and asked about at most, and how many stretches of how many steps are read anew.
_MOST_FITTED, _MOST_ASKED, _STRETCHES, _STRETCH = 300_000, 60_000, 60, 50
#: Seconds a step, of two fits and of reading.
_COST = 2e-4


def keep_taught(planned: PlannedComparison, store: Store, spending: Spending) -> None:
    """Keep what the last test part teaches a reader that learns, where its sequences are long enough.

    Sequences of one group are read as one, in their order.

    Parameters
    ----------
    planned : PlannedComparison
        The comparison; of other roles than "next", of numbers, and of weighed steps nothing is kept.
    store : Store
        Where the table goes.
    spending : Spending
        What is left of a budget: nothing is done that takes more than a tenth of it.
    """
    problem, whole = planned.source.problem(), planned.source.dataset
    if store.side_table(TAUGHT) is not None or not _able(problem, whole):
        return
    split = planned.source.plan.splits[-1]
    train, test = (
        _documents(cut(whole, part), most)
        for part, most in ((split.train, _MOST_FITTED), (split.test, _MOST_ASKED))
    )
    if (test.lengths**2).sum() < _LONG * test.n_steps:
        return
    if spending.limited and 10 * _COST * (train.n_steps + test.n_steps) > spending.left:
        return
    with one_thread():
        store.keep_table(TAUGHT, taught(train, test))


def _able(problem: Problem, whole: SequenceDataset) -> bool:
    plain = whole.X.values.ndim == 1 and whole.X.values.dtype.names is None and whole.sample_weight is None
    return problem.role == "next" and problem.kind == "symbols" and not problem.missing and plain


def _documents(dataset: SequenceDataset, most: int) -> Sequences:
    """Return what is read in one go, up to so many steps: groups of sequences where there are some."""
    whole = dataset.X
    if dataset.groups is not None:
        _, first, codes = np.unique(dataset.groups, return_index=True, return_inverse=True)
        order = np.argsort(first[codes], kind="stable")
        whole = whole.take(order)
        lengths = np.bincount(np.unique(first[codes[order]], return_inverse=True)[1], whole.lengths)
        whole = Sequences(whole.values, offsets_of(lengths.astype(np.int64)))
    n = int(np.searchsorted(whole.offsets, most, side="left"))
    if n >= len(whole.offsets):
        return whole
    return Sequences(whole.values[:most], np.append(whole.offsets[:n], most))


def taught(train: Sequences, test: Sequences) -> pd.DataFrame:
    """Return what context trees that learn while they read lose, by how far back they have learnt from.

    Parameters
    ----------
    train, test : Sequences
        What tables are learnt from, and what is read.

    Returns
    -------
    DataFrame
        ``reader``: one that knows the tables alone, or goes on learning; ``back``, the steps before a stretch
        of 50 that it has learnt from, of the tables the depth of the tree; ``score`` in bits a step;
        ``gain``, what that is better than the tables, from ``low`` to ``high`` with 95% confidence.
    """
    tables = ContextTree(_DEPTH).fit(train)
    learning = ContextTree(_DEPTH, update=True).fit(train)
    frozen, read = (_bits(model, test) for model in (tables, learning))
    score, gain = float(frozen.mean()), over_time(frozen - read)
    starts = _stretches(test)
    longest = int(test.lengths.max())
    rows = [_row(TABLES, _DEPTH, score, Estimate(0.0, 0.0, np.inf))]
    for back in _BACK:
        if 2 * back <= longest:
            # beside the same stretches as they were read on, so that a few are enough
            lost = _bits_of_stretches(learning, test, starts, back) - _sums(read, starts)
            behind = over_time(lost / _STRETCH)
            error = float(np.hypot(gain.error, behind.error))
            some = Estimate(float(gain.mean - behind.mean), error, min(gain.freedom, behind.freedom))
            rows.append(_row(LEARNING, back, score - some.mean, some))
    rows.append(_row(LEARNING, longest, float(read.mean()), gain))
    return pd.DataFrame(rows, columns=COLUMNS)


def _bits(model: ContextTree, sequences: Sequences) -> Floats:
    return np.asarray(Sequences(model.score_steps(sequences)).values / -np.log(2), dtype=np.float64)


def _stretches(test: Sequences) -> NDArray[np.intp]:
    """Return where the stretches start that are read anew, spread over all sequences."""
    firsts = [
        np.arange(a, z - _STRETCH + 1, _STRETCH)
        for a, z in zip(test.offsets[:-1], test.offsets[1:], strict=True)
    ]
    every = np.concatenate(firsts)
    chosen = np.linspace(0, len(every) - 1, min(len(every), _STRETCHES)).round().astype(int)
    return np.asarray(every[np.unique(chosen)])


def _sums(bits: Floats, starts: NDArray[np.intp]) -> Floats:
    """Return the bits of each stretch."""
    return np.asarray(bits[starts[:, None] + np.arange(_STRETCH)].sum(axis=1))


def _bits_of_stretches(model: ContextTree, test: Sequences, starts: NDArray[np.intp], back: int) -> Floats:
    """Return the bits of each stretch to one that has learnt from so many steps before it, and no others."""
    begin = test.offsets[:-1][test.sequence_index[starts]]
    pieces = [
        test.values[max(first, start - back) : start + _STRETCH]
        for first, start in zip(begin, starts, strict=True)
    ]
    read = Sequences(pieces)
    return _sums(_bits(model, read), read.offsets[1:] - _STRETCH)


def _row(reader: str, back: int, score: float, gain: Estimate) -> Record:
    low, high = gain.interval()
    return {
        "reader": reader,
        "back": back,
        "score": score,
        "gain": float(gain.mean),
        "low": float(low),
        "high": float(high),
    }
