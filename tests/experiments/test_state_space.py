"""Contexts that training data support, counted again by hand."""

import numpy as np
import pytest
from sweep_toys import light_suite

from seqcompare.data.sequences import Sequences
from seqcompare.experiments.plan import plan_trials
from seqcompare.experiments.state_space import LONGEST, count_contexts, state_space_table
from seqcompare.experiments.suites import load_suite


def test_contexts_against_a_dict():
    rng = np.random.default_rng(0)
    X = Sequences([rng.integers(3, size=n) for n in (40, 25, 2, 60)])
    table = count_contexts(X, 4).set_index("order")
    for order in range(5):
        counts = {}
        for x in X:
            for t in range(order, len(x)):
                context = tuple(x[t - order : t])
                counts[context] = counts.get(context, 0) + 1
        supported = [n for n in counts.values() if n >= 5]
        row = table.loc[order]
        assert (row["possible"], row["seen"], row["supported"]) == (3**order, len(counts), len(supported))
        assert row["share_of_steps"] == pytest.approx(sum(supported) / sum(counts.values()))


def test_contexts_longer_than_the_data_end_the_table():
    assert count_contexts(Sequences([[0, 1, 0]]), 9)["seen"].tolist() == [1, 2, 1, 0]


def test_the_table_is_of_the_training_data_at_the_largest_distance():
    tasks = [{"name": "LagChain"}, {"name": "Adding"}]
    models = [{"variant": "markov", "sizes": [1]}, {"variant": "ridge", "sizes": [4]}]
    trials = plan_trials(load_suite(light_suite(tasks=tasks, models=models)))
    table = state_space_table(trials)
    assert set(table["task"]) == {"LagChain"}  # numbers have no contexts
    assert (set(table["distance"]), set(table["n_train"])) == ({4}, {20})
    last = next(t for t in trials if t.source.label == "LagChain" and t.source.task.distance == 4)
    expected = count_contexts(last.source.draw(0)[0].X, LONGEST)
    assert table["seen"].tolist() == expected["seen"].tolist()
