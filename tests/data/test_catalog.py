import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import seqcompare
from seqcompare import SequenceDataset, datasets
from seqcompare.data.catalog import data_file

REPOSITORY = Path(__file__).parents[2]
FILES = {
    "japanese_vowels_train.ts.gz",
    "japanese_vowels_test.ts.gz",
    "lambda_phage.fa",
    "cmudict_stress.tsv",
    "python_docs.txt",
}


@pytest.mark.parametrize("name", datasets.DATASETS)
def test_every_data_set_is_whole(name):
    data = datasets.load(name)
    assert isinstance(data, SequenceDataset)
    assert (data.name, data.role) == (name, datasets.DATASETS[name].role)
    assert data.X.container == "sequences"
    assert len(data) > 1
    if data.X.kind == "real":
        assert np.isfinite(data.X.values).all()
    if data.role == "next":
        assert data.y is None
    elif data.role == "step":
        np.testing.assert_array_equal(data.y.offsets, data.X.offsets)
    else:
        assert data.y.shape == (len(data),)
    for per_sequence in (data.groups, data.test):
        assert per_sequence is None or per_sequence.shape == (len(data),)


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(ValueError, match=r"no data set 'iris'; there are japanese_vowels, lambda_phage"):
        datasets.load("iris")


def test_japanese_vowels_keeps_the_official_split():
    data = datasets.load("japanese_vowels")
    assert (len(data), data.X.n_channels) == (640, 12)
    assert (data.X.lengths.min(), data.X.lengths.max()) == (7, 29)
    train, test = data.take(~data.test), data.take(data.test)
    # both counts as UCI's description of the data gives them
    assert Counter(train.y) == {str(speaker): 30 for speaker in range(1, 10)}
    assert [Counter(test.y)[str(speaker)] for speaker in range(1, 10)] == [31, 35, 88, 44, 29, 24, 40, 50, 29]
    np.testing.assert_array_equal(train.X[0][0, :3], [1.860936, -0.207383, 0.261557])


def test_lambda_phage_is_the_genome_in_blocks():
    data = datasets.load("lambda_phage")
    genome = "".join(data.X.values)
    assert len(genome) == 48_502
    assert Counter(genome) == {"A": 12_334, "C": 11_362, "G": 12_820, "T": 11_986}
    # the 12 bases of the left cohesive end, and the end of the record
    assert genome.startswith("GGGCGGCGACCT")
    assert genome.endswith("ATCCGACAGGTTACG")
    assert (len(data), set(data.X.lengths)) == (100, {485, 486})


def test_cmudict_stress_scores_the_vowels_alone():
    data = datasets.load("cmudict_stress")
    assert len(data) == 10_000
    # ARPAbet writes vowels, and only them, with one of these letters first
    vowel = np.isin(data.X.values.astype("<U1"), list("AEIOU"))
    np.testing.assert_array_equal(data.sample_weight.values, vowel.astype(float))
    np.testing.assert_array_equal(data.y.values == "-", ~vowel)
    assert set(data.y.values[vowel]) == {"0", "1", "2"}
    assert len(np.unique(data.X.values)) == 39
    assert vowel[data.X.offsets[0] : data.X.offsets[1]].sum() >= 2
    abandonments = list(data.groups).index("aband")
    assert " ".join(data.X[abandonments]) == "AH B AE N D AH N M AH N T S"
    assert " ".join(data.y[abandonments]) == "0 - 1 - - 0 - - 0 - - -"


def test_python_docs_are_paragraphs_of_topics():
    data = datasets.load("python_docs")
    paragraphs = ["".join(paragraph) for paragraph in data.X]
    assert paragraphs[0] == 'The "assert" statement\n**********************'
    assert len(set(paragraphs)) == len(paragraphs)
    assert sum(map(len, paragraphs)) >= 120_000
    assert len(np.unique(data.groups)) == 59
    assert not any("\f" in p or "\n\n" in p for p in paragraphs)


def test_digits_are_rows_of_pixels():
    data = datasets.load("digits")
    assert (len(data), data.X.n_channels, set(data.X.lengths)) == (1797, 8, {8})
    np.testing.assert_array_equal(data.X[0][0], [0, 0, 5, 13, 9, 1, 0, 0])
    assert data.y[:4].tolist() == [0, 1, 2, 3]


def test_checksums_hold_for_exactly_the_bundled_files():
    lines = data_file("SHA256SUMS").read_text().splitlines()
    sums = dict(reversed(line.split("  ")) for line in lines)
    assert set(sums) == FILES
    for name, expected in sums.items():
        assert hashlib.sha256(data_file(name).read_bytes()).hexdigest() == expected


def test_the_readme_names_every_file_and_data_set():
    text = data_file("README.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in text for name in FILES | set(datasets.DATASETS))


def test_loading_twice_gives_separate_arrays():
    first, second = datasets.load("digits"), datasets.load("digits")
    first.y[:] = -1
    assert (second.y >= 0).all()


def test_an_installed_package_finds_its_own_data(tmp_path):
    """The layout that pyproject.toml gives a wheel, away from the checkout."""
    layout = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    target = layout["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]["data"]
    shutil.copytree(
        Path(seqcompare.__file__).parent,
        tmp_path / "seqcompare",
        ignore=shutil.ignore_patterns("__pycache__", "_data"),
    )
    shutil.copytree(REPOSITORY / "data", tmp_path / target)
    program = (
        "from seqcompare.data import catalog; from seqcompare.data.catalog import load; "
        "print(load('lambda_phage').X.n_steps, catalog.data_file('lambda_phage.fa'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["48502", str(tmp_path / "seqcompare/_data/lambda_phage.fa")]


def test_a_missing_file_says_where_it_was_looked_for():
    with pytest.raises(FileNotFoundError, match=r"nothing.fa is missing; looked for it at .*_data.* and "):
        data_file("nothing.fa")
