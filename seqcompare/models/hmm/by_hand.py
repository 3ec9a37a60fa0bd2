"""A hidden Markov model from parameters that are given."""

from __future__ import annotations

from numbers import Real
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator

from seqcompare.models.alphabet import read_symbols
from seqcompare.models.hmm.parameters import (
    COVARIANCE_TYPES,
    EMISSION_PARAMETERS,
    between_states,
    check_parameter,
)
from seqcompare.models.hmm.settings import (
    check_choice,
    check_durations,
    keep_parameters,
    names_of,
    shape_for,
)
from seqcompare.typing import Floats, Record


def find_emission(emissions: dict[str, ArrayLike | None]) -> tuple[str, dict[str, Floats]]:
    """Return the emission that has these parameters, and those given as arrays.

    Raises
    ------
    ValueError
        If no emission has just these.
    """
    arrays = {k: np.asarray(v, dtype=float) for k, v in emissions.items() if v is not None}
    for emission, names in EMISSION_PARAMETERS.items():
        if set(names) == set(arrays):
            return emission, arrays
    raise ValueError(
        "expected emissionprob, or lambdas, or means and covars, or those two with weights; "
        f"got {', '.join(arrays) or 'none of them'}"
    )


def take_parameters(model: BaseEstimator, arrays: dict[str, Floats], unknown_proba: Any) -> None:
    """Make `model` a fitted one, with these parameters.

    Parameters
    ----------
    model : HMM
        Not fitted; its emission is the one that `arrays` are of.
    arrays : dict
        All parameters by name; columns of "emissionprob" are in the order of the model's `symbols`.
    unknown_proba : float
        Probability of a symbol that is not among those.

    Raises
    ------
    ValueError
        If the parameters make no model, or one has the wrong shape or impossible values.
    """
    emission, covariance_type = model.emission, model.covariance_type
    check_choice("covariance_type", covariance_type, COVARIANCE_TYPES)
    check_durations(model)
    main = arrays[EMISSION_PARAMETERS[emission][0 if emission != "gmm" else 1]]
    n_outputs = main.shape[-1] if main.ndim else 0
    model.emission_ = emission
    model.kind_ = "symbols" if emission == "categorical" else "real"
    model.n_channels_ = 1 if emission == "categorical" else n_outputs
    if emission == "categorical":
        names = np.arange(n_outputs) if model.symbols is None else read_symbols(model.symbols)
        if names.shape != (n_outputs,) or len(np.unique(names)) != n_outputs:
            raise ValueError(
                f"symbols must be {n_outputs} different ones, a column of emissionprob each, got {names}"
            )
        order = np.argsort(names)
        model.symbols_ = names[order]
        arrays = {**arrays, "emissionprob": arrays["emissionprob"][..., order]}
        if not isinstance(unknown_proba, Real) or not 0 <= float(unknown_proba) <= 1:
            raise ValueError(f"unknown_proba must be a number from 0 to 1, got {unknown_proba!r}")
        model.unknown_proba_ = float(unknown_proba)
    shape_of = shape_for(model, model.n_components, n_outputs)
    checked = {
        name: check_parameter(name, arrays[name], shape_of(name), covariance_type) for name in names_of(model)
    }
    free = {"start_mask": checked["startprob"] > 0, "mask": checked["transmat"] > 0}
    if "hazards" in checked:
        if (checked["transmat"] > 0)[~between_states(free["mask"])].any():
            raise ValueError("with hazards, transmat must give no transition of a state to itself")
        free["of_duration"] = checked["hazards"].shape[1]
    keep_parameters(model, checked, **free)
    model.converged_, model.stop_reason_, model.n_iter_ = True, "", 0


class ByHand:
    """What makes a model from parameters; a part of `HMM`."""

    @classmethod
    def from_parameters(
        cls,
        *,
        startprob: ArrayLike,
        transmat: ArrayLike,
        emissionprob: ArrayLike | None = None,
        means: ArrayLike | None = None,
        covars: ArrayLike | None = None,
        weights: ArrayLike | None = None,
        lambdas: ArrayLike | None = None,
        hazards: ArrayLike | None = None,
        covariance_type: Literal["diag", "spherical", "full", "tied"] = "diag",
        symbols: ArrayLike | None = None,
        unknown_proba: float = 1e-6,
        missing: Literal["error", "marginalize"] = "error",
        missing_symbol: Any = None,
    ) -> Self:
        """Make a model by hand; it is fitted, and a clone of it is not.

        Parameters
        ----------
        startprob, transmat, emissionprob, means, covars, weights, lambdas : array-like
            The parameters, see the class's attributes: either `emissionprob`, or `means` and `covars` (with
            `weights` for mixtures), or `lambdas`.
        hazards : array-like of shape (K, m), optional
            Where states have durations of their own: see `hazards_`; `transmat` is then of states that are
            left.
        covariance_type, missing, missing_symbol
            See the class.
        symbols : array-like of shape (n_symbols,), optional
            What the columns of `emissionprob` stand for; by default 0, 1, 2, ...
        unknown_proba : float, default=1e-6
            Probability of a symbol that is not among `symbols`.

        Raises
        ------
        ValueError
            If the parameters make no model, or one has the wrong shape or impossible values.
        """
        emission, arrays = find_emission(
            {
                "emissionprob": emissionprob,
                "means": means,
                "covars": covars,
                "weights": weights,
                "lambdas": lambdas,
            }
        )
        arrays |= {"startprob": np.asarray(startprob, dtype=float), "transmat": np.asarray(transmat)}
        lasting: Record = {}
        if hazards is not None:
            arrays["hazards"] = np.asarray(hazards, dtype=float)
            n_ages = arrays["hazards"].shape[-1] if arrays["hazards"].ndim else 0
            lasting = {"durations": "free", "max_duration": n_ages}
        make: Any = cls
        model = make(
            arrays["startprob"].size,
            emission,
            covariance_type=covariance_type,
            n_mix=arrays["weights"].shape[-1] if emission == "gmm" else 2,
            symbols=symbols,
            missing=missing,
            missing_symbol=missing_symbol,
            **lasting,
        )
        take_parameters(model, arrays, unknown_proba)
        made: Self = model
        return made
