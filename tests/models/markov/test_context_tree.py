import math
import pickle
from collections import Counter, defaultdict
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pytest
import skops.io

from seqcompare import HMM, ContextTree, MarkovChain, Sequences, datasets, load, save
from seqcompare.models.markov import blend, context_reader, context_trie

START = "<start>"


class PlainTree:
    """The definitions, in the plainest form: dicts of counters and a recursion."""

    def __init__(self, X, depth, alpha, weights=None, shares=None):
        self.depth = depth
        self.kinds = list(zip(np.atleast_1d(alpha), [1.0] if shares is None else shares, strict=True))
        self.symbols = sorted({s for x in X for s in x})
        self.counts = defaultdict(Counter)
        for i, x in enumerate(X):
            past = [START, *x]
            for t, s in enumerate(x):
                w = 1 if weights is None else weights[i][t]
                for m in range(min(depth, t + 1) + 1) if w else ():
                    self.counts[tuple(past[t + 1 - m : t + 1])][s] += w

    def is_full(self, context):
        return len(context) == self.depth or context[:1] == (START,)

    def log_leaf(self, context):
        n = self.counts.get(context, Counter())
        size, gamma, total = len(self.symbols), math.lgamma, sum(n.values())
        logs = []
        for alpha, share in self.kinds:
            log_p = sum(gamma(alpha + k) - gamma(alpha) for k in n.values())
            logs.append(np.log(share) + log_p - gamma(size * alpha + total) + gamma(size * alpha))
        return np.logaddexp.reduce(logs)

    def log_tree(self, context=()):
        if self.is_full(context) or context not in self.counts:
            return self.log_leaf(context)
        keep = 1 - 2.0 ** (1 - len(self.symbols))
        split = sum(self.log_tree((s, *context)) for s in [*self.symbols, START])
        return np.logaddexp(np.log(keep) + self.log_leaf(context), np.log1p(-keep) + split)


def random_data(rng, n=6, n_symbols=3, longest=12):
    """Sequences that repeat themselves, so that contexts of all lengths come again."""
    motif = rng.integers(0, n_symbols, 5)
    return [
        np.where(rng.random(length) < 0.3, rng.integers(0, n_symbols, length), np.resize(motif, length))
        for length in rng.integers(1, longest, n)
    ]


def even_process():
    return HMM.from_parameters(
        startprob=np.ones(3) / 3,
        transmat=[[0.5, 0.5, 0], [0, 0, 1], [0.5, 0.5, 0]],
        emissionprob=np.array([[1, 0], [0, 1], [0, 1.0]]),
    )


def bits(model, X):
    return -model.score(X) / np.log(2)


def plain_tree(model, X, weights=None):
    """Return the definition with the kinds of leaves that a model found."""
    return PlainTree(X, model.depth, model.alphas_, weights, model.alpha_shares_)


@pytest.mark.parametrize("depth", [0, 1, 2, 5])
@pytest.mark.parametrize("alpha", [0.5, 0.1, None])
def test_the_evidence_is_that_of_the_definition(depth, alpha):
    rng = np.random.default_rng(depth)
    for _ in range(5):
        X = random_data(rng)
        model = ContextTree(depth, alpha=alpha, blend=False).fit(X)
        assert model.log_evidence_ == pytest.approx(plain_tree(model, X).log_tree(), rel=1e-12)
    assert len(model.alphas_) == (4 if alpha is None else 1)


def test_the_shares_of_leaves_make_the_data_most_probable():
    """But for one leaf of each kind to begin with, as the rounds of EM count them."""
    X = even_process().sample(20, 50, random_state=0)
    model = ContextTree(6, blend=False).fit(X)

    def posterior(shares):
        shares = shares / shares.sum()
        return PlainTree(X, 6, model.alphas_, shares=shares).log_tree() + np.log(shares).sum()

    best = posterior(model.alpha_shares_)
    assert best > posterior(np.ones(4)) + 0.5
    for kind in range(4):
        for factor in (0.7, 1.4):
            assert posterior(model.alpha_shares_ * np.where(np.arange(4) == kind, factor, 1)) < best + 0.02


