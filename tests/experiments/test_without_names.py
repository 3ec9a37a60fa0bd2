"""A folder that may hold no names holds none."""

import numpy as np
import pandas as pd

from seqcompare import MarkovTagger, compare, datasets

PATIENTS, WARDS = "patient-qzx", "ward-qzx"


def visits():
    rng = np.random.default_rng(0)
    rows = [
        (f"{PATIENTS}{i}", f"{WARDS}{i // 2}", day, mood, "yes" if mood == "a" else "no")
        for i in range(16)
        for day, mood in enumerate(rng.choice(list("ab"), 8))
    ]
    return pd.DataFrame(rows, columns=["patient", "ward", "day", "mood", "out"])


def test_sequences_and_groups_are_numbered(tmp_path):
    visits().to_csv(tmp_path / "visits.csv", index=False)
    reading = {"sequence": "patient", "order": "day", "group": "ward", "target": "out"}
    how = {"models": {"mine": MarkovTagger(1)}, "cv": 2, "n_jobs": 1, **reading}
    named = compare(tmp_path / "visits.csv", out=tmp_path / "named", **how)
    found = compare(tmp_path / "visits.csv", out=tmp_path / "run", ids=False, **how)
    found.report()
    files = [path for path in (tmp_path / "run").rglob("*") if path.is_file()]
    assert len(files) > 10
    assert not [path for path in files if b"-qzx" in path.read_bytes()]
    pd.testing.assert_series_equal(found.summary()["score"], named.summary()["score"])
    # what is asked of it later is called as its own data call it
    assert found.predict(tmp_path / "visits.csv")["sequence"][0] == f"{PATIENTS}0"


def test_without_names_groups_stay_groups(tmp_path):
    data = datasets.read(visits(), sequence="patient", order="day", group="ward", target="out")
    bare = data.without_names()
    assert bare.ids is None
    np.testing.assert_array_equal(bare.groups[:, None] == bare.groups, data.groups[:, None] == data.groups)
    assert bare.groups.dtype.kind == "i"
    assert data.take([0]).without_names().groups.tolist() == [0]
