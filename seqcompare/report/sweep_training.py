"""The parts of a sweep's report that explain it: learning, the inside of networks, ranks and tests."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pandas as pd
from matplotlib.axes import Axes

from seqcompare.families import REFERENCE
from seqcompare.quantities import p_words, ratio
from seqcompare.quantities import skill as say_skill
from seqcompare.report.columns import ENDINGS
from seqcompare.report.figures import SWEEP, FigureSpec, figures_of, learning, skill
from seqcompare.report.parts import Figure, Panel, Section, Table
from seqcompare.report.sweep_tables import SweepView
from seqcompare.results.skill import ALPHA, rank_families
from seqcompare.results.statistics import ENOUGH, Ranks, average_ranks
from seqcompare.style import SeriesStyle


def learning_section(view: SweepView) -> Section | None:
    """Return learning curves at the largest distance of each task, and how training ended."""
    figures = figures_of(view, "learning")
    if not figures:
        return None
    ended = view.farthest[view.farthest["trial_id"].isin(view.run.curves()["trial_id"])]
    return Section("learning", "How they learned", (_budget_words(ended),), tuple(figures.values()))


def _learning_curves(view: SweepView) -> Figure | None:
    keys = ["trial_id", "task", "distance", "model"]
    joined = view.run.curves().merge(view.farthest[keys], on="trial_id")
    if joined.empty:
        return None
    looks = {m: s for m, s in view.looks.items() if m in set(joined["model"])}
    panels = []
    for (task, length), part in joined.groupby(["task", "distance"], sort=False):
        for column, words in (("train_loss", "training loss"), ("validation_score", "validation score")):
            if part[column].notna().any():
                draw = partial(_curves, part, column=column, words=words, looks=looks)
                panels.append(Panel(f"{task} {length:g}: {words.split()[0]}", draw))
    return Figure(
        name="learning_curves",
        title="Learning curves at the largest distance",
        caption=(
            "A line a seed. A long flat stretch before the jump is normal on long lags; a training loss "
            "that goes on falling while the validation score turns is over-fitting; a line that ends while "
            "still flat ran out of its budget."
        ),
        alt="Line charts of training loss and validation score against the epoch, a panel a task.",
        panels=tuple(panels),
        data=joined[["task", "distance", "model", "trial_id", "epoch", "train_loss", "validation_score"]],
        series=tuple(looks.items()),
        size=(3.4, 2.3),
        columns=2,
    )


def inside_section(view: SweepView) -> Section | None:
    """Return what the run has kept of the inside of recurrent networks: gradients by lag and gates."""
    figures = figures_of(view, "inside")
    return (
        Section("inside", "Inside the recurrent networks", (), tuple(figures.values())) if figures else None
    )


def _looked_into(view: SweepView, name: str) -> pd.DataFrame | None:
    """Return a table that was kept of single trials, with what they are; None without."""
    table = view.run.side_table(name)
    if table is None:
        return None
    joined = view.rows[["trial_id", "task", "role", "distance", "model"]].merge(table, on="trial_id")
    return None if joined.empty else joined


def _gradients(view: SweepView) -> Figure | None:
    gradients = _looked_into(view, "gradient_by_lag")
    if gradients is None:
        return None
    looks = {m: s for m, s in view.looks.items() if m in set(gradients["model"])}
    draw = partial(learning.gradient_by_lag, styles=looks, label_lines=False)
    return Figure(
        name="gradient_by_lag",
        title="How far back the gradient reaches",
        caption=(
            "The norm of the gradient of the loss at a sequence's last scored step with respect to "
            "the state k steps before: the median over test sequences, after training (seed 0). The "
            "dashed line is the lag of the input that matters. A straight fall vanishes "
            "exponentially; a network that has learned its task may have small gradients everywhere, "
            "and then only the slope tells."
        ),
        alt="Lines of the gradient's norm against the lag; the numbers follow below.",
        panels=_by_trial_group(gradients, ["task", "distance"], draw),
        data=gradients[["task", "distance", "model", "lag", "gradient", "n_losses"]],
        y="gradient",
        series=tuple(looks.items()),
        size=(3.4, 2.5),
    )


def _gates(view: SweepView) -> Figure | None:
    gates = _looked_into(view, "gate_trace")
    if gates is None:
        return None
    return Figure(
        name="gate_trace",
        title="Gates along a test sequence",
        caption=(
            "The mean opening of each gate over the units: 0 is closed, 1 is open. Shaded: from the "
            "input that matters to the step that answers."
        ),
        alt="Lines of the gates against the step; the numbers follow below.",
        panels=_by_trial_group(gates, ["model", "task", "distance"], learning.gate_trace),
        data=gates[["task", "distance", "model", "step", "gate", "value", "scored"]],
        writers={"value": ratio},
        y="value",
        size=(4.8, 2.4),
        columns=1,
    )


def _by_trial_group(table: pd.DataFrame, by: list[str], draw: Callable[..., Axes]) -> tuple[Panel, ...]:
    """Return a panel for each group, in the order of distances; each knows the lag that its task needs."""
    panels = []
    for _, part in table.sort_values("distance", kind="stable").groupby(by, sort=False):
        first = part.iloc[0]
        # the answer about a step to come is given a step before it
        needed = int(first["distance"]) - int(first["role"] == "next")
        title = ", ".join(f"d = {first[name]}" if name == "distance" else str(first[name]) for name in by)
        panels.append(Panel(title, partial(draw, part, needed_lag=needed)))
    return tuple(panels)


def ranks_section(view: SweepView) -> Section | None:
    """Return paired tests where there are seeds enough, and mean ranks across tasks."""
    comparisons = view.comparisons
    parts: list[Figure | Table] = []
    text = []
    tested = comparisons[comparisons["verdict"] != "too few seeds"] if len(comparisons) else comparisons
    if len(tested):
        found = tested[tested["verdict"] != "cannot tell"]
        text.append(
            f"{len(tested)} paired comparisons on the same data: in {len(found)} the difference is found (p "
            f"below {ALPHA:g} after Holm's correction over all), in {len(tested) - len(found)} the data "
            "cannot tell."
        )
        parts.append(_tests(tested))
    elif len(comparisons):
        text.append(f"With fewer than {ENOUGH} seeds no paired test was made.")
    parts += figures_of(view, "ranks").values()
    return Section("ranks", "Who beats whom", tuple(text), tuple(parts)) if parts else None


def _tests(tested: pd.DataFrame) -> Table:
    return Table(
        "comparisons",
        "Paired comparisons",
        "Difference of skill, A minus B, on the same data with its interval; effect size is Cohen's d_z "
        "with Hedges' correction; p by the paired t test, adjusted by Holm's method.",
        tested.assign(
            winner=[
                row["a"] if row["verdict"] == "a" else row["b"] if row["verdict"] == "b" else "cannot tell"
                for row in tested.to_dict("records")
            ]
        ),
        {
            "task": "task",
            "distance": "d",
            "a": "A",
            "b": "B",
            "difference": "A minus B",
            "low": "low",
            "high": "high",
            "effect_size": "effect",
            "p_adjusted": "p",
            "winner": "better",
        },
        dict.fromkeys(("difference", "low", "high"), say_skill),
    )


def _family_ranks(view: SweepView) -> Figure | None:
    found = rank_families(view.rows)
    if found is None:
        return None
    families = list(found.mean_ranks.index)
    about = pd.DataFrame({"model": families, "family": families, "variant": "", "capacity": 0.0})
    return _rank_figure(view, found, about, "families", "Mean ranks of the families")


def _model_ranks(view: SweepView) -> Figure | None:
    competing = view.swept[(view.swept["family"] != REFERENCE) & view.swept["causal"]]
    means = competing.pivot_table(index=["task", "distance"], columns="model", values="skill", sort=False)
    tasks = means.loc[:, means.notna().all()].groupby(level="task", sort=False).mean()
    if tasks.shape[0] < 2 or tasks.shape[1] < 3:
        return None
    about = view.rows[["model", "family", "variant", "capacity"]].drop_duplicates("model")
    return _rank_figure(view, average_ranks(tasks), about, "models", "Mean ranks of the models")


def _rank_figure(view: SweepView, found: Ranks, about: pd.DataFrame, name: str, title: str) -> Figure:
    table = found.mean_ranks.rename("rank").rename_axis("model").reset_index()
    table = table.merge(about, on="model").sort_values("rank", kind="stable")
    if name == "families":
        table["model"] = table["model"].map(view.palette.title)
    return Figure(
        name=f"ranks_{name}",
        title=title,
        caption=(
            f"Over the {found.n_blocks} tasks that all of them ran on, by mean skill over distances; 1 is "
            f"best. Ranks less than {found.critical_difference:.2f} apart do not differ by Nemenyi's test "
            f"at .05 (Friedman's chi-squared {found.statistic:.2f}, {p_words(found.p_value)}). A few chosen "
            "tasks are no sample: this describes the run, it proves nothing about others."
        ),
        alt="Mean rank of each: "
        + ", ".join(f"{m} {r:.2f}" for m, r in zip(table["model"], table["rank"], strict=True)),
        panels=(
            Panel(
                "",
                partial(
                    skill.critical_difference,
                    table,
                    difference=found.critical_difference,
                    palette=view.palette,
                ),
            ),
        ),
        data=table[["model", "rank"]],
        size=(4.8, 0.24 * len(table) + 1.9),
    )


def _budget_words(rows: pd.DataFrame) -> str:
    """Say how training ended."""
    counts = rows["stop"].replace({"": "not said", **ENDINGS}).value_counts()
    told = ", ".join(
        f"{word} {n}" for word, n in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    )
    return f"How training ended in {'this trial' if len(rows) == 1 else f'these {len(rows)} trials'}: {told}."


def _curves(frame: pd.DataFrame, ax: Axes, *, column: str, words: str, looks: dict[str, SeriesStyle]) -> Axes:
    return learning.learning_curves(frame, ax, value=column, label=words, styles=looks, label_lines=False)


FIGURES = (
    FigureSpec("learning_curves", (SWEEP,), _learning_curves, "learning"),
    FigureSpec("gradient_by_lag", (SWEEP,), _gradients, "inside"),
    FigureSpec("gate_trace", (SWEEP,), _gates, "inside"),
    FigureSpec("ranks_families", (SWEEP,), _family_ranks, "ranks"),
    FigureSpec("ranks_models", (SWEEP,), _model_ranks, "ranks"),
)
