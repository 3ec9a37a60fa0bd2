from collections import Counter
from itertools import product

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sources import answers, assert_matches, bag_of_prefix, enumerate_predictions, one_hot_taps

from seqcompare import Sequences
from seqcompare.tasks import Brackets
from seqcompare.tasks.dyck import count_completions, innermost_openers, opening_probabilities


def words(length, max_depth):
    """Return every well-nested word of one kind of bracket, by trying them all."""
    return [
        word
        for word in product((1, -1), repeat=length)
        if (heights := np.cumsum((0, *word))).min() == 0 and heights[-1] == 0 and heights.max() <= max_depth
    ]


@pytest.mark.parametrize("max_depth", [1, 2, 3, 4])
@pytest.mark.parametrize("length", [0, 2, 6, 10])
def test_words_are_counted(length, max_depth):
    assert count_completions(length, max_depth)[length][0] == len(words(length, max_depth))


def test_unbounded_words_are_catalan():
    assert [count_completions(2 * n, n)[2 * n][0] for n in range(1, 8)] == [1, 2, 5, 14, 42, 132, 429]


def test_opening_probabilities_make_words_uniform():
    table = opening_probabilities(8, 3)
    every = words(8, 3)
    for word in every:
        chance, height = 1.0, 0
        for t, step in enumerate(word):
            chance *= table[8 - t, height] if step == 1 else 1 - table[8 - t, height]
            height += step
        assert chance == pytest.approx(1 / len(every), rel=1e-12)


def match(x, n_types):
    """Return the opener of each closer, by a stack."""
    stack, partner = [], {}
    for t, symbol in enumerate(x):
        if symbol < n_types:
            stack.append(t)
        else:
            partner[t] = stack.pop()
            assert x[partner[t]] == symbol - n_types
    assert not stack
    return partner


@pytest.mark.parametrize("task", [Brackets(1), Brackets(7, n_types=3), Brackets(9, max_depth=2)], ids=repr)
def test_sequences_nest_and_hold_a_planted_pair(task):
    dataset = task.sample(400, random_state=0)
    scored = dataset.X.with_values(task.scored(dataset))
    for x, w, s in zip(dataset.X, dataset.sample_weight, scored, strict=True):
        partner = match(x, task.n_types)
        depth = np.cumsum(np.where(x < task.n_types, 1, -1))
        assert depth.max() <= task.max_depth
        np.testing.assert_array_equal(np.flatnonzero(w), sorted(partner))
        np.testing.assert_array_equal(
            np.flatnonzero(s), sorted(t for t, o in partner.items() if t - o == task.distance)
        )
        # at the top level, as planted
        assert any(depth[t] == 0 for t in np.flatnonzero(s))


def test_inner_words_are_uniform():
    """Of the top-level pairs of one length, those in contexts are not uniform: plant with none around."""
    task = Brackets(9, max_depth=4)
    planted = task._planted(np.random.default_rng(0), 28000)
    assert planted[:, 0].all()
    assert not planted[:, -1].any()
    counts = Counter(map(tuple, np.where(planted[:, 1:-1], 1, -1)))
    every = words(8, 3)
    assert set(counts) == set(every)
    expected = 28000 / len(every)
    chi2 = sum((counts[word] - expected) ** 2 / expected for word in every)
    # 12 degrees of freedom: above 33 once in a thousand
    assert len(every) == 13
    assert chi2 < 33


def test_types_are_uniform_and_independent_of_the_shape():
    task = Brackets(5, n_types=3)
    dataset = task.sample(3000, random_state=1)
    openers = dataset.X.values[dataset.X.values < 3]
    shares = np.bincount(openers) / len(openers)
    assert np.abs(shares - 1 / 3).max() < 4 * 0.5 / np.sqrt(len(openers))
    pairs = np.bincount(3 * openers[:-1] + openers[1:], minlength=9) / (len(openers) - 1)
    assert np.abs(pairs - 1 / 9).max() < 4 * 0.32 / np.sqrt(len(openers))


