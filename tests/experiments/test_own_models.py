"""Models and metrics of the user's own, in every form in which they can be entered, in both harnesses."""

import re
import runpy

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.metrics import f1_score

import seqcompare
from seqcompare import MarkovTagger
from seqcompare.families import ModelSpec
from seqcompare.metrics import Metric

SUITE = {
    "title": "Own models",
    "seeds": 1,
    "distances": [2],
    "n_train": 30,
    "n_validation": 10,
    "n_test": 20,
    "epochs": 1,
    "max_seconds": 60,
    "tasks": [{"name": "Echo"}],
    "models": [{"variant": "markov"}],
}


class Lister(BaseEstimator):
    """Answers with a list of arrays, as anyone would write it: the frequencies of all labels."""

    causal = True

    def fit(self, X, y):
        labels = np.concatenate([np.asarray(part) for part in y])
        self.classes_, counts = np.unique(labels, return_counts=True)
        self.shares_ = counts / counts.sum()
        return self

    def predict_proba(self, X):
        return [np.tile(self.shares_, (len(x), 1)) for x in X]

    def predict(self, X):
        return [np.full(len(x), self.classes_[self.shares_.argmax()]) for x in X]


class Guesser(BaseEstimator):
    """Has `predict` alone: the bit two steps before."""

    causal = True

    def fit(self, X, y):
        self.fitted_ = True
        return self

    def predict(self, X):
        return [np.concatenate([x[:2], x[:-2]]) for x in X]


class Unsaveable(Guesser):
    """Holds what no file can: its answers are as good as any."""

    def fit(self, X, y):
        self.counts_ = {(0, 1): 2}
        return self


def data():
    rng = np.random.default_rng(0)
    X = [rng.integers(2, size=12) for _ in range(30)]
    return X, [np.concatenate([x[:2], x[:-2]]) for x in X]


def sweep(models, folder):
    return seqcompare.sweep(SUITE, folder, models=models, n_jobs=1).frame()


def compare(models, folder, **more):
    return seqcompare.compare(data(), models, cv=2, out=folder, n_jobs=1, **more)


FORMS = {
    "an estimator": (MarkovTagger(order=2), "MarkovTagger"),
    "a class": (MarkovTagger, "MarkovTagger"),
    "a path": ("seqcompare:MarkovTagger", "MarkovTagger"),
    "a list of estimators": ([MarkovTagger(order=2)], "MarkovTagger"),
    "a list of paths": (["seqcompare:MarkovTagger"], "MarkovTagger"),
    "a label and an estimator": ({"mine": MarkovTagger(order=2)}, "mine"),
    "a label and a path": ({"mine": "seqcompare:MarkovTagger"}, "mine"),
    "a label and a class": ({"mine": MarkovTagger}, "mine"),
    "a spec": (ModelSpec.of(MarkovTagger(), {"order": [2]}, name="mine", limit="order"), "mine"),
}


@pytest.mark.parametrize(("given", "name"), FORMS.values(), ids=list(FORMS))
def test_every_form_means_the_same_in_both(given, name, tmp_path):
    swept = sweep(given, tmp_path / "sweep")
    compared = compare(given, tmp_path / "compare")
    assert (swept["status"] == "ok").all(), swept["error"].unique()
    assert set(swept["family"]) == {name}
    rows = compared.frame()
    assert (rows["status"] == "ok").all(), rows["error"].unique()
    assert set(compared.summary()["entry"]) == {"chance", name}
    assert set(rows[rows["entry"] == name]["family"]) == {name}


@pytest.mark.parametrize("given", ["markov", ["markov"], {"m": "markov"}], ids=repr)
def test_a_name_means_a_family_in_both(given, tmp_path):
    assert set(sweep(given, tmp_path / "sweep")["family"]) == {"markov"}
    assert set(compare(given, tmp_path / "compare").frame()["family"]) == {"markov", "reference"}


@pytest.mark.parametrize("run", [sweep, compare])
@pytest.mark.parametrize("given", ["nothing", ["nothing"], {"m": "nothing"}, [3], {"m": 3}], ids=repr)
def test_what_is_no_model_is_one_error_in_both(run, given, tmp_path):
    with pytest.raises(ValueError, match=r"models: .*(matches nothing|expected a name, a model with fit)"):
        run(given, tmp_path / "run")


@pytest.mark.parametrize("model", [Lister(), Guesser()], ids=lambda m: type(m).__name__)
def test_answers_may_come_as_lists_or_as_labels_alone(model, tmp_path):
    swept = sweep(model, tmp_path / "sweep")
    rows = compare(model, tmp_path / "compare").frame()
    assert (swept["status"] == "ok").all(), swept["error"].unique()
    assert (rows["status"] == "ok").all(), rows["error"].unique()


def test_labels_alone_are_scored_as_what_they_are(tmp_path):
    found = compare(Guesser(), tmp_path / "run")
    assert found.summary().set_index("entry").loc["Guesser", "score"] == 1.0
    assert "predict_proba" not in (tmp_path / "run" / "use_model.py").read_text(encoding="utf-8")


