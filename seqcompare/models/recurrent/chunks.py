"""Whole sequences through a network, in chunks of time: the gradients of a batch's loss."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqcompare.models.recurrent.cell import State, Weights
from seqcompare.models.recurrent.flat import FlatNetwork, Noise
from seqcompare.models.recurrent.losses import LOSSES, Loss
from seqcompare.models.recurrent.network import Network
from seqcompare.models.recurrent.packing import Pack, longest_first, pack
from seqcompare.models.recurrent.pooling import empty_pool, gather, spread
from seqcompare.models.recurrent.threads import side_by_side
from seqcompare.typing import Array, Ints

ROWS_AT_ONCE = 16_384  # steps that answering holds in memory; larger blocks were not faster
# outputs held at once, of few steps where each has many: 32 MiB, and the few copies that a softmax takes
OUTPUTS_AT_ONCE = 2**22
# a batch of more steps is run twice, in chunks, so that memory does not grow with their length
MOST_KEPT = 2**17
# a batch is halved from this size on: sequences, and units of all sequences at a step, and of all steps. Of a
# smaller one, running both halves would take one core more than about a twentieth longer
_HALVED = 32, 2**13, 2**18


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


_NOTHING = Update(0.0, 0.0, np.empty(0))


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


class Chunk(NamedTuple):
    """Steps of a batch: the first one's number, where they lie, and the inputs."""

    start: int
    pack: Pack
    x: Array


def in_chunks(inputs: Array, offsets: Ints, chosen: Ints, size: int | None) -> Iterator[Chunk]:
    """Yield the steps of the chosen sequences, the longest first, `size` steps of time at once."""
    longest = int((offsets[chosen + 1] - offsets[chosen]).max())
    size = longest if size is None else size
    for start in range(0, longest, size):
        packed = pack(offsets, chosen, start, start + size)
        yield Chunk(start, packed, inputs.take(packed.source, axis=0))  # several times faster than [...]


def alive(state: list[State] | None, packed: Pack) -> list[State] | None:
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
    # a pooled batch runs twice and must meet the same noise, hence a seed a chunk; and one a half, since
    # both halves may run at once
    seed = int(rng.integers(2**63)) if any(dropout) else 0

    def noise(half: int, start: int) -> Noise | None:
        seeds = [seed, start, half] if half else [seed, start]
        return Noise(*dropout, np.random.default_rng(seeds)) if any(dropout) else None

    if network.architecture.pooling != "none":
        walk = _pooled_gradients
    elif truncation is None and not any(dropout) and _is_long(network, examples.offsets, chosen):
        walk = _checkpointed
    else:
        walk = _step_gradients
    walks = [
        walk(each, flat, examples, some, truncation, partial(noise, half))
        for half, (each, some) in enumerate(halves(network, examples.offsets, chosen, truncation))
    ]
    rounds: Iterable[list[Update]] = side_by_side(walks)
    if walk is not _step_gradients:  # one update in all, whichever half is through first
        rounds = [[each for updates in rounds for each in updates]]
    for updates in rounds:
        update = _together([each for each in updates if each.weight])
        if update.weight:
            yield update


def halves(
    network: FlatNetwork, offsets: Ints, chosen: Ints, truncation: int | None
) -> list[tuple[FlatNetwork, Ints]]:
    """Return a batch, the longest sequence first, or the two halves of a large one; and what runs each.

    Whether it is halved is a matter of sizes alone, so that nothing depends on how many threads there are.
    """
    if isinstance(network, Network) and len(chosen) >= _HALVED[0]:
        lengths, units = offsets[chosen + 1] - offsets[chosen], network.architecture.hidden_size
        n_steps = int(np.minimum(lengths, truncation or lengths[0]).sum())
        if len(chosen) * units >= _HALVED[1] and n_steps * units >= _HALVED[2]:
            return [(network, chosen[::2]), (network.twin(), chosen[1::2])]
    return [(network, chosen)]


