"""Hidden Markov models."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import Tags, check_random_state
from sklearn.utils.validation import check_is_fitted

from seqcompare.data.axes import refuse_lengths
from seqcompare.data.sequences import Sequences, offsets_of
from seqcompare.models.base import Density, Reading, check_lengths
from seqcompare.models.distributions.base import Distribution
from seqcompare.models.distributions.mixtures import NormalMixture
from seqcompare.models.hmm._hmmlearn import Steps
from seqcompare.models.hmm.by_hand import ByHand
from seqcompare.models.hmm.chains import AgedFiltered, Filtered, chain_of
from seqcompare.models.hmm.durations import Durations, duration_proba, mean_durations
from seqcompare.models.hmm.mixed import named_steps, widths_of
from seqcompare.models.hmm.observations import learn_observations, read_steps, reading_of
from seqcompare.models.hmm.online import Belief, first_belief, read_on
from seqcompare.models.hmm.prediction import choose_objective
from seqcompare.models.hmm.predictions import StepPredictions
from seqcompare.models.hmm.recursions import Likelihood
from seqcompare.models.hmm.sampling import draw_steps
from seqcompare.models.hmm.settings import (
    Settings,
    check_durations,
    check_integer,
    check_settings,
    fitted_engine,
    keep_fit,
    names_of,
    plan_fit,
)
from seqcompare.typing import Floats, Label, RandomState, SequencesLike, TargetsLike, WeightsLike


@dataclass(eq=False, repr=False)
class HMM(ByHand, Settings, StepPredictions, Density):
    """Hidden Markov model, fitted by EM from several starts with hmmlearn's M-step.

    Parameters
    ----------
    n_components : int, default=2
        Number of hidden states K.
    emission : {"auto", "categorical", "gaussian", "gmm", "poisson", "mixed"}, default="auto"
        Distribution of a step given its state. "auto" is "categorical" for symbols, "gaussian" for
        real-valued steps, and "mixed" for symbols beside numbers: of each channel one of these two, which
        are multiplied. "gmm" is a mixture of Gaussians; "poisson" is for counts. These three, when asked
        for, read integers as numbers.
    covariance_type : {"diag", "spherical", "full", "tied"}, default="diag"
        Shape of the covariances of "gaussian" and "gmm": variances per channel, one variance, a matrix per
        state (and component), or one matrix for all states ("gmm": for all components of a state).
    n_mix : int, default=2
        Components of each state's mixture, for "gmm".
    topology : {"ergodic", "left-right"} or array of bool of shape (K, K), default="ergodic"
        Which transitions are allowed; the others stay 0. "left-right" starts in state 0 and never goes back.
    n_init : int, default=4
        Starts of EM, of which the best is kept. The first, third, ... are sticky: self-transitions of .9.
    max_iter : int, default=500
        Most iterations of EM a start.
    tol : float, default=1e-5
        EM stops once an iteration gains less than this, in nats a step.
    min_covar : float, default=1e-3
        Smallest variance, as a share of the channel's variance in the training data (or of the square of its
        interquartile range over 1.349, if that is smaller, so that outliers do not lift it); where numbers
        are recorded less finely than that, the variance of their rounding.
    priors : dict, optional
        Prior knowledge as pseudo-observations, by name of the parameter. For "startprob", "transmat",
        "emissionprob" and "weights" the count to add to each entry, a number or an array (hmmlearn's
        Dirichlet parameter less one); for "means", "covars" and "lambdas" a pair (value, number of steps seen
        at that value). Unless given, "emissionprob" is 0.001, and nothing else has a prior.
    init : dict, optional
        Parameters to start from, in place of what would be drawn, by name.
    fixed : sequence of str, default=()
        Names in `init` that EM leaves as they are.
    symbols : array-like, optional
        The alphabet; by default the symbols in the training data.
    missing : {"error", "marginalize"}, default="error"
        "marginalize" takes NaN in real-valued steps (whole steps or single channels), and `missing_symbol`
        among symbols, as not observed, and sums over what they could be.
    missing_symbol : int or str, optional
        The symbol that stands for a missing one.
    n_jobs : int, optional
        Starts that run at once, as in joblib. The result does not depend on it.
    random_state : int, RandomState instance or None, default=None
        Seed of the starts.
    objective : {"auto", "likelihood", "prediction"}, default="auto"
        What the parameters are fitted to: the likelihood of whole sequences, by EM, or the prediction of the
        steps that have weight, each from the steps before it, by gradient descent; see the notes. "auto" is
        "prediction" where `fit` is given weights of single steps.
    durations : {"geometric", "negative-binomial", "free"}, default="geometric"
        How long states last: as a chain's, which forgets how long it has stayed; or, in a hidden semi-Markov
        model, as a distribution of each state's own says, a negative binomial from a least duration on, or
        one that is free up to `max_duration`. A state is then left for another, and `transmat_` says which.
    max_duration : int, default=20
        Steps up to which durations that are not geometric are told apart; beyond, the chance to leave a state
        stays what it is after so many.

    Attributes
    ----------
    startprob_, transmat_ : ndarray of shape (K,) and (K, K)
        Probabilities of the first state, and of the next state (column) after a state (row).
    emissionprob_ : ndarray of shape (K, n_symbols)
        Probabilities of the symbols ("categorical").
    means_, covars_, weights_, lambdas_ : ndarray
        The other emissions' parameters, in hmmlearn's shapes: (K, d) means and (K,), (K, d), (K, d, d) or
        (d, d) covariances ("gaussian"), with a component axis after K ("gmm"; "tied": (K, d, d)), rates
        (K, d) ("poisson").
    hazards_ : ndarray of shape (K, max_duration)
        Probability that a state is left after 1, 2, ... steps, where durations are not geometric.
    emission_ : str
        The emission in use.
    symbols_ : ndarray of shape (n_symbols,)
        The sorted alphabet ("categorical").
    converged_ : bool
        Whether EM stopped because an iteration gained less than `tol`.
    stop_reason_ : {"tol", "max_iter", "likelihood fell", "degenerate", ""}
        Why EM stopped; empty for a model made by hand.
    n_iter_ : int
        Iterations of the start that was kept.
    loss_curve_ : ndarray of shape (n_iter_,)
        What EM minimises at each iteration, in nats a step: minus log-likelihood minus log-prior.
    init_scores_ : ndarray of shape (n_init,)
        What each start came to: log-likelihood plus log-prior of the training data, in nats a step; -inf if
        it failed.
    init_stop_reasons_ : list of str
        Why each start stopped.
    n_parameters_ : int
        Free parameters.

    Notes
    -----
    A symbol outside `symbols_` has probability ``1 / (N + S + 1)`` in every state (N steps and S symbols in
    the training data: Laplace's chance that the next step is something new), beside what the known ones add
    up to. It costs as much in `score_samples` and says nothing about the state. A sequence that the model
    rules out (a model made by hand, mostly) has log-likelihood -inf; its impossible steps are then passed
    over as if missing, so that no probability is NaN.

    EM stops only once the gain is below `tol` and no longer grows: leaving a saddle starts with small steps.

    With ``objective="prediction"`` the loss is the weighted mean of ``-log p(x[t] | x[..t-1])``, and its
    exact gradient goes through the forward filter. Adam takes batches of 50 sequences; a fifth of the
    sequences is held out and tells when to stop: after 15 passes over the data that gained less than 100
    `tol` a step together, or `max_iter`. The first, third, ... start has two stages: first the states stay
    put and only emissions learn, then all is free. The steps without weight are still read, but nothing
    makes the model fit them: give them a tenth of the others' weight for a model of whole sequences, too.
    Emissions are "categorical", "poisson", or "gaussian" with variances.

    References
    ----------
    Rabiner (1989), A tutorial on hidden Markov models and selected applications in speech recognition.
    Guédon (2003), Estimating hidden semi-Markov chains from discrete sequences.

    Examples
    --------
    >>> from seqcompare import HMM
    >>> model = HMM(n_components=4, random_state=0).fit(["aabbaabbaabb", "aabbaabba"])
    >>> model.predict_next_proba(["aab"])[0].round(2)
    array([[1., 0.],
           [0., 1.],
           [0., 1.]])
    """

    n_components: int = 2
    _: KW_ONLY
    objective: Literal["auto", "likelihood", "prediction"] = "auto"
    durations: Durations = "geometric"
    max_duration: int = 20

    @property
    def reading(self) -> Reading:
        """How input is read: by the emission, once it is known."""
        return reading_of(self, getattr(self, "emission_", self.emission))

    @property
    def of_counts(self) -> bool:
        """Whether predictions are probabilities of counts."""
        return getattr(self, "emission_", self.emission) == "poisson"

    @property
    def takes_weights(self) -> bool:
        """Whether `fit` can take weights of single steps: not if it is told to fit whole sequences."""
        return self.objective != "likelihood" and self.durations == "geometric"

    def fit(
        self, X: SequencesLike, y: TargetsLike | None = None, sample_weight: WeightsLike | None = None
    ) -> HMM:
        """Fit the parameters.

        Parameters
        ----------
        X : sequences
            The training data.
        y : ignored
            For scikit-learn's tools.
        sample_weight : array of shape (n,), or one array of weights a sequence, optional
            Weights of sequences; or of the predictions of single steps, which are then what the model is
            fitted to (see `objective`).

        Raises
        ------
        ValueError
            If a parameter, `X` or `sample_weight` is not as expected, or the topology or what is fixed rules
            `X` out.

        Warns
        -----
        ConvergenceWarning
            If the start that was kept stopped for another reason than `tol`.
        """
        refuse_lengths(X, y)
        check_integer("n_components", self.n_components)
        check_settings(self)
        check_durations(self)
        self.__dict__.pop("hazards_", None)
        sequences = learn_observations(self, X)
        sequences, weights, run = choose_objective(self, sequences, sample_weight)
        plan = plan_fit(self, read_steps(self, sequences), self.n_components, weights)
        # where nothing is drawn, one start is as good as many
        drawn = set(names_of(self)) - set(plan.recipe.init)
        outcomes = run(
            plan.recipe,
            Steps(plan.values, offsets_of(sequences.lengths), weights),
            n_init=self.n_init if drawn else 1,
            n_jobs=self.n_jobs,
            random_state=check_random_state(self.random_state),
        )
        keep_fit(self, plan, outcomes)
        return self

    def filter_proba(self, X: SequencesLike) -> SequencesLike:
        """Return p(state at t | steps 0..t), causal, shape (T_i, K) a sequence, in X's container."""
        filtered, sequences = self._filter(X)
        return sequences.pack(filtered.now)

    def predict_proba(self, X: SequencesLike) -> SequencesLike:
        """Return p(state at t | all steps), smoothed, shape (T_i, K) a sequence, in X's container."""
        sequences, fit = self._check_predict(X)
        return sequences.pack(chain_of(self).posterior(fit, np.array(sequences.offsets)))

    def predict(self, X: SequencesLike) -> SequencesLike:
        """Return the most probable path of states (Viterbi), shape (T_i,) a sequence, in X's container."""
        sequences, path, _ = self._decode(X)
        return sequences.pack(path)

    def decode(self, X: SequencesLike) -> tuple[NDArray[np.float64], Any]:
        """Return the most probable paths and how probable they are.

        Parameters
        ----------
        X : sequences
            What to decode.

        Returns
        -------
        log_probability : ndarray of shape (n,)
            Logarithm of the joint probability (density) of each sequence and its path, in nats.
        states : one state a step, in X's container
            The paths, as in `predict`.
        """
        sequences, path, log_probability = self._decode(X)
        return log_probability, sequences.pack(path)

    @property
    def initial_proba_(self) -> NDArray[np.float64]:
        """p(x[0]), shape (n_symbols,), for symbols."""
        check_is_fitted(self)
        if self.emission_ != "categorical":
            raise AttributeError(f"this HMM has {self.emission_} steps: only symbols have initial_proba_")
        return np.asarray(self.startprob_ @ self.emissionprob_)

    def sample(
        self, n_sequences: int = 1, length: ArrayLike = 10, random_state: RandomState = None
    ) -> Sequences:
        """Draw sequences from the model.

        Parameters
        ----------
        n_sequences : int
            How many.
        length : int or array of int, shape (n_sequences,)
            Steps of each.
        random_state : int, RandomState instance or None
            Where chance comes from.
        """
        check_is_fitted(self)
        lengths = check_lengths(n_sequences, length)
        rng = check_random_state(random_state)
        states = chain_of(self).draw(lengths, rng)
        parameters = {name: getattr(self, f"{name}_") for name in names_of(self)}
        widths = widths_of(self) if self.emission_ == "mixed" else ()
        values = draw_steps(self.emission_, parameters, states, self.covariance_type_, rng, widths)
        if self.emission_ == "mixed":
            return named_steps(self, values, lengths)
        if self.emission_ == "categorical":
            return Sequences(self.symbols_[values], offsets_of(lengths))
        if self.n_channels_ == 1:
            return Sequences(values[:, 0], offsets_of(lengths))
        return Sequences(values.astype(np.float64), offsets_of(lengths))

    @property
    def mean_durations_(self) -> NDArray[np.float64]:
        """How many steps each state lasts on average, shape (K,)."""
        check_is_fitted(self)
        if hasattr(self, "hazards_"):
            return mean_durations(self.hazards_)
        with np.errstate(divide="ignore"):
            return np.asarray(1.0 / (1.0 - np.diag(self.transmat_)))

    @property
    def duration_proba_(self) -> NDArray[np.float64]:
        """Probability that a state lasts 1, 2, ... steps, shape (K, max_duration); the last: or longer."""
        check_is_fitted(self)
        if hasattr(self, "hazards_"):
            return duration_proba(self.hazards_)
        leave = 1.0 - np.diag(self.transmat_)[:, np.newaxis]
        return duration_proba(np.repeat(leave, self.max_duration, axis=1))

    def aic(self, X: SequencesLike) -> float:
        """Return Akaike's information criterion of `X`, lower is better."""
        return float(2 * self.n_parameters_ - 2 * self.score_samples(X).sum())

    def bic(self, X: SequencesLike) -> float:
        """Return the Bayesian information criterion of `X` (a sample is a step), lower is better."""
        sequences = self._check(X)
        return float(self.n_parameters_ * np.log(sequences.n_steps) - 2 * self.score_samples(sequences).sum())

    def start(self) -> Belief:
        """Return the state before the first step of a sequence, for `step`."""
        return first_belief(self)

    def step(self, state: Belief, x: Label | Floats) -> tuple[Floats | Distribution, Belief]:
        """Read one more step; return the distribution of the next, and what to pass on.

        Parameters
        ----------
        state : Belief
            What `start` or the last call returned.
        x : symbol, number or array of shape (d,)
            The step.
        """
        ahead = read_on(self, state, x)
        states, normals = state.chain.states(ahead), state.normals
        state = Belief(ahead, *state[1:])
        if self.emission_ == "categorical":
            return states @ self.emissionprob_, state
        if normals is not None and normals.weights is None and np.ndim(x) == 0:
            return NormalMixture(states, normals.means[:, 0], normals.scales), state
        return self._mix(states, flat=np.ndim(x) == 0), state

    def _check_predict(self, X: SequencesLike) -> tuple[Sequences, Likelihood]:
        sequences = self._check(X)
        return sequences, fitted_engine(self).likelihood(read_steps(self, sequences))

    def _filter(self, X: SequencesLike) -> tuple[Filtered | AgedFiltered, Sequences]:
        sequences, fit = self._check_predict(X)
        return chain_of(self).filter(fit, np.array(sequences.offsets)), sequences

    def _decode(self, X: SequencesLike) -> tuple[Sequences, NDArray[np.int64], Floats]:
        sequences, fit = self._check_predict(X)
        path, scores = chain_of(self).path(fit, np.array(sequences.offsets))
        return sequences, path, scores

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.categorical = self.emission in ("categorical", "poisson")
        tags.input_tags.positive_only = self.emission == "poisson"
        tags.input_tags.string = self.emission in ("auto", "categorical")
        tags.input_tags.allow_nan = self.missing == "marginalize"
        return tags
