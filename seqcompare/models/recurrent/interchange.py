"""Weights by name, in and out, and in PyTorch's layout.

Names and shapes, with H hidden units, g gates (LSTM: output, input, forget, candidate; GRU: reset, update,
candidate; minGRU: update, candidate; LRU: the real and the imaginary part, and what goes past the state;
Elman and Jordan: one block), each H columns wide, and k outputs:

========================== ================= =============================================================
``embedding``              (symbols, e)      if symbols are embedded
``layer0.forward.input``   (inputs, g H)     times the input: symbols one-hot or embedded, or numbers after
                                             ``input_mean_`` and ``input_scale_``; a layer above reads the
                                             directions of the one below side by side
``layer0.forward.bias``    (g H,)
``layer0.forward.recurrent`` (H, g H)        times the state; Jordan: (outputs, H); none of minGRU and LRU
``....recurrent_bias``     (H,)              GRU: inside the reset gate's product
``....output``, ``output_bias`` (H, k), (k,) Jordan: the output units
``....fading``, ``turning`` (H,), (H,)       LRU: λ = exp(-exp(fading) + i exp(turning))
``....output``             (2 H, H)          LRU: times the real parts of the state, then the imaginary ones
``layer0.backward...``                       the other direction
``attention.weight``, ``.bias``, ``.vector`` (D H, H), (H,), (H,) with ``pooling="attention"``
``readout.weight``, ``readout.bias`` (D H, k), (k,) D directions; not for Jordan
========================== ================= =============================================================
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seqcompare.models.recurrent.flat import FlatNetwork
from seqcompare.models.recurrent.network import Network
from seqcompare.typing import Floats, Reals, Record, Values

# where PyTorch's blocks of gates are among ours: its LSTM has input, forget, candidate, output
_TORCH_GATES = {"elman": [0], "gru": [0, 1, 2], "lstm": [1, 2, 3, 0]}


def named_weights(network: FlatNetwork, flat: Floats) -> dict[str, Values]:
    """Return copies of the weights, which `flat` holds end to end, by name."""
    return {name: w.copy() for name, w in network.views(flat).items()}


def replaced_weights(network: FlatNetwork, flat: Reals, weights: Record) -> Reals:
    """Return a copy of all weights with some of them replaced.

    Parameters
    ----------
    network : Network
        Knows the names and shapes.
    flat : array of shape (n_weights,)
        All weights, end to end.
    weights : dict
        Arrays by the names that `named_weights` gives; those left out stay as they are.

    Raises
    ------
    ValueError
        For a name that the network does not have, another shape, or numbers that are not finite.
    """
    flat = flat.copy()
    views = network.views(flat)
    for name, given in weights.items():
        if name not in views:
            raise ValueError(f"there are no weights {name!r}; the network has {list(views)}")
        array = np.asarray(given)
        if array.shape != views[name].shape:
            raise ValueError(f"{name} has shape {array.shape}, expected {views[name].shape}")
        if not np.isfinite(array).all():
            raise ValueError(f"{name} holds numbers that are not finite")
        views[name][:] = array
    return flat


def torch_state_dict(
    network: Network, flat: Reals, scaling: tuple[NDArray[np.float64], NDArray[np.float64]] | None
) -> dict[str, Values]:
    """Return the weights as the state dict of PyTorch modules, as arrays; PyTorch is not needed for it.

    ``rnn.*`` fits ``torch.nn.LSTM``, ``GRU`` or ``RNN`` with ``batch_first`` as one likes, ``readout.*`` a
    ``torch.nn.Linear``, ``embedding.*`` a ``torch.nn.Embedding``; ``attention.weight`` and ``.bias`` are a
    Linear's, and ``attention.vector`` is a vector. A symbol is its position in ``symbols_``, one-hot if there
    is no embedding; real-valued steps go in as they are: the weights contain the standardisation, by the
    means and scales in `scaling`.

    Raises
    ------
    ValueError
        For `jordan`, which PyTorch does not have, and for Elman networks with an activation that it lacks.
    """
    a, views = network.architecture, network.views(flat)
    if a.cell not in _TORCH_GATES or a.activation not in ("tanh", "relu"):
        raise ValueError(f"PyTorch has no cell {a.cell!r} with activation {a.activation!r}")
    state: dict[str, Values] = {}
    if a.embedding_size:
        state["embedding.weight"] = views["embedding"].copy()
    for layer in range(a.n_layers):
        for direction in network.directions:
            prefix = f"layer{layer}.{direction}."
            end = f"_l{layer}" + ("_reverse" if direction == "backward" else "")
            W, b = views[prefix + "input"], views[prefix + "bias"]
            if layer == 0 and scaling is not None:
                W, b = _unstandardized(W, b, *scaling)
            state[f"rnn.weight_ih{end}"] = _reorder(network, W).T.copy()
            state[f"rnn.weight_hh{end}"] = _reorder(network, views[prefix + "recurrent"]).T.copy()
            state[f"rnn.bias_ih{end}"] = _reorder(network, b).copy()
            state[f"rnn.bias_hh{end}"] = np.zeros_like(b)
            if a.cell == "gru":
                state[f"rnn.bias_hh{end}"][2 * a.hidden_size :] = views[prefix + "recurrent_bias"]
    for name in ("attention", "readout"):
        if f"{name}.weight" in views:
            state[f"{name}.weight"] = views[f"{name}.weight"].T.copy()
            state[f"{name}.bias"] = views[f"{name}.bias"].copy()
    if "attention.vector" in views:
        state["attention.vector"] = views["attention.vector"].copy()
    return state


def _reorder(network: Network, w: Floats) -> Floats:
    """Return the blocks of gates, along the last axis, in PyTorch's order."""
    order = _TORCH_GATES[network.architecture.cell]
    blocks = np.split(w, len(order), axis=-1)
    return np.concatenate([blocks[k] for k in order], axis=-1)


def _unstandardized(
    W: Floats, b: Floats, mean: NDArray[np.float64], scale: NDArray[np.float64]
) -> tuple[Values, Values]:
    """Return weights that do to raw input what the given ones do to standardised input."""
    raw = W / scale[:, None]
    return raw.astype(W.dtype), (b - mean @ raw).astype(b.dtype)
