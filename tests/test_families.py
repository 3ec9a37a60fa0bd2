"""What is known of models: specs of users' estimators, settings, sizes, labels, and the looks of families."""

from dataclasses import replace

import pytest
from sklearn.linear_model import LogisticRegression

from seqcompare import MarkovChain, MarkovTagger, WindowTagger
from seqcompare.families import (
    FAMILIES,
    REFERENCE,
    SPARE_COLOURS,
    SPARE_MARKERS,
    Budget,
    Family,
    ModelSpec,
    Problem,
    find_spec,
    is_known,
    own_family,
    register,
    spec_names,
    with_models,
)
from seqcompare.needs import Needs, Traits

PROBLEM = Problem("step", "symbols", Budget(1, 1, 1.0), n_scored=1000, n_classes=3)


def spec(**changes):
    return ModelSpec("chain", "Chain", lambda problem, **settings: settings, **changes)


def test_a_spec_of_an_estimator_builds_copies_of_it():
    mine = MarkovTagger(order=3)
    made = ModelSpec.of(mine, {"order": [1, 2]}, name="mine", title="My chain", limit="order", missing=True)
    assert (made.name, made.title, made.limit, made.missing) == ("mine", "My chain", "order", True)
    assert made.settings(PROBLEM) == [{"order": 1}, {"order": 2}]
    built = [made.build(PROBLEM, **settings) for settings in made.settings(PROBLEM)]
    assert [model.order for model in built] == [1, 2]
    assert mine.order == 3
    assert made.build(PROBLEM) is mine


def test_a_spec_of_a_class_is_called_by_it():
    made = ModelSpec.of(MarkovTagger)
    assert (made.name, made.title) == ("MarkovTagger", "MarkovTagger")
    assert isinstance(made.build(PROBLEM), MarkovTagger)


def test_a_grid_may_reach_inside():
    made = ModelSpec.of(WindowTagger(LogisticRegression()), {"estimator__C": [0.5], "before": [2]})
    (settings,) = made.settings(PROBLEM)
    built = made.build(PROBLEM, **settings)
    assert (built.estimator.C, built.before) == (0.5, 2)


@pytest.mark.parametrize(
    ("given", "more", "message"),
    [
        (3, {}, "int: expected a model with fit, got 3"),
        (3, {"name": "three"}, "three: expected a model with fit, got 3"),
        (
            MarkovTagger(),
            {"grid": {"ordr": [1]}},
            "MarkovTagger: grid names 'ordr'; its parameters are .*order",
        ),
        (MarkovTagger(), {"limit": "width"}, "MarkovTagger: limit names 'width'; its parameters are"),
        (MarkovTagger(), {"limit_ahead": "after"}, "MarkovTagger: limit_ahead names 'after'; its parameters"),
        (
            type("Bare", (), {"fit": None})(),
            {"grid": {"a": [1]}},
            "Bare: grid names 'a'; its parameters are none",
        ),
    ],
)
def test_specs_that_cannot_be(given, more, message):
    with pytest.raises(ValueError, match=message):
        ModelSpec.of(given, **more)


def test_settings_are_every_combination_or_what_a_function_says():
    assert spec().settings(PROBLEM) == [{}]
    product = spec(grid={"order": [1, 2], "mode": ["a", "b"]}).settings(PROBLEM)
    assert product == [
        {"order": 1, "mode": "a"},
        {"order": 1, "mode": "b"},
        {"order": 2, "mode": "a"},
        {"order": 2, "mode": "b"},
    ]
    asked = spec(grid=lambda problem: iter([{"order": problem.n_classes}]))
    assert asked.settings(PROBLEM) == [{"order": 3}]
    assert spec(grid=lambda problem: []).settings(PROBLEM) == []


def test_sizes_are_those_asked_for_or_its_own_or_its_grid():
    plain = spec(grid={"order": [1, 2], "mode": ["a"]})
    assert plain.size_key == "order"
    assert plain.sized() == plain.settings(PROBLEM)
    assert plain.sized([7]) == [{"order": 7}]
    sized = spec(grid=lambda problem: [{"order": 1}], sizes=(4, 8), capacity="order")
    assert sized.size_key == "order"
    assert sized.sized() == [{"order": 4}, {"order": 8}]
    assert sized.sized((2,)) == [{"order": 2}]
    # without sizes it is entered only where a suite gives some, unless it has no size at all
    assert replace(sized, sizes=()).sized() == []
    assert spec(grid=lambda problem: [{"order": 1}]).sized() == [{}]
    assert spec().sized() == [{}]
    assert spec().size_key == ""
    assert spec(grid={"mode": ["a"], "order": [1]}, capacity="order").size_key == "order"


def test_labels_are_the_title_with_what_is_set():
    assert spec().label_of({}) == "Chain"
    assert spec(grid={"order": [1]}).label_of({"order": 2}) == "Chain 2"
    assert spec(grid={"order": [1]}).label_of({"order": 2, "mode": "a"}) == "Chain order=2, mode=a"
    assert spec(grid={"order": [1]}).label_of({"mode": "a"}) == "Chain mode=a"
    assert spec(label="chain of {order}").label_of({"order": 2}) == "chain of 2"
    assert spec(label=lambda settings: f"c{settings['order']}").label_of({"order": 2}) == "c2"


def test_problems_are_large_by_what_is_predicted_times_among_how_many():
    assert not PROBLEM.large
    assert not replace(PROBLEM, n_scored=250_000, n_classes=0).large
    assert replace(PROBLEM, n_scored=250_001, n_classes=0).large
    assert replace(PROBLEM, n_scored=1000, n_classes=501).large


