"""Whether the source itself changes, and where: apart from memory, which is no change of the source."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from seqcompare.data.sequences import Sequences
from seqcompare.dependence.overlap import overlap
from seqcompare.dependence.step_features import MOST_SYMBOLS, step_features
from seqcompare.dependence.unit_root import unit_root_p_value
from seqcompare.quantities import number
from seqcompare.typing import Labels

_N_BLOCKS = 48
# of a sequence among few, within which they change places
_N_OWN_BLOCKS = 8
_SHORTEST_BLOCK = 20
_MANY_SEQUENCES = 20
_FEWEST_UNITS = 8
# so many times longer than by chance are runs of a class in a file that is sorted; in one whose classes go
# over from one to the other all along, half as many again
_SORTED = 4
# up to so many parts many orders have the widest range that there is
_FEW_PARTS = 24
# joined parts less sequences
_FEWEST_JOINED = 9
# of a sequence: the sums of two are as wide in either order
_FEWEST_OWN_BLOCKS = 4
_COARSE = 0.2
_N_WALKS = 99
_MOST_WALKS = 6
SURE = 0.01
"""Where a change of the source is said to be one."""

_NOT_REJECTED = 0.02


@dataclass(frozen=True)
class Drift:
    """A change of the source.

    Parameters
    ----------
    p_value : float
        Chance of as large a change anywhere, in data whose parts are in random order.
    sequence, step : int
        Where frequencies before and after differ most; 0 of a source that stays the same.
    place : str
        The same in words, or that it changes bit by bit.
    what : str
        What changes: a symbol with its frequencies before and after, or the like.
    unit_root : float
        For a series of numbers that changes: chance of one that is pulled back so strongly, were it a random
        walk; NaN otherwise. If it is not small, the series wanders, and its source need not change.
    """

    p_value: float
    sequence: int
    step: int
    place: str
    what: str
    unit_root: float = float("nan")

    @property
    def wanders(self) -> bool:
        """Whether it is a series that wanders like a random walk."""
        return self.p_value <= SURE and self.unit_root > _NOT_REJECTED

    @property
    def changes(self) -> bool:
        """Whether the source changes."""
        return self.p_value <= SURE and not self.wanders

    @property
    def words(self) -> str:
        """Where the source changes, and how; empty if it does not."""
        return f"{self.place}: {self.what}" if self.changes else ""


NO_DRIFT = Drift(1.0, 0, 0, "", "")
"""Of a source that is known to stay the same."""


def find_drift(X: Sequences, n_permutations: int, seed: int) -> Drift | None:
    """Test whether the source changes along the data; None where there is too little to tell.

    The data are divided into many parts: sequences, or long blocks of them. Each part is summed up by the
    frequencies of its symbols (its level and its variance, for numbers) and of repetitions. If the source
    stays the same, parts are exchangeable, and so the range of the running sums (of few, their squares),
    over all features, is compared with that of parts in random order. Memory that is short beside a part
    leaves the order of parts random, and so raises no alarm. A few sequences may each have frequencies of its
    own: parts then change places within their sequence, and sequences as a whole. Windows that overlap are in
    no random order, and tell nothing of it.

    Parameters
    ----------
    X : Sequences
        Symbols or numbers.
    n_permutations, seed : int
        Random orders, and their seed.

    References
    ----------
    E. S. Page, "Continuous inspection schemes" (1954), for cumulated sums; N. H. Kuiper, "Tests concerning
    random points on a circle" (1960); G. S. Watson, "Goodness-of-fit tests on a circle" (1961);
    T. W. Anderson, "On the distribution of the two-sample Cramer-von Mises criterion" (1962).
    """
    bounds = _parts(X)
    if len(bounds) - 1 < _FEWEST_UNITS or overlap(X) is not None:
        return None
    features, names = step_features(X)
    size = np.diff(bounds).astype(np.float64)
    sums = np.add.reduceat(features, bounds[:-1], axis=0)
    owner = np.searchsorted(X.offsets, bounds[:-1], side="right") - 1
    many, within = len(X) >= _MANY_SEQUENCES, False
    excess = _excess(sums, size, owner * (not many))
    if many:
        p_value, z = _change(excess, owner * 0, n_permutations, seed)
    elif len(X) == 1:
        p_value, z = _change_of_blocks(excess, owner, n_permutations, seed)
    else:
        p_value, z, within = _change_of_few(sums, size, owner, n_permutations, seed)
    if p_value > SURE:
        return Drift(p_value, 0, 0, "", "")
    part, feature = np.unravel_index(int(np.argmax(z)), z.shape)
    at = int(bounds[part + 1])
    sequence = int(np.searchsorted(X.offsets, at, side="right")) - 1
    step = at - int(X.offsets[sequence])
    place = f"most at step {step:,} of {X.lengths[sequence]:,}"
    if len(X) > 1:
        place = f"most at sequence {sequence:,} of {len(X):,} (from 0)" + (f", step {step:,}" if step else "")
    looked = owner == sequence if within else np.ones(len(owner), dtype=bool)
    first, last = bounds[:-1][looked][0], bounds[1:][looked][-1]
    before, after = features[first:at, feature].mean(), features[at:last, feature].mean()
    what = f"{names[feature]} {number(before)} before, {number(after)} after"
    mean, size = sums[looked, feature] / size[looked], size[looked]
    if _is_gradual(mean, size, int(part) + 1 - int(np.flatnonzero(looked)[0])):
        tenth = -(-len(size) // 10)
        start, end = (
            number(np.average(mean[rows], weights=size[rows])) for rows in (slice(tenth), slice(-tenth, None))
        )
        place = "bit by bit"
        what = f"{names[feature]} {start} at first, {end} at last"
        if within:
            place += f" in sequence {sequence:,} of {len(X):,} (from 0)"
    wander = float("nan")
    if not many and X.values.dtype.kind in "iuf":
        wander = _unit_root(X, excess, owner, n_permutations, seed)
    return Drift(p_value, sequence, step, place, what, wander)


def _excess(
    sums: NDArray[np.float64], size: NDArray[np.float64], owner: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return what each part has more of than it would have if all parts of its owner were alike."""
    first = np.flatnonzero(np.diff(owner, prepend=-1))
    mean = np.add.reduceat(sums, first, axis=0) / np.add.reduceat(size, first)[:, None]
    return np.asarray(sums - size[:, None] * mean[owner])


