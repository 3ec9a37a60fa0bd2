"""The part of a report that is in units of the data."""

import numpy as np
import pandas as pd
import pytest

import seqcompare
from seqcompare import style
from seqcompare.report.figures import numbers
from seqcompare.report.page import write_report

LOOK = style.SeriesStyle("#0072B2", "o", "-", "#0072B2")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A comparison of two channels, of which one drives both, with its report."""
    rng = np.random.default_rng(0)
    series = rng.normal(size=(16, 60, 2))
    for t in range(2, 60):
        series[:, t, 1] += 2 * series[:, t - 2, 0]
    place = tmp_path_factory.mktemp("numbers")
    frame = pd.concat(
        pd.DataFrame({"id": i, "t": np.arange(60), "wind": 8 + x[:, 0], "power": 1e3 * x[:, 1]})
        for i, x in enumerate(series)
    )
    frame.to_csv(place / "plant.csv", index=False)
    models = ["autoregression", "last-value"]
    seqcompare.compare(place / "plant.csv", models, cv=2, out=place / "run", n_jobs=1)
    write_report(place / "run")
    return place / "run"


def test_the_page_has_figures_and_errors_of_each_channel_by_name(folder):
    page = (folder / "report.html").read_text(encoding="utf-8")
    for words in ("in units of the data", "wind", "power", "MASE", "What was predicted, and what came"):
        assert words in page
    for name in ("forecasts", "pit", "residuals", "influence"):
        assert (folder / "figures" / f"number_{name}.png").is_file()
    table = pd.read_csv(folder / "tables" / "numbers_channels.csv")
    errors = table[table["entry"] == "Autoregression"].set_index("channel")["rmse"]
    assert errors["wind"] == pytest.approx(1, abs=0.1)
    assert errors["power"] == pytest.approx(1000, abs=100)


def test_the_number_that_matters_is_said(folder):
    said = " ".join(seqcompare.load_run(folder).verdict().sentences)
    assert "What matters most is the value 2 steps back of 'wind'" in said


def test_figures_show_the_numbers_they_are_given():
    steps = np.arange(5.0)
    frame = pd.DataFrame(
        {"step": steps, "truth": steps, "mean": steps + 1, "q2.5": 0, "q25": 1, "q75": 2, "q97.5": 3}
    )
    ax = numbers.stretch(frame, look=LOOK, label="degrees")
    assert [list(line.get_ydata()) for line in ax.lines] == [list(steps + 1), list(steps)]
    assert ax.get_ylabel() == "degrees"
    ax = numbers.pit(pd.DataFrame({"bin": [1, 0], "share": [0.3, 0.7]}), look=LOOK)
    assert [bar.get_height() for bar in ax.patches] == [0.7, 0.3]
    ax = numbers.autocorrelation(
        pd.DataFrame({"lag": [1, 2], "correlation": [0.5, -0.1], "band": 0.2}), look=LOOK
    )
    assert list(ax.lines[-1].get_ydata()) == [0.5, -0.1]
    lags = pd.DataFrame({"channel": ["a", "b"] * 2, "lag": [1, 1, 2, 2], "mean": [3.0, 1.0, 0.0, 0.5]})
    ax = numbers.influence(lags, label="change")
    assert [list(line.get_ydata()) for line in ax.lines] == [[3.0, 0.0], [1.0, 0.5]]
    assert [text.get_text().strip() for text in ax.texts] == ["a", "b"]
