import narwhals as nw
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_array_equal
from sklearn.model_selection import KFold

from seqcompare import Sequences
from seqcompare.data.steps import read_collection, read_steps

finite = st.floats(-1e6, 1e6, width=32)
ragged_symbols = st.lists(
    hnp.arrays(np.int64, st.integers(1, 8), elements=st.integers(-5, 5)), min_size=1, max_size=6
)
ragged_reals = st.integers(1, 3).flatmap(
    lambda d: st.lists(
        st.integers(1, 8).flatmap(lambda t: hnp.arrays(np.float64, (t, d), elements=finite)),
        min_size=1,
        max_size=6,
    )
)
ragged = st.one_of(ragged_symbols, ragged_reals)


@given(ragged)
def test_unpacking_gives_back_what_was_packed(arrays):
    sequences = Sequences(arrays)
    assert len(sequences) == len(arrays)
    assert sequences.n_steps == sum(map(len, arrays))
    for given_array, got, indexed in zip(
        arrays, sequences, map(sequences.__getitem__, range(99)), strict=False
    ):
        assert_array_equal(got, given_array)
        assert_array_equal(indexed, given_array)


@given(ragged)
def test_list_in_list_out(arrays):
    sequences = Sequences(arrays)
    out = sequences.pack(np.arange(sequences.n_steps))
    assert isinstance(out, list)
    assert [len(x) for x in out] == [len(x) for x in arrays]
    assert_array_equal(np.concatenate(out), np.arange(sequences.n_steps))


@given(hnp.arrays(np.float64, hnp.array_shapes(min_dims=2, max_dims=3), elements=finite))
def test_array_in_array_out(array):
    sequences = Sequences(array)
    assert (len(sequences), sequences.n_steps) == (array.shape[0], array.shape[0] * array.shape[1])
    out = sequences.pack(sequences.values)
    assert isinstance(out, np.ndarray)
    assert_array_equal(out, array)


@given(ragged, st.data())
def test_take_agrees_with_a_list(arrays, data):
    sequences = Sequences(arrays)
    chosen = data.draw(st.lists(st.integers(-len(arrays), len(arrays) - 1), min_size=1, max_size=8))
    expected = Sequences([arrays[i] for i in chosen])
    assert sequences.take(chosen) == expected
    assert sequences[chosen] == expected
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=len(arrays), max_size=len(arrays))))
    mask[0] = True
    assert sequences[mask] == Sequences([x for x, m in zip(arrays, mask, strict=True) if m])


@given(ragged)
def test_concatenated_round_trip(arrays):
    sequences = Sequences(arrays)
    again = Sequences.from_concatenated(sequences.values, sequences.lengths)
    assert again == sequences
    assert Sequences(sequences.values, sequences.offsets) == sequences


@given(ragged_symbols, st.randoms(use_true_random=False))
def test_a_shuffled_table_is_sorted_by_its_order(arrays, random):
    rows = [(i, t, value) for i, x in enumerate(arrays) for t, value in enumerate(x)]
    first = [row for row in rows if row[1] == 0]
    rest = [row for row in rows if row[1] != 0]
    random.shuffle(rest)
    df = pd.DataFrame(first + rest, columns=["who", "when", "what"])
    assert Sequences.from_frame(df, sequence="who", order="when", values="what") == Sequences(arrays)


def test_positions_of_steps():
    sequences = Sequences(["abc", "de"])
    assert_array_equal(sequences.sequence_index, [0, 0, 0, 1, 1])
    assert_array_equal(sequences.step_index, [0, 1, 2, 0, 1])


