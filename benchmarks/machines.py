"""Whether the smallest machine behind a fitted model is the right one, on sources whose machine is known.

python benchmarks/machines.py [next] [step] [recall] [none] [--seeds 20] [--only "RRXOR, GRU"]

Right is: the same states, edges and probabilities (within .06) but for the numbers of the states. The minimal
machines are found by brute force here: of languages by telling apart all short words by all short endings.
"""

from __future__ import annotations

import argparse
import time
import warnings
from itertools import pairwise, product

import numpy as np

from seqcompare import HMM, ContextTree, MarkovChain, RNNTagger, minimal_machine
from seqcompare.models.machine.automaton import Automaton
from seqcompare.models.next_step import NextStep
from seqcompare.tasks import LinearSeries, Recall

BITS = np.arange(2)
# Rows whose source and model, "RRXOR, GRU", have this in them are made.
ONLY = ""


def tomita(number, x):
    """Return whether a word of 0 and 1 is in one of Tomita's (1982) seven languages."""
    word = "".join(map(str, x))
    if number == 1:
        return "0" not in word
    if number == 2:
        return word == "10" * (len(word) // 2)
    if number == 3:
        # no odd run of 1 is followed, sooner or later, by an odd run of 0 that is complete or not
        runs = [(run[0], len(run)) for run in runs_of(word)]
        return not any(a == "1" and n % 2 and b == "0" and m % 2 for (a, n), (b, m) in pairwise(runs))
    if number == 4:
        return "000" not in word
    if number == 5:
        return word.count("0") % 2 == 0 and word.count("1") % 2 == 0
    if number == 6:
        return (word.count("0") - word.count("1")) % 3 == 0
    return len([run for run in runs_of("0" + word) if run[0] == "1"]) <= 2 and fits_seven(word)


def fits_seven(word):
    """Return whether a word is of the form 0*1*0*1*."""
    changes = "".join(run[0] for run in runs_of(word))
    return changes in ("", "0", "1", "01", "10", "010", "101", "0101")


def runs_of(word):
    """Return the runs of equal letters."""
    runs = []
    for letter in word:
        if runs and runs[-1][0] == letter:
            runs[-1] += letter
        else:
            runs.append(letter)
    return runs


def minimal_dfa(accepts, depth=6, ends=5):
    """Return the machine that tells apart what any ending tells apart (Myhill and Nerode), by enumeration."""
    words = [w for n in range(depth + 1) for w in product((0, 1), repeat=n)]
    tests = [w for n in range(ends + 1) for w in product((0, 1), repeat=n)]
    kind = {w: tuple(accepts(w + t) for t in tests) for w in words}
    names = {k: i for i, k in enumerate(dict.fromkeys(kind.values()))}
    transitions = np.full((len(names), 2), -1)
    for w in words[: 2**depth - 1]:
        for symbol in (0, 1):
            transitions[names[kind[w]], symbol] = names[kind[(*w, symbol)]]
    proba = np.zeros((len(names), 2))
    for w, k in kind.items():
        proba[names[k], int(accepts(w))] = 1.0
    start = np.eye(len(names))[names[kind[()]]]
    return Automaton(BITS, BITS, transitions, proba, start, False)


def strings(accepts, n, rng):
    """Return words of 5 to 40 letters that steer away from where nothing is accepted any more."""
    X, y = [], []
    for _ in range(n):
        word, labels = [], []
        for _ in range(rng.integers(5, 41)):
            letter = int(rng.integers(2))
            if (
                rng.random() < 0.9
                and not alive(accepts, (*word, letter))
                and alive(accepts, (*word, 1 - letter))
            ):
                letter = 1 - letter
            word.append(letter)
            labels.append(int(accepts(tuple(word))))
        X.append(np.array(word))
        y.append(np.array(labels))
    return X, y


def alive(accepts, word):
    """Return whether some short ending is accepted."""
    return any(accepts(word + t) for n in range(4) for t in product((0, 1), repeat=n))


def source(transitions, proba, n_symbols=2):
    """Return the machine with these edges and probabilities, started anywhere."""
    n = len(transitions)
    symbols = np.arange(n_symbols)
    proba = np.asarray(proba, dtype=float)
    return Automaton(symbols, symbols, np.array(transitions), proba, np.full(n, 1 / n), True)


def sample(machine, n, length, rng):
    """Draw sequences from a machine that generates, after it has run for a while."""
    X = []
    for _ in range(n):
        state, x = rng.integers(machine.n_states), []
        for _ in range(length + 20):
            symbol = int(rng.choice(len(machine.symbols), p=machine.proba[state]))
            x.append(symbol)
            state = machine.transitions[state, symbol]
        X.append(np.array(x[20:]))
    return X


def cycle(n=4, noise=0.1):
    """Return a cycle of states that show their symbol, or now and then any."""
    transitions = [[(s + 1) % n] * n for s in range(n)]
    return source(transitions, (1 - noise) * np.eye(n) + noise / n, n)


SOURCES = {
    "golden mean": source([[0, 1], [0, -1]], [[0.5, 0.5], [1, 0]]),
    "even process": source([[0, 1], [-1, 0]], [[0.5, 0.5], [0, 1]]),
    # two random bits, then their exclusive or
    "RRXOR": source(
        [[1, 2], [3, 4], [4, 3], [0, -1], [-1, 0]], [[0.5, 0.5], [0.5, 0.5], [0.5, 0.5], [1, 0], [0, 1]]
    ),
    "noisy cycle of 4": cycle(),
}


def net(**more):
    """Return a small network that labels steps."""
    settings = {"hidden_size": 16, "learning_rate_init": 0.02, "max_iter": 60, "batch_size": 32, **more}
    return RNNTagger("gru", **settings)


def wanted(name, models):
    """Return the models that were asked for of a source."""
    return [(who, make) for who, make in models.items() if ONLY in f"{name}, {who}"]


def report(name, who, found, seconds):
    """Print a row; `found` holds whether each machine is right, its states, and how good its model is."""
    right = sum(ok for ok, _, _ in found)
    missed = " ".join(f"{good:.3f}" for ok, _, good in found if not ok)
    sizes = [size for _, size, _ in found]
    each = seconds / len(found)
    print(f"| {name} | {who} | {right} of {len(found)} | {sizes} | {missed} | {each:.1f} |", flush=True)


def of_next_symbols(seeds):
    """Print how often the machine of a source is found behind models of the next symbol."""
    models = {
        "GRU": lambda seed: NextStep(net(random_state=seed, max_iter=200)),
        "context tree": lambda seed: ContextTree(12),
        "Markov chain of order 6": lambda seed: MarkovChain(6),
        "HMM of 8 states": lambda seed: HMM(8, n_init=20, random_state=seed),
    }
    for name, truth in SOURCES.items():
        for who, make in wanted(name, models):
            rows, seconds = [], 0.0
            for seed in range(seeds):
                rng = np.random.default_rng(seed)
                train, data = sample(truth, 100, 200, rng), sample(truth, 100, 200, rng)
                model = make(seed).fit(train)
                begin = time.process_time()
                found = minimal_machine(model, data, random_state=seed)
                seconds += time.process_time() - begin
                rows.append((is_right(found, truth), found.n_states, found.model_loss))
            report(name, who, rows, seconds)


def is_right(found, truth):
    """Return whether it is the machine of the source."""
    return found.automaton is not None and truth.same_as(found.automaton)


def of_languages(seeds):
    """Print how often the minimal automaton of a language is found behind a network that labels its words.

    How good a network is, is its accuracy on fresh words.
    """
    for number in range(1, 8):
        if not wanted(f"Tomita {number}", {"GRU": net}):
            continue
        accepts = lambda word, number=number: tomita(number, word)  # noqa: E731
        truth = minimal_dfa(accepts)
        rows, seconds, known = [], 0.0, []
        for seed in range(seeds):
            rng = np.random.default_rng(100 * number + seed)
            X, y = strings(accepts, 1000, rng)
            Z, z = strings(accepts, 300, rng)
            model = net(random_state=seed).fit(X, y)
            known.append(model.score(Z, z))
            begin = time.process_time()
            found = minimal_machine(model, [*X[:300], *Z], [*y[:300], *z], random_state=seed)
            seconds += time.process_time() - begin
            rows.append((is_right(found, truth), found.n_states, known[-1]))
        who = f"GRU, accuracy {np.min(known):.3f} to {np.max(known):.3f}"
        report(f"Tomita {number}, {truth.n_states} states", who, rows, seconds)


def of_recall(seeds):
    """Print how often one state a cue is found, on the steps that count."""
    for distance, cues in ((16, 2), (16, 4), (64, 2)):
        task = Recall(distance, n_cues=cues)
        stay = np.tile(np.arange(cues)[:, None], (1, len(task.symbols)))
        stay[:, :cues] = np.arange(cues)
        proba = np.zeros((cues, len(task.symbols)))
        proba[:, :cues] = np.eye(cues)
        truth = Automaton(task.symbols, task.symbols, stay, proba, np.full(cues, 1 / cues), False)
        models = {
            "GRU": lambda seed: NextStep(net(random_state=seed, hidden_size=32, max_iter=200)),
            "HMM": lambda seed, cues=cues: HMM(cues, n_init=3, random_state=seed),
        }
        for who, make in wanted(f"Recall({distance}), {cues} cues", models):
            rows, seconds = [], 0.0
            for seed in range(seeds):
                length = int(2.4 * (distance + 8))
                train, data = (task.sample(1000, length, random_state=s) for s in (seed, 1000 + seed))
                model = make(seed).fit(train.X, sample_weight=train.sample_weight)
                begin = time.process_time()
                found = minimal_machine(model, data.X, sample_weight=data.sample_weight, random_state=seed)
                seconds += time.process_time() - begin
                rows.append((is_right(found, truth), found.n_states, found.model_loss))
            report(f"Recall({distance}), {cues} cues", who, rows, seconds)


def of_numbers(seeds):
    """Print how often no finite machine is said of series of numbers, cut into six symbols."""
    for name, task in (
        ("AR(1) .9", LinearSeries(1, coefficients=(0.9,))),
        ("AR(2) 1.6, -.8", LinearSeries(2, coefficients=(1.6, -0.8))),
    ):
        if not wanted(name, {"context tree": ContextTree}):
            continue
        rows, seconds = [], 0.0
        for seed in range(seeds):
            x = task.sample(200, 200, random_state=seed).X
            cuts = np.quantile(x.values, np.arange(1, 6) / 6)
            X = [np.searchsorted(cuts, row) for row in x]
            model = ContextTree(6).fit(X[:100])
            begin = time.process_time()
            found = minimal_machine(model, X[100:], random_state=seed)
            seconds += time.process_time() - begin
            rows.append((found.automaton is None, found.n_states, found.model_loss))
        report(name, "context tree", rows, seconds)


if __name__ == "__main__":
    sections = {"next": of_next_symbols, "step": of_languages, "recall": of_recall, "none": of_numbers}
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sections", nargs="*", choices=[*sections, []], default=[])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    ONLY = options.only
    warnings.simplefilter("ignore")
    print("| source | model | right machine | states found | loss (or accuracy) where wrong | CPU seconds |")
    print("|---|---|--:|---|---|--:|")
    for section in options.sections or sections:
        sections[section](options.seeds)
