"""Groups of the rows of a table as arrays: pandas takes a millisecond to make a table of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray


class Rows(Mapping[str, NDArray[Any]]):
    """Some rows of a table, as an array a column.

    Parameters
    ----------
    columns : mapping of str to array of shape (n,)
        The columns of the table.
    places : array of int of shape (m,)
        Which of its rows.
    """

    def __init__(self, columns: Mapping[str, NDArray[Any]], places: NDArray[np.intp]) -> None:
        self._columns = columns
        self._places = places

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._columns[name][self._places]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    @property
    def n_rows(self) -> int:
        """How many rows."""
        return len(self._places)

    def first(self, name: str) -> Any:
        """Return what the first row has in a column."""
        return self._columns[name][self._places[0]]

    def where(self, chosen: NDArray[np.bool_]) -> Rows:
        """Return the rows for which `chosen`, of shape (n_rows,), is true."""
        return Rows(self._columns, self._places[chosen])


def groups_of(frame: pd.DataFrame, by: list[str], *, dropna: bool = True) -> Iterator[Rows]:
    """Yield the rows that have the same in all columns `by`, in the order in which groups appear.

    Parameters
    ----------
    frame : DataFrame
        The table.
    by : list of str
        Columns.
    dropna : bool, default=True
        Whether to leave out rows that have nothing in one of these.
    """
    groups = frame.groupby(by, sort=False, dropna=dropna).ngroup().fillna(-1).to_numpy()
    order = np.argsort(groups, kind="stable")
    order = order[np.searchsorted(groups[order], 0) :]  # what is left out comes first
    starts = np.flatnonzero(np.diff(groups[order])) + 1
    columns = {str(name): frame[name].to_numpy() for name in frame}
    for places in np.split(order, starts) if len(order) else ():
        yield Rows(columns, places)


def median(values: NDArray[Any]) -> float:
    """Return the median of what is there; NaN without."""
    there = values[~np.isnan(values)]
    return float(np.median(there)) if len(there) else np.nan