@pytest.mark.parametrize("alpha", [0.5, None])
def test_weights_count_fractions_and_zeros(alpha):
    rng = np.random.default_rng(0)
    X = random_data(rng, n=8)
    weights = [rng.choice([0.0, 0.3, 1.0, 2.5], len(x)) for x in X]
    weights[0][:] = 1.0
    model = ContextTree(3, alpha=alpha, blend=False).fit(X, sample_weight=weights)
    plain = plain_tree(model, X, weights)
    assert model.symbols_.tolist() == plain.symbols
    assert model.log_evidence_ == pytest.approx(plain.log_tree(), rel=1e-12)


@pytest.mark.parametrize("alpha", [0.5, None])
def test_learning_while_reading_is_the_ratio_of_evidences(alpha):
    """Read one after the other or counted together, the mixture of all trees is the same."""
    rng = np.random.default_rng(1)
    X, new = random_data(rng), [*random_data(rng, n=3, longest=40), np.zeros(300, int)]
    model = ContextTree(6, update=True, alpha=alpha, blend=False, symbols=[0, 1, 2]).fit(X)
    for x, score in zip(new, model.score_samples(new), strict=True):
        more = plain_tree(model, [*X, x]).log_tree()
        assert score == pytest.approx(more - plain_tree(model, X).log_tree(), rel=1e-9)


@pytest.mark.parametrize("alpha", [0.25, None])
def test_a_prediction_is_the_ratio_of_evidences_with_and_without_the_step(alpha):
    rng = np.random.default_rng(2)
    X = random_data(rng)
    x = random_data(rng)[-1]
    model = ContextTree(4, alpha=alpha, blend=False, symbols=[0, 1, 2]).fit(X)
    before = plain_tree(model, X).log_tree()
    for t, row in enumerate(model.predict_next_proba([x])[0]):
        for s in range(3):
            weights = [*(np.ones(len(z)) for z in X), np.eye(t + 2)[-1]]
            after = plain_tree(model, [*X, [*x[: t + 1], s]], weights).log_tree()
            assert row[s] == pytest.approx(np.exp(after - before), rel=1e-9)


def test_the_blend_is_that_of_the_definition():
    rng = np.random.default_rng(3)
    X = random_data(rng, n=30, longest=30)
    model = ContextTree(4, alpha=0.5).fit(X)
    plain = PlainTree(X, 4, 0.5)
    model.blend_share_ = 1.0
    discounts = model._trie.discount
    continued = defaultdict(Counter)
    for context, followers in plain.counts.items():
        for s in followers:
            continued[context[1:]][s] += bool(context)

    def left(counts, d):
        return {s: n - sum(d[k] for k in range(3) if n > k) for s, n in counts.items()}

    for x in X[:5]:
        past = [START, *x]
        for t, s in enumerate(x):
            p = 1 / 3
            for m in range(min(4, t + 1) + 1):
                context = tuple(past[t + 1 - m : t + 1])
                counts = plain.counts[context]
                if not counts:
                    break
                n = sum(counts.values())
                raw = left(counts, discounts[m, 0])
                pairs = continued[context] if not plain.is_full(context) else counts
                tell = raw if plain.is_full(context) else left(pairs, discounts[m, 1])
                if n == 1:
                    raw = tell = counts
                    state = blend._state(1.0, discounts[m, 1, 0], 1.0)
                else:
                    c = sum(pairs.values())
                    ratio = 1.0 if plain.is_full(context) else n / c
                    state = blend._state(float(len(counts)), 1 - sum(tell.values()) / c, ratio)
                g = model.gates_[m, state]
                p = g[0] * p + g[1] * raw.get(s, 0) / sum(raw.values())
                p += g[2] * tell.get(s, 0) / sum(tell.values())
            assert np.exp(model.score_steps([x])[0][t]) == pytest.approx(p, rel=1e-9)


