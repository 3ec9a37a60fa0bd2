"""Whether comparisons within a budget keep to it, and say what the whole comparison says.

Each bundled data set is compared as a whole, and within the budget, by the command line, report included.
Wall time is what a budget is about; beside it stands the time of the processors, since on a machine that does
other things as well a budget buys less. A whole run that is there already is read, and not made again.

    nice -n 19 python benchmarks/budget.py --out FOLDER [--budget 3m] [--only NAME] [--whole FOLDER]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

from seqcompare.datasets import DATASETS
from seqcompare.experiments.budget import seconds_of
from seqcompare.experiments.comparison import Comparison

_COMMAND = [sys.executable, "-c", "from seqcompare.cli import main; main()", "compare"]


def run(name: str, folder: Path, *options: str) -> dict[str, float]:
    """Compare a data set in a process of its own; return its seconds, by the clock and of the processors."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    command = [*_COMMAND, name, "--out", str(folder), "--jobs", "2", "--quiet", *options]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, "OMP_NUM_THREADS": "1"})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall": time.monotonic() - began, "processors": spent}


def agreement(whole: Comparison, within: Comparison) -> dict[str, object]:
    """Return what both say, and whether they agree.

    They do if the kind of verdict is the same, and the model that is enough is the same, or one that the
    whole comparison does not call worse; and if nobody is inferior within the budget who is enough in whole.
    """
    a, b = whole.answer().judgement, within.answer().judgement
    same = a.kind == b.kind and a.status.get(str(b.winner)) in ("enough", "equivalent", "undecided")
    return {
        "whole": f"{whole.verdict().model} ({a.kind})",
        "within": f"{within.verdict().model} ({b.kind})",
        "same model": a.winner == b.winner,
        "agrees": same and b.status.get(str(a.winner)) != "inferior",
        "not tried": [e for e, status in b.status.items() if status == "not tried"],
        "said": next((s for s in within.verdict().sentences if s.startswith("The budget was")), ""),
    }


def main() -> None:
    """Compare every data set in whole and within the budget, a line of JSON each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--budget", default="3m")
    parser.add_argument("--only", action="append")
    parser.add_argument("--whole", type=Path, help="where runs in whole are; those that are missing are made")
    given = parser.parse_args()
    for name in given.only or DATASETS:
        folder, row = (given.whole or given.out / "whole") / name, {"data": name}
        if not (folder / "report.html").is_file():
            row |= {f"whole {key}": value for key, value in run(name, folder, "--budget", "none").items()}
        within = given.out / given.budget / name
        spent = run(name, within, "--budget", given.budget, "--fresh")
        row |= {**spent, "kept": spent["wall"] <= (seconds_of(given.budget) or 0.0)}
        row |= {"load": os.getloadavg()[0]}
        print(json.dumps({**row, **agreement(Comparison(folder), Comparison(within))}), flush=True)


if __name__ == "__main__":
    main()
