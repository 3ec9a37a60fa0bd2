"""What sweeps and comparisons rely on in any model, a stranger's as well."""

from __future__ import annotations

import copy
import pickle
import tempfile
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import skops.io
from sklearn.base import clone

from seqcompare.data.sequences import Sequences
from seqcompare.models.causality import is_causal
from seqcompare.models.persistence import TRUSTED, load, save
from seqcompare.testing.promises import expect, expect_same, promise
from seqcompare.testing.samples import STRANGE
from seqcompare.testing.subjects import ASKED, PER_STEP, Model, expect_alike, fit, pack
from seqcompare.typing import Labels


@promise()
def can_be_asked(subject: Model) -> None:
    """Once fitted, a model has the methods of its role, and says what their columns mean."""
    made = subject.fresh()
    X, y = subject.given()
    model = fit(made, X, y)
    expect(model is made, "fit to return the model itself", repr(model))
    methods = subject.methods(model)
    expect(methods, f"a method {' or '.join(ASKED[subject.role])} for the role {subject.role}", "none")
    for method, names in (("predict_proba", "classes_"), ("predict_next_proba", "symbols_")):
        # of hidden states, which a density may tell as well, nobody has names
        if method in methods and not (subject.role == "next" and method == "predict_proba"):
            expect(hasattr(model, names), f"{names}, what the columns of {method} mean", "no such attribute")
            known = np.asarray(getattr(model, names))
            expect((known[:-1] < known[1:]).all(), f"{names} to be sorted", known.tolist())


@promise()
def answers_fit_the_sequences(subject: Model) -> None:
    """There is one finite answer for each step, or sequence, and probabilities add up to 1."""
    model, X = subject.fitted()
    for method in subject.methods(model):
        said = getattr(model, method)(X)
        expect(len(said) == len(X), f"{len(X)} answers of {method}, one a sequence", len(said))
        for i, x in enumerate(X):
            if subject.says_steps(method):
                part = np.asarray(said[i])
                expect(len(part) == len(x), f"{len(x)} rows of {method} for X[{i}]", f"shape {part.shape}")
            else:
                part = np.atleast_2d(said[i])
            _expect_sound(subject, model, method, part, f"X[{i}]")


def _expect_sound(subject: Model, model: Model, method: str, part: Labels, where: str) -> None:
    """Hold the answer to one sequence to what its method may say."""
    place = f"the answer of {method} for {where}"
    if part.dtype.kind == "f":
        expect(np.isfinite(part).all(), f"finite numbers in {place}", part[~np.isfinite(part)][:1])
    if "proba" in method:
        expect((part >= 0).all(), f"no negative probability in {place}", part.min())
        sums = part.sum(axis=-1)
        worst = sums[np.abs(sums - 1).argmax()]
        expect(abs(worst - 1) <= 1e-5, f"probabilities that add up to 1 in {place}", f"a sum of {worst}")
        names = "symbols_" if method == "predict_next_proba" else "classes_"
        if hasattr(model, names):
            known = len(getattr(model, names))
            expect(part.shape[-1] == known, f"a column for each of {known} {names} in {place}", part.shape)
    elif method == "predict" and hasattr(model, "classes_"):
        strange = np.setdiff1d(part, model.classes_)
        expect(not strange.size, f"labels of {np.asarray(model.classes_).tolist()} in {place}", strange)


@promise()
def fitting_changes_no_parameter(subject: Model) -> None:
    """The constructor stores its parameters, and fit leaves them as they are."""
    model = subject.fresh()
    if not hasattr(model, "get_params"):
        return
    # of copies, since a pipeline fits the very steps that are its parameters
    before = joblib.hash(clone(model).get_params(deep=True))
    X, y = subject.given()
    fit(model, X, y)
    kept = joblib.hash(clone(model).get_params(deep=True)) == before
    expect(kept, "the parameters as before fit", model)
    params = model.get_params(deep=False)
    again = type(model)(**params).set_params(**params)
    kept = joblib.hash(clone(again).get_params(deep=True)) == before
    expect(kept, "a model of the same parameters", again)


