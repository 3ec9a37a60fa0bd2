import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from seqcompare import HMM, BayesClassifier, Sequences, SequenceScaler


def ragged(rng, n=20, d=3):
    return [rng.normal([1, -5, 100][:d], [1, 0.1, 30][:d], size=(rng.integers(1, 9), d)) for _ in range(n)]


def test_agrees_with_scikit_learn_on_stacked_steps():
    X = ragged(np.random.default_rng(0))
    scaler, peer = SequenceScaler().fit(X), StandardScaler().fit(np.concatenate(X))
    np.testing.assert_allclose(scaler.mean_, peer.mean_, rtol=1e-12)
    np.testing.assert_allclose(scaler.scale_, peer.scale_, rtol=1e-12)
    for scaled, x in zip(scaler.transform(X), X, strict=True):
        np.testing.assert_allclose(scaled, peer.transform(x), rtol=1e-9, atol=1e-12)
    for back, x in zip(scaler.inverse_transform(scaler.transform(X)), X, strict=True):
        np.testing.assert_allclose(back, x, rtol=1e-12)


@pytest.mark.parametrize("shape", [(6, 4), (6, 4, 1), (6, 4, 3)])
def test_arrays_are_scaled_by_channel_not_by_position(shape):
    X = np.random.default_rng(1).normal(3, 2, size=shape) + np.arange(4).reshape(4, *[1] * (len(shape) - 2))
    scaled = SequenceScaler().fit_transform(X)
    assert scaled.shape == shape
    flat = scaled.reshape(24, -1)
    np.testing.assert_allclose(flat.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(flat.std(axis=0), 1)
    assert abs(scaled[:, 0].mean()) > 0.1  # positions keep their differences


def test_containers_and_types_come_back():
    X = [np.array([1.0, 2.0], dtype=np.float32), np.array([5.0], dtype=np.float32)]
    scaled = SequenceScaler().fit_transform(X)
    assert isinstance(scaled, list)
    assert [x.dtype for x in scaled] == [np.float32, np.float32]
    packed = Sequences(np.array([1.0, 2.0, 5.0]), [0, 2, 3])
    assert isinstance(SequenceScaler().fit(X).transform(packed), Sequences)
    frame = pd.DataFrame({"a": [1, 2], "b": [3, 4]})
    np.testing.assert_allclose(SequenceScaler().fit(frame).mean_, [2.5])
    assert isinstance(SequenceScaler().fit_transform([[1, 2], [3]]), list)
    np.testing.assert_allclose(SequenceScaler().fit_transform([[1, 2], [3, 6]]).mean(), 0, atol=1e-15)


def test_parts_add_up():
    X = ragged(np.random.default_rng(2), 30)
    whole, parts = SequenceScaler().fit(X), SequenceScaler()
    for part in (X[:1], X[1:12], X[12:]):
        parts.partial_fit(part)
    np.testing.assert_allclose(parts.mean_, whole.mean_, rtol=1e-12)
    np.testing.assert_allclose(parts.var_, whole.var_, rtol=1e-12)
    assert parts.n_steps_seen_ == sum(map(len, X))
    parts.fit(X[:3])
    np.testing.assert_allclose(parts.mean_, SequenceScaler().fit(X[:3]).mean_)


def test_constant_channels_stay_finite():
    X = [np.column_stack([np.full(5, 1e8 / 3), np.arange(5.0)])]
    scaler = SequenceScaler().fit(X)
    assert scaler.scale_[0] == 1
    np.testing.assert_allclose(scaler.transform(X)[0][:, 0], 0, atol=1e-7)


def test_switches():
    X = [np.array([1.0, 3.0, 8.0])]
    assert SequenceScaler(with_mean=False).fit_transform(X)[0].mean() > 1
    np.testing.assert_allclose(SequenceScaler(with_std=False).fit_transform(X)[0], [-3, -1, 4])
    for kwargs in ({"with_mean": False}, {"with_std": False}):
        scaler = SequenceScaler(**kwargs).fit(X)
        np.testing.assert_allclose(scaler.inverse_transform(scaler.transform(X))[0], X[0])


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ([np.array([1.0]), np.array([2.0, np.inf])], r"X\[1\] contains infinity \(inf\) at step 1"),
        (["ab"], "expected sequences of numbers, got <U1 symbols"),
        ([np.ones((2, 2)), np.ones((2, 3))], r"X\[1\] has shape \(2, 3\)"),
    ],
)
def test_wrong_input_is_named_in_fit_and_transform(X, message):
    with pytest.raises(ValueError, match=message):
        SequenceScaler().fit(X)
    scaler = SequenceScaler().fit([np.array([1.0, 2.0])])
    with pytest.raises(ValueError, match="|".join([message, "fitted on real-valued steps"])):
        scaler.transform(X)


