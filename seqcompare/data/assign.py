"""Which column of a table is what: names are hints, content decides, and the user has the last word."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Literal

import numpy as np

from seqcompare.data.bookkeeping import bookkeeping, changes
from seqcompare.data.dataset import ColumnUse
from seqcompare.data.keys import guess_sequence
from seqcompare.data.look import Look, starts_of
from seqcompare.data.order_columns import goes_on, order_by_content, why_no_order
from seqcompare.data.source import DataError
from seqcompare.data.table import UNNAMED, Table
from seqcompare.data.usual import PLACES, USUAL, WEAK, listing, normal

ColumnChoice = str | Literal[False] | None


_REST = "it serves no other purpose"


@dataclass(frozen=True)
class Columns:
    """Which column is what: a name, False for "there is none", or None to find out."""

    sequence: ColumnChoice = None
    order: ColumnChoice = None
    values: str | list[str] | None = None
    target: ColumnChoice = None
    group: ColumnChoice = None


@dataclass
class Assigned:
    """Which column is what, with the reasons."""

    sequence: str | None = None
    order: str | None = None
    target: str | None = None
    group: str | None = None
    values: list[str] = field(default_factory=list)
    uses: list[ColumnUse] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def use(self, column: str, use: str, reason: str) -> None:
        """Write down what a column is for, and why."""
        self.uses.append(ColumnUse(column, use, reason))


def assign(table: Table, columns: Columns, looks: dict[str, Look]) -> Assigned:
    """Find out which column is what.

    Parameters
    ----------
    table : Table
        The table.
    columns : Columns
        What the user said.
    looks : dict of str to Look
        The columns, looked at.

    Raises
    ------
    DataError
        If a named column is not there or named twice, a part could be several columns, or nothing is left
        for the values.
    """
    found = Assigned()
    listed = _named(table, columns, list(looks))
    taken = {c for c in (columns.sequence, columns.order, columns.target, columns.group) if c} | set(listed)
    for part in ("sequence", "order", "target", "group"):
        choice = getattr(columns, part)
        if choice:
            setattr(found, part, choice)
            found.use(choice, part, table.reasons.get(choice, "you said so"))
    free = [name for name in looks if name not in taken]
    for part, (name, reason) in table.keys.items():
        if getattr(columns, part) is None and name in free:
            _take(found, part, name, reason, free)
    if columns.sequence is None and not found.sequence:
        _find_sequence(table, columns, found, looks, free)
    if columns.order is None and found.order is None:
        _find_order(table, found, looks, free)
    if columns.sequence is None and not found.sequence:
        _check_not_one_row_each(table, found, looks, free)
    for part, fits in (("target", _is_target), ("group", _is_group)):
        if getattr(columns, part) is None:
            _find_usual(table, part, found, looks, free, fits)
    if not found.sequence:
        found.notes.append("no column names the sequences: the whole table is one sequence")
    if not found.order:
        found.notes.append("no column orders the steps: they are read in the order of the rows")
    found.values = listed or list(table.values) or _find_values(table, found, looks, free)
    why = "you said so" if listed else "the format says so" if table.values else _REST
    for name in found.values:
        found.use(name, "value", table.reasons.get(name, why))
    for name, reason in table.aside.items():
        found.use(name, "not used", reason)
    if not listed:
        found.notes.append(f"the values are {listing(found.values)}")
    return found


def _named(table: Table, columns: Columns, names: list[str]) -> list[str]:
    """Return the columns of the values that are named, by name or pattern; refuse what does not go."""
    given = [c for c in (columns.sequence, columns.order, columns.target, columns.group) if c]
    wanted = [columns.values] if isinstance(columns.values, str) else list(columns.values or [])
    listed: list[str] = []
    for name in wanted:
        alike = [name] if name in names else [n for n in names if fnmatchcase(n, name) and n not in given]
        listed += alike or [name]
    known = set(names)
    for column in [*given, *listed]:
        if column not in known:
            raise no_such_column(table, columns, column, names)
    if len({*given, *listed}) < len(given) + len(listed):
        raise table.error("a column can serve as one of sequence, order, values, target and group only")
    return listed


def no_such_column(table: Table, columns: Columns, column: str, names: list[str]) -> DataError:
    """Return the error for a column that was named and is not there."""
    parts = [part for part in ("sequence", "order", "target", "group") if getattr(columns, part) == column]
    close = get_close_matches(column.lower(), [name.lower() for name in names], 1)
    meant = [name for name in names if name.lower() in close]
    part = parts[0] if parts else "values"
    hint = f"; did you mean {meant[0]!r}?" if meant else ""
    error = table.error(
        f"there is no column {column!r} for the {part}{hint or ';'} the columns are {listing(names, 20)}"
    )
    return error.trying(*({part: name} for name in meant[:1]), {part: None})


def _candidates(table: Table, part: str, free: list[str]) -> list[str]:
    """Return the free columns with a usual name of a part, best first; a name's exact case goes first."""
    found = []
    known: dict[str, list[str]] = {}
    for name in free:
        known.setdefault(normal(name), []).append(name)
    for usual in USUAL[part]:
        alike = [usual] if usual in known.get(usual, []) else known.get(usual, [])
        if len(alike) > 1:
            either = table.error(f"the {part} could be {' or '.join(map(repr, alike))}: say which")
            raise either.trying(*({part: name} for name in alike))
        found += alike
    return found


