"""Counts of all n-grams up to a length, in one trie."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from seqcompare.models.markov.kernels import refine, steps_to_weight
from seqcompare.typing import Floats, Integers, Labels, Record

_NONE = -1
# beyond, growing the contexts of sequences that are shorter would take for ever
_LONG = 1000
_UNIT = np.empty(0)  # stands for weights of 1


@dataclass(frozen=True, eq=False)
class NgramCounts:
    """How often each target followed each context, for all contexts of 0 to `depth` inputs.

    Contexts are paths in a trie, oldest input first; a context's children are what followed it. Every
    sequence begins with a start mark, so a context that reaches back to the start ends there: there is no
    longer one. Nodes are numbered by length, then by path, which makes the children of a node, and the
    nodes of a length, consecutive. Node 0 is the empty context, and all codes are its children.

    Parameters
    ----------
    depth : int
        Inputs in the longest context.
    n_inputs : int
        Inputs have the codes ``0 .. n_inputs - 1``; the start mark is `n_inputs`.
    first_target, n_targets : int
        Targets have the codes ``first_target .. first_target + n_targets - 1``: those of the inputs where
        the next input is predicted, else codes above the start mark.
    level : ndarray of int64, shape (depth + 3,)
        Nodes of length m are ``level[m]:level[m + 1]``.
    code : ndarray of int32, shape (n_nodes,)
        The last step of each node.
    count : ndarray of float64, shape (n_nodes,)
        Summed weight of each node as a target; 0 for one that is only a context.
    first_child : ndarray of int32 or int64, shape (level[depth + 1] + 1,)
        Children of context c are ``first_child[c]:first_child[c + 1]``.
    """

    depth: int
    n_inputs: int
    first_target: int
    n_targets: int
    level: NDArray[np.int64]
    code: NDArray[np.int32]
    count: NDArray[np.float64]
    first_child: NDArray[np.integer]

    def __setstate__(self, state: Record) -> None:
        """Take the state of a saved object if it is a trie: compiled code will trust its indices."""
        vars(self).update(state)
        if not self._is_whole():
            raise ValueError("the counts are damaged: their arrays do not fit together")

    def _is_whole(self) -> bool:
        level, code, first_child, n_nodes = self.level, self.code, self.first_child, len(self.code)
        fits = (
            self.depth >= 0
            and level.shape == (self.depth + 3,)
            and level[0] == 0
            and level[1] == 1
            and level[-1] == n_nodes == len(self.count)
            and bool((np.diff(level) >= 0).all())
            and first_child.shape == (level[-2] + 1,)
        )
        if not fits:
            return False
        first_of_family = np.zeros(n_nodes + 1, dtype=bool)
        if not ((first_child >= 1).all() and (first_child <= n_nodes).all()):
            return False
        first_of_family[first_child] = True
        return bool(
            (first_child[level[:-2]] == level[1:-1]).all()
            and first_child[-1] == n_nodes
            and (np.diff(first_child) >= 0).all()
            and np.array_equal(code[1 : level[2]], np.arange(self.n_codes))
            and (code[1:] >= 0).all()
            and (code[1:] < self.n_codes).all()
            and ((np.diff(code) > 0) | first_of_family[1:-1]).all()
            and np.isfinite(self.count).all()
            and (self.count >= 0).all()
        )

    @property
    def total(self) -> float:
        """Summed weight of all targets."""
        return float(self.count[self.nodes(1)].sum())

    @property
    def n_codes(self) -> int:
        """Codes of inputs, start mark and targets together."""
        return max(self.n_inputs + 1, self.first_target + self.n_targets)

    @property
    def n_full_contexts(self) -> int:
        """Contexts of `depth` inputs that some target followed; those with the start mark do not count."""
        followed = np.count_nonzero(self._followed(self.depth))
        return int(followed) - self._n_started_contexts(self.depth)

    @property
    def n_started_contexts(self) -> int:
        """Contexts of up to `depth` codes that begin with the start mark and that some target followed."""
        return sum(self._n_started_contexts(m) for m in range(1, self.depth + 1))

    def nodes(self, length: int) -> slice:
        """Return the nodes of this length."""
        return slice(int(self.level[length]), int(self.level[length + 1]))

    def started(self, length: int) -> slice:
        """Return the nodes of this length (1 or more) that begin with the start mark: consecutive ones."""
        first = self.code[self.nodes(1)]
        low, high = (1 + int(np.searchsorted(first, self.n_inputs, side=s)) for s in ("left", "right"))
        for _ in range(length - 1):
            low, high = int(self.first_child[low]), int(self.first_child[high])
        return slice(low, high)

    def sum_children(self, values: Labels, length: int) -> Floats:
        """Return for each context of this length the sum over its children of `values` (one a child)."""
        bounds = self._child_bounds(length)
        total = np.zeros(len(bounds) - 1, dtype=values.dtype)
        filled = bounds[1:] > bounds[:-1]  # reduceat would give an empty range the next child's value
        if filled.any():
            total[filled] = np.add.reduceat(values, bounds[:-1][filled])
        return total

    def spread(self, values: Labels, length: int) -> Integers:
        """Return for each child of the contexts of this length its context's entry of `values`."""
        return np.repeat(values, np.diff(self._child_bounds(length)))

    def recoded(self, codes: NDArray[np.integer], n_inputs: int, n_targets: int) -> NgramCounts:
        """Return the same counts in larger alphabets.

        Parameters
        ----------
        codes : ndarray of int, shape (n_codes,)
            The new code of each old one, rising.
        n_inputs, n_targets : int
            Sizes of the new alphabets.
        """
        code = self.code.copy()
        code[1:] = codes[code[1:]]
        first_target = n_inputs + 1 if self.first_target else 0
        return replace(self, code=code, n_inputs=n_inputs, first_target=first_target, n_targets=n_targets)

    def merged(self, other: NgramCounts) -> NgramCounts:
        """Return the sum of two counts over the same codes and depth."""
        trie = _Growth(self.n_codes)
        dtype = _index_type(len(self.code) + len(other.code))
        mine, theirs = (np.zeros(1, dtype=dtype) for _ in range(2))
        for m in range(self.depth + 1):
            a, b = self.nodes(m + 1), other.nodes(m + 1)
            node = trie.grow(
                np.concatenate([self.spread(mine, m), other.spread(theirs, m)]),
                np.concatenate([self.code[a], other.code[b]]),
                np.concatenate([self.count[a], other.count[b]]),
            )
            mine, theirs = np.split(node, [a.stop - a.start])
        return trie.counts(self.depth, self.n_inputs, self.first_target, self.n_targets)

    def _followed(self, length: int) -> NDArray[np.bool_]:
        """Return which contexts of this length some target followed."""
        return self.sum_children(self.count[self.nodes(length + 1)], length) > 0

    def _n_started_contexts(self, length: int) -> int:
        if not length:
            return 0
        begun, first = self.started(length), self.level[length]
        return int(np.count_nonzero(self._followed(length)[begun.start - first : begun.stop - first]))

    def _child_bounds(self, length: int) -> NDArray[np.int64]:
        contexts = self.nodes(length)
        return np.asarray(self.first_child[contexts.start : contexts.stop + 1] - self.level[length + 1])


