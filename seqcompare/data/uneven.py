"""What is made of steps at uneven times: their gaps become a channel, or missing steps fill them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.exogenous import OneChannel
from seqcompare.data.pace import gaps_of, moments_of_steps, months_of, pace_of, read_gap
from seqcompare.data.sequences import Sequences, offsets_of
from seqcompare.data.source import WrongUseError
from seqcompare.quantities import percent, time_span
from seqcompare.typing import Values

#: What the channel is called that holds the gaps.
_GAP = "time gap"
# of steps that there are: so many may be filled in
_MOST_FILLED = 9
# of the gaps, so many may be no multiples of the usual one
_FEW = 0.1


@dataclass(frozen=True)
class Shape:
    """What becomes of sequences once they are read.

    Parameters
    ----------
    one : OneChannel, optional
        The channel that is predicted, if it is one of several.
    time_gaps, fill_gaps : True or str, optional
        Whether gaps become a channel, and whether missing steps fill them; a text says the usual gap.
    """

    one: OneChannel | None = None
    time_gaps: object = None
    fill_gaps: object = None

    def __post_init__(self) -> None:
        if _is_asked(self.time_gaps) and _is_asked(self.fill_gaps):
            raise WrongUseError(
                "time_gaps and fill_gaps are two ways with steps at uneven times: choose one of them"
            ).trying({"time_gaps": None}, {"fill_gaps": None})

    def of(self, dataset: SequenceDataset) -> SequenceDataset:
        """Return data to learn from; their ``reading`` says how others are brought into this shape."""
        again: dict[str, object] = {}
        one = self.one
        if _is_asked(self.fill_gaps):
            usual, unit = read_gap(self.fill_gaps, dataset, "fill_gaps")
            dataset = fill_gaps(dataset, usual, unit)
            again["fill_gaps"] = f"{usual!r} {unit}".strip()
        if _is_asked(self.time_gaps):
            usual, unit = read_gap(self.time_gaps, dataset, "time_gaps")
            one = one or _only_channel(dataset)
            dataset = with_gaps(dataset, usual, unit, ahead=_is_ahead(one))
            again["time_gaps"] = f"{usual!r} {unit}".strip()
        elif (pace := pace_of(dataset)) is not None and not pace.is_even:
            # data that were read before have said so already
            notes = dict.fromkeys((*dataset.notes, pace.warning()))
            dataset = replace(dataset, notes=tuple(notes))
        reading = dataset.reading
        if one is not None:
            dataset = one.of(dataset)
            again |= {"predict": one.name, "known": one.known}
        return replace(dataset, reading={**reading, **again}) if again else dataset

    def settled(self, train: SequenceDataset) -> Shape:
        """Return in what shape other data are that go with these."""
        told = train.reading
        one = self.one
        if one is None and "predict" in told:
            one = OneChannel(str(told["predict"]), told["known"])  # type: ignore[arg-type]  # as `of` wrote it
        return Shape(one, told.get("time_gaps"), told.get("fill_gaps"))

    def asked(self, dataset: SequenceDataset) -> SequenceDataset:
        """Return what a model that was fitted to such data is asked about new ones.

        After the last step, the usual gap is waited.
        """
        if _is_asked(self.fill_gaps):
            dataset = fill_gaps(dataset, *read_gap(self.fill_gaps, dataset, "fill_gaps"))
        if _is_asked(self.time_gaps):
            usual, unit = read_gap(self.time_gaps, dataset, "time_gaps")
            dataset = with_gaps(dataset, usual, unit, ahead=_is_ahead(self.one))
        return dataset if self.one is None else self.one.asked(dataset)


def _is_asked(option: object) -> bool:
    return option is not None and option is not False


def _is_ahead(one: OneChannel | None) -> bool:
    """Whether it is the next step that is predicted, and the gap before it that is known."""
    return one is not None and one.known == "past"


def _only_channel(dataset: SequenceDataset) -> OneChannel | None:
    """Return what is predicted where there is no target: when a step comes is known, and not predicted."""
    if dataset.role != "next":
        return None
    names = [channel.name for channel in dataset.X.schema]
    if len(names) > 1:
        raise WrongUseError(
            f"with time_gaps one channel is predicted from the past and the time that has passed since: say "
            f"which of {', '.join(names)} (predict)"
        ).trying({"predict": names[0]}, {"time_gaps": None})
    return OneChannel(names[0])


def with_gaps(dataset: SequenceDataset, usual: float, unit: str, *, ahead: bool) -> SequenceDataset:
    """Return the data with one more channel: log(1 + gap / usual gap), .69 at the usual one.

    That is 0 for steps at one time, goes with short gaps in proportion, and no long one stands apart.

    Parameters
    ----------
    dataset : SequenceDataset
        The data.
    usual : float
        The usual gap.
    unit : {"s", "months", ""}
        Its unit.
    ahead : bool
        Whether the gap is that to the step after, rather than since the step before. Where there is no such
        step it is the usual one.
    """
    X = dataset.X
    gaps = gaps_of(dataset, unit)[0]
    if ahead:
        gaps = np.append(gaps[1:], np.nan)
    gaps = np.log1p(np.where(np.isnan(gaps), usual, gaps) / usual)
    names = [channel.name for channel in X.schema]
    own = _GAP
    while own in names:
        own += "_"
    columns: dict[str, Values] = {name: X.channel(i).values for i, name in enumerate(names)}
    kinds: dict[str, Any] = {channel.name: channel.kind for channel in X.schema}
    found = Sequences.from_columns(
        {**columns, own: gaps}, X.lengths, kinds={**kinds, own: "real"}, times=X.times
    )
    what = "that passes before the step that is predicted" if ahead else "since the step before"
    note = f"channel {own!r} is the time {what}, as log(1 + gap / {time_span(usual, unit)})"
    return replace(dataset, X=found, notes=(*dataset.notes, note))


def fill_gaps(dataset: SequenceDataset, usual: float, unit: str) -> SequenceDataset:
    """Return the data as an even series: where steps are lacking, missing ones stand.

    Of these nothing is known: they are neither learned as targets nor scored.

    Parameters
    ----------
    dataset : SequenceDataset
        The data.
    usual : float
        How far apart steps are to be.
    unit : {"s", "months", ""}
        Its unit.

    Raises
    ------
    WrongUseError
        If more than a tenth of the gaps are no whole multiples of it, or nine steps in ten would be missing.
    """
    X = dataset.X
    gaps = gaps_of(dataset, unit)[0]
    ratio = np.where(np.isnan(gaps), 1.0, gaps / usual)
    whole = np.maximum(np.round(ratio), 1).astype(np.int64)
    odd = float((np.abs(ratio - whole) > 0.1).sum() / max((~np.isnan(gaps)).sum(), 1))
    if odd > _FEW:
        raise WrongUseError(
            f"fill_gaps needs an even series of which steps are lacking, and {percent(odd)} of the gaps "
            f"are no whole multiples of {time_span(usual, unit)}; time_gaps makes the gap a channel"
        ).trying({"fill_gaps": None}, {"fill_gaps": None, "time_gaps": True})
    n_filled = int((whole - 1).sum())
    if n_filled > _MOST_FILLED * X.n_steps:
        raise WrongUseError(
            f"fill_gaps would put {n_filled:,} missing steps among {X.n_steps:,}: gaps are too long for a "
            f"step every {time_span(usual, unit)}"
        ).trying({"fill_gaps": None})
    # the missing steps stand before the one whose gap they fill
    rows = np.repeat(np.arange(X.n_steps), whole)
    first = np.cumsum(whole) - whole
    place = np.arange(len(rows)) - first[rows]
    is_filled = place < whole[rows] - 1
    lengths = np.bincount(X.sequence_index, whole, minlength=len(X)).astype(np.int64)
    offsets = offsets_of(lengths)
    times = _filled_times(X, rows, place, whole, unit)
    columns: dict[str, Values] = {}
    kinds: dict[str, Any] = {}
    for i, channel in enumerate(X.schema):
        values = X.channel(i).values[rows]
        values = values.astype(object if channel.kind == "symbols" and n_filled else values.dtype)
        if n_filled:
            values[is_filled] = None if channel.kind == "symbols" else np.nan
        columns[channel.name], kinds[channel.name] = values, channel.kind
    if len(columns) == 1:
        filled = Sequences(columns[X.schema[0].name], offsets, schema=X.schema, times=times)
    else:
        filled = Sequences.from_columns(columns, lengths, kinds=kinds, times=times)
    y, weight = dataset.y, dataset.sample_weight
    if isinstance(y, Sequences) and n_filled:
        y = y.cut(offsets, rows)
        counted = np.where(is_filled, 0.0, 1.0)
        if isinstance(weight, Sequences):
            counted = counted * weight.values[rows]
        weight = Sequences(counted, offsets)
    elif isinstance(weight, Sequences):
        weight = weight.cut(offsets, rows)
    filling = "1 missing step fills" if n_filled == 1 else f"{n_filled:,} missing steps fill"
    note = f"{filling} the gaps: there is a step every {time_span(usual, unit)}"
    return replace(dataset, X=filled, y=y, sample_weight=weight, notes=(*dataset.notes, note))


def _filled_times(
    X: Sequences, rows: NDArray[np.int64], place: NDArray[np.int64], whole: NDArray[np.int64], unit: str
) -> Values:
    """Return when the steps of the even series are: those that were there keep their time."""
    assert X.times is not None
    times = moments_of_steps(X) if X.times.dtype.kind == "M" else X.times
    left = whole[rows] - 1 - place
    if unit == "months" and times.dtype.kind == "M" and (found := months_of(times)) is not None:
        months, beside, is_end = found
        before = months[np.maximum(rows - 1, 0)]
        step = (months[rows] - before) // whole[rows]
        begin = (months[rows] - left * step + is_end).astype("datetime64[M]").astype(times.dtype)
        return np.asarray(begin - beside if is_end else begin + beside)
    if times.dtype.kind == "M":  # of days between two, the time of day counts
        times = times.astype("datetime64[us]") if np.datetime_data(times.dtype)[0] != "ns" else times
    between = np.append(times[:1] - times[:1], np.diff(times))[rows] / whole[rows]
    return np.asarray(times[rows] - left * between)
