"""Frequencies by position, by season and of late: what they find, and that they say nothing of noise."""

import numpy as np
import pytest

from seqcompare.data.sequences import Sequences
from seqcompare.models.reference.chance import ChanceNext
from seqcompare.models.reference.levels import PlacedDensity
from seqcompare.models.reference.places import PlacedNext, PlacedTagger
from seqcompare.models.reference.recent import HALF_LIVES, RecentNext

SEASON = np.array([0.9, 0.3, 0.6, 0.1, 0.5])


def entropy(p):
    return float(np.mean(-(p * np.log2(p) + (1 - p) * np.log2(1 - p))))


def pack(rows):
    return Sequences(Sequences(rows).values, Sequences(rows).offsets)


def bits(model, rows):
    """Return what the steps after the first cost."""
    X = pack(rows)
    at = np.flatnonzero(X.step_index > 0)
    proba = model.predict_next_proba(X).values[at - 1]
    np.testing.assert_allclose(proba.sum(axis=1), 1, atol=1e-12)
    return -np.log2(proba[np.arange(len(at)), np.searchsorted(model.symbols_, X.values[at])]).mean()


def test_positions_find_drift_along_sequences():
    rng = np.random.default_rng(0)
    p = np.linspace(0.15, 0.85, 60)
    train, test = (list((rng.random((n, 60)) < p).astype(int)) for n in (48, 400))
    found = bits(PlacedNext().fit(pack(train)), test)
    assert found < entropy(p) + 0.012
    assert bits(ChanceNext().fit(pack(train)), test) > 0.99
    # of noise they say next to nothing
    train, test = (list(rng.integers(0, 2, (n, 60))) for n in (48, 400))
    assert bits(PlacedNext().fit(pack(train)), test) < 1.005


@pytest.mark.parametrize("cut", [0, 1, 3])
def test_a_season_is_found_wherever_a_series_was_cut(cut):
    rng = np.random.default_rng(1)
    x = (rng.random(4000) < np.tile(SEASON, 800)).astype(int)
    model = PlacedNext("season", 5, aligned=False).fit(pack([x[12:900], x[1001:2000]]))
    turn = np.roll(SEASON, -12 % 5)
    np.testing.assert_allclose(model.table_[:, 1], turn, atol=0.06)
    new = x[2000 + cut :]
    p = np.tile(SEASON, 800)[2000 + cut :]
    at_best = -np.log2(np.where(new == 1, p, 1 - p))[1:].mean()
    assert bits(model, [new]) < at_best + 0.01


def test_a_season_is_told_by_bayes_rule():
    """Against the sum over all phases, spelled out."""
    rng = np.random.default_rng(2)
    x = (rng.random(300) < np.tile(SEASON, 60)).astype(int)
    model = PlacedNext("season", 5, aligned=False).fit(pack([x]))
    new = x[3:11]
    expected = []
    for t in range(len(new)):
        of_phase = [
            model.start_[p] * np.prod([model.table_[(u + p) % 5, new[u]] for u in range(t + 1)])
            for p in range(5)
        ]
        mixed = sum(w * model.table_[(t + 1 + p) % 5] for p, w in enumerate(of_phase))
        expected.append(mixed / sum(of_phase))
    np.testing.assert_allclose(model.predict_next_proba(pack([new])).values, expected, rtol=1e-10)


