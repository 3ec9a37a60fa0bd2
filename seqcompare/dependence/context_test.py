"""How long a context still tells more of the target, and what it saves on sequences left out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.sequences import Sequences
from seqcompare.dependence.contexts import OrderTest, compare_orders, extend
from seqcompare.dependence.gains import Loss, blocked_folds, cut, make_folds, next_losses, step_losses
from seqcompare.dependence.information import NullBand
from seqcompare.dependence.nulls import Nulls
from seqcompare.dependence.question import Question
from seqcompare.dependence.settings import Settings
from seqcompare.dependence.surrogates import Elsewhere
from seqcompare.typing import Labels

MOST_TESTED = 80_000
_LEAST_RECURRING = 0.05
_FEW_SEQUENCES = 20
_N_PIECES = 40
_FEWEST_GAINS = 3


@dataclass(frozen=True, eq=False)
class ContextTests:
    """Tests of contexts of growing length, on one side of the target.

    Parameters
    ----------
    lags : list of int
        The lag that each test adds to those before it.
    tests : list of OrderTest
        The tests.
    """

    lags: list[int]
    tests: list[OrderTest]


def run_context_tests(
    question: Question, nulls: Nulls, first: int, settings: Settings, notes: list[str], where: str = "back"
) -> ContextTests:
    """Test the lags from `first` on, each given all before it, as long as contexts recur.

    Parameters
    ----------
    question : Question
        Steps and targets.
    nulls : Nulls
        What is kept, for the steps of the whole data.
    first : int
        The first lag; nearer ones are context already.
    settings : Settings
        Surrogates and limits.
    notes : list of str
        Where the examination ends is added here.
    where : {"back", "ahead"}
        In which direction, in words.
    """
    question = question.part(MOST_TESTED, settings.seed)
    at = question.at
    target = question.labels.codes[at]
    before = question.X.step_index[at]
    source, n_sources = question.coded.codes, question.coded.n_symbols
    context = np.zeros(len(at), dtype=np.int64)
    if not question.own:
        context = question.context(list(range(first)), at)
    strata = [null.take(question.index[at]) for null in nulls.strata]
    others = None
    if nulls.elsewhere:
        # labels may have a memory of their own, while the next step has none beyond its contexts
        rng = np.random.default_rng(settings.seed)
        far = Elsewhere(question.X.sequence_index[at], in_step=nulls.clock is not None)
        others = [far.draw(rng) for _ in range(settings.n_permutations)]
    lags, tests = [], []
    last = min(settings.max_order, settings.max_lag, int(question.X.lengths.max()) - 1)
    for lag in range(first, last + 1):
        longer = extend(context, source, at, before, lag, n_sources)
        test = compare_orders(
            context,
            longer,
            target,
            settings.n_permutations,
            settings.seed + lag,
            strata=strata,
            elsewhere=others,
        )
        if test.recurring < _LEAST_RECURRING:
            notes.append(
                f"Contexts cannot be examined from lag {lag} {where} on: up to there more than "
                f"{1 - _LEAST_RECURRING:.0%} of them occur only once or always with the same target."
            )
            break
        lags.append(lag)
        tests.append(test)
        context = longer
    return ContextTests(lags, tests)


def corrected_p_values(tests: list[OrderTest], share: float) -> NDArray[np.float64]:
    """Return for each test the chance that the largest of them all reaches as far."""
    if not tests:
        return np.zeros(0)
    observed = np.array([test.information for test in tests])
    p_values = np.zeros(len(tests))
    for name in tests[0].surrogates:
        surrogates = np.column_stack([test.surrogates[name] for test in tests])
        p_values = np.maximum(p_values, NullBand(observed, surrogates, share).p_values)
    return p_values


def n_worth(p_values: NDArray[np.float64], settings: Settings) -> int:
    """Return how many steps of context are worth cross-validating: one beyond the last that tells."""
    told = np.flatnonzero(p_values <= settings.share + 1e-9)
    return min(len(p_values), max(_FEWEST_GAINS, int(told.max()) + 2 if told.size else 0))


def context_losses(
    question: Question, groups: Labels | None, n_lags: int, settings: Settings, notes: list[str]
) -> list[Loss]:
    """Return the losses without and with each of the first lags as context; none if that cannot be."""
    X, scored = question.X, question.scored
    if not n_lags:
        return []
    divisible = groups is None or len(np.unique(groups)) < 2
    if len(X) < _FEW_SEQUENCES and divisible:
        bounds = cut(X.offsets, _N_PIECES, max(2 * n_lags, _FEW_SEQUENCES))
        pieces = Sequences(X.values, bounds)
        # a piece's first steps lack the context that they have in truth
        new = ~np.isin(bounds[:-1], X.offsets)
        starts = np.repeat(new, pieces.lengths) & (pieces.step_index < n_lags)
        X, scored = pieces, scored & ~starts
        folds = blocked_folds(len(X), settings.n_folds)
        notes.append(
            f"For cross-validation the data are {len(X)} contiguous pieces, in blocks of neighbours."
        )
    else:
        folds = make_folds(len(X), settings.n_folds, settings.seed, groups=groups)
    if not all(scored[np.isin(X.sequence_index, part)].any() for fold in folds for part in fold):
        folds = []
    if not folds:
        notes.append("There is too little to cross-validate: the gains are left out.")
        return []
    weight = scored.astype(np.float64)
    if question.own:
        losses = next_losses(X, weight, folds, range(n_lags + 1))
    else:
        losses = step_losses(X, question.labels.codes, weight, folds, range(-1, n_lags))
    # groups of sequences cannot be those of pieces
    return [loss.grouped(groups if len(X) == len(question.X) else None) for loss in losses]
