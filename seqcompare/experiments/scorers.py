"""Scoring and cross-validated answers where scikit-learn's tools stop: a ragged target, a label a step."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import sklearn.metrics
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.model_selection import check_cv
from sklearn.pipeline import Pipeline
from sklearn.utils.metadata_routing import MetadataRequest
from sklearn.utils.metaestimators import available_if

from seqcompare.data.sequences import Sequences, offsets_of
from seqcompare.data.targets import check_step_labels, check_step_weights, scored_steps
from seqcompare.models.bases import BaseEstimator, ClassifierMixin
from seqcompare.typing import (
    Floats,
    Label,
    Labels,
    Model,
    Record,
    SequencesLike,
    TargetsLike,
    Values,
    WeightsLike,
)

# what a column stands for that a fold never saw
_ABSENT = {"predict_proba": 0.0, "predict_next_proba": 0.0, "predict_log_proba": -np.inf}


def make_scorer(
    score_func: str | Callable[..., float],
    *,
    response_method: str | None = None,
    greater_is_better: bool = True,
    ignore_label: Label | None = None,
    **kwargs: Any,
) -> SequenceScorer:
    """Make a scorer of taggers, classifiers and regressors of sequences.

    It goes wherever scikit-learn takes one: ``GridSearchCV(scoring=...)``, ``cross_validate(scoring=...)``,
    alone or in a dict. Labels per step are laid end to end, so a metric counts steps, not sequences.

    Parameters
    ----------
    score_func : str or callable
        A name of scikit-learn's (``"f1_macro"``, ``"neg_log_loss"``), or a metric of truth and answer such as
        ``sklearn.metrics.f1_score``. A metric of probabilities with a parameter ``labels`` is told the
        classes, so that a fold need not hold all of them; a class that was not in training has probability 0.
    response_method : {"predict", "predict_proba", "decision_function"}, default="predict"
        What of the estimator `score_func` reads; a name knows it.
    greater_is_better : bool, default=True
        Whether to maximise `score_func`; if not, the scorer flips its sign.
    ignore_label : label, optional
        Steps with this label do not count; neither do those that the tagger itself ignores.
    **kwargs
        For `score_func`, as ``average="macro"``.

    Returns
    -------
    SequenceScorer
        Called as ``scorer(estimator, X, y, sample_weight=None)``; weights are one a sequence or one a step.

    Raises
    ------
    ValueError
        If a name comes with parameters, which it has already.

    Examples
    --------
    >>> from seqcompare import WindowTagger, make_scorer
    >>> X, y = ["abba", "ab"] * 3, [[0, 1, 1, 0], [0, 1]] * 3
    >>> make_scorer("f1_macro")(WindowTagger().fit(X, y), X, y)
    1.0
    """
    if isinstance(score_func, str):
        if kwargs or response_method is not None or not greater_is_better:
            raise ValueError(
                f"the scorer {score_func!r} has its parameters already; pass the metric itself to choose them"
            )
        sklearn.metrics.get_scorer(score_func)  # an unknown name is an error now, not in the first fold
    return SequenceScorer(score_func, response_method or "predict", greater_is_better, ignore_label, kwargs)


class SequenceScorer:
    """A scorer of sequence models; see `make_scorer`."""

    def __init__(
        self,
        score_func: str | Callable[..., float],
        response_method: str,
        greater_is_better: bool,
        ignore_label: Label | None,
        kwargs: Record,
    ) -> None:
        self.score_func = score_func
        self.response_method = response_method
        self.greater_is_better = greater_is_better
        self.ignore_label = ignore_label
        self.kwargs = kwargs
        self._weight_request: bool | str | None = None

    def __call__(
        self, estimator: Any, X: SequencesLike, y: TargetsLike, sample_weight: WeightsLike | None = None
    ) -> float:
        """Return the score of a fitted estimator's answer to `X`, greater being better.

        Raises
        ------
        ValueError
            If `y` does not fit `X`, or no step is left to score.
        """
        if is_regressor(estimator) or (is_classifier(estimator) and np.asarray(y).ndim > 1):
            scorer = self._scorer(None)
            return float(scorer(estimator, X, y, **_given(sample_weight)))
        if is_classifier(estimator):
            truth = np.asarray(y)
            steps = None
            weights = None if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
        else:
            sequences = Sequences(X)
            truth = check_step_labels(y, sequences)
            every = check_step_weights(sample_weight, sequences)
            for ignored in (self.ignore_label, _last_step(estimator, "ignore_label")):
                every = every * scored_steps(truth, ignored)
            steps = np.flatnonzero(every)
            if not len(steps):
                raise ValueError("no step is left to score: all have weight 0 or ignore_label")
            truth = truth[steps]
            weights = None if sample_weight is None else every[steps]
        answers = _Answers(estimator, steps, np.union1d(estimator.classes_, truth))
        return float(self._scorer(answers.classes_)(answers, X, truth, **_given(weights)))

    def set_score_request(self, *, sample_weight: bool | str | None) -> SequenceScorer:
        """Say whether scikit-learn's metadata routing hands `sample_weight` to this scorer.

        Parameters
        ----------
        sample_weight : bool, None or str
            As in ``set_score_request`` of scikit-learn's own scorers.
        """
        self._weight_request = sample_weight
        return self

    def get_metadata_routing(self) -> MetadataRequest:
        """Return what this scorer asks for, for scikit-learn's metadata routing."""
        request = MetadataRequest(owner=self)
        request.score.add_request(param="sample_weight", alias=self._weight_request)
        return request

    def __repr__(self) -> str:
        name = self.score_func if isinstance(self.score_func, str) else self.score_func.__name__
        given = "".join(f", {key}={value!r}" for key, value in self.kwargs.items())
        return f"make_scorer({name}{given})"

    def _scorer(self, classes: Labels | None) -> Any:
        """Return scikit-learn's scorer of the metric, which is told the classes where it asks for them."""
        if self.score_func == "neg_log_loss":
            func, method, greater = sklearn.metrics.log_loss, "predict_proba", False
        elif isinstance(self.score_func, str):
            return sklearn.metrics.get_scorer(self.score_func)
        else:
            func, method, greater = self.score_func, self.response_method, self.greater_is_better
        kwargs = dict(self.kwargs)
        if (
            method == "predict_proba"
            and classes is not None
            and "labels" in inspect.signature(func).parameters
        ):
            kwargs.setdefault("labels", classes)
        return sklearn.metrics.make_scorer(func, response_method=method, greater_is_better=greater, **kwargs)