@pytest.mark.parametrize(
    ("X", "kind", "n_channels"),
    [
        ([[1, 2], [3]], "symbols", 1),
        ([[True, False]], "symbols", 1),
        (["ACGT", "G"], "symbols", 1),
        ([["the", "cat"], ["sat"]], "symbols", 1),
        ([np.array([1, 2], dtype=object)], "symbols", 1),
        ([pd.Categorical(["a", "b"])], "symbols", 1),
        (pd.Series(["ACGT", "GG"]), "symbols", 1),
        ([np.zeros((3, 1), dtype=int)], "symbols", 1),
        (np.zeros((2, 3), dtype=np.uint8), "symbols", 1),
        ([[0.0, 1.0]], "real", 1),
        ([np.zeros((3, 4)), np.zeros((2, 4))], "real", 4),
        (np.zeros((2, 3)), "real", 1),
        (np.zeros((2, 3, 4), dtype=np.float32), "real", 4),
    ],
)
def test_what_a_step_is(X, kind, n_channels):
    sequences = Sequences(X)
    assert sequences.kind == kind
    assert sequences.n_channels == n_channels
    assert sequences.channels.shape == (sequences.n_steps, n_channels)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ("ACGT", r"one string.*\[x\]"),
        (np.arange(3), r"one 1-D array of 3 values.*\[x\]"),
        ([1, 2, 3], r"X\[0\] must be a sequence of steps, got int 1.*\[x\]"),
        (7, "must be a list of sequences.*int"),
        ({"a": [1]}, "must be a list of sequences.*dict"),
        ([b"ACGT"], r"X\[0\] must be a sequence of steps, got bytes"),
        ([], "no sequences"),
        ([[1], []], r"X\[1\] is empty"),
        (np.zeros((2, 0)), "at least one step"),
        (np.zeros((2, 2, 2, 2)), "2 or 3 dimensions, got 4"),
        ([[1, "a"]], r"X\[0\] mixes kinds: strings and int"),
        ([[1, 2], [0.5]], r"X\[0\] holds whole-number symbols \(int64\) but X\[1\] holds real-valued"),
        ([[1, 2], ["a"]], r"X\[1\] holds strings"),
        ([np.array([1, "a"], dtype=object)], r"X\[0\] mixes kinds: int, str"),
        ([[[1.0, 2.0], [3.0]]], r"X\[0\] is ragged inside"),
        ([np.zeros((2, 2)), np.zeros((2, 3))], r"X\[1\] has shape \(2, 3\) but X\[0\] has \(2, 2\)"),
        ([np.zeros((2, 3), dtype=int)], r"X\[0\] has 3 int64 values a step.*convert them to float"),
        ([np.array([1j])], r"Complex data not supported: X\[0\]"),
        ([np.array(["2024-01-01"], dtype="datetime64[D]")], r"X\[0\] has dtype datetime64"),
        ([np.array([2**70], dtype=object)], "do not fit 64 bits"),
    ],
)
def test_what_is_no_collection_of_sequences_says_so(X, message):
    with pytest.raises(ValueError, match=message):
        Sequences(X)


@pytest.mark.parametrize(
    ("lengths", "message"),
    [
        ([2, 0, 4], r"lengths\[1\] is 0"),
        ([7, -1], r"lengths\[1\] is -1"),
        ([2, 3], "add up to 5 steps but X has 6"),
        ([2.0, 4.0], "integers"),
    ],
)
def test_wrong_lengths_say_so(lengths, message):
    with pytest.raises(ValueError, match=message):
        Sequences.from_concatenated(np.arange(6), lengths)


def test_wrong_offsets_say_so():
    with pytest.raises(ValueError, match=r"from 0 to the 3 steps"):
        Sequences(np.arange(3), [0, 2])
    with pytest.raises(ValueError, match=r"X\[1\] is empty"):
        Sequences(np.arange(3), [0, 3, 3])


def test_from_frame_takes_frames_of_pandas_and_says_what_takes_others():
    frame = nw.from_native(pd.DataFrame({"s": [1, 1], "u": [1.5, 2.5]}))
    with pytest.raises(ValueError, match="got narwhals's DataFrame"):
        Sequences.from_frame(frame, sequence="s", values="u")