def test_a_grid_is_tuned_and_its_reach_is_traced(tmp_path):
    spec = ModelSpec.of(MarkovTagger(), {"order": [1, 2, 4]}, name="mine", limit="order")
    swept = sweep(spec, tmp_path / "sweep")
    assert swept["model"].tolist() == ["mine 1", "mine 2", "mine 4"]
    assert swept["capacity"].tolist() == [1, 2, 4]
    found = compare(spec, tmp_path / "compare")
    # order 2 has all the answers, and a longer one is surer of them, by .04 bit: smoothing costs it less
    grid = found.grids().set_index("model")["behind"]
    assert grid["mine 1"] > 0.5 > 0.1 > grid["mine 2"] > 0.01
    assert found.grids().set_index("model")["chosen"].to_dict() == {"mine 1": 0, "mine 2": 0, "mine 4": 1}
    # its context curve says that 3 are enough: that one is fitted, tested and named
    assert found.verdict().model == "mine 3"
    assert "Hence mine 3 is named, fitted and tested in every fold, in place of mine 4" in str(
        found.verdict()
    )
    curves = found.contexts()
    assert set(curves["control"]) == {"limited"}
    assert set(curves["needed"]) == {3}


def test_users_models_look_different_from_each_other(tmp_path):
    models = {"one": Lister(), "two": Guesser(), "three": MarkovTagger()}
    for run in (
        seqcompare.sweep(SUITE, tmp_path / "s", models=models, n_jobs=1),
        compare(models, tmp_path / "c"),
    ):
        mine = [family for family in run.config["families"] if family["name"] in models]
        assert len(mine) == 3
        assert len({family["colour"] for family in run.config["families"]}) == len(run.config["families"])
        assert len({family["marker"] for family in run.config["families"]}) == len(run.config["families"])


@pytest.mark.parametrize(
    ("metric", "name"),
    [
        ("macro_f1", "macro_f1"),
        ("balanced_accuracy", "balanced_accuracy"),
        (f1_score, "f1_score"),
        (Metric.of(f1_score, "my_f1", average="macro"), "my_f1"),
    ],
)
def test_a_metric_of_the_users_own_is_shown(metric, name, tmp_path):
    found = compare(Guesser(), tmp_path / "run", metric=metric)
    assert found.summary().set_index("entry").loc["Guesser", name] == 1.0


def test_a_metric_that_is_none_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="metric: there is no 'makro_f1'; did you mean 'macro_f1'"):
        compare(Guesser(), tmp_path / "run", metric="makro_f1")
    with pytest.raises(ValueError, match="metric 'mse' is not for the role 'step'; there are accuracy"):
        compare(Guesser(), tmp_path / "run", metric="mse")


def test_an_unknown_keyword_is_named_as_compares_own(tmp_path):
    with pytest.raises(TypeError, match=r"compare\(\) has no keyword 'metrics'; did you mean 'metric'\?"):
        compare(Guesser(), tmp_path / "run", metrics="macro_f1")


def test_a_winner_that_no_file_can_hold_loses_nothing(tmp_path):
    with pytest.warns(RuntimeWarning, match=r"Unsaveable could not be saved to model\.skops"):
        found = compare(Unsaveable(), tmp_path / "run")
    assert found.verdict().entry is not None
    assert not (tmp_path / "run" / "model.skops").exists()
    said = "Unsaveable could not be saved to model.skops"
    assert said in found.report().read_text(encoding="utf-8")
    with pytest.raises(FileNotFoundError, match=said):
        found.model()
    with pytest.raises(SystemExit, match=said):
        runpy.run_path(str(tmp_path / "run" / "use_model.py"))


class Choosy(Guesser):
    """Cannot be fitted to as many sequences as there are in all."""

    def fit(self, X, y):
        if len(X) == len(data()[0]):
            raise ZeroDivisionError("so many")
        return super().fit(X, y)


def test_a_winner_that_cannot_be_fitted_to_all_loses_nothing(tmp_path):
    said = "Choosy could not be fitted to all data (ZeroDivisionError: so many)"
    with pytest.warns(RuntimeWarning, match=re.escape(said)):
        found = compare(Choosy(), tmp_path / "run")
    assert found.verdict().entry is not None
    assert said in found.report().read_text(encoding="utf-8")
    with pytest.raises(FileNotFoundError, match=re.escape(said)):
        found.model()


def _two_settings(problem, k, z):
    return MarkovTagger(order=k) if problem.role == "step" else None


def _broken(problem, k):
    raise ZeroDivisionError("of my own")


def test_settings_beside_the_size_stand_in_the_label(tmp_path):
    spec = ModelSpec("tw", "TW", _two_settings, {"k": [0, 1], "z": [1, 2]}, capacity_name="steps")
    labels = {"x k=0, z=1", "x k=0, z=2", "x k=1, z=1", "x k=1, z=2"}
    assert set(sweep({"x": spec}, tmp_path / "sweep")["model"]) == labels
    rows = compare({"x": spec}, tmp_path / "compare").frame()
    assert set(rows[rows["axis"] == "tuning"]["model"]) == labels


@pytest.mark.parametrize("run", [sweep, compare])
def test_a_model_that_cannot_be_built_is_named(run, tmp_path):
    spec = ModelSpec("q", "Q", _broken, {"k": [1]})
    with pytest.raises(ValueError, match=r"q 1 could not be built for the role 'step'.*ZeroDivisionError"):
        run(spec, tmp_path / "run")


def test_settings_of_one_name_are_refused(tmp_path):
    spec = ModelSpec("q", "Q", _two_settings, {"k": [0, 1], "z": [1]}, label="same")
    with pytest.raises(ValueError, match="several settings of q are called 'qsame'"):
        compare(spec, tmp_path / "run")
