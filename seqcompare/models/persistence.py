"""Saving models to files that cannot run code when they are loaded."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from io import BytesIO
from pathlib import Path
from types import ModuleType
from zipfile import ZipFile

from seqcompare.typing import FittedModel, Model
from seqcompare.whole_file import write_whole

_FORMAT = "seqcompare model"
_VERSION = 1
_MOST_GROWTH = 20

# what a fitted search keeps: how it scored, and how it split
_METRICS = (
    "classification.accuracy_score",
    "classification.balanced_accuracy_score",
    "classification.brier_score_loss",
    "classification.f1_score",
    "classification.jaccard_score",
    "classification.log_loss",
    "classification.matthews_corrcoef",
    "classification.precision_score",
    "classification.recall_score",
    "ranking.average_precision_score",
    "ranking.roc_auc_score",
    "ranking.top_k_accuracy_score",
    "regression.explained_variance_score",
    "regression.max_error",
    "regression.mean_absolute_error",
    "regression.mean_absolute_percentage_error",
    "regression.mean_squared_error",
    "regression.median_absolute_error",
    "regression.r2_score",
    "regression.root_mean_squared_error",
)
_SPLITTERS = (
    "GroupKFold",
    "GroupShuffleSplit",
    "KFold",
    "LeaveOneGroupOut",
    "LeaveOneOut",
    "PredefinedSplit",
    "RepeatedKFold",
    "RepeatedStratifiedKFold",
    "ShuffleSplit",
    "StratifiedGroupKFold",
    "StratifiedKFold",
    "StratifiedShuffleSplit",
    "TimeSeriesSplit",
)

# what scikit-learn has for arrays of others
_ADAPTERS = [f"sklearn.externals.array_api_compat.{name}" for name in ("torch", "dask", "cupy")]

_ROLES = ("Next", "Density", "Tagger", "Classifier", "Regressor", "StepRegressor")

# What `load` builds besides what skops trusts: scikit-learn's public estimators, arrays, plain containers.
# Trees (sklearn.tree._tree.Tree, KDTree, TreePredictor) are not among them: compiled code follows their
# indices unchecked, so that a crafted file could crash the process. Who made the file can name them.
TRUSTED = (
    "seqcompare.models.attention.estimators.AttentionClassifier",
    "seqcompare.models.attention.estimators.AttentionRegressor",
    "seqcompare.models.attention.estimators.AttentionStepRegressor",
    "seqcompare.models.attention.estimators.AttentionTagger",
    "seqcompare.models.bayes.BayesClassifier",
    "seqcompare.models.common_symbols.CommonSymbols",
    "seqcompare.models.echo_state.labels.EchoStateClassifier",
    "seqcompare.models.echo_state.numbers.EchoStateRegressor",
    "seqcompare.models.echo_state.numbers.EchoStateStepRegressor",
    "seqcompare.models.echo_state.labels.EchoStateTagger",
    "seqcompare.models.filled.Filled",
    "seqcompare.models.missing_symbols.FilledNext",
    "seqcompare.models.filling.Filling",
    "seqcompare.models.gap_variance.GapVariance",
    "seqcompare.models.hmm.autoregressive.AutoregressiveHMM",
    "seqcompare.models.hmm.classifier.HMMClassifier",
    "seqcompare.models.hmm.crf.CRFTagger",
    "seqcompare.models.hmm.linear_state_space.LinearStateSpace",
    "seqcompare.models.hmm.model.HMM",
    "seqcompare.models.hmm.regimes.Regimes",
    "seqcompare.models.hmm.step_regressor.HMMStepRegressor",
    "seqcompare.models.hmm.step_regressor.KalmanStepRegressor",
    "seqcompare.models.hmm.tagger.HMMTagger",
    "seqcompare.models.kalman.LinearGaussian",
    "seqcompare.models.markov.autoregression.Autoregression",
    "seqcompare.models.markov.chain.MarkovChain",
    "seqcompare.models.markov.context_tree.ContextTree",
    "seqcompare.models.markov.count_autoregression.CountAutoregression",
    "seqcompare.models.markov.counts.NgramCounts",
    "seqcompare.models.markov.lags.Lags",
    "seqcompare.models.markov.lags.Predictors",
    "seqcompare.models.markov.tagger.MarkovTagger",
    "seqcompare.models.markov.thinning.Thinning",
    "seqcompare.models.markov.volatility.Volatility",
    "seqcompare.models.next_numbers.Errors",
    "seqcompare.models.next_step.NextStep",
    "seqcompare.models.pieces.InPieces",
    "seqcompare.models.pieces.NumbersInPieces",
    *(f"seqcompare.models.pytorch.estimators.Torch{what}" for what in _ROLES[2:]),
    "seqcompare.models.quantized.Quantized",
    *(f"seqcompare.models.reference.chance.Chance{what}" for what in _ROLES),
    "seqcompare.models.reference.levels.PlacedDensity",
    "seqcompare.models.reference.places.PlacedNext",
    "seqcompare.models.reference.places.PlacedTagger",
    "seqcompare.models.reference.recent.RecentNext",
    "seqcompare.models.reference.last_value.LastValue",
    "seqcompare.models.reference.minirocket.MiniRocketClassifier",
    "seqcompare.models.reference.warped.DTWClassifier",
    "seqcompare.models.recurrent.classifier.RNNClassifier",
    "seqcompare.models.recurrent.regressor.RNNRegressor",
    "seqcompare.models.recurrent.step_regressor.RNNStepRegressor",
    "seqcompare.models.recurrent.tagger.RNNTagger",
    "seqcompare.models.rounded.Rounded",
    "seqcompare.models.scaler.SequenceScaler",
    "seqcompare.models.markov.smoothing.Interpolation",
    "seqcompare.models.windows.models.WindowClassifier",
    "seqcompare.models.windows.models.WindowRegressor",
    "seqcompare.models.windows.standard.RBFSVM",
    "seqcompare.models.windows.step_regressor.WindowStepRegressor",
    "seqcompare.models.windows.tagger.WindowTagger",
    "seqcompare.models.windows.sliding_window.SlidingWindow",
    "seqcompare.models.windows.layout.WindowLayout",
    "seqcompare.experiments.scorers.SequenceScorer",
    "seqcompare.data.encoding.AsNumbers",
    "seqcompare.data.encoding.AsSymbols",
    "seqcompare.data.schema.Channel",
    "seqcompare.data.sequences.Sequences",
    "aeon.transformations.collection.convolution_based._minirocket.MiniRocket",
    "hmmlearn.base.ConvergenceMonitor",
    "hmmlearn.hmm.CategoricalHMM",
    "hmmlearn.hmm.GMMHMM",
    "hmmlearn.hmm.GaussianHMM",
    "hmmlearn.hmm.PoissonHMM",
    "collections.deque",
    "numpy.dtype",
    "sklearn.metrics._scorer._PassthroughScorer",
    "sklearn.metrics._scorer._Scorer",
    *(f"sklearn.metrics._{name}" for name in _METRICS),
    *(f"sklearn.model_selection._split.{name}" for name in _SPLITTERS),
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
)


def save(model: Model, path: str | Path) -> None:
    """Save a model, fitted or not.

    Parameters
    ----------
    model : estimator
        A model of this package, of scikit-learn, or a combination of them. Estimators of your own are saved
        as well; see `load` for reading them back.
    path : str or Path
        The file; an old one is replaced.

    Raises
    ------
    ValueError
        If a parameter is a function or class that cannot be imported, so that `load` could not find it.
    """
    from seqcompare import __version__

    _check_importable(model)
    content = {"format": _FORMAT, "version": _VERSION, "seqcompare": __version__, "model": model}
    # a failure, a full disk among them, leaves the old file as it was
    write_whole(Path(path), _skops_io().dumps(content))


def _skops_io() -> ModuleType:
    """Return skops.io, which imports all of scikit-learn to know what there is.

    Its adapters to other arrays are passed over: they make no estimators, and import all of PyTorch and Dask.
    """
    # not at the top of this module: it takes a second
    absent = {name: ModuleType(name) for name in _ADAPTERS if name not in sys.modules}
    sys.modules |= absent
    try:
        return import_module("skops.io")
    finally:
        for name in absent:
            del sys.modules[name]


def untrusted_types(path: str | Path) -> list[str]:
    """Return the types in a saved model that `load` takes only if they are named: those of a user's own."""
    found = _skops_io().get_untrusted_types(data=Path(path).read_bytes())
    return sorted(set(found) - set(TRUSTED))


