"""The report of a sweep."""

from __future__ import annotations

from shlex import quote

import pandas as pd

from seqcompare.report import insight_sections as insight
from seqcompare.report import sweep_sections as parts
from seqcompare.report import views
from seqcompare.report.common import reproduce_section, trials_section
from seqcompare.report.names import distinct, shown
from seqcompare.report.parts import Report, Section
from seqcompare.report.sentences import sweep_verdict
from seqcompare.results.folder import StoredRun
from seqcompare.results.skill import best_of, compare_models, scores, summary

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
    comparisons = compare_models(rows)
    sections: list[Section | None] = [
        parts.distance_section(frame[frame["axis"] == "distance"]) if len(swept) else None,
        parts.memory_section(memory) if len(memory) else None,
        parts.cost_section(rows) if len(rows) else None,
        insight.growth_section(rows, _shown_tasks(run.side_table("state_space"))),
        insight.learning_section(rows, run),
        insight.inside_section(rows, run),
        insight.ranks_section(rows, comparisons),
        trials_section(frame),
        reproduce_section(run.config, _command(run), run.folder.name, frame),
    ]
    return Report(
        title=shown(run.config.get("title", "Sweep")) or "Sweep",
        question=QUESTION,
        verdict=sweep_verdict(frame, int(run.config.get("n_trials", len(frame)))),
        headline=parts.headline(swept) if len(swept) else None,
        sections=tuple(section for section in sections if section is not None),
        files={
            "summary": summary(frame),
            "scores": scores(frame),
            "best_of_family": best_of(frame),
            "comparisons": comparisons,
            "curves": run.curves(),
        },
    )


def _shown_tasks(table: pd.DataFrame | None) -> pd.DataFrame | None:
    return None if table is None else table.assign(task=table["task"].map(distinct(table["task"], 36)))


def _command(run: StoredRun) -> str:
    name = quote(shown(run.folder.name))
    return f"seqcompare sweep SUITE --out {name}, with the settings below as the suite"
