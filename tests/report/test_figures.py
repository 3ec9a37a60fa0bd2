import itertools
import re

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

mpl.use("agg")

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from seqcompare import style
from seqcompare.report import svg
from seqcompare.report.figures import canvas, cost, data, learning, skill
from seqcompare.report.parts import Figure, Panel


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def skills(**columns):
    base = {"model": ["A"] * 3 + ["B"] * 3, "distance": [1, 4, 16] * 2, "skill": [1, 1, 0.4, 1, -0.5, 0]}
    return pd.DataFrame(base | columns)


def lines_of(ax, name):
    return [line for line in ax.lines if line.get_gid() == canvas.series_id(name)]


def test_skill_is_drawn_at_its_distance_and_clipped():
    ax = skill.skill_by_distance(skills())
    (line,) = lines_of(ax, "B")
    assert np.allclose(line.get_ydata(), [1, -0.04, 0])
    places = canvas.axis_places(ax, line.get_xdata())
    assert np.allclose(places, canvas.axis_places(ax, [1, 4, 16]), atol=0.3)
    assert ax.get_xscale() == "log"


def test_look_ahead_and_distance_zero_have_a_place():
    ax = skill.skill_by_distance(skills(distance=[-4, 0, 4] * 2))
    assert ax.get_xscale() == "symlog"
    assert [label.get_text() for label in ax.get_xticklabels()] == ["−4", "0", "4"]


def test_intervals_are_bands():
    ax = skill.skill_by_distance(skills(low=[0.9] * 6, high=[1.0] * 6))
    assert len(ax.collections) == 2


def test_a_given_axes_is_drawn_into():
    _, ax = plt.subplots()
    assert skill.skill_by_distance(skills(), ax) is ax


def test_labels_at_the_ends_of_lines_do_not_overlap():
    frame = pd.concat(skills(skill=0.01 * k).assign(model=f"model {k}") for k in range(9))
    ax = skill.skill_by_distance(frame)
    figure = ax.get_figure()
    figure.canvas.draw()
    boxes = sorted((t.get_window_extent() for t in ax.texts), key=lambda box: box.y0)
    assert len(boxes) == 9
    assert all(low.y1 <= high.y0 + 1 for low, high in itertools.pairwise(boxes))


def map_frame(known):
    return pd.DataFrame(
        {
            "group": ["A", "A", "B", "B"],
            "distance": [1, 2, 1, 2],
            "skill": [0.9, 0.1, 0.9, 0.1],
            "can_represent": known,
        }
    )


def test_the_map_hatches_what_cannot_be_and_frames_what_was_not_learned():
    ax = skill.skill_map(map_frame([True, False, None, True]))
    hatched = [p for p in ax.patches if p.get_hatch()]
    assert [np.floor(p.get_xy()).tolist() for p in hatched] == [[1, 0]]
    framed = [p for p in ax.patches if p.get_edgecolor() == mpl.colors.to_rgba("#ff9e5e")]
    assert [np.floor(p.get_xy()).tolist() for p in framed] == [[1, 1]]


def test_the_map_marks_nothing_where_theory_is_silent():
    assert not skill.skill_map(map_frame([None] * 4)).patches


def test_horizons_are_brackets_arrows_and_ticks():
    frame = pd.DataFrame(
        {
            "task": "t",
            "group": ["a", "b", "c", "d", "e"],
            "family": ["markov", "recurrent", "hmm", "window", "window"],
            "status": ["bracketed", "beyond", "below", "none", "censored"],
            "last_above": [4, 32, np.nan, np.nan, 16],
            "first_below": [8, np.nan, 2, np.nan, np.nan],
        }
    )
    ax = skill.horizons(frame)
    assert [list(line.get_xdata()) for line in lines_of(ax, "a")] == [[4, 8], [4]]
    assert ">" in [line.get_marker() for line in lines_of(ax, "b")]
    assert [line.get_marker() for line in lines_of(ax, "c")] == ["|"]
    # where nothing can be said, nothing is drawn as if it were known
    assert lines_of(ax, "d") == []
    assert [list(line.get_xdata()) for line in lines_of(ax, "e")] == [[16]]
    assert [(t.get_text(), t.xy[0]) for t in ax.texts] == [("?", ax.get_xlim()[0]), ("?", 16)]


