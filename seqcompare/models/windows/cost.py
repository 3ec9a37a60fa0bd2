"""What windows take to be fitted, about: seconds on one core, and bytes."""

from __future__ import annotations

from seqcompare.families import Problem, Settings
from seqcompare.models.common_symbols import told_apart
from seqcompare.models.cost_of_density import seconds_of_errors
from seqcompare.models.windows.grids import KERNEL, LOGISTIC, NET, SUPPORT

#: Classes that the seconds of a step and tap are of, of a linear model.
_FEW_CLASSES = 8
#: Bytes that L-BFGS takes a weight: itself, what it knows of ten steps, and gradients.
_SEARCH = 8 * 37
#: Bytes that Adam takes a weight: itself, two moments, gradients, the best so far, and copies.
_DESCENT = 8 * 8
#: Units of the feed-forward net.
_UNITS = 64
#: Bytes of a step and class while probabilities are fitted: they and their gradient, or an indicator matrix.
_PROBABILITIES, _INDICATORS = 8 * 2.0, 8 * 1.3
#: Bytes of a step where rows are never made, and of what is asked of some at a time.
_A_STEP, _TILES = 8 * 8.0, 5e6


def seconds(each: float, problem: Problem, settings: Settings) -> float:
    """Return the seconds of a fit that takes so many a step and tap, of few classes."""
    _, classes = told_apart(problem, settings)
    return each * problem.n_steps * int(settings["width"]) * max(classes / _FEW_CLASSES, 1.0)


def seconds_of_numbers(each: float, problem: Problem, settings: Settings) -> float:
    """Return the seconds of a fit to numbers, and of finding its errors."""
    return each * problem.n_steps * int(settings["width"]) + seconds_of_errors(problem)


def seconds_of_net(problem: Problem, settings: Settings) -> float:
    """Return the seconds of a feed-forward net."""
    _, classes = told_apart(problem, settings)
    return 2e-7 * problem.n_steps * problem.budget.epochs * max(classes / _UNITS, 1.0)


def bytes_of_rows(problem: Problem, settings: Settings) -> float:
    """Return the size of the rows: one symbol a tap with its place, or the numbers of a step, and copies."""
    tap = 48 if problem.kind == "symbols" else 24 * problem.n_channels
    return float(problem.n_scored * int(settings["width"]) * tap)


def bytes_of_pairs(problem: Problem, settings: Settings) -> float:
    """Return the size of a logistic window with a column for each pair of symbols."""
    width, (symbols, classes) = int(settings["width"]), told_apart(problem, settings)
    columns = width * symbols + width * (width - 1) / 2 * (symbols + 1) ** 2
    filled = width * (width + 1) / 2
    return classes * columns * _SEARCH + _bytes_of_lines(problem, settings, filled, made=False)


def bytes_of_logistic(problem: Problem, settings: Settings) -> float:
    """Return the size of rows, of probabilities, and of weights and what the search for them remembers."""
    _, classes = told_apart(problem, settings)
    weights = classes * _columns(problem, settings) * _SEARCH
    return weights + _bytes_of_lines(problem, settings, int(settings["width"]), made=False)


def bytes_of_linear_machine(problem: Problem, settings: Settings) -> float:
    """Return the same of a machine that needs all rows at once."""
    _, classes = told_apart(problem, settings)
    weights = classes * _columns(problem, settings) * _SEARCH
    return weights + _bytes_of_lines(problem, settings, int(settings["width"]), made=True)


def _bytes_of_lines(problem: Problem, settings: Settings, filled: float, *, made: bool) -> float:
    """Return the size of rows of so many numbers, and of probabilities; or of codes, where none are made."""
    _, classes = told_apart(problem, settings)
    if not made and problem.kind == "symbols" and problem.role != "sequence":
        return _A_STEP * problem.n_scored + _TILES
    rows = bytes_of_rows(problem, settings) * filled / int(settings["width"])
    return rows + problem.n_scored * classes * _PROBABILITIES


def bytes_of_net(problem: Problem, settings: Settings) -> float:
    """Return the size of rows, of an indicator a class, and of weights and what the search remembers."""
    _, classes = told_apart(problem, settings)
    weights = (_columns(problem, settings) + classes) * _UNITS * _DESCENT
    return bytes_of_rows(problem, settings) + weights + problem.n_scored * classes * _INDICATORS


def bytes_of_support_vectors(problem: Problem, settings: Settings) -> float:
    """Return the size of rows, of kernels, and of what each pair of classes says of each row."""
    _, classes = told_apart(problem, settings)
    return bytes_of_rows(problem, settings) + 2e8 + problem.n_scored * 8.0 * classes**2


def _columns(problem: Problem, settings: Settings) -> int:
    symbols, _ = told_apart(problem, settings)
    return int(settings["width"]) * max(symbols, problem.n_channels)


#: Bytes of a fit, of kinds that keep more than their rows.
BYTES = {
    LOGISTIC: bytes_of_logistic,
    SUPPORT: bytes_of_linear_machine,
    NET: bytes_of_net,
    KERNEL: bytes_of_support_vectors,
}
