import gzip
import sys

import narwhals as nw
import numpy as np
import pandas as pd
import pytest

from seqcompare import Sequences, datasets
from seqcompare.datasets import DataError, read

LONG = "sequence,order,x,target\nb,2,C,n\nb,1,A,n\na,1,G,y\na,3,T,y\na,2,C,y\nc,1,A,n\n"


@pytest.fixture
def write(tmp_path):
    def write(name, text):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def symbols(data):
    return ["".join(map(str, x)) for x in data.X]


def test_a_long_table_is_sorted_into_sequences(write):
    data = read(write("words.csv", LONG))
    assert symbols(data) == ["AC", "GCT", "A"]
    assert data.y.tolist() == ["n", "y", "n"]
    assert (data.role, data.name, data.X.container) == ("sequence", "words", "sequences")
    assert data.notes == (
        "column 'sequence' is taken for the sequence",
        "column 'order' is taken for the order",
        "column 'target' is taken for the target",
        "the values are 'x'",
        "the rows stand in another order in the file, and are sorted by column 'order'",
        "'x' holds words, read as 4 symbols",
        "the target is the same all through each sequence and is a class, so the role is sequence",
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.tsv", LONG.replace(",", "\t")),
        ("a.csv", LONG.replace(",", ";")),
        ("a.csv", LONG.replace("\n", "\r\n")),
        ("a.csv", "\ufeff" + LONG),
        ("a.csv", "\n" + LONG.replace("\na", "\n\na")),
        ("a.csv.gz", gzip.compress(LONG.encode())),
        ("a.csv", LONG.replace("T", '"T"')),
    ],
    ids=["tsv", "semicolon", "windows line ends", "byte order mark", "blank lines", "gzip", "quotes"],
)
def test_other_spellings_of_the_same_table(write, name, text):
    data = read(write(name, text))
    assert symbols(data) == ["AC", "GCT", "A"]
    assert data.y.tolist() == ["n", "y", "n"]


def test_a_quoted_cell_may_hold_the_delimiter_and_a_line_end(write):
    data = read(write("a.csv", 'sequence,token\n1,"a,b"\n1,"c\nd"\n1,e\n'))
    assert data.X[0].tolist() == ["a,b", "c\nd", "e"]


def test_lines_are_counted_through_cells_of_several_lines(write):
    path = write("a.csv", 'sequence,order,token\n1,1,"c\nd"\n1,2,e\n1,,f\n')
    with pytest.raises(DataError, match=r"line 5, column 'order': there is no value"):
        read(path)


def test_several_columns_are_channels(write):
    path = write("a.csv", "id,t,x,y,z\n1,0,.5,1,7\n1,1,.25,2,8\n2,0,1,3,9\n2,1,2,4,9\n")
    data = read(path, values=["x", "y", "z"], kind="real")
    assert data.X.n_channels == 3
    np.testing.assert_array_equal(data.X[0], [[0.5, 1, 7], [0.25, 2, 8]])
    assert [(c.name, c.kind) for c in data.X.schema] == [("x", "real"), ("y", "real"), ("z", "real")]
    assert data.X.times.tolist() == [0, 1, 0, 1]
    assert data.role == "next"


def test_the_columns_may_be_named(write):
    text = "who,when,what,how,also\np,1,a,u,1\np,2,b,v,2\nq,1,b,v,3\nq,2,a,u,4\n"
    path = write("a.csv", text)
    data = read(path, sequence="who", order="when", values="what", target="how", name="mine")
    assert (symbols(data), data.role, data.name) == (["ab", "ba"], "step", "mine")
    assert ["".join(y) for y in data.y] == ["uv", "vu"]
    assert data.notes == (
        "'what' holds words, read as 2 symbols",
        "the target changes within sequences, so the role is step",
    )


def test_without_names_the_table_is_one_sequence(write):
    data = read(write("a.csv", "x\n1.5\n2.5\n3.5\n"))
    assert (len(data), data.X.kind, data.role) == (1, "real", "next")
    assert any("whole table is one sequence" in note for note in data.notes)


