import importlib
import inspect
import json
import pickle
import pkgutil
import subprocess
import sys
import zipfile
from importlib.util import find_spec

import numpy as np
import pytest
import skops.io
from hmmlearn.hmm import CategoricalHMM, GaussianHMM
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    RepeatedStratifiedKFold,
    ShuffleSplit,
    StratifiedKFold,
)
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier

import seqcompare as sc
import seqcompare.models
from seqcompare.models.common_symbols import CommonSymbols
from seqcompare.models.persistence import TRUSTED
from seqcompare.models.pieces import InPieces
from seqcompare.models.quantized import Quantized
from seqcompare.models.windows.standard import RBFSVM

RNG = np.random.default_rng(0)
SYMBOLS = [RNG.integers(0, 3, size=RNG.integers(4, 9)) for _ in range(24)]
SYMBOL_TAGS = [np.roll(x, 1) for x in SYMBOLS]
REALS = [RNG.normal(size=(RNG.integers(6, 9), 2)) for _ in range(24)]
REAL_TAGS = [(x[:, 0] > 0).astype(int) for x in REALS]
CLASSES = np.arange(24) % 2
NUMBERS = RNG.normal(size=24)
TINY = {"hidden_size": 3, "max_iter": 2, "random_state": 0}

MODELS = {
    "chain": (sc.MarkovChain(2), SYMBOLS, None),
    "kneser-ney": (sc.MarkovChain(3, "kneser-ney"), ["abcab", "cab"], None),
    "markov tagger": (sc.MarkovTagger(1), SYMBOLS, SYMBOL_TAGS),
    "next step": (sc.NextStep(sc.MarkovTagger(1)), SYMBOLS, None),
    "categorical": (sc.HMM(2, random_state=0), SYMBOLS, None),
    "gaussian": (sc.HMM(2, "gaussian", covariance_type="full", random_state=0), REALS, None),
    "gmm": (sc.HMM(2, "gmm", random_state=0), REALS, None),
    "poisson": (sc.HMM(2, "poisson", random_state=0), SYMBOLS, None),
    "hmm tagger": (sc.HMMTagger(), SYMBOLS, SYMBOL_TAGS),
    "latent hmm tagger": (sc.HMMTagger(2, random_state=0), REALS, REAL_TAGS),
    "bayes": (sc.BayesClassifier(sc.MarkovChain()), SYMBOLS, CLASSES),
    "bayes hmm": (sc.BayesClassifier(sc.HMM(2, random_state=0)), REALS, CLASSES),
    "window": (sc.WindowTagger(before=2), SYMBOLS, SYMBOL_TAGS),
    "window svc": (sc.WindowTagger(SVC()), REALS, REAL_TAGS),
    "window linear svc": (sc.WindowTagger(LinearSVC()), SYMBOLS, SYMBOL_TAGS),
    "window mlp": (sc.WindowTagger(MLPClassifier(tol=0.1, random_state=0)), REALS, REAL_TAGS),
    "window rbf svm": (sc.WindowTagger(RBFSVM()), REALS, REAL_TAGS),
    "common symbols": (CommonSymbols(sc.MarkovTagger(1), 2), SYMBOLS, SYMBOL_TAGS),
    "in pieces": (InPieces(sc.MarkovTagger(1), length=3), SYMBOLS, SYMBOL_TAGS),
    "quantized": (Quantized(sc.MarkovTagger(1), n_symbols=4, random_state=0), REALS, REAL_TAGS),
    "window classifier": (sc.WindowClassifier(width=2), REALS, CLASSES),
    "window regressor": (sc.WindowRegressor(width=2), REALS, NUMBERS),
    "elman": (sc.RNNTagger("elman", **TINY), SYMBOLS, SYMBOL_TAGS),
    "bilstm": (sc.RNNTagger(bidirectional=True, n_layers=2, **TINY), REALS, REAL_TAGS),
    "rnn classifier": (sc.RNNClassifier("gru", pooling="attention", **TINY), REALS, CLASSES),
    "rnn regressor": (sc.RNNRegressor("jordan", **TINY), REALS, NUMBERS),
    "echo state": (sc.EchoStateTagger(10, random_state=0), SYMBOLS, SYMBOL_TAGS),
    "echo state classifier": (sc.EchoStateClassifier(10, random_state=0), REALS, CLASSES),
    "scaler": (sc.SequenceScaler(), REALS, None),
    "window rows": (sc.SlidingWindow(before=1), SYMBOLS, None),
    "pipeline": (make_pipeline(sc.SequenceScaler(), sc.WindowTagger(before=1)), REALS, REAL_TAGS),
}


