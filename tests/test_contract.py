"""The contract that every public estimator keeps beside scikit-learn's."""

import numpy as np
import pytest
from contract_cases import CASES, KERNELS, MODULES, SMALL_NET, cases
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import cross_validate

import seqcompare
from seqcompare import RNNTagger, WindowTagger, cross_val_predict, make_scorer
from seqcompare.testing import Model, yield_checks
from seqcompare.testing.subjects import pack

PER_STEP = ("step", "step-value")
# what takes no weights: what makes rows out of sequences, or takes none of a class by itself
WITHOUT_WEIGHTS = {
    "bayes",
    "bayes hmm",
    "bayes mixed",
    "bayes hmm mixed",
    "hmm classifier",
    "kernels",
    "warping",
    "window",
    "window real",
    "window with gaps",
    "scaler",
}


def test_every_public_estimator_is_held_to_the_contract():
    public = {getattr(seqcompare, name) for name in seqcompare.__all__ if name[0].isupper()}
    estimators = {thing for thing in public if issubclass(thing, BaseEstimator)}
    held = [case.estimator for case in (CASES | MODULES | KERNELS).values()]
    assert estimators <= {type(model) for model in held} | {type(getattr(m, "estimator", None)) for m in held}


def test_all_but_a_few_take_weights():
    assert {name for name, case in CASES.items() if not case.weighted} == WITHOUT_WEIGHTS & set(CASES)


@pytest.mark.parametrize(
    "check",
    [
        pytest.param(check, id=f"{name}-{check.name}")
        for name, case in CASES.items()
        for check in yield_checks(case)
    ],
)
def test_the_contract_is_kept(check):
    check()


@cases("next", "step", "step-value", "sequence", "value")
def test_answers_out_of_fold_work_on_ragged_lists_and_sequences(case):
    X, y = case.data()
    fitted, _ = case.fitted()
    for form in (X, pack(X)):
        targets = pack(y) if case.role in PER_STEP and form is not X else y
        held_out = cross_val_predict(case.fresh(), form, targets, cv=3, method=case.methods(fitted)[0])
        assert len(held_out) == len(X)


@cases("step", "sequence")
def test_scorers_of_probabilities_work(case):
    X, y = case.data()
    scorer = {"f1": make_scorer("f1_macro"), "loss": make_scorer("neg_log_loss")}
    scores = cross_validate(case.fresh(), X, y, scoring=scorer, cv=3, error_score="raise")
    assert np.isfinite(scores["test_f1"]).all()
    assert np.isfinite(scores["test_loss"]).all()


@pytest.mark.parametrize(
    "estimator", [RNNTagger(**SMALL_NET), WindowTagger(before=1)], ids=["net tagger", "window tagger"]
)
def test_answers_in_float32_do_not_depend_on_the_batch(estimator):
    X, y = Model(estimator, "step", "strings").data()
    model = clone(estimator).set_params(dtype="float32").fit(X, y)
    alone = [model.predict_proba([x])[0] for x in X]
    for a, b in zip(model.predict_proba(X), alone, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


@cases("step", "sequence")
def test_a_training_part_of_one_class_is_enough(case):
    X, y = case.data()
    labels = y if case.role == "sequence" else np.concatenate([np.asarray(part) for part in y])
    first = np.asarray(labels).ravel()[0]
    one = [np.full(len(x), first) for x in X] if case.role == "step" else np.full(len(X), first)
    model = case.fresh().fit(X, one)
    for part in model.predict(X):
        assert (np.asarray(part) == first).all()
    if hasattr(model, "predict_proba"):
        for part in model.predict_proba(X):
            np.testing.assert_allclose(part, 1.0)
