"""What becomes of runs that are killed, of folders and files that are damaged, and of full disks.

Each part prints a row: what was done how often, and how often something was lost, a traceback was seen, a
process was left behind, or a folder could be neither gone on with nor begun afresh. ``--share`` makes less of
each part:

    python benchmarks/chaos.py --parts folders models kills twice full files threads cold --share 1
    python benchmarks/chaos.py --parts dask        # needs the extra
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone

import seqcompare
from seqcompare.cli import main as command_line
from seqcompare.results.folder import prepare_folder
from seqcompare.results.store import STORE, Store

COMMAND = [sys.executable, "-c", "from seqcompare.cli import main; main()"]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}
SUITE = """
title = "A small sweep"
seeds = 12
distances = [2, 4]
n_train = 60
n_validation = 20
n_test = 40
epochs = 5
max_seconds = 30

[[tasks]]
name = "Echo"

[[models]]
variant = "markov"
sizes = [1, 2]

[[models]]
variant = "logistic"
sizes = [2, 4]
"""


class Ended(NamedTuple):
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def is_clear(self) -> bool:
        """Whether it ended well, or in one line and the code of bad input."""
        return self.code == 0 or (self.code == 2 and self.err.strip().count("\n") == 0)


def call(*arguments: object) -> Ended:
    """Run a command in this process; what escapes it counts as a traceback."""
    out, err = io.StringIO(), io.StringIO()
    before, sys.argv = sys.argv, ["seqcompare", *map(str, arguments)]
    try:
        with redirect_stdout(out), redirect_stderr(err):
            command_line()
    except SystemExit as ended:
        return Ended(int(ended.code or 0), out.getvalue(), err.getvalue())
    except BaseException as error:  # that nothing escapes is what is measured
        return Ended(1, out.getvalue(), f"{type(error).__name__}: {error}")
    finally:
        sys.argv = before
    return Ended(0, out.getvalue(), err.getvalue())


@contextmanager
def started(
    folder: Path, *words: object, limit: int | None = None
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start a command as a process, with at most `limit` bytes a file; and the sign of its workers."""
    sign = f"chaos-{random.randrange(1 << 60):x}"

    def prepare() -> None:
        if limit is not None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    process = subprocess.Popen(
        [*COMMAND, *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**ENVIRONMENT, "CHAOS": sign},
        cwd=folder,
        preexec_fn=prepare,
    )
    try:
        yield process, sign
    finally:
        process.kill()
        for each in signed(sign):
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        process.communicate()


