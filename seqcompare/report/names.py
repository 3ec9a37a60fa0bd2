"""Names as people see them: whatever a user called a thing, it can be shown and cannot do harm."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

# control characters, format characters (among them the marks that turn the reading direction), halves of
# pairs
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def shown(text: Any, limit: int = 200) -> str:
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


def distinct(texts: Iterable[Any], limit: int = 60) -> dict[Any, str]:
    """Return a short name for each of `texts`; two that look alike once shortened get a number each."""
    names: dict[Any, str] = {}
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
