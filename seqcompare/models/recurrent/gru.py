"""The gated recurrent unit (Cho et al. 2014, "Learning phrase representations using RNN encoder-decoder").

In the form in which the reset gate acts after the product, as cuDNN and PyTorch have it.

Arrays of the kernels beside those that all cells share (see `kernels`):

========  ========  ================================================================================
W                   of depth H; blocks of columns r, z, n
m_bias    (H,)      the bias within the reset gate's reach
gates     (N, 3 H)  r, z, n; on the way back they become the gradients of hW
recalled  (N, H)    m = hW + b of the candidate, before the reset gate; (B, H) where nothing is kept
d_inputs  (N, 3 H)  the gradient with respect to what the inputs add to r, z, n
========  ========  ================================================================================
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
from seqcompare.models.recurrent.kernels import compiled, product, sigmoid, tanh, tiled
from seqcompare.models.recurrent.packing import Pack
from seqcompare.typing import Array, Ints, Reals


@compiled
def _forward(
    table: Reals,
    bias: Reals,
    index: Ints,
    offsets: Ints,
    W: Reals,
    m_bias: Reals,
    h: Reals,
    gates: Reals,
    recalled: Reals,
    keep: int,
) -> None:
    """Run r, z = σ(x + hW + b); m = hW + b; n = tanh(x + b + r m); h = (1 - z) n + z h over all steps."""
    B, H = len(h) - len(index), h.shape[1]
    one = h.dtype.type(1)
    p = np.empty((B, 3 * H), dtype=h.dtype)
    for t in range(len(offsets) - 1):
        first, steps = offsets[t], offsets[t + 1] - offsets[t]
        before = B + offsets[t - 1] if t > 0 else 0
        product(h[before : before + steps], W, p[:steps])
        for b in range(steps):
            a, pb, x = gates[keep * first + b], p[b], table[index[first + b]]
            for j in range(2 * H):
                a[j] = sigmoid(pb[j] + x[j] + bias[j])
            r, z, n, m = a[:H], a[H : 2 * H], a[2 * H :], recalled[keep * first + b]
            p_n, x_n, bias_n = pb[2 * H :], x[2 * H :], bias[2 * H :]
            h_old, h_new = h[before + b], h[B + first + b]
            for j in range(H):
                m[j] = p_n[j] + m_bias[j]
                n[j] = tanh(x_n[j] + bias_n[j] + r[j] * m[j])
                h_new[j] = (one - z[j]) * n[j] + z[j] * h_old[j]


@compiled
def _backward(
    d_output: Reals,
    offsets: Ints,
    W_t: Reals,
    h: Reals,
    gates: Reals,
    recalled: Reals,
    d_inputs: Reals,
    dh: Reals,
) -> None:
    """Turn `gates` into the gradients of hW, write those of x to `d_inputs`, of the initial state to dh."""
    B, H = dh.shape
    one = dh.dtype.type(1)
    kept = np.empty((B, H), dtype=dh.dtype)
    for t in range(len(offsets) - 2, -1, -1):
        first, steps = offsets[t], offsets[t + 1] - offsets[t]
        before = B + offsets[t - 1] if t > 0 else 0
        for b in range(steps):
            a, x = gates[first + b], d_inputs[first + b]
            r, z, n, m = a[:H], a[H : 2 * H], a[2 * H :], recalled[first + b]
            x_r, x_z, x_n = x[:H], x[H : 2 * H], x[2 * H :]
            h_old, out, dh_b, kept_b = h[before + b], d_output[first + b], dh[b], kept[b]
            for j in range(H):
                d = dh_b[j] + out[j]
                kept_b[j] = d * z[j]
                d_n = d * (one - z[j]) * (one - n[j] * n[j])
                x_z[j] = d * (h_old[j] - n[j]) * z[j] * (one - z[j])
                x_r[j] = d_n * m[j] * r[j] * (one - r[j])
                x_n[j] = d_n
                n[j] = d_n * r[j]
                r[j] = x_r[j]
                z[j] = x_z[j]
        product(gates[first : first + steps], W_t, dh[:steps])
        for b in range(steps):
            dh_b, kept_b = dh[b], kept[b]
            for j in range(H):
                dh_b[j] += kept_b[j]


@compiled
def _step(
    W: Reals, m_bias: Reals, table: Reals, bias: Reals, source: Ints, h_old: Reals
) -> tuple[Reals, Reals]:
    h, gates, recalled = np.empty((2, h_old.shape[1]), h_old.dtype), np.empty_like(bias), np.empty_like(h_old)
    h[0] = h_old[0]
    _forward(table, bias, source, np.arange(2), W, m_bias, h, gates.reshape((1, -1)), recalled, 0)
    return h[1:], h[1:]


def _run(weights: Weights, inputs: Inputs, pack: Pack, state: State, how: How) -> Trace:
    B, H = state[0].shape
    h = with_initial(state[0], pack.n_rows, "h", how)
    n_kept = pack.n_rows if how.keep else B
    gates, recalled = how.take("gates", (n_kept, 3 * H)), how.take("recalled", (n_kept, H))
    W, m_bias = tiled(weights["recurrent"], B), weights["recurrent_bias"]
    _forward(*inputs[:3], pack.offsets, W, m_bias, h, gates, recalled, int(how.keep))
    return Trace(h[B:], (h[B + pack.last],), {"h": h, "gates": gates, "recalled": recalled})


def _unrun(weights: Weights, trace: Trace, pack: Pack, d_output: Array, d_final: State, how: How) -> Backward:
    h, gates, recalled = trace.cache["h"], trace.cache["gates"], trace.cache["recalled"]
    dh = d_final[0].copy()
    d_inputs = how.take("d_inputs", gates.shape)
    W_t = tiled(weights["recurrent"].T, len(d_final[0]))
    _backward(d_output, pack.offsets, W_t, h, gates, recalled, d_inputs, dh)
    d_weights = {
        "recurrent": h[pack.previous].T @ gates,
        "recurrent_bias": gates[:, 2 * dh.shape[1] :].sum(axis=0),
    }
    return Backward(d_inputs, d_weights, (dh,))


def _biases(size: Size, rng: np.random.Generator, longest: int) -> Array:
    b = np.zeros((3, size.hidden))
    b[1] = chrono(size.hidden, rng, longest)
    return b.ravel()


GRU = Cell(
    name="gru",
    title="GRU",
    gates=("reset", "update", "candidate"),
    states=("hidden",),
    activations=("tanh",),
    learning_rate=1e-2,
    shapes=lambda size: {"recurrent": (size.hidden, 3 * size.hidden), "recurrent_bias": (size.hidden,)},
    state_shapes=lambda size: (size.hidden,),
    biases=_biases,
    forward=_run,
    backward=_unrun,
    storage="gated",
    advance=lambda weights, how: partial(_step, tiled(weights["recurrent"], 1), weights["recurrent_bias"]),
    seconds=7e-7,
)
