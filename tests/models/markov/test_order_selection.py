import numpy as np
import pytest
from scipy.stats import chi2_contingency

from seqcompare import MarkovChain, select_order


def second_order(n=5000, seed=0):
    rng = np.random.default_rng(seed)
    x = [0, 1]
    for _ in range(n):
        x.append((x[-1] + x[-2]) % 3 if rng.random() < 0.6 else int(rng.integers(3)))
    return np.array(x)


@pytest.mark.parametrize("criterion", ["cv", "bic", "aic"])
def test_finds_the_true_order(criterion):
    x = second_order()
    found = select_order([x], range(5), criterion)
    assert found.best_order == 2
    found = select_order(np.array_split(x, 40), range(5), criterion)
    assert found.best_order == 2


def test_likelihoods_by_counting():
    X = ["abcab", "bca", "cc"]
    table = select_order(X, [0, 1, 2], "bic", cv=2).frame().set_index("order")
    # with 2 steps before them: c a b of the first, a of the second
    assert table.loc[0, "log_likelihood"] == pytest.approx(2 * np.log(2 / 4) + 2 * np.log(1 / 4))
    # after b: c a -> b: c | c: a, a | a: b, each certain
    assert table.loc[1, "log_likelihood"] == pytest.approx(0)
    assert table.loc[1, "n_contexts"] == 3
    assert table.loc[2, "n_possible_contexts"] == 9
    assert table.loc[1, "aic"] == pytest.approx(2 * 3 * 2)
    assert table.loc[1, "bic"] == pytest.approx(3 * 2 * np.log(4))


def test_the_ratio_test_is_that_of_independence():
    x = second_order(400)
    table = select_order([x], [0, 1, 2, 3]).frame().set_index("order")
    late = np.arange(3, len(x))
    pairs = np.zeros((3, 3))
    np.add.at(pairs, (x[late - 1], x[late]), 1)
    expected = chi2_contingency(pairs, correction=False, lambda_="log-likelihood")
    assert table.loc[0, "lr_statistic"] == pytest.approx(expected.statistic)
    assert table.loc[0, "lr_df"] == expected.dof
    assert table.loc[0, "lr_p_value"] == pytest.approx(expected.pvalue)
    # order 1 against 2: one table for each step between
    parts = []
    for middle in range(3):
        cells = np.zeros((3, 3))
        chosen = late[x[late - 1] == middle]
        np.add.at(cells, (x[chosen - 2], x[chosen]), 1)
        parts.append(chi2_contingency(cells, correction=False, lambda_="log-likelihood"))
    assert table.loc[1, "lr_statistic"] == pytest.approx(sum(p.statistic for p in parts))
    assert table.loc[1, "lr_df"] == sum(p.dof for p in parts)
    assert table.loc[1, "lr_p_value"] < 1e-6
    assert table["lr_p_value"].isna().tolist() == [False, False, False, True]


def test_p_values_are_uniform_when_the_order_is_enough():
    rng = np.random.default_rng(1)
    chain = MarkovChain(1).fit([second_order(300)])
    p = []
    for _ in range(200):
        table = select_order(
            chain.sample(1, 800, random_state=rng.integers(2**31)), [1, 2], "bic", cv=2
        ).frame()
        assert table.loc[0, "lr_trusted"]
        p.append(table.loc[0, "lr_p_value"])
    np.testing.assert_allclose(np.quantile(p, [0.1, 0.5, 0.9]), [0.1, 0.5, 0.9], atol=0.1)


def test_sparse_tables_are_not_trusted():
    x = np.random.default_rng(2).integers(0, 20, size=500)
    table = select_order([x], [1, 2, 3], cv=2).frame()
    assert table["lr_trusted"].tolist() == [False, False, None]
    # degrees of freedom are those of what was seen, not 20 * 19 * 19 and 20^2 * 19 * 19
    assert table.loc[0, "lr_df"] < 7220
    assert table.loc[1, "lr_df"] < 1000


def test_held_out_loss_by_hand():
    X = ["abab", "abba"]
    table = select_order(X, [1], cv=2, estimator=MarkovChain(smoothing="additive", alpha=0.5)).frame()
    losses = [
        -MarkovChain(1, "additive", alpha=0.5).fit([train]).score([test]) / np.log(2)
        for train, test in [X, X[::-1]]
    ]
    assert table.loc[0, "cv_bits"] == pytest.approx(np.mean(losses))
    assert table.loc[0, "cv_std_error"] == pytest.approx(np.std(losses, ddof=1) / np.sqrt(2))


def test_one_sequence_is_held_out_in_runs():
    x = [0, 1, 0, 1, 1, 1]
    table = select_order([x], [0], cv=2, estimator=MarkovChain(smoothing="additive")).frame()
    # first half 0 1 0, second 1 1 1: each predicted from the counts of the other
    first = np.log2(1 / 5) * 2 + np.log2(4 / 5)
    second = np.log2(2 / 5) * 3
    assert table.loc[0, "cv_bits"] == pytest.approx(-(first + second) / 6)


def test_the_result_can_be_read_and_drawn():
    found = select_order([second_order(500)], range(4))
    frame = found.frame()
    frame["order"] = 99
    assert found.frame()["order"].tolist() == [0, 1, 2, 3]
    axes = found.plot()
    assert axes.get_xlabel() == "order"
    (drawn,) = (c for c in axes.containers)
    np.testing.assert_allclose(drawn.lines[0].get_ydata().astype(float), found.frame()["cv_bits"])
    axes.figure.clear()
    assert "lr_p_value" in found._repr_html_()
    assert found.n_steps == 502 - 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"orders": []}, "orders is empty"),
        ({"orders": [-1]}, "order must be a whole number"),
        ({"criterion": "mdl"}, "criterion must be one of cv, bic, aic, got 'mdl'"),
        ({"cv": 1}, "cv must be"),
        ({"orders": [6]}, "no sequence is longer than the largest order, 6: the longest has 4 steps"),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        select_order(["abab", "ab"], **arguments)
