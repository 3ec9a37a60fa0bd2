"""Choosing the order of a Markov chain, of symbols or of numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import chi2
from sklearn.base import clone
from sklearn.model_selection import KFold

from seqcompare.data.sequences import Sequences
from seqcompare.models.alphabet import encode, find_symbols
from seqcompare.models.base import check_sequences
from seqcompare.models.markov.autoregression import Autoregression
from seqcompare.models.markov.autoregression_order import likelihood_rows
from seqcompare.models.markov.chain import MarkovChain
from seqcompare.models.markov.counts import NgramCounts, check_order, count_next
from seqcompare.models.markov.kernels import find_suffixes
from seqcompare.typing import Record, SequencesLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Criterion = Literal["cv", "bic", "aic"]
_COLUMN = {"cv": "cv_bits", "bic": "bic", "aic": "aic"}
_LABEL = {"cv": "held-out loss (bits a step)", "bic": "BIC (nats)", "aic": "AIC (nats)"}


@dataclass(frozen=True, eq=False)
class OrderSelection:
    """What `select_order` found."""

    criterion: Criterion
    """What decided."""
    best_order: int
    """The order with the least criterion, the smallest if several have it."""
    n_steps: int
    """Steps that the likelihoods are over."""
    _table: pd.DataFrame

    def frame(self) -> pd.DataFrame:
        """Return one row an order.

        Returns
        -------
        DataFrame
            ``order``; ``n_contexts`` (seen), ``n_possible_contexts``, ``n_parameters``; ``log_likelihood`` of
            the best chain of the order in nats, ``aic``, ``bic``; ``cv_bits``, the held-out loss in bits a
            step, and its standard error over folds, ``cv_std_error``; and the test of the order against the
            next one (missing where that was not tried): ``lr_statistic``, ``lr_df``, ``lr_p_value``, and
            ``lr_trusted``, whether there are five steps for each cell of the tables it compares; with fewer,
            the chi-squared distribution misleads.
        """
        return self._table.copy()

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the criterion against the order and return the axes."""
        from seqcompare.style import ACCENT, look, new_axes

        table, column = self._table, _COLUMN[self.criterion]
        with look():
            ax = new_axes() if ax is None else ax
            error = table["cv_std_error"] if self.criterion == "cv" else None
            ax.errorbar(
                table["order"],
                table[column],
                yerr=error,
                color=ACCENT,
                marker="o",
                capsize=3,
            )
            best = table.loc[table["order"] == self.best_order].iloc[0]
            ax.plot(best["order"], best[column], "o", markersize=11, fillstyle="none", color=ACCENT)
            ax.set_xticks(table["order"])
            ax.set(xlabel="order", ylabel=_LABEL[self.criterion], title=f"Order {self.best_order} is best")
        return ax

    def _repr_html_(self) -> str:
        return str(self._table.to_html(index=False))


def select_order(
    X: SequencesLike,
    orders: Iterable[int] = range(6),
    criterion: Criterion = "cv",
    *,
    estimator: MarkovChain | Autoregression | None = None,
    cv: int = 5,
    random_state: int | None = 0,
) -> OrderSelection:
    """Choose the order of a Markov chain, or of an autoregression where the steps are numbers.

    AIC, BIC and the likelihood-ratio test compare chains of best likelihood on the same steps: those with
    the largest of `orders` steps before them in their sequence. Their parameters are counted over the
    contexts seen there. Held-out losses are over all steps, of smoothed chains. Autoregressions are compared
    likewise; with missing steps or a `volatility` by their own fits to those steps.

    Parameters
    ----------
    X : sequences of symbols or numbers
        The data.
    orders : iterable of int, default=range(6)
        The orders to try.
    criterion : {"cv", "bic", "aic"}, default="cv"
        What decides: the held-out loss, or the Bayesian (Schwarz 1978) or Akaike's (1974) criterion; see Katz
        1981, "On some criteria for estimating the order of a Markov chain".
    estimator : MarkovChain or Autoregression, optional
        Its other settings are what is used; by default ``MarkovChain()`` for symbols and `Autoregression()`
        for numbers.
    cv : int, default=5
        Folds. They hold out whole sequences; if there are fewer sequences than folds, runs of steps that are
        predicted from the true steps before them.
    random_state : int or None, default=0
        How sequences are dealt to folds.

    Returns
    -------
    OrderSelection
        The best order, and a table of all.

    Raises
    ------
    ValueError
        For an impossible order, criterion or number of folds, or if no sequence is longer than the largest
        order.

    Examples
    --------
    >>> from seqcompare import select_order
    >>> select_order(["abcacbabcacb" * 10] * 5, range(4)).best_order
    3
    """
    tried = sorted(set(orders))
    if not tried:
        raise ValueError("orders is empty")
    for order in tried:
        check_order(order)
    if criterion not in _COLUMN:
        raise ValueError(f"criterion must be one of {', '.join(_COLUMN)}, got {criterion!r}")
    if isinstance(cv, bool) or not isinstance(cv, (int, np.integer)) or cv < 2:
        raise ValueError(f"cv must be a whole number of folds, 2 or more, got {cv!r}")
    chain = _choose_estimator(X) if estimator is None else estimator
    sequences = check_sequences(clone(chain), X, reset=True, **chain.reading)
    if isinstance(chain, Autoregression):
        rows = likelihood_rows(chain, sequences, tried)
        columns, n_steps = _NUMBER_COLUMNS, int((sequences.step_index >= tried[-1]).sum())
    else:
        counts = _count_late_steps(sequences, tried[-1])
        rows = [_likelihood_row(counts, order) for order in tried]
        for row, following in zip(rows, tried[1:], strict=False):
            if following == row["order"] + 1:
                row.update(_likelihood_ratio(counts, row["order"]))
        columns, n_steps = _COLUMNS, int(counts.total)
    folds = list(_folds(sequences, int(cv), random_state))
    for row in rows:
        losses = np.array([_held_out(clone(chain).set_params(order=row["order"]), fold) for fold in folds])
        row["cv_bits"] = losses[:, 0].sum() / losses[:, 1].sum()
        means = losses[:, 0] / losses[:, 1]
        row["cv_std_error"] = means.std(ddof=1) / np.sqrt(len(means))
    table = pd.DataFrame(rows, columns=columns)
    best = int(table["order"].iloc[int(np.argmin(table[_COLUMN[criterion]]))])
    return OrderSelection(criterion, best, n_steps, table)


