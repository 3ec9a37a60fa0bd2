"""Files of all formats, whole and damaged, and what reading one of them takes."""

import bz2
import contextlib
import gc
import gzip
import io
import json
import lzma
import os
import re
import resource
import select
import signal
import sys
import time
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

CASES = sorted(path for path in (Path(__file__).parents[1] / "cases").iterdir() if path.suffix != ".md")
SECONDS, BYTES = 10, 2**30
SCRAPS = [
    b",",
    b"\n",
    b"",
    b"-",
    b"NA",
    b"\t",
    b'"',
    b"9" * 400,
    b"1e999",
    b"inf",
    b";",
    b"#",
    b" ",
    b"\0",
    b"\xff",
]
SCRAPS += [
    "²".encode(),
    "−".encode(),
    b"@",
    b":",
    b"{",
    b"]",
    b"<",
    b"\r",
    b"\x1f\x8b",
    b"(",
    b"%",
    b"2020-01-01",
]
CELLS = st.one_of(
    st.sampled_from(
        ["", "NA", "-", "a", "b", "1", "2", "-999", "1.5", "12%", "$3", "2020-01-02", "3:10", "1,5", "007"]
    ),
    st.integers(-5, 300).map(str),
    st.floats(allow_nan=True, allow_infinity=True, width=32).map(str),
    st.text(max_size=6),
)
NAMES = [
    "id",
    "t",
    "time",
    "v",
    "label",
    "class",
    "x1",
    "x2",
    "x3",
    "1990",
    "1991",
    "1992",
    "",
    "group",
    "text",
    "jan",
]
NAMES += ["feb", "mar"]
ENDINGS = (
    ".csv .tsv .txt .ts .tsf .arff .fasta .jsonl .xes .npy .npz .parquet .xlsx .csv.gz .txt.bz2 .log .conll"
)
ENDINGS = [*ENDINGS.split(), ".tsv.xz", ".csv.zip", ""]


@st.composite
def tables(draw):
    """Draw the text of a table, with a mark between its cells."""
    mark = draw(st.sampled_from([",", ";", "\t", "|", " "]))
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=6))
    rows = draw(st.lists(st.lists(CELLS, min_size=len(names), max_size=len(names)), max_size=12))
    return "\n".join(mark.join(row) for row in [names, *rows]) + "\n"


