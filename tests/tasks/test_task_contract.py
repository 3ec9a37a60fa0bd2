"""What holds for every task."""

import subprocess
import sys

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier
from sources import answers, position_features

from seqcompare import Sequences
from seqcompare.tasks import (
    TASKS,
    Adding,
    Brackets,
    Copy,
    Counts,
    DelayedXor,
    Echo,
    HiddenRegimes,
    LagChain,
    LinearSeries,
    LongMemory,
    NoisyState,
    Recall,
    Renewal,
    SwitchingAutoregression,
    SymbolTask,
    TemporalOrder,
    ThresholdAutoregression,
    Volatility,
)

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
PROBA_TASKS = [task for task in TASK_LIST if isinstance(task, SymbolTask)]
STEP_TASKS = [task for task in PROBA_TASKS if task.role in ("next", "step")]
ACCURACY_STEP_TASKS = [task for task in STEP_TASKS if task.metric == "accuracy"]


def same(a, b):
    pairs = [(a.X, b.X), (a.y, b.y), (a.sample_weight, b.sample_weight)]
    return all(np.array_equal(p, q) if isinstance(p, np.ndarray) else p == q for p, q in pairs)


def optimum(task, X):
    return task.optimal_prediction(X) if task.role == "value" else task.optimal_proba(X)


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


@pytest.mark.parametrize("task", TASK_LIST, ids=repr)
def test_same_random_state_gives_the_same_data(task):
    first = task.sample(20, random_state=7)
    assert same(first, task.sample(20, random_state=7))
    assert not same(first, task.sample(20, random_state=8))
    assert same(first, task.sample(20, random_state=np.random.default_rng(7)))


@pytest.mark.parametrize("task", TASK_LIST, ids=repr)
def test_tasks_are_values(task):
    again = type(task)(task.distance, **task.params)
    assert again == task
    assert hash(again) == hash(task)
    assert "distance" not in task.params
    assert task.greater_is_better == (task.optimal_score > task.chance_score)


@pytest.mark.parametrize("task", TASK_LIST, ids=repr)
def test_natural_length_is_the_mean_length(task):
    lengths = task.sample(4000, random_state=0).X.lengths
    error = lengths.std() / np.sqrt(len(lengths))
    assert abs(lengths.mean() - task.natural_length) <= 5 * error


@pytest.mark.parametrize("task", [t for t in TASK_LIST if t.name != "Brackets"], ids=repr)
def test_asked_length_is_the_length_of_every_sequence(task):
    dataset = task.sample(50, length=40, random_state=0)
    assert (dataset.X.lengths == 40).all()
    outcomes = task.outcomes(dataset, optimum(task, dataset.X))
    if task.optimal_score in (0, 1):
        assert (outcomes == task.optimal_score).all()
    else:
        assert abs(outcomes.mean() - task.optimal_score) < 5 * outcomes.std() / np.sqrt(len(outcomes))


@pytest.mark.parametrize("task", TASK_LIST, ids=repr)
def test_too_short_a_length_or_no_sequences_raise(task):
    with pytest.raises(ValueError, match="n_sequences must be at least 1, got 0"):
        task.sample(0)
    with pytest.raises(ValueError, match=r"got 2$"):
        task.sample(5, length=2)


@pytest.mark.parametrize("task", TASK_LIST, ids=repr)
def test_optimum_scores_as_announced(task):
    dataset = task.sample(4000, random_state=1)
    outcomes = task.outcomes(dataset, optimum(task, dataset.X))
    error = outcomes.std() / np.sqrt(len(outcomes))
    if task.optimal_score not in (0, 1) and len(outcomes) % len(dataset) == 0:
        # steps of one sequence may go together
        error = max(error, outcomes.reshape(len(dataset), -1).mean(axis=1).std() / np.sqrt(len(dataset)))
    assert abs(outcomes.mean() - task.optimal_score) <= 5 * error + 1e-12
    assert task.score(dataset, optimum(task, dataset.X)) == outcomes.mean()


@pytest.mark.parametrize("task", STEP_TASKS, ids=repr)
def test_optimum_agrees_with_long_run_frequencies(task):
    """Given the symbol before, every answer comes as often as predicted, at every step, scored or not."""
    dataset = task.sample(4000, random_state=2)
    proba = task.optimal_proba(dataset.X).values
    np.testing.assert_allclose(proba.sum(axis=1), 1, atol=1e-12)
    x = dataset.X.values
    if task.role == "next":
        rows = np.flatnonzero(dataset.X.step_index > 0)
        truth, before, proba = x[rows], x[rows - 1], proba[rows - 1]
    else:
        truth, before = dataset.y.values, x
    surprise = np.eye(len(task.classes))[truth] - proba
    for symbol in task.symbols:
        given = surprise[before == symbol]
        error = given.std(axis=0) / np.sqrt(len(given))
        assert (np.abs(given.mean(axis=0)) <= 5 * error + 1e-12).all()


