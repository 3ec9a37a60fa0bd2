"""Splits of real data: what is on both sides, and that nothing leaks."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.neighbors import KNeighborsClassifier

from seqcompare import SequenceDataset, WindowClassifier, WindowTagger
from seqcompare.data.sequences import Sequences
from seqcompare.dependence.overlap import overlap
from seqcompare.experiments.splits import cut, inner_splits, plan_splits


def dataset(X, y=None, role="next", **more):
    return SequenceDataset(
        Sequences(Sequences(X).values, Sequences(X).offsets), y, None, role, "test", **more
    )


def steps_of(data, pieces):
    """Return the rows of the data that the pieces hold."""
    return np.concatenate([np.arange(a, b) + data.X.offsets[i] for i, a, b in pieces])


def test_the_official_split_is_kept():
    data = dataset(["ab", "ba", "aa", "bb"], test=np.array([False, True, False, True]))
    plan = plan_splits(data)
    assert plan.kind == "official"
    (split,) = plan.splits
    assert split.train[:, 0].tolist() == [0, 2]
    assert split.test[:, 0].tolist() == [1, 3]


def test_every_sequence_is_tested_once_and_never_trained_on_then():
    data = dataset(["abc"] * 23)
    plan = plan_splits(data, 5)
    assert sorted(np.concatenate([s.test[:, 0] for s in plan.splits])) == list(range(23))
    for split in plan.splits:
        assert not set(split.train[:, 0]) & set(split.test[:, 0])
        assert len(split.train) + len(split.test) == 23


def test_classes_are_spread_evenly():
    y = np.repeat([0, 1], [40, 10])
    plan = plan_splits(dataset(np.arange(100).reshape(50, 2) % 7, y, "sequence"), 5)
    assert plan.kind == "stratified"
    for split in plan.splits:
        assert np.bincount(y[split.test[:, 0]]).tolist() == [8, 2]


@pytest.mark.parametrize("grouped", [False, True])
def test_a_rare_class_is_in_fewer_folds(grouped):
    y = np.repeat([0, 1, 2], [40, 2, 1])
    X = np.arange(86).reshape(43, 2) % 7
    plan = plan_splits(dataset(X, y, "sequence", groups=np.arange(43) if grouped else None), 5)
    assert len(plan.splits) == 5
    tested = np.array([np.bincount(y[s.test[:, 0]], minlength=3) for s in plan.splits])
    assert tested[:, 0].tolist() == [8] * 5
    assert sorted(tested[:, 1]) == [0, 0, 0, 1, 1]
    assert sorted(np.concatenate([s.test[:, 0] for s in plan.splits])) == list(range(43))


@pytest.mark.parametrize(("sizes", "folds", "kind"), [((3, 2, 1), 3, "stratified"), ((1,) * 6, 5, "random")])
@pytest.mark.parametrize("grouped", [False, True])
def test_the_largest_class_limits_the_folds(sizes, folds, kind, grouped):
    y = np.repeat(np.arange(len(sizes)), sizes)
    data = dataset(np.arange(12).reshape(6, 2), y, "sequence", groups=np.arange(6) if grouped else None)
    plan = plan_splits(data, 5)
    assert len(plan.splits) == folds
    assert plan.kind == ("grouped" if grouped else kind)


@pytest.mark.parametrize("role", ["next", "sequence"])
def test_groups_stay_on_one_side(role):
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 12, 60)
    y = rng.integers(0, 2, 60) if role == "sequence" else None
    data = dataset(rng.integers(0, 3, (60, 5)), y, role, groups=groups)
    plan = plan_splits(data, 4)
    assert plan.kind == "grouped"
    assert len(plan.splits) == 4
    for split in plan.splits:
        assert not set(groups[split.train[:, 0]]) & set(groups[split.test[:, 0]])
        inner = inner_splits(cut(data, split.train))[0]
        inside = groups[split.train[:, 0]]
        assert not set(inside[inner.train[:, 0]]) & set(inside[inner.test[:, 0]])


@pytest.mark.parametrize("official", [False, True])
def test_a_single_group_to_train_on_is_divided_for_validation(official):
    groups = np.arange(40) % 2
    X = np.random.default_rng(0).integers(0, 3, (40, 5))
    data = dataset(X, groups=groups, test=groups == 1 if official else None)
    plan = plan_splits(data, 5)
    assert "models are chosen by a part of that group" in plan.words
    for split in plan.splits:
        inner = inner_splits(cut(data, split.train))[0]
        assert (len(inner.train), len(inner.test)) == (16, 4)
        assert not set(inner.train[:, 0]) & set(inner.test[:, 0])
    assert "part of that group" not in plan_splits(dataset(X, groups=np.arange(40) % 3), 5).words


def test_a_single_group_of_one_sequence_is_divided_into_blocks():
    data = dataset([np.arange(100) % 3, np.arange(100) % 5], groups=np.arange(2))
    inner = inner_splits(cut(data, plan_splits(data, 5).splits[0].train))[0]
    assert (inner.test[:, 2] - inner.test[:, 1]).tolist() == [20]


def test_repeats_draw_other_folds():
    plan = plan_splits(dataset(["ab"] * 20), 4, repeats=3)
    assert len(plan.splits) == 12
    assert plan.splits[0].test[:, 0].tolist() != plan.splits[4].test[:, 0].tolist()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(40, 300), min_size=1, max_size=4), st.integers(2, 6), st.integers(0, 30))
def test_blocks_keep_their_gap(lengths, cv, gap):
    data = dataset([np.arange(n) % 5 for n in lengths])
    assume(len(lengths) < cv and 4 * gap <= data.X.n_steps // cv)
    plan = plan_splits(data, cv, gap=gap)
    tested = np.concatenate([steps_of(data, s.test) for s in plan.splits])
    assert len(set(tested)) == len(tested)
    for split in plan.splits:
        for i, a, b in split.test:
            for j, c, d in split.train:
                assert i != j or d <= a - gap or c >= b + gap


def test_blocks_hold_equally_many_steps_that_count():
    X = Sequences([np.arange(1000) % 5])
    X = Sequences(X.values, X.offsets)
    weight = np.zeros(1000)
    weight[200:600] = 1
    data = SequenceDataset(X, X.with_values(np.arange(1000) % 2), X.with_values(weight), "step", "test")
    plan = plan_splits(data, 5)
    assert [weight[steps_of(data, s.test)].sum() for s in plan.splits] == [80] * 5
    assert all(weight[steps_of(data, s.train)].sum() > 250 for s in plan.splits)
    assert plan.words.startswith("5 blocks of about 80 steps that count")


@pytest.mark.parametrize("role", ["step", "sequence"])
def test_splits_with_nothing_to_score_are_left_out(role):
    X = Sequences(np.random.default_rng(0).integers(0, 3, (20, 6)))
    X = Sequences(X.values, X.offsets)
    counted = np.arange(20) < 3
    y = X.with_values(X.values % 2) if role == "step" else np.arange(20) % 2
    weight = X.with_values(np.repeat(counted, 6).astype(float)) if role == "step" else counted.astype(float)
    plan = plan_splits(SequenceDataset(X, y, weight, role, "test"), 5)
    assert 2 <= len(plan.splits) <= 3
    assert f"{5 - len(plan.splits)} of 5 splits have nothing to learn from or to score" in plan.words
    for split in plan.splits:
        assert counted[split.train[:, 0]].any()
        assert counted[split.test[:, 0]].any()


def test_the_gap_that_was_asked_for_is_kept():
    assert plan_splits(dataset([np.arange(500) % 5]), 5, gap=30).gap == 30
    # the training part of an official split may have to be cut into blocks as well
    official = dataset([np.arange(500) % 5] * 2, test=np.array([False, True]))
    plan = plan_splits(official, 5, gap=30)
    inner = inner_splits(cut(official, plan.splits[0].train), gap=plan.gap)[0]
    assert (inner.train[:, 1:].tolist(), inner.test[:, 1:].tolist()) == ([[130, 500]], [[0, 100]])


def test_a_window_never_straddles_train_and_test():
    """Pieces are sequences of their own: a window at their start is padded, not filled from the test."""
    data = dataset([np.arange(100)])
    split = plan_splits(data, 5, gap=0).splits[2]
    train = cut(data, split.train)
    assert [x.tolist() for x in train.X] == [list(range(40)), list(range(60, 100))]
    assert cut(data, split.test).X[0].tolist() == list(range(40, 60))


def test_cut_takes_targets_and_weights_along():
    X = Sequences(["abcdef", "ghi"])
    X = Sequences(X.values, X.offsets)
    data = SequenceDataset(X, X.with_values(np.arange(9)), X.with_values(np.arange(9.0)), "step", "test")
    part = cut(data, np.array([[1, 1, 3], [0, 2, 4]]))
    assert [x.tolist() for x in part.X] == [["h", "i"], ["c", "d"]]
    assert part.y.values.tolist() == [7, 8, 2, 3]
    assert part.sample_weight.values.tolist() == [7, 8, 2, 3]


def test_overlapping_windows_are_found():
    series = np.random.default_rng(0).normal(size=200)
    windows = np.stack([series[3 * i : 3 * i + 20] for i in range(50)])
    assert overlap(Sequences(windows)) == 3
    rng = np.random.default_rng(1)
    assert overlap(Sequences(rng.normal(size=(50, 20)))) is None
    assert overlap(Sequences(rng.integers(0, 2, (200, 12)))) is None
    assert overlap(Sequences(np.zeros((20, 12), dtype=int))) is None


@pytest.mark.parametrize(
    ("n", "length", "period", "step"),
    [(6, 8, 2, 1), (12, 20, 3, 1), (12, 20, 3, 2), (60, 50, 3, 1), (40, 30, 7, 3)],
)
def test_periodic_sequences_are_no_windows(n, length, period, step):
    phases = step * np.arange(n)[:, None] + np.arange(length)
    data = dataset(list(phases % period))
    assert overlap(data.X) is None
    plan = plan_splits(data, 5)
    assert (plan.kind, len(plan.splits)) == ("random", 5)
    # they repeat each other, as they have to
    assert not plan.note or "they stay where they fall" in plan.note


@pytest.mark.parametrize("shift", [1, 3, 8])
def test_windows_of_few_symbols_are_no_periodic_sequences(shift):
    for seed in range(10):
        series = np.random.default_rng(seed).integers(0, 2, 60 * shift + 12)
        assert overlap(Sequences([series[shift * i :][:12] for i in range(60)])) == shift


def test_too_few_windows_to_keep_apart_are_divided_with_a_note():
    series = np.random.default_rng(0).normal(size=60)
    data = dataset(np.stack([series[i : i + 40] for i in range(12)]))
    assert overlap(data.X) == 1
    plan = plan_splits(data, 5)
    assert plan.kind == "random"
    assert "If they do overlap, scores are too good" in plan.note


def test_near_copies_stay_in_one_fold():
    rng = np.random.default_rng(0)
    base = np.repeat(np.arange(50), 4)
    x = rng.integers(0, 4, (50, 40))[base]
    x = np.where(rng.random(x.shape) < 0.05, rng.integers(0, 4, x.shape), x)
    order = rng.permutation(200)
    data = dataset(list(x[order]), rng.integers(0, 2, 200), "sequence")
    plan = plan_splits(data, 5)
    assert "near-copies in one fold" in plan.words
    assert "they are kept in one fold" in plan.note
    for split in [*plan.splits, *inner_splits(data)]:
        tested = np.isin(base[order][split.test[:, 0]], base[order][split.train[:, 0]])
        # a copy in twenty is too far changed to be known as one
        assert tested.mean() < 0.1


def test_copies_across_groups_join_them():
    rng = np.random.default_rng(0)
    x = np.tile(rng.integers(0, 4, (30, 40)), (2, 1))
    data = replace(dataset(list(x)), groups=np.arange(60))
    for split in plan_splits(data, 5).splits:
        assert not set(split.train[:, 0] % 30) & set(split.test[:, 0] % 30)


def test_short_traces_are_divided_as_they_fall():
    rng = np.random.default_rng(0)
    data = dataset([rng.integers(0, 4, 1 + rng.poisson(2.5)) for _ in range(1000)])
    plan = plan_splits(data, 5)
    assert plan.kind == "random"
    assert "they stay where they fall" in plan.note


def test_copies_that_all_hang_together_are_divided_with_a_note():
    x = np.random.default_rng(0).integers(0, 4, 40)
    plan = plan_splits(dataset([x] * 40 + [np.random.default_rng(k).integers(0, 4, 40) for k in range(9)]), 5)
    assert plan.kind == "random"
    assert "scores may be too good" in plan.note


def test_overlapping_windows_share_no_step_across_a_split():
    series = np.random.default_rng(0).normal(size=400)
    start = 3 * np.arange(100)
    data = dataset(np.stack([series[s : s + 20] for s in start]), np.arange(100) % 2, "sequence")
    plan = plan_splits(data, 5)
    assert plan.kind == "overlapping"
    for split in plan.splits:
        seen = {t for i in split.train[:, 0] for t in range(start[i], start[i] + 20)}
        tested = {t for i in split.test[:, 0] for t in range(start[i], start[i] + 20)}
        assert not seen & tested
        assert len(split.train) > 60


def accuracy(model, data, plan):
    hits = []
    for split in plan.splits:
        train, test = cut(data, split.train), cut(data, split.test)
        hits.append(model.fit(train.X, train.y).score(test.X, test.y))
    return float(np.mean(hits))


def random_plan(data, cv=5):
    """Return the folds of someone who takes no care."""
    return plan_splits(dataset(list(data.X), np.asarray(data.y), "sequence"), cv)


def test_leaking_groups_are_at_chance():
    """Each subject has a voice of their own and a random class: who knows the voice knows the class."""
    model = WindowClassifier(KNeighborsClassifier(1), width=3, pooling="mean")
    leaking, held = [], []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        subjects = np.repeat(np.arange(60), 5)
        voice = rng.normal(size=(60, 4))[subjects]
        X = voice[:, None, :] + 0.1 * rng.normal(size=(300, 6, 4))
        y = rng.permutation(np.repeat([0, 1], 30))[subjects]
        data = dataset(list(X), y, "sequence", groups=subjects)
        leaking.append(accuracy(model, data, random_plan(data)))
        held.append(accuracy(model, data, plan_splits(data, 5)))
    assert np.mean(leaking) > 0.95
    assert abs(np.mean(held) - 0.5) < 0.08


def test_leaking_windows_are_at_chance():
    """Overlapping windows of a random walk with labels that drift: neighbours give them away."""
    model = WindowClassifier(KNeighborsClassifier(1), width=10)
    leaking, held = [], []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        series = np.cumsum(rng.normal(size=(1240, 4)), axis=0)
        labels = np.repeat(rng.integers(0, 2, 62), 20)
        start = 4 * np.arange(300)
        data = dataset(list(np.stack([series[s : s + 24] for s in start])), labels[start + 24], "sequence")
        leaking.append(accuracy(model, data, _shuffled(data)))
        held.append(accuracy(model, data, plan_splits(data, 5)))
    assert np.mean(leaking) > 0.8
    assert abs(np.mean(held) - 0.5) < 0.08


def _shuffled(data):
    """Return folds of shuffled sequences: in another order the overlap is not found, and leaks."""
    order = np.random.default_rng(0).permutation(len(data))
    plan = plan_splits(data.take(order), 5)
    assert plan.kind == "stratified"
    for split in plan.splits:
        for part in (split.train, split.test):
            part[:, 0] = order[part[:, 0]]
    return plan


def test_one_long_sequence_is_at_chance_when_nothing_can_be_known():
    """A random walk with labels that drift: a window next to a training window has its label."""
    model = WindowTagger(KNeighborsClassifier(1), before=5)
    scores = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        X = Sequences([np.cumsum(rng.normal(size=(1500, 4)), axis=0)])
        X = Sequences(X.values, X.offsets)
        y = X.with_values(np.repeat(rng.integers(0, 2, 60), 25))
        data = SequenceDataset(X, y, None, "step", "walk")
        plan = plan_splits(data, 5)
        assert plan.kind == "blocked"
        scores.append(accuracy(model, data, plan))
    assert abs(np.mean(scores) - 0.5) < 0.08


@pytest.mark.parametrize(
    ("data", "cv", "message"),
    [
        (lambda: dataset(["ab"] * 4, groups=np.zeros(4)), 5, "all sequences are of one group"),
        (lambda: dataset(["ab"] * 4, test=np.ones(4, dtype=bool)), 5, "puts all 4 sequences into the test"),
        (lambda: dataset(["abc"]), 5, "3 steps are too few"),
        (lambda: dataset(["ab"] * 9), 1, "cv must be 2 or more"),
        (lambda: dataset(["ab"], np.array([1.5]), "value"), 5, "cannot be divided"),
        (lambda: dataset(["a"] * 9), 5, "nothing to score is left in 5 of 5 splits"),
    ],
)
def test_what_cannot_be_divided_says_so(data, cv, message):
    with pytest.raises(ValueError, match=message):
        plan_splits(data(), cv)


def test_a_gap_that_leaves_nothing_says_so():
    with pytest.raises(ValueError, match="left in 5 of 5 splits: 5 blocks of about 20 steps"):
        plan_splits(dataset([np.arange(100) % 3]), 5, gap=200)
