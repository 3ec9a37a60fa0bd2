"""Files as strangers have them, whose kinds were read otherwise at their first try."""

import numpy as np
import pytest

from seqcompare.data.inspection import inspect
from seqcompare.data.read import read_new
from seqcompare.datasets import DataError, read
from seqcompare.dependence.checks import check

RANDOM = np.random.default_rng(3)
NUMBERS = [f"{x:.3f}" for x in RANDOM.normal(size=3000)]


def number():
    return NUMBERS[RANDOM.integers(len(NUMBERS))]


def few(cells, n=1):
    return [str(cell) for cell in RANDOM.choice(list(cells), n)]


@pytest.fixture
def write(tmp_path):
    def write(name, head, rows=()):
        path = tmp_path / name
        path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
        return path

    return write


def said(data, part):
    return [note for note in data.notes if part in note]


def kinds(data):
    return {channel.name: channel.kind for channel in data.X.schema}


GENES = "ACGT" * 9
HEADERS = {
    "class=": ("organism=Ecoli class={}", ["no", "yes"], "the class is what follows 'class'"),
    "[label=]": ("[id=7] [label={}]", ["no", "yes"], "the class is what follows 'label'"),
    "colon": ("Category: {}", ["no", "yes"], "the class is what follows 'Category'"),
    "another field": (
        "gene_biotype:{} x",
        None,
        r"tell 'gene_biotype': to predict it, --header 'gene_biotype=",
    ),
    "a word": ("{}", None, "end with 'no' and the like"),
}


@pytest.mark.parametrize("name", HEADERS)
def test_the_class_in_names_of_records(name, write):
    form, classes, part = HEADERS[name]
    records = [f">s{i} {form.format(['no', 'yes'][i % 2])}\n{GENES[i:]}" for i in range(12)]
    data = read(write("a.fa", records[0], records[1:]))
    assert said(data, part), data.notes
    assert (None if data.y is None else sorted(set(data.y))) == classes
    assert not said(data, "FASTQ")


def test_names_of_records_that_tell_nothing(write):
    records = [f">sp|P{i}|X{i}_HUMAN some protein OS=Homo sapiens\n{GENES[i:]}" for i in range(12)]
    data = read(write("a.fa", records[0], records[1:]))
    assert data.role == "next"
    assert not said(data, "header")


def test_columns_of_tagged_words_that_are_left_out_are_said(write):
    sentence = ["Ann N B", "sings V O", "in P O", "Oslo N B", ""]
    data = read(write("a.txt", sentence[0], sentence[1:] + sentence * 6))
    assert said(data, "not used: column 2")


def test_a_blank_that_may_be_a_symbol(write):
    path = write(
        "a.csv", "id,t,char", (f'{i},{t},"{" ab"[(i + t) % 3]}"' for i in range(6) for t in range(6))
    )
    with pytest.raises(DataError, match="nothing but white space") as refused:
        read(path)
    assert refused.value.remedy == {"kind": "symbols"}
    assert " " in read(path, kind="symbols").X.present()
    path = write(
        "b.csv", "id,t,n,char", (f'{i},{t},{number()},"{" ab"[t % 3]}"' for i in range(6) for t in range(6))
    )
    with pytest.raises(DataError) as refused:
        read(path)
    assert refused.value.remedy == {"kind": {"char": "symbols"}}
    assert kinds(read(path, **refused.value.remedy)) == {"n": "real", "char": "symbols"}


def test_uneven_years_have_no_holes_to_fill(write):
    rows = (f"{p},{3 + 7 * k * (p + 1) % 20}-Mar-{2010 + k},{number()}" for p in range(4) for k in range(8))
    data = read(write("a.csv", "id,date,v", rows))
    (finding,) = [each for each in check(data) if each.code == "times"]
    assert "--time-gaps" in str(finding)
    assert "--fill-gaps" not in str(finding)


def test_steps_at_one_time_are_counted(write):
    rows = (f"{p},{t // 3},{'abc'[(t * t + p) % 3]}" for p in range(5) for t in range(9))
    assert inspect(read(write("a.csv", "id,time,event", rows))).times == (
        "30 of 40 steps are at the time of the one before; the largest gap is 1"
    )


