"""Folders and lists of files, one sequence each: with ids, classes and groups from their names."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from glob import glob
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.readers import READERS, reader_of
from seqcompare.data.source import DataError, check_file, title_of
from seqcompare.data.table import Table, frame_table
from seqcompare.data.usual import USUAL, normal

FACTS = FILE, FOLDER, NAME, SUBJECT = "file", "folder", "name", "subject"
_SUBJECT = re.compile(
    r"(?:s|sub|subj|subject|p|pat|patient|participant|user|person)[-_ ]?[0-9]+", re.IGNORECASE
)
_MOST_FILES = 20_000
_TEST = {"test", "testing", "train", "training"}


@dataclass(frozen=True)
class Files:
    """Files of which each holds a sequence, and what their names say.

    Parameters
    ----------
    paths : list of Path
        The files.
    title : str
        What they are called together.
    facts : dict of str to list of str
        What is known of each: ``file``, its name without the ending; ``folder``, where these differ;
        ``name``, the words before its number; ``subject``, a part such as ``s07``; the named groups of a
        pattern; the columns of a table of labels.
    test : ndarray of bool, shape (n_files,), or None
        Which lie in a folder called test, where others lie in one called train.
    notes : list of str
        What was decided.
    told : tuple of str
        Facts that the user brought: by a pattern or a table.
    """

    paths: list[Path]
    title: str
    facts: dict[str, list[str]] = field(default_factory=dict)
    test: NDArray[np.bool_] | None = None
    notes: list[str] = field(default_factory=list)
    told: tuple[str, ...] = ()

    def choose(self, part: str, choice: object) -> str | None:
        """Return the fact that is the target or the group: what was told, or what the names suggest."""
        if choice is False or (choice is not None and choice not in self.facts):
            return None
        if choice is not None:
            return str(choice)
        usual = [name for name in USUAL[part] if name in map(normal, self.told)]
        brought = [fact for fact in self.told if usual and normal(fact) == usual[0]]
        if brought:
            return brought[0]
        if part == "group":
            return SUBJECT if SUBJECT in self.facts else None
        if len(self.told) == 1:
            return self.told[0]
        for fact in (FOLDER, NAME):
            counts = Counter(self.facts.get(fact, []))
            if len(counts) > 1 and len(self.paths) >= 2 * len(counts) and min(counts.values()) > 1:
                return fact
        return None


def find_files(
    data: object,
    labels: object,
    names: str | None,
    is_data: Callable[[str], bool],
    file_format: str | None = None,
) -> Files | None:
    """Return the files of a folder, a pattern (``walks/*.csv``) or a list of names; None for other data.

    Parameters
    ----------
    data : object
        What was given to read.
    labels : str, Path, frame or None
        A table with a row a file: a column holds their names, others what is known of them.
    names : str, optional
        A pattern for their names below the folder, whose named groups are facts, as in
        ``(?P<group>s[0-9]+)_(?P<target>[a-z]+)``.
    is_data : callable
        Whether a word is data of its own.
    file_format : str, optional
        The format of the files, where it does not follow from their names.

    Raises
    ------
    DataError
        If there is no file, the pattern does not fit one, or the table does not name one.
    """
    found = _listed(data, is_data, file_format is not None)
    if found is None:
        return None
    paths, root, title = found
    table, notes = labels, []
    if isinstance(table, (str, Path)):
        paths = [path for path in paths if not (Path(table).exists() and path.samefile(table))]
    if table is None:
        own = next((path for path in paths if path.stem.lower() in _TABLES and len(paths) > 2), None)
        if own is not None:
            paths, table = [path for path in paths if path != own], own
            notes.append(f"{own.name} is taken for the table of labels")
    if not paths:
        raise DataError("there is no file whose format follows from its name", root)
    paths, more = (paths, []) if file_format else _alike(paths)
    inside = [path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name for path in paths]
    facts = {FILE: [_stem(name) for name in inside]}
    folders = [name.split("/")[:-1] for name in inside]
    test = None
    kinds = {part.lower() for parts in folders for part in parts[:1]}
    if kinds and kinds <= _TEST and len({kind[:4] for kind in kinds}) == 2:
        test = np.array([parts[0].lower().startswith("test") for parts in folders])
        folders = [parts[1:] for parts in folders]
        notes.append("the files in the folder of that name are the official test part")
    if len({tuple(parts) for parts in folders}) > 1:
        facts[FOLDER] = ["/".join(parts) for parts in folders]
    stems = [_stem(path.name) for path in paths]
    subjects = [[part for part in re.split(r"[_. ]+", stem) if _SUBJECT.fullmatch(part)] for stem in stems]
    if all(len(found) == 1 for found in subjects) and 1 < len({found[0] for found in subjects}) < len(paths):
        facts[SUBJECT] = [found[0] for found in subjects]
        stems = [
            re.sub(rf"(?:^|[_. ]){re.escape(facts[SUBJECT][i])}(?=[_. ]|$)", "", s)
            for i, s in enumerate(stems)
        ]
    words = [re.sub(r"[\W_]*[0-9]+$", "", stem).strip("_-. ") for stem in stems]
    if all(words) and len(set(words)) < len(words):
        facts[NAME] = words
    told: dict[str, list[str]] = {}
    if names is not None:
        told |= _matched(names, inside, paths)
    if table is not None:
        told |= _looked_up(table, inside, paths)
    return Files(paths, title, {**facts, **told}, test, [*notes, *more], tuple(told))


_TABLES = {"labels", "label", "classes", "targets", "annotations", "metadata"}


def _listed(
    data: object, is_data: Callable[[str], bool], any_format: bool
) -> tuple[list[Path], Path, str] | None:
    """Return the files, the folder they are named within, and a title."""
    if isinstance(data, (list, tuple)) and data and all(isinstance(item, (str, Path)) for item in data):
        paths = [Path(item) for item in data]
        if not all(isinstance(item, Path) or _names_file(item) for item in data):
            return None
        for path in paths:
            check_file(path)
        roots = {path.parent for path in paths}
        return paths, roots.pop() if len(roots) == 1 else Path(), "files"
    if not isinstance(data, (str, Path)):
        return None
    path = Path(data)
    if path.is_dir() and not is_data(str(data)):
        return sorted(_inside(path, any_format), key=_natural), path, path.resolve().name
    if path.exists() or not re.search(r"[*?[]", str(data)):
        return None
    found = sorted((Path(name) for name in glob(str(data), recursive=True)), key=_natural)
    found = [each for each in found if each.is_file()]
    if not found:
        raise DataError("no file fits this pattern", path)
    root = Path(*path.parts[: next(i for i, part in enumerate(path.parts) if re.search(r"[*?[]", part))])
    return found, root, root.resolve().name


def _names_file(word: str) -> bool:
    """Whether a text can only be the name of a file: it ends as one does, and has no blanks."""
    reader = reader_of(Path(word))
    return reader is not None and re.fullmatch(r"\S+", word) is not None and len(word) < 1000


def _inside(root: Path, any_format: bool) -> list[Path]:
    """Return the regular files in and below a folder, but for hidden ones.

    Raises
    ------
    DataError
        If there are far more than a person has of sequences: the root of a disk is no data set.
    """
    found: list[Path] = []
    n_seen = 0
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__")))
        n_seen += 1 + len(names)
        if n_seen > _MOST_FILES:
            raise DataError(f"there are more than {_MOST_FILES:,} files and folders below", root)
        paths = [Path(folder, name) for name in names if not name.startswith(".")]
        found += [path for path in paths if (any_format or reader_of(path)) and os.path.isfile(path)]
    return found


def _natural(path: Path) -> list[tuple[int, object]]:
    """Return what sorts names as people do: walk2 before walk10."""
    parts = re.split(r"([0-9]+)", path.as_posix())
    return [(1, int(part)) if part.isdecimal() and part.isascii() else (0, part) for part in parts]


def _stem(name: str) -> str:
    folder, _, last = name.rpartition("/")
    return f"{folder}/{title_of(Path(last))}" if folder else title_of(Path(last))


def _alike(paths: list[Path]) -> tuple[list[Path], list[str]]:
    """Return the files of the most frequent format; say which others are left out."""
    formats = [reader_of(path) for path in paths]
    names = [reader.name if reader else "" for reader in formats]
    known = Counter(name for name in names if name)
    if not known:
        return paths, []
    # read-me files lie beside data, and are no data
    most = max(known, key=lambda name: (known[name], name != "text"))
    kept = [path for path, name in zip(paths, names, strict=True) if name == most]
    rest = [path.name for path, name in zip(paths, names, strict=True) if name != most]
    more = ", ..." if len(rest) > 3 else ""
    return kept, [f"{len(rest)} other file(s) are left out: {', '.join(rest[:3])}{more}"] if rest else []


def _matched(names: str, inside: list[str], paths: list[Path]) -> dict[str, list[str]]:
    """Return the named groups of a pattern for each name."""
    try:
        pattern = re.compile(names)
    except re.error as error:
        raise DataError(f"names is no regular expression: {error}: {names!r}") from None
    if not pattern.groupindex:
        raise DataError(f"names needs a group with a name, such as (?P<target>[a-z]+), got {names!r}")
    found: dict[str, list[str]] = {group: [] for group in pattern.groupindex}
    for name, path in zip(inside, paths, strict=True):
        match = pattern.search(name)
        if match is None:
            raise DataError(f"the pattern {names!r} fits nothing in this file's name", path)
        for group in found:
            found[group].append(match[group] or "")
    return found


def _looked_up(labels: object, inside: list[str], paths: list[Path]) -> dict[str, list[str]]:
    """Return the other columns of a table, one of whose columns names the files."""
    where = labels if isinstance(labels, (str, Path)) else None
    table = labels
    if where is not None:
        reader = reader_of(Path(where)) or READERS["csv"]
        check_file(Path(where))
        table = reader.read(Path(where))
    table = table if isinstance(table, Table) else frame_table(table)
    wanted = [_stem(name) for name in inside]
    for column in map(str, table.frame.columns):
        cells = [str(cell) for cell in table.written(column)]
        places = {_stem(Path(cell).as_posix()): i for i, cell in enumerate(cells)}
        short = {Path(cell).stem: i for i, cell in enumerate(cells)}
        if not any(name in places or Path(name).name in short for name in wanted):
            continue
        rows = [places.get(name, short.get(Path(name).name, -1)) for name in wanted]
        for row, path in zip(rows, paths, strict=True):
            if row < 0:
                raise DataError(f"column {column!r} of the labels names no such file", path)
        others = [str(name) for name in table.frame.columns if str(name) != column]
        if not others:
            raise DataError("the table of labels has no column but that of the files", where)
        return {name: [str(table.written(name).iloc[row]) for row in rows] for name in others}
    raise DataError(
        f"no column of the table of labels names the files, such as {inside[0]!r}",
        where,
    )
