"""Names and looks as people see them: whatever a user called a thing, it can be shown and cannot do harm."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TypeVar

from seqcompare.style import Palette
from seqcompare.typing import Record
from seqcompare.user_text import shown as shown
from seqcompare.user_text import visible as visible

T = TypeVar("T")


def distinct(texts: Iterable[T], limit: int = 60) -> dict[T, str]:
    """Return a short name for each of `texts`; two that look alike once shortened get a number each."""
    names: dict[T, str] = {}
    taken: set[str] = set()
    for text in dict.fromkeys(texts):
        name = shown(text, limit) or "(no name)"
        wanted, number = name, 1
        while name in taken:
            number += 1
            name = f"{wanted[: limit - 5]} ({number})"
        taken.add(name)
        names[text] = name
    return names


def names_of(config: Record, entries: Iterable[str], limit: int) -> dict[str, str]:
    """Return what is shown for each model of a comparison: its name, or that of the family it stands for."""
    own = list(dict.fromkeys(entries))
    heads = {entry: head for entry, head in config.get("heads", {}).items() if head not in own}
    words = {entry: heads.get(entry, entry) for entry in own}
    shown_words = distinct(words.values(), limit)
    return {entry: shown_words[word] for entry, word in words.items()}


def joined(words: Iterable[str]) -> str:
    """Return "a, b and c"."""
    words = list(words)
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def palette_of(
    config: Mapping[str, object], families: Iterable[str], models: Iterable[str] = ()
) -> tuple[Palette, dict[str, str]]:
    """Return how the families of a run look, and what each is called where it is shown.

    Parameters
    ----------
    config : mapping
        The configuration of the run.
    families, models : iterable of str
        Names of the families and of the kinds of models that have rows, whether described or not.

    Returns
    -------
    palette : Palette
        Of all families of the run, by the names that are shown, described ones first.
    names : dict of str to str
        The name that is shown for each family.
    """
    described = _described(config)
    names = distinct([*(str(family["name"]) for family in described), *families], 24)
    kinds = distinct(models, 24)
    shown_ones = [
        {
            **family,
            "name": names[str(family["name"])],
            "title": shown(family.get("title") or family["name"], 40),
            "head": shown(family.get("head") or family.get("title") or family["name"], 40),
            "models": [
                {"name": kinds.get(model["name"], model["name"]), "title": shown(model["title"], 40)}
                for model in family.get("models", ())
            ],
        }
        for family in described
    ]
    return Palette(shown_ones, names.values()), names


def all_families(configs: Iterable[Mapping[str, object]]) -> dict[str, object]:
    """Return the families of several runs as one configuration; of each, what the first run says."""
    described = [family for config in configs for family in _described(config)]
    return {"families": list({family["name"]: family for family in reversed(described)}.values())[::-1]}


def _described(config: Mapping[str, object]) -> list[Record]:
    from seqcompare.results.described import families_of  # here, since a terminal needs names alone

    try:
        return families_of(dict(config))
    except ImportError:
        # an old run tells nothing of its families, and no model is at hand: better spare colours than no page
        return []


def plain(value: object) -> object:
    """Return `value` as JSON knows it; what is not a number there (NaN, infinity) becomes null."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [plain(item) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, bool | int | str) else str(value)
