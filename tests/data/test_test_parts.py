"""The official test part as a file of its own, in every format, and read as the other part was."""

import json

import numpy as np
import pandas as pd
import pytest

from seqcompare.datasets import DataError, read

N = {"train": 16, "test": 8}


def tagged(x):
    words = ["EU", "rejects", "German", "call"]
    lines = [[f"{words[int(v) % 4]} X {'BO'[t % 2]}" for t, v in enumerate(one)] for one in x]
    return "".join("\n".join(one) + "\n\n" for one in lines)


def write(root, part):
    """Write the same kind of data in every format, and return the paths by format."""
    random = np.random.default_rng(len(part))
    n = N[part]
    y = ["up" if i % 2 else "down" for i in range(n)]
    x = np.round(random.normal(size=(n, 8)) + np.arange(n)[:, None] % 2, 2)
    letters = ["".join(random.choice(list("ACGT"), 8)) for _ in y]
    pairs = list(zip(x, y, strict=True))
    frame = pd.DataFrame(
        [(f"s{i}", t, v, y[i]) for i in range(n) for t, v in enumerate(x[i])],
        columns=["id", "t", "v", "label"],
    )
    row = [",".join(map(str, one)) for one in x]
    event = '<event><string key="concept:name" value="{}"/></event>'
    ends = {mark: "".join(f"{r}{mark}{k}\n" for r, k in zip(row, y, strict=True)) for mark in ":,"}
    texts = {
        "csv": frame.to_csv(index=False),
        "tsv": frame.to_csv(index=False, sep="\t"),
        "jsonl": "".join(json.dumps({"values": list(one), "label": k}) + "\n" for one, k in pairs),
        "ts": "@problemName a\n@classLabel true up down\n@data\n" + ends[":"],
        "arff": "@relation a\n"
        + "".join(f"@attribute a{i} numeric\n" for i in range(8))
        + "@attribute target {up,down}\n@data\n"
        + ends[","],
        "tsf": "@relation a\n@attribute name string\n@data\n"
        + "".join(f"T{i}:{r}\n" for i, r in enumerate(row)),
        "fasta": "".join(f">r{i}|{y[i]}\n{letters[i]}\n" for i in range(n)),
        "txt": "".join(f"{one}\n" for one in letters),
        "conll": tagged(x * 10),
        "conllu": "".join(
            f"{t + 1}\t{w}\tl\t{'NV'[t % 2]}\t_\t_\t0\tr\t_\t_\n" + ("\n" if t == 3 else "")
            for one in letters
            for t, w in enumerate(one[:4])
        ),
        "xes": "<log>"
        + "".join(f"<trace>{''.join(map(event.format, one))}</trace>" for one in letters)
        + "</log>",
        "cells.csv": "sequence,label\n" + "".join(f"{s},{k}\n" for s, k in zip(letters, y, strict=True)),
        "wide.csv": "id,t1,t2,t3,t4,t5,t6,t7,t8,label\n"
        + "".join(f"s{i},{row[i]},{y[i]}\n" for i in range(n)),
        "ucr.tsv": "".join("\t".join([str(len(k)), *map(str, one)]) + "\n" for one, k in pairs),
    }
    paths = {}
    for ending, text in texts.items():
        paths[ending] = root / f"a_{part}_.{ending}"
        paths[ending].write_text(text)
    for ending in ("parquet", "npy", "npz", "xlsx"):
        paths[ending] = root / f"a_{part}_.{ending}"
    frame.to_parquet(paths["parquet"])
    frame.to_excel(paths["xlsx"], index=False)
    np.save(paths["npy"], x)
    np.savez(paths["npz"], X=x, y=np.array(y))
    paths["folder"] = root / part
    for i, (one, k) in enumerate(pairs):
        (paths["folder"] / k).mkdir(parents=True, exist_ok=True)
        pd.DataFrame({"v": one, "w": one[::-1]}).to_csv(paths["folder"] / k / f"{i}.csv", index=False)
    paths["pattern"] = paths["folder"] / "*" / "*.csv"
    return paths


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    root = tmp_path_factory.mktemp("parts")
    return {part: write(root, part) for part in N}


ROLES = {"npy": "next", "tsf": "next", "txt": "next", "xes": "next", "conll": "step", "conllu": "step"}
FORMATS = [
    "csv",
    "tsv",
    "jsonl",
    "ts",
    "arff",
    "tsf",
    "fasta",
    "txt",
    "conll",
    "conllu",
    "xes",
    "cells.csv",
    "wide.csv",
    "ucr.tsv",
    "parquet",
    "npy",
    "npz",
    "xlsx",
    "folder",
    "pattern",
]


@pytest.mark.parametrize("ending", FORMATS)
def test_the_test_part_of_every_format(ending, parts):
    data = read(str(parts["train"][ending]), test=str(parts["test"][ending]))
    assert data.test.sum() == N["test"]
    assert len(data) == sum(N.values())
    assert data.role == ROLES.get(ending, "sequence")
    if data.role == "sequence":
        assert len(np.unique(data.y)) == 2


def test_a_test_part_is_read_as_the_other(tmp_path):
    train, test = tmp_path / "train.csv", tmp_path / "test.csv"
    random = np.random.default_rng(0)
    line = "{},{},{},{},{}\n".format
    head = "id,t,code,n,row\n"
    # alone, the codes of the test part are few and its row numbers no row numbers
    train.write_text(
        head + "".join(line(i // 8, i % 8, random.integers(1, 5), random.poisson(40), i) for i in range(400))
    )
    test.write_text(head + "".join(line(i // 8, i % 8, 1 + i % 2, 1, i * 7 % 16) for i in range(16)))
    data = read(train, test=test)
    assert [(channel.name, channel.kind) for channel in data.X.schema] == [
        ("code", "symbols"),
        ("n", "count"),
    ]
    test.write_text(head + "".join(line(i // 8, i % 8, "x", 1, i) for i in range(16)))
    with pytest.raises(
        DataError, match=r"test\.csv, line 2, column 'code': expected whole numbers, as in the data"
    ):
        read(train, test=test)


def test_a_named_test_part_takes_the_place_of_the_one_beside(tmp_path):
    head = "@problemName a\n@classLabel true u v\n@data\n"
    for part, n in (("TRAIN", 4), ("TEST", 2), ("OTHER", 3)):
        (tmp_path / f"a_{part}.ts").write_text(head + "".join(f"{i},1,2:{'uv'[i % 2]}\n" for i in range(n)))
    assert read(tmp_path / "a_TRAIN.ts").test.sum() == 2
    assert read(tmp_path / "a_TRAIN.ts", test=tmp_path / "a_OTHER.ts").test.sum() == 3


def test_arrays_of_both_parts_in_one_file(tmp_path):
    random = np.random.default_rng(0)
    x = {f"X_{part}": random.normal(size=(n, 5)) for part, n in N.items()}
    y = {f"y_{part}": np.arange(n) % 2 for part, n in N.items()}
    np.savez(tmp_path / "a.npz", **x, **y)
    data = read(tmp_path / "a.npz")
    assert (data.test.sum(), data.role) == (N["test"], "sequence")