def signed(sign: str) -> list[int]:
    """Return the processes that have `sign` in their environment."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                if f"CHAOS={sign}".encode() in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
    return found


def finished(folder: Path) -> dict[str, float]:
    """Return the trials that are kept, with the seconds that tell a row from its repetition."""
    if not (folder / STORE).is_file():
        return {}
    with Store(folder / STORE, read_only=True) as store:
        frame = store.frame()
    return dict(zip(frame["trial_id"], frame["trial_seconds"], strict=True))


# ---------------------------------------------------------------------- folders


def _whole_run(folder: Path) -> Path:
    suite = folder / "small.toml"
    small = SUITE.replace("seeds = 12", "seeds = 1").partition('\n[[models]]\nvariant = "logistic"')[0]
    suite.write_text(small, encoding="utf-8")
    seqcompare.sweep(suite, folder / "run", n_jobs=1)
    return suite


def _mutated(content: bytes, rng: random.Random) -> bytes:
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
    config, store = folder / "config.json", folder / STORE
    way = rng.randrange(7)
    if way == 0:
        config.write_bytes(rng.choice(WHOLE_CONFIGS))
    elif way == 1:
        config.write_bytes(_mutated(config.read_bytes(), rng))
    elif way in (2, 3):
        found = json.loads(config.read_text(encoding="utf-8"))
        for _ in range(rng.choice([1, 1, 3])):
            found = _other_value(found, rng)
        config.write_text(json.dumps(found), encoding="utf-8")
    elif way == 4:
        store.write_bytes(_mutated(store.read_bytes(), rng))
    elif way == 5:
        store.unlink()
        if rng.random() < 0.5:
            store.mkdir()
    else:
        with sqlite3.connect(store) as db:
            db.execute(rng.choice(_STATEMENTS))
        db.close()
    return ("config", "config", "values", "values", "store", "no store", "tables")[way]


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
    """Damage folders of runs, and ask every command for them."""
    rng = random.Random(seed)
    unclear, locked, lost = [], 0, 0
    with tempfile.TemporaryDirectory() as temporary:
        base = Path(temporary)
        suite = _whole_run(base)
        for number in range(n):
            folder = base / f"run{number}"
            shutil.copytree(base / "run", folder)
            way = damage(folder, rng)
            before = _readable(folder)
            for words in (
                ("report", folder),
                ("sweep", suite, "--out", folder, "--jobs", 1, "--quiet"),
                ("predict", folder, suite),
            ):
                ended = call(*words)
                if not ended.is_clear or (ended.code and not _names(ended.err, folder)):
                    unclear.append((number, way, words[0], ended.code, ended.err.strip()[-300:]))
            lost += not before.items() <= _readable(folder).items()
            try:
                prepare_folder(folder, {"kind": "sweep", "settings": {}}, n_jobs=1, fresh=True)
            except (OSError, ValueError) as error:
                locked += 1
                print(number, way, "locked", error, file=sys.stderr)
            shutil.rmtree(folder)
    for each in unclear:
        print(*each, file=sys.stderr)
    return {"done": 3 * n, "tracebacks": len(unclear), "lost": lost, "locked": locked}


def _readable(folder: Path) -> dict[str, float]:
    """Return the finished trials, as far as they can be read."""
    try:
        return finished(folder)
    except (OSError, ValueError):
        return {}


def _names(text: str, folder: Path) -> bool:
    return str(folder) in text or folder.name in text


# ---------------------------------------------------------------------- kills, two at once, full disks


def kills(n: int, seed: int = 1) -> dict[str, object]:
    """Kill a sweep, or one of its workers, at any moment, and go on with it; now and then afresh."""
    rng = random.Random(seed)
    lost = orphans = stuck = tracebacks = 0
    with tempfile.TemporaryDirectory() as temporary:
        base = Path(temporary)
        suite, folder = base / "suite.toml", base / "run"
        suite.write_text(SUITE, encoding="utf-8")
        words = ("sweep", suite, "--out", folder, "--jobs", 2, "--quiet")
        lasts = 10.0
        for _ in range(n):
            before = _readable(folder)
            afresh = rng.random() < 0.25
            begun = time.monotonic()
            with started(base, *words, *(["--fresh"] if afresh else [])) as (process, sign):
                worker = rng.random() < 0.3
                with suppress(subprocess.TimeoutExpired):
                    process.wait(rng.uniform(0.3, lasts))
                others = [each for each in signed(sign) if each != process.pid]
                if worker and others:
                    with suppress(ProcessLookupError):
                        os.kill(rng.choice(others), signal.SIGKILL)
                    code = process.wait()
                    said = process.stderr.read() if process.stderr else ""
                    tracebacks += "Traceback" in said or code not in (0, 2)
                    lasts = max(lasts, time.monotonic() - begun)
                else:
                    process.kill()
                    until = time.monotonic() + 10
                    while signed(sign) and time.monotonic() < until:
                        time.sleep(0.2)
                    orphans += len(signed(sign))
            if not afresh:
                lost += not before.items() <= _readable(folder).items()
        done = call(*words)
        stuck += done.code != 0
        lost += len(_readable(folder)) != 96
    return {"done": n, "lost": lost, "tracebacks": tracebacks, "orphans": orphans, "locked": stuck}


def twice(n: int, seed: int = 2) -> dict[str, object]:
    """Start two runs in one folder: one works, and the other says who does."""
    wrong = lost = 0
    with tempfile.TemporaryDirectory() as temporary:
        base = Path(temporary)
        suite = base / "suite.toml"
        suite.write_text(SUITE, encoding="utf-8")
        for number in range(n):
            words = ("sweep", suite, "--out", base / f"run{number}", "--jobs", 1, "--quiet")
            with started(base, *words) as (one, _), started(base, *words) as (other, _):
                ended = [(each.wait(), each.communicate()[1]) for each in (one, other)]
            codes = sorted(code for code, _ in ended)
            refused = [said for code, said in ended if code == 2]
            wrong += codes != [0, 2] or "is being worked on by process" not in refused[0]
            lost += len(_readable(base / f"run{number}")) != 96
    return {"done": n, "lost": lost, "tracebacks": wrong}


def full(n: int, seed: int = 3) -> dict[str, object]:
    """Let files grow to a size and no further, as on a full disk; then go on with room enough."""
    rng = random.Random(seed)
    unclear = locked = lost = 0
    with tempfile.TemporaryDirectory() as temporary:
        base = Path(temporary)
        suite = base / "suite.toml"
        suite.write_text(SUITE.replace("seeds = 12", "seeds = 3"), encoding="utf-8")
        for number in range(n):
            folder = base / f"run{number}"
            words = ("sweep", suite, "--out", folder, "--jobs", 1, "--quiet")
            limit = int(2 ** rng.uniform(6, 18))
            with started(base, *words, limit=limit) as (process, _):
                said, code = process.communicate()[1], process.returncode
            if code not in (0, 2) or said.strip().count("\n") > (0 if code else 3) or "Traceback" in said:
                unclear += 1
                print("full", limit, code, said[-600:], file=sys.stderr)
            kept = _readable(folder)
            locked += call(*words).code != 0
            lost += not kept.items() <= _readable(folder).items() or len(_readable(folder)) != 24
    return {"done": n, "lost": lost, "tracebacks": unclear, "locked": locked}


# ---------------------------------------------------------------------- model files


def models(n: int, seed: int = 4) -> dict[str, object]:
    """Damage files of models: each is loaded, or ends in one error that names it."""
    rng = random.Random(seed)
    wrong = 0
    with tempfile.TemporaryDirectory() as temporary:
        path, broken = Path(temporary) / "whole.skops", Path(temporary) / "broken.skops"
        for model in (
            seqcompare.MarkovChain(order=2),
            seqcompare.HMM(n_components=2, random_state=0),
            seqcompare.NextStep(seqcompare.WindowTagger(before=2)),
        ):
            seqcompare.save(model.fit(["ABCABA", "BACABC"] * 5), path)
            for _ in range(n // 3):
                broken.write_bytes(_mutated(path.read_bytes(), rng))
                try:
                    seqcompare.load(broken)
                except ValueError as error:
                    wrong += str(broken) not in str(error)
                except BaseException as error:  # that nothing else escapes is what is measured
                    wrong += 1
                    print("models", type(error).__name__, str(error)[:200], file=sys.stderr)
    return {"done": 3 * (n // 3), "tracebacks": wrong}


# ---------------------------------------------------------------------- data files, threads, Dask


def files(n: int, seed: int = 5) -> dict[str, object]:
    """Read whole and damaged files of data by ``seqcompare inspect``: exit 0, or one line and exit 2."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "data"))
    from fuzz_files import files as drawn
    from fuzz_files import inspected, warm

    wrong = 0
    with tempfile.TemporaryDirectory() as temporary:
        warm(temporary)
        for name, content in drawn(n, seed):
            path = Path(temporary, name)
            path.write_bytes(content)
            found = inspected(path)
            if found.fault or (found.code and name not in found.error):
                wrong += 1
                print("files", name, found.fault or found.error, content[:300], file=sys.stderr)
            path.unlink()
    return {"done": n, "tracebacks": wrong}


