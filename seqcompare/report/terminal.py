"""Results on a terminal: tables, progress with the time that is left, and what is said in the end."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol

from rich import markup
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn
from rich.table import Table

from seqcompare.quantities import duration, number, percent, several
from seqcompare.report.names import plain, shown, visible

if TYPE_CHECKING:
    import pandas as pd

    from seqcompare.results.comparison import StoredComparison
    from seqcompare.results.sweep import StoredSweep


def escape(text: str) -> str:
    """Return text of a user's for the terminal: it is neither acted on nor taken for markup."""
    return markup.escape(visible(text))


class Step(Protocol):
    """How far something is; what `seqcompare.experiments.sweep.Progress` offers."""

    @property
    def done(self) -> int:
        """Finished, those of an earlier start included."""

    @property
    def total(self) -> int:
        """All there is to do."""

    @property
    def failed(self) -> int:
        """Ended in an error since this start."""

    @property
    def eta_seconds(self) -> float | None:
        """Until the end; None while that cannot be told."""

    @property
    def forecast(self) -> str:
        """What all of it will take, in a sentence; empty but at the start."""

    @property
    def last(self) -> Any:
        """The outcome of the trial that has just finished; None before the first."""


class Output:
    """Where a command writes: results to standard output, everything else to standard error.

    Parameters
    ----------
    as_json : bool, default=False
        Whether results are one JSON value.
    quiet : bool, default=False
        Whether only results are written.
    """

    def __init__(self, *, as_json: bool = False, quiet: bool = False) -> None:
        self.as_json = as_json
        self.quiet = quiet or as_json
        # off a terminal there is no width to keep to
        self._out = Console(highlight=False, width=None if sys.stdout.isatty() else 160)
        self._err = Console(stderr=True, highlight=False)

    @property
    def width(self) -> int:
        """Columns to keep to; 80 where there is no terminal."""
        return self._out.width if self._out.is_terminal else 80

    def say(self, text: str) -> None:
        """Tell the user something that is no result."""
        if not self.quiet:
            self._err.print(escape(text))

    def result(self, text: str, value: object) -> None:
        """Write a result: `text` for people, `value` for machines."""
        if self.as_json:
            self.json(value)
        else:
            # lines break between words on a terminal; what reads a pipe has lines of its own
            self._out.print(escape(text), soft_wrap=not self._out.is_terminal)

    def json(self, value: object) -> None:
        """Write `value` as JSON, in characters that no terminal acts on."""
        sys.stdout.write(json.dumps(plain(value), indent=2, allow_nan=False) + "\n")

    def table(self, title: str, heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Write a table; columns of numbers are set to the right."""
        rows = [[_words(value) for value in row] for row in rows]
        table = Table(
            title=escape(title) if title else None,
            title_justify="left",
            header_style="bold",
            box=SIMPLE_HEAD,
        )
        for place, head in enumerate(heads):
            numbers = bool(rows) and all(_is_number(row[place]) for row in rows)
            table.add_column(escape(head), justify="right" if numbers else "left", overflow="fold")
        for row in rows:
            table.add_row(*(escape(text) for text in row))
        self._out.print(table)

    def records(self, records: Sequence[Mapping[Any, Any]]) -> None:
        """Write records that have the same keys: as a table for people, as they are for machines."""
        if self.as_json:
            self.json(records)
        elif records:
            self.table("", list(records[0]), [list(record.values()) for record in records])

    def progress(self, title: str) -> Bar:
        """Return a progress bar; off a terminal it is a line every half a minute."""
        return Bar(self._err, title, drawn=not self.quiet and self._err.is_terminal, told=not self.quiet)

    def begin(self, text: str) -> None:
        """Tell somebody who watches that work has begun, before what is slow is imported."""
        if self._err.is_terminal:
            self.say(text)

    def page(self, page: Path, *, opened: bool = False) -> None:
        """Say where a report is, and open it in a browser where that is asked for."""
        self.result(f"report: {page}", None)
        if opened:
            import webbrowser

            webbrowser.open(page.resolve().as_uri())


#: Seconds between the lines that tell how far it is, where no bar can be drawn.
HEARTBEAT = 30.0


class Bar:
    """A progress bar with the time left and what has just finished; a line now and then off a terminal."""

    def __init__(self, console: Console, title: str, *, drawn: bool, told: bool) -> None:
        self._drawn, self._told, self._console = drawn, told, console
        self._title, self._left = shown(title, 22), ""
        self._ended = Event()
        self._progress = Progress(
            TextColumn("{task.description}"),
            # what is told has to fit 80 columns; a wider terminal shows what has just finished as well
            BarColumn(bar_width=16 if console.width < 110 else 30),
            TaskProgressColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[left]}"),
            *([TextColumn("[dim]{task.fields[last]}")] if console.width >= 110 else []),
            console=console,
            transient=True,
        )
        self._task = self._progress.add_task(escape(self._title), total=None, left="", last="")
        self.done = self.total = self.failed = 0

    def __enter__(self) -> Bar:
        if self._drawn:
            self._progress.start()
        elif self._told:
            Thread(target=self._beat, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        if self._drawn:  # off a terminal, stopping alone would write an empty line
            self._progress.stop()

    def _beat(self) -> None:
        while not self._ended.wait(HEARTBEAT):
            if self.total:
                left = f", {self._left}" if self._left else ""
                text = f"{self._title}: {self.done} of {self.total} ({percent(self.done / self.total)}){left}"
            else:
                text = f"{self._title}: getting ready; the first time models are compiled"
            self._console.print(escape(text), soft_wrap=True)

    def show(self, step: Step) -> None:
        """Show how far a run of trials is, and which has just finished."""
        self.update(step, step.last.row["trial_id"] if step.last else "")

    def update(self, step: Step, last: str = "") -> None:
        """Show how far the work is."""
        self.done, self.total, self.failed = step.done, step.total, step.failed
        left = "" if step.eta_seconds is None else f"{duration(step.eta_seconds)} left"
        failed = f" ({step.failed} failed)" if step.failed else ""
        self._left = left + failed
        if step.forecast and self._told:
            self._console.print(escape(step.forecast), soft_wrap=True)
        if not self._drawn:
            return
        self._progress.update(
            self._task,
            completed=step.done,
            total=step.total,
            left=self._left,
            last=escape(shown(last, 60)),
        )


def _words(value: object) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return number(value) if isinstance(value, float) else shown(value)


def _is_number(text: str) -> bool:
    return text == "" or text.lstrip("≥<-−").replace(".", "", 1).replace("e", "", 1).lstrip("+-").isdigit()


def show_plan(output: Output, plan: pd.DataFrame) -> None:
    """Show what a sweep would run."""
    if output.as_json:
        output.json(plan.to_dict("records"))
        return
    by = plan.groupby(["axis", "task", "model"], sort=False)["estimated_seconds"].agg(["size", "sum"])
    rows = [(*key, int(n), duration(seconds)) for key, n, seconds in by.itertuples(name=None)]
    output.table("", ["axis", "task", "model", "trials", "one core"], rows)
    total = duration(float(plan["estimated_seconds"].sum()))
    output.result(f"{several(len(plan), 'trial')} to run, about {total} on one core", None)


def show_sweep(output: Output, run: StoredSweep, page: Path) -> None:
    """Show what a sweep found: how far each family reaches, failures, and where the report is."""
    from seqcompare.report.sweep_answer import sweep_answer

    frame, horizons = run.frame(), run.horizons()
    failed = int((frame["status"] != "ok").sum())
    best = horizons[horizons["best"]]
    answer = sweep_answer(run) if len(best) else None
    if output.as_json:
        told = {"folder": run.folder, "report": page, "trials": len(frame), "failed": failed}
        said = {"horizons": best.to_dict("records"), "answer": answer and answer.to_dict()}
        output.json({**told, **said})
        return
    if answer is not None and not output.quiet:
        output.result("How far the best model of each family reaches, in steps back:", None)
        output.result(answer.to_text(output.width), None)
    if failed:
        output.say(f"{failed} of {several(len(frame), 'trial')} failed; the report lists them")


def show_comparison(output: Output, found: StoredComparison, page: Path) -> None:
    """Show what a comparison found: contestants, the verdict, and where the report is."""
    from seqcompare.report.answer import shown_answer

    answer = shown_answer(found)
    verdict = answer.verdict
    if output.as_json:
        names = ("kind", "family", "model", "horizon", "horizon_time", "look_ahead", "sentences")
        said = {name: getattr(verdict, name) for name in names}
        said["summary"] = found.summary().to_dict("records")
        notes = found.config["data"]["notes"]
        told = {"folder": found.folder, "report": page, "notes": notes, "verdict": said}
        output.json({**told, "answer": answer.to_dict()})
        return
    if output.quiet:
        for sentence in verdict.sentences:
            output.result(f"- {sentence}", None)
    else:
        output.result(f"{answer.to_text(output.width)}\n\n{verdict.sentences[0]}", None)
