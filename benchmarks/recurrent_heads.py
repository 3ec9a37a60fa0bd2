"""What a density head costs beside the softmax head: one training step of the same network, in one run.

Sequences of 100 steps of one number, GRU, float32, one thread; heads take turns and the least CPU time
counts. The softmax head has four classes.

    python benchmarks/recurrent_heads.py
"""

from __future__ import annotations

import time

import numpy as np

from seqcompare.models.recurrent import heads
from seqcompare.models.recurrent.architecture import Architecture
from seqcompare.models.recurrent.chunks import Examples, gradients
from seqcompare.models.recurrent.network import Network
from seqcompare.models.recurrent.optimizers import Descent, descend, fresh_memory
from seqcompare.models.recurrent.threads import one_thread

T, REPEATS = 100, 25
HEADS = ("softmax", "gaussian", "mixture", "poisson")


def stepper(head, batch, hidden):
    """Return a function that makes one training step."""
    rng = np.random.default_rng(0)
    size = 4 if head == "softmax" else heads.n_outputs(head, 1, 3)
    network = Network(
        Architecture("gru", "tanh", hidden, 1, False, False, 1, 0, size, "none", head, head != "softmax"),
        reuse=True,
    )
    flat = network.initial(rng, T, np.float32)
    memory, decays = fresh_memory("adam", flat), np.zeros(len(flat), bool)
    counts = rng.integers(0, 4, batch * T)
    targets = counts if head == "softmax" else counts[:, np.newaxis].astype(np.float32)
    x = rng.normal(size=(batch * T, 1)).astype(np.float32)
    examples = Examples(x, np.arange(batch + 1) * T, targets, np.ones(batch * T))

    def step():
        for update in gradients(network, flat, examples, np.arange(batch), None, (0.0, 0.0), rng):
            descend(flat, update.gradient, memory, Descent("adam", 1e-3, 0.9, 1.0, 0.0), decays)

    return step


def main() -> None:
    """Print a line a size."""
    print(f"{'batch':>5} {'hidden':>6} {'softmax, ms':>12}" + "".join(f" {name:>9}" for name in HEADS[1:]))
    with one_thread():
        for batch in (4, 32):
            for hidden in (16, 32, 64, 128):
                steps = {name: stepper(name, batch, hidden) for name in HEADS}
                times = {name: [] for name in HEADS}
                for _ in range(REPEATS):
                    for name, step in steps.items():
                        begin = time.process_time()
                        step()
                        times[name].append(time.process_time() - begin)
                least = {name: min(found) for name, found in times.items()}
                shares = "".join(f" {least[name] / least['softmax']:9.2f}" for name in HEADS[1:])
                print(f"{batch:5d} {hidden:6d} {1e3 * least['softmax']:12.2f}{shares}", flush=True)


if __name__ == "__main__":
    main()
