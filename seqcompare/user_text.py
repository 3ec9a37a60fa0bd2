"""What users call things, as it is shown: on one line, and with nothing in it that acts on who looks."""

from __future__ import annotations

import re
import unicodedata

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
