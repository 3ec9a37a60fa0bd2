"""What the recurrent cells learn with default parameters: a fit a row, failures included.

Each is trained on 2,000 sequences with 32 hidden units and scored on 1,000 fresh ones. Skill is 0 for chance
and 1 for the optimum. Seconds are of processor time, so that others on the machine do not count.

    python benchmarks/recurrent_learning.py lstm:Recall:64 elman:Recall:8 [--seeds 5]
"""

from __future__ import annotations

import argparse
import time

from seqcompare import NextStep, RNNRegressor, RNNTagger, tasks
from seqcompare.models.recurrent import warm_up


def fit_and_score(cell: str, task: tasks.base.Task, seed: int, **parameters: object) -> str:
    """Train once; return a row of the table."""
    train = task.sample(2000, random_state=seed)
    test = task.sample(1000, random_state=1_000_000 + seed)
    kind = RNNRegressor if task.role == "value" else RNNTagger
    net = kind(cell, hidden_size=32, random_state=seed, **parameters)
    model = NextStep(net) if task.role == "next" else net
    targets = () if train.y is None else (train.y,)
    began = time.process_time()
    model.fit(train.X, *targets, sample_weight=train.sample_weight)
    seconds = time.process_time() - began
    if task.role == "next":
        net, outputs = model.estimator_, model.predict_next_proba(test.X)
    else:
        net, outputs = model, (model.predict if task.role == "value" else model.predict_proba)(test.X)
    score = task.score(test, outputs)
    skill = (score - task.chance_score) / (task.optimal_score - task.chance_score)
    return (
        f"| {cell} | {task.name} | {task.distance} | {seed} | {skill:.4f} | {score:.5f} | {seconds:.1f} | "
        f"{net.n_iter_} | {net.best_iter_} | {net.stop_reason_} |"
    )


def main() -> None:
    """Read the command line and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="+", metavar="cell:Task:distance")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--set", nargs="*", default=[], metavar="name=value", help="other than the defaults")
    args = parser.parse_args()
    other = {name: float(value) for name, value in (s.split("=") for s in args.set)}
    other = {name: int(value) if value == int(value) else value for name, value in other.items()}
    warm_up()
    print("| cell | task | distance | seed | skill | score | seconds | epochs | best | stopped by |")
    print("|---|---|---|---|---|---|---|---|---|---|", flush=True)
    for run in args.runs:
        cell, name, distance = run.split(":")
        for seed in range(args.seeds):
            task = getattr(tasks, name)(int(distance))
            print(fit_and_score(cell, task, seed, **other), flush=True)


if __name__ == "__main__":
    main()
