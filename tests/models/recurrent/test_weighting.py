"""Numbers that are too large to compute with."""

import numpy as np
import pytest

from seqcompare import RNNRegressor, RNNTagger

RNG = np.random.default_rng(0)
SIGNALS = [RNG.normal(size=(6, 2)) for _ in range(12)]
TAGS = [(x[:, 0] > 0).astype(int) for x in SIGNALS]
NUMBERS = RNG.normal(size=12)
TINY = {"hidden_size": 3, "max_iter": 2, "random_state": 0}


def spoilt(value, sequence=3, step=2, channel=1):
    X = [x.copy() for x in SIGNALS]
    X[sequence][step, channel] = value
    return X


@pytest.mark.parametrize("cell", ["elman", "jordan", "gru", "lstm"])
@pytest.mark.parametrize(("dtype", "value"), [("float32", 1e39), ("float32", -1e20), ("float64", 1e300)])
def test_a_value_too_large_for_the_network_is_named(cell, dtype, value):
    model = RNNTagger(cell, dtype=dtype, **TINY).fit(SIGNALS, TAGS)
    message = rf"X\[3\] at step 2 is {value:g}: too large for a network of {dtype}".replace("+", r"\+")
    with pytest.raises(ValueError, match=message):
        model.predict_proba(spoilt(value))
    with pytest.raises(ValueError, match=message):
        model.partial_fit(spoilt(value), TAGS)
    with pytest.raises(ValueError, match=r"X\[0\] at step 0"):
        model.step_proba(spoilt(value)[3][2:3])
    # as large as it may be, the answer is finite
    largest = 1e19 if dtype == "float32" else 1e154
    for sign in (1, -1):
        assert np.isfinite(np.concatenate(model.predict_proba(spoilt(sign * largest)))).all()


def test_a_value_whose_square_overflows_is_named_in_fit():
    with pytest.raises(ValueError, match=r"X\[3\] at step 2 is 1e\+200: too large"):
        RNNTagger(**TINY).fit(spoilt(1e200), TAGS)
    with pytest.raises(ValueError, match=r"X\[3\] at step 2 is 1e\+39: too large"):
        RNNTagger(standardize=False, **TINY).fit(spoilt(1e39), TAGS)
    # sequences of weight 0 are absent, and do not change how the others are called
    weights = np.ones(12)
    weights[1] = 0
    with pytest.raises(ValueError, match=r"X\[3\] at step 2 is 1e\+200: too large"):
        RNNTagger(**TINY).fit(spoilt(1e200), TAGS, weights)
    model = RNNTagger(**TINY).fit(spoilt(1e200, sequence=1), TAGS, weights)
    assert np.isfinite(np.concatenate(model.predict_proba(SIGNALS))).all()


@pytest.mark.parametrize(("standardize", "value"), [(True, 1e200), (False, 1e39)])
def test_a_target_too_large_is_named(standardize, value):
    y = NUMBERS.copy()
    y[4] = value
    with pytest.raises(ValueError, match=r"y\[4\] is 1e\+\d+: too large"):
        RNNRegressor(standardize=standardize, **TINY).fit(SIGNALS, y)