def _take(found: Assigned, part: str, name: str, reason: str, free: list[str]) -> None:
    setattr(found, part, name)
    free.remove(name)
    found.use(name, part, reason)
    found.notes.append(
        f"column {name!r} is taken for the {part}" + ("" if reason == "its name" else f": {reason}")
    )


def _find_sequence(
    table: Table, columns: Columns, found: Assigned, looks: dict[str, Look], free: list[str]
) -> None:
    fitting = []
    for name in _candidates(table, "sequence", free):
        look = looks[name]
        fractions = look.kind == "fraction" and 2 * look.blocks > len(look.codes) and not look.is_whole
        if look.kind == "moments" or fractions:
            found.notes.append(f"column {name!r} is not taken for the sequence: it holds {_noun(look)}")
        elif normal(name) in WEAK and look.blocks > look.distinct and not _hosts(look):
            timed = [looks[n] for n in _candidates(table, "order", free)]
            problem = _why_weak(look, [t for t in timed if why_no_order(table, t, look.codes) is None])
            if problem is None:
                fitting.append(name)
            else:
                found.notes.append(f"column {name!r} is not taken for the sequence: {problem}")
        elif not look.every_row_its_own:
            fitting.append(name)
    # of several, one whose rows stand together: within it, others may count anew
    several = [name for name in fitting if looks[name].distinct > 1]
    # what is the same on all rows keeps nothing apart, whatever its name
    together = [name for name in several if looks[name].blocks == looks[name].distinct]
    if several:
        _take(found, "sequence", (together or several)[0], "its name", free)
        return
    orders = [columns.order] if columns.order else _candidates(table, "order", free)
    known = [*free, columns.order] if columns.order else free
    guess = guess_sequence({name: looks[name] for name in known}, orders)
    if guess is not None and guess.column in free and normal(guess.column) not in USUAL["target"]:
        _take(found, "sequence", guess.column, guess.reason, free)
        if guess.order is not None and columns.order is None:
            _take(found, "order", guess.order, "it counts the steps of each sequence", free)
    elif fitting:
        _take(found, "sequence", fitting[0], "its name", free)
    else:
        for name in free:
            look = looks[name]
            stand = look.kind == "words" and 1 < look.distinct == look.blocks <= len(look.codes) / 2
            if normal(name) in PLACES and stand:
                _take(found, "sequence", name, "its name, and its rows stand together", free)
                return


def _why_weak(look: Look, orders: list[Look]) -> str | None:
    """Return why a column whose values alternate keeps no sequences apart, in spite of its name."""
    if look.kind == "words":
        alternate = any(order.every_row_its_own for order in orders)
        return "its words alternate in time" if alternate else None
    return None if orders else "its numbers alternate from row to row, and no column orders the rows of each"


def _hosts(look: Look) -> bool:
    """Whether words are the names of machines, with points or numbers in them."""
    machines = [re.fullmatch(r"[\w-]+(?:[.:][\w-]+)+|[A-Za-z_-]+[0-9]+", text) for text in look.texts]
    return sum(match is not None for match in machines) > 0.8 * len(machines)


