"""What tables are is told by what they hold: keys by an order, rows by what goes on, names as hints only."""

import zipfile

import numpy as np
import pytest

from seqcompare.data.read import read_new
from seqcompare.datasets import DataError, read

RANDOM = np.random.default_rng(11)


def number():
    return f"{RANDOM.normal():.2f}"


def lines(head, *parts):
    rows = [line for part in parts for line in ([part] if isinstance(part, str) else part)]
    return "\n".join([head, *rows]) + "\n"


def word(words):
    return str(RANDOM.choice(words.split()))


def shuffled(rows):
    rows = list(rows)
    return [rows[i] for i in np.random.default_rng(2).permutation(len(rows))]


WALK = np.cumsum(RANDOM.normal(size=(60, 6)), axis=0)

# name of the file: its text, sequences, shortest and longest, channels, parts of what is said
FILES = {
    "mares.csv": (
        lines("mare,Time,follicles", (f"{i},{k / 22 - 0.1:.4f},{number()}"
                                      for i in range(1, 9) for k in range(20 + i))),
        8, (21, 28), {"follicles": "real"}, ["'Time' starts anew with each of its values"],
    ),
    "paths.csv": (
        lines("path,cycles,length", (f"{i},{k * k / 100:.2f},{number()}" for i in range(1, 8)
                                     for k in range(9))),
        7, (9, 9), {"length": "real"}, ["'cycles' starts anew with each of its values"],
    ),
    "centres.csv": (
        lines("centre,id,treat,visit,score", (f"{c},{i},{'AP'[i % 2]},{v},{number()}"
                                              for c in (1, 2) for i in range(1, 9) for v in range(1, 5))),
        16, (4, 4), {"score": "real"}, ["starts anew with each of 'centre', 'id' together"],
    ),
    "meals.csv": (
        lines("Subject,Meal,Time,conc", (f"{s},{meal},{t},{number()}" for s in range(1, 7)
                                         for meal in ("2am", "10am", "6pm") for t in (-9, 0, 20, 45, 90))),
        18, (5, 5), {"conc": "real"}, ["starts anew with each of 'Subject', 'Meal' together"],
    ),
    "fries.csv": (
        lines("time,treatment,subject,rep,salt,crisp", (f"{t},{a},{s},{r},{number()},{number()}"
                                                        for t in range(1, 9) for a in (1, 2) for s in (3, 5)
                                                        for r in (1, 2))),
        8, (8, 8), {"salt": "real", "crisp": "real"},
        ["each of its times once with each of 'treatment', 'subject', 'rep' together"],
    ),
    "abbreviated.csv": (
        lines("STATE,ST_ABB,YR,GSP,UNEMP", (f"{s},{s[:2]},{y},{number()},{number()}"
                                            for s in ("ALABAMA", "IDAHO", "OHIO") for y in range(70, 87))),
        3, (17, 17), {"GSP": "real", "UNEMP": "real"}, ["'YR' starts anew with each of its values"],
    ),
    "row_names.csv": (
        lines(",id,start,v", (f"{(37 * k) % 61},{k // 10},{k % 10},{number()}" for k in range(60))),
        6, (10, 10), {"v": "real"}, ["a column without a name is no channel: it names every row"],
    ),
    "party.csv": (
        lines("popul,PID,age,vote", (f"{RANDOM.integers(900)},{RANDOM.integers(7)},{RANDOM.integers(20, 80)},"
                                     f"{RANDOM.integers(2)}" for _ in range(120))),
        1, (120, 120), {"popul": "count", "PID": "symbols", "age": "count", "vote": "symbols"},
        ["'PID' is not taken for the sequence: its numbers alternate"],
    ),
    "clicks.csv": (
        lines("pid,time,page", (f"{(7 * k + k // 5) % 5},{k},{word('home cart help')}" for k in range(100))),
        5, (20, 20), {"page": "symbols"}, ["'pid' is taken for the sequence"],
    ),
    "light.csv": (
        lines("Speed,Run,Expt", (f"{RANDOM.integers(700, 1000)},{r},{e}" for e in range(1, 6)
                                 for r in range(1, 21))),
        5, (20, 20), {"Speed": "count"}, ["'Run' counts anew with each of its values"],
    ),
    "sleep.csv": (
        lines("Subject,Days,Reaction", shuffled(f"{s},{d},{number()}" for s in range(300, 312)
                                                for d in range(10))),
        12, (10, 10), {"Reaction": "real"}, ["'Days' is taken for the order"],
    ),
    "spells.csv": (
        lines("ID,TIME0,TIME1,EVENT", shuffled(f"{i},{(i + 3) * k * k},{(i + 3) * (k + 1) ** 2},{word('a b')}"
                                               for i in range(9) for k in range(4))),
        9, (4, 4), {"TIME1": "count", "EVENT": "symbols"}, ["'TIME0' is taken for the order"],
    ),
    "lap_times.csv": (
        lines("runner,lap,time,hr", (f"r{i},{k},0:{11 + 7 * k * k % 40}:{10 + 13 * k % 50},{number()}"
                                     for i in range(6) for k in range(1, 9))),
        6, (8, 8), {"time": "real", "hr": "real"}, ["go up and down where 'lap' counts the rows"],
    ),
    "german_day.csv": (
        lines("Patient,Tag,Wert", (f"p{i},{k},{number()}" for i in range(5) for k in range(1, 9))),
        5, (8, 8), {"Wert": "real"}, ["'Tag' is not taken for the target: it counts the steps"],
    ),
    "diets.csv": (
        lines("Rat,Time,Diet,weight", (f"{i},{t},{i // 4},{number()}" for i in range(12)
                                       for t in (1, 8, 15, 22, 29))),
        12, (5, 5), {"weight": "real"}, ["the same all through each sequence (to predict it: --target Diet)"],
    ),
    "cases.csv": (
        lines("date,cases,v", (f"2020-03-{k + 1:02d},{5 * k * k + k + 3},{number()}" for k in range(30))),
        1, (30, 30), {"v": "real"}, ["'cases' is no channel: it goes one way through the whole file"],
    ),
    "year_and_month.csv": (
        lines("YR,MON,sst,ANOM", (f"{y},{m},{number()},{number()}" for y in (1950, 1951, 1952)
                                  for m in range(1, 13))),
        1, (36, 36), {"sst": "real", "ANOM": "real"}, ["'YR', 'MON' are read as one of dates"],
    ),
    "anomalies.csv": (
        lines("t,NINO3,ANOM,NINO4,ANOM", (",".join([str(k), *(number() for _ in range(4))])
                                          for k in range(20))),
        1, (20, 20), {"NINO3": "real", "ANOM": "real", "NINO4": "real", "ANOM 2": "real"},
        ["another column is called 'ANOM': this one is read as 'ANOM 2'"],
    ),
    "lagged.csv": (
        lines('"","y","x.1","x.2","x.3"', (f'"{i}",' + ",".join(f"{WALK[i + 3 - k, 0]:.3f}" for k in range(4))
                                           for i in range(50))),
        1, (50, 50), {"y": "real", "x.1": "real", "x.2": "real", "x.3": "real"}, ["is one sequence"],
    ),
    "matrix.csv": (
        lines('"","speed","x.1","x.2","x.3"', (f'"{i}",' + ",".join(number() for _ in range(4))
                                               for i in range(40))),
        1, (40, 40), {"speed": "real", "x.1": "real", "x.2": "real", "x.3": "real"}, ["is one sequence"],
    ),
    "thermometers.csv": (
        lines("flow,T1,T2,T3", (",".join([number(), *(f"{v:.2f}" for v in row[:3])]) for row in WALK)),
        1, (60, 60), {"flow": "real", "T1": "real", "T2": "real", "T3": "real"}, ["is one sequence"],
    ),
    "cepstra.csv": (
        lines(",".join(f"mfcc{k}" for k in range(12)),
              (",".join(f"{v:.2f}" for v in [*row, *row[::-1] * 2]) for row in WALK)),
        1, (60, 60), {f"mfcc{k}": "real" for k in range(12)}, ["is one sequence"],
    ),
    "reshaped.csv": (
        lines('"","id","kg.1","kg.2","kg.3"', (f'"{i}",{i},' + ",".join(number() for _ in range(3))
                                                           for i in range(30))),
        30, (3, 3), {"value": "real"}, ["'kg.1' to 'kg.3' are a series"],
    ),
    "questions.csv": (
        lines("id,sex,age,bdi_t1,bdi_t2,bdi_t3", (f"{101 + i},{i % 2},{20 + i % 9},{i % 7},{i % 5},{i % 3}"
                                                  for i in range(24))),
        24, (3, 3), {"value": "symbols"}, ["'bdi_t1' to 'bdi_t3' are a series"],
    ),
    "total.csv": (
        lines("date;sold;worth", (f"{k + 1:02d}.01.2024;{80 + 7 * k % 40};{7 * k % 11},5" for k in range(20)),
              "Summe;1234;200,5"),
        1, (20, 20), {"sold": "count", "worth": "real"}, ["1 line(s) below the table are left out: 'Summe'"],
    ),
    "remarks.csv": (
        lines("year,v", (f"{1990 + k},{number()}" for k in range(20)), "Source: own counts,",
              "(preliminary after 2008),"),
        1, (20, 20), {"v": "real"}, ["2 line(s) below the table are left out"],
    ),
    "means.csv": (
        lines("person,m1,m2,m3", (f"p{i},{number()},{number()},{number()}" for i in range(12)),
              "mean,0.1,0.1,0.2", "sd,1.0,1.0,1.0"),
        12, (3, 3), {"value": "real"}, ["2 line(s) below the table are left out: 'mean'"],
    ),
    "beats.csv": (
        lines("datetime,hr", (f"2016-11-24 13:58:{k // 20:02d}.{5 * (k % 20):02d}0,{400 + 37 * k * k % 211}"
                              for k in range(800))),
        1, (800, 800), {"hr": "count"}, ["'datetime' is taken for the order"],
    ),
    "offices.csv": (
        lines("Series Id:,LNS1,,", "Title:,Rate,,", "Series id,Year,Period,Value,",
              (f"LNS1,{y},Q0{q},{number()}" for y in range(1960, 1970) for q in (1, 2, 3, 4))),
        1, (40, 40), {"Value": "real"}, ["'Year', 'Period' are read as one of dates"],
    ),
    "two_exports.csv": (
        lines("date,v", (f"2024-01-{k:02d},{number()}" for k in range(1, 15)),
              (f"{k:02d}.01.2024,{number()}" for k in range(15, 30))),
        1, (29, 29), {"v": "real"}, ["year, month, day beside dates of the form day.month.year"],
    ),
    "seizures.csv": (
        lines("subject,age,period,y", (f"{i},{90 - i},{k},{RANDOM.geometric(0.3) + i % 9 * 9 * (k > 3)}"
                                       for i in range(1, 60) for k in range(1, 5))),
        59, (4, 4), {"y": "count"}, ["'age' is no channel: it is the same all through each sequence"],
    ),
    "logger.csv": (
        lines("// device: TX", "// unit,mm", "Time [ms];temp;rh", (
            f"{1709287200000 + 10 * k};{number()};{number()}" for k in range(30))),
        1, (30, 30), {"temp": "real", "rh": "real"}, ["'Time [ms]' is taken for the order"],
    ),
    "micros.csv": (
        lines("time_us,volt", shuffled(f"{1709287200000000 + 1000 * k},{number()}" for k in range(40))),
        1, (40, 40), {"volt": "real"}, ["'time_us' is taken for the order"],
    ),
    "spans.csv": (
        lines("session,step,took", (f"s{i},{k},{k * 7 % 11 + 1}m {10 + k}s" for i in range(5)
                                    for k in range(8))),
        5, (8, 8), {"took": "real"}, ["are written as hours, minutes and seconds, and read as seconds"],
    ),
    "printed.txt": (
        lines("            MEANS", "=" * 40, "Year   Jan  Feb  Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
              "-" * 40, (f"{y}   " + "  ".join(number() for _ in range(12)) for y in range(1749, 1775)), "",
              "Note: the last ones are preliminary."),
        1, (312, 312), {"value": "real"}, ["4 line(s) around a table of numbers are left out"],
    ),
    "ragged_heads.dat": (
        lines("Obs    patid cycle dose DLT", (f"{6 * i + k}       {i}     {k}  {number()}   {(i + k * k) % 2}"
                                              for i in range(1, 9) for k in range(6))),
        8, (6, 6), {"dose": "real", "DLT": "real"}, ["the lines hold as many numbers each"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_a_table_is_what_it_holds(name, tmp_path):
    text, n_sequences, lengths, channels, said = FILES[name]
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    data = read(path)
    assert len(data) == n_sequences, data.notes
    assert (data.X.lengths.min(), data.X.lengths.max()) == lengths
    assert data.role == "next"
    got = {channel.name: channel.kind for channel in data.X.schema}
    if len(channels) > 1 or "0" not in got:
        assert got == channels
    else:
        assert [*got.values()] == [*channels.values()]
    for part in said:
        assert any(part in note for note in data.notes), data.notes
    again = read_new(path, data.reading)
    assert again.X.lengths.tolist() == data.X.lengths.tolist()
    assert again.X.schema == data.X.schema


def test_one_sequence_of_new_data_is_read_by_the_key_of_before(tmp_path):
    path = tmp_path / "centres.csv"
    path.write_text(FILES["centres.csv"][0])
    data = read(path)
    new = tmp_path / "new.csv"
    new.write_text("".join(path.read_text().splitlines(keepends=True)[:5]))
    assert read_new(new, data.reading).X.lengths.tolist() == [4]


def test_rows_go_back_to_where_their_order_has_them(tmp_path):
    path = tmp_path / "fries.csv"
    head, *rows = FILES["fries.csv"][0].splitlines()
    path.write_text(lines(head, rows))
    first = read(path)
    path.write_text(lines(head, shuffled(rows)))
    again = read(path)
    for name, x in zip(first.ids, first.X, strict=True):
        np.testing.assert_array_equal(again.X[list(again.ids).index(name)], x)


def test_names_of_sequences_in_front_of_numbers_are_no_classes(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("\n".join(f"{i},{k % 2},{number()},{number()}" for i in range(30) for k in range(4)))
    with pytest.raises(DataError, match=r"may be sequences .* or classes") as refused:
        read(path)
    assert read(path, **refused.value.remedy).X.lengths.tolist() == [4] * 30


def test_a_panel_of_two_years_is_read_as_the_error_says(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(
        lines(
            "region,year,packs,tax",
            (f"r{i},{y},{number()},{number()}" for y in (1985, 1995) for i in range(20)),
        )
    )
    with pytest.raises(DataError, match="has a row for each channel") as refused:
        read(path)
    assert refused.value.remedy == {"sequence": "region"}
    assert read(path, **refused.value.remedy).X.lengths.tolist() == [2] * 20


def test_fasta_in_tens_and_under_remarks(tmp_path):
    path = tmp_path / "a.fsa"
    path.write_text("; from elsewhere\n;\n>one\nACGTAC\nAC\n>two\nACCA\n")
    data = read(path)
    assert data.X.lengths.tolist() == [8, 4]
    path = tmp_path / "a.fasta"
    path.write_text(">one\nAC GT\n>two\nACC A\n")
    assert read(path).X.lengths.tolist() == [4, 4]
    path.write_text(">one\nAC GT\nA1GT\n")
    with pytest.raises(DataError, match="line 3, column 2: '1' is no residue"):
        read(path)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (";;saved by a program\n;no comment\none\nACCGT-\n;no comment\ntwo\nACCGTT\n", "MASE"),
        ("PileUp\n\n MSF: 60  Type: P  Check: 12  ..\n\n Name: a\n\n//\n\na  ACDEF\n", "MSF"),
    ],
)
def test_alignments_of_other_programs_are_refused_by_name(text, what, tmp_path):
    path = tmp_path / "a.txt"
    path.write_text(text)
    with pytest.raises(DataError, match=f"{what}.* is not read: save it as FASTA"):
        read(path)


def test_numbers_between_blanks_have_no_names(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("\n".join(f"{number()} {number()}" for _ in range(30)))
    with pytest.raises(DataError, match="a table of 30 rows and 2 columns without names") as refused:
        read(path)
    assert read(path, **refused.value.remedy).X.n_channels == 2


def test_durations_of_several_parts_are_seconds(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(lines("k;took", "1;1h 20m", "2;45 s", "3;2 h 5 min 1,5 s", "4;1d", "5;3m"))
    assert read(path, values="took").X[0].tolist() == [4800.0, 45.0, 7501.5, 86400.0, 180.0]


def test_an_archive_of_several_files_says_so(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("a.csv", "b.csv"):
            archive.writestr(name, "t,v\n1,2\n2,4\n")
    with pytest.raises(DataError, match="the archive holds 2 files, expected one; unpack it into a folder"):
        read(path)
