"""Commands need no network, and the package needs nothing of one operating system alone."""

import json
import os
import subprocess
import sys
import textwrap

import pytest

from seqcompare.cli import app

ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "MPLBACKEND": "agg"}

# every way to another machine ends in an error, of compiled code as well
REFUSING = """
import sys
WAYS = {f"socket.{way}" for way in ("connect", "bind", "sendto", "getaddrinfo", "gethostbyname")}

def refuse(event, arguments):
    if event in WAYS:
        raise RuntimeError(f"the network was asked for: {event} {arguments}")

sys.addaudithook(refuse)
"""

# what Windows lacks is gone, and what it has in its place is there
WINDOWS = """
import importlib, os, signal, sys, types

# what others do on this system is their matter
for name in ("hmmlearn.hmm", "joblib", "matplotlib.pyplot", "numba", "pandas", "scikit_posthocs", "seaborn"):
    importlib.import_module(name)
for name in ("fcntl", "resource", "grp", "pwd", "termios", "tty", "pty", "syslog"):
    sys.modules[name] = None
for name in ("SIGHUP", "SIGKILL", "SIGALRM", "SIGUSR1", "SIGUSR2", "SIGQUIT", "SIGPIPE", "pthread_kill"):
    delattr(signal, name)
for name in ("sched_getaffinity", "fork", "getuid", "geteuid", "sysconf", "getpgid", "killpg"):
    delattr(os, name)
locked = []
msvcrt = sys.modules["msvcrt"] = types.ModuleType("msvcrt")
msvcrt.LK_NBLCK = 2
msvcrt.locking = lambda handle, mode, size: locked.append((mode, size))

def refuse(event, arguments):
    here = str(arguments[0]).startswith(("/proc/", "/sys/")) if event == "open" else False
    if here and arguments[0] != "/proc/self/maps":  # threadpoolctl's
        raise FileNotFoundError(arguments[0])

sys.addaudithook(refuse)
"""

SUITE = """
title = "Offline"
epochs = 1
max_seconds = 30
seeds = 1
distances = [2]
n_train = 40
n_validation = 10
n_test = 20
tasks = [{ name = "Echo" }]
models = [{ variant = "markov", sizes = [2] }]
"""


def python(code, *arguments):
    """Run code in a process of its own; return what it says."""
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def words(tmp_path_factory):
    path = tmp_path_factory.mktemp("offline") / "words.txt"
    path.write_text("\n".join(["abababab", "babababa"] * 12))
    return path


def test_no_command_asks_for_the_network(words):
    folder, suite = words.with_name("run"), words.with_name("suite.toml")
    suite.write_text(SUITE)
    commands = [
        ["sweep", suite, "--out", words.with_name("sweep"), "--jobs", "1"],
        ["compare", words, "--model", "seqcompare:MarkovChain", "--cv", "2", "--out", folder, "--jobs", "1"],
        ["profile", words, "--out", words.with_name("profile")],
        ["inspect", words],
        ["predict", folder, words],
        ["forecast", folder, words],
        ["explain", folder, words, "--sequence", "0"],
        ["export", folder, words.with_name("words.onnx")],
        ["claims", "--list"],
        ["report", folder],
        ["list", "datasets"],
    ]
    names = [command.name or command.callback.__name__ for command in app.registered_commands]
    assert [command[0] for command in commands] == names
    code = REFUSING + textwrap.dedent("""
        import json
        from seqcompare.cli import main

        for command in json.loads(sys.argv[1]):
            sys.argv = ["seqcompare", *command]
            try:
                main()
            except SystemExit as ended:
                assert not ended.code, (command, ended.code)
    """)

    python(code, json.dumps([[str(word) for word in command] for command in commands]))


def test_the_network_is_refused_where_it_is_asked_for():
    code = REFUSING + "import urllib.request\nurllib.request.urlopen('http://localhost:9')"
    with pytest.raises(AssertionError, match="the network was asked for"):
        python(code)


def test_a_comparison_needs_nothing_of_one_system_alone(words):
    code = WINDOWS + textwrap.dedent("""
        import seqcompare

        for name in seqcompare.__all__:
            getattr(seqcompare, name)
        for module in ("cli.app", "experiments.sweep", "experiments.dask_cluster", "claims", "report.page"):
            importlib.import_module(f"seqcompare.{module}")
        seqcompare.RNNTagger(max_iter=1, hidden_size=2).fit(["abab"], [[0, 1, 0, 1]])
        seqcompare.HMM(2, n_init=1).fit(["abab" * 4])
        chain = {"mine": seqcompare.MarkovChain(1)}
        found = seqcompare.compare(sys.argv[1], chain, cv=2, out=sys.argv[2], n_jobs=1)
        assert locked == [(2, 1)] * len(locked) and locked
        print(found.verdict().kind)
    """)
    assert python(code, words, words.with_name("elsewhere")).split()[-1] == "model"
