"""What a network is made of."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from seqcompare.typing import Record


@dataclass(frozen=True)
class Architecture:
    """What a network is made of, in plain values.

    Parameters
    ----------
    cell, activation : str
        Keys of `CELLS` and of ``ACTIVATIONS``.
    hidden_size, n_layers : int
        Units a layer and direction, and layers.
    bidirectional : bool
        Whether each layer also reads the sequences backwards.
    symbols : bool
        Whether the steps are symbols.
    n_inputs : int
        Known symbols, or channels of a real-valued step.
    embedding_size : int
        Numbers a symbol is embedded in; 0 if symbols index the input weights themselves.
    n_outputs : int
        Numbers in an answer.
    pooling : {"none", "last", "mean", "attention"}
        How the steps of a sequence become one answer; "none" answers at every step.
    link : {"softmax", "sigmoid", "identity", "gaussian", "mixture", "poisson"}
        What turns the outputs into the answer; `jordan` feeds its result back (densities: the outputs).
    skip : bool, default=False
        Whether real-valued steps also go to the outputs directly, past all layers.
    """

    cell: str
    activation: str
    hidden_size: int
    n_layers: int
    bidirectional: bool
    symbols: bool
    n_inputs: int
    embedding_size: int
    n_outputs: int
    pooling: str
    link: str
    skip: bool = False

    def to_dict(self) -> Record:
        """Return the plain values by name."""
        return asdict(self)
