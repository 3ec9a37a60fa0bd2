"""Tables that are larger than memory, a part at a time; no sequence is divided between two parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.read import read_part
from seqcompare.data.source import DataError, WrongUseError
from seqcompare.data.told import refuse

_BATCH = 65_536


@dataclass(frozen=True, eq=False, repr=False)
class Parts:
    """Parts of a table of Parquet files, each read from there whenever it is asked for.

    What is held is where each part begins, so that a part can be read by itself, again, and by a process (or
    a machine) that sees the same files. `read_parts` makes them.

    Parameters
    ----------
    path : Path
        The file, or the folder.
    options : mapping of str to object
        How they are read.
    bounds : ndarray of int64, shape (n_parts + 1,)
        The rows at which the parts begin, and the number of rows.
    like : SequenceDataset
        The first sequence: what was found in the first part holds for the others.
    """

    path: Path
    options: Mapping[str, object]
    bounds: NDArray[np.int64]
    like: SequenceDataset

    def __len__(self) -> int:
        return len(self.bounds) - 1

    def __repr__(self) -> str:
        return f"<Parts of {self.path.name!r}: {len(self)}, {self.bounds[-1]:,} steps>"

    def __iter__(self) -> Iterator[SequenceDataset]:
        return map(self.__getitem__, range(len(self)))

    def __getitem__(self, index: int) -> SequenceDataset:
        """Read one part."""
        index = range(len(self))[index]
        first, last = map(int, self.bounds[index : index + 2])
        table = _rows(_source(self.path), first, last, self.path)
        return _read(table, self.path, self.options, first, self.like if index else None)


def read_parts(path: str | Path, *, sequence: str | bool, n_steps: int = 1_000_000, **options: Any) -> Parts:
    """Read a long table of Parquet files a part at a time, for what learns from parts.

    No more than one part and its copies is in memory at a time. The column of the sequence is looked through
    first, to find where parts end; the parts are read when they are asked for, as often as they are. See
    `seqcompare.fit_parts`, which fits one model to all of them.

    Parameters
    ----------
    path : str or Path
        A Parquet file, or a folder of them (partitioned or not), of one row a step. They are read in the
        order of their names.
    sequence : str or False
        The column that says which sequence a row belongs to; the rows of a sequence stand together. False for
        one sequence all through: it is cut into parts of `n_steps`, and what depends on steps before a cut is
        lost there.
    n_steps : int, default=1_000_000
        A part ends with a sequence, once it has so many steps or more.
    **options
        As for `read`. What is guessed is guessed of the first part; the others are read as it was.

    Returns
    -------
    Parts
        A sequence of `SequenceDataset`: the sequences of each part, in the order of the files.

    Raises
    ------
    DataError
        If the files cannot be read, or the rows of a sequence do not stand together.
    ValueError
        If `n_steps` is not positive.

    Examples
    --------
    >>> import tempfile, pandas as pd
    >>> from seqcompare import MarkovChain, datasets, fit_parts
    >>> folder = tempfile.mkdtemp()
    >>> rows = pd.DataFrame({"visit": [1, 1, 1, 2, 2], "page": list("abaab")})
    >>> rows.to_parquet(f"{folder}/visits.parquet")
    >>> parts = datasets.read_parts(folder, sequence="visit", values="page", n_steps=2)
    >>> len(parts)
    2
    >>> chain = fit_parts(MarkovChain(order=1), parts)
    """
    _check_asked(sequence, n_steps)
    refuse({"test": options.get("test")}, "data come in parts here")
    path = Path(path)
    source = _source(path)
    bounds = _find_bounds(source, sequence, int(n_steps), path)
    asked = {"sequence": sequence, "name": path.stem, **options}
    first = _read(_rows(source, 0, int(bounds[1]), path), path, asked, 0, None)
    return Parts(path, asked, bounds, replace(first.take([0]), notes=first.notes))


def _check_asked(sequence: object, n_steps: object) -> None:
    if isinstance(n_steps, bool) or not isinstance(n_steps, int | np.integer) or n_steps < 1:
        raise ValueError(f"n_steps must be a positive whole number, got {n_steps!r}")
    if sequence is not False and not isinstance(sequence, str):
        raise WrongUseError(f"sequence must be the name of a column, or False for one, got {sequence!r}")


def _source(path: Path) -> Any:
    """Return the files as pyarrow's data set."""
    try:
        from pyarrow import dataset  # type: ignore[import-untyped]  # an extra
    except ImportError:
        raise DataError("Parquet takes pyarrow: pip install 'seqcompare[parquet]'", path) from None
    try:
        return dataset.dataset(path, format="parquet", partitioning="hive")
    except (ValueError, OSError) as error:
        raise DataError(_unreadable(error), path) from None


