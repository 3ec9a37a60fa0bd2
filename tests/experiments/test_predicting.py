"""The winner of a comparison at work: read back, asked about new data, from Python and the command line."""

import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression

import seqcompare
from seqcompare import HMM, Autoregression, MarkovChain, MarkovTagger, WindowClassifier, load_run
from seqcompare.cli import main
from seqcompare.experiments.comparison import Comparison
from seqcompare.experiments.predicting import QUANTILES
from seqcompare.models.distributions.mixtures import NormalMixture
from seqcompare.results.store import RunError


def run(*arguments):
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "argv", ["seqcompare", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
    return ended.value.code, out.getvalue(), err.getvalue()


def visits(n=40, length=12, seed=0):
    """Return a long table: who stays with an event is up, who alternates is down."""
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(n):
        outcome = ("down", "up")[i % 2]
        event = int(rng.integers(2))
        for day in range(length):
            event ^= int(rng.random() < (0.9, 0.1)[i % 2])
            rows.append((f"p{i}", day, "AB"[event], outcome))
    return pd.DataFrame(rows, columns=["patient", "day", "event", "outcome"])


@pytest.fixture(scope="module")
def classes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("classes")
    visits().to_csv(folder / "visits.csv", index=False)
    seqcompare.compare(folder / "visits.csv", ["markov"], cv=3, out=folder / "run", n_jobs=1)
    return folder


def test_a_run_is_opened_again_as_what_it_is(classes):
    found = load_run(classes / "run")
    assert isinstance(found, Comparison)
    assert found.verdict().kind == "model"
    model = found.model()
    assert set(model.classes_) == {"down", "up"}


def test_new_sequences_are_read_as_those_of_the_run_without_their_targets(classes):
    new = visits(6, seed=1)
    found = load_run(classes / "run")
    answers = found.predict(new.drop(columns="outcome"))
    assert answers["sequence"].tolist() == [f"p{i}" for i in range(6)]
    assert answers["answer"].tolist() == ["down", "up"] * 3
    np.testing.assert_allclose(answers["p(down)"] + answers["p(up)"], 1)
    assert answers["probability"].equals(answers[["p(down)", "p(up)"]].max(axis=1).rename("probability"))
    # targets that are there are not looked at, sound or not
    for target in (new["outcome"], np.nan, "up"):
        pd.testing.assert_frame_equal(found.predict(new.assign(outcome=target)), answers)


def test_one_sequence_of_one_step_is_enough_to_ask(classes):
    new = visits(1, 1).drop(columns="outcome")
    assert len(load_run(classes / "run").predict(new)) == 1


def test_the_command_writes_what_python_returns(classes, tmp_path):
    visits(6, seed=1).drop(columns="outcome").to_csv(tmp_path / "new.csv", index=False)
    code, out, _ = run("predict", classes / "run", tmp_path / "new.csv")
    assert code == 0
    answers = load_run(classes / "run").predict(tmp_path / "new.csv")
    pd.testing.assert_frame_equal(pd.read_csv(io.StringIO(out)), answers, check_dtype=False)
    code, out, said = run("predict", classes / "run", tmp_path / "new.csv", "--out", tmp_path / "a" / "b.csv")
    assert (code, out) == (0, "")
    assert "6 rows" in said
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "a" / "b.csv"), answers, check_dtype=False)
    code, out, _ = run("predict", classes / "run", tmp_path / "new.csv", "--json")
    assert json.loads(out)[1]["answer"] == "up"


