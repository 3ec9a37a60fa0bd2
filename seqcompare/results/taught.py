"""What is said of a long sequence that teaches while it is read: its own table, and the words."""

from __future__ import annotations

import numpy as np
import pandas as pd

from seqcompare.results.findings import Findings, Number, Writer

#: The side table, its columns, and the two readers.
TAUGHT, COLUMNS = "taught", ["reader", "back", "score", "gain", "low", "high"]
TABLES, LEARNING = "tables", "learning"
#: Shares of a gain too small to be named.
_SLIGHT = 0.05


def say_what_is_taught(found: Findings, writer: Writer) -> None:
    """Say what a sequence teaches a reader that learns, and from how far back."""
    if found.taught.empty:
        return
    tables = found.taught[found.taught["reader"] == TABLES].iloc[0]
    read = found.taught[found.taught["reader"] == LEARNING]
    whole = read.iloc[-1]
    what = "group of sequences" if found.data["in_groups"] else "sequence"
    numbers: list[Number] = [
        ("taught", TABLES, "score", float(tables["score"])),
        ("taught", f"{LEARNING}, {whole['back']:.0f}", "gain", float(whole["gain"])),
        ("taught", f"{LEARNING}, {whole['back']:.0f}", "low", float(whole["low"])),
    ]
    if not whole["low"] > 0 or whole["gain"] <= found.tolerance:
        writer.say(
            f"No {what} was seen to teach a reader more than that: a context tree that goes on learning "
            f"while it reads gains {_gain(whole)} (95%: {whole['low']:.3f} to {whole['high']:.3f}).",
            *numbers,
        )
        return
    parts, before, nearer = [], 0.0, 0
    for back, gain in zip(read["back"].astype(int), read["gain"].astype(float), strict=True):
        if gain - before > _SLIGHT * float(whole["gain"]):
            where = f"{nearer:,} to {back:,} back" if nearer else f"the last {back:,}"
            parts.append(f"{gain - before:.3f} from {where}")
            numbers.append(("taught", f"{LEARNING}, {back}", "gain", gain))
            before, nearer = gain, back
    span = f"95%: {whole['low']:.3f} to {whole['high']:.3f}"
    writer.say(
        f"All this is about what was learnt from other data. What a {what} itself has shown so far "
        f"teaches more: a context tree has {tables['score']:.3f} bits a step as it was fitted, and "
        f"{whole['score']:.3f} if it goes on learning while it reads ({_gain(whole)}, {span}): "
        f"{', '.join(parts)}.",
        *numbers,
    )


def _gain(row: pd.Series) -> str:
    return f"{np.round(float(row['gain']), 3) + 0.0:.3f} bit{'' if abs(row['gain']) <= 1 else 's'}"
