"""The parts of a sweep's report that explain it: growth, learning, the inside of networks, ranks, tests."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from seqcompare import style
from seqcompare.report import views
from seqcompare.report.figures import canvas, cost, learning, ranks
from seqcompare.report.parts import Figure, Panel, Section, Table
from seqcompare.results.folder import StoredRun
from seqcompare.results.growth import scaling
from seqcompare.results.skill import ALPHA, rank_families
from seqcompare.results.statistics import ENOUGH, Ranks, average_ranks
from seqcompare.style import SeriesStyle

_SIZES = (
    ("capacity", "capacity", "capacity of the model"),
    ("length", "length", "length of a sequence (steps)"),
    ("alphabet", "symbols", "symbols of the alphabet"),
)
_COST_WORDS = {
    "fit_seconds": "time to fit",
    "fit_seconds_per_step": "time to fit, per training step",
    "predict_us_per_step": "time to predict, per step",
    "n_parameters": "parameters",
    "peak_memory_mb": "peak memory",
}


def growth_section(rows: pd.DataFrame, state_space: pd.DataFrame | None) -> Section | None:
    """Return how cost and state space grow with capacity, length and alphabet, as far as they were swept."""
    parts: list[Figure | Table] = []
    if state_space is not None and len(state_space):
        parts.append(_state_space(state_space))
    for axis, x, words in _SIZES:
        part = _growth_figure(rows, axis, x, words)
        if part is not None:
            parts.append(part)
    table = _exponents(rows)
    if len(table):
        parts.append(
            Table(
                "scaling",
                "Fitted exponents",
                "Cost = constant times size to the power of the exponent, fitted on logarithms for each "
                "task; the median, least and greatest exponent over tasks. 1 is proportional growth, 2 "
                "quadratic.",
                table,
                {
                    "against": "against",
                    "cost": "cost",
                    "model": "model",
                    "n_tasks": "tasks",
                    "exponent": "exponent",
                    "least": "least",
                    "greatest": "greatest",
                },
            )
        )
    return Section("growth", "How cost grows", (), tuple(parts)) if parts else None


def _state_space(table: pd.DataFrame) -> Figure:
    return Figure(
        name="state_space",
        title="The state space of a Markov chain",
        caption=(
            "Contexts of k symbols: possible, seen in the training data, and supported by it (at least 5 "
            "counts). Where the supported ones fall away from the possible ones, a chain of that order runs "
            "out of data."
        ),
        alt=" ".join(_state_words(str(task), part) for task, part in table.groupby("task", sort=False)),
        panels=tuple(
            Panel(str(task), partial(_states, part)) for task, part in table.groupby("task", sort=False)
        ),
        data=table,
        size=(3.6, 2.5),
    )


def _state_words(task: str, part: pd.DataFrame) -> str:
    last = part.sort_values("order").iloc[-1]
    return (
        f"{task}, order {last['order']:g}: {last['possible']:.3g} contexts possible, {last['seen']:g} seen, "
        f"{last['supported']:g} supported."
    )


def _growth_figure(rows: pd.DataFrame, axis: str, x: str, words: str) -> Figure | None:
    rows = rows[rows["family"] != "reference"]
    if axis == "capacity":
        swept = rows[rows["axis"] == "distance"]
        far = swept[swept["distance"] == swept.groupby("task")["distance"].transform("max")]
        mine = far.assign(model=views.kind_names(far), capacity_of=far["capacity"])
        several = mine.groupby("model")["capacity"].transform("nunique") > 1
        mine = mine[several]
        looks = _kind_styles(mine)
    else:
        mine = rows[rows["axis"] == axis]
        looks = canvas.styles_of(rows)
    mine = mine[mine[x].notna()]
    if mine.empty or mine[x].nunique() < 2:
        return None
    means = mine.groupby(["model", "family", x], sort=False)[["fit_seconds", "n_parameters"]].median()
    means = means.reset_index()
    panels = tuple(
        Panel(title, partial(_growth, means, x=x, y=y, words=words, looks=looks))
        for y, title in (("n_parameters", "Parameters"), ("fit_seconds", "Time to fit"))
    )
    where = "at the largest distance of each task " if axis == "capacity" else ""
    return Figure(
        name=f"growth_{axis}",
        title=f"Growth with the {words.partition(' (')[0]}",
        caption=f"Medians over tasks and seeds {where}on logarithmic axes: a straight line is a power law.",
        alt=f"Lines of parameters and of the time to fit against the {words}; the numbers follow below.",
        panels=panels,
        data=means,
        series=tuple((m, looks[m]) for m in dict.fromkeys(means["model"])),
        size=(4.2, 2.7),
        columns=2,
    )


def _kind_styles(rows: pd.DataFrame) -> dict[str, SeriesStyle]:
    kinds = rows[["model", "family", "variant"]].drop_duplicates()
    return style.model_styles((m, f, v, 0.0) for m, f, v in kinds.itertuples(index=False, name=None))


def _exponents(rows: pd.DataFrame) -> pd.DataFrame:
    table = scaling(rows)
    table["cost"] = table["cost"].map(lambda name: _COST_WORDS.get(name, name))
    table["model"] = table["model"].map(lambda name: views.VARIANT_NAMES.get(name, name))
    found = table.groupby(["against", "cost", "model"], sort=False)["exponent"]
    return found.agg(n_tasks="size", exponent="median", least="min", greatest="max").reset_index()


def learning_section(rows: pd.DataFrame, run: StoredRun) -> Section | None:
    """Return learning curves at the largest distance of each task, gradients by lag, and gates."""
    curves = run.curves()
    swept = rows[rows["axis"] == "distance"]
    if curves.empty or swept.empty:
        return None
    far = swept[swept["distance"] == swept.groupby("task")["distance"].transform("max")]
    keys = ["trial_id", "task", "distance", "model", "family", "variant", "capacity", "metric", "stop"]
    joined = curves.merge(far[keys], on="trial_id")
    if joined.empty:
        return None
    looks = {m: s for m, s in canvas.styles_of(rows).items() if m in set(joined["model"])}
    panels = []
    for (task, length), part in joined.groupby(["task", "distance"], sort=False):
        for column, words in (("train_loss", "training loss"), ("validation_score", "validation score")):
            if part[column].notna().any():
                draw = partial(_curves, part, column=column, words=words, looks=looks)
                panels.append(Panel(f"{task}, d = {length:g}: {words.split()[0]}", draw))
    figure = Figure(
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
    ended = far[far["trial_id"].isin(joined["trial_id"])]
    return Section("learning", "How they learned", (budget_words(ended),), (figure,))


def inside_section(rows: pd.DataFrame, run: StoredRun) -> Section | None:
    """Return what the run has kept of the inside of recurrent networks: gradients by lag and gates."""
    about = rows[["trial_id", "task", "role", "distance", "model", "family", "variant", "capacity"]]
    parts = []
    gradients, gates = (
        None if table is None else about.merge(table, on="trial_id")
        for table in (run.side_table("gradient_by_lag"), run.side_table("gate_trace"))
    )
    if gradients is not None and len(gradients):
        looks = {m: s for m, s in canvas.styles_of(rows).items() if m in set(gradients["model"])}
        draw = partial(learning.gradient_by_lag, styles=looks, label_lines=False)
        parts.append(
            Figure(
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
                series=tuple(looks.items()),
                size=(3.4, 2.5),
            )
        )
    if gates is not None and len(gates):
        parts.append(
            Figure(
                name="gate_trace",
                title="Gates along a test sequence",
                caption=(
                    "The mean opening of each gate over the units: 0 is closed, 1 is open. Shaded: from the "
                    "input that matters to the step that answers."
                ),
                alt="Lines of the gates against the step; the numbers follow below.",
                panels=_by_trial_group(gates, ["model", "task", "distance"], learning.gate_trace),
                data=gates[["task", "distance", "model", "step", "gate", "value", "scored"]],
                size=(5.0, 2.4),
                columns=1,
            )
        )
    return Section("inside", "Inside the recurrent networks", (), tuple(parts)) if parts else None


def _by_trial_group(table: pd.DataFrame, by: list[str], draw: Any) -> tuple[Panel, ...]:
    """Return a panel for each group, in the order of distances; each knows the lag that its task needs."""
    panels = []
    for _, part in table.sort_values("distance", kind="stable").groupby(by, sort=False):
        first = part.iloc[0]
        # the answer about a step to come is given a step before it
        needed = int(first["distance"]) - int(first["role"] == "next")
        title = ", ".join(f"d = {first[name]}" if name == "distance" else str(first[name]) for name in by)
        panels.append(Panel(title, partial(draw, part, needed_lag=needed)))
    return tuple(panels)


def ranks_section(rows: pd.DataFrame, comparisons: pd.DataFrame) -> Section | None:
    """Return paired tests where there are seeds enough, and mean ranks across tasks."""
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
    families = rank_families(rows)
    if families is not None:
        parts.append(_rank_figure(families, _family_rows(families), "families", "Mean ranks of the families"))
    models = _rank_models(rows)
    if models is not None:
        about = rows[["model", "family", "variant", "capacity"]].drop_duplicates("model")
        parts.append(_rank_figure(models, about, "models", "Mean ranks of the models"))
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
    )


def _rank_models(rows: pd.DataFrame) -> Ranks | None:
    swept = rows[(rows["axis"] == "distance") & (rows["family"] != "reference") & rows["causal"]]
    means = swept.pivot_table(index=["task", "distance"], columns="model", values="skill", sort=False)
    tasks = means.loc[:, means.notna().all()].groupby(level="task", sort=False).mean()
    return average_ranks(tasks) if tasks.shape[0] >= 2 and tasks.shape[1] >= 3 else None


def _family_rows(found: Ranks) -> pd.DataFrame:
    families = list(found.mean_ranks.index)
    return pd.DataFrame({"model": families, "family": families, "variant": "", "capacity": 0.0})


def _rank_figure(found: Ranks, about: pd.DataFrame, name: str, title: str) -> Figure:
    table = found.mean_ranks.rename("rank").rename_axis("model").reset_index()
    table = table.merge(about, on="model").sort_values("rank", kind="stable")
    if name == "families":
        table["model"] = table["model"].map(style.family_name)
    return Figure(
        name=f"ranks_{name}",
        title=title,
        caption=(
            f"Over the {found.n_blocks} tasks that all of them ran on, by mean skill over distances; 1 is "
            f"best. Ranks less than {found.critical_difference:.2f} apart do not differ by Nemenyi's test "
            f"at .05 (Friedman's chi-squared {found.statistic:.2f}, p = {found.p_value:.2g}). A few chosen "
            "tasks are no sample: this describes the run, it proves nothing about others."
        ),
        alt="Mean rank of each: "
        + ", ".join(f"{m} {r:.2f}" for m, r in zip(table["model"], table["rank"], strict=True)),
        panels=(Panel("", partial(_ranks, table, difference=found.critical_difference)),),
        data=table[["model", "rank"]],
        size=(5.6, 0.24 * len(table) + 1.9),
    )


def budget_words(rows: pd.DataFrame) -> str:
    """Say how training ended."""
    counts = rows["stop"].replace("", "not said").value_counts()
    told = ", ".join(
        f"{word} {n}" for word, n in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    )
    return f"How training ended in these {len(rows)} trials: {told}."


def _states(frame: pd.DataFrame, ax: Axes) -> Axes:
    return cost.state_space(frame, ax)


def _ranks(frame: pd.DataFrame, ax: Axes, *, difference: float) -> Axes:
    return ranks.critical_difference(frame, ax, difference=difference)


def _growth(
    frame: pd.DataFrame, ax: Axes, *, x: str, y: str, words: str, looks: dict[str, SeriesStyle]
) -> Axes:
    return cost.growth(frame, ax, x=x, y=y, x_label=words, styles=looks, label_lines=False)


def _curves(frame: pd.DataFrame, ax: Axes, *, column: str, words: str, looks: dict[str, SeriesStyle]) -> Axes:
    return learning.learning_curves(frame, ax, value=column, label=words, styles=looks, label_lines=False)
