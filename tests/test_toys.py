"""What a stranger adds in one file each is found everywhere: in runs, reports and on the command line."""

import importlib
import json
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from joblib.externals.loky import get_reusable_executor

import seqcompare
from seqcompare.cli import main
from seqcompare.registry import Registry

TOYS = Path(__file__).parent / "toys"
MODULES = sorted(path.stem for path in TOYS.glob("toy_*.py"))


@pytest.fixture(scope="module", autouse=True)
def toys():
    """Register all toys, and take them away again."""
    sys.path.insert(0, str(TOYS))
    # workers that are there already do not know of the folder
    get_reusable_executor().shutdown(wait=True)
    try:
        yield {name: importlib.import_module(name) for name in MODULES}
    finally:
        sys.path.remove(str(TOYS))
        for registry in Registry.every.values():
            for name in registry.added():
                registry.unregister(name)
        for name in MODULES:
            sys.modules.pop(name, None)


def data():
    rng = np.random.default_rng(0)
    X = [rng.integers(2, size=12) for _ in range(40)]
    return X, [np.roll(x, 2) for x in X]


SIZES = {"n_train": 60, "n_validation": 20, "n_test": 40, "epochs": 2, "max_seconds": 60, "seeds": 1}


@pytest.fixture(scope="module")
def run(toys, tmp_path_factory):
    suite = {
        "title": "Toys",
        "distances": [1, 3],
        "tasks": [{"name": "Opposite"}],
        "models": [{"variant": "parrot"}, {"variant": "toycell", "sizes": [8]}, {"variant": "markov"}],
        **SIZES,
    }
    found = seqcompare.sweep(suite, tmp_path_factory.mktemp("sweep") / "run", n_jobs=2)
    found.report()
    return found


@pytest.fixture(scope="module")
def comparison(toys, tmp_path_factory):
    folder = tmp_path_factory.mktemp("compare") / "run"
    found = seqcompare.compare(
        data(), ["toys", "toycell", "markov"], cv=2, metric="variety", out=folder, n_jobs=2
    )
    found.report()
    return found


def test_a_family_is_swept_with_its_grid_its_theory_and_its_capacity(run):
    rows = run.frame()
    mine = rows[rows["family"] == "toys"]
    assert (rows["status"] == "ok").all(), rows["error"].unique()
    assert sorted(mine["model"].unique()) == ["Parrot 1", "Parrot 2", "Parrot 4"]
    assert mine["capacity"].unique().tolist() == [1, 2, 4]
    # what is d steps back is among the last d + 1
    says = {(r.capacity, r.distance): r.can_represent for r in mine.itertuples()}
    assert says == {(k, d): d < k for k in (1, 2, 4) for d in (1, 3)}
    assert mine[mine["capacity"] > mine["distance"]]["skill"].min() > 0.9


def test_a_cell_is_swept_and_theory_says_that_it_knows_nothing(run):
    rows = run.frame()
    mine = rows[rows["variant"] == "toycell"]
    assert set(mine["family"]) == {"recurrent"}
    assert set(mine["model"]) == {"Toy cell 8"}
    assert mine["can_represent"].tolist() == [None, None]


def test_a_task_is_swept(run):
    assert set(run.frame()["task"]) == {"Opposite"}
    assert "Opposite" in (run.folder / "report.html").read_text(encoding="utf-8")


def test_the_page_of_a_sweep_shows_the_family_in_its_legend_and_map(run):
    page = (run.folder / "report.html").read_text(encoding="utf-8")
    assert "Toy family" in page
    assert "Parrot" in page
    families = {family["name"]: family for family in run.config["families"]}
    assert families["toys"]["colour"] == "#7B4FA3"


def test_a_family_competes_with_its_grid_and_its_limited_context(comparison):
    rows = comparison.frame()
    assert (rows["status"] == "ok").all(), rows["error"].unique()
    assert {"Toy family", "Toy cell", "Markov chain"} <= set(comparison.summary()["entry"])
    mine = rows[rows["entry"] == "Toy family"]
    assert set(mine[mine["axis"] == "tuning"]["model"]) == {"Parrot 1", "Parrot 2", "Parrot 4"}
    assert set(mine[mine["axis"] == "test"]["model"]) == {"Parrot 4"}
    curves = comparison.contexts()
    of_toys = curves[curves["entry"] == "Toy family"]
    if len(of_toys):
        assert set(of_toys["control"]) == {"limited"}
        assert of_toys["context"].max() == 4


def test_the_page_of_a_comparison_shows_the_family_and_the_metric(comparison):
    page = (comparison.folder / "report.html").read_text(encoding="utf-8")
    assert "Toy family" in page
    assert "variety" in page
    assert comparison.summary().set_index("entry").loc["Toy family", "variety"] == 2


@pytest.mark.parametrize("name", ["run", "comparison"])
def test_a_figure_is_drawn_and_its_numbers_are_kept(name, request):
    folder = request.getfixturevalue(name).folder
    assert "Trials of each model" in (folder / "report.html").read_text(encoding="utf-8")
    assert list((folder / "figures").glob("toy_trials*.svg"))
    assert list((folder / "tables").glob("*toy_trials*.csv")) or list(
        (folder / "figures").glob("toy_trials*.csv")
    )


