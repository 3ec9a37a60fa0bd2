"""The same seeds give the same numbers as commit c306f21 gave, run anew."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import runs

import seqcompare
from seqcompare.results.comparison import StoredComparison
from seqcompare.results.folder import StoredRun

HERE = Path(__file__).parent
MEASURED = [
    "score",
    "validation_score",
    "skill",
    "score_error",
    "n_parameters",
    "n_iter",
    "chance",
    "optimal",
]


def made_anew(name, folder):
    """Make a run anew with the kernels of linear algebra of one kind of processor, whatever is here.

    On each kind OpenBLAS adds up in another order, and training makes much of the last bits.
    """
    environment = {**os.environ, "OPENBLAS_CORETYPE": "Haswell"}
    subprocess.run([sys.executable, str(HERE / "runs.py"), str(folder), name], check=True, env=environment)


def test_a_sweep_gives_the_same_table(tmp_path):
    made_anew("sweep", tmp_path)
    old, new = (StoredRun(folder / "sweep").frame() for folder in (HERE, tmp_path))
    old = runs.renamed(old, "")
    assert new["model"].tolist() == old["model"].tolist()
    old, new = (table[table["family"] != TRAINED_ANEW] for table in (old, new))
    for column in (*MEASURED, "distance", "causal", "can_represent", "stop", "status", "error"):
        pd.testing.assert_series_equal(new[column], old[column], rtol=1e-9)


#: Labels are judged by their bits now, so that other candidates may be chosen, and the scores are others: of
#: what was fitted then and now the share of right answers is the same.
BY_LABELS = ("step", "sequence", "sequence-real")
#: How candidates are called that came later.
LATER = ("CRF", "frequencies by", "levels by")
#: Networks squash by another function of the same precision now, and stop where their classes are nearly
#: certain: they are held to PyTorch (tests/models/recurrent), not to what they came to then.
TRAINED_ANEW = "recurrent"
#: How much what solvers end at (support vectors) differs between kinds of processors: 7.5e-8 of
#: itself was seen.
ANOTHER_KIND = 1e-6
SCORES = {"score", "validation_score", "chance", "skill", "score_error"}


@pytest.mark.parametrize("role", runs.ROLES)
def test_a_comparison_gives_the_same_table(role, tmp_path):
    made_anew(role, tmp_path)
    old, new = (StoredComparison(folder / f"compare-{role}").frame() for folder in (HERE, tmp_path))
    old = runs.renamed(old, role)
    new = new[~new["model"].str.startswith(LATER)]
    keys = ["axis", "entry", "model", "seed"]
    both = old.merge(new, on=keys, suffixes=("", "_new"), how="inner", validate="one_to_one")
    # every candidate is tuned as then; which is tested another rule decides: one standard error
    for table in (old, new):
        assert (table["axis"] == "tuning").sum() == (both["axis"] == "tuning").sum()
    assert (both["axis"] == "test").sum() >= 3
    measured = [m for m in MEASURED if not (role in BY_LABELS and m in SCORES)]
    for column in [*measured, *(["accuracy", "bits"] if role in BY_LABELS else []), "causal", "status"]:
        np.testing.assert_array_equal(both[column].isna(), both[f"{column}_new"].isna())
        known = both[both[column].notna()]
        if known[column].dtype.kind == "f":
            known = known[known["family"] != TRAINED_ANEW]
            for iterated, rtol in ((True, ANOTHER_KIND), (False, 1e-9)):
                mine = known[(known["family"] == "window") == iterated]
                np.testing.assert_allclose(mine[f"{column}_new"], mine[column], rtol=rtol, atol=1e-12)
        else:
            assert known[f"{column}_new"].tolist() == known[column].tolist()


@pytest.mark.filterwarnings("ignore:EM stopped")
@pytest.mark.parametrize("name", runs.SAVED)
def test_a_saved_model_is_read_and_says_the_same(name):
    model, again = seqcompare.load(HERE / "models" / f"{name}.skops"), runs.model(name)
    X = runs.data("next")
    # what was saved is read as it is, and weights of 32 bits are trained anew in other steps
    rtol = 1e-6 if name == "gru" else 1e-9
    np.testing.assert_allclose(model.score_samples(X), again.score_samples(X), rtol=rtol)
