"""A profile in sentences: what was found, what was not, and what could not have been."""

from __future__ import annotations

import numpy as np
import pandas as pd

from seqcompare.dependence.measured import Measured
from seqcompare.dependence.settings import PER_STEP
from seqcompare.quantities import about, decimals, p_words
from seqcompare.quantities import bits as say_bits

_MOST_NAMED = 6
_NOTHING = 0.01
_KEPT = {
    "position": "the place in the sequence",
    "sequence": "each sequence's own frequencies",
    "time": "slow changes of the source",
}


def sentences(found: Measured) -> list[str]:
    """Return the summary of a profile, a sentence or two a line."""
    plural = "" if found.n_sequences == 1 else "s"
    said = [
        f"{found.name}: {found.n_sequences:,} sequence{plural}, {found.n_steps:,} steps, role {found.role}.",
        lag_sentence(found),
        *aside(found),
        *order_sentences(found),
        reach_sentence(found),
        clock_sentence(found),
        number_sentence(found),
        gain_sentence(found),
        _entropy_sentence(found),
        _kept_sentence(found),
        power_sentence(found),
        f"In data without any dependence, {found.alpha:.0%} of such profiles detect some.",
        *map(str, found.checks),
    ]
    return [sentence for sentence in said if sentence]


def headline(found: Measured) -> str:
    """Return the two or three sentences that a verdict has room for."""
    said = [lag_sentence(found), *aside(found), reach_sentence(found), clock_sentence(found)]
    return " ".join(sentence for sentence in said if sentence)


def target_words(found: Measured) -> str:
    """Return what is predicted, in words."""
    words = {"next": "the next step", "step": "a step's label", "step-value": "a step's number"}
    return words.get(found.role, "a sequence's target")


def lag_sentence(found: Measured) -> str:
    """Say what single lags tell."""
    target = target_words(found)
    lags = found.lags
    seen = lags[lags["detected"]]
    if not len(lags):
        return "No lag has enough pairs of steps to tell anything."
    if not len(seen):
        least = p_words(float(lags["p_lag"].min()))
        return f"No single lag tells of {target}: the largest of {len(lags)} has {least}."
    best = int(np.argmax(seen["information"]))
    farthest, ahead = int(seen["lag"].max()), int(-seen["lag"].min())
    ends = ([f"up to lag {farthest}"] if farthest >= 0 else []) + (
        [f"up to {ahead} ahead"] if ahead > 0 else []
    )
    text = (
        f"Information on {target} is detected {' and '.join(ends)}, most of it at lag "
        f"{seen['lag'].to_numpy()[best]} ({say_bits(seen['information'].to_numpy()[best])} bit)."
    )
    if farthest < lags["lag"].max():
        return f"{text} Beyond, nothing is detected."
    return f"{text} There the examined lags end: it may go on."


def aside(found: Measured) -> list[str]:
    """Say what lags share that does not tie them together."""
    if found.lags["detected"].any() or found.p_value > found.alpha / 2:
        return []
    return [
        "Yet lags share more than shuffled steps do, and no more than what sequences have of their own does."
        if "sequence" in found.kept
        else "Yet lags share more than shuffled steps do, and no more than steps from elsewhere in the data: "
        "both change slowly, or go by their position."
    ]


def order_sentences(found: Measured) -> list[str]:
    """Say what contexts tell, backwards and ahead."""
    tested = found.orders.dropna(subset="p")
    sides = [(tested[(tested["lag"] < 0) == ahead], ahead) for ahead in (False, True)]
    return [_order_sentence(found, side, ahead) for side, ahead in sides if len(side)]


def _order_sentence(found: Measured, tested: pd.DataFrame, ahead: bool) -> str:
    target = target_words(found)
    distance = tested["lag"].abs().to_numpy()
    p_values = tested["p"].to_numpy()
    told = np.isin(tested["lag"], found.told)
    where = "ahead" if ahead else "back"
    if not told.any():
        return f"Contexts tell nothing of {target}; tested up to {_steps(int(distance.max()))} {where}."
    order = int(distance[told].max())
    p = float(p_values[distance == order][0])
    chance = p_words(p)
    if found.role in ("sequence", "value") and order == 0:
        return (
            f"A bag of steps tells of {target} ({chance}), and their order no more that was detected "
            f"(contexts of up to {distance.max()} steps tested)."
        )
    end = f"and no more was found from there to {distance.max()}"
    if order == distance.max():
        end = "the last that could be tested"
    return f"Contexts tell more of {target} up to {_steps(order)} {where} ({chance}), {end}."


def _steps(n: int) -> str:
    return "1 step" if n == 1 else f"{n} steps"


def reach_sentence(found: Measured) -> str:
    """Say how far back it matters, and why that is not what single lags say."""
    seen = found.lags.loc[found.lags["detected"], "lag"]
    farthest = int(seen.max()) if len(seen) else -1
    if found.period is not None and found.beyond_clock is None and not len(found.numbers):
        return ""  # the sentence on the clock says it
    if found.role not in PER_STEP or found.reach is None:
        if found.role in PER_STEP and found.role != "next" and farthest >= 0 and found.look_ahead is not None:
            return "Given what steps ahead tell, none behind tells more."
        return ""
    if found.reach == 0:
        behind = "; what steps behind it tell, it tells as well" if farthest > 0 else ""
        return f"Of steps back, the step itself alone matters{behind}."
    text = f"The last {found.reach} steps matter" if found.reach > 1 else "The last step alone matters"
    if len(found.numbers) and farthest != found.reach:
        return f"{text}."
    if farthest > found.reach:
        why = "what is remembered may be handed on from step to step"
        if found.period is not None:
            why = "the clock shows at every lag"
        return f"{text}; single lags show up to {farthest} back, and none was found to tell more: {why}."
    if found.order is not None and found.reach > found.order:
        return f"{text}: steps beyond the contexts of {found.order} tell more than these do."
    return f"{text}."


