"""A winner that sees no more than it needs is judged as what it is."""

import numpy as np
import pytest
from loss_rows import rows, units

from seqcompare.metrics import METRICS
from seqcompare.results.contest import Contest, loss_table
from seqcompare.results.judgement import judge
from seqcompare.results.shorter import settle

N = 200


def settled(behind):
    """Return who wins of a cheap model, within the tolerance, that loses so much more when shorter."""
    rng = np.random.default_rng(0)
    hard = rng.normal(0.5, 0.05, N)
    losses = {"chance": hard + 0.5, "cheap": hard + 0.004, "dear": hard}
    tests = rows(list(losses), axis="test", parameters=[1, 2, 50])
    short = rows(["cheap"], axis="shorter").assign(trial_id="short/0", model="cheap, shorter")
    noise = rng.normal(0, 0.01, N)
    sums = {f"{name}/0": units(loss + rng.normal(0, 0.01, N)) for name, loss in losses.items()}
    sums["short/0"] = units(sums["cheap/0"][:, 1] + behind + noise - noise.mean())
    contest = Contest(loss_table(tests, sums), METRICS["bits"], 0.25)
    costs = tests.groupby("entry", as_index=False)[["n_parameters", "predict_us_per_step"]].median()

    def judged(losses):
        return judge(losses, costs, METRICS["bits"], 0.25)

    return judged(contest.losses), settle(contest, judged, short, tests, tests.iloc[:0], sums)


def test_what_is_said_of_the_shorter_one_is_of_its_own_losses():
    first, found = settled(0.003)
    assert first.winner == found.judgement.winner == "cheap"
    assert found.shorter.named
    assert found.judgement.good_enough["cheap"] < first.good_enough["cheap"]
    gap = found.contest.mean_loss("cheap") - found.contest.mean_loss("dear")
    assert gap == pytest.approx(0.007, abs=0.002)


def test_what_would_be_likely_worse_than_another_is_not_named():
    first, found = settled(0.0095)
    assert found.shorter.behind < 0.01
    assert not found.shorter.named
    assert found.judgement == first
