"""What the harness may know of a kind of model: how it is built, what is tried of it, and what it needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from seqcompare.needs import Needs, Traits
from seqcompare.typing import Choices

Settings = Mapping[str, Any]


@dataclass(frozen=True)
class Budget:
    """What a training may spend.

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


@dataclass(frozen=True)
class Problem:
    """What a model is built for.

    Parameters
    ----------
    role : {"next", "step", "step-value", "sequence", "value"}
        What is predicted.
    kind : {"symbols", "real"}
        What steps are.
    budget : Budget
        What a training may spend.
    n_train, n_steps, n_scored : int
        Training sequences, their steps, and those of these (or of the sequences) that are predicted; about.
    longest, shortest : int
        Steps of the longest sequence, and of the shortest.
    n_symbols : int
        Size of the alphabet; 0 for real-valued steps.
    n_channels : int
        Numbers in a step.
    n_classes : int
        Classes, labels or symbols to choose from; 0 for numbers.
    missing : bool
        Whether steps have missing values.
    weighted : bool
        Whether steps have weights, so that some count more than others.
    ahead : bool
        Whether answers may use later steps: not where these hold what is predicted.
    period : int
        Steps of a season after which numbers come back; 1 if none is known.
    grows : bool
        Whether numbers are all above 0, and vary the more the larger they are.
    n_counts : int
        Where steps are counts, one more than the largest; else 0.
    task : task, optional
        The synthetic task, if this is one: then the budget is spent to its end, and machines made by hand
        ask it for their parameters.
    """

    role: str
    kind: str
    budget: Budget
    n_train: int = 1
    n_steps: int = 1
    n_scored: int = 1
    longest: int = 1
    n_symbols: int = 0
    n_channels: int = 1
    n_classes: int = 0
    missing: bool = False
    period: int = 1
    grows: bool = False
    n_counts: int = 0
    task: Any = None
    shortest: int = 1
    weighted: bool = False
    ahead: bool = True

    @property
    def large(self) -> bool:
        """Whether only the cheaper settings are affordable."""
        return self.n_scored * max(self.n_classes, 2) > 500_000