def clock_sentence(found: Measured) -> str:
    """Say what the period is, and what lags add to it."""
    if found.period is None:
        return ""
    text = f"There is a clock: frequencies come back every {found.period} steps"
    if "position" in found.kept:
        text += ", in all sequences alike"
    if found.beyond_clock is None:
        return f"{text}; lags tell no more than it does."
    return f"{text}; lags up to {found.beyond_clock} tell more than it does."


def gain_sentence(found: Measured) -> str:
    """Say what contexts save, and how soon that fades."""
    if not np.isfinite(found.gain) or (found.order is None and found.reach is None):
        return ""
    error = f" ± {decimals(found.gain_error, 3)}" if np.isfinite(found.gain_error) else ""
    best = "All this together" if len(found.numbers) else "The best context"
    if found.gain <= 2 * found.gain_error:
        if (found.lags["detected"] & (found.lags["information"] > _NOTHING)).any():
            return ""  # the lag says what it tells, and no context that comes again holds it
        return (
            "What that saves is too little, or the data too few, to be measured: "
            f"{decimals(found.gain, 3)}{error} bit a prediction on data left out (± its error)."
        )
    text = f"{best} saves {decimals(found.gain, 3)}{error} bit a prediction on data left out (± its error)"
    if not np.isfinite(found.timescale) or found.role not in PER_STEP:
        return f"{text}."
    far = about(found.timescale)
    return f"{text}; what the past tells lies {far} step{'' if far == '1' else 's'} back on average."


_TOLD_BY = {
    "level": "a straight line on",
    "shape": "a curve of",
    "spread": "the spread, by the size of",
}


def number_sentence(found: Measured) -> str:
    """Say which earlier numbers tell of which, and how much: those that tell most first."""
    table = found.numbers.sort_values("bits", ascending=False, kind="stable")
    if not len(table):
        return ""
    several = found.n_channels > 1
    said = []
    for channel, part, sources, lags, bits, error in zip(
        *(table[name] for name in ("channel", "part", "sources", "lags", "bits", "error")), strict=True
    ):
        steps = f"the step{'s' if len(lags) > 1 else ''} {_listed(lags)} back"
        if lags in ([0], [1]):
            steps = "the last step" if lags[0] else "the step itself"
        if several:
            steps = f"channel {_listed(sources)}, {steps}"
        words = f"{_TOLD_BY[part]} {steps} ({say_bits(bits)} ± {decimals(error, 3)} bit)"
        said.append(f"channel {channel} by {words}" if several else words)
    rest = len(said) - _MOST_NAMED
    more = f"; and {rest} more" if rest > 0 else ""
    return f"As numbers, without bins, steps are told by {'; '.join(said[:_MOST_NAMED])}{more}."


def _listed(numbers: list[int]) -> str:
    words = [str(number) for number in numbers[:_MOST_NAMED]]
    if len(numbers) > _MOST_NAMED:
        return f"{', '.join(words[:-1])}, ... {numbers[-1]}"
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def power_sentence(found: Measured) -> str:
    """Say what would have been seen, and what would have been missed."""
    lags = found.lags
    if not len(lags):
        return ""
    said, rarely, never = [], [], []
    shown = lags.iloc[np.unique([0, int(np.argmin(np.abs(lags["lag"] - 10))), len(lags) - 1])]
    for lag, pairs, nine in zip(shown["lag"], shown["n_pairs"], shown["seen_nine_in_ten"], strict=True):
        place = _place(int(lag))
        if not nine:
            never.append(place)
        elif np.isfinite(nine):
            said.append(f"{say_bits(nine)} bit ({place})")
        else:  # with few pairs not even all there can be would be seen as often
            rarely.append(f"{place} ({pairs:,})")
    text = ""
    if said:
        text = (
            f"A dependence on one single step may be missed if it is worth less than {', '.join(said)}; "
            "from there on it is found nine times in ten. "
        )
    half = shown["seen_half"].to_numpy()[-1]
    if half > 0:
        text += f"Half of the time it is found from {say_bits(half)} bit on ({place}). "
    if rarely:
        text += f"Too few pairs of steps to find one nine times in ten: {', '.join(rarely)}. "
    if never:
        text += f"There is none to find where the step never differs: {', '.join(never)}. "
    return f"{text}What several steps tell only together is looked for in contexts that recur."


def _place(lag: int) -> str:
    """Return where a step is, seen from what is predicted."""
    if lag == 0:
        return "the step itself"
    return f"{abs(lag)} step{'' if abs(lag) == 1 else 's'} {'back' if lag > 0 else 'ahead'}"


def _entropy_sentence(found: Measured) -> str:
    bits = zip(found.entropy["estimate"], found.entropy["bits"], strict=True)
    known = [f"{estimate} {say_bits(value)}" for estimate, value in bits if np.isfinite(value)]
    return f"Bits to predict {target_words(found)}: {'; '.join(known)}." if known else ""


def _kept_sentence(found: Measured) -> str:
    kept = [_KEPT[name] for name in found.kept if name in _KEPT]
    if not kept:
        return ""
    text = f"All this is beyond what {' and '.join(kept)} tell{'s' if kept == [_KEPT['position']] else ''}"
    if "sequence" in found.kept:
        return (
            f"{text}: sequences differ from each other, or remember for longer than a third of their length."
        )
    return f"{text}."
