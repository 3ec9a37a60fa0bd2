"""Profiles of what is predicted at every step: the next symbol, or a label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.sequences import Sequences
from seqcompare.dependence.coding import Coded, code_symbols, lump, most_symbols
from seqcompare.dependence.contexts import OrderTest, compare_orders, extend
from seqcompare.dependence.entropy import marginal_entropy, match_length_entropy
from seqcompare.dependence.gains import Loss, blocked_folds, cut, make_folds, next_losses, step_losses
from seqcompare.dependence.information import Pairs, null_band
from seqcompare.dependence.settings import Found, Settings, lag_table, loss_rows, order_table
from seqcompare.dependence.surrogates import Elsewhere

_MOST_PAIRS = 50_000
_MOST_TESTED = 200_000
_LEAST_RECURRING = 0.05
_FEW_SEQUENCES = 20
_N_PIECES = 40
_LONG = 50
_FEWEST_GAINS = 3


@dataclass(frozen=True, eq=False)
class _Question:
    """Symbols, and targets at some of the steps.

    Parameters
    ----------
    X : Sequences
        Steps as symbols.
    coded, labels : Coded
        Symbols of all steps, and of what is predicted at each.
    scored : ndarray of bool, shape (n_steps,)
        Which predictions count.
    groups : ndarray of shape (n,) or None
        Sequences that belong together.
    """

    X: Sequences
    coded: Coded
    labels: Coded
    scored: NDArray[np.bool_]
    groups: NDArray[Any] | None

    def reversed(self) -> _Question:
        """Return the same with time running backwards."""
        ends = np.repeat(self.X.offsets[:-1] + self.X.offsets[1:] - 1, self.X.lengths)
        mirror = ends - np.arange(self.X.n_steps)
        return _Question(
            self.X.with_values(self.X.values[mirror]),
            Coded(self.coded.codes[mirror], self.coded.n_symbols, self.coded.how),
            Coded(self.labels.codes[mirror], self.labels.n_symbols, self.labels.how),
            self.scored[mirror],
            self.groups,
        )

    def targets(self, most: int, seed: int) -> NDArray[np.int64]:
        """Return the steps at which something is predicted; if there are too many, of some sequences."""
        at = np.flatnonzero(self.scored)
        if len(at) <= most:
            return at
        # neighbours, so that targets keep their distances
        order = np.random.default_rng(seed).permutation(len(self.X))[self.X.sequence_index[at]]
        return np.sort(at[np.argsort(order, kind="stable")][:most])

    def pairs(self, seed: int) -> Pairs:
        """Return steps and targets, in alphabets small enough for pairs of them."""
        at = self.targets(_MOST_PAIRS, seed)
        limit = most_symbols(len(at))
        source, labels = lump(self.coded, limit), lump(self.labels, limit)
        before = self.X.step_index[at]
        after = np.repeat(self.X.lengths, self.X.lengths)[at] - 1 - before
        return Pairs(source.codes, at, labels.codes[at], before, after, source.n_symbols, labels.n_symbols)


def profile_steps(
    dataset: SequenceDataset, X: Sequences, coded: Coded, settings: Settings, notes: list[str]
) -> Found:
    """Profile the role ``next`` or ``step``.

    Parameters
    ----------
    dataset : SequenceDataset
        What is asked.
    X, coded : Sequences, Coded
        Its steps as symbols, in sequences and end to end.
    settings : Settings
        What was asked for.
    notes : list of str
        What limits the result is added here.
    """
    weight = np.ones(X.n_steps)
    if isinstance(dataset.sample_weight, Sequences):
        weight = dataset.sample_weight.values
    elif dataset.sample_weight is not None:
        weight = np.repeat(dataset.sample_weight, X.lengths)
    scored = weight > 0
    labels = coded
    if isinstance(dataset.y, Sequences):
        labels = code_symbols(dataset.y.values)
    question = _Question(X, coded, labels, scored, dataset.groups)
    lags = np.arange(1, settings.max_lag + 1)
    if dataset.role == "step":
        lags = np.arange(-settings.max_lag, settings.max_lag + 1)
    longest = int(X.lengths.max()) - 1
    lags = lags[np.abs(lags) <= longest]
    pairs = question.pairs(settings.seed)
    notes.extend(_limits(question, pairs))
    table, p_value = lag_table(pairs, lags, settings, notes, far=True)
    if dataset.role == "next":
        orders, entropy = _next_orders(question, settings, notes)
    else:
        orders, entropy = _label_orders(question, settings, notes)
    return table, p_value, orders, entropy


def _limits(question: _Question, pairs: Pairs) -> list[str]:
    said = []
    if pairs.n_sources < question.coded.n_symbols or pairs.n_targets < question.labels.n_symbols:
        said.append(
            f"For single lags the rarest symbols are taken together, down to {pairs.n_sources} and "
            f"{pairs.n_targets} for the target: pairs of more would be too rare."
        )
    n_scored = int(question.scored.sum())
    for most, what in ((_MOST_PAIRS, "Single lags"), (_MOST_TESTED, "Contexts")):
        if n_scored > most:
            said.append(
                f"{what} are tested at {most:,} of {n_scored:,} targets, in sequences drawn at random."
            )
    return said


def _next_orders(
    question: _Question, settings: Settings, notes: list[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    lags, tests = _test(question, 1, settings, notes)
    p_values = _p_values(tests, settings)
    losses = _losses(question, _n_worth(p_values, settings), settings, notes)
    # order 0 is what single steps cost
    rows = _join(lags, tests, p_values, loss_rows(lags, losses))
    steps = question.X.values[question.scored]
    entropy = {"single steps": marginal_entropy(steps)}
    if losses:
        best = int(np.argmin([loss.mean for loss in losses]))
        past = f"the last {best} steps" if best else "no context"
        entropy[f"{past}, cross-validated"] = losses[best].mean
    if question.X.lengths.mean() >= _LONG and question.scored.all():
        found = match_length_entropy(question.X.values, question.X.offsets)
        entropy["match lengths"] = found
        if np.isfinite(found):
            shuffled = np.random.default_rng(settings.seed).permutation(question.X.values)
            bias = match_length_entropy(shuffled, question.X.offsets)
            notes.append(
                "Match lengths are off by up to a tenth: were the steps in random order, which costs "
                f"{entropy['single steps']:.3f} bits, they would say {bias:.3f}."
            )
    return order_table(rows), _entropy_table(entropy)


def _label_orders(
    question: _Question, settings: Settings, notes: list[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    back, tests = _test(question, 0, settings, notes)
    mirrored = question.reversed()
    ahead, more = _test(mirrored, 1, settings, notes, "ahead")
    p_values = _p_values(tests + more, settings)
    losses = _losses(question, _n_worth(p_values[: len(back)], settings), settings, notes)
    # ahead of the step itself, which is context already
    ahead_losses = _losses(mirrored, _n_worth(p_values[len(back) :], settings) + 1, settings, [])[1:]
    lags = back + [-lag for lag in ahead]
    gains = loss_rows(back, losses) + loss_rows([-lag for lag in ahead], ahead_losses)
    rows = _join(lags, tests + more, p_values, gains)
    labels = question.labels.codes[question.scored]
    entropy = {"labels alone": marginal_entropy(labels)}
    for found, where in ((losses[1:], "before"), (ahead_losses, "after")):
        if found:
            best = int(np.argmin([loss.mean for loss in found]))
            context = f"this step and the {best} {where}" if best else "this step alone"
            entropy[f"{context}, cross-validated"] = found[best].mean
    return order_table(rows), _entropy_table(entropy)


def _test(
    question: _Question, first: int, settings: Settings, notes: list[str], where: str = "back"
) -> tuple[list[int], list[OrderTest]]:
    """Test the lags from `first` on, each given all before it, as long as contexts recur."""
    at = question.targets(_MOST_TESTED, settings.seed)
    target = question.labels.codes[at]
    before = question.X.step_index[at]
    source, n_sources = question.coded.codes, question.coded.n_symbols
    context = np.zeros(len(at), dtype=np.int64)
    for lag in range(first):
        if question.labels is not question.coded:
            context = extend(context, source, at, before, lag, n_sources)
    lags, tests = [], []
    elsewhere = None
    if question.labels is not question.coded:
        # labels may have a memory of their own, while the next step has none beyond its contexts
        rng = np.random.default_rng(settings.seed)
        others = Elsewhere(question.X.sequence_index[at])
        elsewhere = [others.draw(rng) for _ in range(settings.n_permutations)]
    last = min(settings.max_order, settings.max_lag, int(question.X.lengths.max()) - 1)
    for lag in range(first, last + 1):
        longer = extend(context, source, at, before, lag, n_sources)
        test = compare_orders(
            context,
            longer,
            target,
            settings.n_permutations,
            settings.seed + lag,
            elsewhere=elsewhere,
        )
        if test.recurring < _LEAST_RECURRING:
            notes.append(
                f"Contexts cannot be examined from lag {lag} {where} on: up to there more than "
                f"{1 - _LEAST_RECURRING:.0%} of them occur only once or always with the same target."
            )
            break
        lags.append(lag)
        tests.append(test)
        context = longer
    return lags, tests


def _p_values(tests: list[OrderTest], settings: Settings) -> NDArray[np.float64]:
    """Return for each test the chance that the largest of them all reaches as far."""
    if not tests:
        return np.zeros(0)
    information = np.array([test.information for test in tests])
    permuted = null_band(np.column_stack([test.surrogates for test in tests]), settings.share)
    p_values = permuted.p_values(information)
    elsewhere = [test.elsewhere for test in tests if test.elsewhere is not None]
    if elsewhere:
        far = null_band(np.column_stack(elsewhere), settings.share)
        p_values = np.maximum(p_values, far.p_values(information))
    return p_values


def _n_worth(p_values: NDArray[np.float64], settings: Settings) -> int:
    """Return how many steps of context are worth cross-validating: one beyond the last that tells."""
    told = np.flatnonzero(p_values <= settings.share)
    return min(len(p_values), max(_FEWEST_GAINS, int(told.max()) + 2 if told.size else 0))


def _losses(question: _Question, n_lags: int, settings: Settings, notes: list[str]) -> list[Loss]:
    """Return the losses without and with each of the first lags as context; none if that cannot be."""
    X, scored, groups = question.X, question.scored, question.groups
    if not n_lags:
        return []
    divisible = groups is None or len(np.unique(groups)) < 2
    if len(X) < _FEW_SEQUENCES and divisible:
        bounds = cut(X.offsets, _N_PIECES, max(2 * n_lags, _FEW_SEQUENCES))
        pieces = Sequences(X.values, bounds)
        # a piece's first steps lack the context that they have in truth
        new = ~np.isin(bounds[:-1], X.offsets)
        starts = np.repeat(new, pieces.lengths) & (pieces.step_index < n_lags)
        X, scored = pieces, scored & ~starts
        folds = blocked_folds(len(X), settings.n_folds)
        notes.append(
            f"For cross-validation the data are {len(X)} contiguous pieces, in blocks of neighbours."
        )
    else:
        folds = make_folds(len(X), settings.n_folds, settings.seed, groups=groups)
    if not all(scored[np.isin(X.sequence_index, part)].any() for fold in folds for part in fold):
        folds = []
    if not folds:
        notes.append("There is too little to cross-validate: the gains are left out.")
        return []
    weight = scored.astype(np.float64)
    if question.labels is question.coded:
        losses = next_losses(X, weight, folds, range(n_lags + 1))
    else:
        losses = step_losses(X, question.labels.codes, weight, folds, range(-1, n_lags))
    return [loss.grouped(groups) for loss in losses]


def _join(
    lags: list[int], tests: list[OrderTest], p_values: NDArray[np.float64], gains: list[dict[str, float]]
) -> list[dict[str, float]]:
    found = {row["lag"]: row for row in gains}
    return [
        {
            "lag": lag,
            **found.get(lag, {}),
            "test_information": test.information - float(test.surrogates.mean()),
            "p": float(p),
            "recurring": test.recurring,
        }
        for lag, test, p in zip(lags, tests, p_values, strict=True)
    ]


def _entropy_table(entropy: dict[str, float]) -> pd.DataFrame:
    return pd.DataFrame({"estimate": list(entropy), "bits": list(entropy.values())})
