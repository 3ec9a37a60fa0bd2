"""Runs that are killed at any moment or change of a file, begun twice, or out of room.

The parts of ``chaos.py`` that begin runs. Each is begun in a fork of this process, so that a kill falls into
the work and not into imports; pages have empty pictures there.
"""

from __future__ import annotations

import io
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from PIL import Image

from seqcompare.cli import main as command_line
from seqcompare.report import svg
from seqcompare.results.folder import open_run
from seqcompare.results.store import COST_COLUMNS, STORE, Store

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
        with redirect_stdout(out), redirect_stderr(err), warnings.catch_warnings():
            warnings.simplefilter("default")  # a line, as for users, whoever runs this
            command_line()
    except SystemExit as ended:
        return Ended(int(ended.code or 0), out.getvalue(), err.getvalue())
    except BaseException as error:  # that nothing escapes is what is measured
        return Ended(1, out.getvalue(), f"Traceback {type(error).__name__}: {error}")
    finally:
        sys.argv = before
    return Ended(0, out.getvalue(), err.getvalue())


@contextmanager
def empty_pictures() -> Iterator[None]:
    """Write pages without drawing, which takes most of their time: a spot stands for each panel."""
    blank = '<svg xmlns="http://www.w3.org/2000/svg" width="4pt" height="4pt" viewBox="0 0 4 4"></svg>'
    drawn = svg.Drawn(blank, Image.new("RGB", (4, 4), "white"))
    before, svg._draw = svg._draw, lambda figure, panel: drawn
    try:
        yield
    finally:
        svg._draw = before


# ---------------------------------------------------------------------- what is begun


class Begun:
    """A command that runs in a fork of this process; its workers are known by a sign."""

    def __init__(self, *words: object, prepare: Callable[[], object] = lambda: None) -> None:
        self.sign = f"chaos-{random.SystemRandom().randrange(1 << 60):x}"
        self.code: int | None = None
        self._said, write = os.pipe()
        self.pid = os.fork()
        if self.pid:
            os.close(write)
            os.set_blocking(self._said, False)
            return
        code = 1
        try:
            os.dup2(write, 1)
            os.dup2(write, 2)
            os.environ["CHAOS"] = self.sign
            prepare()
            ended = call(*words)
            os.write(2, ended.err.encode("utf-8", "replace")[-20_000:])
            code = ended.code
        finally:
            os._exit(code)

    def runs(self) -> bool:
        """Whether it has not ended yet."""
        if self.code is None:
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            if ended:
                self.code = os.waitstatus_to_exitcode(status)
        return self.code is None

    def wait(self, seconds: float = 600.0) -> bool:
        """Wait for its end; return whether it came."""
        until = time.monotonic() + seconds
        while self.runs():
            if time.monotonic() > until:
                return False
            time.sleep(0.01)
        return True

    def kill(self) -> None:
        """End it as the system does where there is no memory left."""
        if self.runs():
            os.kill(self.pid, signal.SIGKILL)
            self.wait()

    def others(self) -> list[int]:
        """Return the processes that it has begun and that are alive."""
        return [pid for pid in signed(self.sign) if pid != self.pid]

    def said(self) -> str:
        """Return what it and its workers have said."""
        found = b""
        with suppress(BlockingIOError):
            while part := os.read(self._said, 65536):
                found += part
        return found.decode("utf-8", "replace")

    def end(self) -> str:
        """End it and all that it has begun; return what was said."""
        self.kill()
        for pid in self.others():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        said = self.said()
        os.close(self._said)
        return said


