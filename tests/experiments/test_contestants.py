"""Who competes: what there is for each role, and that every candidate can be made."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.tree import DecisionTreeClassifier

from seqcompare import MarkovChain, SequenceDataset, WindowTagger
from seqcompare.data.sequences import Sequences
from seqcompare.datasets import read
from seqcompare.experiments.answer import ask, fit_model, predict_answer
from seqcompare.experiments.contestants import contestants_for, left_out, problem_of
from seqcompare.experiments.data_source import metric_of
from seqcompare.families import FAMILIES, Budget, Family, ModelSpec
from seqcompare.metrics import METRICS

CASES = Path(__file__).parent.parent / "cases"


def dataset(role, kind="symbols", n=40, length=20):
    rng = np.random.default_rng(0)
    values = rng.integers(0, 4, (n, length)) if kind == "symbols" else rng.normal(size=(n, length, 2))
    X = Sequences(Sequences(values).values, Sequences(values).offsets)
    targets = {
        "next": None,
        "step": Sequences(rng.integers(0, 2, n * length), X.offsets),
        "sequence": np.arange(n) % 3,
        "value": rng.normal(size=n),
        "step-value": Sequences(rng.normal(size=n * length), X.offsets),
    }
    return SequenceDataset(X, targets[role], None, role, "test")


def contestants(data, models=None):
    return contestants_for(data, models, problem_of(data, 0.8, 600.0))


def built(data, candidate):
    return candidate.spec.build(problem_of(data, 0.8, 600.0), **candidate.settings)


ROLES = [(role, kind) for role in ("next", "step", "sequence", "value") for kind in ("symbols", "real")]


def channels(kinds, *, gaps, n=16):
    """Return sequences of such channels, a tenth of all values missing if there are gaps."""
    rng = np.random.default_rng(3)
    lengths = rng.integers(6, 12, n)
    size = lengths.sum()
    columns = {}
    for i, kind in enumerate(kinds):
        drawn = {"symbols": rng.choice(["x", "y"], size), "count": rng.poisson(30, size)}
        column = drawn[kind].astype(object if kind == "symbols" else float)
        if gaps:
            column[rng.random(size) < 0.1] = None if kind == "symbols" else np.nan
        columns[f"c{i}"] = column
    return Sequences.from_columns(columns, lengths, kinds={f"c{i}": k for i, k in enumerate(kinds)})


@pytest.mark.parametrize("role", ["step", "sequence", "value", "step-value"])
@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("kinds", [("count",), ("symbols", "count"), ("symbols", "symbols")], ids="+".join)
def test_every_contestant_can_be_fitted_to_channels_of_every_kind(kinds, gaps, role):
    X = channels(kinds, gaps=gaps)
    rng = np.random.default_rng(4)
    targets = {
        "step": Sequences(rng.integers(0, 2, X.n_steps), X.offsets),
        "sequence": np.arange(len(X)) % 2,
        "value": rng.normal(size=len(X)),
        "step-value": Sequences(rng.normal(size=X.n_steps), X.offsets),
    }
    data = SequenceDataset(X, targets[role], None, role, "test")
    problem = problem_of(data, 0.8, 600.0)
    problem = replace(problem, budget=replace(problem.budget, epochs=1))
    found = contestants_for(data, None, problem)
    assert len(found) > 2
    for contestant in found:
        model, fitted = contestant.candidates[0].build(problem, 0)
        if not fitted:
            fit_model(model, data)
        answers, _ = predict_answer(model, X, role)
        assert np.isfinite(answers).all() or answers.dtype.kind in "US", contestant.name


@pytest.mark.parametrize(("role", "kind"), ROLES)
def test_every_candidate_can_be_cloned_and_has_a_label_of_its_own(role, kind):
    data = dataset(role, kind)
    found = contestants(data)
    assert found[0].name == "chance"
    for contestant in found:
        labels = [candidate.label for candidate in contestant.candidates]
        assert len(set(labels)) == len(labels) > 0
        for candidate in contestant.candidates:
            clone(built(data, candidate))
            assert candidate.family == contestant.family.name


@pytest.mark.filterwarnings("ignore")  # a single epoch does not converge
@pytest.mark.parametrize(("n", "length"), [(40, 20), (6, 210)])
@pytest.mark.parametrize(("role", "kind"), ROLES)
def test_every_candidate_can_be_fitted_and_asked(role, kind, n, length):
    data = dataset(role, kind, n, length)
    for contestant in contestants(data):
        for candidate in contestant.candidates:
            model = clone(built(data, candidate))
            short = {"max_iter": 1, "n_init": 1}
            names = {name: name.split("__")[-1] for name in model.get_params()}
            model.set_params(**{name: short[last] for name, last in names.items() if last in short})
            fit_model(model, data)
            answers = ask(model, data, 1.0)
            # labels may have to be compared by their probabilities, so every candidate has them
            metric = METRICS["label bits"] if role in ("step", "sequence") else metric_of(data)
            assert np.isfinite(metric.loss(answers)).all(), candidate.label


def test_all_families_take_part_where_they_have_an_answer():
    families = {key: {c.family.name for c in contestants(dataset(*key))[1:]} for key in ROLES}
    every = {"markov", "hmm", "window", "recurrent"}
    for key in ROLES:
        role, _ = key
        expected = {"window", "recurrent"} if role == "value" else every
        if key == ("next", "real"):
            expected = every | {"reference"}
        assert families[key] == expected


def test_names_and_patterns_choose():
    names = [c.name for c in contestants(dataset("step"), ["window*", "markov"])]
    assert names == ["chance", "window", "window (looks ahead)", "Markov chain"]


def test_what_looks_ahead_competes_apart_only_where_steps_are_answered():
    ahead = {role: [c.name for c in contestants(dataset(role)) if "ahead" in c.name] for role, _ in ROLES}
    assert ahead.pop("step") == [f"{name} (looks ahead)" for name in ("HMM", "window", "recurrent")]
    assert set(ahead) == {"next", "sequence", "value"}
    assert not any(ahead.values())


def test_a_kind_and_a_family_under_a_label():
    data = dataset("step")
    (net,) = contestants(data, "lstm")[1:]
    assert (net.name, net.family, net.seed_key) == ("LSTM", FAMILIES["recurrent"], "LSTM")
    assert [c.label for c in net.candidates] == ["LSTM 32", "LSTM 64"]
    mine = contestants(data, {"chain": "markov", "w": "window", "net": "gru"})[1:]
    assert [c.name for c in mine] == ["chain", "w", "w (looks ahead)", "net"]
    assert [c.seed_key for c in mine] == [c.name for c in mine]
    assert [c.label for c in mine[-1].candidates] == ["net 8", "net 32"]
    # asked for, even what is not entered by itself is
    assert [c.label for c in contestants(data, "elman")[1].candidates] == ["Elman 32"]


def test_models_of_ones_own_have_no_grid():
    mine = MarkovChain(order=7)
    data = dataset("next")
    _, contestant = contestants(data, {"mine": mine})
    (candidate,) = contestant.candidates
    assert (contestant.name, contestant.family.name, built(data, candidate)) == ("mine", "mine", mine)


def test_models_of_ones_own_may_have_one():
    spec = ModelSpec.of(MarkovChain(), {"order": [1, 3]}, name="mine", limit="order")
    data = dataset("next")
    (contestant,) = contestants(data, spec)[1:]
    assert [c.label for c in contestant.candidates] == ["mine 1", "mine 3"]
    assert [c.capacity for c in contestant.candidates] == [1.0, 3.0]
    two = Family("trees", "Trees", "#123456", "d", (spec, ModelSpec.of(MarkovChain, name="other")))
    assert [(c.name, c.family) for c in contestants(data, two)[1:]] == [("mine", two), ("other", two)]


def test_limits_cut_what_is_seen():
    data = dataset("step")
    entries = {c.name: c for c in contestants(data)}
    tagger = entries["Markov chain"].candidates[3]
    assert [built(data, tagger.limited(k)).order for k in (1, 2, 4, 9)] == [0, 1, 3, 3]
    window = next(
        c for c in entries["window (looks ahead)"].candidates if c.label == "logistic window -4..+4"
    )
    back, ahead = built(data, window.limited(3)), built(data, window.limited(1, ahead=True))
    assert (back.before, back.after) == (2, 4)
    assert (ahead.before, ahead.after) == (4, 1)
    data = dataset("next")
    chain = next(c for c in contestants(data) if c.name == "Markov chain").candidates[2]
    assert [built(data, chain.limited(k)).order for k in (1, 2, 3, 9)] == [1, 2, 3, 3]


def test_grids_fit_the_data():
    orders = {
        candidate.capacity
        for c in contestants(dataset("next", length=3))
        for candidate in c.candidates
        if candidate.family == "markov"
    }
    assert orders == {1, 2}
    small = next(c for c in contestants(dataset("next", n=6, length=8)) if c.family.name == "hmm")
    # with priors fewer steps are enough
    assert [candidate.label for candidate in small.candidates] == [
        "HMM 2 states",
        "HMM 2 states, priors",
        "HMM 3 states, priors",
    ]


def test_long_sequences_are_learned_in_pieces():
    data = dataset("step", n=2, length=900)
    (net,) = (c for c in contestants(data) if c.name == "recurrent")
    assert type(built(data, net.candidates[0])).__name__ == "InPieces"


def test_more_data_get_fewer_epochs():
    small, large = (problem_of(d, 0.8, 9.0) for d in (dataset("next"), dataset("next", n=4000, length=60)))
    assert small.budget.epochs == 200
    assert large.budget.epochs == pytest.approx(1.2e7 / (0.8 * 240_000), rel=0.05)
    assert (small.budget.max_seconds, small.task, small.n_train, small.n_steps) == (9.0, None, 32, 640)


def test_a_problem_is_as_large_as_the_training_part():
    step = problem_of(dataset("step"), 0.5, 9.0)
    assert (step.role, step.kind, step.n_train, step.n_steps, step.n_scored) == (
        *("step", "symbols"),
        *(20, 400, 400),
    )
    assert (step.longest, step.n_symbols, step.n_channels, step.n_classes, step.missing) == (
        20,
        4,
        1,
        2,
        False,
    )
    whole = problem_of(dataset("sequence", "real"), 0.5, 9.0)
    assert (whole.kind, whole.n_scored, whole.n_symbols, whole.n_channels, whole.n_classes) == (
        *("real", 20),
        *(0, 2, 3),
    )
    assert problem_of(dataset("value"), 0.8, 9.0).n_classes == 0


def test_the_name_of_the_reference_is_taken():
    with pytest.raises(ValueError, match="'chance' is the name of the reference"):
        contestants(dataset("next"), {"chance": MarkovChain()})


def test_two_of_one_name_are_refused():
    with pytest.raises(ValueError, match="models: MarkovChain comes twice; give each a name of its own"):
        contestants(dataset("next"), [MarkovChain(order=1), MarkovChain(order=2)])


def test_what_matches_nothing_or_has_no_answer_is_told_what_there_is():
    with pytest.raises(ValueError, match=r"'transformer' matches nothing; .*what takes part: markov, Markov"):
        contestants(dataset("next"), ["transformer"])
    with pytest.raises(
        ValueError,
        match=r"'ridge' has no answer for the role next on steps that are symbols; there are markov",
    ):
        contestants(dataset("next"), ["ridge"])


def holed(role, kind="real", share=0.0, n=40, length=20):
    data = dataset(role, kind, n, length)
    gone = np.random.default_rng(1).random(data.X.channels.shape) < share
    gone[3, -1] = True
    empty = np.nan if kind == "real" else None
    values = np.where(gone, empty, data.X.channels).reshape(data.X.values.shape)
    return SequenceDataset(Sequences(values, data.X.offsets), data.y, None, role, "holed")


@pytest.mark.parametrize("role", ["next", "step", "step-value", "sequence", "value"])
@pytest.mark.parametrize("kind", ["symbols", "real"])
def test_values_that_are_missing_leave_no_family_out(role, kind):
    whole, data = dataset(role, kind), holed(role, kind)
    assert left_out(whole) == ""
    assert {c.family.name for c in contestants(data)} == {c.family.name for c in contestants(whole)}
    assert left_out(data).startswith("Values are missing, 0.1% of all: ")


def test_tails_of_nan_are_unequal_lengths_that_every_family_takes():
    data = read(CASES / "k11c_nan_padded_tail.ts")
    assert not data.X.has_missing
    assert (data.X.lengths.min(), data.X.lengths.max()) == (7, 10)
    assert left_out(data) == ""
    families = {c.family.name for c in contestants(data)}
    assert families == {"reference", "markov", "hmm", "window", "recurrent"}


def test_it_is_said_what_families_do_about_missing_values():
    assert left_out(holed("step")) == (
        "Values are missing, 0.1% of all: Markov chains, windows and recurrent networks see in their place "
        "what a linear prediction expects, given the steps so far, with marks where they are missing; "
        "HMMs do without them, by summing over what they might have been."
    )
    assert "HMMs and Markov chains do without them" not in left_out(holed("next", "symbols"))
    assert "a missing symbol for one of its own" in left_out(holed("next", "symbols"))
    assert left_out(holed("next")).startswith(
        "Values are missing, 0.1% of all: Markov chains and HMMs do without them"
    )
    problem = problem_of(holed("next"), 0.8, 600.0)
    made = [c.build(problem, 0)[0] for found in contestants(holed("next"))[1:] for c in found.candidates]
    kinds = {type(model).__name__ for model in made}
    assert kinds == {"Autoregression", "AutoregressiveHMM", "HMM", "LinearStateSpace", "NextStep"}
    inner = {type(model.estimator).__name__ for model in made if type(model).__name__ == "NextStep"}
    assert inner == {"WindowStepRegressor", "Filled", "LastValue"}


@pytest.mark.filterwarnings("ignore")  # a single epoch does not converge
@pytest.mark.parametrize("role", ["next", "step", "step-value", "sequence", "value"])
@pytest.mark.parametrize("kind", ["symbols", "real"])
def test_every_kind_can_be_fitted_and_asked_where_values_are_missing(role, kind):
    data = holed(role, kind, 0.2, 12, 10)
    problem = replace(problem_of(data, 0.8, 600.0), budget=Budget(1, 2, 600.0))
    judged = metric_of(data)
    for contestant in contestants_for(data, None, problem):
        # the first of each kind will do: they differ in size alone
        for candidate in {c.variant: c for c in contestant.candidates}.values():
            model, _ = candidate.build(problem, 0)
            answers = ask(fit_model(model, data), data, 100)
            assert np.isfinite(judged.loss(answers)).all(), candidate.label
            if role == "next":
                assert not data.X.missing[answers.item].all(axis=1).any()


@pytest.mark.filterwarnings("ignore")  # a single epoch does not converge
def test_counts_stay_counts_where_some_are_missing():
    X = channels(("count",), gaps=True)
    values = np.minimum(X.values, 20)
    X = Sequences(values, X.offsets, schema=X.schema)
    data = SequenceDataset(X, None, None, "next", "counts")
    problem = replace(problem_of(data, 0.8, 600.0), budget=Budget(1, 2, 600.0))
    assert problem.missing
    assert problem.n_counts == 21
    found = {c.variant: c for each in contestants_for(data, None, problem) for c in each.candidates}
    models = [candidate.build(problem, 0)[0] for candidate in found.values()]
    assert {"CountAutoregression", "HMM", "Rounded"} <= {type(model).__name__ for model in models}
    judged = metric_of(data)
    for model in models:
        answers = ask(fit_model(model, data), data, 100)
        assert np.isfinite(judged.loss(answers)).all(), model
        assert judged.loss(answers).min() >= 0, model  # probabilities, not densities


def test_models_of_ones_own_may_do_without_missing_values():
    own = ModelSpec.of(WindowTagger(DecisionTreeClassifier()), name="trees", missing=True)
    assert [c.name for c in contestants(holed("step"), own)] == ["chance", "trees"]


def test_many_symbols_and_long_sequences_get_candidates_of_their_own():
    def labels(data):
        return {c.name: [candidate.label for candidate in c.candidates] for c in contestants(data)}

    few, many = labels(dataset("next")), labels(dataset("next", n=10, length=300))
    assert "GRU 32, timescale 8" in many["recurrent"]
    assert "GRU 32, timescale 8" not in few["recurrent"]
    assert not any("Kneser-Ney" in label for label in few["Markov chain"])
    x = np.arange(2000) % 20
    text = SequenceDataset(Sequences(x, np.arange(0, 2001, 100)), None, None, "next", "text")
    contestant = next(c for c in contestants(text) if c.name == "Markov chain")
    candidate = next(c for c in contestant.candidates if c.label == "Markov order 4, Kneser-Ney")
    chain, less = built(text, candidate), built(text, candidate.limited(2))
    assert (chain.smoothing, chain.order) == ("kneser-ney", 4)
    # seeing less is still the same smoothing
    assert (less.smoothing, less.order) == ("kneser-ney", 2)