def depth_of(order: int, lengths: NDArray[np.int64]) -> int:
    """Return how long contexts are counted: a very long order goes no further than the sequences do."""
    return int(order) if order <= _LONG else min(int(order), int(lengths.max(initial=0)) + 1)


def count_next(
    codes: NDArray[np.integer],
    offsets: NDArray[np.int64],
    weight: NDArray[np.float64] | None,
    *,
    depth: int,
    n_symbols: int,
) -> NgramCounts:
    """Count each step as the target of the up to `depth` steps before it.

    Parameters
    ----------
    codes : ndarray of int, shape (n_steps,)
        Steps of all sequences, end to end.
    offsets : ndarray of int64, shape (n + 1,)
        Bounds of the sequences.
    weight : ndarray, shape (n_steps,), optional
        Weight of each step as a target; 1 by default.
    depth, n_symbols : int
        Longest context, and size of the alphabet.
    """
    x, starts = with_starts(codes, offsets, n_symbols)
    w, wait = _UNIT, None
    if weight is not None:
        w = np.insert(weight, offsets[:-1], 0.0)
        wait = steps_to_weight(w, x == n_symbols)
    trie = _Growth(n_symbols + 1)
    node = trie.plant(x, w)
    for m in range(1, depth + 1):
        node = trie.grow(_previous(node, starts, wait, depth - m), x, w)
    return trie.counts(depth, n_symbols, 0, n_symbols)


