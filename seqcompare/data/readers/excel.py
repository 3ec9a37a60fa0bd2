"""Excel: the first sheet of a workbook, read as the table of text that it would be as CSV."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

from seqcompare.data.packed import declared_size
from seqcompare.data.readers import Reader
from seqcompare.data.readers.delimited import parse_table
from seqcompare.data.source import GROWTH, DataError, check_file, check_memory
from seqcompare.data.table import Table


def read_excel(path: Path) -> Table:
    """Read the first sheet of an ``.xlsx`` file; this takes openpyxl, which the extra ``excel`` installs.

    Raises
    ------
    DataError
        If the file cannot be read, or openpyxl is not there.
    """
    check_file(path)
    try:
        from openpyxl import load_workbook
    except ImportError:
        raise DataError("Excel takes openpyxl: pip install 'seqcompare[excel]'", path) from None
    try:
        size = declared_size(path, "zip")
        check_memory(GROWTH / 4 * size, path, f"the workbook has {size:,} bytes, unpacked")
        book = load_workbook(path, read_only=True, data_only=True)
    except DataError:
        raise
    except (OSError, ValueError, KeyError, SyntaxError, TypeError, zipfile.BadZipFile) as error:
        raise DataError(f"this is no readable workbook: {error}", path) from None
    sheet = book.worksheets[0]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for row in sheet.iter_rows(values_only=True):
        writer.writerow(["" if cell is None else str(cell) for cell in row])
    notes = [f"the first sheet, {sheet.title!r}, is read"] if len(book.worksheets) > 1 else []
    return parse_table(text.getvalue(), path, ",", notes)


READER = Reader("excel", (".xlsx", ".xlsm"), read_excel, "Excel, the first sheet as a table")
