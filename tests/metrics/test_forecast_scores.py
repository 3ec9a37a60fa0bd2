"""Scores of densities of numbers, by hand."""

import numpy as np
import pytest

from seqcompare.metrics import METRICS, Answers, Forecast

TRUTH = np.array([1.0, 4.0, -2.0, 0.0])
MEDIAN = np.array([0.0, 4.5, -2.0, 3.0])
UPTO = np.array([0.6, 0.02, 0.5, 0.99])
WEIGHT = np.array([1.0, 1.0, 2.0, 1.0])


def answers(naive=2.0, below=UPTO):
    columns = {"truth": TRUTH, "mean": MEDIAN + 0.5, "median": MEDIAN, "crps": np.arange(4.0)}
    columns |= {"below": below, "upto": UPTO}
    forecast = Forecast(**{k: v[:, None] for k, v in columns.items()}, naive=np.array([naive]))
    nothing = np.full(4, np.nan)
    item = np.arange(4)
    return Answers(item, item, WEIGHT, TRUTH, MEDIAN + 0.5, nothing, nothing, forecast=forecast)


def test_absolute_errors_are_those_of_medians_and_squared_ones_of_means():
    off = np.abs(MEDIAN - TRUTH)
    assert METRICS["mae"].score_of(answers()) == pytest.approx(np.average(off, weights=WEIGHT))
    assert METRICS["mase"].score_of(answers()) == pytest.approx(np.average(off, weights=WEIGHT) / 2)
    squares = (MEDIAN + 0.5 - TRUTH) ** 2
    assert METRICS["rmse"].score_of(answers()) == pytest.approx(np.sqrt(np.average(squares, weights=WEIGHT)))
    assert METRICS["crps"].score_of(answers()) == pytest.approx((0 + 1 + 2 * 2 + 3) / 5)


def test_an_error_of_0_of_the_naive_forecast_scales_nothing():
    assert np.isnan(METRICS["mase"].score_of(answers(naive=0.0)))


def test_coverage_is_the_share_of_steps_inside():
    assert METRICS["coverage_95"].score_of(answers()) == pytest.approx(3 / 5)
    assert METRICS["coverage_50"].score_of(answers()) == pytest.approx(3 / 5)


def test_a_count_is_inside_where_any_of_its_range_is():
    # the quantile at .975 is the smallest count that reaches it: what begins below is inside
    below = np.array([0.3, 0.0, 0.4, 0.9])
    assert METRICS["coverage_95"].score_of(answers(below=below)) == pytest.approx(4 / 5)
    assert METRICS["coverage_50"].score_of(answers(below=below)) == pytest.approx(3 / 5)


def test_a_model_without_predictions_has_no_such_score():
    plain = Answers(*[np.zeros(2)] * 7)
    with pytest.raises(ValueError, match="does not say what it expects"):
        METRICS["crps"].score_of(plain)


def test_parts_are_picked_together():
    part = answers().pick(np.array([2, 0]))
    assert part.forecast is not None
    assert part.forecast.truth[:, 0].tolist() == [-2.0, 1.0]
    assert part.forecast.naive.tolist() == [2.0]
    assert part.forecast.channel(0).upto.tolist() == [[0.5], [0.6]]
