"""Channels, missing symbols, codes and times: what a step holds, and how it is held."""

import pickle
import tracemalloc

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from seqcompare import HMM, Autoregression, MarkovChain, Sequences
from seqcompare.data.schema import Channel, read_schema


@pytest.mark.parametrize(
    ("X", "expected"),
    [
        (["ab", "b"], [("0", "symbols")]),
        ([[1, 2]], [("0", "symbols")]),
        ([[0.5, 1.5]], [("0", "real")]),
        ([np.zeros((2, 3))], [("0", "real"), ("1", "real"), ("2", "real")]),
    ],
)
def test_channels_are_named_by_their_place(X, expected):
    assert [(channel.name, channel.kind) for channel in Sequences(X).schema] == expected


def test_channels_may_be_named():
    X = Sequences([np.array([[0.5, 1], [2, 3]])], schema=[("force", "real"), Channel("hits", "count")])
    assert [channel.name for channel in X.schema] == ["force", "hits"]
    assert_array_equal(X.column("hits").values, [1, 3])
    assert X.column("hits").schema == (Channel("hits", "count"),)
    counts = Sequences([[3, 1], [0]], schema=[("hits", "count")])
    assert (counts.kind, counts.values.dtype) == ("real", np.float64)


@pytest.mark.parametrize(
    ("X", "schema", "message"),
    [
        ([[0.5]], [], "names no channel"),
        ([[0.5]], [("a", "real"), ("b", "real")], r"schema has 2 channel\(s\), but a step has 1"),
        ([[0.5]], [("a", "symbols")], "channel 'a' holds real, but the schema says symbols"),
        (["ab"], [("a", "real")], "channel 'a' holds symbols, but the schema says real"),
        ([[0.5]], [("a", "count")], "expected counts, which are whole numbers from 0, got 0.5"),
        ([np.ones((1, 2))], [("a", "real"), ("a", "real")], "two channels are called 'a'"),
        ([[0.5]], [("a", "colour")], "must be one of symbols, real, count, got 'colour'"),
    ],
)
def test_a_schema_that_does_not_fit_says_so(X, schema, message):
    with pytest.raises(ValueError, match=message):
        Sequences(X, schema=schema)
    assert read_schema([("a", "real")]) == (Channel("a", "real"),)


@pytest.mark.parametrize("n_symbols", [1, 255, 256, 65_535, 65_536])
def test_codes_are_as_small_as_the_alphabet_allows(n_symbols):
    words = np.array([f"w{i:06}" for i in range(n_symbols)])
    X = Sequences([words[::-1], words[:1]])
    assert X.codes.dtype == (np.uint8 if n_symbols < 256 else np.uint16 if n_symbols < 65_536 else np.uint32)
    assert_array_equal(X.alphabet, words)
    assert_array_equal(X.values, [*words[::-1], words[0]])


def test_a_long_text_is_held_in_a_byte_a_step():
    text = "acgt" * 1_000_000
    tracemalloc.start()
    X = Sequences([text, text])
    before, _ = tracemalloc.get_traced_memory()
    # what is decoded is not kept
    assert X.values.dtype == "<U1"
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert X.codes.nbytes == 8_000_000
    assert before < 9e6
    assert after < 9e6


def test_integers_stay_as_they_are_given():
    source = np.array([7, 7, 300])
    X = Sequences([source])
    assert X.values.dtype == source.dtype
    assert_array_equal(X.codes, [0, 0, 1])
    assert X.codes.dtype == np.uint8
    assert_array_equal(X.present(), [7, 300])


def test_an_alphabet_outlives_what_is_taken_from_it():
    part = Sequences(["ab", "cd"])[1:]
    assert "".join(part.alphabet) == "abcd"
    assert "".join(part.present()) == "cd"
    assert_array_equal(part.codes_in(np.array(["b", "d"])), [2, 1])
    assert_array_equal(Sequences([[3, 4]]).codes_in(np.array([4])), [1, 0])