@pytest.mark.parametrize("seed", range(20))
def test_the_front_is_what_brute_force_finds(seed):
    rng = np.random.default_rng(seed)
    points = pd.DataFrame({"cost": rng.integers(1, 6, 12).astype(float), "score": rng.integers(0, 6, 12) / 5})
    points.loc[0, "score"] = np.nan
    beaten = [
        any(
            (o.cost <= p.cost and o.score >= p.score) and (o.cost < p.cost or o.score > p.score)
            for o in points.itertuples()
        )
        for p in points.itertuples()
    ]
    front = cost.pareto_front(points["cost"], points["score"])
    on = points[front.to_numpy()]
    assert not any(b for b, f in zip(beaten, front, strict=True) if f)
    free = points[[not b for b in beaten]].dropna().drop_duplicates()
    assert {tuple(r) for r in on.to_numpy()} == {tuple(r) for r in free.to_numpy()}


def test_hand_made_machines_do_not_compete_on_the_front():
    frame = pd.DataFrame(
        {
            "model": ["exact", "net"],
            "family": ["reference", "recurrent"],
            "fit_seconds": [0.1, 5.0],
            "skill": [1.0, 0.9],
        }
    )
    ax = cost.cost_against_score(frame)
    sizes = {line.get_gid(): line.get_markersize() for line in ax.lines if line.get_gid()}
    assert sizes[canvas.series_id("net")] > sizes[canvas.series_id("exact")]
    assert [t.get_text() for t in ax.texts] == ["net"]


def test_models_that_look_ahead_do_not_compete_on_the_front():
    frame = pd.DataFrame(
        {
            "model": ["ahead", "net"],
            "family": "recurrent",
            "causal": [False, True],
            "fit_seconds": [0.1, 5.0],
            "skill": [1.0, 0.9],
        }
    )
    ax = cost.cost_against_score(frame)
    assert [t.get_text() for t in ax.texts] == ["net"]
    faces = {line.get_gid(): line.get_markerfacecolor() for line in ax.lines if line.get_gid()}
    assert [faces[canvas.series_id(name)] == style.PAPER for name in ("ahead", "net")] == [True, False]


@pytest.mark.parametrize(
    ("ranks_in", "difference", "expected"),
    [
        ([1.0, 1.5, 3.0, 3.2], 1.0, [(0, 1), (2, 3)]),
        ([1.0, 1.8, 2.6], 1.0, [(0, 1), (1, 2)]),
        ([1.0, 3.0], 1.0, []),
        ([1.0, 1.1, 1.2], 1.0, [(0, 2)]),
    ],
)
def test_bars_join_the_largest_groups_within_the_critical_difference(ranks_in, difference, expected):
    assert skill.cliques(ranks_in, difference) == expected


def test_confusion_counts_every_true_class():
    frame = pd.DataFrame({"true": ["b", "a", "a"], "predicted": ["a", "a", "c"], "count": [2, 3, 1]})
    ax = data.confusion(frame)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["a", "b", "c"]
    assert [t.get_text() for t in ax.texts if t.get_text()] == ["3", "1", "2"]


def test_ways_of_seeing_less_are_told_apart_by_a_legend():
    frame = pd.DataFrame(
        {
            "model": "A",
            "control": ["limited"] * 2 + ["ahead"] * 2,
            "context": [1, 2] * 2,
            "score": [1, 2, 1, 2],
        }
    )
    legend = data.context_curve(frame).get_legend()
    words = [text.get_text() for text in legend.get_texts()]
    assert words == [data.CONTROLS[name][1] for name in ("limited", "ahead")]
    assert len({repr(line.get_linestyle()) for line in legend.get_lines()}) == 2