def load(path: str | Path, trusted: Sequence[str | type] = ()) -> FittedModel:
    """Load a model that `save` wrote.

    A file can make nothing but objects of a fixed list of types, this package's and those that they are made
    of. Nothing in it is ever run or unpickled, and what it names beyond that list is not even imported. Trees
    of scikit-learn are not on the list, as skops advises: name ``"sklearn.tree._tree.Tree"`` in `trusted` for
    files of your own.

    Parameters
    ----------
    path : str or Path
        The file.
    trusted : sequence of str or type
        Further types to accept, such as the classes of your own estimators, by full name or as themselves.
        Name only types that you know to be harmless whatever a file puts into them.

    Returns
    -------
    estimator
        The model.

    Raises
    ------
    ValueError
        If the file is not a saved model, was written by a later version, or holds types that are not trusted.
    ImportError
        If the model is made of what a package holds that is not installed.
    """
    if isinstance(trusted, (str, bool)):
        raise TypeError(f"trusted must be a sequence of types or their names, got {trusted!r}")
    if Path(path).is_dir():
        raise ValueError(f"{path} is a folder: load reads the file of a model, load_run the folder of a run")
    io = _skops_io()
    from skops.io.exceptions import UntrustedTypesFoundException

    data = Path(path).read_bytes()
    try:
        _check_size(data)
        content = io.loads(data, trusted=[*TRUSTED, *trusted])
    except UntrustedTypesFoundException as error:
        raise ValueError(
            f"{path} holds types that are not trusted; if you know them and where the file comes from, "
            f"name them in trusted=. {error}"
        ) from None
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        raise ImportError(f"{path} holds a model that needs {package}, which is not installed") from error
    except Exception as error:  # a damaged file fails anywhere in what reads it
        what = str(error) or type(error).__name__
        raise ValueError(f"{path} is not a model saved by seqcompare: {what}") from error
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise ValueError(f"{path} is a skops file, but not a model saved by seqcompare")
    version = content.get("version")
    if not isinstance(version, int) or not {"seqcompare", "model"} <= set(content):
        raise ValueError(f"{path} is not a model saved by seqcompare: parts of it are missing")
    if version > _VERSION:
        raise ValueError(
            f"{path} was written by seqcompare {content['seqcompare']}, in a later format than this one reads"
        )
    return content["model"]


def _check_importable(model: Model) -> None:
    """Refuse functions and classes that stand within others: a file keeps their names alone."""
    params = model.get_params() if hasattr(model, "get_params") else {}
    for name, value in params.items():
        if "<" in getattr(value, "__qualname__", ""):
            raise ValueError(
                f"{name} is {value.__qualname__}, which cannot be imported: to be saved, it has to stand at "
                "the top of a module"
            )


def _check_size(data: bytes) -> None:
    """Refuse a file that unpacks to far more than it is: what `save` writes is not compressed."""
    with ZipFile(BytesIO(data)) as packed:
        size = sum(part.file_size for part in packed.infolist())
    if size > _MOST_GROWTH * len(data) + 2**20:
        raise ValueError(f"it has {len(data):,} bytes, and unpacked {size:,}")
