from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.utils.estimator_checks import check_estimator

from seqcompare import MarkovChain, Sequences

SMOOTHINGS = ["witten-bell", "kneser-ney", "additive", "none"]
START = "<start>"


def contexts_of(x, t, order):
    """The contexts of x[t] of 0 to `order` steps, shortest first; none reaches beyond the start."""
    past = [START, *x[:t]]
    return [tuple(past[len(past) - m :]) for m in range(min(order, t + 1) + 1)]


class DictChain:
    """The definitions, in the plainest form: dicts of counters."""

    def __init__(self, X, order, smoothing, weights=None, alpha=1.0, discount=None):
        self.order, self.smoothing, self.alpha, self.discount = order, smoothing, alpha, discount
        self.symbols = sorted({s for x in X for s in x})
        self.counts = defaultdict(Counter)
        for i, x in enumerate(X):
            for t, s in enumerate(x):
                for context in contexts_of(x, t, order):
                    self.counts[context][s] += 1 if weights is None else weights[i][t]
        self.used = self.continuation() if smoothing == "kneser-ney" else self.counts

    def continuation(self):
        used = defaultdict(Counter)
        for context, followers in self.counts.items():
            for s, n in followers.items():
                if len(context) == self.order or context[:1] == (START,):
                    used[context][s] = n
                if context and n > 0:
                    rest = context[1:]
                    if rest[:1] != (START,):
                        used[rest][s] += 1
        return used

    def discounts(self, length):
        if self.discount is not None:
            return [0, self.discount, self.discount, self.discount]
        values = [n for c, f in self.used.items() if len(c) == length for n in f.values()]
        n1, n2, n3, n4 = (values.count(i) for i in (1, 2, 3, 4))
        if n1 and n2 and n3:
            y = n1 / (n1 + 2 * n2)
            estimate = [0, 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3]
            if min(estimate[1:]) > 0:
                return estimate
        return [0, 0.5, 1.0, 1.5]

    def proba(self, x, t, s):
        contexts = contexts_of(x, t, self.order)
        size = len(self.symbols)
        if self.smoothing == "additive":
            n = self.counts.get(contexts[-1], Counter())
            return (n[s] + self.alpha) / (sum(n.values()) + self.alpha * size)
        p = 1 / size
        for context in contexts:
            n = self.used.get(context, Counter())
            total = sum(n.values())
            if total == 0:
                continue
            types = sum(v > 0 for v in n.values())
            if self.smoothing == "none":
                p = n[s] / total
            elif self.smoothing == "witten-bell":
                p = (n[s] + types * p) / (total + types)
            else:
                d = self.discounts(len(context))
                kept = n[s] - d[min(n[s], 3)]
                p = (kept + sum(d[min(v, 3)] for v in n.values()) * p) / total
        return p


def text(rng, n=40, alphabet="abcd"):
    """Ragged strings whose symbols lean on the one two steps back."""
    out = []
    for _ in range(n):
        x = list(rng.choice(list(alphabet), size=2))
        for _ in range(rng.integers(0, 12)):
            x.append(x[-2] if rng.random() < 0.7 else rng.choice(list(alphabet)))
        out.append("".join(x[: max(1, len(x) - rng.integers(0, 2))]))
    return out


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
@pytest.mark.parametrize("order", [0, 1, 2, 5])
def test_agrees_with_dicts_of_counters(smoothing, order):
    rng = np.random.default_rng(order)
    X, unseen = text(rng), text(rng, 15)
    chain = MarkovChain(order, smoothing, alpha=0.3).fit(X)
    naive = DictChain(X, order, smoothing, alpha=0.3)
    assert list(chain.symbols_) == naive.symbols
    rows = chain.predict_next_proba(unseen)
    with np.errstate(divide="ignore"):
        for x, row, score in zip(unseen, rows, chain.score_samples(unseen), strict=True):
            expected = [[naive.proba(x + "?", t + 1, s) for s in naive.symbols] for t in range(len(x))]
            np.testing.assert_allclose(row, expected, rtol=1e-12, atol=1e-15)
            total = sum(np.log(naive.proba(x, t, s)) for t, s in enumerate(x))
            np.testing.assert_allclose(score, total, rtol=1e-12)
    np.testing.assert_allclose(chain.initial_proba_, [naive.proba("?", 0, s) for s in naive.symbols])


