"""Real data: bundled, or the user's own files."""

from seqcompare.datasets.catalog import DATASETS, load
from seqcompare.datasets.reader import read
from seqcompare.datasets.source import DataError

__all__ = ["DATASETS", "DataError", "load", "read"]
