"""Profiles of what is predicted once a sequence: its class, or a number."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import t as student

from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.sequences import Sequences
from seqcompare.dependence.coding import (
    Coded,
    bins_for,
    code_numbers,
    code_symbols,
    code_vectors,
    lump,
    most_symbols,
)
from seqcompare.dependence.drift import NO_DRIFT, find_target_drift
from seqcompare.dependence.entropy import marginal_entropy
from seqcompare.dependence.gains import Loss, class_losses, make_folds
from seqcompare.dependence.information import Pairs
from seqcompare.dependence.lag_test import Draw, View, enough_pairs, lag_table
from seqcompare.dependence.settings import Found, Settings, loss_rows, order_table, told_lags
from seqcompare.quantities import bits as say_bits
from seqcompare.quantities import p_words
from seqcompare.typing import Labels

_N_TARGET_BINS = 3
_SURE = 0.01
_MOST_ORDERS = 6


def profile_sequences(
    dataset: SequenceDataset, X: Sequences, coded: Coded, settings: Settings, notes: list[str]
) -> Found:
    """Profile the role ``sequence`` or ``value``.

    A lag is here the distance of a step from the last one of its sequence. Orders are those of one chain a
    class, with Bayes' rule: order 0 is a bag of symbols, so what order 1 and more gain is what order tells.

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

    Raises
    ------
    ValueError
        If there is more than one target a sequence.
    """
    target = _code_target(dataset, notes)
    lengths = X.lengths
    classes = lump(target, most_symbols(len(X)))
    views = _views(dataset.X, coded, classes, settings, notes)
    notes.append("A lag counts from the last step of a sequence; contexts are those of one chain a class.")
    lags = np.arange(0, min(settings.max_lag, int(lengths.max()) - 1) + 1)
    groups = _whole_groups(dataset.groups, classes.codes)
    if groups is not None:
        notes.append("Each group has one target, so groups, not sequences, are what is shuffled.")
    lags = enough_pairs(views[0].pairs, lags, notes)
    draws = {"any": _draw(len(X), groups)}
    table, p_value = lag_table(views, lags, draws, settings)
    if not (lengths == lengths[0]).all():
        _look_from_start(views, dataset.X, lags, draws, settings, notes)
    orders, losses = _class_orders(dataset, X, target, settings, notes)
    entropy = {"targets alone": marginal_entropy(target.codes)}
    if losses:
        best = int(np.argmin([loss.mean for loss in losses[1:]]))
        entropy[f"chains of order {best}, cross-validated"] = losses[1:][best].mean
    estimates = pd.DataFrame({"estimate": list(entropy), "bits": list(entropy.values())})
    found = Found(table, orders, estimates, p_value, kept=("any",))
    seen = table.loc[table["detected"], "lag"]
    told = told_lags(orders, settings)
    found.reach = int(seen.max()) if len(seen) else None
    found.order = int(told.max()) if len(told) else None
    if losses:
        found.gain, found.gain_error = min(losses, key=lambda loss: loss.mean).gain_over(losses[0])
    found.drift = find_target_drift(target.codes, 99, settings.seed) or NO_DRIFT
    return found


def _look_from_start(
    views: list[View],
    raw: Sequences,
    lags: NDArray[np.int64],
    draws: dict[str, Draw],
    settings: Settings,
    notes: list[str],
) -> None:
    """Add a note on a step that tells by its place from the start, where sequences do not end together."""
    first, after = raw.offsets[:-1], raw.lengths - 1
    turned = [
        replace(view, pairs=replace(view.pairs, at=first, before=np.zeros_like(after), after=after))
        for view in views
    ]
    table, p_value = lag_table(turned, -lags, draws, settings)
    if p_value > _SURE:
        return
    best = int(np.argmax(table["information"]))
    lag, bits = int(table["lag"].iloc[best]), float(table["information"].iloc[best])
    notes.append(
        f"Counted from the start of a sequence, its step {-lag} (from 0) tells of the target "
        f"({say_bits(bits)} bit, {p_words(p_value)} over all places)."
    )


def _views(raw: Sequences, coded: Coded, classes: Coded, settings: Settings, notes: list[str]) -> list[View]:
    """Return steps in alphabets small enough for pairs with the target; channels by themselves as well."""
    lengths = raw.lengths

    def view(name: str, source: Coded) -> View:
        pairs = Pairs(
            source.codes,
            raw.offsets[1:] - 1,
            classes.codes,
            lengths - 1,
            np.zeros_like(lengths),
            source.n_symbols,
            classes.n_symbols,
        )
        return View(name, pairs)

    if raw.kind == "symbols":
        # true symbols alone are lumped: bins are chosen to be few enough
        source = lump(coded, most_symbols(len(raw)))
        notes.extend(note for note in {source.note, classes.note} if note)
        return [view("", source)]
    n_bins = settings.n_bins or bins_for(len(raw), classes.n_symbols)
    channels = [code_numbers(raw.channels[:, c].astype(np.float64), n_bins) for c in range(raw.n_channels)]
    words = "For single lags" if raw.n_channels == 1 else "For single lags and channels"
    notes.append(f"{words} numbers are in {n_bins} bins, as many as the data fill.")
    if raw.n_channels == 1:
        return [view("", channels[0])]
    few = code_vectors(raw.channels.astype(np.float64), n_bins, settings.seed)
    return [view("all together", few)] + [view(f"channel {c}", channel) for c, channel in enumerate(channels)]


def _draw(n: int, groups: NDArray[np.int64] | None) -> Draw:
    """Return how targets change places: freely, or a whole group at a time."""
    if groups is None:
        return lambda rng: rng.permutation(n)
    first = np.unique(groups, return_index=True)[1]
    return lambda rng: first[rng.permutation(len(first))][groups]


def _whole_groups(groups: Labels | None, target: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """Return the groups by number if every one has a single target, else None."""
    if groups is None:
        return None
    _, first, index = np.unique(groups, return_index=True, return_inverse=True)
    return index if (target == target[first][index]).all() else None


def _code_target(dataset: SequenceDataset, notes: list[str]) -> Coded:
    y: Labels = np.asarray(dataset.y)
    if y.ndim != 1:
        raise ValueError(f"a profile takes one target a sequence, got y of shape {y.shape}")
    if dataset.role == "sequence":
        return code_symbols(y)
    coded = code_numbers(y.astype(np.float64), _N_TARGET_BINS)
    notes.append(f"Targets are {coded.how}.")
    return coded


def _class_orders(
    dataset: SequenceDataset, X: Sequences, target: Coded, settings: Settings, notes: list[str]
) -> tuple[pd.DataFrame, list[Loss]]:
    folds = make_folds(len(X), settings.n_folds, settings.seed, groups=dataset.groups, classes=target.codes)
    losses: list[Loss] = []
    if not folds:
        notes.append("There is too little to cross-validate: the gains are left out.")
        return order_table([]), losses
    last = min(settings.max_order, _MOST_ORDERS, int(X.lengths.max()) - 1)
    useless = 0
    for by_sequence in class_losses(X, target.codes, folds, range(-1, last + 1)):
        loss = by_sequence.grouped(dataset.groups)
        if losses:
            useless = useless + 1 if loss.gain_over(losses[-1])[0] <= 0 else 0
        losses.append(loss)
        if useless == 2:
            # chains of classes soon run out of data, and longer ones only cost more
            break
    rows = loss_rows(list(range(len(losses) - 1)), losses)
    n_units = len(losses[0].bits)
    for row in rows:
        # one-sided, and Bonferroni's correction: the largest of all is what counts
        p = student.sf(row["gain"] / row["gain_error"], n_units - 1) if row["gain_error"] > 0 else 1.0
        row["p"] = min(1.0, float(p) * len(rows))
    return order_table(rows), losses
