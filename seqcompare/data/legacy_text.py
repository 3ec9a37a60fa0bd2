"""What text that is not UTF-8 may be encoded in, by the letters that each encoding makes of it."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable

_WESTERN = "äöüßéèàçñáíóúâêîôåøæëïœ¿¡ûãõðþý"
_EASTERN = "ąćęłńóśźżáčďéěíňřšťúůýžőűöüăâîşţđ"
_RUSSIAN = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъіїєґё"
_GREEK = "αοιετνσηςρκπμλυάέήίόύώωγδβφχθξψζ"
_ARABIC = "اليمونترةبسدفكعهقحجشصطخضذزثغظىءأإآؤئپچژگ"
# what is written beside letters in most languages
_SIGNS = frozenset("–—‘’“”„«»…€£°·•§×±²³µ、。，：；！？（）「」・ー　．％～")

#: How many bytes are looked at.
_HEAD = 20_000
_WORST = 0.6


def _letters(usual: str, common: int = 16) -> Callable[[str], float]:
    """Return how well a letter fits a language that has these, the commonest first."""
    marks = {letter: 1.0 if i < common else 0.8 for i, letter in enumerate(usual)}
    return lambda letter: marks.get(letter, marks.get(letter.lower(), 0.0) * 0.95)


def _rows(encoding: str, first: int, last: int) -> Callable[[str], float]:
    """Return whether a character is in the rows of a standard that hold the common ones."""

    def fits(letter: str) -> float:
        try:
            code = letter.encode(encoding)
        except UnicodeEncodeError:
            return 0.0
        return float(len(code) == 2 and first <= code[0] <= last)

    return fits


def _japanese(letter: str) -> float:
    return 1.2 if "ぁ" <= letter <= "ヺ" else _rows("euc_jp", 0xB0, 0xCF)(letter)


def _korean(letter: str) -> float:
    # rows that are in a quarter of all texts of other languages as well
    return 1.1 * _rows("euc_kr", 0xB0, 0xC8)(letter) if "가" <= letter <= "힣" else 0.0


# encodings, the likelier first of those that fit as well
_FITS: tuple[tuple[str, Callable[[str], float]], ...] = (
    ("cp1252", _letters(_WESTERN, 25)),
    ("cp1254", _letters("ışğçöüâ")),
    ("cp1250", _letters(_EASTERN, 99)),
    ("iso8859-2", _letters(_EASTERN, 99)),
    ("cp1251", _letters(_RUSSIAN)),
    ("koi8-r", _letters(_RUSSIAN)),
    ("cp866", _letters(_RUSSIAN)),
    ("iso8859-5", _letters(_RUSSIAN)),
    ("cp1253", _letters(_GREEK)),
    ("cp1255", _letters("".join(map(chr, range(0x5D0, 0x5EB))))),
    ("cp1256", _letters(_ARABIC)),
    ("cp874", _letters("".join(map(chr, range(0xE01, 0xE4F))))),
    ("gb18030", _rows("gb2312", 0xB0, 0xD7)),
    ("cp932", _japanese),
    ("euc_jp", _japanese),
    ("cp949", _korean),
    ("big5", _rows("big5", 0xA4, 0xC6)),
    ("cp850", _letters(_WESTERN, 25)),
    ("mac_roman", _letters(_WESTERN, 25)),
    ("cp1257", _letters("āčēģīķļņšūžąęėįųõäöü")),
)


def likely_encodings(data: bytes) -> list[tuple[str, str]]:
    """Return the encodings that make words of bytes that are not UTF-8, the likeliest first.

    Parameters
    ----------
    data : bytes
        The text.

    Returns
    -------
    list of (str, str)
        Names of encodings, and the first word that each reads with letters beyond ASCII. None is there
        where most of the text is UTF-8, or no encoding makes words of it.
    """
    head = data[:_HEAD]
    plain = head.decode("utf-8", errors="replace")
    beyond = [letter for letter in plain if ord(letter) > 127]
    if beyond.count("�") * 4 < len(beyond):
        return []
    found: dict[str, tuple[float, list[str]]] = {}
    for name, fits in _FITS:
        try:
            text = codecs.getincrementaldecoder(name)().decode(head)
        except UnicodeDecodeError:
            continue
        words = re.findall(r"[^\W\d_]*[^\W\d_a-zA-Z][^\W\d_]*", text)
        score = _score(text, fits)
        if score >= _WORST and words and all(words != known for _, known in found.values()):
            found[name] = (score, words)
    best = max((score for score, _ in found.values()), default=0.0)
    ranked = [
        name for name in sorted(found, key=lambda name: -found[name][0]) if found[name][0] > best - 0.15
    ]
    shared = set.intersection(*(set(found[name][1]) for name in ranked)) if len(ranked) > 1 else set()
    first = {name: next((word for word in found[name][1] if word not in shared), "") for name in ranked}
    return [(name, first[name][:20]) for name in ranked[:3]]


def _score(text: str, fits: Callable[[str], float]) -> float:
    """Return how well the letters beyond ASCII fit, on average; capitals begin words."""
    marks = []
    for before, letter, after in zip(f" {text}", text, f"{text[1:]} ", strict=False):
        if ord(letter) < 128 or (
            letter in _SIGNS and (letter > "⿿" or letter == "’" or not before.isalpha())
        ):
            continue
        capital = letter != letter.lower()
        inside = capital and before != before.upper()
        # letters of other scripts stand in no word of Latin ones
        alien = letter > "ʯ" and any(each.isascii() and each.isalpha() for each in (before, after))
        all_capitals = capital and before != before.lower()
        marks.append(fits(letter) * (0.3 if inside or alien else 0.9 if all_capitals else 1.0))
    return sum(marks) / len(marks) if marks else 0.0
