"""Groups of rows as arrays: those that pandas makes, in the order in which they appear."""

import numpy as np
import pandas as pd
import pytest

from seqcompare.results.groups import groups_of, median


@pytest.fixture
def frame():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"name": rng.choice(["b", "c", "a"], 60), "size": rng.choice([2.0, np.nan, 1.0], 60)}
    )
    return frame.assign(value=rng.normal(size=60), known=rng.choice([True, False, None], 60))


@pytest.mark.parametrize("dropna", [True, False])
@pytest.mark.parametrize("by", [["name"], ["name", "size"]])
def test_groups_are_those_of_pandas(frame, by, dropna):
    theirs = [group for _, group in frame.groupby(by, sort=False, dropna=dropna)]
    ours = list(groups_of(frame, by, dropna=dropna))
    assert len(ours) == len(theirs)
    for rows, group in zip(ours, theirs, strict=True):
        assert rows.n_rows == len(group)
        assert rows.first("value") == group["value"].iloc[0]
        for name in frame:
            np.testing.assert_array_equal(rows[name], group[name].to_numpy())


def test_a_part_of_a_group_and_a_table_of_nothing(frame):
    (rows,) = groups_of(frame.query("name == 'a'"), ["name"])
    above = rows.where(rows["value"] > 0)
    assert above.n_rows == (rows["value"] > 0).sum()
    assert (above["value"] > 0).all()
    assert list(groups_of(frame.head(0), ["name"])) == []


def test_the_median_is_that_of_what_is_there():
    assert median(np.array([3.0, np.nan, 1.0])) == 2.0
    assert np.isnan(median(np.array([np.nan])))
