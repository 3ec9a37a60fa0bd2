"""What is tried of each family, and how little data choose: on data whose answer is known."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import seqcompare
from seqcompare import HMM, SequenceDataset, WindowClassifier
from seqcompare.data.sequences import Sequences
from seqcompare.experiments.contestants import contestants_for, problem_of
from seqcompare.experiments.forward import plan_along, tuning_splits
from seqcompare.experiments.splits import cut
from seqcompare.families import ModelSpec, find_spec

CASES = Path(__file__).parents[1] / "cases"


def labelled(n, lengths=(20, 20), seed=0, channels=1):
    rng = np.random.default_rng(seed)
    X = [rng.normal(size=(t, channels)) for t in rng.integers(lengths[0], lengths[1] + 1, n)]
    return SequenceDataset(Sequences(X), np.arange(n) % 2, None, "sequence", "labelled")


def symbols(n, length, k=4, weight=None):
    X = Sequences(np.random.default_rng(0).integers(0, k, (n, length)))
    X = Sequences(X.values, X.offsets)
    return SequenceDataset(X, None, weight and X.with_values(np.ones(X.n_steps)), "next", "symbols")


def settings_of(name, data):
    spec = find_spec(name)[1]
    return [dict(s) for s in spec.settings(problem_of(data, 0.8, 9.0))]


def labels(data, family):
    found = contestants_for(data, None, problem_of(data, 0.8, 9.0))
    return [candidate.label for c in found if c.family.name == family for candidate in c.candidates]


@pytest.mark.parametrize(("n", "folds"), [(40, 5), (270, 3), (900, 1)])
def test_the_fewer_there_are_to_choose_by_the_more_parts_choose(n, folds):
    data = labelled(n)
    assert len(tuning_splits(data, plan_along(data, 5))) == folds


def test_parts_that_choose_are_all_of_a_small_training_part_and_share_nothing():
    data = labelled(40)
    splits = tuning_splits(data, plan_along(data, 5))
    tested = np.concatenate([split.test[:, 0] for split in splits])
    assert sorted(tested) == list(range(40))
    assert not any(set(split.train[:, 0]) & set(split.test[:, 0]) for split in splits)


def test_along_time_all_parts_that_choose_come_after_what_was_fitted():
    X = Sequences([np.random.default_rng(0).integers(0, 3, 300)])
    data = SequenceDataset(X, None, None, "next", "series")
    plan = plan_along(data, 5)
    splits = tuning_splits(cut(data, plan.splits[0].train), plan)
    assert len(splits) == 5
    assert all(split.train[:, 2].max() <= split.test[:, 1].min() for split in splits)


def test_what_one_part_does_not_tell_apart_is_tried_on_all(tmp_path):
    data = labelled(40)
    spec = ModelSpec.of(WindowClassifier(LogisticRegression()), {"width": [1, 2, 4, 8]}, name="mine")
    run = seqcompare.compare(data, spec, cv=2, out=tmp_path / "run", n_jobs=1)
    tuning = run.frame()[run.frame()["axis"] == "tuning"]
    again = tuning[tuning["trial_id"].str.endswith("/again")]
    assert 2 * 2 <= len(again) <= 2 * 4
    sums = run.result.sums
    for fold in (0, 1):
        once = tuning[(tuning["seed"] == fold) & ~tuning["trial_id"].str.endswith("/again")]
        both = len(sums[once["trial_id"].iloc[0]]) + len(sums[again["trial_id"].iloc[0]])
        assert both == 20  # every sequence of a training part once
    # who was not tried on all cannot be chosen
    tested = run.frame()[(run.frame()["axis"] == "test") & (run.frame()["entry"] != "chance")]
    for row in tested.itertuples():
        assert row.model in set(again[again["seed"] == row.seed]["model"])


def test_the_whole_series_is_seen_where_lengths_agree_and_its_segments_where_not():
    even, ragged = labelled(40, (150, 150)), labelled(40, (60, 150))
    for name in ("logistic", "mlp", "rbf-svm"):
        assert {"width": 150, "pooling": "last"} in settings_of(name, even)
        assert not any(s["width"] > 16 for s in settings_of(name, ragged))
        assert {"width": 4, "pooling": "segments"} in settings_of(name, ragged)


def test_no_grid_leaves_the_penalty_fixed():
    numbers = labelled(40, (150, 150))
    assert {"width": 150, "pooling": "last", "C": 0.01} in settings_of("logistic", numbers)
    for name, key in (("logistic", "C"), ("rbf-svm", "C"), ("mlp", "alpha"), ("ridge", "alpha")):
        spec, problem = find_spec(name)[1], problem_of(numbers, 0.8, 9.0)
        near = spec.refine(problem, {"width": 8, "pooling": "last"})
        assert {s[key] for s in near if key in s}
    pairs = find_spec("logistic-pairs")[1]
    assert {s.get("C") for s in pairs.refine(problem_of(symbols(40, 20), 0.8, 9.0), {"width": 3})} == {
        0.1,
        10.0,
    }


def test_a_penalty_that_comes_back_to_the_usual_is_the_same_candidate():
    spec, problem = find_spec("logistic")[1], problem_of(labelled(40), 0.8, 9.0)
    found = [spec.label_of(s) for s in spec.refine(problem, {"width": 8, "pooling": "last", "C": 0.1})]
    assert "logistic window 8, last" in found


def test_numbers_of_states_are_searched_around_the_best():
    spec, problem = find_spec("hmm")[1], problem_of(symbols(60, 60), 0.8, 9.0)
    assert [s["n_components"] for s in spec.refine(problem, {"n_components": 6})] == [5, 7]


def test_a_tree_of_contexts_and_states_with_priors_are_on_the_grid():
    data = symbols(60, 60)
    assert "context tree 16" in labels(data, "markov")
    assert {"HMM 2 states", "HMM 8 states, priors"} <= set(labels(data, "hmm"))
    # where steps are many, priors are idle
    assert not any("priors" in label for label in labels(symbols(600, 200), "hmm")[:4])


def test_where_steps_are_weighed_states_are_fitted_to_their_prediction():
    assert not any("predictive" in label for label in labels(symbols(40, 20), "hmm"))
    assert "predictive HMM 2 states" in labels(symbols(40, 20, weight=True), "hmm")


def test_an_early_bump_is_found_by_windows_of_the_whole_series(tmp_path):
    """The class shows at step 12 of 60."""
    run = seqcompare.compare(CASES / "k16_early_bump.ts", ["logistic"], cv=2, out=tmp_path / "run", n_jobs=1)
    summary = run.summary().set_index("entry")
    assert (summary.drop("chance")["accuracy"] == 1.0).all()
    verdict = run.verdict()
    assert (verdict.kind, verdict.family) == ("model", "window")
    assert re.search(r"60, last|segments", verdict.model)
    named = run.answer().frame().set_index("entry").loc[verdict.entry, "candidate"]
    assert named == verdict.model


def test_states_with_priors_are_chosen_on_one_short_sequence(tmp_path):
    """A noisy cycle of six: EM alone fits the noise of 300 steps."""
    source = HMM.from_parameters(
        startprob=np.ones(6) / 6,
        transmat=np.roll(np.eye(6), 1, axis=1),
        emissionprob=0.9 * np.eye(6) + 0.1 / 6,
    )
    train, test = source.sample(1, 300, random_state=1), source.sample(20, 300, random_state=101)
    data = SequenceDataset(Sequences(train), None, None, "next", "cycle")
    problem = problem_of(data, 0.8, 9.0)
    spec = find_spec("hmm")[1]
    sizes = [s for s in spec.settings(problem) if s["n_components"] in (2, 6)]
    tried = replace(spec, grid=lambda problem: sizes, refine=None)
    run = seqcompare.compare(data, {"states": tried}, cv=2, out=tmp_path / "run", n_jobs=1)
    assert run.answer().frame().set_index("entry").loc["states", "candidate"] == "states 6 states, priors"
    model = spec.build(problem, n_components=6, priors=True).set_params(random_state=1).fit(train)
    assert (source.score(test) - model.score(test)) / np.log(2) < 0.2
