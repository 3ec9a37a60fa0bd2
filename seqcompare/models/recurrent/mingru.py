"""The GRU whose gate sees the input alone, which makes it linear in its state.

Feng et al. (2024), "Were RNNs all we needed?". Their equations h = (1 - z) h + z n are written here as those
of the GRU are, with the gate that keeps in the place of theirs.

Arrays of the kernels beside those that all cells share (see `kernels`):

=====  ========  ======================================================================
gates  (N, 2 H)  z, n; on the way back they become their gradients before the squashing
=====  ========  ======================================================================
"""

from __future__ import annotations

from functools import partial

import numpy as np

from seqcompare.models.recurrent.cell import (
    Backward,
    Cell,
    How,
    Inputs,
    Size,
    State,
    Trace,
    Weights,
    chrono,
    with_initial,
)
from seqcompare.models.recurrent.kernels import activate, compiled, deactivate, sigmoid
from seqcompare.models.recurrent.packing import Pack
from seqcompare.typing import Array, Ints, Reals


@compiled
def _forward(
    table: Reals,
    bias: Reals,
    index: Ints,
    offsets: Ints,
    h: Reals,
    gates: Reals,
    activation: int,
    keep: int,
) -> None:
    """Run z = σ(x + b); n = f(x + b); h = (1 - z) n + z h over all steps."""
    B, H = len(h) - len(index), h.shape[1]
    nothing = np.zeros(H, dtype=h.dtype)
    for t in range(len(offsets) - 1):
        first, steps = offsets[t], offsets[t + 1] - offsets[t]
        before = B + offsets[t - 1] if t > 0 else 0
        for b in range(steps):
            a, x = gates[keep * first + b], table[index[first + b]]
            z, n = a[:H], a[H:]
            for j in range(H):
                z[j] = sigmoid(x[j] + bias[j])
            activate(nothing, x[H:], bias[H:], activation, n)
            h_old, h_new = h[before + b], h[B + first + b]
            for j in range(H):
                h_new[j] = n[j] + z[j] * (h_old[j] - n[j])


@compiled
def _backward(d_output: Reals, offsets: Ints, h: Reals, gates: Reals, activation: int, dh: Reals) -> None:
    """Turn `gates` into the gradients before their squashing, and dh into that of the initial state."""
    B, H = dh.shape
    one = dh.dtype.type(1)
    d_n = np.empty(H, dtype=dh.dtype)
    for t in range(len(offsets) - 2, -1, -1):
        first, steps = offsets[t], offsets[t + 1] - offsets[t]
        before = B + offsets[t - 1] if t > 0 else 0
        for b in range(steps):
            a, h_old, out, dh_b = gates[first + b], h[before + b], d_output[first + b], dh[b]
            z, n = a[:H], a[H:]
            for j in range(H):
                d = dh_b[j] + out[j]
                dh_b[j] = d * z[j]
                d_n[j] = d - dh_b[j]
                z[j] = dh_b[j] * (one - z[j]) * (h_old[j] - n[j])
            deactivate(n, d_n, activation, n)


@compiled
def _step(activation: int, table: Reals, bias: Reals, source: Ints, h_old: Reals) -> tuple[Reals, Reals]:
    h, gates = np.empty((2, h_old.shape[1]), h_old.dtype), np.empty_like(bias)
    h[0] = h_old[0]
    _forward(table, bias, source, np.arange(2), h, gates.reshape((1, -1)), activation, 0)
    return h[1:], h[1:]


def _run(weights: Weights, inputs: Inputs, pack: Pack, state: State, how: How) -> Trace:
    B, H = state[0].shape
    h = with_initial(state[0], pack.n_rows, "h", how)
    gates = how.take("gates", (pack.n_rows if how.keep else B, 2 * H))
    _forward(*inputs[:3], pack.offsets, h, gates, how.activation, int(how.keep))
    return Trace(h[B:], (h[B + pack.last],), {"h": h, "gates": gates})


def _unrun(weights: Weights, trace: Trace, pack: Pack, d_output: Array, d_final: State, how: How) -> Backward:
    h, gates, dh = trace.cache["h"], trace.cache["gates"], d_final[0].copy()
    _backward(d_output, pack.offsets, h, gates, how.activation, dh)
    return Backward(gates, {}, (dh,))


def _biases(size: Size, rng: np.random.Generator, longest: int) -> Array:
    return np.concatenate([chrono(size.hidden, rng, longest), np.zeros(size.hidden)])


MINGRU = Cell(
    name="mingru",
    title="minGRU",
    gates=("update", "candidate"),
    states=("hidden",),
    activations=("tanh", "identity"),
    learning_rate=1e-2,
    shapes=lambda size: {},
    state_shapes=lambda size: (size.hidden,),
    biases=_biases,
    forward=_run,
    backward=_unrun,
    seconds=7e-7,
    advance=lambda weights, how: partial(_step, how.activation),
    layers=2,  # in one, no gate sees what is stored
)
