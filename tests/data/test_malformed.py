"""Bad data give one error that says where; nothing is half-read."""

import gzip
import sys
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqcompare.cli import main
from seqcompare.datasets import DataError, read

TS = "@problemName p\n@univariate false\n@classLabel true u v\n@data\n"

WEB_LOG = '1.2.3.4 - - [10/Mar/2024:00:00:00 +0000] "GET /a HTTP/1.1" 200 5\n' * 2

FILES = {
    # any file
    "empty file": ("a.csv", "", {}, "the file is empty"),
    "white space only": ("a.csv", " \n\n", {}, "the file is empty"),
    "binary file": ("a.csv", b"sequence,x\n1,\x00\x01\x02", {}, "line 2, column 3: a zero byte"),
    "Latin-1": ("a.csv", "x\ncafé\n".encode("latin-1"), {}, "line 2, column 4: byte 0xe9 is not UTF-8"),
    "Latin-1 after a byte order mark": (
        "a.txt",
        b"\xef\xbb\xbfab\xe9",
        {},
        "line 1, column 6: byte 0xe9 is not UTF-8",
    ),
    "cut gzip": ("a.csv.gz", gzip.compress(b"x\n1\n2\n" * 99)[:-9], {}, "the gzip file is broken"),
    "damaged gzip": ("a.csv.gz", b"\x1f\x8bnonsense", {}, "the gzip file is broken"),
    "unknown ending": ("a.docx", b"\0\1", {}, "it should end in one of .csv, .tsv"),
    "unknown format": ("a.txt", "x\n1\n", {"file_format": "xml"}, "the format must be one of csv, tsv"),
    "unknown role": (
        "a.txt",
        "abc\n",
        {"role": "sort"},
        "role must be one of next, step, step-value, sequence, value",
    ),
    "unknown kind": ("a.txt", "abc\n", {"kind": "int"}, "kind must be one of symbols, real"),
    "columns of a text": ("a.txt", "abc\n", {"target": "y"}, "target 'y' does not apply: a text file has no"),
    # tables
    "no row": ("a.csv", "sequence,x\n", {}, "line 1: there is no row below"),
    "no names": ("a.csv", "1,2\n3,4\n", {}, "2 rows and 2 columns without names: a row may be"),
    "a line end in a name": (
        "a.csv",
        'id,"x\ny",z\n1,a,b\n',
        {"values": "q"},
        r"columns are 'id', 'x\\ny', 'z'",
    ),
    "a row too short": (
        "a.csv",
        "id,x\n1,2\n1\n",
        {},
        "line 3: expected 2 cells as in the first line, got 1",
    ),
    "a row too long": ("a.csv", "id,x\n1,2\n1,2,3\n", {}, "line 3: expected 2 cells .* got 3"),
    "an open quote": ("a.csv", 'id,x\n1,"2\n1,3\n', {}, "line 2: unexpected end of data"),
    "text after a quote": ("a.csv", 'id,x\n1,"2"3\n', {}, "line 2: .* expected after"),
    "a huge cell": ("a.csv", "id,x\n1,a\n1," + "b" * 200_000 + "\n", {}, "line 3: field larger than"),
    "no such column": (
        "a.csv",
        "id,x\n1,2\n",
        {"values": "z"},
        "no column 'z' for the values; the columns are 'id', 'x'",
    ),
    "one column for two ends": (
        "a.csv",
        "id,x\n1,2\n",
        {"values": "x", "target": "x"},
        "a column can serve as one",
    ),
    "only a sequence column": ("a.csv", "id\n1\n", {}, "no column is left for the values"),
    "no sequence": ("a.csv", "id,x\n1,a\n,b\n", {}, "line 3, column 'id': there is no value"),
    "no order": ("a.csv", "t,x\n1,a\n,b\n", {}, "line 3, column 't': there is no value"),
    "an order of two kinds": ("a.csv", "t,x\n1,a\nb,b\n", {}, "line 3, column 't': the order must be"),
    "an order that may be day or month": (
        "a.csv",
        "date,x\n1/2/2024,a\n2/3/2024,b\n",
        {},
        "line 2, column 'date': '1/2/2024' may have the day or the month first, and no date",
    ),
    "an order that is both": (
        "a.csv",
        "date,x\n13/2/2024,a\n2/13/2024,b\n",
        {},
        "line 3, column 'date': .* others say the opposite",
    ),
    "an order of words": (
        "a.csv",
        "step,x\nfirst,a\nlast,b\n",
        {"order": "step"},
        "line 2, .*the order must be .*'first'",
    ),
    "an order beside dates": ("a.csv", "t,x\n2024-01-01,a\nsoon,b\n", {}, "line 3, .* beside ISO dates"),
    "a date that is none": ("a.csv", "t,x\n2024-01-31,a\n2024-02-30,b\n", {}, "line 3, .*there is no such"),
    "times of which some have an offset": (
        "a.csv",
        "t,x\n2024-01-01T10:00Z,a\n2024-01-01T11:00,b\n",
        {},
        "line 3, column 't': some times of the order have a UTC offset",
    ),
    "an infinite order": ("a.csv", "t,x\n1,a\ninf,b\n", {}, "line 3, column 't': the order must be"),
    "a white space for a symbol": ("a.csv", "id,x\n1,a\n1, \n", {}, "line 3, column 'x': there is no value"),
    "thousands or decimals": (
        "a.csv",
        "id;x\n1;1,234\n1;2,345\n",
        {},
        "line 2, column 'x': '1,234' could be",
    ),
    "a row for each sequence": (
        "a.csv",
        "id,what,label\n0,ab,neg\n1,ac,pos\n2,ab,neg\n",
        {},
        "'id' makes every row a sequence of its own; a table has a row for each step",
    ),
    "a row for each text": (
        "a.csv",
        "text,label\nto be or not,neg\nnot to be or,pos\n",
        {},
        "'text' look like whole sequences",
    ),
    "two columns for one part": (
        "a.csv",
        "Id,ID,x\n1,1,a\n",
        {},
        "sequence could be 'Id' or 'ID': say which",
    ),
    "tabs that are commas": ("a.tsv", "id,x\n1,a\n1,b\n", {}, "line 1: every row has 1 comma"),
    "an endless symbol": ("a.csv", "id,x\n1,a\n1," + "b" * 2000 + "\n", {}, "line 3, .*symbol of 2000 char"),
    "an endless word": ("a.txt", "a b\n" + "c" * 2000 + "\n", {"tokens": "word"}, "line 2: a symbol of 2000"),
    "words of a table": ("a.csv", "id,x\n1,a\n", {"tokens": "word"}, "tokens 'word' does not apply"),
    "documents of FASTA": ("a.fa", ">x\nAC\n", {"split": "document"}, "split 'document' does not apply"),
    "missing residues": ("a.fa", ">x\nAC\n", {"missing": "keep"}, "missing 'keep' does not apply"),
    "no encoding": ("a.csv", "x\n1\n2\n", {"encoding": "hex"}, "there is no encoding 'hex' of text"),
    "another encoding": ("a.csv", "x\nä\nb\n", {"encoding": "ascii"}, "the file is not ascii"),
    "half of UTF-16": ("a.csv", "x\n1\n".encode("utf-16")[:-1], {}, "the file is not utf-16"),
    "PHYLIP of another size": ("a.phy", "2 5\na ACGT\nb ACGT\n", {}, "2 sequences of 5 residues each"),
    "no PHYLIP": ("a.phy", "ACGT\nACGT\n", {}, "line 1: expected the numbers of sequences"),
    "moves of no game": ("a.pgn", "1. e4 e5\n", {}, "line 1: expected a tag"),
    "a game without moves": ("a.pgn", '[Event "x"]\n\n1-0\n', {}, "no game with a move"),
    "a line of no web log": ("a.log", WEB_LOG + "what\n", {}, "line 3: this is no line of a log"),
    "a chat": (
        "a.txt",
        "".join(f"[03/02/2024, 10:{k:02d}:00] Ana: no, later\n" for k in range(9)),
        {},
        "begin with a time, as those of a log do",
    ),
    "a class for each number": (
        "a.csv",
        "id,x,target\n1,a,3\n2,b,4\n2,a,4\n",
        {},
        "a class of its own: .*; the role 'value' predicts",
    ),
    "no symbol": ("a.csv", "id,x\n1,a\n1,\n", {}, "line 3, column 'x': there is no value"),
    "no whole number": ("a.csv", "id,x\n1,1\n1,\n", {}, "line 3, column 'x': there is no value"),
    "no number": (
        "a.csv",
        "id,x\n1,.5\n1,NaN\n",
        {"missing": "error"},
        r"line 3, column 'x': there is no number \(NaN\)",
    ),
    "no number in a channel": ("a.csv", "x,y\n.5,1.5\n.5,\n", {"missing": "error"}, "line 3, column 'y': "),
    "infinity": ("a.csv", "id,x\n1,.5\n1,inf\n", {}, "line 3, column 'x': expected a finite number, got inf"),
    "numbers and words": (
        "a.csv",
        "x\n1.5\ntwo\n",
        {},
        "line 3, column 'x': .* got 'two' but line 2 has '1.5'",
    ),
    "words for numbers": ("a.csv", "x\na\nb\n", {"kind": "real"}, "line 2, column 'x': expected numbers"),
    "fractions for symbols": (
        "a.csv",
        "x\n1\n2.5\n",
        {"kind": "symbols"},
        "line 3, column 'x': expected symbols, got 2.5",
    ),
    "a number too large for a symbol": (
        "a.csv",
        "x\n1\n1e100\n",
        {"kind": "symbols"},
        r"line 3, column 'x': expected symbols, got 1e\+100",
    ),
    "no target": ("a.csv", "id,x,label\n1,a,u\n1,b,\n", {}, "line 3, column 'label': there is no value"),
    "one class": (
        "a.csv",
        "id,x,label\n1,a,u\n2,b,u\n2,a,u\n",
        {},
        "column 'label': the target has one class, u",
    ),
    "one class per step": (
        "a.csv",
        "id,x,label\n1,a,u\n1,b,-\n",
        {"ignore_label": "-"},
        "the target has one class, u",
    ),
    "a class for each": (
        "a.csv",
        "id,x,label\n1,a,u\n2,b,v\n2,a,v\n",
        {},
        "every sequence has a class of its own",
    ),
    "one sequence": ("a.csv", "id,x,label\n1,a,u\n1,b,u\n", {}, "needs several sequences"),
    "one number": ("a.csv", "id,x,label\n1,a,.5\n2,b,.5\n2,a,.5\n", {}, "every target is 0.5"),
    "a number per step": (
        "a.csv",
        "id,x,label\n1,a,1\n1,b,.5\n",
        {"target": "label", "role": "step"},
        "line 3, .*a label per step must be a symbol",
    ),
    "a target that changes": (
        "a.csv",
        "id,x,label\n1,a,u\n1,b,v\n",
        {"role": "sequence"},
        "line 3, column 'label': .* it changes here",
    ),
    "words for the role value": (
        "a.csv",
        "id,x,label\n1,a,u\n2,b,v\n2,a,v\n",
        {"role": "value"},
        "line 2, column 'label': the role value predicts numbers, got u",
    ),
    "a role without a target": (
        "a.csv",
        "id,x\n1,a\n1,b\n",
        {"role": "step"},
        "the role step needs a target",
    ),
    "a target for the role next": (
        "a.csv",
        "id,x,label\n1,a,u\n1,b,v\n",
        {"role": "next", "target": "label"},
        "it takes no target",
    ),
    "an unknown label to ignore": (
        "a.csv",
        "id,x,label\n1,a,u\n1,b,v\n",
        {"ignore_label": "-"},
        "'-', is none of the labels: u, v",
    ),
    "a column that numbers the rows": (
        "a.csv",
        "id,x\n1,a\n2,b\n",
        {},
        "column 'id' makes every row a sequence of its own",
    ),
    "single steps": ("a.txt", "a\nb\n", {}, "every sequence has one step"),
    "nothing but one symbol": ("a.csv", "x\na\na\n", {}, r"line 2: all steps are \['a'\]"),
    "a group that changes": (
        "a.csv",
        "id,x,group\n1,a,g\n1,b,h\n",
        {"group": "group"},
        "line 3, column 'group': the group changes from g to h",
    ),
    "no group": ("a.csv", "id,x,group\n1,a,g\n1,b,\n", {"group": "group"}, "line 3, column 'group': there"),
    "no Parquet file": ("a.parquet", "x", {}, "pyarrow|no readable Parquet"),
    # .ts
    "no @data": ("a.ts", "@univariate true\n", {}, "line 2: there is no @data line"),
    "data before the header": ("a.ts", "1,2:u\n" + TS, {}, "line 1: expected a tag such as @data"),
    "an unknown tag": ("a.ts", "@colour red\n" + TS, {}, "line 1: @colour is not a tag"),
    "a flag that is none": (
        "a.ts",
        "@univariate maybe\n@data\n1\n",
        {},
        "line 1: @univariate must be true or",
    ),
    "a tag twice": ("a.ts", "@univariate true\n@univariate true\n@data\n1,2\n", {}, "line 2: .* given twice"),
    "dimensions that are none": (
        "a.ts",
        "@dimensions -1\n@data\n1\n",
        {},
        "line 1: @dimensions must be a pos",
    ),
    "labels left out": (
        "a.ts",
        "@classLabel true\n@data\n1:u\n",
        {},
        "line 1: @classLabel true must be foll",
    ),
    "a time stamp without a value": ("a.ts", "@timeStamps true\n@data\n(0,1),(1)\n", {}, "line 3"),
    "no series": ("a.ts", TS, {}, "line 4: there is no series after @data"),
    "an unknown class": (
        "a.ts",
        TS + "1,2:w\n",
        {},
        "line 5, column 5: class label 'w' is not among .* u, v",
    ),
    "a label alone": ("a.ts", TS + "u\n", {}, "line 5: expected values, then a colon"),
    "a word for a number": (
        "a.ts",
        TS + "1,2:3,x:u\n",
        {},
        "line 5, column 7: expected a number or .*, got 'x'",
    ),
    "an empty value": ("a.ts", TS + "1,,3:u\n", {}, "line 5, column 3: expected a number or .*, got ''"),
    "an undeclared gap": (
        "a.ts",
        TS + "1,?,1:u\n2,2:v\n3,3:u\n",
        {"missing": "error"},
        "line 5: step 1: there",
    ),
    "an infinite value": ("a.ts", TS + "1,inf:u\n", {}, "line 5, column 3: expected a finite number"),
    "channels of two lengths": ("a.ts", TS + "1,2:3:u\n", {}, "line 5, column 5: dimension 2 has 1 values"),
    "a channel missing": (
        "a.ts",
        TS + "1:2:u\n1:v\n",
        {},
        "line 6: 1 dimensions, but the first series has 2",
    ),
    "other dimensions than declared": (
        "a.ts",
        "@dimensions 2\n@data\n1,2\n",
        {},
        r"line 3: expected 2 dimension\(s\) by the header, got 1",
    ),
    "another length than declared": (
        "a.ts",
        "@equalLength true\n@seriesLength 3\n@data\n1,2\n",
        {},
        "line 4: expected 3 steps by the header, got 2",
    ),
    "unequal lengths against the header": (
        "a.ts",
        "@equalLength true\n@data\n1,2\n3\n",
        {},
        "line 4: 1 steps, but the first series has 2",
    ),
    "a target that is no number": (
        "a.ts",
        "@targetLabel true\n@data\n1,2:u\n",
        {},
        "line 3: expected a number as",
    ),
    # FASTA and text
    "no record": ("a.fa", "; nothing\n", {}, "there is no record"),
    "residues without a name": (
        "a.fa",
        "ACGT\n>x\nAC\n",
        {},
        "line 1, column 1: expected a line that starts",
    ),
    "an empty record": ("a.fa", ">x\nACGT\n>y\n", {}, "line 3: record 'y' has no residues"),
    "a digit in a sequence": ("a.fa", ">x\nACGT\nAC1T\n", {}, "line 3, column 3: '1' is no residue"),
    "text as numbers": ("a.txt", "1 2 3\n", {"kind": "real"}, "a text file holds symbols"),
}


