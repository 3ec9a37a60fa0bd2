"""What a command says on the terminal when it is done."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from seqcompare.report.terminal import Output, duration
from seqcompare.results.comparison import StoredComparison


def show_plan(output: Output, plan: pd.DataFrame) -> None:
    """Show what a sweep would run."""
    if output.as_json:
        output.json(plan.to_dict("records"))
        return
    by = plan.groupby(["axis", "task", "model"], sort=False)["estimated_seconds"].agg(["size", "sum"])
    rows = [(*key, int(n), duration(seconds)) for key, n, seconds in by.itertuples(name=None)]
    output.table("", ["axis", "task", "model", "trials", "one core"], rows)
    total = duration(float(plan["estimated_seconds"].sum()))
    output.result(f"{len(plan)} trials to run, about {total} on one core", None)


def show_sweep(output: Output, folder: Path, page: Path, frame: pd.DataFrame, horizons: pd.DataFrame) -> None:
    """Show what a sweep found: horizons, failures, and where the report is."""
    failed = int((frame["status"] != "ok").sum())
    best = horizons[horizons["best"]]
    if output.as_json:
        output.json(
            {
                "folder": folder,
                "report": page,
                "trials": len(frame),
                "failed": failed,
                "horizons": best.to_dict("records"),
            }
        )
        return
    if len(best) and not output.quiet:
        words = best.pivot(index="task", columns="model", values="horizon")
        words = words.reindex(index=best["task"].unique(), columns=best["model"].unique()).fillna("")
        rows = [(task, *row) for task, *row in words.itertuples(name=None)]
        output.table("Horizons (steps with skill above one half)", ["task", *words.columns], rows)
    if failed:
        output.say(f"{failed} of {len(frame)} trials failed; the report lists them")
    output.result(f"report: {page}", None)


def show_comparison(output: Output, found: StoredComparison, page: Path) -> None:
    """Show what a comparison found: contestants, the verdict, and where the report is."""
    verdict, summary = found.verdict(), found.summary()
    if output.as_json:
        names = ("kind", "family", "model", "horizon", "look_ahead", "sentences")
        answer = {name: getattr(verdict, name) for name in names}
        answer["summary"] = summary.to_dict("records")
        notes = found.config["data"]["notes"]
        output.json({"folder": found.folder, "report": page, "notes": notes, "verdict": answer})
        return
    if not output.quiet:
        wanted = ["entry", "chosen", "score", "low", "high", "n_parameters", "fit_seconds"]
        rows = summary[wanted].to_numpy().tolist()
        output.table("Contestants, the best first", wanted, rows)
    for sentence in verdict.sentences:
        output.result(f"- {sentence}", None)
    output.result(f"report: {page}", None)
