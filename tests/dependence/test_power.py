import numpy as np
import pytest

from seqcompare.dependence.power import chance_to_see, least_seen, plant, planted_bits


def test_what_is_seen_so_often_is_seen_so_often():
    threshold, n = np.array([0.01, 0.02, 0.05]), np.array([2000, 1000, 300])
    for power in (0.5, 0.9):
        bits = least_seen(threshold, n, 4, power)
        assert chance_to_see(bits, threshold, n, 4) == pytest.approx(np.full(3, power), abs=1e-3)


def test_chance_is_that_of_counted_information():
    # tables of 3 x 3 with .02 bit, 600 pairs each
    rng = np.random.default_rng(0)
    p = np.full(3, 1 / 3)
    share = 0.12
    joint = (1 - share) * np.outer(p, p) + share * np.diag(p)
    bits = planted_bits(p, share)
    tables = rng.multinomial(600, joint.ravel(), size=4000).reshape(-1, 3, 3) / 600
    rows, columns = tables.sum(axis=2, keepdims=True), tables.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.nansum(tables * np.log2(tables / (rows * columns)), axis=(1, 2))
    for threshold in (0.01, 0.015, 0.02):
        expected = float(chance_to_see(bits, threshold, 600, 4))
        assert (found > threshold).mean() == pytest.approx(expected, abs=0.03)


def test_planted_copies_hold_what_they_should():
    rng = np.random.default_rng(0)
    p = np.array([0.5, 0.3, 0.2])
    made = plant(rng.choice(3, 60_000, p=p), np.array([0, 30_000, 60_000]), 4, 0.4, rng)
    assert np.bincount(made) / 60_000 == pytest.approx(p, abs=0.02)
    joint = np.zeros((3, 3))
    np.add.at(joint, (made[:29_996], made[4:30_000]), 1 / 29_996)
    found = (joint * np.log2(joint / np.outer(joint.sum(axis=1), joint.sum(axis=0)))).sum()
    assert found == pytest.approx(planted_bits(p, 0.4), abs=0.01)
    assert planted_bits(p, 0.0) == pytest.approx(0.0, abs=1e-12)
    assert planted_bits(p, 1.0) == pytest.approx(-(p * np.log2(p)).sum())
