import warnings
from itertools import pairwise

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from seqcompare import HMM, tasks
from seqcompare.models.hmm.charts import chart_of
from seqcompare.models.hmm.fit import Recipe
from seqcompare.models.hmm.prediction import _Data, loss_and_gradient

K, D = 3, 2


def draw(emission, rng, covariance_type="diag", mask=None):
    """A model, data and weights, some of them zero; some steps missing."""
    mask = np.ones((K, K), dtype=bool) if mask is None else mask
    lengths = np.array([1, 7, 4])
    n = lengths.sum()
    parameters = {
        "startprob": rng.dirichlet(np.ones(K)),
        "transmat": np.where(mask, rng.random((K, K)), 0),
    }
    parameters["transmat"] /= parameters["transmat"].sum(axis=1, keepdims=True)
    if emission == "categorical":
        parameters["emissionprob"] = rng.dirichlet(np.ones(4), K)
        values = rng.integers(0, 6, n)  # 4 is an unknown symbol, 5 a missing one
    elif emission == "poisson":
        parameters["lambdas"] = rng.random((K, D)) + 1
        values = rng.poisson(2, (n, D)).astype(float)
    else:
        parameters["means"] = rng.normal(size=(K, D))
        parameters["covars"] = rng.random(K if covariance_type == "spherical" else (K, D)) + 0.5
        values = rng.normal(size=(n, D))
    if emission != "categorical":
        values[rng.random((n, D)) < 0.2] = np.nan
    recipe = Recipe(
        emission=emission,
        covariance_type=covariance_type,
        n_mix=1,
        n_outputs=4 if emission == "categorical" else D,
        start_mask=np.ones(K, dtype=bool),
        mask=mask,
        priors={"transmat": 0.3, "emissionprob": 0.1},
    )
    weights = rng.random(n) * (rng.random(n) < 0.7)
    return chart_of(recipe), parameters, _Data(values, np.append(0, lengths.cumsum()), weights)


def loss_by_hand(parameters, b, data):
    """All paths of states, one by one."""
    total = 0.0
    for first, end in pairwise(data.offsets):
        before = 1.0
        for t in range(first, end):
            p = 0.0
            for path in np.ndindex(*[K] * (t + 1 - first)):
                one = parameters["startprob"][path[0]]
                for i, j in pairwise(path):
                    one *= parameters["transmat"][i, j]
                p += one * np.prod([b[first + i, k] for i, k in enumerate(path)])
            total -= data.weights[t] * np.log(p / before)
            before = p
    return total


CHARTS = [
    ("categorical", "diag", None),
    ("categorical", "diag", np.tri(K, dtype=bool).T),
    ("poisson", "diag", None),
    ("gaussian", "diag", None),
    ("gaussian", "spherical", None),
]


@pytest.mark.parametrize(("emission", "kind", "mask"), CHARTS)
def test_the_loss_is_that_of_all_paths(emission, kind, mask):
    chart, parameters, data = draw(emission, np.random.default_rng(0), kind, mask)
    fit = chart.likelihood(parameters, data.values)
    by_hand = loss_by_hand(parameters, np.exp(fit.log_of(slice(None)) + fit.shift[:, None]), data)
    for name, prior in chart.recipe.priors.items():
        if name in parameters:
            p = parameters[name]
            by_hand -= prior * np.log(p[p > 0]).sum()
    loss, _ = loss_and_gradient(chart, chart.point(parameters), data)
    assert loss == pytest.approx(by_hand, rel=1e-12)


@pytest.mark.parametrize(("emission", "kind", "mask"), CHARTS)
def test_the_gradient_is_that_of_finite_differences(emission, kind, mask):
    for seed in range(3):
        chart, parameters, data = draw(emission, np.random.default_rng(seed), kind, mask)
        point = chart.point(parameters)
        _, gradient = loss_and_gradient(chart, point, data)
        assert gradient.keys() == point.keys()
        for name, value in point.items():
            assert gradient[name].shape == value.shape
            for place in np.ndindex(value.shape):
                if not np.isfinite(value[place]):
                    assert gradient[name][place] == 0
                    continue
                sides = []
                for step in (-1e-5, 1e-5):
                    moved = {k: v.copy() for k, v in point.items()}
                    moved[name][place] += step
                    sides.append(loss_and_gradient(chart, moved, data)[0])
                slope = (sides[1] - sides[0]) / 2e-5
                assert gradient[name][place] == pytest.approx(slope, rel=1e-5, abs=1e-7)


def test_impossible_transitions_stay_impossible_and_what_is_fixed_stays():
    X = [list("abab"), list("bbaab"), list("aab")] * 5
    weights = [np.ones(len(x)) for x in X]
    emissions = [[0.9, 0.1], [0.2, 0.8]]
    model = HMM(
        2, topology="left-right", init={"emissionprob": emissions}, fixed=["emissionprob"], random_state=0
    )
    model.fit(X, sample_weight=weights)
    assert model.transmat_[1, 0] == 0
    assert model.startprob_[1] == 0
    np.testing.assert_allclose(model.emissionprob_, emissions)


