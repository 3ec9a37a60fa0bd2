"""A model that is fitted to parts is the model that is fitted to all data, whatever the parts are."""

import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression, Ridge

from seqcompare import (
    HMM,
    Autoregression,
    ContextTree,
    MarkovChain,
    MarkovTagger,
    RNNTagger,
    SequenceDataset,
    Sequences,
    WindowStepRegressor,
    datasets,
    fit_parts,
)
from seqcompare.data.totals import Totals
from seqcompare.models.reference.chance import ChanceClassifier, ChanceNext, ChanceTagger

RNG = np.random.default_rng(0)
LENGTHS = RNG.integers(2, 60, 90)
# the last sequences have a symbol that no other part knows
SYMBOLS = [RNG.integers(0, 3 + (i > 80), n) for i, n in enumerate(LENGTHS)]
NUMBERS = [1e3 + np.cumsum(RNG.normal(size=(n, 2)), axis=0) / 10 for n in LENGTHS]
PRICES = [np.exp(x[:, 0] - 1e3) for x in NUMBERS]
CUTS = [10, 11, 60, 82]
HMMS = [
    (HMM(2, max_iter=20, random_state=0), SYMBOLS),
    (HMM(2, "poisson", max_iter=20, random_state=0), SYMBOLS),
    (HMM(3, covariance_type="full", max_iter=20, random_state=0), NUMBERS),
    (HMM(2, "gmm", max_iter=10, priors={"means": (1e3, 5.0)}, random_state=0), NUMBERS),
    (HMM(2, durations="free", max_duration=4, max_iter=10, random_state=0), SYMBOLS),
]
DENSITIES = [
    (MarkovChain(order=2), SYMBOLS),
    (MarkovChain(order=3, smoothing="kneser-ney"), [[f"s{c}" for c in x] for x in SYMBOLS]),
    (ContextTree(depth=3, blend=False), SYMBOLS),
    (ContextTree(depth=3), SYMBOLS),
    (Autoregression(order=2), NUMBERS),
    (Autoregression(order=1, ridge=5.0, log=True), PRICES),
    *HMMS,
]


def cut(X, bounds=CUTS):
    return [X[a:b] for a, b in zip([0, *bounds], [*bounds, len(X)], strict=True)]


def fitted(model, X):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return clone(model).fit(X)


