"""At which lags the evidence sits: weights by lag, and what is lost when one lag is shuffled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils import check_random_state

from seqcompare.models.windows.layout import WindowLayout
from seqcompare.typing import Labels, RandomState, Values

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False)
class LagInfluence:
    """How much each lag of a window matters to a model."""

    lags: NDArray[np.int64]
    """Steps back, shape (n_taps,): 2 is the step before the last, -1 the next one."""
    influence: NDArray[np.float64]
    """By lag: the norm of the weights, or the mean drop of the score."""
    std: NDArray[np.float64]
    """Standard deviation over repeats; NaN where there are none."""
    measure: str
    """What `influence` is."""

    def frame(self) -> pd.DataFrame:
        """Return one row a lag: ``lag``, ``influence``, ``std``, and ``share`` of the summed influence.

        What falls below 0 by chance has no share.
        """
        import pandas as pd

        positive = np.maximum(self.influence, 0)
        total = positive.sum()
        share = positive / total if total else positive
        return pd.DataFrame({"lag": self.lags, "influence": self.influence, "std": self.std, "share": share})

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the influence of each lag, the past on the left, and return the axes."""
        from matplotlib.ticker import MaxNLocator

        from seqcompare.style import ACCENT, look, new_axes

        with look():
            ax = new_axes() if ax is None else ax
            error = None if np.isnan(self.std).all() else self.std
            # drawn as t - lag, so that time runs to the right
            ax.bar(-self.lags, self.influence, yerr=error, capsize=2, color=ACCENT)
            ax.xaxis.set_major_locator(MaxNLocator(integer=True))
            ax.set(xlabel="step, counted from t", ylabel=self.measure, title="Where the evidence sits")
        return ax

    def _repr_html_(self) -> str:
        return str(self.frame().to_html(index=False))


def weight_influence(estimator: BaseEstimator, layout: WindowLayout) -> LagInfluence:
    """Return the norm of a linear estimator's weights by lag.

    Weights of the marks of edges are left out. A weight of a pair of taps counts at both its lags.

    Parameters
    ----------
    estimator : fitted estimator
        With ``coef_``, or a pipeline whose last step has one, for as many columns as the window has.
    layout : WindowLayout
        What the columns are.

    Raises
    ------
    ValueError
        If the estimator has no weight for each column.
    """
    machine = estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator
    weights = getattr(machine, "coef_", None)
    if weights is None or np.shape(weights)[-1] != layout.n_columns:
        raise ValueError(
            f"{type(machine).__name__} has no weight for each of the {layout.n_columns} columns: "
            "permutation_importance_by_lag works with any estimator"
        )
    squares = np.square(weights.toarray() if issparse(weights) else weights)
    squares = np.atleast_2d(squares).sum(axis=0) * ~layout.edge_columns
    of_column = layout.column_lags
    norms = np.sqrt([squares[(of_column == lag).any(axis=1)].sum() for lag in layout.lags])
    return LagInfluence(layout.lags, norms, np.full(len(norms), np.nan), "norm of the weights")


def permutation_influence(
    layout: WindowLayout,
    base: Labels,
    score: Callable[[Values], float],
    n_repeats: int,
    random_state: RandomState,
) -> LagInfluence:
    """Return how much the score drops when what stands at one lag is dealt anew among the windows.

    Permutation importance (Breiman, "Random forests", 2001), a lag at a time: all channels of a lag, and its
    mark of the edge, move together.

    Parameters
    ----------
    layout : WindowLayout
        What the columns of `base` are.
    base : ndarray
        Windows as `WindowLayout.base` cuts them out.
    score : callable
        The score of the model's answer to such windows; greater is better.
    n_repeats : int
        How often each lag is shuffled.
    random_state : int, RandomState instance or None
        The source of randomness.
    """
    generator = check_random_state(random_state)
    whole = score(base)
    drops = np.empty((len(layout.lags), n_repeats))
    for drop, lag in zip(drops, layout.lags, strict=True):
        columns = np.flatnonzero(layout.base_lags == lag)
        for k in range(n_repeats):
            shuffled = base.copy()
            shuffled[:, columns] = base[generator.permutation(len(base))][:, columns]
            drop[k] = whole - score(shuffled)
    return LagInfluence(layout.lags, drops.mean(axis=1), drops.std(axis=1), "drop of the score")
