"""Which lags matter, where the truth is known."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler
from sklearn.svm import SVC

from seqcompare import WindowClassifier, WindowRegressor, WindowTagger
from seqcompare.models.windows.standard import standard_classifier
from seqcompare.tasks import DelayedXor, Echo


def fitted(task, model):
    data = task.sample(60, 40, 0)
    return model.fit(data.X, data.y, data.sample_weight), task.sample(60, 40, 1)


@pytest.mark.parametrize("distance", [0, 3, -2])
def test_the_weights_of_an_echo_sit_at_its_distance(distance):
    model, _ = fitted(Echo(distance), WindowTagger(before=4, after=3))
    influence = model.influence_by_lag()
    assert influence.lags.tolist() == [4, 3, 2, 1, 0, -1, -2, -3]
    assert influence.lags[np.argmax(influence.influence)] == distance
    others = influence.influence[influence.lags != distance]
    assert others.max() < 0.1 * influence.influence.max()


def test_the_norm_is_that_of_the_columns_of_the_lag():
    model = WindowTagger(before=1).fit(["abca", "cab"], [[0, 1, 2, 0], [1, 2, 0]])
    # t-1=a, b, c, <pad>; t=a, b, c
    coef = model.estimator_.coef_
    expected = [np.linalg.norm(coef[:, :3]), np.linalg.norm(coef[:, 4:])]
    np.testing.assert_allclose(model.influence_by_lag().influence, expected)
    piped = WindowTagger(make_pipeline(MaxAbsScaler(), LogisticRegression()), before=1)
    piped.fit(["abca", "cab"], [[0, 1, 2, 0], [1, 2, 0]])
    np.testing.assert_allclose(piped.influence_by_lag().influence, expected, rtol=1e-3)
    linear = WindowTagger(SVC(kernel="linear"), before=1, calibration_cv=None)
    assert linear.fit(["abca"], [[0, 1, 0, 0]]).influence_by_lag().influence.shape == (2,)


def test_a_pair_counts_at_both_its_lags():
    model, _ = fitted(DelayedXor(2), WindowTagger(before=3, pairs=True))
    frame = model.influence_by_lag().frame().set_index("lag")
    assert frame.loc[[2, 0], "influence"].min() > 3 * frame.loc[[3, 1], "influence"].max()


def test_shuffling_a_lag_of_an_xor_costs_all_there_is():
    net = standard_classifier("mlp", random_state=0)
    model, test = fitted(DelayedXor(2), WindowTagger(net, before=3))
    influence = model.permutation_importance_by_lag(
        test.X, test.y, test.sample_weight, n_repeats=3, random_state=0
    )
    by_lag = dict(zip(influence.lags.tolist(), influence.influence, strict=True))
    assert by_lag[2] == pytest.approx(0.5, abs=0.05)
    assert by_lag[0] == pytest.approx(0.5, abs=0.05)
    assert max(abs(by_lag[1]), abs(by_lag[3])) < 0.02
    again = model.permutation_importance_by_lag(
        test.X, test.y, test.sample_weight, n_repeats=3, random_state=0
    )
    np.testing.assert_array_equal(influence.influence, again.influence)
    with pytest.raises(ValueError, match="MLPClassifier has no weight for each of the 11 columns"):
        model.influence_by_lag()


@pytest.mark.parametrize("pooling", ["last", "mean", "max"])
def test_classifiers_and_regressors_tell_their_lags_too(pooling):
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(n, 2)) for n in rng.integers(4, 9, size=80)]
    number = np.array([x[-3, 1] for x in X])
    classifier = WindowClassifier(width=4, pooling=pooling).fit(X, number > 0)
    regressor = WindowRegressor(width=4, pooling=pooling).fit(X, number)
    for model, target in ((classifier, number > 0), (regressor, number)):
        drop = model.permutation_importance_by_lag(X, target, random_state=0)
        assert drop.lags.tolist() == [3, 2, 1, 0]
        norms = model.influence_by_lag()
        if pooling == "last":
            assert drop.lags[np.argmax(drop.influence)] == 2
            assert norms.lags[np.argmax(norms.influence)] == 2
    if pooling == "last":
        # two independent draws of the same variable share none of its variance
        at_2 = regressor.permutation_importance_by_lag(X, number, n_repeats=40, random_state=0)
        assert at_2.influence[1] == pytest.approx(2 * regressor.score(X, number), abs=0.2)


def test_results_are_shown_as_table_and_plot():
    model, test = fitted(Echo(1), WindowTagger(before=2))
    drop = model.permutation_importance_by_lag(test.X, test.y, test.sample_weight, random_state=0)
    frame = drop.frame()
    assert frame.columns.tolist() == ["lag", "influence", "std", "share"]
    assert frame["share"].sum() == pytest.approx(1)
    assert "<table" in drop._repr_html_()
    ax = drop.plot()
    assert [bar.get_height() for bar in ax.patches] == pytest.approx(drop.influence.tolist())
    assert [round(bar.get_x() + bar.get_width() / 2) for bar in ax.patches] == [-2, -1, 0]
    weights = model.influence_by_lag()
    assert weights.frame()["std"].isna().all()
    assert weights.plot(ax) is ax
    assert ax.get_ylabel() == "norm of the weights"


def test_the_mark_of_an_edge_is_shuffled_with_its_lag():
    X, y = ["ab", "ba", "aab", "bba"] * 5, [[1, 0], [1, 0], [1, 0, 0], [1, 0, 0]] * 5
    model = WindowTagger(MLPClassifier((8,), solver="lbfgs", random_state=0), before=1).fit(X, y)
    drop = model.permutation_importance_by_lag(X, y, random_state=0)
    assert drop.influence[0] > 0.3
