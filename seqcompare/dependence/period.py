"""Whether there is a clock: frequencies that come back every so many steps, for as long as the data last."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numba import njit
from numpy.typing import NDArray

from seqcompare.data.sequences import Sequences
from seqcompare.dependence.coding import Coded
from seqcompare.dependence.levels import less_means
from seqcompare.dependence.ranks import normal_scores
from seqcompare.dependence.surrogates import turn, turn_pieces
from seqcompare.typing import Array, Labels, Values

_MANY_SEQUENCES = 20
_STEPS_A_PHASE = 8
_LONGEST = 400
_MOST_STEPS = 20_000
_N_SURROGATES = 39
_MARGIN = 1.25
_N_PARTS = 4
_MOST_SYMBOLS = 4
_FEWEST_STEPS = 32
_FEWEST_TURNS = 8
_MOST_STRETCHES = 24
_SHORTEST_STRETCH = 16
_SURE_OF_SLIPS = 4.0
_SMOOTH = 3
# sequences whose phases can be told to be alike
_FEWEST_ALIKE = 3
# by chance two turns of any shape have half in common
_FEW_TURNS = 3
_MOSTLY, _NEARLY = 0.6, 0.8


@dataclass(frozen=True, eq=False)
class Clock:
    """A period, and where each step is in it.

    Parameters
    ----------
    period : int or float
        Steps after which it begins again.
    phase : ndarray of int64, shape (n_steps,)
        Where each step is in it, from 0.
    """

    period: float
    phase: NDArray[np.int64]


def find_period(X: Sequences, coded: Coded, seed: int) -> Clock | None:
    """Return the clock that data go by, if they do.

    For each period the steps are sorted by their phase (in all sequences alike, where there are many; else
    in all alike or else in each by itself), and the period with the smallest Bayesian information
    criterion is chosen. (Of single numbers the levels are looked at, and where these have no clock the
    spreads.) It has to explain a quarter more than in any of 39 surrogates, in which pieces of the data are
    turned by a random number of steps each: they have the memory of the data and no common clock. A cycle
    that slips, so that stretches of the data are out of step with the rest, is memory and no clock. What
    changes once from the first step of all sequences to the last is no clock either, nor is any other shape
    that all sequences have by the place.

    Parameters
    ----------
    X : Sequences
        Symbols or numbers.
    coded : Coded
        Its steps as symbols.
    seed : int
        Of what is random.

    References
    ----------
    G. Schwarz, "Estimating the dimension of a model" (1978).
    """
    if len(X) >= _MANY_SEQUENCES:
        return _search(X, coded, seed, aligned=True)
    # one clock for all has fewer phases, and more steps in each, than one for each sequence
    alike = _search(X, coded, seed, aligned=True) if len(X) >= _FEWEST_ALIKE else None
    return alike or _search(X, coded, seed, aligned=False)


def _search(X: Sequences, coded: Coded, seed: int, *, aligned: bool) -> Clock | None:
    """Return the clock by which all sequences go alike, or each by itself, if they do."""
    owner = np.zeros(X.n_steps, dtype=np.int64) if aligned else X.sequence_index
    within = int(X.lengths.max() if aligned else X.lengths.min())
    longest = min(_LONGEST, within // 2 if aligned else within // _STEPS_A_PHASE)
    kept = min(X.n_steps, _MOST_STEPS)
    if longest < 2 or kept < _FEWEST_STEPS:
        return None
    position, owner = X.step_index[:kept], owner[:kept]
    if X.kind != "real" or X.n_channels > 1:
        symbols = _grouped(coded, seed)[:kept]
        return _find(X, symbols, symbols, position, owner, longest, seed, numbers=False, aligned=aligned)
    level = normal_scores(X.channels[:, 0])[:kept]
    # scores are closer together where many numbers are, which by a shape is at some places
    numbers = X.channels[:kept].astype(np.float64)
    rest = less_means(numbers, position, always=True)[:, 0] if aligned else level
    # a clock may go by the spread alone, which is about the neighbours: a wave has half its period about 0
    for values in (level, normal_scores(_distance_from_neighbours(rest, position))):
        smooth = _drift(values, position) if aligned else 0.0
        found = _find(
            X, values - smooth, values, position, owner, longest, seed, numbers=True, aligned=aligned
        )
        if found is not None:
            return found
    return None


def _distance_from_neighbours(x: NDArray[np.float64], position: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return how far each number is from the mean of those beside it in its sequence."""
    before, after = np.append(x[:1], x[:-1]), np.append(x[1:], x[-1:])
    first, last = position == 0, np.append(position[1:] == 0, True)
    before, after = np.where(first, after, before), np.where(last, before, after)
    return np.abs(x - (before + after) / 2)