def _change_of_blocks(
    excess: NDArray[np.float64], owner: NDArray[np.int64], n_permutations: int, seed: int
) -> tuple[float, NDArray[np.float64]]:
    """Return the chance of blocks in such an order within their sequence, and how far sums are from 0."""
    p_value, z = _change(excess, owner, n_permutations, seed)
    place = np.arange(len(owner)) - np.searchsorted(owner, owner)
    for joined in (2, 4):
        # memory fades where parts grow, a change of the source stays
        starts = np.flatnonzero(place % joined == 0)
        n = len(np.unique(owner))
        if len(starts) - n >= _FEWEST_JOINED and len(starts) >= _FEWEST_OWN_BLOCKS * n:
            coarse = np.add.reduceat(excess, starts, axis=0)
            # few parts have few orders, so that less is asked of them
            p_value = max(p_value, _COARSE * _change(coarse, owner[starts], n_permutations, seed)[0])
    return p_value, z


def _change_of_few(
    sums: NDArray[np.float64],
    size: NDArray[np.float64],
    owner: NDArray[np.int64],
    n_permutations: int,
    seed: int,
) -> tuple[float, NDArray[np.float64], bool]:
    """Return the chance of a few sequences that change so much, how far, and whether within themselves.

    Of blocks within sequences, or of sequences, whichever is less probable; with twice the chance, since
    either may be so by luck.
    """
    p_value, z = _change_of_blocks(_excess(sums, size, owner), owner, 2 * n_permutations + 1, seed)
    first = np.flatnonzero(np.diff(owner, prepend=-1))
    if len(first) >= _FEWEST_UNITS:
        one = np.zeros_like(first)
        wholes = _excess(np.add.reduceat(sums, first, axis=0), np.add.reduceat(size, first), one)
        across, far = _change(wholes, one, 2 * n_permutations + 1, seed)
        if across < p_value:
            z = np.zeros((len(sums) - 1, sums.shape[1]))
            z[first[1:] - 1] = far
            return min(1.0, 2 * across), z, False
    return min(1.0, 2 * p_value), z, True


def _is_gradual(mean: NDArray[np.float64], size: NDArray[np.float64], place: int) -> bool:
    """Whether a straight line from the first part to the last leaves less than a step at this place does."""
    time = np.cumsum(size) - size / 2
    weight = np.sqrt(size)

    def left(shape: NDArray[np.float64]) -> float:
        inputs = np.column_stack([np.ones(len(mean)), shape]) * weight[:, None]
        rest = mean * weight - inputs @ np.linalg.lstsq(inputs, mean * weight, rcond=None)[0]
        return float(rest @ rest)

    return left(time) < left((np.arange(len(mean)) >= place).astype(np.float64))