def drawn(n, number):
    """Return texts of tables that hypothesis draws."""
    found = []

    @seed(number)
    @settings(max_examples=n, database=None, deadline=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(tables())
    def draw(text):
        found.append(text.encode("utf-8", "surrogatepass"))

    draw()
    return found[:n]


def whole_files(random):
    """Return the bytes of whole files, by the endings of their names."""
    n, n_steps = int(random.integers(4, 12)), int(random.integers(2, 9))
    x, y = random.normal(size=(n, n_steps)).round(2), ["ab"[i % 2] for i in range(n)]
    rows = [",".join(map(str, one)) for one in x]
    frame = pd.DataFrame(
        [(i, t, v, y[i]) for i in range(n) for t, v in enumerate(x[i])], columns=["id", "t", "v", "label"]
    )
    event = '<event><string key="concept:name" value="{}"/><date key="time" value="2020-01-0{}"/></event>'
    several = range(n_steps)
    trace = "<trace>" + "".join(event.format("AB"[t % 2], t + 1) for t in range(n_steps)) + "</trace>"
    ends = {mark: "".join(f"{r}{mark}{k}\n" for r, k in zip(rows, y, strict=True)) for mark in ":,"}
    texts = {
        ".ts": f"@problemName a\n@univariate true\n@classLabel true a b\n@data\n{ends[':']}",
        ".tsf": "@attribute name string\n@data\n" + "".join(f"T{i}:{r}\n" for i, r in enumerate(rows)),
        ".arff": "".join(f"@attribute a{i} real\n" for i in several)
        + "@attribute k {a,b}\n@data\n"
        + ends[","],
        ".fasta": "".join(f">r{i}|{k}\n{''.join(random.choice(list('ACGT'), 9))}\n" for i, k in enumerate(y)),
        ".jsonl": "".join(json.dumps({"x": list(one), "y": k}) + "\n" for one, k in zip(x, y, strict=True)),
        ".xes": f"<?xml version='1.0'?><log>{trace * n}</log>",
        ".conll": "".join("".join(f"w{t % 3} X {k}\n" for t in several) + "\n" for k in y),
        ".csv": frame.to_csv(index=False),
        ".tsv": "".join("\t".join([k, *map(str, one)]) + "\n" for one, k in zip(x, y, strict=True)),
    }  # fmt: skip
    files = {ending: text.encode() for ending, text in texts.items()}
    for ending, write in {
        ".npy": lambda file: np.save(file, x),
        ".npz": lambda file: np.savez(file, X=x, y=np.array(y)),
        ".parquet": frame.to_parquet,
        ".xlsx": lambda file: frame.to_excel(file, index=False),
    }.items():
        buffer = io.BytesIO()
        write(buffer)
        files[ending] = buffer.getvalue()
    files[".csv.gz"], files[".csv.bz2"] = gzip.compress(files[".csv"]), bz2.compress(files[".csv"])
    files[".csv.xz"] = lzma.compress(files[".csv"])
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.csv", files[".csv"])
    files[".csv.zip"] = buffer.getvalue()
    return files


def damaged(content, random):
    """Return a file of which lines are lost or doubled, cells swapped, and bytes replaced."""
    lines = content.split(b"\n")
    for _ in range(random.integers(1, 5)):
        i = random.integers(len(lines))
        change = random.integers(5)
        if change == 0:
            del lines[i]
        elif change == 1:
            lines.insert(i, lines[random.integers(len(lines))])
        elif change == 2 and len(lines) > 3:
            lines = lines[: int(i) + 1]
        elif lines[i]:
            at = random.integers(len(lines[i]))
            scrap = SCRAPS[random.integers(len(SCRAPS))]
            lines[i] = lines[i][:at] + scrap + lines[i][at + random.integers(3) :]
        lines = lines or [b""]
    return b"\n".join(lines)


def files(n, number):
    """Yield names and bytes of n files: drawn tables, damaged cases, files of all formats."""
    random = np.random.default_rng(number)
    texts = drawn(n // 4, number)
    formats = whole_files(random)
    for i in range(n):
        if i % 4 == 0 and i // 4 < len(texts):
            yield f"{i}{ENDINGS[random.integers(3)]}", texts[i // 4]
        elif i % 4 == 1:
            path = CASES[random.integers(len(CASES))]
            yield f"{i}{path.suffix}", damaged(path.read_bytes()[:4000], random)
        else:
            ending = list(formats)[random.integers(len(formats))]
            content = formats[ending] if i % 20 == 2 else damaged(formats[ending], random)
            # some have the name of another format
            yield f"{i}{ending if i % 5 else ENDINGS[random.integers(len(ENDINGS))]}", content
        if i % 400 == 399:
            formats = whole_files(random)


@dataclass(frozen=True)
class Outcome:
    """How a command ended: its code, what it wrote of errors, seconds of processor, and further bytes."""

    code: int
    error: str
    seconds: float
    memory: int

    @property
    def fault(self):
        """What is wrong with that; empty if nothing is."""
        lines = self.error.strip().splitlines()
        if self.code not in (0, 2):
            return f"code {self.code}: {lines[-1] if lines else ''}"
        if self.code == 2 and (
            len([line for line in lines if line.startswith("error: ")]) != 1 or "Traceback" in self.error
        ):
            return f"{len(lines)} lines: {self.error[:200]}"
        if self.seconds > SECONDS or self.memory > BYTES:
            return f"{self.seconds:.1f} s, {self.memory / 2**20:.0f} MiB"
        return ""


def warm(folder):
    """Load and compile what takes long for the first time only, before processes are parted."""
    from seqcompare.data.encoding import as_numbers
    from seqcompare.data.inspection import inspect
    from seqcompare.datasets import read
    from seqcompare.dependence.checks import check

    formats = whole_files(np.random.default_rng(0))
    paths = [CASES[0].with_name(f"{name}.csv") for name in ("k14a_two_code_columns", "k14c_event_and_amount")]
    for ending in (".csv", ".tsv", ".fasta", ".xes", ".conll", ".parquet", ".xlsx", ".npz", ".jsonl"):
        path = Path(folder, f"warm{ending}")
        path.write_bytes(formats[ending])
        paths.append(path)
    for path in paths:
        data = read(path)
        inspect(data)
        check(replace(data, X=as_numbers(data.X)))


class Reading:
    """A process that inspects one file after the other, as ``seqcompare inspect`` does.

    Its memory is limited, so that no file takes the machine's.
    """

    def __enter__(self):
        self.pid = 0
        return self

    def __exit__(self, *_):
        self._end()

    def _start(self):
        gc.collect()
        ask_end, self.ask = os.pipe()
        self.answer, answer_end = os.pipe()
        self.pid = os.fork()
        if self.pid:
            os.close(ask_end)
            os.close(answer_end)
            return
        try:
            os.close(self.ask)
            os.close(self.answer)
            most = _pages()[0] + BYTES + BYTES // 2
            resource.setrlimit(resource.RLIMIT_AS, (most, most))
            with os.fdopen(ask_end) as paths:
                for path in paths:
                    os.write(answer_end, json.dumps(_run(path.rstrip("\n"))).encode() + b"\n")
        finally:
            os._exit(0)

    def _end(self):
        """Kill the process; return how it ended."""
        if not self.pid:
            return 0
        os.close(self.ask)
        os.close(self.answer)
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        status = os.waitpid(self.pid, 0)[1]
        self.pid = 0
        return os.waitstatus_to_exitcode(status)

    def inspected(self, path):
        """Return how ``seqcompare inspect`` ends for a file."""
        if not self.pid:
            self._start()
        os.write(self.ask, f"{path}\n".encode())
        said = b""
        end = time.monotonic() + 20 * SECONDS
        while not said.endswith(b"\n"):
            ready = select.select([self.answer], [], [], max(0.0, end - time.monotonic()))[0]
            came = os.read(self.answer, 65536) if ready else b""
            if not came:
                return Outcome(self._end() or -1, "killed" if ready else "it does not end", 20.0 * SECONDS, 0)
            said += came
        return Outcome(*json.loads(said))


def _pages():
    """Return the bytes of this process: of its addresses, and in memory."""
    size, resident = Path("/proc/self/statm").read_text("ascii").split()[:2]
    return int(size) * resource.getpagesize(), int(resident) * resource.getpagesize()


def _run(path):
    """Return code, errors, seconds of processor and further bytes at most of ``seqcompare inspect``."""
    from seqcompare.cli import main

    code = 99
    Path("/proc/self/clear_refs").write_text("5")  # forgets the most memory so far
    before, start = _pages()[1], time.process_time()
    sys.argv = ["seqcompare", "inspect", path]
    errors = io.StringIO()
    with contextlib.redirect_stderr(errors), contextlib.redirect_stdout(io.StringIO()):
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        except BaseException as error:
            errors.write(f"Traceback: {type(error).__name__}: {error}")
    # other work on the machine is not the file's fault
    seconds = time.process_time() - start
    most = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text("ascii"))
    return code, errors.getvalue()[-2000:], seconds, max(int(most[1]) * 1024 - before, 0)
