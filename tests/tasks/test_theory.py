"""What `can_represent` says, and nets made by hand that are as small as it says."""

import numpy as np
import pytest

from seqcompare import HMM
from seqcompare.tasks import (
    TASKS,
    Adding,
    Brackets,
    Copy,
    DelayedXor,
    Echo,
    HiddenRegimes,
    LagChain,
    Recall,
    TemporalOrder,
)

FAR = 1e3


@pytest.mark.parametrize(
    "task", [Recall(5), LagChain(5), Brackets(5), Echo(5), DelayedXor(5), Copy(5), TemporalOrder(5)], ids=repr
)
def test_a_chain_reaches_as_far_back_as_its_order(task):
    assert [task.can_represent("markov", order) for order in (0, 4, 5, 9)] == [False, False, True, True]


@pytest.mark.parametrize("task", [Recall(5), LagChain(5), Brackets(5)], ids=repr)
def test_a_window_that_predicts_the_next_step_reaches_its_width(task):
    assert [task.can_represent("window", width) for width in (1, 4, 5, 6)] == [False, False, True, True]
    with pytest.raises(ValueError, match="predicts the next step has after=0, got 1"):
        task.can_represent("window", 4, after=1)


@pytest.mark.parametrize("task", [Echo(5), Copy(5), DelayedXor(5)], ids=repr)
def test_a_window_that_labels_a_step_reaches_one_less(task):
    assert [task.can_represent("window", width) for width in (1, 5, 6, 7)] == [False, False, True, True]
    assert [task.can_represent("window", 7, after=after) for after in (0, 1, 2)] == [True, True, False]


def test_only_later_taps_and_nets_in_both_directions_look_ahead():
    task = Echo(-3)
    assert [task.can_represent("window", 8, after=after) for after in (0, 2, 3)] == [False, False, True]
    assert task.can_represent("markov", 8) is False
    assert task.can_represent("recurrent", 32, variant="lstm") is False
    assert task.can_represent("recurrent", 32, variant="bilstm") is True
    assert task.can_represent("recurrent", 32, causal=False) is True
    assert task.can_represent("hmm", 16) is False
    assert task.can_represent("hmm", 16, causal=False) is True


def test_linear_rules_solve_all_but_xor():
    for variant, expected in [("logistic", False), ("linear-svm", False), ("rbf-svm", True), ("mlp", True)]:
        assert DelayedXor(3).can_represent("window", 8, variant=variant) is expected
        assert Echo(3).can_represent("window", 8, variant=variant) is True


def test_windows_on_whole_sequences():
    for task in (TemporalOrder(5), Adding(5)):
        assert task.can_represent("window", 5) is False
        assert task.can_represent("window", 20) is None
    assert TemporalOrder(5).can_represent("window", 5, pooling="mean") is False
    assert Adding(5).can_represent("window", 5, pooling="mean") is None


def test_a_model_for_all_classes_needs_the_states_of_all():
    task = TemporalOrder(5)
    known = [task.can_represent("hmm", n, variant="hmm-predictive") for n in (2, 4, 8)]
    assert known == [False, None, True]
    assert task.can_represent("hmm", 2) is True  # of each class
    assert Recall(5).can_represent("hmm", 4, variant="hmm-predictive") is True
    assert Recall(5, n_cues=4).can_represent("hmm", 2, variant="hmm-predictive") is False
    assert Adding(5).can_represent("hmm", 8, variant="hmm-predictive") is not True


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        (Recall(64, n_cues=4), {3: False, 4: True}),
        (Echo(2), {3: False, 4: None, 8: True}),
        (DelayedXor(2), {3: False, 4: None, 8: True}),
        (Copy(4, n_items=2, n_symbols=3), {8: False, 9: None}),
        (LagChain(2, n_symbols=3), {8: False, 9: True}),
        (HiddenRegimes(16, n_regimes=3), {2: False, 3: True}),
        (Brackets(9), {1: False, 2: None, 59: None, 60: True}),
        (TemporalOrder(9), {1: False, 2: True}),
        (Adding(9), {100: False}),
    ],
    ids=repr,
)
def test_states_of_an_hmm(task, expected):
    assert {k: task.can_represent("hmm", k) for k in expected} == expected


