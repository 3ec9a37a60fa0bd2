"""Kinds of files that people have, each read as what it is, and said so."""

from pathlib import Path

import numpy as np
import pytest

from seqcompare.datasets import DataError, read

CASES = Path(__file__).parents[1] / "cases"


def channels(data):
    return {channel.name: channel.kind for channel in data.X.schema}


# file: options, sequences, shortest and longest, role, channels, and a part of what is said
CASES_OF = {
    "k01a_wide_states_numeric.csv": ({}, 24, (8, 8), "next", {"value": "symbols"}, "a row is a sequence"),
    "k01c_wide_states_words.csv": ({}, 20, (6, 6), "next", {"value": "symbols"}, "a row is a sequence"),
    "k02b_epoch_leak.csv": ({}, 40, (8, 8), "sequence", {"pulse": "real"}, "'recorded_at' is no channel"),
    "k03a_pos_is_measured.csv": (
        {},
        16,
        (12, 12),
        "sequence",
        {"pos": "real", "force": "real"},
        "'pos' is not taken for the order: its values have fractions and go up and down",
    ),
    "k03c_pos_is_part_of_speech.csv": (
        {"sequence": "sentence", "values": "word", "target": "tag"},
        16,
        (3, 4),
        "step",
        {"word": "symbols"},
        "'pos' is not taken for the order: its words have no order",
    ),
    "k03d_pos_flips_verdict.csv": (
        {},
        80,
        (12, 12),
        "sequence",
        {"pos": "real", "force": "real"},
        "'pos' is not taken for the order",
    ),
    "k04a_conll.txt": ({}, 16, (3, 4), "step", {"word": "symbols"}, "this is read as tagged words"),
    "k04c_numbers.txt": ({}, 16, (8, 8), "sequence", {"value": "real"}, "this is read as a table"),
    "k05a_monthly_counts.csv": ({}, 1, (120, 120), "next", {"passengers": "count"}, "read as counts"),
    "k06a_percent.csv": ({}, 12, (10, 10), "next", {"rate": "real"}, "are written with '%'"),
    "k07b_write_csv_rownames.csv": ({}, 10, (6, 6), "sequence", {"value": "real"}, "it numbers the rows"),
    "k07d_empty_tail_rows.csv": ({}, 10, (6, 6), "sequence", {"value": "real"}, "2 row(s) without any value"),
    "k07f_write_table.tsv": ({}, 10, (6, 6), "sequence", {"value": "real"}, "they begin with row names"),
    "k08a_event_log.csv": ({}, 12, (5, 5), "next", {"activity": "symbols"}, "'case_id' is taken for the seq"),
    "k09a_ampm.csv": ({}, 10, (6, 6), "sequence", {"value": "real"}, "dates of the form month, day, year"),
    "k09b_month_name.csv": ({}, 10, (6, 6), "sequence", {"value": "real"}, "dates with names of months"),
    "k09e_same_month_other_years.csv": ({}, 2, (3, 3), "next", {"state": "symbols"}, "names of months"),
    "k10b_dash_for_missing.csv": ({}, 10, (6, 6), "sequence", {"value": "real"}, "'-' is read as missing"),
    "k10c_sentinel_999.csv": ({}, 10, (6, 6), "sequence", {"value": "real"}, "'-999.0' is read as missing"),
    "k11a_percent_comments.ts": ({}, 12, (5, 5), "sequence", {"0": "real"}, ""),
    "k11c_nan_padded_tail.ts": ({}, 60, (7, 10), "sequence", {"0": "real"}, "the ends of shorter ones"),
    "k12a_label_first.tsv": ({}, 16, (8, 8), "sequence", {"value": "real"}, "a class a row"),
    "k13a_sequence_in_cell.csv": ({}, 24, (12, 12), "sequence", {"value": "symbols"}, "each cell of column"),
    "k13c_label_in_header.fa": ({}, 24, (30, 30), "sequence", {"0": "symbols"}, "the class is what follows"),
    "k14a_two_code_columns.csv": (
        {},
        16,
        (6, 6),
        "sequence",
        {"code": "symbols", "ward": "symbols"},
        "the channels are 'code' (symbols), 'ward' (symbols)",
    ),
    "k14c_event_and_amount.csv": (
        {},
        16,
        (6, 6),
        "sequence",
        {"event": "symbols", "amount": "real"},
        "the channels are 'event' (symbols), 'amount' (real)",
    ),
    "k15_separable_20.csv": ({}, 20, (8, 8), "sequence", {"pulse": "real"}, ""),
    "k16_early_bump.ts": ({}, 60, (60, 60), "sequence", {"0": "real"}, ""),
    "k18_late_onset.csv": ({}, 1, (300, 300), "step", {"value": "real"}, ""),
    "k20_ties.csv": ({}, 10, (8, 8), "next", {"event": "symbols"}, "rows keep their order"),
    "x01_wide_years_thousands.csv": ({}, 6, (5, 5), "next", {"value": "real"}, "commas between thousands"),
    "x02_wide_month_names.csv": ({}, 12, (12, 12), "next", {"value": "real"}, "'Jan' to 'Dec' are a series"),
    "x03_numbered_channels.csv": (
        {},
        1,
        (60, 60),
        "next",
        {"acc1": "real", "acc2": "real", "acc3": "real"},
        "read as 3 channels of measurements",
    ),
    "x04_serial_down_year.csv": ({}, 10, (6, 6), "next", {"level": "real"}, "'serial' is no channel"),
    "x05_step_is_step_count.csv": (
        {},
        8,
        (10, 10),
        "next",
        {"step": "count", "mood": "symbols"},
        "'step' is not taken for the order",
    ),
    "x06_t_is_temperature.csv": ({}, 6, (12, 12), "next", {"t": "real"}, "'t' is not taken for the order"),
    "x07_class_is_measured.csv": ({}, 8, (8, 8), "sequence", {"class": "real", "x": "real"}, "'label' is"),
    "x08_currency_units.csv": ({}, 6, (8, 8), "next", {"price": "real", "weight": "real"}, "with 'mg'"),
    "x09_quarters.csv": ({}, 2, (12, 12), "next", {"sales": "real"}, "read as quarters"),
    "x10_two_digit_years.csv": ({}, 1, (12, 12), "next", {"v": "real"}, "month, day, year"),
    "x11_tickets.csv": ({}, 14, (4, 4), "next", {"what": "symbols"}, "new values of it come up to the end"),
    "x12_sep_line_decimal_comma.csv": ({}, 6, (8, 8), "next", {"wert": "real"}, "with a decimal comma"),
    "x13_headerless_word_label.csv": ({}, 20, (10, 10), "sequence", {"value": "real"}, "a class a row"),
    "x14_paths_in_cells.csv": ({}, 20, (4, 8), "sequence", {"value": "symbols"}, "what ' > ' separates"),
    "x15_glucose.csv": ({}, 8, (10, 10), "next", {"glucose": "count"}, "'NA', '9999' is read as missing"),
    "x16_r_wide_rownames.tsv": ({}, 15, (30, 30), "next", {"value": "real"}, "'V1' to 'V30' are a series"),
    "x17_spikes.csv": ({}, 6, (20, 20), "next", {"spike": "real", "lfp": "real"}, "has two values"),
    "x18_adc.csv": ({}, 4, (100, 100), "next", {"adc": "count"}, "that change little by little"),
    "x19_icd_codes.csv": ({}, 30, (10, 10), "next", {"icd": "symbols"}, "read as 39 symbols"),
    "x20_elapsed_copy.csv": ({}, 8, (10, 10), "sequence", {"force": "real"}, "the same as column 'step'"),
    "x21_conllu.txt": ({}, 12, (2, 3), "step", {"word": "symbols"}, "column 2 holds the steps and column 4"),
    "x22_comment_column.csv": ({}, 6, (6, 6), "next", {"event": "symbols"}, "it names every row"),
    "x24_date_and_time.csv": ({}, 2, (16, 16), "next", {"reading": "real"}, "as one of dates and times"),
    "x25_trials_within_subjects.csv": (
        {},
        6,
        (15, 15),
        "next",
        {"rt": "count", "acc": "real"},
        "'trial' is no channel: it counts the steps",
    ),
    "x26_weeks_in_per_cent.csv": (
        {},
        8,
        (6, 6),
        "next",
        {"value": "real"},
        "'week 1' to 'week 6' are a series",
    ),
    "x27_bars_of_songs.csv": (
        {},
        6,
        (12, 12),
        "next",
        {"chord": "symbols"},
        "'bar' is no channel: it counts",
    ),
    "k31_space_is_a_symbol.csv": ({"kind": "symbols"}, 3, (3, 3), "next", {"char": "symbols"}, ""),
}


