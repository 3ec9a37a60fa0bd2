"""What the readers of a verdict are warned of."""

import pandas as pd
import pytest
from findings_tables import DATA, enough, summary, write

from seqcompare.results.grids import FAILED_COLUMNS


def test_warnings():
    table = summary(a=1.2, ahead=2.5, chance=1.9)
    table.loc[1, ["n_failed", "error"]] = 1, "ValueError: " + "too far " * 40
    data = {**DATA, "n_independent": 7, "role": "step", "classes": {"x": 50, "y": 3}}
    text = str(write(enough(), table, data=data))
    assert "Not all answers could be given in time: ahead use steps after the label" in text
    assert "1 of 2 classes is rare, with fewer than 10 examples: y (3)" in text
    assert "There are only 7 sequences in all" in text
    assert "Failed in some folds, and left out: ahead (ValueError: too far too far" in text
    assert "too far ...)." in text
    assert "No better than guessing evenly (2.000 bits): ahead." in text


@pytest.mark.parametrize(
    ("known", "words"),
    [
        ({"split_kind": "official", "n_independent": 1, "in_groups": True}, "There is only 1 group tested"),
        ({"split_kind": "grouped", "n_independent": 6, "in_groups": True}, "There are only 6 groups in all"),
    ],
)
def test_how_few_there_are_is_told(known, words):
    assert words in str(write(enough(), summary(a=1.2, b=1.3, chance=1.9), data={**DATA, **known}))


@pytest.mark.parametrize(("kind", "words"), [("forward", "along time"), ("blocked", "into blocks")])
def test_that_stretches_of_time_were_tested_is_told(kind, words):
    data = {**DATA, "n_sequences": 1, "n_independent": 1, "split_kind": kind}
    said = str(write(enough(), summary(a=1.2, b=1.3, chance=1.9), data=data, in_time=True))
    assert f"There is only 1 sequence, divided {words}: intervals are about what is there" in said


def test_what_failed_while_tuning_is_told():
    long = "ValueError: too few " + "words " * 40
    rows = [("a", f"a {k}", 2, 5, 0, long) for k in range(5)]
    rows += [("b", "b 1", 3, 5, 0, "TypeError: loss (here.py, line 3)")]
    rows += [("c", "c 1", 5, 5, 5, "KeyError: 7"), ("c", "c 2", 5, 5, 5, "KeyError: 8")]
    failures = pd.DataFrame(rows, columns=FAILED_COLUMNS)
    verdict = write(enough(), summary(a=1.2, b=1.3, chance=1.9), failures=failures)
    none, some = verdict.sentences[-2:]
    assert none == (
        "Tested untuned, by the first candidate, since every candidate failed while tuning: "
        "c (5 of 5 folds: KeyError: 7)."
    )
    assert some.startswith("Failed while tuning, and left out where they did: 'a 0', 'a 1', 'a 2' and 2 more")
    assert " of a (ValueError: too few words words" in some
    assert some.endswith(" ...); 'b 1' of b (TypeError: loss (here.py, line 3)).")
    assert "'c 1'" not in some
    evidence = verdict.evidence[verdict.evidence["table"] == "failures"]
    assert dict(zip(evidence["row"], evidence["value"], strict=True)) == {
        "c": 5, **{f"a, a {k}": 2 for k in range(5)}, "b, b 1": 3
    }  # fmt: skip
    assert "tuning" not in str(write(enough(), summary(a=1.2, b=1.3, chance=1.9)))


@pytest.mark.parametrize(("metric", "warned"), [("label bits", True), ("accuracy", False)])
def test_why_labels_are_compared_by_bits_is_told(metric, warned):
    data = {**DATA, "role": "step", "classes": {"x": 90, "y": 10}}
    text = str(write(enough(), summary(a=0.3, b=0.4, chance=0.9), data=data, metric=metric))
    assert ("90.0% of the labels are 'x'" in text) == warned
    assert ("they are compared by bits a label." in text) == warned
