"""What a run keeps of families, metrics and data."""

import json

import numpy as np
from sweep_toys import Lag

from seqcompare import SequenceDataset
from seqcompare.data.sequences import Sequences
from seqcompare.experiments.config import describe_data, described, fingerprint
from seqcompare.experiments.splits import plan_splits
from seqcompare.families import FAMILIES, Family, ModelSpec
from seqcompare.metrics import Metric


def test_what_a_run_keeps_of_families_and_metrics_is_plain():
    own = Family("mine", "My models", "#123456", "d", (ModelSpec.of(Lag()),))
    metric = Metric.of(np.dot, "dot")
    kept = described([own], ["accuracy", metric, "a task's own"])
    assert kept["families"][-1] == {
        "name": "mine",
        "title": "My models",
        "head": "My models",
        "colour": "#123456",
        "marker": "d",
        "models": [{"name": "Lag", "title": "Lag"}],
    }
    assert [family["name"] for family in kept["families"]] == [*FAMILIES, "mine"]
    assert set(kept["metrics"]) == {"accuracy", "dot"}
    json.dumps(kept)


def labelled(first="a"):
    X = Sequences(["abab", "ba", "ab", "bbbb"])
    X = Sequences(X.values, X.offsets)
    weight = X.with_values(np.where(X.step_index > 0, 1.0, 0.0))
    return SequenceDataset(X, X.with_values(np.array([first, *"bababbabbbb"])), weight, "step", "labels")


def test_data_are_described_by_what_a_verdict_needs():
    data = labelled()
    kept = describe_data(data, plan_splits(data, 2))
    assert (kept["n_sequences"], kept["n_independent"], kept["n_steps"]) == (4, 4, 12)
    assert (kept["shortest"], kept["longest"], kept["n_channels"], kept["n_symbols"]) == (2, 4, 1, 2)
    # labels of no weight are none to be predicted
    assert kept["classes"] == {"a": 2, "b": 6}
    assert kept["uniform_bits"] is None
    json.dumps(kept)


def test_a_fingerprint_tells_data_apart():
    assert fingerprint(labelled()) == fingerprint(labelled())
    assert fingerprint(labelled())["sha256"] != fingerprint(labelled("b"))["sha256"]
