import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from seqcompare import (
    HMM,
    Autoregression,
    HMMTagger,
    LinearStateSpace,
    MarkovChain,
    MarkovTagger,
    NextStep,
    RNNTagger,
    Sequences,
    WindowTagger,
)
from seqcompare.data.targets import check_sequence_labels, check_step_labels, check_step_weights
from seqcompare.models.reference.last_value import LastValue

X = Sequences([[0, 1], [1, 0, 1]])


def objects(*parts):
    array = np.empty(len(parts), dtype=object)
    array[:] = parts
    return array


RAGGED_WEIGHTS = [
    [[1, 1], [0.5, 0.5, 0.5]],
    [np.array([True, True]), np.array([0.5, 0.5, 0.5])],
    objects([1, 1], [0.5, 0.5, 0.5]),
    pd.Series([[1, 1], [0.5, 0.5, 0.5]], index=[7, 9]),
    Sequences([[1.0, 1.0], [0.5, 0.5, 0.5]]),
]


@pytest.mark.parametrize("weights", RAGGED_WEIGHTS)
@pytest.mark.parametrize("as_array", [False, True])
def test_weights_of_steps_are_numbers_in_any_container(weights, as_array):
    got = check_step_weights(weights, X, steps_as_array=as_array)
    np.testing.assert_array_equal(got, [1, 1, 0.5, 0.5, 0.5])


def test_weights_of_steps_as_a_table():
    square = Sequences(np.array([[0, 1], [1, 0]]))
    table = pd.DataFrame([[1, 0.0], [1, 2]])
    for weights in (table, table.to_numpy(), table.to_numpy(dtype=object)):
        np.testing.assert_array_equal(check_step_weights(weights, square), [1, 0, 1, 2])
        with pytest.raises(ValueError, match=r"sample_weight has shape \(2, 2\), expected \(2,\)"):
            check_step_weights(weights, square, steps_as_array=False)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([["a", "b"], ["a", "b", "b"]], "sample_weight must be numbers, got 'a'"),
        (["a", "b"], "sample_weight must be numbers, one a sequence"),
        ([[1, None], [1, 1, 1]], "sample_weight must be finite"),
        ([[1, "a"], [1, 1, 1]], r"sample_weight\[0\] mixes kinds"),
        ([[1, 1], [1, 1]], r"sample_weight\[1\] has 2 weights but X\[1\] has 3 steps"),
        (1.0, "sample_weight must be a list"),
        ([1.0], r"sample_weight has shape \(1,\), expected \(2,\)"),
    ],
)
def test_wrong_weights_are_called_weights(weights, message):
    with pytest.raises(ValueError, match=message):
        check_step_weights(weights, X)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([0, 1], r"y must have labels for every step, one array a sequence; got shape \(2,\)"),
        (pd.Series([0, 1]), r"y must have labels for every step, one array a sequence; got shape \(2,\)"),
        (np.array(["x", "y"]), r"y must have labels for every step"),
        ([["x", None], ["x", "y", "x"]], r"y\[0\] has none of its labels at step 1"),
        ([[[0, 1]] * 2, [[1, 1]] * 3], r"y\[0\] has 2 int64 values a step"),
        (5, "y must be a list of sequences"),
        ([[], [1, 2, 3]], r"y\[0\] is empty"),
    ],
)
def test_wrong_labels_are_called_y(y, message):
    with pytest.raises(ValueError, match=message):
        check_step_labels(y, X)


def test_labels_of_dtype_object_are_what_they_hold():
    for y, kind in ((["u", "v"], "U"), ([True, False], "b"), ([1, 2], "i")):
        labels = check_sequence_labels(np.array(y, dtype=object), X)
        assert labels.dtype.kind == kind
        assert labels.tolist() == y
    with pytest.raises(ValueError, match="y mixes kinds: int, str"):
        check_sequence_labels(np.array(["u", 1], dtype=object), X)


TAGGERS = [
    MarkovTagger(),
    HMMTagger(random_state=0),
    HMMTagger(decode="filter", random_state=0),
    WindowTagger(),
    RNNTagger(max_iter=1, random_state=0),
]


@pytest.mark.parametrize("tagger", TAGGERS, ids=repr)
def test_a_table_of_another_width_is_refused_by_every_answer(tagger):
    table = np.array([[0, 1, 1, 0], [1, 0, 1, 0]] * 3)
    tagger.fit(table, table)
    wide = table[:, [0, 1, 2, 3, 0]]
    for answer in (
        tagger.predict,
        tagger.predict_proba,
        tagger.predict_log_proba,
        lambda X: tagger.score(X, wide),
    ):
        with pytest.raises(ValueError, match=r"X has 5 features, but .* is expecting 4"):
            answer(wide)
    assert len(tagger.predict([*wide.tolist()[:1], [0]])) == 2  # lists take any length


@pytest.mark.parametrize("tagger", TAGGERS, ids=repr)
def test_labels_of_another_kind_are_no_score_of_zero(tagger):
    tagger.fit(["ab", "ba"], [[0, 1], [1, 0]])
    with pytest.raises(ValueError, match=r"y has labels of dtype <U1, such as 'x'.* dtype int64"):
        tagger.score(["ab"], [["x", "y"]])


DENSITIES = [MarkovChain(), HMM(random_state=0), NextStep(MarkovTagger())]


@pytest.mark.parametrize("density", DENSITIES, ids=repr)
@pytest.mark.parametrize(
    ("n_sequences", "length", "message"),
    [
        (0, 3, "n_sequences must be a whole number >= 1, got 0"),
        (True, 3, "n_sequences must be a whole number"),
        (2.0, 3, "n_sequences must be a whole number"),
        (2, 0, "length must be made of whole numbers >= 1, got 0"),
        (2, -1, "length must be made of whole numbers"),
        (2, 2.7, "length must be made of whole numbers"),
        (2, "a", "length must be made of whole numbers"),
        (2, [0, 3], "length must be made of whole numbers"),
        (2, [1, 2, 3], r"length has shape \(3,\), expected one number or 2, one a sequence"),
    ],
)
def test_how_much_to_draw_is_checked(density, n_sequences, length, message):
    density.fit(["abba", "ab"])
    with pytest.raises(ValueError, match=message):
        density.sample(n_sequences, length, random_state=0)
    assert density.sample(2, np.array([1, 3]), random_state=0).lengths.tolist() == [1, 3]


@pytest.mark.parametrize(
    ("model", "way"),
    [
        (Autoregression(order=1), "allow"),
        (LinearStateSpace(1), "allow"),
        (LastValue(), "allow"),
        (HMM(2, emission="gaussian"), "marginalize"),
    ],
)
def test_who_can_do_without_missing_values_says_how(model, way):
    X = [[0.5, np.nan, 1.0, 0.3, 0.2], [0.1, 0.4, 0.2, 0.9, 0.8]] * 4
    with pytest.raises(ValueError, match=rf"contains NaN at step 1: .*, or missing='{way}', where NaN"):
        model.fit(X)
    clone(model).set_params(missing=way).fit(X)
    with pytest.raises(ValueError, match=r"expected finite numbers$"):
        model.fit([[0.5, np.inf, 1.0, 0.3, 0.2]] * 4)


def test_who_cannot_says_nothing_of_it():
    with pytest.raises(ValueError, match=r"contains NaN at step 1: expected finite numbers$"):
        RNNTagger(max_iter=1).fit([[0.5, np.nan, 1.0]] * 4, [[0, 1, 0]] * 4)
