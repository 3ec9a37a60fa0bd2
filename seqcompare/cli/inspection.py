"""What is understood of the user's data, shown before anything is fitted."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seqcompare.data.dataset import SequenceDataset
    from seqcompare.report.terminal import Output


def inspect(output: Output, dataset: SequenceDataset) -> None:
    """Show what was understood: columns with reasons, channels, lengths, gaps, checks; fit nothing."""
    from seqcompare.data.encoding import as_numbers
    from seqcompare.data.inspection import inspect as inspect_data
    from seqcompare.dependence.checks import check

    found = inspect_data(dataset)
    findings = check(replace(dataset, X=as_numbers(dataset.X)))
    if output.as_json:
        output.json({**asdict(found), "checks": [asdict(finding) for finding in findings]})
        return
    for sentence in found.sentences():
        output.result(sentence, None)
    output.records([asdict(channel) for channel in found.channels])
    output.records([asdict(use) for use in found.columns])
    for finding in findings:
        output.result(f"{finding.code}: {finding}", None)
