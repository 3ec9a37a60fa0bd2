"""Layers of recurrent cells over a pack: their weights, the way forward and the way back."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from seqcompare.models.recurrent.architecture import Architecture
from seqcompare.models.recurrent.cell import Advance, Backward, Cell, How, Inputs, Size, State, Trace, Weights
from seqcompare.models.recurrent.cells import CELLS
from seqcompare.models.recurrent.flat import FlatNetwork, Noise, kept
from seqcompare.models.recurrent.jordan import SOFTMAX
from seqcompare.models.recurrent.kernels import ACTIVATIONS, IDENTITY, SIGMOID, TANH, add_rows
from seqcompare.models.recurrent.packing import ONE, Pack
from seqcompare.typing import Array

LINKS = {"softmax": SOFTMAX, "sigmoid": SIGMOID, "identity": IDENTITY}
LINKS |= dict.fromkeys(("gaussian", "mixture", "poisson"), IDENTITY)
DIRECTIONS = ("forward", "backward")
# a layer's inputs go beside its state if they are at most this share of the gates' columns: that saves 3% to
# 20% of the time in batches, since no table of all steps has to be written and read, and costs 5% for one
# sequence with as many inputs as hidden units
_BESIDE = 1 / 4


class Layer(NamedTuple):
    """What one layer did: its input rows, their dropout mask, and each direction's pass and weights."""

    rows: Array | None
    mask: Array | None
    traces: list[Trace]
    weights: list[Weights]
    recurrent_masks: list[Array | None]


class Pass(NamedTuple):
    """What the network did on the way forward.

    Attributes
    ----------
    output : the last layer's, shape (N, width)
    final : the state after each sequence's last step, one a layer and direction
    layers : what each layer did
    mask : the dropout mask of the output
    """

    output: Array
    final: list[State]
    layers: list[Layer]
    mask: Array | None


