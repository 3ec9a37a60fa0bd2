"""Real data: bundled, or the user's own files."""

from seqcompare.data.catalog import DATASETS, load
from seqcompare.data.reader import read
from seqcompare.data.source import DataError

__all__ = ["DATASETS", "DataError", "load", "read"]
