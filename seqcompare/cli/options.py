"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer


@contextmanager
def patient() -> Iterator[None]:
    """Wait for other processes that work on a folder, in place of refusing it."""
    from seqcompare.results.folder import PATIENT

    before = PATIENT.set(True)
    try:
        yield
    finally:
        PATIENT.reset(before)


def _wait(context: typer.Context, wanted: bool) -> None:
    if wanted:
        context.with_resource(patient())


OutOption = Annotated[Path | None, typer.Option("--out", "-o", help="Folder of the run.", show_default=False)]
JobsOption = Annotated[int, typer.Option("--jobs", "-j", help="Worker processes; -1 for one a core.")]
FreshOption = Annotated[bool, typer.Option("--fresh", help="Throw away an earlier run in the folder.")]
WaitOption = Annotated[
    bool,
    typer.Option("--wait", callback=_wait, help="Wait for another process that works on the folder."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Write the result as JSON, for machines.")]
OpenOption = Annotated[bool, typer.Option("--open", help="Open the report in a browser when it is written.")]
QuietOption = Annotated[
    bool, typer.Option("--quiet", "-q", help="Write the result only: no progress, no notes.")
]
ModelOption = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        "-m",
        help="Only these: a family, a kind of model, or 'module:Class'; may be given several times.",
        show_default=False,
    ),
]
BackendOption = Annotated[
    str, typer.Option(help="Where trials run: loky, on this machine, or dask.", metavar="[loky|dask]")
]
SchedulerOption = Annotated[
    str | None,
    typer.Option(
        help="Of Dask: its address, such as tcp://host:8786; by default workers of this machine.",
        show_default=False,
    ),
]
BudgetOption = Annotated[
    str | None,
    typer.Option(
        "--budget",
        help="Time within which it ends, such as 90s, 10m or 1h, or none; what is left out for that is said. "
        "Models that are compiled the first time take longer.",
    ),
]
MemoryOption = Annotated[
    str | None,
    typer.Option(
        "--memory",
        help="For reading, and for all workers together, such as 4G; by default half of what is free.",
        show_default=False,
    ),
]
NamesOption = Annotated[
    bool,
    typer.Option(
        "--ids/--no-ids",
        help="Whether the folder may hold the data's names of sequences and groups, or numbers for them.",
    ),
]
