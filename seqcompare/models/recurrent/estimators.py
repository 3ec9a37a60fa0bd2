"""The recurrent estimators."""

from __future__ import annotations

from seqcompare.models.recurrent.classifier import RNNClassifier
from seqcompare.models.recurrent.regressor import RNNRegressor
from seqcompare.models.recurrent.step_regressor import RNNStepRegressor
from seqcompare.models.recurrent.tagger import RNNTagger

__all__ = ["RNNClassifier", "RNNRegressor", "RNNStepRegressor", "RNNTagger"]
