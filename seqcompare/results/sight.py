"""Whether anything that was tried could make use of what was found in the data before any model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from seqcompare.results.contest import CHANCE, Contest
from seqcompare.results.described import LABELLED, STEPWISE, Config, role_of_reach
from seqcompare.results.left_out import FAILED, LeftOut, Spent

#: The side table that says what candidates see: ``entry``, ``model``; ``sees``, the steps that they are
#: shown, empty where nothing limits it; ``straight``, whether of numbers they see straight lines alone.
SIGHT = "sight"
SIGHT_COLUMNS = ["entry", "model", "sees", "straight"]


def detected(facts: Mapping[str, object]) -> tuple[float, str]:
    """Return the most bits that were found in the data before any model, and the fact that says so.

    At one lag, or by the best context on data left out, less twice its error.
    """
    at_one_lag, gain, error = (
        float(str(facts.get(name, 0.0))) for name in ("most_seen", "gain", "gain_error")
    )
    return max((at_one_lag, "most_seen"), (gain - 2 * error, "gain"))


@dataclass(frozen=True)
class Overlooked:
    """What was found in the data, and what those who could make use of it are.

    Parameters
    ----------
    fact : {"reach", "gain", "most_seen", "curve"}
        What was found: how many steps matter, how many bits they tell, or how many bits curves tell beyond
        straight lines.
    found : float
        Of that, the steps or bits.
    at_most : float
        The steps that the farthest seeing of those tried looks back; or the bits that the best of them gains
        over chance, or over straight lines, with 95% confidence.
    left : tuple of LeftOut
        The candidates that may do better, and were not tried to the end.
    """

    fact: str
    found: float
    at_most: float
    left: tuple[LeftOut, ...]


@dataclass(frozen=True)
class Sight:
    """How far back those tried see, those that were not, and what was found in the data.

    Parameters
    ----------
    reach : float
        Steps back that matter; 0 where none were found, or where answers have no step to count back from.
    bits : float
        Bits a prediction that were found at least; 0 where they do not compare with gains.
    fact : str
        The fact that says so: "gain" or "most_seen".
    tried : float
        Steps back that the farthest seeing of those tried looks; infinite where nothing limits it.
    left : mapping of LeftOut to float
        The candidates that were not tried to the end, with the steps back that they look.
    curve : float
        Bits a prediction that curves of earlier numbers tell at least beyond straight lines; 0 where steps
        are no numbers.
    straight : frozenset of (str, str)
        Entry and model of the candidates that see straight lines alone.
    """

    reach: float
    bits: float
    fact: str
    tried: float
    left: Mapping[LeftOut, float]
    curve: float = 0.0
    straight: frozenset[tuple[str, str]] = frozenset()

    @classmethod
    def of(
        cls,
        table: pd.DataFrame | None,
        spent: Spent | None,
        contest: Contest,
        data: Config,
        facts: Mapping[str, str],
    ) -> Sight | None:
        """Return what a run has kept; None of runs of before, which have not.

        Parameters
        ----------
        table : DataFrame or None
            The table `SIGHT`.
        spent : Spent or None
            What was left out.
        contest : Contest
            The losses.
        data, facts : mapping
            What the run has written down of the data.
        """
        if table is None:
            return None
        # what was left out may have come back, as a neighbour of one that did well
        tested = set(zip(contest.losses["entry"], contest.losses["model"], strict=True))
        missing = [] if spent is None else [x for x in spent.all_missing if (x.entry, x.model) not in tested]
        out = {(x.entry, x.model): x.reason for x in missing}
        failed = set(contest.losses["entry"]) - set(contest.entries)
        role = role_of_reach(data)
        tried, left = [0.0], {}
        models = table[~table["entry"].isin(data.get("references", [CHANCE]))]
        straight: set[tuple[str, str]] = set()
        # runs of before have not kept whether it is a line
        models = models.reindex(columns=SIGHT_COLUMNS)
        for entry, model, shown, line in models.itertuples(index=False, name=None):
            if line == 1:
                straight.add((entry, model))
            back = np.inf if np.isnan(shown) else shown - (role in LABELLED)
            reason = FAILED if entry in failed else out.get((entry, model))
            if reason is not None:
                left[LeftOut(entry, model, reason, 0)] = back
            else:
                tried.append(back)
        reach = float(facts.get("reach", "nan"))
        bits, fact = detected(facts)
        # of numbers that follow, bits are of densities, and gains hang on how well chance knows these
        able = role in ("step", "sequence") or (role == "next" and data["kind"] == "symbols")
        return cls(
            reach if role in STEPWISE and np.isfinite(reach) else 0.0,
            bits if able and "bit" in contest.metric.unit and np.isfinite(bits) else 0.0,
            fact,
            max(tried),
            left,
            _curve(facts) if role == "next" and data["kind"] == "real" else 0.0,
            frozenset(straight),
        )

    def overlooked(self, contest: Contest, confidence: float) -> Overlooked | None:
        """Return what those tried had no chance to make use of, and those left out may.

        Steps that none of them looks back to; bits beyond all that any of them gains over chance; or curves
        that tell more than any of them gains over the best straight line, by more than the tolerance.

        Parameters
        ----------
        contest : Contest
            The losses.
        confidence : float
            Of the bound that gains are below.
        """
        farther = tuple(x for x, back in self.left.items() if back > self.tried)
        if farther and self.tried < self.reach:
            return Overlooked("reach", self.reach, self.tried, farther)
        if self.left and self.bits > 0 and CHANCE in contest.parts:
            others = [e for e in contest.entries if e != CHANCE]
            gains = [float(contest.difference(CHANCE, e).upper(confidence)) for e in others]
            most = max([0.0, *gains])
            if self.bits > most + contest.tolerance:
                return Overlooked(self.fact, self.bits, most, tuple(self.left))
        return self._bent(contest, confidence)

    def _bent(self, contest: Contest, confidence: float) -> Overlooked | None:
        able = tuple(x for x in self.left if (x.entry, x.model) not in self.straight)
        tested = contest.losses.groupby("entry")["model"].agg(set)
        lines = [e for e in contest.entries if all((e, m) in self.straight for m in tested[e])]
        if not able or not lines or self.curve <= 0:
            return None
        line = min(lines, key=contest.mean_loss)
        others = [e for e in contest.entries if e not in lines]
        most = max([0.0, *(float(contest.difference(line, e).upper(confidence)) for e in others)])
        return Overlooked("curve", self.curve, most, able) if self.curve > most + contest.tolerance else None


def _curve(facts: Mapping[str, object]) -> float:
    bits, error = (float(str(facts.get(name, "nan"))) for name in ("curve", "curve_error"))
    return bits - 2 * error if np.isfinite(bits - error) else 0.0
