"""How the steps of a sequence become one answer: the last one, their mean, or additive attention.

A sequence may come in several chunks. `gather` takes them one by one and keeps only sums; `spread` then turns
the gradient of the pooled values into that of each chunk's steps.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from seqcompare.models.recurrent.cell import Weights
from seqcompare.models.recurrent.packing import Pack
from seqcompare.typing import Array


class Pooled(NamedTuple):
    """What the chunks so far amount to.

    Attributes
    ----------
    value : the pooled output of each sequence, shape (B, width)
    top, total : for attention, the largest energy and the sum of exp(energy - top), shape (B,)
    """

    value: Array
    top: Array
    total: Array


def empty_pool(n_sequences: int, width: int, dtype: np.dtype) -> Pooled:
    """Return what no steps amount to."""
    return Pooled(
        np.zeros((n_sequences, width), dtype),
        np.full(n_sequences, -np.inf, dtype),
        np.zeros(n_sequences, dtype),
    )


def gather(
    kind: str, weights: Weights, output: Array, pack: Pack, lengths: Array, so_far: Pooled, *, n_forward: int
) -> Pooled:
    """Take one chunk more into account.

    Parameters
    ----------
    kind : {"last", "mean", "attention"}
        How to pool.
    weights : dict of ndarray
        As from `Network.views`.
    output : ndarray, shape (N, width)
        The last layer's output at the chunk's steps.
    pack : Pack
        Where they lie; it holds the first sequences of `so_far`.
    lengths : ndarray of int64, shape (B,)
        Steps of each whole sequence.
    so_far : Pooled
        The chunks before.
    n_forward : int
        Columns that read forwards. The others read backwards and have seen all at the first step.
    """
    value, top, total = (part.copy() for part in so_far)
    n = len(pack.lengths)
    if kind == "last":
        value[:n, :n_forward] = output[pack.last, :n_forward]
        value[:n, n_forward:] = output[:n, n_forward:]
    elif kind == "mean":
        value[:n] += _sums(output, pack) / lengths[:n, None].astype(output.dtype)
    else:
        _, energy = _energy(weights, output)
        order, starts = pack.by_sequence
        top[:n] = np.maximum(top[:n], np.maximum.reduceat(energy[order], starts))
        share = np.exp(energy - top[pack.sequence])
        old = total[:n] * np.exp(so_far.top[:n] - top[:n])
        total[:n] = old + _sums(share[:, None], pack)[:, 0]
        value[:n] = (old[:, None] * value[:n] + _sums(share[:, None] * output, pack)) / total[:n, None]
    return Pooled(value, top, total)


def attention_shares(weights: Weights, output: Array, pack: Pack, pooled: Pooled) -> Array:
    """Return the attention each step gets, shape (N,); the shares of a whole sequence sum to 1.

    Additive attention as in Bahdanau et al. (2015), "Neural machine translation by jointly learning to align
    and translate", with a learned vector in the query's place.
    """
    _, energy = _energy(weights, output)
    return np.exp(energy - pooled.top[pack.sequence]) / pooled.total[pack.sequence]


def spread(
    kind: str,
    weights: Weights,
    output: Array,
    pack: Pack,
    lengths: Array,
    pooled: Pooled,
    d_value: Array,
    gradient: Weights,
    *,
    start: int,
    n_forward: int,
) -> Array:
    """Return the gradient with respect to a chunk's output, shape (N, width).

    The gradients of attention's weights are added to `gradient`. `start` is the chunk's first step, `d_value`
    the gradient with respect to the pooled values, shape (B, width); the rest is as in `gather`.
    """
    n = len(pack.lengths)
    if kind == "last":
        d_output = np.zeros_like(output)
        ending = np.flatnonzero(start + pack.lengths == lengths[:n])
        d_output[pack.last[ending], :n_forward] = d_value[ending, :n_forward]
        if start == 0:
            d_output[:n, n_forward:] += d_value[:n, n_forward:]
        return d_output
    d_rows = d_value[pack.sequence]
    if kind == "mean":
        return d_rows / lengths[pack.sequence, None].astype(output.dtype)
    squashed, energy = _energy(weights, output)
    share = np.exp(energy - pooled.top[pack.sequence]) / pooled.total[pack.sequence]
    d_energy = share * ((output - pooled.value[pack.sequence]) * d_rows).sum(axis=1)
    d_inner = d_energy[:, None] * weights["attention.vector"] * (1 - squashed * squashed)
    gradient["attention.vector"] += squashed.T @ d_energy
    gradient["attention.bias"] += d_inner.sum(axis=0)
    gradient["attention.weight"] += output.T @ d_inner
    return share[:, None] * d_rows + d_inner @ weights["attention.weight"].T


def _energy(weights: Weights, output: Array) -> tuple[Array, Array]:
    squashed = np.tanh(output @ weights["attention.weight"] + weights["attention.bias"])
    return squashed, squashed @ weights["attention.vector"]


def _sums(rows: Array, pack: Pack) -> Array:
    order, starts = pack.by_sequence
    return np.add.reduceat(rows[order], starts, axis=0)
