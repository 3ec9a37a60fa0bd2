"""What a promise is: a name, a sentence, and a function that holds something to it."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from seqcompare.typing import Values

Parts = list[Values]


@dataclass(frozen=True, eq=False)
class Promise:
    """One thing that is promised of a model, a family, a task, a reader or a metric.

    Parameters
    ----------
    hold : callable (subject) -> None
        Raises AssertionError where the promise is broken. Its name is that of the promise, and the first
        line of its docstring says what is promised.
    when : callable (subject) -> bool
        Whether the promise is asked of this subject at all.
    """

    hold: Callable[[Any], None]
    when: Callable[[Any], bool]

    @property
    def name(self) -> str:
        """The name of the function."""
        return self.hold.__name__

    @property
    def sentence(self) -> str:
        """What is promised, in words."""
        return (self.hold.__doc__ or self.name).partition("\n")[0].rstrip(".")


@dataclass(frozen=True, eq=False)
class Check:
    """A promise and who is held to it; calling it holds them to it.

    Parameters
    ----------
    promise : Promise
        The promise.
    subject : object
        Who is held to it.
    owner : str
        What errors call them.
    about : str, default=""
        Which part of them is meant, before the name of the promise.
    """

    promise: Promise
    subject: Any
    owner: str
    about: str = ""

    @property
    def name(self) -> str:
        """The name of the check: that of the promise, with the part of the subject that it is about."""
        return f"{self.about}: {self.promise.name}" if self.about else self.promise.name

    def __call__(self) -> None:
        """Run the check.

        Raises
        ------
        AssertionError
            If the promise is broken: who broke which, what was expected and what came.
        """
        try:
            with warnings.catch_warnings():
                # the data are small: what does not converge on them breaks no promise
                warnings.simplefilter("ignore", ConvergenceWarning)
                self.promise.hold(self.subject)
        except AssertionError as error:
            problem, cause = str(error) or "the check failed", error
        except Exception as error:
            problem, cause = f"expected no error, got {type(error).__name__}: {error}", error  # type: ignore[assignment]  # any error is a broken promise
        else:
            return
        raise AssertionError(
            f"{self.owner} breaks the promise {self.name!r} ({self.promise.sentence}): {problem}"
        ) from cause


def promise(when: Callable[[Any], bool] = lambda subject: True) -> Callable[[Callable[[Any], None]], Promise]:
    """Return a decorator that makes a promise of the function that holds a subject to it."""
    return lambda hold: Promise(hold, when)


def run(checks: Iterator[Check], expected_failures: Mapping[str, str] | None = None) -> list[str]:
    """Run checks one after the other, and return the names of those that passed.

    Parameters
    ----------
    checks : iterator of Check
        What to run.
    expected_failures : mapping of str to str, optional
        Names of checks that may fail, and why.

    Raises
    ------
    AssertionError
        If a promise is broken, at the first of these.
    ValueError
        If there is no check of a name that may fail.
    """
    passed, names, excused = [], [], dict(expected_failures or {})
    for check in checks:
        names.append(check.name)
        try:
            check()
        except AssertionError:
            if check.name not in excused:
                raise
        else:
            passed.append(check.name)
    unknown = [name for name in excused if name not in names]
    if unknown:
        raise ValueError(f"there is no check {unknown[0]!r}; there are {', '.join(names)}")
    return passed


def expect(kept: Any, expected: str, came: Any) -> None:
    """Raise AssertionError unless `kept`, saying what was expected and what came."""
    if not kept:
        raise AssertionError(f"expected {expected}, got {came}")


def expect_error(
    errors: type[Exception] | tuple[type[Exception], ...], pattern: str, call: Callable[[], Any]
) -> None:
    """Raise AssertionError unless `call` raises one of these errors, with a message that has the pattern."""
    kinds = errors if isinstance(errors, tuple) else (errors,)
    words = " or ".join(kind.__name__ for kind in kinds) + (f" that says {pattern!r}" if pattern else "")
    try:
        call()
    except kinds as error:
        expect(re.search(pattern, str(error)), words, f"{type(error).__name__}: {error}")
    except Exception as error:
        raise AssertionError(f"expected {words}, got {type(error).__name__}: {error}") from error
    else:
        raise AssertionError(f"expected {words}, got no error")


def expect_same(ours: Parts, others: Parts, what: str, rtol: float, where: str = "X[{}]") -> None:
    """Raise AssertionError unless both hold the same arrays; floats may differ by `rtol` of their size."""
    expect(len(ours) == len(others), f"{len(ours)} entries in {what}", len(others))
    for i, (a, b) in enumerate(zip(ours, others, strict=True)):
        place = f"{what} for {where.format(i)}"
        expect(a.shape == b.shape, f"the shape {a.shape} in {place}", b.shape)
        same = np.isclose(a, b, rtol=rtol, atol=1e-14, equal_nan=True) if a.dtype.kind == "f" else a == b
        if not np.all(same):
            first = tuple(np.argwhere(~np.atleast_1d(same))[0])
            at = "" if a.ndim == 0 else f" at {', '.join(map(str, first))}"
            left, right = np.atleast_1d(a)[first], np.atleast_1d(b)[first]
            raise AssertionError(f"expected {left!s} in {place}{at}, got {right!s}")
