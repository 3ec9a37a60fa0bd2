"""A comparison as it lies in its folder, with every table that follows from it; reading it needs no model."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import pandas as pd

from seqcompare.metrics import Metric
from seqcompare.results.answer import Answer, answer_table
from seqcompare.results.classes import class_scores, summed
from seqcompare.results.contest import CHANCE, Contest, loss_table, pairs, summary
from seqcompare.results.context_table import context_table, influence_by_lag
from seqcompare.results.described import Config, metric_of
from seqcompare.results.findings import Findings
from seqcompare.results.folder import StoredRun
from seqcompare.results.forecaster import Forecaster, name_forecaster
from seqcompare.results.grids import all_grids, failed_candidates
from seqcompare.results.judgement import Judgement, judge
from seqcompare.results.left_out import COUNTED, LEFT_OUT, SPENT, Spent, choosing_rows
from seqcompare.results.numbers import Numbers, influence_table
from seqcompare.results.shorter import Settled, Shorter, settle
from seqcompare.results.sight import SIGHT, Sight, detected
from seqcompare.results.store import Details, RunError, Sums
from seqcompare.results.taught import TAUGHT
from seqcompare.results.untried import Untried, find_untried
from seqcompare.results.verdict import Verdict, write_verdict

TEST, CONTEXT, SHORTER, AHEAD = "test", "context", "shorter", "ahead"

#: The side table that says why the winner is in no file.
UNSAVED = "unsaved"
_SIDE_TABLES = ("lag_profile", "profile_facts", LEFT_OUT, SPENT, TAUGHT, SIGHT)


@dataclass(frozen=True, eq=False)
class ComparisonResult:
    """What the rows of a comparison say; everything is computed when it is first asked for, and once.

    Parameters
    ----------
    config : dict
        The configuration of the run.
    frame : DataFrame
        One row a trial; ``axis`` says what it was for: "tuning", "test", "ahead", "context", "shorter" or
        "race".
    details : mapping of str to dict
        The details of each trial.
    sums : mapping of str to ndarray of shape (m, 3)
        Weight, loss and bits of the units of each trial.
    curves : DataFrame
        Learning curves.
    side_tables : mapping of str to DataFrame
        What was kept beside the rows.
    where : str, default="the run"
        Where all of this lies, for messages.
    """

    config: Config
    frame: pd.DataFrame
    details: Mapping[str, Details]
    sums: Mapping[str, Sums]
    curves: pd.DataFrame
    side_tables: Mapping[str, pd.DataFrame]
    where: str = "the run"

    @cached_property
    def metric(self) -> Metric:
        """What models are chosen and judged by; an error where nothing was tested that could be judged."""
        if self.phase(TEST).empty:
            raise RunError(f"{self.where} was stopped before any model was tested; the same command goes on")
        return metric_of(self.config, str(self.frame["metric"].iloc[0]))

    @property
    def references(self) -> tuple[str, ...]:
        """What knows frequencies alone, chance first; runs of before have no other."""
        return tuple(self.config["data"].get("references", [CHANCE]))

    @cached_property
    def contest(self) -> Contest:
        """All models on the test data."""
        fraction = float(self.config["data"]["test_fraction"])
        losses = loss_table(self.phase(TEST), self.sums)
        return Contest(losses, self.metric, fraction, self._copies, self._in_time)

    @cached_property
    def summary(self) -> pd.DataFrame:
        """One row a model, the best first; see `seqcompare.results.contest.summary`."""
        return summary(self.contest, self.phase(TEST), self.tuning)

    @cached_property
    def pairs(self) -> pd.DataFrame:
        """Paired tests against the best and chance; see `seqcompare.results.contest.pairs`."""
        return pairs(self._settled.contest)

    @cached_property
    def grids(self) -> pd.DataFrame:
        """How every candidate did on validation data; see `seqcompare.results.grids.all_grids`."""
        return all_grids(self.tuning, self.sums, self.phase(TEST))

    @cached_property
    def failures(self) -> pd.DataFrame:
        """What failed while tuning; see `seqcompare.results.grids.failed_candidates`."""
        return failed_candidates(self.tuning)

    @cached_property
    def untried(self) -> dict[str, Untried]:
        """Models whose best member may not have been tested; see `seqcompare.results.untried`."""
        longest, tests = int(self.config["data"]["longest"]), self.phase(TEST)
        found = find_untried(self.grids, tests, self.contest.tolerance, longest)
        return found if self.spent is None else {**found, **self.spent.untried(set(tests["entry"]))}

    @cached_property
    def tuning(self) -> pd.DataFrame:
        """The rows that candidates were chosen by."""
        return choosing_rows(self.frame)

    @cached_property
    def spent(self) -> Spent | None:
        """What was spent of a budget, and left out for that; None where nothing limited the run."""
        if SPENT not in self.side_tables:
            return None
        models = self.config.get("settings", {}).get("models", {})
        grids = {entry: labels for entry, labels in models.items() if entry not in self.references}
        return Spent.of(self.side_tables[SPENT], self.side_tables[LEFT_OUT], grids, self.tuning)

    @cached_property
    def _settled(self) -> Settled:
        tables = self.phase(SHORTER), self.phase(TEST), self.tuning
        return settle(self.contest, self._judge, *tables, self.sums)

    @property
    def shorter(self) -> Shorter | None:
        """The winner that sees no more than its context curve says is enough; None where there is none."""
        return self._settled.shorter

    @property
    def judgement(self) -> Judgement:
        """Who is good enough; what a model costs is what its named candidate costs."""
        return self._settled.judgement

    @cached_property
    def facts(self) -> dict[str, str]:
        """What was found before any model was chosen; empty where nothing was kept yet."""
        known = self.side_tables.get("profile_facts", pd.DataFrame(columns=["name", "value"])).dropna()
        return dict(zip(known["name"], known["value"].astype(str), strict=True))

    def _judge(self, losses: pd.DataFrame) -> Judgement:
        data, tested = self.config["data"], set(self.phase(TEST)["entry"])
        return judge(
            losses,
            self._costs,
            self.metric,
            float(data["test_fraction"]),
            copies=self._copies,
            ordered=self._in_time,
            not_tried=data.get("not_tried", {}) | (self.spent.not_tried(tested) if self.spent else {}),
            untried=self.untried,
            least_seen=float(self.facts.get("least_seen", 0.0)),
            most_seen=detected(self.facts)[0],
            references=self.references,
            sight=Sight.of(self.side_tables.get(SIGHT), self.spent, self.contest, data, self.facts),
        )

    @cached_property
    def answer(self) -> Answer:
        """One row a model; see `seqcompare.results.answer.Answer`."""
        data, told = self.config["data"], self._settled[1:]
        table = answer_table(*told, self._costs, self.grids, self.contexts, data)
        if self.shorter is not None:
            table = self.shorter.into(table)
        return Answer(self.verdict, self.judgement, self.metric, table, self.forecaster)

    @cached_property
    def verdict(self) -> Verdict:
        """The answer in sentences, with the numbers behind them."""
        return write_verdict(self.findings)

    @cached_property
    def findings(self) -> Findings:
        """What the verdict is made of."""
        return Findings(
            data=self.config["data"],
            metric=self.metric,
            tolerance=self.contest.tolerance,
            judgement=self.judgement,
            summary=self.summary,
            pairs=self.pairs,
            grids=self.grids,
            contexts=self.contexts,
            early=self.early,
            profile=self.facts,
            failures=self.failures,
            in_time=self._in_time,
            n_units=len(next(iter(self.contest.units.values()), ())) // self._copies,
            numbers=self.numbers,
            forecaster=self.forecaster,
            shorter=self.shorter,
            untried=self.untried,
            spent=self.spent,
            taught=self.side_tables.get(TAUGHT, pd.DataFrame()),
            heads=self.config.get("heads", {}),
        )

    @cached_property
    def contexts(self) -> pd.DataFrame:
        """The context curves; see `seqcompare.results.context_table.context_table`."""
        return context_table(self.phase(CONTEXT), self.details, self.metric)

    @cached_property
    def early(self) -> pd.DataFrame:
        """The scores by the first steps, like `contexts`; see `seqcompare.experiments.early`."""
        return context_table(self.phase(CONTEXT), self.details, self.metric, lambda d: d.get("early", {}))

    @cached_property
    def influence(self) -> pd.DataFrame:
        """How much answers change when the step at a lag is replaced, the mean over folds."""
        return influence_by_lag(self.phase(CONTEXT), self.details)

    @cached_property
    def confusion(self) -> pd.DataFrame:
        """How often each class was given each label, all folds together."""
        return self._summed("confusion", ["true", "predicted"], ["count"])

    @cached_property
    def calibration(self) -> pd.DataFrame:
        """How sure each model was and how often it was right, by ten bins of confidence."""
        table = self._summed("calibration", ["bin"], ["count", "confidence", "accuracy"])
        return table.assign(**{name: table[name] / table["count"] for name in ("confidence", "accuracy")})

    @cached_property
    def class_scores(self) -> pd.DataFrame:
        """Precision, recall, F1 and support of each class."""
        return class_scores(self.confusion)

    @cached_property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Every table, by name."""
        classes = self.config["data"]["classes"]
        tables = {
            "answer": self.answer.table,
            "summary": self.summary,
            "pairs": self.pairs,
            "grids": self.grids,
            "failures": self.failures,
            **({} if self.shorter is None else {"shorter": self.shorter.frame()}),
            "contexts": self.contexts,
            **({} if self.early.empty else {"early": self.early}),
            "influence": self.influence,
            "confusion": self.confusion,
            "calibration": self.calibration,
            "class_scores": self.class_scores,
            "classes": pd.DataFrame({"label": list(classes), "count": list(classes.values())}),
            "evidence": self.verdict.evidence,
            "curves": self.curves,
            "trials": self.frame,
        }
        kept = {LEFT_OUT, SPENT, TAUGHT, "lag_profile"} & set(self.side_tables)
        return {**tables, **self.numbers, **{name: self.side_tables[name] for name in sorted(kept)}}

    @cached_property
    def numbers(self) -> dict[str, pd.DataFrame]:
        """The tables of `seqcompare.results.numbers.Numbers`; none where no numbers were predicted."""
        found = Numbers.of(self.phase(TEST), self.details, self.contest)
        if not found.trials:
            return {}
        influence = influence_table(self.phase(CONTEXT), self.details)
        named = {} if self.forecaster is None else {"forecasters": self.forecaster.table}
        return {**found.tables(), **named, "numbers_influence": influence}

    @cached_property
    def forecaster(self) -> Forecaster | None:
        """Who is named to forecast several steps by; None where nobody can."""
        rows, winner = self.frame[self.frame["axis"].isin((TEST, AHEAD))], str(self.judgement.winner)
        return name_forecaster(rows, self.details, self.contest, self.grids, self.references, winner)

    def phase(self, phase: str) -> pd.DataFrame:
        """Return the rows of one phase."""
        return self.frame[self.frame["axis"] == phase]

    @cached_property
    def _costs(self) -> pd.DataFrame:
        """The summary, each model with the size of its named candidate; times are those of the tests."""
        costs = self.summary.set_index("entry")
        named = self.grids[self.grids["chosen"].astype(bool)].set_index("entry")
        costs.update(named[["n_parameters"]])
        return costs.reset_index()

    @property
    def _copies(self) -> int:
        """How often the same units were tested, since folds were drawn repeatedly."""
        drawn = self.config["data"]["split_kind"] in ("random", "stratified", "grouped")
        return int(self.config.get("settings", {}).get("repeats", 1)) if drawn else 1

    @property
    def _in_time(self) -> bool:
        """Whether what was tested are stretches of time that follow each other; runs of before do not say."""
        data = self.config["data"]
        return bool(data.get("in_time", data["split_kind"] == "blocked"))

    def _summed(self, name: str, keys: Sequence[str], values: Sequence[str]) -> pd.DataFrame:
        """Return a table that every test trial has, its values added up over folds."""
        return summed(self.phase(TEST), self.details, name, keys, values)


