"""The report of a sweep."""

from __future__ import annotations

from shlex import quote

from seqcompare.report import sweep_sections as parts
from seqcompare.report import views
from seqcompare.report.common import reproduce_section, trials_section
from seqcompare.report.names import shown
from seqcompare.report.parts import Report, Section
from seqcompare.report.sentences import sweep_verdict
from seqcompare.results.store import StoredRun

QUESTION = (
    "How far back can each family of models remember? Every task hides one dependency at a known distance, "
    "and its best possible score is known exactly."
)


def sweep_report(run: StoredRun) -> Report:
    """Return the report of a sweep."""
    frame = views.readable(run.frame())
    rows = views.finished(frame)
    swept = rows[rows["axis"] == "distance"]
    memory = rows[rows["axis"] == "memory"]
    sections: list[Section | None] = [
        parts.distance_section(swept) if len(swept) else None,
        parts.memory_section(memory) if len(memory) else None,
        parts.cost_section(rows) if len(rows) else None,
        parts.growth_section(rows),
        parts.learning_section(rows, run.curves()),
        parts.ranks_section(rows),
        trials_section(frame),
        reproduce_section(run.config, _command(run), run.folder.name, frame),
    ]
    return Report(
        title=shown(run.config.get("title", "Sweep")) or "Sweep",
        question=QUESTION,
        verdict=sweep_verdict(frame),
        headline=parts.headline(swept) if len(swept) else None,
        sections=tuple(section for section in sections if section is not None),
    )


def _command(run: StoredRun) -> str:
    name = quote(shown(run.folder.name))
    return f"seqcompare sweep SUITE --out {name}, with the settings below as the suite"
