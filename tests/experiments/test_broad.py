"""What numbers may cost at most."""

import numpy as np
from scipy.stats import cauchy, norm

from seqcompare import Autoregression, SequenceDataset, Sequences
from seqcompare.experiments.answer import asker
from seqcompare.experiments.broad import broad_guess


def make(X):
    return SequenceDataset(Sequences(Sequences(X).values, Sequences(X).offsets), None, None, "next", "test")


def test_the_guess_is_a_cauchy_distribution_between_the_quartiles():
    values = np.random.default_rng(0).normal(3, 2, size=(500, 2))
    guess = broad_guess(make([values]))
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75], axis=0)
    steps = np.array([[3.0, 4.0], [1e200, 0.0], [np.nan, 1.0]])
    logs = cauchy.logpdf(steps[[0, 2]], middle, (high - low) / 2)
    np.testing.assert_allclose(
        guess.most_nats(steps)[[0, 2]], np.log(1e9) - [logs[0].sum(), logs[1, 1]], rtol=1e-12
    )
    assert np.isfinite(guess.most_nats(steps)).all()


def test_only_what_no_density_foresees_is_bounded():
    train = make([np.random.default_rng(0).normal(size=200)])
    model, ask = Autoregression(0).fit(train.X), asker(train)
    usual, wild = ask(model, make([[0.5, -4.0]])).bits, ask(model, make([[0.5, 1e6]])).bits
    scale = np.sqrt(model.covariance_[0, 0])
    plain = -norm.logpdf([0.5, -4.0, 1e6], model.intercept_[0], scale) / np.log(2)
    np.testing.assert_allclose(usual, plain[:2])
    assert wild[0] == usual[0]
    assert plain[2] > 1e11
    assert 60 < wild[1] < 75


def test_there_is_none_of_symbols():
    assert broad_guess(make(["abba"])) is None
