"""Machines behind models, held against machines that are known."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from seqcompare import HMM, Automaton, MarkovChain, MarkovTagger, Sequences, minimal_machine
from seqcompare.models.machine.automaton import merged, pruned
from seqcompare.models.machine.kernels import expect_edges
from seqcompare.models.machine.search import _Data, _filled
from seqcompare.tasks import LinearSeries, Recall

BITS = np.arange(2)


def machine(transitions, proba, start=None, generates=True):
    n = len(transitions)
    start = np.full(n, 1 / n) if start is None else np.array(start, dtype=float)
    return Automaton(BITS, BITS, np.array(transitions), np.array(proba, dtype=float), start, generates)


GOLDEN = machine([[0, 1], [0, -1]], [[0.5, 0.5], [1, 0]])
EVEN = machine([[0, 1], [-1, 0]], [[0.5, 0.5], [0, 1]])
SHOWN = {
    # the same as HMMs, which show what they emit
    "golden": ([[0.5, 0.5], [1, 0]], np.eye(2), GOLDEN),
    "even": ([[0.5, 0.5, 0], [0, 0, 1], [0.5, 0.5, 0]], np.array([[1, 0], [0, 1], [0, 1]]), EVEN),
}


@pytest.mark.parametrize("name", SHOWN)
def test_the_machine_of_a_hidden_markov_model_is_found(name):
    transmat, emissions, truth = SHOWN[name]
    n = len(transmat)
    model = HMM.from_parameters(startprob=np.ones(n) / n, transmat=transmat, emissionprob=emissions)
    found = minimal_machine(model, model.sample(40, 100, random_state=0))
    assert found.automaton.same_as(truth)
    assert found.loss == pytest.approx(found.model_loss, abs=0.003)
    assert found.n_states == 2
    assert "A machine of 2 states does what the model does" in str(found)
    assert found.frame()["loss"].min() == pytest.approx(found.loss, abs=0.003)


def test_a_long_sequence_is_cut():
    model = MarkovChain(2).fit(["abcabcabcabc" * 20])
    found = minimal_machine(model, ["abcabc" * 200])
    assert found.n_states == 3
    assert found.automaton.predict(["ab"])[0].tolist() == ["b", "c"]


class Language:
    """A tagger that knows whether what was read so far is in a language."""

    classes_, causal = BITS, True

    def __init__(self, accepts):
        self.accepts = accepts

    def predict_proba(self, X):
        rows = [
            [
                [0.02, 0.98] if self.accepts("".join(map(str, x[: t + 1]))) else [0.98, 0.02]
                for t in range(len(x))
            ]
            for x in X
        ]
        return [np.array(row) for row in rows]


@pytest.mark.parametrize(
    ("accepts", "n_states"),
    [
        (lambda word: "0" not in word, 2),
        (lambda word: word == "10" * (len(word) // 2), 3),
        (lambda word: "000" not in word, 4),
        (lambda word: word.count("0") % 2 == 0 and word.count("1") % 2 == 0, 4),
    ],
    ids=["1*", "(10)*", "no 000", "even and even"],
)
def test_the_automaton_of_a_language_is_found(accepts, n_states):
    """Its transitions are right if it says of all words what the language says."""
    rng = np.random.default_rng(0)
    X = []
    for _ in range(150):
        word = ""
        for _ in range(rng.integers(3, 15)):
            ways = [w for w in (word + "0", word + "1") if accepts(w) or accepts(w + "0")] or [word + "0"]
            word = str(rng.choice(ways)) if rng.random() < 0.7 else word + str(rng.integers(2))
        X.append(np.array(list(map(int, word))))
    y = [np.array([int(accepts("".join(map(str, x[: t + 1])))) for t in range(len(x))]) for x in X]
    found = minimal_machine(Language(accepts), X, y)
    assert found.n_states == n_states
    words = [np.array(w) for w in product((0, 1), repeat=7)]
    said = found.automaton.predict(words)
    assert all(int(accepts("".join(map(str, w)))) == s[-1] for w, s in zip(words, said, strict=True))
    assert "says 1 1.00" in found.automaton.to_text()


class Forgetful(Language):
    """As `Language`, and at a loss after so many steps."""

    def predict_proba(self, X):
        rows = [row.copy() for row in super().predict_proba(X)]
        for row in rows:
            row[8:] = 0.5
        return rows


def test_states_in_which_the_model_only_errs_are_left_out():
    def accepts(word):
        return (word.count("0") - word.count("1")) % 3 == 0

    rng = np.random.default_rng(0)
    X = [rng.integers(0, 2, size=rng.integers(5, 25)) for _ in range(150)]
    y = [np.array([int(accepts("".join(map(str, x[: t + 1])))) for t in range(len(x))]) for x in X]
    found = minimal_machine(Forgetful(accepts), X, y)
    assert found.n_states == 3
    assert found.loss < 0.001 < found.model_loss


def test_recall_is_a_state_for_each_cue():
    task = Recall(8, n_cues=3)
    data = task.sample(60, 40, random_state=0)
    found = minimal_machine(task.exact_model(), data.X, sample_weight=data.sample_weight)
    assert found.n_states == 3
    assert found.loss < 0.01
    after = found.automaton.transitions
    cues = after[:, :3]
    assert (cues == cues[0]).all()  # a cue leads to its state, from anywhere
    assert sorted(cues[0].tolist()) == [0, 1, 2]
    assert (after[:, 3:] == np.arange(3)[:, None]).all()  # and nothing else leads out


def test_numbers_in_bins_have_no_finite_machine():
    x = LinearSeries(2, coefficients=(1.6, -0.8)).sample(60, 200, random_state=0).X
    cuts = np.quantile(x.values, [0.25, 0.5, 0.75])
    X = [np.searchsorted(cuts, row) for row in x]
    found = minimal_machine(MarkovChain(3).fit(X[:30]), X[30:], max_states=4)
    assert found.automaton is None
    assert found.n_states is None
    assert found.loss > found.model_loss + 0.01
    assert "No finite machine: none up to 4 states" in str(found)


def test_beliefs_are_those_of_all_ways_to_start():
    source = machine([[1, 0], [2, 1], [0, 0]], [[0.3, 0.7], [0.6, 0.4], [0.5, 0.5]], [0.2, 0.5, 0.3])
    for x in product((0, 1), repeat=5):
        weights = np.zeros(3)
        for first in range(3):
            state, p = first, source.start[first]
            for symbol in x:
                p *= source.proba[state, symbol]
                state = source.transitions[state, symbol]
            weights[state] += p
        assert source.follow([np.array(x)])[0][-1] == pytest.approx(weights / weights.sum())
    # a symbol that was never read is passed over, an edge that is never taken begins anew
    assert np.isfinite(source.predict_proba([[0, 7, 1]])[0]).all()
    assert GOLDEN.predict_proba([[1, 1]])[0].tolist() == [[1, 0], [0.75, 0.25]]


def test_expected_edges_are_those_of_all_paths():
    rng = np.random.default_rng(0)
    edges = rng.dirichlet(np.ones(6), 3).reshape(3, 2, 3)
    start, x = np.array([0.2, 0.3, 0.5]), np.array([0, 1, 1, 0])
    counts, expected, total = np.zeros((3, 2, 3)), np.zeros((3, 2, 3)), 0.0
    expect_edges(edges, start, x, np.array([0, 4]), counts)
    for path in product(range(3), repeat=5):
        p = start[path[0]] * np.prod([edges[path[t], x[t], path[t + 1]] for t in range(4)])
        total += p
        for t in range(4):
            expected[path[t], x[t], path[t + 1]] += p
    assert counts == pytest.approx(expected / total)


def test_states_that_are_copies_are_merged_and_others_left_out():
    # two copies of the even process, which lead into each other, and a state that nothing leads to
    twice = machine([[2, 1], [-1, 2], [0, 3], [-1, 0], [0, 1]], [[0.5, 0.5], [0, 1]] * 2 + [[0.9, 0.1]])
    kept = pruned(twice, np.arange(5) < 4)
    assert kept.start.sum() == pytest.approx(1)
    small = merged(kept, np.array([4, 3, 2, 1.0]), 0.05, read=kept.proba > 0)
    assert small.same_as(EVEN)
    # a state of which nothing was seen goes with any that leads to the same
    unseen = machine([[0, 1], [0, 1], [0, 1]], [[0.9, 0.1], [0.1, 0.9], [0.5, 0.5]], [0, 0, 1], False)
    read = np.ones((3, 2), dtype=bool)
    assert merged(unseen, np.array([1, 1, 0.0]), 0.05, read=read).n_states == 2


def test_machines_are_the_same_but_for_the_numbers_of_states():
    swapped = machine([[-1, 1], [1, 0]], [[0, 1], [0.5, 0.5]])
    assert EVEN.same_as(swapped)
    assert not EVEN.same_as(GOLDEN)
    assert not EVEN.same_as(replace(EVEN, proba=np.array([[0.6, 0.4], [0, 1]])))
    assert not EVEN.same_as(replace(EVEN, symbols=np.array(["a", "b"])))
    assert not machine([[0, 0]], [[0.5, 0.5]]).same_as(GOLDEN)


def test_a_machine_is_said_and_drawn():
    assert EVEN.to_text() == "state 0: 0 (0.50) -> 0; 1 (0.50) -> 1\nstate 1: 1 (1.00) -> 0"
    frame = EVEN.frame()
    assert frame[["state", "symbol", "next"]].values.tolist() == [[0, 0, 0], [0, 1, 1], [1, 1, 0]]
    svg = EVEN.to_svg()
    assert svg.startswith("<svg")
    assert "1 1.00" in svg
    labels = machine([[0, 1], [1, 0]], [[0.9, 0.1], [0.2, 0.8]], [1, 0], generates=False)
    assert "state 0 (start): says 0 0.90, 1 0.10; 0 -> 0; 1 -> 1" in labels.to_text()
    texts = [text.get_text() for text in labels.draw().texts]
    assert "0\n0 0.90" in texts
    assert len(labels.frame()) == 8


@pytest.mark.parametrize(
    ("model", "X", "more", "message"),
    [
        (MarkovChain(1).fit(["abab"]), ["ab"] * 20, {"max_states": 0}, "max_states must be an integer >= 1"),
        (MarkovChain(1).fit(["abab"]), [[0.5, 1.5]], {}, "is for fitted densities over symbols"),
        (HMM(1).fit([[0.5, 1.5, 0.7]]), ["ab"] * 20, {}, "is for fitted densities over symbols"),
        (MarkovTagger(1).fit(["ab"], [[0, 1]]), ["ab"] * 20, {}, "needs y"),
        (MarkovChain(1).fit(["abab"]), ["ab"], {}, "needs 3 sequences"),
        (MarkovChain(1).fit(["abab"]), ["a"] * 20, {}, "no step of X counts"),
        (MarkovChain(1).fit([range(50)]), [range(50)] * 20, {}, "takes up to 32 symbols"),
    ],
)
def test_what_cannot_be_done_is_said(model, X, more, message):
    with pytest.raises(ValueError, match=message):
        minimal_machine(model, X, **more)


def test_merging_ends_where_an_unseen_state_goes_with_two_others_in_turn():
    turning = machine([[0, 2], [1, 1], [0, 0]], [[0.9, 0.1], [0.5, 0.5], [0.5, 0.5]], [1, 0, 0])
    read = np.array([[True, False], [False, True], [True, True]])
    small = merged(turning, np.array([1.0, 0.0, 2.0]), 0.1, read=read)
    assert small.n_states == 2
    np.testing.assert_allclose(sorted(small.proba[:, 0]), [0.5, 0.9])


def test_an_edge_that_no_history_took_goes_where_the_data_go():
    """The label is the last of the symbols 0 and 1; from state 1 no history showed where 0 leads."""
    rng = np.random.default_rng(0)
    X = [rng.integers(0, 3, 30) for _ in range(40)]
    y = [[last_of_two(x[: t + 1]) for t in range(len(x))] for x in X]
    truth = np.array([[0, 1, 0], [0, 1, 1]])
    known = machine(truth, [[1.0, 0.0], [0.0, 1.0]], start=[1.0, 0.0], generates=False)
    known = replace(known, symbols=np.arange(3))
    lost = replace(known, transitions=np.array([[0, 1, 0], [-1, 1, 1]]))
    sequences = Sequences(X)
    data = _Data(sequences, np.concatenate(y), np.ones(sequences.n_steps))
    np.testing.assert_array_equal(_filled(lost, data, labels=True).transitions, truth)
    # what never comes leads nowhere still
    never = data._replace(sequences=Sequences([x % 2 for x in X]))
    gone = replace(known, transitions=np.array([[0, 1, -1], [0, 1, -1]]))
    np.testing.assert_array_equal(_filled(gone, never, labels=True).transitions, gone.transitions)


def last_of_two(x):
    """Return the last 0 or 1 of a word, 0 before the first."""
    found = x[x < 2]
    return int(found[-1]) if len(found) else 0
