"""Hidden Markov models against hmmlearn, pomegranate and dynamax, one thread, all in one run.

The sides start from the same parameters, alternate, and the least CPU time of each counts, since others
disturb it least. hmmlearn and we compute in double precision, and must agree on the log-likelihood to 1e-10;
dynamax computes in double precision as well (``jax_enable_x64``), pomegranate in single, and both are given
equal lengths only, and left out where they are not installed. Nobody's compilation is counted.

    python benchmarks/hmm.py [--quick]
"""

from __future__ import annotations

import os

# one thread each: set before the libraries are loaded
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import argparse
import platform
import time
import warnings

import numpy as np
from hmmlearn import hmm as peer

from seqcompare import HMM, BayesClassifier
from seqcompare.models.hmm._hmmlearn import Steps
from seqcompare.models.hmm.fit import Recipe, make_engine

SHAPES = {
    "5000 x 50": np.full(5000, 50),
    "1000 of 5 to 95": np.random.default_rng(0).integers(5, 96, 1000),
    "100 x 50": np.full(100, 50),
    "1 x 1,000": np.array([1000]),
    "1 x 50,000": np.array([50_000]),
}
GOALS = {"5000 x 50": 0.2, "1000 of 5 to 95": 1.05, "100 x 50": 0.33, "1 x 1,000": 0.75, "1 x 50,000": 0.75}
EMISSIONS = {
    "categorical": ("categorical", "diag", 8),
    "poisson, d=2": ("poisson", "diag", 2),
    "gaussian diag, d=4": ("gaussian", "diag", 4),
    "gaussian full, d=4": ("gaussian", "full", 4),
    "gaussian diag, d=12": ("gaussian", "diag", 12),
    "gmm diag, d=4": ("gmm", "diag", 4),
}


def parameters_of(emission, kind, n_outputs, k, seed=0):
    """Draw a model."""
    rng = np.random.default_rng(seed)
    d, m = n_outputs, 2
    found = {"startprob": rng.dirichlet(np.ones(k)), "transmat": rng.dirichlet(np.ones(k), k)}
    if emission == "categorical":
        found["emissionprob"] = rng.dirichlet(np.ones(d), k)
    elif emission == "poisson":
        found["lambdas"] = rng.uniform(0.5, 9.0, (k, d))
    else:
        shape = (k, m) if emission == "gmm" else (k,)
        found["means"] = rng.normal(scale=2.0, size=(*shape, d))
        if emission == "gmm":
            found["weights"] = rng.dirichlet(np.ones(m), k)
        if kind == "diag":
            found["covars"] = rng.uniform(0.5, 2.0, (*shape, d))
        else:
            root = rng.normal(size=(*shape, d, d))
            found["covars"] = root @ np.swapaxes(root, -1, -2) + 0.5 * np.eye(d)
    return found


def hmmlearns(emission, kind, parameters, implementation):
    """Return hmmlearn's model."""
    k = len(parameters["startprob"])
    options = {"implementation": implementation, "init_params": ""}
    model = {
        "categorical": lambda: peer.CategoricalHMM(k, **options),
        "poisson": lambda: peer.PoissonHMM(k, **options),
        "gaussian": lambda: peer.GaussianHMM(k, kind, covars_prior=0, **options),
        "gmm": lambda: peer.GMMHMM(k, 2, covariance_type=kind, **options),
    }[emission]()
    main = "emissionprob" if emission == "categorical" else "lambdas" if emission == "poisson" else "means"
    model.n_features = parameters[main].shape[-1]
    for name, value in parameters.items():
        setattr(model, f"{name}_", np.array(value))
    model._check()
    return model


def ours(emission, kind, parameters, n_outputs, X):
    """Return our engine, ready for an iteration."""
    k = len(parameters["startprob"])
    recipe = Recipe(emission, kind, 2, n_outputs, np.ones(k, dtype=bool), np.ones((k, k), dtype=bool))
    engine = make_engine(recipe, parameters)
    values = np.array(X.values) if emission == "categorical" else X.channels.astype(float)
    engine.steps = Steps(values, np.array(X.offsets))
    engine._check()
    return engine


