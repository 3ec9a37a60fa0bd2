"""Splits along time: what is tested comes after what was trained on."""

import itertools

import numpy as np
import pytest

import seqcompare
from seqcompare import SequenceDataset
from seqcompare.data.sequences import Sequences
from seqcompare.experiments.answer import scored_items, units
from seqcompare.experiments.forward import plan_along, tuning_splits
from seqcompare.experiments.splits import cut, cut_test


def series(*sequences, weight=None):
    X = Sequences(list(sequences))
    return SequenceDataset(Sequences(X.values, X.offsets), None, weight, "next", "series")


def test_every_test_part_comes_after_its_training_part():
    data = series(np.arange(900), np.arange(90))
    plan = plan_along(data, 5, gap=7)
    assert plan.kind == "forward"
    assert len(plan.splits) == 5
    tested = []
    for split in plan.splits:
        for (i, start, stop), (j, first, last) in zip(split.train, split.test, strict=True):
            assert (i, start, stop) == (j, 0, first - 7)
            tested.append((i, first, last))
        inner = tuning_splits(cut(data, split.train), plan, 1)[0]
        for (_, _, stop), (_, first, _) in zip(inner.train, inner.test, strict=True):
            assert stop == first - 7
    # together they are the last two thirds, each step once
    for i, length in ((0, 900), (1, 90)):
        mine = sorted((a, b) for j, a, b in tested if j == i)
        assert mine[0][0] == length // 3
        assert mine[-1][1] == length
        assert all(b == c for (_, b), (c, _) in itertools.pairwise(mine))


def test_what_came_before_a_test_part_is_read_and_not_asked_about():
    data = series(np.arange(900.0), np.arange(90.0))
    plan = plan_along(data, 5, gap=7)
    for split in plan.splits:
        test = cut_test(data, split)
        told = np.minimum(split.test[:, 1], 500)
        for x, weight, (i, first, last), n in zip(test.X, test.sample_weight, split.test, told, strict=True):
            # without a gap before it: what is left out is not trained on, and yet known
            np.testing.assert_array_equal(x, data.X[i][first - n : last])
            np.testing.assert_array_equal(weight, np.arange(len(x)) >= n)
        # what is asked about, and what it is averaged over, is as if nothing were told
        item, plain = scored_items(test, first_steps=True)[0], cut(data, split.test)
        np.testing.assert_array_equal(test.X.values[item], plain.X.values)
        same = units(plain, scored_items(plain, first_steps=True)[0], 40)
        np.testing.assert_array_equal(units(test, item, 40), same)


def test_letters_and_whoever_asks_have_blocks():
    letters = series(np.array(list("acgt" * 100)))
    assert plan_along(letters, 5).kind == "blocked"
    assert plan_along(letters, 5, along="time").kind == "forward"
    assert plan_along(series(np.arange(400) % 7), 5, along="blocks").kind == "blocked"
    assert plan_along(series(np.array(["rain", "sun"] * 100)), 5).kind == "forward"
    assert plan_along(series(*np.zeros((20, 30))), 5).kind == "random"
    with pytest.raises(ValueError, match="along must be 'auto', 'time' or 'blocks', got 'past'"):
        plan_along(letters, along="past")


def test_steps_that_do_not_count_do_not_set_the_bounds():
    X = Sequences([np.arange(300)])
    weight = X.with_values((np.arange(300) >= 150).astype(float))
    plan = plan_along(series(np.arange(300), weight=weight), 5)
    assert plan.splits[0].test[0, 1] == 200


def test_a_series_whose_level_changes_is_not_told_by_its_future(tmp_path):
    """In blocks the frequencies know of the other half; along time they cannot."""
    x = np.concatenate([np.zeros(300, dtype=int), np.ones(300, dtype=int)])
    x = np.where(np.random.default_rng(0).random(600) < 0.1, 1 - x, x)
    bits = {}
    for along in ("time", "blocks"):
        run = seqcompare.compare([x], ["markov"], along=along, out=tmp_path / along, n_jobs=1)
        bits[along] = run.summary().set_index("entry").loc["chance", "score"]
        assert run.config["data"]["in_time"]
    assert bits["time"] > bits["blocks"] + 0.05
