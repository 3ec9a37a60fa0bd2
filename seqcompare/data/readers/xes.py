"""XES, the standard of event logs (IEEE 1849): a trace a sequence, an event a step."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn
from xml.parsers import expat

import numpy as np
import pandas as pd

from seqcompare.data.cells import as_words, type_cells
from seqcompare.data.readers import Reader
from seqcompare.data.source import DataError, read_text
from seqcompare.data.table import Table

CASE, ACTIVITY, TIME = "case:concept:name", "concept:name", "time:timestamp"
_KINDS = {"string", "date", "int", "float", "boolean", "id"}


class _Log:
    """Gathers the events of a log as they are parsed."""

    def __init__(self, parser: expat.XMLParserType) -> None:
        self._parser = parser
        self._open: list[str] = []
        self._trace: dict[str, str] = {}
        self._first, self.n_traces = 0, 0
        self.events: list[dict[str, str]] = []
        self.lines: list[int] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        parent = self._open[-1] if self._open else ""
        self._open.append(tag)
        if tag == "trace":
            self._trace, self._first = {}, len(self.events)
            self.n_traces += 1
        elif tag == "event":
            self.events.append({})
            self.lines.append(self._parser.CurrentLineNumber)
        elif tag in _KINDS and "key" in attributes and parent in ("event", "trace"):
            value = attributes.get("value", "")
            if parent == "event":
                self.events[-1][attributes["key"]] = value
            else:
                self._trace[f"case:{attributes['key']}"] = value

    def end(self, tag: str) -> None:
        self._open.pop()
        if tag.rpartition(":")[2] == "trace":
            known = {CASE: str(self.n_traces), **self._trace}
            for event in self.events[self._first :]:
                event.update(known)


def read_xes(path: Path) -> Table:
    """Read the events of an ``.xes`` log as a table: the steps are its activities, ordered by their times.

    Declarations of entities, which can make much of little or fetch what is not in the file, are refused.

    Raises
    ------
    DataError
        If this is no XML, declares a document type, or has no event.
    """
    parser = expat.ParserCreate()

    def refuse(*_: object) -> NoReturn:
        raise DataError(
            "it declares a document type or entities, which are not read", path, parser.CurrentLineNumber
        )

    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    log = _Log(parser)
    parser.StartElementHandler, parser.EndElementHandler = log.start, log.end
    try:
        parser.Parse(read_text(path).encode(), True)
    except expat.ExpatError as error:
        raise DataError(f"this is no XML: {expat.ErrorString(error.code)}", path, error.lineno) from None
    if not log.events:
        raise DataError("there is no event in a trace", path)
    rows, lines = log.events, np.array(log.lines, dtype=np.int64)
    inside = np.array([CASE in row for row in rows])
    if not inside.all():
        raise DataError("there is an event outside of every trace", path, int(lines[np.argmin(inside)]))
    names = list(dict.fromkeys(name for row in rows for name in row))
    if ACTIVITY not in names:
        raise DataError(f"no event has a {ACTIVITY!r}, which names its activity", path)
    columns, text, spellings = {}, {}, {}
    for name in names:
        cells = [row.get(name, "").strip() for row in rows]
        columns[name], spellings[name] = type_cells(cells, "\t", name)
        text[name] = as_words(cells)
    columns[CASE], columns[ACTIVITY] = text[CASE], text[ACTIVITY]
    note = f"{log.n_traces} traces; the steps are the activities ({ACTIVITY!r}) of their events"
    return Table(pd.DataFrame(columns), path, lines, text, spellings, (note,), values=(ACTIVITY,), wide=False)


READER = Reader("xes", (".xes",), read_xes, "XES, an event log")
