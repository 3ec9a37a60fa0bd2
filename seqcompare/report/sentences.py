"""The answer of a sweep in plain sentences; each is made of numbers that stand in a table of the report."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from seqcompare import style
from seqcompare.report import views
from seqcompare.results.horizon import horizons


def sweep_verdict(frame: pd.DataFrame, n_planned: int) -> tuple[str, ...]:
    """Return the answer of a sweep.

    Parameters
    ----------
    frame : DataFrame
        All rows, with names that can be shown.
    n_planned : int
        Trials of the whole run.
    """
    rows = views.finished(frame)
    swept = rows[rows["axis"] == "distance"]
    if swept.empty:
        return (
            "No trial of a sweep over distance has finished: there is nothing to say yet.",
            *_remarks(frame, rows, n_planned),
        )
    # failed trials as well: a horizon does not reach over a distance where all of them failed
    table = horizons(frame)
    best = table[table["best"]]
    return (
        *_reaches(best),
        *_cannot_and_did_not(swept),
        *_remarks(frame, rows, n_planned),
    )


def join(words: Sequence[str]) -> str:
    """Return "a, b and c"."""
    words = list(words)
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def _reaches(best: pd.DataFrame) -> list[str]:
    sentences = []
    for (family, causal), rows in best.groupby(["family", "causal"], sort=False):
        name = style.family_name(str(family)) + ("" if causal else ", models that look ahead")
        groups: dict[str, list[str]] = {}
        for row in rows.itertuples(index=False):
            groups.setdefault(_horizon_words(row), []).append(str(row.task))
        ordered = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
        said = "; ".join(f"{words} on {join(tasks)}" for words, tasks in ordered)
        sentences.append(f"{name}: the best model {said}.")
    return sentences


def _horizon_words(row: object) -> str:
    last, first, status = (getattr(row, name) for name in ("last_above", "first_below", "status"))
    if status == "beyond":
        return f"keeps skill above one half at every distance swept (to {last:g})"
    if status == "censored":
        return f"reaches at least to {last:g} steps, and beyond that nothing can be said"
    if status == "below":
        return f"is below one half already at the smallest distance ({first:g})"
    if status == "bracketed":
        return f"reaches {last:g} steps and falls below one half by {first:g}"
    return (
        "cannot be judged (no finished trial at the smallest distance, or optimal and chance are too close)"
    )


def _cannot_and_did_not(swept: pd.DataFrame) -> list[str]:
    kinds = views.by_kind(swept, "distance")
    low = kinds[kinds["skill"] < views.LEARNED]
    cannot = low[[answer is False for answer in low["can_represent"]]]
    did_not = low[[answer is True for answer in low["can_represent"]]]
    sentences = []
    if len(low):
        sentences.append(
            f"Of {len(kinds)} combinations of task, distance and kind of model, {len(low)} end below skill "
            f"one half: {len(cannot)} because no model of that kind here can represent the task, "
            f"{len(did_not)} although one can (it did not learn it within its "
            f"budget{_of_the_clock(did_not)}), and {len(low) - len(cannot) - len(did_not)} where theory is "
            "silent."
        )
    if len(did_not):
        worst = did_not.groupby("group", sort=False).size().sort_values(ascending=False, kind="stable")
        sentences.append(
            "Could, but did not learn: "
            + "; ".join(f"{group} in {n} combination{'s' if n > 1 else ''}" for group, n in worst.items())
            + "."
        )
    return sentences


def _of_the_clock(did_not: pd.DataFrame) -> str:
    n = int(did_not["n_seconds"].gt(0).sum())
    return f"; in {n} of them the safety net of seconds cut training off" if n else ""


def _remarks(frame: pd.DataFrame, rows: pd.DataFrame, n_planned: int) -> list[str]:
    remarks = []
    if len(frame) < n_planned:
        remarks.append(f"The run is not finished: {len(frame)} of {n_planned} trials are in this report.")
    seeds = int(frame["seed"].nunique()) if len(frame) else 0
    if 0 < seeds < 10:
        remarks.append(
            f"With {seeds} seed{'s' if seeds > 1 else ''} the bands are ranges, and no test was made: small "
            "differences mean nothing."
        )
    budget = int((rows["stop"] == "budget").sum())
    if budget:
        remarks.append(
            f'{budget} of {len(rows)} trials ended because their budget of training ran out: they say "not '
            'learned within the budget", never "cannot".'
        )
    seconds = int((rows["stop"] == "seconds").sum())
    if seconds:
        remarks.append(
            f"{seconds} of {len(rows)} trials were stopped by the safety net of seconds: their scores "
            "depend on the machine."
        )
    failed = int((frame["status"] != "ok").sum())
    if failed:
        remarks.append(
            f"{failed} of {len(frame)} trials failed; they are listed at the end and are in no mean."
        )
    undefined = int(((frame["status"] == "ok") & ~np.isfinite(frame["skill"])).sum())
    if undefined:
        remarks.append(
            f"{undefined} trials have a score but no skill, since optimal and chance are equal there."
        )
    return remarks
