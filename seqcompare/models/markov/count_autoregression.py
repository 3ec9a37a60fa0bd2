"""Autoregressions of counts."""

from __future__ import annotations

from numbers import Integral
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import poisson
from sklearn.utils import Tags, check_random_state, check_scalar
from sklearn.utils.validation import check_is_fitted

from seqcompare.data.axes import refuse_lengths
from seqcompare.data.sequences import Sequences, offsets_of
from seqcompare.data.targets import check_step_weights
from seqcompare.models.base import NumberDensity, Reading, check_lengths, check_sequences
from seqcompare.models.distributions.base import Distribution, pack
from seqcompare.models.distributions.counts import CountDistribution, widen
from seqcompare.models.filling import check_missing
from seqcompare.models.markov.count_steps import choose, counts_of, distinct, past_of
from seqcompare.models.markov.counts import check_order
from seqcompare.models.markov.lags import spectral_radius
from seqcompare.models.markov.thinning import (
    Counts,
    Transitions,
    fit_thinning,
    log_proba,
    mix_in_all,
    predict,
)
from seqcompare.models.markov.thinning_gaps import (
    NOTHING,
    ahead,
    draw_past,
    fit_with_gaps,
    near_gaps,
    read_count,
    read_gaps,
)
from seqcompare.typing import RandomState, SequencesLike, TargetsLike, WeightsLike

# Continuations that are drawn for a forecast, and steps over which the entropy is averaged.
_CONTINUATIONS = 200
_LONG_RUN = 20_000


