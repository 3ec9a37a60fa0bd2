"""What stands beside the model that a comparison keeps: what it is, how good, and what is not known of it."""

from __future__ import annotations

from seqcompare.quantities import several
from seqcompare.report.answer.sheet import AnswerSheet
from seqcompare.report.names import shown
from seqcompare.report.tables import markdown_text
from seqcompare.results.comparison import ComparisonResult

CARD = "model_card.md"


def model_card(result: ComparisonResult, sheet: AnswerSheet, folder: str) -> str:
    """Return the card of the model that is named, as Markdown; of the data it has counts, and no contents.

    Parameters
    ----------
    result : ComparisonResult
        What was found.
    sheet : AnswerSheet
        The same in words.
    folder : str
        The folder of the run.
    """
    data, config = result.config["data"], result.config
    versions = ", ".join(f"{shown(k, 20)} {shown(v, 20)}" for k, v in config.get("versions", {}).items())
    machine = config.get("machine", {})
    facts = {
        "Data": f"{several(data['n_sequences'], 'sequence')}, {several(data['n_steps'], 'step')} of "
        f"{several(data['n_channels'], 'channel')} ({shown(data['kind'], 10)})",
        "What it predicts": sheet.subtitle,
        **{tile.label: f"{tile.value} ({tile.note})" for tile in sheet.tiles},
        "Fitted to": "all of these data; the scores are of fits to parts of them",
        "Made": f"{shown(config.get('started', ''), 30)}, {versions}, {shown(machine.get('system', ''), 60)}",
    }
    lines = [f"# Model card: {markdown_text(shown(data['name'], 60))}", ""]
    lines += [f"- **{markdown_text(name)}**: {markdown_text(text)}" for name, text in facts.items()]
    lines += ["", "## What is not known of it", ""]
    lines += [f"- {markdown_text(note.text)}" for note in sheet.limits]
    lines += [
        *("", "## How to use it", "", "```python", "import seqcompare", ""),
        f"model = seqcompare.load_run({folder!r}).model()",
        *(
            "```",
            "",
            "Loading it runs no code of the file; classes of your own have to be named as trusted.",
            "",
        ),
    ]
    return "\n".join(lines)
