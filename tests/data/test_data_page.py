"""The tables of docs/data.md, row by row: a small file of each, as ``seqcompare inspect`` understands it."""

import json
import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from seqcompare.cli import main
from seqcompare.datasets import DataError, read

PAGE = (Path(__file__).parents[2] / "docs" / "data.md").read_text(encoding="utf-8")
RANDOM = np.random.default_rng(5)


def number():
    return f"{RANDOM.normal():.2f}"


def table(head, *parts):
    rows = [row for part in parts for row in ([part] if isinstance(part, str) else part)]
    return "\n".join([head, *rows]) + "\n"


def rows_of(first):
    """Return the first cells of the table of the page that begins so."""
    lines = PAGE[PAGE.index(f"\n| {first} |") + 1 :].split("\n\n")[0].splitlines()[2:]
    return [re.split(r"(?<!\\) \| ", line[2:-2])[0] for line in lines]


LONG = table("id,t,v", (f"{i},{t},{number()}" for i in range(5) for t in range(6)))
WIDE = table("person,m1,m2,m3,m4", (f"p{i}," + ",".join(number() for _ in range(4)) for i in range(7)))
XES = (
    "<?xml version='1.0'?><log>"
    + "".join(
        f"<trace><string key='concept:name' value='c{i}'/>"
        + "".join(f"<event><string key='concept:name' value='{e}'/></event>" for e in "abac")
        + "</trace>"
        for i in range(3)
    )
    + "</log>"
)
GFF = table(
    "##gff-version 3",
    (
        f"chr{c}\tx\t{e}\t{k}00\t{k}50\t.\t+\t.\tID=g{k}"
        for c in (1, 2)
        for k, e in enumerate(("gene", "exon", "exon"), 1)
    ),
)
MIDI = table(
    "0, 0, Header, 1, 1, 480",
    "1, 0, Start_track",
    *(
        f"1, {240 * k}, Note_on_c, 0, {60 + k % 5}, 80\n1, {240 * k + 100}, Note_off_c, 0, {60 + k % 5}, 0"
        for k in range(8)
    ),
    "1, 2400, End_track",
    "0, 0, End_of_file",
)
SRT = "".join(f"{k}\n00:00:0{k},000 --> 00:00:0{k},900\nline {k}\n\n" for k in range(1, 5))
LOG = table(
    *(
        f'10.0.0.{k % 2} - - [10/Oct/2000:13:55:{k:02d} -0700] "GET /{"ab"[k % 3 > 1]} HTTP/1.0" 200 23'
        for k in range(12)
    )
)
FEATURES = table("", (f"{'+-'[k % 2]}1 1:{number()} 2:{number()} 3:{number()}" for k in range(8))).lstrip()
TS = "@problemName x\n@univariate true\n@classLabel true u v\n@data\n" + "".join(
    ",".join(number() for _ in range(4 + k % 2)) + f":{'uv'[k % 2]}\n" for k in range(6)
)
ARFF = (
    "@relation x\n"
    + "".join(f"@attribute a{k} numeric\n" for k in range(4))
    + (
        "@attribute class {u,v}\n@data\n"
        + "".join(",".join(number() for _ in range(4)) + f",{'uv'[k % 2]}\n" for k in range(6))
    )
)
TSF = "@relation x\n@attribute series_name string\n@frequency daily\n@horizon 2\n@equallength false\n" + (
    "@data\nT1:1.5,2.5,3.0,1.0\nT2:2.5,1.0,2.0\n"
)
PGN = '[Event "x"]\n[Result "1-0"]\n\n1. e4 e5 2. Nf3 Nc6 1-0\n\n' + (
    '[Event "y"]\n[Result "0-1"]\n\n1. d4 d5 2. c4 0-1\n'
)
STOCKHOLM = "# STOCKHOLM 1.0\nseq1 ACGT-A\nseq2 ACGTTA\nseq3 AC-TTA\n//\n"

