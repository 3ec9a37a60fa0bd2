"""PGN: games of chess, a game a sequence, a move a step."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd

from seqcompare.data.cells import as_words
from seqcompare.data.readers import Reader
from seqcompare.data.source import DataError, read_text
from seqcompare.data.table import Table

_TAG = re.compile(r'\[(\w+)\s+"((?:[^"\\]|\\.)*)"\]')
_COMMENT = re.compile(r"\{[^}]*\}|;[^\n]*")
_ASIDE = re.compile(r"\([^()]*\)")
_RESULTS = ("1-0", "0-1", "1/2-1/2", "*")


def read_games(path: Path) -> Table:
    """Read the games of a PGN file as a table: a row a move; comments, variations and glyphs are left out.

    Parameters
    ----------
    path : Path
        The file.

    Raises
    ------
    DataError
        If there is no move.
    """
    games: list[tuple[int, dict[str, str], list[str]]] = []
    in_moves = True
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        tag = _TAG.fullmatch(line.strip())
        if tag is not None:
            if in_moves:
                games.append((number, {}, []))
                in_moves = False
            games[-1][1][tag[1]] = tag[2]
        elif line.strip() and not line.startswith("%"):
            if not games:
                raise DataError('expected a tag such as [Event "..."] before the moves', path, number)
            in_moves = True
            games[-1][2].append(line)
    rows, lines = [], []
    for i, (number, tags, moves) in enumerate(games, start=1):
        for ply, move in enumerate(_moves("\n".join(moves)), start=1):
            rows.append((str(i), ply, move, tags.get("Result", "") or "*"))
            lines.append(number)
    if not rows:
        raise DataError("there is no game with a move", path)
    frame = pd.DataFrame(rows, columns=["game", "ply", "move", "result"])
    text = {name: as_words(list(map(str, frame[name]))) for name in frame.columns}
    notes = (f"{len(games)} games of chess: their moves are the steps; 'result' may be the target",)
    return Table(
        frame, path, np.array(lines, dtype=np.int64), text, notes=notes, values=("move",), wide=False
    )


def _moves(text: str) -> list[str]:
    text = _COMMENT.sub(" ", text)
    while _ASIDE.search(text):
        text = _ASIDE.sub(" ", text)
    words = (re.sub(r"^[0-9]+\.+", "", word).rstrip("!?") for word in text.split())
    return [word for word in words if word and word not in _RESULTS and not word.startswith("$")]


READER = Reader("pgn", (".pgn",), read_games, "PGN, games of chess, a move a step")