def iterate(model, X=None, lengths=None):
    """Run one EM iteration, put the parameters back, and return the log-likelihood."""
    kept = {name: np.array(value) for name, value in vars(model).items() if isinstance(value, np.ndarray)}
    stats, log_likelihood = model._do_estep(X, lengths)
    model._do_mstep(stats)
    for name, value in kept.items():
        setattr(model, name, value)
    return log_likelihood


def pomegranates(parameters, X):
    """Return a callable that runs one EM iteration of pomegranate on sequences of equal length."""
    import torch
    from pomegranate.distributions import Categorical
    from pomegranate.hmm import DenseHMM

    torch.set_num_threads(1)
    single = {name: np.float32(value) for name, value in parameters.items()}
    states = [Categorical([row.tolist()]) for row in single["emissionprob"]]
    model = DenseHMM(states, edges=single["transmat"], starts=single["startprob"])
    data = torch.tensor(np.stack(list(X))[..., None])

    def step():
        model.summarize(data)
        # the summaries are thrown away, so that every round starts from the same parameters
        model._reset_cache()

    return step


def dynamaxes(parameters, X):
    """Return a callable that runs one EM iteration of dynamax, compiled, on sequences of equal length."""
    from functools import partial

    import jax
    import jax.numpy as jnp
    from dynamax.hidden_markov_model import CategoricalHMM

    jax.config.update("jax_enable_x64", True)
    k, n_symbols = parameters["emissionprob"].shape
    model = CategoricalHMM(k, 1, n_symbols)
    given, properties = model.initialize(
        initial_probs=jnp.array(parameters["startprob"]),
        transition_matrix=jnp.array(parameters["transmat"]),
        emission_probs=jnp.array(parameters["emissionprob"])[:, None, :],
    )
    data = jnp.array(np.stack(list(X))[..., None])
    state = model.initialize_m_step_state(given, properties)

    @jax.jit
    def em_step(data):
        stats, scores = jax.vmap(partial(model.e_step, given))(data)
        return model.m_step(given, properties, stats, state)[0], scores.sum()

    def step():
        return float(em_step(data)[1].block_until_ready())

    return step


def least_times(sides, repeats):
    """Return the least CPU time of each callable in seconds; turns last 20 ms and more, as EM does."""
    runs, times = {}, {name: [] for name in sides}
    for name, side in sides.items():
        begin = time.process_time()
        side()
        runs[name] = 1 + int(0.02 / max(time.process_time() - begin, 1e-5))
    for _ in range(repeats):
        for name, side in sides.items():
            begin = time.process_time()
            for _ in range(runs[name]):
                side()
            times[name].append((time.process_time() - begin) / runs[name])
    return {name: min(t) for name, t in times.items()}


def available(make, *arguments):
    """Return what `make` makes, or None where its library is not installed."""
    try:
        return make(*arguments)
    except ImportError:
        return None


def against_hmmlearn(quick):
    """Print EM iterations of symbols against all peers."""
    print("\nOne EM iteration, categorical, 8 symbols, ms (scaling and log are hmmlearn's)\n")
    print("| data | K | seqcompare | scaling | log | pomegranate | dynamax | ours / scaling | goal |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|")
    for shape, lengths in SHAPES.items():
        for k in (2, 8, 32) if quick else (2, 4, 8, 16, 32, 64):
            parameters = parameters_of("categorical", "diag", 8, k)
            X = HMM.from_parameters(**parameters).sample(len(lengths), lengths, random_state=1)
            engine = ours("categorical", "diag", parameters, 8, X)
            scaling, log = (hmmlearns("categorical", "diag", parameters, i) for i in ("scaling", "log"))
            sides = {
                "ours": lambda e=engine: iterate(e),
                "scaling": lambda m=scaling, X=X: iterate(m, X.channels, X.lengths),
            }
            difference = abs(sides["ours"]() / sides["scaling"]() - 1)
            assert difference < 1e-10, difference
            if X.n_steps * k < 6e5:
                sides["log"] = lambda m=log, X=X: iterate(m, X.channels, X.lengths)
            # these two hold n x T x K x K numbers at once
            if len(set(lengths)) == 1 and X.n_steps * k * k < 2e6:
                for name, make in (("pomegranate", pomegranates), ("dynamax", dynamaxes)):
                    side = available(make, parameters, X)
                    if side is not None:
                        side()
                        sides[name] = side
            t = least_times(sides, 3 if X.n_steps * k > 1e6 else 7)
            cells = [
                f"{1e3 * t[s]:.2f}" if s in t else ""
                for s in ("ours", "scaling", "log", "pomegranate", "dynamax")
            ]
            ratio = t["ours"] / t["scaling"]
            print(f"| {shape} | {k} | {' | '.join(cells)} | {ratio:.2f} | {GOALS[shape]} |", flush=True)


