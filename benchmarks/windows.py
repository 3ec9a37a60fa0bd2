"""Windows against scikit-learn's OneHotEncoder, the scale they reach, and what width buys, one thread.

    python benchmarks/windows.py rows      # making rows: time and memory against OneHotEncoder
    python benchmarks/windows.py fits      # fitting them: logistic against OneHotEncoder + LogisticRegression
    python benchmarks/windows.py labels    # support vectors where labels are asked for, and probabilities
    python benchmarks/windows.py scale     # a million rows of 51 taps: peak memory of making and fitting
    python benchmarks/windows.py widths    # accuracy and fit time by width, on the stress of English words

In `rows` and `fits` the peer gets its taps for nothing: ours starts from the sequences, OneHotEncoder from a
finished matrix of taps. The sides alternate and the least CPU time of each counts, since others disturb it
least. Each measurement of `scale` is a process of its own, so that its peak is its own.
"""

from __future__ import annotations

import argparse
import multiprocessing
import platform
import resource
import time
import tracemalloc
import warnings
from functools import partial

import numpy as np
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.svm import SVC
from threadpoolctl import threadpool_limits

from seqcompare import Sequences, SlidingWindow, WindowTagger
from seqcompare.datasets import load
from seqcompare.models.windows.standard import standard_classifier

# steps, taps, symbols, sequences
SIZES = [
    (100_000, 3, 4, 1),
    (100_000, 9, 4, 2_000),
    (100_000, 9, 26, 2_000),
    (100_000, 17, 64, 1_000),
    (100_000, 51, 5, 1),
    (1_000_000, 9, 4, 10_000),
    (1_000_000, 51, 5, 1),
]
WIDTHS = [(0, 0), (1, 1), (2, 2), (4, 4), (8, 8)]


def stream(n_steps, n_symbols, n_sequences, seed=0):
    """Return uniform symbols cut into sequences of about one length."""
    x = np.random.default_rng(seed).integers(0, n_symbols, size=n_steps)
    return Sequences(x, np.linspace(0, n_steps, n_sequences + 1).astype(int))


def taps_of(X, before, n_symbols):
    """Return the matrix of taps that OneHotEncoder reads, a pad symbol beyond the start."""
    return np.concatenate(
        [
            np.lib.stride_tricks.sliding_window_view(
                np.concatenate([np.full(before, n_symbols), x]), before + 1
            )
            for x in X
        ]
    )


def peak_of(work):
    """Return the most MiB that arrays took at once during `work`."""
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 2**20


def rows(repeats):
    """Print time and memory of making one-hot rows, for both sides."""
    print("| steps | taps | symbols | sequences | type | ms | encoder, ms | time ratio | memory ratio |")
    print("|--:|--:|--:|--:|---|--:|--:|--:|--:|")
    for n_steps, taps, n_symbols, n_sequences in SIZES:
        X = stream(n_steps, n_symbols, n_sequences)
        matrix = taps_of(X, taps - 1, n_symbols)
        for dtype in ("float64", "float32"):
            window = SlidingWindow(taps - 1, dtype=dtype).fit(X)
            encoder = OneHotEncoder(dtype=dtype)
            sides = {"ours": partial(window.rows, X), "theirs": partial(encoder.fit_transform, matrix)}
            least = dict.fromkeys(sides, np.inf)
            for _ in range(repeats if n_steps * taps < 10**7 else 2):
                for name, work in sides.items():
                    start = time.process_time()
                    work()
                    least[name] = min(least[name], time.process_time() - start)
            peak = {name: peak_of(work) for name, work in sides.items()}
            print(
                f"| {n_steps:,} | {taps} | {n_symbols} | {n_sequences:,} | {dtype} "
                f"| {1e3 * least['ours']:.1f} | {1e3 * least['theirs']:.1f} "
                f"| {least['ours'] / least['theirs']:.3f} | {peak['ours'] / peak['theirs']:.2f} |",
                flush=True,
            )