def test_the_name_of_noise_stands_where_its_line_ends():
    frame = pd.DataFrame({"lag": [1, 2, 3], "information": [1.0, 0.2, -0.3], "band": [0.1, 0.2, 0.6]})
    ax = data.lag_profile(frame)
    (text,) = ax.texts
    line_end = ax.transAxes.inverted().transform(ax.transData.transform((3, 0.6)))[1]
    assert text.xy[1] == pytest.approx(line_end, abs=0.02)


def test_names_of_a_front_cover_no_point():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "model": [f"a contestant of long name {k}" for k in range(8)],
            "family": "hmm",
            "fit_seconds": rng.uniform(1, 5, 8),
            "skill": rng.uniform(0, 1, 8),
        }
    )
    ax = cost.cost_against_score(frame)
    ax.get_figure().canvas.draw()
    points = ax.transData.transform(frame[["fit_seconds", "skill"]])
    assert ax.texts
    for text in ax.texts:
        box = text.get_window_extent()
        assert not any(box.contains(*point) for point in points)


def test_words_below_ranks_lie_within_the_figure_beside_long_names():
    names = ["Recurrent network (looks ahead)", "Chain or autoregression", "Window", "Hidden state"]
    # as wide as on the page, so that a phone shows it whole
    figure, ax = plt.subplots(figsize=(4.8, 2.9), layout="constrained")
    ranks = pd.DataFrame({"model": names, "rank": [1.33, 2.25, 3, 3.4]})
    skill.critical_difference(ranks, ax, difference=2.71)
    figure.canvas.draw()
    label = ax.xaxis.label.get_window_extent()
    assert label.x1 <= figure.bbox.x1
    assert label.y0 >= figure.bbox.y0


def test_gates_are_averaged_over_units_and_named_at_the_end():
    _, ax = plt.subplots()
    ax.axhline(0.5)
    frame = pd.DataFrame(
        {
            "step": [0, 0, 1, 1, 0, 1],
            "gate": ["input"] * 4 + ["forget"] * 2,
            "value": [0, 1, 1, 1, 0.2, np.nan],
        }
    )
    learning.gate_trace(frame, ax)
    assert [list(line.get_ydata()) for line in ax.lines[1:]] == [[0.5, 1], [0.2]]
    assert ax.get_legend() is None
    words = {text.get_text().strip(): text.get_color() for text in ax.texts}
    assert words == dict(zip(["input", "forget"], [line.get_color() for line in ax.lines[1:]], strict=True))


FRAMES = {
    "growth": lambda ax: cost.growth(
        pd.DataFrame({"model": ["A", "A"], "n": [1, 8], "s": [0.1, 3]}), ax, x="n", y="s"
    ),
    "state_space": lambda ax: cost.state_space(
        pd.DataFrame({"order": [0, 1, 2], "possible": [1, 4, 16], "seen": [1, 4, 9], "supported": [1, 3, 0]}),
        ax,
    ),
    "learning_curves": lambda ax: learning.learning_curves(
        pd.DataFrame({"trial_id": "t", "model": "A", "epoch": [1, 2], "validation_score": [0.5, 0.9]}), ax
    ),
    "gradient_by_lag": lambda ax: learning.gradient_by_lag(
        pd.DataFrame({"model": "A", "lag": [0, 1, 2], "gradient": [1, 0.1, 0.0]}), ax
    ),
    "gate_trace": lambda ax: learning.gate_trace(
        pd.DataFrame({"step": [0, 1] * 2, "gate": ["input"] * 2 + ["forget"] * 2, "value": [0, 1, 1, 0.5]}),
        ax,
    ),
    "critical_difference": lambda ax: skill.critical_difference(
        pd.DataFrame({"model": ["A", "B", "C"], "rank": [1, 2, 2.5]}), ax, difference=1.2
    ),
    "context_curve": lambda ax: data.context_curve(
        pd.DataFrame({"model": "A", "context": [0, 1, 2], "score": [2, 1.5, 1.4], "low": 1, "high": 2}), ax
    ),
    "lag_profile": lambda ax: data.lag_profile(
        pd.DataFrame({"lag": [-1, 1, 2], "information": [0.1, 0.3, 0.0], "band": 0.05}), ax
    ),
    "calibration": lambda ax: data.calibration(
        pd.DataFrame({"model": "A", "confidence": [0.5, 0.9], "accuracy": [0.4, 0.95], "count": [3, 9]}), ax
    ),
    "class_scores": lambda ax: data.class_scores(
        pd.DataFrame({"model": "A", "label": ["10", "9"], "f1": [0.4, 0.9], "support": [3, 9]}), ax
    ),
    "influence_by_lag": lambda ax: data.influence_by_lag(
        pd.DataFrame({"model": "A", "lag": [0, 1], "influence": [0.4, 0.1]}), ax
    ),
}


