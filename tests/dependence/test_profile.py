import re

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

import seqcompare
from seqcompare import SequenceDataset, Sequences
from seqcompare.dependence import Profile, profiling
from seqcompare.tasks import Echo, LagChain, Recall, TemporalOrder

mpl.use("agg")


def flips(n, length, seed, p=0.1):
    rng = np.random.default_rng(seed)
    return list(np.cumsum(rng.random((n, length)) < p, axis=1) % 2)


def third_order(seed, n=60, length=60):
    """The next symbol depends on the last three, each worth something."""
    rng = np.random.default_rng(seed)
    table = rng.dirichlet(np.full(3, 0.5), size=(3, 3, 3)).cumsum(axis=-1)
    x = rng.integers(0, 3, (n, length))
    for t in range(3, length):
        x[:, t] = (rng.random((n, 1)) > table[x[:, t - 3], x[:, t - 2], x[:, t - 1]]).sum(axis=1)
    return list(x)


def test_profile_is_the_function():
    import seqcompare.dependence.profiling

    assert callable(seqcompare.profile)
    assert seqcompare.profile is seqcompare.dependence.profile
    assert seqcompare.profile is seqcompare.dependence.profiling.profile


@pytest.mark.parametrize("distance", [1, 3, 5])
def test_lag_chains_show_their_order(distance):
    found = seqcompare.profile(LagChain(distance=distance).sample(120, 50, random_state=1), max_lag=20)
    assert found.order == distance
    lags = found.lags.set_index("lag")
    # only multiples of the distance hold information; the copies of copies fade
    detected = lags.index[lags["detected"]].to_numpy()
    assert (detected % distance == 0).all()
    assert lags["information"].idxmax() == distance
    # fidelity .9 over 4 symbols: right with .925, else one of three others
    p = np.array([0.925, 0.025, 0.025, 0.025])
    expected = 2 + (p * np.log2(p)).sum()
    assert lags.loc[distance, "information"] == pytest.approx(expected, abs=0.06)
    gains = found.orders.set_index("lag")
    assert gains.loc[distance, "gain"] == pytest.approx(expected, abs=0.2)
    assert (gains.loc[: distance - 1, "gain"] < 0.01).all()


@pytest.mark.parametrize("seed", range(4))
def test_a_source_of_order_three_is_of_order_three(seed):
    found = seqcompare.profile(third_order(seed), max_lag=10)
    assert found.order == 3
    assert found.orders["bits"].idxmin() == 2
    assert (found.orders["gain"][:3] > found.orders["gain_error"][:3]).all()


def test_a_recalled_cue_is_seen_across_forty_steps():
    found = seqcompare.profile(Recall(distance=40).sample(200, None, random_state=0), max_lag=60)
    lags = found.lags.set_index("lag")
    assert lags.index[lags["detected"]].tolist() == [40]
    assert lags.loc[40, "information"] == pytest.approx(1.0, abs=0.02)
    assert (found.reach, found.order) == (40, None)
    # contexts of forty steps do not recur, and that is said
    assert any("cannot be examined" in note for note in found.notes)


def test_parity_hides_from_single_lags_but_not_from_contexts():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 2, (100, 40))
    y = x.copy()
    y[:, 2:] = x[:, 2:] ^ x[:, :-2]
    found = seqcompare.profile((list(x), list(y)), max_lag=6)
    assert not found.lags["detected"][found.lags["lag"] > 0].any()
    assert found.order == 2
    assert found.orders.set_index("lag").loc[2, "gain"] > 0.8


def test_a_label_ahead_is_seen_ahead():
    found = seqcompare.profile(Echo(distance=-3).sample(40, 50, random_state=0), max_lag=8)
    assert found.reach is None
    assert found.look_ahead == 3
    told = found.orders[found.orders["p"] <= found.alpha / 2]
    assert told["lag"].tolist() == [-3]
    assert "3 steps ahead" in found.summary()
    assert "may be missed if it is worth less than" in found.summary()
    assert re.search(r"[\d.]+ bit \(8 steps ahead\), .* nine times in ten", found.summary())


def test_a_label_behind_is_seen_behind():
    found = seqcompare.profile(Echo(distance=4).sample(40, 50, random_state=0), max_lag=8)
    assert (found.reach, found.look_ahead, found.order) == (4, None, 4)


def test_the_order_of_marks_tells_the_class_once_both_are_in_a_context():
    found = seqcompare.profile(TemporalOrder(distance=2).sample(400, None, random_state=0))
    assert found.role == "sequence"
    assert found.order == 2
    bits = found.orders.set_index("lag")["bits"]
    # a bag tells three of four classes apart where the marks are the same, and not their order: 2 bits in
    # all, of which the pair {A, B} leaves 1 bit in half of the sequences
    assert bits[0] == pytest.approx(0.5, abs=0.1)
    assert bits[2] < 0.05


def test_numbers_per_sequence_are_explained():
    rng = np.random.default_rng(0)
    X = rng.integers(0, 3, (200, 20))
    found = seqcompare.profile((list(X), X[:, -4] + rng.normal(size=200) * 0.2), max_lag=10)
    assert found.role == "value"
    assert found.lags["lag"][found.lags["detected"]].tolist() == [3]