def following(n_steps, n_symbols, length=1000, seed=0):
    """Return sequences of `length` symbols, each of which tells some of the next, and the next ones."""
    rng = np.random.default_rng(seed)
    x = rng.integers(0, n_symbols, n_steps)
    known = np.flatnonzero(rng.random(n_steps - 1) < 0.3) + 1
    x[known] = (x[known - 1] + 1) % n_symbols
    X = Sequences(x, np.arange(0, n_steps + 1, length))
    return X, X.with_values(np.roll(x, -1))


def fits(repeats, n_iterations=20):
    """Print the time of a logistic window and of OneHotEncoder with LogisticRegression, fitted in turn."""
    print("| steps | symbols | taps | ms | encoder, ms | ratio of least times | of each round |")
    print("|--:|--:|--:|--:|--:|--:|---|")
    inner = LogisticRegression(max_iter=n_iterations)
    # the largest first: what allocates its first large arrays waits for the system to hand out pages
    for n_steps in (400_000, 50_000, 2_000):
        for n_symbols in (4, 8, 32):
            X, y = following(n_steps, n_symbols)
            for taps in (4, 8, 16):
                matrix = taps_of(X, taps - 1, n_symbols)
                window = WindowTagger(inner, taps - 1)
                peer = make_pipeline(OneHotEncoder(), clone(inner))
                sides = {"ours": partial(window.fit, X, y), "theirs": partial(peer.fit, matrix, y.values)}
                took = {name: [] for name in sides}
                for _ in range(repeats):
                    for name, work in sides.items():
                        start = time.process_time()
                        with warnings.catch_warnings():
                            warnings.simplefilter("ignore")  # iterations end before tolerance
                            work()
                        took[name].append(time.process_time() - start)
                each, least = np.divide(took["ours"], took["theirs"]), {k: min(v) for k, v in took.items()}
                assert window.estimator_.n_iter_[0] == peer[-1].n_iter_[0]
                print(
                    f"| {n_steps:,} | {n_symbols} | {taps} "
                    f"| {1e3 * least['ours']:.1f} | {1e3 * least['theirs']:.1f} "
                    f"| {least['ours'] / least['theirs']:.2f} | {each.min():.2f} to {each.max():.2f} |",
                    flush=True,
                )


def labels(repeats):
    """Print the time of a kernel machine on windows, without and with probabilities, fitted in turn."""
    print(
        "| rows | SVC on OneHotEncoder, s | without probabilities | with | the same without probabilities |"
    )
    print("|--:|--:|--:|--:|---|")
    for n_steps in (1_000, 4_000):
        X, y = following(n_steps, 8, 50)
        matrix, labels = taps_of(X, 3, 8), y.values
        peer = make_pipeline(OneHotEncoder(), SVC())
        without, window = WindowTagger(SVC(), 3, calibration_cv=None), WindowTagger(SVC(), 3)
        sides = [partial(peer.fit, matrix, labels), partial(without.fit, X, y), partial(window.fit, X, y)]
        took = [[] for _ in sides]
        for _ in range(repeats):
            for times, work in zip(took, sides, strict=True):
                start = time.process_time()
                work()
                times.append(time.process_time() - start)
        bare, plain, whole = map(min, took)
        same = (without.predict(X).values == window.predict(X).values).all()
        print(
            f"| {n_steps:,} | {bare:.3f} | {plain / bare:.2f} times | {whole / bare:.2f} times "
            f"| {'yes' if same else 'no'} |",
            flush=True,
        )


def labelled(n_steps, seed=0):
    """Return a stream of 5 symbols, labelled by those 3 and 40 steps back."""
    X = stream(n_steps, 5, 1_000, seed)
    x = X.values
    y = (np.roll(x, 3) + np.roll(x, 40)) % 5 > 2
    return X, X.with_values(y.astype(int))


def nothing(n_steps):
    """Nothing: the interpreter and its libraries."""


def encode_taps(n_steps):
    """OneHotEncoder on finished taps."""
    OneHotEncoder().fit_transform(taps_of(stream(n_steps, 5, 1), 50, 5))


