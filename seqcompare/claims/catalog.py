"""The claims: what is said of each family, as a sweep and the scores that would bear it out."""

from __future__ import annotations

from typing import Any

from seqcompare.claims.claim import Claim, Expectation
from seqcompare.registry import Registry
from seqcompare.typing import Record

SEEDS = 10

_RABINER = "Rabiner (1989), A tutorial on hidden Markov models and selected applications"
_BENGIO = (
    "Bengio, Simard and Frasconi (1994), Learning long-term dependencies with gradient descent is difficult"
)
_DIETTERICH = "Dietterich (2002), Machine learning for sequential data: a review"


def _suite(title: str, tasks: list[Record], models: list[Record], **sizes: Any) -> Record:
    """Return a sweep of ten seeds, so that every score has an interval."""
    defaults = {"n_train": 1000, "n_validation": 100, "n_test": 500, "epochs": 60, "max_seconds": 120}
    return {
        "title": title,
        "seeds": SEEDS,
        "distances": [1],
        **defaults,
        **sizes,
        "tasks": tasks,
        "models": models,
    }


_CLAIMS = [
    Claim(
        "markov-reach",
        "A Markov chain of order k knows nothing of what lies more than k steps back.",
        _RABINER,
        _suite(
            "Reach of a Markov chain",
            [{"name": "Recall", "distances": [4, 5]}],
            [{"variant": "markov", "sizes": [4]}],
        ),
        (
            Expectation("Recall", "Markov order 4", 4, at_least=0.95),
            Expectation("Recall", "Markov order 4", 5, at_most=0.05),
        ),
    ),
    Claim(
        "markov-explosion",
        "The contexts of a Markov chain grow exponentially with its order, so that it runs out of data "
        "where other models of the same reach do not.",
        _DIETTERICH,
        _suite(
            "Contexts of a Markov chain",
            [{"name": "LagChain", "distances": [2, 8]}],
            [
                {"variant": "markov", "sizes": [2, 8]},
                {"variant": "logistic", "sizes": [8]},
            ],
            n_train=400,
        ),
        (
            Expectation("LagChain", "Markov order 2", 2, at_least=0.9),
            Expectation("LagChain", "Markov order 8", 8, at_most=0.5),
            Expectation("LagChain", "logistic window 8", 8, at_least=0.9),
        ),
        note="The window learns a weight a lag and symbol, where the chain counts every context by itself.",
    ),
    Claim(
        "window-width",
        "A sliding window sees what it spans and nothing else.",
        _DIETTERICH,
        _suite(
            "Width of a window",
            [{"name": "Echo", "distances": [7, 8]}],
            [{"variant": "logistic", "sizes": [8]}],
            n_train=300,
        ),
        (
            Expectation("Echo", "logistic window 8", 7, at_least=0.95),
            Expectation("Echo", "logistic window 8", 8, at_most=0.05),
        ),
    ),
    Claim(
        "linear-window",
        "A linear classifier on a window cannot see how two of its steps interact; one with a kernel can.",
        "Minsky and Papert (1969), Perceptrons",
        _suite(
            "Interactions in a window",
            [{"name": "DelayedXor", "distances": [2]}],
            [
                {"variant": "logistic", "sizes": [4]},
                {"variant": "linear-svm", "sizes": [4]},
                {"variant": "rbf-svm", "sizes": [4]},
            ],
            n_train=200,
        ),
        (
            Expectation("DelayedXor", "logistic window 4", 2, at_most=0.05),
            Expectation("DelayedXor", "linear SVM window 4", 2, at_most=0.05),
            Expectation("DelayedXor", "RBF SVM window 4", 2, at_least=0.95),
        ),
    ),
    Claim(
        "hmm-memory",
        "A hidden Markov model cannot carry information over long distances.",
        _BENGIO,
        _suite(
            "Memory of a hidden Markov model",
            [{"name": "Recall", "distances": [32]}],
            [{"variant": "exact"}],
        ),
        (Expectation("Recall", "exact machine", 32, at_most=0.5),),
        note="The machine has a sticky state a cue, its parameters put in by hand.",
    ),
    Claim(
        "hmm-learning",
        "Maximum likelihood does not find the long memory that a hidden Markov model could have.",
        "Bengio and Frasconi (1995), Diffusion of context and credit information in Markovian models",
        _suite(
            "What EM finds",
            [{"name": "Recall", "distances": [32]}],
            [
                {"variant": "hmm", "sizes": [4]},
                {"variant": "hmm-sticky", "sizes": [4]},
                {"variant": "hmm-predictive", "sizes": [2]},
                {"variant": "exact"},
            ],
            n_train=600,
            em_iterations=100,
        ),
        (
            Expectation("Recall", "HMM 4 states", 32, at_most=0.1),
            Expectation("Recall", "sticky HMM 4 states", 32, at_most=0.1),
            Expectation("Recall", "predictive HMM 2 states", 32, at_least=0.95),
            Expectation("Recall", "exact machine", 32, at_least=0.95),
        ),
    ),
    Claim(
        "vanishing-gradient",
        "A plain recurrent network loses the gradient over long distances; an LSTM keeps it.",
        f"{_BENGIO}; Hochreiter and Schmidhuber (1997), Long short-term memory",
        _suite(
            "Gradients of recurrent networks",
            [{"name": "Recall", "distances": [8, 64]}],
            [{"variant": "elman", "sizes": [32]}, {"variant": "lstm", "sizes": [32]}],
            epochs=40,
        ),
        (
            Expectation("Recall", "Elman 32", 8, at_least=0.9),
            Expectation("Recall", "Elman 32", 64, at_most=0.5),
            Expectation("Recall", "LSTM 32", 64, at_least=0.9),
        ),
        note="Both have the same budget of 40 epochs, and each cell its own learning rate.",
    ),
    Claim(
        "look-ahead",
        "What depends on later steps is out of reach for any causal model, however large.",
        "Schuster and Paliwal (1997), Bidirectional recurrent neural networks",
        _suite(
            "Looking ahead",
            [{"name": "Echo", "distances": [-3]}],
            [
                {"variant": "logistic", "sizes": [8]},
                {"variant": "lstm", "sizes": [32]},
                {"variant": "logistic-centred", "sizes": [9]},
                {"variant": "bilstm", "sizes": [16]},
            ],
            n_train=200,
        ),
        (
            Expectation("Echo", "logistic window 8", -3, at_most=0.05),
            Expectation("Echo", "LSTM 32", -3, at_most=0.05),
            Expectation("Echo", "logistic window -4..+4", -3, at_least=0.95),
            Expectation("Echo", "BiLSTM 16", -3, at_least=0.95),
        ),
    ),
]

#: Every claim by its name.
CLAIMS: Registry[Claim] = Registry("claim", lambda: _CLAIMS, "seqcompare.claims")


def register_claim(claim: Claim, *, replace: bool = False) -> Claim:
    """Add a claim to those that `check_claims` and the command line know.

    Parameters
    ----------
    claim : Claim
        The claim, under its own name.
    replace : bool, default=False
        Whether to take the place of another one of this name.

    Returns
    -------
    Claim
        What was given.

    Raises
    ------
    ValueError
        If the name is taken.
    """
    return CLAIMS.register(claim, replace=replace)
