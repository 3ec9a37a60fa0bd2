"""Layers of attention over a pack: their weights, the way forward and the way back."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from seqcompare.models.attention.architecture import AttentionArchitecture
from seqcompare.models.attention.kernels import attend, unattend
from seqcompare.models.recurrent.cell import State, Weights
from seqcompare.models.recurrent.flat import FlatNetwork, Noise, kept
from seqcompare.models.recurrent.kernels import add_rows
from seqcompare.models.recurrent.packing import Pack
from seqcompare.typing import Array

TINY = 1e-6  # what keeps rows of zeros from being divided by zero
_WIDER = 2  # how many times as wide as a step the network between two heads is


class Layer(NamedTuple):
    """What one layer did, row by row: a step's numbers before each part, and what the way back needs.

    Attributes
    ----------
    entered, between : before attention and before the network, shape (N, H)
    q, k, v, found, level : as in `attend`
    inner : the hidden units of the network, shape (N, 2 H)
    masks : dropout of what each part adds
    """

    entered: Array
    q: Array
    k: Array
    v: Array
    found: Array
    level: Array
    between: Array
    inner: Array
    masks: tuple[Array | None, Array | None]


class Pass(NamedTuple):
    """What the network did on the way forward.

    Attributes
    ----------
    output : the last layer's, shape (N, H)
    final : the keys and values to go on from, after packs of one step
    layers, last, mask : what each layer did, what came out of the last one, and the output's dropout
    """

    output: Array
    final: list[State]
    layers: list[Layer]
    last: Array
    mask: Array | None


class AttentionNetwork(FlatNetwork):
    """A stack of layers of attention, as functions of a flat vector of weights.

    A layer adds to each step what its heads find among the steps in sight, and then what a network of one
    hidden layer makes of that (Vaswani et al. 2017, "Attention is all you need"), both of the step divided by
    its root mean square (Zhang and Sennrich 2019, "Root mean square layer normalization"). Where a step is
    shows only in what is added to the energy of a key at each distance from the query, one learned number a
    head and distance (Raffel et al. 2020, "Exploring the limits of transfer learning with a unified
    text-to-text transformer"). It starts from a fall with the distance, of another slope a head (Press et al.
    2022, "Train short, test long").

    Parameters
    ----------
    architecture : AttentionArchitecture
        What it is made of.
    reuse : bool, default=False
        As in `FlatNetwork`; passes do not share memory either way.
    """

    architecture: AttentionArchitecture
    directions = ("both",)
    whole = True

    def __init__(self, architecture: AttentionArchitecture, *, reuse: bool = False) -> None:
        self.architecture = a = architecture
        H = a.hidden_size
        self.ahead = 0 if a.causal else a.context - 1
        shapes: dict[str, tuple[int, ...]] = {"enter.weight": (a.n_inputs, H), "enter.bias": (H,)}
        for layer in range(a.n_layers):
            shapes |= {
                f"layer{layer}.{name}": shape
                for name, shape in {
                    "attend.gain": (H,),
                    "attend.weight": (H, 3 * H),
                    "attend.bias": (3 * H,),
                    "distance": (a.n_heads, a.context + self.ahead),
                    "found.weight": (H, H),
                    "found.bias": (H,),
                    "think.gain": (H,),
                    "think.weight": (H, _WIDER * H),
                    "think.bias": (_WIDER * H,),
                    "thought.weight": (_WIDER * H, H),
                    "thought.bias": (H,),
                }.items()
            }
        shapes["leave.gain"] = (H,)
        if a.pooling == "attention":
            shapes |= {"attention.weight": (H, H), "attention.bias": (H,), "attention.vector": (H,)}
        shapes |= {"readout.weight": (H, a.n_outputs), "readout.bias": (a.n_outputs,)}
        super().__init__(shapes, reuse=reuse)

    def width(self, layer: int) -> int:
        """Return how many numbers stand for a step."""
        return self.architecture.hidden_size

    def initial(self, rng: np.random.Generator, longest: int, dtype: DTypeLike) -> Array:
        """Return weights to start from: Glorot and Bengio's (2010), and heads that look near and far."""
        a = self.architecture
        flat = np.zeros(self.n_parameters)
        away = np.abs(np.arange(a.context + self.ahead) - (a.context - 1))
        for name, w in self.views(flat).items():
            part = name.rsplit(".", 1)[-1]
            if part == "gain":
                w[:] = 1
            elif part == "distance":
                w[:] = -away * 4.0 ** -np.arange(a.n_heads)[:, None]
            elif part == "vector":
                w[:] = rng.standard_normal(w.shape) / np.sqrt(len(w))
            elif name == "enter.weight" and a.symbols:
                w[:] = rng.standard_normal(w.shape)
            elif w.ndim == 2:
                blocks = 3 if name.endswith("attend.weight") else 1
                limit = np.sqrt(6.0 / (w.shape[0] + w.shape[1] / blocks))
                w[:] = rng.uniform(-limit, limit, w.shape)
        return flat.astype(dtype)

    def run(
        self,
        weights: Weights,
        x: Array,
        pack: Pack,
        state: list[State] | None = None,
        noise: Noise | None = None,
        *,
        keep: bool = True,
    ) -> Pass:
        """Run all layers over a pack.

        Parameters
        ----------
        weights : dict of ndarray
            As from `views`.
        x : ndarray of int64, shape (N,), or of floats, shape (N, n_inputs)
            The pack's steps; a code of ``n_inputs`` is an unknown symbol, which adds nothing.
        pack : Pack
            Where they lie.
        state : list of tuple of ndarray, optional
            Keys and values of the steps before, a pair a layer, each of shape (B, n_steps, H); for packs of
            one step.
        noise : Noise, optional
            Dropout, in training.
        keep : bool, default=True
            Whether `unrun` will follow.
        """
        order, starts = pack.by_sequence
        bounds = np.append(starts, pack.n_rows)
        stepping = pack.lengths[0] == 1
        rows = self._enter(weights, x[order])
        layers, final = [], []
        for i in range(self.architecture.n_layers):
            own = self._own(weights, i)
            q, k, v = self._ask(own, rows)
            seen, key_bounds, keys, values = bounds, bounds, k, v
            if stepping:
                pair = [_by_sequence(part, len(pack.lengths)) for part in (k, v)]
                if state is not None:
                    pair = [np.concatenate(both, axis=1) for both in zip(state[i], pair, strict=True)]
                key_bounds = np.arange(len(pack.lengths) + 1) * pair[0].shape[1]
                keys, values = (self._heads(part.reshape(-1, part.shape[2])) for part in pair)
                final.append(tuple(part[:, -max(self.architecture.context - 1, 1) :] for part in pair))
            found, level = np.empty_like(q), np.empty(q.shape[:2], q.dtype)
            reach = self.architecture.context
            attend(q, keys, values, seen, key_bounds, own["distance"], reach, found, level)
            added = _joined(found) @ own["found.weight"] + own["found.bias"]
            mask = None if noise is None else kept(noise.rng, noise.dropout, added)
            between = rows + (added if mask is None else added * mask)
            inner = np.maximum(
                _scaled(between, own["think.gain"]) @ own["think.weight"] + own["think.bias"], 0
            )
            added = inner @ own["thought.weight"] + own["thought.bias"]
            second = None if noise is None else kept(noise.rng, noise.dropout, added)
            if keep:
                layers.append(Layer(rows, q, k, v, found, level, between, inner, (mask, second)))
            rows = between + (added if second is None else added * second)
        output = np.empty_like(rows)
        output[order] = _scaled(rows, weights["leave.gain"])
        mask = None if noise is None else kept(noise.rng, noise.dropout, output)
        return Pass(output if mask is None else output * mask, final, layers, rows, mask)

    def unrun(
        self, weights: Weights, x: Array, pack: Pack, done: Pass, d_output: Array, gradient: Weights
    ) -> None:
        """Carry the loss's gradient back through a pass, adding that of the weights to `gradient`.

        The parameters are those of `run`, what it returned, and the gradient with respect to its output.
        """
        order, starts = pack.by_sequence
        bounds = np.append(starts, pack.n_rows)
        d = (d_output if done.mask is None else d_output * done.mask)[order]
        d = _unscaled(done.last, weights["leave.gain"], d, gradient["leave.gain"])
        for i in range(self.architecture.n_layers - 1, -1, -1):
            own, d_own, did = self._own(weights, i), self._own(gradient, i), done.layers[i]
            d_added = d if did.masks[1] is None else d * did.masks[1]
            d_inner = _unlinear(did.inner, own, d_own, "thought", d_added)
            d_inner *= did.inner > 0
            rows = _scaled(did.between, own["think.gain"])
            d_rows = _unlinear(rows, own, d_own, "think", d_inner)
            d = d + _unscaled(did.between, own["think.gain"], d_rows, d_own["think.gain"])
            d_added = d if did.masks[0] is None else d * did.masks[0]
            d_found = self._heads(_unlinear(_joined(did.found), own, d_own, "found", d_added))
            d_q = np.empty_like(did.q)
            d_k, d_v = np.zeros_like(did.q), np.zeros_like(did.q)
            unattend(
                *(did.q, did.k, did.v, bounds, own["distance"], self.architecture.context),
                *(did.found, did.level, d_found, d_q, d_k, d_v, d_own["distance"]),
            )
            d_q *= d_q.dtype.type(d_q.shape[2] ** -0.5)
            d_asked = np.concatenate([_joined(part) for part in (d_q, d_k, d_v)], axis=1)
            rows = _scaled(did.entered, own["attend.gain"])
            d_rows = _unlinear(rows, own, d_own, "attend", d_asked)
            d = d + _unscaled(did.entered, own["attend.gain"], d_rows, d_own["attend.gain"])
        gradient["enter.bias"] += d.sum(axis=0)
        if self.architecture.symbols:
            d_table = np.zeros((self.architecture.n_inputs + 1, d.shape[1]), d.dtype)
            add_rows(d, x[order], d_table)
            gradient["enter.weight"] += d_table[:-1]
        else:
            gradient["enter.weight"] += x[order].T @ d

    def shares(self, weights: Weights, x: Array) -> Array:
        """Return how much each step of one sequence looks at each: (layers, heads, T queries, T keys)."""
        a, T = self.architecture, len(x)
        pack = Pack(np.array([T]), np.arange(T), np.zeros(T, np.int64), np.arange(T + 1))
        done = self.run(weights, x, pack)
        found = np.zeros((a.n_layers, a.n_heads, T, T), done.output.dtype)
        place = np.arange(T) - np.arange(T)[:, None] + a.context - 1
        seen = (place >= 0) & (place < a.context + self.ahead)
        for i, did in enumerate(done.layers):
            shift = weights[f"layer{i}.distance"][:, np.where(seen, place, 0)]
            energy = did.q @ did.k.transpose(0, 2, 1) + shift - did.level[:, :, None]
            found[i] = np.where(seen, np.exp(np.where(seen, energy, 0)), 0)
        return found

    def _enter(self, weights: Weights, x: Array) -> Array:
        W, b = weights["enter.weight"], weights["enter.bias"]
        if not self.architecture.symbols:
            return x @ W + b
        return np.concatenate([W, np.zeros_like(W[:1])])[x] + b

    def _ask(self, own: Weights, rows: Array) -> tuple[Array, Array, Array]:
        asked = _scaled(rows, own["attend.gain"]) @ own["attend.weight"] + own["attend.bias"]
        q, k, v = (self._heads(part) for part in np.split(asked, 3, axis=1))
        q *= q.dtype.type(q.shape[2] ** -0.5)
        return q, k, v

    def _heads(self, rows: Array) -> Array:
        """Return the columns head by head, shape (heads, N, H / heads)."""
        heads = self.architecture.n_heads
        return np.ascontiguousarray(rows.reshape(len(rows), heads, -1).transpose(1, 0, 2))

    def _own(self, weights: Weights, layer: int) -> Weights:
        prefix = f"layer{layer}."
        return {name.removeprefix(prefix): w for name, w in weights.items() if name.startswith(prefix)}