def signed(sign: str) -> list[int]:
    """Return the processes that have `sign` in their environment."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                if f"CHAOS={sign}".encode() in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
    return found


class Work(NamedTuple):
    """A sweep or a comparison: the command without its folder."""

    words: tuple[object, ...]

    def into(self, folder: Path, *more: object, jobs: int = 1) -> tuple[object, ...]:
        """Return the words of the command."""
        return (*self.words, "--out", folder, "--jobs", jobs, "--quiet", *more)


def works(base: Path, *, small: bool = False) -> dict[str, Work]:
    """Return a sweep and a comparison of a hundred trials; or of few."""
    suite, data = base / "suite.toml", base / "data.csv"
    text = SUITE
    if small:
        text = text.replace("seeds = 12", "seeds = 1").partition('\n[[models]]\nvariant = "logistic"')[0]
    suite.write_text(text, encoding="utf-8")
    rng = np.random.default_rng(0)
    lines = ["id,t,word"]
    for i in range(20 if small else 40):
        word = "a"
        for t in range(12):
            word = word if rng.random() < 0.8 else "ab"[word == "a"]
            lines.append(f"s{i},{t},{word}")
    data.write_text("\n".join(lines) + "\n", encoding="utf-8")
    kinds = ("markov",) if small else ("markov", "logistic")
    models = [word for kind in kinds for word in ("--model", kind)]
    folds = ("--cv", 2) if small else ("--cv", 5)
    return {"sweep": Work(("sweep", suite)), "compare": Work(("compare", data, *models, *folds))}


def finished(folder: Path) -> dict[str, float]:
    """Return the trials that can be read, with the seconds that tell a row from its repetition."""
    if not (folder / STORE).is_file():
        return {}
    try:
        with Store(folder / STORE, read_only=True) as store:
            frame = store.frame()
    except (OSError, ValueError):
        return {}
    return dict(zip(frame["trial_id"], frame["trial_seconds"], strict=True))


def results(folder: Path) -> pd.DataFrame:
    """Return all that trials have found, but for what it cost."""
    frame = open_run(folder).frame().drop(columns=list(COST_COLUMNS))
    return frame.sort_values("trial_id", ignore_index=True)


def is_kept(before: dict[str, float], folder: Path) -> bool:
    """Whether the trials that were finished before still are."""
    return before.items() <= finished(folder).items()


def left(begun: Begun, seconds: float = 10.0) -> int:
    """Return how many processes outlive a run that was killed by so many seconds."""
    until = time.monotonic() + seconds
    while begun.others() and time.monotonic() < until:
        time.sleep(0.1)
    return len(begun.others())


def report_fault(*words: object) -> None:
    """Say what was found, where the table is not."""
    print(*words, file=sys.stderr, flush=True)


@contextmanager
def undisturbed(base: Path, *, small: bool = False) -> Iterator[dict[str, tuple[Work, pd.DataFrame, float]]]:
    """Yield each work, with the results that it ends in and the seconds that it takes."""
    found = {}
    with empty_pictures():
        for name, work in works(base, small=small).items():
            # what is compiled for the first time is compiled here
            for folder in (base / f"warm {name}", base / f"whole {name}"):
                begun = time.monotonic()
                ended = call(*work.into(folder))
                if ended.code:
                    raise SystemExit(f"{name}: {ended.err}")
            found[name] = (work, results(base / f"whole {name}"), time.monotonic() - begun)
        yield found


# ---------------------------------------------------------------------- kills


def kills(n: int, seed: int = 1) -> dict[str, object]:
    """Kill sweeps and comparisons at any moment, and go on with them; now and then afresh."""
    rng = random.Random(seed)
    done = lost = orphans = wrong = stuck = 0
    with tempfile.TemporaryDirectory() as temporary, undisturbed(Path(temporary)) as whole:
        runs = {name: Path(temporary, f"killed {name}") for name in whole}
        while done < n:
            name = list(whole)[done % len(whole)]
            (work, table, lasts), folder = whole[name], runs[name]
            before = finished(folder)
            afresh = len(before) == len(table) or rng.random() < 0.15
            jobs = 2 if rng.random() < 0.3 else 1
            begun = Begun(*work.into(folder, *(["--fresh"] if afresh else []), jobs=jobs))
            if not begun.wait(rng.uniform(0, lasts + 4 * (jobs - 1))):
                begun.kill()
                done += 1
                orphans += left(begun)
            elif begun.code:
                stuck += 1
            said = begun.end()
            if "Traceback" in said or begun.code not in (0, -signal.SIGKILL):
                wrong += 1
                report_fault("kills", name, begun.code, said[-600:])
            if not afresh and not is_kept(before, folder):
                lost += 1
                report_fault("kills", name, "lost")
        for name, (work, table, _) in whole.items():
            before = finished(runs[name])
            stuck += call(*work.into(runs[name])).code != 0
            lost += not is_kept(before, runs[name]) or not results(runs[name]).equals(table)
    return {"done": done, "lost": lost, "tracebacks": wrong, "orphans": orphans, "locked": stuck}


def _is_tracker(pid: int) -> bool:
    try:
        return b"resource_tracker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return True  # it has ended by itself


def workers(n: int, seed: int = 8) -> dict[str, object]:
    """Kill workers of sweeps and comparisons, which go on with others."""
    rng = random.Random(seed)
    done = lost = wrong = orphans = 0
    with tempfile.TemporaryDirectory() as temporary, undisturbed(Path(temporary)) as whole:
        run = 0
        while done < n:
            name = list(whole)[run % len(whole)]
            (work, table, _), folder = whole[name], Path(temporary, f"run {run}")
            run += 1
            begun, hit, before = Begun(*work.into(folder, jobs=2)), 0, {}
            # at most so many of one run: a trial that was in flight at three deaths runs alone
            while begun.runs() and hit < 5 and done < n:
                time.sleep(rng.uniform(0, 0.5))
                # the process by which loky keeps account of what workers share has no trial, and is no worker
                alive = [pid for pid in begun.others() if not _is_tracker(pid)]
                if alive and len(finished(folder)) > len(before):
                    before = finished(folder)
                    time.sleep(rng.uniform(0, 0.1))
                    with suppress(ProcessLookupError):
                        os.kill(rng.choice(alive), signal.SIGKILL)
                        hit, done = hit + 1, done + 1
            begun.wait()
            orphans += left(begun)
            said = begun.end()
            if "Traceback" in said or begun.code != 0:
                wrong += 1
                report_fault("workers", name, begun.code, said[-1500:])
            elif not is_kept(before, folder) or not results(folder).equals(table):
                lost += 1
                report_fault("workers", name, "lost")
    return {"done": done, "lost": lost, "tracebacks": wrong, "orphans": orphans, "locked": 0}


#: What a process tells of before it does it; here, what changes a file or looks for one to change.
_CHANGES = frozenset(
    ("open", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.truncate", "sqlite3.connect")
)
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def _at_change(folder: Path, act: Callable[[], object]) -> None:
    """Act before every change of a file under a folder."""

    def heard(event: str, arguments: tuple[Any, ...]) -> None:
        if event not in _CHANGES or (event == "open" and not (arguments[2] or 0) & _WRITES):
            return
        path = os.fspath(arguments[0]) if isinstance(arguments[0], str | os.PathLike) else ""
        # what is removed with its folder is named by the last part alone
        if str(path).startswith(str(folder)) or (event.startswith("os.rm") and not os.path.isabs(path)):
            act()

    sys.addaudithook(heard)


class _Dies:
    """Kills its process at the change of that number, or up to 3 ms after it."""

    def __init__(self, at: int, seconds: float) -> None:
        self.left, self.seconds = at, seconds

    def __call__(self) -> None:
        self.left -= 1
        if self.left == 0:
            if not self.seconds:
                os.kill(os.getpid(), signal.SIGKILL)
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.setitimer(signal.ITIMER_REAL, self.seconds)


def _changes(words: tuple[object, ...], folder: Path) -> int:
    """Return how many changes of files a command makes under a folder."""
    count = []
    read, write = os.pipe()

    def prepare() -> None:
        _at_change(folder, lambda: os.write(write, b"."))

    begun = Begun(*words, prepare=prepare)
    os.close(write)
    while part := os.read(read, 65536):
        count.append(len(part))
    os.close(read)
    begun.wait()
    begun.end()
    return sum(count)


def phases(n: int, seed: int = 9) -> dict[str, object]:
    """Kill reports and runs that begin afresh at every kind of change that they make of a file."""
    rng = random.Random(seed)
    done = lost = torn = stuck = wrong = 0
    with tempfile.TemporaryDirectory() as temporary, undisturbed(Path(temporary), small=True) as whole:
        for name, (work, table, _) in whole.items():
            source, folder = Path(temporary, f"whole {name}"), Path(temporary, "run")
            for phase in ("report", "fresh"):
                words = ("report", folder) if phase == "report" else work.into(folder, "--fresh")
                shutil.copytree(source, folder)
                total = _changes(words, folder)
                shutil.rmtree(folder)
                often = max(1, n // 4)
                for i in range(often):
                    shutil.copytree(source, folder)
                    # spread over all changes, so that no phase is left out
                    dies = _Dies(
                        1 + int((i + rng.random()) * total / often),
                        rng.choice([0.0, rng.uniform(1e-4, 3e-3)]),
                    )
                    begun = Begun(*words, prepare=lambda dies=dies, at=folder: _at_change(at, dies))
                    begun.wait()
                    said, kept = begun.end(), finished(folder)
                    done += begun.code is not None and begun.code < 0
                    wrong += "Traceback" in said
                    for path in folder.rglob("*"):
                        if path.is_file() and not _is_whole(path):
                            torn += 1
                            report_fault("phases", name, phase, i, "torn", path.name)
                    again = call(*(words if rng.random() < 0.5 and phase == "report" else work.into(folder)))
                    if again.code:
                        stuck += 1
                        report_fault("phases", name, phase, i, again.code, again.err)
                    elif not is_kept(kept, folder) or not results(folder).equals(table):
                        lost += 1
                        report_fault("phases", name, phase, i, "lost")
                    drafts = [path.name for path in folder.rglob("*.tmp")]
                    if drafts and words[0] != "report":
                        stuck += 1
                        report_fault("phases", name, phase, i, "drafts", drafts)
                    shutil.rmtree(folder)
    return {"done": done, "lost": lost + torn, "tracebacks": wrong, "locked": stuck}


def _is_whole(path: Path) -> bool:
    """Whether a file of a run is as it was meant, as far as its form tells; drafts are none."""
    content = path.read_bytes()
    ends = {".html": b"</html>", ".svg": b"</svg>", ".json": b"}", ".png": b"IEND\xaeB`\x82", ".csv": b"\n"}
    if path.suffix == ".tmp" or path.suffix not in ends:
        return True
    return content.rstrip(b"\n" if path.suffix != ".csv" else b"").endswith(ends[path.suffix])


# ---------------------------------------------------------------------- two at once, full disks


def twice(n: int, seed: int = 2) -> dict[str, object]:
    """Begin two runs in one folder: one works, and the other says who does, or waits for it."""
    wrong = lost = 0
    with tempfile.TemporaryDirectory() as temporary, undisturbed(Path(temporary)) as whole:
        for number in range(n):
            name = list(whole)[number % len(whole)]
            (work, table, _), folder = whole[name], Path(temporary, f"run {number}")
            waits = number % 4 >= 2
            words = work.into(folder, *(["--wait"] if waits else []))
            both = [Begun(*words), Begun(*words)]
            for begun in both:
                begun.wait()
            ended = sorted((begun.code, begun.end()) for begun in both)
            held = ended[1][1] if waits else ended[1][1].strip()
            # on a busy machine the one may have ended before the other began
            codes = [code for code, _ in ended]
            refused = codes == [0, 2] and not waits
            if codes != [0, 0] and not (
                refused and "is being worked on by process" in held and "\n" not in held
            ):
                wrong += 1
                report_fault("twice", name, ended)
            lost += not results(folder).equals(table)
    return {"done": n, "lost": lost, "tracebacks": wrong}


def full(n: int, seed: int = 3) -> dict[str, object]:
    """Let files grow to a size and no further, as on a full disk; then go on with room enough."""
    rng = random.Random(seed)
    unclear = locked = lost = 0
    with tempfile.TemporaryDirectory() as temporary, undisturbed(Path(temporary)) as whole:
        for number in range(n):
            name = list(whole)[number % len(whole)]
            (work, table, _), folder = whole[name], Path(temporary, f"run {number}")
            limit = int(2 ** rng.uniform(6, 18))
            begun = Begun(
                *work.into(folder),
                prepare=lambda limit=limit: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
            )
            begun.wait()
            said = begun.end()
            if not Ended(begun.code or 0, "", said).is_clear or "Traceback" in said:
                unclear += 1
                report_fault("full", name, limit, begun.code, said[-600:])
            kept = finished(folder)
            locked += call(*work.into(folder)).code != 0
            lost += not is_kept(kept, folder) or not results(folder).equals(table)
    return {"done": n, "lost": lost, "tracebacks": unclear, "locked": locked}
