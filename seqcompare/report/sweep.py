"""The report of a sweep, and its answer in sentences: each is made of numbers of a table of the report."""

from __future__ import annotations

import numpy as np
import pandas as pd

from seqcompare.quantities import several
from seqcompare.report.appendix import reproduce_section, trials_section
from seqcompare.report.figures import VERDICT, figures_of, further_section
from seqcompare.report.names import joined, shown
from seqcompare.report.parts import Report, Section
from seqcompare.report.sweep_answer import lead_of_sweep
from seqcompare.report.sweep_cost import cost_section, growth_section
from seqcompare.report.sweep_skill import distance_section, memory_section
from seqcompare.report.sweep_tables import LEARNED, SweepView
from seqcompare.report.sweep_training import inside_section, learning_section, ranks_section
from seqcompare.results.folder import StoredRun
from seqcompare.results.skill import best_of, scores, summary

QUESTION = (
    "How far back can each family of models remember? Every task hides one dependency at a known distance, "
    "and its best possible score is known exactly."
)


def sweep_report(run: StoredRun) -> Report:
    """Return the report of a sweep."""
    view = SweepView(run.frame(), run.config, run)
    headline = next(iter(figures_of(view, VERDICT).values()), None)
    sections: list[Section | None] = [
        distance_section(view) if len(view.swept) else None,
        memory_section(view) if len(view.memory) else None,
        cost_section(view) if len(view.rows) else None,
        growth_section(view),
        learning_section(view),
        inside_section(view),
        ranks_section(view),
    ]
    sections += [
        further_section(view, headline, sections),
        trials_section(view.frame),
        reproduce_section(run.config, str(run.folder), view.frame),
    ]
    verdict = sweep_verdict(view, int(run.config.get("n_trials", len(view.frame))))
    return Report(
        title=shown(run.config.get("title", "Sweep")) or "Sweep",
        question=QUESTION,
        verdict=verdict,
        headline=headline,
        sections=tuple(section for section in sections if section is not None),
        files={
            "summary": summary(view.frame),
            "scores": scores(view.frame),
            "best_of_family": best_of(view.frame),
            "comparisons": view.comparisons,
            "curves": run.curves(),
        },
        palette=view.palette,
        lead=lead_of_sweep(view, verdict, run.config),
    )


def sweep_verdict(view: SweepView, n_planned: int) -> tuple[str, ...]:
    """Return the answer of a sweep.

    Parameters
    ----------
    view : SweepView
        All rows.
    n_planned : int
        Trials of the whole run.
    """
    if view.swept.empty:
        return (
            "No trial of a sweep over distance has finished: there is nothing to say yet.",
            *_remarks(view.frame, view.rows, n_planned),
        )
    return (*_reaches(view), *_cannot_and_did_not(view), *_remarks(view.frame, view.rows, n_planned))


def _reaches(view: SweepView) -> list[str]:
    sentences = []
    best = view.best_horizons()
    for (family, causal), rows in best.groupby(["family", "causal"], sort=False):
        name = view.palette.title(str(family)) + ("" if causal else ", models that look ahead")
        groups: dict[str, list[str]] = {}
        for row in rows.itertuples(index=False):
            groups.setdefault(_horizon_words(row), []).append(str(row.task))
        ordered = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
        said = "; ".join(f"{words} on {joined(tasks)}" for words, tasks in ordered)
        sentences.append(f"{name}: the best model {said}.")
    return sentences


def _horizon_words(row: object) -> str:
    last, first, status = (getattr(row, name) for name in ("last_above", "first_below", "status"))
    if status == "beyond":
        return f"keeps skill above one half at every distance swept (to {last:g})"
    if status == "censored":
        return f"reaches at least to {several(last, 'step')}, and beyond that nothing can be said"
    if status == "below":
        return f"is below one half already at the smallest distance ({first:g})"
    if status == "bracketed":
        return f"reaches {several(last, 'step')} and falls below one half by {first:g}"
    return (
        "cannot be judged (no finished trial at the smallest distance, or optimal and chance are too close)"
    )


def _cannot_and_did_not(view: SweepView) -> list[str]:
    kinds = view.by_kind(view.swept, "distance")
    low = kinds[kinds["skill"] < LEARNED]
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
            + "; ".join(f"{group} in {several(n, 'combination')}" for group, n in worst.items())
            + "."
        )
    return [*sentences, *_kin_that_did(did_not, kinds)]


def _kin_that_did(did_not: pd.DataFrame, kinds: pd.DataFrame) -> list[str]:
    """Return where a family can after all: another kind of it learned what one did not."""
    if did_not.empty:
        return []
    learned = kinds.loc[kinds["skill"] >= LEARNED, ["task", "distance", "family", "group"]]
    pairs = did_not.merge(learned, on=["task", "distance", "family"], suffixes=("", "_kin"))
    said = [
        f"{kin} did on {task} what {joined([str(g) for g in part['group'].unique()])} did not"
        for (kin, task), part in pairs.groupby(["group_kin", "task"], sort=False)
    ]
    return [f"The family could, and it was a matter of fitting: {'; '.join(said)}."] if said else []


def _of_the_clock(did_not: pd.DataFrame) -> str:
    n = int(did_not["n_seconds"].gt(0).sum())
    return f"; in {n} of them the safety net of seconds cut training off" if n else ""


def _remarks(frame: pd.DataFrame, rows: pd.DataFrame, n_planned: int) -> list[str]:
    remarks = []
    trials, of_all = several(len(rows), "trial"), several(len(frame), "trial")
    if len(frame) < n_planned:
        remarks.append(f"The run is not finished: {len(frame)} of {n_planned} trials are in this report.")
    seeds = int(frame["seed"].nunique()) if len(frame) else 0
    if 0 < seeds < 10:
        remarks.append(
            f"With {several(seeds, 'seed')} the bands are ranges, and no test was made: small "
            "differences mean nothing."
        )
    budget = int((rows["stop"] == "budget").sum())
    if budget:
        remarks.append(
            f'{budget} of {trials} ended because their budget of training ran out: they say "not '
            'learned within the budget", never "cannot".'
        )
    seconds = int((rows["stop"] == "seconds").sum())
    if seconds:
        remarks.append(
            f"{seconds} of {trials} were stopped by the safety net of seconds: their scores "
            "depend on the machine."
        )
    failed = int((frame["status"] != "ok").sum())
    if failed:
        remarks.append(f"{failed} of {of_all} failed; they are listed at the end and are in no mean.")
    undefined = int(((frame["status"] == "ok") & ~np.isfinite(frame["skill"])).sum())
    if undefined:
        remarks.append(
            f"{several(undefined, 'trial')} with a score and no skill: optimal and chance are equal there."
        )
    return remarks
