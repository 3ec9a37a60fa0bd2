"""Answers in parts are those in one, and long data do not take memory for all of them."""

import tracemalloc

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from seqcompare import MarkovTagger, NextStep, RNNTagger, Sequences, WindowTagger
from seqcompare.models import next_step
from seqcompare.models.in_parts import proba_in_parts, runs
from seqcompare.models.recurrent import chunks

TAGGERS = {
    "chain": MarkovTagger(order=2),
    "window": WindowTagger(LogisticRegression(), before=3),
    "net": RNNTagger("gru", hidden_size=4, max_iter=1, random_state=0),
    "both ways": RNNTagger("elman", hidden_size=4, max_iter=1, bidirectional=True, random_state=0),
}


def data(n_symbols=5):
    rng = np.random.default_rng(0)
    return Sequences(rng.integers(0, n_symbols, 300), np.array([0, 150, 151, 170, 300]))


def test_runs_are_whole_sequences():
    X = Sequences(np.arange(10), np.array([0, 2, 4, 9, 10]))
    assert [part.values.tolist() for part in runs(X, 4)] == [[0, 1, 2, 3], [4, 5, 6, 7, 8], [9]]
    assert [part is X for part in runs(X, 10)] == [True]


@pytest.mark.parametrize("name", TAGGERS)
def test_a_tagger_answers_in_parts(name, monkeypatch):
    monkeypatch.setattr(chunks, "ROWS_AT_ONCE", 32)
    X = data()
    model = TAGGERS[name].fit(X, X)
    found = list(proba_in_parts(model, X, 40))
    assert len(found) > 2
    np.testing.assert_allclose(np.concatenate(found), model.predict_proba(X).values, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", ["chain", "window", "net"])
def test_next_steps_are_scored_in_parts(name, monkeypatch):
    X, new = data(), data(6)  # of which 5 is unknown
    model = NextStep(TAGGERS[name]).fit(X)
    whole = model.score_steps(new).values
    rows = model.predict_next_proba(new).values
    places = np.flatnonzero((new.step_index > 0) & (new.values < 5))
    np.testing.assert_allclose(whole[places], np.log(rows[places - 1, new.values[places]]), rtol=1e-12)
    monkeypatch.setattr(next_step, "PROBABILITIES", 5 * 40)
    np.testing.assert_allclose(model.score_steps(new).values, whole, rtol=1e-5)


@pytest.mark.parametrize("name", ["window", "net"])
def test_memory_of_scoring_a_long_sequence_does_not_grow_with_the_alphabet(name):
    X = Sequences(np.random.default_rng(0).integers(0, 50, 400_000), np.array([0, 400_000]))
    model = NextStep(TAGGERS[name]).fit(X.cut(np.array([0, 500]), np.arange(500)))
    tracemalloc.start()
    try:
        model.score_samples(X)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # the probabilities of all symbols are 50 numbers a step, and are written down more than once
    assert peak < 50 * X.n_steps * 8
