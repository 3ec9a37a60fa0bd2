"""Markov chains against a dict of Counters, nltk.lm and markovify, one thread, all in one run.

Fitting counts all orders 0..k for us, for the dict and for nltk, and order k alone for markovify. The sides
alternate and the least CPU time of each counts, since others disturb it least. The slow peers get fewer
symbols, which favours them; rates are in symbols a second.

    python benchmarks/markov.py [--quick] [--memory]

`--memory` measures fits of order 12 to 10 million symbols instead, each in a process of its own (on Linux).
"""

from __future__ import annotations

import argparse
import multiprocessing
import platform
import tempfile
import time
from collections import Counter, defaultdict

import markovify
import numpy as np
from nltk.lm.models import MLE, InterpolatedLanguageModel, WittenBellInterpolated
from nltk.lm.smoothing import KneserNey
from nltk.lm.vocabulary import Vocabulary

from seqcompare import MarkovChain
from seqcompare.datasets import load

START = "<s>"


def text(n, seed=0):
    """Return `n` characters drawn from a chain of order 6 of real text: many contexts, unevenly used."""
    chain = MarkovChain(6).fit([np.concatenate(list(load("python_docs").X))])
    return np.unique(chain.sample(1, n, random_state=seed).values, return_inverse=True)[1]


def uniform(n_symbols):
    """Return a source of uniform symbols: the most contexts that there can be."""
    return lambda n, seed=0: np.random.default_rng(seed).integers(0, n_symbols, size=n)


SOURCES = {"uniform S=4": uniform(4), "uniform S=64": uniform(64), "text": text}


def fit_dict(x, order):
    """Count with a dict of Counters, all orders."""
    counts = defaultdict(Counter)
    padded = (START, *x)
    for t in range(1, len(padded)):
        for m in range(min(order, t) + 1):
            counts[padded[t - m : t]][padded[t]] += 1
    return counts


def grams_of(x, order):
    """Return the n-grams of all orders, as nltk takes them."""
    padded = (START, *x)
    return [padded[t - m : t + 1] for t in range(1, len(padded)) for m in range(min(order, t) + 1)]


def fit_nltk(x, order):
    """Count with nltk, all orders."""
    model = MLE(order + 1)
    model.fit([grams_of(x, order)], vocabulary_text=sorted(set(x)))
    return model


def fit_markovify(x, order):
    """Count with markovify, one order."""
    return markovify.Chain([x], state_size=order)


def least_times(sides, repeats):
    """Return the least CPU time of each callable in seconds; they take turns."""
    times = {name: [] for name in sides}
    for _ in range(repeats):
        for name, side in sides.items():
            begin = time.process_time()
            side()
            times[name].append(time.process_time() - begin)
    return {name: min(t) for name, t in times.items()}


def fitting(quick):
    """Print the rates of fitting."""
    n = 200_000 if quick else 1_000_000
    slow = n // 20
    print(f"\nFit, all orders 0..k, million symbols a second ({n:,} symbols; peers {slow:,})\n")
    print("| source | k | contexts | seqcompare | dict of Counters | nltk.lm | markovify | / dict | / nltk |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|")
    for name, source in SOURCES.items():
        x = source(n)
        few = x[:slow].tolist()
        words = [str(s) for s in few]
        for order in (1, 3, 5, 8):
            chain = MarkovChain(order)
            sides = {
                "ours": lambda chain=chain, x=x: chain.fit([x]),
                "dict": lambda few=few, order=order: fit_dict(few, order),
                "nltk": lambda words=words, order=order: fit_nltk(words, order),
                "markovify": lambda few=few, order=order: fit_markovify(few, order),
            }
            sides["ours"]()  # compile
            t = least_times(sides, 2 if quick else 4)
            ours = n / t["ours"] / 1e6
            rates = [slow / t[k] / 1e6 for k in ("dict", "nltk", "markovify")]
            cells = [
                f"{ours:.2f}",
                *(f"{r:.3f}" for r in rates),
                f"{ours / rates[0]:.0f}",
                f"{ours / rates[1]:.0f}",
            ]
            print(f"| {name} | {order} | {chain.n_contexts_:,} | {' | '.join(cells)} |", flush=True)


