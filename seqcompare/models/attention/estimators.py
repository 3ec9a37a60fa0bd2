"""The estimators of attention."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from seqcompare.models.attention.estimator import AttentionNet
from seqcompare.models.bases import BaseEstimator
from seqcompare.models.recurrent.classifier import NetClassifier
from seqcompare.models.recurrent.regressor import NetRegressor
from seqcompare.models.recurrent.step_regressor import SteppingStepRegressor
from seqcompare.models.recurrent.tagger import SteppingTagger
from seqcompare.typing import Label

__all__ = ["AttentionClassifier", "AttentionRegressor", "AttentionStepRegressor", "AttentionTagger"]


@dataclass(eq=False, repr=False, kw_only=True)
class AttentionTagger(AttentionNet, SteppingTagger):
    """A network of attention that labels every step; `NextStep` of it is a density.

    Parameters
    ----------
    class_weight : dict, "balanced" or None, default=None
        Factors of the loss by label.
    ignore_label : default=None
        Steps with this label are neither trained on nor scored.
    hidden_size, n_layers, n_heads, context, causal, standardize
        What the network is made of. For these and all below see
        `seqcompare.models.attention.estimator.AttentionNet`.
    dropout, solver, learning_rate_init, momentum, alpha, clip_norm, batch_size
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
        As in `seqcompare.models.recurrent.net.Net`, with all that `fit` leaves behind.

    Examples
    --------
    >>> from seqcompare import AttentionTagger
    >>> X, y = ["abba", "bab"] * 20, [[0, 1, 1, 0], [1, 0, 1]] * 20
    >>> tagger = AttentionTagger(hidden_size=8, n_layers=1, n_heads=2, random_state=0).fit(X, y)
    >>> tagger.predict(["aab"])
    [array([0, 0, 1])]
    >>> tagger.attention_weights("aab").shape
    (1, 2, 3, 3)
    """

    class_weight: Any = None
    ignore_label: Label | None = None


@dataclass(eq=False, repr=False, kw_only=True)
class AttentionStepRegressor(AttentionNet, SteppingStepRegressor):
    """A network of attention that answers every step with the density of a number, or of several.

    It is trained by the likelihood of its density. Inside `NextStep` that is the density of the next step.

    Parameters
    ----------
    output : {"gaussian", "mixture", "poisson"}, default="gaussian"
        The density, as in `RNNStepRegressor`.
    n_mix : int, default=3
        Components of "mixture".
    hidden_size, n_layers, n_heads, context, causal, standardize
        What the network is made of. For these and all below see
        `seqcompare.models.attention.estimator.AttentionNet`.
    dropout, solver, learning_rate_init, momentum, alpha, clip_norm, batch_size
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
        As in `seqcompare.models.recurrent.net.Net`, with all that `fit` leaves behind. Losses are minus
        log-densities in standard units; scores are minus the loss.

    Examples
    --------
    >>> import numpy as np
    >>> from seqcompare import AttentionStepRegressor
    >>> X = np.random.default_rng(0).normal(size=(40, 6))
    >>> y = X + np.roll(X, 1, axis=1)
    >>> model = AttentionStepRegressor(hidden_size=8, n_heads=2, max_iter=20, random_state=0).fit(X, y)
    >>> model.predict_distribution(X).batch_shape
    (40, 6)
    """

    output: str = "gaussian"
    n_mix: int = 3


@dataclass(eq=False, repr=False, kw_only=True)
class AttentionClassifier(NetClassifier, AttentionNet, BaseEstimator):
    """A network of attention that labels sequences, with one label each or with several.

    Parameters
    ----------
    pooling : {"last", "mean", "attention"}, default="last"
        What of the steps the answer is read from: the last one, their mean, or a mean weighted by learned
        additive attention.
    class_weight : dict, "balanced" or None, default=None
        Factors of the loss by label. Not for several labels a sequence.
    hidden_size, n_layers, n_heads, context, causal, standardize
        What the network is made of. For these and all below see
        `seqcompare.models.attention.estimator.AttentionNet`.
    dropout, solver, learning_rate_init, momentum, alpha, clip_norm, batch_size
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

    Examples
    --------
    >>> from seqcompare import AttentionClassifier
    >>> X, y = ["abc", "ba", "aab", "bcba"] * 10, ["some c", "no c", "no c", "some c"] * 10
    >>> model = AttentionClassifier(hidden_size=8, n_layers=1, n_heads=2, random_state=0).fit(X, y)
    >>> model.predict(["acba", "bb"])
    array(['some c', 'no c'], dtype='<U6')
    """

    pooling: str = "last"
    class_weight: Any = None


@dataclass(eq=False, repr=False, kw_only=True)
class AttentionRegressor(NetRegressor, AttentionNet, BaseEstimator):
    """A network of attention that answers each sequence with one number or several, by least squares.

    Parameters
    ----------
    pooling : {"last", "mean", "attention"}, default="last"
        What of the steps the answer is read from, as in `AttentionClassifier`.
    hidden_size, n_layers, n_heads, context, causal, standardize
        What the network is made of. For these and all below see
        `seqcompare.models.attention.estimator.AttentionNet`.
    dropout, solver, learning_rate_init, momentum, alpha, clip_norm, batch_size
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
        As in `seqcompare.models.recurrent.net.Net`, with all that `fit` leaves behind; the scores are R²,
        over all outputs.

    Examples
    --------
    >>> import numpy as np
    >>> from seqcompare import AttentionRegressor
    >>> X = np.random.default_rng(0).normal(size=(50, 3, 1))
    >>> model = AttentionRegressor(hidden_size=8, n_heads=2, random_state=0).fit(X, X[:, 0, 0])
    >>> bool(model.score(X, X[:, 0, 0]) > 0.9)
    True
    """

    pooling: str = "last"