def flat(answer):
    if isinstance(answer, list):
        return np.concatenate([a.toarray() if hasattr(a, "toarray") else np.asarray(a) for a in answer])
    return answer


@pytest.mark.parametrize("name", sorted(MODELS))
def test_what_is_loaded_answers_the_same(name, tmp_path):
    model, X, y = MODELS[name]
    model.fit(X) if y is None else model.fit(X, y)
    path = tmp_path / "model.skops"
    sc.save(model, path)
    loaded = sc.load(path)
    assert type(loaded) is type(model)
    assert loaded.get_params().keys() == model.get_params().keys()
    present = [m for m in ("predict_proba", "predict", "score_samples", "transform") if hasattr(model, m)]
    assert present
    for method in present:
        np.testing.assert_array_equal(flat(getattr(loaded, method)(X)), flat(getattr(model, method)(X)))


def test_every_estimator_of_the_package_is_covered():
    modules = [m.name for m in pkgutil.walk_packages(seqcompare.models.__path__, "seqcompare.models.")]
    estimators = {
        f"{value.__module__}.{value.__qualname__}"
        for module in modules
        for value in vars(importlib.import_module(module)).values()
        if isinstance(value, type) and issubclass(value, BaseEstimator) and hasattr(value, "fit")
        if not inspect.isabstract(value)
    }
    estimators = {name for name in estimators if name.startswith("seqcompare") and "._" not in name}
    trusted = {name for name in TRUSTED if name.startswith("seqcompare.models")}
    assert len(estimators) > 15
    assert estimators <= trusted
    for name in trusted:
        module, _, cls = name.rpartition(".")
        assert isinstance(getattr(importlib.import_module(module), cls), type)


@pytest.mark.parametrize("model", [CategoricalHMM(2, random_state=0), GaussianHMM(2, random_state=0)])
def test_models_of_hmmlearn(model, tmp_path):
    X = np.concatenate(SYMBOLS)[:, None] if isinstance(model, CategoricalHMM) else np.concatenate(REALS)
    model.fit(X)
    sc.save(model, tmp_path / "m")
    assert sc.load(tmp_path / "m").score(X) == model.score(X)


def test_unfitted_models(tmp_path):
    sc.save(sc.NextStep(sc.WindowTagger(LogisticRegression(C=3), before=4)), tmp_path / "m")
    assert sc.load(tmp_path / "m").get_params()["estimator__estimator__C"] == 3


def test_a_fitted_chain_goes_on_counting(tmp_path):
    sc.save(sc.MarkovChain(2).fit(["abab"]), tmp_path / "m")
    loaded = sc.load(tmp_path / "m").partial_fit(["bcb"])
    np.testing.assert_array_equal(
        loaded.score_samples(["abc"]), sc.MarkovChain(2).fit(["abab", "bcb"]).score_samples(["abc"])
    )


class Mine(BaseEstimator):
    def fit(self, X, y=None):
        self.seen_ = len(X)
        return self


def test_classes_of_the_user_need_to_be_named(tmp_path):
    sc.save(Mine().fit([1, 2]), tmp_path / "m")
    with pytest.raises(ValueError, match=rf"not trusted.*{Mine.__module__}\.Mine"):
        sc.load(tmp_path / "m")
    assert sc.load(tmp_path / "m", trusted=[Mine]).seen_ == 2
    assert sc.load(tmp_path / "m", trusted=[f"{Mine.__module__}.Mine"]).seen_ == 2
    for wrong in (True, "Mine"):
        with pytest.raises(TypeError, match="trusted must be a sequence"):
            sc.load(tmp_path / "m", trusted=wrong)


