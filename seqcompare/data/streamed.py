"""Tables that are larger than memory, a part at a time; no sequence is divided between two parts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.read import read_part
from seqcompare.data.source import DataError, WrongUseError
from seqcompare.data.told import refuse

_BATCH = 65_536


def read_parts(
    path: str | Path, *, sequence: str | bool, n_steps: int = 1_000_000, **options: Any
) -> Iterator[SequenceDataset]:
    """Read a long table of Parquet files a part at a time, for what learns from parts.

    No more than one part and its copies is in memory at a time. ``partial_fit`` and ``merge`` of chains,
    taggers by counts and context trees come to what one ``fit`` on everything comes to; see the example.

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

    Yields
    ------
    SequenceDataset
        The sequences of a part, in the order of the files.

    Raises
    ------
    DataError
        If the files cannot be read, or the rows of a sequence do not stand together.
    ValueError
        If `n_steps` is not positive.

    Examples
    --------
    >>> import tempfile, pandas as pd
    >>> from seqcompare import MarkovChain, datasets
    >>> folder = tempfile.mkdtemp()
    >>> rows = pd.DataFrame({"visit": [1, 1, 1, 2, 2], "page": list("abaab")})
    >>> rows.to_parquet(f"{folder}/visits.parquet")
    >>> chain = MarkovChain(order=1)
    >>> for part in datasets.read_parts(folder, sequence="visit", values="page", n_steps=2):
    ...     chain = chain.partial_fit(part.X)
    """
    _check_asked(sequence, n_steps)
    refuse({"test": options.get("test")}, "data come in parts here")
    path, n_rows = Path(path), 0
    first: SequenceDataset | None = None
    for table in _tables(path, sequence, int(n_steps)):
        asked = {"sequence": sequence, "name": path.stem, **options}
        try:
            part = read_part(table.to_pandas(), asked, first)
        except DataError as error:
            # rows are counted from the first one of the part
            error.problem += f" (in the part from row {n_rows:,} on)" if n_rows else ""
            raise error.within(path) from None
        first, n_rows = first or part, n_rows + table.num_rows
        yield part


def _check_asked(sequence: object, n_steps: object) -> None:
    if isinstance(n_steps, bool) or not isinstance(n_steps, int | np.integer) or n_steps < 1:
        raise ValueError(f"n_steps must be a positive whole number, got {n_steps!r}")
    if sequence is not False and not isinstance(sequence, str):
        raise WrongUseError(f"sequence must be the name of a column, or False for one, got {sequence!r}")


def _tables(path: Path, sequence: str | bool, n_steps: int) -> Iterator[Any]:
    """Yield tables of whole sequences."""
    try:
        import pyarrow  # type: ignore[import-untyped]  # an extra
        from pyarrow import dataset
    except ImportError:
        raise DataError("Parquet takes pyarrow: pip install 'seqcompare[parquet]'", path) from None
    try:
        source = dataset.dataset(path, format="parquet", partitioning="hive")
    except (ValueError, OSError) as error:
        raise DataError(_unreadable(error), path) from None
    if not source.schema.names:
        raise DataError("there is no Parquet file in this folder", path)
    if sequence is not False and sequence not in source.schema.names:
        names = ", ".join(source.schema.names[:20])
        raise DataError(f"there is no column {sequence!r}; there are {names}", path)
    if sequence is not False and pyarrow.types.is_nested(source.schema.field(sequence).type):
        raise DataError("expected a name or number of the sequence, got several values", path, None, sequence)
    held: Any = None
    ended: set[object] = set()
    enough = n_steps
    for batch in _batches(source, min(n_steps, _BATCH), path):
        rows = pyarrow.Table.from_batches([batch])
        if sequence is not False and rows.column(sequence).null_count:
            raise DataError("there is no value, and each row needs one of the sequence", path, None, sequence)
        held = rows if held is None else pyarrow.concat_tables([held, rows])
        if held.num_rows < enough:
            continue
        cut = held.num_rows if sequence is False else _last_start(held.column(sequence), ended, path)
        if cut:
            yield held.slice(0, cut)
            held = held.slice(cut)
        # a sequence longer than a part is not looked through anew with every batch
        enough = n_steps if cut else 2 * held.num_rows
    if held is not None and held.num_rows:
        if sequence is not False:
            _check_together(held.column(sequence), ended, path)
        yield held


def _batches(source: Any, size: int, path: Path) -> Iterator[Any]:
    """Yield the rows of the files; what is found to be broken as late as here is said likewise."""
    try:
        yield from source.to_batches(batch_size=size)
    except (ValueError, OSError, NotImplementedError, TypeError) as error:
        raise DataError(_unreadable(error), path) from None


def _unreadable(error: Exception) -> str:
    return f"these are no readable Parquet files of one form: {' '.join(str(error).split())[:200]}"


def _last_start(column: Any, ended: set[object], path: Path) -> int:
    """Return the row at which the last sequence begins, which may go on; note those that have ended."""
    starts = _starts(column)
    last = int(starts[-1])
    if last:
        _check_together(column.slice(0, last), ended, path)
    return last


def _check_together(column: Any, ended: set[object], path: Path) -> None:
    names = column.take(_starts(column)).to_pylist()
    for name in names:
        if name in ended:
            raise DataError(
                f"the rows of sequence {name!r} do not stand together: sort the table by its sequences", path
            )
        ended.add(name)


def _starts(column: Any) -> NDArray[np.intp]:
    """Return the rows at which another sequence begins."""
    codes = column.combine_chunks().dictionary_encode().indices.to_numpy(zero_copy_only=False)
    return np.flatnonzero(np.r_[True, codes[1:] != codes[:-1]])
