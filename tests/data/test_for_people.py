"""What people see of data at a prompt, and what they are told when they took the wrong class."""

import numpy as np
import pandas as pd
import pytest

import seqcompare
from seqcompare import BayesClassifier, MarkovChain, RNNClassifier, WindowClassifier


def test_a_data_set_is_one_line_at_a_prompt_and_a_table_in_a_notebook():
    data = seqcompare.datasets.load("japanese_vowels")
    assert repr(data).startswith("<SequenceDataset 'japanese_vowels': 640 of 7-29 steps")
    assert "9 classes" in repr(data)
    assert len(repr(data)) < 160
    page = data._repr_html_()
    assert '<th scope="row">' in page
    assert "<caption>" in page


@pytest.mark.parametrize(
    ("model", "instead"),
    [
        (BayesClassifier(MarkovChain()), "MarkovTagger"),
        (RNNClassifier(), "RNNTagger"),
        (WindowClassifier(width=2), "WindowTagger"),
    ],
)
def test_labels_of_steps_given_to_a_classifier_name_the_tagger(model, instead):
    X, y = [np.array(list("abca")), np.array(list("bca"))], [np.array([0, 1, 0, 1]), np.array([1, 0, 1])]
    with pytest.raises(ValueError, match=rf"y\[0\] holds 4 labels, one a step.*{instead}"):
        model.fit(X, y)


@pytest.mark.parametrize("model", [BayesClassifier(MarkovChain()), WindowClassifier(width=2)])
def test_labels_of_steps_of_one_length_do_so_as_well(model):
    X, y = [np.array(list("abca")), np.array(list("bcab"))], [np.array([0, 1, 0, 1]), np.array([1, 0, 1, 0])]
    with pytest.raises(ValueError, match=r"y\[0\] holds 4 labels, one a step.*Tagger"):
        model.fit(X, y)


def test_a_table_of_numbers_and_words_is_no_rows_of_sequences():
    frame = pd.DataFrame({"who": [1, 1, 2], "t": [0, 1, 0], "letter": list("aba")})
    with pytest.raises(ValueError, match=r"row a step make sequences first \(Sequences.from_frame"):
        MarkovChain().fit(frame)


def test_a_profile_takes_the_options_of_reading(tmp_path):
    frame = pd.DataFrame({"who": np.repeat(np.arange(30), 8), "t": np.tile(np.arange(8), 30)})
    frame["letter"] = np.where((frame["t"] + frame["who"]) % 2, "a", "b")
    path = tmp_path / "letters.csv"
    frame.to_csv(path, index=False)
    found = seqcompare.profile(path, sequence="who", order="t", values=["letter"], n_permutations=79)
    assert (found.n_sequences, found.n_steps) == (30, 240)
    with pytest.raises(TypeError, match="sequense"):
        seqcompare.profile(path, sequense="who")