def fitted_to_parts(model, parts, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return fit_parts(clone(model), parts, **options)


def numbers_of(model):
    learnt = {name: value for name, value in vars(model).items() if name.endswith("_")}
    plain = (int, float, np.ndarray)
    return {k: v for k, v in learnt.items() if isinstance(v, plain) and np.asarray(v).dtype.kind in "fiu"}


@pytest.mark.parametrize(("model", "X"), DENSITIES, ids=lambda x: repr(x) if hasattr(x, "fit") else "")
def test_parts_make_the_model_that_all_data_make(model, X):
    whole, parts = fitted(model, X), fitted_to_parts(model, cut(X))
    np.testing.assert_allclose(parts.score_samples(X), whole.score_samples(X), rtol=1e-10)
    assert vars(parts).keys() == vars(whole).keys()
    for name, value in numbers_of(whole).items():
        np.testing.assert_allclose(getattr(parts, name), value, rtol=1e-10, atol=1e-10, err_msg=name)


@pytest.mark.parametrize(
    ("model", "X"), [*DENSITIES[:3], *DENSITIES[4:6]], ids=lambda x: repr(x) if hasattr(x, "fit") else ""
)
def test_the_order_of_the_parts_is_no_matter(model, X):
    parts = cut(X)
    found = [fitted_to_parts(model, some).score_samples(X) for some in (parts, parts[::-1], cut(X, [40]))]
    np.testing.assert_allclose(found[1], found[0], rtol=1e-10)
    np.testing.assert_allclose(found[2], found[0], rtol=1e-10)


def test_hidden_states_start_from_the_same_point_in_any_order():
    start = {"startprob": [0.6, 0.4], "transmat": [[0.8, 0.2], [0.3, 0.7]]}
    emissions = {"emissionprob": [[0.4, 0.3, 0.2, 0.1], [0.1, 0.2, 0.3, 0.4]]}
    model = HMM(2, init={**start, **emissions}, max_iter=15)
    parts = cut(SYMBOLS)
    first, second = (fitted_to_parts(model, some) for some in (parts, parts[::-1]))
    np.testing.assert_allclose(second.transmat_, first.transmat_, rtol=1e-10)
    np.testing.assert_allclose(second.loss_curve_, first.loss_curve_, rtol=1e-10)


def test_labels_are_counted_over_parts():
    y = [(x + np.r_[0, x[:-1]]) % 3 for x in SYMBOLS]
    parts = list(zip(cut(SYMBOLS), cut(y), strict=True))
    tagger, whole = fit_parts(MarkovTagger(order=2), parts), MarkovTagger(order=2).fit(SYMBOLS, y)
    found, expected = tagger.predict_proba(SYMBOLS), whole.predict_proba(SYMBOLS)
    np.testing.assert_allclose(np.concatenate(found), np.concatenate(expected), rtol=1e-12)
    np.testing.assert_array_equal(tagger.classes_, whole.classes_)
    with pytest.raises(ValueError, match="expected a tagger of order 2, got one of order 1"):
        tagger.merge(MarkovTagger(order=1).fit(SYMBOLS, y))


@pytest.mark.parametrize(
    ("model", "X"), [(MarkovChain(order=1), SYMBOLS), (Autoregression(order=1), NUMBERS)]
)
def test_weights_of_steps_count(model, X):
    sequences = Sequences(X)
    weight = np.random.default_rng(1).integers(0, 3, sequences.n_steps).astype(float)
    weights = sequences.with_values(weight)

    def part(a, b):
        return SequenceDataset(sequences[a:b], None, weights[a:b], "next", "part")

    parts = fit_parts(clone(model), [part(0, 20), part(20, len(X))])
    whole = clone(model).fit(sequences, sample_weight=weights)
    np.testing.assert_allclose(parts.score_samples(X), whole.score_samples(X), rtol=1e-10)


@pytest.mark.parametrize("n_targets", [1, 2])
def test_ridge_on_windows_is_a_matter_of_products(n_targets):
    X = Sequences([x - 1e3 for x in NUMBERS])
    y = [x + np.r_[x[:1], x[:-1]][:, ::-1] for x in X]
    y = Sequences([t[:, 0] for t in y] if n_targets == 1 else y)
    parts = [
        SequenceDataset(X[a:b], y[a:b], None, "step-value", "part") for a, b in ((0, 7), (7, 60), (60, 90))
    ]
    model = WindowStepRegressor(Ridge(alpha=0.5), before=2, after=1)
    found, whole = fit_parts(clone(model), parts), clone(model).fit(X, y)
    for name in ("coef_", "intercept_"):
        np.testing.assert_allclose(
            getattr(found.estimator_, name), getattr(whole.estimator_, name), rtol=1e-10, atol=1e-10
        )
    told, expected = (np.concatenate(list(each.predict(X))) for each in (found, whole))
    np.testing.assert_allclose(told, expected, rtol=1e-10, atol=1e-10)
    assert found.n_parameters_ == whole.n_parameters_


@pytest.mark.parametrize("model", [ChanceNext(), ChanceTagger(), ChanceClassifier()])
def test_frequencies_are_counted_over_parts(model):
    y = [x % 3 for x in SYMBOLS] if isinstance(model, ChanceTagger) else [int(x[0]) for x in SYMBOLS]
    parts = cut(SYMBOLS) if isinstance(model, ChanceNext) else list(zip(cut(SYMBOLS), cut(y), strict=True))
    found, whole = fit_parts(clone(model), parts), clone(model).fit(SYMBOLS, y)
    np.testing.assert_allclose(found.frequencies_, whole.frequencies_, rtol=1e-12)
    assert vars(found).keys() == vars(whole).keys()


def test_files_are_parts(tmp_path):
    import pandas as pd

    ids = np.repeat(np.arange(len(LENGTHS)), LENGTHS)
    pd.DataFrame({"id": ids, "x": np.concatenate(SYMBOLS)}).to_parquet(tmp_path / "a.parquet")
    parts = datasets.read_parts(tmp_path, sequence="id", values="x", kind="symbols", n_steps=500)
    assert len(parts) > 4
    assert parts[-1].X.n_steps == parts.bounds[-1] - parts.bounds[-2]
    model = HMM(2, max_iter=10, random_state=0)
    whole, found = fitted(model, SYMBOLS), fitted_to_parts(model, parts)
    np.testing.assert_allclose(found.transmat_, whole.transmat_, rtol=1e-10)


@pytest.mark.parametrize("n_steps", [1, 400, 10**6])
def test_a_sample_is_of_whole_sequences_from_all_parts(n_steps):
    named = [np.full(n, i) for i, n in enumerate(LENGTHS)]
    drawn = Totals(cut(named)).sample(n_steps, seed=3)
    again = Totals(cut(named)).sample(n_steps, seed=3)
    ids = [int(x[0]) for x in drawn.X]
    assert [len(x) for x in drawn.X] == LENGTHS[ids].tolist()
    assert ids == sorted(ids) == [int(x[0]) for x in again.X]
    assert n_steps <= drawn.X.n_steps < n_steps + 60 or len(ids) == len(named)
    note = f"Of 90 sequences ({LENGTHS.sum():,} steps) {len(ids)}"
    assert (len(ids) < 90) == any(text.startswith(note) for text in drawn.notes)


def test_all_sequences_are_as_likely_to_be_drawn():
    named = [np.full(4, i) for i in range(40)]
    counts = np.zeros(40)
    for seed in range(400):
        for x in Totals([named[:3], named[3:]]).sample(40, seed).X:
            counts[x[0]] += 1
    # ten of forty, 400 times: chi squared of 39 degrees of freedom
    assert counts.sum() == 4000
    assert ((counts - 100) ** 2 / 75).sum() * 39 / 40 < 80


@pytest.mark.parametrize(
    ("model", "parts", "error", "message"),
    [
        (
            RNNTagger(),
            [SYMBOLS],
            TypeError,
            "RNNTagger cannot be fitted to parts: .*; its partial_fit learns",
        ),
        (
            MarkovChain(),
            iter([SYMBOLS]),
            ValueError,
            "parts are gone through several times, and list_iterator",
        ),
        (MarkovChain(), [], ValueError, "no parts to learn from"),
        (MarkovChain(), [[[0, 1]], ["ab"]], ValueError, "symbols"),
        (Autoregression(order="bic"), [NUMBERS], ValueError, "order='bic' takes all data at once"),
        (Autoregression(season=7), [NUMBERS], ValueError, "season=7 takes all data at once"),
        (Autoregression(order=70), [NUMBERS], ValueError, "needs a sequence of at least 71 steps"),
        (Autoregression(), [NUMBERS, PRICES], ValueError, "expected steps of 2 channel"),
        (Autoregression(missing="allow"), [[[1.0, np.nan, 2.0]]], ValueError, "steps are missing"),
        (WindowStepRegressor(LinearRegression()), [NUMBERS], ValueError, "are fitted by Ridge\\(\\)"),
        (WindowStepRegressor(), [NUMBERS], ValueError, "the parts have no targets"),
        (HMM(objective="prediction"), [SYMBOLS], ValueError, "takes all data at once"),
        (
            Autoregression(1),
            [["abab"]],
            ValueError,
            "Autoregression is of numbers, and X holds symbols such as 'a'",
        ),
        (MarkovTagger(), [["abab"]], ValueError, "requires y to be passed"),
    ],
)
def test_what_cannot_be_fitted_to_parts_says_so(model, parts, error, message):
    with pytest.raises(error, match=message):
        fit_parts(model, parts)


def test_a_path_is_no_parts():
    with pytest.raises(ValueError, match=r"got the path 'visits/': datasets\.read_parts\(path, sequence="):
        fit_parts(MarkovChain(order=1), "visits/")
