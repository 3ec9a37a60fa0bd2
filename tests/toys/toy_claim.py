"""A claim of one's own."""

from seqcompare.claims import Claim, Expectation, register_claim

TOY_CLAIM = Claim(
    "toy-reach",
    "A parrot of four symbols knows the one three steps back.",
    "nobody",
    {
        "title": "Reach of a parrot",
        "seeds": 10,
        "distances": [1],
        "n_train": 60,
        "n_validation": 10,
        "n_test": 60,
        "epochs": 1,
        "max_seconds": 60,
        "tasks": [{"name": "Echo"}],
        "models": [{"variant": "parrot", "sizes": [4]}],
    },
    (Expectation("Echo", "Parrot 4", 1, at_least=0.9),),
)

register_claim(TOY_CLAIM)
