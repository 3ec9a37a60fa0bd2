"""What all ladders are made of: contestants, the extent of the data, and parts of rungs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

import seqcompare
from seqcompare.experiments.zoo import Budget, ModelSpec
from seqcompare.models.pieces import InPieces

STEP_EPOCHS = 1.2e7
# steps that gates remember at the start, for data in which most of what matters is near
SHORT = 8
LONG = 400
PIECE = 200
CELL_NAMES = {"elman": "Elman", "gru": "GRU", "lstm": "LSTM"}


@dataclass(frozen=True, eq=False)
class Entry:
    """A contestant: models of one family from small to large, of which validation data choose one.

    Parameters
    ----------
    name : str
        What tables call it.
    family : str
        Its family; "reference" for chance.
    rungs : tuple of ModelSpec
        The models. With a single one there is nothing to choose.
    limit, limit_ahead : callable (ModelSpec, k) -> ModelSpec, optional
        Make of a rung the model that sees only the last k steps, or only the next k, where the family has
        such models.
    """

    name: str
    family: str
    rungs: tuple[ModelSpec, ...]
    limit: Callable[[ModelSpec, int], ModelSpec] | None = None
    limit_ahead: Callable[[ModelSpec, int], ModelSpec] | None = None


@dataclass(frozen=True)
class Extent:
    """What the ladders depend on.

    Parameters
    ----------
    role, kind : str
        Of the data.
    n_train : int
        Training sequences of a fold, about.
    n_steps : int
        Training steps of a fold, about.
    n_scored : int
        Of these, the ones that are predicted, or sequences.
    longest : int
        Steps of the longest sequence.
    n_symbols : int
        Size of the alphabet; 0 for real-valued steps.
    n_channels : int
        Numbers in a step.
    n_classes : int
        Classes, labels or symbols to choose from; 0 for numbers.
    missing : bool
        Whether steps have missing values.
    """

    role: str
    kind: str
    n_train: int
    n_steps: int
    n_scored: int
    longest: int
    n_symbols: int
    n_channels: int
    n_classes: int
    missing: bool = False

    @property
    def hmm_missing(self) -> Literal["error", "marginalize"]:
        """What HMMs do about missing values."""
        return "marginalize" if self.missing else "error"

    @property
    def epochs(self) -> int:
        """Most passes of what learns by gradients: fewer over more data, which make more steps a pass."""
        return int(np.clip(STEP_EPOCHS / self.n_steps, 20, 200))

    @property
    def large(self) -> bool:
        """Whether only the cheaper rungs are affordable."""
        return self.n_scored * max(self.n_classes, 2) > 500_000


def rung(
    label: str, family: str, variant: str, capacity: float, name: str, budget: Budget, model: BaseEstimator
) -> ModelSpec:
    """Return a model of a ladder: an estimator with what tables call it."""
    return ModelSpec(label, family, variant, capacity, name, budget, {}, model)


def fitting_widths(extent: Extent, *widths: int) -> list[int]:
    """Return the widths that sequences can fill, and the first beyond."""
    fitting = [w for w in widths if w <= extent.longest]
    return fitting or [widths[0]]


def markov_rungs(
    extent: Extent,
    budget: Budget,
    orders: Sequence[int],
    make: Callable[[int], BaseEstimator],
    smoothing: str = "",
) -> tuple[ModelSpec, ...]:
    """Return chains of these orders, as far as sequences are long enough for them."""
    words, variant = (f", {smoothing.title()}", f"markov-{smoothing}") if smoothing else ("", "markov")
    return tuple(
        rung(f"Markov order {k}{words}", "markov", variant, k, "order", budget, make(k))
        for k in orders
        if k < extent.longest
    )


def states(extent: Extent, *counts: int) -> list[int]:
    """Return the numbers of states that there is data for: ten steps for each free parameter, or so."""
    width = extent.n_symbols or 2 * extent.n_channels
    fitting = [k for k in counts if 10 * k * (k + width) <= extent.n_steps]
    return fitting or [counts[0]]


def classifiers(extent: Extent, budget: Budget, *, simple: bool) -> Iterator[tuple[str, str, BaseEstimator]]:
    """Yield variant, pattern of the label and classifier of rows."""
    iterations = 60 if extent.large else 300
    scaled: Callable[[Any], Any] = (
        (lambda m: make_pipeline(StandardScaler(), m)) if extent.kind == "real" else (lambda m: m)
    )
    yield "logistic", "logistic window {}", scaled(LogisticRegression(max_iter=iterations))
    if simple:
        return
    net = MLPClassifier(
        (64,),
        learning_rate_init=0.005,
        early_stopping=extent.n_scored >= 1000,
        max_iter=int(np.clip(2e6 / extent.n_scored, 10, 200)),
        n_iter_no_change=10,
    )
    yield "mlp", "MLP window {}", scaled(net)
    if extent.n_scored <= 1500:
        yield "rbf-svm", "RBF SVM window {}", scaled(SVC(C=10.0))


class Net(NamedTuple):
    """A recurrent network of a ladder.

    Attributes
    ----------
    cell : its kind
    size : hidden units
    short : whether its gates start out to remember `SHORT` steps, and it is trained with dropout; else they
        start out to remember as long as sequences are
    """

    cell: str
    size: int
    short: bool = False

    @property
    def label(self) -> str:
        """What tables call it."""
        return f"{CELL_NAMES[self.cell]} {self.size}" + (f", timescale {SHORT}" if self.short else "")


def plain_net(extent: Extent, budget: Budget, net: Net, cls: Any, **more: Any) -> Any:
    """Return a recurrent network of class `cls` with the budget of the data's size."""
    near: dict[str, Any] = {"timescale": SHORT, "dropout": 0.2} if net.short else {}
    return cls(
        cell=net.cell,
        hidden_size=net.size,
        max_iter=budget.epochs,
        max_seconds=budget.max_seconds,
        early_stopping=extent.n_train >= 40 or extent.longest > LONG,
        batch_size=int(np.clip(extent.n_train // 10, 8, 32)) if extent.longest <= LONG else 32,
        n_iter_no_change=12,
        **near,
        **more,
    )


def tagger_net(extent: Extent, budget: Budget, net: Net, **more: Any) -> Any:
    """Return a recurrent tagger; long sequences are learned in pieces."""
    tagger = plain_net(extent, budget, net, seqcompare.RNNTagger, **more)
    return InPieces(tagger, PIECE) if extent.longest > LONG else tagger


def recurrent(
    budget: Budget, nets: Sequence[Net], make: Callable[[Net], Any], words: str = ""
) -> tuple[ModelSpec, ...]:
    """Return recurrent networks of these kinds and sizes."""
    return tuple(
        rung(
            f"{words}{net.label}",
            "recurrent",
            words.lower() + net.cell + ("-short" if net.short else ""),
            net.size,
            "hidden units",
            budget,
            make(net),
        )
        for net in nets
    )
