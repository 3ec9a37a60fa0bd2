"""The answer of a comparison as people read it: tiles, a table, what to do next, and what is not said.

Made once and of words alone; pages, terminals, notebooks and papers write these same words.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from seqcompare import quantities as say
from seqcompare.command import command_of
from seqcompare.families import REFERENCE
from seqcompare.metrics import Metric
from seqcompare.report.answer.axis import Axis, zoomed
from seqcompare.report.answer.offers import Offer, longer_budget, offers_of
from seqcompare.report.answer.tiles import LIKELY, Tile, beside_of, rival_words, tiles_of
from seqcompare.report.answer.words import (
    capital,
    lower_first,
    margin_words,
    missing,
    reach_span,
    span_of,
    unit_of,
    written,
)
from seqcompare.report.names import joined, names_of, palette_of, shown
from seqcompare.results.comparison import ComparisonResult
from seqcompare.results.described import in_time
from seqcompare.results.judgement import ENOUGH, EQUIVALENT, INFERIOR, NOT_TRIED, UNDECIDED
from seqcompare.results.sureness import searched_words, settle_words
from seqcompare.style import SeriesStyle
from seqcompare.typing import Params

#: The sign of what is not shown, either way.
MAYBE = "?"
#: Below it a model that was not shown to be worse is probably so.
UNLIKELY = 0.1
#: Status -> sign and words.
_STATUS = {
    ENOUGH: ("✓", "good enough"),
    EQUIVALENT: ("=", "shown as good"),
    UNDECIDED: (MAYBE, "may be as good"),
    INFERIOR: ("✗", "clearly worse"),
    NOT_TRIED: ("∅", "not tried"),
}
#: What each sign says, whatever more is known of a model that has it.
SIGNS = dict(_STATUS.values())
_ORDER = {ENOUGH: 0, EQUIVALENT: 1, UNDECIDED: 1, INFERIOR: 2, NOT_TRIED: 4}

_TARGETS = {
    "next": "the next step",
    "step": "the label of each step",
    "step-value": "the number of each step",
    "sequence": "the class of each sequence",
    "value": "the number of each sequence",
}


@dataclass(frozen=True)
class Note:
    """A sentence with where its numbers stand: (what the link is called, the table)."""

    text: str
    tables: tuple[str, ...] = ()


@dataclass(frozen=True)
class Row:
    """A model in the table, every cell as it is written; `values` has the numbers behind, by column."""

    entry: str
    family: str
    name: str
    candidate: str
    status: str
    mark: str
    status_words: str
    score: str
    interval: str
    beside: str
    gain: str
    gain_interval: str
    over: str
    sure: str
    reach: str
    reach_interval: str
    parameters: str
    step_time: str
    fit_time: str
    is_reference: bool
    look: SeriesStyle
    values: Params


@dataclass(frozen=True)
class AnswerSheet:
    """What `sheet_of` returns.

    Parameters
    ----------
    title, subtitle : str
        The question, and what it was asked of.
    tiles : tuple of Tile
        Use this model, how good, how far back, how sure, and of numbers whom to forecast by.
    heads : dict of str to (str, str)
        Column -> heading, and what stands below it in small letters.
    rows : tuple of Row
        What is enough first, then the better ones first; references below. Who has no score has no row.
    untried : tuple of str
        Who was not tried, or not to the end, and why, in sentences.
    axis : Axis
        Where scores are drawn.
    offers : tuple of Offer
        What can be done next by a command.
    todo, limits : tuple of Note
        What to do next beside these, and what is not said.
    sentences : tuple of Note
        The verdict.
    """

    title: str
    subtitle: str
    tiles: tuple[Tile, ...]
    heads: dict[str, tuple[str, str]]
    rows: tuple[Row, ...]
    untried: tuple[str, ...]
    axis: Axis
    offers: tuple[Offer, ...]
    todo: tuple[Note, ...]
    limits: tuple[Note, ...]
    sentences: tuple[Note, ...]


def sheet_of(result: ComparisonResult, folder: str, unsaved: str = "") -> AnswerSheet:
    """Return the answer of a comparison in words.

    Parameters
    ----------
    result : ComparisonResult
        What was found.
    folder : str
        The folder of the run, as commands name it.
    unsaved : str, optional
        Why the model could not be saved.
    """
    data, metric = result.config["data"], result.metric
    table = result.answer.table
    tolerance = margin_words(metric, result.contest.tolerance)
    # of chance alone there is nothing to see
    nothing = result.judgement.kind == "nothing"
    rows = () if nothing else _rows(result, table)
    notes = _sentences(result)
    return AnswerSheet(
        title=f"Which model for {shown(data['name'], 60)}?",
        subtitle=_subtitle(data),
        tiles=tiles_of(result, table, tolerance),
        heads=_heads(metric, tolerance, in_time(data, 1)),
        rows=rows,
        untried=_untried(result, table),
        axis=zoomed(_contestants(rows), metric, result.contest.tolerance),
        offers=offers_of(result, folder),
        todo=((Note(f"{unsaved}."),) if unsaved else ()) + _todo(result, notes),
        limits=() if nothing else _limits(result, notes),
        sentences=tuple(note for _, note in notes),
    )


def _contestants(rows: tuple[Row, ...]) -> list[Params]:
    """Return the values of whom the axis is for; who was not fully tried may be far off."""
    models = [row for row in rows if not row.is_reference]
    return [row.values for row in models if row.status != NOT_TRIED] or [row.values for row in models]


def _subtitle(data: Params) -> str:
    n, shortest, longest = (data[name] for name in ("n_sequences", "shortest", "longest"))
    target = _TARGETS.get(str(data["role"]), str(data["role"]))
    if data["role"] in ("step", "sequence") and data["classes"]:
        target += f" ({say.several(len(data['classes']), 'class')})"
    lengths = say.count(shortest) if shortest == longest else f"{say.count(shortest)}–{say.count(longest)}"
    steps = say.several(data["n_symbols"], "symbol")
    if data["kind"] == "mixed":
        steps = f"{say.several(data['n_channels'], 'channel')} of symbols and numbers"
    elif data["kind"] != "symbols":
        steps = f"{say.several(data['n_channels'], 'number')} a step"
    sequences = f"{say.several(n, 'sequence')} of {lengths} {'step' if longest == 1 else 'steps'}, {steps}"
    return f"Predict {target} · {sequences} · tested on {shown(data['splits'], 110)}"


def _heads(metric: Metric, tolerance: str, every: str) -> dict[str, tuple[str, str]]:
    name = metric.label[:1].upper() + metric.label[1:]
    unit = "" if metric.unit == metric.label or "%" in metric.unit else f"{metric.unit}; "
    direction = "more is better" if metric.greater_is_better else "less is better"
    return {
        "status": ("Verdict", ""),
        "name": ("Family", "its best member"),
        "score": (name, f"{unit}{direction}; 95% interval"),
        "drawn": ("On test data", f"shaded: within {tolerance} of the best; an arrow: it goes on"),
        "gain": (
            "Gain over a simpler one",
            f"in {unit_of(metric) or metric.label}; below 0: worse; 95% interval",
        ),
        "sure": ("As good as the best", "probability of it"),
        "reach": ("Reach", f"steps back, of {every}" if every else "steps back"),
        "parameters": ("Parameters", ""),
        "step_time": ("Time a step", "to predict"),
        "fit_time": ("Training", "of one fit"),
    }


def _rows(result: ComparisonResult, table: pd.DataFrame) -> tuple[Row, ...]:
    judged, metric, beside = result.judgement, result.metric, beside_of(result)
    palette, families = palette_of(result.config, table["family"].dropna())
    names = names_of(result.config, table["entry"], 40)
    drawn = [(str(e), families[f]) for e, f in table[["entry", "family"]].dropna().to_numpy()]
    looks = palette.entry_styles(drawn)
    sign = -1 if metric.greater_is_better else 1
    records = table.assign(
        place=table["status"].map(_ORDER) + 2 * (table["family"] == REFERENCE), loss=sign * table["score"]
    ).sort_values(["place", "loss"], kind="stable", na_position="last")
    # chance is a baseline, unless it is enough
    found: list[Row] = []
    for row in records.to_dict("records"):
        entry, status = str(row["entry"]), str(row["status"])
        if status == NOT_TRIED and missing(row["score"]):
            continue
        mark, words = _STATUS[status]
        if row["family"] == REFERENCE and status != ENOUGH:
            mark, words = "", "baseline"
        elif status == NOT_TRIED:
            words = "worse so far, not tried to the end"
        elif status == UNDECIDED and judged.kind == "cannot tell":
            best = not any(r.status == UNDECIDED for r in found)
            words = "best so far, not proven" if best else "not proven"
        elif status == UNDECIDED and entry == judged.best and judged.kind == "model":
            words = "best so far, lead not shown"
        elif status == UNDECIDED and row["p_good_enough"] < UNLIKELY:
            words = "probably worse"
        elif status == ENOUGH and entry == judged.best and judged.kind == "model":
            words = "best"
        elif status == ENOUGH and entry != judged.best:
            sure = row["p_good_enough"] >= LIKELY
            words = "good enough, smallest" if sure else "smallest still in the running"
            mark = mark if sure else MAYBE
        simpler = row["simpler"]
        found.append(
            Row(
                entry=entry,
                family=families.get(row["family"], ""),
                name=names[row["entry"]],
                candidate=""
                if missing(row["candidate"]) or row["candidate"] == entry
                else shown(row["candidate"], 48),
                status=status,
                mark=mark,
                status_words=words,
                score=written(row["score"], metric.say_figure),
                interval=span_of(row["low"], row["high"], metric.say_figure),
                beside=""
                if beside is None or entry not in beside.scores
                else beside.say(beside.scores[entry]),
                gain=written(row["gain"], metric.say_gain),
                gain_interval=span_of(row["gain_low"], row["gain_high"], metric.say_gain, " to "),
                over="" if missing(simpler) else names[simpler],
                sure=written(row["p_good_enough"], say.probability),
                reach=written(row["reach"], say.count),
                reach_interval=reach_span(row),
                parameters=written(row["n_parameters"], say.count),
                step_time=written(row["predict_us_per_step"], lambda us: say.duration(us / 1e6)),
                fit_time=written(row["fit_seconds"], say.duration),
                is_reference=row["family"] == REFERENCE,
                look=looks.get(entry, palette.style("")),
                values={k: None if missing(row[k]) else row[k] for k in table.columns},
            )
        )
    return tuple(found)


def _untried(result: ComparisonResult, table: pd.DataFrame) -> tuple[str, ...]:
    """Say who was not tried, or not to the end; those of one reason together."""
    reasons, names = result.judgement.reasons, names_of(result.config, table["entry"], 40)
    said = []
    for words, scored in (("Not tried", False), ("Not tried to the end", True)):
        mine: dict[str, list[str]] = {}
        for entry, score in table[["entry", "score"]].itertuples(index=False, name=None):
            if result.judgement.status.get(entry) == NOT_TRIED and missing(score) != scored:
                mine.setdefault(shown(reasons.get(entry, ""), 200), []).append(names[entry])
        parts = [f"{joined(who)} ({why})" if why else joined(who) for why, who in mine.items()]
        said += [f"{words}: {'; '.join(parts)}."] if parts else []
    return tuple(said)


def _sentences(result: ComparisonResult) -> list[tuple[str, Note]]:
    """Return every sentence of the verdict with its topic and the tables behind it."""
    verdict = result.verdict
    behind = verdict.evidence.groupby("sentence", sort=False)["table"].unique().to_dict()
    return [
        (topic, Note(shown(sentence, 900), tuple(map(str, behind.get(number, ())))))
        for number, (topic, sentence) in enumerate(zip(verdict.topics, verdict.sentences, strict=True), 1)
    ]


def _todo(result: ComparisonResult, notes: list[tuple[str, Note]]) -> tuple[Note, ...]:
    judged, longer = result.judgement, longer_budget(result)
    todo = []
    if longer and command_of(result.config) is None:
        todo.append(Note(f"What the budget left out is tried by the same call with budget={longer!r}."))
    elif judged.overlooked is not None and not longer:
        todo.append(Note(settle_words(result.findings)))
    if judged.more > 0:
        what = {"cannot tell": "whether any model beats chance"}.get(
            judged.kind, f"whether {rival_words(result)} is better"
        )
        todo.append(Note(f"To settle {what}: {lower_first(settle_words(result.findings))}", ("pairs",)))
    todo += [
        note
        for topic, note in notes
        if topic == "more" and note.text.startswith(("No larger", "A wider grid"))
    ]
    for entry in judged.unsettled:
        p = 1 - judged.worse[entry]
        row = next(r for r in result.answer.table.to_dict("records") if r["entry"] == entry)
        if p >= UNLIKELY:
            size = written(row["n_parameters"], say.count)
            text = (
                f"If small counts: {shown(row['candidate'], 48)} has {size} parameters, and is as good "
                f"as the best with a probability of {say.probability(p)}."
            )
            todo.append(Note(text, ("pairs",)))
    return tuple(todo)


def _limits(result: ComparisonResult, notes: list[tuple[str, Note]]) -> tuple[Note, ...]:
    limits = [note for topic, note in notes if topic == "caveat"]
    said = " ".join(note.text for _, note in notes)
    for name in ("findings", "warnings", "power"):
        text = shown(result.facts.get(name, ""), 700)
        if text and text != "nan" and text not in " ".join([said, *(note.text for note in limits)]):
            limits.append(Note(capital(text), ("profile_facts",)))
    if result.config["data"]["split_kind"] == "official":
        limits.append(
            Note(
                "One official split: intervals are over its test units, not over other collections.",
                ("data",),
            )
        )
    tried = searched_words(result.findings)
    if tried:
        limits.append(Note(f"Tried were {shown(tried, 600)}: of others nothing is said.", ("grids",)))
    return tuple(limits)