LOGS = {
    "syslog": (["Feb 27 23:00:05", "Feb 28 00:01:06", "Feb 29 01:00:07", "Mar  1 02:00:08"], [1, 2, 3]),
    "day first": (["27 Feb 23:00", "28 Feb 00:01", "1 Mar 02:00", "2 Mar 03:00"], [1, 2, 3]),
    "over New Year": (
        ["Nov 30 10:00:00", "Dec 31 23:59:58", "Jan  1 00:00:02", "Jan  2 01:00:00"],
        [1, 2, 3],
    ),
    "newest first": (
        ["Jan 2 10:00:00", "Jan 1 09:00:00", "Dec 31 08:00:00", "Dec 30 01:00:00"],
        [-1, -2, -3],
    ),
    "half-years": (["2022-S1", "2022-S2", "2023-S1", "2023-S2"], [1, 2, 3]),
    "halves": (["H2 2021", "H1 2022", "H2 2022", "H1 2023"], [1, 2, 3]),
}


@pytest.mark.parametrize("name", LOGS)
def test_dates_of_logs_and_half_years(name, write):
    times, after = LOGS[name]
    data = read(write("a.csv", "time,level", (f"{t},{'abca'[i]}" for i, t in enumerate(times))))
    assert data.reading["order"] == "time", data.notes
    expected = np.argsort([0, *after])
    np.testing.assert_array_equal(data.X[0], np.array(list("abca"))[expected])
    assert (np.diff(data.X.times) > np.timedelta64(0)).all()


def test_many_whole_numbers_as_a_target_are_numbers(write):
    rows = (f"{c},{k},{number()},{300 + 17 * (c % 28)},{c % 28}" for c in range(30) for k in range(6))
    path = write("a.csv", "cell,cycle,volt,life,user_id", rows)
    data = read(path, target="life")
    assert data.role == "value"
    assert said(data, "the role 'sequence' reads them as classes")
    assert read(path, target="life", role="sequence").role == "sequence"
    # codes are classes, however many
    assert read(path, target="user_id").role == "sequence"


def test_few_whole_numbers_as_a_target_are_classes(write):
    rows = (f"{c},{k},{number()},{c % 9}" for c in range(30) for k in range(6))
    assert read(write("a.csv", "cell,cycle,volt,grade", rows), target="grade").role == "sequence"


