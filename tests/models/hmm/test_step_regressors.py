"""Numbers of steps from hidden states: against conditioning by hand, and with numbers that are missing."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from seqcompare import HMMStepRegressor, KalmanStepRegressor, Sequences


def draw(n=12, T=25, seed=0):
    """Return inputs of two channels, of which the first drives a slow level, and that level with noise."""
    rng = np.random.default_rng(seed)
    X = [rng.normal(size=(T, 2)) for _ in range(n)]
    y = []
    for x in X:
        level = np.zeros(T)
        for t in range(T):
            level[t] = 0.8 * (level[t - 1] if t else 0.0) + x[t, 0]
        y.append(level + 0.3 * rng.normal(size=T))
    return X, y


def joint_normal(machine, T):
    """Return mean and covariance of all steps of a linear Gaussian model, end to end, by its definition."""
    k, d = len(machine.start_mean), len(machine.offset)
    states = np.zeros((T, T, k, k))
    cov = machine.start_cov
    for t in range(T):
        states[t, t] = cov
        for s in range(t + 1, T):
            states[s, t] = machine.transition @ states[s - 1, t]
            states[t, s] = states[s, t].T
        cov = machine.transition @ cov @ machine.transition.T + machine.state_noise
    whole = np.zeros((T, d, T, d))
    for t in range(T):
        for s in range(T):
            whole[t, :, s, :] = machine.loading @ states[t, s] @ machine.loading.T
        whole[t, :, t, :] += machine.noise
    mean, state = [], machine.start_mean
    for _ in range(T):
        mean.append(machine.offset + machine.loading @ state)
        state = machine.transition @ state
    return np.array(mean), whole


@pytest.mark.parametrize("decode", ["filter", "posterior"])
@pytest.mark.parametrize("gaps", [False, True])
def test_kalman_regression_conditions_exactly(decode, gaps):
    X, y = draw(8, 12)
    model = KalmanStepRegressor(2, decode=decode, missing="allow", tol=1e-6).fit(X, y)
    x = X[0][:6].copy()
    if gaps:
        x[2, 0] = x[4] = np.nan
    found = model.predict_distribution([x])[0]
    mean, cov = joint_normal(model.density_.machine_, len(x))
    for t in range(len(x)):
        upto = len(x) if decode == "posterior" else t + 1
        seen = np.zeros((len(x), 3), dtype=bool)
        seen[:upto, :2] = ~np.isnan(x[:upto])
        inner = cov[seen][:, seen]
        cross = cov[t, 2][seen]
        slope = np.linalg.solve(inner, cross)
        off = np.column_stack([x, np.zeros(len(x))])[seen] - mean[seen]
        assert found.mean[t] == pytest.approx(mean[t, 2] + slope @ off)
        assert found.variance[t] == pytest.approx(cov[t, 2, t, 2] - slope @ cross)


@pytest.mark.parametrize("decode", ["filter", "posterior"])
def test_hmm_regression_sums_over_all_paths(decode):
    X, y = draw(8, 12)
    model = HMMStepRegressor(2, decode=decode, n_init=1, random_state=0).fit(X, y)
    hmm, x = model.density_, X[0][:5]
    found = model.predict_distribution([x])[0]
    assert found.mean == pytest.approx(model.predict([x])[0])
    paths = np.array(np.meshgrid(*[[0, 1]] * len(x))).reshape(len(x), -1).T
    fit = np.array([multivariate_normal(hmm.means_[k, :2], hmm.covars_[k][:2, :2]).pdf(x) for k in (0, 1)])
    for t in range(len(x)):
        upto = len(x) if decode == "posterior" else t + 1
        states = np.zeros(2)
        for path in paths:
            p = hmm.startprob_[path[0]]
            for s in range(1, len(x)):
                p *= hmm.transmat_[path[s - 1], path[s]]
            states[path[t]] += p * np.prod([fit[path[s], s] for s in range(upto)])
        states /= states.sum()
        mean = sum(
            states[k]
            * (
                hmm.means_[k, 2]
                + hmm.covars_[k][2, :2] @ np.linalg.solve(hmm.covars_[k][:2, :2], x[t] - hmm.means_[k, :2])
            )
            for k in (0, 1)
        )
        assert found.mean[t] == pytest.approx(mean)


@pytest.mark.parametrize(
    "model", [HMMStepRegressor(2, n_init=1, random_state=0), KalmanStepRegressor(2, tol=1e-6)]
)
def test_what_a_missing_number_is_called_does_not_matter(model):
    X, y = draw(10, 15)
    rng = np.random.default_rng(1)
    weights = [(rng.random(len(v)) < 0.6).astype(float) for v in y]
    other = [np.where(w == 0, 1e6, v) for w, v in zip(weights, y, strict=True)]
    ours = model.fit(X, y, weights).predict(X)
    assert model.score(X, y, weights) > 0.3
    theirs = model.fit(X, other, weights).predict(X)
    assert np.concatenate(ours) == pytest.approx(np.concatenate(theirs))


def test_a_state_of_numbers_learns_a_slow_level():
    X, y = draw(20, 40)
    fresh = draw(20, 40, seed=5)
    model = KalmanStepRegressor(2, tol=1e-7).fit(X, y)
    # noise of variance .09 is left of 2.9
    assert model.score(*fresh) == pytest.approx(1 - 0.09 / 2.87, abs=0.02)
    assert HMMStepRegressor(1, random_state=0).fit(X, y).score(*fresh) < 0.5


def test_reading_step_by_step_comes_to_the_same():
    X, y = draw(6, 12)
    for model in (HMMStepRegressor(2, n_init=1, random_state=0), KalmanStepRegressor(2, tol=1e-6)):
        whole = model.fit(X, y).predict([X[0]])[0]
        state, said = model.start(), []
        for x in X[0]:
            answer, state = model.step(state, x)
            said.append(answer)
        assert said == pytest.approx(whole)


def test_symbols_beside_numbers_are_read():
    X, y = draw(6, 12)
    letters = [np.where(x[:, 0] > 0, "up", "down") for x in X]
    columns = {"sign": np.concatenate(letters), "size": np.concatenate(X)[:, 0]}
    mixed = Sequences.from_columns(columns, [len(x) for x in X])
    model = HMMStepRegressor(2, n_init=1, random_state=0).fit(mixed, Sequences(y))
    assert model.predict(mixed).values.shape == (72,)
    state, said = model.start(), []
    for x in mixed[0]:
        answer, state = model.step(state, x)
        said.append(answer)
    assert said == pytest.approx(model.predict(mixed)[0])


def test_what_cannot_be_is_said():
    X, y = draw(4, 6)
    with pytest.raises(ValueError, match="decode must be one of 'filter', 'posterior', got 'viterbi'"):
        HMMStepRegressor(decode="viterbi").fit(X, y)
    with pytest.raises(ValueError, match="y has 2 numbers a step, expected one"):
        KalmanStepRegressor().fit(X, X)
    with pytest.raises(ValueError, match="is for steps that are numbers"):
        KalmanStepRegressor().fit(["ab", "ba"], [[0.5, 1], [2, 3]])
    with pytest.raises(ValueError, match="needs the whole sequence"):
        KalmanStepRegressor(1, decode="posterior").fit(X, y).start()
