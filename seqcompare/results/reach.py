"""How far back a model has to see: context curves of all folds together, with an interval, and in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from seqcompare.results.described import LABELLED, STEPWISE, in_time, role_of_reach
from seqcompare.results.findings import Findings, Number, Writer, capital, steps
from seqcompare.results.grids import paired_difference
from seqcompare.results.inference import Estimate
from seqcompare.results.store import Sums
from seqcompare.typing import Record

REACHES = ["needed", "needed_low", "needed_high", "at_most", "would_show"]
_CONFIDENCE, _POWER = 0.95, 0.9
#: What a context curve is read from, the first of these that there is.
_BACK = ("limited", "truncated")


@dataclass(frozen=True)
class Reach:
    """How far back a model has to see.

    Parameters
    ----------
    control : {"limited", "truncated"}
        How its context was cut short.
    context : int
        Steps that it needs to be shown.
    low, high : int
        The contexts between which that lies, with 95% confidence: all shorter ones were shown to cost
        something, and all longer ones to gain less than the tolerance. `high` is the longest that was tried
        where that could not be shown.
    steps : int
        Steps back from the one that is predicted or labelled.
    at_most : float
        What may yet be gained by seeing further than `context`, with 95% confidence, in units of the loss;
        NaN for runs of before.
    would_show : float
        The gain that would have been seen nine times in ten; NaN for runs of before.
    longest : int
        The longest context that was tried.
    """

    control: str
    context: int
    low: int
    high: int
    steps: int
    at_most: float
    would_show: float
    longest: int


def reach_of(contexts: pd.DataFrame, entry: str, role: str) -> Reach | None:
    """Return how far back a model has to see; None where that was not looked into."""
    back = contexts[(contexts["entry"] == entry) & contexts["control"].isin(_BACK)]
    if back.empty:
        return None
    primary = next(control for control in _BACK if (back["control"] == control).any())
    mine = back[back["control"] == primary]
    found = _of_folds(mine)
    k = int(found["needed"])
    return Reach(
        primary,
        k,
        int(found["needed_low"]),
        int(found["needed_high"]),
        k - 1 if role in LABELLED else k,
        float(found["at_most"]),
        float(found["would_show"]),
        int(back["context"].max()),
    )


def pool_folds(details: Sequence[Mapping[str, Any]], control: str) -> dict[str, float]:
    """Return how much context is needed, judged by the units of all folds together.

    Bisection asks each fold for other contexts: a fold that was not asked about one counts with the next
    shorter that it was asked about. The context that is needed is the shortest within one standard error of
    the paired difference to the best, or practically equal to it.

    Parameters
    ----------
    details : sequence of mapping
        Of the trials of a model: ``units`` (of each control its ``contexts``, and ``weights`` and ``losses``
        of the units) and ``tolerance``.
    control : str
        Which curve.

    Returns
    -------
    dict
        The columns `REACHES`.
    """
    folds = [d["units"][control] for d in details if control in d["units"]]
    tolerance = float(np.mean([d["tolerance"] for d in details]))
    known = sorted({k for fold in folds for k in fold["contexts"]})
    shortest = max(fold["contexts"][0] for fold in folds)
    contexts = [k for k in known if k >= shortest]
    sums = {k: np.vstack([_at(fold, k) for fold in folds]) for k in contexts}
    best = min(contexts, key=lambda k: float(sums[k][:, 1].sum()))
    behind = {k: _behind(sums[k], sums[best]) for k in contexts}
    needed = next(k for k in contexts if behind[k].mean <= _allowed(behind[k], tolerance))
    costs = [k for k in contexts if k < needed and behind[k].lower(_CONFIDENCE) > 0]
    low = min(k for k in contexts if k > max(costs, default=-1))
    beyond = {k: [_behind(sums[k], sums[longer]) for longer in contexts if longer > k] for k in contexts}
    enough = [
        k for k in contexts if k >= needed and all(gain.upper(_CONFIDENCE) <= tolerance for gain in beyond[k])
    ]
    at_most = [float(gain.upper(_CONFIDENCE)) for gain in beyond[needed]]
    would_show = [float(_seen(gain) * gain.error) for gain in beyond[needed]]
    return {
        "needed": needed,
        "needed_low": low,
        "needed_high": min(enough),
        "at_most": max(0.0, *at_most) if at_most else np.nan,
        "would_show": max(would_show, default=np.nan),
    }


def _seen(gain: Estimate) -> float:
    """Return how many standard errors a gain must be to be seen nine times in ten."""
    return float(stats.t.ppf(_CONFIDENCE, gain.freedom) + stats.t.ppf(_POWER, gain.freedom))


def _of_folds(rows: pd.DataFrame) -> pd.Series:
    """Return the reach of rows that are of one curve; of runs of before, from what each fold needs."""
    first = rows.iloc[0]
    if not np.isnan(first.get("needed_low", np.nan)):
        return first[REACHES]
    each = np.sort(rows.groupby("fold")["needed"].first().to_numpy())
    values = [each[(len(each) - 1) // 2], each[0], each[-1], np.nan, np.nan]
    return pd.Series(values, REACHES)


def _at(fold: Mapping[str, Any], k: int) -> Sums:
    """Return weight and loss of a fold's units at a context, or at the next shorter that it has."""
    place = int(np.searchsorted(fold["contexts"], k, side="right")) - 1
    return np.column_stack([fold["weights"], fold["losses"][place]])


def _behind(a: Sums, b: Sums) -> Estimate:
    mean, error = paired_difference(a, b)
    return Estimate(mean, error, max(len(a) - 1, 1), n=len(a))


