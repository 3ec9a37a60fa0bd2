"""Which earlier steps one prediction used: what becomes of it when a step is unknown."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import logsumexp

from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.sequences import Sequences
from seqcompare.experiments.answer import predict_answer
from seqcompare.experiments.threads import one_thread
from seqcompare.models.bayes import BayesClassifier
from seqcompare.typing import Values

#: Steps that are hidden in turn, the nearest ones; values that stand in for a hidden one.
MOST_STEPS, MOST_VALUES = 256, 64
#: Steps of copies that are asked about at a time.
_AT_A_TIME = 200_000


def explain_table(
    model: Any,
    dataset: SequenceDataset,
    role: str,
    sequence: object = 0,
    step: int | None = None,
    ahead: int | None = None,
) -> pd.DataFrame:
    """Return how much one prediction loses when a step of its sequence is unknown.

    A hidden step is averaged over. Where the model holds sequences of symbols probable (chains, hidden
    Markov models, and classes by Bayes' rule), over the whole alphabet, each symbol as probable as the model
    holds it beside all other steps that it is shown; where it integrates over missing numbers (hidden Markov
    models, state spaces, autoregressions), as it does: both are exact marginalisation under the model.
    Elsewhere over up to 64 steps of the data, which leaves the model no hint of what was there (the
    interventional average of Janzing, Minorics and Bloebaum 2020, "Feature relevance quantification in
    explainable AI").

    Parameters
    ----------
    model : estimator
        A fitted model of the role.
    dataset : SequenceDataset
        The sequences; targets are not looked at.
    role : {"next", "step", "step-value", "sequence", "value"}
        What is predicted.
    sequence : object, default=0
        What the data call the sequence; where they call none, its number from 0.
    step : int, optional
        The position that the prediction is about, from 0; by default the last that there is one of. For whole
        sequences there is none.
    ahead : int, optional
        Where one channel is predicted, how many steps after the one that it stands at an answer is about: 1
        from the past alone, else 0.

    Returns
    -------
    DataFrame
        One row for each step that was hidden, up to 256 of the nearest: ``sequence``, ``step`` (what is
        predicted), ``hidden``, the position, ``lag``, ``value`` in words, ``answer``, and ``change``: what
        the answer loses without that step, in bits (log2 of its probability, or density, with the step minus
        without it); of numbers without a density in their own units, and ``unit`` is empty.

    Raises
    ------
    ValueError
        If there is no such sequence or step, or nothing came before it.
    """
    row = _place_of(dataset, sequence)
    X = dataset.X.detached()
    X.times = None  # what stands in for a step is of another time
    length = int(X.lengths[row])
    first, ahead = int(role == "next" or ahead is not None), ahead or 0
    last = length - 1 + ahead
    about = last if step is None else step
    if step is not None and role in ("sequence", "value"):
        raise ValueError(
            f"what is predicted is of whole sequences (role {role}): expected no step, got {step}"
        )
    if not 0 <= about <= last:
        raise ValueError(f"the sequence has {length} steps: expected a step from 0 to {last}, got {about}")
    if about < first:
        raise ValueError("the first step is predicted from nothing: expected a step from 1 on")
    with one_thread():
        summing = _summing(model) if X.kind == "real" else None
        question = _Question(summing or model, X, role, row, about - ahead, nothing=summing is not None)
        hidden, changes, answer = _changes(question)
    called = row if dataset.ids is None else np.asarray(dataset.ids)[row]
    start = int(X.offsets[row])
    return pd.DataFrame(
        {
            "sequence": called,
            "step": about if role not in ("sequence", "value") else -1,
            "hidden": hidden,
            "lag": about - hidden,
            "value": [_words(X, start + k) for k in hidden],
            "answer": answer,
            "change": changes,
            "unit": "" if role in ("value", "step-value") else "bits",
        }
    )


def _place_of(dataset: SequenceDataset, sequence: object) -> int:
    names = [str(k) for k in (range(len(dataset)) if dataset.ids is None else dataset.ids)]
    if str(sequence) in names:
        return names.index(str(sequence))
    shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
    raise ValueError(f"there is no sequence {sequence!r}; expected one of {shown}")


@dataclass(frozen=True)
class _Question:
    """One prediction of a model, asked of copies of the sequence."""

    model: Any
    X: Sequences
    role: str
    row: int
    at: int
    #: Whether the model integrates over numbers that are missing.
    nothing: bool

    @property
    def end(self) -> int:
        """How many steps of the sequence the model is shown."""
        if self.role == "next":
            return self.at
        if self.role in ("step", "step-value") and getattr(self.model, "causal", False):
            return self.at + 1
        return int(self.X.lengths[self.row])

    @property
    def rows(self) -> NDArray[np.int64]:
        """The steps that it is shown, by their place among all."""
        first = int(self.X.offsets[self.row])
        return np.arange(first, first + self.end)

    def hidden(self) -> NDArray[np.int64]:
        """Return the positions that are hidden in turn."""
        near = np.arange(self.end)
        return np.sort(near[np.argsort(np.abs(near - self.at), kind="stable")][:MOST_STEPS])

    def pool(self) -> tuple[Sequences, NDArray[np.int64], bool]:
        """Return the steps of all sequences, what stands in for a hidden one, and whether it is weighed."""
        X, n = self.X, self.X.n_steps
        if self.nothing:
            return X.followed_by(Sequences([np.full(X.values[:1].shape, np.nan)])), np.array([n]), False
        alphabet = _alphabet_of(self.model) if X.kind == "symbols" else None
        if alphabet is not None and len(alphabet) <= MOST_VALUES:
            return X.followed_by(Sequences([np.asarray(alphabet)])), np.arange(n, n + len(alphabet)), True
        places = np.linspace(0, n - 1, min(MOST_VALUES, n)).round().astype(np.int64)
        return X, np.random.default_rng(0).permutation(n)[places], False

    def log_weights(self, copies: Sequences) -> NDArray[np.float64]:
        """Return how probable the model holds copies, in nats."""
        if isinstance(self.model, BayesClassifier):
            return np.asarray(logsumexp(self.model.predict_joint_log_proba(copies), axis=1))
        return np.asarray(self.model.score_samples(copies), dtype=np.float64)

    def answers(self, copies: Sequences) -> Any:
        """Return what the model says of each copy: probabilities of answers, log-densities, or a number."""
        last = copies.offsets[1:] - 1
        if self.role == "next" and self.X.kind == "real":
            target = self.X.cut(np.array([0, 1]), np.array([self.X.offsets[self.row] + self.at])).values
            found = self.model.predict_next_distribution(copies)[last]
            return np.asarray(found.log_prob(np.repeat(target, len(copies), axis=0)), dtype=np.float64)
        rows, _ = predict_answer(self.model, copies, self.role)
        if self.role in ("step", "step-value"):
            rows = rows[copies.offsets[:-1] + self.at]
        elif self.role == "next":
            rows = rows[last]
        return rows


def _summing(model: Any) -> Any:
    """Return a model as one that integrates over missing numbers, exactly; None if it does not."""
    found = copy.copy(model)
    if isinstance(model, BayesClassifier):
        found.estimators_ = [_summing(each) for each in model.estimators_]
        return None if None in found.estimators_ else found
    way = getattr(model, "sums_missing", None)
    return None if way is None else found.set_params(missing=way)


def _alphabet_of(model: Any) -> Values | None:
    """Return the symbols of sequences that a model holds probable; None where it holds none so."""
    if isinstance(model, BayesClassifier):
        found = [_alphabet_of(each) for each in model.estimators_]
        known = [symbols for symbols in found if symbols is not None]
        return np.unique(np.concatenate(known)) if len(known) == len(found) else None
    return np.asarray(model.symbols_) if hasattr(model, "score_samples") else None


def _changes(question: _Question) -> tuple[NDArray[np.int64], NDArray[np.float64], object]:
    """Return what was hidden, what that changes, and the answer."""
    whole = question.X.cut(np.array([0, question.end]), question.rows)
    first = question.answers(whole)[0]
    answer, pick = _picked(question, first)
    pool, instead, weighed = question.pool()
    hidden = question.hidden()
    n, m = question.end, len(instead)
    at_a_time = max(_AT_A_TIME // (n * m), 1)
    changes = []
    for start in range(0, len(hidden), at_a_time):
        part = hidden[start : start + at_a_time]
        rows = np.tile(question.rows, (len(part), m, 1))
        rows[np.arange(len(part))[:, None], np.arange(m), part[:, None]] = instead
        copies = pool.cut(np.arange(len(part) * m + 1) * n, rows.ravel())
        found = pick(question.answers(copies)).reshape(len(part), m)
        weights = question.log_weights(copies).reshape(found.shape) if weighed else np.zeros(found.shape)
        weights = np.exp(weights - weights.max(axis=1, keepdims=True))
        changes.append(np.average(found, axis=1, weights=weights))
    return hidden, _change(question, pick(first[None])[0], np.concatenate(changes)), answer


def _picked(question: _Question, first: Any) -> tuple[object, Any]:
    """Return the answer that is explained, and what takes from rows of answers what is averaged."""
    model, X, role = question.model, question.X, question.role
    if role == "next" and X.kind == "real":
        values = np.atleast_1d(X.values[X.offsets[question.row] + question.at])
        return ", ".join(f"{number:.4g}" for number in values), np.exp
    if role in ("value", "step-value"):
        number = float(np.ravel(first)[0])
        return number, lambda rows: np.reshape(np.asarray(rows, dtype=np.float64), (len(rows), -1))[:, 0]
    if np.ndim(first) == 0:  # a label alone
        return first, lambda rows: (np.asarray(rows) == first).astype(np.float64)
    names = np.asarray(model.symbols_ if role == "next" else model.classes_)
    if role == "next":
        truth = X.values[X.offsets[question.row] + question.at]
        found = np.flatnonzero(names == truth)
        if not len(found):
            raise ValueError(f"the step {str(truth)!r} was never seen in training: no probability to explain")
        place = int(found[0])
    else:
        place = int(np.argmax(first))
    return names[place], lambda rows: np.asarray(rows, dtype=np.float64)[:, place]


def _change(question: _Question, known: float, unknown: NDArray[np.float64]) -> NDArray[np.float64]:
    if question.role in ("value", "step-value"):
        return known - unknown
    tiny = np.finfo(np.float64).tiny
    lost: NDArray[np.float64] = np.log2(max(known, tiny)) - np.log2(np.maximum(unknown, tiny))
    return lost


def _words(X: Sequences, row: int) -> str:
    words = []
    for place, channel in enumerate(X.schema):
        (value,) = np.ravel(X.channel(place).values[row])
        words.append(str(value) if channel.kind == "symbols" else f"{value:.4g}")
        if X.n_channels > 1:
            words[-1] = f"{channel.name}={words[-1]}"
    return ", ".join(words)
