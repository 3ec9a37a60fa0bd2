"""What the channels of a step are called, and what they hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

ChannelKind = Literal["symbols", "real", "count"]
StepKind = Literal["symbols", "real", "mixed"]

NUMERIC: tuple[ChannelKind, ...] = ("real", "count")


@dataclass(frozen=True)
class Channel:
    """One of the values that make up a step.

    Parameters
    ----------
    name : str
        What the channel is called.
    kind : {"symbols", "real", "count"}
        A symbol of a finite alphabet, a measurement, or a whole number from 0 that counts.

    Raises
    ------
    ValueError
        For another kind.
    """

    name: str
    kind: ChannelKind

    def __post_init__(self) -> None:
        if self.kind not in get_args(ChannelKind):
            kinds = ", ".join(get_args(ChannelKind))
            raise ValueError(f"the kind of channel {self.name!r} must be one of {kinds}, got {self.kind!r}")


Schema = tuple[Channel, ...]


@lru_cache(maxsize=16)
def default_schema(kind: ChannelKind, n_channels: int) -> Schema:
    """Return channels of one kind that are named by their place: "0", "1", ..."""
    return tuple(Channel(str(i), kind) for i in range(n_channels))


def read_schema(given: Iterable[Channel | tuple[str, ChannelKind]]) -> Schema:
    """Return channels from channels, or from pairs of a name and a kind.

    Raises
    ------
    ValueError
        If there are none, or two have one name.
    """
    channels = tuple(c if isinstance(c, Channel) else Channel(*c) for c in given)
    if not channels:
        raise ValueError("the schema names no channel")
    check_distinct([channel.name for channel in channels])
    return channels


def measured(schema: Schema | None) -> Schema | None:
    """Return the schema of what is computed from such channels: what comes of counts need not be a count."""
    return schema and tuple(Channel(c.name, "real") if c.kind == "count" else c for c in schema)


def check_distinct(names: Sequence[str]) -> None:
    """Raise ValueError if two channels have one name."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValueError(f"two channels are called {name!r}")
        seen.add(name)
