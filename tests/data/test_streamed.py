"""Tables that are larger than memory: the parts are the whole, and what counts parts counts everything."""

import numpy as np
import pandas as pd
import pytest

from seqcompare import ContextTree, MarkovChain, MarkovTagger, datasets


@pytest.fixture
def folder(tmp_path):
    """Return a folder of three files, and their rows; sequences go over the ends of files and batches."""
    rng = np.random.default_rng(0)
    lengths = rng.integers(1, 40, 60)
    rows = pd.DataFrame(
        {
            "visit": np.repeat([f"v{i}" for i in range(60)], lengths),
            "page": rng.choice(list("abcd"), lengths.sum()),
            "alarm": rng.choice(["on", "off"], lengths.sum()),
        }
    )
    for i, part in enumerate(np.array_split(np.arange(len(rows)), 3)):
        rows.iloc[part].to_parquet(tmp_path / f"part-{i}.parquet", row_group_size=50)
    return tmp_path, rows


OPTIONS = {"sequence": "visit", "values": "page", "target": False, "order": False}


@pytest.mark.parametrize("n_steps", [1, 100, 10**6])
def test_parts_are_the_whole_and_divide_no_sequence(folder, n_steps):
    path, rows = folder
    parts = list(datasets.read_parts(path, **OPTIONS, n_steps=n_steps))
    whole = datasets.read(rows, **OPTIONS)
    assert np.concatenate([part.ids for part in parts]).tolist() == whole.ids.tolist()
    np.testing.assert_array_equal(np.concatenate([p.X.values for p in parts]), whole.X.values)
    assert all(part.X.n_steps < n_steps + 65_536 for part in parts)
    assert (len(parts) == 1) == (n_steps == 10**6)


@pytest.mark.parametrize("model", [MarkovChain(order=2), ContextTree(depth=4)])
def test_what_is_counted_part_by_part_is_the_fit_on_everything(folder, model):
    path, rows = folder
    whole = datasets.read(rows, **OPTIONS)
    expected = model.fit(whole.X).score_samples(whole.X)
    chain = type(model)(**model.get_params())
    for part in datasets.read_parts(path, **OPTIONS, n_steps=150):
        chain.partial_fit(part.X)
    np.testing.assert_allclose(chain.score_samples(whole.X), expected, rtol=1e-12)


def test_labels_come_with_their_parts(folder):
    path, rows = folder
    options = {**OPTIONS, "target": "alarm"}
    whole = datasets.read(rows, **options)
    tagger = MarkovTagger(order=1)
    for part in datasets.read_parts(path, **options, n_steps=150):
        tagger.partial_fit(part.X, part.y, classes=["off", "on"])
    expected = MarkovTagger(order=1).fit(whole.X, whole.y).predict_proba(whole.X)
    np.testing.assert_allclose(
        np.concatenate(tagger.predict_proba(whole.X)), np.concatenate(expected), rtol=1e-12
    )


def test_one_sequence_is_cut(folder):
    path, rows = folder
    parts = list(datasets.read_parts(path, **{**OPTIONS, "sequence": False}, n_steps=200))
    assert [part.X.n_steps for part in parts[:-1]] == [200] * (len(parts) - 1)
    assert "".join("".join(part.X.values) for part in parts) == "".join(rows["page"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows.iloc[::-1].sort_values("page"), "do not stand together: sort"),
        (lambda rows: rows.assign(visit=[[1]] * len(rows)), "'visit': expected a name or number"),
        (lambda rows: rows.assign(visit=rows["visit"].where(rows.index > 5)), "'visit': there is no value"),
        (lambda rows: rows.rename(columns={"visit": "id"}), "no column 'visit'; there are id, page, alarm"),
    ],
)
def test_what_cannot_be_read_in_parts_says_so(tmp_path, folder, change, message):
    changed = tmp_path / "changed"
    changed.mkdir()
    change(folder[1]).to_parquet(changed / "a.parquet")
    with pytest.raises(datasets.DataError, match=message):
        list(datasets.read_parts(changed, **OPTIONS, n_steps=100))


def test_a_file_that_is_none_says_so(tmp_path):
    (tmp_path / "a.parquet").write_text("no")
    with pytest.raises(datasets.DataError, match="no readable Parquet files"):
        list(datasets.read_parts(tmp_path, sequence="visit"))
    with pytest.raises(ValueError, match="n_steps must be a positive whole number, got 0"):
        list(datasets.read_parts(tmp_path, sequence="visit", n_steps=0))
    (tmp_path / "none").mkdir()
    with pytest.raises(datasets.DataError, match="no Parquet file in this folder"):
        list(datasets.read_parts(tmp_path / "none", sequence="visit"))


def test_a_file_that_is_broken_behind_its_beginning_says_so(tmp_path, folder):
    path = tmp_path / "a.parquet"
    folder[1].to_parquet(path, row_group_size=50)
    content = bytearray(path.read_bytes())
    content[4:300] = bytes(296)
    path.write_bytes(content)
    with pytest.raises(datasets.DataError, match=r"a.parquet: .*of one form") as refused:
        list(datasets.read_parts(path, **OPTIONS, n_steps=100))
    assert "\n" not in str(refused.value)