def _read(
    table: Any, path: Path, options: Mapping[str, object], row: int, like: SequenceDataset | None
) -> SequenceDataset:
    """Read the part that begins at this row."""
    try:
        return read_part(table.to_pandas(), options, like)
    except DataError as error:
        # rows are counted from the first one of the part
        error.problem += f" (in the part from row {row:,} on)" if row else ""
        raise error.within(path) from None


def _find_bounds(source: Any, sequence: str | bool, n_steps: int, path: Path) -> NDArray[np.int64]:
    """Return where parts of whole sequences begin and end; hold the sequences to what is expected."""
    if not source.schema.names:
        raise DataError("there is no Parquet file in this folder", path)
    if not isinstance(sequence, str):
        n_rows = _read_through(source.count_rows, path)
        return np.append(np.arange(0, max(n_rows, 1), n_steps), n_rows)
    import pyarrow

    if sequence not in source.schema.names:
        names = ", ".join(source.schema.names[:20])
        raise DataError(f"there is no column {sequence!r}; there are {names}", path)
    if pyarrow.types.is_nested(source.schema.field(sequence).type):
        raise DataError("expected a name or number of the sequence, got several values", path, None, sequence)
    bounds, n_rows, last = [0], 0, None
    begun: list[Any] = []
    for column in _columns(source, sequence, path):
        if column.null_count:
            raise DataError("there is no value, and each row needs one of the sequence", path, None, sequence)
        starts = _starts(column)
        if last is not None and column[0] == last:
            starts = starts[1:]
        begun.append(column.take(starts))
        for start in (starts + n_rows).tolist():
            if start >= bounds[-1] + n_steps:
                bounds.append(start)
        n_rows, last = n_rows + len(column), column[-1]
    _check_together(begun, path)
    return np.append(bounds, n_rows)


def _columns(source: Any, name: str, path: Path) -> Iterator[Any]:
    """Yield the values of a column, as they stand in the files, some at a time."""
    batches = _read_through(lambda: source.to_batches(columns=[name], batch_size=_BATCH), path)
    while (batch := _read_through(lambda: next(batches, None), path)) is not None:
        column = batch.column(0)
        if not len(column):
            continue
        # the words of a category have other numbers in other files
        yield column.dictionary_decode() if hasattr(column, "dictionary") else column


def _rows(source: Any, first: int, last: int, path: Path) -> Any:
    """Read some rows, of the files and groups of rows that hold them alone."""
    from pyarrow import dataset

    def read() -> Any:
        held: list[Any] = []
        start, skip = 0, 0
        for fragment in source.get_fragments():
            for group in fragment.split_by_row_group():
                end = start + group.row_groups[0].num_rows
                if start < last and end > first:
                    skip = skip if held else first - start
                    held.append(group)
                start = end
                if start >= last:
                    break
        found = dataset.FileSystemDataset(held, source.schema, source.format).to_table()
        return found.slice(skip, last - first)

    return _read_through(read, path)


def _read_through(read: Any, path: Path) -> Any:
    """Return what reading the files gives; what is found to be broken as late as here is said likewise."""
    try:
        return read()
    except (ValueError, OSError, NotImplementedError, TypeError) as error:
        raise DataError(_unreadable(error), path) from None


def _unreadable(error: Exception) -> str:
    return f"these are no readable Parquet files of one form: {' '.join(str(error).split())[:200]}"


def _check_together(names: list[Any], path: Path) -> None:
    """Hold the names of the sequences, in their order, to coming once each."""
    import pyarrow

    found = pyarrow.chunked_array(names)
    counts = found.value_counts()
    if len(counts) == len(found):
        return
    again = counts.field("counts").to_numpy(zero_copy_only=False) > 1
    name = counts.field("values")[int(np.argmax(again))].as_py()
    raise DataError(
        f"the rows of sequence {name!r} do not stand together: sort the table by its sequences", path
    )


def _starts(column: Any) -> NDArray[np.intp]:
    """Return the rows at which another sequence begins."""
    codes = column.dictionary_encode().indices.to_numpy(zero_copy_only=False)
    return np.flatnonzero(np.r_[True, codes[1:] != codes[:-1]])