def test_estimated_discounts_are_used():
    X = text(np.random.default_rng(0), 60, "abcdefghij")
    chain = MarkovChain(3, "kneser-ney").fit(X)
    naive = DictChain(X, 3, "kneser-ney")
    np.testing.assert_allclose(chain.discounts_, [naive.discounts(m)[1:] for m in range(4)])
    assert not np.allclose(chain.discounts_[3], [0.5, 1.0, 1.5])
    fixed = MarkovChain(3, "kneser-ney", discount=0.75).fit(X)
    plain = DictChain(X, 3, "kneser-ney", discount=0.75)
    row = fixed.predict_next_proba(["abca"])[0][-1]
    np.testing.assert_allclose(row, [plain.proba("abca?", 4, s) for s in plain.symbols])


def test_kneser_ney_by_hand():
    # "ab" twice, "cb" once, order 1, discount 1/2. Continuation counts: a after {start}, b after {a, c},
    # c after {start}: 1, 2, 1 of 4. p0(b) = (2 - 1/2)/4 + (3/2)/4 * 1/3 = 1/2
    chain = MarkovChain(1, "kneser-ney", discount=0.5).fit(["ab", "ab", "cb"])
    # p(b | a) = (2 - 1/2)/2 + (1/2)/2 * 1/2 = 7/8
    assert chain.predict_next_proba(["a"])[0][0][1] == pytest.approx(7 / 8, rel=1e-14)
    # p(a | start) = (2 - 1/2)/3 + (1)/3 * p0(a), p0(a) = (1 - 1/2)/4 + (3/2)/4 * 1/3 = 1/4
    assert chain.initial_proba_[0] == pytest.approx(1.5 / 3 + 0.25 / 3, rel=1e-14)


symbol_lists = st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=12), min_size=1, max_size=6)


@settings(deadline=None)
@given(
    symbol_lists,
    symbol_lists,
    st.integers(0, 4),
    st.sampled_from(SMOOTHINGS),
)
def test_rows_sum_to_one_and_add_up_to_the_likelihood(X, other, order, smoothing):
    chain = MarkovChain(order, smoothing).fit(X)
    known = [x for x in ([s for s in x if s in chain.symbols_] for x in other) if x] or X
    rows = chain.predict_next_proba(known)
    scores = chain.score_samples(known)
    with np.errstate(divide="ignore"):
        for x, row, score in zip(known, rows, scores, strict=True):
            np.testing.assert_allclose(row.sum(axis=1), 1, rtol=1e-12)
            codes = np.searchsorted(chain.symbols_, x)
            parts = [chain.initial_proba_[codes[0]], *row[np.arange(len(x) - 1), codes[1:]]]
            np.testing.assert_allclose(np.log(parts).sum(), score, rtol=1e-10, atol=1e-12)
    assert not np.isnan(scores).any()


@settings(deadline=None)
@given(symbol_lists, st.integers(0, 4), st.sampled_from(SMOOTHINGS))
def test_predictions_use_no_later_step(X, order, smoothing):
    chain = MarkovChain(order, smoothing).fit(X)
    x = X[0]
    whole = chain.predict_next_proba([x])[0]
    for t in range(1, len(x)):
        np.testing.assert_array_equal(chain.predict_next_proba([x[:t]])[0], whole[:t])


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.lists(st.integers(0, 3), min_size=1, max_size=8), st.integers(0, 3)),
        min_size=1,
        max_size=6,
    ).filter(lambda pairs: any(w for _, w in pairs)),
    st.integers(0, 3),
    st.sampled_from(SMOOTHINGS),
)
def test_whole_sequence_weights_are_repetitions(pairs, order, smoothing):
    X, weights = [x for x, _ in pairs], [w for _, w in pairs]
    weighted = MarkovChain(order, smoothing).fit(X, sample_weight=weights)
    repeated = MarkovChain(order, smoothing).fit([x for x, w in pairs for _ in range(w)])
    np.testing.assert_array_equal(weighted.symbols_, repeated.symbols_)
    np.testing.assert_array_equal(weighted.counts_.code, repeated.counts_.code)
    np.testing.assert_allclose(weighted.score_samples(X), repeated.score_samples(X), rtol=1e-12)
    assert weighted.n_contexts_ == repeated.n_contexts_


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
@pytest.mark.parametrize("order", [0, 1, 3])
def test_step_weights_weigh_predictions(smoothing, order):
    rng = np.random.default_rng(5)
    X = text(rng)
    weights = [rng.integers(0, 3, size=len(x)) * (rng.random(len(x)) < 0.5) for x in X]
    chain = MarkovChain(order, smoothing).fit(X, sample_weight=weights)
    naive = DictChain(X, order, smoothing, weights)
    for x in text(rng, 5):
        row = chain.predict_next_proba([x])[0]
        expected = [[naive.proba(x + "?", t + 1, s) for s in naive.symbols] for t in range(len(x))]
        np.testing.assert_allclose(row, expected, rtol=1e-12, atol=1e-15)


