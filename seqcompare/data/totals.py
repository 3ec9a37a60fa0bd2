"""What is added up over the parts of data: here one after the other, or by the workers of a Dask cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from seqcompare.data.dataset import SequenceDataset, Target
from seqcompare.data.read import read_part
from seqcompare.data.sequences import Sequences
from seqcompare.data.source import WrongUseError
from seqcompare.data.streamed import Parts
from seqcompare.typing import Floats, Ints

DRAWN = "are looked at, drawn at random."
"""How a note ends that says of how many sequences a sample is."""


class Totals:
    """Adds statistics of parts up, pairwise in a tree, so that numbers do not depend on who computes them.

    Parameters
    ----------
    parts : Parts, or iterable of SequenceDataset, of sequences or of tuples (X, y)
        The data. They are gone through once for every total.
    client : distributed.Client, optional
        Whose workers read the parts and compute their statistics: these alone travel. Workers on other
        machines have to see the files under the same path.

    Raises
    ------
    WrongUseError
        If `parts` can be gone through only once, or is a path.
    TypeError
        If `client` is none.
    """

    def __init__(self, parts: Parts | Iterable[Any], client: Any = None) -> None:
        if isinstance(parts, Iterator):
            raise WrongUseError(
                f"parts are gone through several times, and {type(parts).__name__} can be read once: "
                "use datasets.read_parts, or a list"
            )
        if isinstance(parts, str | Path):
            raise WrongUseError(
                f"expected parts, got the path {str(parts)!r}: "
                "datasets.read_parts(path, sequence=...) reads them"
            )
        if client is not None and not all(hasattr(client, name) for name in ("scatter", "map", "submit")):
            raise TypeError(f"client must be a distributed.Client, got {client!r}")
        self._parts = parts
        self._client = client

    def __call__(
        self, statistic: Callable[[SequenceDataset], Any], add: Callable[[Any, Any], Any] | None = None
    ) -> Any:
        """Return the sum of a statistic over all parts.

        Parameters
        ----------
        statistic : callable (SequenceDataset) -> statistic
            What is computed of each part; with a client, something that can be pickled.
        add : callable (statistic, statistic) -> statistic, optional
            What adds two of them; by default ``+``, of tuples entry by entry.
        """
        return self._sum(partial(_without_place, statistic), plus if add is None else add)

    def sample(self, n_steps: int, seed: int) -> SequenceDataset:
        """Return sequences drawn at random from all parts, in their order: all where they are not too many.

        Every sequence gets a random number, and those with the smallest are taken until they have `n_steps`
        or more: each sequence is as likely as any other, whatever part it is in. A note says how many of how
        many these are.
        """
        drawn: _Drawn = self._sum(partial(_draw, n_steps, seed), partial(_draw_from_both, n_steps))
        order = np.lexsort(drawn.place.T[::-1])
        data = drawn.data.take(order)
        if drawn.n_sequences == len(data):
            return data
        note = (
            f"Of {drawn.n_sequences:,} sequences ({drawn.n_steps:,} steps) {len(data):,} "
            f"({data.X.n_steps:,} steps) {DRAWN}"
        )
        return replace(data, notes=(*data.notes, note))

    def _sum(self, statistic: Callable[[SequenceDataset, int], Any], add: Callable[[Any, Any], Any]) -> Any:
        if self._client is not None:
            return self._sum_on_cluster(statistic, add)
        # of two sums of equally many parts, one is made as soon as there are two: few are held at a time
        held: list[tuple[int, Any]] = []
        for i, part in enumerate(self._parts):
            held.append((0, statistic(_as_dataset(part), i)))
            while len(held) > 1 and held[-2][0] == held[-1][0]:
                (level, first), (_, second) = held.pop(-2), held.pop()
                held.append((level + 1, add(first, second)))
        if not held:
            raise WrongUseError("there are no parts to learn from")
        found = held.pop()[1]
        while held:
            found = add(held.pop()[1], found)
        return found

    def _sum_on_cluster(self, statistic: Any, add: Any) -> Any:
        client, parts = self._client, self._parts
        if isinstance(parts, Parts):
            sent = client.scatter([(parts.__getitem__, statistic)], broadcast=True, hash=False)[0]
            found = client.map(_read_and_compute, range(len(parts)), sent=sent, pure=False)
        else:
            scattered = client.scatter(list(parts), hash=False)
            places = range(len(scattered))
            found = client.map(_compute, scattered, places, statistic=statistic, pure=False)
        if not found:
            raise WrongUseError("there are no parts to learn from")
        while len(found) > 1:
            pairs = [found[i : i + 2] for i in range(0, len(found), 2)]
            found = [client.submit(add, *pair, pure=False) if len(pair) == 2 else pair[0] for pair in pairs]
        return found[0].result()


def sample_parts(
    parts: Parts | Iterable[Any], n_steps: int, random_state: int = 0, *, client: Any = None
) -> SequenceDataset:
    """Return sequences drawn at random from data in parts, for what takes data that are in memory.

    Parameters
    ----------
    parts : Parts, or iterable of SequenceDataset, of sequences or of tuples (X, y)
        The data.
    n_steps : int
        Sequences are taken until they have so many steps, or all are.
    random_state : int, default=0
        Seed of the draw.
    client : distributed.Client, optional
        A Dask cluster whose workers read the parts: what is drawn alone travels.

    Returns
    -------
    SequenceDataset
        Whole sequences, each as likely as any other, in their order; a note says how many of how many.

    Raises
    ------
    ValueError
        If `n_steps` is not positive.

    Examples
    --------
    >>> from seqcompare import datasets
    >>> datasets.sample_parts([["abab", "baba"], ["abba"]], 5).X
    <Sequences: 2 of 4-4 steps, symbols>
    """
    if isinstance(n_steps, bool) or not isinstance(n_steps, int | np.integer) or n_steps < 1:
        raise ValueError(f"n_steps must be a positive whole number, got {n_steps!r}")
    return Totals(parts, client).sample(int(n_steps), random_state)


def plus(first: Any, second: Any) -> Any:
    """Return the sum of two statistics, of tuples entry by entry, and of dicts key by key."""
    if isinstance(first, tuple):
        added = [plus(a, b) for a, b in zip(first, second, strict=True)]
        return type(first)(*added) if hasattr(first, "_fields") else tuple(added)
    if isinstance(first, dict):
        return {name: plus(first[name], second[name]) for name in first}
    return first + second


class _Drawn(NamedTuple):
    """Sequences that are in the sample of some parts: with their ranks, and where each is from."""

    rank: Floats
    place: Ints
    data: SequenceDataset
    n_sequences: int
    n_steps: int


def _draw(n_steps: int, seed: int, part: SequenceDataset, place: int) -> _Drawn:
    rank = np.random.default_rng([seed, place]).random(len(part))
    where = np.column_stack([np.full(len(part), place), np.arange(len(part))])
    return _smallest(n_steps, _Drawn(rank, where, part, len(part), part.X.n_steps))


def _draw_from_both(n_steps: int, first: _Drawn, second: _Drawn) -> _Drawn:
    both = _Drawn(
        np.concatenate([first.rank, second.rank]),
        np.concatenate([first.place, second.place]),
        joined(first.data, second.data),
        first.n_sequences + second.n_sequences,
        first.n_steps + second.n_steps,
    )
    return _smallest(n_steps, both)


def _smallest(n_steps: int, drawn: _Drawn) -> _Drawn:
    """Return the sequences of the smallest ranks, as many as have so many steps."""
    order = np.argsort(drawn.rank, kind="stable")
    lengths = drawn.data.X.lengths[order]
    kept = np.sort(order[np.cumsum(lengths) - lengths < n_steps])
    if len(kept) == len(order):
        return drawn
    return drawn._replace(rank=drawn.rank[kept], place=drawn.place[kept], data=drawn.data.take(kept))


def joined(first: SequenceDataset, second: SequenceDataset) -> SequenceDataset:
    """Return the sequences of two parts of the same data."""
    weights = [first.sample_weight, second.sample_weight]
    given = next((weight for weight in weights if weight is not None), None)
    if given is not None:
        # of a part without weights all counts
        pairs = zip(weights, (first, second), strict=True)
        weights = [_ones(part, given) if weight is None else weight for weight, part in pairs]
    return replace(
        first,
        X=first.X.detached().followed_by(second.X.detached()),
        y=_follow(first.y, second.y),
        sample_weight=_follow(*weights),
        groups=_follow(first.groups, second.groups),
        test=_follow(first.test, second.test),
        ids=_follow(first.ids, second.ids),
        notes=tuple(dict.fromkeys((*first.notes, *second.notes))),
    )


def _ones(part: SequenceDataset, like: Target) -> Target:
    if isinstance(like, Sequences):
        steps = part.X if part.role == "next" or not isinstance(part.y, Sequences) else part.y
        return steps.with_values(np.ones(steps.n_steps))
    return np.ones(len(part))


def _follow(first: Any, second: Any) -> Any:
    if first is None or second is None:
        return None
    if isinstance(first, Sequences):
        return first.followed_by(second)
    return np.concatenate([first, second])


def _as_dataset(part: Any) -> SequenceDataset:
    if isinstance(part, SequenceDataset):
        return part
    # labels that are the same all along a sequence are labels of its steps, where each step has one
    each = isinstance(part, tuple) and len(part) == 2 and _of_steps(*part)
    return read_part(part, {"role": "step"} if each else {}, None)


def _of_steps(X: Any, y: Any) -> bool:
    if not isinstance(X, Iterable) or not isinstance(y, Iterable):
        return False
    first, labels = next(iter(X), ""), next(iter(y), "")
    return np.ndim(labels) == 1 and len(labels) == len(first)


def _without_place(statistic: Callable[[SequenceDataset], Any], part: SequenceDataset, place: int) -> Any:
    return statistic(part)


def _compute(part: Any, place: int, statistic: Callable[[SequenceDataset, int], Any]) -> Any:
    return statistic(_as_dataset(part), place)


def _read_and_compute(place: int, sent: tuple[Callable[[int], Any], Callable[..., Any]]) -> Any:
    read, statistic = sent
    return statistic(read(place), place)
