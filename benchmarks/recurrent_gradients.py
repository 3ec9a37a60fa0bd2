"""How far the gradients of each cell reach on Recall, before training and after it.

Medians over 64 sequences of the norm of d loss[t] / d state[t-k], where t is an answer, relative to k = 1.

    python benchmarks/recurrent_gradients.py [--distances 16 64]
"""

from __future__ import annotations

import argparse

import numpy as np

from seqcompare import RNNTagger, tasks
from seqcompare.models.recurrent import warm_up
from seqcompare.models.recurrent.diagnostics import gradient_by_lag, jacobian_spectrum

LAGS = (8, 16, 32, 64)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--distances", type=int, nargs="+", default=[16, 64])
    args = parser.parse_args()
    warm_up()
    print("| distance | cell | weights | accuracy | " + " | ".join(f"k={k}" for k in LAGS) + " | radius |")
    print("|---" * (5 + len(LAGS)) + "|")
    for distance in args.distances:
        data = tasks.Recall(distance).sample(2000, random_state=0)
        # as NextStep has it: the label of a step is the symbol after it
        X = [x[:-1] for x in data.X]
        y = [x[1:] for x in data.X]
        weights = [w[1:] for w in data.sample_weight]
        for cell in ("elman", "gru", "lstm"):
            start = RNNTagger(cell, max_iter=1, learning_rate_init=1e-12, random_state=0).fit(X, y, weights)
            end = RNNTagger(cell, random_state=0, max_iter=100).fit(X, y, weights)
            for name, model in (("at the start", start), (f"epoch {end.best_iter_}", end)):
                result = gradient_by_lag(model, X, y, sample_weight=weights)
                medians = result.frame()["median"].to_numpy()
                shares = [f"{medians[k] / medians[1]:.1e}" if k < len(medians) else "" for k in LAGS]
                radius = np.median(jacobian_spectrum(model, X, max_steps=100).frame()["spectral_radius"])
                score = model.score(X[:200], y[:200], weights[:200])
                print(
                    f"| {distance} | {cell} | {name} | {score:.3f} | {' | '.join(shares)} | {radius:.3f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