def _find(
    X: Sequences,
    values: Labels,
    as_they_came: Labels,
    position: NDArray[np.int64],
    owner: NDArray[np.int64],
    longest: int,
    seed: int,
    *,
    numbers: bool,
    aligned: bool,
) -> Clock | None:
    """Return the clock that some symbols or numbers go by, if they do."""
    kept = len(values)
    wave = numbers and len(X) == 1
    measure = _Measure(numbers, wave, position, owner, np.arange(1, longest + 1))
    gain, size = measure.gains(values)
    chosen = int(np.argmax(gain - size))
    if chosen == 0:
        return None
    rng = np.random.default_rng(seed)
    starts = X.offsets[X.offsets < kept]
    draw = turn if aligned else turn_pieces
    at_chosen = measure.only(chosen)
    for _ in range(_N_SURROGATES):
        turned = values[draw(starts, kept, rng)]
        if _MARGIN * at_chosen.gains(turned)[0][-1] >= gain[chosen]:
            return None
    period = float(chosen + 1) if chosen < longest else _wave(values)[0]
    place = np.floor(position % period).astype(np.int64) + owner * int(np.ceil(period))
    marks = _marks(values, numbers)
    if not _lasts(marks, place):
        return None
    if aligned and not _comes_back(_marks(as_they_came, numbers), position, int(np.ceil(period))):
        return None
    if not aligned and _slips(marks, place, owner, int(np.ceil(period))):
        return None
    phase = np.floor(X.step_index % period).astype(np.int64)
    if not aligned and len(X) > 1:
        phase += X.sequence_index * int(np.ceil(period))
    return Clock(int(period) if period == int(period) else round(period, 2), phase)


@dataclass(frozen=True, eq=False)
class _Measure:
    """How well each period does, and a single wave of any period where there is one series of numbers."""

    numbers: bool
    wave: bool
    position: NDArray[np.int64]
    owner: NDArray[np.int64]
    periods: NDArray[np.int64]

    def only(self, chosen: int) -> _Measure:
        """Return the measure of one period, or of the wave, beside none at all."""
        is_wave = chosen >= len(self.periods)
        periods = self.periods[:1] if is_wave else self.periods[[0, chosen]]
        return replace(self, wave=is_wave, periods=periods)

    def gains(self, values: Labels) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return what each period explains and what its size costs, in nats; those of a wave come last.

        The first period is 1, or no clock at all: it explains nothing.
        """
        n_owners = int(self.owner.max()) + 1
        n = len(values)
        size = 0.5 * n_owners * (self.periods - 1) * np.log(n)
        if not self.numbers:
            n_symbols = int(values.max()) + 1
            cost = _cost(values, self.position, self.owner, self.periods, n_owners, n_symbols)
            return cost[0] - cost, size * (n_symbols - 1)
        left = _squares(values, self.position, self.owner, self.periods, n_owners)
        if self.wave:
            left = np.append(left, float((values**2).sum()) - _wave(values)[1])
            # two coefficients and a period
            size = np.append(size, 1.5 * np.log(n))
        left = np.maximum(left, 1e-9 * n)
        return 0.5 * n * np.log(left[0] / left), size


def _grouped(coded: Coded, seed: int) -> NDArray[np.int64]:
    """Return symbols in a few groups, drawn at random: phases would have too many frequencies otherwise."""
    if coded.n_symbols <= _MOST_SYMBOLS:
        return coded.codes
    group = np.random.default_rng(seed).permutation(np.arange(coded.n_symbols) % _MOST_SYMBOLS)
    return group[coded.codes]


def _marks(values: Values, numbers: bool) -> NDArray[np.float64]:
    """Return what goes by phases, less its mean: a number's level, or whether each symbol is there."""
    marks = values[:, None] if numbers else (values[:, None] == np.unique(values)).astype(np.float64)
    return np.asarray(marks - marks.mean(axis=0))