def test_states_that_are_the_labels_carry_nothing():
    assert Echo(0).can_represent("hmm", 2, latent=False) is True
    for task in (Echo(1), Echo(-1), DelayedXor(1), Copy(4)):
        assert task.can_represent("hmm", 99, latent=False, causal=False) is False


def test_no_finite_past_is_all_of_a_regime():
    task = HiddenRegimes(16)
    for family in ("markov", "window", "recurrent"):
        assert task.can_represent(family, 64) is None


def test_families_without_numbers():
    assert Adding(3).can_represent("markov", 9) is False
    assert Adding(3).can_represent("hmm", 9) is False


@pytest.mark.parametrize("task", [task(5) for task in TASKS.values()], ids=repr)
def test_what_is_not_known_or_wrong(task):
    assert task.can_represent("reference", 0) is None
    assert task.can_represent("recurrent", 10_000, variant="jordan") is None
    with pytest.raises(ValueError, match=r"there is no family 'transformer'; there are markov, hmm, window"):
        task.can_represent("transformer", 1)
    with pytest.raises(ValueError, match="capacity of a hmm model is at least 1, got 0"):
        task.can_represent("hmm", 0)
    with pytest.raises(ValueError, match="after must be between 0 and capacity - 1 = 1, got 2"):
        task.can_represent("window", 2, after=2)
    with pytest.raises(ValueError, match=r"expected a cell of elman, jordan, mingru, .*, got 'qrnn'"):
        task.can_represent("recurrent", 2, variant="qrnn")


def test_two_states_a_class_tell_the_order():
    """In the first state the first mark may come, in the second the second; rare enough to stay."""
    task = TemporalOrder(7)
    dataset = task.sample(200, random_state=0)
    likelihood = []
    for first, second in [(0, 0), (0, 1), (1, 0), (1, 1)]:
        rare = 0.05 if first == second else 1e-6
        emission = np.zeros((2, 6))
        emission[0, first] = emission[1, second] = rare
        emission[:, 2:] = (1 - rare) / 4
        machine = HMM.from_parameters(
            startprob=[1, 0], transmat=[[0.9, 0.1], [0, 1]], emissionprob=emission, symbols=task.symbols
        )
        likelihood.append(machine.score_samples(dataset.X))
    proba = np.exp(likelihood - np.max(likelihood, axis=0)).T
    assert task.score(dataset, proba) == 1
    # sure of it, too
    assert (np.sort(proba, axis=1)[:, -2] < 1e-6).all()


def smallest_known(task, variant):
    return next(h for h in range(1, 200) if task.can_represent("recurrent", h, variant=variant))


def elman(dataset, W, U, b):
    """Return h[t] = tanh(W h[t-1] + U x[t] + b) at every step, shape (n_steps, units)."""
    W, U, b = np.asarray(W, float), np.asarray(U, float), np.asarray(b, float)
    inputs = dataset.X.values if dataset.X.kind == "real" else np.eye(U.shape[1])[dataset.X.values]
    states = []
    for start, stop in zip(dataset.X.offsets[:-1], dataset.X.offsets[1:], strict=True):
        h = np.zeros(len(W))
        for x in inputs[start:stop]:
            h = np.tanh(W @ h + U @ x + b)
            states.append(h)
    return np.array(states)


def bits_of(codes, n_bits):
    """Return numbers as signs, shape (n, n_bits)."""
    return 2 * (np.asarray(codes)[:, np.newaxis] >> np.arange(n_bits) & 1) - 1


