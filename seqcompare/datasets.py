"""Real data: bundled, or the user's own files, of the formats that there are or of new ones."""

from seqcompare.data.catalog import DATASETS, load
from seqcompare.data.contents import Contents
from seqcompare.data.options import Option
from seqcompare.data.read import read
from seqcompare.data.readers import READERS, Reader, register_reader
from seqcompare.data.source import DataError
from seqcompare.data.streamed import Parts, read_parts
from seqcompare.data.totals import sample_parts

__all__ = [
    "DATASETS",
    "READERS",
    "Contents",
    "DataError",
    "Option",
    "Parts",
    "Reader",
    "load",
    "read",
    "read_parts",
    "register_reader",
    "sample_parts",
]
