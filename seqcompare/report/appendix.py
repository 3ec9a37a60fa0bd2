"""What every report ends with: all trials, failures, and how to make it again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import pandas as pd

from seqcompare.command import command_of, line_of
from seqcompare.report.columns import Writer
from seqcompare.report.parts import Section, Table

TRIAL_HEADINGS = {
    "axis": "axis",
    "task": "task",
    "entry": "contestant",
    "distance": "d",
    "memory_bits": "bits",
    "model": "model",
    "seed": "seed",
    "score": "score",
    "skill": "skill",
    "fit_seconds": "fit",
    "predict_us_per_step": "predict, a step",
    "n_parameters": "parameters",
    "n_iter": "epochs",
    "stop": "ended by",
}

_COORDINATES = {"axis", "task", "entry", "distance", "model", "seed"}


def trials_section(frame: pd.DataFrame, writers: Mapping[str, Writer] | None = None) -> Section:
    """Return every trial as a row, and the failed ones with what went wrong.

    Parameters
    ----------
    frame : DataFrame
        All trials.
    writers : mapping of str to callable (float) -> str, optional
        How scores are written, where all are by one metric.
    """
    constant = {name for name in ("axis", "memory_bits", "task") if frame[name].nunique() < 2}
    empty = {name for name in TRIAL_HEADINGS if name in frame and frame[name].isna().all()}
    headings = {
        name: words
        for name, words in TRIAL_HEADINGS.items()
        if name in frame and name not in constant and name not in empty
    }
    parts = [
        Table(
            "trials",
            "All trials",
            "One row a trial, all columns in the file. Score is in the task's own metric.",
            frame,
            headings,
            writers or {},
        )
    ]
    failed = frame[frame["status"] != "ok"]
    if len(failed):
        wanted = {name: words for name, words in headings.items() if name in _COORDINATES}
        wanted["error"] = "what went wrong"
        parts.append(
            Table(
                "failures",
                "Failed trials",
                "They are in no mean and no figure.",
                failed,
                wanted,
            )
        )
    return Section("trials", "Every trial", (), tuple(parts))


def reproduce_section(config: Mapping[str, object], folder: str, frame: pd.DataFrame) -> Section:
    """Return how to make the run again, its settings, versions and machine.

    Parameters
    ----------
    config : mapping
        As it was stored.
    folder : str
        The run's folder.
    frame : DataFrame
        All trials, for their warnings.
    """
    command = command_of(config)
    settings = pd.DataFrame(list(flat(config.get("settings", {}))), columns=["key", "value"])
    made = pd.DataFrame(
        [
            *[(f"{name}", str(value)) for name, value in flat(config.get("versions", {}))],
            *[(f"machine: {name}", str(value)) for name, value in flat(config.get("machine", {}))],
            *_sessions(config),
        ],
        columns=["what", "value"],
    )
    parts = [
        Table(
            "settings",
            "Settings",
            "Everything the run was asked to do.",
            settings,
            {"key": "key", "value": "value"},
        ),
        Table(
            "versions", "Versions and machine", "What it ran with.", made, {"what": "what", "value": "value"}
        ),
    ]
    warned = _warnings(frame)
    if len(warned):
        parts.append(
            Table(
                "warnings",
                "Warnings given by trials",
                "In the words of the libraries that gave them.",
                warned,
                {"warning": "warning", "n_trials": "trials", "models": "models"},
            )
        )
    text = (
        "A trial's seed follows from its coordinates, so the numbers do not depend on the number of workers "
        "or the order in which trials ran; times do depend on the machine.",
    )
    again = [] if command is None else [("To run it again", command.afresh())]
    commands = (*again, ("To write this report again from the stored rows", line_of("report", folder)))
    return Section("reproduce", "How to reproduce", text, tuple(parts), commands)


def flat(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield each leaf of nested settings with its path."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from flat(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and any(isinstance(item, Mapping | list) for item in value):
        for place, inner in enumerate(value):
            yield from flat(inner, f"{path}[{place}]")
    elif isinstance(value, str):
        yield path, value
    else:
        yield path, json.dumps(value, ensure_ascii=False)


def _sessions(config: Mapping[str, object]) -> list[tuple[str, str]]:
    sessions = config.get("sessions", [])
    assert isinstance(sessions, list)
    return [
        (f"session {number}", f"started {s.get('started', '?')}, n_jobs {s.get('n_jobs', '?')}")
        for number, s in enumerate(sessions, 1)
        if isinstance(s, Mapping)
    ]


def _warnings(frame: pd.DataFrame) -> pd.DataFrame:
    given = frame[["model", "warnings"]].assign(warning=frame["warnings"].fillna("").str.split("; "))
    given = given.explode("warning")
    given = given[given["warning"].fillna("") != ""]
    table = given.groupby("warning", sort=False)["model"].agg(n_trials="size", models=_listed)
    return table.reset_index().sort_values("n_trials", ascending=False, kind="stable")


def _listed(names: pd.Series) -> str:
    return ", ".join(dict.fromkeys(names))
