"""The verdict on real data: a few sentences, each backed by numbers that stand in a table."""

from __future__ import annotations

import html
import textwrap
from dataclasses import dataclass

import numpy as np
import pandas as pd

from seqcompare.metrics import METRICS
from seqcompare.quantities import bits, probability
from seqcompare.results.choice import chosen_words, named_candidate, say_choice, say_shorter
from seqcompare.results.contest import CHANCE
from seqcompare.results.described import Config, in_time
from seqcompare.results.findings import Findings, Number, Writer, brief, capital, say_caveats
from seqcompare.results.judgement import NOT_TRIED, SHOWN, SURE
from seqcompare.results.number_words import say_forecaster, say_units
from seqcompare.results.reach import say_how_early, say_how_far
from seqcompare.results.sight import detected
from seqcompare.results.sureness import (
    found_words,
    left_words,
    say_budget,
    say_how_sure,
    say_statuses,
    searched_words,
    settle_words,
)
from seqcompare.results.taught import say_what_is_taught
from seqcompare.user_text import visible

#: What stands beside bits of labels.
_BESIDE = METRICS["accuracy"]

EVIDENCE = ["sentence", "table", "row", "column", "value"]


@dataclass(frozen=True, eq=False)
class Verdict:
    """The answer to "how far back, which family, what is the cheapest that is good enough?".

    Parameters
    ----------
    kind : {"model", "chance", "cannot tell", "nothing"}
        "chance" where frequencies are enough, of all answers or by position, by season or of late: `entry` is
        "chance" or "frequencies by position" and so on. Else as in `seqcompare.results.judgement.Judgement`.
    family, entry, model : str or None
        The cheapest that is good enough: its family, the model and its candidate.
    horizon : int or None
        Steps back that matter to it: from the step that is predicted or labelled; for whole sequences, how
        many of their last steps. None where it is not known.
    look_ahead : int
        Steps after a label that matter to it.
    sentences : tuple of str
        The answer.
    evidence : DataFrame
        The number behind each sentence: ``sentence`` (counted from 1), ``table``, ``row``, ``column``,
        ``value``.
    topics : tuple of str
        What each sentence is about, one of `seqcompare.results.findings.TOPICS`.
    horizon_time : str
        How long `horizon` is, in words, with "about" where steps are not evenly spaced; empty where no times
        are known.
    """

    kind: str
    family: str | None
    entry: str | None
    model: str | None
    horizon: int | None
    look_ahead: int
    sentences: tuple[str, ...]
    evidence: pd.DataFrame
    topics: tuple[str, ...] = ()
    horizon_time: str = ""

    def __str__(self) -> str:
        return visible("\n".join(self.sentences))

    def _repr_html_(self) -> str:
        lines = "".join(f"<li>{html.escape(sentence)}</li>" for sentence in self.sentences)
        return visible(f"<ul>{lines}</ul>")


def write_verdict(found: Findings) -> Verdict:
    """Return the verdict on a comparison."""
    writer = Writer()
    judged = found.judgement
    parent = named_candidate(found, judged.winner)
    model = parent if found.shorter is None or not found.shorter.named else found.shorter.label
    horizon, look_ahead = None, 0
    if judged.kind == "nothing":
        _say_that_all_failed(found, writer)
        writer.topic = "others"
        say_budget(found, writer)
    else:
        _say_who(found, writer, model)
        writer.topic = "sure"
        if judged.kind in ("model", "chance"):
            say_how_sure(found, writer)
        writer.topic = "more"
        say_choice(found, writer, parent)
        writer.topic = "others"
        say_statuses(found, writer)
        say_budget(found, writer)
        writer.topic = "reach"
        if judged.kind == "model":
            horizon, look_ahead = say_how_far(found, writer, str(parent))
            say_shorter(found, writer, str(parent))
            say_how_early(found, writer, str(parent))
        say_what_is_taught(found, writer)
        writer.topic = "units"
        say_units(found, writer)
        say_forecaster(found, writer)
        writer.topic = "profile"
        _say_profile(found, writer)
    writer.topic = "caveat"
    say_caveats(found, writer)
    families = found.summary.set_index("entry")["family"]
    return Verdict(
        judged.kind,
        None if judged.winner is None else str(families[judged.winner]),
        judged.winner,
        model,
        horizon,
        look_ahead,
        tuple(writer.sentences),
        pd.DataFrame(writer.evidence, columns=EVIDENCE),
        tuple(writer.topics),
        "" if horizon is None else in_time(found.data, horizon),
    )


