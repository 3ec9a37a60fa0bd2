"""A label for every step, from a recurrent network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_is_fitted

from seqcompare.data.sequences import Sequences
from seqcompare.data.targets import check_step_labels, check_step_weights, scored_steps
from seqcompare.models.alphabet import encode_labels, find_symbols
from seqcompare.models.base import Tagger, check_sequences
from seqcompare.models.in_parts import runs
from seqcompare.models.recurrent import online
from seqcompare.models.recurrent.answering import answers
from seqcompare.models.recurrent.cell import State
from seqcompare.models.recurrent.chunks import read_out
from seqcompare.models.recurrent.estimator import RecurrentNet
from seqcompare.models.recurrent.losses import accuracy, softmax
from seqcompare.models.recurrent.net import Net
from seqcompare.models.recurrent.packing import pack
from seqcompare.models.recurrent.threads import one_thread
from seqcompare.models.recurrent.weighting import reweighted
from seqcompare.typing import Array, Floats, Label, SequencesLike, TargetsLike, Values, WeightsLike


class NetTagger(Net, Tagger):
    """A network that labels every step; not an estimator by itself. Its classes say which network."""

    class_weight: Any
    ignore_label: Label | None

    def fit(self, X: SequencesLike, y: TargetsLike, sample_weight: WeightsLike | None = None) -> Self:
        """Train the network.

        Parameters
        ----------
        X : sequences
            The input, symbols or real-valued.
        y : one label a step, in any container
            The labels.
        sample_weight : array of shape (n,), or one array of weights a sequence, optional
            Weights of sequences or of steps; a step of weight 0 is input only.
        """
        return self._fit(X, y, sample_weight, None, go_on=self.warm_start and hasattr(self, "weights_"))

    def partial_fit(
        self,
        X: SequencesLike,
        y: TargetsLike,
        classes: ArrayLike | None = None,
        sample_weight: WeightsLike | None = None,
    ) -> Self:
        """Train for one epoch on these sequences, from the present weights.

        Parameters
        ----------
        X, y, sample_weight : as in `fit`
            The alphabet and the scale of the input are those of the first call.
        classes : array, optional
            All labels that will ever come, for the first call; by default those of its `y`.
        """
        return self._fit(X, y, sample_weight, classes, go_on=hasattr(self, "weights_"), epochs=1)

    def _fit(
        self,
        X: SequencesLike,
        y: TargetsLike,
        sample_weight: WeightsLike | None,
        classes: ArrayLike | None,
        *,
        go_on: bool,
        epochs: int | None = None,
    ) -> Self:
        self._check_parameters()
        sequences = check_sequences(self, X, reset=not go_on, mixed="numbers")
        labels = check_step_labels(y, sequences)
        counted = scored_steps(labels, self.ignore_label)
        if not counted.any():
            raise ValueError(f"every step of y has ignore_label={self.ignore_label!r}: nothing to learn from")
        weights = check_step_weights(sample_weight, sequences) * counted
        if not weights.any():
            raise ValueError("no step is left to train on: all have weight 0 or ignore_label")
        if not go_on:
            self.classes_ = find_symbols(labels[counted] if classes is None else np.asarray(classes))
        codes = encode_labels(labels, self.classes_, counted)
        codes[~counted] = 0  # any valid code will do: they weigh nothing
        weights = reweighted(codes, weights, self.class_weight, self.classes_)
        self._learn(
            sequences,
            codes,
            weights,
            n_outputs=len(self.classes_),
            link="softmax",
            pooling="none",
            score=accuracy,
            go_on=go_on,
            epochs=epochs,
        )
        return self

    def predict_proba(self, X: SequencesLike) -> SequencesLike:
        """Return p(y[t]) for every step, shape (T_i, n_classes) a sequence, in X's container."""
        sequences, z = self._outputs(X)
        return sequences.pack(softmax(z))

    def iter_proba(self, X: SequencesLike, n_rows: int) -> Iterator[Array]:
        """Yield what `predict_proba` returns, end to end, in parts of about `n_rows` steps."""
        network, flat = self._network()
        for part in runs(check_sequences(self, X, reset=False), n_rows):
            if len(part) > 1 or part.n_steps <= n_rows or network.whole:
                yield softmax(self._outputs(part)[1])
                continue
            parts = answers(network, flat, self._encode(part), part.offsets)
            while True:
                with one_thread():
                    some = next(parts, None)
                if some is None:
                    break
                yield softmax(some[1])


