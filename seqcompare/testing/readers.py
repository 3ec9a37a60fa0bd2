"""What every reader of a file format promises."""

from __future__ import annotations

import contextlib
import hashlib
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from seqcompare import datasets
from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.sequences import Sequences
from seqcompare.testing.promises import expect, expect_error, promise
from seqcompare.typing import Params


@dataclass(frozen=True, eq=False)
class Reading:
    """A reader that is held to the contract, and a file that it reads.

    Parameters
    ----------
    reader : Reader
        With ``name``, ``suffixes`` and ``read(path, **options)``, which returns whatever
        `seqcompare.datasets.read` makes a data set of.
    path : Path
        A file of its format.
    options : mapping of str to value, optional
        What `read` is given beside the path.
    """

    reader: Any
    path: Path
    options: Params = field(default_factory=dict)

    def read(self, path: Path | None = None) -> SequenceDataset:
        """Read the file, or another one, into a data set.

        Parameters
        ----------
        path : Path, optional
            The other one.
        """
        found = self.reader.read(self.path if path is None else path, **self.options)
        if isinstance(found, SequenceDataset):
            return found
        role = getattr(found, "role", None)
        if hasattr(found, "target"):
            # sequences with what stands beside them
            found = found.X if found.target is None else (found.X, found.target)
        return datasets.read(found, role=role, name=self.path.stem)


@promise()
def a_reader_says_what_it_reads(subject: Reading) -> None:
    """A reader has a name, and suffixes such as ".csv" by which its files are known."""
    reader = subject.reader
    expect(isinstance(reader.name, str) and reader.name, "a name", repr(reader.name))
    suffixes = tuple(reader.suffixes)
    expect(suffixes, "at least one suffix", "none")
    for suffix in suffixes:
        sound = suffix.startswith(".") and suffix == suffix.lower()
        expect(sound, "a suffix in lower case that begins with a dot", repr(suffix))
    name = subject.path.name.lower().removesuffix(".gz")
    expect(name.endswith(suffixes), f"a file that ends in one of {', '.join(suffixes)}", subject.path.name)


@promise()
def data_and_targets_fit(subject: Reading) -> None:
    """What is read is sequences of at least a step, with the targets that the role asks for."""
    data = subject.read()
    expect(isinstance(data.X, Sequences), "Sequences in X", type(data.X).__name__)
    expect((data.X.lengths > 0).all(), "no empty sequence", f"X[{data.X.lengths.argmin()}]")
    expect(isinstance(data.name, str) and data.name, "a name of the data", repr(data.name))
    if data.role == "next":
        expect(data.y is None, "no targets for the role next", type(data.y).__name__)
    elif data.role in ("step", "step-value"):
        expect(isinstance(data.y, Sequences), "Sequences in y", type(data.y).__name__)
        same = np.array_equal(data.y.offsets, data.X.offsets)  # type: ignore[union-attr]  # just looked at
        expect(same, "a target for each step", "other lengths")
    else:
        n = len(data.y) if data.y is not None else 0
        expect(n == len(data.X), f"{len(data.X)} targets, one a sequence", n)
    for note in data.notes:
        expect(isinstance(note, str), "notes of text", repr(note))


@promise()
def the_same_file_gives_the_same_data(subject: Reading) -> None:
    """Reading twice gives the same, and leaves the file as it was."""
    before = hashlib.sha256(subject.path.read_bytes()).digest()
    first, second = subject.read(), subject.read()
    expect(first.X == second.X, "the same sequences", "others")
    expect(first.role == second.role, f"the role {first.role}", second.role)
    same = hashlib.sha256(subject.path.read_bytes()).digest() == before
    expect(same, "the file as it was", "a changed file")


@promise()
def a_bad_file_is_refused(subject: Reading) -> None:
    """A missing or empty file is refused by a ValueError; so is one cut off, unless what is left is sound."""
    suffix = "".join(subject.path.suffixes)
    with tempfile.TemporaryDirectory() as folder:
        missing = Path(folder) / f"missing{suffix}"
        expect_error((ValueError, OSError), ".", lambda: subject.read(missing))
        empty = Path(folder) / f"empty{suffix}"
        empty.write_bytes(b"")
        expect_error(ValueError, ".", lambda: subject.read(empty))
        broken = Path(folder) / f"broken{suffix}"
        whole = subject.path.read_bytes()
        for content in (whole[: len(whole) // 2], b"\x00\xff\xfe" * 20, whole[:-1] + b"\xff\n"):
            broken.write_bytes(content)
            # half of a file may be a sound file; any error but a ValueError is a broken promise
            with contextlib.suppress(ValueError):
                subject.read(broken)


PROMISES = (
    a_reader_says_what_it_reads,
    data_and_targets_fit,
    the_same_file_gives_the_same_data,
    a_bad_file_is_refused,
)
