"""The recurrent estimators on the bundled data, with default parameters except on python_docs.

python benchmarks/recurrent_data.py vowels [--seeds 5]      official split of japanese_vowels
python benchmarks/recurrent_data.py stress [--seeds 3]      cmudict_stress, a fifth held out
python benchmarks/recurrent_data.py docs [--hidden 128]     python_docs, a fifth held out, in bits a character
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator

import numpy as np

from seqcompare import MarkovChain, NextStep, RNNClassifier, RNNTagger, datasets
from seqcompare.models.recurrent import warm_up


def vowels(seeds: int, hidden: int, pooling: str) -> Iterator[str]:
    """Yield a row a seed: test accuracy of the bidirectional classifier."""
    data = datasets.load("japanese_vowels")
    train, test = data.take(~data.test), data.take(data.test)
    for seed in range(seeds):
        model = RNNClassifier(bidirectional=True, hidden_size=hidden, pooling=pooling, random_state=seed)
        began = time.process_time()
        model.fit(train.X, train.y)
        seconds = time.process_time() - began
        score = model.score(test.X, test.y)
        yield f"| {seed} | {score:.4f} | {seconds:.1f} | {model.n_iter_} | {model.stop_reason_} |"


def stress(seeds: int, hidden: int, _: str) -> Iterator[str]:
    """Yield rows: accuracy per vowel of the causal and the bidirectional tagger."""
    data = datasets.load("cmudict_stress")
    for seed in range(seeds):
        held_out = np.random.default_rng(seed).permutation(len(data)) < len(data) // 5
        train, test = data.take(~held_out), data.take(held_out)
        for bidirectional in (False, True):
            model = RNNTagger(bidirectional=bidirectional, hidden_size=hidden, random_state=seed)
            began = time.process_time()
            model.fit(train.X, train.y, train.sample_weight)
            seconds = time.process_time() - began
            score = model.score(test.X, test.y, test.sample_weight)
            yield (
                f"| {seed} | {'both' if bidirectional else 'causal'} | {score:.4f} | {seconds:.1f} | "
                f"{model.n_iter_} | {model.best_iter_} | {model.stop_reason_} |"
            )


def docs(seeds: int, hidden: int, _: str) -> Iterator[str]:
    """Yield rows: bits a character of backoff Markov chains and of the LSTM.

    Only `timescale` was compared on held-out training sequences; the other settings are guesses. The
    defaults suit neither long texts nor few.
    """
    data = datasets.load("python_docs")
    held_out = np.random.default_rng(0).permutation(len(data)) < len(data) // 5
    train, test = data.take(~held_out), data.take(held_out)
    for order in range(3, 9):
        for smoothing in ("witten-bell", "kneser-ney"):
            model = MarkovChain(order, smoothing=smoothing).fit(train.X)
            yield f"| order {order}, {smoothing} | {-model.score(test.X) / np.log(2):.4f} | | |"
    for seed in range(seeds):
        net = RNNTagger(
            hidden_size=hidden,
            truncation=64,
            timescale=6,
            dropout=0.3,
            batch_size=8,
            max_iter=60,
            random_state=seed,
            verbose=True,
        )
        began = time.process_time()
        model = NextStep(net).fit(train.X)
        seconds = time.process_time() - began
        bits = -model.score(test.X) / np.log(2)
        yield f"| LSTM {hidden} | {bits:.4f} | {seconds:.0f} s | {model.n_iter_}, {model.stop_reason_} |"


def main() -> None:
    """Read the command line and print the rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["vowels", "stress", "docs"])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--hidden", type=int, default=32)
    parser.add_argument("--pooling", default="last")
    args = parser.parse_args()
    warm_up(["lstm"])
    for row in globals()[args.what](args.seeds, args.hidden, args.pooling):
        print(row, flush=True)


if __name__ == "__main__":
    main()
