"""What the estimators of all networks share: fitting, and the way from input to outputs."""

from __future__ import annotations

import sys
import warnings
from abc import ABCMeta, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from seqcompare.data.sequences import Sequences
from seqcompare.models.alphabet import encode, find_symbols
from seqcompare.models.base import check_sequences
from seqcompare.models.recurrent.answering import answer, attention
from seqcompare.models.recurrent.chunks import Examples
from seqcompare.models.recurrent.flat import FlatNetwork
from seqcompare.models.recurrent.interchange import named_weights, replaced_weights
from seqcompare.models.recurrent.optimizers import Descent, Memory, fresh_memory
from seqcompare.models.recurrent.parameters import TrainingParameters
from seqcompare.models.recurrent.threads import one_thread
from seqcompare.models.recurrent.training import Epoch, Schedule, train
from seqcompare.models.recurrent.weighting import mean_and_scale, standardised
from seqcompare.typing import Array, Ints, Label, Record, SequencesLike

Score = Callable[[Array, Array, NDArray[np.float64]], float]

AUTO_BATCH = 32
AUTO_HELD_OUT = 200  # sequences from which on "auto" holds some out


class Net(TrainingParameters, metaclass=ABCMeta):
    """A network behind an estimator; not one by itself.

    Attributes
    ----------
    n_parameters_ : int
        Weights of the network.
    n_iter_ : int
        Epochs trained.
    best_iter_ : int
        The epoch whose weights were kept, counted from 1.
    stop_reason_ : {"patience", "solved", "max_iter", "max_seconds", "diverged"}
        Why training ended.
    loss_curve_ : list of float
        Mean training loss of each epoch, in nats (numbers: half squared errors of standardised targets).
    validation_loss_curve_, validation_scores_ : list of float
        Loss and score on the held-out sequences after each epoch; empty without.
    symbols_ : ndarray
        Known symbols, for symbol input. Any other adds nothing to the network's input at its step.
    architecture_ : dict
        What the network is made of, such as `seqcompare.models.recurrent.architecture.Architecture`.
    weights_ : ndarray, shape (n_parameters_,)
        All weights; `get_weights` names them.
    """

    # what is too large depends on how networks compute, and sequences of weight 0 may hold anything
    _tells_what_is_too_large = True

    kind_: str
    n_channels_: int
    classes_: Array
    ignore_label: Label | None
    input_mean_: NDArray[np.float64]
    input_scale_: NDArray[np.float64]
    target_mean_: NDArray[np.float64]
    target_scale_: NDArray[np.float64]
    architecture_: Record
    weights_: Array
    _memory: Memory  # of the solver
    _seed: list[int]

    def get_weights(self) -> dict[str, Array]:
        """Return copies of the weights by name; `seqcompare.models.recurrent.interchange` lists the names."""
        return named_weights(*self._network())

    def set_weights(self, weights: Record) -> None:
        """Replace weights by name; those left out stay. A wrong one raises ValueError and changes nothing."""
        self.weights_ = replaced_weights(*self._network(), weights)

    def _network(self) -> tuple[FlatNetwork, Array]:
        check_is_fitted(self, "weights_")
        return self._made_of(self.architecture_, reuse=True), ordinary(self.weights_)

    def _encode(self, sequences: Sequences, places: Ints | None = None) -> Array:
        """Return the steps as the network takes them: codes of symbols, or standardised floats.

        An error calls the sequences by their `places`, where they are not all that were given.
        """
        if sequences.kind == "symbols":
            return encode(sequences.values, self.symbols_)

        def place(row: int) -> str:
            i = sequences.sequence_index[row]
            return f"X[{i if places is None else places[i]}] at step {sequences.step_index[row]}"

        scaling = self.input_mean_, self.input_scale_
        return standardised(sequences.channels, *scaling, self.weights_.dtype, place)

    def _outputs(self, X: SequencesLike) -> tuple[Sequences, Array]:
        """Return the sequences that `X` is, and the network's outputs for them."""
        network, flat = self._network()
        sequences = check_sequences(self, X, reset=False)
        with one_thread():
            return sequences, answer(network, flat, self._encode(sequences), sequences.offsets)

    def _learn(
        self,
        sequences: Sequences,
        targets: Array,
        weights: NDArray[np.float64],
        *,
        n_outputs: int,
        link: str,
        pooling: str,
        score: Score,
        go_on: bool,
        epochs: int | None = None,
    ) -> None:
        """Train, from new weights or from where the last training ended.

        Parameters
        ----------
        sequences : Sequences
            The input.
        targets, weights : ndarray, shape (N, ...) and (N,)
            A step's each if `pooling` is "none", else a sequence's.
        n_outputs, link, pooling : as in `Architecture`
        score : callable
            (guesses, targets, weights) -> what `validation_scores_` reports; a guess is as `Loss` has it.
        go_on : bool
            Whether to start from the present weights.
        epochs : int, optional
            For `partial_fit`: this many epochs, on all sequences, whatever the loss.
        """
        per_step = pooling == "none"
        each = np.add.reduceat(weights, sequences.offsets[:-1]) if per_step else weights
        # sequences of weight 0 are as good as absent: they count neither in the scale nor in a batch
        kept = each > 0
        places = np.flatnonzero(kept)
        if not kept.all():
            items = np.repeat(kept, sequences.lengths) if per_step else kept
            sequences, targets, weights = sequences.take(kept), targets[items], weights[items]
        importance = np.maximum.reduceat(weights, sequences.offsets[:-1]) if per_step else weights
        longest = int(sequences.lengths.max())
        if go_on:
            network, flat = self._network()
            architecture = self._architecture(n_outputs, link, pooling, longest)
            if architecture != self.architecture_:
                raise ValueError(
                    f"the network to go on from is {self.architecture_}, but the parameters and y ask for "
                    f"{architecture}"
                )
        else:
            self._seed = check_random_state(self.random_state).randint(2**31 - 1, size=4).tolist()
            self._scale_input(sequences, importance)
            architecture = self._architecture(n_outputs, link, pooling, longest)
            network = self._made_of(architecture, reuse=True)
            rng = np.random.default_rng(self._seed)
            flat = network.initial(rng, self._memory_span(longest), np.dtype(self.dtype))
            self.architecture_, self.n_parameters_ = architecture, network.n_parameters
            self.loss_curve_: list[float] = []
            self.validation_loss_curve_: list[float] = []
            self.validation_scores_: list[float] = []
            self.n_iter_ = 0
            self.weights_ = flat
        if not go_on or set(self._memory) != set(fresh_memory(self.solver, flat)):
            self._memory = fresh_memory(self.solver, flat)
        rng = np.random.default_rng([*self._seed, self.n_iter_])
        self._memory = {name: ordinary(value) for name, value in self._memory.items()}
        examples = Examples(self._encode(sequences, places), sequences.offsets, targets, weights)
        if not go_on:
            self._inspect(network, flat, examples)
        held_out = None if epochs else self._hold_out(len(sequences), rng)
        before = self.n_iter_
        with one_thread():
            outcome = train(
                network,
                flat,
                self._memory,
                examples,
                held_out,
                self._descent(),
                self._schedule(len(sequences), epochs),
                rng,
                score,
                self._report,
            )
        self.weights_ = outcome.weights
        self.n_iter_ = before + len(outcome.epochs)
        self.best_iter_, self.stop_reason_ = before + outcome.best, outcome.stop_reason
        self.loss_curve_ += [e.train_loss for e in outcome.epochs]
        self.validation_loss_curve_ += [
            e.validation_loss for e in outcome.epochs if e.validation_loss is not None
        ]
        self.validation_scores_ += [
            e.validation_score for e in outcome.epochs if e.validation_score is not None
        ]
        if outcome.stop_reason == "diverged":
            self._memory = fresh_memory(self.solver, flat)  # of steps that led astray
            warnings.warn(
                f"training diverged in epoch {self.n_iter_ + 1}; the weights of epoch {self.best_iter_} are "
                f"kept. A smaller learning_rate_init (it was {self._descent().learning_rate:g}) or clip_norm "
                f"(it was {self.clip_norm}) helps",
                ConvergenceWarning,
                stacklevel=3,
            )

    @abstractmethod
    def _check_parameters(self) -> None:
        """Raise ValueError for a parameter out of bounds."""

    @abstractmethod
    def _architecture(self, n_outputs: int, link: str, pooling: str, longest: int) -> Record:
        """Return what the network for sequences of up to `longest` steps is made of, in plain values."""

    @abstractmethod
    def _made_of(self, architecture: Record, *, reuse: bool = False) -> FlatNetwork:
        """Return the network that is made of it, `reuse` as in `Network`."""

    @abstractmethod
    def _rate(self) -> float:
        """Return the step size that "auto" is."""

    def _memory_span(self, longest: int) -> int:
        """Return how many steps the network should remember at the start."""
        return longest

    def _cut(self) -> tuple[int | None, tuple[float, float]]:
        """Return how far gradients reach (None: all the way), and the rates of `Schedule.dropout`."""
        return None, (0.0, 0.0)

    def _inspect(self, network: FlatNetwork, flat: Array, examples: Examples) -> None:
        """Look at a new network before it is trained; raise ValueError for one that cannot be."""

    def _scale_input(self, sequences: Sequences, importance: NDArray[np.float64]) -> None:
        """Learn the alphabet, or each channel's mean and scale; a sequence counts by its `importance`."""
        if sequences.kind == "symbols":
            self.symbols_ = find_symbols(sequences.values)
            return
        d = sequences.n_channels
        self.input_mean_, self.input_scale_ = np.zeros(d), np.ones(d)
        if self.standardize:
            counts = np.repeat(importance, sequences.lengths)
            self.input_mean_, self.input_scale_ = mean_and_scale(sequences.channels, counts)

    def _hold_out(self, n: int, rng: np.random.Generator) -> Ints | None:
        if self.early_stopping is False or (self.early_stopping == "auto" and n < AUTO_HELD_OUT):
            return None
        size = int(np.ceil(self.validation_fraction * n))
        if size >= n:
            raise ValueError(
                f"validation_fraction={self.validation_fraction} of {n} sequences leaves none to train on; "
                "set early_stopping=False"
            )
        return np.sort(rng.choice(n, size, replace=False))

    def _descent(self) -> Descent:
        rate = self.learning_rate_init
        if isinstance(rate, str):
            rate = self._rate() * (10 if self.solver == "sgd" else 1)
        limit = np.inf if self.clip_norm is None else float(self.clip_norm)
        return Descent(self.solver, float(rate), float(self.momentum), limit, float(self.alpha))

    def _schedule(self, n: int, epochs: int | None) -> Schedule:
        size = self.batch_size
        truncation, dropout = self._cut()
        if isinstance(size, str):
            size = n if size == "full" else AUTO_BATCH
        return Schedule(
            batch_size=size,
            max_iter=self.max_iter if epochs is None else epochs,
            max_seconds=np.inf if self.max_seconds is None else float(self.max_seconds),
            tol=self.tol,
            patience=self.n_iter_no_change,
            truncation=truncation,
            dropout=dropout,
        )

    def _report(self, epoch: int, figures: Epoch) -> None:
        if self.verbose:
            line = f"epoch {epoch}: training loss {figures.train_loss:.5f}"
            if figures.validation_loss is not None:
                line += f", held-out loss {figures.validation_loss:.5f}, score {figures.validation_score:.4f}"
            sys.stderr.write(line + "\n")


class SequenceNet(Net):
    """A network that answers each sequence once; `pooling` is as in `RNNClassifier`."""

    pooling: str

    def attention(self, X: SequencesLike) -> SequencesLike:
        """Return each step's share of the pooled answer under ``pooling="attention"``, in X's container."""
        network, flat = self._network()
        if network.architecture.pooling != "attention":
            raise ValueError(f"attention needs pooling='attention', got {network.architecture.pooling!r}")
        sequences = check_sequences(self, X, reset=False)
        with one_thread():
            return sequences.pack(attention(network, flat, self._encode(sequences), sequences.offsets))


def ordinary(value: Any) -> Any:
    """Return an array that compiled code may write to: what is memory-mapped is copied. Numbers stay."""
    return np.require(value, requirements=["W", "E"]) if isinstance(value, np.ndarray) else value
