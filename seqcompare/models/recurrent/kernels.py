"""What the compiled time loops of all cells share.

Numba compiles each function once per float type and keeps the result on disk. Numbers are given the float
type of the arrays by hand, since a Python literal would widen float32 arithmetic to float64.
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
_OPTIONS: Any = {"fastmath": FLAGS, "error_model": "numpy"}
compiled = njit(cache=True, **_OPTIONS)

_LIMIT = np.float32(7.90531110763549805)
_HALF = np.float32(0.5)
_A1, _A3, _A5, _A7, _A9, _A11, _A13 = np.array(
    [
        4.89352455891786e-03,
        6.37261928875436e-04,
        1.48572235717979e-05,
        5.12229709037114e-08,
        -8.60467152213735e-11,
        2.00018790482477e-13,
        -2.76076847742355e-16,
    ],
    dtype=np.float32,
)
_B0, _B2, _B4, _B6 = np.array(
    [4.89352518554385e-03, 2.26843463243900e-03, 1.18534705686654e-04, 1.19825839466702e-06],
    dtype=np.float32,
)


@compiled
def _tanh32(x: Any) -> Any:
    x = _LIMIT if x > _LIMIT else x
    x = -_LIMIT if x < -_LIMIT else x
    s = x * x
    p = _A1 + s * (_A3 + s * (_A5 + s * (_A7 + s * (_A9 + s * (_A11 + s * _A13)))))
    q = _B0 + s * (_B2 + s * (_B4 + s * _B6))
    return x * p / q


def tanh(x: Any) -> Any:
    """Return tanh(x): a rational function in float32, which vectorises, and the library's in float64.

    The coefficients are the minimax fit of Eigen's ``ptanh`` (error below 4 units in the last place).
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
        return lambda x: _HALF * _tanh32(_HALF * x) + _HALF
    return lambda x: 0.5 * math.tanh(0.5 * x) + 0.5


IDENTITY, SIGMOID, TANH, RELU = range(4)
ACTIVATIONS = {"identity": IDENTITY, "sigmoid": SIGMOID, "tanh": TANH, "relu": RELU}


@compiled
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


@compiled
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
    packing. Else the blocks are narrow, and the last is filled up with zeros.
    """
    depth, width = b.shape
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
        for t in range(len(blocks)):
            for r in range(n):
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
