"""The ladders for what is predicted of whole sequences: a class, or a number."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.linear_model import Ridge
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import seqcompare
from seqcompare.experiments.ladder_common import (
    Entry,
    Extent,
    Net,
    classifiers,
    fitting_widths,
    markov_rungs,
    plain_net,
    recurrent,
    rung,
)
from seqcompare.experiments.zoo import Budget, ModelSpec
from seqcompare.models.quantized import Quantized


def sequence_entries(extent: Extent, budget: Budget) -> Iterator[Entry]:
    """Yield the contestants for a class of each sequence."""
    real = extent.kind == "real"

    def chains(order: int) -> BaseEstimator:
        classifier = seqcompare.BayesClassifier(seqcompare.MarkovChain(order=order))
        return Quantized(classifier, n_symbols=32) if real else classifier

    yield Entry("Markov chains", "markov", markov_rungs(extent, budget, (0, 1, 2, 3, 4, 6), chains))
    yield Entry("HMMs", "hmm", tuple(_hmm_classifiers(extent, budget)))
    rungs = []
    typical = max(1, extent.n_steps // extent.n_train)
    for variant, pattern, classifier in classifiers(extent, budget, simple=False):
        for width in fitting_widths(extent, 4, 8, 16):
            model = seqcompare.WindowClassifier(classifier, width=width, pooling="last")
            rungs.append(
                rung(pattern.format(width) + ", last", "window", variant, width, "width", budget, model)
            )
        for width in (1, 2, 4) if real else (2, 3):
            if width <= typical:
                pairs = not real and extent.n_symbols * width <= 60
                model = seqcompare.WindowClassifier(classifier, width=width, pooling="mean", pairs=pairs)
                rungs.append(
                    rung(
                        pattern.format(width) + ", mean",
                        "window",
                        f"{variant}-mean",
                        width,
                        "width",
                        budget,
                        model,
                    )
                )
    yield Entry("window", "window", tuple(rungs))

    def classifying_net(net: Net, pooling: str, both: bool) -> Any:
        return plain_net(extent, budget, net, seqcompare.RNNClassifier, pooling=pooling, bidirectional=both)

    nets = [Net("gru", 16), Net("gru", 32), Net("lstm", 32), Net("gru", 64)]
    if extent.n_steps > 200_000:
        nets = [Net("gru", 16), Net("gru", 24), Net("lstm", 32)]
    yield Entry(
        "recurrent",
        "recurrent",
        (
            *recurrent(budget, nets, lambda net: classifying_net(net, "last", False)),
            *recurrent(budget, nets, lambda net: classifying_net(net, "mean", True), "two-way "),
        ),
    )


def _hmm_classifiers(extent: Extent, budget: Budget) -> Iterator[ModelSpec]:
    """Yield classifiers by one HMM a class, as far as there are steps enough for their parameters."""
    per_class = max(1, extent.n_steps // max(extent.n_classes, 1))
    width = extent.n_symbols or 2 * extent.n_channels
    starts, iterations = (2, 60) if extent.n_steps > 200_000 else (4, 200)
    # a channel that hardly varies within a class must not decide alone: as if seen at half its spread before
    shared: dict[str, Any] = {"priors": {"covars": (0.5, 20)}} if extent.kind == "real" else {}

    def spec(words: str, variant: str, k: int, **more: Any) -> ModelSpec:
        hmm = seqcompare.HMM(
            k, n_init=1 if k == 1 else starts, max_iter=iterations, missing=extent.hmm_missing, **more
        )
        model: BaseEstimator = seqcompare.BayesClassifier(hmm)
        if extent.kind == "real":
            model = make_pipeline(seqcompare.SequenceScaler(), model)
        return rung(
            f"HMM {k} state{'' if k == 1 else 's'}{words}", "hmm", variant, k, "states", budget, model
        )

    for k in (1, 2, 3, 5, 8):
        if k > 1 and 5 * k * (k + width) > per_class:
            break
        yield spec("", "hmm", k, **shared)
        if extent.kind == "real" and 1 < extent.n_channels <= 40 and k * extent.n_channels**2 <= per_class:
            yield spec(", full covariance", "hmm-full", k, covariance_type="full")
    for k in (3, 5, 8):
        if k <= extent.longest and 2 * k * width <= per_class:
            yield spec(", left to right", "hmm-left-right", k, topology="left-right", **shared)


def value_entries(extent: Extent, budget: Budget) -> Iterator[Entry]:
    """Yield the contestants for a number of each sequence; chains and HMMs have no answer to that."""
    rungs = []
    scaled: Callable[[Any], Any] = (
        (lambda m: make_pipeline(StandardScaler(), m)) if extent.kind == "real" else (lambda m: m)
    )
    nets = MLPRegressor(
        hidden_layer_sizes=(64,),
        learning_rate_init=0.005,
        early_stopping=extent.n_scored >= 200,
        max_iter=300,
        n_iter_no_change=20,
    )
    for variant, pattern, regressor in (
        ("ridge", "ridge window {}", Ridge()),
        ("mlp", "MLP window {}", nets),
    ):
        for pooling, widths in (("last", (4, 8, 16)), ("mean", (1, 2, 4))):
            for width in fitting_widths(extent, *widths):
                model = seqcompare.WindowRegressor(scaled(regressor), width=width, pooling=pooling)
                rungs.append(
                    rung(
                        f"{pattern.format(width)}, {pooling}",
                        "window",
                        f"{variant}-{pooling}",
                        width,
                        "width",
                        budget,
                        model,
                    )
                )
    yield Entry("window", "window", tuple(rungs))

    def regressor_net(net: Net, pooling: str) -> Any:
        return plain_net(extent, budget, net, seqcompare.RNNRegressor, pooling=pooling)

    yield Entry(
        "recurrent",
        "recurrent",
        (
            *recurrent(
                budget,
                [Net("gru", 16), Net("gru", 32), Net("lstm", 32)],
                lambda net: regressor_net(net, "last"),
            ),
            *recurrent(budget, [Net("gru", 32)], lambda net: regressor_net(net, "mean"), "mean of "),
        ),
    )