def test_gates_have_the_greatest_likelihood_that_their_prior_allows():
    """Moving any gate that has data away from the fitted one makes the penalised likelihood worse."""
    rng = np.random.default_rng(4)
    n, size = 400, 3
    start = np.arange(n + 1) * 2
    held_out = blend.HeldOut(
        start,
        rng.integers(0, 2, 2 * n).astype(np.int16),
        rng.random(2 * n),
        rng.random(2 * n),
        rng.random(n),
        np.ones(n),
    )
    gates, share = blend.fit_gates(held_out, size, 1, n_iter=5000)
    pooled, _ = blend._run_em(held_out, blend.default_gates(), 0, size, 0.5, 5000)
    prior = np.tile(pooled, (2, 1))

    def objective(g):
        log_likelihood, _ = blend._expect(held_out, g, blend.N_STATES, size, share, np.zeros_like(g))
        return log_likelihood + blend._PRIOR * (prior * np.log(g)).sum()

    flat = gates.reshape(-1, 3)
    best = objective(flat)
    for row in (0, 1, blend.N_STATES, blend.N_STATES + 1):
        for k in range(3):
            other = flat.copy()
            other[row, k] *= 1.1
            other[row] /= other[row].sum()
            assert objective(other) < best


def test_reading_leaves_the_model_as_it_was_and_sequences_do_not_meet():
    rng = np.random.default_rng(5)
    X = random_data(rng, n=20, longest=30)
    model = ContextTree(5, update=True).fit(X)
    before = {name: array.copy() for name, array in model._trie._asdict().items() if hasattr(array, "copy")}
    new = [*random_data(rng, n=4, longest=50), rng.integers(0, 3, 3000)]
    together = model.score_samples(new)
    np.testing.assert_array_equal(together, [model.score_samples([x])[0] for x in new])
    np.testing.assert_array_equal(together[::-1], model.score_samples(new[::-1]))
    for name, array in before.items():
        np.testing.assert_array_equal(array, getattr(model._trie, name))


def test_little_room_changes_nothing(monkeypatch):
    rng = np.random.default_rng(6)
    X, new = random_data(rng, n=20, longest=30), [np.resize(rng.integers(0, 3, 200), 900) for _ in range(3)]
    usual = ContextTree(8, update=True).fit(X).score_samples(new)
    monkeypatch.setattr(context_reader, "new_trie", lambda *args: context_trie.new_trie(*args[:-1], room=1))
    monkeypatch.setattr(context_reader, "new_journal", lambda room: context_trie.new_journal(40))
    np.testing.assert_allclose(ContextTree(8, update=True).fit(X).score_samples(new), usual, rtol=1e-12)


@pytest.mark.parametrize("update", [False, True])
def test_parts_merge_to_the_whole(update):
    X = ["abcabcabd", "bcabca", "xyzab", "abcxyz", "ab"]
    whole = ContextTree(4, update=update).fit(X)
    parts = ContextTree(4, update=update).fit(X[:2]).partial_fit(X[2:])
    merged = ContextTree(4, update=update).fit(X[:2]).merge(ContextTree(2).fit(X[2:]))
    for other in (parts, merged):
        assert other.symbols_.tolist() == whole.symbols_.tolist()
        np.testing.assert_array_equal(other.score_samples(X), whole.score_samples(X))
    with pytest.raises(ValueError, match="expected symbols"):
        whole.merge(ContextTree().fit([[1, 2]]))


def test_weights_of_two_count_as_repetitions():
    X = random_data(np.random.default_rng(7))
    twice = ContextTree(4).fit([x for x in X for _ in range(2)])
    weighted = ContextTree(4).fit(X, sample_weight=np.full(len(X), 2))
    assert weighted.log_evidence_ == pytest.approx(twice.log_evidence_, rel=1e-12)
    np.testing.assert_allclose(weighted.alpha_shares_, twice.alpha_shares_, rtol=1e-9)
    np.testing.assert_allclose(weighted._trie.discount, twice._trie.discount)