def test_the_start_is_context():
    # x[0] = a always; "b" follows the first a, "c" any later one
    chain = MarkovChain(2, "none").fit(["abac", "abacac"])
    assert dict(zip(chain.symbols_, chain.initial_proba_, strict=True)) == {"a": 1, "b": 0, "c": 0}
    np.testing.assert_array_equal(chain.predict_next_proba(["aba"])[0], [[0, 1, 0], [1, 0, 0], [0, 0, 1]])


@pytest.mark.parametrize("smoothing", ["witten-bell", "kneser-ney", "additive"])
def test_unknown_symbols_have_a_finite_answer(smoothing):
    chain = MarkovChain(2, smoothing).fit(["abab", "ba"])
    escape = np.log(1 / (6 + 2 + 1))
    a_first = np.log(chain.initial_proba_[0])
    assert chain.score_samples(["az"])[0] == pytest.approx(a_first + escape)
    row = chain.predict_next_proba(["abz"])[0][-1]
    # nothing is known of a context that ends in z: the prediction is that of no context
    np.testing.assert_allclose(
        row, MarkovChain(2, smoothing).fit(["abab", "ba"]).predict_next_proba(["z"])[0][0]
    )
    assert np.isfinite(chain.score_samples(["zzz", "zab"])).all()


def test_without_smoothing_the_impossible_is_minus_infinity_and_never_nan():
    chain = MarkovChain(2, "none").fit(["abab"])
    scores = chain.score_samples(["aa", "z", "abab", "zab"])
    assert list(np.isneginf(scores)) == [True, True, False, True]
    assert scores[2] == 0
    # "bb" was never seen: its last step alone is the context
    np.testing.assert_array_equal(chain.predict_next_proba(["bb"])[0][-1], [1, 0])


@pytest.mark.parametrize("n_symbols", [2, 3])
@pytest.mark.parametrize("order", [0, 1, 2, 3])
def test_parameters_of_a_full_chain(n_symbols, order):
    x = np.random.default_rng(1).integers(0, n_symbols, size=3000)
    chain = MarkovChain(order).fit([x])
    assert chain.n_contexts_ == chain.n_possible_contexts_ == n_symbols**order
    assert chain.n_parameters_ == n_symbols**order * (n_symbols - 1)


def test_high_orders_over_large_alphabets_fit():
    X = [np.random.default_rng(2).integers(0, 100, size=2000)]
    chain = MarkovChain(30).fit(X)
    assert chain.n_possible_contexts_ == 100**30
    assert chain.n_contexts_ == 2000 - 30
    assert np.isfinite(chain.score_samples(X)).all()


def test_grid_search_on_ragged_lists():
    X = text(np.random.default_rng(3), 60)
    search = GridSearchCV(MarkovChain(), {"order": [0, 1, 2, 3], "smoothing": SMOOTHINGS[:3]}, cv=3).fit(X)
    assert search.best_params_["order"] == 2