@pytest.mark.parametrize(
    ("X", "expected"),
    [
        ([["a", None], ["b"]], ["a", None, "b"]),
        ([["a", float("nan")], ["b"]], ["a", None, "b"]),
        ([["a", pd.NA], [None]], ["a", None, None]),
        ([[1, None], [2]], [1, None, 2]),
        ([np.array([True, None], dtype=object)], [True, None]),
        (np.array([["a", None], ["b", "c"]], dtype=object), ["a", None, "b", "c"]),
        ([pd.Series(["a", None], dtype="category")], ["a", None]),
        (np.ma.array([[1, 2]], mask=[[False, True]]), [1, None]),
    ],
)
def test_symbols_may_be_missing(X, expected):
    sequences = Sequences(X)
    assert sequences.kind == "symbols"
    assert sequences.values.tolist() == expected
    assert sequences.missing[:, 0].tolist() == [symbol is None for symbol in expected]
    assert sequences.has_missing
    assert (sequences.codes == len(sequences.alphabet)).tolist() == sequences.missing[:, 0].tolist()
    assert None not in sequences.alphabet.tolist()


def test_the_words_none_and_nan_are_words():
    X = Sequences([["None", "nan", ""]])
    assert not X.has_missing
    assert X.values.tolist() == ["None", "nan", ""]


def test_numbers_are_missing_where_they_are_nan():
    X = Sequences([[0.5, None], [None, None]])
    assert X.kind == "real"
    assert X.missing.tolist() == [[False], [True], [True], [True]]
    assert not Sequences([[1, 2]]).has_missing


def mixed():
    return Sequences.from_columns(
        {"event": ["in", "out", None, "in"], "amount": [0.5, np.nan, 2.0, 1.0], "n": [1, 2, 3, 4]},
        [3, 1],
        kinds={"n": "count"},
        times=[[0, 1, 5], [0]],
    )


def test_symbols_stand_beside_numbers():
    X = mixed()
    assert (X.kind, X.n_channels, X.n_steps) == ("mixed", 3, 4)
    assert [channel.kind for channel in X.schema] == ["symbols", "real", "count"]
    assert X.values.dtype.names == ("event", "amount", "n")
    assert X[1].tolist() == [("in", 1.0, 4.0)]
    assert X.missing[:, :2].tolist() == [[False, False], [False, True], [True, False], [False, False]]
    assert X.column("event").values.tolist() == ["in", "out", None, "in"]
    assert X.column("event").codes.dtype == np.uint8
    with pytest.raises(ValueError, match="mixed channels have no common matrix"):
        _ = X.channels
    with pytest.raises(ValueError, match="mixed sequences have no alphabet"):
        _ = X.alphabet
    with pytest.raises(ValueError, match="no channel 'size'; there are event, amount, n"):
        X.column("size")


@pytest.mark.parametrize(
    ("columns", "options", "message"),
    [
        ({}, {}, "there are no columns"),
        ({"a": ["x"], "b": [0.5, 1]}, {}, "the columns differ in length"),
        ({"a": [[0.5, 1]]}, {}, r"column 'a' has shape \(1, 2\), expected one value a step"),
        ({"a": ["x"]}, {"lengths": [2]}, "lengths add up to 2 steps but X has 1"),
        ({"a": ["x", "y"]}, {"times": [0.0]}, r"times has shape \(1,\), expected one for each of 2 steps"),
    ],
)
def test_columns_that_do_not_fit_say_so(columns, options, message):
    with pytest.raises(ValueError, match=message):
        Sequences.from_columns(columns, **options)


def test_a_frame_of_words_and_numbers_is_mixed():
    df = pd.DataFrame({"s": [1, 1, 2], "t": [5, 3, 1], "e": ["b", None, "a"], "v": [0.5, 1.5, 2.5]})
    X = Sequences.from_frame(df, sequence="s", order="t", values=["e", "v"])
    assert X.values.tolist() == [(None, 1.5), ("b", 0.5), ("a", 2.5)]
    assert X.times.tolist() == [3, 5, 1]


