"""What a reader of a verdict should be warned of."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

import pandas as pd

from seqcompare.results.contests import CHANCE
from seqcompare.results.findings import Findings, Writer

_RARE = 10
_FEW = 20
_MOST_NAMED = 3
_LONGEST_ERROR = 120


def say_caveats(found: Findings, writer: Writer) -> None:
    """Warn of what the numbers alone do not show."""
    data, summary = found.data, found.summary
    mixed = summary[~summary["causal"]]["entry"].tolist()
    if mixed and summary[summary["entry"] != CHANCE]["causal"].any():
        writer.say(
            f"Not all answers could be given in time: {', '.join(mixed)} use steps after the label; the "
            "others do not.",
            *(("summary", e, "causal", False) for e in mixed),
        )
    counts: dict[str, int] = dict(data.get("classes", {}))
    if found.metric == "label bits":
        most = max(counts, key=lambda name: counts[name])
        share = counts[most] / sum(counts.values())
        writer.say(
            f"{share:.0%} of the labels are {most!r}: the share of right answers would hide what models know "
            "of the others, so they are compared by the bits of a label.",
            ("classes", most, "count", counts[most]),
        )
    rare = {name: n for name, n in counts.items() if n < _RARE}
    if rare and data["role"] != "next":
        shown = ", ".join(f"{name} ({n})" for name, n in list(rare.items())[:5])
        writer.say(
            f"{len(rare)} of {len(counts)} classes are rare, with fewer than {_RARE} examples: {shown}. What "
            "is said of them rests on next to nothing.",
            *(("classes", name, "count", n) for name, n in rare.items()),
        )
    _say_how_few(data, writer)
    failed = summary[summary["n_failed"] > 0]
    if len(failed):
        writer.say(
            f"Failed in some folds, and left out: {', '.join(map(_with_error, failed.to_dict('records')))}.",
            *(
                ("summary", e, "n_failed", k)
                for e, k in zip(failed["entry"], failed["n_failed"], strict=True)
            ),
        )
    _say_what_failed_while_tuning(found.failures, writer)
    above = data.get("uniform_bits")
    if found.metric == "bits" and above is not None:
        models = summary[summary["entry"] != CHANCE]
        over = models[models["score"] >= float(above)]["entry"].tolist()
        if over:
            writer.say(
                f"No better than guessing evenly ({float(above):.3f} bits): {', '.join(over)}.",
                *(("summary", e, "score", float(found.row(e)["score"])) for e in over),
            )


def _say_how_few(data: Mapping[str, Any], writer: Writer) -> None:
    """Warn of scores that are made of few sequences, however many steps these have."""
    n, independent = int(data["n_sequences"]), int(data["n_independent"])
    if data["split_kind"] == "blocked":
        writer.say(
            f"There {_only(n, 'sequence')}, cut into blocks: intervals are about what is there, not about "
            "other sequences.",
            ("data", "n_sequences", "value", n),
        )
    elif independent < _FEW:
        tested = "tested" if data["split_kind"] == "official" else "in all"
        what = "group" if data["in_groups"] else "sequence"
        writer.say(
            f"There {_only(independent, what)} {tested}: intervals are wide, and what is not in these is not "
            "seen.",
            ("data", "n_independent", "value", independent),
        )


def _say_what_failed_while_tuning(failures: pd.DataFrame, writer: Writer) -> None:
    """Name the rungs that had no part in the choice, and the contestants that had no choice at all."""
    untuned = failures[failures["untuned"] > 0]
    if len(untuned):
        firsts = untuned.drop_duplicates("entry").to_dict("records")
        named = "; ".join(
            f"{f['entry']} ({f['untuned']} of {f['n_folds']} folds: {_short(f['error'])})" for f in firsts
        )
        writer.say(
            f"Tested untuned, by the first rung, since every rung failed while tuning: {named}.",
            *(("failures", f["entry"], "untuned", f["untuned"]) for f in firsts),
        )
    # a contestant without any choice in any fold has been named
    partly = failures[failures["untuned"] < failures["n_folds"]]
    if len(partly):
        parts = []
        for entry, rows in partly.groupby("entry", sort=False):
            names = ", ".join(repr(str(model)) for model in rows["model"][:_MOST_NAMED])
            more = f" and {len(rows) - _MOST_NAMED} more" if len(rows) > _MOST_NAMED else ""
            parts.append(f"{names}{more} of {entry} ({_short(rows['error'].iloc[0])})")
        writer.say(
            f"Failed while tuning, and left out where they did: {'; '.join(parts)}.",
            *(
                ("failures", f"{row['entry']}, {row['model']}", "n_failed", row["n_failed"])
                for row in partly.to_dict("records")
            ),
        )


def _with_error(row: Mapping[Any, Any]) -> str:
    return f"{row['entry']} ({_short(row['error'])})"


def _only(n: int, what: str) -> str:
    return f"is only 1 {what}" if n == 1 else f"are only {n} {what}s"


def _short(error: str) -> str:
    return textwrap.shorten(error, _LONGEST_ERROR, placeholder=" ...")
