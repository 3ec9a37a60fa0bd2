"""Whether numbers vary in proportion to their size: sources of which that is known."""

import numpy as np
import pytest

from seqcompare import Sequences
from seqcompare.data.spread import grows_with_level


@pytest.mark.parametrize("seed", range(5))
def test_what_grows_by_its_own_size_is_told_from_what_does_not(seed):
    rng = np.random.default_rng(seed)
    trend, noise = np.linspace(0, 2, 150), rng.normal(size=150)
    assert grows_with_level(Sequences([np.exp(trend + 0.1 * noise)]))
    assert grows_with_level(Sequences([np.exp(trend + 0.1 * noise)]), 12)
    assert not grows_with_level(Sequences([np.exp(trend) + noise + 5]))
    assert not grows_with_level(Sequences([trend + noise + 10]))
    assert not grows_with_level(Sequences([np.exp(trend + 0.1 * noise) - 1]))


def test_gaps_are_passed_over_and_little_says_nothing():
    x = np.exp(np.linspace(0, 2, 150) + 0.1 * np.random.default_rng(0).normal(size=150))
    assert not grows_with_level(Sequences([x[:30]]))
    assert not grows_with_level(Sequences([np.ones(100)]))
    assert grows_with_level(Sequences([np.column_stack([x, x * 3])]))
    assert not grows_with_level(Sequences([np.column_stack([x, np.ones(150)])]))
    x[::7] = np.nan
    assert grows_with_level(Sequences([x]))
