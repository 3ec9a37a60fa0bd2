"""HMMs fitted to the prediction of the steps that count, beside EM: what they recall and what else they know.

python benchmarks/hmm_prediction.py [next] [copy] [sequence] [peers] [--seeds 5]
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


def of_copies(seeds):
    """Print how well three items are given back, fitted to the steps at which they are due.

    The items stand at these steps, so that each is predicted from what came before, itself left out.
    """
    print("| task, 4,000 sequences | states, starts | accuracy in each seed | seconds |")
    print("|---|---|---|--:|")
    for task, n_states, n_init in ((tasks.Copy(4, n_items=3, n_symbols=2), 32, 6),):
        scores, seconds = [], []
        for seed in seeds:
            train, test = (
                due(task.sample(n, 16, random_state=s)) for n, s in ((2000, seed), (500, 1000 + seed))
            )
            begin = time.process_time()
            model = HMM(n_states, n_init=n_init, random_state=seed).fit(train[0], sample_weight=train[1])
            seconds.append(time.process_time() - begin)
            X, weights = test
            rows = np.flatnonzero(weights.values)
            proba = Sequences(model.predict_next_proba(X)).values[rows - 1]
            scores.append(np.mean(model.symbols_[proba.argmax(axis=1)] == X.values[rows]))
        found = ", ".join(f"{score:.3f}" for score in scores)
        print(f"| `{task!r}` | {n_states}, {n_init} | {found} | {np.mean(seconds):.0f} |", flush=True)


def due(data):
    """Return sequences in which items stand where they are due, and the weights of these steps."""
    weights = data.sample_weight
    return Sequences(np.where(weights.values > 0, data.y.values, data.X.values), data.X.offsets), weights


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


def torch_pass(data, n_states, n_symbols, batch=50, rate=0.02):
    """Return a pass over the data by PyTorch: forward filter, its gradient, and Adam."""
    import torch

    torch.set_num_threads(1)
    x = torch.as_tensor(np.stack(list(data.X)))
    w = torch.as_tensor(np.stack(list(data.sample_weight)), dtype=torch.float64)
    sizes = ((n_states,), (n_states, n_states), (n_states, n_symbols))
    point = [torch.zeros(size, dtype=torch.float64, requires_grad=True) for size in sizes]
    adam = torch.optim.Adam(point, lr=rate)

    def loss(point, rows):
        start, trans, emit = (torch.softmax(p, dim=-1) for p in point)
        ahead, total = start.expand(len(rows), -1), 0.0
        for t in range(x.shape[1]):
            u = ahead * emit[:, x[rows, t]].T
            p = u.sum(dim=1)
            total = total - (w[rows, t] * p.log()).sum()
            ahead = (u / p[:, None]) @ trans
        return total

    def one_pass():
        for rows in torch.randperm(len(x)).split(batch):
            adam.zero_grad()
            loss(point, rows).backward()
            adam.step()

    def loss_at(model):
        given = (model.startprob_, model.transmat_, model.emissionprob_)
        logs = [torch.as_tensor(np.log(np.maximum(p, 1e-300))) for p in given]
        with torch.no_grad():
            return float(loss(logs, torch.arange(len(x))))

    return one_pass, loss_at


def beside_peers(seeds):
    """Print CPU time a pass over the data, beside PyTorch's for the same loss, and hmmlearn's EM."""
    from hmmlearn.hmm import CategoricalHMM

    print("| 800 sequences | states | ours | PyTorch | ours / PyTorch | hmmlearn, EM | losses differ by |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    n_passes, task = 20, tasks.Recall(64, n_cues=4)
    data = task.sample(1000, 153, random_state=0)
    train = task.sample(800, 153, random_state=0)  # a fifth of ours is held out
    for n_states in (2, 4, 8):

        def ours(n=n_passes, n_states=n_states):
            # two stages, neither of which stops before its passes are done
            return HMM(n_states, n_init=1, max_iter=n, tol=0, random_state=0).fit(
                data.X, sample_weight=data.sample_weight
            )

        ours(1)  # compiled, and what is done once
        begin = time.process_time()
        model = ours()
        mine = (time.process_time() - begin) / (2 * n_passes)
        one_pass, loss_at = torch_pass(train, n_states, len(task.symbols))
        begin = time.process_time()
        one_pass()
        theirs = time.process_time() - begin
        scores = np.concatenate(list(model.score_steps(train.X)))
        agree = abs(loss_at(model) / -(scores @ train.sample_weight.values) - 1)
        em = CategoricalHMM(n_states, n_iter=5, tol=-np.inf, random_state=0, init_params="ste")
        begin = time.process_time()
        em.fit(train.X.values[:, None], train.X.lengths)
        hmmlearn = (time.process_time() - begin) / 5
        times = f"{1e3 * mine:.1f} ms | {1e3 * theirs:.0f} ms | {mine / theirs:.3f} | {1e3 * hmmlearn:.0f} ms"
        print(f"| `{task!r}` | {n_states} | {times} | {agree:.0e} |", flush=True)


if __name__ == "__main__":
    sections = {"next": of_next_steps, "copy": of_copies, "sequence": of_sequences, "peers": beside_peers}
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sections", nargs="*", choices=[*sections, []], default=[])
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    for section in options.sections or sections:
        sections[section](range(options.seeds))
