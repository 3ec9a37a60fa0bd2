"""Nothing beyond the order of a chain matters, however many contexts it has; what copies from afar does."""

import numpy as np
import pytest

import seqcompare


def chain(order, n_symbols, lengths, sparse, seed):
    """Return sequences of a chain whose every context has frequencies of its own."""
    rng, rows = np.random.default_rng(seed), {}
    X = []
    for n in lengths:
        x = list(rng.integers(0, n_symbols, order))
        for _ in range(n):
            context = tuple(x[-order:])
            if context not in rows:
                rows[context] = rng.dirichlet(np.full(n_symbols, sparse))
            x.append(rng.choice(n_symbols, p=rows[context]))
        X.append(np.array(x[order:]))
    return X


def copies(lag, n_symbols, share, successors, lengths, seed):
    """Return sequences in which a share of the steps copies one, and some follow the last one by one more."""
    rng = np.random.default_rng(seed)
    X = []
    for n in lengths:
        x = list(rng.integers(0, n_symbols, lag))
        for u in rng.random(n):
            last = (x[-1] + 1) % n_symbols if u < share + successors else rng.integers(n_symbols)
            x.append(x[-lag] if u < share else last)
        X.append(np.array(x[lag:]))
    return X


@pytest.mark.parametrize(
    ("order", "n_symbols", "lengths", "sparse"),
    [
        (2, 20, [200] * 50, 0.1),
        (2, 60, [400] * 25, 0.05),
        (1, 300, [100] * 30, 0.01),
        (3, 12, [250] * 30, 0.15),
        (1, 600, [300] * 10, 0.005),
    ],
)
def test_the_reach_of_a_chain_of_many_contexts_is_its_order(order, n_symbols, lengths, sparse):
    found = seqcompare.profile(chain(order, n_symbols, lengths, sparse, 1), max_lag=30, max_order=5)
    assert (found.reach, found.order) == (order, order)


@pytest.mark.parametrize("successors", [0.0, 0.3])
def test_a_copy_among_many_symbols_is_the_last_that_matters(successors):
    X = copies(8, 30, 0.3, successors, [300] * 20, 2)
    assert seqcompare.profile(X, max_lag=60, max_order=4).reach == 8


def test_steps_ahead_that_tell_together_are_looked_ahead_to():
    """The next step tells by itself, the parity of the two behind it only with both of them."""
    rng = np.random.default_rng(3)
    x = rng.integers(0, 4, (80, 63))
    y = np.where(x[:, 1:61] < 2, x[:, 1:61], (x[:, 2:62] + x[:, 3:63]) % 2)
    found = seqcompare.profile((list(x[:, :60]), list(y)), max_lag=20, max_order=4)
    assert (found.reach, found.look_ahead) == (None, 3)
