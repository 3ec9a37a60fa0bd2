"""Running on Dask, with a client that does what distributed's does, in this process.

The real one is an extra; the same sweep was run on a local cluster of it, poisoned trial included.
"""

import sys
import types
from typing import ClassVar

import pandas as pd
import pytest
from sweep_toys import light_suite

import seqcompare
from seqcompare.results.store import COST_COLUMNS


class KilledWorkerError(Exception):
    pass


class Future:
    def __init__(self, work, run, trial, added):
        self.work, self.given, self.trial = work, (run, trial, added), trial

    def result(self):
        if self.trial.candidate.label == "poison":
            raise KilledWorkerError
        return self.work(*self.given)


class Client:
    made: ClassVar[list] = []

    def __init__(self, address=None, **options):
        self.made.append((address, options))

    def submit(self, work, run, trial, added, *, pure):
        assert not pure  # the same trial twice is two trials
        return Future(work, run, trial, added)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


@pytest.fixture
def distributed(monkeypatch):
    module = types.ModuleType("distributed")
    module.Client, module.KilledWorker = Client, KilledWorkerError
    module.as_completed = lambda futures: futures[::-1]
    monkeypatch.setitem(sys.modules, "distributed", module)
    monkeypatch.setattr(Client, "made", [])


@pytest.mark.usefixtures("distributed")
def test_the_same_rows_as_anywhere(tmp_path):
    expected = seqcompare.sweep(light_suite(), tmp_path / "here", n_jobs=1).frame()
    options = {"backend": "dask", "scheduler": "tcp://host:8786"}
    frame = seqcompare.sweep(light_suite(), tmp_path / "there", **options).frame()
    drop = list(COST_COLUMNS)
    pd.testing.assert_frame_equal(frame.drop(columns=drop), expected.drop(columns=drop), check_exact=True)
    # finished trials are not sent again
    again = seqcompare.sweep(light_suite(), tmp_path / "there", **options).frame()
    pd.testing.assert_frame_equal(again, frame)
    assert Client.made == [("tcp://host:8786", {})] * 2


@pytest.mark.usefixtures("distributed")
def test_a_trial_that_kills_its_workers_is_a_row_with_its_error(tmp_path):
    models = [{"class": "sweep_toys:Lag", "name": name} for name in ("poison", "lag")]
    suite = light_suite(models=models, distances=[2], seeds=1)
    frame = seqcompare.sweep(suite, tmp_path / "run", backend="dask", n_jobs=3).frame()
    assert frame["status"].tolist() == ["error", "ok"]
    assert frame["error"][0].startswith("the worker process died in every attempt that Dask allows")
    assert Client.made == [(None, {"n_workers": 3, "threads_per_worker": 1})]


def test_without_the_extra_the_error_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ImportError, match=r"pip install 'seqcompare\[dask\]'"):
        seqcompare.sweep(light_suite(), tmp_path / "run", backend="dask")
