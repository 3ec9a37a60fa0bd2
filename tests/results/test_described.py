"""What a run says of its families and metrics."""

import json

import pytest

from seqcompare.families import ModelSpec, own_family
from seqcompare.metrics import METRICS, Metric
from seqcompare.registry import Registry
from seqcompare.results import described
from seqcompare.results.described import families_of, metric_of, metrics_of


def test_families_that_were_written_down_are_those_of_the_run():
    mine = own_family("mine", [ModelSpec("mine", "Mine", object)], 0).describe()
    config = json.loads(json.dumps({"families": [mine]}))
    assert families_of(config) == [mine]
    assert mine["models"] == [{"name": "mine", "title": "Mine"}]


def test_a_run_of_before_has_the_registered_families(monkeypatch):
    registered = Registry("family", lambda: [own_family("mine", [], 0)], "seqcompare.tests")
    monkeypatch.setattr(described, "FAMILIES", registered)
    assert [family["name"] for family in families_of({})] == ["mine"]


def test_a_metric_comes_back_as_it_was_described():
    metric = Metric("hits", "%", True, tolerance=0.2, least=0.0, greatest=1.0, words="{percent:.0f}% hit")
    config = json.loads(json.dumps({"metrics": {"hits": metric.describe()}}))
    found = metrics_of(config)["hits"]
    assert found.say(0.5) == "50% hit"
    assert (found.tolerance, found.least, found.greatest, found.greater_is_better) == (0.2, 0.0, 1.0, True)
    assert list(metrics_of(config)) == ["hits"]


def test_a_run_of_before_has_the_registered_metrics():
    assert metrics_of({}) == dict(METRICS)
    assert metric_of({"metrics": {}}, "mse") is METRICS["mse"]


def test_a_metric_that_nobody_knows_is_named():
    with pytest.raises(ValueError, match=r"'acuracy'.*did you mean 'accuracy'"):
        metric_of({}, "acuracy")
