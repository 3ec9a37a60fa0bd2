"""Splits of a few long series along time: models are fitted to the past and tested on the future."""

from __future__ import annotations

from typing import Literal

import numpy as np

from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.targets import check_step_weights
from seqcompare.experiments.answer import count_items
from seqcompare.experiments.splits import Pieces, Plan, Split, cut, inner_splits, plan_splits
from seqcompare.quantities import several

Along = Literal["auto", "time", "blocks"]

FORWARD = "forward"
#: What is trained on before the first test: with less, the first folds would be about models of nothing.
_FIRST = 1 / 3
_FEWEST_STEPS = 2
#: What models are told of the steps before a test part: more than the longest season that is looked for.
_MOST_TOLD = 500
#: What candidates are chosen by, where a training part has as much: items, and independent units.
_ENOUGH_ITEMS, _ENOUGH_UNITS = 150, 8
_MOST_FOLDS = 5


def plan_along(
    dataset: SequenceDataset,
    cv: int = 5,
    *,
    along: Along = "auto",
    repeats: int = 1,
    gap: int | None = None,
    seed: int = 0,
) -> Plan:
    """Divide a data set as `plan_splits` does, a few long series from the past to the future.

    Parameters
    ----------
    dataset : SequenceDataset
        The data.
    cv : int, default=5
        Folds.
    along : {"auto", "time", "blocks"}, default="auto"
        How sequences fewer than folds are divided: every test part after what was trained on, or in blocks
        with training parts on both sides. By default along time, unless steps are letters: neither a text
        nor a genome has a future that could not be known.
    repeats, gap, seed
        As in `plan_splits`; along time, `gap` steps before each test part are left out, by default none.

    Raises
    ------
    ValueError
        If `along` is something else, or the data cannot be divided.
    """
    check_along(along)
    plan = plan_splits(dataset, cv, repeats=repeats, gap=gap, seed=seed)
    if plan.kind != "blocked" or along == "blocks" or (along == "auto" and _is_written(dataset)):
        return plan
    splits = _forward(dataset, np.linspace(_FIRST, 1, cv + 1), gap or 0)
    if len(splits) < 2:
        return plan
    series = "the series" if len(dataset) == 1 else f"each of {len(dataset)} series"
    words = f"{len(splits)} parts of the last two thirds of {series}, each after training on all before it"
    if gap:
        words += f", but for {several(gap, 'step')}"
    sizes = [[(part[:, 2] - part[:, 1]).sum() for part in (s.train, s.test)] for s in splits]
    fraction = float(np.mean([test / train for train, test in sizes]))
    return Plan(FORWARD, words, splits, fraction, gap)


def check_along(along: str) -> None:
    """Raise ValueError for a way of dividing that there is not."""
    if along not in ("auto", "time", "blocks"):
        raise ValueError(f"along must be 'auto', 'time' or 'blocks', got {along!r}")


def tuning_splits(dataset: SequenceDataset, plan: Plan, folds: int | None = None) -> tuple[Split, ...]:
    """Return what is fitted and what is validated on of a training part, to choose candidates by.

    A fifth of it, along time the last one. Where that is little to choose by, less than 150 items or, of
    whole sequences, less than 8 that are independent, it is divided as often as these take, at most five
    times: as folds, or along time.

    Parameters
    ----------
    dataset : SequenceDataset
        A training part.
    plan : Plan
        What it comes from.
    folds : int, optional
        How often it is divided, at most 5.
    """
    if plan.kind == FORWARD:
        last = _forward(dataset, np.array([0.8, 1.0]), plan.gap or 0)
        if last:
            n = folds or _folds_enough(dataset, last[0], in_time=True)
            several = _forward(dataset, np.linspace(_FIRST, 1, n + 1), plan.gap or 0)
            return several if n > 1 and len(several) > 1 else last
    inner = inner_splits(dataset, gap=plan.gap)
    whole = bool((inner[0].test[:, 2] == dataset.X.lengths[inner[0].test[:, 0]]).all())
    return inner[: folds or _folds_enough(dataset, inner[0], in_time=not whole)]


def _folds_enough(dataset: SequenceDataset, first: Split, *, in_time: bool) -> int:
    """Return how many parts like the first one are enough to choose by."""
    items = count_items(cut(dataset, first.test))
    owners = first.test[:, 0] if dataset.groups is None else dataset.groups[first.test[:, 0]]
    units = _ENOUGH_UNITS if in_time else len(np.unique(owners))
    return int(np.clip(max(np.ceil(_ENOUGH_ITEMS / items), np.ceil(_ENOUGH_UNITS / units)), 1, _MOST_FOLDS))


def _is_written(dataset: SequenceDataset) -> bool:
    """Whether steps are letters, as of a text or a genome."""
    values = dataset.X.values
    return dataset.X.kind == "symbols" and all(isinstance(v, str) and len(v) == 1 for v in np.unique(values))


def _forward(dataset: SequenceDataset, shares: np.ndarray, gap: int) -> tuple[Split, ...]:
    """Return a split for each stretch between these shares of the steps that count."""
    X = dataset.X
    counts = check_step_weights(dataset.sample_weight, X) > 0
    splits = []
    bounds = []
    for a, b in zip(X.offsets[:-1], X.offsets[1:], strict=True):
        counted = np.flatnonzero(counts[a:b])
        inner = counted[np.minimum((shares[:-1] * len(counted)).astype(int), len(counted) - 1)]
        bounds.append([*inner, b - a])
    for k in range(len(shares) - 1):
        train = [(i, 0, of[k] - gap) for i, of in enumerate(bounds)]
        test = [(i, of[k], of[k + 1]) for i, of in enumerate(bounds)]
        fitted, tested = _long_enough(train), _long_enough(test)
        if len(fitted) and len(tested):
            splits.append(Split(fitted, tested, _MOST_TOLD))
    return tuple(splits)


def _long_enough(pieces: list[tuple[int, int, int]]) -> Pieces:
    kept = [piece for piece in pieces if piece[2] - piece[1] >= _FEWEST_STEPS]
    return np.array(kept, dtype=np.int64).reshape(-1, 3)
