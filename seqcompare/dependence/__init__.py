"""What the data say about their dependencies before any model is chosen."""

from seqcompare.dependence.profiling import profile
from seqcompare.dependence.result import Profile

__all__ = ["Profile", "profile"]