def test_whole_numbers_are_symbols_unless_said_otherwise(write):
    path = write("a.csv", "sequence,x\n" + "".join(f"1,{i}\n" for i in range(60)))
    assert read(path, kind="symbols").X.kind == "symbols"
    assert any("read as counts: 60 different ones" in note for note in read(path).notes)
    data = read(path, kind="real")
    assert data.X.kind == "real"
    np.testing.assert_array_equal(data.X.values, np.arange(60.0))


def test_numbers_and_words_are_symbols_if_asked_for(write):
    path = write("cards.csv", "sequence,card\n1,10\n1,J\n1,7\n")
    assert read(path, kind="symbols").X[0].tolist() == ["10", "J", "7"]


@pytest.mark.parametrize(
    ("cells", "note"),
    [
        (["2", "10", "9.5"], None),
        (["9999999999999999998", "10000000000000000000", "9999999999999999999"], None),
        (["2024-01-02 9:00", "2024-01-02 11:00", "2024-01-02 10:00"], "ISO dates or times"),
        (
            ["2024-10-27T02:30:00+02:00", "2024-10-27T02:50:00Z", "2024-10-27T02:15:00+01:00"],
            "ISO dates or times with their UTC offsets",
        ),
        (["25.1.2024", "10.2.2024", "1.2.2024"], "dates of the form day.month.year"),
        (["25/1/2024", "10/2/2024", "1/2/2024"], "dates of the form day, month, year"),
        (["1/25/2024", "10/2/2024", "2/1/2024"], "dates of the form month, day, year"),
        (["9:00", "11:00", "10:30"], "times, 9:00 before 10:00"),
        (["visit2", "visit10", "visit9"], "names by their number, as 2 of 'visit2'"),
        (["s01e02", "s02e01", "s01e10"], "text of one form, the year or the largest part first"),
        (["0,5", "10,25", "2,5"], None),
    ],
)
def test_steps_are_ordered_by_what_their_order_means(write, cells, note):
    text = "t;x\n" + "".join(f"{cell};{x}\n" for cell, x in zip(cells, "acb", strict=True))
    frame = pd.DataFrame({"t": cells, "x": list("acb")})
    for data in [
        read(write("a.csv", text), order="t"),
        *([] if "," in cells[0] else [read(frame, order="t")]),
    ]:
        assert symbols(data) == ["abc"]
        said = [n.split("read as ")[1] for n in data.notes if n.startswith("column 't' orders")]
        assert said == ([note] if note else [])


def test_names_of_sequences_are_text(write):
    path = write(
        "a.csv", "id,x,group\n" + "".join(f"{i},{x},{i}\n" for i in ("7", "007", "1.1", "1.10") for x in "ab")
    )
    data = read(path)
    assert symbols(data) == ["ab"] * 4
    assert data.groups.tolist() == ["7", "007", "1.1", "1.10"]


def test_two_spellings_of_a_number_are_codes(write):
    path = write("a.csv", "id,x\n1,0\n1,00\n1,1\n1,01\n")
    assert read(path).X[0].tolist() == ["0", "00", "1", "01"]
    assert any("codes such as 0 and 00, read as 4 symbols" in note for note in read(path).notes)
    assert read(path, kind="real").X[0].tolist() == [0, 0, 1, 1]
    labels = "id,x,label\n" + "".join(
        f"{i},{x},{y}\n" for i, y in enumerate(["1.1", "1.10"] * 2) for x in "ab"
    )
    data = read(write("b.csv", labels))
    assert (data.role, data.y.tolist()) == ("sequence", ["1.1", "1.10"] * 2)
    # a measurement may have more digits or fewer
    assert read(write("c.csv", "x\n1.0\n1.00\n2.5\n2.50\n")).X.values.tolist() == [1, 1, 2.5, 2.5]


def test_decimal_commas(write):
    data = read(write("a.csv", "id;x\n1;0,94\n1;-1,4\n1;3\n"))
    assert data.X.values.tolist() == [0.94, -1.4, 3]
    assert "the numbers of column 'x' are read with a decimal comma" in data.notes


