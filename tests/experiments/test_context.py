"""The context curve on data whose reach is known."""

import numpy as np
import pytest

from seqcompare import SequenceDataset
from seqcompare.data.sequences import Sequences
from seqcompare.experiments.answer import fit_model
from seqcompare.experiments.contestants import contestants_for, problem_of
from seqcompare.experiments.context import Curve, influence_by_lag, trace_context
from seqcompare.experiments.data_source import metric_of
from seqcompare.experiments.splits import cut, plan_splits
from seqcompare.tasks import Recall


def split_of(data):
    split = plan_splits(data, 5).splits[0]
    return cut(data, split.train), cut(data, split.test)


def chosen(data, name, label):
    problem = problem_of(data, 0.8, 600.0)
    contestant = next(c for c in contestants_for(data, None, problem) if c.name == name)
    return problem, next(c for c in contestant.candidates if c.label == label)


def traced(data, name, label):
    train, test = split_of(data)
    problem, candidate = chosen(data, name, label)
    model, _ = candidate.build(problem, 0)
    fit_model(model, train)
    return (
        model,
        test,
        {
            curve.control: curve
            for curve in trace_context(candidate, problem, model, train, test, metric_of(test), 0)
        },
    )


def lagged(lag, role="step", n=60, length=40, seed=0):
    """Return random symbols, and as labels (or next symbols) those of `lag` steps before."""
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 3, (n, length))
    if role == "next":
        for t in range(lag, length):
            x[:, t] = np.where(rng.random(n) < 0.9, x[:, t - lag], x[:, t])
    X = Sequences(x)
    X = Sequences(X.values, X.offsets)
    labels = np.roll(x, lag, axis=1)
    unknown = slice(lag, None) if lag < 0 else slice(None, lag)
    labels[:, unknown] = 0
    y = None if role == "next" else Sequences(labels.ravel(), X.offsets)
    return SequenceDataset(X, y, None, role, "lagged")


@pytest.mark.parametrize("lag", [1, 3])
def test_a_chain_needs_its_order(lag):
    _, _, curves = traced(lagged(lag, "next"), "Markov chain", "Markov order 4")
    assert list(curves) == ["limited"]
    assert curves["limited"].needed() == lag
    assert curves["limited"].contexts[-1] == 4


def test_labels_need_the_present_step_too():
    _, _, curves = traced(lagged(2), "window", "logistic window 4")
    assert curves["limited"].needed() == 3


def test_what_looks_ahead_is_traced_forwards():
    _, _, curves = traced(lagged(-2), "window (looks ahead)", "logistic window -4..+4")
    assert curves["ahead"].needed() == 2
    assert curves["limited"].needed() == 1


def test_a_network_needs_what_it_was_taught():
    data = Recall(distance=6).sample(300, None, np.random.default_rng(0))
    _, _, curves = traced(data, "recurrent", "GRU 8")
    assert curves["truncated"].needed() == 6
    # of six steps one is a cue, and it is known wherever it stands
    assert curves["reordered"].contexts[-1] == 6
    assert curves["reordered"].needed() == 1


def test_sequences_need_their_last_steps():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 2, (200, 16))
    X = Sequences(x)
    data = SequenceDataset(Sequences(X.values, X.offsets), x[:, -3], None, "sequence", "third last")
    _, _, curves = traced(data, "window", "logistic window 8, last")
    assert list(curves) == ["limited", "truncated", "reordered"]
    # with the last two in their places, the third last is in its own
    assert [curves[name].needed() for name in curves] == [3, 3, 2]


def test_the_influence_of_a_chain_ends_at_its_order():
    model, test, _ = traced(lagged(2, "next"), "Markov chain", "Markov order 2")
    influence = {row["lag"]: row["influence"] for row in influence_by_lag(model, test, 0)}
    assert influence[2] > 0.3
    assert influence[1] < 0.1
    assert all(influence[lag] == 0 for lag in influence if lag > 2)


def test_a_density_is_curved_by_the_step_alone_in_whatever_units():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 2, (40, 40))
    for t in range(2, 40):
        x[:, t] = np.where(rng.random(40) < 0.95, x[:, t - 2], x[:, t])
    steps = 4.0 * x + rng.normal(0, 0.4, x.shape)
    found = []
    for unit in (1.0, 1e-3):
        X = Sequences(unit * steps)
        X = Sequences(X.values, X.offsets)
        data = SequenceDataset(X, None, None, "next", "every other")
        _, test, curves = traced(data, "HMM", "HMM 4 states")
        found.append(curves["truncated"])
        assert found[-1].needed() == 2
        # each position counts once, however much of what came before is shown
        assert {s[:, 0].sum() for s in found[-1].sums} == {test.X.n_steps - len(test)}
    behind = [[row["behind"] for row in curve.rows()] for curve in found]
    np.testing.assert_allclose(behind[0], behind[1], atol=1e-6)
    assert behind[0][0] > 0.3


def test_a_single_series_has_beginnings_enough_to_forget_its_own():
    """A model that knew three beginnings by heart was .7 bit behind when shown a single step."""
    rng = np.random.default_rng(0)
    x = 2.0 * (np.cumsum(rng.random(1500) < 0.05) % 2) + rng.normal(size=1500)
    _, _, curves = traced(
        SequenceDataset(Sequences([x]), None, None, "next", "series"), "HMM", "HMM 2 states"
    )
    assert curves["truncated"].rows()[0]["behind"] < 0.3
    assert 2 <= curves["truncated"].needed() <= 5


def test_one_unit_alone_must_be_practically_equal():
    sums = [np.array([[40.0, loss, loss]]) for loss in (20.0, 4.2, 4.0)]
    assert Curve("limited", [1, 2, 4], sums, 0.01).needed() == 2
    assert Curve("limited", [1, 2, 4], sums, 0.001).needed() == 4


@pytest.mark.parametrize(("n_groups", "n_units"), [(2, 20), (4, 20), (5, 5)])
def test_very_few_groups_give_way_to_sequences(n_groups, n_units):
    rng = np.random.default_rng(0)
    x = rng.integers(0, 2, (100, 6))
    X = Sequences(x)
    groups = np.repeat(np.arange(5 * n_groups), 100 // (5 * n_groups))
    data = SequenceDataset(
        Sequences(X.values, X.offsets), x[:, -2], None, "sequence", "second last", groups=groups
    )
    _, test, curves = traced(data, "window", "logistic window 4, last")
    assert (len(np.unique(test.groups)), len(test)) == (n_groups, 20)
    for curve in curves.values():
        assert {len(sums) for sums in curve.sums} == {n_units}
    assert [curves[name].needed() for name in ("limited", "truncated")] == [2, 2]


def test_needed_is_within_an_error_or_the_tolerance_of_the_best():
    ones = np.ones(50)
    noise = 0.1 * np.tile([1.0, -1.0], 25)
    sums = [np.column_stack([ones, loss, loss]) for loss in (ones + 0.5, ones + noise + 0.012, ones)]
    assert Curve("limited", [1, 2, 4], sums, 0.0).needed() == 2
    exact = [np.column_stack([ones, loss, loss]) for loss in (ones + 0.5, ones + 0.012, ones)]
    assert Curve("limited", [1, 2, 4], exact, 0.0).needed() == 4
    assert Curve("limited", [1, 2, 4], exact, 0.02).needed() == 2
