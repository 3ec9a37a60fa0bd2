"""Whether the source itself changes, and where: apart from memory, which is no change of the source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.sequences import Sequences
from seqcompare.dependence.ranks import normal_scores
from seqcompare.dependence.unit_root import unit_root_p_value
from seqcompare.quantities import number
from seqcompare.typing import Labels, Values

_N_BLOCKS = 48
_SHORTEST_BLOCK = 20
_MANY_SEQUENCES = 20
_MOST_SYMBOLS = 8
_FEWEST_UNITS = 8
# so many times longer than by chance are runs of a class in a file that is sorted; in one whose classes go
# over from one to the other all along, half as many again
_SORTED = 4
_FEWEST_JOINED = 12
_COARSE = 0.2
_LONG_ENOUGH = 18
# five sequences have 120 orders
_FEWEST_OWN = 5
_N_WALKS = 99
SURE = 0.01
"""Where a change of the source is said to be one."""

_NOT_REJECTED = 0.02
_PARTS = (("level", ""), ("spread", "squared "))
_REPEATED = "the share of steps that repeat the one before is"


@dataclass(frozen=True)
class Drift:
    """A change of the source.

    Parameters
    ----------
    p_value : float
        Chance of as large a change anywhere, in data whose parts are in random order.
    sequence, step : int
        Where frequencies before and after differ most.
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
    stays the same, parts are exchangeable, and so the widest range of the running sums, over all
    features, is compared with that of parts in random order. Memory that is short beside a part leaves the
    order of parts random, and so raises no alarm.

    Parameters
    ----------
    X : Sequences
        Symbols or numbers.
    n_permutations, seed : int
        Random orders, and their seed.

    References
    ----------
    E. S. Page, "Continuous inspection schemes" (1954), for cumulated sums; N. H. Kuiper, "Tests concerning
    random points on a circle" (1960); G. S. Watson, "Goodness-of-fit tests on a circle" (1961).
    """
    bounds = _parts(X)
    if len(bounds) - 1 < _FEWEST_UNITS:
        return None
    features, names = _features(X)
    size = np.diff(bounds).astype(np.float64)
    sums = np.add.reduceat(features, bounds[:-1], axis=0)
    # what each part has more of than it would have if all were alike
    excess = sums - size[:, None] * (sums.sum(axis=0) / size.sum())
    p_value, z = _change(excess, n_permutations, seed)
    if len(X) < _MANY_SEQUENCES:
        # memory fades where parts grow, a change of the source stays
        for joined in (2, 4):
            coarse = np.add.reduceat(excess, np.arange(0, len(excess), joined), axis=0)
            if len(coarse) >= _FEWEST_JOINED:
                # few parts have few orders, so that less is asked of them
                p_value = max(p_value, _COARSE * _change(coarse, n_permutations, seed, few=True)[0])
    part, feature = np.unravel_index(int(np.argmax(z)), z.shape)
    at = int(bounds[part + 1])
    sequence = int(np.searchsorted(X.offsets, at, side="right")) - 1
    step = at - int(X.offsets[sequence])
    place = f"most at step {step:,} of {X.lengths[sequence]:,}"
    if len(X) > 1:
        place = f"most at sequence {sequence:,} of {len(X):,} (from 0)" + (f", step {step:,}" if step else "")
    before, after = features[:at, feature].mean(), features[at:, feature].mean()
    what = f"{names[feature]} {number(before)} before, {number(after)} after"
    if _is_gradual(sums[:, feature] / size, size, int(part) + 1):
        tenth = -(-len(size) // 10)
        first, last = (
            number(sums[rows, feature].sum() / size[rows].sum())
            for rows in (slice(tenth), slice(-tenth, None))
        )
        place, what = "bit by bit", f"{names[feature]} {first} at first, {last} at last"
    wander = float("nan")
    if p_value <= SURE and len(X) < _MANY_SEQUENCES and X.values.dtype.kind in "iuf":
        wander = _unit_root(X, excess, n_permutations, seed)
    return Drift(p_value, sequence, step, place, what, wander)


def _is_gradual(mean: NDArray[np.float64], size: NDArray[np.float64], place: int) -> bool:
    """Whether a straight line from the first part to the last leaves less than a step at this place does."""
    time = np.cumsum(size) - size / 2
    weight = np.sqrt(size)

    def left(shape: NDArray[np.float64]) -> float:
        inputs = np.column_stack([np.ones(len(mean)), shape]) * weight[:, None]
        rest = mean * weight - inputs @ np.linalg.lstsq(inputs, mean * weight, rcond=None)[0]
        return float(rest @ rest)

    return left(time) < left((np.arange(len(mean)) >= place).astype(np.float64))


def _unit_root(X: Sequences, excess: NDArray[np.float64], n_permutations: int, seed: int) -> float:
    """Return the p-value of the channel of the longest sequence that is pulled back least.

    Only channels whose level changes are looked at: a spread that changes is no walk.
    """
    values = X.values.reshape(X.n_steps, -1).astype(np.float64)
    if X.kind == "symbols" and len(np.unique(values)) <= _MOST_SYMBOLS:
        # whole numbers are symbols as well
        return float("nan")
    longest = int(np.argmax(X.lengths))
    rows = slice(X.offsets[longest], X.offsets[longest + 1])
    found = []
    for channel, numbers in enumerate(values.T):
        # the features of numbers are each channel's level and its square
        level = excess[:, [2 * channel]] if X.kind == "real" else None
        if level is None or _change(level, n_permutations, seed)[0] <= SURE:
            found.append(unit_root_p_value(numbers[rows], _N_WALKS, seed))
    return float(np.nanmax(found)) if np.isfinite(found).any() else float("nan")


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


def find_own_frequencies(X: Sequences, n_permutations: int, seed: int) -> float | None:
    """Return the chance of sequences that agree with themselves so much; None where it cannot be told.

    Whether each sequence has frequencies of its own: what its first third has more of than its positions
    have on average is compared with its last third, and with last thirds of other sequences.
    """
    lengths = X.lengths
    if len(X) < _FEWEST_OWN or np.median(lengths) < _LONG_ENOUGH:
        return None
    features, names = _features(X)
    # sequences that differ in how often they repeat have memory: what a few steps tell of it is no frequency
    features = features[:, [name != _REPEATED for name in names]]
    position = X.step_index
    count = np.bincount(position).astype(np.float64)
    thirds = []
    for part in range(3):
        inside = (position * 3 // np.repeat(lengths, lengths)) == part
        thirds.append(np.zeros((len(X), features.shape[1])))
        for k in range(features.shape[1]):
            usual = np.bincount(position, features[:, k]) / count
            rest = (features[:, k] - usual[position]) * inside
            thirds[-1][:, k] = np.add.reduceat(rest, X.offsets[:-1]) / np.maximum(lengths / 3, 1)
    first, last = thirds[0] - thirds[0].mean(axis=0), thirds[2] - thirds[2].mean(axis=0)
    scale = first.std(axis=0) * last.std(axis=0)
    differ = scale > 0
    if not differ.any():
        return None
    first, last, scale = first[:, differ], last[:, differ], scale[differ]
    rng = np.random.default_rng(seed)
    orders = [np.arange(len(X)), *(rng.permutation(len(X)) for _ in range(n_permutations))]
    agreement = np.array([((first * last[order]).mean(axis=0) / scale).max() for order in orders])
    return float((agreement >= agreement[0] - 1e-12).mean())


def _change(
    excess: NDArray[np.float64], n_permutations: int, seed: int, *, few: bool = False
) -> tuple[float, NDArray[np.float64]]:
    """Return the chance of running sums that range so widely, and how far they are from 0 at each place.

    From the lowest to the highest they range, so that a source that changes for a while, and back, is seen as
    one that changes for good (Kuiper's statistic). With few parts one of them alone makes as wide a range as
    any, so that all places count (Watson's).
    """
    rng = np.random.default_rng(seed)
    orders = [np.arange(len(excess)), *(rng.permutation(len(excess)) for _ in range(n_permutations))]
    curves = np.array([np.cumsum(excess[order], axis=0) for order in orders])
    # the last sums are 0
    size = curves.var(axis=1) if few else np.ptp(curves, axis=1)
    centre = size.mean(axis=0)
    spread = centre if few else size.std(axis=0)
    z = (size - centre) / np.where(spread > 1e-12, spread, np.inf)
    p_value = float((z.max(axis=1) >= z[0].max() - 1e-12).mean())
    jumps = curves[:, :-1]
    spread = jumps.std(axis=0)
    return p_value, np.abs(jumps[0]) / np.where(spread > 1e-12, spread, np.inf)


def _parts(X: Sequences) -> NDArray[np.int64]:
    """Return bounds of parts in steps: sequences, or long blocks of few sequences."""
    if len(X) >= _MANY_SEQUENCES:
        return X.offsets
    wanted = max(_SHORTEST_BLOCK, X.n_steps // _N_BLOCKS)
    bounds = [0]
    for start, stop in zip(X.offsets[:-1], X.offsets[1:], strict=True):
        pieces = max(1, (stop - start) // wanted)
        bounds.extend(start + (stop - start) * np.arange(1, pieces + 1) // pieces)
    return np.array(bounds, dtype=np.int64)


def _features(X: Sequences) -> tuple[NDArray[np.float64], list[str]]:
    if X.kind == "symbols":
        return _symbol_features(X)
    return _number_features(X.channels.astype(np.float64))


def _symbol_features(X: Sequences) -> tuple[NDArray[np.float64], list[str]]:
    symbols, codes, counts = _most_frequent(X.values)
    parts: list[Any] = [codes == k for k in range(len(symbols))]
    names = [f"the share of {symbol!s:.20} is" for symbol in symbols]
    if len(counts) == 2:
        # the other symbol's frequency is what is left
        parts, names = parts[:1], names[:1]
    repeated = np.zeros(X.n_steps)
    repeated[1:] = X.values[1:] == X.values[:-1]
    repeated[X.offsets[:-1]] = 0
    return np.column_stack([*parts, repeated]).astype(np.float64), [
        *names,
        _REPEATED,
    ]


def _most_frequent(values: Labels) -> tuple[Values, NDArray[np.int64], NDArray[np.int64]]:
    from seqcompare.models.alphabet import encode, find_symbols

    known = find_symbols(values)
    codes = encode(values, known)
    counts = np.bincount(codes, minlength=len(known))
    kept = np.argsort(-counts, kind="stable")[:_MOST_SYMBOLS]
    renumbered = np.full(len(known), -1)
    renumbered[kept] = np.arange(len(kept))
    return known[kept], renumbered[codes], counts


def _number_features(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], list[str]]:
    features, names = [], []
    for c in range(values.shape[1]):
        x = values[:, c]
        score = normal_scores(x)
        which = f" of channel {c}" if values.shape[1] > 1 else ""
        features += [score, score**2]
        names += [
            f"the level{which}, in normal scores, is",
            f"the spread{which}, in squared normal scores, is",
        ]
    return np.column_stack(features), names
