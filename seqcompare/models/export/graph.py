"""An ONNX graph, written down operator by operator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from onnx import NodeProto, TensorProto, helper, numpy_helper

from seqcompare.typing import Array

#: What the operators in use are defined by: since ONNX 1.10, of 2021.
OPSET = 15
#: The same of operators for trees and support vectors.
ML_OPSET = 3
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

    def unsqueezed(self, x: str, axis: int) -> str:
        """Return `x` with one axis more, of size 1."""
        return self.op("Unsqueeze", x, self.constant([axis]))

    def places(self, x: str) -> str:
        """Return 0, 1, ... for the steps of `x`, of shape (n, T, ...)."""
        n = self.op("Squeeze", self.length(x, 1))
        return self.op("Range", self.constant(0), n, self.constant(1))

    def add(self, other: Any, given: str, wanted: str) -> str:
        """Add the nodes of another graph, read from `given`; return the name of what it calls `wanted`."""
        names = {other.input[0].name: given, "": ""}
        for constant in other.initializer:
            names[constant.name] = self.name()
            self.constants.append(TensorProto())
            self.constants[-1].CopyFrom(constant)
            self.constants[-1].name = names[constant.name]
        for node in other.node:
            names |= {name: names.get(name) or self.name() for name in node.output}
        for node in other.node:
            copy = NodeProto()
            copy.CopyFrom(node)
            copy.name = self.name()
            copy.input[:] = [names[name] for name in node.input]
            copy.output[:] = [names[name] for name in node.output]
            self.nodes.append(copy)
        return names[wanted]

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
        opsets = [helper.make_opsetid("", OPSET)]
        if any(node.domain for node in self.nodes):
            opsets.append(helper.make_opsetid("ai.onnx.ml", ML_OPSET))
        made = helper.make_model(graph, opset_imports=opsets, ir_version=8)
        helper.set_model_props(made, metadata)
        onnx.checker.check_model(made, full_check=True)
        return made
