"""The public names for editors and type checkers, as ``__init__.py`` imports them."""

from seqcompare import claims as claims
from seqcompare import datasets as datasets
from seqcompare import tasks as tasks
from seqcompare.data.dataset import SequenceDataset as SequenceDataset
from seqcompare.data.sequences import Sequences as Sequences
from seqcompare.dependence import profile as profile
from seqcompare.experiments.compare import compare as compare
from seqcompare.experiments.comparison import Comparison as Comparison
from seqcompare.experiments.runs import load_run as load_run
from seqcompare.experiments.scorers import cross_val_predict as cross_val_predict
from seqcompare.experiments.scorers import make_scorer as make_scorer
from seqcompare.experiments.sweep import Run as Run
from seqcompare.experiments.sweep import sweep as sweep
from seqcompare.models.attention.estimators import AttentionClassifier as AttentionClassifier
from seqcompare.models.attention.estimators import AttentionRegressor as AttentionRegressor
from seqcompare.models.attention.estimators import AttentionTagger as AttentionTagger
from seqcompare.models.bayes import BayesClassifier as BayesClassifier
from seqcompare.models.export.to_onnx import to_onnx as to_onnx
from seqcompare.models.filled import Filled as Filled
from seqcompare.models.hmm.autoregressive import AutoregressiveHMM as AutoregressiveHMM
from seqcompare.models.hmm.classifier import HMMClassifier as HMMClassifier
from seqcompare.models.hmm.crf import CRFTagger as CRFTagger
from seqcompare.models.hmm.linear_state_space import LinearStateSpace as LinearStateSpace
from seqcompare.models.hmm.model import HMM as HMM
from seqcompare.models.hmm.state_selection import select_n_components as select_n_components
from seqcompare.models.hmm.step_regressor import HMMStepRegressor as HMMStepRegressor
from seqcompare.models.hmm.step_regressor import KalmanStepRegressor as KalmanStepRegressor
from seqcompare.models.hmm.tagger import HMMTagger as HMMTagger
from seqcompare.models.machine.automaton import Automaton as Automaton
from seqcompare.models.machine.search import minimal_machine as minimal_machine
from seqcompare.models.markov.autoregression import Autoregression as Autoregression
from seqcompare.models.markov.chain import MarkovChain as MarkovChain
from seqcompare.models.markov.context_tree import ContextTree as ContextTree
from seqcompare.models.markov.count_autoregression import CountAutoregression as CountAutoregression
from seqcompare.models.markov.order_selection import select_order as select_order
from seqcompare.models.markov.tagger import MarkovTagger as MarkovTagger
from seqcompare.models.missing_symbols import FilledNext as FilledNext
from seqcompare.models.next_step import NextStep as NextStep
from seqcompare.models.persistence import load as load
from seqcompare.models.persistence import save as save
from seqcompare.models.recurrent.estimators import RNNClassifier as RNNClassifier
from seqcompare.models.recurrent.estimators import RNNRegressor as RNNRegressor
from seqcompare.models.recurrent.estimators import RNNStepRegressor as RNNStepRegressor
from seqcompare.models.recurrent.estimators import RNNTagger as RNNTagger
from seqcompare.models.reference.last_value import LastValue as LastValue
from seqcompare.models.scaler import SequenceScaler as SequenceScaler
from seqcompare.models.windows.models import WindowClassifier as WindowClassifier
from seqcompare.models.windows.models import WindowRegressor as WindowRegressor
from seqcompare.models.windows.sliding_window import SlidingWindow as SlidingWindow
from seqcompare.models.windows.step_regressor import WindowStepRegressor as WindowStepRegressor
from seqcompare.models.windows.tagger import WindowTagger as WindowTagger

__version__: str
__all__: list[str]
