"""Sequence models, a folder a family and a file a concept; all are importable from `seqcompare`."""

#: Where each family that comes with the package is declared, in the order in which families are shown.
FAMILY_MODULES = (
    "seqcompare.models.markov.family",
    "seqcompare.models.hmm.family",
    "seqcompare.models.windows.family",
    "seqcompare.models.recurrent.family",
    "seqcompare.models.attention.family",
    "seqcompare.models.reference.family",
)
