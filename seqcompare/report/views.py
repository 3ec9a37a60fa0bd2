"""Small tables that figures are drawn from: means with intervals, the map, what a bit of memory takes."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pandas as pd

from seqcompare import style
from seqcompare.report.names import distinct
from seqcompare.results.skill import best_of
from seqcompare.results.statistics import mean_interval
from seqcompare.style import SeriesStyle

AHEAD = " (looks ahead)"
LEARNED = 0.5
SOLVED = 0.9

#: How training ends before it is done: by the iterations allowed, or by the clock.
_CUT_SHORT = ("budget", "seconds")

VARIANT_NAMES = {
    "markov": "Markov chain",
    "hmm": "Hidden Markov",
    "hmm-sticky": "Sticky HMM",
    "ridge": "Ridge window",
    "logistic": "Logistic window",
    "linear-svm": "Linear SVM window",
    "rbf-svm": "RBF SVM window",
    "mlp": "MLP window",
    "logistic-centred": "Centred window",
    "elman": "Elman",
    "jordan": "Jordan",
    "gru": "GRU",
    "lstm": "LSTM",
    "bilstm": "LSTM both ways",
}
_PLACES = {family: place for place, family in enumerate(style.FAMILIES)}


def readable(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a sweep with names that can be shown, families in their order.

    ``symbols`` is added: the size of the alphabet, where a task has one.

    """
    frame = frame.copy()
    params = frame["task_params"].map(_parameters)
    frame["symbols"] = params.map(_alphabet)
    for column, limit in (("task", 36), ("model", 32), ("variant", 24), ("family", 24)):
        frame[column] = frame[column].map(distinct(frame[column], limit))
    frame["_place"] = frame["family"].map(_PLACES).fillna(len(_PLACES))
    return frame.sort_values("_place", kind="stable").drop(columns="_place").reset_index(drop=True)


