"""What a network of attention is made of."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from seqcompare.typing import Record


@dataclass(frozen=True)
class AttentionArchitecture:
    """What a network of attention is made of, in plain values.

    Parameters
    ----------
    hidden_size, n_layers, n_heads : int
        Numbers that stand for a step, layers, and heads of attention in each.
    context : int
        Steps that a head reaches back, the present one included.
    causal : bool
        Whether no step sees later ones; else as many of them.
    symbols : bool
        Whether the steps are symbols.
    n_inputs : int
        Known symbols, or channels of a real-valued step.
    n_outputs : int
        Numbers in an answer.
    pooling : {"none", "last", "mean", "attention"}
        How the steps of a sequence become one answer; "none" answers at every step.
    link : {"softmax", "sigmoid", "identity"}
        What turns the outputs into the answer.
    """

    hidden_size: int
    n_layers: int
    n_heads: int
    context: int
    causal: bool
    symbols: bool
    n_inputs: int
    n_outputs: int
    pooling: str
    link: str

    skip = False

    def to_dict(self) -> Record:
        """Return the plain values by name."""
        return asdict(self)
