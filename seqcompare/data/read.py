"""One door for the user's data, whatever their form."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from seqcompare.data.catalog import DATASETS, load
from seqcompare.data.containers import read_container
from seqcompare.data.contents import Contents, settle
from seqcompare.data.dataset import SequenceDataset, with_test
from seqcompare.data.exogenous import OneChannel
from seqcompare.data.folder import FACTS, find_files
from seqcompare.data.joined import read_files
from seqcompare.data.long import ColumnChoice, Columns, read_long
from seqcompare.data.options import READING_OPTIONS, Form, Kind, Known, Missing, Role, Split, Tokens
from seqcompare.data.padding import cut_padding
from seqcompare.data.roles import Wanted
from seqcompare.data.source import DataError, WrongUseError, reading, title_of
from seqcompare.data.table import Table, frame_table, is_frame
from seqcompare.data.told import Told, asked, column_name, own_options, reader_for, refuse
from seqcompare.data.uneven import Shape

# trying what may help must not take longer than people wait for an error, in seconds
_PATIENCE = 5.0


def read(
    data: object,
    *,
    sequence: ColumnChoice | list[str] = None,
    order: ColumnChoice = None,
    values: str | list[str] | None = None,
    target: ColumnChoice = None,
    predict: str | None = None,
    known: Known | None = None,
    time_gaps: bool | str | None = None,
    fill_gaps: bool | str | None = None,
    group: object = None,
    role: Role | None = None,
    kind: Kind | Mapping[str, Kind] | None = None,
    missing: Missing | None = None,
    marks: str | list[str] | None = None,
    wide: bool | None = None,
    cell: str | None = None,
    labels: object = None,
    names: str | None = None,
    padding: object = None,
    normalise: Form | None = None,
    encoding: str | None = None,
    memory: object = None,
    test: object = None,
    ignore_label: object = None,
    file_format: str | None = None,
    tokens: Tokens | None = None,
    split: Split | None = None,
    header: str | None = None,
    name: str | None = None,
    **options: object,
) -> SequenceDataset:
    r"""Read sequences, and what to predict of them, from a file, a frame or Python's own containers.

    Whatever is guessed is said in the result's ``notes``. Bad data raise one error that says where; nothing
    is half-read.

    Parameters
    ----------
    data : str, Path, frame, sequences, (X, y) or SequenceDataset
        A folder, a pattern (``walks/*.csv``) or a list of names of files, one sequence each; or one file
        (CSV, TSV or Parquet in long form, one row a step; UCR/UEA ``.ts``; FASTA; plain text; each
        also as ``.gz``; a format that was registered), the name of a bundled data set, a pandas or other
        narwhals-supported frame in long form, anything `Sequences` accepts, or a tuple of sequences and
        their targets.
    sequence, order, target : str, False or None
        Columns of a long table: which sequence a row belongs to, what sorts the steps of a sequence, and
        what is to be predicted. None looks for the usual names, False says that there is none. Several
        columns that name the sequence together are a list, or ``"school,pupil"``.
    values : str or list of str, optional
        Column(s) of the steps; by default all that serve no other purpose.
    predict : str, optional
        The channel that is predicted, the others being inputs: every step but the first gets it as its
        target, and the role is ``step-value``, or ``step`` if it holds symbols.
    known : {"past", "present"}, default="past"
        With `predict`, what is known when a step is predicted: all channels up to the step before, or of the
        others that step as well.
    time_gaps : bool or str, default=False
        Whether the time since the step before is a channel of its own, as log(1 + gap / usual gap). Where
        there is no target, a step is predicted from the past and the time that has passed since. A text such
        as "15 min" says what the usual gap is; by default the median.
    fill_gaps : bool or str, default=False
        Whether missing steps fill the holes of a series that is even but for these; a text says how far
        apart steps are.
    group : str, array of shape (n,), False or None
        Column of a long table, or for Python's containers one label a sequence: sequences of one group
        stay on one side of every split.
    role : {"next", "step", "step-value", "sequence", "value"}, optional
        What is predicted. By default no target means ``next``; a target that is the same all through each
        sequence ``sequence``, or ``value`` if it is a number with a fraction or a ``.ts`` header declares
        numbers; any other ``step``, or ``step-value`` if it is a number with a fraction. Of numbers per
        step some may be missing: these are neither trained on nor scored.
    kind : {"symbols", "real", "count"} or dict of str to these, optional
        How to read whole numbers, or those of single columns; by default symbols in containers and frames.
    missing : {"error", "keep"}, optional
        What to do about missing values. By default numbers may be missing, and a note says so; a missing
        symbol is an error, since an empty cell is more often a slip; "keep" lets it pass.
    marks : str or list of str, optional
        What stands for a missing value in files of text (in a column: ``"column=99"``), besides ``NA``, ``-``
        and a -999 that stands apart among numbers; with the empty string, these stand for themselves.
    wide : bool, optional
        Whether a row of a table is a sequence and a column a step (`values` then names the columns of the
        steps, or patterns of them); by default it is found out.
    cell : str, optional
        Column whose cells hold a whole sequence each: letters, or what the same mark separates in all.
    labels : str, Path or frame, optional
        Of several files, a table with a row a file: one column holds their names, others are what `target`
        and `group` may name. By default a file of such a name (``labels.csv``) in their folder.
    names : str, optional
        Of several files, a regular expression for their names below the folder; what its named groups find
        is what `target` and `group` may name, as ``file``, ``folder`` and ``name`` (the words before a
        number) are. By default the class is the folder, or the words before the number, if these recur.
    padding : str or number, optional
        What fills up the ends of shorter sequences; it is cut off.
    normalise : {"NFC", "NFD", "NFKC", "NFKD"}, optional
        The Unicode form that text of files is brought into; by default it stays as it is.
    encoding : str, optional
        Of files of text, such as ``cp1252``; by default UTF-8, or what a mark at the beginning says.
    memory : int or str, optional
        The most bytes that reading may need, also as ``500M``; by default half of what is free.
    test : like `data`, optional
        The official test part; it is read as `data` is.
    ignore_label : label, optional
        For the role ``step``: steps with this label are neither trained on nor scored.
    file_format : str, optional
        The name of a format (``seqcompare list formats``), or ``module:NAME`` of a reader of your own.
    tokens : {"char", "word"}, default="char"
        What a step of plain text is.
    split : {"line", "document"}, default="line"
        What a sequence of plain text is; documents are separated by form feeds or, where there is none, by
        blank lines.
    header : str, optional
        Of FASTA, a regular expression whose group is the class of a record in what follows its ``>``; empty
        for none. By default what follows a bar, if there is one everywhere.
    name : str, optional
        What to call the data; by default the file's name.
    **options
        What only a registered format may be told.

    Returns
    -------
    SequenceDataset
        With ``notes``, a sentence for every guess.

    Raises
    ------
    DataError
        A `ValueError` that names file, line and column, and says what was expected and what came; a
        `TypeError` as well for an option that there is not.

    Examples
    --------
    >>> from seqcompare import datasets
    >>> data = datasets.read((["ABBA", "CACA", "ABAB"], ["up", "down", "up"]))
    >>> data.X, data.role
    (<Sequences: 3 of 4-4 steps, symbols>, 'sequence')
    """
    given: dict[str, Any] = {
        "sequence": sequence if not isinstance(sequence, (list, tuple)) else ",".join(sequence),
        "order": order,
        "values": values,
        "target": target,
        "predict": predict,
        "known": known,
        "time_gaps": time_gaps,
        "fill_gaps": fill_gaps,
        "group": group,
        "role": role,
        "kind": kind,
        "missing": missing,
        "marks": marks,
        "wide": wide,
        "cell": cell,
        "labels": labels,
        "names": names,
        "padding": padding,
        "normalise": normalise,
        "encoding": encoding,
        "memory": memory,
        "test": test,
        "ignore_label": ignore_label,
        "file_format": file_format,
        "name": name,
    }
    special = {"tokens": tokens, "split": split, "header": header, **options}
    try:
        return _read_all(data, given, special)
    except DataError as error:
        tries = [*error.tries, {"file_format": None}] if file_format else error.tries
        remedy = _find_remedy(data, given, special, tries)
        raise (error if remedy is None else error.advising(remedy)) from error.__cause__


def _find_remedy(
    data: object, given: dict[str, Any], special: dict[str, object], tries: Iterable[Mapping[str, object]]
) -> Mapping[str, object] | None:
    """Return the first change of options with which the data are read; None if there is none in time."""
    end = time.monotonic() + _PATIENCE
    for change in tries:
        own = {option: value for option, value in change.items() if option not in given}
        other = {option: value for option, value in change.items() if option in given}
        same = all(type(given[name]) is type(value) and given[name] == value for name, value in other.items())
        if (same and not own) or time.monotonic() > end:
            continue
        try:
            _read_all(data, {**given, **other}, {**special, **own})
        except Exception:  # whatever goes wrong, this is no remedy
            continue
        return change
    return None


def _read_all(data: object, given: Mapping[str, Any], special: Mapping[str, object]) -> SequenceDataset:
    """Read data and their official test part, if there is one."""
    rest = dict(given)
    one = _one_channel(rest.pop("predict"), rest.pop("known"))
    if one is not None:
        target, role = rest["target"], rest["role"]
        if target or role not in (None, "next"):
            came = f"target {target!r}" if target else f"role {role!r}"
            apart = WrongUseError(f"predict {one.name!r} makes a channel the target: {came} does not apply")
            raise apart.trying({"target": None, "role": None})
        rest |= {"target": False, "role": "next"}
    shape = Shape(one, rest.pop("time_gaps"), rest.pop("fill_gaps"))
    columns = Columns(*(rest.pop(part) for part in ("sequence", "order", "values", "target")))
    wanted = Wanted.of(*(rest.pop(part) for part in ("role", "kind", "missing", "ignore_label")))
    test = rest.pop("test")
    told = Told(columns, wanted=wanted, special=special, **rest)
    train = _read_one(data, told)
    if not isinstance(data, SequenceDataset):
        train = replace(train, reading=told.again(train))
    read_as = train.role
    train = shape.of(train)
    if test is None:
        return train
    if train.test is not None:
        if not isinstance(data, (str, Path)) or not Path(data).is_file():
            raise WrongUseError("test does not apply: the data have an official test part of their own")
        # what lies beside a file is the test part only as long as no other is named
        train = replace(train.take(~train.test), test=None)
    part = replace(told.wanted, role=read_as, part=True)
    told = replace(told, wanted=part, name=None, labels=None)
    # what is no table has no columns that could be those of the other part
    alike = isinstance(test, (str, Path)) or is_frame(test)
    other = _read_one(test, told.of_test(train, FACTS) if alike else told)
    other = shape.settled(train).of(other)
    try:
        return with_test(train, other)
    except ValueError as error:
        problem = f"the test part does not fit: {error}; say how to read both (kind, values)"
        raise WrongUseError(problem) from None


def read_new(data: object, reading: Mapping[str, object]) -> SequenceDataset:
    """Read sequences that a fitted model is asked about: targets may be there, and are not needed.

    Parameters
    ----------
    data : anything `read` accepts
        The sequences; they may be few, and all alike.
    reading : mapping of str to object
        The ``reading`` of the data that the model was fitted to, or options of `read`. A column of targets
        that is named here and not there, or that holds no sound targets, is no matter.

    Raises
    ------
    DataError
        If the data cannot be read in this way.
    """
    told, one, shape = _told_of_part({**reading, "role": None, "ignore_label": None})
    columns = told.columns
    if one is not None:
        return shape.asked(_read_one(data, replace(told, columns=replace(columns, target=False))))
    without = replace(told, columns=replace(columns, target=False))
    # where the values are named, no target can be taken for one of them
    tries = (without, told) if columns.values else (told, without)
    problems = {}
    for each in tries:
        try:
            return shape.asked(_read_one(data, each))
        except DataError as error:
            problems[each is without] = error
    raise problems[True]


def read_part(data: object, options: Mapping[str, object], first: SequenceDataset | None) -> SequenceDataset:
    """Read a part of data that come in parts: one class or sequence will do; it is read as the first was.

    Parameters
    ----------
    data : anything `read` accepts
        The part.
    options : mapping of str to object
        Options of `read`.
    first : SequenceDataset or None
        The first part; None for that itself.

    Raises
    ------
    DataError
        If the data cannot be read in this way.
    """
    refuse(
        {name: options.get(name) for name in ("predict", "time_gaps", "fill_gaps")}, "data come in parts here"
    )
    told, _, _ = _told_of_part(options)
    if first is not None:
        told = replace(told.of_test(first, FACTS), name=told.name)
        told = replace(told, wanted=replace(told.wanted, role=first.role))
    part = _read_one(data, told)
    return replace(part, reading=told.again(part))


def _told_of_part(options: Mapping[str, object]) -> tuple[Told, OneChannel | None, Shape]:
    """Return how to read a part of data, of which others were or will be learned from."""
    named: dict[str, Any] = {**dict.fromkeys(READING_OPTIONS), **options}
    columns = Columns(*(named.pop(part) for part in ("sequence", "order", "values", "target")))
    role, kind, missing, ignored = (named.pop(x) for x in ("role", "kind", "missing", "ignore_label"))
    alike = {part: named.pop(part, {}) for part in ("kinds", "steps")}
    wanted = Wanted.of(role, kind, missing, ignored, part=True, **alike)
    for option in ("test", "labels"):
        named.pop(option)
    one = _one_channel(named.pop("predict"), named.pop("known"))
    shape = Shape(one, named.pop("time_gaps"), named.pop("fill_gaps"))
    rest = {part.name: named.pop(part.name) for part in fields(Told) if part.name in named}
    return Told(columns, wanted=wanted, special=named, **rest), one, shape


def _one_channel(predict: object, known: object) -> OneChannel | None:
    """Return which channel is predicted; None where that was not asked for."""
    if predict is None or predict is False or predict == "":
        refuse({"known": known}, "it says what is known when one channel is predicted (predict)")
        return None
    return OneChannel(str(predict), "past" if known is None else known)  # type: ignore[arg-type]  # it checks


def _read_one(data: object, told: Told) -> SequenceDataset:
    with reading(told.memory, told.normalise, told.marks, told.encoding) as now:
        found = _read_part(data, told)
    found = found if told.padding is None else cut_padding(found, told.padding)
    return replace(found, notes=(*now.notes, *found.notes)) if now.notes else found


def _read_part(data: object, told: Told) -> SequenceDataset:
    files = find_files(data, told.labels, told.names, DATASETS.__contains__, told.file_format)
    if files is not None:
        return read_files(files, told)
    refuse({"labels": told.labels, "names": told.names}, "only a folder or a pattern of files has those")
    wanted, name = told.wanted, told.name
    reader, path = None, None
    if isinstance(data, (str, Path)):
        path = Path(data)
        # a folder of this name, where reports are written, is no data of the user's own
        if str(data) in DATASETS and not path.is_file():
            given = {**told.of_tables, "group": told.group, "role": wanted.role, "kind": wanted.kind}
            given |= {"missing": wanted.missing, "ignore label": wanted.ignore_label}
            given |= {"format": told.file_format, **told.special}
            refuse({**given, "role": None} if wanted.part else given, f"{data} is bundled and has its own")
            return load(str(data))
        reader = reader_for(path, told.file_format)
    own = own_options(reader, told.special)
    if isinstance(data, SequenceDataset):
        return data
    try:
        found = data if reader is None or path is None else asked(reader, path, own)
        if isinstance(found, SequenceDataset):
            return found
        title = name or ("data" if path is None else title_of(path))
        if isinstance(found, Table) or is_frame(found):
            table = found if isinstance(found, Table) else frame_table(found)
            columns = replace(told.columns, group=column_name(told.group))
            return read_long(table, columns, wanted, title, wide=told.wide, cell=told.cell)
        refuse({"kind": wanted.kinds_told or None}, "only a table has columns")
        if reader is not None and "real" not in reader.kinds:
            refuse({"missing": wanted.missing}, f"a {reader.name} file has symbols, and none can be missing")
            if wanted.kind in ("real", "count"):
                raise DataError(f"a {reader.name} file holds symbols, not real numbers", path)
        if reader is None:
            refuse(told.of_tables, "only a table has columns")
        else:
            refuse({**told.of_tables, "group": told.group}, f"a {reader.name} file has no columns")
        if not isinstance(found, Contents):
            found = read_container(found, told.group, wanted.role)
        return settle(found, wanted, name or found.name or title)
    except DataError as error:
        raise error.within(path) from error.__cause__
    except ValueError as error:
        # who knows what is wrong does not always know in which file
        raise DataError(str(error), path) from None
