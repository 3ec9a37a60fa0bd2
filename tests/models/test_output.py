"""Frames out of transformers, as scikit-learn's `set_output` gives them."""

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from seqcompare import SequenceScaler, SlidingWindow, WindowClassifier

LISTS = [np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 0.0]]), np.array([[0.0, 1.0]])]
FRAME = pd.DataFrame([[1.0, 2.0, 4.0], [3.0, 0.0, 1.0]], index=["a", "b"], columns=["u", "v", "w"])


def test_an_array_stays_one_table_with_the_names_and_the_index_that_came():
    scaler = SequenceScaler().set_output(transform="pandas")
    out = scaler.fit_transform(FRAME)
    assert list(out.columns) == ["u", "v", "w"]
    assert list(out.index) == ["a", "b"]
    np.testing.assert_array_equal(out, SequenceScaler().fit_transform(FRAME))
    assert list(scaler.fit(FRAME.to_numpy()).transform(FRAME.to_numpy()).columns) == ["x0", "x1", "x2"]


def test_a_list_becomes_a_list_of_frames_a_row_a_step():
    for transformer in (SequenceScaler(), SlidingWindow(before=1)):
        plain = transformer.fit(LISTS).transform(LISTS)
        framed = clone(transformer).set_output(transform="pandas").fit(LISTS).transform(LISTS)
        assert [frame.shape for frame in framed] == [part.shape for part in plain]
        for frame, part in zip(framed, plain, strict=True):
            np.testing.assert_array_equal(frame, part)
        assert list(framed[0].columns) == list(transformer.get_feature_names_out())


def test_windows_of_symbols_are_named():
    framed = SlidingWindow(before=1).set_output(transform="pandas").fit_transform(["AB", "B"])
    assert list(framed[0].columns) == ["t-1=A", "t-1=B", "t-1=<pad>", "t=A", "t=B"]
    assert framed[1].to_numpy().tolist() == [[0, 0, 1, 0, 1]]


def test_a_copy_keeps_the_choice_and_the_global_setting_counts():
    chosen = SequenceScaler().set_output(transform="pandas")
    assert isinstance(clone(chosen).fit_transform(FRAME), pd.DataFrame)
    assert isinstance(chosen.set_output(transform="default").fit_transform(FRAME.to_numpy()), np.ndarray)
    with config_context(transform_output="pandas"):
        assert isinstance(SequenceScaler().fit_transform(LISTS)[1], pd.DataFrame)


def test_a_pipeline_of_sequences_takes_no_harm_from_frames():
    y = [0, 1]
    pipe = make_pipeline(SequenceScaler(), WindowClassifier(LogisticRegression(), width=1))
    plain = clone(pipe).fit(LISTS, y).predict_proba(LISTS)
    framed = pipe.set_output(transform="pandas").fit(LISTS, y).predict_proba(LISTS)
    np.testing.assert_allclose(framed, plain)


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match="transform must be one of default, pandas, polars, got 'excel'"):
        SequenceScaler().set_output(transform="excel")
    with pytest.raises(ValueError, match="number of features"):
        SequenceScaler().fit(LISTS).get_feature_names_out(["only one"])
