"""Who is better than whom, as far as the trials can tell."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import pandas as pd

from seqcompare.results.best import POINT, best_of
from seqcompare.results.statistics import ENOUGH, Ranks, average_ranks, holm, paired_test

#: Adjusted p-value below which a difference counts as found.
ALPHA = 0.05

COMPARISON_COLUMNS = [
    *("axis", "task", "distance", "memory_bits", "length_asked", "a", "b", "n_seeds", "difference", "low"),
    *("high", "interval", "effect_size", "p_value", "p_adjusted", "verdict"),
]


def compare_models(frame: pd.DataFrame) -> pd.DataFrame:
    """Compare the skill of models on the same data, at every point of every axis.

    Compared are the best of each family with each other, and within a family the best of each variant,
    chosen on validation data. Only models that look at the same steps are compared: causal with causal.

    Parameters
    ----------
    frame : DataFrame
        Rows of a sweep.

    Returns
    -------
    DataFrame
        One row a pair and point: the mean difference of skill a - b with its interval, its effect size
        (Cohen's d_z, Hedges' correction), the p-value of the paired t test as it is and by Holm's correction
        over the whole table, and a verdict: "a", "b", "cannot tell", or "too few seeds".
    """
    families = best_of(frame, "family")
    variants = best_of(frame, "variant")
    variants["model"] = variants["variant"]
    records = []
    for rows, within in ((families, None), (variants, "family")):
        for a, b, pair in _pairs(rows, within):
            test = paired_test(pair["a"], pair["b"])
            first = pair.iloc[0]
            records.append(
                {
                    **{name: first[name] for name in ("axis", "task", "distance", "memory_bits")},
                    "length_asked": first["length_asked"],
                    "a": a,
                    "b": b,
                    "n_seeds": len(pair),
                    "difference": test.difference.mean,
                    "low": test.difference.low,
                    "high": test.difference.high,
                    "interval": test.difference.kind,
                    "effect_size": test.effect_size,
                    "p_value": test.p_value,
                }
            )
    table = pd.DataFrame(records, columns=COMPARISON_COLUMNS)
    if len(table):
        table["p_adjusted"] = holm(table["p_value"])
        table["verdict"] = [
            _verdict(n, p, difference)
            for n, p, difference in zip(
                table["n_seeds"], table["p_adjusted"], table["difference"], strict=True
            )
        ]
    return table


def rank_families(frame: pd.DataFrame) -> Ranks | None:
    """Rank the best of each family across tasks by mean skill over seeds and distances; descriptive.

    Means are over the distances of a task at which every family ranked has an answer.

    Returns None where fewer than three families share two tasks.
    """
    best = best_of(frame[frame["axis"] == "distance"])
    best = best[best["causal"]]
    cells = best.pivot_table(index=["task", "distance"], columns="family", values="skill", aggfunc="mean")
    # cells that all families have an answer for; a family of too few tasks is left out
    n_tasks = cells.groupby(level="task").count().gt(0).sum()
    skills = cells.loc[:, n_tasks >= 2].dropna().groupby(level="task").mean()
    if skills.shape[0] < 2 or skills.shape[1] < 3:
        return None
    return average_ranks(skills)


def _pairs(rows: pd.DataFrame, within: str | None) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Yield the labels of two models, and the rows of a point where both have skills ``a`` and ``b``."""
    keys = [*POINT, "causal", *([] if within is None else [within])]
    for _, point in rows.groupby(keys, sort=False):
        skills = point.pivot(index="seed", columns="model", values="skill")
        where = point.drop_duplicates("seed").set_index("seed")
        for a, b in itertools.combinations(point["model"].unique(), 2):
            both = skills[[a, b]].dropna()
            if len(both):
                yield a, b, where.loc[both.index].assign(a=both[a], b=both[b])


def _verdict(n_seeds: int, p_adjusted: float, difference: float) -> str:
    if n_seeds < ENOUGH:
        return "too few seeds"
    if np.isnan(p_adjusted) or p_adjusted >= ALPHA:
        return "cannot tell"
    return "a" if difference > 0 else "b"
