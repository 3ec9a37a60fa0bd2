"""The estimators of PyTorch's modules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from seqcompare.models.bases import BaseEstimator
from seqcompare.models.pytorch.estimator import TorchNet
from seqcompare.models.recurrent.classifier import NetClassifier
from seqcompare.models.recurrent.regressor import NetRegressor
from seqcompare.models.recurrent.step_regressor import NetStepRegressor
from seqcompare.models.recurrent.tagger import NetTagger
from seqcompare.typing import Label

__all__ = ["TorchClassifier", "TorchRegressor", "TorchStepRegressor", "TorchTagger"]


@dataclass(eq=False, repr=False, kw_only=True)
class TorchTagger(TorchNet, NetTagger):
    """A module of PyTorch that labels every step; `NextStep` of it is a density of symbols.

    The module answers with shape (n, time, n_outputs): the logits of the labels at every step. PyTorch
    is the extra ``torch``.

    Parameters
    ----------
    causal : bool, default=True
        Whether no answer may depend on later steps, which is tried before training: a module that looks
        ahead is then refused.
    class_weight : dict, "balanced" or None, default=None
        Factors of the loss by label.
    ignore_label : default=None
        Steps with this label are neither trained on nor scored.
    module, module_params, symbols_as, device, standardize
        The module, what it is given, and where it computes. For these and all below see
        `seqcompare.models.pytorch.estimator.TorchNet`.
    solver, learning_rate_init, momentum, alpha, clip_norm, batch_size
        How it is trained.
    max_iter, max_seconds, tol, early_stopping, validation_fraction, n_iter_no_change
        When training ends.
    warm_start, dtype, verbose, random_state
        Where `fit` starts, and the rest.

    Attributes
    ----------
    classes_ : ndarray
        The labels, sorted.
    n_parameters_, n_iter_, stop_reason_, loss_curve_, validation_scores_
        As in `seqcompare.models.recurrent.net.Net`, with all that `fit` leaves behind; of the weights, those
        that are trained.
    """

    causal: bool = True
    class_weight: Any = None
    ignore_label: Label | None = None


@dataclass(eq=False, repr=False, kw_only=True)
class TorchStepRegressor(TorchNet, NetStepRegressor):
    """A module of PyTorch that answers every step with the density of a number, or of several.

    The module answers with shape (n, time, n_outputs): under "gaussian" the means, in standard units, and
    the logarithms of the standard deviations; see `seqcompare.models.recurrent.heads` for all.

    Parameters
    ----------
    output : {"gaussian", "mixture", "poisson"}, default="gaussian"
        The density, as in `RNNStepRegressor`.
    n_mix : int, default=3
        Components of "mixture".
    causal : bool, default=True
        Whether no answer may depend on later steps, as in `TorchTagger`.
    module, module_params, symbols_as, device, standardize
        The module, what it is given, and where it computes. For these and all below see
        `seqcompare.models.pytorch.estimator.TorchNet`.
    solver, learning_rate_init, momentum, alpha, clip_norm, batch_size
        How it is trained.
    max_iter, max_seconds, tol, early_stopping, validation_fraction, n_iter_no_change
        When training ends.
    warm_start, dtype, verbose, random_state
        Where `fit` starts, and the rest.

    Attributes
    ----------
    n_targets_ : int
        Numbers in an answer.
    target_mean_, target_scale_ : ndarray, shape (n_targets_,)
        What standard units of the targets are made with; 0 and 1 for counts.
    n_parameters_, n_iter_, stop_reason_, loss_curve_, validation_scores_
        As in `seqcompare.models.recurrent.net.Net`, with all that `fit` leaves behind.
    """

    output: str = "gaussian"
    n_mix: int = 3
    causal: bool = True


@dataclass(eq=False, repr=False, kw_only=True)
class TorchClassifier(NetClassifier, TorchNet, BaseEstimator):
    """A module of PyTorch that labels sequences, with one label each or with several.

    The module answers with shape (n, n_outputs): the logits of the labels of each sequence.

    Parameters
    ----------
    class_weight : dict, "balanced" or None, default=None
        Factors of the loss by label. Not for several labels a sequence.
    module, module_params, symbols_as, device, standardize
        The module, what it is given, and where it computes. For these and all below see
        `seqcompare.models.pytorch.estimator.TorchNet`.
    solver, learning_rate_init, momentum, alpha, clip_norm, batch_size
        How it is trained.
    max_iter, max_seconds, tol, early_stopping, validation_fraction, n_iter_no_change
        When training ends.
    warm_start, dtype, verbose, random_state
        Where `fit` starts, and the rest.

    Attributes
    ----------
    classes_ : ndarray
        The labels, sorted; for several labels a sequence, the columns of `y`.
    multilabel_ : bool
        Whether `y` was an indicator matrix.
    n_parameters_, n_iter_, stop_reason_, loss_curve_, validation_scores_
        As in `seqcompare.models.recurrent.net.Net`, with all that `fit` leaves behind.
    """

    class_weight: Any = None
    pooling = "last"


@dataclass(eq=False, repr=False, kw_only=True)
class TorchRegressor(NetRegressor, TorchNet, BaseEstimator):
    """A module of PyTorch that answers each sequence with one number or several, by least squares.

    The module answers with shape (n, n_outputs): the numbers of each sequence, in standard units.

    Parameters
    ----------
    module, module_params, symbols_as, device, standardize
        The module, what it is given, and where it computes. For these and all below see
        `seqcompare.models.pytorch.estimator.TorchNet`.
    solver, learning_rate_init, momentum, alpha, clip_norm, batch_size
        How it is trained.
    max_iter, max_seconds, tol, early_stopping, validation_fraction, n_iter_no_change
        When training ends.
    warm_start, dtype, verbose, random_state
        Where `fit` starts, and the rest.

    Attributes
    ----------
    n_outputs_ : int
        Numbers in an answer.
    target_mean_, target_scale_ : ndarray, shape (n_outputs_,)
        What the network's outputs are multiplied with and shifted by.
    n_parameters_, n_iter_, stop_reason_, loss_curve_, validation_scores_
        As in `seqcompare.models.recurrent.net.Net`, with all that `fit` leaves behind.
    """

    pooling = "last"
