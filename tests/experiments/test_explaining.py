"""Which steps a prediction used: against sums by hand, and from the command line."""

from itertools import pairwise, product

import numpy as np
import pandas as pd
import pytest
from test_predicting import classes, run  # noqa: F401  # a fixture

import seqcompare
from seqcompare import (
    HMM,
    Autoregression,
    BayesClassifier,
    HMMClassifier,
    HMMTagger,
    LinearStateSpace,
    MarkovChain,
    MarkovTagger,
    NextStep,
    WindowRegressor,
    WindowTagger,
)
from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.sequences import Sequences
from seqcompare.experiments.explaining import explain_table

RNG = np.random.default_rng(0)
SYMBOLS = [RNG.integers(0, 3, 12) for _ in range(30)]
NUMBERS = [np.cumsum(RNG.normal(size=20)) for _ in range(20)]


def data(X, y=None, role="next", ids=None):
    return SequenceDataset(Sequences(X), y, None, role, "data", ids=ids)


@pytest.mark.parametrize(
    "model", [MarkovChain(order=2), HMM(2, random_state=0), NextStep(MarkovTagger(order=2))]
)
def test_a_step_of_a_density_over_symbols_is_summed_over_as_the_model_has_it(model):
    model = model.fit(SYMBOLS)
    table = explain_table(model, data(SYMBOLS), "next", 4, step=5).set_index("hidden")
    x = SYMBOLS[4][:6]

    def joint(steps):
        return np.exp(model.score_samples([np.array(steps)])[0])

    for hidden in range(5):
        others = [[*x[:hidden], value, *x[hidden + 1 :]] for value in range(3)]
        unknown = sum(map(joint, others)) / sum(joint(other[:-1]) for other in others)
        lost = np.log2(joint(x) / joint(x[:-1])) - np.log2(unknown)
        assert table.loc[hidden, "change"] == pytest.approx(lost, abs=1e-9)
        assert table.loc[hidden, "lag"] == 5 - hidden
    assert set(table["answer"]) == {x[5]}


def over_paths(model, x, fits, last=None):
    """Return the weight of each last (or other) state, summed over all paths; None is an unknown step."""
    found = np.zeros(len(model.startprob_))
    for path in product(range(len(found)), repeat=len(x)):
        steps = pairwise(path)
        weight = model.startprob_[path[0]] * np.prod([model.transmat_[step] for step in steps])
        seen = zip(x, path, strict=True)
        found[path[-1 if last is None else last]] += weight * np.prod(
            [1.0 if value is None else fits(value, state) for value, state in seen]
        )
    return found


def without(x, hidden):
    return [None if k == hidden else value for k, value in enumerate(x)]


def test_a_chain_is_summed_over_its_own_table():
    model = MarkovChain(order=2).fit(SYMBOLS)
    table = {
        context: model.predict_next_proba([np.array(context)])[0][-1]
        for context in product(range(3), repeat=2)
    }
    table |= {(a,): model.predict_next_proba([np.array([a])])[0][-1] for a in range(3)} | {
        (): model.initial_proba_
    }

    def joint(x):
        return np.prod([table[tuple(x[max(t - 2, 0) : t])][x[t]] for t in range(len(x))])

    *before, now = SYMBOLS[4][:6].tolist()
    change = explain_table(model, data(SYMBOLS), "next", 4, step=5)["change"]
    for hidden in range(5):
        copies = [[*before[:hidden], value, *before[hidden + 1 :]] for value in range(3)]
        unknown = sum(joint([*copy, now]) for copy in copies) / sum(map(joint, copies))
        assert change[hidden] == pytest.approx(np.log2(table[tuple(before[-2:])][now] / unknown), abs=1e-12)


@pytest.mark.parametrize("X", [SYMBOLS, NUMBERS], ids=["symbols", "numbers"])
def test_a_hidden_chain_is_summed_over_all_paths(X):
    model = HMM(2, random_state=0).fit(X)

    def fits(value, state):
        if X is SYMBOLS:
            return model.emissionprob_[state, value]
        variance = np.ravel(model.covars_)[state]
        return np.exp(-((value - model.means_[state, 0]) ** 2) / (2 * variance)) / np.sqrt(
            2 * np.pi * variance
        )

    def joint(x):
        return over_paths(model, x, fits).sum()

    x = X[4][:6].tolist()
    change = explain_table(model, data(X), "next", 4, step=5)["change"]
    for hidden in range(5):
        gone = without(x, hidden)
        lost = np.log2(joint(x) / joint(x[:5])) - np.log2(joint(gone) / joint(gone[:5]))
        assert change[hidden] == pytest.approx(lost, abs=1e-10)