def count_labels(
    codes: NDArray[np.integer],
    labels: NDArray[np.integer],
    offsets: NDArray[np.int64],
    weight: NDArray[np.float64],
    *,
    depth: int,
    n_symbols: int,
    n_labels: int,
) -> NgramCounts:
    """Count each step's label as the target of the up to `depth` steps that end there.

    Parameters
    ----------
    codes, labels : ndarray of int, shape (n_steps,)
        Steps of all sequences, end to end, and their labels.
    offsets : ndarray of int64, shape (n + 1,)
        Bounds of the sequences.
    weight : ndarray, shape (n_steps,)
        Weight of each label.
    depth, n_symbols, n_labels : int
        Longest context, and sizes of the alphabets.
    """
    x, starts = with_starts(codes, offsets, n_symbols)
    w = np.insert(weight, offsets[:-1], 0.0)
    wait = steps_to_weight(w, x == n_symbols)
    first_label = n_symbols + 1
    code = np.concatenate([x, np.insert(labels, offsets[:-1], 0).astype(np.int32) + first_label])
    weights = np.concatenate([np.zeros(len(w)), w])
    trie = _Growth(first_label + n_labels)
    ended = trie.plant(code, weights)[: len(x)]
    for m in range(1, depth + 1):
        # a context may go on with the next step, or end in the label of its last
        last = m == depth
        steps = np.full_like(ended, _NONE) if last else _previous(ended, starts, wait, depth - m - 1)
        context = np.concatenate([steps, np.where(w > 0, ended, _NONE)])
        ended = trie.grow(context, code, weights)[: len(x)]
    return trie.counts(depth, n_symbols, first_label, n_labels)


def check_order(order: int) -> None:
    """Raise ValueError unless `order` is a number of steps."""
    if isinstance(order, bool) or not isinstance(order, (int, np.integer)) or order < 0:
        raise ValueError(f"order must be a whole number of steps, 0 or more, got {order!r}")


class _Growth:
    """A trie under construction: each call of `grow` adds the nodes that are one step longer."""

    def __init__(self, n_codes: int) -> None:
        self._n_codes = n_codes
        self._codes = [np.full(1, _NONE, dtype=np.int32)]
        self._counts = [np.zeros(1)]
        self._bounds: list[NDArray[np.int64]] = []

    def plant(self, code: NDArray[np.int32], weight: NDArray[np.float64]) -> NDArray[np.integer]:
        """Add all codes there are, seen or not, and return each entry's new node: its code."""
        dtype = _index_type(len(code))
        self._bounds.append(np.array([0, self._n_codes], dtype=dtype))
        self._codes.append(np.arange(self._n_codes, dtype=np.int32))
        weights = weight if len(weight) else None
        self._counts.append(np.bincount(code, weights, minlength=self._n_codes).astype(np.float64))
        return code.astype(dtype, copy=False)

    def grow(
        self, context: NDArray[np.integer], code: NDArray[np.int32], weight: NDArray[np.float64]
    ) -> NDArray[np.integer]:
        """Add what follows the newest nodes; return each entry's new node, numbered within its length."""
        n_contexts = len(self._codes[-1])
        bounds, codes, counts, node = refine(context, code, weight, n_contexts, self._n_codes)
        self._bounds.append(bounds)
        self._codes.append(codes)
        self._counts.append(counts)
        return node

    def counts(self, depth: int, n_inputs: int, first_target: int, n_targets: int) -> NgramCounts:
        """Lay the levels end to end."""
        level = np.concatenate([[0], np.cumsum([len(c) for c in self._codes])]).astype(np.int64)
        first_child = np.empty(level[-2] + 1, dtype=_index_type(int(level[-1])))
        first_child[-1] = level[-1]
        for low, high, bounds in zip(level, level[1:], self._bounds, strict=False):
            np.add(bounds[:-1], high, out=first_child[low:high], casting="same_kind")
        count = np.concatenate(self._counts)
        count[1 : 1 + len(self._codes[1])][self._codes[1] == n_inputs] = 0  # the start mark is no target
        return NgramCounts(
            depth=depth,
            n_inputs=n_inputs,
            first_target=first_target,
            n_targets=n_targets,
            level=level,
            code=np.concatenate(self._codes),
            count=count,
            first_child=first_child,
        )


def _index_type(size: int) -> type[np.integer]:
    return np.int32 if size < 2**31 else np.int64


def with_starts(
    codes: NDArray[np.integer], offsets: NDArray[np.int64], start: int
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Put the start mark before each sequence; return the steps, and where the marks are."""
    starts = offsets[:-1] + np.arange(len(offsets) - 1)
    return np.insert(codes.astype(np.int32), offsets[:-1], start), starts


def _previous(
    node: NDArray[np.integer], starts: NDArray[np.int64], wait: NDArray[np.int32] | None, reach: int
) -> NDArray[np.integer]:
    """Return the node that ends one step earlier in the same sequence, where it is needed."""
    context = np.empty_like(node)
    context[1:] = node[:-1]
    context[starts] = _NONE
    if wait is not None:
        context[wait > reach] = _NONE
    return context