def test_a_file_of_answers_is_not_written_over_unasked(classes, tmp_path):
    visits(2).to_csv(tmp_path / "new.csv", index=False)
    (tmp_path / "answers.csv").write_text("mine")
    command = ["predict", classes / "run", tmp_path / "new.csv", "--out", tmp_path / "answers.csv"]
    code, _, said = run(*command)
    assert code == 2
    assert "is there already" in said
    assert (tmp_path / "answers.csv").read_text() == "mine"
    assert run(*command, "--fresh")[0] == 0


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"event": "visit"}, "there is no column 'event'"),
        ({"patient": "who"}, "there is no column 'patient'"),
    ],
)
def test_another_layout_is_one_line_and_can_be_told(classes, tmp_path, columns, said):
    visits(4).rename(columns=columns).to_csv(tmp_path / "new.csv", index=False)
    code, _, error = run("predict", classes / "run", tmp_path / "new.csv")
    assert code == 2
    assert said in error
    assert error.count("\n") == 1
    option = {"event": "--values", "patient": "--sequence"}[next(iter(columns))]
    told = [option, next(iter(columns.values()))]
    assert run("predict", classes / "run", tmp_path / "new.csv", *told)[0] == 0


def test_steps_of_another_kind_are_refused(classes):
    new = visits(4).assign(event=np.linspace(0, 1, 48))
    with pytest.raises(ValueError, match="symbols"):
        load_run(classes / "run").predict(new)


def test_wide_tables_are_read_again(tmp_path):
    rng = np.random.default_rng(0)
    label = np.repeat(["lo", "hi"], 30)
    steps = rng.normal(size=(60, 8)) + np.where(label == "hi", 2.0, 0.0)[:, None]
    wide = pd.DataFrame(steps, columns=[f"m{i}" for i in range(1, 9)]).assign(label=label)
    wide.to_csv(tmp_path / "wide.csv", index=False)
    model = WindowClassifier(LogisticRegression(), width=8)
    found = seqcompare.compare(tmp_path / "wide.csv", model, cv=3, out=tmp_path / "run", n_jobs=1, wide=True)
    answers = found.predict(wide.drop(columns="label").iloc[[0, 40]])
    assert answers["answer"].tolist() == ["lo", "hi"]


def test_the_columns_of_a_wide_table_are_those_of_the_run(tmp_path):
    rng = np.random.default_rng(0)
    label = np.repeat(["lo", "hi"], 20)
    steps = rng.normal(size=(40, 6)) + np.where(label == "hi", 3.0, 0.0)[:, None]
    wide = pd.DataFrame(steps, columns=[f"m{i}" for i in range(1, 7)]).assign(label=label)
    wide["animal"] = [f"a{i}" for i in range(40)]
    model = WindowClassifier(LogisticRegression(), width=3)
    found = seqcompare.compare(wide, model, cv=2, out=tmp_path / "run", n_jobs=1, wide=True)
    new = wide.drop(columns="label").iloc[[0, 30]]
    answers = found.predict(new)
    assert answers["sequence"].tolist() == ["a0", "a30"]
    assert answers["answer"].tolist() == ["lo", "hi"]
    # in another order, shorter and longer, but with no step left out
    pd.testing.assert_frame_equal(found.predict(new[new.columns[::-1]]), answers)
    for other in (new.drop(columns=["m5", "m6"]), new.assign(m7=0.5)):
        assert found.predict(other)["answer"].tolist() == ["lo", "hi"]
    for gone in ("m1", "m4"):
        with pytest.raises(ValueError, match=f"no column '{gone}', but there is 'm6'"):
            found.predict(new.drop(columns=gone))
    new.astype(object).replace(new["m2"].iloc[1], "high").to_csv(tmp_path / "new.csv", index=False)
    code, _, error = run("predict", tmp_path / "run", tmp_path / "new.csv")
    assert (code, error.count("\n")) == (2, 1)
    assert "line 3, column 'm2': expected numbers, as in the data learned from, got 'high'" in error