@pytest.mark.parametrize("task", PROBA_TASKS, ids=repr)
def test_outputs_may_come_in_any_container(task):
    dataset = task.sample(30, random_state=3)
    proba = task.optimal_proba(dataset.X)
    flat = proba.values if isinstance(proba, Sequences) else proba
    score = task.score(dataset, flat)
    assert task.score(dataset, proba) == score
    if isinstance(proba, Sequences):
        assert task.score(dataset, list(proba)) == score
        as_lists = task.optimal_proba([x.tolist() for x in dataset.X])
        assert isinstance(as_lists, list)
        np.testing.assert_array_equal(np.concatenate(as_lists), flat)
    fixed = task.sample(30, length=None if task.name == "Brackets" else 30, random_state=3)
    if (fixed.X.lengths == 30).all() and task.role != "sequence":
        array = task.optimal_proba(np.stack(list(fixed.X)))
        assert array.shape == (30, 30, len(task.classes))
        assert task.score(fixed, array) == task.score(fixed, task.optimal_proba(fixed.X))


@pytest.mark.parametrize("task", PROBA_TASKS, ids=repr)
def test_columns_follow_the_symbols_of_the_model(task):
    dataset = task.sample(60, random_state=4)
    proba = task.optimal_proba(dataset.X)
    proba = proba.values if isinstance(proba, Sequences) else proba
    order = np.random.default_rng(0).permutation(len(task.classes))
    assert task.score(dataset, proba[:, order], task.classes[order]) == task.score(dataset, proba)


@pytest.mark.parametrize("task", PROBA_TASKS, ids=repr)
def test_a_symbol_that_the_model_never_saw_costs_but_does_not_break(task):
    dataset = task.sample(200, random_state=5)
    proba = task.optimal_proba(dataset.X)
    proba = proba.values if isinstance(proba, Sequences) else proba
    known = np.delete(task.classes, encode_column(task, task.answers[-1]))
    fewer = proba[:, known] + 1e-9
    fewer /= fewer.sum(axis=1, keepdims=True)
    score, best = task.score(dataset, fewer, known), task.score(dataset, proba)
    assert np.isfinite(score)
    assert score < best if task.greater_is_better else best < score < 40


def encode_column(task, symbol):
    return int(np.flatnonzero(task.classes == symbol)[0])


@pytest.mark.parametrize("task", STEP_TASKS, ids=repr)
def test_guessing_blind_scores_at_chance(task):
    dataset = task.sample(3000, random_state=6)
    uniform = np.full((dataset.X.n_steps, len(task.classes)), 1 / len(task.classes))
    outcomes = task.outcomes(dataset, uniform)
    error = outcomes.std() / np.sqrt(len(outcomes))
    assert abs(outcomes.mean() - task.chance_score) <= 5 * error + 1e-9


@pytest.mark.parametrize("task", ACCURACY_STEP_TASKS, ids=repr)
def test_labels_score_as_their_probabilities_do(task):
    dataset = task.sample(50, random_state=7)
    proba = task.optimal_proba(dataset.X).values
    columns = np.searchsorted(task.classes, task.answers)
    labels = task.answers[proba[:, columns].argmax(axis=1)]
    assert task.score(dataset, labels) == task.score(dataset, proba)


@pytest.mark.parametrize("task", STEP_TASKS, ids=repr)
def test_position_is_uninformative(task):
    """A tree that sees the step index, the steps left and the length does no better than chance."""
    train, test = task.sample(3000, random_state=8), task.sample(3000, random_state=9)
    rows, truth = answers(task, train)
    tree = DecisionTreeClassifier(min_samples_leaf=200).fit(position_features(train, rows), truth)
    rows, truth = answers(task, test)
    proba = tree.predict_proba(position_features(test, rows))
    if task.metric == "bits":
        gain = task.chance_score + np.log2(proba[np.arange(len(rows)), truth]).mean()
        assert gain < 0.002
    else:
        right = tree.classes_[proba.argmax(axis=1)] == truth
        assert abs(right.mean() - task.chance_score) < 4 * right.std() / np.sqrt(len(rows))


@pytest.mark.parametrize("task", STEP_TASKS, ids=repr)
def test_what_counts_has_a_weight_and_a_past(task):
    dataset = task.sample(50, random_state=10)
    counts = task.scored(dataset)
    assert dataset.sample_weight.values[counts].all()
    if task.role == "next":
        assert not counts[dataset.X.offsets[:-1]].any()
    part = dataset.take([3, 1])
    assert len(task.outcomes(part, task.optimal_proba(part.X))) == task.scored(part).sum()


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


@pytest.mark.parametrize("task", PROBA_TASKS, ids=repr)
def test_foreign_sequences_raise(task):
    with pytest.raises(
        ValueError, match=rf"X\[1\] is no sequence of {task.name}: at step 2 expected one of .*99"
    ):
        task.optimal_proba([[0, 1], [0, 0, 99]])
    with pytest.raises(ValueError, match=f"{task.name} is made of symbols, got real-valued steps"):
        task.optimal_proba([[0.5, 1.0]])


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
