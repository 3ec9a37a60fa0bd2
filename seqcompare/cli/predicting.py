"""The winner of a comparison, asked about new data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seqcompare.cli.options import JsonOption, QuietOption

if TYPE_CHECKING:
    import pandas as pd

    from seqcompare.report.terminal import Output


_RUN = Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a comparison.")]
_OUT = Annotated[
    Path | None,
    typer.Option("--out", "-o", help="CSV for the answers; by default standard output.", show_default=False),
]
_TRUSTED = Annotated[
    list[str] | None,
    typer.Option("--trust", help="A class of your own that the model is made of.", show_default=False),
]
_FRESH = Annotated[bool, typer.Option("--fresh", help="Write over a file that is there.")]


def predict(
    output: Output,
    told: dict[str, Any],
    folder: _RUN,
    data: Annotated[
        str, typer.Argument(help="A file like the one that was compared; targets may be missing.")
    ],
    out: _OUT = None,
    trusted: _TRUSTED = None,
    fresh: _FRESH = False,
) -> None:
    """Ask the winner of a comparison about new sequences, read as those of the run were.

    A row for each sequence or step: the answer, and the probability of each class; of numbers the mean and
    quantiles.
    """
    _answer(output, folder, out, fresh, lambda found: found.predict(data, trusted or (), **told))


def forecast(
    output: Output,
    told: dict[str, Any],
    folder: _RUN,
    data: Annotated[str, typer.Argument(help="What came so far: a file like the one that was compared.")],
    steps: Annotated[
        int, typer.Option("--steps", "-n", min=1, max=10**9, help="How many steps to look ahead.")
    ] = 1,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            help="Whom to ask: who is named for the next step, or for several; by default by --steps.",
            show_default=False,
        ),
    ] = None,
    n_samples: Annotated[
        int | None,
        typer.Option(
            "--draws",
            min=1,
            help="Continuations that are drawn where there is no closed form.",
            show_default=False,
        ),
    ] = None,
    random_state: Annotated[
        int, typer.Option("--seed", min=0, max=2**32 - 1, help="What these are drawn with.")
    ] = 0,
    out: _OUT = None,
    trusted: _TRUSTED = None,
    fresh: _FRESH = False,
) -> None:
    """Ask a comparison how sequences go on after their end.

    The next step is told by the winner, several by the model that backtests name for that. A row for each
    sequence and step ahead: of numbers the mean and quantiles, of symbols the probability of each.
    """
    how = {"n_samples": n_samples, "random_state": random_state, "trusted": trusted or ()}

    def ask(found: Any) -> pd.DataFrame:
        table: pd.DataFrame = found.forecast(data, steps, model=model, **how, **told)
        output.say(f"forecast by {found.who_forecasts(steps, model)}")
        return table

    _answer(output, folder, out, fresh, ask)


def _answer(
    output: Output,
    folder: Path,
    out: Path | None,
    fresh: bool,
    ask: Callable[[Any], pd.DataFrame],
    draw: Callable[[pd.DataFrame, str], bytes] | None = None,
) -> None:
    """Write what a comparison answers to standard output, or into a file."""
    from seqcompare.experiments.runs import load_run
    from seqcompare.results.spreadsheet import to_csv
    from seqcompare.whole_file import write_whole

    if out is not None:
        _check_place(out, fresh)
    found = load_run(folder)
    if not hasattr(found, "predict"):
        raise ValueError(f"{folder} holds a sweep, which has no model to ask; expected a comparison")
    table = ask(found)
    if output.as_json:
        output.json(table.to_dict("records"))
    elif out is None:
        typer.echo(to_csv(table), nl=False)
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        write_whole(out, to_csv(table) if draw is None else draw(table, out.suffix[1:].lower()))
        output.say(f"{len(table)} rows: {out}")


def _check_place(out: Path, fresh: bool) -> None:
    """Refuse to write where a folder is, or a file that nobody said may go, before anything is asked."""
    above = next(folder for folder in out.absolute().parents if folder.exists())
    if not above.is_dir():
        raise FileExistsError(f"{out} cannot be written: {above} is a file, and no folder")
    if out.is_dir():
        raise FileExistsError(f"{out} is a folder; expected a file to write")
    if out.exists() and not fresh:
        raise FileExistsError(f"{out} is there already; choose another file, or write over it with --fresh")


def explain(
    folder: _RUN,
    data: Annotated[str, typer.Argument(help="A file like the one that was compared.")],
    sequence: Annotated[
        str, typer.Option("--sequence", help="Which sequence: its name, or where they have none its number.")
    ] = "0",
    step: Annotated[
        int | None,
        typer.Option(
            "--step", help="The position that is predicted; the last by default.", show_default=False
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="A CSV, or a picture (.png, .svg, .pdf, .jpg); by default standard output.",
            show_default=False,
        ),
    ] = None,
    trusted: _TRUSTED = None,
    fresh: _FRESH = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Say which steps of a sequence one prediction of the winner used.

    A row for each step, hidden in turn: what the answer loses without it, in bits, or in its own units.
    """
    from seqcompare.report.terminal import Output

    if out is not None and out.suffix.lower() not in (*_PICTURES, *_TABLES):
        raise ValueError(f"{out}: expected the name of a CSV, or of a picture ({', '.join(_PICTURES)})")
    output = Output(as_json=as_json, quiet=quiet)
    drawn = out is not None and out.suffix.lower() in _PICTURES
    _answer(
        output,
        folder,
        out,
        fresh,
        lambda found: found.explain(data, sequence, step, trusted=trusted or ()),
        _picture if drawn else None,
    )


def export(
    folder: _RUN,
    out: Annotated[Path, typer.Argument(metavar="MODEL.onnx", help="The file to write.")],
    trusted: _TRUSTED = None,
    fresh: _FRESH = False,
) -> None:
    """Write the winner of a comparison as an ONNX graph, which programs without Python run.

    Not every model has one: where there is none, it is said which have.
    """
    from seqcompare.experiments.runs import load_run

    _check_place(out, fresh)
    found = load_run(folder)
    if not hasattr(found, "to_onnx"):
        raise ValueError(f"{folder} holds a sweep, which has no model to write; expected a comparison")
    out.parent.mkdir(parents=True, exist_ok=True)
    try:
        found.to_onnx(out, trusted or ())
    except (ImportError, TypeError) as error:
        raise ValueError(str(error)) from error


_PICTURES = (".png", ".svg", ".pdf", ".jpg", ".jpeg")
_TABLES = (".csv", ".txt", "")


def _picture(table: pd.DataFrame, kind: str) -> bytes:
    import io
    from typing import cast

    from matplotlib.figure import Figure

    from seqcompare.report.plots import plot_explanation

    drawn = io.BytesIO()
    cast("Figure", plot_explanation(table).figure).savefig(drawn, format=kind)
    return drawn.getvalue()
