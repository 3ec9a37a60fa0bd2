"""How often the verdict of `compare` is right, and how often it is wrong, on data whose answer is known.

Kinds of data over the roles next, step, sequence and value (`verdict_kinds.py`), each at a size at which the
answer can be known and at one at which it cannot, twenty sets each (``--sets``). A verdict is

- *wrong* where it says what is false, and is sure of it: a model where there is nothing, or nothing where
  there is something; a reach whose interval leaves out the true one; a model called inferior that is none;
- *right* where it says what is the case: what is to be known, and the reach where the kind has one;
- *open* else, such as "cannot tell".

Rules of verdicts are tuned on half of the kinds, and reported is the other half. Every finished set is a line
of the output file, and a benchmark that was stopped goes on with those that are missing:

    python benchmarks/verdicts.py verdicts.csv --part report --size large
    python benchmarks/verdicts.py verdicts.csv --table
"""

from __future__ import annotations

import argparse
import csv
import tempfile
import time
import warnings
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats
from verdict_kinds import KINDS, Kind

import seqcompare

PARTS, SIZES = ("report", "tune"), ("large", "small")
COLUMNS = [
    *(
        "kind",
        "size",
        "set",
        "outcome",
        "why",
        "verdict",
        "entry",
        "model",
        "reach",
        "low",
        "high",
        "seconds",
    ),
    "said",
]
#: Sets of a kind of which this many right, or wrong, ask for a second look.
FEWEST_RIGHT, MOST_WRONG = 0.8, 0.1


def judge_verdict(kind: Kind, found: seqcompare.Comparison) -> tuple[str, str]:
    """Return whether what a comparison says is "right", "wrong" or "open", and why."""
    verdict, table = found.verdict(), found.answer().frame().set_index("entry")
    sure = verdict.kind in ("model", "chance")
    if verdict.kind == "nothing":
        return "wrong", "all models failed"
    if sure and verdict.kind != kind.expected:
        return "wrong", f"{verdict.kind} in place of {kind.expected}"
    if sure and kind.expected == "chance" and verdict.entry != kind.entry:
        return "wrong", f"{verdict.entry} in place of {kind.entry}"
    called = table["status"].to_dict()
    if any(called.get(entry) == "inferior" for entry in kind.able):
        return "wrong", "calls inferior what is not"
    if verdict.kind != kind.expected:
        return "open", verdict.kind
    if kind.expected != "model":
        return "right", ""
    row = table.loc[verdict.entry]
    if kind.reach is not None and not np.isnan(row["reach"]):
        if not row["reach_low"] <= kind.reach <= row["reach_high"]:
            return "wrong", f"a reach of {row['reach_low']:g} to {row['reach_high']:g}"
        if row["reach"] != kind.reach:
            return "open", f"a reach of {row['reach']:g}"
    if kind.ahead is not None and verdict.look_ahead != kind.ahead:
        return "open", f"looks {verdict.look_ahead} ahead"
    return "right", ""


def run_one(name: str, size: str, number: int, n_jobs: int = 1) -> dict[str, object]:
    """Compare on one generated set, and hold the verdict against what is known."""
    kind = KINDS[name]
    # a name's own seed: kinds may come and go
    rng = np.random.default_rng([number, SIZES.index(size), zlib.crc32(name.encode())])
    data = kind.make(rng, getattr(kind, size))
    start = time.process_time()
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = seqcompare.compare(data, kind.models, out=folder, budget=None, n_jobs=n_jobs)
        outcome, why = judge_verdict(kind, found)
        verdict, row = found.verdict(), found.answer().frame().set_index("entry")
    mine = row.loc[verdict.entry] if verdict.entry in row.index else pd.Series(dtype=object)
    return {
        "kind": name,
        "size": size,
        "set": number,
        "outcome": outcome,
        "why": why,
        "verdict": verdict.kind,
        "entry": verdict.entry,
        "model": verdict.model,
        "reach": mine.get("reach", ""),
        "low": mine.get("reach_low", ""),
        "high": mine.get("reach_high", ""),
        "seconds": round(time.process_time() - start, 1),
        "said": verdict.sentences[0],
    }


