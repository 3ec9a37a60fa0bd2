"""How sure a verdict is: what else may be better, what would settle it, and what was searched at all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from seqcompare.quantities import about, bits, duration, probability, several, size
from seqcompare.results.contest import CHANCE
from seqcompare.results.findings import Findings, Number, Writer, brief
from seqcompare.results.judgement import EQUIVALENT, INFERIOR, NOT_TRIED, UNDECIDED
from seqcompare.results.left_out import FAILED, OVER_MEMORY, OVER_TIME, TOLD_APART, LeftOut
from seqcompare.results.sight import Overlooked

#: More units than this nobody will gather.
_MOST = 1e6
_MOST_NAMED = 3
#: What has to be done about candidates that were left out.
_REMEDY = {
    OVER_TIME: "More time would tell.",
    OVER_MEMORY: "More memory would tell.",
    FAILED: "What failed would have to be mended.",
}


def say_how_sure(found: Findings, writer: Writer) -> None:
    """Say by how much another may yet be better than the winner, and what would settle it."""
    judged, winner = found.judgement, str(found.judgement.winner)
    if judged.rival is None or winner not in judged.good_enough:
        return
    p = probability(judged.good_enough[winner])
    evidence = (
        ("judgement", winner, "good_enough", judged.good_enough[winner]),
        ("judgement", winner, "at_most", judged.at_most),
    )
    most = found.metric.say_difference(judged.at_most)
    if judged.at_most <= found.tolerance:
        writer.say(
            f"How sure that is: no other model is better by more than {found.margin} (probability {p}; "
            f"at most {most}, with 95% confidence).{own_words(found)}",
            *evidence,
        )
        return
    settle = "" if judged.kind == "chance" else f" {settle_words(found)}"
    writer.say(
        f"How sure that is: no other model was shown to be better by more than {found.margin}; that none is "
        f"has a probability of {p}, and at most {most} better cannot be excluded "
        f"({found.named(judged.rival)}).{own_words(found)}{settle}",
        *evidence,
    )


def own_words(found: Findings) -> str:
    """Return a sentence on the winner's own candidates that were not tried; empty where all were."""
    winner = str(found.judgement.winner)
    if found.spent is None or not (left := found.spent.missing(winner)):
        return ""
    n = several(found.spent.n_candidates.get(winner, 0), "candidate")
    return f" Another of its own may be better: {len(left)} of its {n} {_were(left)} not tried to the end."


def found_words(missed: Overlooked) -> str:
    """Return what was found before any model and none of those tried could make use of."""
    if missed.fact == "reach":
        further = f" further than {several(int(missed.at_most), 'step')}" if missed.at_most else " at all"
        back = several(int(missed.found), "step")
        return f"what lies up to {back} back matters, and nothing that was tried looks back{further}"
    if missed.fact == "curve":
        told = f"curves of earlier numbers tell {bits(missed.found)} bit more than straight lines"
        more = f" more than {bits(missed.at_most)} bit over these" if missed.at_most else " anything by them"
        return f"{told}, and no model that was tried gains{more}"
    where = "detected at one lag" if missed.fact == "most_seen" else "told by several steps together"
    gains = f"no model that was tried gains more than {bits(missed.at_most)} bit over chance"
    return f"{bits(missed.found)} bit of information was {where}, and {gains}"


def left_words(missed: Overlooked) -> str:
    """Return who may make use of that, and was not tried."""
    n, reasons = len(missed.left), " or ".join(dict.fromkeys(x.reason for x in missed.left))
    able = "may do better" if missed.fact != "reach" else "looks further" if n == 1 else "look further"
    return f"{several(n, 'candidate')} that {able} {_were(missed.left)} not tried to the end ({reasons})"


def settle_words(found: Findings) -> str:
    """Return a sentence on what would settle what is open."""
    if (missed := found.judgement.overlooked) is not None:
        return " ".join(_REMEDY[reason] for reason in dict.fromkeys(x.reason for x in missed.left))
    if found.spent is not None and found.spent.late:
        late = several(len(found.spent.late), "candidate")
        return f"First of all more time would: {late} {_were(found.spent.late)} over the budget."
    more, data = found.judgement.more, found.data
    if found.in_time:
        one = "there is one series" if data["n_sequences"] == 1 else "the series are few"
        times = 1 + more / max(found.n_units, 1)
        longer = f"about {about(times)} times as long" if np.isfinite(times) and times < 100 else "far longer"
        return f"Nothing that is at hand would settle it: {one}, and it would have to be {longer}."
    what = "groups" if data["in_groups"] else "sequences"
    if not np.isfinite(more) or more > _MOST:
        return f"No number of further {what} that one could gather would settle it, going by these."
    return f"About {about(max(more, 1))} more {what} would settle it, if differences stay as measured."


