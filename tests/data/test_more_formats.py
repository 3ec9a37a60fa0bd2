"""Archives of forecasting, event logs, time stamps, padding, forms of text, and limits of memory."""

import gzip
import os

import numpy as np
import pandas as pd
import pytest

import seqcompare
from seqcompare import HMM, MarkovChain, Sequences, WindowClassifier
from seqcompare.datasets import DataError, read


def test_tsf(tmp_path):
    path = tmp_path / "sales.tsf"
    head = "# monthly\n@relation sales\n@attribute name string\n@attribute start date\n@missing true\n@data\n"
    path.write_text(head + "T1:1979-01-01 00-00-00:25.5,?,23.1\nT2:1980-01-01 00-00-00:2.5,3,4,5\n")
    data = read(path)
    assert data.X.lengths.tolist() == [3, 4]
    np.testing.assert_array_equal(data.X[0], [25.5, np.nan, 23.1])
    path.write_text(head + "T1:1979-01-01 00-00-00:1,word\n")
    with pytest.raises(DataError, match=r"sales.tsf, line 7: expected numbers between commas"):
        read(path)


EVENT = (
    '<event><string key="concept:name" value="{}"/>'
    '<date key="time:timestamp" value="2020-01-0{}T10:00:00Z"/></event>'
)


def log(head=""):
    traces = "".join(
        f'<trace><string key="concept:name" value="case {i}"/><string key="outcome" value="{"ab"[i % 2]}"/>\n'
        + "".join(EVENT.format("ABCD"[(i + t) % 4], 5 - t) for t in range(4))
        + "</trace>\n"
        for i in range(6)
    )
    return f'<?xml version="1.0"?>{head}\n<log xmlns="http://www.xes-standard.org/">\n{traces}</log>'


def test_xes(tmp_path):
    path = tmp_path / "orders.xes"
    path.write_text(log())
    data = read(path)
    assert data.ids.tolist() == [f"case {i}" for i in range(6)]
    # sorted by time, which runs against the order of the file
    assert data.X[0].tolist() == ["D", "C", "B", "A"]
    assert read(path, target="case:outcome").y.tolist() == list("ababab")
    path.write_text(log('<!DOCTYPE log [<!ENTITY a "aaaa">]>'))
    with pytest.raises(DataError, match=r"orders.xes, line 1: it declares a document type or entities"):
        read(path)
    path.write_text(log()[:-30])
    with pytest.raises(DataError, match="this is no XML"):
        read(path)


def test_time_stamps_of_ts(tmp_path):
    path = tmp_path / "stamped.ts"
    head = "@problemName x\n@timeStamps true\n@univariate false\n@classLabel true a b\n@data\n"
    path.write_text(
        head
        + "(2020-01-01 10:00:00,1.5),(2020-01-01 10:00:01,2):(0,3),(1,4):a\n(0,5),(1,6):(0,7),(1,8):b\n" * 2
    )
    data = read(path)
    assert data.X[0].tolist() == [[1.5, 3], [2, 4]]
    assert data.y.tolist() == ["a", "b"] * 2
    path.write_text(head + "(0,1),(1:(0,3),(1,4):a\n")
    with pytest.raises(DataError, match=r"stamped\.ts, line 6"):
        read(path)