def recall_of(task, seed, length, **parameters):
    """Accuracy on fresh data of an HMM that was fitted to the answers."""
    train, test = (task.sample(n, length, random_state=s) for n, s in ((1000, seed), (300, 1000 + seed)))
    model = HMM(2, random_state=seed, **parameters).fit(train.X, sample_weight=train.sample_weight)
    return task.score(test, model.predict_next_proba(test.X), model.symbols_), model


@pytest.mark.parametrize("seed", [0, 1])
def test_two_states_recall_over_64_steps(seed):
    accuracy, model = recall_of(tasks.Recall(64, n_cues=2), seed, 150, n_init=1)
    assert accuracy >= 0.99
    assert model.converged_
    np.testing.assert_array_less(0.95, np.diag(model.transmat_))


def test_four_states_recall_four_cues():
    task = tasks.Recall(16, n_cues=4)
    train, test = (task.sample(n, 58, random_state=n) for n in (600, 601))
    model = HMM(4, n_init=1, random_state=0).fit(train.X, sample_weight=train.sample_weight)
    assert task.score(test, model.predict_next_proba(test.X), model.symbols_) > 0.99


def test_the_same_call_gives_the_same_model_however_many_jobs_run():
    task = tasks.Recall(4, n_cues=2)
    data = task.sample(60, 30, random_state=0)
    models = [HMM(2, n_init=2, max_iter=20, n_jobs=jobs, random_state=0) for jobs in (None, 2)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for model in models:
            model.fit(data.X, sample_weight=data.sample_weight)
    np.testing.assert_array_equal(models[0].transmat_, models[1].transmat_)
    assert models[0].init_scores_.shape == (2,)
    assert models[0].loss_curve_[-1] == pytest.approx(-models[0].init_scores_.max())


def test_without_weights_prediction_and_likelihood_are_one():
    """The log-likelihood is the sum of the predictions, so descent comes near what EM reaches."""
    X = HMM.from_parameters(
        startprob=[0.5, 0.5], transmat=[[0.95, 0.05], [0.1, 0.9]], emissionprob=[[0.8, 0.2], [0.1, 0.9]]
    ).sample(60, 50, random_state=0)
    descent = HMM(2, objective="prediction", random_state=0).fit(X)
    assert descent.score(X) > HMM(2, random_state=0).fit(X).score(X) - 0.005


def test_whole_weights_of_sequences_are_repetitions():
    X = [list("abba"), list("aabab"), list("bb"), list("abab")]
    weights = np.array([2, 1, 0, 3])
    init = {
        "startprob": [0.5, 0.5],
        "transmat": [[0.7, 0.3], [0.4, 0.6]],
        "emissionprob": [[0.6, 0.4], [0.3, 0.7]],
    }
    weighted = HMM(2, init=init).fit(X, sample_weight=weights)
    repeated = HMM(2, init=init).fit([x for x, w in zip(X, weights, strict=True) for _ in range(w)])
    np.testing.assert_allclose(weighted.transmat_, repeated.transmat_, rtol=1e-9)
    np.testing.assert_allclose(weighted.loss_curve_, repeated.loss_curve_, rtol=1e-9)


def test_weights_of_one_change_nothing():
    X = [list("abba"), list("aabab"), list("bb"), list("abab")] * 5
    plain = HMM(2, random_state=0).fit(X)
    ones = HMM(2, random_state=0).fit(X, sample_weight=np.ones(len(X)))
    np.testing.assert_array_equal(plain.transmat_, ones.transmat_)


def test_objectives_that_do_not_go_with_the_data_are_refused():
    X = [[0.5, 1.0], [0.1, 0.2, 0.3]] * 6
    weights = [np.ones(len(x)) for x in X]
    with pytest.raises(ValueError, match="objective='likelihood' is of whole sequences"):
        HMM(2, objective="likelihood").fit(X, sample_weight=weights)
    with pytest.raises(ValueError, match="covariance_type 'diag' or 'spherical'"):
        HMM(2, covariance_type="full").fit(X, sample_weight=weights)
    with pytest.raises(ValueError, match="objective must be one of"):
        HMM(2, objective="answers").fit(X)


def test_numbers_are_predicted_where_they_count():
    """A level is shown at the beginning and again at the end, which alone counts."""
    rng = np.random.default_rng(0)
    X, weights = [], []
    for _ in range(300):
        x = np.zeros(30)
        x[[2, -1]] = rng.choice([-1.0, 1.0]) + 0.1 * rng.normal(size=2)
        X.append(x)
        weights.append(np.eye(30)[-1])
    model = HMM(2, random_state=0).fit(X, sample_weight=weights)
    last = np.array([steps[-1] for steps in model.score_steps(X)])
    assert last.mean() > 0  # -1.4 is what one normal distribution of both levels has, .9 the optimum
