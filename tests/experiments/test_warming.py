"""What is compiled before the trials, and where."""

import os
import time
from unittest.mock import Mock

import joblib
import numpy as np
import pytest

import seqcompare
from seqcompare import MarkovChain, workers
from seqcompare.datasets import read
from seqcompare.experiments import warming
from seqcompare.experiments.compare import plan_comparison
from seqcompare.families import is_known
from seqcompare.models.hmm import lanes, recursions


@pytest.fixture
def cold(monkeypatch):
    monkeypatch.setattr(warming, "_warm", set())
    monkeypatch.setattr(warming, "_shared", set())


def kinds_of_chains():
    data = read((["abab"] * 10 + ["baab"] * 10, np.arange(20) % 2))
    planned = plan_comparison(data, "markov")
    problem = planned.source.problem()
    candidates = [x for c in planned.contestants for x in c.candidates if is_known(x.spec)]
    return [(candidate, problem, data) for candidate in candidates]


def forget():
    warming._warm.clear()


def warm_here():
    return set(warming._warm)


def named(call):
    time.sleep(0.1)  # while one is busy, another takes the next
    return os.getpid(), call()


def in_each_worker(call):
    """What it returns in each of two workers."""
    found = {}
    for _ in range(100):
        found.update(workers.parallel(2, batch_size=1)(joblib.delayed(named)(call) for _ in range(4)))
        if len(found) == 2:
            return list(found.values())
    raise AssertionError("one worker takes all calls")


@pytest.mark.usefixtures("cold")
def test_the_workers_compile_each_kind_once_between_them():
    workers.start(2)
    in_each_worker(forget)
    what = kinds_of_chains()
    warming.warm_up_all(what, 2)
    there = set().union(*in_each_worker(warm_here))
    assert not warming._warm
    assert there == warming._shared == {warming._kind(*each) for each in what}
    in_each_worker(forget)
    warming.warm_up_all(what, 2)
    assert not set().union(*in_each_worker(warm_here))


@pytest.mark.usefixtures("cold")
def test_without_workers_this_process_compiles():
    what = kinds_of_chains()
    warming.warm_up_all(what, 1)
    assert warming._warm == {warming._kind(*each) for each in what}
    assert not warming._shared


@pytest.mark.usefixtures("cold")
def test_a_single_kind_is_none_of_this_process_where_there_are_workers():
    workers.start(2)
    in_each_worker(forget)
    warming.warm_up_all(kinds_of_chains()[:1], 2)
    assert not warming._warm
    assert len(set().union(*in_each_worker(warm_here))) == 1


@pytest.mark.usefixtures("cold")
@pytest.mark.parametrize("labels", [None, np.arange(60) % 3])
def test_kernels_for_few_sequences_and_for_many_are_warm(labels, monkeypatch):
    rng = np.random.default_rng(0)
    X = [list(rng.choice(list("ab"), 40)) for _ in range(60)]
    planned = plan_comparison(read(X if labels is None else (X, labels)), "hmm")
    candidate = next(x for c in planned.contestants for x in c.candidates if x.variant == "hmm")
    many = Mock(wraps=lanes._count_all)
    few = Mock(wraps=recursions._backward_all)
    monkeypatch.setattr(lanes, "_count_all", many)
    monkeypatch.setattr(recursions, "_backward_all", few)
    warming.warm_up(candidate, planned.source.problem(), planned.source.dataset)
    assert many.called
    assert few.called


@pytest.mark.usefixtures("cold")
def test_models_of_the_users_are_left_to_workers_until_their_trials(tmp_path, monkeypatch):
    # one that kills its process would take the comparison down with it
    warmed = []
    monkeypatch.setattr(warming, "warm_up", lambda candidate, *rest: warmed.append(candidate.spec.name))
    models = {"mine": MarkovChain(order=1), "markov": None}
    X = list(np.random.default_rng(0).integers(0, 2, (12, 20)))
    run = seqcompare.compare(X, models, cv=2, out=tmp_path / "run", n_jobs=1)
    assert set(run.summary()["entry"]) == {"chance", "mine", "Markov chain"}
    assert "markov" in warmed
    assert "mine" not in warmed
    assert "MarkovChain" not in warmed
