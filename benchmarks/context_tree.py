"""What ContextTree reaches on sources with a known optimum, DNA and text, beside chains of fixed order.

Bits a step on data that were held out, the same test data on both sides:

    python benchmarks/context_tree.py [even] [unlucky] [phage] [docs] [reach] [words] [short] [cost]
                                      [speed] [peers]
"""

from __future__ import annotations

import sys
import time
from itertools import pairwise

import numpy as np

from seqcompare import HMM, ContextTree, MarkovChain
from seqcompare.datasets import load


def bits(model, X):
    """Return the loss of a fitted model, in bits a step."""
    return -model.score(X) / np.log(2)


def even_process():
    """Return the even process: blocks of 1 have even length."""
    return HMM.from_parameters(
        startprob=np.ones(3) / 3,
        transmat=[[0.5, 0.5, 0], [0, 0, 1], [0.5, 0.5, 0]],
        emissionprob=np.array([[1, 0], [0, 1], [0, 1.0]]),
    )


def noisy_cycle(n_states=6, slip=0.1):
    """Return a cycle that stays where it is now and then, and shows a wrong symbol as often."""
    turn = np.roll(np.eye(n_states), 1, axis=1)
    return HMM.from_parameters(
        startprob=np.ones(n_states) / n_states,
        transmat=(1 - slip) * turn + slip * np.eye(n_states),
        emissionprob=(1 - slip) * np.eye(n_states) + slip / n_states,
    )


def random_chain(n_symbols, concentration, seed):
    """Return a chain of order 1 with rows drawn from a Dirichlet distribution, as an HMM."""
    rng = np.random.default_rng(seed)
    rows = rng.dirichlet(np.full(n_symbols, concentration), n_symbols)
    return HMM.from_parameters(
        startprob=np.ones(n_symbols) / n_symbols, transmat=rows, emissionprob=np.eye(n_symbols)
    )


def memoryless(n_symbols, seed):
    """Return independent steps, as an HMM."""
    p = np.random.default_rng(seed).dirichlet(np.ones(n_symbols))
    return HMM.from_parameters(startprob=[1.0], transmat=[[1.0]], emissionprob=p[None])


def even():
    """Excess over the exact optimum on the even process, 100 sequences of 200, ten seeds."""
    source = even_process()
    print("\n| even process, excess over the optimum | mean | worst of 10 |\n|---|--:|--:|")
    for depth in (20, 30):
        sides = {
            f"ContextTree({depth})": lambda depth=depth: ContextTree(depth),
            f"ContextTree({depth}, update=True)": lambda depth=depth: ContextTree(depth, update=True),
            f"ContextTree({depth}, blend=False)": lambda depth=depth: ContextTree(depth, blend=False),
            f"MarkovChain({depth})": lambda depth=depth: MarkovChain(depth),
        }
        excess = {name: [] for name in sides}
        for seed in range(10):
            train, test = (source.sample(100, 200, random_state=s) for s in (seed, 1000 + seed))
            optimum = bits(source, test)
            for name, side in sides.items():
                excess[name].append(bits(side().fit(train), test) - optimum)
        for name, found in excess.items():
            print(f"| {name} | {np.mean(found):.4f} | {np.max(found):.4f} |", flush=True)


def unlucky():
    """Excess on ten other seeds, two of which have far longer runs of 1 to test than to fit."""
    source = even_process()
    print("\n| even process, seeds from 5000 on | mean | worst of 10 |\n|---|--:|--:|")
    for depth in (20, 30):
        excess = []
        for seed in range(5000, 5010):
            train, test = (source.sample(100, 200, random_state=s) for s in (seed, 90000 + seed))
            excess.append(bits(ContextTree(depth).fit(train), test) - bits(source, test))
        print(f"| ContextTree({depth}) | {np.mean(excess):.4f} | {np.max(excess):.4f} |", flush=True)


def fifths(x):
    """Yield each contiguous fifth with the rest before and after it."""
    ends = np.linspace(0, len(x), 6).astype(int)
    for a, z in pairwise(ends):
        yield [part for part in (x[:a], x[z:]) if len(part)], [x[a:z]]


def phage():
    """Print the loss on the genome of phage lambda, five contiguous fifths."""
    genome = np.concatenate(list(load("lambda_phage").X))
    print("\n| `lambda_phage`, five contiguous fifths | bits |\n|---|--:|")
    models = [MarkovChain(order) for order in (2, 3, 6, 12)]
    models += [ContextTree(depth) for depth in (12, 14, 16, 20, 24)] + [ContextTree(20, blend=False)]
    for model in models:
        found = [bits(model.fit(train), test) for train, test in fifths(genome)]
        print(f"| {model!r} | {np.mean(found):.4f} |", flush=True)


