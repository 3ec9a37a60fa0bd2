"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

OutOption = Annotated[Path | None, typer.Option("--out", "-o", help="Folder of the run.", show_default=False)]
JobsOption = Annotated[int, typer.Option("--jobs", "-j", help="Worker processes; -1 for one a core.")]
FreshOption = Annotated[bool, typer.Option("--fresh", help="Throw away an earlier run in the folder.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Write the result as JSON, for machines.")]
QuietOption = Annotated[
    bool, typer.Option("--quiet", "-q", help="Write the result only: no progress, no notes.")
]
