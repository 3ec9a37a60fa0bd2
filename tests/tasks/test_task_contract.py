"""What holds for every task."""

import subprocess
import sys

import numpy as np
import pytest

from seqcompare.tasks import (
    TASKS,
    Adding,
    Brackets,
    Copy,
    Counts,
    DelayedXor,
    Echo,
    HiddenRegimes,
    KeyedRecall,
    LagChain,
    LinearSeries,
    LongMemory,
    NoisyState,
    Recall,
    Renewal,
    SwitchingAutoregression,
    TemporalOrder,
    ThresholdAutoregression,
    Volatility,
)
from seqcompare.testing import OneTask, yield_checks

TASK_LIST = [
    Recall(5),
    Recall(2, n_cues=3, n_fillers=1, noise=0.2),
    Echo(3),
    Echo(-2, n_symbols=3),
    DelayedXor(2),
    Copy(5),
    LagChain(3),
    HiddenRegimes(8),
    Brackets(5),
    TemporalOrder(4),
    Adding(4),
    KeyedRecall(4, n_pairs=3),
    LinearSeries(3),
    LinearSeries(2, coefficients=(1.6, -0.8)),
    NoisyState(8),
    LongMemory(20),
    Volatility(4),
    ThresholdAutoregression(2),
    SwitchingAutoregression(8),
    Counts(2),
    Renewal(),
]


def test_all_tasks_are_listed_by_name():
    assert list(TASKS) == [
        "Recall",
        "Echo",
        "DelayedXor",
        "Copy",
        "LagChain",
        "HiddenRegimes",
        "Brackets",
        "TemporalOrder",
        "Adding",
        "KeyedRecall",
        "LinearSeries",
        "NoisyState",
        "LongMemory",
        "Volatility",
        "ThresholdAutoregression",
        "SwitchingAutoregression",
        "Counts",
        "Renewal",
    ]
    assert all(task(5).name == name for name, task in TASKS.items())


@pytest.mark.parametrize(
    "check",
    [
        pytest.param(check, id=f"{task!r}-{check.name}")
        for task in TASK_LIST
        for check in yield_checks(OneTask(task))
    ],
)
def test_the_contract_is_kept(check):
    check()


@pytest.mark.parametrize("task", [t for t in TASK_LIST if t.name != "Brackets"], ids=repr)
def test_all_tasks_but_brackets_take_a_length(task):
    assert (task.sample(50, length=40, random_state=0).X.lengths == 40).all()


@pytest.mark.parametrize("task", TASK_LIST, ids=repr)
def test_too_short_a_length_or_no_sequences_raise(task):
    with pytest.raises(ValueError, match="n_sequences must be at least 1, got 0"):
        task.sample(0)
    with pytest.raises(ValueError, match=r"got 2$"):
        task.sample(5, length=2)


def test_wrong_outputs_raise():
    task = Recall(4)
    dataset = task.sample(20, random_state=0)
    proba = task.optimal_proba(dataset.X).values
    with pytest.raises(
        ValueError, match=r"expected outputs for 480 steps or sequences, got shape \(479, 7\)"
    ):
        task.score(dataset, proba[1:])
    with pytest.raises(ValueError, match="a column for each of 7 symbols, got 6"):
        task.score(dataset, proba[:, 1:])
    with pytest.raises(ValueError, match=r"has classes \[0, 1, 2, 3, 4, 5, 6\], got \[7, 1, 2, 3, 4, 5, 6\]"):
        task.score(dataset, proba, np.array([7, 1, 2, 3, 4, 5, 6]))
    with pytest.raises(ValueError, match="must be finite, got NaN or infinity"):
        task.score(dataset, proba * np.nan)
    chain = LagChain(2)
    dataset = chain.sample(20, random_state=0)
    with pytest.raises(ValueError, match="scored in bits: expected probabilities, got labels"):
        chain.score(dataset, dataset.X)
    with pytest.raises(ValueError, match=r"add up to 1, got a sum of 2\.0"):
        chain.score(dataset, 2 * chain.optimal_proba(dataset.X).values)


