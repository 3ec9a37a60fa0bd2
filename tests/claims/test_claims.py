import dataclasses

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

mpl.use("agg")

import matplotlib.pyplot as plt

from seqcompare.claims import CLAIMS, CheckedClaims, Claim, Expectation, check_claims
from seqcompare.experiments.plan import plan_trials
from seqcompare.experiments.suites import load_suite
from seqcompare.report.figures.skill import expectations

UP = Expectation("Recall", "A", 4, at_least=0.9)
DOWN = Expectation("Recall", "A", 8, at_most=0.1)


@pytest.fixture
def registered():
    """Return what registers claims that are forgotten at the end."""
    names = []

    def register(claim):
        CLAIMS.register(claim, replace=True)
        names.append(claim.name)

    yield register
    for name in names:
        CLAIMS.unregister(name)


def trials(skills, distance, model="A"):
    return pd.DataFrame(
        {
            "task": "Recall",
            "model": model,
            "family": "markov",
            "distance": distance,
            "status": "ok",
            "stop": "",
            "skill": skills,
        }
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
    for nothing in (frame.assign(status="error"), frame.assign(skill=np.nan), trials([0.99] * 10, 5)):
        found = UP.judge(nothing)
        assert (found["outcome"], found["seeds"], found["family"]) == ("cannot tell", 0, "markov")
        assert np.isnan([found["skill"], found["low"], found["high"]]).all()
    assert UP.judge(trials([0.99] * 10, 4, "B"))["outcome"] == "cannot tell"
    # the other expectations are judged all the same
    claim = Claim("c", "statement", "source", {}, (UP, DOWN))
    judged, evidence = claim.judge(pd.concat([frame.assign(status="error"), trials([0.9] * 10, 8)]))
    assert judged == "does not hold"
    assert evidence["outcome"].tolist() == ["cannot tell", "does not hold"]


@pytest.mark.parametrize("skill", [0.99, 0.0])
def test_a_lucky_few_decide_nothing(skill):
    assert UP.judge(trials([skill] * 9, 4))["outcome"] == "cannot tell"
    assert UP.judge(trials([skill] * 10, 4))["outcome"] != "cannot tell"
    frame = trials([skill] * 10, 4).assign(status=["ok"] + ["error"] * 9)
    found = UP.judge(frame)
    assert (found["outcome"], found["seeds"], found["skill"]) == ("cannot tell", 1, skill)


def test_a_trial_that_the_clock_cut_off_does_not_show_that_skill_is_low():
    cut = ["seconds"] + [""] * 9
    assert DOWN.judge(trials([0.0] * 10, 8).assign(stop=cut))["outcome"] == "cannot tell"
    assert UP.judge(trials([0.0] * 10, 4).assign(stop=cut))["outcome"] == "cannot tell"
    # that it is high, it does show
    assert DOWN.judge(trials([0.9] * 10, 8).assign(stop=cut))["outcome"] == "does not hold"
    assert UP.judge(trials([0.99] * 10, 4).assign(stop=cut))["outcome"] == "holds"


def test_claims_without_an_answer_have_a_report_and_tables(tmp_path, registered):
    # a chain with smoothing that there is none of fails in every trial
    model = {"variant": "markov", "sizes": [4], "params": {"smoothing": "no such thing"}}
    suite = {**CLAIMS["markov-reach"].suite, "seeds": 2, "models": [model]}
    registered(dataclasses.replace(CLAIMS["markov-reach"], name="toy", suite=suite))
    checked = check_claims(["toy"], tmp_path, n_jobs=1)
    assert checked.outcomes["outcome"].tolist() == ["cannot tell"]
    assert pd.read_csv(tmp_path / "evidence.csv")["seeds"].tolist() == [0, 0]
    text = checked.report().read_text(encoding="utf-8")
    assert "1 of 1 cannot be decided: toy." in text


def test_an_expectation_has_one_bound():
    with pytest.raises(ValueError, match="either at_least or at_most"):
        Expectation("Recall", "A", 4)
    with pytest.raises(ValueError, match="either at_least or at_most"):
        Expectation("Recall", "A", 4, at_least=0.1, at_most=0.9)


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=lambda claim: claim.name)
def test_every_expectation_is_about_trials_that_run(claim):
    planned = {
        (t.source.label, t.candidate.label, t.source.task.distance)
        for t in plan_trials(load_suite(claim.suite))
    }
    assert {(e.task, e.model, e.distance) for e in claim.expectations} <= planned


