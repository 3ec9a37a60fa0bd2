"""Jordan's network: the output units fed back through state units that fade.

Jordan (1986), "Serial order: a parallel distributed processing approach". In the last layer the output units
are the network's own answer; a layer below it has as many as hidden units.

Arrays of the kernels beside those that all cells share (see `kernels`):

======  ==========  ============================================================================
s       (B + N, P)  state units, the B initial rows first, for P outputs
U, U_t              from state units to hidden ones, of depth P; and back
V, V_t              from hidden units to outputs, of depth H; and back
v       (P,)        the outputs' bias
h       (N, H)      hidden units; they are no state here
o, y    (N, P)      outputs, and what is fed back of them, link(o)
dz      (N, H)      the gradient before f
do, ds              the gradients before the link, (N, P), and with respect to the state, (B, P)
======  ==========  ============================================================================
"""

from __future__ import annotations

from functools import partial

import numpy as np

from seqcompare.models.recurrent.cell import (
    Advance,
    Backward,
    Cell,
    How,
    Inputs,
    State,
    Trace,
    Weights,
    with_initial,
)
from seqcompare.models.recurrent.kernels import activate, compiled, deactivate, product, tiled
from seqcompare.models.recurrent.packing import Pack
from seqcompare.typing import Array, Ints, Reals

FADING = 0.5  # what a state unit keeps of itself at each step; Jordan's mu
SOFTMAX = 4  # a link beside the activations


@compiled
def _squash(o: Reals, zeros: Reals, link: int, y: Reals) -> None:
    if link != SOFTMAX:
        activate(o, zeros, zeros, link, y)
        return
    top, total = o.max(), o.dtype.type(0)
    for k in range(len(o)):
        y[k] = np.exp(o[k] - top)
        total += y[k]
    for k in range(len(o)):
        y[k] /= total


@compiled
def _unsquash(y: Reals, dy: Reals, link: int, do: Reals) -> None:
    if link != SOFTMAX:
        deactivate(y, dy, link, do)
        return
    mean = y.dtype.type(0)
    for k in range(len(y)):
        mean += y[k] * dy[k]
    for k in range(len(y)):
        do[k] = y[k] * (dy[k] - mean)


@compiled
def _forward(
    table: Reals,
    bias: Reals,
    index: Ints,
    offsets: Ints,
    U: Reals,
    V: Reals,
    v: Reals,
    s: Reals,
    h: Reals,
    o: Reals,
    y: Reals,
    activation: int,
    link: int,
) -> None:
    """Run h = f(x + sU + bias); o = hV + v; y = link(o); s = s/2 + y over all steps."""
    B, H = len(s) - len(index), h.shape[1]
    z = np.empty((B, H), dtype=h.dtype)
    fading, zeros = s.dtype.type(FADING), np.zeros_like(v)
    for t in range(len(offsets) - 1):
        first, n = offsets[t], offsets[t + 1] - offsets[t]
        before = B + offsets[t - 1] if t > 0 else 0
        product(s[before : before + n], U, z[:n])
        for b in range(n):
            activate(z[b], table[index[first + b]], bias, activation, h[first + b])
        product(h[first : first + n], V, o[first : first + n])
        for b in range(n):
            o_b, y_b, s_old, s_new = o[first + b], y[first + b], s[before + b], s[B + first + b]
            for k in range(len(v)):
                o_b[k] += v[k]
            _squash(o_b, zeros, link, y_b)
            for k in range(len(v)):
                s_new[k] = fading * s_old[k] + y_b[k]


@compiled
def _backward(
    d_output: Reals,
    offsets: Ints,
    U_t: Reals,
    V_t: Reals,
    h: Reals,
    y: Reals,
    activation: int,
    link: int,
    dz: Reals,
    do: Reals,
    ds: Reals,
) -> None:
    """Write the gradients before f and link to `dz` and `do`; ds becomes that of the initial state."""
    B, P = ds.shape
    fading = ds.dtype.type(FADING)
    dh, d_old = np.empty((B, h.shape[1]), dtype=h.dtype), np.empty((B, P), dtype=h.dtype)
    for t in range(len(offsets) - 2, -1, -1):
        first, n = offsets[t], offsets[t + 1] - offsets[t]
        for b in range(n):
            do_b, out = do[first + b], d_output[first + b]
            _unsquash(y[first + b], ds[b], link, do_b)
            for k in range(P):
                do_b[k] += out[k]
        product(do[first : first + n], V_t, dh[:n])
        for b in range(n):
            deactivate(h[first + b], dh[b], activation, dz[first + b])
        product(dz[first : first + n], U_t, d_old[:n])
        for b in range(n):
            ds_b, d_b = ds[b], d_old[b]
            for k in range(P):
                ds_b[k] = fading * ds_b[k] + d_b[k]


@compiled
def _step(
    U: Reals,
    V: Reals,
    v: Reals,
    activation: int,
    link: int,
    table: Reals,
    bias: Reals,
    source: Ints,
    s_old: Reals,
) -> tuple[Reals, Reals]:
    s, h = np.empty((2, s_old.shape[1]), s_old.dtype), np.empty_like(bias)
    o, y = np.empty_like(s_old), np.empty_like(s_old)
    s[0] = s_old[0]
    offsets = np.arange(2)
    _forward(table, bias, source, offsets, U, V, v, s, h.reshape((1, -1)), o, y, activation, link)
    return o, s[1:]


def _advance(weights: Weights, how: How) -> Advance:
    U, V = (tiled(weights[name], 1) for name in ("recurrent", "output"))
    return partial(_step, U, V, weights["output_bias"], how.activation, how.link)


def _run(weights: Weights, inputs: Inputs, pack: Pack, state: State, how: How) -> Trace:
    B, P = state[0].shape
    s = with_initial(state[0], pack.n_rows, "s", how)
    U, V, v = tiled(weights["recurrent"], B), tiled(weights["output"], B), weights["output_bias"]
    h = how.take("h", (pack.n_rows, V.shape[1]))
    o, y = how.take("o", (pack.n_rows, P)), how.take("y", (pack.n_rows, P))
    _forward(*inputs[:3], pack.offsets, U, V, v, s, h, o, y, how.activation, how.link)
    return Trace(o, (s[B + pack.last],), {"s": s, "h": h, "y": y})


def _unrun(weights: Weights, trace: Trace, pack: Pack, d_output: Array, d_final: State, how: How) -> Backward:
    s, h, y = trace.cache["s"], trace.cache["h"], trace.cache["y"]
    ds, dz, do = d_final[0].copy(), how.take("dz", h.shape), how.take("do", y.shape)
    U_t, V_t = (tiled(weights[name].T, len(ds)) for name in ("recurrent", "output"))
    _backward(d_output, pack.offsets, U_t, V_t, h, y, how.activation, how.link, dz, do, ds)
    d_weights = {
        "recurrent": s[pack.previous].T @ dz,
        "output": h.T @ do,
        "output_bias": do.sum(axis=0),
    }
    return Backward(dz, d_weights, (ds,))


JORDAN = Cell(
    name="jordan",
    title="Jordan",
    gates=("hidden",),
    states=("state",),
    activations=("tanh", "relu", "sigmoid", "identity"),
    learning_rate=3e-3,
    shapes=lambda size: {
        "recurrent": (size.outputs, size.hidden),
        "output": (size.hidden, size.outputs),
        "output_bias": (size.outputs,),
    },
    state_shapes=lambda size: (size.outputs,),
    biases=lambda size, rng, longest: np.zeros(size.hidden),
    forward=_run,
    backward=_unrun,
    seconds=5e-7,
    advance=_advance,
)
