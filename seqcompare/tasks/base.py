"""What every task offers: data with a known distance, its exact optimum, and how answers are scored."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.dataset import Role, SequenceDataset
from seqcompare.data.sequences import Sequences
from seqcompare.families import FAMILIES
from seqcompare.metrics import METRICS
from seqcompare.models.alphabet import encode
from seqcompare.needs import Needs, Traits
from seqcompare.typing import Ints, Labels, Model, RandomState, Reals, Record, SequencesLike, Values

MEAN_GAP = 4
"""Mean length of the random gaps, in steps."""

PROBABILITY_FLOOR = 1e-12
"""The least probability that the score in bits takes seriously: no step costs more than 40 bits."""


@dataclass(frozen=True)
class Task(ABC):
    """One dependency at a known distance, and nothing else to learn.

    Parameters
    ----------
    distance : int
        Steps from the input that matters to the output that it determines.

    Notes
    -----
    For the role ``next`` everything is aligned as `predict_next_proba` is: row t of the probabilities is
    p(x[t+1] | x[..t]), while ``sample_weight[t]`` weighs the prediction of x[t], which is in row t - 1.
    """

    distance: int

    role: ClassVar[Role]
    metric: ClassVar[str]
    #: "density" where the log-density of each step is what is scored, see `DensityTask`.
    answered_by: ClassVar[str] = ""
    minimums: ClassVar[dict[str, int]] = {"distance": 1}

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.type != "int":
                continue
            if isinstance(value, (bool, np.bool_)) or not isinstance(value, Integral):
                raise TypeError(f"{self.name} needs an integer {field.name}, got {value!r}")
            least = self.minimums.get(field.name)
            if least is not None and value < least:
                raise ValueError(f"{self.name} needs {field.name} >= {least}, got {value}")
            object.__setattr__(self, field.name, int(value))

    @property
    def name(self) -> str:
        """What the task is called: the name of its class."""
        return type(self).__name__

    @property
    def params(self) -> Record:
        """The parameters other than the distance, by name."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "distance"}

    @property
    def greater_is_better(self) -> bool:
        """Whether a higher score is a better one."""
        return METRICS[self.metric].greater_is_better

    @classmethod
    def legal_distance(cls, distance: int) -> int:
        """Return the smallest distance from `distance` upwards that the task can have."""
        return max(int(distance), cls.minimums.get("distance", distance))

    @property
    @abstractmethod
    def natural_length(self) -> int:
        """Steps of a sequence if nobody asks otherwise; their mean, where gaps make it random."""

    @property
    @abstractmethod
    def chance_score(self) -> float:
        """The score of the best predictor without memory or sense of order."""

    @property
    @abstractmethod
    def optimal_score(self) -> float:
        """The expected score of the exact Bayes predictor."""

    @property
    @abstractmethod
    def memory_bits(self) -> float:
        """How much must be carried across the distance, in bits."""

    @abstractmethod
    def sample(
        self, n_sequences: int, length: int | None = None, random_state: RandomState = None
    ) -> SequenceDataset:
        """Draw sequences from the source.

        Parameters
        ----------
        n_sequences : int
            How many.
        length : int, optional
            Steps of every sequence; by default the task's own, which is random where the task has gaps.
        random_state : int, numpy.random.Generator or None
            The same integer gives the same data, bit for bit.

        Returns
        -------
        SequenceDataset
            With `sample_weight` for training; what is scored is `scored` of it.

        Raises
        ------
        ValueError
            If there is no room for the dependency in `length` steps, or nothing to draw.
        """

    def scored(self, dataset: SequenceDataset) -> NDArray[np.bool_]:
        """Return what counts in the score, shape (n_steps,), or (n,) for the roles sequence and value.

        These are the steps with a weight, unless a task trains on more than it scores.
        """
        if dataset.sample_weight is None:
            return np.ones(len(dataset), dtype=bool)
        weights = dataset.sample_weight
        return np.asarray((weights.values if isinstance(weights, Sequences) else weights) > 0)

    @abstractmethod
    def outcomes(
        self, dataset: SequenceDataset, outputs: SequencesLike, symbols: Labels | None = None
    ) -> NDArray[np.float64]:
        """Return the score of each single answer that counts, shape (n_scored,), in the data's order.

        The parameters are those of `score`. All models answer the same questions in the same order, so
        that two of them can be compared pair by pair.
        """

    def score(self, dataset: SequenceDataset, outputs: SequencesLike, symbols: Labels | None = None) -> float:
        """Return the mean score of the answers that count.

        Parameters
        ----------
        dataset : SequenceDataset
            What `sample` gave.
        outputs : probabilities, labels or numbers
            What a model made of ``dataset.X``: probabilities of shape (n_classes,) for every step
            (``next``: those of the following symbol) or sequence, or labels, where the metric is accuracy;
            numbers for the role ``value``. Flat, or packed in any container that `Sequences` reads.
        symbols : array of shape (n_classes,), optional
            The model's ``symbols_`` or ``classes_``: what its columns mean. By default the task's own.
            Symbols that a model has never seen get probability 0, that is, the floor of 1e-12 in bits.

        Returns
        -------
        float
            Accuracy, bits per scored symbol, or mean squared error.

        Raises
        ------
        ValueError
            If outputs and data do not fit, are not finite, or nothing counts.
        """
        return float(self.outcomes(dataset, outputs, symbols).mean())

    def can_represent(
        self,
        family: str,
        capacity: float,
        *,
        variant: str | None = None,
        after: int = 0,
        causal: bool = True,
        latent: bool = True,
        pooling: str = "last",
    ) -> bool | None:
        """Say whether models of this size can solve the task, were they trained as well as can be.

        Parameters
        ----------
        family : str
            A family of `seqcompare.families.FAMILIES`.
        capacity : number
            Order, number of states, taps (``before + 1 + after``), or hidden units.
        variant : str, optional
            The kind of model within its family, as suites call it.
        after : int, default=0
            Taps of a window after the step itself.
        causal : bool, default=True
            Whether the model uses no later step. Windows with `after`, and networks that read in both
            directions, never are.
        latent : bool, default=True
            Whether the states of an HMM over labelled steps are free, rather than the labels themselves.
        pooling : {"last", "mean", "max", "attention"}, default="last"
            How a model of whole sequences sums up its steps.

        Returns
        -------
        bool or None
            True where a construction is known whose score is as close to the optimum as one likes; False
            where no model of this size can make the optimal predictions, probabilities and all; None where
            neither is known. (An arg-max alone can be right by a hair: see docs/tasks.md.)
        """
        if family not in FAMILIES:
            raise ValueError(f"there is no family {family!r}; {FAMILIES.nearest(family)}")
        least = FAMILIES[family].least_capacity
        if capacity < least:
            raise ValueError(f"the capacity of a {family} model is at least {least}, got {capacity}")
        if after < 0 or after >= max(capacity, 1):
            raise ValueError(f"after must be between 0 and capacity - 1 = {capacity - 1}, got {after}")
        traits = Traits(capacity, variant, after, causal, latent, pooling)
        return FAMILIES[family].theory(self.needs(), traits)

    @abstractmethod
    def needs(self) -> Needs:
        """Return what a model must have to predict as well as the optimum."""

    def exact_model(self) -> Model | None:
        """Return a machine made by hand that predicts the scored steps as well as can be, or None.

        Returns
        -------
        HMM or None
            None where no HMM or Markov chain of a bearable size is exact.
        """
        return None

    def _no_room(self, length: int, least: int) -> ValueError:
        return ValueError(
            f"{self.name}(distance={self.distance}) needs sequences of at least {least} steps, got {length}"
        )

    def _check_size(self, n_sequences: int, length: int | None, least: int) -> None:
        if n_sequences < 1:
            raise ValueError(f"n_sequences must be at least 1, got {n_sequences}")
        if length is not None and length < least:
            raise self._no_room(length, least)


