"""The parameters of a hidden Markov model: their names, shapes, checks, units and number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seqcompare.typing import Floats, Labels

Parameters = dict[str, Floats]
Emission = Literal["categorical", "gaussian", "gmm", "poisson", "mixed"]

EMISSION_PARAMETERS: dict[str, tuple[str, ...]] = {
    "categorical": ("emissionprob",),
    "gaussian": ("means", "covars"),
    "gmm": ("weights", "means", "covars"),
    "poisson": ("lambdas",),
    "mixed": ("means", "covars", "symbolprob"),
}
COVARIANCE_TYPES = ("spherical", "diag", "full", "tied")
_DISTRIBUTIONS = ("startprob", "transmat", "emissionprob", "weights", "labelprob")


class Learned:
    """What `fit` learns: for type checkers, since it is set by name."""

    # no dataclass, or these would be parameters

    startprob_: Floats
    transmat_: Floats
    emissionprob_: Floats
    means_: Floats
    covars_: Floats
    weights_: Floats
    lambdas_: Floats
    symbolprob_: Floats
    hazards_: Floats
    labelprob_: Floats
    emission_: Emission
    covariance_type_: str
    symbols_: Labels
    converged_: bool
    stop_reason_: str
    n_iter_: int
    loss_curve_: Floats
    init_scores_: Floats
    init_stop_reasons_: list[str]
    n_parameters_: int


def parameter_names(emission: str, *, aged: bool = False) -> tuple[str, ...]:
    """Return the names of all parameters of a model with this emission; whether its states have ages."""
    return ("startprob", "transmat", *(("hazards",) if aged else ()), *EMISSION_PARAMETERS[emission])


def parameter_shape(
    name: str,
    *,
    emission: str,
    n_components: int,
    n_outputs: int,
    n_mix: int,
    covariance_type: str,
    n_symbols: int = 0,
    n_ages: int = 0,
) -> tuple[int, ...]:
    """Return the shape of a parameter, hmmlearn's; `n_outputs` is the number of symbols or channels.

    Of mixed channels it is that of numbers, and `n_symbols` is the number of symbols of all others together.
    Hazards are of `n_ages` ages of each state.
    """
    k, d, m = n_components, n_outputs, n_mix
    covars: dict[str, tuple[int, ...]] = {
        "spherical": (k,),
        "diag": (k, d),
        "full": (k, d, d),
        "tied": (d, d),
    }
    if emission == "gmm":
        covars = {"spherical": (k, m), "diag": (k, m, d), "full": (k, m, d, d), "tied": (k, d, d)}
    shapes: dict[str, tuple[int, ...]] = {
        "startprob": (k,),
        "transmat": (k, k),
        "emissionprob": (k, d),
        "weights": (k, m),
        "means": (k, m, d) if emission == "gmm" else (k, d),
        "covars": covars[covariance_type],
        "lambdas": (k, d),
        "symbolprob": (k, n_symbols),
        "hazards": (k, n_ages),
    }
    return shapes[name]


def check_parameter(name: str, value: ArrayLike, shape: tuple[int, ...], covariance_type: str) -> Floats:
    """Return `value` as an array.

    Raises
    ------
    ValueError
        If its shape is not `shape`, probabilities do not add up to 1, rates are negative, or covariances are
        not positive definite.
    """
    array = np.array(value, dtype=np.float64)
    if array.shape != shape:
        raise ValueError(f"{name} has shape {array.shape}, expected {shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite")
    if name in _DISTRIBUTIONS:
        sums = array.sum(axis=-1)
        if (array < 0).any() or not np.allclose(sums, 1.0, atol=1e-6, rtol=0):
            raise ValueError(f"{name} must hold probabilities that add up to 1, got sums {sums}")
        array /= sums[..., None]
    elif name == "hazards" and ((array < 0) | (array > 1)).any():
        raise ValueError(f"{name} must be probabilities, got {array[(array < 0) | (array > 1)][0]}")
    elif name == "lambdas" and (array < 0).any():
        raise ValueError(f"{name} must not be negative, got {array.min()}")
    elif name == "covars" and covariance_type in ("spherical", "diag") and (array <= 0).any():
        raise ValueError(f"{name} must be positive, got {array.min()}")
    elif name == "covars" and covariance_type in ("full", "tied"):
        if not np.allclose(array, np.swapaxes(array, -1, -2)):
            raise ValueError(f"{name} must be symmetric")
        smallest = np.linalg.eigvalsh(array).min()
        if smallest <= 0:
            raise ValueError(f"{name} must be positive definite, got an eigenvalue of {smallest}")
    return array


def check_names(given: Any, known: tuple[str, ...], emission: str, what: str) -> None:
    """Hold the names in `given` against those of the model."""
    for name in given:
        if name not in known:
            raise ValueError(
                f"{what} names {name!r}, but a {emission} HMM has the parameters {', '.join(known)}"
            )


def transition_mask(topology: Any, n_components: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which first states, shape (K,), and transitions, (K, K), a topology allows.

    Raises
    ------
    ValueError
        For an unknown name, a mask of the wrong shape, or a state without a way out.
    """
    anywhere = np.ones(n_components, dtype=bool)
    if isinstance(topology, str):
        if topology == "ergodic":
            return anywhere, np.ones((n_components, n_components), dtype=bool)
        if topology == "left-right":
            return np.arange(n_components) == 0, np.tri(n_components, dtype=bool).T
        raise ValueError(f"topology must be 'ergodic', 'left-right' or a mask, got {topology!r}")
    mask = np.asarray(topology)
    if mask.shape != (n_components, n_components):
        raise ValueError(
            f"topology has shape {mask.shape}, expected {(n_components, n_components)}: "
            "which transitions from each state (row) are allowed"
        )
    mask = mask.astype(bool)
    stuck = np.flatnonzero(~mask.any(axis=1))
    if stuck.size:
        raise ValueError(f"topology allows no transition from state {stuck[0]}, not even to itself")
    return anywhere, mask