def cross_val_predict(
    estimator: Model,
    X: SequencesLike,
    y: TargetsLike | None = None,
    *,
    groups: Labels | None = None,
    cv: Any = None,
    n_jobs: int | None = None,
    verbose: int = 0,
    params: Record | None = None,
    pre_dispatch: int | str = "2*n_jobs",
    method: str = "predict",
) -> Any:
    """Answer each sequence by a model that was fitted without it.

    Like scikit-learn's function of this name, for ragged input and for answers per step too.

    Parameters
    ----------
    estimator : estimator
        A tagger, classifier, regressor, density or pipeline; clones are fitted.
    X : sequences
        The input.
    y : optional
        Targets per sequence or per step.
    groups : array-like of shape (n,), optional
        For splitters that keep groups together.
    cv : int, splitter or iterable of (train, test), optional
        How whole sequences are split; by default 5 folds, stratified for classifiers of sequences. Every
        sequence must be in exactly one test part.
    n_jobs, verbose, pre_dispatch
        For joblib.
    params : dict, optional
        Further arguments of ``fit``; what has an entry for each sequence is split as well, so weights per
        step are ``params={"sample_weight": weights}``.
    method : str, default="predict"
        What to answer: ``"predict"``, ``"predict_proba"``, ``"predict_next_proba"``, ``"score_samples"``, ...

    Returns
    -------
    list, ndarray or Sequences
        What the method returns, in the order of `X`. Columns of probabilities belong to all classes (symbols)
        that any fold has seen, sorted; one that a fold has not seen has probability 0 there.

    Raises
    ------
    ValueError
        If the test parts of `cv` do not cover each sequence exactly once.
    """
    n = len(X)
    per_sequence = is_classifier(estimator) or is_regressor(estimator)
    splitter = check_cv(cv, y if per_sequence else None, classifier=is_classifier(estimator))
    splits = list(splitter.split(np.zeros(n), y if per_sequence else None, groups))
    order = np.concatenate([test for _, test in splits])
    if not np.array_equal(np.sort(order), np.arange(n)):
        raise ValueError(f"the test parts of cv must hold each of the {n} sequences exactly once")
    folds = Parallel(n_jobs=n_jobs, verbose=verbose, pre_dispatch=pre_dispatch)(
        delayed(_fit_and_answer)(clone(estimator), X, y, params or {}, train, test, method)
        for train, test in splits
    )
    if method in _ABSENT and np.ndim(folds[0][1]) == 1:
        columns = np.unique(np.concatenate([names for _, names in folds]))
        answers = [_align(answer, names, columns, _ABSENT[method]) for answer, names in folds]
    else:
        answers = [answer for answer, _ in folds]
    return _join(answers, np.argsort(order))