class SymbolTask(Task):
    """A task on sequences of symbols, answered by probabilities of classes."""

    @property
    @abstractmethod
    def symbols(self) -> NDArray[np.int64]:
        """What a step of the input can be, sorted."""

    @property
    def classes(self) -> NDArray[np.int64]:
        """What an answer can be, sorted: the columns of `optimal_proba`."""
        return self.symbols

    @property
    def answers(self) -> NDArray[np.int64]:
        """Which classes are admissible where it counts: the arg-max is taken among them."""
        return self.classes

    @abstractmethod
    def optimal_proba(self, X: SequencesLike) -> SequencesLike:
        """Return the probabilities that the exact Bayes predictor of the source gives.

        Parameters
        ----------
        X : sequences
            What `sample` drew, in any container.

        Returns
        -------
        probabilities of `classes`
            For every step t, in X's container, of x[t+1] given x[..t] (role ``next``) or of y[t] (``step``);
            for the role ``sequence`` an array of shape (n, n_classes).

        Raises
        ------
        ValueError
            If the source cannot have made `X`.
        """

    def read(self, X: SequencesLike) -> tuple[Sequences, NDArray[np.int64]]:
        """Return `X` as `Sequences` and its symbols as their codes, shape (n_steps,)."""
        sequences = Sequences(X)
        if sequences.kind != "symbols":
            raise ValueError(f"{self.name} is made of symbols, got real-valued steps")
        codes = encode(sequences.values, self.symbols)
        unknown = np.flatnonzero(codes == len(self.symbols))
        if unknown.size:
            raise self._impossible(sequences, int(unknown[0]), f"of {self.symbols.tolist()}")
        return sequences, codes

    def outcomes(
        self, dataset: SequenceDataset, outputs: SequencesLike, symbols: Labels | None = None
    ) -> NDArray[np.float64]:
        """Return the score of each single answer that counts, shape (n_scored,), in the data's order.

        Accuracy: 1 for a right answer, 0 for a wrong one, ties in favour of the first class. Bits: the
        negative logarithm of the probability of what came.
        """
        counts = self.scored(dataset)
        rows = np.flatnonzero(counts)
        if self.role == "next":
            # what comes first in a sequence is not predicted, so it cannot count
            rows = rows[dataset.X.step_index[rows] > 0]
        if not rows.size:
            raise ValueError(f"nothing in these {len(dataset)} sequences of {self.name} counts")
        given = flatten_outputs(outputs, len(counts), stepwise=self.role in ("next", "step"))
        given = given[rows - 1 if self.role == "next" else rows]
        truth = self._truth(dataset)[rows]
        if given.ndim == 1:
            if METRICS[self.metric].needs != "labels":
                raise ValueError(
                    f"{self.name} is scored in {self.metric}: expected probabilities, got labels"
                )
            return np.asarray(given == truth, dtype=np.float64)
        proba = self._align(given, self.classes if symbols is None else np.asarray(symbols))
        if METRICS[self.metric].needs == "labels":
            columns = encode(self.answers, self.classes)
            return np.asarray(self.answers[proba[:, columns].argmax(axis=1)] == truth, dtype=np.float64)
        sums = given.sum(axis=1)
        if (given < 0).any() or np.abs(sums - 1).max() > 1e-3:
            raise ValueError(f"probabilities must not be negative and add up to 1, got a sum of {_odd(sums)}")
        came = proba[np.arange(len(rows)), encode(truth, self.classes)]
        return -np.log2(np.maximum(came, PROBABILITY_FLOOR))

    def _truth(self, dataset: SequenceDataset) -> Ints:
        if dataset.y is None:
            return dataset.X.values
        return dataset.y.values if isinstance(dataset.y, Sequences) else dataset.y

    def _align(self, given: Reals, symbols: Labels) -> NDArray[np.float64]:
        """Return the probabilities in the order of `classes`, 0 for those that the model does not know."""
        if given.shape[1] != len(symbols):
            raise ValueError(f"expected a column for each of {len(symbols)} symbols, got {given.shape[1]}")
        if not np.isfinite(given).all():
            raise ValueError(f"the probabilities for {self.name} must be finite, got NaN or infinity")
        places = encode(symbols, self.classes)
        if (places == len(self.classes)).any():
            raise ValueError(f"{self.name} has classes {self.classes.tolist()}, got {symbols.tolist()}")
        proba = np.zeros((len(given), len(self.classes)))
        proba[:, places] = given
        return proba

    def _impossible(self, sequences: Sequences, row: int, expected: str) -> ValueError:
        i, t = sequences.sequence_index[row], sequences.step_index[row]
        return ValueError(
            f"X[{i}] is no sequence of {self.name}: at step {t} expected one {expected}, "
            f"got {sequences.values[row].item()!r}"
        )


