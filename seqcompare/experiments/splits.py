"""Train and test parts of a data set that share nothing they should not."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold, KFold, StratifiedGroupKFold, StratifiedKFold

from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.options import STEPWISE
from seqcompare.data.sequences import Sequences, offsets_of
from seqcompare.data.targets import check_step_weights
from seqcompare.dependence.checks import describe_copies
from seqcompare.dependence.copies import LEAST_SHARE, find_copies, join_groups
from seqcompare.dependence.overlap import overlap
from seqcompare.quantities import percent, several
from seqcompare.typing import Labels, Values

Pieces = NDArray[np.int64]
"""Parts of sequences, shape (m, 3): the sequence, its first step, and the step after its last."""

_LONGEST_GAP = 64
_LARGEST_GROUP = 0.5
_FEWEST_STEPS = 2


@dataclass(frozen=True, eq=False)
class Split:
    """What a model is fitted on, and what it is tested on.

    Parameters
    ----------
    train, test : ndarray of int64, shape (m, 3)
        Pieces of sequences: the sequence, its first step and the step after its last. Pieces are sequences
        of their own from then on, so that nothing sees across their ends.
    told : int, default=0
        Steps before each test piece, at most, that models read there first, and are not asked about.
    """

    train: Pieces
    test: Pieces
    told: int = 0


@dataclass(frozen=True, eq=False)
class Plan:
    """All splits of a data set.

    Parameters
    ----------
    kind : {"official", "grouped", "stratified", "random", "blocked", "forward", "overlapping"}
        How sequences were divided.
    words : str
        The same as a sentence.
    splits : tuple of Split
        One a fold and repetition.
    test_fraction : float
        Steps tested over steps trained on, on average; what the correction of tests across folds needs.
    gap : int, optional
        Steps that were asked for around test blocks; those around validation blocks are as many.
    note : str
        What to be wary of; may be empty.
    """

    kind: str
    words: str
    splits: tuple[Split, ...]
    test_fraction: float
    gap: int | None = None
    note: str = ""


def plan_splits(
    dataset: SequenceDataset, cv: int = 5, *, repeats: int = 1, gap: int | None = None, seed: int = 0
) -> Plan:
    """Divide a data set so that the test part tells about new data.

    The official test part is used where there is one. Groups stay on one side, and so do near-copies where
    there are more of them than a fitted chain would make; the note says which was done. Sequences that
    overlap (windows cut out of one series) are kept as far from the test part as they reach. Sequences too
    few for `cv` folds are cut into blocks of equally many steps that count, with a gap around each block.
    Where that would leave nothing to train on, the data are divided as if they did not overlap, with a note.
    Classes of whole sequences are spread evenly; a class of fewer sequences than folds is in fewer of them.
    Splits with nothing to learn from or nothing to score are left out.

    Parameters
    ----------
    dataset : SequenceDataset
        The data.
    cv : int, default=5
        Folds; fewer where there are fewer groups, or where even the largest class has fewer sequences.
    repeats : int, default=1
        How often the division is drawn anew, where it is random.
    gap : int, optional
        Steps left out on both sides of a test block; by default 64, or a quarter of a block if that is less.
    seed : int, default=0
        Of what is random.

    Returns
    -------
    Plan
        The splits, and how they were made.

    Raises
    ------
    ValueError
        If the data cannot be divided: a single group, too few steps, or nothing to score.
    """
    check_division(cv, repeats, gap)
    return replace(_divide(dataset, cv, repeats, gap, seed), gap=gap)


def check_division(cv: int, repeats: int, gap: int | None) -> None:
    """Raise ValueError for what no data can be divided into."""
    if cv < 2:
        raise ValueError(f"cv must be 2 or more, got {cv}")
    if repeats < 1:
        raise ValueError(f"repeats must be 1 or more, got {repeats}")
    if gap is not None and gap < 0:
        raise ValueError(f"gap must be 0 or more, got {gap}")


def _divide(dataset: SequenceDataset, cv: int, repeats: int, gap: int | None, seed: int) -> Plan:
    if dataset.test is not None:
        return _official(dataset)
    shift = overlap(dataset.X) if dataset.groups is None else None
    if shift is None:
        return _with_copies(dataset, cv, repeats, gap, seed)
    plan = _overlapping(dataset, shift, cv)
    if plan is not None:
        return plan
    note = (
        "Sequences look like windows cut out of one series, each a few steps after the one before; there are "
        "too few of them to keep such as overlap on one side of a split, so they were divided all the same. "
        "If they do overlap, scores are too good."
    )
    return replace(_apart(dataset, cv, repeats, gap, seed), note=note)


def _with_copies(dataset: SequenceDataset, cv: int, repeats: int, gap: int | None, seed: int) -> Plan:
    """Divide sequences so that groups, and near-copies where there are more than chance makes, stay whole."""
    copies = find_copies(dataset.X) if len(dataset) >= cv else None
    note = "" if copies is None or copies.share <= LEAST_SHARE else describe_copies(copies)
    if copies is not None and copies.more_than_chance:
        joined = join_groups(copies, dataset.groups)
        if np.bincount(joined).max() <= _LARGEST_GROUP * len(dataset):
            return replace(_grouped(dataset, joined, cv, repeats, seed, copies=True), note=note)
        note = (
            f"{percent(copies.share)} of the sequences are copies of others or nearly so, and most of them "
            "hang together: they were divided all the same, so that scores may be too good."
        )
    if dataset.groups is not None:
        return replace(_grouped(dataset, dataset.groups, cv, repeats, seed), note=note)
    return replace(_apart(dataset, cv, repeats, gap, seed), note=note)


def _apart(dataset: SequenceDataset, cv: int, repeats: int, gap: int | None, seed: int) -> Plan:
    """Divide sequences that have nothing to do with each other."""
    if len(dataset) < cv and dataset.role in STEPWISE:
        return _blocked(dataset, cv, gap)
    return _random(dataset, cv, repeats, seed)


def inner_splits(dataset: SequenceDataset, *, gap: int | None = None, seed: int = 0) -> tuple[Split, ...]:
    """Return splits of training data into a part to fit and one, a fifth, to choose models by.

    They are made like the splits for testing, so that a choice cannot profit from what leaks either; only a
    single group is divided as if there were none.
    """
    groups = dataset.groups if _n_groups(dataset, np.arange(len(dataset))) > 1 else None
    return plan_splits(replace(dataset, test=None, groups=groups), 5, gap=gap, seed=seed).splits


def cut(dataset: SequenceDataset, pieces: Pieces) -> SequenceDataset:
    """Return the data set of these pieces, in this order; each is a sequence.

    Targets and weights per step are cut alike; those per sequence go to every piece of it.
    """
    which = pieces[:, 0]
    lengths = pieces[:, 2] - pieces[:, 1]
    offsets = offsets_of(lengths)
    starts = dataset.X.offsets[which] + pieces[:, 1]
    rows = np.arange(offsets[-1]) + np.repeat(starts - offsets[:-1], lengths)

    def of(values: Any) -> Any:
        if values is None:
            return None
        return Sequences(values.values[rows], offsets) if isinstance(values, Sequences) else values[which]

    return replace(
        dataset,
        X=Sequences(dataset.X.values[rows], offsets),
        y=of(dataset.y),
        sample_weight=of(dataset.sample_weight),
        groups=of(dataset.groups),
        test=None,
    )


def cut_test(dataset: SequenceDataset, split: Split) -> SequenceDataset:
    """Return the data set of the test pieces, each after what is told of its past: steps of weight 0."""
    if not split.told:
        return cut(dataset, split.test)
    told = np.minimum(split.test[:, 1], split.told)
    found = cut(dataset, split.test - np.multiply.outer(told, [0, 1, 0]))
    past = found.X.step_index < told[found.X.sequence_index]
    weights = np.where(past, 0.0, check_step_weights(found.sample_weight, found.X))
    return replace(found, sample_weight=found.X.with_values(weights))


def _whole(X: Sequences, which: NDArray[np.int64]) -> Pieces:
    return np.column_stack([which, np.zeros_like(which), X.lengths[which]])


def _official(dataset: SequenceDataset) -> Plan:
    test = np.asarray(dataset.test, dtype=bool)
    if test.all() or not test.any():
        side = "test" if test.all() else "training"
        raise ValueError(f"the official split puts all {len(test)} sequences into the {side} part")
    words = f"the official split: {several((~test).sum(), 'sequence')} to train on, {test.sum()} to test on"
    split = Split(_whole(dataset.X, np.flatnonzero(~test)), _whole(dataset.X, np.flatnonzero(test)))
    return _plan(dataset, "official", words, [split])


def _grouped(
    dataset: SequenceDataset, groups: Labels, cv: int, repeats: int, seed: int, *, copies: bool = False
) -> Plan:
    names, codes = np.unique(groups, return_inverse=True)
    if len(names) < 2:
        raise ValueError(f"all sequences are of one group, {names[0]!s}: there is nothing to test on")
    labels, most = _strata(dataset)
    folds = min(cv, len(names), most)
    splits = []
    for repeat in range(repeats):
        make = GroupKFold if labels is None else StratifiedGroupKFold
        folder = make(folds, shuffle=True, random_state=seed + repeat)
        with _no_remarks():
            splits += [
                Split(_whole(dataset.X, a), _whole(dataset.X, b))
                for a, b in folder.split(codes, labels, codes)
                if len(b)
            ]
    words = f"{folds} folds of whole groups ({several(len(names), 'group')})"
    if copies:
        what = "sequences" if dataset.groups is None else "groups"
        words = f"{folds} folds of whole {what}, near-copies in one fold ({len(names):,} that are no copies)"
    return _plan(dataset, "grouped", _repeated(words, repeats), splits)


def _random(dataset: SequenceDataset, cv: int, repeats: int, seed: int) -> Plan:
    n = len(dataset)
    labels, most = _strata(dataset)
    folds = min(cv, n, most)
    if folds < 2:
        raise ValueError(f"{n} sequence cannot be divided into a training and a test part")
    splits = []
    for repeat in range(repeats):
        make = KFold if labels is None else StratifiedKFold
        folder = make(folds, shuffle=True, random_state=seed + repeat)
        with _no_remarks():
            parts = list(folder.split(np.zeros(n), labels))
        splits += [Split(_whole(dataset.X, a), _whole(dataset.X, b)) for a, b in parts]
    kind = "random" if labels is None else "stratified"
    words = f"{folds} folds of whole sequences" + ("" if labels is None else ", each class spread evenly")
    return _plan(dataset, kind, _repeated(words, repeats), splits)


def _strata(dataset: SequenceDataset) -> tuple[Values | None, int]:
    """Return the classes to spread evenly, and the most folds that scikit-learn spreads them over.

    A rare class does not decide for the others: it is in fewer folds. Classes of one sequence each cannot be
    spread at all.
    """
    if dataset.role == "sequence":
        labels = np.asarray(dataset.y)
        most = int(np.unique(labels, return_counts=True)[1].max())
        if most > 1:
            return labels, most
    return None, len(dataset)


def _overlapping(dataset: SequenceDataset, shift: int, cv: int) -> Plan | None:
    """Return folds of neighbouring sequences without those that reach into the test part.

    None where that leaves nothing to train on.
    """
    n = len(dataset)
    reach = int(np.ceil(dataset.X.lengths.max() / shift))
    folds = np.arange(n) * cv // n
    splits = []
    for fold in np.unique(folds):
        test = np.flatnonzero(folds == fold)
        train = np.flatnonzero((np.arange(n) <= test[0] - reach) | (np.arange(n) >= test[-1] + reach))
        if len(train):
            splits.append(Split(_whole(dataset.X, train), _whole(dataset.X, test)))
    if len(splits) < 2:
        return None
    words = (
        f"{len(splits)} blocks of neighbouring sequences, since sequences overlap ({shift} new steps each); "
        f"{reach - 1} on either side of a test block are left out"
    )
    return _plan(dataset, "overlapping", words, splits)


def _blocked(dataset: SequenceDataset, cv: int, gap: int | None) -> Plan:
    """Cut the steps of all sequences, end to end, into blocks."""
    X = dataset.X
    counted = np.flatnonzero(check_step_weights(dataset.sample_weight, X) > 0)
    if len(counted) // cv < _FEWEST_STEPS:
        raise ValueError(f"{len(counted)} steps are too few for {cv} blocks of {_FEWEST_STEPS} steps or more")
    # where labels are on some stretches only, blocks of equal length would have nothing to score
    bounds = np.array([0, *counted[np.arange(1, cv) * len(counted) // cv], X.n_steps])
    space = min(_LONGEST_GAP, int(np.diff(bounds).min()) // 4) if gap is None else gap
    splits = []
    for start, stop in itertools.pairwise(bounds):
        test, train = [], []
        for i, (a, b) in enumerate(zip(X.offsets[:-1], X.offsets[1:], strict=True)):
            inside = (max(start, a), min(stop, b))
            if inside[0] >= inside[1]:
                train.append((i, 0, b - a))
                continue
            test.append((i, inside[0] - a, inside[1] - a))
            train.append((i, 0, inside[0] - a - space))
            train.append((i, inside[1] - a + space, b - a))
        splits.append(Split(_long_enough(train), _long_enough(test)))
    what = "steps" if len(counted) == X.n_steps else "steps that count"
    words = (
        f"{cv} blocks of about {len(counted) // cv} {what}, since sequences ({len(X)}) are fewer than "
        f"that; {space} steps on either side of a test block are left out"
    )
    return _plan(dataset, "blocked", words, splits)


def _long_enough(pieces: list[tuple[int, int, int]]) -> Pieces:
    kept = [piece for piece in pieces if piece[2] - piece[1] >= _FEWEST_STEPS]
    return np.array(kept, dtype=np.int64).reshape(-1, 3)


def _plan(dataset: SequenceDataset, kind: str, words: str, splits: list[Split]) -> Plan:
    scored = _scored_in(dataset)
    kept = [s for s in splits if scored(s.train) and scored(s.test)]
    if len(kept) < min(2, len(splits)):
        raise ValueError(
            f"nothing to learn from or nothing to score is left in {len(splits) - len(kept)} of "
            f"{len(splits)} splits: {words}"
        )
    if len(kept) < len(splits):
        words += f"; {len(splits) - len(kept)} of {len(splits)} splits have nothing to learn from or to score"
    if any(_n_groups(dataset, s.train[:, 0]) == 1 for s in kept):
        words += "; where a single group is left to train on, models are chosen by a part of that group"
    sizes = [[(part[:, 2] - part[:, 1]).sum() for part in (s.train, s.test)] for s in kept]
    return Plan(kind, words, tuple(kept), float(np.mean([test / train for train, test in sizes])))


def _scored_in(dataset: SequenceDataset) -> Callable[[Pieces], bool]:
    """Return what tells whether anything in pieces of the data counts."""
    if dataset.role in ("sequence", "value"):
        weights = dataset.sample_weight
        counts = np.ones(len(dataset)) if weights is None else np.asarray(weights)
        return lambda pieces: bool((counts[pieces[:, 0]] > 0).any())
    steps = check_step_weights(dataset.sample_weight, dataset.X) > 0
    before = np.concatenate([[0], np.cumsum(steps)])
    # nothing predicts the first step of a piece
    skipped = 1 if dataset.role == "next" else 0

    def scored(pieces: Pieces) -> bool:
        starts = dataset.X.offsets[pieces[:, 0]]
        stops = starts + pieces[:, 2]
        return bool((before[stops] > before[np.minimum(starts + pieces[:, 1] + skipped, stops)]).any())

    return scored


def _n_groups(dataset: SequenceDataset, which: NDArray[np.int64]) -> int:
    """Return how many groups these sequences are of; 0 where there are none."""
    return 0 if dataset.groups is None else len(np.unique(dataset.groups[which]))


def _repeated(words: str, repeats: int) -> str:
    return words if repeats == 1 else f"{words}, drawn {repeats} times"


@contextmanager
def _no_remarks() -> Iterator[None]:
    """Keep scikit-learn from warning of rare classes: the verdict says so in its own words."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The least populated class", category=UserWarning)
        yield