@pytest.mark.parametrize("known", ["past", "present"])
def test_channels_are_of_the_kinds_that_the_run_has(tmp_path, known):
    rng = np.random.default_rng(0)
    heat = rng.normal(size=(10, 20))
    table = pd.DataFrame(
        {"room": np.repeat([f"r{k}" for k in range(10)], 20), "t": np.tile(np.arange(20), 10)}
    )
    table["heat"], table["door"] = heat.ravel(), rng.choice(["on", "off"], 200)
    table["temp"] = np.roll(heat, 1, axis=1).ravel() + 0.1 * rng.normal(size=200)
    table.to_csv(tmp_path / "rooms.csv", index=False)
    how = {"cv": 2, "n_jobs": 1, "predict": "temp", "known": known}
    model = seqcompare.WindowStepRegressor(before=1)
    found = seqcompare.compare(tmp_path / "rooms.csv", model, out=tmp_path / "run", **how)
    assert list(found.config["data"]["reading"]["kinds"]) == ["heat", "door", "temp"]

    def ask(new):
        new.to_csv(tmp_path / "new.csv", index=False)
        return run("predict", tmp_path / "run", tmp_path / "new.csv")

    n = 20 if known == "past" else 19
    whole = table.iloc[:20].assign(heat=range(20), temp=2)
    for new in (whole, whole.assign(door="on")):
        code, out, said = ask(new)
        assert (code, len(out.splitlines())) == (0, n + 1), said
    # a step of each sequence is no table with a row for each
    code, out, said = ask(table.groupby("room").head(1))
    assert (code, len(out.splitlines())) == (0, 11 if known == "past" else 1), said
    for new, words in (
        (whole.assign(heat=["hot", *range(19)]), "line 2, column 'heat': expected numbers, as in the data"),
        (whole.assign(heat=[*range(5), None, *range(14)]), "sequence r0 has no value at step 5"),
    ):
        code, _, said = ask(new)
        assert (code, said.count("\n"), words in said) == (2, 1, True), said


def test_a_run_that_names_no_model_says_so(tmp_path):
    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 2, (8, 20)), rng.integers(0, 2, (8, 20))
    found = seqcompare.compare((X, y), MarkovTagger(1), cv=2, out=tmp_path / "run", n_jobs=1)
    assert found.verdict().model == "chance"
    with pytest.raises(FileNotFoundError) as error:
        found.model()
    assert str(error.value).endswith(f"keeps no model: {found.verdict().sentences[0]}")


def test_symbols_are_predicted_up_to_the_step_after_the_last(tmp_path):
    X = ["AB" * 15, "BA" * 15] * 10
    found = seqcompare.compare(X, MarkovChain(1), cv=3, out=tmp_path / "run", n_jobs=1)
    answers = found.predict(["ABA", "B"])
    assert answers["sequence"].tolist() == [0, 0, 0, 1]
    assert answers["step"].tolist() == [1, 2, 3, 1]
    expected = np.concatenate(found.model().predict_next_proba(["ABA", "B"]))
    np.testing.assert_allclose(answers[["p(A)", "p(B)"]].to_numpy(), expected)


@pytest.mark.parametrize("model", [Autoregression(1), HMM(2)], ids=["ar", "hmm"])
def test_numbers_come_with_mean_and_quantiles(tmp_path, model):
    rng = np.random.default_rng(0)
    x = np.zeros((20, 40))
    for t in range(1, 40):
        x[:, t] = 0.9 * x[:, t - 1] + rng.normal(size=20)
    found = seqcompare.compare(list(x), model, cv=3, out=tmp_path / "run", n_jobs=1)
    answers = found.predict([x[0]])
    after = found.model().predict_next_distribution([x[0]])[0]
    np.testing.assert_allclose(answers["answer"], np.ravel(after.mean))
    levels = answers[[f"q({level:g})" for level in QUANTILES]].to_numpy()
    np.testing.assert_allclose(levels.T, np.reshape(after.quantile(QUANTILES), (5, 40)))
    assert (np.diff(levels, axis=1) > 0).all()


