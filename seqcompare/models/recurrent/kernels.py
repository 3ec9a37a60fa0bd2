"""What the compiled time loops of all cells share.

Numba compiles each function once per float type and keeps the result on disk. Numbers are given the float
type of the arrays by hand, since a Python literal would widen float32 arithmetic to float64.

Arrays of all cells, for B sequences, the longest of T steps, with N steps together, H units and G gates:

========  ==========  =================================================================================
table     (S, G H)    what each symbol, or each step of numbers, adds to the gates
bias      (G H,)      what is added at every step
index     (N,)        the row of `table` that belongs to each row of the pack
offsets   (T + 1,)    where the rows of each step start, see `packing.Pack`
W, W_t                weights and their transpose as from `tiled`: (n_blocks, depth, width)
h         (B + N, H)  the B initial states, then one a row of the pack, as `cell.with_initial` makes it
gates     (N, G H)    after their squashing; (B, G H), the last step's, where nothing is kept
d_output  (N, H)      the gradient of the loss with respect to the output
dh        (B, H)      that with respect to the state, carried back from step to step
========  ==========  =================================================================================
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import overload

from seqcompare.typing import Ints, Reals

# `nnan` and `ninf` are left out: with them the compiler may assume that NaN does not occur
FLAGS = {"afn", "arcp", "contract", "nsz", "reassoc"}
# Python's error model tests every divisor for zero, which keeps loops from being vectorised
_OPTIONS: Any = {"fastmath": FLAGS, "error_model": "numpy", "nogil": True}
compiled = njit(cache=True, **_OPTIONS)
# for what is called row by row: to hand arrays over takes longer than to compute a short row
inlined = njit(cache=True, inline="always", **_OPTIONS)

# tanh(x) = x (a0 + a1 s + ... + a4 s^4) / (b0 + b1 s + ... + s^4) with s = x^2, up to the limit and constant
# beyond: the minimax fit of the relative error, 7e-9 before the coefficients are rounded
_LIMIT = 7.9
_A = (1162956.375, 156424.84375, 4162.2109375, 25.612062454223633, 0.017942043021321297)
_B = (1162956.375, 544076.9375, 30460.427734375, 398.155517578125)
_HALF = np.float32(0.5)
_T = np.float32(_LIMIT)
_T0, _T1, _T2, _T3, _T4 = np.array(_A, dtype=np.float32)
_U0, _U1, _U2, _U3 = np.array(_B, dtype=np.float32)
# tanh(x/2)/2, the powers of two put into the coefficients
_S = np.float32(2 * _LIMIT)
_S0, _S1, _S2, _S3, _S4 = (np.array(_A) * 4.0 ** np.arange(3, -2, -1)).astype(np.float32)
_V0, _V1, _V2, _V3 = (np.array(_B) * 4.0 ** np.arange(4, 0, -1)).astype(np.float32)


@compiled
def _tanh32(x: Any) -> Any:
    x = min(max(x, -_T), _T)  # in this order NaN stays
    s = x * x
    p = _T0 + s * (_T1 + s * (_T2 + s * (_T3 + s * _T4)))
    return x * p / (_U0 + s * (_U1 + s * (_U2 + s * (_U3 + s))))


@compiled
def _sigmoid32(x: Any) -> Any:
    x = min(max(x, -_S), _S)  # in this order NaN stays
    s = x * x
    p = _S0 + s * (_S1 + s * (_S2 + s * (_S3 + s * _S4)))
    return x * p / (_V0 + s * (_V1 + s * (_V2 + s * (_V3 + s)))) + _HALF


def tanh(x: Any) -> Any:
    """Return tanh(x): a rational function in float32, which vectorises, and the library's in float64.

    The rational function's error is at most 5.3 units in the last place.
    """
    return math.tanh(x)


@overload(tanh, jit_options=_OPTIONS, strict=False)
def _tanh(x: Any) -> Any:
    if x is types.float32:
        return lambda x: _tanh32(x)
    return lambda x: math.tanh(x)


def sigmoid(x: Any) -> Any:
    """Return 1 / (1 + exp(-x)), by way of tanh."""
    return 0.5 * math.tanh(0.5 * x) + 0.5


@overload(sigmoid, jit_options=_OPTIONS, strict=False)
def _sigmoid(x: Any) -> Any:
    if x is types.float32:
        return lambda x: _sigmoid32(x)
    return lambda x: 0.5 * math.tanh(0.5 * x) + 0.5


IDENTITY, SIGMOID, TANH, RELU = range(4)
ACTIVATIONS = {"identity": IDENTITY, "sigmoid": SIGMOID, "tanh": TANH, "relu": RELU}


@inlined
def activate(z: Reals, x: Reals, bias: Reals, activation: int, out: Reals) -> None:
    """Write f(z + x + bias) to `out`, all of shape (H,)."""
    if activation == TANH:
        for j in range(len(out)):
            out[j] = tanh(z[j] + x[j] + bias[j])
    elif activation == SIGMOID:
        for j in range(len(out)):
            out[j] = sigmoid(z[j] + x[j] + bias[j])
    else:
        zero = z.dtype.type(0)
        for j in range(len(out)):
            a = z[j] + x[j] + bias[j]
            out[j] = zero if activation == RELU and a < zero else a


@inlined
def deactivate(a: Reals, d: Reals, activation: int, out: Reals) -> None:
    """Write d · f' to `out`, where `a` holds the values of f, all of shape (H,)."""
    one, zero = a.dtype.type(1), a.dtype.type(0)
    if activation == TANH:
        for j in range(len(out)):
            out[j] = d[j] * (one - a[j] * a[j])
    elif activation == SIGMOID:
        for j in range(len(out)):
            out[j] = d[j] * a[j] * (one - a[j])
    else:
        for j in range(len(out)):
            out[j] = zero if activation == RELU and a[j] <= zero else d[j]


