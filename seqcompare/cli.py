"""The command line: parses and calls, nothing else. Whatever is slow to import waits for its command."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import pandas as pd

    from seqcompare.experiment import Run
    from seqcompare.report.terminal import Output

BAD_INPUT, INTERRUPTED = 2, 130

app = typer.Typer(
    name="seqcompare",
    help=(
        "How far back do the dependencies in your sequences reach, and which family of models captures "
        "them: Markov chains, hidden Markov models, classifiers on windows, or recurrent networks?"
    ),
    epilog=(
        "Exit codes: 0 done, 1 an error inside seqcompare, 2 bad input (one line on standard error says "
        "what), 130 stopped by Ctrl-C."
    ),
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)

OutOption = Annotated[Path | None, typer.Option("--out", "-o", help="Folder of the run.", show_default=False)]
JobsOption = Annotated[int, typer.Option("--jobs", "-j", help="Worker processes; -1 for one a core.")]
FreshOption = Annotated[bool, typer.Option("--fresh", help="Throw away an earlier run in the folder.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Write the result as JSON, for machines.")]
QuietOption = Annotated[
    bool, typer.Option("--quiet", "-q", help="Write the result only: no progress, no notes.")
]


class Backend(StrEnum):
    """Where trials run."""

    loky = "loky"
    dask = "dask"


class Listing(StrEnum):
    """What can be listed."""

    models = "models"
    tasks = "tasks"
    datasets = "datasets"
    suites = "suites"


class StoppedError(Exception):
    """The user has stopped a command; the message says how to go on."""


def _version(wanted: bool) -> None:
    if wanted:
        from seqcompare import __version__

        typer.echo(f"seqcompare {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command(
    epilog="Examples: `seqcompare sweep quick` | `seqcompare sweep default --only lstm --jobs 2` | "
    "`seqcompare sweep my-suite.toml --out runs/mine --dry-run`"
)
def sweep(
    suite: Annotated[
        str, typer.Argument(help="A shipped suite (quick, default, full) or the path of a .toml file.")
    ] = "default",
    out: OutOption = None,
    jobs: JobsOption = -1,
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only",
            help="Run only trials whose task or model matches; may be given several times.",
            show_default=False,
        ),
    ] = None,
    fresh: FreshOption = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List the trials and their estimated time; run none.")
    ] = False,
    backend: Annotated[Backend, typer.Option(help="Where trials run.")] = Backend.loky,
    scheduler: Annotated[
        str | None,
        typer.Option(help="Address of the Dask scheduler, such as tcp://host:8786.", show_default=False),
    ] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Run every family over tasks of growing distance, and write a report.

    A sweep that is stopped goes on where it stopped when the same command is given again.
    """
    from seqcompare.report.terminal import Output

    output = Output(as_json=as_json, quiet=quiet)
    folder = out or Path("reports") / Path(suite).stem
    shared: dict[str, Any] = {
        "n_jobs": jobs,
        "only": tuple(only or ()),
        "fresh": fresh,
        "backend": backend.value,
        "scheduler": scheduler,
    }
    from seqcompare.experiment import sweep as run_sweep

    if dry_run:
        _show_plan(output, run_sweep(suite, folder, dry_run=True, **shared))
        return
    with output.progress(f"sweep {Path(suite).stem}") as bar:
        try:
            run = run_sweep(
                suite,
                folder,
                progress=lambda step: bar.update(step, step.last.row["trial_id"] if step.last else ""),
                **shared,
            )
        except KeyboardInterrupt:
            raise StoppedError(
                f"stopped: {bar.done} of {bar.total} trials are kept in {folder}; go on with: {_again()}"
            ) from None
    output.say("writing the report")
    _show_sweep(output, run, run.report())