_COLUMNS = [
    *("order", "n_contexts", "n_possible_contexts", "n_parameters", "log_likelihood", "aic", "bic"),
    *("cv_bits", "cv_std_error", "lr_statistic", "lr_df", "lr_p_value", "lr_trusted"),
]
_NUMBER_COLUMNS = ["order", "n_parameters", "log_likelihood", "aic", "bic", "cv_bits", "cv_std_error"]


def _choose_estimator(X: SequencesLike) -> MarkovChain | Autoregression:
    # data frames and the like are left to the chain's own reading
    real = not hasattr(X, "iloc") and Sequences(X).kind == "real"
    return Autoregression() if real else MarkovChain()


def _count_late_steps(sequences: Sequences, order: int) -> NgramCounts:
    late = sequences.step_index >= order
    if not late.any():
        longest = sequences.lengths.max()
        raise ValueError(
            f"no sequence is longer than the largest order, {order}: the longest has {longest} steps"
        )
    symbols = find_symbols(sequences.values)
    return count_next(
        encode(sequences.values, symbols),
        sequences.offsets,
        late.astype(np.float64),
        depth=order,
        n_symbols=len(symbols),
    )


def _log_likelihood(counts: NgramCounts, order: int) -> tuple[float, NDArray[np.float64]]:
    """Return the log-likelihood of the best chain in nats, and the steps after each context."""
    n = counts.count[counts.nodes(order + 1)]
    totals = counts.sum_children(n, order)
    n, after = n[n > 0], totals[totals > 0]
    return float(n @ np.log(n) - after @ np.log(after)), totals


def _likelihood_row(counts: NgramCounts, order: int) -> Record:
    log_likelihood, totals = _log_likelihood(counts, order)
    n_contexts = int(np.count_nonzero(totals))
    n_parameters = n_contexts * (counts.n_targets - 1)
    return {
        "order": int(order),
        "n_contexts": n_contexts,
        "n_possible_contexts": counts.n_targets ** int(order),
        "n_parameters": n_parameters,
        "log_likelihood": log_likelihood,
        "aic": 2 * n_parameters - 2 * log_likelihood,
        "bic": n_parameters * np.log(counts.total) - 2 * log_likelihood,
        "lr_statistic": np.nan,
        "lr_df": np.nan,
        "lr_p_value": np.nan,
        "lr_trusted": None,
    }


def _likelihood_ratio(counts: NgramCounts, order: int) -> Record:
    """Test whether one more step of context tells more than chance would.

    After each context this is the test of independence of the step before it and the step after it, in a
    table of those that were seen (Anderson and Goodman 1957, "Statistical inference about Markov chains").
    """
    shorter, totals = _log_likelihood(counts, order)
    longer, longer_totals = _log_likelihood(counts, order + 1)
    children = counts.count[counts.nodes(order + 1)] > 0
    columns = counts.sum_children(children.astype(np.int64), order)
    suffix = find_suffixes(counts.code, counts.first_child)[counts.nodes(order + 1)]
    seen = np.flatnonzero(longer_totals > 0)
    rows = np.bincount(suffix[seen] - counts.level[order], minlength=len(totals))
    used = totals > 0
    df = int(((rows - 1) * (columns - 1))[used].sum())
    statistic = max(2 * (longer - shorter), 0.0)
    return {
        "lr_statistic": statistic,
        "lr_df": df,
        "lr_p_value": float(chi2.sf(statistic, df)) if df else 1.0,
        "lr_trusted": bool(counts.total >= 5 * (rows * columns)[used].sum()),
    }


Fold = tuple[Sequences, Sequences | None, Sequences, NDArray[np.bool_]]


def _folds(sequences: Sequences, n_folds: int, random_state: int | None) -> Iterator[Fold]:
    """Yield training sequences and their weights, test sequences and which of their steps are tested."""
    if len(sequences) >= n_folds:
        for train, test in KFold(n_folds, shuffle=True, random_state=random_state).split(
            np.arange(len(sequences))
        ):
            held_out = sequences.take(test)
            yield sequences.take(train), None, held_out, np.ones(held_out.n_steps, dtype=bool)
        return
    share = sequences.step_index * n_folds // np.repeat(sequences.lengths, sequences.lengths)
    for fold in range(n_folds):
        tested = share == fold
        if tested.any() and not tested.all():
            yield sequences, sequences.with_values((~tested).astype(np.float64)), sequences, tested


def _held_out(chain: MarkovChain | Autoregression, fold: Fold) -> tuple[float, int]:
    """Return the summed loss in bits of the tested steps, and their number."""
    train, weights, test, tested = fold
    log_proba = Sequences(chain.fit(train, sample_weight=weights).score_steps(test)).values
    return float(-log_proba[tested].sum() / np.log(2)), int(tested.sum())