def _check_not_one_row_each(table: Table, found: Assigned, looks: dict[str, Look], free: list[str]) -> None:
    """Refuse a table whose rows all have a name of their own, and nothing that orders them."""
    own = [name for name in _candidates(table, "sequence", free) if looks[name].every_row_its_own]
    if own and not found.order:
        wide = {"wide": True}
        rows = (
            {"sequence": False, "order": own[0]} if looks[own[0]].numbers is not None else {"sequence": False}
        )
        kinds = {looks[name].kind for name in free if name != own[0]}
        raise table.error(
            f"column {own[0]!r} makes every row a sequence of its own; a table has a row for each step, not "
            "for each sequence, or is a wide one, and no column is left that names the sequences"
        ).trying(*([wide, rows] if len(kinds) == 1 and len(free) > 3 else [rows, wide]))


def _find_order(table: Table, found: Assigned, looks: dict[str, Look], free: list[str]) -> None:
    codes = looks[found.sequence].codes if found.sequence else np.zeros(len(table.frame), dtype=np.int64)
    named = _candidates(table, "order", free)
    counting = [n for n in free if looks[n].kind == "whole" and looks[n].counts(starts_of(codes))]
    for name in named:
        problem = why_no_order(table, looks[name], codes)
        if problem is None and counting and looks[name].is_time_of_day and not goes_on(looks[name], codes):
            problem = f"its times go up and down where {counting[0]!r} counts the rows"
        if problem is None:
            _take(found, "order", name, "its name", free)
            return
        found.notes.append(f"column {name!r} is not taken for the order: {problem}")
    by_content = (
        order_by_content(table, {name: looks[name] for name in free}, codes) if len(free) > 1 else None
    )
    if by_content is not None:
        _take(found, "order", *by_content, free)


Fits = Callable[[Look, dict[str, Look], Assigned], str | None]


def _find_usual(
    table: Table, part: str, found: Assigned, looks: dict[str, Look], free: list[str], fits: Fits
) -> None:
    for name in _candidates(table, part, free):
        problem = fits(looks[name], looks, found)
        if problem is None:
            _take(found, part, name, "its name", free)
            return
        found.notes.append(f"column {name!r} is not taken for the {part}: {problem}")


def _is_target(look: Look, looks: dict[str, Look], found: Assigned) -> str | None:
    if look.kind == "moments":
        return "it holds dates or times"
    starts = starts_of(looks[found.sequence].codes) if found.sequence else None
    if starts is not None and look.counts(starts) and changes(look, looks, found.sequence):
        return "it counts the steps"
    if look.kind == "fraction" and changes(look, looks, found.sequence):
        numbers = look.numbers
        assert numbers is not None
        known = numbers[~np.isnan(numbers)]
        if (known != np.floor(known)).any():
            return "it holds measurements that change within sequences"
    return None


def _is_group(look: Look, looks: dict[str, Look], found: Assigned) -> str | None:
    if not found.sequence:
        return "there is one sequence"
    if changes(look, looks, found.sequence):
        return "it changes within sequences"
    n_sequences = looks[found.sequence].distinct
    if look.distinct < 2:
        return "all its cells are the same"
    if normal(look.name).startswith("group") and look.distinct < min(5, n_sequences):
        return f"its {look.distinct} values are too few to keep apart in every split"
    return None


def _find_values(table: Table, found: Assigned, looks: dict[str, Look], free: list[str]) -> list[str]:
    """Return the columns that are left once bookkeeping is set aside; never none of several."""
    if not free:
        raise table.error(
            "no column is left for the values: a table has a row for each step, and a column for what it is"
        ).trying({"target": False}, {"order": False}, {"sequence": False})
    reasons = {name: bookkeeping(looks[name], looks, found.sequence, found.order) for name in free}
    several = found.sequence is not None and 1 < looks[found.sequence].distinct < len(table.frame)
    for name in free if several else []:
        look = looks[name]
        if look.distinct > 1 and look.kind != "moments" and not changes(look, looks, found.sequence):
            hint = "" if found.target else f" (to predict it: --target {name})"
            reasons[name] = f"it is the same all through each sequence{hint}"
    kept = [name for name in free if reasons[name] is None]
    if not kept:
        # what is least like bookkeeping stays
        kept = [name for name in free if not name.startswith(UNNAMED)] or free
        kept = [name for name in kept if looks[name].kind != "moments"] or kept
    stays = set(kept)
    for name in free:
        if name not in stays:
            shown = "a column without a name" if name.startswith(UNNAMED) else f"column {name!r}"
            found.use(name, "not used", str(reasons[name]))
            found.notes.append(f"{shown} is no channel: {reasons[name]}; to use it, name the values")
    return kept


def _noun(look: Look) -> str:
    return "numbers with fractions" if look.kind == "fraction" else "dates or times"
