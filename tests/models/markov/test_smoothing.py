"""Kneser-Ney smoothing against nltk, where the two definitions coincide."""

import numpy as np
import pytest
from nltk.lm import Vocabulary
from nltk.lm.api import LanguageModel
from nltk.lm.models import InterpolatedLanguageModel
from nltk.lm.smoothing import KneserNey

from seqcompare import MarkovChain

START = "<s>"


class UniformBelow(KneserNey):
    """nltk's estimator, its last level discounted too and interpolated with the uniform distribution.

    nltk leaves the shares of continuation counts as they are; Chen and Goodman end one level lower.
    """

    def __init__(self, vocabulary, counter, order, discount, n_symbols):
        super().__init__(vocabulary, counter, order, discount)
        self.n_symbols = n_symbols

    def unigram_score(self, word):
        continuations, total = self._continuation_counts(word)
        known = sum(1 for s in self.vocab if s != self.vocab.unk_label)
        return (continuations - self.discount) / total + self.discount * known / total / self.n_symbols


def peer(X, order, discount):
    """Return nltk's model of n-grams of order + 1 symbols, with one start mark before each sequence."""
    symbols = sorted(set("".join(X)))
    parameters = {"order": order + 1, "discount": discount, "n_symbols": len(symbols)}
    model: LanguageModel = InterpolatedLanguageModel(
        UniformBelow, order + 1, vocabulary=Vocabulary(symbols), params=parameters
    )
    for x in X:
        padded = (START, *x)
        grams = [
            padded[max(0, t - m) : t + 1] for t in range(1, len(padded)) for m in range(order + 1) if m <= t
        ]
        model.counts.update([grams])
    return symbols, model


def texts(seed):
    rng = np.random.default_rng(seed)
    return [
        "".join(rng.choice(list("abcde"), size=rng.integers(3, 20), p=[0.4, 0.3, 0.15, 0.1, 0.05]))
        for _ in range(40)
    ]


@pytest.mark.parametrize("discount", [0.1, 0.75])
@pytest.mark.parametrize("order", [1, 2, 3])
def test_kneser_ney_agrees_with_nltk(order, discount):
    X = texts(order)
    symbols, model = peer(X, order, discount)
    rows = MarkovChain(order, "kneser-ney", discount=discount).fit(X).predict_next_proba(X)
    compared = 0
    for x, row in zip(X[:6], rows, strict=False):
        for t in range(order - 1, len(x)):  # contexts without the start mark, which nltk counts otherwise
            context = tuple(x[t + 1 - order : t + 1])
            expected = [model.unmasked_score(s, context) for s in symbols]
            if model.counts[context].N():  # nltk leaves a hole where nothing followed
                np.testing.assert_allclose(row[t], expected, rtol=1e-10)
                compared += 1
    assert compared > 20


def test_the_first_symbol_agrees_with_nltk():
    X = texts(9)
    symbols, model = peer(X, 1, 0.5)
    expected = [model.unmasked_score(s, (START,)) for s in symbols]
    np.testing.assert_allclose(
        MarkovChain(1, "kneser-ney", discount=0.5).fit(X).initial_proba_, expected, rtol=1e-12
    )


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"smoothing": "additive", "alpha": "a"}, "alpha must be positive and finite, got 'a'"),
        ({"smoothing": "kneser-ney", "discount": "x"}, "discount must be above 0 and at most 1"),
    ],
)
def test_a_word_is_no_number(parameters, message):
    with pytest.raises(ValueError, match=message):
        MarkovChain(**parameters).fit(["ab"])
