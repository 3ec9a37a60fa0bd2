"""Names and looks as people see them: whatever a user called a thing, it can be shown and cannot do harm."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import TypeVar

from seqcompare.style import Palette
from seqcompare.typing import Record

T = TypeVar("T")

# control characters, format characters (among them the marks that turn the reading direction), halves of
# pairs
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def shown(text: object, limit: int = 200) -> str:
    """Return `text` on one line, without invisible characters, at most `limit` characters long."""
    line = "".join(
        " " if character in "\t\n\r\x0b\x0c\x85\u2028\u2029" else character
        for character in str(text)[: 4 * limit]
        if character in "\t\n\r\x0b\x0c\x85\u2028\u2029" or unicodedata.category(character) not in _UNSEEN
    )
    # a letter carries a few accents in any script; a tower of them climbs over the neighbouring lines
    line = re.sub(r"([\u0300-\u036f\u0483-\u0489]{2})[\u0300-\u036f\u0483-\u0489]+", r"\1", line)
    line = " ".join(line.split())
    if not line:
        return "(no name)" if str(text) else ""
    return line if len(line) <= limit and len(str(text)) <= 4 * limit else line[: limit - 1] + "…"


def visible(text: object) -> str:
    """Return `text`, of any number of lines, without what a terminal acts on or what turns the direction."""
    return "".join(c for c in str(text) if c in "\n\t" or unicodedata.category(c) not in _UNSEEN)


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
