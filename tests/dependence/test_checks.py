import numpy as np
import pytest

from seqcompare import SequenceDataset, Sequences
from seqcompare.dependence.checks import CODES, check, copy_groups
from seqcompare.dependence.copies import find_copies
from seqcompare.dependence.overlap import overlap


def sequences(X, y=None, groups=None, role="sequence"):
    role = "next" if y is None else role
    return SequenceDataset(Sequences(X), y, None, role, "data", groups=groups)


def codes(dataset, **options):
    return [finding.code for finding in check(dataset, **options)]


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_sound_data_need_no_words(rng):
    assert codes(sequences(list(rng.integers(0, 4, (100, 30))), rng.integers(0, 2, 100)), cv=5) == []
    assert codes(sequences(list(rng.normal(size=(40, 60))))) == []


def test_a_finding_has_a_sentence_and_a_remedy(rng):
    found = check(sequences(list(rng.integers(0, 4, (8, 30))), rng.permutation([0, 1] * 4)))
    assert [finding.code for finding in found] == ["classes", "few"]
    assert "8 sequences" in found[1].sentence
    assert "Collect 16" in found[1].remedy
    assert str(found[1]) == f"{found[1].sentence} {found[1].remedy}"


def test_checks_can_be_muted(rng):
    data = sequences(list(rng.integers(0, 4, (8, 30))), rng.permutation([0, 1] * 4))
    assert codes(data, mute=["classes", "few"]) == []
    assert codes(data, mute=CODES) == []
    with pytest.raises(ValueError, match="there is no check 'typo'; the checks are drift, unit root, copies"):
        check(data, mute=["typo"])


def test_classes_that_change_along_the_data_are_drift(rng):
    y = (rng.random(300) < np.linspace(0.2, 0.8, 300)).astype(int)
    assert "drift" in codes(sequences(list(rng.integers(0, 4, (300, 20))), y))


def test_random_classes_of_copies_are_warned_of(rng):
    x = np.repeat(rng.integers(0, 4, (40, 30)), 3, axis=0)[rng.permutation(120)]
    assert codes(sequences(list(x), rng.integers(0, 2, 120))) == ["copies"]


def test_numbers_are_copies_where_noise_hardly_differs(rng):
    base = rng.normal(size=(60, 40)).cumsum(axis=1)
    which = np.append(np.arange(60), rng.integers(0, 60, 20))
    x = base[which] + 0.1 * rng.normal(size=(80, 40))
    groups = copy_groups(sequences(list(x)))
    assert (groups[60:] == groups[which[60:]]).all()
    assert copy_groups(sequences(list(base))) is None


def test_short_traces_repeat_by_nature_and_stay_where_they_fall(rng):
    x = [rng.integers(0, 4, 1 + rng.poisson(2.5)) for _ in range(1000)]
    found = find_copies(Sequences(x))
    assert found.share > 0.6
    assert found.by_chance > 0.6
    assert not found.more_than_chance
    assert copy_groups(sequences(x)) is None


@pytest.mark.parametrize("order", [1, 3])
def test_sequences_of_a_chain_are_no_copies(order, rng):
    limits = rng.dirichlet(np.full(2, 0.4), size=(2,) * order)[..., 0]
    x = rng.integers(0, 2, (150, 60))
    for t in range(order, 60):
        past = tuple(x[:, t - order + i] for i in range(order))
        x[:, t] = rng.random(150) > limits[past]
    assert copy_groups(sequences(list(x))) is None


def test_groups_that_share_copies_become_one(rng):
    base = rng.integers(0, 4, (40, 30))
    x = np.vstack([base, base[:10]])
    given = np.append(np.arange(40) // 2, np.full(10, 99))
    groups = copy_groups(sequences(list(x), groups=given))
    # the first five groups have copies in the last, the others none
    assert len(np.unique(groups[np.append(np.arange(10), np.arange(40, 50))])) == 1
    # at most one pair is joined by chance
    assert 15 <= len(np.unique(groups)) <= 16


@pytest.mark.parametrize("shift", [1, 5])
def test_windows_of_one_series_overlap(shift, rng):
    series = rng.integers(0, 4, 600)
    windows = [series[s : s + 20] for s in range(0, 500, shift)]
    assert overlap(Sequences(windows)) == shift
    assert "overlap" in codes(sequences(windows))
    assert "copies" not in codes(sequences(windows))


def test_what_is_periodic_does_not_overlap():
    assert overlap(Sequences([(np.arange(20) + s) % 4 for s in range(30)])) is None
    assert overlap(Sequences([np.zeros(20, dtype=int)] * 30)) is None


def test_rare_and_single_classes(rng):
    X = list(rng.integers(0, 4, (200, 20)))
    rare = check(sequences(X, (np.arange(200) % 20 == 0).astype(int)))
    assert [finding.code for finding in rare] == ["classes"]
    assert "Class 1 has 10 of 200" in rare[0].sentence
    assert "the most frequent, 0, has 190" in rare[0].sentence
    # few examples of classes that are balanced are another matter
    (few,) = (f for f in check(sequences(X[:16], np.arange(16) % 2)) if f.code == "classes")
    assert (few.sentence, "accuracy" in few.remedy) == ("Class 0 has 8 of 16: few to learn it from.", False)
    assert "one class only" in check(sequences(X, np.zeros(200, dtype=int)))[0].sentence


def test_an_answer_in_the_data_is_suspected(rng):
    x, y = rng.integers(0, 4, (200, 20)), rng.integers(0, 2, 200)
    x[:, 7] = y
    found = check(sequences(list(x), y))
    assert [finding.code for finding in found] == ["leak"]
    assert "the step 12 before the last" in found[0].sentence


def test_a_length_that_gives_the_class_away_is_suspected(rng):
    y = rng.integers(0, 2, 100)
    x = [rng.integers(0, 4, 20 + 5 * c) for c in y]
    assert "The length of a sequence alone" in check(sequences(x, y))[0].sentence


def test_folds_that_can_show_nothing(rng):
    X, y = list(rng.integers(0, 4, (60, 20))), np.repeat([0, 1], 30)
    assert "folds" in codes(sequences(X, y), cv=2, mute=["drift"])
    assert codes(sequences(X, y), cv=5, mute=["drift"]) == []
    few = np.repeat([0, 1], [57, 3])
    assert "fewer than the 5 folds" in str(check(sequences(X, few), cv=5, mute=["drift"])[-1])
    assert "more than there are groups (4)" in str(
        check(sequences(X, y, groups=np.arange(60) // 15), cv=5, mute=["drift", "few"])[-1]
    )


def test_a_file_sorted_by_class_part_by_part_is_no_drift_and_one_that_goes_over_is(rng):
    X = list(rng.integers(0, 4, (120, 30)))
    classes = np.array(["a", "b", "c"])
    assert "drift" not in codes(sequences(X, np.concatenate([np.repeat(classes, n) for n in (10, 30)])))
    going_over = np.where(rng.random(120) < np.linspace(0.05, 0.95, 120), "a", "b")
    assert "drift" in codes(sequences(X, going_over))
