"""What the frequencies of the answers alone achieve: the row that every model has to beat."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted

import seqcompare
from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.sequences import Sequences, offsets_of
from seqcompare.data.targets import (
    check_sequence_labels,
    check_sequence_weights,
    check_step_labels,
    check_step_numbers,
    check_step_weights,
)
from seqcompare.models.base import Reading, Tagger, check_sequences
from seqcompare.models.bases import BaseEstimator, ClassifierMixin, RegressorMixin
from seqcompare.models.online import StepByStep
from seqcompare.models.step_regression import StepRegressor
from seqcompare.typing import Floats, Labels, SequencesLike, TargetsLike, Values, WeightsLike

if TYPE_CHECKING:
    from seqcompare.models.hmm.model import HMM

_COMPONENTS = (1, 2, 3, 4, 6, 8, 12)
_MOST_STEPS = 10_000
# parts of the data, each left out once to choose the number of components
_N_PARTS = 3
# larger mixtures that were no better, after which none is tried
_MOST_WORSE = 2


# what frequencies of labels do not look at
_ANYTHING: Reading = {"allow_nan": True, "allow_none": True, "mixed": "keep"}


class ChanceNext(StepByStep, BaseEstimator):
    """Expects every symbol with its frequency, whatever came before."""

    def fit(
        self, X: SequencesLike, y: TargetsLike | None = None, sample_weight: WeightsLike | None = None
    ) -> ChanceNext:
        """Count the symbols, weighted."""
        sequences = check_sequences(self, X, reset=True, symbols=True)
        weights = check_step_weights(sample_weight, sequences, steps_as_array=False)
        self.symbols_, self.frequencies_ = _frequencies(sequences.values, weights)
        self.n_parameters_ = len(self.symbols_) - 1
        return self

    def predict_next_proba(self, X: SequencesLike) -> SequencesLike:
        """Return the frequencies after every step."""
        check_is_fitted(self)
        sequences = check_sequences(self, X, reset=False, symbols=True)
        return sequences.pack(np.tile(self.frequencies_, (sequences.n_steps, 1)))

    @property
    def _looks_back(self) -> int:
        return 0

    def _answers_to(self, X: Sequences) -> SequencesLike:
        return self.predict_next_proba(X)[0]

    def iter_next_proba(self, X: SequencesLike, n_rows: int) -> Iterator[NDArray[np.float64]]:
        """Yield the frequencies after every step, at most `n_rows` steps at a time."""
        check_is_fitted(self)
        n_steps = check_sequences(self, X, reset=False, symbols=True).n_steps
        for first in range(0, n_steps, n_rows):
            yield np.tile(self.frequencies_, (min(n_rows, n_steps - first), 1))


class ChanceDensity(BaseEstimator):
    """Expects every real-valued step with the same mixture of Gaussians, whatever came before.

    The mixture is an HMM of one state, so that it has the shape of covariances (diagonal), the smallest
    variance and the algorithm of the HMMs that have to beat it: what these gain is memory. It has 1 to 12
    components, as many as the largest HMM that is tried has states, and ten steps for each parameter: more
    than one where they predict each of three parts better that is left out (sequences; blocks of steps where
    there are fewer), and then as many as predict the three best. (BIC takes steps for independent. Those of a
    slow series lie in heaps, of which it makes components that the next series does not have.) Of more than
    10,000 steps it is fitted to 10,000 random ones; steps of unequal weight are drawn in proportion to it.

    Parameters
    ----------
    missing : {"error", "marginalize"}, default="error"
        What to do about missing values, as with `HMM`.
    min_covar : float, default=1e-3
        Smallest variance of a component, as with `HMM`.
    """

    def __init__(self, missing: Literal["error", "marginalize"] = "error", min_covar: float = 1e-3) -> None:
        self.missing = missing
        self.min_covar = min_covar

    def fit(
        self, X: SequencesLike, y: TargetsLike | None = None, sample_weight: WeightsLike | None = None
    ) -> ChanceDensity:
        """Fit the mixture to the steps, in any order."""
        sequences = check_sequences(self, X, reset=True, allow_nan=self.missing == "marginalize")
        weights = check_step_weights(sample_weight, sequences, steps_as_array=False)
        rows = _draw(sequences.n_steps, weights)
        steps, part = sequences.values[rows], _parts(sequences)[rows]
        best_k, best, worse = 1, self._held_out(1, steps, part), 0
        for k in _COMPONENTS[1:]:
            if len(steps) < 10 * (k * (2 * sequences.n_channels + 1) - 1) or worse == _MOST_WORSE:
                break
            told = self._held_out(k, steps, part, best if best_k == 1 else None)
            better = bool((told > best).all() if best_k == 1 else told.sum() > best.sum())
            best_k, best, worse = (k, told, 0) if better else (best_k, best, worse + 1)
        self.mixture_ = self._mixture(best_k, steps, n_init=3)
        self.n_parameters_ = self.mixture_.n_parameters_
        return self

    def _held_out(
        self, k: int, steps: Floats, part: NDArray[np.int64], above: Floats | None = None
    ) -> Floats:
        """Return the log-density of each part by a mixture that was fitted to the others.

        Parts from the first on that is not `above` what is to be beaten have -inf: they decide nothing.
        """
        parts = [part == name for name in np.unique(part)]
        if len(parts) == 1:
            return np.full(1, -k, dtype=np.float64)
        told = np.full(len(parts), -np.inf)
        for i, one in enumerate(parts):
            told[i] = self._mixture(k, steps[~one]).score_samples(_single(steps[one])).sum()
            if above is not None and told[i] <= above[i]:
                break
        return told

    def _mixture(self, k: int, steps: Floats, n_init: int = 1) -> HMM:
        with warnings.catch_warnings():
            # a skewed density takes many components, whose last iterations hardly change it
            warnings.simplefilter("ignore", ConvergenceWarning)
            hmm = seqcompare.HMM(
                1,
                "gmm",
                n_mix=k,
                n_init=n_init,
                max_iter=200,
                min_covar=self.min_covar,
                missing=self.missing,
                random_state=0,
            )
            return hmm.fit(_single(steps))

    def score_steps(self, X: SequencesLike) -> SequencesLike:
        """Return the log-density of every step in nats."""
        check_is_fitted(self)
        return self.mixture_.score_steps(X)

    def score_samples(self, X: SequencesLike) -> NDArray[np.float64]:
        """Return the log-density of every sequence in nats."""
        check_is_fitted(self)
        return np.asarray(self.mixture_.score_samples(X))

    def predict_next_distribution(self, X: Any) -> Any:
        """Return the mixture after every step, in X's container."""
        check_is_fitted(self)
        return self.mixture_.predict_next_distribution(X)

    def forecast(self, X: Any, steps: int, n_samples: int | None = None, random_state: Any = None) -> Any:
        """Return the mixture for each of the steps after the end; there is nothing to draw."""
        check_is_fitted(self)
        return self.mixture_.forecast(X, steps)


