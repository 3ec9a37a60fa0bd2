"""Data that hidden Markov models are tested on."""

import numpy as np

from seqcompare import HMM


def regimes(n_sequences, length, seed, d=16):
    """Two regimes that last d/(1 - 1/2) steps on average and shift the distribution of four symbols."""
    stay = 1 - 0.5 / d
    source = HMM.from_parameters(
        startprob=[0.5, 0.5],
        transmat=[[stay, 1 - stay], [1 - stay, stay]],
        emissionprob=[[0.4, 0.4, 0.1, 0.1], [0.1, 0.1, 0.4, 0.4]],
    )
    return source, source.sample(n_sequences, length, random_state=seed)


def noise(n=40, length=12, d=2, seed=0):
    return list(np.random.default_rng(seed).normal(size=(n, length, d)))