def test_containers_come_back():
    chain = MarkovChain().fit(np.array([[0, 1, 0], [1, 1, 0]]))
    assert chain.predict_next_proba(np.array([[0, 1, 0]])).shape == (1, 3, 2)
    assert [r.shape for r in chain.predict_next_proba([[0, 1], [1]])] == [(2, 2), (1, 2)]
    assert isinstance(chain.predict_next_proba(Sequences(np.array([0, 1, 1]), [0, 2, 3])), Sequences)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"order": -1}, "order must be a whole number of steps, 0 or more, got -1"),
        ({"order": 1.5}, "order must be a whole number"),
        ({"smoothing": "laplace"}, "smoothing must be one of witten-bell, kneser-ney, additive, none, got"),
        ({"alpha": 0}, "alpha must be positive"),
        ({"discount": 2}, "discount must be above 0"),
    ],
)
def test_wrong_parameters_are_named(parameters, message):
    with pytest.raises(ValueError, match=message):
        MarkovChain(**parameters).fit(["ab"])


def test_kneser_ney_refuses_fractional_counts():
    with pytest.raises(ValueError, match="whole counts"):
        MarkovChain(1, "kneser-ney").fit(["ab", "ba"], sample_weight=[0.5, 1])


def test_scikit_learns_checks(monkeypatch):
    monkeypatch.setenv("SCIPY_ARRAY_API", "1")
    expected = {"check_sample_weight_equivalence_on_dense_data": "its data are not symbols"}
    for chain in (MarkovChain(), MarkovChain(3, "kneser-ney")):
        results = check_estimator(clone(chain), expected_failed_checks=expected)
        assert len(results) == 48
        assert [r["check_name"] for r in results if r["status"] != "passed"] == list(expected)


@given(
    symbol_lists,
    st.lists(st.lists(st.integers(2, 6), min_size=1, max_size=12), min_size=1, max_size=6),
    st.integers(0, 4),
    st.sampled_from(SMOOTHINGS),
)
@settings(deadline=None)
def test_parts_add_up_to_the_whole(X, more, order, smoothing):
    whole = MarkovChain(order, smoothing).fit(X + more)
    parts = MarkovChain(order, smoothing).partial_fit(X).partial_fit(more)
    merged = MarkovChain(order, smoothing).fit(more).merge(MarkovChain(order).fit(X))
    expected = whole.predict_next_proba(X + more)
    for chain in (parts, merged):
        np.testing.assert_array_equal(chain.symbols_, whole.symbols_)
        np.testing.assert_array_equal(chain.counts_.code, whole.counts_.code)
        np.testing.assert_array_equal(chain.counts_.count, whole.counts_.count)
        for ours, theirs in zip(chain.predict_next_proba(X + more), expected, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-12)


def test_merging_leaves_both_as_they_were():
    one, two = MarkovChain(2).fit(["abab"]), MarkovChain(2).fit(["bcbc"])
    before = one.score_samples(["ab"])
    merged = one.merge(two)
    assert list(merged.symbols_) == ["a", "b", "c"]
    np.testing.assert_array_equal(one.score_samples(["ab"]), before)
    assert list(two.symbols_) == ["b", "c"]
    with pytest.raises(ValueError, match="expected a chain of order 2, got one of order 1"):
        one.merge(MarkovChain(1).fit(["ab"]))
    with pytest.raises(ValueError, match="expected symbols of dtype <U1"):
        one.merge(MarkovChain(2).fit([[0, 1]]))


def test_partial_fit_weighs():
    chain = (
        MarkovChain(1).partial_fit(["ab"], sample_weight=[2]).partial_fit(["ba", "bb"], sample_weight=[1, 0])
    )
    np.testing.assert_allclose(
        chain.predict_next_proba(["ab"])[0],
        MarkovChain(1).fit(["ab", "ab", "ba"]).predict_next_proba(["ab"])[0],
    )


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
def test_samples_follow_the_model(smoothing):
    chain = MarkovChain(2, smoothing).fit(text(np.random.default_rng(8)))
    drawn = np.array(list(chain.sample(40_000, 3, random_state=0)))
    assert drawn.shape == (40_000, 3)
    for t, rows in ((0, chain.initial_proba_), (2, chain.predict_next_proba(["ab"])[0][-1])):
        chosen = drawn if t == 0 else drawn[(drawn[:, 0] == "a") & (drawn[:, 1] == "b")]
        shares = np.mean(chosen[:, t][:, None] == chain.symbols_, axis=0)
        np.testing.assert_allclose(shares, rows, atol=5 * np.sqrt(0.25 / len(chosen)))
    np.testing.assert_array_equal(drawn, list(chain.sample(40_000, 3, random_state=0)))
    if smoothing == "none":
        assert np.isfinite(chain.score_samples(drawn)).all()


