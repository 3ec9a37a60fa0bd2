import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, cross_validate
from threadpoolctl import threadpool_limits

from seqcompare import RNNClassifier, RNNRegressor, RNNTagger, Sequences
from seqcompare.models.recurrent.cell import Size
from seqcompare.models.recurrent.cells import CELLS

RNG = np.random.default_rng(0)
WORDS = [RNG.integers(0, 3, size) for size in RNG.integers(1, 9, 40)]
LABELS = [np.cumsum(word) % 2 for word in WORDS]
FIRST = np.array([word[0] for word in WORDS])
SIGNALS = [RNG.normal(3, 5, (size, 2)) for size in RNG.integers(1, 9, 40)]


def small(kind, cell="lstm", **parameters):
    given = {"hidden_size": 5, "max_iter": 3, "dtype": "float64", "random_state": 0, **parameters}
    return kind(cell, **given)


def outputs(model, X):
    answer = model.predict(X) if isinstance(model, RNNRegressor) else model.predict_proba(X)
    return Sequences(answer).values if isinstance(model, RNNTagger) else answer


MODELS = {
    "tagger": small(RNNTagger).fit(WORDS, LABELS),
    "bidirectional gru tagger": small(RNNTagger, "gru", bidirectional=True, n_layers=2).fit(WORDS, LABELS),
    "jordan tagger": small(RNNTagger, "jordan").fit(SIGNALS, [np.arange(len(x)) % 2 for x in SIGNALS]),
    "attention classifier": small(RNNClassifier, "elman", pooling="attention").fit(SIGNALS, FIRST),
    "last classifier": small(RNNClassifier, bidirectional=True).fit(WORDS, FIRST),
    "mean regressor": small(RNNRegressor, "gru", pooling="mean").fit(SIGNALS, FIRST.astype(float)),
}