ANSWERS = {
    "99": (range(1, 6), 99),
    "98": (range(1, 4), 98),
    "9": (range(1, 6), 9),
    "-8": (range(1, 6), -8),
    "999": (range(11), 999),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_a_mark_of_no_answer_is_named(name, write):
    scale, mark = ANSWERS[name]
    rows = (f"{i},{t},{mark if (i + t) % 7 == 0 else few(scale)[0]}" for i in range(20) for t in range(7))
    path = write("a.csv", "id,t,q1", rows)
    data = read(path, missing="keep")
    assert said(data, f"--missing-mark q1={mark} --missing keep") or said(
        data, f"'{mark}' is read as missing"
    )
    again = read(path, marks=f"q1={mark}", missing="keep")
    assert again.X.missing.sum() == 20
    assert not said(again, "stands apart")


def test_a_scale_without_holes_has_no_marks(write):
    rows = (f"{i},{t},{few(range(1, 10))[0]},{few(range(88, 100))[0]}" for i in range(20) for t in range(9))
    data = read(write("a.csv", "id,t,q1,spo2", rows))
    assert not said(data, "stands apart")


def test_kinds_of_single_columns(write):
    rows = (
        f"{i},{t},{few('ab')[0]},{few(range(9))[0]},{few(range(4))[0]}" for i in range(9) for t in range(9)
    )
    path = write("a.csv", "id,t,ward,visits,beds", rows)
    data = read(path)
    assert kinds(data) == dict.fromkeys(("ward", "visits", "beds"), "symbols")
    assert said(data, "--kind visits=count")
    told = read(path, kind={"visits": "count", "beds": "real"})
    assert kinds(told) == {"ward": "symbols", "visits": "count", "beds": "real"}
    assert kinds(read_new(path, told.reading)) == kinds(told)
    with pytest.raises(DataError, match="the kind of 'bed' is told") as refused:
        read(path, kind={"bed": "real"})
    assert refused.value.remedy == {"kind": None}
    with pytest.raises(DataError, match=r"kind must be one of .* did you mean 'count'\?"):
        read(path, kind={"beds": "counts"})
    with pytest.raises(DataError, match="only a table has columns"):
        read(["abab", "baba"], kind={"beds": "count"})


def shuffled(rows):
    rows = list(rows)
    return [rows[i] for i in np.random.default_rng(4).permutation(len(rows))]


def block(start, form, n_sequences=12, n_steps=15):
    return [form.format(p=p, k=k, e=start + 5000 * p + 60 * k, v=number()) for p in range(n_sequences)
            for k in range(n_steps)]  # fmt: skip


EPOCH = 1_700_000_000
# the column that orders the steps, and the rows in this order
ORDERS = {
    "epoch": ("recorded", block(EPOCH, "p{p},{e},{v}"), "it is a clock"),
    "thousandths": ("ts_ms", block(EPOCH, "p{p},{e}137,{v}"), "it is a clock"),
    "fractions": ("UnixTime", block(EPOCH, "p{p},{e}.5,{v}"), "it is a clock"),
    "serial": ("row_no", [f"p{i // 15},{i + 1},{number()}" for i in range(180)], "it counts the steps"),
    "counter": ("nth", block(EPOCH, "p{p},{k},{v}"), "it counts the steps"),
    "elapsed": ("elapsed_sec", [f"p{i // 15},{i % 15 / 4:.2f},{number()}" for i in range(180)], "it counts"),
}  # fmt: skip


@pytest.mark.parametrize("name", ORDERS)
def test_shuffled_rows_go_back_to_their_order(name, write):
    column, rows, reason = ORDERS[name]
    expected = {f"p{p}": [float(row.split(",")[2]) for row in rows[15 * p : 15 * p + 15]] for p in range(12)}
    data = read(write("a.csv", f"patient,{column},v", shuffled(rows)))
    assert data.reading["order"] == column, data.notes
    assert said(data, f"is taken for the order: {reason}")
    assert said(data, f"in another order in the file, and are sorted by column {column!r}")
    assert kinds(data) == {"v": "real"}
    for sequence, x in zip(data.ids, data.X, strict=True):
        np.testing.assert_array_equal(x, expected[sequence])


@pytest.mark.parametrize("column", ["epoch", "UnixTime", "log_id", ""])
def test_the_newest_rows_first(column, write):
    rows = [f"{k if column in ('log_id', '') else EPOCH + 30 * k},{number()},{number()}" for k in range(60)]
    data = read(write("a.csv", f"{column},u,v", rows[::-1]))
    assert said(data, "in reverse, the newest first,"), data.notes
    np.testing.assert_array_equal(data.X[0][:, 1], [float(row.split(",")[2]) for row in rows])


def test_what_is_left_counts_down_and_orders_nothing(write):
    rows = [f"{u},{number()},{30 - k}" for u in range(8) for k in range(31)]
    data = read(write("a.csv", "unit,v,left", rows))
    assert kinds(data) == {"v": "real"}
    np.testing.assert_array_equal(data.X[0], [float(row.split(",")[1]) for row in rows[:31]])


def test_what_comes_once_in_each_sequence_orders_nothing(write):
    rows = (f"s{s},{q},{number()}" for s in range(8) for q in np.random.default_rng(s).permutation(20))
    data = read(write("a.csv", "subj,stimulus,rt", rows))
    assert (len(data), kinds(data)) == (8, {"stimulus": "symbols", "rt": "real"})


def test_money_is_no_clock(write):
    rows = (f"c{c},{int(2e9 + 5e8 * np.sin(k + c))},{number()}" for c in range(5) for k in range(20))
    assert "cap" in kinds(read(write("a.csv", "company,cap,price", rows)))


@pytest.mark.parametrize("order", ["step,", ""])
@pytest.mark.parametrize("unit", [1, 1000, 10**6])
def test_a_clock_is_no_channel_though_classes_stand_in_blocks(order, unit, write):
    rows = (
        f"t{t},{f'{k},' if order else ''}"
        f"{(EPOCH + 10**7 * (t > 9) + t * 7 % 10 * 1000 + 5 * k + RANDOM.integers(4)) * unit},{number()},"
        f"{'ab'[t > 9]}"
        for t in range(20)
        for k in range(10)
    )
    data = read(write("a.csv", f"trial,{order}clock,x,label", rows))
    assert (kinds(data), len(data)) == ({"x": "real"}, 20)
    assert data.reading["order"] == ("step" if order else "clock")
    if not order:
        assert "seconds between steps" in inspect(data).times


def test_serial_numbers_beside_a_clock_are_no_channels(write):
    rows = (
        f"{k},{EPOCH * 1000 + 37 * k * k},{number()},{3 * k + k % 2},{3 * k + k % 2 + 1}" for k in range(90)
    )
    data = read(write("a.csv", "trade_id,transact_time,price,first_id,last_id", rows))
    assert kinds(data) == {"price": "real"}


def test_steps_that_were_left_out_are_told_by_a_counter(write):
    rows = (f"p{p},{k},{number()}" for p in range(6) for k in range(30) if (p + k) % 7)
    data = read(write("a.csv", "patient,sample_no,v", rows))
    assert kinds(data) == {"v": "real"}
    assert said(data, "steps are not evenly spaced")


SCHOOL = [f"{s},{k},{t},{few('ABCD')[0]},{few('yn')[0]}" for s in "AB" for k in range(1, 13)
          for t in ("2022-S1", "2022-S2", "2023-S1", "2023-S2")]  # fmt: skip
READING = [f"s{s},{i},{w},{few(['the', 'dog', 'ran'])[0]},{number()}" for s in range(9)
           for i in np.random.default_rng(s).permutation(12) for w in range(1, 7 + i % 3)]  # fmt: skip
LOANS = shuffled(f"L{i},{m},{few('C012X')[0]},{number()},{'ny'[i % 2]}" for i in range(30)
                 for m in range(5 + i % 6))  # fmt: skip
BENCH = [
    f"SN{s},{t},{k / 2},{number()},{'PF'[s % 2]}" for s in range(9) for t in range(1, 4) for k in range(8)
]
KEYS = {
    "benches": ("SerialNo,TestStep,StepTime,amps,passed", BENCH, 27, "SerialNo,TestStep", {"amps"}),
    "pupils": ("school,student,term,grade,ill", SCHOOL, 24, "school,student", {"grade", "ill"}),
    "items": ("subj,item,word_nr,word,rt", READING, 108, "subj,item", {"word", "rt"}),
    "loans": ("loan,on_book,status,balance,default", LOANS, 30, "loan", {"status", "balance"}),
}


@pytest.mark.parametrize("name", KEYS)
def test_keys_are_told_by_what_counts_in_them(name, write):
    head, rows, n_sequences, key, channels = KEYS[name]
    data = read(write("a.csv", head, rows))
    assert (len(data), {*kinds(data)}) == (n_sequences, channels), data.notes
    assert [use.column for use in data.columns if use.use == "sequence"] == [key]


def test_short_codes_of_letters_and_digits_are_symbols(write):
    data = read(write("a.csv", "loan_id,month,status,balance", (row.rpartition(",")[0] for row in LOANS)))
    assert kinds(data) == {"status": "symbols", "balance": "real"}
    assert said(data, "'status' holds 5 short codes, numbers and words")


def test_who_wrote_a_row_is_no_channel(write):
    rows = (f"{i},{t},{number()},{few(['kim', 'etl'])[0]}" for i in range(9) for t in range(9))
    assert kinds(read(write("a.csv", "id,t,v,updated_by", rows))) == {"v": "real"}


def test_what_else_a_wide_table_tells_may_be_predicted(write):
    rows = (f"s{i},{'MF'[i % 2]},{number()},{number()},{number()},{i % 2}" for i in range(12))
    path = write("a.csv", "subj,sex,mood_w1,mood_w2,mood_w3,dropout", rows)
    assert said(read(path), "to predict one of them: --target dropout")
    assert read(path, target="dropout").role == "sequence"