def test_rows_scores_and_drawing_agree_in_large_alphabets():
    rng = np.random.default_rng(8)
    X = [rng.zipf(1.3, 400) % 3000 for _ in range(4)]
    for update in (False, True):
        model = ContextTree(6, update=update).fit(X[:3])
        rows = model.predict_next_proba(X)
        scores = model.score_steps(X)
        known = np.isin(X[3], model.symbols_)
        for x, row, score in zip(X[:3], rows, scores, strict=False):
            place = model.symbols_.searchsorted(x)
            np.testing.assert_allclose(np.log(row[np.arange(len(x) - 1), place[1:]]), score[1:], rtol=1e-9)
            np.testing.assert_allclose(row.sum(axis=1), 1)
        assert np.isfinite(scores[3]).all()
        np.testing.assert_allclose(scores[3][~known], np.log(model.unknown_proba_))


def test_what_is_drawn_has_the_distribution_that_is_predicted():
    model = ContextTree(3).fit(["aababbbabab", "babbaab"])
    drawn = model.sample(4000, 3, random_state=0)
    assert isinstance(drawn, Sequences)
    texts = Counter("".join(x) for x in drawn)
    for text, count in texts.items():
        p = np.exp(model.score_samples([text])[0])
        assert abs(count / 4000 - p) < 4 * np.sqrt(p * (1 - p) / 4000)
    ragged = ContextTree(3, update=True).fit(["aababb"]).sample(2, [5, 9], random_state=0)
    assert ragged.lengths.tolist() == [5, 9]


def test_the_most_probable_tree_of_a_chain_of_order_2():
    chain = MarkovChain(2).fit(["aabbabab" * 30])
    X = chain.sample(50, 200, random_state=0)
    model = ContextTree(8).fit(X)
    found = {"".join(c.steps): c for c in model.contexts_ if None not in c.steps}
    assert sorted(found) == ["aa", "ab", "ba", "bb"]
    assert model.n_contexts_ == len(model.contexts_)
    assert sum(c.weight for c in model.contexts_) == 50 * 200
    for steps, context in found.items():
        np.testing.assert_allclose(context.proba, chain.predict_next_proba([steps])[0][-1], atol=0.05)


@pytest.mark.parametrize(("n_symbols", "depth"), [(2, 6), (2, 20), (3, 6), (4, 10)])
def test_the_most_probable_tree_is_that_of_vlmc(n_symbols, depth):
    """An independent implementation of Bayesian context trees; it leaves the first `depth` steps out."""
    vlmc = pytest.importorskip("vlmc")
    for seed in range(4):
        rng = np.random.default_rng(seed)
        chain = MarkovChain(3).fit([rng.integers(0, n_symbols, 60)])
        X = [x.tolist() for x in chain.sample(20, 150, random_state=seed)]
        X += [x.tolist() for x in even_process().sample(20, 150, random_state=seed)]
        peer = vlmc.VLMC(alphabet_size=n_symbols, max_depth=depth)
        peer.fit(X)
        weights = [np.arange(len(x)) >= depth for x in X]
        model = ContextTree(depth, alpha=0.5, blend=False).fit(
            X, sample_weight=[w.astype(float) for w in weights]
        )
        theirs = {tuple(c) for c in peer.get_contexts() if peer.get_counts(c)}
        assert {c.steps for c in model.contexts_} == theirs
        for context in model.contexts_:
            if context.steps:
                np.testing.assert_allclose(context.proba, peer.get_distribution(list(context.steps)))


@pytest.mark.parametrize("depth", [20, 30])
def test_the_even_process_is_learnt_at_any_depth(depth):
    source = even_process()
    train, test = (source.sample(100, 200, random_state=seed) for seed in (0, 1000))
    optimum = bits(source, test)
    for update in (False, True):
        assert bits(ContextTree(depth, update=update).fit(train), test) < optimum + 0.003


@pytest.mark.parametrize("depth", [12, 24])
def test_dna_does_not_suffer_from_depth(depth):
    """The best fixed order has 1.969 on these five contiguous fifths, order 12 already 2.889."""
    genome = np.concatenate(list(datasets.load("lambda_phage").X))
    ends = np.linspace(0, len(genome), 6).astype(int)
    losses = []
    for first, last in pairwise(ends):
        rest = [part for part in (genome[:first], genome[last:]) if len(part)]
        losses.append(bits(ContextTree(depth).fit(rest), [genome[first:last]]))
    assert np.mean(losses) <= 1.970


