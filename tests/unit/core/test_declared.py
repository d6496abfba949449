"""Every class that is declared by keys and values refuses in our words, at each of its doors, with one line per fault."""

import importlib
import pkgutil

import pydantic
import pytest

from survsim.core.declared import Declared, read_as
from survsim.errors import InputError, ScenarioError
from survsim.simulation import State, Strategy


def below(cls):
    for found in cls.__subclasses__():
        yield found
        yield from below(found)


def every_declared():
    for room in ("simulation", "scenario", "core", "evidence"):
        package = importlib.import_module(f"survsim.{room}")
        for module in pkgutil.walk_packages(package.__path__, f"survsim.{room}."):
            importlib.import_module(module.name)
    ours = [c for c in below(pydantic.BaseModel) if c.__module__.partition(".")[0] == "survsim"]
    return sorted(set(ours), key=lambda c: (c.__module__, c.__name__))


EVERY = every_declared()
DOORS = {
    "constructor": lambda cls: cls(**{"no such key": 1}),
    "python": lambda cls: cls.model_validate({"no such key": 1}),
    "another_kind": lambda cls: cls.model_validate(5),
    "nothing": lambda cls: cls.model_validate(None),
    "json": lambda cls: cls.model_validate_json('{"no such key": 1}'),
    "broken_json": lambda cls: cls.model_validate_json('{"no such'),
    "deep_json": lambda cls: cls.model_validate_json("[" * 100_000),
    "strings": lambda cls: cls.model_validate_strings({"no such key": "1"}),
}


def test_there_is_one_base_for_all_of_them():
    assert len(EVERY) > 60
    assert [c for c in EVERY if not issubclass(c, Declared)] == []


@pytest.mark.parametrize("door", DOORS)
def test_no_door_lets_a_foreign_error_out(door):
    for cls in EVERY:
        with pytest.raises(InputError) as caught:
            DOORS[door](cls)
        assert str(caught.value).startswith(cls.__name__) or door == "constructor", cls
        assert "pydantic" not in str(caught.value), cls


@pytest.mark.parametrize(
    "make", [lambda: State(name=5, zz=2), lambda: State.model_validate({"name": 5, "zz": 2})]
)
def test_each_fault_has_its_line(make):
    with pytest.raises(InputError) as caught:
        make()
    assert str(caught.value).splitlines() == [
        "State:",
        "  name: must be text (found 5 (int)).",
        "  zz: unknown name.",
    ]


def test_faults_of_parts_within_parts_are_told_together():
    content = {"strategy": 3, "lines": [{"line": "first", "treatments": 7}, {"line": 5}]}
    with pytest.raises(InputError) as caught:
        Strategy.model_validate(content)
    told = str(caught.value)
    assert all(place in told for place in ("\n  strategy:", "\n  lines.0.treatments", "\n  lines.1.line"))


def test_thousands_of_faults_are_counted_not_listed():
    with pytest.raises(InputError, match=r"and 4960 more") as caught:
        State.model_validate({"name": "a"} | {f"k{i}": i for i in range(5000)})
    assert len(str(caught.value)) < 3000


def test_nothing_is_changed_in_place_and_a_changed_copy_is_checked():
    state = State(name="a")
    for change in (
        lambda: setattr(state, "name", "b"),
        lambda: setattr(state, "other", 1),
        lambda: delattr(state, "name"),
    ):
        with pytest.raises(InputError, match="model_copy"):
            change()
    assert state.model_copy(update={"name": "b"}) == State(name="b")
    with pytest.raises(InputError, match="name"):
        state.model_copy(update={"name": 5})
    with pytest.raises(InputError, match="nmae: unknown"):
        state.model_copy(update={"nmae": "b"})


def test_a_file_names_itself_its_faults_and_the_keys_it_may_hold():
    with pytest.raises(ScenarioError) as caught:
        read_as(State, {"name": 5, "deaht": True}, "states.yml")
    lines = str(caught.value).splitlines()
    assert lines[0] == "states.yml cannot be used as written:"
    assert lines[1].startswith("  name: ") and lines[2].startswith(
        "  deaht: unknown key; allowed here: name,"
    )
    with pytest.raises(ScenarioError, match=r"states.yml must hold keys and values; it holds list"):
        read_as(State, [1], "states.yml")