@app.command(
    epilog="Examples: `seqcompare report reports/default` | "
    "`seqcompare report runs/before runs/after --out runs/both`"
)
def report(
    runs: Annotated[list[Path], typer.Argument(help="Folders of runs; several are set side by side.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Folder of a report on several runs.", show_default=False),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write the report of a run again, from its store alone; several runs are set side by side."""
    from seqcompare.report.page import write_report, write_side_by_side
    from seqcompare.report.terminal import Output

    if len(runs) == 1 and out is None:
        page = write_report(runs[0])
    else:
        page = write_side_by_side(runs, out or Path("reports") / "-".join(run.name for run in runs))
    Output(as_json=as_json).result(f"report: {page}", {"report": page})


@app.command("list", epilog="Examples: `seqcompare list tasks` | `seqcompare list models --json`")
def list_(
    what: Annotated[Listing, typer.Argument(help="models, tasks, datasets or suites")],
    as_json: JsonOption = False,
) -> None:
    """List what there is: models, tasks, bundled data sets, suites."""
    from seqcompare.report.terminal import Output

    listing = {
        Listing.models: _list_models,
        Listing.tasks: _list_tasks,
        Listing.datasets: _list_datasets,
        Listing.suites: _list_suites,
    }[what]
    records = listing()
    output = Output(as_json=as_json)
    if as_json:
        output.json(records)
    else:
        output.table("", list(records[0]), [list(record.values()) for record in records])


def _list_models() -> list[dict[str, Any]]:
    from seqcompare.evaluation.zoo import VARIANTS

    return [
        {
            "variant": name,
            "family": variant.family,
            "label": variant.label,
            "capacity": variant.capacity_name,
            "ladder": ", ".join(map(str, variant.ladder)),
        }
        for name, variant in VARIANTS.items()
    ]


def _list_tasks() -> list[dict[str, Any]]:
    from seqcompare.tasks import TASKS

    return [{"task": name, "what it asks": _first_line(task)} for name, task in TASKS.items()]


def _list_datasets() -> list[dict[str, Any]]:
    from seqcompare.datasets.catalog import DATASETS

    return [
        {"data set": name, "role": data.role, "what it is": data.summary} for name, data in DATASETS.items()
    ]


def _list_suites() -> list[dict[str, Any]]:
    from seqcompare.evaluation.plan import plan_trials
    from seqcompare.evaluation.suites import load_suite, shipped_suites

    return [
        {"suite": name, "title": suite.title, "seeds": suite.seeds, "trials": len(plan_trials(suite))}
        for name in shipped_suites()
        for suite in [load_suite(name)]
    ]


def _first_line(thing: object) -> str:
    return (thing.__doc__ or "").strip().partition("\n")[0]


def _show_plan(output: Output, plan: pd.DataFrame) -> None:
    from seqcompare.report.terminal import duration

    if output.as_json:
        output.json(plan.to_dict("records"))
        return
    by = plan.groupby(["axis", "task", "model"], sort=False)["estimated_seconds"].agg(["size", "sum"])
    rows = [(*key, int(n), duration(seconds)) for key, n, seconds in by.itertuples(name=None)]
    output.table("", ["axis", "task", "model", "trials", "one core"], rows)
    total = duration(float(plan["estimated_seconds"].sum()))
    output.result(f"{len(plan)} trials to run, about {total} on one core", None)


def _show_sweep(output: Output, run: Run, page: Path) -> None:
    frame, horizons = run.frame(), run.horizons()
    failed = int((frame["status"] != "ok").sum())
    best = horizons[horizons["best"]]
    if output.as_json:
        output.json(
            {
                "folder": run.folder,
                "report": page,
                "trials": len(frame),
                "failed": failed,
                "horizons": best.to_dict("records"),
            }
        )
        return
    if len(best) and not output.quiet:
        words = best.pivot(index="task", columns="model", values="horizon")
        words = words.reindex(index=best["task"].unique(), columns=best["model"].unique()).fillna("")
        rows = [(task, *row) for task, *row in words.itertuples(name=None)]
        output.table("Horizons (steps with skill above one half)", ["task", *words.columns], rows)
    if failed:
        output.say(f"{failed} of {len(frame)} trials failed; the report lists them")
    output.result(f"report: {page}", None)


def _again() -> str:
    """Return the command that goes on where this one stopped."""
    return " ".join(["seqcompare", *(quote(word) for word in sys.argv[1:] if word != "--fresh")])


def main() -> None:
    """Run the command line and end the process with its exit code."""
    try:
        code = app(standalone_mode=False)
    except StoppedError as stopped:
        _end(str(stopped), INTERRUPTED)
    except (KeyboardInterrupt, typer.Abort):
        _end("stopped", INTERRUPTED)
    except (ValueError, OSError, ImportError) as error:
        _end(f"error: {error}", BAD_INPUT)
    except Exception as error:
        # what the parser raises has a message of its own; all else is a fault of ours and is shown whole
        message = getattr(error, "format_message", None)
        if message is None:
            raise
        _end(f"error: {message()}", BAD_INPUT)
    raise SystemExit(code or 0)


def _end(message: str, code: int) -> None:
    sys.stderr.write(" ".join(message.split()) + "\n")
    raise SystemExit(code)
