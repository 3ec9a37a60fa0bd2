"""What every metric promises: that the right answers win, and that it can be said in words."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from seqcompare.metrics import Answers, Forecast, Metric
from seqcompare.testing.promises import expect, promise

_ROLES = ("next", "step", "step-value", "sequence", "value")
_NEEDS = ("labels", "probabilities", "numbers", "density")

# two labels, since some metrics are for no more, and such that spans can be read from them
_NAMES = np.array(["B-x", "O"])


@dataclass(frozen=True, eq=False)
class OneMetric:
    """A metric that is held to the contract.

    Parameters
    ----------
    metric : Metric
        The metric.
    """

    metric: Metric

    def answers(self, right: float, scale: float = 1.0) -> Answers:
        """Return answers of 20 sequences of 6 items, a share `right` of them right.

        Parameters
        ----------
        right : float
            The share; where numbers are asked for, how near the answers come.
        scale : float, default=1
            What all weights are multiplied by.
        """
        rng = np.random.default_rng(3)
        n = 120
        code = rng.integers(0, 2, size=n)
        code[:2] = 0, 1
        hit = rng.random(n) < right
        given = np.where(hit, code, 1 - code)
        sure = np.full((n, 2), 0.1)
        sure[np.arange(n), given] = 0.9
        numbers = self.metric.needs in ("numbers", "density")
        truth = rng.normal(size=n) if numbers else _NAMES[code]
        guess = truth + np.where(hit, 0.0, rng.normal(size=n)) if numbers else _NAMES[given]
        bits = -np.log2(sure[np.arange(n), code])
        weight = scale * rng.integers(1, 3, size=n).astype(np.float64)
        item = np.arange(n)
        forecast = _normal(truth, guess) if self.metric.needs == "density" else None
        best = sure.max(axis=1)
        return Answers(item, item // 6, weight, truth, guess, bits, best, _NAMES, sure, forecast)


def _normal(truth: NDArray[np.float64], guess: NDArray[np.float64]) -> Forecast:
    """Return normal densities of standard deviation 1/2 about the guesses."""
    z = 2 * (truth - guess)
    crps = (z * (2 * ndtr(z) - 1) + np.sqrt(2 / np.pi) * np.exp(-(z**2) / 2) - 1 / np.sqrt(np.pi)) / 2
    parts = {"truth": truth, "mean": guess, "median": guess, "crps": crps, "below": ndtr(z), "upto": ndtr(z)}
    return Forecast(**{name: part[:, np.newaxis] for name, part in parts.items()}, naive=np.ones(1))


@promise()
def a_metric_says_what_it_is(subject: OneMetric) -> None:
    """A metric has a name, roles, what it needs of a model, and a loss or a score."""
    metric = subject.metric
    expect(isinstance(metric.name, str) and metric.name, "a name", repr(metric.name))
    expect(metric.roles, "at least one role", metric.roles)
    unknown = [role for role in metric.roles if role not in _ROLES]
    expect(not unknown, f"roles of {', '.join(_ROLES)}", unknown)
    expect(metric.needs in _NEEDS, f"needs to be one of {', '.join(_NEEDS)}", repr(metric.needs))
    expect(metric.loss is not None or metric.score is not None, "a loss or a score", "neither")
    expect(metric.tolerance >= 0, "a tolerance of at least 0", metric.tolerance)
    expect(metric.least < metric.greatest, "least below greatest", (metric.least, metric.greatest))


@promise()
def right_answers_win(subject: OneMetric) -> None:
    """Better answers have the better score, by the metric's own direction."""
    metric = subject.metric
    good, bad = (metric.score_of(subject.answers(right)) for right in (1.0, 0.6))
    better = good > bad if metric.greater_is_better else good < bad
    words = "above" if metric.greater_is_better else "below"
    expect(better, f"the score of right answers {words} that of answers 60% right, {bad}", good)


@promise()
def a_score_keeps_its_bounds(subject: OneMetric) -> None:
    """Scores are finite, and between `least` and `greatest`."""
    metric = subject.metric
    for right in (1.0, 0.6, 0.0):
        score = metric.score_of(subject.answers(right))
        expect(isinstance(score, float) and np.isfinite(score), "a finite float", repr(score))
        kept = metric.least - 1e-12 <= score <= metric.greatest + 1e-12
        expect(kept, f"a score between {metric.least} and {metric.greatest}", score)


@promise()
def order_and_scale_do_not_matter(subject: OneMetric) -> None:
    """Neither the order of the sequences nor the unit of the weights changes a score."""
    metric = subject.metric
    answers = subject.answers(0.6)
    score = metric.score_of(answers)
    order = np.concatenate([np.flatnonzero(answers.owner == owner) for owner in range(19, -1, -1)])
    for other, what in (
        (answers.pick(order), "in another order"),
        (subject.answers(0.6, scale=2.0), "with twice the weights"),
    ):
        came = metric.score_of(other)
        expect(np.isclose(came, score, rtol=1e-9), f"a score of {score} {what}", came)


@promise(lambda subject: subject.metric.loss is not None)
def there_is_a_loss_for_each_item(subject: OneMetric) -> None:
    """The loss is one finite number an item, and smaller for better answers."""
    assert subject.metric.loss is not None
    losses = [np.asarray(subject.metric.loss(subject.answers(right))) for right in (1.0, 0.6)]
    for loss in losses:
        expect(loss.shape == (120,), "a loss for each of 120 items", f"shape {loss.shape}")
        expect(np.isfinite(loss).all(), "finite losses", loss[~np.isfinite(loss)])
    expect(losses[0].mean() < losses[1].mean(), f"a mean loss below {losses[1].mean()}", losses[0].mean())


@promise()
def a_metric_can_be_said_and_kept(subject: OneMetric) -> None:
    """A run keeps a metric as plain values, which say scores in the same words."""
    metric = subject.metric
    plain = json.loads(json.dumps(metric.describe()))
    again = Metric.from_plain(plain)
    for say in ("say", "say_difference", "say_figure"):
        words = getattr(metric, say)(0.25)
        expect(isinstance(words, str) and words, f"words of {say}", repr(words))
        came = getattr(again, say)(0.25)
        expect(came == words, f"{words!r} from what a run keeps", repr(came))


PROMISES = (
    a_metric_says_what_it_is,
    right_answers_win,
    a_score_keeps_its_bounds,
    order_and_scale_do_not_matter,
    there_is_a_loss_for_each_item,
    a_metric_can_be_said_and_kept,
)
