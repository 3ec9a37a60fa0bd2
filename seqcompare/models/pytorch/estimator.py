"""What the estimators of PyTorch's modules share: parameters, and the network that they mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any, Literal

import numpy as np
from sklearn.utils.validation import check_is_fitted

from seqcompare.data.sequences import Sequences
from seqcompare.models.constraints import check_parameters
from seqcompare.models.pytorch.network import TorchArchitecture, TorchNetwork
from seqcompare.models.recurrent.answering import answer
from seqcompare.models.recurrent.chunks import Examples
from seqcompare.models.recurrent.flat import FlatNetwork
from seqcompare.models.recurrent.net import Net, ordinary
from seqcompare.models.recurrent.packing import longest_first
from seqcompare.models.recurrent.parameters import check_training
from seqcompare.typing import Array, Record

_PROBED = 4  # sequences that a new module is tried on
_JITTER = 0.1  # what is added to weights for that, so that those that start at 0 do not hide what they do
_SAME = 1e4  # rounding errors that two answers may differ by


@dataclass(eq=False, repr=False)
class TorchNet(Net):
    """A module of PyTorch behind an estimator; not one by itself.

    What `fit` leaves behind is listed in `seqcompare.models.recurrent.net.Net`.

    Parameters
    ----------
    module : callable (n_inputs, n_outputs, **module_params) -> torch.nn.Module
        A class or a function that builds the network. Its ``forward(x, lengths)`` gets a padded batch of
        floats, shape (n, time, n_inputs), the longest sequence first, and the number of steps of each, int64
        of shape (n,) on the CPU. What it answers is said at each estimator; what it answers behind the ends
        does not count.
    module_params : mapping of str, optional
        Further arguments of `module`.
    symbols_as : {"one-hot", "codes"}, default="one-hot"
        How symbols come in: as floats of one 1 and zeros, unknown ones and the padding all zeros; or as
        integers of shape (n, time), unknown ones and the padding being `n_inputs`, for an
        ``Embedding(n_inputs + 1, ...)``.
    device : str, default="auto"
        Where PyTorch computes; "auto" is a GPU where there is one. On the CPU it uses one thread, as all
        networks here, and the same seed gives the same numbers.
    standardize, solver, learning_rate_init, momentum, alpha, clip_norm
        As in `seqcompare.models.recurrent.parameters.TrainingParameters`, and so are the next two lines.
    batch_size, max_iter, max_seconds, tol, early_stopping, validation_fraction, n_iter_no_change
        How long, and on what at once.
    warm_start, dtype, verbose, random_state
        Where `fit` starts, and the rest.
    """

    module: Callable[..., object]
    _: KW_ONLY
    module_params: Mapping[str, Any] | None = None
    symbols_as: Literal["one-hot", "codes"] = "one-hot"
    device: str = "auto"

    def to_module(self) -> Any:
        """Return the ``torch.nn.Module`` with the weights that were learned, ready to answer."""
        network, flat = self._network()
        network.load(network.views(flat))
        return network.module.eval()

    def _check_parameters(self) -> None:
        check_parameters(self)
        check_training(self)
        if not callable(self.module):
            raise ValueError(
                "module must be a callable (n_inputs, n_outputs, **module_params) that builds a "
                f"torch.nn.Module, got {self.module!r:.80}"
            )

    def _architecture(self, n_outputs: int, link: str, pooling: str, longest: int) -> Record:
        symbols = self.kind_ == "symbols"
        return TorchArchitecture(
            symbols=symbols,
            codes=symbols and self.symbols_as == "codes",
            n_inputs=len(self.symbols_) if symbols else self.n_channels_,
            n_outputs=n_outputs,
            pooling=pooling,
            link=link,
            dtype=np.dtype(self.dtype).name,
            seed=self._seed[0],
        ).to_dict()

    def _made_of(self, architecture: Record, *, reuse: bool = False) -> TorchNetwork:
        def build(n_inputs: int, n_outputs: int) -> Any:
            return self.module(n_inputs, n_outputs, **(self.module_params or {}))

        return TorchNetwork(TorchArchitecture(**architecture), build, self.device, reuse=reuse)

    def _network(self) -> tuple[TorchNetwork, Array]:
        check_is_fitted(self, "weights_")
        network = self._made_of(self.architecture_, reuse=True)
        if network.n_parameters != len(self.weights_):
            raise ValueError(
                f"module builds a network of {network.n_parameters} weights, but the fitted one has "
                f"{len(self.weights_)}: module or module_params have changed"
            )
        return network, ordinary(self.weights_)

    def _rate(self) -> float:
        return 1e-3

    def _inspect(self, network: FlatNetwork, flat: Array, examples: Examples) -> None:
        """Refuse a module that reads the padding, looks ahead where it must not, or keeps averages."""
        assert isinstance(network, TorchNetwork)
        longest = longest_first(examples.offsets, np.arange(len(examples.offsets) - 1))[:_PROBED]
        whole = Sequences(examples.inputs, examples.offsets).take(longest)
        heads = [x[: max(len(x) // 2, 1)] for x in np.split(whole.values, whole.offsets[1:-1])]
        cut = Sequences.from_concatenated(np.concatenate(heads), [len(x) for x in heads])
        both = Sequences(
            np.concatenate([whole.values, cut.values]),
            np.concatenate([whole.offsets, whole.offsets[-1] + cut.offsets[1:]]),
        )
        rng = np.random.default_rng(self._seed)
        tried = flat + (_JITTER * rng.standard_normal(len(flat))).astype(flat.dtype)
        beside, alone = (answer(network, tried, part.values, part.offsets) for part in (both, cut))
        per_step = network.architecture.pooling == "none"
        if not _same(beside[-len(alone) :], alone):
            raise ValueError(
                "module answers a sequence differently beside a longer one: it must not read what stands "
                "behind lengths"
            )
        if per_step and getattr(self, "causal", False):
            kept = whole.step_index < cut.lengths[whole.sequence_index]
            if not _same(beside[: len(whole.values)][kept], alone):
                raise ValueError(
                    "module looks ahead: its answers change with later steps. Set causal=False where that is "
                    "meant"
                )
        name = network.changing()
        if name is not None:
            raise ValueError(
                f"module changes its buffer {name!r} while it trains, which counts padding as steps and is "
                "not kept: LayerNorm does without, BatchNorm does not"
            )


def _same(ours: Array, others: Array) -> bool:
    """Whether two answers are the same but for rounding."""
    scale = max(1.0, float(np.abs(others).max()))
    return bool(np.abs(ours - others).max() <= _SAME * np.finfo(ours.dtype).eps * scale)