def scoring(quick):
    """Print the rates of scoring and predicting."""
    n = 100_000 if quick else 1_000_000
    slow = n // 500
    print(f"\nWitten-Bell log-likelihood, thousand symbols a second ({n:,} symbols; nltk {slow:,})\n")
    print("| source | k | seqcompare | nltk.lm | ratio | all next probabilities, seqcompare |")
    print("|---|--:|--:|--:|--:|--:|")
    for name, source in SOURCES.items():
        train, x = source(n), source(n, seed=1)
        for order in (1, 3, 5):
            chain = MarkovChain(order).fit([train])
            words = [str(s) for s in train[: n // 20]]
            peer = WittenBellInterpolated(order + 1)
            peer.fit([grams_of(words, order)], vocabulary_text=sorted(set(words)))
            test = [str(s) for s in x[:slow]]

            def score_nltk(peer=peer, test=test, order=order):
                return sum(
                    peer.score(test[t], test[t - order : t])
                    for t in range(order, len(test))
                    if test[t] in peer.vocab
                )

            sides = {
                "ours": lambda chain=chain, x=x: chain.score_samples([x]),
                "rows": lambda chain=chain, x=x: chain.predict_next_proba([x[: n // 5]]),
                "nltk": score_nltk,
            }
            sides["ours"](), sides["rows"]()
            t = least_times(sides, 2 if quick else 3)
            ours, peers, rows = n / t["ours"] / 1e3, slow / t["nltk"] / 1e3, n / 5 / t["rows"] / 1e3
            print(
                f"| {name} | {order} | {ours:,.0f} | {peers:.1f} | {ours / peers:.0f} | {rows:,.0f} |",
                flush=True,
            )


class UniformBelow(KneserNey):
    """nltk's Kneser-Ney, ended one level lower: see tests/models/test_smoothing.py."""

    def __init__(self, vocabulary, counter, order, discount, n_symbols):
        super().__init__(vocabulary, counter, order, discount)
        self.n_symbols = n_symbols

    def unigram_score(self, word):
        """Return a continuation probability, discounted."""
        continuations, total = self._continuation_counts(word)
        return (continuations - self.discount) / total + self.discount / total


def agreement():
    """Print how far our probabilities are from the peers'."""
    x = text(20_000)
    symbols = np.unique(x)
    order = 2
    words = [str(s) for s in x]
    names = [str(s) for s in symbols]
    kneser_ney = InterpolatedLanguageModel(
        UniformBelow,
        order + 1,
        vocabulary=Vocabulary(names),
        params={"order": order + 1, "discount": 0.75, "n_symbols": len(names)},
    )
    kneser_ney.counts.update([grams_of(words, order)])
    peers = {
        "none": (MarkovChain(order, "none"), fit_nltk(words, order)),
        "kneser-ney": (MarkovChain(order, "kneser-ney", discount=0.75), kneser_ney),
    }
    print(f"\nLargest difference from nltk's probabilities, order {order}, text\n")
    for name, (chain, model) in peers.items():
        rows = chain.fit([x]).predict_next_proba([x[:200]])[0]
        expected = [
            [model.unmasked_score(s, tuple(words[t - 1 : t + 1])) for s in names] for t in range(1, 200)
        ]
        print(f"- {name}: {np.abs(rows[1:] - expected).max():.1e}")


def _kibibytes(name):
    # of this process alone: the peak that getrusage tells is inherited from whoever started it
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(name))


def _measure(who, path, order, queue):
    x = np.load(path)
    if who == "seqcompare":
        MarkovChain(order).fit([x[:1000]])
    else:
        x = x.tolist()
    before = _kibibytes("VmRSS")
    begin = time.process_time()
    fitted = MarkovChain(order).fit([x]) if who == "seqcompare" else fit_dict(x, order)
    seconds = time.process_time() - begin
    peak = _kibibytes("VmHWM")
    model = "?"
    if who == "seqcompare":
        counts, weights = fitted.counts_, fitted._weights
        arrays = [counts.code, counts.count, counts.first_child, weights.backoff, weights.gain]
        model = f"{sum(a.nbytes for a in arrays) / 2**30:.2f}"
    nodes = len(fitted.counts_.code) if who == "seqcompare" else sum(map(len, fitted.values()))
    queue.put((nodes, model, (peak - before) / 2**20, seconds))


def memory(quick):
    """Print the memory of fits of order 12."""
    n = 500_000 if quick else 10_000_000
    order = 12
    print(f"\nFit of order {order}\n")
    print("| who | source | symbols | n-grams | model, GiB | added to the peak, GiB | CPU seconds |")
    print("|---|---|--:|--:|--:|--:|--:|")
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        for who, size in (("seqcompare", n), ("dict of Counters", n // 20)):
            for name in ("uniform S=4", "text"):
                path = f"{folder}/{name}-{size}.npy"
                np.save(path, SOURCES[name](size).astype(np.int8))
                queue = context.SimpleQueue()
                process = context.Process(target=_measure, args=(who, path, order, queue))
                process.start()
                nodes, model, peak, seconds = queue.get()
                process.join()
                print(
                    f"| {who} | {name} | {size:,} | {nodes:,} | {model} | {peak:.2f} | {seconds:.1f} |",
                    flush=True,
                )


def main():
    """Run and print tables in Markdown."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="fewer symbols: a minute")
    parser.add_argument("--memory", action="store_true", help="measure memory instead")
    arguments = parser.parse_args()
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, {platform.machine()}")
    if arguments.memory:
        memory(arguments.quick)
    else:
        agreement()
        fitting(arguments.quick)
        scoring(arguments.quick)


if __name__ == "__main__":
    main()
