"""What a sweep of ten seeds says of the textbooks' claims: each finding with its interval and its test.

    seqcompare sweep full --out reports/full
    python benchmarks/findings.py reports/full

Skill is 0 at chance and 1 at the optimum. p-values are those of t tests over seeds, corrected by Holm for the
findings of each claim; where all seeds have the same skill, those of the sign test. Differences are paired,
since all models of a seed share their data.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from seqcompare.experiments.sweep import Run
from seqcompare.results.skill import best_of
from seqcompare.results.statistics import PairedTest, holm, paired_test


@dataclass(frozen=True)
class Finding:
    """A mean over seeds, tested against a number.

    Parameters
    ----------
    claim : str
        What it is about.
    what : str
        Which skill, or which difference of skills.
    against : float
        The mean that the test asks about.
    test : PairedTest
        The outcome.
    """

    claim: str
    what: str
    against: float
    test: PairedTest


class Skills:
    """The skills of a sweep over distance, by task, model and distance."""

    def __init__(self, frame: pd.DataFrame) -> None:
        swept = frame[(frame["axis"] == "distance") & (frame["status"] == "ok")]
        self.frame = pd.concat([swept, best_of(swept)], ignore_index=True)

    def of(self, task: str, model: str, distance: int) -> pd.Series:
        """Return the skill of a model in each seed."""
        f = self.frame
        here = f[(f["task"] == task) & (f["model"] == model) & (f["distance"] == distance)]
        if here.empty:
            raise SystemExit(f"the run has no {model} on {task} at distance {distance}")
        return here.set_index("seed")["skill"].sort_index()

    def finding(self, claim: str, task: str, model: str, distance: int, against: float = 0.0) -> Finding:
        """Test the mean skill of a model against a number."""
        skill = self.of(task, model, distance)
        what = f"{model}, {task} {distance}"
        return Finding(claim, what, against, paired_test(skill, np.full(len(skill), against)))

    def difference(self, claim: str, task: str, a: str, b: str, distance: int) -> Finding:
        """Test whether two models have the same mean skill."""
        both = pd.concat([self.of(task, a, distance), self.of(task, b, distance)], axis=1).dropna()
        test = paired_test(both.iloc[:, 0], both.iloc[:, 1])
        return Finding(claim, f"{a} - {b}, {task} {distance}", 0.0, test)


def findings(skills: Skills) -> Iterator[Finding]:
    """Yield what the claims are decided by."""
    claim = "a plain net loses what gated ones keep, at the same budget"
    for distance in (16, 32, 64, 128):
        for cell in ("LSTM 32", "GRU 32"):
            yield skills.difference(claim, "Recall", cell, "Elman 32", distance)
    claim = "no linear window sees an interaction; others do"
    for model in ("logistic window 8", "linear SVM window 8", "RBF SVM window 8", "MLP window 8"):
        yield skills.finding(claim, "DelayedXor", model, 4)
    claim = "the HMM is at home on hidden regimes"
    for distance in (8, 32, 128):
        yield skills.finding(claim, "HiddenRegimes", "best hmm", distance, 0.95)
        others = [f"best {family}" for family in ("markov", "window", "recurrent")]
        rival = max(others, key=lambda m: float(skills.of("HiddenRegimes", m, distance).mean()))
        yield skills.difference(claim, "HiddenRegimes", "best hmm", rival, distance)
    claim = "EM finds a latch at short distances, from sticky starts, and loses it at long ones"
    for distance in (2, 4, 8, 32, 128):
        yield skills.finding(claim, "Recall", "sticky HMM 4 states", distance)
        yield skills.difference(claim, "Recall", "exact machine", "sticky HMM 4 states", distance)
    claim = "a chain of order d runs out of data where a window does not"
    for distance in (2, 4, 8):
        window = f"logistic window {max(distance, 4)}"
        yield skills.difference(claim, "LagChain", window, f"Markov order {distance}", distance)
    claim = "looking ahead takes a model that does"
    for model, distance in (("centred window 9", -2), ("centred window 17", -8)):
        yield skills.finding(claim, "Echo", model, distance)
    for distance in (-2, -8):
        yield skills.finding(claim, "Echo", "BiLSTM 16", distance)
        for model in ("LSTM 32", "logistic window 16", "Markov order 8"):
            yield skills.finding(claim, "Echo", model, distance)


def beyond_reach(frame: pd.DataFrame) -> pd.DataFrame:
    """Test every chain and window at every distance that it cannot represent for skill above chance.

    Returns
    -------
    DataFrame
        One row a family and task: ``cells`` (pairs of model and distance), the greatest mean skill among
        them with its interval, and how many are above 0 with p < .05 by Holm's correction over all cells.
    """
    rows = frame[
        (frame["axis"] == "distance")
        & (frame["status"] == "ok")
        & frame["family"].isin(["markov", "window"])
        & frame["can_represent"].eq(False).fillna(False).astype(bool)
    ]
    cells = []
    for (family, task, model, distance), group in rows.groupby(["family", "task", "model", "distance"]):
        skill = group["skill"].to_numpy()
        cells.append((family, task, model, distance, paired_test(skill, np.zeros(len(skill)))))
    table = pd.DataFrame(cells, columns=["family", "task", "model", "distance", "test"])
    table["p"] = holm([test.p_value for test in table["test"]])
    table["mean"] = [test.difference.mean for test in table["test"]]
    records = []
    for (family, task), group in table.groupby(["family", "task"], sort=False):
        top = group.loc[group["mean"].idxmax()]
        found = top["test"].difference
        records.append(
            {
                "family": family,
                "task": task,
                "cells": len(group),
                "greatest mean skill": f"{found.mean:.3f} [{found.low:.3f}, {found.high:.3f}]",
                "which": f"{top['model']} at {top['distance']}",
                "above chance": int(((group["p"] < 0.05) & (group["mean"] > 0)).sum()),
            }
        )
    return pd.DataFrame(records)


def main() -> None:
    """Print both tables as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("run", type=Path, help="folder of a sweep")
    frame = Run(parser.parse_args().run).frame()
    print(beyond_reach(frame).to_markdown(index=False), "\n")
    print("| finding | mean [95% interval] | tested against | p (Holm) |\n|---|---|---|---|")
    for claim, group in itertools.groupby(findings(Skills(frame)), lambda finding: finding.claim):
        print(f"| **{claim}** | | | |")
        found = list(group)
        for finding, p in zip(found, holm([f.test.p_value for f in found]), strict=True):
            mean = finding.test.difference
            # the test is about the difference from `against`, the reader about the skill itself
            low, middle, high = (x + finding.against for x in (mean.low, mean.mean, mean.high))
            print(
                f"| {finding.what} | {middle:.3f} [{low:.3f}, {high:.3f}] | {finding.against:g} | {p:.2g} |"
            )


if __name__ == "__main__":
    main()
