"""Large alphabets for models that have weights for each symbol: only the commonest are told apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from numbers import Integral
from typing import Any, Self

import numpy as np
from sklearn.base import clone
from sklearn.utils import check_scalar
from sklearn.utils.validation import check_is_fitted, has_fit_parameter

from seqcompare.data.sequences import Sequences
from seqcompare.data.targets import check_step_labels, check_step_weights
from seqcompare.families import Problem, Settings
from seqcompare.models.alphabet import encode, find_symbols
from seqcompare.models.base import Reading, Tagger, check_sequences
from seqcompare.models.bases import MetaEstimatorMixin, available_if
from seqcompare.models.causality import is_causal, reach_of
from seqcompare.typing import Array, Floats, Ints, Labels, Model, SequencesLike, TargetsLike, WeightsLike

#: Answers to choose from up to which comparisons never lump any, and how many are told apart where they do.
MANY, KEPT = 500, 256
#: Weights, and probabilities while it is fitted, that a model of all may have: those of 16 taps, and of
#: 100,000 steps, of so many answers.
_WEIGHTS, _PROBABILITIES = 16 * MANY**2, 100_000 * MANY


class CommonSymbols(MetaEstimatorMixin, Tagger):
    """Shows a tagger the commonest symbols, and one of the rarer ones in place of all of these.

    So with the labels: the probability of the one that stands for others is shared among them by how often
    they came in training. A symbol that did not is read as a rare one.

    Parameters
    ----------
    estimator : tagger
        It is cloned.
    n_symbols : int, default=256
        Symbols, and labels, that the tagger knows at most; one of them stands for all rarer ones.

    Attributes
    ----------
    estimator_ : tagger
        The fitted one.
    classes_, symbols_ : ndarray
        All labels, and all symbols of the input.
    read_as_ : ndarray of shape (n_symbols + 1,)
        What stands for each symbol, and for one that is not known.
    columns_, shares_ : ndarray of shape (n_classes,)
        Which of the tagger's answers stands for each label, and the share that the label has in it.
    """

    ignore_label = None

    def __init__(self, estimator: Model, n_symbols: int = KEPT) -> None:
        self.estimator: Any = estimator
        self.n_symbols = n_symbols

    @property
    def reading(self) -> Reading:
        """Steps are symbols."""
        return {"symbols": True}

    @property
    def causal(self) -> bool:
        """Whether the answer at a step uses no later step: as the inner estimator."""
        return is_causal(getattr(self, "estimator_", self.estimator))

    @property
    def order(self) -> int:
        """Steps back that an answer depends on: as the inner estimator."""
        return reach_of(getattr(self, "estimator_", self.estimator)) - 2

    def fit(self, X: SequencesLike, y: TargetsLike, sample_weight: WeightsLike | None = None) -> Self:
        """Count symbols and labels, and fit the tagger to what stands for them.

        Parameters
        ----------
        X : sequences of symbols
            The training data.
        y : labels of steps, in any container
            A label a step.
        sample_weight : array of shape (n,), or one array of weights a sequence, optional
            Weights of sequences or of steps; what weighs nothing is not counted.

        Raises
        ------
        ValueError
            If there are weights and the estimator takes none.
        """
        check_scalar(self.n_symbols, "n_symbols", Integral, min_val=2)
        sequences = check_sequences(self, X, reset=True, **self.reading)
        labels = check_step_labels(y, sequences)
        weights, told = check_step_weights(sample_weight, sequences), {}
        if sample_weight is not None:
            if not has_fit_parameter(self.estimator, "sample_weight"):
                name = type(self.estimator).__name__
                raise ValueError(f"sample_weight was given, but {name}.fit takes none")
            told = {"sample_weight": Sequences(weights, sequences.offsets)}
        self.symbols_ = find_symbols(sequences.values)
        self.read_as_ = self._stand_ins(encode(sequences.values, self.symbols_), weights, self.symbols_)
        self.classes_ = find_symbols(labels[weights > 0])
        codes = encode(labels, self.classes_)
        taught_as = self._stand_ins(codes, weights, self.classes_)
        self.estimator_ = clone(self.estimator).fit(
            self._lumped(sequences), Sequences(taught_as[codes], sequences.offsets), **told
        )
        # what a label gets of the probability of the one that stands for it
        counts = np.bincount(codes, weights, minlength=len(self.classes_))[: len(self.classes_)]
        self.columns_: Ints = encode(taught_as[:-1], self.estimator_.classes_)
        self.shares_: Floats = counts / np.bincount(self.columns_, counts)[self.columns_]
        return self

    def predict_proba(self, X: SequencesLike) -> SequencesLike:
        """Return p(y[t]) for every step, shape (T_i, n_classes) a sequence, in X's container."""
        sequences = self._check(X)
        return sequences.pack(
            self._shared(Sequences(self.estimator_.predict_proba(self._lumped(sequences))).channels)
        )

    @available_if(lambda self: hasattr(self.estimator, "iter_proba"))
    def iter_proba(self, X: SequencesLike, n_rows: int) -> Iterator[Array]:
        """Yield what `predict_proba` returns, end to end, in parts of at most about `n_rows` steps."""
        for rows in self.estimator_.iter_proba(self._lumped(self._check(X)), n_rows):
            yield self._shared(rows)

    @available_if(lambda self: hasattr(self.estimator, "step_proba"))
    def step_proba(self, steps: Labels, state: Any = None) -> tuple[Array, Any]:
        """Take one step of n sequences at once; see the inner estimator's."""
        rows, state = self.estimator_.step_proba(self._stood_for(np.asarray(steps)), state)
        return self._shared(rows), state

    def start(self) -> object:
        """Return the inner estimator's state before the first step of a sequence."""
        check_is_fitted(self)
        return self.estimator_.start()

    def step(self, state: Any, x: Any) -> tuple[Any, object]:
        """Read one more step with the inner estimator; see its ``step``."""
        row, state = self.estimator_.step(state, self._stood_for(np.asarray([x]))[0])
        return self._shared(row[np.newaxis])[0], state

    @property
    def n_parameters_(self) -> float:
        """Those of the inner estimator, and the shares of labels that another one stands for."""
        return self.estimator_.n_parameters_ + len(self.classes_) - len(self.estimator_.classes_)

    def _stand_ins(self, codes: Ints, weights: Floats, symbols: Labels) -> Labels:
        """Return the symbol that stands for each, and last for one that is not known."""
        counts = np.bincount(codes, weights, minlength=len(symbols) + 1)
        counts[-1] = -1.0
        order = np.argsort(-counts, kind="stable")
        found = np.append(symbols, symbols[order[0]])
        if len(symbols) > self.n_symbols:
            found[order[self.n_symbols - 1 :]] = symbols[order[self.n_symbols - 1]]
        return found

    def _stood_for(self, values: Labels) -> Labels:
        if len(self.symbols_) <= self.n_symbols:
            return values  # what is new is up to the inner estimator
        return self.read_as_[encode(values, self.symbols_)]

    def _lumped(self, sequences: Sequences) -> Sequences:
        return Sequences(self._stood_for(sequences.values), sequences.offsets)

    def _shared(self, rows: Array) -> Array:
        return rows[:, self.columns_] * self.shares_