def rates(rows: pd.DataFrame) -> pd.DataFrame:
    """Return how often each kind came out right and wrong at each size, with exact 95% intervals."""
    records = []
    for (kind, size), mine in rows.groupby(["kind", "size"], sort=False):
        n = len(mine)
        record: dict[str, object] = {"kind": kind, "size": size, "sets": n}
        for outcome in ("right", "wrong"):
            count = int((mine["outcome"] == outcome).sum())
            ends = stats.binomtest(count, n).proportion_ci()
            record |= {outcome: count, f"{outcome}_low": ends.low, f"{outcome}_high": ends.high}
        record["again"] = record["wrong"] > MOST_WRONG * n or (
            size == "large" and record["right"] < FEWEST_RIGHT * n
        )
        records.append({**record, "seconds": float(mine["seconds"].mean())})
    return pd.DataFrame(records)


def print_table(rows: pd.DataFrame) -> None:
    """Print the rates of each part, and what was said of the sets that came out wrong."""
    for part in PARTS:
        mine = rows[rows["kind"].map(lambda name, part=part: KINDS[name].part == part)]
        if mine.empty:
            continue
        print(f"\n{part}:\n\n| data | role | size | sets | right | wrong | seconds |")
        print("|---|---|---|---|---|---|---|")
        table = rates(mine)
        for row in table.to_dict("records"):
            cells = [f"{row[o]} ({row[f'{o}_low']:.2f}-{row[f'{o}_high']:.2f})" for o in ("right", "wrong")]
            print(
                f"| {row['kind']} | {KINDS[row['kind']].role} | {row['size']} | {row['sets']} | "
                f"{' | '.join(cells)} | {row['seconds']:.1f} |{' again' if row['again'] else ''}"
            )
        for size in SIZES:
            these = mine[mine["size"] == size]
            if len(these):
                row = rates(these.assign(kind="all")).iloc[0]
                shares = [
                    f"{o} {row[o]} ({row[f'{o}_low']:.3f}-{row[f'{o}_high']:.3f})" for o in ("right", "wrong")
                ]
                print(f"\nall, {size}: {', '.join(shares)} of {row['sets']}")
    for row in rows[rows["outcome"] != "right"].to_dict("records"):
        set_of = f"{row['kind']}, {row['size']} {row['set']}"
        print(f"- {row['outcome']}: {set_of}: {row['why']}. {row.get('said', '')}")


def main() -> None:
    """Run what is missing, or print the table of what there is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--sets", type=int, default=20)
    parser.add_argument("--first", type=int, default=0, help="number of the first set: 20 for fresh ones")
    parser.add_argument("--kinds", nargs="*", choices=list(KINDS))
    parser.add_argument("--part", nargs="*", default=list(PARTS), choices=PARTS)
    parser.add_argument("--size", nargs="*", default=list(SIZES), choices=SIZES)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--table", action="store_true")
    options = parser.parse_args()
    old = (
        pd.read_csv(options.out, keep_default_na=False)
        if options.out.exists()
        else pd.DataFrame(columns=COLUMNS)
    )
    if options.table:
        print_table(old)
        return
    done = set(old[["kind", "size", "set"]].itertuples(index=False, name=None))
    names = options.kinds or [name for part in options.part for name, k in KINDS.items() if k.part == part]
    for size in options.size:
        for number in range(options.first, options.first + options.sets):
            for name in names:
                if (name, size, number) not in done:
                    add_row(options.out, run_one(name, size, number, options.jobs))


def add_row(path: Path, row: dict[str, object]) -> None:
    """Append a row to the output file, with the heads where it is new."""
    new = not path.exists()
    with path.open("a", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, COLUMNS)
        if new:
            writer.writeheader()
        writer.writerow(row)
    print({name: row[name] for name in COLUMNS[:-1]}, flush=True)


if __name__ == "__main__":
    main()
