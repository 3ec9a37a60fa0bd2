"""What a verdict is made of, its sentences with the numbers behind them, and what to warn its readers of."""

from __future__ import annotations

import textwrap
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

import pandas as pd

from seqcompare.metrics import Metric
from seqcompare.quantities import percent, several
from seqcompare.results.contest import CHANCE
from seqcompare.results.described import Config
from seqcompare.results.forecaster import Forecaster
from seqcompare.results.judgement import Judgement
from seqcompare.results.left_out import Spent
from seqcompare.results.shorter import Shorter
from seqcompare.results.untried import Untried

_RARE = 10
_FEW = 20
_MOST_NAMED = 3
#: Share of one label from which on the share of right answers hides what models know of the others.
_LOPSIDED = 0.75
_LONGEST_ERROR = 120
_LONGEST_NAME = 80

#: What sentences are about: who is enough, how sure that is, what more capacity buys, the other models,
#: how far back, numbers in their units, the data before any model, and what to be wary of.
TOPICS = ("who", "sure", "more", "others", "reach", "units", "profile", "caveat")

#: A number behind a sentence: the table where it stands, row, column, and the number.
Number = tuple[str, str, str, object]


@dataclass(frozen=True, eq=False)
class Findings:
    """What a verdict is made of; every frame is a table of the run.

    Parameters
    ----------
    data : dict
        What is known of the data: role, counts, classes, how they were split.
    metric : Metric
        What models are compared by.
    tolerance : float
        What is practically equal, in units of the loss.
    judgement : Judgement
        Who is good enough.
    summary, pairs, grids, contexts : DataFrame
        The tables of these names.
    profile : mapping of str to str
        Facts found before any model was chosen; empty where there is none.
    failures : DataFrame
        What failed while tuning, as `seqcompare.results.grids.failed_candidates` returns it.
    in_time : bool, default=False
        Whether what was tested are stretches of time that follow each other.
    n_units : int, default=0
        What was tested as one each: sequences, groups, stretches of time.
    shorter : Shorter, optional
        The winner that sees no more than it needs.
    untried : mapping of str to Untried
        Models whose best member may not have been tested.
    numbers : mapping of str to DataFrame
        What was predicted of numbers; empty where none were.
    early : DataFrame, optional
        The table of this name.
    spent : Spent, optional
        What was spent of a budget, and what was left out for that; None where nothing limited the run.
    forecaster : Forecaster, optional
        Who is named to forecast several steps of numbers by.
    taught : DataFrame, optional
        The table of this name: what long sequences teach while they are read.
    heads : mapping of str to str
        What models that stand for whole families are called, by their names.
    """

    data: Config
    metric: Metric
    tolerance: float
    judgement: Judgement
    summary: pd.DataFrame
    pairs: pd.DataFrame
    grids: pd.DataFrame
    contexts: pd.DataFrame
    profile: Mapping[str, str]
    failures: pd.DataFrame
    in_time: bool = False
    n_units: int = 0
    shorter: Shorter | None = None
    untried: Mapping[str, Untried] = field(default_factory=dict)
    numbers: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    early: pd.DataFrame = field(default_factory=pd.DataFrame)
    spent: Spent | None = None
    forecaster: Forecaster | None = None
    taught: pd.DataFrame = field(default_factory=pd.DataFrame)
    heads: Mapping[str, str] = field(default_factory=dict)

    def named(self, entry: object) -> str:
        """Return what sentences call a model: it has a name of its own, or stands for a whole family."""
        return brief(self.heads.get(str(entry), str(entry)))

    @property
    def margin(self) -> str:
        """What is practically equal, in words."""
        return self.metric.say_difference(self.tolerance)

    @property
    def models(self) -> pd.DataFrame:
        """The rows of the summary that are of models, and not of references."""
        return self.summary[~self.summary["entry"].isin({CHANCE, *self.judgement.references})]

    def row(self, entry: str) -> Config:
        """Return the row of a model in the summary."""
        row = self.summary[self.summary["entry"] == entry].iloc[0]
        return {str(name): value for name, value in row.to_dict().items()}


class Writer:
    """Collects sentences with the numbers behind them."""

    def __init__(self) -> None:
        self.sentences: list[str] = []
        self.topics: list[str] = []
        #: What is spoken of from here on: one of `TOPICS`.
        self.topic = "who"
        self.evidence: list[tuple[int, str, str, str, object]] = []

    def say(self, sentence: str, *evidence: Number) -> None:
        """Add a sentence; each number behind it is a table, row, column and value."""
        self.sentences.append(sentence)
        self.topics.append(self.topic)
        self.evidence += [(len(self.sentences), *number) for number in evidence]


def steps(k: int) -> str:
    """Return a number of steps in words."""
    return "step" if k == 1 else f"{k} steps"


def brief(name: str) -> str:
    """Return a name as sentences say it: models of the user's own may be called anything, at any length."""
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 4]} ..."


def capital(text: str) -> str:
    """Return a text that begins with a capital letter."""
    return text[:1].upper() + text[1:]


