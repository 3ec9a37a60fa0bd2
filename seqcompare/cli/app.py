"""The commands, and the exit codes in which they end."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from seqcompare.cli.data import with_data, with_reading
from seqcompare.cli.early import before_compare, begin_workers
from seqcompare.cli.ending import Stoppable, resumable, run
from seqcompare.cli.inspection import inspect
from seqcompare.cli.listing import Listing, records_of
from seqcompare.cli.options import (
    BackendOption,
    BudgetOption,
    FreshOption,
    JobsOption,
    JsonOption,
    MemoryOption,
    ModelOption,
    NamesOption,
    OpenOption,
    OutOption,
    QuietOption,
    SchedulerOption,
    WaitOption,
    patient,
)
from seqcompare.cli.predicting import explain, export, forecast, predict
from seqcompare.cli.profiling import profile
from seqcompare.command import typed
from seqcompare.experiments.budget import USUAL

if TYPE_CHECKING:
    from seqcompare.data.dataset import SequenceDataset
    from seqcompare.experiments.forward import Along
    from seqcompare.report.terminal import Output


app = typer.Typer(
    cls=Stoppable,
    name="seqcompare",
    help=(
        "How far back do the dependencies in your sequences reach, and which family of models captures "
        "them: Markov chains, hidden Markov models, classifiers on windows, or recurrent networks?"
    ),
    epilog=(
        "Exit codes: 0 done, 1 an error inside seqcompare, 2 bad input (one line on standard error says "
        "what), 130 stopped by Ctrl-C, 143 by SIGTERM, 129 by SIGHUP, 141 where nobody reads the output."
    ),
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)


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
    modules: Annotated[
        list[str] | None,
        typer.Option(
            "--import",
            metavar="MODULE",
            help="Import a module of yours that registers families, tasks, metrics, ...; before the command.",
            show_default=False,
        ),
    ] = None,
) -> None:
    for module in modules or ():
        import_module(module)
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
    wait: WaitOption = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List the trials and their estimated time; run none.")
    ] = False,
    tasks: Annotated[
        list[str] | None,
        typer.Option(
            "--task",
            help="In place of the suite's tasks: a name, or 'module:Class'; may be given several times.",
            show_default=False,
        ),
    ] = None,
    models: ModelOption = None,
    budget: BudgetOption = "none",
    backend: BackendOption = "loky",
    scheduler: SchedulerOption = None,
    opened: OpenOption = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Run every family over tasks of growing distance, and write a report.

    A sweep that is stopped goes on where it stopped when the same command is given again.
    """
    folder = out or Path("reports") / Path(suite).stem
    # a name that there is not is to be refused at once, not once workers that load the same are ended
    probable = not (tasks or models) and (
        (files("seqcompare.experiments") / "shipped" / f"{suite}.toml").is_file() or Path(suite).is_file()
    )
    if probable and not dry_run:
        begin_workers(folder, jobs, backend)
    from seqcompare.report.terminal import Output, show_plan, show_sweep

    output = Output(as_json=as_json, quiet=quiet)
    output.begin(f"planning {suite}")
    shared: dict[str, Any] = {
        "n_jobs": jobs,
        "only": tuple(only or ()),
        "fresh": fresh,
        "tasks": tasks or None,
        "models": models or None,
        "backend": backend,
        "scheduler": scheduler,
        "budget": budget,
    }
    from seqcompare.experiments.sweep import sweep as run_sweep

    if dry_run:
        show_plan(output, run_sweep(suite, folder, dry_run=True, **shared))
        return
    with (
        typed(sys.argv[1:]),
        output.progress(f"sweep {Path(suite).stem}") as bar,
        resumable(lambda: f"{bar.done} of {bar.total} trials are kept in {folder}"),
    ):
        run = run_sweep(suite, folder, progress=bar.show, **shared)
    output.say("writing the report")
    with patient():  # who reads the run this moment ends soon, and must not cost it its page
        page = run.report()
    show_sweep(output, run, page)
    if not as_json:
        output.page(page, opened=opened)


def compare(
    output: Output,
    dataset: SequenceDataset,
    out: OutOption = None,
    models: ModelOption = None,
    metrics: Annotated[
        list[str] | None,
        typer.Option(
            "--metric",
            help="Shown beside what models are judged by, such as macro_f1; may be given several times.",
            show_default=False,
        ),
    ] = None,
    cv: Annotated[int, typer.Option(help="Folds, where the data have no official test part.")] = 5,
    repeats: Annotated[int, typer.Option(help="How often folds are drawn anew.")] = 1,
    along: Annotated[
        str,
        typer.Option(
            help="How a long series is divided: from past to future, or in blocks.",
            metavar="[auto|time|blocks]",
        ),
    ] = "auto",
    gap: Annotated[
        int | None,
        typer.Option(help="Steps left out around test blocks of long sequences.", show_default=False),
    ] = None,
    ahead: Annotated[
        int | None,
        typer.Option(
            help="How many steps forecasts of numbers are to reach; by default 12, or a season.",
            show_default=False,
        ),
    ] = None,
    max_seconds: Annotated[
        float, typer.Option(help="Safety net of one training of a network, in seconds.")
    ] = 600.0,
    random_state: Annotated[int, typer.Option("--seed", help="Seed of the folds.")] = 0,
    ids: NamesOption = True,
    budget: BudgetOption = USUAL,
    memory: MemoryOption = None,
    backend: BackendOption = "loky",
    scheduler: SchedulerOption = None,
    jobs: JobsOption = -1,
    fresh: FreshOption = False,
    wait: WaitOption = False,
    opened: OpenOption = False,
) -> None:
    """Compare the families on your data, and name the cheapest model that is good enough.

    A comparison that is stopped goes on where it stopped when the same command is given again.
    """
    from seqcompare.experiments.compare import compare as run_compare
    from seqcompare.report.terminal import show_comparison

    with (
        output.progress(f"compare {dataset.name}") as bar,
        resumable(lambda: f"{bar.done} of {bar.total} trials are kept"),
    ):
        found = run_compare(
            dataset,
            models or None,
            cv,
            metric=metrics or None,
            out=out,
            repeats=repeats,
            gap=gap,
            along=cast("Along", along),
            ahead=ahead,
            max_seconds=max_seconds,
            random_state=random_state,
            ids=ids,
            budget=budget,
            memory=memory,
            backend=backend,
            scheduler=scheduler,
            n_jobs=jobs,
            fresh=fresh,
            progress=bar.show,
        )
    output.say("writing the report")
    with patient():  # as above
        page = found.report()
    show_comparison(output, found, page)
    if not output.as_json:
        output.page(page, opened=opened)


