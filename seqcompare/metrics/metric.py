"""What a metric is: a score of answers with its unit and direction, and how it is said in words."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from numbers import Real
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from seqcompare.metrics.forecasts import Forecast
from seqcompare.quantities import keep_figures, number, ratio
from seqcompare.typing import Bools, Ints, Labels, Params, Record, Values

_NO_MINUS = re.compile(r"(?<!\w)-(?=0(?:\.0+)?(?!\.?\d))")
_MINUS = re.compile(r"(?<!\w)-(?=\d)")

NeedsOf = Literal["labels", "probabilities", "numbers", "density"]


@dataclass(frozen=True, eq=False)
class Answers:
    """What was answered to the scored items of a data set: steps, or sequences.

    Parameters
    ----------
    item : ndarray of int64, shape (m,)
        Row of each scored item: a step of ``X`` end to end, or a sequence. For the role ``next`` the step
        that is predicted.
    owner : ndarray of int64, shape (m,)
        The sequence that it is of.
    weight : ndarray of shape (m,)
        What each counts.
    truth : ndarray of shape (m,)
        What came.
    guess : ndarray of shape (m,)
        The answer; for real-valued steps the mean of their density, where it is known and they have one
        channel, else NaN.
    bits : ndarray of shape (m,)
        Minus log2 of the probability of the truth; NaN without probabilities.
    confidence : ndarray of shape (m,)
        The largest probability; NaN without.
    names : ndarray of shape (K,), optional
        What the columns of `proba` stand for.
    proba : ndarray of shape (m, K), optional
        All probabilities; only where a metric asks for them.
    forecast : Forecast, optional
        What densities of numbers predict, where they say it.
    """

    item: NDArray[np.int64]
    owner: NDArray[np.int64]
    weight: NDArray[np.float64]
    truth: Labels
    guess: Labels
    bits: NDArray[np.float64]
    confidence: NDArray[np.float64]
    names: Labels | None = None
    proba: NDArray[np.float64] | None = None
    forecast: Forecast | None = None

    def pick(self, rows: Ints | Bools) -> Answers:
        """Return the answers at `rows`."""
        parts = {f.name: getattr(self, f.name) for f in fields(self)}
        whole = {k: v for k, v in parts.items() if v is None or k in ("names", "forecast")}
        chosen = {k: v[rows] for k, v in parts.items() if k not in whole}
        forecast = None if self.forecast is None else self.forecast.pick(rows)
        return Answers(**{**whole, **chosen, "forecast": forecast})


@dataclass(frozen=True, eq=False)
class Metric:
    """A way to score answers.

    Models are chosen and judged by the mean `loss` of items; `score` is for whatever is no such mean, and is
    shown beside it.

    Parameters
    ----------
    name : str
        What options and columns of tables call it.
    unit : str
        Of its values; empty for a pure number.
    greater_is_better : bool
        Whether a larger score is a better one. The score is 1 minus the mean loss then, else the mean loss.
    needs : {"labels", "probabilities", "numbers", "density"}
        What a model must answer with.
    loss : callable (Answers) -> ndarray of shape (m,), optional
        What each item costs; smaller is better.
    score : callable (Answers) -> float, optional
        The score of all answers together; by default from the mean loss, weighted.
    roles : tuple of str
        The roles that it is for.
    tolerance : float, default=0.01
        What is practically equal, in units of the loss.
    relative : bool, default=False
        Whether the tolerance is a share of what chance loses.
    least, greatest : float
        The bounds of a score.
    words, difference, figure : str
        Patterns for a score with its unit, for a difference of losses with its unit, and for a bare figure:
        ``{value}`` is the number, ``{percent}`` a hundred times it, ``{number}`` its four digits that
        count, and ``{ratio}`` its three decimals, or more of what is small.
    title, loss_title : str, optional
        What headings call it, and what a sentence calls its loss; by default after its name.
    in_units : bool, default=False
        Whether its values are in the units of the data, so that those of several channels do not add up.
    """

    name: str
    unit: str
    greater_is_better: bool
    needs: NeedsOf = "labels"
    loss: Callable[[Answers], NDArray[np.float64]] | None = None
    score: Callable[[Answers], float] | None = None
    roles: tuple[str, ...] = ("next", "step", "sequence")
    tolerance: float = 0.01
    relative: bool = False
    least: float = -np.inf
    greatest: float = np.inf
    words: str = "{ratio}"
    difference: str = "{ratio}"
    figure: str = "{ratio}"
    title: str = ""
    loss_title: str = ""
    in_units: bool = False

    def __post_init__(self) -> None:
        known = get_args(NeedsOf)
        if self.needs not in known:
            raise ValueError(f"metric {self.name!r}: needs is one of {', '.join(known)}, got {self.needs!r}")
        for key in ("tolerance", "least", "greatest"):
            value = getattr(self, key)
            if not isinstance(value, Real) or np.isnan(float(value)):
                raise ValueError(f"metric {self.name!r}: {key} must be a number, got {value!r}")

    @classmethod
    def of(
        cls,
        function: Callable[..., float],
        name: str = "",
        *,
        needs: NeedsOf = "labels",
        greater_is_better: bool = True,
        roles: tuple[str, ...] = ("step", "sequence"),
        **kwargs: Any,
    ) -> Metric:
        """Make a metric of a function of scikit-learn's form.

        Parameters
        ----------
        function : callable (truth, answer, **kwargs) -> float
            Of labels, of probabilities (`needs`), or of numbers; given ``sample_weight`` where it takes it.
        name : str, optional
            By default the function's.
        needs, greater_is_better, roles
            As above.
        **kwargs
            Handed on to the function.
        """
        words = name or getattr(function, "__name__", "metric")
        pattern = f"{words.replace('{', '{{').replace('}', '}}')} {{ratio}}"
        made = _Function(function, needs, kwargs)
        return cls(words, "", greater_is_better, needs, score=made, roles=roles, words=pattern)

    @property
    def label(self) -> str:
        """What headings call it."""
        return self.title or self.name.replace("_", " ")

    @property
    def axis(self) -> str:
        """What an axis of its values is called: by their unit, unless that is of a hundred times them."""
        return self.unit if self.unit and "%" not in self.unit else self.label

    @property
    def loss_label(self) -> str:
        """What a sentence calls that of which less is better."""
        return self.loss_title or (f"1 − {self.axis}" if self.greater_is_better else self.axis)

    def score_of(self, answers: Answers) -> float:
        """Return the score of answers."""
        if self.score is not None:
            return float(self.score(answers))
        assert self.loss is not None, f"{self.name} has neither loss nor score"
        return float(self.as_score(np.average(self.loss(answers), weights=answers.weight)))

    def as_score(self, loss: Any) -> Any:
        """Return a mean loss as a score."""
        return 1 - loss if self.greater_is_better else loss

    def say(self, score: float) -> str:
        """Return a score in words, with its unit."""
        return _filled(self.words, score)

    def say_difference(self, loss: float) -> str:
        """Return a difference of losses in words, with its unit."""
        return _filled(self.difference, loss)

    def say_figure(self, score: float) -> str:
        """Return a score without words, as intervals show it; small ones keep the digits that count."""
        text = _filled(self.figure, score)
        return text if self._in_bits else keep_figures(score, text)

    def say_gain(self, loss: float) -> str:
        """Return a difference of losses with its sign and without its unit, which is `difference_unit`."""
        figure = self.difference.partition(" ")[0]
        text = _filled(figure, abs(loss))
        if not self._in_bits and "percent" not in figure:
            text = keep_figures(abs(loss), text)
        return f"{'−' if loss < 0 else '+'}{text}"

    @property
    def difference_unit(self) -> str:
        """The unit of a difference of losses; empty for a pure number."""
        return self.difference.partition(" ")[2].removeprefix("percentage ").removeprefix("in ")

    @property
    def _in_bits(self) -> bool:
        return "bit" in self.unit

    def describe(self) -> Record:
        """Return what reports need to know, in plain values: a run keeps it."""
        plain = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("loss", "score")}
        finite = {k: v for k, v in plain.items() if k not in ("least", "greatest") or np.isfinite(v)}
        return {**finite, "roles": list(self.roles)}

    @classmethod
    def from_plain(cls, plain: Params) -> Metric:
        """Return the metric that was described so: it can be said and compared by, not computed."""
        known = {f.name for f in fields(cls)}
        given = {k: v for k, v in plain.items() if k in known}
        return cls(**{**given, "roles": tuple(given.get("roles", ()))})


def _filled(pattern: str, value: float) -> str:
    """Return a pattern with a number in it, which has a real minus sign, or none where it is zero."""
    text = pattern.format(value=value, percent=100 * value, number=number(value), ratio=ratio(value))
    return _MINUS.sub("−", _NO_MINUS.sub("", text))


@dataclass(frozen=True)
class _Function:
    """Calls a function of scikit-learn's form with what it asks for."""

    function: Callable[..., float]
    needs: NeedsOf
    kwargs: Params

    def __call__(self, answers: Answers) -> float:
        from inspect import signature

        given = dict(self.kwargs)
        takes = signature(self.function).parameters
        if "sample_weight" in takes:
            given.setdefault("sample_weight", answers.weight)
        if self.needs != "probabilities":
            return self.function(answers.truth, answers.guess, **given)
        proba, names = whole(answers)
        if "labels" in takes:
            given.setdefault("labels", names)
        return self.function(answers.truth, proba[:, 1] if len(names) == 2 else proba, **given)


def whole(answers: Answers) -> tuple[NDArray[np.float64], Values]:
    """Return the probabilities of all that was answered or came, each row adding up to 1, and the names."""
    if answers.proba is None or answers.names is None:
        raise ValueError("the model gives no probabilities, which this metric is made of")
    names = np.union1d(answers.names, answers.truth)
    proba = np.zeros((len(answers.truth), len(names)))
    proba[:, np.searchsorted(names, answers.names)] = answers.proba
    return proba / proba.sum(axis=1, keepdims=True), names