class CountAutoregression(NumberDensity):
    """The next count is what survives of the last `order` ones, plus what arrives.

    Each unit of the count k steps ago is still, or again, there with a probability of its own ("binomial
    thinning", an INAR model), and arrivals are independent of all that. So counts are predicted as counts: no
    prediction is negative or a fraction, and the variance is what survival leaves of it, which a Poisson or
    negative binomial distribution about the right mean is not.

    Parameters
    ----------
    order : int, default=1
        Steps that a prediction looks back; 0 for independent counts.
    arrivals : {"poisson", "free"}, default="poisson"
        How many arrive: a Poisson number, or one of any distribution over the counts that were seen. Free
        arrivals are mixed with one observation of a geometric distribution, so that no count is impossible.
    missing : {"error", "allow"}, default="error"
        "allow" takes NaN as a count that was not observed: fitted by EM, and predicted and scored by sums
        over all that it may have been, but for values of a probability below 1e-11.

    Attributes
    ----------
    survival_ : ndarray of shape (order,)
        Probability that a unit of the count 1..order steps ago is counted.
    arrivals_ : CountDistribution
        Distribution of the arrivals.
    start_ : CountDistribution
        Distribution of each of the first `order` steps: the stationary one of Poisson arrivals and order 1,
        otherwise the frequencies of all counts in training.
    spectral_radius_ : float
        Below 1 the counts forget their start.
    n_iter_ : int
        Rounds of EM.
    n_parameters_ : int
        Free parameters.

    Notes
    -----
    Probabilities take time that grows with the square of the counts, and a fit has thousands of rounds where
    steps hardly depend on each other: of counts in the hundreds, more so with gaps, it may take minutes.

    Counts are read from integers, or floats that are whole numbers.

    References
    ----------
    Du and Li (1991), The integer-valued autoregressive (INAR(p)) model.

    Examples
    --------
    >>> from seqcompare import CountAutoregression
    >>> model = CountAutoregression().fit([[3, 2, 2, 1, 1, 0, 2, 2, 1, 1, 1, 0, 0, 1]])
    >>> model.predict_next_distribution([[2]])[0].quantile(0.5)
    array([1.])
    """

    of_counts = True

    def __init__(
        self,
        order: int = 1,
        *,
        arrivals: Literal["poisson", "free"] = "poisson",
        missing: Literal["error", "allow"] = "error",
    ) -> None:
        self.order = order
        self.arrivals = arrivals
        self.missing = missing

    @property
    def reading(self) -> Reading:
        """Integers are numbers."""
        return {"numbers": True, "allow_nan": self.missing == "allow"}

    @property
    def sums_missing(self) -> str | None:
        """The ``missing`` with which a fitted model integrates exactly over missing numbers; None if none."""
        return "allow"

    def fit(
        self, X: SequencesLike, y: TargetsLike | None = None, sample_weight: WeightsLike | None = None
    ) -> CountAutoregression:
        """Fit survival and arrivals by maximum likelihood.

        Parameters
        ----------
        X : sequences of counts
            The training data.
        y : ignored
            For scikit-learn's tools.
        sample_weight : array of shape (n,), or one array of weights a sequence, optional
            Weights of sequences, or of the predictions of single steps.

        Raises
        ------
        ValueError
            If `X` holds anything but counts, or no step has `order` steps before it; with missing counts, if
            those of so many steps together could have been too much.
        """
        refuse_lengths(X, y)
        check_order(self.order)
        if self.arrivals not in ("poisson", "free"):
            raise ValueError(f"arrivals must be 'poisson' or 'free', got {self.arrivals!r}")
        check_missing(self.missing)
        sequences = check_sequences(self, X, reset=True, **self.reading)
        counts = counts_of(sequences)
        weight = check_step_weights(sample_weight, sequences, steps_as_array=False)
        rows = np.flatnonzero((sequences.step_index >= self.order) & (weight > 0))
        if not rows.size:
            longest = int(sequences.lengths.max())
            raise ValueError(
                f"no step to learn from: counts of order {self.order} need a sequence of at least "
                f"{self.order + 1} steps, some later one of weight above 0; the longest has {longest} "
                f"({longest} feature(s) in an array)"
            )
        free = self.arrivals == "free"
        if not (counts[rows] >= 0).any():
            after = f" after the first {self.order}" if self.order else ""
            raise ValueError(f"no count to learn from: every step{after} is missing, or of weight 0")
        if self.order and (counts < 0).any():
            # what weighs nothing is not to be summed over
            heavy = np.logical_or.reduceat(weight > 0, sequences.offsets[:-1])
            kept = np.repeat(heavy, sequences.lengths)
            self.thinning_, self.n_arrivals_, self.n_iter_ = fit_with_gaps(
                counts[kept], weight[kept], offsets_of(sequences.lengths[heavy]), self.order, free=free
            )
        else:
            rows = rows[counts[rows] >= 0]
            following, past, which = distinct(counts, rows, self.order)
            seen = Transitions(following, past, np.bincount(which, weight[rows]).astype(np.float64))
            self.thinning_, self.n_iter_, self.n_arrivals_ = fit_thinning(seen, free=free)
        self.start_table_ = self._find_start(counts[counts >= 0], weight[counts >= 0])
        return self

    def score_steps(self, X: SequencesLike) -> SequencesLike:
        """Return log p(x[t] | x[..t-1]) of every step in nats, shape (T_i,) a sequence, in X's container.

        Of a missing step it is 0.
        """
        sequences = self._check(X)
        counts = counts_of(sequences)
        found = self.start_.log_prob(counts)
        sure = ~near_gaps(counts, sequences.step_index, self.order)
        rows = np.flatnonzero((sequences.step_index >= self.order) & sure)
        if rows.size:
            following, past, which = distinct(counts, rows, self.order)
            found[rows] = log_proba(self.thinning_, following, past)[which]
        for row, log_prob, _ in read_gaps(self.thinning_, self.start_, counts, sequences.step_index):
            found[row] = log_prob
        return sequences.pack(found)

    def predict_next_distribution(self, X: SequencesLike) -> Any:
        """Return the distribution of x[t+1] given x[..t] for every step t, in X's container.

        See `seqcompare.models.base.NumberDensity.predict_next_distribution` for the shapes.
        """
        sequences = self._check(X)
        return pack(sequences, self._ahead(sequences))

    def _ahead(self, sequences: Sequences) -> CountDistribution:
        """Return the distributions of the steps after all, a batch (n_steps,)."""
        counts = counts_of(sequences)
        rows = np.flatnonzero(sequences.step_index + 1 >= self.order)
        late = predict(self.thinning_, np.maximum(past_of(counts, rows + 1, self.order), 0))
        gaps = [
            (row, ahead(self.thinning_, self.start_, belief))
            for row, _, belief in read_gaps(self.thinning_, self.start_, counts, sequences.step_index)
        ]
        start = self.start_
        size = max(each.proba.shape[-1] for each in (start, late, *(found for _, found in gaps)))
        table = np.tile(widen(start, size).proba, (len(counts), 1))
        ratio = np.full(len(counts), float(start.ratio))
        tail = np.full(len(counts), float(widen(start, size).tail))
        wide = widen(late, size)
        table[rows], ratio[rows], tail[rows] = wide.proba, wide.ratio, wide.tail
        for row, found in gaps:
            wide = widen(found, size)
            table[row], ratio[row], tail[row] = wide.proba, wide.ratio, wide.tail
        return CountDistribution(table, ratio, tail)

    def forecast(
        self, X: SequencesLike, steps: int, n_samples: int | None = None, random_state: RandomState = None
    ) -> Distribution:
        """Return the distributions of the `steps` steps after the end of each sequence, batch (n, steps).

        Parameters
        ----------
        X : sequences of counts
            What came so far.
        steps : int
            How many steps to look ahead.
        n_samples : int, default=200
            Each distribution is the mean of the predictions after so many continuations that are drawn; the
            first is exact.
        random_state : int, RandomState or None
            The source of randomness.
        """
        sequences = self._check(X)
        check_scalar(steps, "steps", Integral, min_val=1)
        rng = check_random_state(random_state)
        n_drawn = _CONTINUATIONS if n_samples is None else n_samples
        counts, n = counts_of(sequences), len(sequences)
        past = np.full((n, n_drawn, self.order), -1, dtype=np.int64)
        for k in range(min(self.order, int(sequences.lengths.max()))):
            have = sequences.lengths > k
            past[have, :, k] = counts[sequences.offsets[1:][have] - 1 - k, np.newaxis]
        last = sequences.offsets[1:] - 1
        ends = {int(row): i for i, row in enumerate(last)}
        for row, _, belief in read_gaps(self.thinning_, self.start_, counts, sequences.step_index):
            if row in ends and belief.values:
                past[ends[row], :, : len(belief.values)] = draw_past(belief, n_drawn, rng)
        parts: list[CountDistribution] = []
        for _ in range(steps):
            known = (past >= 0).all(axis=2).ravel()
            flat = past.reshape(n * n_drawn, self.order)
            each = predict(self.thinning_, np.maximum(flat, 0))
            if not known.all():  # a sequence shorter than the order has not yet left its start
                each = choose(known, each, self.start_)
            width = each.proba.shape[-1]
            proba = each.proba.reshape(n, n_drawn, width).mean(axis=1)
            pooled = CountDistribution(proba, each.ratio.flat[0], each.tail.reshape(n, n_drawn).mean(axis=1))
            parts.append(pooled if parts else self._ahead(sequences)[last])
            drawn = each.sample(1, rng)[0].astype(np.int64).reshape(n, n_drawn, 1)
            past = np.concatenate([drawn, past[:, :, :-1]], axis=2) if self.order else past
        size = max(part.proba.shape[-1] for part in parts)
        wide = [widen(part, size) for part in parts]
        table, ratio, tail = (
            np.stack([getattr(part, name) for part in wide], axis=1) for name in ("proba", "ratio", "tail")
        )
        return CountDistribution(table, ratio, tail)

    def start(self) -> object:
        """Return the state before the first step of a sequence, for `step`."""
        check_is_fitted(self)
        return NOTHING if self.missing == "allow" else super().start()

    def step(self, state: Any, x: Any) -> tuple[Any, object]:
        """Read one more step; return the distribution of the next, and what to pass on.

        Parameters
        ----------
        state : state
            What `start` or the last call returned.
        x : number
            The step; NaN where it is missing.
        """
        if self.missing == "error":
            return super().step(state, x)
        count = int(counts_of(self._check([np.array([x], dtype=np.float64)]))[0])
        _, state = read_count(self.thinning_, self.start_, state, count)
        return ahead(self.thinning_, self.start_, state), state

    def sample(self, n_sequences: int = 1, length: int = 10, random_state: RandomState = None) -> Sequences:
        """Draw sequences from the model.

        Parameters
        ----------
        n_sequences : int
            How many.
        length : int or array of int, shape (n_sequences,)
            Steps of each.
        random_state : int, RandomState or None
            The source of randomness.

        Returns
        -------
        Sequences
            Integers.
        """
        check_is_fitted(self)
        lengths = check_lengths(n_sequences, length)
        rng = check_random_state(random_state)
        n = len(lengths)
        x = np.empty((n, int(lengths.max())), dtype=np.int64)
        for t in range(x.shape[1]):
            if t < self.order:
                x[:, t] = self.start_.sample(n, rng)
                continue
            x[:, t] = self.arrivals_.sample(n, rng)
            for k, share in enumerate(self.survival_, start=1):
                x[:, t] += rng.binomial(x[:, t - k], share)
        return Sequences(x[np.arange(x.shape[1]) < lengths[:, np.newaxis]], offsets_of(lengths))

    def entropy_rate(self, base: float | None = None) -> float:
        """Return the mean entropy of the next step in the long run, in nats: an average over a drawn run.

        Parameters
        ----------
        base : float, optional
            The base of the logarithm: 2 for bits; by default nats.
        """
        drawn = self.sample(40, _LONG_RUN // 40 + 100, random_state=0)
        ahead = self.predict_next_distribution(drawn)[drawn.step_index >= 100]
        with np.errstate(divide="ignore", invalid="ignore"):
            terms = np.where(ahead.proba > 0, ahead.proba * np.log(ahead.proba), 0)
        return float(-terms.sum(axis=-1).mean() / np.log(np.e if base is None else base))

    @property
    def _looks_back(self) -> int | None:
        # behind a gap it counts what came before it
        return int(self.order) if self.missing == "error" else None

    @property
    def survival_(self) -> NDArray[np.float64]:
        """Probability that a unit of the count 1..order steps ago is counted, shape (order,)."""
        return self.thinning_.survival

    @property
    def arrivals_(self) -> CountDistribution:
        """Distribution of the arrivals."""
        model = self.thinning_
        return CountDistribution(model.arrivals, model.ratio, model.tail)

    @property
    def start_(self) -> CountDistribution:
        """Distribution of each of the first steps."""
        return CountDistribution(*self.start_table_)

    @property
    def spectral_radius_(self) -> float:
        """Largest modulus among the roots."""
        return spectral_radius(self.survival_.reshape(-1, 1, 1))

    @property
    def n_parameters_(self) -> int:
        """The survivals, and of the arrivals the rate, or the probabilities above 0 less one."""
        check_is_fitted(self)
        return self.order + (1 if self.arrivals == "poisson" else self.n_arrivals_ - 1)

    def _find_start(self, counts: Counts, weight: NDArray[np.float64]) -> tuple[Any, float, float]:
        if self.arrivals == "poisson" and self.order == 1 and self.survival_[0] < 1 - 1e-6:
            rate = float(self.arrivals_.mean) / (1 - self.survival_[0])
            size = int(poisson.isf(1e-16, rate)) + 2
            return (
                poisson.pmf(np.arange(size), rate),
                min(rate / size, 0.5),
                float(poisson.sf(size - 1, rate)),
            )
        return mix_in_all(np.bincount(counts, weight) / weight.sum(), float(weight.sum()))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.categorical = True
        tags.input_tags.positive_only = True
        return tags
