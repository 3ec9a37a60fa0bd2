"""The report of a comparison on real data."""

from __future__ import annotations

from shlex import quote

import pandas as pd

from seqcompare.report import comparison_sections as parts
from seqcompare.report.common import reproduce_section, trials_section
from seqcompare.report.names import distinct, shown
from seqcompare.report.parts import Report, Section, Table
from seqcompare.results.stored_comparison import StoredComparison


def comparison_report(run: StoredComparison) -> Report:
    """Return the report of a comparison."""
    frame = run.frame()
    verdict = run.verdict()
    summary = run.summary()
    summary["entry"] = summary["entry"].map(distinct(summary["entry"], 32))
    metric = run.contest.metric
    facts = run.config["data"]
    name = shown(facts["name"], 60)
    sections: list[Section | None] = [
        parts.good_enough_section(run, summary, metric),
        parts.far_back_section(run, metric),
        parts.answers_section(run, summary),
        parts.curves_section(run, frame),
        _data_section(run, verdict.evidence),
        trials_section(frame),
        reproduce_section(
            run.config, f"seqcompare compare {quote(name)}, with the settings below", run.folder.name, frame
        ),
    ]
    return Report(
        title=f"Which model for {name}?",
        question=_question(facts),
        verdict=tuple(shown(sentence, 600) for sentence in verdict.sentences),
        headline=parts.contest_figure(summary, metric),
        sections=tuple(section for section in sections if section is not None),
        files={k: v for k, v in run.tables().items() if k not in {"summary", "pairs", "ladders", "trials"}},
    )


def _question(facts: dict[str, object]) -> str:
    asked = {
        "next": "which symbol comes next",
        "step": "which label each step bears",
        "sequence": "which class each sequence is of",
        "value": "which number belongs to each sequence",
    }
    role = asked.get(str(facts["role"]), str(facts["role"]))
    shortest, longest = f"{facts['shortest']:,}", f"{facts['longest']:,}"
    lengths = shortest if shortest == longest else f"{shortest} to {longest}"
    return (
        f"{facts['n_sequences']:,} sequences of {lengths} steps; asked is {role}. How far back does it "
        "matter, which family of models captures it, and which is the cheapest that is good enough?"
    )


def _data_section(run: StoredComparison, evidence: pd.DataFrame) -> Section:
    facts = run.config["data"]
    plain = [(k, v) for k, v in facts.items() if not isinstance(v, dict | list) and v is not None]
    tables = [
        Table(
            "data",
            "What the data are",
            "As they were read.",
            pd.DataFrame([(k, str(v)) for k, v in plain], columns=["what", "value"]),
            {"what": "what", "value": "value"},
        ),
        Table(
            "evidence",
            "The numbers behind the answer",
            "For each sentence at the top, where its numbers stand.",
            evidence,
            {"sentence": "sentence", "table": "table", "row": "row", "column": "column", "value": "value"},
        ),
    ]
    return Section(
        "data",
        "The data, and the evidence",
        tuple(shown(n, 600) for n in facts.get("notes", [])),
        tuple(tables),
    )
