"""Labels counted after contexts."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import clone
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from seqcompare.data.sequences import Sequences
from seqcompare.data.targets import check_step_labels, check_step_weights, scored_steps
from seqcompare.models.alphabet import encode, find_symbols, read_symbols
from seqcompare.models.base import Reading, Tagger, check_sequences
from seqcompare.models.markov.counts import NgramCounts, check_order, count_labels, depth_of
from seqcompare.models.markov.smoothing import check_smoothing, interpolate
from seqcompare.models.markov.walk import predict_rows, smoothed_trie
from seqcompare.typing import Label, Labels, SequencesLike, TargetsLike, WeightsLike


class MarkovTagger(Tagger):
    """A label for each step, counted: p(y[t] | x[t-order..t]), backing off to shorter contexts.

    Only contexts that occur are stored. Within the first `order` steps the start of the sequence is the
    oldest step of the context. It sees no later step and none of the other labels.

    Parameters
    ----------
    order : int, default=1
        Steps seen before the one that is labelled, which is seen too.
    smoothing : {"witten-bell", "kneser-ney", "additive", "none"}, default="witten-bell"
        How probability is kept for labels never seen in a context; see
        `seqcompare.models.markov.smoothing.interpolate`. With "none", such labels have probability 0.
    alpha : float, default=1.0
        The pseudo-count of each label in additive smoothing.
    discount : float, optional
        One discount for all counts in Kneser-Ney smoothing; by default three are estimated for each
        context length.
    ignore_label : label, optional
        Steps with this label are neither trained on nor scored.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    symbols_ : ndarray of shape (n_symbols,)
        The symbols of `X`, sorted.
    counts_ : NgramCounts
        Counts of the labels after all contexts.
    n_contexts_, n_possible_contexts_ : int
        Contexts of ``order + 1`` symbols that were seen with a label, and ``n_symbols ** (order + 1)``.
    n_parameters_ : int
        Free probabilities: ``n_classes - 1`` for each context that answers, which are those of `n_contexts_`
        and, for the first `order` steps, those that end at the start of the sequence. It never falls with
        the order.

    Notes
    -----
    A symbol that was not in the training data is like a context never seen: the prediction backs off to the
    steps after it, and at that step itself to the distribution of all labels.

    Examples
    --------
    >>> from seqcompare import MarkovTagger
    >>> X, y = [[0, 1, 1, 0], [1, 0]], [[0, 0, 1, 1], [0, 1]]  # y[t] = x[t-1]
    >>> MarkovTagger(order=1).fit(X, y).predict([[1, 1, 0]])
    [array([0, 1, 1])]
    """

    def __init__(
        self,
        order: int = 1,
        smoothing: str = "witten-bell",
        *,
        alpha: float = 1.0,
        discount: float | None = None,
        ignore_label: Label | None = None,
    ) -> None:
        self.order = order
        self.smoothing = smoothing
        self.alpha = alpha
        self.discount = discount
        self.ignore_label = ignore_label

    @property
    def causal(self) -> bool:
        """True: the context ends at the step that is labelled."""
        return True

    @property
    def _looks_back(self) -> int | None:
        return int(self.order) + 1

    @property
    def reading(self) -> Reading:
        """Whole numbers of any kind are symbols."""
        return {"symbols": True}

    def fit(self, X: SequencesLike, y: TargetsLike, sample_weight: WeightsLike | None = None) -> MarkovTagger:
        """Count.

        Parameters
        ----------
        X : sequences of symbols
            The input.
        y : one label a step, in any container
            The targets.
        sample_weight : array of shape (n,), or one array of weights a sequence, optional
            Weights of sequences or of steps; a step of weight 0 is still context.

        Returns
        -------
        MarkovTagger
            Itself.
        """
        sequences = check_sequences(self, X, reset=True, sample_weight=sample_weight, **self.reading)
        return self._learn(sequences, y, sample_weight, np.array([]), go_on=False)

    def partial_fit(
        self,
        X: SequencesLike,
        y: TargetsLike,
        classes: ArrayLike | None = None,
        sample_weight: WeightsLike | None = None,
    ) -> MarkovTagger:
        """Add the counts of more sequences, which may hold new symbols and labels.

        Parameters
        ----------
        X, y, sample_weight
            As in `fit`.
        classes : array-like, optional
            Labels that are to be known even if they never come; not needed for those that come.
        """
        go_on = hasattr(self, "counts_")
        sequences = check_sequences(self, X, reset=not go_on, **self.reading)
        return self._learn(
            sequences,
            y,
            sample_weight,
            np.array([]) if classes is None else read_symbols(classes),
            go_on=go_on,
        )

    def _learn(
        self,
        sequences: Sequences,
        y: TargetsLike,
        sample_weight: WeightsLike | None,
        classes: Labels,
        *,
        go_on: bool,
    ) -> MarkovTagger:
        check_order(self.order)
        check_smoothing(self.smoothing, self.alpha, self.discount)
        if go_on and self.order + 1 != self.counts_.depth:
            raise ValueError(
                f"order is {self.order}, but this tagger has counted with order {self.counts_.depth - 1}"
            )
        labels = check_step_labels(y, sequences)
        weight = check_step_weights(sample_weight, sequences) * scored_steps(labels, self.ignore_label)
        if not weight.any():
            raise ValueError("no step is left to train on: all have weight 0 or ignore_label")
        symbols, known = find_symbols(sequences.values), find_symbols(labels[weight > 0])
        if len(classes):
            encode(classes[:1], known)  # strings and numbers are no common alphabet
            known = np.union1d(known, classes)
        codes = encode(labels, known)
        counts = count_labels(
            encode(sequences.values, symbols),
            np.where(codes < len(known), codes, 0),
            sequences.offsets,
            weight,
            depth=depth_of(self.order, sequences.lengths) + 1,
            n_symbols=len(symbols),
            n_labels=len(known),
        )
        if go_on:
            return self._add(symbols, known, counts)
        return self._smooth(symbols, known, counts)

    def merge(self, other: MarkovTagger) -> MarkovTagger:
        """Return a new tagger, as if fitted on the data of both.

        Parameters
        ----------
        other : MarkovTagger
            A fitted one of the same order. Smoothing is taken from `self`.

        Raises
        ------
        ValueError
            If the orders differ, or one has strings and the other numbers for symbols or labels.
        """
        check_is_fitted(self)
        check_is_fitted(other)
        if other.counts_.depth != self.counts_.depth:
            raise ValueError(
                f"expected a tagger of order {self.counts_.depth - 1}, got one of order "
                f"{other.counts_.depth - 1}"
            )
        merged = clone(self)
        for name in ("kind_", "n_channels_", "encoding_", "symbols_", "classes_", "counts_"):
            if hasattr(self, name):
                setattr(merged, name, getattr(self, name))
        return merged._add(other.symbols_, other.classes_, other.counts_)

    def _add(self, symbols: Labels, classes: Labels, counts: NgramCounts) -> MarkovTagger:
        for new, old in ((symbols, self.symbols_), (classes, self.classes_)):
            encode(new[:1], old)  # strings and numbers are no common alphabet
        everything = np.union1d(self.symbols_, symbols), np.union1d(self.classes_, classes)
        mine = _recode(self.counts_, self.symbols_, self.classes_, *everything)
        return self._smooth(*everything, mine.merged(_recode(counts, symbols, classes, *everything)))

    def _smooth(self, symbols: Labels, classes: Labels, counts: NgramCounts) -> MarkovTagger:
        self.symbols_: Labels = symbols
        self.counts_: NgramCounts = counts
        self.classes_ = classes
        self._weights = interpolate(counts, self.smoothing, alpha=self.alpha, discount=self.discount)
        return self

    def predict_proba(self, X: SequencesLike) -> SequencesLike:
        """Return p(y[t] | x[t-order..t]) for every step, in X's container.

        Returns
        -------
        list of ndarray of shape (T_i, n_classes), ndarray of shape (n, T, n_classes), or Sequences
        """
        sequences = self._check(X)
        codes = encode(sequences.values, self.symbols_)
        known = np.where(codes < len(self.symbols_), codes, -1)
        trie = smoothed_trie(self.counts_, self._weights, len(known))
        return sequences.pack(predict_rows(known, sequences.offsets, trie))

    @property
    def n_contexts_(self) -> int:
        """Contexts of ``order + 1`` symbols that were seen with a label."""
        return self.counts_.n_full_contexts

    @property
    def n_possible_contexts_(self) -> int:
        """``n_symbols ** (order + 1)``."""
        return int(len(self.symbols_) ** self.counts_.depth)

    @property
    def n_parameters_(self) -> int:
        """Free probabilities: ``n_classes - 1`` for each context, full or cut off by the start."""
        n_contexts = self.counts_.n_full_contexts + self.counts_.n_started_contexts
        return n_contexts * (len(self.classes_) - 1)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags


def _recode(
    counts: NgramCounts,
    symbols: Labels,
    classes: Labels,
    all_symbols: Labels,
    all_classes: Labels,
) -> NgramCounts:
    start = len(all_symbols)
    inputs, labels = np.searchsorted(all_symbols, symbols), np.searchsorted(all_classes, classes)
    return counts.recoded(np.concatenate([inputs, [start], start + 1 + labels]), start, len(all_classes))