def test_missing_values_count_for_nothing_and_stay_missing():
    rng = np.random.default_rng(0)
    X = ragged(rng)
    for x in X:
        x[rng.random(x.shape) < 0.3] = np.nan
    peer = StandardScaler().fit(np.concatenate(X))
    whole, parts = SequenceScaler().fit(X), SequenceScaler().partial_fit(X[:7]).partial_fit(X[7:])
    for scaler in (whole, parts):
        np.testing.assert_allclose(scaler.mean_, peer.mean_, rtol=1e-12)
        np.testing.assert_allclose(scaler.scale_, peer.scale_, rtol=1e-12)
        np.testing.assert_array_equal(scaler.n_steps_seen_, peer.n_samples_seen_)
    for scaled, x in zip(whole.transform(X), X, strict=True):
        np.testing.assert_allclose(scaled, peer.transform(x), rtol=1e-9, atol=1e-12)


def test_other_channels_are_refused():
    scaler = SequenceScaler().fit([np.ones((3, 2))])
    with pytest.raises(ValueError, match=r"fitted on steps of 2 value\(s\), but the steps of X have 3"):
        scaler.transform([np.ones((3, 3))])


def test_scikit_learns_checks(monkeypatch):
    monkeypatch.setenv("SCIPY_ARRAY_API", "1")
    results = check_estimator(clone(SequenceScaler()))
    assert [r["status"] for r in results] == ["passed"] * 46


def test_plain_lists_take_any_length():
    scaler = SequenceScaler().fit([[1.0, 2.0, 3.0]] * 3)
    answer = scaler.transform([[2.0, 3.0], [1.0, 2.0]])
    np.testing.assert_allclose(answer, [[0.0, 1.5**0.5], [-(1.5**0.5), 0.0]])
    back = scaler.inverse_transform([list(x) for x in answer])
    np.testing.assert_allclose(back, [[2.0, 3.0], [1.0, 2.0]])
    assert SequenceScaler().fit_transform([[1.0, 2.0, 3.0]] * 3).shape == (3, 3)


def test_integers_are_measurements_in_every_container():
    counts = [np.array([[1, 20], [3, 40]]), np.array([[5, 60]])]
    ragged_objects = np.empty(2, dtype=object)
    ragged_objects[:] = counts
    for X in (counts, [x.tolist() for x in counts], ragged_objects, pd.Series(counts)):
        np.testing.assert_allclose(SequenceScaler().fit(X).mean_, [3, 40])
        assert [x.shape for x in SequenceScaler().fit_transform(X)] == [(2, 2), (1, 2)]
    np.testing.assert_allclose(SequenceScaler().fit([[1, 2], [0.5]]).mean_, [3.5 / 3])


def test_scaled_counts_are_measurements():
    counts = np.random.default_rng(2).poisson(150, 60).astype(float)
    X = Sequences.from_columns({"visits": counts}, np.full(12, 5), kinds={"visits": "count"})
    scaled = SequenceScaler().fit_transform(X)
    assert [(channel.name, channel.kind) for channel in scaled.schema] == [("visits", "real")]
    assert [channel.kind for channel in X.schema] == ["count"]
    np.testing.assert_allclose(SequenceScaler().fit(X).inverse_transform(scaled).values, counts)
    # a density a class is fitted to parts, which are held against their schema
    y = np.arange(12) % 2
    assert make_pipeline(SequenceScaler(), BayesClassifier(HMM(1))).fit(X, y).predict(X).shape == (12,)
