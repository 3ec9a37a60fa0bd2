"""Whole sequences through a network, in chunks of time: its outputs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from seqcompare.models.recurrent.cell import State
from seqcompare.models.recurrent.chunks import (
    alive,
    few_outputs,
    halves,
    in_chunks,
    n_forward_of,
    read_out,
    steps_at_once,
)
from seqcompare.models.recurrent.flat import FlatNetwork
from seqcompare.models.recurrent.kernels import add_rows
from seqcompare.models.recurrent.packing import longest_first
from seqcompare.models.recurrent.pooling import attention_shares, empty_pool, gather
from seqcompare.models.recurrent.threads import side_by_side
from seqcompare.typing import Array, Ints

SEQUENCES_AT_ONCE = 256


def answer(network: FlatNetwork, flat: Array, inputs: Array, offsets: Ints) -> Array:
    """Return the network's outputs, shape (n_steps, K) if it answers at every step, else (n, K)."""
    n_items = offsets[-1] if network.architecture.pooling == "none" else len(offsets) - 1
    z = np.zeros((n_items, network.architecture.n_outputs), flat.dtype)
    for places, some in answers(network, flat, inputs, offsets):
        add_rows(some, places, z)
    return z


def answers(network: FlatNetwork, flat: Array, inputs: Array, offsets: Ints) -> Iterator[tuple[Ints, Array]]:
    """Yield what `answer` returns in parts: some of its rows, and what is there.

    Of a single sequence that is read forwards they come in the order of its steps.
    """
    for chosen in _blocks(offsets):
        size = None if network.whole else steps_at_once(len(chosen))
        walks = [
            _answers(each, flat, inputs, offsets, some, size)
            for each, some in halves(network, offsets, chosen, size)
        ]
        for parts in side_by_side(walks):
            yield from parts


def _answers(
    network: FlatNetwork, flat: Array, inputs: Array, offsets: Ints, chosen: Ints, size: int | None
) -> Iterator[tuple[Ints, Array]]:
    weights, kind, n_forward = network.views(flat), network.architecture.pooling, n_forward_of(network)
    state: list[State] | None = None
    lengths = offsets[chosen + 1] - offsets[chosen]
    pooled = empty_pool(len(chosen), n_forward * len(network.directions), flat.dtype)
    for _, packed, x in in_chunks(inputs, offsets, chosen, size):
        done = network.run(weights, x, packed, alive(state, packed), keep=False)
        state = done.final
        if kind == "none":
            for part in few_outputs(network, packed.n_rows):
                yield packed.source[part], read_out(network, weights, done.output[part], x[part])
        else:
            pooled = gather(kind, weights, done.output, packed, lengths, pooled, n_forward=n_forward)
    if kind != "none":
        yield chosen, read_out(network, weights, pooled.value, pooled.value)


def attention(network: FlatNetwork, flat: Array, inputs: Array, offsets: Ints) -> Array:
    """Return the attention that each step gets, shape (n_steps,)."""
    weights, n_forward = network.views(flat), n_forward_of(network)
    shares = np.empty(offsets[-1], flat.dtype)
    for chosen in _blocks(offsets):
        lengths = offsets[chosen + 1] - offsets[chosen]
        for _, packed, x in in_chunks(inputs, offsets, chosen, None):
            done = network.run(weights, x, packed, keep=False)
            empty = empty_pool(len(chosen), n_forward * len(network.directions), flat.dtype)
            pooled = gather("attention", weights, done.output, packed, lengths, empty, n_forward=n_forward)
            shares[packed.source] = attention_shares(weights, done.output, packed, pooled)
    return shares


def _blocks(offsets: Ints) -> Iterator[Ints]:
    """Yield all sequences, those of like length together."""
    order = longest_first(offsets, np.arange(len(offsets) - 1))
    for first in range(0, len(order), SEQUENCES_AT_ONCE):
        yield order[first : first + SEQUENCES_AT_ONCE]