@pytest.mark.parametrize("name", MODELS)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_answers_do_not_depend_on_the_company(name, data):
    model = MODELS[name]
    X = WORDS if model.kind_ == "symbols" else SIGNALS
    chosen = data.draw(st.lists(st.integers(0, len(X) - 1), min_size=1, max_size=12))
    together = Sequences(model.predict_proba([X[i] for i in chosen])) if "tagger" in name else None
    for place, i in enumerate(chosen):
        alone = outputs(model, [X[i]])
        if together is not None:
            np.testing.assert_allclose(together[place], alone, rtol=1e-12)
        else:
            batch = outputs(model, [X[j] for j in chosen])
            np.testing.assert_allclose(batch[place], alone[0], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("cell", CELLS)
def test_float32_answers_do_not_depend_on_the_company(cell):
    model = small(RNNTagger, cell, hidden_size=32, dtype="float32").fit(WORDS, LABELS)
    long = [np.random.default_rng(1).integers(0, 3, size) for size in range(50, 90)]
    together = model.predict_proba(long)
    for x, proba in zip(long, together, strict=True):
        np.testing.assert_allclose(proba, model.predict_proba([x])[0], rtol=1e-5)


@pytest.mark.parametrize("cell", CELLS)
def test_the_same_seed_gives_the_same_model_whatever_the_threads(cell):
    fits = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            fits.append(small(RNNTagger, cell, hidden_size=40, dtype="float32").fit(WORDS, LABELS))
    np.testing.assert_array_equal(fits[0].weights_, fits[1].weights_)
    for a, b in zip(*(m.predict_proba(WORDS) for m in fits), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("kind", [RNNTagger, RNNClassifier, RNNRegressor])
@pytest.mark.parametrize("cell", CELLS)
def test_weights_count_like_copies_and_zero_like_absence(kind, cell):
    y = {RNNTagger: [x[:, 0] > 3 for x in SIGNALS], RNNClassifier: FIRST, RNNRegressor: FIRST * 1.5}[kind]
    counts = np.random.default_rng(3).integers(0, 3, len(SIGNALS))
    counts[:2] = [2, 0]
    repeated = np.repeat(np.arange(len(SIGNALS)), counts)
    model = small(kind, cell, batch_size="full", early_stopping=False, max_iter=8)
    weighted = clone(model).fit(SIGNALS, y, sample_weight=counts)
    copies = clone(model).fit([SIGNALS[i] for i in repeated], [y[i] for i in repeated])
    np.testing.assert_allclose(outputs(weighted, SIGNALS), outputs(copies, SIGNALS), rtol=1e-8)
    unweighted = clone(model).fit(SIGNALS, y)
    assert not np.allclose(outputs(weighted, SIGNALS), outputs(unweighted, SIGNALS), rtol=1e-6)


def test_ignored_steps_are_steps_of_weight_zero():
    holes = [np.where(np.arange(len(y)) % 3 == 1, -1, y) for y in LABELS]
    weights = [(y >= 0).astype(float) for y in holes]
    model = small(RNNTagger, batch_size="full")
    ignoring = clone(model).set_params(ignore_label=-1).fit(WORDS, holes)
    weighing = clone(model).fit(WORDS, LABELS, sample_weight=weights)
    assert ignoring.classes_.tolist() == [0, 1]
    np.testing.assert_allclose(outputs(ignoring, WORDS), outputs(weighing, WORDS), rtol=1e-12)
    assert ignoring.score(WORDS, holes) == pytest.approx(weighing.score(WORDS, LABELS, weights))


def test_class_weights_are_weights_of_steps():
    factors = {0: 3.0, 1: 0.5}
    weights = [np.where(y == 0, 3.0, 0.5) for y in LABELS]
    model = small(RNNTagger, batch_size="full")
    by_class = clone(model).set_params(class_weight=factors).fit(WORDS, LABELS)
    by_step = clone(model).fit(WORDS, LABELS, sample_weight=weights)
    np.testing.assert_allclose(outputs(by_class, WORDS), outputs(by_step, WORDS), rtol=1e-12)


def test_balanced_classes_weigh_alike():
    counts = np.bincount(FIRST)
    balanced = small(RNNClassifier, batch_size="full", class_weight="balanced").fit(WORDS, FIRST)
    by_hand = small(RNNClassifier, batch_size="full").fit(WORDS, FIRST, (1 / counts)[FIRST])
    np.testing.assert_allclose(outputs(balanced, WORDS), outputs(by_hand, WORDS), rtol=1e-10)


def test_several_labels_a_sequence():
    y = np.column_stack([[0 in word for word in WORDS], [1 in word for word in WORDS]]).astype(int)
    model = RNNClassifier("gru", hidden_size=16, max_iter=150, random_state=0).fit(WORDS, y)
    assert model.predict(WORDS).shape == y.shape
    assert (model.predict(WORDS) == y).mean() > 0.97
    assert model.predict_proba(WORDS).sum(axis=1).max() > 1.2  # labels do not exclude each other


def test_several_numbers_a_sequence():
    y = np.array([[x[0, 0], 100 - 20 * x[-1, 1]] for x in SIGNALS])
    model = RNNRegressor("gru", hidden_size=16, max_iter=300, random_state=0).fit(SIGNALS, y)
    assert model.predict(SIGNALS).shape == y.shape
    assert model.score(SIGNALS, y) > 0.9


@pytest.mark.parametrize("cell", ["elman", "gru", "lstm"])
def test_learns_parity(cell):
    rng = np.random.default_rng(5)
    X = rng.integers(0, 2, (300, 12))
    y = np.cumsum(X, axis=1) % 2
    model = RNNTagger(cell, random_state=0, early_stopping=False).fit(X[:200], y[:200])
    assert model.score(X[200:], y[200:]) > 0.99


def test_attention_finds_the_step_that_matters():
    rng = np.random.default_rng(6)
    X = rng.integers(0, 4, (400, 15))
    where, y = rng.integers(0, 15, 400), rng.integers(0, 2, 400)
    X[np.arange(400), where] = 4 + y
    model = RNNClassifier("elman", pooling="attention", random_state=0).fit(X[:300], y[:300])
    shares = model.attention(X[300:])
    assert shares.shape == (100, 15)
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-5)
    assert (model.predict(X[300:]) == y[300:]).mean() > 0.95
    # the state after the mark knows it too, so attention may fall on any step from there on
    after = np.arange(15) >= where[300:, None]
    assert (shares * after).sum(axis=1).mean() > 0.9
    with pytest.raises(ValueError, match="needs pooling='attention'"):
        MODELS["last classifier"].attention(WORDS)


def test_only_a_bidirectional_tagger_looks_ahead():
    rng = np.random.default_rng(7)
    X = rng.integers(0, 2, (300, 10))
    y = np.roll(X, -2, axis=1)
    weights = np.tile(np.arange(10) < 8, (300, 1)).astype(float)
    causal = RNNTagger("gru", random_state=0, max_iter=30).fit(X, y, weights)
    both = RNNTagger("gru", bidirectional=True, random_state=0, max_iter=30).fit(X, y, weights)
    assert causal.causal
    assert not both.causal
    assert causal.set_params(bidirectional=True).causal
    assert np.isfinite(causal.step_proba([0, 1])[0]).all()
    assert not both.set_params(bidirectional=False).causal
    assert causal.score(X, y, weights) < 0.65
    assert both.score(X, y, weights) > 0.99
    changed = X.copy()
    changed[:, 6:] = 1 - changed[:, 6:]
    np.testing.assert_array_equal(causal.predict_proba(changed)[:, :6], causal.predict_proba(X)[:, :6])


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("X", [WORDS, SIGNALS], ids=["symbols", "real"])
def test_stepping_gives_what_the_whole_sequence_gives(cell, X):
    y = [np.arange(len(x)) % 2 for x in X]
    model = small(RNNTagger, cell, n_layers=2).fit(X, y)
    whole = [i for i in range(len(X)) if len(X[i]) >= 5][:3]
    x = np.array([X[i][:5] for i in whole])
    state, steps = None, []
    for t in range(5):
        proba, state = model.step_proba(x[:, t], state)
        steps.append(proba)
    np.testing.assert_allclose(np.stack(steps, axis=1), model.predict_proba(list(x)), rtol=1e-12)
    with pytest.raises(ValueError, match="cannot step"):
        small(RNNTagger, bidirectional=True).fit(WORDS, LABELS).step_proba([0, 1])


def test_unknown_symbols_have_a_finite_answer():
    for name in ("tagger", "bidirectional gru tagger"):
        proba = MODELS[name].predict_proba([[0, 77, 1], [-3]])
        assert all(np.isfinite(p).all() for p in proba)
        np.testing.assert_allclose(proba[0].sum(axis=1), 1, rtol=1e-12)
    # one unknown symbol is as good as another
    a, b = MODELS["tagger"].predict_proba([[0, 77, 1], [0, 88, 1]])
    np.testing.assert_array_equal(a, b)


def test_partial_fit_goes_on_and_knows_announced_classes():
    model = small(RNNTagger, max_iter=1)
    model.partial_fit(WORDS[:20], LABELS[:20], classes=[0, 1, 7])
    assert model.classes_.tolist() == [0, 1, 7]
    first = model.weights_.copy()
    model.partial_fit(WORDS[20:], LABELS[20:])
    assert model.n_iter_ == 2
    assert len(model.loss_curve_) == 2
    assert not np.array_equal(first, model.weights_)
    with pytest.raises(ValueError, match="y has the label 5"):
        model.partial_fit(WORDS, [np.full(len(w), 5) for w in WORDS])
    fitted = small(RNNClassifier).partial_fit(WORDS, FIRST, classes=[0, 1, 2])
    assert fitted.predict_proba(WORDS).shape == (40, 3)


def test_partial_fits_are_epochs_of_a_fit():
    whole = small(RNNRegressor, batch_size="full", max_iter=4, tol=0).fit(SIGNALS, FIRST)
    parts = small(RNNRegressor, batch_size="full", max_iter=4)
    for _ in range(4):
        parts.partial_fit(SIGNALS, FIRST)
    np.testing.assert_array_equal(parts.weights_, whole.weights_)
    assert parts.loss_curve_ == whole.loss_curve_


def test_warm_start_goes_on():
    model = small(RNNTagger, warm_start=True, max_iter=2, batch_size="full").fit(WORDS, LABELS)
    model.fit(WORDS, LABELS)
    cold = small(RNNTagger, max_iter=4, batch_size="full").fit(WORDS, LABELS)
    np.testing.assert_array_equal(model.weights_, cold.weights_)
    assert model.n_iter_ == 4
    model.set_params(hidden_size=6)
    with pytest.raises(ValueError, match="network to go on from"):
        model.fit(WORDS, LABELS)


def test_standardization_makes_units_irrelevant():
    y = [x[:, 0] > 3 for x in SIGNALS]
    meters = small(RNNTagger).fit(SIGNALS, y).predict_proba(SIGNALS)
    kilometers = [x / 1000 + 7 for x in SIGNALS]
    moved = small(RNNTagger).fit(kilometers, y).predict_proba(kilometers)
    for a, b in zip(meters, moved, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)
    raw = small(RNNTagger, standardize=False).fit(SIGNALS, y)
    np.testing.assert_array_equal(raw.input_mean_, 0)


@pytest.mark.parametrize("dropout", [{"dropout": 0.5}, {"recurrent_dropout": 0.5}])
@pytest.mark.parametrize("cell", CELLS)
def test_dropout_changes_training_and_not_answering(cell, dropout):
    if "recurrent_dropout" in dropout and "recurrent" not in CELLS[cell].shapes(Size(1, 1)):
        dropout = {"dropout": 0.1}  # its units do not see each other
    plain = small(RNNTagger, cell, n_layers=2).fit(WORDS, LABELS)
    noisy = small(RNNTagger, cell, n_layers=2, **dropout).fit(WORDS, LABELS)
    assert not np.allclose(plain.weights_, noisy.weights_)
    np.testing.assert_array_equal(noisy.predict_proba(WORDS)[0], noisy.predict_proba(WORDS)[0])


@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_solvers_lower_the_loss(solver):
    model = small(RNNTagger, "gru", solver=solver, max_iter=40).fit(WORDS, LABELS)
    assert model.loss_curve_[-1] < 0.85 * model.loss_curve_[0]


def test_works_with_search_and_cross_validation():
    grid = {"hidden_size": [2, 4], "cell": ["elman", "gru"]}
    search = GridSearchCV(RNNClassifier(max_iter=3, random_state=0), grid, cv=2).fit(WORDS, FIRST)
    assert search.best_params_["cell"] in ("elman", "gru")
    scores = cross_validate(RNNTagger("gru", max_iter=3, random_state=0), WORDS, LABELS, cv=2)
    assert np.isfinite(scores["test_score"]).all()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"cell": "transformer"}, "cell must be one of"),
        ({"activation": "relu"}, "cell='lstm' takes activation"),
        ({"hidden_size": 0}, "hidden_size must be a positive integer"),
        ({"batch_size": "half"}, "batch_size must be a positive integer or 'auto' or 'full'"),
        ({"dropout": 1.0}, "dropout must be a number"),
        ({"learning_rate_init": 0.0}, "learning_rate_init must be a number"),
        ({"early_stopping": "yes"}, "early_stopping must be"),
        ({"dtype": "int32"}, "dtype must be a type of numbers with fractions"),
        ({"truncation": 4, "bidirectional": True}, "reads forwards only"),
        ({"solver": "lbfgs"}, "solver must be one of"),
        ({"class_weight": {9: 1.0}}, "class_weight names"),
        ({"class_weight": {0: -1.0}}, "finite numbers from 0 on, but that of 0 is -1"),
        ({"class_weight": {1: np.nan}}, "finite numbers from 0 on, but that of 1 is nan"),
        ({"class_weight": {1: "2"}}, "finite numbers from 0 on, but that of 1 is '2'"),
        ({"class_weight": {0: 0.0, 1: 0.0}}, "leaves nothing to train on"),
        ({"class_weight": [1.0, 2.0]}, "class_weight must be None, 'balanced' or a dict"),
        ({"validation_fraction": 0.999, "early_stopping": True}, "leaves none to train on"),
    ],
)
def test_errors_say_what_was_expected(parameters, message):
    with pytest.raises(ValueError, match=message):
        small(RNNTagger).set_params(**parameters).fit(WORDS, LABELS)


def test_divergence_warns_and_keeps_finite_weights():
    model = small(
        RNNRegressor, "elman", activation="relu", solver="sgd", learning_rate_init=1e4, clip_norm=None
    )
    with pytest.warns(ConvergenceWarning, match="smaller learning_rate_init"):
        model.fit(SIGNALS, FIRST)
    assert model.stop_reason_ == "diverged"
    assert np.isfinite(model.predict(SIGNALS)).all()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.set_params(learning_rate_init=1e-3, clip_norm=1.0).fit(SIGNALS, FIRST)


def test_verbose_writes_a_line_an_epoch(capsys):
    small(RNNTagger, verbose=True).fit(WORDS, LABELS)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("epoch 1: training loss ")


def test_another_solver_may_take_over():
    model = small(RNNTagger, warm_start=True).fit(WORDS, LABELS)
    model.set_params(solver="sgd").fit(WORDS, LABELS)
    assert model.n_iter_ == 6
