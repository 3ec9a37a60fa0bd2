"""Open lists: loaded late, added to, taken away from, carried to other processes, and brought by packages."""

from dataclasses import dataclass
from importlib.metadata import EntryPoint

import pytest

from seqcompare import registry as registry_module
from seqcompare.registry import Registry, all_added, nearest, take_over


@dataclass(frozen=True)
class Thing:
    name: str
    size: int = 1


@pytest.fixture
def made(monkeypatch):
    """Return what makes lists that are forgotten at the end."""
    monkeypatch.setattr(Registry, "every", {})

    def make(*built_in, group="things", **more):
        return Registry("thing", lambda: built_in, group, **more)

    return make


def test_a_list_is_loaded_when_it_is_first_looked_at():
    loaded = []

    def built_in():
        loaded.append(1)
        return [Thing("b"), Thing("a")]

    things = Registry("thing", built_in, "things")
    assert loaded == []
    assert list(things) == ["b", "a"]  # in the order in which they came
    assert (len(things), things["a"], "c" in things, things.get("c")) == (2, Thing("a"), False, None)
    assert loaded == [1]


def test_what_is_registered_comes_last_and_is_returned(made):
    things = made(Thing("a"))
    own = Thing("own")
    assert things.register(own) is own
    assert list(things) == ["a", "own"]
    assert things.added() == {"own": own}
    things.unregister("own")
    assert list(things) == ["a"]
    assert things.added() == {}


def test_a_name_is_taken_once(made):
    things = made(Thing("a"))
    with pytest.raises(
        ValueError, match="there is a thing 'a' already; choose another name, or replace=True"
    ):
        things.register(Thing("a", 2))
    assert things["a"].size == 1
    things.register(Thing("a", 1))  # the very same is no other
    things.register(Thing("a", 2), replace=True)
    assert things["a"].size == 2
    assert list(things) == ["a"]


def test_what_comes_with_the_package_cannot_be_taken_away(made):
    things = made(Thing("a"))
    with pytest.raises(KeyError):
        things.unregister("a")
    assert list(things) == ["a"]


def test_what_stands_in_for_another_gives_its_place_back(made):
    things = made(Thing("a"), Thing("b"))
    things.register(Thing("a", 2), replace=True)
    things.unregister("a")
    assert things["a"] == Thing("a", 1)
    assert set(things) == {"a", "b"}


def test_names_may_be_made_of_something_else(made):
    classes = made(int, name_of=lambda entry: entry.__name__)
    assert classes.register(str) is str
    assert dict(classes) == {"int": int, "str": str}


def test_a_list_may_be_looked_at_while_it_grows(made):
    things = made(Thing("a"), Thing("b"))
    for name in things:
        things.register(Thing(name * 2))
    assert list(things) == ["a", "b", "aa", "bb"]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("marcov", "did you mean 'markov'?"),
        ("LSTN", "did you mean 'lstm'?"),
        ("xyz", "there are markov, lstm"),
    ],
)
def test_the_nearest_name_is_hinted_at(made, name, hint):
    assert nearest(name, ["markov", "lstm"]) == hint
    assert made(Thing("markov"), Thing("lstm")).nearest(name) == hint


def test_a_hint_keeps_the_case():
    assert nearest("recal", ["Recall"]) == "did you mean 'Recall'?"


def test_what_users_have_registered_travels_to_another_process(made):
    here = made(Thing("a"))
    made(group="others")
    here.register(Thing("own"))
    here.register(Thing("a", 2), replace=True)
    added = all_added()
    assert added == {"things": {"own": Thing("own"), "a": Thing("a", 2)}}
    there = made(Thing("a"))  # takes the place of the list, as if in another process
    take_over(added)
    take_over({"no such list": {"x": Thing("x")}})
    assert dict(there) == dict(here)
    assert there["a"].size == 2
    # a process that lives on is told of what has changed since
    take_over({"things": {"own": Thing("own", 3)}})
    assert there["own"].size == 3


BROUGHT = Thing("brought")


def bring():
    """What a package that brings several things may name."""
    for name in ("one", "two"):
        Registry.every["things"].register(Thing(name))


@pytest.fixture
def points(monkeypatch):
    """Pretend that an installed package brings these entry points."""

    def pretend(*attributes):
        found = [EntryPoint(name, f"{__name__}:{name}", "things") for name in attributes]
        monkeypatch.setattr(registry_module, "entry_points", lambda group: found if group == "things" else [])

    return pretend


def test_packages_bring_things_or_functions_that_register_them(made, points):
    points("BROUGHT", "bring")
    things = made(Thing("a"))
    assert list(things) == ["a", "brought", "one", "two"]
    assert list(made(group="others")) == []


def test_what_a_package_brings_may_be_a_class(made, points):
    points("Thing")
    classes = made(name_of=lambda entry: entry.__name__)
    assert dict(classes) == {"Thing": Thing}