def say_statuses(found: Findings, writer: Writer) -> None:
    """Say of every model that is not the winner what it is."""
    judged, row = found.judgement, "judgement"
    references = {CHANCE, *judged.references}
    chances = " (with the probability that none is better by more than that)"
    for status, words in (
        (EQUIVALENT, f"As good as any within {found.margin}, for sure"),
        (INFERIOR, f"Shown to be worse than another by more than {found.margin}"),
        (UNDECIDED, f"Undecided{'' if judged.overlooked else chances}"),
    ):
        mine = [e for e, s in judged.status.items() if s == status and e not in (*references, judged.winner)]
        if mine:
            sure = {e: judged.good_enough[e] for e in mine}
            open_ = status == UNDECIDED and judged.overlooked is None
            told = {e: f" ({probability(p)})" if open_ else "" for e, p in sure.items()}
            writer.say(
                f"{words}: {', '.join(found.named(e) + told[e] for e in mine)}.",
                *((row, e, "good_enough", sure[e]) for e in mine),
            )
    left = [e for e, s in judged.status.items() if s == NOT_TRIED and judged.reasons.get(e) != "failed"]
    partly, wholly = ([e for e in left if (e in judged.good_enough) == tried] for tried in (True, False))
    behind = "Worse as far as it was tried, which does not tell of its best"
    for words, mine in ((behind, partly), ("Not tried", wholly)):
        if mine:
            writer.say(
                f"{words}: {'; '.join(f'{found.named(e)} ({judged.reasons[e]})' for e in mine)}.",
                *((row, e, "status", NOT_TRIED) for e in mine),
            )


def say_budget(findings: Findings, writer: Writer) -> None:
    """Say what the budget was, what it took, and what was left out for it."""
    found = findings.spent
    if found is None:
        return
    over = [x for x in found.left_out if x.reason == OVER_MEMORY]
    if over:
        writer.say(
            f"Over the memory of {size(found.memory / 1e6)}, and not tried: {_named(findings, over)}.",
            *(("left_out", f"{x.entry}, {x.model}", "reason", x.reason) for x in over),
        )
    if found.seconds is None:
        return
    n = sum(found.n_candidates.values())
    apart = [x for x in found.left_out if x.reason == TOLD_APART]
    late = found.late
    budget = f"The budget was {duration(found.seconds)}"
    evidence: list[Number] = [("spent", "budget_seconds", "value", found.seconds)]
    if not (apart or late or found.skipped or found.raced):
        # no word of what was spent: the same call says the same
        tried = n - len(over)
        words = "the one candidate" if tried == 1 else f"all {several(tried, 'candidate')}"
        writer.say(f"{budget}, enough for {words}.", *evidence)
        return
    text = f"{budget}, and {duration(found.spent)} were spent"
    evidence.append(("spent", "spent_seconds", "value", found.spent))
    if found.compiling >= 1:
        text += (
            f" beside {duration(found.compiling)} in which models were loaded and compiled, the latter once"
        )
        evidence.append(("spent", "compiling_seconds", "value", found.compiling))
    parts = []
    if apart:
        parts.append(
            f"{len(apart)} {_were(apart)} told apart from the best on a part of the data, and dropped"
        )
    if late:
        parts.append(f"{len(late)} {_were(late)} over the budget and not tried: {_named(findings, late)}")
    kept = n - len(apart) - len(late) - len(over)
    text += f": of {several(n, 'candidate')} {kept} {'was' if kept == 1 else 'were'} tried" + "".join(
        f"; {part}" for part in parts
    )
    for part in sorted(set(found.raced.values())):
        names = ", ".join(findings.named(e) for e, p in found.raced.items() if p == part)
        text += f"; candidates of {names} were chosen by one in {part} of the items to learn from"
    if found.skipped:
        text += f"; there was no time for {found.skipped}"
    evidence += [("left_out", f"{x.entry}, {x.model}", "reason", x.reason) for x in (*apart, *late)]
    writer.say(f"{text}.", *evidence)


def searched_words(found: Findings) -> str:
    """Return which models were tried, and up to what size."""
    parts = []
    for entry in found.judgement.good_enough:
        if entry in found.judgement.references:
            continue
        left = [] if found.spent is None else found.spent.missing(entry)
        grid = found.grids[found.grids["entry"] == entry]
        grid = grid[~grid["model"].isin([x.model for x in left])] if len(grid) else grid
        sizes = []
        if len(grid) and "capacity_name" in grid:
            for name in dict.fromkeys(grid["capacity_name"]):
                rows = grid[grid["capacity_name"] == name]
                low, high = rows["capacity"].min(), rows["capacity"].max()
                if name and np.isfinite(high):
                    sizes.append(f"{name} {low:g}" + (f" to {high:g}" if high > low else ""))
        if left:
            sizes.append(f"{len(left)} of its candidates not to the end")
        parts.append(f"{found.named(entry)} ({', '.join(sizes)})" if sizes else found.named(entry))
    return ", ".join(parts)


def _were(left: Sequence[LeftOut]) -> str:
    return "was" if len(left) == 1 else "were"


def _named(found: Findings, left: Sequence[LeftOut]) -> str:
    """Return candidates by name, those of each model together, and not too many."""
    words = []
    for entry in dict.fromkeys(x.entry for x in left):
        mine = [x.model for x in left if x.entry == entry]
        more = f" and {len(mine) - _MOST_NAMED} more" if len(mine) > _MOST_NAMED else ""
        words.append(f"{', '.join(map(brief, mine[:_MOST_NAMED]))}{more} of {found.named(entry)}")
    return "; ".join(words)