app.command(
    epilog="Examples: `seqcompare compare japanese_vowels` | `seqcompare compare visits.csv "
    "--sequence patient --order day --target outcome` | `seqcompare compare corpus.txt --tokens word`"
)(with_data(compare, before_compare))

app.command(
    epilog="Examples: `seqcompare profile genome.fasta` | "
    "`seqcompare profile cmudict_stress --out runs/words`"
)(with_data(profile))

app.command(
    epilog="Examples: `seqcompare inspect visits.csv` | `seqcompare inspect a.csv --sequence patient --json`"
)(with_data(inspect))

app.command(
    epilog="Examples: `seqcompare predict reports/visits new-visits.csv --out answers.csv` | "
    "`seqcompare predict reports/japanese_vowels utterances.ts --json`"
)(with_reading(predict))

app.command(
    epilog="Examples: `seqcompare forecast reports/visits visits.csv --steps 12 --out fan.csv` | "
    "`seqcompare forecast reports/corpus corpus.txt --steps 3 --json`"
)(with_reading(forecast))

app.command(
    epilog="Examples: `seqcompare explain reports/visits visits.csv --sequence p7` | "
    "`seqcompare explain reports/corpus corpus.txt --sequence 3 --step 40 --out why.png`"
)(explain)

app.command(epilog="Examples: `seqcompare export reports/visits visits.onnx`")(export)


@app.command(
    epilog="Examples: `seqcompare claims` | `seqcompare claims --list` | `seqcompare claims NAME --jobs 2`"
)
def claims(
    names: Annotated[
        list[str] | None, typer.Argument(help="Which claims; by default all.", show_default=False)
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the runs.")] = Path("reports/claims"),
    only_list: Annotated[bool, typer.Option("--list", help="List the claims; test none.")] = False,
    budget: BudgetOption = "none",
    backend: BackendOption = "loky",
    scheduler: SchedulerOption = None,
    jobs: JobsOption = -1,
    fresh: FreshOption = False,
    opened: OpenOption = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Put the field's textbook claims to the test: each is an experiment with a verdict."""
    from seqcompare.claims import CLAIMS, check_claims
    from seqcompare.report.terminal import Output

    output = Output(as_json=as_json, quiet=quiet)
    if only_list:
        listed = [{"claim": c.name, "statement": c.statement, "source": c.source} for c in CLAIMS.values()]
        output.records(listed)
        return
    with (
        typed(sys.argv[1:]),
        output.progress("claims") as bar,
        resumable(lambda: f"what is done is kept in {out}"),
    ):
        checked = check_claims(
            names or None,
            out,
            budget=budget,
            backend=backend,
            scheduler=scheduler,
            n_jobs=jobs,
            fresh=fresh,
            progress=lambda name, step: bar.update(step, name),
        )
    output.say("writing the report")
    page = checked.report()
    records = checked.outcomes[["claim", "outcome", "statement"]].to_dict("records")
    if as_json:
        output.json({"claims": records, "evidence": checked.evidence.to_dict("records"), "report": page})
    else:
        output.records(records)
        output.page(page, opened=opened)


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
    opened: OpenOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write the report of a run again, from its store alone; several runs are set side by side."""
    from seqcompare.report.page import write_report, write_side_by_side
    from seqcompare.report.terminal import Output

    if len(runs) == 1 and out is None:
        page = write_report(runs[0])
    else:
        page = write_side_by_side(runs, out or Path("reports") / "-".join(run.name for run in runs))
    output = Output(as_json=as_json)
    if as_json:
        output.json({"report": page})
    else:
        output.page(page, opened=opened)


@app.command("list", epilog="Examples: `seqcompare list tasks` | `seqcompare list models --json`")
def list_(
    what: Annotated[Listing, typer.Argument(help="models, tasks, datasets, suites or formats")],
    as_json: JsonOption = False,
) -> None:
    """List what there is: models, tasks, bundled data sets, suites, formats of files."""
    from seqcompare.report.terminal import Output

    Output(as_json=as_json).records(records_of(what))


def main() -> None:
    """Run the command line and end the process with its exit code."""
    run(app)
