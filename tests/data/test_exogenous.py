"""One channel is predicted, the others are inputs: what is known when."""

import numpy as np
import pandas as pd
import pytest

from seqcompare import datasets
from seqcompare.data.read import read_new
from seqcompare.data.source import DataError, WrongUseError

FRAME = pd.DataFrame(
    {
        "id": [1, 1, 1, 1, 2, 2, 3],
        "t": [0, 1, 2, 3, 0, 1, 0],
        "wind": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.9],
        "power": [1.5, 2.5, np.nan, 4.5, 5.5, 6.5, 9.5],
        "sky": ["sun", "rain", "rain", "sun", "sun", "rain", "sun"],
    }
)
NUMBERS = FRAME.drop(columns="sky")
TOLD = {"sequence": "id", "order": "t", "values": ["wind", "power"]}


def test_the_past_of_all_channels_is_known():
    data = datasets.read(NUMBERS, predict="power", **TOLD)
    assert data.role == "step-value"
    assert data.X.lengths.tolist() == [3, 1]
    # the sequence of one step is left out, and so is the missing target
    assert data.y.values.tolist() == [2.5, 2.5, 4.5, 6.5]
    assert data.sample_weight.values.tolist() == [1, 0, 1, 1]
    np.testing.assert_array_equal(data.X[0], [[0.1, 1.5], [0.2, 2.5], [0.3, np.nan]])
    assert "'power' is predicted from all channels up to the step before" in data.notes[-1]


def test_the_present_of_the_others_is_known_where_that_is_said():
    data = datasets.read(NUMBERS, predict="power", known="present", **TOLD)
    assert [channel.name for channel in data.X.schema] == ["wind", "power (step before)"]
    np.testing.assert_array_equal(data.X[0], [[0.1, 1.5], [0.2, 1.5], [0.3, 2.5], [0.4, np.nan]])
    # nothing came before the first step
    assert data.sample_weight.values.tolist() == [0, 1, 0, 1, 0, 1]
    assert data.y.values[[1, 3, 5]].tolist() == [2.5, 4.5, 6.5]


def test_a_channel_of_symbols_is_predicted_as_labels():
    data = datasets.read(FRAME.fillna(3.5), predict="sky", **TOLD | {"values": ["wind", "power", "sky"]})
    assert data.role == "step"
    assert data.y.values.tolist() == ["rain", "rain", "sun", "rain"]
    assert data.X.kind == "mixed"


def test_no_target_at_a_step_is_among_its_inputs():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(2, 6, 3))
    for known in ("past", "present"):
        frame = pd.concat(
            pd.DataFrame(x, columns=["a", "b", "c"]).assign(id=i, t=range(6)) for i, x in enumerate(values)
        )
        data = datasets.read(frame, sequence="id", order="t", predict="b", known=known)
        scored = np.ones(data.X.n_steps) if data.sample_weight is None else data.sample_weight.values
        for row in np.flatnonzero(scored):
            assert data.y.values[row] not in data.X.values[row]


def test_new_data_are_read_in_the_same_way():
    data = datasets.read(NUMBERS, predict="power", known="present", **TOLD)
    asked = read_new(NUMBERS.assign(power=[1.5, 2.5, 3.5, np.nan, 5.5, np.nan, 1.0]), data.reading)
    np.testing.assert_array_equal(asked.X[0][3], [0.4, 3.5])
    # from the past alone the step after the end is asked about as well
    past = read_new(NUMBERS.fillna(3.5), datasets.read(NUMBERS, predict="power", **TOLD).reading)
    assert past.X.lengths.tolist() == [4, 2, 1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"predict": "rain"}, "there is no channel 'rain' to predict; there are wind, power"),
        ({"predict": "power", "known": "future"}, "known must be one of past, present, got 'future'"),
        ({"known": "past"}, "known 'past' does not apply"),
        ({"predict": "power", "target": "wind"}, "target 'wind' does not apply"),
        ({"predict": "power", "role": "step"}, "role 'step' does not apply"),
        ({"predict": "power", "values": "power"}, "'power' is the only channel: the role next"),
    ],
)
def test_what_cannot_be_is_said(options, message):
    with pytest.raises(DataError, match=message):
        datasets.read(NUMBERS, **TOLD | options)


def test_data_that_have_a_target_are_refused():
    made = datasets.read(([[[0.5, 1.0], [1.0, 2.0]]] * 2, [[0, 1], [1, 0]]))
    with pytest.raises(WrongUseError, match="have a target already"):
        datasets.read(made, predict="1")
