from dataclasses import replace

import numpy as np
import pytest

from seqcompare import HMMTagger, MarkovTagger, NextStep, RNNTagger, Sequences, WindowTagger
from seqcompare.families import Budget, Problem, find_spec
from seqcompare.models.common_symbols import CommonSymbols

RNG = np.random.default_rng(0)
# of nine symbols, 0 and 3 are common
X = [RNG.choice(9, 60, p=[0.3, 0.02, 0.03, 0.4, 0.09, 0.05, 0.05, 0.03, 0.03]) for _ in range(8)]
LUMP = np.array([0, 4, 4, 3, 4, 4, 4, 4, 4, 4])  # the last is any other symbol


def windows():
    return WindowTagger(before=1)


@pytest.mark.parametrize(
    "tagger", [MarkovTagger(1), windows(), RNNTagger("gru", hidden_size=3, max_iter=3, random_state=0)]
)
def test_rare_symbols_share_what_stands_for_them(tagger):
    y = [(x + 1) % 9 for x in X]
    model = CommonSymbols(tagger, 3).fit(X, y)
    # of the labels 1 and 4 are common, and 5 stands for the rest
    label = np.array([5, 1, 5, 5, 4, 5, 5, 5, 5])
    by_hand = tagger.fit([LUMP[x] for x in X], [label[z] for z in y])
    counts = np.bincount(np.concatenate(y), minlength=9)
    rare = label == 5
    shares = np.where(rare, counts / counts[rare].sum(), 1.0)
    x = np.array([0, 8, 3, 77, 1])
    (found,), (lumped,) = model.predict_proba([x]), by_hand.predict_proba([LUMP[np.minimum(x, 9)]])
    np.testing.assert_allclose(found, lumped[:, np.searchsorted([1, 4, 5], label)] * shares, rtol=1e-12)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-6)
    assert list(model.classes_) == list(range(9))


def test_what_weighs_nothing_is_not_counted():
    weights = [np.where(x == 3, 0.0, 1.0) for x in X]
    model = CommonSymbols(MarkovTagger(0), 3).fit(X, X, sample_weight=weights)
    assert 3 not in model.classes_
    counts = np.bincount(np.concatenate(X), minlength=9)[model.classes_]
    rare = ~np.isin(model.classes_, [0, 4])
    found = model.predict_proba([[0]])[0][0][rare]
    np.testing.assert_allclose(found / found.sum(), counts[rare] / counts[rare].sum(), rtol=1e-10)


def test_a_small_alphabet_is_left_alone():
    plain, model = windows().fit(X, X), CommonSymbols(windows(), 9).fit(X, X)
    np.testing.assert_array_equal(model.predict_proba([[0, 8, 99]])[0], plain.predict_proba([[0, 8, 99]])[0])
    assert model.n_parameters_ == plain.n_parameters_


@pytest.mark.parametrize("tagger", [windows(), RNNTagger("gru", hidden_size=3, max_iter=3, random_state=0)])
def test_a_density_of_them_is_one(tagger):
    strings = [np.array(list("abcdefghi"))[x] for x in X]
    model = NextStep(CommonSymbols(tagger, 3)).fit(strings)
    test = Sequences(strings[0], [0, 20, 60])
    rows = model.predict_next_proba(test).values
    np.testing.assert_allclose(rows.sum(axis=1), 1, rtol=1e-9)
    assert rows.min() > 0
    np.testing.assert_allclose(np.concatenate(list(model.iter_next_proba(test, 7))), rows, rtol=1e-6)
    state, walked = model.start(), []
    for x in strings[0][:20]:
        row, state = model.step(state, x)
        walked.append(row)
    np.testing.assert_allclose(walked, rows[:20], rtol=1e-5)
    drawn = model.sample(300, 20, random_state=0)
    foreseen = np.reshape(model.predict_next_proba(drawn).values, (300, 20, 9))[:, :-1].mean(axis=(0, 1))
    found = [(drawn.values.reshape(300, 20)[:, 1:] == s).mean() for s in "abcdefghi"]
    np.testing.assert_allclose(found, foreseen, atol=0.03)


def test_refuses_what_it_cannot_do():
    with pytest.raises(ValueError, match="n_symbols"):
        CommonSymbols(windows(), 1).fit(X, X)
    with pytest.raises(ValueError, match="symbols"):
        CommonSymbols(windows()).fit([[0.5, 1.5]], [[0, 1]])
    assert not CommonSymbols(WindowTagger(after=1)).causal
    with pytest.raises(ValueError, match="sample_weight was given"):
        CommonSymbols(NoWeights()).fit(X, X, sample_weight=np.ones(8))


def problem(n_symbols, role="next", n=100_000):
    return Problem(
        role,
        "symbols",
        Budget(50, 20, 1e9),
        n_train=2000,
        n_steps=n,
        n_scored=n,
        longest=50,
        shortest=50,
        n_symbols=n_symbols,
        n_classes=n_symbols,
    )


@pytest.mark.parametrize("kind", ["logistic", "mlp", "gru", "mingru", "lru", "echo-state"])
def test_comparisons_lump_large_alphabets_and_say_so(kind):
    _, spec = find_spec(kind)
    few, many, more = ([s | {} for s in spec.grid(problem(n))] for n in (500, 5000, 50_000))
    assert few
    assert all("symbols" not in settings for settings in few)
    assert many == more
    for settings in many:
        assert "256 commonest symbols" in spec.label_of(settings)
        assert isinstance(spec.build(problem(5000), **settings).estimator, CommonSymbols)
        assert spec.memory(problem(5000), settings) < 1.5e9
    # of labels that are few nothing is lumped, however many symbols there are
    step = Problem("step", "symbols", Budget(50, 20, 1e9), n_symbols=5000, n_classes=4, longest=50)
    assert all("symbols" not in settings for settings in spec.grid(step))
    # nor of numbers, of which none is rare
    numbers = replace(step, kind="real", n_symbols=0, n_classes=5000)
    assert all("symbols" not in settings for settings in spec.grid(numbers))


def test_what_fits_tells_all_symbols_apart():
    of_few_steps = problem(800, n=10_000)
    lumped = {s["width"]: "symbols" in s for s in find_spec("logistic")[1].grid(of_few_steps)}
    assert lumped == {1: False, 2: False, 4: False, 8: True}
    assert not any("symbols" in s for s in find_spec("gru")[1].grid(of_few_steps))
    assert all("symbols" in s for s in find_spec("gru")[1].grid(problem(600)))


def test_a_window_of_all_symbols_is_forecast_to_need_them():
    _, spec = find_spec("logistic")
    assert spec.memory(problem(5000), {"width": 1}) > 7e9
    assert spec.memory(problem(5000), {"width": 8}) > 8 * 5000**2 * 8 * 22
    assert spec.memory(problem(8), {"width": 8}) < 1e8


def test_what_a_lumped_window_is_shown_can_be_limited():
    _, spec = find_spec("logistic")
    model = spec.build(problem(5000), width=8, symbols=256)
    assert spec.limit(model, 3).estimator.estimator.before == 2


class NoWeights(HMMTagger):
    def fit(self, X, y):
        return super().fit(X, y)
