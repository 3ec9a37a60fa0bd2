"""The winner of a comparison as a service has it: asked step by step, and as a graph."""

import json
import sys

import numpy as np
import pandas as pd
import pytest
from onnxruntime import InferenceSession

from seqcompare import HMM, MarkovChain, MarkovTagger, compare, load_run
from seqcompare.cli import main

RNG = np.random.default_rng(0)
SYMBOLS = [np.array(list("abc" * 5 + "ab")) for _ in range(10)]
NUMBERS = [np.tile([0.0, 3.0], 13)[k % 2 :][:24] + RNG.normal(0, 0.3, 24) for k in range(10)]
LABELS = [["".join(pair) for pair in zip("a" + "".join(x), x, strict=False)] for x in SYMBOLS]


class Mine(MarkovTagger):
    """A class of a user's own."""


def run(monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys, "argv", ["seqcompare", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code, capsys.readouterr().err


@pytest.mark.parametrize(
    ("data", "model", "trusted"),
    [
        (SYMBOLS, MarkovChain(2), ()),
        (NUMBERS, HMM(2, n_init=1, random_state=0), ()),
        ((SYMBOLS, LABELS), MarkovTagger(1), ()),
        ((SYMBOLS, LABELS), Mine(1), (f"{Mine.__module__}.Mine",)),
    ],
    ids=["symbols", "numbers", "labels", "own"],
)
def test_steps_and_graphs_answer_as_the_model(data, model, trusted, tmp_path, monkeypatch, capsys):
    compare(data, {"mine": model}, cv=2, n_jobs=1, out=tmp_path / "run")
    trust = [word for name in trusted for word in ("--trust", name)]
    command = ["export", tmp_path / "run", tmp_path / "model.onnx", *trust]
    assert run(monkeypatch, capsys, *command) == (0, "")
    assert run(monkeypatch, capsys, *command)[0] == 2  # it is there already
    kept = load_run(tmp_path / "run").model(trusted)
    session = InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    said = session.get_modelmeta().custom_metadata_map
    x = (data[0] if isinstance(data, tuple) else data)[0]
    if "symbols" in said:
        codes = [json.loads(said["symbols"]).index(symbol) for symbol in x]
        (found,) = session.run(None, {"codes": np.array([codes])})
    else:
        states, means, _ = session.run(None, {"steps": x[np.newaxis, :, np.newaxis]})
        found = states @ means
    state = kept.start()
    for t, step in enumerate(x):
        answer, state = kept.step(state, step)
        expected = getattr(answer, "mean", answer) if "symbols" not in said else answer
        np.testing.assert_allclose(np.ravel(found[0, t]), np.ravel(expected), rtol=1e-5, atol=1e-7)


def test_where_there_is_no_graph_it_is_one_line(tmp_path, monkeypatch, capsys):
    table = pd.DataFrame({"id": np.repeat(range(20), 4), "x": list("abab" * 10 + "aabb" * 10)})
    compare(table, ["markov"], cv=2, n_jobs=1, out=tmp_path / "run", sequence="id", values="x", metric=None)
    (tmp_path / "run" / "model.skops").unlink()
    code, said = run(monkeypatch, capsys, "export", tmp_path / "run", tmp_path / "model.onnx")
    assert code == 2
    assert said.count("\n") == 1
