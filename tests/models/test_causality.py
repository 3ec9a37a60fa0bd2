"""Whether a model's answers use later steps, whatever it is wrapped in."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from seqcompare import (
    HMMTagger,
    MarkovChain,
    NextStep,
    RNNTagger,
    SequenceScaler,
    SlidingWindow,
    WindowTagger,
)
from seqcompare.models.causality import is_causal
from seqcompare.models.pieces import InPieces
from seqcompare.models.quantized import Quantized

AHEAD = WindowTagger(after=1)


@pytest.mark.parametrize(
    "wrapped",
    [
        lambda tagger: tagger,
        lambda tagger: make_pipeline("passthrough", tagger),
        lambda tagger: make_pipeline(SequenceScaler(), make_pipeline(tagger)),
        lambda tagger: GridSearchCV(tagger, {}),
        lambda tagger: GridSearchCV(make_pipeline(SequenceScaler(), tagger), {}),
        InPieces,
        Quantized,
        lambda tagger: InPieces(GridSearchCV(tagger, {})),
    ],
)
def test_a_wrapper_is_as_causal_as_what_is_in_it(wrapped):
    assert not is_causal(wrapped(AHEAD))
    assert not is_causal(wrapped(RNNTagger(bidirectional=True)))
    assert is_causal(wrapped(WindowTagger(before=3)))
    assert is_causal(wrapped(HMMTagger(decode="filter")))


def test_windows_before_the_tagger_may_look_ahead():
    assert not is_causal(make_pipeline(SlidingWindow(after=1), RNNTagger()))
    assert is_causal(make_pipeline(SlidingWindow(before=1), RNNTagger()))


def test_what_says_nothing_is_causal():
    for model in (MarkovChain(), NextStep(RNNTagger()), LogisticRegression(), object()):
        assert is_causal(model)


@pytest.mark.parametrize("wrapped", [lambda search: search, InPieces])
def test_a_search_is_as_causal_as_what_it_found(wrapped):
    rng = np.random.default_rng(0)
    X = [rng.integers(0, 2, 20) for _ in range(9)]
    y = [np.append(x[1:], 0) for x in X]  # the next step
    search = wrapped(GridSearchCV(WindowTagger(), {"after": [0, 1]}, cv=3))
    assert is_causal(search)
    assert not is_causal(search.fit(X, y))
