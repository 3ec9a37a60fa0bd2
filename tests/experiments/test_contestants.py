"""The ladders: what there is for each role, and that every rung can be made."""

import numpy as np
import pytest
from sklearn.base import clone

from seqcompare import MarkovChain, SequenceDataset
from seqcompare.data.sequences import Sequences
from seqcompare.experiments.answers import fit_model
from seqcompare.experiments.ladder import build_ladders, extent_of
from seqcompare.experiments.measures import ask, metric_of


def dataset(role, kind="symbols", n=40, length=20):
    rng = np.random.default_rng(0)
    values = rng.integers(0, 4, (n, length)) if kind == "symbols" else rng.normal(size=(n, length, 2))
    X = Sequences(Sequences(values).values, Sequences(values).offsets)
    targets = {
        "next": None,
        "step": Sequences(rng.integers(0, 2, n * length), X.offsets),
        "sequence": np.arange(n) % 3,
        "value": rng.normal(size=n),
    }
    return SequenceDataset(X, targets[role], None, role, "test")


ROLES = [(role, kind) for role in ("next", "step", "sequence", "value") for kind in ("symbols", "real")]


@pytest.mark.parametrize(("role", "kind"), ROLES)
def test_every_rung_can_be_cloned_and_has_a_label_of_its_own(role, kind):
    entries = build_ladders(dataset(role, kind))
    assert entries[0].name == "chance"
    for entry in entries:
        labels = [rung.label for rung in entry.rungs]
        assert len(set(labels)) == len(labels) > 0
        for rung in entry.rungs:
            clone(rung.source)
            assert rung.family == entry.family


@pytest.mark.filterwarnings("ignore")  # a single epoch does not converge
@pytest.mark.parametrize(("n", "length"), [(40, 20), (6, 210)])
@pytest.mark.parametrize(("role", "kind"), ROLES)
def test_every_rung_can_be_fitted_and_asked(role, kind, n, length):
    data = dataset(role, kind, n, length)
    for entry in build_ladders(data):
        for rung in entry.rungs:
            model = clone(rung.source)
            short = {"max_iter": 1, "n_init": 1}
            names = {name: name.split("__")[-1] for name in model.get_params()}
            model.set_params(**{name: short[last] for name, last in names.items() if last in short})
            fit_model(model, data)
            answers = ask(model, data, 1.0)
            # labels may have to be compared by their probabilities, so every rung has them
            metric = "label bits" if role in ("step", "sequence") else metric_of(data)
            assert np.isfinite(answers.losses(metric)).all(), rung.label


def test_all_families_take_part_where_they_have_an_answer():
    families = {key: {e.family for e in build_ladders(dataset(*key))[1:]} for key in ROLES}
    every = {"markov", "hmm", "window", "recurrent"}
    for key in ROLES:
        role, _ = key
        expected = (
            {"window", "recurrent"} if role == "value" else {"hmm"} if key == ("next", "real") else every
        )
        assert families[key] == expected


def test_names_and_patterns_choose():
    names = [e.name for e in build_ladders(dataset("step"), ["window*", "markov"])]
    assert names == ["chance", "window", "window (looks ahead)", "Markov tagger"]


def test_models_of_ones_own_have_no_ladder():
    mine = MarkovChain(order=7)
    _, entry = build_ladders(dataset("next"), {"mine": mine})
    assert (entry.name, entry.family, entry.rungs[0].source) == ("mine", "yours", mine)


def test_limits_cut_what_is_seen():
    entries = {e.name: e for e in build_ladders(dataset("step"))}
    chain = entries["Markov tagger"]
    assert [chain.limit(chain.rungs[3], k).source.order for k in (1, 2, 4, 9)] == [0, 1, 3, 3]
    window = entries["window (looks ahead)"]
    rung = next(r for r in window.rungs if r.label == "logistic window -4..+4")
    assert (window.limit(rung, 3).source.before, window.limit(rung, 3).source.after) == (2, 4)
    assert (window.limit_ahead(rung, 1).source.before, window.limit_ahead(rung, 1).source.after) == (4, 1)
    chain = next(e for e in build_ladders(dataset("next")) if e.name == "Markov chain")
    assert [chain.limit(chain.rungs[2], k).source.order for k in (1, 2, 3, 9)] == [1, 2, 3, 3]


def test_ladders_fit_the_data():
    orders = {
        r.capacity for e in build_ladders(dataset("next", length=3)) for r in e.rungs if r.family == "markov"
    }
    assert orders == {1, 2}
    small = next(e for e in build_ladders(dataset("next", n=6, length=8)) if e.family == "hmm")
    assert [r.capacity for r in small.rungs] == [2]


def test_long_sequences_are_learned_in_pieces():
    (net,) = (e for e in build_ladders(dataset("step", n=2, length=900)) if e.name == "recurrent")
    assert type(net.rungs[0].source).__name__ == "InPieces"


def test_more_data_get_fewer_epochs():
    small, large = extent_of(dataset("next"), 0.8), extent_of(dataset("next", n=4000, length=60), 0.8)
    assert small.epochs == 200
    assert large.epochs == pytest.approx(1.2e7 / (0.8 * 240_000), rel=0.05)


def test_the_name_of_the_reference_is_taken():
    with pytest.raises(ValueError, match="'chance' is the name of the reference"):
        build_ladders(dataset("next"), {"chance": MarkovChain()})


def test_many_symbols_and_long_sequences_get_rungs_of_their_own():
    def labels(data):
        return {e.name: [rung.label for rung in e.rungs] for e in build_ladders(data)}

    few, many = labels(dataset("next")), labels(dataset("next", n=10, length=300))
    assert "GRU 32, timescale 8" in many["recurrent"]
    assert "GRU 32, timescale 8" not in few["recurrent"]
    assert not any("Kneser-Ney" in label for label in few["Markov chain"])
    x = np.arange(2000) % 20
    text = SequenceDataset(Sequences(x, np.arange(0, 2001, 100)), None, None, "next", "text")
    entry = next(e for e in build_ladders(text) if e.name == "Markov chain")
    rung = next(r for r in entry.rungs if r.label == "Markov order 4, Kneser-Ney")
    assert (rung.source.smoothing, rung.source.order) == ("kneser-ney", 4)
    # seeing less is still the same smoothing
    assert (entry.limit(rung, 2).source.smoothing, entry.limit(rung, 2).source.order) == ("kneser-ney", 2)
