"""Train step and inference of the recurrent networks against PyTorch, one thread, both sides in one run.

A step is forward, backpropagation through all time, clipping and Adam, on sequences of 100 steps of 8 numbers
with one of 4 labels a step, in float32. PyTorch runs with oneDNN on and off and with Adam fused and not; its
best counts. It has no linear recurrences: they are written for it step by step and as a scan that doubles its
reach in each of seven rounds over all steps. The two sides alternate; the least processor time of each
counts, which others disturb least. The ratio is what matters: below 1 we are faster.

    python benchmarks/recurrent.py [--cells lstm gru elman mingru lru]

With --halves a batch is run whole, as two halves on one core, and as two halves on two cores, whatever its
size; the least time on the clock of each counts, so both cores should be idle.
"""

from __future__ import annotations

import argparse
import itertools
import platform
import time
from functools import partial

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from seqcompare.models.recurrent import chunks
from seqcompare.models.recurrent.answering import answer
from seqcompare.models.recurrent.architecture import Architecture
from seqcompare.models.recurrent.chunks import Examples, gradients
from seqcompare.models.recurrent.network import Network
from seqcompare.models.recurrent.optimizers import Descent, descend, fresh_memory
from seqcompare.models.recurrent.threads import one_thread

T, D, K = 100, 8, 4
WHOLE, ALWAYS = (10**9, 0, 0), (2, 0, 0)
SIZES = [
    (1, 32),
    (1, 64),
    (1, 128),
    (8, 32),
    (32, 32),
    (32, 64),
    (32, 128),
    (32, 256),
    (128, 32),
    (128, 64),
    (128, 128),
]
HALVED_SIZES = [(32, 32), (32, 64), (32, 128), (64, 64), (128, 32), *itertools.product((32, 64, 128), (256,))]
HALVED_SIZES += [(64, 128), (128, 64), (128, 128), (256, 32), (256, 64), (256, 128)]


class Ours:
    """Our side: a network, its optimiser and a batch."""

    def __init__(self, cell, batch, hidden, x, y):
        self.network = Network(
            Architecture(cell, "tanh", hidden, 1, False, False, D, 0, K, "none", "softmax"), reuse=True
        )
        self.flat = self.network.initial(np.random.default_rng(0), T, np.float32)
        self.memory = fresh_memory("adam", self.flat)
        offsets = np.arange(batch + 1) * T
        self.examples = Examples(x.reshape(-1, D), offsets, y.ravel(), np.ones(batch * T))
        self.batch = np.arange(batch)
        self.decays = np.zeros(len(self.flat), bool)
        self.descent = Descent("adam", 1e-3, 0.9, 1.0, 0.0)
        self.rng = np.random.default_rng(0)

    def train(self):
        """Make one training step."""
        for update in gradients(
            self.network, self.flat, self.examples, self.batch, None, (0.0, 0.0), self.rng
        ):
            descend(self.flat, update.gradient, self.memory, self.descent, self.decays)

    def infer(self):
        """Compute all outputs."""
        answer(self.network, self.flat, self.examples.inputs, self.examples.offsets)


def doubled(factor, entered):
    """Return h[t] = factor[t] h[t - 1] + entered[t], time first, in rounds that double the reach."""
    reach = 1
    while reach < len(entered):
        entered = torch.cat([entered[:reach], entered[reach:] + factor[reach:] * entered[:-reach]])
        factor = torch.cat([factor[:reach], factor[reach:] * factor[:-reach]])
        reach *= 2
    return entered


def stepped(factor, entered):
    """Return the same, step by step."""
    h, states = torch.zeros_like(entered[0]), []
    for a, b in zip(factor.unbind(), entered.unbind(), strict=True):
        h = a * h + b
        states.append(h)
    return torch.stack(states)


class MinGRU(torch.nn.Module):
    """A GRU whose gate sees the input alone."""

    def __init__(self, inputs, hidden, scan):
        super().__init__()
        self.enter, self.scan = torch.nn.Linear(inputs, 2 * hidden), scan

    def forward(self, x):
        """Return the states, as PyTorch's recurrent modules do."""
        z, n = self.enter(x).chunk(2, -1)
        z = torch.sigmoid(z)
        return self.scan(z, (1 - z) * torch.tanh(n)), None


class LRU(torch.nn.Module):
    """The linear recurrent unit."""

    def __init__(self, inputs, hidden, scan):
        super().__init__()
        self.enter, self.scan = torch.nn.Linear(inputs, 3 * hidden), scan
        self.fading = torch.nn.Parameter(-torch.log(1 + T * torch.rand(hidden)))
        self.turning = torch.nn.Parameter(torch.log(3.1 * torch.rand(hidden)))
        self.output = torch.nn.Linear(2 * hidden, hidden, bias=False)

    def forward(self, x):
        """Return the outputs, as PyTorch's recurrent modules do."""
        re, im, past = self.enter(x).chunk(3, -1)
        turn = torch.exp(torch.complex(-torch.exp(self.fading), torch.exp(self.turning)))
        entered = torch.sqrt(1 - turn.abs() ** 2) * torch.complex(re, im)
        # one factor a unit, whatever the step and the sequence
        h = self.scan(turn.expand(len(x), 1, -1), entered)
        return torch.tanh(self.output(torch.cat([h.real, h.imag], -1)) + past), None