def test_the_guessed_kind_is_said(write):
    whole, fractions = "id,x\n1,3\n1,4\n", "id,x\n1,.5\n1,.25\n"
    note = (
        "'x' holds whole numbers, read as 2 symbols; the kind 'real' reads them as measurements, 'count' as "
        "counts"
    )
    assert note in read(write("a.csv", whole)).notes
    note = "'x' holds numbers, read as measurements (2 different ones)"
    assert note in read(write("b.csv", fractions)).notes


def test_cells_are_stripped_and_na_is_told(write):
    data = read(write("a.csv", 'id, x\n1, "a"\n1,a \n1, NA\n'))
    assert data.X[0].tolist() == ["a", "a", "NA"]
    assert any("holds 'NA': a word like any other" in note for note in data.notes)


def test_a_bar_or_a_quoted_delimiter(write):
    assert symbols(read(write("a.csv", "id|t|x\n1|2|b\n1|1|a\n"))) == ["ab"]
    assert symbols(read(write("b.csv", 'id;"pulse, at, rest, left"\n1;a\n1;b\n'))) == ["ab"]


def test_the_exact_case_of_a_name_goes_first(write):
    data = read(write("a.csv", "T,t,x\n20.5,2,1.5\n30.5,1,2.5\n"))
    np.testing.assert_array_equal(data.X[0], [[30.5, 2.5], [20.5, 1.5]])


def test_numbers_have_gaps_if_asked_for(write):
    path = write("a.csv", "sequence,x\n1,.5\n1,NA\n1,\n1,2\n")
    data = read(path, missing="keep")
    np.testing.assert_array_equal(data.X.values, [0.5, np.nan, np.nan, 2])
    assert any(note.startswith("2 numbers missing") for note in data.notes)


def test_na_among_words_is_a_word(write):
    data = read(write("a.csv", "sequence,country\n1,NA\n1,DE\n"))
    assert data.X[0].tolist() == ["NA", "DE"]


def test_groups_and_ignored_labels(write):
    text = "sequence,x,target,subject\n1,a,u,ann\n1,b,-,ann\n2,b,v,bob\n2,a,v,bob\n"
    data = read(write("a.csv", text), ignore_label="-")
    assert data.groups.tolist() == ["ann", "bob"]
    assert data.role == "step"
    assert data.sample_weight.values.tolist() == [1, 0, 1, 1]


@pytest.mark.parametrize(
    ("target", "role", "expected"),
    [
        ([0.5, 0.5, 1.5, 1.5], "value", [0.5, 1.5]),
        ([1, 1, 2, 2], "sequence", [1, 2]),
        ([1.0, 1.0, 2.0, 2.0], "sequence", [1, 2]),
        (["u", "u", "v", "v"], "sequence", ["u", "v"]),
    ],
)
def test_the_role_follows_from_the_target(target, role, expected):
    frame = pd.DataFrame({"sequence": [1, 1, 2, 2] * 2, "x": list("abcd") * 2, "target": target * 2})
    frame.loc[4:, "sequence"] += 2
    data = read(frame)
    assert data.role == role
    assert data.y.tolist() == expected * 2


def test_the_role_can_be_set():
    frame = pd.DataFrame({"sequence": [1, 1, 2, 2], "x": list("abcd"), "target": [1, 1, 2, 2]})
    assert read(frame, role="value").y.tolist() == [1.0, 2.0]
    assert read(frame, role="step").y.values.tolist() == [1, 1, 2, 2]
    # the column is then one of two candidates for the values
    assert read(frame, role="next", values="x").y is None