class Network(FlatNetwork):
    """A stack of recurrent layers, as functions of a flat vector of weights.

    Parameters
    ----------
    architecture : Architecture
        What it is made of.
    reuse : bool, default=False
        Whether every pass writes to the same memory, so that it spoils the arrays of the one before.
    """

    def __init__(self, architecture: Architecture, *, reuse: bool = False) -> None:
        self.architecture = a = architecture
        self.cell = CELLS[a.cell]
        self.directions = DIRECTIONS if a.bidirectional else DIRECTIONS[:1]
        self.own_outputs = a.cell == "jordan"
        self.whole = a.bidirectional  # the way back starts at the end
        super().__init__(self._shapes(), reuse=reuse)

    def size(self, layer: int) -> Size:
        """Return the sizes of a layer."""
        a = self.architecture
        if not self.own_outputs:
            return Size(a.hidden_size, 0)
        return Size(a.hidden_size, a.n_outputs if layer == a.n_layers - 1 else a.hidden_size)

    def width(self, layer: int) -> int:
        """Return how many numbers a step of a layer passes on, all directions together."""
        size = self.size(layer)
        return len(self.directions) * (size.outputs if self.own_outputs else size.hidden)

    def _shapes(self) -> dict[str, tuple[int, ...]]:
        a = self.architecture
        shapes: dict[str, tuple[int, ...]] = {}
        if a.embedding_size:
            shapes["embedding"] = (a.n_inputs, a.embedding_size)
        for layer in range(a.n_layers):
            size = self.size(layer)
            n_gates = len(self.cell.gates) * size.hidden
            below = self.width(layer - 1) if layer else a.embedding_size or a.n_inputs
            for direction in self.directions:
                shapes[f"layer{layer}.{direction}.input"] = (below, n_gates)
                shapes[f"layer{layer}.{direction}.bias"] = (n_gates,)
                for name, shape in self.cell.shapes(size).items():
                    shapes[f"layer{layer}.{direction}.{name}"] = shape
        top = self.width(a.n_layers - 1)
        if a.pooling == "attention":
            shapes["attention.weight"] = (top, a.hidden_size)
            shapes["attention.bias"] = (a.hidden_size,)
            shapes["attention.vector"] = (a.hidden_size,)
        if not self.own_outputs:
            shapes["readout.weight"] = (top, a.n_outputs)
            shapes["readout.bias"] = (a.n_outputs,)
        if a.skip:
            shapes["readout.skip"] = (a.n_inputs, a.n_outputs)
        return shapes

    def initial(self, rng: np.random.Generator, longest: int, dtype: DTypeLike) -> Array:
        """Return weights to start from, for sequences of up to `longest` steps.

        Orthogonal as in Saxe et al. (2014), "Exact solutions to the nonlinear dynamics of learning"; input
        weights as in Glorot and Bengio (2010); biases as each cell says.
        """
        flat = np.zeros(self.n_parameters)
        for name, w in self.views(flat).items():
            part = name.rsplit(".", 1)[-1]
            if part == "embedding":
                w[:] = rng.standard_normal(w.shape)
            elif part == "recurrent":
                n_blocks = max(1, w.shape[1] // self.architecture.hidden_size)
                for block in np.split(w, n_blocks, axis=1):
                    block[:] = _orthogonal(rng, *block.shape)
            elif part == "bias" and name.startswith("layer"):
                layer = int(name.split(".")[0].removeprefix("layer"))
                w[:] = self.cell.biases(self.size(layer), rng, longest)
            elif part == "vector":
                w[:] = rng.standard_normal(w.shape) / np.sqrt(len(w))
            elif w.ndim == 2 and part != "skip":
                gates = len(self.cell.gates) if part == "input" else 1
                limit = np.sqrt(6.0 / (w.shape[0] + w.shape[1] / gates))
                w[:] = rng.uniform(-limit, limit, w.shape)
        if self.cell.start is not None:
            views = self.views(flat)
            for layer in range(self.architecture.n_layers):
                for direction in self.directions:
                    for name, start in self.cell.start(self.size(layer), rng, longest).items():
                        views[f"layer{layer}.{direction}.{name}"][:] = start
        return flat.astype(dtype)

    def start(self, n_sequences: int, dtype: DTypeLike) -> list[State]:
        """Return the state before the first step: zeros, one tuple a layer and direction."""
        return [
            tuple(np.zeros((n_sequences, width), dtype) for width in self.cell.state_shapes(self.size(layer)))
            for layer in range(self.architecture.n_layers)
            for _ in self.directions
        ]

    def run(
        self,
        weights: Weights,
        x: Array,
        pack: Pack,
        state: list[State] | None = None,
        noise: Noise | None = None,
        *,
        keep: bool = True,
    ) -> Pass:
        """Run all layers over a pack.

        Parameters
        ----------
        weights : dict of ndarray
            As from `views`.
        x : ndarray of int64, shape (N,), or of floats, shape (N, n_inputs)
            The pack's steps; a code of ``n_inputs`` is an unknown symbol, which adds nothing.
        pack : Pack
            Where they lie.
        state : list of tuple of ndarray, optional
            What to start from; by default `start`.
        noise : Noise, optional
            Dropout, in training.
        keep : bool, default=True
            Whether `unrun` will follow.
        """
        a = self.architecture
        dtype = next(iter(weights.values())).dtype
        state = self.start(len(pack.lengths), dtype) if state is None else state
        layers: list[Layer] = []
        output = x
        for layer in range(a.n_layers):
            rows = self._rows(weights, output, layer)
            mask = None if noise is None else _mask(noise, noise.dropout, rows, a.n_inputs, dtype)
            traces, taken, recurrent_masks = [], [], []
            for k, direction in enumerate(self.directions):
                own = self._own(weights, layer, direction)
                drop = None
                if noise is not None and noise.recurrent:
                    drop = kept(noise.rng, noise.recurrent, own["recurrent"])
                if drop is not None:
                    own["recurrent"] = own["recurrent"] * drop
                index = self._index(x, pack, layer, direction)
                inputs = self._enter(own, rows, mask, index, layer, direction)
                first = state[layer * len(self.directions) + k]
                traces.append(
                    self.cell.forward(own, inputs, pack, first, self._how(layer, direction, dtype, keep=keep))
                )
                taken.append(own)
                recurrent_masks.append(drop)
            layers.append(Layer(rows, mask, traces, taken, recurrent_masks))
            output = traces[0].output
            if len(traces) == 2:
                output = np.concatenate([output, traces[1].output[pack.flip]], axis=1)
        mask = None
        if noise is not None and not self.own_outputs:
            mask = kept(noise.rng, noise.dropout, output)
            output = output if mask is None else output * mask
        return Pass(output, [t.final for layer_ in layers for t in layer_.traces], layers, mask)

    def ready(self, weights: Weights) -> list[tuple[Advance, Weights, Inputs | None]]:
        """Return what runs each layer, its weights, and what symbols add to the first one's gates."""
        dtype = next(iter(weights.values())).dtype
        layers: list[tuple[Advance, Weights, Inputs | None]] = []
        for layer in range(self.architecture.n_layers):
            own = self._own(weights, layer, "forward")
            inputs = None
            if layer == 0 and self.architecture.symbols:
                rows = self._rows(weights, np.empty(0), layer)
                inputs = self._enter(own, rows, None, np.zeros(1, dtype=np.int64), layer, "forward")
            how = self._how(layer, "forward", dtype, keep=False)
            run = partial(_run_one, self.cell, own, how)
            layers.append((self.cell.advance(own, how) if self.cell.advance else run, own, inputs))
        return layers

    def step(
        self, weights: Weights, x: Array, state: list[State] | None, ready: Any
    ) -> tuple[Array, list[State]]:
        """Run over one step of one sequence that is read forwards, without what only many steps need."""
        state = self.start(1, next(iter(weights.values())).dtype) if state is None else state
        output, states = x, []
        for (advance, own, inputs), held in zip(ready, state, strict=True):
            if inputs is None:
                output, *held = advance(output @ own["input"], own["bias"], ONE.source, *held)
            else:
                output, *held = advance(inputs.table, inputs.bias, x, *held)
            states.append(tuple(held))
        return output, states

    def unrun(
        self,
        weights: Weights,
        x: Array,
        pack: Pack,
        done: Pass,
        d_output: Array,
        gradient: Weights,
        d_final: list[State] | None = None,
    ) -> list[State]:
        """Carry the loss's gradient back through a pass.

        Parameters
        ----------
        weights, x, pack : as in `run`
        done : Pass
            What `run` returned; its arrays are used up.
        d_output : ndarray, shape (N, width)
            The gradient with respect to the output.
        gradient : dict of ndarray
            As from `views`; the gradients of the weights are added to it.
        d_final : list of tuple of ndarray, optional
            The gradient with respect to the final states; by default zero.

        Returns
        -------
        list of tuple of ndarray
            The gradient with respect to the initial state.
        """
        a = self.architecture
        if d_final is None:
            d_final = self.start(len(pack.lengths), d_output.dtype)
        d_start: list[State] = []
        d_rows: Array | None = d_output if done.mask is None else d_output * done.mask
        for layer in range(a.n_layers - 1, -1, -1):
            did = done.layers[layer]
            assert d_rows is not None  # only the lowest layer of symbols passes nothing down
            d_output, d_rows, width = d_rows, None, self.width(layer) // len(self.directions)
            for k in range(len(self.directions) - 1, -1, -1):
                direction = self.directions[k]
                share = d_output[:, k * width : (k + 1) * width]
                share = np.ascontiguousarray(share) if k == 0 else share[pack.flip]
                last = d_final[layer * len(self.directions) + k]
                back = self.cell.backward(
                    did.weights[k], did.traces[k], pack, share, last, self._how(layer, direction, share.dtype)
                )
                d_start.insert(0, back.initial)
                index = self._index(x, pack, layer, direction)
                part = self._collect(gradient, did, back, index, layer, k)
                d_rows = part if d_rows is None or part is None else d_rows + part
        if a.embedding_size:
            gradient["embedding"] += d_rows
        return d_start

    def _how(self, layer: int, direction: str, dtype: DTypeLike, *, keep: bool = True) -> How:
        a = self.architecture
        link = LINKS[a.link] if layer == a.n_layers - 1 else TANH
        place = f"layer{layer}.{direction}."
        return How(
            ACTIVATIONS[a.activation], link, lambda name, shape: self.take(place + name, shape, dtype), keep
        )

    def _own(self, weights: Weights, layer: int, direction: str) -> Weights:
        prefix = f"layer{layer}.{direction}."
        return {
            name: weights[prefix + name] for name in ("input", "bias", *self.cell.shapes(self.size(layer)))
        }

    def _enter(
        self,
        own: Weights,
        rows: Array | None,
        mask: Array | None,
        index: NDArray[np.int64],
        layer: int,
        direction: str,
    ) -> Inputs:
        """Return what each row of the layer's input adds to the gates; the last symbol is the unknown one."""
        W = own["input"]
        symbols = layer == 0 and self.architecture.symbols
        if self.cell.beside and rows is not None and not symbols and len(W) <= _BESIDE * W.shape[1]:
            beside = rows if mask is None else rows * mask
            beside = beside if direction == "forward" else beside[index]
            nothing = np.empty((0, W.shape[1]), W.dtype)
            return Inputs(nothing, own["bias"], index, beside)
        known = self.architecture.n_inputs if rows is None else len(rows)
        table = self.take(f"layer{layer}.{direction}.table", (known + symbols, W.shape[1]), W.dtype)
        if rows is None:
            table[:known] = W if mask is None else W * mask
        else:
            np.matmul(rows if mask is None else rows * mask, W, out=table[:known])
        table[known:] = 0
        return Inputs(table, own["bias"], index, None)

    def _rows(self, weights: Weights, below: Array, layer: int) -> Array | None:
        """Return what multiplies the input weights; None stands for the identity (one-hot symbols)."""
        a = self.architecture
        if layer or not a.symbols:
            return below
        return weights["embedding"] if a.embedding_size else None

    def _index(self, x: Array, pack: Pack, layer: int, direction: str) -> NDArray[np.int64]:
        if layer == 0 and self.architecture.symbols:
            return x if direction == "forward" else x[pack.flip]
        return np.arange(pack.n_rows) if direction == "forward" else pack.flip

    def _collect(
        self, gradient: Weights, did: Layer, back: Backward, index: NDArray[np.int64], layer: int, k: int
    ) -> Array | None:
        """Add one direction's gradients to `gradient`; return those of the layer's input rows."""
        a, prefix = self.architecture, f"layer{layer}.{self.directions[k]}."
        drop, beside = did.recurrent_masks[k], "input" in back.weights
        for name, d in back.weights.items():
            gradient[prefix + name] += d * drop if name == "recurrent" and drop is not None else d
        if layer == 0 and a.symbols:
            d_table = np.zeros((a.n_inputs + 1, back.inputs.shape[1]), back.inputs.dtype)
            add_rows(back.inputs, index, d_table)
            gradient[prefix + "bias"] += np.ones(len(d_table), d_table.dtype) @ d_table
            d_table = d_table[:-1]
        else:
            d_table = back.inputs if k == 0 else back.inputs[index]
            if not beside:
                gradient[prefix + "bias"] += np.ones(len(d_table), d_table.dtype) @ d_table
        if did.rows is None:
            gradient[prefix + "input"] += d_table if did.mask is None else d_table * did.mask
            return None
        if not beside:
            rows = did.rows if did.mask is None else did.rows * did.mask
            gradient[prefix + "input"] += rows.T @ d_table
        if layer == 0 and not a.embedding_size:
            return None
        d_rows = d_table @ did.weights[k]["input"].T
        return d_rows if did.mask is None else d_rows * did.mask


def _orthogonal(rng: np.random.Generator, n_rows: int, n_columns: int) -> Array:
    """Return a matrix with orthonormal rows or columns, whichever are fewer."""
    q, r = np.linalg.qr(rng.standard_normal((max(n_rows, n_columns), min(n_rows, n_columns))))
    q = q * np.sign(np.diag(r))
    return q if n_rows >= n_columns else q.T


def _mask(noise: Noise, rate: float, rows: Array | None, n_symbols: int, dtype: DTypeLike) -> Array | None:
    like = np.empty((n_symbols, 1), dtype) if rows is None else rows
    return kept(noise.rng, rate, like)


def _run_one(
    cell: Cell, own: Weights, how: How, table: Array, bias: Array, source: Array, *state: Array
) -> tuple[Array, ...]:
    """Run one step of one sequence as whole ones are run, for cells that have no way of their own."""
    trace = cell.forward(own, Inputs(table, bias, source, None), ONE, state, how)
    return trace.output, *trace.final
