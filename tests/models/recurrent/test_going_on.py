"""Training that goes on: from memory-mapped weights."""

import joblib
import numpy as np
import pytest

from seqcompare import RNNTagger

WORDS = ["abba", "bab", "aab", "bbab"] * 3
TAGS = [["u" if c == "a" else "v" for c in word] for word in WORDS]
TINY = {"hidden_size": 3, "max_iter": 2, "random_state": 0}


@pytest.mark.parametrize("mode", ["r", "r+", "c"])
@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_a_memory_mapped_network_goes_on_learning(mode, solver, tmp_path):
    model = RNNTagger(solver=solver, **TINY).fit(WORDS, TAGS)
    joblib.dump(model, tmp_path / "m")
    mapped = joblib.load(tmp_path / "m", mmap_mode=mode).partial_fit(WORDS, TAGS)
    np.testing.assert_array_equal(mapped.weights_, model.partial_fit(WORDS, TAGS).weights_)