def test_only_order_one_has_a_matrix():
    chain = MarkovChain(1).fit(["abca"])
    np.testing.assert_allclose(chain.transition_matrix_.sum(axis=1), 1)
    np.testing.assert_allclose(chain.transition_matrix_[0], chain.predict_next_proba(["a"])[0][0])
    assert not hasattr(MarkovChain(2).fit(["abca"]), "transition_matrix_")


def test_lengths_of_samples_may_differ():
    chain = MarkovChain(2).fit(text(np.random.default_rng(8)))
    drawn = chain.sample(3, [4, 1, 2], random_state=0)
    assert drawn.lengths.tolist() == [4, 1, 2]
    assert len(chain.sample()) == 1


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
def test_a_given_alphabet_may_hold_symbols_that_never_occur(smoothing):
    chain = MarkovChain(2, smoothing, symbols=["z", "b", "a"]).fit(["abab", "ba"])
    assert list(chain.symbols_) == ["a", "b", "z"]
    rows = chain.predict_next_proba(["abz"])[0]
    np.testing.assert_allclose(rows.sum(axis=1), 1)
    assert (rows[:, 2] == 0).all() if smoothing == "none" else (rows[:, 2] > 0).all()
    np.testing.assert_allclose(chain.stationary_distribution_.sum(), 1)
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(chain.to_hmm().score_samples(["abba"]), chain.score_samples(["abba"]))
    assert chain.n_possible_contexts_ == 9
    with pytest.raises(ValueError, match="X holds 'q', which is not among symbols"):
        chain.partial_fit(["aq"])
    with pytest.raises(ValueError, match="X holds 2, which is not among symbols"):
        MarkovChain(symbols=[0, 1]).fit([[0, 2]])


def test_an_unseen_symbol_of_the_alphabet_by_hand():
    chain = MarkovChain(0, symbols=[0, 1, 2]).fit([[0, 0, 1]])
    np.testing.assert_allclose(chain.initial_proba_, [(2 + 2 / 3) / 5, (1 + 2 / 3) / 5, 2 / 15])


def test_the_order_cannot_change_between_parts():
    chain = MarkovChain(1).fit(["ab"]).set_params(order=2)
    with pytest.raises(ValueError, match="order is 2, but this chain has counted with order 1"):
        chain.partial_fit(["ab"])


def test_parameters_set_after_the_fit_change_nothing():
    chain = MarkovChain().fit(["abba", "ba"])
    before = chain.score_samples(["az", "ab"])
    chain.set_params(smoothing="none", order=3)
    np.testing.assert_array_equal(chain.score_samples(["az", "ab"]), before)
    assert chain.to_hmm().unknown_proba_ == chain.unknown_proba_ == pytest.approx(1 / (6 + 2 + 1))
    assert MarkovChain(smoothing="none").fit(["abba"]).unknown_proba_ == 0


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
def test_children_are_the_same_by_search_and_by_table(smoothing):
    rng = np.random.default_rng(0)
    train = [rng.integers(0, 5, n) for n in (40, 1, 200)]
    X = [rng.integers(0, 6, n) for n in (300, 1, 2000)]  # with a symbol that was never seen
    chain = MarkovChain(order=3, smoothing=smoothing).fit(train)
    at_once = chain.score_steps(X), chain.predict_next_proba(X)
    assert chain._trie(2301).children is not None
    chain._trie = lambda n_steps=0, trie=chain._trie: trie(0)
    assert chain._trie(2301).children is None
    for found, expected in zip(at_once, (chain.score_steps(X), chain.predict_next_proba(X)), strict=True):
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_array_equal(a, b)
