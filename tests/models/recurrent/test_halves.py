"""Large batches run as two halves: nothing depends on how many threads run them."""

import signal
import threading

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from seqcompare import RNNClassifier, RNNTagger
from seqcompare.experiments import threads as trials
from seqcompare.models.recurrent import chunks, threads
from seqcompare.models.recurrent.answering import answer
from seqcompare.models.recurrent.architecture import Architecture
from seqcompare.models.recurrent.cells import CELLS
from seqcompare.models.recurrent.chunks import Examples, gradients, halves
from seqcompare.models.recurrent.network import Network
from seqcompare.models.recurrent.packing import longest_first
from seqcompare.models.recurrent.threads import one_thread, side_by_side

RNG = np.random.default_rng(0)
LENGTHS = np.array([9, 2, 7, 7, 1, 5, 3])
OFFSETS = np.concatenate([[0], np.cumsum(LENGTHS)])
SIGNALS = [RNG.normal(size=(size, 2)) for size in RNG.integers(3, 12, 40)]
LABELS = [(np.cumsum(x[:, 0]) > 0).astype(int) for x in SIGNALS]
UNDIVIDED, ALWAYS = (np.inf, np.inf, np.inf), (2, 0, 0)


def make(cell, pooling, *, symbols=False, bidirectional=False, hidden=4):
    network = Network(
        Architecture(cell, "tanh", hidden, 2, bidirectional, symbols, 3, 0, 2, pooling, "softmax"), reuse=True
    )
    rng = np.random.default_rng(1)
    n = OFFSETS[-1]
    n_items = n if pooling == "none" else len(LENGTHS)
    weights = rng.uniform(0.5, 2, n_items)
    if pooling == "none":
        weights[OFFSETS[0] : OFFSETS[1]] = 0  # half of a chunk of time without anything to learn
        weights[1::3] = 0
    x = rng.integers(0, 4, n) if symbols else rng.normal(size=(n, 3))
    flat = network.initial(rng, 5, np.float64)
    return network, flat, Examples(x, OFFSETS, rng.integers(0, 2, n_items), weights)


def updates(network, flat, examples, truncation=None):
    batch = np.arange(len(LENGTHS))
    rng = np.random.default_rng(0)
    return list(gradients(network, flat, examples, batch, truncation, (0.0, 0.0), rng))


@pytest.mark.parametrize("truncation", [None, 2])
@pytest.mark.parametrize("pooling", ["none", "last", "mean", "attention"])
@pytest.mark.parametrize("cell", CELLS)
def test_halves_have_the_gradient_and_the_answers_of_a_batch(cell, pooling, truncation, monkeypatch):
    network, flat, examples = make(cell, pooling, symbols=truncation is None)
    found = []
    for sizes in (UNDIVIDED, ALWAYS):
        monkeypatch.setattr(chunks, "_HALVED", sizes)
        found.append(updates(network, flat, examples, truncation))
        found[-1].append(answer(network, flat, examples.inputs, examples.offsets))
    for whole, both in zip(*(each[:-1] for each in found), strict=True):
        assert both.loss == pytest.approx(whole.loss, rel=1e-12)
        assert both.weight == pytest.approx(whole.weight, rel=1e-12)
        np.testing.assert_allclose(both.gradient, whole.gradient, rtol=1e-9, atol=1e-14)
    np.testing.assert_allclose(found[1][-1], found[0][-1], rtol=1e-12)


def test_halves_of_long_batches_have_their_gradient(monkeypatch):
    network, flat, examples = make("lstm", "none")
    monkeypatch.setattr(chunks, "MOST_KEPT", 10)
    monkeypatch.setattr(chunks, "ROWS_AT_ONCE", 6)
    monkeypatch.setattr(chunks, "_HALVED", UNDIVIDED)
    (whole,) = updates(network, flat, examples)
    monkeypatch.setattr(chunks, "_HALVED", ALWAYS)
    (both,) = updates(network, flat, examples)
    np.testing.assert_allclose(both.gradient, whole.gradient, rtol=1e-9, atol=1e-14)


def sizes_of(hidden, lengths, truncation=None):
    """Return how many sequences there are in each part of a batch."""
    network = Network(Architecture("gru", "tanh", hidden, 1, False, True, 3, 0, 2, "none", "softmax"))
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    chosen = longest_first(offsets, np.arange(len(lengths)))
    parts = halves(network, offsets, chosen, truncation)
    assert sorted(np.concatenate([some for _, some in parts])) == list(range(len(lengths)))
    return [len(some) for _, some in parts]