@promise()
def input_is_left_alone(subject: Model) -> None:
    """Neither fit nor any answer changes the sequences or the targets that it is given."""
    X, y = subject.data()
    kept = copy.deepcopy((X, y))
    given = X if subject.full else pack(X)
    model = fit(subject.fresh(), given, y)
    subject.answers(model, given)
    expect_same(list(kept[0]), list(X), "X", 0)
    if y is not None:
        expect_same([np.asarray(part) for part in kept[1]], [np.asarray(part) for part in y], "y", 0, "y[{}]")


@promise()
def a_copy_answers_alike(subject: Model) -> None:
    """The same training gives the same model, and a pickled one answers as before."""
    model, X = subject.fitted()
    ours = subject.answers(model, X)
    expect_alike(ours, subject.answers(pickle.loads(pickle.dumps(model)), X), 0)
    expect_alike(ours, subject.answers(subject.fitted()[0], X), 0 if subject.full else subject.rtol)


@promise()
def a_saved_model_answers_alike(subject: Model) -> None:
    """A model that `seqcompare.save` has written and `seqcompare.load` has read answers as before."""
    model, X = subject.fitted()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.skops"
        save(model, path)
        unknown = skops.io.get_untrusted_types(file=path)
        # a stranger's classes are trusted, as whoever made the file would; the package's own need no trust,
        # but for what they are given: functions and classes among their parameters
        ours = type(model).__module__.startswith("seqcompare.")
        given = {f"{p.__module__}.{p.__qualname__}" for p in _params(model) if hasattr(p, "__qualname__")}
        trusted = [name for name in unknown if name not in TRUSTED and (name in given or not ours)]
        loaded = load(path, trusted=trusted)
    expect_alike(subject.answers(model, X), subject.answers(loaded, X), 0)


def _params(model: Any) -> list[Any]:
    """Return the values of all parameters, of inner models as well."""
    return list(model.get_params().values()) if hasattr(model, "get_params") else []


@promise()
def answers_do_not_depend_on_the_batch(subject: Model) -> None:
    """The answer to a sequence depends neither on the others asked with it nor on their order."""
    model, _ = subject.fitted()
    X, _ = subject.data()
    form = list if subject.full else pack
    together = subject.answers(model, form(X))
    order = np.random.default_rng(1).permutation(len(X))
    shuffled = subject.answers(model, form([X[i] for i in order]))
    expect_alike({m: [parts[i] for i in order] for m, parts in together.items()}, shuffled, subject.rtol)
    alone = [subject.answers(model, form([x])) for x in X]
    expect_alike(together, {m: [single[m][0] for single in alone] for m in together}, subject.rtol)
    long = np.concatenate([X[0]] * 30)
    beside = subject.answers(model, form([*X[:3], long]))
    expect_alike(
        {m: parts[:3] for m, parts in together.items()},
        {m: parts[:3] for m, parts in beside.items()},
        subject.rtol,
    )


@promise(lambda subject: subject.symbols)
def unknown_symbols_get_a_finite_answer(subject: Model) -> None:
    """Symbols that training never showed get a finite answer, not an error."""
    model, _ = subject.fitted()
    for strange in STRANGE[subject.steps]:
        X = strange if subject.full else Sequences(strange)
        for method, parts in subject.answers(model, X).items():
            for i, part in enumerate(parts):
                sound = part if subject.says_steps(method) else np.atleast_2d(part)
                _expect_sound(subject, model, method, sound, repr(strange[i]))


@promise(lambda subject: subject.role in ("next", *PER_STEP))
def a_causal_answer_does_not_know_the_future(subject: Model) -> None:
    """Unless `causal` is False, the answer at a step is the same whatever comes after it."""
    model, _ = subject.fitted()
    X, _ = subject.data()
    asked = {"next": "predict_next_proba", "step": "predict_proba", "step-value": "predict"}[subject.role]
    method = asked if asked in subject.methods(model) else "predict"
    if not hasattr(model, method) or (subject.role == "next" and not subject.symbols):
        return
    whole = getattr(model, method)(pack(X))
    cut = getattr(model, method)(pack([x[:2] for x in X]))
    heads = [np.asarray(part)[:2] for part in whole]
    if subject.role == "next" or is_causal(model):
        expect_same(
            heads, [np.asarray(part) for part in cut], f"{method} of the first two steps", subject.rtol
        )
    elif subject.full:
        same = all(np.allclose(a, b, rtol=subject.rtol) for a, b in zip(heads, cut, strict=True))
        expect(not same, "answers that use later steps, since causal is False", "the same answers without")