def _say_that_all_failed(found: Findings, writer: Writer) -> None:
    """Blame the models, not the data, where none has ended well."""
    models = found.models
    left = found.judgement.reasons
    if left and not found.summary["n_failed"].any():
        named = "; ".join(f"{found.named(e)} ({reason})" for e, reason in left.items())
        rows: list[Number] = [("judgement", e, "status", NOT_TRIED) for e in left]
        writer.say(f"No model was tried, and nothing can be said of the data: {named}.", *rows)
        return
    failed = int(found.summary["n_failed"].sum())
    errors = [str(error) for error in models["error"] if error]
    first = f": {textwrap.shorten(errors[0], 160, placeholder=' ...')}" if errors else ""
    writer.say(
        f"No model has ended well in every fold ({failed} failures{first}). That is a fault of the models or "
        "of how they were called; of the data nothing can be said.",
        ("summary", "all", "n_failed", failed),
    )


def _score(found: Findings, entry: str) -> tuple[str, Number]:
    return _said(found, "summary", entry, found.row(entry))


def _said(found: Findings, table: str, entry: str, row: Config) -> tuple[str, Number]:
    """Return a score in words, with the place where it stands."""
    score = float(row["score"])
    words, right = found.metric.say(score), row.get(_BESIDE.name, np.nan)
    if (
        found.metric.needs == "probabilities"
        and found.data["role"] in ("step", "sequence")
        and right == right
    ):
        # what is judged by bits is understood by the share of right answers
        words += f" ({_BESIDE.say(float(right))})"
    return words, (table, entry, "score", score)


def _say_who(found: Findings, writer: Writer, model: str | None) -> None:
    judged = found.judgement
    winner, best = str(judged.winner), str(judged.best)
    margin = found.margin
    against = []
    evidence: list[Number] = []
    references = [r for r in judged.references if r in judged.worse]
    for reference in references:
        words, number = _score(found, reference)
        against.append(f"{reference} {words}")
        evidence.append(number)
    if references:
        evidence.append(("pairs", f"the best model - {judged.base}", "better", judged.beats_chance))
    if judged.kind == "chance":
        words, number = _score(found, best)
        leader = "" if best in judged.references else f"; the best model, {found.named(best)}, {words}"
        enough = f"{capital(winner)} {'is' if winner == CHANCE else 'are'} enough, as far as was searched"
        counts = "" if winner == CHANCE else "they are what counts, not memory; "
        than = f" than {_chance_words(found)}" if winner == CHANCE else ""
        writer.say(
            f"{enough}: {counts}no model that was tried predicts better{than} by more than {margin} "
            f"({', '.join(against)}{leader}). Tried were "
            f"{searched_words(found)}; what these cannot represent is not excluded.",
            *evidence,
            number,
        )
        return
    words, number = _score(found, winner)
    row = found.row(winner)
    shorter = found.shorter if found.shorter is not None and found.shorter.named else None
    if shorter is not None:
        row = shorter.row()
        words, number = _said(found, "shorter", winner, row)
    kind = "from" if row.get("interval") == "range" else "95% interval"  # of too few units for an interval
    span = f"{kind} {found.metric.say_figure(row['low'])} to {found.metric.say_figure(row['high'])}"
    size = float(row["n_parameters"])
    candidate = found.grids[(found.grids["entry"] == winner) & (found.grids["model"] == model)]
    counted = ("summary", winner, "n_parameters", size)
    if shorter is not None:
        counted = ("shorter", winner, "n_parameters", size)
    elif len(candidate):
        # folds may have chosen other candidates: what is counted is the one that is named
        size = float(candidate["n_parameters"].iloc[0])
        counted = ("grids", str(model), "n_parameters", size)
    cost = f"{size:,.0f} parameters" if np.isfinite(size) else "parameters not counted"
    evidence = [
        number,
        (number[0], winner, "low", row["low"]),
        (number[0], winner, "high", row["high"]),
        *evidence,
    ]
    if judged.kind == "cannot tell":
        what, why, reason, settle = _why_open(found)
        mine = [] if winner in judged.references else [f"{model} comes to {words} ({span})"]
        scores = capital(", ".join([*mine, *against]))
        writer.say(
            f"{what}: {why}. {scores}. {settle}",
            reason,
            *evidence,
        )
        return
    if winner != best:
        other, other_number = _score(found, best)
        against.insert(0, f"the best, {found.named(best)} ({brief(str(found.row(best)['chosen']))}), {other}")
        evidence += [other_number, ("pairs", f"{winner} - {best}", "worse", judged.worse[winner])]
    if row["n_choices"] > 1:
        # the score is that of choosing anew in each fold
        words = f"{found.named(winner)}, of which {chosen_words(found, winner)}, comes to {words}"
        evidence.append(("summary", winner, "n_choices", int(row["n_choices"])))
    enough = "is enough" if judged.good_enough.get(winner, 1.0) > 1 / 2 else "may be enough"
    writer.say(
        f"{capital(str(model))} {enough} ({cost}): {words} ({span}), {', '.join(against)}.",
        *evidence,
        counted,
    )
    for entry in judged.unsettled:
        chance_of, chosen = judged.worse[entry], brief(str(found.row(entry)["chosen"]))
        writer.say(
            f"The data do not settle whether the cheaper {found.named(entry)} ({chosen}) would do: "
            f"worse than the best by more than {found.margin} with probability "
            f"{probability(chance_of)}.",
            ("pairs", f"{entry} - {best}", "worse", chance_of),
        )


