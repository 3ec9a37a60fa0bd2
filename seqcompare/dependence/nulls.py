"""Which null hypotheses data call for: what changes places, so that lags are not credited with the rest."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from seqcompare.data.sequences import Sequences
from seqcompare.dependence.drift import SURE, Drift, find_drift
from seqcompare.dependence.own_frequencies import LONG_ENOUGH, find_own_frequencies
from seqcompare.dependence.period import Clock, find_period
from seqcompare.dependence.question import MANY_SEQUENCES, Question
from seqcompare.dependence.strata import Strata, everything

_FINEST = 99
_SURE_OF_FEW = 0.025


@dataclass(frozen=True, eq=False)
class Nulls:
    """Null hypotheses, and what was found on the way to them.

    Parameters
    ----------
    strata : list of Strata
        What is kept in each, for all steps; the first is the one that p-values are about.
    clock : Clock or None
        The period.
    drift : Drift or None
        A change of the source, or a series that wanders; None if neither was found.
    own_frequencies : bool
        Whether each sequence has frequencies of its own.
    open_question : bool
        Whether each sequence agrees with itself, and is too short to tell whether that is memory.
    """

    strata: list[Strata]
    clock: Clock | None = None
    drift: Drift | None = None
    own_frequencies: bool = False
    open_question: bool = False
    elsewhere: bool = field(default=False)

    def beyond_clock(self) -> list[Strata]:
        """Return the null hypotheses that keep the phase of the clock as well."""
        if self.clock is None:
            return self.strata
        # free permutation would ask too little of each lag, and too much of all of them together
        others = [null for null in self.strata if null.name not in ("any", "sequence")]
        phase = self.clock.phase
        # phases and sequences together tell what neither tells alone
        own = [null.key for null in self.strata if null.name == "sequence"]
        key = phase if not own else own[0] * (int(phase.max()) + 1) + phase
        return [*others, Strata("phase", key, merge=False)]


def find_nulls(question: Question, seed: int) -> Nulls:
    """Find out what data go by besides the past, and return the null hypotheses that keep it.

    With many sequences a step changes places with those at the same position only: what depends on how far
    into its sequence a step is belongs to no lag. Where sequences have frequencies of their own, each is
    shuffled by itself as well; where the source of few long sequences changes, so is each short stretch of
    time. Something is detected if it is more than under each of these null hypotheses.

    Parameters
    ----------
    question : Question
        Steps and targets.
    seed : int
        Of what is random.
    """
    X = question.X
    targets = question.raw if question.own else Sequences(question.labels.codes, X.offsets)
    drift = find_drift(targets, _FINEST, seed) if question.scored.all() else None
    if drift is not None and drift.p_value > SURE:
        drift = None
    many = len(X) >= MANY_SEQUENCES
    own = find_own_frequencies(targets, _FINEST, seed) if question.own and question.scored.all() else None
    # of few sequences, in two kinds, many orders are as good as the one they are in
    long_enough = float(np.median(X.lengths)) >= LONG_ENOUGH
    agree = own is not None and own.p_value <= (SURE if many and long_enough else _SURE_OF_FEW)
    told = long_enough or (own is not None and own.lasts)
    own_frequencies = agree and told
    strata = [everything(X.n_steps)]
    if many:
        strata = [Strata("position", X.step_index, merge=True)]
    if own_frequencies:
        strata.append(Strata("sequence", X.sequence_index, merge=False))
    if drift is not None and drift.changes and not many:
        strata.append(Strata("time", np.arange(X.n_steps), merge=True))
    coded = question.coded if question.own else question.labels
    clock = find_period(targets, coded, seed) if question.scored.all() else None
    if many and clock is not None:
        # frequencies go up and down from one position to the next: neighbours are no substitute
        strata[0] = Strata("position", X.step_index, merge=False)
    return Nulls(strata, clock, drift, own_frequencies, agree and not told, elsewhere=not question.own)