@dataclass(frozen=True, eq=False)
class ModelSpec:
    """A kind of model: how to build it, which settings to try, and what is known of it beforehand.

    Only `name`, `title` and `build` must be given; everything else has an honest default.

    Parameters
    ----------
    name : str
        What suites and tables call the kind, such as "lstm".
    title : str
        The same in words, for legends: "LSTM".
    build : callable (problem, **settings) -> estimator or None
        Makes the estimator, not fitted; None where the kind has no answer for the problem's role. A fitted
        estimator is used as it is.
    grid : mapping of str to sequence, or callable (problem) -> iterable of settings
        The settings tried: as in scikit-learn's searches, every combination of the values of a mapping; or
        those that a function returns for a problem, none where the kind is entered only if asked for.
    refine : callable (problem, settings) -> iterable of settings, optional
        Settings near those that did best, which a comparison tries next; those that were tried are passed
        over.
    sizes : sequence, optional
        The values of `capacity` that a sweep tries unless its suite says otherwise; by default those of a
        grid that is a mapping. With neither a sweep enters the kind only where a suite gives sizes.
    capacity : str, optional
        The setting that is the size of the model; by default the first of the grid.
    capacity_name : str, optional
        What the capacity counts, in words: "hidden units".
    label : str or callable (settings) -> str, optional
        What tables call one setting: a pattern with settings in braces; by default the title and them.
    limit, limit_ahead : str, or callable (estimator, k) -> estimator, optional
        The name of the parameter, or a function, that restricts the answer to the last k steps, or to the
        next k. Without, the fitted model is shown the last k steps only.
    ahead : bool, default=False
        Whether answers use later steps.
    cost : callable (problem, settings) -> float, optional
        Seconds of fitting on one core, about; by default one second.
    memory : callable (problem, settings) -> float, optional
        Bytes that fitting allocates, about, beside some copies of the data and of the probabilities of the
        answers; by default none.
    can_represent : callable (Needs, Traits) -> bool or None, optional
        What theory says; by default what that of the family says, else that it is open.
    missing : bool, default=False
        Whether it does without missing values.
    kinds : sequence of str, default=("symbols", "real", "mixed")
        The kinds of steps that it reads.
    warm_up : callable (problem) -> None, optional
        Compiles and imports what a first fit would; by default a few sequences are fitted for one epoch.
    skip : callable (problem) -> str, optional
        Says why there is nothing to try on a problem; an empty text where there is.
    look, looks : callable (model, dataset, tables) -> list of (str, DataFrame), and names of tables, optional
        What can be told of a fitted model by looking into it.
    seed_key : callable (problem, settings) -> str, optional
        What seeds are made of in place of the label: it stays when labels change, so that numbers stay.
    """

    name: str
    title: str
    build: Callable[..., Any]
    grid: Mapping[str, Sequence[Any]] | Callable[[Problem], Iterable[Settings]] = field(default_factory=dict)
    sizes: Sequence[Any] = ()
    capacity: str = ""
    capacity_name: str = ""
    label: str | Callable[[Settings], str] = ""
    limit: str | Callable[[Any, int], Any] | None = None
    limit_ahead: str | Callable[[Any, int], Any] | None = None
    ahead: bool = False
    cost: Callable[[Problem, Settings], float] | None = None
    can_represent: Callable[[Needs, Traits], bool | None] | None = None
    missing: bool = False
    kinds: Sequence[str] = ("symbols", "real", "mixed")
    warm_up: Callable[[Problem], None] | None = None
    skip: Callable[[Problem], str] | None = None
    look: Callable[[Any, Any, Sequence[str]], list[tuple[str, Any]]] | None = None
    looks: Sequence[str] = ()
    seed_key: Callable[[Problem, Settings], str] | None = None
    refine: Callable[[Problem, Settings], Iterable[Settings]] | None = None
    memory: Callable[[Problem, Settings], float] | None = None

    def __post_init__(self) -> None:
        if callable(self.grid):
            return
        if not isinstance(self.grid, Mapping):
            raise ValueError(
                f"{self.name}: grid must be a mapping of settings to lists of values, or a function of the "
                f"problem, got {self.grid!r}"
            )
        for key, values in self.grid.items():
            if isinstance(values, str) or not hasattr(values, "__len__") or not hasattr(values, "__iter__"):
                raise ValueError(f"{self.name}: grid[{key!r}] must be a list of values, got {values!r}")

    @classmethod
    def of(
        cls,
        estimator: Any,
        grid: Mapping[str, Sequence[Any]] | None = None,
        *,
        name: str = "",
        **known: Any,
    ) -> ModelSpec:
        """Make of a user's estimator the very same thing as what comes with the package.

        Parameters
        ----------
        estimator : estimator, or its class
            With the methods of scikit-learn, fitted or not.
        grid : mapping of str to sequence, optional
            Parameters and the values of them that are tried; a key may reach inside (``estimator__C``).
        name : str, optional
            What tables call it; by default its class.
        **known
            Further parameters of `ModelSpec`, such as ``limit="order"``.

        Raises
        ------
        ValueError
            If the estimator has no ``fit``, or no parameter that the grid or `limit` names.
        """
        made = estimator() if isinstance(estimator, type) else estimator
        words = name or type(made).__name__
        if not hasattr(made, "fit"):
            raise ValueError(f"{words}: expected a model with fit, got {made!r}")
        named = {"grid": list(grid or {})}
        named |= {key: [known[key]] for key in ("limit", "limit_ahead") if isinstance(known.get(key), str)}
        params = made.get_params() if hasattr(made, "get_params") else {}
        for key, names in named.items():
            unknown = [name for name in names if name not in params]
            if unknown:
                known_ones = ", ".join(params) or "none"
                raise ValueError(f"{words}: {key} names {unknown[0]!r}; its parameters are {known_ones}")
        title = str(known.pop("title", words))
        return cls(words, title, _Given(made), dict(grid or {}), **known)

    def settings(self, problem: Problem) -> list[Settings]:
        """Return the settings to try on a problem."""
        if callable(self.grid):
            return list(self.grid(problem))
        return [dict(zip(self.grid, values, strict=True)) for values in product(*self.grid.values())]

    def sized(self, sizes: Choices = (), problem: Problem | None = None) -> list[Settings]:
        """Return the settings that a sweep tries: these sizes, or the kind's own, or its whole grid.

        A grid that is a function is asked where there is a problem to ask it about, unless it says which of
        its settings is the size: then a sweep is to say which sizes.
        """
        chosen = list(sizes or self.sizes)
        if chosen and self.size_key:
            return [{self.size_key: size} for size in chosen]
        if not callable(self.grid):
            return [dict(zip(self.grid, values, strict=True)) for values in product(*self.grid.values())]
        if self.size_key:
            return []
        # whoever enters only what is asked for by name is asked for here
        return (list(self.grid(problem)) if problem is not None else []) or [{}]

    @property
    def size_key(self) -> str:
        """The setting that is the size of the model; empty if there is none."""
        if self.capacity or callable(self.grid):
            return self.capacity
        return next(iter(self.grid), "")

    def label_of(self, settings: Settings) -> str:
        """Return what tables call the kind with these settings.

        Raises
        ------
        ValueError
            If the label cannot be made of them.
        """
        if self.label:
            try:
                made = self.label(settings) if callable(self.label) else self.label.format(**settings)
            except Exception as error:  # whatever the user's own code raises
                raise ValueError(
                    f"{self.name}: no label can be made of the settings {dict(settings)}: "
                    f"{type(error).__name__}: {error}"
                ) from error
            if not isinstance(made, str):
                raise ValueError(f"{self.name}: label must give text, got {made!r}")
            return made
        if set(settings) <= {self.size_key}:
            return " ".join([self.title, *map(str, settings.values())])
        return f"{self.title} {', '.join(f'{key}={value}' for key, value in settings.items())}"


@dataclass(frozen=True)
class _Given:
    """Builds a copy of a user's estimator, with settings."""

    estimator: Any

    def __call__(self, problem: Problem, **settings: Any) -> Any:
        if not settings:
            return self.estimator
        from sklearn.base import clone  # here, since reading an old run should not cost the import

        return clone(self.estimator).set_params(**settings)
