"""Whose best member was not tried: who may not be called worse for good."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

#: How a training ended that could have gone on.
_CUT_SHORT = ("budget", "seconds")
#: Sizes that are numbers of steps.
_SEEN = ("order", "width", "depth")
#: What the names of candidates end in that take rare symbols together.
_TOGETHER = r", \d+ commonest symbols\b"


@dataclass(frozen=True)
class Untried:
    """What of a model was not tested.

    Parameters
    ----------
    reason : str
        What it is.
    slack : float, default=inf
        How much better it may be, in units of the loss; infinite where nothing is known.
    wider : bool, default=False
        Whether it takes a wider grid to know.
    """

    reason: str
    slack: float = np.inf
    wider: bool = False


def find_untried(
    grids: pd.DataFrame, tests: pd.DataFrame, tolerance: float, longest: int
) -> dict[str, Untried]:
    """Return, of each model whose best member may not have been tested, what was not.

    That is so where bits were still falling at the largest size that was tried, and the data would have had
    room for a larger one; where every training ended with its budget; where rare symbols were taken together;
    or where the candidate that did best while tuning is not the one that was tested.

    Parameters
    ----------
    grids : DataFrame
        What `seqcompare.results.grids.all_grids` returns.
    tests : DataFrame
        Rows of testing: ``entry``, ``status``, ``stop``.
    tolerance : float
        What is practically equal, in units of the loss.
    longest : int
        Steps of the longest sequence: nothing sees further.
    """
    found: dict[str, Untried] = {}
    for entry, grid in grids.groupby("entry", sort=False):
        best = grid.iloc[int(grid["loss"].argmin())]
        named = grid[grid["chosen"].astype(bool)]
        if len(named) and float(named["behind"].iloc[0] - best["behind"]) > tolerance:
            ahead = float(named["behind"].iloc[0] - best["behind"])
            smaller = float(named["n_parameters"].iloc[0]) < float(best["n_parameters"])
            why = "by so little that the smaller" if smaller else "but not in most folds:"
            words = f"{best['model']} did best while tuning, {why} {named['model'].iloc[0]} was tested"
            words += " in its place"
            found[str(entry)] = Untried(words, ahead)
        wider = _still_falling(grid, best, tolerance, longest)
        if wider:
            found[str(entry)] = Untried(wider, wider=True)
    for entry, rows in tests.groupby("entry", sort=False):
        if len(rows) and rows["stop"].isin(_CUT_SHORT).all():
            found[str(entry)] = Untried("its training ended with its budget")
        elif rows["model"].astype(str).str.contains(_TOGETHER).any():
            found[str(entry)] = Untried(
                "it took rare symbols together: one that tells all apart was not tried"
            )
    return found


def _still_falling(
    grid: pd.DataFrame, best: Mapping[str, object] | pd.Series, tolerance: float, longest: int
) -> str:
    """Return in words how far a size was tried at which bits were still falling; empty if they were not."""
    mine = grid[(grid["variant"] == best["variant"]) & grid["capacity"].notna()]
    size = float(best["capacity"])  # type: ignore[arg-type]  # a number, or NaN
    smaller = mine[mine["capacity"] < size]
    # no order or width beyond the longest sequence says more
    ends = best["capacity_name"] in _SEEN and size >= longest - 1
    if smaller.empty or size < mine["capacity"].max() or ends:
        return ""
    near = smaller.loc[[smaller["capacity"].idxmax()]].iloc[0]
    error = float(near["fold_error"]) if np.isfinite(near["fold_error"]) else 0.0
    if float(near["loss"]) - float(best["loss"]) <= max(error, tolerance):  # type: ignore[arg-type]
        return ""
    if size < grid["capacity"][grid["capacity_name"] == best["capacity_name"]].max():
        return f"larger ones of the kind of {best['model']} may be better still: not tried"
    return f"{best['capacity_name']} above {size:g} may be better still: not tried"