# what each form is tried with: file and what it holds, options, lengths of the sequences, role
FORMS = {
    "CSV": [("a.csv", LONG, "", [6] * 5, "next"), ("b.csv", WIDE, "", [4] * 7, "next"),
            ("c.tsv", LONG.replace(",", "\t"), "", [6] * 5, "next"),
            ("d.csv", table("text,label", (f"{'abba' * (k + 1)},{'uv'[k % 2]}" for k in range(6))),
             "--cell text --target label", [4, 8, 12, 16, 20, 24], "sequence")],
    "JSON lines": [("a.jsonl", table(*(json.dumps({"id": i, "t": t, "s": "ab"[t % 2]}) for i in range(3)
                                       for t in range(4))), "", [4] * 3, "next"),
                   ("b.json", json.dumps({"X": [["a", "b"], ["b", "a", "a"]] * 2, "y": ["u", "v"] * 2}), "",
                    [2, 3, 2, 3], "sequence")],
    "Stata": [("a.dta", pd.DataFrame({"id": [1] * 5 + [2] * 5, "t": [*range(5)] * 2,
                                      "v": np.arange(10) ** 1.5}), "", [5, 5], "next")],
    "`.npy`": [("a.npy", np.arange(24.0).reshape(4, 3, 2) ** 1.5, "", [3] * 4, "next")],
    "a folder": [("walks/*.csv", {f"walk_{k}.csv": table("t,x", (f"{t},{number()}" for t in range(5)))
                                  for k in range(3)} | {f"sit_{k}.csv": table("t,x", (
                                      f"{t},{number()}" for t in range(4))) for k in range(3)},
                  "", [4] * 3 + [5] * 3, "sequence")],
    "`.tsf`": [("a.tsf", TSF, "", [4, 3], "next")],
    "XES": [("a.xes", XES, "", [4] * 3, "next")],
    "`.arff`": [("a.arff", ARFF, "", [4] * 6, "sequence")],
    "`.ts`": [("a.ts", TS, "", [4, 5] * 3, "sequence")],
    "FASTA": [("a.fasta", "".join(f">r{k}|{'uv'[k % 2]}\n{'ACGTT'[:2 + k % 4]}\n" for k in range(8)), "",
               [2, 3, 4, 5] * 2, "sequence")],
    "PHYLIP": [("a.phy", " 3 6\none       ACGTAC\ntwo       ACGTTC\nthree     AC-TTC\n", "", [6] * 3,
                "next")],
    "PGN": [("a.pgn", PGN, "", [4, 3], "next")],
    "Stockholm": [("a.sto", STOCKHOLM, "", [6] * 3, "next")],
    "BED": [("a.gff", GFF, "", [3, 3], "next")],
    "MIDI": [("a.csv", MIDI, "", [8], "next")],
    "LIBSVM": [("a.svm", FEATURES, "", [3] * 8, "sequence")],
    "`.srt`": [("a.srt", SRT, "", [6] * 4, "next")],
    "logs": [("a.log", LOG, "", [6, 6], "next")],
    "plain text": [("a.txt", "abba\ncab\n", "", [4, 3], "next"),
                   ("b.txt", "to be or\nnot\n\nto be\n", "--tokens word --split document", [4, 2], "next"),
                   ("c.conll", "the D\ncat N\nsat V\n\nthe D\ndog N\nran V\n\n" * 4, "", [3] * 8, "step")],
}  # fmt: skip


def inspected(path, options, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["seqcompare", "inspect", str(path), "--json", *options.split()])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr()
    assert ended.value.code in (0, None), said.err
    return json.loads(said.out)


def written(folder, name, content):
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    if isinstance(content, dict):
        for each, text in content.items():
            (path.parent / each).write_text(text)
    elif isinstance(content, pd.DataFrame):
        content.to_stata(path, write_index=False)
    elif isinstance(content, np.ndarray):
        np.save(path, content)
    else:
        path.write_text(content, encoding="utf-8")
    return path


@pytest.mark.parametrize("form", rows_of("form"))
def test_every_form_of_the_page_is_read(form, tmp_path, monkeypatch, capsys):
    if form.startswith(("lists", "dicts")):  # Python's own, below
        return
    (tried,) = [FORMS[name] for name in FORMS if re.match(rf"{re.escape(name)}(?!\w)", form)]
    for name, content, options, lengths, role in tried:
        found = inspected(written(tmp_path, name, content), options, monkeypatch, capsys)
        assert (found["sequences"], found["steps"]) == (len(lengths), sum(lengths)), name
        assert found["role"] == role, name


