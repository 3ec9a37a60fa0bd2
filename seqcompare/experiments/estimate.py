"""What a trial will probably take."""

from __future__ import annotations

from seqcompare.experiments.trials import Trial

#: Whatever the model: drawing the data and scoring.
_OVERHEAD = 0.02

# Variant -> seconds a training step, capacity apart, on one core of 2024: medians of a default sweep.
# Training by gradients counts its whole budget of epochs; EM and convex solvers what they usually take.
_FIT = {
    "markov": 3e-7,
    "hmm": 1e-5,
    "hmm-sticky": 4e-6,
    "logistic": 5e-7,
    "logistic-centred": 5e-7,
    "linear-svm": 2e-7,
    "rbf-svm": 3e-5,
    "ridge": 1e-7,
    "mlp": 2e-7,
    "elman": 5e-7,
    "jordan": 5e-7,
    "gru": 7e-7,
    "lstm": 1e-6,
    "bilstm": 1.6e-6,
}
_BY_EPOCHS = {"mlp", "elman", "jordan", "gru", "lstm", "bilstm"}

#: Seconds of prediction a test step.
_PREDICT = 1e-6


def estimate_seconds(trial: Trial) -> float:
    """Return roughly how long `trial` will take on one core, in seconds.

    For a model of the user's nothing is known, and one second is assumed.
    """
    spec, sizes = trial.model, trial.sizes
    if spec.source is not None:
        return 1.0
    length = sizes.length or trial.task.natural_length
    fixed = _OVERHEAD + _PREDICT * sizes.n_test * length
    if spec.variant not in _FIT:
        return fixed
    return fixed + _FIT[spec.variant] * sizes.n_train * length * _passes(trial)


def _passes(trial: Trial) -> float:
    """Return the work a step: the capacity, and the epochs where training may use up its budget."""
    spec = trial.model
    capacity = spec.capacity or 0
    if spec.variant == "markov":
        return capacity + 1
    if spec.variant not in _BY_EPOCHS:
        return capacity
    return spec.budget.epochs * (1.0 if spec.variant == "mlp" else 0.3 + capacity / 64)
