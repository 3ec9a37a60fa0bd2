"""Labels from echo state networks: of every step, or of every sequence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy.special import log_softmax
from sklearn.utils.multiclass import check_classification_targets

from seqcompare.data.sequences import Sequences
from seqcompare.data.targets import (
    check_sequence_labels,
    check_sequence_weights,
    check_step_labels,
    check_step_weights,
    refuse_step_labels,
    scored_steps,
)
from seqcompare.models.alphabet import encode_labels, find_symbols
from seqcompare.models.base import Tagger, check_sequences
from seqcompare.models.bases import ClassifierMixin
from seqcompare.models.echo_state.reservoir import POOLINGS, EchoState, Running
from seqcompare.models.recurrent.parameters import among
from seqcompare.models.windows.fit import best_temperature
from seqcompare.typing import Floats, Ints, Label, Labels, Reals, SequencesLike, TargetsLike, WeightsLike

#: Numbers that floor and temperature are found on, at most.
_MOST = 2**18
#: Least answers that are tried, as shares of an even one; 0 takes answers as they are.
_FLOORS = (0.0, 1.0, 0.1, 0.01, 0.001)


class _Labels(EchoState):
    """A network whose read-out says how much speaks for each label.

    Attributes
    ----------
    floor_, temperature_ : float
        Answers become probabilities as max(answer, floor)^(1 / temperature), over their sum: least squares
        answers with probabilities, some of which are below 0. With floor 0 it is exp(answer / temperature),
        for rules that are not of chance.
    """

    classes_: Labels

    def _learn_labels(
        self, sequences: Sequences, codes: Ints, weights: Floats, *, pooling: str = "none"
    ) -> None:
        """Fit the read-out to 1 for the label and 0 for all others, and then floor and temperature."""
        K = len(self.classes_)
        found = self._learn(sequences, np.eye(K)[codes], weights, pooling=pooling)
        counted = np.flatnonzero(weights)
        counted = counted[:: -(-len(counted) * K // _MOST)]
        truth, share = codes[counted], weights[counted]
        values = self._outputs(sequences, pooling)[counted]
        # what the answer would be if its own row had not been fitted, as if all rows were as influential
        values = np.eye(K)[truth] - (np.eye(K)[truth] - values) / (1 - found.spent)
        softness = 1 / (share.sum() + 2)  # faultless answers do not end in certainty
        least = np.inf
        for floor in _FLOORS:
            speaking = _speaking(values, floor / K)
            temperature = best_temperature(speaking, truth, share, softness) if K > 1 else 1.0
            right = log_softmax(speaking / temperature, axis=1)[np.arange(len(truth)), truth]
            loss = -float(np.average(right, weights=share))
            if loss < least:
                least, self.floor_, self.temperature_ = loss, floor / K, temperature

    def _log_proba(self, outputs: Floats) -> Floats:
        return log_softmax(_speaking(outputs, self.floor_) / self.temperature_, axis=-1)


def _speaking(answers: Floats, floor: float) -> Floats:
    """Return what speaks for each label, of which the softmax is taken."""
    return np.log(np.maximum(answers, floor)) if floor else answers


@dataclass(eq=False, repr=False, kw_only=True)
class EchoStateTagger(_Labels, Tagger):
    """An echo state network that labels every step; `NextStep` of it is a density.

    Parameters
    ----------
    ignore_label : default=None
        Steps with this label are neither trained on nor scored.
    n_units, spectral_radius, leak, input_scaling, bias_scaling, n_connections, activation
        The network. For these and all below see `seqcompare.models.echo_state.reservoir.EchoState`.
    alpha, standardize, random_state
        The read-out, and the rest.

    Attributes
    ----------
    classes_ : ndarray
        The labels, sorted.
    floor_, temperature_ : float
        How answers become probabilities: max(answer, floor)^(1 / temperature), over their sum; with floor 0
        exp(answer / temperature).
    coef_, intercept_, alpha_, n_parameters_
        As in `seqcompare.models.echo_state.reservoir.EchoState`, with all that `fit` leaves behind.

    Examples
    --------
    >>> from seqcompare import EchoStateTagger
    >>> X, y = ["abba", "bab"] * 20, [[0, 1, 1, 0], [1, 0, 1]] * 20
    >>> EchoStateTagger(20, random_state=0).fit(X, y).predict(["aab"])
    [array([0, 0, 1])]
    """

    ignore_label: Label | None = None

    def fit(self, X: SequencesLike, y: TargetsLike, sample_weight: WeightsLike | None = None) -> Self:
        """Draw the network and fit the read-out.

        Parameters
        ----------
        X : sequences
            The input, symbols or real-valued.
        y : one label a step, in any container
            The labels.
        sample_weight : array of shape (n,), or one array of weights a sequence, optional
            Weights of sequences or of steps; a step of weight 0 is input only.

        Raises
        ------
        ValueError
            For input or parameters that are not as described.
        """
        sequences = check_sequences(self, X, reset=True, **self.reading)
        labels = check_step_labels(y, sequences)
        counted = scored_steps(labels, self.ignore_label)
        weights = check_step_weights(sample_weight, sequences) * counted
        if not weights.any():
            raise ValueError("no step is left to train on: all have weight 0 or ignore_label")
        self.classes_ = find_symbols(labels[counted])
        codes = encode_labels(labels, self.classes_, counted)
        codes[~counted] = 0  # any valid code will do: they weigh nothing
        used = np.maximum.reduceat(weights, sequences.offsets[:-1]) > 0
        steps = np.repeat(used, sequences.lengths)
        sequences = sequences.take(used)
        self._prepare(sequences, np.maximum.reduceat(weights[steps], sequences.offsets[:-1]))
        self._learn_labels(sequences, codes[steps], weights[steps])
        return self

    def predict_proba(self, X: SequencesLike) -> SequencesLike:
        """Return p(y[t]) for every step, shape (T_i, n_classes) a sequence, in X's container."""
        sequences = self._check(X)
        return sequences.pack(np.exp(self._log_proba(self._outputs(sequences))))

    def step(self, state: Running, x: Any) -> tuple[Floats, Running]:
        """Read one more step; return the probabilities of its label, and what to pass on.

        Parameters
        ----------
        state : state
            What `start` or the last call returned.
        x : symbol, number or array of shape (d,)
            The step.
        """
        outputs, state = self._read(state, x)
        return np.exp(self._log_proba(outputs)), state


