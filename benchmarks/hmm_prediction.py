"""HMMs fitted to the prediction of the steps that count, beside EM: what they recall and what else they know.

python benchmarks/hmm_prediction.py [next] [sequence] [--seeds 5]
"""

from __future__ import annotations

import argparse
import time
import warnings

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from seqcompare import HMM, BayesClassifier, HMMClassifier, Sequences, tasks


def answers(task, model, test):
    """Return the score of a fitted model on the steps that count."""
    return task.score(test, model.predict_next_proba(test.X), model.symbols_)


def weights_of(data, share):
    """Return the weights of the steps, the others having so much of the weight of those that count."""
    return Sequences(np.maximum(data.sample_weight.values, share), data.sample_weight.offsets)


def of_next_steps(seeds):
    """Print a row for each task and way to fit."""
    print("| task, 1,000 sequences | fitted to | score in each seed | bits of all steps | seconds |")
    print("|---|---|---|--:|--:|")
    for task, n_states in (
        (tasks.Recall(16, n_cues=2), 2),
        (tasks.Recall(64, n_cues=2), 2),
        (tasks.Recall(64, n_cues=2), 4),
        (tasks.Recall(128, n_cues=2), 2),
        (tasks.Recall(16, n_cues=4), 4),
        (tasks.Recall(64, n_cues=4), 4),
        (tasks.Recall(256, n_cues=2), 2),
    ):
        length = int(2.4 * task.distance)
        for way, share in (("likelihood, EM", None), ("prediction", 0.0), ("prediction, rest .1", 0.1)):
            scores, losses, seconds = [], [], []
            for seed in seeds:
                train = task.sample(1000, length, random_state=seed)
                test = task.sample(500, length, random_state=1000 + seed)
                begin = time.process_time()
                model = HMM(n_states, n_init=1, random_state=seed)
                model.fit(train.X, **({} if share is None else {"sample_weight": weights_of(train, share)}))
                seconds.append(time.process_time() - begin)
                scores.append(answers(task, model, test))
                losses.append(-model.score(test.X) / np.log(2))
            found = ", ".join(f"{score:.3f}" for score in scores)
            row = f"{found} | {np.mean(losses):.2f} | {np.mean(seconds):.1f}"
            print(f"| `{task!r}`, {n_states} states | {way} | {row} |", flush=True)


def of_sequences(seeds):
    """Print what one model for all classes finds, fitted to the class, beside one a class, fitted by EM."""
    print("| task, 600 sequences | model | accuracy in each seed | CPU seconds |\n|---|---|---|--:|")
    for distance in (2, 8, 32):
        task = tasks.TemporalOrder(distance)
        for model in (BayesClassifier(HMM(8, n_init=2)), HMMClassifier(8)):
            scores, seconds = [], []
            for seed in seeds:
                train, test = (task.sample(600, random_state=s) for s in (seed, 1000 + seed))
                name = next(key for key in model.get_params() if key.endswith("random_state"))
                begin = time.process_time()
                fitted = clone(model).set_params(**{name: seed}).fit(train.X, train.y)
                seconds.append(time.process_time() - begin)
                scores.append((fitted.predict(test.X) == test.y).mean())
            found = ", ".join(f"{score:.3f}" for score in scores)
            row = f"`{task!r}` | {type(model).__name__} | {found} | {np.mean(seconds):.1f}"
            print(f"| {row} |", flush=True)


if __name__ == "__main__":
    sections = {"next": of_next_steps, "sequence": of_sequences}
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sections", nargs="*", choices=[*sections, []], default=[])
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    for section in options.sections or sections:
        sections[section](range(options.seeds))