def test_numbers_are_forecast_with_intervals_after_the_end(tmp_path):
    rng = np.random.default_rng(0)
    x = np.zeros((20, 40))
    for t in range(1, 40):
        x[:, t] = 0.9 * x[:, t - 1] + rng.normal(size=20)
    found = seqcompare.compare(list(x), Autoregression(1), cv=3, out=tmp_path / "run", n_jobs=1)
    fan = found.forecast([x[0], x[1, :30]], 5)
    assert fan["sequence"].tolist() == [0] * 5 + [1] * 5
    assert fan["ahead"].tolist() == [1, 2, 3, 4, 5] * 2
    assert fan["step"].tolist() == [40, 41, 42, 43, 44, 30, 31, 32, 33, 34]
    # the fitted model's own recursion, by hand
    model = found.model()
    mean, variance = x[0, -1], 0.0
    for h in range(5):
        mean = model.intercept_[0] + model.coef_[0, 0, 0] * mean
        variance = model.covariance_[0, 0] + model.coef_[0, 0, 0] ** 2 * variance
        assert fan["answer"][h] == pytest.approx(mean)
        assert fan["q(0.975)"][h] == pytest.approx(mean + 1.959964 * np.sqrt(variance))
    pd.DataFrame({"x": x[0]}).to_csv(tmp_path / "new.csv", index=False)
    command = ["forecast", tmp_path / "run", tmp_path / "new.csv", "--steps", 3]
    code, out, _ = run(*command)
    assert code == 0
    written = pd.read_csv(io.StringIO(out))
    np.testing.assert_allclose(written["q(0.05)"], fan["q(0.05)"][:3], rtol=1e-6)
    code, _, said = run(*command, "--out", tmp_path / "fan.csv")
    assert (code, "3 rows" in said) == (0, True)


class Lazy(Autoregression):
    """As good as any one step ahead, of fewer parameters, and the farther the worse."""

    @property
    def n_parameters_(self):
        return 1

    def forecast(self, X, steps, n_samples=None, random_state=None):
        found = super().forecast(X, steps)
        return NormalMixture.normal(found.mean + np.arange(steps), np.ones(found.mean.shape))


def test_several_steps_are_forecast_by_whom_backtests_name(tmp_path):
    rng = np.random.default_rng(0)
    x = np.zeros(300)
    for t in range(1, 300):
        x[t] = 0.9 * x[t - 1] + rng.normal()
    models = {"lazy": Lazy(1), "far": Autoregression(1)}
    found = seqcompare.compare([x], models, cv=4, ahead=6, out=tmp_path / "run", n_jobs=1)
    assert found.verdict().entry == "lazy"
    named = found.answer().forecaster
    assert (named.entry, named.steps, named.winner[0]) == ("far", 6, "lazy")
    assert found.tables()["forecasters"]["entry"].tolist()[0] == "far"
    said = str(found.verdict())
    assert "To forecast 6 steps, far is named" in said
    assert "Named in this way before each part" in said
    assert "To forecast 6 steps: Far" in repr(found.answer())
    # who is asked goes by the steps, unless the user says whom
    far, lazy = found.forecaster(), found.model(trusted=[Lazy])
    assert type(far) is Autoregression
    asked = {"trusted": [Lazy], "random_state": 0}
    for steps, name, model in ((1, None, lazy), (2, None, far), (2, "lazy", lazy), (1, "far", far)):
        answer = found.forecast([x], steps, model=name, **asked)["answer"]
        np.testing.assert_allclose(answer, model.forecast([x], steps).mean[0])
    with pytest.raises(ValueError, match=r"model must be 'lazy' or 'far', .* got 'near'"):
        found.forecast([x], 2, model="near")
    pd.DataFrame({"x": x}).to_csv(tmp_path / "new.csv", index=False)
    command = ["forecast", tmp_path / "run", tmp_path / "new.csv"]
    code, out, said = run(*command, "--steps", 2)
    assert (code, "forecast by far" in said) == (0, True)
    np.testing.assert_allclose(pd.read_csv(io.StringIO(out))["answer"], far.forecast([x], 2).mean[0])
    code, _, said = run(*command, "--steps", 1, "--model", "far")
    assert (code, "forecast by far" in said) == (0, True)
    # what is another or gone is said, and whom to ask instead
    kept = tmp_path / "run" / "forecaster.skops"
    kept.write_bytes((tmp_path / "run" / "model.skops").read_bytes())
    code, _, said = run(*command, "--steps", 2)
    assert (code, "forecaster.skops, or what config.json says" in said) == (2, True)
    kept.unlink()
    code, _, said = run(*command, "--steps", 2)
    assert (code, "keeps no model of far" in said) == (2, True)


