"""The forecast that costs nothing: the next number is like the last one, or like that of a season ago."""

from __future__ import annotations

from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import r2_score
from sklearn.utils import check_scalar
from sklearn.utils.validation import check_is_fitted

from seqcompare.data.sequences import Sequences
from seqcompare.data.targets import check_step_numbers, check_step_weights
from seqcompare.models.base import Reader, Reading, check_sequences
from seqcompare.models.filling import Missing, check_missing
from seqcompare.typing import Floats, SequencesLike, TargetsLike, WeightsLike

#: Steps of the longest season that is looked for, and how many steps are looked at.
_LONGEST, _MOST_STEPS = 400, 20_000
#: Turns that a season must have had, and the log-ratio of variances and standard errors that it must gain.
_FEWEST_TURNS, _LEAST_GAIN, _ERRORS = 3, 0.1, 4.0
#: How much more than the least variance a shorter season may leave, and how many standard errors.
_AS_GOOD, _AS_GOOD_ERRORS = 0.05, 4.0


class Seen(NamedTuple):
    """What is known of a sequence with gaps after some of its steps.

    Attributes
    ----------
    n : int
        Steps so far.
    turn : tuple of ndarray of shape (d,)
        The last known values at each place of a season.
    last : ndarray of shape (d,)
        The last known value.
    """

    n: int
    turn: tuple[Floats, ...]
    last: Floats