class ChanceTagger(Tagger):
    """Answers every step with the frequencies of the labels."""

    ignore_label = None
    causal = True

    @property
    def reading(self) -> Reading:
        """A missing value is no matter to frequencies of labels."""
        return _ANYTHING

    def fit(self, X: SequencesLike, y: TargetsLike, sample_weight: WeightsLike | None = None) -> ChanceTagger:
        """Count the labels of all steps, weighted."""
        sequences = check_sequences(self, X, reset=True, **self.reading)
        labels = check_step_labels(y, sequences)
        weights = check_step_weights(sample_weight, sequences)
        self.classes_, self.frequencies_ = _frequencies(labels, weights)
        self.n_parameters_ = len(self.classes_) - 1
        return self

    @property
    def _looks_back(self) -> int:
        return 0

    def predict_proba(self, X: SequencesLike) -> Any:
        """Return the frequencies at every step."""
        sequences = self._check(X)
        return sequences.pack(np.tile(self.frequencies_, (sequences.n_steps, 1)))


class ChanceClassifier(ClassifierMixin, BaseEstimator):
    """Answers every sequence with the frequencies of the classes."""

    def fit(
        self, X: SequencesLike, y: TargetsLike, sample_weight: WeightsLike | None = None
    ) -> ChanceClassifier:
        """Count the classes, weighted."""
        sequences = check_sequences(self, X, reset=True, **_ANYTHING)
        labels = check_sequence_labels(y, sequences)
        weights = check_sequence_weights(sample_weight, sequences)
        self.classes_, self.frequencies_ = _frequencies(labels, weights)
        self.n_parameters_ = len(self.classes_) - 1
        return self

    def predict_proba(self, X: SequencesLike) -> Any:
        """Return the frequencies for every sequence."""
        check_is_fitted(self)
        n = len(check_sequences(self, X, reset=False, **_ANYTHING))
        return np.tile(self.frequencies_, (n, 1))

    def predict(self, X: SequencesLike) -> SequencesLike:
        """Return the most frequent class for every sequence."""
        return self.classes_[np.argmax(self.predict_proba(X), axis=1)]