def threads(n: int, seed: int = 6) -> dict[str, object]:
    """Fit models of a class in eight threads at once: each answers as one that was fitted alone."""
    rng = np.random.default_rng(seed)
    wrong = 0
    for number in range(n):
        words = ["".join(rng.choice(list("AB"), 12)) for _ in range(8)]
        numbers = [rng.normal(size=(12, 1)) for _ in range(8)]
        model: Any = (
            seqcompare.MarkovChain(order=2),
            seqcompare.HMM(n_init=2, random_state=0),
            seqcompare.NextStep(seqcompare.WindowTagger(before=2)),
            seqcompare.NextStep(seqcompare.RNNTagger(hidden_size=4, max_iter=3, random_state=0)),
            seqcompare.Autoregression(2),
            seqcompare.LinearStateSpace(1, max_iter=20),
        )[number % 6]
        X: Any = words if number % 6 < 4 else numbers
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # so short a training does not converge
            alone = _scores(model, X)
            with ThreadPoolExecutor(8) as pool:
                at_once = list(pool.map(_scores, [model] * 8, [X] * 8))
        for scores in at_once:
            wrong += not np.allclose(scores, alone, rtol=1e-9, atol=1e-9)
    return {"done": 8 * n, "lost": wrong}


def _scores(model: Any, X: Any) -> Any:
    return clone(model).fit(X).score_samples(X)