@pytest.mark.parametrize(
    "data",
    [
        ["ABBA", "CAB"],
        [np.array([0, 1, 1, 0]), np.array([1, 0, 1])],
        {"a": [0.5, 1.5, 2.0, 1.0], "b": [2.5, 1.0, 0.0]},
        {"id": [*"aaaabbb"], "v": [0.5, 1.5, 2.0, 1.0, 2.5, 1.0, 0.0]},
        [{"id": i, "v": v} for i, v in zip("aaaabbb", range(7), strict=True)],
        [pd.DataFrame({"v": [0.5, 1.5, 2.0, 1.0]}), pd.DataFrame({"v": [2.5, 1.0, 0.0]})],
        np.array([*zip("aaaabbb", range(7), strict=True)], dtype=[("id", "U1"), ("v", "f8")]),
    ],
    ids=["words", "arrays", "dict of arrays", "columns", "rows", "frames", "records"],
)
def test_containers_of_python_are_read(data):
    assert read(data).X.lengths.tolist() == [4, 3]


# a column of each role by name and content, and a column of that name that is something else
ROLES = {
    "sequence": ("patient", [*"aaaabbbbcccc"], [*pd.date_range("2024-01-01", periods=4)] * 3),
    "order": ("time", [0, 1, 2, 3] * 3, RANDOM.normal(size=12)),
    "target": ("class", [*"uuuuvvvvuuuu"], RANDOM.normal(size=12)),
    "group": ("group", [*"ppqqrrssttuu"], [*"xyxyxyxyxyxy"]),
}


