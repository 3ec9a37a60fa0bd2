"""States with durations of their own: what they gain, and what an iteration of EM costs.

python benchmarks/durations.py [--seeds 10]

The peer of costs is hmmlearn on the same chain written out: a matrix of all states and ages, with emissions
that are not tied.
"""

from __future__ import annotations

import argparse
import time
import warnings

import numpy as np
from hmmlearn.hmm import CategoricalHMM

from seqcompare import HMM
from seqcompare.models.hmm.duration_recursions import Ages
from seqcompare.models.hmm.durations import negative_binomial
from seqcompare.tasks import Renewal

KINDS = ("geometric", "negative-binomial", "free")


def numbers(n, seed):
    """Return sequences of a source with two noisy levels, one of which lasts at least four steps."""
    source = HMM.from_parameters(
        startprob=[0.5, 0.5],
        transmat=[[0, 1], [1, 0]],
        means=[[0.0], [2.0]],
        covars=[[1.0], [1.0]],
        hazards=[negative_binomial(4, 1.5, 0.6, 12), negative_binomial(1, 1.0, 0.3, 12)],
    )
    return source, source.sample(n, 200, random_state=seed)


def gains(seeds):
    """Print the losses of each kind of duration."""
    task = Renewal()
    print("| durations | parameters | `Renewal`, bits | worst seed | numbers, bits above the source |")
    print("|---|--:|--:|--:|--:|")
    for kind in KINDS:
        found, excess = [], []
        for seed in range(seeds):
            train, test = task.sample(40, random_state=seed), task.sample(400, random_state=1000 + seed)
            model = HMM(2, durations=kind, random_state=seed).fit(train.X)
            found.append(task.score(test, model.predict_next_proba(test.X), model.symbols_))
            source, X = numbers(40, seed)
            held_out = source.sample(100, 200, random_state=1000 + seed)
            real = HMM(2, durations=kind, max_duration=12, random_state=seed).fit(X)
            excess.append((source.score(held_out) - real.score(held_out)) / np.log(2))
        row = f"{model.n_parameters_} | {np.mean(found):.4f} | {np.max(found):.4f} | {np.mean(excess):.4f}"
        print(f"| {kind} | {row} |", flush=True)


def costs():
    """Print the time of an iteration of EM beside the chain written out, both sides in turns."""
    print("\n| states x ages | free durations, ms | hmmlearn, written out, ms | ratio |\n|---|--:|--:|--:|")
    rng = np.random.default_rng(0)
    X = [rng.integers(8, size=200) for _ in range(100)]
    flat, lengths = np.concatenate(X)[:, None], [200] * 100
    for k, m in ((2, 10), (2, 20), (4, 20), (8, 20)):
        start, hazards = np.full(k, 1 / k), rng.uniform(0.1, 0.5, (k, m))
        trans = np.full((k, k), 1 / (k - 1)) - np.eye(k) / (k - 1)
        emissions = rng.dirichlet(np.ones(8), k)
        init = {"startprob": start, "transmat": trans, "hazards": hazards, "emissionprob": emissions}
        first, wide = Ages.running(start, trans, hazards).flat
        sides: list[list[float]] = [[], []]
        for _ in range(4):
            ours = HMM(k, durations="free", max_duration=m, max_iter=5, tol=0, init=init, n_init=1)
            begin = time.process_time()
            ours.fit(X)
            sides[0].append((time.process_time() - begin) / 5)
            peer = CategoricalHMM(k * m, n_iter=5, tol=-np.inf, init_params="", implementation="scaling")
            peer.startprob_, peer.transmat_ = first, wide
            peer.emissionprob_ = np.repeat(emissions, m, axis=0)
            begin = time.process_time()
            peer.fit(flat, lengths)
            sides[1].append((time.process_time() - begin) / 5)
        mine, theirs = (1e3 * min(side) for side in sides)
        print(f"| {k} x {m} | {mine:.1f} | {theirs:.1f} | {mine / theirs:.3f} |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10)
    warnings.simplefilter("ignore")
    gains(parser.parse_args().seeds)
    costs()
