"""The long short-term memory with a forget gate.

Hochreiter and Schmidhuber (1997), "Long short-term memory"; Gers, Schmidhuber and Cummins (2000), "Learning
to forget".

Arrays of the kernels beside those that all cells share (see `kernels`):

========  ==========  =====================================================================================
W                     of depth H, or H + D + 1 with D inputs beside the state; blocks of columns o, i, f, g
h         (B + N, H)  or (B + N, H + D + 1), [h, x, 1] a row; `table` has then no rows
beside    (N, D)      x; none where `table` has rows
c         (B + N, H)  cells, laid out as h; where nothing is kept (2 B, H), those of two steps in turn
gates     (N, 4 H)    o, i, f, g; on the way back they become their gradients before the squashing
squashed  (N, H)      tanh(c); (B, H) where nothing is kept
dc        (B, H)      the gradient with respect to the cells, carried back as dh is
========  ==========  =====================================================================================
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
from seqcompare.models.recurrent.kernels import compiled, gathered, product, sigmoid, tanh, tiled
from seqcompare.models.recurrent.packing import Pack
from seqcompare.typing import Array, Ints, Reals


@compiled
def _forward(
    table: Reals,
    bias: Reals,
    index: Ints,
    beside: Reals,
    offsets: Ints,
    W: Reals,
    h: Reals,
    c: Reals,
    gates: Reals,
    squashed: Reals,
    keep: int,
) -> None:
    """Run o, i, f = σ(x + hW + bias), g = tanh of the same, c = f c + i g, h = o tanh(c) over all steps."""
    B, H = len(h) - len(index), c.shape[1]
    for t in range(len(offsets) - 1):
        first, n = offsets[t], offsets[t + 1] - offsets[t]
        before = B + offsets[t - 1] if t > 0 else 0
        c_before, c_after = (before, B + first) if keep else (t % 2 * B, (t + 1) % 2 * B)
        if not len(table):
            for b in range(n):
                x, behind = beside[first + b], h[before + b, H:]
                for j in range(len(x)):
                    behind[j] = x[j]
                behind[len(x)] = h.dtype.type(1)
        product(h[before : before + n], W, gates[keep * first : keep * first + n])
        for b in range(n):
            a = gates[keep * first + b]
            if len(table):
                _squash(a, table[index[first + b]], bias)
            else:
                _squash_alone(a)
            o, i, f, g = a[:H], a[H : 2 * H], a[2 * H : 3 * H], a[3 * H :]
            c_old, c_new = c[c_before + b], c[c_after + b]
            h_new, s = h[B + first + b], squashed[keep * first + b]
            for j in range(H):
                c_new[j] = f[j] * c_old[j] + i[j] * g[j]
                s[j] = tanh(c_new[j])
                h_new[j] = o[j] * s[j]


@compiled
def _squash(a: Reals, x: Reals, bias: Reals) -> None:
    H = len(a) // 4
    for j in range(3 * H):
        a[j] = sigmoid(a[j] + x[j] + bias[j])
    g, x_g, bias_g = a[3 * H :], x[3 * H :], bias[3 * H :]
    for j in range(H):  # from 0: an index that might be negative turns loads into slow gathers
        g[j] = tanh(g[j] + x_g[j] + bias_g[j])


@compiled
def _squash_alone(a: Reals) -> None:
    H = len(a) // 4
    for j in range(3 * H):
        a[j] = sigmoid(a[j])
    g = a[3 * H :]
    for j in range(H):
        g[j] = tanh(g[j])


@compiled
def _backward(
    d_output: Reals,
    offsets: Ints,
    W_t: Reals,
    c: Reals,
    gates: Reals,
    squashed: Reals,
    dh: Reals,
    dc: Reals,
) -> None:
    """Turn `gates` into the gradients before their squashing, and dh, dc into those of the initial state."""
    B, H = dh.shape
    one = dh.dtype.type(1)
    for t in range(len(offsets) - 2, -1, -1):
        first, n = offsets[t], offsets[t + 1] - offsets[t]
        before = B + offsets[t - 1] if t > 0 else 0
        for b in range(n):
            a = gates[first + b]
            o, i, f, g = a[:H], a[H : 2 * H], a[2 * H : 3 * H], a[3 * H :]
            s, c_old = squashed[first + b], c[before + b]
            out, dh_b, dc_b = d_output[first + b], dh[b], dc[b]
            for j in range(H):
                d = dh_b[j] + out[j]
                e = dc_b[j] + d * o[j] * (one - s[j] * s[j])
                dc_b[j] = e * f[j]
                o[j] = d * s[j] * o[j] * (one - o[j])
                d_i = e * g[j] * i[j] * (one - i[j])
                f[j] = e * c_old[j] * f[j] * (one - f[j])
                g[j] = e * i[j] * (one - g[j] * g[j])
                i[j] = d_i
        product(gates[first : first + n], W_t, dh[:n])


@compiled
def _step(
    W: Reals, table: Reals, bias: Reals, source: Ints, h_old: Reals, c_old: Reals
) -> tuple[Reals, Reals, Reals]:
    h, c = np.empty((2, h_old.shape[1]), h_old.dtype), np.empty((2, h_old.shape[1]), h_old.dtype)
    h[0], c[0] = h_old[0], c_old[0]
    gates, squashed = np.empty_like(bias), np.empty_like(h_old)
    nothing = np.empty((0, 0), h_old.dtype)
    _forward(table, bias, source, nothing, np.arange(2), W, h, c, gates.reshape((1, -1)), squashed, 0)
    return h[1:], h[1:], c[1:]


def _run(weights: Weights, inputs: Inputs, pack: Pack, state: State, how: How) -> Trace:
    B, H = state[0].shape
    W, beside = weights["recurrent"], np.empty((0, 0), state[0].dtype)
    if inputs.beside is not None:
        W = np.concatenate([W, weights["input"], weights["bias"][None]])
        beside = np.ascontiguousarray(inputs.beside, W.dtype)
    rows = with_initial(state[0], pack.n_rows, "h", how, len(W) - H)
    h, c = rows[:, :H], with_initial(state[1], pack.n_rows if how.keep else B, "c", how)
    n_kept = pack.n_rows if how.keep else B
    gates, squashed = how.take("gates", (n_kept, 4 * H)), how.take("squashed", (n_kept, H))
    _forward(*inputs[:3], beside, pack.offsets, tiled(W, B), rows, c, gates, squashed, int(how.keep))
    final = (h[B + pack.last], c[B + pack.last] if how.keep else c[pack.lengths % 2 * B + np.arange(B)])
    return Trace(h[B:], final, {"rows": rows, "h": h, "c": c, "gates": gates, "squashed": squashed})


def _unrun(weights: Weights, trace: Trace, pack: Pack, d_output: Array, d_final: State, how: How) -> Backward:
    cache = trace.cache
    dh, dc = (d.copy() for d in d_final)
    W_t = tiled(weights["recurrent"].T, len(d_final[0]))
    _backward(d_output, pack.offsets, W_t, cache["c"], cache["gates"], cache["squashed"], dh, dc)
    d_gates, H = cache["gates"], dh.shape[1]
    d_W = gathered(cache["rows"][pack.previous], d_gates)
    d_weights = {"recurrent": d_W[:H]}
    if len(d_W) > H:
        d_weights |= {"input": d_W[H:-1], "bias": d_W[-1]}
    return Backward(d_gates, d_weights, (dh, dc))


def _biases(size: Size, rng: np.random.Generator, longest: int) -> Array:
    b = np.zeros((4, size.hidden))
    b[2] = chrono(size.hidden, rng, longest)
    b[1] = -b[2]
    return b.ravel()


LSTM = Cell(
    name="lstm",
    title="LSTM",
    gates=("output", "input", "forget", "candidate"),
    states=("hidden", "cell"),
    activations=("tanh",),
    learning_rate=1e-2,
    shapes=lambda size: {"recurrent": (size.hidden, 4 * size.hidden)},
    state_shapes=lambda size: (size.hidden, size.hidden),
    biases=_biases,
    forward=_run,
    backward=_unrun,
    beside=True,
    storage="additive",
    seconds=1e-6,
    advance=lambda weights, how: partial(_step, tiled(weights["recurrent"], 1)),
)