def say_caveats(found: Findings, writer: Writer) -> None:
    """Warn of what the numbers alone do not show."""
    data, summary = found.data, found.summary
    mixed = summary[~summary["causal"]]["entry"].tolist()
    if mixed and found.models["causal"].any():
        writer.say(
            f"Not all answers could be given in time: {', '.join(map(found.named, mixed))} use steps "
            "after the label; the others do not.",
            *(("summary", e, "causal", False) for e in mixed),
        )
    counts: dict[str, int] = dict(data.get("classes", {}))
    if counts and found.metric.needs == "probabilities" and data["role"] != "next":
        most = max(counts, key=lambda name: counts[name])
        share = counts[most] / sum(counts.values())
        if share > _LOPSIDED:
            writer.say(
                f"{percent(share)} of the labels are {most!r}: the share of right answers hides what models "
                f"know of the others; they are compared by {found.metric.unit or found.metric.name}.",
                ("classes", most, "count", counts[most]),
            )
    rare = {name: n for name, n in counts.items() if n < _RARE}
    if rare and data["role"] != "next":
        shown = ", ".join(f"{name} ({n})" for name, n in list(rare.items())[:5])
        writer.say(
            f"{len(rare)} of {len(counts)} classes {'is' if len(rare) == 1 else 'are'} rare, with fewer than "
            f"{_RARE} examples: {shown}. What is said of them rests on next to nothing.",
            *(("classes", name, "count", n) for name, n in rare.items()),
        )
    _say_how_few(found, writer)
    failed = summary[summary["n_failed"] > 0]
    if len(failed):
        writer.say(
            f"Failed in some folds, and left out: {', '.join(map(_with_error, failed.to_dict('records')))}.",
            *(
                ("summary", e, "n_failed", k)
                for e, k in zip(failed["entry"], failed["n_failed"], strict=True)
            ),
        )
    _say_what_failed_while_tuning(found.failures, writer)
    above = data.get("uniform_bits")
    if found.metric.needs == "probabilities" and above is not None:
        models = found.models
        over = models[models["score"] >= float(above)]["entry"].tolist()
        if over:
            names = ", ".join(map(found.named, over))
            writer.say(
                f"No better than guessing evenly ({float(above):.3f} bits): {names}.",
                *(("summary", e, "score", float(found.row(e)["score"])) for e in over),
            )


def _say_how_few(found: Findings, writer: Writer) -> None:
    """Warn of scores that are made of few sequences, however many steps these have."""
    data = found.data
    n, independent = int(data["n_sequences"]), int(data["n_independent"])
    if found.in_time:
        # in blocks, training parts lie on both sides of what is tested
        divided = "divided into blocks" if data["split_kind"] == "blocked" else "divided along time"
        writer.say(
            f"There {_only(n, 'sequence')}, {divided}: intervals are about what is there, not about other "
            "sequences.",
            ("data", "n_sequences", "value", n),
        )
    elif independent < _FEW:
        tested = "tested" if data["split_kind"] == "official" else "in all"
        what = "group" if data["in_groups"] else "sequence"
        writer.say(
            f"There {_only(independent, what)} {tested}: intervals are wide, and what is not in these is not "
            "seen.",
            ("data", "n_independent", "value", independent),
        )


def _say_what_failed_while_tuning(failures: pd.DataFrame, writer: Writer) -> None:
    """Name the candidates that had no part in the choice, and the models that had no choice at all."""
    untuned = failures[failures["untuned"] > 0]
    if len(untuned):
        firsts = untuned.drop_duplicates("entry").to_dict("records")
        named = "; ".join(
            f"{f['entry']} ({f['untuned']} of {several(f['n_folds'], 'fold')}: {_short(f['error'])})"
            for f in firsts
        )
        writer.say(
            f"Tested untuned, by the first candidate, since every candidate failed while tuning: {named}.",
            *(("failures", f["entry"], "untuned", f["untuned"]) for f in firsts),
        )
    # a model without any choice in any fold has been named
    partly = failures[failures["untuned"] < failures["n_folds"]]
    if len(partly):
        parts = []
        for entry, rows in partly.groupby("entry", sort=False):
            names = ", ".join(repr(str(model)) for model in rows["model"][:_MOST_NAMED])
            more = f" and {len(rows) - _MOST_NAMED} more" if len(rows) > _MOST_NAMED else ""
            parts.append(f"{names}{more} of {entry} ({_short(rows['error'].iloc[0])})")
        writer.say(
            f"Failed while tuning, and left out where they did: {'; '.join(parts)}.",
            *(
                ("failures", f"{row['entry']}, {row['model']}", "n_failed", row["n_failed"])
                for row in partly.to_dict("records")
            ),
        )


def _with_error(row: Mapping[Hashable, object]) -> str:
    return f"{row['entry']} ({_short(str(row['error']))})"


def _only(n: int, what: str) -> str:
    return f"is only 1 {what}" if n == 1 else f"are only {n} {what}s"


def _short(error: str) -> str:
    return textwrap.shorten(error, _LONGEST_ERROR, placeholder=" ...")
