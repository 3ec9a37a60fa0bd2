"""The report on a profile: what data say about their dependencies before any model is chosen."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from seqcompare.report.figures.data import lag_profile
from seqcompare.report.names import shown
from seqcompare.report.parts import Figure, Panel, Report, Section, Table

#: Said in place of the figure.
NO_LAG = "No lag has pairs of steps enough to tell its information from chance: there is nothing to draw."


def profile_report(
    name: str, sentences: Sequence[str], lags: pd.DataFrame, orders: pd.DataFrame, entropy: pd.DataFrame
) -> Report:
    """Return the report on a profile.

    Parameters
    ----------
    name : str
        The data.
    sentences : sequence of str
        What was found, and how.
    lags, orders, entropy : DataFrame
        The tables of `seqcompare.dependence.Profile`.
    """
    tables = (
        Table(
            "contexts",
            "What one more step of context tells",
            "Bits that a prediction costs with contexts up to this lag (cross-validated), the gain over "
            "one step less, and a permutation test of whether the step tells anything.",
            orders,
            {
                "lag": "lag",
                "bits": "bits",
                "gain": "gain",
                "gain_error": "standard error",
                "test_information": "information",
                "p": "p",
                "recurring": "share recurring",
            },
        ),
        Table(
            "entropy",
            "What there is to predict",
            "Bits, by itself and given the past.",
            entropy,
            {"estimate": "estimate", "bits": "bits"},
        ),
    )
    headline = lag_figure(lags)
    return Report(
        title=f"How far back does {shown(name, 60)} reach?",
        question="What the data say about their dependencies, before any model is chosen.",
        verdict=tuple(shown(sentence, 600) for sentence in sentences),
        headline=headline,
        sections=(Section("contexts", "Contexts", () if headline else (NO_LAG,), tables),),
        files={"lags": lags},
    )


def lag_figure(lags: pd.DataFrame) -> Figure | None:
    """Return the information at each lag, before any model; None where none could be estimated."""
    seen = lags.dropna(subset="information").copy()
    if seen.empty:
        return None
    bands = [name for name in ("band", "far_band") if name in seen]
    seen["band"] = seen[bands].max(axis=1)
    above = _runs(seen.loc[seen["information"] > seen["band"], "lag"].astype(int).tolist())
    return Figure(
        name="lag_profile",
        title="What single steps tell, before any model",
        caption=(
            "Mutual information between one step and the target that many steps later, less its mean in "
            "shuffled data. Filled: more than the maximum over all lags in shuffled data, and more than "
            "targets from elsewhere give (the broken line is the larger of both). A dependence on several "
            "steps together can escape this view."
        ),
        alt=f"Information against lag; detected at lags: {above or 'none'}.",
        panels=(Panel("", lambda ax: lag_profile(seen, ax)),),
        data=lags,
        y="information",
        size=(4.8, 2.7),
    )


def _runs(lags: list[int]) -> str:
    """Return ascending whole numbers in few words: "-2 to 4, 7"."""
    starts = [lag for lag in lags if lag - 1 not in lags]
    ends = [lag for lag in lags if lag + 1 not in lags]
    return ", ".join(f"{a} to {b}" if a < b else str(a) for a, b in zip(starts, ends, strict=True))
