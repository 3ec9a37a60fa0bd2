import numpy as np
import pandas as pd
import pytest
from invented import CONFIG, MODELS, TASKS, trial_rows

from seqcompare.report.names import joined
from seqcompare.report.sweep import sweep_verdict
from seqcompare.report.sweep_cost import cost_section
from seqcompare.report.sweep_skill import distance_section, memory_section
from seqcompare.report.sweep_tables import SweepView, smallest_solvers


def rows(models=MODELS, tasks=TASKS[:1], distances=(2, 8, 32), seeds=2, **changes):
    frame = pd.DataFrame([row for row, _ in trial_rows(models, tasks, distances, seeds)])
    return frame.assign(**changes)


def view(frame):
    return SweepView(frame, CONFIG)


def verdict(frame, n_planned):
    return sweep_verdict(view(frame), n_planned)


def parts(section):
    return {part.name: part for part in section.parts}


def chosen(*labels):
    return [model for model in MODELS if model[0] in labels]


@pytest.mark.parametrize(
    ("words", "text"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_lists_are_joined_as_people_do(words, text):
    assert joined(words) == text


def test_each_family_has_a_sentence_with_its_reach():
    said = verdict(rows(chosen("Markov 4", "LSTM 32")), 12)
    assert "Markov chain: the best model reaches 2 steps and falls below one half by 8 on recall." in said
    assert (
        "Recurrent: the best model keeps skill above one half at every distance swept (to 32) on recall."
        in said
    )


def test_the_hand_made_machine_is_no_family():
    assert not any("machine" in sentence.lower() for sentence in verdict(rows(), 72))


def test_what_cannot_be_and_what_was_not_learned_are_counted_apart():
    frame = rows(chosen("Markov 1", "Elman 32"))
    said = " ".join(verdict(frame, len(frame)))
    # the chain is below one half at all three distances and cannot do any; the net only at 32, which it
    # could do
    assert (
        "Of 6 combinations of task, distance and kind of model, 4 end below skill one half: 3 because" in said
    )
    assert "1 although one can" in said
    assert "Could, but did not learn: Elman in 1 combination." in said


def test_it_is_said_where_another_kind_of_the_family_learned_it():
    frame = rows(chosen("Elman 32", "LSTM 32"))
    said = verdict(frame, len(frame))
    assert "The family could, and it was a matter of fitting: LSTM did on recall what Elman did not." in said
    alone = verdict(rows(chosen("Elman 32")), 6)
    assert not any("matter of fitting" in sentence for sentence in alone)


def test_a_reach_ends_where_all_trials_failed():
    frame = rows(chosen("LSTM 32"), distances=(2, 4, 8, 16))
    frame.loc[frame["distance"] == 8, ["status", "skill"]] = ["error", np.nan]
    said = verdict(frame, len(frame))
    assert (
        "Recurrent: the best model reaches at least to 4 steps, and beyond that nothing can be said"
        in said[0]
    )
    section = distance_section(view(frame))
    figure, table = (part for part in section.parts if part.name == "horizons")
    assert figure.data[["last_above", "horizon"]].to_numpy().tolist() == [[4.0, ">= 4"]]
    assert table.frame["status"].tolist() == ["censored"] * 2
    frame.loc[frame["distance"] == 2, "status"] = "error"
    assert "cannot be judged (no finished trial at the smallest distance" in verdict(frame, 8)[0]


def test_bits_at_two_distances_are_two_lines():
    frame = rows(chosen("LSTM 32"), distances=(2, 128), seeds=1, axis="memory")
    headline = memory_section(view(frame)).parts[0]
    assert headline.data[["task", "skill"]].to_numpy().tolist() == [
        ["recall, d = 2", frame["skill"][0]],
        ["recall, d = 128", frame["skill"][1]],
    ]


def test_costs_are_compared_over_the_distances_that_models_share():
    frame = rows(chosen("Markov 4", "HMM 8", "LSTM 32"), seeds=1)
    # the chain was not run where it is at its worst
    part = frame[(frame["model"] != "Markov 4") | (frame["distance"] < 32)]
    means = cost_section(view(part)).parts[0].data.set_index("model")
    expected = frame[frame["distance"] < 32].groupby("model")["skill"].mean()
    assert means["skill"].to_dict() == pytest.approx(expected.to_dict())
    assert set(means["distances"]) == {"2, 8"}
    # one that does not compete has no say
    ahead = part.assign(causal=part["model"] != "Markov 4")
    assert set(cost_section(view(ahead)).parts[0].data["distances"]) == {"2, 8, 32"}
    # one that shares no distance with the others is left out
    alone = part[(part["model"] != "Markov 4") | (part["distance"] == 2)]
    alone = alone[(alone["model"] == "Markov 4") | (alone["distance"] > 2)]
    means = cost_section(view(alone)).parts[0].data
    assert set(means["model"]) == {"HMM 8", "LSTM 32"}
    assert set(means["distances"]) == {"8, 32"}


def test_few_seeds_budgets_failures_and_missing_trials_are_said():
    frame = rows(chosen("LSTM 32"))
    frame.loc[0, "stop"] = "budget"
    frame.loc[1, ["status", "error"]] = ["error", "no"]
    said = " ".join(verdict(frame, 99))
    assert "6 of 99 trials are in this report" in said
    assert "1 of 5 trials ended because their budget" in said
    assert "1 of 6 trials failed" in said
    assert "With 2 seeds" in said


def test_trials_that_the_clock_cut_off_are_no_failure_to_learn_within_the_budget():
    frame = rows(chosen("Elman 32"))
    frame.loc[frame["distance"] == 32, "stop"] = ["seconds", "budget"]
    said = " ".join(verdict(frame, len(frame)))
    assert "within its budget; in 1 of them the safety net of seconds cut training off)" in said
    assert (
        "1 of 6 trials were stopped by the safety net of seconds: their scores depend on the machine" in said
    )
    assert "1 of 6 trials ended because their budget" in said
    table = view(frame).by_kind(view(frame).rows, "distance").set_index("distance")
    assert table.loc[32, ["n_budget", "n_seconds"]].tolist() == [1, 1]


def test_the_clock_counts_in_means_over_tasks():
    frame = rows(chosen("LSTM 32"), tasks=TASKS[::2], distances=(2,), seeds=1, stop=["seconds", ""])
    assert view(frame).over_tasks()[["n_budget", "n_seconds"]].to_numpy().tolist() == [[0, 1]]


def test_ten_seeds_need_no_excuse():
    assert not any("seed" in sentence for sentence in verdict(rows(chosen("LSTM 32"), seeds=10), 30))


def test_models_that_look_ahead_stand_apart():
    frame = rows(chosen("Markov 4", "LSTM 32"), seeds=1)
    frame["causal"] = frame["family"] == "markov"
    best = view(frame).by_family(view(frame).rows, ["task", "distance"])
    assert set(best["model"]) == {"Markov chain", "Recurrent (looks ahead)"}
    assert any("models that look ahead" in sentence for sentence in verdict(frame, 6))


def test_the_best_of_a_family_is_chosen_on_validation_data():
    frame = rows(chosen("Markov 1", "Markov 8"), distances=(2,), seeds=1)
    frame["validation_score"] = [0.9, 0.1]
    best = view(frame).by_family(view(frame).rows, ["task", "distance"])
    assert best["skill"].tolist() == frame.loc[frame["model"] == "Markov 1", "skill"].tolist()


def test_a_kind_can_if_any_of_its_sizes_can():
    frame = rows(chosen("Markov 1", "Markov 8"), distances=(4,), seeds=1)
    assert frame["can_represent"].tolist() == [False, True]
    assert view(frame).by_kind(view(frame).rows, "distance")["can_represent"].tolist() == [True]


def test_the_smallest_solver_has_the_fewest_parameters_and_skill_enough():
    table = smallest_solvers(view(rows(distances=(2, 32))).swept)
    assert table.to_dict("records") == [{"task": "recall", "2": "Markov 4", "32": "GRU 32"}]
