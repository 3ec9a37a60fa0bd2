"""A comparison whose candidates that see far enough were left out says that it cannot tell yet."""

import numpy as np
import pytest

import seqcompare
from seqcompare.report.answer import shown_answer


@pytest.fixture(scope="module")
def data():
    """Return sequences of four symbols, and labels that the last three of them decide."""
    rng = np.random.default_rng(1)
    positive = rng.permutation(64) < 37
    X = [rng.integers(0, 4, 60) for _ in range(60)]
    before = [np.concatenate([[0, 0], x]) for x in X]
    return X, [positive[16 * x[:-2] + 4 * x[1:-1] + x[2:]].astype(int) for x in before]


@pytest.fixture(scope="module")
def compared(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    # no more than orders 0 and 1 fit
    how = {"memory": 300_000, "n_jobs": 1, "budget": None}
    return seqcompare.compare(data, "Markov chain", 3, out=folder, **how)


def test_what_no_candidate_sees_that_was_tried_is_not_held_to_be_nothing(compared):
    verdict = compared.verdict()
    assert (verdict.kind, verdict.model) == ("cannot tell", "Markov order 1")
    assert verdict.sentences[0].startswith(
        "It cannot be told yet which model is enough: what lies up to 2 steps back matters, and nothing that "
        "was tried looks back further than 1 step; 5 candidates that look further were not tried to the end "
        "(over the memory). Markov order 1 comes to "
    )
    assert verdict.sentences[0].endswith("More memory would tell.")
    assert not compared.result.summary["chosen"].isin(["Markov order 2", "Markov order 3"]).any()
    table = compared.result.side_tables["sight"].set_index("model")["sees"]
    assert table["Markov order 0"] == 1
    assert table["Markov order 8"] == 9


def test_forms_of_the_answer_are_no_surer(compared):
    answer = shown_answer(compared)
    text = " ".join(answer.to_text().split())
    assert "Use this model: None yet (what lies up to 2 steps back matters" in text
    left = "5 candidates that look further were not tried to the end (over the memory)"
    assert f"How sure: Cannot tell yet ({left})" in text
    assert "What to do next: - More memory would tell." in text
    assert "99.9%" not in text
    row = compared.answer().frame().set_index("entry").loc["Markov chain"]
    assert row["status"] == "undecided"
    assert np.isnan(row["p_good_enough"])
    tiles = {tile["label"]: tile["value"] for tile in answer.to_dict()["tiles"]}
    assert (tiles["Use this model"], tiles["How sure"]) == ("None yet", "Cannot tell yet")


def test_with_all_candidates_it_is_told(data, tmp_path):
    found = seqcompare.compare(data, "Markov chain", 3, out=tmp_path / "run", n_jobs=1, budget=None)
    assert (found.verdict().kind, found.verdict().model) == ("model", "Markov order 3")
