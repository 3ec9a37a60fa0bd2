"""What theory says of every kind of model on every task that it answers, size by size, in one table."""

from math import inf

import numpy as np
import pytest

from seqcompare.experiments.task_source import Sizes, TaskSource
from seqcompare.families import FAMILIES, REFERENCE, Budget
from seqcompare.needs import Traits
from seqcompare.tasks import (
    TASKS,
    Adding,
    Brackets,
    Copy,
    Counts,
    DelayedXor,
    Echo,
    HiddenRegimes,
    KeyedRecall,
    LagChain,
    LinearSeries,
    LongMemory,
    NoisyState,
    Recall,
    Renewal,
    SwitchingAutoregression,
    TemporalOrder,
    ThresholdAutoregression,
    Volatility,
)

# Each cell is (least, enough): False below the one, True from the other on, and open between.
NEVER, OPEN = (inf, inf), (0, inf)
NO_CONSTRUCTION = "jordan mingru lru echo-state attention"
NO_CONSTRUCTION_AHEAD = "bimingru bilru biattention"
NETS = "elman gru lstm " + NO_CONSTRUCTION
CHAINS = "markov markov-kneser-ney context-tree"
WINDOWS = "logistic linear-svm mlp rbf-svm logistic-pairs"
# these look ahead as far as back, so that they are twice as wide
CENTRED = "logistic-centred mlp-centred rbf-svm-centred logistic-pairs-centred"
LABELS = "hmm-labels hmm-labels-smoothed"
STATES = "hmm hmm-sticky hmm-predictive"
STATES_OF_STEPS = "hmm hmm-sticky hmm-smoothed"
# no number of states is a real number, yet the more there are the nearer they come
STATES_OF_NUMBERS = "hmm hmm-sticky hmm-durations"

