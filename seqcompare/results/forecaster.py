"""The model to forecast by: what is best one step ahead need not be the best several steps ahead."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from seqcompare.metrics import Metric
from seqcompare.results.contest import CHANCE, Contest
from seqcompare.results.described import Config
from seqcompare.results.grids import paired_difference
from seqcompare.results.store import Details

#: The CRPS of all steps ahead, in units of the error of the (seasonal) last value one step ahead.
CRPS = Metric("scaled CRPS", "", False, "numbers", roles=("next",), least=0.0)
COLUMNS = ["entry", "family", "candidate", "n_parameters", "score", "behind", "error", "checked"]

#: Parts from which on differences are taken by part; and the share of a score that is practically nothing.
_FEWEST_PARTS, _NOTHING = 3, 0.01


@dataclass(frozen=True, eq=False)
class Forecaster:
    """Who is named to forecast several steps by, from backtests.

    From up to twelve points of each part that is tested, models that were fitted without it say what comes
    next, and are held against each other by the mean CRPS of all steps from all points. The model that is
    named for the next step stays, unless the best is better by more than the standard error of the paired
    difference, and by more than a hundredth.

    Parameters
    ----------
    entry, candidate : str
        Who is named.
    steps : int
        How many steps forecasts reached.
    n_origins : int
        Points that they started from.
    table : DataFrame
        One row a candidate, the best first: entry, family, candidate, n_parameters; ``score``, the mean CRPS
        in units of the error of the (seasonal) last value one step ahead; how far it is ``behind`` the best,
        with the standard ``error`` of that over parts. ``checked``, of who is named: what the rule comes to
        where each part is forecast by whom the other parts (along time those before it) name; of the model
        that is named for the next step: its score on the same parts; else NaN.
    winner : (str, str)
        The model that is named for the next step, and its candidate.
    """

    entry: str
    candidate: str
    steps: int
    n_origins: int
    table: pd.DataFrame
    winner: tuple[str, str]

    @property
    def is_model(self) -> bool:
        """Whether it is one, and not chance."""
        return self.entry != CHANCE

    @property
    def row(self) -> Config:
        """The row of who is named."""
        return self._row(self.entry, self.candidate) or {}

    @property
    def rival(self) -> Config | None:
        """The row of the model that is named for the next step, if that is another, and was backtested."""
        return None if self.winner == (self.entry, self.candidate) else self._row(*self.winner)

    def _row(self, entry: str, candidate: str) -> Config | None:
        mine = (self.table["entry"] == entry) & (self.table["candidate"] == candidate)
        rows = self.table[mine].to_dict("records")
        return {str(name): value for name, value in rows[0].items()} if rows else None


def name_forecaster(
    rows: pd.DataFrame,
    details: Mapping[str, Details],
    contest: Contest,
    grids: pd.DataFrame,
    references: Collection[str],
    winner: str,
) -> Forecaster | None:
    """Return who is named to forecast by; None where nobody forecasts.

    Parameters
    ----------
    rows : DataFrame
        Trials of tests and of backtests.
    details : mapping of str to dict
        The details of each trial.
    contest : Contest
        The models by their densities of the next step.
    grids : DataFrame
        The candidates of each model: ``entry``, ``model``, ``chosen``.
    references : collection of str
        Who knows frequencies alone; of these, chance alone is held against the models.
    winner : str
        The model that is named for the next step.
    """
    left_out = set(references) - {CHANCE}
    rows = rows[(rows["status"] == "ok") & ~rows["entry"].isin(left_out)]
    kept = [(details[trial].get("forecast") or {}).get("origins", []) for trial in rows["trial_id"]]
    rows = rows.assign(origins=kept)[[bool(each) for each in kept]]
    whole = rows.groupby(["entry", "model"])["seed"].transform("nunique") == rows["seed"].nunique()
    rows = rows[whole]
    if rows.empty:
        return None
    pairs = rows.groupby(["entry", "model"], sort=False).ngroup()
    held = replace(contest, losses=_losses(rows.assign(entry=pairs.astype(str))), metric=CRPS)
    if held.best is None:
        return None
    table = rows.groupby(pairs).agg({"entry": "first", "family": "first", "model": "first"})
    table["n_parameters"] = rows.groupby(pairs)["n_parameters"].median()
    table = table.rename(columns={"model": "candidate"})[[str(p) in held.parts for p in table.index]]
    chosen = grids.loc[(grids["entry"] == winner) & grids["chosen"].astype(bool), "model"]
    candidate = next(iter([*chosen, *table["candidate"][table["entry"] == winner]]), winner)
    mine = table.index[(table["entry"] == winner) & (table["candidate"] == candidate)]
    stays = str(mine[0]) if len(mine) else None
    named = _named(held, stays)
    apart = [_apart(held, str(p), held.best) for p in table.index]
    table["score"] = [held.mean_loss(str(p)) for p in table.index]
    table["behind"], table["error"] = [mean for mean, _ in apart], [error for _, error in apart]
    rule, its = _checked(held, stays)
    table["checked"] = pd.Series({**dict.fromkeys(mine, its), int(named): rule}, dtype=np.float64)
    entry, its_candidate = (str(table.loc[int(named), name]) for name in ("entry", "candidate"))
    table = table.sort_values(["score", "n_parameters"], kind="stable", ignore_index=True)[COLUMNS]
    steps = max(len(row) for origins in rows["origins"] for row in origins)
    return Forecaster(entry, its_candidate, steps, len(held.units[named]), table, (winner, candidate))


def _losses(rows: pd.DataFrame) -> pd.DataFrame:
    """Return what forecasts from each point cost, as `Contest` takes it."""
    parts = []
    for entry, fold, origins in rows[["entry", "seed", "origins"]].itertuples(index=False, name=None):
        scores = np.array(origins, dtype=np.float64)
        known = ~np.isnan(scores)
        weight, loss = known.sum(axis=1), np.where(known, scores, 0.0).sum(axis=1)
        kept = np.flatnonzero(weight)
        # what is no number anywhere cannot be compared
        loss = np.where(np.isfinite(loss), loss, np.nan)
        columns = {"fold": fold, "unit": kept, "weight": weight[kept] * 1.0, "loss": loss[kept]}
        parts.append(pd.DataFrame({"entry": entry, **columns}))
    return pd.concat(parts, ignore_index=True)


def _apart(held: Contest, a: str, b: str) -> tuple[float, float]:
    """Return how far `a` is behind `b`, and the standard error of that over parts: in one points overlap."""
    few = len(held.parts[a]) < _FEWEST_PARTS
    x, y = (held.units[e] if few else np.array([p.sum(axis=0) for p in held.parts[e]]) for e in (a, b))
    return paired_difference(x, y)


def _named(held: Contest, winner: str | None) -> str:
    """Return the winner, or the best, if that is better by more than the standard error and a hundredth."""
    best = str(held.best)
    if winner not in held.parts:
        return best
    behind, error = _apart(held, winner, best)
    margin = max(error if np.isfinite(error) else 0.0, _NOTHING * held.mean_loss(winner))
    return best if behind > margin else winner


def _checked(held: Contest, winner: str | None) -> tuple[float, float]:
    """Return what the rule, applied to other parts, and the winner come to on the parts that this leaves."""
    sums = []
    fold_of, able = held.losses["fold"], held.losses["entry"].isin(held.parts)
    for fold in sorted(fold_of.unique()):
        others = replace(
            held, losses=held.losses[(fold_of < fold if held.ordered else fold_of != fold) & able]
        )
        if others.best is not None:
            here = held.losses[fold_of == fold].groupby("entry")[["weight", "loss"]].sum()
            pair = (_named(others, winner), winner)
            sums.append([here.loc[e] if e in held.parts else [np.nan, np.nan] for e in pair])
    if not sums:
        return float("nan"), float("nan")
    total = np.sum(sums, axis=0)
    return float(total[0, 1] / total[0, 0]), float(total[1, 1] / total[1, 0])
