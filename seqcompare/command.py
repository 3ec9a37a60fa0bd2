"""The command that was typed, where one was: kept with a run, so that what its page offers can be pasted."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from shlex import quote
from typing import Any

from seqcompare.user_text import visible

_PROGRAM = "seqcompare"


@dataclass(frozen=True)
class Command:
    """What was typed.

    Parameters
    ----------
    words : tuple of str
        All of it, the name of the program left out.
    data : tuple of str, default=()
        The data among them, first their place, then the options of reading.
    began : float
        When, by `time.monotonic`; by default now.
    """

    words: tuple[str, ...]
    data: tuple[str, ...] = ()
    began: float = field(default_factory=time.monotonic, compare=False)

    def going_on(self, budget: str = "") -> str:
        """Return the command that goes on with its run; with another budget, where one is given."""
        leaving_out = {"--fresh": True, **({"--budget": False} if budget else {})}
        return line_of(*without(self.words, leaving_out), *(["--budget", budget] if budget else []))

    def afresh(self) -> str:
        """Return the command that makes its run again from nothing."""
        return line_of(*without(self.words, {"--fresh": True}), "--fresh")

    def other(self, name: str, *words: str) -> str:
        """Return another command, before which the same modules are imported."""
        imported: list[str] = []
        for place, word in enumerate(self.words):
            if word == "--import":
                imported += self.words[place : place + 2]
            elif word.startswith("--import="):
                imported.append(word)
        return line_of(*imported, name, *words)


#: What is running.
_TYPED: ContextVar[Command | None] = ContextVar("_TYPED", default=None)


@contextmanager
def typed(words: Sequence[str], data: Sequence[str] = ()) -> Iterator[None]:
    """Keep with the runs that are made inside by which command that is."""
    before = _TYPED.set(Command(tuple(words), tuple(data)))
    try:
        yield
    finally:
        _TYPED.reset(before)


def began() -> float:
    """Return when the command began that is running, before it loaded and read anything; else what it is now.

    By `time.monotonic`.
    """
    running = _TYPED.get()
    return time.monotonic() if running is None else running.began


def kept_command() -> dict[str, dict[str, list[str]]]:
    """Return what a session of a run keeps of the command that is running; nothing where none was typed."""
    running = _TYPED.get()
    if running is None:
        return {}
    return {"command": {"words": list(running.words), "data": list(running.data)}}


def command_of(config: Mapping[str, Any]) -> Command | None:
    """Return the command that last worked on a run; None where it was a program, or one cannot be pasted."""
    sessions = [s for s in config.get("sessions") or () if s.get("command")]
    if not sessions:
        return None
    kept = sessions[-1]["command"]
    found = Command(tuple(kept["words"]), tuple(kept["data"]))
    # what holds the ends of lines, or acts on a terminal, cannot be read before it is run
    plain = all(word == visible(word) and "\n" not in word for word in (*found.words, *found.data))
    return found if plain else None


def line_of(*words: str) -> str:
    """Return a command of these words, as it is typed."""
    return " ".join([_PROGRAM, *(quote(visible(word)) for word in words)])


def without(words: Sequence[str], flags: Mapping[str, bool]) -> list[str]:
    """Return words of a command without some options.

    Parameters
    ----------
    words : sequence of str
        The words.
    flags : mapping of str to bool
        What the options are called, and whether each is a switch, which has no value.
    """
    kept: list[str] = []
    left_out = False
    for word in words:
        flag, equals, _ = word.partition("=")
        flag = flag if flag in flags else flag.replace("--no-", "--")
        if left_out:
            left_out = False
        elif flag in flags:
            left_out = not equals and not flags[flag]
        else:
            kept.append(word)
    return kept