TABLE = {
    Recall(5, n_cues=3): {
        f"{CHAINS} {WINDOWS}": (5, 5),
        STATES: (3, 3),
        # ages might keep a cue, but one state shows the same at all of them
        "hmm-durations": (2, 3),
        "elman gru lstm": (0, 2),
        NO_CONSTRUCTION: OPEN,
    },
    Echo(2): {
        "markov": (2, 2),
        WINDOWS: (3, 3),
        CENTRED: (5, 5),
        STATES_OF_STEPS: (4, 8),
        LABELS: NEVER,
        # labels that lean on each other may carry something past the window
        "crf": (0, 5),
        "elman gru lstm bigru bilstm": (0, 3),
        f"{NO_CONSTRUCTION} {NO_CONSTRUCTION_AHEAD}": OPEN,
    },
    Echo(0): {
        f"markov {LABELS} crf {WINDOWS} {CENTRED} elman gru lstm bigru bilstm": (0, 0),
        # to be sure of one of two labels takes two states
        STATES_OF_STEPS: (2, 2),
        f"{NO_CONSTRUCTION} {NO_CONSTRUCTION_AHEAD}": OPEN,
    },
    Echo(-2): {
        f"markov hmm hmm-sticky {LABELS} {WINDOWS} {NETS}": NEVER,
        CENTRED: (4, 4),
        "hmm-smoothed": (4, 8),
        "crf": (0, 4),
        "bigru bilstm": (0, 3),
        NO_CONSTRUCTION_AHEAD: OPEN,
    },
    DelayedXor(3): {
        "markov": (3, 3),
        "mlp rbf-svm logistic-pairs": (4, 4),
        "mlp-centred rbf-svm-centred logistic-pairs-centred": (7, 7),
        f"logistic linear-svm logistic-centred {LABELS}": NEVER,
        STATES_OF_STEPS: (8, 16),
        "elman gru lstm bigru bilstm": (0, 5),
        f"crf {NO_CONSTRUCTION} {NO_CONSTRUCTION_AHEAD}": OPEN,
    },
    Copy(4, n_items=2, n_symbols=3): {
        "markov": (4, 4),
        WINDOWS: (5, 5),
        CENTRED: (9, 9),
        STATES_OF_STEPS: (9, inf),
        LABELS: NEVER,
        "crf": (0, 9),
        # a slot for each item is less than a register from each to its recall
        "lstm bilstm": (0, 7),
        "elman gru bigru": (0, 10),
        f"{NO_CONSTRUCTION} {NO_CONSTRUCTION_AHEAD}": OPEN,
    },
    LagChain(2, n_symbols=3): {
        f"{CHAINS} {WINDOWS}": (2, 2),
        STATES: (9, 9),
        "hmm-durations": (2, 9),
        "elman gru lstm": (0, 4),
        NO_CONSTRUCTION: OPEN,
    },
    # no finite past is all of a regime, but a long one is nearly
    HiddenRegimes(16, n_regimes=3): {
        STATES: (3, 3),
        "hmm-durations": (2, 3),
        f"{CHAINS} {WINDOWS} {NETS}": OPEN,
    },
    Brackets(5): {
        f"{CHAINS} {WINDOWS}": (5, 5),
        f"{STATES} hmm-durations": (2, 60),
        "lstm": (0, 8),
        "elman": (0, 16),
        f"gru {NO_CONSTRUCTION}": OPEN,
    },
    TemporalOrder(5): {
        # chains and states of each class; windows of the last steps may miss both marks
        "markov": (5, 5),
        "logistic linear-svm mlp rbf-svm": (6, inf),
        "hmm hmm-left-right hmm-sticky": (2, 2),
        "hmm-predictive": (4, 8),
        "elman gru lstm": (0, 3),
        NO_CONSTRUCTION: OPEN,
    },
    Adding(5): {
        "ridge mlp": (6, inf),
        "gru lstm": (0, 0),
        "elman": (0, 3),
        NO_CONSTRUCTION: OPEN,
    },
    KeyedRecall(3, n_pairs=3): {
        "markov": (9, 9),
        "mlp rbf-svm": (10, 10),
        "mlp-centred rbf-svm-centred": (19, 19),
        # a parity of three is neither linear nor quadratic
        f"logistic linear-svm logistic-centred logistic-pairs logistic-pairs-centred {LABELS}": NEVER,
        STATES_OF_STEPS: (6, inf),
        f"crf elman gru lstm bigru bilstm {NO_CONSTRUCTION} {NO_CONSTRUCTION_AHEAD}": OPEN,
    },
    LinearSeries(1): {
        "autoregression autoregression-volatile": (1, 1),
        "ridge boosting state-space hmm-autoregressive": (0, 0),
        f"{STATES_OF_NUMBERS} {NETS}": OPEN,
    },
    LinearSeries(3): {
        "autoregression autoregression-volatile ridge boosting": (3, 3),
        # the last three numbers are the state, and covariances of rank three take no fewer
        "state-space": (3, 3),
        # how many steps its rules read is not told by its size
        f"hmm-autoregressive {STATES_OF_NUMBERS} {NETS}": OPEN,
    },
    NoisyState(8): {
        "state-space": (0, 0),
        f"autoregression autoregression-volatile ridge boosting hmm-autoregressive {STATES_OF_NUMBERS}": OPEN,
        NETS: OPEN,
    },
    LongMemory(): {
        "autoregression autoregression-volatile ridge boosting state-space hmm-autoregressive": OPEN,
        f"{STATES_OF_NUMBERS} {NETS}": OPEN,
    },
    Volatility(): {
        "autoregression-volatile": (0, 0),
        # their variance stays what it is
        "autoregression state-space": NEVER,
        f"ridge boosting hmm-autoregressive {STATES_OF_NUMBERS} {NETS}": OPEN,
    },
    ThresholdAutoregression(2): {
        "boosting": (2, 2),
        "autoregression autoregression-volatile ridge state-space": NEVER,
        f"hmm-autoregressive {STATES_OF_NUMBERS} {NETS}": OPEN,
    },
    SwitchingAutoregression(8): {
        "hmm-autoregressive": (2, 2),
        "autoregression autoregression-volatile ridge state-space": NEVER,
        f"boosting {STATES_OF_NUMBERS} {NETS}": OPEN,
    },
    Counts(2): {
        # a softmax on one symbol a count is a table of what follows each
        f"{CHAINS} count-autoregression count-autoregression-free {WINDOWS}": (2, 2),
        f"{STATES} hmm-durations {NETS}": OPEN,
    },
    Renewal(12): {
        f"{CHAINS} {WINDOWS}": (12, 12),
        STATES: (2, 24),
        "hmm-durations": (2, 2),
        NETS: OPEN,
    },
    # where two changes may lie among the ages that count, it is open what a line can do; and what turns
    # with all symbols turned is odd, so that products of two are of no use
    Renewal(6): {
        f"{CHAINS} mlp rbf-svm": (6, 6),
        "logistic linear-svm logistic-pairs": (6, inf),
        STATES: (2, 12),
        "hmm-durations": (2, 2),
        NETS: OPEN,
    },
}


