"""What the echo state networks share: the fixed network, and how its states become rows for the read-out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from seqcompare.data.sequences import Sequences
from seqcompare.models.alphabet import encode, find_symbols
from seqcompare.models.base import Reader, Reading, check_sequences
from seqcompare.models.echo_state.kernels import run
from seqcompare.models.echo_state.memory import MemoryCapacity, memory_capacity
from seqcompare.models.echo_state.readout import Readout, fit_ridge
from seqcompare.models.online import StepByStep, keep_symbol, plain
from seqcompare.models.recurrent.parameters import among, at_least_one, number
from seqcompare.models.recurrent.threads import one_thread
from seqcompare.models.recurrent.weighting import mean_and_scale, standardised
from seqcompare.typing import Array, Floats, Ints, RandomState, SequencesLike

ACTIVATIONS = ("tanh", "identity")
POOLINGS = ("last", "mean")
#: Numbers in the rows that are in memory at a time: 16 MiB.
_PART = 2**21


class Running(NamedTuple):
    """What a network holds after the steps so far.

    Attributes
    ----------
    h : ndarray, shape (n_units,)
        The state.
    codes : dict of symbol to ndarray of shape (1,)
        How symbols enter; all states of one start share it.
    """

    h: Floats
    codes: dict[Any, Array]


@dataclass(eq=False, repr=False)
class EchoState(Reader):
    """An echo state network; not an estimator by itself.

    A recurrent network whose weights are drawn and stay as they are, and a linear read-out of its state that
    is fitted by ridge regression (Jaeger 2001, "The 'echo state' approach to analysing and training recurrent
    neural networks"; with leaky units Jaeger et al. 2007, "Optimization and applications of echo state
    networks with leaky-integrator neurons"):
    h[t] = (1 - a) h[t-1] + a tanh(x[t] V + b + W h[t-1]).

    The read-out sees the state and, where the input is no more numbers than there are units, the input.

    Parameters
    ----------
    n_units : int, default=200
        Units. No network holds more past inputs than it has units.
    spectral_radius : float, default=0.9
        The largest absolute eigenvalue of W. Near 1 the state fades slowly; above, it may not fade at all.
    leak : float or pair of floats, default=1.0
        a, the share of a unit that is new at each step: units of leak a follow what changes over 1 / a steps.
        A pair spreads the units between the two, evenly in their logarithms.
    input_scaling : float, default=1.0
        The standard deviation of what a step adds to a unit: of a symbol, or of real-valued steps in standard
        units. Small input keeps tanh units linear, which remember longer and compute less.
    bias_scaling : float, default=0.1
        The standard deviation of b.
    n_connections : int, default=10
        Units that each unit listens to; all, if there are fewer.
    activation : {"tanh", "identity"}, default="tanh"
        What squashes a unit; "identity" makes the network linear.
    alpha : float or "gcv", default="gcv"
        The ridge penalty on squared weights of the read-out. "gcv" finds it by generalised cross-validation.
    standardize : bool, default=True
        Whether real-valued input is shifted and scaled to mean 0 and variance 1, channel by channel.
    random_state : int, RandomState or None, default=None
        Draws the network.

    Attributes
    ----------
    input_weights_ : ndarray, shape (n_inputs, n_units)
        V; of symbols a row each. A symbol that is not known adds nothing.
    bias_ : ndarray, shape (n_units,)
        b.
    leak_ : ndarray, shape (n_units,)
        a of each unit.
    sources_, recurrent_weights_ : ndarray, shape (n_units, n_connections)
        W: the units that each unit listens to, and how much.
    coef_, intercept_ : ndarray, shape (n_units or n_units + n_inputs, n_outputs), and (n_outputs,)
        The read-out.
    alpha_ : float
        Its penalty.
    n_parameters_ : int
        Numbers that were fitted: those of the read-out.
    symbols_ : ndarray
        Known symbols, for symbol input.
    input_mean_, input_scale_ : ndarray, shape (n_channels,)
        What standard units are made with, for real-valued input.
    """

    n_units: int = 200
    _: KW_ONLY
    spectral_radius: float = 0.9
    leak: float | tuple[float, float] = 1.0
    input_scaling: float = 1.0
    bias_scaling: float = 0.1
    n_connections: int = 10
    activation: str = "tanh"
    alpha: float | str = "gcv"
    standardize: bool = True
    random_state: RandomState = None

    @property
    def reading(self) -> Reading:
        """How input is read."""
        return {"mixed": "numbers"}

    @property
    def causal(self) -> bool:
        """Whether the answer at step t uses no step after t: always."""
        return True

    def memory_capacity(self, n_delays: int | None = None, length: int = 10_000) -> MemoryCapacity:
        """Return how much of a stream of independent numbers the state holds, by how long ago they came.

        The numbers are standard normal ones, and go where the first input goes (the first channel, or the
        first symbol, as strongly as it would).

        Parameters
        ----------
        n_delays : int, optional
            The longest delay; by default twice the number of units.
        length : int, default=10000
            Steps that the read-outs are fitted on, and as many that they are asked about.
        """
        check_is_fitted(self, "coef_")
        length = max(int(length), 20 * self._n_units)
        x = np.random.RandomState(0).normal(size=2 * length)
        states = np.empty((len(x), self._n_units))
        given = x[:, np.newaxis] * self.input_weights_[0]
        self._run(given, np.arange(len(x)), np.zeros(len(x), dtype=bool), np.zeros(self._n_units), states)
        return memory_capacity(x, states, 2 * self._n_units if n_delays is None else n_delays)

    def states(self, X: SequencesLike) -> SequencesLike:
        """Return the state after every step, shape (T_i, n_units) a sequence, in X's container."""
        sequences = self._check(X)
        rows = np.concatenate([part for _, part in self._rows(sequences)])
        return sequences.pack(rows[:, : self._n_units])

    def start(self) -> Running:
        """Return the state before the first step of a sequence, for `step`."""
        check_is_fitted(self, "coef_")
        if type(self).step is StepByStep.step:  # one answer for all steps
            super().start()
        return Running(np.zeros(self._n_units), {})

    def _read(self, running: Running, x: Any) -> tuple[Floats, Running]:
        """Return the outputs after one more step, shape (n_outputs,), and what the network then holds."""
        symbols = self.kind_ == "symbols"
        key = plain(x) if symbols else None
        entered = running.codes.get(key)
        if entered is None:
            one = check_sequences(self, [np.asarray(x)[np.newaxis]], reset=False, **self.reading)
            entered = self._encode(one)
            if symbols:
                keep_symbol(running.codes, key, entered, len(self.symbols_))
        h, row = running.h.copy(), np.empty((1, self._width))
        self._fill(entered, np.zeros(1, dtype=bool), h, row)
        return (row @ self.coef_ + self.intercept_)[0], running._replace(h=h)

    @property
    def _n_units(self) -> int:
        return len(self.bias_)

    @property
    def _width(self) -> int:
        """Numbers that the read-out sees: the state, and the input unless that is more."""
        n_inputs = len(self.input_weights_)
        return self._n_units + (n_inputs if n_inputs <= self._n_units else 0)

    def _prepare(self, sequences: Sequences, importance: Floats) -> None:
        """Check parameters, learn alphabet or scales, a sequence counting by `importance`, and draw."""
        at_least_one("n_units", self.n_units)
        at_least_one("n_connections", self.n_connections)
        for name in ("spectral_radius", "input_scaling", "bias_scaling"):
            number(name, getattr(self, name), 0.0, np.inf)
        pair = self.leak if isinstance(self.leak, (tuple, list)) else (self.leak, self.leak)
        if len(pair) != 2:
            raise ValueError(f"leak must be a number or a pair of numbers, got {self.leak!r}")
        low, high = pair
        for leak in (low, high):
            if leak != 1:
                number("leak", leak, 0.0, 1.0, open_below=True)
        among("activation", self.activation, ACTIVATIONS)
        if isinstance(self.alpha, str):
            among("alpha", self.alpha, ("gcv",))
        else:
            number("alpha", self.alpha, 0.0, np.inf)
        rng = check_random_state(self.random_state)
        N, k = int(self.n_units), min(int(self.n_connections), int(self.n_units))
        if sequences.kind == "symbols":
            self.symbols_ = find_symbols(sequences.values)
            n_inputs = len(self.symbols_)
        else:
            n_inputs = sequences.n_channels
            self.input_mean_, self.input_scale_ = np.zeros(n_inputs), np.ones(n_inputs)
            if self.standardize:
                counts = np.repeat(importance, sequences.lengths)
                self.input_mean_, self.input_scale_ = mean_and_scale(sequences.channels, counts)
        # the network comes first, so that it is the same one whatever the input
        self.sources_ = np.stack([np.sort(rng.choice(N, k, replace=False)) for _ in range(N)])
        weights = rng.normal(size=(N, k))
        whole = np.zeros((N, N))
        np.put_along_axis(whole, self.sources_, weights, axis=1)
        radius = np.abs(np.linalg.eigvals(whole)).max()
        self.recurrent_weights_ = weights * (self.spectral_radius / radius if radius > 0 else 0.0)
        self.leak_ = np.geomspace(low, high, N)
        self.bias_ = self.bias_scaling * np.sqrt(3) * rng.uniform(-1, 1, N)
        # channels share what they add, so that many do not drive the units harder than few
        each = 1.0 if sequences.kind == "symbols" else np.sqrt(n_inputs)
        self.input_weights_ = self.input_scaling / each * np.sqrt(3) * rng.uniform(-1, 1, (n_inputs, N))

    def _learn(
        self, sequences: Sequences, targets: Floats, weights: Floats, *, pooling: str = "none"
    ) -> Readout:
        """Fit the read-out; `targets` has a row a step, unless steps are pooled, then a row a sequence."""
        known = float(weights.max())
        counts = weights / min(known, 1.0)  # weights that are shares still count rows
        alpha = None if isinstance(self.alpha, str) else float(self.alpha)

        def parts() -> Iterator[tuple[Floats, Floats, Floats]]:
            for place, rows in self._pooled(sequences, pooling):
                used = counts[place] > 0
                yield rows[used], targets[place][used], counts[place][used]

        with one_thread():
            found = fit_ridge((part for part in parts() if len(part[0])), alpha)
        self.coef_, self.intercept_, self.alpha_ = found.coef, found.intercept, found.alpha
        self.n_parameters_ = self.coef_.size + self.intercept_.size
        return found

    def _outputs(self, sequences: Sequences, pooling: str = "none") -> Floats:
        """Return the read-out's answers, shape (n_steps, m), or pooled (n, m)."""
        with one_thread():
            parts = [rows @ self.coef_ + self.intercept_ for _, rows in self._pooled(sequences, pooling)]
        return np.concatenate(parts)

    def _pooled(self, sequences: Sequences, pooling: str) -> Iterator[tuple[slice, Floats]]:
        """Make the rows that the read-out sees, a part at a time, each with its place among all of them."""
        if pooling == "none":
            yield from self._rows(sequences)
            return
        kept = np.zeros((len(sequences), self._width))
        for place, rows in self._rows(sequences):
            index = sequences.sequence_index[place]
            starts = np.flatnonzero(np.diff(index, prepend=-1))
            if pooling == "mean":
                kept[index[starts]] += np.add.reduceat(rows, starts)
            else:  # of a sequence that goes on in the next part, that one has the last word
                kept[index[starts]] = rows[np.append(starts[1:], len(rows)) - 1]
        yield slice(0, len(kept)), kept / sequences.lengths[:, np.newaxis] if pooling == "mean" else kept

    def _rows(self, sequences: Sequences) -> Iterator[tuple[slice, Floats]]:
        """Run the network over all steps; yield states, and inputs beside them, a part at a time."""
        entered, first = self._encode(sequences), sequences.step_index == 0
        h, size = np.zeros(self._n_units), max(_PART // self._width, 1)
        for begin in range(0, sequences.n_steps, size):
            place = slice(begin, min(begin + size, sequences.n_steps))
            rows = np.empty((place.stop - begin, self._width))
            self._fill(entered[place], first[place], h, rows)
            if not np.isfinite(rows.sum()):
                raise ValueError(
                    f"the state grows beyond all bounds: a network of activation={self.activation!r} needs a "
                    f"spectral_radius below 1, got {self.spectral_radius}"
                )
            yield place, rows

    def _encode(self, sequences: Sequences) -> Array:
        """Return the steps as they enter: codes of symbols, or numbers in standard units."""
        if sequences.kind == "symbols":
            return encode(sequences.values, self.symbols_)

        def place(row: int) -> str:
            return f"X[{sequences.sequence_index[row]}] at step {sequences.step_index[row]}"

        scaling = self.input_mean_, self.input_scale_
        return standardised(sequences.channels, *scaling, np.float64, place)

    def _fill(self, entered: Array, first: Array, h: Floats, rows: Floats) -> None:
        """Fill `rows` with the states and inputs of steps, and go on from `h`, which moves along."""
        N, n_inputs = self._n_units, len(self.input_weights_)
        if self.kind_ == "symbols":
            given = np.concatenate([self.input_weights_, np.zeros((1, N))])
            self._run(given, entered, first, h, rows)
            if rows.shape[1] > N:
                rows[:, N:] = entered[:, np.newaxis] == np.arange(n_inputs)
            return
        # one product a channel: of a matrix product the last digit depends on how many steps there are
        given = np.zeros((len(entered), N))
        for channel, weights in zip(entered.T, self.input_weights_, strict=True):
            given += channel[:, np.newaxis] * weights
        self._run(given, np.arange(len(entered)), first, h, rows)
        if rows.shape[1] > N:
            rows[:, N:] = entered

    def _run(self, given: Floats, index: Ints, first: Array, h: Floats, rows: Floats) -> None:
        fixed = self.bias_, self.sources_, self.recurrent_weights_
        run(given, index, *fixed, self.leak_, self.activation == "tanh", first, h, rows)
