"""How finely numbers are recorded, and what no density is narrower than."""

import numpy as np
import pytest

from seqcompare.data.resolution import least_scale, no_narrower, probabilities_of_cells, resolution

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (RNG.normal(20, 2, 5000).round(1), 0.1),
        (5.0 * RNG.integers(0, 9, 100), 5.0),
        (RNG.integers(0, 1024, 3000) * 5 / 1024, 5 / 1024),
        (np.array([0.1 + 0.2, 0.3, 0.4, 0.5]), 0.1),  # rounding of the machine is no difference
        (RNG.normal(size=300).round(2).astype(np.float32), 0.01),
        (RNG.normal(1e6, 1, 100).round(3), 0.001),
        (np.array([1.0, np.nan, 3.0, 9.0]), 2.0),
        (np.r_[RNG.normal(size=50).round(1), 1e15], 0.1),  # nor is a wild reading
        (np.full(5, 21.5), 0.1),
        (np.zeros(5), 1.0),
        (np.full(5, np.pi), np.pi * 1e-9),
        (RNG.normal(size=5000), 0.0),
        (RNG.normal(size=20), 0.0),
        (np.r_[np.zeros(50), RNG.normal(size=50)], 0.0),
    ],
)
def test_the_step_of_the_recording_is_found(values, expected):
    np.testing.assert_allclose(resolution(values), [expected], rtol=1e-5)


def test_each_channel_has_its_own():
    values = np.column_stack([RNG.normal(size=50).round(1), RNG.normal(size=50), np.full(50, 3.0)])
    np.testing.assert_allclose(resolution(values), [0.1, 0.0, 1.0], rtol=1e-9)
    spread = values.std(axis=0)
    found = least_scale(values, spread)
    np.testing.assert_allclose(found, [0.05, np.sqrt(1e-9) * spread[1], 0.5])
    with probabilities_of_cells():  # of what varies, no more than what keeps it finite
        inside = least_scale(values, spread)
    np.testing.assert_allclose(inside, [*np.sqrt(1e-9) * spread[:2], 1 / 6])


def test_a_floor_lifts_what_is_below_it_and_nothing_else():
    turned = np.array([[1.0, 0.9], [0.9, 1.0]])  # variances 1.9 and .1 along its axes
    found = no_narrower(np.stack([turned, 3 * np.eye(2)]), np.array([0.5, 0.5]))
    np.testing.assert_allclose(np.linalg.eigvalsh(found[0]), [0.5, 1.9])
    np.testing.assert_array_equal(found[1], 3 * np.eye(2))
