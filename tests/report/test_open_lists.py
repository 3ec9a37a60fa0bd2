"""Families, metrics and figures that nobody has heard of, in the reports of sweeps and comparisons."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from described import FAMILIES
from invented import CONFIG, MODELS, TASKS, trial_rows, write_run

from seqcompare import style
from seqcompare.metrics import METRICS, Metric
from seqcompare.report.figures import FIGURES, FigureSpec, register_figure
from seqcompare.report.page import write_report, write_side_by_side
from seqcompare.report.plots import plot_horizons, plot_skill

GOLDEN = Path(__file__).parents[1] / "golden"
SEER = ("Smoke 3", "oracles", "smoke", 3, "pipes", 20)
STRANGER = ("stranger", "nobody's", "", 1, "size", 5)


def comparison(folder, name="compare-step", **config):
    """Copy a stored comparison, with what a run of today has written down."""
    folder.mkdir(parents=True)
    shutil.copy(GOLDEN / name / "store.sqlite", folder)
    known = json.loads((GOLDEN / name / "config.json").read_text(encoding="utf-8"))
    known |= {"families": FAMILIES, "metrics": {n: m.describe() for n, m in METRICS.items()}} | config
    (folder / "config.json").write_text(json.dumps(known), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def open_folder(tmp_path_factory):
    """A sweep with a family that somebody made up, and one that nobody described."""
    models = [MODELS[0], MODELS[-2], SEER, STRANGER]
    folder = tmp_path_factory.mktemp("runs") / "open"
    write_run(folder, trial_rows(models, TASKS[:1], (2, 32), seeds=1))
    write_report(folder)
    return folder


def test_a_family_of_ones_own_has_its_title_in_legend_answer_and_headings(open_folder):
    text = (open_folder / "report.html").read_text(encoding="utf-8")
    assert "Oracle at Delphi: the best model" in text
    assert "Oracle at Delphi: every model" in text
    assert re.search(r'class="chip".{0,900}?Oracle at Delphi</button>', text)
    assert "nobody's: every model" in text.replace("&#39;", "'")
    # the map names kinds of models
    kinds = pd.read_csv(open_folder / "figures/skill_map.csv")["kind of model"]
    assert set(kinds) == {"Markov chain", "LSTM", "Smoke", "nobody's"}


def test_every_family_has_a_colour_that_changes_with_the_page(open_folder):
    text = (open_folder / "report.html").read_text(encoding="utf-8")
    palette = style.Palette(FAMILIES, ["nobody's"])
    for family in ("oracles", "nobody's", "recurrent"):
        color = palette[family].color
        (name,) = set(re.findall(rf"var\(--([\w-]+),{color}\)", text))
        light, dark = re.findall(rf"--{name}:(#[0-9a-f]{{6}});", text)[:2]
        assert light == color
        assert dark != color


def test_plots_by_hand_take_the_looks_of_the_run(open_folder):
    rows = pd.DataFrame([row for row, _ in trial_rows([SEER, MODELS[0]], TASKS[:1], (2, 32), 1)])
    for plot in (plot_skill, plot_horizons):
        colors = {line.get_color() for line in plot(rows, config=CONFIG).lines}
        assert {"#8e2bb0", "#0072b2"} <= colors


def test_runs_side_by_side_draw_a_family_alike(open_folder, tmp_path):
    other = write_run(tmp_path / "other", trial_rows([SEER], TASKS[:1], (2, 32), seeds=1))
    page = write_side_by_side([open_folder, other], tmp_path / "both")
    text = page.read_text(encoding="utf-8")
    for run in ("open", "other"):
        assert f"Oracle at Delphi, {run}" in text
    first = comparison(tmp_path / "one")
    second = comparison(tmp_path / "two")
    assert write_side_by_side([first, second], tmp_path / "pair").is_file()


@pytest.fixture
def toy_figure():
    """A figure as somebody would register it from a file of their own."""

    def data(view):
        return view.run.frame().groupby(["family", "model"], as_index=False)["fit_seconds"].sum()

    def draw(frame, ax, view):
        for place, row in enumerate(frame.itertuples()):
            ax.bar(place, row.fit_seconds, color=view.palette.style(row.family).color)

    figure = FigureSpec.of("time_spent", "Time spent in all", draw, data, caption="Seconds.", by="family")
    yield register_figure(figure)
    FIGURES.unregister("time_spent")


def test_a_figure_from_outside_stands_in_the_pages_of_both_kinds_of_runs(toy_figure, tmp_path):
    sweep = write_run(tmp_path / "sweep", trial_rows([MODELS[0], SEER], TASKS[:1], (2,), seeds=1))
    for folder in (sweep, comparison(tmp_path / "comparison")):
        text = write_report(folder).read_text(encoding="utf-8")
        assert '<section id="further"' in text
        assert "Time spent in all" in text
        for form in ("svg", "png", "csv"):
            assert (folder / "figures" / f"time_spent.{form}").stat().st_size > 50
        table = pd.read_csv(folder / "figures/time_spent.csv")
        assert list(table.columns) == ["family", "model", "fit_seconds"]
        assert "time_spent.svg" in (folder / "report.md").read_text(encoding="utf-8")


def test_a_figure_stands_where_it_says(tmp_path):
    def none(view):
        return pd.DataFrame()

    def some(view):
        return view.run.frame()[["model"]]

    def draw(frame, ax, view):
        ax.plot([0, 1])

    folder = write_run(tmp_path / "sweep", trial_rows([MODELS[0]], TASKS[:1], (2,), seeds=1))
    mine = [
        FigureSpec.of("there", "There", draw, some, section="cost"),
        FigureSpec.of("nowhere", "Nowhere", draw, some, kinds=("comparison",)),
        FigureSpec.of("empty", "Empty", draw, none),
        FigureSpec.of("lost", "Lost", draw, some, section="no such section"),
    ]
    for figure in mine:
        register_figure(figure)
    try:
        text = write_report(folder).read_text(encoding="utf-8")
    finally:
        for figure in mine:
            FIGURES.unregister(figure.name)
    assert text.index('id="cost"') < text.index('id="f-there"') < text.index('id="f-lost"')
    assert 'id="f-nowhere"' not in text
    assert 'id="f-empty"' not in text
    assert text.count('id="f-there"') == text.count('id="f-lost"') == 1


@pytest.mark.parametrize("kind", ["sweep", "comparison"])
@pytest.mark.parametrize("section", ["", "verdict", "cost"])
@pytest.mark.parametrize("where", ["data", "draw"])
def test_a_report_is_written_without_a_figure_that_fails(where, section, kind, tmp_path):
    def data(view):
        return view.run.frame()[["no such column" if where == "data" else "model"]]

    def draw(frame, ax, view):
        raise ValueError("cannot\ndraw this")

    folder = tmp_path / "run"
    if kind == "sweep":
        write_run(folder, trial_rows([MODELS[0]], TASKS[:1], (2,), seeds=1))
    else:
        comparison(folder)
    (folder / "figures").mkdir(exist_ok=True)
    (folder / "figures" / "broken.svg").write_text("of an earlier report, when it could be drawn")
    register_figure(FigureSpec.of("broken", "Broken", draw, data, section=section))
    try:
        with pytest.warns(RuntimeWarning, match="report is without the figure broken, which failed") as told:
            text = write_report(folder).read_text(encoding="utf-8")
    finally:
        FIGURES.unregister("broken")
    words = "None of [Index" if where == "data" else "ValueError: cannot draw this"
    assert words in str(told[0].message)
    assert len(told) == 1
    for page in (text, (folder / "report.md").read_text(encoding="utf-8")):
        assert page.count("The report is without the figure broken, which failed:") == 1
    assert 'id="f-broken"' not in text
    assert 'id="f-skill_by_distance"' in text or kind == "comparison"
    assert not list((folder / "figures").glob("broken*"))


def test_a_figure_of_the_package_that_fails_is_a_fault_of_ours(tmp_path, monkeypatch):
    def fail(view):
        raise KeyError("no such column")

    folder = write_run(tmp_path / "sweep", trial_rows([MODELS[0]], TASKS[:1], (2,), seeds=1))
    register_figure(FigureSpec("failing", ("sweep",), fail, section="cost"))
    try:
        with monkeypatch.context() as patched:
            patched.delitem(FIGURES._added, "failing")
            with pytest.raises(KeyError):
                write_report(folder)
    finally:
        FIGURES.unregister("failing")


def test_a_figure_cannot_take_the_files_of_another(tmp_path):
    def some(view):
        return view.run.frame()[["model"]]

    folder = write_run(tmp_path / "sweep", trial_rows([MODELS[0]], TASKS[:1], (2,), seeds=1))
    with pytest.raises(ValueError, match="there is a figure 'skill_map' already"):
        register_figure(FigureSpec.of("skill_map", "Mine", some, some))
    register_figure(FigureSpec.of("skill_markov", "Mine", lambda frame, ax, view: ax.plot([1, 2]), some))
    try:
        with pytest.raises(ValueError, match="two figures are called 'skill_markov'"):
            write_report(folder)
    finally:
        FIGURES.unregister("skill_markov")


def test_axes_and_directions_are_those_of_the_metric_that_the_run_describes(tmp_path):
    own = Metric("accuracy", "points", False, words="{value:.3f} points", title="penalty")
    folder = comparison(tmp_path / "run", metrics={"accuracy": own.describe()})
    text = write_report(folder).read_text(encoding="utf-8")
    assert "Scores (points (less is better)) with intervals" in text
    assert "Down is better, left is cheaper" in text
    assert "The loss (points) of every" in text


REDRAW = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("sklearn", "hmmlearn", "numba") or name.startswith("seqcompare.models"):
            raise ImportError(f"{name} is blocked")

sys.meta_path.insert(0, Blocked())
from seqcompare.report.page import write_report
for folder in sys.argv[1:]:
    write_report(folder)
print(sorted(m for m in sys.modules if m.startswith(("seqcompare.models", "sklearn", "hmmlearn"))))
"""


def test_a_run_is_redrawn_with_no_model_importable(tmp_path):
    rows = trial_rows([MODELS[0], SEER], TASKS[:1], (2, 8), seeds=2)
    # before families were written down
    before = {key: value for key, value in CONFIG.items() if key != "families"}
    folders = [
        write_run(tmp_path / "sweep", rows, CONFIG),
        write_run(tmp_path / "old sweep", rows, before),
        comparison(tmp_path / "comparison"),
    ]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", REDRAW, *map(str, folders)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.strip() == "[]"
    assert all((folder / "report.html").is_file() for folder in folders)


QUOTED = re.compile(
    r"""["'](markov|hmm|window|recurrent|reference|lstm|bilstm|gru|elman|jordan|exact|hmm-sticky|ridge"""
    r"""|logistic|logistic-centred|linear-svm|rbf-svm|mlp|yours)["']"""
)


def test_no_family_or_model_is_named_in_reports_and_style():
    package = Path(style.__file__).parent
    files = [*sorted((package / "report").rglob("*.py")), package / "style.py"]
    found = [(path.name, name) for path in files for name in QUOTED.findall(path.read_text(encoding="utf-8"))]
    assert found == []
