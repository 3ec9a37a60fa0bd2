"""Variable-order chains: context trees."""

from __future__ import annotations

from copy import copy
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import Tags, check_random_state
from sklearn.utils.validation import check_is_fitted

from seqcompare.data.axes import refuse_lengths
from seqcompare.data.sequences import Sequences, offsets_of
from seqcompare.data.targets import check_step_weights
from seqcompare.models.alphabet import choose_alphabet, encode
from seqcompare.models.base import Reading, SymbolDensity, check_lengths, check_sequences
from seqcompare.models.constraints import check_mergeable
from seqcompare.models.markov import context_online
from seqcompare.models.markov.blend import N_STATES
from seqcompare.models.markov.context_kernels import leaf_rates
from seqcompare.models.markov.context_reader import ContextReader, count_text, fit_mixture, with_more_text
from seqcompare.models.markov.context_trie import ALPHA, LOG_TREE, SHARE, ContextTrie
from seqcompare.models.markov.counts import with_starts
from seqcompare.models.markov.mixture import Mixture, draw_steps, next_rows, row_after, step_proba
from seqcompare.models.markov.weighting import TreeContext, kinds_of, most_probable, target_counts
from seqcompare.typing import Labels, RandomState, Record, SequencesLike, TargetsLike, Values, WeightsLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class ContextTree(SymbolDensity):
    """A variable-order Markov chain with no order to choose.

    How far a prediction looks back depends on what it sees. Two answers to that are mixed: context-tree
    weighting, the exact average over all trees of contexts, best where few contexts matter and the data are
    few for the rest; and a blend of all orders with back-off weights fitted to held-out steps, best on text.
    The share of each is fitted to held-out steps as well.

    Parameters
    ----------
    depth : int, default=20
        Steps that a prediction looks back at most. More than needed costs memory and hardly any loss.
    update : bool, default=False
        Whether to go on learning while reading: each step of a sequence is predicted, then learnt, and
        forgotten with the end of the sequence, so that every sequence is read by the model as it was fitted.
        The shares are fitted to this way of reading.
    alpha : float, optional
        The parameter of the symmetric Dirichlet distribution of each leaf; by default there are leaves of
        four kinds, 1/256, 1/32, 1/4 and 2, in the shares that make the training data most probable.
        Krichevsky and Trofimov's choice is 1/2.
    blend : bool, default=True
        Whether the blend takes part; without, context-tree weighting predicts alone.
    symbols : array-like, optional
        The alphabet; by default the symbols in the training data.

    Attributes
    ----------
    symbols_ : ndarray of shape (n_symbols,)
        The alphabet, sorted.
    contexts_ : list of TreeContext
        The leaves of the most probable tree given the training data, those that occurred; the newest step
        decides first, the oldest last.
    n_contexts_ : int
        How many these are.
    n_parameters_ : int
        Free probabilities of that tree: ``n_contexts_ * (n_symbols - 1)``.
    alphas_, alpha_shares_ : ndarray of shape (n_kinds,)
        The parameters of the kinds of leaves, and what share of the leaves is of each.
    blend_share_ : float
        The share of the blend; the rest is the tree's.
    initial_proba_ : ndarray of shape (n_symbols,)
        Distribution of the first symbol.
    log_evidence_ : float
        Log-probability of the training data, averaged over all trees, in nats.
    unknown_proba_ : float
        Probability of a symbol outside the alphabet, ``1 / (N + S + 1)`` as in `MarkovChain`.

    Notes
    -----
    The start of a sequence is the oldest step of a context, as in `MarkovChain`. A symbol that was not in the
    training data is as a context like one never seen.

    The model keeps the training data, in the form of codes, and counts them anew when it is loaded.

    `sample` with `update` draws from the process that learns what it draws.

    References
    ----------
    Willems, Shtarkov and Tjalkens (1995), The context-tree weighting method: basic properties.
    Kontoyiannis, Mertzanis, Panotopoulou, Papageorgiou and Skoularidou (2022), Bayesian context trees:
    modelling and exact inference for discrete time series.
    Chen and Goodman (1998), An empirical study of smoothing techniques for language modeling.

    Examples
    --------
    >>> from seqcompare import ContextTree
    >>> tree = ContextTree().fit(["abcbabcb" * 20] * 5)
    >>> sorted("".join(context.steps) for context in tree.contexts_ if None not in context.steps)
    ['a', 'ab', 'c', 'cb']
    """

    def __init__(
        self,
        depth: int = 20,
        *,
        update: bool = False,
        alpha: float | None = None,
        blend: bool = True,
        symbols: ArrayLike | None = None,
    ) -> None:
        self.depth = depth
        self.update = update
        self.alpha = alpha
        self.blend = blend
        self.symbols = symbols

    @property
    def reading(self) -> Reading:
        """Whole numbers of any kind are symbols."""
        return {"symbols": True}

    def fit(
        self, X: SequencesLike, y: TargetsLike | None = None, sample_weight: WeightsLike | None = None
    ) -> ContextTree:
        """Count, and fit the shares.

        Parameters
        ----------
        X : sequences of symbols
            The training data.
        y : ignored
            For scikit-learn's tools.
        sample_weight : array of shape (n,), or one array of weights a sequence, optional
            Weights of sequences, or of the predictions of single steps; a step of weight 0 is still the
            context of later ones. Whole weights count as repetitions do in the tree, not in the blend.

        Returns
        -------
        ContextTree
            Itself.
        """
        refuse_lengths(X, y)
        _check_parameters(**self.get_params(deep=False))
        sequences = check_sequences(self, X, reset=True, sample_weight=sample_weight, **self.reading)
        self.symbols_, self._text, self._weight = self._take_down(sequences, sample_weight)
        return self._learn()

    def partial_fit(
        self, X: SequencesLike, y: TargetsLike | None = None, sample_weight: WeightsLike | None = None
    ) -> ContextTree:
        """Learn more sequences; the result is that of one `fit` on all. Parameters as in `fit`.

        Unless the alphabet was given, they may hold new symbols.
        """
        if not hasattr(self, "symbols_"):
            return self.fit(X, y, sample_weight)
        _check_parameters(**self.get_params(deep=False))
        return self._add(*self._take_down(self._check(X), sample_weight))._learn()

    def merge(self, other: ContextTree) -> ContextTree:
        """Return a new tree, as if fitted on the data of both.

        Parameters
        ----------
        other : ContextTree
            A fitted one. All parameters are taken from `self`.

        Raises
        ------
        TypeError
            If `other` is something else.
        ValueError
            If one has strings and the other numbers for symbols.
        """
        check_mergeable(self, other)
        return copy(self)._add(other.symbols_, other._text, other._weight)._learn()

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
        sequences = self._check(X)
        rows = np.empty((sequences.n_steps, len(self.symbols_)))
        reader, places = self._open(sequences)
        for i, (first, last) in enumerate(places):
            reader.read(next_rows, first, last, rows[sequences.offsets[i] : sequences.offsets[i + 1]])
            reader.forget()
        return sequences.pack(rows)

    @property
    def _looks_back(self) -> int | None:
        return None if self.update else int(self.depth)

    def start(self) -> object:
        """Return the state before the first step, for `step`; with `update` it holds all that was read."""
        check_is_fitted(self)
        return context_online.start(self)

    def step(self, state: Any, x: Any) -> tuple[NDArray[np.float64], object]:
        """Read one more step; return the distribution of the next, and what to pass on."""
        return context_online.read(self, state, x)

    @property
    def initial_proba_(self) -> NDArray[np.float64]:
        """Distribution of the first symbol, shape (n_symbols,)."""
        check_is_fitted(self)
        first = context_online.looking_back(self)
        return np.asarray(row_after(first.trie, first.mixture, first.codes))

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
        text, starts = with_starts(np.zeros(offsets[-1], dtype=np.int64), offsets, len(self.symbols_))
        reader = ContextReader(with_more_text(self._trie, text), self._mixture)
        for i, start in enumerate(starts + len(self._text) + 1):
            reader.read(draw_steps, start, start + offsets[i + 1] - offsets[i], uniform[offsets[i] :])
            reader.forget()
        drawn = reader.trie.text[len(self._text) :]
        return Sequences(self.symbols_[drawn[drawn < len(self.symbols_)]], offsets)

    @property
    def contexts_(self) -> list[TreeContext]:
        """The leaves of the most probable tree that occurred."""
        check_is_fitted(self)
        return [self._describe(codes, context) for context, codes in most_probable(self._trie)]

    @property
    def n_contexts_(self) -> int:
        """How many leaves of the most probable tree occurred."""
        check_is_fitted(self)
        return len(most_probable(self._trie))

    @property
    def n_parameters_(self) -> int:
        """Free probabilities of the most probable tree: ``n_contexts_ * (n_symbols - 1)``."""
        return self.n_contexts_ * (len(self.symbols_) - 1)

    def plot(self, ax: Axes | None = None, most: int = 40) -> Axes:
        """Draw the most probable tree: contexts from the newest step on, and what comes after each.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw.
        most : int, default=40
            Leaves that are drawn at most; a larger tree is cut at the depth that leaves so many.
        """
        from seqcompare.models.markov.tree_drawing import draw_tree

        return draw_tree(self.contexts_, self.symbols_, ax, most)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags

    def __getstate__(self) -> Record:
        return {name: value for name, value in super().__getstate__().items() if name != "_trie"}

    def __setstate__(self, state: Record) -> None:
        """Take the state of a saved object, if it makes sense: compiled code will trust it."""
        super().__setstate__(state)
        if hasattr(self, "_text"):
            if not self._is_whole():
                raise ValueError("the context tree is damaged: its arrays do not fit together")
            self._count()

    def _is_whole(self) -> bool:
        text, weight, gates, start = self._text, self._weight, self.gates_, len(self.symbols_)
        alphas, shares = self.alphas_, self.alpha_shares_
        return bool(
            text.ndim == weight.ndim == alphas.ndim == 1
            and text.dtype == np.int32
            and gates.dtype == weight.dtype == np.float64
            and 0 < len(text) == len(weight) < 2**31
            and text[0] == start
            and ((text >= 0) & (text <= start)).all()
            and (np.isfinite(weight) & (weight >= 0)).all()
            and (gates.ndim, *gates.shape[1:]) == (3, N_STATES, 3)
            and np.isfinite(gates).all()
            and alphas.shape == shares.shape
            and all(0 < value < np.inf for value in (*alphas, *shares))
        )

    def _take_down(
        self, sequences: Sequences, sample_weight: WeightsLike | None
    ) -> tuple[Values, NDArray[np.int32], NDArray[np.float64]]:
        """Return the alphabet, the text of codes with a start mark before each sequence, and its weights."""
        weight = np.ones(sequences.n_steps)
        if sample_weight is not None:
            weight = check_step_weights(sample_weight, sequences, steps_as_array=False)
            used = np.add.reduceat(weight, sequences.offsets[:-1]) > 0
            sequences, weight = sequences.take(used), weight[np.repeat(used, sequences.lengths)]
        symbols = choose_alphabet(sequences.values, self.symbols)
        text, _ = with_starts(encode(sequences.values, symbols), sequences.offsets, len(symbols))
        return symbols, text, np.insert(weight, sequences.offsets[:-1], 0.0)

    def _add(self, symbols: Labels, text: NDArray[np.int32], weight: NDArray[np.float64]) -> ContextTree:
        encode(symbols[:1], self.symbols_)  # strings and numbers are no common alphabet
        union = np.union1d(self.symbols_, symbols)
        parts = ((self.symbols_, self._text), (symbols, text))
        self._text = np.concatenate(
            [np.append(np.searchsorted(union, old), len(union))[codes] for old, codes in parts]
        ).astype(np.int32)
        self._weight = np.concatenate([self._weight, weight])
        self.symbols_ = union
        return self

    def _learn(self, mixture: Mixture | None = None) -> ContextTree:
        total = self._weight.sum()
        if total > 1e12:  # beyond, steps of weight 1 are lost in the rounding of sums
            raise ValueError(f"sample_weight must sum to 1e12 at most, got {total:g}")
        self.unknown_proba_: float = 1 / (total + len(self.symbols_) + 1)
        leaf, size = None if self.alpha is None else kinds_of([self.alpha], [1.0]), len(self.symbols_)
        self._trie: ContextTrie = count_text(self._text, self._weight, int(self.depth), size, leaf)
        self.alphas_: NDArray[np.float64] = self._trie.leaf[ALPHA]
        self.alpha_shares_: NDArray[np.float64] = self._trie.leaf[SHARE]
        self.log_evidence_ = float(self._trie.sums[0, LOG_TREE])
        self.gates_, self.blend_share_ = np.zeros((int(self.depth) + 1, N_STATES, 3)), 0.0
        if self.blend:
            mixture = mixture or fit_mixture(self._trie, self.unknown_proba_, bool(self.update))
            self.gates_, self.blend_share_ = mixture.gates, mixture.share
        return self

    def _count(self) -> None:
        depth, leaf = len(self.gates_) - 1, kinds_of(self.alphas_, self.alpha_shares_)
        self._trie = count_text(self._text, self._weight, depth, len(self.symbols_), leaf)

    @property
    def _mixture(self) -> Mixture:
        return Mixture(self.gates_, float(self.blend_share_), float(self.unknown_proba_), bool(self.update))

    def _open(self, sequences: Sequences) -> tuple[ContextReader, list[tuple[int, int]]]:
        """Return a reader that has these sequences in its text, and from where to where each of them is."""
        n_symbols = len(self.symbols_)
        codes = encode(sequences.values, self.symbols_)
        codes[codes == n_symbols] += 1  # an unknown symbol is no start mark
        text, starts = with_starts(codes, sequences.offsets, n_symbols)
        first = starts + len(self._text) + 1
        places = list(zip(first.tolist(), (first + sequences.lengths).tolist(), strict=True))
        return ContextReader(with_more_text(self._trie, text), self._mixture), places

    def _log_steps(self, X: SequencesLike) -> tuple[Sequences, NDArray[np.float64]]:
        sequences = self._check(X)
        reader, places = self._open(sequences)
        begin = len(self._text)
        proba = np.empty(len(reader.trie.text) - begin)
        # one that does not learn reads on over the start marks, which is faster for many short sequences
        for first, last in places if self.update else [(begin, len(reader.trie.text))]:
            reader.read(step_proba, first, last, proba[first - begin :])
            reader.forget()
        return sequences, np.log(np.delete(proba, sequences.offsets[:-1] + np.arange(len(sequences))))

    def _describe(self, codes: tuple[int, ...], context: int) -> TreeContext:
        names, counts = [*self.symbols_.tolist(), None], target_counts(self._trie, context)
        alike, each = leaf_rates(self._trie, context)
        return TreeContext(tuple(names[code] for code in codes), float(counts.sum()), alike + each * counts)


def _check_parameters(depth: Any, update: Any, alpha: Any, blend: Any, symbols: Any) -> None:
    """Raise ValueError for parameters other than `symbols` that make no tree."""
    if isinstance(depth, bool) or not isinstance(depth, (int, np.integer)) or depth < 0:
        raise ValueError(f"depth must be a whole number of steps, 0 or more, got {depth!r}")
    if alpha is not None and not (isinstance(alpha, Real) and 1e-9 <= float(alpha) <= 1e9):
        raise ValueError(f"alpha must be positive, from 1e-9 to 1e9, or None, got {alpha!r}")
    for name, value in (("update", update), ("blend", blend)):
        if not isinstance(value, (bool, np.bool_)):
            raise ValueError(f"{name} must be True or False, got {value!r}")