class TestFrames:
    frame = pd.DataFrame({"id": ["s", "s", "r"], "t": [2, 1, 1], "x": [1.0, 2.0, 3.0]})

    @pytest.mark.parametrize(
        "wrap",
        [lambda f: f, lambda f: nw.from_native(f), lambda f: nw.from_native(f).lazy()],
        ids=["pandas", "narwhals", "lazy"],
    )
    def test_every_make_of_frame_is_read(self, wrap):
        data = read(wrap(self.frame))
        np.testing.assert_array_equal(data.X[0], [2.0, 1.0])
        np.testing.assert_array_equal(data.X[1], [3.0])

    def test_whole_numbers_with_gaps_stay_whole(self):
        frame = nw.from_native(pd.DataFrame({"x": pd.Series([1, None, 2], dtype="Int64")}))
        with pytest.raises(DataError, match="column 'x': row 1: there is no value"):
            read(frame)

    def test_categories_and_dates(self):
        frame = pd.DataFrame(
            {
                "date": pd.to_datetime(["2024-03-01", "2024-01-01", "2024-02-01"]),
                "x": pd.Categorical(["c", "a", "b"]),
            }
        )
        assert read(frame).X[0].tolist() == ["a", "b", "c"]

    def test_an_index_of_any_kind_does_not_matter(self):
        shuffled = self.frame.set_axis([9, 9, 4], axis=0)
        assert read(shuffled).X == read(self.frame).X

    def test_named_levels_of_an_index_are_columns(self):
        data = read(self.frame.set_index(["id", "t"]))
        assert data.X == read(self.frame).X
        assert "column 't' is taken for the order" in data.notes

    def test_parquet_without_pyarrow_says_what_to_install(self, write, monkeypatch):
        monkeypatch.setitem(sys.modules, "pyarrow", None)
        with pytest.raises(DataError, match=r"pip install 'seqcompare\[parquet\]'"):
            read(write("a.parquet", "PAR1"))


class TestSeries:
    header = "@problemName Hills\n@missing true\n@univariate false\n@classLabel true up down\n@data\n"

    def test_multivariate_of_unequal_length_with_gaps(self, write):
        data = read(write("a.ts", "# made up\n" + self.header + "1,2,?:4,5,6:up\n7:-8e-1:down\n1:2:up\n"))
        np.testing.assert_array_equal(data.X[0], [[1, 4], [2, 5], [np.nan, 6]])
        np.testing.assert_array_equal(data.X[1], [[7, -0.8]])
        assert (data.y.tolist(), data.role, data.name) == (["up", "down", "up"], "sequence", "Hills")

    def test_univariate_without_labels(self, write):
        data = read(write("a.ts", "@univariate true\n@classLabel false\n@data\n1.5,2,3\n4,5\n"))
        assert data.X.values.ndim == 1
        assert (data.role, data.X.lengths.tolist()) == ("next", [3, 2])

    def test_numbers_as_targets(self, write):
        data = read(write("a.ts", "@targetLabel true\n@data\n1,2:0.5\n3,4:7\n"))
        assert (data.role, data.y.tolist()) == ("value", [0.5, 7.0])

    def test_whole_numbers_as_targets(self, write):
        data = read(write("a.ts", "@targetLabel true\n@data\n1,2:29.0\n3,4:13.0\n1,4:13.0\n"))
        assert (data.role, data.y.tolist()) == ("value", [29, 13, 13])

    def test_the_official_test_part_is_found(self, write):
        write("Hills_TEST.ts", self.header + "9:9:down\n")
        data = read(write("Hills_TRAIN.ts", self.header + "1,2:3,4:up\n5:6:down\n"))
        assert data.test.tolist() == [False, False, True]
        assert "Hills_TEST.ts is taken for the official test part" in data.notes

    def test_whole_numbers_may_be_symbols(self, write):
        data = read(write("a.ts", "@univariate true\n@data\n1,2\n2,1\n"), kind="symbols")
        assert data.X.values.tolist() == [1, 2, 2, 1]
        assert data.X.kind == "symbols"


def test_fasta(write):
    data = read(write("a.fasta", ">one first\nACgt\nNN\n\n>two\nGATTACA*\n"))
    assert symbols(data) == ["ACGTNN", "GATTACA*"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, ["to be", "or not", "to be"]),
        ({"tokens": "word"}, ["to|be", "or|not", "to|be"]),
        ({"split": "document"}, ["to be\nor not", "to be"]),
        ({"split": "document", "tokens": "word"}, ["to|be|or|not", "to|be"]),
    ],
)
def test_plain_text(write, options, expected):
    data = read(write("a.txt", "to be\nor not\n\n  \nto be\n"), **options)
    joint = "|" if "tokens" in options else ""
    assert [joint.join(x) for x in data.X] == expected
    assert data.role == "next"


