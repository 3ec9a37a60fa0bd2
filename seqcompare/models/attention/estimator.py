"""What the estimators of attention share: parameters, and the network that they mean."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

from sklearn.utils.validation import check_is_fitted

from seqcompare.models.attention.architecture import AttentionArchitecture
from seqcompare.models.attention.network import AttentionNetwork
from seqcompare.models.base import check_sequences
from seqcompare.models.constraints import check_parameters
from seqcompare.models.recurrent.net import Net, ordinary
from seqcompare.models.recurrent.parameters import (
    LayerParameters,
    at_least_one,
    check_layers,
    check_training,
    slower,
)
from seqcompare.models.recurrent.threads import one_thread
from seqcompare.typing import Array, Record, SequencesLike

MOST = 256  # steps that "auto" reaches back at most


@dataclass(eq=False, repr=False)
class AttentionNet(LayerParameters, Net):
    """A network of attention behind an estimator; not one by itself.

    What `fit` leaves behind is listed in `seqcompare.models.recurrent.net.Net`.

    Parameters
    ----------
    hidden_size, dropout
        As in `seqcompare.models.recurrent.parameters.LayerParameters`.
    standardize, solver, learning_rate_init, momentum, alpha, clip_norm
        As in `seqcompare.models.recurrent.parameters.TrainingParameters`, and so are the next two lines.
    batch_size, max_iter, max_seconds, tol, early_stopping, validation_fraction, n_iter_no_change
        How long, and on what at once.
    warm_start, dtype, verbose, random_state
        Where `fit` starts, and the rest.
    n_layers : int, default=2
        Layers. One finds steps by what they are and how far away they are; it takes two to find a step by
        what is beside it.
    n_heads : int, default=4
        Heads a layer, which look for different things; they share `hidden_size` among them.
    context : int or "auto", default="auto"
        Steps that each layer reaches back, the present one included. "auto" is the length of the longest
        training sequence, at most 256.
    causal : bool, default=True
        Whether no step sees later ones; else it sees as many of them as of earlier ones.
    """

    _: KW_ONLY
    n_layers: int = 2
    n_heads: int = 4
    context: int | str = "auto"
    causal: bool = True

    def attention_weights(self, x: SequencesLike) -> Array:
        """Return where each step of one sequence looks.

        Parameters
        ----------
        x : one sequence
            Symbols or real-valued steps.

        Returns
        -------
        ndarray, shape (n_layers, n_heads, T, T)
            The share of attention that a step, along the third axis, gives to each, along the last: they
            sum to 1.
        """
        network, flat = self._network()
        sequences = check_sequences(self, [x], reset=False)
        with one_thread():
            return network.shares(network.views(flat), self._encode(sequences))

    def _check_parameters(self) -> None:
        check_parameters(self)
        check_layers(self)
        check_training(self)
        at_least_one("n_heads", self.n_heads)
        if self.context != "auto":
            at_least_one("context", self.context, ("auto",))
        if self.hidden_size % self.n_heads:
            raise ValueError(
                f"heads share the hidden size: expected n_heads to divide hidden_size={self.hidden_size}, "
                f"got {self.n_heads}"
            )
        if not isinstance(self.causal, bool):
            raise ValueError(f"causal must be True or False, got {self.causal!r}")

    def _architecture(self, n_outputs: int, link: str, pooling: str, longest: int) -> Record:
        symbols = self.kind_ == "symbols"
        return AttentionArchitecture(
            hidden_size=int(self.hidden_size),
            n_layers=int(self.n_layers),
            n_heads=int(self.n_heads),
            context=min(longest, MOST) if isinstance(self.context, str) else int(self.context),
            causal=self.causal,
            symbols=symbols,
            n_inputs=len(self.symbols_) if symbols else self.n_channels_,
            n_outputs=n_outputs,
            pooling=pooling,
            link=link,
        ).to_dict()

    def _made_of(self, architecture: Record, *, reuse: bool = False) -> AttentionNetwork:
        return AttentionNetwork(AttentionArchitecture(**architecture), reuse=reuse)

    def _network(self) -> tuple[AttentionNetwork, Array]:
        check_is_fitted(self, "weights_")
        return self._made_of(self.architecture_, reuse=True), ordinary(self.weights_)

    def _rate(self) -> float:
        return slower(3e-3, self.hidden_size)

    def _cut(self) -> tuple[int | None, tuple[float, float]]:
        return None, (float(self.dropout), 0.0)
