"""The ladders for what is predicted at every step: the next step, or a label."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from sklearn.base import BaseEstimator, clone
from sklearn.linear_model import LogisticRegression

import seqcompare
from seqcompare.experiments.ladder_common import (
    LONG,
    Entry,
    Extent,
    Net,
    classifiers,
    fitting_widths,
    markov_rungs,
    recurrent,
    rung,
    states,
    tagger_net,
)
from seqcompare.experiments.zoo import Budget, ModelSpec
from seqcompare.models.quantized import Quantized


def next_entries(extent: Extent, budget: Budget) -> Iterator[Entry]:
    """Yield the contestants for the next step."""
    if extent.kind == "real":
        rungs = [
            rung(
                f"HMM {k} states",
                "hmm",
                "hmm",
                k,
                "states",
                budget,
                seqcompare.HMM(k, n_init=3, max_iter=200, missing=extent.hmm_missing),
            )
            for k in states(extent, 2, 3, 4, 6, 8, 12)
        ]
        yield Entry("HMM", "hmm", tuple(rungs))
        return

    def chain(smoothing: str) -> Callable[[int], BaseEstimator]:
        return lambda order: seqcompare.MarkovChain(order=order, smoothing=smoothing)

    def window(classifier: Any, width: int, **more: Any) -> BaseEstimator:
        return seqcompare.NextStep(seqcompare.WindowTagger(classifier, before=width - 1, **more))

    chains = markov_rungs(extent, budget, (1, 2, 3, 4, 5, 6, 8, 10, 12), chain("witten-bell"))
    if extent.n_symbols >= 16:
        # where many symbols are rare, after how many others one comes says more than how often it comes
        chains += markov_rungs(extent, budget, (3, 4, 5, 6, 8), chain("kneser-ney"), "kneser-ney")
    yield Entry(
        "Markov chain",
        "markov",
        chains,
        _limit_order(0),
    )
    counts = (2, 3, 4, 6, 8, 12) if extent.n_symbols <= 16 else (4, 8, 16, 32)
    starts, iterations = (2, 60) if extent.n_steps > 60_000 else (4, 200)
    rungs = [
        rung(
            f"HMM {k} states",
            "hmm",
            "hmm",
            k,
            "states",
            budget,
            seqcompare.HMM(k, n_init=starts, max_iter=iterations),
        )
        for k in states(extent, *counts)
    ]
    yield Entry("HMM", "hmm", tuple(rungs))
    yield from _window_entries(extent, budget, window, (1, 2, 4, 8, 16))
    yield Entry(
        "recurrent",
        "recurrent",
        recurrent(budget, _nets(extent), lambda net: seqcompare.NextStep(tagger_net(extent, budget, net))),
    )


def step_entries(extent: Extent, budget: Budget) -> Iterator[Entry]:
    """Yield the contestants for a label of each step, causal ones and such that look ahead."""
    real = extent.kind == "real"

    def tagger(order: int) -> BaseEstimator:
        return (
            Quantized(seqcompare.MarkovTagger(order=order)) if real else seqcompare.MarkovTagger(order=order)
        )

    def window(classifier: Any, width: int, **more: Any) -> BaseEstimator:
        return seqcompare.WindowTagger(classifier, before=width - 1, **more)

    yield Entry(
        "Markov tagger",
        "markov",
        markov_rungs(extent, budget, (0, 1, 2, 3, 4, 6, 8), tagger),
        _limit_order(1),
    )
    for name, decode in (("HMM", "filter"), ("HMM (looks ahead)", "posterior")):
        yield Entry(name, "hmm", _hmm_taggers(extent, budget, decode))
    yield from _window_entries(extent, budget, window, (1, 2, 4, 8, 16))
    yield Entry("window (looks ahead)", "window", _centred(extent, budget), _limit_before, _limit_after)
    yield Entry(
        "recurrent",
        "recurrent",
        recurrent(budget, _nets(extent), lambda net: tagger_net(extent, budget, net)),
    )
    yield Entry(
        "recurrent (looks ahead)",
        "recurrent",
        recurrent(
            budget,
            _nets(extent),
            lambda net: tagger_net(extent, budget, net, bidirectional=True),
            "two-way ",
        ),
    )


def _nets(extent: Extent) -> list[Net]:
    """Return the recurrent networks: some begin with a long memory, some with a short one."""
    if extent.large:
        return [Net("gru", 64), Net("gru", 64, short=True), Net("gru", 96, short=True)]
    nets = [Net("gru", 8), Net("gru", 32), Net("lstm", 32), Net("lstm", 64)]
    if extent.longest > LONG // 2:
        nets += [Net("gru", 32, short=True), Net("lstm", 64, short=True)]
    return nets


def _hmm_taggers(extent: Extent, budget: Budget, decode: Any) -> tuple[ModelSpec, ...]:
    counts = [k for k in states(extent, 4, 8, 16) if k > extent.n_classes]
    rungs = [
        rung(
            "HMM, states are labels",
            "hmm",
            "hmm-labels",
            extent.n_classes,
            "states",
            budget,
            seqcompare.HMMTagger(None, decode=decode, missing=extent.hmm_missing),
        )
    ]
    starts, iterations = (2, 60) if extent.n_steps > 60_000 else (4, 200)
    rungs += [
        rung(f"HMM {k} states", "hmm", "hmm", k, "states", budget,
              seqcompare.HMMTagger(k, decode=decode, n_init=starts, max_iter=iterations,
                                   missing=extent.hmm_missing))
        for k in counts
    ]  # fmt: skip
    return tuple(rungs)


def _centred(extent: Extent, budget: Budget) -> tuple[ModelSpec, ...]:
    rungs = []
    for variant, pattern, classifier in classifiers(extent, budget, simple=False):
        for side in (1, 2, 4, 8):
            if side >= extent.longest or (side == 8 and variant != "logistic" and extent.large):
                continue
            label = pattern.format(f"-{side}..+{side}")
            model = seqcompare.WindowTagger(classifier, before=side, after=side)
            rungs.append(rung(label, "window", f"{variant}-centred", 2 * side + 1, "width", budget, model))
    if extent.kind == "symbols" and extent.n_symbols * 3 <= 40 and extent.longest > 1:
        model = seqcompare.WindowTagger(LogisticRegression(max_iter=200), before=1, after=1, pairs=True)
        rungs.append(
            rung(
                "logistic window -1..+1 with pairs",
                "window",
                "logistic-pairs-centred",
                3,
                "width",
                budget,
                model,
            )
        )
    return tuple(rungs)


def _window_entries(
    extent: Extent, budget: Budget, make: Callable[..., BaseEstimator], widths: Sequence[int]
) -> Iterator[Entry]:
    """Yield the entry of windows that look back."""
    rungs = []
    for variant, pattern, classifier in classifiers(extent, budget, simple=False):
        heavy = variant != "logistic"
        for width in fitting_widths(extent, *widths):
            if (
                (heavy and width not in (4, 8))
                or (extent.large and width > 8)
                or (extent.large and heavy and width > 4)
            ):
                continue
            rungs.append(
                rung(
                    pattern.format(width), "window", variant, width, "width", budget, make(classifier, width)
                )
            )
    classifier = LogisticRegression(max_iter=200)
    for width in (3, 4):
        if extent.kind == "symbols" and extent.n_symbols * width <= 40 and width <= extent.longest:
            label, model = f"logistic window {width} with pairs", make(classifier, width, pairs=True)
            rungs.append(rung(label, "window", "logistic-pairs", width, "width", budget, model))

    yield Entry("window", "window", tuple(rungs), _limit_before)


def _limit_order(least: int) -> Callable[[ModelSpec, int], ModelSpec]:
    """Return what makes the chain that sees the last k steps; `least` of them even at order 0."""

    def limit(spec: ModelSpec, k: int) -> ModelSpec:
        order = min(k - least, int(spec.capacity or 0))
        cut = _cut(spec, "order", order)
        return replace(cut, capacity=float(order))

    return limit


def _limit_before(spec: ModelSpec, k: int) -> ModelSpec:
    """Return the window that sees the last k steps, the present one included."""
    return _cut(spec, "before", k - 1)


def _limit_after(spec: ModelSpec, k: int) -> ModelSpec:
    """Return the window that sees the next k steps."""
    return _cut(spec, "after", k)


def _cut(spec: ModelSpec, name: str, most: int) -> ModelSpec:
    model = clone(spec.source)
    key = name if hasattr(model, name) else f"estimator__{name}"
    model.set_params(**{key: min(most, model.get_params()[key])})
    return replace(spec, label=f"{spec.label}, {name} cut to {most}", source=model)
