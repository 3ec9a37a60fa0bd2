"""Observations of a hidden Markov model: what is accepted, and how the engine reads it.

``estimator`` is an `HMM` or an `HMMTagger`: what is read here goes by the same names in both.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from seqcompare.data.input_checks import kind_words
from seqcompare.data.resolution import least_scale
from seqcompare.data.sequences import Sequences
from seqcompare.models.alphabet import choose_alphabet, encode
from seqcompare.models.base import Reading, check_sequences
from seqcompare.models.hmm.mixed import learn_channels, read_mixed
from seqcompare.typing import Floats, Labels, Values

# emissions that, when asked for, read integers as numbers
_NUMERIC = ("gaussian", "gmm", "poisson")
# Squares of larger distances, added up, swallow all others.
_FARTHEST = 1e50


def learn_observations(estimator: BaseEstimator, X: Any) -> Sequences:
    """Validate training data and set ``emission_`` and, for symbols, ``symbols_`` and ``unknown_proba_``.

    Raises
    ------
    ValueError
        If `X` does not suit the emission.
    """
    sequences = check_sequences(estimator, X, reset=True, **reading_of(estimator, estimator.emission))
    auto = {"symbols": "categorical", "mixed": "mixed"}.get(sequences.kind, "gaussian")
    estimator.emission_ = auto if estimator.emission == "auto" else estimator.emission
    if estimator.emission_ in _NUMERIC and sequences.kind == "symbols":
        raise ValueError(
            f"emission {estimator.emission_!r} expects numbers, got {sequences.values.dtype} steps"
        )
    if estimator.emission_ == "mixed":
        if sequences.kind != "mixed" or estimator.covariance_type != "diag":
            raise ValueError(
                "emission 'mixed' expects symbols beside numbers and covariance_type 'diag', got "
                f"{kind_words(sequences.kind)} and {estimator.covariance_type!r}"
            )
        learn_channels(estimator, sequences)
    if estimator.emission_ == "categorical":
        _find_symbols(estimator, sequences.values)
    return sequences


def reading_of(estimator: BaseEstimator, emission: str) -> Reading:
    """Return how input is read for an emission."""
    return {
        "symbols": emission == "categorical",
        "numbers": emission in _NUMERIC,
        "allow_nan": estimator.missing == "marginalize",
        "mixed": "keep" if emission in ("auto", "mixed") else "refuse",
    }


def read_steps(estimator: BaseEstimator, sequences: Sequences) -> Values:
    """Return codes, shape (n_steps,), or floats, shape (n_steps, d), NaN where missing.

    The code of an unknown symbol is the size of the alphabet, that of a missing one is one more. Mixed
    channels are numbers and then codes, shape (n_steps, n_channels).
    """
    if estimator.emission_ == "mixed":
        return read_mixed(estimator, sequences)
    if estimator.emission_ == "categorical":
        codes = encode(sequences.values, estimator.symbols_)
        gone = _is_missing(estimator, sequences.values)
        if gone.any() and estimator.missing != "marginalize":
            raise ValueError(
                f"X holds the missing symbol {estimator.missing_symbol!r}: expected missing='marginalize'"
            )
        codes[gone] = len(estimator.symbols_) + 1
        return codes
    values = sequences.channels.astype(np.float64)
    if estimator.emission_ == "poisson":
        below = values[values < 0]
        if below.size:
            raise ValueError(f"Negative values in data: emission 'poisson' expects counts, got {below[0]}")
        broken = values[(values != np.floor(values)) & ~np.isnan(values)]
        if broken.size:
            raise ValueError(f"emission 'poisson' expects counts (0, 1, 2, ...), got {broken[0]}")
    return values


def channel_units(values: Floats, *, one_for_all: bool) -> tuple[Floats, Floats, Floats]:
    """Return the centre and the spread of each channel, and its least variance in these units, shape (d,).

    The spread is the standard deviation or the interquartile range over 1.349, whichever is smaller, so that
    outliers do not blow it up; of a channel that does not vary, the least that a density may have (see
    `seqcompare.data.resolution`).
    """
    blank = np.isnan(values).all(axis=0)
    if blank.any():
        raise ValueError(f"channel {np.flatnonzero(blank)[0]} of X is missing everywhere")
    low, center, high = np.nanpercentile(values, [25, 50, 75], axis=0)
    with np.errstate(over="ignore"):
        spread, robust = np.nanstd(values, axis=0), (high - low) / 1.349
    scale = np.where((robust > 0) & (robust < spread), robust, spread)
    constant = scale <= 1e-12 * np.maximum(np.abs(center), 1e-300)
    least = least_scale(values, np.where(constant, 0.0, scale))
    scale[constant] = least[constant]
    reach = np.nanmax(np.abs(values / scale - center / scale), axis=0)
    wild = np.flatnonzero(reach > _FARTHEST)
    if wild.size:
        raise ValueError(
            f"channel {wild[0]} of X has an outlier {reach[wild[0]]:.0e} times its spread away, farther than "
            "double precision can model: leave it out or mark it as missing"
        )
    if one_for_all:
        scale = np.full_like(scale, np.sqrt(np.mean(scale**2)))
    return center, scale, (least / scale) ** 2


def _find_symbols(estimator: BaseEstimator, values: Labels) -> None:
    if estimator.missing == "marginalize":
        values = values[~_is_missing(estimator, values)]
        if not len(values):
            raise ValueError(f"X holds nothing but the missing symbol {estimator.missing_symbol!r}")
    estimator.symbols_ = choose_alphabet(values, estimator.symbols)
    estimator.unknown_proba_ = 1.0 / (len(values) + len(estimator.symbols_) + 1)


def _is_missing(estimator: BaseEstimator, values: Labels) -> NDArray[np.bool_]:
    if estimator.missing_symbol is None:
        return np.zeros(len(values), dtype=bool)
    return np.asarray(values == estimator.missing_symbol) & np.ones(len(values), dtype=bool)
