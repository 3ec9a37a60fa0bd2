"""The simple recurrent network: the hidden layer fed back (Elman 1990, "Finding structure in time").

Arrays of the kernels beside those that all cells share (see `kernels`):

==  ======  ========================
W           of depth H and H columns
dz  (N, H)  the gradient before f
==  ======  ========================
"""

from __future__ import annotations

from functools import partial

import numpy as np

from seqcompare.models.recurrent.cell import Backward, Cell, How, Inputs, State, Trace, Weights, with_initial
from seqcompare.models.recurrent.kernels import activate, compiled, deactivate, product, tiled
from seqcompare.models.recurrent.packing import Pack
from seqcompare.typing import Array, Ints, Reals


@compiled
def _forward(
    table: Reals, bias: Reals, index: Ints, offsets: Ints, W: Reals, h: Reals, activation: int
) -> None:
    """Run h = f(x + hW + bias) over all steps."""
    B, H = len(h) - len(index), h.shape[1]
    z = np.empty((B, H), dtype=h.dtype)
    for t in range(len(offsets) - 1):
        first, n = offsets[t], offsets[t + 1] - offsets[t]
        before = B + offsets[t - 1] if t > 0 else 0
        product(h[before : before + n], W, z[:n])
        for b in range(n):
            activate(z[b], table[index[first + b]], bias, activation, h[B + first + b])


@compiled
def _backward(
    d_output: Reals, offsets: Ints, W_t: Reals, h: Reals, activation: int, dz: Reals, dh: Reals
) -> None:
    """Write the gradients before f to `dz`, and turn dh into that of the initial state."""
    B = len(dh)
    for t in range(len(offsets) - 2, -1, -1):
        first, n = offsets[t], offsets[t + 1] - offsets[t]
        for b in range(n):
            dh_b, out = dh[b], d_output[first + b]
            for j in range(len(dh_b)):
                dh_b[j] += out[j]
            deactivate(h[B + first + b], dh_b, activation, dz[first + b])
        product(dz[first : first + n], W_t, dh[:n])


@compiled
def _step(
    W: Reals, activation: int, table: Reals, bias: Reals, source: Ints, h_old: Reals
) -> tuple[Reals, Reals]:
    h = np.empty((2, h_old.shape[1]), h_old.dtype)
    h[0] = h_old[0]
    _forward(table, bias, source, np.arange(2), W, h, activation)
    return h[1:], h[1:]


def _run(weights: Weights, inputs: Inputs, pack: Pack, state: State, how: How) -> Trace:
    B = len(state[0])
    h = with_initial(state[0], pack.n_rows, "h", how)
    _forward(*inputs[:3], pack.offsets, tiled(weights["recurrent"], B), h, how.activation)
    return Trace(h[B:], (h[B + pack.last],), {"h": h})


def _unrun(weights: Weights, trace: Trace, pack: Pack, d_output: Array, d_final: State, how: How) -> Backward:
    h, dh = trace.cache["h"], d_final[0].copy()
    dz = how.take("dz", trace.output.shape)
    W_t = tiled(weights["recurrent"].T, len(d_final[0]))
    _backward(d_output, pack.offsets, W_t, h, how.activation, dz, dh)
    return Backward(dz, {"recurrent": h[pack.previous].T @ dz}, (dh,))


ELMAN = Cell(
    name="elman",
    title="Elman",
    gates=("hidden",),
    states=("hidden",),
    activations=("tanh", "relu", "sigmoid", "identity"),
    learning_rate=3e-3,
    shapes=lambda size: {"recurrent": (size.hidden, size.hidden)},
    state_shapes=lambda size: (size.hidden,),
    biases=lambda size, rng, longest: np.zeros(size.hidden),
    forward=_run,
    backward=_unrun,
    storage="squashing",
    seconds=5e-7,
    advance=lambda weights, how: partial(_step, tiled(weights["recurrent"], 1), how.activation),
)
