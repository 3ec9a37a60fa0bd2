"""Whatever users call things: answers, drawings and graphs show it, and nothing acts, breaks or misleads."""

import io
import json
import re

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from hostile import HOSTILE, assert_no_markup, assert_picture, assert_seen

import seqcompare
from seqcompare import MarkovChain, load_run
from seqcompare.automaton_drawing import automaton_svg
from seqcompare.models.machine.automaton import Automaton
from seqcompare.report.plots import plot_contest, plot_explanation, plot_skill


def drawn(ax):
    """Return axes, or a figure, as SVG."""
    figure = getattr(ax, "figure", None) or ax
    file = io.StringIO()
    figure.savefig(file, format="svg")
    plt.close(figure)
    return file.getvalue()


@pytest.fixture(params=["hostile_folder", "hostile_comparison", "hostile_file"])
def run(request):
    return load_run(request.getfixturevalue(request.param))


def test_an_answer_in_every_form(run):
    answer = run.answer()
    for html in (answer._repr_html_(), run._repr_html_()):
        assert_no_markup(html)
    markdown = answer.to_markdown()
    assert_seen(markdown)
    # commands, which stand apart as code, are there to be copied as they are
    assert "<" not in "".join(line for line in markdown.split("\n") if not line.startswith("    "))
    assert not re.search(r"(?<!\\)\]\(javascript", markdown)
    assert answer._repr_markdown_() == markdown
    for text in (answer.to_text(), str(answer), repr(answer), repr(run), json.dumps(answer.to_dict())):
        assert_seen(text)
    assert max(len(line) for line in answer.to_text().split("\n") if not line.startswith("  ")) <= 80
    latex = answer.to_latex()
    assert_seen(latex)
    left = re.sub(r"\\(textbackslash|textasciitilde|textasciicircum|[&%$#_{}~^])", "", latex)
    assert "input" not in re.findall(r"\\([a-z]+)", left)
    assert not re.search(r"\$[^\\]|[#~]", re.sub(r"\$\\[a-z]+\$", "", left))


def test_pictures_of_a_run(run):
    answer = run.answer()
    if hasattr(run, "verdict"):
        more = [lambda: plot_contest(run)]
    else:
        more = [lambda: plot_skill(run.frame(), task=HOSTILE[0], config=run.config)]
    for draw in (answer.plot, answer.slide, *more):
        assert_picture(drawn(draw()))


def test_what_a_notebook_shows_of_a_verdict(hostile_comparison):
    verdict = load_run(hostile_comparison).verdict()
    assert_no_markup(verdict._repr_html_())
    assert_seen(str(verdict))


def test_a_machine_whose_symbols_are_hostile():
    symbols = np.array([name.replace("\0", "") for name in HOSTILE])
    n = len(symbols)
    proba = np.full((2, n), 1 / n)
    after = np.tile(np.arange(n) % 2, (2, 1))
    machine = Automaton(symbols, symbols, after, proba, np.array([1.0, 0.0]), generates=True)
    assert_picture(machine.to_svg())
    assert_seen(str(machine))
    for symbol in symbols:
        edges = pd.DataFrame({"state": [0, 0], "start": 1.0, "symbol": [symbol, ""], "next": [0, -1],
                              "answer": ["", symbol], "proba": [1.0, 1.0]})  # fmt: skip
        assert_picture(automaton_svg(edges))


def test_an_explanation_of_hostile_steps():
    n = len(HOSTILE)
    for name in HOSTILE:
        table = pd.DataFrame({"sequence": name, "step": n - 1, "answer": name, "hidden": range(n),
                              "value": HOSTILE, "change": np.linspace(-1, 1, n), "unit": "bit"})  # fmt: skip
        assert_picture(drawn(plot_explanation(table)))


def test_a_graph_of_hostile_symbols():
    onnx = pytest.importorskip("onnx")
    symbols = [name.replace("\0", "")[:1000] for name in HOSTILE]
    graph = seqcompare.to_onnx(
        MarkovChain(order=1).fit([np.array(symbols), np.array(symbols[::-1] + symbols[:1])])
    )
    onnx.checker.check_model(graph)
    assert [tensor.name for tensor in (*graph.graph.input, *graph.graph.output)] == ["codes", "probabilities"]
    told = {each.key: json.loads(each.value) for each in graph.metadata_props}
    assert sorted(told["symbols"]) == sorted(symbols)
    for text in (*(each.value for each in graph.metadata_props), onnx.printer.to_text(graph)):
        assert_seen(text)
