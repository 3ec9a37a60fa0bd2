"""How far a run is, in a notebook: a bar without being asked for."""

import sys
from types import SimpleNamespace

import pytest

import seqcompare


class Screen:
    """What a notebook shows below a cell."""

    def __init__(self):
        self.shown = []

    def display(self, page, display_id):
        assert display_id is True
        self.update(page)
        return self

    def update(self, page):
        self.shown.append(page)


@pytest.fixture
def screen(monkeypatch):
    found = Screen()
    shell = SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.setitem(sys.modules, "IPython.display", SimpleNamespace(HTML=str, display=found.display))
    return found


def compare(folder, **options):
    words = ["abcd" * k for k in range(2, 10)]
    return seqcompare.compare(words, ["markov"], out=folder, cv=2, n_jobs=1, **options)


def test_a_notebook_shows_a_bar_and_how_long_it_took(screen, tmp_path):
    compare(tmp_path / "<b>run")
    assert "forecast: " in screen.shown[0]
    last = screen.shown[-1]
    assert "(100.0%)" in last
    assert "done in" in last
    assert last.count("<progress") == 1


def test_whoever_watches_by_itself_gets_no_bar(screen, tmp_path):
    steps = []
    compare(tmp_path / "run", progress=steps.append)
    assert not screen.shown
    # the fit of the winner to everything counts as well
    assert steps[-1].done == steps[-1].total
    assert steps[-1].last is None


def test_a_run_that_is_stopped_says_so(screen, tmp_path, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("seqcompare.experiments.compare.keep_winner", stop)
    with pytest.raises(KeyboardInterrupt):
        compare(tmp_path / "run")
    assert "stopped after" in screen.shown[-1]


def test_elsewhere_there_is_none(screen, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: SimpleNamespace()))
    compare(tmp_path / "run")
    assert not screen.shown