def test_what_is_not_trusted_is_not_imported(tmp_path, monkeypatch):
    (tmp_path / "trap.py").write_text(
        "from sklearn.base import BaseEstimator\nclass Trap(BaseEstimator): pass\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    trap = importlib.import_module("trap")
    sc.save(sc.NextStep(trap.Trap()), tmp_path / "m")
    monkeypatch.delitem(sys.modules, "trap")
    with pytest.raises(ValueError, match=r"not trusted.*trap\.Trap"):
        sc.load(tmp_path / "m")
    assert "trap" not in sys.modules


@pytest.mark.parametrize(
    "member",
    [
        {
            "__class__": "system",
            "__module__": "posix",
            "__loader__": "FunctionNode",
            "content": "posix.system",
        },
        {"__class__": "methodcaller", "__module__": "operator", "__loader__": "OperatorFuncNode"},
    ],
)
def test_functions_named_in_a_file_are_refused(member, tmp_path):
    sc.save(sc.MarkovChain(order=1), tmp_path / "good")
    with zipfile.ZipFile(tmp_path / "good") as good:
        schema = json.loads(good.read("schema.json"))

    def replace_model(node):
        if isinstance(node, dict):
            for key, value in node.items():
                if isinstance(value, dict) and value.get("__class__") == "MarkovChain":
                    arguments = {
                        "__class__": "tuple",
                        "__module__": "builtins",
                        "__loader__": "TupleNode",
                        "content": [],
                    }
                    node[key] = {"__id__": 999, "attrs": arguments | {"__id__": 998}, **member}
                else:
                    replace_model(value)
        elif isinstance(node, list):
            for value in node:
                replace_model(value)

    replace_model(schema)
    assert member["__class__"] in json.dumps(schema)
    with zipfile.ZipFile(tmp_path / "bad", "w") as bad:
        bad.writestr("schema.json", json.dumps(schema))
    with pytest.raises(ValueError, match=f"not trusted.*{member['__class__']}"):
        sc.load(tmp_path / "bad")


def test_trees_are_named_by_who_made_the_file(tmp_path):
    model = sc.WindowTagger(DecisionTreeClassifier(random_state=0)).fit(SYMBOLS, SYMBOL_TAGS)
    sc.save(model, tmp_path / "m")
    with pytest.raises(ValueError, match=r"sklearn\.tree\._tree\.Tree"):
        sc.load(tmp_path / "m")
    loaded = sc.load(tmp_path / "m", trusted=["sklearn.tree._tree.Tree"])
    np.testing.assert_array_equal(flat(loaded.predict(SYMBOLS)), flat(model.predict(SYMBOLS)))


@pytest.mark.parametrize(
    ("array", "value"),
    [("first_child", 10**6), ("first_child", -1), ("code", -5), ("code", 99), ("level", 77)],
)
def test_a_trie_that_would_lead_astray_is_refused(array, value, tmp_path):
    chain = sc.MarkovChain(2).fit(["abcab", "cab"])
    getattr(chain.counts_, array)[2] = value
    sc.save(chain, tmp_path / "m")
    with pytest.raises(ValueError, match="counts are damaged"):
        sc.load(tmp_path / "m")
    with pytest.raises(ValueError, match="counts are damaged"):
        pickle.loads(pickle.dumps(chain))


def test_weights_of_another_trie_are_refused():
    chain = sc.MarkovChain(2).fit(["abcab", "cab"])
    chain._weights = sc.MarkovChain(1).fit(["ab"])._weights
    with pytest.raises(ValueError, match="do not fit together"):
        chain.score_samples(["ab"])


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "m"
    path.write_bytes(pickle.dumps(sc.MarkovChain()))
    with pytest.raises(ValueError, match="not a model saved by seqcompare"):
        sc.load(path)
    with zipfile.ZipFile(path, "w") as other:
        other.writestr("hello.txt", "hello")
    with pytest.raises(ValueError, match="not a model saved by seqcompare"):
        sc.load(path)
    skops.io.dump(sc.MarkovChain(), path)
    with pytest.raises(ValueError, match="a skops file, but not a model saved by seqcompare"):
        sc.load(path)
    skops.io.dump({"format": "seqcompare model", "version": 99, "seqcompare": "9.9", "model": None}, path)
    with pytest.raises(ValueError, match=r"written by seqcompare 9\.9, in a later format"):
        sc.load(path)


def test_a_failed_save_leaves_the_old_file(tmp_path):
    sc.save(sc.MarkovChain(order=3), tmp_path / "m")
    broken = sc.MarkovChain(order=(i for i in range(3)))
    with pytest.raises(Exception, match=r"."):
        sc.save(broken, tmp_path / "m")
    assert sc.load(tmp_path / "m").order == 3


def test_merged_counts_can_be_loaded(tmp_path):
    parts = sc.MarkovTagger(1).partial_fit([[0, 1]], [["a", "b"]]).partial_fit([[5, 1]], [["c", "b"]])
    sc.save(parts, tmp_path / "m")
    np.testing.assert_array_equal(
        flat(sc.load(tmp_path / "m").predict_proba([[5]])), flat(parts.predict_proba([[5]]))
    )


@pytest.mark.parametrize(
    ("scoring", "cv"),
    [
        (None, 3),
        (None, KFold(3)),
        (None, GroupKFold(3)),
        (None, ShuffleSplit(2, random_state=0)),
        (None, StratifiedKFold(3, shuffle=True, random_state=np.random.RandomState(0))),
        (None, RepeatedStratifiedKFold(n_splits=2, n_repeats=2, random_state=0)),
        ("neg_log_loss", 3),
        (sc.make_scorer("f1_macro"), 3),
        (sc.make_scorer(f1_score, average="macro"), 3),
    ],
)
def test_fitted_searches(scoring, cv, tmp_path):
    steps = [("scale", sc.SequenceScaler()), ("classify", sc.WindowClassifier(pooling="mean"))]
    search = GridSearchCV(Pipeline(steps), {"classify__width": [1, 3]}, cv=cv, scoring=scoring)
    search.fit(REALS, CLASSES, **({"groups": np.arange(24) % 4} if isinstance(cv, GroupKFold) else {}))
    sc.save(search, tmp_path / "m")
    loaded = sc.load(tmp_path / "m")
    assert loaded.best_params_ == search.best_params_
    np.testing.assert_array_equal(loaded.predict_proba(REALS), search.predict_proba(REALS))
    assert loaded.score(REALS, CLASSES) == search.score(REALS, CLASSES)


def test_fitted_searches_over_taggers(tmp_path):
    search = GridSearchCV(sc.MarkovTagger(), {"order": [0, 1]}, cv=2, scoring=sc.make_scorer("accuracy"))
    sc.save(search.fit(SYMBOLS, SYMBOL_TAGS), tmp_path / "m")
    assert sc.load(tmp_path / "m").score(SYMBOLS, SYMBOL_TAGS) == search.score(SYMBOLS, SYMBOL_TAGS)


def test_whatever_a_search_needs_is_there_under_its_name():
    for name in TRUSTED:
        module, _, attribute = name.rpartition(".")
        # an extra, which a machine that runs the other tests may not have
        if not name.startswith("aeon.") or find_spec("aeon"):
            assert hasattr(importlib.import_module(module), attribute), name


@pytest.mark.parametrize("dtype", ["float64", np.float64, np.dtype("float64")])
def test_a_dtype_in_any_form(dtype, tmp_path):
    for model in (sc.RNNTagger(dtype=dtype, **TINY), sc.WindowTagger(dtype=dtype)):
        sc.save(model.fit(SYMBOLS, SYMBOL_TAGS), tmp_path / "m")
        loaded = sc.load(tmp_path / "m")
        assert loaded.get_params()["dtype"] == dtype
        np.testing.assert_array_equal(flat(loaded.predict_proba(SYMBOLS)), flat(model.predict_proba(SYMBOLS)))


def test_a_damaged_file_is_one_error_that_names_it(tmp_path):
    rng, path = np.random.default_rng(0), tmp_path / "model.skops"
    sc.save(sc.MarkovChain(1).fit(SYMBOLS), path)
    whole, said = path.read_bytes(), []
    for _ in range(200):
        broken = bytearray(whole)
        for _ in range(rng.integers(1, 20)):
            broken[rng.integers(len(broken))] = rng.integers(256)
        if rng.random() < 0.3:
            broken = broken[: rng.integers(len(broken))]
        path.write_bytes(broken)
        try:
            sc.load(path)
        except ValueError as error:
            said.append(str(error))
    assert len(said) > 100
    assert all("model.skops" in words for words in said)


def test_a_file_that_unpacks_to_far_more_is_refused(tmp_path):
    path = tmp_path / "bomb.skops"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("schema.json", " " * 50_000_000)
    with pytest.raises(ValueError, match=r"bomb\.skops.*unpacked 50,000,000"):
        sc.load(path)


def test_a_folder_is_no_model(tmp_path):
    with pytest.raises(ValueError, match="load_run"):
        sc.load(tmp_path)


def test_what_cannot_be_written_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "model.skops"
    sc.save(sc.MarkovChain(1).fit(SYMBOLS), path)
    before = path.read_bytes()

    def full(self, data):
        self.touch()
        raise OSError("No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        sc.save(sc.MarkovChain(2).fit(SYMBOLS), path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["model.skops"]


def test_saving_imports_no_frameworks(tmp_path):
    pytest.importorskip("torch")
    code = (
        "import sys\nfrom seqcompare import MarkovChain, save\n"
        f"save(MarkovChain().fit(['abab']), {str(tmp_path / 'model.skops')!r})\n"
        "print(sorted({'torch', 'dask.array'} & set(sys.modules)))\n"
        "import sklearn.externals.array_api_compat.torch as adapter\nprint(adapter.__file__ is not None)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["[]", "True"]
