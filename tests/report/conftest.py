import pytest
from hostile import HOSTILE
from invented import MODELS, TASKS, hostile_rows, trial_rows, write_run

from seqcompare.report.page import write_report


@pytest.fixture(scope="session")
def report_folder(tmp_path_factory):
    """A run of four families on two tasks, with its report."""
    models = [m for m in MODELS if m[0] not in {"Markov 4", "HMM 8", "Logistic 4", "GRU 32"}]
    folder = tmp_path_factory.mktemp("runs") / "invented"
    write_run(folder, trial_rows(models, TASKS[1:3], (2, 8, 32), seeds=2))
    write_report(folder)
    return folder


@pytest.fixture(scope="session")
def small_folder(tmp_path_factory):
    """A run of two models on one task, with its report: few cells for an audit to look at."""
    folder = tmp_path_factory.mktemp("runs") / "small"
    write_run(folder, trial_rows([MODELS[0], MODELS[-2]], TASKS[:1], (2, 32), seeds=2))
    write_report(folder)
    return folder


@pytest.fixture(scope="session")
def hostile_folder(tmp_path_factory):
    """A run full of hostile names, with its report."""
    folder = tmp_path_factory.mktemp("runs") / "hostile"
    config = {
        "kind": "sweep",
        "title": HOSTILE[0],
        "settings": {name: {name: [name]} for name in HOSTILE},
        "versions": {name: name for name in HOSTILE},
        "machine": {name: name for name in HOSTILE},
    }
    write_run(folder, hostile_rows(), config)
    write_report(folder)
    return folder
