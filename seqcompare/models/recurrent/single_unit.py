"""One recurrent unit, whose gradients can be followed exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seqcompare.models.recurrent.kernels import ACTIVATIONS


@dataclass(frozen=True, eq=False)
class SingleUnit:
    """One recurrent unit after an impulse.

    Attributes
    ----------
    weights : ndarray, shape (n,)
        The recurrent weights.
    states : ndarray, shape (n, n_steps)
        h[t].
    gradients : ndarray, shape (n, n_steps)
        d h[t] / d x[0], exactly.
    """

    weights: NDArray[np.float64]
    states: NDArray[np.float64]
    gradients: NDArray[np.float64]

    def frame(self) -> pd.DataFrame:
        """Return a table with a row a weight and step."""
        import pandas as pd

        which, step = (index.ravel() for index in np.indices(self.states.shape))
        return pd.DataFrame(
            {
                "weight": self.weights[which],
                "step": step,
                "state": self.states.ravel(),
                "gradient": self.gradients.ravel(),
            }
        )

    def plot(self, ax: Any = None) -> Any:
        """Draw the size of the gradients against the step, on a logarithmic axis; return the axes."""
        ax = axes_of(ax)
        for weight, gradient in zip(self.weights, np.abs(self.gradients), strict=True):
            ax.plot(np.where(gradient > 0, gradient, np.nan), label=f"w = {weight:g}")
        ax.set(yscale="log", xlabel="step t", ylabel="|d h[t] / d x[0]|")
        ax.legend()
        return ax


def single_unit(
    weights: Sequence[float] = (0.5, 1.0, 1.5),
    *,
    activation: str = "tanh",
    n_steps: int = 50,
    impulse: float = 1.0,
) -> SingleUnit:
    """Follow h[t] = f(w h[t-1] + x[t]) through one impulse at step 0 and zeros after it.

    The gradient is d h[t] / d x[0] = f'(0) w f'(1) w f'(2) ... w f'(t), where f'(s) is the slope at step s:
    for the identity exactly w^t, so that it vanishes for |w| < 1 and explodes for |w| > 1.

    Parameters
    ----------
    weights : sequence of float
        Recurrent weights to compare.
    activation : {"identity", "tanh", "sigmoid", "relu"}
        f.
    n_steps : int
        Steps to follow.
    impulse : float
        x[0].
    """
    if activation not in ACTIVATIONS:
        raise ValueError(f"activation must be one of {list(ACTIVATIONS)}, got {activation!r}")
    w = np.asarray(weights, dtype=np.float64)
    states, gradients = np.empty((2, len(w), n_steps))
    h, gradient = np.zeros(len(w)), np.ones(len(w))
    for t in range(n_steps):
        z = w * h + (impulse if t == 0 else 0.0)
        if activation == "tanh":
            h = np.tanh(z)
            slope = 1 - h**2
        elif activation == "sigmoid":
            h = np.tanh(z / 2) / 2 + 0.5
            slope = h * (1 - h)
        else:
            slope = (z > 0).astype(float) if activation == "relu" else np.ones(len(w))
            h = z * slope
        gradient = gradient * slope * (w if t else 1.0)
        states[:, t], gradients[:, t] = h, gradient
    return SingleUnit(w, states, gradients)


def axes_of(ax: Any) -> Any:
    """Return the axes to draw in: those given, or new ones."""
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(layout="constrained")[1]
