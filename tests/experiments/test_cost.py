"""Clocks and memory meters against blocks of known cost."""

import sys
import time

import numpy as np
import pytest

from seqcompare.experiments.cost import Stopwatch


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
