"""Context curves of all folds together: what is needed, between what, and what would have been seen."""

import numpy as np
import pytest

from seqcompare.results.reach import kept_units, pool_folds

CONTEXTS = [1, 2, 4, 8]


def fold(gains, rng, *, n=40, noise=0.05, contexts=CONTEXTS, tolerance=0.01):
    """Return the details of a fold whose units lose 2 bits, less what each context gains."""
    base = 2 + rng.normal(0, 0.5, n)
    sums = [np.column_stack([np.ones(n), base - g + rng.normal(0, noise, n)]) for g in gains]
    return {"units": {"truncated": kept_units(contexts, sums)}, "tolerance": tolerance}


def test_folds_are_pooled():
    """A step that is worth little is found by all folds together, where each alone is content with less."""
    rng = np.random.default_rng(0)
    folds = [fold([0.0, 0.3, 0.335, 0.335], rng, noise=0.15) for _ in range(3)]
    alone = [pool_folds([f], "truncated") for f in folds]
    together = pool_folds(folds, "truncated")
    assert together["would_show"] < min(f["would_show"] for f in alone)
    assert together["needed_low"] >= 2


def test_what_is_far_is_not_told_as_absent_where_it_could_not_have_been_seen():
    few, many = (
        pool_folds(
            [fold([0.0, 0.3, 0.31, 0.33], np.random.default_rng(1), n=n, noise=0.2) for _ in range(3)],
            "truncated",
        )
        for n in (20, 4000)
    )
    assert few["needed_high"] == 8
    assert few["at_most"] > 0.03
    assert many["needed"] == many["needed_low"] == many["needed_high"] == 8
    assert few["would_show"] > 5 * 0.03 / 3


@pytest.mark.parametrize("n", [12, 60])
def test_the_interval_has_the_reach_in_95_of_100(n):
    """The shortest context as good as the longest is 4."""
    rng = np.random.default_rng(2)
    hits = 0
    for _ in range(300):
        found = pool_folds([fold([0.0, 0.25, 0.5, 0.5], rng, n=n, noise=0.3) for _ in range(3)], "truncated")
        hits += found["needed_low"] <= 4 <= found["needed_high"]
    assert hits >= 0.95 * 300 - 3 * np.sqrt(300 * 0.95 * 0.05)


def test_what_would_show_is_seen_nine_times_in_ten():
    rng = np.random.default_rng(3)
    seen = pool_folds(
        [fold([0.5, 0.5], rng, n=60, noise=0.1, contexts=[1, 2]) for _ in range(3)], "truncated"
    )
    worth = seen["would_show"]
    found = [
        pool_folds(
            [fold([0.5, 0.5 + worth], rng, n=60, noise=0.1, contexts=[1, 2]) for _ in range(3)], "truncated"
        )
        for _ in range(300)
    ]
    assert 0.8 <= np.mean([f["needed_low"] == 2 for f in found]) <= 0.97


def test_a_fold_that_was_asked_about_other_contexts_counts_with_the_next_shorter():
    rng = np.random.default_rng(4)
    folds = [
        fold([0.0, 0.5, 0.5, 0.5], rng),
        fold([0.0, 0.0, 0.5, 0.5], rng, contexts=[1, 2, 3, 8]),
        fold([0.0, 0.0, 0.5, 0.5], rng, contexts=[1, 2, 3, 8]),
    ]
    assert pool_folds(folds, "truncated")["needed"] == 3