def test_real_valued_steps():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(30, 100))
    for t in range(1, 100):
        x[:, t] += 0.8 * x[:, t - 1]
    found = seqcompare.profile(list(x), max_lag=20)
    assert found.order == 1
    # a Gaussian pair of correlation .8 holds 0.74 bit; 6 bins keep most of it
    assert found.lags["information"][0] == pytest.approx(0.62, abs=0.06)
    assert any("6 bins" in note for note in found.notes)
    # bins have a leak, through which lag 2 would tell more; numbers have none
    assert found.reach == 1


@pytest.mark.parametrize(
    "make",
    [
        lambda rng: list(rng.integers(0, 4, (30, 30))),
        lambda rng: [rng.choice(3, 600, p=[0.7, 0.2, 0.1])],
        lambda rng: list(rng.normal(size=(20, 40))),
        lambda rng: (list(rng.integers(0, 3, (30, 20))), list(rng.integers(0, 2, (30, 20)))),
        lambda rng: (list(rng.integers(0, 3, (60, 15))), rng.integers(0, 2, 60)),
    ],
    ids=["symbols", "one sequence", "numbers", "labels", "classes"],
)
def test_noise_raises_an_alarm_in_one_of_twenty(make):
    alarms = 0
    for seed in range(20):
        found = seqcompare.profile(make(np.random.default_rng(seed)), max_lag=10, max_order=6)
        alarms += bool(found.lags["detected"].any() or (found.orders["p"] <= found.alpha / 2).any())
    # the chance of more than 4 in 20 at 5% is 0.3%
    assert alarms <= 4


def test_slow_series_without_a_tie_are_not_taken_for_one():
    alarms = 0
    for seed in range(20):
        data = (flips(15, 80, seed), flips(15, 80, 1000 + seed))
        found = seqcompare.profile(data, max_lag=8, max_order=3)
        alarms += bool(found.lags["detected"].any() or (found.orders["p"] <= found.alpha / 2).any())
    assert alarms <= 4


def test_one_long_sequence_is_cut_for_cross_validation():
    found = seqcompare.profile([np.concatenate(flips(1, 3000, 0))], max_lag=10)
    assert found.n_sequences == 1
    assert found.order == 1
    # the flip's entropy H(.1), and the information that leaves
    row = found.orders.set_index("lag").loc[1]
    assert row["bits"] == pytest.approx(0.469, abs=0.05)
    assert row["gain"] == pytest.approx(0.531, abs=0.05)
    assert any("40 contiguous pieces" in note for note in found.notes)


def test_what_repeats_exactly_is_explained():
    found = seqcompare.profile([np.arange(400) % 7], max_lag=10)
    assert found.p_value == pytest.approx(1 / 120)
    assert found.period == 7
    assert found.orders.set_index("lag").loc[1, "bits"] < 0.1


def test_only_scored_steps_are_asked_for():
    rng = np.random.default_rng(0)
    X = Sequences(rng.integers(0, 2, (60, 40)))
    noise = rng.integers(0, 2, X.n_steps)
    scored = X.step_index % 4 == 0
    y = X.with_values(np.where(scored, X.values, noise))
    weight = X.with_values(scored.astype(float))
    found = seqcompare.profile(SequenceDataset(X, y, weight, "step", "every fourth"), max_lag=4)
    lags = found.lags.set_index("lag")
    assert lags.loc[0, "n_pairs"] == scored.sum()
    assert lags.loc[0, "information"] == pytest.approx(1.0, abs=0.01)


def test_groups_are_never_split():
    # each group has a word of its own, which a chain learns only from the group itself
    rng = np.random.default_rng(0)
    words = [rng.permutation(8) for _ in range(12)]
    X = Sequences([np.tile(word, 3) for word in words for _ in range(3)])
    groups = np.repeat(np.arange(12), 3)
    together = SequenceDataset(X, None, None, "next", "words", groups=groups)
    apart = SequenceDataset(X, None, None, "next", "words")
    bits = [seqcompare.profile(d, max_lag=4).orders["bits"].min() for d in (together, apart)]
    assert bits[0] > bits[1] + 0.5


def test_people_with_one_diagnosis_each_are_no_evidence():
    # a person has a habit and a diagnosis, and the two have nothing to do with each other
    alarms = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        person = np.repeat(np.arange(12), 8)
        habit = rng.dirichlet(np.ones(3), 12).cumsum(axis=1)[person]
        X = (rng.random((96, 12, 1)) > habit[:, None]).sum(axis=2)
        y = rng.permutation(np.repeat([0, 1], 6))[person]
        found = seqcompare.profile(
            SequenceDataset(Sequences(X), y, None, "sequence", "visits", groups=person), max_lag=8
        )
        assert any("groups, not sequences" in note for note in found.notes)
        alarms += bool(found.lags["detected"].any() or (found.orders["p"] <= found.alpha / 2).any())
    assert alarms <= 2


