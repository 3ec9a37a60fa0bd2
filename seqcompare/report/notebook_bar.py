"""How far a run is, in a notebook."""

from __future__ import annotations

import time
from html import escape
from importlib import import_module
from types import TracebackType
from typing import TYPE_CHECKING, Any

from seqcompare.quantities import duration, percent
from seqcompare.report.names import shown

if TYPE_CHECKING:
    from seqcompare.report.terminal import Step

#: Seconds between what is drawn: every change is a message to the browser.
_EVERY = 0.2


class NotebookBar:
    """A bar below the cell that runs, with the time left; what has failed is counted.

    Parameters
    ----------
    title : str
        What runs.
    """

    def __init__(self, title: str) -> None:
        self._title, self._forecast = shown(title, 60), ""
        self._handle: Any = None
        self._step: Step | None = None
        self._drawn, self._start = 0.0, time.monotonic()

    def __enter__(self) -> NotebookBar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._step is not None:
            took = duration(time.monotonic() - self._start)
            self._draw(self._step, f"{'stopped after' if kind else 'done in'} {took}")

    def show(self, step: Step) -> None:
        """Show how far the run is."""
        self._step, self._forecast = step, step.forecast or self._forecast
        if time.monotonic() - self._drawn >= _EVERY:
            self._draw(step, "" if step.eta_seconds is None else f"{duration(step.eta_seconds)} left")

    def _draw(self, step: Step, words: str) -> None:
        # it is there in every notebook, and elsewhere need not be
        screen: Any = import_module("IPython.display")

        share = percent(step.done / step.total) if step.total else "0.0%"
        said = [f"{step.done} of {step.total} ({share})", words]
        said.append(f"{step.failed} failed" if step.failed else "")
        name = escape(self._title)
        bar = f'<progress max="{max(step.total, 1)}" value="{step.done}" aria-label="{name}"></progress>'
        small = f"<br><small>{escape(self._forecast)}</small>" if self._forecast else ""
        page = screen.HTML(f"{name} {bar} {' · '.join(filter(None, said))}{small}")
        if self._handle is None:
            self._handle = screen.display(page, display_id=True)
        else:
            self._handle.update(page)
        self._drawn = time.monotonic()
