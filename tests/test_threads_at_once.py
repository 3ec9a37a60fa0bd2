"""Threads of BLAS while several threads of Python compute."""

from contextlib import ExitStack

from threadpoolctl import threadpool_info, threadpool_limits

from seqcompare.experiments import threads as trials
from seqcompare.models.recurrent import threads as networks
from seqcompare.threads import one_thread


def of_blas():
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


def test_who_is_done_first_leaves_the_others_their_one_thread():
    with threadpool_limits(2):
        first, second, third = ExitStack(), ExitStack(), ExitStack()
        first.enter_context(networks.one_thread())
        second.enter_context(one_thread())
        third.enter_context(trials.one_thread())
        for done in (first, second):
            done.close()
            assert of_blas() == {1}
        third.close()
        assert of_blas() == {2}