def _why_open(found: Findings) -> tuple[str, str, Number, str]:
    """Return what is open, why, the number behind that, and what would settle it."""
    judged = found.judgement
    if (missed := judged.overlooked) is not None:
        why = f"{found_words(missed)}; {left_words(missed)}"
        number = ("profile_facts", missed.fact, "value", float(found.profile[missed.fact]))
        return "It cannot be told yet which model is enough", why, number, settle_words(found)
    what = f"The data cannot tell whether any model beats {judged.base}"
    least, (most, fact) = float(found.profile.get("least_seen", 0.0)), detected(found.profile)
    p = judged.beats_chance
    known = abs(float(found.row(CHANCE)["score"]) - float(found.row(judged.base)["score"]))
    # what goes by a place shows at lags as well
    if most > max(SHOWN, known) and p < SURE:
        excluded = judged.winner in judged.references and judged.at_most < found.tolerance
        other = "A model of another kind, or one that sees further, may find it"
        where = "detected at one lag" if fact == "most_seen" else "told by several steps together"
        shown = float(found.profile[fact])
        return (
            what,
            f"none was shown to, yet {bits(shown)} bit of information was {where}",
            ("profile_facts", fact, "value", shown),
            f"{other}; more data need not." if excluded else f"{other}. {settle_words(found)}",
        )
    if p > 1 - SURE or judged.more > 0:
        why = f"the best model beats it with probability {probability(p)}"
        if p >= SURE:
            n_models = len(judged.worse) - len(judged.references)
            why += f", which the best of {n_models} models reaches too easily by luck"
        return what, why, ("pairs", f"the best model - {judged.base}", "better", p), settle_words(found)
    longer = "A longer series" if found.in_time else "More sequences"
    return (
        what,
        f"none does, yet a dependence below {bits(least)} bit at one lag would not have been seen",
        ("profile_facts", "least_seen", "value", least),
        f"{longer} would show weaker ones.",
    )


def _chance_words(found: Findings) -> str:
    """Return what the reference knows."""
    if found.judgement.base != CHANCE:
        return found.judgement.base
    if found.data["role"] in ("value", "step-value"):
        return "the mean of the answers"
    if found.data["role"] == "next" and found.data["kind"] == "real":
        return "the distribution of single steps"
    return "the frequencies of the answers"


def _say_profile(found: Findings, writer: Writer) -> None:
    if "sentence" in found.profile:
        writer.say(
            f"Before any model was chosen: {found.profile['sentence']}",
            *(
                ("profile_facts", name, "value", value)
                for name, value in found.profile.items()
                if name not in ("sentence", "warnings")
            ),
        )
    warnings = found.profile.get("warnings")
    if isinstance(warnings, str) and warnings:
        writer.say(f"Of the data: {warnings}", ("profile_facts", "warnings", "value", warnings))