class _Answers(ClassifierMixin, BaseEstimator):
    """A fitted classifier or tagger whose answers are end to end: what scikit-learn's scorers can read."""

    def __init__(self, estimator: Any, steps: NDArray[np.int64] | None, classes: Labels) -> None:
        self.estimator = estimator
        self.steps = steps
        self.classes_ = classes

    def predict(self, X: SequencesLike) -> Labels:
        return self._flat(self.estimator.predict(X))

    @available_if(lambda self: hasattr(self.estimator, "predict_proba"))
    def predict_proba(self, X: SequencesLike) -> Floats:
        return _widen(self._flat(self.estimator.predict_proba(X)), self.estimator.classes_, self.classes_, 0)

    @available_if(lambda self: hasattr(self.estimator, "decision_function"))
    def decision_function(self, X: SequencesLike) -> Values:
        return self._flat(self.estimator.decision_function(X))

    def _flat(self, answer: Any) -> Values:
        if self.steps is None:
            return np.asarray(answer)
        return _laid_out(answer)[self.steps]


def _laid_out(answer: Any) -> Values:
    """Return answers per step end to end, from any container."""
    if isinstance(answer, Sequences):
        return answer.values
    return np.concatenate([np.asarray(part) for part in answer])


def _last_step(estimator: Model, name: str) -> Any:
    """Return an attribute of a model inside searches and pipelines; None if it has none."""
    while True:
        if hasattr(estimator, "best_estimator_"):
            estimator = estimator.best_estimator_
        elif isinstance(estimator, Pipeline):
            estimator = estimator.steps[-1][1]
        else:
            return getattr(estimator, name, None)


def _given(sample_weight: WeightsLike | None) -> Record:
    return {} if sample_weight is None else {"sample_weight": sample_weight}


def _widen(proba: Floats, names: Labels, columns: Labels, absent: float) -> Floats:
    """Spread the last axis over `columns`, of which `names` are there."""
    if len(names) == len(columns):
        return proba
    wide = np.full((*proba.shape[:-1], len(columns)), absent, dtype=proba.dtype)
    wide[..., np.searchsorted(columns, names)] = proba
    return wide


def _align(answer: Any, names: Labels, columns: Labels, absent: float) -> SequencesLike:
    if isinstance(answer, Sequences):
        return Sequences(_widen(answer.values, names, columns, absent), answer.offsets)
    if isinstance(answer, list):
        return [_widen(part, names, columns, absent) for part in answer]
    return _widen(answer, names, columns, absent)


def _pick(values: Any, indices: NDArray[np.int64]) -> Any:
    """Return the entries at `indices`, in the container that they are in."""
    if isinstance(values, Sequences):
        return values.take(indices)
    if hasattr(values, "iloc"):
        return values.iloc[indices]
    if isinstance(values, np.ndarray):
        return values[indices]
    return [values[i] for i in indices]


def _fit_and_answer(
    estimator: Model,
    X: SequencesLike,
    y: TargetsLike,
    params: Record,
    train: NDArray[np.int64],
    test: NDArray[np.int64],
    method: str,
) -> tuple[Any, Any]:
    """Return the answer to the test part, and what its columns stand for."""
    n = len(X)
    chosen = {
        name: _pick(value, train) if hasattr(value, "__len__") and len(value) == n else value
        for name, value in params.items()
    }
    targets = () if y is None else (_pick(y, train),)
    estimator.fit(_pick(X, train), *targets, **chosen)
    answer = getattr(estimator, method)(_pick(X, test))
    names = _last_step(estimator, "symbols_" if method == "predict_next_proba" else "classes_")
    return answer, names


def _join(answers: list[Any], places: Iterable[int]) -> Any:
    """Put the answers of all folds behind each other, and then entry ``places[i]`` at i."""
    if isinstance(answers[0], Sequences):
        values = np.concatenate([answer.values for answer in answers])
        lengths = np.concatenate([answer.lengths for answer in answers])
        return Sequences(values, offsets_of(lengths)).take(np.asarray(places))
    if isinstance(answers[0], list):
        parts = [part for answer in answers for part in answer]
        return [parts[i] for i in places]
    return np.concatenate(answers)[np.asarray(places)]
