"""Figures come out the same whoever draws them, and no report is lost with a worker."""

import os
from multiprocessing import active_children
from threading import Lock

import pandas as pd
import pytest

from seqcompare import workers
from seqcompare.report.drawing import draw, draw_all
from seqcompare.report.parts import Figure, Panel

HERE = os.getpid()


def line(ax):
    ax.plot([0, 1], [0, 1])
    return ax


def die_in_a_worker(ax):
    if os.getpid() != HERE:
        os._exit(1)
    return line(ax)


def figure(name, *draws):
    panels = tuple(Panel(f"panel {k}", panel) for k, panel in enumerate(draws))
    return Figure(name, name, "", "a line", panels, pd.DataFrame({"x": [0, 1]}))


@pytest.fixture
def two_workers():
    workers.start(2)
    assert workers.n_idle() == 2


def test_workers_draw_what_this_process_draws(two_workers):
    figures = [figure("one", line), figure("three", line, line, line)]
    drawn, _ = draw_all(figures)
    assert list(drawn) == ["one", "three"]
    assert drawn == {one.name: draw(one) for one in figures}


def test_what_a_worker_dies_of_is_drawn_here(two_workers):
    drawn, _ = draw_all([figure("deadly", die_in_a_worker), figure("other", line)])
    assert drawn["deadly"].panels == draw(figure("deadly", line)).panels
    assert drawn["other"] == draw(figure("other", line))


def test_what_cannot_be_sent_is_drawn_here(two_workers):
    lock = Lock()

    def locked(ax):
        with lock:
            return line(ax)

    assert draw_all([figure("held", locked)])[0]["held"] == draw(figure("held", line))


def test_an_error_of_a_figure_is_its_own(two_workers):
    def wrong(ax):
        raise KeyError("no such column")

    with pytest.raises(KeyError, match="no such column") as caught:
        draw_all([figure("wrong", wrong)])
    assert caught.value.__notes__ == ["while drawing the figure 'wrong'"]


def test_words_wider_than_the_figure_leave_the_axes_their_side():
    def wide(ax):
        ax.set_yticks([0], ["w" * 200])
        return line(ax)

    with pytest.warns(UserWarning, match="constrained_layout not applied"):
        assert draw(figure("wide", wide)).svg.count("<path") > 1


def test_workers_that_are_gone_are_not_started_for_a_figure(two_workers):
    for child in active_children():
        child.terminate()
        child.join()
    assert workers.n_idle() == 0
    assert draw_all([figure("here", line)])[0]["here"] == draw(figure("here", line))


@pytest.mark.parametrize(
    ("title", "written"),
    [
        ("LSTM: validation score", "LSTM: validation score"),
        ("a chain of a long name: validation score", "a chain of a long name:\nvalidation score"),
        ("one two three " * 9, "one two three one two three\none two three one two ..."),
    ],
)
def test_a_title_that_is_wider_than_its_panel_has_two_lines(title, written):
    seen = []

    def watched(ax):
        seen.append(ax)
        return line(ax)

    draw(Figure("wide", "wide", "", "", (Panel(title, watched),), pd.DataFrame(), size=(3.4, 2.5)))
    assert seen[0].get_title(loc="left") == written
