"""The form of the configuration of a run: what may stand where, so that a damaged one is known as such."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

_Number = int | float

# what may not be there; where it is, it is of its type
_MAY_LACK: Any = None


class _Part(BaseModel):
    model_config = ConfigDict(strict=True)


class _Session(_Part):
    started: str = _MAY_LACK
    n_jobs: int = _MAY_LACK
    versions: dict[str, str] = _MAY_LACK
    machine: dict[str, str | int | None] = _MAY_LACK
    command: dict[str, list[str]] = _MAY_LACK


class _Model(_Part):
    name: str
    title: str


class _Family(_Part):
    name: str
    title: str
    head: str = _MAY_LACK
    colour: Any = None
    marker: Any = None
    models: list[_Model] = _MAY_LACK


class _Metric(_Part):
    name: str = _MAY_LACK
    unit: str | None = None
    greater_is_better: bool = _MAY_LACK
    roles: list[str] = _MAY_LACK
    title: str | None = None


class _Data(_Part):
    name: str = _MAY_LACK
    role: str = _MAY_LACK
    kind: str = _MAY_LACK
    n_sequences: int = _MAY_LACK
    n_independent: int = _MAY_LACK
    in_groups: bool = _MAY_LACK
    n_steps: int = _MAY_LACK
    shortest: int = _MAY_LACK
    longest: int = _MAY_LACK
    n_channels: int = _MAY_LACK
    n_symbols: int = _MAY_LACK
    reading: dict[str, Any] = _MAY_LACK
    notes: list[str] = _MAY_LACK
    splits: str = _MAY_LACK
    split_kind: str = _MAY_LACK
    n_splits: int = _MAY_LACK
    in_time: bool = _MAY_LACK
    test_fraction: _Number = _MAY_LACK
    classes: dict[str, int] = _MAY_LACK
    uniform_bits: _Number | None = None
    not_tried: dict[str, str] = _MAY_LACK
    references: list[str] = _MAY_LACK
    period: int = _MAY_LACK


class _Config(_Session):
    format: int = _MAY_LACK
    kind: str = _MAY_LACK
    title: str = _MAY_LACK
    settings: dict[str, Any] = _MAY_LACK
    data: _Data = _MAY_LACK
    families: list[_Family] = _MAY_LACK
    heads: dict[str, str] = _MAY_LACK
    metrics: dict[str, _Metric] = _MAY_LACK
    sessions: list[_Session] = _MAY_LACK
    n_trials: int = _MAY_LACK


def fault_of(config: object) -> str:
    """Return what is wrong with a configuration, in words; empty where nothing is.

    Keys that are not known may hold anything, and any may be missing: who reads one says so.
    """
    try:
        _Config.model_validate(config)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        place = ".".join(map(str, first["loc"]))
        return f"{place or 'the whole'}: {first['msg']}, not {first['input']!r:.60}"
    return ""