def test_missing_numbers_are_no_obstacle():
    rng = np.random.default_rng(0)
    x = np.repeat(rng.normal(size=(40, 30)), 2, axis=1)
    x[rng.random(x.shape) < 0.1] = np.nan
    data = seqcompare.datasets.read(list(x), missing="keep")
    found = seqcompare.profile(data, max_lag=5)
    assert found.lags["lag"][found.lags["detected"]].tolist() == [1]


def test_short_and_few_sequences_say_so():
    found = seqcompare.profile(["ab", "ba", "aa"])
    assert found.reach is None
    assert len(found.lags) == 0
    assert any("fewer than 30 pairs" in note for note in found.notes)
    assert "No lag has enough pairs" in found.summary()


def test_the_same_seed_gives_the_same_profile():
    data = third_order(0, n=20, length=30)
    first, second = (seqcompare.profile(data, max_lag=5, random_state=3) for _ in range(2))
    pd.testing.assert_frame_equal(first.frame(), second.frame())
    assert first.summary() == second.summary()


def test_the_order_of_sequences_does_not_matter_for_lags():
    data = third_order(0, n=20, length=30)
    information = [seqcompare.profile(d, max_lag=5).lags["information"] for d in (data, data[::-1])]
    np.testing.assert_allclose(*information, atol=0.01)


@pytest.fixture(scope="module")
def found() -> Profile:
    return seqcompare.profile(LagChain(distance=2).sample(40, 40, random_state=0), max_lag=8)


class TestResult:
    def test_frame_has_a_row_for_each_lag(self, found):
        frame = found.frame()
        assert frame["lag"].is_unique
        assert set(range(1, 9)) <= set(frame["lag"])
        assert {"information", "band", "far_band", "detected", "gain", "gain_error", "p", "p_lag"} <= set(
            frame
        )

    def test_plot_draws_on_the_given_axes(self, found):
        from matplotlib import pyplot as plt

        _, ax = plt.subplots()
        assert found.plot(ax) is ax
        assert ax.get_ylabel() == "bits"
        assert {text.get_text() for text in ax.get_legend().get_texts()} == {
            "detected",
            "chance",
            "gain of one more step",
        }
        assert found.plot() is not ax
        plt.close("all")

    def test_html_holds_summary_and_table(self, found):
        page = found._repr_html_()
        assert "<table" in page
        assert found.summary().split("\n")[0] in page

    def test_html_escapes_names(self):
        data = SequenceDataset(Sequences(["abab", "baba"]), None, None, "next", "<b>bold</b>")
        assert "&lt;b&gt;" in seqcompare.profile(data)._repr_html_()

    def test_repr_is_short(self, found):
        assert repr(found) == f"<Profile of LagChain: reach {found.reach}, order 2>"

    def test_summary_names_what_was_found(self, found):
        text = found.summary()
        assert "most of it at lag 2" in text
        assert "up to 2 steps back" in text
        assert "5% of such profiles" in text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_lag": 0}, "max_lag must be a whole number, 1 or more, got 0"),
        ({"max_order": -1}, "max_order must be"),
        ({"n_folds": 1}, "n_folds must be"),
        ({"alpha": 1.0}, "alpha must be between 0 and 1"),
        ({"alpha": 0.01, "n_permutations": 99}, "n_permutations must be 399 or more for alpha = 0.01"),
        ({"n_bins": 1}, "n_bins must be 2 or more"),
        ({"max_lag": 2.5}, "max_lag must be a whole number"),
    ],
)
def test_bad_parameters_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        seqcompare.profile(["abab", "baba"], **options)


def test_of_parts_a_sample_is_profiled(tmp_path, monkeypatch):
    chains = seqcompare.tasks.LagChain(distance=2).sample(90, 40, random_state=0).X
    rows = pd.DataFrame({"id": chains.sequence_index, "x": chains.values})
    rows.to_parquet(tmp_path / "a.parquet")
    parts = seqcompare.datasets.read_parts(tmp_path, sequence="id", values="x", kind="symbols", n_steps=500)
    whole, found = seqcompare.profile(chains), seqcompare.profile(parts)
    assert (found.reach, found.n_steps, found.p_value) == (whole.reach, 3600, whole.p_value)
    monkeypatch.setattr("seqcompare.dependence.profiling._SAMPLE", 1600)
    some = seqcompare.profile(parts)
    assert some.reach == 2
    assert "Of 90 sequences (3,600 steps) 40 (1,600 steps) are looked at, drawn at random." in some.notes
    with pytest.raises(ValueError, match="parts are read as read_parts was told"):
        seqcompare.profile(parts, values="x")


def test_of_many_steps_a_sample_is_looked_at_unless_they_are_few_and_long(monkeypatch):
    monkeypatch.setattr(profiling, "_SAMPLE", 6_000)
    data = Echo(distance=3).sample(400, 50, random_state=0)
    found = seqcompare.profile(data)
    assert found.reach == 3
    assert found.n_steps == 6_000
    assert "Of 400 sequences (20,000 steps) 120 (6,000 steps) are looked at, drawn at random." in found.notes
    long = Echo(distance=3).sample(20, 1_000, random_state=0)
    assert seqcompare.profile(long).n_steps == 20_000