@pytest.mark.parametrize(("name", "content", "options", "message"), FILES.values(), ids=FILES)
def test_a_bad_file_is_one_line(tmp_path, name, content, options, message):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DataError, match=message) as caught:
        read(path, **options)
    text = str(caught.value)
    assert "\n" not in text
    # what is wrong with an argument is not the file's fault
    assert (str(path) in text) == (
        not message.startswith(
            (
                *("role must", "kind must", "target 'y'", "tokens '", "split '", "missing '"),
                "there is no encoding",
            )
        )
    )


ON_THE_COMMAND_LINE = {"role", "target", "values"}
OFFERED = {name: case for name, case in FILES.items() if set(case[2]) <= ON_THE_COMMAND_LINE}


@pytest.mark.parametrize(("name", "content", "options", "message"), OFFERED.values(), ids=OFFERED)
def test_the_command_line_says_it_in_one_line(tmp_path, monkeypatch, capsys, name, content, options, message):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    words = [word for key, value in options.items() for word in (f"--{key}", value)]
    monkeypatch.setattr(sys, "argv", ["seqcompare", "profile", str(path), *words])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "Traceback" not in said.err


def test_there_are_many_of_them():
    assert len(OFFERED) >= 40


CONTAINERS = {
    "no file": ("nowhere.csv", {}, "nowhere.csv: there is no such file"),
    "no bundled name": ("irises", {}, "nor a bundled data set of this name"),
    "a whole disk": ("/", {"file_format": "text"}, "there are more than 20,000 files"),
    "a bundled name with columns": ("digits", {"target": "y"}, "digits is bundled and has its own"),
    "a number": (3, {}, "X must be a list of sequences"),
    "no sequences": ([], {}, "X holds no sequences"),
    "an empty sequence": ([[1, 2], []], {}, r"X\[1\] is empty"),
    "one flat list": ([1, 2, 3], {}, r"X\[0\] must be a sequence of steps"),
    "mixed kinds": ([["a", "b"], [1.5, 2.5]], {}, "X mixes kinds"),
    "a ragged sequence": ([[[1.0, 2.0], [3.0]]], {}, r"X\[0\] is ragged"),
    "NaN": (
        [[1.0, 2.0], [0.5, np.nan]],
        {"missing": "error"},
        r"sequence 1, step 1: there is no number \(NaN\)",
    ),
    "infinity in a channel": (
        [np.array([[1.0, 2], [3, np.inf]])],
        {},
        "sequence 0, step 1, channel 1: expected",
    ),
    "three in a tuple": (("ab", "ba", "bb"), {}, r"a tuple must be \(X, y\), got 3"),
    "too few targets": ((["ab", "ba"], ["u"]), {}, "there are 2 sequences but 1 targets"),
    "a missing target": ((["ab", "ba"], ["u", None]), {}, "sequence 1: there is no target"),
    "an infinite target": ((["ab", "ba"], [0.5, np.inf]), {}, "sequence 1: expected a finite target"),
    "mixed targets": ((["ab", "ba"], ["u", 1]), {}, "the targets mix words and numbers"),
    "targets of another length": ((["ab", "ba"], [[0, 1], [0]]), {}, r"y\[1\] has 1 labels but X\[1\] has 2"),
    "a label a sequence for the role step": (
        (["ab", "ba"], [0, 1]),
        {"role": "step"},
        "the role step needs a label for every step",
    ),
    "a word as target": ((["ab", "ba"], "uv"), {}, "the targets y must be a list"),
    "groups too few": (
        ["ab", "ba"],
        {"group": ["g"]},
        r"one group for each of 2 sequences, got shape \(1,\)",
    ),
    "a group by name": (["ab", "ba"], {"group": "g"}, "only a table has columns"),
    "a column of a list": (["ab", "ba"], {"order": "t"}, "only a table has columns"),
    "an empty frame": (pd.DataFrame({"x": []}), {}, "the table has no rows"),
    "a frame with a name twice": (
        pd.DataFrame([[1, 2]], columns=["x", "x"]),
        {},
        "two columns have this name",
    ),
    "a frame of mixed kinds": (pd.DataFrame({"x": ["a", 1.5]}), {}, "mixes kinds"),
    "a frame of dates": (pd.DataFrame({"x": pd.to_datetime(["2024-01-01"])}), {}, "datetime64"),
    "an order of several types": (
        pd.DataFrame({"t": pd.Series([1, "2"], dtype=object), "x": ["a", "b"]}),
        {},
        "column 't': row 1: the order must be all numbers or all text",
    ),
    "an order of local and other times": (
        pd.DataFrame(
            {
                "t": pd.Series([datetime(2024, 1, 1), datetime(2024, 1, 2, tzinfo=UTC)], dtype=object),
                "x": ["a", "b"],
            }
        ),
        {},
        "column 't': row 1: the order cannot be sorted",
    ),
    "a frame of lists": (
        pd.DataFrame({"sequence": [[1, 2], [3]], "x": ["a", "b"]}),
        {},
        "column 'sequence': row 0: expected one value, got several",
    ),
    "a masked symbol": (
        np.ma.array([[1, 2], [2, 1]], mask=[[0, 0], [0, 1]]),
        {},
        "sequence 1, step 1: there is no value",
    ),
    "a masked measurement": (
        [np.ma.array([0.5, 1.5], mask=[False, True])],
        {"missing": "error"},
        r"step 1: there is no number \(NaN\)",
    ),
    "words of a list": (["ab", "ba"], {"tokens": "word"}, "tokens 'word' does not apply"),
    "a frame with NaN": (
        pd.DataFrame({"x": [1.5, np.nan]}),
        {"missing": "error"},
        "column 'x': row 1: there is no number",
    ),
    "groups of a frame by array": (
        pd.DataFrame({"x": [1, 2]}),
        {"group": [1]},
        "must be the name of a column",
    ),
}