class LastValue(Reader):
    """A number for each step that is learned from nothing: the step itself, or the one a season before.

    Inside `NextStep` it becomes the density that a model of numbers should beat: the naive or seasonal naive
    forecast, and a fitted distribution of its errors (whose mean is the drift).

    Parameters
    ----------
    period : int or None, default=1
        Steps of a season: x[t + 1] is taken to be like x[t + 1 - period]. With 1 it is the last value, None
        finds the season in the training data, see `find_season`.
    missing : {"error", "allow"}, default="error"
        "allow" takes NaN, of single channels too: in place of a missing number stands the last known one of
        as many seasons before, else the last known one, else the mean of the training data.

    Attributes
    ----------
    period_ : int
        The season.
    n_parameters_ : int
        1 where the season was found, else 0.

    Notes
    -----
    Steps in the first season of a sequence are answered with the last value.

    References
    ----------
    R. J. Hyndman and G. Athanasopoulos, "Forecasting: principles and practice" (2021), section 5.2.

    Examples
    --------
    >>> from seqcompare import LastValue, NextStep
    >>> seasons = [[0.0, 1.0, 5.0] * 4]
    >>> LastValue(period=3).fit(seasons).predict([[0.1, 1.0, 5.2, 0.0]])[0]
    array([0.1, 1. , 0.1, 1. ])
    >>> round(NextStep(LastValue(period=3)).fit(seasons).n_parameters_)
    4
    """

    predicts = "numbers"
    causal = True

    def __init__(self, period: int | None = 1, *, missing: Missing = "error") -> None:
        self.period = period
        self.missing = missing

    @property
    def reading(self) -> Reading:
        """Whole numbers are numbers."""
        return {"numbers": True, "allow_nan": self.missing == "allow"}

    @property
    def before(self) -> int:
        """Steps seen before the one that is answered for."""
        return getattr(self, "period_", self.period or 1) - 1

    def fit(
        self, X: SequencesLike, y: TargetsLike | None = None, sample_weight: WeightsLike | None = None
    ) -> LastValue:
        """Find the season, if it is not given; there is nothing else to learn.

        Parameters
        ----------
        X : sequences of numbers
            The input.
        y : ignored, but for its shape
            The targets, one step or number a step.
        sample_weight : array of shape (n,), or one array of weights a sequence, optional
            Sequences without any weight are not looked at.

        Returns
        -------
        LastValue
            Itself.

        Raises
        ------
        ValueError
            For symbols, or a period below 1.
        """
        check_missing(self.missing)
        sequences = check_sequences(self, X, reset=True, **self.reading)
        if y is not None and check_step_numbers(y, sequences).shape != sequences.values.shape:
            shape = check_step_numbers(y, sequences).shape[1:] or (1,)
            raise ValueError(
                f"LastValue answers with the steps themselves, of {sequences.n_channels} number(s): expected "
                f"as many in y, got {shape[0]}"
            )
        weights = check_step_weights(sample_weight, sequences)
        if self.period is not None:
            check_scalar(self.period, "period", Integral, min_val=1)
        used = np.add.reduceat(weights, sequences.offsets[:-1]) > 0
        self.period_ = int(self.period or find_season(sequences.take(used) if used.any() else sequences))
        self.n_parameters_ = int(self.period is None)
        kept = sequences.channels[weights > 0] if weights.any() else sequences.channels
        known = ~np.isnan(kept)
        self.mean_ = np.where(known, kept, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
        return self

    def predict(self, X: SequencesLike) -> SequencesLike:
        """Return the step itself, or the one a season before the next, for every step, in X's container."""
        sequences = self._check(X)
        rows = rows_before(sequences, self.period_)
        if not sequences.has_missing:
            return sequences.pack(sequences.values[rows])
        found = last_known(sequences, rows, self.period_)
        found = np.where(np.isnan(found), self.mean_, found)
        return sequences.pack(found.reshape(sequences.values.shape))

    def start(self) -> object:
        """Return the state before the first step of a sequence, for `step`."""
        if self.missing == "error":
            return super().start()
        check_is_fitted(self)
        nothing = np.full(len(self.mean_), np.nan)
        return Seen(0, (nothing,) * self.period_, nothing)

    def step(self, state: Any, x: Any) -> tuple[Any, object]:
        """Read one more step; return the step itself, or the one a season before the next, and a state.

        Parameters
        ----------
        state : state
            What `start` or the last call returned.
        x : number, or array of shape (d,), NaN where missing
            The step.
        """
        if not isinstance(state, Seen):
            return super().step(state, x)
        now = np.atleast_1d(np.asarray(x, dtype=np.float64))
        place, period = state.n % self.period_, self.period_
        kept = np.where(np.isnan(now), state.turn[place], now)
        turn = (*state.turn[:place], kept, *state.turn[place + 1 :])
        last = np.where(np.isnan(now), state.last, now)
        # before a season is over there is but the last value
        found = turn[(place + 1) % period] if state.n + 1 >= period else last
        found = np.where(np.isnan(found), last, found)
        found = np.where(np.isnan(found), self.mean_, found)
        return found[0] if np.ndim(x) == 0 else found, Seen(state.n + 1, turn, last)

    @property
    def _looks_back(self) -> int | None:
        return self.before + 1 if self.missing == "error" else None

    def _answers_to(self, X: Sequences) -> SequencesLike:
        return self.predict(X)[0]

    def score(self, X: SequencesLike, y: TargetsLike, sample_weight: WeightsLike | None = None) -> float:
        """Return R2 over all steps.

        Parameters
        ----------
        X, y, sample_weight
            As in `fit`.
        """
        sequences = self._check(X)
        answer = Sequences(self.predict(Sequences(sequences.values, sequences.offsets))).values
        weights = check_step_weights(sample_weight, sequences)
        return float(r2_score(check_step_numbers(y, sequences), answer, sample_weight=weights))


def rows_before(sequences: Sequences, period: int) -> NDArray[np.int64]:
    """Return the row `period` steps before the step after each; its own where the sequence was not there."""
    rows: NDArray[np.int64] = np.arange(sequences.n_steps, dtype=np.int64)
    rows[sequences.step_index >= period - 1] -= period - 1
    return rows


def last_known(sequences: Sequences, rows: NDArray[np.int64], period: int) -> Floats:
    """Return the steps at `rows`, and for missing ones the last known of whole seasons before, or of all.

    Parameters
    ----------
    sequences : Sequences
        Numbers.
    rows : ndarray of int, shape (n_steps,)
        The row that answers for each step.
    period : int
        Steps of a season.

    Returns
    -------
    ndarray of shape (n_steps, d)
        NaN where nothing was known before.
    """
    x = sequences.channels.astype(np.float64)
    start = np.repeat(sequences.offsets[:-1], sequences.lengths)
    found = x[rows]
    back = rows.copy()
    # until all is known, or no sequence goes back so far
    while (wanted := np.flatnonzero(np.isnan(found).any(axis=1) & (back - period >= start))).size:
        back[wanted] -= period
        found[wanted] = np.where(np.isnan(found[wanted]), x[back[wanted]], found[wanted])
    at = np.arange(len(x))
    for c in range(x.shape[1]):
        seen = np.maximum.accumulate(np.where(np.isnan(x[:, c]), -1, at))
        here = np.isnan(found[:, c]) & (seen >= start)
        found[here, c] = x[seen[here], c]
    return found


def find_season(X: Sequences) -> int:
    """Return the season after which numbers come back better than from one step to the next; 1 if none does.

    Compared are variances of x[t] - x[t - m], of each channel in units of its own, for every m of which the
    longest sequence has three turns. The first dip counts that is as low as the least, up to 5% and four
    standard errors, if its logarithm is below that of m = 1 by a tenth and by four standard errors.

    Parameters
    ----------
    X : Sequences of numbers
        Missing values are passed over.

    Returns
    -------
    int
        Steps.
    """
    kept = X.take(np.arange(max(1, int(np.searchsorted(X.offsets[1:], _MOST_STEPS)))))
    steps, place = kept.channels.astype(np.float64), kept.step_index
    with np.errstate(all="ignore"):
        spread = np.sqrt(np.nanvar(steps, axis=0))
    moving = np.isfinite(spread) & (spread > 0)
    longest = min(_LONGEST, int(kept.lengths.max()) // _FEWEST_TURNS)
    if longest < 2 or not moving.any():
        return 1
    steps = steps[:, moving] / spread[moving]
    left = np.full(longest + 1, np.inf)
    n_pairs = np.ones(longest + 1)
    for m in range(1, longest + 1):
        rows = np.flatnonzero(place >= m)
        off = steps[rows] - steps[rows - m]
        known = np.isfinite(off).all(axis=1)
        if known.sum() > 2:
            left[m], n_pairs[m] = off[known].var(axis=0).mean(), known.sum()
    if not np.isfinite(left).any():
        return 1
    # of white noise, the logarithm of such a variance has a standard error of about sqrt(3 / n)
    with np.errstate(divide="ignore"):
        logs, errors = np.log(np.maximum(left, 1e-300)), np.sqrt(3 / n_pairs)
    as_good = np.isfinite(logs) & (logs <= logs.min() + np.maximum(_AS_GOOD, _AS_GOOD_ERRORS * errors))
    dips = logs <= np.minimum(np.append(logs[1:], np.inf), np.insert(logs[:-1], 0, np.inf))
    season = int(np.flatnonzero(as_good & dips)[0])
    return season if logs[1] - logs[season] > max(_LEAST_GAIN, _ERRORS * errors[season]) else 1
