"""Profiles of what is predicted at every step: the next symbol, or a label."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.sequences import Sequences
from seqcompare.dependence.coding import Coded, bins_for, code_numbers, code_steps, lump, most_symbols
from seqcompare.dependence.context_test import (
    MOST_TESTED,
    ContextTests,
    context_losses,
    corrected_p_values,
    n_worth,
    run_context_tests,
)
from seqcompare.dependence.drift import NO_DRIFT
from seqcompare.dependence.entropy import marginal_entropy, match_length_entropy
from seqcompare.dependence.gains import Loss
from seqcompare.dependence.information import Pairs
from seqcompare.dependence.label_reach import label_reach
from seqcompare.dependence.lag_test import Draw, View, enough_pairs, lag_table
from seqcompare.dependence.nulls import Nulls, find_nulls
from seqcompare.dependence.number_baseline import beyond_levels, numbers_of
from seqcompare.dependence.number_profile import Numbers, profile_numbers
from seqcompare.dependence.own_frequencies import LONG_ENOUGH
from seqcompare.dependence.question import MANY_SEQUENCES, Question, ask
from seqcompare.dependence.reach import beyond_context, fades, find_reach, linear_p_values
from seqcompare.dependence.settings import Found, Settings, loss_rows, order_table, told_lags
from seqcompare.dependence.strata import Strata
from seqcompare.dependence.surrogates import Elsewhere
from seqcompare.typing import Labels

_MOST_PAIRS = 40_000
_LONG = 50
_MOST_CHANNELS = 4


def profile_steps(
    dataset: SequenceDataset, X: Sequences, coded: Coded, settings: Settings, notes: list[str]
) -> Found:
    """Profile the role ``next``, ``step`` or ``step-value``.

    Parameters
    ----------
    dataset : SequenceDataset
        What is asked.
    X, coded : Sequences, Coded
        Its steps as symbols, in sequences and end to end.
    settings : Settings
        What was asked for.
    notes : list of str
        What limits the result is added here.
    """
    question = ask(dataset, X, coded)
    nulls = find_nulls(question, settings.seed)
    level = beyond_levels(question, nulls)
    if level is not None:
        raw = dataset.X.with_values(level)
        coded = code_steps(raw, settings.n_bins, settings.seed)
        question = ask(replace(dataset, X=raw), Sequences(coded.codes, X.offsets), coded)
        notes.append("Numbers are looked at less the levels of their place and of their sequence.")
    if nulls.own_frequencies and np.median(X.lengths) < LONG_ENOUGH:
        # less what is its own, the last steps of a short sequence are told by its first ones
        third = max(1, int(np.median(X.lengths)) // 3)
        settings = replace(settings, max_lag=min(settings.max_lag, third))
        notes.append(f"In sequences this short that differ from each other {third} steps are looked back.")
    part = question.part(_MOST_PAIRS, settings.seed)
    views = _views(part, settings, notes)
    lags = np.arange(1, settings.max_lag + 1)
    # of a channel that is predicted, later inputs hold what is asked
    ahead = not question.own and not dataset.reading.get("predict")
    if not question.own:
        lags = np.arange(-settings.max_lag if ahead else 0, settings.max_lag + 1)
    lags = enough_pairs(views[0].pairs, lags[np.abs(lags) < int(X.lengths.max())], notes)
    _say_sampling(question, notes)
    if nulls.open_question:
        notes.append(
            f"Sequences of fewer than {LONG_ENOUGH} steps are too short to tell whether each has a level or "
            "frequencies of its own: what looks like memory of several steps may be that."
        )
    draws = _draws(part, nulls, nulls.strata)
    # memory makes chance information larger at all lags, once there is some. In pieces of one series it would
    # still be there, at other lags, and so hide itself; a clock would too
    far = _far(part, nulls) if nulls.clock is None and len(X) >= MANY_SEQUENCES else None
    table, p_value = lag_table(views, lags, draws, settings, far)
    if question.own:
        found = _next_orders(question, part, views[0], nulls, dataset.groups, settings, notes)
    else:
        found = _label_orders(question, nulls, dataset.groups, settings, notes, ahead=ahead)
    found.lags, found.p_value = table, p_value
    _add_reach(found, part, views[0], nulls, settings)
    if dataset.role == "step" and part.raw.kind == "real":
        _look_farther(found, part, part.groups_of(dataset), settings, ahead=ahead)
    found.period = nulls.clock.period if nulls.clock else None
    _add_numbers(found, numbers_of(dataset, part, nulls), settings)
    found.drift = nulls.drift or NO_DRIFT
    found.kept = tuple(null.name for null in nulls.strata)
    return found


def _views(question: Question, settings: Settings, notes: list[str]) -> list[View]:
    """Return steps and targets in alphabets small enough for pairs; channels by themselves as well."""
    at = question.at
    limit = most_symbols(len(at))
    before, after = question.X.step_index[at], question.after[at]

    def view(name: str, source: Coded, labels: Coded) -> View:
        pairs = Pairs(source.codes, at, labels.codes[at], before, after, source.n_symbols, labels.n_symbols)
        return View(name, pairs, labels.codes if question.in_series else None)

    raw = question.raw
    labels = question.labels
    if raw.kind == "symbols":
        source, labels = lump(question.coded, limit), lump(labels, limit)
        notes.extend(dict.fromkeys(part.note for part in (source, labels) if part.note))
        return [view("", source, labels)]
    labels = labels if question.own else lump(labels, limit)
    n_bins = settings.n_bins or bins_for(len(at), None if question.own else labels.n_symbols)
    channels = [code_numbers(raw.channels[:, c].astype(np.float64), n_bins) for c in range(raw.n_channels)]
    if raw.n_channels == 1:
        notes.append(f"For single lags they are in {channels[0].n_symbols} bins, as many as the data fill.")
        return [view("", channels[0], channels[0] if question.own else labels)]
    views = [view("all together", question.coded, question.coded if question.own else labels)]
    for c, channel in enumerate(channels):
        if not question.own:
            views.append(view(f"channel {c}", channel, labels))
            continue
        others = range(raw.n_channels) if raw.n_channels <= _MOST_CHANNELS else [c]
        for other in others:
            name = f"channel {c}" if other == c else f"channel {c} to {other}"
            views.append(view(name, channel, channels[other]))
    notes.append(f"Each channel is examined by itself too, in {n_bins} bins.")
    return views


def _draws(question: Question, nulls: Nulls, strata: list[Strata]) -> dict[str, Draw]:
    """Return how each null hypothesis makes surrogates: new series, or new targets for the same steps."""
    places = question.index if question.in_series else question.index[question.at]
    draws: dict[str, Draw] = {null.name: null.take(places).cells().draw for null in strata}
    if nulls.elsewhere:
        draws["elsewhere"] = _far(question, nulls)
    return draws


def _far(question: Question, nulls: Nulls) -> Draw:
    """Return how targets from elsewhere are drawn."""
    in_step = question.own or nulls.clock is not None
    return Elsewhere(question.X.sequence_index[question.at], in_step=in_step).draw


def _say_sampling(question: Question, notes: list[str]) -> None:
    n_scored = int(question.scored.sum())
    for most, what in ((_MOST_PAIRS, "Single lags"), (MOST_TESTED, "Contexts")):
        if n_scored > most:
            notes.append(
                f"{what} are tested at {most:,} of {n_scored:,} targets, in sequences drawn at random."
            )


def _add_reach(found: Found, question: Question, view: View, nulls: Nulls, settings: Settings) -> None:
    """Add how far back it matters: the contexts that tell, and lags that tell beyond them."""
    lags = found.lags["lag"].to_numpy()
    told = told_lags(found.orders, settings)
    seen = found.lags.loc[found.lags["detected"], "lag"].to_numpy()
    back, ahead = told[told >= 0], told[told < 0]
    found.order = int(back.max()) if len(back) else None
    found.lags["beyond"] = np.nan
    strata = nulls.beyond_clock()
    if nulls.clock is not None and len(lags):
        table, _ = lag_table([view], lags, _draws(question, nulls, strata), settings)
        # under each null hypothesis, the phase being the last
        found.beyond_clock_p = float(table["p_lag"].min())
        beyond_clock = table.loc[table["detected"], "lag"].to_numpy()
        found.beyond_clock = int(beyond_clock.max()) if (beyond_clock >= 0).any() else None
        # a clock is seen at every lag, and is named by itself: one turn of it is what has to be remembered
        seen = beyond_clock if len(beyond_clock) else seen[np.abs(seen) <= nulls.clock.period]
    context: list[int] = []
    # copies of long runs make contexts tell that save nothing on data left out: then single lags know better
    # (of contexts ahead the gain says nothing)
    if len(told) and (len(ahead) or not (found.gain <= 0 and len(seen))):
        context = list(range(1 if question.own else 0, int(back.max()) + 1)) if len(back) else []
        context += [-k for k in range(1, int(-ahead.min()) + 1)] if len(ahead) else []
    elif len(seen):
        # what tells most, to begin with
        shown = found.lags[found.lags["lag"].isin(seen)]
        context = [int(shown["lag"].to_numpy()[np.argmax(shown["information"])])]
    if not len(lags):
        return
    if not context:
        # a step may tell only together with the last one, as in a parity of the two
        last = [1 if question.own else 0]
        beyond = beyond_context(question, view, lags, last, strata, nulls, settings)
        if not beyond.told(settings.beyond_share).any():
            return
        context = last
    matter, beyond = find_reach(question, view, lags, context, strata, nulls, settings)
    rows = found.lags["lag"].isin(beyond.lags)
    found.lags.loc[rows, "beyond"] = beyond.information
    found.reach = int(max([*matter, *back])) if max(matter) >= 0 else None
    if found.reach is not None and question.raw.kind == "symbols" and nulls.clock is None and len(seen):
        farthest = _mostly(seen)
        if farthest > found.reach and fades(question, view, matter, farthest, strata, nulls, settings):
            # memory that fades slowly has no last step: as far as it is seen, it matters
            found.reach = farthest
    found.look_ahead = -min(matter) if min(matter) < 0 else None


def _look_farther(
    found: Found, question: Question, groups: Labels | None, settings: Settings, *, ahead: bool
) -> None:
    """Add how far numbers tell of labels where bins hide it: backwards, then ahead."""
    seen = found.lags.loc[found.lags["detected"], "lag"].to_numpy()
    back, later = found.reach, found.look_ahead
    if back is None and later is None:
        return
    before = label_reach(question, -1 if back is None else back, seen, later or 0, groups, settings.seed)
    if before is not None:
        found.reach, found.gain, found.gain_error, found.timescale = before
    if not ahead:
        return
    after = label_reach(question.reversed(), later or 0, -seen, found.reach or 0, groups, settings.seed)
    if after is not None:
        found.look_ahead, found.gain, found.gain_error, _ = after


def _mostly(seen: NDArray[np.int64]) -> int:
    """Return the farthest lag back up to which most lags are seen; 0 if there is none."""
    back = np.sort(seen[seen > 0])
    dense = 2 * np.arange(1, len(back) + 1) >= back
    return int(back[dense].max()) if dense.any() else 0


def _add_numbers(found: Found, numbers: Numbers | None, settings: Settings) -> None:
    """Add what numbers tell as numbers: where they do, bins would only say less of it."""
    if numbers is None:
        return
    told = profile_numbers(numbers, settings.max_lag, settings.number_share, settings.seed)
    found.numbers = told.table
    if not len(told.table):
        return
    found.gain, found.gain_error, found.timescale = told.gain, told.error, told.timescale
    found.reach = max(told.lags("level", "shape", "spread"))
    if found.period is not None:
        # the clock was taken away first
        found.beyond_clock = found.reach
    levels = told.lags("level", "shape")
    found.order = max(levels) if levels else None


def _next_orders(
    question: Question,
    part: Question,
    view: View,
    nulls: Nulls,
    groups: Labels | None,
    settings: Settings,
    notes: list[str],
) -> Found:
    run = run_context_tests(question, nulls, 1, settings, notes)
    p_values = corrected_p_values(run.tests, settings.share)
    told = np.flatnonzero(p_values <= settings.share + 1e-9)
    if question.raw.kind == "real" and len(told):
        # only what bins show is in question
        upto = run.lags[: int(told.max()) + 1]
        linear = linear_p_values(part, view.pairs, upto, nulls.strata, settings)
        p_values[: len(upto)] = np.maximum(p_values[: len(upto)], linear)
    losses = context_losses(question, groups, n_worth(p_values, settings), settings, notes)
    # order 0 is what single steps cost
    rows = _join(run, p_values, loss_rows(run.lags, losses))
    steps = question.X.values[question.scored]
    entropy = {"single steps": marginal_entropy(steps)}
    if losses:
        best = int(np.argmin([loss.mean for loss in losses]))
        past = ("the last step" if best == 1 else f"the last {best} steps") if best else "no context"
        entropy[f"{past}, cross-validated"] = losses[best].mean
    if question.X.lengths.mean() >= _LONG and question.scored.all():
        entropy["match lengths"] = _match_lengths(question.X, entropy["single steps"], settings.seed, notes)
    return _found(rows, entropy, losses)


def _match_lengths(X: Sequences, single: float, seed: int, notes: list[str]) -> float:
    found = match_length_entropy(X.values, X.offsets)
    if np.isfinite(found):
        shuffled = np.random.default_rng(seed).permutation(X.values)
        bias = match_length_entropy(shuffled, X.offsets)
        notes.append(
            "Match lengths are off by up to a tenth: were the steps in random order, which costs "
            f"{single:.3f} bits, they would say {bias:.3f}."
        )
    return found


def _label_orders(
    question: Question,
    nulls: Nulls,
    groups: Labels | None,
    settings: Settings,
    notes: list[str],
    *,
    ahead: bool,
) -> Found:
    back = run_context_tests(question, nulls, 0, settings, notes)
    mirrored = question.reversed()
    later = ContextTests([], [])
    if ahead:
        later = run_context_tests(mirrored, nulls, 1, settings, notes, "ahead")
    both = ContextTests(back.lags + [-lag for lag in later.lags], back.tests + later.tests)
    p_values = corrected_p_values(both.tests, settings.share)
    n_back = len(back.lags)
    losses = context_losses(question, groups, n_worth(p_values[:n_back], settings), settings, notes)
    ahead_losses: list[Loss] = []
    if ahead:
        # ahead of the step itself, which is context already
        n_ahead = n_worth(p_values[n_back:], settings)
        ahead_losses = context_losses(mirrored, groups, n_ahead + 1, settings, [])[1:]
    gains = loss_rows(back.lags, losses) + loss_rows([-lag for lag in later.lags], ahead_losses)
    rows = _join(both, p_values, gains)
    labels = question.labels.codes[question.scored]
    entropy = {"labels alone": marginal_entropy(labels)}
    for found, where in ((losses[1:], "before"), (ahead_losses, "after")):
        if found:
            best = int(np.argmin([loss.mean for loss in found]))
            context = f"this step and the {best} {where}" if best else "this step alone"
            entropy[f"{context}, cross-validated"] = found[best].mean
    return _found(rows, entropy, losses)


def _found(rows: list[dict[str, float]], entropy: dict[str, float], losses: list[Loss]) -> Found:
    table = pd.DataFrame({"estimate": list(entropy), "bits": list(entropy.values())})
    found = Found(pd.DataFrame(), order_table(rows), table, 1.0)
    if losses:
        best = min(losses, key=lambda loss: loss.mean)
        found.gain, found.gain_error = best.gain_over(losses[0])
    return found


def _join(
    run: ContextTests, p_values: NDArray[np.float64], gains: list[dict[str, float]]
) -> list[dict[str, float]]:
    found = {row["lag"]: row for row in gains}
    return [
        {
            "lag": lag,
            **found.get(lag, {}),
            "test_information": test.excess,
            "p": float(p),
            "recurring": test.recurring,
        }
        for lag, test, p in zip(run.lags, run.tests, p_values, strict=True)
    ]