def between_states(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the transitions of states that are left for others, where there are any to go to."""
    others = mask & ~np.eye(len(mask), dtype=bool)
    return np.where(others.any(axis=1, keepdims=True), others, mask)


def count_parameters(
    parameters: Mapping[str, Floats],
    covariance_type: str,
    *,
    start_mask: NDArray[np.bool_],
    mask: NDArray[np.bool_],
    fixed: Any = (),
    n_tables: int = 0,
    of_duration: int = 0,
) -> int:
    """Return the number of free parameters: neither fixed nor a start or transition that is not allowed.

    Each state has `n_tables` distributions side by side in "symbolprob", and `of_duration` numbers say how
    long it lasts, if it is ever left.
    """
    total = 0
    for name, value in parameters.items():
        if name in fixed:
            continue
        if name in ("startprob", "transmat"):
            allowed = start_mask[None] if name == "startprob" else mask
            total += int(allowed.sum()) - len(allowed)
        elif name in _DISTRIBUTIONS:
            total += value.size - value.size // value.shape[-1]
        elif name == "hazards":
            total += of_duration * int((mask & ~np.eye(len(mask), dtype=bool)).any(axis=1).sum())
        elif name == "symbolprob":
            total += value.size - len(value) * n_tables
        elif name == "covars" and covariance_type in ("full", "tied"):
            d = value.shape[-1]
            total += value.size // (d * d) * (d * (d + 1) // 2)
        else:
            total += value.size
    return total


def rescale(
    parameters: Mapping[str, Floats], center: Floats, scale: Floats, covariance_type: str
) -> Parameters:
    """Return the parameters of x after ``(x - center) / scale`` is applied to every step.

    With spherical covariances all of `scale` must be the same.
    """
    changed = dict(parameters)
    if "means" in changed:
        changed["means"] = (changed["means"] - center) / scale
    if "covars" in changed:
        unit = scale[0] ** 2 if covariance_type == "spherical" else scale**2
        if covariance_type in ("full", "tied"):
            unit = np.outer(scale, scale)
        changed["covars"] = changed["covars"] / unit
    return changed
