"""Steps at uneven times: noticed, told to models, or filled with missing steps."""

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad

from seqcompare import MarkovTagger, Sequences, datasets
from seqcompare.data.inspection import inspect
from seqcompare.data.pace import pace_of
from seqcompare.data.read import read_new
from seqcompare.data.source import DataError, WrongUseError
from seqcompare.dependence.checks import check
from seqcompare.quantities import time_span

RNG = np.random.default_rng(0)
DAYS = pd.date_range("2024-01-01 06:00", periods=40, freq="D")
KEPT = np.delete(np.arange(40), [5, 6, 20])
LEVEL = RNG.normal(size=40)
DAILY = pd.DataFrame({"date": DAYS, "level": LEVEL}).iloc[KEPT]


def entropy(p):
    return -p * np.log2(p) - (1 - p) * np.log2(1 - p)


def test_gaps_that_differ_are_told_with_their_share_and_the_largest(tmp_path):
    DAILY.to_csv(tmp_path / "daily.csv", index=False)
    for data in (datasets.read(tmp_path / "daily.csv"), datasets.read(DAILY)):
        said = "1 day between steps as a rule; 5.6% of 36 gaps differ, the largest is 3 days"
        assert inspect(data).times == said
        assert f"steps are not evenly spaced: {said}" in data.notes
        (found,) = [finding for finding in check(data) if finding.code == "times"]
        assert said in found.sentence
        assert "fill_gaps" in found.remedy
    whole = datasets.read(pd.DataFrame({"date": DAYS, "level": LEVEL}))
    assert inspect(whole).times == "a step every 1 day"
    assert not any("evenly" in note for note in whole.notes)
    assert "times" not in [finding.code for finding in check(whole)]


@pytest.mark.parametrize(
    ("times", "every"),
    [
        (pd.date_range("2001-01-01", periods=30, freq="MS"), "1 month"),
        (pd.date_range("2001-01-31", periods=30, freq="ME"), "1 month"),
        (pd.date_range("2001-01-01", periods=30, freq="QS"), "3 months"),
        (pd.date_range("1990-07-01", periods=30, freq="12MS"), "1 year"),
        (pd.date_range("2001-01-01", periods=30, freq="W"), "7 days"),
        (pd.date_range("2001-01-01", periods=30, freq="90s"), "1.5 minutes"),
        (pd.date_range("2001-01-01", periods=30, freq="250ms"), "250 ms"),
        (np.arange("1500-01-01", "1500-01-31", dtype="datetime64[D]").astype(str), "1 day"),
    ],
)
def test_months_are_equal_and_units_are_those_of_people(times, every):
    data = datasets.read(pd.DataFrame({"date": times, "x": RNG.normal(size=30)}))
    assert inspect(data).times == f"a step every {every}"


@pytest.mark.parametrize(
    ("name", "every"),
    [("hour", "1 hour"), ("year", "1 year"), ("time_ms", "1 ms"), ("time [s]", "1 second"), ("t", "1")],
)
def test_a_column_may_be_called_by_its_unit(name, every):
    data = datasets.read(pd.DataFrame({name: np.arange(30), "x": RNG.normal(size=30)}), order=name)
    assert inspect(data).times == f"a step every {every}"


def test_numbers_without_a_rule_are_no_times():
    tickets = np.sort(RNG.choice(10_000, 60, replace=False))
    frame = pd.DataFrame({"ticket": tickets, "x": RNG.normal(size=60)})
    assert pace_of(datasets.read(frame, order="ticket")) is None
    assert pace_of(datasets.read(frame.rename(columns={"ticket": "time"}))).unequal > 30


def test_holes_are_filled_with_missing_steps_in_all_roles():
    data = datasets.read(DAILY, fill_gaps=True)
    expected = LEVEL.copy()
    expected[[5, 6, 20]] = np.nan
    np.testing.assert_array_equal(data.X.values, expected)
    assert data.X.times.astype("datetime64[s]").tolist() == DAYS.to_numpy("datetime64[s]").tolist()
    assert data.reading["fill_gaps"] == "86400.0 s"
    words = DAILY.assign(level=np.where(DAILY["level"] > 0, "up", "down"))
    assert np.flatnonzero(datasets.read(words, fill_gaps=True).X.missing[:, 0]).tolist() == [5, 6, 20]
    labels = datasets.read(words.assign(x=DAILY["level"]), target="level", fill_gaps=True)
    assert labels.role == "step"
    assert np.flatnonzero(labels.sample_weight.values == 0).tolist() == [5, 6, 20]
    assert labels.y.values[[4, 7]].tolist() == words["level"].iloc[[4, 5]].tolist()


def test_months_are_filled_by_the_calendar():
    for freq, first in (("MS", "2001-01-01"), ("ME", "2001-01-31")):
        months = pd.date_range(first, periods=30, freq=freq)
        frame = pd.DataFrame({"date": months, "x": RNG.normal(size=30)}).drop(index=[3, 4, 13])
        data = datasets.read(frame, fill_gaps=True)
        assert data.X.times.astype("datetime64[D]").tolist() == months.to_numpy("datetime64[D]").tolist()


