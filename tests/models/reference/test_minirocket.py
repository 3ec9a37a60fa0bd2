"""MiniRocket as an estimator, against aeon's own; and what is said where aeon is not installed."""

import sys

import numpy as np
import pytest
from sklearn.utils import check_random_state

import seqcompare
from seqcompare import MiniRocketClassifier
from seqcompare.families import find_spec

RNG = np.random.default_rng(2)
y = np.array(["a", "b", "c"])[np.arange(60) % 3]
FREQUENCIES = np.array([0.2, 0.5, 0.9])[np.arange(60) % 3]


def waves(lengths, scale=1.0):
    """Return sequences of two channels, one a wave of the class's frequency, the other noise."""
    drawn = zip(lengths, FREQUENCIES, strict=True)
    noisy = [(RNG.normal(size=(n, 2)), np.sin(f * np.arange(n) + RNG.uniform(0, 6))) for n, f in drawn]
    return [scale * np.stack([wave + 0.3 * e[:, 0], e[:, 1]], axis=1) for e, wave in noisy]


def model(**params):
    return MiniRocketClassifier(**{"n_kernels": 500, "random_state": 0} | params)


def test_answers_at_one_length_are_those_of_aeon():
    peer = pytest.importorskip("aeon.classification.convolution_based").MiniRocketClassifier
    X = np.stack(waves([30] * 60))
    standard = ((X - X[:40].mean(axis=(0, 1))) / X[:40].std(axis=(0, 1))).transpose(0, 2, 1)
    theirs = peer(n_kernels=500, random_state=check_random_state(0).randint(2**31 - 1))
    theirs.fit(standard[:40], y[:40])
    assert model().fit(X[:40], y[:40]).predict(X[40:]).tolist() == theirs.predict(standard[40:]).tolist()


def test_classes_are_learned_from_sequences_of_several_lengths():
    pytest.importorskip("aeon")
    X = waves(RNG.integers(25, 40, 60))
    ours = model().fit(X[:40], y[:40])
    assert ours.score(X[40:], y[40:]) > 0.8
    right = ours.predict_proba(X[40:])[np.arange(20), np.arange(40, 60) % 3]
    assert -np.log2(right).mean() < 0.7 * np.log2(3)


@pytest.mark.parametrize("longest", [4, 15])
def test_what_is_stretched_already_is_answered_alike(longest):
    pytest.importorskip("aeon")
    X = waves([longest] * 60)
    ours = model().fit([*X[:-1], np.repeat(X[-1], 2, axis=0)[:-1]], y)
    assert ours.length_ == max(9, 2 * longest - 1)
    twice = [
        np.stack([np.interp(np.linspace(0, longest - 1, ours.length_), range(longest), c) for c in x.T], 1)
        for x in X
    ]
    np.testing.assert_allclose(ours.predict_proba(twice), ours.predict_proba(X), atol=0.02)


def test_units_of_channels_do_not_matter():
    pytest.importorskip("aeon")
    X = waves([20] * 60)
    other = [x * [1e-6, 1e6] + [5.0, -3.0] for x in X]
    np.testing.assert_allclose(
        model().fit(other, y).predict_proba(other), model().fit(X, y).predict_proba(X), atol=0.05
    )


def test_the_generator_that_all_share_is_left_alone():
    pytest.importorskip("aeon")
    before = np.random.get_state()  # noqa: NPY002
    model().fit(waves([12] * 60), y)
    after = np.random.get_state()  # noqa: NPY002
    assert before[2:] == after[2:]
    np.testing.assert_array_equal(before[1], after[1])


def test_saved_models_come_back(tmp_path):
    pytest.importorskip("aeon")
    X = waves([12] * 60)
    ours = model().fit(X, y)
    seqcompare.save(ours, tmp_path / "model.skops")
    loaded = seqcompare.load(tmp_path / "model.skops")
    np.testing.assert_array_equal(loaded.predict_proba(X), ours.predict_proba(X))


def test_a_saved_model_without_aeon_is_one_error(tmp_path, monkeypatch):
    pytest.importorskip("aeon")
    seqcompare.save(model().fit(waves([12] * 60), y), tmp_path / "model.skops")
    for name in [name for name in sys.modules if name.startswith("aeon.")]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=r"model.skops holds a model that needs aeon, which is not inst"):
        seqcompare.load(tmp_path / "model.skops")


def test_a_comparison_has_it_as_a_reference(tmp_path):
    pytest.importorskip("aeon")
    data = waves(RNG.integers(15, 20, 60)), y
    run = seqcompare.compare(data, ["minirocket", "logistic"], cv=3, out=tmp_path / "run", n_jobs=1)
    rows = run.summary().set_index("entry")
    assert rows.loc["MiniRocket", "family"] == "reference"
    assert rows.loc["MiniRocket", "score"] < rows.loc["chance", "score"]


def test_symbols_are_refused():
    with pytest.raises(ValueError, match="expected numbers, got symbols"):
        model().fit(["ab", "ba"], [0, 1])


def test_what_is_not_installed_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "aeon.transformations.collection.convolution_based", None)
    with pytest.raises(ImportError, match=r"^MiniRocket needs aeon: pip install 'seqcompare\[aeon\]'$"):
        model().fit(waves([12] * 60), y)


def test_a_comparison_without_it_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "aeon.transformations.collection.convolution_based", None)
    run = seqcompare.compare((waves([12] * 60), y), ["minirocket"], cv=3, out=tmp_path / "run", n_jobs=1)
    assert "pip install 'seqcompare[aeon]'" in str(run.answer())


def test_comparisons_enter_it_if_asked_for():
    family, spec = find_spec("minirocket")
    assert family.name == "reference"
    assert list(spec.grid(None)) == []
