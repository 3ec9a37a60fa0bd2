"""Markov chains of any order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone
from sklearn.utils import Tags, check_random_state
from sklearn.utils.validation import check_is_fitted

from seqcompare.data.axes import refuse_lengths
from seqcompare.data.sequences import Sequences, offsets_of
from seqcompare.data.targets import check_step_weights
from seqcompare.models.alphabet import choose_alphabet, encode
from seqcompare.models.base import Reading, SymbolDensity, check_lengths, check_sequences
from seqcompare.models.constraints import check_mergeable
from seqcompare.models.markov.counts import NgramCounts, check_order, count_next, depth_of
from seqcompare.models.markov.process import LongRun, as_machine, long_run
from seqcompare.models.markov.smoothing import check_smoothing, interpolate
from seqcompare.models.markov.walk import Trie, draw, first_row, predict_rows, smoothed_trie, step_proba
from seqcompare.typing import Integers, Labels, RandomState, SequencesLike, TargetsLike, Values, WeightsLike

if TYPE_CHECKING:
    from seqcompare.models.hmm.model import HMM


class MarkovChain(SymbolDensity):
    """A Markov chain of any order: the next symbol depends on the last `order` ones.

    Only contexts that occur are stored, so the order may be high and the alphabet large. The start of a
    sequence counts as the oldest step of a context: the first symbol is predicted from "start", the second
    by a chain of order 2 or more from "start, x[0]", so that short sequences are modelled as they are. A
    chain of order 0 has no context and knows no start.

    Parameters
    ----------
    order : int, default=1
        Steps that a prediction looks back.
    smoothing : {"witten-bell", "kneser-ney", "additive", "none"}, default="witten-bell"
        How probability is kept for what was never seen; see `seqcompare.models.markov.smoothing.interpolate`.
        With "none", what was never seen after a context has probability 0 and log-likelihood -inf, and a
        context that was never seen is shortened to the longest that was.
    alpha : float, default=1.0
        The pseudo-count of each symbol in additive smoothing.
    discount : float, optional
        One discount for all counts in Kneser-Ney smoothing; by default three are estimated for each
        context length.
    symbols : array-like, optional
        The alphabet; by default the symbols in the training data.

    Attributes
    ----------
    symbols_ : ndarray of shape (n_symbols,)
        The alphabet, sorted.
    counts_ : NgramCounts
        Counts of all contexts of 0 to `order` symbols.
    discounts_ : ndarray of shape (order + 1, 3) or None
        Of Kneser-Ney smoothing: what was taken from counts of 1, 2, and 3 or more, by context length.
    initial_proba_ : ndarray of shape (n_symbols,)
        Distribution of the first symbol.
    unknown_proba_ : float
        Probability of a symbol outside the alphabet, see the notes.
    n_contexts_, n_possible_contexts_ : int
        Contexts of `order` symbols that were seen, and ``n_symbols ** order``.
    n_parameters_ : int
        Free probabilities: ``n_contexts_ * (n_symbols - 1)``. Those of the first `order` steps of a
        sequence, whose contexts are shorter, are not counted.
    transition_matrix_ : ndarray of shape (n_symbols, n_symbols)
        Order 1 only: row i is the distribution after symbol i.

    Notes
    -----
    A symbol that was not in the training data costs ``log(1 / (N + S + 1))`` in `score_samples`, with N the
    steps (their summed weight) and S the symbols seen, Laplace's chance that the next step is something
    new; with ``smoothing="none"`` it costs infinity. As a context it is like one never seen: the prediction
    backs off to the steps after it. The rows of `predict_next_proba` are over `symbols_` and sum to 1.

    Examples
    --------
    >>> from seqcompare import MarkovChain
    >>> chain = MarkovChain(order=2).fit(["abababab", "babab"])
    >>> chain.predict_next_proba(["ab"])[0].round(2)
    array([[0.03, 0.97],
           [0.98, 0.02]])
    """

    def __init__(
        self,
        order: int = 1,
        smoothing: str = "witten-bell",
        *,
        alpha: float = 1.0,
        discount: float | None = None,
        symbols: ArrayLike | None = None,
    ) -> None:
        self.order = order
        self.smoothing = smoothing
        self.alpha = alpha
        self.discount = discount
        self.symbols = symbols

    @property
    def reading(self) -> Reading:
        """Whole numbers of any kind are symbols."""
        return {"symbols": True}

    def fit(
        self, X: SequencesLike, y: TargetsLike | None = None, sample_weight: WeightsLike | None = None
    ) -> MarkovChain:
        """Count.

        Parameters
        ----------
        X : sequences of symbols
            The training data.
        y : ignored
            For scikit-learn's tools.
        sample_weight : array of shape (n,), or one array of weights a sequence, optional
            Weights of sequences, or of the predictions of single steps; a step of weight 0 is still the
            context of later ones. Whole weights are the same as repetitions, 0 as leaving out.

        Returns
        -------
        MarkovChain
            Itself.
        """
        refuse_lengths(X, y)
        self._check_parameters()
        sequences = check_sequences(self, X, reset=True, sample_weight=sample_weight, **self.reading)
        self.symbols_, self.counts_ = self._count(sequences, sample_weight)
        return self._smooth()

    def partial_fit(
        self, X: SequencesLike, y: TargetsLike | None = None, sample_weight: WeightsLike | None = None
    ) -> MarkovChain:
        """Add the counts of more sequences; parameters as in `fit`.

        Unless the alphabet was given, they may hold new symbols.
        """
        if not hasattr(self, "counts_"):
            return self.fit(X, y, sample_weight)
        self._check_parameters()
        if self.order != self.counts_.depth:
            raise ValueError(
                f"order is {self.order}, but this chain has counted with order {self.counts_.depth}"
            )
        sequences = self._check(X)
        symbols, counts = self._count(sequences, sample_weight)
        self._add(symbols, counts)
        return self._smooth()

    def merge(self, other: MarkovChain) -> MarkovChain:
        """Return a new chain, as if fitted on the data of both.

        Parameters
        ----------
        other : MarkovChain
            A fitted chain of the same order. Smoothing is taken from `self`.

        Raises
        ------
        TypeError
            If `other` is something else.
        ValueError
            If the orders differ, or one has strings and the other numbers for symbols.
        """
        check_mergeable(self, other)
        if other.counts_.depth != self.counts_.depth:
            raise ValueError(
                f"expected a chain of order {self.counts_.depth}, got one of order {other.counts_.depth}"
            )
        merged = clone(self)
        merged.kind_, merged.n_channels_ = self.kind_, self.n_channels_
        if hasattr(self, "n_features_in_"):
            merged.n_features_in_ = self.n_features_in_
        merged.symbols_, merged.counts_ = self.symbols_, self.counts_
        merged._add(other.symbols_, other.counts_)
        return merged._smooth()

    def score_samples(self, X: SequencesLike) -> NDArray[np.float64]:
        """Return the log-likelihood of each sequence in nats, shape (n,)."""
        sequences, logs = self._log_steps(X)
        return np.add.reduceat(logs, sequences.offsets[:-1])

    def score_steps(self, X: SequencesLike) -> SequencesLike:
        """Return log p(x[t] | x[..t-1]) of every step in nats, shape (T_i,) a sequence, in X's container."""
        sequences, logs = self._log_steps(X)
        return sequences.pack(logs)

    def predict_next_proba(self, X: SequencesLike) -> SequencesLike:
        """Return p(x[t+1] | x[..t]) for every step t, shape (T_i, n_symbols) a sequence, in X's container."""
        sequences, codes = self._encode(X)
        return sequences.pack(predict_rows(codes, sequences.offsets, self._trie(len(codes))))

    def iter_next_proba(self, X: SequencesLike, n_rows: int) -> Iterator[NDArray[np.float64]]:
        """Yield what `predict_next_proba` returns, end to end, at most `n_rows` steps at a time.

        Parameters
        ----------
        X : sequences
            As there.
        n_rows : int
            Steps of a part: all of them together may be more than memory holds.

        Yields
        ------
        ndarray of shape (n_rows, n_symbols)
        """
        sequences, codes = self._encode(X)
        bounds, trie = sequences.offsets, self._trie(len(codes))
        for first in range(0, sequences.n_steps, n_rows):
            last = min(first + n_rows, sequences.n_steps)
            # the steps before a part that its first contexts are made of
            start = max(first - self.order, 0)
            inside = bounds[(bounds > start) & (bounds < last)]
            offsets = np.array([start, *inside, last]) - start
            yield predict_rows(codes[start:last], offsets, trie)[first - start :]

    def sample(
        self, n_sequences: int = 1, length: ArrayLike = 10, random_state: RandomState = None
    ) -> Sequences:
        """Draw sequences.

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
            Symbols.
        """
        check_is_fitted(self)
        offsets = offsets_of(check_lengths(n_sequences, length))
        uniform = check_random_state(random_state).uniform(size=offsets[-1])
        return Sequences(self.symbols_[draw(uniform, offsets, self._trie(offsets[-1]))], offsets)

    @property
    def initial_proba_(self) -> NDArray[np.float64]:
        """Distribution of the first symbol, shape (n_symbols,)."""
        return first_row(self._trie())

    @property
    def n_contexts_(self) -> int:
        """Contexts of `order` symbols that were seen; those with the start mark are not among them."""
        return self.counts_.n_full_contexts

    @property
    def n_possible_contexts_(self) -> int:
        """``n_symbols ** order``."""
        return int(len(self.symbols_) ** self.counts_.depth)

    @property
    def n_parameters_(self) -> int:
        """Free probabilities: ``n_contexts_ * (n_symbols - 1)``."""
        return self.n_contexts_ * (len(self.symbols_) - 1)

    @property
    def transition_matrix_(self) -> NDArray[np.float64]:
        """Distribution after each symbol, shape (n_symbols, n_symbols); order 1 only."""
        if self.counts_.depth != 1:
            raise AttributeError(
                f"a chain of order {self.counts_.depth} has no transition matrix: order is 1"
            )
        n_symbols = len(self.symbols_)
        return predict_rows(np.arange(n_symbols), np.arange(n_symbols + 1), self._trie())

    @property
    def stationary_distribution_(self) -> NDArray[np.float64]:
        """Share of each symbol in the long run, shape (n_symbols,); see `entropy_rate` for what that is."""
        return self._long_run().frequencies

    def entropy_rate(self, base: float | None = None) -> float:
        """Return the mean entropy of the next step in the long run: the least loss that any model can have.

        The long run is the average over all time of a sequence that begins as the chain begins. It exists
        for periodic chains and for those that fall apart into classes, too.

        Parameters
        ----------
        base : float, optional
            The base of the logarithm: 2 for bits; by default nats.

        Warns
        -----
        ConvergenceWarning
            If the chain forgets its start so slowly that the average has not settled.
        """
        return self._long_run().entropy_rate / np.log(np.e if base is None else base)

    def to_hmm(self) -> HMM:
        """Return the same distribution as a hidden Markov model.

        Its states are the histories that the chain tells apart, each of which emits the last symbol of its
        history: for order 1 the symbols, so that ``transmat_`` is `transition_matrix_`.

        Returns
        -------
        HMM
            A fitted, categorical one.

        Raises
        ------
        ValueError
            If there are more than 5000 histories.
        """
        from seqcompare.models.hmm.model import HMM

        check_is_fitted(self)
        machine = as_machine(self._trie())
        emissions = np.eye(len(self.symbols_))[machine.emitted]
        return HMM.from_parameters(
            startprob=machine.startprob,
            transmat=machine.transmat,
            emissionprob=emissions,
            symbols=self.symbols_,
            unknown_proba=self.unknown_proba_,
        )

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags

    def _long_run(self) -> LongRun:
        check_is_fitted(self)
        return long_run(self._trie())

    @property
    def _looks_back(self) -> int | None:
        return int(self.order)

    def _check_parameters(self) -> None:
        check_order(self.order)
        check_smoothing(self.smoothing, self.alpha, self.discount)

    def _count(self, sequences: Sequences, sample_weight: WeightsLike | None) -> tuple[Values, NgramCounts]:
        weight = None
        if sample_weight is not None:
            weight = check_step_weights(sample_weight, sequences, steps_as_array=False)
            used = np.add.reduceat(weight, sequences.offsets[:-1]) > 0
            sequences, weight = sequences.take(used), weight[np.repeat(used, sequences.lengths)]
        symbols = choose_alphabet(sequences.values, self.symbols)
        counts = count_next(
            encode(sequences.values, symbols),
            sequences.offsets,
            weight,
            depth=depth_of(self.order, sequences.lengths),
            n_symbols=len(symbols),
        )
        return symbols, counts

    def _add(self, symbols: Labels, counts: NgramCounts) -> None:
        encode(symbols[:1], self.symbols_)  # strings and numbers are no common alphabet
        union = np.union1d(self.symbols_, symbols)
        mine, theirs = (_recode(c, s, union) for c, s in ((self.counts_, self.symbols_), (counts, symbols)))
        self.symbols_, self.counts_ = union, mine.merged(theirs)

    def _smooth(self) -> MarkovChain:
        self._weights = interpolate(self.counts_, self.smoothing, alpha=self.alpha, discount=self.discount)
        new = 1 / (self.counts_.total + len(self.symbols_) + 1)
        self.unknown_proba_ = 0.0 if self.smoothing == "none" else new
        self.discounts_ = self._weights.discounts if self.smoothing == "kneser-ney" else None
        return self

    def _trie(self, n_steps: int = 0) -> Trie:
        return smoothed_trie(self.counts_, self._weights, n_steps)

    def _log_steps(self, X: SequencesLike) -> tuple[Sequences, NDArray[np.float64]]:
        sequences, codes = self._encode(X)
        with np.errstate(divide="ignore"):  # without smoothing, what was never seen is impossible
            trie = self._trie(len(codes))
            return sequences, np.log(step_proba(codes, sequences.offsets, self.unknown_proba_, trie))

    def _encode(self, X: SequencesLike) -> tuple[Sequences, NDArray[np.int64]]:
        sequences = self._check(X)
        codes = encode(sequences.values, self.symbols_)
        return sequences, np.where(codes < len(self.symbols_), codes, -1)


def _recode(counts: NgramCounts, symbols: Labels, union: Integers) -> NgramCounts:
    start = [len(union)]
    return counts.recoded(np.concatenate([np.searchsorted(union, symbols), start]), len(union), len(union))
