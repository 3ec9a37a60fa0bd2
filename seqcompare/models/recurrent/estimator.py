"""What the recurrent estimators share: parameters, and the network that they mean."""

from __future__ import annotations

import sys
from dataclasses import KW_ONLY, dataclass

from sklearn.utils.validation import check_is_fitted

from seqcompare.models.constraints import check_parameters
from seqcompare.models.recurrent.architecture import Architecture
from seqcompare.models.recurrent.cell import Size
from seqcompare.models.recurrent.cells import CELLS
from seqcompare.models.recurrent.interchange import torch_state_dict
from seqcompare.models.recurrent.kernels import ACTIVATIONS
from seqcompare.models.recurrent.net import Net, ordinary
from seqcompare.models.recurrent.network import Network
from seqcompare.models.recurrent.parameters import (
    LayerParameters,
    among,
    at_least_one,
    check_layers,
    check_training,
    number,
    slower,
)
from seqcompare.typing import Array, Record


@dataclass(eq=False, repr=False)
class RecurrentNet(LayerParameters, Net):
    """A recurrent network behind an estimator; not one by itself.

    What `fit` leaves behind is listed in `seqcompare.models.recurrent.net.Net`.

    Parameters
    ----------
    cell : {"lstm", "gru", "elman", "jordan", "mingru", "lru"}, default="lstm"
        The kind of recurrent unit.
    hidden_size, n_layers, dropout
        As in `seqcompare.models.recurrent.parameters.LayerParameters`.
    standardize, solver, learning_rate_init, momentum, alpha, clip_norm
        As in `seqcompare.models.recurrent.parameters.TrainingParameters`, and so are the next two lines.
    batch_size, max_iter, max_seconds, tol, early_stopping, validation_fraction, n_iter_no_change
        How long, and on what at once.
    warm_start, dtype, verbose, random_state
        Where `fit` starts, and the rest.
    bidirectional : bool, default=False
        Whether each layer also reads the sequences backwards. The answers then depend on later steps too.
    activation : {"tanh", "relu", "sigmoid", "identity"}, default="tanh"
        Of the hidden units; "lstm" and "gru" take only "tanh", "mingru" (of what it may let in) and "lru" (of
        what it passes on) that or "identity".
    embedding_size : int or "auto", default="auto"
        Numbers that a symbol is embedded in. "auto" gives each symbol its own input weights, which is an
        embedding of one-hot codes, up to `hidden_size` symbols, and embeds more symbols in `hidden_size`
        numbers. Ignored for real-valued steps.
    recurrent_dropout : float, default=0.0
        Share of the recurrent weights dropped, anew for each batch (Merity et al. 2018, "Regularizing and
        optimizing LSTM language models"). Units of "mingru" and "lru" have none: they do not see each other.
    truncation : int or None, default=None
        Steps that gradients reach back at most; the state is carried on. None for all. Not for bidirectional
        networks.
    timescale : int or "auto", default="auto"
        Steps that the gates of "lstm", "gru" and "mingru", and the units of "lru", remember at the start:
        each unit 1 to that many. "auto" is the length of the longest training sequence, or `truncation` if
        that is less. A few steps suit long texts, in which most of what matters is near.
    """

    cell: str = "lstm"
    _: KW_ONLY
    bidirectional: bool = False
    activation: str = "tanh"
    embedding_size: int | str = "auto"
    recurrent_dropout: float = 0.0
    truncation: int | None = None
    timescale: int | str = "auto"

    def to_torch_state_dict(self) -> dict[str, Array]:
        """Return the weights as arrays in PyTorch's layout, for ``rnn``, ``readout`` and ``embedding``."""
        network, flat = self._network()
        scaling = None if network.architecture.symbols else (self.input_mean_, self.input_scale_)
        return torch_state_dict(network, flat, scaling)

    def _reads_forwards(self) -> bool:
        network = getattr(self, "architecture_", None)  # of a fitted network its parameters say nothing
        return not (self.bidirectional if network is None else network["bidirectional"])

    def _check_parameters(self) -> None:
        check_parameters(self)
        among("cell", self.cell, CELLS)
        among("activation", self.activation, ACTIVATIONS)
        if self.activation not in CELLS[self.cell].activations:
            raise ValueError(
                f"cell={self.cell!r} takes activation {CELLS[self.cell].activations}, got {self.activation!r}"
            )
        number("recurrent_dropout", self.recurrent_dropout, 0.0, 1.0)
        if self.recurrent_dropout and "recurrent" not in CELLS[self.cell].shapes(Size(1, 1)):
            raise ValueError(
                f"cell={self.cell!r} has no weights between its units to drop: expected recurrent_dropout=0, "
                f"got {self.recurrent_dropout!r}"
            )
        check_layers(self)
        check_training(self)
        for name, word in {"embedding_size": "auto", "truncation": None, "timescale": "auto"}.items():
            if getattr(self, name) != word:
                at_least_one(name, getattr(self, name), (word,))
        if self.truncation is not None and self.bidirectional:
            raise ValueError("truncation needs a network that reads forwards only, got bidirectional=True")

    def _architecture(self, n_outputs: int, link: str, pooling: str, longest: int) -> Record:
        symbols = self.kind_ == "symbols"
        n_inputs = len(self.symbols_) if symbols else self.n_channels_
        embedding = 0
        if symbols and self.embedding_size != "auto":
            embedding = int(self.embedding_size)
        elif symbols and n_inputs > self.hidden_size:
            embedding = int(self.hidden_size)
        return Architecture(
            cell=self.cell,
            activation=self.activation,
            hidden_size=int(self.hidden_size),
            n_layers=int(self.n_layers),
            bidirectional=bool(self.bidirectional),
            symbols=symbols,
            n_inputs=n_inputs,
            embedding_size=embedding,
            n_outputs=n_outputs,
            pooling=pooling,
            link=link,
            skip=not symbols and bool(getattr(self, "skip", False)),
        ).to_dict()

    def _made_of(self, architecture: Record, *, reuse: bool = False) -> Network:
        return Network(Architecture(**architecture), reuse=reuse)

    def _network(self) -> tuple[Network, Array]:
        check_is_fitted(self, "weights_")
        return self._made_of(self.architecture_, reuse=True), ordinary(self.weights_)

    def _rate(self) -> float:
        return slower(CELLS[self.cell].learning_rate, self.hidden_size)

    def _memory_span(self, longest: int) -> int:
        # gates that remember for longer than gradients reach could not learn when to forget
        reach = min(longest, self.truncation or sys.maxsize)
        return reach if isinstance(self.timescale, str) else self.timescale

    def _cut(self) -> tuple[int | None, tuple[float, float]]:
        return self.truncation, (float(self.dropout), float(self.recurrent_dropout))
