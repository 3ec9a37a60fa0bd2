"""How steps come into a graph: codes of symbols, or numbers."""

from __future__ import annotations

from typing import Any, NamedTuple

from seqcompare.models.export.graph import Graph


class Steps(NamedTuple):
    """The input of a graph.

    Attributes
    ----------
    name : str
        "codes", shape (n, T), or "steps", shape (n, T, d).
    read : str
        The same as it is worked with: codes with one for all that is no symbol, or numbers.
    n_symbols, n_channels : int
        Of symbols their number, and 0; of numbers 0, and the channels.
    """

    name: str
    read: str
    n_symbols: int
    n_channels: int

    @property
    def given(self) -> tuple[str, str, list[Any]]:
        """Name, type and shape of the input; the type of numbers is left to the graph."""
        if self.n_symbols:
            return self.name, "int64", ["n", "T"]
        return self.name, "", ["n", "T", self.n_channels]


def steps_of(graph: Graph, n_symbols: int, n_channels: int) -> Steps:
    """Return the input; every code that is none of the symbols becomes `n_symbols`."""
    if not n_symbols:
        return Steps("steps", "steps", 0, n_channels)
    size = graph.constant(n_symbols)
    strange = graph.op("Or", graph.op("Less", "codes", graph.constant(0)), graph.op("Less", size, "codes"))
    return Steps("codes", graph.op("Where", strange, size, "codes"), n_symbols, 0)


def shifted(graph: Graph, steps: Steps, n_before: int, n_after: int = 0) -> list[str]:
    """Return the steps at each tap of a window, the earliest first, each (n, T) or (n, T, d).

    Before and after a sequence stand zeros, or the code behind that of what is no symbol.
    """
    length = graph.length(steps.read, 1)
    pads = [0, n_before, 0, n_after] if steps.n_symbols else [0, n_before, 0, 0, n_after, 0]
    value = graph.constant(steps.n_symbols + 1 if steps.n_symbols else 0.0)
    line = graph.op("Pad", steps.read, graph.constant(pads), value)
    taps = []
    for tap in range(n_before + 1 + n_after):
        start = graph.constant([tap])
        taps.append(graph.op("Slice", line, start, graph.op("Add", start, length), graph.constant([1])))
    return taps
