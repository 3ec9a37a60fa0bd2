"""Tagging by hidden Markov models."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Tags, check_random_state
from sklearn.utils.validation import check_is_fitted

from seqcompare.data.sequences import Sequences, offsets_of
from seqcompare.data.targets import check_step_labels, check_step_weights, scored_steps
from seqcompare.models.base import Reading, Tagger
from seqcompare.models.hmm._hmmlearn import Steps
from seqcompare.models.hmm.fit import run_starts
from seqcompare.models.hmm.observations import learn_observations, read_steps, reading_of
from seqcompare.models.hmm.online import Belief, first_belief, read_belief
from seqcompare.models.hmm.recursions import Likelihood, expect_states, filter_states
from seqcompare.models.hmm.settings import (
    Settings,
    check_choice,
    check_integer,
    check_settings,
    fitted_engine,
    keep_fit,
    plan_fit,
)
from seqcompare.models.hmm.viterbi import best_path
from seqcompare.typing import Floats, Label, SequencesLike, TargetsLike, WeightsLike

# A thousandth of a count for every transition, first state and label: none becomes impossible.
_COUNT = 1e-3


@dataclass(eq=False, repr=False)
class HMMTagger(Settings, Tagger):
    """A label for every step by a hidden Markov model of inputs and labels.

    With ``n_components=None`` the states are the labels: where all steps are labelled, fitting is counting
    (with mixtures as emissions, EM within each label). With an integer, that many latent states emit both
    x[t] and y[t], independently given the state; they are fitted by EM, and y is summed out in prediction, so
    that the states can carry what labels do not show.

    Parameters
    ----------
    n_components : int, optional
        Number of latent states; by default the states are the labels.
    emission : {"auto", "categorical", "gaussian", "gmm", "poisson", "mixed"}, default="auto"
        Distribution of x[t] given the state, as in `HMM`.
    decode : {"viterbi", "posterior", "filter"}, default="viterbi"
        What answers: the most probable path of states (and the likeliest label of each of its states); the
        likeliest label of each step given the whole sequence; or given the steps so far, which is causal.
    covariance_type, n_mix, topology, n_init, max_iter, tol, min_covar, init, fixed
        As in `HMM`.
    priors : dict, optional
        As in `HMM`; unless given, those of "startprob" and "transmat" are 0.001 too.
    symbols, missing, missing_symbol
        As in `HMM`, for x.
    ignore_label : label, optional
        Steps with this label are unlabelled.
    n_jobs, random_state
        As in `HMM`.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels.
    labelprob_ : ndarray of shape (K, n_classes)
        p(y[t] = label | state); the identity where states are labels.
    startprob_, transmat_, emissionprob_, means_, covars_, weights_, lambdas_, symbols_
        As in `HMM`.
    converged_, stop_reason_, n_iter_, loss_curve_, init_scores_, init_stop_reasons_, n_parameters_
        As in `HMM`.

    Notes
    -----
    A step with weight 0 or `ignore_label` is unlabelled: its label is not trained on, nor is it scored, but
    its x remains evidence about its neighbours, and EM sums over what its label could be. A sequence without
    any labelled step is left out. Other weights weigh what a step adds to the counts; unlabelled steps weigh
    as much as the labelled ones of their sequence do on average.

    References
    ----------
    Rabiner (1989), A tutorial on hidden Markov models and selected applications in speech recognition.

    Examples
    --------
    >>> from seqcompare import HMMTagger
    >>> tagger = HMMTagger(random_state=0).fit(["aabb", "bba"], [[0, 0, 1, 1], [1, 1, 0]])
    >>> [labels.tolist() for labels in tagger.predict(["abab"])]
    [[0, 1, 0, 1]]
    """

    n_components: int | None = None
    _: KW_ONLY
    decode: Literal["viterbi", "posterior", "filter"] = "viterbi"
    ignore_label: Label | None = None

    def fit(self, X: SequencesLike, y: TargetsLike, sample_weight: WeightsLike | None = None) -> HMMTagger:
        """Count, or run EM.

        Parameters
        ----------
        X : sequences
            The input.
        y : one label a step, in any container
            The labels.
        sample_weight : array of shape (n,), or one array of weights a sequence, optional
            Weights of sequences or of steps.

        Raises
        ------
        ValueError
            If a parameter, `X`, `y` or `sample_weight` is not as expected, or no step is labelled.

        Warns
        -----
        ConvergenceWarning
            If the start of EM that was kept stopped for another reason than `tol`.
        """
        if self.n_components is not None:
            check_integer("n_components", self.n_components)
        check_choice("decode", self.decode, ("viterbi", "posterior", "filter"))
        check_settings(self)
        sequences = learn_observations(self, X)
        labels = check_step_labels(y, sequences)
        weights = check_step_weights(sample_weight, sequences)
        labelled = scored_steps(labels, self.ignore_label) & (weights > 0)
        if not labelled.any():
            raise ValueError("no step is labelled: all have weight 0 or ignore_label")
        used = np.flatnonzero(np.logical_or.reduceat(labelled, sequences.offsets[:-1]))
        rows = np.isin(sequences.sequence_index, used)
        labels, weights, labelled = labels[rows], weights[rows], labelled[rows]
        sequences = sequences.take(used)
        self.classes_, codes = np.unique(labels[labelled], return_inverse=True)
        n_classes = len(self.classes_)
        label_codes = np.full(len(labels), n_classes)
        label_codes[labelled] = codes

        supervised = self.n_components is None
        n_states = n_classes if self.n_components is None else self.n_components
        level = _level(weights, labelled, sequences)
        plan = plan_fit(self, read_steps(self, sequences), n_states, level)
        init, fixed, priors = dict(plan.recipe.init), plan.recipe.fixed, dict(plan.recipe.priors)
        priors = {"startprob": _COUNT, "transmat": _COUNT, "labelprob": _COUNT, **priors}
        if supervised:
            init["labelprob"], fixed = np.eye(n_classes), (*fixed, "labelprob")
        recipe = replace(plan.recipe, init=init, fixed=fixed, priors=priors, n_labels=n_classes)
        counted = supervised and labelled.all() and self.emission_ != "gmm"
        outcomes = run_starts(
            recipe,
            Steps(plan.values, offsets_of(sequences.lengths), level, label_codes),
            # counting comes to the same from everywhere
            n_init=1 if counted else self.n_init,
            n_jobs=self.n_jobs,
            random_state=check_random_state(self.random_state),
        )
        keep_fit(self, plan._replace(recipe=recipe), outcomes)
        return self

    @property
    def causal(self) -> bool:
        """Whether the answer at step t uses no step after t: only with ``decode="filter"``."""
        return self.decode == "filter"

    @property
    def reading(self) -> Reading:
        """How input is read: by the emission, once it is known."""
        return reading_of(self, getattr(self, "emission_", self.emission))

    def predict_proba(self, X: SequencesLike) -> SequencesLike:
        """Return p(y[t]) for every step, shape (T_i, n_classes) a sequence, in X's container.

        It is given the steps so far with ``decode="filter"``, else the whole sequence.
        """
        sequences, fit, offsets = self._check_predict(X)
        if self.decode == "filter":
            states = filter_states(self.startprob_, self.transmat_, fit, offsets)[1]
        else:
            states = expect_states(self.startprob_, self.transmat_, fit, offsets).posterior
        return sequences.pack(states @ self.labelprob_)

    def predict(self, X: SequencesLike) -> SequencesLike:
        """Return the label of every step, in X's container.

        With ``decode="viterbi"`` it is that of the most probable path, which may differ from the largest
        entry of `predict_proba`.
        """
        if self.decode != "viterbi":
            return super().predict(X)
        sequences, fit, offsets = self._check_predict(X)
        path, _ = best_path(self.startprob_, self.transmat_, fit, offsets)
        return sequences.pack(self.classes_[np.argmax(self.labelprob_, axis=1)[path]])

    def score_samples(self, X: SequencesLike) -> NDArray[np.float64]:
        """Return log p(x) of each sequence in nats, whatever its labels, shape (n,)."""
        _, fit, offsets = self._check_predict(X)
        return filter_states(self.startprob_, self.transmat_, fit, offsets)[0]

    def start(self) -> Belief:
        """Return the state before the first step of a sequence, for `step`, if it is `causal`."""
        check_is_fitted(self)
        if not self.causal:
            raise ValueError(f"decode={self.decode!r} needs the whole sequence; expected decode='filter'")
        return first_belief(self)

    def step(self, state: Belief, x: Label | Floats) -> tuple[Floats, Belief]:
        """Read one more step; return the probabilities of its label, and what to pass on.

        Parameters
        ----------
        state : Belief
            What `start` or the last call returned.
        x : symbol, number or array of shape (d,)
            The step.
        """
        now = read_belief(self, state, x)
        return now @ self.labelprob_, state._replace(ahead=now @ self.transmat_)

    def _check_predict(self, X: SequencesLike) -> tuple[Sequences, Likelihood, NDArray[np.int64]]:
        sequences = self._check(X)
        fit = fitted_engine(self).likelihood(read_steps(self, sequences))
        return sequences, fit, offsets_of(sequences.lengths)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.missing == "marginalize"
        return tags


def _level(
    weights: NDArray[np.float64], labelled: NDArray[np.bool_], sequences: Sequences
) -> NDArray[np.float64] | None:
    """Give unlabelled steps the mean weight of their sequence's labelled ones; None if all weigh 1."""
    starts = sequences.offsets[:-1]
    sums = np.add.reduceat(np.where(labelled, weights, 0.0), starts)
    counts = np.add.reduceat(labelled.astype(np.float64), starts)
    level = np.where(labelled, weights, np.repeat(sums / counts, sequences.lengths))
    return None if (level == 1.0).all() else level