def after_of(kind, capacity):
    """Steps after the one labelled that a window of so many shows."""
    return capacity // 2 if kind == "crf" or kind.endswith("-centred") else 0


def answering(task):
    """The kinds that have an answer in a sweep, with their families."""
    problem = TaskSource("distance", task, task.name, 1, Sizes(1000, 200, 500), Budget(1, 1, 1)).problem()
    for family in FAMILIES.values():
        for spec in family.specs if family.name != REFERENCE else ():
            size = {spec.size_key: (spec.sizes or [1])[-1]} if spec.sizes else {}
            if not size and spec.size_key not in ("", "states"):
                size = {spec.size_key: 1}
            if problem.kind in spec.kinds and spec.build(problem, **size) is not None:
                yield family, spec


def test_every_task_is_in_the_table():
    assert {type(task) for task in TABLE} == set(TASKS.values())


@pytest.mark.parametrize("task", TABLE, ids=repr)
def test_theory_speaks_of_every_kind_that_answers(task):
    expected = {kind: cell for kinds, cell in TABLE[task].items() for kind in kinds.split()}
    assert sum(len(kinds.split()) for kinds in TABLE[task]) == len(expected)
    found = set()
    for family, spec in answering(task):
        found.add(spec.name)
        least, enough = expected.get(spec.name, (None, None))
        assert least is not None, f"{spec.name} answers {task!r}, and the table does not say what theory says"
        bounds = {int(b) + k for b in (least, enough) if b < inf for k in (-1, 0)}
        for capacity in sorted({family.least_capacity, 1, 10_000, *bounds}):
            if capacity < family.least_capacity:
                continue
            after = after_of(spec.name, capacity)
            says = family.theory(task.needs(), Traits(capacity, spec.name, after, causal=not spec.ahead))
            wanted = False if capacity < least else True if capacity >= enough else None
            assert says is wanted, (spec.name, capacity)
    assert found == set(expected)


@pytest.mark.parametrize(
    "kind", ["autoregression", "state-space", "boosting", "context-tree", "count-autoregression"]
)
def test_kinds_that_do_not_read_such_steps_cannot(kind):
    task = LinearSeries(1) if kind.startswith(("context", "count")) else Recall(5)
    family = next(f for f in FAMILIES.values() if kind in [spec.name for spec in f.specs])
    assert task.can_represent(family.name, 9, variant=kind) is False


def test_a_line_on_twelve_symbols_knows_how_long_the_last_has_lasted():
    """The weights say the log odds of each age at which a change may come, and are large where it is sure."""
    task, sure = Renewal(12), 40.0
    n, least = task.distance, task.distance - task.spread
    hazard = task.hazard[least - 1 : n - 1]
    odds = np.array([2 * sure, *np.log((1 - hazard) / hazard), -sure])  # of staying, at ages least - 1 to n
    weights = np.zeros(n)
    weights[least - 1 :] = np.diff(odds) / 2
    weights[0] = odds[-1] - weights.sum()
    data = task.sample(40, random_state=0)
    rows = []
    for x in data.X:
        taps = np.stack([np.concatenate([np.ones(k), 2.0 * x[: len(x) - k] - 1]) for k in range(n)], axis=1)
        p = 1 / (1 + np.exp(-taps @ weights))
        rows.append(np.stack([1 - p, p], axis=1))
    optimum = task.score(data, task.optimal_proba(data.X))
    assert task.score(data, rows) == pytest.approx(optimum, abs=1e-6)