def _takes_weights_of_the_data(subject: Model) -> bool:
    """Whether ``fit`` takes weights, of single steps where there is an answer a step."""
    stepwise = subject.role in ("next", *PER_STEP)
    able = not stepwise or getattr(subject.estimator, "takes_weights", True)
    return subject.weighted and subject.role != "transform" and bool(able)


@promise(_takes_weights_of_the_data)
def weights_of_the_data_are_taken(subject: Model) -> None:
    """A fit that takes `sample_weight` takes it as data have it: `Sequences` a step, an array a sequence."""
    X, y = subject.data()
    rng = np.random.default_rng(2)
    if subject.role in ("next", *PER_STEP):
        weights: Any = pack([rng.integers(1, 3, size=len(x)).astype(float) for x in X])
    else:
        weights = rng.integers(1, 3, size=len(X)).astype(float)
    model = fit(subject.fresh(), pack(X), pack(y) if subject.role in PER_STEP else y, sample_weight=weights)
    for method, parts in subject.answers(model, pack(X)).items():
        for i, part in enumerate(parts):
            sound = part if subject.says_steps(method) else np.atleast_2d(part)
            _expect_sound(subject, model, method, sound, f"X[{i}], after weights")


@promise(lambda subject: subject.role != "transform")
def parameters_are_counted(subject: Model) -> None:
    """`n_parameters_`, where a model has it, is a whole number above 0."""
    model, _ = subject.fitted()
    expect(not subject.full or hasattr(model, "n_parameters_"), "n_parameters_", "no such attribute")
    n = getattr(model, "n_parameters_", 1)
    expect(n > 0 and n == int(n), "n_parameters_ to be a whole number above 0", n)


@promise(lambda subject: subject.role == "next")
def likelihood_is_made_of_predictions(subject: Model) -> None:
    """`score_samples` adds up the logarithms of `initial_proba_` and of `predict_next_proba`, in nats."""
    model, _ = subject.fitted()
    X, _ = subject.data()
    if not hasattr(model, "score_samples"):
        expect(not subject.full, "score_samples", "no such method")
        return
    said = np.asarray(model.score_samples(pack(X)))
    expect(said.shape == (len(X),), f"a log-likelihood for each of {len(X)} sequences", f"shape {said.shape}")
    if subject.full:
        score, mean = model.score(X), said.sum() / sum(map(len, X))
        expect(abs(score - mean) <= 1e-6 * abs(mean), f"score to be the mean a step, {mean}", score)
    if not (subject.symbols and hasattr(model, "initial_proba_") and hasattr(model, "predict_next_proba")):
        expect(not subject.full or not subject.symbols, "initial_proba_ and predict_next_proba", "one alone")
        return
    symbols = np.asarray(model.symbols_)
    expected = [np.log(np.asarray(model.initial_proba_)[symbols.searchsorted(x[0])]) for x in X]
    for i, (x, proba) in enumerate(zip(X, model.predict_next_proba(pack(X)), strict=True)):
        row = np.asarray(proba)
        expected[i] += np.log(row[np.arange(len(x) - 1), symbols.searchsorted(x[1:])]).sum()
    rtol = 1e-9 if subject.full else 1e-4
    expect_same([np.asarray(e) for e in expected], list(said), "the log-likelihood", rtol)


PROMISES = (
    can_be_asked,
    answers_fit_the_sequences,
    fitting_changes_no_parameter,
    input_is_left_alone,
    a_copy_answers_alike,
    a_saved_model_answers_alike,
    answers_do_not_depend_on_the_batch,
    unknown_symbols_get_a_finite_answer,
    a_causal_answer_does_not_know_the_future,
    weights_of_the_data_are_taken,
    parameters_are_counted,
    likelihood_is_made_of_predictions,
)
