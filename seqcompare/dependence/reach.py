"""How far back it matters: what lags tell beyond the contexts that tell."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.sequences import Sequences
from seqcompare.dependence.information import NullBand, Pairs
from seqcompare.dependence.lag_test import Draw, View, given_context, lag_bands
from seqcompare.dependence.linear import code_residuals
from seqcompare.dependence.nulls import Nulls
from seqcompare.dependence.question import Question
from seqcompare.dependence.settings import Settings
from seqcompare.dependence.strata import Strata
from seqcompare.dependence.surrogates import Elsewhere

_MOST_ADDED = 3
_FIRST = 24
# Pairs there have to be for each cell of context, source and target. A run that is copied puts pairs into one
# cell that tell of each other, and of cells with one or two pairs these would be a large part.
_A_CELL = 5
# Shares of a symbol that are told apart, and the fewest steps before a context that are counted together.
_N_SHARES = 4
_FEWEST_FADING = 4


@dataclass(frozen=True, eq=False)
class Beyond:
    """What each lag tells beyond a context.

    Parameters
    ----------
    lags : ndarray of int64, shape (n_lags,)
        The lags, outside of the context.
    information : ndarray of shape (n_lags,)
        In bits, less what chance gives.
    p_values : ndarray of shape (n_lags,)
        Of the largest of all these lags.
    context : list of int
        The lags of the context.
    given : list of int
        Those of them that could be given: all, unless contexts hardly come again.
    """

    lags: NDArray[np.int64]
    information: NDArray[np.float64]
    p_values: NDArray[np.float64]
    context: list[int]
    given: list[int]

    def told(self, share: float) -> NDArray[np.bool_]:
        """Return which lags tell more, shape (n_lags,).

        What is not given may be handed on from step to step, and then it fades: beyond a part of the context
        a lag has to tell more than all between the context and it.
        """
        told = self.p_values <= share + 1e-9
        if len(self.given) < len(self.context):
            told &= self._stand_out()
        return np.asarray(told, dtype=bool)

    def _stand_out(self) -> NDArray[np.bool_]:
        out = np.zeros(len(self.lags), dtype=bool)
        for sign in (-1, 1):
            last = max([sign * k for k in self.context])
            side = np.flatnonzero(sign * self.lags > last)
            side = side[np.argsort(sign * self.lags[side])]
            highest = np.maximum.accumulate(self.information[side])
            out[side[1:]] = self.information[side[1:]] > highest[:-1]
        return out


def find_reach(
    question: Question,
    view: View,
    lags: NDArray[np.int64],
    context: list[int],
    strata: list[Strata],
    nulls: Nulls,
    settings: Settings,
) -> tuple[list[int], Beyond]:
    """Return the lags that matter, a context's included, and what each tells beyond this context.

    As long as some lag tells more than those that are known, the one that tells most joins them: copies of
    a copy, and steps that only hand on what they were told, then have nothing left to tell.

    Parameters
    ----------
    question, view, lags, context, strata, nulls, settings
        As in `beyond_context`.
    """
    matter = list(context)
    first = beyond = beyond_context(question, view, lags, matter, strata, nulls, settings)
    for _ in range(_MOST_ADDED):
        told = beyond.told(settings.beyond_share)
        if not told.any():
            return matter, first
        matter.append(int(beyond.lags[told][np.argmax(beyond.information[told])]))
        beyond = beyond_context(question, view, lags, matter, strata, nulls, settings)
        if len(beyond.given) < len(matter):
            # what a far step hands on stands out at twice its lag: without that step nothing more can be told
            return matter, first
    # memory that fades slowly has no last step: what is still seen belongs to it
    return [*matter, *beyond.lags[beyond.told(settings.beyond_share)].tolist()], first


def beyond_context(
    question: Question,
    view: View,
    lags: NDArray[np.int64],
    context: list[int],
    strata: list[Strata],
    nulls: Nulls,
    settings: Settings,
) -> Beyond:
    """Test what single lags tell of the target beyond a context.

    A chain of order 1 shows at many lags, since memory is handed on from step to step. Given the context
    those lags tell nothing; what still does belongs to the reach. Targets change places with those of the
    same context (and stratum), so that what the context tells is kept. For numbers, what a linear
    regression on the context leaves open is examined as well, and both have to agree.

    Parameters
    ----------
    question : Question
        Steps and targets.
    view : View
        Steps and targets in alphabets small enough for pairs of them.
    lags : ndarray of int64, shape (n_lags,)
        The lags of the table.
    context : list of int
        The lags that are known already, the nearest first.
    strata : list of Strata
        Null hypotheses, for the steps of the whole data.
    nulls : Nulls
        For whether targets from elsewhere are needed too.
    settings : Settings
        Surrogates and level.
    """
    pairs = view.pairs
    rest = lags[~np.isin(lags, context)]
    if not len(rest):
        return Beyond(rest, np.zeros(0), np.zeros(0), context, context)
    known, given = _known(question, pairs, context)
    rng = np.random.default_rng([settings.seed, 7])
    coarse = replace(view, pairs=_grouped(pairs, int(given.max()) + 1))
    bands = _bands(question, [given_context(coarse, given)], rest, given, strata, nulls, settings)
    if question.own and question.raw.kind == "real":
        bands.extend(_linear_bands(question, pairs, rest, context, strata, settings, rng))
    p_values = np.max([band.p_values for band in bands], axis=0)
    chance = np.max([band.mean for band in bands], axis=0)
    return Beyond(rest, np.maximum(bands[0].observed - chance, 0), p_values, context, known)


def fades(
    question: Question,
    view: View,
    context: list[int],
    farthest: int,
    strata: list[Strata],
    nulls: Nulls,
    settings: Settings,
) -> bool:
    """Whether the steps before a context tell more than it does when they are counted together.

    A hidden state shows a little in each of many steps: none of them tells anything to be seen beyond the
    context, while how often a symbol came in all of them does. Looked at are the last steps before the
    context, as far back as single lags tell and a quarter of that, and the share of each symbol in them.
    Targets change places with those of the same context, which keeps what the context tells; counted is what
    the share tells by itself, since counted within each of many contexts little of it would be left.

    Parameters
    ----------
    question, view, context, strata, nulls, settings
        As in `beyond_context`.
    farthest : int
        The farthest lag that tells of the target by itself.
    """
    pairs, last = view.pairs, max(context)
    n_steps = farthest - last
    if n_steps < _FEWEST_FADING:
        return False
    given = question.context(context, pairs.at)
    # of two symbols the share of one is that of the other
    symbols = range(pairs.n_sources if pairs.n_sources > 2 else 1)
    views = []
    for width in (n_steps, -(-n_steps // 4)):
        for symbol in symbols:
            share = _share(pairs.source == symbol, question.X, width)
            bins = np.unique(np.quantile(share, np.linspace(0, 1, _N_SHARES + 1)[1:-1]))
            source = np.searchsorted(bins, share, side="right").astype(np.int64)
            share_pairs = replace(pairs, source=source, n_sources=len(bins) + 1, given=None)
            views.append(View("", share_pairs))
    at = np.array([last + 1])
    bands = _bands(question, views, at, given, strata, nulls, settings)
    return bool(np.max([band.p_values for band in bands], axis=0).min() <= settings.beyond_share + 1e-9)


def _share(here: NDArray[np.bool_], X: Sequences, width: int) -> NDArray[np.float64]:
    """Return in what share of the last `width` steps up to each one, fewer at the start, something is."""
    counts = np.concatenate([[0], np.cumsum(here)])
    steps = np.minimum(X.step_index + 1, width)
    end = np.arange(1, len(here) + 1)
    return np.asarray((counts[end] - counts[end - steps]) / steps)


def _known(question: Question, pairs: Pairs, context: list[int]) -> tuple[list[int], NDArray[np.int64]]:
    """Return the lags of a context, or those whose contexts come again, and their contexts numbered."""
    most = max(1, len(pairs.at) // (4 * _A_CELL))
    known = list(context)
    given = question.context(known, pairs.at)
    if int(given.max()) + 1 > most:
        # what tells least by itself is left out
        alone = pairs.information(np.array(known, dtype=np.int64))[0]
        known = [known[k] for k in np.argsort(-alone, kind="stable")]
    while int(given.max()) + 1 > most and known:
        known.pop()
        given = question.context(known, pairs.at)
    return known, given


def _grouped(pairs: Pairs, n_contexts: int) -> Pairs:
    """Return the pairs with neighbouring symbols in groups, if there are too few pairs for all cells."""
    most = len(pairs.at) / (_A_CELL * n_contexts)
    if pairs.n_sources * pairs.n_targets <= most:
        return pairs
    n_groups = max(2, int(np.sqrt(most)))
    groups = []
    for codes, size in ((pairs.source, pairs.n_sources), (pairs.target, pairs.n_targets)):
        share = np.bincount(codes, minlength=size) / len(codes)
        # of equal shares; the middle of a symbol's share says where it belongs
        place = ((np.cumsum(share) - share / 2) * min(n_groups, size)).astype(np.int64)
        groups.append(np.unique(place, return_inverse=True)[1].astype(np.int64)[codes])
    source, target = groups
    sizes = int(source.max()) + 1, int(target.max()) + 1
    return replace(pairs, source=source, target=target, n_sources=sizes[0], n_targets=sizes[1])


def _bands(
    question: Question,
    views: list[View],
    lags: NDArray[np.int64],
    given: NDArray[np.int64],
    strata: list[Strata],
    nulls: Nulls,
    settings: Settings,
) -> list[NullBand]:
    """Return the bands of what lags of views add to a context, under each null hypothesis."""
    pairs = views[0].pairs
    draws: dict[str, Draw] = {
        null.name: null.take(question.index[pairs.at]).cells(given).draw for null in strata
    }
    if nulls.elsewhere:
        far = Elsewhere(question.X.sequence_index[pairs.at], in_step=nulls.clock is not None)
        draws["elsewhere"] = far.draw
    first = _FIRST if settings.beyond_share * (settings.n_permutations + 1) < 2 else None
    return list(lag_bands(views, lags, draws, settings, settings.beyond_share, first=first).values())


def _linear_bands(
    question: Question,
    pairs: Pairs,
    lags: NDArray[np.int64],
    context: list[int],
    strata: list[Strata],
    settings: Settings,
    rng: np.random.Generator,
) -> list[NullBand]:
    left = code_residuals(question.raw, context, settings.seed)
    told = replace(pairs, target=left.codes[pairs.at], n_targets=left.n_symbols, given=None)
    observed = told.information(lags)[0]
    bands = []
    for null in strata:
        cells = null.take(question.index[pairs.at]).cells()
        mixed = np.array([cells.shuffle(told.target, rng) for _ in range(settings.n_permutations)])
        bands.append(NullBand(observed, told.information(lags, mixed), settings.beyond_share))
    return bands


def linear_p_values(
    question: Question, pairs: Pairs, lags: list[int], strata: list[Strata], settings: Settings
) -> NDArray[np.float64]:
    """Return for each lag the chance that it tells so much beyond a regression on all nearer ones.

    Parameters
    ----------
    question : Question
        Numbers.
    pairs : Pairs
        Their steps in a few bins.
    lags : list of int
        1, 2, ... up to the longest context tested.
    strata : list of Strata
        Null hypotheses.
    settings : Settings
        Surrogates and seed.
    """
    rng = np.random.default_rng([settings.seed, 8])
    views = []
    for lag in lags:
        left = code_residuals(question.raw, range(1, lag), settings.seed)
        views.append(replace(pairs, target=left.codes[pairs.at], n_targets=left.n_symbols))
    at = [np.array([lag]) for lag in lags]
    observed = np.concatenate([v.information(k)[0] for v, k in zip(views, at, strict=True)])
    p_values = np.zeros(len(lags))
    places = np.arange(len(pairs.at))
    for null in strata:
        cells = null.take(question.index[pairs.at]).cells()
        taken = np.array([cells.shuffle(places, rng) for _ in range(settings.n_permutations)])
        surrogates = np.hstack([v.information(k, v.target[taken]) for v, k in zip(views, at, strict=True)])
        p_values = np.maximum(p_values, NullBand(observed, surrogates, settings.share).p_values)
    return p_values
