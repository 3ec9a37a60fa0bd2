"""Looking inside: how far gradients reach, what gates do, and what one step does to the state.

Each function returns an immutable result with `frame`, a table, and `plot`, which draws it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seqcompare.data.sequences import Sequences
from seqcompare.data.targets import check_step_labels, check_step_weights, scored_steps
from seqcompare.models.alphabet import encode
from seqcompare.models.base import check_sequences
from seqcompare.models.recurrent.cell import State
from seqcompare.models.recurrent.chunks import read_out
from seqcompare.models.recurrent.estimator import RecurrentNet
from seqcompare.models.recurrent.losses import LOSSES
from seqcompare.models.recurrent.network import Network
from seqcompare.models.recurrent.packing import longest_first, pack
from seqcompare.models.recurrent.single_unit import SingleUnit, axes_of, single_unit
from seqcompare.models.recurrent.threads import one_thread
from seqcompare.style import ACCENT, QUIET
from seqcompare.typing import Array, Ints, SequencesLike, TargetsLike, WeightsLike

__all__ = [
    "GateTrace",
    "GradientByLag",
    "JacobianSpectrum",
    "SingleUnit",
    "gate_trace",
    "gradient_by_lag",
    "jacobian_spectrum",
    "single_unit",
]


@dataclass(frozen=True, eq=False)
class GradientByLag:
    """How much the loss at a step depends on the state some steps before.

    Attributes
    ----------
    norms : ndarray, shape (n_lags, n_losses)
        Row k: norm of the gradient of a loss at step t with respect to the state after step t-k, all layers
        together; NaN where the sequence has no such step.
    """

    norms: NDArray[np.float64]

    def frame(self) -> pd.DataFrame:
        """Return a table: median and quartiles of the norms at each lag, and how many there are."""
        import pandas as pd

        low, middle, high = np.nanquantile(self.norms, [0.25, 0.5, 0.75], axis=1)
        counts = np.isfinite(self.norms).sum(axis=1)
        lags = np.arange(len(self.norms))
        return pd.DataFrame({"lag": lags, "median": middle, "low": low, "high": high, "n_losses": counts})

    def plot(self, ax: Any = None) -> Any:
        """Draw median and quartiles against the lag, on a logarithmic axis; return the axes."""
        ax, table = axes_of(ax), self.frame()
        ax.plot(table["lag"], table["median"], color=ACCENT)
        ax.fill_between(table["lag"], table["low"], table["high"], color=ACCENT, alpha=0.2)
        ax.set(yscale="log", xlabel="lag k (steps)", ylabel="norm of d loss[t] / d state[t-k]")
        return ax


def gradient_by_lag(
    model: RecurrentNet,
    X: SequencesLike,
    y: TargetsLike,
    *,
    sample_weight: WeightsLike | None = None,
    max_losses: int = 64,
) -> GradientByLag:
    """Measure how far back the gradient of a loss reaches.

    Parameters
    ----------
    model : fitted RNNTagger, RNNClassifier or RNNRegressor
        It must read forwards only, and its answers must come from single steps: ``pooling="last"``.
    X, y : as in the model's ``fit``
        Sequences and the truth. The loss is that of each sequence's last step; for a tagger, of the last one
        that has a weight and is not labelled ``ignore_label``. Sequences without one are left out.
    sample_weight : array of shape (n,), or one array of weights a sequence, optional
        For a tagger: which steps count.
    max_losses : int, default=64
        Sequences to look at: the first ones that have a loss.

    Returns
    -------
    GradientByLag

    Raises
    ------
    ValueError
        If the model is bidirectional or pools over steps, or no step counts.

    Notes
    -----
    Vanishing and exploding gradients: Bengio, Simard and Frasconi (1994), "Learning long-term dependencies
    with gradient descent is difficult".
    """
    network, flat = _forwards(model)
    if network.architecture.pooling not in ("none", "last"):
        raise ValueError(f"expected answers of single steps, got pooling={network.architecture.pooling!r}")
    sequences = check_sequences(model, X, reset=False)
    ends, targets = _losses(model, sequences, y, sample_weight)
    chosen = np.flatnonzero(ends >= 0)[:max_losses]
    if not chosen.size:
        raise ValueError("no step counts: all have weight 0 or ignore_label")
    ends, targets = ends[chosen], targets[chosen]
    starts = sequences.offsets[chosen]
    rows = [np.arange(a, a + end + 1) for a, end in zip(starts, ends, strict=True)]
    cut = Sequences(sequences.values[np.concatenate(rows)], np.concatenate([[0], np.cumsum(ends + 1)]))
    order = longest_first(cut.offsets, np.arange(len(ends)))
    with one_thread():
        norms = _carry_back(
            network, flat, model._encode(cut), cut.offsets, order, ends[order], targets[order]
        )
    return GradientByLag(norms)


def _carry_back(
    network: Network, flat: Array, x: Array, offsets: Ints, order: Ints, ends: Ints, targets: Array
) -> NDArray[np.float64]:
    """Return the norms by lag; step by step, so that the gradient can be read between two steps."""
    weights, loss = network.views(flat), LOSSES[network.architecture.link]
    n_steps = int(ends.max()) + 1
    walk: list[Any] = []
    state = network.start(len(order), flat.dtype)
    for t in range(n_steps):
        here = pack(offsets, order, t, t + 1)
        before = [tuple(part[: here.n_rows] for part in parts) for parts in state]
        walk.append((here, x[here.source], network.run(weights, x[here.source], here, before)))
        state = walk[-1][2].final
    norms = np.full((n_steps, len(order)), np.nan)
    unused = network.views(np.zeros_like(flat))
    d_state: list[State] = network.start(0, flat.dtype)
    for t in range(n_steps - 1, -1, -1):
        here, x_t, done = walk[t]
        n = here.n_rows
        grown = network.start(n, flat.dtype)
        for new, old in zip(grown, d_state, strict=True):
            for a, b in zip(new, old, strict=True):
                a[: len(b)] = b
        d_output = np.zeros_like(done.output)
        ending = np.flatnonzero(ends[:n] == t)
        if ending.size:
            _, d = loss.look(read_out(network, weights, done.output[ending], x_t[ending]), targets[ending])
            d = np.asarray(d, dtype=flat.dtype)
            d_output[ending] = d if network.own_outputs else d @ weights["readout.weight"].T
        squares = (d_output.astype(np.float64) ** 2).sum(axis=1)
        for parts in grown:
            squares += sum((part.astype(np.float64) ** 2).sum(axis=1) for part in parts)
        norms[ends[:n] - t, np.arange(n)] = np.sqrt(squares)
        d_state = network.unrun(weights, x_t, here, done, d_output, unused, grown)
    return norms


@dataclass(frozen=True, eq=False)
class GateTrace:
    """What one layer does along a sequence.

    Attributes
    ----------
    gates : dict of ndarray, shape (T, hidden_size)
        The gates by name, after squashing; `elman` and `jordan` have none.
    states : dict of ndarray, shape (T, width)
        The state after each step, by the names of its parts.
    """

    gates: dict[str, Array]
    states: dict[str, Array]

    def frame(self) -> pd.DataFrame:
        """Return a table with a row a step, unit and quantity."""
        import pandas as pd

        parts = []
        for kind, arrays in (("gate", self.gates), ("state", self.states)):
            for name, values in arrays.items():
                step, unit = (index.ravel() for index in np.indices(values.shape))
                parts.append(
                    pd.DataFrame(
                        {"kind": kind, "name": name, "step": step, "unit": unit, "value": values.ravel()}
                    )
                )
        return pd.concat(parts, ignore_index=True)

    def plot(self, axes: Any = None) -> Any:
        """Draw a heat map of units against steps for every gate and state; return the array of axes."""
        import matplotlib.pyplot as plt

        arrays = {**{f"{name} gate": v for name, v in self.gates.items()}, **self.states}
        if axes is None:
            _, axes = plt.subplots(len(arrays), 1, sharex=True, squeeze=False, layout="constrained")
        axes = np.ravel(axes)
        for ax, (name, values) in zip(axes, arrays.items(), strict=True):
            low = 0.0 if name.endswith("gate") and values.min() >= 0 else -float(np.abs(values).max())
            high = 1.0 if low == 0.0 else -low
            ax.imshow(values.T, aspect="auto", cmap="viridis" if low == 0.0 else "PuOr", vmin=low, vmax=high)
            ax.set(ylabel=f"{name}\nunit")
        axes[-1].set(xlabel="step")
        return axes


def gate_trace(model: RecurrentNet, x: Ints, *, layer: int = 0, backward: bool = False) -> GateTrace:
    """Record gates and states along one sequence.

    Parameters
    ----------
    model : fitted recurrent estimator
        The network.
    x : one sequence
        A string, or an array of shape (T,) or (T, d).
    layer : int, default=0
        Which layer, counted from the input.
    backward : bool, default=False
        Whether to take the direction that reads backwards; its steps are given in the sequence's order.
    """
    network, flat = model._network()
    directions = len(network.directions)
    if not 0 <= layer < network.architecture.n_layers or backward >= directions:
        raise ValueError(
            f"there is no layer {layer}{' backwards' if backward else ''}: the network has "
            f"{network.architecture.n_layers} layer(s), {' and '.join(network.directions)}"
        )
    sequences = check_sequences(model, [x], reset=False)
    here = pack(sequences.offsets, np.arange(1))
    done = network.run(network.views(flat), model._encode(sequences), here)
    cache = done.layers[layer].traces[int(backward)].cache
    ordered = slice(None, None, -1 if backward else 1)
    gates = {}
    if "gates" in cache:
        blocks = np.split(cache["gates"], len(network.cell.gates), axis=1)
        gates = {name: b[ordered].copy() for name, b in zip(network.cell.gates, blocks, strict=True)}
    # the initial state is the first row
    states = {name: cache[name[0]][1:][ordered].copy() for name in network.cell.states}
    return GateTrace(gates, states)


@dataclass(frozen=True, eq=False)
class JacobianSpectrum:
    """What one step does to small changes of the state.

    Attributes
    ----------
    eigenvalues : ndarray of complex, shape (n_steps, n_states)
        Of d state[t] / d state[t-1], the largest first. A modulus above 1 grows, one below 1 fades.
    singular_values : ndarray, shape (n_steps, n_states)
        By how much a step stretches, at most first.
    """

    eigenvalues: NDArray[np.complex128]
    singular_values: NDArray[np.float64]

    def frame(self) -> pd.DataFrame:
        """Return a table with the spectral radius and the extreme singular values of each step."""
        import pandas as pd

        return pd.DataFrame(
            {
                "step": np.arange(len(self.eigenvalues)),
                "spectral_radius": np.abs(self.eigenvalues).max(axis=1),
                "largest_singular_value": self.singular_values[:, 0],
                "smallest_singular_value": self.singular_values[:, -1],
            }
        )

    def plot(self, ax: Any = None) -> Any:
        """Draw all eigenvalues in the complex plane with the unit circle; return the axes."""
        ax = axes_of(ax)
        angle = np.linspace(0, 2 * np.pi, 200)
        ax.plot(np.cos(angle), np.sin(angle), color=QUIET, linewidth=1)
        values = self.eigenvalues.ravel()
        ax.plot(values.real, values.imag, ".", color=ACCENT, alpha=0.4, markersize=3)
        ax.set(xlabel="real part", ylabel="imaginary part", aspect="equal")
        return ax


def jacobian_spectrum(model: RecurrentNet, X: SequencesLike, *, max_steps: int = 200) -> JacobianSpectrum:
    """Compute eigenvalues and singular values of d state[t] / d state[t-1] along sequences.

    The state is all that is carried from step to step: of every layer, and for an LSTM the cells as well.

    Parameters
    ----------
    model : fitted recurrent estimator, not bidirectional
        The network.
    X : sequences
        The input; their steps are taken in order, the first `max_steps` of them.
    max_steps : int, default=200
        Steps to look at.
    """
    network, flat = _forwards(model)
    sequences = check_sequences(model, X, reset=False)
    weights, x = network.views(flat), model._encode(sequences)
    jacobians: list[Array] = []
    with one_thread():
        for a, b in zip(sequences.offsets[:-1], sequences.offsets[1:], strict=True):
            state = network.start(1, flat.dtype)
            for t in range(a, min(b, a + max_steps - len(jacobians))):
                jacobian, state = _step_jacobian(network, weights, x[t : t + 1], state)
                jacobians.append(jacobian)
    J = np.array(jacobians, dtype=np.float64)
    eigenvalues = np.linalg.eigvals(J).astype(np.complex128)
    order = np.argsort(-np.abs(eigenvalues), axis=1, kind="stable")
    singular_values = np.asarray(np.linalg.svd(J, compute_uv=False), dtype=np.float64)
    return JacobianSpectrum(np.take_along_axis(eigenvalues, order, axis=1), singular_values)


def _step_jacobian(
    network: Network, weights: dict[str, Array], x_t: Array, state: list[State]
) -> tuple[Array, list[State]]:
    """Return d state[t] / d state[t-1], shape (n_states, n_states), and state[t]."""
    widths = [part.shape[1] for parts in state for part in parts]
    n, dtype = sum(widths), state[0][0].dtype
    # one copy of the step for each number of the new state
    copies = pack(np.arange(n + 1), np.arange(n))
    x = np.repeat(x_t, n, axis=0)
    before = [tuple(np.repeat(part, n, axis=0) for part in parts) for parts in state]
    done = network.run(weights, x, copies, before)
    columns = iter(np.split(np.eye(n, dtype=dtype), np.cumsum(widths)[:-1], axis=1))
    d_final = [tuple(np.ascontiguousarray(next(columns)) for _ in parts) for parts in state]
    after = [tuple(part[:1].copy() for part in parts) for parts in done.final]
    unused = {name: np.zeros(shape, dtype) for name, shape in network.shapes.items()}
    d_start = network.unrun(weights, x, copies, done, np.zeros_like(done.output), unused, d_final)
    return np.concatenate([part for parts in d_start for part in parts], axis=1), after


def _forwards(model: RecurrentNet) -> tuple[Network, Array]:
    network, flat = model._network()
    if network.architecture.bidirectional:
        raise ValueError("expected a network that reads forwards only, got bidirectional=True")
    return Network(network.architecture), flat  # its passes must not share memory


def _losses(
    model: RecurrentNet, sequences: Sequences, y: TargetsLike, sample_weight: WeightsLike | None
) -> tuple[Ints, Array]:
    """Return the step of each sequence's loss, -1 for none, and its target."""
    link = model.architecture_["link"]
    if model.architecture_["pooling"] == "none":
        labels = check_step_labels(y, sequences)
        codes = encode(labels, model.classes_)
        counts = scored_steps(labels, model.ignore_label) & (codes < len(model.classes_))
        counts &= check_step_weights(sample_weight, sequences) > 0
        last = np.where(counts, sequences.step_index, -1)
        ends = np.maximum.reduceat(last, sequences.offsets[:-1])
        return ends, codes[sequences.offsets[:-1] + np.maximum(ends, 0)]
    ends = sequences.lengths - 1
    targets = np.asarray(y)
    if len(targets) != len(sequences):
        raise ValueError(f"y has {len(targets)} entries but X has {len(sequences)} sequences")
    if link == "softmax":
        return ends, encode(targets, model.classes_)
    if link == "sigmoid":
        return ends, targets
    return ends, (targets.reshape(len(targets), -1) - model.target_mean_) / model.target_scale_
