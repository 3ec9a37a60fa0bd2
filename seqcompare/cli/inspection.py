"""What is understood of the user's data, shown before anything is fitted."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seqcompare.data.dataset import SequenceDataset
    from seqcompare.report.terminal import Output


def inspect(output: Output, dataset: SequenceDataset) -> None:
    """Show what was understood of your data: columns with reasons, channels, lengths, gaps; fit nothing."""
    from seqcompare.data.inspection import inspect as inspect_data

    found = inspect_data(dataset)
    if output.as_json:
        output.json(asdict(found))
        return
    for sentence in found.sentences():
        output.result(sentence, None)
    output.records([asdict(channel) for channel in found.channels])
    output.records([asdict(use) for use in found.columns])
