"""The command that was given, with other options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from seqcompare.command import line_of, without
from seqcompare.data.options import OPTIONS

_KNOWN = {option.name: option for option in OPTIONS}


def corrected(words: Sequence[str], change: Mapping[str, object]) -> str:
    """Return a command with options of reading changed, as it is to be typed.

    Parameters
    ----------
    words : sequence of str
        What was given, the name of the program left out.
    change : mapping of str to object
        Options as `seqcompare.datasets.read` takes them; None for one that is left out.
    """
    flags = {_flag(name): _KNOWN[name].switch for name in change if name in _KNOWN}
    return line_of(*without(words, flags), *words_of(change))


def words_of(options: Mapping[str, object]) -> list[str]:
    """Return options of reading as they are typed, those left out that are None.

    Parameters
    ----------
    options : mapping of str to object
        As `seqcompare.datasets.read` takes them.
    """
    words: list[str] = []
    for name, value in options.items():
        if name not in _KNOWN:
            words += ["--option", f"{name}={value}"]
        elif isinstance(value, bool) and _KNOWN[name].switch:
            words.append(_flag(name) if value else _flag(name).replace("--", "--no-", 1))
        elif value is not None:
            if isinstance(value, Mapping):
                value = [f"{column}={told}" for column, told in value.items()]
            several = value if isinstance(value, (list, tuple)) else ["" if value is False else value]
            for one in several:
                words += [_flag(name), str(one)]
    return words


def _flag(name: str) -> str:
    return _KNOWN[name].flag or f"--{name.replace('_', '-')}"
