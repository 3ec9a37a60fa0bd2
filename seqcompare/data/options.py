"""What reading may be told: declared once, and light to import, for the command line as well."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Role = Literal["next", "step", "step-value", "sequence", "value"]
#: Roles in which there is something to predict at every step, and at each that is labelled.
STEPWISE = ("next", "step", "step-value")
LABELLED_STEPS = ("step", "step-value")
Kind = Literal["symbols", "real", "count"]
Missing = Literal["error", "keep"]
Known = Literal["past", "present"]
Tokens = Literal["char", "word"]
Split = Literal["line", "document"]
Form = Literal["NFC", "NFD", "NFKC", "NFKD"]


@dataclass(frozen=True)
class Option:
    """Something that reading may be told.

    Parameters
    ----------
    name : str
        The keyword of `seqcompare.datasets.read`.
    help : str
        What it says, in a sentence.
    choices : tuple of str, default=()
        What it may be; anything if there are none.
    several : bool, default=False
        Whether there may be several values.
    flag : str, optional
        What the command line calls it, where that is not its name; empty if it has no such option.
    switch : bool, default=False
        Whether it is yes or no.
    """

    name: str
    help: str
    choices: tuple[str, ...] = ()
    several: bool = False
    flag: str | None = None
    switch: bool = False


TOKENS = Option("tokens", "What a step of plain text is; by default a character.", get_args(Tokens))
HEADER = Option("header", "Pattern whose group is the class in the names of FASTA records.")
SPLIT = Option("split", "What a sequence of plain text is; by default a line.", get_args(Split))

#: All keywords of `seqcompare.datasets.read` but those that only some formats have.
OPTIONS = (
    Option(
        "sequence",
        "Column that names the sequence, or several that do so together (a,b, or given several times); '' if "
        "there is none.",
        several=True,
    ),
    Option("order", "Column that orders the steps; '' if there is none."),
    Option("values", "Column of the steps; may be given several times.", several=True),
    Option("target", "Column to predict; '' if there is none."),
    Option("predict", "Channel to predict from the others and its own past; there is no target then."),
    Option(
        "known",
        "What is known of the other channels when one is predicted: their past, which is the default, or "
        "the present step as well.",
        get_args(Known),
    ),
    Option(
        "time_gaps",
        "Whether the time since the step before is a channel; without a target the step is predicted from "
        "the past and that time.",
        switch=True,
    ),
    Option("fill_gaps", "Whether missing steps fill the holes of an even series.", switch=True),
    Option("group", "Column whose sequences stay on one side of a split."),
    Option("role", "What is predicted; found in the data by default.", get_args(Role)),
    Option(
        "kind",
        f"How to read whole numbers: {', '.join(get_args(Kind))}; or COLUMN=KIND for one of several, "
        "which may be given several times. Found in the data by default.",
        several=True,
    ),
    Option(
        "missing",
        "What becomes of missing values: by default numbers may be missing, and symbols not.",
        get_args(Missing),
    ),
    Option(
        "marks",
        "What else stands for a missing value, such as -1, or COLUMN=-1 in one column; may be given several "
        "times. With '', NA, - and -999 do not.",
        several=True,
        flag="--missing-mark",
    ),
    Option("wide", "Whether a row of a table is a sequence, and a column a step.", switch=True),
    Option("cell", "Column whose cells hold a whole sequence each: letters, or what a mark separates."),
    Option("labels", "Table of labels of the files of a folder: a column names them."),
    Option("names", "Pattern of the names of a folder's files; its named groups may be the target or group."),
    Option("padding", "Value that fills up the ends of shorter sequences, such as 0; it is cut off."),
    Option("normalise", "Unicode form that text is brought into.", get_args(Form)),
    Option("encoding", "Encoding of text that is not UTF-8, such as cp1252 or cp1251."),
    Option("memory", "The most that reading may need, such as 2G; by default half of what is free."),
    Option("test", "File of the official test part; read as the other is."),
    Option("ignore_label", "Steps of this label are neither learned nor scored."),
    Option(
        "file_format",
        "What the file is (see: seqcompare list formats), or module:NAME of a reader of your own; by default "
        "the ending of its name says so.",
        flag="--format",
    ),
    TOKENS,
    SPLIT,
    HEADER,
    Option("name", "What to call the data.", flag=""),
)

#: Their names.
READING_OPTIONS = tuple(option.name for option in OPTIONS)
