import numpy as np
import pytest

from seqcompare.dependence.contexts import compare_orders, extend


def entropy(values):
    counts = np.unique(values, return_counts=True)[1]
    p = counts / counts.sum()
    return -(p * np.log2(p)).sum()


def conditional_entropy(target, context):
    return sum((context == c).mean() * entropy(target[context == c]) for c in np.unique(context))


def test_contexts_are_numbered_apart():
    source = np.array([0, 1, 0, 1, 1, 0])
    at, room = np.array([1, 2, 4, 5]), np.array([1, 2, 1, 2])
    one = extend(np.zeros(4, dtype=np.int64), source, at, room, 1, 2)
    # before: 0, 1, 1, 1
    assert one[0] != one[1] == one[2] == one[3]
    two = extend(one, source, at, room, 2, 2)
    # before that: the start, 0, the start, 1
    assert len(set(two)) == 4


def test_contexts_ahead():
    source = np.array([0, 1, 0, 1])
    ahead = extend(np.zeros(4, dtype=np.int64), source, np.arange(4), np.array([3, 2, 1, 0]), -1, 2)
    # after: 1, 0, 1, the end
    assert ahead[0] == ahead[2]
    assert len(set(ahead)) == 3


def test_information_is_the_drop_in_conditional_entropy():
    rng = np.random.default_rng(0)
    shorter = rng.integers(0, 5, 400)
    longer = shorter * 3 + rng.integers(0, 3, 400)
    target = rng.integers(0, 4, 400)
    elsewhere = [rng.permutation(400) for _ in range(99)]
    test = compare_orders(shorter, longer, target, 99, 0, elsewhere=elsewhere)
    expected = conditional_entropy(target, shorter) - conditional_entropy(target, longer)
    assert test.information == pytest.approx(expected, abs=1e-12)
    assert test.recurring == 1.0
    # both kinds of surrogates are of the same kind as the data, which are noise
    assert set(test.surrogates) == {"any", "elsewhere"}
    for surrogates in test.surrogates.values():
        assert abs(test.information - surrogates.mean()) < 4 * surrogates.std()


def test_permutations_stay_within_contexts():
    # within a context there is nothing to permute: no surrogate can differ
    shorter = np.repeat(np.arange(50), 2)
    longer = np.arange(100)
    target = np.repeat(np.arange(50) % 3, 2)
    test = compare_orders(shorter, longer, target, 19, 0)
    assert (test.information, test.recurring) == (0.0, 0.0)
    assert not test.surrogates["any"].any()


def test_a_dependence_within_contexts_is_seen():
    rng = np.random.default_rng(1)
    shorter = rng.integers(0, 3, 300)
    bit = rng.integers(0, 2, 300)
    # parity: neither alone tells anything
    test = compare_orders(shorter % 2, (shorter % 2) * 2 + bit, (shorter % 2) ^ bit, 99, 0)
    assert test.information == pytest.approx(1.0, abs=0.02)
    assert test.surrogates["any"].max() < 0.1


def test_p_values_of_noise_are_even():
    reached = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        shorter = rng.integers(0, 4, 200)
        test = compare_orders(
            shorter, shorter * 2 + rng.integers(0, 2, 200), rng.integers(0, 3, 200), 39, seed
        )
        reached.append((test.surrogates["any"] >= test.information).mean())
    quarters = np.histogram(reached, bins=4, range=(0, 1))[0]
    # 15 expected in each quarter; chance of a quarter outside is about 1%
    assert quarters.min() >= 6
    assert quarters.max() <= 25
