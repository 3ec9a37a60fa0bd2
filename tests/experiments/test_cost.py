"""Clocks and memory meters against blocks of known cost."""

import sys
import time

import numpy as np
import pytest
from sweep_toys import light_suite

from seqcompare.experiments.cost import Stopwatch
from seqcompare.experiments.plan import plan_trials
from seqcompare.experiments.progress import estimate_seconds
from seqcompare.experiments.suites import load_suite


def test_seconds_are_wall_time():
    with Stopwatch() as watch:
        time.sleep(0.05)
    assert 0.05 <= watch.seconds < 5


def test_peak_memory_is_what_the_block_needed_at_most():
    with Stopwatch() as small:
        pass
    with Stopwatch() as large:
        block = np.ones(25_000_000)  # 200 MB, given back before the end
        del block
    if sys.platform.startswith("linux"):
        assert large.peak_mb == pytest.approx(200, abs=20)
        assert small.peak_mb < 20
    else:
        assert np.isnan(large.peak_mb)


def test_the_clock_stops_when_the_block_fails():
    watch = Stopwatch()
    with pytest.raises(RuntimeError), watch:
        raise RuntimeError
    assert watch.seconds >= 0


def estimates(models, **changes):
    trials = plan_trials(load_suite(light_suite(models=models, distances=[2], seeds=1, **changes)))
    return [estimate_seconds(trial) for trial in trials]


def test_an_estimate_is_what_the_kind_says_with_drawing_and_asking_on_top():
    # 20 sequences of 30 steps to fit, as many to ask
    one, four = estimates([{"variant": "markov", "sizes": [1, 4]}])
    assert one == pytest.approx(0.02 + 1e-6 * 600 + 3e-7 * 600 * 2)
    assert four == pytest.approx(0.02 + 1e-6 * 600 + 3e-7 * 600 * 5)
    nets = [{"variant": "lstm", "sizes": [8]}]
    (brief,), (long,) = estimates(nets, epochs=5), estimates(nets, epochs=50)
    assert brief == pytest.approx(0.0206 + 1e-6 * 600 * 5 * (0.3 + 8 / 64))
    assert long - 0.0206 == pytest.approx(10 * (brief - 0.0206))


def test_of_a_model_that_says_nothing_of_its_cost_a_second_is_assumed():
    assert estimates([{"class": "sweep_toys:Lag", "name": "lag"}]) == [1.0]