@pytest.mark.parametrize(("data", "options", "message"), CONTAINERS.values(), ids=CONTAINERS)
def test_bad_containers_are_one_line(tmp_path, monkeypatch, data, options, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=message) as caught:
        read(data, **options)
    assert "\n" not in str(caught.value)


def test_a_data_error_is_a_value_error():
    error = DataError("wrong", "a.csv", 3, "x")
    assert isinstance(error, ValueError)
    assert (error.path, error.line, error.column) == ("a.csv", 3, "x")
    assert str(error) == "a.csv, line 3, column 'x': wrong"


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    ending=st.sampled_from(["csv", "tsv", "ts", "fa", "txt"]),
    head=st.sampled_from(["", "id,x\n", "id,t,x,label\n", TS, "@data\n", ">r\n"]),
    body=st.text('ab01.5,:;>?@"\n\t -eN', max_size=40),
    kind=st.sampled_from([None, "symbols", "real"]),
)
def test_any_text_is_read_whole_or_refused(tmp_path_factory, ending, head, body, kind):
    path = tmp_path_factory.mktemp("any") / f"a.{ending}"
    path.write_text(head + body)
    refusal = data = None
    try:
        data = read(path, kind=kind)
    except DataError as error:
        refusal = str(error)
    if data is None:
        assert str(path) in refusal
        assert "\n" not in refusal
    else:
        assert data.X.n_steps > 0
        assert data.y is None or len(data.y) == len(data)