@pytest.mark.parametrize("model", [Autoregression(2), LinearStateSpace(1)])
def test_numbers_are_integrated_over(model):
    model = model.fit(NUMBERS)
    x, grid = NUMBERS[3][:7], np.linspace(-60, 60, 6001)
    change = explain_table(model, data(NUMBERS), "next", 3, step=6)["change"]
    known = model.score_steps([x])[0][-1]
    for hidden in range(6):
        copies = np.tile(x, (len(grid), 1))
        copies[:, hidden] = grid
        steps = np.array(model.score_steps(list(copies)))
        unknown = np.log(np.exp(steps.sum(axis=1)).sum() / np.exp(steps[:, :-1].sum(axis=1)).sum())
        assert change[hidden] == pytest.approx((known - unknown) / np.log(2), abs=1e-6)


@pytest.mark.parametrize("decode", ["posterior", "filter"])
def test_a_label_of_hidden_states_is_summed_over_all_paths(decode):
    y = [np.concatenate([x[:1], x[:-1]]) for x in SYMBOLS]
    model = HMMTagger(2, decode=decode, random_state=0).fit(SYMBOLS, y)
    shown = [x[:8] for x in SYMBOLS]
    change = explain_table(model, data(shown, Sequences(y), "step"), "step", 4, step=5)["change"]
    x = shown[4].tolist() if decode == "posterior" else shown[4][:6].tolist()

    def proba(x):
        states = over_paths(model, x, lambda value, state: model.emissionprob_[state, value], last=5)
        return states / states.sum() @ model.labelprob_

    place = np.argmax(proba(x))
    lost = [np.log2(proba(x)[place] / proba(without(x, hidden))[place]) for hidden in range(len(x))]
    np.testing.assert_allclose(change, lost, atol=1e-10)


@pytest.mark.parametrize(
    "model", [BayesClassifier(MarkovChain(1)), HMMClassifier(3, n_init=1, random_state=0)]
)
def test_a_class_is_summed_over_symbols_as_the_model_has_them(model):
    y = np.arange(30) % 2
    model = model.fit(SYMBOLS, y)
    change = explain_table(model, data(SYMBOLS, y, "sequence"), "sequence", 4)["change"]
    known = model.predict_proba([SYMBOLS[4]])[0]
    for hidden in range(12):
        copies = np.tile(SYMBOLS[4], (3, 1))
        copies[:, hidden] = range(3)
        proba = model.predict_proba(list(copies))
        if isinstance(model, HMMClassifier):
            weights = np.exp(model.score_samples(list(copies)))
        else:
            weights = sum(
                np.exp(one.score_samples(list(copies)) + prior)
                for one, prior in zip(model.estimators_, model.class_log_prior_, strict=True)
            )
        unknown = np.average(proba, axis=0, weights=weights)
        best = np.argmax(known)
        assert change[hidden] == pytest.approx(np.log2(known[best] / unknown[best]), abs=1e-10)


def test_one_channel_is_explained_at_the_step_that_it_is_predicted_of(tmp_path):
    rng = np.random.default_rng(0)
    heat = rng.normal(size=(10, 20))
    temp = np.roll(heat, 2, axis=1) + 0.01 * rng.normal(size=heat.shape)
    table = pd.DataFrame(
        {"room": np.repeat([f"r{k}" for k in range(10)], 20), "t": np.tile(np.arange(20), 10)}
    )
    table["heat"], table["temp"] = heat.ravel(), temp.ravel()
    for known in ("past", "present"):
        model = seqcompare.WindowStepRegressor(before=3)
        how = {"cv": 2, "n_jobs": 1, "predict": "temp", "known": known, "sequence": "room", "order": "t"}
        found = seqcompare.compare(table, model, out=tmp_path / known, **how)
        answers = found.predict(table).set_index(["sequence", "step"])["answer"]
        why = found.explain(table, "r3", 7)
        assert why["answer"].unique() == pytest.approx([answers["r3", 7]])
        assert why.loc[why["change"].abs().idxmax(), "lag"] == 2
        assert (
            why["value"][0]
            == f"heat={heat[3, 0]:.4g}, temp{' (step before)' * (known == 'present')}={temp[3, 0]:.4g}"
        )
        assert found.explain(table, "r3")["step"].unique() == [20 if known == "past" else 19]
        with pytest.raises(ValueError, match="predicted from nothing"):
            found.explain(table, "r3", 0)


def test_beyond_the_order_of_a_chain_no_step_is_used():
    model = MarkovChain(order=1).fit(SYMBOLS)
    table = explain_table(model, data(SYMBOLS), "next", 0)
    np.testing.assert_allclose(table["change"][:-1], 0, atol=1e-12)
    assert abs(table["change"].iloc[-1]) > 1e-6


