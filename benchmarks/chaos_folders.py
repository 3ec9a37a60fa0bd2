"""Folders of runs that are damaged, and asked for by every command: a part of ``chaos.py``."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

from chaos_runs import call, finished, is_kept, report_fault, undisturbed

from seqcompare.report import svg
from seqcompare.results.folder import prepare_folder
from seqcompare.results.store import STORE


def mutated(content: bytes, rng: random.Random) -> bytes:
    """Cut, change, double or insert bytes somewhere."""
    data = bytearray(content)
    place = rng.randrange(max(len(data), 1))
    way = rng.randrange(5)
    if way == 0:
        return bytes(data[:place])
    if way == 1:
        for _ in range(rng.choice([1, 10, 200])):
            data[rng.randrange(len(data))] = rng.randrange(256)
    elif way == 2:
        data[place:place] = rng.randbytes(rng.choice([1, 50, 5000]))
    elif way == 3:
        del data[place : place + rng.choice([1, 100, 4096])]
    else:
        data[place:place] = data[: rng.randrange(len(data))]
    return bytes(data)


def _other_value(value: Any, rng: random.Random) -> Any:
    """Replace, or take away, one value somewhere inside of a decoded JSON."""
    if isinstance(value, dict) and value and rng.random() < 0.9:
        key = rng.choice(list(value))
        if rng.random() < 0.15:
            return {k: v for k, v in value.items() if k != key}
        return {**value, key: _other_value(value[key], rng)}
    if isinstance(value, list) and value and rng.random() < 0.7:
        place = rng.randrange(len(value))
        return [*value[:place], _other_value(value[place], rng), *value[place + 1 :]]
    return rng.choice([None, [], {}, 5, -1, 1e308, "", "x" * 5000, True, [[]], {"a": None}, "\u202e\x1b[31m"])


WHOLE_CONFIGS = (b"", b"[]", b"{}", b"\xff\xfe\x00", b"null", b"[" * 100_000, b'{"format": 99}', b'"\\ud800"')


def damage(folder: Path, rng: random.Random) -> str:
    """Damage one file of a run in one way; return which."""
    config, store, model = folder / "config.json", folder / STORE, folder / "model.skops"
    way = rng.randrange(8 if model.exists() else 7)
    if way == 0:
        config.write_bytes(rng.choice(WHOLE_CONFIGS))
    elif way == 1:
        config.write_bytes(mutated(config.read_bytes(), rng))
    elif way in (2, 3):
        found = json.loads(config.read_text(encoding="utf-8"))
        for _ in range(rng.choice([1, 1, 3])):
            found = _other_value(found, rng)
        config.write_text(json.dumps(found), encoding="utf-8")
    elif way == 4:
        store.write_bytes(mutated(store.read_bytes(), rng))
    elif way == 5:
        store.unlink()
        if rng.random() < 0.5:
            store.mkdir()
    elif way == 6:
        with sqlite3.connect(store) as db:
            db.execute(rng.choice(_STATEMENTS))
        db.close()
    else:
        model.write_bytes(mutated(model.read_bytes(), rng))
    return ("config", "config", "values", "values", "store", "no store", "tables", "model")[way]


_STATEMENTS = (
    "DROP TABLE trials",
    "DROP TABLE curves",
    "DROP TABLE side_tables",
    "ALTER TABLE trials DROP COLUMN skill",
    "ALTER TABLE trials RENAME COLUMN model TO mode",
    "UPDATE trials SET skill = 'x'",
    "UPDATE trials SET model = NULL",
    "UPDATE trials SET task_params = '{'",
    "UPDATE trials SET distance = 'far'",
    "UPDATE trials SET status = 7",
    "UPDATE trials SET family = x'ff00'",
    "UPDATE curves SET epoch = 'first'",
    "PRAGMA user_version = 77",
    "DELETE FROM trials",
    "CREATE TABLE others (a)",
)


def folders(n: int, seed: int = 0) -> dict[str, object]:
    """Damage folders of runs, and ask commands for them: report, the run again, and what asks its winner.

    Pages have pictures in every tenth of them.
    """
    rng = random.Random(seed)
    lost = locked = unclear = 0
    real = svg._draw
    with tempfile.TemporaryDirectory() as temporary, undisturbed(Path(temporary), small=True) as whole:
        base, empty = Path(temporary), svg._draw
        data = base / "data.csv"
        for number in range(n):
            name = list(whole)[number % len(whole)]
            work, folder = whole[name][0], base / f"run{number}"
            shutil.copytree(base / f"whole {name}", folder)
            way = damage(folder, rng)
            before = finished(folder)
            svg._draw = real if number // 2 % 10 == 0 else empty
            commands: list[tuple[object, ...]] = [("report", folder), work.into(folder)]
            if name == "compare":
                commands += [
                    ("predict", folder, data),
                    ("forecast", folder, data),
                    ("explain", folder, data, "--sequence", "s1"),
                    ("export", folder, base / f"{number}.onnx"),
                ]
            rng.shuffle(commands)
            for words in commands:
                ended = call(*words)
                if not ended.is_clear or (ended.code and folder.name not in ended.err):
                    unclear += 1
                    report_fault(number, way, words[0], ended.code, ended.err.strip()[-300:])
            lost += not is_kept(before, folder)
            try:
                prepare_folder(folder, {"kind": "sweep", "settings": {}}, n_jobs=1, fresh=True)
            except (OSError, ValueError) as error:
                locked += 1
                report_fault(number, way, "locked", error)
            shutil.rmtree(folder)
    return {"done": n, "lost": lost, "tracebacks": unclear, "locked": locked}