def make_rows(n_steps):
    """Rows by SlidingWindow."""
    X = stream(n_steps, 5, 1)
    SlidingWindow(50).fit(X).rows(X)


def fit_whole(n_steps, dtype="float64"):
    """Logistic regression, 20 iterations, float64."""
    X, y = labelled(n_steps)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        WindowTagger(LogisticRegression(max_iter=20), before=50, dtype=dtype).fit(X, y)


def fit_narrow(n_steps):
    """Logistic regression, 20 iterations, float32."""
    fit_whole(n_steps, "float32")


def fit_in_parts(n_steps):
    """One pass of stochastic gradient descent by partial_fit."""
    X, y = labelled(n_steps)
    model = WindowTagger(SGDClassifier(loss="log_loss", random_state=0), before=50)
    model.partial_fit(X, y, classes=[0, 1])


def measure(job, n_steps, queue):
    """Put seconds and peak memory of this process, in MiB, into `queue`."""
    start = time.process_time()
    with threadpool_limits(1):
        job(n_steps)
    queue.put((time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))


def scale():
    """Print time and peak memory at a million rows of 51 taps and beyond."""
    print("| what | rows | CPU seconds | peak memory of the process, MiB |")
    print("|---|--:|--:|--:|")
    context = multiprocessing.get_context("spawn")
    for job, n_steps in [
        (nothing, 0),
        (encode_taps, 10**6),
        (make_rows, 10**6),
        (fit_whole, 10**6),
        (fit_narrow, 10**6),
        (fit_in_parts, 10**6),
        (fit_in_parts, 10**7),
    ]:
        queue = context.Queue()
        process = context.Process(target=measure, args=(job, n_steps, queue))
        process.start()
        seconds, peak = queue.get()
        process.join()
        print(f"| {job.__doc__.rstrip('.')} | {n_steps:,} | {seconds:.1f} | {peak:.0f} |", flush=True)


def widths(names, n_folds):
    """Print accuracy and fit time by width: 10,000 words, the stress of each vowel from the phones around."""
    data = load("cmudict_stress")
    folds = list(GroupKFold(n_folds).split(data.X, groups=data.groups))
    print("| model | window | columns | accuracy | fit, CPU s | predict, CPU us a step |")
    print("|---|---|--:|--:|--:|--:|")
    for name in names:
        inner = standard_classifier(name)
        if "random_state" in inner.get_params():
            inner.set_params(random_state=0)
        if name == "mlp":
            inner.set_params(early_stopping=True, n_iter_no_change=5)
        if name == "rbf-svm":
            inner.set_params(approximate=True, n_components=500)
        for before, after in WIDTHS:
            model = WindowTagger(inner, before, after, calibration_cv=None)
            scores, fits, answers = [], [], []
            for train, test in folds:
                learn, check = data.take(train), data.take(test)
                start = time.process_time()
                fitted = clone(model).fit(learn.X, learn.y, learn.sample_weight)
                fits.append(time.process_time() - start)
                start = time.process_time()
                fitted.predict(check.X)
                answers.append((time.process_time() - start) / check.X.n_steps)
                scores.append(fitted.score(check.X, check.y, check.sample_weight))
            print(
                f"| {name} | ({before}, {after}) | {fitted.window_.n_features_out_} "
                f"| {np.mean(scores):.3f} ± {np.std(scores, ddof=1):.3f} "
                f"| {np.mean(fits):.2f} | {1e6 * np.mean(answers):.1f} |",
                flush=True,
            )


def main():
    """Run what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=["rows", "fits", "labels", "scale", "widths"])
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--models", nargs="+", default=["logistic", "linear-svm", "rbf-svm", "mlp"])
    parser.add_argument("--folds", type=int, default=3)
    options = parser.parse_args()
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, one thread\n")
    with threadpool_limits(1):
        if options.part == "rows":
            rows(options.repeats)
        elif options.part == "fits":
            fits(options.repeats)
        elif options.part == "labels":
            labels(options.repeats)
        elif options.part == "scale":
            scale()
        else:
            widths(options.models, options.folds)


if __name__ == "__main__":
    main()
