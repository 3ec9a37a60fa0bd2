"""Wide tables: a row a sequence, a column a step."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from shlex import quote

import numpy as np
import pandas as pd

from seqcompare.data.assign import Columns, no_such_column
from seqcompare.data.cells import Spelling, as_words, type_cells
from seqcompare.data.dates import place_in_cycle
from seqcompare.data.lags import rows_go_on
from seqcompare.data.look import Look, in_nanoseconds
from seqcompare.data.order import moments_of
from seqcompare.data.table import UNNAMED, Table
from seqcompare.data.usual import USUAL, WEAK, WEAK_ORDERS, normal

ROW, STEP, VALUE, CLASS = "row", "step", "value", "class"

_NUMBERED = re.compile(r"(?P<stem>.*?[^0-9.]|)(?P<number>[0-9]+(?:\.[0-9]+)?)(?P<end>[^0-9]*)")
_ORDINAL = re.compile(r"(?<![0-9])([0-9]{1,2})(?:st|nd|rd)$", re.IGNORECASE)
# what R calls the columns of a matrix beside other channels
_DOTTED = re.compile(r"[A-Za-z]\w*\.[0-9]+")
# more classes than that are hardly sorted into blocks
_MOST_CLASSES = 10
_LETTERED = re.compile(r"([a-z])[_.](\w+)", re.IGNORECASE)
_DATE = re.compile(r"[0-9]{1,4}([-/.])[0-9]{1,2}\1[0-9]{1,4}")
# with a number behind it, such a word names a time
_TIME_WORDS = (
    "t tp time timepoint day days d week weeks wk w month months m year years yr y hour hours hr h min "
    "minute sec second age a visit wave trial step steps round session quarter q period obs"
)
_TIMES = frozenset(_TIME_WORDS.split())


@dataclass(frozen=True)
class Shape:
    """Which columns of a wide table are steps.

    Parameters
    ----------
    channels : mapping of str to list of str
        The columns of each channel, in the order of time.
    reason : str
        Why the table is taken for a wide one.
    """

    channels: Mapping[str, list[str]]
    reason: str

    @property
    def steps(self) -> list[str]:
        """All columns that hold steps."""
        return [name for columns in self.channels.values() for name in columns]


def find_shape(table: Table, columns: Columns, looks: Mapping[str, Look], wide: bool | None) -> Shape | None:
    """Return which columns are steps if the table has a row for each sequence; None if it has one a step.

    Parameters
    ----------
    table : Table
        The table.
    columns : Columns
        What the user said which column is.
    looks : mapping of str to Look
        The columns, looked at.
    wide : bool, optional
        What the user said of the table.

    Raises
    ------
    DataError
        If it may be either.
    """
    reason = "you said so" if wide else "the format says so"
    wide = table.wide if wide is None else wide
    if wide is False or columns.order:
        return None
    names = list(looks)
    named = [columns.values] if isinstance(columns.values, str) else list(columns.values or [])
    if wide:
        taken = {columns.sequence, columns.target, columns.group}
        alike = [n for part in named for n in ([part] if part in looks else fnmatch.filter(names, part))]
        found = _series([n for n in alike or names if n not in taken])
        if named and sum(map(len, found.values())) < len(alike):
            found = {VALUE: alike}
        steps = [n for n in names if n not in taken and not _is_key(looks[n])]
        found = found or {VALUE: steps}
        if min(map(len, found.values())) < 2:
            few = "a wide table has a column for each step, and here fewer than two are left"
            raise table.error(few).trying({"wide": False}, {"wide": None})
        return Shape(found, reason)
    if named:
        return None
    if not table.headed:
        return _headless_shape(table, looks)
    if columns.sequence and (columns.sequence not in looks or not looks[columns.sequence].every_row_its_own):
        return None
    taken = {columns.sequence, columns.target, columns.group}
    channels = _series([n for n in names if n not in taken])
    steps = max(channels.values(), key=len, default=[])
    of_steps = {name for series in channels.values() for name in series}
    rest = [name for name in names if name not in of_steps]
    if len(steps) < 3 or any(len({_is_number(looks[n]) for n in part}) > 1 for part in channels.values()):
        return None
    orders = {*USUAL["order"]} - {*WEAK_ORDERS}
    if any(normal(name) in orders and looks[name].distinct != 1 for name in rest):
        return None
    strong = {*USUAL["sequence"]} - {*WEAK, "ip", "ip_address", "client_ip"}
    usual = [n for n in rest if normal(n) in strong and not looks[n].every_row_its_own]
    nowhere = np.zeros(len(table.frame), dtype=bool)
    # dates of birth, say, are in no order: those that are order the rows
    if usual or any(looks[n].kind == "moments" and looks[n].rises(nowhere, strictly=False) for n in rest):
        return None
    keys = [name for name in rest if looks[name].every_row_its_own and looks[name].kind in ("words", "whole")]
    stem = _numbered(steps[0])
    last = [] if stem is None else re.findall("[a-z]+", stem["stem"].lower())
    when = _place(steps[0])
    dated = when is not None and "#" not in when[0]
    bare = dated or stem is None or not stem["stem"] or (bool(last) and last[-1] in _TIMES)
    # T1 may be a time as well as a thermometer
    either = not bare or (not dated and stem is not None and len(stem["stem"].strip("._ ")) == 1)
    if not rest and len(steps) < 12 and [str(i) for i in range(len(steps))] == steps:
        raise table.error(
            f"the columns are called {steps[0]} to {steps[-1]}: a row may be a sequence (--wide) or a step "
            f"of {len(steps)} channels (--no-wide); say which"
        ).trying({"wide": True}, {"wide": False})
    named = [n for n in keys if looks[n].kind == "words" or normal(n) in USUAL["sequence"]]
    if either and not named:
        if rows_go_on(looks, steps, rest) or (not bare and len(steps) < 12 and _DOTTED.fullmatch(steps[0])):
            return None
        named = keys if len(rest) > 1 else []
    if bare or (named and len(table.frame) > 1):
        return Shape(
            channels,
            f"the columns {steps[0]!r} to {steps[-1]!r} are a series"
            + (f", and {keys[0]!r} names every row" if keys and not bare else ""),
        )
    if len(steps) >= 12:
        return Shape(channels, f"the {len(steps)} columns {steps[0]!r} to {steps[-1]!r} are a series")
    return None


def _is_number(look: Look) -> bool:
    return look.kind in ("whole", "fraction")


def _is_key(look: Look) -> bool:
    usual = normal(look.name) in {*USUAL["sequence"], *USUAL["target"], *USUAL["group"]}
    return usual or look.name.startswith(UNNAMED) or (look.kind == "words" and look.every_row_its_own)


def _series(names: list[str]) -> dict[str, list[str]]:
    """Return the columns whose names count up, by number, month or date: the longest series of them.

    Several series over the same numbers, such as ``bp1, bp2, hr1, hr2``, are channels by their stems.
    """
    found: dict[str, list[tuple[float, str]]] = {}
    dated, lettered = _dated(names), _lettered(names)
    for name in names:
        place = ("moments", dated[name]) if name in dated else lettered.get(name) or _place(name)
        if place is not None:
            known = found.setdefault(place[0], [])
            if all(place[1] != other for other, _ in known[-1:]):
                known.append((place[1], name))
    if not found:
        return {}
    found = {stem: sorted(dict(series[::-1]).items()) for stem, series in found.items()}
    places = {stem: [place for place, _ in series] for stem, series in found.items()}
    longest = max(places.values(), key=len)
    alike = [stem for stem in found if places[stem] == longest]
    if len(longest) < 2:
        return {}
    if len(alike) == 1:
        return {VALUE: [name for _, name in found[alike[0]]]}
    return {stem.strip("#_. -") or VALUE: [name for _, name in found[stem]] for stem in alike}


def _dated(names: list[str]) -> dict[str, float]:
    """Return when the names are that are dates of digits: whether the day is first, only all of them say."""
    dates = [name for name in names if _DATE.fullmatch(name.strip())]
    moments = moments_of([name.strip() for name in dates]) if len(dates) > 2 else None
    return {} if moments is None else dict(zip(dates, in_nanoseconds(moments).tolist(), strict=True))


def _lettered(names: list[str]) -> dict[str, tuple[str, float]]:
    """Return the places of names that letters count, as those of the waves of a panel: a_age, b_age."""
    found: dict[str, dict[str, str]] = {}
    for name in names:
        match = _LETTERED.fullmatch(name.strip())
        if match is not None:
            found.setdefault(match[2] or "", {}).setdefault(match[1].lower(), name)
    return {
        name: (f"#_{stem}", float(place))
        for stem, letters in found.items()
        if len(letters) > 3 and "".join(sorted(letters)) == "abcdefghijklmnopqrstuvwxyz"[: len(letters)]
        for place, name in enumerate(letters[letter] for letter in sorted(letters))
    }


def _place(name: str) -> tuple[str, float] | None:
    text = name.strip()
    cycle = place_in_cycle(text)
    if cycle is not None:
        return cycle[0], float(cycle[1])
    moment = moments_of([text])
    if moment is not None:
        return "moments", float(in_nanoseconds(moment)[0])
    match = _numbered(text)
    if match is None:
        return None
    return f"{match['stem']}#{match['end']}", float(match["number"])


def _numbered(name: str) -> re.Match[str] | None:
    """Return the parts of a name with a number, which R parts by points and others by ordinals."""
    text = re.sub(r"(?<=[A-Za-z_])\.(?=[0-9]+$)", "_", name.strip())
    return _NUMBERED.fullmatch(_ORDINAL.sub(r"\1th", text))


def _headless_shape(table: Table, looks: Mapping[str, Look]) -> Shape | None:
    """Return the shape of a table of numbers without names, such as those of the UCR archive."""
    names = list(looks)
    first, rest = names[0], names[1:]
    if _are_labels(looks[names[-1]]) and not _are_labels(looks[first]) and len(names) > 12:
        first, rest = names[-1], names[:-1]
    if not all(_is_number(looks[name]) for name in rest) or len(names) < 2:
        return None
    labels = _are_labels(looks[first])
    many = looks[first].blocks == looks[first].distinct > _MOST_CLASSES
    if labels and many and len(rest) < 12:
        raise table.error(
            f"there are no names, and the rows of each of the {looks[first].distinct} values of column "
            f"{first!r} stand together: these may be sequences (--sequence {first} --no-wide) or classes "
            "(--wide); say which"
        ).trying({"wide": False, "sequence": first}, {"wide": True})
    which = "first" if first == names[0] else "last"
    fractions = sum(looks[name].kind == "fraction" for name in rest)
    if labels and len(rest) > 1 and (fractions > len(rest) / 2 or len(rest) >= 12):
        return Shape(
            {VALUE: rest},
            f"there are no names, and the {which} column holds few whole numbers: a class a row",
        )
    if len(names) >= 12 and len(names) > 2 * len(table.frame) ** 0.5:
        return Shape({VALUE: names}, "there are no names, and many columns")
    raise table.error(
        f"a table of {len(table.frame)} rows and {len(names)} columns without names: a row may be a sequence "
        "(--wide) or a step (--no-wide); say which"
    ).trying(*({"wide": wide} for wide in ((True, False) if len(names) > 5 else (False, True))))


def _are_labels(look: Look) -> bool:
    """Whether a column holds few different whole numbers (or words), as classes are."""
    few = look.distinct <= max(2, len(look.codes) // 2) and len(look.codes) > 3
    numbers = look.numbers
    return few and (numbers is None or bool((numbers == np.floor(numbers)).all()))


def check_steps(table: Table, shape: Shape, known: Mapping[str, Sequence[str]]) -> None:
    """Refuse a table without a step that the one that was learned from has, where it has a later one.

    Sequences may be shorter or longer than those, or, where columns are named by dates, begin later.
    """
    for channel, names in known.items():
        came = shape.channels.get(channel, [])
        last = max((i for i, name in enumerate(names) if name in came), default=0)
        gone = next((name for name in names[:last] if name not in came), None)
        if gone is not None and set(came) <= set(names):
            steps = f"expected the steps from {names[0]!r} on"
            raise table.error(f"there is no column {gone!r}, but there is {names[last]!r}: {steps}")


def melt(table: Table, columns: Columns, shape: Shape) -> tuple[Table, Columns]:
    """Return the long form of a wide table, and which of its columns is what.

    Values that are missing at the end of a row make its sequence shorter.
    """
    names = [str(name) for name in table.frame.columns]
    n_rows, n_steps = len(table.frame), len(next(iter(shape.channels.values())))
    notes = [*table.notes, f"a row is a sequence and a column a step: {shape.reason}"]
    if len(shape.channels) > 1:
        notes[-1] += f"; {', '.join(map(repr, shape.channels))} are channels of {n_steps} steps"
    flat = {channel: _flattened(table, columns) for channel, columns in shape.channels.items()}
    gone = np.all([values.isna().to_numpy() for values, _, _ in flat.values()], axis=0).reshape(
        n_rows, n_steps
    )
    lengths = n_steps - np.argmin(gone[:, ::-1], axis=1)
    lengths[gone.all(axis=1)] = 0
    empty = np.flatnonzero(lengths == 0)
    if empty.size:
        raise table.error("no step of this row has a value", int(empty[0]))
    kept = (np.arange(n_steps) < lengths[:, np.newaxis]).ravel()
    if not kept.all():
        notes.append("values missing at the end of rows are taken for the ends of sequences")
    row = np.repeat(np.arange(n_rows), n_steps)[kept]
    frame: dict[str, pd.Series] = {
        free(ROW, names): pd.Series(row),
        free(STEP, names): pd.Series(np.tile(np.arange(n_steps), n_rows)[kept]),
        **{channel: values[kept].reset_index(drop=True) for channel, (values, _, _) in flat.items()},
    }
    key, target, used = carried(table, columns, names, shape)
    told_of = {*shape.steps, *used}
    others = [name for name in names if name not in told_of]
    if others:
        one = "it" if len(others) == 1 else "one of them"
        hint = "" if target else f"; to predict {one}: --target {quote(others[-1])}"
        notes.append(
            f"{', '.join(map(repr, others))}: not used, since a channel has a value for each step{hint}"
        )
    text = {c: cells[kept].reset_index(drop=True) for c, (_, _, cells) in flat.items() if cells is not None}
    spellings = {channel: spelling for channel, (_, spelling, _) in flat.items()}
    for name in used:
        frame[name] = table.frame[name].iloc[row].reset_index(drop=True)
        if name in table.text:
            text[name] = table.text[name].iloc[row].reset_index(drop=True)
        if name in table.spellings:
            spellings[name] = table.spellings[name]
    lines = None if table.lines is None else table.lines[row]
    steps = {c: np.tile(np.array(names, dtype=object), n_rows)[kept] for c, names in shape.channels.items()}
    reasons = {free(ROW, names): "a row is a sequence", free(STEP, names): "the order of the columns"}
    several = len(shape.channels) > 1
    reasons |= {
        channel: f"the {n_steps} columns from {part[0]!r} to {part[-1]!r}" if several else shape.reason
        for channel, part in shape.channels.items()
    }
    long = Table(
        *(pd.DataFrame(frame), table.path, lines, text, spellings, tuple(notes)),
        steps=steps,
        reasons=reasons | why_carried(columns, key, target),
        aside=dict.fromkeys(others, "a channel has a value for each step"),
    )
    told = Columns(
        key or free(ROW, names),
        free(STEP, names),
        list(shape.channels),
        target or False,
        columns.group or False,
    )
    return long, told


def _flattened(table: Table, columns: list[str]) -> tuple[pd.Series, Spelling, pd.Series | None]:
    """Return the cells of columns row by row, how they are spelled, and as they are written in text."""
    if table.text:
        cells = [table.text[name].to_numpy(dtype=object) for name in columns]
        flat = [cell or "" for cell in np.column_stack(cells).ravel()]
        return *type_cells(flat, table.delimiter), as_words(flat)
    values = pd.concat([table.frame[name] for name in columns], ignore_index=True)
    values = values.iloc[np.arange(len(values)).reshape(len(columns), -1).T.ravel()]
    return values.reset_index(drop=True), Spelling(), None


def carried(
    table: Table, columns: Columns, names: list[str], shape: Shape
) -> tuple[str | None, str | None, list[str]]:
    """Return the columns of the key and the target, and all that go along; refuse wrong names."""
    for named in (columns.sequence, columns.target, columns.group):
        if named and named not in names:
            raise no_such_column(table, columns, named, names)
    of_steps = set(shape.steps)
    rest = [name for name in names if name not in of_steps]
    key = columns.sequence or None
    if key is None:
        distinct = [n for n in rest if table.written(n).is_unique and not table.written(n).isna().any()]
        key = next((n for n in distinct if normal(n) in USUAL["sequence"]), None)
        if key is None:
            words = [n for n in distinct if not pd.api.types.is_numeric_dtype(table.frame[n])]
            key = next(iter(distinct if len(shape.steps) == 1 else words), None)
    target = columns.target or None
    if columns.target is None:
        if not table.headed and len(rest) == 1:
            target = rest[0]
        else:
            target = next((n for n in rest if n != key and normal(n) in USUAL["target"]), None)
    used = [name for name in (key, target, columns.group) if name]
    return key, target, used


def why_carried(columns: Columns, key: str | None, target: str | None) -> dict[str, str]:
    """Return why columns are the key and the target that the user did not name."""
    reasons = {key: "no two rows have the same"} if key and not columns.sequence else {}
    if target and columns.target is None:
        reasons[target] = "by its name, or it is the only one that is left"
    return reasons


def free(name: str, taken: list[str]) -> str:
    """Return a name that is not taken."""
    while name in taken:
        name += "_"
    return name
