import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from seqcompare.models.recurrent.packing import longest_first, pack

lengths_of = st.lists(st.integers(1, 9), min_size=1, max_size=8)


def packed(lengths, start=0, stop=None):
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    chosen = longest_first(offsets, np.arange(len(lengths)))
    return pack(offsets, chosen, start, stop), chosen, offsets


@given(lengths_of)
def test_every_step_has_one_row_and_comes_after_its_predecessor(lengths):
    p, chosen, offsets = packed(lengths)
    assert sorted(p.source) == list(range(sum(lengths)))
    for row in range(p.n_rows):
        sequence, step = chosen[p.sequence[row]], p.step[row]
        assert p.source[row] == offsets[sequence] + step
    # rows of a step are the first sequences, so a block of rows needs no mask
    for a, b in zip(p.offsets[:-1], p.offsets[1:], strict=True):
        np.testing.assert_array_equal(p.sequence[a:b], np.arange(b - a))


@given(lengths_of)
def test_previous_points_at_the_state_before(lengths):
    p, _, _ = packed(lengths)
    n = len(p.lengths)
    owner = np.concatenate([np.arange(n), p.sequence])  # initial states, then a state a row
    time = np.concatenate([np.full(n, -1), p.step])
    np.testing.assert_array_equal(owner[p.previous], p.sequence)
    np.testing.assert_array_equal(time[p.previous], p.step - 1)


@given(lengths_of)
def test_flip_mirrors_each_sequence_and_is_its_own_inverse(lengths):
    p, _, _ = packed(lengths)
    np.testing.assert_array_equal(p.flip[p.flip], np.arange(p.n_rows))
    np.testing.assert_array_equal(p.sequence[p.flip], p.sequence)
    np.testing.assert_array_equal(p.step[p.flip], p.lengths[p.sequence] - 1 - p.step)
    np.testing.assert_array_equal(p.step[p.last], p.lengths - 1)


@given(lengths_of, st.integers(1, 5))
def test_chunks_cover_each_step_once_in_order(lengths, size):
    whole, chosen, offsets = packed(lengths)
    seen = []
    for start in range(0, max(lengths), size):
        p = pack(offsets, chosen, start, start + size)
        assert len(p.lengths) == sum(n > start for n in lengths)
        seen.append(p.source)
    assert np.concatenate(seen).tolist() == whole.source.tolist()
