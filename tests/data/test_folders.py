"""Folders, patterns and lists of files, one sequence each."""

import numpy as np
import pandas as pd
import pytest

from seqcompare.datasets import DataError, read


def table(path, n_steps, level=0.0, header=True):
    path.parent.mkdir(parents=True, exist_ok=True)
    values = np.random.default_rng(n_steps).normal(level, size=(n_steps, 2)).round(3)
    pd.DataFrame(values, columns=["ax", "ay"]).to_csv(path, index=False, header=header)


def two_classes(root, header=True):
    for label in ("run", "walk"):
        for i in range(1, 12):
            table(root / label / f"{i}.csv", 5 + i, label == "run", header)


@pytest.mark.parametrize("header", [True, False])
def test_folders_are_classes(tmp_path, header):
    two_classes(tmp_path, header)
    data = read(tmp_path)
    assert data.role == "sequence"
    # walk/2 comes before walk/10
    assert data.ids[:3].tolist() == ["run/1", "run/2", "run/3"]
    assert data.X.lengths.tolist() == 2 * list(range(6, 17))
    assert data.y.tolist() == ["run"] * 11 + ["walk"] * 11
    assert any("'folder' of each file" in note for note in data.notes)


def test_a_pattern_takes_some(tmp_path):
    two_classes(tmp_path)
    data = read(str(tmp_path / "walk" / "1?.csv"))
    assert (len(data), data.role) == (2, "next")
    assert len(read(str(tmp_path / "*" / "*.csv"))) == 22


def test_a_list_of_names(tmp_path):
    two_classes(tmp_path)
    files = [str(tmp_path / "walk" / "3.csv"), str(tmp_path / "run" / "1.csv")]
    assert read(files).X.lengths.tolist() == [8, 6]
    with pytest.raises(DataError, match="no such file"):
        read([*files, "gone.csv"])


def test_names_hold_subjects_and_classes(tmp_path):
    for subject in range(4):
        for what in ("run", "walk"):
            for trial in range(2):
                table(tmp_path / f"s{subject}_{what}_{trial}.csv", 6 + trial)
    data = read(tmp_path)
    assert sorted(set(data.y)) == ["run", "walk"]
    assert sorted(set(data.groups)) == ["s0", "s1", "s2", "s3"]
    named = read(tmp_path, names=r"s(?P<who>[0-9])_(?P<target>[a-z]+)", group="who")
    assert (named.y == data.y).all()
    assert sorted(set(named.groups)) == ["0", "1", "2", "3"]
    assert read(tmp_path, target=False).role == "next"
    with pytest.raises(DataError, match="fits nothing"):
        read(tmp_path, names="(?P<target>zz)")


@pytest.mark.parametrize("inside", [True, False])
def test_a_table_of_labels(tmp_path, inside):
    for i in range(9):
        table(tmp_path / "data" / f"rec{i}.csv", 6 + i)
    labels = pd.DataFrame({"file": [f"rec{i}.csv" for i in range(9)], "label": list("abcabcabc")})
    path = tmp_path / "data" / "labels.csv" if inside else tmp_path / "which.csv"
    labels.iloc[::-1].to_csv(path, index=False)
    data = read(tmp_path / "data", **({} if inside else {"labels": path}))
    assert data.y.tolist() == list("abcabcabc")
    labels[:-1].to_csv(path, index=False)
    with pytest.raises(DataError, match=r"rec8\.csv: column 'file' of the labels names no such file"):
        read(tmp_path / "data", labels=path)


def test_train_and_test_folders(tmp_path):
    for part in ("train", "test"):
        for label in ("x", "y"):
            (tmp_path / part / label).mkdir(parents=True)
            for i in range(3):
                (tmp_path / part / label / f"{i}.txt").write_text("abcab\ncab\n" * (i + 1))
    data = read(tmp_path)
    assert data.test.sum() == 6
    assert data.y[data.test].tolist() == ["x"] * 3 + ["y"] * 3
    assert data.X.lengths[:3].tolist() == [8, 16, 24]


def test_arrays_are_steps_of_channels(tmp_path):
    for i in range(4):
        np.save(tmp_path / f"{'ab'[i % 2]}{i}.npy", np.random.default_rng(i).normal(size=(7 + i, 3)))
    data = read(tmp_path)
    assert data.X.n_channels == 3
    assert sorted(data.X.lengths) == [7, 8, 9, 10]
    assert data.role == "sequence"


def test_another_folder_is_the_test_part(tmp_path):
    two_classes(tmp_path / "one")
    two_classes(tmp_path / "two")
    data = read(tmp_path / "one", test=tmp_path / "two")
    assert data.test.tolist() == [False] * 22 + [True] * 22


def test_errors_name_the_file(tmp_path):
    two_classes(tmp_path)
    path = tmp_path / "walk" / "4.csv"
    path.write_text("ax,ay\n1.5,2.5\n1.5,word\n")
    with pytest.raises(DataError, match=r"walk/4\.csv, line 3, column 'ay': values must be all numbers"):
        read(tmp_path)
    path.write_text("ax,az\n1,2\n")
    with pytest.raises(DataError, match=r"walk/4\.csv: the files differ from 1\.csv: column 'az'"):
        read(tmp_path)
    with pytest.raises(DataError, match="no file fits"):
        read(str(tmp_path / "*.parquet"))
    with pytest.raises(DataError, match="only a folder or a pattern"):
        read(path, names="(?P<target>a)")
