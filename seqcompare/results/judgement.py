"""Who is good enough: a status for every model, from one table of losses and what the models cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from seqcompare.families import REFERENCE
from seqcompare.metrics import Metric
from seqcompare.results.contest import CHANCE, Contest
from seqcompare.results.inference import Estimate, more_units
from seqcompare.results.sight import Overlooked, Sight
from seqcompare.results.statistics import holm
from seqcompare.results.untried import Untried

#: Probability from which on a difference, or none, counts as settled.
SURE = 0.95

#: Bits of information that data must be able to show, before "nothing was found" means "there is nothing".
SHOWN = 0.05

#: What a model of a comparison can be.
ENOUGH, EQUIVALENT, INFERIOR, UNDECIDED, NOT_TRIED = (
    *("enough", "equivalent", "inferior", "undecided", "not tried"),
)


@dataclass(frozen=True)
class Judgement:
    """What the test scores say.

    Parameters
    ----------
    kind : {"model", "chance", "cannot tell", "nothing"}
        A model is worth having; frequencies are as good, be it of all answers ("chance"), or by position, by
        season or of late, as `winner` says; it cannot be told which of both, or who is enough (`overlooked`);
        or no model has ended well.
    best : str or None
        The model of least mean loss.
    winner : str or None
        The cheapest that beats chance, and of which no other was shown to be better by more than the
        tolerance: fewest parameters, then fewest microseconds a step. A reference where that is enough; the
        best so far where that cannot be told.
    worse : dict of str to float
        Probability that each model is worse than the best by more than the tolerance.
    unsettled : tuple of str
        Models cheaper than the winner of which it is open whether they would do.
    beats_chance : float
        The probability that the model that gains most over the references gains anything.
    status : dict of str to str
        Of each model, and of chance: "enough", "equivalent" (shown to be within the tolerance of all
        others), "inferior" (shown to be worse than another by more), "undecided" (neither), or "not tried"
        (it did not compete, failed, or was worse while its best member was not tested).
    good_enough : dict of str to float
        The probability that no other is better by more than the tolerance, of each that ended well; NaN where
        some may be that were not tried.
    reasons : dict of str to str
        Why those were not tried that were not.
    at_most : float
        By how much another may yet be better than the winner, with 95% confidence; what chance may yet lose
        to a model, where chance is enough.
    rival : str or None
        The model that may be that much better.
    more : float
        About how many more units would settle what is open; 0 where nothing is, infinite where no number
        would.
    references : tuple of str
        What knows frequencies alone and has ended well.
    base : str
        What is known without memory: chance, or the cheapest reference that beats it as a model has to, of
        which no other such was shown to be better by more than the tolerance.
    overlooked : Overlooked or None
        What was found in the data that none of those tried had a chance to make use of, while others that may
        were left out: then it cannot be told who is enough.
    """

    kind: str
    best: str | None
    winner: str | None
    worse: dict[str, float]
    unsettled: tuple[str, ...]
    beats_chance: float
    status: dict[str, str] = field(default_factory=dict)
    good_enough: dict[str, float] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    at_most: float = 0.0
    rival: str | None = None
    more: float = 0.0
    references: tuple[str, ...] = (CHANCE,)
    base: str = CHANCE
    overlooked: Overlooked | None = None


def judge(
    losses: pd.DataFrame,
    costs: pd.DataFrame,
    metric: Metric,
    test_fraction: float,
    *,
    copies: int = 1,
    ordered: bool = False,
    least_seen: float = 0.0,
    most_seen: float = 0.0,
    references: Sequence[str] = (CHANCE,),
    not_tried: Mapping[str, str] | None = None,
    untried: Mapping[str, Untried] | None = None,
    sight: Sight | None = None,
) -> Judgement:
    """Return who is the cheapest that is good enough, as far as the losses can tell.

    A model beats chance where its gain over each reference is above 0 by one-sided tests at .05, corrected by
    Holm for the number of models, and is more than the tolerance (every test has to find it, so the number of
    references needs no correction). It is inferior where another, or chance, is better by
    more than the tolerance, by tests at .05 corrected for all ordered pairs; the winner is one of which no
    such test finds that even uncorrected. It is equivalent where none can
    be: every such difference has its upper 95% bound below the tolerance, which needs no correction, since
    all of them have to.

    Parameters
    ----------
    losses : DataFrame
        One row a model, fold and unit, as `Contest` describes it.
    costs : DataFrame
        What each model costs: ``entry``, ``n_parameters``, ``predict_us_per_step``, and maybe its ``family``.
    metric : Metric
        What the losses are by.
    test_fraction : float
        Steps tested over steps trained on, in a fold.
    copies : int, default=1
        How often the same units are there, since folds were drawn repeatedly.
    ordered : bool, default=False
        Whether units are stretches of time that follow each other.
    least_seen : float, default=0.0
        Bits of information at one lag that the data could have shown. Where that is more than `SHOWN`, models
        that do not beat chance prove nothing: they had too little to learn from.
    most_seen : float, default=0.0
        Bits of information that were found, see `detected`. Where that is more than `SHOWN`, and more than
        the frequencies by position, by season or of late gain over chance that are held to be enough, models
        that do not beat these have missed something.
    references : sequence of str, default=("chance",)
        The entries that know frequencies alone; chance first.
    not_tried : mapping of str to str, optional
        Models that did not compete, with the reason.
    untried : mapping of str to Untried, optional
        Models whose best member may not have been tested: they are inferior only where that could not make
        up for the difference, and else not tried.
    sight : Sight, optional
        How far those tried see. Who is better than all of them may be not enough: where they had no chance to
        make use of what was found in the data, and others that may were left out, nobody can tell yet.
    """
    contest = Contest(losses, metric, test_fraction, copies, ordered)
    reasons = {e: "failed" for e in map(str, losses["entry"].unique()) if e not in contest.parts}
    reasons |= dict(not_tried or {})
    status = dict.fromkeys(reasons, NOT_TRIED)
    known = tuple(r for r in references if r in contest.parts)
    models = [e for e in _by_cost(contest, costs) if e not in references]
    if not models:
        nothing = Judgement("nothing", None, None, {}, (), 0.0, status, {}, reasons)
        return replace(nothing, references=known) if known else nothing
    best = str(contest.best)
    base = _base(contest, known)
    good = {e: _good_enough(contest, e) for e in contest.entries}
    worse = {e: 0.0 if e == best else contest.regions(e, best)[0] for e in contest.entries}
    gains = {e: _least_gain(contest, known, e) for e in models} if known else {}
    ahead = _ahead(contest, gains, known) if known else set(models)
    inferior = _inferior(contest, models)
    for e in models:
        equal = e not in inferior and _equivalent(contest, e)
        status[e] = INFERIOR if e in inferior else EQUIVALENT if equal else UNDECIDED
    most = max(models, key=lambda e: float(gains[e].mean)) if gains else best
    beats = 1 - float(gains[most].p_above()) if gains else 1.0
    if ahead:
        # what one test alone finds worse is no headline, though it may not be inferior for sure; and all of
        # them may have been shown worse than a model that swings too far to beat chance
        able = [e for e in models if e in ahead and e not in inferior and good[e] > 1 - SURE]
        winner, kind = (able or [min(ahead, key=contest.mean_loss)])[0], "model"
        status |= {winner: ENOUGH} | dict.fromkeys(known, INFERIOR)
    else:
        upper = max(contest.most(base, e, SURE) for e in models)
        # what x[t - l] tells of x[t] by way of its place is no more than what the place tells of x[t] (the
        # data processing inequality), which is what the reference gains over chance
        if CHANCE in known and most_seen <= contest.mean_loss(CHANCE) - contest.mean_loss(base):
            most_seen = 0.0
        shown = max(least_seen, most_seen) <= SHOWN
        kind = "chance" if upper < contest.tolerance and shown else "cannot tell"
        winner = base if kind == "chance" or best in known else best
        shown_worse = {r for r in known if contest.difference(r, base).p_above(contest.tolerance) <= 1 - SURE}
        status |= {r: INFERIOR if r in shown_worse else UNDECIDED for r in known}
        status[base] = ENOUGH if kind == "chance" else UNDECIDED
    missed = None if sight is None or kind == "cannot tell" else sight.overlooked(contest, SURE)
    if missed is not None:
        so_far = min(ahead, key=contest.mean_loss) if ahead else base if best in known else best
        kind, winner = "cannot tell", so_far
        # who is worse than another that was tried is no less so
        status |= {e: UNDECIDED for e, s in status.items() if s in (ENOUGH, EQUIVALENT)}
        good |= {e: np.nan for e in good if status[e] != INFERIOR}
    for e, left in (untried or {}).items():
        if status.get(e) == INFERIOR and _may_make_up(contest, e, left.slack):
            status[e], reasons[e] = NOT_TRIED, left.reason
    at_most, rival = _at_most(contest, winner, of_a_reference=winner in known)
    cheaper = models[: models.index(winner)] if kind == "model" else []
    unsettled = tuple(e for e in cheaper if status[e] == UNDECIDED)
    more = 0.0 if missed is not None else _more(contest, kind, winner, rival, gains)
    return Judgement(
        kind,
        best,
        winner,
        worse,
        unsettled,
        beats,
        status,
        good,
        reasons,
        at_most,
        rival,
        more,
        known,
        base,
        missed,
    )


def _by_cost(contest: Contest, costs: pd.DataFrame) -> list[str]:
    """Return the entries that ended well, the cheapest first; of equally large ones a naive forecast."""
    naive = costs["family"] == REFERENCE if "family" in costs else False
    ordered = costs.assign(learns=~naive)[costs["entry"].isin(contest.entries)].sort_values(
        ["n_parameters", "learns", "predict_us_per_step"], kind="stable", na_position="last"
    )
    return [str(e) for e in ordered["entry"]]


def _base(contest: Contest, references: Sequence[str]) -> str:
    """Return the first reference of which no other was shown to be better by more than the tolerance.

    Of those that beat chance as a model has to, or else of all.
    """
    gains = {r: contest.difference(CHANCE, r) for r in references if r != CHANCE and CHANCE in references}
    ahead = _ahead(contest, gains, [CHANCE]) if gains else set()
    able = [r for r in references if r in ahead or not ahead]
    for r in able:
        others = [contest.difference(r, other) for other in able if other != r]
        if all(found.p_above(contest.tolerance) > 1 - SURE for found in others):
            return r
    return min(able, key=contest.mean_loss, default=CHANCE)


def _least_gain(contest: Contest, references: Sequence[str], entry: str) -> Estimate:
    """Return the gain of a model over the reference that it is least sure to beat."""
    return max((contest.difference(r, entry) for r in references), key=lambda gain: float(gain.p_above()))


def _ahead(contest: Contest, gains: Mapping[str, Estimate], references: Sequence[str]) -> set[str]:
    """Return the models that beat chance, and every other reference.

    The best of several beats it by luck more often than any one of them, so Holm's correction is due.
    """
    adjusted = holm([float(gain.p_above()) for gain in gains.values()])
    least = min(contest.mean_loss(r) for r in references)
    return {
        e
        for e, p in zip(gains, adjusted, strict=True)
        if p <= 1 - SURE and least - contest.mean_loss(e) > contest.tolerance
    }


def _inferior(contest: Contest, models: list[str]) -> set[str]:
    """Return the models that are worse than another by more than the tolerance."""
    pairs = [(a, b) for a in models for b in contest.entries if a != b]
    if not pairs:
        return set()
    p = holm([float(contest.difference(a, b).p_above(contest.tolerance)) for a, b in pairs])
    return {a for (a, _), adjusted in zip(pairs, p, strict=True) if adjusted <= 1 - SURE}


def _may_make_up(contest: Contest, entry: str, slack: float) -> bool:
    """Whether a member better by so much need not be worse than all others by more than the tolerance."""
    others = [e for e in contest.entries if e != entry]
    margin = contest.tolerance + slack
    if not np.isfinite(margin):
        return True
    return not any(contest.difference(entry, e).p_above(margin) <= 1 - SURE for e in others)


def _equivalent(contest: Contest, entry: str) -> bool:
    """Whether none can be better by more than the tolerance."""
    others = [e for e in contest.entries if e != entry]
    return all(contest.difference(entry, e).upper(SURE) < contest.tolerance for e in others)


def _good_enough(contest: Contest, entry: str) -> float:
    """Return the probability that no other is better by more than the tolerance.

    Of the one that is most likely to be, which is an upper bound for all together.
    """
    others = [e for e in contest.entries if e != entry]
    within = [float(contest.difference(entry, e).p_above(contest.tolerance)) for e in others]
    return min(within, default=1.0)


def _at_most(contest: Contest, winner: str, *, of_a_reference: bool) -> tuple[float, str | None]:
    """Return by how much another may be better, and which."""
    others = [e for e in contest.entries if e != winner]
    if of_a_reference:
        bounds = {e: contest.most(winner, e, SURE) for e in others}
    else:
        bounds = {e: float(contest.difference(winner, e).upper(SURE)) for e in others}
    if not bounds:
        return 0.0, None
    rival = max(bounds, key=lambda e: bounds[e])
    return max(0.0, bounds[rival]), rival


def _more(
    contest: Contest, kind: str, winner: str, rival: str | None, gains: Mapping[str, Estimate]
) -> float:
    """Return about how many more units would settle what is open."""
    tolerance = contest.tolerance
    if kind == "cannot tell":
        # either some gain is real, or all are within the tolerance
        real = [more_units(g, 0.0, alpha=(1 - SURE) / len(gains)) for g in gains.values() if g.mean > 0]
        none = [more_units(g, tolerance) for g in gains.values()]
        within = all(float(g.mean) < tolerance for g in gains.values())
        return min([*real, max(none) if within else np.inf])
    if kind == "model" and rival is not None and (rival in gains or not gains):
        found = contest.difference(winner, rival)
        if found.upper(SURE) >= tolerance:
            return more_units(found, tolerance)
    return 0.0
