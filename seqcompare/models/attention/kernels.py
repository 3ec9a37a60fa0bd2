"""What one head of attention does along sequences, forth and back, in blocks that are computed twice.

Every query sees the keys from ``reach - 1`` steps before it to `ahead` steps after it. The shares of all keys
would take memory that grows with the square of the length; so the way forth keeps one number a query, the
logarithm of what its shares are divided by, from which the way back makes them again (Dao et al. 2022,
"FlashAttention"). Arrays are head-major, so that a head's rows lie together.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import types
from numba.extending import overload

from seqcompare.models.recurrent.kernels import FLAGS, compiled
from seqcompare.typing import Ints, Reals

_BLOCK = 64  # queries at once
_OPTIONS: Any = {"fastmath": FLAGS, "error_model": "numpy"}

_LOWEST = np.float32(-87.0)
_PER_BIT, _HALF, _ONE = np.float32(1.44269504), np.float32(0.5), np.float32(1)
# log(2) in two parts, the first of few digits, so that its multiples are exact
_LOG2, _REST = np.float32(0.693359375), np.float32(-2.12194440e-4)
_C2, _C3, _C4, _C5, _C6, _C7 = np.array(
    [5.0000001201e-1, 1.6666665459e-1, 4.1665795894e-2, 8.3334519073e-3, 1.3981999507e-3, 1.9875691500e-4],
    dtype=np.float32,
)


@compiled
def _exp32(x: Any) -> Any:
    x = _LOWEST if x < _LOWEST else x
    k = np.floor(x * _PER_BIT + _HALF)
    r = (x - k * _LOG2) - k * _REST
    p = (((((_C7 * r + _C6) * r + _C5) * r + _C4) * r + _C3) * r + _C2) * r * r + r + _ONE
    bits = np.int32((np.int32(k) + np.int32(127)) << np.int32(23))
    return p * bits.view(np.float32)


def exp(x: Any) -> Any:
    """Return exp(x) for x <= 0: a polynomial in float32, which vectorises, and the library's in float64.

    The coefficients are those of Moshier's Cephes (error below 4 units in the last place).
    """
    return math.exp(x)


@overload(exp, jit_options=_OPTIONS, strict=False)
def _exp(x: Any) -> Any:
    if x is types.float32:
        return lambda x: _exp32(x)
    return lambda x: math.exp(x)


@compiled
def _weigh(row: Reals, shift: Reals) -> Any:
    """Turn energies without their shifts into shares that sum to 1; return log of what they are over."""
    top = row[0] + shift[0]
    for j in range(len(row)):
        row[j] += shift[j]
        top = row[j] if row[j] > top else top
    total = row.dtype.type(0)
    for j in range(len(row)):
        row[j] = exp(row[j] - top)
        total += row[j]
    share = row.dtype.type(1) / total
    for j in range(len(row)):
        row[j] *= share
    return top + np.log(total)


@compiled
def attend(
    q: Reals,
    k: Reals,
    v: Reals,
    bounds: Ints,
    key_bounds: Ints,
    shift: Reals,
    reach: int,
    out: Reals,
    level: Reals,
) -> None:
    """Write to `out` what each query finds, and to `level` the logarithm of what its shares were divided by.

    q, k, v and out have shape (heads, rows, width). The queries of sequence i are rows ``bounds[i]`` to
    ``bounds[i + 1]``, its keys those of `key_bounds`; the last of both are the same step. `shift` holds what
    is added to the energy of a key, from the farthest before to the farthest after, shape
    (heads, reach + ahead).
    """
    ahead = shift.shape[1] - reach
    for head in range(len(q)):
        for i in range(len(bounds) - 1):
            n, m = bounds[i + 1] - bounds[i], key_bounds[i + 1] - key_bounds[i]
            keys = k[head, key_bounds[i] : key_bounds[i + 1]]
            values = v[head, key_bounds[i] : key_bounds[i + 1]]
            for first in range(0, n, _BLOCK):
                last = min(first + _BLOCK, n)
                a, b = bounds[i] + first, bounds[i] + last
                here = m - n + first
                low, high = max(0, here - reach + 1), min(m, m - n + last + ahead)
                shares = np.dot(q[head, a:b], keys[low:high].T)
                for r in range(last - first):
                    t = here + r - low
                    begin, end = max(0, t - reach + 1), min(high - low, t + ahead + 1)
                    row = shares[r]
                    level[head, a + r] = _weigh(
                        row[begin:end], shift[head, begin - t + reach - 1 : end - t + reach - 1]
                    )
                    row[:begin] = 0
                    row[end:] = 0
                out[head, a:b] = np.dot(shares, values[low:high])


@compiled
def unattend(
    q: Reals,
    k: Reals,
    v: Reals,
    bounds: Ints,
    shift: Reals,
    reach: int,
    out: Reals,
    level: Reals,
    d_out: Reals,
    d_q: Reals,
    d_k: Reals,
    d_v: Reals,
    d_shift: Reals,
) -> None:
    """Write the gradients to `d_q`, and add those of all else to `d_k`, `d_v` and `d_shift`."""
    ahead = shift.shape[1] - reach
    for head in range(len(q)):
        for i in range(len(bounds) - 1):
            n = bounds[i + 1] - bounds[i]
            keys, values = k[head, bounds[i] : bounds[i + 1]], v[head, bounds[i] : bounds[i + 1]]
            d_keys, d_values = d_k[head, bounds[i] : bounds[i + 1]], d_v[head, bounds[i] : bounds[i + 1]]
            for first in range(0, n, _BLOCK):
                last = min(first + _BLOCK, n)
                a, b = bounds[i] + first, bounds[i] + last
                low, high = max(0, first - reach + 1), min(n, last + ahead)
                shares = np.dot(q[head, a:b], keys[low:high].T)
                d_shares = np.dot(d_out[head, a:b], values[low:high].T)
                for r in range(last - first):
                    t = first + r - low
                    begin, end = max(0, t - reach + 1), min(high - low, t + ahead + 1)
                    moved = shift[head, begin - t + reach - 1 : end - t + reach - 1]
                    d_moved = d_shift[head, begin - t + reach - 1 : end - t + reach - 1]
                    share, d_share = shares[r, begin:end], d_shares[r, begin:end]
                    lowered = level[head, a + r]
                    whole = out.dtype.type(0)
                    for j in range(out.shape[2]):
                        whole += out[head, a + r, j] * d_out[head, a + r, j]
                    for j in range(len(share)):
                        share[j] = exp(share[j] + moved[j] - lowered)
                        d_share[j] = share[j] * (d_share[j] - whole)
                        d_moved[j] += d_share[j]
                    shares[r, :begin] = 0
                    shares[r, end:] = 0
                    d_shares[r, :begin] = 0
                    d_shares[r, end:] = 0
                d_q[head, a:b] = np.dot(d_shares, keys[low:high])
                d_keys[low:high] += np.dot(d_shares.T, q[head, a:b])
                d_values[low:high] += np.dot(shares.T, d_out[head, a:b])
