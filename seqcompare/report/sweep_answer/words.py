"""What the matrix of a sweep says: one sentence, and four tiles."""

from __future__ import annotations

import math
from collections import Counter

from seqcompare import quantities as say
from seqcompare.families import REFERENCE
from seqcompare.report.answer.tiles import Tile
from seqcompare.report.names import joined
from seqcompare.report.sweep_answer.reaches import CANNOT, NOT_ASKED, NOT_LEARNED, REACHED, Reaches
from seqcompare.report.sweep_tables import SweepView


def sentence_of(found: Reaches) -> str:
    """Return what the matrix says, in one sentence with names and capacities."""
    said = []
    for group in found.groups:
        cells = [c for c in found.row(group) if c.look != NOT_ASKED]
        far = [c for c in cells if c.words.startswith("≥")]
        near = [float(c.words) for c in cells if c.look == REACHED and not c.words.startswith("≥")]
        short = sum(c.look in (NOT_LEARNED, CANNOT) for c in cells)
        member = f" (most often {found.members[group]})" if group in found.members else ""
        n = len(cells)
        parts = []
        if far:
            parts.append(f"all that was tried on {len(far)} of {say.several(n, 'task')}")
        if near:
            low, high = min(near), max(near)
            span = f"{low:g}" if low == high else f"{low:g} to {high:g}"
            where = say.several(len(near), "other") if far else f"{len(near)} of {say.several(n, 'task')}"
            parts.append(f"{span} step{'' if high == 1 else 's'} on {where}")
        if short:
            parts.append(f"not even the smallest distance on {say.several(short, 'task')}")
        said.append(f"{group}{member} {f'reaches {joined(parts)}' if parts else 'cannot be judged'}")
    return "; ".join(said) + "." if said else "Nothing has been swept over distance yet."


def tiles_of_sweep(view: SweepView, found: Reaches) -> tuple[Tile, ...]:
    """Return what reaches farthest, what fails and why, what it costs, and how sure that is."""
    counts = {g: sum(c.words.startswith("≥") for c in found.row(g)) for g in found.groups}
    asked = {g: sum(c.look != NOT_ASKED for c in found.row(g)) for g in found.groups}
    top = max(counts, key=lambda g: counts[g], default="")
    looks = Counter(cell.look for cell in found.cells.values())
    if top and counts[top]:
        member = f"; most often {found.members[top]}" if top in found.members else ""
        first = Tile(
            "Reaches farthest",
            top,
            f"all distances tried on {counts[top]} of {say.several(asked[top], 'task')}{member}",
            "ok",
        )
    else:
        first = Tile("Reaches farthest", "None", "no family reaches the largest distance of a task", "open")
    failed = Tile(
        "Falls short at once",
        f"{looks[NOT_LEARNED] + looks[CANNOT]} of {len(found.cells)}",
        f"pairs of family and task, at the smallest distance: {looks[NOT_LEARNED]} not learned, "
        f"{looks[CANNOT]} impossible by theory",
    )
    rows = view.rows[view.rows["family"] != REFERENCE]
    size = say.count(float(rows["n_parameters"].median())) if len(rows) else say.NOTHING
    seconds = float(rows["fit_seconds"].median()) if len(rows) else math.nan
    costs = Tile(
        "What it costs",
        f"{say.duration(seconds)} a fit",
        f"median of {say.several(len(rows), 'trial')} of all models; {size} parameters",
    )
    seeds = int(view.frame["seed"].nunique()) if len(view.frame) else 0
    note = (
        "95% t intervals and paired tests"
        if seeds >= 10
        else "ranges, no tests: small differences mean nothing"
    )
    return first, failed, costs, Tile("How sure", say.several(seeds, "seed"), note)
