"""What a comparison keeps of the machine of its winner, and what its page draws."""

import numpy as np
import pytest

import seqcompare
from seqcompare import HMM


@pytest.fixture(scope="module")
def even():
    source = HMM.from_parameters(
        startprob=np.ones(3) / 3,
        transmat=[[0.5, 0.5, 0], [0, 0, 1], [0.5, 0.5, 0]],
        emissionprob=[[1, 0], [0, 1], [0, 1]],
        symbols=["$a$", "<b>"],
    )
    return list(source.sample(40, 80, random_state=0))


def test_the_machine_of_the_winner_is_drawn(even, tmp_path):
    run = seqcompare.compare(even, models=["context-tree"], cv=2, out=tmp_path, n_jobs=1)
    edges = run.side_table("machine")
    assert edges["state"].nunique() == 2
    page = run.report().read_text(encoding="utf-8")
    assert "What it has learned" in page
    assert "A machine of 2 states does what the model does" in page
    drawn = (tmp_path / "figures" / "machine.svg").read_text(encoding="utf-8")
    assert "&lt;b&gt; 1.00" in drawn


def test_of_few_steps_there_is_none(even, tmp_path):
    run = seqcompare.compare(even[:8], models=["markov"], cv=2, out=tmp_path, n_jobs=1)
    assert run.side_table("machine_words") is None
    assert "What it has learned" not in run.report().read_text(encoding="utf-8")
