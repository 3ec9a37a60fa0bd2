"""The report on textbook claims: what each says, what came out, and whether it holds."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pandas as pd

from seqcompare.command import line_of
from seqcompare.report.figures.skill import expectations
from seqcompare.report.names import all_families, joined, palette_of
from seqcompare.report.parts import Figure, Panel, Report, Section, Table
from seqcompare.results.folder import CONFIG, read_config
from seqcompare.style import Palette

_EVIDENCE = {
    "task": "task",
    "distance": "d",
    "model": "model",
    "expected skill": "skill, if true",
    "skill": "skill",
    "low": "low",
    "high": "high",
    "seeds": "seeds",
    "outcome": "outcome",
}
_TEST = (
    "A claim is a set of bounds on skill (0: a predictor without memory, 1: the best possible). A bound is "
    "kept if the whole 95% t interval of the skill over seeds lies within it, broken if the whole interval "
    "lies outside, and open otherwise; so it is with fewer than ten finished seeds, and where only low skill "
    "would decide but the clock cut a trial off. A claim holds if all of its bounds are kept, does not hold "
    "if one is broken, and else the data cannot tell. What is tested is the claim as it is written here, on "
    "these tasks, with these models and budgets."
)


def claims_report(outcomes: pd.DataFrame, evidence: pd.DataFrame, folder: Path) -> Report:
    """Return the report on claims.

    Parameters
    ----------
    outcomes, evidence : DataFrame
        As in `seqcompare.claims.CheckedClaims`.
    folder : Path
        Where the runs are, one a claim.
    """
    overview = Table(
        "claims",
        "All claims",
        "The numbers of each follow below.",
        outcomes,
        {
            "claim": "claim",
            "statement": "what is said",
            "outcome": "outcome",
            "source": "something like it in",
        },
    )
    palette = _palette(outcomes, evidence, folder)
    claims = [{str(key): str(value) for key, value in row.items()} for row in outcomes.to_dict("records")]
    sections = [
        _section(claim, evidence[evidence["claim"] == claim["claim"]], folder, palette) for claim in claims
    ]
    return Report(
        title="Do the textbook claims hold?",
        question=(
            "What textbooks and papers say of each family of models, each put to the test by a sweep over "
            "tasks whose dependency distance and best possible score are known exactly."
        ),
        verdict=tuple(
            f"{len(names)} of {len(outcomes)} {_words(str(outcome), len(names))}: {joined(names)}."
            for outcome, names in outcomes.groupby("outcome", sort=False)["claim"].agg(list).items()
        ),
        headline=None,
        sections=(Section("claims", "How claims are tested", (_TEST,), (overview,)), *sections),
        palette=palette,
    )


def _palette(outcomes: pd.DataFrame, evidence: pd.DataFrame, folder: Path) -> Palette:
    """Return how families look, as the runs have written it down; what is missing, as it is registered."""
    written = [read_config(folder / name) for name in outcomes["claim"] if (folder / name / CONFIG).is_file()]
    return palette_of(all_families(written or [{}]), evidence["family"])[0]


def _words(outcome: str, n: int) -> str:
    if outcome == "cannot tell":
        return "cannot be decided"
    return outcome if n == 1 else {"holds": "hold", "does not hold": "do not hold"}[outcome]


def _section(claim: dict[str, str], evidence: pd.DataFrame, folder: Path, palette: Palette) -> Section:
    name = claim["claim"]
    # no quotation: the words are ours
    text = [claim["statement"], f"Something like it stands in: {claim['source']}."]
    text += [f"Outcome: {claim['outcome']}."]
    text += [claim["note"]] if claim["note"] else []
    commands = (
        ("To run it again", line_of("claims", name, "--out", str(folder), "--fresh")),
        ("For every trial of it", line_of("report", str(folder / name))),
    )
    figure = Figure(
        name=f"{name}-skill",
        title=f"{name}: skill beside what the claim expects",
        caption="Grey: where the skill must lie if the claim is true. Bars are 95% intervals over seeds.",
        alt="; ".join(
            f"{r['model']} at distance {r['distance']}: {r['skill']:.3g} [{r['low']:.3g}, {r['high']:.3g}], "
            f"expected {r['expected skill']}"
            for r in evidence.to_dict("records")
        )
        + ".",
        panels=(Panel("", partial(expectations, evidence, palette=palette)),),
        data=evidence[["task", "distance", "model", "expected skill", "skill", "low", "high"]],
        size=(4.8, 0.3 * len(evidence) + 0.8),
    )
    table = Table(
        f"{name}-evidence",
        f"{name}: the numbers",
        "Low and high are the ends of the 95% interval.",
        evidence,
        _EVIDENCE,
    )
    return Section(name, name, tuple(text), (figure, table), commands)
