"""The metrics that come with the package."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from seqcompare.metrics.forecasts import Forecast
from seqcompare.metrics.metric import Answers, Metric, NeedsOf, whole
from seqcompare.typing import Labels, Record


def _bits(answers: Answers) -> NDArray[np.float64]:
    if np.isnan(answers.bits).any():
        raise ValueError("the model gives no probabilities, by whose bits models are compared here")
    return answers.bits


def _wrong(answers: Answers) -> NDArray[np.float64]:
    return np.asarray(answers.guess != answers.truth, dtype=np.float64)


def _squared(answers: Answers) -> NDArray[np.float64]:
    return np.asarray((answers.guess - answers.truth) ** 2, dtype=np.float64)


def _root(answers: Answers) -> float:
    return float(np.sqrt(np.average(_squared(answers), weights=answers.weight)))


def _absolute(answers: Answers) -> NDArray[np.float64]:
    """Return how far answers are off; of a density its median, which has the least absolute error."""
    said = answers.guess if answers.forecast is None else answers.forecast.median[:, 0]
    return np.asarray(np.abs(said - answers.truth), dtype=np.float64)


def _forecast(answers: Answers) -> Forecast:
    if answers.forecast is None:
        raise ValueError("the model does not say what it expects, which this metric is made of")
    return answers.forecast


def _scaled(answers: Answers) -> NDArray[np.float64]:
    """Return absolute errors in units of those of the seasonal last value (Hyndman and Koehler 2006)."""
    found = _forecast(answers)
    # of a channel that never moves the naive error is 0: nothing is to be scaled
    unit = np.where(found.naive > 0, found.naive, np.nan)
    with np.errstate(invalid="ignore"):
        off = np.abs(found.median - found.truth) / unit
    moving = np.isfinite(unit)
    return np.asarray(off[:, moving].mean(axis=1) if moving.any() else np.full(len(off), np.nan))


def _crps(answers: Answers) -> NDArray[np.float64]:
    return np.asarray(_forecast(answers).crps.mean(axis=1))


def _covered(level: float, answers: Answers) -> float:
    """Return the share of steps in the central interval of a level."""
    return float(np.average(_forecast(answers).covers(level), weights=answers.weight))


def _explained(answers: Answers) -> float:
    """Return the share of the variance of the truth that the answers explain; NaN where it has none."""
    mean = np.average(answers.truth, weights=answers.weight)
    spread = float(np.average((answers.truth - mean) ** 2, weights=answers.weight))
    error = float(np.average(_squared(answers), weights=answers.weight))
    return 1 - error / spread if spread > 0 else float("nan")


def _macro_f1(answers: Answers) -> float:
    from sklearn.metrics import f1_score

    return float(
        f1_score(
            answers.truth,
            answers.guess,
            labels=np.unique(answers.truth),
            average="macro",
            sample_weight=answers.weight,
            zero_division=0.0,
        )
    )


def _f1(answers: Answers) -> float:
    """Return the F1 of the last of two classes, as sorted: 1 of 0 and 1, "yes" of "no" and "yes"."""
    from sklearn.metrics import f1_score

    names = np.unique(np.concatenate([np.unique(answers.truth), np.unique(answers.guess)]))
    if len(names) > 2:
        raise ValueError(f"f1 is for two classes, got {len(names)}: macro_f1 is its mean over all")
    return float(
        f1_score(
            answers.truth == names[-1],
            answers.guess == names[-1],
            sample_weight=answers.weight,
            zero_division=0.0,
        )
    )


def _balanced(answers: Answers) -> float:
    """Return the mean over classes of the share of each that was found."""
    names, code = np.unique(answers.truth, return_inverse=True)
    total = np.bincount(code, answers.weight, minlength=len(names))
    found = np.bincount(code, answers.weight * (1 - _wrong(answers)), minlength=len(names))
    return float((found / total).mean())


def _auroc(answers: Answers) -> float:
    """Return the area under the curve of two classes, or its mean over all pairs (Hand and Till 2001)."""
    from sklearn.metrics import roc_auc_score

    proba, names = whole(answers)
    if len(np.unique(answers.truth)) < 2:
        return float("nan")
    if len(names) == 2:
        return float(roc_auc_score(answers.truth == names[1], proba[:, 1], sample_weight=answers.weight))
    came = np.isin(names, answers.truth)
    kept = proba[:, came] / proba[:, came].sum(axis=1, keepdims=True)
    return float(roc_auc_score(answers.truth, kept, multi_class="ovo", labels=names[came]))


def _brier(answers: Answers) -> float:
    """Return the mean squared distance of all probabilities from what came, from 0 to 2 (Brier 1950)."""
    proba, names = whole(answers)
    came = proba[np.arange(len(proba)), np.searchsorted(names, answers.truth)]
    return float(np.average((proba**2).sum(axis=1) - 2 * came + 1, weights=answers.weight))


def _span_f1(answers: Answers) -> float:
    """Return the F1 of whole spans of IOB labels: one counts where its ends and its type are right."""
    true = _spans(answers.truth, answers.owner)
    given = _spans(answers.guess, answers.owner)
    hits = len(true & given)
    return 2 * hits / (len(true) + len(given)) if true or given else float("nan")


def _spans(labels: Labels, owner: NDArray[np.int64]) -> set[tuple[int, int, str]]:
    """Return (first, last, type) of the spans; an I that continues none begins one, as conlleval reads it."""
    spans: set[tuple[int, int, str]] = set()
    start, kind = -1, ""
    for place, label in enumerate([*labels.astype(str), "O"]):
        tag, _, name = label.partition("-")
        new = place == len(owner) or (place > 0 and owner[place] != owner[place - 1])
        if start >= 0 and (new or tag != "I" or name != kind):
            spans.add((start, place - 1, kind))
            start = -1
        if tag in ("B", "I") and start < 0 and place < len(owner):
            start, kind = place, name
    return spans


_LABELS = ("step", "sequence")
_NUMBERS = ("value", "step-value")
#: Where answers are numbers as well, if steps are.
_NUMBERS_TOO = (*_NUMBERS, "next")


def _shown(
    name: str,
    greater_is_better: bool,
    needs: NeedsOf,
    score: Callable[[Answers], float],
    words: str,
    roles: tuple[str, ...] = _LABELS,
) -> Metric:
    """Return a metric that is no mean over items, and so is shown beside what models are judged by."""
    return Metric(name, "", greater_is_better, needs, score=score, words=words, roles=roles)


def built_in() -> Iterable[Metric]:
    """Return the metrics that come with the package."""
    share: Record = {
        "least": 0.0,
        "greatest": 1.0,
        "difference": "{percent:.1f} percentage points",
        "figure": "{percent:.1f}%",
    }
    return [
        Metric(
            "bits",
            "bits a step",
            False,
            "probabilities",
            _bits,
            words="{value:.3f} bits a step",
            difference="{value:.3f} bit",
            figure="{value:.3f}",
            roles=("next", "step-value"),
        ),
        Metric(
            "accuracy",
            "% right",
            True,
            "labels",
            _wrong,
            words="{percent:.1f}% right",
            loss_title="the share of wrong answers",
            **share,
        ),
        Metric(
            "label bits",
            "bits a label",
            False,
            "probabilities",
            _bits,
            least=0.0,
            words="{value:.3f} bits a label",
            difference="{value:.3f} bit",
            figure="{value:.3f}",
            roles=_LABELS,
        ),
        Metric(
            "mse",
            "mean squared error",
            False,
            "numbers",
            _squared,
            least=0.0,
            relative=True,
            words="a mean squared error of {number}",
            difference="{number} in mean squared error",
            figure="{number}",
            roles=_NUMBERS,
            title="MSE",
            loss_title="the mean squared error",
        ),
        Metric(
            "macro_f1",
            "",
            True,
            "labels",
            score=_macro_f1,
            words="a macro F1 of {ratio}",
            roles=_LABELS,
            title="macro F1",
        ),
        _shown("f1", True, "labels", _f1, "an F1 of {ratio}"),
        Metric(
            "balanced_accuracy",
            "%",
            True,
            "labels",
            score=_balanced,
            words="a balanced accuracy of {percent:.1f}%",
            roles=_LABELS,
            **share,
        ),
        Metric(
            "auroc",
            "",
            True,
            "probabilities",
            score=_auroc,
            words="an area under ROC of {ratio}",
            roles=_LABELS,
        ),
        Metric(
            "brier",
            "",
            False,
            "probabilities",
            score=_brier,
            words="a Brier score of {ratio}",
            roles=_LABELS,
        ),
        Metric("span_f1", "", True, "labels", score=_span_f1, words="a span F1 of {ratio}", roles=("step",)),
        Metric(
            "rmse",
            "root mean squared error",
            False,
            "numbers",
            score=_root,
            least=0.0,
            words="a root mean squared error of {number}",
            figure="{number}",
            roles=_NUMBERS_TOO,
            title="RMSE",
            in_units=True,
        ),
        Metric(
            "mae",
            "mean absolute error",
            False,
            "numbers",
            _absolute,
            least=0.0,
            relative=True,
            words="a mean absolute error of {number}",
            figure="{number}",
            roles=_NUMBERS_TOO,
            title="MAE",
            in_units=True,
        ),
        Metric(
            "r2",
            "",
            True,
            "numbers",
            score=_explained,
            greatest=1.0,
            words="R2 {ratio}",
            roles=_NUMBERS_TOO,
            title="R²",
        ),
        Metric(
            "mase",
            "",
            False,
            "density",
            _scaled,
            least=0.0,
            words="{ratio} of the absolute error of the seasonal last value",
            roles=("next",),
            title="MASE",
        ),
        Metric(
            "crps",
            "continuous ranked probability score",
            False,
            "density",
            _crps,
            least=0.0,
            relative=True,
            words="a continuous ranked probability score of {number}",
            figure="{number}",
            roles=("next", "step-value"),
            title="CRPS",
            in_units=True,
        ),
        *(
            Metric(
                f"coverage_{percent}",
                "%",
                True,
                "density",
                score=partial(_covered, percent / 100),
                words=f"{{percent:.1f}}% in intervals of {percent}%",
                roles=("next", "step-value"),
                title=f"in {percent}%",
                **share,
            )
            for percent in (50, 95)
        ),
    ]
