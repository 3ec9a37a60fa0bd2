"""Fitted exponents and needed capacities, from rows that follow a known law."""

import math

import pytest
from sweep_rows import frame_of, row

from seqcompare.results.growth import capacity_needed, scaling


def exponents(table, **where):
    for name, value in where.items():
        table = table[table[name] == value]
    return dict(zip(table["cost"], table["exponent"], strict=True))


def test_exponents_of_capacity_are_recovered():
    rows = [
        row(
            model=f"HMM {k} states",
            variant="hmm",
            family="hmm",
            capacity=k,
            seed=seed,
            fit_seconds=0.01 * k**2 * (1 + seed),
            n_parameters=3.0 * k,
            predict_us_per_step=2.0,
        )
        for k in (2.0, 4.0, 8.0)
        for seed in range(3)
    ]
    table = scaling(frame_of(rows))
    found = exponents(table, against="capacity")
    expected = {"fit_seconds": 2, "n_parameters": 1, "predict_us_per_step": 0, "peak_memory_mb": 0}
    assert found == pytest.approx(expected, abs=1e-12)
    square = table[table["cost"] == "fit_seconds"].iloc[0]
    assert (square["n_points"], square["smallest"], square["largest"]) == (3, 0.08, pytest.approx(1.28))
    assert (square["low"], square["high"]) == pytest.approx((2, 2))


def test_against_distance_time_is_counted_by_step():
    # twice the distance, twice the length, and no more work a step
    rows = [row(distance=d, length=5.0 * d, fit_seconds=0.1 * d) for d in (2, 4, 8)]
    found = exponents(scaling(frame_of(rows)), against="distance")
    assert found["fit_seconds_per_step"] == pytest.approx(0, abs=1e-12)


def test_other_axes():
    rows = [
        row(axis="alphabet", task_params=f'{{"n_symbols": {s}}}', n_parameters=float(s**3)) for s in (2, 4, 8)
    ] + [row(axis="length", length_asked=n, fit_seconds=1.5 * n) for n in (50, 100)]
    table = scaling(frame_of(rows))
    assert exponents(table, against="alphabet")["n_parameters"] == pytest.approx(3)
    assert exponents(table, against="length")["fit_seconds"] == pytest.approx(1)
    # two points fit any line: no interval
    assert table[table["against"] == "length"]["low"].isna().all()


def test_capacities_are_compared_at_the_largest_distance_of_all_models():
    rows = [
        row(distance=d, model=f"HMM {k}", capacity=float(k), fit_seconds=float(k * d))
        for k in (2, 4, 8)
        for d in (2, 4, 8)
        if d < 8 or k == 8
    ]
    table = scaling(frame_of(rows))
    square = table[(table["against"] == "capacity") & (table["cost"] == "fit_seconds")]
    assert square[["exponent", "n_points", "smallest"]].to_numpy().tolist() == [pytest.approx([1, 3, 8])]


def test_sweeps_of_a_task_at_several_distances_stay_apart():
    rows = [
        row(axis="length", distance=d, length_asked=n, fit_seconds=float(n * d))
        for d, lengths in ((2, (20, 40)), (16, (40, 80)))
        for n in lengths
    ]
    table = scaling(frame_of(rows))
    found = table[table["cost"] == "fit_seconds"].set_index("task")["exponent"]
    assert found.to_dict() == pytest.approx({"Recall, d = 2": 1, "Recall, d = 16": 1})


def test_capacity_against_bits():
    def trial(bits, states, skill, says):
        return row(
            axis="memory",
            task_params=f'{{"n_cues": {2**bits}}}',
            memory_bits=float(bits),
            family="hmm",
            variant="hmm",
            capacity_name="states",
            model=f"HMM {states} states",
            capacity=float(states),
            skill=skill,
            can_represent=says,
        )

    rows = [
        *[trial(1, 2, 0.95, True), trial(1, 4, 1.0, True)],
        *[trial(2, 2, 0.3, False), trial(2, 4, 0.85, True)],
        row(axis="memory", task_params='{"n_cues": 4}', family="reference", skill=1.0, model="exact"),
    ]
    table = capacity_needed(frame_of(rows)).set_index("memory_bits")
    assert table["measured"].tolist() == pytest.approx([2.0, math.nan], nan_ok=True)
    assert table["by_theory"].tolist() == [2.0, 4.0]
    assert table["largest_tried"].tolist() == [4.0, 4.0]
    assert table["exact_skill"].tolist() == pytest.approx([math.nan, 1.0], nan_ok=True)
