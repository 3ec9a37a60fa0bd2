"""Files that hold a sequence each, put together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seqcompare.data.cells import type_cells
from seqcompare.data.containers import read_container
from seqcompare.data.contents import Contents, settle
from seqcompare.data.dataset import SequenceDataset, Target
from seqcompare.data.folder import FACTS, FILE, FOLDER, Files
from seqcompare.data.long import read_long
from seqcompare.data.roles import Wanted
from seqcompare.data.sequences import Sequences
from seqcompare.data.source import CELL, DataError, check_memory
from seqcompare.data.table import Table, frame_table, is_frame
from seqcompare.data.told import Told, asked, column_name, own_options, reader_for, refuse

# formats whose records are sequences already, wherever they lie
_OF_SEQUENCES = ("fasta", "ts", "tsf", "jsonl", "xes")


def read_files(files: Files, told: Told) -> SequenceDataset:
    """Read files that hold a sequence each, or some."""
    found, cells = [], 0
    for path in files.paths:
        reader = reader_for(path, told.file_format)
        try:
            each = asked(reader, path, own_options(reader, told.special))
        except ValueError as error:
            raise (error if isinstance(error, DataError) else DataError(str(error))).within(
                path
            ) from error.__cause__
        found.append(frame_table(each) if is_frame(each) else each)
        if isinstance(found[-1], Table):
            cells += found[-1].frame.size
            check_memory(CELL * cells, path, f"the files up to this one have {cells:,} cells")
    columns, title = told.columns, told.name or files.title
    choice = columns.target
    target = files.choose("target", None if choice in files.told else choice)
    group = files.choose("group", told.group)
    notes = [*files.notes, f"{len(files.paths)} {reader.name} files, each a sequence"]

    tables = [each for each in found if isinstance(each, Table)]
    if not tables:
        refuse(told.of_tables | {"target": None}, f"a {reader.name} file has no columns")
        contents, owner = join_contents(found, files, reader.name)
        if target and (contents.target is None or choice):
            contents = replace(contents, target=np.array(files.facts[target])[owner])
            notes.append(note_of_target(target))
        if group:
            contents = replace(contents, groups=np.array(files.facts[group])[owner])
        data = settle(replace(contents, notes=(*notes, *contents.notes)), told.wanted, title)
        counts = np.bincount(owner)
        ids = [
            files.facts[FILE][i] + (f" {k}" if counts[i] > 1 else "")
            for i in range(len(counts))
            for k in range(counts[i])
        ]
        again = {**data.reading, "target": target or columns.target or None}
        test = None if files.test is None else files.test[owner]
        return replace(data, ids=np.array(ids), test=test, reading=again)
    if len(tables) < len(found):
        which = next(i for i, each in enumerate(found) if not isinstance(each, Table))
        raise DataError("the other files hold tables, and this one holds none", files.paths[which])

    key = columns.sequence
    keyed = replace(columns, sequence=f"{FILE},{key}" if key and key != FILE else FILE)

    def attempt(target: str | None) -> SequenceDataset:
        facts = dict.fromkeys(filter(None, (FILE, target, group)))
        table = join_tables(tables, files, list(facts))
        chosen = replace(keyed, target=target or columns.target, group=group or column_name(told.group))
        return read_long(table, chosen, told.wanted, title, wide=False, cell=None)

    data = first_with_target(attempt, target, choice is not None or target in files.told, told.wanted)
    if target and data.reading.get("target") == target:
        notes.append(note_of_target(target))
    test = None
    if files.test is not None and data.ids is not None:
        parts = dict(zip(files.facts[FILE], files.test, strict=True))
        test = np.array([parts[one] if one in parts else parts[one.split(", ")[0]] for one in data.ids])
    again = {**data.reading, "sequence": key or False, "wide": None}
    return replace(data, notes=(*notes, *data.notes), test=test, reading=again)


def join_tables(tables: Sequence[Table], files: Files, parts: Sequence[str]) -> Table:
    """Put the tables of files one below the other, with columns of what is known of the files.

    Parameters
    ----------
    tables : list of Table
        One a file.
    files : Files
        The files.
    parts : list of str
        The facts that become columns.

    Raises
    ------
    DataError
        If their columns differ.
    """
    first = tables[0]
    names = [str(name) for name in first.frame.columns]
    for table, path in zip(tables, files.paths, strict=True):
        other = [str(name) for name in table.frame.columns]
        if set(other) != set(names) or table.headed != first.headed:
            odd = [name for name in (*other, *names) if (name in names) != (name in other)]
            what = (
                f"column {odd[0]!r} is in one of them only" if odd else "one of them has no names of columns"
            )
            raise DataError(f"the files differ from {files.paths[0].name}: {what}", path)
    sizes = [len(table.frame) for table in tables]
    columns: dict[str, pd.Series] = {}
    text: dict[str, pd.Series] = {}
    spellings = {}
    for fact in parts:
        columns[fact] = pd.Series(np.repeat(np.array(files.facts[fact], dtype=object), sizes))
        text[fact] = columns[fact]
    for name in names:
        if name in columns:
            raise DataError(f"column {name!r} has the name of what is known of the files", files.paths[0])
        if first.text:
            text[name] = pd.concat([table.written(name) for table in tables], ignore_index=True)
            cells = ["" if cell is None else str(cell).strip() for cell in text[name]]
            columns[name], spelling = type_cells(cells, first.delimiter, name)
            spellings[name] = replace(spelling, blanks=any(table.spelling(name).blanks for table in tables))
        else:
            columns[name] = pd.concat([table.frame[name] for table in tables], ignore_index=True)
    known = [table.lines for table in tables if table.lines is not None]
    origins = np.repeat(np.array(files.paths, dtype=object), sizes)
    return Table(
        pd.DataFrame(columns),
        files.paths[0].parent,
        np.concatenate(known) if len(known) == len(tables) else None,
        text,
        spellings,
        tuple(dict.fromkeys(note for table in tables for note in table.notes)),
        first.headed,
        first.values,
        first.delimiter,
        False,
        origins,
    )


def join_contents(found: Sequence[object], files: Files, formats: str) -> tuple[Contents, NDArray[np.int64]]:
    """Return the sequences of all files, and the file of each."""
    X: Sequences | None = None
    targets: list[Target] = []
    owners: list[int] = []
    notes: list[str] = []
    for i, (each, path) in enumerate(zip(found, files.paths, strict=True)):
        if isinstance(each, SequenceDataset):
            raise DataError("this format brings a data set of its own, which is read alone", path)
        try:
            contents = each if isinstance(each, Contents) else read_container(each)
            one = contents.X
            if formats not in _OF_SEQUENCES and len(one) > 1:
                # one sequence a file: what its reader took for several are steps of it
                square = formats == "numpy" and one.kind == "real" and one.n_channels == 1
                one = Sequences([np.stack(list(one))]) if square else one.cut(np.array([0, one.n_steps]))
            X = one if X is None else X.followed_by(one)
        except ValueError as error:
            raise DataError(str(error), path) from None
        owners += [i] * len(one)
        targets.append(contents.target)
        notes += contents.notes
    assert X is not None
    target: Target = None
    if all(isinstance(one, np.ndarray) for one in targets):
        target = np.concatenate([np.asarray(one) for one in targets])
    steps = [one for one in targets if isinstance(one, Sequences)]
    if len(steps) == len(targets):
        target = steps[0]
        for more in steps[1:]:
            target = target.followed_by(more)
    return Contents(X.detached(), target, notes=tuple(dict.fromkeys(notes))), np.array(owners)


def note_of_target(fact: str) -> str:
    """Return the note on the fact that is the target."""
    said = "which their names or labels say" if fact not in FACTS else "of its name" if fact != FOLDER else ""
    return f"the target is {fact!r} of each file{said and ', '}{said}; to predict the steps: --target ''"


def first_with_target(
    attempt: Callable[[str | None], SequenceDataset], target: str | None, sure: bool, wanted: Wanted
) -> SequenceDataset:
    """Return the data with the target that the tables have, else with the one that names of files suggest."""
    if target is None or sure:
        return attempt(target)
    try:
        own = attempt(None)
    except DataError:
        return attempt(target)
    return own if own.y is not None or wanted.role == "next" else attempt(target)
