"""Modules of PyTorch as estimators: what they compute, what is refused, and what is kept."""

import numpy as np
import pytest
from own_modules import pooled, recurrent

import seqcompare
from seqcompare import NextStep, RNNTagger, TorchClassifier, TorchRegressor, TorchStepRegressor, TorchTagger
from seqcompare.testing import Model

torch = pytest.importorskip("torch")  # an extra, which a machine that runs the other tests may not have

BRIEF = {"max_iter": 3, "learning_rate_init": 0.01, "early_stopping": False, "random_state": 0}


def sequences(n=12, d=2, seed=0):
    rng = np.random.default_rng(seed)
    X = [rng.normal(size=(rng.integers(3, 9), d)) for _ in range(n)]
    return X, [(x[:, 0] > 0).astype(int) for x in X]


class Module(torch.nn.Module):
    """A linear read-out of what `look` makes of a padded batch."""

    def __init__(self, n_inputs, n_outputs, look, scale=1.0):
        super().__init__()
        self.readout = torch.nn.Linear(n_inputs, n_outputs)
        self.look = look
        with torch.no_grad():
            self.readout.weight *= scale

    def forward(self, x, lengths):
        return self.readout(self.look(x, lengths))


def shifted(x, lengths):
    return torch.cat([x[:, 1:], torch.zeros_like(x[:, :1])], 1)


def mean_of_all(x, lengths):
    return x.mean(1)