RIVALS = {
    "lstm": [torch.nn.LSTM],
    "gru": [torch.nn.GRU],
    "elman": [torch.nn.RNN],
    "mingru": [partial(MinGRU, scan=doubled), partial(MinGRU, scan=stepped)],
    "lru": [partial(LRU, scan=doubled), partial(LRU, scan=stepped)],
}


class Theirs:
    """The same in PyTorch, under given settings."""

    def __init__(self, make, hidden, x, y, *, onednn, fused):
        self.onednn = onednn
        self.rnn = make(D, hidden)
        self.readout = torch.nn.Linear(hidden, K)
        self.parameters = [*self.rnn.parameters(), *self.readout.parameters()]
        self.adam = torch.optim.Adam(self.parameters, lr=1e-3, fused=fused, foreach=not fused)
        self.x = torch.from_numpy(np.ascontiguousarray(x.transpose(1, 0, 2)))
        self.y = torch.from_numpy(y.T.copy()).reshape(-1)

    def train(self):
        """Make one training step."""
        with torch.backends.mkldnn.flags(enabled=self.onednn):
            self.adam.zero_grad(set_to_none=True)
            z = self.readout(self.rnn(self.x)[0])
            torch.nn.functional.cross_entropy(z.reshape(-1, K), self.y).backward()
            torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
            self.adam.step()

    def infer(self):
        """Compute all outputs."""
        with torch.backends.mkldnn.flags(enabled=self.onednn), torch.inference_mode():
            self.readout(self.rnn(self.x)[0])


def least_times(actions, seconds):
    """Run all actions in turn for `seconds`, at least 2 rounds; return each one's least time.

    An action runs a few times in a row, as in a training loop, which finds its data in the cache.
    """
    for action in actions:
        action()
        action()
    times = [[] for _ in actions]
    stop = time.perf_counter() + seconds
    while time.perf_counter() < stop or len(times[0]) < 10:
        for action, record in zip(actions, times, strict=True):
            for _ in range(5):
                began = time.process_time()
                action()
                record.append(time.process_time() - began)
    return [min(t) for t in times]


def least_of_halves(action, seconds):
    """Return the least time of an action on whole batches, on halves by one core, and by two."""
    times = [[], [], []]
    stop = time.perf_counter() + seconds
    while time.perf_counter() < stop or len(times[0]) < 10:
        for record, sizes, n_threads in zip(times, (WHOLE, ALWAYS, ALWAYS), (1, 1, 2), strict=True):
            chunks._HALVED = sizes
            with threadpool_limits(n_threads, user_api="blas"), one_thread():
                action()
                for _ in range(5):
                    began = time.perf_counter()
                    action()
                    record.append(time.perf_counter() - began)
    return [min(t) for t in times]


def print_halves(cells, seconds):
    """Print what halves cost one core, and what two cores gain."""
    print("| cell | batch | hidden | halved | train ms | one core | two cores | infer ms | one core | two |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    rng, rule = np.random.default_rng(0), chunks._HALVED
    for cell, (batch, hidden) in itertools.product(cells, HALVED_SIZES):
        x = rng.standard_normal((batch, T, D)).astype(np.float32)
        ours = Ours(cell, batch, hidden, x, rng.integers(0, K, (batch, T)))
        chunks._HALVED = rule
        halved = len(chunks.halves(ours.network, ours.examples.offsets, ours.batch, None)) == 2
        columns = []
        for action in (ours.train, ours.infer):
            whole, *halves = least_of_halves(action, seconds)
            columns += [f"{whole * 1e3:.2f}", *(f"{each / whole:.2f}" for each in halves)]
        print(
            f"| {cell} | {batch} | {hidden} | {'yes' if halved else 'no'} | " + " | ".join(columns) + " |",
            flush=True,
        )


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", nargs="+", default=list(RIVALS))
    parser.add_argument("--seconds", type=float, default=2.0, help="for each row of the table")
    parser.add_argument(
        "--halves", action="store_true", help="measure halves of batches, on one core and on two"
    )
    args = parser.parse_args()
    if args.halves:
        print_halves(args.cells, args.seconds)
        return
    torch.set_num_threads(1)
    print(
        f"{platform.processor() or platform.machine()}, PyTorch {torch.__version__}, NumPy {np.__version__}"
    )
    print(
        "| cell | batch | hidden | train ours ms | PyTorch ms | ratio | infer ours ms | PyTorch ms | ratio |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    rng = np.random.default_rng(0)
    for cell, (batch, hidden) in itertools.product(args.cells, SIZES):
        x = rng.standard_normal((batch, T, D)).astype(np.float32)
        y = rng.integers(0, K, (batch, T))
        ours = Ours(cell, batch, hidden, x, y)
        settings = itertools.product(RIVALS[cell], [True, False], [True, False])
        theirs = [Theirs(make, hidden, x, y, onednn=o, fused=f) for make, o, f in settings]
        with threadpool_limits(1, user_api="blas"), one_thread():
            train = least_times([ours.train, *(t.train for t in theirs)], args.seconds)
            infer = least_times([ours.infer, *(t.infer for t in theirs)], args.seconds / 2)
        cells = []
        for mine, *peers in (train, infer):
            cells += [f"{mine * 1e3:.2f}", f"{min(peers) * 1e3:.2f}", f"{mine / min(peers):.2f}"]
        print(f"| {cell} | {batch} | {hidden} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