# up to this many multiplications OpenBLAS does not pack its operands first, which else takes half of the time
_UNPACKED = 1_000_000
_TILE = 64  # columns; 32 to 128 were as fast
_WORTH_ADDING = 32  # rows of a product that take longer than adding it to a sum
_BY_HAND = 2  # up to this many rows, plain loops are faster than BLAS


def tiled(b: Reals, n: int) -> Reals:
    """Return b as `product` wants it: blocks of columns, shape (n_blocks, depth, width).

    It is one block if a has few rows (at most `n`), or if OpenBLAS takes at least four of them without
    packing. Else the blocks are narrow, and the last is filled up with zeros. For few rows a transposed
    matrix stays as it lies in memory: each column is a block.
    """
    depth, width = b.shape
    if n <= _BY_HAND and b.T.flags.c_contiguous:
        return b.T[:, :, None]
    if n <= _BY_HAND or 4 * depth * width <= _UNPACKED:
        return np.ascontiguousarray(b)[None]
    blocks = np.zeros((-(-width // _TILE), depth, _TILE), b.dtype)
    for c, block in zip(range(0, width, _TILE), blocks, strict=True):
        block[:, : width - c] = b[:, c : c + _TILE]
    return blocks


@compiled
def product(a: Reals, blocks: Reals, out: Reals) -> None:
    """Write a @ b to `out`, where `blocks` is b as from `tiled`."""
    n, depth = a.shape
    width = blocks.shape[2]
    if n <= _BY_HAND:
        for r in range(n):
            if width == 1:
                _multiply_columns(a[r], blocks.reshape((len(blocks), depth)), out[r])
            else:
                for t in range(len(blocks)):
                    _multiply_row(a[r], blocks[t], out[r, t * width : (t + 1) * width])
        return
    rows = max(4, _UNPACKED // (depth * width) // 4 * 4)
    if len(blocks) == 1:
        for r in range(0, n, rows):
            np.dot(a[r : r + rows], blocks[0], out[r : r + rows])
        return
    part = np.empty((min(n, rows), width), dtype=out.dtype)
    for t in range(len(blocks)):
        for r in range(0, n, rows):
            m = min(rows, n - r)
            np.dot(a[r : r + m], blocks[t], part[:m])
            for i in range(m):
                target = out[r + i, t * width : (t + 1) * width]
                for j in range(len(target)):
                    target[j] = part[i, j]


@compiled
def _multiply_row(a: Reals, b: Reals, out: Reals) -> None:
    depth, width = len(a), len(out)
    by_four = depth - depth % 4
    out[:] = b.dtype.type(0)
    for k in range(0, by_four, 4):
        a0, a1, a2, a3 = a[k], a[k + 1], a[k + 2], a[k + 3]
        for j in range(width):
            out[j] += (a0 * b[k, j] + a1 * b[k + 1, j]) + (a2 * b[k + 2, j] + a3 * b[k + 3, j])
    for k in range(by_four, depth):
        ak = a[k]
        for j in range(width):
            out[j] += ak * b[k, j]


@compiled
def _multiply_columns(a: Reals, columns: Reals, out: Reals) -> None:
    by_four = len(out) - len(out) % 4
    for k in range(0, by_four, 4):
        b0, b1, b2, b3 = columns[k], columns[k + 1], columns[k + 2], columns[k + 3]
        s0 = s1 = s2 = s3 = a.dtype.type(0)
        for j in range(len(a)):
            s0 += a[j] * b0[j]
            s1 += a[j] * b1[j]
            s2 += a[j] * b2[j]
            s3 += a[j] * b3[j]
        out[k], out[k + 1], out[k + 2], out[k + 3] = s0, s1, s2, s3
    for k in range(by_four, len(out)):
        out[k] = np.dot(a, columns[k])


def gathered(a: Reals, b: Reals) -> Reals:
    """Return a.T @ b, for many rows and few columns."""
    rows = _UNPACKED // (a.shape[1] * b.shape[1]) // 4 * 4
    # what is packed is up to a third faster by NumPy's BLAS than by SciPy's, which compiled code calls
    return a.T @ b if rows < _WORTH_ADDING else _gathered(a, b, rows)


@compiled
def _gathered(a: Reals, b: Reals, rows: int) -> Reals:
    out = np.zeros((a.shape[1], b.shape[1]), dtype=a.dtype)
    part = np.empty_like(out)
    for r in range(0, len(a), rows):
        np.dot(a[r : r + rows].T, b[r : r + rows], part)
        out += part
    return out


@compiled
def add_rows(rows: Reals, index: Ints, out: Reals) -> None:
    """Add ``rows[i]`` to ``out[index[i]]`` for every i."""
    for i in range(len(index)):
        row, target = rows[i], out[index[i]]
        for j in range(len(row)):
            target[j] += row[j]