def test_where_the_winner_forecasts_best_it_is_kept_once(tmp_path):
    x = np.cumsum(np.random.default_rng(1).normal(size=200))
    found = seqcompare.compare([x], Autoregression(1), cv=3, out=tmp_path / "run", n_jobs=1)
    assert found.answer().forecaster.rival is None
    assert not (tmp_path / "run" / "forecaster.skops").exists()
    np.testing.assert_array_equal(found.forecaster().coef_, found.model().coef_)


def test_symbols_are_forecast_with_probabilities(tmp_path):
    rng = np.random.default_rng(0)
    X = ["".join("AB"[int(b)] for b in np.cumsum(rng.random(30) < 0.1) % 2) for _ in range(20)]
    found = seqcompare.compare(X, MarkovChain(1), cv=3, out=tmp_path / "run", n_jobs=1)
    fan = found.forecast(["BBA"], 3, n_samples=4000)
    exact = np.array([1.0, 0.0])
    for h in range(3):
        exact = exact @ found.model().transition_matrix_
        np.testing.assert_allclose(fan.loc[h, ["p(A)", "p(B)"]].astype(float), exact, atol=0.03)
    np.testing.assert_allclose(fan.loc[0, "p(A)"], found.model().transition_matrix_[0, 0])


def test_only_next_steps_are_forecast(classes):
    code, _, said = run("forecast", classes / "run", classes / "visits.csv", "--steps", 3)
    assert code == 2
    assert "predicts the role sequence" in said


def test_labels_are_given_for_each_step(tmp_path):
    rng = np.random.default_rng(0)
    X = [rng.integers(0, 2, 30) for _ in range(12)]
    y = [np.concatenate([[0], x[:-1]]) for x in X]
    found = seqcompare.compare((X, y), MarkovTagger(1), cv=3, out=tmp_path / "run", n_jobs=1)
    answers = found.predict([X[0]])
    assert answers["step"].tolist() == list(range(30))
    assert answers["answer"].tolist()[1:] == X[0][:-1].tolist()


class Rule(BaseEstimator):
    """A classifier of the user's own, by the first step."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return self.classes_[[int(x[0] == "B") for x in X]]


def test_a_model_of_ones_own_must_be_trusted_by_name(tmp_path):
    X = ["AAB", "ABA", "BBA", "BAB"] * 8
    y = ["a", "a", "b", "b"] * 8
    found = seqcompare.compare((X, y), Rule(), cv=3, out=tmp_path / "run", n_jobs=1)
    with pytest.raises(ValueError, match="Rule"):
        found.predict(["AB"])
    name = f"{Rule.__module__}.Rule"
    answers = found.predict(["AB", "BB"], trusted=[name])
    assert answers.columns.tolist() == ["sequence", "answer"]
    assert answers["answer"].tolist() == ["a", "b"]


def test_where_nothing_was_named_there_is_no_model_to_ask(tmp_path):
    rng = np.random.default_rng(0)
    X = [rng.integers(0, 2, 30) for _ in range(30)]
    found = seqcompare.compare(X, MarkovChain(3), cv=3, out=tmp_path / "run", n_jobs=1)
    with pytest.raises(FileNotFoundError, match="keeps no model: "):
        found.model()


def test_what_is_no_comparison_is_one_line(tmp_path):
    code, _, said = run("predict", tmp_path, tmp_path / "x.csv")
    assert code == 2
    assert "holds no run" in said
    (tmp_path / "config.json").write_text('{"kind": "profile"}')
    with pytest.raises(RunError, match="profile"):
        load_run(tmp_path)
