"""Train step and inference of attention against PyTorch on the same work, one thread, both sides in one run.

Two causal layers of four heads with a learned number a distance, on sequences of equal length of 8 numbers
with one of 4 labels a step, in float32. PyTorch runs ``scaled_dot_product_attention`` and ``rms_norm``, with
Adam fused and not; its best counts. The two sides alternate; the least processor time of each counts. The
ratio is what matters: below 1 we are faster.

    python -P benchmarks/attention.py
"""

from __future__ import annotations

import argparse
import platform
import time

import numpy as np
import torch

from seqcompare.models.attention.architecture import AttentionArchitecture
from seqcompare.models.attention.network import AttentionNetwork
from seqcompare.models.recurrent.answering import answer
from seqcompare.models.recurrent.chunks import Examples, gradients
from seqcompare.models.recurrent.optimizers import Descent, descend, fresh_memory
from seqcompare.models.recurrent.threads import one_thread

D, K, LAYERS, HEADS = 8, 4, 2, 4
#: Sequences, steps and hidden size.
SIZES = [(1, 100, 32), (8, 100, 32), (32, 50, 32), (32, 100, 32), (32, 100, 64), (32, 100, 128), (8, 400, 64)]


class Ours:
    """Our side: a network, its optimiser and a batch."""

    def __init__(self, hidden, x, y):
        batch, T, _ = x.shape
        self.network = AttentionNetwork(
            AttentionArchitecture(hidden, LAYERS, HEADS, T, True, False, D, K, "none", "softmax"), reuse=True
        )
        self.flat = self.network.initial(np.random.default_rng(0), T, np.float32)
        self.memory = fresh_memory("adam", self.flat)
        offsets = np.arange(batch + 1) * T
        self.examples = Examples(x.reshape(-1, D), offsets, y.ravel(), np.ones(batch * T))
        self.batch = np.arange(batch)
        self.decays = np.zeros(len(self.flat), bool)
        self.rng = np.random.default_rng(0)

    def train(self):
        """Make one training step."""
        for update in gradients(
            self.network, self.flat, self.examples, self.batch, None, (0.0, 0.0), self.rng
        ):
            descend(
                self.flat, update.gradient, self.memory, Descent("adam", 1e-3, 0.9, 1.0, 0.0), self.decays
            )

    def infer(self):
        """Compute all outputs."""
        answer(self.network, self.flat, self.examples.inputs, self.examples.offsets)


class Layer(torch.nn.Module):
    """One layer, as ours has it."""

    def __init__(self, hidden, steps):
        super().__init__()
        self.first, self.second = torch.nn.RMSNorm(hidden, eps=1e-6), torch.nn.RMSNorm(hidden, eps=1e-6)
        self.ask, self.found = torch.nn.Linear(hidden, 3 * hidden), torch.nn.Linear(hidden, hidden)
        self.think, self.thought = torch.nn.Linear(hidden, 2 * hidden), torch.nn.Linear(2 * hidden, hidden)
        self.distance = torch.nn.Parameter(torch.zeros(HEADS, steps))
        place = torch.arange(steps)[None] - torch.arange(steps)[:, None] + steps - 1
        self.register_buffer("place", place.clamp(0, steps - 1))
        self.register_buffer("later", place >= steps)

    def forward(self, rows):
        """Return the rows with what is added to them."""
        n, T, H = rows.shape
        q, k, v = self.ask(self.first(rows)).reshape(n, T, 3, HEADS, -1).permute(2, 0, 3, 1, 4)
        shift = self.distance[:, self.place].masked_fill(self.later, -torch.inf)
        found = torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=shift)
        rows = rows + self.found(found.transpose(1, 2).reshape(n, T, H))
        return rows + self.thought(torch.relu(self.think(self.second(rows))))


class Theirs:
    """The same in PyTorch."""

    def __init__(self, hidden, x, y, *, fused):
        T = x.shape[1]
        self.net = torch.nn.Sequential(
            torch.nn.Linear(D, hidden),
            *(Layer(hidden, T) for _ in range(LAYERS)),
            torch.nn.RMSNorm(hidden, eps=1e-6),
            torch.nn.Linear(hidden, K),
        )
        self.adam = torch.optim.Adam(self.net.parameters(), lr=1e-3, fused=fused, foreach=not fused)
        self.x, self.y = torch.from_numpy(x), torch.from_numpy(y).reshape(-1)

    def train(self):
        """Make one training step."""
        self.adam.zero_grad(set_to_none=True)
        torch.nn.functional.cross_entropy(self.net(self.x).reshape(-1, K), self.y).backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.adam.step()

    def infer(self):
        """Compute all outputs."""
        with torch.inference_mode():
            self.net(self.x)


def least_times(actions, seconds):
    """Run all actions in turn for `seconds`; return each one's least processor time."""
    for action in actions:
        action()
        action()
    times = [[] for _ in actions]
    stop = time.perf_counter() + seconds
    while time.perf_counter() < stop or len(times[0]) < 10:
        for action, record in zip(actions, times, strict=True):
            for _ in range(3):
                began = time.process_time()
                action()
                record.append(time.process_time() - began)
    return [min(t) for t in times]


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=3.0, help="for each row of the table")
    args = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{platform.machine()}, PyTorch {torch.__version__}, NumPy {np.__version__}")
    print("| batch | steps | hidden | train ours ms | PyTorch | ratio | infer ours ms | PyTorch | ratio |")
    print("|---|---|---|---|---|---|---|---|---|")
    rng = np.random.default_rng(0)
    for batch, T, hidden in SIZES:
        x = rng.standard_normal((batch, T, D)).astype(np.float32)
        y = rng.integers(0, K, (batch, T))
        ours = Ours(hidden, x, y)
        theirs = [Theirs(hidden, x, y, fused=fused) for fused in (True, False)]
        train = least_times([ours.train, *(t.train for t in theirs)], args.seconds)
        infer = least_times([ours.infer, theirs[0].infer], args.seconds / 2)
        cells = []
        for mine, *peers in (train, infer):
            cells += [f"{mine * 1e3:.2f}", f"{min(peers) * 1e3:.2f}", f"{mine / min(peers):.2f}"]
        print(f"| {batch} | {T} | {hidden} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    with one_thread():
        main()