def test_theory_is_that_of_the_kind_or_else_of_the_family():
    needs = Needs("step", 2, 4)
    silent, sure = spec(), spec(can_represent=lambda needs, traits: traits.capacity >= needs.least_states)
    sure = replace(sure, name="sure")
    family = Family("f", "F", "#123456", "o", (silent, sure), lambda needs, traits: traits.capacity > 99)
    assert family.theory(needs, Traits(4, "sure")) is True
    assert family.theory(needs, Traits(3, "sure")) is False
    assert family.theory(needs, Traits(4, "chain")) is False
    assert family.theory(needs, Traits(100)) is True
    assert replace(family, can_represent=None).theory(needs, Traits(4, "chain")) is None
    assert replace(family, can_represent=None).theory(needs, Traits(4, "sure")) is True


def test_models_of_a_family_may_be_made_late_or_replaced():
    made = []
    family = Family("f", "F", "#123456", "o", lambda: made.append(1) or (spec(),))
    assert made == []
    assert [each.name for each in family.specs] == ["chain"]
    other = with_models(family, [replace(spec(), name="other")])
    assert [each.name for each in other.specs] == ["other"]
    assert (other.name, other.colour) == ("f", "#123456")
    assert family.describe() == {
        "name": "f",
        "title": "F",
        "head": "F",
        "colour": "#123456",
        "marker": "o",
        "models": [{"name": "chain", "title": "Chain"}],
    }


def test_own_families_look_like_nobody_else():
    n = len(SPARE_COLOURS)
    own = [own_family(f"m{place}", [spec()], place) for place in range(n + 1)]
    everyone = [*FAMILIES.values(), *own[:n]]
    assert len({family.colour for family in everyone}) == len(everyone)
    assert len({family.marker for family in everyone}) == len(everyone)
    assert len(SPARE_MARKERS) == n
    # with more than there are colours they come again
    assert own[n].colour == own[0].colour
    assert (own[0].name, own[0].title, [each.name for each in own[0].specs]) == ("m0", "m0", ["chain"])


def test_every_family_is_found_by_the_name_of_its_kinds():
    assert list(FAMILIES) == ["markov", "hmm", "window", "recurrent", "attention", REFERENCE]
    names = spec_names()
    assert len(set(names)) == len(names) > 20
    for name in names:
        family, found = find_spec(name)
        assert found.name == name
        assert FAMILIES[family.name] is family
        # a kind is one thing, whoever asks for it
        assert find_spec(name)[1] is found
        assert is_known(found)
    assert find_spec("transformer") is None
    assert not is_known(ModelSpec.of(MarkovChain()))


def test_a_family_that_is_registered_is_known_by_its_kinds():
    mine = Family("mine", "Mine", "#123456", "d", (ModelSpec.of(MarkovChain(), name="own"),))
    register(mine)
    try:
        assert find_spec("own") == (mine, mine.specs[0])
        assert is_known(mine.specs[0])
        assert spec_names()[-1] == "own"
        with pytest.raises(ValueError, match="there is a family 'mine' already"):
            register(replace(mine, title="Another"))
    finally:
        FAMILIES.unregister("mine")
    assert find_spec("own") is None


def test_a_grid_that_is_a_function_is_asked_where_there_is_a_problem():
    asked = spec(grid=lambda problem: [{"order": problem.n_classes}])
    assert asked.sized((), PROBLEM) == [{"order": 3}]
    # whoever is entered only if asked for is asked for by a sweep
    assert spec(grid=lambda problem: []).sized((), PROBLEM) == [{}]


@pytest.mark.parametrize(
    ("grid", "message"),
    [
        ({"order": 3}, r"chain: grid\['order'\] must be a list of values, got 3"),
        ({"mode": "abc"}, r"chain: grid\['mode'\] must be a list of values, got 'abc'"),
        ([1, 2], r"chain: grid must be a mapping of settings to lists of values, .* got \[1, 2\]"),
    ],
)
def test_a_grid_is_lists_of_values(grid, message):
    with pytest.raises(ValueError, match=message):
        spec(grid=grid)


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ("of {size}", "no label can be made of the settings {'order': 2}: KeyError: 'size'"),
        (lambda settings: settings["size"], "no label can be made of the settings .*KeyError"),
        (lambda settings: 7, "label must give text, got 7"),
    ],
)
def test_a_label_that_cannot_be_made_is_named(label, message):
    with pytest.raises(ValueError, match=f"chain: {message}"):
        spec(label=label).label_of({"order": 2})


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        ("mine", None, "the family 'mine' has no models"),
        ("", "own", "a family needs a name"),
        ("mine", " ", "a kind of model needs a name"),
        ("a:b", "own", "a family cannot be called 'a:b': a colon is for paths"),
        ("mine", "a:b", "a kind of model cannot be called 'a:b'"),
        ("Markov", "own", "there is a family 'markov' already, and 'Markov' differs in case alone"),
        ("LSTM", "own", "'LSTM' is the name of a family or model already, in the family 'recurrent'"),
        ("mine", "Lstm", "'Lstm' is the name of a family or model already"),
        ("mine", "hmm", "'hmm' is the name of a family or model already"),
    ],
)
def test_what_could_not_be_entered_by_its_name_is_refused(name, kind, message):
    models = () if kind is None else (replace(spec(), name=kind, title=kind),)
    before = list(FAMILIES)
    with pytest.raises(ValueError, match=message) as refused:
        register(Family(name, name, "#123456", "o", models))
    assert "\n" not in str(refused.value)
    assert list(FAMILIES) == before


def test_two_kinds_of_a_family_need_two_names():
    with pytest.raises(ValueError, match="the family 'mine' has two kinds of models called 'own'"):
        register(
            Family("mine", "Mine", "#1", "o", (replace(spec(), name="own"), replace(spec(), name="Own")))
        )
