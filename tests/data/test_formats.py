"""Formats beside tables of text, and the official test part in a file of its own."""

import json

import numpy as np
import pytest

from seqcompare.datasets import DataError, read

CSV = "id,t,x,label\n" + "".join(
    f"{i},{t},{(i * 7 + t * 3) % 5 / 4},{'uv'[i % 2]}\n" for i in range(6) for t in range(4)
)


def test_arrays_of_numpy(tmp_path):
    X = np.arange(24.0).reshape(4, 3, 2)
    np.save(tmp_path / "a.npy", X)
    data = read(tmp_path / "a.npy")
    assert (len(data), data.X.n_channels, data.name) == (4, 2, "a")
    np.savez(tmp_path / "b.npz", X=X, y=np.array(["u", "v", "u", "v"]))
    assert (read(tmp_path / "b.npz").role, read(tmp_path / "b.npz").y.tolist()) == ("sequence", list("uvuv"))
    np.savez(tmp_path / "c.npz", X=np.array([1, 2, 1, 2, 2]), lengths=np.array([2, 3]))
    assert read(tmp_path / "c.npz").X.lengths.tolist() == [2, 3]
    np.savez(tmp_path / "d.npz", X=np.array([1, 2, 1, 2]), lengths=[2, 2], y=np.array([0, 1, 1, 0]))
    assert read(tmp_path / "d.npz").role == "step"


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"a": np.ones(2), "b": np.ones(2)}, "expected an array X, got a, b"),
        ({"X": np.ones(3), "lengths": np.array([1, 1])}, "do not add up to the 3 steps"),
        ({"X": np.array([{}], dtype=object)}, "Object arrays cannot be loaded"),
    ],
)
def test_arrays_that_do_not_fit(tmp_path, arrays, message):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(DataError, match=rf"a\.npz: .*{message}"):
        read(tmp_path / "a.npz")


def test_what_is_no_array(tmp_path):
    (tmp_path / "a.npy").write_bytes(b"\x93NUMPY nonsense")
    with pytest.raises(DataError, match="no readable file of NumPy"):
        read(tmp_path / "a.npy")
    (tmp_path / "a.npz").write_bytes(b"PK\x03\x04 nonsense")
    with pytest.raises(DataError, match="no readable file of NumPy"):
        read(tmp_path / "a.npz")


def lines(*records):
    return "".join(json.dumps(record) + "\n" for record in records)


