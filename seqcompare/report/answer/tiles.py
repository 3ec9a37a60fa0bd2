"""The tiles of an answer: use this model, how good, how far back, how sure; and of numbers, to forecast."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

import pandas as pd

from seqcompare import quantities as say
from seqcompare.metrics import Metric
from seqcompare.report.answer.words import capital, margin_words, missing, reach_span, span_of, written
from seqcompare.report.names import joined, names_of, shown
from seqcompare.results.comparison import ComparisonResult
from seqcompare.results.contest import CHANCE
from seqcompare.results.described import metric_of, role_of_reach
from seqcompare.results.judgement import NOT_TRIED, SURE, Judgement
from seqcompare.results.sureness import found_words, left_words

#: Where it is more likely than not that another one is better, the answer does not look as if it were sure.
LIKELY = 0.5
#: What readers count in, the first that a comparison has.
_BESIDE = ("accuracy", "rmse")


@dataclass(frozen=True)
class Tile:
    """One of the few things that a reader wants first."""

    label: str
    value: str
    note: str
    tone: str = ""


def tiles_of(result: ComparisonResult, table: pd.DataFrame, tolerance: str) -> tuple[Tile, ...]:
    """Return the tiles of an answer; `tolerance` is what is practically equal, in words."""
    judged, verdict = result.judgement, result.verdict
    if judged.kind == "nothing":
        tried = bool(result.summary["n_failed"].any()) or not judged.reasons
        why = "no model has ended well in every fold" if tried else "no model was tried"
        return (Tile("Use this model", "None", why, "no"),)
    by_entry = {str(row["entry"]): row for row in table.to_dict("records")}
    # as long as nothing is shown, it is the best so far that is told of
    name = str(judged.winner)
    if judged.kind == "cannot tell" and name in judged.references:
        name = _best_model(by_entry, result) or name
    mine = by_entry[name]
    good = _how_good(result, by_entry, name)
    if judged.kind == "cannot tell":
        leader = "" if name == CHANCE else f"; best so far: {shown(mine['candidate'], 40)}"
        missed = judged.overlooked
        shortfall = "not shown that any model beats chance" if missed is None else found_words(missed)
        use = Tile("Use this model", "None yet", f"{shortfall}{leader}", "open")
        needed = f"{say.percent(SURE)} are needed"
        if judged.beats_chance >= SURE:
            n_models = len(judged.worse) - len(judged.references)
            needed = f"the best of {say.several(n_models, 'model')} comes that far too easily by luck"
        sure = Tile(
            "How sure",
            say.probability(judged.beats_chance),
            f"is the probability that the best model tried beats chance; {needed}" + _left(result),
        )
        if missed is not None:
            sure = Tile("How sure", "Cannot tell yet", left_words(missed))
    elif judged.kind == "chance":
        is_chance = judged.winner == CHANCE
        are = "is" if is_chance else "are"
        use = Tile(
            "Use this model",
            f"No model: {judged.winner} {are} enough",
            ("" if is_chance else "they beat chance, so that is what counts, not memory: ")
            + f"none tried is better by more than {tolerance}",
            "ok",
        )
        what = f"{judged.winner} {are} as good as the best of those tried, or within {tolerance} of it"
        sure = _sure(result, judged, what)
    else:
        if judged.winner != judged.best:
            why = f"the smallest that none was shown to beat by {tolerance}"
        else:
            why = "the best on test data" if _rivals(result) else "the only family tried"
        size = written(mine["n_parameters"], say.count)
        unsure = judged.good_enough[str(judged.winner)] < LIKELY
        tone = "open" if unsure else "ok"
        step = written(mine["predict_us_per_step"], lambda us: say.duration(us / 1e6))
        costs = f"{size} parameters, {step} a step, {written(mine['fit_seconds'], say.duration)} to train"
        use = Tile("Use this model", capital(shown(verdict.model, 48)), f"{why} · {costs}", tone)
        sure = _how_sure(result, judged, tolerance)
    return use, good, _how_far(result, mine), sure, *_to_forecast(result)


def _to_forecast(result: ComparisonResult) -> list[Tile]:
    """Return whom to forecast several steps by, where the run has found that out."""
    named = result.forecaster
    if named is None:
        return []
    label = f"To forecast {say.several(named.steps, 'step')}"
    rival = named.rival
    against = f", {shown(rival['candidate'], 30)} by {say.ratio(float(rival['score']))}" if rival else ""
    note = (
        f"off by {say.ratio(float(named.row['score']))}{against}: mean CRPS of all these steps in backtests "
        f"from {say.several(named.n_origins, 'point')}, in units of the last value's error one step ahead"
    )
    if not named.is_model:
        return [Tile(label, "No model: chance is enough", note)]
    same = (named.entry, named.candidate) == (result.verdict.entry, result.verdict.model)
    return [Tile(label, "The same model" if same else capital(shown(named.candidate, 48)), note, "ok")]


@dataclass(frozen=True)
class Beside:
    """What readers count in, beside what models are compared by: the metric, and the score of each model."""

    metric: Metric
    scores: dict[str, float]

    def say(self, score: float) -> str:
        """Return a score with its unit, in few words."""
        figure = self.metric.say_figure(score)
        return f"{self.metric.title} {figure}" if self.metric.title else self.metric.say(score)


def beside_of(result: ComparisonResult) -> Beside | None:
    """Return the first of `_BESIDE` that a comparison has, and is not judged by; None without."""
    scores = result.summary.set_index("entry")
    if result.shorter is not None and result.shorter.named:
        scores.update(result.shorter.table.set_index("entry"))
    for name in _BESIDE:
        if name != result.metric.name and name in scores and scores[name].notna().any():
            known = scores[name].dropna()
            return Beside(metric_of(result.config, name), {str(e): float(v) for e, v in known.items()})
    return None


def _how_good(result: ComparisonResult, by_entry: Mapping[str, Mapping[Hashable, float]], name: str) -> Tile:
    """Return how good a model is: what readers count in first, where there is such."""
    metric, beside, mine = result.metric, beside_of(result), by_entry[name]
    floor = CHANCE if CHANCE in by_entry and name != CHANCE else ""
    span = f"95% interval {span_of(mine['low'], mine['high'], metric.say_figure)}"
    scale = scale_of(metric)
    score = metric.say(float(mine["score"]))
    chance = f"chance {metric.say_figure(by_entry[CHANCE]['score'])}" if floor else ""
    said = [scale, span, chance]
    if beside is not None and name in beside.scores:
        said = [f"models are compared by {score} ({'; '.join(filter(None, said))})"]
        score = beside.say(beside.scores[name])
        if floor in beside.scores:
            said.insert(0, f"chance {beside.metric.say_figure(beside.scores[floor])}")
        if beside.metric.in_units:
            said.insert(0, f"typical error, {scale_of(beside.metric)}")
    if result.judgement.kind == "cannot tell" and name != CHANCE:
        said.insert(0, f"{shown(mine['candidate'], 40)}, the best so far")
    return Tile("How good", score, " · ".join(filter(None, said)))


def scale_of(metric: Metric) -> str:
    """Return which way a score is better, and what it is counted in; empty for shares."""
    if "bit" in metric.unit:
        return "fewer is better, a coin toss is 1 bit"
    if metric.greater_is_better:
        return ""
    return f"less is better{', in the unit of the data' if metric.in_units else ''}"


def rival_words(result: ComparisonResult) -> str:
    """Return what the model is called that may be better than the one that is named."""
    rows = result.summary[result.summary["entry"] == result.judgement.rival]
    return shown(rows["chosen"].iloc[0] if len(rows) else result.judgement.rival, 40)


def _how_sure(result: ComparisonResult, judged: Judgement, tolerance: str) -> Tile:
    if not _rivals(result):
        return _sure(result, judged, f"it beats frequencies, or is within {tolerance} of them")
    what = f"it is the best of those tried, or within {tolerance} of it"
    if judged.at_most > result.contest.tolerance and judged.rival is not None:
        most = margin_words(result.metric, judged.at_most)
        what += f"; {rival_words(result)} may be better by up to {most}"
    return _sure(result, judged, what)


def _sure(result: ComparisonResult, judged: Judgement, what: str) -> Tile:
    """Return how sure it is `what` says: the number and the note read as one sentence."""
    p = judged.good_enough[str(judged.winner)]
    value, note = say.probability(p), f"sure that {what}"
    if p < LIKELY:
        value, note = f"{value}: not sure", f"that {what}"
    return Tile("How sure", value, note + _left(result))


def _left(result: ComparisonResult) -> str:
    """Return who could have been tried and was not, to end a note."""
    judged, never = result.judgement, result.config["data"].get("not_tried", {})
    left = [
        e
        for e, status in judged.status.items()
        if status == NOT_TRIED and e not in judged.good_enough and e not in never
        if judged.reasons.get(e) != "failed"
    ]
    names = names_of(result.config, left, 40)
    own = [] if result.spent is None else result.spent.missing(str(judged.winner))
    missing = [f"{len(own)} of its own candidates"] * bool(own) + [names[e] for e in left]
    n = len(own) + len(left)
    return f"; {joined(missing)} {'were' if n > 1 else 'was'} not tried" if missing else ""


def _rivals(result: ComparisonResult) -> list[str]:
    """Return the models that were tested beside the winner and what knows frequencies alone."""
    judged = result.judgement
    return [e for e in judged.good_enough if e != judged.winner and e not in judged.references]


def _best_model(by_entry: Mapping[str, Mapping[Hashable, float]], result: ComparisonResult) -> str:
    """Return the model with the best score, which is none of the references; empty if there is none."""
    sign = -1 if result.metric.greater_is_better else 1
    known = {
        e: sign * row["score"]
        for e, row in by_entry.items()
        if e not in result.judgement.references and not missing(row["score"])
    }
    return min(known, key=known.__getitem__, default="")


def _how_far(result: ComparisonResult, mine: Mapping[Hashable, float]) -> Tile:
    label, verdict, role = "How far back", result.verdict, role_of_reach(result.config["data"])
    if verdict.horizon is not None:
        k = verdict.horizon
        back = f"last {k} steps" if k != 1 else "last step"
        if role.startswith("step"):
            back = "this step alone" if k == 0 else f"{k} step{'' if k == 1 else 's'} back"
        span = reach_span(mine)
        ahead = f"and {verdict.look_ahead} ahead" if verdict.look_ahead else ""
        rest = "steps further back add nothing to this model"
        return Tile(
            label,
            back,
            " · ".join(
                filter(None, [verdict.horizon_time, f"it may be {span}" if span else "", ahead, rest])
            ),
        )
    if not missing(mine["reach"]):
        span = reach_span(mine)
        back = f"{say.count(mine['reach'])} step{'' if mine['reach'] == 1 else 's'} back"
        return Tile(
            label,
            back,
            " · ".join(
                filter(
                    None,
                    [str(mine["reach_time"]), f"it may be {span}" if span else "", "of the best so far"],
                )
            ),
        )
    reach = result.facts.get("reach")
    if reach not in (None, "nan"):
        k = int(float(str(reach)))
        found = "nothing found" if k == 0 else f"{k} step{'' if k == 1 else 's'} back"
        return Tile(
            label, f"data: {found}", "found before any model; how far back this one looks was not traced"
        )
    if result.facts.get("p_value") in (None, "nan"):
        return Tile(label, "not known", "too few pairs of steps to tell, and no model was traced")
    return Tile(label, "nothing found", "no single step tells more than chance would; no model was traced")