def _together(updates: list[Update]) -> Update:
    """Return the update of a batch from those of its halves, which are added in their order."""
    if len(updates) < 2:
        return updates[0] if updates else _NOTHING
    a, b = updates
    weight = a.weight + b.weight
    gradient = a.gradient * (a.weight / weight) + b.gradient * (b.weight / weight)
    return Update(a.loss + b.loss, weight, gradient)


_Noise = Callable[[int], Noise | None]


def _step_gradients(
    network: FlatNetwork, flat: Array, examples: Examples, chosen: Ints, truncation: int | None, noise: _Noise
) -> Iterator[Update]:
    weights = network.views(flat)
    state: list[State] | None = None
    for start, packed, x in in_chunks(examples.inputs, examples.offsets, chosen, truncation):
        done = network.run(weights, x, packed, alive(state, packed), noise(start))
        state = done.final
        total = _weight(examples, packed)
        if not total:
            yield _NOTHING
            continue
        gradient = np.zeros_like(flat)
        views = network.views(gradient)
        loss, d_output = _look(network, weights, examples, packed, x, done.output, total, views)
        network.unrun(weights, x, packed, done, d_output, views)
        yield Update(loss, total, gradient)


def _weight(examples: Examples, packed: Pack) -> float:
    """Return the weight of the steps of a chunk, which must answer at every step."""
    weights = examples.weights[packed.source]
    return float(weights[weights != 0].sum())


def _look(
    network: FlatNetwork,
    weights: Weights,
    examples: Examples,
    packed: Pack,
    x: Array,
    output: Array,
    total: float,
    gradient: Weights,
) -> tuple[float, Array]:
    """Return the summed loss of a chunk, and the gradient of its share of `total` with respect to `output`.

    The gradients of the readout's weights are added to `gradient`.
    """
    rows = np.flatnonzero(examples.weights[packed.source])
    loss, found, d_parts = LOSSES[network.architecture.link], 0.0, []
    for part in few_outputs(network, max(len(rows), 1)):
        some = rows[part] if len(rows) < packed.n_rows else part  # a view, not a copy, of all
        taken = packed.source[some]
        answered, seen = output[some], x[some] if network.architecture.skip else x
        z = read_out(network, weights, answered, seen)
        more, d = _loss_of(loss, z, examples.targets[taken], examples.weights[taken], total)
        found += more
        d_parts.append(_read_in(network, weights, answered, seen, d, gradient))
    d_rows = d_parts[0] if len(d_parts) == 1 else np.concatenate(d_parts)
    if len(rows) == packed.n_rows:
        return found, d_rows
    d_output = network.take("d_output", output.shape, d_rows.dtype)
    d_output[:] = 0
    d_output[rows] = d_rows
    return found, d_output