@pytest.mark.parametrize("role", rows_of("role"))
def test_every_role_of_the_page_needs_its_name_and_its_content(role):
    if role == "values":  # what is left, in each of these
        return
    name, fitting, other = ROLES[role]
    n_sequences = 6 if role == "group" else 3
    frame = pd.DataFrame({"id": np.repeat(range(n_sequences), 12 // n_sequences), "v": np.arange(12) ** 1.5})
    frame["v"] = RANDOM.permutation(frame["v"])
    if role == "sequence":
        frame = frame[["v"]]
    uses = {}
    for which, cells in (("fits", fitting), ("is something else", other)):
        data = read(pd.DataFrame({name: cells, **frame}))
        uses[which] = {use.column: use.use for use in data.columns}[name]
    assert uses["fits"] == role
    assert uses["is something else"] != role


def times(clock, n=8):
    return table("id,time,v", (f"n{i},{clock(k)},{number()}" for i in range(n) for k in range(12)))


# what is written otherwise: file, lengths, channels, and a part of what is said
OTHERWISE = {
    "times without a date": (
        times(lambda k: f"{(1430 + 2 * k) // 60 % 24:02d}:{(1430 + 2 * k) % 60:02d}"), [12] * 8, ["v"],
        "passes midnight"),
    "times that go up and down": (
        table("lap,pace,pulse", (f"{k},{3 + k * 7 % 4}:{10 + k * 13 % 40},{number()}" for k in range(1, 15))),
        [14], ["pace", "pulse"], "'pace' are read as durations"),
    "columns `year`": (
        table("year,month,v", (f"{y},{m},{number()}" for y in (2001, 2002) for m in range(1, 13))),
        [24], ["v"], "'year', 'month' are read as one of dates"),
    "a name of a sequence": (
        table("patient,day,v", (f"{'p' + str(i) if not k else ''},{k},{number()}" for i in range(4)
                                for k in range(5))),
        [5] * 4, ["v"], "names each sequence on its first row"),
    "a target on some rows": (
        table("id,t,v,label", (f"{i},{k},{number()},{'' if k else 'uv'[i % 2]}" for i in range(6)
                               for k in range(5))),
        [5] * 6, ["v"], "has one value a sequence, written on some of its rows only"),
    "words that name the steps": (
        table("id,phase,none,v", (f"{i},{w},,{number()}" for i in range(5) for w in ("one", "two", "three"))),
        [3] * 5, ["v"], "it names the steps, in every sequence alike"),
    "numbers by the name of codes": (
        table("user_id,time,item_id", (f"{i},{k},{1000 + RANDOM.integers(900)}" for i in range(6)
                                       for k in range(9))),
        [9] * 6, ["item_id"], "symbols"),
    "trials, sessions or runs": (
        table("subject,trial,t,v", (f"s{i},{j},{k},{number()}" for i in range(3) for j in range(3)
                                    for k in range(5))),
        [5] * 9, ["v"], "'subject,trial' is taken for the sequence"),
    "keys without a usual name": (
        table("mare,Time,v", (f"{i},{k / 20:.3f},{number()}" for i in range(5) for k in range(9))),
        [9] * 5, ["v"], "starts anew with each of its values"),
    "columns each tuple of which": (
        table("site,kind,year,v", (f"{s},{w},{y},{number()}" for y in range(1931, 1937) for s in "ab"
                                   for w in ("oats", "rye"))),
        [6] * 4, ["v"], "each of its times once with each of 'site', 'kind' together"),
    "a column each value of which": (
        table("loan,month_nr,v", sorted((f"L{i},{m},{number()}" for i in range(6) for m in range(4 + i % 3)),
                                        key=lambda row: row[::-1])),
        [4, 5, 6] * 2, ["v"], "counts anew with each of its values"),
    "short codes": (
        table("id,t,status", (f"{i},{k},{'C01X'[(i * k + k) % 4]}" for i in range(6) for k in range(8))),
        [8] * 6, ["status"], "short codes, numbers and words"),
    "a day, and beside it": (
        table("person_id,day,beep,v", (f"{i},{d},{b},{number()}" for i in range(5) for d in range(1, 4)
                                       for b in range(1, 6))),
        [15] * 5, ["v"], "are read as one order"),
    "a row a year": (
        table("Year,Jan,Feb,Mar,Apr,May,Jun,Jul,Aug,Sep,Oct,Nov,Dec",
              (f"{y}," + ",".join(number() for _ in range(12)) for y in range(1950, 1955))),
        [60], ["value"], "a row is a year and a column a month"),
    "numbers that count up": (
        table("id,t,block,v", (f"{i},{10 * k + i},{k // 3 + 1},{number()}" for i in range(5)
                               for k in range(9))),
        [9] * 5, ["v"], "'block' is no channel: it counts, in every sequence alike"),
    "letters for the waves": (
        table("pidp,a_sf1,b_sf1,c_sf1,d_sf1", (f"{i + 70}," + ",".join(number() for _ in range(4))
                                               for i in range(9))),
        [4] * 9, ["value"], "a row is a sequence"),
    "columns that are numbered": (
        table("y,x.1,x.2,x.3", (",".join(number() for _ in range(4)) for _ in range(20))),
        [20], ["y", "x.1", "x.2", "x.3"], "is one sequence"),
    "below the rows": (
        table("date,sold", (f"2024-01-{k + 1:02d},{80 + 7 * k % 40}" for k in range(20)), "Total,1893"),
        [20], ["sold"], "below the table are left out"),
    "a name of columns that comes twice": (
        table("t,acc,acc", (f"{k},{number()},{number()}" for k in range(20))),
        [20], ["acc", "acc 2"], "this one is read as 'acc 2'"),
    "no names, and classes": (
        "".join(f"{k % 3}," + ",".join(number() for _ in range(5)) + "\n" for k in range(12)),
        [5] * 12, ["value"], "a class a row"),
}  # fmt: skip


@pytest.mark.parametrize("row", rows_of("what is there"))
def test_what_is_written_otherwise_is_read_as_the_page_says(row, tmp_path, monkeypatch, capsys):
    if row.startswith("a row for each channel"):  # refused, below
        return
    (found,) = [OTHERWISE[name] for name in OTHERWISE if row.startswith(name)]
    content, lengths, channels, said = found
    found = inspected(written(tmp_path, "a.csv", content), "", monkeypatch, capsys)
    assert (found["sequences"], found["steps"]) == (len(lengths), sum(lengths))
    named = [channel["channel"] for channel in found["channels"]]
    assert named == channels or (named == ["0"] and len(channels) == 1)
    assert any(said in note for note in found["notes"]), found["notes"]


def test_a_row_for_each_channel_is_refused_with_the_pivot(tmp_path):
    rows = (f"{i},{t},{name},{number()}" for i in range(3) for t in range(4) for name in ("pulse", "temp"))
    path = written(tmp_path, "a.csv", table("id,time,variable,value", rows))
    with pytest.raises(DataError, match=r"df\.pivot\(index=\['id', 'time'\], columns='variable'\)"):
        read(path)
