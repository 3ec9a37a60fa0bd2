"""What reading is told, and which of it applies to which format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

from seqcompare.data.catalog import DATASETS
from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.long import ColumnChoice, Columns
from seqcompare.data.options import READING_OPTIONS, Form
from seqcompare.data.packed import BROKEN, open_packed, packing_of
from seqcompare.data.readers import READERS, Reader, find_reader, nearest_option, reader_of, reading_options
from seqcompare.data.readers.foreign import refuse_foreign
from seqcompare.data.readers.sniff import sniff
from seqcompare.data.roles import Wanted
from seqcompare.data.sequences import Sequences
from seqcompare.data.source import DataError, UnknownOptionError, WrongUseError, check_file, say

# what people call by another name, and what is sure all the same
_MISNAMED = ("text", "csv", "tsv")
_UNMISTAKABLE = (
    *("fasta", "ts", "arff", "tsf", "xes", "parquet", "numpy", "excel", "phylip", "pgn", "weblog"),
    *("blocks", "midicsv", "subtitles", "gff", "bed", "statistics", "svmlight"),
)


@dataclass(frozen=True)
class Told:
    """What reading was told: of tables, for all data, for single formats."""

    columns: Columns
    group: object
    wide: bool | None
    cell: str | None
    wanted: Wanted
    special: Mapping[str, object]
    file_format: str | None
    name: str | None
    labels: object = None
    names: str | None = None
    padding: object = None
    normalise: Form | None = None
    encoding: str | None = None
    memory: object = None
    marks: str | Sequence[str] | None = None

    @property
    def of_tables(self) -> dict[str, object]:
        """What only a table may be told."""
        columns = self.columns
        named = {"sequence": columns.sequence, "order": columns.order, "values": columns.values}
        return {**named, "target": columns.target, "wide": self.wide, "cell": self.cell}

    def of_test(self, train: SequenceDataset, facts: Sequence[str]) -> Told:
        """Return how the official test part is read: as the other part was, with what was found there."""
        found = train.reading
        columns = self.columns
        if train.columns and not self.labels and found.get("target") not in facts:
            named = {part: found[part] for part in ("sequence", "order", "values", "target") if part in found}
            columns = replace(columns, **named)  # type: ignore[arg-type]  # as they were found
        elif columns.target is None and found.get("target") in facts:
            columns = replace(columns, target=str(found["target"]))
        wanted = replace(self.wanted, kinds=found.get("kinds", {}), steps=found.get("steps", {}))  # type: ignore[arg-type]  # likewise
        shape = {part: found[part] for part in ("wide", "cell") if part in found and train.columns}
        told = replace(self, columns=columns, wanted=wanted)
        return replace(told, **shape)  # type: ignore[arg-type]  # likewise

    def again(self, found: SequenceDataset) -> dict[str, object]:
        """Return with what options other data are read as those that were found here."""
        wanted: dict[str, object] = {
            "kind": self.wanted.kind,
            "missing": self.wanted.missing,
            "file_format": self.file_format,
        }
        wanted |= {"names": self.names, "padding": self.padding, "normalise": self.normalise}
        wanted |= {"marks": self.marks, "encoding": self.encoding}
        options = {**self.of_tables, **self.special, **wanted}
        told = {option: value for option, value in options.items() if value is not None}
        kind = {} if found.X.kind == "mixed" or not found.columns else {"kind": found.X.kind}
        kinds = {"kinds": _channel_kinds(found.X)} if found.columns else {}
        return {**told, **kind, **kinds, **found.reading}


def _channel_kinds(X: Sequences) -> dict[str, tuple[str, bool]]:
    """Return the kind of each channel, and whether its symbols are words."""
    kinds = {}
    for i, channel in enumerate(X.schema):
        words = channel.kind == "symbols" and X.channel(i).present().dtype.kind == "U"
        kinds[channel.name] = (str(channel.kind), words)
    return kinds


def reader_for(path: Path, file_format: str | None) -> Reader:
    """Return the reader of a file, by the name of a format or the file's ending."""
    if file_format is not None:
        try:
            return find_reader(file_format)
        except ValueError as error:
            raise DataError(str(error), path) from None
    reader = reader_of(path)
    if path.is_file() and (reader is None or reader.name in _MISNAMED):
        found = sniff(path)
        if found in (None, "text"):
            refuse_foreign(path)
        if found is not None and (reader is None or found in _UNMISTAKABLE):
            if reader is None or found != reader.name:
                say(f"what {path.name} holds is read as {found}")
            return READERS[found]
    if reader is not None:
        return reader
    if not path.exists():
        known = ", ".join(DATASETS)
        beside = [each.name for each in path.parent.iterdir()] if path.parent.is_dir() else []
        close = get_close_matches(path.name, [*beside, *DATASETS], 1)
        meant = f"; did you mean {close[0]!r}?" if close else ""
        raise DataError(f"there is no such file, nor a bundled data set of this name ({known}){meant}", path)
    check_file(path)
    if packing_of(path) == "zip":
        try:
            open_packed(path, "zip").close()
        except (ValueError, *BROKEN) as error:  # of several files, say
            raise DataError(f"{error}", path) from None
    endings = ", ".join(suffix for each in READERS.values() for suffix in each.suffixes)
    raise DataError(
        f"the format does not follow from the name: it should end in one of {endings} "
        "(each also with .gz, .bz2, .xz or .zip), or the format be given",
        path,
    )


def asked(reader: Reader, path: Path, own: Mapping[str, object]) -> object:
    """Return what a reader makes of a file; what it did not foresee is said with its name and the file."""
    try:
        return reader.read(path, **own)
    except (ValueError, OSError, ImportError):
        raise
    except Exception as error:  # whatever the user's own code raises
        what = f"{type(error).__name__}: {error}"
        raise DataError(f"the reader {reader.name!r} has failed: {what}", path) from error


def own_options(reader: Reader | None, special: Mapping[str, object]) -> dict[str, object]:
    """Return what the reader is told beyond what all are told; refuse what it does not know."""
    known = {} if reader is None else {option.name: option for option in reader.options}
    own = {}
    for option, value in special.items():
        if option not in known and option not in READING_OPTIONS and option not in reading_options():
            raise UnknownOptionError(f"reading has no option {option!r}: {nearest_option(option)}")
        if value is None:
            continue
        if option not in known:
            formats = [each.name for each in READERS.values() if option in {o.name for o in each.options}]
            what = "these are sequences already" if reader is None else f"this is a {reader.name} file"
            raise WrongUseError(
                f"{option} {value!r} does not apply: it is for {' and '.join(formats)}, and {what}"
            ).trying({option: None})
        if known[option].choices and value not in known[option].choices:
            choices = ", ".join(known[option].choices)
            raise WrongUseError(f"{option} must be one of {choices}, got {value!r}")
        own[option] = value
    return own


def refuse(given: Mapping[str, object], reason: str) -> None:
    """Raise WrongUseError for the first argument that is given and does not apply."""
    for argument, value in given.items():
        if value is not None and value is not False:
            problem = WrongUseError(f"{argument} {value!r} does not apply: {reason}")
            raise problem.trying({argument.replace(" ", "_"): None})


def column_name(group: object) -> ColumnChoice:
    """Return the group of a table, which is the name of a column."""
    if group is None or group is False or isinstance(group, str):
        return group
    raise WrongUseError(f"for a table, group must be the name of a column, got {type(group).__name__}")