def few_outputs(network: FlatNetwork, n_rows: int) -> Iterator[slice]:
    """Yield rows, so many at a time that their outputs are no more than are held at once."""
    size = max(1, OUTPUTS_AT_ONCE // network.architecture.n_outputs)
    for first in range(0, n_rows, size):
        yield slice(first, first + size)


def _is_long(network: FlatNetwork, offsets: Ints, chosen: Ints) -> bool:
    """Whether a batch is to be run in chunks through which the gradient is carried."""
    lengths = offsets[chosen + 1] - offsets[chosen]
    return isinstance(network, Network) and not network.whole and int(lengths.sum()) > MOST_KEPT


def _checkpointed(
    network: FlatNetwork, flat: Array, examples: Examples, chosen: Ints, truncation: int | None, noise: _Noise
) -> Iterator[Update]:
    """Yield the gradient of a batch, of whose way forward only the states between chunks are kept.

    From these each chunk is run again on the way back: Chen et al. (2016), "Training deep nets with sublinear
    memory cost". Not with dropout, whose masks are those of a batch.
    """
    assert isinstance(network, Network)
    weights, gradient = network.views(flat), np.zeros_like(flat)
    views, chunks = network.views(gradient), list(_spans(examples.offsets, chosen))
    states: list[list[State] | None] = [None]
    total = 0.0
    for packed in (pack(examples.offsets, chosen, *span) for span in chunks):
        total += _weight(examples, packed)
        done = network.run(
            weights, examples.inputs[packed.source], packed, alive(states[-1], packed), keep=False
        )
        states.append([tuple(part.copy() for part in parts) for parts in done.final])
        yield _NOTHING
    loss, d_state = 0.0, None
    for k in range(len(chunks) - 1, -1, -1):
        packed = pack(examples.offsets, chosen, *chunks[k])
        x = examples.inputs[packed.source]
        done = network.run(weights, x, packed, alive(states[k], packed))
        found, d_output = _look(network, weights, examples, packed, x, done.output, total, views)
        loss += found
        d_state = network.unrun(weights, x, packed, done, d_output, views, _going_on(done.final, d_state))
        yield _NOTHING
    yield Update(loss, total, gradient)


def steps_at_once(n_sequences: int) -> int:
    """Return how many steps of so many sequences are held in memory."""
    return max(1, ROWS_AT_ONCE // n_sequences)


def _spans(offsets: Ints, chosen: Ints) -> Iterator[tuple[int, int]]:
    """Yield the first step of each chunk of about `ROWS_AT_ONCE` rows, and the one behind its last."""
    size = steps_at_once(len(chosen))
    for start in range(0, int((offsets[chosen + 1] - offsets[chosen]).max()), size):
        yield start, start + size


def _going_on(final: list[State], d_state: list[State] | None) -> list[State]:
    """Return the gradient with respect to the states after a chunk: of sequences that end in it, zero."""
    d_final = [tuple(np.zeros_like(part) for part in parts) for parts in final]
    for parts, later in zip(d_final, d_state or [], strict=False):
        for part, d in zip(parts, later, strict=True):
            part[: len(d)] = d
    return d_final


def _pooled_gradients(
    network: FlatNetwork, flat: Array, examples: Examples, chosen: Ints, truncation: int | None, noise: _Noise
) -> Iterator[Update]:
    loss, weights = LOSSES[network.architecture.link], network.views(flat)
    kind, n_forward = network.architecture.pooling, n_forward_of(network)
    lengths = examples.offsets[chosen + 1] - examples.offsets[chosen]
    chunks = list(in_chunks(examples.inputs, examples.offsets, chosen, truncation))
    pooled = empty_pool(len(chosen), n_forward * len(network.directions), flat.dtype)
    state: list[State] | None = None
    for start, packed, x in chunks:
        done = network.run(weights, x, packed, alive(state, packed), noise(start), keep=len(chunks) == 1)
        state = done.final
        pooled = gather(kind, weights, done.output, packed, lengths, pooled, n_forward=n_forward)
    z = read_out(network, weights, pooled.value, pooled.value)
    update = examples.weights[chosen].sum()
    total, d = _loss_of(loss, z, examples.targets[chosen], examples.weights[chosen], update)
    gradient = np.zeros_like(flat)
    views = network.views(gradient)
    d_value = _read_in(network, weights, pooled.value, pooled.value, d, views)
    state = None
    for start, packed, x in chunks:
        if len(chunks) > 1:  # the first pass kept only sums
            done = network.run(weights, x, packed, alive(state, packed), noise(start))
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
    yield Update(total, float(update), gradient)


def _loss_of(
    loss: Loss, z: Array, targets: Array, item_weights: NDArray[np.float64], total: float
) -> tuple[float, Array]:
    """Return the weighted sum of the losses, and the gradient of what that is of a mean over `total`."""
    items, d = loss.look(z, targets)
    d = np.multiply(d, (item_weights / total).astype(z.dtype)[:, None], order="C", dtype=z.dtype)
    return float(items @ item_weights), d


def n_forward_of(network: FlatNetwork) -> int:
    """Return how many numbers of an output are of the forward direction."""
    return network.width(network.architecture.n_layers - 1) // len(network.directions)
