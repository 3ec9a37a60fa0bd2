"""What steps are, however they are held: values, codes, channels, and what is missing."""

from __future__ import annotations

from weakref import ref

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.columns import Columns, Plain, Steps
from seqcompare.data.schema import Schema, StepKind
from seqcompare.data.symbols import Coded, Codes, code_type, encode, find_symbols
from seqcompare.typing import Values

# decoded symbols are kept up to so many bytes; of more, what is in use is shared and nothing else is kept
_KEPT = 2**24


class Held:
    """Steps end to end: the half of `Sequences` that does not know where one begins.

    Parameters
    ----------
    steps : Plain, Coded or Columns
        What the steps hold.
    schema : tuple of Channel, optional
        Names and kinds of their channels, known to fit.
    """

    def __init__(self, steps: Steps, schema: Schema | None = None) -> None:
        self._steps = steps
        self._schema = schema
        self._decoded: Values | ref[Values] | None = None

    @property
    def values(self) -> Values:
        """All steps, shape (n_steps,) or (n_steps, d); a structured array where channels are mixed.

        Words are decoded from their codes when asked for; many are not kept. None is a missing symbol.
        """
        if isinstance(self._steps, Plain):
            return self._steps.array
        kept = self._decoded() if isinstance(self._decoded, ref) else self._decoded
        if kept is None:
            kept = self._steps.decode()
            kept.flags.writeable = False
            self._decoded = kept if kept.nbytes <= _KEPT else ref(kept)
        return kept

    @property
    def kind(self) -> StepKind:
        """``"real"`` for numbers, ``"symbols"``, or ``"mixed"`` for channels of which some hold symbols."""
        return self._steps.kind

    @property
    def schema(self) -> Schema:
        """Names and kinds of the channels."""
        return self._schema or self._steps.schema

    @property
    def alphabet(self) -> Values:
        """The symbols that `codes` refer to, sorted; some of them may not occur here."""
        return self._coded().alphabet

    @property
    def codes(self) -> Codes:
        """Each step's place in `alphabet`, ``len(alphabet)`` where it is missing, shape (n_steps,)."""
        return self._coded().codes

    def codes_in(self, symbols: Values) -> Codes:
        """Return each step's place in other sorted `symbols`; unknown and missing ones get their number."""
        if isinstance(self._steps, Plain) and self.kind == "symbols":
            return encode(self._steps.array, symbols).astype(code_type(len(symbols)))
        return self._coded().codes_in(symbols)

    def present(self) -> Values:
        """Return the symbols that occur, sorted."""
        steps = self._steps
        return find_symbols(steps.array) if isinstance(steps, Plain) else self._coded().present()

    @property
    def missing(self) -> NDArray[np.bool_]:
        """Which values are missing, shape (n_steps, n_channels)."""
        return self._steps.missing

    @property
    def has_missing(self) -> bool:
        """Whether any value is missing."""
        return self._steps.has_missing

    @property
    def n_channels(self) -> int:
        """Values in a step; 1 for symbols."""
        return self._steps.n_channels

    @property
    def channels(self) -> Values:
        """`values` with channels always on a second axis, shape (n_steps, d).

        Raises
        ------
        ValueError
            If channels are mixed: these have no common matrix.
        """
        if isinstance(self._steps, Columns):
            raise ValueError("mixed channels have no common matrix: take one of them by its name (column)")
        return self.values.reshape(len(self._steps), self.n_channels)

    def _channel(self, i: int) -> Steps:
        """Return one of several channels."""
        if not isinstance(self._steps, Columns):
            return Plain(self.channels[:, i])
        column = self._steps.columns[i]
        return column if isinstance(column, Coded) else Plain(column)

    def _coded(self) -> Coded:
        if isinstance(self._steps, Coded):
            return self._steps
        if self.kind != "symbols":
            raise ValueError(f"{self.kind} sequences have no alphabet: their steps are not one symbol each")
        return Coded.of(self.values)

    def __getstate__(self) -> dict[str, object]:
        # what can be decoded again is not stored
        return {**vars(self), "_decoded": None}