def _joined(heads: Array) -> Array:
    """Return what `AttentionNetwork._heads` was made of, shape (N, H)."""
    return heads.transpose(1, 0, 2).reshape(heads.shape[1], -1)


def _by_sequence(heads: Array, n_sequences: int) -> Array:
    return _joined(heads).reshape(n_sequences, -1, heads.shape[0] * heads.shape[2])


def _root(rows: Array) -> Array:
    return np.sqrt((rows * rows).mean(axis=1, keepdims=True) + rows.dtype.type(TINY))


def _scaled(rows: Array, gain: Array) -> Array:
    """Return rows of mean square 1, times what was learned of each column."""
    return rows / _root(rows) * gain


def _unscaled(rows: Array, gain: Array, d: Array, d_gain: Array) -> Array:
    """Return the gradient with respect to `rows`, and add that of `gain`."""
    root = _root(rows)
    unit = rows / root
    d_gain += (d * unit).sum(axis=0)
    d_unit = d * gain
    return (d_unit - unit * (d_unit * unit).mean(axis=1, keepdims=True)) / root


def _unlinear(rows: Array, own: Weights, d_own: Weights, name: str, d: Array) -> Array:
    """Return the gradient with respect to rows that went through a layer, and add those of its weights."""
    d_own[f"{name}.weight"] += rows.T @ d
    d_own[f"{name}.bias"] += d.sum(axis=0)
    return d @ own[f"{name}.weight"].T
