"""Whole sequences through a network, in chunks of time: outputs, and the gradients of a batch's loss."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqcompare.models.recurrent.cell import State, Weights
from seqcompare.models.recurrent.flat import FlatNetwork, Noise
from seqcompare.models.recurrent.losses import LOSSES, Loss
from seqcompare.models.recurrent.packing import Pack, longest_first, pack
from seqcompare.models.recurrent.pooling import attention_shares, empty_pool, gather, spread
from seqcompare.typing import Array, Ints

ROWS_AT_ONCE = 16_384  # steps that answering holds in memory; larger blocks were not faster
SEQUENCES_AT_ONCE = 256


class Examples(NamedTuple):
    """What is learned from.

    Attributes
    ----------
    inputs : codes of symbols, shape (n_steps,), or floats, shape (n_steps, n_inputs)
    offsets : bounds of the sequences, shape (n + 1,)
    targets : codes (N,), indicators or numbers (N, K), where N counts steps if the network answers at every
        step, else sequences
    weights : shape (N,)
    """

    inputs: Array
    offsets: Ints
    targets: Array
    weights: NDArray[np.float64]


class Update(NamedTuple):
    """One gradient: the summed loss of the items it is from, their weight, and the gradient of their mean."""

    loss: float
    weight: float
    gradient: Array


def read_out(network: FlatNetwork, weights: Weights, output: Array, x: Array) -> Array:
    """Return the outputs that belong to rows of the last layer and to the steps there, (n, n_outputs)."""
    if network.own_outputs:
        z = output.reshape(len(output), len(network.directions), -1).sum(axis=1)
    else:
        z = output @ weights["readout.weight"] + weights["readout.bias"]
    return z + x @ weights["readout.skip"] if network.architecture.skip else z


def _read_in(
    network: FlatNetwork, weights: Weights, output: Array, x: Array, d: Array, gradient: Weights
) -> Array:
    """Return the gradient with respect to `output`, adding the readout's own to `gradient`."""
    if network.architecture.skip:
        gradient["readout.skip"] += x.T @ d
    if network.own_outputs:
        return np.tile(d, len(network.directions))
    gradient["readout.weight"] += output.T @ d
    gradient["readout.bias"] += d.sum(axis=0)
    return d @ weights["readout.weight"].T


class _Chunk(NamedTuple):
    start: int
    pack: Pack
    x: Array


def _chunks(inputs: Array, offsets: Ints, chosen: Ints, size: int | None) -> Iterator[_Chunk]:
    """Yield the steps of the chosen sequences, the longest first, `size` steps of time at once."""
    longest = int((offsets[chosen + 1] - offsets[chosen]).max())
    size = longest if size is None else size
    for start in range(0, longest, size):
        packed = pack(offsets, chosen, start, start + size)
        yield _Chunk(start, packed, inputs[packed.source])


def _alive(state: list[State] | None, packed: Pack) -> list[State] | None:
    """Return the states of the sequences that have not ended before this chunk."""
    if state is None:
        return None
    return [tuple(part[: len(packed.lengths)] for part in parts) for parts in state]


def gradients(
    network: FlatNetwork,
    flat: Array,
    examples: Examples,
    chosen: Ints,
    truncation: int | None,
    dropout: tuple[float, float],
    rng: np.random.Generator,
) -> Iterator[Update]:
    """Yield the gradients of a batch: one a chunk of time for answers at every step, else one in all.

    Parameters
    ----------
    network : Network
        The network.
    flat : ndarray, shape (n_parameters,)
        Its weights. They may be changed in place between two gradients.
    examples : Examples
        All examples.
    chosen : ndarray of int64
        The sequences of this batch.
    truncation : int or None
        Steps in a chunk: the state is carried on, the gradient is not. Memory does not grow with the length
        of the sequences.
    dropout : tuple of float
        Rates for inputs and outputs, and for recurrent weights.
    rng : numpy.random.Generator
        Draws the dropout.
    """
    chosen = longest_first(examples.offsets, chosen)
    # a pooled batch runs twice and must meet the same noise, hence a seed a chunk
    seed = int(rng.integers(2**63)) if any(dropout) else 0
    walk = _step_gradients if network.architecture.pooling == "none" else _pooled_gradients
    yield from walk(
        network,
        flat,
        examples,
        chosen,
        truncation,
        lambda start: Noise(*dropout, np.random.default_rng([seed, start])) if any(dropout) else None,
    )


_Noise = Callable[[int], Noise | None]


