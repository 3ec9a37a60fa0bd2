"""What knowing how much time has passed is worth: a telegraph signal, seen at random moments.

    python benchmarks/uneven.py

A signal that flips .2 times a second is seen at gaps of one second on average, exponentially distributed.
After a gap g it is another with probability (1 - exp(-.4 g)) / 2, so that a step holds .5227 bit where gaps
are known, and .5917 where they are not. Bits a step on 100 sequences of 500 steps of models fitted to 80 of
them, the gap being a channel (``time_gaps=True``); "exact" is what the source assigns to the same steps.
"""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from seqcompare import HMMTagger, MarkovTagger, RNNTagger, Sequences, WindowTagger, datasets

FLIPS = 0.2
LENGTH = 500


def telegraph(n, seed):
    """Return sequences at their times, and the bits of each step but the first under the source."""
    rng = np.random.default_rng(seed)
    gaps = rng.exponential(size=(n, LENGTH))
    flips = (1 - np.exp(-2 * FLIPS * gaps)) / 2
    flipped = rng.random(flips.shape) < flips
    states = np.cumsum(flipped, axis=1) % 2
    held = -np.log2(np.where(flipped, flips, 1 - flips))[:, 1:]
    return Sequences(np.where(states, "up", "down"), times=np.cumsum(gaps, axis=1)), held


def boosting():
    """Return boosted trees on the last step."""
    trees = HistGradientBoostingClassifier(max_leaf_nodes=8, learning_rate=0.05, random_state=0)
    return WindowTagger(trees, before=0)


def perceptron():
    """Return a small network on the last step."""
    net = MLPClassifier((16,), learning_rate_init=0.01, max_iter=40, tol=0, random_state=0)
    return WindowTagger(make_pipeline(StandardScaler(), net), before=0)


def network():
    """Return a small recurrent network."""
    return RNNTagger("gru", hidden_size=8, batch_size=4, max_iter=40, learning_rate_init=0.01, random_state=0)


MODELS = {
    "Markov: gaps in eight parts": lambda: MarkovTagger(0),
    "hidden states: four, filtered": lambda: HMMTagger(4, decode="filter", random_state=0),
    "window: boosted trees": boosting,
    "window: network of 16": perceptron,
    "recurrent: GRU of 8": network,
}


def bits(model, train, test):
    """Return the bits a step of a model that is fitted to one part and asked about the other."""
    answer = model.fit(train.X, train.y, sample_weight=train.sample_weight).predict_proba(test.X)
    rows = answer.values if isinstance(answer, Sequences) else np.concatenate(list(answer))
    place = np.searchsorted(model.classes_, test.y.values)
    return float(-np.log2(rows[np.arange(len(rows)), place]).mean())


def main():
    """Print bits with and without gaps."""
    (X, _), (asked, held) = telegraph(80, 0), telegraph(100, 1)
    train = datasets.read(X, time_gaps=True)
    test = datasets.read(asked, time_gaps=train.reading["time_gaps"])
    print(f"{'source, gaps known':30s} {held.mean():.4f}")
    print(f"{'source, gaps not known':30s} {-np.log2(6 / 7) * 6 / 7 - np.log2(1 / 7) / 7:.4f}")
    for name, make in MODELS.items():
        print(f"{name:30s} {bits(make(), train, test):.4f}", flush=True)


if __name__ == "__main__":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        main()
