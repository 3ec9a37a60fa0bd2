"""Families of models: what the harness may know of them, and the open list of those there are.

A leaf of the package: imports no room of it. What comes with the package is declared beside the estimators,
in ``seqcompare/models/<family>/family.py``.
"""

from seqcompare.families.family import (
    FAMILIES,
    REFERENCE,
    SPARE_COLOURS,
    SPARE_MARKERS,
    Family,
    OwnFamily,
    find_spec,
    is_known,
    own_family,
    register,
    spec_names,
    with_models,
)
from seqcompare.families.spec import Budget, ModelSpec, Problem, Settings

__all__ = [
    "FAMILIES",
    "REFERENCE",
    "SPARE_COLOURS",
    "SPARE_MARKERS",
    "Budget",
    "Family",
    "ModelSpec",
    "OwnFamily",
    "Problem",
    "Settings",
    "find_spec",
    "is_known",
    "own_family",
    "register",
    "spec_names",
    "with_models",
]