def geometric_gaps(generator: np.random.Generator, size: Any) -> NDArray[np.int64]:
    """Draw gaps of 0, 1, 2, ... steps, `MEAN_GAP` on average, without memory of how long they last."""
    return np.asarray(generator.geometric(1 / (MEAN_GAP + 1), size) - 1, dtype=np.int64)


def latest(marked: NDArray[np.bool_], sequences: Sequences) -> NDArray[np.int64]:
    """Return for every step the last marked row up to it in its sequence, shape (n_steps,); -1 for none."""
    rows = np.maximum.accumulate(np.where(marked, np.arange(len(marked)), -1))
    return np.where(rows >= sequences.offsets[sequences.sequence_index], rows, -1)


def flatten_outputs(outputs: SequencesLike, n_items: int, *, stepwise: bool) -> Values:
    """Return outputs as an array with `n_items` rows, whatever container they came in."""
    if isinstance(outputs, Sequences):
        flat = outputs.values
    elif isinstance(outputs, np.ndarray) and outputs.dtype.kind != "O":
        flat = outputs
        if stepwise and len(flat) != n_items and flat.ndim > 1 and flat.shape[0] * flat.shape[1] == n_items:
            flat = flat.reshape(-1, *flat.shape[2:])
    else:
        flat = np.concatenate([np.asarray(rows) for rows in outputs]) if stepwise else np.asarray(outputs)
    if len(flat) != n_items or flat.ndim > 2:
        raise ValueError(f"expected outputs for {n_items} steps or sequences, got shape {flat.shape}")
    return flat


def _odd(sums: NDArray[np.float64]) -> float:
    return float(sums[np.abs(sums - 1).argmax()])
