"""Windows against rows made by hand, and against scikit-learn's own encoder."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder
from windows_by_hand import rows_by_hand

from seqcompare import Sequences, SlidingWindow, WindowTagger


@st.composite
def symbol_windows(draw):
    X = draw(st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=6), min_size=1, max_size=5))
    return X, draw(st.integers(0, 4)), draw(st.integers(0, 4))


@given(symbol_windows())
def test_symbol_rows_are_those_made_by_hand(case):
    X, before, after = case
    symbols = sorted({s for x in X for s in x})
    rows, index = SlidingWindow(before, after).fit(X).rows(X)
    np.testing.assert_array_equal(rows.toarray(), rows_by_hand(X, before, after, symbols))
    assert index.tolist() == [[i, t] for i, x in enumerate(X) for t in range(len(x))]


@given(symbol_windows())
def test_real_rows_are_the_taps_and_then_the_marks(case):
    X, before, after = case
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(len(x), 2)) for x in X]
    rows, _ = SlidingWindow(before, after).fit(X).rows(X)
    expected = []
    for x in X:
        for t in range(len(x)):
            places = range(t - before, t + after + 1)
            taps = [x[k] if 0 <= k < len(x) else np.zeros(2) for k in places]
            marks = [float(not 0 <= k < len(x)) for k in places if k != t]
            expected.append(np.concatenate([*taps, marks]))
    np.testing.assert_array_equal(rows, np.array(expected))


def test_symbol_rows_agree_with_scikit_learns_encoder():
    x = np.random.default_rng(0).choice(list("ACGT"), size=50)
    window = SlidingWindow(before=2, after=1, mark_edges=False)
    rows, _ = window.fit([x]).rows([x])
    taps = np.lib.stride_tricks.sliding_window_view(x, 4)
    np.testing.assert_array_equal(rows[2:-1].toarray(), OneHotEncoder().fit_transform(taps).toarray())


def test_unmarked_rows_of_one_sequence_are_a_view():
    x = np.arange(1.0, 9.0).reshape(4, 2)
    rows, _ = SlidingWindow(before=1, mark_edges=False).fit([x]).rows([x])
    np.testing.assert_array_equal(rows, [[0, 0, 1, 2], [1, 2, 3, 4], [3, 4, 5, 6], [5, 6, 7, 8]])
    assert not rows.flags.owndata
    several, _ = SlidingWindow(before=1, mark_edges=False).fit([x]).rows([x[:2], x[2:]])
    np.testing.assert_array_equal(several, [[0, 0, 1, 2], [1, 2, 3, 4], [0, 0, 5, 6], [5, 6, 7, 8]])


def test_an_unknown_symbol_leaves_its_block_all_zero():
    window = SlidingWindow(before=1).fit(["ab"])
    rows, _ = window.rows(["xb", "bx"])
    # columns: t-1=a, t-1=b, t-1=<pad>, t=a, t=b
    assert rows.toarray().tolist() == [[0, 0, 1, 0, 0], [0, 0, 0, 0, 1], [0, 0, 1, 0, 1], [0, 1, 0, 0, 0]]
    assert rows.nnz == 5


def test_a_given_alphabet_has_columns_for_symbols_not_in_fit():
    window = SlidingWindow(symbols=["c", "a", "b"]).fit(["aa"])
    assert window.get_feature_names_out().tolist() == ["t=a", "t=b", "t=c"]
    with pytest.raises(ValueError, match="real-valued"):
        SlidingWindow(symbols=["a"]).fit([[0.5]])
    with pytest.raises(ValueError, match="X holds 'b', which is not among symbols"):
        SlidingWindow(symbols=["a"]).fit(["ab"])


def test_a_given_alphabet_may_be_a_string_or_objects():
    for symbols in ("cab", np.array(["c", "a", "b"], dtype=object), pd.Series(["c", "a", "b"])):
        window = SlidingWindow(symbols=symbols).fit(["aa"])
        assert window.transform(["cb"])[0].tolist() == [[0, 0, 1], [0, 1, 0]]


def test_what_was_fitted_rules_until_the_next_fit():
    window = SlidingWindow(before=1).fit(["ab"])
    rows, names = window.transform(["ba"])[0], window.get_feature_names_out()
    window.set_params(before=3, after=1, pairs=True, mark_edges=False, dtype="float32")
    np.testing.assert_array_equal(window.transform(["ba"])[0], rows)
    assert window.transform(["ba"])[0].dtype == rows.dtype
    assert list(window.get_feature_names_out()) == list(names)
    assert window.n_features_out_ == len(names) == rows.shape[1]
    assert window.causal
    assert not window.fit(["ab"]).causal


def test_pairs_of_symbols_are_products_of_their_columns():
    X = ["abba", "b"]
    single, _ = SlidingWindow(before=1, after=1).fit(X).rows(X)
    rows, _ = (window := SlidingWindow(before=1, after=1, pairs=True).fit(X)).rows([*X, "ax"])
    column = {name: i for i, name in enumerate(window.get_feature_names_out())}
    np.testing.assert_array_equal(rows[:5, : single.shape[1]].toarray(), single.toarray())
    pairs = [name for name in column if "&" in name]
    assert len(pairs) == 3 * 2 + 3 * 3 + 2 * 3
    dense = rows.toarray()
    for name in pairs:
        a, b = name.split(" & ")
        np.testing.assert_array_equal(dense[:, column[name]], dense[:, column[a]] * dense[:, column[b]])


def test_pairs_of_numbers_are_products_of_their_channels():
    X = [np.random.default_rng(0).normal(size=(5, 2))]
    window = SlidingWindow(before=2, pairs=True).fit(X)
    rows, _ = window.rows(X)
    column = {name: i for i, name in enumerate(window.get_feature_names_out())}
    pairs = [name for name in column if "*" in name]
    assert len(pairs) == 3 * 2 * 2
    for name in pairs:
        a, b = name.split(" * ")
        np.testing.assert_array_equal(rows[:, column[name]], rows[:, column[a]] * rows[:, column[b]])


@pytest.mark.parametrize("pairs", [False, True])
@pytest.mark.parametrize("mark_edges", [False, True])
@pytest.mark.parametrize("X", [["abc", "ca"], [np.ones((3, 2)), np.zeros((1, 2))], [[0.5, 1.5]]])
def test_every_column_has_a_name_and_its_lags(X, pairs, mark_edges):
    window = SlidingWindow(before=2, after=1, pairs=pairs, mark_edges=mark_edges).fit(X)
    names = window.get_feature_names_out()
    rows, _ = window.rows(X)
    assert len(set(names)) == len(names) == rows.shape[1] == window.n_features_out_
    taps = {2: "t-2", 1: "t-1", 0: "t", -1: "t+1"}
    for name, (first, second) in zip(names, window.layout_.column_lags, strict=True):
        tap_names = [part.split("=")[0].split("[")[0] for part in name.replace("*", "&").split(" & ")]
        assert tap_names == [taps[first], taps[second]][: len(tap_names)]
    assert [("<pad>" in name) for name in names] == window.layout_.edge_columns.tolist()
    assert window.lags_.tolist() == [2, 1, 0, -1]


def test_names_of_channels_can_be_given():
    window = SlidingWindow(before=1, mark_edges=False).fit([np.ones((3, 2))])
    assert window.get_feature_names_out().tolist() == ["t-1[0]", "t-1[1]", "t[0]", "t[1]"]
    assert window.get_feature_names_out(["x", "y"]).tolist() == ["t-1[x]", "t-1[y]", "t[x]", "t[y]"]
    with pytest.raises(ValueError, match=r"1 names but a step has 2"):
        window.get_feature_names_out(["x"])


@pytest.mark.parametrize("steps", [[["a", "b"], ["b", "a"]], [[0.5, 2.0], [1.0, -1.0]]])
def test_transform_gives_one_matrix_a_sequence_in_the_container_that_came_in(steps):
    window = SlidingWindow(before=1).fit(steps)
    rows, _ = window.rows(steps)
    rows = rows if isinstance(rows, np.ndarray) else rows.toarray()
    as_list = window.transform(steps)
    assert isinstance(as_list, list)
    np.testing.assert_array_equal(np.concatenate(as_list), rows)
    as_array = window.transform(np.array(steps))
    assert as_array.shape == (2, 2, window.n_features_out_)
    np.testing.assert_array_equal(as_array.reshape(4, -1), rows)
    as_sequences = window.transform(Sequences(np.concatenate(steps), [0, 2, 4]))
    assert isinstance(as_sequences, Sequences)
    np.testing.assert_array_equal(as_sequences.values, rows)


def test_frame_is_rows_with_their_names_and_index():
    for X in (["abc", "ca"], [np.ones((3, 2)), np.zeros((1, 2))]):
        window = SlidingWindow(before=1).fit(X)
        frame = window.frame(X)
        rows, index = window.rows(X)
        assert list(frame.columns) == window.get_feature_names_out().tolist()
        assert frame.index.names == ["sequence", "step"]
        assert frame.index.tolist() == [tuple(pair) for pair in index.tolist()]
        dense = rows if isinstance(rows, np.ndarray) else rows.toarray()
        np.testing.assert_array_equal(np.asarray(frame), dense)
    assert isinstance(SlidingWindow().fit(["ab"]).frame(["ab"]).dtypes.iloc[0], pd.SparseDtype)


def test_dtype_is_that_of_the_rows():
    for X in (["ab"], [[0.5, 1.0]]):
        assert SlidingWindow(1, dtype="float32").fit(X).rows(X)[0].dtype == np.float32
        assert SlidingWindow(1).fit(X).rows(X)[0].dtype == np.float64
    with pytest.raises(ValueError, match="numbers with fractions, got 'int64'"):
        SlidingWindow(dtype="int64").fit(["ab"])


@pytest.mark.parametrize("parameter", ["before", "after"])
def test_a_window_reaches_a_whole_number_of_steps(parameter):
    with pytest.raises(ValueError, match=parameter):
        SlidingWindow(**{parameter: -1}).fit(["ab"])
    with pytest.raises(TypeError, match=parameter):
        SlidingWindow(**{parameter: 1.5}).fit(["ab"])


def test_what_was_not_fitted_or_is_of_another_kind_is_refused():
    with pytest.raises(NotFittedError):
        SlidingWindow().transform(["ab"])
    with pytest.raises(ValueError, match="fitted on symbols, but X holds real-valued"):
        SlidingWindow().fit(["ab"]).rows([[0.5]])
    with pytest.raises(ValueError, match="steps of 2 value"):
        SlidingWindow().fit([np.ones((3, 2))]).rows([np.ones((3, 1))])
    with pytest.raises(ValueError, match=r"X\[1\] contains NaN at step 2"):
        SlidingWindow().fit([[0.5], [1.0, 2.0, np.nan]])


def test_a_wide_alphabet_needs_more_than_a_byte():
    x = np.arange(300)
    rows, _ = SlidingWindow(before=1).fit([x]).rows([x])
    assert rows.shape == (300, 601)
    np.testing.assert_array_equal(rows.indices.reshape(-1, 2)[1:], np.stack([x[:-1], x[1:] + 301], axis=1))


def test_windows_are_a_step_of_a_pipeline():
    X, y = ["abba", "ab", "bbab"], [[0, 0, 1, 1], [0, 0], [0, 1, 1, 0]]
    pipeline = Pipeline([("window", SlidingWindow(before=1)), ("tag", WindowTagger())]).fit(X, y)
    alone = WindowTagger(before=1).fit(X, y)
    for ours, theirs in zip(pipeline.predict_proba(X), alone.predict_proba(X), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)