def _allowed(behind: Estimate, tolerance: float) -> float:
    """Return how far behind is as good: a single unit has no standard error."""
    return max(float(behind.error), tolerance) if np.isfinite(behind.error) else tolerance


def kept_units(contexts: Sequence[int], sums: Sequence[NDArray[np.float64]]) -> Record:
    """Return what `pool_folds` needs of a curve, in plain values."""
    return {
        "contexts": list(contexts),
        "weights": sums[0][:, 0].tolist(),
        # seven digits are more than any standard error has
        "losses": [[float(f"{loss:.7g}") for loss in s[:, 1]] for s in sums],
    }


def say_how_far(found: Findings, writer: Writer, model: str) -> tuple[int | None, int]:
    """Say how far back the winner has to see; return that, and how far ahead."""
    winner, role = str(found.judgement.winner), role_of_reach(found.data)
    mine = found.contexts[found.contexts["entry"] == winner]
    reach = reach_of(found.contexts, winner, role)
    if reach is None:
        return None, 0
    k, horizon = reach.context, reach.steps
    spread = f" (95%: {reach.low} to {reach.high})" if reach.low != reach.high else ""
    if np.isnan(reach.at_most) and k < reach.longest:  # a run of before
        spread = spread.replace("95%", "folds")
    as_good = (
        f"{'fitted to' if reach.control == 'limited' else 'shown'} no more, {model} is as good as its best"
    )
    numbers: list[Number] = [("contexts", f"{winner}, {reach.control}", "needed", k)]
    lasting = in_time(found.data, horizon)
    spread = (f" ({lasting})" if lasting else "") + spread
    if role == "next":
        text = f"The last {steps(k)} matter{'s' if k == 1 else ''}{spread}: {as_good}."
    elif role in LABELLED and k == 1:
        text = f"No step before the present one is needed{spread}: what came before adds nothing."
    elif role in LABELLED:
        what = "Labels" if role == "step" else "Numbers"
        text = f"{what} depend on steps up to {horizon} back{spread}: {as_good}."
    else:
        text = f"The last {steps(k)} of a sequence {'is' if k == 1 else 'are'} enough{spread}: {as_good}."
    seen = reach.would_show
    if k >= reach.longest > 1 and (
        reach.control == "truncated" or (role in STEPWISE and _is_widest(found, model))
    ):
        text += f" That is as far as it could see ({reach.longest}): the true reach may be longer."
    elif np.isfinite(seen) and seen > 0:
        most = found.metric.say_difference(max(reach.at_most, 0.0))
        text += (
            f" What is further back may yet be worth {most} to it; {found.metric.say_difference(seen)} or "
            "more would have been seen nine times in ten."
        )
        row = f"{winner}, {reach.control}"
        numbers += [
            ("contexts", row, "at_most", reach.at_most),
            ("contexts", row, "would_show", reach.would_show),
        ]
    writer.say(text, *numbers)
    _say_order(mine, winner, model, k, writer)
    ahead = mine[mine["control"] == "ahead"]
    if ahead.empty:
        return horizon, 0
    after = int(_of_folds(ahead)["needed"])
    writer.say(
        f"{capital(model)} needs to see {after} step{'' if after == 1 else 's'} ahead of the "
        f"{'label' if role == 'step' else 'number'}.",
        ("contexts", f"{winner}, ahead", "needed", after),
    )
    return horizon, after


def say_how_early(found: Findings, writer: Writer, model: str) -> None:
    """Say after how many of their first steps whole sequences can be told as well as after all."""
    if found.early.empty:
        return
    winner = str(found.judgement.winner)
    mine = found.early[(found.early["entry"] == winner) & (found.early["control"] == "first")]
    if mine.empty:
        return
    k, longest = int(_of_folds(mine)["needed"]), int(found.data["longest"])
    number = ("early", f"{winner}, first", "needed", k)
    if k < longest:
        first = f"{'' if k == 1 else 'the '}first {steps(k)}"
        writer.say(
            f"It can be said early: fitted to {first.replace('first step', 'the first step')} of a sequence "
            f"alone, {model} is as good as with all (up to {longest}).",
            number,
        )
        return
    before = mine[mine["context"] < mine["context"].max()]
    if before.empty:
        return
    half = int(before["context"].max())
    behind = float(before[before["context"] == half]["behind"].mean())
    writer.say(
        f"It cannot be said early: fitted to the first {steps(half)} alone, {model} is "
        f"{found.metric.say_difference(behind)} behind.",
        number,
        ("early", f"{winner}, first, {half}", "behind", behind),
    )


def _say_order(contexts: pd.DataFrame, winner: str, model: str, k: int, writer: Writer) -> None:
    """Say which of the steps that matter may come in any order."""
    mixed = contexts[contexts["control"] == "reordered"]
    if mixed.empty:
        return
    ordered = int(_of_folds(mixed)["needed"])
    # of all but one in their places, the last one is in its place too
    if ordered < k - 1:
        has, where = ("has", "it is") if ordered == 1 else ("have", "they are")
        writer.say(
            f"Of these only the last {steps(ordered)} {has} to be where {where}: with those before in random "
            f"order {model} is as good.",
            ("contexts", f"{winner}, reordered", "needed", ordered),
        )


def _is_widest(found: Findings, model: str) -> bool:
    """Whether no candidate of the winner's grid sees further than the one that is named."""
    grid = found.grids[found.grids["entry"] == found.judgement.winner]
    mine = grid[grid["model"] == model]
    return bool(len(mine)) and bool(mine["capacity"].iloc[0] >= grid["capacity"].max())
