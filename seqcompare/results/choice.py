"""Which candidate is named, how sure that choice is, and what a larger or a shorter one is worth."""

from __future__ import annotations

import numpy as np
import pandas as pd

from seqcompare.quantities import several
from seqcompare.results.findings import Findings, Writer, brief


def named_candidate(found: Findings, entry: str | None) -> str | None:
    """Return the candidate that is named: the one that most folds chose and tested."""
    if entry is None:
        return None
    chosen = found.grids[(found.grids["entry"] == entry) & found.grids["chosen"].astype(bool)]
    return str(chosen["model"].iloc[0] if len(chosen) else found.row(entry)["chosen"])


def chosen_words(found: Findings, entry: str) -> str:
    """Return how often the named candidate was chosen."""
    name = named_candidate(found, entry)
    row = found.grids[(found.grids["entry"] == entry) & (found.grids["model"] == name)]
    if row.empty:
        return f"the folds chose {name} most often"
    return f"{row['n_chosen'].iloc[0]} of {several(row['n_folds'].iloc[0], 'fold')} chose {name}"


def say_choice(found: Findings, writer: Writer, model: str | None) -> None:
    """Say how sure the choice among the winner's candidates is, and what a larger one is worth."""
    judged = found.judgement
    if judged.kind != "model" or judged.winner is None:
        return
    grid = found.grids[found.grids["entry"] == judged.winner].reset_index(drop=True)
    here = grid[grid["model"] == model]
    if here.empty or len(grid) < 2:
        return
    mine = here.iloc[0]
    _say_error(found, writer, grid, mine)
    # a small network on few steps has more parameters than a linear model on many, and sees less
    larger = grid[(grid["cost"] > mine["cost"]) & (grid["capacity"] >= mine["capacity"])]
    if larger.empty:
        open_end = found.untried.get(str(judged.winner))
        text = f"No larger candidate of {found.named(judged.winner)} was tried: more capacity may buy more."
        if open_end is not None and open_end.wider:
            text = f"A wider grid of {found.named(judged.winner)} may find more: {open_end.reason}."
        writer.say(text, ("grids", str(model), "n_parameters", mine["n_parameters"]))
        return
    top = larger.sort_values("loss", kind="stable").iloc[0]
    gain = float(mine["loss"] - top["loss"])
    if gain > found.tolerance / 10:
        text = (
            f"More capacity of the same kind ({top['model']}) buys "
            f"{found.metric.say_difference(gain)} on validation data, {_relation(gain, found)}."
        )
    else:
        behind = f": it is {found.metric.say_difference(-gain)} behind" if gain < 0 else ""
        text = (
            "More capacity of the same kind buys nothing that counts: the best larger candidate on "
            f"validation data is {top['model']!r}{behind}."
        )
    writer.say(
        text,
        ("grids", str(model), "loss", mine["loss"]),
        ("grids", str(top["model"]), "loss", top["loss"]),
    )


def _say_error(found: Findings, writer: Writer, grid: pd.DataFrame, mine: pd.Series) -> None:
    """Say how far the named candidate is behind the best on validation data, with the error of that."""
    model, best = str(mine["model"]), str(grid["model"].iloc[int(grid["loss"].argmin())])
    error, winner = float(mine["fold_error"]), found.named(found.judgement.winner)
    if model == best:
        near = int((grid["behind"] <= grid["fold_error"].clip(lower=found.tolerance)).sum()) - 1
        others = (
            f"{near} other{'' if near == 1 else 's'} cannot be told from it" if near else "no other is near"
        )
        writer.say(
            f"Of {len(grid)} candidates of {winner} it did best on validation data; {others} "
            "(within one standard error, or practically as good).",
            ("grids", model, "behind", 0.0),
        )
        return
    known = f" (standard error {found.metric.say_difference(error)})" if np.isfinite(error) else ""
    writer.say(
        f"Of {len(grid)} candidates of {winner} {best} did best on validation data; {model} is "
        f"{found.metric.say_difference(float(mine['behind']))} behind{known}, and the cheapest that is not "
        "told apart from it or practically as good.",
        ("grids", model, "behind", float(mine["behind"])),
        ("grids", model, "fold_error", error),
    )


def _relation(gain: float, found: Findings) -> str:
    if gain > found.tolerance:
        return "more than what counts as practically equal"
    return f"less than the {found.margin} that count as practically equal"


def say_shorter(found: Findings, writer: Writer, parent: str) -> None:
    """Say what became of the winner that sees no more than it needs."""
    shorter = found.shorter
    if shorter is None:
        return
    winner = str(found.judgement.winner)
    error = (
        f" (standard error {found.metric.say_difference(shorter.error)})"
        if np.isfinite(shorter.error)
        else ""
    )
    behind = (
        f"{found.metric.say_difference(abs(shorter.behind))} "
        f"{'behind' if shorter.behind > 0 else 'ahead of'} what the folds chose{error}"
    )
    if shorter.named:
        text = (
            f"Hence {brief(shorter.label)} is named, fitted and tested in every fold, in place of "
            f"{brief(parent)}: it is {behind}."
        )
    else:
        text = (
            f"Yet {brief(parent)} is named, and not {brief(shorter.label)}: tested in every fold, that is "
            f"{behind}."
        )
    writer.say(
        text,
        ("shorter", winner, "behind", shorter.behind),
        ("shorter", winner, "score", shorter.row()["score"]),
    )