def test_a_winner_of_ones_own_is_saved_with_a_snippet_that_works(tmp_path):
    from toy_family import PARROT

    found = seqcompare.compare(data(), [PARROT], cv=2, out=tmp_path / "run", n_jobs=1)
    assert found.verdict().entry == "Parrot"
    assert found.verdict().family == "toys"
    snippet = tmp_path / "run" / "use_model.py"
    assert "trusted=['toy_family.Parrot']" in snippet.read_text(encoding="utf-8")
    assert type(runpy.run_path(str(snippet))["model"]).__name__ == "Parrot"


def test_a_claim_is_listed_and_put_to_the_test(tmp_path):
    from seqcompare.claims import CLAIMS, check_claims

    assert "toy-reach" in CLAIMS
    checked = check_claims(["toy-reach"], tmp_path, n_jobs=1)
    assert checked.outcomes["outcome"].tolist() == ["holds"]


def command(*arguments, cwd, path=()):
    return subprocess.run(
        [sys.executable, "-c", "from seqcompare.cli import main; main()", *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([*map(str, path), *sys.path])},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_file_format_is_read_in_python_and_on_the_command_line(tmp_path):
    (tmp_path / "words.toy").write_text("up:abab\ndown:baba\n" * 10)
    found = seqcompare.datasets.read(tmp_path / "words.toy")
    assert (len(found), found.role, set(found.y)) == (20, "sequence", {"up", "down"})
    done = command("--import", "toy_reader", "profile", "words.toy", "--json", cwd=tmp_path, path=[TOYS])
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["role"] == "sequence"


def test_the_command_line_knows_what_a_module_registers():
    found = command("--import", "toy_family", "--import", "toy_cell", "list", "models", "--json", cwd=TOYS)
    assert found.returncode == 0, found.stderr
    assert {"parrot", "toycell"} <= {model["variant"] for model in json.loads(found.stdout)}


def test_the_command_line_takes_a_class_by_its_path(tmp_path, monkeypatch, capsys):
    X, y = data()
    steps = [(i, t, X[i][t], y[i][t]) for i in range(len(X)) for t in range(len(X[i]))]
    rows = [",".join(map(str, step)) for step in steps]
    (tmp_path / "bits.csv").write_text("sequence,step,bit,target\n" + "\n".join(rows) + "\n")
    found = command(
        *("compare", "bits.csv", "--model", "toy_family:Parrot", "--metric", "toy_metric:VARIETY"),
        *("--cv", "2", "--jobs", "1", "--out", "run", "--json"),
        cwd=tmp_path,
        path=[TOYS],
    )
    assert found.returncode == 0, found.stderr
    assert set(seqcompare.experiments.compare.Comparison(tmp_path / "run").summary()["entry"]) == {
        "chance",
        "Parrot",
    }
    sweep = "sweep quick --model toy_family:Parrot --task toy_task:Opposite --dry-run --json"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["seqcompare", *sweep.split()])
    with pytest.raises(SystemExit) as ended:
        main()
    swept = capsys.readouterr()
    assert ended.value.code == 0, swept.err
    assert "Parrot" in swept.out


LISTED = """
import sys
from seqcompare.cli import main
for what in ("models", "tasks"):
    sys.argv = ["seqcompare", "list", what, "--json"]
    try:
        main()
    except SystemExit as ended:
        assert not ended.code
    print("|")
from seqcompare.claims import CLAIMS
from seqcompare.data.readers import READERS
from seqcompare.metrics import METRICS
from seqcompare.report.figures import FIGURES
print("variety" in METRICS, "toy-reach" in CLAIMS, "toy" in READERS, "toy_trials" in FIGURES)
"""


def test_an_installed_package_is_found_by_its_entry_points(tmp_path):
    info = tmp_path / "toypackage-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toypackage\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[seqcompare.families]\ntoys = toypackage.toy_family:FAMILY\n"
        "[seqcompare.cells]\ntoycell = toypackage.toy_cell:TOY_CELL\n"
        "[seqcompare.tasks]\nopposite = toypackage.toy_task:Opposite\n"
        "[seqcompare.metrics]\nvariety = toypackage.toy_metric:VARIETY\n"
        "[seqcompare.readers]\ntoy = toypackage.toy_reader:TOY_READER\n"
        "[seqcompare.figures]\ntrials = toypackage.toy_figure:TOY_FIGURE\n"
        "[seqcompare.claims]\nreach = toypackage.toy_claim:TOY_CLAIM\n"
    )
    package = tmp_path / "toypackage"
    package.mkdir()
    (package / "__init__.py").write_text("")
    for name in MODULES:
        source = (TOYS / f"{name}.py").read_text(encoding="utf-8")
        # an entry point registers what it names
        source = re.sub(r"^(register\w*\(.*\)|@register_task)\n", "", source, flags=re.MULTILINE)
        (package / f"{name}.py").write_text(source, encoding="utf-8")
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
    command = [sys.executable, "-c", LISTED]
    done = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    models, tasks, registries = done.stdout.split("|")
    assert {"parrot", "toycell"} <= {model["variant"] for model in json.loads(models)}
    assert "Opposite" in tasks
    assert registries.split() == ["True"] * 4