@pytest.mark.parametrize("name", FRAMES)
def test_every_figure_draws_into_given_axes_with_labels(name):
    with style.look():
        figure, ax = plt.subplots(layout="constrained")
    found = FRAMES[name](ax)
    figure.canvas.draw()
    assert isinstance(found, Axes)
    assert found is ax
    assert ax.get_xlabel()
    assert ax.has_data()


def test_the_users_settings_come_back():
    before = dict(mpl.rcParams)
    skill.skill_by_distance(skills())
    assert dict(mpl.rcParams) == before


def test_no_line_leads_from_looking_ahead_to_looking_back():
    frame = pd.DataFrame({"model": "a", "distance": [-4, -2, 2, 4], "skill": [0.1, 0.2, 0.3, 0.4]})
    frame = frame.assign(
        low=frame["skill"] - 0.1, high=frame["skill"] + 0.1, family="f", variant="v", capacity=1
    )
    ax = skill.skill_by_distance(frame, label_lines=False)
    x, y = next(line for line in ax.lines if len(line.get_xdata()) == 5).get_xydata().T
    assert np.isnan(x).tolist() == [False, False, True, False, False]
    assert y[~np.isnan(x)].tolist() == [0.1, 0.2, 0.3, 0.4]


def test_what_never_happened_is_white_in_a_confusion_matrix():
    frame = pd.DataFrame({"true": ["a", "b"], "predicted": ["a", "b"], "count": [3, 4]})
    cells = data.confusion(frame).collections[0].get_array()
    assert np.ma.getmaskarray(cells).tolist() == [[False, True], [True, False]]


@pytest.mark.parametrize("width", [2.26, 4.1, 5.0])
def test_a_picture_has_the_dots_that_were_drawn(width):
    figure = Figure("f", "f", "", "", (Panel("", lambda ax: ax),), pd.DataFrame(), size=(width, 2.0))
    (drawn,) = svg.panels_of(figure)
    # one dot less in a row, and each is shifted against the one above
    assert drawn.picture.size == (round(width * 200), 400)


def test_points_of_a_figure_tell_their_values():
    def draw(ax):
        canvas.draw_line(ax, "chain", [1, 2, 4], [0.25, 0.5, 0.75], style.Palette([], ["f"]).style("f"))
        return ax

    figure = Figure("f", "f", "", "", (Panel("", draw),), pd.DataFrame())
    (drawn,) = svg.panels_of(figure)
    assert re.findall("<title>(.*?)</title>", drawn.svg) == [
        "chain: 1, 0.2500",
        "chain: 2, 0.5000",
        "chain: 4, 0.7500",
    ]
    places = [float(x) for x in re.findall(r'cx="([\d.]+)"', drawn.svg)]
    assert places == sorted(places)
    assert 0 < places[0] < places[-1] < 72 * figure.size[0]
