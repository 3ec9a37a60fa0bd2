"""The field's textbook claims, each an experiment with a verdict."""

from seqcompare.claims.catalog import CLAIMS, register_claim
from seqcompare.claims.checking import CheckedClaims, check_claims
from seqcompare.claims.claim import Claim, Expectation

__all__ = ["CLAIMS", "CheckedClaims", "Claim", "Expectation", "check_claims", "register_claim"]
