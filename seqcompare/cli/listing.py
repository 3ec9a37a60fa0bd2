"""What can be listed: models, tasks, bundled data sets, suites, formats of files."""

from __future__ import annotations

from enum import StrEnum
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
    from seqcompare.experiments.plan import plan_trials
    from seqcompare.experiments.suites import load_suite, shipped_suites

    return [
        {"suite": name, "title": suite.title, "seeds": suite.seeds, "trials": len(plan_trials(suite))}
        for name in shipped_suites()
        for suite in [load_suite(name)]
    ]


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
