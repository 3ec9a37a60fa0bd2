"""What a verdict says of numbers in their own units, beside the bits that models are compared by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from seqcompare.families import REFERENCE
from seqcompare.quantities import number, percent, ratio, several
from seqcompare.results.contest import CHANCE
from seqcompare.results.findings import Findings, Writer, brief, steps

_MOST_NAMED = 3
#: Autocorrelation of residuals from which on it is worth a sentence.
_WORTH = 0.05
#: Share of the largest influence from which on a lag is named.
_ALSO = 0.1
_MOST_LAGS_NAMED = 4


def say_units(found: Findings, writer: Writer) -> None:
    """Say how far off the winner is, what its mean and spread are worth, and which past number matters."""
    if "numbers_channels" not in found.numbers or found.judgement.kind not in ("model", "chance"):
        return
    winner = str(found.judgement.winner)
    mine = {name: _of(table, winner) for name, table in found.numbers.items()}
    if mine["numbers_channels"].empty:
        return
    _say_how_far_off(found, writer, mine["numbers_channels"], winner)
    if winner == CHANCE:
        return
    _say_mean_and_spread(found, writer, mine["numbers_skill"], winner)
    _say_what_matters(writer, mine["numbers_influence"], winner)
    _say_what_is_left(writer, mine["numbers_residuals"], winner)


def say_forecaster(found: Findings, writer: Writer) -> None:
    """Say whom backtests name to forecast several steps by, and what that rests on."""
    named = found.forecaster
    if named is None:
        return
    rival = named.rival
    rows: list[Mapping[Any, Any]] = [named.row, *([] if rival is None else [rival])]
    naive = named.table[named.table["family"] == REFERENCE].to_dict("records")
    rows += [row for row in naive if row["candidate"] not in {r["candidate"] for r in rows}]
    words = [f"{brief(str(row['candidate']))} {ratio(float(row['score']))}" for row in rows]
    error = "the last value" if found.data.get("period", 1) == 1 else "the value of the season before"
    who = brief(named.candidate) if named.is_model else "no model"
    same = (named.entry, named.candidate) == named.winner
    why = "no other did better by more than one standard error" if same else "which did best"
    writer.say(
        f"To forecast {named.steps} step{'s' * (named.steps > 1)}, {who} is named, {why} in backtests: "
        f"{'; '.join(words)} (mean CRPS of all steps from {several(named.n_origins, 'point')}, in "
        f"units of the error of {error} one step ahead).",
        *(("forecasters", str(row["candidate"]), "score", row["score"]) for row in rows),
    )
    if rival is not None and np.isfinite([named.row["checked"], rival["checked"]]).all():
        writer.say(
            "Named in this way before each part that is tested, forecasts of that part would have come to "
            f"{ratio(float(named.row['checked']))}, those of {words[1].rpartition(' ')[0]} to "
            f"{ratio(float(rival['checked']))}.",
            *(
                ("forecasters", str(row["candidate"]), "checked", row["checked"])
                for row in (named.row, rival)
            ),
        )


def _of(table: pd.DataFrame, entry: str) -> pd.DataFrame:
    return table[table["entry"] == entry]


def channel_words(name: object, several: bool) -> str:
    """Return a channel as sentences name it; nothing where it is the only one and has no name of its own."""
    text = str(name)
    if text.isdigit():
        return f"channel {text}" if several else ""
    return repr(text)


def _say_how_far_off(found: Findings, writer: Writer, channels: pd.DataFrame, winner: str) -> None:
    period = int(found.data.get("period", 1))
    naive = "the last value" if period == 1 else f"the value {period} steps before"
    several = len(channels) > 1
    words, evidence = [], []
    for row in channels.head(_MOST_NAMED).to_dict("records"):
        name = channel_words(row["channel"], several)
        of = f" of {name}" if name else ""
        against = ""
        if np.isfinite(row["mase"]):
            against = f", {ratio(row['mase'])} times the error of {naive}"
        words.append(
            f"{number(row['mae'])}{of} (root mean square {number(row['rmse'])}){against}; "
            f"{percent(row['coverage_95'])} of the steps lie in its intervals of 95%, "
            f"{percent(row['coverage_50'])} in those of 50%"
        )
        evidence += [
            ("numbers_channels", f"{winner}, {row['channel']}", score, row[score])
            for score in ("mae", "rmse", "mase", "coverage_95", "coverage_50")
        ]
    more = f" (and {len(channels) - _MOST_NAMED} more)" if len(channels) > _MOST_NAMED else ""
    writer.say(f"In units of the data it is off by {'; by '.join(words)}{more}.", *evidence)


def _say_mean_and_spread(found: Findings, writer: Writer, skill: pd.DataFrame, winner: str) -> None:
    if skill.empty:
        return
    row = skill.iloc[0]
    span = f"{percent(row['mean_skill'])} (95% interval {percent(row['low'])} to {percent(row['high'])})"
    known = np.isfinite(row["gain"])
    names = ("mean_skill", "low", "high", *(["gain"] if known else []))
    numbers = [("numbers_skill", winner, name, row[name]) for name in names]
    saved = "of the squared error of chance"
    if known:
        saved += f", and its density saves {found.metric.say_difference(row['gain'])}"
    if row["low"] > 0:
        writer.say(f"Its mean saves {span} {saved}.", *numbers)
        return
    tail = (
        ": what it knows is how far from its mean the next step may lie"
        if known and row["gain"] > found.tolerance
        else ""
    )
    writer.say(
        f"Its mean is not shown to be better than that of chance: it saves {span} {saved}{tail}.", *numbers
    )


def _say_what_matters(writer: Writer, influence: pd.DataFrame, winner: str) -> None:
    """Say which lag of which channel the prediction changes with, and by how much."""
    if influence.empty:
        return
    several = influence["channel"].nunique() > 1
    column = "mean" if influence["mean"].max() > 1e-9 else "spread"
    ranked = influence.sort_values(column, ascending=False, kind="stable")
    most = float(ranked[column].iloc[0])
    if most <= 1e-9:
        return
    named = ranked[ranked[column] >= _ALSO * most].head(_MOST_LAGS_NAMED)
    unit = "" if not several else " standard deviations"
    words = []
    for row in named.to_dict("records"):
        name = channel_words(row["channel"], several)
        size = f"{number(row[column])}{unit}" if column == "mean" else percent(np.expm1(row[column]))
        back = "1 step" if row["lag"] == 1 else steps(int(row["lag"]))
        words.append(f"{back} back{f' of {name}' if name else ''} ({size})")
    what = "expected value" if column == "mean" else "width"
    writer.say(
        f"What matters most is the value {', then '.join(words)}: so much the {what} of the next step "
        "changes when that number is replaced by one from elsewhere.",
        *(
            ("numbers_influence", f"{winner}, {row['channel']}, {row['lag']}", column, row[column])
            for row in named.to_dict("records")
        ),
    )


def _say_what_is_left(writer: Writer, residuals: pd.DataFrame, winner: str) -> None:
    """Say where residuals go on telling of the next one, by more than noise does at any lag."""
    for power, what, remedy in (
        (1, "residuals", "a part of what the past tells of the mean is missed"),
        (2, "the squares of residuals", "how far off the next step may be changes in a way that is missed"),
    ):
        mine = residuals[residuals["power"] == power].dropna()
        if mine.empty:
            continue
        bound = mine["band"].iloc[0] * norm.isf(0.025 / len(mine)) / norm.isf(0.025)
        worst = mine.iloc[int(mine["correlation"].abs().argmax())]
        if abs(worst["correlation"]) > max(bound, _WORTH):
            several = residuals["channel"].nunique() > 1
            name = channel_words(worst["channel"], several)
            writer.say(
                f"What is left is not noise: {what}{f' of {name}' if several else ''} correlate by "
                f"{ratio(worst['correlation'])} at lag {int(worst['lag'])}: {remedy}.",
                (
                    "numbers_residuals",
                    f"{winner}, {worst['channel']}, {power}, {int(worst['lag'])}",
                    "correlation",
                    worst["correlation"],
                ),
            )
