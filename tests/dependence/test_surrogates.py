import numpy as np
import pytest

from seqcompare.dependence.surrogates import Elsewhere


def test_sequences_get_the_targets_of_others_in_their_order():
    lengths = np.full(20, 7)
    sequence = np.repeat(np.arange(20) * 3, lengths)
    drawn = Elsewhere(sequence).draw(np.random.default_rng(0)).reshape(20, 7)
    np.testing.assert_array_equal(np.diff(drawn, axis=1), 1)
    assert (drawn[:, 0] % 7 == 0).all()
    # each is used once, and by none for itself
    assert sorted(drawn[:, 0] // 7) == list(range(20))
    assert (drawn[:, 0] // 7 != np.arange(20)).all()


def test_partners_are_of_similar_length():
    lengths = np.repeat([3, 100], 16)
    sequence = np.repeat(np.arange(32), lengths)
    for seed in range(5):
        drawn = Elsewhere(sequence).draw(np.random.default_rng(seed))
        assert (lengths[sequence[drawn]] == lengths[sequence]).all()


def test_a_shorter_partner_is_repeated():
    lengths = np.arange(5, 13)
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    sequence = np.repeat(np.arange(8), lengths)
    drawn = Elsewhere(sequence).draw(np.random.default_rng(0))
    for i in range(8):
        mine = drawn[sequence == i]
        partner = sequence[mine[0]]
        assert partner != i
        np.testing.assert_array_equal(mine, starts[partner] + np.arange(lengths[i]) % lengths[partner])


@pytest.mark.parametrize("n_sequences", [1, 4])
def test_few_sequences_are_shifted_by_a_tenth_or_more(n_sequences):
    sequence = np.arange(200) * n_sequences // 200
    shifts = set()
    for seed in range(50):
        drawn = Elsewhere(sequence).draw(np.random.default_rng(seed))
        assert set(np.diff(drawn) % 200) == {1}
        shifts.add((-drawn[0]) % 200)
    assert min(shifts) >= 20
    assert max(shifts) <= 180
    assert len(shifts) > 20