def test_batches_are_halved_by_their_size_alone():
    for n_threads in (1, 2):
        with threadpool_limits(n_threads), one_thread():
            assert sizes_of(128, [50] * 65) == [33, 32]
            assert sizes_of(256, [50] * 32) == [16, 16]
            assert sizes_of(32, [50] * 256) == [128, 128]
            assert sizes_of(32, [50] * 32) == [32]  # little to do at each step
            assert sizes_of(1000, [50] * 31) == [31]  # few sequences
            assert sizes_of(128, [20] * 64) == [64]  # short ones
            assert sizes_of(128, [50] * 64, truncation=20) == [64]


def test_halves_are_as_long_as_each_other():
    offsets = np.concatenate([[0], np.cumsum(np.arange(1, 101))])
    network = Network(Architecture("gru", "tanh", 128, 1, False, True, 3, 0, 2, "none", "softmax"))
    (_, a), (_, b) = halves(network, offsets, longest_first(offsets, np.arange(100)), None)
    assert np.diff(offsets)[a].sum() - np.diff(offsets)[b].sum() == 50


@pytest.fixture
def seen(monkeypatch):
    """Halve everything, on a machine of two cores; return the names of the threads that run networks."""
    names, run = set(), Network.run

    def watched(*args, **how):
        names.add(threading.current_thread().name)
        return run(*args, **how)

    monkeypatch.setattr(Network, "run", watched)
    monkeypatch.setattr(chunks, "_HALVED", ALWAYS)
    monkeypatch.setattr(threads.joblib, "cpu_count", lambda: 2)
    return names


@pytest.mark.parametrize("how", [{}, {"dropout": 0.3, "recurrent_dropout": 0.2}, {"truncation": 4}])
@pytest.mark.parametrize("kind", [RNNTagger, RNNClassifier])
def test_one_thread_and_two_give_the_same_weights(kind, how, seen):
    y = LABELS if kind is RNNTagger else [x[-1] for x in LABELS]
    fits = []
    for n_threads in (1, 2):
        seen.clear()
        with threadpool_limits(n_threads):
            model = kind("lstm", hidden_size=20, batch_size=16, max_iter=3, random_state=0, **how)
            fits.append(model.fit(SIGNALS, y))
            assert len(seen) == n_threads
            seen.clear()
            fits.append(np.concatenate([np.atleast_2d(p) for p in model.predict_proba(SIGNALS)]))
            assert len(seen) == n_threads
    np.testing.assert_array_equal(fits[0].weights_, fits[2].weights_)
    np.testing.assert_array_equal(fits[1], fits[3])
    assert fits[0].loss_curve_ == fits[2].loss_curve_


def test_one_core_runs_one_half_after_the_other(seen, monkeypatch):
    monkeypatch.setattr(threads.joblib, "cpu_count", lambda: 1)
    with threadpool_limits(2):
        RNNTagger("lstm", hidden_size=4, max_iter=1, random_state=0).fit(SIGNALS, LABELS)
    assert seen == {threading.current_thread().name}


def test_a_trial_runs_one_half_after_the_other(seen):
    with threadpool_limits(2), trials.one_thread():
        RNNTagger("lstm", hidden_size=4, max_iter=1, random_state=0).fit(SIGNALS, LABELS)
    assert seen == {threading.current_thread().name}


def stepping(log, name, error=None):
    for step in range(3):
        if error is not None and step == 1:
            error()
        log.append(name)
        yield name, step, threading.current_thread().name


def test_iterators_end_when_they_end(seen):
    with threadpool_limits(2), one_thread():
        long, short = stepping([], "a"), iter([1])
        given = list(side_by_side([long, short]))
    assert [len(items) for items in given] == [2, 1, 1]
    assert [items[0][:2] for items in given] == [("a", 0), ("a", 1), ("a", 2)]


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize("failing", [0, 1])
def test_what_is_raised_in_a_half_comes_out(failing, n_threads, seen):
    def fail():
        raise ZeroDivisionError("of a half")

    log = []
    walks = [stepping(log, k, fail if k == failing else None) for k in range(2)]
    with threadpool_limits(n_threads), pytest.raises(ZeroDivisionError, match="of a half"), one_thread():
        for _ in side_by_side(walks):
            pass
    assert log[:2] in ([0, 1], [1, 0])
    assert log.count(failing) == 1


def test_an_interrupt_comes_out_once_the_other_half_has_made_its_step(seen):
    began, interrupted, ended = threading.Event(), threading.Event(), []

    def interrupt():
        assert began.wait(60)
        signal.raise_signal(signal.SIGINT)

    def slow():
        yield 0
        began.set()
        interrupted.wait(0.2)
        ended.append(threading.current_thread())
        yield 1

    with threadpool_limits(2), pytest.raises(KeyboardInterrupt), one_thread():
        for _ in side_by_side([stepping([], "first", interrupt), slow()]):
            pass
    assert len(ended) == 1
    assert ended[0] is not threading.current_thread()
    assert not ended[0].is_alive()
