import numpy as np
import pytest

import seqcompare
from seqcompare import ContextTree, MarkovChain, Sequences
from seqcompare.data.dataset import SequenceDataset
from seqcompare.experiments.taught import taught


def refrains(n, seed, length=400):
    """Sequences of a random word of 15 symbols each, which comes again and again, a twentieth wrong."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(n):
        x = np.resize(rng.integers(6, size=15), length)
        wrong = rng.random(length) < 0.05
        found.append(np.where(wrong, rng.integers(6, size=length), x))
    return found


def bits(model, X):
    """Bits of each step."""
    return -np.concatenate([np.asarray(row) for row in model.score_steps(X)]) / np.log(2)


def test_losses_are_those_of_trees_that_read_so_far_back():
    train, test = refrains(8, 0), refrains(3, 1, length=340)
    found = taught(Sequences(train), Sequences(test)).set_index(["reader", "back"])
    tables, learning = (ContextTree(16, update=update).fit(train) for update in (False, True))
    assert found.loc[("tables", 16), "score"] == pytest.approx(bits(tables, test).mean(), rel=1e-12)
    whole = bits(learning, test)
    assert found.loc[("learning", 340), "score"] == pytest.approx(whole.mean(), rel=1e-12)
    # every stretch of 50 is read anew: 6 in each sequence, the last 40 steps being none
    behind = []
    for i, x in enumerate(test):
        for start in range(0, 300, 50):
            alone = bits(learning, [x[max(0, start - 100) : start + 50]])[-50:]
            behind.append(alone.mean() - whole[340 * i + start : 340 * i + start + 50].mean())
    expected = whole.mean() + np.mean(behind)
    assert found.loc[("learning", 100), "score"] == pytest.approx(expected, rel=1e-9)


def test_refrains_teach_and_a_stationary_source_does_not():
    for X, low, high in (
        (refrains(16, 2), 1.0, 2.6),
        (list(MarkovChain(2).fit(refrains(2, 3)).sample(16, 400, random_state=4)), -0.01, 0.01),
    ):
        found = taught(Sequences(X[:10]), Sequences(X[10:])).iloc[-1]
        assert low < found["gain"] < high
        assert (found["low"] > 0.5) == (low > 0)


def test_the_verdict_tells_tables_from_what_a_sequence_teaches(tmp_path):
    # two groups of sequences are read as one each: apart they would be too short
    X = [part for x in refrains(12, 5) for part in (x[:200], x[200:])]
    data = SequenceDataset(Sequences(X), None, None, "next", "refrains", groups=np.repeat(np.arange(12), 2))
    found = seqcompare.compare(data, models={"chain": MarkovChain(1)}, out=tmp_path, cv=2, n_jobs=1)
    (said,) = [s for s in found.verdict().sentences if "goes on learning" in s]
    assert "What a group of sequences itself has shown so far teaches more" in said
    table = found.tables()["taught"]
    assert table["back"].tolist() == [16, 100, 400]
    evidence = found.verdict().evidence
    gains = evidence[(evidence["table"] == "taught") & (evidence["column"] == "gain")]
    assert set(gains["value"].astype(float)) <= set(table["gain"])
    found.report()
    assert "What a sequence teaches while it is read" in (tmp_path / "report.html").read_text()


def test_of_short_sequences_nothing_is_said(tmp_path):
    X = [x[:60] for x in refrains(12, 6)]
    found = seqcompare.compare(X, models={"chain": MarkovChain(1)}, out=tmp_path, cv=2, n_jobs=1)
    assert "taught" not in found.tables()
    assert not any("goes on learning" in sentence for sentence in found.verdict().sentences)
