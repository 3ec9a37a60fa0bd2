"""Numbers of steps as targets: read from files and containers, inferred, and said aloud."""

import numpy as np
import pytest

from seqcompare import datasets
from seqcompare.data.source import DataError

ROWS = "run,minute,feed,purity\n1,0,.5,.91\n1,1,.6,\n1,2,.4,.93\n2,0,.1,.95\n2,1,.2,.97\n"


def test_a_column_with_fractions_that_changes_is_a_number_per_step(tmp_path):
    file = tmp_path / "plant.csv"
    file.write_text(ROWS)
    data = datasets.read(file, target="purity")
    assert data.role == "step-value"
    assert data.y.values.tolist() == pytest.approx([0.91, 0.94, 0.93, 0.95, 0.97])
    assert data.sample_weight.values.tolist() == [1, 0, 1, 1, 1]
    said = " ".join(data.notes)
    assert "the target is a number that changes within sequences, so the role is step-value" in said
    assert "1 of 5 steps have no target: they are read, and neither trained on nor scored" in said


def test_python_containers_are_read_by_what_they_hold():
    X = [np.array([0.1, 0.2, 0.3]), np.array([0.4, 0.5])]
    assert datasets.read((X, [[1.5, 2.0, np.nan], [0.0, 1.0]])).role == "step-value"
    assert datasets.read((X, [[1.0, 2.0, 1.0], [0.0, 1.0]])).role == "step"
    assert datasets.read((X, [[1, 2, 1], [0, 1]])).role == "step"
    counts = datasets.read((X, [[1, 2, 1], [0, 1]]), role="step-value")
    assert counts.y.values.dtype.kind == "f"
    many = datasets.read(([np.arange(12.0) / 7], [np.arange(12)]))
    assert "the role 'step-value' predicts it as a number" in many.notes[-1]


def test_a_test_part_without_gaps_goes_with_a_training_part_that_has_some(tmp_path):
    whole, part = tmp_path / "a.csv", tmp_path / "b.csv"
    whole.write_text(ROWS)
    part.write_text("run,minute,feed,purity\n3,0,.5,.9\n3,1,.6,.91\n")
    data = datasets.read(whole, target="purity", test=part)
    assert data.sample_weight.values.tolist() == [1, 0, 1, 1, 1, 1, 1]


@pytest.mark.parametrize(
    ("y", "role", "message"),
    [
        ([[0.5, np.inf], [1.0, 2.0]], None, "step 1: expected a finite target, got inf"),
        ([[0.5, 0.5], [0.5, 0.5]], "step-value", "every target is 0.5"),
        ([[np.nan, np.nan], [np.nan, np.nan]], "step-value", "no step has a target"),
        ([["a", "b"], ["a", "b"]], "step-value", "predicts numbers, got a"),
        ([[0.5], [1.0, 2.0]], None, r"y\[0\] has 1 numbers but X\[0\] has 2 steps"),
        ([0.5, 0.7], "step-value", "needs a number for every step, but there is one a sequence"),
        ([[[0.5, 1], [1, 2]], [[1, 2], [0.1, 2]]], None, "y must have one number a step, got 2"),
    ],
)
def test_what_is_no_number_per_step_is_said(y, role, message):
    with pytest.raises(DataError, match=message):
        datasets.read(([[0.1, 0.2], [0.3, 0.4]], y), role=role)


def test_a_missing_number_per_sequence_is_still_an_error(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("run,x,grade\n1,.5,.5\n1,.6,.5\n2,.5,\n2,.6,\n")
    with pytest.raises(DataError, match="there is no"):
        datasets.read(file, target="grade", role="value")
