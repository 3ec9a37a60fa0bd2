import numpy as np
import pytest
from sklearn.model_selection import KFold

from seqcompare import HMM, select_n_components


def plateaus(n_sequences=12, seed=0, n_levels=3):
    rng = np.random.default_rng(seed)
    levels = [np.repeat(rng.integers(0, n_levels, 8), 6) for _ in range(n_sequences)]
    return [4.0 * level + rng.normal(size=level.shape) for level in levels]


@pytest.mark.parametrize("criterion", ["bic", "aic", "cv"])
def test_finds_the_number_of_levels(criterion):
    X = plateaus()
    found = select_n_components(X, range(1, 5), criterion, estimator=HMM(n_init=2, random_state=0), cv=3)
    assert found.best_n_components == 3
    assert found.best_estimator.n_components == 3
    table = found.frame()
    assert table["n_components"].tolist() == [1, 2, 3, 4]
    model = HMM(2, n_init=2, random_state=0).fit(X)
    row = table.iloc[1]
    assert row["log_likelihood"] == pytest.approx(model.score_samples(X).sum())
    assert row["aic"] == pytest.approx(model.aic(X))
    assert row["bic"] == pytest.approx(model.bic(X))
    assert row["n_parameters"] == model.n_parameters_


def test_held_out_loss():
    X = plateaus()
    model = HMM(n_init=1, random_state=0)
    found = select_n_components(X, [2], "cv", estimator=model, cv=3, random_state=4).frame()
    losses = [
        -HMM(2, n_init=1, random_state=0).fit([X[i] for i in train]).score([X[i] for i in test])
        for train, test in KFold(3, shuffle=True, random_state=4).split(X)
    ]
    assert found["cv_loss"][0] == pytest.approx(np.mean(losses))
    assert found["cv_std_error"][0] == pytest.approx(np.std(losses, ddof=1) / np.sqrt(3))


def test_one_sequence_is_cut():
    X = [np.concatenate(plateaus())]
    found = select_n_components(X, [1, 3], "cv", estimator=HMM(n_init=2, random_state=0), cv=4)
    assert found.best_n_components == 3


def test_symbols_that_a_fold_lacks_are_not_unknown():
    X = [list("abab")] * 5 + [list("abz")]
    found = select_n_components(X, [1, 2], "cv", cv=3)
    assert found.best_estimator.symbols_.tolist() == ["a", "b", "z"]
    assert np.isfinite(found.frame()["cv_loss"]).all()


def test_workers_change_nothing():
    X = plateaus(6)
    alone, two = (select_n_components(X, [1, 2], "cv", cv=2, n_jobs=n).frame() for n in (None, 2))
    assert alone.equals(two)


def test_plot_marks_the_best():
    import matplotlib

    matplotlib.use("Agg")
    found = select_n_components(plateaus(6), [1, 3], estimator=HMM(n_init=2, random_state=0))
    ax = found.plot()
    assert ax.get_title(loc="left") == "3 states are best"
    assert ax.get_ylabel() == "BIC (nats)"
    drawn = ax.lines[-1].get_xydata()[0]
    assert drawn.tolist() == [3.0, found.frame()["bic"][1]]
    assert "<table" in found._repr_html_()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_components": []}, "n_components is empty"),
        ({"n_components": [0]}, "n_components must be an integer >= 1"),
        ({"criterion": "loo"}, "criterion must be one of 'cv', 'bic', 'aic'"),
        ({"cv": 1}, "cv must be 2 or more"),
        ({"cv": 1000, "criterion": "cv"}, "cv=1000 folds need more than the 96 steps"),
    ],
)
def test_wrong_arguments_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        select_n_components(plateaus(2), **options)
