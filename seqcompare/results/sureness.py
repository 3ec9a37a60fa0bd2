"""How sure a verdict is: what else may be better, what would settle it, and what was searched at all."""

from __future__ import annotations

import numpy as np

from seqcompare.results.contest import CHANCE
from seqcompare.results.findings import Findings, Writer, brief
from seqcompare.results.judgement import EQUIVALENT, INFERIOR, NOT_TRIED, UNDECIDED

#: More units than this nobody will gather.
_MOST = 1e6


def say_how_sure(found: Findings, writer: Writer) -> None:
    """Say by how much another may yet be better than the winner, and what would settle it."""
    judged, winner = found.judgement, str(found.judgement.winner)
    if judged.rival is None or winner not in judged.good_enough:
        return
    p = judged.good_enough[winner]
    evidence = (
        ("judgement", winner, "good_enough", p),
        ("judgement", winner, "at_most", judged.at_most),
    )
    most = found.metric.say_difference(judged.at_most)
    if judged.at_most <= found.tolerance:
        writer.say(
            f"How sure that is: no other model is better by more than {found.margin} (probability {p:.2f}; "
            f"at most {most}, with 95% confidence).",
            *evidence,
        )
        return
    settle = "" if judged.kind == "chance" else f" {settle_words(found)}"
    writer.say(
        f"How sure that is: no other model was shown to be better by more than {found.margin}; that none is "
        f"has a probability of {p:.2f}, and at most {most} better cannot be excluded ({brief(judged.rival)})."
        f"{settle}",
        *evidence,
    )


def settle_words(found: Findings) -> str:
    """Return a sentence on what would settle what is open."""
    more, data = found.judgement.more, found.data
    if found.in_time:
        one = "there is one series" if data["n_sequences"] == 1 else "the series are few"
        times = 1 + more / max(found.n_units, 1)
        longer = (
            f"about {_rounded(times)} times as long" if np.isfinite(times) and times < 100 else "far longer"
        )
        return f"Nothing that is at hand would settle it: {one}, and it would have to be {longer}."
    what = "groups" if data["in_groups"] else "sequences"
    if not np.isfinite(more) or more > _MOST:
        return f"No number of further {what} that one could gather would settle it, going by these."
    return f"About {_rounded(max(more, 1))} more {what} would settle it, if things are what they seem."


def say_statuses(found: Findings, writer: Writer) -> None:
    """Say of every model that is not the winner what it is."""
    judged, row = found.judgement, "judgement"
    references = {CHANCE, *judged.references}
    for status, words in (
        (EQUIVALENT, f"As good as any within {found.margin}, for sure"),
        (INFERIOR, f"Shown to be worse than another by more than {found.margin}"),
        (UNDECIDED, "Undecided (with the probability that none is better by more than that)"),
    ):
        mine = [e for e, s in judged.status.items() if s == status and e not in (*references, judged.winner)]
        if mine:
            sure = {e: judged.good_enough[e] for e in mine}
            shown = [f"{brief(e)} ({sure[e]:.2f})" if status == UNDECIDED else brief(e) for e in mine]
            writer.say(f"{words}: {', '.join(shown)}.", *((row, e, "good_enough", sure[e]) for e in mine))
    left = [e for e, s in judged.status.items() if s == NOT_TRIED and judged.reasons.get(e) != "failed"]
    partly, wholly = ([e for e in left if (e in judged.good_enough) == tried] for tried in (True, False))
    behind = "Worse as far as it was tried, which does not tell of its best"
    for words, mine in ((behind, partly), ("Not tried", wholly)):
        if mine:
            writer.say(
                f"{words}: {'; '.join(f'{brief(e)} ({judged.reasons[e]})' for e in mine)}.",
                *((row, e, "status", NOT_TRIED) for e in mine),
            )


def searched_words(found: Findings) -> str:
    """Return which models were tried, and up to what size."""
    parts = []
    for entry in found.judgement.good_enough:
        if entry in found.judgement.references:
            continue
        grid = found.grids[found.grids["entry"] == entry]
        sizes = []
        if len(grid) and "capacity_name" in grid:
            for name in dict.fromkeys(grid["capacity_name"]):
                rows = grid[grid["capacity_name"] == name]
                low, high = rows["capacity"].min(), rows["capacity"].max()
                if name and np.isfinite(high):
                    sizes.append(f"{name} {low:g}" + (f" to {high:g}" if high > low else ""))
        parts.append(f"{brief(entry)} ({', '.join(sizes)})" if sizes else brief(entry))
    return ", ".join(parts)


def _rounded(number: float) -> str:
    """Return a number with two digits that count."""
    if number < 10:
        return f"{number:.2g}"
    scale = 10 ** (len(str(int(number))) - 2)
    return f"{round(number / scale) * scale:,.0f}"
