"""The report of a comparison on real data."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import pandas as pd

from seqcompare.quantities import percent
from seqcompare.report import comparison_sections as parts
from seqcompare.report.answer import lead_of, shown_answer
from seqcompare.report.appendix import reproduce_section, trials_section
from seqcompare.report.columns import Writer, writer_of
from seqcompare.report.comparison_view import ComparisonView
from seqcompare.report.context_sections import far_back_section
from seqcompare.report.figures import VERDICT, figures_of, further_section
from seqcompare.report.machine_section import machine_section
from seqcompare.report.names import shown
from seqcompare.report.number_sections import numbers_section
from seqcompare.report.parts import Report, Section, Table
from seqcompare.results.comparison import StoredComparison

_FACTS = {
    "name": "name",
    "role": "what is predicted (role)",
    "kind": "what a step is",
    "n_sequences": "sequences",
    "n_independent": "sequences, or groups of them, that were tested",
    "n_steps": "steps in all",
    "shortest": "steps of the shortest sequence",
    "longest": "steps of the longest sequence",
    "pace": "how far apart steps are",
    "n_channels": "numbers in a step",
    "n_symbols": "different symbols",
    "uniform_bits": "bits of an even guess",
    "splits": "how they were split",
    "n_splits": "times a model was tested",
    "test_fraction": "test data for each item of training data",
}


#: Tables that sections show, and write.
_SHOWN = {"summary", "pairs", "grids", "trials", "numbers_channels", "numbers_skill"}


def comparison_report(run: StoredComparison) -> Report:
    """Return the report of a comparison."""
    frame = run.frame()
    verdict = run.verdict()
    view = ComparisonView(run)
    headline = next(iter(figures_of(view, VERDICT).values()), None)
    facts = run.config["data"]
    name = shown(facts["name"], 60)
    answer = shown_answer(run)
    found = (
        parts.good_enough_section,
        numbers_section,
        far_back_section,
        machine_section,
        parts.answers_section,
        parts.curves_section,
    )
    # of no model that can be judged there is nothing to draw
    sections = [section(view) for section in found] if verdict.kind != "nothing" else []
    sections += [
        further_section(view, headline, sections),
        _data_section(view, verdict.evidence),
        trials_section(frame, view.scores),
        reproduce_section(run.config, str(run.folder), frame),
    ]
    return Report(
        title=f"Which model for {name}?",
        question=answer.sheet.subtitle,
        verdict=tuple(shown(sentence, 600) for sentence in [*verdict.sentences, *_unsaved(run)]),
        headline=headline,
        sections=tuple(section for section in sections if section is not None),
        files={k: v for k, v in run.tables().items() if k not in _SHOWN},
        palette=view.palette,
        lead=lead_of(answer, run.result, str(run.folder)),
    )


def _unsaved(run: StoredComparison) -> list[str]:
    """Return a sentence where the model that is enough could not be saved."""
    problem = run.unsaved()
    return [f"{problem}."] if problem else []


def _data_section(view: ComparisonView, evidence: pd.DataFrame) -> Section:
    data = view.run.config["data"]
    facts = {**data, "pace": (data.get("pace") or {}).get("words")}
    plain = [(words, facts[k]) for k, words in _FACTS.items() if facts.get(k) not in (None, 0)]
    written = [_written(view, row) for row in evidence.to_dict("records")]
    tables = [
        Table(
            "data",
            "What the data are",
            "As they were read.",
            pd.DataFrame(plain, columns=["what", "value"], dtype=object),
            {"what": "what", "value": "value"},
        ),
        Table(
            "evidence",
            "The numbers behind the answer",
            "For each sentence at the top, where its numbers stand.",
            evidence.assign(value=pd.Series(written, index=evidence.index, dtype=object)),
            {"sentence": "sentence", "table": "table", "row": "row", "column": "column", "value": "value"},
        ),
    ]
    return Section(
        "data",
        "The data, and the evidence",
        tuple(shown(n, 600) for n in facts.get("notes", [])),
        tuple(tables),
    )


def _written(view: ComparisonView, row: Mapping[Hashable, object]) -> object:
    """Return the value of a row of the evidence, as the table that it stands in has it."""
    value, column = row["value"], str(row["column"])
    try:
        found = float(value)  # type: ignore[arg-type]  # what is no number raises
    except (TypeError, ValueError):
        return value
    tables: dict[str, dict[str, Writer]] = {
        **dict.fromkeys(("summary", "shorter", "numbers_channels", "taught"), view.scores),
        **dict.fromkeys(("pairs", "grids"), view.losses),
        "numbers_skill": dict.fromkeys(("low", "high"), percent),
    }
    own = {
        **tables.get(str(row["table"]), {}),
        **dict.fromkeys(("at_most", "would_show", "behind"), view.metric.say_difference),
    }
    return writer_of(str(row["row"]) if column == "value" else column, own)(found)
