"""The contract of what answers every step with a number."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from typing import Any

from sklearn.metrics import r2_score

from seqcompare.data.sequences import Sequences
from seqcompare.data.targets import check_step_numbers, check_step_weights
from seqcompare.models.base import Reader
from seqcompare.typing import SequencesLike, TargetsLike, WeightsLike


class StepRegressor(Reader, metaclass=ABCMeta):
    """A number for every step: the base of everything with the role ``step-value``."""

    predicts = "numbers"

    @property
    @abstractmethod
    def causal(self) -> bool:
        """Whether the answer at step t uses no step after t."""

    @abstractmethod
    def predict(self, X: SequencesLike) -> SequencesLike:
        """Return the number of every step, or its numbers, in X's container."""

    def _answers_to(self, X: Sequences) -> SequencesLike:
        return self.predict(X)[0]

    def score(self, X: SequencesLike, y: TargetsLike, sample_weight: WeightsLike | None = None) -> float:
        """Return R2 over all steps.

        Parameters
        ----------
        X : sequences
            The input.
        y : one number a step, or several, in any container
            The truth.
        sample_weight : array of shape (n,), or one array of weights a sequence, optional
            Weights of sequences or of steps.
        """
        sequences = self._check(X)
        targets = check_step_numbers(y, sequences)
        weights = check_step_weights(sample_weight, sequences)
        answer: Any = Sequences(self.predict(Sequences(sequences.values, sequences.offsets))).values
        return float(r2_score(targets, answer, sample_weight=weights))
