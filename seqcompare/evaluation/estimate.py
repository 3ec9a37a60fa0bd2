"""What a trial will probably take."""

from __future__ import annotations

from collections.abc import Callable

from seqcompare.evaluation.trials import Trial

#: Whatever the model: drawing the data, predicting, scoring.
_OVERHEAD = 0.1

# Variant -> seconds of fitting by training steps, capacity and epochs; fitted by eye to one core of 2024.
# Training rarely uses up its budget, so iterative models count a share of their epochs.
_SECONDS: dict[str, Callable[[int, float, int], float]] = {
    "markov": lambda steps, order, epochs: 3e-7 * steps * (order + 1),
    "hmm": lambda steps, states, epochs: 1e-6 * steps * states * epochs,
    "hmm-sticky": lambda steps, states, epochs: 5e-7 * steps * states * epochs,
    "logistic": lambda steps, width, epochs: 2e-6 * steps * width,
    "linear-svm": lambda steps, width, epochs: 2e-6 * steps * width,
    "rbf-svm": lambda steps, width, epochs: 5e-5 * steps,
    "mlp": lambda steps, width, epochs: 1e-6 * steps * epochs,
    "logistic-centred": lambda steps, width, epochs: 2e-6 * steps * width,
    "exact": lambda steps, capacity, epochs: 0.0,
}


def estimate_seconds(trial: Trial) -> float:
    """Return roughly how long `trial` will take on one core, in seconds.

    For a model of the user's nothing is known, and one second is assumed.
    """
    if trial.model.source is not None:
        return 1.0
    length = trial.sizes.length or trial.task.natural_length
    steps = trial.sizes.n_train * length
    seconds = _SECONDS.get(trial.model.variant, _recurrent)
    return _OVERHEAD + seconds(steps, trial.model.capacity or 0, trial.model.budget.epochs)


def _recurrent(steps: int, width: float, epochs: int) -> float:
    return 1e-6 * steps * epochs * (0.3 + width / 64)
