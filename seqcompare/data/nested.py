"""Sequences and orders that columns make together, as trials within subjects and beeps within days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seqcompare.data.keys import join_keys
from seqcompare.data.look import Look, starts_of
from seqcompare.data.runs import find_keys
from seqcompare.data.table import Table
from seqcompare.data.usual import USUAL, normal


def nest(table: Table, looks: Mapping[str, Look], order: bool) -> Table:
    """Return the table with a column for what columns make together, named as sequence or order.

    Parameters
    ----------
    table : Table
        The table.
    looks : mapping of str to Look
        The columns that may be taken, looked at.
    order : bool
        Whether an order is to be found as well.
    """
    if len(table.frame) < 6 or table.keys:
        return table
    name = _usual_sequence(looks)
    if name is None:
        return _told_by_order(table, looks, None) or table
    codes = looks[name].codes
    if (codes < 0).any():
        return table
    nested = _trials_within(table, looks, name)
    if nested is None and order:
        nested = _beeps_within_days(table, looks, codes)
    return nested or _told_by_order(table, looks, name) or table


def _usual_sequence(looks: Mapping[str, Look]) -> str | None:
    """Return the column with the name of a sequence, best one whose rows stand together."""
    known = {normal(name): look for name, look in looks.items()}
    usual = [known[name] for name in USUAL["sequence"] if name in known]
    sound = [
        look for look in usual if look.kind in ("words", "whole") and 1 < look.distinct <= len(look.codes) / 2
    ]
    together = [look for look in sound if look.blocks == look.distinct]
    return next((look.name for look in (*together, *sound)), None)


def _trials_within(table: Table, looks: Mapping[str, Look], name: str) -> Table | None:
    """Return the table with a key of two columns where a clock starts anew with each pair of their values."""
    own = looks[name].codes
    for other, look in looks.items():
        if other == name or normal(other) not in USUAL["sequence"] or (look.codes < 0).any():
            continue
        pairs = _pairs(own, look.codes)
        starts = starts_of(pairs)
        n_pairs = int(pairs.max()) + 1
        # where a pair begins, and the sequence goes on
        inner = starts[1:] & ~starts_of(own)[1:]
        if starts.sum() != n_pairs or n_pairs > len(pairs) / 2 or not inner.any():
            continue
        for clock, timed in looks.items():
            if clock in (name, other) or timed.numbers is None or not timed.rises(starts, strictly=True):
                continue
            anew = np.mean(np.diff(timed.numbers)[inner] <= 0) > 0.9
            if anew or timed.is_clock or normal(clock) in USUAL["order"]:
                joint = f"{name},{other}"
                how = "starts anew" if anew else "goes up"
                why = f"column {clock!r} {how} with each pair of {name!r} and {other!r}"
                keys = {"sequence": (joint, why), "order": (clock, "it goes up in each sequence")}
                # what is kept may be the group, if there are enough to be split
                gone = [other] if looks[name].distinct > 4 else [name, other]
                return _without(join_keys(table, joint), gone, keys)
    return None


def _told_by_order(table: Table, looks: Mapping[str, Look], name: str | None) -> Table | None:
    """Return the table with a key of the columns that an order tells; None if there are none."""
    found = find_keys(looks, name)
    if found is None:
        return None
    columns, order, why = found
    joint = ",".join(columns)
    keys = {"sequence": (joint, why), "order": (order, "it goes up in each sequence")}
    if len(columns) == 1:
        return replace(table, keys=keys)
    # what is around others may be the group, if there are enough to be split
    gone = [n for n in columns if looks[n].blocks > looks[n].distinct or looks[n].distinct < 5]
    return _without(join_keys(table, joint), gone, keys)


def _beeps_within_days(table: Table, looks: Mapping[str, Look], codes: NDArray[np.int64]) -> Table | None:
    """Return the table with one order in place of a column of days, say, and one that counts within them."""
    for name, look in looks.items():
        if normal(name) not in USUAL["order"] or look.numbers is None or look.distinct < 2:
            continue
        days = _pairs(codes, look.codes)
        if (look.codes < 0).any() or not _repeat(days) or int(days.max()) + 1 > len(days) / 2:
            continue
        starts = starts_of(days)
        if not (starts & ~starts_of(codes)).any():
            continue  # what is the same all through each sequence orders nothing
        if starts.sum() != int(days.max()) + 1 or not look.rises(starts_of(codes), strictly=False):
            continue
        for inner, counted in looks.items():
            if inner == name or counted.kind != "whole" or counted.numbers is None or counted.distinct < 3:
                continue
            whole = counted.distinct == np.ptp(counted.numbers) + 1 and counted.rises(starts, strictly=True)
            anew = counted.numbers[starts] == counted.numbers.min()
            if whole and np.mean(anew) > 0.5 and not (counted.codes < 0).any():
                return _one_order(table, look, counted)
    return None


def _one_order(table: Table, outer: Look, inner: Look) -> Table:
    assert outer.numbers is not None
    assert inner.numbers is not None
    place = np.unique(outer.numbers, return_inverse=True)[1]
    first = inner.numbers.min()
    number = place * (np.ptp(inner.numbers) + 1) + inner.numbers - first
    joint = f"{outer.name} {inner.name}"
    note = f"columns {outer.name!r} and {inner.name!r} are read as one order, {joint!r}"
    keys = {"order": (joint, f"{inner.name!r} counts within {outer.name!r}")}
    added = replace(
        table, frame=table.frame.assign(**{joint: number.astype(np.int64)}), notes=(*table.notes, note)
    )
    return _without(added, [outer.name, inner.name], keys)


def _without(table: Table, names: list[str], keys: dict[str, tuple[str, str]]) -> Table:
    kept = table.frame.drop(columns=names)
    text = {name: cells for name, cells in table.text.items() if name in kept}
    return replace(table, frame=kept, text=text, keys=keys)


def _pairs(a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the number of each pair of codes, from 0."""
    return pd.factorize(a * (int(b.max()) + 1) + b)[0]


def _repeat(codes: NDArray[np.int64]) -> bool:
    return bool(pd.Series(codes).duplicated().any())