def test_from_frame_reads_channels_and_keeps_the_order_of_appearance():
    df = pd.DataFrame({"s": ["b", "b", "a"], "u": [1.0, 2.0, 3.0], "v": [4, 5, 6]})
    sequences = Sequences.from_frame(df, sequence="s", values=["u", "v"])
    assert_array_equal(sequences[0], [[1.0, 4.0], [2.0, 5.0]])
    assert_array_equal(sequences[1], [[3.0, 6.0]])


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pd.array([0.5, None], dtype="Float64"), [0.5, np.nan]),
        (pd.array([3, 4], dtype="Int64"), [3, 4]),
        (pd.array(["x", "y"], dtype="string"), ["x", "y"]),
        (pd.Categorical(["x", "y"]), ["x", "y"]),
        (pd.array([True, False], dtype="boolean"), [True, False]),
    ],
)
def test_from_frame_reads_every_kind_of_column(column, expected):
    df = pd.DataFrame({"s": [1, 1], "v": column})
    (steps,) = Sequences.from_frame(df, sequence="s", values="v")
    assert_array_equal(steps, expected)


@pytest.mark.parametrize(
    ("changes", "options", "message"),
    [
        ({}, {"values": "w"}, "no column 'w'; the columns are"),
        ({}, {"values": []}, "names no column"),
        ({"t": [0, 0, 0]}, {}, r"sequence 'b' has two rows with t = .*0.* \(the second is row 1\)"),
        ({"s": ["b", None, "a"]}, {}, "column 's' has no value in row 1"),
        ({"t": [0, 1, np.nan]}, {}, "column 't' has no value in row 2"),
        ({"v": ["x", 1, "y"]}, {}, "column 'v' mixes kinds: int, str"),
        ({}, {"values": ["v", "t"], "kinds": {"v": "real"}}, "column 'v': expected numbers, got 'x'"),
        ({"t": [0.5, 1.5, 2]}, {"values": "t", "kinds": {"t": "symbols"}}, "'t': expected symbols, got 0.5"),
        ({"t": [0, -1, 2]}, {"values": "t", "kinds": {"t": "count"}}, "expected counts, .*, got -1"),
        ({}, {"kinds": {"w": "real"}}, "no column 'w' of kind real; there are"),
    ],
)
def test_a_bad_table_says_so(changes, options, message):
    df = pd.DataFrame({"s": ["b", "b", "a"], "t": [0, 1, 0], "v": ["x", "y", "z"]}).assign(**changes)
    with pytest.raises(ValueError, match=message):
        Sequences.from_frame(df, **{"sequence": "s", "order": "t", "values": "v", **options})


def test_an_empty_table_says_so():
    with pytest.raises(ValueError, match="no rows"):
        Sequences.from_frame(pd.DataFrame({"s": [], "v": []}), sequence="s", values="v")


def test_scikit_learns_splitters_work():
    X = Sequences(["ab", "cde", "f", "gh"])
    train, test = next(iter(KFold(2).split(X)))
    assert X[train] == Sequences(["f", "gh"])
    assert X.take(test) == Sequences(["ab", "cde"])


def test_values_cannot_be_changed_by_accident():
    source = np.zeros(3)
    sequences = Sequences([source])
    with pytest.raises(ValueError, match="read-only"):
        sequences.values[0] = 1
    source[0] = 1.0  # the caller's own array stays writeable


@pytest.mark.parametrize(
    ("values", "offsets", "message"),
    [
        (np.array([1j, 2]), [0, 2], "Complex data not supported"),
        (np.array(["a", 1], dtype=object), [0, 2], "X mixes kinds: int, str"),
        (np.array([[1, 2], [2, 1]]), [0, 2], "X has 2 int64 values a step"),
        (np.zeros((2, 2, 2)), [0, 2], "X has 3 dimensions"),
        (5, [0, 1], "must be a sequence of steps, got int 5"),
        ([1, 2, 3], [0, 1.5, 3], "offsets must be integers, got float64"),
        ([1, 2, 3], [0, 2, 2, 3], r"X\[1\] is empty"),
    ],
)
def test_steps_that_come_with_offsets_are_checked_too(values, offsets, message):
    with pytest.raises(ValueError, match=message):
        Sequences(values, offsets)


def test_steps_that_come_with_offsets_are_read_like_others():
    assert Sequences(np.array(["a", "b", "b"], dtype=object), [0, 1, 3]) == Sequences(["a", "bb"])
    assert Sequences("abb", [0, 1, 3]) == Sequences.from_concatenated("abb", [1, 2]) == Sequences(["a", "bb"])
    assert Sequences(np.ones(2, np.float16), [0, 2]).values.dtype == np.float64


