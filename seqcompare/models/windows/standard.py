"""The four standard models on windows: logistic regression, linear and RBF support vectors, and the net."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline
from sklearn.svm import SVC, LinearSVC
from sklearn.utils import Tags
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from seqcompare.models.bases import BaseEstimator, ClassifierMixin
from seqcompare.typing import Floats, Ints, RandomState, WeightsLike


class ApproximationWarning(UserWarning):
    """An approximation stands in for an exact method that would take too long."""


class RBFSVM(ClassifierMixin, BaseEstimator):
    """Support vectors under the RBF kernel: exact on few rows, by Nystroem's features on many.

    The exact machine (scikit-learn's ``SVC``) takes time quadratic in the rows or worse. Above
    `max_exact_rows` a linear machine on Nystroem's approximation of the kernel takes its place, and a warning
    says so.

    Parameters
    ----------
    C : float, default=1.0
        Inverse strength of the penalty.
    gamma : {"scale", "auto"} or float, default="scale"
        Width of the kernel, as in ``SVC``.
    approximate : {"auto"} or bool, default="auto"
        Whether to approximate; by default above `max_exact_rows`, with an `ApproximationWarning`.
    max_exact_rows : int, default=5000
        The most rows that are fitted exactly.
    n_components : {"auto"} or int, default="auto"
        Nystroem's features: by default ten a column, but at least 500 and at most 2,000; never more than
        rows. Wider windows need more of them. They take ``8 * n_rows * n_components`` bytes.
    class_weight : dict or "balanced", optional
        As in ``SVC``.
    random_state : int, RandomState instance or None
        Chooses the rows that Nystroem's features are made of.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels.
    exact_ : bool
        Whether the machine is exact.
    estimator_ : SVC or Pipeline
        The machine.

    Notes
    -----
    Williams and Seeger, "Using the Nystroem method to speed up kernel machines", 2001.
    """

    def __init__(
        self,
        C: float = 1.0,
        gamma: float | str = "scale",
        *,
        approximate: bool | Literal["auto"] = "auto",
        max_exact_rows: int = 5000,
        n_components: int | Literal["auto"] = "auto",
        class_weight: Any = None,
        random_state: RandomState = None,
    ) -> None:
        self.C = C
        self.gamma = gamma
        self.approximate = approximate
        self.max_exact_rows = max_exact_rows
        self.n_components = n_components
        self.class_weight = class_weight
        self.random_state = random_state

    def fit(self, X: Any, y: ArrayLike, sample_weight: WeightsLike | None = None) -> RBFSVM:
        """Fit the machine.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_rows, n_columns)
            Rows.
        y : array-like of shape (n_rows,)
            Labels.
        sample_weight : array-like of shape (n_rows,), optional
            Weights.

        Warns
        -----
        ApproximationWarning
            If there are too many rows for the exact machine, and `approximate` is "auto".
        """
        X, y = validate_data(self, X, y, accept_sparse="csr", dtype=np.float64)
        check_classification_targets(y)
        if self.approximate == "auto":
            self.exact_ = X.shape[0] <= self.max_exact_rows
        elif isinstance(self.approximate, (bool, np.bool_)):
            self.exact_ = not self.approximate
        else:
            raise ValueError(f'approximate must be True, False or "auto", got {self.approximate!r}')
        if self.exact_:
            machine = SVC(C=self.C, gamma=self.gamma, class_weight=self.class_weight)
            self.estimator_ = machine.fit(X, y, sample_weight)
        else:
            machine = self._approximation(X)
            if self.approximate == "auto":
                warnings.warn(
                    f"{X.shape[0]} rows are more than {self.max_exact_rows}: the RBF kernel is approximated "
                    f"by {machine.named_steps['features'].n_components} Nystroem features; "
                    "approximate=True says so without this warning, approximate=False fits exactly",
                    ApproximationWarning,
                    stacklevel=2,
                )
            self.estimator_ = machine.fit(X, y, machine__sample_weight=sample_weight)
        self.classes_ = self.estimator_.classes_
        return self

    def predict(self, X: Floats) -> Ints:
        """Return the label of each row, shape (n_rows,)."""
        rows = self._check(X)
        return self.estimator_.predict(rows)

    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """Return decision values, shape (n_rows,) for two classes, else (n_rows, n_classes)."""
        rows = self._check(X)
        return self.estimator_.decision_function(rows)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _check(self, X: Any) -> Any:
        check_is_fitted(self)
        return validate_data(self, X, accept_sparse="csr", dtype=np.float64, reset=False)

    def _approximation(self, X: Any) -> Pipeline:
        n_rows, n_columns = X.shape
        wanted = self.n_components
        if wanted == "auto":
            wanted = min(max(500, 10 * n_columns), 2000)
        features = Nystroem(
            gamma=self._width(X), n_components=min(wanted, n_rows), random_state=self.random_state
        )
        machine = LinearSVC(C=self.C, dual=False, class_weight=self.class_weight)
        return Pipeline([("features", features), ("machine", machine)])

    def _width(self, X: Any) -> float:
        """Return gamma as ``SVC`` reads it; Nystroem knows numbers only."""
        if self.gamma == "auto":
            return 1 / X.shape[1]
        if self.gamma != "scale":
            return float(self.gamma)
        # the variance of all entries, zeros of a sparse matrix included
        variance = X.multiply(X).mean() - X.mean() ** 2 if hasattr(X, "multiply") else X.var()
        return 1 / (X.shape[1] * variance) if variance > 0 else 1.0


_STANDARD: dict[str, Callable[[], Any]] = {
    "logistic": lambda: LogisticRegression(max_iter=1000),
    "linear-svm": lambda: LinearSVC(dual=False),
    "rbf-svm": RBFSVM,
    "mlp": lambda: MLPClassifier((64,), learning_rate_init=0.01, max_iter=500, n_iter_no_change=20),
}

STANDARD = tuple(_STANDARD)


def standard_classifier(name: str, **params: Any) -> Any:
    """Make one of the four standard classifiers for `WindowTagger` and `WindowClassifier`.

    Parameters
    ----------
    name : {"logistic", "linear-svm", "rbf-svm", "mlp"}
        Logistic regression; the linear machine; `RBFSVM`; the feed-forward net, one hidden layer of 64 units,
        whose ``activation`` is ``"relu"``, ``"tanh"`` or ``"logistic"``, the sigmoid.
    **params
        Set over the defaults.

    Raises
    ------
    ValueError
        If there is no such model or parameter.

    Examples
    --------
    >>> from seqcompare.models.windows.standard import standard_classifier
    >>> standard_classifier("linear-svm", C=0.1)
    LinearSVC(C=0.1, dual=False)
    """
    if name not in _STANDARD:
        raise ValueError(f"name must be one of {STANDARD}, got {name!r}")
    return _STANDARD[name]().set_params(**params)
