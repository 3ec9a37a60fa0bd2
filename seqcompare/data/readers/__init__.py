"""Formats of files: one file each, found by the ending of a file's name; users register their own.

Light to import: a format's own module is loaded when formats are first looked up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from seqcompare.data.options import READING_OPTIONS, Option
from seqcompare.data.packed import without_packing
from seqcompare.registry import Registry, nearest


@dataclass(frozen=True)
class Reader:
    """A format of files.

    Parameters
    ----------
    name : str
        What the format is called, such as "csv".
    suffixes : tuple of str
        Endings of the names of its files, in lower case, such as ".csv"; each may be followed by ".gz",
        ".bz2", ".xz" or ".zip".
    read : callable (path, **options) -> contents
        Reads a file: into anything `seqcompare.datasets.read` accepts (a list of sequences, ``(X, y)``, a
        long data frame), a finished `SequenceDataset`, or `Contents`. A ValueError names what is wrong; the
        path is added to it.
    title : str, optional
        What the format is, in a line.
    options : tuple of Option, default=()
        What only this format may be told; handed to `read` as keywords if given.
    kinds : tuple of str, default=("symbols", "real")
        What steps may be. In a format of symbols alone, none can be missing.
    """

    name: str
    suffixes: tuple[str, ...]
    read: Callable[..., object]
    title: str = ""
    options: tuple[Option, ...] = ()
    kinds: tuple[str, ...] = ("symbols", "real")


# modules beside this one, and what each calls its readers
_BUILT_IN = (
    "delimited:CSV",
    "delimited:TSV",
    "parquet:READER",
    "excel:READER",
    "statistics:READER",
    "records:READER",
    "arrays:READER",
    "ts:READER",
    "tsf:READER",
    "xes:READER",
    "arff:READER",
    "fasta:READER",
    "phylip:READER",
    "blocks:READER",
    "intervals:BED",
    "intervals:GFF",
    "intervals:MIDI",
    "subtitles:READER",
    "svmlight:READER",
    "pgn:READER",
    "logs:READER",
    "text:READER",
)


def _built_in() -> Iterable[Reader]:
    return [named_reader(f"{__name__}.{place}") for place in _BUILT_IN]


#: Every format by its name.
READERS: Registry[Reader] = Registry("file format", _built_in, "seqcompare.readers")


def register_reader(reader: Reader, *, replace: bool = False) -> Reader:
    """Add a format to those that `seqcompare.datasets.read` and the command line know.

    Parameters
    ----------
    reader : Reader
        The format. For an ending that another has as well, the one registered last is asked.
    replace : bool, default=False
        Whether to take the place of another format of this name.

    Returns
    -------
    Reader
        What was given.

    Raises
    ------
    ValueError
        If the name is taken, or an option has the name of one that reading has for all formats.
    """
    for option in reader.options:
        if option.name in READING_OPTIONS and option not in _declared():
            raise ValueError(f"{reader.name!r} has an option {option.name!r}, which is one of all formats")
    return READERS.register(reader, replace=replace)


def named_reader(place: str) -> Reader:
    """Return the reader at ``module:NAME``.

    Raises
    ------
    ValueError
        If there is none.
    """
    module, _, name = place.partition(":")
    try:
        found = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise ValueError(f"there is no reader {place!r}: {error}") from None
    if not isinstance(found, Reader):
        raise ValueError(f"{place!r} is no reader, but {type(found).__name__}")
    return found


def reader_of(path: Path) -> Reader | None:
    """Return the reader of files with this ending; None if there is none."""
    name = without_packing(path.name.lower())
    fitting = [
        (len(suffix), place, reader)
        for place, reader in enumerate(READERS.values())
        for suffix in reader.suffixes
        if name.endswith(suffix)
    ]
    return max(fitting, key=lambda found: found[:2])[2] if fitting else None


def find_reader(name: str) -> Reader:
    """Return the reader of a format by its name, or by ``module:NAME``.

    Raises
    ------
    ValueError
        If there is none.
    """
    if ":" in name:
        return named_reader(name)
    if name not in READERS:
        raise ValueError(f"the format must be one of {', '.join(READERS)}, got {name!r}")
    return READERS[name]


def reading_options() -> tuple[str, ...]:
    """Return the names of all options of reading, those of single formats included."""
    own = (option.name for option in _declared())
    return tuple(dict.fromkeys([*READING_OPTIONS, *own]))


def nearest_option(name: str) -> str:
    """Return the hint at the option of reading that was probably meant."""
    return nearest(name, reading_options())


def _declared() -> list[Option]:
    return [option for reader in READERS.values() for option in reader.options]