def test_of_late_is_a_mixture_of_forgetting_counts():
    """Against counts and Bayes' rule, spelled out; in parts of any size."""
    rng = np.random.default_rng(3)
    train, new = rng.integers(0, 3, 50), rng.integers(0, 3, 40)
    model = RecentNext().fit(pack([train]))
    weights = np.ones(len(HALF_LIVES))
    expected = []
    for t in range(len(new)):
        seen = np.concatenate([train, new[: t + 1]])
        for k, half_life in enumerate(HALF_LIVES):
            before = np.bincount(seen[:-1], 0.5 ** (np.arange(len(seen) - 1)[::-1] / half_life), 3) + 0.01
            weights[k] *= (before / before.sum())[new[t]]
        tables = [
            np.bincount(seen, 0.5 ** (np.arange(len(seen))[::-1] / h), minlength=3) + 0.01 for h in HALF_LIVES
        ]
        mixed = sum(w * table / table.sum() for w, table in zip(weights, tables, strict=True))
        expected.append(mixed / weights.sum())
    X = pack([new])
    np.testing.assert_allclose(model.predict_next_proba(X).values, expected, rtol=2e-3, atol=2e-3)
    whole = model.predict_next_proba(X).values
    np.testing.assert_allclose(np.concatenate(list(model.iter_next_proba(X, 7))), whole, atol=1e-12)


def test_of_late_follows_a_source_that_changes():
    rng = np.random.default_rng(4)
    p = 0.5 + 0.35 * np.sin(np.arange(3000) / 300)
    x = (rng.random(3000) < p).astype(int)
    model = RecentNext().fit(pack([x[:1500]]))
    assert bits(model, [x[1500:]]) < entropy(p[1500:]) + 0.03
    even = rng.integers(0, 2, 3000)
    assert bits(RecentNext().fit(pack([even[:1500]])), [even[1500:]]) < 1.005


def test_labels_go_by_position_too():
    rng = np.random.default_rng(5)
    X = pack(list(rng.integers(0, 2, (60, 30))))
    late = np.where(X.step_index >= 20, "late", "early")
    labels = np.where(rng.random(X.n_steps) < 0.1, "early", late)
    tagger = PlacedTagger().fit(X, X.with_values(labels))
    assert (tagger.predict(X).values == late).all()
    proba = tagger.predict_proba([[0] * 40])[0]
    # beyond what was seen, as at its end
    assert (proba[30:] == proba[29]).all()
    season = np.where(X.step_index % 3 == 1, "b", "a")
    tagger = PlacedTagger("season", 3).fit(X, X.with_values(season))
    assert tagger.predict([[0] * 4])[0].tolist() == ["a", "b", "a", "a"]


def test_new_symbols_tell_nothing():
    for model in (PlacedNext(), PlacedNext("season", 2), RecentNext()):
        model.fit(pack(["abab" * 5] * 6))
        assert np.isfinite(model.predict_next_proba(pack(["abcab" * 8])).values).all()


def test_levels_by_position_have_the_density_of_numbers_around_a_trend():
    """Against the entropy of the noise."""
    rng = np.random.default_rng(6)
    trend = np.column_stack([np.linspace(-2, 2, 30), np.sin(np.arange(30) / 4)])

    def drawn(n):
        return pack(list(trend + rng.normal(size=(n, 30, 2)) * [1.0, 0.5]))

    train, test = drawn(60), drawn(300)
    model = PlacedDensity().fit(train)
    expected = np.log(2 * np.pi * np.e) + np.log(0.5)
    assert -model.score_samples(test).sum() / test.n_steps == pytest.approx(expected, abs=0.03)
    steps = model.score_steps(test).values
    np.testing.assert_allclose(
        np.add.reduceat(steps, test.offsets[:-1]), model.score_samples(test), rtol=1e-12
    )


def test_a_missing_number_is_summed_over():
    rng = np.random.default_rng(7)
    x = np.linspace(-1, 1, 20)[:, None] + rng.normal(size=(40, 20, 2))
    holes = x.copy()
    holes[rng.random(x.shape) < 0.2] = np.nan
    model = PlacedDensity("marginalize").fit(Sequences(list(holes)))
    whole, part = (np.array([[0.3, v]]) for v in (0.1, np.nan))
    grid = np.linspace(-12, 12, 2001)
    each = [model.score_samples(Sequences([np.array([[0.3, v]])]))[0] for v in grid]
    summed = np.log(np.trapezoid(np.exp(each), grid))
    assert model.score_samples(Sequences([part]))[0] == pytest.approx(summed, abs=1e-6)
    assert model.score_samples(Sequences([whole]))[0] < 0