def test_channels_and_sequences_are_filled_each_by_itself():
    frame = pd.DataFrame(
        {
            "id": [1, 1, 1, 2, 2],
            "hour": [0, 1, 4, 7, 9],
            "event": list("abaab"),
            "amount": [0.5, 1.5, 2.5, 3.5, 4.5],
        }
    )
    data = datasets.read(frame, sequence="id", order="hour", fill_gaps="1 hour")
    assert data.X.lengths.tolist() == [5, 3]
    assert data.X.column("event").values.tolist() == ["a", "b", None, None, "a", "a", None, "b"]
    np.testing.assert_array_equal(
        data.X.column("amount").values, [0.5, 1.5, np.nan, np.nan, 2.5, 3.5, np.nan, 4.5]
    )


def test_what_is_no_even_series_is_not_filled():
    times = np.cumsum(RNG.exponential(size=50))
    frame = pd.DataFrame({"time": times, "x": RNG.normal(size=50)})
    with pytest.raises(WrongUseError, match="no whole multiples"):
        datasets.read(frame, fill_gaps=True)
    far = pd.DataFrame({"date": DAYS.to_numpy().copy(), "x": LEVEL})
    far.loc[20:, "date"] += pd.Timedelta(1000, "D")
    with pytest.raises(DataError, match="1,000 missing steps among 40"):
        datasets.read(far, fill_gaps=True)
    with pytest.raises(WrongUseError, match="needs the times"):
        datasets.read([LEVEL], time_gaps=True)
    with pytest.raises(WrongUseError, match="two ways"):
        datasets.read(DAILY, fill_gaps=True, time_gaps=True)
    with pytest.raises(WrongUseError, match="'15 min'"):
        datasets.read(DAILY, fill_gaps="often")


def test_the_gap_before_the_predicted_step_is_known():
    data = datasets.read(DAILY, time_gaps=True)
    assert data.role == "step-value"
    gaps = np.diff(KEPT)
    np.testing.assert_allclose(data.X.channel(1).values, np.log1p(gaps))
    np.testing.assert_array_equal(data.X.channel(0).values, LEVEL[KEPT][:-1])
    np.testing.assert_array_equal(data.y.values, LEVEL[KEPT][1:])
    # new data are measured by the same gap, and after their end the usual one is waited
    new = read_new(DAILY.assign(date=DAILY["date"] + (DAILY["date"] - DAYS[0])), data.reading)
    np.testing.assert_allclose(new.X.channel(1).values, np.log1p([*(2 * gaps), 1]))


def test_with_a_target_the_gap_is_one_more_channel():
    frame = DAILY.assign(label=np.where(DAILY["level"] > 0, "up", "down"))
    data = datasets.read(frame, target="label", time_gaps=True)
    np.testing.assert_allclose(data.X.channel(1).values, np.log1p([1, *np.diff(KEPT)]))
    assert [channel.name for channel in data.X.schema] == ["level", "time gap"]
    assert [channel.name for channel in read_new(frame, data.reading).X.schema] == ["level", "time gap"]
    several = frame.drop(columns="label").assign(other=LEVEL[KEPT] ** 2)
    with pytest.raises(WrongUseError, match="say which of level, other"):
        datasets.read(several, time_gaps=True)
    one = datasets.read(several, time_gaps=True, predict="level", known="present")
    np.testing.assert_allclose(one.X.channel(2).values[1:], np.log1p(np.diff(KEPT)))


def test_the_test_part_is_measured_as_the_other_is():
    later = DAILY.assign(date=DAYS[0] + 2 * (DAILY["date"] - DAYS[0]))
    data = datasets.read(DAILY, time_gaps=True, test=later)
    first, second = data.take(~data.test), data.take(data.test)
    np.testing.assert_allclose(np.expm1(second.X.channel(1).values), 2 * np.expm1(first.X.channel(1).values))


def test_a_telegraph_signal_at_random_moments_is_told_within_a_hundredth_of_a_bit():
    def telegraph(n, seed):
        rng = np.random.default_rng(seed)
        gaps = rng.exponential(size=(n, 500))
        flips = (1 - np.exp(-0.4 * gaps)) / 2
        states = np.cumsum(rng.random(flips.shape) < flips, axis=1) % 2
        return Sequences(np.where(states, "up", "down"), times=np.cumsum(gaps, axis=1)), flips[:, 1:]

    def bits(train, test):
        model = MarkovTagger(0).fit(train.X, train.y)
        rows = np.concatenate(list(model.predict_proba(test.X)))
        return -np.log2(rows[np.arange(len(rows)), np.searchsorted(model.classes_, test.y.values)]).mean()

    # what a step holds: with the gap known on average over gaps, and without it
    with_gaps = quad(lambda g: np.exp(-g) * entropy((1 - np.exp(-0.4 * g)) / 2), 1e-9, 60)[0]
    assert with_gaps == pytest.approx(0.5227, abs=1e-4)
    assert entropy(1 / 7) == pytest.approx(0.5917, abs=1e-4)
    (X, _), (asked, flips) = telegraph(60, 0), telegraph(60, 1)
    train = datasets.read(X, time_gaps=True)
    test = datasets.read(asked, time_gaps=train.reading["time_gaps"])
    assert bits(train, test) < entropy(flips).mean() + 0.01


@pytest.mark.parametrize(
    ("amount", "unit", "said"),
    [
        (0.0005, "s", "0.5 ms"),
        (59.99, "s", "1 minute"),
        (5400, "s", "1.5 hours"),
        (86400 * 400, "s", "400 days"),
        (86400 * 1461, "s", "4 years"),
        (18, "months", "1.5 years"),
        (2, "months", "2 months"),
        (2.5, "", "2.5"),
    ],
)
def test_spans_of_time_are_said_in_the_unit_that_suits_them(amount, unit, said):
    assert time_span(amount, unit) == said