def finished(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the trials that ended well and have a skill."""
    return frame[(frame["status"] == "ok") & np.isfinite(frame["skill"])]


def skill_by(rows: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Return mean skill with its interval for each group of finished trials.

    Returns
    -------
    DataFrame
        The columns `by`, and skill, low, high, n_seeds, can_represent (True if any model of the group can,
        False if none can, None where theory is silent), n_budget (seeds whose training ended with its
        budget) and n_seconds (seeds that the safety net of seconds cut off).
    """
    records = []
    for keys, part in rows.groupby(by, sort=False, dropna=False):
        found = mean_interval(part["skill"])
        records.append(
            {
                **dict(zip(by, keys, strict=True)),
                "skill": found.mean,
                "low": found.low,
                "high": found.high,
                "n_seeds": found.n,
                "can_represent": _agreed(part["can_represent"].tolist()),
                **{f"n_{reason}": int((part["stop"] == reason).sum()) for reason in _CUT_SHORT},
            }
        )
    columns = [
        *by,
        "skill",
        "low",
        "high",
        "n_seeds",
        "can_represent",
        *(f"n_{reason}" for reason in _CUT_SHORT),
    ]
    return pd.DataFrame(records, columns=columns)


def by_family(rows: pd.DataFrame, extra: list[str]) -> pd.DataFrame:
    """Return the skill of the best model of each family, chosen on validation data; as ``model``.

    Parameters
    ----------
    rows : DataFrame
        Finished trials.
    extra : list of str
        What else to group by: the task and what is swept.
    """
    return skill_by(_best_and_machines(rows), [*extra, "model", "family"])


def over_tasks(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the skill of the best model of each family, as `by_family`, as its mean over all tasks.

    A distance counts for a family only where each task has it: else a line would follow the tasks that
    happen to go so far, and not the distance.

    Parameters
    ----------
    rows : DataFrame
        Finished trials of a sweep over distance.
    """
    by = ["distance", "model", "family", "seed"]
    means = (
        _best_and_machines(rows)
        .groupby(by, sort=False)
        .agg(
            skill=("skill", "mean"),
            n_tasks=("task", "nunique"),
            stop=("stop", _worst_stop),
        )
    )
    whole = means[means["n_tasks"] == rows["task"].nunique()].reset_index()
    return skill_by(whole.assign(can_represent=None), by[:-1])


def best_horizons(table: pd.DataFrame) -> pd.DataFrame:
    """Return, of a table of horizons, the best of each family; its words as ``group``."""
    best = table[table["best"]]
    return best.assign(group=_group_names(best))


def _best_and_machines(rows: pd.DataFrame) -> pd.DataFrame:
    best = best_of(rows)
    machines = rows[rows["family"] == "reference"]
    both = [best.assign(model=_group_names(best)), machines.assign(model=style.family_name("reference"))]
    return pd.concat(both)


def _group_names(rows: pd.DataFrame) -> list[str]:
    return [_words(style.family_name(f), c) for f, c in zip(rows["family"], rows["causal"], strict=True)]


def by_kind(rows: pd.DataFrame, x: str) -> pd.DataFrame:
    """Return the rows of the map of skill: the best model of each kind, chosen on validation data.

    ``can_represent`` is that of the whole ladder: False only if no rung can.

    Parameters
    ----------
    rows : DataFrame
        Finished trials.
    x : str
        What is swept.
    """
    learned = rows[rows["family"] != "reference"]
    best = best_of(learned, "variant")
    table = skill_by(best.assign(group=kind_names(best)), ["task", x, "family", "group"])
    ladder = {
        keys: _agreed(part["can_represent"].tolist())
        for keys, part in learned.assign(group=kind_names(learned)).groupby(["task", x, "group"])
    }
    table["can_represent"] = [
        ladder[key] for key in zip(table["task"], table[x], table["group"], strict=True)
    ]
    return table


def smallest_solvers(rows: pd.DataFrame, x: str = "distance") -> pd.DataFrame:
    """Return, for each task and distance, the model of fewest parameters whose mean skill is at least 0.9."""
    learned = rows[rows["family"] != "reference"]
    means = learned.groupby(["task", x, "model"], sort=False)[["skill", "n_parameters"]].mean().reset_index()
    records = []
    for task, part in means.groupby("task", sort=False):
        record: dict[str, Any] = {"task": task}
        for value in sorted(means[x].unique()):
            here = part[part[x] == value]
            solved = here[here["skill"] >= SOLVED].sort_values("n_parameters", kind="stable")
            none = "none" if len(here) else ""
            record[f"{value:g}"] = solved["model"].iloc[0] if len(solved) else none
        records.append(record)
    return pd.DataFrame(records)


def at_shared_distances(rows: pd.DataFrame, counted: pd.Series) -> pd.DataFrame:
    """Return the rows of one task from which models can be compared by their means.

    These are the rows at the distances that most models have finished trials at (all of them, where any
    distance has all), of the models that have some at each.

    Parameters
    ----------
    rows : DataFrame
        Finished trials.
    counted : Series of bool
        Rows of the models that have a say in what the distances are; all have where none is counted.
    """
    n_models = (rows[counted] if counted.any() else rows).groupby("distance")["model"].nunique()
    here = rows[rows["distance"].isin(n_models.index[n_models == n_models.max()])]
    n_distances = here.groupby("model")["distance"].transform("nunique")
    return here[n_distances == here["distance"].nunique()]


def group_styles(names: pd.DataFrame) -> dict[str, SeriesStyle]:
    """Return the style of each ``model`` that stands for a ``family``; broken for those that look ahead."""
    styles = {}
    for name, family in names[["model", "family"]].drop_duplicates().itertuples(index=False, name=None):
        look = style.family_style(family)
        line = (0, (5, 1.5)) if str(name).endswith(AHEAD) else look.line
        styles[str(name)] = SeriesStyle(look.color, look.marker, line, look.text)
    return styles


def kind_names(rows: pd.DataFrame) -> pd.Series:
    """Return what the kind of model of each row is called: its variant or, for a user's model, its family."""
    names = rows["variant"].map(lambda v: VARIANT_NAMES.get(v, v))
    return names.where(names != "", rows["family"].map(style.family_name))


def _words(name: str, causal: bool) -> str:
    return name if causal else name + AHEAD


def _worst_stop(reasons: pd.Series) -> str:
    return next((reason for reason in _CUT_SHORT if reasons.eq(reason).any()), "")


def _agreed(answers: list[object]) -> bool | None:
    if any(answer is True for answer in answers):
        return True
    return False if answers and all(answer is False for answer in answers) else None


def _alphabet(found: dict[str, Any]) -> float:
    sizes = [found[name] for name in ("n_symbols", "n_fillers", "n_types") if name in found]
    return float(sizes[0]) if sizes else math.nan


def _parameters(text: object) -> dict[str, Any]:
    try:
        found = json.loads(str(text))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
