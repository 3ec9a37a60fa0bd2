"""What densities over numbers and counts promise: distributions of what comes next."""

from __future__ import annotations

import numpy as np

from seqcompare.testing.promises import expect, expect_same, promise
from seqcompare.testing.subjects import Model, pack
from seqcompare.typing import Floats

_SAME = 1e-9


def _of_numbers(subject: Model) -> bool:
    """Whether distributions over numbers are asked for; a stranger need not have any."""
    able = subject.full or hasattr(subject.estimator, "predict_next_distribution")
    return subject.role == "next" and not subject.symbols and able


def _expect_close(ours: Floats, others: Floats, what: str, rtol: float = _SAME) -> None:
    ours, others = np.asarray(ours), np.asarray(others)
    expect(ours.shape == others.shape, f"{what} of shape {ours.shape}", others.shape)
    gap = np.abs(ours - others) - rtol * np.abs(others)
    expect((gap <= _SAME).all(), f"the same {what}", f"a gap of {gap.max():.3g}")


@promise(_of_numbers)
def distributions_are_what_the_likelihood_is_made_of(subject: Model) -> None:
    """`predict_next_distribution` has a row a step, whose `log_prob` of the next step `score_steps` gives."""
    model, _ = subject.fitted()
    X, _ = subject.data()
    ahead, steps = model.predict_next_distribution(X), model.score_steps(X)
    for i, (x, rows, likelihood) in enumerate(zip(X, ahead, steps, strict=True)):
        where = f"the distributions for X[{i}]"
        expect(rows.batch_shape == (len(x),), f"batch_shape {(len(x),)} of {where}", rows.batch_shape)
        event = x.shape[1:]
        expect(rows.event_shape == event, f"event_shape {event} of {where}", rows.event_shape)
        said = rows[:-1].log_prob(x[1:])
        expect(np.isfinite(said).all(), f"finite log-densities in {where}", said)
        _expect_close(said, np.asarray(likelihood)[1:], f"log-densities in {where}")
        for name, found in (("mean", rows.mean), ("median", rows.quantile(0.5)), ("crps", rows.crps(x))):
            expect(found.shape == x.shape, f"{name} of shape {x.shape} in {where}", found.shape)
        drawn = rows.sample(2, random_state=0).shape
        expect(drawn == (2, *x.shape), f"samples of shape {(2, *x.shape)} from {where}", drawn)


@promise(_of_numbers)
def distributions_follow_the_container(subject: Model) -> None:
    """Lists are answered with a distribution a sequence, `Sequences` with one of all steps: the same ones."""
    model, _ = subject.fitted()
    X, _ = subject.data()
    rectangle = np.array([x[:3] for x in X])
    flat = model.predict_next_distribution(pack(rectangle))
    n = 3 * len(X)
    expect(flat.batch_shape == (n,), f"a distribution for each of {n} steps", flat.batch_shape)
    _expect_close(flat[:3].mean, model.predict_next_distribution(X)[0][:3].mean, "mean")
    as_lists = model.predict_next_distribution(list(rectangle))
    expect_same([as_lists[1].mean], [flat[3:6].mean], "the mean", subject.rtol)


@promise(_of_numbers)
def a_forecast_goes_on_from_the_last_step(subject: Model) -> None:
    """`forecast` has a distribution for each sequence and step ahead, and one step ahead is the next one."""
    model, _ = subject.fitted()
    X, _ = subject.data()
    far = model.forecast(X, 2, n_samples=50, random_state=0)
    shape = (len(X), 2)
    expect(far.batch_shape == shape, f"batch_shape {shape} of a forecast of 2 steps", far.batch_shape)
    last = np.array([rows[-1].mean for rows in model.predict_next_distribution(X)])
    _expect_close(model.forecast(X, 1).mean[:, 0], last, "mean one step ahead", 1e-6)


def _of_symbols(subject: Model) -> bool:
    """Whether probabilities of the symbols to come are asked for; a stranger need not have any."""
    able = subject.full or hasattr(subject.estimator, "forecast_proba")
    return subject.role == "next" and subject.symbols and able


@promise(_of_symbols)
def probabilities_of_later_symbols_go_on_from_the_last_step(subject: Model) -> None:
    """`forecast_proba` has probabilities for each sequence and step ahead; the first are of the next step."""
    model, _ = subject.fitted()
    X, _ = subject.data()
    X = X[:3]
    far = model.forecast_proba(X, 3, n_samples=20, random_state=0)
    shape = (len(X), 3, len(model.symbols_))
    expect(far.shape == shape, f"probabilities of shape {shape}", far.shape)
    _expect_close(far.sum(axis=2), np.ones(shape[:2]), "sum of probabilities", 1e-6)
    last = np.array([rows[-1] for rows in model.predict_next_proba(X)])
    _expect_close(far[:, 0], last, "probabilities of the next step", max(1e-6, subject.rtol))


PROMISES = (
    probabilities_of_later_symbols_go_on_from_the_last_step,
    distributions_are_what_the_likelihood_is_made_of,
    distributions_follow_the_container,
    a_forecast_goes_on_from_the_last_step,
)
