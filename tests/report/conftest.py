from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from browsing import ARGUMENTS, CHROMIUM
from hostile import HOSTILE
from invented import MODELS, TASKS, hostile_rows, trial_rows, write_run
from playwright.sync_api import Browser, sync_playwright
from sklearn.dummy import DummyClassifier

import seqcompare.models
from seqcompare import BayesClassifier, MarkovChain, SequenceDataset
from seqcompare.data.sequences import Sequences
from seqcompare.report.page import write_report

# what a name would do in a file of Python
WINNER = '"""\nopen("hacked", "w")\n""" '


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    assert Path(CHROMIUM).exists(), "these tests need chromium: apt-get install chromium"
    with sync_playwright() as playwright:
        # a new, empty profile is made for every start
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


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
        # two of the families say how they look, and lie
        "families": [
            {
                "name": name,
                "title": title,
                "colour": title,
                "marker": title,
                "models": [{"name": name, "title": title}],
            }
            for name, title in zip(HOSTILE[:2], HOSTILE[3:5], strict=True)
        ],
        "settings": {name: {name: [name]} for name in HOSTILE},
        "versions": {name: name for name in HOSTILE},
        "machine": {name: name for name in HOSTILE},
    }
    write_run(folder, hostile_rows(), config)
    write_report(folder)
    return folder


@pytest.fixture(scope="session")
def hostile_comparison(tmp_path_factory):
    """A comparison whose data set, symbols, classes, groups and contestants have hostile names."""
    rng = np.random.default_rng(0)
    kinds = np.repeat(np.arange(len(HOSTILE)), 3)
    names = np.array(HOSTILE, dtype=object)
    dataset = SequenceDataset(
        Sequences([names[(kind + rng.integers(0, 2, 3)) % len(HOSTILE)] for kind in kinds]),
        names[kinds],
        None,
        "sequence",
        HOSTILE[0],
        groups=names[np.arange(len(kinds)) % len(HOSTILE)],
    )
    models = {name: DummyClassifier() for name in HOSTILE[1:]}
    models |= {WINNER + HOSTILE[0]: BayesClassifier(MarkovChain(order=0))}
    folder = tmp_path_factory.mktemp("runs") / "hostile-comparison"
    seqcompare.compare(dataset, models, cv=2, out=folder, n_jobs=1).report()
    return folder


@pytest.fixture(scope="session")
def hostile_file(tmp_path_factory):
    """A comparison of a file with a hostile name, hostile columns and hostile cells."""
    folder = tmp_path_factory.mktemp("runs")
    # a zero byte makes a file no text, and symbols that are texts are refused
    names = [name.replace("\0", "")[:1000] for name in HOSTILE]
    who, when, what, label, site = names[0], names[8], names[9], names[6], names[18]
    rows = [
        (f"{names[i % 20]} {i}", t, names[(i + t) % 3], names[8 + (i + t) % 2], names[i % 20])
        for i in range(24)
        for t in range(5)
    ]
    path = Path(folder, "<svg onload=alert(7)> {{ 7 * 7 }} =1+1 \u202e'\".csv")
    pd.DataFrame(rows, columns=[who, when, what, label, site]).to_csv(path, index=False)
    columns = {"sequence": who, "order": when, "values": [what], "target": label, "group": site}
    run = seqcompare.compare(path, ["markov"], cv=2, out=folder / "run", n_jobs=1, **columns)
    run.report()
    return run.folder