def lumped(problem: Problem, found: Iterable[Settings]) -> list[Settings]:
    """Return settings with how many symbols they tell apart, where a model of all would be too large."""
    # no symbol of a task is rare
    of_symbols = problem.task is None and problem.kind == "symbols" and problem.role in ("next", "step")
    many = of_symbols and problem.n_classes > MANY
    return [{**each, "symbols": KEPT} if many and _too_large(problem, each) else each for each in found]


def _too_large(problem: Problem, settings: Settings) -> bool:
    n_weights = int(settings.get("width", 1)) * problem.n_symbols * problem.n_classes
    return n_weights > _WEIGHTS or problem.n_scored * problem.n_classes > _PROBABILITIES


def told_apart(problem: Problem, settings: Settings) -> tuple[int, int]:
    """Return how many symbols, and how many answers, a model with these settings tells apart."""
    most = settings.get("symbols", problem.n_symbols + problem.n_classes)
    return min(problem.n_symbols, most), min(problem.n_classes, most)


def of_common(tagger: Model, symbols: int | None) -> Model:
    """Return a tagger that tells so many symbols apart; None for all."""
    return tagger if symbols is None else CommonSymbols(tagger, symbols)


def words_of(settings: Settings) -> str:
    """Return what a label says of it."""
    return f", {settings['symbols']} commonest symbols" if "symbols" in settings else ""
