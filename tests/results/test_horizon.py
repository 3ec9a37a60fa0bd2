"""Horizons: brackets, censoring, intervals, and where there is none."""

import math

import numpy as np
import pandas as pd
import pytest
from sweep_rows import frame_of, row

from seqcompare.results.horizon import find_horizon, horizons

NAN = math.nan


def curve(skills, *, spread=0.0, seeds=3, **values):
    """Return rows of a model with these skills by distance, the seeds spread around them."""
    offsets = np.linspace(-spread, spread, seeds)
    return [
        row(distance=d, seed=seed, skill=skill + offset, **values)
        for d, skill in skills.items()
        for seed, offset in enumerate(offsets)
    ]


@pytest.mark.parametrize(
    ("skills", "last", "first", "status", "words"),
    [
        ({2: 1, 4: 1, 8: 0, 16: 0}, 4, 8, "bracketed", "4-8"),
        ({2: 1, 4: 1, 8: 1}, 8, NAN, "beyond", ">= 8"),
        ({2: 0, 4: 0}, NAN, 2, "below", "< 2"),
        # above again after a gap does not count
        ({2: 1, 4: 0.2, 8: 1}, 2, 4, "bracketed", "2-4"),
        # exactly one half is not above
        ({2: 1, 4: 0.5}, 2, 4, "bracketed", "2-4"),
        ({2: -3, 4: 1}, NAN, 2, "below", "< 2"),
    ],
)
def test_brackets(skills, last, first, status, words):
    rows = curve(skills)
    found = find_horizon(frame_of(rows[::-1]))
    assert (found.last_above, found.first_below) == pytest.approx((last, first), nan_ok=True)
    assert (found.status, str(found)) == (status, words)


def test_the_interval_follows_the_bounds_of_the_skills():
    # at 8 the mean is above one half, but not all seeds are; at 16 one seed is above
    found = find_horizon(frame_of(curve({2: 1, 4: 1, 8: 0.7, 16: 0.3, 32: 0}, spread=0.3)))
    assert (found.low, found.last_above, found.high, found.interval) == (4, 8, 16, "range")
    found = find_horizon(frame_of(curve({2: 1, 4: 1, 8: 0.7, 16: 0.3, 32: 0}, spread=0.3, seeds=10)))
    # ten seeds tell more
    assert (found.low, found.last_above, found.high, found.interval) == (8, 8, 8, "t")


def test_no_horizon_where_optimal_and_chance_are_too_close():
    rows = curve({2: 1, 4: 1}, seeds=1, chance=0.5, optimal=0.52, score_error=0.01)
    assert find_horizon(frame_of(rows)).status == "none"
    # nine seeds have a third of the error
    rows = curve({2: 1, 4: 1}, seeds=9, chance=0.5, optimal=0.52, score_error=0.01)
    assert find_horizon(frame_of(rows)).status == "beyond"


def test_beyond_the_last_distance_that_can_be_measured_nothing_is_said():
    rows = curve({2: 1, 4: 1}) + curve({8: 0.0}, optimal=0.501)
    found = find_horizon(frame_of(rows))
    assert (str(found), found.status) == (">= 4", "censored")


def test_failed_trials_are_left_out():
    rows = [*curve({2: 1, 4: 1}), row(distance=4, seed=3, skill=NAN, status="error")]
    assert str(find_horizon(frame_of(rows))) == ">= 4"
    assert find_horizon(frame_of([row(skill=NAN, status="error")])).status == "none"


def test_no_horizon_reaches_over_a_distance_where_all_trials_failed():
    failed = [row(distance=8, seed=seed, skill=NAN, status="error") for seed in range(3)]
    for beyond in (1, 0):
        rows = frame_of(curve({2: 1, 4: 1, 16: beyond}) + failed)
        found = find_horizon(rows)
        assert (str(found), found.status, found.last_above) == (">= 4", "censored", 4)
        table = horizons(rows)
        assert table["best"].tolist() == [False, True]
        assert table["status"].tolist() == ["censored"] * 2
        assert table["last_above"].tolist() == [4] * 2
    # another family that did finish there says nothing of this one
    other = curve({2: 1, 4: 1, 8: 1, 16: 1}, model="HMM", family="hmm", variant="hmm")
    table = horizons(frame_of(curve({2: 1, 4: 1, 16: 1}) + failed + other)).set_index("model")
    assert table["status"].to_dict() == {
        "Markov order 4": "censored",
        "HMM": "beyond",
        "best markov": "censored",
        "best hmm": "beyond",
    }
    assert find_horizon(frame_of(curve({16: 1}) + failed)).status == "none"


def test_a_distance_without_skills_ends_what_can_be_said():
    rows = curve({2: 1}) + curve({4: NAN}, optimal=0.5, score_error=0.0)
    found = find_horizon(frame_of(rows))
    assert (found.last_above, found.status) == (2, "censored")
    # a seed without a skill leaves the others
    assert find_horizon(frame_of([*curve({2: 1}), row(distance=2, seed=3, skill=NAN)])).status == "beyond"


def test_table_of_models_and_best_of_families():
    short = curve({2: 1, 4: 0, 8: 0}, model="Markov order 2", validation_score=0.6)
    long = curve({2: 0.9, 4: 0.9, 8: 0}, model="Markov order 4", validation_score=0.9)
    ahead = curve({-4: 1, -2: 1}, model="centred", family="window", causal=False)
    table = horizons(frame_of(short + long + ahead)).set_index("model")
    assert table["horizon"].to_dict() == {
        "Markov order 2": "2-4",
        "Markov order 4": "4-8",
        "best markov": "4-8",
    }
    assert table["best"].tolist() == [False, False, True]
    forward = horizons(frame_of(short + ahead), ahead=True).set_index("model")
    assert forward["horizon"].to_dict() == {"centred": ">= 4", "best window (looks ahead)": ">= 4"}


def test_an_empty_sweep_has_an_empty_table():
    table = horizons(frame_of([row(axis="memory")]))
    assert isinstance(table, pd.DataFrame)
    assert len(table) == 0


def test_intervals_of_horizons_cover_what_they_say():
    """Skill falls through one half at a known distance; the interval holds the horizon of the true curve."""
    rng = np.random.default_rng(0)
    distances = [2, 4, 8, 16, 32, 64]
    truth = {d: 1 / (1 + (d / 11) ** 1.5) for d in distances}
    true_horizon = max(d for d in distances if truth[d] > 0.5)
    rounds, seeds, covered = 100, 10, 0
    base = frame_of([row(distance=d, seed=s) for d in distances for s in range(seeds)])
    for _ in range(rounds):
        base["skill"] = base["distance"].map(truth) + rng.normal(0, 0.15, len(base))
        found = find_horizon(base)
        low = 0 if math.isnan(found.low) else found.low
        covered += low <= true_horizon <= found.high
    assert covered / rounds >= 0.95