class SteppingTagger(NetTagger):
    """A network that labels every step, also as they come; not an estimator by itself."""

    def start(self) -> online.Running:
        """Return the state before the first step of a sequence, for `step`; not if it is bidirectional."""
        _, flat = self._network()
        if not self.causal:
            raise ValueError("a bidirectional network cannot step: it needs the whole sequence")
        return online.start(self._made_of(self.architecture_), flat)

    def step(self, state: online.Running, x: Label | Floats) -> tuple[Array, online.Running]:
        """Read one more step; return the probabilities of its label, and what to pass on.

        Parameters
        ----------
        state : state
            What `start` or the last call returned.
        x : symbol, number or array of shape (d,)
            The step.
        """
        outputs, state = online.read(self, state, x)
        return online.shares(outputs), state

    def step_proba(self, steps: ArrayLike, state: list[State] | None = None) -> tuple[Values, list[State]]:
        """Take one step of n sequences at once, for those that are read, or drawn, as they come.

        Stepping through a sequence gives what `predict_proba` gives for the whole of it.

        Parameters
        ----------
        steps : array of shape (n,), or (n, d) for real-valued steps of d channels
            The next step of each sequence.
        state : optional
            What the last call returned for the same n sequences; by default they are at their start.

        Returns
        -------
        proba : ndarray, shape (n, n_classes)
            p(y[t]) of this step.
        state : list of tuple of ndarray
            What to pass on to the next call. It may be indexed to keep some of the sequences: every array in
            it has shape (n, ...).

        Raises
        ------
        ValueError
            If the network is bidirectional: it needs the end of the sequence first.
        """
        check_is_fitted(self, "weights_")
        if not self.causal:
            raise ValueError("a bidirectional network cannot step: it needs the whole sequence")
        network, flat = self._network()
        given = np.asarray(steps)
        sequences = Sequences(given, np.arange(len(given) + 1))
        x: Array = self._encode(check_sequences(self, sequences, reset=False))
        weights = network.views(flat)
        packed = pack(sequences.offsets, np.arange(len(given)))
        done = network.run(weights, x, packed, state)
        return softmax(read_out(network, weights, done.output, x)), done.final


@dataclass(eq=False, repr=False, kw_only=True)
class RNNTagger(RecurrentNet, SteppingTagger):
    """A recurrent network that labels every step.

    Parameters
    ----------
    class_weight : dict, "balanced" or None, default=None
        Factors of the loss by label.
    ignore_label : default=None
        Steps with this label are neither trained on nor scored.
    cell, hidden_size, n_layers, bidirectional, activation, embedding_size, standardize
        What the network is made of. For these and all below see
        `seqcompare.models.recurrent.estimator.RecurrentNet`.
    dropout, recurrent_dropout, solver, learning_rate_init, momentum, alpha, clip_norm, batch_size
        How it is trained.
    max_iter, max_seconds, tol, early_stopping, validation_fraction, n_iter_no_change
        When training ends.
    truncation, timescale, warm_start, dtype, verbose, random_state
        The reach of gradients and gates, where `fit` starts, and the rest.

    Attributes
    ----------
    classes_ : ndarray
        The labels, sorted.
    n_parameters_, n_iter_, stop_reason_, loss_curve_, validation_scores_
        As in `seqcompare.models.recurrent.net.Net`, with all that `fit` leaves behind.

    Examples
    --------
    >>> from seqcompare import RNNTagger
    >>> X, y = ["abba", "bab"] * 20, [[0, 1, 1, 0], [1, 0, 1]] * 20
    >>> tagger = RNNTagger(cell="elman", hidden_size=4, random_state=0).fit(X, y)
    >>> tagger.predict(["aab"])
    [array([0, 0, 1])]
    """

    class_weight: Any = None
    ignore_label: Label | None = None

    @property
    def causal(self) -> bool:
        """Whether the answer at step t uses no step after t: unless the network is bidirectional."""
        return self._reads_forwards()
