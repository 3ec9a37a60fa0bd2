"""What a paper says of a comparison: a paragraph on methods, and the entries of its references."""

from __future__ import annotations

from collections.abc import Mapping

from seqcompare.quantities import several
from seqcompare.report.answer.sheet import AnswerSheet
from seqcompare.report.answer.words import margin_words
from seqcompare.report.names import shown
from seqcompare.results.comparison import ComparisonResult
from seqcompare.typing import Params

_ENTRIES = {
    "holm1979": (
        "article",
        {
            "author": "Holm, Sture",
            "title": "A Simple Sequentially Rejective Multiple Test Procedure",
            "journal": "Scandinavian Journal of Statistics",
            "volume": "6",
            "number": "2",
            "pages": "65--70",
            "year": "1979",
        },
    ),
    "nadeau2003": (
        "article",
        {
            "author": "Nadeau, Claude and Bengio, Yoshua",
            "title": "Inference for the Generalization Error",
            "journal": "Machine Learning",
            "volume": "52",
            "pages": "239--281",
            "year": "2003",
        },
    ),
}


def methods(result: ComparisonResult, sheet: AnswerSheet) -> str:
    """Return the paragraph on methods of a paper that rests on this comparison."""
    config, metric = result.config, result.metric
    data, settings = config["data"], config.get("settings", {})
    version = _version(config)
    margin = margin_words(metric, result.contest.tolerance)
    competed = [row for row in sheet.rows if not row.is_reference and row.score != "–"]
    names = ", ".join(row.name for row in competed) or "none"
    seed = f" The seed was {settings['random_state']}." if "random_state" in settings else ""
    return (
        f"We compared {several(len(competed), 'model')} ({names}) with seqcompare{version} on "
        f"{shown(data['name'], 60)} ({several(data['n_sequences'], 'sequence')}, "
        f"{several(data['n_steps'], 'step')}), tested on "
        f"{shown(data['splits'], 200)}. A part of the training data chose the candidate of each model, which "
        f"was then fitted to all of them. Models were compared by {metric.loss_label}, paired on the same "
        f"test units; intervals are of 95%. A difference below {margin} counts as practically equal. A model "
        "is inferior if another is better by more than that, by one-sided tests at .05 corrected after Holm "
        "(1979), equivalent if none can be, and else undecided; where folds chose different candidates, "
        "variances are inflated after Nadeau and Bengio (2003). We report the cheapest model that beats "
        f"chance and of which no other was shown to be better.{seed}"
    )


def bibtex(config: Params, *, tests: bool = True) -> str:
    """Return the entries that the paragraph on methods refers to; without `tests`, that of the package."""
    version = _version(config).strip()
    own = {"title": "{seqcompare}: how far back do sequences depend, and which model captures it"}
    own |= {"version": version} if version else {}
    started = str(next((s.get("started", "") for s in config.get("sessions", [])), ""))[:4]
    own |= {"year": started} if started.isdigit() else {}
    entries = {"seqcompare": ("software", own), **(_ENTRIES if tests else {})}
    return "\n".join(
        f"@{kind}{{{key},\n" + "".join(f"  {name} = {{{text}}},\n" for name, text in fields.items()) + "}\n"
        for key, (kind, fields) in entries.items()
    )


def _version(config: Params) -> str:
    versions = config.get("versions", {})
    found = versions.get("seqcompare") if isinstance(versions, Mapping) else None
    return f" {shown(found, 20)}" if found else ""
