"""Forks a light sweep per line of input, so that killing many of them costs no imports."""

import json
import os
import sys
import tempfile

from sweep_toys import light_suite

import seqcompare


def main():
    # what is imported when it is first needed is there for all who come after
    with tempfile.TemporaryDirectory() as folder:
        seqcompare.sweep(light_suite(seeds=1, distances=[2]), folder, n_jobs=1)
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            seqcompare.sweep(light_suite(**order["suite"]), order["folder"], n_jobs=order["n_jobs"])
            os._exit(0)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{status}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
