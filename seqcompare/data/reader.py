"""One door for the user's data, whatever their form."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from seqcompare.data.catalog import DATASETS, load
from seqcompare.data.containers import read_container, read_series
from seqcompare.data.dataset import Role, SequenceDataset
from seqcompare.data.frames import frame_table, is_frame, parquet_table
from seqcompare.data.kinds import Kind, Missing
from seqcompare.data.readers.long_form import ColumnChoice, Columns, read_long
from seqcompare.data.readers.text import Split, Tokens, read_fasta, read_plain
from seqcompare.data.roles import Wanted, settle_role
from seqcompare.data.sequences import Sequences, offsets_of
from seqcompare.data.source import DataError, title_of
from seqcompare.data.table import Table, read_table

FileFormat = Literal["csv", "tsv", "parquet", "ts", "fasta", "text"]

_FORMATS: dict[str, FileFormat] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".ts": "ts",
    ".fa": "fasta",
    ".fasta": "fasta",
    ".fna": "fasta",
    ".faa": "fasta",
    ".txt": "text",
    ".text": "text",
}


def read(
    data: Any,
    *,
    sequence: ColumnChoice = None,
    order: ColumnChoice = None,
    values: str | list[str] | None = None,
    target: ColumnChoice = None,
    group: Any = None,
    role: Role | None = None,
    kind: Kind | None = None,
    missing: Missing | None = None,
    ignore_label: Any = None,
    file_format: FileFormat | None = None,
    tokens: Tokens = "char",
    split: Split = "line",
    name: str | None = None,
) -> SequenceDataset:
    r"""Read sequences, and what to predict of them, from a file, a frame or Python's own containers.

    Whatever is guessed is said in the result's ``notes``. Bad data raise one error that says where; nothing
    is half-read.

    Parameters
    ----------
    data : str, Path, frame, sequences, (X, y) or SequenceDataset
        A file (CSV, TSV or Parquet in long form, one row a step; UCR/UEA ``.ts``; FASTA; plain text; each
        also as ``.gz``), the name of a bundled data set, a pandas or other narwhals-supported frame in long
        form, anything `Sequences` accepts, or a tuple of sequences and their targets.
    sequence, order, target : str, False or None
        Columns of a long table: which sequence a row belongs to, what sorts the steps of a sequence, and
        what is to be predicted. None looks for the usual names, False says that there is none.
    values : str or list of str, optional
        Column(s) of the steps; by default all that serve no other purpose.
    group : str, array of shape (n,), False or None
        Column of a long table, or for Python's containers one label a sequence: sequences of one group
        stay on one side of every split.
    role : {"next", "step", "sequence", "value"}, optional
        What is predicted. By default no target means ``next``; a target that is the same all through each
        sequence ``sequence``, or ``value`` if it is a number with a fraction or a ``.ts`` header declares
        numbers; any other ``step``.
    kind : {"symbols", "real"}, optional
        How to read whole numbers; by default they are symbols in tables and containers.
    missing : {"error", "keep"}, optional
        What to do about missing measurements. By default they are an error, except in ``.ts`` files whose
        header declares them.
    ignore_label : label, optional
        For the role ``step``: steps with this label are neither trained on nor scored.
    file_format : {"csv", "tsv", "parquet", "ts", "fasta", "text"}, optional
        By default it follows from the name's ending.
    tokens : {"char", "word"}, default="char"
        What a step of plain text is.
    split : {"line", "document"}, default="line"
        What a sequence of plain text is; documents are separated by form feeds or, where there is none, by
        blank lines.
    name : str, optional
        What to call the data; by default the file's name.

    Returns
    -------
    SequenceDataset
        With ``notes``, a sentence for every guess.

    Raises
    ------
    DataError
        A `ValueError` that names file, line and column, and says what was expected and what came.

    Examples
    --------
    >>> from seqcompare import datasets
    >>> data = datasets.read((["ABBA", "CACA", "ABAB"], ["up", "down", "up"]))
    >>> data.X, data.role
    (<Sequences: 3 of 4-4 steps, symbols>, 'sequence')
    """
    wanted = Wanted(role, kind, missing, ignore_label)
    if isinstance(data, SequenceDataset):
        return data
    given = {"sequence": sequence, "order": order, "values": values, "target": target}
    # the command line hands on what is meant by default
    textual = {
        "tokens": None if tokens == "char" else tokens,
        "split": None if split == "line" else split,
    }
    if not isinstance(data, (str, Path)):
        if is_frame(data):
            _refuse(textual, "it is for plain text, and this is a table")
            columns = Columns(sequence, order, values, target, _column_name(group))
            return _from_table(lambda: frame_table(data), columns, wanted, name or "data", None)
        _refuse(given, "only a table has columns")
        _refuse(textual, "it is for plain text, and these are sequences already")
        return read_container(data, group, wanted, name or "data")
    path = Path(data)
    # a folder of this name, where reports are written, is no data of the user's own
    if str(data) in DATASETS and not path.is_file():
        given |= {"group": group, "role": role, "kind": kind, "missing": missing}
        given |= {"ignore label": ignore_label, "format": file_format, **textual}
        _refuse(given, f"{data} is bundled and has its own")
        return load(str(data))
    form = file_format or _format_of(path)
    title = name or title_of(path)
    if form != "text":
        _refuse(textual, f"it is for plain text, and this is a {form} file")
    if form in ("csv", "tsv", "parquet"):
        columns = Columns(sequence, order, values, target, _column_name(group))
        return _from_table(lambda: _open_table(path, form), columns, wanted, title, path)
    _refuse({**given, "group": group}, f"a {form} file has no columns")
    if form == "ts":
        return read_series(path, wanted, name)
    _refuse({"missing": missing}, f"a {form} file has symbols, and none can be missing")
    return _read_symbols(path, form, wanted, tokens, split, title)


def _format_of(path: Path) -> FileFormat:
    stem = path.name.lower().removesuffix(".gz")
    for ending, form in _FORMATS.items():
        if stem.endswith(ending):
            return form
    if not path.exists():
        known = ", ".join(DATASETS)
        raise DataError(f"there is no such file, nor a bundled data set of this name ({known})", path)
    raise DataError(
        f"the format does not follow from the name: it should end in one of {', '.join(_FORMATS)} "
        "(each also with .gz), or the format be given",
        path,
    )


def _refuse(given: dict[str, Any], reason: str) -> None:
    for argument, value in given.items():
        if value is not None and value is not False:
            raise DataError(f"{argument} {value!r} does not apply: {reason}")


def _column_name(group: Any) -> ColumnChoice:
    if group is None or group is False or isinstance(group, str):
        return group
    raise DataError(f"for a table, group must be the name of a column, got {type(group).__name__}")


def _open_table(path: Path, form: FileFormat) -> Table:
    if form == "parquet":
        return parquet_table(path)
    return read_table(path, "\t" if form == "tsv" else None)


def _from_table(
    make: Callable[[], Table], columns: Columns, wanted: Wanted, name: str, path: Path | None
) -> SequenceDataset:
    try:
        return read_long(make(), columns, wanted, name)
    except DataError:
        raise
    except ValueError as error:
        # Sequences knows what is wrong, but not in which file
        raise DataError(str(error), path) from None


def _read_symbols(
    path: Path, form: FileFormat, wanted: Wanted, tokens: Tokens, split: Split, name: str
) -> SequenceDataset:
    if wanted.kind == "real":
        raise DataError(f"a {form} file holds symbols, not real numbers", path)
    notes = []
    if form == "fasta":
        _, records = read_fasta(path)
        steps = [np.array(list(record)) for record in records]
        notes.append("residues are read in upper case")
    elif form == "text":
        steps = read_plain(path, tokens=tokens, split=split)
        noun = {"char": "characters", "word": "words"}[tokens]
        notes.append(f"a sequence is a {split} and its steps are {noun}")
    else:
        raise DataError(f"the format must be one of {', '.join(get_args(FileFormat))}, got {form!r}", path)
    X = Sequences(np.concatenate(steps), offsets_of([len(x) for x in steps]))
    y, weight, role = settle_role(X, None, wanted, notes, lambda problem, _: DataError(problem, path))
    return SequenceDataset(X, y, weight, role, name, notes=tuple(notes))