@dataclass(eq=False, repr=False, kw_only=True)
class EchoStateClassifier(ClassifierMixin, _Labels):
    """An echo state network that labels sequences.

    Parameters
    ----------
    pooling : {"last", "mean"}, default="last"
        What of the steps the answer is read from: the last one, or their mean.
    n_units, spectral_radius, leak, input_scaling, bias_scaling, n_connections, activation
        The network. For these and all below see `seqcompare.models.echo_state.reservoir.EchoState`.
    alpha, standardize, random_state
        The read-out, and the rest.

    Attributes
    ----------
    classes_ : ndarray
        The labels, sorted.
    floor_, temperature_ : float
        How answers become probabilities: max(answer, floor)^(1 / temperature), over their sum; with floor 0
        exp(answer / temperature).
    coef_, intercept_, alpha_, n_parameters_
        As in `seqcompare.models.echo_state.reservoir.EchoState`, with all that `fit` leaves behind.

    Examples
    --------
    >>> from seqcompare import EchoStateClassifier
    >>> X, y = ["abc", "ba", "aab", "bcba"] * 10, ["some c", "no c", "no c", "some c"] * 10
    >>> EchoStateClassifier(20, pooling="mean", random_state=0).fit(X, y).predict(["acba", "bb"])
    array(['some c', 'no c'], dtype='<U6')
    """

    pooling: str = "last"

    def fit(self, X: SequencesLike, y: TargetsLike, sample_weight: WeightsLike | None = None) -> Self:
        """Draw the network and fit the read-out.

        Parameters
        ----------
        X : sequences
            The input, symbols or real-valued.
        y : array of shape (n,)
            The label of each sequence.
        sample_weight : array of shape (n,), optional
            Weights of sequences.

        Raises
        ------
        ValueError
            For input or parameters that are not as described.
        """
        sequences = check_sequences(self, X, reset=True, **self.reading)
        refuse_step_labels(y, "EchoStateTagger")
        labels = check_sequence_labels(y, sequences)
        check_classification_targets(labels)
        weights = check_sequence_weights(sample_weight, sequences)
        among("pooling", self.pooling, POOLINGS)
        self.classes_, self.pooling_ = find_symbols(labels), self.pooling
        used = weights > 0
        sequences, weights = sequences.take(used), weights[used]
        self._prepare(sequences, weights)
        codes = encode_labels(labels[used], self.classes_)
        self._learn_labels(sequences, codes, weights, pooling=self.pooling)
        return self

    def decision_function(self, X: SequencesLike) -> Reals:
        """Return log probabilities, shape (n, n_classes); of two classes the log-odds of the second, (n,)."""
        sequences = self._check(X)
        values = self._log_proba(self._outputs(sequences, self.pooling_))
        return values[:, 1] - values[:, 0] if values.shape[1] == 2 else values

    def predict_proba(self, X: SequencesLike) -> Reals:
        """Return the probability of each label, shape (n, n_classes)."""
        return np.exp(self.predict_log_proba(X))

    def predict_log_proba(self, X: SequencesLike) -> Reals:
        """Return the logarithm of `predict_proba`."""
        sequences = self._check(X)
        return self._log_proba(self._outputs(sequences, self.pooling_))

    def predict(self, X: SequencesLike) -> Labels:
        """Return the most probable label, shape (n,)."""
        answers = self.predict_log_proba(X)
        return self.classes_[answers.argmax(axis=1)]
