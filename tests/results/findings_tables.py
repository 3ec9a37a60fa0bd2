"""Tables of made-up comparisons, and the verdict on them."""

import pandas as pd

from seqcompare.metrics import METRICS
from seqcompare.results.findings import Findings
from seqcompare.results.grids import FAILED_COLUMNS
from seqcompare.results.judgement import Judgement
from seqcompare.results.verdict import write_verdict

DATA = {
    "role": "next",
    "kind": "symbols",
    "n_sequences": 100,
    "n_independent": 100,
    "in_groups": False,
    "split_kind": "random",
    "classes": {},
    "uniform_bits": 2.0,
}


def summary(**scores):
    return pd.DataFrame(
        [
            {
                "entry": entry,
                "family": "reference" if entry == "chance" else "f",
                "chosen": f"{entry} 3",
                "n_choices": 1,
                "causal": entry != "ahead",
                "score": score,
                "low": score - 0.1,
                "high": score + 0.1,
                "n_parameters": 10.0,
                "n_failed": 0,
                "error": "",
            }
            for entry, score in scores.items()
        ]
    )


def grid(entry, losses, chosen):
    return pd.DataFrame(
        [
            {
                "entry": entry,
                "model": f"{entry} {k}",
                "loss": loss,
                "behind": loss - min(losses.values()),
                "fold_error": 0.001,
                "n_parameters": k,
                "cost": k,
                "capacity": k,
                "n_chosen": 4 if k == chosen else 0,
                "n_folds": 5,
                "chosen": k == chosen,
            }
            for k, loss in losses.items()
        ]
    )


def context(entry, needed, control="truncated", contexts=(1, 2, 4, 8), behind=0.0):
    return pd.DataFrame(
        [
            {
                "entry": entry,
                "fold": fold,
                "control": control,
                "context": k,
                "behind": behind,
                "error": 0.001,
                "needed": n,
            }
            for fold, n in enumerate(needed)
            for k in contexts
        ]
    )


EMPTY = context("nobody", [1]).iloc[:0]


NO_FAILURES = pd.DataFrame(columns=FAILED_COLUMNS)


def write(
    judgement, table, *, data=DATA, metric="bits", grids=None, contexts=EMPTY, profile=None,
    failures=NO_FAILURES, in_time=False, n_units=100, shorter=None,
):  # fmt: skip
    grids = grid("x", {3: 1.0}, 3).iloc[:0] if grids is None else grids
    found = (judgement, table, pd.DataFrame(), grids, contexts, profile or {}, failures)
    return write_verdict(
        Findings(
            data,
            METRICS[metric] if isinstance(metric, str) else metric,
            0.01,
            *found,
            in_time,
            n_units,
            shorter,
        )
    )


def enough(winner="a", best="a", worse=None, unsettled=()):
    return Judgement("model", best, winner, worse or {"a": 0.0, "b": 0.3, "chance": 1.0}, unsettled, 1.0)
