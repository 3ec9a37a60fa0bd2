"""The linear recurrent unit: complex numbers that turn and fade, each by itself.

Orvieto et al. (2023), "Resurrecting recurrent neural networks for long sequences". What they let follow the
recurrence, a network of two layers that every step goes through, is one layer here: f.

Arrays of the kernels beside those that all cells share (see `kernels`):

========  ============  =================================================================================
table     (S, 3 H)      what adds to real parts, to imaginary ones, and past the state; `bias` (3 H,) too
unit      (3, H)        the real and the imaginary parts of λ, and γ
h         (B + N, 2 H)  states: real parts, then imaginary ones
entered   (N, 2 H)      x + b, laid out as h; (B, 2 H) where nothing is kept
out                     C as from `tiled`, of depth 2 H
output    (N, H)        f(Re(h C) + x + d)
d_states  (N, 2 H)      the gradient with respect to the states
d_inputs  (N, 3 H)      that with respect to what `table` adds
d_unit    (3, H)        that with respect to `unit`
========  ============  =================================================================================
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
    Size,
    State,
    Trace,
    Weights,
    with_initial,
)
from seqcompare.models.recurrent.kernels import TANH, activate, compiled, deactivate, product, tanh, tiled
from seqcompare.models.recurrent.packing import Pack
from seqcompare.typing import Array, Ints, Reals


@compiled
def _forward(
    table: Reals, bias: Reals, index: Ints, offsets: Ints, unit: Reals, h: Reals, entered: Reals, keep: int
) -> None:
    """Run h = λ h + γ (x + b) over all steps.

    The rows of `unit` are the real and the imaginary parts of λ, and γ; the columns of `h` real parts, then
    imaginary ones. What enters, x + b, is kept for the way back.
    """
    B, H = len(h) - len(index), h.shape[1] // 2
    turn, cross, scale = unit[0], unit[1], unit[2]
    for t in range(len(offsets) - 1):
        first, steps = offsets[t], offsets[t + 1] - offsets[t]
        before = B + offsets[t - 1] if t > 0 else 0
        for b in range(steps):
            x, u = table[index[first + b]], entered[keep * first + b]
            for j in range(2 * H):
                u[j] = x[j] + bias[j]
            u_re, u_im = u[:H], u[H:]
            old_re, old_im = h[before + b, :H], h[before + b, H:]
            new_re, new_im = h[B + first + b, :H], h[B + first + b, H:]
            for j in range(H):
                new_re[j] = turn[j] * old_re[j] - cross[j] * old_im[j] + scale[j] * u_re[j]
                new_im[j] = turn[j] * old_im[j] + cross[j] * old_re[j] + scale[j] * u_im[j]


@compiled
def _backward(
    offsets: Ints,
    unit: Reals,
    h: Reals,
    entered: Reals,
    d_states: Reals,
    d_inputs: Reals,
    d_unit: Reals,
    dh: Reals,
) -> None:
    """Add to `d_states` what reaches each state from later ones, and turn dh into that of the initial one.

    What enters gets its gradient in the first columns of `d_inputs`; λ and γ theirs, summed over all steps,
    in the rows of `d_unit`.
    """
    B, H = len(dh), dh.shape[1] // 2
    turn, cross, scale = unit[0], unit[1], unit[2]
    d_turn, d_cross, d_scale = d_unit[0], d_unit[1], d_unit[2]
    for t in range(len(offsets) - 2, -1, -1):
        first, steps = offsets[t], offsets[t + 1] - offsets[t]
        before = B + offsets[t - 1] if t > 0 else 0
        for b in range(steps):
            dh_re, dh_im = dh[b, :H], dh[b, H:]
            d_re, d_im = d_states[first + b, :H], d_states[first + b, H:]
            for j in range(H):
                d_re[j] += dh_re[j]
                d_im[j] += dh_im[j]
                dh_re[j] = turn[j] * d_re[j] + cross[j] * d_im[j]
                dh_im[j] = turn[j] * d_im[j] - cross[j] * d_re[j]
            old_re, old_im = h[before + b, :H], h[before + b, H:]
            for j in range(H):
                d_turn[j] += d_re[j] * old_re[j] + d_im[j] * old_im[j]
                d_cross[j] += d_im[j] * old_re[j] - d_re[j] * old_im[j]
            u_re, u_im = entered[first + b, :H], entered[first + b, H:]
            x_re, x_im = d_inputs[first + b, :H], d_inputs[first + b, H : 2 * H]
            for j in range(H):
                d_scale[j] += d_re[j] * u_re[j] + d_im[j] * u_im[j]
                x_re[j] = scale[j] * d_re[j]
                x_im[j] = scale[j] * d_im[j]


@compiled
def _read(table: Reals, bias: Reals, index: Ints, activation: int, output: Reals) -> None:
    """Turn `output`, Re(h C), into f(Re(h C) + x + b)."""
    H = output.shape[1]
    past = bias[2 * H :]
    for i in range(len(index)):
        o, x = output[i], table[index[i], 2 * H :]
        for j in range(H):
            o[j] += x[j] + past[j]
        if activation == TANH:
            for j in range(H):
                o[j] = tanh(o[j])


@compiled
def _unread(output: Reals, d_output: Reals, activation: int, d_inputs: Reals) -> None:
    """Write the gradients before f behind those of what enters the state."""
    width = 2 * output.shape[1]
    for i in range(len(output)):
        deactivate(output[i], d_output[i], activation, d_inputs[i, width:])


def _unit(weights: Weights) -> tuple[Array, Array, Array]:
    """Return λ = exp(-e^ν + i e^θ) in two parts and γ = sqrt(1 - |λ|²) as rows; and e^ν and e^θ."""
    fading, turning = np.exp(weights["fading"]), np.exp(weights["turning"])
    modulus = np.exp(-fading)
    scale = np.sqrt(-np.expm1(-2 * fading))
    return np.stack([modulus * np.cos(turning), modulus * np.sin(turning), scale]), fading, turning


def unit_of(weights: Weights) -> Array:
    """Return the real and the imaginary parts of λ, and γ, as rows, shape (3, hidden)."""
    return _unit(weights)[0]


@compiled
def _step(
    unit: Reals, out: Reals, activation: int, table: Reals, bias: Reals, source: Ints, h_old: Reals
) -> tuple[Reals, Reals]:
    width = h_old.shape[1]
    h, entered = np.empty((2, width), h_old.dtype), np.empty_like(h_old)
    h[0] = h_old[0]
    _forward(table, bias, source, np.arange(2), unit, h, entered, 0)
    output = np.empty((1, width // 2), h_old.dtype)
    product(h[1:], out, output)
    activate(output[0], table[source[0], width:], bias[width:], activation, output[0])
    return output, h[1:]


def _advance(weights: Weights, how: How) -> Advance:
    return partial(_step, unit_of(weights), tiled(weights["output"], 1), how.activation)


def _run(weights: Weights, inputs: Inputs, pack: Pack, state: State, how: How) -> Trace:
    B, width = state[0].shape
    H = width // 2
    unit = unit_of(weights)
    h = with_initial(state[0], pack.n_rows, "h", how)
    entered = how.take("entered", (pack.n_rows if how.keep else B, width))
    _forward(*inputs[:3], pack.offsets, unit, h, entered, int(how.keep))
    output = np.matmul(h[B:], weights["output"], out=how.take("output", (pack.n_rows, H)))
    _read(*inputs[:3], how.activation, output)
    return Trace(output, (h[B + pack.last],), {"h": h, "entered": entered})


def _unrun(weights: Weights, trace: Trace, pack: Pack, d_output: Array, d_final: State, how: How) -> Backward:
    h, entered, dh = trace.cache["h"], trace.cache["entered"], d_final[0].copy()
    B, width = dh.shape
    H = width // 2
    unit, fading, turning = _unit(weights)
    d_inputs = how.take("d_inputs", (pack.n_rows, width + H))
    d_past = d_inputs[:, width:]
    _unread(trace.output, d_output, how.activation, d_inputs)
    d_states = np.matmul(d_past, weights["output"].T, out=how.take("d_states", (pack.n_rows, width)))
    d_turn, d_cross, d_scale = d_unit = np.zeros_like(unit)
    _backward(pack.offsets, unit, h, entered, d_states, d_inputs, d_unit, dh)
    turn, cross, scale = unit
    d_modulus = -fading * (d_turn * turn + d_cross * cross)
    d_modulus += d_scale * fading * (1 - scale * scale) / scale
    d_weights = {
        "fading": d_modulus,
        "turning": turning * (d_cross * turn - d_turn * cross),
        "output": h[B:].T @ d_past,
    }
    return Backward(d_inputs, d_weights, (dh,))


def _start(size: Size, rng: np.random.Generator, longest: int) -> Weights:
    """Return units that fade within 1 to `longest` steps, and turn by any angle up to half a circle."""
    lasting = rng.uniform(1.0, max(longest - 1.0, 2.0), size.hidden)
    return {"fading": -np.log(lasting), "turning": np.log(rng.uniform(0.0, np.pi, size.hidden))}


LRU = Cell(
    name="lru",
    title="LRU",
    gates=("real", "imaginary", "past the state"),
    states=("hidden",),
    activations=("tanh", "identity"),
    learning_rate=1e-2,
    shapes=lambda size: {
        "fading": (size.hidden,),
        "turning": (size.hidden,),
        "output": (2 * size.hidden, size.hidden),
    },
    state_shapes=lambda size: (2 * size.hidden,),
    biases=lambda size, rng, longest: np.zeros(3 * size.hidden),
    forward=_run,
    backward=_unrun,
    storage="linear",
    seconds=1.5e-6,
    advance=_advance,
    start=_start,
    layers=2,  # one cannot let what it has stored decide what comes in
)
