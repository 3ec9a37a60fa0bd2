"""Logs: those of web servers are tables, and of others it is said why they are none."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd

from seqcompare.data.cells import as_words, type_cells
from seqcompare.data.readers import Reader
from seqcompare.data.source import DataError, read_text
from seqcompare.data.table import Table

# the common and the combined format of Apache, which others write as well
_WEB = re.compile(
    r'(?P<host>\S+) \S+ (?P<user>.+?) \[(?P<time>[^\]]+)\] "(?P<request>(?:[^"\\]|\\.)*)" '
    r'(?P<status>[0-9]{3}|-) (?P<bytes>[0-9]+|-)(?: "(?:[^"\\]|\\.)*" "(?:[^"\\]|\\.)*")?(?: .*)?'
)
_STAMP = re.compile(
    r"[\[(]?(?:[0-9]{4}[-/][0-9]{2}[-/][0-9]{2}[T ][0-9]{2}:[0-9]{2}"
    r"|[A-Z][a-z]{2} [ 0-9]?[0-9] [0-9]{2}:[0-9]{2}"
    r"|[0-9]{1,2}[/.][0-9]{1,2}[/.][0-9]{2,4},? [0-9]{1,2}:[0-9]{2}|[0-9]{1,2}:[0-9]{2}:[0-9]{2})"
    r"[0-9:.,]*(?: ?[AaPp][Mm]\b)?Z?(?: ?[+-][0-9]{2}:?[0-9]{2})?[\])]?"
)
# what stands behind the time, in words: a level, a program, who speaks
_WORDS = re.compile(r"[\s:\-–|]*[\[<(\w][^,;\t]*\s.*\S")


def is_web_log(head: str) -> bool:
    """Whether a text begins as the log of a web server does."""
    lines = [line for line in head.split("\n") if line.strip()]
    return len(lines) > 1 and all(_WEB.fullmatch(line) for line in lines[:2])


def refuse_log(text: str, path: Path) -> None:
    """Raise DataError for a log: its lines, which begin with a time, are steps and no sequences."""
    lines = [line for line in text.split("\n") if line.strip()]
    if len(lines) < 5:
        return
    stamps = [(line, _STAMP.match(line)) for line in lines]
    logged = sum(
        stamp is not None and _WORDS.fullmatch(line, stamp.end()) is not None for line, stamp in stamps
    )
    if logged >= 0.9 * len(lines):
        raise DataError(
            "the lines begin with a time, as those of a log do: they are steps and no sequences; make "
            "a table of them, with a column for the time and one for what happened",
            path,
        ).trying({"tokens": "word"})


def read_web_log(path: Path) -> Table:
    """Read the log of a web server as a table: a sequence a host, a step a request, by its time.

    Parameters
    ----------
    path : Path
        A file in the common or the combined format.

    Raises
    ------
    DataError
        If a line is in neither.
    """
    found: list[dict[str, str]] = []
    lines = []
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if not line.strip():
            continue
        match = _WEB.fullmatch(line)
        if match is None:
            raise DataError(
                'this is no line of a log in the common or combined format: host - user [time] "request" '
                "status bytes",
                path,
                number,
            )
        found.append(match.groupdict())
        lines.append(number)
    for row in found:
        # what is asked for tells of the visit; with its parameters, hardly any would come twice
        row["request"] = row["request"].partition("?")[0].rpartition(" HTTP/")[0] or row["request"]
    columns, text, spellings = {}, {}, {}
    for name in found[0]:
        cells = [row[name] for row in found]
        text[name] = as_words(cells)
        columns[name], spellings[name] = type_cells(cells, "\t", name)
    for name in ("host", "request", "status"):
        columns[name] = text[name]
    notes = ("the log of a web server: the requests of a host, without parameters, are a sequence",)
    return Table(
        pd.DataFrame(columns),
        path,
        np.array(lines, dtype=np.int64),
        text,
        spellings,
        notes,
        values=("request",),
        wide=False,
    )


READER = Reader("weblog", (), read_web_log, "a web server's log, common or combined: a host a sequence")
