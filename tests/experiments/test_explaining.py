"""Which steps a prediction used: against sums by hand, and from the command line."""

import numpy as np
import pandas as pd
import pytest
from test_predicting import classes, run  # noqa: F401  # a fixture

import seqcompare
from seqcompare import HMM, Autoregression, MarkovChain, MarkovTagger, NextStep, WindowRegressor, WindowTagger
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
