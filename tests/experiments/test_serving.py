"""The winner of a comparison from the command line to a service: every command on every kind of answer."""

import io
import json
import sys
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from onnxruntime import InferenceSession
from sklearn.base import BaseEstimator

from seqcompare import HMM, BayesClassifier, MarkovChain, MarkovTagger, compare, datasets, load_run
from seqcompare.cli import main

RNG = np.random.default_rng(0)


class Mine(MarkovTagger):
    """A class of a user's own, that stands on one of the package's."""


class Turns(BaseEstimator):
    """A classifier of a user's own: how often a sequence turns, against the mean of the two classes."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        turns = self._turns(X)
        self.bound_ = np.mean([turns[np.asarray(y) == label].mean() for label in self.classes_])
        return self

    def predict_proba(self, X):
        p = 1 / (1 + np.exp(20 * (self.bound_ - self._turns(X))))
        return np.stack([1 - p, p], axis=1)

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def _turns(self, X):
        return np.array([np.mean(x[1:] != x[:-1]) for x in map(np.asarray, X)])


def long_table(steps, **columns):
    table = pd.DataFrame({"id": np.repeat([f"s{k}" for k in range(len(steps))], [len(x) for x in steps])})
    table["t"] = np.concatenate([np.arange(len(x)) for x in steps])
    table["x"] = np.concatenate(steps)
    return table.assign(**columns)


WORDS = [np.array(list("abc" * 5 + "abcab"[: k % 5])) for k in range(10)]
NUMBERS = [np.tile([0.0, 3.0], 13)[k % 2 :][: 20 + k % 5] + RNG.normal(0, 0.3, 20 + k % 5) for k in range(10)]
LABELS = np.concatenate([["".join(pair) for pair in zip("a" + "".join(x), x, strict=False)] for x in WORDS])
SIDES = [np.array(list("ab"))[np.cumsum(RNG.random(16) < (0.1, 0.9)[k % 2]) % 2] for k in range(20)]
CLASSES = np.repeat(["calm", "wild"] * 10, 16)

CASES = {
    "symbols": (long_table(WORDS), MarkovChain(2)),
    "numbers": (long_table(NUMBERS), HMM(2, n_init=1, random_state=0)),
    "labels": (long_table(WORDS, y=LABELS), MarkovTagger(1)),
    "own labels": (long_table(WORDS, y=LABELS), Mine(1)),
    "classes": (long_table(SIDES, y=CLASSES), BayesClassifier(MarkovChain(1))),
    "own classes": (long_table(SIDES, y=CLASSES), Turns()),
}


class Served(NamedTuple):
    name: str
    folder: object
    file: object
    trusted: tuple

    @property
    def words(self):
        return [word for name in self.trusted for word in ("--trust", name)]

    @property
    def sequences(self):
        return datasets.read(self.file, sequence="id", order="t", values="x").X


@pytest.fixture(scope="module", params=CASES)
def served(request, tmp_path_factory):
    """Return a run, the file that it is of, and what has to be trusted."""
    table, model = CASES[request.param]
    folder = tmp_path_factory.mktemp("served")
    table.to_csv(folder / "data.csv", index=False)
    trusted = (f"{__name__}.{type(model).__name__}",) if request.param.startswith("own") else ()
    reading = {"sequence": "id", "order": "t", "values": "x", "target": "y" if "y" in table else None}
    compare(folder / "data.csv", {"mine": model}, cv=2, n_jobs=1, out=folder / "run", **reading)
    return Served(request.param, folder / "run", folder / "data.csv", trusted)


@pytest.fixture
def run(monkeypatch, capsys):
    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["seqcompare", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, *capsys.readouterr()

    return run


def test_predictions_are_those_of_the_model_in_python(served, run):
    code, out, said = run("predict", served.folder, served.file, *served.words)
    assert code == 0, said
    found = pd.read_csv(io.StringIO(out))
    kept, x = load_run(served.folder).model(served.trusted), served.sequences[0]
    first = found[found["sequence"] == "s0"]
    if served.name == "numbers":
        ahead = kept.predict_next_distribution([x])[0]
        np.testing.assert_allclose(first["answer"], ahead.mean)
        np.testing.assert_allclose(first["q(0.95)"], ahead.quantile(0.95))
        return
    if served.name == "symbols":
        expected, names = kept.predict_next_proba([x])[0], kept.symbols_
    else:
        expected, names = np.atleast_2d(kept.predict_proba([x])[0]), kept.classes_
    np.testing.assert_allclose(first[[f"p({name})" for name in names]], expected)
    assert first["answer"].tolist() == names[expected.argmax(axis=1)].tolist()


def test_an_explanation_is_that_in_python(served, run):
    code, out, said = run("explain", served.folder, served.file, "--sequence", "s1", *served.words)
    assert code == 0, said
    found = pd.read_csv(io.StringIO(out))
    table = load_run(served.folder).explain(served.file, "s1", trusted=served.trusted)
    np.testing.assert_allclose(found["change"], table["change"], rtol=1e-9, atol=1e-12)
    assert set(found["sequence"]) == {"s1"}


def test_steps_and_graphs_answer_as_the_model(served, run, tmp_path):
    code, out, said = run("export", served.folder, tmp_path / "model.onnx", *served.words)
    if served.name == "own classes":
        assert (code, out, said.count("\n")) == (2, "", 1)
        assert "this Turns is not written as ONNX" in said
        return
    assert (code, said) == (0, "")
    again = run("export", served.folder, tmp_path / "model.onnx", *served.words)
    assert (again[0], "is there already" in again[2]) == (2, True)
    kept = load_run(served.folder).model(served.trusted)
    session = InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    said = session.get_modelmeta().custom_metadata_map
    for x in served.sequences[:2]:
        if "symbols" in said:
            codes = [json.loads(said["symbols"]).index(symbol) for symbol in x]
            (found,) = session.run(None, {"codes": np.array([codes])})
        else:
            states, means, _ = session.run(None, {"steps": x[np.newaxis, :, np.newaxis]})
            found = states @ means
        if served.name == "classes":
            np.testing.assert_allclose(found, kept.predict_proba([x]), rtol=1e-5)
            assert not hasattr(kept, "step")
            continue
        state = kept.start()
        for t, step in enumerate(x):
            answer, state = kept.step(state, step)
            expected = answer if "symbols" in said else answer.mean
            np.testing.assert_allclose(np.ravel(found[0, t]), np.ravel(expected), rtol=1e-5, atol=1e-7)


def test_forecasts_are_those_in_python(served, run):
    code, out, said = run("forecast", served.folder, served.file, "--steps", 2, *served.words)
    if served.name not in ("symbols", "numbers"):
        assert (code, "predicts the role" in said) == (2, True)
        return
    assert code == 0, said
    found = pd.read_csv(io.StringIO(out))
    table = load_run(served.folder).forecast(served.file, 2)
    pd.testing.assert_frame_equal(found, table, check_dtype=False)
    # the first step after the end is what is predicted there
    asked = load_run(served.folder).predict(served.file).groupby("sequence", sort=False).last()
    column = "p(a)" if served.name == "symbols" else "q(0.05)"
    np.testing.assert_allclose(found.loc[found["ahead"] == 1, column], asked[column], rtol=1e-6)


def test_without_the_file_of_the_model_it_is_one_line(served, run, tmp_path):
    if served.name != "symbols":
        return
    model = next(served.folder.glob("model.skops"))
    content = model.read_bytes()
    model.unlink()
    try:
        for command in (
            ["predict", served.folder, served.file],
            ["export", served.folder, tmp_path / "m.onnx"],
        ):
            code, _, said = run(*command)
            assert (code, said.count("\n")) == (2, 1)
            assert "model" in said
    finally:
        model.write_bytes(content)


def test_a_model_or_a_reading_that_was_changed_is_refused(served, run):
    if served.name != "symbols":
        return
    for file, changed in (
        ("model.skops", lambda kept: kept[:-1] + b"?"),
        ("config.json", lambda kept: kept.replace(b'"role": "next"', b'"role": "step"')),
    ):
        path = served.folder / file
        kept = path.read_bytes()
        assert changed(kept) != kept
        path.write_bytes(changed(kept))
        try:
            code, _, said = run("predict", served.folder, served.file)
        finally:
            path.write_bytes(kept)
        assert (code, said.count("\n")) == (2, 1)
        assert "is not what this run has saved; the same comparison again writes both" in said
    assert run("predict", served.folder, served.file)[0] == 0


def test_symbols_that_were_never_seen_are_named(served, run, tmp_path):
    if served.name != "symbols":
        return
    new = tmp_path / "new.csv"
    new.write_text("id,t,x\nn,0,a\nn,1,b\nn,2,zz\nn,3,a\n", encoding="utf-8")
    with pytest.warns(UserWarning, match=r"25.0% of the steps .* the model has never seen \('zz'\)"):
        code, found, _ = run("predict", served.folder, new)
    assert code == 0
    assert len(found.splitlines()) == 5