def test_a_latch_a_bit_recalls():
    task = Recall(12, n_cues=4)
    dataset = task.sample(50, random_state=0)
    U = np.zeros((2, 9))
    U[:, :4] = 5 * bits_of(range(4), 2).T
    states = elman(dataset, 2 * np.eye(2), U, [0, 0])
    assert states.shape[1] == smallest_known(task, "elman")
    scores = np.full((len(states), 9), -FAR)
    scores[:, :4] = states @ bits_of(range(4), 2).T
    assert task.score(dataset, scores) == 1


@pytest.mark.parametrize("task", [Echo(3), Echo(0), Echo(2, n_symbols=3)], ids=repr)
def test_a_shift_register_echoes(task):
    n_bits = (task.n_symbols - 1).bit_length()
    units = (task.distance + 1) * n_bits
    U = np.zeros((units, task.n_symbols))
    U[:n_bits] = 5 * bits_of(range(task.n_symbols), n_bits).T
    dataset = task.sample(50, random_state=0)
    states = elman(dataset, 5 * np.eye(units, k=-n_bits), U, np.zeros(units))
    assert units == smallest_known(task, "elman")
    assert task.score(dataset, states[:, -n_bits:] @ bits_of(range(task.n_symbols), n_bits).T) == 1


@pytest.mark.parametrize("distance", [1, 4])
def test_a_shift_register_with_or_and_and_makes_xor(distance):
    task = DelayedXor(distance)
    units = distance + 2
    W, U, b = np.zeros((units, units)), np.zeros((units, 2)), np.zeros(units)
    W[:distance, :distance] = 5 * np.eye(distance, k=-1)
    U[0] = -5, 5
    W[distance:, distance - 1] = 5
    U[distance:] = -5, 5
    b[distance:] = 5, -5
    dataset = task.sample(50, random_state=0)
    states = elman(dataset, W, U, b)
    assert units == smallest_known(task, "elman")
    differs = states[:, -2] - states[:, -1] - 1
    assert task.score(dataset, np.column_stack([-differs, differs])) == 1


@pytest.mark.parametrize("task", [LagChain(1), LagChain(3), LagChain(4, n_symbols=2)], ids=repr)
def test_a_shift_register_with_a_unit_a_symbol_predicts_the_chain(task):
    n, n_bits = task.n_symbols, (task.n_symbols - 1).bit_length()
    stages = (task.distance - 1) * n_bits
    units = stages + n - 1
    W, U, b = np.zeros((units, units)), np.zeros((units, n)), np.zeros(units)
    codes = bits_of(range(n), n_bits)
    if stages:
        W[:stages, :stages] = 20 * np.eye(stages, k=-n_bits)
        U[:n_bits] = 20 * codes.T
        W[stages:, stages - n_bits : stages] = 20 * codes[1:]
        b[stages:] = -20 * (n_bits - 1)
    else:
        U[:] = -20
        U[:, 1:] += 40 * np.eye(n - 1)
    dataset = task.sample(50, random_state=0)
    on = (elman(dataset, W, U, b)[:, stages:] + 1) / 2
    assert units == smallest_known(task, "elman")
    oldest = np.column_stack([1 - on.sum(axis=1), on])
    logits = np.log(1 + n * task.fidelity / (1 - task.fidelity)) * np.roll(oldest, 1, axis=1)
    proba = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    best = task.score(dataset, task.optimal_proba(dataset.X))
    assert task.score(dataset, proba) == pytest.approx(best, abs=1e-6)


def test_three_latches_tell_the_order():
    task = TemporalOrder(6)
    K = 20
    W = [[2 * K, -2 * K, 0], [-2 * K, 2 * K, 0], [0, 0, K]]
    U = np.zeros((3, 6))
    U[:, 0] = 2 * K, -K, -3 * K
    U[:, 1] = -K, 2 * K, 3 * K
    U[0, 1], U[1, 0] = 0, 0
    # "A first" goes on with A unless "B first" is on, and stays on; the start is neither
    dataset = task.sample(100, random_state=0)
    states = elman(dataset, W, U, [-K, -K, 0])
    last = states[dataset.X.offsets[1:] - 1]
    assert last.shape[1] == smallest_known(task, "elman")
    first, second = last[:, 0] - last[:, 1], last[:, 2]
    scores = np.column_stack([first - second, first + second, -first - second, second - first])
    assert task.score(dataset, scores) == 1


