"""What to be wary of in data, before anything is fitted: found, put into words, with a remedy.

Every check has a code, by which it can be muted. The checks need data alone, so that the profile, a
comparison and a report say the same of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.pace import pace_of
from seqcompare.data.sequences import Sequences
from seqcompare.dependence.coding import code_numbers, code_symbols
from seqcompare.dependence.copies import Copies, find_copies, join_groups
from seqcompare.dependence.drift import NO_DRIFT, Drift, find_drift, find_target_drift
from seqcompare.dependence.entropy import marginal_entropy
from seqcompare.dependence.information import NullBand, Pairs
from seqcompare.dependence.overlap import overlap, shares_parts
from seqcompare.quantities import p_words, percent

CODES = ("drift", "unit root", "copies", "overlap", "classes", "leak", "few", "folds", "times")
"""The codes of all checks, in the order in which they are made."""

_SURE = 0.01
_FEWEST_UNITS = 16
_FEWEST_STEPS = 200
_RARE = 0.2
_FEWEST_OF_A_CLASS = 10
_TELLS_ALL = 0.9
_N_PARTS = 5
_MOST_LEAK_LAGS = 400


@dataclass(frozen=True)
class Finding:
    """Something to be wary of.

    Parameters
    ----------
    code : str
        One of `CODES`; with it the check can be muted.
    sentence : str
        What was found.
    remedy : str
        What to do about it.
    """

    code: str
    sentence: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.sentence} {self.remedy}"


def check(
    dataset: SequenceDataset,
    cv: int | None = None,
    *,
    drift: Drift | None = None,
    mute: Collection[str] = (),
    seed: int = 0,
) -> list[Finding]:
    """Return what there is to be wary of in a data set.

    Parameters
    ----------
    dataset : SequenceDataset
        The data.
    cv : int, optional
        Folds that are planned.
    drift : Drift, optional
        Whether and where the source changes, if that is known already.
    mute : collection of str, optional
        Codes of checks that are not to be made.
    seed : int, default=0
        Of random orders and hashes.

    Raises
    ------
    ValueError
        For a code that is none.
    """
    unknown = sorted(set(mute) - set(CODES))
    if unknown:
        raise ValueError(f"there is no check {unknown[0]!r}; the checks are {', '.join(CODES)}")
    if drift is None:
        drift = NO_DRIFT if {"drift", "unit root"} <= set(mute) else _find_drift(dataset, seed)
    made = {
        "drift": lambda: _check_drift(drift),
        "unit root": lambda: _check_unit_root(drift),
        "copies": lambda: _check_copies(dataset, seed),
        "overlap": lambda: _check_overlap(dataset),
        "classes": lambda: _check_classes(dataset),
        "leak": lambda: _check_leak(dataset, seed),
        "few": lambda: _check_units(dataset),
        "folds": lambda: _check_folds(dataset, cv),
        "times": lambda: _check_times(dataset),
    }
    return [finding for code in CODES if code not in mute for finding in made[code]()]


def copy_groups(dataset: SequenceDataset, seed: int = 0) -> NDArray[np.int64] | None:
    """Return groups of near-copies, to be kept in one fold each; None where there is nothing to keep.

    Copies are kept together where there are more of them than sequences of a fitted chain would share by
    chance. Short sequences repeat by nature: new data will repeat them as well, so they stay where they
    fall.

    Parameters
    ----------
    dataset : SequenceDataset
        The data. Groups that it has already are kept whole too.
    seed : int, default=0
        Of hashes.

    Returns
    -------
    ndarray of int64, shape (n,), or None
    """
    found = find_copies(dataset.X, seed)
    if found is None or not found.more_than_chance:
        return None
    return join_groups(found, dataset.groups)


def _targets(dataset: SequenceDataset) -> Sequences:
    """Return what is predicted, as sequences: one of all targets where there is one a sequence."""
    if dataset.role == "next":
        return dataset.X
    if isinstance(dataset.y, Sequences):
        return dataset.y
    y = np.asarray(dataset.y)
    if y.ndim > 1:
        y = y[:, 0]
    values = y if dataset.role == "sequence" else y.astype(np.float64)
    return Sequences(values, [0, len(values)])


def _find_drift(dataset: SequenceDataset, seed: int) -> Drift:
    targets = _targets(dataset)
    if dataset.role in ("sequence", "value"):
        return find_target_drift(targets.values, 99, seed) or NO_DRIFT
    return find_drift(targets, 99, seed) or NO_DRIFT


def _check_drift(drift: Drift) -> Iterator[Finding]:
    if drift.changes:
        yield Finding(
            "drift",
            f"The source changes, {drift.words}.",
            "Test on the last part of the data, if models are to be used on what comes after them; shuffled "
            "folds would flatter.",
        )


def _check_unit_root(drift: Drift) -> Iterator[Finding]:
    if drift.wanders:
        yield Finding(
            "unit root",
            "The series wanders like a random walk: a unit root is not rejected (augmented Dickey-Fuller "
            f"test, {p_words(drift.unit_root)}).",
            "That is memory, in the last step; predict the change from step to step, and test on what comes "
            "after.",
        )


def describe_copies(found: Copies) -> str:
    """Return in words what was found of copies, and what is done about them."""
    words = f"{percent(found.share)} of the sequences are copies of others or nearly so"
    if found.more_than_chance:
        return f"{words}, where {percent(found.by_chance)} would be by chance: they are kept in one fold."
    return (
        f"{words}, and so would be {percent(found.by_chance)} of sequences of such a source that know "
        "nothing of each other: they stay where they fall."
    )


def _check_copies(dataset: SequenceDataset, seed: int) -> Iterator[Finding]:
    if dataset.groups is not None and len(np.unique(dataset.groups)) < 2:
        return
    found = find_copies(dataset.X, seed)
    if found is None or not found.more_than_chance:
        return
    if overlap(dataset.X) is not None or shares_parts(dataset.X):
        return
    yield Finding(
        "copies",
        f"{percent(found.share)} of the sequences are copies of others or nearly so, in any order; "
        f"{percent(found.by_chance)} would be by chance.",
        "A model that has seen the one will know the other: comparisons keep them in one fold, unless there "
        "is an official test part.",
    )


def _check_overlap(dataset: SequenceDataset) -> Iterator[Finding]:
    shift = overlap(dataset.X)
    if shift is not None and dataset.groups is None:
        yield Finding(
            "overlap",
            f"Sequences look like windows cut out of one series, each {shift} steps after the one before.",
            "Give the series itself, or keep neighbouring windows in one fold.",
        )
    elif dataset.groups is None and shares_parts(dataset.X):
        yield Finding(
            "overlap",
            "Most sequences share runs of steps with others, as windows do that were cut out of one series "
            "and put in another order.",
            "Give the series itself, or as groups the series that each window is from: shuffled folds "
            "flatter, and steps that are shared look like memory.",
        )


def _check_classes(dataset: SequenceDataset) -> Iterator[Finding]:
    if dataset.role not in ("sequence", "step") or _targets(dataset).kind == "real":
        return
    labels = _targets(dataset).values
    if dataset.role == "step" and isinstance(dataset.sample_weight, Sequences):
        labels = labels[dataset.sample_weight.values > 0]
    names, counts = np.unique(labels, return_counts=True)
    if len(names) < 2:
        yield Finding(
            "classes",
            f"There is one class only ({names[0]!s:.30})." if len(names) else "There is no class.",
            "Nothing can be told apart: add sequences of another class.",
        )
        return
    least, most = int(np.argmin(counts)), int(np.argmax(counts))
    said = f"Class {names[least]!s:.30} has {counts[least]:,} of {counts.sum():,}"
    if counts[least] < _RARE / len(names) * counts.sum():
        yield Finding(
            "classes",
            f"{said}, and the most frequent, {names[most]!s:.30}, has {counts[most]:,}.",
            "Judge by bits or by balanced accuracy rather than by accuracy.",
        )
    elif counts[least] < _FEWEST_OF_A_CLASS:
        yield Finding("classes", f"{said}: few to learn it from.", "Add examples, or expect wide intervals.")


def _told_by(x: NDArray[np.int64], target: NDArray[np.int64]) -> bool:
    """Whether cuts of one number tell nearly all of a target, on data left out."""
    from sklearn.tree import DecisionTreeClassifier

    counts = np.bincount(target)
    if len(np.unique(x)) < 2 or len(x) < 2 * _N_PARTS:
        return False
    tree = DecisionTreeClassifier(max_leaf_nodes=2 * len(counts), min_samples_leaf=2, random_state=0)
    parts = np.arange(len(x)) % _N_PARTS
    found = np.empty_like(target)
    for part in range(_N_PARTS):
        rest = parts != part
        found[~rest] = tree.fit(x[rest, None], target[rest]).predict(x[~rest, None])
    wrong = float((found != target).mean())
    return wrong <= (1 - _TELLS_ALL) * (1 - float(counts.max()) / len(target))


def _check_leak(dataset: SequenceDataset, seed: int) -> Iterator[Finding]:
    """Suspect an answer that one step, or the length alone, gives away in nearly all sequences."""
    if dataset.role not in ("sequence", "value") or np.asarray(dataset.y).ndim > 1:
        return
    y = np.asarray(dataset.y)
    target = code_symbols(y) if dataset.role == "sequence" else code_numbers(y.astype(np.float64), 3)
    whole = marginal_entropy(target.codes)
    if whole < 0.1 or len(dataset) < _FEWEST_UNITS:
        return
    rng = np.random.default_rng(seed)
    lengths = dataset.X.lengths
    n = len(lengths)

    def tells(source: NDArray[np.int64], at: NDArray[np.int64], lags: NDArray[np.int64]) -> int | None:
        size = int(source.max()) + 1
        pairs = Pairs(source, at, target.codes, lengths - 1, np.zeros_like(at), size, target.n_symbols)
        lags = lags[pairs.count(lags) >= n / 2]
        if not len(lags):
            return None
        observed = pairs.information(lags)[0]
        chance = pairs.information(lags, np.array([rng.permutation(target.codes) for _ in range(99)]))
        band = NullBand(observed, chance, 0.05)
        best = int(np.argmax(observed - band.mean))
        sure = band.p_values[best] <= _SURE and (observed - band.mean)[best] >= _TELLS_ALL * whole
        return int(lags[best]) if sure else None

    if _told_by(lengths, target.codes):
        yield Finding(
            "leak",
            "The length of a sequence alone tells nearly all of its target.",
            "Make sure that the length will be known in use, and is no trace of how the data were collected.",
        )
    if dataset.X.kind == "symbols":
        coded = code_symbols(dataset.X.values)
        if coded.n_symbols > max(2, n // 5):
            return
        sources = [("", coded.codes)]
    else:
        channels = dataset.X.channels.astype(np.float64).T
        sources = [
            (f" of channel {c}" if len(channels) > 1 else "", code_numbers(x, 8 if n >= 200 else 3).codes)
            for c, x in enumerate(channels)
        ]
    lags = np.arange(min(int(lengths.max()), _MOST_LEAK_LAGS))
    for words, codes in sources:
        lag = tells(codes, dataset.X.offsets[1:] - 1, lags)
        if lag is not None:
            place = "the last step" if lag == 0 else f"the step {lag} before the last"
            yield Finding(
                "leak",
                f"One single step{words} tells nearly all of a sequence's target ({place}).",
                "If that is more than you expect, the answer has leaked into the data: leave this step out.",
            )
            return


def _n_units(dataset: SequenceDataset) -> int:
    return len(dataset) if dataset.groups is None else len(np.unique(dataset.groups))


def _check_units(dataset: SequenceDataset) -> Iterator[Finding]:
    n = _n_units(dataset)
    what = "sequences" if dataset.groups is None else "groups"
    if dataset.role in ("sequence", "value"):
        if n < _FEWEST_UNITS:
            yield Finding(
                "few",
                f"There are {n} {what}: even a model that is always right could not be told from luck.",
                f"Collect {_FEWEST_UNITS} {what} or more.",
            )
        return
    if dataset.groups is not None and n < 4:
        yield Finding(
            "few",
            f"There are {n} groups: what holds for others than these cannot be told.",
            "Collect more groups, or leave them out to judge within these alone.",
        )
    elif dataset.X.n_steps < _FEWEST_STEPS:
        yield Finding(
            "few",
            f"There are {dataset.X.n_steps:,} steps in all: only strong dependence can show.",
            f"Collect {_FEWEST_STEPS:,} steps or more.",
        )


def _check_folds(dataset: SequenceDataset, cv: int | None) -> Iterator[Finding]:
    if cv is None or dataset.test is not None:
        return
    n = _n_units(dataset)
    what = "sequences" if dataset.groups is None else "groups"
    if cv == 2:
        yield Finding(
            "folds",
            "Two folds: models learn from half of the data only, and two results can show no difference.",
            "Use five folds or more.",
        )
    if dataset.role in ("sequence", "value") and cv > n:
        yield Finding(
            "folds", f"{cv} folds are more than there are {what} ({n}).", f"Use {max(2, n)} or fewer."
        )
    if dataset.role == "sequence" and dataset.groups is None:
        names, counts = np.unique(np.asarray(dataset.y).reshape(len(dataset), -1)[:, 0], return_counts=True)
        least = int(np.argmin(counts))
        if len(names) > 1 and counts[least] < cv:
            yield Finding(
                "folds",
                f"Class {names[least]!s:.30} has {counts[least]} {what}, fewer than the {cv} folds: in some "
                "folds it is not tested.",
                f"Use {max(2, int(counts[least]))} folds, or collect more of that class.",
            )


def _check_times(dataset: SequenceDataset) -> Iterator[Finding]:
    pace = None if "time_gaps" in dataset.reading else pace_of(dataset)
    if pace is None or pace.is_even:
        return
    remedy = "To fill the holes with missing steps: --fill-gaps (fill_gaps=True)."
    if not pace.is_regular:
        remedy = "To tell models how much time has passed: --time-gaps (time_gaps=True)."
    yield Finding("times", f"S{pace.warning()[1:]}.", f"Models count steps, not time. {remedy}")