def test_numbers_that_an_autoregression_does_not_see_change_nothing():
    model = Autoregression(order=2).fit(NUMBERS)
    change = explain_table(model, data(NUMBERS), "next", 3, step=10).set_index("lag")["change"]
    np.testing.assert_allclose(change.loc[10:3], 0, atol=1e-12)
    assert abs(change[1]) > 0.1


def test_a_label_rests_on_the_step_that_it_copies():
    y = [np.concatenate([x[:2], x[:-2]]) for x in SYMBOLS]
    model = WindowTagger(before=3).fit(SYMBOLS, y)
    change = explain_table(model, data(SYMBOLS, Sequences(y), "step"), "step", 1, step=8).set_index("lag")[
        "change"
    ]
    assert change.idxmax() == 2
    assert change[2] > 0.5
    assert change.index.min() == 0
    ahead = WindowTagger(before=1, after=1).fit(SYMBOLS, y)
    assert explain_table(ahead, data(SYMBOLS, Sequences(y), "step"), "step", 1, step=8)["lag"].min() == -3


def test_what_a_number_of_a_sequence_loses_is_in_its_units():
    y = np.array([10 * x[-2] for x in NUMBERS])
    model = WindowRegressor(width=3).fit(NUMBERS, y)
    table = explain_table(model, data(NUMBERS, y, "value"), "value", 5).set_index("lag")
    pool = np.concatenate(NUMBERS)
    expected = 10 * (NUMBERS[5][-2] - pool.mean())
    assert table.loc[1, "change"] == pytest.approx(expected, abs=10 * 3 * pool.std() / 8)
    np.testing.assert_allclose(table.loc[19:3, "change"], 0, atol=1e-9)


def test_labels_without_probabilities_and_classes_of_your_own_are_explained():
    class First:
        classes_ = np.array([0, 1, 2])

        def predict(self, X):
            return np.array([x[0] for x in X])

    table = explain_table(First(), data(SYMBOLS, np.zeros(30), "sequence"), "sequence", 2).set_index("hidden")
    assert table.loc[0, "change"] > 0.5
    assert (table.loc[1:, "change"] == 0).all()


@pytest.mark.parametrize(
    ("sequence", "step", "words"),
    [
        ("nobody", None, r"no sequence 'nobody'; expected one of a0, a1, a2, a3, a4, \.\.\."),
        ("a1", 12, "has 12 steps: expected a step from 0 to 11, got 12"),
        ("a1", 0, "predicted from nothing"),
    ],
)
def test_what_is_not_there_is_named(sequence, step, words):
    model = MarkovChain().fit(SYMBOLS)
    with pytest.raises(ValueError, match=words):
        explain_table(
            model, data(SYMBOLS, ids=np.array([f"a{k}" for k in range(30)])), "next", sequence, step
        )


def test_a_prediction_is_explained_from_the_command_line(classes, tmp_path):  # noqa: F811
    file = classes / "visits.csv"
    code, out, said = run("explain", classes / "run", file, "--sequence", "p3")
    assert code == 0, said
    header, *rows = out.splitlines()
    assert header == "sequence,step,hidden,lag,value,answer,change,unit"
    assert len(rows) == 12
    assert {row.split(",")[0] for row in rows} == {"p3"}
    table = seqcompare.load_run(classes / "run").explain(file, "p3")
    np.testing.assert_allclose(table["change"], [float(row.split(",")[-2]) for row in rows], rtol=1e-12)
    picture = tmp_path / "why.png"
    assert run("explain", classes / "run", file, "--sequence", "p3", "--out", picture)[0] == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    code, _, said = run("explain", classes / "run", file, "--sequence", "p3", "--out", picture)
    assert (code, "is there already" in said) == (2, True)
    code, _, said = run("explain", classes / "run", file, "--sequence", "p99")
    assert (code, said.count("\n")) == (2, 1)
    code, _, said = run("explain", classes / "run", file, "--sequence", "p3", "--step", 4)
    assert (code, "whole sequences" in said) == (2, True)


def test_the_numbers_of_an_explanation_are_drawn():
    table = explain_table(MarkovChain().fit(SYMBOLS), data(SYMBOLS), "next", 0)
    from seqcompare.report.plots import plot_explanation

    ax = plot_explanation(table)
    np.testing.assert_allclose([bar.get_height() for bar in ax.patches], table["change"])
    assert [label.get_text() for label in ax.get_xticklabels()] == list(table["value"])
    with pytest.raises(ValueError, match="nothing to draw"):
        plot_explanation(pd.DataFrame(table.iloc[:0]))
