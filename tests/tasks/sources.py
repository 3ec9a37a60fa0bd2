"""Oracles for the tasks: exact predictions by enumeration, and design matrices for scikit-learn."""

from collections import defaultdict

import numpy as np


def enumerate_predictions(start, follow, length):
    """Return {prefix: {symbol: p(symbol next | prefix, there is a next)}} for all prefixes up to `length`.

    `start` maps hidden states to probabilities; `follow(state)` yields (symbol, probability, next state).
    Everything that can happen is followed; nothing is shared with the package.
    """
    weights = {(): dict(start)}
    predictions = {}
    for _ in range(length + 1):
        longer = {}
        for prefix, states in weights.items():
            joint = defaultdict(lambda: defaultdict(float))
            for state, weight in states.items():
                for symbol, probability, then in follow(state):
                    if probability > 0:
                        joint[symbol][then] += weight * probability
            total = sum(sum(after.values()) for after in joint.values())
            if prefix and joint:
                predictions[prefix] = {s: sum(after.values()) / total for s, after in joint.items()}
            for symbol, after in joint.items():
                longer[(*prefix, symbol)] = after
        weights = longer
    return predictions


def assert_matches(task, predictions):
    """Hold the task's `optimal_proba` against enumerated predictions, prefix by prefix."""
    prefixes = list(predictions)
    rows = task.optimal_proba([list(prefix) for prefix in prefixes])
    expected = np.zeros((len(prefixes), len(task.classes)))
    for i, prefix in enumerate(prefixes):
        for symbol, probability in predictions[prefix].items():
            expected[i, symbol] = probability
    np.testing.assert_allclose([row[-1] for row in rows], expected, atol=1e-12)


def one_hot_taps(dataset, rows, taps, n_symbols):
    """Return the one-hot symbols at `rows - tap` for every tap, zeros outside the sequence."""
    x, step = dataset.X.values, dataset.X.step_index
    lengths = dataset.X.lengths[dataset.X.sequence_index]
    blocks = []
    for tap in taps:
        inside = (step[rows] >= tap) & (step[rows] - tap < lengths[rows])
        block = np.zeros((len(rows), n_symbols))
        block[inside, x[rows[inside] - tap]] = 1
        blocks.append(block)
    return np.hstack(blocks)


def bag_of_prefix(dataset, rows, n_symbols):
    """Return how often each symbol came before each of `rows`, in any order."""
    counts = np.zeros((dataset.X.n_steps, n_symbols))
    for a, b in zip(dataset.X.offsets[:-1], dataset.X.offsets[1:], strict=True):
        hot = np.eye(n_symbols)[dataset.X.values[a:b]]
        counts[a + 1 : b] = np.cumsum(hot, axis=0)[:-1]
    return counts[rows]


def answers(task, dataset):
    """Return the rows that count and what is to be answered there."""
    rows = np.flatnonzero(task.scored(dataset))
    truth = dataset.X.values if dataset.y is None else dataset.y.values
    return rows, truth[rows]
