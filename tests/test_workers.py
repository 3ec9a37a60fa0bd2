"""Workers are started once, beside what else is done, and are there for all that comes."""

import os
import subprocess
import sys
import threading
import time

import joblib
import pytest

from seqcompare import workers
from seqcompare.orphans import _is_there


def test_workers_stay_for_the_next_calls():
    workers.begin(2)
    # long enough for both to have some
    who = joblib.delayed(lambda: time.sleep(0.05) or os.getpid())
    first = set(workers.parallel(2)(who() for _ in range(20)))
    again = set(workers.parallel(2)(who() for _ in range(20)))
    assert again <= first
    assert os.getpid() not in first


def test_one_worker_is_this_process():
    assert workers.parallel(1)([joblib.delayed(os.getpid)()]) == [os.getpid()]
    assert workers.n_idle() == 0


def test_workers_that_are_dismissed_are_gone_and_others_come():
    who = joblib.delayed(lambda: time.sleep(0.05) or os.getpid())
    first = set(workers.parallel(2)(who() for _ in range(4)))
    workers.dismiss()
    assert not workers.begun()
    assert not any(map(_is_there, first))
    assert {thread.name for thread in threading.enumerate()}.isdisjoint({"QueueFeederThread"})
    again = set(workers.parallel(2)(who() for _ in range(4)))
    assert not again & first
    workers.dismiss()
    workers.dismiss()  # nobody is there


@pytest.mark.skipif(os.name != "posix", reason="signals are blocked where there are such")
def test_workers_do_not_hear_what_is_for_this_process():
    code = (
        "import joblib, signal\n"
        "from seqcompare import workers\n"
        "heard = joblib.delayed(signal.pthread_sigmask)(signal.SIG_BLOCK, [])\n"
        "print([signal.SIGINT in blocked for blocked in workers.parallel(2)([heard])])\n"
        "print(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, []))\n"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["[True]", "False"]


def test_a_process_does_not_wait_for_workers_that_it_abandons():
    code = (
        "from seqcompare import workers\n"
        "workers._TRIALS = 'tests_never_find_this'\n"
        "workers.begin(2)\n"
        "workers._Pool.starting.join(0.2)\n"
        "workers.abandon()\n"
        "print(workers._Pool.starting.is_alive())\n"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == "False\n"
    assert said.stderr == ""
