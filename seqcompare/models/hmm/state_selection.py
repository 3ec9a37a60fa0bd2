"""Choosing the number of hidden states."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import KFold

from seqcompare.data.sequences import Sequences, offsets_of
from seqcompare.models.hmm.model import HMM
from seqcompare.models.hmm.observations import learn_observations
from seqcompare.models.hmm.settings import check_choice, check_integer
from seqcompare.typing import Record, SequencesLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Criterion = Literal["bic", "aic", "cv"]
_COLUMN = {"cv": "cv_loss", "bic": "bic", "aic": "aic"}
_LABEL = {"cv": "held-out loss (nats a step)", "bic": "BIC (nats)", "aic": "AIC (nats)"}


@dataclass(frozen=True, eq=False)
class StateSelection:
    """What `select_n_components` found."""

    criterion: Criterion
    """What decided."""
    best_n_components: int
    """The number of states with the least criterion, the smallest if several have it."""
    best_estimator: HMM
    """The model with that many states, fitted to all of X."""
    _table: pd.DataFrame

    def frame(self) -> pd.DataFrame:
        """Return one row a number of states.

        Returns
        -------
        DataFrame
            ``n_components``; ``n_parameters``; ``log_likelihood`` of the model fitted to all of X, in nats,
            ``aic``, ``bic``; ``converged``, whether its EM did; and, where that decided, the held-out loss in
            nats a step, ``cv_loss``, and its standard error over folds, ``cv_std_error``.
        """
        return self._table.copy()

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the criterion against the number of states and return the axes."""
        from seqcompare.style import ACCENT, look, new_axes

        table, column = self._table, _COLUMN[self.criterion]
        with look():
            ax = new_axes() if ax is None else ax
            error = table["cv_std_error"] if self.criterion == "cv" else None
            ax.errorbar(
                table["n_components"],
                table[column],
                yerr=error,
                color=ACCENT,
                marker="o",
                capsize=3,
            )
            best = table[column].to_numpy()[table["n_components"] == self.best_n_components]
            place = self.best_n_components
            ax.plot(place, best, "o", markersize=11, fillstyle="none", color=ACCENT)
            ax.set_xticks(table["n_components"])
            title = f"{self.best_n_components} states are best"
            ax.set(xlabel="hidden states", ylabel=_LABEL[self.criterion], title=title)
        return ax

    def _repr_html_(self) -> str:
        return str(self._table.to_html(index=False))


def select_n_components(
    X: SequencesLike,
    n_components: Iterable[int] = range(1, 7),
    criterion: Criterion = "bic",
    *,
    estimator: HMM | None = None,
    cv: int = 5,
    n_jobs: int | None = None,
    random_state: int | None = 0,
) -> StateSelection:
    """Choose the number of states of a hidden Markov model.

    Parameters
    ----------
    X : sequences
        The data.
    n_components : iterable of int, default=range(1, 7)
        The numbers of states to try.
    criterion : {"bic", "aic", "cv"}, default="bic"
        What decides: the Bayesian (Schwarz 1978) or Akaike's (1974) criterion, or the loss on held-out
        sequences; see Celeux and Durand 2008, "Selecting hidden Markov model state number with
        cross-validated likelihood".
    estimator : HMM, optional
        Its other parameters are used; by default ``HMM(random_state=random_state)``.
    cv : int, default=5
        Folds, which hold out whole sequences. If there are fewer sequences than folds, each is first cut into
        as many runs as there are folds.
    n_jobs : int, optional
        Models fitted at once, as in joblib. The result does not depend on it.
    random_state : int or None, default=0
        How sequences are dealt to folds.

    Returns
    -------
    StateSelection
        The best number, the model that has it, and a table of all.

    Raises
    ------
    ValueError
        For an impossible number of states or folds, or a criterion that does not exist.

    Examples
    --------
    >>> from seqcompare import select_n_components
    >>> select_n_components(["aabbaabbaabb" * 20] * 5, (1, 2, 4)).best_n_components
    4
    """
    tried = sorted(set(n_components))
    if not tried:
        raise ValueError("n_components is empty")
    for number in tried:
        check_integer("n_components", number)
    check_choice("criterion", criterion, tuple(_COLUMN))
    check_integer("cv", cv)
    if cv < 2:
        raise ValueError(f"cv must be 2 or more, got {cv}")
    model = HMM(random_state=random_state) if estimator is None else clone(estimator)
    probe = clone(model)
    sequences = learn_observations(probe, X)
    if hasattr(probe, "symbols_"):
        # a symbol that one fold lacks is rare, not unknown
        model.set_params(symbols=probe.symbols_)
    folds = list(_folds(sequences, cv, random_state)) if criterion == "cv" else []
    jobs: list[tuple[int, Sequences, Sequences | None]] = [(number, sequences, None) for number in tried]
    jobs += [(number, train, test) for number in tried for train, test in folds]
    found = Parallel(n_jobs=n_jobs)(delayed(_fit)(model, *job) for job in jobs)
    fitted = [one for one, _ in found[: len(tried)]]
    losses = np.array([loss for _, loss in found[len(tried) :]]).reshape(len(tried), len(folds))
    table = pd.DataFrame([_row(one, sequences) for one in fitted])
    if folds:
        table["cv_loss"] = losses.mean(axis=1)
        table["cv_std_error"] = losses.std(axis=1, ddof=1) / np.sqrt(len(folds))
    best = int(table[_COLUMN[criterion]].to_numpy().argmin())
    return StateSelection(criterion, tried[best], fitted[best], table)


def _fit(model: HMM, number: int, train: Sequences, test: Sequences | None) -> tuple[HMM, float]:
    """Return the model fitted to `train`, and its loss on `test` in nats a step."""
    with warnings.catch_warnings():
        # the table says which did not converge
        warnings.simplefilter("ignore", ConvergenceWarning)
        fitted = clone(model).set_params(n_components=number).fit(train)
    return fitted, np.nan if test is None else -fitted.score(test)


def _row(fitted: HMM, sequences: Sequences) -> Record:
    log_likelihood = float(fitted.score_samples(sequences).sum())
    free = fitted.n_parameters_
    return {
        "n_components": fitted.n_components,
        "n_parameters": free,
        "log_likelihood": log_likelihood,
        "aic": 2 * free - 2 * log_likelihood,
        "bic": free * np.log(sequences.n_steps) - 2 * log_likelihood,
        "converged": fitted.converged_,
    }


def _folds(
    sequences: Sequences, n_folds: int, random_state: int | None
) -> Iterator[tuple[Sequences, Sequences]]:
    if len(sequences) < n_folds:
        sequences = _cut(sequences, n_folds)
    if len(sequences) < n_folds:
        raise ValueError(f"cv={n_folds} folds need more than the {sequences.n_steps} steps of X")
    for train, test in KFold(n_folds, shuffle=True, random_state=random_state).split(
        np.zeros(len(sequences))
    ):
        yield sequences.take(train), sequences.take(test)


def _cut(sequences: Sequences, n_runs: int) -> Sequences:
    """Cut each sequence into runs of about equal length, as far as its steps go."""
    runs: list[NDArray[np.int64]] = []
    for length in sequences.lengths:
        ends = np.arange(1, min(n_runs, length) + 1) * length // min(n_runs, length)
        runs.append(np.diff(ends, prepend=0))
    return Sequences(sequences.values, offsets_of(np.concatenate(runs)))
