"""A quantity has one format, and a number of it one text, wherever a report shows it."""

import re
from pathlib import Path

import pytest

import seqcompare
from seqcompare.report.columns import _COLUMNS
from seqcompare.report.page import report_of, to_markdown
from seqcompare.report.parts import Table
from seqcompare.report.tables import rows

GOLDEN = Path(__file__).parents[1] / "golden"
RUNS = ["next", "next-real", "sequence", "sequence-real", "step", "value"]

#: Columns that hold amounts in units of their own, and so four digits that count.
AMOUNTS = {
    *("mean", "truth", "spread", "q2.5", "q25", "q75", "q97.5", "rmse", "mae", "crps", "mse"),
    *("train_loss", "validation_score", "n_parameters", "n_iter", "capacity", "context", "value"),
    *("support", "count", "possible", "last_above", "first_below", "memory_bits", "symbols", "length", "lag"),
    *("n_pairs", "largest_tried", "measured", "by_theory", "needed"),
}


@pytest.fixture(scope="module", params=RUNS)
def run(request):
    return seqcompare.load_run(GOLDEN / f"compare-{request.param}")


def tables_of(report):
    """Return all tables, and the numbers of all figures."""
    numbers = [
        Table(f.name, "", "", f.data, {str(c): str(c) for c in f.data.columns}, f.writers)
        for f in report.figures()
    ]
    return [*report.tables(), *numbers]


def is_float(value):
    return isinstance(value, float) and value == value


def test_every_column_has_a_format(run):
    strange = {
        f"{column} of {table.name}"
        for table in tables_of(report_of([run.folder]))
        for column in table.headings
        if any(is_float(value) for value in table.frame[column].tolist())
        and not (column in table.writers or column in _COLUMNS or column in AMOUNTS)
    }
    assert not strange


def test_a_score_has_one_text_in_all_tables(run):
    texts = {}
    for table in tables_of(report_of([run.folder])):
        # differences of losses are called so too, and have a sign
        if table.name in ("pairs", "numbers_skill"):
            continue
        for place, column in enumerate(table.headings):
            if column in ("score", "low", "high"):
                for value, cells in zip(table.frame[column].tolist(), rows(table), strict=True):
                    if is_float(value):
                        texts.setdefault(value, set()).add(cells[place].text)
    for row in run.answer().sheet.rows:
        texts.setdefault(row.values["score"], set()).add(row.score)
    assert texts
    assert all(len(found) == 1 for found in texts.values()), texts


def test_no_text_rounds_a_score_in_another_way(run):
    report, sheet = report_of([run.folder]), run.answer().sheet
    text = to_markdown(report).replace("\\", "")
    written = {
        token for row in sheet.rows for token in numbers_in(f"{row.score} {row.interval} {row.beside}")
    }
    # what stands in columns of other quantities may be as large
    for table in tables_of(report):
        for cells in rows(table):
            for column, cell in zip(table.headings, cells, strict=True):
                if column not in ("score", "low", "high"):
                    written |= set(numbers_in(cell.text))
    for row in sheet.rows:
        for name in ("score", "low", "high"):
            value = row.values[name]
            if value is None or value == round(value, 2):
                continue
            for token in set(numbers_in(text)) - written:
                digits = len(token.replace(".", "").lstrip("0"))
                unit = 10.0 ** -len(token.partition(".")[2])
                same = any(abs(float(token) - size * abs(value)) <= unit / 2 for size in (1, 100))
                assert digits < 3 or not same, (
                    f"{token} is {row.entry}'s {name}, {row.score} ({row.interval})"
                )


def numbers_in(text):
    return re.findall(r"(?<![\d.,])\d+\.\d+(?![\d.])", text)


def test_large_counts_have_their_thousands_apart(run):
    text = to_markdown(report_of([run.folder]))
    sizes = {int(n) for n in run.grids()["n_parameters"].dropna() if n >= 1000}
    assert not [n for n in sizes if re.search(rf"(?<![\d.,]){n}(?![\d.])", text)]