def test_form_feeds_bound_documents_where_there_are_any(write):
    data = read(write("a.txt", "a\n\nb\n\f\nc\n"), split="document")
    assert symbols(data) == ["a\n\nb", "c"]


class TestContainers:
    def test_lists_arrays_and_sequences(self):
        steps = [[1, 2, 3], [4, 5, 6]]
        for X in (steps, np.array(steps), Sequences(steps), [np.array(x) for x in steps]):
            data = read(X)
            assert data.X.container == "sequences"
            assert Sequences(steps) == data.X

    def test_a_pair_with_a_label_a_sequence(self):
        data = read((["ab", "ba", "bb"], pd.Series(["u", "v", "u"])), group=[7, 7, 8])
        assert (data.role, data.y.tolist(), data.groups.tolist()) == ("sequence", ["u", "v", "u"], [7, 7, 8])

    def test_a_pair_with_a_number_a_sequence(self):
        assert read((["ab", "ba"], [1.5, 2])).role == "value"

    def test_a_pair_with_a_label_a_step(self):
        data = read((["ab", "ba"], [[1, 2], [2, 1]]))
        assert (data.role, data.y.values.tolist()) == ("step", [1, 2, 2, 1])

    def test_words_are_labels_of_sequences_unless_steps_are_asked_for(self):
        X, y = ["ab", "ba", "aa"], ["NV", "VN", "NV"]
        assert read((X, y)).role == "sequence"
        assert "".join(read((X, y), role="step").y.values) == "NVVNNV"

    def test_a_data_set_passes_through(self):
        data = datasets.load("digits")
        assert read(data) is data


def test_a_bundled_name_is_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert read("digits").name == "digits"
    # a folder of this name is no data, as where reports go
    (tmp_path / "digits").mkdir()
    assert read("digits").name == "digits"
    (tmp_path / "digits").rmdir()
    # a file of the user's own goes first
    (tmp_path / "digits").write_text("0110\n")
    assert symbols(read("digits", file_format="text")) == ["0110"]


def test_data_are_named_after_their_file(tmp_path):
    text = "".join(f"{s},{t},{'ab'[t % 2]}\n" for s in range(6) for t in range(4))
    for file, name in (
        ("visits.csv", "visits"),
        ("run.2024.csv", "run.2024"),
        ("run.2024.csv.gz", "run.2024"),
    ):
        content = ("id,t,x\n" + text).encode()
        (tmp_path / file).write_bytes(gzip.compress(content) if file.endswith(".gz") else content)
        assert read(tmp_path / file, sequence="id", order="t", values="x").name == name


@pytest.mark.parametrize("data", [[[1, 2, 3, 4], [3, 4]], np.array([[1.0, 2.0], [0.0, 7.0]])])
def test_whole_numbers_are_read_as_counts_where_that_is_said(data):
    found = read(data, kind="count")
    assert [channel.kind for channel in found.X.schema] == ["count"]
    assert found.X.values.dtype == np.float64


def test_a_column_of_counts_is_read_as_such_where_that_is_said(tmp_path):
    file = tmp_path / "few.csv"
    file.write_text("n\n1\n2\n1\n2\n")
    assert read(file, kind="count").X.schema[0].kind == "count"
    file.write_text("n\n1\n-2\n1\n2\n")
    with pytest.raises(
        DataError, match="line 3, column 'n': expected counts, which are whole numbers from 0"
    ):
        read(file, kind="count")
    for wrong, came in (
        ([[1.5, 2.0]], "got 1.5"),
        ([[-1, 2]], "got -1"),
        (["abc"], "expected numbers, got a"),
    ):
        with pytest.raises(DataError, match=came):
            read(wrong, kind="count")
