import numpy as np

from seqcompare.dependence.strata import SMALLEST_CELL, Strata, everything


def test_steps_change_places_within_their_stratum_only():
    key = np.random.default_rng(0).integers(0, 5, 200)
    values = key * 1000 + np.arange(200)
    mixed = Strata("phase", key, merge=False).cells().shuffle(values, np.random.default_rng(1))
    np.testing.assert_array_equal(mixed // 1000, key)
    assert (mixed != values).mean() > 0.8
    assert sorted(mixed) == sorted(values)


def test_neighbours_are_taken_together_where_one_is_too_few():
    cells = Strata("time", np.arange(43), merge=True).cells()
    sizes = np.diff(cells.bounds)
    assert sizes.min() >= SMALLEST_CELL
    assert sizes.max() < 2 * SMALLEST_CELL
    # nobody moves far
    moved = cells.draw(np.random.default_rng(0))
    assert np.abs(moved - np.arange(43)).max() < 2 * SMALLEST_CELL


def test_groups_are_never_mixed():
    rng = np.random.default_rng(0)
    group = rng.integers(0, 20, 300)
    cells = Strata("position", rng.integers(0, 50, 300), merge=True).cells(group)
    np.testing.assert_array_equal(group[cells.draw(rng)], group)


def test_everything_may_change_places():
    drawn = everything(1000).cells().draw(np.random.default_rng(0))
    assert sorted(drawn) == list(range(1000))
    assert np.abs(drawn - np.arange(1000)).mean() > 250
