"""A module of PyTorch as a function of a flat vector of weights, which is what all networks here are."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from seqcompare.models.recurrent.cell import State, Weights
from seqcompare.models.recurrent.flat import FlatNetwork, Noise
from seqcompare.models.recurrent.packing import Pack
from seqcompare.typing import Array, Record


def pytorch() -> Any:
    """Return the package; it is imported when a network is built, since that takes seconds."""
    try:
        return import_module("torch")
    except ImportError as error:
        raise ImportError("networks of your own need PyTorch: pip install 'seqcompare[torch]'") from error


@dataclass(frozen=True)
class TorchArchitecture:
    """What a module is built for, in plain values.

    Parameters
    ----------
    symbols, codes : bool
        Whether the steps are symbols, and whether these come as codes rather than one-hot.
    n_inputs : int
        Known symbols, or channels of a real-valued step.
    n_outputs : int
        Numbers in an answer.
    pooling : {"none", "last"}
        "none" answers at every step; "last" once a sequence, and the answer stands at its last step.
    link : str
        What turns the outputs into the answer: a key of `seqcompare.models.recurrent.losses.LOSSES`.
    dtype : {"float32", "float64"}
        Of weights and arithmetic.
    seed : int
        Determines the weights that the module is built with.
    """

    symbols: bool
    codes: bool
    n_inputs: int
    n_outputs: int
    pooling: str
    link: str
    dtype: str
    seed: int

    n_layers = 1
    skip = False

    def to_dict(self) -> Record:
        """Return the plain values by name."""
        return asdict(self)


class Pass(NamedTuple):
    """What the module did: the outputs at the rows of the pack, (N, n_outputs), and as PyTorch has them."""

    output: Array
    final: list[State]
    outputs: Any


class TorchNetwork(FlatNetwork):
    """A module of PyTorch; its parameters that are trained are the flat vector.

    PyTorch does the passes, forwards and back; losses, steps and stopping are those of all networks here.

    Parameters
    ----------
    architecture : TorchArchitecture
        What it is built for.
    build : callable (n_inputs, n_outputs) -> torch.nn.Module
        Builds it.
    device : str
        "auto", or what PyTorch calls a device.
    reuse : bool, default=False
        As in `FlatNetwork`; passes do not share memory either way.

    Raises
    ------
    ValueError
        If there is no such device, or what is built is no module that can be trained here.
    """

    architecture: TorchArchitecture
    directions = ("both",)
    own_outputs = True
    whole = True

    def __init__(
        self, architecture: TorchArchitecture, build: Callable[..., Any], device: str, *, reuse: bool = False
    ) -> None:
        self.architecture = architecture
        self.device = _device(device)
        torch = pytorch()
        with self._seeded(architecture.seed):
            module = build(architecture.n_inputs, architecture.n_outputs)
        if not isinstance(module, torch.nn.Module):
            raise ValueError(f"module must build a torch.nn.Module, but it returned {type(module).__name__}")
        self.module = module.to(self.device, getattr(torch, architecture.dtype))
        self.trained = {name: p for name, p in module.named_parameters() if p.requires_grad}
        if not self.trained:
            raise ValueError("module must build a network with parameters to train, but it has none")
        for name, p in self.trained.items():
            if not p.is_floating_point():
                raise ValueError(f"module must have real-valued parameters, but {name} is of {p.dtype}")
        super().__init__({name: tuple(p.shape) for name, p in self.trained.items()}, reuse=reuse)

    def width(self, layer: int) -> int:
        """Return how many numbers an answer has."""
        return self.architecture.n_outputs

    def initial(self, rng: np.random.Generator, longest: int, dtype: DTypeLike) -> Array:
        """Return the weights that the module was built with."""
        parts = [p.detach().cpu().numpy().ravel() for p in self.trained.values()]
        return np.concatenate(parts).astype(dtype)

    def load(self, weights: Weights) -> None:
        """Give the module its weights."""
        torch = pytorch()
        with torch.no_grad():
            for name, p in self.trained.items():
                p.copy_(torch.from_numpy(weights[name]))

    def run(
        self,
        weights: Weights,
        x: Array,
        pack: Pack,
        state: list[State] | None = None,
        noise: Noise | None = None,
        *,
        keep: bool = True,
    ) -> Pass:
        """Run the module over a pack; `keep`, which `unrun` needs, is its training mode.

        What the module draws then, such as dropout, follows from its weights: no two steps of a training draw
        the same, and the same training draws the same.

        Raises
        ------
        ValueError
            If the module answers in another shape than it should.
        """
        torch = pytorch()
        self.load(weights)
        self.module.train(keep)
        batch = torch.from_numpy(self._padded(x, pack)).to(self.device)
        lengths = torch.from_numpy(np.ascontiguousarray(pack.lengths))
        seed = self._digest(weights) if keep else self.architecture.seed
        with _one_thread(), self._seeded(seed), torch.set_grad_enabled(keep):
            z = self.module(batch, lengths)
            per_step = self.architecture.pooling == "none"
            expected = (*batch.shape[: 1 + per_step], self.architecture.n_outputs)
            if not isinstance(z, torch.Tensor) or tuple(z.shape) != expected:
                came = f"shape {tuple(z.shape)}" if isinstance(z, torch.Tensor) else type(z).__name__
                what = "(n, time, n_outputs)" if per_step else "(n, n_outputs)"
                raise ValueError(f"module must answer with shape {what}, here {expected}, but it gave {came}")
            if per_step:
                z = z[torch.from_numpy(pack.sequence), torch.from_numpy(pack.step)]
        found = z.detach().cpu().numpy()
        if not per_step:
            found, answers = np.zeros((pack.n_rows, z.shape[1]), found.dtype), found
            found[pack.last] = answers
        return Pass(found, [], z)

    def unrun(
        self, weights: Weights, x: Array, pack: Pack, done: Pass, d_output: Array, gradient: Weights
    ) -> None:
        """Carry the loss's gradient back through a pass, adding that of the weights to `gradient`."""
        torch = pytorch()
        rows = d_output if self.architecture.pooling == "none" else d_output[pack.last]
        d = torch.from_numpy(np.ascontiguousarray(rows)).to(done.outputs.device, done.outputs.dtype)
        parts = list(self.trained.values())
        with _one_thread():
            found = torch.autograd.grad(done.outputs, parts, d, allow_unused=True)
        for name, part in zip(self.trained, found, strict=True):
            if part is not None:
                gradient[name] += part.cpu().numpy()

    def changing(self) -> str | None:
        """Return the name of a buffer that a pass in training changes, such as BatchNorm's; None if none."""
        torch = pytorch()
        before = {name: b.clone() for name, b in self.module.named_buffers()}
        self.module.train()
        a = self.architecture
        shape = (4, 3) if a.codes else (4, 3, a.n_inputs)
        dtype = torch.int64 if a.codes else getattr(torch, a.dtype)
        with torch.no_grad(), self._seeded(a.seed):
            self.module(torch.zeros(shape, dtype=dtype, device=self.device), torch.full((4,), 3))
        after = dict(self.module.named_buffers())
        return next((name for name, b in before.items() if not torch.equal(b, after[name])), None)

    def _padded(self, x: Array, pack: Pack) -> Array:
        """Return the steps as the module takes them; zeros stand behind the ends, or the code of none."""
        a, shape = self.architecture, (len(pack.lengths), int(pack.lengths[0]))
        if a.codes:
            codes = np.full(shape, a.n_inputs, np.int64)
            codes[pack.sequence, pack.step] = x
            return codes
        batch = np.zeros((*shape, a.n_inputs), a.dtype)
        if a.symbols:
            known = x < a.n_inputs
            batch[pack.sequence[known], pack.step[known], x[known]] = 1
        else:
            batch[pack.sequence, pack.step] = x
        return batch

    def _digest(self, weights: Weights) -> int:
        """Return a number that follows from the seed and the weights."""
        found = self.architecture.seed
        for w in weights.values():
            found = zlib.crc32(w.tobytes(), found)
        return found

    @contextmanager
    def _seeded(self, seed: int) -> Iterator[None]:
        """Seed PyTorch's generators, and leave them as they were."""
        torch = pytorch()
        with torch.random.fork_rng([self.device] if self.device.type == "cuda" else []):
            torch.manual_seed(seed)
            yield


def _device(name: str) -> Any:
    """Return the device: under "auto" a GPU where there is one."""
    torch = pytorch()
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(f"device must be 'auto' or one that PyTorch has here, got {name!r}") from error
    return device


@contextmanager
def _one_thread() -> Iterator[None]:
    """Compute in one thread, as all networks here do, so that sums do not depend on how many there are."""
    torch = pytorch()
    n = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(n)