def test_integers_are_numbers_where_that_is_asked_for():
    counts = [np.array([[1, 2], [3, 4]]), np.array([[5, 6]])]
    ragged_objects = np.empty(2, dtype=object)
    ragged_objects[:] = counts
    expected = Sequences([x.astype(float) for x in counts])
    for container in (counts, ragged_objects, pd.Series(counts), [x.tolist() for x in counts]):
        assert Sequences(container, numbers=True) == expected
    assert Sequences.from_concatenated(np.vstack(counts), [2, 1], numbers=True) == expected
    assert Sequences(np.vstack(counts), [0, 2, 3], numbers=True) == expected
    assert Sequences(Sequences([[1, 2], [3]]), numbers=True) == Sequences([[1.0, 2.0], [3.0]])
    assert Sequences([[1, 2], [0.5]], numbers=True).kind == "real"


def test_signed_and_unsigned_integers_stay_symbols():
    mixed = Sequences([np.array([-1]), np.array([2], dtype=np.uint64)])
    assert mixed.values.dtype == np.int64
    assert mixed.values.tolist() == [-1, 2]
    with pytest.raises(ValueError, match=r"X holds 9223372036854775808 beside signed integers"):
        Sequences([np.array([-1]), np.array([2**63], dtype=np.uint64)])


@pytest.mark.parametrize("chosen", [[], slice(0, 0), np.zeros(3, dtype=bool), np.array([], dtype=int)])
def test_choosing_nothing_says_so(chosen):
    X = Sequences(["ab", "c", "d"])
    with pytest.raises(ValueError, match="no sequences are left: none of the 3 was chosen"):
        X[chosen]
    if not isinstance(chosen, slice):
        with pytest.raises(ValueError, match="no sequences are left"):
            X.take(chosen)


def test_columns_that_are_there_twice_or_do_not_compare():
    df = pd.DataFrame({"s": [0, 0], "t": ["b", 1], "v": [1, 2]})
    with pytest.raises(ValueError, match="column 't' has values that do not compare"):
        Sequences.from_frame(df, sequence="s", order="t", values="v")
    with pytest.raises(ValueError, match="there are 2 columns 'v', expected one"):
        Sequences.from_frame(df.set_axis(["s", "v", "v"], axis=1), sequence="s", values="v")


def test_errors_call_the_input_by_its_name():
    with pytest.raises(ValueError, match=r"labels\[0\] mixes kinds: int, str"):
        Sequences([["x", None, 1]], name="labels")


@pytest.mark.parametrize(
    "alike",
    [
        [np.array([1, 2]), np.array([3])],
        [np.array([True]), np.array([False, True])],
        [np.array([0.5, np.nan]), np.array([2.0])],
        [np.ones((2, 3)), np.zeros((1, 3))],
        ["ab", "c", "a\0c"],
    ],
)
@pytest.mark.parametrize("numbers", [False, True])
def test_sequences_that_are_alike_are_read_as_each_by_itself(alike, numbers):
    if numbers and isinstance(alike[0], str):
        return
    values, lengths, _ = read_collection(alike, "X", numbers=numbers)
    each = [read_steps(x, "x", numbers=numbers) for x in alike]
    assert_array_equal(values, np.concatenate(each))
    assert values.dtype == each[0].dtype
    assert lengths.tolist() == [len(x) for x in each]


@pytest.mark.parametrize("rest", ["", "b\0", 5, ["c"]])
def test_one_that_differs_has_each_read_by_itself(rest):
    if rest in ("", 5):
        with pytest.raises(ValueError, match=r"X\[1\]"):
            read_collection(["a", rest], "X")
    else:
        values, lengths, _ = read_collection(["a", rest], "X")
        # what ends in a zero is padding to NumPy
        assert values.tolist() == ["a", *(step.strip("\0") for step in rest)]
        assert lengths.tolist() == [1, len(rest)]
