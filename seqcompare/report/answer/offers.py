"""What can be done next with a comparison, as commands that run when they are pasted."""

from __future__ import annotations

import math
from dataclasses import dataclass

from seqcompare import quantities as say
from seqcompare.command import Command, command_of
from seqcompare.results.comparison import ComparisonResult
from seqcompare.results.contest import CHANCE
from seqcompare.user_text import visible

#: How many times the budget is offered where it left something out.
_LONGER = 4


@dataclass(frozen=True)
class Offer:
    """Something to do next: what it does, and the command; it is one of Python where `in_python`."""

    words: str
    command: str
    in_python: bool = False


def offers_of(result: ComparisonResult, folder: str) -> tuple[Offer, ...]:
    """Return what can be done next: by commands where the run was made by one, and in Python.

    Parameters
    ----------
    result : ComparisonResult
        What was found.
    folder : str
        The folder of the run.
    """
    judged, command = result.judgement, command_of(result.config)
    named = judged.kind == "model" and judged.winner != CHANCE
    if folder != visible(folder) or "\n" in folder:
        return ()
    offers = [] if command is None else _typed(result, command, folder, named)
    if named:
        n = int(result.config["data"]["n_sequences"])
        whole = f"all {say.count(n)} sequences" if n > 1 else "the whole sequence"
        line = f"import seqcompare; model = seqcompare.load_run({folder!r}).model()"
        offers.append(Offer(f"In Python, the model fitted to {whole}", line, in_python=True))
    return tuple(offers)


def _typed(result: ComparisonResult, command: Command, folder: str, named: bool) -> list[Offer]:
    offers = []
    where, *options = command.data
    longer = longer_budget(result)
    more = [Offer("Go on with what the budget left out", command.going_on(longer))] if longer else []
    if named:
        answers = command.other("predict", folder, where, "--out", "answers.csv")
        offers.append(Offer("Ask the model about these sequences, or a file of new ones like it", answers))
        ahead = result.forecaster
        if ahead is not None:
            words = f"Forecast {say.several(ahead.steps, 'step')} after the end of these, or of new ones"
            line = command.other("forecast", folder, where, "--steps", str(ahead.steps))
            offers.append(Offer(words, line))
    elif result.judgement.kind != "nothing":
        words = "What single steps tell, before any model"
        offers.append(Offer(words, command.other("profile", where, *options)))
    return [*offers, *more] if named else [*more, *offers]


def longer_budget(result: ComparisonResult) -> str:
    """Return the budget that is offered where one left something out, as it is typed; empty elsewhere."""
    spent = result.findings.spent
    if spent is None or spent.seconds is None or not spent.cut_short:
        return ""
    return f"{math.ceil(_LONGER * spent.seconds / 60)}m"