def _drift(values: Values, position: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return what a smooth change with the position makes of numbers: their best cubic curve."""
    curve = np.polynomial.Polynomial.fit(position, values, _SMOOTH)
    return np.asarray(curve(position))


def _told(marks: NDArray[np.float64], place: NDArray[np.int64]) -> float:
    """Return the squares that the means of places explain."""
    total = np.zeros((int(place.max()) + 1, marks.shape[1]))
    np.add.at(total, place, marks)
    return float((total**2 / np.maximum(np.bincount(place, minlength=len(total)), 1)[:, None]).sum())


def _comes_back(marks: NDArray[np.float64], position: NDArray[np.int64], period: int) -> bool:
    """Whether what a place tells is the same a period later, in the main.

    What changes slowly from the first step to the last differs from turn to turn, and within each; and of a
    shape that never comes again the places tell far more than the phases.
    """
    time = position - position.mean()
    marks = marks - time[:, None] * (time @ marks / max(float(time @ time), 1.0))
    phase = _told(marks, position % period)
    if _told(marks, position // period) >= phase:
        return False
    n_places, n_phases = len(np.unique(position)), len(np.unique(position % period))
    whole = _told(marks, position)
    noise = (float((marks**2).sum()) - whole) / max(1, len(marks) - n_places)
    # the squares that means of noise would explain are none of theirs
    share = _MOSTLY if n_places >= _FEW_TURNS * period else _NEARLY
    return phase - noise * n_phases >= share * (whole - noise * n_places)


def _lasts(marks: NDArray[np.float64], phase: NDArray[np.int64]) -> bool:
    """Whether every quarter of the data goes by the phases of the other three."""
    quarter = np.arange(len(marks)) * _N_PARTS // len(marks)
    for part in range(_N_PARTS):
        here = quarter == part
        total = np.zeros((int(phase.max()) + 1, marks.shape[1]))
        np.add.at(total, phase[~here], marks[~here])
        if float((total[phase[here]] * marks[here]).sum()) <= 0:
            return False
    return True


def _slips(
    marks: NDArray[np.float64], place: NDArray[np.int64], owner: NDArray[np.int64], period: int
) -> bool:
    """Whether stretches of the data are out of step with the rest.

    Each stretch may be turned by any number of phases. Were it in step, its likelihood would grow by c nats
    with a chance of exp(-c) for each turn; what several stretches gain more than that speaks for slips.
    """
    mean = np.zeros((int(place.max()) + 1, marks.shape[1]))
    np.add.at(mean, place, marks)
    mean /= np.maximum(np.bincount(place, minlength=len(mean)), 1)[:, None]
    n_stretches = min(_MOST_STRETCHES, len(marks) // max(_SHORTEST_STRETCH, 2 * period))
    stretch = np.arange(len(marks)) * max(1, n_stretches) // len(marks)
    first = owner * period
    fits = np.zeros((period, max(1, n_stretches)))
    # exactly periodic data leave no noise
    noise = max(float(((marks - mean[place]) ** 2).sum() / len(marks)), 1e-3 * float((marks**2).mean()))
    # of several symbols' marks one follows from the others
    noise /= max(1, marks.shape[1] - 1)
    for turned in range(period):
        told = mean[first + (place - first + turned) % period]
        fits[turned] = np.bincount(stretch, ((told * marks) - told**2 / 2).sum(axis=1) / noise)
    gained = fits.max(axis=0) - fits[0] - np.log(period) - 1
    return bool(np.maximum(gained, 0).sum() > _SURE_OF_SLIPS)


@njit(cache=True)
def _squares(values: Array, position: Array, owner: Array, periods: Array, n_owners: int) -> Array:
    """Return the squares that are left around the mean of each phase, for each period."""
    result = np.empty(len(periods))
    whole = (values**2).sum()
    for j in range(len(periods)):
        period = periods[j]
        total, count = np.zeros(n_owners * period), np.zeros(n_owners * period)
        for i in range(len(values)):
            cell = owner[i] * period + position[i] % period
            total[cell] += values[i]
            count[cell] += 1
        result[j] = whole - (total**2 / np.maximum(count, 1)).sum()
    return result


@njit(cache=True)
def _cost(
    values: Array, position: Array, owner: Array, periods: Array, n_owners: int, n_symbols: int
) -> Array:
    """Return what symbols cost given their phase, in nats, for each period."""
    result = np.empty(len(periods))
    for j in range(len(periods)):
        period = periods[j]
        count = np.zeros((n_owners * period, n_symbols))
        for i in range(len(values)):
            count[owner[i] * period + position[i] % period, values[i]] += 1
        bits = 0.0
        for c in range(len(count)):
            size = 0.0
            for a in range(n_symbols):
                if count[c, a] > 1:
                    bits -= count[c, a] * np.log(count[c, a])
                size += count[c, a]
            if size > 1:
                bits += size * np.log(size)
        result[j] = bits
    return result


def _wave(score: NDArray[np.float64]) -> tuple[float, float]:
    """Return the period of the wave that fits numbers best, and the squares that it explains.

    The period need not be whole; it is where a fraction explains hardly more.
    """
    n = len(score)
    t = np.arange(n)

    def explained(frequency: float) -> float:
        return float(2 * abs((score * np.exp(-2j * np.pi * t * frequency)).sum()) ** 2 / n)

    # slower than a few turns is a trend
    power = np.abs(np.fft.rfft(score, 4 * n)) ** 2
    power[: 4 * _FEWEST_TURNS] = 0
    coarse = int(np.argmax(power)) / (4 * n)
    near = coarse + np.linspace(-1, 1, 21) / (4 * n)
    best = float(near[int(np.argmax([explained(f) for f in near]))])
    whole = 1 / np.round(1 / best)
    if explained(best) - explained(whole) < np.log(n) * score.var():
        best = float(whole)
    return float(1 / best), explained(best)
