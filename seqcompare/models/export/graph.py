"""An ONNX graph, written down operator by operator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from seqcompare.typing import Array

#: What the operators in use are defined by: since ONNX 1.10, of 2021.
OPSET = 15
_TYPES = {"float32": TensorProto.FLOAT, "float64": TensorProto.DOUBLE, "int64": TensorProto.INT64}


class Graph:
    """Nodes and constants, of which each new node gets a name of its own.

    Parameters
    ----------
    dtype : dtype
        The floating type of all that is computed.
    """

    def __init__(self, dtype: Any) -> None:
        self.dtype = np.dtype(dtype)
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self._count = 0

    def name(self) -> str:
        """Return a name that nothing has yet."""
        self._count += 1
        return f"v{self._count}"

    def constant(self, value: Any) -> str:
        """Return the name of an array; floats get the graph's type."""
        array = np.asarray(value)
        array = array.astype(self.dtype if array.dtype.kind == "f" else np.int64)
        name = self.name()
        self.constants.append(numpy_helper.from_array(np.array(array, order="C"), name))
        return name

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Add a node; return the name of what it gives."""
        out = self.name()
        # runtimes name what they make of nodes after these
        self.nodes.append(helper.make_node(kind, list(inputs), [out], name=f"n{out}", **attributes))
        return out

    def cast(self, x: str, dtype: Any = None) -> str:
        """Return `x` as numbers of a type, by default the graph's."""
        return self.op("Cast", x, to=_TYPES[np.dtype(dtype or self.dtype).name])

    def length(self, x: str, axis: int) -> str:
        """Return the size of an axis, shape (1,)."""
        return self.op("Gather", self.op("Shape", x), self.constant([axis]), axis=0)

    def sum(self, x: str, axis: int) -> str:
        """Return the sum along an axis, which stays with size 1."""
        return self.op("ReduceSum", x, self.constant([axis]), keepdims=1)

    def linear(self, x: str, W: Array, b: Array | None = None) -> str:
        """Return x W + b."""
        product = self.op("MatMul", x, self.constant(W))
        return product if b is None else self.op("Add", product, self.constant(b))

    def columns(self, x: str, start: int, stop: int) -> str:
        """Return some columns of the last axis."""
        return self.op("Slice", x, self.constant([start]), self.constant([stop]), self.constant([-1]))

    def scan(
        self,
        step: Callable[[list[str], list[str]], tuple[list[str], list[str]]],
        starts: Sequence[Array],
        inputs: Sequence[tuple[str, int]],
        *,
        n_outputs: int,
        backwards: bool = False,
    ) -> list[str]:
        """Run a recursion over time, axis 1 of arrays of shape (n, T, width).

        Parameters
        ----------
        step : callable (names of states, names of inputs) -> (names of states, names of outputs)
            Adds the nodes of one step; what it names of this graph may be constants and earlier results.
        starts : sequence of ndarray of shape (width,)
            The states before the first step.
        inputs : sequence of (str, int)
            What is read, and its width.
        n_outputs : int
            Width of the one output a step.
        backwards : bool
            Whether it starts at the end.

        Returns
        -------
        list of str
            The output, shape (n, T, n_outputs).
        """
        assert n_outputs > 0
        n = self.length(inputs[0][0], 0)
        first = [
            self.op(
                "Expand", self.constant(start[np.newaxis]), self.op("Concat", n, self.constant([1]), axis=0)
            )
            for start in starts
        ]
        kind = _TYPES[self.dtype.name]
        states_in, read = [self.name() for _ in starts], [self.name() for _ in inputs]
        outer, self.nodes = self.nodes, []
        states_out, outputs = step(states_in, read)
        # what passes on unchanged needs a node of its own
        ends = [self.op("Identity", name) for name in (*states_out, *outputs)]
        body, self.nodes = self.nodes, outer
        widths = [len(start) for start in starts]
        ins = [(name, width) for name, width in zip(states_in, widths, strict=True)]
        ins += [(name, width) for name, (_, width) in zip(read, inputs, strict=True)]
        outs = list(zip(ends, [*widths, n_outputs], strict=True))
        graph = helper.make_graph(
            body,
            self.name(),
            [helper.make_tensor_value_info(name, kind, [None, width]) for name, width in ins],
            [helper.make_tensor_value_info(name, kind, [None, width]) for name, width in outs],
        )
        names = [self.name() for _ in outs]
        direction = [int(backwards)]
        self.nodes.append(
            helper.make_node(
                "Scan",
                [*first, *(name for name, _ in inputs)],
                names,
                name=f"n{names[0]}",
                body=graph,
                num_scan_inputs=len(inputs),
                scan_input_axes=[1] * len(inputs),
                scan_output_axes=[1],
                scan_input_directions=direction * len(inputs),
                scan_output_directions=direction,
            )
        )
        return names[len(starts) :]

    def model(
        self,
        given: tuple[str, Any, list[Any]],
        answers: Sequence[tuple[str, str, list[Any]]],
        metadata: dict[str, str],
    ) -> Any:
        """Return the whole as a model, checked.

        Parameters
        ----------
        given : (name, dtype, shape)
            The input.
        answers : sequence of (name, result, shape)
            What is answered: what it is called, and what in this graph it is.
        metadata : dict of str to str
            What is said of it.
        """
        import onnx

        for name, result, _ in answers:
            self.nodes.append(helper.make_node("Identity", [result], [name], name=f"answer {name}"))
        name, dtype, shape = given
        kind = _TYPES[self.dtype.name]
        graph = helper.make_graph(
            self.nodes,
            "seqcompare",
            [helper.make_tensor_value_info(name, _TYPES[np.dtype(dtype).name], shape)],
            [helper.make_tensor_value_info(called, kind, form) for called, _, form in answers],
            self.constants,
        )
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
        helper.set_model_props(made, metadata)
        onnx.checker.check_model(made, full_check=True)
        return made