def other_emissions(quick):
    """Print EM iterations of the other emissions against hmmlearn."""
    print("\nOne EM iteration, other emissions: ratio ours / hmmlearn scaling\n")
    # hmmlearn's mixtures take too long for more: some 50 microseconds a step
    shapes = {"1000 x 50": [50] * 1000, "100 x 50": [50] * 100, "1 x 1,000": [1000]}
    print(f"| emission | K | {' | '.join(shapes)} |")
    print(f"|---|--:|{'--:|' * len(shapes)}")
    for name, (emission, kind, n_outputs) in list(EMISSIONS.items())[1:]:
        for k in (2, 8) if quick else (2, 8, 32):
            ratios = []
            for lengths in shapes.values():
                parameters = parameters_of(emission, kind, n_outputs, k)
                made = HMM.from_parameters(covariance_type=kind, **parameters)
                X = made.sample(len(lengths), lengths, random_state=1)
                engine = ours(emission, kind, parameters, n_outputs, X)
                other = hmmlearns(emission, kind, parameters, "scaling")
                sides = {
                    "ours": lambda e=engine: iterate(e),
                    "scaling": lambda m=other, X=X: iterate(m, X.channels, X.lengths),
                }
                difference = abs(sides["ours"]() / sides["scaling"]() - 1)
                assert difference < 1e-10, difference
                t = least_times(sides, 2 if X.n_steps * k > 3e5 else 5)
                ratios.append(f"{t['ours'] / t['scaling']:.2f}")
            print(f"| {name} | {k} | {' | '.join(ratios)} |", flush=True)


def answers():
    """Print scoring under class models, and decoding, against hmmlearn."""
    print("\nAnswers, K=4, 8 symbols: 1000 sequences of 50, and one of 20,000 (ms)\n")
    print("| what | seqcompare | hmmlearn, a loop | ratio |")
    print("|---|--:|--:|--:|")
    rng = np.random.default_rng(0)
    models = [HMM.from_parameters(**parameters_of("categorical", "diag", 8, 4, seed)) for seed in range(4)]
    X = [rng.integers(0, 8, 50) for _ in range(1000)]
    classifier = BayesClassifier(HMM(4)).fit([[0, 1, 7], [1, 2, 7], [3, 7], [3, 4, 7]], [0, 1, 2, 3])
    classifier.estimators_ = models
    theirs = [
        hmmlearns("categorical", "diag", parameters_of("categorical", "diag", 8, 4, s), "scaling")
        for s in range(4)
    ]
    columns = [x[:, None] for x in X]
    flat, lengths, long = np.concatenate(columns), [50] * 1000, rng.integers(0, 8, 20_000)
    rows = {
        "scores under 4 class models": (
            lambda: classifier.predict_log_proba(X),
            lambda: [[m.score(x) for x in columns] for m in theirs],
        ),
        "Viterbi paths": (lambda: models[0].predict(X), lambda: theirs[0].predict(flat, lengths)),
        "one long Viterbi path": (
            lambda: models[0].predict([long]),
            lambda: theirs[0].predict(long[:, None]),
        ),
        "posteriors": (lambda: models[0].predict_proba(X), lambda: theirs[0].predict_proba(flat, lengths)),
    }
    for name, (mine, other) in rows.items():
        mine()
        t = least_times({"ours": mine, "peer": other}, 5)
        print(
            f"| {name} | {1e3 * t['ours']:.2f} | {1e3 * t['peer']:.1f} | {t['ours'] / t['peer']:.2f} |",
            flush=True,
        )


def main():
    """Run all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer sizes")
    quick = parser.parse_args().quick
    warnings.simplefilter("ignore")
    print(f"{platform.machine()}, Python {platform.python_version()}, NumPy {np.__version__}")
    against_hmmlearn(quick)
    other_emissions(quick)
    answers()


if __name__ == "__main__":
    main()