def _unit_root(
    X: Sequences, excess: NDArray[np.float64], owner: NDArray[np.int64], n_permutations: int, seed: int
) -> float:
    """Return the p-value of the channel that is pulled back least, of the longest sequences together.

    Only channels whose level changes are looked at: a spread that changes is no walk. P-values of sequences
    are put together by Fisher's method.
    """
    values = X.values.reshape(X.n_steps, -1).astype(np.float64)
    if X.kind == "symbols" and len(np.unique(values)) <= MOST_SYMBOLS:
        # whole numbers are symbols as well
        return float("nan")
    longest = np.argsort(-X.lengths, kind="stable")[:_MOST_WALKS]
    found = []
    for channel, numbers in enumerate(values.T):
        # the features of numbers are each channel's level and its square
        level = excess[:, [2 * channel]] if X.kind == "real" else None
        if level is None or _change(level, owner, n_permutations, seed)[0] <= SURE:
            rows = (slice(X.offsets[i], X.offsets[i + 1]) for i in longest)
            each = np.array([unit_root_p_value(numbers[row], _N_WALKS, seed) for row in rows])
            each = each[np.isfinite(each)]
            if len(each):
                found.append(float(chi2.sf(-2 * np.log(each).sum(), 2 * len(each))))
    return max(found, default=float("nan"))


def find_target_drift(target: Labels, n_permutations: int, seed: int) -> Drift | None:
    """Test whether targets, one a sequence, change along the data; None where they come class by class.

    Files that are sorted by class, as a whole or part by part, say nothing about time: runs of one class are
    then several times as long as they would be by chance.
    """
    if len(target) < _FEWEST_UNITS:
        return None
    runs = 1 + int((target[1:] != target[:-1]).sum())
    counts = np.unique(target, return_counts=True)[1]
    by_chance = 1 + (len(target) - 1) * (1 - ((counts / len(target)) ** 2).sum())
    if runs == len(counts) or runs < by_chance / _SORTED:
        return None
    return find_drift(Sequences(target, np.arange(len(target) + 1)), n_permutations, seed)


def _change(
    excess: NDArray[np.float64], owner: NDArray[np.int64], n_permutations: int, seed: int
) -> tuple[float, NDArray[np.float64]]:
    """Return the chance of running sums that range so widely, and how far they are from 0 at each place.

    From the lowest to the highest they range, so that a source that changes for a while, and back, is seen as
    one that changes for good (Kuiper's statistic). Of few parts many orders have the widest range there is,
    so that all places count, by their squares about the mean (Watson's). Of several sequences each may
    change, and squares are about 0 (Cramer's and von Mises'). Parts change places with those of one owner.
    """
    rng = np.random.default_rng(seed)
    n = len(excess)
    several = bool(owner[-1] > owner[0])
    orders = [np.arange(n)]
    for _ in range(n_permutations):
        orders.append(np.lexsort((rng.random(n), owner)) if several else rng.permutation(n))
    curves = np.array([np.cumsum(excess[order], axis=0) for order in orders])
    # the last sums are 0
    all_places = several or n <= _FEW_PARTS
    size = np.ptp(curves, axis=1)
    if all_places:
        # of several sequences about 0, where each one's sums begin and end: they may change in the same way
        size = (curves**2).mean(axis=1) if several else curves.var(axis=1)
    centre = size.mean(axis=0)
    spread = centre if all_places else size.std(axis=0)
    z = (size - centre) / np.where(spread > 1e-12, spread, np.inf)
    p_value = float((z.max(axis=1) >= z[0].max() - 1e-12).mean())
    jumps = curves[:, :-1]
    spread = jumps.std(axis=0)
    return p_value, np.abs(jumps[0]) / np.where(spread > 1e-12, spread, np.inf)


def _parts(X: Sequences) -> NDArray[np.int64]:
    """Return bounds of parts in steps: sequences, or long blocks of few sequences."""
    if len(X) >= _MANY_SEQUENCES:
        return X.offsets
    usual = int(np.median(X.lengths)) // _N_OWN_BLOCKS if len(X) > 1 else X.n_steps
    wanted = max(_SHORTEST_BLOCK, min(usual, X.n_steps // _N_BLOCKS))
    bounds = [0]
    for start, stop in zip(X.offsets[:-1], X.offsets[1:], strict=True):
        pieces = max(1, (stop - start) // wanted)
        bounds.extend(start + (stop - start) * np.arange(1, pieces + 1) // pieces)
    return np.array(bounds, dtype=np.int64)
