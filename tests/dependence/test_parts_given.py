"""Parts that a profile cannot read, and clients that are none, are one clear error."""

import numpy as np
import pytest

import seqcompare
from seqcompare import MarkovChain, datasets, fit_parts


def part():
    rng = np.random.default_rng(0)
    return [rng.integers(0, 3, 20) for _ in range(5)], [rng.integers(0, 2, 20) for _ in range(5)]


@pytest.mark.parametrize("make", [part, lambda: datasets.read(part())])
def test_a_list_of_parts_is_told_what_reads_it(make):
    with pytest.raises(
        ValueError, match=r"or parts as datasets\.read_parts returns .* datasets\.sample_parts"
    ):
        seqcompare.profile([make(), make(), make()])


def test_what_is_no_list_of_parts_has_its_own_error():
    with pytest.raises(ValueError, match="X\\[0\\] has 3 dimensions"):
        seqcompare.profile([np.zeros((2, 2, 2))])
    # two steps of two numbers each
    assert seqcompare.profile([([0.1, 0.2], [0.3, 0.4])] * 3).n_steps == 6


@pytest.mark.parametrize("client", ["tcp://localhost:8786", 3, object()])
def test_a_client_that_is_none_is_refused(client):
    parts = [["abab"], ["baba"]]
    with pytest.raises(TypeError, match=r"client must be a distributed\.Client, got "):
        fit_parts(MarkovChain(), parts, client=client)
    with pytest.raises(TypeError, match=r"client must be a distributed\.Client, got "):
        datasets.sample_parts(parts, 3, client=client)
