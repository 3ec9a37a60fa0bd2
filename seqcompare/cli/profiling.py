"""How far back the user's data depend on their past, before any model is chosen."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seqcompare.cli.options import FreshOption, OpenOption

if TYPE_CHECKING:
    from seqcompare.data.dataset import SequenceDataset
    from seqcompare.report.terminal import Output


def profile(
    output: Output,
    dataset: SequenceDataset,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write a report into this folder.", show_default=False)
    ] = None,
    max_lag: Annotated[int, typer.Option(help="The largest lag examined.")] = 100,
    max_order: Annotated[int, typer.Option(help="The longest context examined.")] = 24,
    fresh: FreshOption = False,
    opened: OpenOption = False,
) -> None:
    """Find out how far back your data depend on their past, before any model is chosen."""
    from seqcompare.dependence import profile as find_profile

    if opened and out is None:
        raise ValueError("--open opens a page, and none is written without --out")
    if out is not None:
        from seqcompare.experiments.config import fingerprint
        from seqcompare.results.folder import prepare_folder

        settings = {"data": fingerprint(dataset), "max_lag": max_lag, "max_order": max_order}
        config = {"kind": "profile", "title": dataset.name, "settings": settings}
        prepare_folder(out, config, n_jobs=1, fresh=fresh)
    found = find_profile(dataset, max_lag=max_lag, max_order=max_order)
    page = None
    if out is not None:
        from seqcompare.report.page import write
        from seqcompare.report.profile import profile_report

        sentences = found.summary().split("\n")
        page = write(profile_report(found.name, sentences, found.lags, found.orders, found.entropy), out)
    names = (
        "name",
        "role",
        "reach",
        "look_ahead",
        "order",
        "period",
        "gain",
        "gain_error",
        "drift",
        "p_value",
    )
    facts = {name: getattr(found, name) for name in (*names, "p_value")}
    facts["notes"] = list(dict.fromkeys((*dataset.notes, *found.notes)))
    facts["checks"] = [asdict(finding) for finding in found.checks]
    tables = {"lags": found.frame(), "numbers": found.numbers}
    facts |= {name: table.to_dict("records") for name, table in tables.items()}
    output.result(found.summary(), {**facts, "report": page})
    if page is not None and not output.as_json:
        output.page(page, opened=opened)
