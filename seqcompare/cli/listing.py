"""What can be listed: models, tasks, bundled data sets, suites, formats of files."""

from __future__ import annotations

import tomllib
from enum import StrEnum
from importlib import resources
from typing import Any


class Listing(StrEnum):
    """What can be listed."""

    models = "models"
    tasks = "tasks"
    datasets = "datasets"
    suites = "suites"
    formats = "formats"


def records_of(what: Listing) -> list[dict[str, Any]]:
    """Return a record for each thing that there is."""
    listing = {
        Listing.models: _list_models,
        Listing.tasks: _list_tasks,
        Listing.datasets: _list_datasets,
        Listing.suites: _list_suites,
        Listing.formats: _list_formats,
    }[what]
    return listing()


def _list_models() -> list[dict[str, Any]]:
    from seqcompare.families import FAMILIES

    return [
        {
            "variant": spec.name,
            "family": family.name,
            "title": spec.title,
            "capacity": spec.capacity_name,
            "sizes": ", ".join(str(s[spec.size_key]) for s in spec.sized() if spec.size_key in s),
        }
        for family in FAMILIES.values()
        for spec in family.specs
    ]


def _list_tasks() -> list[dict[str, Any]]:
    from seqcompare.tasks import TASKS

    return [{"task": name, "what it asks": _first_line(task)} for name, task in TASKS.items()]


def _list_datasets() -> list[dict[str, Any]]:
    from seqcompare.data.catalog import DATASETS

    return [
        {"data set": name, "role": data.role, "what it is": data.summary} for name, data in DATASETS.items()
    ]


def _list_suites() -> list[dict[str, Any]]:
    # read as they are: planning their trials takes seconds, and `--dry-run` does it
    folder = resources.files("seqcompare.experiments") / "shipped"
    texts = {
        path.name.removesuffix(".toml"): path.read_text("utf-8")
        for path in folder.iterdir()
        if path.name.endswith(".toml")
    }
    suites = {name: tomllib.loads(text) for name, text in texts.items()}
    records = [
        {
            "suite": name,
            "title": suite.get("title", name),
            "seeds": suite["seeds"],
            "tasks": len(suite["tasks"]),
        }
        for name, suite in suites.items()
    ]
    return sorted(records, key=lambda record: (record["seeds"], record["suite"]))


def _list_formats() -> list[dict[str, Any]]:
    from seqcompare.data.readers import READERS

    return [
        {
            "format": name,
            "what it is": reader.title,
            "endings": ", ".join(reader.suffixes),
            "options": ", ".join(option.name for option in reader.options),
        }
        for name, reader in READERS.items()
    ]


def _first_line(thing: object) -> str:
    return (thing.__doc__ or "").strip().partition("\n")[0]