def test_learning_while_reading_is_no_worse_than_ppmd():
    """What PPMd needs for a text and its continuation, less what it needs for the text alone.

    Both go on learning. PPMd codes whole files, so its loss is a difference of sizes in whole bytes, ends and
    all: right to .01 bit a character here.
    """
    pyppmd = pytest.importorskip("pyppmd")
    text = np.concatenate(list(datasets.load("python_docs").X))[:40_000]
    cut = len(text) * 4 // 5
    codes = np.unique(text, return_inverse=True)[1].astype(np.uint8)  # a character, a byte

    def size(data, order):
        encoder = pyppmd.Ppmd7Encoder(order, 1 << 24)
        return 8 * len(encoder.encode(data.tobytes()) + encoder.flush())

    theirs = [(size(codes, k) - size(codes[:cut], k)) / (len(codes) - cut) for k in (4, 6, 8, 12, 16, 32)]
    ours = bits(ContextTree(12, update=True).fit([text[:cut]]), [text[cut:]])
    assert ours <= min(theirs)


@pytest.mark.parametrize("update", [False, True])
def test_copies_and_files_answer_alike(update, tmp_path):
    X = random_data(np.random.default_rng(9), n=30)
    model = ContextTree(5, update=update).fit(X)
    save(model, tmp_path / "tree.skops")
    for other in (load(tmp_path / "tree.skops"), pickle.loads(pickle.dumps(model))):
        np.testing.assert_array_equal(other.score_samples(X), model.score_samples(X))
        assert other.contexts_[0].steps == model.contexts_[0].steps


def test_a_damaged_file_is_refused(tmp_path):
    model = ContextTree(5).fit(["abab"])
    model._text = model._text + 7
    save(model, tmp_path / "tree.skops")
    with pytest.raises(ValueError, match="damaged"):
        load(tmp_path / "tree.skops")
    assert skops.io.get_untrusted_types(file=tmp_path / "tree.skops")


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"depth": -1}, "depth must be a whole number"),
        ({"depth": 2.0}, "depth must be a whole number"),
        ({"alpha": 0}, "alpha must be positive"),
        ({"update": "yes"}, "update must be True or False"),
        ({"symbols": ["a"]}, "not among symbols"),
    ],
)
def test_impossible_parameters_are_refused(parameters, message):
    with pytest.raises(ValueError, match=message):
        ContextTree(**parameters).fit(["abab"])


def test_small_data_are_no_problem():
    for X in (["a"], ["ab"], [[3]], [["x"], ["y"]]):
        for depth in (0, 20):
            for update in (False, True):
                model = ContextTree(depth, update=update).fit(X)
                assert np.isfinite(model.score_samples(X)).all()
                np.testing.assert_allclose(model.predict_next_proba(X)[0].sum(axis=-1), 1)


def test_the_tree_is_drawn():
    model = ContextTree(6).fit(even_process().sample(20, 100, random_state=0))
    ax = model.plot()
    words = {text.get_text() for text in ax.texts}
    assert {"0", "1", "start"} <= words
    assert f"{model.n_contexts_} contexts" in ax.get_title()
    assert "cut at" in model.plot(most=3).get_title()
    assert "1 contexts" in ContextTree(0).fit(["abab"]).plot().get_title()
    with pytest.raises(ValueError, match="most must be"):
        model.plot(most=0)
    plt.close("all")


def test_weights_that_sums_cannot_hold_are_refused():
    with pytest.raises(ValueError, match=r"sample_weight must sum to 1e12 at most, got 8e\+100"):
        ContextTree(2).fit(["abab", "abba"], sample_weight=[1e100, 1e100])


def test_a_tree_merges_with_trees_alone():
    tree = ContextTree(2).fit(["abab"])
    with pytest.raises(TypeError, match="expected a fitted ContextTree, got MarkovChain"):
        tree.merge(MarkovChain().fit(["abab"]))
    assert tree.merge(ContextTree(2).fit(["abcc"])).symbols_.tolist() == ["a", "b", "c"]
    assert tree.symbols_.tolist() == ["a", "b"]
