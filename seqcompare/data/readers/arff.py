"""ARFF of Weka and of the archives of time series: a row a sequence, its class last."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

from seqcompare.data.readers import Reader
from seqcompare.data.readers.delimited import parse_table
from seqcompare.data.source import DataError, read_text
from seqcompare.data.table import Table

_NAME = r"(?:'(?P<quoted>[^']*)'|\"(?P<double>[^\"]*)\"|(?P<bare>\S+))"
_ATTRIBUTE = re.compile(rf"@attribute\s+{_NAME}\s+(?P<type>.+)", re.IGNORECASE)


def read_arff(path: Path) -> Table:
    """Read an ``.arff`` file without relations inside of it.

    Raises
    ------
    DataError
        If the header or a row is not as the format demands.
    """
    names: list[str] = []
    nominal: list[bool] = []
    lines = read_text(path).split("\n")
    for number, line in enumerate(lines, start=1):
        stripped = line.strip()
        if stripped.lower().startswith("@attribute"):
            match = _ATTRIBUTE.fullmatch(stripped)
            if match is None:
                raise DataError("expected a name and a type of an attribute", path, number)
            if match["type"].lower().startswith("relational"):
                raise DataError("attributes of relations are not read: save the data as .ts", path, number)
            names.append(match["quoted"] or match["double"] or match["bare"] or "")
            nominal.append(match["type"].startswith("{"))
        elif stripped.lower().startswith("@data"):
            break
    else:
        raise DataError("there is no @data line", path, len(lines))
    if not names:
        raise DataError("there is no attribute", path)
    # what stands before the rows takes as many lines, so that errors name the right one
    head = io.StringIO()
    csv.writer(head, lineterminator="").writerow(names)
    rows = ["" if line.lstrip().startswith("%") else line for line in lines[number:]]
    last_is_class = nominal[-1] and not any(nominal[:-1]) and "class" not in names[:-1]
    table = parse_table("\n".join(["#"] * (number - 1) + [head.getvalue(), *rows]), path, ",", [])
    if not last_is_class:
        return table
    notes = ("the last attribute is the class",)
    frame = table.frame.rename(columns={names[-1]: "class"})
    text = {("class" if name == names[-1] else name): cells for name, cells in table.text.items()}
    spellings = {("class" if n == names[-1] else n): spelling for n, spelling in table.spellings.items()}
    return Table(frame, path, table.lines, text, spellings, notes, delimiter=",", wide=True)


READER = Reader("arff", (".arff",), read_arff, "ARFF, a row a sequence or a step")
