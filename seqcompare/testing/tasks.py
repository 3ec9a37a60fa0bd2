"""What every task promises: the same data for the same seed, an exact optimum, and no way around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeClassifier

from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.sequences import Sequences
from seqcompare.metrics import METRICS
from seqcompare.testing.promises import expect, expect_error, promise
from seqcompare.typing import Floats, SequencesLike, Values


@dataclass(frozen=True, eq=False)
class OneTask:
    """A task that is held to the contract.

    Parameters
    ----------
    task : Task
        The task.
    """

    task: Any

    @property
    def gives_density(self) -> bool:
        """Whether answers are log-densities of the steps."""
        return getattr(self.task, "answered_by", "") == "density"

    @property
    def gives_proba(self) -> bool:
        """Whether the exact predictor answers with probabilities."""
        return hasattr(self.task, "optimal_proba") and not self.gives_density

    @property
    def per_step(self) -> bool:
        """Whether steps are answered for, by probabilities."""
        return self.gives_proba and self.task.role in ("next", "step")

    @property
    def by_labels(self) -> bool:
        """Whether labels alone can be scored."""
        return METRICS[self.task.metric].needs == "labels"

    def optimum(self, X: SequencesLike) -> SequencesLike:
        """Return what the exact predictor answers."""
        exact: SequencesLike
        if self.gives_density:
            exact = self.task.optimal_log_density(X)
        else:
            exact = self.task.optimal_proba(X) if self.gives_proba else self.task.optimal_prediction(X)
        return exact

    def rows(self, X: SequencesLike) -> Floats:
        """Return what the exact predictor answers, a row a step or sequence."""
        answer = self.optimum(X)
        return np.asarray(answer.values if isinstance(answer, Sequences) else answer)


def _gives_density(subject: OneTask) -> bool:
    return subject.gives_density


def _gives_proba(subject: OneTask) -> bool:
    return subject.gives_proba


def _per_step(subject: OneTask) -> bool:
    return subject.per_step


def _expect_near(mean: float, expected: float, error: float, what: str) -> None:
    expect(
        abs(mean - expected) <= 5 * error + 1e-9, f"{what} of {expected}, give or take {5 * error:.2g}", mean
    )


def _error(outcomes: NDArray[np.float64]) -> float:
    return float(outcomes.std() / np.sqrt(len(outcomes)))


@promise()
def the_same_seed_gives_the_same_data(subject: OneTask) -> None:
    """The same random state gives the same data, bit for bit, and another one other data."""
    task = subject.task
    first = task.sample(20, random_state=7)
    expect(isinstance(first, SequenceDataset), "a SequenceDataset of sample", type(first).__name__)
    expect(first.role == task.role, f"data of the role {task.role}", first.role)
    expect(len(first) == 20, "20 sequences", len(first))
    expect(_same(first, task.sample(20, random_state=7)), "the same data from the same seed", "other data")
    expect(not _same(first, task.sample(20, random_state=8)), "other data from another seed", "the same")
    generator = np.random.default_rng(7)
    expect(_same(first, task.sample(20, random_state=generator)), "a seed to be its generator", "other data")


def _same(a: SequenceDataset, b: SequenceDataset) -> bool:
    pairs = [(a.X, b.X), (a.y, b.y), (a.sample_weight, b.sample_weight)]
    return all(np.array_equal(p, q) if isinstance(p, np.ndarray) else p == q for p, q in pairs)  # type: ignore[arg-type]  # both are arrays


@promise()
def a_task_is_a_value(subject: OneTask) -> None:
    """A task of the same distance and parameters is equal, with the same hash."""
    task = subject.task
    again = type(task)(task.distance, **task.params)
    expect(again == task and hash(again) == hash(task), f"a task equal to {task!r}", again)
    expect("distance" not in task.params, "params without the distance", task.params)
    better = task.optimal_score > task.chance_score
    expect(task.greater_is_better == better, f"greater_is_better {better}, by its scores", not better)
    known = ", ".join(METRICS)
    expect(task.metric in METRICS, f"a metric of {known}", repr(task.metric))


@promise()
def natural_length_is_the_mean_length(subject: OneTask) -> None:
    """Sequences have `natural_length` steps on average, where no length is asked for."""
    lengths = subject.task.sample(4000, random_state=0).X.lengths
    _expect_near(lengths.mean(), subject.task.natural_length, _error(lengths), "a mean length")


@promise()
def an_asked_length_is_kept(subject: OneTask) -> None:
    """Asked for a length, all sequences have it and the optimum stays; else the task refuses any length."""
    try:
        dataset = subject.task.sample(50, length=40, random_state=0)
    except ValueError as error:
        expect("length" in str(error), "a refusal that names the length", error)
        return
    expect((dataset.X.lengths == 40).all(), "40 steps in every sequence", dataset.X.lengths)
    outcomes = subject.task.outcomes(dataset, subject.optimum(dataset.X))
    _expect_near(outcomes.mean(), subject.task.optimal_score, _error(outcomes), "a score of the optimum")


@promise()
def nothing_to_draw_is_refused(subject: OneTask) -> None:
    """No sequences, or no room for the dependency, raise a ValueError that names what came."""
    task = subject.task
    expect_error(ValueError, "n_sequences must be at least 1, got 0", lambda: task.sample(0))
    expect_error(ValueError, "got 0$", lambda: task.sample(5, length=0))


@promise()
def the_optimum_scores_as_announced(subject: OneTask) -> None:
    """The exact predictor scores `optimal_score`, up to the error of the draw."""
    task = subject.task
    dataset = task.sample(4000, random_state=1)
    answer = subject.optimum(dataset.X)
    outcomes = task.outcomes(dataset, answer)
    error = _error(outcomes)
    if task.optimal_score not in (0, 1) and len(outcomes) % len(dataset) == 0:
        # steps of one sequence may go together
        error = max(error, _error(outcomes.reshape(len(dataset), -1).mean(axis=1)))
    _expect_near(outcomes.mean(), task.optimal_score, error, "a score of the optimum")
    score = task.score(dataset, answer)
    expect(score == outcomes.mean(), f"score to be the mean of outcomes, {outcomes.mean()}", score)


@promise(_per_step)
def the_optimum_agrees_with_frequencies(subject: OneTask) -> None:
    """Given the symbol before, every answer comes as often as predicted, at every step, scored or not."""
    task = subject.task
    dataset = task.sample(4000, random_state=2)
    proba = subject.rows(dataset.X)
    expect(np.allclose(proba.sum(axis=1), 1, atol=1e-12), "probabilities that add up to 1", proba.sum(axis=1))
    x = dataset.X.values
    if task.role == "next":
        rows = np.flatnonzero(dataset.X.step_index > 0)
        truth, before, proba = x[rows], x[rows - 1], proba[rows - 1]
    else:
        truth, before = dataset.y.values, x
    surprise = (truth[:, None] == task.classes) - proba
    for symbol in task.symbols:
        given = surprise[before == symbol]
        if len(given):
            error = given.std(axis=0) / np.sqrt(len(given))
            gap = np.abs(given.mean(axis=0))
            kept = (gap <= 5 * error + 1e-12).all()
            expect(kept, f"answers after {symbol} as often as predicted", f"a gap of {gap.max():.3g}")


@promise(_gives_proba)
def outputs_may_come_in_any_container(subject: OneTask) -> None:
    """A list, an array and `Sequences` of the same answers score the same."""
    task = subject.task
    dataset = task.sample(30, random_state=3)
    proba, flat = task.optimal_proba(dataset.X), subject.rows(dataset.X)
    score = task.score(dataset, flat)
    expect(task.score(dataset, proba) == score, f"a score of {score}", task.score(dataset, proba))
    if not isinstance(proba, Sequences):
        return
    expect(task.score(dataset, list(proba)) == score, f"a score of {score} for a list", "another")
    as_lists = task.optimal_proba([x.tolist() for x in dataset.X])
    expect(isinstance(as_lists, list), "a list of optimal_proba for a list", type(as_lists).__name__)
    expect(np.array_equal(np.concatenate(as_lists), flat), "the same answers for a list", "others")
    length = int(dataset.X.lengths[0])
    fixed = dataset.take(dataset.X.lengths == length)
    array = task.optimal_proba(np.stack(list(fixed.X)))
    shape = (len(fixed), length, len(task.classes))
    expect(array.shape == shape, f"an array of shape {shape} for an array", array.shape)
    if task.scored(fixed).any():
        expect(
            task.score(fixed, array) == task.score(fixed, task.optimal_proba(fixed.X)),
            "the same score for an array",
            "another",
        )


@promise(_gives_density)
def densities_may_come_in_any_container(subject: OneTask) -> None:
    """A list, an array and `Sequences` of the same log-densities score the same, a number a step."""
    task = subject.task
    dataset = task.sample(30, random_state=3)
    nats = task.optimal_log_density(dataset.X)
    score = task.score(dataset, nats)
    for form in (list(nats), subject.rows(dataset.X)):
        expect(task.score(dataset, form) == score, f"a score of {score}", task.score(dataset, form))
    as_lists = task.optimal_log_density([x.tolist() for x in dataset.X])
    same = isinstance(as_lists, list) and np.array_equal(np.concatenate(as_lists), subject.rows(dataset.X))
    expect(same, "the same answers in a list for a list", type(as_lists).__name__)
    worse = task.score(dataset, subject.rows(dataset.X) - 1)
    expect(worse > score, f"densities that are lower to score worse than {score}", worse)


@promise(_gives_proba)
def columns_follow_the_symbols_of_the_model(subject: OneTask) -> None:
    """Columns in another order score the same, where `symbols` says what they are."""
    task = subject.task
    dataset = task.sample(60, random_state=4)
    proba = subject.rows(dataset.X)
    order = np.random.default_rng(0).permutation(len(task.classes))
    score, other = task.score(dataset, proba), task.score(dataset, proba[:, order], task.classes[order])
    expect(other == score, f"a score of {score}", other)


@promise(_gives_proba)
def a_symbol_never_seen_costs_but_does_not_break(subject: OneTask) -> None:
    """A model that never saw one of the symbols scores worse than the optimum, and finitely so."""
    task = subject.task
    dataset = task.sample(200, random_state=5)
    proba = subject.rows(dataset.X)
    known = np.delete(task.classes, np.flatnonzero(task.classes == task.answers[-1]))
    fewer = np.delete(proba, np.flatnonzero(task.classes == task.answers[-1]), axis=1) + 1e-9
    fewer /= fewer.sum(axis=1, keepdims=True)
    score, best = task.score(dataset, fewer, known), task.score(dataset, proba)
    expect(np.isfinite(score), "a finite score", score)
    worse = score < best if task.greater_is_better else best < score < 40
    expect(worse, f"a score worse than {best}", score)


@promise(_per_step)
def guessing_blind_scores_at_chance(subject: OneTask) -> None:
    """Equal probabilities for all answers score `chance_score`."""
    task = subject.task
    dataset = task.sample(3000, random_state=6)
    uniform = np.full((dataset.X.n_steps, len(task.classes)), 1 / len(task.classes))
    outcomes = task.outcomes(dataset, uniform)
    _expect_near(outcomes.mean(), task.chance_score, _error(outcomes), "a score of blind guesses")


@promise(lambda subject: subject.per_step and subject.by_labels)
def labels_score_as_their_probabilities_do(subject: OneTask) -> None:
    """The labels that are most probable score as the probabilities do."""
    task = subject.task
    dataset = task.sample(50, random_state=7)
    proba = subject.rows(dataset.X)
    columns = np.searchsorted(task.classes, task.answers)
    labels = task.answers[proba[:, columns].argmax(axis=1)]
    score = task.score(dataset, proba)
    expect(task.score(dataset, labels) == score, f"a score of {score}", task.score(dataset, labels))


@promise(_per_step)
def position_is_uninformative(subject: OneTask) -> None:
    """A tree that sees the step index, the steps left and the length does no better than chance."""
    task = subject.task
    train, test = task.sample(3000, random_state=8), task.sample(3000, random_state=9)
    tree = DecisionTreeClassifier(min_samples_leaf=200).fit(*_positions(subject, train))
    features, truth = _positions(subject, test)
    proba = tree.predict_proba(features)
    if task.greater_is_better:
        right = tree.classes_[proba.argmax(axis=1)] == truth
        kept = abs(right.mean() - task.chance_score) < 4 * _error(right)
        expect(kept, f"a score of {task.chance_score} from positions alone", right.mean())
    else:
        bits = -np.log2(proba[np.arange(len(truth)), np.searchsorted(tree.classes_, truth)]).mean()
        expect(task.chance_score - bits < 0.002, f"{task.chance_score} bits from positions alone", bits)


def _positions(subject: OneTask, dataset: SequenceDataset) -> tuple[NDArray[np.int64], Values]:
    """Return step index, steps left and length at what counts, and what is to be answered there."""
    rows = np.flatnonzero(subject.task.scored(dataset))
    step = dataset.X.step_index[rows]
    length = dataset.X.lengths[dataset.X.sequence_index[rows]]
    targets = dataset.y if isinstance(dataset.y, Sequences) else dataset.X
    return np.column_stack([step, length - step, length]), targets.values[rows]


@promise(_per_step)
def what_counts_has_a_weight_and_a_past(subject: OneTask) -> None:
    """What is scored is trained on as well, and the first step of a sequence is never predicted."""
    task = subject.task
    dataset = task.sample(50, random_state=10)
    counts = task.scored(dataset)
    weights = dataset.sample_weight
    expect(
        weights is None or weights.values[counts].all(), "a weight wherever a step counts", "a weight of 0"
    )
    if task.role == "next":
        expect(not counts[dataset.X.offsets[:-1]].any(), "no first step that counts", "one that does")
    part = dataset.take([3, 1])
    n = len(task.outcomes(part, task.optimal_proba(part.X)))
    expect(n == task.scored(part).sum(), f"{task.scored(part).sum()} outcomes, one for each that counts", n)


@promise(_gives_proba)
def foreign_sequences_are_refused(subject: OneTask) -> None:
    """A symbol that the source cannot make raises a ValueError that says where; so do numbers."""
    task = subject.task
    first, foreign = task.symbols[0].item(), int(task.symbols[-1]) + 93
    message = rf"X\[1\] is no sequence of {task.name}: at step 2 expected one of .*{foreign}"
    X = [[first, task.symbols[-1].item()], [first, first, foreign]]
    expect_error(ValueError, message, lambda: task.optimal_proba(X))
    numbers = f"{task.name} is made of symbols, got real-valued steps"
    expect_error(ValueError, numbers, lambda: task.optimal_proba([[0.5, 1.0]]))


PROMISES = (
    the_same_seed_gives_the_same_data,
    a_task_is_a_value,
    natural_length_is_the_mean_length,
    an_asked_length_is_kept,
    nothing_to_draw_is_refused,
    the_optimum_scores_as_announced,
    the_optimum_agrees_with_frequencies,
    outputs_may_come_in_any_container,
    densities_may_come_in_any_container,
    columns_follow_the_symbols_of_the_model,
    a_symbol_never_seen_costs_but_does_not_break,
    guessing_blind_scores_at_chance,
    labels_score_as_their_probabilities_do,
    position_is_uninformative,
    what_counts_has_a_weight_and_a_past,
    foreign_sequences_are_refused,
)
