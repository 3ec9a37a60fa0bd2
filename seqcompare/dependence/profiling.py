"""The profile of data: how far back, before any model is chosen."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import numpy as np

from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.encoding import of_one_kind
from seqcompare.data.input_checks import check_readable
from seqcompare.data.read import read
from seqcompare.data.sequences import Sequences
from seqcompare.data.source import DataError, WrongUseError
from seqcompare.data.streamed import Parts
from seqcompare.data.targets import check_step_weights
from seqcompare.data.told import refuse
from seqcompare.data.totals import DRAWN, Totals
from seqcompare.dependence.checks import check
from seqcompare.dependence.coding import code_steps
from seqcompare.dependence.result import Profile
from seqcompare.dependence.sequence_profile import profile_sequences
from seqcompare.dependence.settings import PER_STEP, Settings, told_lags
from seqcompare.dependence.step_profile import profile_steps
from seqcompare.dependence.timescale import timescale
from seqcompare.models.missing_symbols import mark_of, marked

_SAMPLE = 1_000_000
"""Steps that are looked at of data in parts, and of more of them in memory."""
_FEW = 100
"""Sequences that a sample must have of data in memory; fewer long ones are looked at whole."""


def _are_parts(data: object) -> bool:
    """Whether what cannot be read is a list of data sets, or of (X, y), as what learns from parts takes."""
    return isinstance(data, list) and all(
        isinstance(part, SequenceDataset)
        or (isinstance(part, tuple) and len(part) == 2 and all(hasattr(x, "__len__") for x in part))
        for part in data
    )


def profile(
    data: object,
    *,
    max_lag: int = 100,
    max_order: int = 24,
    n_permutations: int = 119,
    n_folds: int = 5,
    n_bins: int | None = None,
    alpha: float = 0.05,
    random_state: int = 0,
    mute: Collection[str] = (),
    client: Any = None,
    **reading: Any,
) -> Profile:
    """Find out how far back data depend on their past, before any model is chosen.

    Three views, from simple to complete. *Lags*: mutual information between one step and the target a lag
    later, against shuffled targets (is there any?) and targets from elsewhere in the data (is it more than
    slow changes make?). It sees any distance but only one step at a time: a parity of two steps escapes it.
    *Contexts*: whether one more step of context tells more, by a permutation test and by what a backoff chain
    saves on sequences left out. It sees every dependence, but only as far back as contexts recur. *Entropy*:
    what remains to be predicted.

    Parameters
    ----------
    data : Parts, or anything `seqcompare.datasets.read` accepts
        The sequences, and what to predict of them. Of `Parts` (`seqcompare.datasets.read_parts`), which may
        be larger than memory, a million steps are looked at, in sequences drawn at random, and of data in
        memory as well, unless they are few and long: more than tests are made on. A note says so.
    max_lag : int, default=100
        The largest lag examined, where sequences are long enough.
    max_order : int, default=24
        The longest context examined, where contexts recur.
    n_permutations : int, default=119
        Surrogates behind each band and test. With 119 the shares .025 and .05 are met exactly.
    n_folds : int, default=5
        Folds of cross-validation. Fewer than 20 sequences are cut into contiguous pieces that share no
        context.
    n_bins : int, optional
        Bins for real-valued steps; by default 8 for one channel and 16 for several, fewer in small data.
    alpha : float, default=0.05
        Share of data sets without any dependence in which some is seen all the same.
    random_state : int, default=0
        Seed of all that is drawn.
    mute : collection of str, optional
        Codes of checks (`seqcompare.dependence.checks.CODES`) that are not to be made.
    client : distributed.Client, optional
        A Dask cluster whose workers read `Parts` and draw from them: what is drawn alone travels. The profile
        is the same.
    **reading
        Handed on to `seqcompare.datasets.read`: ``sequence``, ``order``, ``values``, ``target``, ...

    Returns
    -------
    Profile
        Tables, a figure and a summary.

    Raises
    ------
    TypeError
        If there is no such keyword.
    ValueError
        If the data cannot be read, or a parameter is out of range.

    References
    ----------
    W. Li, "Mutual information functions versus correlation functions" (1990).

    Examples
    --------
    >>> import seqcompare
    >>> echo = seqcompare.tasks.Echo(distance=3).sample(20, 50, random_state=0)
    >>> seqcompare.profile(echo).reach
    3
    """
    settings = Settings(max_lag, max_order, n_permutations, n_folds, alpha, random_state, n_bins)
    if n_bins is not None and n_bins < 2:
        raise ValueError(f"n_bins must be 2 or more, got {n_bins}")
    if isinstance(data, Parts):
        refuse(reading, "parts are read as read_parts was told")
        data = Totals(data, client).sample(_SAMPLE, random_state)
    elif client is not None:
        raise WrongUseError(
            f"a client reads parts (seqcompare.datasets.read_parts), and data are a {type(data).__name__}"
        )
    try:
        dataset = whole = of_one_kind(read(data, **reading))
    except DataError as error:
        if not _are_parts(data):
            raise
        raise WrongUseError(
            "profile takes data that are in memory, or parts as datasets.read_parts returns them, and got a "
            "list of parts: datasets.sample_parts(parts, n_steps) draws sequences from these"
        ) from error
    if dataset.X.n_steps > _SAMPLE and dataset.X.lengths.max() * _FEW <= _SAMPLE:
        dataset = Totals([dataset]).sample(_SAMPLE, random_state)
    check_readable(dataset.X, "profile", missing=True)
    dataset = _marked(dataset)
    coded = code_steps(dataset.X, n_bins, random_state)
    steps = Sequences(coded.codes, dataset.X.offsets)
    notes = [*(note for note in dataset.notes if note.endswith(DRAWN)), f"Steps are {coded.how}."]
    if dataset.X.kind == "real":
        notes.append("Bits of lags and contexts are those of bins, a lower bound on those of the numbers.")
    if dataset.role in PER_STEP:
        found = profile_steps(dataset, steps, coded, settings, notes)
    else:
        found = profile_sequences(dataset, steps, coded, settings, notes)
    scale = found.timescale
    if not np.isfinite(scale):
        within = found.lags if found.reach is None else found.lags[found.lags["lag"] <= found.reach]
        scale = timescale(found.orders, within, found.order)
    return Profile(
        name=dataset.name,
        role=dataset.role,
        n_sequences=len(dataset),
        n_steps=dataset.X.n_steps,
        n_channels=dataset.X.n_channels,
        alpha=alpha,
        p_value=found.p_value,
        reach=found.reach,
        look_ahead=found.look_ahead,
        order=found.order,
        told=tuple(told_lags(found.orders, settings).tolist()),
        period=found.period,
        beyond_clock=found.beyond_clock,
        beyond_clock_p=found.beyond_clock_p,
        timescale=scale,
        gain=found.gain,
        gain_error=found.gain_error,
        drift=found.drift.words,
        kept=found.kept,
        lags=found.lags,
        orders=found.orders,
        entropy=found.entropy,
        numbers=found.numbers,
        # copies and leaks are rare, and looked for among all
        checks=tuple(check(_marked(whole), drift=found.drift, mute=mute)),
        notes=tuple(notes),
    )


def _marked(dataset: SequenceDataset) -> SequenceDataset:
    """Return symbols with one of its own for a missing one, which is looked at, and not to be predicted."""
    X = dataset.X
    if X.kind != "symbols" or not X.has_missing:
        return dataset
    given, weight = marked(X, mark_of(X)), dataset.sample_weight
    if dataset.role == "next":
        each = check_step_weights(weight, X) * ~X.missing[:, 0]
        weight = Sequences(each, X.offsets)
    return replace(dataset, X=given, sample_weight=weight)