COLD = """
import seqcompare
model = seqcompare.MarkovChain(order=2).fit(["ABBABA", "BABAAB"])
print(repr(float(model.score(["ABAB"]))))
"""


def cold(n: int) -> dict[str, object]:
    """Let processes begin at once where no kernel is compiled: all compile or load them, and answer alike."""
    with tempfile.TemporaryDirectory() as cache:
        environment = {**ENVIRONMENT, "NUMBA_CACHE_DIR": cache}
        begun = [
            subprocess.Popen(
                [sys.executable, "-c", COLD],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env=environment,
            )
            for _ in range(n)
        ]
        ended = [(*process.communicate(), process.returncode) for process in begun]
    for _, said, code in ended:
        if code:
            print("cold", code, said[-300:], file=sys.stderr)
    return {
        "done": n,
        "lost": len({out for out, _, _ in ended}) - 1,
        "tracebacks": sum(c != 0 for *_, c in ended),
    }


def dask(n: int, seed: int = 7) -> dict[str, object]:
    """Kill workers of Dask in the middle of a sweep, which goes on with others."""
    from distributed import LocalCluster

    rng = random.Random(seed)
    lost = tracebacks = 0
    with (
        tempfile.TemporaryDirectory() as temporary,
        LocalCluster(n_workers=2, threads_per_worker=1) as cluster,
    ):
        base = Path(temporary)
        suite = base / "suite.toml"
        suite.write_text(SUITE.replace("seeds = 12", "seeds = 3"), encoding="utf-8")
        for number in range(n):
            folder = base / f"run{number}"
            words = ("sweep", suite, "--out", folder, "--quiet", "--backend", "dask")
            with started(base, *words, "--scheduler", cluster.scheduler_address) as (process, _):
                with suppress(subprocess.TimeoutExpired):
                    process.wait(rng.uniform(2, 12))
                pids = [worker.pid for worker in cluster.workers.values() if worker.pid]
                with suppress(ProcessLookupError):
                    os.kill(rng.choice(pids), signal.SIGKILL)
                said, code = process.communicate()[1], process.returncode
            tracebacks += "Traceback" in said or code != 0
            lost += len(_readable(folder)) != 24
    return {"done": n, "lost": lost, "tracebacks": tracebacks}


#: What is done, and how often at a share of 1.
PARTS: dict[str, tuple[Callable[[int], dict[str, object]], int]] = {
    "folders": (folders, 200),
    "models": (models, 1000),
    "kills": (kills, 60),
    "twice": (twice, 5),
    "full": (full, 20),
    "files": (files, 2000),
    "threads": (threads, 60),
    "cold": (cold, 8),
    "dask": (dask, 5),
}
HEADS = ("done", "lost", "tracebacks", "orphans", "locked")


def main() -> None:
    """Run the parts, and print a row for each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--parts", nargs="*", choices=PARTS, default=[name for name in PARTS if name != "dask"]
    )
    parser.add_argument("--share", type=float, default=1.0, help="of how often each is done")
    asked = parser.parse_args()
    print(f"| what | {' | '.join(HEADS)} | seconds |\n|{'---|' * (len(HEADS) + 2)}")
    for name in asked.parts:
        part, often = PARTS[name]
        begun = time.monotonic()
        found = part(max(1, round(often * asked.share)))
        cells = [str(found.get(head, "")) for head in HEADS]
        print(f"| {name} | {' | '.join(cells)} | {time.monotonic() - begun:.0f} |", flush=True)


if __name__ == "__main__":
    main()