def test_three_units_add():
    task = Adding(5)
    small, K = 1e-4, 40.0
    W = [[0, 0, 0], [0, 0, 0], [small, -small / 2, 1]]
    U = [[small, K], [0, 2 * K], [0, 0]]
    b = [-K, -K, small / 2]
    dataset = task.sample(200, random_state=0)
    states = elman(dataset, W, U, b)
    last = states[dataset.X.offsets[1:] - 1]
    assert last.shape[1] == smallest_known(task, "elman")
    newest = last[:, 0] + (1 - last[:, 1]) / 2
    # the first step adds a half, as the units start at 0 rather than off
    total = (last[:, 2] / small + newest - 0.5) / small
    assert task.score(dataset, total) < 1e-4


def test_one_gated_unit_adds():
    """An LSTM whose input gate is the flag, within the straight part of its tanh."""
    task = Adding(5)
    small = 1e-4
    dataset = task.sample(200, random_state=0)
    total = []
    for x in dataset.X:
        gate = 1 / (1 + np.exp(-40 * (2 * x[:, 1] - 1)))
        total.append(np.tanh(np.sum(gate * np.tanh(small * x[:, 0]))) / small)
    assert smallest_known(task, "lstm") == smallest_known(task, "gru") == 1
    assert task.score(dataset, total) < 1e-6


@pytest.mark.parametrize("task", [Copy(20, n_items=3), Copy(12, n_items=2, n_symbols=2)], ids=repr)
def test_slots_and_counters_copy(task):
    """An LSTM: cells for each item, latches that count the items in, and latches that count them out."""
    n, n_bits = task.n_items, (task.n_symbols - 1).bit_length()
    data = np.arange(n * n_bits).reshape(n, n_bits)
    came = n * n_bits + np.arange(n - 1)
    out = came[-1] + 1 + np.arange(n)
    units, S, K = out[-1] + 1, task.n_symbols, 60.0
    gates = {name: (np.zeros((units, units)), np.zeros((units, S + 2)), np.zeros(units)) for name in "iog"}
    W, U, b = gates["i"]
    U[data.ravel(), :S] = U[came, :S] = 1
    for slot in range(n):
        # an item is for this slot if the one before has come and this one has not
        cells = [*data[slot], *came[slot : slot + 1]]
        b[cells] = -1.5 if slot else -0.5
        if slot:
            W[cells, came[slot - 1]] = 1
        if slot < n - 1:
            W[data[slot], came[slot]] = -1
    U[out[0], task.go], b[out[0]] = 1, -0.5
    W[out[1:], out[:-1]], b[out[1:]] = 1, -0.5
    W, U, b = gates["o"]
    b[[*came, *out]] = 0.5
    b[data.ravel()] = -0.5
    for slot in range(n):
        W[data[slot], out[slot]] = 1
        if slot < n - 1:
            W[data[slot], out[slot + 1]] = -1
    W, U, b = gates["g"]
    b[[*came, *out]] = 1
    for slot in range(n):
        U[data[slot], :S] = bits_of(range(S), n_bits).T
    dataset = task.sample(60, random_state=0)
    states = []
    for x in dataset.X:
        h, c = np.zeros(units), np.zeros(units)
        for symbol in x:
            i, o, g = (np.tanh(K * (W @ h + U[:, symbol] + b)) for W, U, b in gates.values())
            c = c + (i + 1) / 2 * g
            h = (o + 1) / 2 * np.tanh(c)
            states.append(h)
    states = np.array(states)
    read = sum(states[:, data[slot]] for slot in range(n))
    assert units == smallest_known(task, "lstm")
    assert (
        task.score(dataset, np.column_stack([read @ bits_of(range(S), n_bits).T, -FAR + 0 * read[:, 0]])) == 1
    )