def _step_gradients(
    network: FlatNetwork, flat: Array, examples: Examples, chosen: Ints, truncation: int | None, noise: _Noise
) -> Iterator[Update]:
    loss, weights = LOSSES[network.architecture.link], network.views(flat)
    state: list[State] | None = None
    for start, packed, x in _chunks(examples.inputs, examples.offsets, chosen, truncation):
        done = network.run(weights, x, packed, _alive(state, packed), noise(start))
        state = done.final
        rows = np.flatnonzero(examples.weights[packed.source])
        if not rows.size:
            continue
        taken = packed.source[rows]
        output = done.output[rows]
        seen = x[rows] if network.architecture.skip else x
        z = read_out(network, weights, output, seen)
        total, d, update = _loss_of(loss, z, examples.targets[taken], examples.weights[taken])
        gradient = np.zeros_like(flat)
        views = network.views(gradient)
        d_rows = _read_in(network, weights, output, seen, d, views)
        if len(rows) == packed.n_rows:
            d_output = d_rows
        else:
            d_output = network.take("d_output", done.output.shape, d_rows.dtype)
            d_output[:] = 0
            d_output[rows] = d_rows
        network.unrun(weights, x, packed, done, d_output, views)
        yield Update(total, update, gradient)


def _pooled_gradients(
    network: FlatNetwork, flat: Array, examples: Examples, chosen: Ints, truncation: int | None, noise: _Noise
) -> Iterator[Update]:
    loss, weights = LOSSES[network.architecture.link], network.views(flat)
    kind, n_forward = network.architecture.pooling, _n_forward(network)
    lengths = examples.offsets[chosen + 1] - examples.offsets[chosen]
    chunks = list(_chunks(examples.inputs, examples.offsets, chosen, truncation))
    pooled = empty_pool(len(chosen), n_forward * len(network.directions), flat.dtype)
    state: list[State] | None = None
    for start, packed, x in chunks:
        done = network.run(weights, x, packed, _alive(state, packed), noise(start), keep=len(chunks) == 1)
        state = done.final
        pooled = gather(kind, weights, done.output, packed, lengths, pooled, n_forward=n_forward)
    z = read_out(network, weights, pooled.value, pooled.value)
    total, d, update = _loss_of(loss, z, examples.targets[chosen], examples.weights[chosen])
    gradient = np.zeros_like(flat)
    views = network.views(gradient)
    d_value = _read_in(network, weights, pooled.value, pooled.value, d, views)
    state = None
    for start, packed, x in chunks:
        if len(chunks) > 1:  # the first pass kept only sums
            done = network.run(weights, x, packed, _alive(state, packed), noise(start))
            state = done.final
        d_output = spread(
            kind,
            weights,
            done.output,
            packed,
            lengths,
            pooled,
            d_value,
            views,
            start=start,
            n_forward=n_forward,
        )
        network.unrun(weights, x, packed, done, d_output, views)
    yield Update(total, update, gradient)


def _loss_of(
    loss: Loss, z: Array, targets: Array, item_weights: NDArray[np.float64]
) -> tuple[float, Array, float]:
    """Return the weighted sum of the losses, the gradient of their weighted mean, and the sum of weights."""
    total = item_weights.sum()
    items, d = loss.look(z, targets)
    d = np.multiply(d, (item_weights / total).astype(z.dtype)[:, None], order="C", dtype=z.dtype)
    return float(items @ item_weights), d, float(total)


def answer(network: FlatNetwork, flat: Array, inputs: Array, offsets: Ints) -> Array:
    """Return the network's outputs, shape (n_steps, K) if it answers at every step, else (n, K)."""
    weights = network.views(flat)
    per_step = network.architecture.pooling == "none"
    n_forward = _n_forward(network)
    z = np.empty((offsets[-1] if per_step else len(offsets) - 1, network.architecture.n_outputs), flat.dtype)
    for chosen in _blocks(offsets):
        state: list[State] | None = None
        lengths = offsets[chosen + 1] - offsets[chosen]
        pooled = empty_pool(len(chosen), n_forward * len(network.directions), flat.dtype)
        for _, packed, x in _chunks(inputs, offsets, chosen, _chunk_size(network, len(chosen))):
            done = network.run(weights, x, packed, _alive(state, packed), keep=False)
            state = done.final
            if per_step:
                z[packed.source] = read_out(network, weights, done.output, x)
            else:
                pooled = gather(
                    network.architecture.pooling,
                    weights,
                    done.output,
                    packed,
                    lengths,
                    pooled,
                    n_forward=n_forward,
                )
        if not per_step:
            z[chosen] = read_out(network, weights, pooled.value, pooled.value)
    return z


def attention(network: FlatNetwork, flat: Array, inputs: Array, offsets: Ints) -> Array:
    """Return the attention that each step gets, shape (n_steps,)."""
    weights, n_forward = network.views(flat), _n_forward(network)
    shares = np.empty(offsets[-1], flat.dtype)
    for chosen in _blocks(offsets):
        lengths = offsets[chosen + 1] - offsets[chosen]
        for _, packed, x in _chunks(inputs, offsets, chosen, None):
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


def _chunk_size(network: FlatNetwork, n_sequences: int) -> int | None:
    if network.whole:
        return None
    return max(1, ROWS_AT_ONCE // n_sequences)


def _n_forward(network: FlatNetwork) -> int:
    return network.width(network.architecture.n_layers - 1) // len(network.directions)
