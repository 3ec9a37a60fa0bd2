"""Which candidate of a grid validation data choose."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from seqcompare.metrics import Metric
from seqcompare.results.store import Sums

FAILED_COLUMNS = ["entry", "model", "n_failed", "n_folds", "untuned", "error"]


def paired_difference(a: Sums, b: Sums) -> tuple[float, float]:
    """Return the mean loss of `a` minus that of `b`, and its standard error over the units.

    The error is that of a ratio, the units being of unequal weight: what is summed in a unit need not be
    independent of what else is in it.

    Parameters
    ----------
    a, b : ndarray of shape (m, 2) or more
        Weight and loss of the same units.

    Raises
    ------
    ValueError
        If the weights of `a` and `b` differ, so that these are not of the same units.
    """
    check_same_units(a, b)
    w = a[:, 0]
    d = a[:, 1] - b[:, 1]
    mean = float(d.sum() / w.sum())
    n = len(d)
    if n < 2:
        return mean, float("inf")
    residual = d - mean * w
    return mean, float(np.sqrt(n / (n - 1) * (residual**2).sum()) / w.sum())


def check_same_units(a: Sums, b: Sums) -> None:
    """Refuse sums that are not of the same units.

    Raises
    ------
    ValueError
        If the weights of `a` and `b` differ.
    """
    if len(a) != len(b) or not np.allclose(a[:, 0], b[:, 0], rtol=1e-9, atol=0):
        raise ValueError(
            f"expected the same units, got {len(a)} that weigh {a[:, 0].sum():g} and {len(b)} that weigh "
            f"{b[:, 0].sum():g}"
        )


def choose_candidate(candidates: pd.DataFrame, sums: Mapping[str, Sums], tolerance: float) -> str | None:
    """Return the label of the candidate to compete with: the cheapest that cannot be told from the best.

    Which is whoever loses no more than one standard error of the paired difference to the best (Breiman,
    Friedman, Olshen and Stone 1984), or practically nothing.

    Parameters
    ----------
    candidates : DataFrame
        Rows of tuning, one or several (folds) a label: ``trial_id``, ``model``, ``status``,
        ``n_parameters``, ``predict_us_per_step``.
    sums : mapping of str to ndarray of shape (m, 3)
        Weight, loss and bits of the validation units of each trial; of one fold, units are the same for all.
    tolerance : float
        What is practically equal, in units of the loss.

    Returns
    -------
    str or None
        None if no candidate ended well in every fold.
    """
    table = compare_candidates(candidates, sums)
    return None if table.empty else cheapest(table, tolerance)


def cheapest(table: pd.DataFrame, tolerance: float) -> str:
    """Return the label of the cheapest candidate that is not told apart from the best.

    Of those with as many parameters it is the best, so that no measured time decides. Only such take part as
    were tried on everything.

    Parameters
    ----------
    table : DataFrame
        What `compare_candidates` returns; not empty.
    tolerance : float
        What is practically equal. The error of one unit alone is not known: then only that counts.
    """
    near = not_told_apart(table, 1.0, tolerance)
    able = near[near["complete"]] if near["complete"].any() else near
    return str(able.sort_values(["cost", "loss"], kind="stable", na_position="last")["model"].iloc[0])


def not_told_apart(table: pd.DataFrame, errors: float, tolerance: float) -> pd.DataFrame:
    """Return the candidates no more than so many standard errors, or practically nothing, behind the best.

    Parameters
    ----------
    table : DataFrame
        What `compare_candidates` returns.
    errors : float
        How many standard errors.
    tolerance : float
        What is practically equal. The error of one unit alone is not known: then only that counts.
    """
    error = errors * table["error"].where(np.isfinite(table["error"]), 0.0)
    return table[table["behind"] <= error.clip(lower=tolerance)]


def compare_candidates(candidates: pd.DataFrame, sums: Mapping[str, Sums]) -> pd.DataFrame:
    """Return each candidate's loss, how far it is behind the best one, and the standard error of that.

    The best is that of all that were tried on everything; who was tried on less is compared with it on that,
    and has its loss plus the difference.

    Returns
    -------
    DataFrame
        One row a candidate that ended well in every fold, in their order: model, capacity, capacity_name,
        variant, loss, behind, error, n_parameters, ``cost`` (parameters, and not less than those of a
        smaller candidate of the same kind: chains count their longest contexts, which are few in short
        sequences), predict_us_per_step, fit_seconds, ``complete`` (tried on everything).
    """
    columns = ["model", "capacity", "capacity_name", "variant", "loss", "behind", "error"]
    columns += ["n_parameters", "cost", "predict_us_per_step", "fit_seconds", "complete"]
    folds = set(candidates["seed"])
    parts = _parts(candidates, sums)
    everything = {key for tried in parts.values() for key in tried}
    of_one = candidates.groupby("model", sort=False)
    well = (candidates["status"] == "ok").groupby(candidates["model"], sort=False).all()
    able = well & (of_one["seed"].nunique() == len(folds))
    if not able.any():
        return pd.DataFrame(columns=columns)
    table = of_one.head(1).set_index("model")[["capacity", "capacity_name", "variant"]]
    table = table.join(of_one[["n_parameters", "predict_us_per_step"]].median())
    seconds = candidates.groupby(["model", "seed"], sort=False)["fit_seconds"].sum()
    table["fit_seconds"] = seconds.groupby("model", sort=False).median()
    table = table[able].reset_index()
    table["loss"] = [_loss(parts[str(model)].values()) for model in table["model"]]
    table["complete"] = [set(parts[str(model)]) == everything for model in table["model"]]
    complete = table[table["complete"]] if table["complete"].any() else table
    best = parts[str(complete["model"].iloc[int(complete["loss"].argmin())])]
    pairs = [_paired(parts[str(m)], best) for m in table["model"]]
    table["behind"], table["error"] = [d for d, _ in pairs], [e for _, e in pairs]
    table["loss"] = table["loss"].where(table["complete"], _loss(best.values()) + table["behind"])
    rising = table.sort_values("capacity", kind="stable").groupby("variant")["n_parameters"].cummax()
    table["cost"] = rising.reindex(table.index)
    return table[columns]


def _parts(candidates: pd.DataFrame, sums: Mapping[str, Sums]) -> dict[str, dict[object, Sums]]:
    """Return the units of each candidate by what it was tried on: fold, and part of its training data."""
    where = candidates["task_params"] if "task_params" in candidates else candidates["seed"]
    found: dict[str, dict[object, Sums]] = {}
    well = candidates["status"] == "ok"
    for model, key, trial in zip(
        candidates["model"][well], where[well], candidates["trial_id"][well], strict=True
    ):
        found.setdefault(str(model), {})[key] = sums[trial]
    return found


def _loss(parts: Iterable[Sums]) -> float:
    whole = np.vstack(list(parts))
    return float(whole[:, 1].sum() / whole[:, 0].sum())


def _paired(a: Mapping[object, Sums], b: Mapping[object, Sums]) -> tuple[float, float]:
    """Return the paired difference on what both were tried on, and its standard error."""
    both = [key for key in a if key in b]
    return paired_difference(np.vstack([a[key] for key in both]), np.vstack([b[key] for key in both]))


def all_grids(tuning: pd.DataFrame, sums: Mapping[str, Sums], tests: pd.DataFrame) -> pd.DataFrame:
    """Return how every candidate of every model did on validation data, all folds together.

    Parameters
    ----------
    tuning : DataFrame
        Rows of tuning of all models.
    sums : mapping of str to ndarray of shape (m, 3)
        Weight, loss and bits of the validation units of each trial.
    tests : DataFrame
        Rows of testing: ``entry``, ``model``.

    Returns
    -------
    DataFrame
        entry, and the columns of `compare_candidates`; ``fold_error`` is the median over folds of the error
        in one, where each unit counts once; ``n_chosen`` is how many folds chose and tested the
        candidate, ``n_folds`` of how many; ``chosen`` marks the one that is named, and fitted in the end:
        that of most folds.
    """
    tables = []
    for entry, rows in tuning.groupby("entry", sort=False):
        table = compare_candidates(rows, sums)
        if table.empty:
            continue
        tested = tests.loc[tests["entry"] == entry, "model"]
        table.insert(0, "entry", entry)
        counts = tested.value_counts()
        table["fold_error"] = _fold_errors(rows, sums, table)
        table["n_chosen"] = table["model"].map(counts).fillna(0).astype(int)
        table["n_folds"] = len(tested)
        table["chosen"] = table["model"] == most_chosen(table)
        tables.append(table)
    if not tables:
        names = ["entry", "model", "loss", "n_parameters", "predict_us_per_step", "n_chosen", "chosen"]
        return pd.DataFrame(columns=names)
    return pd.concat(tables, ignore_index=True)


def _fold_errors(rows: pd.DataFrame, sums: Mapping[str, Sums], table: pd.DataFrame) -> pd.Series:
    """Return the standard error of the difference to the best, the median over folds."""
    best = str(table["model"].iloc[int(table["loss"].argmin())])
    errors: dict[str, list[float]] = {}
    for _, of_fold in rows[rows["model"].isin(table["model"])].groupby("seed"):
        parts = _parts(of_fold, sums)
        for model, mine in parts.items():
            errors.setdefault(model, []).append(_paired(mine, parts[best])[1])
    return table["model"].map({model: float(np.median(found)) for model, found in errors.items()})


def most_chosen(table: pd.DataFrame) -> str | None:
    """Return the candidate that most folds chose, the best of these on all validation data; None before."""
    most = table["n_chosen"].max()
    if not most > 0:
        return None
    return str(table[table["n_chosen"] == most].sort_values("loss", kind="stable")["model"].iloc[0])


def validation_tolerance(candidates: pd.DataFrame, sums: Mapping[str, Sums], metric: Metric) -> float:
    """Return what is practically equal on validation data, in units of the loss.

    Of a relative metric a share of what the mean of the training part loses: whatever else is in the grid
    does not move it. 0 where that is not known.

    Parameters
    ----------
    candidates : DataFrame
        Rows of tuning of a model, not none: ``trial_id``, ``status``, and for a relative metric ``chance``,
        the loss of the mean.
    sums : mapping of str to ndarray of shape (m, 3)
        Weight, loss and bits of the validation units of each trial.
    metric : Metric
        What the loss is by.
    """
    if not metric.relative:
        return metric.tolerance
    done = candidates[(candidates["status"] == "ok") & candidates["chance"].notna()]
    if done.empty:
        return 0.0
    weights = [sums[trial][:, 0].sum() for trial in done["trial_id"]]
    return metric.tolerance * float(np.average(done["chance"], weights=weights))


def failed_candidates(candidates: pd.DataFrame) -> pd.DataFrame:
    """Return what ended badly while tuning.

    Parameters
    ----------
    candidates : DataFrame
        Rows of tuning of all models: ``entry``, ``model``, ``seed`` (the fold), ``status``, ``error``.

    Returns
    -------
    DataFrame
        One row a model and candidate: entry, model, in how many folds it failed (n_failed) of how many
        (n_folds), in how many all candidates of the model did (untuned), and the first error.
    """
    records = []
    for entry, rows in candidates.groupby("entry", sort=False):
        ended_well = (rows["status"] == "ok").groupby([rows["seed"], rows["model"]]).all()
        well = ended_well.groupby("seed").any()
        counts = len(well), int((~well).sum())
        for model, trials in rows[rows["status"] != "ok"].groupby("model", sort=False):
            records.append((entry, model, trials["seed"].nunique(), *counts, trials["error"].iloc[0]))
    return pd.DataFrame(records, columns=FAILED_COLUMNS)