class ChanceRegressor(RegressorMixin, BaseEstimator):
    """Answers every sequence with the mean."""

    def fit(
        self, X: SequencesLike, y: TargetsLike, sample_weight: WeightsLike | None = None
    ) -> ChanceRegressor:
        """Average the targets, weighted."""
        sequences = check_sequences(self, X, reset=True, **_ANYTHING)
        targets = check_sequence_labels(y, sequences)
        self.mean_ = float(np.average(targets, weights=check_sequence_weights(sample_weight, sequences)))
        self.n_parameters_ = 1
        return self

    def predict(self, X: SequencesLike) -> SequencesLike:
        """Return the mean for every sequence."""
        check_is_fitted(self)
        return np.full(len(check_sequences(self, X, reset=False, **_ANYTHING)), self.mean_)


class ChanceStepRegressor(StepRegressor):
    """Answers every step with the mean."""

    causal = True

    @property
    def reading(self) -> Reading:
        """A missing value is no matter to a mean of targets."""
        return _ANYTHING

    def fit(
        self, X: SequencesLike, y: TargetsLike, sample_weight: WeightsLike | None = None
    ) -> ChanceStepRegressor:
        """Average the targets of all steps, weighted."""
        sequences = check_sequences(self, X, reset=True, **self.reading)
        targets, weights = check_step_numbers(y, sequences), check_step_weights(sample_weight, sequences)
        self.mean_ = np.average(targets, axis=0, weights=weights)
        self.n_parameters_ = int(np.size(self.mean_))
        return self

    def predict(self, X: SequencesLike) -> Any:
        """Return the mean at every step."""
        sequences = self._check(X)
        return sequences.pack(np.tile(self.mean_, (sequences.n_steps, *(1,) * np.ndim(self.mean_))))

    @property
    def _looks_back(self) -> int:
        return 0


def chance_model(dataset: SequenceDataset, n_counts: int = 0) -> BaseEstimator:
    """Return the model without memory, not fitted.

    Frequencies of symbols, counts, labels or classes; the mean of numbers; for real-valued steps a mixture of
    Gaussians.

    Parameters
    ----------
    dataset : SequenceDataset
        The data.
    n_counts : int, default=0
        Where steps are counts, one more than the largest.
    """
    if dataset.role == "next":
        if dataset.X.kind == "symbols":
            return seqcompare.FilledNext(ChanceNext()) if dataset.X.has_missing else ChanceNext()
        if n_counts:
            # the frequencies of the counts, and a tail beyond the largest
            return seqcompare.CountAutoregression(0, arrivals="free", missing="allow")
        return ChanceDensity("marginalize" if np.isnan(dataset.X.values).any() else "error")
    models = {
        "step": ChanceTagger,
        "step-value": ChanceStepRegressor,
        "sequence": ChanceClassifier,
        "value": ChanceRegressor,
    }
    return models[dataset.role]()


def _frequencies(values: Labels, weights: NDArray[np.float64]) -> tuple[Values, NDArray[np.float64]]:
    """Return the values that have weight, sorted, and their shares of it."""
    names, codes = np.unique(values[weights > 0], return_inverse=True)
    counts = np.bincount(codes, weights[weights > 0])
    return names, counts / counts.sum()


def _single(steps: Floats) -> Sequences:
    """Return steps as sequences of one step each: their order is no matter."""
    return Sequences(steps, offsets_of(np.ones(len(steps), dtype=np.int64)))


def _parts(sequences: Sequences) -> NDArray[np.int64]:
    """Return which part each step is left out with, shape (n_steps,): whole sequences, or blocks of few."""
    if len(sequences) >= _N_PARTS:
        return sequences.sequence_index % _N_PARTS
    return np.arange(sequences.n_steps) * _N_PARTS // sequences.n_steps


def _draw(n_steps: int, weights: Floats) -> NDArray[np.int64]:
    """Return the rows that have weight; a random sample, if they are very many or weigh differently."""
    rng = np.random.default_rng(0)
    rows = np.flatnonzero(weights > 0)
    weights = weights[rows]
    n = min(len(rows), _MOST_STEPS)
    if np.ptp(weights) > 0:
        return rows[rng.choice(len(rows), n, p=weights / weights.sum())]
    return rows if len(rows) == n else rows[rng.choice(len(rows), n, replace=False)]