def docs():
    """Print the loss on the last fifth of the documentation, given the first four."""
    text = np.concatenate(list(load("python_docs").X))
    cut = len(text) * 4 // 5
    print("\n| `python_docs`, last fifth | bits | seconds to fit | to read |\n|---|--:|--:|--:|")
    models = [MarkovChain(4), MarkovChain(8, "kneser-ney"), ContextTree(20, blend=False)]
    models += [ContextTree(depth, update=update) for update in (False, True) for depth in (8, 16, 20)]
    for model in models:
        begin = time.process_time()
        model.fit([text[:cut]])
        middle = time.process_time()
        loss = bits(model, [text[cut:]])
        cost = f"{middle - begin:.2f} | {time.process_time() - middle:.2f}"
        print(f"| {model!r} | {loss:.4f} | {cost} |", flush=True)


def reach(block=250):
    """Print what the last k characters are worth to tables, and to a reader that learns from the last n."""
    text = np.concatenate(list(load("python_docs").X))
    cut = len(text) * 4 // 5
    print("\n| `python_docs`, last fifth | bits |\n|---|--:|")
    for depth in (2, 4, 6, 8, 10, 12, 16):
        loss = bits(ContextTree(depth).fit([text[:cut]]), [text[cut:]])
        print(f"| tables, the last {depth} characters | {loss:.4f} |", flush=True)
    model = ContextTree(16, update=True).fit([text[:cut]])
    starts = np.arange(cut, len(text) - block + 1, block)
    for n in (0, 100, 1_000, 4_000, 10_000, len(text) - cut):
        before = [text[max(cut, start - n) : start] for start in starts]
        whole = model.score_samples([text[max(cut, s - n) : s + block] for s in starts])
        known = np.array([model.score_samples([x])[0] if len(x) else 0.0 for x in before])
        loss = -(whole - known).sum() / np.log(2) / (block * len(starts))
        print(f"| learning from the last {n:,} characters as well | {loss:.4f} |", flush=True)


