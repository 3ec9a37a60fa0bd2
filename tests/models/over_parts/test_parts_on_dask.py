"""The workers of a cluster read the parts, and come to the very numbers that one process comes to."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from seqcompare import (
    HMM,
    Autoregression,
    ContextTree,
    MarkovChain,
    NextStep,
    WindowTagger,
    datasets,
    fit_parts,
    profile,
)
from seqcompare.dependence import profiling
from seqcompare.models.over_parts import contexts

distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def client():
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.mark.parametrize(
    ("model", "column"),
    [
        (MarkovChain(order=2), "page"),
        (Autoregression(order=2), "speed"),
        (HMM(2, max_iter=5), "page"),
        (NextStep(WindowTagger(before=1)), "page"),
    ],
)
def test_a_cluster_comes_to_the_same_numbers(tmp_path, client, model, column):
    rng = np.random.default_rng(0)
    for i in range(5):
        ids = np.repeat(np.arange(20) + 20 * i, 30)
        rows = {"id": ids, "page": rng.choice(list("abc"), 600), "speed": rng.normal(size=600)}
        pd.DataFrame(rows).to_parquet(tmp_path / f"{i}.parquet")
    parts = datasets.read_parts(
        tmp_path, sequence="id", values=column, order=False, target=False, n_steps=500
    )
    model.set_params(**({"random_state": 0} if isinstance(model, HMM) else {}))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        here, there = fit_parts(clone(model), parts), fit_parts(clone(model), parts, client=client)
    X = parts[0].X
    np.testing.assert_array_equal(there.score_samples(X), here.score_samples(X))


def test_a_tree_is_counted_by_a_cluster(client, monkeypatch):
    # which contexts may be split is chosen here, and sent
    monkeypatch.setattr(contexts, "SAMPLE", 300)
    rng = np.random.default_rng(2)
    X = [rng.integers(0, 3, 30) for _ in range(40)]
    parts = [X[:10], X[10:15], X[15:]]
    here, there = (fit_parts(ContextTree(3), parts, client=c) for c in (None, client))
    np.testing.assert_array_equal(there.score_samples(X), here.score_samples(X))


def test_a_cluster_draws_what_is_profiled(tmp_path, client, monkeypatch):
    monkeypatch.setattr(profiling, "_SAMPLE", 2_000)
    rng = np.random.default_rng(3)
    for i in range(4):
        pages = rng.choice(list("abc"), 1200)
        pages[2:] = np.where(rng.random(1198) < 0.9, pages[:-2], pages[2:])
        rows = {"id": np.repeat(np.arange(20) + 20 * i, 60), "page": pages}
        pd.DataFrame(rows).to_parquet(tmp_path / f"{i}.parquet")
    parts = datasets.read_parts(
        tmp_path, sequence="id", values="page", order=False, target=False, n_steps=900
    )
    here, there = (profile(parts, client=c) for c in (None, client))
    assert len(parts) > 1
    assert "drawn at random" in " ".join(there.notes)
    pd.testing.assert_frame_equal(there.lags, here.lags)
    assert there.facts() == here.facts()
    drawn = [datasets.sample_parts(parts, 500, client=c).X for c in (None, client)]
    np.testing.assert_array_equal(drawn[1].values, drawn[0].values)


def test_a_client_is_for_parts(client):
    with pytest.raises(ValueError, match=r"a client reads parts \(seqcompare.datasets.read_parts\).*list"):
        profile(["abab", "abba"], client=client)


def test_parts_in_memory_are_shipped(client):
    rng = np.random.default_rng(1)
    X = [rng.integers(0, 3, 30) for _ in range(12)]
    chain = fit_parts(MarkovChain(order=1), [X[:5], X[5:6], X[6:]], client=client)
    np.testing.assert_allclose(chain.transition_matrix_, MarkovChain(order=1).fit(X).transition_matrix_)