def test_innermost_openers_by_a_stack():
    dataset = Brackets(7).sample(50, random_state=2)
    inner = innermost_openers(dataset.X, dataset.X.values < 2)
    expected = []
    for start, x in zip(dataset.X.offsets[:-1], dataset.X, strict=True):
        stack = []
        for t, symbol in enumerate(x):
            stack.append(start + t) if symbol < 2 else stack.pop()
            expected.append(stack[-1] if stack else -1)
    np.testing.assert_array_equal(inner, expected)


def source(task):
    """Return the definition as a machine: a context, the planted word (any, equally often), a context."""
    types, depth = range(task.n_types), task.max_depth
    inner = words(task.distance - 1, depth - 1)

    def symbols(opens, stack, probability, state):
        if opens:
            for kind in types:
                yield kind, probability / task.n_types, (state, (*stack, kind))
        else:
            yield task.n_types + stack[-1], probability, (state, stack[:-1])

    def follow(whole):
        state, stack = whole
        if isinstance(state, tuple):
            rest = state[1:]
            yield from symbols(state[0] == 1, stack, 1.0, rest if rest else "past")
        elif not stack:
            if state == "to come":
                for word in inner:
                    yield from symbols(True, stack, 0.5 / len(inner), (*word, -1))
            yield from symbols(True, stack, 0.5, state)
        elif len(stack) == depth:
            yield from symbols(False, stack, 1.0, state)
        else:
            yield from symbols(True, stack, 0.5, state)
            yield from symbols(False, stack, 0.5, state)

    return follow


@pytest.mark.parametrize(
    ("task", "length"),
    [(Brackets(1), 6), (Brackets(3, max_depth=2), 8), (Brackets(5, max_depth=3), 7)],
    ids=repr,
)
def test_optimum_is_that_of_the_definition(task, length):
    assert_matches(task, enumerate_predictions({("to come", ()): 1.0}, source(task), length))


def test_chance_is_what_is_left_without_the_opener():
    task = Brackets(7)
    train, test = (task.sample(3000, random_state=seed) for seed in (0, 1))

    def accuracy(features):
        forest = RandomForestClassifier(20, min_samples_leaf=5, random_state=0)
        rows, truth = answers(task, train)
        forest.fit(features(train, rows), truth)
        rows, truth = answers(task, test)
        return (forest.predict(features(test, rows)) == truth).mean()

    def window(reach):
        return lambda dataset, rows: one_hot_taps(dataset, rows, range(1, reach + 1), 4)

    noise = 0.5 / np.sqrt(task.scored(test).sum())
    assert abs(accuracy(window(1)) - task.chance_score) < 4 * noise
    assert abs(accuracy(window(6)) - task.chance_score) < 4 * noise
    assert accuracy(window(7)) > 0.9
    # whoever can count all brackets so far knows which type is still open
    assert accuracy(lambda dataset, rows: bag_of_prefix(dataset, rows, 4)) > 0.7


def test_hand_made_machine_closes_as_it_should():
    for task in (Brackets(33), Brackets(5, n_types=3, max_depth=2)):
        dataset = task.sample(200, random_state=3)
        machine = task.exact_model()
        proba = machine.predict_next_proba(dataset.X)
        assert task.score(dataset, proba, machine.symbols_) == 1
        # any closer, not only those that are scored
        rows = np.flatnonzero(dataset.sample_weight.values)
        closers = proba.values[rows - 1, task.n_types :]
        np.testing.assert_array_equal(closers.argmax(axis=1) + task.n_types, dataset.X.values[rows])


def test_sequences_that_do_not_nest_raise():
    task = Brackets(3, max_depth=2)
    for x, step, expected in [
        ([0, 2, 2], 2, "that leaves 0 to 2 brackets open"),
        ([0, 0, 0], 2, "that leaves 0 to 2 brackets open"),
        ([0, 1, 2], 2, "that closes the innermost bracket"),
    ]:
        with pytest.raises(ValueError, match=rf"X\[1\] .* at step {step} expected one {expected}, got"):
            task.optimal_proba([[0, 2], x])
    with pytest.raises(ValueError, match="expected length=None, got 40"):
        task.sample(3, length=40)


def test_scored_needs_nothing_but_the_data():
    task = Brackets(3)
    dataset = task.sample(10, random_state=0)
    rebuilt = Sequences([list(x) for x in dataset.X])
    assert rebuilt.n_steps == len(task.scored(dataset.take(np.arange(10))))
