"""scikit-learn's base classes and decorators; ``bases.pyi`` says their types.

They come without any, and what derives from a class of no type takes every argument in the eyes of a type
checker: ``HMM(n_states=2)`` would be no error.
"""

from sklearn.base import (
    BaseEstimator,
    ClassifierMixin,
    DensityMixin,
    MetaEstimatorMixin,
    RegressorMixin,
    TransformerMixin,
)
from sklearn.utils.metaestimators import available_if

__all__ = [
    "BaseEstimator",
    "ClassifierMixin",
    "DensityMixin",
    "MetaEstimatorMixin",
    "RegressorMixin",
    "TransformerMixin",
    "available_if",
]