@pytest.mark.parametrize("tag", ["@seriesLength \u00b2", "@seriesLength " + "9" * 5000, "@dimensions \u0663"])
def test_odd_digits_of_headers_are_one_line(tmp_path, tag):
    path = tmp_path / "odd.ts"
    path.write_text(f"@problemName x\n{tag}\n@classLabel true a b\n@data\n1,2:a\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"odd.ts, line 2: @\w+ must be a positive number"):
        read(path)


def test_padding_is_cut_off(tmp_path):
    path = tmp_path / "padded.csv"
    rows = [f"s{i},{t},{0 if t > 4 + i % 3 else 1 + t % 3},{'ab'[i % 2]}" for i in range(8) for t in range(9)]
    path.write_text("id,t,v,label\n" + "\n".join(rows) + "\n")
    data = read(path, padding="0")
    assert data.X.lengths.tolist() == [5, 6, 7, 5, 6, 7, 5, 6]
    assert "of padding, '0', are cut off" in data.notes[-1]
    assert read(path, padding=0, kind="real").X.lengths.tolist() == data.X.lengths.tolist()
    with pytest.raises(DataError, match="no sequence ends with the padding"):
        read(path, padding="7")
    with pytest.raises(DataError, match="nothing but the padding"):
        read([["a", "b"], ["p", "p"]], padding="p")


def test_forms_of_text(tmp_path):
    path = tmp_path / "words.txt"
    path.write_text("\u00e9t\u0065\u0301\n" * 4, encoding="utf-8")
    data = read(path)
    assert data.X.lengths.tolist() == [4] * 4
    assert "both as one character and as two" in data.notes[0]
    assert read(path, normalise="NFC").X.lengths.tolist() == [3] * 4
    with pytest.raises(DataError, match="normalise must be one of NFC"):
        read(path, normalise="nfc")


def test_what_would_be_too_much_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "zeros.csv.gz"
    with gzip.open(path, "wb") as file:
        for _ in range(64):
            file.write(b"0" * 2**20)
    with pytest.raises(DataError, match=r"zeros.csv.gz: the file has 67,108,864 bytes, unpacked"):
        read(path, memory="300M")
    with pytest.raises(DataError, match="memory must be a number of bytes"):
        read(path, memory="much")
    wide = tmp_path / "wide.csv"
    wide.write_text("\n".join([",".join(f"c{i}" for i in range(20_001)), ",".join(["1"] * 20_001)]))
    with pytest.raises(DataError, match=r"20,001 columns, and at most 20,000 are read"):
        read(wide)
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(DataError, match="no regular file"):
        read(tmp_path / "pipe.csv")


RNG = np.random.default_rng(0)


def test_axes_that_were_meant_otherwise_are_said():
    frame = pd.DataFrame(RNG.normal(size=(60, 3)), columns=["x", "y", "z"])
    with pytest.warns(UserWarning, match="each of the 60 rows of X is read as a sequence"):
        WindowClassifier().fit(frame, np.arange(60) % 2)
    with pytest.warns(UserWarning, match=r"give X.transpose\(0, 2, 1\)"):
        WindowClassifier(width=2).fit(RNG.normal(size=(12, 2, 40)), np.arange(12) % 2)
    backwards = pd.Series(RNG.normal(size=20), index=pd.date_range("2020-01-01", periods=20)[::-1])
    with pytest.warns(
        UserWarning, match=r"X\[0\] are read in the order of its rows, but its index goes back"
    ):
        HMM(1, n_init=1).fit([backwards])


def test_axes_that_cannot_be_meant_are_refused():
    steps = RNG.normal(size=(60, 2))
    for model in (HMM(2), seqcompare.Autoregression(), MarkovChain()):
        with pytest.raises(
            ValueError, match=r"hmmlearn's form: give Sequences.from_concatenated\(X, lengths\)"
        ):
            model.fit(steps, [20, 40])
    with pytest.raises(ValueError, match=r"a list of names of files, such as 'a.csv': read them first"):
        MarkovChain().fit(["a.csv", "b.csv"])
    features = [[{"word": "a", "title": True}, {"word": "b"}]]
    with pytest.raises(ValueError, match="X holds dicts of features"):
        seqcompare.MarkovTagger().fit(features, [[0, 1]])
    with pytest.raises(DataError, match=r"steps must be numbers or symbols .* make named channels"):
        read(features)


def test_an_index_of_moments_orders_the_steps():
    index = pd.date_range("2020-01-01", periods=20)[::-1]
    values = RNG.normal(size=20)
    for form in (pd.DataFrame({"v": values}, index=index), pd.Series(values, index=index, name="v")):
        np.testing.assert_array_equal(read(form).X[0], values[::-1])
    assert isinstance(read(pd.Series(values)).X, Sequences)