class StoredComparison(StoredRun):
    """A comparison as it lies in its folder.

    Parameters
    ----------
    folder : path
        A folder that `seqcompare.compare` has written.
    """

    @cached_property
    def result(self) -> ComparisonResult:
        """What was found, computed once; its tables are those of all who ask, not to be changed."""
        with self._store() as store:
            frame, counted = store.frame(), store.side_table(COUNTED)
            if counted is not None:
                frame = frame[frame["trial_id"].isin(counted["trial_id"])].reset_index(drop=True)
            found = {name: store.side_table(name) for name in _SIDE_TABLES}
            side_tables = {name: table for name, table in found.items() if table is not None}
            sums = store.sums(frame["trial_id"])
            details, curves, where = store.details(), store.curves(), str(self.folder)
            return ComparisonResult(self.config, frame, details, sums, curves, side_tables, where)

    def frame(self) -> pd.DataFrame:
        """Return one row a trial; ``axis`` says what it was for: "tuning", "test" or "context"."""
        return self.result.frame.copy()

    def curves(self) -> pd.DataFrame:
        """Return the learning curves: trial_id, epoch, train_loss, validation_score."""
        return self.result.curves.copy()

    def summary(self) -> pd.DataFrame:
        """Return one row a model, the best first; see `seqcompare.results.contest.summary`."""
        return self.result.summary.copy()

    def pairs(self) -> pd.DataFrame:
        """Return paired tests against the best and chance; see `seqcompare.results.contest.pairs`."""
        return self.result.pairs.copy()

    def grids(self) -> pd.DataFrame:
        """Return how every candidate did on validation data; see `seqcompare.results.grids.all_grids`."""
        return self.result.grids.copy()

    def unsaved(self) -> str:
        """Return why the model that is enough could not be saved; empty where it was, or there is none."""
        kept = self.side_table(UNSAVED)
        return "" if kept is None or pd.isna(kept["problem"].iloc[0]) else str(kept["problem"].iloc[0])

    def ladders(self) -> pd.DataFrame:
        """Return what `grids` returns, which is its name from now on."""
        warnings.warn("ladders() is grids() from now on", FutureWarning, stacklevel=2)
        return self.grids()

    def failures(self) -> pd.DataFrame:
        """Return what failed while tuning; see `seqcompare.results.grids.failed_candidates`."""
        return self.result.failures.copy()

    def contexts(self) -> pd.DataFrame:
        """Return the context curves; see `seqcompare.results.context_table.context_table`."""
        return self.result.contexts.copy()

    def early(self) -> pd.DataFrame:
        """Return the scores by the first steps; see `ComparisonResult.early`."""
        return self.result.early.copy()

    def influence(self) -> pd.DataFrame:
        """Return how much answers change when the step at a lag is replaced, the mean over folds."""
        return self.result.influence.copy()

    def confusion(self) -> pd.DataFrame:
        """Return how often each class was given each label, all folds together."""
        return self.result.confusion.copy()

    def calibration(self) -> pd.DataFrame:
        """Return how sure each model was and how often it was right, by ten bins of confidence."""
        return self.result.calibration.copy()

    def class_scores(self) -> pd.DataFrame:
        """Return precision, recall, F1 and support of each class: entry, label, and these."""
        return self.result.class_scores.copy()

    def answer(self) -> Answer:
        """Return what is said of every model: ``.frame()``, ``.plot()``, and a page in notebooks."""
        return self.result.answer

    def verdict(self) -> Verdict:
        """Return the answer in sentences, with the numbers behind them."""
        found = self.result.verdict
        return replace(found, evidence=found.evidence.copy())

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return every table of the comparison, by name."""
        return {name: table.copy() for name, table in self.result.tables.items()}
