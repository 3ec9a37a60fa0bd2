import dataclasses

import numpy as np
import pandas as pd
import pytest

from seqcompare.claims import CLAIMS, Claim, Expectation, check_claims
from seqcompare.evaluation.plan import plan_trials
from seqcompare.evaluation.suites import load_suite

UP = Expectation("Recall", "A", 4, at_least=0.9)
DOWN = Expectation("Recall", "A", 8, at_most=0.1)


def trials(skills, distance, model="A"):
    return pd.DataFrame(
        {"task": "Recall", "model": model, "distance": distance, "status": "ok", "skill": skills}
    )


@pytest.mark.parametrize(
    ("at_four", "at_eight", "outcome"),
    [
        ([0.99] * 10, [0.01] * 10, "holds"),
        ([0.99] * 10, [0.9] * 10, "does not hold"),
        ([0.2] * 10, [0.01] * 10, "does not hold"),
        ([0.99] * 10, [0.0, 0.2] * 5, "cannot tell"),
        ([0.99] * 5 + [0.0] * 5, [0.9] * 10, "does not hold"),
    ],
)
def test_a_claim_holds_if_every_expectation_does(at_four, at_eight, outcome):
    claim = Claim("c", "statement", "source", {}, (UP, DOWN))
    frame = pd.concat([trials(at_four, 4), trials(at_eight, 8), trials([0.5] * 10, 4, "B")])
    judged, evidence = claim.judge(frame)
    assert judged == outcome
    assert evidence["skill"].tolist() == pytest.approx([np.mean(at_four), np.mean(at_eight)])
    assert (evidence["low"] <= evidence["high"]).all()


def test_failed_trials_are_no_evidence():
    frame = trials([0.99] * 10, 4)
    with pytest.raises(ValueError, match="no trial of A on Recall at distance 4 has finished"):
        UP.judge(frame.assign(status="error"))


def test_an_expectation_has_one_bound():
    with pytest.raises(ValueError, match="either at_least or at_most"):
        Expectation("Recall", "A", 4)
    with pytest.raises(ValueError, match="either at_least or at_most"):
        Expectation("Recall", "A", 4, at_least=0.1, at_most=0.9)


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=lambda claim: claim.name)
def test_every_expectation_is_about_trials_that_run(claim):
    planned = {(t.task_label, t.model.label, t.task.distance) for t in plan_trials(load_suite(claim.suite))}
    assert {(e.task, e.model, e.distance) for e in claim.expectations} <= planned


def test_checking_a_claim_leaves_its_evidence(tmp_path):
    checked = check_claims(["markov-reach"], tmp_path, n_jobs=1)
    assert checked.outcomes["outcome"].tolist() == ["holds"]
    assert checked.frame()["outcome"].tolist() == ["holds", "holds"]
    assert pd.read_csv(tmp_path / "claims.csv")["claim"].tolist() == ["markov-reach"]
    assert "markov-reach" in checked._repr_html_()


def test_no_cell_of_the_evidence_is_a_formula(tmp_path, monkeypatch):
    claim = dataclasses.replace(CLAIMS["markov-reach"], note="=1+1")
    monkeypatch.setitem(CLAIMS, "markov-reach", claim)
    checked = check_claims(["markov-reach"], tmp_path, n_jobs=1)
    assert checked.outcomes["note"].tolist() == ["=1+1"]
    assert pd.read_csv(tmp_path / "claims.csv")["note"].tolist() == ["'=1+1"]


def test_an_unknown_claim_says_so(tmp_path):
    with pytest.raises(ValueError, match="no claim 'flat-earth'; there are markov-reach"):
        check_claims(["flat-earth"], tmp_path)
