"""The report on a profile: what data say about their dependencies before any model is chosen."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from seqcompare.report.lags import NO_LAG, lag_figure
from seqcompare.report.names import shown
from seqcompare.report.parts import Report, Section, Table


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
                "test_information": "information (bits)",
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