def words():
    """Print the loss on the phones of words of the dictionary, a fifth of the groups held out."""
    data = load("cmudict_stress")
    groups = np.asarray(data.groups)
    names = np.unique(groups)
    held = np.isin(groups, np.random.default_rng(0).choice(names, len(names) // 5, replace=False))
    train, test = data.X.take(~held), data.X.take(held)
    print("\n| phones of `cmudict_stress`, a fifth of the groups | bits |\n|---|--:|")
    models = [MarkovChain(3), MarkovChain(4, "kneser-ney"), MarkovChain(6, "kneser-ney")]
    for model in [*models, ContextTree(12), ContextTree(20), ContextTree(20, blend=False)]:
        print(f"| {model!r} | {bits(model.fit(train), test):.4f} |", flush=True)


def short():
    """Compare with the order of Kneser-Ney that is best on the test text, on little text, 4,000 to test."""
    text = np.concatenate(list(load("python_docs").X))
    print("\n| characters | ContextTree(12) | Kneser-Ney, best order | mean gap | worst of the places |")
    print("|--:|--:|--:|--:|--:|")
    for n in (300, 1_000, 3_000, 10_000):
        pairs = []
        for place in range(3_500, len(text) - n - 4_000, 9_000):
            train, test = text[place : place + n], text[place + n : place + n + 4_000]
            test = test[np.isin(test, train)]
            peers = [bits(MarkovChain(k, "kneser-ney").fit([train]), [test]) for k in range(1, 9)]
            pairs.append((bits(ContextTree(12).fit([train]), [test]), min(peers)))
        ours, peer = np.array(pairs).T
        gap = ours - peer
        means = f"{ours.mean():.3f} | {peer.mean():.3f} | {gap.mean():+.3f} | {gap.max():+.3f}"
        print(f"| {n:,} | {means} |", flush=True)


def cost():
    """Print what it costs to go on learning where there is nothing new to learn."""
    sources = {
        "independent, 2 symbols": memoryless(2, 0),
        "independent, 20 symbols": memoryless(20, 1),
        "order 1, 4 symbols": random_chain(4, 1.0, 2),
        "order 1, 20 symbols, sparse": random_chain(20, 0.1, 3),
        "even process": even_process(),
        "noisy cycle of 6": noisy_cycle(),
    }
    print("\n| source, 100 x 200 steps | optimum | frozen | learning | learning costs |")
    print("|---|--:|--:|--:|--:|")
    for name, source in sources.items():
        train, test = (source.sample(100, 200, random_state=seed) for seed in (10, 11))
        frozen, learning = (bits(ContextTree(20, update=u).fit(train), test) for u in (False, True))
        row = f"{bits(source, test):.4f} | {frozen:.4f} | {learning:.4f} | {learning - frozen:+.4f}"
        print(f"| {name} | {row} |", flush=True)


def speed():
    """Print symbols a second, of one thread, and the size of what is counted."""
    print("\n| source, 1,000,000 symbols, depth 16 | count | fit | read | read and learn | bytes a symbol |")
    print("|---|--:|--:|--:|--:|--:|")
    text = np.concatenate(list(load("python_docs").X))
    chain = MarkovChain(6).fit([text])
    rng = np.random.default_rng(0)
    sources = {
        "uniform, S = 4": rng.integers(0, 4, 1_000_000),
        "uniform, S = 5,000": rng.integers(0, 5_000, 1_000_000),
        "text of order 6": chain.sample(1, 1_000_000, random_state=0).values,
    }
    ContextTree(16, update=True).fit(["abab"]).score(["abab"])  # compile
    for name, x in sources.items():
        times = []
        for side in (ContextTree(16, blend=False), ContextTree(16)):
            begin = time.process_time()
            side.fit([x])
            times.append(time.process_time() - begin)
        for update in (False, True):
            begin = time.process_time()
            side.set_params(update=update).score([x[:200_000]])
            times.append(5 * (time.process_time() - begin))
        trie = side._trie
        nodes, pairs, _ = trie.size
        size = (nodes * (trie.node[0].nbytes + trie.sums[0].nbytes) + pairs * 20) / len(x)
        size += (trie.child_key.nbytes + trie.target_key.nbytes) * 1.5 / len(x)
        rates = " | ".join(f"{len(x) / t / 1e3:,.0f} k" for t in times)
        print(f"| {name} | {rates} | {size:.0f} |", flush=True)


def peers():
    """Print bits and CPU time beside PPMd, which codes a text, and vlmc, which has the same trees."""
    import pyppmd
    import vlmc

    text = np.concatenate(list(load("python_docs").X))
    cut, n = len(text) * 4 // 5, len(text)
    codes = np.unique(text, return_inverse=True)[1].astype(np.uint8)  # a character, a byte

    def file_size(data, order):
        encoder = pyppmd.Ppmd7Encoder(order, 1 << 26)
        return 8 * len(encoder.encode(data.tobytes()) + encoder.flush())

    def timed(call, n_turns=5):
        times = []
        for _ in range(n_turns):
            begin = time.process_time()
            found = call()
            times.append(time.process_time() - begin)
        return found, min(times)

    print("\n| `python_docs`, last fifth, learning while it is read | bits | us a character, fit and read |")
    print("|---|--:|--:|")
    for order in (4, 8, 16, 32):
        whole, seconds = timed(lambda order=order: file_size(codes, order))
        loss = (whole - file_size(codes[:cut], order)) / (n - cut)
        print(f"| PPMd, order {order} | {loss:.4f} | {1e6 * seconds / n:.2f} |", flush=True)
    for depth in (4, 8, 16):
        model = ContextTree(depth, update=True)
        loss, seconds = timed(lambda model=model: bits(model.fit([text[:cut]]), [text[cut:]]), 2)
        print(f"| {model!r} | {loss:.4f} | {1e6 * seconds / n:.2f} |", flush=True)

    depth, source = 20, even_process()
    train, test = (source.sample(100, 200, random_state=seed) for seed in (0, 1000))
    train, test = ([x.tolist() for x in X] for X in (train, test))
    # theirs has no start: it is scored, as ours, on the steps that have `depth` before them
    late = [depth - 1, -1]

    def theirs():
        model = vlmc.VLMC(alphabet_size=2, max_depth=depth)
        model.fit(train)
        return model

    def their_loss(model):
        places = [(x, t) for x in test for t in range(depth, len(x))]
        return -np.mean([np.log2(model.predict_proba(x[t - depth : t])[x[t]]) for x, t in places])

    def our_loss(model):
        rows = model.predict_next_proba(test)
        chosen = [
            r[slice(*late)][np.arange(len(x) - depth), x[depth:]] for r, x in zip(rows, test, strict=True)
        ]
        return -np.log2(np.concatenate(chosen)).mean()

    print("\n| even process, 100 x 200, depth 20 | bits | us a step to fit | to predict |\n|---|--:|--:|--:|")
    fitted = {"vlmc": timed(theirs)}
    for model in (ContextTree(depth, blend=False), ContextTree(depth)):
        fitted[repr(model)] = timed(lambda model=model: model.fit(train), 3)
    for name, (model, to_fit) in fitted.items():
        loss, to_read = timed(lambda name=name, m=model: (their_loss if name == "vlmc" else our_loss)(m))
        row = f"{loss:.4f} | {1e6 * to_fit / 20_000:.2f} | {1e6 * to_read / 18_000:.2f}"
        print(f"| {name} | {row} |", flush=True)


if __name__ == "__main__":
    sections = {f.__name__: f for f in (even, unlucky, phage, docs, reach, words, short, cost, speed, peers)}
    for wanted in sys.argv[1:] or sections:
        sections[wanted]()
