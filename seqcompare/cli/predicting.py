"""The winner of a comparison, asked about new data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from seqcompare.report.terminal import Output


def predict(
    output: Output,
    told: dict[str, Any],
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a comparison.")],
    data: Annotated[
        str, typer.Argument(help="A file like the one that was compared; targets may be missing.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="CSV for the answers; by default standard output.", show_default=False
        ),
    ] = None,
    trusted: Annotated[
        list[str] | None,
        typer.Option("--trust", help="A class of your own that the model is made of.", show_default=False),
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Write over a file that is there.")] = False,
) -> None:
    """Ask the winner of a comparison about new sequences, read as those of the run were.

    A row for each sequence or step: the answer, and the probability of each class; of numbers the mean and
    quantiles.
    """
    from seqcompare.experiments.runs import load_run
    from seqcompare.results.folder import to_csv, write_whole

    if out is not None and out.exists() and not fresh:
        raise FileExistsError(f"{out} is there already; choose another file, or write over it with --fresh")
    found = load_run(folder)
    if not hasattr(found, "predict"):
        raise ValueError(f"{folder} holds a sweep, which has no model to ask; expected a comparison")
    table = found.predict(data, trusted or (), **told)
    if output.as_json:
        output.json(table.to_dict("records"))
    elif out is None:
        typer.echo(to_csv(table), nl=False)
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        write_whole(out, to_csv(table))
        output.say(f"{len(table)} answers: {out}")