def test_data_without_anything_to_score_raise():
    task = Recall(4)
    dataset = task.sample(400, length=5, random_state=0)
    empty = dataset.take(~np.add.reduceat(task.scored(dataset), dataset.X.offsets[:-1]))
    with pytest.raises(ValueError, match="sequences of Recall counts"):
        task.score(empty, task.optimal_proba(empty.X))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Recall(1), "Recall needs distance >= 2, got 1"),
        (lambda: Recall(4, n_cues=1), "Recall needs n_cues >= 2, got 1"),
        (lambda: Recall(4, n_fillers=0), "Recall needs n_fillers >= 1, got 0"),
        (lambda: Recall(4, noise=1.0), r"Recall needs noise in \[0, 1\), got 1.0"),
        (lambda: Echo(2, n_symbols=1), "Echo needs n_symbols >= 2, got 1"),
        (lambda: DelayedXor(0), "DelayedXor needs distance >= 1, got 0"),
        (lambda: Copy(3), "Copy needs distance > n_items, got distance=3 and n_items=3"),
        (lambda: LagChain(0), "LagChain needs distance >= 1, got 0"),
        (lambda: LagChain(1, fidelity=1.0), "LagChain needs fidelity between 0 and 1, got 1.0"),
        (lambda: HiddenRegimes(3), "HiddenRegimes needs distance >= 4, got 3"),
        (lambda: HiddenRegimes(4, n_regimes=5), "n_symbols >= n_regimes, got n_symbols=4 and n_regimes=5"),
        (lambda: HiddenRegimes(4, contrast=0.0), "HiddenRegimes needs contrast between 0 and 1, got 0.0"),
        (lambda: Brackets(4), "Brackets needs an odd distance, .* got 4"),
        (lambda: Brackets(3, max_depth=1), "Brackets needs max_depth >= 2, got 1"),
        (lambda: TemporalOrder(0), "TemporalOrder needs distance >= 1, got 0"),
        (lambda: Adding(0), "Adding needs distance >= 1, got 0"),
        (lambda: LinearSeries(1, strength=1.0), "strength between -1 and 1 and not 0, got 1.0"),
        (lambda: LinearSeries(1, coefficients=(0.5, 0.2)), "a coefficient for each lag up to distance=1"),
        (lambda: LinearSeries(2, coefficients=(1.0, 0.1)), "needs a stationary series"),
        (lambda: NoisyState(1), "NoisyState needs distance >= 2, got 1"),
        (lambda: NoisyState(4, noise=0.0), "NoisyState needs noise > 0, got 0.0"),
        (lambda: LongMemory(5, d_frac=0.5), "LongMemory needs d_frac between 0 and 0.5, got 0.5"),
        (lambda: Volatility(2, shock=0.5), "Volatility needs shock between 0 and 1 - 1/distance, got 0.5"),
        (lambda: SwitchingAutoregression(3), "SwitchingAutoregression needs distance >= 4, got 3"),
        (lambda: Counts(1, survival=1.0), "Counts needs survival between 0 and 1, got 1.0"),
        (lambda: Counts(1, arrivals=0.0), "Counts needs arrivals > 0, got 0.0"),
        (lambda: Renewal(5, spread=5), "Renewal needs spread < distance, got spread=5 and distance=5"),
    ],
)
def test_illegal_parameters_raise(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("value", [2.5, True, "4", None])
def test_parameters_that_are_no_integers_raise(value):
    with pytest.raises(TypeError, match=f"Recall needs an integer distance, got {value!r}"):
        Recall(value)


@pytest.mark.parametrize("asked", [-3, 0, 1, 2, 3, 4, 8, 9])
@pytest.mark.parametrize("name", list(TASKS))
def test_legal_distances_are_the_next_that_the_task_can_have(name, asked):
    legal = TASKS[name].legal_distance(asked)
    assert legal >= asked
    assert TASKS[name](legal).distance == legal
    for between in range(asked, legal):
        with pytest.raises(ValueError, match=f"got (distance=)?{between}"):
            TASKS[name](between)


def test_numpy_integers_become_integers():
    assert type(Recall(np.int64(4)).distance) is int


def test_tasks_are_light_to_import():
    code = (
        "import sys, seqcompare.tasks; print([m for m in ('sklearn', 'scipy', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