def test_times_may_be_moments():
    df = pd.DataFrame({"s": [1, 1], "t": pd.to_datetime(["2024-02-01", "2024-01-01"], utc=True), "v": [1, 2]})
    X = Sequences.from_frame(df, sequence="s", order="t", values="v")
    assert X.times.tolist() == np.array(["2024-01-01", "2024-02-01"], dtype="datetime64[ns]").tolist()


@pytest.mark.parametrize(
    ("times", "message"),
    [
        ([[0, 1], [0, 1]], r"times\[1\] has 2 entries but X\[1\] has 1 steps"),
        ([[0, 1]], "times has 1 sequences but X has 2"),
        ([[1, 0], [0]], r"the time of step 1 of X\[0\] goes back to 0.0"),
        ([[0, np.nan], [0]], r"the time of step 1 of X\[0\] is missing"),
        ([["a", "b"], ["c"]], "times must be numbers or moments"),
        (np.array(["NaT", "NaT", "NaT"], dtype="datetime64[s]"), r"the time of step 0 of X\[0\] is missing"),
    ],
)
def test_wrong_times_say_so(times, message):
    with pytest.raises(ValueError, match=message):
        Sequences(["ab", "c"], times=times)


@pytest.mark.parametrize(
    "X", [mixed(), Sequences(["abb", "c"], schema=[("letter", "symbols")], times=range(4))]
)
def test_schema_and_times_stay(X):
    for part in (X.take([1]), X[1:], X[np.array([False, True])]):
        assert (part.schema, part.times.tolist()) == (X.schema, X.times[3:].tolist())
    assert str(X[[1, 0]].values.tolist()) == str([*X.values[3:].tolist(), *X.values[:3].tolist()])
    cut = X.cut(np.array([0, 1, 4]))
    assert (cut.schema, cut.times.tolist(), cut.lengths.tolist()) == (X.schema, X.times.tolist(), [1, 3])
    assert X.cut(np.array([0, 1]), np.array([2])).times.tolist() == [X.times[2]]
    assert X.with_values(np.arange(4.0)).times is X.times
    assert Sequences(X).schema == X.schema
    again = pickle.loads(pickle.dumps(X))
    assert str(again.values) == str(X.values)
    assert (again.schema, again.times.tolist()) == (X.schema, X.times.tolist())


def test_a_schema_stays_with_values_that_it_fits():
    X = Sequences([np.ones((3, 2))], schema=[("a", "real"), ("b", "real")])
    X = Sequences(X.values, X.offsets, schema=X.schema, times=[0, 1, 2])
    assert X.with_values(X.values * 2).schema == X.schema
    assert X.pack(X.values * 2).schema == X.schema
    assert X.pack(X.values * 2).times is X.times
    assert [channel.name for channel in X.pack(np.ones((3, 4))).schema] == ["0", "1", "2", "3"]


@given(st.lists(st.lists(st.sampled_from(["a", "bc", "", None]), min_size=1), min_size=1))
def test_what_is_coded_is_decoded_again(lists):
    X = Sequences(lists)
    flat = [word for words in lists for word in words]
    if any(word is not None for word in flat):
        assert X.values.tolist() == flat
        assert [x.tolist() for x in X] == lists
    else:
        assert X.kind == "real"
        assert X.missing.all()


def test_estimators_refuse_what_they_do_not_take():
    with pytest.raises(ValueError, match=r"X\[1\] has no symbol at step 0, and MarkovChain takes no missing"):
        MarkovChain().fit([["a", "b"], [None, "a"]])
    with pytest.raises(ValueError, match=r"X\[0\] has no symbol of channel 'event' at step 2"):
        HMM().fit(mixed())
    with pytest.raises(ValueError, match=r"mix kinds of channels, event \(symbols\), .* Autoregression does"):
        Autoregression().fit(mixed())
