"""Keys that are told by an order: columns with which it starts anew, or that have each of its times once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seqcompare.data.look import Look, starts_of
from seqcompare.data.molten import is_molten
from seqcompare.data.table import UNNAMED
from seqcompare.data.usual import USUAL, WEAK, WEAK_ORDERS, listing, normal

# a key of more columns, or one of more candidates, is no find but an accident
_MOST_COLUMNS, _MOST_CANDIDATES = 3, 8
# random numbers rise over two steps; those without a name of an order have to do much better
_LONG, _SEVERAL = 4, 3
# of all pairs of a key and a time so many have a row in a panel
_FULL = 0.8


def find_keys(looks: Mapping[str, Look], named: str | None) -> tuple[list[str], str, str] | None:
    """Return the columns that keep sequences apart, the order that tells so, and the reason; None if none.

    Parameters
    ----------
    looks : mapping of str to Look
        The columns that may be taken, looked at.
    named : str or None
        The column with the name of a sequence, which is part of the key.
    """
    if is_molten(looks):
        return None
    for order in _orders(looks):
        if order == named or (named is not None and not _repeats([looks[named], looks[order]])):
            continue
        keys = _of_runs(looks, order, named)
        how = "starts anew with each of" if keys else "has each of its times once with each of"
        keys = keys or _of_panel(looks, order, named)
        if not keys and (keys := _of_counts(looks, order, named)):
            how = "counts anew with each of"
        if keys and len(looks) > len(keys) + 1:
            which = "its values" if len(keys) == 1 else f"{listing(keys)} together"
            return keys, order, f"column {order!r} {how} {which}"
    return None


def _orders(looks: Mapping[str, Look]) -> Iterator[str]:
    """Yield the columns that may be an order, the usual names first."""
    places = {name: i for i, name in enumerate((*USUAL["order"], *WEAK))}
    usual = sorted((n for n in looks if normal(n) in places), key=lambda n: places[normal(n)])
    yield from usual
    if not any(normal(name) in USUAL["order"] for name in usual):
        yield from (n for n in list(looks)[:30] if n not in usual and not n.startswith(UNNAMED))


def _of_runs(looks: Mapping[str, Look], order: str, named: str | None) -> list[str] | None:
    """Return the columns that change where, and only where, the numbers of an order start anew."""
    numbers = looks[order].numbers
    if numbers is None or not np.isfinite(numbers).all():
        return None
    runs = np.ones(len(numbers), dtype=bool)
    runs[1:] = np.diff(numbers) <= 0
    n_rows, n_runs = len(runs), int(runs.sum())
    look = looks[order]
    usual = normal(order) in USUAL["order"] or (look.kind == "moments" and not look.is_time_of_day)
    if not 2 <= n_runs <= n_rows / 2 or (not usual and (n_runs < _SEVERAL or n_rows < _LONG * n_runs)):
        return None
    counts = _counts_alike(numbers, runs)
    if normal(order) in WEAK and not counts:
        return None
    first = np.flatnonzero(runs)
    same = [n for n in _candidates(looks, order) if not starts_of(looks[n].codes)[~runs].any()]
    most = _MOST_COLUMNS if usual or counts else 1
    if named is not None and not usual:
        # what goes on within a sequence is a part of its order: bars of songs, say
        inside = starts_of(looks[named].codes)
        same = [n for n in same if n == named or not looks[n].rises(inside, strictly=False)]
    return next(
        (keys for keys in _sets(looks, same, named, most) if not _repeats([looks[k] for k in keys], first)),
        None,
    )


def _of_panel(looks: Mapping[str, Look], order: str, named: str | None) -> list[str] | None:
    """Return the columns that have nearly each time once together, in whatever order the rows are."""
    look = looks[order]
    if normal(order) not in USUAL["order"] or normal(order) in WEAK_ORDERS or look.numbers is None:
        return None
    n_rows = len(look.codes)
    several = [n for n in _candidates(looks, order) if looks[n].distinct <= n_rows / 3]
    for keys in _sets(looks, several, named, _MOST_COLUMNS):
        if len(keys) < 2 or _repeats([*(looks[k] for k in keys), look]):
            continue
        n_keys = int(_tuples([looks[k] for k in keys]).max()) + 1
        needed = n_keys > max(looks[k].distinct for k in keys)
        if needed and n_rows > _FULL * n_keys * look.distinct:
            return keys
    return None


def _of_counts(looks: Mapping[str, Look], order: str, named: str | None) -> list[str] | None:
    """Return the column each value of which numbers count from 0 or 1 on, in shuffled rows."""
    look = looks[order]
    if named is not None or look.kind != "whole" or look.numbers is None or (look.codes < 0).any():
        return None
    n_rows, least = len(look.codes), int(look.numbers.min())
    whole = least in (0, 1) and np.ptp(look.numbers) + 1 == look.distinct
    if not whole or not 3 <= look.distinct <= n_rows / 3:
        return None
    often = np.bincount((look.numbers - least).astype(np.int64))
    # as many as have a step have the one before it as well
    if (np.diff(often) > 0).any() or n_rows < _SEVERAL * often[0]:
        return None
    for key in _candidates(looks, order):
        codes = looks[key].codes
        if (
            looks[key].distinct != often[0]
            or looks[key].blocks == often[0]
            or (looks[key].kind == "whole" and often[0] == often[-1])
        ):
            continue  # of two whole numbers that have all pairs once, either may count
        counted = np.lexsort((look.numbers, codes))
        firsts, numbers = starts_of(codes[counted]), look.numbers[counted]
        if (numbers[firsts] == least).all() and (np.diff(numbers)[~firsts[1:]] == 1).all():
            return [key]
    return None


def _candidates(looks: Mapping[str, Look], order: str) -> list[str]:
    return [
        name
        for name, look in looks.items()
        if name != order and look.kind in ("words", "whole", "moments") and not name.startswith(UNNAMED)
        if 2 <= look.distinct <= len(look.codes) / 2 and not (look.codes < 0).any()
    ]


def _sets(looks: Mapping[str, Look], names: list[str], named: str | None, most: int) -> Iterator[list[str]]:
    """Yield sets of columns, with the named one in each: small ones first, and those of few values."""
    if named is not None and named not in names:
        return
    others = sorted((n for n in names if n != named), key=lambda n: looks[n].distinct)[:_MOST_CANDIDATES]
    fixed = [] if named is None else [named]
    for size in range(1, most + 1):
        for more in combinations(others, size - len(fixed)):
            yield [name for name in looks if name in (*fixed, *more)]


def _tuples(looks: list[Look], rows: slice | NDArray[np.int64] = slice(None)) -> NDArray[np.int64]:
    """Return the number of each tuple of values, from 0."""
    frame = pd.DataFrame({i: look.codes[rows] for i, look in enumerate(looks)})
    return np.asarray(frame.groupby(list(frame), sort=False).ngroup())


def _repeats(looks: list[Look], rows: slice | NDArray[np.int64] = slice(None)) -> bool:
    """Whether a tuple of values comes twice."""
    tuples = _tuples(looks, rows)
    return int(tuples.max()) + 1 < len(tuples)


def _counts_alike(numbers: NDArray[np.float64], runs: NDArray[np.bool_]) -> bool:
    """Whether numbers go on from the same one in each run, by the same each time."""
    steps = np.diff(numbers)[~runs[1:]]
    return len(np.unique(numbers[runs])) == 1 and bool(np.allclose(steps, steps[0], rtol=1e-6, atol=0))
