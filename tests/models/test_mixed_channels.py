"""Symbols beside numbers in every family."""

from itertools import product

import numpy as np
import pytest
from scipy.stats import norm

import seqcompare
from seqcompare import HMM, BayesClassifier, HMMTagger, MarkovChain, MarkovTagger, Sequences, WindowTagger
from seqcompare.data.encoding import AsNumbers, AsSymbols, with_joint_symbols
from seqcompare.datasets import read


def draw(n=30, seed=0):
    """Return steps whose label is a rule on both channels, so that neither alone tells it."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(6, 12, size=n)
    event, amount = rng.choice(["buy", "hold", "sell"], lengths.sum()), rng.normal(size=lengths.sum())
    X = Sequences.from_columns({"event": event, "amount": amount}, lengths)
    return X, X.column("event").with_values(np.where((event == "buy") & (amount > 0), "yes", "no"))


def test_symbols_become_columns_beside_numbers():
    X, _ = draw()
    made = AsNumbers.of(X).transform(X)
    assert [channel.name for channel in made.schema] == ["event=buy", "event=hold", "event=sell", "amount"]
    np.testing.assert_array_equal(made.values[:, 3], X.column("amount").values)
    np.testing.assert_array_equal(made.values[:, :3].argmax(axis=1), X.column("event").codes)
    strange = Sequences.from_columns({"event": ["rent"], "amount": [1.0]})
    assert AsNumbers.of(X).transform(strange).values.tolist() == [[0, 0, 0, 1]]


def test_joint_symbols_stay_few():
    X, _ = draw()
    joint = AsSymbols.of(X)
    assert joint.left_out == []
    assert len(joint.transform(X).present()) <= X.n_steps // 5
    rng = np.random.default_rng(0)
    many = {name: rng.integers(0, 40, 400).astype(str) for name in ("a", "b")}
    alone = AsSymbols.of(Sequences.from_columns(many))
    assert alone.left_out == ["b"]
    assert len(alone.transform(Sequences.from_columns(many)).present()) == 40


def test_a_rule_on_both_channels_is_found_by_every_family():
    X, y = draw(80)
    new, truth = draw(40, seed=1)
    alone = WindowTagger().fit(X.column("event"), y).score(new.column("event"), truth)
    for model in (
        WindowTagger(pairs=False),
        MarkovTagger(0),
        HMMTagger(4, decode="filter", random_state=0),
        seqcompare.RNNTagger("gru", max_iter=60, random_state=0),
        seqcompare.CRFTagger(),
    ):
        assert model.fit(X, y).score(new, truth) > max(alone, 0.9), model


def test_emissions_multiply():
    X, _ = draw(6)
    model = HMM(2, n_init=1, max_iter=30, tol=1e-3, random_state=0).fit(X)
    assert model.emission_ == "mixed"
    x = X[0][:4]
    codes = np.searchsorted(model.symbols_["event"], x["event"])
    total = 0.0
    for path in product(range(2), repeat=4):
        p = model.startprob_[path[0]] * np.prod(model.transmat_[path[:-1], path[1:]])
        for t, state in enumerate(path):
            spread = np.sqrt(model.covars_[state, 0])
            p *= model.symbolprob_[state, codes[t]] * norm.pdf(x["amount"][t], model.means_[state, 0], spread)
        total += p
    assert model.score_samples([x])[0] == pytest.approx(np.log(total), rel=1e-9)
    # startprob, transmat, means, variances, symbols
    assert model.n_parameters_ == 1 + 2 + 2 + 2 + 2 * 2
    assert model.converged_ or model.stop_reason_ == "max_iter"
    assert (np.diff(model.loss_curve_) < 1e-9).all()


def test_a_missing_value_is_summed_over():
    X, y = draw()
    model = HMMTagger(random_state=0, missing="marginalize", decode="filter").fit(X, y)
    x = X[0][:2]
    gone = Sequences.from_columns({"event": np.array([None, "buy"], dtype=object), "amount": x["amount"]})
    known = [
        Sequences.from_columns({"event": [e, "buy"], "amount": x["amount"]}) for e in model.symbols_["event"]
    ]
    # filtered, the first step knows nothing of the second
    weights = [np.exp([_log_joint(model, one, state) for state in range(2)]) for one in known]
    share = np.sum(weights, axis=0) / np.sum(weights)
    np.testing.assert_allclose(model.predict_proba(gone).values[0], share @ model.labelprob_, rtol=1e-9)
    with pytest.raises(ValueError, match=r"X\[0\] has no symbol of channel 'event' at step 0"):
        HMMTagger(random_state=0).fit(X, y).predict(gone)


def _log_joint(model, step, state):
    code = np.searchsorted(model.symbols_["event"], step.column("event").values[0])
    value, spread = step.column("amount").values[0], np.sqrt(model.covars_[state, 0])
    emission = np.log(model.symbolprob_[state, code]) + norm.logpdf(value, model.means_[state, 0], spread)
    return np.log(model.startprob_[state]) + emission


def test_draws_have_the_channels_that_were_learnt():
    X, _ = draw()
    model = HMM(3, random_state=0).fit(X)
    drawn = model.sample(200, 10, random_state=0)
    assert drawn.schema == X.schema
    shares = [np.mean(part.column("event").values == "buy") for part in (X, drawn)]
    assert shares[0] == pytest.approx(shares[1], abs=0.05)
    assert drawn.column("amount").values.mean() == pytest.approx(X.column("amount").values.mean(), abs=0.15)


def test_several_channels_of_symbols_need_no_number():
    rng = np.random.default_rng(0)
    columns = {"a": rng.choice(list("xyz"), 200), "b": rng.choice(list("uv"), 200)}
    X = Sequences.from_columns(columns, [10] * 20)
    y = np.array(["late" if "x" in part["a"][-2:] else "no" for part in X])
    model = BayesClassifier(HMM(2, topology="left-right", random_state=0)).fit(X, y)
    assert model.score(X, y) > 0.7
    assert model.estimators_[0].means_.shape == (2, 0)


def test_classes_share_an_alphabet():
    X, _ = draw(20)
    y = np.arange(20) % 2
    model = BayesClassifier(HMM(2, random_state=0)).fit(X, y)
    known = [one.symbols_["event"].tolist() for one in model.estimators_]
    assert known == [["buy", "hold", "sell"]] * 2
    strange = Sequences.from_columns({"event": ["rent", "buy"], "amount": [0.0, 1.0]}, [2])
    assert np.isfinite(model.predict_log_proba(strange)).all()
    assert np.isfinite(BayesClassifier(MarkovChain()).fit(X, y).predict_log_proba(strange)).all()


def test_models_hold_on_to_the_names_of_channels():
    X, y = draw()
    other = Sequences.from_columns({"event": ["buy"], "price": [1.0]})
    for model in (WindowTagger(), MarkovTagger(1), HMMTagger(random_state=0)):
        with pytest.raises(ValueError, match=r"expected steps of the channels event \(symbols\), amount"):
            model.fit(X, y).predict(other)
    with pytest.raises(ValueError, match="mix kinds of channels"):
        seqcompare.Autoregression().fit(X)


def test_next_steps_of_symbols_are_joint_and_of_numbers_refused():
    rng = np.random.default_rng(0)
    codes = {name: rng.choice(list("xy"), 60) for name in ("a", "b")}
    data = with_joint_symbols(read(Sequences.from_columns(codes, [30, 30])))
    assert data.X.present().tolist() == ["x | x", "x | y", "y | x", "y | y"]
    assert "one joint symbol" in data.notes[-1]
    with pytest.raises(ValueError, match=r"not predicted together: name those that are \(--values event\)"):
        with_joint_symbols(read(draw()[0]))


def test_steps_of_named_channels_come_back_as_they_went():
    X, _ = draw(5)
    for again in (Sequences(X.values, X.offsets), Sequences(list(X)), X.with_values(X.values)):
        assert again == X
        assert [(c.name, c.kind) for c in again.schema] == [("event", "symbols"), ("amount", "real")]
    with pytest.raises(ValueError, match=r"X\[1\] has the channels event, expected event, amount"):
        Sequences([X[0], X[1][["event"]]])


@pytest.mark.parametrize("role", ["step", "sequence"])
def test_a_comparison_of_all_families(tmp_path, role):
    X, y = draw(40)
    # the class is whether the rule ever holds late in the sequence
    late = np.array([(part[-3:] == "yes").any() for part in y])
    target = y if role == "step" else np.where(late, "a", "b")
    data = read((X, target))
    found = seqcompare.compare(
        data, ["logistic", "markov", "hmm", "gru"], cv=2, out=tmp_path, n_jobs=1, max_seconds=0.5
    )
    table = found.summary()
    assert set(table["entry"]) >= {"chance", "HMM", "Markov chain", "Logistic window", "GRU"}
    assert np.isfinite(table["score"]).all()
    if found.verdict().kind == "model":
        assert len(found.predict(X)) == (X.n_steps if role == "step" else 40)
    else:
        assert role == "sequence"