@pytest.mark.parametrize("name", CASES_OF)
def test_a_kind_of_file_is_read_as_what_it_is(name):
    options, n_sequences, lengths, role, expected, said = CASES_OF[name]
    data = read(CASES / name, **options)
    assert len(data) == n_sequences
    assert (data.X.lengths.min(), data.X.lengths.max()) == lengths
    assert data.role == role
    assert channels(data) == expected
    assert any(said in note for note in data.notes), data.notes


def test_every_file_has_a_test():
    assert {path.name for path in CASES.iterdir()} - {"README.md", "x23_molten.csv"} == set(CASES_OF)


def test_a_row_for_each_channel_is_refused_with_a_way_on():
    with pytest.raises(
        DataError, match=r"x23_molten.csv, column 'variable': .*df.pivot\(index=\['id', 'time'\]"
    ):
        read(CASES / "x23_molten.csv")


def test_states_of_a_wide_table_are_in_order():
    data = read(CASES / "k01a_wide_states_numeric.csv")
    assert data.X[0].tolist() == [1, 1, 1, 3, 2, 2, 3, 3]
    assert data.X.times[:8].tolist() == list(range(8))


def test_months_of_several_years_are_in_order():
    data = read(CASES / "k09e_same_month_other_years.csv")
    assert ["".join(x) for x in data.X] == ["ABC", "ABC"]


def test_a_measured_position_sorts_nothing():
    data = read(CASES / "k03a_pos_is_measured.csv")
    np.testing.assert_array_equal(data.X[0][0], [-0.4373, 0.307])


def test_a_blank_is_a_symbol_if_symbols_are_asked_for():
    data = read(CASES / "k31_space_is_a_symbol.csv", kind="symbols")
    assert ["".join(x) for x in data.X] == ["a b"] * 3


def test_the_use_of_every_column_is_told_with_its_reason():
    data = read(CASES / "k02b_epoch_leak.csv")
    uses = {use.column: (use.use, use.reason) for use in data.columns}
    assert uses["id"] == ("sequence", "its name")
    assert uses["recorded_at"] == ("not used", "it is a clock that runs through the file")
    assert uses["pulse"][0] == "value"
