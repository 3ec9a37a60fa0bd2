"""The models a sweep compares: each family's variants, their ladders, and how each fills a role."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

import seqcompare

FAMILIES = ("markov", "hmm", "window", "recurrent", "reference")


@dataclass(frozen=True)
class Budget:
    """What a trial may spend.

    Parameters
    ----------
    epochs : int
        Most passes over the training data of what learns by gradients.
    em_iterations : int
        Most iterations of EM from each start.
    max_seconds : float
        Safety net; not meant to be reached, since it makes results depend on the machine.
    """

    epochs: int
    em_iterations: int
    max_seconds: float


Builder = Callable[[Any, int, Budget], "BaseEstimator | None"]


@dataclass(frozen=True)
class Variant:
    """A kind of model.

    Parameters
    ----------
    family : str
        One of `FAMILIES`.
    label : str
        Pattern of the label, with the capacity in braces.
    capacity_name : str
        What the capacity counts.
    ladder : tuple of int
        The capacities tried unless a suite says otherwise; empty where there is nothing to choose.
    build : callable (task, capacity, budget) -> estimator or None
        Makes the unfitted estimator; None where the kind has no answer for the task's role.
    symbols_only : bool, default=False
        Whether it cannot read real-valued steps.
    """

    family: str
    label: str
    capacity_name: str
    ladder: tuple[int, ...]
    build: Builder
    symbols_only: bool = False


@dataclass(frozen=True)
class ModelSpec:
    """One model of a sweep: how to make it, and what tables call it.

    Parameters
    ----------
    label, family, variant, capacity, capacity_name
        The columns of results. A model of the user's has no capacity.
    params : mapping
        Parameters set over those of the zoo; a key may reach inside (``estimator__C``).
    budget : Budget
        What a trial may spend.
    source : estimator, "module:Class" or None
        The user's own model, in place of one of the zoo.
    """

    label: str
    family: str
    variant: str
    capacity: float | None
    capacity_name: str
    budget: Budget
    params: Mapping[str, Any] = field(default_factory=dict)
    source: Any = None

    def build(self, task: Any, seed: int) -> tuple[Any, bool]:
        """Return the estimator for `task`, and whether it comes fitted.

        A fitted model is used as it is: hand-made machines are fitted, and cloning would forget what was
        put in by hand.

        Parameters
        ----------
        task : task
            What is to be learned; its role decides what kind of estimator is made.
        seed : int
            Given to every ``random_state``.
        """
        if self.source is None:
            model: Any = VARIANTS[self.variant].build(task, int(self.capacity or 0), self.budget)
            if model is None:
                raise ValueError(f"{self.label} has no answer for the role {task.role!r}")
        elif isinstance(self.source, str):
            model = load_object(self.source)()
        else:
            model = self.source
        if is_fitted(model):
            return model, True
        model = clone(model, safe=False)  # what is no estimator of scikit-learn's making is copied
        if self.params:
            model.set_params(**self.params)
        _seed(model, seed)
        return model, False

    def fills(self, task: Any, kind: str) -> bool:
        """Whether there is such a model for `task`, whose steps are of this kind ("symbols" or "real")."""
        if self.source is not None:
            return True
        variant = VARIANTS[self.variant]
        if variant.symbols_only and kind == "real":
            return False
        return variant.build(task, int(self.capacity or 0), self.budget) is not None


def load_object(path: str) -> Any:
    """Return what ``module:Name`` names.

    Raises
    ------
    ImportError
        If there is no such module, or no such name in it.
    """
    module, _, name = path.partition(":")
    try:
        return getattr(import_module(module), name)
    except AttributeError:
        raise ImportError(f"module {module!r} has no {name!r} (class = {path!r})") from None


def is_fitted(model: Any) -> bool:
    """Whether a model comes fitted, and so is used as it is."""
    try:
        check_is_fitted(model)
    except NotFittedError:
        return False
    except (
        TypeError,
        AttributeError,
    ):  # no estimator of scikit-learn's making: nothing says that it is fitted
        return False
    return True


def _seed(model: Any, seed: int) -> None:
    if not hasattr(model, "get_params"):
        return
    states = [key for key in model.get_params() if key == "random_state" or key.endswith("__random_state")]
    model.set_params(**dict.fromkeys(sorted(states), seed))


def _markov(task: Any, order: int, budget: Budget) -> BaseEstimator | None:
    if task.role == "step":
        return seqcompare.MarkovTagger(order=order)
    return _as_density(task, seqcompare.MarkovChain(order=order))


def _hmm(task: Any, n_states: int, budget: Budget) -> BaseEstimator | None:
    return _hidden_states(task, n_states, {"n_init": 10, "max_iter": budget.em_iterations})


def _sticky_hmm(task: Any, n_states: int, budget: Budget) -> BaseEstimator | None:
    """Start EM from states that last, and from nothing else.

    Starts that pick up the most regular steps reach a higher likelihood than those that find a long memory,
    so that of all starts together the likelihood chooses the former. Apart, validation can choose.
    """
    stay = np.full((n_states, n_states), 0.1 / max(n_states - 1, 1))
    np.fill_diagonal(stay, 0.9 if n_states > 1 else 1.0)
    params = {"n_init": 5, "init": {"transmat": stay}, "max_iter": budget.em_iterations}
    return _hidden_states(task, n_states, params)


def _hidden_states(task: Any, n_states: int, params: dict[str, Any]) -> BaseEstimator | None:
    if task.role == "step":
        return seqcompare.HMMTagger(n_states, decode="filter", **params)
    return _as_density(task, seqcompare.HMM(n_states, **params))


def _as_density(task: Any, density: BaseEstimator) -> BaseEstimator | None:
    """Return a density for the role ``next``, one a class for ``sequence``, and nothing for others."""
    if task.role == "next":
        return density
    return seqcompare.BayesClassifier(density) if task.role == "sequence" else None


def _window(name: str) -> Builder:
    """Return the builder of windows over one of the standard classifiers."""

    def build(task: Any, width: int, budget: Budget) -> BaseEstimator | None:
        inner = _classifier(name, budget)
        if task.role == "next":
            return seqcompare.NextStep(seqcompare.WindowTagger(inner, before=width - 1))
        # labels are scored as they are: probabilities, which cost a support vector machine three more fits,
        # are needed only where the answer is one of the admissible symbols
        if task.role == "step":
            return seqcompare.WindowTagger(inner, before=width - 1, calibration_cv=None)
        if task.role == "sequence":
            return seqcompare.WindowClassifier(inner, width=width, pooling="last", calibration_cv=None)
        if name == "mlp":
            from sklearn.neural_network import MLPRegressor

            net = MLPRegressor(
                hidden_layer_sizes=(64,),
                learning_rate_init=0.01,
                max_iter=budget.epochs,
                n_iter_no_change=20,
            )
            return seqcompare.WindowRegressor(net, width=width, pooling="last")
        return None

    return build


def _classifier(name: str, budget: Budget) -> BaseEstimator:
    from seqcompare.models.windows.standard import standard_classifier

    made: BaseEstimator = standard_classifier(name)
    return made.set_params(max_iter=budget.epochs) if name == "mlp" else made


def _ridge(task: Any, width: int, budget: Budget) -> BaseEstimator | None:
    from sklearn.linear_model import Ridge

    return seqcompare.WindowRegressor(Ridge(), width=width, pooling="last") if task.role == "value" else None


def _centred(task: Any, width: int, budget: Budget) -> BaseEstimator | None:
    """Return windows that look as far ahead as back; `width` taps in all."""
    if task.role != "step":
        return None
    inner = _classifier("logistic", budget)
    return seqcompare.WindowTagger(inner, before=(width - 1) // 2, after=width // 2)


def _recurrent(cell: str, *, bidirectional: bool = False) -> Builder:
    def build(task: Any, width: int, budget: Budget) -> BaseEstimator | None:
        shared: dict[str, Any] = {
            "cell": cell,
            "hidden_size": width,
            "max_iter": budget.epochs,
            "max_seconds": budget.max_seconds,
            "bidirectional": bidirectional,
        }
        if task.role == "step":
            return seqcompare.RNNTagger(**shared)
        if bidirectional:
            return None
        if task.role == "next":
            return seqcompare.NextStep(seqcompare.RNNTagger(**shared))
        if task.role == "sequence":
            return seqcompare.RNNClassifier(**shared, pooling="last")
        return seqcompare.RNNRegressor(**shared, pooling="last")

    return build


def _exact(task: Any, capacity: int, budget: Budget) -> BaseEstimator | None:
    """Return the machine that solves the task, its parameters put in by hand, where there is one."""
    machine: BaseEstimator | None = task.exact_model()
    return machine


VARIANTS: dict[str, Variant] = {
    "markov": Variant("markov", "Markov order {}", "order", (1, 2, 4, 8), _markov, symbols_only=True),
    "hmm": Variant("hmm", "HMM {} states", "states", (2, 4, 8), _hmm, symbols_only=True),
    "hmm-sticky": Variant("hmm", "sticky HMM {} states", "states", (2, 4, 8), _sticky_hmm, symbols_only=True),
    "logistic": Variant("window", "logistic window {}", "width", (2, 4, 8, 16), _window("logistic")),
    "ridge": Variant("window", "ridge window {}", "width", (4, 8, 16), _ridge),
    "linear-svm": Variant("window", "linear SVM window {}", "width", (4, 8), _window("linear-svm")),
    "rbf-svm": Variant("window", "RBF SVM window {}", "width", (4, 8), _window("rbf-svm")),
    "mlp": Variant("window", "MLP window {}", "width", (4, 8, 16), _window("mlp")),
    "logistic-centred": Variant("window", "centred window {}", "width", (9, 17), _centred),
    "elman": Variant("recurrent", "Elman {}", "hidden units", (32,), _recurrent("elman")),
    "jordan": Variant("recurrent", "Jordan {}", "hidden units", (32,), _recurrent("jordan")),
    "gru": Variant("recurrent", "GRU {}", "hidden units", (32,), _recurrent("gru")),
    "lstm": Variant("recurrent", "LSTM {}", "hidden units", (32,), _recurrent("lstm")),
    "bilstm": Variant(
        "recurrent", "BiLSTM {}", "hidden units", (32,), _recurrent("lstm", bidirectional=True)
    ),
    "exact": Variant("reference", "exact machine", "", (), _exact),
}
