"""Training that goes on: from memory-mapped weights, and with labels in another form."""

import joblib
import numpy as np
import pandas as pd
import pytest

from seqcompare import RNNClassifier, RNNTagger

WORDS = ["abba", "bab", "aab", "bbab"] * 3
TAGS = [["u" if c == "a" else "v" for c in word] for word in WORDS]
NAMES = np.array(["u", "v"] * 6)
TINY = {"hidden_size": 3, "max_iter": 2, "random_state": 0}


@pytest.mark.parametrize("mode", ["r", "r+", "c"])
@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_a_memory_mapped_network_goes_on_learning(mode, solver, tmp_path):
    model = RNNTagger(solver=solver, **TINY).fit(WORDS, TAGS)
    joblib.dump(model, tmp_path / "m")
    mapped = joblib.load(tmp_path / "m", mmap_mode=mode).partial_fit(WORDS, TAGS)
    np.testing.assert_array_equal(mapped.weights_, model.partial_fit(WORDS, TAGS).weights_)


FORMS = {
    "list": list(NAMES),
    "array": NAMES,
    "objects": NAMES.astype(object),
    "series": pd.Series(NAMES),
    "object series": pd.Series(NAMES, dtype=object),
    "categories": pd.Series(NAMES, dtype="category"),
}


@pytest.mark.parametrize("first", FORMS)
def test_labels_may_come_in_another_form_in_each_call(first):
    plain = RNNClassifier(**TINY).partial_fit(WORDS, NAMES).partial_fit(WORDS, NAMES)
    for second in FORMS:
        model = RNNClassifier(**TINY).partial_fit(WORDS, FORMS[first]).partial_fit(WORDS, FORMS[second])
        np.testing.assert_array_equal(model.predict_proba(WORDS), plain.predict_proba(WORDS))
        model = RNNClassifier(warm_start=True, **TINY).fit(WORDS, FORMS[first]).fit(WORDS, FORMS[second])
        assert model.n_iter_ == 4
        assert set(model.predict(WORDS)) <= {"u", "v"}


@pytest.mark.parametrize("form", FORMS)
def test_all_classes_may_be_named_in_any_form(form):
    classes = pd.unique(FORMS[form]) if isinstance(FORMS[form], pd.Series) else FORMS[form]
    model = RNNClassifier(**TINY).partial_fit(WORDS[:1], NAMES[:1], classes=classes)
    assert model.partial_fit(WORDS, FORMS[form]).classes_.tolist() == ["u", "v"]
    assert model.predict(WORDS).dtype == NAMES.dtype
    tagger = RNNTagger(**TINY).partial_fit(WORDS, TAGS, classes=classes)
    tagger.partial_fit(WORDS, [np.array(row, dtype=object) for row in TAGS])
    assert tagger.classes_.tolist() == ["u", "v"]