@pytest.mark.parametrize("cell", ["lstm", "gru", "elman"])
@pytest.mark.parametrize("steps", ["strings", "real"])
def test_our_weights_give_our_probabilities(cell, steps):
    X, y = Model(None, "step", steps).data()
    ours = RNNTagger(cell, hidden_size=5, max_iter=10, random_state=0).fit(X, y)
    kind = {"lstm": "LSTM", "gru": "GRU", "elman": "RNN"}[cell]
    theirs = TorchTagger(recurrent, module_params={"kind": kind, "size": 5}, standardize=False, **BRIEF)
    theirs.fit(X, y).set_weights(ours.to_torch_state_dict())
    for a, b in zip(ours.predict_proba(X), theirs.predict_proba(X), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_a_step_of_training_is_that_of_pytorch_over_the_steps_that_are_there():
    X, y = sequences()
    how = {"solver": "sgd", "momentum": 0.0, "clip_norm": None, "batch_size": "full", "dtype": "float64"}
    model = TorchTagger(recurrent, standardize=False, **BRIEF | how | {"max_iter": 1}).fit(X, y)
    module = model.to_module()
    losses = []
    for x, labels in zip(X, y, strict=True):
        z = module(torch.from_numpy(x)[None], torch.tensor([len(x)]))[0]
        losses.append(torch.nn.functional.cross_entropy(z, torch.from_numpy(labels), reduction="none"))
    loss = torch.cat(losses).mean()
    loss.backward()
    stepped = {name: (p - 0.01 * p.grad).detach().numpy() for name, p in module.named_parameters()}
    model.partial_fit(X, y)
    assert model.loss_curve_[1] == pytest.approx(loss.item(), rel=1e-9)
    assert model.get_weights().keys() == stepped.keys()
    for name, w in model.get_weights().items():
        np.testing.assert_allclose(w, stepped[name], rtol=1e-9, atol=1e-12)


def test_a_module_that_looks_ahead_is_refused_where_it_must_not():
    X, y = sequences()
    # also where its weights begin at 0, so that nothing shows at first
    for params in ({"look": shifted}, {"look": shifted, "scale": 0.0}):
        with pytest.raises(
            ValueError, match=r"^module looks ahead: its answers change with later steps\. Set"
        ):
            TorchTagger(Module, module_params=params, **BRIEF).fit(X, y)
    ahead = TorchTagger(Module, module_params={"look": shifted}, causal=False, **BRIEF)
    ahead.fit(X, y)
    with pytest.raises(ValueError, match="NextStep needs a causal tagger, but this TorchTagger sees"):
        NextStep(ahead).fit(["abab", "baba"])
    both_ways = TorchStepRegressor(recurrent, module_params={"bidirectional": True}, **BRIEF)
    with pytest.raises(ValueError, match=r"^module looks ahead"):
        NextStep(both_ways).fit(X)


def test_a_module_that_reads_the_padding_is_refused():
    X, _ = sequences()
    with pytest.raises(ValueError, match=r"^module answers a sequence differently beside a longer one"):
        TorchClassifier(Module, module_params={"look": mean_of_all}, **BRIEF).fit(X, [0, 1] * 6)


def test_a_module_that_keeps_averages_is_refused():
    class Averaging(Module):
        def __init__(self, n_inputs, n_outputs):
            super().__init__(n_inputs, n_outputs, self.normed)
            self.norm = torch.nn.BatchNorm1d(n_inputs)

        def normed(self, x, lengths):
            return self.norm(x.mT).mT

    X, y = sequences()
    with pytest.raises(ValueError, match=r"^module changes its buffer 'norm\.running_var' while it trains"):
        TorchTagger(Averaging, **BRIEF).fit(X, y)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"module": 3}, "module must be a callable"),
        ({"module": dict, "module_params": {}}, "dict expected at most 1 argument"),
        ({"module": lambda i, o: "net"}, "module must build a torch.nn.Module, but it returned str"),
        ({"module": lambda i, o: torch.nn.ReLU()}, "module must build a network with parameters to train"),
        (
            {"module": pooled},
            r"module must answer with shape \(n, time, n_outputs\), here \(\d, 8, 2\), but it",
        ),
        ({"device": "nowhere"}, "device must be 'auto' or one that PyTorch has here, got 'nowhere'"),
        ({"symbols_as": "bits"}, "symbols_as must be one of 'one-hot', 'codes', got 'bits'"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(change, said):
    X, y = sequences()
    with pytest.raises((ValueError, TypeError), match=said):
        TorchTagger(recurrent, **BRIEF).set_params(**change).fit(X, y)


def test_the_same_seed_gives_the_same_network_with_dropout_and_leaves_pytorchs_generator_alone():
    X, y = sequences()
    model = TorchTagger(recurrent, module_params={"dropout": 0.5}, **BRIEF)
    torch.manual_seed(1)
    before = torch.random.get_rng_state()
    first = model.fit(X, y).get_weights()
    assert torch.equal(before, torch.random.get_rng_state())
    again = model.fit(X, y).get_weights()
    other = model.set_params(random_state=1).fit(X, y).get_weights()
    dry = model.set_params(random_state=0, module_params={"dropout": 0.0}).fit(X, y).get_weights()
    for name, w in first.items():
        np.testing.assert_array_equal(w, again[name])
        assert not np.array_equal(w, other[name])
        assert not np.array_equal(w, dry[name])


def test_training_goes_on():
    X, y = sequences()
    whole = TorchTagger(recurrent, batch_size="full", **BRIEF | {"max_iter": 4}).fit(X, y)
    parts = TorchTagger(recurrent, batch_size="full", **BRIEF | {"max_iter": 1}).fit(X, y)
    for _ in range(3):
        parts.partial_fit(X, y)
    assert parts.loss_curve_ == pytest.approx(whole.loss_curve_, rel=1e-6)
    assert parts.n_iter_ == 4


def test_weights_that_are_not_trained_stay_and_do_not_count():
    def frozen(n_inputs, n_outputs):
        module = Module(n_inputs, n_outputs, lambda x, lengths: x)
        module.readout.weight.requires_grad_(False)
        return module

    X, y = sequences()
    model = TorchTagger(frozen, alpha=0.5, **BRIEF).fit(X, y)
    assert model.n_parameters_ == 2
    assert list(model.get_weights()) == ["readout.bias"]
    once = model.to_module().readout.weight
    assert torch.equal(once, model.partial_fit(X, y).to_module().readout.weight)


def test_the_module_that_is_handed_out_answers_alike():
    X, y = sequences()
    model = TorchTagger(recurrent, module_params={"dropout": 0.5}, standardize=False, **BRIEF).fit(X, y)
    z = model.to_module()(torch.from_numpy(X[0][None].astype(np.float32)), torch.tensor([len(X[0])]))
    np.testing.assert_allclose(model.predict_proba(X[:1])[0], torch.softmax(z[0], -1).detach(), rtol=1e-5)


def test_a_saved_model_is_read_where_its_function_is_named(tmp_path):
    X, y = sequences()
    model = TorchTagger(recurrent, **BRIEF).fit(X, y)
    seqcompare.save(model, tmp_path / "model.skops")
    with pytest.raises(ValueError, match=r"not trusted.*\['own_modules\.recurrent'\]"):
        seqcompare.load(tmp_path / "model.skops")
    loaded = seqcompare.load(tmp_path / "model.skops", trusted=["own_modules.recurrent"])
    np.testing.assert_array_equal(loaded.predict_proba(X)[0], model.predict_proba(X)[0])
    loaded.partial_fit(X, y)
    assert loaded.get_weights().keys() == model.get_weights().keys()
    loaded.set_params(module_params={"size": 9})
    with pytest.raises(
        ValueError, match=r"module builds a network of \d+ weights, but the fitted one has \d+"
    ):
        loaded.predict(X)


def test_what_cannot_be_imported_is_not_saved(tmp_path):
    X, y = sequences()
    model = TorchTagger(lambda n_inputs, n_outputs: recurrent(n_inputs, n_outputs), **BRIEF).fit(X, y)
    with pytest.raises(ValueError, match=r"^module is .*<lambda>, which cannot be imported: to be saved, it"):
        seqcompare.save(model, tmp_path / "model.skops")
    assert not list(tmp_path.iterdir())


def test_numbers_are_learned():
    X, _ = sequences(60)
    how = BRIEF | {"max_iter": 60}
    whole = TorchRegressor(pooled, module_params={"size": 8}, **how)
    assert whole.fit(X, [x[-1, 0] for x in X]).score(X, [x[-1, 0] for x in X]) > 0.8
    steps = TorchStepRegressor(recurrent, module_params={"size": 8}, **how)
    assert steps.fit(X, [x[:, 0] for x in X]).score(X, [x[:, 0] for x in X]) > 0.8
    density = NextStep(TorchStepRegressor(recurrent, **BRIEF)).fit([x[:, 0] for x in X])
    assert density.forecast([X[0][:, 0]], 2, random_state=0).mean.shape == (1, 2)


def test_several_labels_a_sequence():
    X, _ = sequences(60)
    Y = np.array([[x[-1, 0] > 0, x[-1, 1] > 0] for x in X]).astype(int)
    model = TorchClassifier(pooled, module_params={"size": 8}, **BRIEF | {"max_iter": 60}).fit(X, Y)
    assert model.predict_proba(X).shape == Y.shape
    assert (model.predict(X) == Y).mean() > 0.9
