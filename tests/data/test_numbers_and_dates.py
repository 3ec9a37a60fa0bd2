"""Numbers in clothes, marks of missing values, and dates of daily life, in columns of tables."""

from datetime import datetime, timedelta

import numpy as np
import pytest

from seqcompare.data.clothes import SeveralUnits, undress
from seqcompare.data.dates import read_cyclic, read_dates
from seqcompare.datasets import DataError, read

START = datetime(2023, 5, 1)


def table(tmp_path, cells, delimiter=","):
    """Write a table of sequences of eight steps with these cells, in quotes, and return its path."""
    path = tmp_path / "a.csv"
    rows = [delimiter.join([f"s{i // 8}", str(i % 8), '"' + cell + '"']) for i, cell in enumerate(cells)]
    path.write_text(delimiter.join(["id", "t", "v"]) + "\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def numbers(low=1, high=9000):
    return np.random.default_rng(0).uniform(low, high, 48)


CLOTHES = {
    "per cent": "{:.1f}%",
    "per cent apart": "{:.0f} %",
    "dollars": "${:,.2f}",
    "pounds": "£{:.2f}",
    "euros behind": "{:.2f} €",
    "reals": "R$ {:,.2f}",
    "rupees": "Rs. {:,.0f}",
    "code before": "USD {:.2f}",
    "code behind": "{:.2f} CHF",
    "unit": "{:.0f} mg",
    "unit without a blank": "{:.0f}bpm",
    "degrees": "{:.1f} °C",
    "inches": "{:.0f}''",
    "plus": "{:+.2f}",
    "quotes": "'{:.2f}'",
    "powers": "{:.3e}",
    "letters": "{:.1f}k",
}
SWAPPED = {
    "points and a comma": (str.maketrans(",.", ".,"), ";"),
    "blanks and a comma": (str.maketrans(",.", " ,"), ";"),
    "narrow blanks": (str.maketrans(",", "\u202f"), ","),
    "apostrophes": (str.maketrans(",", "'"), ","),
}


@pytest.mark.parametrize("name", CLOTHES)
def test_numbers_in_clothes(name, tmp_path):
    form, expected = CLOTHES[name], numbers()
    data = read(table(tmp_path, [form.format(x) for x in expected]))
    assert data.X.kind == "real"
    digits = 2 if ".2" in form else 1 if ".1" in form else 0
    if name == "powers":
        np.testing.assert_allclose(data.X.values, expected, rtol=1e-3)
    else:
        scale = 1000 if name == "letters" else 1
        np.testing.assert_allclose(data.X.values, scale * np.round(expected, digits))
    if name not in ("plus", "powers"):
        assert any("are written" in note for note in data.notes)


@pytest.mark.parametrize("name", SWAPPED)
def test_marks_of_thousands(name, tmp_path):
    marks, delimiter = SWAPPED[name]
    data = read(table(tmp_path, [f"{x:,.2f}".translate(marks) for x in numbers()], delimiter))
    np.testing.assert_allclose(data.X.values, numbers().round(2))


def test_brackets_and_signs_of_minus(tmp_path):
    expected = numbers(-900, 900).round(2)
    cells = [f"({-x:.2f})" if x < 0 else f"{x:.2f}" for x in expected]
    np.testing.assert_allclose(read(table(tmp_path, cells)).X.values, expected)
    cells = [f"{x:.2f}".replace("-", "−") for x in expected]
    np.testing.assert_allclose(read(table(tmp_path, cells)).X.values, expected)


def test_limits_are_read_as_themselves_and_said(tmp_path):
    data = read(table(tmp_path, ["<0.1" if i % 9 == 0 else f"0.{i}1" for i in range(48)]))
    assert data.X.values[0] == 0.1
    assert any("'<0.1', read as the number itself" in note for note in data.notes)


@pytest.mark.parametrize(
    "codes", ["12A 12B 14A 9C", "e4 d5 Nf3 c6", "1C 2C 3C 4F 5C", "S M L XL 2XL", "3-1 2-4 0-0"]
)
def test_codes_stay_words(codes, tmp_path):
    cells = [codes.split()[i * i % 4] for i in range(48)]
    assert read(table(tmp_path, cells)).X.kind == "symbols"


def test_several_units_are_refused(tmp_path):
    path = table(tmp_path, [f"{i}.5 g" if i % 3 else f"{i} mg" for i in range(48)])
    with pytest.raises(
        DataError, match=r"column 'v': the numbers have several units, 'mg' and 'g': bring them"
    ):
        read(path)
    assert isinstance(undress(["1.5 g", "20 mg", "30 mg"], decimal_commas=False), SeveralUnits)


def test_what_may_be_either_is_no_number():
    assert undress(["1,234", "2,345"], decimal_commas=True) is None
    assert undress(["1.234,5", "2.345"], decimal_commas=True)[0] == ["1234.5", "2345"]
    assert undress(["192.168.1.1", "10.0.0.1"], decimal_commas=False) is None


MARKS = (
    "- -- ? . NA N/A n.a. NaN null (null) NULL None nil \\N #N/A #DIV/0! #VALUE! missing unknown * _ <NA> – "
    "-999 -9999 -999.9 -99 999.9 9999 -32768 1e20 -200"
)


@pytest.mark.parametrize("mark", [*MARKS.split(), "not available", "No data"])
def test_marks_of_missing_numbers(mark, tmp_path):
    cells = [mark if i % 7 == 3 else f"{x:.2f}" for i, x in enumerate(numbers(18, 24))]
    data = read(table(tmp_path, cells))
    np.testing.assert_array_equal(np.isnan(data.X.values), [i % 7 == 3 for i in range(48)])
    assert any("is read as missing; marks ''" in note for note in data.notes)


@pytest.mark.parametrize("number", ["-1", "0", "30", "99", "-5"])
def test_numbers_that_could_be_measured_stay(number, tmp_path):
    cells = [number if i % 7 == 3 else f"{x:.2f}" for i, x in enumerate(numbers(18, 24))]
    assert not np.isnan(read(table(tmp_path, cells)).X.values).any()


def test_the_user_says_what_is_missing(tmp_path):
    cells = ["-999" if i % 7 == 3 else f"{x:.2f}" for i, x in enumerate(numbers(18, 24))]
    path = table(tmp_path, cells)
    assert read(path, marks="").X.values.min() == -999
    assert np.isnan(read(path, marks=["-999", "x"]).X.values).sum() == 7
    path = table(tmp_path, ["M" if i % 7 == 3 else f"{x:.2f}" for i, x in enumerate(numbers(18, 24))])
    with pytest.raises(DataError, match="all numbers or all words, got 'M'"):
        read(path)
    assert np.isnan(read(path, marks="M").X.values).sum() == 7


@pytest.mark.parametrize("word", ["-", "NA", "None", "?"])
def test_among_words_they_are_words(word, tmp_path):
    data = read(table(tmp_path, [word if i % 7 == 3 else "ab"[i % 2] for i in range(48)]))
    assert word in data.X.present()


# days from one date to the next, and how it is written
DATES = {
    "am and pm": (0.3, "%m/%d/%Y %I:%M %p"),
    "two digits": (1, "%d/%m/%y"),
    "month first": (17, "%b %d, %Y"),
    "day and month": (17, "%d %B %Y"),
    "stuck together": (17, "%d%b%Y"),
    "month and year": (31, "%b-%y"),
    "months in numbers": (31, "%m/%Y"),
    "months behind M": (31, "%YM%m"),
    "year first": (9, "%Y/%m/%d"),
    "one number": (9, "%Y%m%d"),
    "one number of months": (31, "%Y%m"),
    "one number to the second": (0.3, "%Y%m%d%H%M%S"),
    "day of the week": (17, "%A, %B %d, %Y"),
    "of C": (1.3, "%a %b %d %H:%M:%S %Y"),
    "of C with a zone": (1.3, "%a %b %d %H:%M:%S UTC %Y"),
    "of letters": (1.3, "%a, %d %b %Y %H:%M:%S +0200"),
    "of servers": (1.3, "%d/%b/%Y:%H:%M:%S +0000"),
    "of loggers": (1.3, "%Y-%m-%d %H:%M:%S,%f"),
    "ISO with a zone": (1.3, "%Y-%m-%dT%H:%M:%S.%fZ"),
    "ISO weeks": (7, "%G-W%V"),
    "weeks in words": (7, "Week %V %G"),
    "hours": (0.09, "%I:%M%p"),
    "without a year": (9, "%d-%b"),
    "months alone": (31, "%B"),
}


@pytest.mark.parametrize("name", DATES)
def test_dates_of_daily_life_are_in_order(name, tmp_path):
    days, form = DATES[name]
    rows = []
    for i in range(6):
        for t in np.random.default_rng(i).permutation(8):
            rows.append(f's{i},"{(START + t * timedelta(days=days)).strftime(form)}",{t}.5')
    path = tmp_path / "a.csv"
    path.write_text("id,date,v\n" + "\n".join(rows) + "\n")
    data = read(path)
    assert data.X.n_channels == 1
    for x in data.X:
        np.testing.assert_array_equal(x, np.arange(8) + 0.5)


def test_months_of_several_years_order_nothing(tmp_path):
    path = tmp_path / "a.csv"
    months = ["January", "February", "March"] * 4
    path.write_text(
        "id,month,v\n" + "".join(f"a,{m},{i * i % 7}.5\nb,{m},{i}.25\n" for i, m in enumerate(months))
    )
    data = read(path)
    np.testing.assert_array_equal(data.X[0]["v"], np.arange(12) ** 2 % 7 + 0.5)
    assert any("come round again" in note for note in data.notes)


@pytest.mark.parametrize(
    "text",
    ["1. März 2021", "5 de mayo de 2021", "12 août 2021", "3 ottobre 2021", "1st May 2021", "14 Sept. 2021"],
)
def test_months_in_several_languages(text):
    found = read_dates([text])
    assert found is not None
    assert found[0][0].astype("datetime64[Y]") == np.datetime64("2021")


def test_zones_count():
    texts = ["1 May 2021 10:00 +0200", "1 May 2021 09:00 +0000"]
    found = read_dates(texts)
    assert found is not None
    assert (np.diff(found[0]) == np.timedelta64(1, "h")).all()


def test_days_of_the_week_go_from_monday():
    found = read_cyclic(["Wed", "Mon", "Sunday"])
    assert found is not None
    assert found[0].tolist() == [2, 0, 6]
    assert read_cyclic(["May", "Mon", "Tue"]) is None


def test_marks_among_dates_are_no_dates(tmp_path):
    path = tmp_path / "a.csv"
    rows = [f"{i // 8},{i % 8},{i}.5,{'-' if i % 5 else f'2021-03-{1 + i % 28:02}'}" for i in range(48)]
    path.write_text("id,t,v,discharged\n" + "\n".join(rows) + "\n")
    assert [channel.name for channel in read(path).X.schema] == ["v"]
