"""What a hidden Markov model of symbols beside numbers knows of the channels, and how it reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.encoding import check_same
from seqcompare.data.sequences import Sequences
from seqcompare.models.alphabet import choose_alphabet
from seqcompare.typing import Record


def learn_channels(estimator: Any, sequences: Sequences) -> None:
    """Set what a model of mixed channels knows of them: ``schema_``, and the alphabets ``symbols_``.

    Raises
    ------
    ValueError
        If a symbol is not among those that `symbols` gives its channel.
    """
    given = estimator.symbols
    if given is not None and not isinstance(given, Mapping):
        raise ValueError("for mixed channels, symbols must be a mapping of names of channels to alphabets")
    estimator.schema_ = sequences.schema
    estimator.symbols_ = {}
    for i, channel in enumerate(sequences.schema):
        if channel.kind == "symbols":
            present = sequences.channel(i).present()
            estimator.symbols_[channel.name] = choose_alphabet(present, (given or {}).get(channel.name))
    most = max(len(alphabet) for alphabet in estimator.symbols_.values())
    estimator.unknown_proba_ = 1.0 / (sequences.n_steps + most + 1)


def read_mixed(estimator: Any, sequences: Sequences) -> NDArray[np.float64]:
    """Return numbers, and then codes, shape (n_steps, n_channels).

    The code of an unknown symbol is the size of its alphabet, that of a missing one is one more.
    """
    check_same(estimator.schema_, sequences)
    numbers, codes = [], []
    for i, channel in enumerate(sequences.schema):
        one = sequences.channel(i)
        if channel.kind != "symbols":
            numbers.append(one.values.astype(np.float64))
            continue
        code = one.codes_in(estimator.symbols_[channel.name]).astype(np.float64)
        if one.has_missing:
            code[one.missing[:, 0]] = len(estimator.symbols_[channel.name]) + 1
        codes.append(code)
    return np.column_stack([*numbers, *codes])


def widths_of(estimator: Any) -> tuple[int, ...]:
    """Return how many symbols each channel of symbols has."""
    return tuple(len(alphabet) for alphabet in estimator.symbols_.values())


def named_steps(estimator: Any, values: NDArray[Any], lengths: NDArray[np.int64]) -> Sequences:
    """Return numbers and codes, as `read_mixed` puts them, under the names of their channels."""
    columns: Record = {}
    n_numbers = values.shape[1] - len(estimator.symbols_)
    numbers, codes = iter(range(n_numbers)), iter(range(n_numbers, values.shape[1]))
    for channel in estimator.schema_:
        if channel.kind == "symbols":
            columns[channel.name] = estimator.symbols_[channel.name][values[:, next(codes)].astype(np.int64)]
        else:
            columns[channel.name] = values[:, next(numbers)]
    kinds = {c.name: "symbols" if c.kind == "symbols" else "real" for c in estimator.schema_}
    return Sequences.from_columns(columns, lengths, kinds=kinds)  # type: ignore[arg-type]  # of these two
