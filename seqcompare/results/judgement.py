"""Which contestant is the cheapest that is good enough, as far as the data can tell."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from seqcompare.results.contests import CHANCE, Contest

#: Probability from which on a difference, or none, counts as settled.
SURE = 0.95
LIKELY = 0.5

#: Bits of information that data must be able to show, before "nothing was found" means "there is nothing".
SHOWN = 0.05


@dataclass(frozen=True)
class Judgement:
    """What the test scores say.

    Parameters
    ----------
    kind : {"model", "chance", "cannot tell", "nothing"}
        A model is worth having; the frequencies of the answers are as good; the data cannot tell which of
        both; or nothing has ended well.
    best : str or None
        The contestant of least mean loss.
    winner : str or None
        The cheapest that is more likely than not as good as the best, and better than chance: fewest
        parameters, then fewest microseconds a step. Chance where that is so.
    worse : dict of str to float
        Probability that each contestant is worse than the best by more than the tolerance.
    unsettled : tuple of str
        Contestants cheaper than the winner of which it is open whether they would do.
    beats_chance : float
        The probability that the best model beats chance by more than the tolerance.
    """

    kind: str
    best: str | None
    winner: str | None
    worse: dict[str, float]
    unsettled: tuple[str, ...]
    beats_chance: float


def judge(
    contest: Contest, costs: pd.DataFrame, least_seen: float = 0.0, most_seen: float = 0.0
) -> Judgement:
    """Return the judgement on the contestants.

    Parameters
    ----------
    contest : Contest
        Rows of testing.
    costs : DataFrame
        What each contestant costs: entry, n_parameters, predict_us_per_step.
    least_seen : float, default=0.0
        Bits of information at one lag that the data could have shown. Where that is more than `SHOWN`, models
        that do not beat chance prove nothing: they had too little to learn from.
    most_seen : float, default=0.0
        Bits of information that were detected at one lag. Where that is more than `SHOWN`, models that do not
        beat chance have missed something.
    """
    best = contest.best()
    if best is None:
        return Judgement("nothing", None, None, {}, (), 0.0)
    worse = {e: 0.0 if e == best else contest.regions(e, best)[0] for e in contest.entries}
    ordered = costs[costs["entry"].isin(worse)].sort_values(
        ["n_parameters", "predict_us_per_step"], kind="stable", na_position="last"
    )
    by_cost = [str(e) for e in ordered["entry"]]
    models = [e for e in by_cost if e != CHANCE]
    # practically equal to the best is not enough for a model that is practically equal to chance as well
    ahead = {e for e in models if CHANCE not in worse or contest.regions(e, CHANCE)[2] >= LIKELY}
    enough = [e for e in models if worse[e] < LIKELY and e in ahead] or [best]
    winner, kind, beats = enough[0], "model", 1.0
    if CHANCE in worse:
        # the best model speaks for all: among many that learned nothing some swing far by luck
        leader = min(models, key=lambda e: float(contest.losses(e).mean()), default=None)
        beats = 0.0 if leader is None else contest.regions(leader, CHANCE)[2]
        # the best of several beats chance by luck more often than any one of them (Bonferroni)
        if beats < 1 - (1 - SURE) / max(len(models), 1):
            nothing = beats <= 1 - SURE and max(least_seen, most_seen) <= SHOWN
            kind = "chance" if nothing else "cannot tell"
            winner = CHANCE if kind == "chance" or best == CHANCE else winner
    cheaper = models[: models.index(winner)] if winner in models else []
    unsettled = tuple(e for e in cheaper if worse[e] < SURE and e in ahead)
    return Judgement(kind, best, winner, worse, unsettled, beats)