def test_json_lines(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(lines(*({"id": i // 3, "t": i % 3, "e": "ab"[i % 2]} for i in range(12))))
    data = read(path)
    assert ["".join(x) for x in data.X] == ["aba", "bab", "aba", "bab"]
    path.write_text(lines({"tokens": ["a", "b"], "label": "u"}, {"tokens": ["b"], "label": "v"}) * 2)
    assert (read(path).role, read(path).X.lengths.tolist()) == ("sequence", [2, 1, 2, 1])
    path.write_text(lines({"tokens": ["a", "b"], "tags": [0, 1]}, {"tokens": ["b", "b"], "tags": [1, 1]}))
    assert read(path).role == "step"
    path.write_text(lines([1, 2, 3], [2, 1]))
    assert read(path).X.values.tolist() == [1, 2, 3, 2, 1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{\n", "line 1: this is no JSON"),
        ('{"a": 1}\n[1]\n', "line 2: expected an object or list a line, and all of one kind"),
        ('{"a": [1], "b": [2]}\n', "expected one list of steps and one label, got a, b"),
        ('{"a": [1]}\n{"b": [1]}\n', "line 2: there is no 'a'"),
        ("[" * 100_000 + "\n", "line 1: this is no JSON"),
        ('{\n "a": {\n  "b": 1\n }\n}\n', "this JSON holds neither rows nor sequences: expected a list of"),
    ],
)
def test_json_that_does_not_fit(tmp_path, text, message):
    (tmp_path / "a.jsonl").write_text(text)
    with pytest.raises(DataError, match=message):
        read(tmp_path / "a.jsonl")


def test_workbooks(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for line in CSV.splitlines():
        book.active.append([float(cell) if cell.count(".") else cell for cell in line.split(",")])
    book.create_sheet("other")
    book.save(tmp_path / "a.xlsx")
    data = read(tmp_path / "a.xlsx")
    (tmp_path / "a.csv").write_text(CSV)
    assert data.X == read(tmp_path / "a.csv").X
    assert data.notes[0] == "the first sheet, 'Sheet', is read"


def test_what_is_no_workbook(tmp_path):
    (tmp_path / "a.xlsx").write_text("x")
    with pytest.raises(DataError, match=r"no readable workbook|pip install"):
        read(tmp_path / "a.xlsx")


ARFF = """% made up
@relation 'hills'
@attribute att1 numeric
@attribute att2 numeric
@attribute 'att3' numeric
@attribute target {up,down}
@data
% more
0.5,1.5,2.5,up
1.5,0.5,0.25,down
0.5,1.25,?,up
2.5,0.5,0.25,down
"""


def test_arff(tmp_path):
    path = tmp_path / "a.arff"
    path.write_text(ARFF)
    data = read(path)
    assert (data.role, data.y.tolist(), data.X.lengths.tolist()) == (
        "sequence",
        ["up", "down", "up", "down"],
        [3, 3, 2, 3],
    )
    path.write_text(ARFF.replace("1.5,0.5,0.25", "1.5,0.5"))
    with pytest.raises(DataError, match=r"line 10: expected 4 cells as in the first line, got 3"):
        read(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("@relation x\n", "there is no @data line"),
        ("@data\n1\n", "there is no attribute"),
        ("@attribute bag relational\n@data\n", "there is no row behind @data"),
        (
            "@attribute bag relational\n@data\n'1,2\\n3',a\n",
            "line 3: expected as many numbers in each channel",
        ),
        ("@attribute bag relational\n@data\n1,2,a\n", "line 3: expected a relation in quotes"),
        ("@attribute x\n@data\n", "line 1: expected a name and a type"),
    ],
)
def test_arff_that_does_not_fit(tmp_path, text, message):
    (tmp_path / "a.arff").write_text(text)
    with pytest.raises(DataError, match=message):
        read(tmp_path / "a.arff")


def test_relations_of_arff_are_sequences(tmp_path):
    rows = "".join(f"'{i},2,?\\n4,5,6',{'ab'[i % 2]}\n" for i in range(4))
    (tmp_path / "a.arff").write_text(f"@attribute bag relational\n@attribute x real\n@end bag\n@data\n{rows}")
    data = read(tmp_path / "a.arff")
    np.testing.assert_array_equal(data.X[3], [[3, 4], [2, 5], [np.nan, 6]])
    assert data.y.tolist() == list("abab")


def test_records_of_arrays_are_rows_of_a_table(tmp_path):
    days = np.datetime64("2024-01-01") + np.arange(9)[::-1]
    rows = np.empty(9, dtype=[("date", "M8[D]"), ("price", float)])
    rows["date"], rows["price"] = days, np.arange(9.0) ** 2
    np.save(tmp_path / "a.npy", rows)
    assert read(tmp_path / "a.npy").X.values.tolist() == (np.arange(9.0) ** 2)[::-1].tolist()


def test_counts_fall_off_and_few_bits_leave_gaps(tmp_path):
    random = np.random.default_rng(0)
    read_as = {}
    for name, numbers in {
        "counts": random.negative_binomial(1, 0.35, 300),
        "symbols": random.choice(12, 300),
        "sensor": 9 * np.cumsum(random.integers(-2, 3, 300)),
        "codes": random.choice(random.choice(9000, 40, replace=False), 300),
    }.items():
        (tmp_path / "a.csv").write_text("t,v\n" + "".join(f"{t},{v}\n" for t, v in enumerate(numbers)))
        read_as[name] = read(tmp_path / "a.csv").X.schema[0].kind
    assert read_as == {"counts": "count", "symbols": "symbols", "sensor": "real", "codes": "symbols"}


def test_the_test_part_may_be_a_file_of_its_own(tmp_path):
    (tmp_path / "train.csv").write_text(CSV)
    (tmp_path / "test.csv").write_text(CSV.replace("u", "w"))
    data = read(tmp_path / "train.csv", test=tmp_path / "test.csv")
    assert data.test.tolist() == [False] * 6 + [True] * 6
    assert data.y.tolist() == list("uvuvuv") + list("wvwvwv")
    assert data.name == "train"
    assert data.X.n_steps == 48
    words = (["ab", "bc", "ba"], ["u", "v", "u"])
    both = read(words, test=(["cd", "da"], ["v", "u"]))
    assert "".join(both.X.values) == "abbcbacdda"


def test_a_test_part_that_does_not_fit_says_so(tmp_path):
    (tmp_path / "train.csv").write_text(CSV)
    with pytest.raises(DataError, match="the test part does not fit: the steps hold real here and symbols"):
        read(tmp_path / "train.csv", test=(["ab", "ba"], ["u", "v"]))
    with pytest.raises(DataError, match="an official test part of their own"):
        read("japanese_vowels", test="digits")
