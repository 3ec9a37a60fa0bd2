"""The command that was given, with other options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from shlex import quote

from seqcompare.data.options import OPTIONS


def corrected(words: Sequence[str], change: Mapping[str, object]) -> str:
    """Return a command with options of reading changed, as it is to be typed.

    Parameters
    ----------
    words : sequence of str
        What was given, the name of the program left out.
    change : mapping of str to object
        Options as `seqcompare.datasets.read` takes them; None for one that is left out.
    """
    known = {option.name: option for option in OPTIONS}
    flags = {_flag(name): bool(known[name].switch) for name in change if name in known}
    kept: list[str] = []
    left_out = False
    for word in words:
        flag, equals, _ = word.partition("=")
        if left_out:
            left_out = False
        elif flag.replace("--no-", "--") in flags:
            left_out = not equals and not flags[flag.replace("--no-", "--")]
        else:
            kept.append(word)
    for name, value in change.items():
        flag = _flag(name)
        if isinstance(value, bool) and name in known and known[name].switch:
            kept.append(flag if value else flag.replace("--", "--no-", 1))
        elif value is not None:
            if isinstance(value, Mapping):
                value = [f"{column}={told}" for column, told in value.items()]
            several = value if isinstance(value, (list, tuple)) else ["" if value is False else value]
            for one in several:
                kept += [flag, str(one)]
    return " ".join(["seqcompare", *map(quote, kept)])


def _flag(name: str) -> str:
    option = next((option for option in OPTIONS if option.name == name), None)
    return f"--{name.replace('_', '-')}" if option is None or option.flag is None else option.flag