def test_checking_a_claim_leaves_its_evidence(tmp_path):
    checked = check_claims(["markov-reach"], tmp_path, n_jobs=1)
    assert checked.outcomes["outcome"].tolist() == ["holds"]
    assert checked.frame()["outcome"].tolist() == ["holds", "holds"]
    assert pd.read_csv(tmp_path / "claims.csv")["claim"].tolist() == ["markov-reach"]
    assert "markov-reach" in checked._repr_html_()


@pytest.mark.parametrize(
    ("at_eight", "answer"), [([0.01] * 10, "1 of 1 holds"), ([0.9] * 10, "1 of 1 does not hold")]
)
def test_the_report_shows_claim_numbers_and_outcome(tmp_path, at_eight, answer):
    claim = Claim(
        "toy", "A is <b>short</b> of memory.", "Nobody (1900), Toys", {}, (UP, DOWN), note="Mind it."
    )
    outcome, evidence = claim.judge(pd.concat([trials([0.99] * 10, 4), trials(at_eight, 8)]))
    fields = {"claim": "toy", "statement": claim.statement, "outcome": outcome, "source": claim.source}
    outcomes = pd.DataFrame([{**fields, "note": claim.note}])
    page = CheckedClaims(tmp_path, outcomes, evidence.assign(claim="toy")).report()
    text = page.read_text(encoding="utf-8")
    for part in (
        f"{answer}: toy.",
        "A is &lt;b&gt;short",
        "Nobody (1900)",
        "Mind it.",
        "seqcompare claims toy",
    ):
        assert part in text
    numbers = pd.read_csv(tmp_path / "tables/toy-evidence.csv")
    assert numbers["skill"].tolist() == pytest.approx([0.99, np.mean(at_eight)])
    assert numbers["expected skill"].tolist() == ["at least 0.9", "at most 0.1"]
    assert (tmp_path / "figures/toy-skill.svg").is_file()
    assert "## toy" in (tmp_path / "report.md").read_text(encoding="utf-8")


def test_what_a_claim_expects_is_drawn_behind_what_came_out():
    evidence = pd.DataFrame([UP.judge(trials([0.99] * 10, 4)), DOWN.judge(trials([0.3, 0.5] * 5, 8))])
    ax = expectations(evidence)
    left, right = ax.get_xlim()
    assert [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in ax.patches] == [
        (0.9, pytest.approx(right)),
        (left, pytest.approx(0.1)),
    ]
    spans = [line.get_xdata() for line in ax.lines if len(line.get_xdata()) == 2]
    assert np.allclose(spans, evidence[["low", "high"]])
    plt.close("all")


def test_no_cell_of_the_evidence_is_a_formula(tmp_path, registered):
    registered(dataclasses.replace(CLAIMS["markov-reach"], note="=1+1"))
    checked = check_claims(["markov-reach"], tmp_path, n_jobs=1)
    assert checked.outcomes["note"].tolist() == ["=1+1"]
    assert pd.read_csv(tmp_path / "claims.csv")["note"].tolist() == ["'=1+1"]


def test_a_claim_that_does_not_fit_the_budget_stays_open(tmp_path):
    checked = check_claims(["markov-reach"], tmp_path, n_jobs=1, budget=1e-6)
    assert checked.outcomes["outcome"].tolist() == ["cannot tell"]
    assert checked.report().is_file()


def test_an_unknown_claim_says_so(tmp_path):
    with pytest.raises(ValueError, match="no claim 'flat-earth'; there are markov-reach"):
        check_claims(["flat-earth"], tmp_path)
    with pytest.raises(ValueError, match="no claim was named; there are markov-reach"):
        check_claims([], tmp_path)
