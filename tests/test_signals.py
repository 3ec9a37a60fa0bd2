"""A signal ends a command in one line and with its code, whenever it comes."""

import os
import signal
import subprocess
import sys
from functools import partial

import pytest

CODES = {"SIGINT": 130, "SIGTERM": 143, "SIGHUP": 129}

#: Signals itself as soon as a module is imported, and goes on if that was caught.
AT_IMPORT = """
import os, signal, sys

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), signal.{name})

sys.meta_path.insert(0, Finder())
from seqcompare.__main__ import main
main()
"""

#: Signals itself in a function of a module.
IN_A_CALL = """
import os, signal, sys
from seqcompare.__main__ import main
import {module} as module

def ending(*args, **how):
    {body}

{where} = ending
main()
"""
KILL = "os.kill(os.getpid(), signal.{name})"
#: As libraries do that turn whatever goes wrong in them into errors of their own, or into nothing.
WRAPPED = "\n    try: " + KILL + "\n    except BaseException: raise ValueError('no such thing')"
SWALLOWED = "\n    try: " + KILL + "\n    except BaseException: return []"


def run(code, name, *arguments):
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONWARNINGS": "error"},
        # jobs in the background of a shell ignore Ctrl-C, those under nohup SIGHUP, and what they start does
        preexec_fn=partial(signal.signal, signal.Signals[name], signal.SIG_DFL)
        if name != "SIGINT"
        else partial(signal.signal, signal.SIGINT, signal.default_int_handler),
    )


@pytest.mark.parametrize("name", CODES)
@pytest.mark.parametrize(
    "module", ["typer", "seqcompare.cli.ending", "seqcompare.data.encoding", "pandas", "numba"]
)
def test_while_packages_are_imported(name, module, tmp_path):
    file = tmp_path / "x.csv"
    file.write_text("sequence,step,symbol\n" + "".join(f"a,{t},{'xy'[t % 2]}\n" for t in range(20)))
    done = run(AT_IMPORT.format(module=module, name=name), name, "profile", str(file))
    assert (done.returncode, done.stderr.splitlines()[-1]) == (CODES[name], "stopped")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", CODES)
def test_while_what_starts_workers_is_half_imported(name):
    done = run(AT_IMPORT.format(module="seqcompare.orphans", name=name), name, "sweep", "quick", "--dry-run")
    assert (done.returncode, done.stderr.splitlines()[-1]) == (CODES[name], "stopped")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", CODES)
@pytest.mark.parametrize(
    ("module", "where", "body"),
    [
        ("seqcompare.cli.ending", "module.Stoppable.resolve_command", KILL),
        ("seqcompare.cli.ending", "module.Stoppable.parse_args", KILL),
        ("seqcompare.cli.app", "sys.modules['seqcompare.cli.app'].records_of", KILL),
        ("seqcompare.cli.app", "sys.modules['seqcompare.cli.app'].records_of", WRAPPED),
        ("seqcompare.cli.app", "sys.modules['seqcompare.cli.app'].records_of", SWALLOWED),
    ],
)
def test_whatever_becomes_of_the_exception(name, module, where, body):
    code = IN_A_CALL.format(module=module, where=where, body=body.format(name=name))
    done = run(code, name, "list", "tasks")
    assert (done.returncode, done.stderr) == (CODES[name], "stopped\n")
    assert done.stdout == ""
