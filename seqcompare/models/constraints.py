"""What an estimator may be given: parameters, read off its constructor, and others to merge with."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Mapping
from functools import lru_cache
from numbers import Integral, Real
from typing import Any, Literal, get_args, get_origin

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

#: The largest whole number that is no slip of the hand.
LARGEST = 2**31 - 1
# what takes memory by its square, or worse
_SIZES = frozenset(
    ["hidden_size", "embedding_size", "n_components", "n_mix", "n_layers", "n_heads", "max_components"]
)
_LARGEST_SIZE = 10_000

Fits = Callable[[Any], bool]


class InvalidParameterError(ValueError, TypeError):
    """A parameter that an estimator cannot have; the message begins with its name."""


def check_parameters(estimator: BaseEstimator) -> None:
    """Hold the parameters of an estimator against the kinds that its constructor declares.

    Bounds that depend on other parameters or the data are checked where they matter.

    Raises
    ------
    InvalidParameterError
        A `ValueError` and `TypeError` that names the parameter, and says what was expected and what came.
    """
    for name, (default, expected, checks) in _declared(estimator.__class__).items():
        value: Any = getattr(estimator, name, None)
        if checks and value is not default and not any(fits(value) for fits in checks):
            raise InvalidParameterError(f"{name} must be {expected}, got {_shown(value)}")
        limit = _LARGEST_SIZE if name in _SIZES else LARGEST
        if _is_whole(value) and value > limit and name != "random_state":
            raise InvalidParameterError(f"{name} must be at most {limit:,}, got {value}")


def _shown(value: object) -> str:
    try:
        text = repr(value)
    except Exception:  # a strange object's own fault is not to hide the name of the parameter
        text = type(value).__name__
    return text if len(text) <= 80 else f"{text[:77]}..."


@lru_cache(maxsize=256)
def _declared(kind: type) -> dict[str, tuple[Any, str, tuple[Fits, ...]]]:
    """Return for each parameter its default, what is expected, and tests of which one is to pass."""
    signature = inspect.signature(kind.__init__)  # type: ignore[misc]  # of the class, not of an instance
    known = {
        name: found
        for base in kind.__mro__[::-1]
        for name, found in vars(sys.modules[base.__module__]).items()
    }
    return {
        name: (parameter.default, *_read(parameter.annotation, known))
        for name, parameter in signature.parameters.items()
        if name != "self" and parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
    }


def _read(annotation: object, module: Mapping[str, Any]) -> tuple[str, tuple[Fits, ...]]:
    """Return what an annotation demands; no tests where it allows anything."""
    if annotation is inspect.Parameter.empty:
        return "anything", ()
    text = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", str(annotation))
    words, checks = [], []
    for part in re.split(r"\s*\|\s*(?![^\[]*\])", text):
        choices = _choices(part, module)
        if choices:
            words.append(f"one of {', '.join(map(repr, choices))}")
            checks.append(_among(choices))
        elif part in _KINDS:
            noun, fits = _KINDS[part]
            words.append(noun)
            checks.append(fits)
        elif part.startswith(("Mapping[", "dict[")):
            words.append("a mapping")
            checks.append(lambda value: isinstance(value, Mapping))
        elif part.startswith("Sequence[str"):
            words.append("a list of words")
            checks.append(_is_list_of_words)
        else:
            return "anything", ()
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words), tuple(checks)


def _choices(part: str, module: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return what a literal names, or the alias of one."""
    if part.startswith("Literal["):
        return tuple(re.findall(r"['\"]([^'\"]*)['\"]", part))
    alias = module.get(part)
    return get_args(alias) if get_origin(alias) is Literal else ()


def _among(choices: tuple[Any, ...]) -> Fits:
    return lambda value: isinstance(value, str) and value in choices


def _is_whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, (bool, np.bool_))


def _is_number(value: Any) -> bool:
    if isinstance(value, Integral):
        return _is_whole(value)
    return isinstance(value, Real) and not np.isnan(float(value))


def _is_model(value: Any) -> bool:
    return hasattr(value, "fit") and hasattr(value, "get_params") and not isinstance(value, type)


def _is_list_of_words(value: Any) -> bool:
    return isinstance(value, (list, tuple, set, frozenset)) and all(isinstance(word, str) for word in value)


def _is_dtype(value: Any) -> bool:
    try:
        return np.dtype(value).kind == "f" and value is not None
    except TypeError:
        return False


def _is_source_of_randomness(value: Any) -> bool:
    try:
        check_random_state(value)
    except (ValueError, TypeError):
        return False
    return True


def _is_list_of_symbols(value: Any) -> bool:
    return hasattr(value, "__iter__") and hasattr(value, "__len__") and len(value) > 0


_KINDS: dict[str, tuple[str, Fits]] = {
    "int": ("a whole number", _is_whole),
    "float": ("a number", _is_number),
    "bool": ("True or False", lambda value: isinstance(value, (bool, np.bool_))),
    "str": ("a word", lambda value: isinstance(value, str)),
    "None": ("None", lambda value: value is None),
    "Model": ("an estimator", _is_model),
    "DTypeLike": ("a type of numbers with fractions", _is_dtype),
    "RandomState": ("a whole number, a RandomState or None", _is_source_of_randomness),
    "Label": ("one label", lambda value: np.ndim(value) == 0),
    "ArrayLike": ("a list", _is_list_of_symbols),
}


def check_mergeable(model: BaseEstimator, other: Any) -> None:
    """Raise TypeError where `other` is of another kind, and NotFittedError where one is not fitted."""
    check_is_fitted(model)
    if not isinstance(other, type(model)):
        raise TypeError(f"expected a fitted {type(model).__name__}, got {type(other).__name__}")
    check_is_fitted(other)
